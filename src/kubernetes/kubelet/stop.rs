//! Stopping a pod: hooks, SIGTERM, SIGKILL, the last reports, and the removal.
//! Source: kubernetes v1.37 pkg/kubelet/kubelet.go, SyncTerminatingPod, SyncTerminatedPod; kuberuntime_container.go, killContainer.

use super::lifecycle::Desk;
use super::restart::is_sidecar;
use super::start::{hook_takes, words_of};
use super::status::{DEADLINE, DEADLINE_WORDS};
use super::worker::{SIGKILLED, Stage, Step};
use super::{KUBELET, State, Timer, gone, stopped, stopping};
use crate::kubernetes::apiserver::{By, Cx, DeleteOptions};
use crate::kubernetes::objects::Id;
use crate::sim::{Span, Time};
use crate::workload::Term;

/// Time that a container gets at least, even when hooks have used up the grace.
/// Source: kubernetes v1.37 pkg/kubelet/kuberuntime/kuberuntime_container.go, minimumGracePeriodInSeconds.
const GRACE_MIN: Span = Span::secs(2);

impl State {
    /// The pod is under deletion, or its grace was shortened.
    pub(super) fn stop_pod(&mut self, id: Id, cx: &mut Cx<Timer>) {
        let Some(deletion) = cx.get(id).and_then(|o| o.meta.deletion) else { return };
        self.with(id, cx, |desk| {
            if !desk.kubelet.up {
                return;
            }
            let deadline = desk.now() + deletion.grace;
            match desk.worker.stage {
                Stage::Live | Stage::Ending => {
                    desk.worker.stage = Stage::Stopping { deadline };
                    // A step under way is finished first, except waiting and the stopping of an ended pod's sandbox.
                    if matches!(desk.worker.step, Step::Idle | Step::End | Step::Mount(_)) {
                        desk.worker.step = Step::Idle;
                        desk.worker.op += 1;
                        desk.stop_now();
                    }
                }
                Stage::Stopping { deadline: before } if deadline < before => desk.shorten(deadline),
                Stage::Ended => {
                    desk.worker.stage = Stage::Leaving { reported: true };
                    let wait = desk.draw(|l| l.watch);
                    desk.cx.after(wait, Timer::Leave(id));
                }
                _ => {}
            }
        });
    }
    /// The program in a container gets SIGTERM and ends by it.
    pub(super) fn term(&mut self, id: Id, slot: u16, run: u32, cx: &mut Cx<Timer>) {
        self.with(id, cx, |desk| {
            let profile = desk.worker.slots.get(slot as usize).and_then(|s| s.profile.clone());
            let code = match profile.map(|p| p.term) {
                Some(Term::Ends { code, .. }) => code,
                _ => SIGKILLED,
            };
            desk.exited(slot, run, Some(code));
        });
    }
    /// The pod was active for too long: it is stopped and fails.
    pub(super) fn overdue(&mut self, id: Id, cx: &mut Cx<Timer>) {
        self.with(id, cx, |desk| {
            if desk.worker.stage != Stage::Live || !desk.kubelet.up {
                return;
            }
            desk.worker.overdue = true;
            desk.tell_pod(false, DEADLINE, DEADLINE_WORDS);
            let seconds = desk.spec.active_deadline.unwrap_or_default().as_secs();
            desk.worker.why = Some(super::deadline(seconds));
            let grace = desk.spec.grace;
            desk.terminate(grace);
        });
    }
    pub(super) fn leave(&mut self, id: Id, cx: &mut Cx<Timer>) {
        if !self.pods.contains_key(&id) {
            return self.drop_orphan(id, cx);
        }
        let left = self.with(id, cx, |desk| desk.leave()).flatten();
        if left.is_some() && (cx.get(id).is_none() || self.pods.get(&id).is_some_and(|w| w.silent())) {
            self.pods.remove(&id);
            self.renamed.retain(|_, to| *to != id);
        }
    }
}

