//! What the scheduler sees of the cluster, and what it makes of it.

use super::hints::Event;
use super::plugins::scheduling_gates;
use super::queue::Place;
use super::view::PodView;
use super::{SCHEDULER, State, Timer, WATCH};
use crate::kubernetes::apiserver::{Change, ChangeKind, Cx};
use crate::kubernetes::objects::pod::NodeTerm;
use crate::kubernetes::objects::{Id, Kind, Object};
use std::rc::Rc;

/// Where a pod stands, and how the scheduler saw it last.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Node.
    pub node: Rc<str>,
    /// View.
    pub pod: Rc<PodView>,
    /// Whether the API server has not confirmed it yet.
    pub assumed: bool,
}

impl State {
    /// Sees a write.
    pub fn see(&mut self, change: &Change, cx: &mut Cx<Timer>) {
        match change.kind {
            Kind::Pod => self.see_pod(change, cx),
            Kind::Node => self.see_node(change, cx),
            Kind::Service => self.see_service(change),
            Kind::Namespace => self.see_namespace(change),
            Kind::Other(_) => match cx.api.kinds.name(change.kind) {
                "PersistentVolumeClaim" => self.see_claim(change, cx),
                "PersistentVolume" => self.see_volume(change),
                _ => return,
            },
            _ => return,
        }
        self.wake(cx);
    }

    fn see_pod(&mut self, change: &Change, cx: &mut Cx<Timer>) {
        let after = change.after.as_deref().filter(|_| change.what != ChangeKind::Deleted);
        let Some(pod) = change.object().and_then(|o| o.pod()) else { return };
        let placed = self.placed.get(&change.id);
        let assumed = placed.is_some_and(|p| p.assumed);
        if assumed && after.is_some() && pod.node.is_none() {
            // Something else changed while its binding is on the way.
            return;
        }
        if pod.node.is_some() || placed.is_some() {
            if placed.is_some() && !assumed && unchanged(change) {
                return;
            }
            self.see_placed(change.id, after, cx);
            return;
        }
        let Some(object) = after.filter(|_| pod.spec.scheduler_name == *SCHEDULER) else {
            self.forget(change.id);
            return;
        };
        if pod.status.phase.ended() {
            self.forget(change.id);
            return;
        }
        self.see_waiting(object, change, cx);
    }

    /// A pod that stands on a node, or stood there.
    fn see_placed(&mut self, id: Id, after: Option<&Object>, cx: &mut Cx<Timer>) {
        let stands = after.filter(|o| o.pod().is_some_and(|p| p.node.is_some() && !p.status.phase.ended()));
        let new = stands.and_then(|o| Some((o.pod()?.node.clone()?, Rc::new(PodView::of(o)?))));
        let old = self.placed.get(&id).cloned();
        match (old, new) {
            (None, None) => self.forget(id),
            (Some(old), None) => {
                self.snapshot.remove_pod(&old.node, id);
                self.placed.remove(&id);
                self.forget(id);
                self.happened(&Event::PodLeft(old.pod), cx);
            }
            (None, Some((node, pod))) => {
                self.forget(id);
                self.snapshot.add_pod(&node, pod.clone());
                self.placed.insert(id, Placed { node, pod: pod.clone(), assumed: false });
                self.happened(&Event::PodCame(pod), cx);
            }
            (Some(old), Some((node, pod))) => {
                let relabelled = old.pod.labels != pod.labels;
                if old.node != node || differs(&old.pod, &pod) {
                    self.snapshot.remove_pod(&old.node, id);
                    self.snapshot.add_pod(&node, pod.clone());
                    self.placed.insert(id, Placed { node, pod: pod.clone(), assumed: false });
                } else if let Some(placed) = self.placed.get_mut(&id) {
                    placed.assumed = false;
                }
                if old.assumed {
                    self.happened(&Event::PodCame(pod), cx);
                } else if relabelled {
                    self.happened(&Event::PodRelabelled(pod), cx);
                }
            }
        }
    }

    fn see_waiting(&mut self, object: &Object, change: &Change, cx: &mut Cx<Timer>) {
        let id = object.meta.id;
        let Some(view) = PodView::of(object) else { return };
        let gated = scheduling_gates::pre_enqueue(&view).is_some();
        if self.queue.get(id).is_none() {
            self.queue.arrive(id, view.spec.priority, cx.now() + WATCH);
            if gated {
                self.queue.put(id, Place::Gated);
            }
            if let Some(node) = view.nominated.clone() {
                self.nominate(id, Some(node), Rc::new(view));
            }
            return;
        }
        match self.queue.get(id).map(|w| w.place) {
            Some(Place::Gated) if !gated => self.queue.put(id, Place::Active),
            Some(Place::Stuck(_)) if wish_changed(change) => self.queue.wake(id, cx.now()),
            _ => {}
        }
        let node = view.nominated.clone();
        if node.is_some() || self.nominated.contains_key(&id) {
            self.nominate(id, node, Rc::new(view));
        }
    }
    /// A pod that does not wait any more.
    pub(super) fn forget(&mut self, id: Id) {
        self.queue.remove(id);
        if let Some(node) = self.nominated.remove(&id) {
            self.renominate(&node.0);
        }
    }
    /// Notes for which node room was made for a pod, or that there is none.
    pub(super) fn nominate(&mut self, id: Id, node: Option<Rc<str>>, pod: Rc<PodView>) {
        let old = match node.clone() {
            Some(node) => self.nominated.insert(id, (node, pod)),
            None => self.nominated.remove(&id),
        };
        for node in [old.map(|(node, _)| node), node].into_iter().flatten() {
            self.renominate(&node);
        }
    }
    fn renominate(&mut self, node: &Rc<str>) {
        let here = self.nominated.values().filter(|(n, _)| n == node).map(|(_, pod)| pod.clone());
        let here = here.collect();
        self.snapshot.set_nominated(node, here);
    }

