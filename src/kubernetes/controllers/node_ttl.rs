//! TTL controller: tells kubelets how long they may believe a cached Secret or ConfigMap; longer in larger clusters.
//! Source: kubernetes v1.37 pkg/controller/ttl/ttl_controller.go.

use super::{Controller, Ctl, Done, On, Wakes};
use crate::kubernetes::apiserver::{Change, ChangeKind};
use crate::kubernetes::objects::{Id, Kind};
use crate::reasons;

reasons! { "node_ttl":
    /// How long the node's kubelet may believe what it cached, by the size of the cluster.
    set(seconds, nodes),
}

/// The controller.
pub const CONTROLLER: Controller =
    Controller { name: "ttl-controller", wakes: &[On::Rule(Kind::Node, on_node)], reconcile, every: None };

/// Source: kubernetes v1.37 api/core/v1/annotation_key_constants.go, ObjectTTLAnnotationKey.
const ANNOTATION: &str = "node.alpha.kubernetes.io/ttl";
/// (fewest nodes, most nodes, seconds): the steps overlap so that a node more or less does not change all.
/// Source: ttl_controller.go, ttlBoundaries.
const STEPS: [(usize, usize, u32); 6] =
    [(0, 100, 0), (90, 500, 15), (450, 1000, 30), (900, 2000, 60), (1800, 10_000, 300), (9000, usize::MAX, 600)];

fn on_node(change: &Change, wakes: &mut Wakes) {
    if change.what != ChangeKind::Deleted {
        let steps = &mut wakes.memory.ttl_step;
        let nodes = wakes.api.store.count(Kind::Node);
        while nodes > STEPS[*steps].1 {
            *steps += 1;
        }
        while nodes < STEPS[*steps].0 {
            *steps -= 1;
        }
        wakes.ids.push(change.id);
    }
}

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let seconds = STEPS[ctl.memory.ttl_step].2;
    let nodes = ctl.api.store.count(Kind::Node);
    let by = ctl.by(set(seconds, nodes));
    let Some(node) = ctl.api.store.get(id) else { return Done::Settled };
    if node.meta.annotations.get(ANNOTATION).is_none_or(|v| **v != *seconds.to_string()) {
        ctl.api.update(id, by, |o| o.meta.annotations.set(ANNOTATION, seconds.to_string()));
    }
    Done::Settled
}
