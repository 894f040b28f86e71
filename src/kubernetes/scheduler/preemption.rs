//! DefaultPreemption: when a pod fits nowhere, which pods of lower priority would have to leave which node.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go; pkg/scheduler/framework/preemption/preemption.go.

use super::framework::{Attempt, Cycle, Verdict, fit_error};
use super::view::{NodeView, PodView};
use crate::kubernetes::objects::parts::LabelSelector;
use crate::sim::Time;
use crate::text::Word;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A disruption budget as preemption looks at it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budget {
    /// Namespace.
    pub namespace: Rc<str>,
    /// Which pods; an empty selector means none.
    pub selector: LabelSelector,
    /// `status.disruptionsAllowed`
    pub allowed: i64,
    /// Names in `status.disruptedPods`: already counted.
    pub disrupted: BTreeSet<Rc<str>>,
}

/// A node on which the pod would fit, and who would have to leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Place of the node.
    pub node: usize,
    /// Who would leave, the most important first.
    pub victims: Vec<Rc<PodView>>,
    /// How many of them against a budget.
    pub violations: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Why the pod may not preempt, if it may not.
    pub ineligible: Option<&'static str>,
    /// Nodes where it might help, by place.
    pub potential: Vec<usize>,
    /// Where it would.
    pub candidates: Vec<Candidate>,
    /// Where it would not, and why.
    pub not_helpful: Vec<(usize, &'static str, Verdict)>,
    /// Places in `candidates` that are equally good.
    pub chosen: Vec<usize>,
}

const NEVER: &str = "not eligible due to preemptionPolicy=Never.";
const TERMINATING: &str = "not eligible due to a terminating pod on the nominated node.";
const NO_VICTIMS: &str = "No preemption victims found for incoming pod";
const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";

/// How many candidates are enough: a tenth of the nodes, at least 100.
/// Source: kubernetes v1.37 pkg/scheduler/apis/config/v1/defaults.go, SetDefaults_DefaultPreemptionArgs.
const CANDIDATES_MIN: usize = 100;
/// In percent of the potential nodes. Source: same.
const CANDIDATES_PERCENT: usize = 10;

impl Outcome {
    /// `preemption: …`, with the chosen node's name.
    pub fn message(&self, attempt: &Attempt, node: impl Fn(usize) -> String, chosen: Option<usize>) -> String {
        // The plugin DynamicResources is asked before preemption and finds no state of its own: its PreFilter was not reached.
        // Source: kubernetes v1.37 pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go, PostFilter;
        // kube-scheduler/framework, ErrNotFound; recorded.
        if attempt.rejected.is_some() {
            return "not found".into();
        }
        if let Some(words) = self.ineligible {
            return format!("preemption: {words}");
        }
        if let Some(candidate) = chosen.and_then(|at| self.candidates.get(at)) {
            let (name, victims) = (node(candidate.node), candidate.victims.len());
            return format!(
                "preemption: found a potential placement for pod on node {name}, preempting {victims} victims"
            );
        }
        let mut reasons: BTreeMap<Word, usize> = BTreeMap::new();
        for reason in self.not_helpful.iter().flat_map(|(_, _, verdict)| verdict.reasons()) {
            *reasons.entry(reason.clone()).or_default() += 1;
        }
        let absent = attempt.nodes - self.not_helpful.len();
        if absent > 0 {
            *reasons.entry(NOT_HELPFUL.into()).or_default() += absent;
        }
        format!("preemption: {}", fit_error(attempt.nodes, &reasons))
    }
}

/// Looks for room. `offset` says where in the potential nodes to begin (drawn by the caller).
pub fn preempt(
    pod: &PodView,
    attempt: &Attempt,
    cycle: &Cycle,
    budgets: &[Budget],
    offset: impl FnOnce(usize) -> usize,
) -> Outcome {
    let mut out = Outcome { ineligible: ineligible(pod, attempt, cycle), ..Outcome::default() };
    if out.ineligible.is_some() {
        return out;
    }
    let helps = |verdict: &Verdict| matches!(verdict, Verdict::Unschedulable(_));
    out.potential = attempt.refused.iter().filter(|r| helps(&r.verdict)).map(|r| r.node).collect();
    out.potential.sort_unstable();
    if out.potential.is_empty() {
        return out;
    }
    let n = out.potential.len();
    let enough = (n * CANDIDATES_PERCENT / 100).max(CANDIDATES_MIN).min(n);
    let offset = offset(n);
    let (mut clean, mut violating) = (Vec::new(), Vec::new());
    for at in (0..n).map(|i| out.potential[(offset + i) % n]) {
        match victims(pod, cycle, at, budgets) {
            Ok(candidate) if candidate.violations == 0 => clean.push(candidate),
            Ok(candidate) => violating.push(candidate),
            Err((plugin, verdict)) => out.not_helpful.push((at, plugin, verdict)),
        }
        if !clean.is_empty() && clean.len() + violating.len() >= enough {
            break;
        }
    }
    clean.append(&mut violating);
    out.candidates = clean;
    out.chosen = choose(&out.candidates);
    out
}

