//! How a fault begins and ends: by what it does to machines, processes and wires.

use super::target::zone_of;
use super::{Episode, Fault, Needs, Place, Plan, Repeat, Timer, What};
use crate::compose::engine::Cid;
use crate::journal::{EntryId, Why};
use crate::kubernetes::Outage;
use crate::kubernetes::apiserver::By;
use crate::kubernetes::controllers::CONTROLLERS;
use crate::kubernetes::kubelet::{Ill, Starved};
use crate::kubernetes::objects::{Id, Kind};
use crate::sim::{Chance, Span, Time};
use crate::world::World;
use std::collections::BTreeSet;
use std::rc::Rc;

/// How long a machine takes to start again. Ours: a common cloud machine.
const REBOOT: Span = Span::secs(45);
/// How many times as long a slow program takes when nobody says. Ours: what a lost index or a full disk does.
const SLOW: u64 = 10;
/// How much a leak takes when nobody says, in bytes a second. Ours: 128 MiB are full in some two minutes.
const LEAK: u64 = 1 << 20;
/// Exit code of a process that SIGKILL ended. Source: POSIX shells, 128 and the signal's number, 9.
pub(super) const KILLED: i32 = 137;
/// Exit code of a program that gives up. Ours: what most programs use.
pub(super) const GAVE_UP: i32 = 1;
/// A leader that cannot renew its lease for so long ends itself and is started again.
/// Source: kubernetes v1.37 component-base/config/v1alpha1/defaults.go, RenewDeadline.
const RENEW_DEADLINE: Span = Span::secs(10);
/// A new leader waits until the lease of the old one is over. Source: same file, LeaseDuration.
const LEASE_DURATION: Span = Span::secs(15);
/// How often it tries to become the leader. Source: same file, RetryPeriod.
const RETRY_PERIOD: Span = Span::secs(2);
/// How long a component that ended by its own wish is away. Ours: the first pause of a static pod's back-off, after a long outage.
const RESTARTED: Span = Span::secs(10);
/// How long a client waits that lost its server for a moment. Source: kubernetes v1.37 client-go/tools/cache/reflector.go,
/// NewReflectorWithOptions: back-off from 800 ms.
const RECONNECT: Span = Span::millis(800);
/// At most so many objects of one episode are noted in the journal. Ours: more are a zone, and each says the same.
const NOTED_MAX: usize = 2_000;

/// So many are moved at most when one is drawn out of many. Ours: near the root of the largest cluster's pods.
const PART: usize = 512;

