//! Nodes that fail, namespaces and owners that go.

use super::tests::Stage;
use crate::kubernetes::Outage;
use crate::kubernetes::apiserver::bootstrap::{NodeSpec, from_the_start};
use crate::kubernetes::apiserver::{By, DeleteOptions, Propagation};
use crate::kubernetes::objects::Kind;
use crate::sim::Span;

fn you() -> By {
    By::actor("you", from_the_start())
}

fn with_nodes(names: &[&str]) -> Stage {
    let mut stage = Stage::new();
    for name in names {
        let amounts = [("cpu", "4"), ("memory", "8Gi"), ("pods", "110")];
        let capacity = amounts.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let node =
            NodeSpec { name: name.to_string(), capacity, kubelet_version: "v1.37.2".into(), ..NodeSpec::default() };
        stage.cluster.api.add_node(&node, you());
    }
    stage.cluster.settle();
    stage.wait(Span::secs(6));
    stage
}

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: default}\nspec:\n  replicas: 4\n  \
    selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    \
    spec: {containers: [{name: app, image: 'a:1'}]}\n";

#[test]
fn pods_leave_a_silent_node_after_five_minutes() {
    let mut stage = with_nodes(&["a", "b"]);
    stage.apply(WEB);
    stage.wait(Span::secs(30));
    let on = |stage: &Stage, node: &str| stage.cluster.api.store.pods_on(node).filter(|p| !p.meta.deleting()).count();
    assert_eq!((on(&stage, "a"), on(&stage, "b")), (2, 2));
    stage.cluster.kubelet(|k, cx| k.fail_node("b", Outage::Silent, cx));
    stage.wait(Span::secs(70));
    let taints = |stage: &Stage| -> Vec<String> {
        let node = stage.cluster.api.store.by_name(Kind::Node, "", "b").and_then(|o| o.node()).expect("a node");
        node.taints.iter().map(|t| t.text()).collect()
    };
    let both = ["node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"];
    assert_eq!(taints(&stage), both);
    let ready = stage.cluster.api.store.pods_on("b").filter(|p| p.pod().is_some_and(|p| p.ready())).count();
    assert_eq!((ready, on(&stage, "b")), (0, 2), "they are not ready and stay for now");
    stage.wait(Span::secs(310));
    assert_eq!((on(&stage, "a"), on(&stage, "b")), (4, 0));
    assert_eq!(stage.cluster.api.store.pods_on("b").count(), 2, "nobody on the node removes them");
    stage.cluster.kubelet(|k, cx| k.recover_node("b", cx));
    stage.wait(Span::secs(40));
    assert!(taints(&stage).is_empty(), "{:?}", taints(&stage));
    assert_eq!(stage.cluster.api.store.pods_on("b").count(), 0);
}

#[test]
fn one_node_is_given_up_before_it_is_known_that_all_are_silent() {
    let marked_for_eviction = |pods: usize| {
        let mut stage = with_nodes(&["a", "b"]);
        stage.apply(&WEB.replace("replicas: 4", &format!("replicas: {pods}")));
        stage.wait(Span::secs(30));
        for node in ["a", "b"] {
            stage.cluster.kubelet(|k, cx| k.fail_node(node, Outage::Silent, cx));
        }
        stage.wait(Span::secs(120));
        let with = |effect: &str| {
            let nodes = stage.cluster.api.store.list(Kind::Node).filter_map(|o| o.node());
            nodes.filter(|n| n.taints.iter().any(|t| &*t.effect == effect)).count()
        };
        (with("NoSchedule"), with("NoExecute"))
    };
    assert_eq!(marked_for_eviction(0), (2, 0), "without pods to mark, all is known at once");
    assert_eq!(marked_for_eviction(8), (2, 1), "while pods are marked, the first of the queue is given up");
}

