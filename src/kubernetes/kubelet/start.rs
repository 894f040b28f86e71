//! Starting the containers of a pod, one after the other.
//! Source: kubernetes v1.37 pkg/kubelet/kuberuntime/kuberuntime_manager.go, SyncPod, doBackOff; kuberuntime_container.go, startContainer.

use super::lifecycle::{Desk, RETRY};
use super::resize::RESIZED;
use super::restart::{Backoff, CHANGED, is_sidecar};
use super::worker::{Ended, Run, SIGKILLED, Stage, Step};
use super::{State, Timer, backing_off, ended, started};
use crate::kubernetes::apiserver::Cx;
use crate::kubernetes::objects::Id;
use crate::sim::Span;
use crate::text::{Value, go};
use crate::workload::{Ask, Health, Profile, Term};
use std::rc::Rc;

impl State {
    /// A container ended: by itself, or by `code` from outside.
    pub(super) fn exited(&mut self, id: Id, slot: u16, run: u32, code: Option<i32>, cx: &mut Cx<Timer>) {
        // Containers end even while their kubelet is stopped.
        self.with(id, cx, |desk| desk.exited(slot, run, code));
    }
    /// Kills a container as somebody with a shell on the node would. Tells whether it ran.
    pub fn kill_container(&mut self, id: Id, name: &str, code: i32, cx: &mut Cx<Timer>) -> bool {
        let found = self.with(id, cx, |desk| {
            let at = desk
                .worker
                .all()
                .find(|at| desk.worker.container(&desk.spec, *at).is_some_and(|c| *c.name == *name))?;
            let slot = desk.worker.slots.get(at as usize).filter(|s| s.running())?;
            let runs = slot.runs;
            desk.exited(at, runs, Some(code));
            Some(())
        });
        found.flatten().is_some()
    }
}

impl State {
    /// Runs a command in a container: exit code and what it prints. `kill` reaches process 1; other commands are followed as
    /// far as a small shell can. `None` when there is no such running container.
    pub fn exec(&mut self, id: Id, name: &str, words: &[&str], cx: &mut Cx<Timer>) -> Option<(i32, String)> {
        let run = self.with(id, cx, |desk| {
            let at = desk.worker.named(&desk.spec, name)?;
            let slot = desk.worker.slots.get(at as usize)?;
            let (Run::Running(since), Some(profile)) = (&slot.run, slot.profile.clone()) else { return None };
            let (age, runs) = (desk.now().since(*since), slot.runs);
            let line = words.join(" ");
            if !line.split_whitespace().any(|w| w == "kill") {
                return Some(profile.exec_asking(age, words, &mut |question| desk.finds(question)));
            }
            // SIGKILL does not reach process 1 from within its own namespace.
            if line.contains("-9") || line.contains("KILL") {
                return Some((0, String::new()));
            }
            let now = desk.now();
            desk.signalled(at, now);
            if let Term::Ends { after, .. } = profile.term {
                let takes = after + desk.draw(|l| l.term);
                desk.cx.after(takes, Timer::Term(desk.id, at, runs));
            }
            Some((0, String::new()))
        });
        run.flatten()
    }
}

