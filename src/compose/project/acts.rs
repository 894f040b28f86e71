//! `stop`, `down`, `restart`, `kill`, `rm`, `pause`: steps on containers that are there.
//! Source: compose v5.6 pkg/compose/stop.go, down.go, restart.go, kill.go, remove.go, pause.go.

use super::dag::{Act, Dag, Line, Node, OnFault, progress};
use super::observed::{self, Seen};
use super::reconcile::in_order;
use super::service::{Project, Service};
use super::start::{says, wait_for_dependencies};
use super::wait::warning;
use crate::compose::engine::{Engine, Status};
use crate::sim::Span;
use crate::text::go::quoted;
use std::collections::BTreeMap;
use std::rc::Rc;

fn id(seen: &Seen) -> String {
    format!("Container {}", seen.container.name)
}

/// Services with dependants first; `visit` adds the steps of one behind `entry` and gives its last steps.
fn in_reverse(project: &Project, dag: &mut Dag, mut visit: impl FnMut(&mut Dag, &Service, usize, usize) -> Vec<usize>) {
    let mut order = in_order(project);
    order.reverse();
    let mut last: BTreeMap<Rc<str>, usize> = BTreeMap::new();
    for (unit, name) in order.into_iter().enumerate() {
        let users = project.services.values().filter(|s| s.dependencies().contains(&name));
        let before: Vec<usize> = users.filter_map(|s| last.get(&s.name).copied()).collect();
        let entry = dag.add(Node::new(Act::Nothing).after(before).in_unit(unit));
        let ends = visit(dag, &project.services[&name], entry, unit);
        let end = if ends.is_empty() { entry } else { dag.add(Node::new(Act::Nothing).after(ends).in_unit(unit)) };
        last.insert(name, end);
    }
}

/// Steps that stop one container: its hooks, then the engine.
fn stop_one(
    dag: &mut Dag,
    service: Option<&Service>,
    seen: &Seen,
    grace: Option<Span>,
    entry: usize,
    unit: usize,
) -> usize {
    let begin = progress(&id(seen), "Stopping", "");
    let mut at = dag.add(Node::new(Act::Nothing).after([entry]).in_unit(unit).begins(begin));
    for hook in service.map(|s| &s.pre_stop[..]).unwrap_or_default() {
        let act = Act::Hook(seen.cid, hook.words.clone(), hook.env.clone());
        at = dag.add(Node::new(act).after([at]).in_unit(unit).on_fault(OnFault::Tolerate));
    }
    let fault = OnFault::Says(progress(&id(seen), "Error", "Error while Stopping"));
    let node = Node::new(Act::Stop(seen.cid, grace)).after([at]).in_unit(unit).on_fault(fault);
    dag.add(node.ends(progress(&id(seen), "Stopped", "")))
}

fn remove_one(dag: &mut Dag, seen: &Seen, volumes: bool, entry: usize, unit: usize) -> usize {
    let node = says(Act::Remove(seen.cid, true, volumes), &id(seen), "Removing", "Removed", "");
    dag.add(node.after([entry]).in_unit(unit).on_fault(OnFault::Tolerate))
}

/// `stop`.
pub(super) fn stop(engine: &Engine, project: &Project, services: &[Rc<str>], grace: Option<Span>) -> Dag {
    let seen = observed::of_project(engine, &project.name);
    let mut dag = Dag::default();
    in_reverse(project, &mut dag, |dag, service, entry, unit| {
        if !services.is_empty() && !services.contains(&service.name) {
            return Vec::new();
        }
        let mine = observed::of_service(&seen, &service.name);
        mine.into_iter().map(|s| stop_one(dag, Some(service), s, grace, entry, unit)).collect()
    });
    dag
}

/// What `down` is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DownOptions {
    /// Services meant; empty for all.
    pub services: Vec<Rc<str>>,
    /// Whether volumes go.
    pub volumes: bool,
    /// Whether containers of other services go.
    pub orphans: bool,
    /// Time a container gets to stop.
    pub timeout: Option<Span>,
    /// Whether images of its services are to go.
    pub images: bool,
    /// Whether there were containers when it began.
    pub found: bool,
}

