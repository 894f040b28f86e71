//! The rule `RestartAllContainers`: when one container ends so, all are stopped and the pod begins anew, init containers first.
//! Source: kubernetes v1.37 pkg/kubelet/container/helpers.go, ShouldAllContainersRestart; pkg/kubelet/status/generate.go,
//! GenerateAllContainersRestartingCondition; recorded: no back-off.

use super::lifecycle::Desk;
use super::worker::{Run, Slot, Worker};
use crate::kubernetes::objects::pod::{Phase, PodSpec};
use crate::kubernetes::objects::{Condition, Tri};
use crate::sim::Time;
use crate::text::Value;

/// The rule's action.
const ACTION: &str = "RestartAllContainers";

/// Whether a container's rules, the first that fits, restart everything after this exit code; without a code: any rule at all.
fn restarts_all(tree: Option<&Value>, code: Option<i32>) -> bool {
    let rules = tree.map(|t| t.list_at(&["restartPolicyRules"])).unwrap_or_default();
    let fits = |rule: &&Value| {
        let Some(code) = code else { return rule.str_at(&["action"]) == Some(ACTION) };
        let listed = rule.list_at(&["exitCodes", "values"]).iter().any(|v| v.as_int() == Some(i64::from(code)));
        listed == (rule.str_at(&["exitCodes", "operator"]) == Some("In"))
    };
    rules.iter().find(fits).is_some_and(|r| r.str_at(&["action"]) == Some(ACTION))
}

impl Worker {
    /// Whether a container has ended so that all are to begin anew.
    fn wants_all_anew(&self, spec: &PodSpec) -> bool {
        self.all().any(|at| {
            let code = self.slots[at as usize].ended().map(|e| e.code);
            code.is_some() && restarts_all(self.tree(spec, at), code)
        })
    }
    /// The condition that pods with such a rule have.
    pub(super) fn restarting_condition(&self, spec: &PodSpec, phase: Phase, now: Time) -> Option<Condition> {
        const KIND: &str = "AllContainersRestarting";
        if !self.all().any(|at| restarts_all(self.tree(spec, at), None)) {
            return None;
        }
        Some(match (phase, self.restarting_all) {
            (Phase::Succeeded, _) => Condition::new(KIND, Tri::False, "PodCompleted", "", now),
            (Phase::Failed, _) => Condition::new(KIND, Tri::False, "PodFailed", "", now),
            (_, true) => Condition::new(KIND, Tri::True, "", "", now),
            _ => Condition::new(KIND, Tri::False, "", "", now),
        })
    }
}

impl Slot {
    /// The container is removed; its next run is the first of a new beginning.
    fn begin_anew(&mut self) {
        if let Run::Ended(ended) = std::mem::take(&mut self.run) {
            self.last = Some(ended);
        }
        (self.backoff, self.waiting, self.doomed) = (None, None, None);
        self.runs_before = self.runs;
    }
}

impl Desk<'_, '_> {
    /// Stops all containers when one has ended so, and lets them begin anew when all have; tells whether it waits for that.
    pub(super) fn restart_all(&mut self) -> bool {
        if !self.worker.restarting_all {
            if !self.worker.wants_all_anew(&self.spec) {
                return false;
            }
            self.worker.restarting_all = true;
            self.write_status();
            let running: Vec<u16> = self.worker.all().filter(|at| self.worker.slots[*at as usize].running()).collect();
            for at in running {
                let name = self.worker.container(&self.spec, at).map(|c| c.name.clone()).unwrap_or_default();
                self.tell(at, false, "Killing", format!("Stopping container {name}"));
                // Source: the rule's design: hooks are not run.
                let grace = self.spec.grace;
                self.end_container(at, crate::sim::Span::ZERO, grace);
            }
        }
        if self.worker.slots.iter().any(Slot::running) {
            return true;
        }
        self.worker.slots.iter_mut().for_each(Slot::begin_anew);
        self.worker.restarting_all = false;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::json;

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rules = r#"{"restartPolicyRules": [
            {"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}},
            {"action": "RestartAllContainers", "exitCodes": {"operator": "NotIn", "values": [0, 3]}}]}"#;
        let tree = json::parse(rules).unwrap_or_default();
        assert!(!restarts_all(Some(&tree), Some(1)));
        assert!(restarts_all(Some(&tree), Some(2)));
        assert!(!restarts_all(Some(&tree), Some(3)));
        assert!(!restarts_all(None, Some(2)));
    }
}
