//! Event: what was noticed.

use super::super::field_error::{Errors, Path};
use super::view::View;
use super::{NONE, Rules, formats};
use crate::text::Value;

/// The rules of events.
pub const RULES: Rules =
    Rules { kind: "v1 Event", simulated: &["*"], create: check, update: |new, _| check(new), ..NONE };

/// Events with a time of their own are of the newer kind, which says more.
/// Source: kubernetes v1.37 pkg/apis/core/validation/events.go, legacyValidateEvent.
fn check(event: &Value) -> Errors {
    const WORD_MAX: usize = 128;
    const MESSAGE_MAX: usize = 1024;
    let namespace = event.of("metadata").text("namespace");
    let about = event.of("involvedObject").text("namespace");
    let newer = event.has("eventTime");
    let mut out = Errors::new();
    let free = match (about, namespace, newer) {
        ("", "" | "default", false) | ("", "default" | "kube-system", true) => true,
        ("", ..) => false,
        _ => newer || about == namespace,
    };
    if !free {
        out.push(Path::new("involvedObject").child("namespace").invalid(about, "does not match event.namespace"));
    }
    if newer {
        let (by, at) = (event.text("reportingComponent"), Path::new("reportingComponent"));
        if by.is_empty() {
            out.push(at.required(""));
        }
        out.extend(formats::at(&at, by, formats::label_key(by)));
        for (member, needed, max) in [
            ("reportingInstance", true, WORD_MAX),
            ("action", true, WORD_MAX),
            ("reason", true, WORD_MAX),
            ("message", false, MESSAGE_MAX),
        ] {
            let (text, at) = (event.text(member), Path::new(member));
            if needed && text.is_empty() {
                out.push(at.required(""));
            }
            if text.len() > max {
                out.push(at.invalid("", format!("can have at most {max} characters")));
            }
        }
    }
    out
}
