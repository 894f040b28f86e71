//! Memory or disk of a machine runs out: the kubelet says so, gives back what it can, and evicts one pod after the other.
//! Source: kubernetes v1.37 pkg/kubelet/eviction/eviction_manager.go, synchronize, evictPod; helpers.go, rankMemoryPressure,
//! rankDiskPressure, evictionMessage. Differs: FID-132.
//!
//! Ours: a kubelet looks only while somebody takes its memory or disk, a program leaks, or the condition still holds, so that
//! calm machines cost nothing.

use super::node::Kubelet;
use super::worker::{Ousted, Stage};
use super::{KUBELET, State, Timer, evicted};
use crate::journal::Verb;
use crate::kubernetes::apiserver::{By, Cx, Told};
use crate::kubernetes::objects::parts::quantity::{Format, Quantity};
use crate::kubernetes::objects::pod::PodSpec;
use crate::kubernetes::objects::{Condition, Id, Tri, set_condition};
use crate::sim::{Span, Time};
use crate::workload::canonical;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::rc::Rc;

/// How often the kubelet looks. Source: kubernetes v1.37 pkg/kubelet/kubelet.go, evictionMonitoringPeriod.
const LOOK: Span = Span::secs(10);
/// Grace of a pod that is evicted at once. Source: eviction_manager.go, immediateEvictionGracePeriodSeconds.
const GRACE: Span = Span::secs(1);
/// Pods from this priority on are critical and stay. Source: kubernetes v1.37 pkg/apis/scheduling/types.go, SystemCriticalPriority.
pub const CRITICAL: i32 = 2_000_000_000;
/// What a container's log and layer take of the disk. Ours: a program that prints little.
const DISK_USED: i64 = 36 << 10;
/// Reason of status and event. Source: eviction/helpers.go, Reason.
pub const EVICTED: &str = "Evicted";

/// What runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starved {
    /// Memory.
    Memory,
    /// Disk.
    Disk,
}

/// What a kubelet knows of its machine's memory and disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reserves {
    /// Bytes that something else takes: memory, disk.
    taken: [i64; 2],
    /// When too little was last available.
    met: [Option<Time>; 2],
    /// Whether the node says so.
    told: [bool; 2],
    /// Whether a look is due.
    looks: bool,
}

impl Starved {
    const ALL: [Starved; 2] = [Starved::Memory, Starved::Disk];

    fn at(self) -> usize {
        self as usize
    }
    const fn resource(self) -> &'static str {
        match self {
            Starved::Memory => "memory",
            Starved::Disk => "ephemeral-storage",
        }
    }
    const fn condition(self) -> &'static str {
        match self {
            Starved::Memory => "MemoryPressure",
            Starved::Disk => "DiskPressure",
        }
    }
    /// Reason of the event, reason and message of the condition. Source: kubernetes v1.37 pkg/kubelet/nodestatus/setters.go.
    const fn words(self, pressed: bool) -> (&'static str, &'static str, &'static str) {
        match (self, pressed) {
            (Starved::Memory, true) => (
                "NodeHasInsufficientMemory",
                "KubeletHasInsufficientMemory",
                "kubelet has insufficient memory available",
            ),
            (Starved::Memory, false) => {
                ("NodeHasSufficientMemory", "KubeletHasSufficientMemory", "kubelet has sufficient memory available")
            }
            (Starved::Disk, true) => ("NodeHasDiskPressure", "KubeletHasDiskPressure", "kubelet has disk pressure"),
            (Starved::Disk, false) => {
                ("NodeHasNoDiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure")
            }
        }
    }
}

impl Reserves {
    /// The conditions that hold, as the node says them.
    pub fn conditions(&self, now: Time) -> impl Iterator<Item = Condition> {
        let told = self.told;
        Starved::ALL.into_iter().filter(move |s| told[s.at()]).map(move |s| condition(s, true, now))
    }
    /// Why a pod is not taken: the conditions, in brackets. Source: eviction_manager.go, Admit.
    pub fn refuses(&self, spec: &PodSpec) -> Option<String> {
        let asks = |r: &crate::kubernetes::objects::parts::Resources| r.cpu > 0 || r.memory > 0;
        let best_effort = !spec.containers.iter().any(|c| asks(&c.resources.requests) || asks(&c.resources.limits));
        let tolerates = spec.tolerations.iter().any(|t| &*t.key == "node.kubernetes.io/memory-pressure");
        let refused = self.told[Starved::Disk.at()] || self.told[Starved::Memory.at()] && best_effort && !tolerates;
        if !refused || spec.priority >= CRITICAL {
            return None;
        }
        let all: Vec<&str> = Starved::ALL.iter().filter(|s| self.told[s.at()]).map(|s| s.condition()).collect();
        Some(format!("The node had condition: [{}]. ", all.join(" ")))
    }
}

