//! The cluster as the scheduler walks it: nodes in list order, and the lists that rules about other objects need.

use super::view::{Group, GroupId, NodeView, PodView};
use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::objects::pod::NodeTerm;
use crate::kubernetes::objects::{Id, Labels, node::Node};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many changes are remembered for the caches. Ours: older caches start anew.
const CHANGES_MAX: usize = 1 << 18;

/// A cluster to schedule on.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    nodes: Vec<Rc<NodeView>>,
    names: BTreeMap<Rc<str>, usize>,
    zones: Vec<(Rc<str>, Vec<Rc<str>>)>,
    unordered: bool,
    groups: Vec<Rc<Group>>,
    group_index: BTreeMap<u64, Vec<GroupId>>,
    /// Pods in the cluster by group.
    group_counts: Vec<u32>,
    /// Groups with pod affinity.
    affine: Vec<GroupId>,
    /// Images: (size as first seen, how many nodes have it).
    images: BTreeMap<Rc<str>, (i64, u32)>,
    /// Pods on nodes that are not known.
    strays: BTreeMap<Rc<str>, Vec<Rc<PodView>>>,
    namespaces: BTreeMap<Rc<str>, Labels>,
    /// Volume claims: (namespace, name), and the volume they are bound to.
    claims: BTreeMap<(Rc<str>, Rc<str>), Option<Rc<str>>>,
    /// Nodes from which a volume can be reached, where it says.
    volumes: BTreeMap<Rc<str>, Vec<NodeTerm>>,
    /// Whether nothing makes volumes: a claim must be bound before its pod is placed.
    pub no_volumes_come: bool,
    changes: Vec<u32>,
    forgotten: u64,
    shape: u64,
    affine_version: u64,
}

impl Snapshot {
    /// Nodes in list order.
    pub fn nodes(&self) -> &[Rc<NodeView>] {
        &self.nodes
    }
    /// The place of a node in the list.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }
    /// A group by number.
    pub fn group(&self, id: GroupId) -> &Group {
        &self.groups[id as usize]
    }
    /// All groups, in order of number.
    pub fn groups(&self) -> &[Rc<Group>] {
        &self.groups
    }
    /// Groups with pod affinity that have pods.
    pub fn affine_groups(&self) -> impl Iterator<Item = (GroupId, &Rc<Group>)> {
        self.affine.iter().filter(|g| self.group_counts[**g as usize] > 0).map(|g| (*g, &self.groups[*g as usize]))
    }
    /// Changes whenever the set behind [`Self::affine_groups`] may have changed.
    pub fn affine_version(&self) -> u64 {
        self.affine_version
    }
    /// Changes whenever nodes come, go or change order.
    pub fn shape(&self) -> u64 {
        self.shape
    }
    /// Size of an image and how many nodes have it.
    pub fn image(&self, name: &str) -> Option<(i64, u32)> {
        self.images.get(name).copied()
    }
    /// How many changes of nodes there have been.
    pub fn change_count(&self) -> u64 {
        self.forgotten + self.changes.len() as u64
    }
    /// The nodes that changed since a count; `None` when that is too long ago.
    pub fn changed_since(&self, count: u64) -> Option<&[u32]> {
        let from = count.checked_sub(self.forgotten)?;
        self.changes.get(from as usize..)
    }

