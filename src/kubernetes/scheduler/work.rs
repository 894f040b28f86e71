//! One pod's turn: find a node, take it, tell the API server; or say why not, and make room where that helps.
//! Source: kubernetes v1.37 pkg/scheduler/schedule_one.go, ScheduleOne, handleSchedulingFailure, bindingCycle.

use super::attempts::{Failure, Kept, Known};
use super::framework::{Attempt, Cycle, attempt};
use super::hints::mask;
use super::plugins::scheduling_gates;
use super::preemption::{Budget, Outcome, preempt};
use super::queue::Place;
use super::snapshot::default_selector;
use super::view::PodView;
use super::watch::Placed;
use super::{BIND, CYCLE, EVICT, SCHEDULER, State, Timer, bound, made_room, makes_room, no_fit};
use crate::kubernetes::apiserver::{Api, By, Cx, DeleteOptions, Told};
use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::objects::pod::Pod;
use crate::kubernetes::objects::{Condition, Id, Object, set_condition};
use crate::sim::{Span, mix};
use crate::text::{Value, Word};
use std::rc::Rc;

/// Longest message of an event, in bytes. Source: kubernetes v1.37 pkg/scheduler/schedule_one.go, truncateMessage.
const MESSAGE_MAX: usize = 1024;

impl State {
    /// Sets the timer for the next turn if there is something to do.
    pub(super) fn wake(&mut self, cx: &mut Cx<Timer>) {
        let now = cx.now();
        let Some(next) = self.queue.next_at(now) else { return };
        let at = next.max(self.busy_until).max(now);
        if self.work_at.is_none_or(|set| at < set) {
            self.work_at = Some(at);
            cx.timers.push((at, Timer::Work));
        }
    }
    /// It is time for a turn.
    pub(super) fn work(&mut self, cx: &mut Cx<Timer>) {
        let now = cx.now();
        if self.work_at.is_none_or(|at| at > now) {
            return;
        }
        self.work_at = None;
        if let Some(id) = self.queue.pop(now) {
            self.busy_until = now + CYCLE;
            self.turn(id, cx);
        }
        self.wake(cx);
    }

    fn turn(&mut self, id: Id, cx: &mut Cx<Timer>) {
        let Some(object) = cx.get(id) else { return self.forget(id) };
        let Some(pod) = PodView::of(&object).filter(|p| !p.deleting) else { return self.forget(id) };
        if scheduling_gates::pre_enqueue(&pod).is_some() {
            self.queue.put(id, Place::Gated);
            return;
        }
        self.snapshot.arrange();
        let pod = Rc::new(pod);
        let owner = object.meta.controller().and_then(|o| o.id);
        let template = self.cache_of(&pod, owner, &object, cx.api);
        // Pods that room was made for count only on the long way.
        if self.nominated.is_empty()
            && let Some(placed) = self.fast.place(template, &self.snapshot, self.start)
        {
            self.start = (self.start + placed.evaluated) % self.snapshot.nodes().len();
            self.keep(id, Kept::of(cx.now(), &placed, &self.snapshot));
            return self.assume(&pod, placed.node, cx);
        }
        self.long_turn(&object, &pod, template, cx);
    }
    fn cache_of(&mut self, pod: &Rc<PodView>, owner: Option<Id>, object: &Object, api: &Api) -> usize {
        let mut fast = std::mem::take(&mut self.fast);
        let template = fast.template(pod, owner, self.selectors_changed, || self.selector_for(object, api));
        self.fast = fast;
        template
    }
    /// The turn that walks the nodes.
    fn long_turn(&mut self, object: &Rc<Object>, pod: &Rc<PodView>, template: usize, cx: &mut Cx<Timer>) {
        let snapshot = &self.snapshot;
        let known = (snapshot.change_count(), snapshot.shape(), snapshot.affine_version());
        if let Some(failure) = self.fast.failure(template, known, pod) {
            return self.fail_again(object, pod, &failure, cx);
        }
        let selector = self.fast.selector(template).clone();
        let mut cycle = Cycle::new(&self.snapshot, &selector);
        let found = attempt(pod, &mut cycle, self.start, false);
        if found.nodes > 0 && !found.as_nominated {
            self.start = (self.start + found.evaluated) % found.nodes;
        }
        let Some(taken) = found.taken() else {
            let budgets = budgets(cx);
            // Not drawn from the stream, so that a failure that is only repeated leaves no trace there.
            let tries = self.queue.get(pod.id).map_or(0, |w| w.failures);
            let draw = mix(u64::from(pod.id.0) << 32 | u64::from(tries));
            let mut outcome = None;
            if found.nodes > 0 {
                outcome = Some(preempt(pod, &found, &cycle, &budgets, |n| (draw % n as u64) as usize));
            }
            drop(cycle);
            return self.fail(object, pod, &found, outcome, (template, known), cx);
        };
        drop(cycle);
        self.keep(pod.id, Kept::placed(cx.now(), &found, taken, found.best().len(), &self.snapshot));
        self.assume(pod, found.feasible[taken], cx);
    }

