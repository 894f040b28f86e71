//! Deployment: replaces pods of one template by pods of the next.
//! Source: kubernetes v1.37 pkg/apis/apps/v1/defaults.go; pkg/registry/apps/deployment/strategy.go.

use super::view::{Fill, View};
use super::{NONE, Rules, pod};
use crate::text::Value;

/// The rules of deployments.
pub const RULES: Rules =
    Rules { kind: "apps/v1 Deployment", simulated: &["spec.*"], defaults, strategy: super::fresh, ..NONE };

fn defaults(deployment: &mut Value) {
    let spec = deployment.make("spec");
    pod::template(spec.make("template"));
    spec.fill("replicas", 1i64);
    let strategy = spec.make("strategy");
    strategy.fill_zero("type", "RollingUpdate");
    if strategy.text("type") == "RollingUpdate" {
        let rolling = strategy.make("rollingUpdate");
        rolling.fill("maxUnavailable", "25%");
        rolling.fill("maxSurge", "25%");
    }
    spec.fill("revisionHistoryLimit", 10i64);
    spec.fill("progressDeadlineSeconds", 600i64);
}
