//! One Docker host: containers, networks, volumes, ports, and the stream of events that the engine tells of them. Calls take
//! time: each gets a ticket, and the answer lies there when it is done.
//!
//! Source of the rules: moby v29 (Docker Engine), daemon/…, named beside them.

mod check;
mod container;
mod daemon;
mod event;
mod exec;
mod ground;
mod health;
mod image;
mod life;
mod network;
mod output;
mod ports;
mod remove;
mod restart;
mod stop;
mod strike;
#[cfg(test)]
mod tests;
mod volume;
mod work;

pub use container::*;
pub use daemon::Power;
pub use event::{Event, Kind};
pub use exec::Said;
pub use ground::key;
pub use image::{Image, Images};
pub use network::{Network, is_predefined, predefined};
pub use output::Printed;
pub use strike::Ill;
pub use volume::Volume;

use crate::journal::{Entry, EntryId, Journal, Verb, Why};
use crate::reasons;
use crate::sim::{Agenda, Chance, Span, Time};
use crate::workload::{Floor, Latency, Workloads};
use std::collections::BTreeMap;
use std::rc::Rc;

reasons! { "docker":
    /// A line was typed at the host.
    typed(line),
    /// A container was made.
    made(name, image),
    /// Its first process runs.
    started(name),
    /// It was asked to stop.
    asked_to_stop(name, signal),
    /// It did not stop in time.
    warning grace_over(name, seconds),
    /// Its first process ended.
    warning ended(name, code),
    /// The kernel ended it for its memory.
    warning out_of_memory(name),
    /// Its restart policy starts it again after a while.
    restarts(name, policy, milliseconds),
    /// Its restart policy lets it be.
    stays_down(name, policy, code),
    /// Its health check says so.
    healthy(name),
    /// Its health check failed so often in a row; nothing else follows from that.
    warning unhealthy(name, failures),
    /// It could not be started.
    warning not_started(name, words),
    /// It is gone.
    removed(name),
    /// The engine stops, and with it every container.
    warning engine_down(),
    /// The engine is back.
    engine_up(),
}

/// Where an answer will lie.
pub type Ticket = u64;

/// What kind of refusal an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// No such thing.
    NotFound,
    /// It is used, or in the wrong state.
    Conflict,
    /// Nothing to do.
    NotModified,
    /// Anything else.
    Other,
}

/// A refusal in the engine's words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// What the client prints behind `Error response from daemon: `.
    pub words: String,
    /// Which kind it is.
    pub kind: Fault,
}

impl Refusal {
    /// A refusal of a kind.
    pub fn new(kind: Fault, words: impl Into<String>) -> Self {
        Refusal { words: words.into(), kind }
    }
    /// What a client says of an engine that does not run.
    /// Source: moby v29 client/errors.go, connectionFailed.
    pub fn unreachable() -> Self {
        let at = "unix:///var/run/docker.sock";
        Refusal::new(
            Fault::Other,
            format!("Cannot connect to the Docker daemon at {at}. Is the docker daemon running?"),
        )
    }
}

/// What an answer holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// It was done.
    Done,
    /// A container was made.
    Made(Cid),
    /// A command ran in a container.
    Ran {
        /// Its exit code.
        code: i32,
        /// What it printed.
        said: Vec<Said>,
    },
}

/// An answer.
pub type Answer = Result<Reply, Refusal>;

/// Whose wait ends when a container has ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum AfterEnd {
    /// `docker stop`.
    Stop(Ticket),
    /// `docker restart`: starts it again.
    Restart(Ticket),
    /// `docker rm -f`; whether its anonymous volumes go too.
    Remove(Ticket, bool),
    /// `docker kill`, and whoever waits for the end.
    Tell(Ticket),
}

