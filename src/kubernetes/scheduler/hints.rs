//! Which of the waiting pods an event may help.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/*, EventsToRegister and the queueing hints there.

use super::plugins::{
    PLUGINS, node_affinity, node_resources_fit, node_unschedulable, taint_toleration, volume_binding,
};
use super::view::{NodeView, PodView};
use crate::kubernetes::objects::Id;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A set of plugins, by place in [`PLUGINS`].
pub type Plugins = u32;

/// The set of plugins of these names.
pub fn mask(names: &BTreeSet<&'static str>) -> Plugins {
    let each = PLUGINS.iter().enumerate().filter(|(_, p)| names.contains(p.name));
    each.fold(0, |mask, (at, _)| mask | 1 << at)
}

fn named(names: &[&str]) -> Plugins {
    let each = PLUGINS.iter().enumerate().filter(|(_, p)| names.contains(&p.name));
    each.fold(0, |mask, (at, _)| mask | 1 << at)
}

/// Something that happened to the cluster.
#[derive(Clone, Debug)]
pub enum Event {
    /// A pod came to a node.
    PodCame(Rc<PodView>),
    /// A pod on a node has other labels.
    PodRelabelled(Rc<PodView>),
    /// A pod left a node.
    PodLeft(Rc<PodView>),
    /// A node came.
    NodeCame(Rc<NodeView>),
    /// A node changed: before, after.
    NodeChanged(Rc<NodeView>, Rc<NodeView>),
    /// A node went.
    NodeLeft,
    /// A volume claim came: namespace, name.
    ClaimCame(Rc<str>, Rc<str>),
}

impl Event {
    /// The plugins that look at such events.
    pub fn plugins(&self) -> Plugins {
        const AROUND: [&str; 2] = ["PodTopologySpread", "InterPodAffinity"];
        match self {
            Event::PodCame(_) | Event::PodRelabelled(_) => named(&AROUND),
            Event::PodLeft(_) => {
                named(&["NodePorts", "NodeResourcesFit", "PodTopologySpread", "InterPodAffinity", "NodeName"])
            }
            Event::NodeCame(_) => Plugins::MAX,
            Event::NodeChanged(old, new) => {
                let mut mask = 0;
                if old.taints != new.taints {
                    mask |= named(&["TaintToleration", "PodTopologySpread", "NodeUnschedulable"]);
                }
                if old.unschedulable != new.unschedulable {
                    mask |= named(&["NodeUnschedulable"]);
                }
                if old.labels != new.labels {
                    mask |= named(&["NodeAffinity", "VolumeBinding", "PodTopologySpread", "InterPodAffinity"]);
                }
                if old.allocatable != new.allocatable {
                    mask |= named(&["NodeResourcesFit"]);
                }
                mask
            }
            Event::NodeLeft => named(&["PodTopologySpread"]),
            Event::ClaimCame(..) => named(&["VolumeBinding"]),
        }
    }
    /// Whether the event may help a pod that these plugins refused.
    pub fn helps(&self, pod: &PodView, refused: Plugins) -> bool {
        let of = |names: &[&str]| refused & named(names) != 0;
        match self {
            Event::PodCame(other) | Event::PodRelabelled(other) => {
                of(&["PodTopologySpread"]) && other.namespace == pod.namespace
                    || of(&["InterPodAffinity"])
                        && pod.spec.affinity.as_ref().is_some_and(|a| !a.pod_required.is_empty())
            }
            Event::PodLeft(other) => {
                let ports = || pod.host_ports().any(|p| other.host_ports().any(|o| o.conflicts(&p)));
                of(&["NodeResourcesFit", "InterPodAffinity"])
                    || of(&["PodTopologySpread"]) && other.namespace == pod.namespace
                    || of(&["NodePorts"]) && ports()
            }
            Event::NodeCame(node) => {
                of(&["TaintToleration"]) && taint_toleration::tolerates_hard(pod, node)
                    || of(&["NodeAffinity"]) && node_affinity::matches_required(&pod.spec, node)
                    || of(&["NodeUnschedulable"]) && node_unschedulable::allows(pod, node)
                    || of(&["NodeResourcesFit"]) && node_resources_fit::fits(&pod.spec, node)
                    || of(&["NodeName", "NodePorts", "VolumeBinding", "PodTopologySpread", "InterPodAffinity"])
            }
            Event::NodeChanged(old, new) => {
                let taints = taint_toleration::tolerates_hard(pod, new) && !taint_toleration::tolerates_hard(pod, old);
                let affinity = |node| node_affinity::matches_required(&pod.spec, node);
                of(&["TaintToleration"]) && taints
                    || of(&["NodeUnschedulable"])
                        && node_unschedulable::allows(pod, new)
                        && !node_unschedulable::allows(pod, old)
                    || of(&["NodeAffinity"]) && affinity(new) && !affinity(old)
                    || of(&["NodeResourcesFit"]) && old.allocatable != new.allocatable
                    || of(&["VolumeBinding"]) && old.labels != new.labels
                    || of(&["PodTopologySpread", "InterPodAffinity"]) && (old.labels != new.labels || taints)
            }
            Event::NodeLeft => of(&["PodTopologySpread"]),
            Event::ClaimCame(namespace, name) => {
                *namespace == pod.namespace && volume_binding::claims(&pod.spec).any(|claim| claim == *name)
            }
        }
    }
    /// The pod it is about, which it cannot help.
    pub fn about(&self) -> Option<Id> {
        match self {
            Event::PodCame(p) | Event::PodRelabelled(p) | Event::PodLeft(p) => Some(p.id),
            _ => None,
        }
    }
}
