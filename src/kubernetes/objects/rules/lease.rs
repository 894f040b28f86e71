//! Lease: a sign of life.

use super::{NONE, Rules};

/// The rules of leases.
pub const RULES: Rules = Rules { kind: "coordination.k8s.io/v1 Lease", simulated: &["spec.*"], ..NONE };
