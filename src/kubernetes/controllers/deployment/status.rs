//! The report: counts and availability.
//! Source: kubernetes v1.37 pkg/controller/deployment/sync.go, calculateStatus, syncDeploymentStatus, checkPausedConditions.

use super::fenceposts::max_unavailable;
use super::sets::{Set, sum};
use super::{Pass, Stop, counted, step};
use crate::journal::Why;
use crate::kubernetes::objects::deployment::DeploymentStatus;
use crate::kubernetes::objects::{Condition, Tri};

/// Sets a condition unless one with the same status and reason is there; a changed one moves to the end, and keeps the
/// moment of its last change if the status is the same. Source: util/deployment_util.go, SetDeploymentCondition.
pub(super) fn set_condition(list: &mut Vec<Condition>, mut new: Condition) {
    if let Some(at) = list.iter().position(|c| c.kind == new.kind) {
        if (list[at].status, &list[at].reason) == (new.status, &new.reason) {
            return;
        }
        let old = list.remove(at);
        if old.status == new.status {
            new.changed = old.changed;
        }
    }
    list.push(new);
}

impl Pass<'_, '_> {
    /// Whether a rollout has a deadline. Source: deployment_util.go, HasProgressDeadline.
    pub(super) fn has_deadline(&self) -> bool {
        self.d.progress_deadline.is_some_and(|s| s.as_secs() != i32::MAX as u64)
    }
    /// Writes down that a rollout is paused or resumed, so that the pause does not count against its deadline.
    pub(super) fn note_pause(&mut self) -> Result<(), Stop> {
        let Some(reason) = self.condition("Progressing").map(|c| c.reason.clone()).or(Some("".into())) else {
            return Ok(());
        };
        if !self.has_deadline() || reason == "ProgressDeadlineExceeded" {
            return Ok(());
        }
        let (reason, message) = match (self.d.paused, reason == "DeploymentPaused") {
            (true, false) => ("DeploymentPaused", "Deployment is paused"),
            (false, true) => ("DeploymentResumed", "Deployment is resumed"),
            _ => return Ok(()),
        };
        let now = self.now().whole_seconds();
        let condition = Condition::new("Progressing", Tri::Unknown, reason, message, now);
        set_condition(&mut self.d.status.conditions, condition);
        self.write_status(step(reason))
    }
    /// Writes this pass's copy of status and annotations, unless somebody wrote the Deployment since it was read.
    pub(super) fn write_status(&mut self, why: Why) -> Result<(), Stop> {
        let id = self.id();
        let Some(now) = self.ctl.api.store.get(id) else { return Err(Stop) };
        if self.ctl.conflicts && now.meta.version != self.object.meta.version {
            return Err(Stop);
        }
        let (annotations, status) = (self.annotations.clone(), self.d.status.clone());
        let by = self.ctl.by(why);
        let written = self.ctl.api.update_status(id, by, |o| {
            o.meta.annotations = annotations;
            if let Some(d) = o.deployment_mut() {
                d.status = status;
            }
        });
        if written.is_none() {
            self.ctl.idle.push((self.ctl.api.store.version(), id));
        }
        Ok(())
    }
    /// Writes the counts if they changed. Source: syncDeploymentStatus.
    pub(super) fn write_counts(&mut self, old: &[Set], new: Option<&Set>) -> Result<(), Stop> {
        let status = self.counts(old, new);
        self.write_changed(status)
    }
    /// Writes a status if it differs.
    pub(super) fn write_changed(&mut self, status: DeploymentStatus) -> Result<(), Stop> {
        if status == self.d.status {
            return Ok(());
        }
        let why = self.stuck_or(&status, counted(status.replicas, status.updated, status.available));
        self.d.status = status;
        self.write_status(why)
    }
    /// The status that follows from the sets as they were read. Source: calculateStatus.
    pub(super) fn counts(&self, old: &[Set], new: Option<&Set>) -> DeploymentStatus {
        let all: Vec<Set> = old.iter().chain(new).cloned().collect();
        let available = sum(&all, |r| r.status.available);
        let mut status = DeploymentStatus {
            replicas: sum(&all, |r| r.status.replicas),
            updated: new.and_then(|s| s.replica_set()).map_or(0, |r| r.status.replicas),
            ready: sum(&all, |r| r.status.ready),
            available,
            unavailable: (sum(&all, |r| r.replicas) - available).max(0),
            terminating: terminating(&all),
            observed_generation: self.object.meta.generation,
            collision_count: self.d.status.collision_count,
            conditions: self.d.status.conditions.clone(),
        };
        let (holds, reason, message) = match available >= self.d.replicas - max_unavailable(&self.d) {
            true => (true, "MinimumReplicasAvailable", "Deployment has minimum availability."),
            false => (false, "MinimumReplicasUnavailable", "Deployment does not have minimum availability."),
        };
        let now = self.now().whole_seconds();
        set_condition(&mut status.conditions, Condition::new("Available", holds, reason, message, now));
        status
    }
}

/// Terminating pods of all sets; not known when a set's controller does not count them. Sets that were never looked at have none.
/// Source: deployment_util.go, GetTerminatingReplicaCountForReplicaSets.
fn terminating(all: &[Set]) -> Option<i32> {
    let rows = all.iter().filter_map(|s| s.replica_set());
    let counted = rows.filter(|r| r.status.terminating.is_some() || r.status.observed_generation != 0);
    counted.map(|r| r.status.terminating).sum()
}
