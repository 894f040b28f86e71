//! `docker …` without `compose`: containers, networks and volumes by name.
//! Source: docker/cli v28 cli/command/{container,network,volume}.

use super::args::{Args, Flag};
use super::look::{Kind, Look};
use super::{Desk, Next, inspect, lists, single, stats};
use crate::compose::engine::{Cid, Endpoint, Healthcheck, Limits, Mount, Spec};
use crate::compose::files;
use crate::compose::project::{Do, ERR, Mounted, Step, Tally, mounted, publish_of};
use crate::sim::Span;
use crate::text::go::quoted;
use std::rc::Rc;

/// What a verb does once its client is up.
pub(super) type Reading = fn(&Look, &mut Desk) -> Next;

/// The client takes so long to start. Ours: recorded.
const CLIENT: Span = Span::millis(60);

/// Words of the verb, its usage behind them, how many words it takes, flags, whether flags may stand behind words, what it
/// does.
struct Verb(&'static [&'static str], &'static str, Takes, &'static [Flag], bool, Reading);

/// How many words a verb takes: at least, at most.
type Takes = (usize, usize);
const NONE: Takes = (0, 0);
const ONE: Takes = (1, 1);
const TWO: Takes = (2, 2);
const SOME: Takes = (1, usize::MAX);

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
const INSPECT_ONE: &[Flag] = &[("format", 'f', true), ("size", 's', false)];
const NETWORK: &[Flag] = &[("format", 'f', true), ("verbose", 'v', false)];
const FORMAT: &[Flag] = &[("format", 'f', true)];
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

const GRACE: &[Flag] = &[("time", ' ', true), ("timeout", 't', true), ("signal", 's', true)];
const CONTAINERS: &str = "CONTAINER [CONTAINER...]";
const FLAGGED: &str = "[OPTIONS] CONTAINER [CONTAINER...]";

/// Source: docker/cli v28 cli/command, Use, Args and flags of each command.
const VERBS: &[Verb] = &[
    Verb(&["ps"], "[OPTIONS]", NONE, PS, true, lists::ps),
    Verb(&["container", "ls"], "[OPTIONS]", NONE, PS, true, lists::ps),
    Verb(&["inspect"], "[OPTIONS] NAME|ID [NAME|ID...]", SOME, INSPECT, true, inspect::inspect),
    Verb(&["container", "inspect"], FLAGGED, SOME, INSPECT_ONE, true, inspect::of_containers),
    Verb(&["network", "ls"], "[OPTIONS]", NONE, LS, true, lists::networks),
    Verb(&["network", "inspect"], "[OPTIONS] NETWORK [NETWORK...]", SOME, NETWORK, true, inspect::of_networks),
    Verb(&["volume", "ls"], "[OPTIONS]", NONE, LS, true, lists::volumes),
    Verb(&["volume", "inspect"], "[OPTIONS] VOLUME [VOLUME...]", SOME, FORMAT, true, inspect::of_volumes),
    Verb(
        &["stats"],
        "[OPTIONS] [CONTAINER...]",
        (0, usize::MAX),
        &[("no-stream", ' ', false), ("all", 'a', false), ("format", ' ', true), ("no-trunc", ' ', false)],
        true,
        stats::docker,
    ),
    Verb(
        &["logs"],
        "[OPTIONS] CONTAINER",
        ONE,
        &[
            ("follow", 'f', false),
            ("tail", 'n', true),
            ("timestamps", 't', false),
            ("since", ' ', true),
            ("until", ' ', true),
            ("details", ' ', false),
        ],
        true,
        single::logs,
    ),
    Verb(&["port"], "CONTAINER [PRIVATE_PORT[/PROTO]]", (1, 2), &[], true, single::port),
    Verb(&["top"], "CONTAINER [ps OPTIONS]", SOME, &[], false, single::top),
    Verb(&["wait"], CONTAINERS, SOME, &[], true, single::wait),
    Verb(&["rename"], "CONTAINER NEW_NAME", TWO, &[], true, single::rename),
    Verb(&["update"], FLAGGED, SOME, &[("restart", ' ', true)], true, single::update),
    Verb(&["kill"], FLAGGED, SOME, &[("signal", 's', true)], true, |look, desk| {
        let signal: Rc<str> = look.args.value("signal").unwrap_or("KILL").into();
        each(look, desk, |cid| Do::Kill(cid, signal.clone()))
    }),
    Verb(&["stop"], FLAGGED, SOME, GRACE, true, |look, desk| {
        let grace = grace(look);
        each(look, desk, |cid| Do::Stop(cid, grace))
    }),
    Verb(&["restart"], FLAGGED, SOME, GRACE, true, |look, desk| {
        let grace = grace(look);
        each(look, desk, |cid| Do::Restart(cid, grace))
    }),
    Verb(&["start"], FLAGGED, SOME, &[("attach", 'a', false)], true, start),
    Verb(&["rm"], FLAGGED, SOME, &[("force", 'f', false), ("volumes", 'v', false)], true, remove),
    Verb(&["pause"], CONTAINERS, SOME, &[], true, |look, desk| each(look, desk, |cid| Do::Freeze(cid, true))),
    Verb(&["unpause"], CONTAINERS, SOME, &[], true, |look, desk| each(look, desk, |cid| Do::Freeze(cid, false))),
    Verb(
        &["exec"],
        "[OPTIONS] CONTAINER COMMAND [ARG...]",
        (2, usize::MAX),
        &[
            ("env", 'e', true),
            ("interactive", 'i', false),
            ("tty", 't', false),
            ("user", 'u', true),
            ("detach", 'd', false),
            ("privileged", ' ', false),
            ("workdir", 'w', true),
        ],
        false,
        exec,
    ),
    Verb(&["run"], "[OPTIONS] IMAGE [COMMAND] [ARG...]", SOME, RUN, false, run_one),
    Verb(&["tag"], "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]", TWO, &[], true, tag),
    Verb(
        &["network", "create"],
        "[OPTIONS] NETWORK",
        ONE,
        &[("driver", 'd', true), ("label", ' ', true), ("subnet", ' ', true)],
        true,
        |look, desk| made(look, desk, |name| Do::NetworkMake(name.into())),
    ),
    Verb(&["network", "rm"], "NETWORK [NETWORK...]", SOME, &[("force", 'f', false)], true, remove_networks),
    Verb(
        &["network", "connect"],
        "[OPTIONS] NETWORK CONTAINER",
        TWO,
        &[("alias", ' ', true), ("ip", ' ', true)],
        true,
        connect,
    ),
    Verb(&["network", "disconnect"], "[OPTIONS] NETWORK CONTAINER", TWO, &[("force", 'f', false)], true, disconnect),
    Verb(
        &["volume", "create"],
        "[OPTIONS] [VOLUME]",
        (0, 1),
        &[("label", ' ', true), ("driver", 'd', true)],
        true,
        make_volume,
    ),
    Verb(&["volume", "rm"], "[OPTIONS] VOLUME [VOLUME...]", SOME, &[("force", 'f', false)], true, remove_volumes),
];

