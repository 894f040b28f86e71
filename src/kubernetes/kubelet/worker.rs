//! What a kubelet remembers of one pod.

use super::ills::Ills;
use super::mounts::Mounted;
use super::probes::Prober;
use super::resize::Resize;
use super::restart::Backoff;
use super::voice::{Line, Past};
use crate::journal::Why;
use crate::kubernetes::objects::pod::{Container, ContainerState, PodSpec};
use crate::sim::{Span, Time};
use crate::text::{Value, Word};
use crate::workload::{Answer, Profile};
use std::rc::Rc;

/// Exit code of a program that SIGKILL ended. Source: POSIX shells, 128 and the signal's number, 9.
pub const SIGKILLED: i32 = 137;

/// One pod's worker.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The node it is on.
    pub node: Rc<str>,
    /// What becomes of the pod.
    pub stage: Stage,
    /// What the worker is doing.
    pub step: Step,
    /// Number of the step, so that the timer of an older one is void.
    pub op: u32,
    /// Whether it was asked to look while it was busy.
    pub again: bool,
    /// When it looks next.
    pub look_at: Option<Time>,
    /// When it took the pod.
    pub since: Time,
    /// When it looked last; `None` before the first look.
    pub looked: Option<Time>,
    /// Whether the pod has its sandbox.
    pub sandbox: bool,
    /// Whether it had one that is gone for good.
    pub sandbox_gone: bool,
    /// The pod's IP.
    pub ip: Option<Word>,
    /// Whether reports show the IP: not yet the one that follows the sandbox.
    pub ip_shown: bool,
    /// Whether the last report before the removal is due, in which nothing waits any more.
    pub removed: bool,
    /// Init containers, then main containers.
    pub slots: Vec<Slot>,
    /// Their names.
    pub names: Rc<[Rc<str>]>,
    /// How many of them are init containers.
    pub inits: u16,
    /// Containers still to start in this look.
    pub plan: Vec<u16>,
    /// Whether a container was started in this look.
    pub started_any: bool,
    /// Shortest pause before the next try, when something could not be started.
    pub retry: Option<Span>,
    /// Why the next report is written.
    pub why: Option<Why>,
    /// Whether its sidecars are being stopped because all else has ended.
    pub winding_down: bool,
    /// The wish whose resources are granted.
    pub granted: Rc<PodSpec>,
    /// The wish whose resources the containers have.
    pub actual: Rc<PodSpec>,
    /// Where a resize stands.
    pub resize: Resize,
    /// Whether there ever was one.
    pub was_resized: bool,
    /// Whether all containers are being stopped to begin anew.
    pub restarting_all: bool,
    /// Whether it is stopped because it was active for too long.
    pub overdue: bool,
    /// The digest of its manifest, when it is a static pod.
    pub sheet: Option<Rc<str>>,
    /// Whether another manifest is in the place of its own: nothing more is reported of it.
    pub replaced: bool,
    /// Why the kubelet stops it, when the machine is short of something or goes down.
    pub ousted: Option<Ousted>,
}

/// Why a pod that is well has to end.
#[derive(Clone, Debug, PartialEq)]
pub struct Ousted {
    /// `Evicted`, `Terminated`.
    pub reason: Word,
    /// Message of its status and of the condition `DisruptionTarget`.
    pub words: Word,
}

/// What becomes of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It should run.
    Live,
    /// All of it has ended for good; its sandbox is being stopped.
    Ending,
    /// It has ended for good and is kept.
    Ended,
    /// It is under deletion; its containers are being stopped until then.
    Stopping {
        /// SIGKILL.
        deadline: Time,
    },
    /// It is under deletion and all of its containers have ended.
    Leaving {
        /// Whether the report of that is written.
        reported: bool,
    },
}

/// What a worker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Idle,
    /// Waits before it tries again to mount the volumes, after so long a pause.
    Mount(Span),
    /// Makes the sandbox.
    Sandbox,
    /// Pulls the image of a container since then; the transfer itself began later when another pull was under way.
    Pull(u16, Time, Time),
    /// Makes a container.
    Create(u16),
    /// Starts a container.
    Start(u16),
    /// Runs a container's postStart hook.
    Hook(u16),
    /// Stops a container to start it again.
    Restart(u16),
    /// Changes what running containers may use.
    Resize,
    /// Stops the sandbox of a pod that has ended.
    End,
}

