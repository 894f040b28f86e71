//! What a container does in a stretch of time: the cores it gets, what it works off, what it keeps, and what whoever runs it
//! must know of that.

use super::{House, seconds};
use crate::sim::{Span, Time};
use crate::workload::behaviour::Behaviour;
use crate::workload::floor::{Key, News, Strain, Unit};
use crate::workload::profile::Health;
use crate::workload::station::{Station, Takes};
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
    pub done: f64,
    pub full: f64,
    pub errors: f64,
    pub takes: Takes,
    pub gone: bool,
}

/// What a container's own calls cost each of its requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside {
    pub takes: f64,
    pub fails: f64,
}

/// CPU that each container may take: its limit, and on a full machine its share by what it asks for.
/// Source: Linux cgroups: cpu.max and cpu.weight; kubernetes v1.37 pkg/kubelet/cm/helpers_linux.go, MilliCPUToShares.
pub fn shares(house: &impl House, work: &BTreeMap<Key, Stretch>, now: Time, span: f64) -> BTreeMap<Key, f64> {
    let mut hosts: BTreeMap<Rc<str>, Vec<(Key, f64, f64)>> = BTreeMap::new();
    for (key, stretch) in work {
        let Some(unit) = house.floor().standing(*key, now) else { continue };
        let limit = if unit.cpu_limit > 0 { f64::from(unit.cpu_limit) / 1e3 } else { f64::INFINITY };
        let each = seconds(unit.behaviour.cpu) * unit.slowness(now);
        let wish = (stretch.coming + stretch.before) / span * each + unit.idle_cores(now);
        let busy = if unit.behaviour.work > Span::ZERO { 1.0 } else { 0.0 };
        let weight = f64::from(unit.cpu_asked).max(2.0);
        hosts.entry(unit.host.clone()).or_default().push((*key, (wish + busy).min(limit), weight));
    }
    let mut out = BTreeMap::new();
    for (host, mut units) in hosts {
        let mut left = house.cores(&host).max(0.001);
        let whole: f64 = units.iter().map(|(_, wish, _)| wish).sum();
        let limit = |key: &Key| {
            let limit = house.floor().standing(*key, now).map_or(0, |u| u.cpu_limit);
            if limit > 0 { f64::from(limit) / 1e3 } else { f64::INFINITY }
        };
        if whole <= left {
            out.extend(units.iter().map(|(key, ..)| (*key, limit(key).min(left))));
            continue;
        }
        // Who wants less than its share gets that; the others divide the rest.
        units.sort_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)));
        let mut weights: f64 = units.iter().map(|(.., weight)| weight).sum();
        for (key, wish, weight) in units {
            let got = wish.min(left * weight / weights.max(1e-9));
            (left, weights) = (left - got, weights - weight);
            out.insert(key, got.max(0.001));
        }
    }
    out
}

pub type Saying = fn(Key) -> News;

/// Lets a container work for a stretch.
pub fn serve(
    unit: &mut Unit,
    stretch: &mut Stretch,
    now: Time,
    to: Time,
    cores: f64,
    beside: Beside,
) -> [Option<Saying>; 2] {
    let span = seconds(to.since(now));
    // It has ended, or what was inside belonged to the run before.
    if unit.since > now || unit.ended.is_some_and(|end| end <= now) {
        stretch.gone = true;
        return [None, None];
    }
    let station = unit.station(now, cores, beside.takes);
    let station = if unit.twist.stuck() { Station { service: 1e9, ..station } } else { station };
    let passed = station.pass(stretch.before, stretch.coming, span);
    let rate = (stretch.coming - passed.refused).max(0.0) / span;
    let unwell = unit.twist.unwell || unit.profile.answer(now.since(unit.since), None, false) == Health::Bad;
    stretch.done = passed.done;
    stretch.full = passed.refused;
    stretch.errors = if unwell { 1.0 } else { 1.0 - (1.0 - unit.behaviour.errors) * (1.0 - beside.fails) };
    stretch.takes = station.takes(rate, passed.inside);
    let each = seconds(unit.behaviour.cpu) * unit.slowness(now);
    let it = unit.behaviour.clone();
    let strain = Rc::make_mut(unit.strain.get_or_insert_with(Rc::default));
    let work = if it.work > Span::ZERO { cores.min(1.0) } else { 0.0 };
    let used = passed.done * each;
    strain.cores = used / span + work;
    if station.capacity() < (stretch.coming + stretch.before) / span && it.waits.0 + (beside.takes * 1e6) as u64 == 0 {
        strain.throttled += ((stretch.coming + stretch.before) * each - used).clamp(0.0, span);
    }
    let leak = (it.leak + unit.twist.leak) as f64 * span + passed.done * it.leak_each as f64;
    strain.kept += leak;
    strain.memory = it.memory as f64 + strain.kept + passed.inside * it.memory_each as f64;
    strain.spend(unit.since, now, to, used + work * span, strain.memory);
    strain.inside = passed.inside;
    (strain.offered, strain.answered) = (stretch.coming / span, passed.done / span * (1.0 - stretch.errors));
    strain.failed = (passed.refused + passed.done * stretch.errors) / span;
    strain.begun = passed.done / span;
    strain.busy =
        (rate / station.capacity()).max(if passed.inside > f64::from(station.servers) { 1.0 } else { 0.0 }).min(1.0);
    strain.full = if stretch.coming > 0.0 { passed.refused / stretch.coming } else { 0.0 };
    strain.takes = stretch.takes;
    tell(strain, &it, unit.memory_limit)
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
