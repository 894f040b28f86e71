//! Whole rollouts, with a stand-in for scheduler and kubelet that makes every pod run one second after it was made.

use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::bootstrap::from_the_start;
use crate::kubernetes::apiserver::{By, DeleteOptions, WriteOptions};
use crate::kubernetes::objects::pod::Phase;
use crate::kubernetes::objects::{Calendar, Condition, Id, Kind, Object};
use crate::sim::{Span, Time};
use crate::text::yaml;
use std::rc::Rc;

pub fn you() -> By {
    By::actor("you", from_the_start())
}

/// A cluster in which a stand-in kubelet runs every pod.
pub struct Stage {
    pub cluster: Cluster,
    /// Whether pods of this image become ready.
    pub broken: Option<&'static str>,
}

impl Stage {
    pub fn new() -> Self {
        let mut cluster = Cluster::new(Calendar::default(), 7);
        cluster.api.bootstrap();
        // Until the service account of the namespace is there, pods are refused.
        cluster.run_until(Time::secs(1));
        Stage { cluster, broken: None }
    }
    pub fn apply(&mut self, text: &str) -> Id {
        let (node, problems) = yaml::read_one(text);
        assert_eq!(problems, []);
        let tree = node.expect("a document").to_value();
        let kind = self.cluster.api.kind_of(&tree);
        let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
        let id = match self.cluster.api.store.find(kind, "default", name) {
            Some(id) => {
                self.cluster.api.update_tree(id, tree, you(), &WriteOptions::default()).expect("valid");
                id
            }
            None => {
                let written = self.cluster.api.create_tree(tree, you(), &WriteOptions::default());
                written.expect("valid").object.meta.id
            }
        };
        self.cluster.settle();
        id
    }
    /// Plays on with the cluster's own kubelets.
    pub fn wait(&mut self, span: Span) {
        self.cluster.run_until(self.cluster.now() + span);
    }
    /// Plays on, in small steps, acting as the kubelet after each.
    pub fn play(&mut self, span: Span) {
        let end = self.cluster.now() + span;
        while self.cluster.now() < end {
            self.cluster.run_until(self.cluster.now() + Span::millis(100));
            let pods: Vec<Rc<Object>> = self.cluster.api.store.list(Kind::Pod).cloned().collect();
            for pod in pods {
                self.act(&pod);
            }
            self.cluster.settle();
        }
    }
    fn act(&mut self, pod: &Object) {
        let (id, now) = (pod.meta.id, self.cluster.now());
        let Some(row) = pod.pod() else { return };
        if pod.meta.deleting() {
            self.cluster.api.remove(id, you());
        } else if row.node.is_none() {
            self.cluster.api.update(id, you(), |o| o.pod_mut().expect("a pod").node = Some("node-1".into()));
        } else if row.status.phase == Phase::Pending && now.since(pod.meta.created) >= Span::secs(1) {
            let broken = row.spec.containers.iter().any(|c| Some(&*c.image) == self.broken);
            self.cluster.api.update_status(id, you(), |o| {
                let status = &mut o.pod_mut().expect("a pod").status;
                status.phase = Phase::Running;
                status.conditions.push(Condition::new("Ready", !broken, "", "", now.whole_seconds()));
            });
        }
    }
    pub fn images(&self) -> Vec<String> {
        let pods = self.cluster.api.store.list(Kind::Pod).filter_map(|o| o.pod());
        let mut images: Vec<String> = pods.map(|p| p.spec.containers[0].image.to_string()).collect();
        images.sort();
        images
    }
    pub fn conditions(&self, id: Id) -> Vec<String> {
        let object = self.cluster.api.store.get(id).expect("there");
        let list = &object.deployment().expect("a Deployment").status.conditions;
        list.iter().map(|c| format!("{}={} {}", c.kind, c.status.word(), c.reason)).collect()
    }
}

