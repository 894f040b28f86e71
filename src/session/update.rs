//! What a session tells. Rows are small and flat; the page folds them into its view and never holds the world.

pub use super::houses::*;

use super::figures::{AutoscalerRow, FaultRow, Ladder, PipelineRow, Series, Traffic};
use serde::{Deserialize, Serialize};

/// What differed between the two houses; its rows are described there.
pub use crate::duel::{Figures, Report as DuelReport, Said as DuelSaid, Step as DuelStep};

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// The number of the command this answers.
    pub answer_to: u32,
    /// Where the run stands; always present.
    pub clock: Clock,
    /// Whether `rows` is everything (forget the old ones) or only what changed.
    pub full: bool,
    /// Rows that are new or changed.
    pub rows: Vec<Row>,
    /// Row ids that are gone.
    pub gone: Vec<u32>,
    /// The newest journal lines (at most 200 an update), for the announcements and the events panel.
    pub happenings: Vec<Happening>,
    /// An answer to `Check` or to an `Apply`.
    pub check: Option<Check>,
    /// An answer to `Inspect`.
    pub inspect: Option<Inspect>,
    /// An answer to `Why`.
    pub why: Option<Vec<WhyStep>>,
    /// Answers of lines, one a line.
    pub shell: Vec<Shell>,
    /// An answer to `Complete`.
    pub completions: Option<Vec<String>>,
    /// An answer to `Overview`.
    pub overview: Option<Overview>,
    /// Traffic, when it changed.
    pub traffic: Option<Traffic>,
    /// Faults in force, when they changed.
    pub faults: Option<Vec<FaultRow>>,
    /// Pipelines, when one of them changed.
    pub pipelines: Option<Vec<PipelineRow>>,
    /// An answer to `Series`.
    pub series: Option<Series>,
    /// An answer to `Convert`.
    pub converted: Option<Converted>,
    /// An answer to `Duel`.
    pub duel: Option<DuelReport>,
    /// An answer to `Trace`.
    pub trace: Option<String>,
    /// The input log of the present branch, when it changed: opaque bytes for `Open`, kept by the page so that a reload or a
    /// crash loses nothing.
    pub log: Option<Vec<u8>>,
    /// Something was refused: the real tool's words.
    pub refused: Option<String>,
    /// Nothing was done, because the object it was asked of is no longer there.
    pub missed: bool,
}

/// Where the run stands. Times in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// The cursor.
    pub now: u64,
    /// The newest moment of this branch.
    pub newest: u64,
    /// When something is due next, if anything is.
    pub next_due: Option<u64>,
    /// Where a long seek is going: the page shows progress, more updates follow by themselves.
    pub seeking: Option<u64>,
    /// All branches: (name, forked at, newest), the present one marked.
    pub branches: Vec<Branch>,
    /// Index of the present branch.
    pub branch: u32,
    /// Whether this answer made a new branch.
    pub forked: bool,
}

/// One branch of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// `A`, `B`, …
    pub name: String,
    /// The moment it left its parent.
    pub forked_at: u64,
    /// The newest moment it has seen.
    pub newest: u64,
}

/// One thing on the stage. Ids are never reused within a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Namespace; empty for cluster-wide things.
    pub namespace: String,
    /// Row id of what controls it.
    pub owner: Option<u32>,
    /// When it was made.
    pub created: u64,
    /// What it is.
    pub body: RowBody,
}

/// What a row is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RowBody {
    /// A node.
    Node(NodeRow),
    /// A pod.
    Pod(PodRow),
    /// A Deployment, ReplicaSet, StatefulSet, DaemonSet or Job.
    Workload(WorkloadRow),
    /// A Service.
    Service(ServiceRow),
    /// A HorizontalPodAutoscaler.
    Autoscaler(AutoscalerRow),
    /// Anything else that is kept and shown.
    Other(OtherRow),
    /// The Docker host.
    Host(HostRow),
    /// A Compose project.
    Project(ProjectRow),
    /// A service of a Compose project.
    ComposeService(ComposeServiceRow),
    /// A container on the Docker host.
    Container(Box<ContainerRow>),
    /// A network there.
    Network(NetworkRow),
    /// A volume there.
    Volume(VolumeRow),
    /// A zone of the cluster.
    Zone(ZoneRow),
}

/// A zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ZoneRow {
    /// Nodes in it.
    pub nodes: u32,
    /// Those that are ready.
    pub ready: u32,
}

