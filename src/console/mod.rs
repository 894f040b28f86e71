//! What a person types: one folder a tool, one file a verb.

pub mod kubectl;

use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::By;
use crate::reasons;
use crate::scenario::TextFile;
use std::rc::Rc;

reasons! { "you":
    /// A person typed this line.
    typed(line),
}

/// Reads a file by the name that a line gives.
pub type FindFile<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a line answered. `code` is `None` while the command waits or watches: ask [`Console::poll`] as time goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// What it printed.
    pub stdout: String,
    /// What it complained.
    pub stderr: String,
    /// Exit code.
    pub code: Option<i32>,
}

/// One person's console: the namespace lines act in, and the command that goes on.
#[derive(Clone, Debug, Default)]
pub struct Console {
    /// Namespace of the current context; empty means `default`.
    pub namespace: Rc<str>,
    pending: Option<kubectl::Pending>,
}

/// Runs a line.
pub fn run(console: &mut Console, cluster: &mut Cluster, files: FindFile<'_>, line: &str) -> Output {
    let by = By::actor("you", typed(line.to_string()));
    kubectl::run(console, cluster, files, line, &by)
}

/// Whether a line only reads (or waits without writing): such lines are no inputs of a run.
pub fn only_reads(line: &str) -> bool {
    kubectl::only_reads(line)
}

impl Console {
    /// Goes on with a waiting or watching command. `None` when there is nothing new to say.
    pub fn poll(&mut self, cluster: &mut Cluster) -> Option<Output> {
        let pending = self.pending.take()?;
        let (output, pending) = kubectl::go_on(pending, cluster);
        self.pending = pending;
        output
    }
    /// Ends a waiting or watching command, as Ctrl+C does.
    pub fn interrupt(&mut self) {
        self.pending = None;
    }
    /// Completions of a line.
    pub fn complete(&self, cluster: &Cluster, line: &str) -> Vec<String> {
        kubectl::complete(cluster, line)
    }
    /// `kubectl apply` of every document in these files. Unlike the real tool it keeps and shows kinds that nobody knows.
    pub fn apply_files(&mut self, cluster: &mut Cluster, files: &[TextFile]) -> Output {
        let names: Vec<&str> = files.iter().map(|f| &*f.name).collect();
        let by = By::actor("you", typed(format!("kubectl apply -f {}", names.join(" -f "))));
        kubectl::apply_files(self, cluster, files, &by)
    }
}
