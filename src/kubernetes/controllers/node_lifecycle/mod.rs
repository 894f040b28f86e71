//! Node lifecycle controller: notices nodes that fell silent, marks them and their pods, and taints them so that pods leave.
//! Wakes on: Node; looks at all nodes every 5 s. Writes: Node status and taints, Pod status.
//! Source: kubernetes v1.37 pkg/controller/nodelifecycle/node_lifecycle_controller.go.

mod taints;
mod zones;

pub use taints::{NOT_READY, UNREACHABLE};

use super::{Controller, Ctl, Done, Every, On};
use crate::kubernetes::objects::{Condition, Id, Kind, Object, Tri};
use crate::reasons;
use crate::sim::{Span, Time};
use crate::workload::latencies::NODE_MARKS;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use zones::Zones;

reasons! { "node":
    /// No sign of life from its kubelet for too long.
    warning silent(seconds),
    /// Its condition keeps new pods away.
    warning tainted(taint),
    /// The condition is over.
    untainted(taint),
    /// Its node is silent, so nobody can say that the pod is ready.
    warning pod_unready(node),
}

/// The controller.
pub const CONTROLLER: Controller = Controller {
    name: "node-controller",
    wakes: &[On::Itself(Kind::Node)],
    reconcile,
    every: Some(Every { period: MONITOR_PERIOD, act: monitor }),
};

/// How often all nodes are looked at. Source: kubernetes v1.37 pkg/controller/nodelifecycle/config/v1alpha1/defaults.go and
/// cmd/kube-controller-manager --node-monitor-period.
const MONITOR_PERIOD: Span = Span::secs(5);
/// How long a node may be silent. Source: --node-monitor-grace-period.
const GRACE: Span = Span::secs(50);
/// How long a new node may take to report for the first time. Source: --node-startup-grace-period.
const STARTUP_GRACE: Span = Span::secs(60);
/// Where the leases of nodes are. Source: kubernetes v1.37 api/core/v1/types.go, NamespaceNodeLease.
const LEASES: &str = "kube-node-lease";

/// What the controller remembers.
#[derive(Clone, Debug)]
pub struct Nodes {
    /// `--node-monitor-grace-period`: how long a node may be silent.
    pub grace: Span,
    /// Names of the nodes it knows: one that comes back within a pass is no new one. Source: classifyNodes.
    pub familiar: BTreeSet<Rc<str>>,
    health: BTreeMap<Id, Health>,
    zones: Zones,
    /// A look at all nodes that is still marking pods.
    look: Option<Look>,
}

/// A look at all nodes. What it means for zones is drawn when the last pod of each node is marked; until then nodes may already
/// be tainted for eviction, also where every node has fallen silent. Source: monitorNodeHealth: handleDisruption comes last.
#[derive(Clone, Debug)]
struct Look {
    /// When it ends.
    ends: Time,
    /// The nodes as they were at its start.
    nodes: Vec<Rc<Object>>,
    /// Their Ready conditions, by zone.
    ready: BTreeMap<Rc<str>, Vec<Tri>>,
}

impl Default for Nodes {
    fn default() -> Self {
        let (familiar, health) = (BTreeSet::new(), BTreeMap::new());
        Nodes { grace: GRACE, familiar, health, zones: Zones::default(), look: None }
    }
}

/// What was last seen of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Health {
    /// When something new was last seen.
    probe: Time,
    /// The last heartbeat of its Ready condition.
    heartbeat: Option<Time>,
    /// The last renewal of its lease.
    renewed: Option<Time>,
    /// Its lease.
    lease: Option<Id>,
}

/// A node changed: taints follow its conditions, and the next node of its zone is tainted for eviction if it may be.
fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(node) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    taints::follow_conditions(ctl, &node);
    end_look(ctl, id);
    zones::evict_next(ctl, &zones::zone_of(&node));
    Done::Settled
}

/// Ends the look under way if its time has come; else this node is looked at again then.
fn end_look(ctl: &mut Ctl, id: Id) {
    let now = ctl.now();
    match ctl.memory.nodes.look.take() {
        Some(look) if look.ends <= now => zones::handle_disruption(ctl, &look.ready, &look.nodes),
        Some(look) => {
            ctl.later.push((id, look.ends.since(now)));
            ctl.memory.nodes.look = Some(look);
        }
        None => {}
    }
}

/// Looks at every node. Source: monitorNodeHealth.
fn monitor(ctl: &mut Ctl) {
    if let Some(look) = ctl.memory.nodes.look.take() {
        zones::handle_disruption(ctl, &look.ready, &look.nodes);
    }
    let nodes: Vec<Rc<Object>> = ctl.api.store.list(Kind::Node).cloned().collect();
    let gone: Vec<Id> = ctl.memory.nodes.health.keys().copied().filter(|id| ctl.api.store.get(*id).is_none()).collect();
    for id in gone {
        ctl.memory.nodes.health.remove(&id);
        ctl.memory.nodes.zones.forget(id);
        let name = ctl.api.store.card(id).map(|c| c.name.clone()).unwrap_or_default();
        if nodes.iter().any(|n| n.meta.name == name) {
            continue;
        }
        ctl.memory.nodes.familiar.remove(&name);
        ctl.normal(id, "RemovingNode", format!("Node {name} event: Removing Node {name} from Controller"));
    }
    let mut ready: BTreeMap<Rc<str>, Vec<Tri>> = BTreeMap::new();
    let mut marked = 0;
    for node in &nodes {
        let (condition, pods) = look_at(ctl, node);
        ready.entry(zones::zone_of(node)).or_default().push(condition);
        marked = marked.max(pods);
    }
    // Nodes are looked at side by side, the pods of one node one after the other.
    let Some(first) = nodes.first().map(|n| n.meta.id) else { return };
    ctl.memory.nodes.look = Some(Look { ends: ctl.now() + NODE_MARKS * marked, nodes, ready });
    end_look(ctl, first);
}

