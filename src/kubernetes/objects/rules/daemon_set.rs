//! DaemonSet: one pod on each node that fits.
//! Source: kubernetes v1.37 pkg/apis/apps/v1/{defaults,conversion}.go; pkg/registry/apps/daemonset/strategy.go.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, internal, meta, pod, workload};
use crate::text::Value;

const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// The rules of daemon sets.
pub const RULES: Rules = Rules {
    kind: "apps/v1 DaemonSet",
    simulated: &["spec.*"],
    defaults,
    strategy,
    create,
    update,
    warnings: workload::warnings,
    ..NONE
};

fn defaults(set: &mut Value) {
    let spec = set.make("spec");
    pod::template(spec.make("template"));
    let strategy = spec.make("updateStrategy");
    strategy.fill_zero("type", "RollingUpdate");
    if strategy.text("type") == "RollingUpdate" {
        let rolling = strategy.make("rollingUpdate");
        rolling.fill("maxUnavailable", 1i64);
        rolling.fill("maxSurge", 0i64);
    }
    spec.fill("revisionHistoryLimit", 10i64);
}

fn strategy(set: &mut Value) {
    super::fresh(set);
    set.make("metadata").make("annotations").make_map().set(TEMPLATE_GENERATION, "1");
}

/// Source: kubernetes v1.37 pkg/apis/apps/validation/validation.go, ValidateDaemonSetSpec.
fn create(set: &Value) -> Errors {
    let (spec, path) = (set.of("spec"), Path::new("spec"));
    let (selector, at) = (spec.of("selector"), path.child("selector"));
    let mut out = meta::selector(selector, meta::SelectorRule::default(), &at);
    if !selector.is_null() && workload::readable(selector) {
        out.extend(workload::labels_match(spec, &path.child("template")));
    }
    let empty =
        !selector.is_null() && selector.of("matchLabels").is_void() && selector.items("matchExpressions").is_empty();
    if empty {
        out.push(at.invalid(internal::plain(selector), "empty selector is invalid for daemonset"));
    }
    if selector.is_null() {
        let labels = spec.of("template").of("metadata").of("labels");
        let at = path.child("template").child("metadata").child("labels");
        out.push(at.invalid(labels, "`selector` does not match template `labels`"));
    }
    out.extend(pod::check_template(spec.of("template"), &path.child("template")));
    out.extend(workload::runs_on(spec, "DaemonSet", &path.child("template")));
    out.extend(workload::non_negative(spec, &["minReadySeconds"], &path));
    out.extend(update_strategy(spec.of("updateStrategy"), &path.child("updateStrategy")));
    out.extend(workload::non_negative(spec, &["revisionHistoryLimit"], &path));
    out
}

fn update_strategy(strategy: &Value, path: &Path) -> Errors {
    match strategy.text("type") {
        "OnDelete" => Errors::new(),
        "RollingUpdate" => rolling(strategy.of("rollingUpdate"), &path.child("rollingUpdate")),
        other => {
            let shown = crate::map! { "Type" => other, "RollingUpdate" => workload::rolling_shown(strategy) };
            vec![path.not_supported(Value::Map(shown), &["RollingUpdate", "OnDelete"])]
        }
    }
}

fn rolling(rolling: &Value, path: &Path) -> Errors {
    let (unavailable, surge) = (rolling.of("maxUnavailable"), rolling.of("maxSurge"));
    let (gone, more) = (path.child("maxUnavailable"), path.child("maxSurge"));
    let mut out = workload::count_or_percent(unavailable, &gone);
    out.extend(workload::count_or_percent(surge, &more));
    out.extend(workload::at_most_all(unavailable, &gone));
    out.extend(workload::at_most_all(surge, &more));
    match (workload::worth(unavailable), workload::worth(surge)) {
        (0, 0) => out.push(gone.required("cannot be 0 when maxSurge is 0")),
        (a, b) if a != 0 && b != 0 => out.push(more.invalid(surge, "may not be set when maxUnavailable is non-zero")),
        _ => {}
    }
    out
}

fn update(new: &Value, old: &Value) -> Errors {
    let mut out = workload::selector_kept(new, old);
    out.extend(create(new));
    out
}
