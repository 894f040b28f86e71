//! `run`: one container of a service, or of a job, behind what it depends on.
//! Source: compose v5.6 cmd/compose/run.go; pkg/compose/run.go.

use super::Next;
use super::args::Flag;
use super::load::{Loaded, NotLoaded};
use super::up::{bad_pull, options};
use super::verbs::{Cx, give_up, names, work};
use crate::compose::files::{self, dotenv, units};
use crate::compose::project::{CreateOptions, Once, Service, Step, mounted, publish};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Flags of `run`.
pub(super) const RUN: &[Flag] = &[
    ("detach", 'd', false),
    ("env", 'e', true),
    ("env-from-file", ' ', true),
    ("label", 'l', true),
    ("rm", ' ', false),
    ("no-TTY", ' ', false),
    ("no-tty", 'T', false),
    ("name", ' ', true),
    ("user", 'u', true),
    ("workdir", 'w', true),
    ("entrypoint", ' ', true),
    ("cap-add", ' ', true),
    ("cap-drop", ' ', true),
    ("no-deps", ' ', false),
    ("volume", 'v', true),
    ("publish", 'p', true),
    ("use-aliases", ' ', false),
    ("service-ports", 'P', false),
    ("pull", ' ', true),
    ("quiet", 'q', false),
    ("quiet-build", ' ', false),
    ("quiet-pull", ' ', false),
    ("build", ' ', false),
    ("remove-orphans", ' ', false),
    ("interactive", 'i', false),
    ("tty", 't', false),
];

/// What does not go together, before anything is read; the words of `--entrypoint`. Source: run.go, PreRunE.
fn entrypoint(cx: &Cx) -> Result<Option<Vec<Rc<str>>>, String> {
    if cx.args.value("tty").is_some() && (cx.args.value("no-tty").is_some() || cx.args.value("no-TTY").is_some()) {
        return Err("--tty and --no-tty can't be used together".into());
    }
    let words = cx.args.value("entrypoint").map(units::words).transpose()?;
    Ok(words.map(|words| names(&words)))
}

/// Environment of the line: `--env`, and behind it files. Source: run.go, getEnvironment.
fn environment(cx: &Cx, loaded: &Loaded) -> Result<BTreeMap<String, String>, String> {
    let known = |key: &str| loaded.project.environment.get(key).map(|value| value.to_string());
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for pair in cx.args.all("env") {
        match pair.split_once('=') {
            Some((key, value)) => all.insert(key.into(), value.into()),
            None => known(pair).and_then(|value| all.insert(pair.clone(), value)),
        };
    }
    let folder = cx.desk.table.folder();
    for file in cx.args.all("env-from-file") {
        let path = files::folder::join(&cx.desk.table.folder, file);
        let text = folder.text(&path).ok_or_else(|| format!("open {file}: no such file or directory"))?;
        let mut read = files::Env::new();
        let around = |key: &str| all.get(key).cloned();
        // One that cannot be read takes the whole environment with it, as in the real client.
        if dotenv::read(&text, &mut read, &around, &mut Vec::new()).is_err() {
            return Ok(BTreeMap::new());
        }
        for (key, value) in read {
            all.entry(key.to_string()).or_insert(value.to_string());
        }
    }
    Ok(all)
}

/// The service with what the flags change. Source: run.go, apply; pkg/compose/run.go, applyRunOptions.
fn changed(cx: &Cx, loaded: &Loaded, service: &mut Service, command: &[String]) -> Result<(), String> {
    if !cx.args.on("service-ports") {
        service.ports.clear();
        for text in cx.args.all("publish") {
            service.ports.extend(files::port(text)?.iter().map(publish));
        }
    }
    for text in cx.args.all("volume") {
        let mut mount = mounted(&files::volume(text)?);
        if &*mount.kind == "bind" {
            mount.source = files::folder::join(&cx.desk.table.folder, &mount.source).into();
        }
        service.volumes.push(mount);
    }
    if let Some(words) = bad_pull(cx) {
        return Err(words);
    }
    for pair in cx.args.all("label") {
        let (key, value) = pair.split_once('=').ok_or("label must be set as KEY=VALUE")?;
        service.labels.retain(|(k, _)| **k != *key);
        service.labels.push((key.into(), value.into()));
    }
    for (key, value) in environment(cx, loaded)? {
        service.environment.retain(|(k, _)| **k != *key);
        service.environment.push((key.as_str().into(), value.as_str().into()));
    }
    if !command.is_empty() {
        service.command = Some(names(command));
    }
    Ok(())
}

/// `run`: the dependencies first, then one container of the service.
pub(super) fn run(cx: &Cx) -> Next {
    let Some((name, command)) = cx.args.words.split_first() else { return Next::Done(Vec::new(), 1) };
    let entry = match entrypoint(cx) {
        Ok(entry) => entry,
        Err(words) => return Next::error(1, words),
    };
    let loaded = match cx.ask.run_target(cx.desk, name) {
        Ok(loaded) => loaded,
        Err(not) => return give_up(cx, not),
    };
    let project = &loaded.project;
    let Some(mut service) = project.services.get(name.as_str()).cloned() else {
        return give_up(cx, NotLoaded { warnings: loaded.warnings, words: format!("no such service: {name}") });
    };
    if let Some(entry) = entry {
        service.entrypoint = Some(entry);
        service.command = Some(Vec::new());
    }
    if let Err(words) = changed(cx, &loaded, &mut service, command) {
        return give_up(cx, NotLoaded { warnings: loaded.warnings, words });
    }
    let slug = cx.desk.host.engine.events.len() as u64 ^ cx.desk.host.now().0;
    let slug = format!("{:012x}", crate::sim::mix(slug) >> 16);
    let usual = || format!("{}-{name}-run-{slug}", project.name);
    service.container_name = cx.args.value("name").map_or_else(usual, str::to_string).into();
    service.scale = 1;
    let no_deps = cx.args.on("no-deps");
    let others = if no_deps { project.keep(|_| false) } else { project.keep(|other| other != name) };
    let once = Once {
        service,
        remove: cx.args.on("rm"),
        detach: cx.args.on("detach"),
        aliases: cx.args.on("use-aliases"),
        waits: !no_deps,
    };
    let mut making = CreateOptions { ignore_orphans: options(cx).ignore_orphans, ..CreateOptions::default() };
    making.remove_orphans = cx.args.on("remove-orphans");
    let whole = project.clone();
    // The networks and volumes of the service itself are made with those of its dependencies.
    let mut made = others.clone();
    made.networks.clone_from(&whole.networks);
    made.volumes.clone_from(&whole.volumes);
    let mut steps = Vec::new();
    if cx.args.on("quiet") {
        steps.push(Step::Quiet);
    }
    steps.push(Step::CreateFor(Rc::new(made.clone()), making));
    if !others.services.is_empty() {
        steps.push(Step::StartFor(Rc::new(made)));
    }
    steps.push(Step::RunOnce(Box::new(once)));
    let loaded = Loaded { project: whole, warnings: loaded.warnings, ..Loaded::default() };
    work(cx, loaded, steps, None)
}
