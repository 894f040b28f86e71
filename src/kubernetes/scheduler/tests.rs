//! The scheduler in a cluster without controllers or kubelets.

use super::queue::Place;
use crate::journal::Why;
use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::{By, DeleteOptions};
use crate::kubernetes::objects::{Calendar, Id, Kind, Meta, Object, read_body};
use crate::sim::Time;
use crate::text::{Value, json};
use std::rc::Rc;

crate::reasons! { "test":
    /// A test did it.
    did(),
}

fn by() -> By {
    assert_eq!(REASONS.len(), 1);
    let why: Why = did();
    By::actor("you", why)
}

fn add(cluster: &mut Cluster, kind: Kind, namespace: &str, name: &str, body: &str) -> Id {
    let tree: Value = json::parse(body).expect("a tree");
    let mut meta = Meta::named(namespace, name);
    for (key, value) in tree.at(&["metadata", "labels"]).and_then(Value::as_map).into_iter().flat_map(|m| m.iter()) {
        meta.labels.set(key.clone(), value.as_str().unwrap_or_default());
    }
    let body = read_body(kind, &tree, &cluster.api.calendar.clone());
    let made = cluster.api.create(Object { kind, meta, body }, by()).expect("a free name").meta.id;
    cluster.settle();
    made
}

fn node(cluster: &mut Cluster, name: &str, cpu: u32) -> Id {
    let body = format!(r#"{{"status":{{"allocatable":{{"cpu":"{cpu}","memory":"8Gi","pods":"110"}}}}}}"#);
    add(cluster, Kind::Node, "", name, &body)
}

fn pod(cluster: &mut Cluster, name: &str, cpu: &str, priority: i32) -> Id {
    let body = format!(
        r#"{{"spec":{{"priority":{priority},"containers":[{{"name":"c","image":"i","resources":{{"requests":{{"cpu":"{cpu}"}}}}}}]}}}}"#
    );
    add(cluster, Kind::Pod, "default", name, &body)
}

fn cluster() -> Cluster {
    Cluster::new(Calendar::default(), 1)
}

fn node_of(cluster: &Cluster, id: Id) -> Option<Rc<str>> {
    cluster.api.store.get(id)?.pod()?.node.clone()
}

fn words(cluster: &Cluster, id: Id) -> String {
    let object = cluster.api.store.get(id);
    let condition = object.and_then(|o| o.pod()?.condition("PodScheduled").cloned());
    condition.map_or_else(String::new, |c| c.message.to_string())
}

#[test]
fn a_pod_goes_to_the_emptier_node_and_its_event_says_so() {
    let mut c = cluster();
    node(&mut c, "a", 2);
    node(&mut c, "b", 4);
    let id = pod(&mut c, "p", "1", 0);
    c.run_until(Time::secs(1));
    assert_eq!(node_of(&c, id).as_deref(), Some("b"));
    let events = c.api.store.list(Kind::Event).filter_map(|e| e.event());
    let ours: Vec<_> = events.filter(|e| e.component == *super::SCHEDULER).map(|e| e.message.to_string()).collect();
    assert_eq!(ours, ["Successfully assigned default/p to b"]);
    assert_eq!(c.scheduler.attempts(id).len(), 1);
}

#[test]
fn a_pod_waits_until_a_node_comes_that_fits() {
    let mut c = cluster();
    node(&mut c, "a", 1);
    let id = pod(&mut c, "p", "2", 0);
    c.run_until(Time::secs(20));
    assert_eq!(node_of(&c, id), None);
    let none = "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
    assert_eq!(words(&c, id), format!("0/1 nodes are available: 1 Insufficient cpu. {none}"));
    assert!(matches!(c.scheduler.place(id), Some(Place::Stuck(_))));
    node(&mut c, "b", 4);
    c.run_until(Time::secs(21));
    assert_eq!(node_of(&c, id).as_deref(), Some("b"));
}

#[test]
fn a_more_important_pod_makes_room_and_takes_it() {
    let mut c = cluster();
    node(&mut c, "a", 2);
    let low = pod(&mut c, "low", "2", 1);
    c.run_until(Time::secs(1));
    let high = pod(&mut c, "high", "2", 100);
    c.run_until(Time::millis(1500));
    assert!(c.api.store.get(low).is_some_and(|o| o.meta.deleting()));
    let nominated = c.api.store.get(high).and_then(|o| o.pod()?.status.nominated.clone());
    assert_eq!(nominated.as_deref(), Some("a"));
    assert!(
        words(&c, high).ends_with("preemption: found a potential placement for pod on node a, preempting 1 victims")
    );
    // The room is kept for it: another pod of lower priority does not get it.
    c.api.remove(low, by());
    let other = pod(&mut c, "other", "2", 1);
    c.run_until(Time::secs(9));
    assert_eq!((node_of(&c, high).as_deref(), node_of(&c, other)), (Some("a"), None));
}

#[test]
fn the_room_made_for_a_pod_is_taken_even_where_another_node_is_emptier() {
    let mut c = cluster();
    node(&mut c, "a", 2);
    let low = pod(&mut c, "low", "2", 1);
    c.run_until(Time::secs(1));
    let high = pod(&mut c, "high", "1", 100);
    c.run_until(Time::millis(1500));
    node(&mut c, "b", 8);
    c.api.remove(low, by());
    c.run_until(Time::secs(9));
    assert_eq!(node_of(&c, high).as_deref(), Some("a"));
}

#[test]
fn a_victim_that_is_leaving_is_not_told_again() {
    let mut c = cluster();
    node(&mut c, "a", 2);
    pod(&mut c, "low", "1", 1);
    pod(&mut c, "less", "1", 2);
    c.run_until(Time::secs(9));
    pod(&mut c, "high", "1", 100);
    c.run_until(Time::millis(9_020));
    let higher = pod(&mut c, "higher", "2", 200);
    c.run_until(Time::millis(9_035));
    assert!(words(&c, higher).ends_with("preempting 2 victims"), "{}", words(&c, higher));
    c.run_until(Time::millis(9_200));
    let events = c.api.store.list(Kind::Event).filter_map(|e| e.event());
    let mut told: Vec<_> = events.filter(|e| &*e.reason == "Preempted").map(|e| e.about_name.to_string()).collect();
    told.sort();
    assert_eq!(told, ["less", "low"]);
}

#[test]
fn alike_nodes_are_taken_as_they_stand_in_the_list() {
    let mut c = cluster();
    for name in ["d", "c", "b", "a"] {
        node(&mut c, name, 2);
    }
    let pods: Vec<Id> = (0..4).map(|n| pod(&mut c, &format!("p{n}"), "1", 0)).collect();
    c.run_until(Time::secs(1));
    let nodes: Vec<_> = pods.iter().map(|id| node_of(&c, *id).unwrap_or_default().to_string()).collect();
    assert_eq!(nodes, ["d", "c", "a", "b"]);
}

#[test]
fn a_gated_pod_waits_and_a_deleted_one_is_forgotten() {
    let mut c = cluster();
    node(&mut c, "a", 2);
    let body = r#"{"spec":{"schedulingGates":[{"name":"g"}],"containers":[{"name":"c","image":"i"}]}}"#;
    let gated = add(&mut c, Kind::Pod, "default", "gated", body);
    c.run_until(Time::secs(1));
    assert_eq!((node_of(&c, gated), c.scheduler.place(gated)), (None, Some(Place::Gated)));
    c.api.delete(gated, by(), DeleteOptions::default());
    c.run_until(Time::secs(2));
    assert_eq!(c.scheduler.waiting(), 0);
}

#[test]
fn a_change_while_the_binding_is_on_its_way_does_not_lose_the_pod() {
    let mut c = cluster();
    node(&mut c, "a", 2);
    let id = pod(&mut c, "p", "1", 0);
    // Chosen at 8 ms, bound at 9 ms.
    c.run_until(Time(8_500));
    c.api.update(id, by(), |o| o.meta.labels.set("late", "yes"));
    c.run_until(Time::secs(1));
    assert_eq!(node_of(&c, id).as_deref(), Some("a"));
}

#[test]
fn a_pod_waits_for_a_claim_that_it_names() {
    let mut c = cluster();
    node(&mut c, "a", 2);
    let body = r#"{"spec":{"containers":[{"name":"c","image":"i"}],
        "volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}]}}"#;
    let id = add(&mut c, Kind::Pod, "default", "p", body);
    c.run_until(Time::secs(1));
    let missing = "0/1 nodes are available: persistentvolumeclaim \"data\" not found. not found";
    assert_eq!(words(&c, id), missing);
    let claim = c.api.kinds.enter("v1", "PersistentVolumeClaim", true);
    add(&mut c, claim, "default", "data", "{}");
    c.run_until(Time::secs(2));
    assert_eq!(node_of(&c, id).as_deref(), Some("a"));
}

#[test]
fn where_nothing_makes_volumes_a_claim_must_be_bound() {
    let mut c = cluster();
    c.scheduler.no_volumes_come();
    node(&mut c, "a", 2);
    let claim = c.api.kinds.enter("v1", "PersistentVolumeClaim", true);
    let made = add(&mut c, claim, "default", "data", r#"{"spec":{"accessModes":["ReadWriteOnce"]}}"#);
    let body = r#"{"spec":{"containers":[{"name":"c","image":"i"}],
        "volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}]}}"#;
    let id = add(&mut c, Kind::Pod, "default", "p", body);
    c.run_until(Time::secs(1));
    let unbound = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found";
    assert_eq!(words(&c, id), unbound);
    c.api.update(made, by(), |o| {
        if let crate::kubernetes::objects::Body::Plain(tree) = &mut o.body {
            Rc::make_mut(tree).set_at(&["spec", "volumeName"], "disk");
        }
    });
    c.run_until(Time::secs(15));
    assert_eq!(node_of(&c, id).as_deref(), Some("a"));
}

#[test]
fn a_pod_goes_only_where_its_volume_can_be_reached() {
    let mut c = cluster();
    node(&mut c, "a", 2);
    let volume = c.api.kinds.enter("v1", "PersistentVolume", false);
    let claim = c.api.kinds.enter("v1", "PersistentVolumeClaim", true);
    let here = r#"{"key":"metadata.name","operator":"In","values":["b"]}"#;
    let affinity = format!(r#"{{"required":{{"nodeSelectorTerms":[{{"matchFields":[{here}]}}]}}}}"#);
    add(&mut c, volume, "", "disk", &format!(r#"{{"spec":{{"nodeAffinity":{affinity}}}}}"#));
    add(&mut c, claim, "default", "data", r#"{"spec":{"volumeName":"disk"}}"#);
    let body = r#"{"spec":{"containers":[{"name":"c","image":"i"}],
        "volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}]}}"#;
    let id = add(&mut c, Kind::Pod, "default", "p", body);
    c.run_until(Time::secs(1));
    let words_now = words(&c, id);
    assert!(words_now.contains("1 node(s) didn't match PersistentVolume's node affinity"), "{words_now}");
    node(&mut c, "b", 2);
    c.run_until(Time::secs(20));
    assert_eq!(node_of(&c, id).as_deref(), Some("b"));
}

#[test]
fn explaining_a_placed_pod_looks_as_if_it_were_not_there() {
    let mut c = cluster();
    node(&mut c, "a", 2);
    let id = pod(&mut c, "p", "2", 0);
    c.run_until(Time::secs(1));
    let (found, _) = c.scheduler.explain(&c.api, id).expect("a pod");
    assert_eq!((found.feasible.len(), found.scores.len()), (1, 6));
}
