//! Counting ended pods exactly once: they are written down, let go, and counted.
//! Source: kubernetes v1.37 pkg/controller/job/job_controller.go, trackJobStatusAndRemoveFinalizers.

use super::indexes;
use super::pods::{self, judge};
use super::sync::{End, Pass};
use super::{counted, release};
use crate::kubernetes::objects::{Body, Object};
use crate::text::{Map, Value};
use std::rc::Rc;

impl Pass<'_, '_> {
    /// Writes the status, lets counted pods go, and writes what they came to.
    pub fn track(&mut self, active: i64) {
        self.tree.set_at(&["status", "active"], active);
        let (ready, terminating) = (self.ready.max(0), self.terminating);
        self.set("ready", ready);
        self.set("terminating", terminating);
        let (mut done, mut bad) = (self.uncounted("succeeded"), self.uncounted("failed"));
        self.settle(&mut done, &mut bad);
        let mut free: Vec<Rc<Object>> = Vec::new();
        for pod in self.pods.clone().into_iter().filter(|p| pods::tracked(p)) {
            let failed = self.pod_failed(&pod);
            if !self.may_go(&pod, failed) {
                continue;
            }
            let uid = Value::from(self.uid(&pod));
            let listed = done.contains(&uid) || bad.contains(&uid);
            if pods::succeeded(&pod) {
                if !self.indexed() && !listed {
                    done.push(uid);
                }
            } else if failed || self.end.as_ref().is_some_and(|end| !end.succeeds()) {
                let mine = !self.indexed() || self.is_index(&pod);
                if mine && !listed && judge(self.policy(), &pod).counts {
                    bad.push(uid);
                }
            }
            free.push(pod);
        }
        self.show_indexes();
        self.show_uncounted(&done, &bad);
        self.announce();
        if self.flush() {
            let backoff = self.backoff;
            self.known().backoff = backoff;
        }
        for pod in &free {
            let pod = self.ctl.api.store.get(pod.meta.id).cloned();
            pod.iter().for_each(|pod| release(pod, self.ctl));
        }
        self.settle(&mut done, &mut bad);
        self.show_uncounted(&done, &bad);
        self.finish(done.len() + bad.len());
    }
    /// Counts those of the listed that nothing holds any more.
    fn settle(&mut self, done: &mut Vec<Value>, bad: &mut Vec<Value>) {
        let held: Vec<String> = self
            .pods
            .iter()
            .filter(|p| self.ctl.api.store.get(p.meta.id).is_some_and(|now| pods::tracked(now)))
            .map(|p| self.uid(p))
            .collect();
        for (key, list) in [("succeeded", done), ("failed", bad)] {
            let before = list.len();
            list.retain(|uid| held.iter().any(|h| uid.as_str() == Some(h)));
            let count = self.status(key) + (before - list.len()) as i64;
            self.set(key, count);
        }
    }
    /// Whether an ended pod may be let go. Source: canRemoveFinalizer.
    fn may_go(&self, pod: &Object, failed: bool) -> bool {
        if self.job.meta.deleting() || self.end.is_some() || pods::succeeded(pod) {
            return true;
        }
        let waits = self.waiting.values().any(|p| p.meta.id == pod.meta.id);
        failed && !waits
    }
    fn show_indexes(&mut self) {
        if !self.indexed() {
            return;
        }
        let (text, count) = (indexes::write(&self.indexes), self.indexes.len() as i64);
        self.set("completedIndexes", text);
        self.set("succeeded", count);
        match self.failed_indexes.as_ref().map(indexes::write) {
            Some(text) => self.set("failedIndexes", text),
            None => drop(self.tree.remove_at(&["status", "failedIndexes"])),
        }
    }
    fn show_uncounted(&mut self, done: &[Value], bad: &[Value]) {
        let mut out = Map::new();
        for (key, list) in [("failed", bad), ("succeeded", done)] {
            if !list.is_empty() {
                out.set(key, list.to_vec());
            }
        }
        self.set("uncountedTerminatedPods", out);
    }
    /// The condition that stands while the pods end.
    fn announce(&mut self) {
        let Some(end) = self.end.clone() else { return };
        let last = match end.kind {
            "FailureTarget" => "Failed",
            "SuccessCriteriaMet" => "Complete",
            _ => return,
        };
        self.set_condition(end.kind, true, &end.reason, &end.message);
        self.end = Some(End { kind: last, ..end });
    }
    /// The last condition, once nothing is left to count. Source: enactJobFinished, recordJobFinished.
    fn finish(&mut self, left: usize) {
        let Some(end) = self.end.clone().filter(|_| left == 0 && self.terminating == 0) else {
            self.flush();
            return;
        };
        self.set_condition(end.kind, true, &end.reason, &end.message);
        let id = self.job.meta.id;
        if end.kind == "Complete" {
            let now = self.ctl.api.calendar.seconds(self.ctl.now());
            self.set("completionTime", now);
            self.flush();
            if self.int("completions").is_some_and(|wanted| self.status("succeeded") > wanted) {
                let words = "Too many succeeded pods running after completion count reached";
                self.ctl.warn(id, "TooManySucceededPods", words);
            }
            self.ctl.normal(id, "Completed", "Job completed");
        } else {
            self.flush();
            let reason = REASONS.iter().copied().find(|r| *r == end.reason).unwrap_or("Failed");
            self.ctl.warn(id, reason, end.message);
        }
    }
    /// Writes the status; tells whether anything changed.
    fn flush(&mut self) -> bool {
        let mut status = self.tree.get("status").cloned().unwrap_or_default();
        let members = status.make_map();
        for key in ["active", "succeeded", "failed"] {
            if members.get(key) == Some(&Value::Int(0)) {
                members.remove(key);
            }
        }
        if members.get("completedIndexes").and_then(Value::as_str) == Some("") {
            members.remove("completedIndexes");
        }
        let by = self.ctl.by(counted(self.status("active"), self.status("succeeded"), self.status("failed")));
        let written = self.ctl.api.update_status(self.job.meta.id, by, |o| {
            if let Body::Plain(tree) = &mut o.body
                && tree.get("status") != Some(&status)
            {
                Rc::make_mut(tree).set_at(&["status"], status);
            }
        });
        written.is_some()
    }
}

/// Why jobs fail. Source: kubernetes v1.37 api/batch/v1/types.go, JobReason….
const REASONS: [&str; 5] =
    ["PodFailurePolicy", "BackoffLimitExceeded", "DeadlineExceeded", "MaxFailedIndexesExceeded", "FailedIndexes"];
