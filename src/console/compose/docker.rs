//! `docker …` without `compose`: containers, networks and volumes by name.
//! Source: docker/cli v28 cli/command/{container,network,volume}.

use super::args::{Args, Flag};
use super::look::{Kind, Look};
use super::table::{DOCKER, table};
use super::words::{command, ellipsis, human, ports, shown_ports, status};
use super::{Desk, Next, inspect};
use crate::compose::engine::{Cid, Container, Endpoint, Engine, Healthcheck, Restart, Spec, Status};
use crate::compose::project::{Do, ERR, OUT, Step, observed, publish_of};
use crate::sim::Span;
use crate::text::go::quoted;
use std::rc::Rc;

/// What a verb does once its client is up.
pub(super) type Reading = fn(&Look, &mut Desk) -> Next;

/// The client takes so long to start. Ours: recorded.
const CLIENT: Span = Span::millis(60);

/// Words of the verb, flags, whether flags may stand behind words, what it does.
struct Verb(&'static [&'static str], &'static [Flag], bool, Reading);

const PS: &[Flag] = &[
    ("all", 'a', false),
    ("quiet", 'q', false),
    ("no-trunc", ' ', false),
    ("filter", 'f', true),
    ("format", ' ', true),
    ("last", 'n', true),
    ("latest", 'l', false),
    ("size", 's', false),
];
const LS: &[Flag] = &[("quiet", 'q', false), ("filter", 'f', true), ("format", ' ', true), ("no-trunc", ' ', false)];
const INSPECT: &[Flag] = &[("format", 'f', true), ("type", ' ', true), ("size", 's', false)];
const RUN: &[Flag] = &[
    ("detach", 'd', false),
    ("rm", ' ', false),
    ("name", ' ', true),
    ("network", ' ', true),
    ("net", ' ', true),
    ("network-alias", ' ', true),
    ("publish", 'p', true),
    ("env", 'e', true),
    ("restart", ' ', true),
    ("entrypoint", ' ', true),
    ("hostname", 'h', true),
    ("label", 'l', true),
    ("interactive", 'i', false),
    ("tty", 't', false),
    ("memory", 'm', true),
    ("volume", 'v', true),
    ("health-cmd", ' ', true),
    ("stop-signal", ' ', true),
];

const VERBS: &[Verb] = &[
    Verb(&["ps"], PS, true, ps),
    Verb(&["container", "ls"], PS, true, ps),
    Verb(&["inspect"], INSPECT, true, inspect::inspect),
    Verb(&["container", "inspect"], INSPECT, true, inspect::inspect),
    Verb(&["network", "ls"], LS, true, network_ls),
    Verb(&["network", "inspect"], INSPECT, true, inspect::inspect),
    Verb(&["volume", "ls"], LS, true, volume_ls),
    Verb(&["volume", "inspect"], INSPECT, true, inspect::inspect),
    Verb(&["stats"], &[("no-stream", ' ', false), ("all", 'a', false), ("format", ' ', true)], true, stats),
    Verb(
        &["logs"],
        &[("follow", 'f', false), ("tail", 'n', true), ("timestamps", 't', false), ("since", ' ', true)],
        true,
        logs,
    ),
    Verb(&["kill"], &[("signal", 's', true)], true, |look, desk| {
        let signal: Rc<str> = look.args.value("signal").unwrap_or("KILL").into();
        each(look, desk, |cid| Do::Kill(cid, signal.clone()))
    }),
    Verb(&["stop"], &[("time", 't', true), ("timeout", ' ', true), ("signal", 's', true)], true, |look, desk| {
        let grace = grace(look);
        each(look, desk, |cid| Do::Stop(cid, grace))
    }),
    Verb(&["restart"], &[("time", 't', true), ("timeout", ' ', true), ("signal", 's', true)], true, |look, desk| {
        let grace = grace(look);
        each(look, desk, |cid| Do::Restart(cid, grace))
    }),
    Verb(&["start"], &[("attach", 'a', false)], true, |look, desk| each(look, desk, Do::Start)),
    Verb(&["rm"], &[("force", 'f', false), ("volumes", 'v', false)], true, |look, desk| {
        let (force, volumes) = (look.args.on("force"), look.args.on("volumes"));
        each(look, desk, |cid| Do::Remove(cid, force, volumes))
    }),
    Verb(&["pause"], &[], true, |look, desk| each(look, desk, |cid| Do::Freeze(cid, true))),
    Verb(&["unpause"], &[], true, |look, desk| each(look, desk, |cid| Do::Freeze(cid, false))),
    Verb(
        &["exec"],
        &[
            ("env", 'e', true),
            ("interactive", 'i', false),
            ("tty", 't', false),
            ("user", 'u', true),
            ("detach", 'd', false),
        ],
        false,
        exec,
    ),
    Verb(&["run"], RUN, false, run_one),
    Verb(&["tag"], &[], true, tag),
    Verb(
        &["network", "create"],
        &[("driver", 'd', true), ("label", ' ', true), ("subnet", ' ', true)],
        true,
        |look, desk| made(look, desk, |name| Do::NetworkMake(name.into())),
    ),
    Verb(&["network", "rm"], &[("force", 'f', false)], true, |look, desk| {
        named(look, desk, |name| Do::NetworkRemove(name.into()))
    }),
    Verb(&["network", "connect"], &[("alias", ' ', true), ("ip", ' ', true)], true, connect),
    Verb(&["network", "disconnect"], &[("force", 'f', false)], true, disconnect),
    Verb(&["volume", "create"], &[("label", ' ', true), ("driver", 'd', true)], true, |look, desk| {
        named(look, desk, |name| Do::VolumeMake(name.into()))
    }),
    Verb(&["volume", "rm"], &[("force", 'f', false)], true, |look, desk| {
        named(look, desk, |name| Do::VolumeRemove(name.into()))
    }),
];

