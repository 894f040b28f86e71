use super::*;
use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::bootstrap::{NodeSpec, from_the_start};
use crate::kubernetes::apiserver::{By, DeleteOptions, WriteOptions};
use crate::kubernetes::objects::Calendar;
use crate::kubernetes::objects::pod::{ContainerState, Phase, Pod};
use crate::sim::{Span, Time};
use crate::text::yaml;

/// A cluster of one node with every image on it, and a pod bound to it.
pub fn with_pod(spec: &str) -> (Cluster, Id) {
    let mut cluster = Cluster::new(Calendar::default(), 7);
    cluster.api.bootstrap();
    let node = NodeSpec { name: "node-1".into(), capacity: vec![("pods".into(), "110".into())], ..NodeSpec::default() };
    cluster.api.add_node(&node, By::actor("test", from_the_start()));
    Rc::make_mut(&mut cluster.kubelet.workloads).registry.preloaded.push("docker.io/*".into());
    cluster.run_until(Time::millis(50));
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: default}}\nspec:\n  nodeName: node-1\n{spec}"
    );
    apply(&mut cluster, &text);
    let id = cluster.api.store.find(Kind::Pod, "default", "p").expect("the pod was made");
    (cluster, id)
}

pub fn apply(cluster: &mut Cluster, text: &str) {
    let (documents, problems) = yaml::read("test.yaml", text);
    assert!(problems.is_empty(), "{problems:?}");
    let tree = documents[0].node.to_value();
    let made = cluster.api.create_tree(tree, By::actor("test", from_the_start()), &WriteOptions::default());
    assert!(made.is_ok(), "{made:?}");
}

pub fn pod(cluster: &Cluster, id: Id) -> Pod {
    cluster.api.store.get(id).and_then(|o| o.pod()).cloned().expect("the pod is there")
}

/// `reason xcount` of the pod's events in order.
pub fn events(cluster: &Cluster) -> Vec<String> {
    let mut all: Vec<_> = cluster.api.store.list(Kind::Event).filter_map(|o| Some((o.meta.id, o.event()?))).collect();
    all.sort_by_key(|(id, _)| *id);
    all.iter().filter(|(_, e)| e.about_kind == "Pod").map(|(_, e)| format!("{} x{}", e.reason, e.count)).collect()
}

#[test]
fn a_pod_with_its_image_runs_within_a_second() {
    let (mut cluster, id) = with_pod("  containers: [{name: app, image: 'nginx:1.27'}]");
    cluster.run_until(Time::secs(1));
    let pod = pod(&cluster, id);
    assert_eq!((pod.status.phase, pod.ready()), (Phase::Running, true));
    assert_eq!(events(&cluster), ["Pulled x1", "Created x1", "Started x1"]);
    assert!(pod.status.ip.is_some() && pod.status.containers[0].container_id.starts_with("containerd://"));
}

#[test]
fn a_crashing_container_backs_off_as_measured() {
    let (mut cluster, id) =
        with_pod("  containers: [{name: app, image: busybox, command: [sh, -c, 'sleep 5; exit 3']}]");
    let mut starts = Vec::new();
    for tick in 0..3_600 {
        cluster.run_until(Time::millis(tick * 100));
        let runs = pod(&cluster, id)
            .status
            .containers
            .first()
            .map_or(0, |c| c.restarts + u32::from(matches!(c.state, ContainerState::Running { .. })));
        if runs as usize > starts.len()
            && matches!(pod(&cluster, id).status.containers[0].state, ContainerState::Running { .. })
        {
            starts.push(tick as f64 / 10.0);
        }
    }
    let gaps: Vec<f64> = starts.windows(2).map(|w| w[1] - w[0] - 5.0).collect();
    let within = [(0.0, 2.0), (10.0, 17.0), (20.0, 32.0), (40.0, 62.0), (80.0, 100.0)];
    for (gap, (low, high)) in gaps.iter().zip(within) {
        assert!(*gap >= low && *gap <= high, "{gaps:?}");
    }
    assert!(gaps.len() >= 5, "{gaps:?}");
}

#[test]
fn a_pod_that_ends_is_succeeded_and_stays() {
    let (mut cluster, id) =
        with_pod("  restartPolicy: Never\n  containers: [{name: app, image: busybox, command: [sleep, '2']}]");
    cluster.run_until(Time::secs(8));
    let pod = pod(&cluster, id);
    assert_eq!(pod.status.phase, Phase::Succeeded);
    assert_eq!(pod.condition("Ready").map(|c| c.reason.clone()), Some("PodCompleted".into()));
}

