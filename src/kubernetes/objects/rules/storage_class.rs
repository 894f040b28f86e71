//! StorageClass: where disks come from.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, formats, meta};
use crate::text::Value;

/// The rules of storage classes.
pub const RULES: Rules = Rules {
    kind: "storage.k8s.io/v1 StorageClass",
    simulated: &["provisioner", "volumeBindingMode", "reclaimPolicy"],
    defaults: |class| {
        class.fill("reclaimPolicy", "Delete");
        class.fill("volumeBindingMode", "Immediate");
    },
    create,
    update,
    ..NONE
};

/// Source: kubernetes v1.37 pkg/apis/storage/validation/validation.go, ValidateStorageClass.
fn create(class: &Value) -> Errors {
    let mut out = Errors::new();
    let (provisioner, at) = (class.text("provisioner"), Path::new("provisioner"));
    if !provisioner.is_empty() {
        out.extend(formats::at(&at, provisioner, formats::label_key(&provisioner.to_lowercase())));
    }
    for (key, _) in class.pairs("parameters") {
        if key.is_empty() {
            out.push(Path::new("parameters").invalid(key, "field can not be empty."));
        }
    }
    let policy = class.text("reclaimPolicy");
    if !policy.is_empty() && !matches!(policy, "Delete" | "Retain") {
        out.push(Path::new("reclaimPolicy").not_supported(policy, &["Delete", "Retain"]));
    }
    let mode = class.text("volumeBindingMode");
    if mode.is_empty() {
        out.push(Path::new("volumeBindingMode").required(""));
    } else if !matches!(mode, "Immediate" | "WaitForFirstConsumer") {
        out.push(Path::new("volumeBindingMode").not_supported(mode, &["Immediate", "WaitForFirstConsumer"]));
    }
    if provisioner.is_empty() {
        out.push(at.required(""));
    }
    out
}

fn update(new: &Value, old: &Value) -> Errors {
    let mut out = Errors::new();
    let changed = |member: &str| !meta::immutable(new.of(member), old.of(member), &Path::new(member)).is_empty();
    for member in ["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"] {
        if changed(member) {
            out.push(Path::new(member).invalid(Value::Null, "field is immutable"));
        }
    }
    out
}