impl Desk<'_, '_> {
    /// Goes on with the next container to start.
    pub(super) fn next_start(&mut self) {
        // A deletion that comes meanwhile waits until everything planned is started. Source: recorded.
        if !matches!(self.worker.stage, Stage::Live | Stage::Stopping { .. }) {
            self.worker.plan.clear();
        }
        let Some(at) = self.worker.plan.pop() else { return self.finish() };
        let slot = &self.worker.slots[at as usize];
        if let (true, Some(probe)) = (slot.running(), slot.doomed) {
            return self.restart(at, probe);
        }
        self.try_start(at, None);
    }
    /// Starts a container unless its back-off forbids it. `after_kill`: it was just killed for a probe, so that its back-off
    /// counts from the end of the run before.
    pub(super) fn try_start(&mut self, at: u16, after_kill: Option<Option<Rc<Ended>>>) {
        let now = self.now();
        let slot = &self.worker.slots[at as usize];
        let before = after_kill.unwrap_or_else(|| slot.ended().cloned());
        let Some(event) = before.map(|e| e.finished) else { return self.ensure_image(at) };
        let entry = slot.backoff;
        let Some(left) = Backoff::left_since(entry, event, now) else {
            self.worker.slots[at as usize].backoff =
                Some(Backoff::next(entry, event, now, self.settings.restart_pause_max));
            return self.ensure_image(at);
        };
        let pause = entry.map_or(Span::ZERO, |e| e.pause);
        let name = self.worker.container(&self.spec, at).map_or_else(Rc::default, |c| c.name.clone());
        let pod = self.pod_words();
        self.tell(at, true, "BackOff", format!("Back-off restarting failed container {name} in pod {pod}"));
        let words =
            format!("back-off {} restarting failed container={name} pod={pod}", go::duration_of_micros(pause.0));
        self.worker.slots[at as usize].waiting = Some(("CrashLoopBackOff".into(), words.into()));
        self.worker.why = Some(backing_off(&name, pause.as_secs()));
        self.look_for_fall(at);
        self.failed(at, left);
    }
    /// A container could not be started: the next one is tried, and this one again after `pause`.
    pub(super) fn failed(&mut self, at: u16, pause: Span) {
        self.worker.retry = Some(self.worker.retry.map_or(pause, |have| have.min(pause)));
        if self.worker.is_init(at) {
            self.worker.plan.clear();
        }
        self.next_start();
    }
    pub(super) fn created(&mut self, at: u16) {
        self.tell(at, false, "Created", "Container created");
        let takes = self.draw(|l| l.start);
        self.begin(Step::Start(at), takes);
    }
    pub(super) fn started(&mut self, at: u16) {
        self.tell(at, false, "Started", "Container started");
        let now = self.now();
        let profile = Rc::new(self.wired_profile(at));
        let files = self.files_given(at);
        let Some(container) = self.worker.container(&self.spec, at) else { return self.next_start() };
        let image = container.image.clone();
        let (name, hook) = (container.name.clone(), container.post_start.as_ref().map(|h| hook(h, &profile)));
        let (no_startup, no_readiness) = (container.startup_probe.is_none(), container.readiness_probe.is_none());
        let slot = &mut self.worker.slots[at as usize];
        slot.turn_page();
        if let Run::Ended(before) = std::mem::replace(&mut slot.run, Run::Running(now)) {
            slot.last = Some(before);
        }
        slot.runs += 1;
        slot.mounted = files;
        slot.image.clone_from(&image);
        (slot.waiting, slot.doomed) = (None, None);
        slot.ills.new_run();
        (slot.started, slot.ready) = (no_startup, no_readiness);
        let run = slot.runs;
        if let Some(end) = profile.end {
            self.cx.after(end.after.max(RUN_MIN), Timer::Exit(self.id, at, run));
        }
        slot.profile = Some(profile.clone());
        if !slot.wires.is_empty() {
            self.cx.after(Span::ZERO, Timer::Wires(self.id, at, run));
        }
        self.stand(at, &profile);
        self.arm_probers(at);
        self.worker.started_any = true;
        self.worker.why = Some(started(&name));
        match hook {
            Some((takes, _)) => {
                self.post_start_heard(at);
                self.begin(Step::Hook(at), takes);
            }
            None => self.next_start(),
        }
    }
    /// What the container's log shows of its postStart hook.
    fn post_start_heard(&mut self, at: u16) {
        let hook = self.worker.container(&self.spec, at).and_then(|c| c.post_start.clone()).unwrap_or_default();
        self.hook_prints(at, &words_of(&hook));
        if let Some(path) = hook.str_at(&["httpGet", "path"]) {
            let port = hook.int_at(&["httpGet", "port"]).and_then(|p| u16::try_from(p).ok());
            let slot = &self.worker.slots[at as usize];
            let listens = slot.profile.as_ref().is_some_and(|p| p.answer(Span::ZERO, port, true) != Health::Refused);
            if listens {
                self.heard(at, path, "");
            }
        }
    }
    /// The hook is over: when it failed, the container is killed.
    /// Source: kubernetes v1.37 pkg/kubelet/kuberuntime/kuberuntime_container.go, startContainer, step 4.
    pub(super) fn hook_done(&mut self, at: u16) {
        let slot = &self.worker.slots[at as usize];
        let profile = slot.profile.clone().unwrap_or_default();
        let Some(container) = self.worker.container(&self.spec, at) else { return self.next_start() };
        let post_start = container.post_start.clone().unwrap_or_default();
        if hook(&post_start, &profile).1 || !slot.running() {
            return self.next_start();
        }
        let (name, pod) = (container.name.clone(), self.pod_words());
        self.tell(at, true, "FailedPostStartHook", "PostStartHook failed");
        self.tell(at, false, "Killing", "FailedPostStartHook");
        let what = match post_start.str_at(&["httpGet", "path"]) {
            Some(path) => format!("HTTP lifecycle hook ({path})"),
            None => format!("Exec lifecycle hook ({})", words_of(&post_start).join(" ")),
        };
        let message = format!("{what} for Container \"{name}\" in Pod \"{pod}\" failed");
        let deadline = self.now() + self.spec.grace;
        self.stop_container(at, deadline);
        self.not_started(at, "PostStartHookError", message, RETRY);
    }
    /// A run is over.
    pub(super) fn exited(&mut self, at: u16, run: u32, code: Option<i32>) {
        let now = self.now();
        let Some(slot) = self.worker.slots.get_mut(at as usize).filter(|s| s.runs == run) else { return };
        let Run::Running(since) = slot.run else { return };
        let end = slot.profile.as_ref().and_then(|p| p.end);
        // A script that was followed anew ends at another time.
        if code.is_none() && end.is_none_or(|e| since + e.after.max(RUN_MIN) > now) {
            return;
        }
        let code = code.or(end.map(|e| e.code)).unwrap_or(SIGKILLED);
        let oom = end.is_some_and(|e| e.oom && e.code == code && now.since(since) >= e.after);
        let reason = match (code, oom) {
            (_, true) => "OOMKilled",
            (0, _) => "Completed",
            _ => "Error",
        };
        (0..slot.probers.len()).for_each(|which| slot.wake(which, now));
        let message = self.last_words(at, code);
        let slot = &mut self.worker.slots[at as usize];
        let before = slot.last.clone();
        slot.run = Run::Ended(Rc::new(Ended { code, reason: reason.into(), message, started: since, finished: now }));
        slot.fell = slot.ready;
        slot.ready = false;
        self.lie_down(at, now);
        let name = self.worker.container(&self.spec, at).map_or_else(Rc::default, |c| c.name.clone());
        match self.worker.stage {
            Stage::Live => {
                self.worker.why = Some(ended(&name, code));
                if self.worker.step == Step::Restart(at) {
                    self.worker.step = Step::Idle;
                    return self.try_start(at, Some(before));
                }
                self.look_at_relist();
            }
            Stage::Stopping { .. } => self.one_stopped(),
            _ => {}
        }
    }
    /// Kills a container whose probe failed, to start it again at once.
    fn restart(&mut self, at: u16, probe: &'static str) {
        let Some(container) = self.worker.container(&self.spec, at) else { return self.next_start() };
        let (name, own) = (container.name.clone(), container.liveness_probe.as_ref().and_then(|p| p.grace));
        let words = match self.worker.is_init(at) && is_sidecar(container) {
            _ if probe == RESIZED => format!("Container {name} {RESIZED}"),
            _ if probe == CHANGED => format!("Container {name} {CHANGED}, will be restarted"),
            true => format!("Init container {name} failed {probe} probe"),
            false => format!("Container {name} failed {probe} probe, will be restarted"),
        };
        self.tell(at, false, "Killing", words);
        let deadline = self.now() + own.unwrap_or(self.spec.grace);
        self.worker.step = Step::Restart(at);
        self.worker.op += 1;
        self.stop_container(at, deadline);
    }
    /// How long a container takes to end after SIGTERM; `None` when the grace is over first.
    pub(super) fn term_takes(&mut self, at: u16, grace: Span) -> Option<Span> {
        let slot = &self.worker.slots[at as usize];
        if slot.ills.hangs.holds() {
            return None;
        }
        let term = slot.profile.as_ref().map(|p| p.term)?;
        let Term::Ends { after, .. } = term else { return None };
        let takes = after.max(self.drains(at)) + self.draw(|l| l.term);
        (takes < grace || grace == Span::ZERO).then_some(takes)
    }
}

