//! Making and deleting the pods of a job. Source: kubernetes v1.37 pkg/controller/job/job_controller.go, manageJob.

use super::pods::{self, INDEX, INDEX_FAILURES, INDEX_IGNORED, TRACKING, judge};
use super::sync::Pass;
use super::{release, too_few, too_many};
use crate::kubernetes::controllers::owned::{create_pod, delete_pod, generated_name, pod_from_template};
use crate::kubernetes::objects::pod::PodSpec;
use crate::kubernetes::objects::template::Template;
use crate::kubernetes::objects::{Kind, Object};
use crate::map;
use crate::sim::{Span, Time};
use crate::text::{Value, Word};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Pause after the first failure; doubles. Source: job_controller.go, DefaultJobPodFailureBackOff.
const BACKOFF_FIRST: Span = Span::secs(10);
/// The longest pause. Source: job_controller.go, MaxJobPodFailureBackOff.
const BACKOFF_MAX: Span = Span::secs(600);
/// How many pods one pass makes or deletes at most. Source: job_controller.go, MaxPodCreateDeletePerSync.
const PER_PASS: i64 = 500;

/// What is left of the pause after so many failures. Source: backoff_utils.go, getRemainingTimeForFailuresCount.
fn rest(failures: u32, last: Option<Time>, now: Time) -> Span {
    let Some(last) = last.filter(|_| failures > 0) else { return Span::ZERO };
    let pause = BACKOFF_FIRST * 1u64.checked_shl(failures - 1).unwrap_or(u64::MAX);
    (last + pause.min(BACKOFF_MAX)).since(now)
}

impl Pass<'_, '_> {
    /// Makes or deletes pods; tells how many are active then.
    pub fn manage(&mut self) -> i64 {
        let active = self.active.len() as i64;
        if self.suspended() {
            return active - self.remove(active, 0);
        }
        let parallelism = self.int("parallelism").unwrap_or(1);
        let want = match self.int("completions") {
            Some(wanted) => (wanted - self.succeeded).min(parallelism).max(0),
            None if self.succeeded > 0 => active,
            None => parallelism,
        };
        let removed = self.remove((active - want).max(0), want);
        if removed > 0 {
            return active - removed;
        }
        let held = if self.only_failed() { self.terminating } else { 0 };
        let missing = (want - held - active).min(PER_PASS);
        if missing <= 0 {
            return active;
        }
        let now = self.ctl.now();
        if !self.per_index() {
            let pause = rest(self.backoff.failures, self.backoff.last, now);
            if pause > Span::ZERO {
                self.look_again(pause);
                return active;
            }
        }
        let indexes: Vec<Option<i64>> = if self.indexed() {
            let Some(indexes) = self.free_indexes(missing as usize) else { return active };
            indexes.into_iter().map(Some).collect()
        } else {
            vec![None; missing as usize]
        };
        active + self.create_all(&indexes, active, want)
    }
    /// The indexes that may get a pod now; none at all when one must be waited for.
    /// Source: firstPendingIndexes, getPodCreationInfoForIndependentIndexes.
    fn free_indexes(&mut self, count: usize) -> Option<Vec<i64>> {
        let mut taken: BTreeSet<i64> = self.indexes.clone();
        taken.extend(self.active.iter().filter_map(|p| pods::index(p)));
        taken.extend(self.failed_indexes.iter().flatten());
        if self.only_failed() {
            let going = self.pods.iter().filter(|p| p.meta.deleting() && !pods::ended(p));
            taken.extend(going.filter_map(|p| pods::index(p)));
        }
        let free = (0..self.int("completions").unwrap_or(0)).filter(|i| !taken.contains(i)).take(count);
        if !self.per_index() {
            return Some(free.collect());
        }
        let now = self.ctl.now();
        let (mut out, mut soonest) = (Vec::new(), None::<Span>);
        for index in free.collect::<Vec<_>>() {
            let pause = self.waiting.get(&index).map_or(Span::ZERO, |pod| {
                let (failed, ignored) = pods::failures(pod);
                rest((failed + ignored + 1) as u32, Some(pods::finished(pod)), now)
            });
            match pause {
                Span::ZERO => out.push(index),
                pause => soonest = Some(soonest.map_or(pause, |s| s.min(pause))),
            }
        }
        match soonest.filter(|_| out.is_empty()) {
            Some(pause) => {
                self.look_again(pause);
                None
            }
            None => Some(out),
        }
    }
    /// Makes pods in batches of 1, 2, 4 …; tells how many.
    fn create_all(&mut self, indexes: &[Option<i64>], active: i64, want: i64) -> i64 {
        let (mut at, mut batch, mut made) = (0, 1, 0);
        while at < indexes.len() {
            for index in indexes.iter().skip(at).take(batch) {
                made += i64::from(self.create(*index, active, want));
            }
            if self.refused {
                break;
            }
            at += batch;
            batch *= 2;
        }
        made
    }
    fn create(&mut self, index: Option<i64>, active: i64, want: i64) -> bool {
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
            pod.meta.name = generated_name(self.ctl, Kind::Pod, &job.meta.namespace, &prefix).into();
            pod.meta.generate_name = Some(prefix.into());
            if self.per_index() {
                self.note_failures(&mut pod, index);
            }
        }
        if !pods::tracked(&pod) {
            pod.meta.finalizers.push(Word::Fixed(TRACKING));
        }
        match create_pod(self.ctl, pod, &template, too_few(active, want), &job, "spec.parallelism") {
            Ok(pod) => {
                self.ctl.normal(job.meta.id, "SuccessfulCreate", format!("Created pod: {}", pod.meta.name));
                true
            }
            Err(_) if self.ctl.api.is_terminating(&job.meta.namespace) => false,
            Err(error) => {
                self.ctl.warn(job.meta.id, "FailedCreate", format!("Error creating: {}", error.message));
                self.refused = true;
                false
            }
        }
    }
    /// Source: indexed_job_utils.go, addIndexFailureCountAnnotation.
    fn note_failures(&self, pod: &mut Object, index: i64) {
        let (mut failed, mut ignored) = (0, 0);
        if let Some(before) = self.waiting.get(&index) {
            (failed, ignored) = pods::failures(before);
            match judge(self.policy(), before).counts {
                true => failed += 1,
                false => ignored += 1,
            }
        }
        pod.meta.annotations.set(INDEX_FAILURES, failed.to_string());
        if ignored > 0 {
            pod.meta.annotations.set(INDEX_IGNORED, ignored.to_string());
        }
    }
    /// Deletes at least so many active pods, and those whose index is another's or none; tells how many. They are no
    /// failures. Source: activePodsForRemoval, deleteJobPods.
    fn remove(&mut self, least: i64, want: i64) -> i64 {
        let mut left = self.active.clone();
        left.sort_by_key(|p| pods::order(p));
        let mut go: Vec<Rc<Object>> = Vec::new();
        if self.indexed() {
            let mut kept: BTreeSet<i64> = BTreeSet::new();
            // The last of several with one index stays.
            for at in (0..left.len()).rev() {
                let index = pods::index(&left[at]).filter(|_| self.is_index(&left[at]));
                if !index.is_some_and(|i| kept.insert(i)) {
                    go.push(left.remove(at));
                }
            }
        }
        let more = (least as usize).saturating_sub(go.len()).min(left.len());
        go.extend(left.drain(..more));
        go.truncate(PER_PASS as usize);
        for pod in &go {
            release(pod, self.ctl);
            self.delete(pod, want);
        }
        go.len() as i64
    }
    fn delete(&mut self, pod: &Object, want: i64) {
        let job = self.job.clone();
        let why = too_many(self.active.len() as i64, want);
        delete_pod(self.ctl, pod.meta.id, why, &job, "spec.parallelism");
        self.ctl.normal(job.meta.id, "SuccessfulDelete", format!("Deleted pod: {}", pod.meta.name));
        self.terminating += 1;
        self.ready -= i64::from(pods::ready(pod));
    }
    /// The job is over: its pods go, and are counted. Source: deleteActivePods.
    pub fn delete_active(&mut self) {
        for pod in self.active.clone() {
            self.delete(&pod, 0);
        }
    }
}

