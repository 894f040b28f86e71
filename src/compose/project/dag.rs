//! Work of a command as nodes that wait for each other. What is ready runs at the same time; the first failure decides how the
//! command ends.
//! Source: compose v5.6 pkg/compose/executor.go, run; executor_events.go, groupTracker; dependencies.go, visit.

use super::observed;
use super::sharing::Sharing;
use super::wait::{Look, WaitFor};
use crate::compose::engine::{Cid, Engine, Fault, Network, Refusal, Reply, Said, Spec, Status, Ticket};
use crate::sim::{Span, Time};
use crate::workload::Stream;
use std::rc::Rc;

/// Stream of a printed line: 1 standard output, 2 standard error. Source: POSIX.
pub const OUT: u8 = 1;
/// Source: see [`OUT`].
pub const ERR: u8 = 2;
/// How much of a failed hook's output is told: lines, bytes. Source: compose v5.6 pkg/compose/hook.go.
const HOOK_LINES: usize = 10;
/// See [`HOOK_LINES`].
const HOOK_BYTES: usize = 2048;

/// A printed line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// When.
    pub t: Time,
    /// [`OUT`] or [`ERR`].
    pub fd: u8,
    /// The line.
    pub text: Rc<str>,
}

/// A call of the engine.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Start(Cid),
    Stop(Cid, Option<Span>),
    Kill(Cid, Rc<str>),
    Restart(Cid, Option<Span>),
    Remove(Cid, bool, bool),
    Freeze(Cid, bool),
    Make(Box<Spec>, Option<Box<Sharing>>),
    RenameMade(usize, Rc<str>),
    NetworkMake(Network),
    NetworkRemove(Rc<str>),
    NetworkDown(Rc<str>),
    Connect(Rc<str>, Cid),
    Disconnect(Rc<str>, Cid),
    VolumeMake(Rc<str>, Vec<(Rc<str>, Rc<str>)>),
    VolumeRemove(Rc<str>),
    VolumeDown(Rc<str>),
    Put(Cid, Vec<(Rc<str>, Rc<str>)>, Option<String>),
    Hook(Cid, Vec<Rc<str>>, Vec<(Rc<str>, Rc<str>)>),
    Wait(WaitFor),
    Nothing,
}

/// What a failure prints beside the error.
#[derive(Clone, Debug, Default)]
pub(super) enum OnFault {
    /// Nothing.
    #[default]
    Quiet,
    /// The engine's words behind this name.
    Words(String),
    /// This line.
    Says(String),
    /// What is gone already or cannot go counts as done.
    Tolerate,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Locked,
    Calling(Ticket),
    Looking(Time),
    Done,
    Failed,
}

/// One piece of work.
#[derive(Clone, Debug)]
pub(super) struct Node {
    act: Act,
    deps: Vec<usize>,
    /// Nodes of one unit go on together when another unit fails.
    unit: usize,
    begin: Vec<String>,
    end: Vec<String>,
    group: Option<usize>,
    fault: OnFault,
    state: State,
    made: Option<Cid>,
}

impl Node {
    pub(super) fn new(act: Act) -> Self {
        Node {
            act,
            deps: Vec::new(),
            unit: 0,
            begin: Vec::new(),
            end: Vec::new(),
            group: None,
            fault: OnFault::Quiet,
            state: State::Idle,
            made: None,
        }
    }
    pub(super) fn after(mut self, deps: impl IntoIterator<Item = usize>) -> Self {
        self.deps.extend(deps);
        self
    }
    pub(super) fn says(mut self, begin: impl Into<String>, end: impl Into<String>) -> Self {
        self.begin.push(begin.into());
        self.end.push(end.into());
        self
    }
    pub(super) fn begins(mut self, line: impl Into<String>) -> Self {
        self.begin.push(line.into());
        self
    }
    pub(super) fn ends(mut self, line: impl Into<String>) -> Self {
        self.end.push(line.into());
        self
    }
    pub(super) fn on_fault(mut self, fault: OnFault) -> Self {
        self.fault = fault;
        self
    }
    pub(super) fn in_group(mut self, group: Option<usize>) -> Self {
        self.group = group;
        self
    }
    pub(super) fn in_unit(mut self, unit: usize) -> Self {
        self.unit = unit;
        self
    }
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    name: String,
    total: usize,
    started: usize,
    done: usize,
}

