//! Graceful node shutdown: a machine that is told to go down ends its pods first, the critical ones last, and takes no new ones.
//! Source: kubernetes v1.37 pkg/kubelet/nodeshutdown/nodeshutdown_manager.go, killPods, groupByPriority, migrateConfig;
//! nodeshutdown_manager_linux.go, start, processShutdownEvent.

use super::lifecycle::Desk;
use super::pressure::CRITICAL;
use super::worker::{Ousted, Stage};
use super::{Outage, State, Timer, shut_down};
use crate::journal::Verb;
use crate::kubernetes::apiserver::{By, Cx};
use crate::kubernetes::objects::{Condition, Id, Tri};
use crate::sim::{Span, Time};
use std::rc::Rc;

/// Reason and message of a pod that had to end for it.
pub const TERMINATED: &str = "Terminated";
const TERMINATED_WORDS: &str = "Pod was terminated in response to imminent node shutdown.";
/// Reason and message of a pod that comes too late.
pub const REFUSED: (&str, &str) = ("NodeShutdown", "Pod was rejected as the node is shutting down.");
/// How often the kubelet looks whether a group of pods has ended. Ours: it is told at once.
const POLL: Span = Span::millis(100);

/// A shutdown under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// Whether the critical pods are being ended.
    critical: bool,
    /// Until when this group is waited for.
    until: Time,
    /// Whether the machine goes off afterwards.
    off: bool,
}

impl State {
    /// The machine is told to go down: its kubelet ends the pods, and the machine goes off afterwards when `off` says so. Tells
    /// whether anybody waits for that: without `shutdownGracePeriod` nobody does.
    pub fn shut_down(&mut self, name: &str, off: bool, cx: &mut Cx<Timer>) -> bool {
        let grace = self.settings.shutdown_grace;
        let Some(kubelet) = self.kubelets.get_mut(name).filter(|k| k.up && k.shutting.is_none()) else { return false };
        if grace == Span::ZERO {
            return false;
        }
        let node = kubelet.name.clone();
        Rc::make_mut(kubelet).shutting = Some(Shutdown { critical: false, until: cx.now(), off });
        self.tell_node(name, false, "NodeShutdown", "Shutdown manager detected shutdown event", cx);
        self.tell_ready(name, cx);
        let rest = Span(grace.0.saturating_sub(self.settings.shutdown_grace_critical.0));
        self.end_group(&node, false, rest, cx);
        cx.after(Span::ZERO, Timer::Shutdown(node));
        true
    }
    /// The shutdown is called off; pods that were ended stay so.
    pub fn stay_up(&mut self, name: &str, cx: &mut Cx<Timer>) {
        let Some(kubelet) = self.kubelets.get_mut(name).filter(|k| k.up && k.shutting.is_some()) else { return };
        Rc::make_mut(kubelet).shutting = None;
        self.tell_node(name, false, "NodeShutdown", "Shutdown manager detected shutdown cancellation", cx);
        self.tell_ready(name, cx);
    }
    /// Reports the node, and tells when it became ready or not.
    fn tell_ready(&mut self, name: &str, cx: &mut Cx<Timer>) {
        let Some(kubelet) = self.kubelets.get(name) else { return };
        let ready = |cx: &Cx<Timer>, id| cx.api.store.get(id).and_then(|o| o.node()).map(|n| n.ready());
        let (id, before) = (kubelet.id, ready(cx, kubelet.id));
        self.report_node(name, cx);
        let reason = match ready(cx, id) {
            now if now == before => return,
            Some(Tri::True) => "NodeReady",
            _ => "NodeNotReady",
        };
        self.tell_node(name, false, reason, format!("Node {name} status is now: {reason}"), cx);
    }
    /// Ends the pods of one group; it is waited for so long.
    fn end_group(&mut self, name: &Rc<str>, critical: bool, most: Span, cx: &mut Cx<Timer>) {
        let until = cx.now() + most;
        if let Some(shutting) = self.kubelets.get_mut(name).and_then(|k| Rc::make_mut(k).shutting.as_mut()) {
            (shutting.critical, shutting.until) = (critical, until);
        }
        for id in self.group(name, critical, cx) {
            self.with(id, cx, |desk| desk.end_for_shutdown(most));
        }
    }
    /// The pods of a group that have not ended.
    fn group(&self, name: &str, critical: bool, cx: &Cx<Timer>) -> Vec<Id> {
        let here = self.pods.iter().filter(|(_, w)| *w.node == *name && w.stage != Stage::Ended);
        let of_group = |id: &Id| {
            let priority = cx.api.store.get(*id).and_then(|o| o.pod()).map_or(0, |p| p.spec.priority);
            (priority >= CRITICAL) == critical
        };
        here.map(|(id, _)| *id).filter(of_group).collect()
    }
    /// Looks whether the next group's turn has come, or the machine's.
    pub(super) fn shutdown_due(&mut self, name: Rc<str>, cx: &mut Cx<Timer>) {
        let Some(kubelet) = self.kubelets.get(&name).filter(|k| k.up) else { return };
        let Some(shutting) = kubelet.shutting else { return };
        let done = cx.now() >= shutting.until || self.group(&name, shutting.critical, cx).is_empty();
        match (done, shutting.critical) {
            (false, _) => {}
            (true, false) => {
                let most = self.settings.shutdown_grace_critical;
                self.end_group(&name, true, most, cx);
            }
            (true, true) if shutting.off => return self.fail_node(&name, Outage::PowerOff, cx),
            (true, true) => return,
        }
        cx.after(POLL, Timer::Shutdown(name));
    }
}

impl Desk<'_, '_> {
    /// Ends the pod because its machine goes down: with its own grace, or what the group has.
    fn end_for_shutdown(&mut self, most: Span) {
        if self.worker.stage != Stage::Live {
            return;
        }
        self.worker.ousted = Some(Ousted { reason: TERMINATED.into(), words: TERMINATED_WORDS.into() });
        let cause = self.cx.api.newest_about(self.kubelet.id);
        let by = By::actor(super::KUBELET, shut_down(&self.kubelet.name)).because(cause);
        self.cx.api.note(self.id, Verb::Note, by);
        let grace = self.spec.grace.min(most);
        self.terminate(grace);
    }
}

/// What a node says that goes down. Source: kubernetes v1.37 pkg/kubelet/nodestatus/setters.go, ReadyCondition.
pub fn not_ready(now: Time) -> Condition {
    Condition::new("Ready", Tri::False, "KubeletNotReady", "node is shutting down", now)
}
