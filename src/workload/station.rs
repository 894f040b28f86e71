//! A place where requests wait and are served: what theory says of it, and how it goes on over a stretch of time.
//!
//! The steady state is M/M/c/K for exponential service, with the waiting of other service times by the Pollaczek–Khinchine
//! factor (1 + cv²)/2: exact for M/M/c and M/G/1 (M/D/1 among them), Lee and Longton's approximation for M/G/c.
//! Out of the steady state the number inside follows the balance of what comes and goes, so nothing is lost or made.

use std::f64::consts::PI;

/// What a place can do at the moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// How many are served at once.
    pub servers: u32,
    /// Mean time that one takes, in seconds.
    pub service: f64,
    /// Squared coefficient of variation of that time: 1 exponential, 0 fixed.
    pub scv: f64,
    /// How many may wait.
    pub room: f64,
    /// Time that every request takes besides, without a server, in seconds.
    pub delay: f64,
}

/// What theory says of a place under a steady stream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Steady {
    /// Share of the servers that is busy, of the stream that gets in.
    pub busy: f64,
    /// Share that finds no room.
    pub refused: f64,
    /// Share that has to wait.
    pub waits: f64,
    /// Mean number that wait.
    pub waiting: f64,
    /// Mean number inside, the waiting among them, without those in the delay.
    pub inside: f64,
}

/// How long a request takes in all: a fixed part, and the moments of the rest. In seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Takes {
    /// No request takes less.
    pub least: f64,
    /// Mean of what it takes above that.
    pub mean: f64,
    /// Variance.
    pub variance: f64,
    /// Share of the requests that take more than the least.
    pub share: f64,
}

/// Streams nearer to full than this are looked at as if they were so near. Ours: there the steady state is reached after hours
/// only, and the balance tells more.
const NEARLY_FULL: f64 = 0.995;

