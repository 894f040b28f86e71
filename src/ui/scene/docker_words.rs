//! The Docker host in sentences.

use super::super::docker::{self, Sight};
use super::super::format;
use super::super::texts::{Language, Texts};
use super::super::view::View;
use crate::session::docker::{HOST, is_docker};
use crate::session::{ComposeServiceRow, ContainerRow, HostRow, Row, RowBody};

/// `3 containers: 2 running, 1 unhealthy`; nothing without a host.
pub fn count(view: &View, t: Texts, language: Language) -> Option<String> {
    view.row(HOST)?;
    let [all, well, unwell, down] = docker::counts(view);
    let whole = |n: u32| format::whole(n.into(), language);
    let mut parts = vec![t.docker_count_running(whole(well))];
    if unwell > 0 {
        parts.push(t.docker_count_ill(whole(unwell)));
    }
    if down > 0 {
        parts.push(t.docker_count_down(whole(down)));
    }
    Some(format!("{}: {}", t.docker_count(whole(all)), parts.join(", ")))
}

/// What the host is, in a sentence or two; nothing without one.
pub fn summary(view: &View, t: Texts, language: Language) -> Option<String> {
    let RowBody::Host(host) = &view.row(HOST)?.body else { return None };
    let mut out = t.docker_summary(format::whole(host.containers.into(), language));
    if let Some(words) = power(host, t) {
        out += " ";
        out += words;
    }
    Some(out)
}

/// How the engine goes down or comes up; nothing while it runs.
pub fn power(host: &HostRow, t: Texts) -> Option<&'static str> {
    Some(match host.power.as_str() {
        "restarting" => t.docker_power_restarting(),
        "rebooting" => t.docker_power_rebooting(),
        "crashed" => t.docker_power_crashed(),
        "lost" => t.docker_power_lost(),
        "starting" => t.docker_power_starting(),
        _ => return None,
    })
}

/// A row as a sentence; nothing for rows of the cluster.
pub fn row(view: &View, row: &Row, t: Texts, language: Language) -> String {
    let name = &row.name;
    match &row.body {
        RowBody::Host(host) => {
            let lines = [Some(t.docker_host_line(host.running, host.containers)), power(host, t).map(String::from)];
            joined(lines.into_iter().chain([asked(view, t, language)]))
        }
        RowBody::Project(p) => t.docker_project_line(name, p.services),
        RowBody::ComposeService(s) => {
            let line = t.docker_service_line(name, s.running, s.containers);
            let line = joined([Some(line), flow(view, row, s, t, language)]);
            let before: Vec<&str> = s.depends_on.iter().map(|d| d.service.as_str()).collect();
            if before.is_empty() { line } else { format!("{line} {}", t.docker_service_waits(before.join(", "))) }
        }
        RowBody::Container(c) => joined([Some(container(view, name, c, t)), end(view, row, t, language)]),
        RowBody::Network(n) => t.docker_network_line(name, n.containers.len()),
        RowBody::Volume(v) => t.docker_volume_line(short(name), v.containers.len()),
        _ => String::new(),
    }
}

fn joined(sentences: impl IntoIterator<Item = Option<String>>) -> String {
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A rate, and the share of it that fails.
fn numbers(rate: f32, failed: f32, language: Language) -> (String, String) {
    (format::rate(rate, language), format::percent(f64::from(failed / rate), language))
}

/// What clients ask of the host; nothing while nobody does.
fn asked(view: &View, t: Texts, language: Language) -> Option<String> {
    let here = view.live.traffic.loads.iter().filter(|l| l.target.is_some_and(is_docker) && l.rate > 0.0);
    let mut sum = (0.0, 0.0);
    for load in here {
        let flow = load.target.and_then(|id| view.live.flow(id)).filter(|flow| flow.rate > 0.0);
        sum = (sum.0 + load.rate, sum.1 + flow.map_or(0.0, |flow| load.rate * flow.failed / flow.rate));
    }
    let (rate, share) = numbers(sum.0, sum.1, language);
    (sum.0 > 0.0).then(|| t.docker_host_flow(rate, share))
}

/// What a service gets; nothing while nobody asks it.
fn flow(view: &View, row: &Row, s: &ComposeServiceRow, t: Texts, language: Language) -> Option<String> {
    let flow = view.live.flow(row.id).filter(|flow| flow.rate > 0.0)?;
    let (rate, share) = numbers(flow.rate, flow.failed, language);
    let ends = flow.ends.iter().filter(|end| end.rate > 0.0).count();
    Some(t.docker_service_flow(rate, ends, s.containers, share))
}

/// What a container gets; nothing while nobody asks it.
fn end(view: &View, row: &Row, t: Texts, language: Language) -> Option<String> {
    let flow = view.live.flow(row.owner?)?;
    let end = flow.ends.iter().find(|end| end.pod == row.id && end.rate > 0.0)?;
    let (rate, share) = numbers(end.rate, end.failed, language);
    Some(t.docker_container_flow(rate, share))
}

/// Names of anonymous volumes are 64 letters; twelve tell them apart, as ids of containers.
pub fn short(name: &str) -> &str {
    let hex = name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    if hex { &name[..12] } else { name }
}

fn container(view: &View, name: &str, c: &ContainerRow, t: Texts) -> String {
    let sight = docker::sight(c);
    let left = c.span.map_or(0, |(_, to)| to.saturating_sub(view.clock.now).div_ceil(1_000_000));
    let mut out = match sight {
        Sight::Created => t.docker_created(name),
        Sight::NotStarted => t.docker_not_started(name, &c.error),
        Sight::Running => t.docker_running(name),
        Sight::Starting => t.docker_starting(name),
        Sight::Healthy => t.docker_healthy(name),
        Sight::Unhealthy => t.docker_unhealthy(name, c.failing),
        Sight::Paused => t.docker_paused(name),
        Sight::Restarting => t.docker_restarting(name, c.exit, left),
        Sight::Stopped if c.by_hand => t.docker_stopped(name, c.exit),
        Sight::Stopped => t.docker_ended_well(name),
        Sight::Failed => t.docker_exited(name, c.exit),
        Sight::Removing => t.docker_removing(name),
    };
    if c.restarts > 0 {
        out += " ";
        out += &t.docker_again(c.restarts);
    }
    if !c.ports.is_empty() {
        out += " ";
        out += &t.docker_at_ports(c.ports.join(", "));
    }
    out
}
