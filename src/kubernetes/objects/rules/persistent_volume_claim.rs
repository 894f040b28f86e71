//! PersistentVolumeClaim: the wish for a disk.
//! Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go; pkg/registry/core/persistentvolumeclaim/strategy.go;
//! plugin/pkg/admission/storage/{storageobjectinuseprotection,storageclass/setdefault}/admission.go.

use super::super::field_error::{Errors, Path};
use super::amount::Amount;
use super::view::{Fill, View};
use super::{NONE, Rules, Surroundings, formats, internal, meta, pod};
use crate::text::Value;
use crate::text::go::quoted;

const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

/// The rules of claims.
pub const RULES: Rules = Rules {
    kind: "v1 PersistentVolumeClaim",
    simulated: &[
        "spec.accessModes",
        "spec.resources.requests.*",
        "spec.selector.*",
        "spec.storageClassName",
        "spec.volumeMode",
        "spec.volumeName",
    ],
    defaults,
    strategy: |claim| {
        claim.make_map().set("status", crate::map! { "phase" => "Pending" });
        claim.inside("spec", |spec| sources(spec, &Value::Null));
    },
    carry: |claim, old| claim.inside("spec", |spec| sources(spec, old.of("spec"))),
    create: |claim| spec(claim.of("spec"), &Path::new("spec")),
    update,
    warnings,
    ..NONE
};

/// What a claim is filled from: an old way that knows claims and snapshots only, and a new one; either tells the other.
/// Source: kubernetes v1.37 pkg/api/persistentvolumeclaim/util.go, DropDisabledFields, EnforceDataSourceBackwardsCompatibility,
/// NormalizeDataSources.
fn sources(spec: &mut Value, before: &Value) {
    let foreign = !spec.of("dataSourceRef").text("namespace").is_empty();
    if foreign && !before.has("dataSourceRef") {
        spec.remove_at(&["dataSourceRef"]);
    }
    let known = |source: &Value| match (source.text("kind"), source.text("apiGroup")) {
        ("PersistentVolumeClaim", "") => true,
        (kind, group) => kind == "VolumeSnapshot" && group == "snapshot.storage.k8s.io",
    };
    let used = before.has("dataSource") || before.has("dataSourceRef");
    if !used && !spec.has("dataSourceRef") && spec.has("dataSource") && !known(spec.of("dataSource")) {
        spec.remove_at(&["dataSource"]);
    }
    match (spec.has("dataSource"), spec.has("dataSourceRef")) {
        (true, false) => {
            let source = spec.of("dataSource").clone();
            spec.make_map().set("dataSourceRef", source);
        }
        (false, true) if spec.of("dataSourceRef").text("namespace").is_empty() => {
            let source = spec.of("dataSourceRef").clone();
            spec.make_map().set("dataSource", source);
        }
        _ => {}
    }
}

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

const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// The spec of a claim, also in templates.
/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidatePersistentVolumeClaimSpec.
pub fn spec(spec: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let modes: Vec<&str> = spec.items("accessModes").iter().filter_map(Value::as_str).collect();
    let at = path.child("accessModes");
    if modes.is_empty() {
        out.push(at.required("at least 1 access mode is required"));
    }
    out.extend(meta::selector(spec.of("selector"), meta::SelectorRule::default(), &path.child("selector")));
    out.extend(modes.iter().filter(|m| !MODES.contains(m)).map(|m| at.not_supported(*m, &MODES)));
    let known = modes.iter().filter(|m| MODES.contains(m));
    if modes.contains(&"ReadWriteOncePod") && known.clone().any(|m| *m != "ReadWriteOncePod") {
        out.push(at.forbidden("may not use ReadWriteOncePod with other access modes"));
    }
    let (size, at) = (spec.of("resources").of("requests").of("storage"), path.child("resources").key("storage"));
    if size.is_null() {
        out.push(at.required(""));
    } else if Amount::of(size).sign() <= 0 {
        out.push(at.invalid(size, "must be greater than zero"));
    }
    for member in ["storageClassName", "volumeAttributesClassName"] {
        let name = spec.text(member);
        if !name.is_empty() {
            out.extend(formats::at(&path.child(member), name, formats::dns_subdomain(name)));
        }
    }
    let mode = spec.text("volumeMode");
    if spec.has("volumeMode") && !matches!(mode, "Block" | "Filesystem") {
        out.push(path.child("volumeMode").not_supported(mode, &["Block", "Filesystem"]));
    }
    for member in ["dataSource", "dataSourceRef"] {
        if spec.has(member) {
            out.extend(source(spec.of(member), &path.child(member)));
        }
    }
    out
}