impl Station {
    /// Most requests a second.
    pub fn capacity(&self) -> f64 {
        f64::from(self.servers.max(1)) / self.service.max(1e-9)
    }
    /// The steady state under a stream of `rate` requests a second.
    pub fn steady(&self, rate: f64) -> Steady {
        let c = f64::from(self.servers.max(1));
        let load = rate * self.service.max(1e-9);
        let rho = load / c;
        // Weights of 0, 1, … c inside, relative to an empty place.
        let (mut term, mut below) = (1.0, 0.0);
        for n in 0..self.servers.max(1) {
            below += term;
            term *= load / f64::from(n + 1);
        }
        let room = self.room.max(0.0);
        let power = libm::pow(rho, room);
        // Weights of all states with every server busy: a geometric series cut at the room.
        let (series, mean) = if (rho - 1.0).abs() < 1e-6 {
            (room + 1.0, room / 2.0)
        } else {
            let series = (1.0 - power * rho) / (1.0 - rho);
            let sum = rho * (1.0 - (room + 1.0) * power + room * power * rho) / ((1.0 - rho) * (1.0 - rho));
            (series, sum / series)
        };
        let all = below + term * series;
        let waits = term * series / all;
        let refused = term * power / all;
        let waiting = waits * mean * (1.0 + self.scv) / 2.0;
        let busy = (load * (1.0 - refused) / c).min(1.0);
        Steady { busy, refused, waits, waiting, inside: waiting + busy * c }
    }
    /// How long requests take when `inside` are there and `rate` a second get in.
    pub fn takes(&self, rate: f64, inside: f64) -> Takes {
        let c = f64::from(self.servers.max(1));
        let rho = (rate / self.capacity()).min(NEARLY_FULL);
        let steady = self.steady(rho * self.capacity());
        let calm = if rate > 1e-12 { steady.waiting / (rho * self.capacity()).max(1e-12) } else { 0.0 };
        // What waits beyond the steady state is a queue that everybody sees.
        let extra = (inside - steady.inside.max(c * rho)).max(0.0);
        let queue = if extra > 0.0 { extra / self.capacity() } else { 0.0 };
        let shrink = if inside < steady.inside { (inside / steady.inside.max(1e-12)).min(1.0) } else { 1.0 };
        let calm = calm * shrink;
        let each = if steady.waits > 1e-12 { calm / steady.waits } else { 0.0 };
        let wait_variance = (each * each * steady.waits * self.second(rho) - calm * calm).max(0.0);
        let service_variance = self.scv * self.service * self.service;
        let (fixed, share) = if self.scv == 0.0 { (self.service, steady.waits) } else { (0.0, 1.0) };
        Takes {
            least: self.delay + fixed + queue,
            mean: self.service - fixed + calm,
            variance: service_variance + wait_variance,
            share,
        }
    }
    /// The second moment of the waiting time of those that wait, by the square of its mean: 2 where it is exponential (M/M/c).
    /// Source: Pollaczek and Khinchine for M/G/1, E[W²] = 2 E[W]² + λ E[S³] / 3 (1 - ρ), with the third moment of a gamma
    /// distribution; ours: the same for more servers.
    fn second(&self, rho: f64) -> f64 {
        let third = 4.0 * (1.0 + 2.0 * self.scv) / (3.0 * (1.0 + self.scv));
        2.0 * rho + (1.0 - rho) * third
    }
    /// Lets time pass: `coming` requests arrive evenly over `span` seconds while `inside` are there.
    pub fn pass(&self, inside: f64, coming: f64, span: f64) -> Passed {
        if span <= 0.0 {
            return Passed { inside, refused: coming, done: 0.0 };
        }
        let most = f64::from(self.servers.max(1)) + self.room.max(0.0);
        let rate = coming / span;
        let rho = rate / self.capacity();
        let steady = self.steady(rho.min(NEARLY_FULL) * self.capacity());
        let refused = if rho < NEARLY_FULL { coming * steady.refused } else { 0.0 };
        let (taken, can) = (coming - refused, self.capacity() * span);
        let after = if inside > steady.inside {
            // A queue grows and shrinks as fast as what comes differs from what can be served.
            (inside + taken - can).max(steady.inside)
        } else if rho >= NEARLY_FULL {
            // Below it chance makes the queue grow besides: as the mean of a reflected Brownian motion does, and never by more
            // than what its drift leaves it.
            let noise = libm::sqrt(inside * inside + 4.0 / PI * can * (1.0 + self.scv) / 2.0) - inside;
            let drift = (taken - can).max(0.0);
            let noise = noise.min((taken + can) / 2.0 / drift.max(1e-9));
            (inside + noise).min(steady.inside) + drift
        } else {
            let gap = 1.0 - libm::sqrt(rho);
            let pace = (self.capacity() * gap * gap).max(0.2);
            steady.inside + (inside - steady.inside) * libm::exp(-span * pace)
        };
        let after = after.clamp((inside + taken - can).max(0.0), inside + taken);
        // What found no room although the steady state had some.
        let over = (after - after.min(most)).min(taken);
        Passed { inside: after - over, refused: refused + over, done: (inside + taken - after).max(0.0) }
    }
    /// Some of those that were served could not leave after all: they are inside still, and of the `coming` fewer found room.
    pub fn hold(&self, passed: &mut Passed, back: f64, coming: f64) {
        let back = back.clamp(0.0, passed.done);
        let most = f64::from(self.servers.max(1)) + self.room.max(0.0);
        let over = (passed.inside + back - most.max(passed.inside)).clamp(0.0, back);
        let over = over.min((coming - passed.refused).max(0.0));
        *passed =
            Passed { inside: passed.inside + back - over, refused: passed.refused + over, done: passed.done - back };
    }
}

/// What became of a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Passed {
    /// How many are inside now.
    pub inside: f64,
    /// How many found no room.
    pub refused: f64,
    /// How many were served.
    pub done: f64,
}

