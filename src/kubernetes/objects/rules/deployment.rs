//! Deployment: replaces pods of one template by pods of the next.
//! Source: kubernetes v1.37 pkg/apis/apps/v1/defaults.go; pkg/registry/apps/deployment/strategy.go.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, internal, pod, workload};
use crate::text::Value;

/// The rules of deployments.
pub const RULES: Rules = Rules {
    kind: "apps/v1 Deployment",
    simulated: &["spec.*"],
    defaults,
    strategy: super::fresh,
    create,
    update,
    warnings,
    ..NONE
};

fn defaults(deployment: &mut Value) {
    let spec = deployment.make("spec");
    pod::template(spec.make("template"));
    spec.fill("replicas", 1i64);
    let strategy = spec.make("strategy");
    strategy.fill_zero("type", "RollingUpdate");
    if strategy.text("type") == "RollingUpdate" {
        let rolling = strategy.make("rollingUpdate");
        rolling.fill("maxUnavailable", "25%");
        rolling.fill("maxSurge", "25%");
    }
    spec.fill("revisionHistoryLimit", 10i64);
    spec.fill("progressDeadlineSeconds", 600i64);
}

/// Source: kubernetes v1.37 pkg/apis/apps/validation/validation.go, ValidateDeploymentSpec.
fn create(deployment: &Value) -> Errors {
    let (spec, path) = (deployment.of("spec"), Path::new("spec"));
    let mut out = workload::non_negative(spec, &["replicas"], &path);
    out.extend(workload::selector(spec, "empty selector is invalid for deployment", &path));
    if workload::readable(spec.of("selector")) {
        out.extend(workload::template(spec, "ReplicaSet", &path.child("template")));
    } else {
        out.push(path.child("selector").invalid(internal::plain(spec.of("selector")), "invalid label selector"));
    }
    out.extend(strategy(spec.of("strategy"), &path.child("strategy")));
    out.extend(workload::non_negative(spec, &["minReadySeconds", "revisionHistoryLimit"], &path));
    if let Some(deadline) = spec.int("progressDeadlineSeconds") {
        out.extend(workload::non_negative(spec, &["progressDeadlineSeconds"], &path));
        if deadline <= spec.num("minReadySeconds") {
            let at = path.child("progressDeadlineSeconds");
            out.push(at.invalid(deadline, "must be greater than minReadySeconds"));
        }
    }
    out
}

fn strategy(strategy: &Value, path: &Path) -> Errors {
    match strategy.text("type") {
        "Recreate" if strategy.has("rollingUpdate") => {
            vec![path.child("rollingUpdate").forbidden("may not be specified when strategy `type` is 'Recreate'")]
        }
        "Recreate" => Errors::new(),
        "RollingUpdate" if strategy.has("rollingUpdate") => {
            rolling(strategy.of("rollingUpdate"), &path.child("rollingUpdate"))
        }
        "RollingUpdate" => vec![path.child("rollingUpdate").required("this should be defaulted and never be nil")],
        other => vec![path.not_supported(strategy_shown(strategy, other), &["Recreate", "RollingUpdate"])],
    }
}

fn strategy_shown(strategy: &Value, kind: &str) -> Value {
    Value::Map(crate::map! { "Type" => kind, "RollingUpdate" => workload::rolling_shown(strategy) })
}

fn rolling(rolling: &Value, path: &Path) -> Errors {
    let (unavailable, surge) = (rolling.of("maxUnavailable"), rolling.of("maxSurge"));
    let at = path.child("maxUnavailable");
    let mut out = workload::count_or_percent(unavailable, &at);
    out.extend(workload::count_or_percent(surge, &path.child("maxSurge")));
    if workload::worth(unavailable) == 0 && workload::worth(surge) == 0 {
        out.push(at.invalid(unavailable, "may not be 0 when `maxSurge` is 0"));
    }
    out.extend(workload::at_most_all(unavailable, &at));
    out
}

fn update(new: &Value, old: &Value) -> Errors {
    let mut out = create(new);
    out.extend(workload::selector_kept(new, old));
    out
}

/// Source: kubernetes v1.37 pkg/registry/apps/deployment/strategy.go, WarningsOnCreate.
fn warnings(deployment: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let words = super::formats::dns_label(deployment.of("metadata").text("name"));
    if !words.is_empty() {
        out.push(format!(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is \
             recommended: [{}]",
            words.join(" ")
        ));
    }
    out.extend(workload::warnings(deployment));
    out
}
