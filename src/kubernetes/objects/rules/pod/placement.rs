//! Where a pod may run: node selectors, affinity, tolerations, topology spread.
//! Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, validateAffinity, ValidateNodeSelector,
//! ValidateTolerations, validateTopologySpreadConstraints.

use super::super::super::field_error::{Errors, Path};
use super::super::formats;
use super::super::meta::{SelectorRule, selector};
use super::super::view::View;
use crate::text::Value;

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// `affinity`.
pub fn affinity(affinity: &Value, path: &Path) -> Errors {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    let mut out = Errors::new();
    let (node, at) = (affinity.of("nodeAffinity"), path.child("nodeAffinity"));
    if node.has(REQUIRED) {
        out.extend(node_selector(node.of(REQUIRED), &at.child(REQUIRED)));
    }
    for (i, term) in node.items(PREFERRED).iter().enumerate() {
        let at = at.child(PREFERRED).index(i);
        out.extend(weight(term, &at));
        out.extend(node_term(term.of("preference"), true, &at.child("preference")));
    }
    for name in ["podAffinity", "podAntiAffinity"] {
        let (pods, at) = (affinity.of(name), path.child(name));
        for (i, term) in pods.items(REQUIRED).iter().enumerate() {
            out.extend(pod_term(term, &at.child(REQUIRED).index(i)));
        }
        for (i, term) in pods.items(PREFERRED).iter().enumerate() {
            let at = at.child(PREFERRED).index(i);
            out.extend(weight(term, &at));
            out.extend(pod_term(term.of("podAffinityTerm"), &at.child("podAffinityTerm")));
        }
    }
    out
}

fn weight(term: &Value, path: &Path) -> Errors {
    let weight = term.num("weight");
    if (1..=100).contains(&weight) {
        return Errors::new();
    }
    vec![path.child("weight").invalid(weight, "must be in the range 1-100")]
}

/// Terms of which a node must satisfy one.
pub fn node_selector(selector: &Value, path: &Path) -> Errors {
    let at = path.child("nodeSelectorTerms");
    let terms = selector.items("nodeSelectorTerms");
    if terms.is_empty() {
        return vec![at.required("must have at least one node selector term")];
    }
    terms.iter().enumerate().flat_map(|(i, term)| node_term(term, false, &at.index(i))).collect()
}

fn node_term(term: &Value, any_value: bool, path: &Path) -> Errors {
    let mut out = Errors::new();
    for (i, need) in term.items("matchExpressions").iter().enumerate() {
        out.extend(node_requirement(need, any_value, &path.child("matchExpressions").index(i)));
    }
    for (i, need) in term.items("matchFields").iter().enumerate() {
        out.extend(node_field(need, &path.child("matchFields").index(i)));
    }
    out
}

