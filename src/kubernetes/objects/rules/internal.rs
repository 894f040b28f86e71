//! Objects as the server's own structs print them in messages.

use crate::text::Value;

/// The difference between two structs. Differs: FID-020, only that there is one is told.
pub fn diff(_before: &Value, _after: &Value, _of: &str) -> String {
    String::new()
}
