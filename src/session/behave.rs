//! What containers do, changed while the run goes on: by the line `behave`, and in the inspector. It holds from now on, and for
//! what is started later.

use super::docker;
use super::run::Input;
use super::traffic::behaves;
use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::By;
use crate::kubernetes::objects::{Body, Id, Object};
use crate::workload::{Rule, Unit};
use crate::world::World;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Values of parameters: (name, value).
type Values = [(String, String)];

/// Values as a change of what containers do; `Err` says what is expected.
pub fn rule(unit: &str, container: &str, values: &Values) -> Result<Rule, String> {
    let mut rule = Rule { unit: unit.into(), container: container.into(), ..Rule::default() };
    values.iter().try_for_each(|(name, value)| rule.read(name, value))?;
    Ok(rule)
}

/// Changes what the containers of a row do, in whichever house it is. Values that cannot be read change nothing.
pub fn set(world: &mut World, id: u32, container: &str, values: &Values, actor: &'static str) {
    let words: Vec<String> = values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let words = words.join(", ");
    if docker::is_docker(id) {
        let Some(place) = docker::place(world, id) else { return };
        let name = place.split_once('/').map_or("", |(_, name)| name);
        if let (Some(host), Ok(rule)) = (&mut world.host, rule(name, "", values)) {
            for cid in host.engine.behave(rule) {
                host.engine.blame(cid, actor, behaves(words.clone()));
            }
        }
        return;
    }
    let cluster = &mut world.cluster;
    let Some(card) = cluster.api.store.card(Id(id)).cloned() else { return };
    let Ok(rule) = rule(&card.name, container, values) else { return };
    cluster.api.act(Id(id), By::actor(actor, behaves(words)));
    let group = format!("{}/{}", card.namespace, card.name);
    let fits = |unit: &Unit| rule.container.is_empty() || rule.container == unit.name;
    let mine = |of: u32, unit: &Unit| (of == id || *unit.group == *group) && fits(unit);
    let running = cluster.api.floor.all().filter(|(key, unit)| mine(key.0, unit));
    let running: Vec<_> = running.map(|(key, unit)| (key, rule.changed(&unit.behaviour))).collect();
    let pods: BTreeSet<Id> = running.iter().map(|(key, _)| Id(key.0)).collect();
    for (key, behaviour) in running {
        if let Some(behaviour) = behaviour {
            cluster.api.floor.behave(key, Rc::new(behaviour));
        }
    }
    let pods: Vec<Id> = pods.into_iter().collect();
    cluster.kubelet(|kubelets, cx| {
        kubelets.amend(&pods, &rule, cx);
        Rc::make_mut(&mut kubelets.workloads).rules.push(rule.clone());
    });
    cluster.services(|services, cx| services.wake(cx));
}

/// `behave TARGET [CONTAINER] PARAMETER=VALUE …`; a value may have blanks. An application (`app/NAME`) is changed in both houses.
pub fn read_line(world: &World, line: &str) -> Option<Result<Vec<Input>, String>> {
    let rest = line.trim().strip_prefix("behave ")?;
    Some(read(world, rest))
}

fn read(world: &World, rest: &str) -> Result<Vec<Input>, String> {
    let mut words = rest.split_whitespace().peekable();
    let target = words.next().filter(|t| t.contains('/')).ok_or("behave KIND/NAME PARAMETER=VALUE is expected")?;
    let container = words.next_if(|w| !w.contains('=')).unwrap_or_default();
    let mut values: Vec<(String, String)> = Vec::new();
    for word in words {
        match (word.split_once('='), values.last_mut()) {
            (Some((name, value)), _) => values.push((name.into(), value.into())),
            (None, Some((_, value))) => *value += &format!(" {word}"),
            (None, None) => return Err(format!("PARAMETER=VALUE is expected, not \"{word}\"")),
        }
    }
    if values.is_empty() {
        return Err("PARAMETER=VALUE is expected".into());
    }
    rule("", container, &values)?;
    let found = targets(world, target);
    if found.is_empty() {
        return Err(format!("{target} not found"));
    }
    Ok(found.into_iter().map(|id| Input::SetBehaviour(id, container.into(), values.clone())).collect())
}

/// The rows that a target means.
fn targets(world: &World, target: &str) -> Vec<u32> {
    let (kind, name) = target.split_once('/').unwrap_or_default();
    match kind {
        "container" | "compose" => docker::row_of(world, kind, name).into_iter().collect(),
        "app" => {
            let workloads = ["deployment", "statefulset", "daemonset"];
            let inside = workloads.iter().find_map(|kind| object(&world.cluster, kind, name));
            inside.into_iter().chain(docker::row_of(world, "compose", name)).collect()
        }
        _ => object(&world.cluster, kind, name).into_iter().collect(),
    }
}

fn object(cluster: &Cluster, kind: &str, name: &str) -> Option<u32> {
    let store = &cluster.api.store;
    let kind = match kind {
        "deploy" => "deployment",
        "sts" => "statefulset",
        "ds" => "daemonset",
        "po" => "pod",
        other => other,
    };
    let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
    let mut kinds = store.kinds().filter(|k| cluster.api.kinds.name(*k).eq_ignore_ascii_case(kind));
    kinds.find_map(|k| store.find(k, namespace, name)).map(|id| id.0)
}

/// The parameters of the containers of a pod, or of the first running pod of a workload.
pub fn parameters(cluster: &Cluster, object: &Object) -> Vec<(String, String, String)> {
    let floor = &cluster.api.floor;
    let group = format!("{}/{}", object.meta.namespace, object.meta.name);
    let pod = match &object.body {
        Body::Pod(_) => Some(object.meta.id.0),
        Body::Node(_) | Body::Service(_) => None,
        _ => floor.all().find(|(_, unit)| *unit.group == *group).map(|((pod, _), _)| pod),
    };
    let (units, rules) = (pod.into_iter().flat_map(|pod| floor.of(pod)), &cluster.kubelet.workloads.rules);
    units.flat_map(|(_, unit)| shown(&unit.name, unit, rules, &object.meta.name)).collect()
}

/// All parameters of a container: (container, parameter, value). What listens goes on listening, so its start-up time is told as
/// the newest rule about the thing of this name has it: it holds for the next start.
pub fn shown(container: &str, unit: &Unit, rules: &[Rule], of: &str) -> Vec<(String, String, String)> {
    let mine = |rule: &&Rule| *rule.unit == *of && (rule.container.is_empty() || *rule.container == *container);
    let mut profile = (*unit.profile).clone();
    let start = rules.iter().filter(mine).filter_map(|rule| rule.listens_after).next_back();
    profile.listens_after = start.unwrap_or(profile.listens_after);
    let value = |name: &str| unit.behaviour.get(name).or_else(|| Rule::shown(&profile, name));
    Rule::names().filter_map(|name| Some((container.to_string(), name.to_string(), value(name)?))).collect()
}
