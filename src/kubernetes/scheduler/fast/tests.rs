//! The short way chooses what the long way chooses, and neither puts on a node what it has no room for.

use super::{Cache, Placement};
use crate::kubernetes::objects::node::Node;
use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::objects::pod::PodSpec;
use crate::kubernetes::objects::{Calendar, Id, Labels};
use crate::kubernetes::scheduler::framework::{Cycle, attempt};
use crate::kubernetes::scheduler::snapshot::Snapshot;
use crate::kubernetes::scheduler::view::PodView;
use crate::sim::Chance;
use crate::text::{Value, json};
use proptest::prelude::*;
use std::rc::Rc;

/// Wishes that touch every rule the short way knows.
const WISHES: &[&str] = &[
    r#"{"containers":[{"name":"c","image":"web:1","resources":{"requests":{"cpu":"500m","memory":"256Mi"}}}]}"#,
    r#"{"containers":[{"name":"c","image":"web:1"},{"name":"d","image":"db:2"}]}"#,
    r#"{"tolerations":[{"key":"soft","operator":"Exists"}],
        "containers":[{"name":"c","image":"db:2","resources":{"requests":{"cpu":"1"}}}]}"#,
    r#"{"nodeSelector":{"disk":"ssd"},"containers":[{"name":"c","image":"i","ports":[{"containerPort":80,"hostPort":80}]}]}"#,
    r#"{"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[
          {"weight":7,"preference":{"matchExpressions":[{"key":"disk","operator":"In","values":["ssd"]}]}},
          {"weight":20,"preference":{"matchExpressions":[{"key":"topology.kubernetes.io/zone","operator":"Exists"}]}}]}},
        "containers":[{"name":"c","image":"i","resources":{"requests":{"memory":"1Gi"}}}]}"#,
    r#"{"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"topology.kubernetes.io/zone",
          "whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"a"}}}],
        "containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"250m"}}}]}"#,
    r#"{"topologySpreadConstraints":[{"maxSkew":2,"topologyKey":"kubernetes.io/hostname",
          "whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"b"}},"nodeTaintsPolicy":"Honor"},
          {"maxSkew":1,"topologyKey":"disk","whenUnsatisfiable":"ScheduleAnyway","labelSelector":{}}],
        "containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"100m","gpu/x":"1"}}}]}"#,
    r#"{"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"kubernetes.io/hostname","minDomains":3,
          "whenUnsatisfiable":"ScheduleAnyway","labelSelector":{"matchLabels":{"app":"a"}}}],
        "containers":[{"name":"c","image":"i"}]}"#,
];

fn tree(text: &str) -> Value {
    json::parse(text).expect("a tree")
}

fn node(chance: &mut Chance, at: u64) -> (Rc<str>, Labels, Node) {
    let name = format!("n{at:03}");
    let mut labels = Labels::default();
    if chance.below(9) > 0 {
        labels.set("kubernetes.io/hostname", name.as_str());
    }
    if chance.below(5) > 0 {
        labels.set("topology.kubernetes.io/zone", format!("z{}", chance.below(3)).as_str());
    }
    if chance.below(2) > 0 {
        labels.set("disk", ["ssd", "hdd"][chance.below(2) as usize]);
    }
    let taint = match chance.below(6) {
        0 => r#"[{"key":"soft","effect":"PreferNoSchedule"}]"#,
        1 => r#"[{"key":"hard","effect":"NoSchedule"}]"#,
        _ => "[]",
    };
    let images = match chance.below(3) {
        0 => r#"[{"names":["web:1"],"sizeBytes":300000000},{"names":["db:2"],"sizeBytes":900000000}]"#,
        _ => "[]",
    };
    let (cpu, gpu) = (1 + chance.below(4), chance.below(3));
    let text = format!(
        r#"{{"spec":{{"unschedulable":{},"taints":{taint}}},"status":{{"images":{images},"allocatable":
            {{"cpu":"{cpu}","memory":"{cpu}Gi","pods":"{}","gpu/x":"{gpu}"}}}}}}"#,
        chance.below(10) == 0,
        3 + chance.below(20),
    );
    (name.into(), labels, Node::read(&tree(&text), &Calendar::default()))
}

