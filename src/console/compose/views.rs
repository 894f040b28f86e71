//! What `docker compose` shows: `ps`, `images`, `ls`, `top`, `port`, `events`.

use super::filters::part_of;
use super::lists::label_words;
use super::look::Look;
use super::sheet::Sheet;
use super::table::{TOP, WIDE, table};
use super::words::{Port, command, ellipsis, human, ports, shown_ports, status};
use super::{Desk, Next};
use crate::compose::engine::{Cid, Container, Engine, Status};
use crate::compose::project::observed::{self, Seen};
use crate::compose::project::{Listen, Step, moment};
use crate::map;
use crate::sim::{Span, Time};
use crate::text::go::quoted;
use crate::text::{Value, json};

/// Objects on one line whose members stand in the order of their type.
const AS_DECLARED: json::Style = json::Style { sorted: false, ..json::Style::COMPACT };

fn strings<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(String::from).to_vec()
}

pub(super) fn listed(c: &Container) -> bool {
    matches!(c.status, Status::Running | Status::Paused | Status::Restarting)
}

/// `compose ps`. Source: compose v5.6 cmd/compose/ps.go, cmd/formatter/container.go.
pub(super) fn ps(look: &Look, desk: &Desk) -> Next {
    let args = &look.args;
    let project = &look.project;
    if let Some(unknown) = look.unknown() {
        return Next::error(1, format!("no such service: {unknown}"));
    }
    let mut wanted: Vec<&str> = args.all("status").iter().map(String::as_str).collect();
    wanted.extend(args.value("filter").and_then(|f| f.strip_prefix("status=")));
    let all = args.on("all") || !args.all("status").is_empty();
    let orphans = args.value("orphans").is_none() || args.on("orphans");
    let known = |s: &Seen| match args.words.is_empty() {
        true => orphans || project.services.contains_key(&s.service),
        false => args.words.iter().any(|w| **w == *s.service),
    };
    let mut seen: Vec<Seen> = look.seen(desk);
    seen.retain(|s| known(s) && (all || (listed(&s.container) && !s.one_off)));
    seen.retain(|s| wanted.is_empty() || wanted.contains(&s.container.status.word()));
    seen.sort_by(|a, b| a.container.name.cmp(&b.container.name));
    if args.on("quiet") {
        return Next::out(seen.iter().map(|s| s.container.id.to_string()).collect());
    }
    if args.on("services") {
        let mut names: Vec<String> = Vec::new();
        for one in &seen {
            if !names.contains(&one.service.to_string()) {
                names.push(one.service.to_string());
            }
        }
        return Next::out(if names.is_empty() { vec![String::new()] } else { names });
    }
    let (now, whole) = (desk.host.now(), args.on("no-trunc"));
    let rows: Vec<Value> = seen.iter().map(|s| ps_tree(s, now, whole)).collect();
    PS.shown(args.value("format"), &rows)
}

const PS: Sheet = Sheet {
    row: "formatter.ContainerContext",
    usual: &["Name", "Image", "Command", "Service", "RunningFor", "Status", "Ports"],
    titles: &[
        ("ID", "CONTAINER ID"),
        ("Name", "NAME"),
        ("Project", "PROJECT"),
        ("Service", "SERVICE"),
        ("Image", "IMAGE"),
        ("Command", "COMMAND"),
        ("CreatedAt", "CREATED AT"),
        ("RunningFor", "CREATED"),
        ("Ports", "PORTS"),
        ("State", "STATE"),
        ("Status", "STATUS"),
        ("Size", "SIZE"),
        ("Labels", "LABELS"),
        ("Engine", "ENGINE"),
    ],
};

