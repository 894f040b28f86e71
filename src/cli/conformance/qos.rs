//! Family `qos`: what a whole pod asks for, and its class.

use super::{Case, Verdict, equal};
use crate::kubernetes::objects::pod::effective::{Sums, qos};
use crate::kubernetes::objects::{Schema, prepare_for_create};
use crate::map;
use crate::text::Value;

/// Checks one case.
pub fn check(case: &Case) -> Verdict {
    let mut pod = case.input.get("pod").cloned().unwrap_or_default();
    if let Some(kind) = Schema::get().kind("v1", "Pod") {
        prepare_for_create(&mut pod, kind);
    }
    let spec = pod.get("spec").cloned().unwrap_or_default();
    let sums = Sums::of(&spec);
    let resources = |container: &Value| container.get("resources").cloned().unwrap_or(Value::Map(map! {}));
    let containers: Vec<Value> = spec.list_at(&["containers"]).iter().map(resources).collect();
    let mut got = map! {
        "defaultedContainerResources" => containers,
        "limits" => sums.limits.write(),
        "qosClass" => qos(&spec).word(),
        "requests" => sums.requests.write(),
        "requestsWithScoringDefaults" => sums.scoring.write(),
    };
    if let Some(pod_level) = spec.get("resources") {
        got.set("defaultedPodResources", pod_level.clone());
    }
    equal(Value::Map(got), case)
}
