//! Who would have to leave so that a pod fits.

use super::cluster::Recorded;
use super::scheduling::refusal;
use super::{Case, equal};
use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::scheduler::framework::{Cycle, attempt};
use crate::kubernetes::scheduler::preemption::{Budget, Outcome, preempt};
use crate::map;
use crate::text::{Map, Value};

/// Checks one case.
pub fn check(case: &Case) -> super::Verdict {
    let Some(recorded) = Recorded::read(case.input) else { return Err("cannot read the case".into()) };
    let mut cycle = Cycle::new(&recorded.cluster, &recorded.selector);
    let found = attempt(&recorded.pod, &mut cycle, 0, true);
    if !found.feasible.is_empty() {
        return equal(map! { "scheduledWithoutPreemption" => true }, case);
    }
    let budgets: Vec<Budget> = case.input.list_at(&["podDisruptionBudgets"]).iter().map(budget).collect();
    let outcome = preempt(&recorded.pod, &found, &cycle, &budgets, |_| 0);
    let words = outcome.message(&found, |_| "$NODE".into(), outcome.chosen.first().copied());
    let mut out = map! {
        "conditionReason" => "Unschedulable",
        "eligible" => outcome.ineligible.is_none(),
        "message" => format!("{} {words}", found.message()),
        "nominated" => !outcome.chosen.is_empty(),
    };
    match outcome.ineligible {
        Some(words) => out.set("ineligibleReason", words),
        None => set_candidates(&mut out, &recorded, &outcome),
    }
    equal(out, case)
}

fn set_candidates(out: &mut Map, recorded: &Recorded, outcome: &Outcome) {
    let name = |at: usize| recorded.cluster.nodes()[at].name.clone();
    let list = |places: Vec<usize>| {
        let mut names: Vec<_> = places.into_iter().map(name).collect();
        names.sort();
        names.into_iter().map(Value::from).collect::<Vec<_>>()
    };
    if outcome.chosen.is_empty() {
        out.set("clearsNominatedNode", true);
    }
    if outcome.potential.is_empty() {
        out.set("potentialNodes", Value::Null);
        return;
    }
    out.set("potentialNodes", list(outcome.potential.clone()));
    let mut candidates = Map::new();
    for candidate in &outcome.candidates {
        let victims = candidate.victims.iter().map(|v| Value::str(format!("{}/{}", v.namespace, v.name)));
        let victims: Vec<Value> = victims.collect();
        let violations = candidate.violations as i64;
        candidates.set(name(candidate.node), map! { "pdbViolations" => violations, "victims" => victims });
    }
    out.set("candidates", candidates);
    if !outcome.not_helpful.is_empty() {
        let each = |(at, plugin, verdict): &(usize, &str, _)| (name(*at), refusal(plugin, verdict));
        out.set("notHelpful", outcome.not_helpful.iter().map(each).collect::<Map>());
    }
    if !outcome.chosen.is_empty() {
        out.set("chosenNodes", list(outcome.chosen.iter().map(|c| outcome.candidates[*c].node).collect()));
    }
}

fn budget(tree: &Value) -> Budget {
    let disrupted = tree.at(&["status", "disruptedPods"]).and_then(Value::as_map);
    Budget {
        namespace: tree.str_at(&["metadata", "namespace"]).unwrap_or("default").into(),
        selector: tree.at(&["spec", "selector"]).map(LabelSelector::read).unwrap_or_default(),
        allowed: tree.int_at(&["status", "disruptionsAllowed"]).unwrap_or(0),
        disrupted: disrupted.into_iter().flat_map(|m| m.iter()).map(|(name, _)| name.clone()).collect(),
    }
}
