//! What a person types: one folder a tool, one file a verb.

pub mod compose;
mod filters;
pub mod kubectl;
mod shell;
mod template;
mod words;

pub use shell::{Console, Output};

use crate::kubernetes::Cluster;
use crate::reasons;

reasons! { "you":
    /// A person typed this line.
    typed(line),
    /// A pipeline ran this line.
    ran(line),
}

/// Reads a file by the name that a line gives.
pub type FindFile<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Runs a line.
pub fn run(console: &mut Console, cluster: &mut Cluster, files: FindFile<'_>, line: &str) -> Output {
    console.run(cluster, files, line)
}

/// Whether a line only reads (or waits without writing): such lines are no inputs of a run.
pub fn only_reads(line: &str) -> bool {
    shell::only_reads(line)
}
