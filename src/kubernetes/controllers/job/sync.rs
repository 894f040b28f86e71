//! One pass over a job: what its pods came to, whether it is over, and what to do about it.
//! Source: kubernetes v1.37 pkg/controller/job/job_controller.go, syncJob.

use super::indexes::{self, Indexes, meets_policy};
use super::pods::{self, judge};
use super::{Backoff, Known, RETRY_FIRST, RETRY_MAX};
use crate::kubernetes::controllers::owned::managed;
use crate::kubernetes::controllers::{Ctl, Done};
use crate::kubernetes::objects::{Kind, Object};
use crate::map;
use crate::sim::{Span, Time};
use crate::text::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How a job ends, or is about to.
#[derive(Clone, Debug)]
pub struct End {
    /// `FailureTarget`, `Failed`, `SuccessCriteriaMet`, `Complete`.
    pub kind: &'static str,
    pub reason: String,
    pub message: String,
}

impl End {
    fn failing(reason: &str, message: impl Into<String>) -> Option<Self> {
        Some(End { kind: "FailureTarget", reason: reason.into(), message: message.into() })
    }
    pub fn succeeds(&self) -> bool {
        self.kind == "SuccessCriteriaMet"
    }
}

/// A pass at work.
pub struct Pass<'a, 'b> {
    pub ctl: &'a mut Ctl<'b>,
    pub job: Rc<Object>,
    /// The job's tree with the status as it will be.
    pub tree: Value,
    pub pods: Vec<Rc<Object>>,
    /// Pods that have neither ended nor are being deleted.
    pub active: Vec<Rc<Object>>,
    pub ready: i64,
    pub terminating: i64,
    pub succeeded: i64,
    pub failed: i64,
    pub backoff: Backoff,
    /// Indexes that had succeeded before this pass.
    pub indexes_before: Indexes,
    pub indexes: Indexes,
    /// With limits for single indexes: those that failed.
    pub failed_indexes: Option<Indexes>,
    /// Failed pods that are kept until another takes their index.
    pub waiting: BTreeMap<i64, Rc<Object>>,
    pub end: Option<End>,
    pub again: Option<Span>,
    pub refused: bool,
}

