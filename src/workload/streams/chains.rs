//! Containers that ask others, played over time: a chain comes to the steady state that theory knows, and back to it.

use super::*;
use crate::workload::{Behaviour, Profile, Twist, Unit};
use proptest::prelude::*;

/// A house of named groups: a target leads to the group of its name.
#[derive(Default)]
struct Street {
    now: Time,
    floor: Floor,
}

impl House for Street {
    type Goal = String;
    fn now(&self) -> Time {
        self.now
    }
    fn floor(&self) -> &Floor {
        &self.floor
    }
    fn floor_mut(&mut self) -> &mut Floor {
        &mut self.floor
    }
    fn cores(&self, _host: &str) -> f64 {
        16.0
    }
    fn lead<'a>(&self, streams: impl Iterator<Item = (&'a Client, &'a mut Route<String>)>) {
        for (_, route) in streams {
            let name = route.target.rsplit('/').next().unwrap_or_default().to_string();
            let mine = self.floor.all().filter(|(_, unit)| unit.group[2..] == name);
            let way = |(key, _)| Way { key, host: "a".into(), port: 80, allowed: true, weight: 1 };
            (route.ways, route.goal) = (Rc::new(mine.map(way).collect()), Some(name));
        }
    }
}

/// Web asks four apps of half a core, 8 ms a request: 250 a second, each of them M/M/1.
struct Chain {
    house: Street,
    streams: Streams<String>,
}

fn unit(group: &str, cpu_limit: u32, set: &[(&str, &str)]) -> Unit {
    let mut behaviour = Behaviour::default();
    set.iter().for_each(|(name, value)| behaviour.set(name, value).expect(name));
    Unit {
        group: format!("g/{group}").into(),
        name: "main".into(),
        host: "a".into(),
        since: Time::ZERO,
        profile: Rc::new(Profile::default()),
        behaviour: Rc::new(behaviour),
        cpu_limit,
        cpu_asked: 100,
        memory_limit: 0,
        stops: None,
        ended: None,
        twist: Twist::default(),
        strain: None,
    }
}

impl Chain {
    fn new(apps: u16, concurrency: &str) -> Self {
        let mut house = Street::default();
        let calls = [("cpu", "200us"), ("concurrency", concurrency), ("calls", "service/app timeout 2s")];
        house.floor.start((1, 0), unit("web", 0, &calls));
        let mut chain = Chain { house, streams: Streams::default() };
        (0..apps).for_each(|n| chain.add_app(n));
        chain
    }
    fn add_app(&mut self, n: u16) {
        let since = self.house.now;
        self.house.floor.start((2, n), Unit { since, ..unit("app", 500, &[("cpu", "8ms")]) });
        self.streams.advance(&mut self.house);
        self.streams.follow(&self.house);
    }
    fn load(&mut self, rate: f64) {
        let shape = crate::workload::Shape::Constant { rate };
        self.streams.set_load(Load { patience: Span::secs(5), ..Load::new("service/web", shape) }, &mut self.house);
    }
    fn twist(&mut self, apps: std::ops::Range<u16>, change: impl Fn(&mut Twist)) {
        self.streams.advance(&mut self.house);
        apps.for_each(|n| assert!(self.house.floor.twist((2, n), &change)));
    }
    /// Plays some seconds, in parts of the given length; looks after each of them.
    fn play(&mut self, seconds: u64, part: Span, mut look: impl FnMut(&Self)) {
        let until = self.house.now + Span::secs(seconds);
        while self.house.now < until {
            let second = self.house.now.whole_seconds() + Span::secs(1);
            self.house.now = (self.house.now + part).min(second).min(until);
            self.streams.advance(&mut self.house);
            if self.house.now == second {
                self.streams.second_over(&self.house.floor);
                self.streams.tidy();
                self.house.floor.sweep();
            }
            look(self);
        }
    }
    fn flow(&self, name: &str) -> Flow {
        self.streams.flows().get(name).cloned().unwrap_or_default()
    }
    fn calls(&self) -> f64 {
        self.streams.route(&Client::Call("g/web".into(), 0)).map_or(0.0, Route::waiting)
    }
    /// For a minute from now on the chain is at rest, with that mean time and no failures.
    #[track_caller]
    fn at_rest(&mut self, mean: f64) {
        let failed = self.flow("web").totals.failed;
        self.play(60, Span::secs(1), |chain| {
            let flow = chain.flow("web");
            let off = flow.mean / mean - 1.0;
            assert!(off.abs() < 0.05, "{:?}: {} s, theory says {mean}", chain.house.now, flow.mean);
        });
        // Of exponential times some are longer than the two seconds that web waits; and some still wait for who hung.
        let late = 60.0 * 250.0 * 4.0 * libm::exp(-2.0 / mean);
        assert!(self.flow("web").totals.failed - failed < late + 0.5, "{:?}", self.flow("web"));
    }
}

