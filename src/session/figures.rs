//! What a session tells of traffic, of decisions in numbers and of faults: wire types, read by the page and by tests. Rates are
//! per second, times microseconds, CPU thousandths of a core, memory bytes.

use serde::{Deserialize, Serialize};

/// Traffic at the cursor; in an update whenever it changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// Where requests come from.
    pub loads: Vec<LoadRow>,
    /// Requests on their way, one for each Service that gets any.
    pub flows: Vec<FlowRow>,
    /// What pods, and containers on a Docker host, use now: (row id, CPU, memory).
    pub used: Vec<(u32, u64, u64)>,
}

/// A source of load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadRow {
    /// Its name, unique in the run.
    pub name: String,
    /// Row id of the Service, or the service of a Compose project, that it asks, when that exists.
    pub target: Option<u32>,
    /// The same by name, `namespace/name` or `project/name`.
    pub to: String,
    /// How its rate goes over time.
    pub shape: Shape,
    /// Its rate now.
    pub rate: f32,
    /// Whether its clients are on the Docker host themselves, so that they need no published port.
    pub inside: bool,
}

/// How a load goes over time, counted from the moment it was set. Kinds: `constant` (`base`), `step` (`base`, from `start` on `peak`), `ramp` (`base` to `peak` from
/// `start` in `length`), `sine` (between `base` and `peak`, period `length`), `spike` (`base`, `peak` for `length` from `start`),
/// `daily` (a day's curve between `base` and `peak`, the day being `length` long), `replay` (numbers of a file).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Its kind.
    pub kind: String,
    /// The lower rate.
    pub base: f32,
    /// The higher rate.
    pub peak: f32,
    /// When it begins to change.
    pub start: u64,
    /// How long the change, the spike, the period or the day is.
    pub length: u64,
    /// Of a `replay`: (microseconds, rate), with straight lines between.
    pub points: Vec<(u64, f32)>,
}

/// Requests to one Service, or to one service of a Compose project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FlowRow {
    /// The Service's row id.
    pub service: u32,
    /// Row ids of the Services whose pods call it; empty when only loads from outside do.
    pub from: Vec<u32>,
    /// Requests that arrive.
    pub rate: f32,
    /// Requests that are answered well.
    pub served: f32,
    /// Requests that fail.
    pub failed: f32,
    /// Latency in milliseconds: 50th, 95th and 99th percentile.
    pub latency: [f32; 3],
    /// The pods, or containers, that get them.
    pub ends: Vec<EndFlow>,
}

/// Requests to one pod or container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EndFlow {
    /// Its row id.
    pub pod: u32,
    /// Requests that arrive.
    pub rate: f32,
    /// Those of them that fail.
    pub failed: f32,
    /// Share of its capacity that is busy, 1 = all of it.
    pub busy: f32,
    /// Requests that wait in it.
    pub waiting: f32,
}

/// An autoscaler on the stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AutoscalerRow {
    /// Row id of what it scales, when that exists.
    pub target: Option<u32>,
    /// The same as `Deployment/web`.
    pub scales: String,
    /// Fewest replicas.
    pub min: u32,
    /// Most replicas.
    pub max: u32,
    /// Replicas there are.
    pub current: u32,
    /// Replicas it wants.
    pub desired: u32,
    /// The metric that decided, as it prints it: name, current value, target.
    pub metric: (String, String, String),
    /// Current value by target; 1 is on target. NaN when unknown.
    pub ratio: f32,
    /// Tolerance around 1: downward, upward.
    pub tolerance: (f32, f32),
    /// Replicas before the rules that bound them.
    pub raw: u32,
    /// Key of the rung that bound, as in [`Rung::key`].
    pub binding: String,
}

/// One decision of an autoscaler, rule by rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ladder {
    /// When it decided.
    pub at: u64,
    /// The rules in their order.
    pub rungs: Vec<Rung>,
    /// Pods that did not count as the others: (row id, name, key in `why.txt` of how they were counted).
    pub aside: Vec<(u32, String, String)>,
    /// Over the run: metric by target, raw replicas, replicas after all rules, actual replicas.
    pub curves: Vec<Curve>,
}

/// One rule of a decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// Key of its sentence in `why.txt`.
    pub key: String,
    /// Its numbers, by name.
    pub args: Vec<(String, String)>,
    /// Whether this one decided the outcome.
    pub binds: bool,
}

