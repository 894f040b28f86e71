//! Event: what was noticed.

use super::{NONE, Rules};

/// The rules of events.
pub const RULES: Rules = Rules { kind: "v1 Event", simulated: &["*"], ..NONE };
