//! Volumes of pods, and the sources that persistent volumes share with them.
//! Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateVolumes, validateVolumeSource.

use super::super::super::field_error::{Errors, Path};
use super::super::amount::Amount;
use super::super::formats;
use super::super::view::View;
use super::super::{meta, persistent_volume_claim};
use super::env;
use crate::text::Value;
use crate::text::go::quoted;

const MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

/// How a source is judged: its name, the name the server prints, the rule.
type Source = (&'static str, &'static str, &'static str, fn(&Value, &Path) -> Errors);

/// In the server's order; the second name is the one behind `may not specify more than 1 volume type`.
const SOURCES: &[Source] = &[
    ("emptyDir", "emptyDir", "emptyDir", empty_dir),
    ("hostPath", "hostPath", "hostPath", host_path),
    ("gitRepo", "gitRepo", "gitRepo", |v, p| {
        let mut out = required(v, &["repository"], p);
        out.extend(descending(v.text("directory"), &p.child("directory")));
        out
    }),
    ("gcePersistentDisk", "gcePersistentDisk", "persistentDisk", |v, p| partitioned(v, "pdName", p)),
    ("awsElasticBlockStore", "awsElasticBlockStore", "awsElasticBlockStore", |v, p| partitioned(v, "volumeID", p)),
    ("secret", "secret", "secret", |v, p| keyed(v, "secretName", p)),
    ("nfs", "nfs", "nfs", nfs),
    ("iscsi", "iscsi", "iscsi", iscsi),
    ("glusterfs", "glusterfs", "glusterfs", |v, p| required(v, &["endpoints", "path"], p)),
    ("flocker", "flocker", "flocker", flocker),
    ("persistentVolumeClaim", "persistentVolumeClaim", "persistentVolumeClaim", |v, p| required(v, &["claimName"], p)),
    ("rbd", "rbd", "rbd", |v, p| required(v, &["monitors", "image"], p)),
    ("cinder", "cinder", "cinder", |v, p| required(v, &["volumeID"], p)),
    ("cephfs", "cephFS", "cephfs", |v, p| required(v, &["monitors"], p)),
    ("quobyte", "quobyte", "quobyte", quobyte),
    ("downwardAPI", "downwarAPI", "downwardAPI", |v, p| {
        let mut out = mode(v, "defaultMode", p);
        v.items("items").iter().for_each(|file| out.extend(downward_file(file, p)));
        out
    }),
    ("fc", "fc", "fc", fc),
    ("flexVolume", "flexVolume", "flexVolume", |v, p| required(v, &["driver"], p)),
    ("configMap", "configMap", "configMap", |v, p| keyed(v, "name", p)),
    ("azureFile", "azureFile", "azureFile", |v, p| required(v, &["secretName", "shareName"], p)),
    ("vsphereVolume", "vsphereVolume", "vsphereVolume", |v, p| required(v, &["volumePath"], p)),
    ("photonPersistentDisk", "photonPersistentDisk", "photonPersistentDisk", |v, p| required(v, &["pdID"], p)),
    ("portworxVolume", "portworxVolume", "portworxVolume", |v, p| required(v, &["volumeID"], p)),
    ("azureDisk", "azureDisk", "azureDisk", azure_disk),
    ("storageos", "storageos", "storageos", storage_os),
    ("projected", "projected", "projected", projected),
    ("scaleIO", "scaleIO", "scaleIO", |v, p| required(v, &["gateway", "system", "volumeName"], p)),
    ("csi", "csi", "csi", csi),
    ("ephemeral", "ephemeral", "ephemeral", ephemeral),
    ("image", "image", "image", |v, p| {
        let mut out = required(v, &["reference"], p);
        out.extend(super::container::pull_policy(v.text("pullPolicy"), &p.child("pullPolicy")));
        out
    }),
];

/// All volumes of a pod (`pod_name` is empty for templates); also the names of those without fault.
pub fn all<'a>(volumes: &'a [Value], pod_name: &str, path: &Path) -> (Vec<&'a Value>, Errors) {
    let mut out = Errors::new();
    let mut good: Vec<&Value> = Vec::new();
    let made: Vec<String> = volumes
        .iter()
        .filter(|v| v.has("ephemeral") && !pod_name.is_empty())
        .map(|v| format!("{pod_name}-{}", v.text("name")))
        .collect();
    for (i, volume) in volumes.iter().enumerate() {
        let at = path.index(i);
        let (name, name_path) = (volume.text("name"), at.child("name"));
        let mut errors = source(volume, pod_name, &at);
        if name.is_empty() {
            errors.push(name_path.required(""));
        } else {
            errors.extend(formats::at(&name_path, name, formats::dns_label(name)));
        }
        if good.iter().any(|g| g.text("name") == name) {
            errors.push(name_path.duplicate(name));
        }
        if errors.is_empty() {
            good.push(volume);
        }
        out.extend(errors);
        let claim = volume.of("persistentVolumeClaim").text("claimName");
        if made.iter().any(|m| m == claim) {
            let at = at.child("persistentVolumeClaim").child("claimName");
            out.push(at.invalid(claim, "must not reference a PVC that gets created for an ephemeral volume"));
        }
    }
    (good, out)
}

