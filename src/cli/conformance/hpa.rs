//! Family `hpa`: what autoscalers decide, step by step.

use super::{Case, Verdict, equal};
use crate::kubernetes::controllers::horizontal_pod_autoscaler::behavior::Past;
use crate::kubernetes::controllers::horizontal_pod_autoscaler::pods::{Pod, Readings};
use crate::kubernetes::controllers::horizontal_pod_autoscaler::{Inputs, NoScale, Said, Scale, pass};
use crate::kubernetes::objects::schema::Schema;
use crate::kubernetes::objects::{Calendar, rules};
use crate::map;
use crate::text::{Map, Value};

/// Checks one case.
pub fn check(case: &Case) -> Verdict {
    // Cases play at the turn of the year 2000; their oldest pods are older.
    let calendar = Calendar { epoch: 946_684_800 - 40 * 86_400, ..Calendar::default() };
    let mut hpa = case.input.get("hpa").cloned().unwrap_or_default();
    if let Some(info) = Schema::get().kind("autoscaling/v2", "HorizontalPodAutoscaler") {
        rules::default_object(&mut hpa, info);
    }
    let mut replicas = case.input.int_at(&["scale", "replicas"]).unwrap_or(0) as i32;
    let mut past = Past::default();
    let mut out = Vec::new();
    for step in case.input.list_at(&["steps"]) {
        if let Some(set) = step.int_at(&["setReplicas"]) {
            replicas = set as i32;
        }
        out.push(one(case, step, &mut hpa, &mut replicas, &mut past, &calendar));
    }
    equal(Value::Map(map! { "steps" => out }), case)
}

fn one(case: &Case, step: &Value, hpa: &mut Value, replicas: &mut i32, past: &mut Past, calendar: &Calendar) -> Value {
    let now = step.str_at(&["now"]).and_then(|t| calendar.read(t)).unwrap_or_default();
    let pods: Vec<Pod> = step.list_at(&["pods"]).iter().map(|p| Pod::read(p, calendar)).collect();
    let [measured, custom, external] =
        ["podMetrics", "customMetrics", "externalMetrics"].map(|key| step.list_at(&[key]));
    let mut readings = Readings::read(measured, custom, external, calendar);
    readings.error = step.str_at(&["metricsError"]).map(Into::into);
    let scale = Scale {
        wanted: *replicas,
        there: pods.iter().filter(|p| !p.deleting).count() as i32,
        selects: case.input.str_at(&["scale", "selector"]) != Some(""),
    };
    let scale = problem(hpa, step).map_or(Ok(scale), Err);
    let outcome = pass(&Inputs { hpa, scale, pods: &pods, readings: &readings, ambiguous: None, now, calendar }, past);
    let before = *replicas;
    *replicas = outcome.scaled.unwrap_or(before);
    hpa.set_at(&["status"], outcome.status.clone());
    let said =
        |e: &Said| Value::from(format!("{} {} {}", if e.warning { "Warning" } else { "Normal" }, e.reason, e.message));
    let events: Vec<Value> = outcome.events.iter().map(said).collect();
    let mut out: Map = map! {
        "replicasBefore" => before, "replicasAfter" => *replicas, "status" => outcome.status, "events" => events,
    };
    if let Some(error) = outcome.error {
        out.set("error", error);
    }
    Value::Map(out)
}

/// Why the recorded clients found no scale.
fn problem(hpa: &Value, step: &Value) -> Option<NoScale> {
    let text = |key: &str| hpa.str_at(&["spec", "scaleTargetRef", key]).unwrap_or_default();
    let (version, kind, name) = (text("apiVersion"), text("kind"), text("name"));
    if version.matches('/').count() > 1 {
        let message = format!("unexpected GroupVersion string: {version}");
        return Some(NoScale { message, error: "invalid API version in scale target reference".into() });
    }
    let group = version.rsplit_once('/').map_or("", |(group, _)| group);
    if kind != "Deployment" {
        let message = format!("no matches for {group}/, Resource={kind}");
        return Some(NoScale { message, error: "unable to determine resource for scale target reference".into() });
    }
    let error = step.str_at(&["scaleGetError"])?;
    let error_of = format!("failed to query scale subresource for {kind}/default/{name}");
    Some(NoScale { message: error.into(), error: error_of })
}
