//! PersistentVolume: a disk.
//! Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go; pkg/registry/core/persistentvolume/strategy.go.

use super::super::field_error::{Errors, Path};
use super::amount::Amount;
use super::view::{Fill, View};
use super::{NONE, Rules, formats, internal, meta, pod};
use crate::text::Value;

/// The rules of volumes.
pub const RULES: Rules = Rules {
    kind: "v1 PersistentVolume",
    simulated: &["spec.capacity.*", "spec.accessModes", "spec.claimRef.*", "spec.storageClassName", "spec.volumeMode"],
    defaults,
    strategy,
    create: check,
    update: |new, old| {
        let mut out = check(new);
        let (spec, before) = (new.of("spec"), old.of("spec"));
        let diff = internal::diff(before, spec, internal::VOLUME_SOURCE);
        if !diff.is_empty() {
            let words = format!("spec.persistentvolumesource is immutable after creation\n{diff}");
            out.push(Path::new("spec").child("persistentvolumesource").forbidden(words));
        }
        let mode = |volume: &Value| volume.of("spec").of("volumeMode").clone();
        out.extend(meta::immutable(&mode(new), &mode(old), &Path::new("volumeMode")));
        if before.has("nodeAffinity") {
            let (now, was) = (spec.of("nodeAffinity"), before.of("nodeAffinity"));
            if !meta::same(now, was) {
                let shown = internal::shown(now, "core.v1.VolumeNodeAffinity");
                out.push(Path::new("nodeAffinity").invalid(shown, "field is immutable"));
            }
        }
        out
    },
    warnings,
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

const SOURCES: [&str; 22] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];
const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidatePersistentVolumeSpec.
fn check(volume: &Value) -> Errors {
    let (spec, path) = (volume.of("spec"), Path::new("spec"));
    let mut out = Errors::new();
    let modes: Vec<&str> = spec.items("accessModes").iter().filter_map(Value::as_str).collect();
    let at = path.child("accessModes");
    if modes.is_empty() {
        out.push(at.required(""));
    }
    out.extend(modes.iter().filter(|m| !MODES.contains(m)).map(|m| at.not_supported(*m, &MODES)));
    if modes.contains(&"ReadWriteOncePod") && modes.iter().any(|m| MODES.contains(m) && *m != "ReadWriteOncePod") {
        out.push(at.forbidden("may not use ReadWriteOncePod with other access modes"));
    }
    let (capacity, at) = (spec.of("capacity"), path.child("capacity"));
    if capacity.is_void() {
        out.push(at.required(""));
    }
    let pairs = spec.pairs("capacity");
    if !matches!(pairs.as_slice(), [("storage", _)]) {
        out.push(at.not_supported(capacity, &["storage"]));
    }
    for (name, value) in pairs {
        let whole = Amount::of(value).value();
        if whole < 0 {
            out.push(at.key(name).invalid(whole, "must be a valid resource quantity"));
        }
        if Amount::of(value).sign() <= 0 {
            out.push(at.key(name).invalid(value, "must be greater than zero"));
        }
    }
    let policy = spec.text("persistentVolumeReclaimPolicy");
    if !matches!(policy, "Delete" | "Recycle" | "Retain") {
        out.push(path.child("persistentVolumeReclaimPolicy").not_supported(policy, &["Delete", "Recycle", "Retain"]));
    }
    if spec.has("nodeAffinity") {
        let at = path.child("nodeAffinity").child("required");
        if spec.of("nodeAffinity").has("required") {
            out.extend(pod::placement::node_selector(spec.of("nodeAffinity").of("required"), &at));
        } else {
            out.push(at.required("must specify required node constraints"));
        }
    }
    out.extend(source(spec, &path));
    let class = spec.text("storageClassName");
    if !class.is_empty() {
        out.extend(formats::at(&path.child("storageClassName"), class, formats::dns_subdomain(class)));
    }
    let mode = spec.text("volumeMode");
    if spec.has("volumeMode") && !matches!(mode, "Block" | "Filesystem") {
        out.push(path.child("volumeMode").not_supported(mode, &["Block", "Filesystem"]));
    }
    if spec.has("volumeAttributesClassName") {
        let (name, at) = (spec.text("volumeAttributesClassName"), path.child("volumeAttributesClassName"));
        match name {
            "" => out.push(at.required("an empty string is disallowed")),
            name => out.extend(formats::at(&at, name, formats::dns_subdomain(name))),
        }
        if !spec.has("csi") {
            out.push(path.child("csi").required("has to be specified when using volumeAttributesClassName"));
        }
    }
    out
}

