//! HorizontalPodAutoscaler: scales a workload so that what its pods use comes near a target.
//! Source: kubernetes v1.37 pkg/controller/podautoscaler/horizontal.go, reconcileAutoscaler.

pub mod behavior;
mod conditions;
pub mod decision;
pub mod measured;
pub mod metered;
pub mod metrics;
pub mod pods;
mod propose;
mod sync;

pub use sync::{CONTROLLER, Memory, REASONS};

use crate::kubernetes::objects::Calendar;
use crate::kubernetes::objects::parts::Quantity;
use crate::sim::Time;
use crate::text::{Map, Value};
use behavior::{Past, Step};
use conditions::{holds, set};
use decision::{Decision, Instead, Reckoned};
use metrics::{Around, Tolerance};
use pods::{Pod, Readings};
use propose::{Target, propose};
use std::rc::Rc;

/// The target's scale.
#[derive(Clone, Debug, Default)]
pub struct Scale {
    /// Wanted replicas.
    pub wanted: i32,
    /// Replicas that are there.
    pub there: i32,
    /// Whether it tells which pods it has.
    pub selects: bool,
}

/// Why there is no scale: what event and condition say, and the beginning of the error.
#[derive(Clone, Debug)]
pub struct NoScale {
    /// What event and condition say.
    pub message: String,
    /// What the error says before it.
    pub error: String,
}

/// All one pass looks at.
pub struct Inputs<'a> {
    /// The autoscaler, with its defaults.
    pub hpa: &'a Value,
    /// Its target's scale.
    pub scale: Result<Scale, NoScale>,
    /// The pods that the target's selector selects.
    pub pods: &'a [Pod],
    /// What the metrics servers answer.
    pub readings: &'a Readings,
    /// What is wrong when several autoscalers want the same pods.
    pub ambiguous: Option<String>,
    /// The present moment.
    pub now: Time,
    /// Turns moments into dates.
    pub calendar: &'a Calendar,
}

/// Something people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whether it is a warning.
    pub warning: bool,
    /// Its reason.
    pub reason: &'static str,
    /// Its words.
    pub message: String,
}

/// What one pass does.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The new number of replicas, when it scales.
    pub scaled: Option<i32>,
    /// The new status.
    pub status: Value,
    /// What it tells.
    pub events: Vec<Said>,
    /// The error it ends with.
    pub error: Option<String>,
    /// What was reckoned.
    pub decision: Decision,
}

/// A pass at work.
struct Pass<'a> {
    inputs: &'a Inputs<'a>,
    status: Map,
    conditions: Vec<Value>,
    events: Vec<Said>,
    now: String,
    decision: Decision,
}

/// What all metrics together propose.
struct Wish {
    replicas: i32,
    name: String,
}

/// One pass over an autoscaler.
pub fn pass(inputs: &Inputs, past: &mut Past) -> Outcome {
    let status = inputs.hpa.get("status").and_then(Value::as_map).cloned().unwrap_or_default();
    let conditions = status.get("conditions").and_then(Value::as_list).unwrap_or_default().to_vec();
    let now = inputs.calendar.seconds(inputs.now);
    let spec = inputs.hpa.get("spec").cloned().unwrap_or_default();
    let decision = Decision::new(inputs.now, tolerance(&spec));
    let mut pass = Pass { inputs, status, conditions, events: Vec::new(), now, decision };
    let (scaled, error) = match &inputs.scale {
        Ok(scale) => pass.with_scale(scale, past),
        Err(no) => {
            pass.warn("FailedGetScale", no.message.clone());
            let message = format!("the HPA controller was unable to get the target's current scale: {}", no.message);
            pass.set("AbleToScale", false, "FailedGetScale", &message);
            pass.decision.instead = Some(Instead::NoScale(no.message.clone()));
            (None, Some(format!("{}: {}", no.error, no.message)))
        }
    };
    let Pass { mut status, conditions, events, decision, .. } = pass;
    status.set("conditions", conditions);
    Outcome { scaled, status: Value::Map(status), events, error, decision }
}

