//! ReplicaSet: how many pods of one template should exist.
//! Source: kubernetes v1.37 pkg/apis/apps/v1/defaults.go; pkg/registry/apps/replicaset/strategy.go.

use super::view::Fill;
use super::{NONE, Rules, pod};
use crate::text::Value;

/// The rules of replica sets.
pub const RULES: Rules =
    Rules { kind: "apps/v1 ReplicaSet", simulated: &["spec.*"], defaults, strategy: super::fresh, ..NONE };

fn defaults(set: &mut Value) {
    let spec = set.make("spec");
    pod::template(spec.make("template"));
    spec.fill("replicas", 1i64);
}
