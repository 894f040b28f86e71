//! What is kept of attempts: enough to say what happened; the full table is made again when somebody asks.

use super::State;
use super::framework::{Attempt, Cycle, attempt};
use super::snapshot::Snapshot;
use super::view::PodView;
use crate::kubernetes::apiserver::Api;
use crate::kubernetes::objects::Id;
use crate::sim::Time;
use crate::text::Word;
use std::rc::Rc;

/// How many attempts of one pod are kept. Ours.
const KEPT_PER_POD: usize = 5;
/// Of how many pods attempts are kept, the newest ones. Ours: a bound on memory.
const KEPT_PODS: usize = 4096;

/// One attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// When.
    pub t: Time,
    /// How many nodes there were.
    pub nodes: u32,
    /// How many were looked at.
    pub evaluated: u32,
    /// How many fitted.
    pub feasible: u32,
    /// How many of those were equally good.
    pub tied: u32,
    /// The one taken, and its total score (none when it was the only one).
    pub chosen: Option<(Rc<str>, Option<i64>)>,
    /// Why none, in the scheduler's words.
    pub message: Word,
}

/// The state of a cluster in which an attempt was made: changes of nodes, of their order, of pods with affinity.
pub type Known = (u64, u64, u64);

/// A failure that holds for all pods of a template while the cluster stays as it is.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What is kept of it.
    pub kept: Kept,
    /// Plugins that refused.
    pub plugins: super::hints::Plugins,
    /// Whether a nomination is taken back.
    pub clears: bool,
}

impl Kept {
    /// An attempt that found a node the short way.
    pub fn of(t: Time, placed: &super::fast::Placement, cluster: &Snapshot) -> Self {
        Kept {
            t,
            nodes: cluster.nodes().len() as u32,
            evaluated: placed.evaluated as u32,
            feasible: placed.feasible as u32,
            tied: placed.tied as u32,
            chosen: Some((cluster.nodes()[placed.node].name.clone(), placed.total)),
            message: Word::EMPTY,
        }
    }
    /// An attempt that found a node; `chosen` is its place among the feasible.
    pub fn placed(t: Time, found: &Attempt, chosen: usize, tied: usize, cluster: &Snapshot) -> Self {
        let node = cluster.nodes()[found.feasible[chosen]].name.clone();
        Kept {
            tied: tied as u32,
            chosen: Some((node, found.totals.get(chosen).copied())),
            ..Kept::failed(t, found, Word::EMPTY)
        }
    }
    /// An attempt that did not.
    pub fn failed(t: Time, found: &Attempt, message: Word) -> Self {
        let (nodes, evaluated) = (found.nodes as u32, found.evaluated as u32);
        Kept { t, nodes, evaluated, feasible: found.feasible.len() as u32, tied: 0, chosen: None, message }
    }
}

impl State {
    pub(super) fn keep(&mut self, id: Id, kept: Kept) {
        if !self.attempts.contains_key(&id) {
            self.attempted.push_back(id);
            if self.attempted.len() > KEPT_PODS
                && let Some(oldest) = self.attempted.pop_front()
            {
                self.attempts.remove(&oldest);
            }
        }
        let list = self.attempts.entry(id).or_default();
        if list.len() == KEPT_PER_POD {
            list.remove(0);
        }
        list.push(kept);
    }
    /// The kept attempts of a pod, oldest first.
    pub fn attempts(&self, id: Id) -> &[Kept] {
        self.attempts.get(&id).map_or(&[], Vec::as_slice)
    }
    pub(super) fn newest(&self, id: Id) -> Option<&Kept> {
        self.attempts(id).last()
    }
    /// How the pod would fare now: every node's verdict, and every plugin's scores of those that fit. A pod that stands on
    /// a node already is looked at as if it did not.
    pub fn explain(&self, api: &Api, id: Id) -> Option<(Attempt, Snapshot)> {
        let object = api.store.get(id)?;
        let pod = PodView { nominated: None, ..PodView::of(object)? };
        let mut cluster = self.snapshot.clone();
        if let Some(placed) = self.placed.get(&id) {
            cluster.remove_pod(&placed.node, id);
        }
        cluster.arrange();
        let selector = self.selector_for(object, api);
        let found = attempt(&pod, &mut Cycle::new(&cluster, &selector), 0, true);
        Some((found, cluster))
    }
}