impl World {
    /// Lets something break now. Tells its number; `Err` says why nothing breaks.
    pub fn order(&mut self, fault: &Fault, actor: &'static str) -> Result<u32, String> {
        fault.check()?;
        let (every, until) = match &fault.repeat {
            Repeat::Once => return self.begin(fault, None, actor),
            Repeat::Every { .. } => (Span::ZERO, None),
            Repeat::Chaos { mean, during, .. } => (self.wait(*mean), during.map(|d| self.now() + d)),
        };
        let number = self.faults.next_number();
        let from = self.now();
        let plan = Plan { number, fault: fault.clone(), actor, from, until, ended: None, came: 0, next: None };
        self.faults.plans.insert(number, plan);
        if let Some(until) = until {
            self.faults.agenda.add(until, Timer::Over(number));
        }
        if every == Span::ZERO {
            self.next_of(number);
        } else {
            self.plan_next(number, every);
        }
        Ok(number)
    }
    /// Ends a fault or a plan with everything that came from it and lasts.
    pub fn end_fault(&mut self, number: u32) {
        let now = self.now();
        if let Some(plan) = self.faults.plans.get_mut(&number).filter(|p| p.ended.is_none()) {
            plan.ended = Some(now);
            self.faults.version += 1;
        }
        let ending: Vec<u32> = self
            .faults
            .active
            .values()
            .filter(|e| e.number == number || e.plan == Some(number))
            .map(|e| e.number)
            .collect();
        ending.into_iter().for_each(|n| self.finish(n));
    }
    /// Ends everything of a kind (or of any) at a place (or anywhere); tells how much that was.
    pub fn heal(&mut self, what: Option<What>, on: &str) -> usize {
        let same = |w: What, o: &str| what.is_none_or(|x| x == w) && (on.is_empty() || o == on);
        let plans = self.faults.plans.values().filter(|p| p.ended.is_none() && same(p.fault.what, &p.fault.on));
        let single = self.faults.active.values().filter(|e| same(e.what, &e.on));
        let numbers: Vec<u32> = plans.map(|p| p.number).chain(single.map(|e| e.number)).collect();
        numbers.iter().for_each(|n| self.end_fault(*n));
        numbers.len()
    }
    /// Lets a machine work again, whatever let it fail.
    pub fn recover_node(&mut self, node: Id) {
        let down = [What::NodeCrash, What::NodeReboot, What::NodePartition, What::ZoneOutage];
        let ending: Vec<u32> = self
            .faults
            .active
            .values()
            .filter(|e| down.contains(&e.what) && e.objects.contains(&node))
            .map(|e| e.number)
            .collect();
        ending.into_iter().for_each(|n| self.finish(n));
    }
    /// Does what is due at the present moment.
    pub(in crate::world) fn faults_due(&mut self) {
        while let Some((_, timer)) = self.faults.agenda.pop_until(self.cluster.now()) {
            match timer {
                Timer::End(number) => self.finish(number),
                Timer::Next(number) => self.next_of(number),
                Timer::Over(number) => {
                    let now = self.now();
                    if let Some(plan) = self.faults.plans.get_mut(&number).filter(|p| p.ended.is_none()) {
                        plan.ended = Some(now);
                        self.faults.version += 1;
                    }
                }
                Timer::GoOn(scheduler) => self.go_on(scheduler),
            }
        }
    }
    /// The next one of a plan.
    fn next_of(&mut self, number: u32) {
        let Some(plan) = self.faults.plans.get_mut(&number).filter(|p| p.ended.is_none()) else { return };
        plan.came += 1;
        let (fault, came, actor) = (plan.fault.clone(), plan.came, plan.actor);
        match &fault.repeat {
            Repeat::Once => {}
            Repeat::Every { gap, times } => {
                drop(self.begin(&fault, Some(number), actor));
                if *times > 0 && came >= *times {
                    let now = self.now();
                    self.faults.plans.entry(number).and_modify(|p| p.ended = Some(now));
                } else {
                    self.plan_next(number, (*gap).max(Span::millis(1)));
                }
            }
            Repeat::Chaos { mean, also, .. } => {
                let kinds = 1 + also.len() as u64;
                let drawn = self.chance().below(kinds) as usize;
                let what = drawn.checked_sub(1).and_then(|at| also.get(at).copied()).unwrap_or(fault.what);
                // Something that cannot happen just now (no such pod) is left out.
                drop(self.begin(&Fault { what, pick: fault.pick.max(1), ..fault.clone() }, Some(number), "chaos"));
                let wait = self.wait(*mean);
                self.plan_next(number, wait);
            }
        }
    }
    fn plan_next(&mut self, number: u32, wait: Span) {
        let at = self.now() + wait;
        self.faults.plans.entry(number).and_modify(|p| p.next = Some(at));
        self.faults.agenda.add(at, Timer::Next(number));
        self.faults.version += 1;
    }
    pub(super) fn chance(&mut self) -> &mut Chance {
        self.cluster.api.chance("chaos")
    }
    /// Time to the next arrival of a Poisson process: exponentially distributed.
    fn wait(&mut self, mean: Span) -> Span {
        // 53 bits of a fraction above 0.
        let fraction = ((self.chance().bits() >> 11) + 1) as f64 / (1u64 << 53) as f64;
        Span::micros((-libm::log(fraction) * mean.0 as f64) as u64).max(Span::millis(1))
    }
    /// One fault begins.
    fn begin(&mut self, fault: &Fault, plan: Option<u32>, actor: &'static str) -> Result<u32, String> {
        let what = fault.what;
        let (objects, containers, host) = self.all_objects(fault)?;
        let on: Rc<str> = match objects.as_slice() {
            [one] if matches!(what.needs(), Needs::Pods | Needs::Nodes) && containers.is_empty() && !host => {
                self.cluster.api.label(*one).into()
            }
            _ => fault.on.as_str().into(),
        };
        let amount = match what {
            What::Slow if fault.amount == 0 => SLOW,
            What::Leak if fault.amount == 0 => LEAK,
            _ => fault.amount,
        };
        let lasts = fault.lasts.or((what == What::NodeReboot).then_some(REBOOT)).filter(|_| what.lasts());
        let (number, now) = (self.faults.next_number(), self.now());
        let container = fault.container.as_str().into();
        let until = lasts.map(|l| now + l);
        let (objects, containers) = (objects.into(), containers.into());
        let episode = Episode {
            number,
            plan,
            what,
            on,
            container,
            objects,
            containers,
            host,
            amount,
            from: now,
            until,
            ended: None,
        };
        self.note(&episode, actor);
        self.faults.active.insert(number, episode.clone());
        self.break_it(&episode);
        self.strike_host(&episode);
        if !what.lasts() {
            self.over(number);
        } else if let Some(until) = until {
            self.faults.agenda.add(until, Timer::End(number));
        }
        self.cluster.settle();
        Ok(number)
    }
    /// What it is about in both houses: objects, containers, whether the Docker host itself.
    fn all_objects(&mut self, fault: &Fault) -> Result<(Vec<Id>, Vec<Cid>, bool), String> {
        let place = fault.check()?;
        let (mut containers, host) = match &self.host {
            Some(host) if fault.what.needs() == Needs::Pods => (place.containers(host), false),
            Some(host) if fault.what.hits_hosts() => (Vec::new(), place.is_host(host)),
            _ => (Vec::new(), false),
        };
        if fault.pick > 0 {
            self.draw(&mut containers, fault.pick);
        }
        match self.objects(fault, &place) {
            Err(_) if host || !containers.is_empty() => Ok((Vec::new(), containers, host)),
            found => Ok((found?, containers, host)),
        }
    }
    /// Keeps so many, drawn by chance.
    pub(super) fn draw<T>(&mut self, found: &mut Vec<T>, pick: u32) {
        // One goes after the other; in short parts, so that taking one out of very many moves few.
        let mut rest = std::mem::take(found).into_iter();
        let mut parts: Vec<Vec<T>> = Vec::new();
        let mut left = rest.len();
        while rest.len() > 0 {
            parts.push(rest.by_ref().take(PART).collect());
        }
        while left > pick as usize {
            let mut at = self.chance().below(left as u64) as usize;
            let holds = |part: &&mut Vec<T>| {
                let here = at < part.len();
                at -= if here { 0 } else { part.len() };
                here
            };
            if let Some(part) = parts.iter_mut().find(holds) {
                part.remove(at);
            }
            left -= 1;
        }
        found.extend(parts.into_iter().flatten());
    }
    /// The objects that it is about, drawn where only some are wanted.
    fn objects(&mut self, fault: &Fault, place: &Place) -> Result<Vec<Id>, String> {
        let mut found = match fault.what.needs() {
            Needs::Pods => place.pods(&self.cluster),
            Needs::Nodes => place.nodes(&self.cluster),
            Needs::Zone => self.zone(place),
            Needs::Link => return Ok(Vec::new()),
            Needs::Image | Needs::Controller | Needs::Cluster => {
                return Ok(self.cluster.api.store.find(Kind::Namespace, "", "kube-system").into_iter().collect());
            }
        };
        if found.is_empty() {
            return Err(format!("{}: nothing is found at \"{}\"", fault.what.key(), fault.on));
        }
        if fault.pick > 0 && fault.what.needs() != Needs::Zone {
            self.draw(&mut found, fault.pick);
        }
        Ok(found)
    }
    /// The nodes of a zone; of one drawn by chance when none is named.
    fn zone(&mut self, place: &Place) -> Vec<Id> {
        if *place != Place::Cluster {
            return place.nodes(&self.cluster);
        }
        let nodes = self.cluster.api.store.list(Kind::Node);
        let zones: BTreeSet<String> = nodes.filter_map(|n| zone_of(n).map(str::to_string)).collect();
        let at = self.chance().below(zones.len() as u64) as usize;
        zones.into_iter().nth(at).map_or_else(Vec::new, |z| Place::Zone(z).nodes(&self.cluster))
    }
    /// Writes down what broke, at each object: chains of causes end there.
    fn note(&mut self, episode: &Episode, actor: &'static str) {
        for id in episode.objects.iter().take(NOTED_MAX) {
            let name = self.cluster.api.store.card(*id).map(|c| c.name.clone()).unwrap_or_default();
            let why = why(episode, &self.container(episode, *id).into(), &name);
            self.cluster.api.act(*id, By::actor(actor, why));
        }
        self.note_on_host(episode, actor);
    }
    /// The container of a pod that an episode is about.
    fn container(&self, episode: &Episode, pod: Id) -> String {
        if !episode.container.is_empty() {
            return episode.container.to_string();
        }
        let pod = self.cluster.api.store.get(pod).and_then(|o| o.pod());
        pod.and_then(|p| p.spec.containers.first()).map(|c| c.name.to_string()).unwrap_or_default()
    }
    fn node_names(&self, episode: &Episode) -> Vec<Rc<str>> {
        episode.objects.iter().filter_map(|id| Some(self.cluster.api.store.card(*id)?.name.clone())).collect()
    }
    fn break_it(&mut self, episode: &Episode) {
        let lasting = episode.until.is_some();
        match episode.what {
            What::Kill | What::Crash => {
                let code = if episode.what == What::Kill { KILLED } else { GAVE_UP };
                self.each_pod(episode, |world, id, name| {
                    world.cluster.kubelet(|kubelets, cx| kubelets.kill_container(id, name, code, cx));
                });
            }
            What::Hang | What::FailReadiness | What::FailLiveness | What::Slow | What::Leak => {
                let ill = ill(episode);
                self.each_pod(episode, |world, id, name| {
                    world.cluster.kubelet(|kubelets, cx| kubelets.afflict(id, name, ill, lasting, cx));
                });
                // What flows and what grows is looked at from now on.
                self.cluster.services(|services, cx| services.wake(cx));
            }
            What::ImageMissing => self.registry(episode, true),
            What::RegistryDown => self.registry(episode, true),
            What::NodeCrash | What::ZoneOutage => self.nodes(episode, Outage::PowerOff),
            What::NodeReboot => self.nodes(episode, Outage::Reboot),
            What::NodePartition => self.nodes(episode, Outage::Partition),
            What::ApiDown => self.cluster.lose_api(),
            What::SchedulerStopped => self.cluster.hold(Some(true), None),
            What::ControllerStopped => self.controller(episode, true),
            What::DnsBroken | What::LinkBroken => self.wires(episode, true),
            What::DiskPressure | What::MemoryPressure => self.starve(episode, true),
        }
        let cause = episode.objects.first().and_then(|id| self.cluster.api.newest_about(*id));
        if matches!(episode.what, What::ApiDown | What::SchedulerStopped) {
            self.cluster.held_because = cause;
        }
    }
    fn each_pod(&mut self, episode: &Episode, mut act: impl FnMut(&mut World, Id, &str)) {
        for id in episode.objects.iter() {
            let name = self.container(episode, *id);
            act(self, *id, &name);
        }
    }
    fn nodes(&mut self, episode: &Episode, outage: Outage) {
        for node in self.node_names(episode) {
            self.cluster.kubelet(|kubelets, cx| kubelets.fail_node(&node, outage, cx));
        }
    }
    fn starve(&mut self, episode: &Episode, short: bool) {
        let what = if episode.what == What::DiskPressure { Starved::Disk } else { Starved::Memory };
        for node in self.node_names(episode) {
            self.cluster.kubelet(|kubelets, cx| match short {
                true => kubelets.starve(&node, what, episode.amount, cx),
                false => kubelets.feed(&node, what),
            });
        }
    }
    fn wires(&mut self, episode: &Episode, broken: bool) {
        let floor = &mut self.cluster.api.floor;
        match episode.on.strip_prefix("link/").and_then(|l| l.split_once("->")) {
            None => floor.names_broken = broken,
            Some((from, to)) => {
                let ends = (from.trim().into(), to.trim().into());
                match broken {
                    true => floor.severed.insert(ends),
                    false => floor.severed.remove(&ends),
                };
            }
        }
        self.cluster.services(|services, cx| services.wake(cx));
    }
    fn registry(&mut self, episode: &Episode, broken: bool) {
        let image = episode.on.strip_prefix("image/").unwrap_or_default();
        let down = episode.what == What::RegistryDown;
        self.cluster.kubelet(|kubelets, _| {
            let registry = &mut Rc::make_mut(&mut kubelets.workloads).registry;
            match (down, broken) {
                (true, _) => registry.down = broken,
                (false, true) => drop(registry.missing.insert(image.into())),
                (false, false) => drop(registry.missing.remove(image)),
            }
        });
    }
    fn controller(&mut self, episode: &Episode, stopped: bool) {
        match episode.on.strip_prefix("controller/") {
            Some(name) if name != "all" => {
                self.cluster.controllers(|controllers, cx| controllers.stop(name, stopped, cx));
            }
            _ if stopped => self.cluster.hold(None, Some(true)),
            _ => self.resume_later(false, episode.from),
        }
    }
    /// A fault is over.
    fn finish(&mut self, number: u32) {
        let Some(episode) = self.faults.active.get(&number).cloned() else { return };
        self.over(number);
        for id in episode.objects.iter().take(NOTED_MAX) {
            self.cluster.api.note(
                *id,
                crate::journal::Verb::Note,
                By::actor("fault", super::ended(episode.what.key())),
            );
        }
        self.mend(&episode);
        self.mend_host(&episode);
        self.cluster.settle();
    }
    /// Moves an episode to the past.
    fn over(&mut self, number: u32) {
        let now = self.now();
        let Some(mut episode) = self.faults.active.remove(&number) else { return };
        episode.ended = Some(now);
        self.faults.version += 1;
        Rc::make_mut(&mut self.faults.past).push(episode);
    }
    fn mend(&mut self, episode: &Episode) {
        match episode.what {
            What::Kill | What::Crash => {}
            What::Hang | What::FailReadiness | What::FailLiveness | What::Slow | What::Leak => {
                let ill = ill(episode);
                self.each_pod(episode, |world, id, name| {
                    world.cluster.kubelet(|kubelets, cx| kubelets.relieve(id, name, ill, cx));
                });
            }
            What::ImageMissing | What::RegistryDown if !self.still(episode) => self.registry(episode, false),
            What::NodeCrash | What::NodeReboot | What::ZoneOutage => self.nodes_back(episode, Outage::PowerOff),
            What::NodePartition => self.nodes_back(episode, Outage::Partition),
            What::ApiDown if !self.still(episode) => {
                let long = self.now().since(episode.from) > RENEW_DEADLINE;
                self.cluster.find_api(long);
                let wait = if long { RESTARTED } else { RECONNECT };
                for scheduler in [false, true] {
                    self.faults.agenda.add(self.cluster.now() + wait, Timer::GoOn(scheduler));
                }
            }
            What::DnsBroken | What::LinkBroken if !self.still(episode) => self.wires(episode, false),
            What::DiskPressure | What::MemoryPressure => self.starve(episode, false),
            What::SchedulerStopped => self.resume_later(true, episode.from),
            What::ControllerStopped => self.controller(episode, false),
            _ => {}
        }
    }
    /// Whether another episode does the same to the same place.
    pub(super) fn still(&self, episode: &Episode) -> bool {
        self.faults.active.values().any(|e| e.what == episode.what && e.on == episode.on)
    }
    /// A stopped component is started: it waits until the lease of the one before is over, and tries every so often.
    fn resume_later(&mut self, scheduler: bool, stopped: Time) {
        let tries = self.chance().below(RETRY_PERIOD.0);
        let free = (stopped + LEASE_DURATION).max(self.now()) + Span(tries);
        self.faults.agenda.add(free, Timer::GoOn(scheduler));
    }
    fn go_on(&mut self, scheduler: bool) {
        let stopped = |e: &Episode| match e.what {
            What::ApiDown => true,
            What::SchedulerStopped => scheduler,
            What::ControllerStopped => !scheduler && matches!(e.on.strip_prefix("controller/"), None | Some("all")),
            _ => false,
        };
        if self.faults.active.values().any(stopped) {
            return;
        }
        match scheduler {
            true => self.cluster.hold(Some(false), None),
            false => self.cluster.hold(None, Some(false)),
        }
    }
    fn nodes_back(&mut self, episode: &Episode, outage: Outage) {
        let held = |id: &Id, e: &Episode| match outage {
            Outage::Partition => e.what == What::NodePartition && e.objects.contains(id),
            _ => [What::NodeCrash, What::NodeReboot, What::ZoneOutage].contains(&e.what) && e.objects.contains(id),
        };
        for id in episode.objects.iter() {
            if self.faults.active.values().any(|e| held(id, e)) {
                continue;
            }
            let Some(name) = self.cluster.api.store.card(*id).map(|c| c.name.clone()) else { continue };
            self.cluster.kubelet(|kubelets, cx| match outage {
                Outage::Partition => kubelets.reconnect(&name, cx),
                _ => kubelets.recover_node(&name, cx),
            });
        }
    }
    /// The newest entry of an episode, for what follows from it.
    pub fn entry_of(&self, episode: &Episode) -> Option<EntryId> {
        self.cluster.api.newest_about(*episode.objects.first()?)
    }
}

