//! Faults: what breaks, where, for how long, how often; and what is broken at the moment. A fault acts only by what it does
//! to a machine, a process or a wire: the cluster finds out by itself.
//!
//! `what` the kinds · `target` on which objects · `act` beginning and ending one · `docker` the same on a Docker host · `read`
//! faults in words and in YAML.

mod act;
mod docker;
mod read;
mod target;
mod what;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_docker;

pub use read::{Order, amount, from_yaml, read_line};
pub use target::Place;
pub use what::{Needs, What};

use crate::compose::engine::Cid;
use crate::kubernetes::objects::Id;
use crate::reasons;
use crate::sim::{Agenda, Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::rc::Rc;

reasons! { "fault":
    /// A process was killed from outside.
    warning kill(container),
    /// A program ended by itself.
    warning crash(container),
    /// A program hangs: it lives and answers nothing.
    warning hang(container),
    /// A program says that it is not ready.
    warning fail_readiness(container),
    /// A program says that it is not well.
    warning fail_liveness(container),
    /// A program takes more and more memory.
    warning leak(container, rate),
    /// A program has become slow.
    warning slow(container, amount),
    /// An image can no longer be pulled.
    warning image_missing(image),
    /// No registry answers.
    warning registry_down(),
    /// A machine lost its power.
    warning node_crash(node),
    /// A machine starts again.
    warning node_reboot(node),
    /// A machine is cut off from the network.
    warning node_partition(node),
    /// A machine's disk is nearly full.
    warning disk_pressure(node),
    /// Something outside of Kubernetes takes a machine's memory.
    warning memory_pressure(node),
    /// All machines of a zone lost their power.
    warning zone_outage(zone, node),
    /// The API server does not answer.
    warning api_down(),
    /// The scheduler is stopped.
    warning scheduler_stopped(),
    /// A controller is stopped.
    warning controller_stopped(name),
    /// Names are not resolved.
    warning dns_broken(),
    /// Packets from one place to another are lost.
    warning link_broken(from, to),
    /// A fault is over.
    ended(what),
}

/// One fault as somebody orders it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What breaks.
    pub what: What,
    /// Where: `pod/web-1`, `deployment/web`, `pods app=web`, `node/node-a`, `zone/a`, `image/nginx:1.27`, `container/app-web-1`,
    /// `app/web`, `host`, … ([`Place`]).
    pub on: String,
    /// The container of the pod; the first one when empty.
    pub container: String,
    /// How many of the objects that `on` finds, drawn by chance; 0 for all.
    pub pick: u32,
    /// How much: bytes a second of a leak, how many times as long a slow program takes; 0 for the kind's own.
    pub amount: u64,
    /// How long it lasts; `None`: until it is ended, or a restart cures it.
    pub lasts: Option<Span>,
    /// Once, or again and again.
    pub repeat: Repeat,
}

/// How often a fault comes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Repeat {
    /// Once.
    #[default]
    Once,
    /// In a fixed rhythm, the first time at once.
    Every {
        /// From one to the next.
        gap: Span,
        /// How many in all; 0 for no end.
        times: u32,
    },
    /// By chance, but the same in every run of one seed: arrivals are independent of each other (a Poisson process).
    Chaos {
        /// Mean time from one to the next.
        mean: Span,
        /// Kinds that are drawn besides `what`.
        also: Vec<What>,
        /// How long it goes on; `None` for ever.
        during: Option<Span>,
    },
}

/// One thing that broke.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// Number; plans and episodes count together.
    pub number: u32,
    /// The plan it came from.
    pub plan: Option<u32>,
    /// What.
    pub what: What,
    /// Where, in words.
    pub on: Rc<str>,
    /// The container, where it is about one.
    pub container: Rc<str>,
    /// The objects it is about.
    pub objects: Rc<[Id]>,
    /// The containers of the Docker host it is about.
    pub containers: Rc<[Cid]>,
    /// Whether it is about the Docker host itself.
    pub host: bool,
    /// How much.
    pub amount: u64,
    /// When it began.
    pub from: Time,
    /// When it shall end.
    pub until: Option<Time>,
    /// When it ended.
    pub ended: Option<Time>,
}

/// A fault that comes again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Number.
    pub number: u32,
    /// What comes.
    pub fault: Fault,
    /// Who ordered it.
    pub actor: &'static str,
    /// Since when.
    pub from: Time,
    /// Until when no more come.
    pub until: Option<Time>,
    /// When it was over.
    pub ended: Option<Time>,
    /// How many came.
    pub came: u32,
    /// When the next comes.
    pub next: Option<Time>,
}

/// What a fault wakes up for.
#[derive(Clone, Copy, Debug)]
enum Timer {
    /// An episode is over.
    End(u32),
    /// A plan's next one is due.
    Next(u32),
    /// A plan is over.
    Over(u32),
    /// The scheduler (true) or the controllers go on.
    GoOn(bool),
}

/// All faults of a run.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    count: u32,
    /// Episodes that are over, oldest first. Shared with checkpoints.
    past: Rc<Vec<Episode>>,
    active: BTreeMap<u32, Episode>,
    plans: BTreeMap<u32, Plan>,
    agenda: Agenda<Timer>,
    /// Counts every change, so that one can tell whether to look again.
    version: u64,
}

impl Faults {
    /// What is broken now, oldest first.
    pub fn active(&self) -> impl Iterator<Item = &Episode> {
        self.active.values()
    }
    /// What was broken and is no more, in the order of its end.
    pub fn past(&self) -> &[Episode] {
        &self.past
    }
    /// What comes again and again, also when it is over.
    pub fn plans(&self) -> impl Iterator<Item = &Plan> {
        self.plans.values()
    }
    /// Changes whenever something here does.
    pub fn version(&self) -> u64 {
        self.version
    }
    /// When something is due next.
    pub fn next_due(&self) -> Option<Time> {
        self.agenda.next_at()
    }
    fn next_number(&mut self) -> u32 {
        self.count += 1;
        self.version += 1;
        self.count
    }
}
