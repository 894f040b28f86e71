//! The figures of a house, and what differs between two.

use super::record::{Look, Record};
use super::report::{Command, Figures, Finding, Replicas, Said, Step};
use super::{House, trail};
use crate::compose::engine::Power;
use crate::kubernetes::objects::{Kind, Tri};
use crate::sim::{Span, Time};
use crate::world::World;

/// Everything is answered again when it was for so many seconds until the end. Ours: shorter quiet spells lie between two
/// time-outs.
const QUIET: usize = 5;
/// So much of what comes must be answered in a second, as far as as much came in the second before. Ours: answers come a
/// little later than their questions.
const ANSWERED: f64 = 0.8;
/// So much of what comes may fail in a second. Ours: a program's own errors are no outage.
const FAILED: f64 = 0.005;
/// Columns of a curve. Ours: as many as a small picture has.
const COLUMNS: usize = 240;
/// How much less of a figure is a difference. Ours: a thousandth of all requests.
const LESS: f64 = 0.001;

/// From when detection is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start(pub Option<Time>);

/// The first fault.
fn broke(world: &World) -> Option<Time> {
    world.faults.past().iter().chain(world.faults.active()).map(|e| e.from).min()
}

/// From when recovery is counted, in both houses: the first fault; where nothing broke, the first line typed if all was well until
/// then, otherwise the first request; where nobody asks, as detection.
fn disturbed_from(world: &World, record: &Record, start: Start) -> Option<Time> {
    let first = |fits: fn(&Second) -> bool| {
        House::BOTH.iter().filter_map(|house| seconds(record, *house).find(fits)).map(|second| second.from).min()
    };
    let typed = || {
        let typed = record.typed.iter().map(|(at, ..)| *at).min()?;
        first(|second| second.bad).is_none_or(|bad| typed < bad + Span::secs(1)).then_some(typed)
    };
    broke(world).or_else(typed).or_else(|| first(|second| second.came > 0.0)).or(start.0)
}

impl Start {
    pub fn of(world: &World, record: &Record) -> Start {
        let typed = || record.typed.iter().map(|(at, ..)| *at).min();
        let failed = || {
            let first = |house: House| seconds(record, house).position(|second| second.bad);
            House::BOTH.iter().filter_map(|house| first(*house)).min().map(|n| record.at(n))
        };
        Start(broke(world).or_else(|| [typed(), failed(), trail::scaled(world)].into_iter().flatten().min()))
    }
}

/// A second of a house.
struct Second {
    /// Its beginning.
    from: Time,
    came: f64,
    answered: f64,
    failed: f64,
    latency: [f64; 3],
    bad: bool,
}

/// The seconds between looks. Where nobody asks, a second is bad in which fewer replicas are ready than before.
fn seconds<'a>(record: &'a Record, house: House) -> impl Iterator<Item = Second> + 'a {
    let line = &record.lines[house as usize];
    let asked = line.looks().last().is_some_and(|look| look.came > 0.0);
    let pairs = line.looks().zip(line.looks().skip(1));
    let (mut most, mut last) = (0, 0.0);
    pairs.enumerate().map(move |(number, (before, after))| {
        let one = second(record.at(number), before, after, last);
        last = one.came;
        most = most.max(before.ready);
        let bad = if asked { one.bad } else { after.ready < most };
        Second { bad, ..one }
    })
}

/// `last`: what came in the second before.
fn second(from: Time, before: &Look, after: &Look, last: f64) -> Second {
    let came = after.came - before.came;
    let (answered, failed) = (after.answered - before.answered, after.failed - before.failed);
    let bad = came > 0.0 && (answered < ANSWERED * came.min(last) || failed > FAILED * came);
    Second { from, came, answered, failed, latency: after.latency, bad }
}

