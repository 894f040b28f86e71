//! Plugins that have a line in every score table and no say here: volumes bind when they are asked for and devices are not
//! simulated. Differs: FID-040.

use crate::kubernetes::scheduler::framework::Plugin;

/// VolumeBinding. Source: kubernetes v1.37 pkg/scheduler/framework/plugins/volumebinding/volume_binding.go, Score.
pub const VOLUME_BINDING: Plugin = Plugin { name: "VolumeBinding", score: Some(|_, _, _| 0), ..Plugin::NONE };
/// DynamicResources. Source: kubernetes v1.37 pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go, Score.
pub const DYNAMIC_RESOURCES: Plugin = Plugin { name: "DynamicResources", score: Some(|_, _, _| 0), ..Plugin::NONE };
