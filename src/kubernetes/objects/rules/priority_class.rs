//! PriorityClass: which pods go first.

use super::view::Fill;
use super::{NONE, Rules};

/// The rules of priority classes.
pub const RULES: Rules = Rules {
    kind: "scheduling.k8s.io/v1 PriorityClass",
    simulated: &["value", "globalDefault", "preemptionPolicy"],
    defaults: |class| class.fill("preemptionPolicy", "PreemptLowerPriority"),
    strategy: super::first_generation,
    ..NONE
};