/// Runs what stands behind `docker`.
pub(super) fn run(_: &mut Desk, words: &[String]) -> Next {
    let fits = |v: &&Verb| v.0.iter().enumerate().all(|(at, word)| words.get(at).is_some_and(|w| w == word));
    let Some(Verb(name, flags, mixed, reading)) = VERBS.iter().find(fits) else {
        let name = words.first().map_or("", String::as_str);
        return Next::error(1, format!("docker: '{name}' is not a docker command.\nSee 'docker --help'"));
    };
    let args = match Args::read(&words[name.len()..], flags, *mixed) {
        Ok(args) => args,
        Err(error) => return Next::error(125, error),
    };
    let look = Look { kind: Kind::Docker(*reading), project: Rc::default(), args };
    Next::Work(Rc::default(), vec![Step::Pause(CLIENT)], Some(look))
}

/// The look of a verb.
pub(super) fn read(reading: Reading, look: &Look, desk: &mut Desk) -> Next {
    reading(look, desk)
}

fn grace(look: &Look) -> Option<Span> {
    look.args.value("time").or(look.args.value("timeout")).and_then(|t| t.parse().ok()).map(Span::secs)
}

fn each(look: &Look, desk: &mut Desk, act: impl Fn(Cid) -> Do) -> Next {
    let step = |name: &String| match desk.host.engine.find(name) {
        Some(cid) => (Rc::from(name.as_str()), act(cid)),
        None => ("".into(), Do::Fault(format!("Error response from daemon: No such container: {name}").into())),
    };
    let list = look.args.words.iter().map(step).collect();
    Next::Work(Rc::default(), vec![Step::Docker(list)], None)
}

fn named(look: &Look, _: &mut Desk, act: impl Fn(&str) -> Do) -> Next {
    let list = look.args.words.iter().map(|name| (Rc::from(name.as_str()), act(name))).collect();
    Next::Work(Rc::default(), vec![Step::Docker(list)], None)
}

/// A network is made, and its id is told.
fn made(look: &Look, _: &mut Desk, act: impl Fn(&str) -> Do) -> Next {
    let list = look.args.words.iter().map(|name| (Rc::from(""), act(name))).collect();
    let after = Look {
        kind: Kind::Docker(|look, desk| {
            let id = |name: &String| desk.host.engine.networks.get(name.as_str()).map(|n| n.id.to_string());
            Next::out(look.args.words.iter().filter_map(id).collect())
        }),
        ..look.clone()
    };
    Next::Work(Rc::default(), vec![Step::Docker(list)], Some(after))
}

