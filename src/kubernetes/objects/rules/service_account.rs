//! ServiceAccount: as whom a pod speaks to the API.

use super::{NONE, Rules};

/// The rules of service accounts.
pub const RULES: Rules = Rules {
    kind: "v1 ServiceAccount",
    simulated: &["automountServiceAccountToken", "imagePullSecrets.*", "imagePullSecrets[].*"],
    ..NONE
};