/// A progress line: name, what it is about, details. Source: compose v5.6 cmd/display/plain.go.
pub(super) fn progress(id: &str, text: &str, details: &str) -> String {
    format!(" {id} {text} {details}")
}

/// All work of one phase of a command.
#[derive(Clone, Debug, Default)]
pub(super) struct Dag {
    pub(super) nodes: Vec<Node>,
    pub(super) groups: Vec<Group>,
    /// Whether a failure stops everything at once; otherwise units that have begun go on.
    pub(super) cancels: bool,
    /// Whether it is the `docker` client: names of what was done go to standard output, failures do not stop the rest.
    pub(super) plain: bool,
    /// Steps that failed, for the `docker` client: their names are not told.
    pub(super) silent: Vec<usize>,
    /// What each step of the `docker` client was asked for by.
    pub(super) asked: Vec<(usize, Rc<str>)>,
    /// What the `docker` client says at the end of those that failed.
    pub(super) tally: Option<Tally>,
    /// How many steps failed, for the `docker` client.
    pub(super) faults: u32,
    pub(super) failed: Option<String>,
    pub(super) begun_units: Vec<usize>,
    pub(super) lock: Vec<usize>,
}

/// What the `docker` client says when names have failed.
pub type Tally = fn(&[&str]) -> String;

/// Where the work stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Running,
    Finished(Result<(), String>),
}