/// Mean time of a request at web when `rate` a second go on to so many apps: M/M/1 each, by Jackson's theorem.
fn open(rate: f64, apps: f64) -> f64 {
    0.0002 + 1.0 / (62.5 - rate / apps)
}

/// The same with no more than `workers` requests in the apps at once, the others waiting at web. Exact: the apps in a ring answer
/// 250·n/(n+3) a second when n are there (Chandy, Herzog and Woo), which makes the whole a birth and death process.
fn bounded(rate: f64, workers: u32) -> f64 {
    let (mut weight, mut whole, mut sum) = (1.0, 1.0, 0.0);
    for n in 1..20_000u32 {
        let there = f64::from(n.min(workers));
        weight *= rate / (250.0 * there / (there + 3.0));
        (whole, sum) = (whole + weight, sum + weight * f64::from(n));
    }
    sum / whole / rate
}

#[test]
fn a_chain_near_its_limit_is_as_theory_says() {
    for rate in [50.0, 150.0, 200.0, 225.0, 235.0] {
        let mut chain = Chain::new(4, "1000");
        chain.load(rate);
        chain.play(100, Span::secs(1), |_| {});
        chain.at_rest(open(rate, 4.0));
        assert!((chain.calls() / (rate * open(rate, 4.0)) - 1.0).abs() < 0.05, "{}", chain.calls());
    }
}

#[test]
fn workers_that_are_short_make_it_longer() {
    for (rate, workers) in [(150.0, 64), (200.0, 64), (225.0, 64), (235.0, 64), (150.0, 16), (190.0, 16)] {
        let mut chain = Chain::new(4, &workers.to_string());
        chain.load(rate);
        chain.play(200, Span::secs(1), |chain| assert!(chain.calls() <= f64::from(workers) + 1e-6));
        let flow = chain.flow("web");
        let want = bounded(rate, workers);
        assert!((flow.mean / want - 1.0).abs() < 0.1, "{rate} {workers}: {} s, theory says {want}", flow.mean);
        assert!(flow.totals.failed < 4.0 * flow.totals.came * libm::exp(-2.0 / want) + 0.01, "{flow:?}");
    }
}

#[test]
fn a_chain_comes_back_after_a_disturbance() {
    type Act = fn(&mut Chain);
    let calm: Act = |chain| chain.twist(0..4, |t| (t.slow, t.hangs) = (1.0, false));
    let acts: [(&str, u16, Act, Act); 4] = [
        ("slow", 4, |chain| chain.twist(0..4, |t| t.slow = 5.0), calm),
        ("half hang", 4, |chain| chain.twist(0..2, |t| t.hangs = true), calm),
        ("hang", 4, |chain| chain.twist(0..4, |t| t.hangs = true), calm),
        ("overload", 2, |_| {}, |chain| (2..4).for_each(|n| chain.add_app(n))),
    ];
    for (name, apps, begin, end) in acts {
        let mut chain = Chain::new(apps, "64");
        chain.load(150.0);
        chain.play(60, Span::secs(1), |_| {});
        begin(&mut chain);
        chain.play(20, Span::secs(1), |chain| {
            assert!(chain.calls() <= 64.0 + 1e-6, "{name}: {} calls, 64 workers", chain.calls());
        });
        end(&mut chain);
        // What waits at web is at most its queue and its workers: gone within six seconds at a hundred more than come.
        chain.play(12, Span::secs(1), |_| {});
        chain.at_rest(open(150.0, 4.0));
    }
}

#[test]
fn parts_of_a_second_are_as_good_as_whole_ones() {
    let figures = |part: Span| {
        let mut chain = Chain::new(4, "1000");
        chain.load(150.0);
        chain.play(60, part, |_| {});
        let flow = chain.flow("web");
        (flow.mean, flow.latency[2], chain.flow("app").latency[2], flow.totals.failed)
    };
    let whole = figures(Span::secs(1));
    for part in [1, 7, 130, 999] {
        let parts = figures(Span::millis(part));
        assert!(
            (parts.0 / whole.0 - 1.0).abs() < 0.05 && (parts.1 / whole.1 - 1.0).abs() < 0.05,
            "{whole:?} {parts:?}"
        );
        assert!((parts.2 / whole.2 - 1.0).abs() < 0.05 && parts.3 < 0.5, "{whole:?} {parts:?}");
    }
}

