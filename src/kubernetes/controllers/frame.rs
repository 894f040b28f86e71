//! What a controller is, and the queue it works off: de-duplicated, late by the watch latency, with rate-limited retries.

use super::Memory;
use crate::journal::{EntryId, Why};
use crate::kubernetes::apiserver::{Api, By, Change, Told};
use crate::kubernetes::objects::{Id, Kind};
use crate::sim::{Span, Time};
use crate::text::Word;
use std::collections::BTreeMap;

/// A controller: a constant. What it remembers is in [`Memory`].
pub struct Controller {
    /// Its component's name, as events and the journal name it.
    pub name: &'static str,
    /// What wakes it for which object.
    pub wakes: &'static [On],
    /// Looks at one object and acts.
    pub reconcile: fn(Id, &mut Ctl) -> Done,
    /// Work that is done again and again, whatever is written.
    pub every: Option<Every>,
}

/// Work in a fixed rhythm.
pub struct Every {
    /// How often.
    pub period: Span,
    /// What.
    pub act: fn(&mut Ctl),
}

/// What wakes a controller.
pub enum On {
    /// Any write of an object of this kind, for that object.
    Itself(Kind),
    /// Any write of an object of this kind, for its managing controller.
    OwnerOf(Kind),
    /// Any write of a Pod, for its managing controller of this kind.
    PodsOf(&'static str),
    /// Any write of an object of a kind without a row of its own, named so, for that object.
    Named(&'static str),
    /// A rule of its own for a kind.
    Rule(Kind, fn(&Change, &mut Wakes)),
    /// A rule of its own for all kinds.
    Any(fn(&Change, &mut Wakes)),
}

/// What a rule of [`On::Rule`] reads and says.
pub struct Wakes<'a> {
    /// The API server, to read.
    pub api: &'a Api,
    /// What the controllers remember: a rule may keep counts up to date.
    pub memory: &'a mut Memory,
    /// Whom to wake.
    pub ids: Vec<Id>,
    /// Whom to wake later.
    pub later: Vec<(Id, Span)>,
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing is left to do.
    Settled,
    /// It failed: again, later each time.
    Retry,
    /// Again after this time.
    Again(Span),
}

/// What a controller holds while it acts.
pub struct Ctl<'a> {
    /// The API server.
    pub api: &'a mut Api,
    /// What the controllers remember.
    pub memory: &'a mut Memory,
    /// The acting controller.
    pub name: &'static str,
    /// What woke it.
    pub cause: Option<EntryId>,
    /// Whether a second write from one old reading is refused, as the API server does. Off only where a client without
    /// versions is imitated.
    pub conflicts: bool,
    /// Objects to look at later.
    pub later: Vec<(Id, Span)>,
    /// Updates that changed nothing, so that watchers did not see them: the store's version then, and the object.
    pub idle: Vec<(u64, Id)>,
}

impl<'a> Ctl<'a> {
    /// A controller at work.
    pub fn new(api: &'a mut Api, memory: &'a mut Memory, name: &'static str) -> Self {
        Ctl { api, memory, name, cause: None, conflicts: true, later: Vec::new(), idle: Vec::new() }
    }
    /// The present moment.
    pub fn now(&self) -> Time {
        self.api.now
    }
    /// Who writes: this controller, because of what woke it.
    pub fn by(&self, why: Why) -> By {
        By::actor(self.name, why).because(self.cause)
    }
    /// Tells people something as this controller.
    pub fn normal(&mut self, about: Id, reason: &'static str, message: impl Into<Word>) {
        self.api.tell(Told::normal(self.name, about, reason, message));
    }
    /// Warns people as this controller.
    pub fn warn(&mut self, about: Id, reason: &'static str, message: impl Into<Word>) {
        self.api.tell(Told::warning(self.name, about, reason, message));
    }
}

/// The first pause after a failure. Source: kubernetes v1.37 client-go/util/workqueue/default_rate_limiters.go,
/// DefaultTypedControllerRateLimiter: 5 ms, doubling, at most 1000 s.
const RETRY_FIRST: Span = Span::millis(5);
/// The longest pause. Source: same function.
const RETRY_MAX: Span = Span::secs(1000);

/// One controller's queue.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Waiting to be looked at, with what woke it first.
    pending: BTreeMap<Id, Option<EntryId>>,
    /// To be added to `pending` at a moment.
    later: BTreeMap<Id, (Time, Option<EntryId>)>,
    /// How often in a row it failed.
    failures: BTreeMap<Id, u32>,
    /// When the newest of those in line is looked at.
    newest: Time,
}

impl Queue {
    /// Puts an object in line; tells whether it was not there yet.
    pub fn add(&mut self, id: Id, cause: Option<EntryId>) -> bool {
        let new = !self.pending.contains_key(&id);
        if new {
            self.pending.insert(id, cause);
        }
        new
    }
    /// When an object that would be seen at `at` is looked at: never before one that was in line earlier.
    pub fn after_those_before(&mut self, at: Time) -> Time {
        self.newest = self.newest.max(at);
        self.newest
    }
    /// Takes an object out to work on it, with what woke it.
    pub fn take(&mut self, id: Id) -> Option<Option<EntryId>> {
        self.pending.remove(&id)
    }
    /// Puts an object down for a moment; tells whether a timer must be set. The earliest moment counts.
    pub fn add_later(&mut self, id: Id, at: Time, cause: Option<EntryId>) -> bool {
        let sooner = self.later.get(&id).is_none_or(|(t, _)| at < *t);
        if sooner {
            self.later.insert(id, (at, cause));
        }
        sooner
    }
    /// The moment put down for an object has come; tells what caused it, `None` when it was put down for a later moment.
    pub fn due(&mut self, id: Id, now: Time) -> Option<Option<EntryId>> {
        match self.later.get(&id) {
            Some((at, cause)) if *at <= now => {
                let cause = *cause;
                self.later.remove(&id);
                Some(cause)
            }
            _ => None,
        }
    }
    /// Counts a failure and tells how long to wait.
    pub fn failed(&mut self, id: Id) -> Span {
        let times = self.failures.entry(id).or_insert(0);
        let wait = RETRY_FIRST * 1u64.checked_shl(*times).unwrap_or(u64::MAX);
        *times = times.saturating_add(1).min(62);
        wait.min(RETRY_MAX)
    }
    /// Forgets failures.
    pub fn succeeded(&mut self, id: Id) {
        self.failures.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_double_and_forget() {
        let mut queue = Queue::default();
        let waits: Vec<u64> = (0..4).map(|_| queue.failed(Id(1)).as_millis()).collect();
        assert_eq!(waits, [5, 10, 20, 40]);
        (0..100).for_each(|_| assert!(queue.failed(Id(1)) <= RETRY_MAX));
        queue.succeeded(Id(1));
        assert_eq!(queue.failed(Id(1)), RETRY_FIRST);
    }

    #[test]
    fn alike_wakes_are_one() {
        let mut queue = Queue::default();
        assert!(queue.add(Id(1), None));
        assert!(!queue.add(Id(1), None));
        assert!(queue.add_later(Id(2), Time::secs(9), None));
        assert!(!queue.add_later(Id(2), Time::secs(10), None));
        assert!(queue.add_later(Id(2), Time::secs(8), None));
        assert_eq!(queue.due(Id(2), Time::secs(7)), None);
        assert_eq!(queue.due(Id(2), Time::secs(8)), Some(None));
        assert_eq!(queue.due(Id(2), Time::secs(9)), None);
    }
}
