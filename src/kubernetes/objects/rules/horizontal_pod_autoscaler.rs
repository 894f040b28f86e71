//! HorizontalPodAutoscaler: how many replicas a load deserves.
//! Source: kubernetes v1.37 pkg/apis/autoscaling/v2/defaults.go.

use super::super::field_error::{Errors, Path};
use super::amount::Amount;
use super::view::{Fill, View};
use super::{NONE, Rules, formats, pod};
use crate::map;
use crate::text::Value;

/// How busy processors are where nothing is said.
/// Source: kubernetes v1.37 pkg/apis/autoscaling/annotations.go, DefaultCPUUtilization; v1/conversion.go.
const DEFAULT_CPU: i64 = 80;

/// The rules of autoscalers.
pub const RULES: Rules = Rules {
    kind: "autoscaling/v2 HorizontalPodAutoscaler",
    simulated: &["spec.*"],
    defaults,
    strategy: super::fresh,
    create: check,
    update: |new, _| check(new),
    ..NONE
};

/// The rules of autoscalers of the elder version, which know CPU only.
pub const V1: Rules = Rules {
    kind: "autoscaling/v1 HorizontalPodAutoscaler",
    defaults: |hpa| {
        let told = hpa.of("metadata").of("annotations").has("autoscaling.alpha.kubernetes.io/metrics");
        let spec = hpa.make("spec");
        spec.fill("minReplicas", 1i64);
        if !told {
            spec.fill("targetCPUUtilizationPercentage", DEFAULT_CPU);
        }
    },
    create: |hpa| check(&as_v2(hpa)),
    update: |new, _| check(&as_v2(new)),
    ..RULES
};

/// The elder form in the newer one's words.
/// Source: kubernetes v1.37 pkg/apis/autoscaling/v1/conversion.go.
fn as_v2(hpa: &Value) -> Value {
    let mut out = hpa.clone();
    let spec = out.make("spec");
    if let Some(percent) = spec.int("targetCPUUtilizationPercentage") {
        let target = map! { "type" => "Utilization", "averageUtilization" => percent };
        let cpu = map! { "type" => "Resource", "resource" => map! { "name" => "cpu", "target" => target } };
        spec.make_map().set("metrics", vec![Value::Map(cpu)]);
    }
    out
}

fn defaults(hpa: &mut Value) {
    let spec = hpa.make("spec");
    spec.fill("minReplicas", 1i64);
    if spec.items("metrics").is_empty() {
        let target = map! { "type" => "Utilization", "averageUtilization" => DEFAULT_CPU };
        let cpu = map! { "type" => "Resource", "resource" => map! { "name" => "cpu", "target" => target } };
        spec.make_map().set("metrics", vec![Value::Map(cpu)]);
    }
    if !spec.has("behavior") {
        return;
    }
    let behavior = spec.make("behavior");
    let up = behavior.make("scaleUp");
    up.fill("stabilizationWindowSeconds", 0i64);
    up.fill("selectPolicy", "Max");
    if !up.has("policies") {
        up.make_map().set("policies", vec![policy("Pods", 4), policy("Percent", 100)]);
    }
    let down = behavior.make("scaleDown");
    down.fill("selectPolicy", "Max");
    if !down.has("policies") {
        down.make_map().set("policies", vec![policy("Percent", 100)]);
    }
}

fn policy(kind: &str, value: i64) -> Value {
    Value::Map(map! { "type" => kind, "value" => value, "periodSeconds" => 15i64 })
}