/// Looks at one node; tells what its Ready condition is afterwards, and how many pods were marked.
fn look_at(ctl: &mut Ctl, node: &Rc<Object>) -> (Tri, u64) {
    let id = node.meta.id;
    let name = &node.meta.name;
    if ctl.memory.nodes.familiar.insert(name.clone()) {
        ctl.normal(id, "RegisteredNode", format!("Node {name} event: Registered Node {name} in Controller"));
    }
    let observed = ready_of(node);
    let health = probe(ctl, node);
    let grace = if observed.is_some() { ctl.memory.nodes.grace } else { STARTUP_GRACE };
    if ctl.now() > health.probe + grace {
        mark_silent(ctl, node, grace);
    }
    let Some(node) = ctl.api.store.get(id).cloned() else { return (Tri::Unknown, 0) };
    let Some(current) = ready_of(&node) else { return (Tri::Unknown, 0) };
    zones::judge(ctl, &node, current);
    let mut marked = 0;
    if current != Tri::True && observed == Some(Tri::True) {
        let name = &node.meta.name;
        ctl.normal(id, "NodeNotReady", format!("Node {name} status is now: NodeNotReady"));
        marked = mark_pods(ctl, &node.meta.name);
    }
    (current, marked)
}

fn ready_of(node: &Object) -> Option<Tri> {
    node.node()?.conditions.iter().find(|c| c.kind == "Ready").map(|c| c.status)
}

/// Notes whether a heartbeat or a renewed lease came since the last look. Source: tryUpdateNodeHealth.
fn probe(ctl: &mut Ctl, node: &Object) -> Health {
    let (id, now) = (node.meta.id, ctl.now());
    let heartbeat = node.node().and_then(|n| n.conditions.iter().find(|c| c.kind == "Ready")).map(|c| c.updated);
    let old = ctl.memory.nodes.health.get(&id).copied();
    let known = old.and_then(|h| h.lease).filter(|l| ctl.api.store.get(*l).is_some());
    let lease = known.or_else(|| ctl.api.store.find(Kind::Lease, LEASES, &node.meta.name));
    let row = lease.and_then(|l| ctl.api.store.get(l)).and_then(|o| o.lease());
    let renewed = row.and_then(|l| l.renewed_at(now));
    let probe = match old {
        Some(old) if heartbeat == old.heartbeat && renewed <= old.renewed => old.probe,
        None if heartbeat.is_none() => node.meta.created,
        _ => now,
    };
    let health = Health { probe, heartbeat, renewed, lease };
    ctl.memory.nodes.health.insert(id, health);
    health
}

/// The conditions that a kubelet reports, and nobody else. Source: tryUpdateNodeHealth, nodeConditionTypes.
const REPORTED: [&str; 4] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/// Nobody knows how the node is.
fn mark_silent(ctl: &mut Ctl, node: &Object, grace: Span) {
    let (id, now) = (node.meta.id, ctl.now().whole_seconds());
    let by = ctl.by(silent(grace.as_secs()));
    let created = node.meta.created;
    let written = ctl.api.update_status(id, by, |o| {
        let Some(node) = o.node_mut() else { return };
        for kind in REPORTED {
            match node.conditions.iter_mut().find(|c| c.kind == kind) {
                Some(c) if c.status != Tri::Unknown => {
                    (c.status, c.changed) = (Tri::Unknown, now);
                    (c.reason, c.message) = ("NodeStatusUnknown".into(), "Kubelet stopped posting node status.".into());
                }
                Some(_) => {}
                None => {
                    let words = "Kubelet never posted node status.";
                    let never = Condition::new(kind, Tri::Unknown, "NodeStatusNeverUpdated", words, now);
                    node.conditions.push(Condition { updated: created, ..never });
                }
            }
        }
    });
    if written.is_some() {
        ctl.cause = written;
        // Its own write is no sign of life.
        if let Some(health) = ctl.memory.nodes.health.get_mut(&id) {
            health.heartbeat = ctl
                .api
                .store
                .get(id)
                .and_then(|o| o.node()?.conditions.iter().find(|c| c.kind == "Ready").map(|c| c.updated));
        }
    }
}

/// Pods of a silent node are not ready; tells how many were. Source: pkg/controller/util/node/controller_utils.go,
/// MarkPodsNotReady.
fn mark_pods(ctl: &mut Ctl, node: &Rc<str>) -> u64 {
    let ready: Vec<Id> =
        ctl.api.store.pods_on(node).filter(|p| p.pod().is_some_and(|p| p.ready())).map(|p| p.meta.id).collect();
    let now = ctl.now().whole_seconds();
    let marked = ready.len() as u64;
    for pod in ready {
        let by = ctl.by(pod_unready(node));
        ctl.api.update_status(pod, by, |o| {
            let Some(pod) = o.pod_mut() else { return };
            for c in pod.status.conditions.iter_mut().filter(|c| c.kind == "Ready") {
                (c.status, c.changed) = (Tri::False, now);
            }
        });
        ctl.warn(pod, "NodeNotReady", "Node is not ready");
    }
    marked
}
