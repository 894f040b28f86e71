//! The controllers: each keeps one promise by comparing wish and state, and none calls another. One file or folder a
//! controller, one line in [`CONTROLLERS`].

mod cron_job;
mod daemon_set;
pub mod deployment;
mod disruption;
mod endpoints;
mod frame;
mod garbage;
pub mod horizontal_pod_autoscaler;
mod job;
mod namespace;
mod namespace_defaults;
pub mod node_lifecycle;
mod node_ttl;
mod owned;
mod pod_gc;
pub mod replica_set;
mod resource_quota;
mod revisions;
mod stateful_set;
pub mod taint_eviction;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_batch;
#[cfg(test)]
mod tests_nodes;
#[cfg(test)]
mod tests_quota;
#[cfg(test)]
mod tests_stateful;
#[cfg(test)]
mod tests_volumes;
mod volumes;

pub use frame::{Controller, Ctl, Done, Every, On, Queue, Wakes};

use super::apiserver::{Change, Cx};
use super::objects::{Id, Kind, Object};
use crate::journal::{EntryId, Reason};
use crate::sim::Span;
use crate::workload::{Latencies, Latency};
use std::collections::BTreeMap;
use std::rc::Rc;

/// All controllers.
pub const CONTROLLERS: &[Controller] = &[
    deployment::CONTROLLER,
    replica_set::CONTROLLER,
    namespace_defaults::SERVICE_ACCOUNTS,
    namespace_defaults::ROOT_CA,
    node_lifecycle::CONTROLLER,
    taint_eviction::CONTROLLER,
    node_ttl::CONTROLLER,
    garbage::CONTROLLER,
    pod_gc::CONTROLLER,
    namespace::CONTROLLER,
    endpoints::SLICES,
    endpoints::LEGACY,
    disruption::CONTROLLER,
    stateful_set::CONTROLLER,
    daemon_set::CONTROLLER,
    job::CONTROLLER,
    cron_job::CONTROLLER,
    horizontal_pod_autoscaler::CONTROLLER,
    resource_quota::CONTROLLER,
    volumes::BINDER,
    volumes::PROTECTION,
    volumes::VOLUME_PROTECTION,
    replica_set::REPLICATION,
    endpoints::MIRROR,
];

/// What they give as reasons.
pub const REASONS: &[&[Reason]] = &[
    deployment::REASONS,
    replica_set::REASONS,
    owned::REASONS,
    namespace_defaults::REASONS,
    node_lifecycle::REASONS,
    taint_eviction::REASONS,
    node_ttl::REASONS,
    garbage::REASONS,
    pod_gc::REASONS,
    namespace::REASONS,
    endpoints::REASONS,
    disruption::REASONS,
    revisions::REASONS,
    stateful_set::REASONS,
    daemon_set::REASONS,
    job::REASONS,
    cron_job::REASONS,
    horizontal_pod_autoscaler::REASONS,
    resource_quota::REASONS,
    volumes::REASONS,
];

/// What the room remembers.
#[derive(Clone, Debug)]
pub struct State {
    /// One queue a controller, once something was written.
    queues: Vec<Queue>,
    /// Controllers that are stopped, and their timers that came meanwhile.
    stopped: BTreeMap<usize, Vec<Timer>>,
    /// What the controllers remember.
    pub memory: Memory,
    /// From a write until a controller acts on it.
    pub react: Latency,
}

impl Default for State {
    fn default() -> Self {
        State {
            queues: Vec::new(),
            stopped: BTreeMap::new(),
            memory: Memory::default(),
            react: Latencies::default().react,
        }
    }
}

/// What the controllers remember beyond the store.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// What was wished for and done by autoscalers, and what pods are said to use.
    pub autoscalers: horizontal_pod_autoscaler::Memory,
    /// Objects without a managing controller, which somebody may adopt.
    pub orphans: owned::Orphans,
    /// Counts of pods by ReplicaSet.
    pub replica_set: replica_set::Tallies,
    /// What was seen of nodes and zones.
    pub nodes: node_lifecycle::Nodes,
    /// Pods that leave tainted nodes.
    pub evictions: taint_eviction::Evictions,
    /// Pods by the Services that select them.
    members: endpoints::Members,
    /// Templates of kinds without a row of their own.
    templates: revisions::Templates,
    /// Pods that several budgets select.
    budgets: disruption::Chosen,
    /// What the pods of jobs came to.
    jobs: job::Jobs,
    /// What the pod garbage collector remembers.
    pod_gc: pod_gc::Memory,
    /// Which step of the cluster's size holds.
    ttl_step: usize,
}

/// What it wakes up for.
#[derive(Clone, Copy, Debug)]
pub enum Timer {
    /// A controller looks at an object that woke it.
    Work(usize, Id),
    /// The moment put down for an object has come.
    Later(usize, Id),
    /// Work in a fixed rhythm.
    Tick(usize),
}