fn source(volume: &Value, pod_name: &str, path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut found = 0;
    for (member, twice, name, judge) in SOURCES {
        if !volume.has(member) {
            continue;
        }
        if found > 0 {
            out.push(path.child(twice).forbidden("may not specify more than 1 volume type"));
            continue;
        }
        found += 1;
        out.extend(judge(volume.of(member), &path.child(name)));
        if *member == "ephemeral" && !pod_name.is_empty() && !volume.text("name").is_empty() {
            let claim = format!("{pod_name}-{}", volume.text("name"));
            for words in formats::dns_subdomain(&claim) {
                out.push(
                    path.child("name").invalid(volume.text("name"), format!("PVC name {}: {words}", quoted(&claim))),
                );
            }
        }
    }
    if found == 0 {
        out.push(path.required("must specify a volume type"));
    }
    out
}

/// A source that persistent volumes have as pods have it; `path` is that of the holder.
pub fn shared(name: &str, value: &Value, path: &Path) -> Errors {
    let found = SOURCES.iter().find(|(member, ..)| *member == name);
    found.map_or_else(Errors::new, |(_, _, shown, judge)| judge(value, &path.child(shown)))
}

/// The name of a driver. Source: ValidateCSIDriverName.
pub fn csi_driver(driver: &str, path: &Path) -> Errors {
    if driver.is_empty() {
        return vec![path.required("")];
    }
    let mut out = Errors::new();
    if driver.len() > 63 {
        out.push(path.too_long(63));
    }
    out.extend(formats::at(path, driver, formats::dns_subdomain(&driver.to_lowercase())));
    out
}

/// Source: validateStorageOSVolumeSource.
pub fn storage_os(value: &Value, path: &Path) -> Errors {
    let mut out = required(value, &["volumeName"], path);
    for member in ["volumeName", "volumeNamespace"] {
        let name = value.text(member);
        if !name.is_empty() {
            out.extend(formats::at(&path.child(member), name, formats::dns_label(name)));
        }
    }
    if value.has("secretRef") {
        out.extend(required(value.of("secretRef"), &["name"], &path.child("secretRef")));
    }
    out
}

/// Source: validateAzureDisk.
fn azure_disk(value: &Value, path: &Path) -> Errors {
    const MANAGED: &str =
        "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
    const BLOB: &str = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
    let mut out = required(value, &["diskName", "diskURI"], path);
    for (member, words) in
        [("cachingMode", ["None", "ReadOnly", "ReadWrite"]), ("kind", ["Dedicated", "Managed", "Shared"])]
    {
        let given = value.text(member);
        if value.has(member) && !words.contains(&given) {
            out.push(path.child(member).not_supported(given, &words));
        }
    }
    let (uri, kind) = (value.text("diskURI"), value.text("kind"));
    if kind == "Managed" && !uri.starts_with("/subscriptions/") {
        out.push(path.child("diskURI").not_supported(uri, &[MANAGED]));
    }
    if value.has("kind") && kind != "Managed" && !uri.starts_with("https://") {
        out.push(path.child("diskURI").not_supported(uri, &[BLOB]));
    }
    out
}

/// Source: validateQuobyteVolumeSource.
fn quobyte(value: &Value, path: &Path) -> Errors {
    const WORDS: &str = "must be a host:port pair or multiple pairs separated by commas";
    let mut out = Errors::new();
    let registry = value.text("registry");
    if registry.is_empty() {
        out.push(path.child("registry").required(WORDS));
    } else if value.text("tenant").len() >= 65 {
        let words = "must be a UUID and may not exceed a length of 64 characters";
        out.push(path.child("tenant").required(words));
    } else {
        let broken = registry.split(',').filter(|pair| pair.matches(':').count() != 1);
        out.extend(broken.map(|_| path.child("registry").invalid(registry, WORDS)));
    }
    out.extend(required(value, &["volume"], path));
    out
}