fn connect(look: &Look, desk: &mut Desk) -> Next {
    let [network, name] = &look.args.words[..] else {
        return Next::error(1, "docker: 'docker network connect' requires 2 arguments");
    };
    let aliases = look.args.all("alias").iter().map(|a| a.as_str().into()).collect();
    match desk.host.engine.find(name) {
        Some(cid) => {
            let _ = desk.host.engine.network_connect(network, cid, aliases);
            Next::Done(Vec::new(), 0)
        }
        None => Next::error(1, format!("Error response from daemon: No such container: {name}")),
    }
}

fn disconnect(look: &Look, desk: &mut Desk) -> Next {
    let [network, name] = &look.args.words[..] else {
        return Next::error(1, "docker: 'docker network disconnect' requires 2 arguments");
    };
    match desk.host.engine.find(name) {
        Some(cid) => {
            let _ = desk.host.engine.network_disconnect(network, cid);
            Next::Done(Vec::new(), 0)
        }
        None => Next::error(1, format!("Error response from daemon: No such container: {name}")),
    }
}

fn tag(look: &Look, desk: &mut Desk) -> Next {
    let [from, to] = &look.args.words[..] else { return Next::error(1, "docker: 'docker tag' requires 2 arguments") };
    match desk.host.engine.images.tag(from, to) {
        true => Next::Done(Vec::new(), 0),
        false => Next::error(1, format!("Error response from daemon: No such image: {from}")),
    }
}

fn exec(look: &Look, desk: &mut Desk) -> Next {
    let Some((name, command)) = look.args.words.split_first() else {
        return Next::error(1, "docker: 'docker exec' requires at least 2 arguments");
    };
    match desk.host.engine.find(name) {
        Some(cid) => {
            let words = command.iter().map(|w| w.as_str().into()).collect();
            Next::Work(Rc::default(), vec![Step::Exec(cid, words, Vec::new())], None)
        }
        None => Next::error(1, format!("Error response from daemon: No such container: {name}")),
    }
}

fn run_one(look: &Look, desk: &mut Desk) -> Next {
    let args = &look.args;
    let Some((image, command)) = args.words.split_first() else {
        return Next::error(125, "docker: 'docker run' requires at least 1 argument");
    };
    let network: Rc<str> = args.value("network").or(args.value("net")).unwrap_or("bridge").into();
    let usual = format!("eager_{:05x}", desk.host.engine.events.len());
    let split = |p: &String| p.split_once('=').map(|(k, v)| (Rc::from(k), Rc::from(v)));
    let aliases = args.all("network-alias").iter().map(|a| a.as_str().into()).collect();
    let check = args
        .value("health-cmd")
        .map(|c| Healthcheck { test: vec!["CMD-SHELL".into(), c.into()], ..Healthcheck::default() });
    let most = args.value("restart").and_then(|r| r.split_once(':')).and_then(|(_, n)| n.parse().ok()).unwrap_or(0);
    let restart = match args.value("restart").map(|r| r.split(':').next().unwrap_or(r)) {
        Some("always") => Restart::Always,
        Some("unless-stopped") => Restart::UnlessStopped,
        Some("on-failure") => Restart::OnFailure(most),
        _ => Restart::No,
    };
    let spec = Spec {
        name: args.value("name").unwrap_or(&usual).into(),
        image: image.as_str().into(),
        command: command.iter().map(|w| w.as_str().into()).collect(),
        entrypoint: args.value("entrypoint").map(|e| vec![e.into()]).unwrap_or_default(),
        env: args.all("env").iter().filter_map(split).collect(),
        labels: args.all("label").iter().filter_map(split).collect(),
        hostname: args.value("hostname").unwrap_or_default().into(),
        restart,
        healthcheck: check,
        exposed: args
            .all("publish")
            .iter()
            .filter_map(|p| publish_of(p))
            .map(|p| format!("{}/{}", p.target, p.protocol).into())
            .collect(),
        publish: args.all("publish").iter().filter_map(|p| publish_of(p)).collect(),
        networks: vec![Endpoint { network, aliases, asked: "".into(), ip: None }],
        stop_signal: args.value("stop-signal").unwrap_or_default().into(),
        auto_remove: args.on("rm"),
        ..Spec::default()
    };
    Next::Work(Rc::default(), vec![Step::DockerRun(Box::new(spec), !args.on("detach"))], None)
}

