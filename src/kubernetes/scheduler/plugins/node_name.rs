//! NodeName: a pod that names its node goes nowhere else.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/nodename/node_name.go

use crate::kubernetes::scheduler::framework::{Cycle, Plugin, PreFilter};
use crate::kubernetes::scheduler::view::PodView;

/// The plugin.
pub const PLUGIN: Plugin = Plugin { name: "NodeName", pre_filter: Some(pre_filter), ..Plugin::NONE };

fn pre_filter(pod: &PodView, _: &mut Cycle) -> PreFilter {
    match &pod.wanted_node {
        Some(name) => PreFilter::Only([name.clone()].into()),
        None => PreFilter::Skip,
    }
}
