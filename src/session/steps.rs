//! From one entry of the journals to the next, and over stretches in which none is written.

use super::Session;
use super::run::Run;
use crate::journal::{Entry, EntryId, Journal, Verb};
use crate::kubernetes::objects::{Id, Kind};
use crate::sim::{Rewindable, Span, Time};

/// Larger worlds are not played ahead to find the end of a quiet stretch. Ours: a copy must cost less than a frame.
const AHEAD_WEIGHT_MAX: u64 = 2_000;
/// A copy is played ahead at most so far. Ours: an eviction comes after five minutes; what is an hour away is nothing to wait for.
const AHEAD_MAX: Span = Span::secs(600);
/// Moments that one step looks at without an entry. Ours: components look around often and write seldom.
const MOMENTS_MAX: usize = 10_000;

impl Run {
    /// The journals of both houses.
    pub fn journals(&self) -> impl Iterator<Item = &Journal> {
        let host = self.world.host.as_ref().map(|h| &h.engine.journal);
        [&self.world.cluster.api.journal].into_iter().chain(host)
    }
    /// How many entries there are in both.
    pub fn entries(&self) -> usize {
        self.journals().map(Journal::len).sum()
    }
}

/// When the newest entry up to `t` was written.
fn newest(journal: &Journal, t: Time) -> Option<Time> {
    let at = journal.first_after(t).checked_sub(1)?;
    journal.get(EntryId(at)).map(|e| e.t)
}

impl Session {
    pub(super) fn step_event(&mut self, back: bool) {
        if back {
            return self.step_back();
        }
        let before = self.run().entries();
        for _ in 0..MOMENTS_MAX {
            let Some(due) = self.run().next_due() else { return };
            let fresh = due > self.line().newest();
            if fresh {
                self.play(due)
            } else {
                self.line_mut().seek(due)
            }
            if self.run().entries() > before {
                return;
            }
        }
    }
    /// To the moment before the newest entry: what it changed is undone.
    fn step_back(&mut self) {
        let now = self.now();
        let run = self.run();
        let newest = run.journals().filter_map(|journal| newest(journal, now)).max();
        let earlier = newest.map(|t| Time(t.0.saturating_sub(1)));
        let before = earlier.and_then(|t| run.journals().filter_map(|journal| self::newest(journal, t)).max());
        let target = if newest < Some(now) { newest } else { before };
        self.seek(target.unwrap_or(Time::ZERO));
    }
    /// When something will be written next. Components look around all the time without a write, so a copy is played ahead until
    /// one comes; the answer holds until then or until a person acts. Large worlds are not copied: there something happens
    /// anyway.
    pub(super) fn quiet_until(&mut self) -> Option<Time> {
        let (now, run) = (self.now(), self.run());
        let due = run.next_due()?;
        // Where requests flow nothing is quiet.
        let flowing = run.world.cluster.services.streams().flowing();
        if self.line().in_the_past() || flowing || run.weight() > AHEAD_WEIGHT_MAX {
            return Some(due);
        }
        if let Some((known, news)) = self.quiet_until.filter(|(t, _)| *t > now) {
            return news.then_some(known);
        }
        let mut ahead = run.clone();
        let mut seen = lengths(&ahead);
        let end = now + AHEAD_MAX;
        // Where nothing is written for long there is nothing to skip to: time goes on at its own pace.
        let mut found = (end, false);
        while let Some(next) = ahead.next_due().filter(|next| *next <= end) {
            ahead.run_until(next);
            if news_since(&ahead, seen) {
                found = (next, true);
                break;
            }
            seen = lengths(&ahead);
        }
        self.quiet_until = Some(found);
        found.1.then_some(found.0)
    }
}

/// How long both journals are.
fn lengths(run: &Run) -> (usize, usize) {
    (run.world.cluster.api.journal.len(), run.world.host.as_ref().map_or(0, |h| h.engine.journal.len()))
}

/// Whether something was written that was not said before: an event that is only counted once more (a pod that still finds no
/// place, asked again every five minutes) is nothing to skip to.
fn news_since(run: &Run, seen: (usize, usize)) -> bool {
    let cluster = &run.world.cluster;
    let repeats = |e: &Entry| {
        let object = cluster.api.store.get(Id(e.object));
        e.verb != Verb::Create && object.is_some_and(|o| o.kind == Kind::Event)
    };
    lengths(run).1 > seen.1 || cluster.api.journal.since(seen.0 as u32).any(|(_, e)| !repeats(e))
}
