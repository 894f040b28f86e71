//! What one metric of an autoscaler proposes, and how its status shows it.
//! Source: kubernetes v1.37 pkg/controller/podautoscaler/horizontal.go, computeReplicasForMetric and computeStatusFor*.

use super::metrics::{self, Around, Count};
use crate::kubernetes::objects::parts::quantity::Format;
use crate::kubernetes::objects::parts::{LabelSelector, Quantity};
use crate::map;
use crate::text::{Map, Value};

/// What a metric proposes.
pub struct Proposal {
    /// Replicas.
    pub replicas: i32,
    /// How words name the metric.
    pub name: String,
    /// Its entry in the status.
    pub status: Value,
}

/// Why a metric cannot be used.
pub struct Refusal {
    /// The reason of event and condition.
    pub reason: &'static str,
    /// What event and condition say.
    pub message: String,
    /// What the caller is told.
    pub error: String,
}

/// The replicas of the target and where it lives.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Wanted replicas.
    pub wanted: i32,
    /// Replicas that are there.
    pub there: i32,
}

type Outcome = Result<Proposal, Refusal>;

/// What a metric proposes.
pub fn propose(around: &Around, metric: &Value, target: Target) -> Outcome {
    let kind = metric.str_at(&["type"]).unwrap_or_default();
    let nothing = Value::Null;
    let of = |member: &str| metric.get(member).unwrap_or(&nothing);
    match kind {
        "Resource" => resource(around, of("resource"), target, false),
        "ContainerResource" => resource(around, of("containerResource"), target, true),
        "Pods" => pods(around, of("pods"), target),
        "Object" => object(around, of("object"), target),
        "External" => external(around, of("external"), target),
        _ => {
            let message = format!("unknown metric source type {kind:?}");
            Err(Refusal { reason: "InvalidMetricSourceType", error: message.clone(), message })
        }
    }
}

fn text<'a>(tree: &'a Value, path: &[&str]) -> &'a str {
    tree.str_at(path).unwrap_or_default()
}

/// A target's quantity in thousandths.
fn wish(source: &Value, member: &str) -> Option<i64> {
    let value = source.at(&["target", member]).filter(|v| !v.is_null())?;
    Some(Quantity::read(value).ok()?.milli_value())
}

fn shown(milli: i64) -> Value {
    Quantity::milli(milli, Format::DecimalSI).to_string().into()
}

/// Memory is shown in powers of two.
fn shown_of(resource: &str, milli: i64) -> Value {
    let format = if resource == "memory" { Format::BinarySI } else { Format::DecimalSI };
    Quantity::milli(milli, format).to_string().into()
}

fn resource(around: &Around, source: &Value, target: Target, one: bool) -> Outcome {
    let (name, container) = (text(source, &["name"]), one.then(|| text(source, &["container"])));
    let (reason, words, member, kind) = if one {
        ("FailedGetContainerResourceMetric", "container resource", "containerResource", "ContainerResource")
    } else {
        ("FailedGetResourceMetric", "resource", "resource", "Resource")
    };
    let refuse = |message: String| {
        let of = container.map_or_else(|| format!("{name} resource"), |c| format!("{c} container"));
        Refusal { reason, error: format!("failed to get {of} metric value: {message}"), message }
    };
    let (count, current, name_shown) = if let Some(wish) = wish(source, "averageValue") {
        let count = metrics::by_amount(around, target.wanted, wish, name, container);
        let count = count.map_err(|e| refuse(format!("failed to get {name} usage: {e}")))?;
        let current = map! { "averageValue" => shown_of(name, count.used) };
        (count, current, format!("{name} resource"))
    } else if let Some(percent) = source.int_at(&["target", "averageUtilization"]) {
        let count = metrics::by_share(around, target.wanted, percent as i32, name, container);
        let count = count.map_err(|e| refuse(format!("failed to get {name} utilization: {e}")))?;
        let current = map! { "averageUtilization" => count.percent, "averageValue" => shown_of(name, count.used) };
        (count, current, format!("{name} {words} utilization (percentage of request)"))
    } else {
        let message = "invalid resource metric source: neither an average utilization target nor an average value \
                       (usage) target was set";
        return Err(refuse(message.into()));
    };
    let mut entry = map! { "name" => name, "current" => current };
    if let Some(container) = container {
        entry.set("container", container);
    }
    Ok(Proposal { replicas: count.replicas, name: name_shown, status: status(kind, member, entry) })
}

fn status(kind: &str, member: &str, entry: Map) -> Value {
    let mut out = map! { "type" => kind };
    out.set(member, entry);
    Value::Map(out)
}

