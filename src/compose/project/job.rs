//! A command under way: its steps one after the other, its work of the moment, what it has printed.

mod once;

use super::acts::{self, DownOptions};
use super::create::{Wanted, make};
use super::dag::{Act, Dag, ERR, Line, Node, OUT, Standing, Tally, progress, runs};
use super::follow::{Follow, Names, OnExit};
use super::listen::Listen;
use super::observed;
use super::reconcile::{CreateOptions, plan};
use super::service::{Hook, Project, Service};
use super::start;
use super::wait::stamp_nano;
use crate::compose::engine::{Cid, Engine, Reply, Status, Ticket};
use crate::journal::EntryId;
use crate::sim::{Span, Time};
use crate::text::go;
use crate::workload::Stream;
use std::collections::VecDeque;
use std::rc::Rc;

use once::Watched;
pub use once::{Beginning, Once};

/// One piece of a command.
#[derive(Clone, Debug)]
pub enum Step {
    /// The client starts up, or comes to an end.
    Pause(Span),
    /// Prints a line: [`OUT`] or [`ERR`].
    Say(u8, Rc<str>),
    /// Ends with this code.
    Exit(i32),
    /// Makes what the file says.
    Create(CreateOptions),
    /// The same for another project: what a single run depends on.
    CreateFor(Rc<Project>, CreateOptions),
    /// Starts what was made of another project.
    StartFor(Rc<Project>),
    /// Starts what was made.
    Start(Option<Span>),
    /// Waits until everything runs or is healthy.
    WaitAll(Option<Span>),
    /// Attaches to services and follows them until they have ended: what an end does, whose code counts, whether names stand
    /// before lines.
    Attach(Vec<Rc<str>>, OnExit, Rc<str>, bool),
    /// Goes on printing what containers print; of one that is started again, only so many of the lines already there.
    FollowLogs(Vec<Rc<str>>, Names, Option<usize>),
    /// Stops services.
    Stop(Vec<Rc<str>>, Option<Span>),
    /// Stops and removes containers, then networks and volumes.
    Down(DownOptions),
    /// Restarts services.
    Restart(Vec<Rc<str>>, bool, Option<Span>),
    /// Sends a signal; also to containers that no service of the project accounts for.
    Kill(Vec<Rc<str>>, Rc<str>, bool),
    /// Freezes, or thaws.
    Freeze(Vec<Rc<str>>, bool),
    /// Removes ended containers: services, by force, with their volumes.
    Remove(Vec<Rc<str>>, bool, bool),
    /// Runs a command in a container.
    Exec(Cid, Vec<Rc<str>>, Vec<(Rc<str>, Rc<str>)>),
    /// Makes a container for one run and follows it.
    RunOnce(Box<Once>),
    /// Waits until containers have ended; whether only their codes are told, as by `docker wait`.
    WaitEnd(Vec<Cid>, bool),
    /// Waits for an answer of the engine.
    Await(Ticket),
    /// Shows what a container prints until it ends.
    Watch {
        /// The container.
        cid: Cid,
        /// So many of its lines are shown already.
        shown: usize,
        /// Whether moments stand before lines.
        timestamps: bool,
    },
    /// Prints what the engine tells.
    Listen(Listen),
    /// The `docker` client: names and what is done with them.
    Docker(Vec<(Rc<str>, Do)>, Option<Tally>),
    /// `down`, behind its containers.
    DownRest(DownOptions),
    /// `down`, its networks and volumes.
    DownLast(DownOptions),
    /// Starts a container made for one run.
    Begin(Beginning),
    /// From here on no progress is told.
    Quiet,
    /// `docker run`: the request, and whether it stays attached.
    DockerRun(Box<crate::compose::engine::Spec>, bool),
}

