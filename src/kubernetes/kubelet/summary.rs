//! What a kubelet's own server says: `healthz`, `configz`, and `stats/summary` with what its pods use.
//! Source: kubernetes v1.37 pkg/kubelet/server/{server.go,stats/summary.go}; kubelet/pkg/apis/stats/v1alpha1/types.go.
//! Differs: FID-065.

use super::State;
use super::worker::{Run, Worker};
use crate::kubernetes::apiserver::Api;
use crate::kubernetes::objects::Id;
use crate::kubernetes::objects::parts::Quantity;
use crate::kubernetes::objects::pod::PodSpec;
use crate::map;
use crate::sim::{Span, Time};
use crate::text::{Map, Value};
use crate::workload::{HOUSEKEEPING, SYSTEM_USE, Unit, canonical};
use std::rc::Rc;

/// Files a machine's disk has room for. Ours: what a common file system of this size has.
const INODES: i64 = 1 << 24;
/// What a mounted token, certificate and namespace take. Source: recorded.
const TOKEN: (i64, i64) = (12_288, 9);
/// What a log takes on disk that holds a line or two. Source: recorded: one block.
const BLOCK: i64 = 4_096;
/// Processes of a machine without pods. Ours: a small server.
const PROCESSES: i64 = 120;

/// What comes back from a kubelet's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// This.
    Text(String),
    /// It knows no such path.
    Unknown,
    /// Nobody answers.
    Silent,
}

/// One kubelet's view of its machine at one moment.
struct View<'a> {
    api: &'a Api,
    now: Time,
    disk: i64,
    free: i64,
    memory: i64,
}

