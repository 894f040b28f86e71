//! What the scheduler knows of the cluster: nodes with what stands on them, in the order it walks them.
//! Source: kubernetes v1.37 pkg/scheduler/framework/types.go, NodeInfo; pkg/scheduler/backend/cache.

use crate::kubernetes::objects::parts::Resources;
use crate::kubernetes::objects::pod::{PodSpec, PodTerm};
use crate::kubernetes::objects::{Id, Labels, Object, Tri, node::Node, node::Taint};
use crate::sim::Time;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// A pod as the scheduler sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodView {
    /// Number in the books.
    pub id: Id,
    /// Namespace.
    pub namespace: Rc<str>,
    /// Name.
    pub name: Rc<str>,
    /// Labels.
    pub labels: Labels,
    /// The wish.
    pub spec: Rc<PodSpec>,
    /// When a kubelet took it.
    pub start: Option<Time>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Whether it is being deleted because of preemption.
    pub preempted: bool,
    /// The node that preemption made room on.
    pub nominated: Option<Rc<str>>,
    /// `spec.nodeName` of a pod that is still to be placed (only in trials; a bound pod is not placed again).
    pub wanted_node: Option<Rc<str>>,
}

impl PodView {
    /// The view of a pod object; `None` for anything else.
    pub fn of(object: &Object) -> Option<Self> {
        let pod = object.pod()?;
        let preempted = pod.condition("DisruptionTarget").is_some_and(|c| {
            // Source: kubernetes v1.37 pkg/scheduler/framework/plugins/defaultpreemption, podTerminatingByPreemption.
            c.status == Tri::True && c.reason == "PreemptionByScheduler"
        });
        Some(PodView {
            id: object.meta.id,
            namespace: object.meta.namespace.clone(),
            name: object.meta.name.clone(),
            labels: object.meta.labels.clone(),
            spec: pod.spec.clone(),
            start: pod.status.start_time,
            deleting: object.meta.deleting(),
            preempted: preempted && object.meta.deleting(),
            nominated: pod.status.nominated.clone(),
            wanted_node: None,
        })
    }
    /// Host ports it takes: of main containers and sidecars.
    /// Source: kubernetes v1.37 pkg/scheduler/util/utils.go, GetHostPorts.
    pub fn host_ports(&self) -> impl Iterator<Item = HostPort> + '_ {
        let sidecars = self.spec.init_containers.iter().filter(|c| c.is_sidecar());
        let ports = self.spec.containers.iter().chain(sidecars).flat_map(|c| c.ports.iter());
        ports.filter(|p| p.host_port > 0).map(|p| HostPort {
            ip: if p.host_ip.is_empty() { ANY_IP.into() } else { p.host_ip.clone() },
            protocol: p.protocol.to_rc(),
            port: p.host_port,
        })
    }
}

/// Source: kubernetes v1.37 pkg/scheduler/framework/types.go, DefaultBindAllHostIP.
const ANY_IP: &str = "0.0.0.0";

/// A port of the node that a pod takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    ip: Rc<str>,
    protocol: Rc<str>,
    port: u16,
}

impl HostPort {
    /// Whether both cannot be taken at once. Source: kubernetes v1.37 kube-scheduler/framework, HostPortInfo.CheckConflict.
    pub fn conflicts(&self, other: &HostPort) -> bool {
        let same_ip = self.ip == other.ip || &*self.ip == ANY_IP || &*other.ip == ANY_IP;
        same_ip && self.port == other.port && self.protocol == other.protocol
    }
}

/// Number of a [`Group`].
pub type GroupId = u32;

/// Pods that no rule about other pods can tell apart: same namespace, labels, pod affinity, and whether they are leaving.
/// Nodes count pods by group, so that such rules look at a few groups and not at every pod.
#[derive(Clone, Debug)]
pub struct Group {
    /// Namespace.
    pub namespace: Rc<str>,
    /// Labels.
    pub labels: Labels,
    /// Whether they are being deleted.
    pub deleting: bool,
    /// A wish with their pod affinity, when they have any.
    pub affine: Option<Rc<PodSpec>>,
    hash: u64,
}

impl Group {
    /// The group of a pod.
    pub fn of(pod: &PodView) -> Self {
        let affine = has_pod_terms(&pod.spec).then(|| pod.spec.clone());
        let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
        (&pod.namespace, &pod.labels, pod.deleting, affine.as_ref().map_or(0, |s| s.hash)).hash(&mut hasher);
        Group {
            namespace: pod.namespace.clone(),
            labels: pod.labels.clone(),
            deleting: pod.deleting,
            affine,
            hash: hasher.finish(),
        }
    }
    /// A hash that is the same on every platform.
    pub fn hash(&self) -> u64 {
        self.hash
    }
    /// Whether another group is the same one.
    pub fn same(&self, other: &Group) -> bool {
        self.hash == other.hash
            && self.deleting == other.deleting
            && self.namespace == other.namespace
            && (self.labels.same(&other.labels) || self.labels == other.labels)
            && self.affine.as_ref().map(|s| s.hash) == other.affine.as_ref().map(|s| s.hash)
    }
    /// Required anti-affinity terms of its pods.
    pub fn anti_required(&self) -> &[PodTerm] {
        self.affine.as_ref().and_then(|s| s.affinity.as_ref()).map_or(&[], |a| &a.anti_required)
    }
}

