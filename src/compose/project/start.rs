//! Starting what was made, in the order of the dependencies; and waiting until it runs.
//! Source: compose v5.6 pkg/compose/start.go, start; convergence.go, startService.

use super::dag::{Act, Dag, Node, OnFault, progress};
use super::observed::{self, Seen};
use super::reconcile::in_order;
use super::service::{Given, Project, Service};
use super::wait::{RUNNING_OR_HEALTHY, WaitFor};
use crate::compose::engine::{Engine, Status};
use crate::sim::{Span, Time};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Steps of starting, in units of one service each.
pub(super) fn start(engine: &Engine, project: &Project, timeout: Option<Span>) -> Dag {
    let seen = observed::of_project(engine, &project.name);
    let mut dag = Dag::default();
    let mut last: BTreeMap<Rc<str>, usize> = BTreeMap::new();
    for (unit, name) in in_order(project).into_iter().enumerate() {
        let service = &project.services[&name];
        let before: Vec<usize> = service.dependencies().iter().filter_map(|d| last.get(d).copied()).collect();
        let entry = dag.add(Node::new(Act::Nothing).after(before).in_unit(unit));
        let end = match service.none_deployed {
            true => entry,
            false => service_starts(&mut dag, engine, project, service, &seen, entry, unit, timeout),
        };
        last.insert(name, end);
    }
    dag
}

#[allow(clippy::too_many_arguments)]
fn service_starts(
    dag: &mut Dag,
    engine: &Engine,
    project: &Project,
    service: &Service,
    seen: &[Seen],
    entry: usize,
    unit: usize,
    timeout: Option<Span>,
) -> usize {
    let mut at = wait_for_dependencies(dag, engine, project, service, seen, entry, unit, timeout);
    if seen.iter().all(|s| s.one_off) {
        if service.scale != 0 {
            let words = format!("service \"{}\" has no container to start", service.name);
            at = dag.add(Node::new(Act::Put(0, Vec::new(), Some(words))).after([at]).in_unit(unit));
        }
        return at;
    }
    for seen in observed::of_service(seen, &service.name) {
        if seen.container.status == Status::Running {
            continue;
        }
        let id = format!("Container {}", seen.container.name);
        let (files, error) = contents(project, service);
        if !files.is_empty() || error.is_some() {
            at = dag.add(Node::new(Act::Put(seen.cid, files, error)).after([at]).in_unit(unit));
        }
        let started = progress(&id, "Started", "");
        let begin = Node::new(Act::Start(seen.cid)).after([at]).in_unit(unit).begins(progress(&id, "Starting", ""));
        match service.post_start.split_last() {
            None => at = dag.add(begin.ends(started)),
            Some((last, first)) => {
                at = dag.add(begin);
                for hook in first {
                    let act = Act::Hook(seen.cid, hook.words.clone(), hook.env.clone());
                    at = dag.add(Node::new(act).after([at]).in_unit(unit));
                }
                let act = Act::Hook(seen.cid, last.words.clone(), last.env.clone());
                at = dag.add(Node::new(act).after([at]).in_unit(unit).ends(started));
            }
        }
    }
    at
}

