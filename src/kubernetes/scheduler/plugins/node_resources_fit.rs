//! NodeResourcesFit: a node must have free what the pod asks for; emptier nodes score more.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/noderesources/{fit,least_allocated}.go

use crate::kubernetes::objects::pod::PodSpec;
use crate::kubernetes::scheduler::framework::{Cycle, Plugin, SCORE_MAX, Verdict};
use crate::kubernetes::scheduler::view::{NodeView, PodView};
use crate::text::Word;

/// The plugin.
pub const PLUGIN: Plugin =
    Plugin { name: "NodeResourcesFit", filter: Some(filter), score: Some(score), ..Plugin::NONE };

const TOO_MANY: &str = "Too many pods";

fn filter(pod: &PodView, node: &NodeView, _: &Cycle) -> Verdict {
    if fits(&pod.spec, node) {
        return Verdict::Fits;
    }
    let (want, have, used) = (&pod.spec.requests, &*node.allocatable, &node.requested);
    let mut reasons: Vec<Word> = Vec::new();
    let mut never = false;
    if node.pods.len() as i64 + 1 > have.pods {
        reasons.push(TOO_MANY.into());
    }
    let plain = [
        ("Insufficient cpu", want.cpu, have.cpu, used.cpu),
        ("Insufficient memory", want.memory, have.memory, used.memory),
        ("Insufficient ephemeral-storage", want.ephemeral, have.ephemeral, used.ephemeral),
    ];
    for (reason, want, have, used) in plain {
        if want > 0 && want > have - used {
            reasons.push(reason.into());
            never |= want > have;
        }
    }
    for (name, want) in want.extended.iter().filter(|(_, want)| *want != 0) {
        let have = have.extended(name);
        if *want > have - used.extended(name) {
            reasons.push(format!("Insufficient {name}").into());
            never |= *want > have;
        }
    }
    if never { Verdict::Unresolvable(reasons) } else { Verdict::Unschedulable(reasons) }
}

/// Whether the node has free what the pod asks for.
pub fn fits(spec: &PodSpec, node: &NodeView) -> bool {
    let (want, have, used) = (&spec.requests, &*node.allocatable, &node.requested);
    let enough = |want: i64, have: i64, used: i64| want <= 0 || want <= have - used;
    (node.pods.len() as i64) < have.pods
        && enough(want.cpu, have.cpu, used.cpu)
        && enough(want.memory, have.memory, used.memory)
        && enough(want.ephemeral, have.ephemeral, used.ephemeral)
        && want.extended.iter().all(|(name, w)| *w == 0 || *w <= have.extended(name) - used.extended(name))
}

fn score(pod: &PodView, node: &NodeView, _: &Cycle) -> i64 {
    least_allocated(&pod.spec, node)
}

/// The free share of CPU and memory, on average, if the pod came.
pub fn least_allocated(spec: &PodSpec, node: &NodeView) -> i64 {
    let (want, have) = (&spec.scoring_containers, &*node.allocatable);
    let resources = [
        (node.scoring_cpu.saturating_add(want.cpu), have.cpu),
        (node.scoring_memory.saturating_add(want.memory), have.memory),
    ];
    let (mut sum, mut weights) = (0, 0);
    for (used, have) in resources.into_iter().filter(|(_, have)| *have > 0) {
        weights += 1;
        if used <= have {
            sum += free_share(have - used, have);
        }
    }
    if weights == 0 { 0 } else { sum / weights }
}

/// `free * 100 / have`, also where the product does not fit 64 bits.
fn free_share(free: i64, have: i64) -> i64 {
    match free.checked_mul(SCORE_MAX) {
        Some(product) => product / have,
        None => (i128::from(free) * i128::from(SCORE_MAX) / i128::from(have)) as i64,
    }
}
