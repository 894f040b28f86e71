//! Node: a machine.
//! Source: kubernetes v1.37 plugin/pkg/admission/nodetaint/admission.go; pkg/apis/core/v1/defaults.go, SetDefaults_NodeStatus.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, formats, pod};
use crate::map;
use crate::text::Value;

const NOT_READY: &str = "node.kubernetes.io/not-ready";

/// The rules of nodes.
pub const RULES: Rules = Rules {
    kind: "v1 Node",
    simulated: &["spec.taints[].*", "spec.unschedulable", "status.capacity.*", "status.allocatable.*"],
    defaults,
    // Source: kubernetes v1.37 pkg/registry/core/node/strategy.go, dropDisabledFields.
    strategy: |node| {
        for path in [["spec", "configSource"], ["spec", "podPreemptionPolicy"], ["status", "config"]] {
            node.remove_at(&path);
        }
    },
    create,
    update,
    warnings: |node| {
        let spec = node.of("spec");
        let mut out = Vec::new();
        if !spec.text("externalID").is_empty() {
            out.push("spec.externalID: this field is deprecated, and is unused by Kubernetes".to_owned());
        }
        out
    },
    ..NONE
};

fn defaults(node: &mut Value) {
    // Of two that differ the elder counts. Source: pkg/apis/core/v1/conversion.go, Convert_{v1,core}_NodeSpec.
    let cidr = node.of("spec").text("podCIDR").to_owned();
    let first = node.of("spec").items("podCIDRs").first().cloned().unwrap_or_default();
    if !cidr.is_empty() && first.as_str() != Some(&cidr) {
        node.make("spec").make_map().set("podCIDRs", vec![Value::str(cidr)]);
    } else if cidr.is_empty() && !first.is_null() {
        node.make("spec").make_map().set("podCIDR", first);
    }
    node.inside("status", |status| {
        for list in ["capacity", "allocatable"] {
            status.inside(list, pod::round);
        }
        if !status.of("capacity").is_void() {
            let capacity = status.of("capacity").clone();
            let allocatable = status.make("allocatable");
            for (name, amount) in capacity.as_map().cloned().unwrap_or_default() {
                allocatable.fill(&name, amount);
            }
        }
    });
}

/// A new node is tainted until it is ready.
pub fn admit(node: &mut Value) {
    let spec = node.make("spec");
    let mut taints = spec.items("taints").to_vec();
    if taints.iter().any(|t| t.text("key") == NOT_READY && t.text("effect") == "NoSchedule") {
        return;
    }
    taints.push(Value::Map(map! { "key" => NOT_READY, "effect" => "NoSchedule" }));
    spec.make_map().set("taints", taints);
}

/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateNode.
fn create(node: &Value) -> Errors {
    let spec = node.of("spec");
    let mut out = taints(spec.items("taints"));
    out.extend(amounts(node));
    let at = Path::new("spec").child("podCIDRs");
    let ranges: Vec<&str> = spec.items("podCIDRs").iter().filter_map(Value::as_str).collect();
    for (i, range) in ranges.iter().enumerate() {
        out.extend(formats::valid_cidr(&at.index(i), range));
    }
    if ranges.len() > 1 {
        let both = ranges.iter().any(|r| r.contains(':')) && ranges.iter().any(|r| !r.contains(':'));
        if !both || ranges.len() > 2 {
            out.push(at.invalid(spec.of("podCIDRs"), "may specify no more than one CIDR for each IP family"));
        }
    }
    out
}

fn taints(taints: &[Value]) -> Errors {
    let path = Path::new("metadata").child("taints");
    let mut out = Errors::new();
    for (i, taint) in taints.iter().enumerate() {
        let at = path.index(i);
        let (key, value, effect) = (taint.text("key"), taint.text("value"), taint.text("effect"));
        out.extend(formats::at(&at.child("key"), key, formats::label_key(key)));
        let words = formats::label_value(value);
        if !words.is_empty() {
            out.push(at.child("value").invalid(value, words.join(";")));
        }
        if effect.is_empty() {
            out.push(at.child("effect").required(""));
        } else {
            out.extend(pod::placement::taint_effect(effect, &at.child("effect")));
        }
        if taints[..i].iter().any(|t| t.text("key") == key && t.text("effect") == effect) {
            let shown = map! { "Key" => key, "Value" => value, "Effect" => effect, "TimeAdded" => taint.of("timeAdded").clone() };
            let mut error = at.duplicate(Value::Map(shown));
            error.detail = "taints must be unique by key and effect pair".into();
            out.push(error);
        }
    }
    out
}

fn amounts(node: &Value) -> Errors {
    let mut out = Errors::new();
    for list in ["capacity", "allocatable"] {
        for (name, value) in node.of("status").pairs(list) {
            out.extend(pod::resources::amount(name, value, &Path::new("status").child(list).child(name)));
        }
    }
    out
}

fn update(new: &Value, old: &Value) -> Errors {
    let (spec, before) = (new.of("spec"), old.of("spec"));
    let mut out = amounts(new);
    let path = Path::new("spec");
    let was = before.items("podCIDRs");
    if !was.is_empty() && was != spec.items("podCIDRs") {
        out.push(path.child("podCIDRs").forbidden("node updates may not change podCIDR except from \"\" to valid"));
    }
    let id = before.text("providerID");
    if !id.is_empty() && id != spec.text("providerID") {
        out.push(
            path.child("providerID").forbidden("node updates may not change providerID except from \"\" to valid"),
        );
    }
    out.extend(taints(spec.items("taints")));
    out
}
