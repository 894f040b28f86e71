//! What a page, a test or the command line may ask of a session. Sent as bytes ([`super::wire`]); times are microseconds
//! of virtual time.

use super::figures::{FaultAsk, Shape};
use serde::{Deserialize, Serialize};

/// A file of the person's, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name, shown on its tab and in every origin.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// One request. The page numbers them; every answer names the number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Forget everything and start this scenario: files (manifests or one `*.scenario.yaml`), seed, and the inputs of an
    /// earlier run to play again (what [`Update::log`](super::Update) handed out), standing at `at` then.
    Open {
        /// The files.
        files: Vec<File>,
        /// The seed of chance.
        seed: u64,
        /// A log from an earlier session, or empty.
        log: Vec<u8>,
        /// Where to stand after the log was played.
        at: u64,
    },
    /// Play forward by so much virtual time and report. The page calls this each frame with frame time x speed.
    Advance {
        /// Microseconds.
        by: u64,
    },
    /// Stand at this moment (past or future).
    Seek {
        /// Microseconds since the start.
        to: u64,
    },
    /// To the next (or previous) journal entry in scope.
    StepEvent {
        /// Backward instead of forward.
        back: bool,
    },
    /// Jump to the next moment at which anything is due, if nothing happens before it; for "skip quiet stretches".
    SkipQuiet,
    /// Acts on the cluster at the cursor; in the past this forks a branch.
    Act(Action),
    /// A line for the terminal, such as `kubectl get pods`.
    Shell {
        /// The line.
        line: String,
        /// Language of our own words in the answer, such as `de`; empty means English. The run itself knows no language.
        language: String,
    },
    /// Completions for a terminal line up to the cursor.
    Complete {
        /// The line so far.
        line: String,
    },
    /// Reads files without touching the cluster: problems, marks and what applying them would change.
    Check {
        /// All the person's files.
        files: Vec<File>,
    },
    /// Everything the inspector shows of one object.
    Inspect {
        /// Its row id.
        id: u32,
    },
    /// The chain of causes of one object (or of one journal entry).
    Why {
        /// Its row id.
        id: u32,
        /// A journal entry instead of the object's newest one.
        entry: Option<u32>,
    },
    /// Switches to another branch of the run.
    Branch {
        /// Its number.
        index: u32,
    },
    /// Takes a fork back; whoever stands on it goes to the branch it left.
    UndoFork {
        /// The fork's name.
        name: String,
    },
    /// Density of happenings, lanes and charts of the whole run, for the time bar.
    Overview {
        /// How many columns the bar has.
        columns: u32,
    },
    /// Curves of the whole run up to its newest moment, of one object or of everything.
    Series {
        /// Row id of a Service, pod, node, workload or autoscaler; nothing for the total.
        id: Option<u32>,
        /// How many columns.
        columns: u32,
    },
    /// The Compose project among these files set beside its Kubernetes manifests: files for an `Open`.
    Convert {
        /// The files.
        files: Vec<File>,
        /// Language of the remarks.
        language: String,
    },
    /// What differed between the two houses so far.
    Duel,
    /// The trace of the run so far, as JSON lines.
    Trace,
    /// The full current state again (after a crash, a reload or a change of view).
    Refresh,
    /// Stops the worker on purpose, to prove that it comes back. For tests.
    CrashForTest,
}

impl Command {
    /// Whether it moves the cursor or changes the run.
    pub(super) fn moves(&self) -> bool {
        use Command::*;
        matches!(
            self,
            Advance { .. }
                | Seek { .. }
                | StepEvent { .. }
                | SkipQuiet
                | Act(_)
                | Shell { .. }
                | Branch { .. }
                | UndoFork { .. }
        )
    }
}

/// What a person does to the cluster. Objects go by row id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// `kubectl apply` of all documents in these files.
    Apply {
        /// The files.
        files: Vec<File>,
    },
    /// Delete an object as `kubectl delete` does.
    Delete {
        /// Row id.
        id: u32,
    },
    /// Change a workload's replicas.
    Scale {
        /// Row id.
        id: u32,
        /// How many.
        replicas: u32,
    },
    /// Change the image of a container in a workload's template.
    SetImage {
        /// Row id.
        id: u32,
        /// Container name.
        container: String,
        /// The new image.
        image: String,
    },
    /// Kill a container's process from outside (exit 137).
    KillContainer {
        /// Pod's row id.
        id: u32,
        /// Container name; the first one when empty.
        container: String,
    },
    /// The node's machine stops: no heartbeat, no status.
    FailNode {
        /// Row id.
        id: u32,
    },
    /// The machine comes back.
    RecoverNode {
        /// Row id.
        id: u32,
    },
    /// `kubectl cordon` or `uncordon`.
    Cordon {
        /// Row id.
        id: u32,
        /// Whether pods may be placed.
        on: bool,
    },
    /// The line of [`drain_line`].
    Drain {
        /// Row id.
        id: u32,
    },
    /// `kubectl rollout undo`, `pause`, `resume`, `restart`.
    Rollout {
        /// Row id.
        id: u32,
        /// `undo`, `pause`, `resume` or `restart`.
        verb: String,
    },
    /// Any other console line that changes the cluster.
    Line {
        /// The line.
        line: String,
    },
    /// Sets how a load goes from now on; makes the load when there is none of this name. One that is there goes on asking whom
    /// it asks, so that a load on both houses stays one.
    SetLoad {
        /// Its name.
        name: String,
        /// Row id of the Service, of the service of a Compose project or of the container it asks.
        to: u32,
        /// How it goes.
        shape: Shape,
    },
    /// Sets a load on anything that requests can be sent to: `service/NAME[:PORT]`, `service/NAMESPACE/NAME[:PORT]`,
    /// `ingress/HOST[/PATH]`, `port/NUMBER`; with the clients' patience and retries.
    SetLoadOn {
        /// The load.
        load: crate::workload::Load,
    },
    /// Ends a load.
    EndLoad {
        /// Its name.
        name: String,
    },
    /// Changes what requests cost the containers of a workload or a pod, running ones and those to come. The names and the
    /// spelling of the values are those of a scenario's `workloads:`; [`Inspect::behaviour`](super::Inspect) lists them.
    SetBehaviour {
        /// Row id of a workload or a pod.
        id: u32,
        /// The container; all when empty.
        container: String,
        /// (name, value) of each parameter that changes.
        values: Vec<(String, String)>,
    },
    /// Lets something break.
    Fault(FaultAsk),
    /// Ends a fault, or its repetition.
    EndFault {
        /// Its number.
        number: u32,
    },
}

/// The line under which an answer tells what became of [`Action::Apply`] and of the files that were opened.
pub const APPLY_LINE: &str = "kubectl apply -f .";

/// The line that moves all pods off a node, also those that no controller would make anew.
pub fn drain_line(node: &str) -> String {
    format!("kubectl drain {node} --ignore-daemonsets --delete-emptydir-data --force")
}