#[test]
fn deletion_waits_for_the_grace_of_a_program_that_ignores_sigterm() {
    let (mut cluster, id) = with_pod(
        "  terminationGracePeriodSeconds: 5\n  containers: [{name: app, image: busybox, command: [sleep, '999']}]",
    );
    cluster.run_until(Time::secs(3));
    cluster.api.delete(id, By::actor("test", from_the_start()), DeleteOptions::default());
    cluster.run_until(Time::secs(8));
    assert!(cluster.api.store.get(id).is_some());
    cluster.run_until(Time::secs(10));
    assert!(cluster.api.store.get(id).is_none());
    assert_eq!(events(&cluster).last().map(String::as_str), Some("Killing x1"));
}

#[test]
fn init_containers_run_in_order() {
    let (mut cluster, id) = with_pod(
        "  initContainers:\n  - {name: one, image: busybox, command: [sleep, '2']}\n  - {name: two, image: busybox, command: [sleep, '2']}\n  containers: [{name: app, image: 'nginx:1.27'}]",
    );
    cluster.run_until(Time::secs(3));
    assert_eq!(pod(&cluster, id).status.phase, Phase::Pending);
    cluster.run_until(Time::secs(9));
    let pod = pod(&cluster, id);
    assert_eq!((pod.status.phase, pod.ready()), (Phase::Running, true));
    assert!(pod.status.init_containers.iter().all(|c| c.ready && c.restarts == 0));
}

#[test]
fn a_missing_image_alternates_between_its_two_reasons() {
    let (mut cluster, id) = with_pod("  containers: [{name: app, image: 'registry.invalid/app:1'}]");
    cluster.run_until(Time::secs(60));
    let status = pod(&cluster, id).status;
    assert!(matches!(&status.containers[0].state, ContainerState::Waiting { reason, .. } if reason.contains("mage")));
    let events = events(&cluster);
    assert_eq!(events[0].split(' ').next(), Some("Pulling"));
    assert!(events.iter().any(|e| e.starts_with("BackOff")), "{events:?}");
}

#[test]
fn a_silent_node_reports_nothing_and_a_dead_one_restarts_its_pods() {
    let (mut cluster, id) = with_pod("  containers: [{name: app, image: 'nginx:1.27'}]");
    cluster.run_until(Time::secs(2));
    cluster.kubelet(|kubelet, cx| kubelet.fail_node("node-1", Outage::PowerOff, cx));
    cluster.run_until(Time::secs(9));
    let lease = cluster.api.store.by_name(Kind::Lease, node::LEASES, "node-1").and_then(|o| o.lease()).cloned();
    assert!(lease.is_some_and(|l| l.renewing.is_none()));
    assert!(pod(&cluster, id).ready());
    cluster.kubelet(|kubelet, cx| kubelet.recover_node("node-1", cx));
    cluster.run_until(Time::secs(14));
    let status = pod(&cluster, id).status;
    assert_eq!((status.containers[0].restarts, status.phase), (1, Phase::Running));
}

#[test]
fn a_killed_container_is_started_again_at_once() {
    let (mut cluster, id) = with_pod("  containers: [{name: app, image: 'nginx:1.27'}]");
    cluster.run_until(Time::secs(2));
    assert!(cluster.kubelet(|kubelet, cx| kubelet.kill_container(id, "app", 137, cx)));
    cluster.run_until(Time::secs(5));
    let status = pod(&cluster, id).status;
    assert_eq!(status.containers[0].restarts, 1);
    assert!(matches!(status.containers[0].last, ContainerState::Terminated { exit: 137, .. }));
    assert_eq!(Span::secs(1), node::TICK);
}

/// Moments (in tenths of a second) at which a condition of the pod changes, and what it becomes.
fn flips(cluster: &mut Cluster, id: Id, until: u64) -> Vec<(u64, bool)> {
    let mut all = Vec::new();
    for tick in 0..until * 10 {
        cluster.run_until(Time::millis(tick * 100));
        let ready = cluster.api.store.get(id).and_then(|o| o.pod()).is_some_and(Pod::ready);
        if all.last().map_or(ready, |(_, last)| *last != ready) {
            all.push((tick, ready));
        }
    }
    all
}

#[test]
fn readiness_is_probed_at_once_and_then_each_period() {
    let probe = "readinessProbe: {httpGet: {path: /ready, port: 80}, periodSeconds: 5, failureThreshold: 1}";
    let env = "env: [{name: START_DELAY, value: '2'}, {name: UNHEALTHY_AFTER, value: '12'}, {name: RECOVER_AFTER, value: '22'}]";
    let (mut cluster, id) = with_pod(&format!("  containers: [{{name: app, image: 'app:1', {env}, {probe}}}]"));
    let flips = flips(&mut cluster, id, 40);
    let seconds: Vec<(u64, bool)> = flips.iter().map(|(t, ready)| (t / 10, *ready)).collect();
    // Started at about 0.6 s, so the probes come at 0.6, 5.6, 10.6, 15.6 and, after the flip, each 5 s from there.
    assert_eq!(seconds, [(5, true), (15, false), (25, true)]);
}

