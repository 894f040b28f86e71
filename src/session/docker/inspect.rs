//! Everything the inspector shows of something on the Docker host, and the chain of its causes.

use super::super::behave;
use super::super::inspect::arguments;
use super::super::run::Run;
use super::super::update::{Happening, Inspect, LogRow, WhyStep};
use super::rows::{home, project_id, service_id};
use super::{HOST, and_so_on, container_id, container_of, named, origin};
use crate::compose::Host;
use crate::compose::engine::{Cid, Container, Event, Kind};
use crate::compose::files::config;
use crate::console::compose as words;
use crate::journal::{Entry, EntryId};
use crate::workload::Stream;
use crate::world::World;

/// Lines of a container's output that are shown. Ours: some screens; the terminal has the rest.
const LOG_MAX: usize = 200;
/// Events that are shown. Ours: see above.
const EVENTS_MAX: usize = 200;
/// A chain of causes is told whole up to so many steps; of a longer one the newest and the oldest. Ours: a screen or two.
const CHAIN: (usize, usize) = (12, 4);

/// What an id stands for.
enum Thing {
    Host,
    Container(Cid),
    Service(String, String),
    Project(String),
    Network(String),
    Volume(String),
}

fn thing(host: &Host, id: u32) -> Option<Thing> {
    let engine = &host.engine;
    if id == HOST {
        return Some(Thing::Host);
    }
    if let Some(cid) = container_of(id) {
        return engine.containers.contains_key(&cid).then_some(Thing::Container(cid));
    }
    for c in engine.containers.values() {
        let (project, service) = home(c);
        if id == project_id(project) {
            return Some(Thing::Project(project.into()));
        }
        if id == service_id(project, service) {
            return Some(Thing::Service(project.into(), service.into()));
        }
    }
    let network = engine.networks.keys().find(|n| id == named("network", n));
    let volume = || engine.volumes.keys().find(|n| id == named("volume", n));
    let network = network.map(|n| Thing::Network(n.to_string()));
    network.or_else(|| volume().map(|n| Thing::Volume(n.to_string())))
}

impl Thing {
    fn holds(&self, c: &Container, cid: Cid) -> bool {
        let (project, service) = home(c);
        match self {
            Thing::Host => true,
            Thing::Container(own) => *own == cid,
            Thing::Service(p, s) => p == project && s == service,
            Thing::Project(p) => p == project,
            Thing::Network(_) | Thing::Volume(_) => false,
        }
    }
    fn about(&self, host: &Host, event: &Event) -> bool {
        match (self, event.kind, event.cid) {
            (Thing::Host, ..) => true,
            (Thing::Network(name), Kind::Network, _) => *event.name == **name,
            (Thing::Volume(name), Kind::Volume, _) => *event.id == **name,
            (_, _, Some(cid)) => host.engine.containers.get(&cid).is_some_and(|c| self.holds(c, cid)),
            _ => false,
        }
    }
    fn name(&self, host: &Host) -> String {
        match self {
            Thing::Host => "docker".into(),
            Thing::Container(cid) => format!("container/{}", host.engine.name_of(*cid)),
            Thing::Service(_, name) => format!("service/{name}"),
            Thing::Project(name) => format!("project/{name}"),
            Thing::Network(name) => format!("network/{name}"),
            Thing::Volume(name) => format!("volume/{name}"),
        }
    }
}

/// Where a fault at a row is, in words; `None` for rows that are not on the host, or at which nothing can break.
pub(in crate::session) fn place(world: &World, id: u32) -> Option<String> {
    let host = world.host.as_ref().filter(|_| super::is_docker(id))?;
    match thing(host, id)? {
        Thing::Host => Some("host".into()),
        Thing::Container(cid) => Some(format!("container/{}", host.engine.name_of(cid))),
        Thing::Service(_, name) => Some(format!("compose/{name}")),
        _ => None,
    }
}

/// The row of `container/NAME` or `compose/SERVICE`.
pub(in crate::session) fn row_of(world: &World, kind: &str, name: &str) -> Option<u32> {
    let engine = &world.host.as_ref()?.engine;
    let of = |(cid, c): (&Cid, &std::rc::Rc<Container>)| match (kind, home(c)) {
        ("container", _) => (*c.name == *name).then(|| container_id(*cid)),
        (_, (project, service)) => (!project.is_empty() && service == name).then(|| service_id(project, service)),
    };
    engine.containers.iter().find_map(of)
}

/// What the inspector shows.
pub(in crate::session) fn inspect(run: &Run, id: u32) -> Option<Inspect> {
    let host = run.world.host.as_ref()?;
    let engine = &host.engine;
    let thing = thing(host, id)?;
    let yaml = match &thing {
        Thing::Host => String::new(),
        Thing::Container(cid) => words::described(engine, &engine.name_of(*cid)).unwrap_or_default(),
        Thing::Network(name) | Thing::Volume(name) => words::described(engine, name).unwrap_or_default(),
        Thing::Project(project) => written(run, project, &[]),
        Thing::Service(project, service) => written(run, project, std::slice::from_ref(service)),
    };
    let first = engine.containers.iter().filter(|(cid, c)| thing.holds(c, **cid)).map(|(_, c)| c).next_back();
    let lines = matches!(thing, Thing::Container(_) | Thing::Service(..));
    let from_file = lines || matches!(thing, Thing::Project(_));
    let events: Vec<&Event> = engine.events.iter().filter(|e| thing.about(host, e)).collect();
    Some(Inspect {
        id,
        name: thing.name(host),
        events: events[events.len().saturating_sub(EVENTS_MAX)..].iter().map(|e| event(e)).collect(),
        yaml,
        logs: if lines { logs(host, &thing) } else { Vec::new() },
        behaviour: if lines { parameters(host, id) } else { Vec::new() },
        origin: first.filter(|_| from_file).and_then(|c| origin::of_service(run, c, "")),
        describe: match &thing {
            Thing::Container(cid) => engine.container(*cid).map(|c| words::status(c, engine.now)).unwrap_or_default(),
            _ => String::new(),
        },
        ..Inspect::default()
    })
}

