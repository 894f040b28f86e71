//! ServiceAccount: as whom a pod speaks to the API.

use super::view::Fill;
use super::{NONE, Rules};
use crate::map;
use crate::text::{Map, Value};

/// The rules of service accounts.
pub const RULES: Rules = Rules {
    kind: "v1 ServiceAccount",
    simulated: &["automountServiceAccountToken", "imagePullSecrets.*", "imagePullSecrets[].*"],
    // Source: kubernetes v1.37 pkg/registry/core/serviceaccount/strategy.go, cleanSecretReferences.
    strategy: |account| {
        account.each("secrets", |secret| {
            *secret =
                secret.get("name").map_or_else(|| Value::Map(Map::new()), |n| Value::Map(map! { "name" => n.clone() }));
        });
    },
    ..NONE
};
