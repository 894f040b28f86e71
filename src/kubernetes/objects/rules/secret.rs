//! Secret: settings that are not shown.
//! Source: kubernetes v1.37 pkg/apis/core/v1/{defaults,conversion}.go.

use super::super::scalar::base64_encode;
use super::view::Fill;
use super::{NONE, Rules};
use crate::text::Value;

/// The rules of secrets.
pub const RULES: Rules = Rules {
    kind: "v1 Secret",
    simulated: &["data", "data.*", "stringData", "stringData.*", "type", "immutable"],
    defaults,
    ..NONE
};

fn defaults(secret: &mut Value) {
    secret.fill_zero("type", "Opaque");
    let Some(Value::Map(plain)) = secret.remove_at(&["stringData"]) else { return };
    if plain.is_empty() {
        return;
    }
    let data = secret.make("data").make_map();
    for (key, value) in plain {
        data.set(key, base64_encode(value.as_str().unwrap_or_default().as_bytes()));
    }
}
