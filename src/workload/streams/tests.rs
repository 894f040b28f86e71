//! Streams on a house of nothing but a floor: whatever happens to the containers, nobody is lost and nobody made.

use super::*;
use crate::workload::{Behaviour, Profile, Twist, Unit};
use proptest::prelude::*;

/// A house where everybody asks the same containers.
#[derive(Default)]
struct Bare {
    now: Time,
    floor: Floor,
    ends: u32,
}

impl House for Bare {
    type Goal = u32;
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
        2.0
    }
    fn lead<'a>(&self, streams: impl Iterator<Item = (&'a Client, &'a mut Route<u32>)>) {
        let way = |n: u32| Way { key: (n, 0), host: "a".into(), port: 80, allowed: n != 3, weight: 1 + n };
        for (client, route) in streams {
            // Who is called is the last of them.
            let from = if matches!(client, Client::Call(..)) { self.ends.saturating_sub(1) } else { 0 };
            (route.goal, route.ways) = (Some(from), Rc::new((from..self.ends).map(way).collect()));
        }
    }
}

impl Bare {
    fn start(&mut self, n: u32, since: Time) {
        let behaviour = Behaviour { cpu: Span::millis(3), waits: Span::millis(200), ..Behaviour::default() };
        let mut behaviour = Behaviour { concurrency: 8, queue: 16, ..behaviour };
        if n == 0 {
            behaviour.set("calls", "2 service/last timeout 300ms retries 1").expect("a call");
        }
        let unit = Unit {
            group: format!("g/{n}").into(),
            name: "app".into(),
            host: "a".into(),
            since,
            profile: Rc::new(Profile::default()),
            behaviour: Rc::new(behaviour),
            cpu_limit: 500,
            cpu_asked: 100,
            memory_limit: 0,
            stops: None,
            ended: None,
            twist: Twist::default(),
            strain: None,
        };
        self.floor.start((n, 0), unit);
    }
}

fn load(rate: f64, retries: u32) -> Load {
    let shape = crate::workload::Shape::Constant { rate };
    Load { retries, patience: Span::millis(800), ..Load::new("service/any", shape) }
}

#[track_caller]
fn balanced(streams: &Streams<u32>) {
    for (client, route) in streams.routes() {
        let sum = route.answered + route.failed + route.waiting();
        assert!((route.came - sum).abs() < 1e-6 * (1.0 + route.came), "{client:?}: {} came, {sum}", route.came);
        let inside: f64 = route.lanes.values().map(|l| l.inside).sum();
        assert!((inside - route.inside.iter().sum::<f64>()).abs() < 1e-6 * (1.0 + inside), "{client:?}: {inside}");
    }
}

proptest! {
    #[test]
    fn nobody_is_lost_when_containers_restart_within_one_stretch(
        retries in 0u32..4,
        acts in proptest::collection::vec((0u8..7, 0u32..5, 0u64..900, 0u64..1_500), 1..40),
    ) {
        let mut house = Bare { ends: 3, ..Bare::default() };
        (0..3).for_each(|n| house.start(n, Time::ZERO));
        let mut streams: Streams<u32> = Streams::default();
        streams.set_load(load(70.0, retries), &mut house);
        for (act, n, ended, wait) in acts {
            // Acts happen within the stretch that is accounted for afterwards.
            let at = house.now + Span::millis(ended);
            match act {
                0 | 1 => {
                    house.floor.end((n, 0), at);
                    house.start(n, at + Span::millis(u64::from(act) * 300));
                }
                2 => house.floor.end((n, 0), at),
                3 => house.floor.stop((n, 0), at),
                4 => drop(house.floor.twist((n, 0), |t| t.hangs = !t.hangs)),
                5 => streams.set_load(load(10.0 + f64::from(n) * 40.0, retries), &mut house),
                _ => {
                    house.ends = n;
                    streams.advance(&mut house);
                    streams.follow(&house);
                }
            }
            house.now = house.now.max(at) + Span::millis(wait);
            streams.advance(&mut house);
            balanced(&streams);
            if wait % 2 == 0 {
                streams.second_over(&house.floor);
                streams.tidy();
                house.floor.sweep();
                balanced(&streams);
            }
        }
        let came: f64 = streams.routes().filter(|(c, _)| matches!(c, Client::Load(_))).map(|(_, r)| r.came).sum();
        prop_assert!(came > 0.0 || house.now < Time::secs(1));
    }
}

#[test]
fn a_run_that_ends_and_begins_again_within_a_stretch_serves_until_its_end() {
    let mut house = Bare { ends: 1, ..Bare::default() };
    house.start(0, Time::ZERO);
    house.floor.behave((0, 0), Rc::new(Behaviour::default()));
    let mut streams: Streams<u32> = Streams::default();
    // Ten milliseconds each with half a core: far from full.
    streams.set_load(load(40.0, 0), &mut house);
    house.now = Time::secs(1);
    streams.advance(&mut house);
    // It ends after another 600 ms, and is back 200 ms later.
    house.floor.end((0, 0), Time::millis(1_600));
    house.start(0, Time::millis(1_800));
    house.floor.behave((0, 0), Rc::new(Behaviour::default()));
    house.now = Time::secs(2);
    streams.advance(&mut house);
    let route = streams.route(&Client::Load("service/any".into())).expect("the stream");
    // Nobody listens for 200 ms, and what was inside is aborted.
    assert!((8.0..10.0).contains(&route.failed), "{}", route.failed);
    assert!((70.0..72.1).contains(&route.answered), "{}", route.answered);
}

#[test]
fn a_load_that_asks_somebody_else_forgets_nobody() {
    let mut house = Bare { ends: 2, ..Bare::default() };
    (0..2).for_each(|n| house.start(n, Time::ZERO));
    let mut streams: Streams<u32> = Streams::default();
    streams.set_load(load(100.0, 1), &mut house);
    for second in 1..6 {
        house.now = Time::secs(second);
        streams.advance(&mut house);
        let load = Load { target: format!("service/{second}"), name: "service/any".into(), ..load(100.0, 1) };
        streams.set_load(load, &mut house);
        balanced(&streams);
    }
    let route = streams.route(&Client::Load("service/any".into())).expect("the stream");
    assert!(route.came > 499.0 && route.waiting() > 1.0, "{} {}", route.came, route.waiting());
}