fn source(source: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    for member in ["name", "kind"] {
        if source.text(member).is_empty() {
            out.push(path.child(member).required(""));
        }
    }
    let group = source.text("apiGroup");
    if group.is_empty() && source.text("kind") != "PersistentVolumeClaim" {
        let words = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
        out.push(path.invalid(source.text("kind"), words));
    }
    if !group.is_empty() {
        out.extend(formats::at(&path.child("apiGroup"), group, formats::dns_subdomain(group)));
    }
    out
}

/// Source: ValidatePersistentVolumeClaimUpdate.
fn update(new: &Value, old: &Value) -> Errors {
    const WORDS: &str =
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    let mut out = spec(new.of("spec"), &Path::new("spec"));
    let (mut now, mut was) = (new.of("spec").clone(), old.of("spec").clone());
    if was.text("volumeName").is_empty() {
        match now.get("volumeName").cloned() {
            Some(name) => was.make_map().set("volumeName", name),
            None => {
                was.remove_at(&["volumeName"]);
            }
        }
    }
    let annotation = |claim: &Value| claim.of("metadata").of("annotations").text(CLASS_ANNOTATION).to_owned();
    if annotation(new) != annotation(old) {
        let at = Path::new("metadata").child("annotations").child(CLASS_ANNOTATION);
        out.push(at.invalid(annotation(new), "field is immutable"));
    }
    if now.has("storageClassName") && !was.has("storageClassName") {
        let told = annotation(old);
        if told.is_empty() || told == now.text("storageClassName") {
            now.remove_at(&["storageClassName"]);
        }
    }
    let bound = new.of("status").text("phase") == "Bound";
    if bound && now.of("resources").has("requests") {
        let size = was.of("resources").of("requests").of("storage").clone();
        now.set_at(&["resources", "requests", "storage"], size);
    }
    if bound && now.has("volumeAttributesClassName") {
        let class = was.of("volumeAttributesClassName").clone();
        now.make_map().set("volumeAttributesClassName", class);
    }
    if !meta::same(&now, &was) {
        let diff = internal::diff(&was, &now, "core.v1.PersistentVolumeClaimSpec");
        out.push(Path::new("spec").forbidden(format!("{WORDS}\n{diff}")));
    }
    let size = |claim: &Value| Amount::of(claim.of("spec").of("resources").of("requests").of("storage"));
    let capacity = Amount::of(old.of("status").of("capacity").of("storage"));
    if size(new) < size(old) && size(new) <= capacity {
        let at = Path::new("spec").child("resources").child("requests").child("storage");
        out.push(at.forbidden("field can not be less than status.capacity"));
    }
    let mode = |claim: &Value| claim.of("spec").of("volumeMode").clone();
    out.extend(meta::immutable(&mode(new), &mode(old), &Path::new("volumeMode")));
    out
}

/// Source: kubernetes v1.37 pkg/api/persistentvolumeclaim/util.go, GetWarningsForPersistentVolumeClaim.
fn warnings(claim: &Value) -> Vec<String> {
    let mut out = Vec::new();
    if claim.of("metadata").of("annotations").has(CLASS_ANNOTATION) {
        out.push(format!(
            "metadata.annotations[{CLASS_ANNOTATION}]: deprecated since v1.8; use \"storageClassName\" attribute instead"
        ));
    }
    out.extend(spec_warnings(claim.of("spec"), &Path::new("spec")));
    out
}

/// Bytes are whole.
pub fn spec_warnings(spec: &Value, path: &Path) -> Vec<String> {
    let mut out = Vec::new();
    for list in ["requests", "limits"] {
        let size = spec.of("resources").of(list).of("storage");
        if !size.is_null() && !Amount::of(size).is_whole() {
            let at = path.child("resources").child(list).key("storage");
            let shown = quoted(size.as_str().unwrap_or_default());
            out.push(format!("{at}: fractional byte value {shown} is invalid, must be an integer"));
        }
    }
    out
}
