//! Taint eviction controller: pods leave nodes with NoExecute taints that they do not tolerate, or not for ever.
//! Wakes on: Node; Pod. Writes: Pod (deleted). Source: kubernetes v1.37 pkg/controller/tainteviction/taint_eviction.go.

use super::{Controller, Ctl, Done, On, Wakes};
use crate::kubernetes::apiserver::{Change, ChangeKind, DeleteOptions};
use crate::kubernetes::objects::node::Taint;
use crate::kubernetes::objects::pod::Toleration;
use crate::kubernetes::objects::{Condition, Id, Kind, set_condition};
use crate::reasons;
use crate::sim::{Span, Time};
use std::collections::BTreeMap;

reasons! { "taint_eviction":
    /// It does not tolerate a taint of its node (any longer).
    warning evicted(node, seconds),
}

/// The controller.
pub const CONTROLLER: Controller = Controller {
    name: "taint-eviction-controller",
    wakes: &[On::Rule(Kind::Node, on_node), On::Rule(Kind::Pod, on_pod)],
    reconcile,
    every: None,
};

/// Pods that are to go, or were told to.
#[derive(Clone, Debug, Default)]
pub struct Evictions(BTreeMap<Id, Plan>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    /// When the pod goes.
    at: Time,
    /// Whether it was told to go.
    told: bool,
}

/// What the taints of a node mean for a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may stay.
    Stay,
    /// It must go.
    Now,
    /// It may stay for a while.
    After(Span),
}

/// The tolerations that cover the NoExecute taints, one a taint; `None` when one is not tolerated.
/// Source: kubernetes v1.37 pkg/apis/core/v1/helper/helpers.go, GetMatchingTolerations.
pub fn used<'a>(taints: &[&Taint], tolerations: &'a [Toleration]) -> Option<Vec<&'a Toleration>> {
    taints.iter().map(|taint| tolerations.iter().find(|t| t.covers(taint))).collect()
}

/// The taints that drive pods out. Source: taint_eviction.go, getNoExecuteTaints.
pub fn driving(taints: &[Taint]) -> Vec<&Taint> {
    taints.iter().filter(|t| t.effect == "NoExecute").collect()
}

/// Whether a pod may stay. Source: taint_eviction.go, processPodOnNode, getMinTolerationTime.
pub fn decide(taints: &[Taint], tolerations: &[Toleration]) -> Decision {
    let taints = driving(taints);
    if taints.is_empty() {
        return Decision::Stay;
    }
    let Some(used) = used(&taints, tolerations) else { return Decision::Now };
    let least = used.iter().filter_map(|t| t.seconds).min();
    least.map_or(Decision::Stay, |seconds| Decision::After(Span::secs(seconds.max(0) as u64)))
}

fn drives(object: &Option<std::rc::Rc<crate::kubernetes::objects::Object>>) -> Vec<Taint> {
    let node = object.as_ref().and_then(|o| o.node());
    node.map(|n| driving(&n.taints).into_iter().cloned().collect()).unwrap_or_default()
}

/// A node's taints changed: all its pods are looked at.
fn on_node(change: &Change, wakes: &mut Wakes) {
    let Some(node) = change.object() else { return };
    if drives(&change.before) != drives(&change.after) {
        wakes.ids = wakes.api.store.pods_on(&node.meta.name).map(|p| p.meta.id).collect();
    }
}