/// The parameters of a container, or of the first of a service's that runs.
fn parameters(host: &Host, id: u32) -> Vec<(String, String, String)> {
    let Some(thing) = thing(host, id) else { return Vec::new() };
    let own = host.engine.containers.iter().filter(|(cid, c)| thing.holds(c, **cid));
    let unit = own.filter_map(|(cid, c)| Some((c, host.engine.unit(*cid)?))).next();
    let place = thing.name(host);
    let name = place.split_once('/').map_or("", |(_, name)| name);
    unit.map(|(c, unit)| behave::shown(&c.name, unit, &host.engine.workloads.rules, name)).unwrap_or_default()
}

/// What `docker compose config` prints of the files that the project was made from.
fn written(run: &Run, project: &str, services: &[String]) -> String {
    let own = |c: &&std::rc::Rc<Container>| home(c).0 == project;
    let Some(c) = run.world.host.as_ref().and_then(|h| h.engine.containers.values().rfind(own)) else {
        return String::new();
    };
    let request = origin::request_of(run, c, project);
    let request = crate::compose::files::Request { services: services.to_vec(), ..request };
    let printed = config::run(&origin::folder_of(run), &request, &config::Options::default());
    printed.refused.map_or(printed.out, |refused| refused.message.clone())
}

fn event(e: &Event) -> (u64, String, String, String, u32) {
    let attrs: Vec<String> = e.attrs.iter().filter(|a| a.0 != "container").map(|(k, v)| format!("{k}={v}")).collect();
    let name = if e.name.is_empty() { &e.id } else { &e.name };
    let words = format!("{} {name} ({})", e.kind.word(), attrs.join(", "));
    let bad = matches!(&*e.action, "die" | "oom" | "health_status: unhealthy");
    (e.t.0, if bad { "Warning" } else { "Normal" }.into(), e.action.to_string(), words, 1)
}

fn logs(host: &Host, thing: &Thing) -> Vec<LogRow> {
    let own = host.engine.containers.iter().filter(|(cid, c)| thing.holds(c, **cid));
    let mut all: Vec<LogRow> = Vec::new();
    for (cid, c) in own {
        all.extend(host.engine.output(*cid).into_iter().map(|line| LogRow {
            at: line.t.0,
            from: c.name.to_string(),
            error: line.stream == Stream::Err,
            text: line.text.to_string(),
        }));
    }
    all.sort_by(|a, b| (a.at, &a.from).cmp(&(b.at, &b.from)));
    all.split_off(all.len().saturating_sub(LOG_MAX))
}

/// One entry of the engine's journal as the page reads it.
pub(in crate::session) fn happening(host: &Host, id: EntryId, entry: &Entry) -> Happening {
    let args = arguments(&entry.why);
    let name = match entry.object {
        0 => "docker".to_string(),
        cid => match &*host.engine.name_of(cid) {
            "" => format!("container/{}", args.first().map(|a| a.1.as_str()).unwrap_or_default()),
            name => format!("container/{name}"),
        },
    };
    Happening {
        at: entry.t.0,
        entry: HOST | id.0,
        actor: entry.actor.to_string(),
        object: container_id(entry.object),
        name,
        reason: entry.why.reason.key.to_string(),
        args,
        warning: entry.why.reason.warning,
    }
}

/// The entry and what led to it, newest first; of a chain that goes round and round the newest and the oldest.
pub(in crate::session) fn why(run: &Run, id: u32, entry: Option<u32>) -> Vec<WhyStep> {
    let Some(host) = &run.world.host else { return Vec::new() };
    let engine = &host.engine;
    let newest = || {
        let thing = thing(host, id)?;
        let own = engine.containers.iter().filter(|(cid, c)| thing.holds(c, **cid));
        let mine = own.filter_map(|(cid, _)| engine.reason(*cid));
        let power = engine.reason(0).filter(|_| matches!(thing, Thing::Host));
        mine.chain(power).max()
    };
    let Some(from) = entry.map(|e| EntryId(e & !HOST)).or_else(newest) else { return Vec::new() };
    let chain = engine.journal.chain(from);
    let step = |id: &EntryId| {
        let entry = engine.journal.get(*id)?;
        let key = origin::key_of(entry.why.reason.key);
        let c = engine.container(entry.object);
        let origin = key.zip(c).and_then(|(key, c)| origin::of_service(run, c, key));
        Some(WhyStep { what: happening(host, *id, entry), origin })
    };
    let (head, tail) = CHAIN;
    if chain.len() <= head + tail {
        return chain.iter().filter_map(step).collect();
    }
    let mut steps: Vec<WhyStep> = chain[..head].iter().filter_map(step).collect();
    let left_out = (chain.len() - head - tail) as i64;
    if let (Some(last), why) = (steps.last().cloned(), and_so_on(left_out)) {
        let what = Happening {
            actor: String::new(),
            reason: why.reason.key.into(),
            args: arguments(&why),
            warning: false,
            ..last.what
        };
        steps.push(WhyStep { what, origin: None });
    }
    steps.extend(chain[chain.len() - tail..].iter().filter_map(step));
    steps
}
