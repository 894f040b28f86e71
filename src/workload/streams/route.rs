//! One stream of requests: from a client, over what is known of where it leads, to endpoints. Clients that fail may ask again,
//! so the stream is kept in rounds: first attempts, second attempts, …

use crate::sim::Span;
use crate::workload::floor::Key;
use crate::workload::load::RETRIES_MAX;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Less than this is nothing: a millionth of a request.
/// Ours: keeps streams that have ended from fading for ever.
pub const NOTHING: f64 = 1e-6;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// A load from outside.
    Load(Rc<str>),
    /// The containers of a group, by the number of the call in their behaviour.
    Call(Rc<str>, u16),
}

/// Why requests fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nobody listens: no endpoint, or one that is not there any more.
    Refused,
    /// No room in the queue.
    Full,
    /// The client waited for long enough.
    Late,
    /// The program answered with an error.
    Error,
    /// Packets got lost: a machine, a link or a policy in the way.
    Lost,
    /// The container ended in the middle.
    Aborted,
}

impl Why {
    /// All of them, in the order of the numbers in [`Spent::failed`].
    pub const ALL: [Why; 6] = [Why::Refused, Why::Full, Why::Late, Why::Error, Why::Lost, Why::Aborted];
    /// Its word in figures.
    pub const fn word(self) -> &'static str {
        match self {
            Why::Refused => "refused",
            Why::Full => "full",
            Why::Late => "late",
            Why::Error => "error",
            Why::Lost => "lost",
            Why::Aborted => "aborted",
        }
    }
}

/// An endpoint, as whoever sends requests there knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The container.
    pub key: Key,
    /// Its machine.
    pub host: Rc<str>,
    /// Port on it.
    pub port: u16,
    /// Whether requests get through; else they are swallowed.
    pub allowed: bool,
    /// Its share of the requests, compared with the other ways.
    pub weight: u32,
}

/// What flows to one endpoint.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// Requests inside it.
    pub inside: f64,
    /// Requests that come in the present stretch.
    pub coming: f64,
    /// Requests that went there since the second began.
    pub sent: f64,
    /// Those that were answered.
    pub answered: f64,
    /// Those that failed.
    pub failed: f64,
}

/// Requests over a stretch.
#[derive(Clone, Debug, Default)]
pub struct Spent {
    /// Attempts that were made.
    pub sent: f64,
    /// Attempts that were answered.
    pub answered: f64,
    /// Attempts that failed, by reason.
    pub failed: [f64; 6],
    /// Sum of how long the answered ones took, in seconds.
    pub took: f64,
}

/// One stream.
#[derive(Clone, Debug)]
pub struct Route<G> {
    /// Whom it asks, as written.
    pub target: Rc<str>,
    /// How long a client waits.
    pub patience: Span,
    /// How often it asks again.
    pub retries: u32,
    /// What this leads to.
    pub goal: Option<G>,
    /// Where each of its clients sticks; empty where every request may go anywhere.
    pub stuck: Vec<Key>,
    /// The endpoints there.
    pub ways: Rc<Vec<Way>>,
    /// What is under way, by endpoint.
    pub lanes: BTreeMap<Key, Lane>,
    /// Attempts inside endpoints, by round.
    pub inside: Vec<f64>,
    /// Attempts that got lost and whose clients still wait, by round.
    pub hanging: Vec<f64>,
    /// Clients that will ask again, by round.
    pub again: Vec<f64>,
    /// Requests that containers will ask for: those of containers that are asked by whom they ask.
    pub asked: f64,
    /// Clients that got an answer or gave up, since whoever waits for them looked.
    pub ended: f64,
    /// Clients that came, that got an answer, that gave up: since the start.
    pub came: f64,
    /// See `came`.
    pub answered: f64,
    /// See `came`.
    pub failed: f64,
    /// Since the second began.
    pub second: Spent,
    /// Mean time that the clients which ended last had waited for answers, in seconds.
    pub takes: f64,
    /// Clients that ended a second in the last stretch in which any did.
    pub pace: f64,
    /// Share of them that gave up.
    pub failing: f64,
    /// Time that clients waited for answers, of those that are not in `takes` yet.
    pub waited: f64,
    /// `answered` and `failed` when the stretch began.
    pub look: [f64; 2],
    /// Clients that came, were answered, gave up a second, in the last one.
    pub rates: [f64; 3],
    /// `came`, `answered` and `failed` when the second began.
    pub marks: [f64; 3],
}