impl DownOptions {
    /// Whether there is nothing that could go, which is told.
    /// Source: compose v5.6 pkg/compose/down.go, down: what may be there counts, whether it is or not.
    pub(super) fn nothing(&self, project: &Project) -> bool {
        let networks = project.networks.values().any(|n| !n.external);
        let volumes = self.volumes && project.volumes.values().any(|v| !v.external);
        let images = self.images && !project.services.is_empty();
        !self.found && !networks && !volumes && !images
    }
}

/// The warning of a `down` that finds nothing.
pub(super) fn nothing(engine: &Engine, project: &Project) -> Line {
    let words = format!("Warning: No resource found to remove for project {}.", quoted(&project.name));
    warning(engine, &words)
}

/// `down`, up to its containers.
pub(super) fn down(engine: &Engine, project: &Project, options: &DownOptions) -> Dag {
    let seen = observed::of_project(engine, &project.name);
    let meant = project.with_dependants(&options.services);
    let mut dag = Dag::default();
    in_reverse(project, &mut dag, |dag, service, entry, unit| {
        if !options.services.is_empty() && !meant.services.contains_key(&service.name) {
            return Vec::new();
        }
        let mine = seen.iter().filter(|s| s.service == service.name && (!s.one_off || options.orphans));
        mine.map(|s| {
            let at = stop_one(dag, Some(service), s, options.timeout, entry, unit);
            remove_one(dag, s, options.volumes, at, unit)
        })
        .collect()
    });
    dag
}

/// `down --remove-orphans`.
pub(super) fn down_orphans(engine: &Engine, project: &Project, options: &DownOptions) -> Dag {
    let mut dag = Dag::default();
    if options.orphans {
        let seen = observed::of_project(engine, &project.name);
        let entry = dag.add(Node::new(Act::Nothing));
        for lost in observed::orphans(&seen, project) {
            let at = stop_one(&mut dag, None, &lost, options.timeout, entry, 0);
            remove_one(&mut dag, &lost, false, at, 0);
        }
    }
    dag
}

/// `down`, its networks and volumes.
pub(super) fn down_resources(engine: &Engine, project: &Project, options: &DownOptions) -> Dag {
    let mut dag = Dag { cancels: true, ..Dag::default() };
    for network in project.networks.values().filter(|n| !n.external) {
        let Some(live) = engine.networks.get(&network.name) else { continue };
        if observed::has(&live.labels, observed::PROJECT, &project.name) {
            let name = format!("Network {}", network.name);
            dag.add(says(Act::NetworkDown(network.name.clone()), &name, "Removing", "Removed", ""));
        }
    }
    for volume in project.volumes.values().filter(|v| options.volumes && !v.external) {
        if engine.volumes.contains_key(&volume.name) {
            let name = format!("Volume {}", volume.name);
            dag.add(says(Act::VolumeDown(volume.name.clone()), &name, "Removing", "Removed", ""));
        }
    }
    dag
}

/// `restart`.
pub(super) fn restart(
    engine: &Engine,
    project: &Project,
    services: &[Rc<str>],
    no_deps: bool,
    grace: Option<Span>,
) -> Result<Dag, String> {
    let seen = observed::of_project(engine, &project.name);
    let mut chosen = if no_deps { project.with_selected(services, false)? } else { project.clone() };
    chosen = chosen.with_dependencies(|d| d.restart);
    if !services.is_empty() {
        chosen = chosen.with_dependants(services);
    }
    let mut dag = Dag::default();
    let mut last: BTreeMap<Rc<str>, usize> = BTreeMap::new();
    for (unit, name) in in_order(&chosen).into_iter().enumerate() {
        let service = &chosen.services[&name];
        let before: Vec<usize> = service.dependencies().iter().filter_map(|d| last.get(d).copied()).collect();
        let entry = dag.add(Node::new(Act::Nothing).after(before).in_unit(unit));
        let entry = wait_for_dependencies(&mut dag, engine, &chosen, service, &seen, entry, unit, None);
        let mut ends = vec![entry];
        for seen in observed::of_service(&seen, &name) {
            let mut at = entry;
            for hook in &service.pre_stop {
                let act = Act::Hook(seen.cid, hook.words.clone(), hook.env.clone());
                at = dag.add(Node::new(act).after([at]).in_unit(unit));
            }
            let node = says(Act::Restart(seen.cid, grace), &id(seen), "Restarting", "Started", "");
            at = dag.add(node.after([at]).in_unit(unit));
            for hook in &service.post_start {
                let act = Act::Hook(seen.cid, hook.words.clone(), hook.env.clone());
                at = dag.add(Node::new(act).after([at]).in_unit(unit));
            }
            ends.push(at);
        }
        let end = dag.add(Node::new(Act::Nothing).after(ends).in_unit(unit));
        last.insert(name, end);
    }
    Ok(dag)
}

