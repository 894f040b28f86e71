//! ReplicaSet: how many pods of one template should exist.
//! Source: kubernetes v1.37 pkg/apis/apps/v1/defaults.go; pkg/registry/apps/replicaset/strategy.go.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, internal, pod, workload};
use crate::text::Value;

/// The rules of replica sets.
pub const RULES: Rules = Rules {
    kind: "apps/v1 ReplicaSet",
    simulated: &["spec.*"],
    defaults,
    strategy: super::fresh,
    create,
    update,
    warnings: workload::warnings,
    ..NONE
};

fn defaults(set: &mut Value) {
    let spec = set.make("spec");
    pod::template(spec.make("template"));
    spec.fill("replicas", 1i64);
}

/// Source: kubernetes v1.37 pkg/apis/apps/validation/validation.go, ValidateReplicaSetSpec.
fn create(set: &Value) -> Errors {
    let (spec, path) = (set.of("spec"), Path::new("spec"));
    let mut out = workload::non_negative(spec, &["replicas", "minReadySeconds"], &path);
    out.extend(workload::selector(spec, "empty selector is invalid for deployment", &path));
    if workload::readable(spec.of("selector")) {
        out.extend(workload::template(spec, "ReplicaSet", &path.child("template")));
    } else {
        out.push(path.child("selector").invalid(internal::plain(spec.of("selector")), "invalid label selector"));
    }
    out
}

fn update(new: &Value, old: &Value) -> Errors {
    let mut out = create(new);
    out.extend(workload::selector_kept(new, old));
    out
}