fn logs(look: &Look, desk: &mut Desk) -> Next {
    let Some(name) = look.args.words.first() else {
        return Next::error(1, "docker: 'docker logs' requires 1 argument");
    };
    let Some(cid) = desk.host.engine.find(name) else {
        return Next::error(1, format!("Error response from daemon: No such container: {name}"));
    };
    let mut lines = desk.host.engine.output(cid);
    if let Some(n) = look.args.value("tail").and_then(|t| t.parse::<usize>().ok()) {
        lines = lines.split_off(lines.len().saturating_sub(n));
    }
    let fd = |s| if s == crate::workload::Stream::Err { ERR } else { OUT };
    Next::Done(lines.into_iter().map(|l| (fd(l.stream), l.text.to_string())).collect(), 0)
}

/// Whether something passes `--filter` of the forms `name=`, `label=`, `status=`, `id=`.
fn passes(look: &Look, name: &str, id: &str, labels: &[(Rc<str>, Rc<str>)], state: &str) -> bool {
    look.args.all("filter").iter().all(|filter| match filter.split_once('=') {
        Some(("name", part)) => name.contains(part),
        Some(("id", part)) => id.starts_with(part),
        Some(("status", word)) => state == word,
        Some(("label", pair)) => match pair.split_once('=') {
            Some((key, value)) => observed::has(labels, key, value),
            None => labels.iter().any(|(k, _)| **k == *pair),
        },
        _ => true,
    })
}

/// Source: docker/cli v28 cli/command/formatter/container.go, defaultContainerTableFormat.
fn ps(look: &Look, desk: &mut Desk) -> Next {
    let now = desk.host.now();
    let up = |c: &Container| matches!(c.status, Status::Running | Status::Paused | Status::Restarting);
    let all = look.args.on("all") || look.args.all("filter").iter().any(|f| f.starts_with("status="));
    let mut list: Vec<Rc<Container>> = desk.host.engine.containers.values().rev().cloned().collect();
    list.retain(|c| (all || up(c)) && passes(look, &c.name, &c.id, &c.spec.labels, c.status.word()));
    let whole = look.args.on("no-trunc");
    let id = |c: &Container| if whole { c.id.to_string() } else { c.short().to_string() };
    if look.args.on("quiet") {
        return Next::out(list.iter().map(|c| id(c)).collect());
    }
    if let Some(template) = look.args.value("format").filter(|f| f.contains("{{")) {
        let template = template.strip_prefix("table ").unwrap_or(template);
        let row = |c: &Rc<Container>| {
            let tree = crate::text::Value::from(crate::map! {
                "ID" => id(c), "Image" => c.spec.image.clone(), "Command" => quoted(&ellipsis(&command(c), 20)),
                "RunningFor" => format!("{} ago", human(now.since(c.created))), "Status" => status(c, now),
                "State" => c.status.word(), "Ports" => shown_ports(&ports(c)), "Names" => c.name.clone(),
            });
            inspect::fill(template, &tree)
        };
        return Next::out(list.iter().map(row).collect());
    }
    let mut rows =
        vec![["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"].map(String::from).to_vec()];
    rows.extend(list.iter().map(|c| {
        let words = command(c);
        vec![
            id(c),
            c.spec.image.to_string(),
            quoted(&if whole { words } else { ellipsis(&words, 20) }),
            format!("{} ago", human(now.since(c.created))),
            status(c, now),
            shown_ports(&ports(c)),
            c.name.to_string(),
        ]
    }));
    Next::out(table(&rows, DOCKER))
}

