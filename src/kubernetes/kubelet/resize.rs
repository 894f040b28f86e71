//! Changing what containers may use while they run: granted when the node has room, put off when it has not. FID-102.
//! Source: kubernetes v1.37 pkg/kubelet/allocation/allocation_manager.go, handlePodResourcesResize, canResizePod;
//! pkg/kubelet/kuberuntime/kuberuntime_manager.go, computePodResizeAction, doPodResizeAction.

use super::lifecycle::Desk;
use super::worker::Step;
use super::{KUBELET, State, Timer};
use crate::kubernetes::apiserver::{Cx, Told};
use crate::kubernetes::objects::pod::{PodSpec, Sizes};
use crate::kubernetes::objects::{Condition, Id, Tri};
use crate::map;
use crate::sim::{Span, Time};
use crate::text::{Map, Value, json};
use std::rc::Rc;

/// What changing the limits of running containers takes. Ours: recorded 0.1 to 0.4 s.
const TAKES: Span = Span::millis(160);

/// Where a pod's resize stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Resize {
    /// The containers have what the spec says.
    #[default]
    Done,
    /// The node has no room now; the message says why.
    Deferred(String, Time),
    /// It is granted and being carried out.
    Under(Time),
}

/// The resources of the main containers as written, by place.
fn resources(spec: &PodSpec, at: usize) -> &Value {
    spec.tree.list_at(&["containers"]).get(at).and_then(|c| c.get("resources")).unwrap_or(&Value::Null)
}

fn same(a: &Rc<PodSpec>, b: &Rc<PodSpec>) -> bool {
    Rc::ptr_eq(a, b) || (0..a.containers.len()).all(|at| resources(a, at) == resources(b, at))
}

impl State {
    /// Room became free on a node: resizes that were put off are tried again.
    pub(super) fn retry_resizes(&mut self, node: &str, cx: &mut Cx<Timer>) {
        let Some(kubelet) = self.kubelets.get_mut(node).filter(|k| !k.deferred.is_empty()) else { return };
        let waiting: Vec<Id> = std::mem::take(&mut Rc::make_mut(kubelet).deferred).into_iter().collect();
        for id in waiting {
            self.look_soon(id, cx);
        }
    }
}

