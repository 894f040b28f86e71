//! SchedulingGates: a pod with gates does not enter the queue.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go

use crate::kubernetes::scheduler::view::PodView;

/// Its name.
pub const NAME: &str = "SchedulingGates";

/// Why the pod may not enter the queue, if it may not.
pub fn pre_enqueue(pod: &PodView) -> Option<String> {
    let gates: Vec<&str> = pod.spec.gates.iter().map(|g| &**g).collect();
    (!gates.is_empty()).then(|| format!("waiting for scheduling gates: [{}]", gates.join(" ")))
}
