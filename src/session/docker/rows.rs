//! The host to rows: itself, projects, services, containers, networks, volumes.

use super::{HOST, container_id, named};
use crate::compose::Host;
use crate::compose::engine::{Cid, Container, Engine, Power, Status};
use crate::compose::files::{FILE_NAMES, OVERRIDE_NAMES, folder, normal_name};
use crate::compose::project::observed;
use crate::console::compose as words;
use crate::session::update::{
    ComposeServiceRow, ContainerRow, Depends, HostRow, NetworkRow, ProjectRow, Row, RowBody, VolumeRow,
};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Everything on the host. `here` is the folder one is in.
pub(super) fn rows(host: &Host, here: &str) -> Vec<Row> {
    let engine = &host.engine;
    let mut all = vec![row(HOST, "docker", None, 0, RowBody::Host(host_row(engine)))];
    let mut services: BTreeMap<(String, String), Vec<(Cid, Rc<Container>)>> = BTreeMap::new();
    for (cid, c) in &engine.containers {
        let (project, service) = home(c);
        let owner = match (project, service) {
            ("", _) => HOST,
            (project, service) => service_id(project, service),
        };
        if !project.is_empty() {
            services.entry((project.into(), service.into())).or_default().push((*cid, c.clone()));
        }
        let body = RowBody::Container(Box::new(container(c)));
        all.push(row(container_id(*cid), &c.name, Some(owner), c.created.0, body));
    }
    let projects: BTreeSet<&String> = services.keys().map(|(project, _)| project).collect();
    for project in projects {
        let own: BTreeMap<&str, &Vec<(Cid, Rc<Container>)>> =
            services.iter().filter(|(key, _)| key.0 == *project).map(|(key, own)| (key.1.as_str(), own)).collect();
        all.extend(project_rows(project, &own, here));
    }
    for network in engine.networks.values() {
        let mut inside: Vec<u32> = Vec::new();
        let ends = engine.containers.iter().filter(|(_, c)| c.endpoints.iter().any(|e| e.network == network.name));
        inside.extend(ends.map(|(cid, _)| container_id(*cid)));
        let body = NetworkRow {
            driver: network.driver.to_string(),
            subnet: format!("172.{}.0.0/16", network.subnet),
            internal: network.internal,
            containers: inside,
        };
        all.push(row(named("network", &network.name), &network.name, Some(HOST), 0, RowBody::Network(body)));
    }
    for (name, volume) in &engine.volumes {
        let uses = |c: &Container| c.mounts.iter().any(|m| &*m.kind == "volume" && m.source == *name);
        let users = engine.containers.iter().filter(|(_, c)| uses(c)).map(|(cid, _)| container_id(*cid));
        let body = VolumeRow { anonymous: volume.anonymous, containers: users.collect() };
        all.push(row(named("volume", name), name, Some(HOST), 0, RowBody::Volume(body)));
    }
    all
}

fn row(id: u32, name: &str, owner: Option<u32>, created: u64, body: RowBody) -> Row {
    Row { id, name: name.into(), namespace: String::new(), owner, created, body }
}

/// Project and service of a container; empty for one that was made without Compose.
pub(in crate::session) fn home(c: &Container) -> (&str, &str) {
    (c.spec.label(observed::PROJECT), c.spec.label(observed::SERVICE))
}

/// Row id of a project.
pub(super) fn project_id(project: &str) -> u32 {
    named("project", project)
}

/// Row id of a service.
pub(in crate::session) fn service_id(project: &str, service: &str) -> u32 {
    named("service", &format!("{project}/{service}"))
}

fn host_row(engine: &Engine) -> HostRow {
    HostRow {
        power: match engine.power {
            Power::On => "on",
            Power::Restarting => "restarting",
            Power::Rebooting => "rebooting",
            Power::Crashed => "crashed",
            Power::Lost => "lost",
            Power::Starting => "starting",
        }
        .into(),
        cpus: engine.cpus,
        running: engine.containers.values().filter(|c| c.alive()).count() as u32,
        containers: engine.containers.len() as u32,
    }
}

/// The words between `docker compose` and a verb that find a project again; empty where its files are found by themselves.
fn flags(project: &str, c: &Container, here: &str) -> String {
    let mut out = String::new();
    let files: Vec<&str> = c.spec.label(observed::FILES).split(',').filter(|f| !f.is_empty()).collect();
    let usual = |f: &&str| {
        let base = folder::base(f);
        FILE_NAMES.contains(&base) || OVERRIDE_NAMES.contains(&base)
    };
    let inside = c.spec.label(observed::FOLDER) == here;
    if !inside || !files.iter().all(usual) {
        for file in &files {
            let shown = file.strip_prefix(here).and_then(|f| f.strip_prefix('/')).unwrap_or(file);
            out += &format!(" -f {shown}");
        }
    }
    if normal_name(folder::base(here)) != project {
        out += &format!(" -p {project}");
    }
    out
}

