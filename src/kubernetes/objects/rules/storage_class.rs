//! StorageClass: where disks come from.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, formats, meta, pod};
use crate::text::Value;
use std::collections::{BTreeMap, BTreeSet};

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
    warnings,
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
    out.extend(topologies(class.items("allowedTopologies")));
    // The generated checks come last.
    if provisioner.is_empty() {
        out.push(at.required(""));
    }
    out
}

/// Source: validateAllowedTopologies; pkg/apis/core/validation/validation.go, ValidateTopologySelectorTerm.
fn topologies(terms: &[Value]) -> Errors {
    let path = Path::new("allowedTopologies");
    let mut out = Errors::new();
    // An empty term equals the ones that the server makes room for.
    let mut seen: Vec<BTreeMap<&str, BTreeSet<&str>>> = vec![BTreeMap::new(); terms.len()];
    for (i, term) in terms.iter().enumerate() {
        let list = path.index(i).child("matchLabelExpressions");
        let mut own: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (j, asked) in term.items("matchLabelExpressions").iter().enumerate() {
            let (key, at) = (asked.text("key"), list.index(j));
            let values = asked.items("values");
            if values.is_empty() {
                out.push(at.child("values").required(""));
            }
            let mut set = BTreeSet::new();
            for (k, value) in values.iter().filter_map(Value::as_str).enumerate() {
                if !set.insert(value) {
                    out.push(at.child("values").index(k).duplicate(value));
                }
            }
            out.extend(formats::at(&at.child("key"), key, formats::label_key(key)));
            if own.insert(key, set).is_some() {
                out.push(at.child("key").duplicate(key));
            }
        }
        out.extend(seen.iter().filter(|other| **other == own).map(|_| list.duplicate("")));
        seen.push(own);
    }
    out
}

/// Source: kubernetes v1.37 pkg/api/storage/util.go, GetWarningsForStorageClass.
fn warnings(class: &Value) -> Vec<String> {
    let mut out = Vec::new();
    for (i, term) in class.items("allowedTopologies").iter().enumerate() {
        for (j, asked) in term.items("matchLabelExpressions").iter().enumerate() {
            if let Some(words) = pod::warnings::old_label(asked.text("key")) {
                out.push(format!("allowedTopologies[{i}].matchLabelExpressions[{j}].key: {words}"));
            }
        }
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
