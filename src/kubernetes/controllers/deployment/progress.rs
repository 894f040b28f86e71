//! Whether a rollout gets on, is done, or is stuck.
//! Source: kubernetes v1.37 pkg/controller/deployment/progress.go.

use super::sets::Set;
use super::status::set_condition;
use super::{Pass, Stop, stuck};
use crate::kubernetes::objects::deployment::DeploymentStatus;
use crate::kubernetes::objects::{Condition, Tri};
use crate::sim::Span;

/// Below this rest the next look comes at once. Source: progress.go, requeueStuckDeployment.
const SOON: Span = Span::secs(1);

impl Pass<'_, '_> {
    /// Source: deployment_util.go, DeploymentComplete.
    pub(super) fn complete(&self, status: &DeploymentStatus) -> bool {
        [status.updated, status.replicas, status.available] == [self.d.replicas; 3]
            && status.observed_generation >= self.object.meta.generation
    }
    /// Source: deployment_util.go, DeploymentProgressing.
    fn progressing(&self, new: &DeploymentStatus) -> bool {
        let before = &self.d.status;
        new.updated > before.updated
            || new.replicas - new.updated < before.replicas - before.updated
            || new.ready > before.ready
            || new.available > before.available
    }
    /// Source: deployment_util.go, DeploymentTimedOut.
    fn timed_out(&self, status: &DeploymentStatus) -> bool {
        let Some(condition) = status.conditions.iter().find(|c| c.kind == "Progressing") else { return false };
        match &*condition.reason {
            "NewReplicaSetAvailable" => false,
            "ProgressDeadlineExceeded" => true,
            _ => condition.updated + self.d.progress_deadline.unwrap_or_default() < self.now(),
        }
    }
    /// Writes counts, progress and failures. Source: syncRolloutStatus.
    pub(super) fn write_rollout(&mut self, old: &[Set], new: Option<&Set>) -> Result<(), Stop> {
        let mut status = self.counts(old, new);
        if !self.has_deadline() {
            status.conditions.retain(|c| c.kind != "Progressing");
        }
        let current = self.condition("Progressing").cloned();
        let over = current.as_ref().is_some_and(|c| c.reason == "NewReplicaSetAvailable");
        if self.has_deadline() && !(status.replicas == status.updated && over) {
            self.judge(&mut status, new, current);
        }
        match failure(old, new) {
            Some(condition) => set_condition(&mut status.conditions, condition),
            None => status.conditions.retain(|c| c.kind != "ReplicaFailure"),
        }
        if status == self.d.status {
            self.look_again(&status);
            return Ok(());
        }
        self.write_changed(status)
    }
    fn judge(&self, status: &mut DeploymentStatus, new: Option<&Set>, current: Option<Condition>) {
        let who = match new {
            Some(set) => format!("ReplicaSet \"{}\"", set.meta.name),
            None => format!("Deployment \"{}\"", self.object.meta.name),
        };
        let now = self.now().whole_seconds();
        let condition = |holds: bool, reason: &'static str, words: &str| {
            Condition::new("Progressing", holds, reason, format!("{who} {words}"), now)
        };
        if self.complete(status) {
            let done = condition(true, "NewReplicaSetAvailable", "has successfully progressed.");
            set_condition(&mut status.conditions, done);
        } else if self.progressing(status) {
            // Every step counts anew, so the moment is written even if nothing else changes.
            let mut step = condition(true, "ReplicaSetUpdated", "is progressing.");
            if let Some(current) = current {
                if current.status == Tri::True {
                    step.changed = current.changed;
                }
                status.conditions.retain(|c| c.kind != "Progressing");
            }
            set_condition(&mut status.conditions, step);
        } else if self.timed_out(status) {
            let late = condition(false, "ProgressDeadlineExceeded", "has timed out progressing.");
            set_condition(&mut status.conditions, late);
        }
    }
    /// A rollout without progress is looked at again when its deadline is over. Source: requeueStuckDeployment.
    fn look_again(&mut self, status: &DeploymentStatus) {
        let Some(current) = self.condition("Progressing").cloned().filter(|_| self.has_deadline()) else { return };
        if self.complete(status) || current.reason == "ProgressDeadlineExceeded" {
            return;
        }
        let rest = (current.updated + self.d.progress_deadline.unwrap_or_default()).since(self.now());
        self.again = Some(if rest < SOON { Span::millis(5) } else { rest + SOON });
    }
    /// The reason of a write that says a rollout is stuck.
    pub(super) fn stuck_or(&self, status: &DeploymentStatus, otherwise: crate::journal::Why) -> crate::journal::Why {
        let late = |s: &DeploymentStatus| s.conditions.iter().any(|c| c.reason == "ProgressDeadlineExceeded");
        match late(status) && !late(&self.d.status) {
            true => stuck(self.d.progress_deadline.unwrap_or_default().as_secs()),
            false => otherwise,
        }
    }
}

/// The failure of the new set, or else of the first old one that has one. Source: getReplicaFailures.
fn failure(old: &[Set], new: Option<&Set>) -> Option<Condition> {
    let all = new.into_iter().chain(old).filter_map(|s| s.replica_set());
    let failing = all.flat_map(|r| &r.status.conditions).find(|c| c.kind == "ReplicaFailure")?;
    Some(Condition { updated: failing.changed, ..failing.clone() })
}