/// A node. CPU in thousandths of a core, memory in bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeRow {
    /// Zone label, or empty.
    pub zone: String,
    /// Ready condition: `True`, `False` or `Unknown`.
    pub ready: String,
    /// Whether it is cordoned.
    pub cordoned: bool,
    /// Taints as `key=value:Effect`.
    pub taints: Vec<String>,
    /// Allocatable CPU.
    pub cpu: u64,
    /// Requested CPU.
    pub cpu_requested: u64,
    /// Used CPU.
    pub cpu_used: u64,
    /// Allocatable memory.
    pub memory: u64,
    /// Requested memory.
    pub memory_requested: u64,
    /// Used memory.
    pub memory_used: u64,
    /// How many pods may run.
    pub pods_max: u32,
    /// Whether a person made the machine fail.
    pub failed: bool,
}

/// The ten looks of a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Look {
    /// No node yet.
    #[default]
    Pending,
    /// Images are pulled, containers made.
    Creating,
    /// Runs, does not take traffic.
    NotReady,
    /// Runs and takes traffic.
    Ready,
    /// Being deleted.
    Terminating,
    /// Waits between crashes.
    CrashLoop,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Its node is silent.
    Unknown,
    /// Pushed off its node.
    Evicted,
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PodRow {
    /// Row id of its node.
    pub node: Option<u32>,
    /// How it looks.
    pub look: Look,
    /// What kubectl prints under STATUS.
    pub status: String,
    /// Ready containers.
    pub ready: u32,
    /// All containers.
    pub containers: u32,
    /// Restarts of all containers.
    pub restarts: u32,
    /// Revision of the owner's template, 0 when it has none.
    pub revision: u32,
    /// Progress of what it is doing (pull, grace, back-off): start and end, when there is one.
    pub span: Option<(u64, u64)>,
    /// One short quoted detail: why it waits, what its container ended of, the image.
    pub detail: String,
    /// The code that `detail` belongs to, when a container ended badly.
    pub exit: Option<i32>,
    /// Requested CPU in thousandths.
    pub cpu: u64,
    /// Requested memory in bytes.
    pub memory: u64,
    /// Priority.
    pub priority: i32,
    /// Names and states of its containers, init containers first: (name, state words, ready, restarts, init).
    pub parts: Vec<PartRow>,
}

/// A container of a pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartRow {
    /// Name.
    pub name: String,
    /// Image.
    pub image: String,
    /// `running`, `waiting:Reason`, `terminated:Reason:exit`.
    pub state: String,
    /// Whether it is ready.
    pub ready: bool,
    /// Restarts.
    pub restarts: u32,
    /// Whether it is an init container (a sidecar is one that restarts always).
    pub init: bool,
    /// What its probes found.
    pub probes: Vec<ProbeRow>,
}

/// A probe of a running container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProbeRow {
    /// `S`, `L` or `R`.
    pub kind: char,
    /// What it said last.
    pub well: Option<bool>,
    /// How often in a row it said so, and how often it must fail before that counts.
    pub row: (u32, u32),
    /// When it asks next, where that is known: a probe whose answer cannot change is not asked.
    pub next: Option<u64>,
}

/// A workload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkloadRow {
    /// Its kind.
    pub kind: String,
    /// Wanted replicas.
    pub desired: u32,
    /// Existing replicas.
    pub current: u32,
    /// Ready replicas.
    pub ready: u32,
    /// Replicas of the newest template.
    pub updated: u32,
    /// Replicas that count as available.
    pub available: u32,
    /// Fewest that must stay available while rolling.
    pub floor: u32,
    /// Most that may exist while rolling.
    pub ceiling: u32,
    /// Whether a rollout is under way.
    pub rolling: bool,
    /// Whether it is paused.
    pub paused: bool,
    /// Revision of the newest template.
    pub revision: u32,
    /// Containers of the template: (name, image).
    pub images: Vec<(String, String)>,
}

/// A Service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceRow {
    /// Its type.
    pub kind: String,
    /// Cluster IP, or `None`.
    pub address: String,
    /// Ports as kubectl prints them.
    pub ports: String,
    /// Row ids of the pods it selects: (pod, whether it gets traffic).
    pub endpoints: Vec<(u32, bool)>,
}

/// Any other object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OtherRow {
    /// Kind.
    pub kind: String,
    /// Whether something acts on it here; false means kept and shown only.
    pub acted_on: bool,
}

/// One journal line: a reason key and its numbers; the words come from the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Happening {
    /// When, in microseconds.
    pub at: u64,
    /// Entry id.
    pub entry: u32,
    /// Who acted.
    pub actor: String,
    /// Row id of the object.
    pub object: u32,
    /// Kind and name of the object, `pod/web-1`.
    pub name: String,
    /// Reason key.
    pub reason: String,
    /// Arguments of the reason, by name.
    pub args: Vec<(String, String)>,
    /// Whether it is a warning.
    pub warning: bool,
}