pub(super) fn words_of(hook: &Value) -> Vec<&str> {
    hook.list_at(&["exec", "command"]).iter().filter_map(Value::as_str).collect()
}

/// How long a postStart hook takes, and whether it goes well.
fn hook(hook: &Value, profile: &Profile) -> (Span, bool) {
    if let Some(get) = hook.get("httpGet") {
        let port = get.int_at(&["port"]).and_then(|p| u16::try_from(p).ok());
        return (HOOK, matches!(profile.answer(Span::ZERO, port, true), Health::Good | Health::Slow(_)));
    }
    let words = words_of(hook);
    if words.is_empty() {
        return (hook_takes(hook), true);
    }
    let (code, takes) = profile.exec(Span::ZERO, &words);
    (takes, code == 0)
}

/// What even the shortest program takes, from its start until the runtime knows that it has ended.
/// Ours: in 9 of 10 recorded runs a report still shows it running.
pub(super) const RUN_MIN: Span = Span::millis(40);

/// How long a hook takes that asks or answers at once. Ours: measured 5 ms.
const HOOK: Span = Span::millis(5);

/// How long a hook takes. Source: kubernetes v1.37 pkg/kubelet/lifecycle/handlers.go, Run.
pub fn hook_takes(hook: &Value) -> Span {
    if let Some(seconds) = hook.int_at(&["sleep", "seconds"]) {
        return Span::secs(seconds.max(0) as u64);
    }
    let words: Vec<Rc<str>> =
        hook.list_at(&["exec", "command"]).iter().filter_map(Value::as_str).map(Rc::from).collect();
    if words.is_empty() {
        return Span::ZERO;
    }
    let ask = Ask { image: "busybox", command: &words, ..Ask::default() };
    crate::workload::Workloads::default().profile(&ask).end.map_or(Span::ZERO, |e| e.after)
}
