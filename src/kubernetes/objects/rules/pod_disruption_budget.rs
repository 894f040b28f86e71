//! PodDisruptionBudget: how many pods must stay.
//! Source: kubernetes v1.37 pkg/registry/policy/poddisruptionbudget/strategy.go.

use super::{NONE, Rules};

/// The rules of disruption budgets.
pub const RULES: Rules =
    Rules { kind: "policy/v1 PodDisruptionBudget", simulated: &["spec.*"], strategy: super::fresh, ..NONE };
