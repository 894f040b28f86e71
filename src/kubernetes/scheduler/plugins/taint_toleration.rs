//! TaintToleration: a node's taints keep pods off that do not tolerate them; soft taints cost score.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go

use crate::kubernetes::objects::node::Taint;
use crate::kubernetes::objects::pod::Toleration;
use crate::kubernetes::scheduler::framework::{Cycle, Plugin, Verdict, scale_to_best};
use crate::kubernetes::scheduler::view::{NodeView, PodView};

/// The plugin.
pub const PLUGIN: Plugin = Plugin {
    name: "TaintToleration",
    weight: 3,
    filter: Some(filter),
    score: Some(score),
    normalize: Some(normalize),
    ..Plugin::NONE
};

const UNTOLERATED: &str = "node(s) had untolerated taint(s)";
/// The effect that only costs score.
pub const SOFT: &str = "PreferNoSchedule";

/// Whether a toleration covers a taint.
pub fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    toleration.covers(taint)
}

/// Whether the pod may stand on the node for all its hard taints.
pub fn tolerates_hard(pod: &PodView, node: &NodeView) -> bool {
    let hard = node.taints.iter().filter(|t| t.effect != SOFT);
    hard.into_iter().all(|taint| pod.spec.tolerations.iter().any(|t| tolerates(t, taint)))
}

fn filter(pod: &PodView, node: &NodeView, _: &Cycle) -> Verdict {
    if tolerates_hard(pod, node) { Verdict::Fits } else { Verdict::unresolvable(UNTOLERATED) }
}

/// How many soft taints the pod does not tolerate.
pub fn soft_taints(pod: &PodView, node: &NodeView) -> i64 {
    let soft = node.taints.iter().filter(|t| t.effect == SOFT);
    let covers = |t: &&Toleration| t.effect.is_empty() || t.effect == SOFT;
    soft.filter(|taint| !pod.spec.tolerations.iter().filter(covers).any(|t| tolerates(t, taint))).count() as i64
}

fn score(pod: &PodView, node: &NodeView, _: &Cycle) -> i64 {
    soft_taints(pod, node)
}

fn normalize(scores: &mut [i64], _: &[usize], _: &Cycle) {
    scale_to_best(scores, true);
}
