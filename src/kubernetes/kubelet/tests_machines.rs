//! Static pods, machines that go down in order, what a kubelet's server says, and scripts that ask the network.

use super::tests::{apply, events, pod, with_pod};
use super::*;
use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::bootstrap::from_the_start;
use crate::kubernetes::apiserver::{By, DeleteOptions};
use crate::kubernetes::objects::Tri;
use crate::kubernetes::objects::pod::{ContainerState, Phase};
use crate::sim::{Span, Time};
use crate::text::json;

const WEB: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {terminationGracePeriodSeconds: 3, containers: [{name: app, image: 'app:1'}]}\n";

fn put(cluster: &mut Cluster, text: &str) -> Result<(), String> {
    cluster.kubelet(|kubelets, cx| kubelets.put_manifest("node-1", "web.yaml", text, cx))
}

fn mirror(cluster: &Cluster) -> Option<Id> {
    cluster.api.store.find(Kind::Pod, "default", "web-node-1")
}

fn by() -> By {
    By::actor("test", from_the_start())
}

#[test]
fn a_manifest_runs_and_is_shown_as_a_mirror() {
    let (mut cluster, _) = with_pod("  containers: [{name: app, image: 'nginx:1.27'}]");
    put(&mut cluster, WEB).expect("a pod");
    cluster.run_until(Time::secs(3));
    let id = mirror(&cluster).expect("a mirror");
    let tree = cluster.api.store.get(id).map(|o| cluster.api.tree(o)).expect("the mirror is there");
    let note = |key: &str| tree.at(&["metadata", "annotations", key]).and_then(|v| v.as_str()).map(str::to_string);
    assert_eq!(note("kubernetes.io/config.source").as_deref(), Some("file"));
    assert_eq!(note("kubernetes.io/config.hash"), note("kubernetes.io/config.mirror"));
    assert_eq!(note("kubernetes.io/config.hash").map(|h| h.len()), Some(32));
    assert_eq!(tree.list_at(&["metadata", "ownerReferences"])[0].str_at(&["kind"]), Some("Node"));
    assert_eq!(tree.list_at(&["spec", "tolerations"]).len(), 1);
    assert_eq!(pod(&cluster, id).status.phase, Phase::Running);
}

#[test]
fn a_deleted_mirror_is_made_again_and_the_pod_goes_on() {
    let (mut cluster, _) = with_pod("  containers: [{name: app, image: 'nginx:1.27'}]");
    put(&mut cluster, WEB).expect("a pod");
    cluster.run_until(Time::secs(3));
    let first = mirror(&cluster).expect("a mirror");
    let began = pod(&cluster, first).status.containers[0].state.clone();
    cluster.api.delete(first, by(), DeleteOptions { grace: Some(Span::ZERO), ..DeleteOptions::default() });
    cluster.run_until(Time::secs(5));
    let second = mirror(&cluster).expect("another mirror");
    assert_ne!(first, second);
    // The container was not started again: its report says so.
    assert_eq!(pod(&cluster, second).status.containers[0].state, began);
    assert!(matches!(began, ContainerState::Running { .. }));
    // With a grace it is made again at the pod's next regular look, not later than 90 s after.
    cluster.api.delete(second, by(), DeleteOptions::default());
    cluster.run_until(Time::secs(20));
    assert!(cluster.api.store.get(second).is_some_and(|o| o.meta.deleting()));
    cluster.run_until(Time::secs(100));
    let third = mirror(&cluster).expect("a third mirror");
    assert_eq!((third == second, pod(&cluster, third).status.containers[0].restarts), (false, 0));
}

#[test]
fn another_manifest_waits_for_the_old_pod_and_none_leaves_nothing() {
    let (mut cluster, _) = with_pod("  containers: [{name: app, image: 'nginx:1.27'}]");
    put(&mut cluster, WEB).expect("a pod");
    cluster.run_until(Time::secs(3));
    let first = mirror(&cluster).expect("a mirror");
    put(&mut cluster, &WEB.replace("app:1", "app:2")).expect("a pod");
    cluster.run_until(Time::secs(12));
    assert_eq!(mirror(&cluster), Some(first), "the worker looks again after 10 s at the earliest");
    cluster.run_until(Time::secs(25));
    let second = mirror(&cluster).expect("a mirror");
    assert_eq!(&*pod(&cluster, second).spec.containers[0].image, "app:2");
    assert_eq!(pod(&cluster, second).status.phase, Phase::Running);
    assert!(cluster.kubelet(|kubelets, cx| kubelets.remove_manifest("node-1", "web.yaml", cx)));
    cluster.run_until(Time::secs(35));
    assert_eq!(mirror(&cluster), None);
}

