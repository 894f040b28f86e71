//! Job controller: runs pods until enough have succeeded. Wakes on: Job; Pod, by owner, in batches.
//! Writes: Pod, Job status. Source: kubernetes v1.37 pkg/controller/job/{job_controller,indexed_job_utils,backoff_utils}.go.
//! Differs: FID-054.

use super::owned::{create_pod, delete_pod, managed, pod_from_template};
use super::{Controller, Ctl, Done, On, Wakes};
use crate::kubernetes::apiserver::{Change, DeleteOptions};
use crate::kubernetes::objects::pod::{ContainerState, Phase, PodSpec};
use crate::kubernetes::objects::template::Template;
use crate::kubernetes::objects::{Body, Id, Kind, Object};
use crate::map;
use crate::reasons;
use crate::sim::{Span, Time};
use crate::text::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

reasons! { "job":
    /// Fewer pods run than may.
    too_few(active, want),
    /// More pods run than may, or the job is over.
    too_many(active, want),
    /// The numbers of its pods changed.
    counted(active, succeeded, failed),
    /// It is over for long enough.
    expired(seconds),
}

/// The controller.
pub const CONTROLLER: Controller = Controller {
    name: "job-controller",
    wakes: &[On::Named("Job"), On::Rule(Kind::Pod, on_pod)],
    reconcile,
    every: None,
};

/// Changes of pods are looked at together. Source: job_controller.go, syncJobBatchPeriod.
const BATCH: Span = Span::secs(1);
/// Pause after the first failure; doubles. Source: job_controller.go, DefaultJobPodFailureBackOff.
const BACKOFF_FIRST: Span = Span::secs(10);
/// The longest pause. Source: job_controller.go, MaxJobPodFailureBackOff.
const BACKOFF_MAX: Span = Span::secs(600);
/// Source: kubernetes v1.37 api/batch/v1/types.go, JobCompletionIndexAnnotation.
const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// What each job's pods came to, also of pods that are gone.
#[derive(Clone, Debug, Default)]
pub struct Jobs(BTreeMap<Id, Finished>);

#[derive(Clone, Debug, Default)]
struct Finished {
    succeeded: BTreeSet<Id>,
    failed: BTreeSet<Id>,
    /// Taken away by the controller because there were too many: no failures.
    spared: BTreeSet<Id>,
    indexes: BTreeSet<i64>,
    last_failure: Option<Time>,
    /// Failures since the last success.
    in_a_row: u32,
}

fn on_pod(change: &Change, wakes: &mut Wakes) {
    let Some(pod) = change.object() else { return };
    let Some(job) = pod.meta.controller().filter(|c| c.kind == "Job").and_then(|c| c.id) else { return };
    wakes.later.push((job, BATCH));
    let Some(row) = pod.pod() else { return };
    let ended = finished_at(pod).unwrap_or(change.t);
    let known = wakes.memory.jobs.0.entry(job).or_default();
    let gone = change.after.is_none() || pod.meta.deleting();
    match row.status.phase {
        Phase::Succeeded if known.succeeded.insert(change.id) => {
            known.indexes.extend(index(pod));
            known.in_a_row = 0;
        }
        Phase::Succeeded => {}
        phase
            if (phase == Phase::Failed || gone && !known.spared.contains(&change.id))
                && known.failed.insert(change.id) =>
        {
            known.in_a_row += 1;
            known.last_failure = Some(known.last_failure.map_or(ended, |t| t.max(ended)));
        }
        _ => {}
    }
}

fn index(pod: &Object) -> Option<i64> {
    pod.meta.annotations.get(INDEX)?.parse().ok()
}

/// When a pod's last container ended, in whole seconds.
fn finished_at(pod: &Object) -> Option<Time> {
    let ends = pod.pod()?.status.containers.iter().filter_map(|c| match &c.state {
        ContainerState::Terminated { finished, .. } => Some(finished.whole_seconds()),
        _ => None,
    });
    ends.max()
}