fn web(replicas: u32, image: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: default}}\nspec:\n  replicas: {replicas}\n  {more}\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    \
         spec: {{containers: [{{name: app, image: '{image}'}}]}}\n"
    )
}

#[test]
fn a_rollout_keeps_its_promises_and_ends() {
    let mut stage = Stage::new();
    let id = stage.apply(&web(4, "a:1", ""));
    stage.play(Span::secs(4));
    assert_eq!(stage.images(), ["a:1"; 4]);
    assert_eq!(
        stage.conditions(id),
        ["Available=True MinimumReplicasAvailable", "Progressing=True NewReplicaSetAvailable"]
    );
    stage.apply(&web(4, "a:2", ""));
    let (mut most, mut fewest) = (0, i32::MAX);
    for _ in 0..80 {
        stage.play(Span::millis(100));
        let status = stage.cluster.api.store.get(id).and_then(|o| o.deployment()).expect("there").status.clone();
        most = most.max(status.replicas);
        fewest = fewest.min(status.available);
    }
    assert_eq!(stage.images(), ["a:2"; 4]);
    assert_eq!((most, fewest), (5, 3), "25 % of 4 above and below");
    let sets: Vec<i32> =
        stage.cluster.api.store.list(Kind::ReplicaSet).filter_map(|o| o.replica_set()).map(|r| r.replicas).collect();
    assert_eq!(sets.iter().sum::<i32>(), 4);
    assert_eq!(sets.len(), 2);
}

#[test]
fn a_rollout_that_hangs_is_reported_and_not_undone() {
    let mut stage = Stage::new();
    stage.broken = Some("a:2");
    let id = stage.apply(&web(3, "a:1", "progressDeadlineSeconds: 20"));
    stage.play(Span::secs(4));
    stage.apply(&web(3, "a:2", "progressDeadlineSeconds: 20"));
    stage.play(Span::secs(40));
    assert_eq!(stage.images(), ["a:1", "a:1", "a:1", "a:2"]);
    assert_eq!(
        stage.conditions(id),
        ["Available=True MinimumReplicasAvailable", "Progressing=False ProgressDeadlineExceeded"]
    );
}

#[test]
fn a_lost_pod_is_replaced_and_knows_why() {
    let mut stage = Stage::new();
    stage.apply(&web(2, "a:1", "strategy: {type: Recreate}"));
    stage.play(Span::secs(4));
    let pod = stage.cluster.api.store.list(Kind::Pod).next().expect("a pod").meta.id;
    stage.cluster.api.delete(pod, you(), DeleteOptions::default());
    stage.play(Span::secs(3));
    assert_eq!(stage.images(), ["a:1"; 2]);
    let newest = stage.cluster.api.store.list(Kind::Pod).map(|o| o.meta.id).max().expect("a pod");
    let journal = &stage.cluster.api.journal;
    let made = journal.since(0).find(|(_, e)| e.object == newest.0).expect("its first entry").0;
    let chain: Vec<&str> =
        journal.chain(made).into_iter().filter_map(|e| journal.get(e)).map(|e| e.why.reason.key).collect();
    assert_eq!(chain.first(), Some(&"replicaset.too_few"));
    assert!(chain.contains(&"cluster.from_the_start"), "{chain:?}");
}

#[test]
fn a_checkpoint_plays_on_the_same() {
    let mut stage = Stage::new();
    stage.apply(&web(5, "a:1", ""));
    stage.play(Span::millis(1500));
    let mut other = Stage { cluster: stage.cluster.clone(), broken: None };
    stage.play(Span::secs(5));
    other.play(Span::secs(5));
    assert_eq!(stage.cluster.now(), Time::millis(7500));
    assert_eq!(stage.cluster.api.journal.len(), other.cluster.api.journal.len());
    let names = |s: &Stage| s.cluster.api.store.list(Kind::Pod).map(|o| o.meta.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&stage), names(&other));
}
