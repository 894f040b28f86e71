//! The pods that wait for a node: those that may try now, those that back off, those that wait for something to happen, and
//! those with gates. Source: kubernetes v1.37 pkg/scheduler/backend/queue/{scheduling_queue,active_queue,backoff_queue}.go.

use super::hints::Plugins;
use crate::kubernetes::objects::Id;
use crate::sim::{Span, Time};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Pause after the first failure; doubles with each. Source: scheduling_queue.go, DefaultPodInitialBackoffDuration.
pub const BACKOFF_FIRST: Span = Span::secs(1);
/// Longest pause. Source: scheduling_queue.go, DefaultPodMaxBackoffDuration.
pub const BACKOFF_MAX: Span = Span::secs(10);
/// How long a pod waits for something to happen before it tries all the same.
/// Source: scheduling_queue.go, DefaultPodMaxInUnschedulablePodsDuration.
pub const STUCK_MAX: Span = Span::secs(300);
/// How often that is looked at. Source: scheduling_queue.go, Run, flushUnschedulablePodsLeftover.
pub const STUCK_LOOK: Span = Span::secs(30);

/// The pause after so many failures. Source: backoff_queue.go, calculateBackoffDuration.
pub fn backoff(failures: u32) -> Span {
    (BACKOFF_FIRST * (1 << failures.saturating_sub(1).min(10))).min(BACKOFF_MAX)
}

/// Where a waiting pod stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On its way from the API server.
    Arriving,
    /// It may try now.
    Active,
    /// It may try now if nobody else wants to, else from then on.
    Backoff(Time),
    /// It may try from then on: nothing refused it that could change.
    Delayed(Time),
    /// It waits for something to happen to what these plugins look at.
    Stuck(Plugins),
    /// It has gates.
    Gated,
}

/// What is known of a waiting pod.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// Priority.
    pub priority: i32,
    /// When it was queued first, or failed last.
    pub since: Time,
    /// How often it failed.
    pub failures: u32,
    /// Where it stands.
    pub place: Place,
    seq: u64,
}

/// Order of trying: priority, then time, then arrival.
type Turn = (Reverse<i32>, Time, u64, Id);

/// All waiting pods.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    pods: BTreeMap<Id, Waiting>,
    arriving: VecDeque<(Time, Id)>,
    active: BTreeSet<Turn>,
    backoff: BTreeSet<(Time, Turn)>,
    delayed: BTreeSet<(Time, Id)>,
    stuck: BTreeMap<Plugins, BTreeSet<Id>>,
    seq: u64,
}

impl Queue {
    /// What is known of a pod.
    pub fn get(&self, id: Id) -> Option<&Waiting> {
        self.pods.get(&id)
    }
    /// How many wait.
    pub fn len(&self) -> usize {
        self.pods.len()
    }
    /// Whether none wait.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }
    /// A new pod is on its way and arrives then; arrivals come in order.
    pub fn arrive(&mut self, id: Id, priority: i32, at: Time) {
        self.seq += 1;
        let pod = Waiting { priority, since: at, failures: 0, place: Place::Arriving, seq: self.seq };
        self.pods.insert(id, pod);
        self.arriving.push_back((at, id));
    }
    /// Puts a waiting pod somewhere else.
    pub fn put(&mut self, id: Id, place: Place) {
        let Some(pod) = self.pods.get(&id).copied() else { return };
        self.take_out(id, &pod);
        match place {
            Place::Active => drop(self.active.insert(pod.turn(id))),
            Place::Backoff(until) => drop(self.backoff.insert((until, pod.turn(id)))),
            Place::Delayed(until) => drop(self.delayed.insert((until, id))),
            Place::Stuck(plugins) => drop(self.stuck.entry(plugins).or_default().insert(id)),
            Place::Arriving | Place::Gated => {}
        }
        self.pods.insert(id, Waiting { place, ..pod });
    }
    /// An attempt of a pod failed now. What it may wait for are the plugins that refused it; without any it is a matter of
    /// time.
    pub fn failed(&mut self, id: Id, plugins: Plugins, now: Time) {
        let Some(pod) = self.pods.get_mut(&id) else { return };
        pod.failures += 1;
        pod.since = now;
        let until = now + backoff(pod.failures);
        self.put(id, if plugins == 0 { Place::Delayed(until) } else { Place::Stuck(plugins) });
    }
    /// A pod that waited for something tries again as soon as it may.
    pub fn wake(&mut self, id: Id, now: Time) {
        let Some(pod) = self.pods.get(&id).copied() else { return };
        if !matches!(pod.place, Place::Stuck(_)) {
            return;
        }
        let until = pod.since + backoff(pod.failures);
        self.put(id, if pod.failures > 0 && next_window(until) > now { Place::Backoff(until) } else { Place::Active });
    }
    /// A pod no longer waits.
    pub fn remove(&mut self, id: Id) {
        if let Some(pod) = self.pods.remove(&id) {
            self.take_out(id, &pod);
        }
    }
    /// The pod whose turn it is; it stays known until it is put somewhere or removed.
    /// Source: active_queue.go, pop: an empty active queue takes from those that back off.
    pub fn pop(&mut self, now: Time) -> Option<Id> {
        self.ripen(now);
        if let Some(turn) = self.active.pop_first() {
            return Some(turn.3);
        }
        self.backoff.pop_first().map(|(_, turn)| turn.3)
    }
    /// When [`Self::pop`] has something next.
    pub fn next_at(&self, now: Time) -> Option<Time> {
        if !self.active.is_empty() || !self.backoff.is_empty() {
            return Some(now);
        }
        let arriving = self.arriving.front().map(|(at, _)| *at);
        let delayed = self.delayed.first().map(|(at, _)| next_window(*at));
        [arriving, delayed].into_iter().flatten().min()
    }
    /// Pods that wait for something to happen to what at least one of these plugins looks at.
    pub fn stuck_on(&self, plugins: Plugins) -> Vec<Id> {
        let groups = self.stuck.iter().filter(|(mask, _)| *mask & plugins != 0);
        groups.flat_map(|(_, ids)| ids.iter().copied()).collect()
    }
    /// Whether any pod waits for something to happen.
    pub fn any_stuck(&self) -> bool {
        !self.stuck.is_empty()
    }
    /// Lets pods try that have waited too long for something to happen.
    pub fn flush(&mut self, now: Time) {
        for id in self.stuck_on(Plugins::MAX) {
            if self.pods.get(&id).is_some_and(|p| now.since(p.since) >= STUCK_MAX) {
                self.wake(id, now);
            }
        }
    }