impl Takes {
    /// Mean in all.
    pub fn whole(&self) -> f64 {
        self.least + self.mean
    }
    /// Mean and variance of what those take that take more than the least.
    fn of_those(&self) -> (f64, f64) {
        let share = if self.share > 0.0 { self.share.min(1.0) } else { 1.0 };
        let mean = self.mean / share;
        (mean, ((self.variance + self.mean * self.mean) / share - mean * mean).max(0.0))
    }
    /// What a share of the requests takes at most; `z` is the share as a normal deviate. A gamma distribution with these
    /// moments, by Wilson and Hilferty (1931), of those that take more than the least.
    pub fn at(&self, z: f64) -> f64 {
        if self.mean <= 0.0 {
            return self.least;
        }
        let tail = libm::erfc(z / std::f64::consts::SQRT_2) / 2.0;
        let some = self.share > 0.0 && self.share < 1.0;
        if some && tail >= self.share {
            return self.least;
        }
        let (tail, z) = if some { (tail / self.share, deviate(tail / self.share)) } else { (tail, z) };
        let (mean, variance) = self.of_those();
        let shape = mean * mean / variance.max(1e-18);
        if shape < 0.1 {
            // So skewed that most take nothing and few take long: an exponential tail of the share that does.
            let (share, each) = (2.0 * shape, variance / (2.0 * mean));
            return self.least + if tail < share { each * libm::log(share / tail) } else { 0.0 };
        }
        let ninth = 1.0 / (9.0 * shape);
        let root = (1.0 - ninth + z * libm::sqrt(ninth)).max(0.0);
        self.least + mean * root * root * root
    }
    /// The share of requests that take longer than `limit` seconds.
    pub fn beyond(&self, limit: f64) -> f64 {
        let room = limit - self.least;
        if room <= 0.0 {
            return 1.0;
        }
        if self.mean <= 0.0 || room > self.mean + 12.0 * libm::sqrt(self.variance) {
            return 0.0;
        }
        let share = if self.share > 0.0 { self.share.min(1.0) } else { 1.0 };
        let (mean, variance) = self.of_those();
        let shape = mean * mean / variance.max(1e-18);
        if shape < 0.1 {
            return share * 2.0 * shape * libm::exp(-room * 2.0 * mean / variance);
        }
        let ninth = 1.0 / (9.0 * shape);
        let z = (libm::cbrt(room / mean) - 1.0 + ninth) / libm::sqrt(ninth);
        (share * libm::erfc(z / std::f64::consts::SQRT_2) / 2.0).clamp(0.0, 1.0)
    }
}

/// The normal deviate that this share lies above, to three decimals. Source: Abramowitz and Stegun, Handbook of Mathematical
/// Functions, 26.2.23.
fn deviate(tail: f64) -> f64 {
    let (tail, sign) = if tail > 0.5 { (1.0 - tail, -1.0) } else { (tail, 1.0) };
    let t = libm::sqrt(-2.0 * libm::log(tail.max(1e-300)));
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    sign * (t - above / below)
}