fn ps_tree(seen: &Seen, now: Time, whole: bool) -> Value {
    let c = &seen.container;
    let cut = |text: &str, most: usize| if whole { text.to_string() } else { ellipsis(text, most) };
    let mounts: Vec<String> = c.mounts.iter().map(|m| cut(&m.source, 15)).collect();
    let networks: Vec<&str> = c.endpoints.iter().map(|e| &*e.network).collect();
    let ports = ports(c);
    let publishers = ports.iter().map(|p| {
        Value::from(map! {
            "URL" => &*p.ip, "TargetPort" => i64::from(p.target), "PublishedPort" => i64::from(p.public),
            "Protocol" => p.protocol.clone(),
        })
    });
    let volumes = c.mounts.iter().filter(|m| &*m.kind == "volume").count();
    let health = c.health.as_ref().filter(|_| c.status == Status::Running).map_or("", |h| h.verdict.word());
    Value::from(map! {
        "Command" => quoted(&cut(&command(c), 20)),
        "CreatedAt" => format!("{} +0000 UTC", day_and_time(c.created)),
        "Engine" => "",
        "ExitCode" => if c.status == Status::Exited { c.exit } else { 0 },
        "Health" => health,
        "ID" => if whole { c.id.to_string() } else { c.short().to_string() },
        "Image" => c.spec.image.clone(),
        "Labels" => label_words(&c.spec.labels),
        "LocalVolumes" => volumes.to_string(),
        "Mounts" => mounts.join(","),
        "Name" => c.name.clone(),
        "Names" => c.name.clone(),
        "Networks" => networks.join(","),
        "Ports" => shown_ports(&ports),
        "Project" => c.spec.label(observed::PROJECT),
        "Publishers" => publishers.collect::<Vec<Value>>(),
        "RunningFor" => format!("{} ago", human(now.since(c.created))),
        "Service" => seen.service.clone(),
        "Size" => "0B",
        "State" => c.status.word(),
        "Status" => status(c, now),
    })
}

/// A moment as Go prints it.
pub(super) fn day_and_time(t: Time) -> String {
    crate::compose::project::stamp(t).replace('T', " ").trim_end_matches('Z').to_string()
}

/// Whether a list is asked for as JSON. Source: compose v5.6 cmd/formatter/formatter.go, Print.
fn as_json(look: &Look) -> Result<bool, String> {
    let format = look.args.value("format").unwrap_or_default();
    match format.to_lowercase().as_str() {
        "" | "table" | "pretty" => Ok(false),
        "json" => Ok(true),
        _ => Err(format!("format value {} could not be parsed: parsing failed", quoted(format))),
    }
}

/// `compose images`. Source: compose v5.6 cmd/compose/images.go.
pub(super) fn images(look: &Look, desk: &Desk) -> Next {
    let mut seen = look.seen(desk);
    let words = &look.args.words;
    seen.retain(|s| words.is_empty() || words.iter().any(|w| **w == *s.service));
    seen.sort_by(|a, b| a.container.name.cmp(&b.container.name));
    let id = |s: &Seen| s.container.image_id.trim_start_matches("sha256:").to_string();
    if look.args.on("quiet") {
        let mut ids: Vec<String> = seen.iter().map(id).collect();
        ids.sort();
        ids.dedup();
        return Next::out(ids);
    }
    match as_json(look) {
        Ok(false) => {}
        Ok(true) => return Next::out(vec![images_json(desk, &seen), String::new()]),
        Err(words) => return Next::error(1, words),
    }
    let mut rows = vec![strings(["CONTAINER", "REPOSITORY", "TAG", "PLATFORM", "IMAGE ID", "SIZE", "CREATED"])];
    for one in &seen {
        let (repository, tag, size) = image_of(desk, one);
        rows.push(strings([
            &one.container.name,
            repository,
            tag,
            "linux/amd64",
            id(one).get(..12).unwrap_or_default(),
            &human_size(size),
            &format!("{} ago", human(desk.host.now().since(Time::ZERO) + Span::secs(86_400))),
        ]));
    }
    Next::out(table(&rows, WIDE))
}

/// Repository, tag and bytes of a container's image.
fn image_of<'a>(desk: &Desk, seen: &'a Seen) -> (&'a str, &'a str, u64) {
    let image = &seen.container.spec.image;
    let size = desk.host.engine.images.get(image).map_or(0, |(_, i)| i.size);
    match image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
        Some((repository, tag)) => (repository, tag, size),
        None => (image, "latest", size),
    }
}