/// Values over the run, evenly spaced; `NaN` where nothing was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// `load` `served` `failed` · `p50` `p95` `p99` (ms) · `cpu.used` `cpu.requested` `cpu.limit` · `memory.used`
    /// `memory.requested` `memory.limit` · `replicas.wanted` `replicas.current` `replicas.ready` · `restarts` · `pending`.
    pub name: String,
    /// One value a column.
    pub values: Vec<f32>,
}

/// Answer to `Series`: curves of one object, or of everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The object's row id; `None` for the total.
    pub id: Option<u32>,
    /// What the columns cover.
    pub from: u64,
    /// See `from`.
    pub to: u64,
    /// The curves that make sense for it.
    pub curves: Vec<Curve>,
    /// How much of what was promised was kept, where there was traffic.
    pub objective: Option<Objective>,
    /// Alerts, oldest first.
    pub alerts: Vec<AlertRow>,
}

/// An availability objective and what is left of its error budget.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// Share of requests that should be answered, such as 0.999.
    pub target: f64,
    /// Requests answered well so far.
    pub served: f64,
    /// Requests failed so far.
    pub failed: f64,
}

/// An alert.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AlertRow {
    /// When it began.
    pub at: u64,
    /// When it was over, if it is.
    pub until: Option<u64>,
    /// Row id of what it is about; 0 for the whole cluster.
    pub object: u32,
    /// Key of its sentence in `why.txt`.
    pub key: String,
    /// Its numbers, by name.
    pub args: Vec<(String, String)>,
}

/// A pipeline: a lane on the time bar, and a card of stages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PipelineRow {
    /// Its name; the console line `pipeline NAME` starts it.
    pub name: String,
    /// When it began.
    pub from: Option<u64>,
    /// When it was over.
    pub to: Option<u64>,
    /// `passed`, `failed`, `rolled_back`; empty before it is over.
    pub outcome: String,
    /// Its stages, the rollback last where it has one.
    pub stages: Vec<StageRow>,
}

/// A stage of a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageRow {
    /// Its name.
    pub name: String,
    /// `waiting`, `running`, `passed`, `failed`, `skipped`.
    pub state: String,
    /// When it began.
    pub from: Option<u64>,
    /// When it ended.
    pub to: Option<u64>,
    /// The last line that it printed, or why it failed.
    pub said: String,
}

/// A fault that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultAsk {
    /// Its kind, as scripts write it.
    pub kind: String,
    /// Row id of what it befalls; 0 for the whole cluster.
    pub id: u32,
    /// The container, the image, the zone or the link (`FROM->TO`), where the kind wants one; else empty.
    pub part: String,
    /// How many of the objects there, drawn by chance; 0 for all.
    pub pick: u32,
    /// How much, as scripts write it: `1Mi` a second of a leak, `10` times as slow; empty for the kind's own.
    pub amount: String,
    /// How long it lasts; 0: until it is ended.
    pub lasts: u64,
    /// How often it comes again; 0: once.
    pub every: u64,
    /// Whether the times are drawn (seeded) around `every` instead of exact: chaos.
    pub random: bool,
    /// How often in all, where it comes again in a rhythm; 0 for no end.
    pub times: u32,
    /// Kinds of which one is drawn each time besides `kind`, where it comes by chance.
    pub also: Vec<String>,
    /// How long it goes on to come by chance; 0 for ever.
    pub during: u64,
    /// The application that it befalls in both houses at the same moment, instead of the row alone; else empty.
    pub app: String,
}

/// A fault that is in force, comes again, or is over. Told when something about faults changed: all in force, all that come
/// again, and the newest 200 that are over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultRow {
    /// Its number, for ending it.
    pub number: u32,
    /// Its kind, as in [`FaultAsk`].
    pub kind: String,
    /// Row id of what it befalls; 0 for the whole cluster.
    pub object: u32,
    /// Row ids of everything it befalls, for badges.
    pub objects: Vec<u32>,
    /// What it befalls, in words.
    pub name: String,
    /// Since when.
    pub since: u64,
    /// Until when, where that is known.
    pub until: Option<u64>,
    /// When it comes next, where it comes again.
    pub next: Option<u64>,
    /// When it was over.
    pub ended: Option<u64>,
    /// Whether it is a plan by which others come.
    pub repeats: bool,
    /// The plan it came from.
    pub plan: Option<u32>,
}
