//! What a new cluster holds before anybody writes: namespaces, priority classes, the API's own Service, and the nodes.

use super::{Api, By, WriteOptions};
use crate::map;
use crate::reasons;
use crate::text::{Map, Value};

reasons! { "cluster":
    /// Every cluster begins with this.
    from_the_start(),
}

/// One node of a new cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NodeSpec {
    /// Name.
    pub name: String,
    /// Labels; the host name is added.
    pub labels: Vec<(String, String)>,
    /// Annotations.
    pub annotations: Vec<(String, String)>,
    /// Taints as `(key, value, effect)`.
    pub taints: Vec<(String, String, String)>,
    /// Capacity, such as `("cpu", "4")`.
    pub capacity: Vec<(String, String)>,
    /// Allocatable where it differs from the capacity.
    pub allocatable: Vec<(String, String)>,
    /// Whether it is cordoned from the start.
    pub unschedulable: bool,
    /// Manifests in its folder of static pods: file, text.
    pub manifests: Vec<(String, String)>,
    /// What `status.nodeInfo` says besides, or instead of what every machine here says.
    pub info: Vec<(String, String)>,
    /// What its kubelet says it is.
    pub kubelet_version: String,
}

impl Api {
    /// Namespaces, priority classes and the Service `kubernetes`, as every new cluster has them.
    pub fn bootstrap(&mut self) {
        // Source: kubernetes v1.37 pkg/controlplane/controller/systemnamespaces.
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            self.seed(map! { "apiVersion" => "v1", "kind" => "Namespace", "metadata" => map! { "name" => name } });
        }
        // The service account controller makes these; here they are there before the first pod is.
        for namespace in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            let meta = map! { "name" => "default", "namespace" => namespace };
            self.seed(map! { "apiVersion" => "v1", "kind" => "ServiceAccount", "metadata" => meta });
        }
        // Source: kubernetes v1.37 pkg/apis/scheduling/v1/helpers.go, SystemPriorityClasses.
        for (name, value, words) in [
            (
                "system-node-critical",
                2_000_001_000i64,
                "Used for system critical pods that must not be moved from their current node.",
            ),
            (
                "system-cluster-critical",
                2_000_000_000,
                "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
            ),
        ] {
            self.seed(map! {
                "apiVersion" => "scheduling.k8s.io/v1", "kind" => "PriorityClass",
                "metadata" => map! { "name" => name }, "value" => value, "description" => words,
            });
        }
        // Source: kubernetes v1.37 pkg/controlplane/controller/kubernetesservice.
        let port = map! { "name" => "https", "port" => 443i64, "protocol" => "TCP", "targetPort" => 6443i64 };
        let labels = map! { "component" => "apiserver", "provider" => "kubernetes" };
        self.seed(map! {
            "apiVersion" => "v1", "kind" => "Service",
            "metadata" => map! { "name" => "kubernetes", "namespace" => "default", "labels" => labels },
            "spec" => map! { "clusterIP" => "10.96.0.1", "ports" => vec![Value::Map(port)] },
        });
    }
    /// A machine joins: its Node is ready as its kubelet reports it.
    pub fn add_node(&mut self, node: &NodeSpec, by: By) {
        let pairs = |list: &[(String, String)]| {
            list.iter().map(|(k, v)| (k.as_str().into(), Value::from(v.as_str()))).collect::<Map>()
        };
        let mut labels = pairs(&node.labels);
        for (key, value) in [
            // Source: kubernetes v1.37 pkg/kubelet/kubelet_node_status.go, initialNode;
            // pkg/controller/nodelifecycle/node_lifecycle_controller.go, labelReconcileInfo.
            ("beta.kubernetes.io/arch", "amd64"),
            ("beta.kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", "amd64"),
            ("kubernetes.io/os", "linux"),
            ("kubernetes.io/hostname", node.name.as_str()),
        ] {
            if !labels.has(key) {
                labels.set(key, value);
            }
        }
        let mut meta = map! { "name" => node.name.as_str(), "labels" => labels };
        if !node.annotations.is_empty() {
            meta.set("annotations", pairs(&node.annotations));
        }
        let mut spec = Map::new();
        if !node.taints.is_empty() {
            let taint = |(key, value, effect): &(String, String, String)| {
                Value::Map(map! { "key" => key.as_str(), "value" => value.as_str(), "effect" => effect.as_str() })
            };
            spec.set("taints", node.taints.iter().map(taint).collect::<Vec<_>>());
        }
        if node.unschedulable {
            spec.set("unschedulable", true);
        }
        let (capacity, mut allocatable) = (pairs(&node.capacity), pairs(&node.capacity));
        for (key, value) in pairs(&node.allocatable) {
            allocatable.set(key, value);
        }
        let tree = map! {
            "apiVersion" => "v1", "kind" => "Node", "metadata" => meta, "spec" => spec,
            "status" => map! { "capacity" => capacity, "allocatable" => allocatable, "nodeInfo" => node_info(node) },
        };
        let tree = Value::Map(tree);
        let kind = self.kind_of(&tree);
        let object = self.read_row(kind, &tree);
        // The name is free: scenarios name their nodes once. A second one of the same name changes nothing.
        drop(self.create(object, by));
    }
    fn seed(&mut self, tree: Map) {
        let by = By::actor("kube-apiserver", from_the_start());
        drop(self.create_tree(Value::Map(tree), by, &WriteOptions::default()));
    }
}

/// `status.nodeInfo` of a simulated machine.
fn node_info(node: &NodeSpec) -> Map {
    let mut info = map! {
        "architecture" => "amd64", "operatingSystem" => "linux", "osImage" => "Orchestrion",
        "kernelVersion" => "6.18.0", "containerRuntimeVersion" => "containerd://2.4.2",
        "kubeletVersion" => node.kubelet_version.as_str(), "kubeProxyVersion" => "", "runningInUserNamespace" => false,
    };
    node.info.iter().for_each(|(key, value)| info.set(key.as_str(), value.as_str()));
    info
}
