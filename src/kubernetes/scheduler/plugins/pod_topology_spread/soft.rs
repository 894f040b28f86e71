//! `ScheduleAnyway`, and the spreading that holds by default: domains with fewer like pods score more.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/podtopologyspread/scoring.go

use super::{Constraint, HOSTNAME, count, default_constraints, has_all_keys, own_constraints};
use crate::kubernetes::scheduler::framework::{Cycle, SCORE_MAX};
use crate::kubernetes::scheduler::view::{NodeView, PodView};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What is counted once for all nodes.
#[derive(Clone, Debug, Default)]
pub struct State {
    constraints: Vec<Counted>,
    /// Whether nodes without all labels are left out.
    all_keys: bool,
}

#[derive(Clone, Debug)]
struct Counted {
    constraint: Constraint,
    /// Which groups count.
    groups: Vec<bool>,
    /// Matching pods by domain, where the domain is not the node.
    domains: BTreeMap<Rc<str>, i64>,
    /// Makes domains of few values count as much as those of many.
    weight: f64,
}

/// The constraints that give score, and whether nodes without all their labels are left out.
pub fn constraints(pod: &PodView, cycle: &Cycle) -> (Vec<Constraint>, bool) {
    match pod.spec.spread.is_empty() {
        true => (default_constraints(cycle.default_selector), false),
        false => (own_constraints(pod, false), true),
    }
}

/// The weight of a constraint with so many domains. Source: scoring.go, topologyNormalizingWeight.
pub fn weight(domains: usize) -> f64 {
    libm::log((domains + 2) as f64)
}

/// One constraint's part of a raw score. Source: scoring.go, scoreForCount.
pub fn part(n: i64, max_skew: i64, weight: f64) -> f64 {
    n as f64 * weight + (max_skew - 1) as f64
}

/// Counts the pods of each domain that has a node to score.
pub fn pre_score(pod: &PodView, feasible: &[usize], cycle: &mut Cycle) -> bool {
    let (constraints, all_keys) = constraints(pod, cycle);
    if constraints.is_empty() {
        return false;
    }
    let cluster = cycle.cluster;
    let nodes = cluster.nodes();
    let scored: Vec<&NodeView> =
        feasible.iter().map(|at| &*nodes[*at]).filter(|n| !all_keys || has_all_keys(n, &constraints)).collect();
    let each = |constraint: Constraint| {
        let groups = constraint.counted_groups(pod, cluster);
        let mut domains = BTreeMap::new();
        if &*constraint.key != HOSTNAME {
            for node in &scored {
                domains.insert(node.labels.get(&constraint.key).cloned().unwrap_or_default(), 0);
            }
        }
        let size = if &*constraint.key == HOSTNAME { scored.len() } else { domains.len() };
        Counted { constraint, groups, domains, weight: weight(size) }
    };
    let mut counted: Vec<Counted> = constraints.into_iter().map(each).collect();
    for node in nodes {
        if all_keys && counted.iter().any(|c| node.labels.get(&c.constraint.key).is_none()) {
            continue;
        }
        for it in counted.iter_mut().filter(|c| !c.domains.is_empty()) {
            let value = node.labels.get(&it.constraint.key).cloned().unwrap_or_default();
            let Some(sum) = it.domains.get_mut(&value) else { continue };
            if it.constraint.counts_node(pod, node) {
                *sum += count(node, &it.groups);
            }
        }
    }
    cycle.soft_spread = State { constraints: counted, all_keys };
    true
}

fn ignored(node: &NodeView, state: &State) -> bool {
    state.all_keys && state.constraints.iter().any(|c| node.labels.get(&c.constraint.key).is_none())
}

/// The raw score: more like pods, more points (turned round by [`normalize`]).
pub fn score(_: &PodView, node: &NodeView, cycle: &Cycle) -> i64 {
    let state = &cycle.soft_spread;
    if ignored(node, state) {
        return 0;
    }
    let mut sum = 0.0;
    for it in &state.constraints {
        let Some(value) = node.labels.get(&it.constraint.key) else { continue };
        let n = match &*it.constraint.key {
            HOSTNAME => count(node, &it.groups),
            _ => it.domains.get(value).copied().unwrap_or(0),
        };
        sum += part(n, it.constraint.max_skew, it.weight);
    }
    libm::round(sum) as i64
}

/// Turns the raw scores round: the emptiest domain gets the most.
pub fn normalize(scores: &mut [i64], feasible: &[usize], cycle: &Cycle) {
    let nodes = cycle.cluster.nodes();
    let ignore: Vec<bool> = feasible.iter().map(|at| ignored(&nodes[*at], &cycle.soft_spread)).collect();
    let scored = || scores.iter().zip(&ignore).filter(|(_, i)| !**i).map(|(s, _)| *s);
    let (least, most) = (scored().min().unwrap_or(i64::MAX), scored().max().unwrap_or(0).max(0));
    for (score, ignore) in scores.iter_mut().zip(&ignore) {
        *score = if *ignore { 0 } else { normalized(*score, least, most) };
    }
}

/// One score between the least and the most of all.
pub fn normalized(score: i64, least: i64, most: i64) -> i64 {
    if most == 0 { SCORE_MAX } else { SCORE_MAX * (most + least - score) / most }
}
