//! What a kubelet tells about its machine: its features, its images, and that it was started.

use super::node::Kubelet;
use super::status::image_id;
use super::{KUBELET, State, Timer};
use crate::kubernetes::apiserver::{Cx, Told};
use crate::kubernetes::objects::Object;
use crate::kubernetes::objects::node::Node;
use crate::map;
use crate::text::{Map, Value, Word};
use crate::workload::Registry;
use std::rc::Rc;

/// Port of the kubelet's own server. Source: kubernetes v1.37 pkg/cluster/ports/ports.go, KubeletPort.
const PORT: i64 = 10_250;
/// Says that the attach-detach controller handles the node's volumes. Source: kubernetes v1.37 pkg/kubelet/kubelet_node_status.go,
/// initialNode; pkg/volume/util/util.go, ControllerManagedAttachAnnotation.
pub const ATTACH: &str = "volumes.kubernetes.io/controller-managed-attach-detach";
/// What a kubelet can do that others may not yet.
/// Source: kubernetes v1.37 component-helpers/nodedeclaredfeatures/features; recorded.
const DECLARED: [&str; 4] = [
    "ExtendWebSocketsToKubelet",
    "InPlacePodLevelResourcesVerticalScaling",
    "InPlacePodVerticalScalingInitContainers",
    "RestartAllContainersOnContainerExits",
];
/// Source: recorded: what a kubelet says on a machine with old control groups.
const CGROUP_V1: &str = "cgroup v1 detected. cgroup v1 support is deprecated and will be removed in a future release. Please migrate to cgroup v2. More information at https://git.k8s.io/enhancements/keps/sig-node/5573-remove-cgroup-v1";

/// The parts of a node's status that never change.
pub fn tell_features(status: &mut Map) {
    status.set("daemonEndpoints", Value::Map(map! { "kubeletEndpoint" => map! { "Port" => PORT } }));
    status.set("declaredFeatures", DECLARED.iter().map(|f| Value::from(*f)).collect::<Vec<_>>());
    status.set("features", Value::Map(map! { "supplementalGroupsPolicy" => true }));
    let handler = |name: &str| {
        let features = map! { "recursiveReadOnlyMounts" => true, "userNamespaces" => true };
        Value::Map(map! { "features" => features, "name" => name })
    };
    status.set("runtimeHandlers", vec![handler(""), handler("runc")]);
}

/// The node's images, the largest first. FID-100. Source: kubernetes v1.37 pkg/kubelet/images/image_gc_manager.go, GetImageList.
pub fn tell_images(node: &mut Node, kubelet: &Kubelet, registry: &Registry) {
    if kubelet.images.is_empty() {
        return;
    }
    let one = |name: &Rc<str>| {
        let names: Vec<Rc<str>> = vec![image_id(name).to_rc(), name.clone()];
        (names, registry.size(name) as i64)
    };
    let mut all: Vec<_> = kubelet.images.iter().map(one).collect();
    all.sort_by_key(|(_, size)| -size);
    node.images = Rc::new(all);
}

impl State {
    /// An image is on a node from the start.
    pub fn load_image(&mut self, node: &str, image: &str, cx: &mut Cx<Timer>) {
        if let Some(kubelet) = self.kubelets.get_mut(node) {
            Rc::make_mut(kubelet).images.insert(image.into());
            self.report_node(node, cx);
        }
    }
    /// Events about the node of a kubelet that was just started.
    /// Source: kubernetes v1.37 pkg/kubelet/kubelet.go, BirthCry, StartGarbageCollection.
    pub(super) fn born(&mut self, name: &str, cx: &mut Cx<Timer>) {
        self.tell_node(name, false, "Starting", "Starting kubelet.", cx);
        if self.settings.cgroup_v1 {
            self.tell_node(name, true, "CgroupV1", CGROUP_V1, cx);
        }
    }
    /// Events about the limits of pods, set at each start, about the conditions that a kubelet reports first after it, and that
    /// it was not ready before. Source: kubernetes v1.37 pkg/kubelet/cm/node_container_manager_linux.go,
    /// enforceNodeAllocatableCgroups; pkg/kubelet/nodestatus/setters.go.
    pub(super) fn first_report(&mut self, name: &str, ready_before: bool, cx: &mut Cx<Timer>) {
        self.tell_node(name, false, "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods", cx);
        for reason in ["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"] {
            self.tell_node(name, false, reason, format!("Node {name} status is now: {reason}"), cx);
        }
        let Some(kubelet) = self.kubelets.get_mut(name) else { return };
        if std::mem::take(&mut Rc::make_mut(kubelet).was_off) {
            let boot = cx.api.calendar.uid(kubelet.id);
            self.tell_node(name, true, "Rebooted", format!("Node {name} has been rebooted, boot id: {boot}"), cx);
        }
        if !ready_before {
            self.tell_node(name, false, "NodeReady", format!("Node {name} status is now: NodeReady"), cx);
        }
    }
    /// A node was cordoned or uncordoned, or is so again: its kubelet sees it when it looks at its node next.
    pub(super) fn watch_cordon(&self, name: &str, node: &Object, cx: &mut Cx<Timer>) {
        let Some(kubelet) = self.kubelets.get(name) else { return };
        if node.node().is_some_and(|n| n.unschedulable != kubelet.cordoned) {
            cx.after(kubelet.until_sync(cx.now()), Timer::Sync(kubelet.name.clone()));
        }
    }
    /// A kubelet looks at its node: whether it takes pods, if that is not what it told last.
    /// Source: kubernetes v1.37 pkg/kubelet/kubelet_node_status.go, recordNodeSchedulableEvent.
    pub(super) fn tell_cordon(&mut self, name: &str, cx: &mut Cx<Timer>) {
        let Some(kubelet) = self.kubelets.get_mut(name).filter(|k| k.up && k.reaches()) else { return };
        let Some(now) = cx.get(kubelet.id).and_then(|o| o.node().map(|n| n.unschedulable)) else { return };
        if now != std::mem::replace(&mut Rc::make_mut(kubelet).cordoned, now) {
            let reason = if now { "NodeNotSchedulable" } else { "NodeSchedulable" };
            self.tell_node(name, false, reason, format!("Node {name} status is now: {reason}"), cx);
        }
    }
    pub(super) fn tell_node(
        &self,
        name: &str,
        warning: bool,
        reason: &'static str,
        words: impl Into<Word>,
        cx: &mut Cx<Timer>,
    ) {
        let Some(kubelet) = self.kubelets.get(name) else { return };
        let told = Told::normal(KUBELET, kubelet.id, reason, words);
        cx.api.tell(Told { warning, host: (&kubelet.name).into(), ..told });
    }
}