    fn see_node(&mut self, change: &Change, cx: &mut Cx<Timer>) {
        let Some(object) = change.object() else { return };
        let (name, labels) = (&object.meta.name, &object.meta.labels);
        let old = self.snapshot.position(name).map(|at| self.snapshot.nodes()[at].clone());
        let Some(node) = change.after.as_ref().and_then(|o| o.node()) else {
            self.snapshot.remove_node(name);
            self.happened(&Event::NodeLeft, cx);
            return;
        };
        let same = old.as_ref().is_some_and(|old| {
            old.unschedulable == node.unschedulable
                && old.taints == node.taints
                && old.labels == *labels
                && *old.allocatable == *node.allocatable
                && change.before.as_ref().and_then(|b| b.node()).is_some_and(|b| b.images == node.images)
        });
        if same {
            return;
        }
        self.snapshot.set_node(name, labels, node);
        let Some(new) = self.snapshot.position(name).map(|at| self.snapshot.nodes()[at].clone()) else { return };
        let event = match old {
            Some(old) => Event::NodeChanged(old, new),
            None => Event::NodeCame(new),
        };
        self.happened(&event, cx);
    }

    fn see_service(&mut self, change: &Change) {
        let Some(object) = change.object() else { return };
        let list = self.services.entry(object.meta.namespace.clone()).or_default();
        list.retain(|(id, _)| *id != change.id);
        let selector = change.after.as_ref().and_then(|o| o.service()?.selector.clone());
        if let Some(selector) = selector {
            list.push((change.id, Rc::new(selector)));
        }
        self.selectors_changed += 1;
    }

    fn see_namespace(&mut self, change: &Change) {
        let Some(object) = change.object() else { return };
        let labels = change.after.as_ref().map(|o| &o.meta.labels);
        self.snapshot.set_namespace(&object.meta.name, labels);
    }

    /// From now on nothing makes volumes: a pod waits until its claims are bound.
    pub fn no_volumes_come(&mut self) {
        self.snapshot.no_volumes_come = true;
    }

    fn see_claim(&mut self, change: &Change, cx: &Cx<Timer>) {
        let Some(meta) = change.object().map(|o| &o.meta) else { return };
        let volume = |o: &Rc<Object>| o.plain().and_then(|t| t.str_at(&["spec", "volumeName"])).map(Rc::from);
        let bound = change.after.as_ref().map(volume);
        let now_bound =
            bound.as_ref().is_some_and(Option::is_some) && change.before.as_ref().and_then(volume).is_none();
        self.snapshot.set_claim(&meta.namespace, &meta.name, bound);
        if change.what == ChangeKind::Added || now_bound {
            self.happened(&Event::ClaimCame(meta.namespace.clone(), meta.name.clone()), cx);
        }
    }

    fn see_volume(&mut self, change: &Change) {
        let Some(meta) = change.object().map(|o| &o.meta) else { return };
        let path = ["spec", "nodeAffinity", "required"];
        let required = change.after.as_ref().and_then(|o| o.plain()).and_then(|t| t.at(&path));
        let terms = required.map(|r| r.list_at(&["nodeSelectorTerms"]).iter().map(NodeTerm::read).collect());
        self.snapshot.set_volume(&meta.name, terms);
    }

    /// Lets the pods try again that an event may help.
    pub(super) fn happened(&mut self, event: &Event, cx: &Cx<Timer>) {
        let plugins = event.plugins();
        if plugins == 0 || !self.queue.any_stuck() {
            return;
        }
        for id in self.queue.stuck_on(plugins) {
            let Some(Place::Stuck(refused)) = self.queue.get(id).map(|w| w.place) else { continue };
            let view = cx.api.store.get(id).and_then(|o| PodView::of(o));
            if event.about() != Some(id) && view.is_some_and(|pod| event.helps(&pod, refused)) {
                self.queue.wake(id, cx.now());
            }
        }
    }
}

/// Whether a waiting pod's own wish or labels changed.
fn wish_changed(change: &Change) -> bool {
    let (Some(before), Some(after)) = (&change.before, &change.after) else { return false };
    let hash = |o: &Object| o.pod().map(|p| p.spec.hash);
    hash(before) != hash(after) || before.meta.labels != after.meta.labels
}

/// Whether nothing changed that the scheduler looks at of a placed pod.
fn unchanged(change: &Change) -> bool {
    let (Some(before), Some(after)) = (&change.before, &change.after) else { return false };
    let (Some(a), Some(b)) = (before.pod(), after.pod()) else { return false };
    let same_wish = Rc::ptr_eq(&a.spec, &b.spec) || a.spec.hash == b.spec.hash;
    let preempted = |o: &Object| o.pod().is_some_and(|p| p.condition("DisruptionTarget").is_some());
    same_wish
        && a.node == b.node
        && a.status.phase.ended() == b.status.phase.ended()
        && a.status.start_time == b.status.start_time
        && before.meta.labels == after.meta.labels
        && before.meta.deleting() == after.meta.deleting()
        && preempted(before) == preempted(after)
}

/// Whether a placed pod differs in what counts.
fn differs(a: &PodView, b: &PodView) -> bool {
    a.spec.hash != b.spec.hash
        || a.labels != b.labels
        || (a.deleting, a.preempted, a.start) != (b.deleting, b.preempted, b.start)
}
