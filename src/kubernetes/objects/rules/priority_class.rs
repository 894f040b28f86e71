//! PriorityClass: which pods go first.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, meta};
use crate::text::Value;

/// The rules of priority classes.
pub const RULES: Rules = Rules {
    kind: "scheduling.k8s.io/v1 PriorityClass",
    simulated: &["value", "globalDefault", "preemptionPolicy"],
    defaults: |class| class.fill("preemptionPolicy", "PreemptLowerPriority"),
    strategy: super::first_generation,
    create,
    update,
    ..NONE
};

/// Source: kubernetes v1.37 pkg/apis/scheduling/validation/validation.go, ValidatePriorityClass.
fn create(class: &Value) -> Errors {
    const MAX: i64 = 1_000_000_000;
    let mut out = Errors::new();
    let (name, value) = (class.of("metadata").text("name"), class.num("value"));
    let system = match name {
        "system-cluster-critical" => Some((2_000_000_000, false)),
        "system-node-critical" => Some((2_000_001_000, false)),
        _ => None,
    };
    if name.starts_with("system-") {
        let why = match system {
            Some((want, _)) if want != value => Some(format!("value of {name} PriorityClass must be {want}")),
            Some(_) if class.yes("globalDefault") => {
                Some(format!("globalDefault of {name} PriorityClass must be false"))
            }
            Some(_) => None,
            None => Some(format!("{name} is not a known system priority class")),
        };
        if let Some(why) = why {
            let words =
                format!("priority class names with 'system-' prefix are reserved for system use only. error: {why}");
            out.push(Path::new("metadata").child("name").forbidden(words));
        }
    } else if value > MAX {
        out.push(Path::new("value").forbidden(format!("maximum allowed value of a user defined priority is {MAX}")));
    }
    let policy = class.text("preemptionPolicy");
    if class.has("preemptionPolicy") && policy.is_empty() {
        out.push(Path::new("preemptionPolicy").required(""));
    } else if class.has("preemptionPolicy") && !matches!(policy, "PreemptLowerPriority" | "Never") {
        out.push(Path::new("preemptionPolicy").not_supported(policy, &["PreemptLowerPriority", "Never"]));
    }
    out
}

fn update(new: &Value, old: &Value) -> Errors {
    let mut out = Errors::new();
    if new.num("value") != old.num("value") {
        out.push(Path::new("value").forbidden("may not be changed in an update."));
    }
    out.extend(meta::immutable(new.of("preemptionPolicy"), old.of("preemptionPolicy"), &Path::new("preemptionPolicy")));
    out
}
