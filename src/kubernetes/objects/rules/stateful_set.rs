//! StatefulSet: pods with names and volumes of their own.
//! Source: kubernetes v1.37 pkg/apis/apps/v1/defaults.go; pkg/registry/apps/statefulset/strategy.go.

use super::view::{Fill, View};
use super::{NONE, Rules, persistent_volume_claim, pod};
use crate::text::Value;

/// The rules of stateful sets.
pub const RULES: Rules =
    Rules { kind: "apps/v1 StatefulSet", simulated: &["spec.*"], defaults, strategy: super::fresh, ..NONE };

fn defaults(set: &mut Value) {
    let spec = set.make("spec");
    pod::template(spec.make("template"));
    spec.each("volumeClaimTemplates", |claim| {
        claim.fill_zero("apiVersion", "v1");
        claim.fill_zero("kind", "PersistentVolumeClaim");
        persistent_volume_claim::defaults(claim);
    });
    spec.fill_zero("podManagementPolicy", "OrderedReady");
    let strategy = spec.make("updateStrategy");
    let given = strategy.text("type").to_owned();
    strategy.fill_zero("type", "RollingUpdate");
    if given.is_empty() || (given == "RollingUpdate" && strategy.has("rollingUpdate")) || given == "RollingUpdate" {
        let rolling = strategy.make("rollingUpdate");
        rolling.fill("partition", 0i64);
        rolling.fill("maxUnavailable", 1i64);
    }
    let policy = spec.make("persistentVolumeClaimRetentionPolicy");
    policy.fill_zero("whenDeleted", "Retain");
    policy.fill_zero("whenScaled", "Retain");
    spec.fill("replicas", 1i64);
    spec.fill("revisionHistoryLimit", 10i64);
}