fn project_rows(project: &str, services: &BTreeMap<&str, &Vec<(Cid, Rc<Container>)>>, here: &str) -> Vec<Row> {
    let flags = services.values().filter_map(|own| own.last()).map(|(_, c)| flags(project, c, here)).next();
    let flags = flags.unwrap_or_default();
    let depends: BTreeMap<&str, Vec<Depends>> = services.iter().map(|(name, own)| (*name, depends_on(own))).collect();
    let created = |own: &[(Cid, Rc<Container>)]| own.iter().map(|(_, c)| c.created.0).min().unwrap_or(0);
    let body = ProjectRow { services: services.len() as u32, flags: flags.clone() };
    let born = services.values().map(|own| created(own)).min().unwrap_or(0);
    let mut all = vec![row(project_id(project), project, Some(HOST), born, RowBody::Project(body))];
    for (name, own) in services {
        let lasting = || own.iter().map(|(_, c)| c).filter(|c| c.spec.label(observed::ONE_OFF) != "True");
        let newest = own.last().map(|(_, c)| c.clone());
        let body = ComposeServiceRow {
            project: project.into(),
            containers: lasting().count() as u32,
            running: lasting().filter(|c| c.alive()).count() as u32,
            image: newest.as_ref().map(|c| c.spec.image.to_string()).unwrap_or_default(),
            policy: newest.map(|c| policy(&c)).unwrap_or_default(),
            order: order(name, &depends, &mut BTreeSet::new()),
            depends_on: depends.get(name).cloned().unwrap_or_default(),
            flags: flags.clone(),
        };
        all.push(row(
            service_id(project, name),
            name,
            Some(project_id(project)),
            created(own),
            RowBody::ComposeService(body),
        ));
    }
    all
}

/// What the newest container of a service says it depends on.
fn depends_on(own: &[(Cid, Rc<Container>)]) -> Vec<Depends> {
    let Some((_, c)) = own.last() else { return Vec::new() };
    let each = c.spec.label(observed::DEPENDS).split(',').filter(|d| !d.is_empty()).map(|dependency| {
        let mut parts = dependency.split(':');
        let service = parts.next().unwrap_or_default().to_string();
        Depends { service, condition: parts.next().unwrap_or("service_started").to_string() }
    });
    let mut all: Vec<Depends> = each.collect();
    all.sort_by(|a, b| a.service.cmp(&b.service));
    all
}

/// How many steps of the start come before a service.
fn order<'a>(name: &'a str, depends: &'a BTreeMap<&str, Vec<Depends>>, above: &mut BTreeSet<&'a str>) -> u32 {
    if !above.insert(name) {
        return 0;
    }
    let below = depends.get(name).into_iter().flatten().filter(|d| depends.contains_key(d.service.as_str()));
    let most = below.map(|d| order(&d.service, depends, above) + 1).max().unwrap_or(0);
    above.remove(name);
    most
}

fn policy(c: &Container) -> String {
    match c.spec.restart.most() {
        0 => c.spec.restart.name().into(),
        most => format!("{}:{most}", c.spec.restart.name()),
    }
}

fn container(c: &Container) -> ContainerRow {
    let (project, service) = home(c);
    let mut ports: Vec<String> = Vec::new();
    for b in &c.bindings {
        let text = format!("{}→{}/{}", b.port, b.target, b.protocol);
        if !ports.contains(&text) {
            ports.push(text);
        }
    }
    let wanted = |p: &crate::compose::engine::Publish| match p.range {
        Some((low, high)) if low == high => format!("{low}→{}/{}", p.target, p.protocol),
        Some((low, high)) => format!("{low}-{high}→{}/{}", p.target, p.protocol),
        None => format!("?→{}/{}", p.target, p.protocol),
    };
    let until = c.finished.map(|t| (t.0, (t + c.backoff).0));
    ContainerRow {
        project: project.into(),
        service: service.into(),
        number: c.spec.label(observed::NUMBER).parse().unwrap_or(0),
        one_off: c.spec.label(observed::ONE_OFF) == "True",
        short_id: c.short().to_string(),
        image: c.spec.image.to_string(),
        command: words::command(c),
        state: c.status.word().into(),
        health: c.health.as_ref().map(|h| h.verdict.word()).unwrap_or_default().into(),
        failing: c.health.as_ref().map_or(0, |h| h.failing),
        restarts: c.restarts,
        exit: c.exit,
        oom: c.oom,
        by_hand: c.by_hand,
        error: c.error.to_string(),
        policy: policy(c),
        span: until.filter(|_| c.status == Status::Restarting),
        started: c.started.map(|t| t.0),
        finished: c.finished.map(|t| t.0),
        ports,
        wanted_ports: c.spec.publish.iter().map(wanted).collect(),
        networks: c.endpoints.iter().map(|e| (e.network.to_string(), text(&e.ip))).collect(),
        mounts: c.mounts.iter().map(|m| (m.kind.to_string(), m.source.to_string(), m.target.to_string())).collect(),
        cpu_limit: (c.spec.limits.nano_cpus / 1_000_000).max(0) as u64,
        memory_limit: c.spec.limits.memory.max(0) as u64,
    }
}

fn text(ip: &Option<Rc<str>>) -> String {
    ip.as_deref().unwrap_or_default().into()
}