/// The figures that looks tell.
pub(super) fn figures(world: &World, record: &Record, house: House, start: Start) -> Figures {
    let line = &record.lines[house as usize];
    let seconds: Vec<Second> = seconds(record, house).collect();
    let last = line.looks().last().copied().unwrap_or_default();
    let done = last.answered + last.failed;
    let (disturbed, recovered) = recovery(&seconds, disturbed_from(world, record, start));
    let replicas =
        line.counts.iter().map(|c| Replicas { at: c.at.0, service: c.service.to_string(), ready: c.ready, all: c.all });
    let typed = record.typed.iter().filter(|(_, at, _)| *at == house);
    let (machines, machines_left) = machines(world, house);
    Figures {
        house: house.name().into(),
        requests: last.came,
        answered: last.answered,
        failed: last.failed,
        availability: (done > 0.0).then(|| last.answered / done),
        p95: (last.answered > 0.0).then(|| p95(&seconds) * 1e3),
        disturbed,
        recovered,
        bad_seconds: seconds.iter().filter(|s| s.bad).count() as u32,
        replicas: replicas.collect(),
        curve: curve(&seconds),
        commands: typed.map(|(at, _, line)| Command { at: at.0, line: line.to_string() }).collect(),
        machines,
        machines_left,
        ..Figures::default()
    }
}

/// Whether anything went wrong from a moment on, and how long after it the last second that was not well had ended; `None` where
/// the run ends too soon behind it to tell.
fn recovery(seconds: &[Second], from: Option<Time>) -> (bool, Option<u64>) {
    let Some(from) = from else { return (false, None) };
    let end = |s: &Second| s.from + Span::secs(1);
    let Some(last) = seconds.iter().rposition(|s| s.bad && end(s) > from) else { return (false, None) };
    let well = seconds.len() - last > QUIET;
    (true, well.then(|| end(&seconds[last]).since(from).0))
}

/// Of every hundred answers of the run 95 took at most so many seconds. A second's answers are taken as three lumps.
fn p95(seconds: &[Second]) -> f64 {
    let lumps = |s: &Second| [(s.latency[0], 0.5), (s.latency[1], 0.45), (s.latency[2], 0.05)];
    let mut all: Vec<(f64, f64)> = seconds
        .iter()
        .filter(|s| s.answered > 0.0)
        .flat_map(|s| lumps(s).map(|(at, share)| (at, share * s.answered)))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let whole: f64 = all.iter().map(|(_, weight)| weight).sum();
    let mut sum = 0.0;
    let found = all.iter().find(|(_, weight)| {
        sum += weight;
        sum >= whole * 0.95 * (1.0 - 1e-9)
    });
    found.map_or(0.0, |(at, _)| *at)
}

fn curve(seconds: &[Second]) -> Vec<(u64, f32, f32)> {
    let wide = seconds.len().div_ceil(COLUMNS).max(1);
    let column = |part: &[Second]| {
        let mean = |of: fn(&Second) -> f64| (part.iter().map(of).sum::<f64>() / part.len() as f64) as f32;
        let end = part.last().map_or(Time::ZERO, |s| s.from + Span::secs(1));
        (end.0, mean(|s| s.answered), mean(|s| s.failed))
    };
    if seconds.iter().all(|s| s.came == 0.0) {
        return Vec::new();
    }
    seconds.chunks(wide).map(column).collect()
}

/// Machines, and those of them that work.
fn machines(world: &World, house: House) -> (u32, u32) {
    match house {
        House::Compose => {
            let up =
                world.host.as_ref().map(|host| host.engine.power == Power::On || host.engine.power == Power::Starting);
            (u32::from(up.is_some()), u32::from(up == Some(true)))
        }
        House::Kubernetes => {
            let nodes = || world.cluster.api.store.list(Kind::Node);
            let well = nodes().filter(|n| n.node().is_some_and(|n| n.ready() == Tri::True));
            (nodes().count() as u32, well.count() as u32)
        }
    }
}