/// What the host wakes up for. Timers of a container carry the number of its run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Timer {
    Answer(Ticket, Answer),
    Make(Ticket, Rc<Spec>),
    Launch(Cid, u32, Option<Ticket>, bool),
    Run(Cid, u32, Option<Ticket>, bool),
    End(Cid, u32, i32, bool),
    Own(Cid, u32),
    ChildOom(Cid, u32),
    Buried(Cid, u32),
    GraceOver(Cid, u32),
    Revive(Cid, u32),
    ProbeBegins(Cid, u32, u32),
    ProbeEnds(Cid, u32, u32, Time, i32, Rc<str>),
    Destroy(Ticket, Cid, bool),
    ExecEnds(Ticket, Cid, Rc<str>, i32, Vec<Said>),
    NetworkMade(Ticket, Rc<Network>),
    Worked(u64),
    PowerOn(Power),
    Ready,
}

impl Timer {
    /// The call it carries out.
    fn ticket(&self) -> Option<Ticket> {
        match self {
            Timer::Make(ticket, _) | Timer::Destroy(ticket, ..) | Timer::ExecEnds(ticket, ..) => Some(*ticket),
            Timer::Launch(_, _, ticket, _) | Timer::Run(_, _, ticket, _) => *ticket,
            _ => None,
        }
    }
}

/// How long things take that no rule decides, on a machine that does nothing else (`work`). Ours: measured on a machine with
/// two processors; the middle of what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pace {
    /// Making a container.
    pub create: Latency,
    /// From the call to `StartedAt`.
    pub launch: Latency,
    /// From `StartedAt` to the process and the event `start`.
    pub begin: Latency,
    /// From the end of the process to the event `die`.
    pub bury: Latency,
    /// Removing a container.
    pub remove: Latency,
    /// Making or removing a network.
    pub network: Latency,
    /// Making or removing a volume.
    pub volume: Latency,
    /// A command in a container, beside what it does.
    pub exec: Latency,
    /// What a process that handles its signal takes to end.
    pub term: Latency,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            create: Latency::millis(18, 28, 50),
            launch: Latency::millis(50, 75, 120),
            begin: Latency::millis(60, 90, 180),
            bury: Latency::millis(60, 90, 150),
            remove: Latency::millis(10, 20, 50),
            network: Latency::millis(35, 55, 100),
            volume: Latency::millis(4, 8, 14),
            exec: Latency::millis(25, 36, 60),
            term: Latency::millis(3, 6, 12),
        }
    }
}

/// A Docker host at one moment.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The present moment.
    pub now: Time,
    /// Containers by number, in order of creation.
    pub containers: BTreeMap<Cid, Rc<Container>>,
    /// Networks by name.
    pub networks: BTreeMap<Rc<str>, Rc<Network>>,
    /// Volumes by name.
    pub volumes: BTreeMap<Rc<str>, Volume>,
    /// Images.
    pub images: Images,
    /// What containers do.
    pub workloads: Workloads,
    /// How long things take.
    pub pace: Pace,
    /// Everything the engine has told, in order.
    pub events: Vec<Event>,
    /// Why things happened.
    pub journal: Journal,
    /// Whether the engine runs.
    pub power: Power,
    /// The containers that run, as load finds them.
    pub floor: Floor,
    /// Name of the machine.
    pub machine: Rc<str>,
    /// Processors of the machine.
    pub cpus: u32,
    /// Memory of the machine, in bytes.
    pub memory: u64,
    /// Files of the host below `home`, by full path; elsewhere everything is there.
    pub files: BTreeMap<Rc<str>, Rc<str>>,
    /// The folder whose files are known; empty for none.
    pub home: Rc<str>,
    agenda: Agenda<Timer>,
    answers: BTreeMap<Ticket, Answer>,
    ends: Vec<(Cid, AfterEnd)>,
    reasons: BTreeMap<Cid, EntryId>,
    /// What is wrong with programs also after a restart.
    ills: BTreeMap<Cid, Vec<Ill>>,
    cause: Option<EntryId>,
    causes: BTreeMap<Ticket, EntryId>,
    chance: Chance,
    ids: Chance,
    luck: Chance,
    next_cid: Cid,
    next_ticket: Ticket,
    next_port: u16,
    next_pid: u32,
    work: work::Work,
}

