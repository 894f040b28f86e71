//! CSIDriver: somebody else's way to make disks.
//! Source: kubernetes v1.37 pkg/apis/storage/v1/defaults.go, SetDefaults_CSIDriver.

use super::view::{Fill, View};
use super::{NONE, Rules};
use crate::text::Value;

/// The rules of drivers.
pub const DRIVER: Rules = Rules {
    kind: "storage.k8s.io/v1 CSIDriver",
    defaults: |driver| {
        let spec = driver.make("spec");
        spec.fill("attachRequired", true);
        spec.fill("podInfoOnMount", false);
        spec.fill("storageCapacity", false);
        spec.fill("fsGroupPolicy", "ReadWriteOnceWithFSType");
        if spec.items("volumeLifecycleModes").is_empty() {
            spec.make_map().set("volumeLifecycleModes", vec![Value::str("Persistent")]);
        }
        for member in ["requiresRepublish", "seLinuxMount", "preventPodSchedulingIfMissing"] {
            spec.fill(member, false);
        }
    },
    ..NONE
};