/// What differed between two houses, gravest first.
pub(super) fn findings(houses: &[Figures]) -> Vec<Finding> {
    let [compose, kubernetes] = houses else { return Vec::new() };
    let mut found = Vec::new();
    let mut say = |key: &str, of: &dyn Fn(&Figures) -> String, rules: &[&str]| {
        let args = [("compose", of(compose)), ("kubernetes", of(kubernetes))];
        let decided = |figures: &Figures| decisive(&figures.steps, rules);
        found.push(Finding { said: Said::new(key, &args), compose: decided(compose), kubernetes: decided(kubernetes) });
    };
    if differ(compose.availability, kubernetes.availability, |a, b| (a - b).abs() >= LESS) {
        say("find.availability", &|f| f.availability.map_or_else(unmeasured, percent), HEALED);
    }
    if compose.disturbed || kubernetes.disturbed {
        say("find.recovered", &again, HEALED);
    }
    if (compose.disturbed || kubernetes.disturbed) && compose.detected != kubernetes.detected {
        let noticed = |f: &Figures| match (f.disturbed, f.detected) {
            (_, Some(micros)) => span(micros),
            (true, None) => "@never".into(),
            (false, None) => "@undisturbed".into(),
        };
        say("find.detected", &noticed, SEEN);
    }
    if most(compose) != most(kubernetes) {
        say("find.replicas", &|f| most(f).to_string(), GREW);
    }
    if differ(compose.p95, kubernetes.p95, |a, b| a.max(b) > 2.0 * a.min(b) + 1.0) {
        say("find.latency", &|f| f.p95.map_or_else(unmeasured, |ms| format!("{ms:.0} ms")), GREW);
    }
    if compose.commands.len() != kubernetes.commands.len() {
        say("find.commands", &|f| f.commands.len().to_string(), &[]);
    }
    if compose.refused != kubernetes.refused {
        say("find.refused", &|f| f.refused.to_string(), &[]);
    }
    if compose.by_hand.len() != kubernetes.by_hand.len() {
        say("find.by_hand", &|f| f.by_hand.len().to_string(), LEFT);
    }
    if found.is_empty() {
        found.push(Finding { said: Said::new("find.nothing", &[]), ..Finding::default() });
    }
    found
}

/// Whether two figures differ by a measure, or only one of them was taken.
fn differ(a: Option<f64>, b: Option<f64>, far: impl Fn(f64, f64) -> bool) -> bool {
    a.zip(b).map_or(a.is_some() != b.is_some(), |(a, b)| far(a, b))
}

/// The word for what nobody measured.
fn unmeasured() -> String {
    "@unmeasured".into()
}

/// Rules that bring a service back, or let it be; the strongest first.
const HEALED: &[&str] = &[
    "docker.stays_down",
    "docker.unhealthy",
    "docker.not_started",
    "docker.restarts",
    "docker.engine_up",
    "docker.engine_down",
    "docker.removed",
    "docker.made",
    "docker.started",
    "taint_eviction.evicted",
    "node.silent",
    "autoscaler.scaled",
    "deployment.stuck",
    "deployment.shrink",
    "replicaset.too_few",
    "kubelet.backing_off",
    "kubelet.started",
    "endpoints.followed",
];
/// Rules that notice.
const SEEN: &[&str] =
    &["docker.unhealthy", "docker.out_of_memory", "docker.ended", "node.silent", "kubelet.probed", "kubelet.ended"];
/// Rules that make replicas.
const GREW: &[&str] = &["autoscaler.scaled", "deployment.grow", "replicaset.too_few", "docker.made"];
/// Rules that leave something undone.
const LEFT: &[&str] =
    &["docker.engine_down", "docker.stays_down", "docker.unhealthy", "docker.not_started", "deployment.stuck"];

fn decisive(steps: &[Step], rules: &[&str]) -> Option<Step> {
    rules.iter().find_map(|rule| steps.iter().find(|step| step.reason == *rule)).cloned()
}

