use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::bootstrap::{NodeSpec, from_the_start};
use crate::kubernetes::apiserver::{By, DeleteOptions, WriteOptions};
use crate::kubernetes::objects::pod::Phase;
use crate::kubernetes::objects::{Calendar, Id, Kind};
use crate::sim::Time;
use crate::text::yaml;

fn with_pod(annotations: &str) -> (Cluster, Id) {
    let mut cluster = Cluster::new(Calendar::default(), 7);
    cluster.api.bootstrap();
    let annotation = ("oracle.kwok/group".to_string(), "a".to_string());
    let node = NodeSpec { name: "node-1".into(), annotations: vec![annotation], ..NodeSpec::default() };
    cluster.api.add_node(&node, By::actor("test", from_the_start()));
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: default, annotations: {{{annotations}}}}}\nspec: {{nodeName: node-1, containers: [{{name: app, image: app}}]}}"
    );
    cluster.settle();
    {
        let text = &pod;
        let (documents, _) = yaml::read("test.yaml", text);
        let made = cluster.api.create_tree(
            documents[0].node.to_value(),
            By::actor("test", from_the_start()),
            &WriteOptions::default(),
        );
        assert!(made.is_ok(), "{made:?}");
    }
    let id = cluster.api.store.find(Kind::Pod, "default", "p").expect("the pod was made");
    (cluster, id)
}

fn phase(cluster: &Cluster, id: Id) -> Option<(Phase, bool)> {
    cluster.api.store.get(id).and_then(|o| o.pod()).map(|p| (p.status.phase, p.ready()))
}

#[test]
fn stages_follow_their_delays() {
    let (mut cluster, id) = with_pod("");
    cluster.run_until(Time::millis(900));
    assert_eq!(phase(&cluster, id), Some((Phase::Pending, false)));
    cluster.run_until(Time::millis(1_200));
    assert_eq!(phase(&cluster, id), Some((Phase::Running, true)));
    cluster.api.delete(id, By::actor("test", from_the_start()), DeleteOptions::default());
    cluster.run_until(Time::millis(2_000));
    assert!(phase(&cluster, id).is_some());
    cluster.run_until(Time::millis(2_400));
    assert_eq!(phase(&cluster, id), None);
}

#[test]
fn annotations_steer_a_pod() {
    let (mut cluster, id) = with_pod(
        "oracle.kwok/ready-after: 3s, oracle.kwok/completes: 'true', oracle.kwok/exit: fail, oracle.kwok/run-for: 2s",
    );
    cluster.run_until(Time::millis(2_900));
    assert_eq!(phase(&cluster, id), Some((Phase::Pending, false)));
    cluster.run_until(Time::millis(3_500));
    assert_eq!(phase(&cluster, id), Some((Phase::Running, true)));
    cluster.run_until(Time::millis(5_500));
    assert_eq!(phase(&cluster, id), Some((Phase::Failed, false)));
}

#[test]
fn a_failed_group_is_silent_until_it_comes_back() {
    let (mut cluster, id) = with_pod("");
    cluster.run_until(Time::millis(500));
    cluster.kwok(|kwok, cx| kwok.fail("a", cx));
    cluster.run_until(Time::secs(20));
    assert_eq!(phase(&cluster, id), Some((Phase::Pending, false)));
    cluster.kwok(|kwok, cx| kwok.recover("a", cx));
    cluster.run_until(Time::millis(20_100));
    assert_eq!(phase(&cluster, id), Some((Phase::Running, true)));
}