    /// Whether there is a volume claim of this name.
    pub fn has_claim(&self, namespace: &Rc<str>, name: &Rc<str>) -> bool {
        self.claims.contains_key(&(namespace.clone(), name.clone()))
    }
    /// Whether a claim is not bound where that matters.
    pub fn unbound(&self, namespace: &Rc<str>, name: &Rc<str>) -> bool {
        self.no_volumes_come && self.claims.get(&(namespace.clone(), name.clone())) == Some(&None)
    }
    /// The nodes from which the volume of a claim can be reached, where the volume says.
    pub fn reach_of(&self, namespace: &Rc<str>, name: &Rc<str>) -> Option<&[NodeTerm]> {
        let volume = self.claims.get(&(namespace.clone(), name.clone()))?.as_ref()?;
        self.volumes.get(volume).map(Vec::as_slice)
    }
    /// A volume claim is there, bound to a volume or not, or gone.
    pub fn set_claim(&mut self, namespace: &Rc<str>, name: &Rc<str>, volume: Option<Option<Rc<str>>>) {
        let claim = (namespace.clone(), name.clone());
        let before = match volume.clone() {
            Some(volume) => self.claims.insert(claim, volume),
            None => self.claims.remove(&claim),
        };
        if before != volume {
            self.affine_version += 1;
        }
    }
    /// A volume can be reached from these nodes only, or from all.
    pub fn set_volume(&mut self, name: &Rc<str>, reach: Option<Vec<NodeTerm>>) {
        let before = match reach.clone() {
            Some(reach) => self.volumes.insert(name.clone(), reach),
            None => self.volumes.remove(name),
        };
        if before != reach {
            self.affine_version += 1;
        }
    }
    /// Labels of a namespace.
    pub fn namespace(&self, name: &str) -> Option<&Labels> {
        self.namespaces.get(name)
    }
    /// A namespace has these labels, or is gone.
    pub fn set_namespace(&mut self, name: &Rc<str>, labels: Option<&Labels>) {
        match labels {
            Some(labels) => drop(self.namespaces.insert(name.clone(), labels.clone())),
            None => drop(self.namespaces.remove(name)),
        }
        self.affine_version += 1;
    }

    /// The number of a pod's group.
    pub fn group_of(&mut self, pod: &PodView) -> GroupId {
        let group = Group::of(pod);
        let bucket = self.group_index.entry(group.hash()).or_default();
        if let Some(id) = bucket.iter().find(|id| self.groups[**id as usize].same(&group)) {
            return *id;
        }
        let id = self.groups.len() as GroupId;
        bucket.push(id);
        if group.affine.is_some() {
            self.affine.push(id);
        }
        self.groups.push(Rc::new(group));
        self.group_counts.push(0);
        id
    }

    /// A node is new or says something else of itself.
    pub fn set_node(&mut self, name: &Rc<str>, labels: &Labels, node: &Node) {
        let zone = zone_of(labels);
        let Some(at) = self.position(name) else {
            let view = NodeView::of(name, labels, node);
            self.count_images(&view, true);
            self.names.insert(name.clone(), self.nodes.len());
            self.nodes.push(Rc::new(view));
            self.enter_zone(zone, name);
            for pod in self.strays.remove(name).unwrap_or_default() {
                self.add_pod(name, pod);
            }
            return;
        };
        let old = self.nodes[at].clone();
        let old_zone = zone_of(&old.labels);
        if old_zone != zone {
            self.leave_zone(&old_zone, name);
            self.enter_zone(zone, name);
        }
        let view = Rc::make_mut(&mut self.nodes[at]);
        view.update(labels, node);
        if !Rc::ptr_eq(&view.images, &old.images) {
            let new = self.nodes[at].clone();
            self.count_images(&old, false);
            self.count_images(&new, true);
        }
        self.touch(at);
    }
    /// A node is gone.
    pub fn remove_node(&mut self, name: &Rc<str>) {
        let Some(at) = self.names.remove(name) else { return };
        let view = self.nodes.remove(at);
        for place in self.names.values_mut().filter(|p| **p > at) {
            *place -= 1;
        }
        self.count_images(&view, false);
        self.leave_zone(&zone_of(&view.labels), name);
        for pod in &view.pods {
            let group = self.group_of(pod);
            self.count_group(group, -1);
        }
        if !view.pods.is_empty() {
            self.strays.insert(name.clone(), view.pods.clone());
        }
    }
    /// A pod stands on a node.
    pub fn add_pod(&mut self, node: &Rc<str>, pod: Rc<PodView>) {
        let Some(at) = self.position(node) else {
            self.strays.entry(node.clone()).or_default().push(pod);
            return;
        };
        let group = self.group_of(&pod);
        self.count_group(group, 1);
        Rc::make_mut(&mut self.nodes[at]).add(pod, group);
        self.touch(at);
    }
    /// A pod has left a node.
    pub fn remove_pod(&mut self, node: &str, id: Id) {
        let Some(at) = self.position(node) else {
            if let Some(list) = self.strays.get_mut(node) {
                list.retain(|p| p.id != id);
            }
            return;
        };
        let Some(pod) = self.nodes[at].pods.iter().find(|p| p.id == id).cloned() else { return };
        let group = self.group_of(&pod);
        self.count_group(group, -1);
        Rc::make_mut(&mut self.nodes[at]).remove(id, group);
        self.touch(at);
    }
    /// Which pods preemption has made room for on a node.
    pub fn set_nominated(&mut self, node: &str, pods: Vec<Rc<PodView>>) {
        let Some(at) = self.position(node) else { return };
        Rc::make_mut(&mut self.nodes[at]).nominated = pods;
        self.touch(at);
    }
    /// Brings the nodes into list order: the zones take turns.
    /// Source: kubernetes v1.37 pkg/scheduler/backend/cache/node_tree.go, list.
    pub fn arrange(&mut self) {
        if !self.unordered {
            return;
        }
        self.unordered = false;
        self.shape += 1;
        let mut order: Vec<Rc<NodeView>> = Vec::with_capacity(self.nodes.len());
        let longest = self.zones.iter().map(|(_, names)| names.len()).max().unwrap_or(0);
        for round in 0..longest {
            for name in self.zones.iter().filter_map(|(_, names)| names.get(round)) {
                if let Some(at) = self.names.get(name) {
                    order.push(self.nodes[*at].clone());
                }
            }
        }
        for (at, node) in order.iter().enumerate() {
            self.names.insert(node.name.clone(), at);
        }
        self.nodes = order;
    }

