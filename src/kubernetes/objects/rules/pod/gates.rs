//! Fields behind feature gates that are off: the server forgets them before it judges.
//! Source: kubernetes v1.37 pkg/api/pod/util.go, dropDisabledFields; pkg/api/job; pkg/features/kube_features.go, whose defaults
//! are off for AtomicWriteVolumeUserFields, ContainerStopSignals, EmptyDirVolumeMode, EvictionRequestAPI, GRPCContainerProbeTLS,
//! GenericWorkload, H2CContainerProbe, VolumeBindMountOptions, WorkloadWithJob.

use super::super::view::{Fill, View};
use crate::kubernetes::objects::schema::KindInfo;
use crate::text::Value;

/// Where the template of a kind's pods stands.
const TEMPLATES: &[(&str, &[&str])] = &[
    ("Pod", &[]),
    ("PodTemplate", &["template"]),
    ("CronJob", &["spec", "jobTemplate", "spec", "template"]),
    ("DaemonSet", &["spec", "template"]),
    ("Deployment", &["spec", "template"]),
    ("Job", &["spec", "template"]),
    ("ReplicaSet", &["spec", "template"]),
    ("ReplicationController", &["spec", "template"]),
    ("StatefulSet", &["spec", "template"]),
];

/// Drops what the server does not know without its gate.
pub fn drop_disabled(object: &mut Value, kind: &KindInfo) {
    let Some((_, path)) = TEMPLATES.iter().find(|(name, _)| *name == kind.kind) else { return };
    match kind.kind {
        "Job" => drop(object.remove_at(&["spec", "scheduling"])),
        "CronJob" => drop(object.remove_at(&["spec", "jobTemplate", "spec", "scheduling"])),
        _ => {}
    }
    let mut at = object;
    for step in path.iter().chain(&["spec"]) {
        let Some(next) = at.as_map_mut().and_then(|m| m.get_mut(step)) else { return };
        at = next;
    }
    spec(at);
}

fn spec(spec: &mut Value) {
    for member in ["schedulingGroup", "evictionResponders"] {
        spec.remove_at(&[member]);
    }
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        spec.each(list, container);
    }
    spec.each("volumes", |volume| {
        volume.remove_at(&["emptyDir", "mode"]);
        for source in ["secret", "configMap", "downwardAPI", "projected"] {
            volume.inside(source, written);
        }
        volume.inside("projected", |projected| {
            projected.each("sources", |part| {
                part.remove_at(&["serviceAccountToken", "user"]);
                for source in ["secret", "configMap", "downwardAPI"] {
                    part.inside(source, written);
                }
            });
        });
    });
}

/// Whose the files of a volume are.
fn written(source: &mut Value) {
    source.remove_at(&["defaultUser"]);
    source.each("items", |item| {
        item.remove_at(&["user"]);
    });
}

fn container(container: &mut Value) {
    container.each("volumeMounts", |mount| {
        mount.remove_at(&["bindMountOptions"]);
    });
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        container.remove_at(&[probe, "httpGet", "protocol"]);
        container.remove_at(&[probe, "grpc", "mode"]);
    }
    for hook in ["postStart", "preStop"] {
        container.remove_at(&["lifecycle", hook, "httpGet", "protocol"]);
    }
    if container.of("lifecycle").has("stopSignal") {
        container.remove_at(&["lifecycle", "stopSignal"]);
        if container.of("lifecycle").is_void() {
            container.remove_at(&["lifecycle"]);
        }
    }
}
