//! PodDisruptionBudget: how many pods must stay.
//! Source: kubernetes v1.37 pkg/registry/policy/poddisruptionbudget/strategy.go.

use super::super::field_error::{Errors, Path};
use super::view::View;
use super::{NONE, Rules, internal, meta, workload};
use crate::text::Value;

/// The rules of disruption budgets.
pub const RULES: Rules = Rules {
    kind: "policy/v1 PodDisruptionBudget",
    simulated: &["spec.*"],
    strategy: super::fresh,
    // ValidatePodDisruptionBudget does not look at metadata.
    name: meta::NameRule::Later,
    create: check,
    update: |new, _| check(new),
    ..NONE
};

/// Source: kubernetes v1.37 pkg/apis/policy/validation/validation.go, ValidatePodDisruptionBudgetSpec.
fn check(budget: &Value) -> Errors {
    let (spec, path) = (budget.of("spec"), Path::new("spec"));
    let mut out = Errors::new();
    if spec.has("minAvailable") && spec.has("maxUnavailable") {
        let shown = crate::map! {
            "MinAvailable" => spec.of("minAvailable").clone(), "Selector" => internal::plain(spec.of("selector")),
            "MaxUnavailable" => spec.of("maxUnavailable").clone(),
            "UnhealthyPodEvictionPolicy" => spec.of("unhealthyPodEvictionPolicy").clone(),
        };
        out.push(path.invalid(Value::Map(shown), "minAvailable and maxUnavailable cannot be both set"));
    }
    for member in ["minAvailable", "maxUnavailable"] {
        if spec.has(member) {
            out.extend(workload::count_or_percent(spec.of(member), &path.child(member)));
            out.extend(workload::at_most_all(spec.of(member), &path.child(member)));
        }
    }
    out.extend(meta::selector(spec.of("selector"), meta::SelectorRule::default(), &path.child("selector")));
    let policy = spec.text("unhealthyPodEvictionPolicy");
    if spec.has("unhealthyPodEvictionPolicy") && !matches!(policy, "AlwaysAllow" | "IfHealthyBudget") {
        out.push(path.child("unhealthyPodEvictionPolicy").not_supported(policy, &["AlwaysAllow", "IfHealthyBudget"]));
    }
    out
}
