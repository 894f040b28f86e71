//! One look at a pod: report what is, start what should run, and decide when to look again.
//! Source: kubernetes v1.37 pkg/kubelet/kubelet.go, SyncPod; pod_workers.go, completeWork.

use super::node::{Kubelet, TICK};
use super::restart::CHANGED;
use super::worker::{Stage, Step, Worker};
use super::{KUBELET, Settings, State, Timer, sandbox, took};
use crate::kubernetes::apiserver::{Change, Cx, Told};
use crate::kubernetes::objects::pod::{Pod, PodSpec};
use crate::kubernetes::objects::{Id, Object};
use crate::sim::{Span, Time};
use crate::text::Word;
use crate::workload::{Latencies, Latency, Workloads};
use std::rc::Rc;

/// Pause before the next look when something could not be done, unless a back-off says less.
/// Source: kubernetes v1.37 pkg/kubelet/kubelet.go, backOffPeriod.
pub const RETRY: Span = Span::secs(10);
/// Longest pause before a look that waits for a back-off. Source: recorded: min(rest of the back-off, 60 s) times 1 to 1.5.
const RETRY_MAX: Span = Span::secs(60);

/// Everything at hand while one pod is worked on.
pub(super) struct Desk<'a, 'b> {
    pub id: Id,
    pub worker: &'a mut Worker,
    pub kubelet: &'a mut Rc<Kubelet>,
    pub workloads: &'a Rc<Workloads>,
    pub latencies: &'a Rc<Latencies>,
    pub settings: &'a Rc<Settings>,
    pub cx: &'a mut Cx<'b, Timer>,
    pub spec: Rc<PodSpec>,
}

impl State {
    /// Works on one pod, if it is there and its kubelet works.
    pub(super) fn with<R>(
        &mut self,
        id: Id,
        cx: &mut Cx<Timer>,
        act: impl FnOnce(&mut Desk<'_, '_>) -> R,
    ) -> Option<R> {
        let State { kubelets, pods, workloads, latencies, settings, .. } = self;
        let worker = pods.get_mut(&id)?;
        let kubelet = kubelets.get_mut(&worker.node)?;
        let spec = cx.api.store.get(id)?.pod()?.spec.clone();
        let worker = Rc::make_mut(worker);
        Some(act(&mut Desk { id, worker, kubelet, workloads, latencies, settings, cx, spec }))
    }
    /// A pod was bound to one of the nodes.
    pub(super) fn take_pod(&mut self, object: &Rc<Object>, cx: &mut Cx<Timer>) {
        let Some(Pod { spec, node: Some(node), status }) = object.pod() else { return };
        let Some(kubelet) = self.kubelets.get(node).filter(|k| k.up && k.reaches()) else { return };
        if status.phase.ended() {
            return;
        }
        let (id, name) = (object.meta.id, kubelet.name.clone());
        if !self.adopts(object, cx) {
            return;
        }
        let mut worker = Worker::new(name, spec, cx.now());
        worker.sheet = super::manifests::mirror_of(object).cloned();
        self.pods.insert(id, Rc::new(worker));
        let wait = self.latencies.watch.draw(cx.chance(KUBELET));
        let at = cx.now() + wait;
        self.with(id, cx, |desk| desk.look_at(at));
    }
    /// The books no longer have the pod: whatever runs of it is stopped.
    pub(super) fn pod_gone(&mut self, change: &Change, cx: &mut Cx<Timer>) {
        if let Some(node) = self.pods.get(&change.id).map(|w| w.node.clone()) {
            self.retry_resizes(&node, cx);
        }
        self.pods.remove(&change.id);
        let now = cx.now();
        cx.api.floor.end_all(change.id.0, now);
    }
    /// Asks for a look after the usual latency of a watch.
    pub(super) fn look_soon(&mut self, id: Id, cx: &mut Cx<Timer>) {
        self.with(id, cx, |desk| {
            let at = desk.now() + desk.draw(|l| l.watch);
            desk.look_at(at);
        });
    }
    pub(super) fn look_due(&mut self, id: Id, cx: &mut Cx<Timer>) {
        self.with(id, cx, |desk| {
            if desk.worker.look_at == Some(desk.now()) {
                desk.worker.look_at = None;
                desk.look();
            }
        });
    }
    pub(super) fn step_done(&mut self, id: Id, op: u32, cx: &mut Cx<Timer>) {
        self.with(id, cx, |desk| {
            if desk.worker.op == op && desk.kubelet.up {
                desk.step_done();
            }
        });
    }
    /// The kubelet works again: the worker drops what it was doing and looks.
    pub(super) fn resume(&mut self, id: Id, wait: Span, cx: &mut Cx<Timer>) {
        let deleting = cx.get(id).is_some_and(|o| o.meta.deleting());
        self.with(id, cx, |desk| {
            desk.worker.op += 1;
            (desk.worker.step, desk.worker.again) = (Step::Idle, false);
            // A kubelet that starts anew knows no back-off. Source: recorded.
            // A static pod's is in its name, and its name is the same. Source: recorded.
            let fixed = desk.worker.sheet.is_some();
            for slot in desk.worker.slots.iter_mut().filter(|_| !fixed) {
                (slot.backoff, slot.pull) = (None, None);
            }
            let at = desk.now() + wait;
            desk.look_at(at);
        });
        if deleting {
            self.stop_pod(id, cx);
            self.go_on_leaving(id, cx);
        }
    }
}

