//! NodeResourcesBalancedAllocation: nodes whose CPU and memory shares come closer to each other score more.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go

use crate::kubernetes::objects::pod::PodSpec;
use crate::kubernetes::scheduler::framework::{Cycle, Plugin, SCORE_MAX};
use crate::kubernetes::scheduler::view::{NodeView, PodView};

/// The plugin.
pub const PLUGIN: Plugin = Plugin {
    name: "NodeResourcesBalancedAllocation",
    pre_score: Some(|pod, _, _| applies(&pod.spec)),
    score: Some(score),
    ..Plugin::NONE
};

/// Pods that ask for neither CPU nor memory are not scored.
pub fn applies(spec: &PodSpec) -> bool {
    spec.requests.cpu != 0 || spec.requests.memory != 0
}

fn score(pod: &PodView, node: &NodeView, _: &Cycle) -> i64 {
    balance(&pod.spec, node)
}

/// 50 and half of what the pod's coming does to the balance: about 75 when it changes nothing.
pub fn balance(spec: &PodSpec, node: &NodeView) -> i64 {
    let (used, want, have) = (&node.requested, &spec.requests, &*node.allocatable);
    let with = evenness([(used.cpu + want.cpu, have.cpu), (used.memory + want.memory, have.memory)]);
    let without = evenness([(used.cpu, have.cpu), (used.memory, have.memory)]);
    SCORE_MAX / 2 + (SCORE_MAX / 2 + with - without) / 2
}

/// 100 when both shares are equal; less the further they are apart. A resource that the node does not have is left out.
fn evenness(resources: [(i64, i64); 2]) -> i64 {
    let share = |(used, have): (i64, i64)| if have == 0 { None } else { Some((used as f64 / have as f64).min(1.0)) };
    let deviation = match resources.map(share) {
        [Some(cpu), Some(memory)] => ((cpu - memory) / 2.0).abs(),
        _ => 0.0,
    };
    ((1.0 - deviation) * SCORE_MAX as f64) as i64
}
