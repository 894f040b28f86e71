//! ReplicaSet controller: keeps `spec.replicas` pods alive. Wakes on: ReplicaSet; Pod, by owner or as an orphan.
//! Writes: Pod, ReplicaSet status. Source: kubernetes v1.37 pkg/controller/replicaset/{replica_set,replica_set_utils}.go.

pub mod rank;
mod replication_controller;
mod tally;

pub use replication_controller::REPLICATION;
pub use tally::{Tallies, Tally};

use super::owned::{self, claim, managed};
use super::{Controller, Ctl, Done, On};
use crate::kubernetes::apiserver::ApiError;
use crate::kubernetes::objects::pod::Pod;
use crate::kubernetes::objects::replica_set::{ReplicaSet, ReplicaSetStatus};
use crate::kubernetes::objects::{Condition, Id, Kind, Object, Tri};
use crate::reasons;
use crate::sim::{Span, Time};
use rank::Candidate;
use std::rc::Rc;

reasons! { "replicaset":
    /// Event `SuccessfulCreate`.
    too_few(want, have),
    /// Event `SuccessfulDelete`.
    too_many(want, have),
    /// The numbers of its pods changed.
    counted(replicas, ready, available),
}

/// The controller.
pub const CONTROLLER: Controller = Controller {
    name: "replicaset-controller",
    wakes: &[
        On::Itself(Kind::ReplicaSet),
        On::PodsOf("ReplicaSet"),
        On::Rule(Kind::Pod, tally::on_pod),
        On::Rule(Kind::ReplicaSet, tally::on_set),
    ],
    reconcile,
    every: None,
};

/// How many pods one pass creates or deletes at most. Source: replica_set.go, BurstReplicas.
const BURST: i32 = 500;
/// The first batch of creations; each that succeeds doubles the next. Source: controller_utils.go, SlowStartInitialBatchSize.
const FIRST_BATCH: usize = 1;

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(object) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    let Some(set) = object.replica_set() else { return Done::Settled };
    // What the pass sees is what was there when it began; its own writes are seen in the next.
    ctl.memory.replica_set.refresh(&object, &ctl.api.store);
    let before = ctl.memory.replica_set.of(id);
    let adopted = claim(ctl, &object, Kind::Pod, &set.selector, !before.unsure);
    ctl.memory.replica_set.claimed(id);
    if adopted {
        // The claim's own writes come back as wakes, with counts that are right.
        return Done::Again(Span::millis(1));
    }
    let (available, next) = available(ctl, id, set, &before);
    let result = if object.meta.deleting() { Ok(()) } else { manage(ctl, &object, set, before.active) };
    let status = status(ctl.now(), &object, set, &before, available, &result);
    write_status(ctl, id, set, status);
    match (result, next) {
        (Err(_), _) => Done::Retry,
        (Ok(()), Some(next)) => Done::Again(next),
        (Ok(()), None) => Done::Settled,
    }
}

/// How many pods are available, and when the next ready pod will be.
/// Source: kubernetes v1.37 pkg/api/v1/pod/util.go, IsPodAvailable.
fn available(ctl: &Ctl, id: Id, set: &ReplicaSet, tally: &Tally) -> (i32, Option<Span>) {
    if set.min_ready == Span::ZERO {
        return (tally.ready, None);
    }
    let (mut count, mut next) = (0, None::<Span>);
    for pod in managed(ctl, id, Kind::Pod).filter(|p| is_active(p)).filter_map(|p| p.pod()) {
        let Some(ready) = pod.condition("Ready").filter(|c| c.status == Tri::True) else { continue };
        let since = ready.changed.whole_seconds() + set.min_ready;
        if since <= ctl.now() {
            count += 1;
        } else {
            let wait = since - ctl.now();
            next = Some(next.map_or(wait, |n| n.min(wait)));
        }
    }
    (count, next)
}

/// Whether a pod counts: neither ended nor being deleted.
/// Source: controller_utils.go, IsPodActive.
fn is_active(object: &Object) -> bool {
    object.pod().is_some_and(|p| !p.status.phase.ended()) && !object.meta.deleting()
}

/// Creates what is missing, deletes what is too much. Source: replica_set.go, manageReplicas.
fn manage(ctl: &mut Ctl, object: &Object, set: &ReplicaSet, have: i32) -> Result<(), ApiError> {
    if have < set.replicas {
        return create(ctl, object, set, have);
    }
    if have > set.replicas {
        let surplus = (have - set.replicas).min(BURST);
        for pod in to_delete(ctl, object, surplus as usize) {
            let name = ctl.api.store.get(pod).map(|p| p.meta.name.clone()).unwrap_or_default();
            owned::delete_pod(ctl, pod, too_many(set.replicas, have), object, "spec.replicas");
            ctl.normal(object.meta.id, "SuccessfulDelete", format!("Deleted pod: {name}"));
        }
    }
    Ok(())
}