impl Desk<'_, '_> {
    pub(super) fn now(&self) -> Time {
        self.cx.now()
    }
    pub(super) fn draw(&mut self, which: impl FnOnce(&Latencies) -> Latency) -> Span {
        which(self.latencies).draw(self.cx.chance(KUBELET))
    }
    /// Asks for a look at `at`, unless there is an earlier one.
    pub(super) fn look_at(&mut self, at: Time) {
        if self.worker.look_at.is_none_or(|have| at < have || have < self.now()) {
            self.worker.look_at = Some(at);
            self.cx.timers.push((at, Timer::Look(self.id)));
        }
    }
    /// Asks for a look when the runtime is asked next what runs.
    pub(super) fn look_at_relist(&mut self) {
        let seen = self.now() + self.draw(|l| l.relist);
        let at = self.kubelet.tick(seen);
        self.look_at(at);
    }
    /// Begins a step that takes so long.
    pub(super) fn begin(&mut self, step: Step, takes: Span) {
        self.worker.step = step;
        self.worker.op += 1;
        self.cx.after(takes, Timer::Step(self.id, self.worker.op));
    }
    /// Tells people something about a container of the pod.
    pub(super) fn tell(&mut self, slot: u16, warning: bool, reason: &'static str, message: impl Into<Word>) {
        let Some(container) = self.worker.container(&self.spec, slot) else { return };
        let list = if self.worker.is_init(slot) { "initContainers" } else { "containers" };
        let field = Word::from(format!("spec.{list}{{{}}}", container.name));
        let host = Word::from(&self.kubelet.name);
        let told = Told::normal(KUBELET, self.id, reason, message);
        self.send(Told { warning, field, host, ..told });
    }
    /// Sends an event, or keeps it while nobody hears.
    pub(super) fn send(&mut self, told: Told) {
        match self.kubelet.reaches() {
            true => drop(self.cx.api.tell(told)),
            false => Rc::make_mut(self.kubelet).keep(told),
        }
    }
    /// `name_namespace(uid)`, as messages name pods.
    pub(super) fn pod_words(&self) -> String {
        let card = self.cx.api.store.card(self.id);
        let (namespace, name) = card.map_or(("", ""), |c| (&c.namespace, &c.name));
        format!("{name}_{namespace}({})", self.own_uid())
    }

