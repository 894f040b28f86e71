//! The rules of the default profile, one file each, in the order they are asked.
//! Source: kubernetes v1.37 pkg/scheduler/apis/config/v1/default_plugins.go, getDefaultPlugins.

pub mod balanced_allocation;
pub mod image_locality;
pub mod inter_pod_affinity;
pub mod node_affinity;
pub mod node_name;
pub mod node_ports;
pub mod node_resources_fit;
pub mod node_unschedulable;
pub mod pod_topology_spread;
pub mod scheduling_gates;
pub mod taint_toleration;
pub mod volume_binding;
pub mod without_effect;

use super::framework::Plugin;

/// Every plugin. The order is that of the real default profile; the first to refuse a node is the one named.
pub const PLUGINS: &[Plugin] = &[
    node_unschedulable::PLUGIN,
    node_name::PLUGIN,
    taint_toleration::PLUGIN,
    node_affinity::PLUGIN,
    node_ports::PLUGIN,
    node_resources_fit::PLUGIN,
    volume_binding::PLUGIN,
    pod_topology_spread::PLUGIN,
    inter_pod_affinity::PLUGIN,
    without_effect::DYNAMIC_RESOURCES,
    balanced_allocation::PLUGIN,
    image_locality::PLUGIN,
];