#[test]
fn pods_of_a_deleted_node_are_collected() {
    let mut stage = with_nodes(&["a", "b"]);
    stage.apply(WEB);
    stage.wait(Span::secs(30));
    let node = stage.cluster.api.store.find(Kind::Node, "", "b").expect("a node");
    stage.cluster.api.delete(node, you(), DeleteOptions::default());
    stage.wait(Span::secs(90));
    assert_eq!(stage.cluster.api.store.pods_on("b").count(), 0);
    assert_eq!(stage.cluster.api.store.pods_on("a").count(), 4);
}

#[test]
fn what_is_owned_follows_in_each_way() {
    let counts = |stage: &Stage| {
        let store = &stage.cluster.api.store;
        [Kind::Deployment, Kind::ReplicaSet, Kind::Pod].map(|k| store.count(k))
    };
    for (propagation, soon, late) in [
        (Propagation::Background, [0, 0], [0, 0, 0]),
        (Propagation::Foreground, [1, 1], [0, 0, 0]),
        (Propagation::Orphan, [0, 1], [0, 1, 4]),
    ] {
        let mut stage = with_nodes(&["a"]);
        let id = stage.apply(WEB);
        stage.wait(Span::secs(30));
        assert_eq!(counts(&stage), [1, 1, 4]);
        stage.cluster.api.delete(id, you(), DeleteOptions { propagation, ..DeleteOptions::default() });
        stage.wait(Span::millis(200));
        assert_eq!(counts(&stage)[..2], soon, "{propagation:?}");
        stage.wait(Span::secs(60));
        assert_eq!(counts(&stage), late, "{propagation:?}");
    }
}

#[test]
fn a_namespace_goes_after_its_contents() {
    let mut stage = with_nodes(&["a"]);
    stage.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
    stage.apply(&WEB.replace("namespace: default", "namespace: shop"));
    stage.wait(Span::secs(30));
    let id = stage.cluster.api.store.find(Kind::Namespace, "", "shop").expect("there");
    stage.cluster.api.delete(id, you(), DeleteOptions::default());
    stage.wait(Span::secs(4));
    assert_eq!(stage.cluster.api.store.count(Kind::Pod), 4, "it settles first");
    stage.wait(Span::secs(60));
    assert!(stage.cluster.api.store.get(id).is_none());
    assert_eq!(stage.cluster.api.store.list_in(Kind::Pod, "shop").count(), 0);
    assert_eq!(stage.cluster.api.store.list_in(Kind::ReplicaSet, "shop").count(), 0);
}

#[test]
fn a_service_finds_its_ready_pods() {
    let mut stage = with_nodes(&["a"]);
    stage.apply("apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}\n");
    let endpoints = |stage: &Stage| -> Vec<bool> {
        let slices = stage.cluster.api.store.list(Kind::EndpointSlice).filter_map(|o| o.endpoint_slice());
        slices.flat_map(|s| s.endpoints.iter().map(|e| e.ready)).collect()
    };
    stage.wait(Span::secs(1));
    assert_eq!((stage.cluster.api.store.count(Kind::EndpointSlice), endpoints(&stage)), (1, vec![]));
    let id = stage.apply(WEB);
    stage.wait(Span::secs(30));
    assert_eq!(endpoints(&stage), [true; 4]);
    let kind = stage.cluster.api.kinds.find("v1", "Endpoints").expect("there are some");
    let old = stage.cluster.api.store.by_name(kind, "default", "web").and_then(|o| o.plain()).expect("there");
    assert_eq!(old.list_at(&["subsets"])[0].list_at(&["addresses"]).len(), 4);
    stage.cluster.api.delete(id, you(), DeleteOptions::default());
    stage.wait(Span::secs(60));
    assert_eq!(endpoints(&stage), []);
    let service = stage.cluster.api.store.find(Kind::Service, "default", "web").expect("there");
    stage.cluster.api.delete(service, you(), DeleteOptions::default());
    stage.wait(Span::secs(1));
    assert_eq!(stage.cluster.api.store.count(Kind::EndpointSlice) + stage.cluster.api.store.count(kind), 0);
}