impl<G> Route<G> {
    /// A stream of nothing yet.
    pub fn new(target: &str, patience: Span, retries: u32) -> Self {
        Route {
            target: target.into(),
            patience,
            retries: retries.min(RETRIES_MAX),
            goal: None,
            stuck: Vec::new(),
            ways: Rc::default(),
            lanes: BTreeMap::new(),
            inside: Vec::new(),
            hanging: Vec::new(),
            again: Vec::new(),
            asked: 0.0,
            ended: 0.0,
            came: 0.0,
            answered: 0.0,
            failed: 0.0,
            second: Spent::default(),
            takes: 0.0,
            pace: 0.0,
            failing: 0.0,
            waited: 0.0,
            look: [0.0; 2],
            rates: [0.0; 3],
            marks: [0.0; 3],
        }
    }
    /// Clients that still wait: for an answer, or to ask again.
    pub fn waiting(&self) -> f64 {
        self.inside.iter().chain(&self.hanging).chain(&self.again).sum()
    }
    /// New clients come, and a share of those of before ask again: attempts by round.
    pub fn arrive(&mut self, fresh: f64, share: f64) -> Vec<f64> {
        self.came += fresh;
        let mut rounds: Vec<f64> = self.again.iter().map(|n| n * share).collect();
        self.again.iter_mut().for_each(|n| *n -= *n * share);
        if rounds.is_empty() {
            rounds.push(fresh);
        } else {
            rounds[0] += fresh;
        }
        rounds
    }
    /// Attempts were lost on the way: their clients wait until they have waited for long enough.
    pub fn lose(&mut self, rounds: &[f64], share: f64) {
        if share > 0.0 {
            add(&mut self.hanging, rounds, share);
        }
    }
    /// Those that got lost give up one after the other: on the average after the time they wait.
    pub fn give_up(&mut self, seconds: f64) {
        let whole: f64 = self.hanging.iter().sum();
        if whole <= 0.0 {
            return;
        }
        let share = 1.0 - libm::exp(-seconds / (self.patience.0 as f64 / 1e6).max(0.001));
        // What is less than a thousandth of a request is not waited for.
        let share = if whole < 1e-3 { 1.0 } else { share };
        let gone: Vec<f64> = self.hanging.iter().map(|n| n * share).collect();
        self.hanging.iter_mut().for_each(|n| *n -= *n * share);
        self.second.failed[Why::Lost as usize] += whole * share;
        self.waited += whole * share * self.patience.0 as f64 / 1e6;
        self.fail(&gone, 1.0);
    }
    /// Attempts of a round fail: the client asks again, or is done with it.
    pub fn fail(&mut self, rounds: &[f64], share: f64) {
        for (round, count) in rounds.iter().enumerate().filter(|(_, n)| **n > 0.0) {
            let count = count * share;
            if (round as u32) < self.retries {
                let next = round + 1;
                if self.again.len() <= next {
                    self.again.resize(next + 1, 0.0);
                }
                self.again[next] += count;
            } else {
                self.failed += count;
            }
        }
    }
    /// Of all inside, some are answered and some fail.
    pub fn leave(&mut self, answered: f64, failed: f64) {
        let whole: f64 = self.inside.iter().sum();
        if whole <= 0.0 {
            return;
        }
        let (well, ill) = ((answered / whole).min(1.0), (failed / whole).min(1.0));
        let ill = ill.min(1.0 - well);
        let rounds = self.inside.clone();
        self.answered += whole * well;
        self.fail(&rounds, ill);
        self.inside.iter_mut().for_each(|n| *n = (*n * (1.0 - well - ill)).max(0.0));
    }
    /// A stretch is over: how long the clients that ended in it had waited, and how many of them gave up.
    pub fn close(&mut self, seconds: f64) {
        let failed = self.failed - self.look[1];
        let ended = self.answered - self.look[0] + failed;
        self.look = [self.answered, self.failed];
        self.ended += ended;
        if ended > NOTHING {
            (self.takes, self.failing) = (self.waited / ended, failed / ended);
            self.pace = ended / seconds;
            self.waited = 0.0;
        }
    }
    /// How long a client is likely to stay: as long as those before it, and no longer than what is under way needs at that pace.
    pub fn stays(&self) -> f64 {
        self.takes.min((self.waiting() + self.asked) / self.pace.max(NOTHING))
    }
    /// Some who came cannot have come: they are taken back from wherever they are. Tells what that takes from endpoints.
    pub fn take_back(&mut self, count: f64) -> Vec<(Key, f64)> {
        let whole = self.waiting();
        let share = if whole > 0.0 { (count / whole).clamp(0.0, 1.0) } else { 0.0 };
        for part in [&mut self.inside, &mut self.hanging, &mut self.again] {
            part.iter_mut().for_each(|n| *n -= *n * share);
        }
        self.came -= whole * share;
        self.second.sent -= whole * share;
        let taken = |(key, lane): (&Key, &mut Lane)| {
            let gone = lane.inside * share;
            (lane.inside, lane.sent) = (lane.inside - gone, lane.sent - gone);
            (*key, gone)
        };
        self.lanes.iter_mut().map(taken).collect()
    }
    /// Attempts get in somewhere.
    pub fn enter(&mut self, rounds: &[f64], share: f64) {
        add(&mut self.inside, rounds, share);
    }
}

