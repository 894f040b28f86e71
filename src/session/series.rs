//! Curves of a run: what charts show, looked at once a second while the run is played. They are part of the run, so rewinding
//! and forking keep them true; long runs are kept in fewer, wider looks.

mod host;

use super::alerts::Alerts;
use super::docker::{HOST, stands_alone};
use super::figures::{Curve, Objective, Series};
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::pod::{Phase, Pod};
use crate::kubernetes::objects::{Id, Kind, Object};
use crate::scenario::PROMISE;
use crate::sim::{Span, Time};
use crate::world::World;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Looks that are kept; when there are more, pairs become one. Ours: more than a chart has columns on most screens.
const LOOKS_MAX: usize = 720;
/// Looks in one shared block. Ours: a copy of a curve costs one pointer a block.
const BLOCK: usize = 60;
/// So many pods make the looks rarer by one second. Ours: a look costs below a thousandth of a second then.
const PODS_A_LOOK: usize = 2_000;
/// With more pods than this only their nodes and owners have curves. Ours: some tens of megabytes.
const PODS_MAX: usize = 2_500;
/// With more pods than this only wishes, counts and requests have curves. Ours: a look stays below a hundredth of a second.
const PODS_SEEN: usize = 20_000;
/// Curves of pods that are kept at most, those that are gone among them. Ours: as above.
const TRACKS_MAX: usize = 5_000;
/// The names of all curves, in the order in which looks keep them.
pub const NAMES: [&str; 24] = [
    "load",
    "served",
    "failed",
    "p50",
    "p95",
    "p99",
    "cpu.used",
    "cpu.requested",
    "cpu.limit",
    "memory.used",
    "memory.requested",
    "memory.limit",
    "replicas.wanted",
    "replicas.current",
    "replicas.ready",
    "restarts",
    "pending",
    "metric",
    "raw",
    "allowed",
    "actual",
    "containers.all",
    "containers.running",
    "containers.well",
];
/// Ours: its place in [`NAMES`].
const LOAD: usize = 0;
/// Ours: its place in [`NAMES`].
const P50: usize = 3;
/// Ours: its place in [`NAMES`].
const CPU: usize = 6;
/// Ours: its place in [`NAMES`].
const MEMORY: usize = 9;
/// Ours: its place in [`NAMES`].
const WANTED: usize = 12;
/// Ours: its place in [`NAMES`].
const RESTARTS: usize = 15;
/// Ours: its place in [`NAMES`].
const PENDING: usize = 16;
/// Ours: its place in [`NAMES`].
const METRIC: usize = 17;
/// Ours: its place in [`NAMES`].
const CONTAINERS: usize = 21;

/// How two looks become one.
fn merged(name: usize, a: f32, b: f32) -> f32 {
    match name {
        _ if a.is_nan() => b,
        _ if b.is_nan() => a,
        P50..CPU => a.max(b),
        LOAD..MEMORY | MEMORY => (a + b) / 2.0,
        _ => b,
    }
}

/// One look at one thing; NaN where there is nothing to see.
pub type Look = [f32; NAMES.len()];

const NOTHING: Look = [f32::NAN; NAMES.len()];

/// The curves of one thing.
#[derive(Clone, Debug, Default)]
struct Track {
    /// Which curves it has.
    names: &'static [usize],
    /// Number of its first look.
    first: usize,
    blocks: Vec<Rc<Vec<f32>>>,
    count: usize,
}

impl Track {
    fn push(&mut self, look: &Look) {
        if self.count.is_multiple_of(BLOCK) {
            self.blocks.push(Rc::new(Vec::with_capacity(BLOCK * self.names.len())));
        }
        if let Some(block) = self.blocks.last_mut() {
            Rc::make_mut(block).extend(self.names.iter().map(|name| look[*name]));
        }
        self.count += 1;
    }
    /// A value by number of the look since the start of the run.
    fn at(&self, look: usize, curve: usize) -> f32 {
        let Some(at) = look.checked_sub(self.first).filter(|at| *at < self.count) else { return f32::NAN };
        self.blocks[at / BLOCK].get(at % BLOCK * self.names.len() + curve).copied().unwrap_or(f32::NAN)
    }
    /// Two looks become one; those of even number come first in each pair.
    fn halved(&self) -> Track {
        let mut half = Track { names: self.names, first: self.first / 2, ..Track::default() };
        let last = (self.first + self.count).div_ceil(2);
        for look in half.first..last {
            let mut row = NOTHING;
            for (curve, name) in self.names.iter().enumerate() {
                row[*name] = merged(*name, self.at(look * 2, curve), self.at(look * 2 + 1, curve));
            }
            half.push(&row);
        }
        half
    }
}