/// Creates in batches of 1, 2, 4 …, so that what cannot work is tried once, not five hundred times.
/// Source: controller_utils.go, slowStartBatch.
fn create(ctl: &mut Ctl, object: &Object, set: &ReplicaSet, have: i32) -> Result<(), ApiError> {
    let mut left = missing(set.replicas, have) as usize;
    let mut batch = FIRST_BATCH.min(left);
    while batch > 0 {
        let mut failed = None;
        for _ in 0..batch {
            let pod = owned::pod_from_template(ctl, &set.template, object);
            match owned::create_pod(ctl, pod, &set.template, too_few(set.replicas, have), object, "spec.replicas") {
                Ok(pod) => {
                    ctl.normal(object.meta.id, "SuccessfulCreate", format!("Created pod: {}", pod.meta.name));
                }
                // Everything in the namespace goes anyway.
                Err(_) if ctl.api.is_terminating(&object.meta.namespace) => {}
                Err(error) => {
                    ctl.warn(object.meta.id, "FailedCreate", format!("Error creating: {}", error.message));
                    failed = failed.or(Some(error));
                }
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        left -= batch;
        batch = (2 * batch).min(left);
    }
    Ok(())
}

/// How many pods to create in this pass: never more than [`BURST`] at once.
fn missing(want: i32, have: i32) -> i32 {
    want.saturating_sub(have).clamp(0, BURST)
}

/// The pods that go, first first. Source: replica_set.go, getPodsToDelete.
fn to_delete(ctl: &Ctl, object: &Object, count: usize) -> Vec<Id> {
    let read = |p: &Rc<Object>| p.pod().map(|row| Candidate::read(&p.meta, row));
    let mut candidates: Vec<Candidate> =
        managed(ctl, object.meta.id, Kind::Pod).filter(|p| is_active(p)).filter_map(read).collect();
    if count < candidates.len() {
        rank::set_ranks(&mut candidates, related(ctl, object).iter().filter_map(|p| p.pod()));
        let calendar = ctl.api.calendar;
        candidates = rank::sort(candidates, ctl.now(), &|id| calendar.uid(id));
    }
    candidates.iter().take(count).map(|c| c.id).collect()
}

/// The active pods of all sets with the same controller, this one's included.
/// Source: replica_set.go, getIndirectlyRelatedPods.
fn related(ctl: &Ctl, object: &Object) -> Vec<Rc<Object>> {
    let sets: Vec<Id> = match object.meta.controller().and_then(|c| c.id) {
        Some(owner) => managed(ctl, owner, Kind::ReplicaSet).map(|s| s.meta.id).collect(),
        None => vec![object.meta.id],
    };
    let pods = sets.into_iter().flat_map(|s| managed(ctl, s, Kind::Pod));
    pods.filter(|p| is_active(p)).cloned().collect()
}

/// Source: replica_set_utils.go, calculateStatus.
fn status(
    now: Time,
    object: &Object,
    set: &ReplicaSet,
    tally: &Tally,
    available: i32,
    result: &Result<(), ApiError>,
) -> ReplicaSetStatus {
    let mut conditions = set.status.conditions.clone();
    let failing = conditions.iter().position(|c| c.kind == "ReplicaFailure");
    match (result, failing) {
        (Err(error), None) => {
            let reason = if tally.active < set.replicas { "FailedCreate" } else { "FailedDelete" };
            let message = error.message.clone();
            conditions.push(Condition::new("ReplicaFailure", true, reason, message, now.whole_seconds()));
        }
        (Ok(()), Some(at)) => {
            conditions.remove(at);
        }
        _ => {}
    }
    ReplicaSetStatus {
        replicas: tally.active,
        fully_labeled: tally.labeled,
        ready: tally.ready,
        available,
        terminating: Some(tally.terminating),
        observed_generation: object.meta.generation,
        conditions,
    }
}

fn write_status(ctl: &mut Ctl, id: Id, set: &ReplicaSet, status: ReplicaSetStatus) {
    if status == set.status {
        return;
    }
    let by = ctl.by(counted(status.replicas, status.ready, status.available));
    ctl.api.update_status(id, by, |o| {
        if let Some(row) = o.replica_set_mut() {
            row.status = status;
        }
    });
}

/// The pods of a list that are active. For those who rank pods outside a cluster.
pub fn active_pods<'a>(pods: impl Iterator<Item = &'a Object>) -> impl Iterator<Item = &'a Pod> {
    pods.filter(|p| is_active(p)).filter_map(|p| p.pod())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_more_than_asked(want in 0i32..2000, have in 0i32..2000) {
            prop_assert!(have + missing(want, have) <= want.max(have));
        }
    }
}