    /// The pod counts on the node from now on; the API server is told a moment later.
    fn assume(&mut self, pod: &Rc<PodView>, at: usize, cx: &mut Cx<Timer>) {
        let node = self.snapshot.nodes()[at].name.clone();
        self.forget(pod.id);
        let view = Rc::new(PodView { nominated: None, ..(**pod).clone() });
        self.snapshot.add_pod(&node, view.clone());
        self.placed.insert(pod.id, Placed { node, pod: view, assumed: true });
        cx.after(BIND, Timer::Bind(pod.id));
    }
    /// Tells the API server where the pod goes.
    pub(super) fn bind(&mut self, id: Id, cx: &mut Cx<Timer>) {
        let Some(placed) = self.placed.get(&id).filter(|p| p.assumed).cloned() else { return };
        let now = cx.now();
        let kept = self.newest(id);
        let why = bound(&placed.node, kept.map_or(0, |k| k.feasible as i64), kept.map_or(0, |k| k.evaluated as i64));
        let by = By::actor(SCHEDULER, why);
        let node = placed.node.clone();
        cx.api.update_status(id, by, |o| {
            let Some(pod) = o.pod_mut() else { return };
            pod.node = Some(node);
            pod.status.nominated = None;
            // The API server writes it, without the generation; the kubelet adds that.
            // Source: kubernetes v1.37 pkg/registry/core/pod/storage/storage.go, setPodNodeAndMetadata.
            state_of(pod, Condition::new("PodScheduled", true, "", "", now.whole_seconds()));
        });
        let (namespace, name) = (&placed.pod.namespace, &placed.pod.name);
        let words = format!("Successfully assigned {namespace}/{name} to {}", placed.node);
        cx.api.tell(Told { action: "Binding", ..Told::normal(SCHEDULER, id, "Scheduled", words) });
    }

