//! What a container does in a stretch of time: the cores it gets, what it works off, what it keeps, and what whoever runs it
//! must know of that. It begins before those whom it asks, and finishes after them.

use super::{House, seconds};
use crate::sim::{Span, Time};
use crate::workload::behaviour::Behaviour;
use crate::workload::floor::{Key, News, Strain, Unit};
use crate::workload::profile::Health;
use crate::workload::station::{Passed, Station, Takes};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Whoever answers more slowly than this is looked at by its probes. Ours: below it no probe's time-out of a whole second is
/// in danger.
const SLOW: f64 = 0.2;
/// The same for the share that finds no room. Ours: one probe in a hundred.
const CROWDED: f64 = 0.01;

/// What a stretch brought to one container.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stretch {
    pub coming: f64,
    pub before: f64,
    /// What is likely to come though it is not known yet: whoever will ask is looked at later.
    pub likely: f64,
    /// Cores that it gets.
    pub cores: f64,
    /// What became of its own work; what is done there goes on to ask others.
    pub passed: Passed,
    pub done: f64,
    pub full: f64,
    pub errors: f64,
    pub takes: Takes,
    pub gone: bool,
}

/// What the calls of a container's requests cost each of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside {
    /// How many calls a request makes.
    pub each: f64,
    /// How long it waits for all of them, in seconds.
    pub takes: f64,
    /// Share of the requests that fail by them.
    pub fails: f64,
    /// Most calls that those who are asked can answer in the stretch, for each caller.
    pub can: f64,
    /// Share of the calls that are not over at the end of the stretch.
    pub rest: f64,
}

/// CPU that each container may take: its limit, and on a full machine its share by what it asks for.
/// Source: Linux cgroups: cpu.max and cpu.weight; kubernetes v1.37 pkg/kubelet/cm/helpers_linux.go, MilliCPUToShares.
pub fn share_out(house: &impl House, work: &mut BTreeMap<Key, Stretch>, now: Time, span: f64) {
    let mut hosts: BTreeMap<Rc<str>, Vec<(Key, f64, f64)>> = BTreeMap::new();
    for (key, stretch) in work.iter() {
        let Some(unit) = house.floor().standing(*key, now) else { continue };
        let limit = if unit.cpu_limit > 0 { f64::from(unit.cpu_limit) / 1e3 } else { f64::INFINITY };
        let each = seconds(unit.behaviour.cpu) * unit.slowness(now);
        let coming = stretch.coming.max(stretch.likely);
        let wish = (coming + stretch.before) / span * each + unit.idle_cores(now);
        let busy = if unit.behaviour.work > Span::ZERO { 1.0 } else { 0.0 };
        let weight = f64::from(unit.cpu_asked).max(2.0);
        hosts.entry(unit.host.clone()).or_default().push((*key, (wish + busy).min(limit), weight));
    }
    for (host, mut units) in hosts {
        let mut left = house.cores(&host).max(0.001);
        let whole: f64 = units.iter().map(|(_, wish, _)| wish).sum();
        let limit = |key: &Key| {
            let limit = house.floor().standing(*key, now).map_or(0, |u| u.cpu_limit);
            if limit > 0 { f64::from(limit) / 1e3 } else { f64::INFINITY }
        };
        if whole <= left {
            units.iter().for_each(|(key, ..)| work.entry(*key).or_default().cores = limit(key).min(left));
            continue;
        }
        // Who wants less than its share gets that; the others divide the rest.
        units.sort_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)));
        let mut weights: f64 = units.iter().map(|(.., weight)| weight).sum();
        for (key, wish, weight) in units {
            let got = wish.min(left * weight / weights.max(1e-9));
            (left, weights) = (left - got, weights - weight);
            work.entry(key).or_default().cores = got.max(0.001);
        }
    }
}

pub type Saying = fn(Key) -> News;

/// Lets a container do its own part for a stretch: what is done then goes on to ask others.
pub fn begin(unit: &Unit, stretch: &mut Stretch, now: Time, span: f64, beside: Beside) {
    // It has ended, or what was inside belonged to the run before.
    if unit.since > now || unit.ended.is_some_and(|end| end <= now) {
        stretch.gone = true;
        return;
    }
    let station = own(unit, stretch, now);
    let held = held(unit, stretch);
    stretch.passed = station.pass(stretch.before - held, stretch.coming, span);
    if beside.each > 0.0 {
        let most = most(unit, held, span, station.service + station.delay, beside);
        let back = stretch.passed.done - most;
        station.hold(&mut stretch.passed, back, stretch.coming);
    }
}

/// What it can do by itself.
fn own(unit: &Unit, stretch: &Stretch, now: Time) -> Station {
    let station = unit.station(now, stretch.cores, 0.0);
    if unit.twist.stuck() { Station { service: 1e9, ..station } } else { station }
}

/// Requests inside that wait for others at the beginning of the stretch.
fn held(unit: &Unit, stretch: &Stretch) -> f64 {
    unit.strain.as_ref().map_or(0.0, |s| s.calling).min(stretch.before)
}

