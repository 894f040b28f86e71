//! PodTopologySpread: like pods spread evenly over zones, nodes or other domains.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/podtopologyspread.

pub mod hard;
pub mod soft;

use super::node_affinity::matches_required;
use super::taint_toleration::tolerates_hard;
use crate::kubernetes::objects::Labels;
use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::objects::pod::SpreadConstraint;
use crate::kubernetes::scheduler::framework::Plugin;
use crate::kubernetes::scheduler::snapshot::Snapshot;
use crate::kubernetes::scheduler::view::{Group, NodeView, PodView};
use std::rc::Rc;

/// The plugin.
pub const PLUGIN: Plugin = Plugin {
    name: "PodTopologySpread",
    weight: 2,
    pre_filter: Some(hard::pre_filter),
    filter: Some(hard::filter),
    pre_score: Some(soft::pre_score),
    score: Some(soft::score),
    normalize: Some(soft::normalize),
    moved: Some(hard::moved),
};

/// The label that names a node. Source: kubernetes v1.37 api/core/v1/well_known_labels.go, LabelHostname.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// A constraint with its selector made whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// Allowed difference.
    pub max_skew: i64,
    /// Label whose values are the domains.
    pub key: Rc<str>,
    /// Which pods count; `None` for none.
    pub selector: Option<LabelSelector>,
    /// How many domains there should be.
    pub min_domains: usize,
    /// Whether only nodes count that the pod's selector and affinity allow.
    pub honor_affinity: bool,
    /// Whether only nodes count whose taints the pod tolerates.
    pub honor_taints: bool,
}

impl Constraint {
    /// Makes the selector whole with the pod's own values of `matchLabelKeys`.
    /// Source: podtopologyspread/common.go, filterTopologySpreadConstraints.
    fn of(given: &SpreadConstraint, pod: &PodView) -> Self {
        let mut selector = given.selector.clone();
        for key in &given.match_label_keys {
            let Some(value) = pod.labels.get(key) else { continue };
            selector.get_or_insert_default().labels.push((key.clone(), value.clone()));
        }
        Constraint {
            max_skew: i64::from(given.max_skew),
            key: given.topology_key.clone(),
            selector,
            min_domains: given.min_domains.unwrap_or(1).max(0) as usize,
            honor_affinity: given.honor_affinity,
            honor_taints: given.honor_taints,
        }
    }
    /// Whether a node's pods count for this constraint.
    /// Source: podtopologyspread/common.go, matchNodeInclusionPolicies.
    pub fn counts_node(&self, pod: &PodView, node: &NodeView) -> bool {
        (!self.honor_affinity || matches_required(&pod.spec, node)) && (!self.honor_taints || tolerates_hard(pod, node))
    }
    /// Whether pods of a namespace with these labels count.
    pub fn selects(&self, labels: &Labels) -> bool {
        self.selector.as_ref().is_some_and(|s| s.matches(labels))
    }
    /// Whether pods of a group count. A selector that asks for nothing counts nobody, though it selects the pod itself.
    /// Source: podtopologyspread/common.go, countPodsMatchSelector.
    pub fn counts_group(&self, pod: &PodView, group: &Group) -> bool {
        let asks = !self.selector.as_ref().is_some_and(LabelSelector::is_empty);
        asks && !group.deleting && group.namespace == pod.namespace && self.selects(&group.labels)
    }
    /// For each group, whether its pods count.
    fn counted_groups(&self, pod: &PodView, cluster: &Snapshot) -> Vec<bool> {
        cluster.groups().iter().map(|g| self.counts_group(pod, g)).collect()
    }
}

/// The pod's own constraints, hard or soft.
pub fn own_constraints(pod: &PodView, hard: bool) -> Vec<Constraint> {
    pod.spec.spread.iter().filter(|c| c.hard == hard).map(|c| Constraint::of(c, pod)).collect()
}

/// What holds for a pod without constraints of its own that a Service, ReplicaSet or StatefulSet selects.
/// Source: podtopologyspread/plugin.go, systemDefaultConstraints.
pub fn default_constraints(selector: &LabelSelector) -> Vec<Constraint> {
    if selector.is_empty() {
        return Vec::new();
    }
    let each = |(key, max_skew): (&str, i64)| Constraint {
        max_skew,
        key: key.into(),
        selector: Some(selector.clone()),
        min_domains: 1,
        honor_affinity: true,
        honor_taints: false,
    };
    [(HOSTNAME, 3), ("topology.kubernetes.io/zone", 5)].into_iter().map(each).collect()
}

fn has_all_keys(node: &NodeView, constraints: &[Constraint]) -> bool {
    constraints.iter().all(|c| node.labels.get(&c.key).is_some())
}

fn count(node: &NodeView, counted: &[bool]) -> i64 {
    let mine = node.groups.iter().filter(|(g, _)| counted.get(*g as usize).copied().unwrap_or(false));
    mine.map(|(_, n)| i64::from(*n)).sum()
}
