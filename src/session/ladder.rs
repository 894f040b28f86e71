//! An autoscaler's decision as a ladder: one rung a rule, and which one bound.

use super::figures::{AutoscalerRow, Ladder, Rung};
use super::inspect::arguments;
use super::run::Run;
use crate::journal::Why;
use crate::kubernetes::Cluster;
use crate::kubernetes::controllers::horizontal_pod_autoscaler::decision::{Aside, Decision, Instead};
use crate::kubernetes::objects::{Id, Kind, Object};
use crate::reasons;
use std::rc::Rc;

reasons! { "rung":
    /// A metric, its target, and how they compare.
    metric(name, now, target, ratio),
    /// A metric that cannot be read.
    warning unreadable(name, message),
    /// Replicas that follow from the ratio.
    raw(current, ratio, replicas),
    /// Near enough to the target: nothing is done.
    inside(ratio, tolerance),
    /// Too far from the target: it goes on.
    outside(ratio, tolerance),
    /// No recent wish stands against it.
    free(replicas),
    /// A recent wish holds it.
    stabilised(from, to),
    /// A policy allows only so much change in its period.
    policy(from, to),
    /// Not more than the most.
    max(from, to),
    /// Not fewer than the fewest.
    min(from, to),
    /// Within all limits.
    within(replicas),
    /// The target was scaled to zero by somebody else.
    disabled(),
    /// Already more than allowed.
    above_max(current, max),
    /// Already fewer than allowed.
    below_min(current, min),
    /// The target cannot be found.
    warning no_target(message),
    /// Nothing was measured.
    warning no_metric(message),
    /// A pod without a measurement.
    pod_missing(),
    /// A pod that is not ready yet.
    pod_unready(),
    /// A pod that leaves.
    pod_leaving(),
}

/// Columns of the curves beside a ladder. Ours: as wide as the inspector.
const COLUMNS: u32 = 240;

fn rung(why: Why, binds: bool) -> Rung {
    Rung { key: why.reason.key.into(), args: arguments(&why), binds }
}

fn two(number: f64) -> String {
    format!("{number:.2}")
}

/// The rungs of a decision.
fn rungs(it: &Decision) -> Vec<Rung> {
    let mut out = Vec::new();
    let (min_bound, max_bound) = it.bounds;
    match &it.instead {
        Some(Instead::Disabled) => return vec![rung(disabled(), true)],
        Some(Instead::NoScale(words)) => return vec![rung(no_target(words.clone()), true)],
        Some(Instead::AboveMax) => return vec![rung(above_max(it.current, max_bound), true)],
        Some(Instead::BelowMin) => return vec![rung(below_min(it.current, min_bound), true)],
        Some(Instead::NoMetric(_)) | None => {}
    }
    for metric_of in &it.metrics {
        let name = metric_of.name.clone();
        out.push(match &metric_of.error {
            Some(words) => rung(unreadable(name, words.clone()), it.instead.is_some()),
            None => {
                let (now, target) = (metric_of.now.clone(), metric_of.target.clone());
                rung(metric(name, now, target, two(metric_of.ratio)), false)
            }
        });
    }
    if let Some(Instead::NoMetric(words)) = &it.instead {
        if out.is_empty() {
            out.push(rung(no_metric(words.clone()), true));
        }
        return out;
    }
    let ratio = it.ratio().unwrap_or(1.0);
    let tolerance = if ratio < 1.0 { it.tolerance.0 } else { it.tolerance.1 };
    let near = it.wish == it.current && (1.0 - it.tolerance.0..=1.0 + it.tolerance.1).contains(&ratio);
    let limited = it.desired != it.stable;
    let held = it.stable != it.wish;
    out.push(rung(raw(it.current, two(ratio), it.wish), !limited && !held && !near));
    let words = (two(ratio), two(tolerance));
    out.push(match near {
        true => rung(inside(words.0, words.1), !limited && !held),
        false => rung(outside(words.0, words.1), false),
    });
    out.push(match held {
        true => rung(stabilised(it.wish, it.stable), !limited),
        false => rung(free(it.wish), false),
    });
    out.push(match (limited, it.limit) {
        (true, "TooManyReplicas") => rung(max(it.stable, it.desired), true),
        (true, "TooFewReplicas") => rung(min(it.stable, it.desired), true),
        (true, _) => rung(policy(it.stable, it.desired), true),
        (false, _) => rung(within(it.desired), false),
    });
    out
}

