//! Job controller: runs pods until enough have succeeded. Wakes on: Job; Pod, by owner, in batches.
//! Writes: Pod, Job status.
//! Source: kubernetes v1.37 pkg/controller/job/{job_controller,indexed_job_utils,backoff_utils}.go; pkg/controller/ttlafterfinished.

mod indexes;
mod manage;
mod pods;
mod sync;
mod track;

use super::owned::managed;
use super::{Controller, Ctl, Done, On, Wakes};
use crate::kubernetes::apiserver::{Change, DeleteOptions, Propagation};
use crate::kubernetes::objects::{Id, Kind, Object};
use crate::reasons;
use crate::sim::{Span, Time};
use crate::text::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

reasons! { "job":
    /// Fewer pods run than may.
    too_few(active, want),
    /// More pods run than may, or the job is over.
    too_many(active, want),
    /// The numbers of its pods changed.
    counted(active, succeeded, failed),
    /// A pod is counted, or its job is gone.
    released(pod),
    /// It is over for long enough.
    expired(seconds),
}

/// The controller.
pub const CONTROLLER: Controller = Controller {
    name: "job-controller",
    wakes: &[On::Any(on_job), On::Rule(Kind::Pod, on_pod)],
    reconcile,
    every: None,
};

/// Changes of pods are looked at together. Source: job_controller.go, syncJobBatchPeriod.
const BATCH: Span = Span::secs(1);
/// Pause after creating pods has failed; doubles. Source: job_controller.go, DefaultJobApiBackOff.
const RETRY_FIRST: Span = Span::secs(1);
/// The longest such pause. Source: job_controller.go, MaxJobApiBackOff.
const RETRY_MAX: Span = Span::secs(60);

/// What is remembered of each job beyond the store.
#[derive(Clone, Debug, Default)]
pub struct Jobs(BTreeMap<Id, Known>);

#[derive(Clone, Debug, Default)]
struct Known {
    backoff: Backoff,
    /// How often in a row pods could not be made.
    refused: u32,
}

/// Failures since the last success. Source: backoff_utils.go, backoffRecord.
#[derive(Clone, Copy, Debug, Default)]
struct Backoff {
    failures: u32,
    last: Option<Time>,
}

fn on_job(change: &Change, wakes: &mut Wakes) {
    if !matches!(change.kind, Kind::Other(_)) || wakes.api.kinds.name(change.kind) != "Job" {
        return;
    }
    let generation = |o: &Option<Rc<Object>>| o.as_ref().map(|o| (o.meta.generation, o.meta.deleting()));
    match &change.after {
        // Source: job_controller.go, updateJob: without a new wish it is looked at with the next batch.
        Some(_) if generation(&change.before) == generation(&change.after) => wakes.later.push((change.id, BATCH)),
        Some(_) => wakes.ids.push(change.id),
        None => {
            wakes.memory.jobs.0.remove(&change.id);
            wakes.ids.extend(wakes.api.store.owned_by(change.id).filter(|o| pods::tracked(o)).map(|o| o.meta.id));
        }
    }
}

fn on_pod(change: &Change, wakes: &mut Wakes) {
    let Some(pod) = change.object() else { return };
    let job = pod.meta.controller().filter(|c| c.kind == "Job").and_then(|c| c.id);
    match job.filter(|id| wakes.api.store.get(*id).is_some()) {
        Some(job) => wakes.later.push((job, BATCH)),
        None if change.after.is_some() && pods::tracked(pod) => wakes.ids.push(change.id),
        None => {}
    }
}

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(object) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    if object.kind == Kind::Pod {
        return release_orphan(&object, ctl);
    }
    let Some(tree) = object.plain().map(|t| (**t).clone()) else { return Done::Settled };
    let conditions = tree.list_at(&["status", "conditions"]);
    let over =
        |c: &Value| matches!(c.str_at(&["type"]), Some("Complete" | "Failed")) && c.str_at(&["status"]) == Some("True");
    if let Some(end) = conditions.iter().find(|c| over(c)).cloned() {
        release_all(&object, ctl);
        return expire(ctl, &object, &tree, &end);
    }
    // Source: job_controller.go, syncJob: a job that names another controller is that one's.
    let elsewhere = tree.str_at(&["spec", "managedBy"]).is_some_and(|by| by != "kubernetes.io/job-controller");
    if elsewhere {
        return Done::Settled;
    }
    sync::Pass::new(ctl, object, tree).run()
}

/// A pod whose job is gone needs nobody to count it. Source: job_controller.go, syncOrphanPod.
fn release_orphan(pod: &Object, ctl: &mut Ctl) -> Done {
    let owner = pod.meta.controller().filter(|c| c.kind == "Job").and_then(|c| c.id);
    if owner.is_none_or(|job| ctl.api.store.get(job).is_none()) {
        release(pod, ctl);
    }
    Done::Settled
}

/// Takes the finalizer off a pod, so that it may go.
fn release(pod: &Object, ctl: &mut Ctl) {
    if pods::tracked(pod) {
        let by = ctl.by(released(&pod.meta.name));
        ctl.api.update(pod.meta.id, by, |o| o.meta.finalizers.retain(|f| f != pods::TRACKING));
    }
}

/// Source: job_controller.go, cleanupPodFinalizers.
fn release_all(job: &Object, ctl: &mut Ctl) {
    let held: Vec<Rc<Object>> = managed(ctl, job.meta.id, Kind::Pod).filter(|p| pods::tracked(p)).cloned().collect();
    held.iter().for_each(|pod| release(pod, ctl));
}

/// Source: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go, processJob.
fn expire(ctl: &mut Ctl, job: &Object, tree: &Value, end: &Value) -> Done {
    let Some(seconds) = tree.int_at(&["spec", "ttlSecondsAfterFinished"]).filter(|_| !job.meta.deleting()) else {
        return Done::Settled;
    };
    let since = end.str_at(&["lastTransitionTime"]).and_then(|t| ctl.api.calendar.read(t)).unwrap_or_default();
    let at = since + Span::secs(seconds.max(0) as u64);
    if at > ctl.now() {
        return Done::Again(at.since(ctl.now()));
    }
    let by = ctl.by(expired(seconds)).reading(job, "spec.ttlSecondsAfterFinished");
    let options = DeleteOptions { propagation: Propagation::Foreground, ..DeleteOptions::default() };
    ctl.api.delete(job.meta.id, by, options);
    Done::Settled
}
