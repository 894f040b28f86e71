//! The kubelets: one a node, each with a worker for every pod on it. A worker looks at its pod (writes the report, starts
//! what should run), and looks again when something happened or a back-off has passed.
//!
//! `node` heartbeats and outages · `machine` what it tells of its machine · `ills` what is wrong with programs and wires · `worker` what is remembered of a pod ·
//! `lifecycle` one look · `start` starting containers · `ground` what stands on the floor · `images` pulls · `probes` ·
//! `manifests` static pods · `admit` whether a pod is taken · `config` volumes and environment, whether they are there · `mounts` what is in them · `pressure` memory and disk that run out · `resize` ·
//! `restart` back-off and policies · `restart_all` a pod begun anew · `shutdown` machines that go down in order · `settings` · `stop` termination · `summary` what its own server says ·
//! `status` the report · `voice` what is printed · `wires` what scripts find when they ask the network.

mod admit;
mod config;
mod downward;
mod ground;
mod ills;
mod images;
mod lifecycle;
mod machine;
mod manifests;
mod mounts;
mod node;
mod pressure;
mod probes;
mod resize;
mod restart;
mod restart_all;
mod settings;
mod shown;
mod shutdown;
mod start;
mod status;
mod stop;
mod summary;
mod voice;
mod wires;
mod worker;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_machines;

pub use ground::group_of;
pub use ills::{Ill, Ills, Lasting};
pub use manifests::Sheet;
pub use node::Outage;
pub use pressure::Starved;
pub use probes::Probed;
pub use settings::{Least, Settings};
pub use summary::Answered;

use super::apiserver::{Change, ChangeKind, Cx};
use super::objects::{Id, Kind};
use crate::reasons;
use crate::workload::{Latencies, Workloads};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use worker::Worker;

/// The component's name, as in events.
pub const KUBELET: &str = "kubelet";

reasons! { "kubelet":
    /// A machine joined and reports.
    node_joined(node),
    /// A machine came back and reports again.
    node_back(node),
    /// A machine went silent: its heartbeats stop.
    warning node_silent(node),
    /// A node's kubelet took the pod.
    took(node),
    /// The pod has its network.
    sandbox(node),
    /// Containers of it run.
    started(names),
    /// A container ended by itself.
    ended(container, code),
    /// A container waits before it is started again.
    warning backing_off(container, seconds),
    /// A container cannot be started.
    warning cannot_start(container, reason),
    /// Its probes changed what the pod reports.
    probed(container, ready),
    /// It is being stopped.
    stopping(grace),
    /// All of its containers have ended.
    stopped(phase),
    /// Nothing of it is left on the node.
    gone(node),
    /// It cannot run on this node.
    warning rejected(reason),
    /// It was active longer than its deadline allows.
    warning deadline(seconds),
    /// The machine runs short of something: the pod has to go.
    warning evicted(resource),
    /// Whether the machine runs short of something changed.
    warning starved(resource, pressed),
    /// Its machine is going down in order: it has to end first.
    warning shut_down(node),
    /// A manifest in the node's folder asks for it.
    mirrored(node),
    /// Its manifest is no longer in the node's folder.
    manifest_gone(node),
    /// Something about it changed that the report shows.
    reported(),
}

/// What the room remembers.
#[derive(Clone, Debug, Default)]
pub struct State {
    kubelets: BTreeMap<Rc<str>, Rc<node::Kubelet>>,
    pods: BTreeMap<Id, Rc<Worker>>,
    /// What lies in the nodes' folders of static pods, by node and file.
    sheets: BTreeMap<(Rc<str>, Rc<str>), Rc<manifests::Sheet>>,
    /// Containers whose script asks the network.
    askers: BTreeSet<(Id, u16)>,
    /// Mirrors that were made again: the id before, and the id now.
    renamed: BTreeMap<Id, Id>,
    /// What containers do and which images there are.
    pub workloads: Rc<Workloads>,
    /// How long things take.
    pub latencies: Rc<Latencies>,
    /// What the kubelets are told.
    pub settings: Rc<Settings>,
}

/// What it wakes up for.
#[derive(Clone, Debug)]
pub enum Timer {
    /// A node's kubelet reports after its start.
    Report(Rc<str>),
    /// A kubelet looks whether its node takes pods.
    Sync(Rc<str>),
    /// A kubelet that had lost the API server finds it again.
    Found(Rc<str>),
    /// A manifest in a node's folder is due to be started.
    Sheet(Rc<str>, Rc<str>),
    /// A kubelet whose machine goes down looks which pods have ended.
    Shutdown(Rc<str>),
    /// A kubelet looks at its machine's memory and disk.
    Reserves(Rc<str>),
    /// A worker looks at its pod.
    Look(Id),
    /// The step a worker is in is done.
    Step(Id, u32),
    /// A container ends by itself: pod, container, run.
    Exit(Id, u16, u32),
    /// The grace of a container that is being stopped is over: pod, container, run.
    Kill(Id, u16, u32),
    /// A pod's program gets SIGTERM: pod, container, run.
    Term(Id, u16, u32),
    /// A probe ticks: pod, container, probe.
    Probe(Id, u16, u8),
    /// A slow probe has its answer: pod, container, probe, run.
    Answer(Id, u16, u8, u32),
    /// The script of a container waits for something: pod, container, run.
    Wires(Id, u16, u32),
    /// A pod's regular look, at which changed files are mounted.
    Refresh(Id),
    /// A pod has been active for as long as it may.
    Deadline(Id),
    /// A pod under deletion goes on: its report, then its removal.
    Leave(Id),
}

