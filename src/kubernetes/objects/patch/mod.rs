//! Patches: what changes one tree into another, and changing a tree by a patch. Pure functions; the API server and kubectl
//! use the same ones.

mod json_merge;
mod json_patch;
mod strategic_diff;
mod strategic_merge;
mod unstructured;

pub use json_merge::{merge, merge_diff};
pub use json_patch::apply as json_patch;
pub use strategic_diff::{Wanted, strategic_diff};
pub use strategic_merge::{go_value, strategic};
pub use unstructured::misfit;

use super::Schema;
use super::{Field, Struct, Type};
use crate::text::Value;

/// The three kinds of patches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PatchKind {
    /// Lists merge by key where the kind says so.
    #[default]
    Strategic,
    /// RFC 7386.
    Merge,
    /// RFC 6902.
    Json,
}

/// Applies a patch to the tree of an object; `shape` is the kind's type, if it is a built-in one.
pub fn apply(kind: PatchKind, object: &Value, patch: &Value, shape: Option<&Struct>) -> Result<Value, String> {
    match (kind, shape) {
        (PatchKind::Strategic, Some(shape)) => strategic(object, patch, Some(shape)),
        (PatchKind::Strategic | PatchKind::Merge, _) => {
            let mut out = object.clone();
            merge(&mut out, patch);
            Ok(out)
        }
        (PatchKind::Json, _) => json_patch(object, patch),
    }
}

/// What `kubectl apply` makes of an object: what the person took out since the last time goes, what they wrote comes, the
/// rest stays. `None` when that changes nothing.
/// Source: kubernetes v1.37 apimachinery/pkg/util/strategicpatch/patch.go, CreateThreeWayMergePatch;
/// apimachinery/pkg/util/jsonmergepatch/patch.go, CreateThreeWayJSONMergePatch.
pub fn three_way(
    original: &Value,
    modified: &Value,
    current: &Value,
    shape: Option<&Struct>,
) -> Result<Option<Value>, String> {
    let diff = |from: &Value, wanted: Wanted| match shape {
        Some(shape) => strategic_diff(from, modified, Some(shape), wanted),
        None => Ok(merge_diff(from, modified, wanted)),
    };
    let deletions = diff(original, Wanted::Deletions)?;
    let changes = diff(current, Wanted::Changes)?;
    let nothing = |patch: &Value| patch.as_map().is_none_or(|m| m.is_empty());
    if nothing(&deletions) && nothing(&changes) {
        return Ok(None);
    }
    let kind = if shape.is_some() { PatchKind::Strategic } else { PatchKind::Merge };
    let without = apply(kind, current, &deletions, shape)?;
    Ok(Some(apply(kind, &without, &changes, shape)?))
}

/// The type behind a field of a type, and the field.
fn field_of<'a>(shape: Option<&'a Struct>, name: &str) -> Option<&'a Field> {
    shape?.field(name)
}

/// The struct a field (or the items of a list field) holds.
fn struct_of(of: &Type) -> Option<&'static Struct> {
    match of {
        Type::Ref(n) => Some(Schema::get().type_of(*n)),
        Type::List(item) => struct_of(item),
        _ => None,
    }
}

/// Whether lists of this field merge item by item.
fn merges(field: Option<&Field>) -> bool {
    field.and_then(|f| f.patch_strategy).is_some_and(|s| s.split(',').any(|s| s == "merge"))
}

/// Whether a patch of this field names the keys that stay.
fn retains_keys(field: Option<&Field>) -> bool {
    field.and_then(|f| f.patch_strategy).is_some_and(|s| s.split(',').any(|s| s == "retainKeys"))
}

/// Whether a patch of this field replaces it whole.
fn replaces(field: Option<&Field>) -> bool {
    field.and_then(|f| f.patch_strategy).is_some_and(|s| s.split(',').any(|s| s == "replace"))
}
