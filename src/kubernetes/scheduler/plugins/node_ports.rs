//! NodePorts: a host port is taken by one pod of a node.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/nodeports/node_ports.go

use crate::kubernetes::scheduler::framework::{Cycle, Plugin, PreFilter, Verdict};
use crate::kubernetes::scheduler::view::{NodeView, PodView};

/// The plugin.
pub const PLUGIN: Plugin =
    Plugin { name: "NodePorts", pre_filter: Some(pre_filter), filter: Some(filter), ..Plugin::NONE };

const TAKEN: &str = "node(s) didn't have free ports for the requested pod ports";

fn pre_filter(pod: &PodView, _: &mut Cycle) -> PreFilter {
    if pod.host_ports().next().is_some() { PreFilter::All } else { PreFilter::Skip }
}

/// Whether the pod's host ports are free.
pub fn free(pod: &PodView, node: &NodeView) -> bool {
    node.ports.is_empty() || pod.host_ports().all(|port| !node.ports.iter().any(|taken| taken.conflicts(&port)))
}

fn filter(pod: &PodView, node: &NodeView, _: &Cycle) -> Verdict {
    if free(pod, node) { Verdict::Fits } else { Verdict::unschedulable(TAKEN) }
}
