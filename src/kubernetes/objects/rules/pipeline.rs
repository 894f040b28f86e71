//! The whole way of an object from decoding to storing, in the server's order.
//! Source: kubernetes v1.37 apiserver pkg/endpoints/handlers/create.go, pkg/registry/rest/{create,update}.go.

use super::super::field_error::{Errors, invalid_message};
use super::super::schema::KindInfo;
use super::super::shape::complete;
use super::view::View;
use super::{
    Surroundings, admit, allocate, default_object, judge, meta, pod, prepare_for_create, validate_create,
    validate_update, warnings,
};
use crate::text::Value;

/// Longest name that a suffix is put behind. Source: apiserver pkg/storage/names/generate.go, MaxGeneratedNameLength.
const GENERATED_BASE_MAX: usize = 58;

/// Why the server does not take an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The HTTP status: 403 by admission, 422 by validation.
    pub code: u16,
    /// The message of the status.
    pub message: String,
    /// Its causes, if validation found them.
    pub causes: Errors,
}

/// Makes of a decoded object what the server stores (without uid, time and version); returns its warnings.
pub fn create(object: &mut Value, kind: &KindInfo, around: &mut dyn Surroundings) -> Result<Vec<String>, Refusal> {
    let mut warned = meta::drop_twin_owners(object);
    default_object(object, kind);
    if !kind.namespaced() {
        object.remove_at(&["metadata", "namespace"]);
    }
    let base = object.of("metadata").text("generateName").to_owned();
    // A job's labels hold its name; admission tells names that are yet to be drawn by their beginning.
    if kind.kind == "Job" {
        draw_name(object, &base, around);
    }
    admit(object, kind, around).map_err(|message| Refusal { code: 403, message, causes: Errors::new() })?;
    draw_name(object, &base, around);
    prepare_for_create(object, kind);
    let causes = validate_create(object, kind);
    if !causes.is_empty() {
        let message = invalid_message(kind, object.of("metadata").text("name"), &causes);
        return Err(Refusal { code: 422, message, causes });
    }
    judge(object, kind, around).map_err(|message| Refusal { code: 403, message, causes: Errors::new() })?;
    object.remove_at(&["metadata", "uid"]);
    warned.extend(warnings(object, kind));
    allocate(object, kind, around).map_err(|message| Refusal { code: 500, message, causes: Errors::new() })?;
    *object = complete(object, kind);
    Ok(warned)
}

/// A name for an object that has only the beginning of one.
fn draw_name(object: &mut Value, base: &str, around: &mut dyn Surroundings) {
    if object.of("metadata").text("name").is_empty() && !base.is_empty() {
        let cut: String = base.chars().take(GENERATED_BASE_MAX).collect();
        object.set_at(&["metadata", "name"], format!("{cut}{}", around.suffix()));
    }
}

/// Makes of a decoded object what the server stores in place of `old`.
pub fn update(object: &mut Value, old: &Value, kind: &KindInfo) -> Result<Vec<String>, Refusal> {
    let mut warned = meta::drop_twin_owners(object);
    default_object(object, kind);
    pod::gates::drop_disabled(object, kind);
    super::carry_over(object, old, kind);
    let causes = validate_update(object, old, kind);
    if !causes.is_empty() {
        let message = invalid_message(kind, object.of("metadata").text("name"), &causes);
        return Err(Refusal { code: 422, message, causes });
    }
    warned.extend(warnings(object, kind));
    *object = complete(object, kind);
    Ok(warned)
}
