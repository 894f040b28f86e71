//! JSON read as Go reads it (same refusals, same words) and written as Go writes it.
//! Source: Go 1.26 encoding/json, scanner.go and encode.go.

mod read;
mod write;

pub use read::{JsonError, parse, parse_stream, read, read_stream};
pub use write::{Style, write};
