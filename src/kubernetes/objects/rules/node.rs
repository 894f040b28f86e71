//! Node: a machine.
//! Source: kubernetes v1.37 plugin/pkg/admission/nodetaint/admission.go; pkg/apis/core/v1/defaults.go, SetDefaults_NodeStatus.

use super::view::{Fill, View};
use super::{NONE, Rules, pod};
use crate::map;
use crate::text::Value;

const NOT_READY: &str = "node.kubernetes.io/not-ready";

/// The rules of nodes.
pub const RULES: Rules = Rules {
    kind: "v1 Node",
    simulated: &["spec.taints[].*", "spec.unschedulable", "status.capacity.*", "status.allocatable.*"],
    defaults,
    ..NONE
};

fn defaults(node: &mut Value) {
    let cidr = node.of("spec").text("podCIDR").to_owned();
    if !cidr.is_empty() {
        node.make("spec").fill("podCIDRs", vec![Value::str(cidr)]);
    }
    node.inside("status", |status| {
        for list in ["capacity", "allocatable"] {
            status.inside(list, pod::round);
        }
        if !status.of("capacity").is_void() {
            let capacity = status.of("capacity").clone();
            let allocatable = status.make("allocatable");
            for (name, amount) in capacity.as_map().cloned().unwrap_or_default() {
                allocatable.fill(&name, amount);
            }
        }
    });
}

/// A new node is tainted until it is ready.
pub fn admit(node: &mut Value) {
    let spec = node.make("spec");
    let mut taints = spec.items("taints").to_vec();
    if taints.iter().any(|t| t.text("key") == NOT_READY && t.text("effect") == "NoSchedule") {
        return;
    }
    taints.push(Value::Map(map! { "key" => NOT_READY, "effect" => "NoSchedule" }));
    spec.make_map().set("taints", taints);
}