    fn fail(
        &mut self,
        object: &Rc<Object>,
        pod: &Rc<PodView>,
        found: &Attempt,
        outcome: Option<Outcome>,
        (template, known): (usize, Known),
        cx: &mut Cx<Timer>,
    ) {
        let id = pod.id;
        let mut message = found.message();
        let mut chosen = None;
        if let Some(outcome) = &outcome {
            let n = outcome.chosen.len() as u64;
            chosen = (n > 0).then(|| outcome.chosen[cx.chance(SCHEDULER).below(n) as usize]);
            let name = |at: usize| self.snapshot.nodes()[at].name.to_string();
            message = format!("{message} {}", outcome.message(found, name, chosen));
        }
        let clears = outcome.as_ref().is_some_and(|o| o.ineligible.is_none() && chosen.is_none());
        let candidate = chosen.and_then(|at| outcome.as_ref()?.candidates.get(at).cloned());
        let room = candidate.as_ref().map(|c| self.snapshot.nodes()[c.node].name.clone());
        let kept = Kept::failed(cx.now(), found, message.into());
        let failure = Failure { kept, plugins: mask(&found.unschedulable_plugins()), clears };
        self.report(object, &failure, room.clone().zip(candidate.as_ref().map(|c| c.victims.len())), cx);
        if room.is_none() && pod.nominated.is_none() {
            self.fast.set_failure(template, known, failure);
        }
        if clears || room.is_some() {
            self.nominate(id, room.clone(), Rc::new(PodView { nominated: room.clone(), ..(**pod).clone() }));
        }
        if let (Some(node), Some(candidate)) = (room, candidate) {
            // The last one goes when all others have been told.
            if let Some((last, others)) = candidate.victims.split_last() {
                others.iter().for_each(|victim| evict(pod.id, &pod.name, victim.id, &node, cx));
                let wait = if others.is_empty() { Span::ZERO } else { EVICT };
                cx.after(wait, Timer::Evict(pod.id, pod.name.clone(), last.id, node.clone()));
            }
            self.unseat(pod, &node, cx);
        }
    }
    /// The cluster is as it was when a pod of this template failed.
    fn fail_again(&mut self, object: &Rc<Object>, pod: &Rc<PodView>, failure: &Failure, cx: &mut Cx<Timer>) {
        let mut failure = failure.clone();
        failure.kept.t = cx.now();
        self.report(object, &failure, None, cx);
        debug_assert!(pod.nominated.is_none());
    }
    /// Tells everybody why a pod did not fit, and on which node room is being made by how many victims.
    fn report(&mut self, object: &Object, failure: &Failure, room: Option<(Rc<str>, usize)>, cx: &mut Cx<Timer>) {
        let id = object.meta.id;
        let Failure { kept, plugins, clears } = failure;
        let (message, nodes) = (kept.message.clone(), i64::from(kept.nodes));
        self.keep(id, kept.clone());
        self.queue.failed(id, *plugins, cx.now());
        if !self.flushing {
            self.flushing = true;
            cx.after(super::queue::STUCK_LOOK, Timer::Flush);
        }
        let told = Told::warning(SCHEDULER, id, "FailedScheduling", truncated(&message));
        cx.api.tell(Told { action: "Scheduling", ..told });
        let why = match &room {
            Some((node, victims)) => makes_room(node, *victims),
            None => no_fit(nodes, message.clone()),
        };
        let now = cx.now().whole_seconds();
        let by = By::actor(SCHEDULER, why);
        let by = if object.meta.source.is_some() { by.reading(object, "spec") } else { by };
        let node = room.map(|(node, _)| node);
        cx.api.update_status(id, by, |o| {
            let generation = o.meta.generation;
            let Some(pod) = o.pod_mut() else { return };
            if *clears || node.is_some() {
                pod.status.nominated = node;
            }
            let condition = Condition::new("PodScheduled", false, "Unschedulable", message, now);
            state_of(pod, Condition { generation, ..condition });
        });
    }
    /// Pods of lower priority lose their nomination for a node that a higher one makes room on.
    /// Source: kubernetes v1.37 pkg/scheduler/framework/preemption/preemption.go, getLowerPriorityNominatedPods.
    fn unseat(&mut self, pod: &PodView, node: &Rc<str>, cx: &mut Cx<Timer>) {
        let lower = |n: &Rc<str>, p: &PodView| n == node && p.spec.priority < pod.spec.priority;
        let unseated: Vec<_> =
            self.nominated.iter().filter(|(_, (n, p))| lower(n, p)).map(|(id, (_, p))| (*id, p.clone())).collect();
        for (id, view) in unseated {
            self.nominate(id, None, view);
            cx.api.update_status(id, By::actor(SCHEDULER, made_room(node, &pod.name)), |o| {
                if let Some(pod) = o.pod_mut() {
                    pod.status.nominated = None;
                }
            });
        }
    }