/// One container.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    /// Whether it runs.
    pub run: Run,
    /// How often it was started.
    pub runs: u32,
    /// How often before the pod began anew.
    pub runs_before: u32,
    /// How the run before this one ended.
    pub last: Option<Rc<Ended>>,
    /// Why it does not run, as the next report says.
    pub waiting: Option<(Word, Word)>,
    /// Pause between its restarts.
    pub backoff: Option<Backoff>,
    /// Pause between pulls of its image, and how the last one failed.
    pub pull: Option<(Backoff, Word)>,
    /// What this run does.
    pub profile: Option<Rc<Profile>>,
    /// Whether its startup probe has passed.
    pub started: bool,
    /// Whether its readiness probe passes.
    pub ready: bool,
    /// The run whose end its probes have noticed.
    pub noticed: u32,
    /// Whether it was ready when it ended, by its probe.
    pub fell: bool,
    /// The probe that wants it killed.
    pub doomed: Option<&'static str>,
    /// Its probes.
    pub probers: Vec<Prober>,
    /// What its program printed about what happened to it.
    pub said: Rc<Vec<Line>>,
    /// The run before this one, for its log.
    pub past: Option<Rc<Past>>,
    /// The files its run was given.
    pub mounted: Option<Rc<Mounted>>,
    /// What the network answered its script, and from when on.
    pub wires: Rc<Vec<Answer>>,
    /// The image it runs.
    pub image: Rc<str>,
    /// What is wrong with it.
    pub ills: Ills,
}

/// Whether a container runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Run {
    /// It was never started.
    #[default]
    Never,
    /// It runs since then.
    Running(Time),
    /// It has ended.
    Ended(Rc<Ended>),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// Exit code.
    pub code: i32,
    /// `Completed`, `Error`, `OOMKilled` …
    pub reason: Word,
    /// Last words.
    pub message: Word,
    /// When it began.
    pub started: Time,
    /// When it ended.
    pub finished: Time,
}

impl Worker {
    /// A worker for a pod that was just taken.
    pub fn new(node: Rc<str>, spec: &Rc<PodSpec>, now: Time) -> Self {
        let inits = spec.init_containers.len();
        Worker {
            node,
            stage: Stage::Live,
            step: Step::Idle,
            op: 0,
            again: false,
            look_at: None,
            since: now,
            looked: None,
            sandbox: false,
            sandbox_gone: false,
            ip: None,
            ip_shown: true,
            removed: false,
            slots: vec![Slot::default(); inits + spec.containers.len()],
            names: spec.init_containers.iter().chain(&spec.containers).map(|c| c.name.clone()).collect(),
            inits: inits as u16,
            plan: Vec::new(),
            started_any: false,
            retry: None,
            why: None,
            winding_down: false,
            granted: spec.clone(),
            actual: spec.clone(),
            resize: Resize::Done,
            was_resized: false,
            restarting_all: false,
            overdue: false,
            sheet: None,
            replaced: false,
            ousted: None,
        }
    }
    /// The container that a slot is about.
    pub fn container<'a>(&self, spec: &'a PodSpec, slot: u16) -> Option<&'a Container> {
        match slot.checked_sub(self.inits) {
            None => spec.init_containers.get(slot as usize),
            Some(main) => spec.containers.get(main as usize),
        }
    }
    /// The slot of the container of this name.
    pub fn named(&self, spec: &PodSpec, name: &str) -> Option<u16> {
        self.all().find(|at| self.container(spec, *at).is_some_and(|c| *c.name == *name))
    }
    /// The tree of the container that a slot is about.
    pub fn tree<'a>(&self, spec: &'a PodSpec, slot: u16) -> Option<&'a Value> {
        match slot.checked_sub(self.inits) {
            None => spec.tree.list_at(&["initContainers"]).get(slot as usize),
            Some(main) => spec.tree.list_at(&["containers"]).get(main as usize),
        }
    }
    /// Whether a slot is one of the init containers.
    pub fn is_init(&self, slot: u16) -> bool {
        slot < self.inits
    }
    /// The numbers of all slots.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = u16> + use<> {
        0..self.slots.len() as u16
    }
}

impl Slot {
    /// Whether it runs.
    pub fn running(&self) -> bool {
        matches!(self.run, Run::Running(_))
    }
    /// How it ended, if it has ended and was not started again.
    pub fn ended(&self) -> Option<&Rc<Ended>> {
        match &self.run {
            Run::Ended(ended) => Some(ended),
            _ => None,
        }
    }
    /// How often it was started again.
    pub fn restarts(&self) -> u32 {
        self.runs.saturating_sub(1)
    }
}

impl Ended {
    /// As the report has it.
    pub fn state(&self) -> ContainerState {
        ContainerState::Terminated {
            exit: self.code,
            signal: 0,
            reason: self.reason.clone(),
            message: self.message.clone(),
            started: self.started,
            finished: self.finished,
        }
    }
}
