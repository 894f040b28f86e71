//! ConfigMap: settings for containers.

use super::{NONE, Rules};

/// The rules of config maps.
pub const RULES: Rules =
    Rules { kind: "v1 ConfigMap", simulated: &["data.*", "data", "binaryData.*", "immutable"], ..NONE };
