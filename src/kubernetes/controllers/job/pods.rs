//! What a Job's controller reads of one pod: its index, whether it failed, when it ended, which rule its failure matches.
//! Source: kubernetes v1.37 pkg/controller/job/{job_controller,backoff_utils,pod_failure_policy}.go.

use crate::kubernetes::objects::pod::{ContainerState, ContainerStatus, Phase};
use crate::kubernetes::objects::{Object, Tri};
use crate::sim::Time;
use crate::text::Value;
use std::cmp::Reverse;

/// Source: kubernetes v1.37 api/batch/v1/types.go, JobCompletionIndexAnnotation.
pub const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// Source: same file, JobIndexFailureCountAnnotation.
pub const INDEX_FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
/// Source: same file, JobIndexIgnoredFailureCountAnnotation.
pub const INDEX_IGNORED: &str = "batch.kubernetes.io/job-index-ignored-failure-count";
/// Holds an ended pod until it is counted. Source: same file, JobTrackingFinalizer.
pub const TRACKING: &str = "batch.kubernetes.io/job-tracking";

fn phase(pod: &Object) -> Phase {
    pod.pod().map(|p| p.status.phase).unwrap_or_default()
}

/// Whether it has succeeded.
pub fn succeeded(pod: &Object) -> bool {
    phase(pod) == Phase::Succeeded
}

/// Whether it has ended.
pub fn ended(pod: &Object) -> bool {
    phase(pod).ended()
}

/// Whether it is ready.
pub fn ready(pod: &Object) -> bool {
    pod.pod().is_some_and(|p| p.ready())
}

/// Whether it is not counted yet.
pub fn tracked(pod: &Object) -> bool {
    pod.meta.finalizers.iter().any(|f| f == TRACKING)
}

/// Its completion index.
pub fn index(pod: &Object) -> Option<i64> {
    pod.meta.annotations.get(INDEX)?.parse().ok().filter(|i| *i >= 0)
}

/// Whether it counts as failed; `only_failed` when pods that are being deleted are waited for.
/// Source: job_controller.go, isPodFailed.
pub fn failed(pod: &Object, only_failed: bool) -> bool {
    phase(pod) == Phase::Failed || !only_failed && pod.meta.deleting() && !succeeded(pod)
}

fn note(pod: &Object, key: &str) -> i64 {
    pod.meta.annotations.get(key).and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// (failures of its index before it, ignored ones).
pub fn failures(pod: &Object) -> (i64, i64) {
    (note(pod, INDEX_FAILURES), note(pod, INDEX_IGNORED))
}

/// When it ended. Source: backoff_utils.go, getFinishedTime.
pub fn finished(pod: &Object) -> Time {
    let Some(row) = pod.pod() else { return pod.meta.created };
    let end = |c: &ContainerStatus| match &c.state {
        ContainerState::Terminated { finished, .. } => Some(finished.whole_seconds()),
        _ => None,
    };
    let ends: Option<Vec<Time>> = row.status.containers.iter().map(end).collect();
    if let Some(last) = ends.and_then(|all| all.into_iter().max()) {
        return last;
    }
    if let Some(unready) = row.condition("Ready").filter(|c| c.status == Tri::False) {
        return unready.changed.whole_seconds();
    }
    match pod.meta.deletion {
        Some(deletion) => Time(deletion.at.0.saturating_sub(deletion.grace.0)),
        None => pod.meta.created,
    }
}

/// Which pods go first when too many run: the earlier in their life the sooner.
/// Source: pkg/controller/controller_utils.go, ActivePods.Less.
pub fn order(pod: &Object) -> impl Ord + use<> {
    let row = pod.pod();
    let since = row.and_then(|p| p.condition("Ready")).filter(|c| c.status == Tri::True).map(|c| c.changed);
    let stage = match phase(pod) {
        Phase::Pending => 0,
        Phase::Running => 2,
        _ => 1,
    };
    let restarts = row.into_iter().flat_map(|p| &p.status.containers).map(|c| c.restarts).max();
    let placed = row.is_some_and(|p| p.node.is_some());
    (placed, stage, since.is_some(), Reverse(since), Reverse(restarts), Reverse(pod.meta.created))
}

/// What a failure policy says to a failed pod.
pub struct Match {
    /// Why the whole job fails.
    pub fails_job: Option<String>,
    /// Whether the failure counts.
    pub counts: bool,
    /// Whether the pod's index fails at once.
    pub fails_index: bool,
}

/// Source: pod_failure_policy.go, matchPodFailurePolicy.
pub fn judge(policy: Option<&Value>, pod: &Object) -> Match {
    let default = Match { fails_job: None, counts: true, fails_index: false };
    let rules = policy.map(|p| p.list_at(&["rules"])).unwrap_or_default();
    for (at, rule) in rules.iter().enumerate() {
        let action = rule.str_at(&["action"]).unwrap_or_default();
        let Some(what) = matched(rule, pod) else { continue };
        return match action {
            "Ignore" => Match { counts: false, ..default },
            "Count" => default,
            "FailIndex" => Match { fails_index: true, ..default },
            "FailJob" => Match { fails_job: Some(format!("{what} matching FailJob rule at index {at}")), ..default },
            _ => continue,
        };
    }
    default
}

/// What of a pod matches a rule, in the real words.
fn matched(rule: &Value, pod: &Object) -> Option<String> {
    let (namespace, name) = (&pod.meta.namespace, &pod.meta.name);
    let status = &pod.pod()?.status;
    if let Some(wish) = rule.get("onExitCodes").filter(|v| !v.is_null()) {
        let mut all = status.containers.iter().chain(&status.init_containers);
        return all.find_map(|c| {
            let code = exit_code(&c.state).filter(|code| *code != 0 && fits(wish, &c.name, *code))?;
            Some(format!("Container {} for pod {namespace}/{name} failed with exit code {code}", c.name))
        });
    }
    let patterns = rule.list_at(&["onPodConditions"]);
    let fits = |kind: &str, status: &str| {
        patterns.iter().any(|p| p.str_at(&["type"]) == Some(kind) && p.str_at(&["status"]).unwrap_or("True") == status)
    };
    let condition = status.conditions.iter().find(|c| fits(&c.kind, c.status.word()))?;
    Some(format!("Pod {namespace}/{name} has condition {}", condition.kind))
}

fn exit_code(state: &ContainerState) -> Option<i64> {
    match state {
        ContainerState::Terminated { exit, .. } => Some(i64::from(*exit)),
        _ => None,
    }
}

fn fits(wish: &Value, container: &str, code: i64) -> bool {
    let named = wish.str_at(&["containerName"]).is_none_or(|name| name == container);
    let listed = wish.list_at(&["values"]).iter().any(|v| v.as_int() == Some(code));
    named
        && match wish.str_at(&["operator"]) {
            Some("In") => listed,
            Some("NotIn") => !listed,
            _ => false,
        }
}