/// Most requests that may go on to ask others: each of them keeps a worker, for its own part and until its calls are over.
fn most(unit: &Unit, held: f64, span: f64, service: f64, beside: Beside) -> f64 {
    let workers = f64::from(unit.behaviour.concurrency.max(1));
    let own = service / span;
    // As long as those who are asked keep up, a call takes what it took; else they end what they can.
    let each = beside.takes / beside.each;
    let rest = each / (each + span);
    let calm = (workers - held * rest) / (own + beside.each * rest).max(1e-12);
    let full = (workers - held + beside.can) / (own + beside.each);
    calm.min(full).max(0.0)
}

/// Lets a container finish a stretch, when those whom it asked have: tells what is to be said of it, and how many requests
/// cannot have gone on to ask others because no worker was free.
pub fn finish(
    unit: &mut Unit,
    stretch: &mut Stretch,
    now: Time,
    to: Time,
    beside: Beside,
) -> ([Option<Saying>; 2], f64) {
    let span = seconds(to.since(now));
    let station = own(unit, stretch, now);
    let held = held(unit, stretch);
    let (back, calling) = wait(unit, stretch, held, span, station, beside);
    let whole = unit.station(now, stretch.cores, beside.takes);
    let whole = if unit.twist.stuck() { station } else { whole };
    let passed = stretch.passed;
    let inside = passed.inside + calling;
    let rate = (stretch.coming - passed.refused).max(0.0) / span;
    let unwell = unit.twist.unwell || unit.profile.answer(now.since(unit.since), None, false) == Health::Bad;
    stretch.done = (held + passed.done - calling).max(0.0);
    stretch.full = passed.refused;
    stretch.errors = if unwell { 1.0 } else { 1.0 - (1.0 - unit.behaviour.errors) * (1.0 - beside.fails) };
    // Where workers are what is short, those who wait for others are inside too.
    let apart = whole.delay >= beside.takes;
    stretch.takes = whole.takes(rate, if apart { passed.inside } else { inside });
    let each = seconds(unit.behaviour.cpu) * unit.slowness(now);
    let it = unit.behaviour.clone();
    let strain = Rc::make_mut(unit.strain.get_or_insert_with(Rc::default));
    let work = if it.work > Span::ZERO { stretch.cores.min(1.0) } else { 0.0 };
    let used = passed.done * each;
    strain.cores = used / span + work;
    let wished = stretch.coming + stretch.before - held;
    if station.capacity() < wished / span && it.waits == Span::ZERO {
        strain.throttled += (wished * each - used).clamp(0.0, span);
    }
    let leak = (it.leak + unit.twist.leak) as f64 * span + stretch.done * it.leak_each as f64;
    strain.kept += leak;
    strain.memory = it.memory as f64 + strain.kept + inside * it.memory_each as f64;
    strain.spend(unit.since, now, to, used + work * span, strain.memory);
    (strain.inside, strain.calling) = (inside, calling);
    (strain.offered, strain.answered) = (stretch.coming / span, stretch.done / span * (1.0 - stretch.errors));
    strain.failed = (passed.refused + stretch.done * stretch.errors) / span;
    strain.begun = passed.done / span;
    let all_busy = passed.inside > f64::from(station.servers) || calling >= f64::from(it.concurrency.max(1));
    strain.busy = (rate / whole.capacity()).max(if all_busy { 1.0 } else { 0.0 }).min(1.0);
    strain.full = if stretch.coming > 0.0 { passed.refused / stretch.coming } else { 0.0 };
    strain.takes = stretch.takes;
    (tell(strain, &it, unit.memory_limit), back)
}

/// Whoever has begun waits for one call at a time, and keeps a worker meanwhile: tells how many cannot have begun, and how many
/// wait at the end.
fn wait(unit: &Unit, stretch: &mut Stretch, held: f64, span: f64, own: Station, beside: Beside) -> (f64, f64) {
    if unit.twist.stuck() {
        return (0.0, held);
    }
    let begun = stretch.passed.done;
    let under_way = (held + begun * beside.each) * beside.rest;
    let service = (own.service + own.delay) / span;
    let over = under_way + begun * service - f64::from(unit.behaviour.concurrency.max(1));
    let back = (over / (beside.each + service).max(1e-12)).clamp(0.0, begun);
    let back = if beside.each > 0.0 { back } else { 0.0 };
    own.hold(&mut stretch.passed, back, stretch.coming);
    let under_way = (under_way - back * beside.each).max(0.0);
    (back, under_way.min(held + stretch.passed.done * beside.each.min(1.0)))
}

/// What whoever runs a container must know of it.
fn tell(strain: &mut Strain, it: &Behaviour, limit: u64) -> [Option<Saying>; 2] {
    let pressed = strain.takes.whole() > SLOW || strain.full > CROWDED;
    let changed = std::mem::replace(&mut strain.pressed, pressed) != pressed;
    let done = it.work > Span::ZERO && strain.cpu >= seconds(it.work);
    let first: Option<Saying> = if limit > 0 && strain.memory > limit as f64 {
        Some(News::OutOfMemory)
    } else if done {
        Some(News::Done)
    } else {
        None
    };
    [first, changed.then_some(News::Pressed)]
}
