//! What is seen of both houses while a run is played: figures once a second, replicas when they change, lines when they are
//! typed. Part of the run, so that rewinding and forking keep it true.

use super::House;
use crate::compose::Host;
use crate::compose::engine::{Container, Status, Verdict};
use crate::compose::project::observed;
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::Kind;
use crate::sim::{Span, Time};
use crate::workload::streams::{Client, Flow};
use crate::world::World;
use std::rc::Rc;

/// Time from one look to the next. Ours: as fine as the charts.
const EVERY: Span = Span::secs(1);
/// Looks in one shared block. Ours: a copy of the record costs one pointer a block.
const BLOCK: usize = 60;
/// After so many looks no more are taken. Ours: a day of a duel.
const LOOKS_MAX: usize = 86_400;

/// What was seen of a house at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Look {
    /// Requests that came until then, as clients count them.
    pub came: f64,
    /// Those that were answered.
    pub answered: f64,
    /// Those that failed.
    pub failed: f64,
    /// Latency of the last second in seconds: half, 95 and 99 per cent take at most so long.
    pub latency: [f64; 3],
    /// Replicas that are ready.
    pub ready: u32,
}

/// The replicas of a service from a moment on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Count {
    pub at: Time,
    pub service: Rc<str>,
    pub ready: u32,
    pub all: u32,
}

/// What was seen of a house.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    blocks: Vec<Rc<Vec<Look>>>,
    /// Changes of counts, oldest first.
    pub counts: Rc<Vec<Count>>,
}

impl Line {
    fn push(&mut self, look: Look) {
        match self.blocks.last_mut().filter(|block| block.len() < BLOCK) {
            Some(block) => Rc::make_mut(block).push(look),
            None => self.blocks.push(Rc::new(vec![look])),
        }
    }
    /// All looks, oldest first.
    pub fn looks(&self) -> impl Iterator<Item = &Look> {
        self.blocks.iter().flat_map(|block| block.iter())
    }
    fn count(&mut self, at: Time, service: &str, ready: u32, all: u32) {
        let last = self.counts.iter().rev().find(|c| *c.service == *service);
        if last.map_or((0, 0), |c| (c.ready, c.all)) != (ready, all) {
            Rc::make_mut(&mut self.counts).push(Count { at, service: service.into(), ready, all });
        }
    }
    /// Services that are gone have no replicas.
    fn gone(&mut self, at: Time, there: &[Rc<str>]) {
        let mut known: Vec<Rc<str>> = self.counts.iter().map(|c| c.service.clone()).collect();
        known.sort();
        known.dedup();
        known.iter().filter(|name| !there.contains(name)).for_each(|name| self.count(at, name, 0, 0));
    }
}

/// What was seen of both houses.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// When the first look was taken.
    pub(super) from: Option<Time>,
    count: usize,
    pub(super) lines: [Line; 2],
    /// Lines that people and scripts typed to change something.
    pub(super) typed: Rc<Vec<(Time, House, Rc<str>)>>,
}

impl Record {
    /// When the next look is due; never while there is no Docker host to compare with.
    pub fn due(&self, world: &World) -> Option<Time> {
        let host = world.host.as_ref().filter(|_| self.count < LOOKS_MAX);
        let first = || Time((world.now().0).div_ceil(EVERY.0) * EVERY.0);
        host.map(|_| self.from.map_or_else(first, |from| from + EVERY * self.count as u64))
    }
    /// Looks at the world, which stands at a moment at which a look is due.
    pub fn look(&mut self, world: &World) {
        let now = world.now();
        self.from = self.from.or(Some(now));
        self.count += 1;
        if let Some(host) = &world.host {
            let ready = see_services(host, now, &mut self.lines[0]);
            let (came, latency) = see_streams(host);
            self.lines[0].push(look(came, latency, ready));
        }
        let ready = see_workloads(&world.cluster, now, &mut self.lines[1]);
        let (came, latency) = see_flows(&world.cluster);
        self.lines[1].push(look(came, latency, ready));
    }
    /// Somebody typed a line that changes something.
    pub fn typed(&mut self, at: Time, house: House, line: &str) {
        Rc::make_mut(&mut self.typed).push((at, house, line.into()));
    }
    /// The moment of a look by its number.
    pub(super) fn at(&self, number: usize) -> Time {
        self.from.unwrap_or(Time::ZERO) + EVERY * number as u64
    }
}