    /// One look.
    fn look(&mut self) {
        if !self.kubelet.up {
            return;
        }
        if self.worker.step != Step::Idle {
            self.worker.again = true;
            return;
        }
        if self.worker.stage != Stage::Live {
            return;
        }
        self.worker.ip_shown = true;
        if self.worker.why.is_none() && self.worker.slots.iter().all(|s| s.runs == 0) && !self.worker.sandbox {
            self.worker.why = Some(took(&self.kubelet.name));
        }
        if self.worker.looked.is_none() && self.refuse() {
            return;
        }
        if self.worker.looked.replace(self.now()).is_none() {
            self.make_probers();
            if let Some(deadline) = self.spec.active_deadline {
                let at = self.kubelet.tick(self.worker.since.whole_seconds() + deadline);
                self.cx.timers.push((at, Timer::Deadline(self.id)));
            }
        }
        self.write_status();
        self.probe_unready();
        if self.worker.course(&self.spec).ended() && self.worker.slots.iter().any(|s| s.running()) {
            return self.wind_down();
        }
        if self.worker.phase(&self.spec).ended() {
            self.worker.stage = Stage::Ending;
            let takes = self.draw(|l| l.relist) + TICK;
            self.begin(Step::End, takes);
            return;
        }
        if self.restart_all() || self.resize() {
            return;
        }
        self.find_changed();
        self.kill_for_good();
        self.worker.started_any = false;
        self.worker.retry = None;
        if !self.worker.sandbox {
            if self.worker.to_start(&self.spec).is_empty() {
                return;
            }
            return self.mount(Span::ZERO);
        }
        self.plan();
    }
    /// Containers whose image was changed are started again, whatever their policy.
    /// Source: kubernetes v1.37 pkg/kubelet/kuberuntime/kuberuntime_manager.go, computePodActions, containerChanged.
    fn find_changed(&mut self) {
        for at in self.worker.all() {
            let image = self.worker.container(&self.spec, at).map(|c| c.image.clone());
            let slot = &mut self.worker.slots[at as usize];
            if slot.running() && image.is_some_and(|i| *i != *slot.image) {
                slot.doomed = Some(CHANGED);
            }
        }
    }
    fn plan(&mut self) {
        let mut plan = self.worker.to_start(&self.spec);
        plan.reverse();
        if !plan.is_empty() {
            self.miss_secrets();
        }
        self.worker.plan = plan;
        self.next_start();
    }
    fn step_done(&mut self) {
        let step = std::mem::replace(&mut self.worker.step, Step::Idle);
        match step {
            Step::Idle => {}
            Step::Mount(pause) => self.mount(pause),
            Step::Sandbox => self.sandbox_made(),
            Step::Pull(slot, since, began) => self.pulled(slot, since, began),
            Step::Create(slot) => self.created(slot),
            Step::Start(slot) => self.started(slot),
            Step::Hook(slot) => self.hook_done(slot),
            Step::Restart(_) => {}
            Step::Resize => self.resized(),
            Step::End => {
                self.worker.stage = Stage::Ended;
                (self.worker.sandbox, self.worker.sandbox_gone) = (false, true);
                let phase = self.worker.phase(&self.spec);
                self.worker.why = Some(super::stopped(phase.word()));
                self.write_status();
            }
        }
    }
    fn sandbox_made(&mut self) {
        self.worker.sandbox = true;
        if !self.spec.host_network {
            self.worker.ip = Some(Rc::make_mut(self.kubelet).next_ip());
        } else {
            self.worker.ip = Some(self.kubelet.address.clone());
        }
        self.worker.ip_shown = false;
        self.worker.why = Some(sandbox(&self.kubelet.name));
        self.write_status();
        self.plan();
    }
    /// The work of a look is done: when is the next one?
    pub(super) fn finish(&mut self) {
        self.worker.step = Step::Idle;
        let again = std::mem::take(&mut self.worker.again);
        if self.worker.stage != Stage::Live {
            return self.stop_now();
        }
        if self.worker.started_any {
            let at = self.now() + self.draw(|l| l.report);
            self.look_at(at);
        } else if again {
            let at = self.now();
            self.look_at(at);
        } else if self.worker.waits_for_first_relist() {
            self.look_at_relist();
        }
        if let Some(pause) = self.worker.retry {
            let pause = pause.min(RETRY_MAX);
            let longer = self.cx.chance(KUBELET).between(pause, Span(pause.0 + pause.0 / 2));
            let at = self.kubelet.tick(self.now() + longer);
            self.look_at(at);
        }
    }
}

impl Worker {
    /// Whether a failure in the very first look is not yet reported: the new sandbox makes the next relist look again.
    fn waits_for_first_relist(&self) -> bool {
        self.retry.is_some() && !self.ip_shown
    }
}
