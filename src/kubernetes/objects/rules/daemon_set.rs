//! DaemonSet: one pod on each node that fits.
//! Source: kubernetes v1.37 pkg/apis/apps/v1/{defaults,conversion}.go; pkg/registry/apps/daemonset/strategy.go.

use super::view::{Fill, View};
use super::{NONE, Rules, pod};
use crate::text::Value;

const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// The rules of daemon sets.
pub const RULES: Rules = Rules { kind: "apps/v1 DaemonSet", simulated: &["spec.*"], defaults, strategy, ..NONE };

fn defaults(set: &mut Value) {
    let spec = set.make("spec");
    pod::template(spec.make("template"));
    let strategy = spec.make("updateStrategy");
    strategy.fill_zero("type", "RollingUpdate");
    if strategy.text("type") == "RollingUpdate" {
        let rolling = strategy.make("rollingUpdate");
        rolling.fill("maxUnavailable", 1i64);
        rolling.fill("maxSurge", 0i64);
    }
    spec.fill("revisionHistoryLimit", 10i64);
}

fn strategy(set: &mut Value) {
    super::fresh(set);
    set.make("metadata").make("annotations").make_map().set(TEMPLATE_GENERATION, "1");
}