/// Source: compose v5.6 cmd/compose/images.go, runImages: a nil list is `null`. Ours: images are a day old when a run begins.
fn images_json(desk: &Desk, seen: &[Seen]) -> String {
    const MADE: &str = "2025-12-31T00:00:00Z";
    let item = |one: &Seen| {
        let (repository, tag, size) = image_of(desk, one);
        Value::from(map! {
            "ID" => one.container.image_id.clone(), "ContainerName" => one.container.name.clone(),
            "Repository" => repository, "Tag" => tag, "Platform" => "linux/amd64", "Size" => size as i64,
            "Created" => MADE, "LastTagTime" => MADE,
        })
    };
    match seen.is_empty() {
        true => "null".into(),
        false => json::write(&Value::from(seen.iter().map(item).collect::<Vec<Value>>()), AS_DECLARED),
    }
}

/// Source: github.com/docker/go-units size.go, HumanSizeWithPrecision: three digits.
pub(super) fn human_size(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{}", units[unit])
}

/// `compose ls`. Source: compose v5.6 cmd/compose/list.go; pkg/compose/ls.go, combinedStatus.
pub(super) fn ls(look: &Look, desk: &Desk) -> Next {
    let engine = &desk.host.engine;
    let mut projects: Vec<&str> = engine.containers.values().map(|c| c.spec.label(observed::PROJECT)).collect();
    projects.sort_unstable();
    projects.dedup();
    let mut rows = vec![strings(["NAME", "STATUS", "CONFIG FILES"])];
    let filters: Vec<(&str, &str)> = look.args.all("filter").iter().filter_map(|f| f.split_once('=')).collect();
    if let Some(bad) = look.args.all("filter").iter().find(|f| !f.contains('=')) {
        let words = "bad format of filter (expected name=value)";
        return Next::error(1, format!("invalid argument {} for \"--filter\" flag: {words}", quoted(bad)));
    }
    if let Some((key, _)) = filters.iter().find(|(key, _)| *key != "name") {
        return Next::error(1, format!("invalid filter '{key}'"));
    }
    let wanted = |name: &str| filters.is_empty() || filters.iter().any(|(_, part)| part_of(part, name));
    for name in projects.into_iter().filter(|n| !n.is_empty() && wanted(n)) {
        let mut seen = observed::of_project(engine, name);
        seen.retain(|s| look.args.on("all") || listed(&s.container));
        let Some(first) = seen.first() else { continue };
        let mut words: Vec<&str> = seen.iter().map(|s| s.container.status.word()).collect();
        words.sort_unstable();
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for word in words {
            match counts.last_mut().filter(|(w, _)| *w == word) {
                Some((_, n)) => *n += 1,
                None => counts.push((word, 1)),
            }
        }
        let state: Vec<String> = counts.iter().map(|(w, n)| format!("{w}({n})")).collect();
        rows.push(vec![name.into(), state.join(", "), first.container.spec.label(observed::FILES).into()]);
    }
    if look.args.on("quiet") {
        return Next::out(rows.into_iter().skip(1).map(|row| row[0].clone()).collect());
    }
    let as_json = match as_json(look) {
        Ok(as_json) => as_json,
        Err(words) => return Next::error(1, words),
    };
    if as_json {
        let item = |row: &Vec<String>| {
            Value::from(map! { "Name" => &*row[0], "Status" => &*row[1], "ConfigFiles" => &*row[2] })
        };
        let list: Vec<Value> = rows.iter().skip(1).map(item).collect();
        return Next::out(vec![json::write(&Value::from(list), AS_DECLARED)]);
    }
    Next::out(table(&rows, WIDE))
}

/// `compose top`. Source: compose v5.6 cmd/compose/top.go; columns are those of `ps -ef`.
pub(super) fn top(look: &Look, desk: &mut Desk) -> Next {
    let mut seen = look.seen(desk);
    let words = &look.args.words;
    seen.retain(|s| listed(&s.container) && (words.is_empty() || words.iter().any(|w| **w == *s.service)));
    if let Some(one) = seen.iter().find(|s| s.container.status == Status::Restarting) {
        let id = &one.container.id;
        let words = format!("Container {id} is restarting, wait until the container is running");
        return Next::error(1, format!("Error response from daemon: {words}"));
    }
    seen.sort_by(|a, b| a.container.name.cmp(&b.container.name));
    let mut rows = vec![strings(["SERVICE", "#", "UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"])];
    for one in &seen {
        desk.host.engine.told_top(one.cid);
        let mut row = vec![one.service.to_string(), if one.one_off { String::new() } else { one.number.to_string() }];
        row.extend(process(&one.container, &desk.host.engine, one.cid, desk.host.now()));
        rows.push(row);
    }
    Next::out(if rows.len() == 1 { Vec::new() } else { table(&rows, TOP) })
}

