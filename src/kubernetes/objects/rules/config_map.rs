//! ConfigMap: settings for containers.

use super::super::field_error::{Errors, Path};
use super::super::scalar::base64_decode;
use super::view::View;
use super::{NONE, Rules, formats, meta};
use crate::text::Value;

/// The rules of config maps.
pub const RULES: Rules = Rules {
    kind: "v1 ConfigMap",
    simulated: &["data.*", "data", "binaryData.*", "immutable"],
    create: check,
    update,
    ..NONE
};

/// Most bytes that a config map or secret holds. Source: kubernetes v1.37 pkg/apis/core/types.go, MaxSecretSize.
pub const BYTES_MAX: usize = 1 << 20;

/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateConfigMap.
fn check(map: &Value) -> Errors {
    let mut out = Errors::new();
    let mut size = 0;
    for (key, value) in map.pairs("data") {
        let at = Path::new("data").key(key);
        out.extend(formats::at(&at, key, formats::config_key(key)));
        if map.of("binaryData").has(key) {
            out.push(at.invalid(key, "duplicate of key present in binaryData"));
        }
        size += value.as_str().map_or(0, str::len);
    }
    for (key, value) in map.pairs("binaryData") {
        out.extend(formats::at(&Path::new("binaryData").key(key), key, formats::config_key(key)));
        size += value.as_str().and_then(|v| base64_decode(v).ok()).map_or(0, |b| b.len());
    }
    if size > BYTES_MAX {
        out.push(Path::new("").too_long(BYTES_MAX));
    }
    out
}

fn update(new: &Value, old: &Value) -> Errors {
    let mut out = sealed(new, old, &["data", "binaryData"]);
    out.extend(check(new));
    out
}

/// What `immutable` keeps.
pub fn sealed(new: &Value, old: &Value, members: &[&str]) -> Errors {
    const WORDS: &str = "field is immutable when `immutable` is set";
    let mut out = Errors::new();
    if !old.yes("immutable") {
        return out;
    }
    if !new.yes("immutable") {
        out.push(Path::new("immutable").forbidden(WORDS));
    }
    for member in members {
        if !meta::immutable(new.of(member), old.of(member), &Path::new(member)).is_empty() {
            out.push(Path::new(member).forbidden(WORDS));
        }
    }
    out
}
