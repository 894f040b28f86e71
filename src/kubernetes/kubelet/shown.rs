//! What a kubelet knows of a pod that its report does not tell: how far its pauses and its probes are. Only looked at, never acted on.

use super::State;
use super::probes::Probed;
use super::restart::Backoff;
use super::worker::{Run, Stage};
use crate::kubernetes::objects::Id;
use crate::sim::Time;

impl State {
    /// From when to when a container of the pod waits before it is started again; the longest of such pauses.
    pub fn pause(&self, pod: Id, now: Time) -> Option<(Time, Time)> {
        let worker = self.pods.get(&pod).filter(|w| w.stage == Stage::Live)?;
        let pauses = worker.slots.iter().filter_map(|slot| {
            let Run::Ended(ended) = &slot.run else { return None };
            let left = Backoff::left_since(slot.backoff, ended.finished, now)?;
            Some((ended.finished, now + left))
        });
        pauses.max_by_key(|p| p.1)
    }
    /// The probes of a container (init containers are counted first) and what they found.
    pub fn probed(&self, pod: Id, container: usize) -> Vec<Probed> {
        let slot = self.pods.get(&pod).and_then(|w| w.slots.get(container));
        slot.filter(|s| s.running()).map(|s| s.probers.iter().map(|p| p.shown()).collect()).unwrap_or_default()
    }
}
