//! What is wrong with a running program, and with a kubelet's way to the API server: faults that a person or a scenario
//! lets happen. Probes, signals and traffic meet them as they would the real thing.

use super::node::renew;
use super::worker::Stage;
use super::{KUBELET, State, Timer};
use crate::kubernetes::apiserver::{Cx, Told};
use crate::kubernetes::objects::{Id, Object};
use crate::sim::Span;
use crate::workload::Twist;
use std::rc::Rc;

/// A longest pause between two tries of a kubelet to renew its lease.
/// Source: kubernetes v1.37 component-helpers/apimachinery/lease/controller.go, maxBackoff.
const LEASE_BACKOFF_MAX: Span = Span::secs(7);
/// Events that wait for the API server; more are dropped. Source: kubernetes v1.37 client-go/tools/record/event.go, maxQueuedEvents.
const UNSENT_MAX: usize = 1_000;

/// Something wrong with a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ill {
    /// It lives and answers nothing, not even SIGTERM.
    Hangs,
    /// Its readiness probe gets a bad answer.
    Unready,
    /// Its liveness probe gets a bad answer.
    Unlive,
    /// Requests take so many times as long.
    Slow(u64),
    /// It takes so many bytes a second more and more.
    Leaks(u64),
}

/// Everything wrong with the program in a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ills {
    /// It answers nothing.
    pub hangs: Lasting,
    /// It says that it is not ready.
    pub unready: Lasting,
    /// It says that it is not well.
    pub unlive: Lasting,
    /// Requests take longer.
    pub slow: Lasting,
    /// So many times as long.
    pub slow_by: u64,
    /// It takes more and more memory.
    pub leaks: Lasting,
    /// Bytes a second.
    pub leak_rate: u64,
}

/// Whether something is wrong, and whether starting the program again cures it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lasting {
    /// All is well.
    #[default]
    No,
    /// Until the program is started again.
    ThisRun,
    /// Until somebody ends it.
    Always,
}

impl Lasting {
    /// Whether it is so.
    pub fn holds(self) -> bool {
        self != Lasting::No
    }
}

impl Ills {
    fn of(&mut self, ill: Ill) -> &mut Lasting {
        match ill {
            Ill::Hangs => &mut self.hangs,
            Ill::Unready => &mut self.unready,
            Ill::Unlive => &mut self.unlive,
            Ill::Slow(_) => &mut self.slow,
            Ill::Leaks(_) => &mut self.leaks,
        }
    }
    /// The program was started again.
    pub(super) fn new_run(&mut self) {
        for ill in [Ill::Hangs, Ill::Unready, Ill::Unlive, Ill::Slow(0), Ill::Leaks(0)] {
            let it = self.of(ill);
            if *it == Lasting::ThisRun {
                *it = Lasting::No;
            }
        }
    }
    /// The same for the program as it stands on the floor.
    pub(super) fn twist(&self, into: &mut Twist) {
        into.hangs = self.hangs.holds();
        into.not_ready = self.unready.holds();
        into.slow = if self.slow.holds() { self.slow_by.max(1) as f64 } else { 1.0 };
        into.leak = if self.leaks.holds() { self.leak_rate } else { 0 };
    }
}

impl State {
    /// Makes the program in a container ill; `lasting`: also after it was started again. Tells whether there is such a
    /// container.
    pub fn afflict(&mut self, id: Id, name: &str, ill: Ill, lasting: bool, cx: &mut Cx<Timer>) -> bool {
        let to = if lasting { Lasting::Always } else { Lasting::ThisRun };
        self.set_ill(id, name, ill, to, cx)
    }
    /// The program is well again, as far as this goes.
    pub fn relieve(&mut self, id: Id, name: &str, ill: Ill, cx: &mut Cx<Timer>) -> bool {
        self.set_ill(id, name, ill, Lasting::No, cx)
    }
    fn set_ill(&mut self, id: Id, name: &str, ill: Ill, to: Lasting, cx: &mut Cx<Timer>) -> bool {
        let found = self.with(id, cx, |desk| {
            let at = desk.worker.named(&desk.spec, name)?;
            let ills = &mut desk.worker.slots.get_mut(at as usize)?.ills;
            *ills.of(ill) = to;
            match ill {
                Ill::Slow(by) => ills.slow_by = by,
                Ill::Leaks(rate) => ills.leak_rate = rate,
                _ => {}
            }
            let ills = *ills;
            desk.cx.api.floor.twist((id.0, at), |t| ills.twist(t));
            desk.wake_probers(at);
            Some(desk.kubelet.name.clone())
        });
        if let (Some(Some(node)), Ill::Leaks(_)) = (&found, ill) {
            // What has no limit takes its machine's memory in the end.
            self.watch_reserves(node, cx);
        }
        found.flatten().is_some()
    }
    /// What is wrong with a container of a pod, by its place among the main containers.
    pub fn ills(&self, id: Id, container: usize) -> Ills {
        let worker = self.pods.get(&id);
        worker.and_then(|w| w.slots.get(container + w.inits as usize)).map(|s| s.ills).unwrap_or_default()
    }

