//! Fake kubelets, as kwok plays them in recorded comparisons: no container runs, a pod's report follows a few stages with
//! fixed delays that annotations change. Nodes ask for them by annotation (`objects::node::fake_kubelet`).
//!
//! Every write to a pod chooses its stage anew and begins the delay anew, as kwok does.
//! Source: kwok v0.8 pkg/kwok/controllers/stage_controller.go, preprocess, addStageJob.

mod stages;

#[cfg(test)]
mod tests;

use super::apiserver::{By, Change, ChangeKind, Cx, DeleteOptions};
use super::objects::lease::Lease;
use super::objects::node::fake_kubelet;
use super::objects::{Body, Condition, Id, Kind, Meta, Object, Tri};
use crate::map;
use crate::reasons;
use crate::sim::{Span, Time};
use crate::text::{Value, Word};
use stages::Stage;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The component's name.
const KWOK: &str = "kwok";
/// The machine that it runs on.
const HOST: &str = "vm";

reasons! { "kwok":
    /// A fake node reports that it is ready.
    node_ready(node),
    /// A fake node's heartbeats stop.
    warning node_silent(node),
    /// A pod on a fake node moves to its next stage.
    stage(name),
}

/// How often leases are renewed. Source: kwok v0.8 pkg/kwok/cmd, node-lease-duration-seconds 40, renewed each quarter.
const LEASE_RENEWAL: Span = Span::secs(10);
/// See [`LEASE_RENEWAL`].
const LEASE_DURATION: Span = Span::secs(40);
/// A write until kwok's timer runs, and the timer until its own write lands. Ours: recorded medians are 10 to 35 ms above
/// the nominal delays.
const LATE: Span = Span::millis(15);

/// What the room remembers.
#[derive(Clone, Debug, Default)]
pub struct State {
    nodes: BTreeMap<Rc<str>, Fake>,
    due: BTreeMap<Id, (Time, Stage)>,
    last_ip: u32,
}

/// One fake node.
#[derive(Clone, Debug)]
struct Fake {
    id: Id,
    group: Rc<str>,
    up: bool,
}

/// What it wakes up for.
#[derive(Clone, Debug)]
pub enum Timer {
    /// A pod's stage is due.
    Due(Id),
}

/// Sees a write.
pub fn observe(state: &mut State, change: &Change, cx: &mut Cx<Timer>) {
    match change.kind {
        Kind::Node => state.observe_node(change, cx),
        Kind::Pod => match &change.after {
            Some(pod) => state.choose(pod, cx),
            None => {
                state.due.remove(&change.id);
            }
        },
        _ => {}
    }
}

/// A timer is due.
pub fn fire(state: &mut State, timer: Timer, cx: &mut Cx<Timer>) {
    let Timer::Due(id) = timer;
    let now = cx.now();
    let Some((_, stage)) = state.due.get(&id).copied().filter(|(at, _)| *at <= now) else { return };
    if state.on_working_node(id, cx) {
        state.due.remove(&id);
        state.play(id, stage, cx);
    }
}

