//! The verbs of `docker compose`.

use super::args::{Args, Flag};
use super::load::{Ask, GLOBAL, Loaded, NotLoaded};
use super::look::{Kind, Look};
use super::{Desk, Next, run as runs, up};
use crate::compose::project::{CLIENT, DownOptions, ERR, GOODBYE, Project, Step, stamp};
use crate::sim::Span;
use crate::text::go::quoted;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What a verb works with.
pub(super) struct Cx<'a> {
    pub(super) desk: &'a Desk<'a>,
    pub(super) ask: Ask<'a>,
    pub(super) args: Args,
}

type Run = fn(&Cx) -> Next;

/// Name, flags, whether flags may stand behind words, what it does.
struct Verb(&'static str, &'static [Flag], bool, Run);

const TIMEOUT: Flag = ("timeout", 't', true);

/// Source: compose v5.6 cmd/compose/*.go, the flags of each command.
const VERBS: &[Verb] = &[
    Verb("up", up::UP, true, up::up),
    Verb("create", up::CREATE, true, up::create),
    Verb("scale", &[("no-deps", ' ', false)], true, up::scale),
    Verb("run", runs::RUN, false, runs::run),
    Verb("down", &[("remove-orphans", ' ', false), TIMEOUT, ("volumes", 'v', false), ("rmi", ' ', true)], true, down),
    Verb("start", &[("wait", ' ', false), ("wait-timeout", ' ', true)], true, start),
    Verb("stop", &[TIMEOUT], true, |cx| acting(cx, |cx, names| vec![Step::Stop(names, timeout(cx))])),
    Verb("restart", &[TIMEOUT, ("no-deps", ' ', false)], true, restart),
    Verb("kill", &[("signal", 's', true), ("remove-orphans", ' ', false)], true, |cx| {
        acting(cx, |cx, names| {
            let signal = cx.args.value("signal").unwrap_or("SIGKILL").into();
            vec![Step::Kill(names, signal, removes_orphans(cx))]
        })
    }),
    Verb("pause", &[], true, |cx| acting(cx, |_, names| vec![Step::Freeze(names, true)])),
    Verb("unpause", &[], true, |cx| acting(cx, |_, names| vec![Step::Freeze(names, false)])),
    Verb(
        "rm",
        &[("force", 'f', false), ("stop", 's', false), ("volumes", 'v', false), ("all", 'a', false)],
        true,
        remove,
    ),
    Verb(
        "ps",
        &[
            ("all", 'a', false),
            ("quiet", 'q', false),
            ("services", ' ', false),
            ("format", ' ', true),
            ("filter", ' ', true),
            ("status", ' ', true),
            ("no-trunc", ' ', false),
            ("orphans", ' ', false),
        ],
        true,
        |cx| seeing(cx, Kind::Ps, Meant::Services),
    ),
    Verb("images", &[("quiet", 'q', false), ("format", ' ', true)], true, |cx| seeing(cx, Kind::Images, Meant::Name)),
    Verb("ls", &[("all", 'a', false), ("quiet", 'q', false), ("format", ' ', true), ("filter", ' ', true)], true, list),
    Verb("top", &[], true, |cx| seeing(cx, Kind::Top, Meant::Name)),
    Verb("port", &[("protocol", ' ', true), ("index", ' ', true)], true, |cx| seeing(cx, Kind::Port, Meant::Name)),
    Verb(
        "logs",
        &[
            ("follow", 'f', false),
            ("index", ' ', true),
            ("since", ' ', true),
            ("until", ' ', true),
            ("no-color", ' ', false),
            ("no-log-prefix", ' ', false),
            ("timestamps", 't', false),
            ("tail", 'n', true),
        ],
        true,
        |cx| seeing(cx, Kind::Logs, Meant::Services),
    ),
    Verb(
        "exec",
        &[
            ("detach", 'd', false),
            ("env", 'e', true),
            ("index", ' ', true),
            ("privileged", ' ', false),
            ("user", 'u', true),
            ("no-tty", 'T', false),
            ("no-TTY", ' ', false),
            ("workdir", 'w', true),
            ("interactive", 'i', false),
            ("tty", 't', false),
        ],
        false,
        |cx| seeing(cx, Kind::Exec, Meant::Name),
    ),
    Verb("wait", &[("down-project", ' ', false)], true, |cx| seeing(cx, Kind::Wait, Meant::Project)),
    Verb("events", &[("json", ' ', false), ("since", ' ', true), ("until", ' ', true)], true, |cx| {
        seeing(cx, Kind::Events, Meant::Services)
    }),
    Verb("volumes", &[("quiet", 'q', false), ("format", ' ', true)], true, |cx| {
        seeing(cx, Kind::Volumes, Meant::Services)
    }),
    Verb(
        "stats",
        &[("all", 'a', false), ("no-stream", ' ', false), ("format", ' ', true), ("no-trunc", ' ', false)],
        true,
        |cx| seeing(cx, Kind::Stats, Meant::Name),
    ),
    Verb("config", super::load::CONFIG, true, super::load::config),
    Verb("convert", super::load::CONFIG, true, super::load::config),
    Verb("build", &[("quiet", 'q', false), ("no-cache", ' ', false), ("pull", ' ', false)], true, |cx| {
        acting(cx, |_, _| Vec::new())
    }),
    Verb("pull", &[("quiet", 'q', false), ("ignore-pull-failures", ' ', false)], true, |cx| {
        acting(cx, |_, _| Vec::new())
    }),
    Verb("version", &[("short", ' ', false), ("format", 'f', true)], true, version),
];

