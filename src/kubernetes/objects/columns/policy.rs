//! Rows of what limits, scales and permits.

use super::{Columns, View, col, plain, wide};
use crate::text::Value;

/// How many metrics a cell names. Source: printers.go, formatHPAMetrics.
const METRICS_MAX: usize = 2;

const BINDING: &[super::Column] =
    &[col("Name"), col("Role"), col("Age"), wide("Users"), wide("Groups"), wide("ServiceAccounts")];

pub(super) const TABLES: &[Columns] = &[
    Columns {
        group: "autoscaling",
        kind: "HorizontalPodAutoscaler",
        columns: &[
            col("Name"),
            col("Reference"),
            col("Targets"),
            col("MinPods"),
            col("MaxPods"),
            col("Replicas"),
            col("Age"),
        ],
        cells: autoscaler,
    },
    Columns {
        group: "policy",
        kind: "PodDisruptionBudget",
        columns: &[col("Name"), col("Min Available"), col("Max Unavailable"), col("Allowed Disruptions"), col("Age")],
        cells: budget,
    },
    Columns {
        group: "",
        kind: "ResourceQuota",
        columns: &[col("Name"), col("Request"), col("Limit"), col("Age")],
        cells: quota,
    },
    Columns { group: "rbac.authorization.k8s.io", kind: "RoleBinding", columns: BINDING, cells: binding },
    Columns { group: "rbac.authorization.k8s.io", kind: "ClusterRoleBinding", columns: BINDING, cells: binding },
    Columns {
        group: "admissionregistration.k8s.io",
        kind: "MutatingWebhookConfiguration",
        columns: &[col("Name"), col("Webhooks"), col("Age")],
        cells: |v| vec![v.name(), (v.tree.list_at(&["webhooks"]).len() as i64).into(), v.age()],
    },
    Columns {
        group: "admissionregistration.k8s.io",
        kind: "ValidatingWebhookConfiguration",
        columns: &[col("Name"), col("Webhooks"), col("Age")],
        cells: |v| vec![v.name(), (v.tree.list_at(&["webhooks"]).len() as i64).into(), v.age()],
    },
    Columns {
        group: "apiregistration.k8s.io",
        kind: "APIService",
        columns: &[col("Name"), col("Service"), col("Available"), col("Age")],
        cells: |v| vec![v.name(), "Local".into(), "True".into(), v.age()],
    },
];

fn autoscaler(v: &View) -> Vec<Value> {
    let target = ["spec", "scaleTargetRef"];
    let part = |key: &str| v.text(&[target[0], target[1], key]);
    let least = v.tree.int_at(&["spec", "minReplicas"]).map(|n| n.to_string());
    vec![
        v.name(),
        format!("{}/{}", part("kind"), part("name")).into(),
        metrics(v.tree).into(),
        least.unwrap_or_else(|| "<unset>".to_string()).into(),
        v.int(&["spec", "maxReplicas"]).into(),
        v.int(&["status", "currentReplicas"]).into(),
        v.age(),
    ]
}

fn metrics(tree: &Value) -> String {
    let specs = tree.list_at(&["spec", "metrics"]);
    let statuses = tree.list_at(&["status", "currentMetrics"]);
    let all: Vec<String> = specs.iter().enumerate().map(|(i, spec)| metric(spec, statuses.get(i))).collect();
    match all.len() {
        0 => "<none>".to_string(),
        n if n > METRICS_MAX => format!("{} + {} more...", all[..METRICS_MAX].join(", "), n - METRICS_MAX),
        _ => all.join(", "),
    }
}

fn metric(spec: &Value, status: Option<&Value>) -> String {
    let key = match spec.str_at(&["type"]) {
        Some("External") => "external",
        Some("Pods") => "pods",
        Some("Object") => "object",
        Some("Resource") => "resource",
        Some("ContainerResource") => "containerResource",
        _ => return "<unknown type>".to_string(),
    };
    let target = |what: &str| spec.at(&[key, "target", what]);
    let current = |what: &str| {
        let now = status.and_then(|s| s.at(&[key, "current", what])).map(plain);
        now.unwrap_or_else(|| "<unknown>".to_string())
    };
    // An amount that a status of this kind lacks is printed as what it is in Go, a pointer to nothing.
    let pointed = |what: &str| match status.and_then(|s| s.get(key)) {
        Some(status) => status.at(&["current", what]).map_or("<nil>".to_string(), plain),
        None => "<unknown>".to_string(),
    };
    let wanted = |what: &str| target(what).map_or("<nil>".to_string(), plain);
    let name = spec.str_at(&[key, "name"]).unwrap_or_default();
    match (key, target("averageValue")) {
        ("pods", _) => format!("{}/{}", pointed("averageValue"), wanted("averageValue")),
        ("external" | "object", Some(average)) => format!("{}/{} (avg)", current("averageValue"), plain(average)),
        ("external" | "object", None) => format!("{}/{}", pointed("value"), wanted("value")),
        (_, Some(average)) => format!("{name}: {}/{}", pointed("averageValue"), plain(average)),
        (_, None) => {
            let percent = |text: String| if text == "<unknown>" { text } else { format!("{text}%") };
            let wanted = target("averageUtilization").map_or("<auto>".to_string(), |u| format!("{}%", plain(u)));
            format!("{name}: {}/{wanted}", percent(current("averageUtilization")))
        }
    }
}

fn budget(v: &View) -> Vec<Value> {
    let bound = |key: &str| Value::from(v.tree.at(&["spec", key]).map_or("N/A".to_string(), plain));
    vec![
        v.name(),
        bound("minAvailable"),
        bound("maxUnavailable"),
        v.int(&["status", "disruptionsAllowed"]).into(),
        v.age(),
    ]
}

/// Requests and limits apart, each `resource: used/hard`. Source: printers.go, printResourceQuota.
fn quota(v: &View) -> Vec<Value> {
    let hard = v.tree.at(&["status", "hard"]).and_then(Value::as_map);
    let mut parts = [Vec::new(), Vec::new()];
    for (name, amount) in hard.map(|m| m.sorted()).unwrap_or_default() {
        let used = v.tree.at(&["status", "used", name]).map_or("0".to_string(), plain);
        parts[usize::from(name.starts_with("limits"))].push(format!("{name}: {used}/{}", plain(amount)));
    }
    let [requests, limits] = parts.map(|p| p.join(", "));
    vec![v.name(), requests.into(), limits.into(), v.age()]
}

fn binding(v: &View) -> Vec<Value> {
    let role = format!("{}/{}", v.text(&["roleRef", "kind"]), v.text(&["roleRef", "name"]));
    let of = |kind: &str| -> Value {
        let subjects = v.tree.list_at(&["subjects"]).iter().filter(|s| s.str_at(&["kind"]) == Some(kind));
        let names = subjects.map(|s| {
            let name = s.str_at(&["name"]).unwrap_or_default();
            match s.str_at(&["namespace"]) {
                Some(ns) if kind == "ServiceAccount" => format!("{ns}/{name}"),
                _ => name.to_string(),
            }
        });
        names.collect::<Vec<_>>().join(", ").into()
    };
    vec![v.name(), role.into(), v.age(), of("User"), of("Group"), of("ServiceAccount")]
}