#[track_caller]
fn balanced(streams: &Streams<String>) {
    for (client, route) in streams.routes() {
        let sum = route.answered + route.failed + route.waiting();
        assert!((route.came - sum).abs() < 1e-6 * (1.0 + route.came), "{client:?}: {} came, {sum}", route.came);
        let inside: f64 = route.lanes.values().map(|l| l.inside).sum();
        assert!((inside - route.inside.iter().sum::<f64>()).abs() < 1e-6 * (1.0 + inside), "{client:?}: {inside}");
        let parts = route.inside.iter().chain(&route.hanging).chain(&route.again).chain([&route.asked, &route.failed]);
        assert!(parts.into_iter().all(|n| *n >= -1e-9 && n.is_finite()), "{client:?}: {route:?}");
    }
}

proptest! {
    #[test]
    fn nobody_is_lost_on_a_chain_and_no_call_is_made_without_a_worker(
        ring in any::<bool>(), each in 0.1f64..6.0, workers in 1u32..40, retries in 0u32..4,
        acts in proptest::collection::vec((0u8..6, 1u32..4, 1u64..1_800), 1..40),
    ) {
        let mut house = Street::default();
        let calls = format!("{each:.2} service/b timeout 500ms retries {retries}, service/c");
        let back = if ring { "service/c, 0.1 service/a" } else { "service/c timeout 1s" };
        let workers = workers.to_string();
        let few = ("concurrency", workers.as_str());
        house.floor.start((1, 0), unit("a", 0, &[("cpu", "1ms"), few, ("calls", &calls)]));
        house.floor.start((2, 0), unit("b", 500, &[few, ("queue", "20"), ("calls", back)]));
        house.floor.start((2, 1), unit("b", 250, &[few, ("waits", "100ms"), ("calls", back)]));
        house.floor.start((3, 0), unit("c", 500, &[("queue", "9"), ("concurrency", "8")]));
        let mut streams: Streams<String> = Streams::default();
        let load = |rate| Load::new("service/a", crate::workload::Shape::Constant { rate });
        streams.set_load(load(80.0), &mut house);
        for (act, of, wait) in acts {
            match act {
                0 => _ = house.floor.twist((of, 0), |t| t.hangs = !t.hangs),
                1 => _ = house.floor.twist((of, 0), |t| t.slow = f64::from(of) * 2.0 - 1.0),
                2 => house.floor.end((of, 0), house.now + Span::millis(wait / 2)),
                3 => streams.set_load(load(f64::from(of) * 60.0), &mut house),
                4 => streams.follow(&house),
                _ => {}
            }
            house.now += Span::millis(wait);
            streams.advance(&mut house);
            balanced(&streams);
            if wait % 2 == 0 {
                streams.second_over(&house.floor);
                streams.tidy();
                house.floor.sweep();
                balanced(&streams);
            }
        }
    }
}

#[test]
fn one_worker_asks_one_at_a_time() {
    // Eight calls of each request, one after the other: a hundred a second at the one app, so twelve requests a second at the most.
    let mut house = Street::default();
    let calls = [("cpu", "200us"), ("concurrency", "1"), ("calls", "8 service/app timeout 2s")];
    house.floor.start((1, 0), unit("web", 0, &calls));
    house.floor.start((2, 0), unit("app", 1000, &[("cpu", "10ms"), ("spread", "fixed")]));
    let mut chain = Chain { house, streams: Streams::default() };
    chain.load(5.0);
    chain.play(60, Span::secs(1), |chain| assert!(chain.calls() <= 1.0 + 1e-6, "{}", chain.calls()));
    assert!(
        (chain.flow("web").answered - 5.0).abs() < 0.05 && chain.flow("web").mean > 0.08,
        "{:?}",
        chain.flow("web")
    );
    chain.load(30.0);
    chain.play(60, Span::secs(1), |chain| assert!(chain.calls() <= 1.0 + 1e-6, "{}", chain.calls()));
    assert!((chain.flow("app").rate / 100.0 - 1.0).abs() < 0.15, "{:?}", chain.flow("app"));
}