/// Real commands that do nothing here. Source: docker/cli v28 cli/command/commands.
const NOT_SIMULATED: &[&str] = &[
    "attach",
    "build",
    "builder",
    "buildx",
    "checkpoint",
    "commit",
    "config",
    "context",
    "cp",
    "create",
    "diff",
    "events",
    "export",
    "history",
    "image",
    "images",
    "import",
    "info",
    "load",
    "login",
    "logout",
    "manifest",
    "network",
    "node",
    "plugin",
    "pull",
    "push",
    "rmi",
    "save",
    "search",
    "secret",
    "service",
    "stack",
    "swarm",
    "system",
    "trust",
    "version",
    "volume",
];

/// A wrong number of words. Source: docker/cli v28 cli/required.go.
fn miscounted(full: &str, usage: &str, (least, most): Takes, count: usize) -> Option<String> {
    let words = |n: usize| if n == 1 { "argument" } else { "arguments" };
    let (what, hint) = match () {
        () if (least..=most).contains(&count) => return None,
        () if most == 0 => ("accepts no arguments".to_string(), "Run"),
        () if least == 0 => (format!("requires at most {most} {}", words(most)), "Run"),
        () if least == most => (format!("requires {least} {}", words(least)), "Run"),
        () if most == usize::MAX => (format!("requires at least {least} {}", words(least)), "See"),
        () => (format!("requires at least {least} and at most {most} {}", words(most)), "Run"),
    };
    let help = format!("{hint} '{full} --help' for more information");
    Some(format!("docker: '{full}' {what}\n\nUsage:  {full} {usage}\n\n{help}"))
}

/// Words of several lines on standard error.
fn refuse(code: i32, words: &str) -> Next {
    Next::Done(words.lines().map(|line| (ERR, line.to_string())).collect(), code)
}