/// The newest decision of an autoscaler, with the curves up to now.
pub fn ladder(run: &Run, id: Id) -> Option<Ladder> {
    let cluster = &run.world.cluster;
    let decision = cluster.controllers.memory.autoscalers.decisions(id).last()?;
    let namespace = cluster.api.store.card(id).map(|c| c.namespace.clone()).unwrap_or_default();
    let one = |(name, how): &(Rc<str>, Aside)| {
        let why = match how {
            Aside::Missing => pod_missing(),
            Aside::Unready => pod_unready(),
            Aside::Leaving => pod_leaving(),
        };
        let pod = cluster.api.store.find(Kind::Pod, &namespace, name);
        (pod.map_or(0, |id| id.0), name.to_string(), why.reason.key.to_string())
    };
    Some(Ladder {
        at: decision.at.0,
        rungs: rungs(decision),
        aside: decision.aside.iter().map(one).collect(),
        curves: run.recorder.series(Some(id.0), 0, cluster.now(), COLUMNS).curves,
    })
}

/// An autoscaler on the stage.
pub fn row(cluster: &Cluster, object: &Object) -> AutoscalerRow {
    let tree = cluster.api.tree(object);
    let text = |key: &str| tree.str_at(&["spec", "scaleTargetRef", key]).unwrap_or_default();
    let int = |path: &[&str]| tree.int_at(path).unwrap_or(0).max(0) as u32;
    let kind = cluster.api.kinds.find(text("apiVersion"), text("kind"));
    let target = kind.and_then(|k| cluster.api.store.find(k, &object.meta.namespace, text("name")));
    let mut row = AutoscalerRow {
        target: target.map(|id| id.0),
        scales: format!("{}/{}", text("kind"), text("name")),
        min: tree.int_at(&["spec", "minReplicas"]).unwrap_or(1).max(0) as u32,
        max: int(&["spec", "maxReplicas"]),
        current: int(&["status", "currentReplicas"]),
        desired: int(&["status", "desiredReplicas"]),
        ratio: f32::NAN,
        ..AutoscalerRow::default()
    };
    let Some(it) = cluster.controllers.memory.autoscalers.decisions(object.meta.id).last() else { return row };
    row.tolerance = (it.tolerance.0 as f32, it.tolerance.1 as f32);
    row.raw = it.wish.max(0) as u32;
    row.binding = rungs(it).into_iter().find(|r| r.binds).map(|r| r.key).unwrap_or_default();
    if let Some(metric) = it.best.and_then(|at| it.metrics.get(at)) {
        row.metric = (metric.name.clone(), metric.now.clone(), metric.target.clone());
        row.ratio = metric.ratio as f32;
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::controllers::horizontal_pod_autoscaler::decision::Reckoned;

    fn decision(ratio: f64, wish: i32, stable: i32, desired: i32, limit: &'static str) -> Decision {
        let metric = Reckoned { name: "cpu".into(), ratio, replicas: wish, ..Reckoned::default() };
        Decision {
            current: 4,
            bounds: (2, 6),
            metrics: vec![metric],
            best: Some(0),
            tolerance: (0.1, 0.1),
            wish,
            stable,
            desired,
            limit,
            ..Decision::default()
        }
    }

    #[test]
    fn one_rung_binds() {
        for (it, binds) in [
            (decision(1.66, 7, 7, 6, "TooManyReplicas"), "rung.max"),
            (decision(1.66, 7, 7, 5, "ScaleUpLimit"), "rung.policy"),
            (decision(0.4, 2, 4, 4, "DesiredWithinRange"), "rung.stabilised"),
            (decision(1.05, 4, 4, 4, "DesiredWithinRange"), "rung.inside"),
            (decision(1.2, 5, 5, 5, "DesiredWithinRange"), "rung.raw"),
            (Decision { instead: Some(Instead::AboveMax), ..decision(1.0, 0, 0, 6, "") }, "rung.above_max"),
        ] {
            let bound: Vec<String> = rungs(&it).into_iter().filter(|r| r.binds).map(|r| r.key).collect();
            assert_eq!(bound, [binds], "{it:?}");
        }
    }
}
