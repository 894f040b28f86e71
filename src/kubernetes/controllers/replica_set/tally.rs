//! Counts of pods by ReplicaSet, kept up to date write by write, so that one pod's change costs the same in a set of three
//! and in a set of ten thousand.

use crate::kubernetes::apiserver::{Change, ChangeKind, Store};
use crate::kubernetes::controllers::Wakes;
use crate::kubernetes::objects::{Id, Kind, Object};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Counts of the pods that one ReplicaSet manages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Neither ended nor being deleted.
    pub active: i32,
    /// Of these, those with all labels of the template.
    pub labeled: i32,
    /// Of the active, those that are ready.
    pub ready: i32,
    /// Being deleted and not ended.
    pub terminating: i32,
    /// Whether labels changed since the last claim, so that a pod may no longer belong here.
    pub unsure: bool,
    /// Whether the template's labels changed since the pods were counted.
    stale: bool,
}

/// The counts of all ReplicaSets that have pods.
#[derive(Clone, Debug, Default)]
pub struct Tallies(BTreeMap<Id, Tally>);

impl Tallies {
    /// The counts of one ReplicaSet.
    pub fn of(&self, set: Id) -> Tally {
        self.0.get(&set).copied().unwrap_or_default()
    }
    /// After a claim all pods are known to belong here.
    pub fn claimed(&mut self, set: Id) {
        if let Some(tally) = self.0.get_mut(&set) {
            tally.unsure = false;
        }
    }
    /// Counts again if the template's labels changed.
    pub fn refresh(&mut self, set: &Rc<Object>, store: &Store) {
        let id = set.meta.id;
        let Some(tally) = self.0.get_mut(&id).filter(|t| t.stale) else { return };
        *tally = Tally { unsure: tally.unsure, ..Tally::default() };
        for pod in
            store.owned_by(id).filter(|o| o.kind == Kind::Pod && o.meta.controller().and_then(|c| c.id) == Some(id))
        {
            self.count(id, pod, Some(set), 1);
        }
    }
    fn count(&mut self, set: Id, pod: &Object, template: Option<&Rc<Object>>, sign: i32) {
        let (Some(row), Some(_)) = (pod.pod(), template.and_then(|t| t.replica_set())) else { return };
        let tally = self.0.entry(set).or_default();
        if row.status.phase.ended() {
            return;
        }
        if pod.meta.deleting() {
            tally.terminating += sign;
            return;
        }
        tally.active += sign;
        tally.ready += if row.ready() { sign } else { 0 };
        tally.labeled += if template.is_some_and(|t| has_template_labels(pod, t)) { sign } else { 0 };
    }
}

fn has_template_labels(pod: &Object, set: &Object) -> bool {
    let Some(row) = set.replica_set() else { return false };
    let wanted = &row.template.labels;
    wanted.same(&pod.meta.labels) || wanted.iter().all(|(k, v)| pod.meta.labels.get(k) == Some(v))
}

fn manager(pod: &Option<Rc<Object>>) -> Option<Id> {
    pod.as_ref()?.meta.controller()?.id
}

/// A pod changed: counts it, and wakes sets that may adopt it.
pub fn on_pod(change: &Change, wakes: &mut Wakes) {
    let (before, after) = (manager(&change.before), manager(&change.after));
    if let (Some(set), Some(pod)) = (before, &change.before) {
        wakes.memory.replica_set.count(set, pod, wakes.api.store.get(set), -1);
    }
    if let (Some(set), Some(pod)) = (after, &change.after) {
        wakes.memory.replica_set.count(set, pod, wakes.api.store.get(set), 1);
        let relabeled = change.before.as_ref().is_some_and(|b| b.meta.labels != pod.meta.labels);
        if let Some(tally) = wakes.memory.replica_set.0.get_mut(&set).filter(|_| relabeled) {
            tally.unsure = true;
        }
    }
    if let Some(pod) = change.after.as_ref().filter(|p| p.meta.controller().is_none()) {
        let old = change.before.as_ref();
        if old.is_some_and(|b| b.meta.labels == pod.meta.labels && b.meta.owners == pod.meta.owners) {
            return;
        }
        let sets = wakes.api.store.list_in(Kind::ReplicaSet, &pod.meta.namespace);
        let finds = |s: &&Rc<Object>| s.replica_set().is_some_and(|r| r.selector.matches(&pod.meta.labels));
        wakes.ids = sets.filter(finds).map(|s| s.meta.id).collect();
    }
}

/// A ReplicaSet changed: its counts start again when its template's labels did, and end with it.
pub fn on_set(change: &Change, wakes: &mut Wakes) {
    if change.what == ChangeKind::Deleted {
        wakes.memory.replica_set.0.remove(&change.id);
        return;
    }
    let labels = |o: &Option<Rc<Object>>| Some(o.as_ref()?.replica_set()?.template.labels.clone());
    if change.before.is_some() && labels(&change.before) != labels(&change.after) {
        wakes.memory.replica_set.0.entry(change.id).or_default().stale = true;
    }
}
