//! What the kinds that make pods from a template share.
//! Source: kubernetes v1.37 pkg/apis/apps/validation/validation.go; pkg/apis/core/validation/validation.go.

use super::super::field_error::{Errors, Path};
use super::meta::{self, SelectorRule};
use super::view::View;
use super::{formats, internal, pod};
use crate::text::Value;

/// Numbers that must not be negative.
pub fn non_negative(spec: &Value, members: &[&str], path: &Path) -> Errors {
    members.iter().flat_map(|m| meta::non_negative(spec, m, path)).collect()
}

/// The selector of a workload: there, well formed, and not empty.
pub fn selector(spec: &Value, empty: &str, path: &Path) -> Errors {
    let (selector, at) = (spec.of("selector"), path.child("selector"));
    if selector.is_null() {
        return vec![at.required("")];
    }
    let mut out = meta::selector(selector, SelectorRule::default(), &at);
    if selector.of("matchLabels").is_void() && selector.items("matchExpressions").is_empty() {
        out.push(at.invalid(internal::plain(selector), empty));
    }
    out
}

/// The selector of a workload is the same for ever.
pub fn selector_kept(new: &Value, old: &Value) -> Errors {
    let at = Path::new("spec").child("selector");
    let (now, was) = (new.of("spec").of("selector"), old.of("spec").of("selector"));
    if meta::same(now, was) {
        return Errors::new();
    }
    vec![at.invalid(internal::plain(now), "field is immutable")]
}

/// What the server remarks of the template of a workload.
pub fn warnings(object: &Value) -> Vec<String> {
    let template = object.of("spec").of("template");
    let path = Path::new("spec").child("template").child("spec");
    pod::warnings::of(template.of("spec"), template.of("metadata"), false, &path)
}

/// Whether the server can make a selector of it at all.
pub fn readable(selector: &Value) -> bool {
    let known = |t: &Value| {
        let values = !t.items("values").is_empty();
        match t.text("operator") {
            "In" | "NotIn" => values,
            "Exists" | "DoesNotExist" => !values,
            _ => false,
        }
    };
    meta::selector(selector, SelectorRule::default(), &Path::default()).is_empty()
        && selector.items("matchExpressions").iter().all(known)
}

/// Whether the labels of a template satisfy the selector; no selector takes nothing, an empty one is not asked.
pub fn labels_match(spec: &Value, path: &Path) -> Errors {
    let (selector, labels) = (spec.of("selector"), spec.of("template").of("metadata").of("labels"));
    let empty =
        !selector.is_null() && selector.of("matchLabels").is_void() && selector.items("matchExpressions").is_empty();
    if empty || (!selector.is_null() && meta::matches(selector, labels)) {
        return Errors::new();
    }
    let at = path.child("metadata").child("labels");
    vec![at.invalid(labels, "`selector` does not match template `labels`")]
}

/// The template of a workload whose pods run on and on.
pub fn template(spec: &Value, kind: &str, path: &Path) -> Errors {
    let mut out = labels_match(spec, path);
    out.extend(pod::check_template(spec.of("template"), path));
    out.extend(runs_on(spec, kind, path));
    out
}

/// Pods that end have no place here.
pub fn runs_on(spec: &Value, kind: &str, path: &Path) -> Errors {
    let (body, at) = (spec.of("template").of("spec"), path.child("spec"));
    let mut out = Errors::new();
    if body.text("restartPolicy") != "Always" {
        out.push(at.child("restartPolicy").not_supported(body.text("restartPolicy"), &["Always"]));
    }
    if body.has("activeDeadlineSeconds") {
        let words = format!("activeDeadlineSeconds in {kind} is not Supported");
        out.push(at.child("activeDeadlineSeconds").forbidden(words));
    }
    out
}

/// How a workload rolls, as the server holds it: counts that nobody gave are 0.
pub fn rolling_shown(strategy: &Value) -> Value {
    let rolling = strategy.of("rollingUpdate");
    if rolling.is_null() {
        return Value::Null;
    }
    let count = |member: &str| if rolling.has(member) { rolling.of(member).clone() } else { Value::Int(0) };
    Value::Map(crate::map! { "MaxUnavailable" => count("maxUnavailable"), "MaxSurge" => count("maxSurge") })
}

/// A whole number or percentage: well formed and not negative.
pub fn count_or_percent(value: &Value, path: &Path) -> Errors {
    match value {
        Value::Str(text) => formats::at(path, text, formats::percent(text)),
        Value::Int(n) if *n < 0 => vec![path.invalid(*n, "must be greater than or equal to 0")],
        _ => Errors::new(),
    }
}

/// The whole number of a count or percentage, as far as it says one.
pub fn as_number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(n) => Some(*n),
        Value::Str(text) => text.strip_suffix('%')?.parse().ok(),
        _ => None,
    }
}

/// How much a count or percentage says; a text that says nothing is 0.
/// Source: kubernetes v1.37 pkg/apis/apps/validation/validation.go, getIntOrPercentValue; pkg/util/intstr, IntValue.
pub fn worth(value: &Value) -> i64 {
    as_number(value).or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}

/// A percentage of at most 100.
pub fn at_most_all(value: &Value, path: &Path) -> Errors {
    match value {
        Value::Str(_) if as_number(value).is_some_and(|n| n > 100) => {
            vec![path.invalid(value, "must not be greater than 100%")]
        }
        _ => Errors::new(),
    }
}
