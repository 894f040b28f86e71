//! Family `deployment`: arithmetic of rollouts, the writes of one pass, and the order in which pods go.

use super::{Case, Verdict, equal};
use crate::kubernetes::apiserver::bootstrap::from_the_start;
use crate::kubernetes::apiserver::{Api, By, Change, ChangeKind};
use crate::kubernetes::controllers::deployment::{self, fenceposts, sets};
use crate::kubernetes::controllers::replica_set::rank::{self, Candidate};
use crate::kubernetes::controllers::{Ctl, Memory};
use crate::kubernetes::objects::deployment::Deployment;
use crate::kubernetes::objects::schema::Schema;
use crate::kubernetes::objects::{Calendar, Id, Kind, Labels, Object, read_body, read_meta, rules, to_value};
use crate::map;
use crate::text::{Map, Value};
use std::collections::BTreeMap;

/// Checks one case.
pub fn check(case: &Case) -> Verdict {
    match case.name.split('/').nth(1) {
        Some("fenceposts") => equal(posts(case.input), case),
        Some("proportion") => equal(proportion(case.input), case),
        Some("pod-deletion-order") => equal(deletion_order(case.input), case),
        Some(_) => equal(one_pass(case.input), case),
        None => Err("no such theme".into()),
    }
}

/// Cases play at the turn of the year 2000; their oldest objects are a few days older.
fn calendar() -> Calendar {
    Calendar { epoch: 946_684_800 - 40 * 86_400, ..Calendar::default() }
}

fn posts(input: &Value) -> Value {
    let member = |key: &str| input.get(key).cloned().unwrap_or_default();
    let (surge, unavailable) = (member("maxSurge"), member("maxUnavailable"));
    let replicas = input.int_at(&["replicas"]).unwrap_or(0) as i32;
    let (resolved_surge, resolved_unavailable) = match fenceposts::resolve(&surge, &unavailable, replicas) {
        Ok(both) => both,
        Err(error) => return Value::Map(map! { "error" => error }),
    };
    let d = Deployment { replicas, max_surge: surge, max_unavailable: unavailable, ..Deployment::default() };
    Value::Map(map! {
        "MaxSurge" => fenceposts::max_surge(&d), "MaxUnavailable" => fenceposts::max_unavailable(&d),
        "MinAvailable" => fenceposts::min_available(&d), "maxSurge" => resolved_surge, "maxUnavailable" => resolved_unavailable,
    })
}

fn proportion(input: &Value) -> Value {
    let int = |key: &str| input.int_at(&[key]).unwrap_or(0) as i32;
    let mut d = Deployment { replicas: int("deploymentReplicas"), ..Deployment::default() };
    d.status.replicas = int("deploymentStatusReplicas");
    d.max_surge = input.get("maxSurge").cloned().unwrap_or_default();
    let before = input.str_at(&["maxReplicasAnnotation"]).and_then(sets::count);
    let share = sets::proportion(&d, int("rsReplicas"), before, int("toAdd"), int("added"));
    Value::Map(map! { "proportion" => share })
}

fn deletion_order(input: &Value) -> Value {
    let calendar = calendar();
    let now = input.str_at(&["now"]).and_then(|t| calendar.read(t)).unwrap_or_default();
    let read = |(at, tree): (usize, &Value)| {
        let mut meta = read_meta(tree, &calendar, |_| None);
        meta.id = Id(at as u32);
        Object { kind: Kind::Pod, meta, body: read_body(Kind::Pod, tree, &calendar) }
    };
    let pods: Vec<Object> = input.list_at(&["pods"]).iter().enumerate().map(read).collect();
    let related: Vec<Object> = input.list_at(&["relatedPods"]).iter().enumerate().map(read).collect();
    let uid =
        |id: Id| input.list_at(&["pods"])[id.0 as usize].str_at(&["metadata", "uid"]).unwrap_or_default().to_string();
    let name = |c: &Candidate| Value::Str(pods[c.id.0 as usize].meta.name.clone());
    let mut all: Vec<Candidate> = pods.iter().filter_map(|p| Some(Candidate::read(&p.meta, p.pod()?))).collect();
    let active = crate::kubernetes::controllers::replica_set::active_pods(related.iter());
    rank::set_ranks(&mut all, active);
    let ranks: Map =
        all.iter().map(|c| (pods[c.id.0 as usize].meta.name.clone(), Value::from(c.rank as i64))).collect();
    let before = |a: &Candidate, b: &Candidate| rank::goes_before(a, b, now, &uid);
    let all = rank::sort(all, now, &uid);
    let mut less = Vec::new();
    for a in &all {
        less.extend(all.iter().filter(|b| before(a, b)).map(|b| Value::List(vec![name(a), name(b)])));
    }
    let mut order: Vec<Vec<Candidate>> = Vec::new();
    for next in all.clone() {
        match order.last_mut() {
            Some(alike) if alike.last().is_some_and(|last| !before(last, &next)) => alike.push(next),
            _ => order.push(vec![next]),
        }
    }
    let order: Vec<Value> = order.iter().map(|alike| Value::List(alike.iter().map(name).collect())).collect();
    Value::Map(map! { "deletionOrder" => order, "less" => less, "ranks" => ranks })
}

