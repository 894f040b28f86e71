//! Faults act by what they do to machines, processes and wires; the cluster finds out by itself.

use super::*;
use crate::console::Console;
use crate::kubernetes::objects::Kind;
use crate::scenario::{Scenario, TextFile};
use crate::world::World;

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: app
        image: nginx:1.27
        readinessProbe: {httpGet: {port: 80}, periodSeconds: 1}
        livenessProbe: {httpGet: {port: 80, path: /healthz}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
";

struct Stage {
    world: World,
    console: Console,
}

impl Stage {
    fn new() -> Self {
        let file = TextFile { name: "web.yaml".into(), text: WEB.into() };
        let world = Scenario::read(std::slice::from_ref(&file), 1).0.world();
        let mut stage = Stage { world, console: Console::default() };
        stage.console.apply_files(&mut stage.world.cluster, &[file]);
        stage.play(20);
        stage
    }
    fn play(&mut self, seconds: u64) {
        let end = self.world.now() + Span::secs(seconds);
        self.world.run_until(end);
    }
    fn order(&mut self, line: &str) -> u32 {
        match read_line(line) {
            Some(Ok(Order::Break(fault))) => self.world.order(&fault, "you").expect(line),
            other => panic!("{line}: {other:?}"),
        }
    }
    fn kubectl(&mut self, line: &str) -> String {
        let output = self.console.run(&mut self.world.cluster, &|_| None, line);
        output.stdout + &output.stderr
    }
    fn restarts(&self) -> Vec<u32> {
        let pods = self.world.cluster.api.store.list(Kind::Pod);
        pods.filter_map(|p| Some(p.pod()?.status.containers.first()?.restarts)).collect()
    }
    fn ready(&self) -> usize {
        self.world.cluster.api.store.list(Kind::Pod).filter(|p| p.pod().is_some_and(|p| p.ready())).count()
    }
    fn nodes_ready(&self) -> usize {
        let nodes = self.world.cluster.api.store.list(Kind::Node);
        nodes.filter(|n| n.node().is_some_and(|n| n.ready() == crate::kubernetes::objects::Tri::True)).count()
    }
}

#[test]
fn readiness_takes_a_pod_out_and_liveness_restarts_it() {
    let mut stage = Stage::new();
    assert_eq!((stage.ready(), stage.restarts()), (3, vec![0, 0, 0]));
    let number = stage.order("fault fail-readiness pods app=web pick 1 for 30s");
    stage.play(10);
    assert_eq!((stage.ready(), stage.restarts()), (2, vec![0, 0, 0]));
    assert_eq!(stage.world.faults.active().map(|e| e.number).collect::<Vec<_>>(), [number]);
    stage.play(25);
    assert_eq!((stage.ready(), stage.world.faults.active().count()), (3, 0));
    stage.order("fault fail-liveness deployment/web pick 1");
    stage.play(40);
    assert_eq!((stage.ready(), stage.restarts().iter().sum::<u32>()), (3, 1));
}

#[test]
fn a_hanging_program_is_found_by_its_probe_and_killed_after_its_grace() {
    let mut stage = Stage::new();
    stage.order("fault hang service/web pick 1");
    stage.play(10);
    assert_eq!(stage.restarts().iter().sum::<u32>(), 0);
    stage.play(60);
    assert_eq!((stage.ready(), stage.restarts().iter().sum::<u32>()), (3, 1));
}

#[test]
fn a_partitioned_node_goes_on_unheard_and_catches_up() {
    let mut stage = Stage::new();
    stage.order("fault node-partition node/node-a for 2m");
    stage.play(10);
    // Its containers are killed and started again, and nobody hears of it.
    stage.order("fault kill pods app=web");
    stage.play(80);
    assert_eq!(stage.nodes_ready(), 2);
    assert_eq!(stage.restarts().iter().sum::<u32>(), 2);
    stage.play(60);
    assert_eq!((stage.nodes_ready(), stage.ready()), (3, 3));
    assert_eq!(stage.restarts(), [1, 1, 1]);
}

#[test]
fn without_the_api_server_containers_go_on_and_nobody_writes() {
    let mut stage = Stage::new();
    stage.order("fault api-down for 1m");
    let before = stage.world.cluster.api.store.version();
    assert_eq!(
        stage.kubectl("kubectl get pods"),
        "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?\n"
    );
    stage.order("fault crash pods app=web pick 1");
    stage.play(50);
    assert_eq!(stage.world.cluster.api.store.version(), before);
    stage.play(60);
    assert_eq!((stage.nodes_ready(), stage.ready(), stage.restarts().iter().sum::<u32>()), (3, 3, 1));
}

#[test]
fn pods_wait_for_a_stopped_scheduler_and_say_so() {
    let mut stage = Stage::new();
    let number = stage.order("fault scheduler-stopped");
    stage.kubectl("kubectl scale deployment web --replicas=4");
    stage.play(30);
    assert_eq!(stage.ready(), 3);
    let api = &stage.world.cluster.api;
    let waiting = api.store.list(Kind::Pod).find(|p| p.pod().is_some_and(|p| p.node.is_none())).expect("a pod waits");
    let chain = api.journal.chain(api.newest_about(waiting.meta.id).expect("noted"));
    let last = chain.last().and_then(|id| api.journal.get(*id)).expect("a chain");
    assert_eq!(last.why.reason.key, "fault.scheduler_stopped");
    stage.world.end_fault(number);
    stage.play(10);
    assert_eq!(stage.ready(), 4);
}

/// Why the pods that a node gave up had to go.
fn evicted(stage: &Stage) -> Vec<String> {
    let pods = stage.world.cluster.api.store.list(Kind::Pod).filter_map(|p| p.pod());
    // Programs that end well on SIGTERM leave pods that succeeded: only the condition tells why they had to go.
    pods.filter_map(|p| p.status.conditions.iter().find(|c| c.kind == "DisruptionTarget"))
        .map(|c| c.message.to_string())
        .collect()
}

#[test]
fn a_machine_short_of_memory_gives_up_one_pod_and_takes_no_other_for_five_minutes() {
    let mut stage = Stage::new();
    stage.order("fault memory-pressure node/node-a for 30s");
    stage.play(60);
    let gone = evicted(&stage);
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert!(gone[0].starts_with(
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container app was using "
    ));
    let taints = |stage: &Stage| {
        let node = stage.world.cluster.api.store.by_name(Kind::Node, "", "node-a").cloned();
        node.map_or(0, |n| n.node().map_or(0, |n| n.taints.len()))
    };
    assert_eq!((stage.ready(), taints(&stage)), (3, 1));
    stage.play(330);
    assert_eq!(taints(&stage), 0);
}

#[test]
fn a_full_disk_drives_out_one_pod_after_the_other() {
    let mut stage = Stage::new();
    stage.kubectl("kubectl cordon node-b");
    stage.kubectl("kubectl cordon node-c");
    stage.kubectl("kubectl scale deployment web --replicas=6");
    stage.play(10);
    stage.order("fault disk-pressure node/node-a");
    stage.play(100);
    let gone = evicted(&stage);
    assert_eq!(gone.len(), 4, "{gone:?}");
    assert!(gone[0].contains("was using 36Ki, request is 0, has larger consumption of ephemeral-storage. "));
}

#[test]
fn a_stopped_controller_leaves_things_as_they_are() {
    let mut stage = Stage::new();
    stage.order("fault controller-stopped controller/replicaset-controller for 1m");
    stage.kubectl("kubectl delete pod --all --wait=false");
    stage.play(50);
    assert_eq!(stage.ready(), 0);
    stage.play(20);
    assert_eq!(stage.ready(), 3);
}

#[test]
fn a_zone_goes_and_comes_back_with_new_restart_counts() {
    let mut stage = Stage::new();
    stage.order("fault zone-outage zone/zone-a for 70s");
    stage.play(60);
    assert_eq!(stage.nodes_ready(), 2);
    stage.play(60);
    assert_eq!((stage.nodes_ready(), stage.ready(), stage.restarts().iter().sum::<u32>()), (3, 3, 1));
}

#[test]
fn without_a_registry_a_new_image_does_not_come() {
    let mut stage = Stage::new();
    stage.order("fault registry-down for 30s");
    stage.kubectl("kubectl set image deployment/web app=nginx:1.28");
    stage.play(20);
    let updated = |stage: &Stage| {
        let web = stage.world.cluster.api.store.by_name(Kind::Deployment, "default", "web").cloned();
        web.and_then(|w| w.deployment().map(|d| (d.status.updated, d.status.available))).expect("web")
    };
    assert_eq!(updated(&stage), (1, 3));
    stage.play(200);
    assert_eq!(updated(&stage), (3, 3));
}

#[test]
fn rhythm_and_chaos_come_as_often_as_they_should() {
    let mut stage = Stage::new();
    let number = stage.order("fault crash pods app=web pick 1 every 10s times 3");
    stage.play(60);
    let plan = stage.world.faults.plans().find(|p| p.number == number).expect("a plan");
    assert_eq!((plan.came, plan.ended.is_some()), (3, true));
    stage.order("chaos kill,fail-readiness on pods app=web rate 6/m for 5s during 20m");
    stage.play(1_230);
    let came = stage.world.faults.plans().last().expect("a plan").came;
    // Poisson with mean 120: outside of this once in some ten thousand seeds.
    assert!((78..165).contains(&came), "{came}");
    assert!(stage.world.faults.past().len() > 70);
}

#[test]
fn what_is_not_understood_is_said() {
    for (line, part) in [
        ("fault melt node/node-a", "is no fault"),
        ("fault kill node/node-a", "kill: pod/NAME"),
        ("fault kill pod/web for ever", "for: a time"),
        ("chaos kill on pods app=web", "rate"),
        ("fault kill what/web", "is no place"),
        ("heal melt", "is no fault"),
        ("fault controller-stopped controller/nope", "replicaset-controller"),
    ] {
        match read_line(line) {
            Some(Err(words)) => assert!(words.contains(part), "{line}: {words}"),
            other => panic!("{line}: {other:?}"),
        }
    }
    assert!(read_line("kubectl get pods").is_none());
}

#[test]
fn few_of_very_many_are_drawn_in_their_order() {
    // As drawn one after the other out of the whole list.
    let slow = |world: &mut World, all: &mut Vec<u32>, pick: u32| {
        while all.len() > pick as usize {
            let at = world.chance().below(all.len() as u64) as usize;
            all.remove(at);
        }
    };
    for (count, pick) in [(3, 1), (3, 5), (2_000, 1), (2_000, 1_400)] {
        let (mut one, mut other) = (Stage::new().world, Stage::new().world);
        let (mut quick, mut plain): (Vec<u32>, Vec<u32>) = ((0..count).collect(), (0..count).collect());
        one.draw(&mut quick, pick);
        slow(&mut other, &mut plain, pick);
        assert_eq!((quick.len(), &quick), (pick.min(count) as usize, &plain));
    }
}
