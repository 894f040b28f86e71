//! What the engine tells the floor: which containers run; and what the floor tells it back: how load and faults change them.

use super::*;
use crate::workload::{Ask, Health as Answering, Key, News, Process, Profile, Rule, Twist, Unit};

/// Exit code of a process that the kernel killed. Source: Linux signal(7): 128 and SIGKILL.
const KILLED: i32 = 137;
/// What a container weighs that says nothing. Source: moby v29, cpu-shares: 1024, which stand for one core.
const SHARES: i64 = 1024;
/// A request to a program that hangs takes this long: for ever. Ours: no client waits so long.
const FOR_EVER: Span = Span::secs(86_400);
/// All but one in a thousand requests are over then, as a normal deviate. Source: the normal distribution.
const NEARLY_ALL: f64 = 3.09;

/// A container's number on the floor.
pub const fn key(cid: Cid) -> Key {
    (cid, 0)
}

/// What is known of a container that starts.
pub(super) fn ask<'a>(
    c: &'a Container,
    image: &'a str,
    words: &'a [Rc<str>],
    env: &'a [(Rc<str>, Rc<str>)],
) -> Ask<'a> {
    let group = c.spec.group.rsplit('/').next().unwrap_or_default();
    Ask {
        image,
        container: &c.name,
        unit: &c.name,
        group,
        command: words,
        env,
        memory_limit: c.spec.limits.memory,
        ..Ask::default()
    }
}

