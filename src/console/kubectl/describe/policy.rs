//! What limits, scales and orders. Source: describe.go, describeHorizontalPodAutoscalerV2, describePodDisruptionBudgetV1,
//! describeQuota, describeLimitRange, describeNamespace, describePriorityClass.

use super::page::Page;
use super::{Subject, any_text, date};
use crate::kubernetes::objects::columns::{label_text, selector_text};
use crate::kubernetes::objects::parts::Quantity;
use crate::text::Value;
use crate::text::go::quoted;

pub(super) fn autoscaler(s: &Subject, page: &mut Page) {
    s.head(page);
    s.marks(page);
    page.line(0, format!("CreationTimestamp:\t{}", s.date(&["metadata", "creationTimestamp"])));
    let target = |key: &str| s.text(&["spec", "scaleTargetRef", key]);
    page.line(0, format!("Reference:\t{}/{}", target("kind"), target("name")));
    page.line(0, "Metrics:\t( current / target )");
    let current = s.tree.list_at(&["status", "currentMetrics"]);
    for (i, metric) in s.tree.list_at(&["spec", "metrics"]).iter().enumerate() {
        page.line(1, metric_line(metric, current.get(i)));
    }
    let least = s.any(&["spec", "minReplicas"]);
    page.line(0, format!("Min replicas:\t{}", if least.is_empty() { "<unset>".into() } else { least }));
    page.line(0, format!("Max replicas:\t{}", s.int(&["spec", "maxReplicas"])));
    if let Some(behavior) = s.tree.at(&["spec", "behavior"]) {
        page.line(0, "Behavior:");
        direction(page, "Scale Up", behavior.get("scaleUp"));
        direction(page, "Scale Down", behavior.get("scaleDown"));
    }
    let (now, wanted) = (s.int(&["status", "currentReplicas"]), s.int(&["status", "desiredReplicas"]));
    page.line(0, format!("{} pods:\t{now} current / {wanted} desired", target("kind")));
    let conditions = s.tree.list_at(&["status", "conditions"]);
    if !conditions.is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tReason\tMessage");
        page.line(1, "----\t------\t------\t-------");
    }
    for c in conditions {
        let text = |key: &str| c.str_at(&[key]).unwrap_or_default();
        page.line(1, format!("{}\t{}\t{}\t{}", text("type"), text("status"), text("reason"), text("message")));
    }
    s.events(page);
}

fn metric_line(spec: &Value, status: Option<&Value>) -> String {
    let kind = spec.str_at(&["type"]).unwrap_or_default();
    let key = match kind {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        other => return format!("<unknown metric type {}>", quoted(other)),
    };
    let current = |what: &str| status.and_then(|st| st.at(&[key, "current", what])).map(any_text);
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "<unknown>".into());
    let target = |what: &str| spec.at(&[key, "target", what]).map(any_text);
    let name = quoted(spec.str_at(&[key, "metric", "name"]).unwrap_or_default());
    let pair = |what: &str| format!("{} / {}", or_unknown(current(what)), target(what).unwrap_or_default());
    match key {
        "pods" => format!("{name} on pods:\t{}", pair("averageValue")),
        "external" | "object" => {
            let on = match key {
                "object" => {
                    let part = |k: &str| spec.str_at(&["object", "describedObject", k]).unwrap_or_default();
                    format!(" on {}/{}", part("kind"), part("name"))
                }
                _ => String::new(),
            };
            match target("averageValue") {
                Some(_) => format!("{name}{on} (target average value):\t{}", pair("averageValue")),
                None => format!("{name}{on} (target value):\t{}", pair("value")),
            }
        }
        _ => {
            let resource = spec.str_at(&[key, "name"]).unwrap_or_default();
            let of = match spec.str_at(&[key, "container"]) {
                Some(container) => format!(" of container {}", quoted(container)),
                None => String::new(),
            };
            if target("averageValue").is_some() {
                return format!("resource {resource}{of} on pods:\t{}", pair("averageValue"));
            }
            let now = current("averageUtilization")
                .map(|u| format!("{u}% ({})", current("averageValue").unwrap_or_else(|| "<nil>".into())));
            let wanted = target("averageUtilization").map_or("<auto>".into(), |u| format!("{u}%"));
            format!("resource {resource}{of} on pods  (as a percentage of request):\t{} / {wanted}", or_unknown(now))
        }
    }
}

