//! Volumes of a pod.

use super::any_text;
use super::page::{ANNOTATION_MAX, Page};
use super::storage::wish;
use crate::text::Value;

/// (member, words, fields as label and member). Source: describe.go, describeVolumes and the functions it calls.
type Form = (&'static str, &'static str, &'static [(&'static str, &'static str)]);
const FORMS: &[Form] = &[
    ("secret", "Secret (a volume populated by a Secret)", &[("SecretName", "secretName"), ("Optional", "optional?")]),
    ("configMap", "ConfigMap (a volume populated by a ConfigMap)", &[("Name", "name"), ("Optional", "optional?")]),
    (
        "emptyDir",
        "EmptyDir (a temporary directory that shares a pod's lifetime)",
        &[("Medium", "medium"), ("SizeLimit", "sizeLimit<unset>")],
    ),
    ("hostPath", "HostPath (bare host directory volume)", &[("Path", "path"), ("HostPathType", "type")]),
    (
        "persistentVolumeClaim",
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        &[("ClaimName", "claimName"), ("ReadOnly", "readOnly?")],
    ),
    (
        "nfs",
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        &[("Server", "server"), ("Path", "path"), ("ReadOnly", "readOnly?")],
    ),
    (
        "csi",
        "CSI (a Container Storage Interface (CSI) volume source)",
        &[("Driver", "driver"), ("FSType", "fsType"), ("VolumeHandle", "volumeHandle!"), ("ReadOnly", "readOnly?")],
    ),
    ("local", "LocalVolume (a persistent volume backed by local storage on a node)", &[("Path", "path")]),
    (
        "ephemeral",
        "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)",
        &[],
    ),
    ("image", "Image (a container image or OCI artifact)", &[("Reference", "reference"), ("PullPolicy", "pullPolicy")]),
];

pub(super) fn volumes(page: &mut Page, list: &[Value], space: &str) {
    if list.is_empty() {
        page.line(0, format!("{space}Volumes:\t<none>"));
        return;
    }
    page.line(0, format!("{space}Volumes:"));
    let indent = if space.is_empty() { "" } else { " " };
    for volume in list {
        page.line(1, format!("{indent}{}:", volume.str_at(&["name"]).unwrap_or_default()));
        source(page, volume);
    }
}

/// What a volume is made of.
pub(super) fn source(page: &mut Page, volume: &Value) {
    for (member, words, fields) in FORMS {
        let Some(it) = volume.get(member) else { continue };
        page.line(2, format!("Type:\t{words}"));
        for (label, field) in *fields {
            // Only the source of a volume has a handle.
            let field = field.strip_suffix('!').unwrap_or(field);
            if field == "volumeHandle" && it.get(field).is_none() {
                continue;
            }
            let value = match field.strip_suffix('?') {
                Some(field) => it.bool_at(&[field]).unwrap_or(false).to_string(),
                None => match field.strip_suffix("<unset>") {
                    Some(field) => it.get(field).map(any_text).unwrap_or_else(|| "<unset>".into()),
                    None => it.get(field).map(any_text).unwrap_or_default(),
                },
            };
            page.line(2, format!("{label}:\t{value}"));
        }
        match *member {
            "csi" => attributes(page, it.get("volumeAttributes")),
            "ephemeral" => claim_template(page, it.get("volumeClaimTemplate")),
            _ => {}
        }
        return;
    }
    if let Some(projected) = volume.get("projected") {
        page.line(2, "Type:\tProjected (a volume that contains injected data from multiple sources)");
        projected.list_at(&["sources"]).iter().for_each(|source| projected_source(page, source));
    } else if let Some(downward) = volume.get("downwardAPI") {
        page.line(2, "Type:\tDownwardAPI (a volume populated by information about the pod)");
        page.line(2, "Items:");
        for item in downward.list_at(&["items"]) {
            let from = item.str_at(&["fieldRef", "fieldPath"]).or(item.str_at(&["resourceFieldRef", "resource"]));
            page.line(3, format!("{} -> {}", from.unwrap_or_default(), item.str_at(&["path"]).unwrap_or_default()));
        }
    } else {
        page.line(1, "<unknown>");
    }
}

/// Source: describe.go, printCSIPersistentVolumeAttributesMultilineIndent: each part of a line is indented anew.
fn attributes(page: &mut Page, attributes: Option<&Value>) {
    let pairs = attributes.and_then(Value::as_map).map(|m| m.sorted()).unwrap_or_default();
    if pairs.is_empty() {
        return page.line(2, "VolumeAttributes:\t<none>");
    }
    for (i, (key, value)) in pairs.into_iter().enumerate() {
        let line = format!("{key}={}", any_text(value));
        let cut = line.char_indices().map(|(at, _)| at).find(|at| *at >= ANNOTATION_MAX);
        let line = cut.map_or(line.clone(), |at| format!("{}...", &line[..at]));
        let title = if i == 0 { "VolumeAttributes:" } else { "    " };
        page.line(2, format!("{title}\t    {line}"));
    }
}

/// The claim that a pod asks for inline. Source: describe.go, printEphemeralVolumeSource, printPersistentVolumeClaim: each
/// part of a line is indented anew.
fn claim_template(page: &mut Page, template: Option<&Value>) {
    let Some(template) = template else { return };
    let spec = template.get("spec").unwrap_or(&Value::Null);
    let class = template.str_at(&["metadata", "annotations", "volume.beta.kubernetes.io/storage-class"]);
    let class = class.or(spec.str_at(&["storageClassName"])).unwrap_or_default();
    let volume = spec.str_at(&["volumeName"]).unwrap_or_default();
    page.line(2, format!("StorageClass:\t{class}"));
    page.line(2, format!("Volume:\t{volume}"));
    for (title, key, between) in [("Labels", "labels", "="), ("Annotations", "annotations", ": ")] {
        let pairs = template.at(&["metadata", key]).and_then(Value::as_map).map(|m| m.sorted()).unwrap_or_default();
        if pairs.is_empty() {
            page.line(2, format!("{title}:\t<none>"));
        }
        for (i, (name, value)) in pairs.into_iter().enumerate() {
            let title = match (i, key) {
                (0, _) => format!("{title}:"),
                (_, "labels") => "    ".into(),
                _ => String::new(),
            };
            page.line(2, format!("{title}\t    {name}{between}{}", any_text(value)));
        }
    }
    page.line(2, format!("Capacity:\t{}", if volume.is_empty() { "" } else { "0" }));
    page.line(2, "Access Modes:\t");
    wish(page, 2, spec);
}

fn projected_source(page: &mut Page, source: &Value) {
    for (key, label) in [("secret", "SecretName"), ("configMap", "ConfigMapName")] {
        if let Some(it) = source.get(key) {
            page.line(2, format!("{label}:\t{}", it.str_at(&["name"]).unwrap_or_default()));
            page.line(2, format!("Optional:\t{}", it.bool_at(&["optional"]).unwrap_or(false)));
        }
    }
    if source.get("downwardAPI").is_some() {
        page.line(2, "DownwardAPI:\ttrue");
    }
    if let Some(token) = source.get("serviceAccountToken") {
        page.line(2, format!("TokenExpirationSeconds:\t{}", token.int_at(&["expirationSeconds"]).unwrap_or(0)));
    }
}
