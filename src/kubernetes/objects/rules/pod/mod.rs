//! Pod: the smallest thing that runs.

mod admission;
mod defaults;
mod pod_level;

pub use admission::admit;
pub use defaults::{claim_spec, round, source, template};

use super::view::{Fill, View};
use super::{NONE, Rules};
use crate::map;
use crate::text::Value;

/// The rules of pods.
pub const RULES: Rules = Rules { kind: "v1 Pod", simulated: &["spec.*"], defaults: defaults::pod, strategy, ..NONE };

/// A new pod waits, whatever status it came with.
/// Source: kubernetes v1.37 pkg/registry/core/pod/strategy.go, podStrategy.PrepareForCreate.
fn strategy(pod: &mut Value) {
    super::first_generation(pod);
    pod_level::fill(pod.make("spec"));
    let mut status = map! { "phase" => "Pending", "qosClass" => qos(pod.of("spec")) };
    if !pod.of("spec").items("schedulingGates").is_empty() {
        let condition = map! {
            "type" => "PodScheduled", "status" => "False", "reason" => "SchedulingGated",
            "message" => "Scheduling is blocked due to non-empty scheduling gates",
        };
        status.set("conditions", vec![Value::Map(condition)]);
    }
    pod.make_map().set("status", status);
}

/// The class by which a pod is served and evicted.
/// Source: kubernetes v1.37 pkg/apis/core/helper/qos/qos.go, ComputePodQOS.
pub fn qos(spec: &Value) -> &'static str {
    use super::amount::Amount;
    let amount = |list: &Value, name: &str| Amount::parse(list.text(name)).ok().filter(|a| a.sign() > 0);
    let all = || spec.items("initContainers").iter().chain(spec.items("containers"));
    let sets: Vec<&Value> =
        if spec.has("resources") { vec![spec.of("resources")] } else { all().map(|c| c.of("resources")).collect() };
    let (mut any, mut guaranteed) = (false, true);
    for set in sets {
        for name in ["cpu", "memory"] {
            let (request, limit) = (amount(set.of("requests"), name), amount(set.of("limits"), name));
            any |= request.is_some() || limit.is_some();
            guaranteed &= limit.is_some() && (request == limit || request.is_none());
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
