//! Whether a kubelet takes a pod that was bound to its node. The scheduler has asked the same questions, but a pod can be bound
//! by hand.
//! Source: kubernetes v1.37 pkg/kubelet/lifecycle/predicate.go, generalFilter.

use super::lifecycle::Desk;
use super::pressure::EVICTED;
use super::worker::Stage;
use super::{KUBELET, rejected};
use crate::kubernetes::apiserver::{By, Told};
use crate::kubernetes::objects::parts::Resources;
use crate::kubernetes::objects::pod::{NodeRequirement, NodeTerm, Phase, Pod, PodSpec};
use crate::kubernetes::objects::{Labels, Object};
use std::rc::Rc;

/// Why a pod is not taken: reason, message.
type Refusal = (&'static str, String);

impl Desk<'_, '_> {
    /// Refuses a pod that does not fit; tells whether it did.
    pub(super) fn refuse(&mut self) -> bool {
        let Some(node) = self.cx.get(self.kubelet.id) else { return false };
        let store = &self.cx.api.store;
        let others: Vec<Rc<Object>> =
            store.pods_on(&self.kubelet.name).filter(|p| p.meta.id < self.id).cloned().collect();
        let others = others.iter().filter_map(|o| o.pod()).filter(|p| !p.status.phase.ended());
        let leaving =
            self.kubelet.shutting.map(|_| (super::shutdown::REFUSED.0, super::shutdown::REFUSED.1.to_string()));
        let pressed = self.kubelet.reserves.refuses(&self.spec).map(|words| (EVICTED, words));
        let Some((reason, message)) = leaving.or(pressed).or_else(|| refusal(&self.spec, &node, others)) else {
            return false;
        };
        let told = Told::warning(KUBELET, self.id, reason, message.clone());
        self.cx.api.tell(Told { host: (&self.kubelet.name).into(), ..told });
        self.worker.stage = Stage::Ended;
        let now = self.now().whole_seconds();
        self.cx.api.update_status(self.id, By::actor(KUBELET, rejected(reason)), |o| {
            let generation = o.meta.generation;
            let Some(pod) = o.pod_mut() else { return };
            // A status of its own takes the place of the old one, and gets a start.
            // Source: kubernetes v1.37 pkg/kubelet/kubelet.go, rejectPod; status/status_manager.go, updateStatusInternal.
            let status = &mut pod.status;
            status.conditions.clear();
            status.start_time = Some(now);
            status.phase = Phase::Failed;
            (status.reason, status.message) = (reason.into(), format!("Pod was rejected: {message}").into());
            status.observed_generation = generation;
        });
        true
    }
}

fn refusal<'a>(spec: &PodSpec, node: &Object, others: impl Iterator<Item = &'a Pod> + Clone) -> Option<Refusal> {
    let row = node.node()?;
    let mut used = Resources::default();
    others.clone().for_each(|p| used.add(&p.spec.requests));
    let (want, room) = (&spec.requests, &row.allocatable);
    let amounts = [
        ("OutOfcpu", "cpu", want.cpu, used.cpu, room.cpu),
        ("OutOfmemory", "memory", want.memory, used.memory, room.memory),
        ("OutOfephemeral-storage", "ephemeral-storage", want.ephemeral, used.ephemeral, room.ephemeral),
    ];
    let count = others.clone().count() as i64;
    if room.pods > 0 && count + 1 > room.pods {
        let words =
            format!("Node didn't have enough resource: pods, requested: 1, used: {count}, capacity: {}", room.pods);
        return Some(("OutOfpods", words));
    }
    for (reason, name, want, used, room) in amounts {
        if want > 0 && room > 0 && used + want > room {
            let words =
                format!("Node didn't have enough resource: {name}, requested: {want}, used: {used}, capacity: {room}");
            return Some((reason, words));
        }
    }
    if !selected(spec, &node.meta.labels, &node.meta.name) {
        let words = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
        return Some(("NodeAffinity", words.into()));
    }
    let ports = |spec: &PodSpec| -> Vec<(u16, Rc<str>)> {
        let all = spec.containers.iter().flat_map(|c| &c.ports).filter(|p| p.host_port != 0);
        all.map(|p| (p.host_port, p.protocol.to_rc())).collect()
    };
    let mine = ports(spec);
    if !mine.is_empty() && others.flat_map(|p| ports(&p.spec)).any(|p| mine.contains(&p)) {
        let words = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
        return Some(("NodePorts", words.into()));
    }
    None
}

/// Whether the node fits the pod's selector and its required node affinity.
fn selected(spec: &PodSpec, labels: &Labels, name: &str) -> bool {
    let simple = spec.node_selector.iter().all(|(k, v)| labels.get(k) == Some(v));
    let terms = spec.affinity.as_ref().and_then(|a| a.node_required.as_ref());
    simple && terms.is_none_or(|terms| terms.iter().any(|t| term_fits(t, labels, name)))
}

fn term_fits(term: &NodeTerm, labels: &Labels, name: &str) -> bool {
    let empty = term.expressions.is_empty() && term.fields.is_empty();
    !empty
        && term.expressions.iter().all(|e| requirement_fits(e, labels.get(&e.key).map(|v| &**v)))
        && term.fields.iter().all(|f| requirement_fits(f, Some(name)))
}

/// Source: kubernetes v1.37 apimachinery/pkg/labels/selector.go, Requirement.Matches.
fn requirement_fits(requirement: &NodeRequirement, value: Option<&str>) -> bool {
    let listed = value.is_some_and(|v| requirement.values.iter().any(|w| **w == *v));
    let number = |text: Option<&str>| text.and_then(|t| t.parse::<i64>().ok());
    let bound = number(requirement.values.first().map(|v| &**v));
    match &*requirement.operator {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => number(value).zip(bound).is_some_and(|(v, b)| v > b),
        "Lt" => number(value).zip(bound).is_some_and(|(v, b)| v < b),
        _ => false,
    }
}