    /// The API server is lost to all kubelets: they go on and keep what they have to say.
    pub fn api_lost(&mut self, cx: &mut Cx<Timer>) {
        let names: Vec<Rc<str>> = self.kubelets.keys().cloned().collect();
        for name in names {
            let Some(kubelet) = self.kubelets.get_mut(&name) else { continue };
            let kubelet = Rc::make_mut(kubelet);
            let heard = kubelet.up && kubelet.reaches();
            kubelet.api_gone = true;
            if heard {
                renew(&name, None, cx);
            }
        }
    }
    /// The API server is back: each kubelet finds it at its next try.
    pub fn api_found(&mut self, cx: &mut Cx<Timer>) {
        let names: Vec<Rc<str>> = self.kubelets.keys().cloned().collect();
        for name in names {
            let wait = cx.chance(KUBELET).between(Span::ZERO, LEASE_BACKOFF_MAX);
            cx.after(wait, Timer::Found(name));
        }
    }
    pub(super) fn found(&mut self, name: &str, cx: &mut Cx<Timer>) {
        if cx.api.down {
            return;
        }
        if let Some(kubelet) = self.kubelets.get_mut(name) {
            Rc::make_mut(kubelet).api_gone = false;
            self.catch_up(name, cx);
        }
    }
    /// The way from a node to the API server is open again.
    pub fn reconnect(&mut self, name: &str, cx: &mut Cx<Timer>) {
        if let Some(kubelet) = self.kubelets.get_mut(name) {
            let kubelet = Rc::make_mut(kubelet);
            kubelet.cut = false;
            if kubelet.up {
                cx.api.floor.dark.remove(name);
            }
            self.catch_up(name, cx);
        }
    }
    /// A kubelet that was cut off tells what it kept and hears what it missed.
    fn catch_up(&mut self, name: &str, cx: &mut Cx<Timer>) {
        let Some(kubelet) = self.kubelets.get_mut(name).filter(|k| k.up && k.reaches()) else { return };
        let unsent = std::mem::take(&mut Rc::make_mut(kubelet).unsent);
        self.report_node(name, cx);
        self.tell_cordon(name, cx);
        for told in unsent {
            cx.api.tell(told);
        }
        let known: Vec<Id> = self.pods.iter().filter(|(_, w)| *w.node == *name).map(|(id, _)| *id).collect();
        let here: Vec<Rc<Object>> = cx.api.store.pods_on(name).cloned().collect();
        for id in known.iter().filter(|id| cx.get(**id).is_none()) {
            self.pods.remove(id);
        }
        for pod in here {
            if !known.contains(&pod.meta.id) {
                self.take_pod(&pod, cx);
                continue;
            }
            if pod.meta.deleting() {
                self.stop_pod(pod.meta.id, cx);
            }
            self.go_on_leaving(pod.meta.id, cx);
            self.look_soon(pod.meta.id, cx);
        }
    }
    /// A pod whose end was under way when its kubelet fell silent goes on with it.
    pub(super) fn go_on_leaving(&mut self, id: Id, cx: &mut Cx<Timer>) {
        self.with(id, cx, |desk| match desk.worker.stage {
            Stage::Leaving { .. } => {
                let wait = desk.draw(|l| l.watch);
                desk.cx.after(wait, Timer::Leave(id));
            }
            Stage::Stopping { .. } if !desk.worker.slots.iter().any(super::worker::Slot::running) => desk.one_stopped(),
            _ => {}
        });
    }
}

impl super::node::Kubelet {
    /// Whether it reaches the API server.
    pub(super) fn reaches(&self) -> bool {
        !self.cut && !self.api_gone
    }
    /// Keeps an event until the API server is there.
    pub(super) fn keep(&mut self, told: Told) {
        if self.unsent.len() < UNSENT_MAX {
            self.unsent.push(told);
        }
    }
}