    fn ripen(&mut self, now: Time) {
        while let Some((at, id)) = self.arriving.front().copied().filter(|(at, _)| *at <= now) {
            self.arriving.pop_front();
            if self.pods.get(&id).is_some_and(|p| p.place == Place::Arriving && p.since == at) {
                self.put(id, Place::Active);
            }
        }
        while let Some((_, turn)) = self.backoff.first().copied().filter(|(at, _)| next_window(*at) <= now) {
            self.put(turn.3, Place::Active);
        }
        while let Some((_, id)) = self.delayed.first().copied().filter(|(at, _)| next_window(*at) <= now) {
            self.put(id, Place::Active);
        }
    }
    fn take_out(&mut self, id: Id, pod: &Waiting) {
        match pod.place {
            Place::Active => drop(self.active.remove(&pod.turn(id))),
            Place::Backoff(until) => drop(self.backoff.remove(&(until, pod.turn(id)))),
            Place::Delayed(until) => drop(self.delayed.remove(&(until, id))),
            Place::Stuck(plugins) => {
                if let Some(ids) = self.stuck.get_mut(&plugins) {
                    ids.remove(&id);
                    if ids.is_empty() {
                        self.stuck.remove(&plugins);
                    }
                }
            }
            Place::Arriving | Place::Gated => {}
        }
    }
}

impl Waiting {
    fn turn(&self, id: Id) -> Turn {
        (Reverse(self.priority), self.since, self.seq, id)
    }
}

/// The queue looks at elapsed pauses once a second, and a pause that ends in a second lasts through it.
/// Source: backoff_queue.go, alignToWindow, isPodBackingoff.
fn next_window(at: Time) -> Time {
    Time::secs(at.0 / 1_000_000 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_seconds() {
        let pauses: Vec<u64> = (1..7).map(|n| backoff(n).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn priority_goes_first_and_a_pause_is_cut_short_when_nobody_waits() {
        let mut queue = Queue::default();
        let now = Time::secs(1);
        for (id, priority) in [(1, 0), (2, 5), (3, 5)] {
            queue.arrive(Id(id), priority, now);
        }
        let order: Vec<u32> = std::iter::from_fn(|| queue.pop(now)).map(|id| id.0).collect();
        assert_eq!(order, [2, 3, 1]);
        for id in [Id(1), Id(2)] {
            queue.failed(id, 1, now);
        }
        assert_eq!((queue.pop(now), queue.stuck_on(1)), (None, vec![Id(1), Id(2)]));
        queue.wake(Id(1), now);
        assert_eq!(queue.pop(now), Some(Id(1)));
        queue.failed(Id(3), 0, now);
        assert_eq!((queue.pop(now), queue.next_at(now)), (None, Some(Time::secs(3))));
        assert_eq!((queue.pop(Time::secs(2)), queue.pop(Time::secs(3))), (None, Some(Id(3))));
    }
}