impl Pass<'_> {
    fn set(&mut self, kind: &str, status: bool, reason: &str, message: &str) {
        set(&mut self.conditions, kind, status, reason, message, &self.now);
    }
    fn warn(&mut self, reason: &'static str, message: String) {
        self.events.push(Said { warning: true, reason, message });
    }
    fn with_scale(&mut self, scale: &Scale, past: &mut Past) -> (Option<i32>, Option<String>) {
        let spec = self.inputs.hpa.get("spec").cloned().unwrap_or_default();
        let current = scale.wanted;
        let (min, max) =
            (spec.int_at(&["minReplicas"]).unwrap_or(1) as i32, spec.int_at(&["maxReplicas"]).unwrap_or(0) as i32);
        self.set(
            "AbleToScale",
            true,
            "SucceededGetScale",
            "the HPA controller was able to get the target's current scale",
        );
        past.begin(current, self.inputs.now);
        let behavior = spec.get("behavior").filter(|b| !b.is_null());
        (self.decision.current, self.decision.bounds) = (current, (min, max));
        let (mut shown, mut error, mut why) = (Vec::new(), None, String::new());
        let desired =
            if current == 0 && !(holds(&self.conditions, "ScaledToZero") && (min != 0 || tells_of_none(&spec))) {
                let message = "scaling is disabled since the replica count of the target is zero";
                self.set("ScalingActive", false, "ScalingDisabled", message);
                self.decision.instead = Some(Instead::Disabled);
                current
            } else if current > max {
                why = "Current number of replicas above Spec.MaxReplicas".into();
                self.decision.instead = Some(Instead::AboveMax);
                max
            } else if current != 0 && current < min {
                why = "Current number of replicas below Spec.MinReplicas".into();
                self.decision.instead = Some(Instead::BelowMin);
                min
            } else {
                let (wish, problem) = self.wish(scale, &spec, &mut shown);
                error = problem;
                let Some(wish) = wish else {
                    let message = error.unwrap_or_default();
                    self.warn("FailedComputeMetricsReplicas", message.clone());
                    self.decision.instead = Some(Instead::NoMetric(message.clone()));
                    self.decision.desired = current;
                    let desired = self.status.get("desiredReplicas").and_then(Value::as_int).unwrap_or(0) as i32;
                    self.show(current, desired, shown, false);
                    let of = self.reference();
                    let words = "failed to compute desired number of replicas based on listed metrics for";
                    return (None, Some(format!("{words} {of}: {message}")));
                };
                if wish.replicas > current {
                    why = format!("{} above target", wish.name);
                } else if wish.replicas < current {
                    why = "All metrics below target".into();
                }
                let step = Step { min, max, current, wish: wish.replicas.max(0), now: self.inputs.now };
                let desired = self.normalise(step, behavior, past);
                if current == 0 && desired < min && why.is_empty() {
                    why = "Current number of replicas below Spec.MinReplicas".into();
                }
                if current == 0 { desired.max(min) } else { desired }
            };
        self.decision.desired = desired;
        let scaled = (desired != current).then_some(desired);
        if let Some(desired) = scaled {
            self.rescaled(desired, &why, current > 0 && min == 0 && tells_of_none(&spec));
            past.scaled(behavior, current, desired, self.inputs.now);
        }
        self.show(current, desired, shown, scaled.is_some());
        (scaled, error)
    }
    fn normalise(&mut self, step: Step, behavior: Option<&Value>, past: &mut Past) -> i32 {
        let ((stable, reason, message), (desired, limit, limit_words)) = past.normalise(step, behavior);
        (self.decision.wish, self.decision.stable, self.decision.limit) = (step.wish, stable, limit);
        if stable == step.wish {
            self.set("AbleToScale", true, "ReadyForNewScale", "recommended size matches current size");
        } else {
            self.set("AbleToScale", true, reason, message);
        }
        self.set("ScalingLimited", desired != stable, limit, limit_words);
        desired
    }
    fn rescaled(&mut self, desired: i32, why: &str, may_wake: bool) {
        let message = format!("the HPA controller was able to update the target scale to {desired}");
        self.set("AbleToScale", true, "SucceededRescale", &message);
        if desired == 0 && may_wake {
            self.set("ScaledToZero", true, "ScaledToZero", "the HPA controller scaled the workload to zero");
        } else {
            let message = "the HPA controller did not scale the workload to zero";
            self.set("ScaledToZero", false, "NotScaledToZero", message);
        }
        let message = format!("New size: {desired}; reason: {why}");
        self.events.push(Said { warning: false, reason: "SuccessfulRescale", message });
    }
    fn reference(&self) -> String {
        let text = |path: &[&str]| self.inputs.hpa.str_at(path).unwrap_or_default();
        format!(
            "{}/{}/{}",
            text(&["spec", "scaleTargetRef", "kind"]),
            text(&["metadata", "namespace"]),
            text(&["spec", "scaleTargetRef", "name"])
        )
    }
    /// Source: computeReplicasForMetrics.
    fn wish(&mut self, scale: &Scale, spec: &Value, shown: &mut Vec<Value>) -> (Option<Wish>, Option<String>) {
        if !scale.selects {
            let message = "selector is required";
            self.warn("SelectorRequired", message.into());
            self.set("ScalingActive", false, "InvalidSelector", "the HPA target's scale is missing a selector");
            return (None, Some(message.into()));
        }
        if let Some(message) = &self.inputs.ambiguous {
            self.warn("AmbiguousSelector", message.clone());
            self.set("ScalingActive", false, "AmbiguousSelector", message);
            return (None, Some(message.clone()));
        }
        let inputs = self.inputs;
        let target = Target {
            namespace: inputs.hpa.str_at(&["metadata", "namespace"]).unwrap_or_default(),
            wanted: scale.wanted,
            there: scale.there,
        };
        let tolerance = tolerance(spec);
        let around = Around { pods: inputs.pods, readings: inputs.readings, tolerance, now: inputs.now };
        let specs = spec.list_at(&["metrics"]);
        let (mut best, mut first, mut bad) = (Wish { replicas: 0, name: String::new() }, None, 0);
        for metric in specs {
            match propose(&around, metric, target) {
                Ok(proposal) => {
                    self.decision.metrics.push(decision::reckoned(metric, &proposal));
                    shown.push(proposal.status);
                    if best.replicas == 0 || proposal.replicas > best.replicas {
                        self.decision.best = Some(self.decision.metrics.len() - 1);
                        best = Wish { replicas: proposal.replicas, name: proposal.name };
                    }
                }
                Err(refusal) => {
                    self.warn(refusal.reason, refusal.message.clone());
                    let (name, error) = (metric_name(metric), Some(refusal.message.clone()));
                    self.decision.metrics.push(Reckoned { name, error, ..Reckoned::default() });
                    shown.push(Value::Map(crate::map! { "type" => "" }));
                    bad += 1;
                    first.get_or_insert(refusal);
                }
            }
        }
        self.decision.aside = decision::put_aside(&around, specs.get(self.decision.best.unwrap_or(0)));
        let error = first.as_ref().map(|first| {
            format!("invalid metrics ({bad} invalid out of {}), first error is: {}", specs.len(), first.error)
        });
        match first {
            Some(first) if bad >= specs.len() || best.replicas < scale.wanted => {
                let message = format!("the HPA was unable to compute the replica count: {}", first.message);
                self.set("ScalingActive", false, first.reason, &message);
                (None, error)
            }
            _ => {
                let message = format!("the HPA was able to successfully calculate a replica count from {}", best.name);
                self.set("ScalingActive", true, "ValidMetricFound", &message);
                (Some(best), error)
            }
        }
    }
    /// Source: setStatus.
    fn show(&mut self, current: i32, desired: i32, metrics: Vec<Value>, rescaled: bool) {
        let mut set = |key: &'static str, value: Option<Value>| match value {
            Some(value) => self.status.set(key, value),
            None => drop(self.status.remove(key)),
        };
        set("currentReplicas", (current != 0).then(|| current.into()));
        set("desiredReplicas", Some(desired.into()));
        set("currentMetrics", (!metrics.is_empty()).then(|| metrics.into()));
        let generation = self.inputs.hpa.int_at(&["metadata", "generation"]).unwrap_or(0);
        set("observedGeneration", Some(generation.into()));
        if rescaled {
            set("lastScaleTime", Some(Rc::<str>::from(self.now.as_str()).into()));
        }
    }
}

/// Whether a metric can tell what is wanted while there is no pod. Source: hasObjectOrExternalMetrics.
fn tells_of_none(spec: &Value) -> bool {
    spec.list_at(&["metrics"]).iter().any(|m| matches!(m.str_at(&["type"]), Some("Object" | "External")))
}

/// A metric that could not be read, for people.
fn metric_name(metric: &Value) -> String {
    let member = |m: &str| metric.str_at(&[m, "name"]).or_else(|| metric.str_at(&[m, "metric", "name"]));
    let members = ["resource", "containerResource", "pods", "object", "external"];
    members.iter().find_map(|m| member(m)).unwrap_or_default().to_string()
}

/// Source: tolerancesForHpa.
fn tolerance(spec: &Value) -> Tolerance {
    let of = |way: &str| {
        let value = spec.at(&["behavior", way, "tolerance"]).filter(|v| !v.is_null())?;
        Some(Quantity::read(value).ok()?.as_approximate_f64())
    };
    let default = Tolerance::default();
    Tolerance { down: of("scaleDown").unwrap_or(default.down), up: of("scaleUp").unwrap_or(default.up) }
}