/// Normal deviate of a half. Source: the normal distribution.
pub const HALF: f64 = 0.0;
/// Of 95 per cent. Source: the normal distribution.
pub const P95: f64 = 1.644_854;
/// Of 99 per cent. Source: the normal distribution.
pub const P99: f64 = 2.326_348;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn station(servers: u32, service: f64, scv: f64) -> Station {
        Station { servers, service, scv, room: 1e6, delay: 0.0 }
    }
    #[track_caller]
    fn near(have: f64, want: f64) {
        assert!((have / want - 1.0).abs() < 0.03, "{have}, theory says {want}");
    }

    /// Erlang's C formula, written out.
    fn erlang_c(c: u32, a: f64) -> f64 {
        let fact = |n: u32| (1..=n).map(f64::from).product::<f64>();
        let power = |n: u32| (0..n).map(|_| a).product::<f64>();
        let last = power(c) / fact(c) * f64::from(c) / (f64::from(c) - a);
        last / ((0..c).map(|n| power(n) / fact(n)).sum::<f64>() + last)
    }

    #[test]
    fn waiting_is_as_m_m_c_says() {
        for (c, service, rate) in [(1, 0.01, 50.0), (1, 0.01, 90.0), (2, 0.02, 80.0), (4, 0.1, 30.0), (8, 0.05, 150.0)]
        {
            let place = station(c, service, 1.0);
            let (a, steady) = (rate * service, place.steady(rate));
            let want = erlang_c(c, a) / (f64::from(c) / service - rate);
            near(steady.waiting / rate, want);
            near(place.takes(rate, steady.inside).whole(), want + service);
        }
        // M/M/1: the whole time is exponential.
        let place = station(1, 0.01, 1.0);
        let takes = place.takes(80.0, place.steady(80.0).inside);
        for (z, share) in [(HALF, 0.5f64), (P95, 0.95), (P99, 0.99)] {
            near(takes.at(z), -libm::log(1.0 - share) / 20.0);
        }
    }

    #[test]
    fn waiting_is_as_m_d_1_says_and_a_bounded_room_refuses_as_m_m_1_k_does() {
        for rate in [20.0, 50.0, 80.0, 95.0] {
            let rho = rate * 0.01;
            let steady = station(1, 0.01, 0.0).steady(rate);
            near(steady.waiting / rate, rho * 0.01 / (2.0 * (1.0 - rho)));
        }
        let place = Station { room: 4.0, ..station(1, 0.01, 1.0) };
        for rho in [0.5f64, 0.9, 1.2] {
            let power: f64 = (0..5).map(|_| rho).product();
            near(place.steady(rho * 100.0).refused, (1.0 - rho) * power / (1.0 - power * rho));
        }
    }

    /// The waiting time of M/D/1: P(W <= t) = (1 - rho) sum over k of (-x)^k / k! e^x with x = lambda (t - k D). Source: Erlang (1909).
    fn m_d_1(rate: f64, service: f64, t: f64) -> f64 {
        let mut sum = 0.0;
        for k in 0..=(t / service) as u32 {
            let x = rate * (t - f64::from(k) * service);
            let power: f64 = (1..=k).map(|n| -x / f64::from(n)).product();
            sum += power * libm::exp(x);
        }
        (1.0 - rate * service) * sum
    }

    #[test]
    fn percentiles_of_fixed_times_are_as_m_d_1_says() {
        for (z, share) in [(HALF, 0.5), (P95, 0.95), (P99, 0.99)] {
            // Where theory's sum of alternating terms is exact enough.
            for rate in [40.0, 60.0, 80.0] {
                let place = station(1, 0.01, 0.0);
                let takes = place.takes(rate, place.steady(rate).inside);
                let (mut low, mut high) = (0.0, 0.2);
                for _ in 0..50 {
                    let middle = (low + high) / 2.0;
                    if m_d_1(rate, 0.01, middle) < share { low = middle } else { high = middle }
                }
                let (have, want) = (takes.at(z), 0.01 + high);
                assert!((have / want - 1.0).abs() < 0.05, "{share} at {rate}: {have}, theory says {want}");
                let beyond = takes.beyond(have + 1e-9);
                assert!(beyond <= 1.0 - share + 1e-3, "{share} at {rate}: {beyond}");
            }
        }
        for (tail, z) in [(0.5, HALF), (0.05, P95), (0.01, P99), (0.99, -P99)] {
            assert!((deviate(tail) - z).abs() < 1e-3, "{tail}");
        }
    }

    #[test]
    fn the_course_of_time_comes_to_the_steady_state() {
        for (place, rate) in
            [(station(1, 0.01, 1.0), 70.0), (station(4, 0.1, 1.0), 30.0), (station(1, 0.01, 0.0), 90.0)]
        {
            let mut inside = 0.0;
            for _ in 0..200 {
                inside = place.pass(inside, rate, 1.0).inside;
            }
            near(inside, place.steady(rate).inside);
            near(place.takes(rate, inside).whole(), inside / rate);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_made(
            servers in 1u32..20, service in 0.0005f64..2.0, scv in 0.0f64..4.0, room in 0.0f64..500.0,
            steps in proptest::collection::vec((0.0f64..400.0, 0.001f64..3.0), 1..40),
        ) {
            let place = Station { servers, service, scv, room, delay: 0.0 };
            let mut inside = 0.0;
            for (coming, span) in steps {
                let passed = place.pass(inside, coming, span);
                prop_assert!(passed.inside >= 0.0 && passed.refused >= 0.0 && passed.done >= 0.0, "{passed:?}");
                prop_assert!(passed.done <= place.capacity() * span + 1e-6, "{passed:?}");
                let balance = inside + coming - passed.inside - passed.refused - passed.done;
                prop_assert!(balance.abs() < 1e-6 * (1.0 + coming + inside), "{balance} {passed:?}");
                inside = passed.inside;
            }
        }
        #[test]
        fn more_wait_longer_and_the_tail_is_a_share(rate in 1.0f64..99.0, limit in 0.0f64..3.0) {
            let place = station(1, 0.01, 1.0);
            let takes = place.takes(rate, place.steady(rate).inside);
            prop_assert!(takes.at(P99) >= takes.at(P95) && takes.at(P95) >= takes.at(HALF));
            prop_assert!((0.0..=1.0).contains(&takes.beyond(limit)));
        }
    }
}