#[test]
fn a_manifest_must_be_a_pod_without_references() {
    let (mut cluster, _) = with_pod("  containers: [{name: app, image: 'nginx:1.27'}]");
    let secret = WEB.replace("containers:", "volumes: [{name: s, secret: {secretName: x}}], containers:");
    assert_eq!(put(&mut cluster, &secret), Err("static pods may not reference secrets".into()));
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
    assert!(put(&mut cluster, service).is_err_and(|words| words.starts_with("invalid pod")));
    let account = WEB.replace("containers:", "serviceAccountName: x, containers:");
    assert_eq!(put(&mut cluster, &account), Err("static pods may not reference serviceaccounts".into()));
}

/// Reasons of the events about the node, in order.
fn about_node(cluster: &Cluster) -> Vec<String> {
    let mut all: Vec<_> = cluster.api.store.list(Kind::Event).filter_map(|o| Some((o.meta.id, o.event()?))).collect();
    all.sort_by_key(|(id, _)| *id);
    let told = all.iter().filter(|(_, e)| e.about_kind == "Node" && e.component == KUBELET);
    told.map(|(_, e)| e.reason.to_string()).collect()
}

fn cordon(cluster: &mut Cluster, on: bool) {
    let id = cluster.api.store.find(Kind::Node, "", "node-1").expect("the node is there");
    cluster.api.update(id, by(), |o| o.node_mut().expect("a node").unschedulable = on);
}

#[test]
fn a_cordon_is_told_at_the_next_look_at_the_node_and_again_after_a_start() {
    let (mut cluster, _) = with_pod("  containers: [{name: app, image: 'app:1'}]");
    cluster.run_until(Time::secs(20));
    cordon(&mut cluster, true);
    assert_eq!(about_node(&cluster), ["NodeReady"], "nobody has looked yet");
    cluster.run_until(Time::secs(31));
    assert_eq!(about_node(&cluster), ["NodeReady", "NodeNotSchedulable"]);
    // What comes and goes between two looks is not told.
    let look = cluster.kubelet.kubelets["node-1"].until_sync(Time::secs(31));
    cluster.run_until(Time::secs(31) + look + Span::secs(1));
    cordon(&mut cluster, false);
    cluster.run_until(Time::secs(31) + look + Span::secs(3));
    cordon(&mut cluster, true);
    cluster.run_until(Time::secs(60));
    assert_eq!(about_node(&cluster), ["NodeReady", "NodeNotSchedulable"]);
    // A kubelet that was started anew has told nothing yet.
    cluster.kubelet(|kubelets, cx| kubelets.fail_node("node-1", Outage::Silent, cx));
    cluster.run_until(Time::secs(65));
    cluster.kubelet(|kubelets, cx| kubelets.recover_node("node-1", cx));
    cluster.run_until(Time::secs(70));
    let told = about_node(&cluster);
    assert_eq!(told.iter().filter(|reason| *reason == "NodeAllocatableEnforced").count(), 1, "{told:?}");
    let twice =
        cluster.api.store.list(Kind::Event).filter_map(|o| o.event()).find(|e| e.reason == "NodeNotSchedulable");
    assert_eq!(twice.map(|e| e.count), Some(2), "{told:?}");
    cordon(&mut cluster, false);
    cluster.run_until(Time::secs(80));
    assert_eq!(about_node(&cluster).last().map(String::as_str), Some("NodeSchedulable"));
}

#[test]
fn a_machine_that_goes_down_in_order_ends_its_pods_first() {
    let spec = "  terminationGracePeriodSeconds: 60\n  containers:\n  - {name: app, image: 'app:1', env: [{name: TERM_DELAY, value: '3'}, {name: TERM_CODE, value: '7'}]}";
    let (mut cluster, id) = with_pod(spec);
    let told =
        Settings { shutdown_grace: Span::secs(20), shutdown_grace_critical: Span::secs(6), ..Settings::default() };
    cluster.kubelet.settings = Rc::new(told);
    cluster.run_until(Time::secs(10));
    assert!(cluster.kubelet(|kubelets, cx| kubelets.shut_down("node-1", true, cx)));
    cluster.run_until(Time::secs(12));
    let ready = |c: &Cluster| c.api.store.list(Kind::Node).next().and_then(|o| o.node().map(|n| n.ready()));
    assert_eq!((ready(&cluster), cluster.kubelet.node_up("node-1")), (Some(Tri::False), Some(true)));
    cluster.run_until(Time::secs(16));
    let status = pod(&cluster, id).status;
    assert_eq!((status.phase, &*status.reason), (Phase::Failed, "Terminated"));
    assert!(status.conditions.iter().any(|c| c.kind == "DisruptionTarget" && c.reason == "TerminationByKubelet"));
    // Nobody else has to be waited for.
    assert_eq!(cluster.kubelet.node_up("node-1"), Some(false));
}