/// Source: kubernetes v1.37 pkg/apis/autoscaling/validation/validation.go, validateHorizontalPodAutoscalerSpec.
fn check(hpa: &Value) -> Errors {
    let (spec, path) = (hpa.of("spec"), Path::new("spec"));
    let mut out = Errors::new();
    let (min, max) = (spec.num("minReplicas"), spec.num("maxReplicas"));
    if max < min {
        out.push(path.child("maxReplicas").invalid(max, "must be greater than or equal to `minReplicas`"));
    }
    out.extend(target(spec.of("scaleTargetRef"), true, &path.child("scaleTargetRef")));
    let metrics = spec.items("metrics");
    let mut from_outside = false;
    for (i, metric) in metrics.iter().enumerate() {
        from_outside |= matches!(metric.text("type"), "Object" | "External");
        out.extend(self::metric(metric, &path.child("metrics").index(i)));
    }
    if spec.int("minReplicas") == Some(0) && !from_outside {
        let words = "must specify at least one Object or External metric to support scaling to zero replicas";
        out.push(path.child("metrics").forbidden(words));
    }
    for way in ["scaleUp", "scaleDown"] {
        if spec.of("behavior").has(way) {
            out.extend(scaling(spec.of("behavior").of(way), &path.child("behavior").child(way)));
        }
    }
    // The generated checks come last.
    if min < 0 {
        out.push(path.child("minReplicas").invalid(min, "must be greater than or equal to 0"));
    }
    if max == 0 {
        out.push(path.child("maxReplicas").required(""));
    } else if max < 1 {
        out.push(path.child("maxReplicas").invalid(max, "must be greater than or equal to 1"));
    }
    out
}

fn target(target: &Value, scaled: bool, path: &Path) -> Errors {
    let mut out = Errors::new();
    for member in ["kind", "name"] {
        match target.text(member) {
            "" => out.push(path.child(member).required("")),
            text => out.extend(formats::at(&path.child(member), text, formats::path_segment(text))),
        }
    }
    // Source: ValidateAPIVersion; apimachinery pkg/runtime/schema/group_version.go, ParseGroupVersion.
    let (version, at) = (target.text("apiVersion"), path.child("apiVersion"));
    match version.matches('/').count() {
        0 | 1 if scaled && version.find('/').is_none_or(|i| i == 0) => {
            out.push(at.invalid(version, "apiVersion must specify API group"));
        }
        0 | 1 => {}
        _ => out.push(at.invalid(version, format!("unexpected GroupVersion string: {version}"))),
    }
    out
}

fn metric(metric: &Value, path: &Path) -> Errors {
    const TYPES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];
    const MEMBERS: [(&str, &str); 5] = [
        ("Object", "object"),
        ("External", "external"),
        ("Pods", "pods"),
        ("Resource", "resource"),
        ("ContainerResource", "containerResource"),
    ];
    let mut out = Errors::new();
    let kind = metric.text("type");
    if kind.is_empty() {
        out.push(path.child("type").required("must specify a metric source type"));
    }
    if !TYPES.contains(&kind) {
        out.push(path.child("type").not_supported(kind, &TYPES));
    }
    let present: Vec<&str> = MEMBERS.iter().map(|(_, m)| *m).filter(|m| metric.has(m)).collect();
    if let Some(first) = present.first() {
        out.extend(source(first, metric.of(first), &path.child(first)));
    }
    let expected = MEMBERS.iter().find(|(t, _)| *t == kind).map_or(String::new(), |(_, m)| (*m).to_owned());
    if !present.contains(&expected.as_str()) && !expected.is_empty() {
        out.push(path.child(&expected).required("must populate information for the given metric source"));
    }
    if present.len() != 1 {
        for other in present.iter().filter(|m| **m != expected) {
            out.push(path.child(other).forbidden("must populate the given metric source only"));
        }
    }
    out
}

