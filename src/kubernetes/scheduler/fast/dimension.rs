//! One spread constraint of a template: how many pods count in each of its domains, kept up to date node by node.

use crate::kubernetes::scheduler::plugins::pod_topology_spread::{Constraint, HOSTNAME};
use crate::kubernetes::scheduler::snapshot::Snapshot;
use crate::kubernetes::scheduler::view::{NodeView, PodView};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many domains are counted one by one. Ours: more need the long way.
const DOMAINS_MAX: usize = 256;

/// One constraint.
#[derive(Debug)]
pub struct Dimension {
    /// It.
    pub constraint: Constraint,
    /// Whether it refuses nodes; else it gives score.
    pub hard: bool,
    /// Whether each node is a domain of its own.
    pub host: bool,
    values: Vec<Rc<str>>,
    /// Pods that count, and nodes that count, by domain.
    sums: Vec<(i64, u32)>,
    /// For hosts: how many nodes have so many pods that count.
    histogram: BTreeMap<i64, u32>,
    hosts: u32,
    groups: Vec<bool>,
}

/// A node that lacks the label. Ours.
pub const MISSING: i32 = -1;

impl Dimension {
    /// Nothing counted yet.
    pub fn new(constraint: Constraint, hard: bool) -> Self {
        let host = &*constraint.key == HOSTNAME;
        Dimension {
            constraint,
            hard,
            host,
            values: Vec::new(),
            sums: Vec::new(),
            histogram: BTreeMap::new(),
            hosts: 0,
            groups: Vec::new(),
        }
    }
    /// Whether there are too many domains to look at one by one.
    pub fn is_too_wide(&self) -> bool {
        self.values.len() > DOMAINS_MAX
    }
    /// The number of a node's domain; for hosts always 0.
    pub fn domain(&mut self, node: &NodeView) -> i32 {
        let Some(value) = node.labels.get(&self.constraint.key) else { return MISSING };
        if self.host {
            return 0;
        }
        if let Some(at) = self.values.iter().position(|v| v == value) {
            return at as i32;
        }
        self.values.push(value.clone());
        self.sums.push((0, 0));
        (self.values.len() - 1) as i32
    }
    /// Learns which of the new groups count.
    pub fn learn(&mut self, pod: &PodView, cluster: &Snapshot) {
        for group in &cluster.groups()[self.groups.len()..] {
            self.groups.push(self.constraint.counts_group(pod, group));
        }
    }
    /// How many pods on a node count.
    pub fn count(&self, node: &NodeView) -> i32 {
        let mine = node.groups.iter().filter(|(g, _)| self.groups[*g as usize]);
        mine.map(|(_, n)| *n as i32).sum()
    }
    /// A node that counts enters (1) or leaves (-1) its domain with so many pods.
    pub fn enter(&mut self, domain: i32, n: i32, by: i32) {
        if self.host {
            self.hosts = self.hosts.saturating_add_signed(by);
            self.bump(i64::from(n), by);
        } else if let Some((sum, nodes)) = self.sums.get_mut(domain as usize) {
            *sum += i64::from(n * by);
            *nodes = nodes.saturating_add_signed(by);
        }
    }
    /// A node that counts has `new` pods instead of `old`.
    pub fn recount(&mut self, domain: i32, old: i32, new: i32) {
        if self.host {
            self.bump(i64::from(old), -1);
            self.bump(i64::from(new), 1);
        } else if let Some((sum, _)) = self.sums.get_mut(domain as usize) {
            *sum += i64::from(new - old);
        }
    }
    fn bump(&mut self, n: i64, by: i32) {
        let nodes = self.histogram.entry(n).or_default();
        *nodes = nodes.saturating_add_signed(by);
        if *nodes == 0 {
            self.histogram.remove(&n);
        }
    }
    /// Pods in a domain.
    pub fn sum(&self, domain: i32) -> i64 {
        self.sums.get(domain as usize).map_or(0, |(sum, _)| *sum)
    }
    /// The count of the emptiest domain, as the hard constraint compares with.
    pub fn least(&self) -> i64 {
        let (domains, least) = if self.host {
            (self.hosts as usize, self.histogram.keys().next().copied())
        } else {
            let used = || self.sums.iter().filter(|(_, nodes)| *nodes > 0);
            (used().count(), used().map(|(sum, _)| *sum).min())
        };
        if domains < self.constraint.min_domains { 0 } else { least.unwrap_or(0) }
    }
}
