//! Taints that follow a node's conditions.
//! Source: kubernetes v1.37 node_lifecycle_controller.go, doNoScheduleTaintingPass; pkg/controller/util/node/controller_utils.go,
//! SwapNodeControllerTaint.

use super::{tainted, untainted};
use crate::kubernetes::controllers::Ctl;
use crate::kubernetes::objects::node::Taint;
use crate::kubernetes::objects::{Object, Tri};

/// The node is not ready. Source: kubernetes v1.37 api/core/v1/well_known_taints.go, TaintNodeNotReady.
pub const NOT_READY: &str = "node.kubernetes.io/not-ready";
/// Nobody can reach the node. Source: same, TaintNodeUnreachable.
pub const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
/// The node is cordoned. Source: same, TaintNodeUnschedulable.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Condition, its status, and the taint that it means. Source: nodeConditionToTaintKeyStatusMap.
const MEANINGS: [(&str, Tri, &str); 6] = [
    ("Ready", Tri::False, NOT_READY),
    ("Ready", Tri::Unknown, UNREACHABLE),
    ("MemoryPressure", Tri::True, "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", Tri::True, "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", Tri::True, "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", Tri::True, "node.kubernetes.io/pid-pressure"),
];

/// Adds and removes the NoSchedule taints that the conditions mean.
pub(super) fn follow_conditions(ctl: &mut Ctl, node: &Object) {
    let Some(row) = node.node() else { return };
    let holds = |kind: &str, status: Tri| row.conditions.iter().any(|c| c.kind == *kind && c.status == status);
    let mut wanted: Vec<&str> = MEANINGS.iter().filter(|(k, s, _)| holds(k, *s)).map(|(_, _, t)| *t).collect();
    if row.unschedulable {
        wanted.push(UNSCHEDULABLE);
    }
    let ours =
        |t: &&Taint| t.effect == "NoSchedule" && (&*t.key == UNSCHEDULABLE || MEANINGS.iter().any(|m| *m.2 == *t.key));
    let there: Vec<&Taint> = row.taints.iter().filter(ours).collect();
    let add: Vec<&str> = wanted.iter().filter(|w| !there.iter().any(|t| *t.key == ***w)).copied().collect();
    let remove: Vec<String> = there.iter().filter(|t| !wanted.contains(&&*t.key)).map(|t| t.key.to_string()).collect();
    swap(ctl, node, "NoSchedule", &add, &remove.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Adds taints, in one write, then removes others, in another.
pub(super) fn swap(ctl: &mut Ctl, node: &Object, effect: &'static str, add: &[&str], remove: &[&str]) {
    let now = ctl.now().whole_seconds();
    if !add.is_empty() {
        let by = ctl.by(tainted(format!("{}:{effect}", add.join(", "))));
        ctl.api.update(node.meta.id, by, |o| {
            let Some(node) = o.node_mut() else { return };
            for key in add {
                node.taints.retain(|t| *t.key != **key || t.effect != effect);
                node.taints.push(Taint {
                    key: (*key).into(),
                    value: "".into(),
                    effect: effect.into(),
                    added: Some(now),
                });
            }
        });
    }
    if !remove.is_empty() {
        let by = ctl.by(untainted(format!("{}:{effect}", remove.join(", "))));
        ctl.api.update(node.meta.id, by, |o| {
            let Some(node) = o.node_mut() else { return };
            node.taints.retain(|t| !remove.contains(&&*t.key) || t.effect != effect);
        });
    }
}

/// Whether a node has a taint.
pub(super) fn has(node: &Object, key: &str, effect: &str) -> bool {
    node.node().is_some_and(|n| n.taints.iter().any(|t| *t.key == *key && t.effect == *effect))
}
