//! NodeUnschedulable: keeps pods off cordoned nodes unless they tolerate the cordon's taint.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go

use super::taint_toleration::tolerates;
use crate::kubernetes::objects::node::Taint;
use crate::kubernetes::scheduler::framework::{Cycle, Plugin, Verdict};
use crate::kubernetes::scheduler::view::{NodeView, PodView};

/// The plugin.
pub const PLUGIN: Plugin = Plugin { name: "NodeUnschedulable", filter: Some(filter), ..Plugin::NONE };

const CORDONED: &str = "node(s) were unschedulable";

/// Whether the pod may stand on the node as far as cordons go.
pub fn allows(pod: &PodView, node: &NodeView) -> bool {
    if !node.unschedulable {
        return true;
    }
    let taint =
        Taint { key: "node.kubernetes.io/unschedulable".into(), effect: "NoSchedule".into(), ..Taint::default() };
    pod.spec.tolerations.iter().any(|t| tolerates(t, &taint))
}

fn filter(pod: &PodView, node: &NodeView, _: &Cycle) -> Verdict {
    if allows(pod, node) { Verdict::Fits } else { Verdict::unresolvable(CORDONED) }
}
