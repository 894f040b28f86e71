//! The scheduler: which pod goes to which node, and why.
//!
//! `plugins` the rules · `framework` the way through them · `preemption` making room · `snapshot` `view` the cluster as they
//! see it · `queue` `hints` who tries when · `watch` what is seen · `work` one pod's turn · `attempts` what is kept of it.

pub mod attempts;
pub mod fast;
pub mod framework;
pub mod hints;
pub mod plugins;
pub mod preemption;
pub mod queue;
pub mod snapshot;
mod ties;
pub mod view;
mod watch;
mod work;

#[cfg(test)]
mod tests;

use super::apiserver::{Change, Cx};
use super::objects::Id;
use crate::reasons;
use crate::sim::{Span, Time};
use snapshot::Snapshot;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use view::PodView;
use watch::Placed;

/// The component's name, as in events, and the scheduler that pods ask for by default.
/// Source: kubernetes v1.37 api/core/v1/types.go, DefaultSchedulerName.
pub const SCHEDULER: &str = "default-scheduler";

/// From a write until the scheduler acts on it. Ours: recorded pods are bound 14 ms after their creation, in the middle.
const WATCH: Span = Span::millis(8);
/// From the choice until the API server is told. Ours: shorter than a turn, as recorded bindings are seen by the next one.
const BIND: Span = Span::millis(1);
/// From the other victims of preemption until the last one is told. Ours: recorded ones are told 10 to 130 ms apart.
const EVICT: Span = Span::millis(25);
/// How long a turn takes. Ours: a real scheduler places some hundreds of pods a second.
const CYCLE: Span = Span::millis(2);

reasons! { "scheduler":
    /// A node was chosen.
    bound(node, feasible, evaluated),
    /// No node fits.
    warning no_fit(nodes, message),
    /// No node fits, but one would if pods of lower priority left.
    makes_room(node, victims),
    /// A pod leaves, or loses its claim, for one of higher priority.
    warning made_room(node, pod),
}

/// What the room remembers.
#[derive(Clone, Debug, Default)]
pub struct State {
    snapshot: Snapshot,
    queue: queue::Queue,
    placed: BTreeMap<Id, Placed>,
    nominated: BTreeMap<Id, (Rc<str>, Rc<PodView>)>,
    services: BTreeMap<Rc<str>, Vec<(Id, Selector)>>,
    attempts: BTreeMap<Id, Vec<attempts::Kept>>,
    attempted: VecDeque<Id>,
    /// Where the next walk over the nodes begins.
    start: usize,
    busy_until: Time,
    work_at: Option<Time>,
    flushing: bool,
    /// Counts changes of Services.
    selectors_changed: u64,
    fast: fast::Cache,
}

/// A Service's selector.
type Selector = Rc<Vec<(Rc<str>, Rc<str>)>>;

/// What it wakes up for.
#[derive(Clone, Debug)]
pub enum Timer {
    /// The next pod's turn.
    Work,
    /// The API server is told where a pod goes.
    Bind(Id),
    /// The last victim is told to make room: for whom (and its name), who, where.
    Evict(Id, Rc<str>, Id, Rc<str>),
    /// A look at pods that have waited long.
    Flush,
}

/// Sees a write.
pub fn observe(state: &mut State, change: &Change, cx: &mut Cx<Timer>) {
    state.see(change, cx);
}

/// A timer is due.
pub fn fire(state: &mut State, timer: Timer, cx: &mut Cx<Timer>) {
    match timer {
        Timer::Work => state.work(cx),
        Timer::Bind(id) => state.bind(id, cx),
        Timer::Evict(preemptor, name, victim, node) => work::evict(preemptor, &name, victim, &node, cx),
        Timer::Flush => {
            state.queue.flush(cx.now());
            state.flushing = state.queue.any_stuck();
            if state.flushing {
                cx.after(queue::STUCK_LOOK, Timer::Flush);
            }
            state.wake(cx);
        }
    }
}

impl State {
    /// The cluster as the scheduler sees it.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
    /// How many pods wait for a node.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }
    /// Where a waiting pod stands.
    pub fn place(&self, id: Id) -> Option<queue::Place> {
        self.queue.get(id).map(|w| w.place)
    }
}