/// Real commands that do nothing here. Source: compose v5.6 cmd/compose/compose.go, RootCommand.
const NOT_SIMULATED: [&str; 9] = ["alpha", "attach", "bridge", "commit", "cp", "export", "publish", "push", "watch"];

/// How many words a verb takes; any number where it is not told.
/// Source: compose v5.6 cmd/compose/*.go, Args; spf13/cobra args.go; docker/cli v29 cli/required.go.
fn miscounted(name: &str, words: &[String]) -> Option<String> {
    let (n, first) = (words.len(), words.first().map_or("", String::as_str));
    let least = |least: usize| (n < least).then(|| format!("requires at least {least} arg(s), only received {n}"));
    match name {
        "run" | "scale" => least(1),
        "exec" => least(2),
        "port" if !(1..=2).contains(&n) => Some(format!("accepts between 1 and 2 arg(s), received {n}")),
        "stats" if n > 1 => Some(format!("accepts at most 1 arg(s), received {n}")),
        "ls" | "version" if n > 0 => Some(format!("unknown command {} for \"docker compose {name}\"", quoted(first))),
        "wait" if n == 0 => Some(
            "docker: 'docker compose wait' requires at least 1 argument\n\n\
             Usage:  docker compose wait SERVICE [SERVICE...] [OPTIONS]\n\n\
             See 'docker compose wait --help' for more information"
                .into(),
        ),
        _ => None,
    }
}

/// Flags that do not go together, before anything is read. Source: compose v5.6 cmd/compose/*.go, PreRunE.
fn unfit(name: &str, args: &Args) -> Option<String> {
    let on = |name| args.on(name);
    let both = |a, b| (on(a) && on(b)).then(|| format!("--{a} and --{b} are incompatible"));
    match name {
        "create" => both("build", "no-build").or(both("force-recreate", "no-recreate")),
        "run" if on("service-ports") && !args.all("publish").is_empty() => {
            Some("--service-ports and --publish are incompatible".into())
        }
        "down" => {
            let rmi = args.value("rmi").filter(|v| !matches!(*v, "" | "all" | "local"))?;
            Some(format!("invalid value for --rmi: {}", quoted(rmi)))
        }
        "ps" => match args.value("filter").filter(|f| !f.is_empty())?.split_once('=') {
            None => Some("arguments to --filter should be in form KEY=VAL".into()),
            Some(("status", _)) => None,
            Some(("source", _)) => Some("not implemented".into()),
            Some((key, _)) => Some(format!("unknown filter {key}")),
        },
        "logs" => {
            let index = args.value("index").and_then(|i| i.parse().ok()).unwrap_or(0);
            (index > 0 && args.words.len() != 1).then(|| "--index requires one service to be selected".into())
        }
        "port" => {
            let text = args.words.get(1).filter(|text| text.parse::<u16>().is_err())?;
            let why = if text.parse::<u64>().is_ok() { "value out of range" } else { "invalid syntax" };
            Some(format!("strconv.ParseUint: parsing {}: {why}", quoted(text)))
        }
        _ => None,
    }
}