/// Sees a write.
pub fn observe(state: &mut State, change: &Change, cx: &mut Cx<Timer>) {
    if state.queues.is_empty() {
        start(state, cx);
    }
    owned::observe(&mut state.memory.orphans, change);
    for (at, controller) in CONTROLLERS.iter().enumerate() {
        for on in controller.wakes {
            match on {
                On::Itself(kind) if *kind == change.kind => wake(state, at, change.id, Some(change.entry), cx),
                On::Named(name) if matches!(change.kind, Kind::Other(_)) && cx.api.kinds.name(change.kind) == *name => {
                    wake(state, at, change.id, Some(change.entry), cx);
                }
                On::PodsOf(name) if change.kind == Kind::Pod => {
                    for id in managers(change, name).into_iter().flatten() {
                        wake(state, at, id, Some(change.entry), cx);
                    }
                }
                On::OwnerOf(kind) if *kind == change.kind => {
                    let owner = change.object().and_then(|o| o.meta.controller()).and_then(|o| o.id);
                    let before = change.before.as_ref().and_then(|o| o.meta.controller()).and_then(|o| o.id);
                    for id in owner.into_iter().chain(before.filter(|b| Some(*b) != owner)) {
                        wake(state, at, id, Some(change.entry), cx);
                    }
                }
                On::Rule(kind, rule) if *kind == change.kind => apply_rule(state, at, *rule, change, cx),
                On::Any(rule) => apply_rule(state, at, *rule, change, cx),
                _ => {}
            }
        }
    }
}

/// The managing controllers of a kind that an object had and has.
fn managers(change: &Change, kind: &str) -> [Option<Id>; 2] {
    let of = |o: &Option<Rc<Object>>| o.as_ref()?.meta.controller().filter(|c| c.kind == *kind)?.id;
    let (before, after) = (of(&change.before), of(&change.after));
    [after, before.filter(|b| Some(*b) != after)]
}

fn apply_rule(state: &mut State, at: usize, rule: fn(&Change, &mut Wakes), change: &Change, cx: &mut Cx<Timer>) {
    let mut wakes = Wakes { api: cx.api, memory: &mut state.memory, ids: Vec::new(), later: Vec::new() };
    rule(change, &mut wakes);
    let later = std::mem::take(&mut wakes.later);
    for id in wakes.ids {
        wake(state, at, id, Some(change.entry), cx);
    }
    put_down(state, at, later, Some(change.entry), cx);
}

fn start(state: &mut State, cx: &mut Cx<Timer>) {
    state.queues = vec![Queue::default(); CONTROLLERS.len()];
    for (at, controller) in CONTROLLERS.iter().enumerate() {
        if let Some(every) = &controller.every {
            cx.after(every.period, Timer::Tick(at));
        }
    }
}

/// A timer is due.
pub fn fire(state: &mut State, timer: Timer, cx: &mut Cx<Timer>) {
    let (Timer::Work(at, _) | Timer::Later(at, _) | Timer::Tick(at)) = timer;
    if let Some(held) = state.stopped.get_mut(&at) {
        return held.push(timer);
    }
    match timer {
        Timer::Work(at, id) => {
            if let Some(cause) = state.queues[at].take(id) {
                work(state, at, id, cause, cx);
            }
        }
        Timer::Later(at, id) => {
            if let Some(cause) = state.queues[at].due(id, cx.now())
                && state.queues[at].add(id, cause)
            {
                cx.after(Span::ZERO, Timer::Work(at, id));
            }
        }
        Timer::Tick(at) => {
            let Some(every) = &CONTROLLERS[at].every else { return };
            let mut ctl = Ctl::new(cx.api, &mut state.memory, CONTROLLERS[at].name);
            (every.act)(&mut ctl);
            let later = std::mem::take(&mut ctl.later);
            cx.after(every.period, Timer::Tick(at));
            put_down(state, at, later, None, cx);
        }
    }
}

impl State {
    /// Stops a controller, or lets it go on; tells whether there is one of this name.
    pub fn stop(&mut self, name: &str, stopped: bool, cx: &mut Cx<Timer>) -> bool {
        let Some(at) = CONTROLLERS.iter().position(|c| c.name == name) else { return false };
        if stopped {
            self.stopped.entry(at).or_default();
        } else {
            for timer in self.stopped.remove(&at).unwrap_or_default() {
                cx.after(Span::ZERO, timer);
            }
        }
        true
    }
    /// The controllers were started anew: what they saw of nodes before is forgotten.
    pub fn started_anew(&mut self) {
        let grace = self.memory.nodes.grace;
        self.memory.nodes = node_lifecycle::Nodes::default();
        self.memory.nodes.grace = grace;
    }
}

/// Wakes a controller for an object, late by the watch latency.
fn wake(state: &mut State, at: usize, id: Id, cause: Option<EntryId>, cx: &mut Cx<Timer>) {
    if state.queues[at].add(id, cause) {
        let late = state.react.draw(cx.chance("controllers"));
        let when = state.queues[at].after_those_before(cx.now() + late);
        cx.after(when.since(cx.now()), Timer::Work(at, id));
    }
}

fn work(state: &mut State, at: usize, id: Id, cause: Option<EntryId>, cx: &mut Cx<Timer>) {
    let mut ctl = Ctl::new(cx.api, &mut state.memory, CONTROLLERS[at].name);
    ctl.cause = cause;
    let done = (CONTROLLERS[at].reconcile)(id, &mut ctl);
    let mut later = std::mem::take(&mut ctl.later);
    match done {
        Done::Settled => state.queues[at].succeeded(id),
        Done::Retry => later.push((id, state.queues[at].failed(id))),
        Done::Again(span) => {
            state.queues[at].succeeded(id);
            later.push((id, span));
        }
    }
    put_down(state, at, later, cause, cx);
}

fn put_down(state: &mut State, at: usize, later: Vec<(Id, Span)>, cause: Option<EntryId>, cx: &mut Cx<Timer>) {
    for (id, span) in later {
        let when = cx.now() + span;
        if state.queues[at].add_later(id, when, cause) {
            cx.after(span, Timer::Later(at, id));
        }
    }
}