/// Runs what stands behind `docker`.
pub(super) fn run(desk: &Desk, words: &[String]) -> Next {
    let fits = |v: &&Verb| v.0.iter().enumerate().all(|(at, word)| words.get(at).is_some_and(|w| w == word));
    let Some(Verb(name, usage, takes, flags, mixed, reading)) = VERBS.iter().find(fits) else {
        return unknown(desk, words);
    };
    let full = format!("docker {}", name.join(" "));
    // Source: docker/cli v28 opts/opts.go, FilterOpt.
    let sound = |args: Args| match args.all("filter").iter().find(|f| !f.is_empty() && !f.contains('=')) {
        Some(bad) => {
            let why = "bad format of filter (expected name=value)";
            Err(format!("invalid argument {} for \"-f, --filter\" flag: {why}", quoted(bad)))
        }
        None => Ok(args),
    };
    let args = match Args::read(&words[name.len()..], flags, *mixed).and_then(sound) {
        Ok(args) => args,
        // Source: docker/cli v28 cli/cobra.go, FlagErrorFunc.
        Err(error) => {
            let help = format!("Run '{full} --help' for more information");
            return refuse(125, &format!("{error}\n\nUsage:  {full} {usage}\n\n{help}"));
        }
    };
    if let Some(words) = miscounted(&full, usage, *takes, args.words.len()) {
        return refuse(1, &words);
    }
    let look = Look { kind: Kind::Docker(*reading), project: Rc::default(), args };
    Next::Work(Rc::default(), vec![Step::Pause(CLIENT)], Some(look))
}

/// What is no verb here: a short form, a real command that is not simulated, or none at all.
/// Source: docker/cli v28 cmd/docker/docker.go, newDockerCommand.
fn unknown(desk: &Desk, words: &[String]) -> Next {
    let name = words.first().map_or("", String::as_str);
    match words.get(1) {
        // `docker container stop` and its kin are the short forms.
        Some(verb) if name == "container" && verb != "container" => run(desk, &words[1..]),
        Some(verb) if matches!(name, "network" | "volume") => {
            Next::not_simulated(desk, &format!("docker {name} {verb}"))
        }
        _ if NOT_SIMULATED.contains(&name) => Next::not_simulated(desk, &format!("docker {name}")),
        _ => refuse(1, &format!("docker: unknown command: docker {name}\n\nRun 'docker --help' for more information")),
    }
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
        None => (Rc::from(name.as_str()), Do::Fault(no_container(name))),
    };
    work(look.args.words.iter().map(step).collect(), None)
}

fn work(list: Vec<(Rc<str>, Do)>, tally: Option<Tally>) -> Next {
    Next::Work(Rc::default(), vec![Step::Docker(list, tally)], None)
}

fn no_container(name: &str) -> Rc<str> {
    format!("Error response from daemon: No such container: {name}").into()
}

/// Source: docker/cli v28 cli/command/container/start.go, startContainersWithoutAttachments.
fn start(look: &Look, desk: &mut Desk) -> Next {
    let mut next = each(look, desk, Do::Start);
    if let Next::Work(_, steps, _) = &mut next {
        for step in steps {
            if let Step::Docker(_, tally) = step {
                *tally = Some(|names| format!("Error: failed to start containers: {}", names.join(", ")));
            }
        }
    }
    next
}

/// With force, what is not there is no error; the second of one name is not there any more.
/// Source: docker/cli v28 cli/command/container/rm.go, runRm.
fn remove(look: &Look, desk: &mut Desk) -> Next {
    let (force, volumes) = (look.args.on("force"), look.args.on("volumes"));
    let mut seen: Vec<Cid> = Vec::new();
    let mut step = |name: &String| {
        let found = desk.host.engine.find(name).filter(|cid| !seen.contains(cid));
        seen.extend(found);
        let act = match found {
            Some(cid) => Do::Remove(cid, force, volumes),
            None if force => Do::Says(no_container(name)),
            None => Do::Fault(no_container(name)),
        };
        (Rc::from(name.as_str()), act)
    };
    work(look.args.words.iter().map(&mut step).collect(), None)
}

/// Source: docker/cli v28 cli/command/network/remove.go, runRemove.
fn remove_networks(look: &Look, desk: &mut Desk) -> Next {
    let force = look.args.on("force");
    let there = |name: &&String| !force || desk.host.engine.network_of(name).is_some();
    let step = |name: &String| {
        let known = desk.host.engine.network_of(name).map_or(Rc::from(name.as_str()), |n| n.name.clone());
        (Rc::from(name.as_str()), Do::NetworkRemove(known))
    };
    work(look.args.words.iter().filter(there).map(step).collect(), Some(|_| "exit status 1".to_string()))
}

/// With force, a volume that is not there counts as removed. Source: moby v29 volume/service/service.go, Remove.
fn remove_volumes(look: &Look, desk: &mut Desk) -> Next {
    let force = look.args.on("force");
    let step = |name: &String| match desk.host.engine.volumes.contains_key(name.as_str()) {
        false if force => (Rc::from(name.as_str()), Do::Nothing),
        _ => (Rc::from(name.as_str()), Do::VolumeRemove(name.as_str().into())),
    };
    work(look.args.words.iter().map(step).collect(), None)
}