/// Ours: streams of chance of this house.
const STREAM_PACE: u64 = 0x0d0c_0001;
/// Ours: see above.
const STREAM_IDS: u64 = 0x0d0c_0002;
/// Ours: see above; shares drawn for requests to containers under load.
const STREAM_LUCK: u64 = 0x0d0c_0003;
/// Ours: what a small server has.
const MEMORY: u64 = 8 << 30;
/// First port of the ephemeral range. Source: Linux, net.ipv4.ip_local_port_range.
const FIRST_EPHEMERAL: u16 = 32_768;

impl Engine {
    /// A host that has just been started.
    pub fn new(seed: u64) -> Self {
        Engine {
            now: Time::ZERO,
            containers: BTreeMap::new(),
            networks: BTreeMap::new(),
            volumes: BTreeMap::new(),
            images: Images::default(),
            workloads: Workloads::default(),
            pace: Pace::default(),
            events: Vec::new(),
            journal: Journal::default(),
            power: Power::On,
            floor: Floor::default(),
            machine: "host".into(),
            cpus: 2,
            memory: MEMORY,
            files: BTreeMap::new(),
            home: "".into(),
            agenda: Agenda::default(),
            answers: BTreeMap::new(),
            ends: Vec::new(),
            reasons: BTreeMap::new(),
            ills: BTreeMap::new(),
            cause: None,
            causes: BTreeMap::new(),
            chance: Chance::new(seed, STREAM_PACE),
            ids: Chance::new(seed, STREAM_IDS),
            luck: Chance::new(seed, STREAM_LUCK),
            next_cid: 1,
            next_ticket: 1,
            next_port: FIRST_EPHEMERAL,
            next_pid: 1_200,
            work: work::Work::default(),
        }
    }
    /// When something is due next.
    pub fn next_due(&self) -> Option<Time> {
        self.agenda.next_at()
    }
    /// Plays what is due next, if that is not later than `t`; tells whether something was.
    pub fn step(&mut self, t: Time) -> bool {
        let Some((at, timer)) = self.agenda.pop_until(t) else { return false };
        self.now = self.now.max(at);
        self.play(timer);
        true
    }
    /// Does what was due, because of whoever asked for it.
    fn play(&mut self, timer: Timer) {
        self.cause = timer.ticket().and_then(|ticket| self.causes.get(&ticket).copied());
        self.fire(timer);
        self.cause = None;
    }
    /// Takes the answer of a call, once it is there.
    pub fn take(&mut self, ticket: Ticket) -> Option<Answer> {
        let answer = self.answers.remove(&ticket)?;
        self.causes.remove(&ticket);
        Some(answer)
    }
    /// What calls are caused by, until the next word.
    pub fn because(&mut self, cause: Option<EntryId>) {
        self.cause = cause;
    }
    /// What calls are caused by now.
    pub fn cause(&self) -> Option<EntryId> {
        self.cause
    }
    /// Writes down that somebody typed a line.
    pub fn line_typed(&mut self, actor: &'static str, line: &str) -> EntryId {
        let (t, why) = (self.now, typed(line.to_string()));
        self.journal.push(Entry { t, cause: None, actor, verb: Verb::Note, object: 0, why, origin: None })
    }
    /// The container of a name, an id or the beginning of an id.
    pub fn find(&self, name: &str) -> Option<Cid> {
        let by_name = self.containers.iter().find(|(_, c)| &*c.name == name || &*c.id == name);
        let by_prefix = || self.containers.iter().find(|(_, c)| name.len() >= 4 && c.id.starts_with(name));
        by_name.or_else(by_prefix).map(|(cid, _)| *cid)
    }
    /// A container.
    pub fn container(&self, cid: Cid) -> Option<&Container> {
        self.containers.get(&cid).map(|c| &**c)
    }
    fn edit(&mut self, cid: Cid) -> Option<&mut Container> {
        self.containers.get_mut(&cid).map(Rc::make_mut)
    }
    /// The container, if the timer is about its present run.
    fn current(&self, cid: Cid, epoch: u32) -> Option<Rc<Container>> {
        self.containers.get(&cid).filter(|c| c.epoch == epoch).cloned()
    }
    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        if let Some(cause) = self.cause {
            self.causes.insert(self.next_ticket, cause);
        }
        self.next_ticket
    }
    fn after(&mut self, span: Span, timer: Timer) {
        self.agenda.add(self.now + span, timer);
    }
    fn draw(&mut self, pick: impl Fn(&Pace) -> Latency) -> Span {
        let latency = pick(&self.pace);
        latency.draw(&mut self.chance)
    }
    fn answer(&mut self, ticket: Ticket, answer: Answer) {
        self.answers.insert(ticket, answer);
    }
    /// An answer after a moment.
    fn answer_soon(&mut self, ticket: Ticket, answer: Answer) {
        let span = Span::millis(4);
        self.after(span, Timer::Answer(ticket, answer));
    }
    /// A name that nobody has chosen.
    pub fn new_name(&mut self) -> Rc<str> {
        self.new_id()
    }
    fn new_id(&mut self) -> Rc<str> {
        (0..4).map(|_| format!("{:016x}", self.ids.bits())).collect::<String>().into()
    }
    /// Writes down why something happened to a container; the next reason about it follows from this one. What was asked for
    /// is the cause, unless something has happened to the container since.
    fn note(&mut self, cid: Cid, why: Why) {
        let cause = self.cause.max(self.reasons.get(&cid).copied());
        let entry = Entry { t: self.now, cause, actor: "dockerd", verb: Verb::Status, object: cid, why, origin: None };
        let id = self.journal.push(entry);
        self.reasons.insert(cid, id);
    }
    /// What was last written about a container.
    pub fn reason(&self, cid: Cid) -> Option<EntryId> {
        self.reasons.get(&cid).copied()
    }
    fn fire(&mut self, timer: Timer) {
        let Some(timer) = self.reached(timer) else { return };
        match timer {
            Timer::Answer(ticket, answer) => self.answer(ticket, answer),
            Timer::Make(ticket, spec) => self.make(ticket, spec),
            Timer::Launch(cid, epoch, ticket, restarted) => self.launch(cid, epoch, ticket, restarted),
            Timer::Run(cid, epoch, ticket, restarted) => self.running(cid, epoch, ticket, restarted),
            Timer::End(cid, epoch, code, oom) => self.process_ends(cid, epoch, code, oom),
            Timer::Own(cid, epoch) => self.own_end(cid, epoch),
            Timer::ChildOom(cid, epoch) => self.child_oom(cid, epoch),
            Timer::Buried(cid, epoch) => self.buried(cid, epoch),
            Timer::GraceOver(cid, epoch) => self.grace_over(cid, epoch),
            Timer::Revive(cid, epoch) => self.revive(cid, epoch),
            Timer::ProbeBegins(cid, epoch, n) => self.probe_begins(cid, epoch, n),
            Timer::ProbeEnds(cid, epoch, n, start, exit, output) => self.probe_ends(cid, epoch, n, start, exit, output),
            Timer::Destroy(ticket, cid, volumes) => self.destroy(ticket, cid, volumes),
            Timer::ExecEnds(ticket, cid, id, code, said) => self.exec_ends(ticket, cid, id, code, said),
            Timer::NetworkMade(ticket, network) => self.network_made(ticket, network),
            Timer::Worked(round) => self.worked(round),
            Timer::PowerOn(from) => self.power_on(from),
            Timer::Ready => self.power = Power::On,
        }
    }
    /// Plays everything due up to and including `t`.
    pub fn run_until(&mut self, t: Time) {
        while self.step(t) {}
        self.now = self.now.max(t);
    }
}
