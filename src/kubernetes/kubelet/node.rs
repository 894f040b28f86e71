//! Nodes as their kubelets report them: heartbeats, conditions, and what goes wrong with a machine.

use super::machine::{ATTACH, tell_features, tell_images};
use super::pressure::Reserves;
use super::shutdown::{self, Shutdown};
use super::worker::{Ended, Run, Step};
use super::{KUBELET, State, Timer, node_back, node_joined, node_silent};
use crate::kubernetes::apiserver::{By, Change, ChangeKind, Cx, Told};
use crate::kubernetes::objects::lease::Lease;
use crate::kubernetes::objects::node::fake_kubelet;
use crate::kubernetes::objects::{Body, Condition, Id, Kind, Meta, Object, OwnerRef, Tri, set_condition};
use crate::map;
use crate::sim::{Span, Time};
use crate::text::{Value, Word};
use crate::workload::Behaviour;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How often a kubelet renews its lease: a quarter of its duration.
/// Source: kubernetes v1.37 pkg/kubelet/apis/config/v1beta1/defaults.go, NodeLeaseDurationSeconds 40; kubelet.go, nodeLeaseRenewIntervalFraction 0.25.
pub const LEASE_RENEWAL: Span = Span::secs(10);
/// See [`LEASE_RENEWAL`].
pub const LEASE_DURATION: Span = Span::secs(40);
/// A kubelet looks for due work this often. Source: kubernetes v1.37 pkg/kubelet/kubelet.go, syncLoop, syncTicker.
pub const TICK: Span = Span::secs(1);
/// A kubelet looks at its node this often, and tells what has changed.
/// Source: kubernetes v1.37 pkg/kubelet/apis/config/v1beta1/defaults.go, NodeStatusUpdateFrequency.
const SYNC: Span = Span::secs(10);
/// Namespace of the nodes' leases. Source: kubernetes v1.37 pkg/apis/core/types.go, NamespaceNodeLease.
pub const LEASES: &str = "kube-node-lease";

/// One node's kubelet.
#[derive(Clone, Debug)]
pub struct Kubelet {
    /// Its Node object.
    pub id: Id,
    /// The node's name.
    pub name: Rc<str>,
    /// The node's IP.
    pub address: Word,
    /// Number of the node, for IPs.
    pub number: u32,
    /// Whether it works.
    pub up: bool,
    /// Whether the network between it and everything else is cut.
    pub cut: bool,
    /// Whether it cannot reach the API server for another reason.
    pub api_gone: bool,
    /// Memory and disk of the machine.
    pub reserves: Reserves,
    /// Events that it could not send.
    pub unsent: Vec<Told>,
    /// Where in each second its ticks lie.
    pub phase: Span,
    /// Whether the machine is going down in order.
    pub shutting: Option<Shutdown>,
    /// Images on the node, by canonical name.
    pub images: BTreeSet<Rc<str>>,
    /// Private ones among them, with the logins they were pulled with.
    pub logins: BTreeSet<(Rc<str>, (String, String))>,
    /// When an image was asked for first.
    pub asked: BTreeMap<Rc<str>, Time>,
    /// Pods whose resize waits for room.
    pub deferred: BTreeSet<Id>,
    /// Whether its machine was off.
    pub was_off: bool,
    /// Whether it was started again and has not reported yet.
    pub fresh: bool,
    /// Whether it told last that its node takes no pods.
    pub cordoned: bool,
    /// When the pull that is under way is done: images are pulled one at a time.
    /// Source: kubernetes v1.37 pkg/kubelet/apis/config/v1beta1/defaults.go, SerializeImagePulls.
    pub pulls_until: Time,
    /// Last number given out as a pod's IP.
    pub last_ip: u32,
    /// What was known of the container that started last: alike ones share it.
    pub behaviour: Rc<Behaviour>,
    /// Name of the group it belongs to, likewise.
    pub group: Rc<str>,
}

/// What happens to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// The machine is cut off or its kubelet stopped: containers go on, nothing is reported or started.
    Silent,
    /// The power is gone: its containers die with it.
    PowerOff,
    /// It goes down in order, where kubelets are told to wait for that; else like [`Outage::PowerOff`].
    Reboot,
    /// The network is cut: the kubelet goes on with what it has, and nobody hears of it.
    Partition,
}

impl Kubelet {
    /// The first tick at or after `t`.
    pub fn tick(&self, t: Time) -> Time {
        let past = (t.0 + TICK.0 - self.phase.0) % TICK.0;
        if past == 0 { t } else { t + (TICK - Span(past)) }
    }
    /// How long after `t` it next looks at its node: each kubelet in its own moment. Ours: the real pauses are up to 4 % longer.
    pub fn until_sync(&self, t: Time) -> Span {
        SYNC - Span((t.0 + SYNC.0 - 10 * self.phase.0) % SYNC.0)
    }
    /// The next pod IP of this node. Source: host-local IPAM: counts up within the node's own range and begins again.
    pub fn next_ip(&mut self) -> Word {
        self.last_ip = self.last_ip % 252 + 1;
        let (high, low) = (self.number / 256, self.number % 256);
        Word::from(format!("10.{}.{low}.{}", 244 + high % 12, self.last_ip + 1))
    }
}