/// Why something broke: `container` and `name` are those of the object it is told of.
pub(super) fn why(episode: &Episode, container: &Rc<str>, name: &Rc<str>) -> Why {
    let after_slash = || episode.on.split_once('/').map_or("", |(_, rest)| rest).to_string();
    match episode.what {
        What::Kill => super::kill(container.clone()),
        What::Crash => super::crash(container.clone()),
        What::Hang => super::hang(container.clone()),
        What::FailReadiness => super::fail_readiness(container.clone()),
        What::FailLiveness => super::fail_liveness(container.clone()),
        What::Leak => super::leak(container.clone(), episode.amount),
        What::Slow => super::slow(container.clone(), episode.amount),
        What::ImageMissing => super::image_missing(after_slash()),
        What::RegistryDown => super::registry_down(),
        What::NodeCrash => super::node_crash(name.clone()),
        What::NodeReboot => super::node_reboot(name.clone()),
        What::NodePartition => super::node_partition(name.clone()),
        What::DiskPressure => super::disk_pressure(name.clone()),
        What::MemoryPressure => super::memory_pressure(name.clone()),
        What::ZoneOutage => super::zone_outage(after_slash(), name.clone()),
        What::ApiDown => super::api_down(),
        What::SchedulerStopped => super::scheduler_stopped(),
        What::ControllerStopped => super::controller_stopped(after_slash()),
        What::DnsBroken => super::dns_broken(),
        What::LinkBroken => {
            let (from, to) =
                after_slash().split_once("->").map(|(f, t)| (f.to_string(), t.to_string())).unwrap_or_default();
            super::link_broken(from, to)
        }
    }
}

fn ill(episode: &Episode) -> Ill {
    match episode.what {
        What::Hang => Ill::Hangs,
        What::FailLiveness => Ill::Unlive,
        What::Slow => Ill::Slow(episode.amount),
        What::Leak => Ill::Leaks(episode.amount),
        _ => Ill::Unready,
    }
}

impl Fault {
    /// Whether it can be; the place it is at.
    pub fn check(&self) -> Result<Place, String> {
        let place = Place::read(&self.on)?;
        let (some, also): (bool, &[What]) = match &self.repeat {
            Repeat::Chaos { also, .. } => (true, also),
            _ => (self.pick > 0, &[]),
        };
        for what in std::iter::once(&self.what).chain(also) {
            let anywhere = matches!(what.needs(), Needs::Pods | Needs::Nodes | Needs::Zone) && some;
            if !(anywhere && place == Place::Cluster) {
                place.suits(*what)?;
            }
        }
        match &place {
            Place::Controller(name) if name != "all" && !CONTROLLERS.iter().any(|c| c.name == name) => {
                let names: Vec<&str> = CONTROLLERS.iter().map(|c| c.name).collect();
                Err(format!("there is no controller {name}: there are all, {}", names.join(", ")))
            }
            _ => Ok(place),
        }
    }
}
