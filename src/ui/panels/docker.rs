//! What the inspector shows of things on the Docker host.

use super::super::docker::{self, Sight};
use super::super::format;
use super::super::hooks::use_page;
use super::super::page::{Page, topic};
use super::super::scene::docker_words as words;
use super::super::texts::Texts;
use super::super::view::View;
use super::inspector::{link, text};
use super::sight::SightMark;
use crate::session::docker::HOST;
use crate::session::{ComposeServiceRow, ContainerRow, Inspect, Row, RowBody};
use yew::prelude::*;

type Facts = Vec<(&'static str, Html)>;

/// The facts of a row.
pub fn facts(page: &Page, row: &Row, inspect: Option<&Inspect>) -> Facts {
    let t = page.texts();
    match &row.body {
        RowBody::Host(h) => vec![
            (t.docker_fact_power(), text(&h.power)),
            (t.docker_fact_cpus(), text(h.cpus.to_string())),
            (t.docker_fact_containers(), text(format!("{} / {}", h.running, h.containers))),
        ],
        RowBody::Project(p) => vec![(t.docker_fact_containers(), text(p.services.to_string()))],
        RowBody::ComposeService(s) => service_facts(page, row, s),
        RowBody::Container(c) => container_facts(page, row, c, inspect),
        RowBody::Network(n) => {
            let way = if n.internal { format!(" · {}", t.docker_fact_internal()) } else { String::new() };
            vec![
                (t.docker_fact_driver(), text(format!("{}{way}", n.driver))),
                (t.docker_fact_subnet(), html! { <code>{ &n.subnet }</code> }),
            ]
        }
        RowBody::Volume(v) if v.anonymous => vec![(t.fact_kind(), text(t.docker_fact_anonymous()))],
        _ => Vec::new(),
    }
}

fn service_facts(page: &Page, row: &Row, s: &ComposeServiceRow) -> Facts {
    let t = page.texts();
    let mut all = vec![
        (t.docker_fact_containers(), text(format!("{} / {}", s.running, s.containers))),
        (t.fact_image(), html! { <code>{ &s.image }</code> }),
        (t.docker_fact_policy(), html! { <code>{ &s.policy }</code> }),
    ];
    if !s.depends_on.is_empty() {
        let each = s.depends_on.iter().map(|d| {
            let id = neighbour(page, row, &d.service);
            html! { <span class="line">{ link(page, id) }{ " " }<small><code>{ &d.condition }</code></small></span> }
        });
        all.push((t.docker_fact_depends(), html! { <>{ for each }</> }));
    }
    all.push((t.docker_fact_project(), link(page, row.owner)));
    all
}

/// The service of that name in the same project.
fn neighbour(page: &Page, row: &Row, name: &str) -> Option<u32> {
    let view = page.view();
    let same =
        |r: &&std::rc::Rc<Row>| r.owner == row.owner && r.name == name && matches!(r.body, RowBody::ComposeService(_));
    view.rows.values().find(same).map(|r| r.id)
}

fn container_facts(page: &Page, row: &Row, c: &ContainerRow, inspect: Option<&Inspect>) -> Facts {
    let (t, language) = (page.texts(), page.language());
    let status = inspect.map(|i| i.describe.clone()).filter(|s| !s.is_empty()).unwrap_or_else(|| c.state.clone());
    let health = if c.health.is_empty() { t.docker_fact_no_check() } else { &c.health };
    let mut all = vec![
        (t.fact_status(), html! { <span lang="en">{ status }</span> }),
        (t.docker_fact_health(), text(health)),
        (t.fact_restarts(), text(c.restarts.to_string())),
    ];
    if c.finished.is_some() {
        all.push((t.docker_fact_exit(), text(c.exit.to_string())));
    }
    all.push((t.fact_image(), html! { <code>{ &c.image }</code> }));
    if !c.command.is_empty() {
        all.push((t.docker_fact_command(), html! { <code>{ c.command.trim_matches('"') }</code> }));
    }
    if row.owner != Some(HOST) {
        all.push((t.docker_fact_service(), link(page, row.owner)));
    }
    all.push((t.docker_fact_policy(), html! { <code>{ &c.policy }</code> }));
    let codes = |items: Vec<String>| html! { <>{ for items.into_iter().map(|i| html! { <code class="line">{ i }</code> }) }</> };
    match (c.ports.is_empty(), c.wanted_ports.is_empty()) {
        (false, _) => all.push((t.docker_ports(), codes(c.ports.clone()))),
        (true, false) => {
            let asked = codes(c.wanted_ports.clone());
            all.push((t.docker_ports(), html! { <>{ asked }<small>{ t.docker_asked_ports() }</small></> }));
        }
        _ => {}
    }
    if !c.networks.is_empty() {
        let each =
            c.networks.iter().map(|(name, ip)| if ip.is_empty() { name.clone() } else { format!("{name} {ip}") });
        all.push((t.docker_networks(), codes(each.collect())));
    }
    if !c.mounts.is_empty() {
        let each = c.mounts.iter().map(|(kind, from, to)| format!("{kind} {} → {to}", words::short(from)));
        all.push((t.docker_fact_mounts(), codes(each.collect())));
    }
    let mut limits = Vec::new();
    if c.cpu_limit > 0 {
        limits.push(format!("{} CPU", format::cores(c.cpu_limit, language)));
    }
    if c.memory_limit > 0 {
        limits.push(format::bytes(c.memory_limit, language));
    }
    let limits = if limits.is_empty() { t.docker_fact_no_limits().to_string() } else { limits.join(" · ") };
    all.push((t.docker_fact_limits(), text(limits)));
    all.push((t.docker_fact_id(), html! { <code>{ &c.short_id }</code> }));
    all
}

/// What lies in a row: containers of a service, services of a project, everything of the host.
pub fn children(view: &View, row: &Row) -> Vec<u32> {
    match &row.body {
        RowBody::Network(n) => return n.containers.clone(),
        RowBody::Volume(v) => return v.containers.clone(),
        RowBody::Host(_) => return overview(view),
        _ => {}
    }
    let Some(house) = docker::house(view) else { return Vec::new() };
    let mut services = house.projects.iter().flat_map(|p| &p.services);
    match house.projects.iter().find(|p| p.id == Some(row.id)) {
        Some(project) => project.services.iter().filter_map(|s| s.id).collect(),
        None => services.find(|s| s.id == Some(row.id)).map(|s| s.containers.clone()).unwrap_or_default(),
    }
}

/// What one looks at first: projects and their services.
pub fn overview(view: &View) -> Vec<u32> {
    let Some(house) = docker::house(view) else { return Vec::new() };
    let mut all = Vec::new();
    for project in &house.projects {
        all.extend(project.id);
        for service in &project.services {
            match service.id {
                Some(id) => all.push(id),
                None => all.extend(&service.containers),
            }
        }
    }
    all
}

/// Name of the tab that shows a row as text.
pub fn text_tab(row: &Row, t: Texts) -> &'static str {
    match &row.body {
        RowBody::Project(_) | RowBody::ComposeService(_) => t.docker_tab_config(),
        _ if docker::stands_there(row) => t.docker_tab_inspect(),
        _ => t.tab_yaml(),
    }
}

