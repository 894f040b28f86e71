//! Where one pod goes: verdicts, scores and words.

use super::cluster::Recorded;
use super::{Case, equal};
use crate::kubernetes::scheduler::framework::{Attempt, Cycle, Verdict, attempt};
use crate::kubernetes::scheduler::plugins::scheduling_gates;
use crate::kubernetes::scheduler::preemption;
use crate::map;
use crate::text::{Map, Value, Word};

/// Checks one case.
pub fn check(case: &Case) -> super::Verdict {
    let Some(recorded) = Recorded::read(case.input) else { return Err("cannot read the case".into()) };
    let names: Vec<Value> = recorded.cluster.nodes().iter().map(|n| Value::from(n.name.clone())).collect();
    let mut out = map! { "nodeOrder" => names };
    if let Some(words) = scheduling_gates::pre_enqueue(&recorded.pod) {
        out.set("preEnqueue", refusal(scheduling_gates::NAME, &Verdict::unresolvable(words)));
        let mut conditions = recorded.conditions.clone();
        if let Value::List(items) = &mut conditions {
            // The recording leaves out times that are not set.
            items.iter_mut().filter_map(Value::as_map_mut).for_each(|c| c.retain(|_, v| !v.is_null()));
        }
        out.set("conditionsSetAtCreation", conditions);
        return equal(out, case);
    }
    let mut cycle = Cycle::new(&recorded.cluster, &recorded.selector);
    let found = attempt(&recorded.pod, &mut cycle, 0, true);
    let name = |at: usize| recorded.cluster.nodes()[at].name.clone();
    if let Some((plugin, verdict)) = &found.rejected {
        out.set("preFilter", refusal(plugin, verdict));
    }
    let failed = failed_nodes(&recorded, &found);
    if !failed.is_empty() {
        out.set("failedNodes", failed);
    }
    out.set("scheduled", !found.feasible.is_empty());
    if found.feasible.is_empty() {
        set_failure(&mut out, &recorded, &found, &cycle);
        return equal(out, case);
    }
    out.set("evaluatedNodes", found.evaluated as i64);
    out.set("feasibleNodes", found.feasible.len() as i64);
    let mut best: Vec<Word> = found.best().into_iter().map(|at| Word::from(name(found.feasible[at]))).collect();
    best.sort();
    out.set("bestNodes", best.into_iter().map(Value::from).collect::<Vec<_>>());
    out.set("scores", scores(&found, name));
    equal(out, case)
}

/// `{code, plugin, reasons}`; the names of extended resources are in the case's order already.
pub fn refusal(plugin: &str, verdict: &Verdict) -> Value {
    let reasons: Vec<Value> = verdict.reasons().iter().map(Value::from).collect();
    Value::Map(map! { "code" => verdict.code(), "plugin" => plugin, "reasons" => reasons })
}

fn failed_nodes(recorded: &Recorded, found: &Attempt) -> Map {
    let nodes = recorded.cluster.nodes();
    let mut failed = Map::new();
    for refused in &found.refused {
        failed.set(nodes[refused.node].name.clone(), refusal(refused.plugin, &refused.verdict));
    }
    if let Some(left) = &found.restriction.nodes {
        for node in nodes.iter().filter(|n| !left.contains(&n.name)) {
            failed.set(node.name.clone(), map! { "excludedByPreFilter" => true });
        }
    }
    failed
}

fn set_failure(out: &mut Map, recorded: &Recorded, found: &Attempt, cycle: &Cycle) {
    let outcome = preemption::preempt(&recorded.pod, found, cycle, &[], |_| 0);
    let words = outcome.message(found, |_| "$NODE".into(), outcome.chosen.first().copied());
    let plugins = found.unschedulable_plugins();
    out.set("conditionReason", "Unschedulable");
    out.set("message", format!("{} {words}", found.message()));
    out.set("postFilterMessage", words);
    out.set("statusCode", "Unschedulable");
    out.set("unschedulablePlugins", plugins.into_iter().map(Value::from).collect::<Vec<_>>());
}

fn scores(found: &Attempt, name: impl Fn(usize) -> std::rc::Rc<str>) -> Map {
    let mut out = Map::new();
    for (at, node) in found.feasible.iter().enumerate() {
        let each = |p: &crate::kubernetes::scheduler::framework::PluginScores| {
            (p.plugin.into(), Value::List(p.scores[at].iter().map(|s| Value::Int(*s)).collect()))
        };
        let plugins: Map = found.scores.iter().map(each).collect();
        out.set(name(*node), map! { "plugins" => plugins, "total" => found.totals[at] });
    }
    out
}