impl Engine {
    /// A run begins: it stands on the floor.
    pub(super) fn stand(&mut self, cid: Cid, profile: &Profile) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        let behaviour = self.workloads.behaviour(&ask(&c, &c.spec.image, &c.spec.words(), &c.spec.env));
        let limits = &c.spec.limits;
        let milli = |n: i64| n.clamp(0, i64::from(u32::MAX)) as u32;
        let unit = Unit {
            group: c.spec.group(),
            name: c.name.clone(),
            host: self.machine.clone(),
            since: self.now,
            profile: Rc::new(profile.clone()),
            behaviour: Rc::new(behaviour),
            cpu_limit: milli(limits.nano_cpus / 1_000_000),
            cpu_asked: milli(if limits.cpu_shares > 0 { limits.cpu_shares * 1_000 / SHARES } else { 1_000 }),
            memory_limit: limits.memory.max(0) as u64,
            stops: None,
            ended: None,
            twist: self.ills_of(cid),
            strain: None,
        };
        self.floor.start(key(cid), unit);
    }
    /// A run is over.
    pub(super) fn lie_down(&mut self, cid: Cid) {
        self.floor.end(key(cid), self.now);
    }
    /// A run gets the signal that ends it after a moment: from then on it takes nothing new.
    pub(super) fn will_stop(&mut self, cid: Cid, wait: Span) {
        self.floor.stop(key(cid), self.now + wait);
    }
    /// How long a program that finishes what it has begun needs for that.
    pub(super) fn drains(&self, cid: Cid) -> Span {
        let Some(unit) = self.unit(cid) else { return Span::ZERO };
        let (Some(most), Some(strain)) = (unit.behaviour.drain, &unit.strain) else { return Span::ZERO };
        let needs = if strain.inside > 1e-6 { strain.takes.at(NEARLY_ALL) } else { 0.0 };
        most.min(Span((needs * 1e6) as u64))
    }
    /// A container as it stands on the floor, while its process runs.
    pub fn unit(&self, cid: Cid) -> Option<&Unit> {
        self.floor.get(key(cid)).filter(|unit| unit.ended.is_none())
    }
    /// Changes what somebody did to a running container: tells whether it runs. A restart makes it new.
    pub fn twist(&mut self, cid: Cid, change: impl FnOnce(&mut Twist)) -> bool {
        self.floor.twist(key(cid), change)
    }
    /// Changes what containers do: from now on, and in those that are started later. Tells which of them run now.
    pub fn behave(&mut self, rule: Rule) -> Vec<Cid> {
        let mine = |unit: &Unit| {
            let named = rule.unit.is_empty() || *unit.name == *rule.unit;
            named || unit.group.rsplit('/').next() == Some(&*rule.unit)
        };
        let running: Vec<Cid> = self.floor.all().filter(|(_, unit)| mine(unit)).map(|(key, _)| key.0).collect();
        for cid in &running {
            if let Some(behaviour) = self.unit(*cid).and_then(|unit| rule.changed(&unit.behaviour)) {
                self.floor.behave(key(*cid), Rc::new(behaviour));
            }
            self.amend(*cid, &rule);
        }
        self.workloads.rules.push(rule);
        running
    }
    /// Changes how the run of a container goes on.
    fn amend(&mut self, cid: Cid, rule: &Rule) {
        let now = self.now;
        let Some(c) = self.containers.get(&cid) else { return };
        let (Some(run), epoch) = (c.run(), c.epoch) else { return };
        let Some(profile) = rule.amended(&run.process.profile, now.since(run.begun)) else { return };
        let ends = profile.end.filter(|end| run.process.profile.end != Some(*end)).map(|end| run.begun + end.after);
        let process = Process { profile: profile.clone(), ..(*run.process).clone() };
        if let Some(run) = self.edit(cid).and_then(|c| c.runs.last_mut()) {
            run.process = process.into();
        }
        self.floor.follow(key(cid), Rc::new(profile));
        if let Some(at) = ends {
            self.after(at.since(now), Timer::Own(cid, epoch));
        }
    }
    /// A program ends by itself, unless that was changed since the timer was set.
    pub(super) fn own_end(&mut self, cid: Cid, epoch: u32) {
        let run = self.current(cid, epoch).and_then(|c| c.run().cloned());
        let end = run.and_then(|run| run.process.profile.end.filter(|end| run.begun + end.after <= self.now));
        if let Some(end) = end {
            self.process_ends(cid, epoch, end.code, end.oom);
        }
    }
    /// The first port of a container's process.
    pub(super) fn own_port(&self, cid: Cid) -> Option<u16> {
        // Ours: what names no port is asked on the web's.
        const WEB: u16 = 80;
        self.unit(cid).map(|unit| unit.profile.ports.first().copied().unwrap_or(WEB))
    }
    /// How a request to a port of a container goes; under load luck decides.
    pub(super) fn answers(&mut self, cid: Cid, port: u16, always_well: bool) -> Answering {
        let pressed = self.unit(cid).is_some_and(|u| u.strain.as_ref().is_some_and(|s| s.pressed));
        let luck = if pressed { self.luck.below(1_000_000) as f64 / 1e6 } else { 0.5 };
        let now = self.now;
        self.unit(cid).map_or(Answering::Refused, |unit| unit.answer(now, Some(port), always_well, luck))
    }
    /// Whether anybody takes a request to a port of a container.
    pub fn listens(&self, cid: Cid, port: u16) -> bool {
        let answer = |unit: &Unit| unit.answer(self.now, Some(port), true, 0.0);
        self.unit(cid).is_some_and(|unit| answer(unit) != Answering::Refused)
    }
    /// For how long load or a fault holds up a request that is taken.
    pub(super) fn holds_up(&mut self, cid: Cid) -> Span {
        let Some(unit) = self.unit(cid) else { return Span::ZERO };
        if unit.twist.stuck() {
            return FOR_EVER;
        }
        if !unit.strain.as_ref().is_some_and(|s| s.pressed) {
            return Span::ZERO;
        }
        match self.answers(cid, self.own_port(cid).unwrap_or_default(), true) {
            Answering::Slow(takes) => takes,
            _ => Span::ZERO,
        }
    }
    /// The container that the kernel kills when the machine's memory is gone: the one that takes most.
    /// Source: Linux mm/oom_kill.c, oom_badness.
    fn too_much(&self) -> Option<Key> {
        let used: f64 = self.floor.all().map(|(_, unit)| unit.memory()).sum();
        let most = || self.floor.all().max_by(|a, b| a.1.memory().total_cmp(&b.1.memory())).map(|(key, _)| key);
        if used > self.memory as f64 { most() } else { None }
    }
    /// Hears what the floor says: what has taken too much memory is killed, whose work is done ends. Health checks come at
    /// their own times and look then.
    pub fn hear(&mut self) {
        if let Some(key) = self.too_much() {
            self.floor.say(News::OutOfMemory(key));
        }
        for news in self.floor.take_news() {
            let ((cid, _), code, oom) = match news {
                News::OutOfMemory(key) => (key, KILLED, true),
                News::Done(key) => (key, 0, false),
                News::Pressed(_) => continue,
            };
            let Some(epoch) = self.containers.get(&cid).map(|c| c.epoch) else { continue };
            self.process_ends(cid, epoch, code, oom);
        }
    }
}
