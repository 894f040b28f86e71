//! VolumeBinding: a pod waits until the claims it names exist, and goes only where their volumes can be reached; a claim that
//! exists counts as bound (FID-040), except where a scenario says that nothing makes volumes.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/volumebinding/volume_binding.go, PreFilter, Filter; binder.go,
//! checkBoundClaims.

use super::node_affinity::matches_term;
use crate::kubernetes::objects::pod::{NodeTerm, PodSpec};
use crate::kubernetes::scheduler::framework::{Cycle, Plugin, PreFilter, Verdict};
use crate::kubernetes::scheduler::view::{NodeView, PodView};
use std::rc::Rc;

/// The plugin; its score is always 0.
pub const PLUGIN: Plugin = Plugin {
    name: "VolumeBinding",
    pre_filter: Some(pre_filter),
    filter: Some(filter),
    score: Some(|_, _, _| 0),
    ..Plugin::NONE
};

/// Source: volume_binding.go, PreFilter.
const UNBOUND: &str = "pod has unbound immediate PersistentVolumeClaims";

/// Source: binder.go, ErrReasonNodeConflict.
const OUT_OF_REACH: &str = "node(s) didn't match PersistentVolume's node affinity";

/// Claims that a pod names.
pub fn claims(spec: &PodSpec) -> impl Iterator<Item = Rc<str>> + '_ {
    spec.volumes.iter().filter(|v| v.kind == *"persistentVolumeClaim").map(|v| v.refers_to.to_rc())
}

fn pre_filter(pod: &PodView, cycle: &mut Cycle) -> PreFilter {
    let missing = claims(&pod.spec).find(|claim| !cycle.cluster.has_claim(&pod.namespace, claim));
    let unbound = || claims(&pod.spec).any(|claim| cycle.cluster.unbound(&pod.namespace, &claim));
    match missing {
        None if unbound() => PreFilter::Reject(Verdict::unresolvable(UNBOUND)),
        Some(claim) => PreFilter::Reject(Verdict::unresolvable(format!("persistentvolumeclaim \"{claim}\" not found"))),
        None if claims(&pod.spec).any(|claim| cycle.cluster.reach_of(&pod.namespace, &claim).is_some()) => {
            PreFilter::All
        }
        None => PreFilter::Skip,
    }
}

fn filter(pod: &PodView, node: &NodeView, cycle: &Cycle) -> Verdict {
    let reached = |terms: &[NodeTerm]| terms.iter().any(|term| matches_term(term, node));
    let mut reaches = claims(&pod.spec).filter_map(|claim| cycle.cluster.reach_of(&pod.namespace, &claim));
    if reaches.all(reached) { Verdict::Fits } else { Verdict::unresolvable(OUT_OF_REACH) }
}
