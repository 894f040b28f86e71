//! Text to documents with places, and back. Knows no kind and no orchestrator; every other room may use it.

pub mod catalogue;
pub mod go;
pub mod json;
mod node;
pub mod number;
pub mod pattern;
mod problem;
mod value;
mod word;
pub mod yaml;

pub use catalogue::{Catalogue, entries};
pub use node::{Extent, Member, Node, NodeKind, Pos, Step, steps};
pub use problem::{Problem, Severity};
pub use value::{Map, Value};
pub use word::Word;
pub use yaml::Document;