/// Members that must not be empty.
pub fn required(value: &Value, members: &[&str], path: &Path) -> Errors {
    members.iter().filter(|m| value.of(m).is_void()).map(|m| path.child(m).required("")).collect()
}

fn empty_dir(value: &Value, path: &Path) -> Errors {
    if value.has("sizeLimit") && Amount::of(value.of("sizeLimit")).sign() < 0 {
        return vec![path.child("sizeLimit").forbidden("SizeLimit field must be a valid resource quantity")];
    }
    Errors::new()
}

/// A place on the node.
pub fn host_path(value: &Value, path: &Path) -> Errors {
    const TYPES: [&str; 8] =
        ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    if value.text("path").is_empty() {
        return vec![path.child("path").required("")];
    }
    let mut out = no_backsteps(value.text("path"), &path.child("path"));
    let kind = value.text("type");
    if !TYPES.contains(&kind) {
        out.push(path.child("type").not_supported(kind, &TYPES));
    }
    out
}

/// A network file system.
pub fn nfs(value: &Value, path: &Path) -> Errors {
    let mut out = required(value, &["server", "path"], path);
    if !value.text("path").starts_with('/') {
        out.push(path.child("path").invalid(value.text("path"), "must be an absolute path"));
    }
    out
}

fn partitioned(value: &Value, id: &str, path: &Path) -> Errors {
    let mut out = required(value, &[id], path);
    let partition = value.num("partition");
    if !(0..=255).contains(&partition) {
        out.push(path.child("partition").invalid(partition, "must be between 1 and 255, inclusive"));
    }
    out
}

fn iscsi(value: &Value, path: &Path) -> Errors {
    let mut out = required(value, &["targetPortal"], path);
    let iqn = value.text("iqn");
    if iqn.is_empty() {
        out.push(path.child("iqn").required(""));
    } else if !["iqn", "eui", "naa"].iter().any(|p| iqn.starts_with(p)) {
        out.push(path.child("iqn").invalid(iqn, "must be valid format starting with iqn, eui, or naa"));
    }
    for words in formats::in_range(value.num("lun"), 0, 255) {
        out.push(path.child("lun").invalid(value.num("lun"), words));
    }
    if (value.yes("chapAuthDiscovery") || value.yes("chapAuthSession")) && !value.has("secretRef") {
        out.push(path.child("secretRef").required(""));
    }
    out
}

fn flocker(value: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let (name, uuid) = (value.text("datasetName"), value.text("datasetUUID"));
    if name.is_empty() && uuid.is_empty() {
        out.push(path.required("one of datasetName and datasetUUID is required"));
    }
    if !name.is_empty() && !uuid.is_empty() {
        out.push(path.invalid("resource", "datasetName and datasetUUID can not be specified simultaneously"));
    }
    if name.contains('/') {
        out.push(path.child("datasetName").invalid(name, "must not contain '/'"));
    }
    out
}

fn fc(value: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let (names, ids) = (value.items("targetWWNs"), value.items("wwids"));
    if names.is_empty() && ids.is_empty() {
        out.push(path.child("targetWWNs").required("must specify either targetWWNs or wwids, but not both"));
    }
    if !names.is_empty() && !ids.is_empty() {
        let words = "targetWWNs and wwids can not be specified simultaneously";
        out.push(path.child("targetWWNs").invalid(value.of("targetWWNs"), words));
    }
    if !names.is_empty() {
        match value.int("lun") {
            None => out.push(path.child("lun").required("lun is required if targetWWNs is specified")),
            Some(n) => out.extend(formats::in_range(n, 0, 255).into_iter().map(|w| path.child("lun").invalid(n, w))),
        }
    }
    out
}

fn csi(value: &Value, path: &Path) -> Errors {
    let mut out = csi_driver(value.text("driver"), &path.child("driver"));
    if value.has("nodePublishSecretRef") && value.of("nodePublishSecretRef").text("name").is_empty() {
        out.push(path.child("nodePublishSecretRef").child("name").required(""));
    }
    out
}

fn ephemeral(value: &Value, path: &Path) -> Errors {
    if !value.has("volumeClaimTemplate") {
        return vec![path.child("volumeClaimTemplate").required("")];
    }
    let (template, at) = (value.of("volumeClaimTemplate"), path.child("volumeClaimTemplate"));
    let meta_path = at.child("metadata");
    let mut out = meta::labels(template.of("metadata").of("labels"), &meta_path.child("labels"));
    out.extend(meta::annotations(template.of("metadata").of("annotations"), &meta_path.child("annotations")));
    out.extend(persistent_volume_claim::spec(template.of("spec"), &at.child("spec")));
    out
}