/// Containers are started one after the other by one client. Source: compose v5.6 pkg/compose/convergence.go, startMx.
impl Dag {
    /// The last words of the `docker` client.
    pub(super) fn last_words(&self) -> Option<String> {
        let failed: Vec<&str> =
            self.asked.iter().filter(|(at, _)| self.silent.contains(at)).map(|(_, name)| &**name).collect();
        self.tally.filter(|_| !failed.is_empty()).map(|tally| tally(&failed))
    }
    pub(super) fn add(&mut self, node: Node) -> usize {
        if let Some(group) = node.group {
            self.groups[group].total += 1;
        }
        self.nodes.push(node);
        self.nodes.len() - 1
    }
    pub(super) fn group(&mut self, name: String) -> usize {
        self.groups.push(Group { name, total: 0, started: 0, done: 0 });
        self.groups.len() - 1
    }
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
    /// The container that a node made.
    pub(super) fn made(&self, node: usize) -> Option<Cid> {
        self.nodes.get(node)?.made
    }
    /// When it wants to be looked at even if the engine is quiet.
    pub(super) fn due(&self) -> Option<Time> {
        self.nodes.iter().filter_map(|n| if let State::Looking(at) = n.state { Some(at) } else { None }).min()
    }
    /// Does what can be done at this moment.
    pub(super) fn advance(&mut self, engine: &mut Engine, lines: &mut Vec<Line>) -> Standing {
        loop {
            let mut moved = false;
            for at in 0..self.nodes.len() {
                moved |= self.look(at, engine, lines);
                if self.cancels && self.failed.is_some() {
                    return Standing::Finished(Err(self.failed.take().unwrap_or_default()));
                }
            }
            if !moved {
                break;
            }
        }
        let open = |n: &Node| !matches!(n.state, State::Done | State::Failed);
        let waits = |n: &Node| n.state != State::Idle || self.failed.is_none() || self.begun_units.contains(&n.unit);
        let stuck = |n: &Node| self.blocked(n);
        match self.nodes.iter().any(|n| open(n) && waits(n) && !(n.state == State::Idle && stuck(n))) {
            true => Standing::Running,
            false => Standing::Finished(match self.failed.take() {
                Some(words) => Err(words),
                None => Ok(()),
            }),
        }
    }
    /// Whether a node can never run, because something before it failed or never ran.
    fn blocked(&self, node: &Node) -> bool {
        node.deps.iter().any(|d| {
            let dep = &self.nodes[*d];
            let unrun = self.failed.is_some() && dep.state == State::Idle && !self.begun_units.contains(&dep.unit);
            dep.state == State::Failed || unrun || (dep.state == State::Idle && self.blocked(dep))
        })
    }
    fn look(&mut self, at: usize, engine: &mut Engine, lines: &mut Vec<Line>) -> bool {
        match self.nodes[at].state.clone() {
            State::Idle => {
                let node = &self.nodes[at];
                let ready = node.deps.iter().all(|d| self.nodes[*d].state == State::Done);
                let allowed = self.failed.is_none() || self.begun_units.contains(&node.unit);
                if !ready || !allowed {
                    return false;
                }
                self.begin(at, engine, lines);
                true
            }
            State::Locked => {
                if self.lock.first() != Some(&at) {
                    return false;
                }
                self.call(at, engine, lines);
                true
            }
            State::Calling(ticket) => match engine.take(ticket) {
                None => false,
                Some(answer) => {
                    self.lock.retain(|n| *n != at);
                    self.answered(at, answer, engine, lines);
                    true
                }
            },
            State::Looking(when) if engine.now >= when => {
                self.call(at, engine, lines);
                true
            }
            _ => false,
        }
    }
    fn print(&self, engine: &Engine, lines: &mut Vec<Line>, text: &str) {
        lines.push(Line { t: engine.now, fd: ERR, text: text.into() });
    }
    fn begin(&mut self, at: usize, engine: &mut Engine, lines: &mut Vec<Line>) {
        let unit = self.nodes[at].unit;
        if !self.begun_units.contains(&unit) {
            self.begun_units.push(unit);
        }
        if let Some(group) = self.nodes[at].group.map(|g| &mut self.groups[g]) {
            group.started += 1;
            if group.started == 1 {
                let line = progress(&group.name, "Recreate", "");
                self.print(engine, lines, &line);
            }
        }
        for line in self.nodes[at].begin.clone() {
            self.print(engine, lines, &line);
        }
        if matches!(self.nodes[at].act, Act::Start(_)) {
            self.lock.push(at);
            self.nodes[at].state = State::Locked;
        } else {
            self.call(at, engine, lines);
        }
    }
    fn call(&mut self, at: usize, engine: &mut Engine, lines: &mut Vec<Line>) {
        let ticket = match self.nodes[at].act.clone() {
            Act::Start(cid) => engine.start(cid),
            Act::Stop(cid, grace) => engine.stop(cid, grace),
            Act::Kill(cid, signal) => engine.kill(cid, &signal),
            Act::Restart(cid, grace) => engine.restart(cid, grace),
            Act::Remove(cid, force, volumes) => engine.remove(cid, force, volumes),
            Act::Freeze(cid, frozen) => engine.freeze(cid, frozen),
            Act::Make(spec, sharing) => match sharing.map_or(Ok(*spec.clone()), |all| all.fill(*spec, engine)) {
                Ok(spec) => engine.create(spec),
                Err(words) => return self.fail(at, words, engine, lines),
            },
            Act::RenameMade(node, name) => match self.made(node) {
                Some(cid) => engine.rename(cid, &name),
                None => return self.finish(at, engine, lines),
            },
            Act::NetworkMake(network) => engine.network_create(network),
            Act::NetworkRemove(name) => engine.network_remove(&name),
            Act::Connect(network, cid) => engine.network_connect(&network, cid, Vec::new()),
            Act::Disconnect(network, cid) => engine.network_disconnect(&network, cid),
            Act::VolumeMake(name, labels) => engine.volume_create(&name, labels),
            Act::VolumeRemove(name) | Act::VolumeDown(name) => engine.volume_remove(&name),
            Act::NetworkDown(name) => {
                if !engine.in_network(&name).is_empty() {
                    let line = progress(&format!("Network {name}"), "Resource is still in use", "");
                    self.print(engine, lines, &line);
                    self.nodes[at].end.clear();
                    return self.finish(at, engine, lines);
                }
                engine.network_remove(&name)
            }
            Act::Put(cid, files, error) => {
                files.iter().for_each(|(path, text)| engine.put_file(cid, path, text));
                return match error {
                    Some(words) => self.fail(at, words, engine, lines),
                    None => self.finish(at, engine, lines),
                };
            }
            Act::Hook(cid, words, env) => engine.exec(cid, &words, &env),
            Act::Wait(wait) => return self.wait(at, &wait, engine, lines),
            Act::Nothing => return self.finish(at, engine, lines),
        };
        self.nodes[at].state = State::Calling(ticket);
    }
    fn wait(&mut self, at: usize, wait: &WaitFor, engine: &mut Engine, lines: &mut Vec<Line>) {
        if self.nodes[at].state == State::Idle {
            self.nodes[at].state = State::Looking(wait.first_look(engine.now));
            return;
        }
        match wait.look(engine) {
            Look::Again(when) => self.nodes[at].state = State::Looking(when),
            Look::Done(said) => {
                lines.extend(said);
                self.finish(at, engine, lines);
            }
            Look::Failed(said, words) => {
                lines.extend(said);
                self.fail(at, words, engine, lines);
            }
        }
    }
    fn answered(&mut self, at: usize, answer: Result<Reply, Refusal>, engine: &mut Engine, lines: &mut Vec<Line>) {
        match answer {
            Ok(Reply::Made(cid)) => {
                self.nodes[at].made = Some(cid);
                self.finish(at, engine, lines);
            }
            Ok(Reply::Ran { code, said }) if code != 0 => {
                let words = self.hook_words(at, code, &said, engine);
                self.fail(at, words, engine, lines);
            }
            Ok(_) => self.finish(at, engine, lines),
            Err(refusal) => {
                let gone = matches!(refusal.kind, Fault::NotFound | Fault::Conflict);
                match (&self.nodes[at].act, &self.nodes[at].fault) {
                    (Act::VolumeDown(name), _) if gone => {
                        let line = progress(&format!("Volume {name}"), "Resource is still in use", "");
                        self.print(engine, lines, &line);
                        self.nodes[at].end.clear();
                        self.finish(at, engine, lines);
                    }
                    (_, OnFault::Tolerate) if gone => self.finish(at, engine, lines),
                    _ => self.fail(at, format!("Error response from daemon: {}", refusal.words), engine, lines),
                }
            }
        }
    }
    /// What a hook says of its end: standard error before standard output, the last lines of it.
    /// Source: compose v5.6 pkg/compose/hook.go, hookExitError, outputTail.
    fn hook_words(&self, at: usize, code: i32, said: &[Said], engine: &Engine) -> String {
        let Act::Hook(cid, ..) = &self.nodes[at].act else { return String::new() };
        let container = engine.container(*cid);
        let service = container.map_or("", |c| c.spec.label(observed::SERVICE));
        let of = |stream: Stream| {
            let lines: Vec<&str> = said.iter().filter(|s| s.stream == stream).map(|s| &*s.text).collect();
            let lines: Vec<&str> = lines.into_iter().filter(|line| !line.trim().is_empty()).collect();
            lines[lines.len().saturating_sub(HOOK_LINES)..].join("\n").trim().to_string()
        };
        let told = Some(of(Stream::Err)).filter(|text| !text.is_empty()).unwrap_or_else(|| of(Stream::Out));
        let from = told.len().saturating_sub(HOOK_BYTES);
        let from = (from..=told.len()).find(|at| told.is_char_boundary(*at)).unwrap_or(from);
        match &told[from..] {
            "" => format!("{service} hook exited with status {code}"),
            told => format!("{service} hook exited with status {code}: {told}"),
        }
    }
    fn finish(&mut self, at: usize, engine: &Engine, lines: &mut Vec<Line>) {
        self.nodes[at].state = State::Done;
        let quiet = self.nodes[at].deps.iter().any(|d| self.silent.contains(d));
        for line in if quiet { Vec::new() } else { self.nodes[at].end.clone() } {
            match self.plain {
                true => lines.push(Line { t: engine.now, fd: OUT, text: line.as_str().into() }),
                false => self.print(engine, lines, &line),
            }
        }
        if let Some(group) = self.nodes[at].group.map(|g| &mut self.groups[g]) {
            group.done += 1;
            if group.done == group.total {
                let line = progress(&group.name, "Recreated", "");
                self.print(engine, lines, &line);
            }
        }
    }
    fn fail(&mut self, at: usize, words: String, engine: &Engine, lines: &mut Vec<Line>) {
        self.nodes[at].state = State::Failed;
        let line = match (&self.nodes[at].fault, self.nodes[at].group) {
            (OnFault::Words(_), Some(group)) => Some(progress(&self.groups[group].name, &words, "")),
            (OnFault::Words(id), None) => Some(progress(id, &words, "")),
            (OnFault::Says(line), _) => Some(line.clone()),
            _ => None,
        };
        if let Some(line) = line {
            self.print(engine, lines, &line);
        }
        if self.plain {
            self.print(engine, lines, &words);
            self.faults += 1;
            self.nodes[at].state = State::Done;
            self.silent.push(at);
            return;
        }
        self.failed.get_or_insert(words);
    }
}

/// Whether a container counts as running for a client.
pub(super) fn runs(engine: &Engine, cid: Cid) -> bool {
    engine.container(cid).is_some_and(|c| c.status == Status::Running)
}