fn condition(what: Starved, pressed: bool, now: Time) -> Condition {
    let (_, reason, message) = what.words(pressed);
    Condition::new(what.condition(), if pressed { Tri::True } else { Tri::False }, reason, message, now)
}

/// Amounts as quantities print them.
pub fn bytes(amount: i64) -> String {
    Quantity::new(amount, Format::BinarySI).canonical()
}

impl State {
    /// Something outside of Kubernetes takes memory or disk of a machine: so many bytes, or (for 0) so much that half of what
    /// must be free is left.
    pub fn starve(&mut self, name: &str, what: Starved, amount: u64, cx: &mut Cx<Timer>) {
        let Some((available, least)) = self.available(name, what, cx) else { return };
        let taken = if amount > 0 { amount as i64 } else { (available - least / 2).max(0) };
        if let Some(kubelet) = self.kubelets.get_mut(name) {
            Rc::make_mut(kubelet).reserves.taken[what.at()] += taken;
        }
        self.watch_reserves(name, cx);
    }
    /// It is given back.
    pub fn feed(&mut self, name: &str, what: Starved) {
        if let Some(kubelet) = self.kubelets.get_mut(name) {
            Rc::make_mut(kubelet).reserves.taken[what.at()] = 0;
        }
    }
    /// The kubelet looks at its memory and disk from now on.
    pub(super) fn watch_reserves(&mut self, name: &str, cx: &mut Cx<Timer>) {
        let Some(kubelet) = self.kubelets.get_mut(name).filter(|k| !k.reserves.looks) else { return };
        Rc::make_mut(kubelet).reserves.looks = true;
        let wait = cx.chance(KUBELET).between(Span::ZERO, LOOK);
        cx.after(wait, Timer::Reserves(kubelet.name.clone()));
    }
    /// What is available and what must be, in bytes.
    fn available(&self, name: &str, what: Starved, cx: &Cx<Timer>) -> Option<(i64, i64)> {
        let kubelet = self.kubelets.get(name)?;
        let node = cx.api.store.get(kubelet.id)?.node()?.allocatable.clone();
        let taken = kubelet.reserves.taken[what.at()];
        Some(match what {
            Starved::Memory => {
                let used: i64 = self.on(name).map(|id| memory_of(id, cx)).sum();
                (node.memory - used - taken, self.settings.memory_least.of(node.memory))
            }
            Starved::Disk => {
                let images: u64 = kubelet.images.iter().map(|i| self.workloads.registry.size(i)).sum();
                let pods = self.on(name).count() as i64 * DISK_USED;
                (node.ephemeral - images as i64 - pods - taken, self.settings.disk_least.of(node.ephemeral))
            }
        })
    }
    /// The pods on a machine.
    fn on<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Id> + 'a {
        self.pods.iter().filter(move |(_, w)| *w.node == *name).map(|(id, _)| *id)
    }
    /// One look. Source: synchronize.
    pub(super) fn look_at_reserves(&mut self, name: &str, cx: &mut Cx<Timer>) {
        let now = cx.now();
        let mut short = None;
        for what in Starved::ALL {
            let Some((available, least)) = self.available(name, what, cx) else { return };
            let Some(kubelet) = self.kubelets.get_mut(name).map(Rc::make_mut) else { return };
            if !kubelet.up {
                kubelet.reserves.looks = false;
                return;
            }
            if available < least {
                kubelet.reserves.met[what.at()] = Some(now);
                short = short.or(Some((what, available, least)));
            }
            let holds =
                kubelet.reserves.met[what.at()].is_some_and(|met| now.since(met) < self.settings.pressure_holds);
            if std::mem::replace(&mut kubelet.reserves.told[what.at()], holds) != holds {
                tell_pressure(kubelet, what, holds, cx);
            }
        }
        if let Some((what, available, least)) = short {
            self.reclaim(name, what, available, least, cx);
        }
        let leaks = cx.api.floor.all().any(|(_, unit)| *unit.host == *name && unit.twist.leak > 0);
        let Some(kubelet) = self.kubelets.get_mut(name).map(Rc::make_mut) else { return };
        let reserves = &mut kubelet.reserves;
        reserves.looks = leaks || reserves.told.contains(&true) || reserves.taken.iter().any(|t| *t > 0);
        if reserves.looks {
            cx.after(LOOK, Timer::Reserves(kubelet.name.clone()));
        }
    }
    /// Gives back what can be, else evicts the first pod.
    fn reclaim(&mut self, name: &str, what: Starved, available: i64, least: i64, cx: &mut Cx<Timer>) {
        let Some(kubelet) = self.kubelets.get_mut(name) else { return };
        let words = format!("Attempting to reclaim {}", what.resource());
        let told = Told::warning(KUBELET, kubelet.id, "EvictionThresholdMet", words);
        let host = (&kubelet.name).into();
        Rc::make_mut(kubelet).tell(Told { host, ..told }, cx);
        if what == Starved::Disk {
            self.drop_images(name, cx);
            if self.available(name, what, cx).is_some_and(|(free, least)| free >= least) {
                return;
            }
        }
        let mut ranked: Vec<_> = self.on(name).filter_map(|id| self.rank(id, what, cx)).collect();
        ranked.sort();
        if let Some((.., id)) = ranked.into_iter().next() {
            self.evict(id, what, available, least, cx);
        }
    }
    /// Images that no container uses are deleted. Source: reclaimNodeLevelResources; images/image_gc_manager.go.
    fn drop_images(&mut self, name: &str, cx: &Cx<Timer>) {
        let specs = self.on(name).filter_map(|id| Some(cx.api.store.get(id)?.pod()?.spec.clone()));
        let images = |s: Rc<PodSpec>| {
            let all = s.init_containers.iter().chain(&s.containers);
            all.map(|c| Rc::from(canonical(&c.image))).collect::<Vec<Rc<str>>>()
        };
        let used: BTreeSet<Rc<str>> = specs.flat_map(images).collect();
        if let Some(kubelet) = self.kubelets.get_mut(name) {
            Rc::make_mut(kubelet).images.retain(|image| used.contains(image));
        }
    }
    /// Its place in the order of eviction: within its request or not, priority, how much it uses beyond; critical and ended
    /// pods have none.
    fn rank(&self, id: Id, what: Starved, cx: &Cx<Timer>) -> Option<(bool, i32, Reverse<i64>, Id)> {
        let worker = self.pods.get(&id)?;
        let spec = &cx.api.store.get(id)?.pod()?.spec;
        if worker.stage != Stage::Live || worker.overdue || spec.priority >= CRITICAL {
            return None;
        }
        let (used, asked) = match what {
            Starved::Memory => (memory_of(id, cx), spec.requests.memory),
            Starved::Disk => (DISK_USED * spec.containers.len() as i64, spec.requests.ephemeral),
        };
        Some((used <= asked, spec.priority, Reverse(used - asked), id))
    }
    fn evict(&mut self, id: Id, what: Starved, available: i64, least: i64, cx: &mut Cx<Timer>) {
        self.with(id, cx, |desk| {
            let mut words = format!(
                "The node was low on resource: {}. Threshold quantity: {}, available: {}. ",
                what.resource(),
                bytes(least),
                bytes(available / 1024 * 1024)
            );
            for (at, container) in desk.spec.containers.iter().enumerate() {
                let slot = at as u16 + desk.worker.inits;
                let (used, asked) = match what {
                    Starved::Memory => {
                        let unit = desk.cx.api.floor.get((id.0, slot));
                        (unit.map_or(0, |u| u.memory() as i64), container.resources.requests.memory)
                    }
                    Starved::Disk => (DISK_USED, container.resources.requests.ephemeral),
                };
                if used > asked {
                    words += &format!(
                        "Container {} was using {}, request is {}, has larger consumption of {}. ",
                        container.name,
                        bytes(used / 1024 * 1024),
                        bytes(asked),
                        what.resource()
                    );
                }
            }
            desk.tell_pod(true, EVICTED, words.clone());
            desk.worker.ousted = Some(Ousted { reason: EVICTED.into(), words: words.into() });
            // What led to it is what happened to the machine.
            let cause = desk.cx.api.newest_about(desk.kubelet.id);
            let by = By::actor(KUBELET, evicted(what.resource())).because(cause);
            desk.cx.api.note(id, Verb::Note, by);
            desk.terminate(GRACE);
        });
    }
}

