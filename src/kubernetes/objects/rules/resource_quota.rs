//! ResourceQuota: how much a namespace may ask for.

use super::view::Fill;
use super::{NONE, Rules, pod};

/// The rules of quotas.
pub const RULES: Rules = Rules {
    kind: "v1 ResourceQuota",
    simulated: &["spec.*"],
    defaults: |quota| quota.inside("spec", |spec| spec.inside("hard", pod::round)),
    strategy: super::no_status,
    ..NONE
};
