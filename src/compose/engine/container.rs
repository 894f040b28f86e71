//! A container: what it was asked to be, and how it is.

use crate::sim::{Span, Time};
use crate::text::Value;
use crate::workload::Process;
use std::rc::Rc;

/// Number of a container in the books of the host, in order of creation.
pub type Cid = u32;

/// When a container is started again by the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Restart {
    /// Never.
    #[default]
    No,
    /// Whenever it ended.
    Always,
    /// Whenever it ended, unless it was stopped by hand.
    UnlessStopped,
    /// When it ended with another code than 0; at most so often, 0 for any number.
    OnFailure(u32),
}

impl Restart {
    /// Name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Restart::No => "no",
            Restart::Always => "always",
            Restart::UnlessStopped => "unless-stopped",
            Restart::OnFailure(_) => "on-failure",
        }
    }
    /// Highest number of restarts; 0 for any number.
    pub const fn most(self) -> u32 {
        match self {
            Restart::OnFailure(n) => n,
            _ => 0,
        }
    }
}

/// A health check as the engine keeps it; zero spans mean the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Healthcheck {
    /// `CMD …`, `CMD-SHELL …` or `NONE`.
    pub test: Vec<Rc<str>>,
    /// Time between probes.
    pub interval: Span,
    /// Longest probe.
    pub timeout: Span,
    /// Failures in a row that make it unhealthy.
    pub retries: u32,
    /// Time after the start in which failures do not count.
    pub start_period: Span,
    /// Time between probes in that time.
    pub start_interval: Span,
}

/// A published port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Publish {
    /// Port in the container.
    pub target: u16,
    /// `tcp` or `udp`.
    pub protocol: Rc<str>,
    /// Address of the host; empty for all.
    pub ip: Rc<str>,
    /// Ports of the host to choose from, both included; `None` for any free one.
    pub range: Option<(u16, u16)>,
}

/// A published port in force.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Binding {
    /// Port in the container.
    pub target: u16,
    /// `tcp` or `udp`.
    pub protocol: Rc<str>,
    /// Address of the host.
    pub ip: Rc<str>,
    /// Port of the host.
    pub port: u16,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mount {
    /// `volume`, `bind` or `tmpfs`.
    pub kind: Rc<str>,
    /// Volume name or path of the host; empty for an anonymous volume that has no name yet.
    pub source: Rc<str>,
    /// Path in the container.
    pub target: Rc<str>,
    /// Whether it may only be read.
    pub read_only: bool,
    /// Whether a missing path of the host is an error.
    pub must_exist: bool,
}

/// A network a container is in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Name of the network.
    pub network: Rc<str>,
    /// Other names it can be found by.
    pub aliases: Vec<Rc<str>>,
    /// Asked address; empty for any.
    pub asked: Rc<str>,
    /// Its address while it runs.
    pub ip: Option<Rc<str>>,
}

/// Limits, as the engine keeps them; 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Bytes of memory.
    pub memory: i64,
    /// Bytes of memory that are kept free for it.
    pub reservation: i64,
    /// Billionths of a processor.
    pub nano_cpus: i64,
    /// Weight.
    pub cpu_shares: i64,
    /// Processes.
    pub pids: i64,
}

/// What a container was asked to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spec {
    /// Name.
    pub name: Rc<str>,
    /// What its alike ones share a name for, `first/second`; empty for its own name.
    pub group: Rc<str>,
    /// Image as written.
    pub image: Rc<str>,
    /// Entry point, of the request or the image.
    pub entrypoint: Vec<Rc<str>>,
    /// Command, of the request or the image.
    pub command: Vec<Rc<str>>,
    /// Environment.
    pub env: Vec<(Rc<str>, Rc<str>)>,
    /// Labels, sorted.
    pub labels: Vec<(Rc<str>, Rc<str>)>,
    /// Host name; empty for the short id.
    pub hostname: Rc<str>,
    /// Restart policy.
    pub restart: Restart,
    /// Whether it came with a number of attempts that it does not take.
    pub bad_attempts: bool,
    /// Health check.
    pub healthcheck: Option<Healthcheck>,
    /// Published ports.
    pub publish: Vec<Publish>,
    /// Ports of the image and `expose`, as `80/tcp`.
    pub exposed: Vec<Rc<str>>,
    /// What is mounted.
    pub mounts: Vec<Mount>,
    /// Networks.
    pub networks: Vec<Endpoint>,
    /// `host`, `none`, `container:ID` or a network's name.
    pub network_mode: Rc<str>,
    /// Limits.
    pub limits: Limits,
    /// What else was asked for, as `Config` and `HostConfig` of the API: it is checked and shown.
    pub further: Rc<Value>,
    /// Signal that asks it to stop; empty for SIGTERM.
    pub stop_signal: Rc<str>,
    /// How long it gets; `None` for 10 s.
    pub stop_grace: Option<Span>,
    /// Removed by the engine when it ends.
    pub auto_remove: bool,
    /// A device that no driver of this host can give, with its capabilities.
    pub device: Option<(Rc<str>, Rc<str>)>,
    /// Whether it has a terminal.
    pub tty: bool,
    /// Files put in before the start: configs and secrets with contents.
    pub files: Vec<(Rc<str>, Rc<str>)>,
}

