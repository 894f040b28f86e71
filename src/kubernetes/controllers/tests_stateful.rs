//! Promises of StatefulSets.

use super::tests::Stage;
use crate::kubernetes::objects::Kind;
use crate::sim::Span;

fn set(replicas: u32, image: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db}}\nspec:\n  replicas: {replicas}\n  serviceName: db\n  {more}\n  \
         selector: {{matchLabels: {{a: b}}}}\n  template:\n    metadata: {{labels: {{a: b}}}}\n    \
         spec: {{containers: [{{name: c, image: {image}}}]}}\n"
    )
}

fn pods(stage: &Stage) -> Vec<String> {
    let pods = stage.cluster.api.store.list(Kind::Pod);
    let shown = pods.filter_map(|o| Some(format!("{} {}", o.meta.name, o.pod()?.spec.containers[0].image)));
    let mut all: Vec<String> = shown.collect();
    all.sort();
    all
}

#[test]
fn a_partition_counts_from_the_first_number() {
    let mut stage = Stage::new();
    let more = "ordinals: {start: 10}\n  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}";
    stage.apply(&set(3, "old", more));
    stage.play(Span::secs(10));
    assert_eq!(pods(&stage), ["db-10 old", "db-11 old", "db-12 old"]);
    stage.apply(&set(3, "new", more));
    stage.play(Span::secs(10));
    assert_eq!(pods(&stage), ["db-10 old", "db-11 old", "db-12 new"]);
    let lost = stage.cluster.api.store.find(Kind::Pod, "default", "db-11").expect("a pod");
    stage.cluster.api.remove(lost, super::tests::you());
    stage.play(Span::secs(5));
    assert_eq!(pods(&stage), ["db-10 old", "db-11 old", "db-12 new"]);
}

#[test]
fn a_wish_beyond_all_bounds_goes_on_one_by_one() {
    let mut stage = Stage::new();
    stage.apply(&set(2_000_000_000, "i", "podManagementPolicy: OrderedReady"));
    stage.play(Span::secs(5));
    let made = pods(&stage);
    assert!(made.len() > 2 && made.len() < 7, "{made:?}");
}

#[test]
fn a_parallel_set_is_made_in_parts_and_whole() {
    let mut stage = Stage::new();
    stage.apply(&set(600, "i", "podManagementPolicy: Parallel"));
    stage.wait(Span::secs(5));
    assert_eq!(pods(&stage).len(), 600);
}