/// The verb among the words behind `docker compose`.
pub(super) fn verb(words: &[&str]) -> Option<&'static str> {
    let words: Vec<String> = words.iter().map(|w| w.to_string()).collect();
    let global = Args::read(&words, GLOBAL, false).ok()?;
    VERBS.iter().map(|v| v.0).find(|name| global.words.first().is_some_and(|w| w == name))
}

/// Runs what stands behind `docker compose`.
pub(super) fn run(desk: &mut Desk, words: &[String], env: &BTreeMap<String, String>) -> Next {
    let global = match Args::read(words, GLOBAL, false) {
        Ok(global) => global,
        Err(error) => return Next::error(1, error),
    };
    if global.on("dry-run") {
        return Next::not_simulated(desk, "docker compose --dry-run");
    }
    let Some((name, rest)) = global.words.split_first() else {
        return Next::error(0, "Usage:  docker compose [OPTIONS] COMMAND");
    };
    let Some(Verb(_, flags, mixed, run)) = VERBS.iter().find(|v| v.0 == name) else {
        return match NOT_SIMULATED.contains(&name.as_str()) {
            true => Next::not_simulated(desk, &format!("docker compose {name}")),
            false => Next::error(1, format!("unknown docker command: \"compose {name}\"")),
        };
    };
    let args = match Args::read(rest, flags, *mixed) {
        Ok(args) => args,
        Err(error) => return Next::error(1, error),
    };
    if let Some(words) = miscounted(name, &args.words).or_else(|| unfit(name, &args)) {
        return Next::Done(words.lines().map(|line| (ERR, line.to_string())).collect(), 1);
    }
    run(&Cx { desk, ask: Ask { global: &global, env }, args })
}

/// Names as the rows spell them.
pub(super) fn names(words: &[String]) -> Vec<Rc<str>> {
    words.iter().map(|w| w.as_str().into()).collect()
}

/// `--timeout`, in whole seconds.
pub(super) fn timeout(cx: &Cx) -> Option<Span> {
    cx.args.value("timeout").and_then(|t| t.parse().ok()).map(Span::secs)
}

/// A line of the client's log.
pub(super) fn warned(cx: &Cx, words: &str) -> String {
    let t = cx.desk.host.now() + CLIENT;
    format!("time=\"{}\" level=warning msg={}", stamp(t), quoted(words))
}

/// Work with a project: the client starts, warns, and does it.
pub(super) fn work(cx: &Cx, loaded: Loaded, steps: Vec<Step>, look: Option<Look>) -> Next {
    let mut all = vec![Step::Pause(CLIENT)];
    all.extend(loaded.warnings.iter().map(|w| Step::Say(ERR, warned(cx, w).into())));
    all.extend(steps);
    if look.is_none() {
        all.push(Step::Pause(GOODBYE));
    }
    Next::Work(Rc::new(loaded.project), all, look)
}

/// The client starts, warns, and gives up.
pub(super) fn give_up(cx: &Cx, not: NotLoaded) -> Next {
    let mut steps = vec![Step::Pause(CLIENT)];
    steps.extend(not.warnings.iter().map(|w| Step::Say(ERR, warned(cx, w).into())));
    steps.extend(not.words.lines().map(|l| Step::Say(ERR, l.into())));
    steps.push(Step::Exit(1));
    Next::Work(Rc::new(Project::default()), steps, None)
}

fn acting(cx: &Cx, steps: fn(&Cx, Vec<Rc<str>>) -> Vec<Step>) -> Next {
    match cx.ask.project_or_name(cx.desk, &cx.args.words) {
        Ok(loaded) => work(cx, loaded, steps(cx, names(&cx.args.words)), None),
        Err(not) => give_up(cx, not),
    }
}

