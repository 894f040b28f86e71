//! What one pass reckoned, rule by rule, kept so that people can read why.

use super::metrics::{Around, Tolerance, aside};
use super::propose::Proposal;
use crate::kubernetes::objects::parts::Quantity;
use crate::sim::Time;
use crate::text::Value;
use std::rc::Rc;

/// One decision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// When.
    pub at: Time,
    /// Wanted replicas before it.
    pub current: i32,
    /// Fewest and most.
    pub bounds: (i32, i32),
    /// What each metric came to.
    pub metrics: Vec<Reckoned>,
    /// Which of them counts: the one that wants most.
    pub best: Option<usize>,
    /// How far from the target nothing is done: downward, upward.
    pub tolerance: (f64, f64),
    /// What went another way than metrics.
    pub instead: Option<Instead>,
    /// Replicas that the metrics ask for.
    pub wish: i32,
    /// After the stabilisation windows.
    pub stable: i32,
    /// After everything.
    pub desired: i32,
    /// Reason of the limit, as in the condition ScalingLimited.
    pub limit: &'static str,
    /// Pods that did not count as the others.
    pub aside: Vec<(Rc<str>, Aside)>,
}

/// What a metric came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reckoned {
    /// Its name, in the autoscaler's words.
    pub name: String,
    /// Its value now, as printed.
    pub now: String,
    /// Its target, as printed.
    pub target: String,
    /// Value by target.
    pub ratio: f64,
    /// Replicas that it asks for.
    pub replicas: i32,
    /// Why it could not be used.
    pub error: Option<String>,
}

/// When no metric decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Instead {
    /// The target has no replicas, and not because the autoscaler wanted that.
    Disabled,
    /// More replicas than allowed.
    AboveMax,
    /// Fewer than allowed.
    BelowMin,
    /// There is no target.
    NoScale(String),
    /// No metric could be used.
    NoMetric(String),
}

/// How a pod counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// No measurement: it counts as using everything when going down, nothing when going up.
    Missing,
    /// Not ready: it counts as using nothing when going up, else not at all.
    Unready,
    /// It leaves or has failed: it does not count.
    Leaving,
}

/// What a metric came to, for people.
pub fn reckoned(spec: &Value, proposal: &Proposal) -> Reckoned {
    let member = match spec.str_at(&["type"]).unwrap_or_default() {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        _ => "external",
    };
    let name = proposal.name.clone();
    let mut out = Reckoned { name, replicas: proposal.replicas, ..Reckoned::default() };
    for key in ["averageUtilization", "averageValue", "value"] {
        let target = spec.at(&[member, "target", key]).filter(|v| !v.is_null());
        let current = proposal.status.at(&[member, "current", key]).filter(|v| !v.is_null());
        let (Some(target), Some(current)) = (target, current) else { continue };
        let number = |v: &Value| Quantity::read(v).map_or(0.0, |q| q.as_approximate_f64());
        let shown = |v: &Value| match v {
            Value::Int(n) => format!("{n}%"),
            other => other.as_str().unwrap_or_default().to_string(),
        };
        (out.now, out.target) = (shown(current), shown(target));
        out.ratio = number(current) / number(target).max(1e-12);
        break;
    }
    out
}

/// Pods that did not count as the others, for the metric that decided.
pub fn put_aside(around: &Around, metric: Option<&Value>) -> Vec<(Rc<str>, Aside)> {
    let of = |member: &str, key: &str| metric.and_then(|m| m.str_at(&[member, key])).map(str::to_string);
    let resource = of("resource", "name").or_else(|| of("containerResource", "name"));
    let published = metric.and_then(|m| m.str_at(&["pods", "metric", "name"]));
    aside(around, resource.as_deref(), published)
}

impl Decision {
    /// An empty one.
    pub fn new(at: Time, tolerance: Tolerance) -> Self {
        Decision { at, tolerance: (tolerance.down, tolerance.up), limit: "", ..Decision::default() }
    }
    /// The ratio of the metric that decided.
    pub fn ratio(&self) -> Option<f64> {
        self.best.and_then(|at| self.metrics.get(at)).map(|m| m.ratio)
    }
}