fn source(spec: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let present: Vec<&str> = SOURCES.into_iter().filter(|s| spec.has(s)).collect();
    for (i, name) in present.iter().enumerate() {
        let (value, at) = (spec.of(name), path.child(name));
        if i > 0 && *name != "flexVolume" {
            let at = if *name == "cephfs" { path.child("cephFS") } else { at };
            out.push(at.forbidden("may not specify more than 1 volume type"));
            continue;
        }
        let need = |members: &[&str]| pod::volumes::required(value, members, &at);
        match *name {
            "hostPath" => out.extend(pod::volumes::host_path(value, &at)),
            "nfs" => out.extend(pod::volumes::nfs(value, &at)),
            "local" => {
                out.extend(need(&["path"]));
                if !value.text("path").is_empty() {
                    out.extend(pod::volumes::no_backsteps(value.text("path"), &at.child("path")));
                }
                if !spec.has("nodeAffinity") {
                    out.push(path.child("nodeAffinity").required("Local volume requires node affinity"));
                }
            }
            "csi" => out.extend(csi(value, &at)),
            "glusterfs" => {
                out.extend(need(&["endpoints", "path"]));
                if value.has("endpointsNamespace") {
                    let at = at.child("endpointsNamespace");
                    match value.text("endpointsNamespace") {
                        "" => out
                            .push(at.invalid("", "if the endpointnamespace is set, it must be a valid namespace name")),
                        name => out.extend(formats::at(&at, name, formats::dns_label(name))),
                    }
                }
            }
            "cinder" | "storageos" => {
                let (own, members): (_, &[&str]) = match *name {
                    "cinder" => (need(&["volumeID"]), &["name", "namespace"]),
                    _ => (pod::volumes::storage_os(value, &at), &["namespace"]),
                };
                out.extend(own);
                if value.has("secretRef") {
                    out.extend(pod::volumes::required(value.of("secretRef"), members, &at.child("secretRef")));
                }
            }
            "azureFile" => {
                out.extend(need(&["secretName", "shareName"]));
                if value.has("secretNamespace") && value.text("secretNamespace").is_empty() {
                    out.push(at.child("secretNamespace").required(""));
                }
            }
            _ => out.extend(pod::volumes::shared(name, value, path)),
        }
    }
    if present.is_empty() {
        out.push(path.required("must specify a volume type"));
    }
    let root = spec.of("hostPath").text("path").trim_matches('/').is_empty() && spec.has("hostPath");
    if root && spec.text("persistentVolumeReclaimPolicy") == "Recycle" {
        let words = "may not be 'recycle' for a hostPath mount of '/'";
        out.push(path.child("persistentVolumeReclaimPolicy").forbidden(words));
    }
    out
}

/// A disk of somebody else's driver.
/// Source: validateCSIPersistentVolumeSource, ValidateCSIDriverName, validatePVSecretReference.
fn csi(csi: &Value, path: &Path) -> Errors {
    let mut out = pod::volumes::csi_driver(csi.text("driver"), &path.child("driver"));
    if csi.text("volumeHandle").is_empty() {
        out.push(path.child("volumeHandle").required(""));
    }
    for member in
        ["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"]
    {
        if !csi.has(member) {
            continue;
        }
        for (inner, judge) in [("name", formats::dns_subdomain as fn(&str) -> _), ("namespace", formats::dns_label)] {
            let at = path.child(member).child(inner);
            match csi.of(member).text(inner) {
                "" => out.push(at.required("")),
                text => out.extend(formats::at(&at, text, judge(text))),
            }
        }
    }
    out
}

/// Source: kubernetes v1.37 pkg/api/persistentvolume/util.go, GetWarningsForPersistentVolume.
fn warnings(volume: &Value) -> Vec<String> {
    const CLASS: &str = "volume.beta.kubernetes.io/storage-class";
    let spec = volume.of("spec");
    let mut out = Vec::new();
    let annotations = volume.of("metadata").of("annotations");
    if annotations.has(CLASS) {
        out.push(format!(
            "metadata.annotations[{CLASS}]: deprecated since v1.8; use \"storageClassName\" attribute instead"
        ));
    }
    if annotations.has("volume.beta.kubernetes.io/mount-options") {
        out.push("metadata.annotations[volume.beta.kubernetes.io/mount-options]: deprecated since v1.31; use \"mountOptions\" attribute instead".into());
    }
    if spec.text("persistentVolumeReclaimPolicy") == "Recycle" {
        out.push("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.".into());
    }
    let terms = spec.of("nodeAffinity").of("required").items("nodeSelectorTerms");
    let at = Path::new("spec").child("nodeAffinity").child("required").child("nodeSelectorTerms");
    pod::warnings::node_terms(terms, &at, &mut out);
    for (name, words) in pod::warnings::GONE.iter().filter(|(name, _)| spec.has(name)) {
        out.push(format!("spec.{}: {words}", if *name == "storageos" { "storageOS" } else { name }));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map;

    fn volume(path: &str) -> Value {
        let spec = map! {
            "capacity" => map! { "storage" => "1Gi" }, "accessModes" => vec![Value::str("ReadWriteOnce")],
            "persistentVolumeReclaimPolicy" => "Retain", "volumeMode" => "Filesystem",
            "hostPath" => map! { "path" => path, "type" => "" },
        };
        Value::Map(map! { "metadata" => map! { "name" => "v" }, "spec" => spec })
    }

    #[test]
    fn where_bytes_are_does_not_change() {
        let of = |new: &str| (RULES.update)(&volume(new), &volume("/a"));
        assert_eq!(of("/a"), []);
        let [error] = &of("/b")[..] else { panic!("one error") };
        assert_eq!(error.path, "spec.persistentvolumesource");
        assert!(error.detail.starts_with("spec.persistentvolumesource is immutable after creation\n@@ -2,7 +2,7 @@\n"));
        assert!(error.detail.contains("\n-  \"Path\": \"/a\",\n+  \"Path\": \"/b\",\n"), "{}", error.detail);
    }
}