/// What is read before something is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meant {
    /// The project with the services that are named.
    Services,
    /// The whole project.
    Project,
    /// The project's name alone.
    Name,
}

/// Something is looked at once the client runs.
fn seeing(cx: &Cx, kind: Kind, meant: Meant) -> Next {
    let loaded = match meant {
        Meant::Services => cx.ask.project_or_name(cx.desk, &cx.args.words),
        Meant::Project => cx.ask.project_or_name(cx.desk, &[]),
        Meant::Name => cx.ask.project_by_name(cx.desk),
    };
    match loaded {
        Ok(loaded) => {
            let look = Look { kind, project: Rc::new(loaded.project.clone()), args: cx.args.clone() };
            work(cx, loaded, Vec::new(), Some(look))
        }
        Err(not) => give_up(cx, not),
    }
}

fn list(cx: &Cx) -> Next {
    let look = Look { kind: Kind::Ls, project: Rc::default(), args: cx.args.clone() };
    let loaded = Loaded::default();
    work(cx, loaded, Vec::new(), Some(look))
}

/// `--remove-orphans`, or what the environment says. Source: compose v5.6 cmd/compose/down.go.
pub(super) fn removes_orphans(cx: &Cx) -> bool {
    match cx.args.value("remove-orphans") {
        Some(_) => cx.args.on("remove-orphans"),
        None => cx.ask.env.get("COMPOSE_REMOVE_ORPHANS").is_some_and(|text| means_yes(text)),
    }
}

/// Source: compose v5.6 pkg/utils/stringutils.go, StringToBool.
pub(super) fn means_yes(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "y" | "1" | "t" | "true")
}

fn down(cx: &Cx) -> Next {
    match cx.ask.project_or_name(cx.desk, &cx.args.words) {
        Ok(loaded) => {
            let options = DownOptions {
                services: names(&cx.args.words),
                volumes: cx.args.on("volumes"),
                orphans: removes_orphans(cx),
                timeout: timeout(cx),
                images: cx.args.value("rmi").is_some_and(|v| !v.is_empty()),
                found: false,
            };
            work(cx, loaded, vec![Step::Down(options)], None)
        }
        Err(not) => give_up(cx, not),
    }
}

fn start(cx: &Cx) -> Next {
    match cx.ask.project_or_name(cx.desk, &cx.args.words) {
        Ok(loaded) => {
            let wait = cx.args.value("wait-timeout").and_then(|t| t.parse().ok()).filter(|t| *t > 0).map(Span::secs);
            let mut steps = vec![Step::Start(wait)];
            if cx.args.on("wait") {
                steps.push(Step::WaitAll(wait));
            }
            work(cx, loaded, steps, None)
        }
        Err(not) => give_up(cx, not),
    }
}

/// `restart` looks at the whole project: dependants may be restarted too.
fn restart(cx: &Cx) -> Next {
    match cx.ask.project_or_name(cx.desk, &[]) {
        Ok(loaded) => {
            if let Some(unknown) = cx.args.words.iter().find(|w| !loaded.project.services.contains_key(w.as_str())) {
                let words = format!("no such service: {unknown}");
                return give_up(cx, NotLoaded { warnings: loaded.warnings, words });
            }
            let step = Step::Restart(names(&cx.args.words), cx.args.on("no-deps"), timeout(cx));
            work(cx, loaded, vec![step], None)
        }
        Err(not) => give_up(cx, not),
    }
}

fn remove(cx: &Cx) -> Next {
    acting(cx, |cx, names| {
        let mut steps = Vec::new();
        if cx.args.on("stop") {
            steps.push(Step::Stop(names.clone(), None));
        }
        steps.push(Step::Remove(names, cx.args.on("force"), cx.args.on("volumes")));
        steps
    })
}

fn version(cx: &Cx) -> Next {
    let words = match cx.args.value("format") {
        _ if cx.args.on("short") => "5.6.0",
        Some("json") => r#"{"version":"v5.6.0"}"#,
        _ => "Docker Compose version v5.6.0",
    };
    Next::out(vec![words.to_string()])
}
