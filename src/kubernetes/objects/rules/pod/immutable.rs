//! What must not change in a pod, and the difference the server shows.
//! Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidatePodUpdate; pkg/api/validation diff.

use super::super::super::field_error::{Errors, Path};
use super::super::view::{Fill, View};
use super::super::{internal, meta};
use crate::text::Value;

/// Source: pkg/apis/core/validation/validation.go, updatablePodSpecFields.
const WORDS: &str = "pod updates may not change fields other than `spec.containers[*].image`,\
`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
`spec.tolerations` (only additions to existing tolerations),\
`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// Compares the specs with everything equalised that may change.
pub fn check(spec: &Value, before: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut munged = spec.clone();
    for list in ["containers", "initContainers"] {
        let images: Vec<Value> = before.items(list).iter().map(|c| c.of("image").clone()).collect();
        let mut at = 0;
        munged.each(list, |container| {
            if let Some(image) = images.get(at) {
                container.make_map().set("image", image.clone());
            }
            at += 1;
        });
    }
    for member in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        equalise(&mut munged, before, member);
    }
    let grace = "terminationGracePeriodSeconds";
    if before.int(grace).is_some_and(|g| g < 0) && munged.int(grace) == Some(1) {
        equalise(&mut munged, before, grace);
    }
    if !before.items("schedulingGates").is_empty() {
        out.extend(gated(&mut munged, before, path));
    }
    if !meta::same(&munged, before) {
        let diff = internal::diff(before, &munged, "core.v1.PodSpec");
        out.push(path.forbidden(format!("{WORDS}\n{diff}")));
    }
    out
}

fn equalise(munged: &mut Value, before: &Value, member: &str) {
    match before.get(member) {
        Some(value) => munged.make_map().set(member, value.clone()),
        None => {
            munged.remove_at(&[member]);
        }
    }
}

/// Pods that are not yet offered to the scheduler may have their choice of nodes narrowed.
fn gated(munged: &mut Value, before: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let selector = munged.of("nodeSelector").clone();
    let kept = before.pairs("nodeSelector").iter().all(|(k, v)| selector.of(k) == *v);
    if !kept {
        let words = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        out.push(path.child("nodeSelector").invalid(&selector, words));
    }
    equalise(munged, before, "nodeSelector");
    let was = before.of("affinity").of("nodeAffinity").clone();
    let now = munged.of("affinity").of("nodeAffinity").clone();
    out.extend(if was.is_null() {
        Errors::new()
    } else {
        meta::immutable(&now, &was, &path.child("affinity").child("nodeAffinity"))
    });
    if !meta::same(&was, &now) {
        match was {
            Value::Null => {
                munged.remove_at(&["affinity", "nodeAffinity"]);
                if munged.of("affinity").is_void() && !before.has("affinity") {
                    munged.remove_at(&["affinity"]);
                }
            }
            was => munged.make("affinity").make_map().set("nodeAffinity", was),
        }
    }
    out
}
