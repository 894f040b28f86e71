//! `up`, `create` and `scale`.
//! Source: compose v5.6 cmd/compose/up.go, create.go, scale.go.

use super::Next;
use super::args::Flag;
use super::load::{Loaded, NotLoaded};
use super::verbs::{Cx, give_up, means_yes, names, removes_orphans, timeout, work};
use crate::compose::project::{CreateOptions, OnExit, Project, Recreate, Step};
use crate::sim::Span;
use crate::text::go::quoted;
use std::rc::Rc;

/// Flags of `create`.
pub(super) const CREATE: &[Flag] = &[
    ("build", ' ', false),
    ("no-build", ' ', false),
    ("pull", ' ', true),
    ("quiet-pull", ' ', false),
    ("force-recreate", ' ', false),
    ("no-recreate", ' ', false),
    ("remove-orphans", ' ', false),
    ("scale", ' ', true),
    ("yes", 'y', false),
];

/// Flags of `up`.
pub(super) const UP: &[Flag] = &[
    ("detach", 'd', false),
    ("build", ' ', false),
    ("no-build", ' ', false),
    ("pull", ' ', true),
    ("remove-orphans", ' ', false),
    ("scale", ' ', true),
    ("no-color", ' ', false),
    ("no-log-prefix", ' ', false),
    ("force-recreate", ' ', false),
    ("no-recreate", ' ', false),
    ("no-start", ' ', false),
    ("abort-on-container-exit", ' ', false),
    ("abort-on-container-failure", ' ', false),
    ("exit-code-from", ' ', true),
    ("timeout", 't', true),
    ("timestamps", ' ', false),
    ("no-deps", ' ', false),
    ("always-recreate-deps", ' ', false),
    ("renew-anon-volumes", 'V', false),
    ("quiet-pull", ' ', false),
    ("quiet-build", ' ', false),
    ("attach", ' ', true),
    ("no-attach", ' ', true),
    ("attach-dependencies", ' ', false),
    ("wait", ' ', false),
    ("wait-timeout", ' ', true),
    ("watch", 'w', false),
    ("menu", ' ', false),
    ("yes", 'y', false),
];

/// Source: compose v5.6 cmd/compose/up.go, validateFlags.
fn incompatible(cx: &Cx) -> Option<&'static str> {
    let on = |name| cx.args.on(name);
    let given = |name| !cx.args.all(name).is_empty();
    let stops = on("abort-on-container-exit") || (given("exit-code-from") && !on("abort-on-container-failure"));
    let detached = on("detach") || on("wait");
    let fails = on("abort-on-container-failure");
    if cx.args.value("wait-timeout").is_some_and(|t| t.starts_with('-')) {
        return Some("--wait-timeout must be a non-negative integer");
    }
    if stops && fails {
        return Some("--abort-on-container-failure cannot be combined with --abort-on-container-exit");
    }
    if on("wait") && (on("attach-dependencies") || stops || given("attach")) {
        return Some("--wait cannot be combined with --abort-on-container-exit, --attach or --attach-dependencies");
    }
    if on("build") && on("no-build") {
        return Some("--build and --no-build are incompatible");
    }
    if detached && (on("attach-dependencies") || stops || fails || given("attach") || on("watch")) {
        return Some(match on("wait") {
            true => {
                "--wait cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach, --attach-dependencies or --watch"
            }
            false => {
                "--detach cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach, --attach-dependencies or --watch"
            }
        });
    }
    if on("renew-anon-volumes") && on("no-recreate") {
        return Some("--no-recreate and --renew-anon-volumes are incompatible");
    }
    if on("force-recreate") && on("no-recreate") {
        return Some("--force-recreate and --no-recreate are incompatible");
    }
    if on("always-recreate-deps") && on("no-recreate") {
        return Some("--always-recreate-deps and --no-recreate are incompatible");
    }
    if on("no-build") && on("watch") {
        return Some("--no-build and --watch are incompatible");
    }
    None
}