impl Spec {
    /// Value of a label; empty without it.
    pub fn label(&self, key: &str) -> &str {
        self.labels.iter().find(|(k, _)| &**k == key).map_or("", |(_, v)| v)
    }
    /// Name of the group of alike ones that it belongs to.
    pub fn group(&self) -> Rc<str> {
        if self.group.is_empty() { self.name.clone() } else { self.group.clone() }
    }
    /// All words of its first process.
    pub fn words(&self) -> Vec<Rc<str>> {
        self.entrypoint.iter().chain(&self.command).cloned().collect()
    }
}

/// Where a container stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Made, never started.
    Created,
    /// Its first process runs.
    Running,
    /// Running, and frozen.
    Paused,
    /// Ended, and about to be started again by its restart policy.
    Restarting,
    /// Ended.
    Exited,
    /// Being removed.
    Removing,
}

impl Status {
    /// Word in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Created => "created",
            Status::Running => "running",
            Status::Paused => "paused",
            Status::Restarting => "restarting",
            Status::Exited => "exited",
            Status::Removing => "removing",
        }
    }
}

/// Verdict of a health check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Not known yet.
    Starting,
    /// Well.
    Healthy,
    /// Not well.
    Unhealthy,
}

impl Verdict {
    /// Word in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Starting => "starting",
            Verdict::Healthy => "healthy",
            Verdict::Unhealthy => "unhealthy",
        }
    }
}

/// One probe.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Probe {
    /// When it began.
    pub start: Time,
    /// When it ended.
    pub end: Time,
    /// Its exit code; -1 when it took too long.
    pub exit: i32,
    /// What it printed.
    pub output: Rc<str>,
}

/// Health of a container that has a check.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Health {
    /// Verdict.
    pub verdict: Verdict,
    /// Failures in a row.
    pub failing: u32,
    /// The last probe.
    pub last: Option<Probe>,
}

/// One run of a container's first process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RunOf {
    /// When the process began.
    pub begun: Time,
    /// How it goes.
    pub process: Rc<Process>,
    /// When it ended.
    pub ended: Option<Time>,
    /// Signals it talked about, and its good-bye.
    pub said: Vec<(Time, Rc<str>)>,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Container {
    /// 64 letters.
    pub id: Rc<str>,
    /// Id of the image it was made from.
    pub image_id: Rc<str>,
    /// What it was asked to be.
    pub spec: Rc<Spec>,
    /// Name now.
    pub name: Rc<str>,
    /// When it was made.
    pub created: Time,
    /// Where it stands.
    pub status: Status,
    /// Exit code of the last run.
    pub exit: i32,
    /// Restarts by the engine since it was last started by hand.
    pub restarts: u32,
    /// When it was last started.
    pub started: Option<Time>,
    /// When it last ended.
    pub finished: Option<Time>,
    /// Whether the kernel ended something in it for its memory.
    pub oom: bool,
    /// Words of a failed start.
    pub error: Rc<str>,
    /// Health, while it has a check and was started.
    pub health: Option<Health>,
    /// Stopped or killed by hand since its last start.
    pub by_hand: bool,
    /// Stopped by `docker restart`, about to be started.
    pub coming_back: bool,
    /// Wait before the next restart; 0 at first.
    pub backoff: Span,
    /// Ports in force.
    pub bindings: Vec<Binding>,
    /// Networks with addresses.
    pub endpoints: Vec<Endpoint>,
    /// Mounts with the names of anonymous volumes.
    pub mounts: Vec<Mount>,
    /// Number of the present run: timers of older runs do nothing.
    pub epoch: u32,
    /// Every run, for its output.
    pub runs: Vec<RunOf>,
    /// Process number of the first process, while it runs.
    pub pid: u32,
}

impl Container {
    /// First twelve letters of the id.
    pub fn short(&self) -> Rc<str> {
        self.id.get(..12).unwrap_or(&self.id).into()
    }
    /// Whether a first process runs, frozen or not.
    pub fn alive(&self) -> bool {
        matches!(self.status, Status::Running | Status::Paused)
    }
    /// Host name in it.
    pub fn hostname(&self) -> Rc<str> {
        if self.spec.hostname.is_empty() { self.short() } else { self.spec.hostname.clone() }
    }
    /// The run under way.
    pub fn run(&self) -> Option<&RunOf> {
        self.runs.last().filter(|run| run.ended.is_none() && self.alive())
    }
}
