//! The floor below any orchestrator: what really runs, on which machine, under which load. Whoever runs containers puts them
//! here and takes them away; traffic flows through them; probes, meters and charts read them.
//!
//! **Faults.** [`Twist`] changes one running container (slower, leaking, hanging, unwell, refusing): set it with
//! [`Floor::twist`]. [`Floor::dark`] holds machines that are switched off, [`Floor::cut`] pairs of machines that do not reach
//! each other (the outside is the empty name), [`Floor::names_broken`] says that no name is resolved inside. All of it is part
//! of the run, so it survives rewinding.

use super::behaviour::{Behaviour, COLD};
use super::meter::Meter;
use super::profile::{Health, Profile};
use super::station::{Station, Takes};
use crate::sim::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A container: the number of what it belongs to, and its place there.
pub type Key = (u32, u16);

/// Name under which requests a second are published.
pub const REQUESTS: &str = "requests";
/// Name under which requests in progress are published.
pub const IN_FLIGHT: &str = "in flight";

/// One running container.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The group of alike ones: what shares a template.
    pub group: Rc<str>,
    /// Its name there.
    pub name: Rc<str>,
    /// Machine it runs on.
    pub host: Rc<str>,
    /// When it was started.
    pub since: Time,
    /// What it does by itself.
    pub profile: Rc<Profile>,
    /// What requests cost it.
    pub behaviour: Rc<Behaviour>,
    /// Most CPU it may take, in thousandths of a core; 0: no limit.
    pub cpu_limit: u32,
    /// CPU it asks for: its weight when the machine is full.
    pub cpu_asked: u32,
    /// Most memory it may take, in bytes; 0: no limit.
    pub memory_limit: u64,
    /// When it gets SIGTERM.
    pub stops: Option<Time>,
    /// When it ended; it is kept until what flowed through it is accounted for.
    pub ended: Option<Time>,
    /// What somebody did to it.
    pub twist: Twist,
    /// How it stands under load; `None` while nothing flows and nothing grows.
    pub strain: Option<Rc<Strain>>,
}

/// What somebody did to a running container.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Twist {
    /// Requests take so many times as long.
    pub slow: f64,
    /// Memory that it loses every second, in bytes.
    pub leak: u64,
    /// It takes connections and answers nothing.
    pub hangs: bool,
    /// Whoever runs it has frozen it: as if it hung, until it goes on.
    pub frozen: bool,
    /// It answers that it is not well, to probes and to clients.
    pub unwell: bool,
    /// It only says to probes that it is not ready; liveness and clients are answered.
    pub not_ready: bool,
    /// Nobody listens.
    pub refuses: bool,
}

impl Twist {
    /// Whether nothing comes of what it takes.
    pub const fn stuck(&self) -> bool {
        self.hangs || self.frozen
    }
}

impl Default for Twist {
    fn default() -> Self {
        Twist { slow: 1.0, leak: 0, hangs: false, frozen: false, unwell: false, not_ready: false, refuses: false }
    }
}

/// A container under load.
#[derive(Clone, Debug, Default)]
pub struct Strain {
    /// Requests inside.
    pub inside: f64,
    /// Those among them that wait for the answer of somebody else.
    pub calling: f64,
    /// Requests that came, a second.
    pub offered: f64,
    /// Requests answered, a second.
    pub answered: f64,
    /// Requests failed here, a second.
    pub failed: f64,
    /// Requests it began to work on, a second: what it asks others for follows from them.
    pub begun: f64,
    /// Share of its servers that is busy.
    pub busy: f64,
    /// Share that found no room.
    pub full: f64,
    /// How long requests take.
    pub takes: Takes,
    /// Cores that requests take now.
    pub cores: f64,
    /// CPU that requests took since its start, in seconds.
    pub cpu: f64,
    /// CPU asked for but not given, in seconds: the time it was throttled.
    pub throttled: f64,
    /// Bytes that were not given back.
    pub kept: f64,
    /// Bytes in use now.
    pub memory: f64,
    /// The last looks of its machine: when, CPU that requests took until then, memory.
    pub looks: Vec<(Time, f64, f64)>,
    /// Whether it is known to answer slowly.
    pub pressed: bool,
}

/// Something that whoever runs the containers must act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It takes more memory than it may.
    OutOfMemory(Key),
    /// It has become slow, or is quick again: whoever looks after its health looks again.
    Pressed(Key),
    /// Its work is done.
    Done(Key),
}

