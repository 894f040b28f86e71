//! RuntimeClass: what containers run in.

use super::super::field_error::{Errors, Path};
use super::view::View;
use super::{NONE, Rules, formats, internal, meta, pod};
use crate::text::Value;

/// The rules of runtime classes.
pub const RULES: Rules = Rules {
    kind: "node.k8s.io/v1 RuntimeClass",
    create: check,
    update: |new, old| {
        let path = Path::new("handler");
        if new.text("handler") == old.text("handler") {
            Errors::new()
        } else {
            vec![path.invalid(Value::Null, "field is immutable")]
        }
    },
    ..NONE
};

/// Source: kubernetes v1.37 pkg/apis/node/validation/validation.go, ValidateRuntimeClass.
fn check(class: &Value) -> Errors {
    let mut out = Errors::new();
    if class.has("overhead") {
        let limits = crate::map! { "limits" => class.of("overhead").of("podFixed").clone() };
        out.extend(pod::resources::container(&Value::Map(limits), &[], &Path::new("overhead")));
    }
    let (scheduling, path) = (class.of("scheduling"), Path::new("scheduling"));
    out.extend(meta::labels(scheduling.of("nodeSelector"), &path.child("nodeSelector")));
    let (tolerations, at) = (scheduling.items("tolerations"), path.child("tolerations"));
    out.extend(pod::placement::tolerations(tolerations, &at));
    let same = |a: &Value, b: &Value| ["key", "operator", "value", "effect"].iter().all(|m| a.text(m) == b.text(m));
    for (i, toleration) in tolerations.iter().enumerate() {
        if tolerations[..i].iter().any(|t| same(t, toleration)) {
            out.push(at.index(i).duplicate(internal::shown(toleration, "core.v1.Toleration")));
        }
    }
    match class.text("handler") {
        "" => out.push(Path::new("handler").required("")),
        text => out.extend(formats::at(&Path::new("handler"), text, formats::dns_label(text))),
    }
    out
}