fn network_ls(look: &Look, desk: &mut Desk) -> Next {
    let mut list: Vec<_> = desk.host.engine.networks.values().cloned().collect();
    list.retain(|n| passes(look, &n.name, &n.id, &n.labels, ""));
    list.sort_by(|a, b| a.name.cmp(&b.name));
    let id = |id: &Rc<str>| id.get(..12).unwrap_or(id).to_string();
    if look.args.on("quiet") {
        return Next::out(list.iter().map(|n| id(&n.id)).collect());
    }
    let mut rows = vec![["NETWORK ID", "NAME", "DRIVER", "SCOPE"].map(String::from).to_vec()];
    rows.extend(list.iter().map(|n| vec![id(&n.id), n.name.to_string(), n.driver.to_string(), "local".into()]));
    Next::out(table(&rows, DOCKER))
}

fn volume_ls(look: &Look, desk: &mut Desk) -> Next {
    let list = desk.host.engine.volumes.iter().filter(|(name, v)| passes(look, name, name, &v.labels, ""));
    let names: Vec<String> = list.map(|(name, _)| name.to_string()).collect();
    if look.args.on("quiet") {
        return Next::out(names);
    }
    let mut rows = vec![["DRIVER", "VOLUME NAME"].map(String::from).to_vec()];
    rows.extend(names.into_iter().map(|name| vec!["local".into(), name]));
    Next::out(table(&rows, DOCKER))
}

fn stats(look: &Look, desk: &mut Desk) -> Next {
    let engine: &Engine = &desk.host.engine;
    let fits = |c: &&Rc<Container>| {
        c.alive()
            && (look.args.words.is_empty() || look.args.words.iter().any(|w| **w == *c.name || c.id.starts_with(w)))
    };
    Next::out(stats_rows(engine, engine.containers.iter().filter(|(_, c)| fits(c)).map(|(cid, _)| *cid)))
}

/// Rows of `stats`: what a container uses now, as the floor has it; bytes on networks and disks are not counted (FID-165).
/// Source: docker cli v29 cli/command/container/formatter_stats.go; stats_helpers.go, calculateCPUPercentUnix.
pub(super) fn stats_rows(engine: &Engine, list: impl Iterator<Item = Cid>) -> Vec<String> {
    let mut rows = vec![
        ["CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O", "BLOCK I/O", "PIDS"]
            .map(String::from)
            .to_vec(),
    ];
    for cid in list {
        let Some(c) = engine.container(cid) else { continue };
        let limit = if c.spec.limits.memory > 0 { c.spec.limits.memory as f64 } else { engine.memory as f64 };
        let (cores, memory) = engine.unit(cid).map_or((0.0, 0.0), |unit| (unit.cores(engine.now), unit.memory()));
        rows.push(vec![
            c.short().to_string(),
            c.name.to_string(),
            format!("{:.2}%", cores * 100.0),
            format!("{} / {}", bytes_size(memory), bytes_size(limit)),
            format!("{:.2}%", memory / limit * 100.0),
            "0B / 0B".into(),
            "0B / 0B".into(),
            "1".into(),
        ]);
    }
    table(&rows, DOCKER)
}
/// Bytes with four digits that count. Source: docker/go-units size.go, BytesSize.
fn bytes_size(bytes: f64) -> String {
    let (mut size, mut unit) = (bytes, 0);
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        (size, unit) = (size / 1024.0, unit + 1);
    }
    let digits = match size {
        s if s < 9.999_5 => 3,
        s if s < 99.995 => 2,
        s if s < 999.95 => 1,
        _ => 0,
    };
    let text = format!("{size:.digits$}");
    let text = if digits > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_four_digits() {
        let mib = |n: f64| bytes_size(n * 1_048_576.0);
        assert_eq!(
            [mib(8.0), mib(7.328), mib(64.25), mib(512.0), mib(1023.0), mib(8192.0), bytes_size(0.0)],
            ["8MiB", "7.328MiB", "64.25MiB", "512MiB", "1023MiB", "8GiB", "0B"]
        );
    }
}