fn look([came, answered, failed]: [f64; 3], latency: [f64; 3], ready: u32) -> Look {
    Look { came, answered, failed, latency, ready }
}

/// Latencies that clients see: those of what their loads lead to, weighted by what is answered.
pub(super) fn latency<'a>(flows: impl Iterator<Item = &'a Flow>) -> [f64; 3] {
    let (mut sum, mut weight) = ([0.0; 3], 0.0);
    for flow in flows.filter(|flow| flow.answered > 0.0) {
        weight += flow.answered;
        sum.iter_mut().zip(flow.latency).for_each(|(sum, one)| *sum += one * flow.answered);
    }
    if weight > 0.0 { sum.map(|one| one / weight) } else { sum }
}

fn see_flows(cluster: &Cluster) -> ([f64; 3], [f64; 3]) {
    let services = &cluster.services;
    let goals =
        services.streams().loads().filter_map(|(name, ..)| services.streams().route(&Client::Load(name.clone()))?.goal);
    let totals = services.streams().totals();
    let flows = goals.filter_map(|goal| services.streams().flows().get(&goal));
    ([totals.came, totals.answered, totals.failed], latency(flows))
}

fn see_workloads(cluster: &Cluster, now: Time, line: &mut Line) -> u32 {
    let store = &cluster.api.store;
    let mut there: Vec<(Rc<str>, u32, u32)> = Vec::new();
    for object in store.list(Kind::Deployment) {
        if let Some(it) = object.deployment() {
            let count = |n: i32| n.max(0) as u32;
            there.push((object.meta.name.clone(), count(it.status.ready), count(it.status.replicas)));
        }
    }
    for (kind, ready, all) in
        [("StatefulSet", "readyReplicas", "replicas"), ("DaemonSet", "numberReady", "currentNumberScheduled")]
    {
        let Some(kind) = cluster.api.kinds.find("apps/v1", kind) else { continue };
        for object in store.list(kind).filter(|o| &*o.meta.namespace != "kube-system") {
            let tree = cluster.api.tree(object);
            let count = |name| tree.int_at(&["status", name]).unwrap_or(0).max(0) as u32;
            there.push((object.meta.name.clone(), count(ready), count(all)));
        }
    }
    note(line, now, &there)
}

/// Whether a container is as well as anybody knows.
pub(super) fn is_well(c: &Container) -> bool {
    c.status == Status::Running && c.health.as_ref().is_none_or(|h| h.verdict == Verdict::Healthy)
}

fn see_services(host: &Host, now: Time, line: &mut Line) -> u32 {
    let mut there: Vec<(Rc<str>, u32, u32)> = Vec::new();
    let ours = |c: &&Rc<Container>| !c.spec.label(observed::SERVICE).is_empty();
    for c in host.engine.containers.values().filter(ours).filter(|c| c.spec.label(observed::ONE_OFF) != "True") {
        let service = c.spec.label(observed::SERVICE);
        let at = there.iter().position(|(name, ..)| **name == *service).unwrap_or_else(|| {
            there.push((service.into(), 0, 0));
            there.len() - 1
        });
        there[at].1 += u32::from(is_well(c));
        there[at].2 += 1;
    }
    note(line, now, &there)
}

fn note(line: &mut Line, now: Time, there: &[(Rc<str>, u32, u32)]) -> u32 {
    let names: Vec<Rc<str>> = there.iter().map(|(name, ..)| name.clone()).collect();
    there.iter().for_each(|(name, ready, all)| line.count(now, name, *ready, *all));
    line.gone(now, &names);
    there.iter().map(|(_, ready, _)| ready).sum()
}

fn see_streams(host: &Host) -> ([f64; 3], [f64; 3]) {
    let goals =
        host.streams().loads().filter_map(|(name, ..)| host.streams().route(&Client::Load(name.clone()))?.goal.clone());
    let totals = host.streams().totals();
    let flows = goals.filter_map(|goal| host.streams().flows().get(&goal));
    ([totals.came, totals.answered, totals.failed], latency(flows))
}