#[test]
fn a_pod_that_ends_well_in_a_shutdown_has_succeeded_and_later_ones_are_refused() {
    let (mut cluster, id) = with_pod("  containers: [{name: app, image: 'app:1'}]");
    let told = Settings { shutdown_grace: Span::secs(20), ..Settings::default() };
    cluster.kubelet.settings = Rc::new(told);
    cluster.run_until(Time::secs(10));
    assert!(cluster.kubelet(|kubelets, cx| kubelets.shut_down("node-1", false, cx)));
    cluster.run_until(Time::secs(14));
    let status = pod(&cluster, id).status;
    assert_eq!((status.phase, &*status.reason), (Phase::Succeeded, ""));
    apply(
        &mut cluster,
        "apiVersion: v1\nkind: Pod\nmetadata: {name: late, namespace: default}\nspec: {nodeName: node-1, containers: [{name: app, image: 'app:1'}]}",
    );
    cluster.run_until(Time::secs(16));
    let late = cluster.api.store.find(Kind::Pod, "default", "late").expect("it was made");
    assert_eq!(&*pod(&cluster, late).status.reason, "NodeShutdown");
    cluster.kubelet(|kubelets, cx| kubelets.stay_up("node-1", cx));
    cluster.run_until(Time::secs(17));
    assert_eq!(cluster.api.store.list(Kind::Node).next().and_then(|o| o.node().map(|n| n.ready())), Some(Tri::True));
}

#[test]
fn the_summary_tells_of_running_containers_and_their_limits() {
    let (mut cluster, _) =
        with_pod("  containers: [{name: app, image: 'nginx:1.27', resources: {limits: {memory: 64Mi}}}]");
    cluster.run_until(Time::secs(30));
    let Answered::Text(text) = cluster.kubelet.answers("node-1", "stats/summary", &cluster.api) else {
        panic!("no answer")
    };
    let tree = json::parse(&text).expect("JSON");
    let pod = &tree.list_at(&["pods"])[0];
    assert_eq!(pod.str_at(&["podRef", "name"]), Some("p"));
    let memory = |key| pod.list_at(&["containers"])[0].int_at(&["memory", key]).unwrap_or_default();
    assert_eq!(memory("availableBytes") + memory("workingSetBytes"), 64 << 20);
    assert_eq!(cluster.kubelet.answers("node-1", "nope", &cluster.api), Answered::Unknown);
    cluster.kubelet(|k, cx| k.fail_node("node-1", Outage::Silent, cx));
    assert_eq!(cluster.kubelet.answers("node-1", "healthz", &cluster.api), Answered::Silent);
}

#[test]
fn an_init_container_waits_until_a_service_answers() {
    let spec = "  initContainers:\n  - {name: wait, image: busybox, command: [sh, -c, 'until nc -z db 5432; do echo waiting; sleep 2; done']}\n  - {name: name, image: busybox, command: [sh, -c, 'until nslookup db; do sleep 2; done']}\n  containers: [{name: app, image: 'nginx:1.27'}]";
    let (mut cluster, id) = with_pod(spec);
    cluster.run_until(Time::secs(60));
    assert_eq!(pod(&cluster, id).status.phase, Phase::Pending);
    assert_eq!(events(&cluster).iter().filter(|e| e.starts_with("Started")).count(), 1);
    apply(
        &mut cluster,
        "apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: default}\nspec: {selector: {app: db}, ports: [{port: 5432}]}",
    );
    cluster.run_until(Time::secs(90));
    assert_eq!(pod(&cluster, id).status.phase, Phase::Pending, "nobody stands behind the Service");
    apply(
        &mut cluster,
        "apiVersion: v1\nkind: Pod\nmetadata: {name: db, namespace: default, labels: {app: db}}\nspec: {nodeName: node-1, containers: [{name: db, image: postgres}]}",
    );
    cluster.run_until(Time::secs(100));
    assert_eq!(pod(&cluster, id).status.phase, Phase::Running);
}
