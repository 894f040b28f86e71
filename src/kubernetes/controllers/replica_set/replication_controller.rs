//! ReplicationController controller: the ReplicaSet's, for the elder kind. Wakes on: ReplicationController; Pod, by owner or as
//! an orphan. Writes: Pod, ReplicationController status.
//! Source: kubernetes v1.37 pkg/controller/replication/{replication_controller,conversion}.go.

use super::{Tally, available, manage, status};
use crate::kubernetes::apiserver::Change;
use crate::kubernetes::controllers::owned::{claim, managed};
use crate::kubernetes::controllers::{Controller, Ctl, Done, On, Wakes};
use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::objects::replica_set::ReplicaSet;
use crate::kubernetes::objects::{Body, Id, Kind, Object};
use crate::map;
use crate::sim::Span;
use crate::text::Value;
use std::rc::Rc;

/// The controller.
pub const REPLICATION: Controller = Controller {
    name: "replication-controller",
    wakes: &[On::Named(KIND), On::PodsOf(KIND), On::Rule(Kind::Pod, on_orphan)],
    reconcile,
    every: None,
};

const KIND: &str = "ReplicationController";

fn selector(tree: &Value) -> LabelSelector {
    let labels = tree.at(&["spec", "selector"]).cloned().unwrap_or_default();
    LabelSelector::read(&Value::Map(map! { "matchLabels" => labels }))
}

/// A pod without a controller may be adopted.
fn on_orphan(change: &Change, wakes: &mut Wakes) {
    let Some(pod) = change.after.as_ref().filter(|p| p.meta.controller().is_none()) else { return };
    let Some(kind) = wakes.api.kinds.find("v1", KIND) else { return };
    let finds = |o: &&Rc<Object>| o.plain().is_some_and(|tree| selector(tree).matches(&pod.meta.labels));
    wakes.ids = wakes.api.store.list_in(kind, &pod.meta.namespace).filter(finds).map(|o| o.meta.id).collect();
}

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(object) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    if object.plain().is_none_or(|tree| tree.at(&["spec", "template"]).is_none()) {
        return Done::Settled;
    }
    let set = as_replica_set(ctl, &object);
    if claim(ctl, &object, Kind::Pod, &set.selector, false) {
        // The claim's own writes come back as wakes, with counts that are right.
        return Done::Again(Span::millis(1));
    }
    let before = count(ctl, id, &set);
    let (available, next) = available(ctl, id, &set, &before);
    let result = if object.meta.deleting() { Ok(()) } else { manage(ctl, &object, &set, before.active) };
    let mut report = set.clone();
    report.status = status(ctl.now(), &object, &set, &before, available, &result);
    // Source: conversion.go, convertRStoRC: its status has no count of pods that end.
    report.status.terminating = None;
    write(ctl, id, &set, &report);
    match (result, next) {
        (Err(_), _) => Done::Retry,
        (Ok(()), Some(next)) => Done::Again(next),
        (Ok(()), None) => Done::Settled,
    }
}

/// The same as a ReplicaSet. Source: conversion.go, convertRCtoRS.
fn as_replica_set(ctl: &mut Ctl, object: &Object) -> ReplicaSet {
    let tree = ctl.api.tree(object);
    let template = tree.at(&["spec", "template"]).cloned().unwrap_or_default();
    let mut set = ReplicaSet::read(&tree, &ctl.api.calendar);
    set.selector = Rc::new(selector(&tree));
    set.template = ctl.memory.templates.of(object.meta.id, &template);
    set
}

fn count(ctl: &Ctl, id: Id, set: &ReplicaSet) -> Tally {
    let mut tally = Tally::default();
    for pod in managed(ctl, id, Kind::Pod) {
        let Some(row) = pod.pod().filter(|row| !row.status.phase.ended()) else { continue };
        if pod.meta.deleting() {
            tally.terminating += 1;
            continue;
        }
        tally.active += 1;
        tally.ready += i32::from(row.ready());
        let labeled = set.template.labels.iter().all(|(k, v)| pod.meta.labels.get(k) == Some(v));
        tally.labeled += i32::from(labeled);
    }
    tally
}

fn write(ctl: &mut Ctl, id: Id, set: &ReplicaSet, report: &ReplicaSet) {
    if set.status == report.status {
        return;
    }
    let mut out = crate::text::Map::new();
    report.write(&mut out, &ctl.api.calendar);
    let status = out.get("status").cloned().unwrap_or_default();
    let s = &report.status;
    let by = ctl.by(super::counted(s.replicas, s.ready, s.available));
    ctl.api.update_status(id, by, |o| {
        if let Body::Plain(tree) = &mut o.body {
            Rc::make_mut(tree).set_at(&["status"], status);
        }
    });
}
