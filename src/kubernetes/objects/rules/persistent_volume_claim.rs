//! PersistentVolumeClaim: the wish for a disk.
//! Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go; pkg/registry/core/persistentvolumeclaim/strategy.go;
//! plugin/pkg/admission/storage/{storageobjectinuseprotection,storageclass/setdefault}/admission.go.

use super::view::{Fill, View};
use super::{NONE, Rules, Surroundings, meta, pod};
use crate::text::Value;

const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

/// The rules of claims.
pub const RULES: Rules = Rules {
    kind: "v1 PersistentVolumeClaim",
    simulated: &["spec.accessModes", "spec.resources.*", "spec.storageClassName", "spec.volumeName", "spec.volumeMode"],
    defaults,
    strategy: |claim| {
        claim.make_map().set("status", crate::map! { "phase" => "Pending" });
    },
    ..NONE
};

/// Also for the claim templates of stateful sets.
pub fn defaults(claim: &mut Value) {
    pod::claim_spec(claim.make("spec"));
    claim.make("status").fill_zero("phase", "Pending");
}

/// The finalizer that keeps a claim while it is in use, and the default class.
pub fn admit(claim: &mut Value, around: &mut dyn Surroundings) {
    let asks = claim.of("spec").has("storageClassName") || claim.of("metadata").of("annotations").has(CLASS_ANNOTATION);
    if !asks && let Some(class) = around.default_storage_class() {
        let name = class.of("metadata").text("name").to_owned();
        claim.make("spec").make_map().set("storageClassName", name);
    }
    meta::add_finalizer(claim, "kubernetes.io/pvc-protection");
}