/// Everything that runs.
#[derive(Clone, Debug, Default)]
pub struct Floor {
    units: BTreeMap<Key, Rc<Unit>>,
    /// Runs that have ended, and what flowed through them is not accounted for yet, though the next one has begun.
    before: BTreeMap<Key, Rc<Unit>>,
    /// Containers that need to be looked at though nothing flows.
    lively: BTreeSet<Key>,
    /// Machines that are switched off.
    pub dark: BTreeSet<Rc<str>>,
    /// Machines that do not reach each other, the lesser name first; the outside is the empty name.
    pub cut: BTreeSet<(Rc<str>, Rc<str>)>,
    /// Groups that do not reach others: from (the outside is `outside`) and to, with or without what stands before the slash.
    pub severed: BTreeSet<(Rc<str>, Rc<str>)>,
    /// Whether names are not resolved.
    pub names_broken: bool,
    /// The collector of metrics, where there is one.
    pub meter: Option<Meter>,
    /// Numbers that are published about things: (number of the thing, metric).
    pub published: Rc<BTreeMap<(u32, &'static str), f64>>,
    news: Vec<News>,
    ended: Vec<Key>,
    version: u64,
}

impl Floor {
    /// Grows whenever something begins, ends or behaves in another way.
    pub fn version(&self) -> u64 {
        self.version
    }
    /// What flows is led anew.
    pub fn changed(&mut self) {
        self.version += 1;
    }
    /// A container begins to run.
    pub fn start(&mut self, key: Key, unit: Unit) {
        let too_small = unit.memory_limit > 0 && unit.behaviour.memory > unit.memory_limit;
        if unit.behaviour.lively() || too_small {
            self.lively.insert(key);
        }
        self.version += 1;
        let last = self.units.insert(key, Rc::new(unit));
        if let Some(last) = last.filter(|last| last.ended.is_some()) {
            self.before.insert(key, last);
        }
    }
    /// A container will get SIGTERM at that moment.
    pub fn stop(&mut self, key: Key, at: Time) {
        if let Some(unit) = self.units.get_mut(&key).filter(|u| u.stops.is_none_or(|s| at < s)) {
            Rc::make_mut(unit).stops = Some(at);
        }
    }
    /// A container has ended.
    pub fn end(&mut self, key: Key, at: Time) {
        self.version += 1;
        self.lively.remove(&key);
        match self.units.get_mut(&key) {
            Some(unit) if unit.strain.is_some() => {
                let unit = Rc::make_mut(unit);
                unit.ended = Some(unit.ended.unwrap_or(at));
                self.ended.push(key);
            }
            _ => drop(self.units.remove(&key)),
        }
    }
    /// All containers of one thing have ended.
    pub fn end_all(&mut self, of: u32, at: Time) {
        let keys: Vec<Key> = self.units.range((of, 0)..=(of, u16::MAX)).map(|(key, _)| *key).collect();
        keys.into_iter().for_each(|key| self.end(key, at));
    }
    /// A thing has another number now; what runs of it goes on.
    pub fn rename(&mut self, from: u32, to: u32) {
        let keys: Vec<Key> = self.units.range((from, 0)..=(from, u16::MAX)).map(|(key, _)| *key).collect();
        for key in keys {
            let Some(unit) = self.units.remove(&key) else { continue };
            let new = (to, key.1);
            if self.lively.remove(&key) {
                self.lively.insert(new);
            }
            if unit.ended.is_some() {
                self.ended.push(new);
            }
            self.units.insert(new, unit);
        }
        self.version += 1;
    }
    /// Forgets all that have ended: nothing flows that would have to be accounted for.
    pub fn sweep(&mut self) {
        self.before.clear();
        for key in std::mem::take(&mut self.ended) {
            if self.units.get(&key).is_some_and(|u| u.ended.is_some()) {
                self.units.remove(&key);
            }
        }
    }
    /// Forgets a container that has ended.
    pub fn forget(&mut self, key: Key) {
        self.units.remove(&key);
    }
    /// A container, also for a while after its end.
    pub fn get(&self, key: Key) -> Option<&Unit> {
        self.units.get(&key).map(|u| &**u)
    }
    /// The same, to change how it stands.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut Unit> {
        self.units.get_mut(&key).map(Rc::make_mut)
    }
    /// The run of a container that stood there at a moment; if none did, the one that has begun since then.
    pub fn standing(&self, key: Key, at: Time) -> Option<&Unit> {
        let now = self.get(key);
        match self.before.get(&key) {
            Some(before) if now.is_none_or(|unit| unit.since > at) => Some(before),
            _ => now,
        }
    }
    /// The same, to change how it stands.
    pub fn standing_mut(&mut self, key: Key, at: Time) -> Option<&mut Unit> {
        let later = self.units.get(&key).is_none_or(|unit| unit.since > at);
        let list = if later && self.before.contains_key(&key) { &mut self.before } else { &mut self.units };
        list.get_mut(&key).map(Rc::make_mut)
    }
    /// All runs of a container that anything may have flowed through.
    pub fn runs(&self, key: Key) -> impl Iterator<Item = &Unit> {
        self.before.get(&key).into_iter().chain(self.units.get(&key)).map(|unit| &**unit)
    }
    /// The containers of one thing.
    pub fn of(&self, number: u32) -> impl Iterator<Item = (Key, &Unit)> {
        self.units.range((number, 0)..=(number, u16::MAX)).map(|(key, unit)| (*key, &**unit))
    }
    /// Everything that runs, by number.
    pub fn all(&self) -> impl Iterator<Item = (Key, &Unit)> {
        self.units.iter().map(|(key, unit)| (*key, &**unit)).filter(|(_, unit)| unit.ended.is_none())
    }
    /// Containers that change though nothing flows.
    pub fn lively(&self) -> impl Iterator<Item = Key> + '_ {
        self.lively.iter().copied()
    }
    /// Whether there are such.
    pub fn is_lively(&self) -> bool {
        !self.lively.is_empty()
    }
    /// Changes what somebody did to a running container; tells whether it runs.
    pub fn twist(&mut self, key: Key, change: impl FnOnce(&mut Twist)) -> bool {
        let Some(unit) = self.units.get_mut(&key).filter(|u| u.ended.is_none()) else { return false };
        let unit = Rc::make_mut(unit);
        change(&mut unit.twist);
        if unit.twist.leak > 0 || unit.behaviour.lively() {
            self.lively.insert(key);
        }
        self.news.push(News::Pressed(key));
        true
    }
    /// Changes what requests cost a running container.
    pub fn behave(&mut self, key: Key, behaviour: Rc<Behaviour>) {
        let Some(unit) = self.units.get_mut(&key) else { return };
        self.version += 1;
        if behaviour.lively() {
            self.lively.insert(key);
        }
        Rc::make_mut(unit).behaviour = behaviour;
    }
    /// Changes how a running container goes on by itself.
    pub fn follow(&mut self, key: Key, profile: Rc<Profile>) {
        let Some(unit) = self.units.get_mut(&key).filter(|u| u.ended.is_none()) else { return };
        self.version += 1;
        Rc::make_mut(unit).profile = profile;
        self.news.push(News::Pressed(key));
    }
    /// Cuts the way between two machines, or mends it; the empty name is the outside.
    pub fn cut_link(&mut self, a: &str, b: &str, cut: bool) {
        let pair = if a <= b { (a.into(), b.into()) } else { (b.into(), a.into()) };
        if cut {
            self.cut.insert(pair);
        } else {
            self.cut.remove(&pair);
        }
    }
    /// Whether packets go from one machine to another.
    pub fn reaches(&self, from: &str, to: &str) -> bool {
        if self.dark.contains(to) || self.dark.contains(from) {
            return false;
        }
        let pair = if from <= to { (from, to) } else { (to, from) };
        self.cut.is_empty() || !self.cut.iter().any(|(a, b)| (&**a, &**b) == pair)
    }
    /// Whether packets go from one group (the outside is the empty name) to another.
    pub fn joins(&self, from: &str, to: &str) -> bool {
        let is = |end: &str, group: &str| match group.is_empty() {
            true => end == "outside",
            false => end == group || group.rsplit('/').next() == Some(end),
        };
        self.severed.is_empty() || !self.severed.iter().any(|(a, b)| is(a, from) && is(b, to))
    }
    /// Says something to whoever runs the containers.
    pub fn say(&mut self, news: News) {
        self.news.push(news);
    }
    /// Takes what was said.
    pub fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }
}