#[test]
fn a_failing_liveness_probe_restarts_twice_without_a_pause() {
    let probe = "livenessProbe: {tcpSocket: {port: 81}, periodSeconds: 2, failureThreshold: 3}";
    let (mut cluster, id) = with_pod(&format!(
        "  terminationGracePeriodSeconds: 3\n  containers: [{{name: app, image: 'app:1', {probe}}}]"
    ));
    let mut restarts = Vec::new();
    for tick in 0..400 {
        cluster.run_until(Time::millis(tick * 100));
        let now = pod(&cluster, id).status.containers.first().map_or(0, |c| c.restarts);
        if now as usize > restarts.len() {
            restarts.push(tick / 10);
        }
    }
    // Recorded: 7, 12 and, after a back-off of 10 s, 29 s after the first start.
    assert_eq!(restarts.len(), 3, "{restarts:?}");
    assert!(restarts[1] - restarts[0] < 8 && restarts[2] - restarts[1] > 13, "{restarts:?}");
}

#[test]
fn a_startup_probe_holds_the_others_back() {
    let probes = "startupProbe: {tcpSocket: {port: 80}, periodSeconds: 3}, readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 3}";
    let (mut cluster, id) = with_pod(&format!("  containers: [{{name: app, image: 'app:1', {probes}}}]"));
    assert_eq!(flips(&mut cluster, id, 12).iter().map(|(t, r)| (t / 10, *r)).collect::<Vec<_>>(), [(3, true)]);
}

#[test]
fn a_rule_lets_all_containers_begin_anew_without_a_pause() {
    let (mut cluster, id) = with_pod(
        "  restartPolicy: Never\n  initContainers: [{name: i, image: busybox, command: [sh, -c, 'exit 0']}]\n  containers:\n  - {name: a, image: 'app:1'}\n  - name: b\n    image: busybox\n    command: [sh, -c, 'sleep 5; exit 42']\n    restartPolicy: Never\n    restartPolicyRules: [{action: RestartAllContainers, exitCodes: {operator: In, values: [42]}}]",
    );
    cluster.run_until(Time::secs(30));
    let status = pod(&cluster, id).status;
    let counts: Vec<u32> = status.init_containers.iter().chain(&status.containers).map(|c| c.restarts).collect();
    assert!(counts[0] >= 3 && counts.iter().all(|c| *c == counts[0]), "{counts:?}");
    assert_eq!(status.phase, Phase::Running);
    assert!(pod(&cluster, id).condition("AllContainersRestarting").is_some());
    assert!(!events(&cluster).iter().any(|e| e.starts_with("BackOff")));
}

#[test]
fn a_log_holds_what_the_program_says_and_hears() {
    let (mut cluster, id) = with_pod(
        "  containers: [{name: app, image: 'app:1', readinessProbe: {httpGet: {path: /ready, port: 80}, periodSeconds: 2}}]",
    );
    cluster.run_until(Time::secs(10));
    let now = cluster.now();
    let log = cluster.kubelet.log(id, "app", false, now).unwrap_or_default();
    assert!(log[0].1.starts_with("start serve") && log.windows(2).all(|w| w[0].0 <= w[1].0));
    let asked = log.iter().filter(|(_, line)| **line == *"probe /ready").count();
    assert!((4..=6).contains(&asked), "{asked}");
}

#[test]
fn a_resize_is_granted_and_told() {
    let (mut cluster, id) =
        with_pod("  containers: [{name: app, image: 'nginx:1.27', resources: {requests: {cpu: 100m}}}]");
    cluster.run_until(Time::secs(3));
    let object = cluster.api.store.get(id).cloned().expect("the pod is there");
    let mut tree = cluster.api.tree(&object);
    let mut containers = tree.list_at(&["spec", "containers"]).to_vec();
    containers[0].set_at(&["resources", "requests", "cpu"], "200m");
    tree.set_at(&["spec", "containers"], containers);
    let done = cluster.api.resize_pod(id, &tree, By::actor("test", from_the_start()), &WriteOptions::default());
    assert!(done.is_ok_and(|w| w.changed));
    cluster.run_until(Time::secs(6));
    assert_eq!(events(&cluster)[3..], ["ResizeStarted x1", "ResizeCompleted x1"]);
    let object = cluster.api.store.get(id).cloned().expect("the pod is there");
    let status = cluster.api.tree(&object);
    let told = status.list_at(&["status", "containerStatuses"])[0].clone();
    assert_eq!(told.str_at(&["allocatedResources", "cpu"]), Some("200m"));
    assert_eq!(told.str_at(&["resources", "requests", "cpu"]), Some("200m"));
}