fn source(kind: &str, source: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let target = source.of("target");
    let at = path.child("target");
    match kind {
        "resource" | "containerResource" => {
            let name = source.text("name");
            if name.is_empty() {
                out.push(path.child("name").required("must specify a resource name"));
            } else if kind == "containerResource" {
                out.extend(pod::resources::container_name(name, &path.child("name")));
            }
            if kind == "containerResource" {
                let at = path.child("container");
                match source.text("container") {
                    "" => out.push(at.required("must specify a container")),
                    name => out.extend(formats::at(&at, name, formats::dns_label(name))),
                }
            }
            out.extend(metric_target(target, &at));
            if target.has("averageUtilization") && target.has("averageValue") {
                out.push(
                    at.child("averageValue").forbidden("may not set both a target raw value and a target utilization"),
                );
            }
            if !target.has("averageUtilization") && !target.has("averageValue") {
                out.push(
                    at.child("averageUtilization")
                        .required("must set either a target raw value or a target utilization"),
                );
            }
        }
        _ => {
            if kind == "object" {
                out.extend(self::target(source.of("describedObject"), false, &path.child("describedObject")));
            }
            out.extend(identifier(source.of("metric"), &path.child("metric")));
            out.extend(metric_target(target, &at));
            let (value, average) = (target.has("value"), target.has("averageValue"));
            if kind == "pods" {
                if !average {
                    out.push(at.child("averageValue").required("must specify a positive target averageValue"));
                }
            } else if !value && !average {
                let words = match kind {
                    "external" => "must set either a target value for metric or a per-pod target",
                    _ => "must set either a target value or averageValue",
                };
                out.push(at.child("averageValue").required(words));
            } else if value && average && kind == "external" {
                out.push(
                    at.child("value").forbidden("may not set both a target value for metric and a per-pod target"),
                );
            }
        }
    }
    out
}

fn identifier(metric: &Value, path: &Path) -> Errors {
    match metric.text("name") {
        "" => vec![path.child("name").required("must specify a metric name")],
        name => formats::at(&path.child("name"), name, formats::path_segment(name)),
    }
}

fn metric_target(target: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let kind = target.text("type");
    if kind.is_empty() {
        out.push(path.child("type").required("must specify a metric target type"));
    }
    if !matches!(kind, "Utilization" | "Value" | "AverageValue") {
        let words = "must be either Utilization, Value, or AverageValue";
        out.push(path.child("type").invalid(kind, words));
    }
    for member in ["value", "averageValue"] {
        if target.has(member) && Amount::of(target.of(member)).sign() != 1 {
            out.push(path.child(member).invalid(target.of(member), "must be positive"));
        }
    }
    if let Some(n) = target.int("averageUtilization").filter(|n| *n < 1) {
        out.push(path.child("averageUtilization").invalid(n, "must be greater than 0"));
    }
    out
}

/// Source: validateScalingRules.
fn scaling(rules: &Value, path: &Path) -> Errors {
    const MAX_WINDOW: i64 = 3600;
    const MAX_PERIOD: i64 = 1800;
    let mut out = Errors::new();
    if let Some(window) = rules.int("stabilizationWindowSeconds") {
        let at = path.child("stabilizationWindowSeconds");
        if window < 0 {
            out.push(at.invalid(window, "must be greater than or equal to zero"));
        } else if window > MAX_WINDOW {
            out.push(at.invalid(window, format!("must be less than or equal to {MAX_WINDOW}")));
        }
    }
    let select = rules.text("selectPolicy");
    if rules.has("selectPolicy") && !matches!(select, "Disabled" | "Max" | "Min") {
        out.push(path.child("selectPolicy").not_supported(select, &["Disabled", "Max", "Min"]));
    }
    let policies = rules.items("policies");
    if policies.is_empty() {
        out.push(path.child("policies").required("must specify at least one Policy"));
    }
    for (i, policy) in policies.iter().enumerate() {
        let at = path.child("policies").index(i);
        let kind = policy.text("type");
        if !matches!(kind, "Percent" | "Pods") {
            out.push(at.child("type").not_supported(kind, &["Percent", "Pods"]));
        }
        for member in ["value", "periodSeconds"] {
            if policy.num(member) <= 0 {
                out.push(at.child(member).invalid(policy.num(member), "must be greater than zero"));
            }
        }
        if policy.num("periodSeconds") > MAX_PERIOD {
            let words = format!("must be less than or equal to {MAX_PERIOD}");
            out.push(at.child("periodSeconds").invalid(policy.num("periodSeconds"), words));
        }
    }
    if rules.has("tolerance") && Amount::of(rules.of("tolerance")).sign() < 0 {
        let shown = rules.of("tolerance");
        out.push(path.child("tolerance").invalid(shown, "must be greater than or equal to 0"));
    }
    out
}