fn identifier(source: &Value) -> Map {
    let mut out = map! { "name" => text(source, &["metric", "name"]) };
    if let Some(selector) = source.at(&["metric", "selector"]).filter(|s| !s.is_null()) {
        out.set("selector", selector.clone());
    }
    out
}

/// How Go prints the pointer to a metric's selector.
fn selector(source: &Value) -> String {
    let selector = source.at(&["metric", "selector"]).filter(|s| !s.is_null());
    selector.map_or_else(|| "nil".into(), |s| LabelSelector::read(s).dump())
}

fn outside(source: &Value) -> String {
    format!("external metric {}({})", text(source, &["metric", "name"]), selector(source))
}

fn pods(around: &Around, source: &Value, target: Target) -> Outcome {
    let name = text(source, &["metric", "name"]);
    let wish = wish(source, "averageValue").unwrap_or(0);
    let count = metrics::by_pods(around, target.wanted, wish, name).map_err(|message| Refusal {
        reason: "FailedGetPodsMetric",
        error: format!("failed to get pods metric value: {message}"),
        message,
    })?;
    let entry = map! { "metric" => identifier(source), "current" => map! { "averageValue" => shown(count.used) } };
    Ok(Proposal {
        replicas: count.replicas,
        name: format!("pods metric {name}"),
        status: status("Pods", "pods", entry),
    })
}

fn object(around: &Around, source: &Value, target: Target) -> Outcome {
    let name = text(source, &["metric", "name"]);
    let (kind, object) = (text(source, &["describedObject", "kind"]), text(source, &["describedObject", "name"]));
    let refuse = |message: String, inner: String| Refusal {
        reason: "FailedGetObjectMetric",
        error: format!("failed to get object metric value: {inner}"),
        message,
    };
    let used = around.readings.of_object(name, kind, object);
    let used = used.map_err(|e| format!("unable to get metric {name} on {kind} {}/{object}: {e}", target.namespace));
    let (total, portion) = (wish(source, "value"), wish(source, "averageValue"));
    let (count, member, shown_name) = match (text(source, &["target", "type"]), total, portion) {
        ("Value", Some(wish), _) => {
            let count = used.and_then(|used| metrics::by_total(around, target.wanted, wish, used));
            (count.map_err(|e| refuse(e.clone(), e))?, "value", format!("{kind} metric {name}"))
        }
        ("AverageValue", _, Some(wish)) => {
            let used = used.map_err(|e| refuse(e.clone(), format!("failed to get {name} object metric: {e}")))?;
            let count = metrics::by_portion(around, target.there, wish, used);
            (count, "averageValue", outside(source))
        }
        _ => {
            let message =
                "invalid object metric source: neither a value target nor an average value target was set".to_string();
            return Err(refuse(message.clone(), message));
        }
    };
    let entry = entry(source, &count, member, true);
    Ok(Proposal { replicas: count.replicas, name: shown_name, status: status("Object", "object", entry) })
}

fn entry(source: &Value, count: &Count, member: &str, object: bool) -> Map {
    let mut current = Map::new();
    current.set(member.to_string(), shown(count.used));
    let mut out = map! { "metric" => identifier(source), "current" => current };
    if object {
        out.set("describedObject", source.get("describedObject").cloned().unwrap_or_default());
    }
    out
}

fn external(around: &Around, source: &Value, target: Target) -> Outcome {
    let name = text(source, &["metric", "name"]);
    let refuse = |message: String, inner: String| Refusal {
        reason: "FailedGetExternalMetric",
        error: format!("failed to get {name} external metric value: {inner}"),
        message,
    };
    let used = around.readings.outside(name);
    let used = used
        .map_err(|e| format!("unable to get external metric {}/{name}/{}: {e}", target.namespace, selector(source)));
    let (count, member) = if let Some(wish) = wish(source, "averageValue") {
        let used = used.map_err(|e| refuse(e.clone(), format!("failed to get {name} external metric: {e}")))?;
        (metrics::by_portion(around, target.there, wish, used), "averageValue")
    } else if let Some(wish) = wish(source, "value") {
        let count = used.and_then(|used| metrics::by_total(around, target.wanted, wish, used));
        (count.map_err(|e| refuse(e.clone(), format!("failed to get external metric {name}: {e}")))?, "value")
    } else {
        let message =
            "invalid external metric source: neither a value target nor an average value target was set".to_string();
        return Err(refuse(message.clone(), message));
    };
    let entry = entry(source, &count, member, false);
    Ok(Proposal { replicas: count.replicas, name: outside(source), status: status("External", "external", entry) })
}