/// Source: default_preemption.go, PodEligibleToPreemptOthers.
fn ineligible(pod: &PodView, attempt: &Attempt, cycle: &Cycle) -> Option<&'static str> {
    if pod.spec.never_preempts {
        return Some(NEVER);
    }
    let at = cycle.cluster.position(pod.nominated.as_ref()?)?;
    let verdict = attempt.refused.iter().find(|r| r.node == at).map(|r| &r.verdict);
    if matches!(verdict, Some(Verdict::Unresolvable(_))) {
        return None;
    }
    let node = &cycle.cluster.nodes()[at];
    let leaving = node.pods.iter().any(|p| p.preempted && p.spec.priority < pod.spec.priority);
    leaving.then_some(TERMINATING)
}

/// Whether one pod is spared before another: higher priority, then longer running.
/// Source: kubernetes v1.37 pkg/scheduler/util/utils.go, MoreImportantPod. A pod without a start time counts as just started.
fn importance(pod: &PodView) -> (Reverse<i32>, Time) {
    (Reverse(pod.spec.priority), pod.start.unwrap_or(Time::NEVER))
}

/// Who would have to leave a node. Source: default_preemption.go, SelectVictimsOnNode.
fn victims(pod: &PodView, cycle: &Cycle, at: usize, budgets: &[Budget]) -> Result<Candidate, (&'static str, Verdict)> {
    let node = &cycle.cluster.nodes()[at];
    let lower = node.pods.iter().filter(|p| p.spec.priority < pod.spec.priority);
    let mut potential: Vec<Rc<PodView>> = lower.cloned().collect();
    if potential.is_empty() {
        return Err(("", Verdict::unresolvable(NO_VICTIMS)));
    }
    let mut trial = Trial { pod, cycle: cycle.clone(), node: (**node).clone() };
    potential.iter().for_each(|p| trial.remove(p));
    trial.cycle.filter_with_nominated(pod, &trial.node)?;
    potential.sort_by_key(|p| importance(p));
    let (violating, others) = by_budget(&potential, budgets);
    let both = !violating.is_empty() && !others.is_empty();
    let (mut victims, mut violations) = (Vec::new(), 0);
    for (victim, violates) in violating.iter().map(|v| (v, 1)).chain(others.iter().map(|v| (v, 0))) {
        trial.add(victim);
        if trial.cycle.filter_with_nominated(pod, &trial.node).is_err() {
            trial.remove(victim);
            victims.push(victim.clone());
            violations += violates;
        }
    }
    if both {
        victims.sort_by_key(|p| importance(p));
    }
    Ok(Candidate { node: at, victims, violations })
}

/// A node from which pods are taken on trial.
struct Trial<'a> {
    pod: &'a PodView,
    cycle: Cycle<'a>,
    node: NodeView,
}

impl Trial<'_> {
    fn remove(&mut self, other: &Rc<PodView>) {
        self.node.remove(other.id, TRIAL_GROUP);
        self.cycle.moved(self.pod, other, &self.node, -1);
    }
    fn add(&mut self, other: &Rc<PodView>) {
        self.node.add(other.clone(), TRIAL_GROUP);
        self.cycle.moved(self.pod, other, &self.node, 1);
    }
}

/// In trials rules count by what [`Cycle::moved`] says, never by the node's groups. Ours.
const TRIAL_GROUP: u32 = u32::MAX;

/// Pods whose leaving breaks a budget, and the others, each in order.
/// Source: default_preemption.go, filterPodsWithPDBViolation.
fn by_budget(pods: &[Rc<PodView>], budgets: &[Budget]) -> (Vec<Rc<PodView>>, Vec<Rc<PodView>>) {
    let mut left: Vec<i64> = budgets.iter().map(|b| b.allowed).collect();
    let breaks = |pod: &&Rc<PodView>| {
        let mut breaks = false;
        for (budget, left) in budgets.iter().zip(&mut left) {
            let meant = budget.namespace == pod.namespace && !budget.selector.is_empty() && !pod.labels.is_empty();
            if meant && budget.selector.matches(&pod.labels) && !budget.disrupted.contains(&pod.name) {
                *left -= 1;
                breaks |= *left < 0;
            }
        }
        breaks
    };
    let (violating, others): (Vec<_>, Vec<_>) = pods.iter().partition(breaks);
    (violating.into_iter().cloned().collect(), others.into_iter().cloned().collect())
}

/// The best candidates: fewest broken budgets, then the lowest most important victim, the least sum of priorities, the
/// fewest victims, the latest start of the most important ones. Several when they are alike in all.
/// Source: preemption.go, pickOneNodeForPreemption.
fn choose(candidates: &[Candidate]) -> Vec<usize> {
    let worth = |c: &Candidate| {
        let highest = c.victims.iter().map(|v| v.spec.priority).max().unwrap_or(i32::MIN);
        let sum: i64 = c.victims.iter().map(|v| i64::from(v.spec.priority) + i64::from(i32::MAX) + 1).sum();
        let top = c.victims.iter().filter(|v| v.spec.priority == highest);
        let earliest = top.map(|v| v.start.unwrap_or(Time::NEVER)).min().unwrap_or(Time::NEVER);
        (c.violations, highest, sum, c.victims.len(), Reverse(earliest))
    };
    let Some(best) = candidates.iter().map(worth).min() else { return Vec::new() };
    (0..candidates.len()).filter(|at| worth(&candidates[*at]) == best).collect()
}