fn node_requirement(need: &Value, any_value: bool, path: &Path) -> Errors {
    let mut out = Errors::new();
    let (operator, values) = (need.text("operator"), need.items("values"));
    let at = path.child("values");
    match operator {
        "In" | "NotIn" if values.is_empty() => {
            out.push(at.required("must be specified when `operator` is 'In' or 'NotIn'"));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            out.push(at.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
        }
        "Gt" | "Lt" if values.len() != 1 => {
            out.push(at.required("must be specified single value when `operator` is 'Lt' or 'Gt'"));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        _ => out.push(path.child("operator").invalid(operator, "not a valid selector operator")),
    }
    out.extend(formats::at(&path.child("key"), need.text("key"), formats::label_key(need.text("key"))));
    if !any_value {
        for (i, value) in values.iter().enumerate() {
            let value = value.as_str().unwrap_or_default();
            out.extend(formats::at(&at.index(i), value, formats::label_value(value)));
        }
    }
    out
}

fn node_field(need: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let (operator, values) = (need.text("operator"), need.items("values"));
    match operator {
        "In" | "NotIn" if values.len() != 1 => {
            let words = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            out.push(path.child("values").required(words));
        }
        "In" | "NotIn" => {}
        _ => out.push(path.child("operator").invalid(operator, "not a valid selector operator")),
    }
    if need.text("key") != "metadata.name" {
        out.push(path.child("key").invalid(need.text("key"), "not a valid field selector key"));
        return out;
    }
    for (i, value) in values.iter().enumerate() {
        let value = value.as_str().unwrap_or_default();
        out.extend(formats::at(&path.child("values").index(i), value, formats::dns_subdomain(value)));
    }
    out
}

fn pod_term(term: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    for name in ["labelSelector", "namespaceSelector"] {
        out.extend(selector(term.of(name), SelectorRule::default(), &path.child(name)));
    }
    for name in term.items("namespaces").iter().filter_map(Value::as_str) {
        out.extend(formats::at(&path.child("namespace"), name, formats::dns_label(name)));
    }
    for list in ["matchLabelKeys", "mismatchLabelKeys"] {
        out.extend(label_keys(term.items(list), term.has("labelSelector"), &path.child(list)));
    }
    let other: Vec<&str> = term.items("mismatchLabelKeys").iter().filter_map(Value::as_str).collect();
    for (i, key) in term.items("matchLabelKeys").iter().filter_map(Value::as_str).enumerate() {
        if other.contains(&key) {
            let at = path.child("matchLabelKeys").index(i);
            out.push(at.invalid(key, "exists in both matchLabelKeys and mismatchLabelKeys"));
        }
    }
    let key = term.text("topologyKey");
    if key.is_empty() {
        out.push(path.child("topologyKey").required("can not be empty"));
    }
    out.extend(formats::at(&path.child("topologyKey"), key, formats::label_key(key)));
    out
}

fn label_keys(keys: &[Value], selected: bool, path: &Path) -> Errors {
    if keys.is_empty() {
        return Errors::new();
    }
    if !selected {
        return vec![path.forbidden("must not be specified when labelSelector is not set")];
    }
    let names = keys.iter().filter_map(Value::as_str).enumerate();
    names.flat_map(|(i, key)| formats::at(&path.index(i), key, formats::label_key(key))).collect()
}

/// `tolerations`.
pub fn tolerations(tolerations: &[Value], path: &Path) -> Errors {
    let mut out = Errors::new();
    for (i, toleration) in tolerations.iter().enumerate() {
        let at = path.index(i);
        let (key, operator, value) = (toleration.text("key"), toleration.text("operator"), toleration.text("value"));
        let effect = toleration.text("effect");
        if !key.is_empty() {
            out.extend(formats::at(&at.child("key"), key, formats::label_key(key)));
        } else if operator != "Exists" {
            let words = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            out.push(at.child("operator").invalid(operator, words));
        }
        if toleration.has("tolerationSeconds") && effect != "NoExecute" {
            let words = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            out.push(at.child("effect").invalid(effect, words));
        }
        match operator {
            "Equal" | "" => {
                let words = formats::label_value(value);
                if !words.is_empty() {
                    out.push(at.child("operator").invalid(value, words.join(";")));
                }
            }
            "Exists" if !value.is_empty() => {
                out.push(at.child("operator").invalid(value, "value must be empty when `operator` is 'Exists'"));
            }
            "Exists" => {}
            "Lt" | "Gt" => out.push(at.child("operator").not_supported(operator, &["Equal", "Exists", "Lt", "Gt"])),
            _ => out.push(at.child("operator").not_supported(operator, &["Equal", "Exists"])),
        }
        if !effect.is_empty() {
            out.extend(taint_effect(effect, &at.child("effect")));
        }
    }
    out
}

/// What a taint does.
pub fn taint_effect(effect: &str, path: &Path) -> Errors {
    if EFFECTS.contains(&effect) { Errors::new() } else { vec![path.not_supported(effect, &EFFECTS)] }
}

/// `topologySpreadConstraints`.
pub fn spread(constraints: &[Value], path: &Path) -> Errors {
    let mut out = Errors::new();
    for (i, constraint) in constraints.iter().enumerate() {
        let at = path.index(i);
        if constraint.num("maxSkew") <= 0 {
            out.push(at.child("maxSkew").invalid(constraint.num("maxSkew"), "must be greater than zero"));
        }
        let (key, action) = (constraint.text("topologyKey"), constraint.text("whenUnsatisfiable"));
        if key.is_empty() {
            out.push(at.child("topologyKey").required("can not be empty"));
        }
        if !matches!(action, "DoNotSchedule" | "ScheduleAnyway") {
            out.push(at.child("whenUnsatisfiable").not_supported(action, &["DoNotSchedule", "ScheduleAnyway"]));
        }
        let alike = |c: &Value| c.text("topologyKey") == key && c.text("whenUnsatisfiable") == action;
        if constraints[i + 1..].iter().any(alike) {
            let shown = format!("{{{key}, {action}}}");
            out.push(at.child("{topologyKey, whenUnsatisfiable}").duplicate(shown));
        }
        if let Some(min) = constraint.int("minDomains") {
            let at = at.child("minDomains");
            if min <= 0 {
                out.push(at.invalid(min, "must be greater than zero"));
            }
            if action != "DoNotSchedule" {
                let words = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
                out.push(at.invalid(min, words));
            }
        }
        for policy in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            let value = constraint.text(policy);
            if constraint.has(policy) && !matches!(value, "Honor" | "Ignore") {
                out.push(at.child(policy).not_supported(value, &["Honor", "Ignore"]));
            }
        }
        out.extend(spread_keys(constraint, &at.child("matchLabelKeys")));
        out.extend(selector(constraint.of("labelSelector"), SelectorRule::default(), &at.child("labelSelector")));
    }
    out
}

fn spread_keys(constraint: &Value, path: &Path) -> Errors {
    let keys = constraint.items("matchLabelKeys");
    if keys.is_empty() {
        return Errors::new();
    }
    let chosen = constraint.of("labelSelector");
    let mut out = Errors::new();
    if chosen.is_null() {
        out.push(path.forbidden("must not be specified when labelSelector is not set"));
    }
    let known = |key: &str| {
        chosen.of("matchLabels").has(key) || chosen.items("matchExpressions").iter().any(|e| e.text("key") == key)
    };
    for (i, key) in keys.iter().filter_map(Value::as_str).enumerate() {
        out.extend(formats::at(&path.index(i), key, formats::label_key(key)));
        if known(key) {
            out.push(path.index(i).invalid(key, "exists in both matchLabelKeys and labelSelector"));
        }
    }
    out
}