/// What does not go together once the project is known. Source: compose v5.6 cmd/compose/up.go, upCommand, runUp;
/// create.go, Apply.
fn unfit(cx: &Cx, project: &Project) -> Option<String> {
    if options(cx).ignore_orphans && removes_orphans(cx) {
        return Some("cannot combine COMPOSE_IGNORE_ORPHANS and --remove-orphans".into());
    }
    if !cx.args.all("attach").is_empty() && cx.args.on("attach-dependencies") {
        return Some("cannot combine --attach and --attach-dependencies".into());
    }
    if let Some(words) = bad_pull(cx) {
        return Some(words);
    }
    let unknown = |n: &&String| !project.services.contains_key(n.as_str());
    let unknown: Vec<&str> = cx.args.all("attach").iter().filter(unknown).map(String::as_str).collect();
    let detached = cx.args.on("detach") || cx.args.on("no-start");
    (!unknown.is_empty() && !detached)
        .then(|| format!("cannot attach to services not included in up: {}", unknown.join(", ")))
}

/// Source: compose v5.6 cmd/compose/create.go, Apply.
pub(super) fn bad_pull(cx: &Cx) -> Option<String> {
    let policies = ["always", "never", "build", "missing", "if_not_present"];
    let policy = cx.args.value("pull").filter(|p| !policies.contains(p))?;
    Some(format!("invalid --pull option {}", quoted(policy)))
}

pub(super) fn options(cx: &Cx) -> CreateOptions {
    let on = |name| cx.args.on(name);
    CreateOptions {
        services: names(&cx.args.words),
        recreate: match () {
            () if on("no-recreate") => Recreate::Never,
            () if on("force-recreate") || on("renew-anon-volumes") => Recreate::Force,
            () => Recreate::Diverged,
        },
        recreate_dependencies: match () {
            () if on("no-recreate") => Recreate::Never,
            () if on("always-recreate-deps") => Recreate::Force,
            () => Recreate::Diverged,
        },
        inherit: !on("renew-anon-volumes"),
        timeout: timeout(cx),
        remove_orphans: removes_orphans(cx),
        ignore_orphans: cx.ask.env.get("COMPOSE_IGNORE_ORPHANS").is_some_and(|text| means_yes(text)),
        yes: on("yes"),
    }
}

/// `--scale SERVICE=NUM`.
fn scale_by(project: &mut Project, list: &[String]) -> Result<(), String> {
    for item in list {
        let bad = || format!("invalid --scale option \"{item}\". Should be SERVICE=NUM");
        let (name, number) = item.split_once('=').filter(|(_, n)| !n.is_empty()).ok_or_else(bad)?;
        let number: i64 = number.parse().map_err(|_| format!("strconv.Atoi: parsing \"{number}\": invalid syntax"))?;
        // GetService tells what sort of fault it is. Source: compose-go v2 types/project.go.
        set_scale(project, name, number).map_err(|words| format!("{words}: not found"))?;
    }
    Ok(())
}

fn set_scale(project: &mut Project, name: &str, number: i64) -> Result<(), String> {
    match project.services.get_mut(name) {
        Some(service) => {
            service.scale = number;
            service.none_deployed = service.none_deployed && number == 0;
            Ok(())
        }
        None => Err(format!("no such service: {name}")),
    }
}

/// The project with what the flags change, or the end.
fn prepared(cx: &Cx) -> Result<Loaded, NotLoaded> {
    let mut loaded = cx.ask.project(cx.desk, &cx.args.words)?;
    let failed = |warnings: &[String], words| NotLoaded { warnings: warnings.to_vec(), words };
    if let Some(words) = loaded.scheduled() {
        return Err(failed(&loaded.warnings, words));
    }
    if let Err(words) = scale_by(&mut loaded.project, cx.args.all("scale")) {
        return Err(failed(&loaded.warnings, words));
    }
    if cx.args.on("no-deps") {
        match loaded.project.with_selected(&names(&cx.args.words), false) {
            Ok(project) => loaded.project = project,
            Err(words) => return Err(failed(&loaded.warnings, words)),
        }
    }
    let from = cx.args.value("exit-code-from").filter(|n| !loaded.project.services.contains_key(*n));
    if let Some(name) = from {
        return Err(failed(&loaded.warnings, format!("no such service: {name}: not found")));
    }
    if loaded.project.services.is_empty() {
        return Err(failed(&loaded.warnings, "no service selected".into()));
    }
    Ok(loaded)
}