struct Pass<'a, 'b> {
    ctl: &'a mut Ctl<'b>,
    job: Rc<Object>,
    tree: Rc<Value>,
    done: Finished,
    active: Vec<Rc<Object>>,
    terminating: i64,
    conditions: Vec<Value>,
    completed: Option<String>,
}

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(job) = ctl.api.store.get(id).cloned() else {
        ctl.memory.jobs.0.remove(&id);
        return Done::Settled;
    };
    let Some(tree) = job.plain().cloned().filter(|_| !job.meta.deleting()) else { return Done::Settled };
    let conditions = tree.list_at(&["status", "conditions"]).to_vec();
    let over =
        |c: &Value| matches!(c.str_at(&["type"]), Some("Complete" | "Failed")) && c.str_at(&["status"]) == Some("True");
    if let Some(end) = conditions.iter().find(|c| over(c)) {
        return expire(ctl, &job, &tree, end);
    }
    let done = ctl.memory.jobs.0.get(&id).cloned().unwrap_or_default();
    let live: Vec<Rc<Object>> =
        managed(ctl, id, Kind::Pod).filter(|p| p.pod().is_some_and(|r| !r.status.phase.ended())).cloned().collect();
    let (going, active): (Vec<_>, Vec<_>) = live.into_iter().partition(|p| p.meta.deleting());
    let terminating = going.len() as i64;
    let mut pass = Pass { ctl, job, tree, done, active, terminating, conditions, completed: None };
    pass.run().map_or(Done::Settled, Done::Again)
}

/// Source: pkg/controller/ttlafterfinished.
fn expire(ctl: &mut Ctl, job: &Object, tree: &Value, end: &Value) -> Done {
    let Some(seconds) = tree.int_at(&["spec", "ttlSecondsAfterFinished"]) else { return Done::Settled };
    let since = end.str_at(&["lastTransitionTime"]).and_then(|t| ctl.api.calendar.read(t)).unwrap_or_default();
    let at = since + Span::secs(seconds.max(0) as u64);
    if at > ctl.now() {
        return Done::Again(at.since(ctl.now()));
    }
    let by = ctl.by(expired(seconds)).reading(job, "spec.ttlSecondsAfterFinished");
    ctl.api.delete(
        job.meta.id,
        by,
        DeleteOptions {
            propagation: crate::kubernetes::apiserver::Propagation::Foreground,
            ..DeleteOptions::default()
        },
    );
    Done::Settled
}

