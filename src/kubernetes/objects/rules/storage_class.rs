//! StorageClass: where disks come from.

use super::view::Fill;
use super::{NONE, Rules};

/// The rules of storage classes.
pub const RULES: Rules = Rules {
    kind: "storage.k8s.io/v1 StorageClass",
    simulated: &["provisioner", "volumeBindingMode", "reclaimPolicy"],
    defaults: |class| {
        class.fill("reclaimPolicy", "Delete");
        class.fill("volumeBindingMode", "Immediate");
    },
    ..NONE
};