/// Steps that wait for what a service depends on; gives the step behind all of them.
#[allow(clippy::too_many_arguments)]
pub(super) fn wait_for_dependencies(
    dag: &mut Dag,
    engine: &Engine,
    project: &Project,
    service: &Service,
    seen: &[Seen],
    entry: usize,
    unit: usize,
    timeout: Option<Span>,
) -> usize {
    let mut waits = Vec::new();
    for (name, config) in &service.depends_on {
        let Some(target) = project.services.get(name) else { continue };
        if &*config.condition == "service_started" || target.scale == 0 {
            continue;
        }
        let containers = observed::of_service(seen, name);
        if containers.is_empty() {
            let words = format!("{} is missing dependency {name}", service.name);
            let node = match config.required {
                true => Node::new(Act::Put(0, Vec::new(), Some(words))),
                false => Node::new(Act::Nothing).begins(super::wait::warning(engine, &words).text.to_string()),
            };
            waits.push(dag.add(node.after([entry]).in_unit(unit)));
            continue;
        }
        let deadline = timeout.map(|t| (engine.now + t, Rc::from("timeout waiting for dependencies")));
        let wait = WaitFor {
            dependency: name.clone(),
            condition: config.condition.clone(),
            required: config.required,
            containers: containers.iter().map(|s| s.cid).collect(),
            deadline,
        };
        let mut node = Node::new(Act::Wait(wait)).after([entry]).in_unit(unit);
        for seen in containers {
            node = node.begins(progress(&format!("Container {}", seen.container.name), "Waiting", ""));
        }
        waits.push(dag.add(node));
    }
    match waits.is_empty() {
        true => entry,
        false => dag.add(Node::new(Act::Nothing).after(waits).in_unit(unit)),
    }
}

/// Contents of secrets and configs that are put in before each start.
/// Source: compose v5.6 pkg/compose/secrets.go, injectFileReferences: secrets first.
pub(super) fn contents(project: &Project, service: &Service) -> (Vec<(Rc<str>, Rc<str>)>, Option<String>) {
    let mut files = Vec::new();
    let (secrets, configs): (Vec<&Given>, Vec<&Given>) = service.given.iter().partition(|g| g.secret);
    for given in secrets.into_iter().chain(configs) {
        let (list, word) = if given.secret { (&project.secrets, "secret") } else { (&project.configs, "config") };
        let Some(row) = list.get(&given.source) else { continue };
        let text = match (&row.content, &*row.variable) {
            (Some(text), _) => text.clone(),
            (None, "") => continue,
            (None, variable) => match row.value.clone().or_else(|| project.environment.get(variable).cloned()) {
                Some(value) => value,
                None => {
                    let words =
                        format!("environment variable \"{variable}\" required by {word} \"{}\" is not set", row.name);
                    return (files, Some(words));
                }
            },
        };
        if !text.is_empty() {
            files.push((given.target.clone(), text));
        }
    }
    (files, None)
}

/// `up --wait`: until every service runs, or is healthy, or has done its job.
/// Source: compose v5.6 pkg/compose/start.go, start, getDependencyCondition.
pub(super) fn wait_for_all(engine: &Engine, project: &Project, end: Option<(Time, Rc<str>)>) -> Dag {
    let seen = observed::of_project(engine, &project.name);
    let mut dag = Dag { cancels: true, ..Dag::default() };
    for service in project.services.values().filter(|s| s.scale != 0) {
        let job = |s: &Service| {
            s.depends_on.get(&service.name).is_some_and(|d| &*d.condition == "service_completed_successfully")
        };
        let completed = project.services.values().any(job);
        let containers = observed::of_service(&seen, &service.name);
        if containers.is_empty() {
            let words = format!("{} is missing dependency {}", project.name, service.name);
            dag.add(Node::new(Act::Put(0, Vec::new(), Some(words))));
            continue;
        }
        let condition = if completed { "service_completed_successfully" } else { RUNNING_OR_HEALTHY };
        let wait = WaitFor {
            dependency: service.name.clone(),
            condition: condition.into(),
            required: true,
            containers: containers.iter().map(|s| s.cid).collect(),
            deadline: end.clone(),
        };
        let mut node = Node::new(Act::Wait(wait));
        for seen in containers {
            node = node.begins(progress(&format!("Container {}", seen.container.name), "Waiting", ""));
        }
        dag.add(node);
    }
    dag
}

/// A step with words of its own when it fails.
pub(super) fn says(act: Act, id: &str, begin: &str, end: &str, fault: &str) -> Node {
    let node = Node::new(act).says(progress(id, begin, ""), progress(id, end, ""));
    match fault {
        "" => node,
        words => node.on_fault(OnFault::Says(progress(id, "Error", words))),
    }
}