    /// What selects the pod together with its like.
    pub(super) fn selector_for(&self, object: &Object, api: &Api) -> LabelSelector {
        if object.pod().is_some_and(|p| !p.spec.spread.is_empty()) {
            return LabelSelector::default();
        }
        let services = self.services.get(&object.meta.namespace).into_iter().flatten();
        let owner = object.meta.controller().and_then(|o| api.store.get(o.id?)).and_then(|o| owner_selector(o, api));
        default_selector(&object.meta.labels, services.map(|(_, s)| s.as_slice()), owner.as_ref())
    }
}

/// The selector of a ReplicaSet, ReplicationController or StatefulSet.
fn owner_selector(owner: &Object, api: &Api) -> Option<LabelSelector> {
    if let Some(set) = owner.replica_set() {
        return Some((*set.selector).clone());
    }
    let tree = owner.plain()?.at(&["spec", "selector"])?;
    match api.kinds.name(owner.kind) {
        "StatefulSet" => Some(LabelSelector::read(tree)),
        "ReplicationController" => {
            let pairs = tree.as_map()?.iter().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.into())));
            let mut labels: Vec<_> = pairs.collect();
            labels.sort();
            Some(LabelSelector { labels, expressions: Vec::new() })
        }
        _ => None,
    }
}

/// Makes a pod leave for another; one that is leaving already is left alone, and nothing is told of it.
/// Source: kubernetes v1.37 pkg/scheduler/framework/preemption, PreemptPod, prepareCandidateAsync.
pub(super) fn evict(preemptor: Id, name: &Rc<str>, victim: Id, node: &Rc<str>, cx: &mut Cx<Timer>) {
    if cx.api.store.get(victim).is_none_or(|o| o.meta.deleting()) {
        return;
    }
    let now = cx.now().whole_seconds();
    let cause = cx.api.newest_about(preemptor);
    let by = || By::actor(SCHEDULER, made_room(node, name)).because(cause);
    cx.api.update_status(victim, by(), |o| {
        let generation = o.meta.generation;
        let Some(it) = o.pod_mut() else { return };
        let words = format!("{SCHEDULER}: preempting to accommodate a higher priority pod");
        let condition = Condition::new("DisruptionTarget", true, "PreemptionByScheduler", words, now);
        state_of(it, Condition { generation, ..condition });
    });
    cx.api.delete(victim, by(), DeleteOptions::default());
    let words = format!("Preempted by pod {} on node {node}", cx.api.calendar.uid(preemptor));
    cx.api.tell(Told { action: "Preempting", ..Told::normal(SCHEDULER, victim, "Preempted", words) });
}

/// Sets a condition; one that says the same as before stays as it is, and nothing is written.
fn state_of(pod: &mut Pod, new: Condition) {
    let same = |c: &&Condition| {
        (c.status, &c.reason, &c.message, c.generation) == (new.status, &new.reason, &new.message, new.generation)
    };
    if pod.condition(&new.kind).filter(same).is_none() {
        set_condition(&mut pod.status.conditions, new);
    }
}

/// All disruption budgets.
fn budgets(cx: &Cx<Timer>) -> Vec<Budget> {
    let Some(kind) = cx.api.kinds.find("policy/v1", "PodDisruptionBudget") else { return Vec::new() };
    cx.api.store.list(kind).filter_map(|o| budget(o)).collect()
}

fn budget(object: &Object) -> Option<Budget> {
    let tree = object.plain()?;
    let disrupted = tree.at(&["status", "disruptedPods"]).and_then(Value::as_map);
    Some(Budget {
        namespace: object.meta.namespace.clone(),
        selector: tree.at(&["spec", "selector"]).map(LabelSelector::read).unwrap_or_default(),
        allowed: tree.int_at(&["status", "disruptionsAllowed"]).unwrap_or(0),
        disrupted: disrupted.into_iter().flat_map(|m| m.iter()).map(|(name, _)| name.clone()).collect(),
    })
}

fn truncated(message: &str) -> Word {
    const DOTS: &str = " ...";
    if message.len() <= MESSAGE_MAX {
        return message.to_owned().into();
    }
    let mut end = MESSAGE_MAX - DOTS.len();
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{DOTS}", &message[..end]).into()
}