impl State {
    pub(super) fn observe_node(&mut self, change: &Change, cx: &mut Cx<Timer>) {
        let Some(object) = change.object() else { return };
        let name = object.meta.name.clone();
        if change.what == ChangeKind::Deleted {
            self.kubelets.remove(&name);
            return;
        }
        if change.what == ChangeKind::Modified {
            return self.watch_cordon(&name, object, cx);
        }
        if fake_kubelet(object) {
            return;
        }
        let number = self.kubelets.values().map(|k| k.number + 1).max().unwrap_or(0);
        let phase = cx.chance(KUBELET).between(Span::ZERO, TICK - Span(1));
        let address =
            address(object).unwrap_or_else(|| Word::from(format!("172.18.{}.{}", number / 250, number % 250 + 2)));
        let kubelet = Kubelet {
            id: change.id,
            name: name.clone(),
            address,
            number,
            up: true,
            cut: false,
            api_gone: cx.api.down,
            reserves: Reserves::default(),
            unsent: Vec::new(),
            phase,
            shutting: None,
            images: BTreeSet::new(),
            logins: BTreeSet::new(),
            asked: BTreeMap::new(),
            deferred: BTreeSet::new(),
            was_off: false,
            fresh: false,
            cordoned: false,
            pulls_until: Time::ZERO,
            last_ip: 0,
            behaviour: Rc::default(),
            group: Rc::default(),
        };
        self.kubelets.insert(name.clone(), Rc::new(kubelet));
        let ranges = self.settings.pod_ranges;
        cx.api.update(change.id, By::actor(KUBELET, node_joined(&name)), |o| {
            if o.meta.annotations.get(ATTACH).is_none() {
                o.meta.annotations.set(ATTACH, "true");
            }
            let Some(node) = o.node_mut().filter(|_| ranges) else { return };
            let rest = Rc::make_mut(&mut node.spec_rest).make_map();
            if !rest.has("podCIDR") {
                let range = format!("10.{}.{}.0/24", 244 + (number / 256) % 12, number % 256);
                rest.set("podCIDRs", vec![Value::from(range.as_str())]);
                rest.set("podCIDR", range);
            }
        });
        self.report_node(&name, cx);
        if cx.api.down {
            return;
        }
        self.tell_node(&name, false, "NodeReady", format!("Node {name} status is now: NodeReady"), cx);
        self.tell_cordon(&name, cx);
        let pods: Vec<Rc<Object>> = cx.api.store.pods_on(&name).cloned().collect();
        for pod in pods {
            self.take_pod(&pod, cx);
        }
    }
    /// The kubelet reports its node: ready, and its lease is renewed from now on.
    pub(super) fn report_node(&mut self, name: &str, cx: &mut Cx<Timer>) {
        let Some(kubelet) = self.kubelets.get(name) else { return };
        if !kubelet.up || !kubelet.reaches() {
            return;
        }
        let ready_before = cx.get(kubelet.id).and_then(|o| o.node().map(|n| n.ready() == Tri::True)).unwrap_or(false);
        let reserves = kubelet.reserves;
        let leaving = kubelet.shutting.map(|_| shutdown::not_ready(cx.now()));
        let (id, address, now, host) = (kubelet.id, kubelet.address.clone(), cx.now(), kubelet.name.clone());
        let by = By::actor(KUBELET, node_back(&kubelet.name));
        let registry = &self.workloads.registry;
        cx.api.update_status(id, by, |o| {
            let Some(node) = o.node_mut() else { return };
            tell_images(node, kubelet, registry);
            for condition in healthy(now).into_iter().chain(reserves.conditions(now)).chain(leaving) {
                set_condition(&mut node.conditions, condition);
            }
            let rest = Rc::make_mut(&mut node.status_rest).make_map();
            if !rest.has("daemonEndpoints") {
                tell_features(rest);
            }
            if !rest.has("addresses") {
                let one = |kind: &str, address: &str| Value::Map(map! { "type" => kind, "address" => address });
                rest.set("addresses", vec![one("InternalIP", &address), one("Hostname", &host)]);
            }
        });
        renew(name, Some(LEASE_RENEWAL), cx);
        let fresh = self.kubelets.get_mut(name).map(|k| std::mem::take(&mut Rc::make_mut(k).fresh));
        if fresh == Some(true) {
            self.first_report(name, ready_before, cx);
            self.tell_cordon(name, cx);
        }
    }
    /// Lets a machine fail. Nothing happens to one that is unknown or has failed already.
    pub fn fail_node(&mut self, name: &str, outage: Outage, cx: &mut Cx<Timer>) {
        let now = cx.now();
        if !self.kubelets.get(name).is_some_and(|k| k.up) {
            return;
        }
        if outage == Outage::Reboot && self.shut_down(name, true, cx) {
            return;
        }
        let Some(kubelet) = self.kubelets.get_mut(name) else { return };
        let kubelet = Rc::make_mut(kubelet);
        let heard = kubelet.reaches();
        kubelet.shutting = None;
        match outage {
            Outage::Partition => kubelet.cut = true,
            _ => kubelet.up = false,
        }
        if heard {
            renew(name, None, cx);
        }
        if outage == Outage::Silent {
            return;
        }
        cx.api.floor.dark.insert(name.into());
        if outage == Outage::Partition {
            return;
        }
        kubelet.was_off = true;
        for (id, worker) in self.pods.iter_mut().filter(|(_, w)| *w.node == *name) {
            cx.api.floor.end_all(id.0, now);
            let worker = Rc::make_mut(worker);
            (worker.sandbox, worker.step) = (false, Step::Idle);
            worker.op += 1;
            for slot in &mut worker.slots {
                if let Run::Running(started) = slot.run {
                    // Source: recorded: after a power loss the runtime knows no exit code.
                    let (reason, message) = ("Unknown".into(), Word::EMPTY);
                    slot.run = Run::Ended(Rc::new(Ended { code: 255, reason, message, started, finished: now }));
                }
            }
        }
    }
    /// Lets a failed machine come back: its kubelet reports and looks at its pods.
    pub fn recover_node(&mut self, name: &str, cx: &mut Cx<Timer>) {
        self.stay_up(name, cx);
        let Some(kubelet) = self.kubelets.get_mut(name).filter(|k| !k.up) else { return };
        let kubelet = Rc::make_mut(kubelet);
        kubelet.up = true;
        kubelet.fresh = true;
        kubelet.cordoned = false;
        kubelet.unsent.clear();
        if !kubelet.cut {
            cx.api.floor.dark.remove(name);
        }
        let node = kubelet.name.clone();
        let wait = self.latencies.kubelet_start.draw(cx.chance(KUBELET));
        self.born(&node, cx);
        cx.after(wait, Timer::Report(node));
        let here: Vec<Id> = self.pods.iter().filter(|(_, w)| *w.node == *name).map(|(id, _)| *id).collect();
        let new: Vec<Rc<Object>> =
            cx.api.store.pods_on(name).filter(|p| !self.pods.contains_key(&p.meta.id)).cloned().collect();
        for pod in new {
            self.take_pod(&pod, cx);
        }
        for id in here {
            self.resume(id, wait, cx);
        }
        self.read_folder(name, wait, cx);
    }
    /// Whether a node's kubelet works; `None` for nodes without one.
    pub fn node_up(&self, name: &str) -> Option<bool> {
        self.kubelets.get(name).map(|k| k.up)
    }
    /// The nodes whose kubelets live here.
    pub fn nodes(&self) -> impl Iterator<Item = &Rc<str>> {
        self.kubelets.keys()
    }
}

