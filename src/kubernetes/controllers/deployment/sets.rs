//! What can be said of a Deployment's ReplicaSets: which is the new one, sums, orders, revisions, shares.
//! Source: kubernetes v1.37 pkg/controller/deployment/util/deployment_util.go, pkg/controller/controller_utils.go.

use super::fenceposts::max_surge;
use crate::kubernetes::objects::deployment::Deployment;
use crate::kubernetes::objects::replica_set::ReplicaSet;
use crate::kubernetes::objects::template::Template;
use crate::kubernetes::objects::{Labels, Object};
use std::cmp::{Ordering, Reverse};
use std::rc::Rc;

/// Annotation with the number of a rollout. Source: deployment_util.go, RevisionAnnotation.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// Numbers a set had in earlier rollouts. Source: same, RevisionHistoryAnnotation.
pub const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// Wanted replicas when the set was last scaled. Source: same, DesiredReplicasAnnotation.
pub const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
/// The same and the surge. Source: same, MaxReplicasAnnotation.
pub const MAX: &str = "deployment.kubernetes.io/max-replicas";
/// Label that tells a Deployment's sets apart. Source: apps/v1 types.go, DefaultDeploymentUniqueLabelKey.
pub const HASH_LABEL: &str = "pod-template-hash";

/// A ReplicaSet as it was read at the start of a pass.
pub type Set = Rc<Object>;

/// The row of a set. Sets that are none count as empty.
pub fn row(set: &Set) -> ReplicaSet {
    set.replica_set().cloned().unwrap_or_default()
}

fn number(set: &Set, of: impl Fn(&ReplicaSet) -> i32) -> i32 {
    set.replica_set().map_or(0, of)
}

/// Wanted replicas of a set.
pub fn wanted(set: &Set) -> i32 {
    number(set, |r| r.replicas)
}

/// Available replicas of a set.
pub fn available(set: &Set) -> i32 {
    number(set, |r| r.status.available)
}

/// A sum over sets.
pub fn sum(sets: &[Set], of: impl Fn(&ReplicaSet) -> i32) -> i32 {
    sets.iter().map(|s| number(s, &of)).sum()
}

/// Sets that want replicas. Source: controller_utils.go, FilterActiveReplicaSets.
pub fn active(sets: &[Set]) -> Vec<Set> {
    sets.iter().filter(|s| wanted(s) > 0).cloned().collect()
}

/// Oldest first, then by name. Source: controller_utils.go, ReplicaSetsByCreationTimestamp.
pub fn by_age(a: &Set, b: &Set) -> Ordering {
    (a.meta.created, &a.meta.name).cmp(&(b.meta.created, &b.meta.name))
}

/// Largest first, then oldest. Source: same, ReplicaSetsBySizeOlder.
pub fn by_size_older(a: &Set, b: &Set) -> Ordering {
    Reverse(wanted(a)).cmp(&Reverse(wanted(b))).then_with(|| by_age(a, b))
}

/// Largest first, then newest. Source: same, ReplicaSetsBySizeNewer.
pub fn by_size_newer(a: &Set, b: &Set) -> Ordering {
    Reverse(wanted(a)).cmp(&Reverse(wanted(b))).then_with(|| by_age(b, a))
}

/// Lowest revision first, then oldest. Source: deployment_util.go, ReplicaSetsByRevision.
pub fn by_revision(a: &Set, b: &Set) -> Ordering {
    revision(&a.meta.annotations).cmp(&revision(&b.meta.annotations)).then_with(|| by_age(a, b))
}

/// The revision in annotations, 0 when there is none. Source: deployment_util.go, Revision.
pub fn revision(annotations: &Labels) -> i64 {
    annotations.get(REVISION).and_then(|r| r.parse().ok()).unwrap_or(0)
}

/// A count in an annotation of a set.
pub fn count_in(set: &Set, key: &str) -> Option<i32> {
    count(set.meta.annotations.get(key)?)
}

/// A count as annotations hold it: digits and nothing else.
/// Source: deployment_util.go, getNonNegativeInt32FromAnnotation.
pub fn count(text: &str) -> Option<i32> {
    text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether two templates differ in nothing but the hash label. Source: deployment_util.go, EqualIgnoreHash.
pub fn same_template(a: &Template, b: &Template) -> bool {
    let labels = |t: &Template| {
        let mut labels = t.labels.clone();
        labels.remove(HASH_LABEL);
        labels
    };
    let spec = Rc::ptr_eq(&a.spec, &b.spec) || a.tree.get("spec") == b.tree.get("spec");
    spec && labels(a) == labels(b) && a.annotations == b.annotations && a.finalizers == b.finalizers
}

/// The oldest set with the Deployment's template. Source: deployment_util.go, FindNewReplicaSet.
pub fn find_new(d: &Deployment, sets: &[Set]) -> Option<Set> {
    let mut sorted: Vec<&Set> = sets.iter().collect();
    sorted.sort_by(|a, b| by_age(a, b));
    let same = |s: &&&Set| s.replica_set().is_some_and(|r| same_template(&r.template, &d.template));
    sorted.iter().find(same).map(|s| (*s).clone())
}

/// The only set with replicas, or the newest when none has any; `None` when several have.
/// Source: deployment_util.go, FindActiveOrLatest.
pub fn active_or_latest(new: Option<&Set>, old: &[Set]) -> Option<Set> {
    let all: Vec<Set> = old.iter().chain(new).cloned().collect();
    match active(&all).as_slice() {
        [] => new.cloned().or_else(|| old.iter().max_by(|a, b| by_age(a, b)).cloned()),
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// Whether the new set has all replicas, and all are available. Source: deployment_util.go, IsSaturated.
pub fn saturated(d: &Deployment, set: Option<&Set>) -> bool {
    set.is_some_and(|s| [wanted(s), available(s)] == [d.replicas; 2] && count_in(s, DESIRED) == Some(d.replicas))
}

/// How many replicas the new set should have now. Source: deployment_util.go, NewRSNewReplicas.
pub fn new_replicas(d: &Deployment, all: i32, new: i32) -> i32 {
    if d.recreate {
        return d.replicas;
    }
    let room = d.replicas + max_surge(d) - all;
    if room <= 0 { new } else { new + room.min(d.replicas - new) }
}

/// A set's share when a Deployment with several active sets is scaled. Source: deployment_util.go, GetReplicaSetProportion.
pub fn proportion(d: &Deployment, set_replicas: i32, max_before: Option<i32>, to_add: i32, added: i32) -> i32 {
    if set_replicas == 0 || to_add == 0 || to_add == added {
        return 0;
    }
    let fraction = fraction(d, set_replicas, max_before);
    let allowed = to_add - added;
    if to_add > 0 { fraction.min(allowed) } else { fraction.max(allowed) }
}

/// Source: deployment_util.go, getReplicaSetFraction.
fn fraction(d: &Deployment, set_replicas: i32, max_before: Option<i32>) -> i32 {
    if d.replicas == 0 {
        return -set_replicas;
    }
    let max_now = d.replicas + max_surge(d);
    // Without the annotation the status counts, as it does for sets made by very old controllers.
    let max_before = max_before.filter(|n| *n != 0).unwrap_or(d.status.replicas);
    if max_before == 0 {
        return 0;
    }
    let size = f64::from(set_replicas.wrapping_mul(max_now)) / f64::from(max_before);
    let rounded = if size < 0.0 { size - 0.5 } else { size + 0.5 };
    rounded as i32 - set_replicas
}