fn has_pod_terms(spec: &PodSpec) -> bool {
    spec.affinity.as_ref().is_some_and(|a| {
        !(a.pod_required.is_empty()
            && a.pod_preferred.is_empty()
            && a.anti_required.is_empty()
            && a.anti_preferred.is_empty())
    })
}

/// FNV-1a: a hash without a random seed. Lengths and numbers go in byte by byte, lowest first.
#[derive(Clone, Copy, Debug)]
pub struct Fnv(pub u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0 ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3);
        }
    }
    fn write_usize(&mut self, n: usize) {
        self.write(&(n as u64).to_le_bytes());
    }
    fn write_u64(&mut self, n: u64) {
        self.write(&n.to_le_bytes());
    }
    fn write_u8(&mut self, n: u8) {
        self.write(&[n]);
    }
}

/// A node and what stands on it.
#[derive(Clone, Debug, Default)]
pub struct NodeView {
    /// Name.
    pub name: Rc<str>,
    /// Labels.
    pub labels: Labels,
    /// Whether it is cordoned.
    pub unschedulable: bool,
    /// Taints.
    pub taints: Vec<Taint>,
    /// What it offers.
    pub allocatable: Rc<Resources>,
    /// Images it has: (normal name, size).
    pub images: Rc<Vec<(Rc<str>, i64)>>,
    /// What its pods ask for.
    pub requested: Resources,
    /// CPU of its pods as scoring counts it, in thousandths.
    pub scoring_cpu: i64,
    /// Memory likewise, in bytes.
    pub scoring_memory: i64,
    /// Its pods, in the order they came.
    pub pods: Vec<Rc<PodView>>,
    /// Its pods by group: (group, how many), by group.
    pub groups: Vec<(GroupId, u32)>,
    /// Host ports taken.
    pub ports: Vec<HostPort>,
    /// Pods that preemption made room for here and that are not bound yet.
    pub nominated: Vec<Rc<PodView>>,
    /// Counts up with each change of the node itself (not of its pods).
    pub revision: u32,
}

impl NodeView {
    /// The view of an empty node.
    pub fn of(name: &Rc<str>, labels: &Labels, node: &Node) -> Self {
        let mut view = NodeView { name: name.clone(), ..NodeView::default() };
        view.update(labels, node);
        view
    }
    /// Takes over what the node says of itself now.
    pub fn update(&mut self, labels: &Labels, node: &Node) {
        self.labels = labels.clone();
        self.unschedulable = node.unschedulable;
        self.taints = node.taints.clone();
        self.allocatable = node.allocatable.clone();
        let each = |(names, size): &(Vec<Rc<str>>, i64)| names.iter().map(|n| (n.clone(), *size)).collect::<Vec<_>>();
        let images: Vec<_> = node.images.iter().flat_map(each).collect();
        if *self.images != images {
            self.images = Rc::new(images);
        }
        self.revision += 1;
    }
    /// Puts a pod on it.
    pub fn add(&mut self, pod: Rc<PodView>, group: GroupId) {
        self.count(&pod, 1);
        match self.groups.binary_search_by_key(&group, |(g, _)| *g) {
            Ok(at) => self.groups[at].1 += 1,
            Err(at) => self.groups.insert(at, (group, 1)),
        }
        // A port is kept once, whoever takes it, and is free again when any of them leaves, as in the real cache.
        for port in pod.host_ports() {
            if !self.ports.contains(&port) {
                self.ports.push(port);
            }
        }
        self.pods.push(pod);
    }
    /// Takes a pod off it.
    pub fn remove(&mut self, id: Id, group: GroupId) -> Option<Rc<PodView>> {
        let at = self.pods.iter().position(|p| p.id == id)?;
        let pod = self.pods.remove(at);
        self.count(&pod, -1);
        if let Ok(at) = self.groups.binary_search_by_key(&group, |(g, _)| *g) {
            self.groups[at].1 -= 1;
            if self.groups[at].1 == 0 {
                self.groups.remove(at);
            }
        }
        for port in pod.host_ports() {
            self.ports.retain(|p| *p != port);
        }
        Some(pod)
    }
    fn count(&mut self, pod: &PodView, sign: i64) {
        if sign > 0 {
            self.requested.add(&pod.spec.requests);
        } else {
            self.requested.sub(&pod.spec.requests);
        }
        self.scoring_cpu += sign * pod.spec.scoring_requests.cpu;
        self.scoring_memory += sign * pod.spec.scoring_requests.memory;
    }
    /// Whether it has a taint of this effect.
    pub fn has_taint(&self, effect: &str) -> bool {
        self.taints.iter().any(|t| t.effect == *effect)
    }
}