    fn touch(&mut self, at: usize) {
        if self.changes.len() >= CHANGES_MAX {
            self.changes.drain(..CHANGES_MAX / 2);
            self.forgotten += (CHANGES_MAX / 2) as u64;
        }
        self.changes.push(at as u32);
    }
    fn count_group(&mut self, group: GroupId, by: i32) {
        let count = &mut self.group_counts[group as usize];
        let before = *count;
        *count = count.saturating_add_signed(by);
        if (before == 0) != (*count == 0) && self.groups[group as usize].affine.is_some() {
            self.affine_version += 1;
        }
    }
    fn count_images(&mut self, node: &NodeView, here: bool) {
        for (name, size) in node.images.iter() {
            if here {
                self.images.entry(name.clone()).or_insert((*size, 0)).1 += 1;
            } else if let Some(state) = self.images.get_mut(name) {
                state.1 = state.1.saturating_sub(1);
                if state.1 == 0 {
                    self.images.remove(name);
                }
            }
        }
    }
    fn enter_zone(&mut self, zone: Rc<str>, name: &Rc<str>) {
        self.unordered = true;
        match self.zones.iter_mut().find(|(z, _)| *z == zone) {
            Some((_, names)) => names.push(name.clone()),
            None => self.zones.push((zone, vec![name.clone()])),
        }
    }
    fn leave_zone(&mut self, zone: &str, name: &str) {
        self.unordered = true;
        for (_, names) in self.zones.iter_mut().filter(|(z, _)| **z == *zone) {
            names.retain(|n| **n != *name);
        }
        self.zones.retain(|(_, names)| !names.is_empty());
    }
}

/// Region and zone in one. Source: kubernetes v1.37 component-helpers/node/topology/helpers.go, GetZoneKey.
fn zone_of(labels: &Labels) -> Rc<str> {
    let of = |new: &str, old: &str| labels.get(new).or_else(|| labels.get(old)).cloned().unwrap_or_default();
    let region = of("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region");
    let zone = of("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone");
    if region.is_empty() && zone.is_empty() { Rc::default() } else { format!("{region}:\0:{zone}").into() }
}

/// What selects a pod together with its like: the services that match it and its owner's selector, in one.
/// Empty when there is none.
/// Source: kubernetes v1.37 pkg/scheduler/framework/plugins/helper/spread.go, DefaultSelector.
pub fn default_selector<'a>(
    pod_labels: &Labels,
    services: impl Iterator<Item = &'a [(Rc<str>, Rc<str>)]>,
    owner: Option<&LabelSelector>,
) -> LabelSelector {
    let mut merged: BTreeMap<Rc<str>, Rc<str>> = BTreeMap::new();
    for selector in services.filter(|s| s.iter().all(|(k, v)| pod_labels.get(k) == Some(v))) {
        merged.extend(selector.iter().cloned());
    }
    let mut all = LabelSelector { labels: merged.into_iter().collect(), expressions: Vec::new() };
    if let Some(owner) = owner {
        for pair in &owner.labels {
            if !all.labels.contains(pair) {
                all.labels.push(pair.clone());
            }
        }
        all.labels.sort();
        all.expressions.extend(owner.expressions.iter().cloned());
    }
    all
}