/// A pod came to a node, or its tolerations changed.
fn on_pod(change: &Change, wakes: &mut Wakes) {
    if change.what == ChangeKind::Deleted {
        if wakes.memory.evictions.0.contains_key(&change.id) {
            wakes.ids.push(change.id);
        }
        return;
    }
    let Some(pod) = change.after.as_ref().and_then(|o| o.pod()) else { return };
    let before = change.before.as_ref().and_then(|o| o.pod());
    if before.is_some_and(|b| b.node == pod.node && b.spec == pod.spec) {
        return;
    }
    let Some(node) = &pod.node else { return };
    let node = wakes.api.store.by_name(Kind::Node, "", node).and_then(|o| o.node());
    if node.is_some_and(|n| n.taints.iter().any(|t| t.effect == "NoExecute")) {
        wakes.ids.push(change.id);
    }
}

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let now = ctl.now();
    let Some(object) = ctl.api.store.get(id).cloned() else {
        cancel(ctl, id);
        return Done::Settled;
    };
    let Some(pod) = object.pod() else { return Done::Settled };
    let node = pod.node.as_ref().and_then(|n| ctl.api.store.by_name(Kind::Node, "", n));
    let taints = node.and_then(|n| n.node()).map(|n| n.taints.clone()).unwrap_or_default();
    let planned = ctl.memory.evictions.0.get(&id).copied();
    match decide(&taints, &pod.spec.tolerations) {
        Decision::Stay => cancel(ctl, id),
        Decision::Now => {
            cancel(ctl, id);
            ctl.memory.evictions.0.insert(id, Plan { at: now, told: true });
            evict(ctl, id, Span::ZERO);
        }
        Decision::After(_) if planned.is_some_and(|p| p.told) => {}
        Decision::After(span) => {
            // Once put down, the moment stays, whatever taints come or go meanwhile.
            let at = planned.map_or(now + span, |p| p.at);
            let told = at <= now;
            ctl.memory.evictions.0.insert(id, Plan { at, told });
            if told {
                evict(ctl, id, span);
            } else {
                return Done::Again(at.since(now));
            }
        }
    }
    Done::Settled
}

/// The pod may stay after all. Source: cancelWorkWithEvent.
fn cancel(ctl: &mut Ctl, id: Id) {
    let planned = ctl.memory.evictions.0.remove(&id);
    if planned.is_none_or(|p| p.told) {
        return;
    }
    let message = format!("Cancelling deletion of Pod {}", full_name(ctl, id));
    ctl.normal(id, "TaintManagerEviction", message);
}

fn full_name(ctl: &Ctl, id: Id) -> String {
    ctl.api.store.card(id).map(|c| format!("{}/{}", c.namespace, c.name)).unwrap_or_default()
}

/// Source: deletePodHandler, addConditionAndDeletePod.
fn evict(ctl: &mut Ctl, id: Id, after: Span) {
    let Some(object) = ctl.api.store.get(id).cloned() else { return };
    let Some(pod) = object.pod() else { return };
    let message = format!("Marking for deletion Pod {}", full_name(ctl, id));
    ctl.normal(id, "TaintManagerEviction", message);
    let now = ctl.now().whole_seconds();
    let node = pod.node.clone().unwrap_or_default();
    let by = ctl.by(evicted(&node, after.as_secs()));
    ctl.api.update_status(id, by.clone(), |o| {
        let Some(pod) = o.pod_mut() else { return };
        let words = "Taint manager: deleting due to NoExecute taint";
        let condition = Condition::new("DisruptionTarget", true, "DeletionByTaintManager", words, now);
        set_condition(&mut pod.status.conditions, condition);
    });
    ctl.api.delete(id, by, DeleteOptions::default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_patient_toleration_counts() {
        let taint = |key: &str| Taint { key: key.into(), effect: "NoExecute".into(), ..Taint::default() };
        let exists = |key: &str, seconds: Option<i64>| Toleration {
            key: key.into(),
            operator: "Exists".into(),
            seconds,
            ..Toleration::default()
        };
        let both = [taint("a"), taint("b")];
        assert_eq!(decide(&both, &[exists("a", Some(5)), exists("b", Some(300))]), Decision::After(Span::secs(5)));
        assert_eq!(decide(&both, &[exists("a", None), exists("b", None)]), Decision::Stay);
        assert_eq!(decide(&both, &[exists("a", None)]), Decision::Now);
        assert_eq!(decide(&[], &[]), Decision::Stay);
    }
}