fn direction(page: &mut Page, title: &str, rules: Option<&Value>) {
    let Some(rules) = rules else { return };
    page.line(1, format!("{title}:"));
    if let Some(window) = rules.int_at(&["stabilizationWindowSeconds"]) {
        page.line(2, format!("Stabilization Window: {window} seconds"));
    }
    let policies = rules.list_at(&["policies"]);
    if policies.is_empty() {
        return;
    }
    page.line(2, format!("Select Policy: {}", rules.str_at(&["selectPolicy"]).unwrap_or("Max")));
    page.line(2, "Policies:");
    for policy in policies {
        let number = |key: &str| policy.int_at(&[key]).unwrap_or(0);
        let kind = policy.str_at(&["type"]).unwrap_or_default();
        page.line(
            3,
            format!("- Type: {kind}\tValue: {}\tPeriod: {} seconds", number("value"), number("periodSeconds")),
        );
    }
}

pub(super) fn budget(s: &Subject, page: &mut Page) {
    s.head(page);
    let bound = |key: &str| s.tree.at(&["spec", key]).map(any_text);
    if let Some(least) = bound("minAvailable") {
        page.line(0, format!("Min available:\t{least}"));
    } else if let Some(most) = bound("maxUnavailable") {
        page.line(0, format!("Max unavailable:\t{most}"));
    }
    match s.tree.at(&["spec", "selector"]) {
        Some(selector) => page.line(0, format!("Selector:\t{}", selector_text(Some(selector)))),
        None => page.line(0, "Selector:\t<unset>"),
    }
    page.line(0, "Status:");
    for (title, key) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        page.line(2, format!("{title}:\t{}", s.int(&["status", key])));
    }
    s.events(page);
}

/// Words about a scope. Source: describe.go, helpTextForResourceQuotaScope.
fn scope_words(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "Terminating" => {
            "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system."
        }
        "NotTerminating" => {
            "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate."
        }
        "BestEffort" => {
            "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service."
        }
        "NotBestEffort" => {
            "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service."
        }
        _ => return None,
    })
}

pub(super) fn quota(s: &Subject, page: &mut Page) {
    s.head(page);
    let mut scopes: Vec<String> = s.tree.list_at(&["spec", "scopes"]).iter().map(any_text).collect();
    scopes.sort();
    if !scopes.is_empty() {
        page.line(0, format!("Scopes:\t{}", scopes.join(", ")));
        scopes.iter().filter_map(|scope| scope_words(scope)).for_each(|words| page.line(0, format!(" * {words}")));
    }
    page.line(0, "Resource\tUsed\tHard");
    page.line(0, "--------\t----\t----");
    amounts(page, 0, &s.tree, true);
}

/// What is used of what a quota allows. Its own description tells what is used in the format of what is allowed, that of a
/// namespace as it is. Source: describe.go, describeQuota, DescribeResourceQuotas.
fn amounts(page: &mut Page, level: usize, quota: &Value, alike: bool) {
    let hard = quota.at(&["status", "hard"]).and_then(Value::as_map).map(|m| m.sorted()).unwrap_or_default();
    for (name, amount) in hard {
        let used = quota.at(&["status", "used", name]);
        let shown = match (used.and_then(|u| Quantity::read(u).ok()), Quantity::read(amount)) {
            (Some(used), Ok(hard)) if alike && used.format() != hard.format() => {
                Some(Quantity::new(used.value(), hard.format()).to_string())
            }
            _ => used.map(any_text),
        };
        let used = shown.unwrap_or("0".into());
        page.line(level, format!("{name}\t{used}\t{}", any_text(amount)));
    }
}