/// Looks of a machine that are kept. Ours: the collector asks for those of the last 25 seconds.
const LOOKS: usize = 5;

impl Strain {
    /// CPU that requests of one stretch took, in seconds; `since`: the start of the container.
    pub fn spend(&mut self, since: Time, from: Time, to: Time, cpu: f64, memory: f64) {
        let whole = to.since(from).0.max(1) as f64;
        let every = super::meter::HOUSEKEEPING;
        let mut next = since + every * (from.since(since).0 / every.0 + 1);
        while next <= to {
            let part = next.since(from).0 as f64 / whole;
            if self.looks.len() >= LOOKS {
                self.looks.remove(0);
            }
            self.looks.push((next, self.cpu + cpu * part, memory));
            next += every;
        }
        self.cpu += cpu;
    }
}

impl Unit {
    /// CPU taken from its start until a look of its machine, in seconds.
    pub fn cpu_until(&self, look: Time) -> f64 {
        let Some(strain) = &self.strain else { return self.idle_cpu(look) };
        let at = strain.looks.iter().rev().find(|(t, ..)| *t <= look);
        let later = strain.looks.last().is_some_and(|(t, ..)| *t < look);
        // Nothing has flowed since the last look that was noted.
        let busy = if later { strain.cpu } else { at.map_or(0.0, |(_, cpu, _)| *cpu) };
        self.idle_cpu(look) + busy
    }
    /// Memory at a look of its machine, in bytes.
    pub fn memory_at(&self, look: Time) -> f64 {
        let Some(strain) = &self.strain else { return self.behaviour.memory as f64 };
        let later = strain.looks.last().is_none_or(|(t, ..)| *t < look);
        let at = strain.looks.iter().rev().find(|(t, ..)| *t <= look);
        if later { strain.memory } else { at.map_or(self.behaviour.memory as f64, |(.., memory)| *memory) }
    }
    /// Whether it takes new requests on a port at a moment.
    pub fn listens(&self, at: Time, port: Option<u16>) -> bool {
        let alive = at >= self.since && self.ended.is_none_or(|end| at < end);
        let willing = self.behaviour.serves_on || self.stops.is_none_or(|stop| at < stop);
        let open = self.profile.answer(at.since(self.since), port, true) != Health::Refused;
        alive && willing && open && !self.twist.refuses
    }
    /// Moments after `from` at which that changes by itself.
    pub fn edges(&self, from: Time) -> impl Iterator<Item = Time> {
        let listens = self.profile.listens_after.map(|after| self.since + after);
        let warm = (self.behaviour.warm_up > Span::ZERO).then(|| self.warm_at());
        let unwell = self.profile.next_change(from.since(self.since)).map(|t| self.since + t);
        let edges = [Some(self.since), listens, warm, unwell, self.stops, self.ended];
        edges.into_iter().flatten().filter(move |t| *t > from)
    }
    fn warm_at(&self) -> Time {
        self.since + self.profile.listens_after.unwrap_or_default() + self.behaviour.warm_up
    }
    /// How many times as long requests take now as they would in a warm and healthy program.
    pub fn slowness(&self, at: Time) -> f64 {
        let warm = self.behaviour.warm_up;
        let cold = match warm > Span::ZERO && at < self.warm_at() {
            true => 1.0 + (COLD - 1.0) * (self.warm_at().since(at).0 as f64 / warm.0 as f64).min(1.0),
            false => 1.0,
        };
        cold * self.twist.slow.max(0.01)
    }
    /// What it can do with so many cores when each request also waits for others for `beside` seconds.
    pub fn station(&self, at: Time, cores: f64, beside: f64) -> Station {
        let it = &self.behaviour;
        let slow = self.slowness(at);
        let (cpu, waits) = (it.cpu.0 as f64 / 1e6 * slow, it.waits.0 as f64 / 1e6 * slow + beside);
        let cores = cores.max(0.001);
        let stretched = cpu * (1.0 / cores).max(1.0);
        let (workers, room) = (it.concurrency.max(1), f64::from(it.queue));
        let by_workers = f64::from(workers) / (stretched + waits).max(1e-9);
        if cpu <= 0.0 || by_workers < cores / cpu {
            let service = (stretched + waits).max(1e-6);
            return Station { servers: workers, service, scv: it.scv, room, delay: 0.0 };
        }
        let servers = (libm::ceil(cores) as u32).clamp(1, workers);
        let service = cpu * f64::from(servers) / cores.min(f64::from(servers));
        let room = room + f64::from(workers - servers);
        Station { servers, service, scv: it.scv, room, delay: waits }
    }
    /// How a request to a port goes now; `luck` is a drawn share from 0 to 1. `always_well`: as in [`Profile::answer`].
    pub fn answer(&self, at: Time, port: Option<u16>, always_well: bool, luck: f64) -> Health {
        let age = at.since(self.since);
        if self.twist.refuses {
            return Health::Refused;
        }
        let health = self.profile.answer(age, port, always_well);
        if health == Health::Refused {
            return health;
        }
        if self.twist.stuck() {
            return Health::Slow(Span::secs(86_400));
        }
        if self.twist.unwell && !always_well {
            return Health::Bad;
        }
        let Some(strain) = self.strain.as_ref().filter(|s| s.pressed) else { return health };
        if luck < strain.full {
            return Health::Slow(Span::secs(86_400));
        }
        let takes = strain.takes.least - strain.takes.mean * libm::log(1.0 - luck.clamp(0.0, 0.999_999));
        match health {
            Health::Good | Health::Slow(_) => Health::Slow(Span((takes * 1e6) as u64).max(self.profile.slow)),
            other => other,
        }
    }
    /// CPU it takes without requests at a moment, in cores.
    pub fn idle_cores(&self, at: Time) -> f64 {
        let starting = at.since(self.since) < self.behaviour.start_takes;
        let milli =
            if starting { self.behaviour.start_cpu.max(self.behaviour.base_cpu) } else { self.behaviour.base_cpu };
        f64::from(if self.cpu_limit > 0 { milli.min(self.cpu_limit) } else { milli }) / 1e3
    }
    /// CPU that this took from its start until a moment, in seconds.
    pub fn idle_cpu(&self, at: Time) -> f64 {
        let age = at.since(self.since).0 as f64 / 1e6;
        let starting = (self.behaviour.start_takes.0 as f64 / 1e6).min(age);
        starting * self.idle_cores(self.since)
            + (age - starting) * self.idle_cores(self.since + self.behaviour.start_takes)
    }
    /// Cores in use at a moment.
    pub fn cores(&self, at: Time) -> f64 {
        self.idle_cores(at) + self.strain.as_ref().map_or(0.0, |s| s.cores)
    }
    /// Bytes in use.
    pub fn memory(&self) -> f64 {
        self.strain.as_ref().map_or(self.behaviour.memory as f64, |s| s.memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(behaviour: Behaviour) -> Unit {
        Unit {
            group: "web".into(),
            name: "app".into(),
            host: "node-a".into(),
            since: Time::secs(10),
            profile: Rc::new(Profile { listens_after: Some(Span::secs(2)), ..Profile::default() }),
            behaviour: Rc::new(behaviour),
            cpu_limit: 500,
            cpu_asked: 100,
            memory_limit: 64 << 20,
            stops: None,
            ended: None,
            twist: Twist::default(),
            strain: None,
        }
    }

    #[test]
    fn it_listens_from_its_start_until_sigterm() {
        let mut it = unit(Behaviour::default());
        it.stops = Some(Time::secs(20));
        let listens = |s: u64| it.listens(Time::secs(s), Some(80));
        assert_eq!([11, 12, 19, 20].map(listens), [false, true, true, false]);
        let edges: Vec<u64> = it.edges(Time::secs(10)).map(Time::as_secs).collect();
        assert!(edges.contains(&12) && edges.contains(&20), "{edges:?}");
    }

    #[test]
    fn a_cpu_limit_throttles_and_a_cold_program_is_slow() {
        let it = unit(Behaviour { cpu: Span::millis(10), warm_up: Span::secs(10), ..Behaviour::default() });
        let at = Time::secs(60);
        assert_eq!(it.station(at, 0.5, 0.0).capacity(), 50.0);
        assert_eq!(it.station(at, 2.5, 0.0).capacity(), 250.0);
        assert_eq!((it.slowness(Time::secs(12)), it.slowness(Time::secs(17)), it.slowness(at)), (3.0, 2.0, 1.0));
        let waits =
            unit(Behaviour { waits: Span::millis(90), cpu: Span::millis(10), concurrency: 2, ..Behaviour::default() });
        assert_eq!(waits.station(at, 4.0, 0.0).capacity(), 20.0);
    }

    #[test]
    fn links_are_cut_both_ways_and_dark_machines_are_not_reached() {
        let mut floor = Floor::default();
        floor.cut_link("node-b", "node-a", true);
        assert!(
            !floor.reaches("node-a", "node-b") && !floor.reaches("node-b", "node-a") && floor.reaches("", "node-a")
        );
        floor.cut_link("node-a", "node-b", false);
        floor.dark.insert("node-b".into());
        assert!(floor.reaches("", "node-a") && !floor.reaches("", "node-b"));
    }

    #[test]
    fn a_container_under_load_is_kept_after_its_end_until_it_is_accounted_for() {
        let mut floor = Floor::default();
        floor.start((1, 0), unit(Behaviour::default()));
        floor.start((1, 1), unit(Behaviour::default()));
        floor.get_mut((1, 1)).expect("there").strain = Some(Rc::default());
        floor.end_all(1, Time::secs(30));
        assert!(floor.get((1, 0)).is_none() && floor.all().next().is_none());
        assert_eq!(floor.get((1, 1)).and_then(|u| u.ended), Some(Time::secs(30)));
    }
}
