//! Promises of quotas: what is used equals what is there, and never exceeds what is allowed.

use super::tests::Stage;
use crate::kubernetes::apiserver::bootstrap::from_the_start;
use crate::kubernetes::apiserver::{By, DeleteOptions, WriteOptions};
use crate::kubernetes::objects::parts::Quantity;
use crate::kubernetes::objects::pod::Phase;
use crate::kubernetes::objects::{Id, Kind};
use crate::sim::Span;
use crate::text::{Value, yaml};
use proptest::prelude::*;

const QUOTA: &str = "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\n\
    spec: {hard: {pods: '4', requests.cpu: '1'}}\n";

fn you() -> By {
    By::actor("you", from_the_start())
}

fn pod(number: usize, cpu: u32) -> Value {
    let resources = format!("resources: {{requests: {{cpu: {cpu}m}}}}");
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}}}\nspec: {{containers: [{{name: c, image: i, {resources}}}]}}\n"
    );
    yaml::read("p.yaml", &text).0[0].node.to_value()
}

/// What the status of the quota says is used: pods, and thousandths of a core.
fn used(stage: &Stage, quota: Id) -> (i64, i64) {
    let object = stage.cluster.api.store.get(quota).expect("the quota");
    let tree = object.plain().expect("a plain object");
    let amount = |name: &str| Quantity::read(tree.at(&["status", "used", name]).expect("counted")).expect("a quantity");
    (amount("pods").value(), amount("requests.cpu").milli_value())
}

/// What the pods that are neither gone nor ended ask for.
fn asked(stage: &Stage) -> (i64, i64) {
    let pods = stage.cluster.api.store.list_in(Kind::Pod, "default").filter_map(|o| o.pod());
    let live: Vec<i64> = pods.filter(|p| !p.status.phase.ended()).map(|p| p.spec.requests.cpu).collect();
    (live.len() as i64, live.iter().sum())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn used_is_the_sum_of_the_pods_that_count(steps in prop::collection::vec((0u8..4, 0usize..6, 1u32..6), 1..24)) {
        let mut stage = Stage::new();
        let quota = stage.apply(QUOTA);
        stage.wait(Span::secs(1));
        let mut made: Vec<Id> = Vec::new();
        for (number, (what, which, size)) in steps.into_iter().enumerate() {
            let chosen = made.get(which).copied();
            match (what, chosen) {
                (0, Some(id)) => drop(stage.cluster.api.delete(id, you(), DeleteOptions::default())),
                (1, Some(id)) => {
                    stage.cluster.api.update_status(id, you(), |o| {
                        o.pod_mut().expect("a pod").status.phase = Phase::Succeeded;
                    });
                }
                (2, _) => stage.wait(Span::millis(100)),
                _ => {
                    let tree = pod(number, size * 100);
                    let written = stage.cluster.api.create_tree(tree, you(), &WriteOptions::default());
                    match written {
                        Ok(written) => made.push(written.object.meta.id),
                        Err(error) => prop_assert!(error.message.contains("exceeded quota: q"), "{}", error.message),
                    }
                }
            }
            stage.cluster.settle();
            let (pods, cpu) = asked(&stage);
            prop_assert!(pods <= 4 && cpu <= 1000, "{pods} pods, {cpu}m");
        }
        stage.wait(Span::secs(1));
        prop_assert_eq!(used(&stage, quota), asked(&stage));
    }
}

#[test]
fn a_container_must_name_what_a_quota_limits() {
    let mut stage = Stage::new();
    stage.apply(QUOTA);
    stage.wait(Span::secs(1));
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i}]}\n";
    let tree = yaml::read("p.yaml", text).0[0].node.to_value();
    let refused = stage.cluster.api.create_tree(tree, you(), &WriteOptions::default()).expect_err("refused");
    assert_eq!(refused.message, "pods \"p\" is forbidden: failed quota: q: must specify requests.cpu for: c");
}
