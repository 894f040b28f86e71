//! ReplicationController: the elder of the ReplicaSet.
//! Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go, SetDefaults_ReplicationController.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, pod, workload};
use crate::text::Value;

/// The rules of replication controllers.
pub const RULES: Rules = Rules {
    kind: "v1 ReplicationController",
    defaults,
    strategy: super::fresh,
    create,
    update: |new, _| create(new),
    warnings: workload::warnings,
    ..NONE
};

fn defaults(controller: &mut Value) {
    let spec = controller.make("spec");
    let labels = spec.of("template").of("metadata").of("labels").clone();
    if spec.has("template") {
        pod::template(spec.make("template"));
    }
    spec.fill("replicas", 1i64);
    if labels.is_void() {
        return;
    }
    if spec.of("selector").is_void() {
        spec.make_map().set("selector", labels.clone());
    }
    let metadata = controller.make("metadata");
    if metadata.of("labels").is_void() {
        metadata.make_map().set("labels", labels);
    }
}

/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateReplicationControllerSpec.
fn create(controller: &Value) -> Errors {
    let (spec, path) = (controller.of("spec"), Path::new("spec"));
    let mut out = Errors::new();
    let selector = spec.of("selector");
    if selector.is_void() {
        out.push(path.child("selector").required(""));
    }
    // The generated checks come last.
    let counts = workload::non_negative(spec, &["replicas", "minReadySeconds"], &path);
    let at = path.child("template");
    let template = spec.of("template");
    if template.is_null() {
        out.push(at.required(""));
        out.extend(counts);
        return out;
    }
    let labels = template.of("metadata").of("labels");
    if !spec.pairs("selector").iter().all(|(k, v)| labels.of(k) == *v) {
        out.push(at.child("metadata").child("labels").invalid(labels, "`selector` does not match template `labels`"));
    }
    out.extend(pod::check_template(template, &at));
    out.extend(workload::runs_on(spec, "ReplicationController", &at));
    out.extend(counts);
    out
}