/// Without a name it gets one of 64 letters. Source: moby v29 daemon/volume/service/service.go, Create.
fn make_volume(look: &Look, desk: &mut Desk) -> Next {
    let name = look.args.words.first().map_or_else(|| desk.host.engine.new_name(), |name| name.as_str().into());
    work(vec![(name.clone(), Do::VolumeMake(name))], None)
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
    Next::Work(Rc::default(), vec![Step::Docker(list, None)], Some(after))
}

fn connect(look: &Look, desk: &mut Desk) -> Next {
    let [network, name] = &look.args.words[..] else { return Next::Done(Vec::new(), 1) };
    let aliases = look.args.all("alias").iter().map(|a| a.as_str().into()).collect();
    if matches!(network.as_str(), "host" | "none") {
        return Next::not_simulated(desk, &format!("docker network connect {network}"));
    }
    if desk.host.engine.network_named(network).is_none() {
        return Next::error(1, format!("Error response from daemon: network {network} not found"));
    }
    match desk.host.engine.find(name) {
        Some(cid) => {
            let ticket = desk.host.engine.network_connect(network, cid, aliases);
            Next::Work(Rc::default(), vec![Step::Await(ticket)], None)
        }
        None => Next::error(1, format!("Error response from daemon: No such container: {name}")),
    }
}

fn disconnect(look: &Look, desk: &mut Desk) -> Next {
    let [network, name] = &look.args.words[..] else { return Next::Done(Vec::new(), 1) };
    match desk.host.engine.find(name) {
        Some(cid) => {
            let ticket = desk.host.engine.network_disconnect(network, cid);
            Next::Work(Rc::default(), vec![Step::Await(ticket)], None)
        }
        None => Next::error(1, format!("Error response from daemon: No such container: {name}")),
    }
}

fn tag(look: &Look, desk: &mut Desk) -> Next {
    let [from, to] = &look.args.words[..] else { return Next::Done(Vec::new(), 1) };
    match desk.host.engine.images.tag(from, to) {
        true => Next::Done(Vec::new(), 0),
        false => Next::error(1, format!("Error response from daemon: No such image: {from}")),
    }
}

fn exec(look: &Look, desk: &mut Desk) -> Next {
    let Some((name, command)) = look.args.words.split_first() else { return Next::Done(Vec::new(), 1) };
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
    let Some((image, command)) = args.words.split_first() else { return Next::Done(Vec::new(), 1) };
    let network: Rc<str> = args.value("network").or(args.value("net")).unwrap_or("bridge").into();
    let usual = format!("eager_{:05x}", desk.host.engine.events.len());
    let split = |p: &String| p.split_once('=').map(|(k, v)| (Rc::from(k), Rc::from(v)));
    let aliases = args.all("network-alias").iter().map(|a| a.as_str().into()).collect();
    let check = args
        .value("health-cmd")
        .map(|c| Healthcheck { test: vec!["CMD-SHELL".into(), c.into()], ..Healthcheck::default() });
    let restart = match single::policy(args.value("restart").unwrap_or_default()) {
        Ok(policy) => policy,
        Err(words) => {
            return refuse(125, &format!("docker: {words}\n\nRun 'docker run --help' for more information"));
        }
    };
    let refused =
        |words: String| refuse(125, &format!("docker: {words}\n\nRun 'docker run --help' for more information"));
    let (mounts, memory) = match mounts_and_memory(look, desk) {
        Ok(found) => found,
        Err(words) => return refused(words),
    };
    let spec = Spec {
        mounts,
        limits: Limits { memory, ..Limits::default() },
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

/// What `--volume` mounts and `--memory` allows. Source: docker/cli v28 cli/command/container/opts.go, opts/opts.go.
fn mounts_and_memory(look: &Look, desk: &Desk) -> Result<(Vec<Mount>, i64), String> {
    let mount = |text: &String| {
        let Mounted { kind, source, target, read_only, .. } = mounted(&files::volume(text)?);
        let source = match &*kind {
            "bind" => files::folder::join(&desk.table.folder, &source).into(),
            _ => source,
        };
        Ok(Mount { kind, source, target, read_only, must_exist: false })
    };
    let mounts: Result<Vec<Mount>, String> = look.args.all("volume").iter().map(mount).collect();
    let memory = look.args.value("memory").filter(|text| !text.is_empty()).map(files::units::bytes).transpose();
    let memory = memory.map_err(|words| {
        format!(
            "invalid argument {} for \"-m, --memory\" flag: {words}",
            quoted(look.args.value("memory").unwrap_or_default())
        )
    })?;
    Ok((mounts?, memory.unwrap_or(0)))
}