/// Most ready replicas at one time, of the service that had most.
fn most(figures: &Figures) -> u32 {
    figures.replicas.iter().map(|r| r.ready).max().unwrap_or(0)
}

fn again(figures: &Figures) -> String {
    match (figures.disturbed, figures.recovered) {
        (false, _) => "@undisturbed".into(),
        (true, None) => "@never".into(),
        (true, Some(micros)) => span(micros),
    }
}

/// `99.87 %`
pub(super) fn percent(share: f64) -> String {
    // What is not whole is not called so.
    let hundredths = libm::floor(share * 1e4 + 1e-9) / 100.0;
    format!("{hundredths:.2} %")
}

/// `41.2 s`
pub(super) fn span(micros: u64) -> String {
    let tenths = (micros + 50_000) / 100_000;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(n: u64, came: f64, answered: f64, failed: f64) -> Second {
        let latency = [0.01, 0.02, 0.03];
        let after = Look { came, answered, failed, latency, ready: 1 };
        super::second(Time::secs(n), &Look::default(), &after, 10.0)
    }

    #[test]
    fn who_asks_more_is_answered_a_little_later() {
        let look = |came: f64, answered: f64| Look { came, answered, ..Look::default() };
        let bad =
            |answered: f64, last: f64| super::second(Time::ZERO, &look(0.0, 0.0), &look(100.0, answered), last).bad;
        assert_eq!([bad(70.0, 0.0), bad(70.0, 100.0), bad(91.0, 100.0), bad(0.0, 100.0)], [false, true, false, true]);
    }

    #[test]
    fn a_service_is_well_again_behind_its_last_bad_second() {
        let mut run: Vec<Second> = (0..40).map(|n| second(n, 10.0, 10.0, 0.0)).collect();
        let start = Some(Time::secs(10));
        assert_eq!(recovery(&run, start), (false, None));
        for n in [3, 12, 13, 16] {
            run[n] = second(n as u64, 10.0, 4.0, 6.0);
        }
        // What was bad before does not count; seconds 14 and 15 were only a pause.
        assert_eq!(recovery(&run, start), (true, Some(7_000_000)));
        run[24] = second(24, 10.0, 0.0, 0.0);
        assert_eq!(recovery(&run, start), (true, Some(15_000_000)), "five good seconds were no end");
        assert_eq!(recovery(&run, Some(Time::ZERO)), (true, Some(25_000_000)));
        run[37] = second(37, 10.0, 0.0, 0.0);
        assert_eq!(recovery(&run, start), (true, None), "too near to the end to tell");
        assert_eq!(recovery(&run, None), (false, None));
    }

    #[test]
    fn what_nobody_measured_is_no_figure_and_differs_from_one() {
        let far = |a: f64, b: f64| (a - b).abs() >= LESS;
        let differs = |a, b| differ(a, b, far);
        assert_eq!(
            [
                differs(None, None),
                differs(Some(1.0), None),
                differs(Some(1.0), Some(0.5)),
                differs(Some(1.0), Some(1.0))
            ],
            [false, true, true, false]
        );
    }

    #[test]
    fn a_steady_stream_keeps_its_tail_and_a_short_slow_time_does_not_show() {
        let mut run: Vec<Second> = (0..100).map(|n| second(n, 10.0, 10.0, 0.0)).collect();
        assert_eq!(p95(&run), 0.02);
        (0..4).for_each(|n| run[n].latency = [1.0; 3]);
        assert!(p95(&run) < 0.05);
        (0..8).for_each(|n| run[n].latency = [1.0; 3]);
        assert_eq!(p95(&run), 1.0);
    }

    #[test]
    fn what_is_not_whole_is_not_called_so() {
        assert_eq!(
            (percent(1.0), percent(0.999_999), percent(0.5)),
            ("100.00 %".into(), "99.99 %".into(), "50.00 %".into())
        );
        assert_eq!((span(41_249_000), span(0)), ("41.2 s".into(), "0.0 s".into()));
    }
}
