//! Pod: the compact row. The wish is shared between pods of one template; what differs is the node and the report.

pub mod create;
pub mod effective;
mod read;
mod spec;
mod told;
mod toleration;
mod write;

pub use spec::*;

use super::Condition;
use crate::sim::Time;
use crate::text::Word;
use std::rc::Rc;

/// A pod's body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pod {
    /// The wish.
    pub spec: Rc<PodSpec>,
    /// `spec.nodeName`.
    pub node: Option<Rc<str>>,
    /// The report.
    pub status: PodStatus,
}

/// `status.phase`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Phase {
    #[default]
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

impl Phase {
    /// As in `status.phase`.
    pub const fn word(self) -> &'static str {
        match self {
            Phase::Pending => "Pending",
            Phase::Running => "Running",
            Phase::Succeeded => "Succeeded",
            Phase::Failed => "Failed",
            Phase::Unknown => "Unknown",
        }
    }
    /// Whether the pod has ended for good.
    pub const fn ended(self) -> bool {
        matches!(self, Phase::Succeeded | Phase::Failed)
    }
}

/// `status` of a pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodStatus {
    /// Phase.
    pub phase: Phase,
    /// `Evicted`, `NodeLost` …
    pub reason: Word,
    /// Words to the reason.
    pub message: Word,
    /// Conditions in the order the API holds them.
    pub conditions: Vec<Condition>,
    /// When a kubelet took it.
    pub start_time: Option<Time>,
    /// Its IP, once it has one.
    pub ip: Option<Word>,
    /// Its node's IP.
    pub host_ip: Option<Word>,
    /// Node that preemption is making room on.
    pub nominated: Option<Rc<str>>,
    /// Main containers.
    pub containers: Vec<ContainerStatus>,
    /// Init containers.
    pub init_containers: Vec<ContainerStatus>,
    /// `status.observedGeneration`; 0 when not reported.
    pub observed_generation: i64,
    /// The wish whose resources the kubelet has granted and those the containers have, while they are not those of the spec.
    pub sizes: Option<Rc<Sizes>>,
}

/// What a pod under resize has.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizes {
    /// The wish whose resources are granted.
    pub granted: Rc<PodSpec>,
    /// The wish whose resources the containers have.
    pub actual: Rc<PodSpec>,
}

/// Report on one container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerStatus {
    /// Name.
    pub name: Rc<str>,
    /// Image as written.
    pub image: Rc<str>,
    /// Image id, empty until pulled.
    pub image_id: Word,
    /// Container id, empty until made.
    pub container_id: Word,
    /// What it is doing.
    pub state: ContainerState,
    /// How it ended before.
    pub last: ContainerState,
    /// Whether it is ready.
    pub ready: bool,
    /// Whether it has started (startup probe passed); `None` before a kubelet said so.
    pub started: Option<bool>,
    /// How often it was started again.
    pub restarts: u32,
}

/// What a container is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ContainerState {
    /// Nothing reported.
    #[default]
    None,
    /// Not running, with the reason.
    Waiting {
        /// `ContainerCreating`, `CrashLoopBackOff`, `ImagePullBackOff` …
        reason: Word,
        /// Words to it.
        message: Word,
    },
    /// Running.
    Running {
        /// Since when.
        since: Time,
    },
    /// Ended.
    Terminated {
        /// Exit code.
        exit: i32,
        /// Signal, 0 for none.
        signal: i32,
        /// `Completed`, `Error`, `OOMKilled` …
        reason: Word,
        /// Words to it.
        message: Word,
        /// When it began.
        started: Time,
        /// When it ended.
        finished: Time,
    },
}

impl Pod {
    /// The condition of a type, such as `Ready`.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|c| c.kind == *kind)
    }
    /// Whether the Ready condition is True.
    pub fn ready(&self) -> bool {
        self.condition("Ready").is_some_and(Condition::is_true)
    }
}