/// Answer to a check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Problems, by file and place.
    pub problems: Vec<ProblemRow>,
    /// One mark for each line that holds a field.
    pub marks: Vec<MarkRow>,
    /// What applying would change, one short line each: (sign, kind/name, detail key, arguments).
    pub changes: Vec<ChangeRow>,
}

/// A problem.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProblemRow {
    /// File name.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub col: u32,
    /// Whether it is an error (else a warning).
    pub error: bool,
    /// The real tool's words.
    pub message: String,
    /// Key of our hint, or empty.
    pub hint: String,
    /// Arguments of the hint.
    pub args: Vec<String>,
}

/// A line's class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MarkRow {
    /// File name.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// `s` simulated, `a` accepted, `r` rejected, `d` differs.
    pub class: char,
    /// Field path.
    pub path: String,
    /// FID-nnn for `d`; the real tool's words where it says why it ignores the field; else empty.
    pub note: String,
}

/// One object that applying would change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChangeRow {
    /// `+` created, `~` changed, `=` unchanged, `-` not in the files any more.
    pub sign: char,
    /// `deployment.apps/web`
    pub object: String,
    /// Changed fields as `path: old → new`, at most a few.
    pub fields: Vec<String>,
    /// Whether it starts a rollout.
    pub rollout: bool,
}

/// Everything the inspector shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inspect {
    /// Row id.
    pub id: u32,
    /// `pod/web-1`
    pub name: String,
    /// Conditions: (type, status, reason, message, since).
    pub conditions: Vec<(String, String, String, String, u64)>,
    /// Events, newest last: (at, type, reason, message, count).
    pub events: Vec<(u64, String, String, String, u32)>,
    /// `kubectl get -o yaml`; `docker inspect` of a container, network or volume; `docker compose config` of a service or project.
    pub yaml: String,
    /// `kubectl describe`; STATUS of `docker ps` for a container.
    pub describe: String,
    /// Scheduling attempts, newest last.
    pub attempts: Vec<Attempt>,
    /// File and line it came from, when a person wrote it.
    pub origin: Option<(String, u32, u32)>,
    /// The newest decision, of an autoscaler.
    pub ladder: Option<Ladder>,
    /// What requests cost, of a pod or a workload: (container, parameter, value), all parameters of each container.
    pub behaviour: Vec<(String, String, String)>,
    /// The newest lines of output, of a container or a Compose service.
    pub logs: Vec<LogRow>,
}

/// One scheduling attempt.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// When.
    pub at: u64,
    /// The quoted message when no node was found.
    pub message: String,
    /// The node chosen.
    pub chosen: Option<String>,
    /// Names of the scoring plugins, with their weights.
    pub plugins: Vec<(String, i64)>,
    /// One line a node.
    pub nodes: Vec<Verdict>,
    /// How many nodes were not looked at.
    pub not_looked_at: u32,
    /// How many nodes shared the best total (a draw when more than one).
    pub tied: u32,
}

/// One node's verdict in an attempt.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Node name.
    pub node: String,
    /// Plugin that refused, or empty.
    pub plugin: String,
    /// Its quoted reasons.
    pub reasons: Vec<String>,
    /// Whether removing other pods could help.
    pub preemption_may_help: bool,
    /// (raw, normalised, weighted) for each scoring plugin, in their order; empty when refused.
    pub scores: Vec<(i64, i64, i64)>,
    /// Sum of the weighted scores.
    pub total: i64,
}

/// One step of a chain of causes, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WhyStep {
    /// What happened.
    pub what: Happening,
    /// A file's line it goes back to: (file, line, column).
    pub origin: Option<(String, u32, u32)>,
}

/// A terminal answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shell {
    /// The line.
    pub line: String,
    /// What it printed.
    pub stdout: String,
    /// What it complained.
    pub stderr: String,
    /// Exit code; `None` while a watching command goes on.
    pub code: Option<i32>,
}

impl Shell {
    /// Takes in what the same line has answered next.
    pub fn go_on(&mut self, next: Shell) {
        self.stdout += &next.stdout;
        self.stderr += &next.stderr;
        self.code = next.code;
    }
}

/// The whole run at a glance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// Entries in each column.
    pub density: Vec<u32>,
    /// Marks on the lanes: (lane, from, to, label). Lanes: `you`, `faults`, `rollouts`, `scaling`, `unplaced`, `restarts`.
    pub marks: Vec<(String, u64, u64, String)>,
    /// Curves: (name, values by column).
    pub curves: Vec<(String, Vec<f32>)>,
}