fn pod(chance: &mut Chance, id: u32, wishes: &[Rc<PodSpec>]) -> PodView {
    let mut labels = Labels::default();
    labels.set("app", ["a", "b"][chance.below(2) as usize]);
    let spec = wishes[chance.below(wishes.len() as u64) as usize].clone();
    let name = format!("p{id}").into();
    PodView { id: Id(id), namespace: "default".into(), name, labels, spec, ..PodView::default() }
}

/// The long way.
fn long_way(pod: &PodView, cluster: &Snapshot, selector: &LabelSelector, start: usize) -> Option<Placement> {
    let found = attempt(pod, &mut Cycle::new(cluster, selector), start, false);
    let taken = found.taken()?;
    Some(Placement {
        node: found.feasible[taken],
        feasible: found.feasible.len(),
        evaluated: found.evaluated,
        tied: found.best().len(),
        total: found.totals.get(taken).copied(),
    })
}

fn has_room(cluster: &Snapshot) -> bool {
    cluster.nodes().iter().all(|n| {
        let (have, used) = (&n.allocatable, &n.requested);
        let ports = n.pods.iter().flat_map(|p| p.host_ports()).count();
        used.cpu <= have.cpu
            && used.memory <= have.memory
            && used.extended("gpu/x") <= have.extended("gpu/x")
            && n.pods.len() as i64 <= have.pods
            && ports <= 1
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn both_ways_choose_alike_and_never_too_much(seed: u64, nodes in 1u64..260, pods in 1u32..160) {
        let mut chance = Chance::new(seed, 1);
        let wishes: Vec<Rc<PodSpec>> = WISHES.iter().map(|w| Rc::new(PodSpec::read(&tree(w)))).collect();
        let by_app = LabelSelector { labels: vec![("app".into(), "a".into())], expressions: Vec::new() };
        let mut cluster = Snapshot::default();
        for at in 0..nodes {
            let (name, labels, node) = node(&mut chance, at);
            cluster.set_node(&name, &labels, &node);
        }
        let (mut cache, mut start) = (Cache::default(), 0);
        for id in 0..pods {
            if chance.below(20) == 0 {
                let at = chance.below(nodes);
                let (name, labels, node) = node(&mut chance, at);
                cluster.set_node(&name, &labels, &node);
            }
            cluster.arrange();
            let pod = Rc::new(pod(&mut chance, id, &wishes));
            let selector = if pod.labels.get("app").is_some_and(|a| &**a == "a") { by_app.clone() } else { LabelSelector::default() };
            let template = cache.template(&pod, None, 0, || selector.clone());
            let short = cache.place(template, &cluster, start);
            let long = long_way(&pod, &cluster, &selector, start);
            prop_assert_eq!(short, long, "pod {} of {:?}", id, pod.spec.tree);
            let Some(placed) = short else { continue };
            start = (start + placed.evaluated) % cluster.nodes().len();
            let name = cluster.nodes()[placed.node].name.clone();
            let node_had = cluster.nodes()[placed.node].pods.len() as i64;
            prop_assert!(node_had < cluster.nodes()[placed.node].allocatable.pods);
            cluster.add_pod(&name, pod.clone());
            if chance.below(6) == 0 {
                cluster.remove_pod(&name, pod.id);
            }
        }
    }

    #[test]
    fn nodes_that_stay_as_they_are_never_get_more_than_they_have(seed: u64, nodes in 1u64..40, pods in 1u32..200) {
        let mut chance = Chance::new(seed, 2);
        let wishes: Vec<Rc<PodSpec>> = WISHES.iter().map(|w| Rc::new(PodSpec::read(&tree(w)))).collect();
        let mut cluster = Snapshot::default();
        for at in 0..nodes {
            let (name, labels, node) = node(&mut chance, at);
            cluster.set_node(&name, &labels, &node);
        }
        cluster.arrange();
        let mut cache = Cache::default();
        for id in 0..pods {
            let pod = Rc::new(pod(&mut chance, id, &wishes));
            let template = cache.template(&pod, None, 0, LabelSelector::default);
            if let Some(placed) = cache.place(template, &cluster, 0) {
                let name = cluster.nodes()[placed.node].name.clone();
                cluster.add_pod(&name, pod);
            }
        }
        prop_assert!(has_room(&cluster));
    }
}