impl Desk<'_, '_> {
    /// Looks whether the wish asks for other resources than were granted; tells whether containers are being changed now.
    pub(super) fn resize(&mut self) -> bool {
        if same(&self.spec, &self.worker.granted) {
            if self.worker.resize == Resize::Done {
                self.worker.granted = self.spec.clone();
                self.worker.actual = self.spec.clone();
            }
            return false;
        }
        if !self.worker.slots.iter().any(|s| s.runs > 0) {
            return false;
        }
        self.worker.was_resized = true;
        if let Err(message) = self.room() {
            if !matches!(&self.worker.resize, Resize::Deferred(before, _) if *before == message) {
                let words = format!("Pod resize OutOf{}: {}", short_of(&message), self.as_json(Some(&message)));
                self.tell_resize(true, "ResizeDeferred", words);
                self.worker.resize = Resize::Deferred(message, self.now());
                self.write_status();
            }
            Rc::make_mut(self.kubelet).deferred.insert(self.id);
            return false;
        }
        let words = format!("Pod resize started: {}", self.as_json(None));
        self.tell_resize(false, "ResizeStarted", words);
        self.worker.granted = self.spec.clone();
        self.worker.resize = Resize::Under(self.now());
        self.write_status();
        self.begin(Step::Resize, TAKES);
        true
    }
    /// The containers have what was granted; those whose policy says so are started again for it.
    pub(super) fn resized(&mut self) {
        let before = std::mem::replace(&mut self.worker.actual, self.worker.granted.clone());
        self.worker.resize = Resize::Done;
        let words = format!("Pod resize completed: {}", self.as_json(None));
        for at in 0..self.spec.containers.len() {
            let slot = self.worker.inits as usize + at;
            if self.worker.slots[slot].running() && restarts(&self.spec, at, &before) {
                self.worker.slots[slot].doomed = Some(RESIZED);
            }
        }
        self.tell_resize(false, "ResizeCompleted", words);
        self.write_status();
        let now = self.now();
        self.worker.step = Step::Idle;
        self.look_at(now);
    }
    /// Whether the node has room for the pod as wished.
    fn room(&self) -> Result<(), String> {
        let Some(node) = self.cx.get(self.kubelet.id) else { return Ok(()) };
        let Some(room) = node.node().map(|n| n.allocatable.clone()) else { return Ok(()) };
        let (mut cpu, mut memory) = (0, 0);
        for other in self.cx.api.store.pods_on(&self.kubelet.name).filter(|p| p.meta.id != self.id) {
            let Some(pod) = other.pod().filter(|p| !p.status.phase.ended()) else { continue };
            let spec = pod.status.sizes.as_ref().map_or(&pod.spec, |s| &s.granted);
            cpu += spec.requests.cpu;
            memory += spec.requests.memory;
        }
        let want = &self.spec.requests;
        for (name, want, used, room) in [("cpu", want.cpu, cpu, room.cpu), ("memory", want.memory, memory, room.memory)]
        {
            if want > 0 && room > 0 && used + want > room {
                return Err(format!(
                    "Node didn't have enough resource: {name}, requested: {want}, used: {used}, capacity: {room}"
                ));
            }
        }
        Ok(())
    }
    fn tell_resize(&mut self, warning: bool, reason: &'static str, words: String) {
        let told = Told::normal(KUBELET, self.id, reason, words);
        let host = (&self.kubelet.name).into();
        self.send(Told { warning, host, ..told });
    }
    /// `{"containers":[{"name":"app","resources":{…}}],"generation":2}`
    fn as_json(&self, error: Option<&str>) -> String {
        let one = |at: usize| {
            let mut inner = Map::new();
            for key in ["limits", "requests"] {
                if let Some(amounts) = resources(&self.spec, at).get(key) {
                    inner.set(key, amounts.clone());
                }
            }
            Value::Map(map! { "name" => self.spec.containers[at].name.clone(), "resources" => inner })
        };
        let generation = self.cx.get(self.id).map_or(0, |o| o.meta.generation);
        let containers: Vec<Value> = (0..self.spec.containers.len()).map(one).collect();
        let all = map! { "containers" => containers, "generation" => generation };
        let style = json::Style { escape_html: false, ..json::Style::COMPACT };
        let text = json::write(&Value::Map(all), style);
        match error {
            // The order of the members is that of the struct.
            Some(error) => {
                let error = json::write(&Value::from(error), style);
                format!("{},\"error\":{error}}}", text.strip_suffix('}').unwrap_or(&text))
            }
            None => text,
        }
    }
    /// What the report says of resources; `None` when they are those of the spec.
    pub(super) fn sizes(&self) -> Option<Rc<Sizes>> {
        let (granted, actual) = (&self.worker.granted, &self.worker.actual);
        let plain = !self.worker.was_resized && same(granted, &self.spec) && same(actual, &self.spec);
        (!plain).then(|| Rc::new(Sizes { granted: granted.clone(), actual: actual.clone() }))
    }
}

/// Stands where the name of a failed probe stands: new limits need a start.
pub const RESIZED: &str = "resize requires restart";

/// Whether a container's policy asks for a start when these resources change.
fn restarts(spec: &PodSpec, at: usize, before: &PodSpec) -> bool {
    let policies = spec.tree.list_at(&["containers"]).get(at).map(|c| c.list_at(&["resizePolicy"])).unwrap_or_default();
    let changed = |name: &str| {
        ["requests", "limits"]
            .iter()
            .any(|key| resources(spec, at).at(&[key, name]) != resources(before, at).at(&[key, name]))
    };
    policies.iter().any(|p| {
        p.str_at(&["restartPolicy"]) == Some("RestartContainer") && p.str_at(&["resourceName"]).is_some_and(changed)
    })
}

/// The resource that a message names.
fn short_of(message: &str) -> &str {
    message.split(": ").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default()
}

impl Resize {
    /// The condition that tells of it.
    pub fn condition(&self) -> Option<Condition> {
        match self {
            Resize::Done => None,
            Resize::Deferred(message, since) => {
                Some(Condition::new("PodResizePending", Tri::True, "Deferred", message.clone(), *since))
            }
            Resize::Under(since) => Some(Condition::new("PodResizeInProgress", Tri::True, "", "", *since)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_that_is_short_is_named() {
        assert_eq!(
            short_of("Node didn't have enough resource: cpu, requested: 1500, used: 800, capacity: 2000"),
            "cpu"
        );
    }
}
