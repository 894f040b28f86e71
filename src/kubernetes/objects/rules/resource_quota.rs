//! ResourceQuota: how much a namespace may ask for.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, internal, pod};
use crate::text::Value;

/// The rules of quotas.
pub const RULES: Rules = Rules {
    kind: "v1 ResourceQuota",
    simulated: &["spec.*"],
    defaults: |quota| quota.inside("spec", |spec| spec.inside("hard", pod::round)),
    strategy: super::no_status,
    create: check,
    update,
    ..NONE
};

const SCOPES: [&str; 7] = [
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateResourceQuotaSpec.
fn check(quota: &Value) -> Errors {
    let (spec, path) = (quota.of("spec"), Path::new("spec"));
    let mut out = Errors::new();
    for (name, value) in spec.pairs("hard") {
        let at = path.child("hard").key(name);
        out.extend(pod::resources::name(name, &at));
        if !name.contains('/') && !pod::resources::is_quota(name) {
            out.push(at.invalid(name, "must be a standard resource for quota"));
        }
        out.extend(pod::resources::amount(name, value, &at));
    }
    let scopes: Vec<&str> = spec.items("scopes").iter().filter_map(Value::as_str).collect();
    let at = path.child("scopes");
    let all = spec.of("scopes");
    for scope in &scopes {
        if !SCOPES.contains(scope) {
            out.push(at.invalid(all, "unsupported scope"));
        }
        for (name, _) in spec.pairs("hard") {
            if pod::resources::is_quota(name) && !fits(scope, name) {
                out.push(at.invalid(all, "unsupported scope applied to resource"));
            }
        }
    }
    for (a, b) in [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")] {
        if scopes.contains(&a) && scopes.contains(&b) {
            out.push(at.invalid(all, "conflicting scopes"));
        }
    }
    if spec.has("scopeSelector") {
        out.extend(selector(spec, &path.child("scopeSelector").child("matchExpressions")));
    }
    out
}

/// Whether a scope can bound a resource.
/// Source: pkg/apis/core/helper/helpers.go, IsResourceQuotaScopeValidForResource.
fn fits(scope: &str, name: &str) -> bool {
    const COMPUTE: [&str; 8] = [
        "cpu",
        "memory",
        "requests.cpu",
        "requests.memory",
        "limits.cpu",
        "limits.memory",
        "ephemeral-storage",
        "pods",
    ];
    match scope {
        "BestEffort" => name == "pods",
        "VolumeAttributesClass" => matches!(name, "persistentvolumeclaims" | "requests.storage"),
        "Terminating" | "NotTerminating" | "NotBestEffort" | "PriorityClass" | "CrossNamespacePodAffinity" => {
            COMPUTE.contains(&name) || name.ends_with("ephemeral-storage") || pod::resources::is_huge_page(name)
        }
        _ => true,
    }
}

fn selector(spec: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    for term in spec.of("scopeSelector").items("matchExpressions") {
        let (scope, operator, values) = (term.text("scopeName"), term.text("operator"), term.items("values"));
        if !SCOPES.contains(&scope) {
            out.push(path.child("scopeName").invalid(scope, "unsupported scope"));
        }
        for (name, _) in spec.pairs("hard") {
            if pod::resources::is_quota(name) && !fits(scope, name) {
                let shown = internal::shown(spec.of("scopeSelector"), "core.v1.ScopeSelector");
                out.push(path.invalid(shown, "unsupported scope applied to resource"));
            }
        }
        let fixed = matches!(
            scope,
            "BestEffort" | "NotBestEffort" | "Terminating" | "NotTerminating" | "CrossNamespacePodAffinity"
        );
        if fixed && operator != "Exists" {
            let words = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
            out.push(path.child("operator").invalid(operator, words));
        }
        match operator {
            "In" | "NotIn" if values.is_empty() => {
                let words = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                out.push(path.child("values").required(words));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let words = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                out.push(path.child("values").invalid(term.of("values"), words));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => out.push(path.child("operator").invalid(operator, "not a valid selector operator")),
        }
    }
    let terms = spec.of("scopeSelector").items("matchExpressions");
    let named = |scope: &str| terms.iter().any(|t| t.text("scopeName") == scope);
    for (a, b) in [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")] {
        if named(a) && named(b) {
            out.push(path.invalid(spec.of("scopes"), "conflicting scopes"));
        }
    }
    out
}

fn update(new: &Value, old: &Value) -> Errors {
    let mut out = check(new);
    let scopes = |quota: &Value| {
        let mut all: Vec<String> =
            quota.of("spec").items("scopes").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        all.sort();
        all.dedup();
        all
    };
    if scopes(new) != scopes(old) {
        out.push(Path::new("spec").child("scopes").invalid(new.of("spec").of("scopes"), "field is immutable"));
    }
    out
}
