//! Lease: a sign of life.

use super::super::field_error::{Errors, Path};
use super::view::View;
use super::{NONE, Rules, formats, meta};
use crate::text::Value;

/// The rules of leases.
pub const RULES: Rules = Rules {
    kind: "coordination.k8s.io/v1 Lease",
    simulated: &["spec.*"],
    // Gone with the gate CoordinatedLeaderElection. Source: pkg/registry/coordination/lease/strategy.go, PrepareForCreate.
    strategy: |lease| {
        for member in ["strategy", "preferredHolder"] {
            lease.remove_at(&["spec", member]);
        }
    },
    create: check,
    update: |new, _| check(new),
    ..NONE
};

/// Source: kubernetes v1.37 pkg/apis/coordination/validation/validation.go, ValidateLeaseSpec.
fn check(lease: &Value) -> Errors {
    let (spec, path) = (lease.of("spec"), Path::new("spec"));
    let mut out = Errors::new();
    if let Some(n) = spec.int("leaseDurationSeconds").filter(|n| *n <= 0) {
        out.push(path.child("leaseDurationSeconds").invalid(n, "must be greater than 0"));
    }
    out.extend(meta::non_negative(spec, "leaseTransitions", &path));
    let (strategy, at) = (spec.text("strategy"), path.child("strategy").child("strategy"));
    if strategy.contains('/') {
        out.extend(formats::at(&at, strategy, formats::label_key(strategy)));
    } else if spec.has("strategy") && strategy != "OldestEmulationVersion" {
        out.push(at.not_supported(strategy, &["OldestEmulationVersion"]));
    }
    if !spec.text("preferredHolder").is_empty() && strategy.is_empty() {
        out.push(path.child("preferredHolder").forbidden("may only be specified if `strategy` is defined"));
    }
    out
}