impl Pass<'_, '_> {
    fn int(&self, key: &str) -> Option<i64> {
        self.tree.int_at(&["spec", key])
    }
    fn indexed(&self) -> bool {
        self.tree.str_at(&["spec", "completionMode"]) == Some("Indexed")
    }
    fn succeeded(&self) -> i64 {
        if self.indexed() { self.done.indexes.len() as i64 } else { self.done.succeeded.len() as i64 }
    }
    fn started(&self) -> Time {
        let written = self.tree.str_at(&["status", "startTime"]).and_then(|t| self.ctl.api.calendar.read(t));
        written.unwrap_or(self.ctl.now().whole_seconds())
    }
    /// Source: job_controller.go, syncJob.
    fn run(&mut self) -> Option<Span> {
        let suspended = self.tree.bool_at(&["spec", "suspend"]).unwrap_or(false);
        let failed = self.done.failed.len() as i64;
        let limit = self.int("backoffLimit").unwrap_or(6);
        let deadline = self.int("activeDeadlineSeconds").map(|s| self.started() + Span::secs(s.max(0) as u64));
        let now = self.ctl.now();
        let mut again = deadline.filter(|d| *d > now).map(|d| d.since(now));
        let succeeded = self.succeeded();
        let enough = match self.int("completions") {
            Some(n) => succeeded >= n,
            None => succeeded > 0 && self.active.is_empty(),
        };
        if suspended {
            self.trim(0, true);
            self.set_condition("Suspended", "True", "JobSuspended", "Job suspended");
        } else if failed > limit {
            self.fail("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        } else if deadline.is_some_and(|d| d <= now) {
            self.fail("DeadlineExceeded", "Job was active longer than specified deadline");
        } else if enough {
            self.complete();
        } else {
            if self
                .conditions
                .iter()
                .any(|c| c.str_at(&["type"]) == Some("Suspended") && c.str_at(&["status"]) == Some("True"))
            {
                self.set_condition("Suspended", "False", "JobResumed", "Job resumed");
            }
            again = self.scale().into_iter().chain(again).min_by_key(|s| s.0);
        }
        self.write_status(suspended);
        again
    }
    /// Creates or deletes pods; tells how long to wait after failures. Source: manageJob.
    fn scale(&mut self) -> Option<Span> {
        let (active, parallel) = (self.active.len() as i64, self.int("parallelism").unwrap_or(1));
        let want = match self.int("completions") {
            Some(n) => parallel.min(n - self.succeeded()),
            None if self.succeeded() > 0 => active.min(parallel),
            None => parallel,
        };
        if active > want {
            self.trim(want.max(0) as usize, true);
            return None;
        }
        let missing = want - active - self.terminating_held();
        if missing <= 0 {
            return None;
        }
        if let (Some(last), n @ 1..) = (self.done.last_failure, self.done.in_a_row) {
            let pause = BACKOFF_FIRST * 1u64.checked_shl(n - 1).unwrap_or(u64::MAX);
            let rest = (last + pause.min(BACKOFF_MAX)).since(self.ctl.now());
            if rest > Span::ZERO {
                return Some(rest);
            }
        }
        let taken: BTreeSet<i64> =
            self.active.iter().filter_map(|p| index(p)).chain(self.done.indexes.iter().copied()).collect();
        let mut free = (0..self.int("completions").unwrap_or(0)).filter(|i| !taken.contains(i));
        let indexes: Vec<Option<i64>> = (0..missing).map(|_| free.next()).collect();
        for index in indexes {
            if self.indexed() && index.is_none() {
                break;
            }
            self.create(index.filter(|_| self.indexed()), active, want);
        }
        None
    }
    /// With `podReplacementPolicy: Failed` pods that are going hold their place.
    fn terminating_held(&self) -> i64 {
        let waits = self.tree.str_at(&["spec", "podReplacementPolicy"]) == Some("Failed");
        if waits { self.terminating } else { 0 }
    }
    fn create(&mut self, index: Option<i64>, active: i64, want: i64) {
        let job = self.job.clone();
        let wish = self.tree.at(&["spec", "template"]).cloned().unwrap_or_default();
        let shared = self.ctl.memory.templates.of(job.meta.id, &wish);
        let mut template = (*shared).clone();
        if let Some(index) = index {
            template = with_index(&template, &job.meta.name, index);
        }
        let mut pod = pod_from_template(self.ctl, &template, &job);
        if let Some(index) = index {
            let prefix = format!("{}-{index}-", job.meta.name);
            pod.meta.name = super::owned::generated_name(self.ctl, Kind::Pod, &job.meta.namespace, &prefix).into();
            pod.meta.generate_name = Some(prefix.into());
        }
        match create_pod(self.ctl, pod, &template, too_few(active, want), &job, "spec.parallelism") {
            Ok(pod) => {
                self.ctl.normal(job.meta.id, "SuccessfulCreate", format!("Created pod: {}", pod.meta.name));
                self.active.push(pod);
            }
            Err(error) => {
                self.ctl.warn(job.meta.id, "FailedCreate", format!("Error creating: {}", error.message));
                self.ctl.later.push((job.meta.id, Span::secs(1)));
            }
        }
    }
    /// Deletes active pods until so many are left: those that are not ready first, then the youngest.
    fn trim(&mut self, left: usize, spare: bool) {
        self.active
            .sort_by_key(|p| (!p.pod().is_some_and(|r| r.ready()), std::cmp::Reverse((p.meta.created, p.meta.id))));
        self.active.sort_by_key(|p| p.pod().is_some_and(|r| r.ready()));
        let surplus = self.active.len().saturating_sub(left);
        let job = self.job.clone();
        for pod in self.active.drain(..surplus).collect::<Vec<_>>() {
            if spare {
                self.ctl.memory.jobs.0.entry(job.meta.id).or_default().spared.insert(pod.meta.id);
            }
            delete_pod(self.ctl, pod.meta.id, too_many(surplus, left), &job, "spec.parallelism");
            self.ctl.normal(job.meta.id, "SuccessfulDelete", format!("Deleted pod: {}", pod.meta.name));
            self.terminating += 1;
        }
    }
    fn fail(&mut self, reason: &'static str, message: &'static str) {
        self.set_condition("FailureTarget", "True", reason, message);
        self.trim(0, false);
        if self.terminating == 0 {
            self.set_condition("Failed", "True", reason, message);
            self.ctl.warn(self.job.meta.id, reason, message);
        }
    }
    fn complete(&mut self) {
        let words = "Reached expected number of succeeded pods";
        self.set_condition("SuccessCriteriaMet", "True", "CompletionsReached", words);
        self.trim(0, true);
        if self.terminating == 0 {
            self.set_condition("Complete", "True", "CompletionsReached", words);
            self.completed = Some(self.ctl.api.calendar.seconds(self.ctl.now()));
            self.ctl.normal(self.job.meta.id, "Completed", "Job completed");
        }
    }
    fn set_condition(&mut self, kind: &str, status: &str, reason: &str, message: &str) {
        let now = self.ctl.api.calendar.seconds(self.ctl.now());
        let at = self.conditions.iter().position(|c| c.str_at(&["type"]) == Some(kind));
        if at.is_some_and(|at| self.conditions[at].str_at(&["status"]) == Some(status)) {
            return;
        }
        let new = Value::Map(map! {
            "lastProbeTime" => now.as_str(), "lastTransitionTime" => now.as_str(), "message" => message, "reason" => reason,
            "status" => status, "type" => kind,
        });
        match at {
            Some(at) => self.conditions[at] = new,
            None => self.conditions.push(new),
        }
    }
    fn write_status(&mut self, suspended: bool) {
        let (active, succeeded, failed) = (self.active.len() as i64, self.succeeded(), self.done.failed.len() as i64);
        let mut status = Map::new();
        for (key, n) in [("active", active), ("succeeded", succeeded), ("failed", failed)] {
            if n != 0 {
                status.set(key, n);
            }
        }
        if self.indexed() && !self.done.indexes.is_empty() {
            status.set("completedIndexes", ranges(&self.done.indexes));
        }
        if let Some(at) = self.completed.take() {
            status.set("completionTime", at);
        }
        if !self.conditions.is_empty() {
            status.set("conditions", self.conditions.clone());
        }
        let ready = self.active.iter().filter(|p| p.pod().is_some_and(|r| r.ready())).count();
        status.set("ready", ready as i64);
        if !suspended {
            status.set("startTime", self.ctl.api.calendar.seconds(self.started()));
        }
        status.set("terminating", self.terminating);
        status.set("uncountedTerminatedPods", Map::new());
        let by = self.ctl.by(counted(active, succeeded, failed));
        self.ctl.api.update_status(self.job.meta.id, by, |o| {
            if let Body::Plain(tree) = &mut o.body {
                Rc::make_mut(tree).set_at(&["status"], status);
            }
        });
    }
}

/// A template for one index. Source: indexed_job_utils.go, addCompletionIndexEnvVariables, addCompletionIndexLabel.
fn with_index(template: &Template, job: &str, index: i64) -> Template {
    let mut out = template.clone();
    out.labels.set(INDEX, index.to_string());
    out.annotations.set(INDEX, index.to_string());
    let mut spec = template.spec.tree.clone();
    spec.set_at(&["hostname"], format!("{job}-{index}"));
    let field = map! { "fieldPath" => format!("metadata.labels['{INDEX}']") };
    let variable = map! { "name" => "JOB_COMPLETION_INDEX", "valueFrom" => map! { "fieldRef" => field } };
    let with_variable = |c: &Value| {
        let mut c = c.clone();
        let mut env = c.list_at(&["env"]).to_vec();
        env.push(Value::Map(variable.clone()));
        c.set_at(&["env"], env);
        c
    };
    let containers: Vec<Value> = spec.list_at(&["containers"]).iter().map(with_variable).collect();
    spec.set_at(&["containers"], containers);
    out.spec = Rc::new(PodSpec::read(&spec));
    out
}

/// `0-2,4`. Source: indexed_job_utils.go, orderedIntervals.String.
fn ranges(indexes: &BTreeSet<i64>) -> String {
    let mut out: Vec<(i64, i64)> = Vec::new();
    for i in indexes {
        match out.last_mut() {
            Some((_, last)) if *last + 1 == *i => *last = *i,
            _ => out.push((*i, *i)),
        }
    }
    let one = |(a, b): &(i64, i64)| match b - a {
        0 => a.to_string(),
        1 => format!("{a},{b}"),
        _ => format!("{a}-{b}"),
    };
    out.iter().map(one).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_written_short() {
        assert_eq!(ranges(&[0, 1, 2, 4, 6, 7].into_iter().collect()), "0-2,4,6,7");
        assert_eq!(ranges(&BTreeSet::new()), "");
    }
}
