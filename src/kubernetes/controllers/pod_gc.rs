//! Pod garbage collector: pods of nodes that are gone, pods that nobody will stop, and ended pods beyond a limit.
//! Looks every 20 s. Source: kubernetes v1.37 pkg/controller/podgc/gc_controller.go.

use super::{Controller, Ctl, Done, Every, On, Wakes};
use crate::journal::Why;
use crate::kubernetes::apiserver::{Change, ChangeKind, DeleteOptions};
use crate::kubernetes::objects::pod::Phase;
use crate::kubernetes::objects::{Condition, Id, Kind, Object, Tri, set_condition};
use crate::reasons;
use crate::sim::{Span, Time};
use std::collections::BTreeMap;
use std::rc::Rc;

reasons! { "pod_gc":
    /// Its node is gone.
    warning node_gone(node),
    /// It was deleted before it had a node.
    never_placed(),
    /// Its node is out of service and nobody will stop it.
    warning out_of_service(node),
    /// Too many ended pods are kept.
    too_many_ended(limit),
}

/// The controller.
pub const CONTROLLER: Controller = Controller {
    name: "pod-garbage-collector",
    wakes: &[On::Rule(Kind::Pod, on_pod), On::Rule(Kind::Node, on_node)],
    reconcile: |_, _| Done::Settled,
    every: Some(Every { period: PERIOD, act: collect }),
};

/// Source: gc_controller.go, gcCheckPeriod.
const PERIOD: Span = Span::secs(20);
/// How long a node must be missing before its pods go. Source: gc_controller.go, quarantineTime.
const QUARANTINE: Span = Span::secs(40);
/// How many ended pods are kept. Source: --terminated-pod-gc-threshold.
const ENDED_MAX: usize = 12_500;
/// Source: kubernetes v1.37 api/core/v1/well_known_taints.go, TaintNodeOutOfService.
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// What is remembered between two looks.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Whether something happened that may leave a pod to collect. Ours: the real controller lists all pods each time.
    due: bool,
    /// Nodes that pods name and that are not there, since when.
    missing: BTreeMap<Rc<str>, Time>,
}

fn on_pod(change: &Change, wakes: &mut Wakes) {
    let Some(pod) = &change.after else { return };
    let Some(row) = pod.pod() else { return };
    let placed_by_hand = change.before.is_none() && row.node.is_some();
    wakes.memory.pod_gc.due |= placed_by_hand || row.status.phase.ended() || pod.meta.deleting();
}

fn on_node(change: &Change, wakes: &mut Wakes) {
    wakes.memory.pod_gc.due |= change.what != ChangeKind::Added;
}

fn collect(ctl: &mut Ctl) {
    if !ctl.memory.pod_gc.due {
        return;
    }
    ctl.memory.pod_gc.due = false;
    let nodes: BTreeMap<Rc<str>, bool> =
        ctl.api.store.list(Kind::Node).map(|n| (n.meta.name.clone(), is_out(n))).collect();
    let mut ended: Vec<(bool, Time, Rc<str>, Id)> = Vec::new();
    let (mut orphaned, mut unplaced, mut stuck) = (Vec::new(), Vec::new(), Vec::new());
    for pod in ctl.api.store.list(Kind::Pod) {
        let Some(row) = pod.pod() else { continue };
        if row.status.phase.ended() {
            let kept = row.status.reason != "Evicted";
            ended.push((kept, pod.meta.created, pod.meta.name.clone(), pod.meta.id));
        }
        match &row.node {
            None if pod.meta.deleting() => unplaced.push(pod.meta.id),
            None => {}
            Some(node) => match nodes.get(node) {
                None => orphaned.push((node.clone(), pod.meta.id)),
                Some(true) if pod.meta.deleting() => stuck.push((node.clone(), pod.meta.id)),
                Some(_) => {}
            },
        }
    }
    ended.sort();
    for (_, _, _, id) in ended.iter().take(ended.len().saturating_sub(ENDED_MAX)) {
        force_delete(ctl, *id, too_many_ended(ENDED_MAX), None);
    }
    for (node, id) in stuck {
        force_delete(ctl, id, out_of_service(&node), None);
    }
    collect_orphaned(ctl, orphaned);
    for id in unplaced {
        force_delete(ctl, id, never_placed(), None);
    }
}

/// Whether a node is not ready and somebody said that it will not come back.
fn is_out(node: &Object) -> bool {
    node.node().is_some_and(|n| n.ready() != Tri::True && n.taints.iter().any(|t| &*t.key == OUT_OF_SERVICE))
}

/// Source: gcOrphaned, discoverDeletedNodes.
fn collect_orphaned(ctl: &mut Ctl, orphaned: Vec<(Rc<str>, Id)>) {
    let now = ctl.now();
    ctl.memory.pod_gc.due |= !orphaned.is_empty();
    let missing = &mut ctl.memory.pod_gc.missing;
    missing.retain(|node, _| orphaned.iter().any(|(n, _)| n == node));
    for (node, _) in &orphaned {
        missing.entry(node.clone()).or_insert(now);
    }
    for (node, id) in orphaned {
        let since = ctl.memory.pod_gc.missing.get(&node).copied().unwrap_or(now);
        // The wait begins a moment after the look that found the node missing, so the look at its very end comes too early.
        if now.since(since) > QUARANTINE {
            let words = "PodGC: node no longer exists";
            let now = now.whole_seconds();
            let condition = Condition::new("DisruptionTarget", true, "DeletionByPodGC", words, now);
            force_delete(ctl, id, node_gone(&node), Some(condition));
        }
    }
}

/// Marks a pod failed and takes it away without waiting. Source: markFailedAndDeletePodWithCondition.
fn force_delete(ctl: &mut Ctl, id: Id, why: Why, condition: Option<Condition>) {
    let by = ctl.by(why);
    ctl.api.update_status(id, by.clone(), |o| {
        let Some(pod) = o.pod_mut() else { return };
        if !pod.status.phase.ended() {
            pod.status.phase = Phase::Failed;
        }
        if let Some(condition) = condition {
            set_condition(&mut pod.status.conditions, condition);
        }
    });
    ctl.api.delete(id, by, DeleteOptions { grace: Some(Span::ZERO), ..DeleteOptions::default() });
}
