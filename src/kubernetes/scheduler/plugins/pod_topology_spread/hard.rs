//! `DoNotSchedule`: a node whose domain would get too far ahead of the emptiest one is refused.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/podtopologyspread/filtering.go

use super::{Constraint, count, has_all_keys, own_constraints};
use crate::kubernetes::scheduler::framework::{Cycle, PreFilter, Verdict};
use crate::kubernetes::scheduler::view::{NodeView, PodView};
use std::collections::BTreeMap;
use std::rc::Rc;

const NO_LABEL: &str = "node(s) didn't match pod topology spread constraints (missing required label)";
const TOO_FAR: &str = "node(s) didn't match pod topology spread constraints";

/// What is counted once for all nodes.
#[derive(Clone, Debug, Default)]
pub struct State {
    constraints: Vec<Counted>,
}

#[derive(Clone, Debug)]
struct Counted {
    constraint: Constraint,
    /// Matching pods by domain.
    domains: BTreeMap<Rc<str>, i64>,
    /// The emptiest domain, and another that is not emptier.
    emptiest: [(Rc<str>, i64); 2],
}

impl Counted {
    /// Takes note of a domain's new count. Only two domains are remembered, as in the real code: enough while pods leave
    /// one node only.
    fn update(&mut self, domain: &Rc<str>, n: i64) {
        let known = self.emptiest.iter().position(|(d, _)| d == domain);
        if let Some(at) = known {
            self.emptiest[at].1 = n;
            if self.emptiest[0].1 > self.emptiest[1].1 {
                self.emptiest.swap(0, 1);
            }
        } else if n < self.emptiest[0].1 {
            self.emptiest.swap(0, 1);
            self.emptiest[0] = (domain.clone(), n);
        } else if n < self.emptiest[1].1 {
            self.emptiest[1] = (domain.clone(), n);
        }
    }
    fn least(&self) -> i64 {
        if self.domains.len() < self.constraint.min_domains { 0 } else { self.emptiest[0].1 }
    }
}

/// Counts the pods of each domain.
pub fn pre_filter(pod: &PodView, cycle: &mut Cycle) -> PreFilter {
    let constraints = own_constraints(pod, true);
    if constraints.is_empty() {
        return PreFilter::Skip;
    }
    let counted: Vec<Vec<bool>> = constraints.iter().map(|c| c.counted_groups(pod, cycle.cluster)).collect();
    let mut domains = vec![BTreeMap::<Rc<str>, i64>::new(); constraints.len()];
    for node in cycle.cluster.nodes().iter().filter(|n| has_all_keys(n, &constraints)) {
        for (at, constraint) in constraints.iter().enumerate().filter(|(_, c)| c.counts_node(pod, node)) {
            let Some(value) = node.labels.get(&constraint.key) else { continue };
            let here = count(node, &counted[at]);
            *domains[at].entry(value.clone()).or_default() += here;
        }
    }
    let none = || (Rc::default(), i64::from(i32::MAX));
    let each = |(constraint, domains): (Constraint, BTreeMap<Rc<str>, i64>)| {
        let mut it = Counted { constraint, domains: BTreeMap::new(), emptiest: [none(), none()] };
        for (domain, n) in &domains {
            it.update(domain, *n);
        }
        it.domains = domains;
        it
    };
    cycle.spread.constraints = constraints.into_iter().zip(domains).map(each).collect();
    PreFilter::All
}

/// Asks whether the node's domains have room.
pub fn filter(pod: &PodView, node: &NodeView, cycle: &Cycle) -> Verdict {
    for counted in &cycle.spread.constraints {
        let constraint = &counted.constraint;
        let Some(value) = node.labels.get(&constraint.key) else { return Verdict::unresolvable(NO_LABEL) };
        let own = i64::from(constraint.selects(&pod.labels));
        let here = counted.domains.get(value).copied().unwrap_or(0);
        if here + own - counted.least() > constraint.max_skew {
            return Verdict::unschedulable(TOO_FAR);
        }
    }
    Verdict::Fits
}

/// A trial of preemption moved a pod.
pub fn moved(pod: &PodView, other: &PodView, node: &NodeView, by: i64, cycle: &mut Cycle) {
    let all_keys = cycle.spread.constraints.iter().all(|c| node.labels.get(&c.constraint.key).is_some());
    if other.namespace != pod.namespace || !all_keys {
        return;
    }
    for counted in &mut cycle.spread.constraints {
        let constraint = &counted.constraint;
        if !constraint.selects(&other.labels) || !constraint.counts_node(pod, node) {
            continue;
        }
        let Some(value) = node.labels.get(&constraint.key).cloned() else { continue };
        let n = counted.domains.entry(value.clone()).or_default();
        *n += by;
        let n = *n;
        counted.update(&value, n);
    }
}