pub(super) fn limit_range(s: &Subject, page: &mut Page) {
    s.head(page);
    page.line(0, "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
    page.line(0, "----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
    limits(page, "", &s.tree);
}

fn limits(page: &mut Page, prefix: &str, range: &Value) {
    const PARTS: [&str; 5] = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
    for item in range.list_at(&["spec", "limits"]) {
        let members = PARTS.iter().filter_map(|p| item.get(p)?.as_map());
        let mut names: Vec<String> = members.flat_map(|m| m.iter().map(|(k, _)| k.to_string())).collect();
        names.sort();
        names.dedup();
        for name in names {
            let cells = PARTS.map(|p| item.at(&[p, &name]).map_or("-".into(), any_text));
            let kind = item.str_at(&["type"]).unwrap_or_default();
            page.line(0, format!("{prefix}{kind}\t{name}\t{}", cells.join("\t")));
        }
    }
}

pub(super) fn namespace(s: &Subject, page: &mut Page) {
    let name = s.text(&["metadata", "name"]);
    page.line(0, format!("Name:\t{name}"));
    s.marks(page);
    page.line(0, format!("Status:\t{}", s.text(&["status", "phase"])));
    let conditions = s.tree.list_at(&["status", "conditions"]);
    if !conditions.is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        page.line(1, "----\t------\t------------------\t------\t-------");
    }
    for c in conditions {
        let text = |key: &str| c.str_at(&[key]).unwrap_or_default();
        let changed = date(s.cluster, text("lastTransitionTime"));
        page.line(
            1,
            format!("{}\t{}\t{changed}\t{}\t{}", text("type"), text("status"), text("reason"), text("message")),
        );
    }
    let api = &s.cluster.api;
    let all = |kind: &str| {
        let kind = api.kinds.find("v1", kind);
        let list = kind.into_iter().flat_map(|k| api.store.list_in(k, name).cloned().collect::<Vec<_>>());
        list.map(|o| api.tree(&o)).collect::<Vec<Value>>()
    };
    page.line(0, "");
    let quotas = all("ResourceQuota");
    page.line(0, if quotas.is_empty() { "No resource quota." } else { "Resource Quotas" });
    for (i, quota) in quotas.iter().enumerate() {
        if i > 0 {
            page.line(0, "");
        }
        page.line(1, format!("Name:\t{}", quota.str_at(&["metadata", "name"]).unwrap_or_default()));
        let mut scopes: Vec<String> = quota.list_at(&["spec", "scopes"]).iter().map(any_text).collect();
        scopes.sort();
        if !scopes.is_empty() {
            page.line(1, format!("Scopes:\t{}", scopes.join(", ")));
        }
        page.line(1, "Resource\tUsed\tHard");
        page.line(1, "--------\t---\t---");
        amounts(page, 1, quota, false);
    }
    page.line(0, "");
    let ranges = all("LimitRange");
    if ranges.is_empty() {
        page.line(0, "No LimitRange resource.");
        return;
    }
    page.line(0, "Resource Limits");
    page.line(0, " Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
    page.line(0, " ----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
    ranges.iter().for_each(|range| limits(page, " ", range));
}

pub(super) fn priority_class(s: &Subject, page: &mut Page) {
    page.line(0, format!("Name:\t{}", s.text(&["metadata", "name"])));
    page.line(0, format!("Value:\t{}", s.int(&["value"])));
    page.line(0, format!("GlobalDefault:\t{}", s.tree.bool_at(&["globalDefault"]).unwrap_or(false)));
    page.line(0, format!("PreemptionPolicy:\t{}", s.text(&["preemptionPolicy"])));
    page.line(0, format!("Description:\t{}", s.text(&["description"])));
    page.line(0, format!("Annotations:\t{}", label_text(s.tree.at(&["metadata", "annotations"]))));
    s.events(page);
}