/// What the `docker` client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Do {
    /// `start`.
    Start(Cid),
    /// `stop`.
    Stop(Cid, Option<Span>),
    /// `restart`.
    Restart(Cid, Option<Span>),
    /// `kill`.
    Kill(Cid, Rc<str>),
    /// `rm`: by force, with volumes.
    Remove(Cid, bool, bool),
    /// `pause`, `unpause`.
    Freeze(Cid, bool),
    /// `network create`.
    NetworkMake(Rc<str>),
    /// `network rm`.
    NetworkRemove(Rc<str>),
    /// `volume create`.
    VolumeMake(Rc<str>),
    /// `volume rm`.
    VolumeRemove(Rc<str>),
    /// Nothing but an error.
    Fault(Rc<str>),
    /// Nothing but words that are no error.
    Says(Rc<str>),
    /// Nothing.
    Nothing,
}

/// A command under way or over.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its project.
    pub project: Rc<Project>,
    steps: VecDeque<Step>,
    dag: Dag,
    second: Dag,
    follow: Option<Follow>,
    until: Time,
    ticket: Option<Ticket>,
    once: Option<Watched>,
    /// Commands in that container behind its start.
    hooks: Vec<Hook>,
    /// The container of a single run that is told once it is started.
    detached: Option<Rc<str>>,
    /// Whether no progress is told.
    quiet: bool,
    ends: Vec<Cid>,
    ends_from: usize,
    ends_code: i32,
    ends_plain: bool,
    listen: Option<(Listen, usize)>,
    /// What it has printed, in order.
    pub lines: Vec<Line>,
    /// Its exit code, once it has ended.
    pub code: Option<i32>,
    interrupted: bool,
    /// What led to it.
    pub cause: Option<EntryId>,
    /// Whether it is `docker run`, which tells of failures in its own way.
    docker_run: bool,
}

/// The client takes so long to start. Ours: recorded, on a loaded machine.
pub const CLIENT: Span = Span::millis(300);
/// And so long to end.
pub const GOODBYE: Span = Span::millis(30);