impl Desk<'_, '_> {
    /// Begins to stop everything that runs.
    pub(super) fn stop_now(&mut self) {
        let Stage::Stopping { deadline } = self.worker.stage else { return };
        let now = self.now();
        self.worker.ip_shown = true;
        let deleted = self.cx.get(self.id).is_some_and(|o| o.meta.deleting());
        if self.worker.why.is_none() || deleted {
            self.worker.why = Some(stopping(deadline.since(now).as_secs()));
        }
        if deleted {
            // Why a container does not run is forgotten. Source: kubernetes v1.37 pkg/kubelet/container/helpers.go,
            // ShouldContainerBeRestarted: not in a pod under deletion.
            self.worker.slots.iter_mut().for_each(|s| s.waiting = None);
        }
        self.write_status();
        for slot in &mut self.worker.slots {
            slot.rest_for_good(now);
        }
        let running: Vec<u16> = self.worker.all().filter(|at| self.worker.slots[*at as usize].running()).collect();
        for at in &running {
            let name = self.worker.container(&self.spec, *at).map(|c| c.name.clone()).unwrap_or_default();
            self.tell(*at, false, "Killing", format!("Stopping container {name}"));
        }
        if running.is_empty() {
            return self.one_stopped();
        }
        let (sidecars, mains): (Vec<u16>, Vec<u16>) = running.into_iter().partition(|at| self.is_sidecar(*at));
        if mains.is_empty() {
            return self.next_sidecar();
        }
        drop(sidecars);
        for at in mains {
            self.stop_container(at, deadline);
        }
    }
    fn is_sidecar(&self, at: u16) -> bool {
        self.worker.is_init(at) && self.worker.container(&self.spec, at).is_some_and(is_sidecar)
    }
    /// All main containers have ended for good: the sidecars follow.
    pub(super) fn wind_down(&mut self) {
        if std::mem::replace(&mut self.worker.winding_down, true) {
            return;
        }
        let running: Vec<u16> =
            self.worker.all().rev().filter(|at| self.worker.slots[*at as usize].running()).collect();
        let deadline = self.now() + self.spec.grace;
        for at in running {
            let name = self.worker.container(&self.spec, at).map(|c| c.name.clone()).unwrap_or_default();
            self.tell(at, false, "Killing", format!("Stopping container {name}"));
            self.stop_container(at, deadline);
        }
    }
    /// Containers whose probe has failed and whose policy forbids another start are killed.
    /// Source: kubernetes v1.37 pkg/kubelet/kuberuntime/kuberuntime_manager.go, computePodActions.
    pub(super) fn kill_for_good(&mut self) {
        let doomed =
            |at: &u16| self.worker.slots[*at as usize].running() && self.worker.slots[*at as usize].doomed.is_some();
        let again = self.worker.to_start(&self.spec);
        let condemned: Vec<u16> = self.worker.all().filter(doomed).filter(|at| !again.contains(at)).collect();
        let alone = self.worker.slots.iter().filter(|s| s.running()).count() == condemned.len();
        for at in condemned {
            let probe = self.worker.slots[at as usize].doomed.take().unwrap_or_default();
            let name = self.worker.container(&self.spec, at).map(|c| c.name.clone()).unwrap_or_default();
            let words = match alone {
                true => format!("Stopping container {name}"),
                false => format!("Container {name} failed {probe} probe"),
            };
            self.tell(at, false, "Killing", words);
            let deadline = self.now() + self.spec.grace;
            self.stop_container(at, deadline);
        }
    }
    /// Hook, SIGTERM, SIGKILL of one container.
    pub(super) fn stop_container(&mut self, at: u16, deadline: Time) {
        let grace = deadline.since(self.now());
        let pre_stop = self.worker.container(&self.spec, at).and_then(|c| c.pre_stop.clone());
        if let Some(hook) = &pre_stop {
            self.hook_prints(at, &words_of(hook));
        }
        let hook = pre_stop.as_ref().map(hook_takes).unwrap_or(Span::ZERO);
        self.end_container(at, hook.min(grace), grace);
    }
    /// SIGTERM after a hook, SIGKILL when the grace is over.
    pub(super) fn end_container(&mut self, at: u16, hook: Span, grace: Span) {
        let run = self.worker.slots[at as usize].runs;
        let left = (grace - hook).max(if grace > Span::ZERO { GRACE_MIN } else { grace });
        self.will_stop(at, hook);
        if grace > Span::ZERO {
            let when = self.now() + hook;
            self.signalled(at, when);
        }
        match self.term_takes(at, left) {
            Some(takes) => self.cx.after(hook + takes, Timer::Term(self.id, at, run)),
            None => self.cx.after(hook + left, Timer::Kill(self.id, at, run)),
        }
    }
    /// Another container has ended: sidecars follow in reverse order, then the pod is done.
    pub(super) fn one_stopped(&mut self) {
        let running: Vec<u16> = self.worker.all().filter(|at| self.worker.slots[*at as usize].running()).collect();
        if running.iter().any(|at| !self.is_sidecar(*at)) {
            return;
        }
        if !running.is_empty() {
            return self.next_sidecar();
        }
        self.worker.stage = Stage::Leaving { reported: false };
        let wait = self.draw(|l| l.stopped);
        self.cx.after(wait, Timer::Leave(self.id));
    }
    fn next_sidecar(&mut self) {
        let Stage::Stopping { deadline } = self.worker.stage else { return };
        let last = self.worker.all().rev().find(|at| self.worker.slots[*at as usize].running());
        let Some(at) = last else { return };
        let deadline = deadline.max(self.now() + GRACE_MIN);
        self.stop_container(at, deadline);
    }
    /// The grace became shorter: SIGKILL comes earlier.
    fn shorten(&mut self, deadline: Time) {
        self.worker.stage = Stage::Stopping { deadline };
        let running: Vec<u16> = self.worker.all().filter(|at| self.worker.slots[*at as usize].running()).collect();
        for at in running {
            let wait = deadline.since(self.now()).max(GRACE_MIN);
            let run = self.worker.slots[at as usize].runs;
            self.cx.after(wait, Timer::Kill(self.id, at, run));
        }
    }
    /// The last report, then the removal. `Some` when the pod was removed.
    fn leave(&mut self) -> Option<()> {
        let Stage::Leaving { reported } = self.worker.stage else { return None };
        if self.worker.silent() {
            return Some(());
        }
        if !self.kubelet.up || !self.kubelet.reaches() {
            return None;
        }
        if !reported {
            self.worker.stage = Stage::Leaving { reported: true };
            (self.worker.sandbox_gone, self.worker.sandbox) = (self.worker.sandbox || self.worker.sandbox_gone, false);
            self.worker.why = Some(stopped(self.worker.phase(&self.spec).word()));
            self.write_status();
            let kept = self.worker.overdue || self.worker.ousted.is_some();
            if kept && !self.cx.get(self.id).is_some_and(|o| o.meta.deleting()) {
                self.worker.removed = true;
                self.write_status();
                self.worker.stage = Stage::Ended;
                return None;
            }
            let wait = self.draw(|l| l.gone);
            self.cx.after(wait, Timer::Leave(self.id));
            return None;
        }
        let tidied = std::mem::replace(&mut self.worker.removed, true);
        self.write_status();
        if self.worker.sheet.is_some() && !tidied {
            let wait = self.housekeeping();
            self.cx.after(wait, Timer::Leave(self.id));
            return None;
        }
        let by = By::actor(KUBELET, gone(&self.kubelet.name));
        let options = DeleteOptions { grace: Some(Span::ZERO), ..DeleteOptions::default() };
        self.cx.api.delete(self.id, by, options);
        Some(())
    }
}