/// `up`.
pub(super) fn up(cx: &Cx) -> Next {
    if let Some(words) = incompatible(cx) {
        return give_up(cx, NotLoaded { warnings: Vec::new(), words: words.into() });
    }
    let loaded = match prepared(cx) {
        Ok(loaded) => loaded,
        Err(not) => return give_up(cx, not),
    };
    if let Some(words) = unfit(cx, &loaded.project) {
        return give_up(cx, NotLoaded { warnings: loaded.warnings, words });
    }
    let mut steps = vec![Step::Create(options(cx))];
    let wait = cx.args.value("wait-timeout").and_then(|t| t.parse().ok()).filter(|t| *t > 0).map(Span::secs);
    let detached = cx.args.on("detach") || cx.args.on("wait");
    if cx.args.on("no-start") {
        return work(cx, loaded, steps, None);
    }
    if !detached {
        let exit_from = cx.args.value("exit-code-from").unwrap_or_default();
        let on_exit = match () {
            () if cx.args.on("abort-on-container-failure") => OnExit::Fail,
            () if cx.args.on("abort-on-container-exit") || !exit_from.is_empty() => OnExit::Stop,
            () => OnExit::Ignore,
        };
        let prefixed = !cx.args.on("no-log-prefix");
        steps.push(Step::Attach(attached(cx, &loaded.project), on_exit, exit_from.into(), prefixed));
    }
    steps.push(Step::Start(wait));
    if cx.args.on("wait") {
        steps.push(Step::WaitAll(wait));
    }
    work(cx, loaded, steps, None)
}

/// Services whose output is shown.
fn attached(cx: &Cx, project: &Project) -> Vec<Rc<str>> {
    let chosen = names(cx.args.all("attach"));
    let named = names(&cx.args.words);
    let mut list: Vec<Rc<str>> = match () {
        () if !chosen.is_empty() => chosen,
        () if named.is_empty() || cx.args.on("attach-dependencies") => {
            project.services.values().filter(|s| s.attach).map(|s| s.name.clone()).collect()
        }
        () => named.into_iter().filter(|n| project.services.get(n).is_some_and(|s| s.attach)).collect(),
    };
    list.retain(|name| !cx.args.all("no-attach").iter().any(|n| **n == **name));
    list
}

/// `create`.
pub(super) fn create(cx: &Cx) -> Next {
    match prepared(cx).map_err(|not| cx.ask.or_job(cx.desk, &cx.args.words, not)) {
        Ok(loaded) => match bad_pull(cx) {
            Some(words) => give_up(cx, NotLoaded { warnings: loaded.warnings, words }),
            None => {
                // `create` does not read what the environment says of orphans.
                let remove_orphans = cx.args.on("remove-orphans");
                work(cx, loaded, vec![Step::Create(CreateOptions { remove_orphans, ..options(cx) })], None)
            }
        },
        Err(not) => give_up(cx, not),
    }
}

/// `scale SERVICE=REPLICAS…`. Source: compose v5.6 cmd/compose/scale.go; a negative number stands for none.
pub(super) fn scale(cx: &Cx) -> Next {
    let mut wanted = Vec::new();
    for word in &cx.args.words {
        let bad = || NotLoaded { warnings: Vec::new(), words: format!("invalid scale specifier: {word}") };
        let Some((name, number)) = word.split_once('=').filter(|(k, v)| !k.is_empty() && !v.is_empty()) else {
            return give_up(cx, bad());
        };
        let Ok(number) = number.parse::<i64>() else {
            let words = format!("invalid scale specifier: can't parse replica value as int: {word}");
            return give_up(cx, NotLoaded { warnings: Vec::new(), words });
        };
        wanted.push((name.to_string(), number));
    }
    let services: Vec<String> = wanted.iter().map(|(name, _)| name.clone()).collect();
    let mut loaded = match cx.ask.project(cx.desk, &services) {
        Ok(loaded) => loaded,
        Err(not) => return give_up(cx, not),
    };
    if cx.args.on("no-deps")
        && let Ok(project) = loaded.project.with_selected(&names(&services), false)
    {
        loaded.project = project;
    }
    for (name, number) in &wanted {
        if let Err(words) = set_scale(&mut loaded.project, name, *number) {
            return give_up(cx, NotLoaded { warnings: loaded.warnings, words });
        }
    }
    let options = CreateOptions { services: names(&services), inherit: false, ..CreateOptions::default() };
    work(cx, loaded, vec![Step::Create(options), Step::Start(None)], None)
}