/// The newest lines that containers printed.
pub fn logs(page: &Page, inspect: Option<&Inspect>) -> Html {
    let t = page.texts();
    let lines = inspect.map(|i| i.logs.clone()).unwrap_or_default();
    if lines.is_empty() {
        return html! { <p class="empty">{ t.docker_logs_none() }</p> };
    }
    let several = lines.iter().any(|l| l.from != lines[0].from);
    html! {
        <>
            <p class="hint">{ t.docker_logs_newest(lines.len()) }</p>
            <ol class="logs" lang="en">
                { for lines.iter().map(|line| {
                    let (page, at) = (page.clone(), line.at);
                    html! {
                        <li data-warning={line.error.to_string()}>
                            <button type="button" class="link numbers" onclick={move |_| page.seek(at)}>
                                { format::short_clock(at) }</button>
                            if several { <b>{ &line.from }</b> }
                            <code>{ &line.text }</code></li>
                    }
                }) }
            </ol>
        </>
    }
}

/// The shapes of containers, where there are any.
#[component]
pub fn DockerLegend() -> Html {
    let page = use_page(topic::CHOICE | topic::ROWS);
    let t = page.texts();
    if page.view().row(HOST).is_none() {
        return Html::default();
    }
    let all = [
        (Sight::Healthy, t.docker_legend_healthy()),
        (Sight::Running, t.docker_legend_running()),
        (Sight::Starting, t.docker_legend_starting()),
        (Sight::Unhealthy, t.docker_legend_unhealthy()),
        (Sight::Restarting, t.docker_legend_restarting()),
        (Sight::Failed, t.docker_legend_failed()),
        (Sight::Stopped, t.docker_legend_stopped()),
        (Sight::Paused, t.docker_legend_paused()),
        (Sight::Created, t.docker_legend_created()),
    ];
    html! {
        <>
            <h3>{ t.docker_legend_title() }</h3>
            <ul>
                { for all.into_iter().map(|(sight, words)| html! {
                    <li><SightMark {sight} /><span>{ words }</span></li>
                }) }
            </ul>
            <p>{ t.docker_legend_parts() }</p>
            <p>{ t.docker_legend_ways() }</p>
        </>
    }
}