/// The conditions of a node that is well.
/// Source: kubernetes v1.37 pkg/kubelet/nodestatus/setters.go.
fn healthy(now: Time) -> [Condition; 4] {
    let new = |kind, status, reason, message| Condition::new(kind, status, reason, message, now);
    [
        new("MemoryPressure", Tri::False, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        new("DiskPressure", Tri::False, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        new("PIDPressure", Tri::False, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        new("Ready", Tri::True, "KubeletReady", "kubelet is posting ready status"),
    ]
}

fn address(node: &Object) -> Option<Word> {
    let rest = &node.node()?.status_rest;
    let all = rest.list_at(&["addresses"]);
    let internal = all.iter().find(|a| a.str_at(&["type"]) == Some("InternalIP"))?;
    internal.str_at(&["address"]).map(|a| Word::from(a.to_string()))
}

/// Makes or changes the lease of a node: from now on it is renewed every so often, or no more.
pub(super) fn renew(name: &str, every: Option<Span>, cx: &mut Cx<Timer>) {
    let now = cx.now();
    let why = if every.is_some() { node_back(name.to_string()) } else { node_silent(name.to_string()) };
    let by = By::actor(KUBELET, why);
    if let Some(id) = cx.api.store.find(Kind::Lease, LEASES, name) {
        cx.api.update(id, by, |o| {
            if let Some(lease) = o.lease_mut() {
                let last = if every.is_some() { Some(now) } else { lease.renewed_at(now) };
                (lease.renewed, lease.renewing) = (last, every);
            }
        });
        return;
    }
    let owner = cx.api.store.find(Kind::Node, "", name).map(|id| OwnerRef {
        api_version: "v1".into(),
        kind: "Node".into(),
        name: name.into(),
        id: Some(id),
        foreign_uid: None,
        controller: false,
        block_owner_deletion: false,
    });
    let lease = Lease {
        holder: Word::from(name.to_string()),
        duration: LEASE_DURATION,
        renewed: Some(now),
        renewing: every,
        ..Lease::default()
    };
    let object = Object {
        kind: Kind::Lease,
        meta: Meta { owners: owner.into_iter().collect(), ..Meta::named(LEASES, name) },
        body: Body::Lease(lease),
    };
    // The name is free: it was just looked for.
    drop(cx.api.create(object, by));
}