impl Job {
    /// A command of these steps.
    pub fn new(project: Rc<Project>, steps: impl IntoIterator<Item = Step>) -> Self {
        Job {
            project,
            steps: steps.into_iter().collect(),
            dag: Dag::default(),
            second: Dag::default(),
            follow: None,
            until: Time::ZERO,
            ticket: None,
            once: None,
            hooks: Vec::new(),
            detached: None,
            quiet: false,
            ends: Vec::new(),
            ends_from: 0,
            ends_code: 0,
            ends_plain: false,
            listen: None,
            lines: Vec::new(),
            code: None,
            interrupted: false,
            cause: None,
            docker_run: false,
        }
    }
    /// When it wants to be looked at even if the engine is quiet.
    pub fn due(&self, now: Time) -> Option<Time> {
        if self.code.is_some() {
            return None;
        }
        let waits = (self.until > now).then_some(self.until);
        let looks = self.follow.as_ref().map(Follow::due);
        let once = self.once.map(|_| now + Span::millis(50));
        let until = self.listen.as_ref().and_then(|(listen, _)| listen.until).filter(|t| *t > now);
        [self.dag.due(), self.second.due(), waits, looks, once, until].into_iter().flatten().min()
    }
    /// Whether the client works rather than waiting for something to happen.
    pub fn works(&self) -> bool {
        let waits = self.follow.is_some() || self.listen.is_some() || self.once.is_some() || !self.ends.is_empty();
        self.code.is_none() && !waits
    }
    /// Ctrl-C.
    pub fn interrupt(&mut self, engine: &mut Engine) {
        if self.code.is_some() {
            return;
        }
        match &self.follow {
            Some(follow) if !follow.over() && self.once.is_none() && self.second.is_empty() && !self.is_logs() => {
                self.interrupted = true;
                let text = progress("Compose", "Stopping", "Gracefully Stopping... press Ctrl+C again to force");
                self.lines.push(Line { t: engine.now, fd: ERR, text: text.trim_end().into() });
                self.second = acts::stop(engine, &self.project, &[], None);
            }
            _ => self.code = Some(130),
        }
    }
    fn is_logs(&self) -> bool {
        self.follow.as_ref().is_some_and(Follow::is_logs)
    }
    fn say(&mut self, engine: &Engine, fd: u8, text: impl Into<Rc<str>>) {
        self.lines.push(Line { t: engine.now, fd, text: text.into() });
    }
    /// Does what can be done at this moment; tells whether anything happened.
    pub fn advance(&mut self, engine: &mut Engine) {
        while self.code.is_none() {
            if self.until > engine.now {
                return;
            }
            if !self.follow_on(engine) {
                return;
            }
            if !self.dag.is_empty() {
                let told = self.lines.len();
                let standing = self.dag.advance(engine, &mut self.lines);
                if self.quiet {
                    self.lines.truncate(told);
                }
                match standing {
                    Standing::Running => return,
                    Standing::Finished(result) => {
                        let (faults, last) = (self.dag.faults, self.dag.last_words());
                        let line = |text: String| Line { t: engine.now, fd: ERR, text: text.into() };
                        self.lines.extend(last.map(line));
                        self.dag = Dag::default();
                        match result {
                            Ok(()) if faults > 0 => self.code = Some(1),
                            Ok(()) => {}
                            Err(words) => self.failed(engine, &words),
                        }
                        continue;
                    }
                }
            }
            if self.busy(engine) {
                return;
            }
            // The end of a run can leave work: the container is removed before the client goes.
            if !self.dag.is_empty() {
                continue;
            }
            match self.steps.pop_front() {
                Some(step) => self.step(engine, step),
                None if self.follow.is_none() => self.code = Some(0),
                None => return,
            }
        }
    }
    fn failed(&mut self, engine: &Engine, words: &str) {
        if self.docker_run {
            self.say(engine, ERR, format!("docker: {words}"));
            self.say(engine, ERR, "");
            self.say(engine, ERR, "Run 'docker run --help' for more information");
            self.code = Some(125);
            return;
        }
        if !self.interrupted {
            self.say(engine, ERR, words);
        }
        self.code = Some(if self.interrupted { 130 } else { 1 });
    }
    /// Looks after what is followed; `false` when there is nothing to do beside it.
    fn follow_on(&mut self, engine: &mut Engine) -> bool {
        let Some(follow) = &mut self.follow else { return true };
        follow.poll(engine, &mut self.lines);
        if std::mem::take(&mut follow.cascade) {
            let text = progress("Compose", "Stopping", "Aborting on container exit...");
            self.lines.push(Line { t: engine.now, fd: ERR, text: text.into() });
            self.second = acts::stop(engine, &self.project, &[], None);
        }
        if !self.second.is_empty() {
            match self.second.advance(engine, &mut self.lines) {
                Standing::Running => {}
                Standing::Finished(_) => self.second = Dag::default(),
            }
        }
        let Some(follow) = &mut self.follow else { return true };
        if self.dag.is_empty() && self.second.is_empty() && self.steps.is_empty() && follow.over() {
            follow.poll(engine, &mut self.lines);
            let code = if self.interrupted { 130 } else { follow.code };
            if code != 0 {
                self.lines.push(Line { t: engine.now, fd: ERR, text: "".into() });
            }
            self.code = Some(code);
            return false;
        }
        true
    }
    /// Whether a call or a run is waited for.
    fn busy(&mut self, engine: &mut Engine) -> bool {
        if let Some(ticket) = self.ticket {
            let Some(answer) = engine.take(ticket) else { return true };
            self.ticket = None;
            match answer {
                Ok(Reply::Ran { code, said }) => {
                    for line in said {
                        let fd = if line.stream == Stream::Err { ERR } else { OUT };
                        self.say(engine, fd, line.text);
                    }
                    if code != 0 {
                        self.code = Some(code);
                    }
                }
                Ok(_) => {
                    if let Some(id) = self.detached.take() {
                        self.say(engine, OUT, id);
                    }
                    self.run_hooks();
                }
                Err(refusal) => {
                    let words = format!("Error response from daemon: {}", refusal.words);
                    match self.detached.take() {
                        // docker/cli v28 cli/command/container/start.go, startContainersWithoutAttachments
                        Some(id) => {
                            self.say(engine, ERR, words);
                            self.failed(engine, &format!("failed to start containers: {id}"));
                        }
                        None => self.failed(engine, &words),
                    }
                }
            }
            if self.code.is_some() || !self.dag.is_empty() {
                return self.code.is_some();
            }
        }
        if let Some((listen, from)) = self.listen.take() {
            self.lines.extend(listen.lines(engine, &self.project.name, from));
            let over = listen.until.is_some_and(|until| engine.now >= until);
            self.listen = (!over).then_some((listen, engine.events.len()));
            return !over;
        }
        if let Some(watched) = self.once {
            return self.watch_once(engine, watched);
        }
        self.ends_come(engine)
    }
    /// Tells of containers that have ended since they were waited for, also of those that come back; the code is that of the
    /// last. Tells whether some are still waited for.
    /// Source: compose v5.6 pkg/compose/wait.go; moby v29 daemon/container/state.go, SetRestarting wakes who waits.
    fn ends_come(&mut self, engine: &Engine) -> bool {
        if self.ends.is_empty() {
            return false;
        }
        let new = engine.events.get(self.ends_from..).unwrap_or_default();
        let died = |cid: Cid| new.iter().any(|e| e.cid == Some(cid) && &*e.action == "die");
        let down = |cid: Cid| engine.container(cid).is_none_or(|c| !c.alive() && c.status != Status::Restarting);
        let (over, wait): (Vec<Cid>, Vec<Cid>) = self.ends.iter().partition(|cid| down(**cid) || died(**cid));
        self.ends = wait;
        for cid in over {
            let Some(c) = engine.container(cid) else { continue };
            let text = match self.ends_plain {
                true => c.exit.to_string(),
                false => format!("container \"{}\" exited with status code {}", c.id, c.exit),
            };
            self.ends_code = if self.ends_plain { 0 } else { c.exit };
            self.say(engine, OUT, text);
        }
        if self.ends.is_empty() && self.ends_code != 0 {
            self.steps.push_back(Step::Exit(self.ends_code));
        }
        !self.ends.is_empty()
    }
    fn step(&mut self, engine: &mut Engine, step: Step) {
        let project = self.project.clone();
        match step {
            Step::Pause(span) => self.until = engine.now + span,
            Step::Say(fd, text) => self.say(engine, fd, text),
            Step::Exit(code) => self.code = Some(code),
            Step::Create(options) => self.create(engine, &project, &options),
            Step::CreateFor(project, options) => self.create(engine, &project, &options),
            Step::StartFor(project) => self.dag = start::start(engine, &project, None),
            Step::Start(timeout) => self.dag = start::start(engine, &project, timeout),
            Step::WaitAll(timeout) => {
                let words = timeout.map(|t| format!("application not healthy after {}", go::duration_of_micros(t.0)));
                let end = timeout.zip(words).map(|(t, words)| (engine.now + t, Rc::from(words)));
                self.dag = start::wait_for_all(engine, &project, end);
            }
            Step::Attach(services, on_exit, exit_from, prefixed) => {
                let mut follow = Follow::attach(engine, &project, &services, &mut self.lines);
                follow.names.shown = prefixed;
                (follow.on_exit, follow.exit_from) = (on_exit, exit_from);
                self.follow = Some(follow);
            }
            Step::FollowLogs(services, names, tail) => {
                self.follow = Some(Follow::logs(engine, &project.name, &services, names, tail));
            }
            Step::Stop(services, grace) => self.dag = acts::stop(engine, &project, &services, grace),
            Step::Down(options) => self.down(engine, options),
            Step::Restart(services, no_deps, grace) => {
                match acts::restart(engine, &project, &services, no_deps, grace) {
                    Ok(dag) => self.dag = dag,
                    Err(words) => self.failed(engine, &words),
                }
            }
            Step::Kill(services, signal, orphans) => match acts::kill(engine, &project, &services, &signal, orphans) {
                Some(dag) => self.dag = dag,
                None => self.say(engine, ERR, "No container to kill"),
            },
            Step::Freeze(services, frozen) => self.dag = acts::freeze(engine, &project, &services, frozen),
            Step::Remove(services, force, volumes) => match acts::remove(engine, &project, &services, force, volumes) {
                None => self.say(engine, ERR, "No stopped containers"),
                Some((words, dag)) => {
                    self.say(engine, OUT, words);
                    if force {
                        self.dag = dag;
                    }
                }
            },
            Step::Exec(cid, words, env) => self.ticket = Some(engine.exec(cid, &words, &env)),
            Step::RunOnce(once) => self.run_once(engine, *once),
            Step::WaitEnd(list, plain) => {
                (self.ends, self.ends_from, self.ends_plain) = (list, engine.events.len(), plain);
            }
            Step::Await(ticket) => self.ticket = Some(ticket),
            Step::Watch { cid, shown, timestamps } => {
                self.once = Some(Watched::shown(cid, shown, timestamps));
            }
            Step::Listen(listen) => {
                let from = engine.events.partition_point(|e| e.t < listen.since);
                self.listen = Some((listen, from));
            }
            Step::Docker(list, tally) => self.docker(list, tally),
            Step::DownRest(options) => self.dag = acts::down_orphans(engine, &project, &options),
            Step::DownLast(options) if options.nothing(&project) => self.lines.push(acts::nothing(engine, &project)),
            Step::DownLast(options) => self.dag = acts::down_resources(engine, &project, &options),
            Step::Begin(beginning) => self.begin(engine, beginning),
            Step::Quiet => self.quiet = true,
            Step::DockerRun(spec, attached) => self.docker_run(engine, *spec, attached),
        }
    }
    fn create(&mut self, engine: &Engine, project: &Project, options: &CreateOptions) {
        match plan(engine, project, options) {
            Ok((dag, mut lines)) => {
                self.lines.append(&mut lines);
                self.dag = dag;
            }
            Err((mut lines, words)) => {
                self.lines.append(&mut lines);
                self.failed(engine, &words);
            }
        }
    }
    fn down(&mut self, engine: &mut Engine, mut options: DownOptions) {
        options.found = observed::of_project(engine, &self.project.name).iter().any(|s| !s.one_off || options.orphans);
        // Three rounds: the services' containers, lost ones, then what held them.
        self.dag = acts::down(engine, &self.project, &options);
        self.steps.push_front(Step::DownLast(options.clone()));
        self.steps.push_front(Step::DownRest(options));
    }
    fn docker(&mut self, list: Vec<(Rc<str>, Do)>, tally: Option<Tally>) {
        let mut dag = Dag { plain: true, tally, ..Dag::default() };
        let mut last = None;
        for (name, act) in list {
            let act = match act {
                Do::Start(cid) => Act::Start(cid),
                Do::Stop(cid, grace) => Act::Stop(cid, grace),
                Do::Restart(cid, grace) => Act::Restart(cid, grace),
                Do::Kill(cid, signal) => Act::Kill(cid, signal),
                Do::Remove(cid, force, volumes) => Act::Remove(cid, force, volumes),
                Do::Freeze(cid, frozen) => Act::Freeze(cid, frozen),
                Do::NetworkMake(name) => Act::NetworkMake(crate::compose::engine::Network {
                    name,
                    driver: "bridge".into(),
                    ..Default::default()
                }),
                Do::NetworkRemove(name) => Act::NetworkRemove(name),
                Do::VolumeMake(name) => Act::VolumeMake(name, Vec::new()),
                Do::VolumeRemove(name) => Act::VolumeRemove(name),
                Do::Fault(words) => Act::Put(0, Vec::new(), Some(words.to_string())),
                Do::Says(words) => {
                    dag.add(Node::new(Act::Nothing).begins(&*words));
                    continue;
                }
                Do::Nothing => Act::Nothing,
            };
            let done = dag.add(Node::new(act));
            dag.asked.push((done, name.clone()));
            // Names are told in the order of the line.
            let node = Node::new(Act::Nothing).after(last.into_iter().chain([done]));
            last = Some(dag.add(if name.is_empty() { node } else { node.ends(&*name) }));
        }
        self.dag = dag;
    }
}
