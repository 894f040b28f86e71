//! Text to documents with places, and back. Knows no kind and no orchestrator; every other room may use it.

mod node;
mod problem;
mod value;

pub use node::{Extent, Member, Node, NodeKind, Pos, Step, steps};
pub use problem::{Problem, Severity};
pub use value::{Map, Value};