/// The first process of a container as `ps -ef` tells it.
pub(super) fn process(c: &Container, engine: &Engine, cid: Cid, now: Time) -> Vec<String> {
    let at = day_and_time(c.started.unwrap_or(Time::ZERO));
    let (share, used) = engine.unit(cid).map_or((0, 0), |unit| cpu(unit, now));
    vec![
        "root".into(),
        c.pid.to_string(),
        c.pid.saturating_sub(22).to_string(),
        share.to_string(),
        at.get(11..16).unwrap_or_default().into(),
        "?".into(),
        format!("{:02}:{:02}:{:02}", used / 3600, used / 60 % 60, used % 60),
        c.spec.words().join(" "),
    ]
}

/// What a process took: per cent of a processor over its life, and whole seconds. Source: procps ps, pcpu and cputime.
fn cpu(unit: &crate::workload::Unit, now: Time) -> (u64, u64) {
    let used = unit.idle_cpu(now) + unit.strain.as_ref().map_or(0.0, |s| s.cpu);
    let age = now.since(unit.since).0 as f64 / 1e6;
    ((used / age.max(1.0) * 100.0) as u64, used as u64)
}

/// `compose port`: one port, or all. Source: compose v5.6 cmd/compose/port.go, pkg/compose/port.go; pkg/api/api.go, HostPort.
pub(super) fn port(look: &Look, desk: &Desk) -> Next {
    let Some((service, rest)) = look.args.words.split_first() else { return Next::Done(Vec::new(), 1) };
    let wanted: u16 = rest.first().and_then(|text| text.parse().ok()).unwrap_or(0);
    let seen = match look.one_running(desk, service) {
        Ok(seen) => seen,
        Err(words) => return Next::error(1, words),
    };
    let usual = if rest.is_empty() { "" } else { "tcp" };
    let protocol = look.args.value("protocol").unwrap_or(usual).to_lowercase();
    let mut all = ports(&seen.container);
    all.sort_by_key(|p| p.target);
    let fits = |p: &&Port| (protocol.is_empty() || *p.protocol == *protocol) && (wanted == 0 || p.target == wanted);
    let at = |p: &Port| match p.ip.contains(':') {
        true => format!("[{}]:{}", p.ip, p.public),
        false => format!("{}:{}", p.ip, p.public),
    };
    let found: Vec<&Port> = all.iter().filter(fits).collect();
    match (wanted, found.first()) {
        (0, _) => Next::out(found.iter().map(|p| format!("{}/{} -> {}", p.target, p.protocol, at(p))).collect()),
        (_, Some(first)) => Next::out(vec![at(first)]),
        (_, None) => {
            let known: Vec<String> = all.iter().map(|p| format!("{}/{}", p.target, p.protocol)).collect();
            let name = &seen.container.name;
            Next::error(1, format!("no port {wanted}/{protocol} for container {name}: {}", known.join(", ")))
        }
    }
}

/// `compose events`: from now on, or from `--since`, until `--until` or for ever.
pub(super) fn events(look: &Look, desk: &Desk) -> Next {
    let now = desk.host.now();
    let at = |name: &str| look.args.value(name).filter(|t| !t.is_empty()).map(|text| moment(text, now)).transpose();
    let (since, until) = match (at("since"), at("until")) {
        (Ok(since), Ok(until)) => (since, until),
        (Err(words), _) | (_, Err(words)) => return Next::error(1, words),
    };
    let listen = Listen {
        services: look.args.words.iter().map(|w| w.as_str().into()).collect(),
        json: look.args.on("json"),
        since: since.unwrap_or(now),
        until,
    };
    Next::Work(look.project.clone(), vec![Step::Listen(listen)], None)
}