/// The node's condition changed.
fn tell_pressure(kubelet: &mut Kubelet, what: Starved, pressed: bool, cx: &mut Cx<Timer>) {
    let (reason, ..) = what.words(pressed);
    let words = format!("Node {} status is now: {reason}", kubelet.name);
    let told = Told::normal(KUBELET, kubelet.id, reason, words);
    kubelet.tell(Told { host: (&kubelet.name).into(), ..told }, cx);
    if !kubelet.reaches() {
        return;
    }
    let new = condition(what, pressed, cx.now());
    let by = By::actor(KUBELET, super::starved(what.resource(), i64::from(pressed)));
    cx.api.update_status(kubelet.id, by, |o| {
        if let Some(node) = o.node_mut() {
            set_condition(&mut node.conditions, new);
        }
    });
}

/// Memory that the containers of a pod use.
fn memory_of(id: Id, cx: &Cx<Timer>) -> i64 {
    cx.api.floor.of(id.0).filter(|(_, unit)| unit.ended.is_none()).map(|(_, unit)| unit.memory() as i64).sum()
}

impl Kubelet {
    /// Sends an event, or keeps it while nobody hears.
    pub(super) fn tell(&mut self, told: Told, cx: &mut Cx<Timer>) {
        match self.reaches() {
            true => drop(cx.api.tell(told)),
            false => self.keep(told),
        }
    }
}
