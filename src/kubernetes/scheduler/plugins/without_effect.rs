//! Plugins that have a line in every score table and no say here: devices are not simulated. Differs: FID-040.

use crate::kubernetes::scheduler::framework::Plugin;

/// DynamicResources. Source: kubernetes v1.37 pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go, Score.
pub const DYNAMIC_RESOURCES: Plugin = Plugin { name: "DynamicResources", score: Some(|_, _, _| 0), ..Plugin::NONE };
