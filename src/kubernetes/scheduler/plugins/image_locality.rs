//! ImageLocality: nodes that have the pod's images already score more, the larger the images and the more nodes have them.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/imagelocality/image_locality.go

use crate::kubernetes::objects::pod::PodSpec;
use crate::kubernetes::scheduler::framework::{Cycle, Plugin, SCORE_MAX};
use crate::kubernetes::scheduler::snapshot::Snapshot;
use crate::kubernetes::scheduler::view::{NodeView, PodView};
use std::rc::Rc;

/// The plugin.
pub const PLUGIN: Plugin = Plugin { name: "ImageLocality", score: Some(score), ..Plugin::NONE };

/// Images that sum up to less, in bytes, do not count. Source: same file, minThreshold.
const SIZE_MIN: i64 = 23 << 20;
/// From this size a container's image counts in full, in bytes. Source: same file, maxContainerThreshold.
const SIZE_MAX: i64 = 1000 << 20;

/// Names of the images that count, init containers' too, with the tag that is meant when there is none.
pub fn images(spec: &PodSpec) -> impl Iterator<Item = Rc<str>> + '_ {
    spec.init_containers.iter().chain(&spec.containers).map(|c| normal_name(&c.image))
}

/// Source: same file, normalizedImageName.
fn normal_name(name: &Rc<str>) -> Rc<str> {
    let tagged = match (name.rfind(':'), name.rfind('/')) {
        (Some(colon), Some(slash)) => colon > slash,
        (colon, _) => colon.is_some(),
    };
    if tagged { name.clone() } else { format!("{name}:latest").into() }
}

fn score(pod: &PodView, node: &NodeView, cycle: &Cycle) -> i64 {
    if node.images.is_empty() {
        return 0;
    }
    let here = images(&pod.spec).filter(|image| node.images.iter().any(|(name, _)| name == image));
    let sum = here.map(|image| worth(&image, cycle.cluster)).sum();
    of_sum(sum, pod.spec.init_containers.len() + pod.spec.containers.len())
}

/// An image's size, scaled by the share of nodes that have it.
pub fn worth(image: &str, cluster: &Snapshot) -> i64 {
    let Some((size, nodes)) = cluster.image(image) else { return 0 };
    (size as f64 * (f64::from(nodes) / cluster.nodes().len() as f64)) as i64
}

/// The score for a sum of [`worth`]s.
pub fn of_sum(sum: i64, containers: usize) -> i64 {
    let most = SIZE_MAX * containers as i64;
    let sum = sum.clamp(SIZE_MIN, most.max(SIZE_MIN));
    if most <= SIZE_MIN { 0 } else { SCORE_MAX * (sum - SIZE_MIN) / (most - SIZE_MIN) }
}
