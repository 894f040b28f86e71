//! HorizontalPodAutoscaler: how many replicas a load deserves.
//! Source: kubernetes v1.37 pkg/apis/autoscaling/v2/defaults.go.

use super::view::{Fill, View};
use super::{NONE, Rules};
use crate::map;
use crate::text::Value;

/// The rules of autoscalers.
pub const RULES: Rules = Rules {
    kind: "autoscaling/v2 HorizontalPodAutoscaler",
    simulated: &["spec.*"],
    defaults,
    strategy: super::fresh,
    ..NONE
};

fn defaults(hpa: &mut Value) {
    let spec = hpa.make("spec");
    spec.fill("minReplicas", 1i64);
    if spec.items("metrics").is_empty() {
        let target = map! { "type" => "Utilization", "averageUtilization" => 80i64 };
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
    if up.items("policies").is_empty() {
        up.make_map().set("policies", vec![policy("Pods", 4), policy("Percent", 100)]);
    }
    let down = behavior.make("scaleDown");
    down.fill("selectPolicy", "Max");
    if down.items("policies").is_empty() {
        down.make_map().set("policies", vec![policy("Percent", 100)]);
    }
}

fn policy(kind: &str, value: i64) -> Value {
    Value::Map(map! { "type" => kind, "value" => value, "periodSeconds" => 15i64 })
}