impl<'a, 'b> Pass<'a, 'b> {
    pub fn new(ctl: &'a mut Ctl<'b>, job: Rc<Object>, tree: Value) -> Self {
        let pods: Vec<Rc<Object>> = managed(ctl, job.meta.id, Kind::Pod).cloned().collect();
        let active: Vec<Rc<Object>> = pods.iter().filter(|p| !pods::ended(p) && !p.meta.deleting()).cloned().collect();
        Pass {
            ready: active.iter().filter(|p| pods::ready(p)).count() as i64,
            terminating: pods.iter().filter(|p| !pods::ended(p) && p.meta.deleting()).count() as i64,
            ctl,
            job,
            tree,
            pods,
            active,
            succeeded: 0,
            failed: 0,
            backoff: Backoff::default(),
            indexes_before: Indexes::new(),
            indexes: Indexes::new(),
            failed_indexes: None,
            waiting: BTreeMap::new(),
            end: None,
            again: None,
            refused: false,
        }
    }
    pub fn int(&self, key: &str) -> Option<i64> {
        self.tree.int_at(&["spec", key])
    }
    pub fn status(&self, key: &str) -> i64 {
        self.tree.int_at(&["status", key]).unwrap_or(0)
    }
    pub fn uncounted(&self, key: &str) -> Vec<Value> {
        self.tree.list_at(&["status", "uncountedTerminatedPods", key]).to_vec()
    }
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.tree.set_at(&["status", key], value);
    }
    pub fn indexed(&self) -> bool {
        self.tree.str_at(&["spec", "completionMode"]) == Some("Indexed")
    }
    pub fn suspended(&self) -> bool {
        self.tree.bool_at(&["spec", "suspend"]) == Some(true)
    }
    pub fn per_index(&self) -> bool {
        self.indexed() && self.int("backoffLimitPerIndex").is_some()
    }
    pub fn policy(&self) -> Option<&Value> {
        self.tree.at(&["spec", "podFailurePolicy"]).filter(|p| !p.is_null())
    }
    /// Whether pods that are being deleted are waited for. Source: onlyReplaceFailedPods.
    pub fn only_failed(&self) -> bool {
        self.tree.str_at(&["spec", "podReplacementPolicy"]) == Some("Failed") || self.policy().is_some()
    }
    pub fn pod_failed(&self, pod: &Object) -> bool {
        pods::failed(pod, self.only_failed())
    }
    pub fn uid(&self, pod: &Object) -> String {
        self.ctl.api.calendar.uid(pod.meta.id)
    }
    /// Whether an index is one of the job's.
    pub fn is_index(&self, pod: &Object) -> bool {
        let completions = self.int("completions").unwrap_or(0);
        pods::index(pod).is_some_and(|i| i < completions)
    }
    /// Pods that are not counted yet and pass a test. Source: getValidPodsWithFilter.
    fn valid(&self, counted: &[Value], test: impl Fn(&Object) -> bool) -> Vec<Rc<Object>> {
        let fits = |p: &&Rc<Object>| {
            let known = counted.iter().any(|u| u.as_str() == Some(&self.uid(p)));
            pods::tracked(p) && !known && (!self.indexed() || self.is_index(p)) && test(p)
        };
        self.pods.iter().filter(fits).cloned().collect()
    }

    /// Works on the job and writes its status.
    pub fn run(mut self) -> Done {
        let id = self.job.meta.id;
        self.count();
        self.judge();
        if self.indexed() {
            self.judge_indexes();
        }
        let mut active = self.active.len() as i64;
        if self.end.is_some() {
            self.delete_active();
            active = 0;
        } else {
            if !self.job.meta.deleting() {
                active = self.manage();
            }
            if self.enough(active) {
                let words = "Reached expected number of succeeded pods";
                self.end = Some(End {
                    kind: "SuccessCriteriaMet",
                    reason: "CompletionsReached".into(),
                    message: words.into(),
                });
            } else if !self.job.meta.deleting() {
                self.note_suspension();
            }
        }
        self.track(active);
        let (again, refused) = (self.again, self.refused);
        let known = self.ctl.memory.jobs.0.entry(id).or_default();
        known.refused = if refused { (known.refused + 1).min(16) } else { 0 };
        if refused {
            return Done::Again((RETRY_FIRST * (1u64 << (known.refused - 1))).min(RETRY_MAX));
        }
        again.map_or(Done::Settled, Done::Again)
    }
    fn count(&mut self) {
        let (done, bad) = (self.uncounted("succeeded"), self.uncounted("failed"));
        let mut good = self.valid(&done, pods::succeeded);
        let mut ill = self.valid(&bad, |p| self.pod_failed(p));
        self.succeeded = self.status("succeeded") + (good.len() + done.len()) as i64;
        let counts = ill.iter().filter(|p| judge(self.policy(), p).counts).count();
        self.failed = self.status("failed") + (counts + bad.len()) as i64;
        if self.tree.at(&["status", "startTime"]).is_none() && !self.suspended() {
            let now = self.ctl.api.calendar.seconds(self.ctl.now());
            self.set("startTime", now);
        }
        let known = self.ctl.memory.jobs.0.get(&self.job.meta.id).map(|k| k.backoff).unwrap_or_default();
        self.backoff = backoff(known, &mut good, &mut ill);
    }
    /// Whether the job as a whole is over.
    fn judge(&mut self) {
        if let Some(met) = self.condition("SuccessCriteriaMet") {
            self.end = Some(End { kind: "SuccessCriteriaMet", ..met });
            return;
        }
        if let Some(target) = self.condition("FailureTarget") {
            self.end = Some(End { kind: "Failed", ..target });
            return;
        }
        let fails = |p: &Rc<Object>| judge(self.policy(), p).fails_job.filter(|_| self.pod_failed(p));
        if let Some(words) = self.pods.iter().find_map(fails) {
            self.end = End::failing("PodFailurePolicy", words);
        } else if self.failed > self.limit() || self.restarted_too_often() {
            self.end = End::failing("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        } else if let Some(seconds) = self.int("activeDeadlineSeconds").filter(|_| !self.suspended()) {
            let started = self.tree.str_at(&["status", "startTime"]).and_then(|t| self.ctl.api.calendar.read(t));
            let due = started.unwrap_or_default() + Span::secs(seconds.max(0) as u64);
            if due <= self.ctl.now() {
                self.end = End::failing("DeadlineExceeded", "Job was active longer than specified deadline");
            } else {
                self.look_again(due.since(self.ctl.now()));
            }
        }
    }
    fn limit(&self) -> i64 {
        let default = if self.per_index() { i64::from(i32::MAX) } else { 6 };
        self.int("backoffLimit").unwrap_or(default)
    }
    /// Source: pastBackoffLimitOnFailure.
    fn restarted_too_often(&self) -> bool {
        if self.tree.str_at(&["spec", "template", "spec", "restartPolicy"]) != Some("OnFailure") {
            return false;
        }
        let live = self.pods.iter().filter(|p| !pods::ended(p)).filter_map(|p| p.pod());
        let containers = live.flat_map(|p| p.status.containers.iter().chain(&p.status.init_containers));
        let restarts: i64 = containers.map(|c| i64::from(c.restarts)).sum();
        restarts >= self.limit().max(1)
    }
    pub fn look_again(&mut self, pause: Span) {
        self.again = Some(self.again.map_or(pause, |a| a.min(pause)));
    }
    fn judge_indexes(&mut self) {
        let completions = self.int("completions").unwrap_or(0);
        let written =
            |tree: &Value, key: &str| indexes::read(tree.str_at(&["status", key]).unwrap_or_default(), completions);
        self.indexes_before = written(&self.tree, "completedIndexes");
        self.indexes = self.indexes_before.clone();
        let new = self.pods.iter().filter(|p| pods::succeeded(p) && pods::tracked(p) && self.is_index(p));
        let new: Vec<i64> = new.filter_map(|p| pods::index(p)).collect();
        self.indexes.extend(new);
        self.succeeded = self.indexes.len() as i64;
        if self.per_index() {
            let mut failed = written(&self.tree, "failedIndexes");
            let new = self.pods.iter().filter(|p| self.is_index(p) && pods::tracked(p) && self.index_failed(p));
            failed.extend(new.filter_map(|p| pods::index(p)));
            let (bad, all) = (failed.len() as i64, (failed.len() + self.indexes.len()) as i64);
            if self.end.is_none() {
                if self.int("maxFailedIndexes").is_some_and(|most| bad > most) {
                    let words = "Job has exceeded the specified maximal number of failed indexes";
                    self.end = End::failing("MaxFailedIndexesExceeded", words);
                } else if bad > 0 && all >= completions {
                    self.end = End::failing("FailedIndexes", "Job has failed indexes");
                }
            }
            self.failed_indexes = Some(failed);
            self.waiting = self.waiting_pods();
        }
        let policy = self.tree.at(&["spec", "successPolicy"]).filter(|p| !p.is_null());
        if self.end.is_none()
            && let Some(message) = meets_policy(policy, completions, &self.indexes)
        {
            self.end = Some(End { kind: "SuccessCriteriaMet", reason: "SuccessPolicy".into(), message });
        }
    }
    /// Source: indexed_job_utils.go, isIndexFailed.
    fn index_failed(&self, pod: &Object) -> bool {
        let verdict = judge(self.policy(), pod);
        let limit = self.int("backoffLimitPerIndex").unwrap_or(0);
        self.pod_failed(pod) && (verdict.fails_index || verdict.counts && pods::failures(pod).0 >= limit)
    }
    /// Source: indexed_job_utils.go, getPodsWithDelayedDeletionPerIndex.
    fn waiting_pods(&self) -> BTreeMap<i64, Rc<Object>> {
        let busy: BTreeSet<i64> = self.active.iter().filter_map(|p| pods::index(p)).collect();
        let mut out: BTreeMap<i64, Rc<Object>> = BTreeMap::new();
        let total = |p: &Object| pods::failures(p).0 + pods::failures(p).1;
        for pod in self.valid(&[], |p| self.pod_failed(p)) {
            let Some(index) = pods::index(&pod) else { continue };
            let done = self.indexes.contains(&index) || self.failed_indexes.iter().any(|f| f.contains(&index));
            let newer = |old: &Rc<Object>| total(old) <= total(&pod) && pods::finished(&pod) >= pods::finished(old);
            if !done && !busy.contains(&index) && out.get(&index).is_none_or(newer) {
                out.insert(index, pod);
            }
        }
        out
    }
    fn enough(&self, active: i64) -> bool {
        active == 0
            && match self.int("completions") {
                Some(wanted) => self.succeeded >= wanted,
                None => self.succeeded > 0,
            }
    }
    fn note_suspension(&mut self) {
        let id = self.job.meta.id;
        if self.suspended() {
            if self.set_condition("Suspended", true, "JobSuspended", "Job suspended") {
                self.ctl.normal(id, "Suspended", "Job suspended");
            }
            self.tree.remove_at(&["status", "startTime"]);
        } else if self.set_condition("Suspended", false, "JobResumed", "Job resumed") {
            self.ctl.normal(id, "Resumed", "Job resumed");
            let now = self.ctl.api.calendar.seconds(self.ctl.now());
            self.set("startTime", now);
        }
    }
    /// A condition that is True.
    fn condition(&self, kind: &'static str) -> Option<End> {
        let all = self.tree.list_at(&["status", "conditions"]);
        let is = |c: &&Value| c.str_at(&["type"]) == Some(kind) && c.str_at(&["status"]) == Some("True");
        let text = |c: &Value, key: &str| c.str_at(&[key]).unwrap_or_default().to_string();
        all.iter().find(is).map(|c| End { kind, reason: text(c, "reason"), message: text(c, "message") })
    }
    /// Tells whether it changed. Source: ensureJobConditionStatus: nothing does not become False.
    pub fn set_condition(&mut self, kind: &str, status: bool, reason: &str, message: &str) -> bool {
        let word = if status { "True" } else { "False" };
        let mut all = self.tree.list_at(&["status", "conditions"]).to_vec();
        let at = all.iter().position(|c| c.str_at(&["type"]) == Some(kind));
        let same = |c: &Value| {
            [("status", word), ("reason", reason), ("message", message)].iter().all(|(k, v)| c.str_at(&[k]) == Some(v))
        };
        if at.map_or(!status, |at| same(&all[at])) {
            return false;
        }
        let now = self.ctl.api.calendar.seconds(self.ctl.now());
        let new = Value::Map(map! {
            "lastProbeTime" => now.as_str(), "lastTransitionTime" => now.as_str(), "message" => message, "reason" => reason,
            "status" => word, "type" => kind,
        });
        match at {
            Some(at) => all[at] = new,
            None => all.push(new),
        }
        self.set("conditions", all);
        true
    }
    pub fn known(&mut self) -> &mut Known {
        self.ctl.memory.jobs.0.entry(self.job.meta.id).or_default()
    }
}

/// Source: backoff_utils.go, newBackoffRecord.
fn backoff(old: Backoff, good: &mut [Rc<Object>], ill: &mut [Rc<Object>]) -> Backoff {
    ill.sort_by_key(|p| pods::finished(p));
    let Some(last_success) = good.iter().map(|p| pods::finished(p)).max() else {
        let last: Option<Time> = ill.last().map(|p| pods::finished(p));
        return Backoff { failures: old.failures + ill.len() as u32, last: last.or(old.last) };
    };
    let later: Vec<Time> = ill.iter().map(|p| pods::finished(p)).filter(|t| *t > last_success).collect();
    Backoff { failures: later.len() as u32, last: later.last().copied() }
}
