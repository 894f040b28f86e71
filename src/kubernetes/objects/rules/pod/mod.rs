//! Pod: the smallest thing that runs.

mod admission;
mod container;
mod defaults;
mod env;
pub mod gates;
mod handlers;
mod immutable;
pub mod placement;
mod pod_level;
pub mod resources;
mod security;
mod spec;
pub mod volumes;
pub mod warnings;

pub use admission::{admit, judge};
pub use defaults::{claim_spec, round, source, template};
pub use spec::{one_of, template as check_template};

use super::super::field_error::Path;
use super::view::{Fill, View};
use super::{NONE, Rules};
use crate::kubernetes::objects::pod::{create, effective};
use crate::map;
use crate::text::Value;

/// The rules of pods.
pub const RULES: Rules = Rules {
    kind: "v1 Pod",
    simulated: &["spec.*"],
    defaults: defaults::pod,
    strategy,
    create: spec::create,
    update: spec::update,
    warnings: |pod| warnings::of(pod.of("spec"), pod.of("metadata"), true, &Path::new("spec")),
    carry,
    ..NONE
};

/// A new pod waits, whatever status it came with.
/// Source: kubernetes v1.37 pkg/registry/core/pod/strategy.go, podStrategy.PrepareForCreate.
fn strategy(pod: &mut Value) {
    super::first_generation(pod);
    create::merge_label_keys(pod);
    pod_level::fill(pod.make("spec"));
    let mut status = map! { "phase" => "Pending", "qosClass" => effective::qos(pod.of("spec")).word() };
    if !pod.of("spec").items("schedulingGates").is_empty() {
        let condition = map! {
            "type" => "PodScheduled", "status" => "False", "reason" => "SchedulingGated",
            "message" => "Scheduling is blocked due to non-empty scheduling gates",
        };
        status.set("conditions", vec![Value::Map(condition)]);
    }
    pod.make_map().set("status", status);
}

/// What admission adds to a changed pod.
/// Source: kubernetes v1.37 plugin/pkg/admission/{defaulttolerationseconds,priority}/admission.go.
fn carry(pod: &mut Value, old: &Value) {
    admission::tolerations(pod);
    let spec = pod.make("spec");
    for member in ["priority", "preemptionPolicy"] {
        if let Some(value) = old.at(&["spec", member]).filter(|_| !spec.has(member)).cloned() {
            spec.make_map().set(member, value);
        }
    }
}
