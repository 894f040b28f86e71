//! ReplicationController: the elder of the ReplicaSet.
//! Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go, SetDefaults_ReplicationController.

use super::view::{Fill, View};
use super::{NONE, Rules, pod};
use crate::text::Value;

/// The rules of replication controllers.
pub const RULES: Rules = Rules { kind: "v1 ReplicationController", defaults, strategy: super::fresh, ..NONE };

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