/// A config map or secret as files.
fn keyed(value: &Value, name: &str, path: &Path) -> Errors {
    let mut out = required(value, &[name], path);
    out.extend(mode(value, "defaultMode", path));
    for (i, item) in value.items("items").iter().enumerate() {
        out.extend(key_to_path(item, &path.child("items").index(i)));
    }
    out
}

fn key_to_path(item: &Value, path: &Path) -> Errors {
    let mut out = required(item, &["key", "path"], path);
    out.extend(local_path(item.text("path"), &path.child("path")));
    out.extend(mode(item, "mode", path));
    out
}

fn mode(value: &Value, member: &str, path: &Path) -> Errors {
    match value.int(member) {
        Some(m) if !(0..=0o777).contains(&m) => vec![path.child(member).invalid(m, MODE)],
        _ => Errors::new(),
    }
}

fn downward_file(file: &Value, path: &Path) -> Errors {
    const FIELDS: [&str; 5] =
        ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
    let mut out = required(file, &["path"], path);
    out.extend(local_path(file.text("path"), &path.child("path")));
    if file.has("fieldRef") {
        out.extend(env::field_ref(file.of("fieldRef"), &FIELDS, &path.child("fieldRef")));
        if file.has("resourceFieldRef") {
            out.push(path.invalid("resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
        }
    } else if file.has("resourceFieldRef") {
        out.extend(env::resource_ref(file.of("resourceFieldRef"), true, &path.child("resourceFieldRef")));
    } else {
        out.push(path.required("one of fieldRef and resourceFieldRef is required"));
    }
    out.extend(mode(file, "mode", path));
    out
}

fn projected(value: &Value, path: &Path) -> Errors {
    let mut out = mode(value, "defaultMode", path);
    let mut taken: Vec<&str> = Vec::new();
    for (i, source) in value.items("sources").iter().enumerate() {
        let at = path.child("sources").index(i);
        let mut found = 0;
        for (member, keyed) in [("secret", true), ("configMap", true), ("downwardAPI", false)] {
            if !source.has(member) {
                continue;
            }
            found += 1;
            let (inner, here) = (source.of(member), at.child(member));
            if keyed {
                out.extend(required(inner, &["name"], &here));
            }
            for (j, item) in inner.items("items").iter().enumerate() {
                let file = item.text("path");
                out.extend(if keyed {
                    key_to_path(item, &here.child("items").index(j))
                } else {
                    downward_file(item, &here)
                });
                if !file.is_empty() && taken.contains(&file) {
                    let shown = if keyed { inner.text("name") } else { file };
                    out.push(path.invalid(shown, "conflicting duplicate paths"));
                }
                taken.push(file);
            }
        }
        if source.has("serviceAccountToken") {
            found += 1;
            out.extend(token(source.of("serviceAccountToken"), path, &at.child("serviceAccountToken")));
        }
        if found > 1 {
            out.push(at.forbidden("may not specify more than 1 volume type per source"));
        }
    }
    out
}

fn token(token: &Value, volume: &Path, path: &Path) -> Errors {
    let mut out = Errors::new();
    let seconds = token.num("expirationSeconds");
    if seconds < 600 {
        out.push(path.child("expirationSeconds").invalid(seconds, "may not specify a duration less than 10 minutes"));
    }
    if seconds > 1 << 32 {
        out.push(
            path.child("expirationSeconds").invalid(seconds, "may not specify a duration larger than 2^32 seconds"),
        );
    }
    if token.text("path").is_empty() {
        out.push(volume.child("path").required(""));
    } else {
        out.extend(local_path(token.text("path"), &volume.child("path")));
    }
    out
}

/// A path that must stay below where it starts.
pub fn descending(text: &str, path: &Path) -> Errors {
    let mut out = Errors::new();
    if text.starts_with('/') {
        out.push(path.invalid(text, "must be a relative path"));
    }
    out.extend(no_backsteps(text, path));
    out
}

/// A path without `..`.
pub fn no_backsteps(text: &str, path: &Path) -> Errors {
    if text.split('/').any(|part| part == "..") {
        return vec![path.invalid(text, "must not contain '..'")];
    }
    Errors::new()
}

fn local_path(text: &str, path: &Path) -> Errors {
    let mut out = descending(text, path);
    if text.starts_with("..") && !text.starts_with("../") {
        out.push(path.invalid(text, "must not start with '..'"));
    }
    out
}
