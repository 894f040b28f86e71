//! PersistentVolume: a disk.
//! Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go; pkg/registry/core/persistentvolume/strategy.go.

use super::view::{Fill, View};
use super::{NONE, Rules, pod};
use crate::text::Value;

/// The rules of volumes.
pub const RULES: Rules = Rules {
    kind: "v1 PersistentVolume",
    simulated: &[
        "spec.capacity.*",
        "spec.accessModes",
        "spec.storageClassName",
        "spec.claimRef.*",
        "spec.nodeAffinity.*",
    ],
    defaults,
    strategy,
    ..NONE
};

fn defaults(volume: &mut Value) {
    let spec = volume.make("spec");
    spec.fill_zero("persistentVolumeReclaimPolicy", "Retain");
    spec.fill("volumeMode", "Filesystem");
    spec.inside("hostPath", |s| s.fill("type", ""));
    spec.inside("capacity", pod::round);
    pod::source(spec);
    volume.make("status").fill_zero("phase", "Pending");
}

/// The time of the last phase change is the server's to write.
fn strategy(volume: &mut Value) {
    let phase = volume.of("status").text("phase").to_owned();
    volume.make_map().set("status", crate::map! { "phase" => phase });
}