/// Sees a write.
pub fn observe(state: &mut State, change: &Change, cx: &mut Cx<Timer>) {
    match change.kind {
        Kind::Node => state.observe_node(change, cx),
        Kind::Pod => observe_pod(state, change, cx),
        Kind::Service | Kind::EndpointSlice => state.observe_wires(cx),
        Kind::ConfigMap | Kind::Secret => state.observe_data(change, cx),
        _ => {}
    }
}

fn observe_pod(state: &mut State, change: &Change, cx: &mut Cx<Timer>) {
    if let Some(object) = change.object()
        && state.observe_mirror(change.id, object, change.what == ChangeKind::Deleted, cx)
    {
        return;
    }
    if change.what == ChangeKind::Deleted {
        // Who is cut off hears of it later.
        let node = state.pods.get(&change.id).and_then(|w| state.kubelets.get(&w.node));
        if node.is_none_or(|k| k.reaches()) {
            state.pod_gone(change, cx);
        }
        return;
    }
    let Some(object) = &change.after else { return };
    let Some(node) = object.pod().and_then(|p| p.node.as_ref()) else { return };
    if !state.kubelets.get(node).is_some_and(|k| k.reaches()) {
        return;
    }
    if !state.pods.contains_key(&change.id) {
        state.take_pod(object, cx);
        return;
    }
    let before = change.before.as_ref();
    if before.is_none_or(|b| b.meta.deletion != object.meta.deletion) && object.meta.deleting() {
        state.stop_pod(change.id, cx);
    } else if object.pod().is_some_and(|p| p.status.phase.ended()) {
        let node = node.clone();
        state.retry_resizes(&node, cx);
    } else if before.is_some_and(|b| b.meta.generation != object.meta.generation) {
        state.look_soon(change.id, cx);
    }
}

impl Timer {
    /// The same for the pod under the id that it has now.
    fn about(self, now: impl Fn(Id) -> Id) -> Timer {
        match self {
            Timer::Look(pod) => Timer::Look(now(pod)),
            Timer::Step(pod, op) => Timer::Step(now(pod), op),
            Timer::Exit(pod, slot, run) => Timer::Exit(now(pod), slot, run),
            Timer::Kill(pod, slot, run) => Timer::Kill(now(pod), slot, run),
            Timer::Term(pod, slot, run) => Timer::Term(now(pod), slot, run),
            Timer::Probe(pod, slot, which) => Timer::Probe(now(pod), slot, which),
            Timer::Answer(pod, slot, which, run) => Timer::Answer(now(pod), slot, which, run),
            Timer::Wires(pod, slot, run) => Timer::Wires(now(pod), slot, run),
            Timer::Refresh(pod) => Timer::Refresh(now(pod)),
            Timer::Deadline(pod) => Timer::Deadline(now(pod)),
            Timer::Leave(pod) => Timer::Leave(now(pod)),
            other @ (Timer::Report(_)
            | Timer::Sync(_)
            | Timer::Found(_)
            | Timer::Reserves(_)
            | Timer::Shutdown(_)
            | Timer::Sheet(..)) => other,
        }
    }
}

/// A timer is due.
pub fn fire(state: &mut State, timer: Timer, cx: &mut Cx<Timer>) {
    match timer.about(|id| state.now_known_as(id)) {
        Timer::Report(node) => state.report_node(&node, cx),
        Timer::Sync(node) => state.tell_cordon(&node, cx),
        Timer::Found(node) => state.found(&node, cx),
        Timer::Sheet(node, file) => state.sheet_due(node, file, cx),
        Timer::Shutdown(node) => state.shutdown_due(node, cx),
        Timer::Reserves(node) => state.look_at_reserves(&node, cx),
        Timer::Look(pod) => state.look_due(pod, cx),
        Timer::Step(pod, op) => state.step_done(pod, op, cx),
        Timer::Exit(pod, slot, run) => state.exited(pod, slot, run, None, cx),
        Timer::Term(pod, slot, run) => state.term(pod, slot, run, cx),
        Timer::Kill(pod, slot, run) => state.exited(pod, slot, run, Some(worker::SIGKILLED), cx),
        Timer::Probe(pod, slot, which) => state.probe_due(pod, slot, which, cx),
        Timer::Answer(pod, slot, which, run) => state.probe_answers(pod, slot, which, run, cx),
        Timer::Deadline(pod) => state.overdue(pod, cx),
        Timer::Leave(pod) => state.leave(pod, cx),
        Timer::Wires(pod, slot, run) => state.wires_due(pod, slot, run, cx),
        Timer::Refresh(pod) => state.refresh(pod, cx),
    }
}