/// Containers that a command with services means.
/// Source: compose v5.6 pkg/compose/containers.go, getContainers: named services alone, not what they depend on.
fn meant(seen: Vec<Seen>, project: &Project, services: &[Rc<str>]) -> Vec<Seen> {
    let named = |s: &Seen| services.is_empty() || services.contains(&s.service);
    seen.into_iter().filter(|s| named(s) && project.services.contains_key(&s.service)).collect()
}

/// `kill`; `None` when nothing runs.
pub(super) fn kill(
    engine: &Engine,
    project: &Project,
    services: &[Rc<str>],
    signal: &Rc<str>,
    orphans: bool,
) -> Option<Dag> {
    let up = |s: &Seen| matches!(s.container.status, Status::Running | Status::Paused | Status::Restarting);
    let seen = observed::of_project(engine, &project.name).into_iter().filter(up).collect();
    let mut dag = Dag { cancels: true, ..Dag::default() };
    // With orphans the services of the file are not asked.
    let all = |seen: Vec<Seen>| seen.into_iter().filter(|s| services.is_empty() || services.contains(&s.service));
    let seen = if orphans { all(seen).collect() } else { meant(seen, project, services) };
    for seen in seen {
        let act = Act::Kill(seen.cid, signal.clone());
        dag.add(says(act, &id(&seen), "Killing", "Killed", "Error while Killing"));
    }
    (!dag.is_empty()).then_some(dag)
}

/// `pause` and `unpause`.
pub(super) fn freeze(engine: &Engine, project: &Project, services: &[Rc<str>], frozen: bool) -> Dag {
    let up =
        |s: &Seen| matches!(s.container.status, Status::Running | Status::Paused | Status::Restarting) && !s.one_off;
    let seen = observed::of_project(engine, &project.name).into_iter().filter(up).collect();
    let mut dag = Dag { cancels: true, ..Dag::default() };
    let word = if frozen { "Paused" } else { "Unpaused" };
    for seen in meant(seen, project, services) {
        dag.add(Node::new(Act::Freeze(seen.cid, frozen)).ends(progress(&id(&seen), word, "")));
    }
    dag
}

/// `rm`: the ended containers, and the steps that remove them; `None` when there are none.
pub(super) fn remove(
    engine: &Engine,
    project: &Project,
    services: &[Rc<str>],
    force: bool,
    volumes: bool,
) -> Option<(String, Dag)> {
    let ended = |s: &Seen| !s.one_off && matches!(s.container.status, Status::Exited | Status::Created);
    let seen = observed::of_project(engine, &project.name).into_iter().filter(ended).collect();
    let list = meant(seen, project, services);
    let names: Vec<&str> = list.iter().map(|s| &*s.container.name).collect();
    if names.is_empty() {
        return None;
    }
    let words = format!("Going to remove {}", names.join(", "));
    let mut dag = Dag { cancels: true, ..Dag::default() };
    for seen in &list {
        dag.add(says(Act::Remove(seen.cid, force, volumes), &id(seen), "Removing", "Removed", ""));
    }
    Some((words, dag))
}
