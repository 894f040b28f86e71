//! Rewinding any clonable world: checkpoints now and then, the inputs recorded, every other moment played again. Knows no
//! orchestrator.

use super::{Span, Time};

/// A world that can be played forward. A run must be a pure function of the first world and its inputs.
pub trait Rewindable: Clone {
    /// What a person does to it.
    type Input: Clone;
    /// The moment it stands at.
    fn now(&self) -> Time;
    /// Plays everything due up to and including `t`, and stands at `t` then.
    fn run_until(&mut self, t: Time);
    /// Takes an input at the present moment.
    fn apply(&mut self, input: &Self::Input);
    /// How many things a copy has to touch; checkpoints of large worlds are kept less often.
    fn weight(&self) -> u64 {
        0
    }
}

/// A world and how many of the recorded inputs it has taken.
#[derive(Clone)]
struct Moment<W> {
    world: W,
    taken: usize,
}

/// A world of this weight gets half as many checkpoints as an empty one. Ours: keeps them below a few percent of the work.
const WEIGHT_OF_ONE: u64 = 5_000;

/// One run that can be looked at from any moment. A clone is a branch.
#[derive(Clone)]
pub struct Timeline<W: Rewindable> {
    checkpoints: Vec<Moment<W>>,
    inputs: Vec<(Time, W::Input)>,
    cursor: Moment<W>,
    newest: Time,
    every: Span,
}

/// How many checkpoints are kept; when there are more, every second one goes and the spacing doubles. Ours: bounds memory.
const CHECKPOINTS_MAX: usize = 128;

