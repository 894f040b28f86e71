//! Promises of volumes and claims.

use super::tests::{Stage, you};
use crate::kubernetes::apiserver::DeleteOptions;
use crate::kubernetes::objects::Object;
use crate::sim::Span;
use std::rc::Rc;

const VOLUMES: [&str; 2] = ["small", "large"];

fn volume(name: &str, size: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: {name}}}\nspec: {{capacity: {{storage: {size}}}, \
         accessModes: [ReadWriteOnce], hostPath: {{path: /x}}}}\n"
    )
}

fn claims(stage: &Stage) -> Vec<Rc<Object>> {
    let api = &stage.cluster.api;
    let kind = api.kinds.find("v1", "PersistentVolumeClaim");
    kind.into_iter().flat_map(|kind| api.store.list_in(kind, "default")).cloned().collect()
}

fn text(object: &Object, path: &[&str]) -> String {
    object.plain().and_then(|t| t.str_at(path)).unwrap_or_default().to_string()
}

#[test]
fn a_claim_gets_the_smallest_volume_that_is_enough_and_waits_for_one() {
    let mut stage = Stage::new();
    stage.apply(&volume(VOLUMES[1], "5Gi"));
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec: {accessModes: [ReadWriteOnce], \
                 resources: {requests: {storage: 8Gi}}}\n";
    let id = stage.apply(claim);
    stage.wait(Span::secs(1));
    let phase = |stage: &Stage| text(stage.cluster.api.store.get(id).expect("the claim"), &["status", "phase"]);
    assert_eq!(phase(&stage), "Pending");
    stage.apply(&volume("larger", "20Gi"));
    stage.apply(&volume("enough", "10Gi"));
    stage.wait(Span::secs(20));
    assert_eq!(phase(&stage), "Bound");
    assert_eq!(text(&claims(&stage)[0], &["spec", "volumeName"]), "enough", "the smallest that is enough");
}

fn set(replicas: u32, policy: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db}}\nspec:\n  replicas: {replicas}\n  serviceName: db\n  \
         podManagementPolicy: Parallel\n  persistentVolumeClaimRetentionPolicy: {policy}\n  \
         selector: {{matchLabels: {{a: b}}}}\n  template:\n    metadata: {{labels: {{a: b}}}}\n    \
         spec: {{containers: [{{name: c, image: i}}]}}\n  volumeClaimTemplates:\n  - metadata: {{name: data}}\n    \
         spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}\n"
    )
}

#[test]
fn claims_stay_or_go_as_the_retention_policy_says() {
    for (policy, left) in [("{whenScaled: Retain}", 2), ("{whenScaled: Delete}", 1)] {
        let mut stage = Stage::new();
        for name in VOLUMES {
            stage.apply(&volume(name, "2Gi"));
        }
        stage.apply(&set(2, policy));
        stage.play(Span::secs(6));
        assert_eq!(claims(&stage).len(), 2);
        stage.apply(&set(1, policy));
        stage.play(Span::secs(6));
        assert_eq!(claims(&stage).len(), left, "{policy}");
    }
}

#[test]
fn a_deleted_volume_stays_while_a_claim_is_bound_to_it_and_no_longer() {
    let mut stage = Stage::new();
    let disk = stage.apply(&volume("disk", "5Gi"));
    let claim = stage.apply(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec: {accessModes: [ReadWriteOnce], \
         resources: {requests: {storage: 1Gi}}}\n",
    );
    stage.wait(Span::secs(2));
    let delete = |stage: &mut Stage, id| {
        stage.cluster.api.delete(id, you(), DeleteOptions::default());
        stage.wait(Span::secs(2));
    };
    delete(&mut stage, disk);
    let there = |stage: &Stage| stage.cluster.api.store.get(disk).is_some();
    assert!(there(&stage), "the claim is bound to it");
    delete(&mut stage, claim);
    assert!(!there(&stage), "nothing holds it any more");
}