impl State {
    /// What the kubelet of a node answers on a path of its server.
    pub fn answers(&self, node: &str, path: &str, api: &Api) -> Answered {
        let Some(kubelet) = self.kubelets.get(node).filter(|k| k.up && !k.cut) else { return Answered::Silent };
        let text = |tree: &Value, indent| {
            let style = crate::text::json::Style { indent, sorted: false, escape_html: true };
            crate::text::json::write(tree, style)
        };
        Answered::Text(match path.trim_matches('/') {
            "healthz" => "ok".to_string(),
            "configz" => text(&self.settings.tree(&kubelet.address), 0),
            "stats/summary" => text(&self.summary(node, api), 1),
            "pods" => {
                let pods: Vec<Value> = api.store.pods_on(node).map(|o| api.tree(o)).collect();
                let list =
                    map! { "kind" => "PodList", "apiVersion" => "v1", "metadata" => Map::new(), "items" => pods };
                text(&Value::Map(list), 0) + "\n"
            }
            _ => return Answered::Unknown,
        })
    }
    fn summary(&self, node: &str, api: &Api) -> Value {
        let object = self.kubelets.get(node).and_then(|k| api.store.get(k.id));
        let row = object.and_then(|o| o.node());
        let disk = row.and_then(|n| Quantity::read(n.capacity.get("ephemeral-storage")?).ok()).map_or(0, |q| q.value());
        let memory = row.map_or(0, |n| n.allocatable.memory);
        let images: u64 = self
            .kubelets
            .get(node)
            .map_or(0, |k| k.images.iter().map(|i| self.workloads.registry.size(&canonical(i))).sum());
        let view = View { api, now: api.now, disk, free: disk - images as i64, memory };
        let here: Vec<(&Id, &Rc<Worker>)> = self.pods.iter().filter(|(_, w)| *w.node == *node && w.sandbox).collect();
        let pods: Vec<Value> = here.iter().filter_map(|(id, worker)| view.pod(**id, worker)).collect();
        let used: (f64, f64, f64) = here
            .iter()
            .flat_map(|(id, _)| api.floor.of(id.0))
            .filter(|(_, unit)| unit.ended.is_none())
            .map(|(_, unit)| view.used(unit))
            .fold((0.0, 0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
        let since = object.map_or(Time::ZERO, |o| o.meta.created);
        Value::Map(map! { "node" => view.machine(node, since, used, images as i64, here.len()), "pods" => pods })
    }
}

impl View<'_> {
    /// When the machine last looked at something that began then. Source: recorded: each second while it is young.
    fn looked(&self, since: Time) -> Time {
        let age = self.now.since(since);
        let every = if age < Span::secs(15) { Span::secs(1) } else { HOUSEKEEPING };
        since + every * (age.0 / every.0)
    }
    fn time(&self, t: Time) -> Value {
        self.api.calendar.seconds(t).into()
    }
    /// Cores, seconds of CPU until now, and bytes of memory of a container.
    fn used(&self, unit: &Unit) -> (f64, f64, f64) {
        let at = self.looked(unit.since);
        let before = Time(at.0.saturating_sub(HOUSEKEEPING.0).max(unit.since.0));
        let window = at.since(before).0 as f64 / 1e6;
        let cores = if window > 0.0 { (unit.cpu_until(at) - unit.cpu_until(before)) / window } else { 0.0 };
        (cores, unit.cpu_until(at), unit.memory_at(at))
    }
    /// Stalls. Ours: none are counted.
    fn stalls() -> Map {
        let none = || map! { "total" => 0, "avg10" => 0, "avg60" => 0, "avg300" => 0 };
        map! { "full" => none(), "some" => none() }
    }
    fn cpu(&self, at: Time, cores: f64, seconds: f64, group: bool) -> Map {
        let nano = |n: f64| (n.max(0.0) * 1e9) as i64;
        let mut cpu = map! {
            "time" => self.time(at), "usageNanoCores" => nano(cores), "usageCoreNanoSeconds" => nano(seconds),
        };
        if group {
            cpu.set("psi", Self::stalls());
        }
        cpu
    }
    fn memory(&self, at: Time, bytes: f64, available: Option<i64>, group: bool) -> Map {
        let bytes = bytes as i64;
        let mut memory = map! { "time" => self.time(at) };
        if let Some(available) = available {
            memory.set("availableBytes", (available - bytes).max(0));
        }
        // Ours: three quarters of what a program uses are its own pages, and each was faulted in once.
        let more = map! {
            "usageBytes" => bytes, "workingSetBytes" => bytes, "rssBytes" => bytes / 4 * 3, "pageFaults" => bytes / 4096,
            "majorPageFaults" => 0,
        };
        more.iter().for_each(|(key, value)| memory.set(key.clone(), value.clone()));
        if group {
            memory.set("psi", Self::stalls());
        }
        memory
    }
    fn io(&self, at: Time, group: bool) -> Map {
        let mut io = map! { "time" => self.time(at) };
        if group {
            io.set("psi", Self::stalls());
        }
        io
    }
    fn disk(&self, at: Time, used: i64, inodes: i64) -> Map {
        let there = INODES - self.disk / (1 << 20);
        map! {
            "time" => self.time(at), "availableBytes" => self.free, "capacityBytes" => self.disk, "usedBytes" => used,
            "inodesFree" => there.max(0), "inodes" => INODES, "inodesUsed" => inodes,
        }
    }
    fn network(&self, at: Time, received: i64, sent: i64) -> Map {
        let card = || {
            map! { "name" => "eth0", "rxBytes" => received, "rxErrors" => 0, "txBytes" => sent, "txErrors" => 0 }
        };
        let mut network = map! { "time" => self.time(at) };
        card().iter().for_each(|(key, value)| network.set(key.clone(), value.clone()));
        network.set("interfaces", vec![Value::Map(card())]);
        network
    }
    fn swap(&self, at: Time, container: bool) -> Map {
        let mut swap = map! { "time" => self.time(at) };
        if container {
            swap.set("swapAvailableBytes", 0);
        }
        swap.set("swapUsageBytes", 0);
        swap
    }
    fn container(&self, name: &str, since: Time, unit: &Unit, prints: bool) -> Map {
        let (cores, seconds, bytes) = self.used(unit);
        let at = self.looked(since);
        let limit = if unit.memory_limit > 0 { unit.memory_limit as i64 } else { bytes as i64 };
        map! {
            "name" => name, "startTime" => self.time(since), "cpu" => self.cpu(at, cores, seconds, false),
            "memory" => self.memory(at, bytes, Some(limit), false), "io" => self.io(at, false),
            "rootfs" => self.disk(at, 0, 0),
            "logs" => self.disk(self.now, if prints { BLOCK } else { 0 }, 1), "swap" => self.swap(at, true),
        }
    }
    fn pod(&self, id: Id, worker: &Worker) -> Option<Value> {
        let object = self.api.store.get(id)?;
        let pod = object.pod()?;
        let (mut containers, mut sum, mut blocks) = (Vec::new(), (0.0, 0.0, 0.0), 0);
        for (at, slot) in worker.slots.iter().enumerate() {
            let (Run::Running(since), Some(unit)) = (&slot.run, self.api.floor.get((id.0, at as u16))) else {
                continue;
            };
            let prints = slot.profile.as_ref().is_some_and(|p| !p.lines.is_empty()) || !slot.said.is_empty();
            containers.push(Value::Map(self.container(&worker.names[at], *since, unit, prints)));
            let used = self.used(unit);
            sum = (sum.0 + used.0, sum.1 + used.1, sum.2 + used.2);
            blocks += 1 + i64::from(prints);
        }
        let since = pod.status.start_time.unwrap_or(worker.since);
        let at = self.looked(since);
        let limit = limit(&pod.spec);
        let reference = map! {
            "name" => &*object.meta.name, "namespace" => &*object.meta.namespace, "uid" => self.api.calendar.uid(id),
        };
        let mut entry = map! { "podRef" => reference, "startTime" => self.time(since) };
        let running = containers.len() as i64;
        entry.set("containers", containers);
        entry.set("cpu", self.cpu(at, sum.0, sum.1, true));
        entry.set("memory", self.memory(at, sum.2, limit, true));
        entry.set("io", self.io(at, true));
        entry.set("network", self.network(at, 840, 472));
        let room = limit.unwrap_or(self.memory);
        let volumes: Vec<Value> =
            pod.spec.volumes.iter().filter(|v| measured(&v.kind)).map(|v| self.volume(at, &v.name, room)).collect();
        if !volumes.is_empty() {
            entry.set("volume", volumes);
        }
        entry.set("ephemeral-storage", self.disk(self.now, (blocks - running).max(0) * BLOCK + BLOCK, blocks.max(1)));
        if self.now.since(since) >= HOUSEKEEPING {
            entry.set("process_stats", map! { "process_count" => running });
        }
        entry.set("swap", self.swap(at, false));
        Some(Value::Map(entry))
    }
    /// Ours: every such volume holds as much as a token.
    fn volume(&self, at: Time, name: &str, room: i64) -> Value {
        let (used, inodes) = TOKEN;
        let all = self.memory / 8_192;
        Value::Map(map! {
            "time" => self.time(at), "availableBytes" => room - used, "capacityBytes" => room, "usedBytes" => used,
            "inodesFree" => all - inodes, "inodes" => all, "inodesUsed" => inodes, "name" => name,
        })
    }
    fn machine(&self, name: &str, since: Time, pods: (f64, f64, f64), images: i64, count: usize) -> Map {
        let at = self.looked(since);
        let (cores, memory) = SYSTEM_USE;
        let age = at.since(since).0 as f64 / 1e6;
        let group = map! {
            "name" => "pods", "startTime" => self.time(since), "cpu" => self.cpu(at, pods.0, pods.1, true),
            "memory" => self.memory(at, pods.2, Some(self.memory), true), "io" => self.io(at, true),
            "swap" => self.swap(at, false),
        };
        let whole = self.disk(at, self.disk - self.free, self.disk / (1 << 20));
        let stored = || self.disk(at, images, images / (1 << 18));
        map! {
            "nodeName" => name, "systemContainers" => vec![Value::Map(group)], "startTime" => self.time(since),
            "cpu" => self.cpu(at, pods.0 + cores, pods.1 + cores * age, true),
            "memory" => self.memory(at, pods.2 + memory, Some(self.memory), true), "io" => self.io(at, true),
            "network" => self.network(at, (age * 2_000.0) as i64, (age * 1_000.0) as i64), "fs" => whole,
            "runtime" => map! { "imageFs" => stored(), "containerFs" => stored() },
            "rlimit" => map! { "time" => self.time(self.now), "maxpid" => 32_768, "curproc" => PROCESSES + count as i64 * 2 },
            "swap" => self.swap(at, true),
        }
    }
}

/// The memory that all containers of a pod may take together; `None` when one of them has no limit.
fn limit(spec: &PodSpec) -> Option<i64> {
    let limits = spec.containers.iter().map(|c| c.resources.limits.memory);
    let all: Vec<i64> = limits.collect();
    (!all.is_empty() && all.iter().all(|l| *l > 0)).then(|| all.iter().sum())
}

/// Kinds of volumes that the kubelet measures without a driver. Source: kubernetes v1.37 pkg/volume, GetMetrics by plugin.
fn measured(kind: &str) -> bool {
    matches!(kind, "projected" | "configMap" | "secret" | "emptyDir" | "downwardAPI")
}