/// A template for one index. Source: indexed_job_utils.go, addCompletionIndexEnvVariables, addCompletionIndexLabel.
fn with_index(template: &Template, job: &str, index: i64) -> Template {
    const VARIABLE: &str = "JOB_COMPLETION_INDEX";
    let mut out = template.clone();
    out.labels.set(INDEX, index.to_string());
    out.annotations.set(INDEX, index.to_string());
    let mut spec = template.spec.tree.clone();
    spec.set_at(&["hostname"], format!("{job}-{index}"));
    let field = map! { "fieldPath" => format!("metadata.labels['{INDEX}']") };
    let variable = map! { "name" => VARIABLE, "valueFrom" => map! { "fieldRef" => field } };
    let with_variable = |c: &Value| {
        let mut c = c.clone();
        let mut env = c.list_at(&["env"]).to_vec();
        if !env.iter().any(|v| v.str_at(&["name"]) == Some(VARIABLE)) {
            env.push(Value::Map(variable.clone()));
            c.set_at(&["env"], env);
        }
        c
    };
    for list in ["initContainers", "containers"] {
        let containers: Vec<Value> = spec.list_at(&[list]).iter().map(with_variable).collect();
        if !containers.is_empty() {
            spec.set_at(&[list], containers);
        }
    }
    out.spec = Rc::new(PodSpec::read(&spec));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_minutes() {
        let after = |failures: u32| rest(failures, Some(Time::secs(100)), Time::secs(105)).as_millis() / 1000;
        assert_eq!([0, 1, 2, 3].map(after), [0, 5, 15, 35]);
        assert_eq!([7, 8, 60, 70].map(after), [595, 595, 595, 595]);
    }
}