/// Everything that was seen until now.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// Time from one look to the next.
    every: Span,
    looks: usize,
    /// By row id; the total under [`TOTAL`].
    tracks: BTreeMap<u32, Rc<Track>>,
    /// Requests that came, were answered, failed: until the last look, for the total and each Service.
    sums: BTreeMap<u32, [f64; 3]>,
    /// Alerts until now.
    pub alerts: Alerts,
    /// The share of requests that is promised to be answered.
    pub promise: f64,
    pods: usize,
}

/// Number under which the total is kept. Ours: no row has it.
const TOTAL: u32 = u32::MAX;

const OF_TOTAL: &[usize] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const OF_SERVICE: &[usize] = &[0, 1, 2, 3, 4, 5];
const OF_POD: &[usize] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15];
const OF_NODE: &[usize] = &[6, 7, 8, 9, 10, 11];
const OF_WORKLOAD: &[usize] = &[0, 1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const OF_AUTOSCALER: &[usize] = &[17, 18, 19, 20];
/// Also of a service of Compose.
const OF_HOST: &[usize] = &[0, 1, 2, 3, 4, 5, 6, 8, 9, 11, 15, 21, 22, 23];
const OF_CONTAINER: &[usize] = &[0, 1, 2, 3, 4, 5, 6, 8, 9, 11, 15];

impl Default for Recorder {
    fn default() -> Self {
        Recorder {
            every: Span::secs(1),
            looks: 0,
            tracks: BTreeMap::new(),
            sums: BTreeMap::new(),
            alerts: Alerts::default(),
            promise: PROMISE,
            pods: 0,
        }
    }
}

/// A sum of what there is to see: who has nothing (a pod that has ended) leaves it as it is.
fn add(slot: &mut f32, value: f32) {
    if !value.is_nan() {
        *slot = if slot.is_nan() { value } else { *slot + value };
    }
}

/// What came, was answered and failed a second since the last look.
fn rates(sums: &mut [f64; 3], now: [f64; 3], look: &mut Look, seconds: f32) {
    for at in 0..3 {
        look[LOAD + at] = ((now[at] - sums[at]) as f32 / seconds).max(0.0);
    }
    *sums = now;
}

/// One look at everything.
struct Seen {
    all: BTreeMap<u32, (&'static [usize], Look)>,
}

impl Seen {
    fn of(&mut self, id: u32, names: &'static [usize]) -> &mut Look {
        &mut self.all.entry(id).or_insert((names, NOTHING)).1
    }
}

impl Recorder {
    /// Nothing was seen yet; this share of the requests is promised to be answered.
    pub fn promising(promise: f64) -> Self {
        Recorder { promise, ..Recorder::default() }
    }
    /// When the next look is due.
    pub fn due(&self) -> Time {
        Time::ZERO + self.every * (self.looks as u64 + 1)
    }
    /// Looks at the world, which stands at a moment at which a look is due.
    pub fn look(&mut self, world: &World) {
        let cluster = &world.cluster;
        let now = cluster.now();
        let pods = cluster.api.store.count(Kind::Pod);
        let mut seen = Seen { all: BTreeMap::new() };
        seen.of(TOTAL, OF_TOTAL);
        if pods <= PODS_SEEN {
            self.see_pods(cluster, pods <= PODS_MAX, &mut seen);
        } else {
            seen.of(TOTAL, OF_TOTAL)[PENDING] = cluster.scheduler.waiting() as f32;
        }
        see_workloads(cluster, &mut seen);
        self.see_traffic(cluster, &mut seen);
        see_autoscalers(cluster, &mut seen);
        if let Some(host) = &world.host {
            self.see_host(host, &mut seen);
        }
        let looks = self.looks;
        for (id, (names, look)) in &seen.all {
            let track =
                self.tracks.entry(*id).or_insert_with(|| Rc::new(Track { names, first: looks, ..Track::default() }));
            let track = Rc::make_mut(track);
            while track.first + track.count < looks {
                track.push(&NOTHING);
            }
            track.push(look);
        }
        self.looks += 1;
        let services = cluster.services.streams().flows();
        self.alerts.look(now, services, &seen.all[&TOTAL].1[RESTARTS..=PENDING], self.promise);
        let wide = Span::secs(1 + (pods / PODS_A_LOOK) as u64);
        while self.looks >= LOOKS_MAX || (self.every < wide && self.looks.is_multiple_of(2)) {
            self.halve();
        }
    }
    fn halve(&mut self) {
        for track in self.tracks.values_mut() {
            *track = Rc::new(track.halved());
        }
        self.every = self.every * 2;
        self.looks /= 2;
    }
    fn see_pods(&mut self, cluster: &Cluster, each: bool, seen: &mut Seen) {
        let store = &cluster.api.store;
        let each = each && self.pods < TRACKS_MAX;
        let now = cluster.now();
        for object in store.list(Kind::Pod) {
            let Some(pod) = object.pod() else { continue };
            let restarts: u32 = pod.status.containers.iter().map(|c| c.restarts).sum();
            if pod.status.phase == Phase::Pending && pod.node.is_none() {
                add(&mut seen.of(TOTAL, OF_TOTAL)[PENDING], 1.0);
            }
            let row = of_pod(cluster, object, pod, now);
            let group = top(cluster, object);
            let node = pod.node.as_ref().and_then(|n| store.find(Kind::Node, "", n));
            for (id, names) in [(Some(Id(TOTAL)), OF_TOTAL), (group, OF_WORKLOAD), (node, OF_NODE)] {
                let Some(id) = id else { continue };
                let look = seen.of(id.0, names);
                (CPU..WANTED).for_each(|at| add(&mut look[at], row[at]));
                add(&mut look[RESTARTS], restarts as f32);
            }
            if each {
                if !self.tracks.contains_key(&object.meta.id.0) {
                    self.pods += 1;
                }
                let look = seen.of(object.meta.id.0, OF_POD);
                *look = row;
                look[RESTARTS] = restarts as f32;
            }
        }
        for object in store.list(Kind::Node) {
            let (Some(node), look) = (object.node(), seen.of(object.meta.id.0, OF_NODE)) else { continue };
            look[CPU + 2] = node.allocatable.cpu as f32;
            look[MEMORY + 2] = node.allocatable.memory as f32;
        }
    }
    /// Requests by Service, by pod and by what the pods belong to.
    fn see_traffic(&mut self, cluster: &Cluster, seen: &mut Seen) {
        let services = &cluster.services;
        let seconds = self.every.0 as f32 / 1e6;
        if !services.streams().flowing() && self.sums.is_empty() {
            return;
        }
        let t = services.streams().totals();
        rates(self.sums.entry(TOTAL).or_default(), [t.came, t.answered, t.failed], seen.of(TOTAL, OF_TOTAL), seconds);
        let mut parts = Vec::new();
        for (id, flow) in services.streams().flows() {
            let t = &flow.totals;
            let look = seen.of(id.0, OF_SERVICE);
            rates(self.sums.entry(id.0).or_default(), [t.came, t.answered, t.failed], look, seconds);
            if flow.answered > 0.0 {
                (0..3).for_each(|at| look[P50 + at] = flow.latency[at] as f32 * 1e3);
                parts.extend(flow.ends.iter().map(|e| ((e.rate - e.failed).max(0.0), e.takes)));
            }
            for end in &flow.ends {
                let pod = Id(end.key.0);
                let group = cluster.api.store.get(pod).and_then(|o| top(cluster, o));
                let pod = seen.all.contains_key(&pod.0).then_some(pod);
                for (id, names) in [(pod, OF_POD), (group, OF_WORKLOAD)] {
                    let Some(id) = id else { continue };
                    let look = seen.of(id.0, names);
                    add(&mut look[LOAD], end.rate as f32);
                    add(&mut look[LOAD + 1], (end.rate - end.failed).max(0.0) as f32);
                    add(&mut look[LOAD + 2], end.failed as f32);
                    if names == OF_POD {
                        look[P50] = end.takes.at(crate::workload::station::HALF) as f32 * 1e3;
                        look[P50 + 1] = end.takes.at(crate::workload::station::P95) as f32 * 1e3;
                        look[P50 + 2] = end.takes.at(crate::workload::station::P99) as f32 * 1e3;
                    }
                }
            }
        }
        if !parts.is_empty() {
            let all = crate::workload::streams::quantiles(&parts);
            let look = seen.of(TOTAL, OF_TOTAL);
            (0..3).for_each(|at| look[P50 + at] = all[at] as f32 * 1e3);
        }
    }
    /// The number under which the curves of everything are kept: those of the cluster, or of a Docker host that stands alone.
    pub fn whole(world: &World) -> u32 {
        if stands_alone(world) { HOST } else { TOTAL }
    }
    /// The curves of one thing, or of everything, which is kept under `whole`.
    pub fn series(&self, id: Option<u32>, whole: u32, newest: Time, columns: u32) -> Series {
        let columns = columns.clamp(1, 4_096) as usize;
        let kept = id.unwrap_or(whole);
        let track = self.tracks.get(&kept);
        let column = |track: &Track, curve: usize, name: usize, at: usize| {
            let moment = |c: usize| (u128::from(newest.0) * c as u128 / columns as u128) as u64;
            // The look at the end of a second is about that second.
            let number = |t: u64| (t / self.every.0.max(1)) as usize;
            let (first, last) = (number(moment(at)), number(moment(at + 1).saturating_sub(1)));
            (first..=last.max(first)).map(|look| track.at(look, curve)).fold(f32::NAN, |a, b| merged(name, a, b))
        };
        let curves = track.map(|track| {
            let curve = |(curve, name): (usize, &usize)| Curve {
                name: NAMES[*name].into(),
                values: (0..columns).map(|at| column(track, curve, *name, at)).collect(),
            };
            track.names.iter().enumerate().map(curve).collect()
        });
        let sums = self.sums.get(&kept).filter(|s| s[0] > 0.0);
        Series {
            id,
            from: 0,
            to: newest.0,
            curves: curves.unwrap_or_default(),
            objective: sums.map(|s| Objective { target: self.promise, served: s[1], failed: s[2] }),
            alerts: self.alerts.rows(id),
        }
    }
}

/// What is at the top of a pod's owners.
fn top(cluster: &Cluster, object: &Rc<Object>) -> Option<Id> {
    let store = &cluster.api.store;
    let owner = object.meta.controller()?.id?;
    let above = store.get(owner).and_then(|o| o.meta.controller()).and_then(|o| o.id);
    Some(above.filter(|id| store.get(*id).is_some()).unwrap_or(owner))
}

fn of_pod(cluster: &Cluster, object: &Object, pod: &Pod, now: Time) -> Look {
    let mut look = NOTHING;
    if pod.status.phase.ended() {
        return look;
    }
    let (mut cores, mut memory) = (0.0, 0.0);
    for (_, unit) in cluster.api.floor.of(object.meta.id.0).filter(|(_, u)| u.ended.is_none()) {
        cores += unit.cores(now);
        memory += unit.memory();
    }
    look[CPU] = (cores * 1e3) as f32;
    look[MEMORY] = memory as f32;
    let (asked, limit) = (&pod.spec.requests, &pod.spec.limits);
    (look[CPU + 1], look[MEMORY + 1]) = (asked.cpu as f32, asked.memory as f32);
    if limit.cpu > 0 {
        look[CPU + 2] = limit.cpu as f32;
    }
    if limit.memory > 0 {
        look[MEMORY + 2] = limit.memory as f32;
    }
    look
}

fn see_workloads(cluster: &Cluster, seen: &mut Seen) {
    let store = &cluster.api.store;
    let mut put = |id: Id, counts: [i32; 3]| {
        for id in [id.0, TOTAL] {
            let look = seen.of(id, if id == TOTAL { OF_TOTAL } else { OF_WORKLOAD });
            for (at, count) in counts.iter().enumerate() {
                add(&mut look[WANTED + at], *count as f32);
            }
        }
    };
    for object in store.list(Kind::Deployment) {
        if let Some(it) = object.deployment() {
            put(object.meta.id, [it.replicas, it.status.replicas, it.status.ready]);
        }
    }
    for object in store.list(Kind::ReplicaSet).filter(|o| o.meta.controller().is_none()) {
        if let Some(it) = object.replica_set() {
            put(object.meta.id, [it.replicas, it.status.replicas, it.status.ready]);
        }
    }
    let others = [
        ("StatefulSet", [&["spec", "replicas"], &["status", "replicas"], &["status", "readyReplicas"]]),
        (
            "DaemonSet",
            [&["status", "desiredNumberScheduled"], &["status", "currentNumberScheduled"], &["status", "numberReady"]],
        ),
    ];
    for (kind, paths) in others {
        let Some(kind) = cluster.api.kinds.find("apps/v1", kind) else { continue };
        for object in store.list(kind) {
            let tree = cluster.api.tree(object);
            put(object.meta.id, paths.map(|path: &[&str; 2]| tree.int_at(path).unwrap_or(0) as i32));
        }
    }
}

fn see_autoscalers(cluster: &Cluster, seen: &mut Seen) {
    let Some(kind) = cluster.api.kinds.find("autoscaling/v2", "HorizontalPodAutoscaler") else { return };
    for object in cluster.api.store.list(kind) {
        let tree = cluster.api.tree(object);
        let int = |path: &[&str]| tree.int_at(path).map_or(f32::NAN, |n| n as f32);
        let look = seen.of(object.meta.id.0, OF_AUTOSCALER);
        if let Some(it) = cluster.controllers.memory.autoscalers.decisions(object.meta.id).last() {
            look[METRIC] = it.ratio().map_or(f32::NAN, |r| r as f32);
            look[METRIC + 1] = it.wish as f32;
        }
        look[METRIC + 2] = int(&["status", "desiredReplicas"]);
        look[METRIC + 3] = int(&["status", "currentReplicas"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorder(looks: usize) -> Recorder {
        let mut track = Track { names: OF_TOTAL, ..Track::default() };
        for at in 0..looks {
            let mut look = NOTHING;
            (look[LOAD], look[P50], look[WANTED]) = (at as f32, at as f32, at as f32);
            track.push(&look);
        }
        Recorder { looks, tracks: BTreeMap::from([(TOTAL, Rc::new(track))]), ..Recorder::default() }
    }

    #[test]
    fn wider_looks_keep_means_peaks_and_last_counts() {
        let mut it = recorder(9);
        it.halve();
        assert_eq!((it.every, it.looks), (Span::secs(2), 4));
        let track = &it.tracks[&TOTAL];
        assert_eq!([0, 1, 4].map(|at| track.at(at, LOAD)), [0.5, 2.5, 8.0]);
        assert_eq!([0, 1].map(|at| track.at(at, P50)), [1.0, 3.0]);
        assert_eq!([0, 1].map(|at| track.at(at, WANTED)), [1.0, 3.0]);
    }

    #[test]
    fn who_has_ended_leaves_no_hole_in_a_sum() {
        let sum = |values: &[f32]| {
            values.iter().fold(f32::NAN, |mut sum, v| {
                add(&mut sum, *v);
                sum
            })
        };
        assert_eq!(sum(&[250.0, f32::NAN, 250.0]), 500.0);
        assert!(sum(&[f32::NAN]).is_nan(), "nothing was seen");
    }

    #[test]
    fn columns_cover_the_run() {
        let it = recorder(100);
        let series = it.series(None, TOTAL, Time::secs(100), 10);
        let wanted = series.curves.iter().find(|c| c.name == "replicas.wanted").expect("the curve");
        assert_eq!(wanted.values, [9.0, 19.0, 29.0, 39.0, 49.0, 59.0, 69.0, 79.0, 89.0, 99.0]);
        assert!(it.series(Some(7), TOTAL, Time::secs(100), 10).curves.is_empty());
    }
}