#[test]
fn a_changed_config_map_is_seen_at_the_next_regular_look() {
    let map = |text: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: default}}\ndata: {{k: {text}}}")
    };
    let (mut cluster, id) = with_pod(
        "  volumes: [{name: v, configMap: {name: c}}]\n  containers:\n  - name: app\n    image: busybox\n    command: [sh, -c, 'while :; do echo $(cat /v/k) $K; sleep 5; done']\n    volumeMounts: [{name: v, mountPath: /v}]\n    env: [{name: K, valueFrom: {configMapKeyRef: {name: c, key: k}}}]",
    );
    apply(&mut cluster, &map("one"));
    cluster.run_until(Time::secs(10));
    let object = cluster.api.store.by_name(Kind::ConfigMap, "default", "c").cloned().expect("the map is there");
    let mut tree = cluster.api.tree(&object);
    tree.set_at(&["data", "k"], "two");
    let done =
        cluster.api.update_tree(object.meta.id, tree, By::actor("test", from_the_start()), &WriteOptions::default());
    assert!(done.is_ok());
    cluster.run_until(Time::secs(55));
    let now = cluster.now();
    let said = |cluster: &Cluster, now| cluster.kubelet.log(id, "app", false, now).unwrap_or_default();
    assert!(said(&cluster, now).iter().all(|(_, line)| **line == *"one one"));
    cluster.run_until(Time::secs(100));
    let now = cluster.now();
    assert_eq!(said(&cluster, now).last().map(|(_, line)| line.to_string()), Some("two one".to_string()));
}

#[test]
fn two_servers_of_a_pod_cannot_have_one_port() {
    let (mut cluster, id) = with_pod("  containers: [{name: a, image: 'app:1'}, {name: b, image: 'app:1'}]");
    cluster.run_until(Time::secs(4));
    let status = pod(&cluster, id).status;
    let ends: Vec<u32> = status.containers.iter().map(|c| c.restarts).collect();
    assert!(ends[0] == 0 && ends[1] > 0, "{ends:?}");
}

/// How often a server that takes `slow` seconds was probed in its first half minute.
fn probed(probe: &str, slow: u32) -> usize {
    let (mut cluster, id) = with_pod(&format!(
        "  containers: [{{name: app, image: 'app:1', env: [{{name: HEALTH_SLOW, value: '{slow}'}}], {probe}}}]"
    ));
    cluster.run_until(Time::secs(31));
    let now = cluster.now();
    let log = cluster.kubelet.log(id, "app", false, now).unwrap_or_default();
    log.iter().filter(|(_, line)| line.contains("probe /healthz")).count()
}

#[test]
fn a_slow_probe_asks_again_as_soon_as_it_was_answered() {
    let of = |period: u32, timeout: u32| {
        format!(
            "readinessProbe: {{httpGet: {{path: /healthz, port: 80}}, periodSeconds: {period}, timeoutSeconds: {timeout}}}"
        )
    };
    // An answer takes longer than the period, which is what then counts, whether the pod is ready or not.
    assert!((10..=11).contains(&probed(&of(2, 4), 3)), "{}", probed(&of(2, 4), 3));
    assert!((28..=31).contains(&probed(&of(1, 1), 3)), "{}", probed(&of(1, 1), 3));
    // One that takes less is asked at its ticks.
    assert!((6..=8).contains(&probed(&of(5, 4), 3)), "{}", probed(&of(5, 4), 3));
}

#[test]
fn a_refused_pod_keeps_no_condition_and_gets_a_start() {
    let (mut cluster, id) =
        with_pod("  containers: [{name: a, image: 'app:1', ports: [{containerPort: 80, hostPort: 80}]}]");
    apply(
        &mut cluster,
        "apiVersion: v1\nkind: Pod\nmetadata: {name: q, namespace: default}\nspec:\n  nodeName: node-1\n  containers: [{name: a, image: 'app:1', ports: [{containerPort: 80, hostPort: 80}]}]",
    );
    cluster.run_until(Time::secs(2));
    assert_eq!(pod(&cluster, id).status.phase, Phase::Running);
    let other = cluster.api.store.find(Kind::Pod, "default", "q").expect("the pod was made");
    let status = pod(&cluster, other).status;
    assert_eq!((status.phase, &*status.reason, status.conditions.len()), (Phase::Failed, "NodePorts", 0));
    assert_eq!(status.start_time, Some(Time::ZERO));
}