fn add(to: &mut Vec<f64>, rounds: &[f64], share: f64) {
    if to.len() < rounds.len() {
        to.resize(rounds.len(), 0.0);
    }
    rounds.iter().zip(to).for_each(|(n, sum)| *sum += n * share);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_client_is_answered_gave_up_or_waits(
            retries in 0u32..4,
            steps in proptest::collection::vec((0.0f64..100.0, 0.0f64..1.0, 0.0f64..1.0, 0.0f64..1.0, 0.0f64..1.0), 1..60),
        ) {
            let mut route = Route::<u32>::new("service/web", Span::secs(2), retries);
            for (fresh, lost, refused, answered, failed) in steps {
                let rounds = route.arrive(fresh, 1.0);
                route.lose(&rounds, lost);
                route.fail(&rounds, (1.0 - lost) * refused);
                route.enter(&rounds, (1.0 - lost) * (1.0 - refused));
                let inside: f64 = route.inside.iter().sum();
                route.leave(inside * answered, inside * (1.0 - answered) * failed);
                route.give_up(1.0);
                let sum = route.answered + route.failed + route.waiting();
                prop_assert!((route.came - sum).abs() < 1e-6 * (1.0 + route.came), "{} {sum}", route.came);
                prop_assert!(route.again.len() <= retries as usize + 1);
            }
        }
    }

    #[test]
    fn a_client_that_tries_three_times_makes_three_attempts() {
        let mut route = Route::<u32>::new("service/web", Span::secs(2), 2);
        let mut attempts = 0.0;
        for fresh in [10.0, 0.0, 0.0, 0.0] {
            let rounds = route.arrive(fresh, 1.0);
            attempts += rounds.iter().sum::<f64>();
            route.fail(&rounds, 1.0);
        }
        assert_eq!((attempts, route.failed, route.waiting()), (30.0, 10.0, 0.0));
    }
}