fn one_pass(input: &Value) -> Value {
    let calendar = calendar();
    let mut api = Api::new(calendar, 1);
    let now = input.str_at(&["now"]).and_then(|t| calendar.read(t)).unwrap_or_default();
    let mut ids = BTreeMap::new();
    let given_trees = input.get("deployment").into_iter().chain(input.list_at(&["replicaSets"]));
    for (tree, kind) in given_trees.zip(std::iter::once(Kind::Deployment).chain(std::iter::repeat(Kind::ReplicaSet))) {
        let mut tree = tree.clone();
        if let Some(info) = Schema::get().kind("apps/v1", api.kinds.name(kind)) {
            rules::default_object(&mut tree, info);
        }
        let meta = read_meta(&tree, &calendar, |uid| ids.get(uid).copied());
        api.now = meta.created;
        let object = Object { kind, meta, body: read_body(kind, &tree, &calendar) };
        if let Ok(object) = api.create(object, By::actor("case", from_the_start())) {
            ids.insert(tree.str_at(&["metadata", "uid"]).unwrap_or_default().to_string(), object.meta.id);
        }
    }
    api.now = now;
    api.take_changes();
    let mut memory = Memory::default();
    let mut ctl = Ctl::new(&mut api, &mut memory, deployment::CONTROLLER.name);
    ctl.conflicts = false;
    deployment::pass_once(&mut ctl, Id(0));
    let idle = std::mem::take(&mut ctl.idle);
    let mut changes = api.take_changes();
    for (version, id) in idle {
        // The API server does not tell watchers of a write that changes nothing; the recorded client counted it.
        let at = changes.partition_point(|c| c.version <= version);
        let as_it_was = changes[..at].iter().rev().find(|c| c.id == id).and_then(|c| c.after.clone());
        let after = as_it_was.or_else(|| changes.iter().find(|c| c.id == id).and_then(|c| c.before.clone()));
        if let Some(like) = changes.first().cloned() {
            let what = ChangeKind::Modified;
            let kind = after.as_ref().map_or(Kind::Deployment, |object| object.kind);
            changes.insert(at, Change { version, what, id, kind, before: None, after, ..like });
        }
    }
    let writes: Vec<Value> = changes.iter().filter_map(|c| write_of(c, &api)).collect();
    let events: Vec<Value> = changes.iter().filter_map(event_of).collect();
    Value::Map(map! { "events" => events, "writes" => writes })
}

fn event_of(change: &Change) -> Option<Value> {
    let event = change.after.as_ref()?.event()?;
    Some(format!("{} {} {}", event.kind, event.reason, event.message).into())
}

fn pairs(labels: &Labels) -> Map {
    labels.iter().map(|(k, v)| (k.clone(), Value::Str(v.clone()))).collect()
}

fn write_of(change: &Change, api: &Api) -> Option<Value> {
    let object = change.object()?;
    let verb = match change.what {
        ChangeKind::Added => "create",
        ChangeKind::Modified => "update",
        ChangeKind::Deleted => "delete",
    };
    let resource = match change.kind {
        Kind::Deployment => "deployments",
        Kind::ReplicaSet => "replicasets",
        _ => return None,
    };
    let mut out = map! { "name" => object.meta.name.clone(), "resource" => resource, "verb" => verb };
    if change.what != ChangeKind::Deleted {
        out.set("annotations", pairs(&object.meta.annotations));
    }
    match object.replica_set() {
        Some(set) if change.what != ChangeKind::Deleted => out.set("replicas", set.replicas),
        Some(_) => {}
        None => {
            out.set("subresource", "status");
            out.set("status", to_value(object, &api.kinds, &api.calendar).get("status").cloned().unwrap_or_default());
        }
    }
    if change.what == ChangeKind::Added {
        out.set("labels", pairs(&object.meta.labels));
    }
    Some(Value::Map(out))
}