impl State {
    fn observe_node(&mut self, change: &Change, cx: &mut Cx<Timer>) {
        let Some(object) = change.object().filter(|o| fake_kubelet(o)) else { return };
        let name = object.meta.name.clone();
        match change.what {
            ChangeKind::Deleted => {
                self.nodes.remove(&name);
            }
            ChangeKind::Added => {
                let group = object.meta.annotations.get("oracle.kwok/group").cloned().unwrap_or_default();
                self.nodes.insert(name.clone(), Fake { id: change.id, group, up: true });
                report(change.id, &name, cx);
                let pods: Vec<Rc<Object>> = cx.api.store.pods_on(&name).cloned().collect();
                pods.iter().for_each(|pod| self.choose(pod, cx));
            }
            // Source: recorded: the stage that makes a node ready holds again as soon as its report says otherwise.
            ChangeKind::Modified => {
                let up = self.nodes.get(&name).is_some_and(|n| n.up);
                if up && change.after.as_ref().and_then(|o| o.node()).is_some_and(|n| n.ready() != Tri::True) {
                    report(change.id, &name, cx);
                }
            }
        }
    }
    fn on_working_node(&self, id: Id, cx: &Cx<Timer>) -> bool {
        let pod = cx.api.store.get(id).and_then(|o| o.pod());
        pod.and_then(|p| p.node.as_ref()).and_then(|n| self.nodes.get(n)).is_some_and(|n| n.up)
    }
    /// Chooses the stage of a pod and begins its delay.
    fn choose(&mut self, object: &Rc<Object>, cx: &mut Cx<Timer>) {
        let Some(pod) = object.pod() else { return };
        if !pod.node.as_ref().is_some_and(|n| self.nodes.contains_key(n)) {
            return;
        }
        let id = object.meta.id;
        let Some((stage, delay)) = stages::choose(object, pod) else {
            self.due.remove(&id);
            return;
        };
        let at = cx.now() + delay + Span::millis(5 + cx.chance("kwok").below(45));
        self.due.insert(id, (at, stage));
        cx.timers.push((at, Timer::Due(id)));
    }
    fn play(&mut self, id: Id, stage: Stage, cx: &mut Cx<Timer>) {
        let by = By::actor(KWOK, self::stage(stage.name()));
        if stage == Stage::Delete {
            let options = DeleteOptions { grace: Some(Span::ZERO), ..DeleteOptions::default() };
            cx.api.delete(id, by, options);
            return;
        }
        self.last_ip += 1;
        let (now, ip) = (cx.now(), Word::from(format!("10.0.{}.{}", self.last_ip / 250, self.last_ip % 250 + 1)));
        cx.api.update_status(id, by, |o| stages::apply(o, stage, now, &ip));
    }
    /// Stops the fake kubelets of a group (or of one node): no heartbeat, no report, no removal.
    pub fn fail(&mut self, group: &str, cx: &mut Cx<Timer>) {
        for (name, node) in self.nodes.iter_mut().filter(|(name, n)| n.up && (*n.group == *group || ***name == *group))
        {
            node.up = false;
            renew(name, None, cx);
        }
    }
    /// Lets them go on: what has become due meanwhile happens at once.
    pub fn recover(&mut self, group: &str, cx: &mut Cx<Timer>) {
        let mut back = Vec::new();
        for (name, node) in self.nodes.iter_mut().filter(|(name, n)| !n.up && (*n.group == *group || ***name == *group))
        {
            node.up = true;
            back.push((name.clone(), node.id));
        }
        for (name, id) in back {
            report(id, &name, cx);
            let pods: Vec<Id> = cx.api.store.pods_on(&name).map(|p| p.meta.id).collect();
            for pod in pods.into_iter().filter(|p| self.due.contains_key(p)) {
                let at = self.due[&pod].0.max(cx.now() + LATE);
                cx.timers.push((at, Timer::Due(pod)));
            }
        }
    }
}

/// The node is reported ready as at its making, and its lease is renewed from now on.
fn report(id: Id, name: &Rc<str>, cx: &mut Cx<Timer>) {
    let now = cx.now();
    cx.api.update_status(id, By::actor(KWOK, node_ready(name)), |o| {
        let created = o.meta.created;
        let Some(node) = o.node_mut() else { return };
        let new = |kind, status, reason, message| Condition {
            updated: now,
            ..Condition::new(kind, status, reason, message, created)
        };
        // Source: recorded order and words.
        node.conditions = vec![
            new("Ready", Tri::True, "KubeletReady", "kubelet is posting ready status"),
            new("MemoryPressure", Tri::False, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            new("DiskPressure", Tri::False, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            new("PIDPressure", Tri::False, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            new("NetworkUnavailable", Tri::False, "RouteCreated", "RouteController created a route"),
        ];
        let rest = Rc::make_mut(&mut node.status_rest).make_map();
        rest.set("addresses", vec![Value::Map(map! { "type" => "InternalIP", "address" => "192.0.2.100" })]);
        for (key, value) in [
            ("kernelVersion", "6.12.0-amd64"),
            ("osImage", "Debian GNU/Linux 13 (trixie)"),
            ("containerRuntimeVersion", "containerd://2.1.0"),
        ] {
            rest.entry("nodeInfo").make_map().set(key, value);
        }
    });
    renew(name, Some(LEASE_RENEWAL), cx);
}

fn renew(name: &Rc<str>, every: Option<Span>, cx: &mut Cx<Timer>) {
    let now = cx.now();
    let by = By::actor(KWOK, if every.is_some() { node_ready(name) } else { node_silent(name) });
    if let Some(id) = cx.api.store.find(Kind::Lease, "kube-node-lease", name) {
        cx.api.update(id, by, |o| {
            if let Some(lease) = o.lease_mut() {
                let last = if every.is_some() { Some(now) } else { lease.renewed_at(now) };
                (lease.renewed, lease.renewing) = (last, every);
            }
        });
        return;
    }
    let lease = Lease {
        // Recorded of kwok: the machine it runs on and a UUID for the process, the same for all its nodes.
        holder: format!("{HOST}_{}", cx.api.calendar.uid(Id(u32::MAX))).into(),
        duration: LEASE_DURATION,
        renewed: Some(now),
        renewing: every,
        ..Lease::default()
    };
    let object =
        Object { kind: Kind::Lease, meta: Meta::named("kube-node-lease", name.clone()), body: Body::Lease(lease) };
    // The name is free: it was just looked for.
    drop(cx.api.create(object, by));
}