impl<W: Rewindable> Timeline<W> {
    /// A run that begins with `world`; a checkpoint is kept at least `every` so often.
    pub fn new(world: W, every: Span) -> Self {
        let newest = world.now();
        let start = Moment { world, taken: 0 };
        Timeline { checkpoints: vec![start.clone()], inputs: Vec::new(), cursor: start, newest, every }
    }
    /// The world at the cursor.
    pub fn world(&self) -> &W {
        &self.cursor.world
    }
    /// The world at the cursor, for reading that needs a mutable door (draining change logs). Never change state with it.
    pub fn world_mut(&mut self) -> &mut W {
        &mut self.cursor.world
    }
    /// The newest moment this run has seen.
    pub fn newest(&self) -> Time {
        self.newest
    }
    /// The recorded inputs, by time.
    pub fn inputs(&self) -> &[(Time, W::Input)] {
        &self.inputs
    }
    /// Whether the cursor stands before the newest moment.
    pub fn in_the_past(&self) -> bool {
        self.cursor.world.now() < self.newest
    }
    /// Moves the cursor to `t`: forward by playing, backward from the last checkpoint before it.
    pub fn seek(&mut self, t: Time) {
        if t < self.cursor.world.now() {
            let later = self.checkpoints.partition_point(|m| m.world.now() <= t);
            self.cursor = self.checkpoints[later.saturating_sub(1)].clone();
        }
        while self.cursor.world.now() < t || self.input_due(t) {
            let due = self.next_checkpoint();
            self.play_to(t.min(due));
            if self.cursor.world.now() >= due {
                self.keep_checkpoint();
            }
        }
        self.newest = self.newest.max(t);
    }
    /// A copy of the world at `t`, without moving the cursor.
    pub fn at(&self, t: Time) -> W {
        let later = self.checkpoints.partition_point(|m| m.world.now() <= t);
        let mut copy = self.checkpoints[later.saturating_sub(1)].clone();
        while let Some((when, input)) = self.inputs.get(copy.taken).filter(|(when, _)| *when <= t) {
            copy.world.run_until(*when);
            copy.world.apply(input);
            copy.taken += 1;
        }
        copy.world.run_until(t);
        copy.world
    }
    /// Takes an input at the cursor. In the past this cuts the later inputs off: who wants to keep the old run clones the
    /// timeline before.
    pub fn apply(&mut self, input: W::Input) {
        let now = self.cursor.world.now();
        self.inputs.truncate(self.cursor.taken);
        self.checkpoints.retain(|m| m.world.now() <= now);
        self.newest = now;
        self.cursor.world.apply(&input);
        self.inputs.push((now, input));
        self.cursor.taken += 1;
    }
    fn input_due(&self, t: Time) -> bool {
        self.inputs.get(self.cursor.taken).is_some_and(|(when, _)| *when <= t)
    }
    fn next_checkpoint(&self) -> Time {
        let last = self.checkpoints.last().map_or(Time::ZERO, |m| m.world.now());
        last + self.every * (1 + self.cursor.world.weight() / WEIGHT_OF_ONE)
    }
    fn play_to(&mut self, t: Time) {
        let Moment { world, taken } = &mut self.cursor;
        while let Some((when, input)) = self.inputs.get(*taken).filter(|(when, _)| *when <= t) {
            world.run_until(*when);
            world.apply(input);
            *taken += 1;
        }
        world.run_until(t);
    }
    fn keep_checkpoint(&mut self) {
        self.checkpoints.push(self.cursor.clone());
        if self.checkpoints.len() <= CHECKPOINTS_MAX {
            return;
        }
        let mut nth = 0;
        self.checkpoints.retain(|_| {
            nth += 1;
            nth % 2 == 1
        });
        self.every = self.every * 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Counts seconds; an input adds to the count.
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Counter {
        now: Time,
        sum: u64,
    }
    impl Rewindable for Counter {
        type Input = u64;
        fn now(&self) -> Time {
            self.now
        }
        fn run_until(&mut self, t: Time) {
            self.sum = self.sum.wrapping_mul(31).wrapping_add(t.as_secs() - self.now.as_secs());
            self.sum += (self.now.as_secs() + 1..=t.as_secs()).sum::<u64>();
            self.now = t;
        }
        fn apply(&mut self, input: &u64) {
            self.sum = self.sum.wrapping_add(*input << 32);
        }
    }

    /// A counter whose state does not depend on how often it was stopped on the way.
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Log {
        now: Time,
        seen: Vec<(u64, u64)>,
    }
    impl Rewindable for Log {
        type Input = u64;
        fn now(&self) -> Time {
            self.now
        }
        fn run_until(&mut self, t: Time) {
            self.now = t;
        }
        fn apply(&mut self, input: &u64) {
            self.seen.push((self.now.0, *input));
        }
    }

    proptest! {
        #[test]
        fn any_seek_order_shows_the_same_moment(
            steps in proptest::collection::vec((1u64..40, any::<u8>()), 1..40),
            seeks in proptest::collection::vec(0u64..2_000, 1..20),
        ) {
            let mut line = Timeline::new(Log::default(), Span::secs(7));
            let mut straight = Vec::new();
            for (forward, input) in steps {
                let t = line.world().now() + Span::secs(forward);
                line.seek(t);
                line.apply(u64::from(input));
                straight.push((t.0, u64::from(input)));
            }
            for s in seeks {
                let t = Time::secs(s);
                line.seek(t);
                let want: Vec<_> = straight.iter().copied().filter(|(when, _)| *when <= t.0).collect();
                prop_assert_eq!(&line.world().seen, &want);
                prop_assert_eq!(line.world().now(), t);
                prop_assert_eq!(&line.at(t).seen, &want);
            }
        }
    }

    #[test]
    fn acting_in_the_past_cuts_the_future_and_a_clone_keeps_it() {
        let mut line = Timeline::new(Counter::default(), Span::secs(5));
        line.seek(Time::secs(20));
        line.apply(1);
        line.seek(Time::secs(10));
        let kept = line.clone();
        line.apply(2);
        assert_eq!(line.newest(), Time::secs(10));
        assert_eq!((line.inputs().len(), kept.inputs().len(), kept.newest()), (1, 1, Time::secs(20)));
    }
}
