//! The one door to the engine: [`Command`] in, [`Update`] out. The page (through its worker), the command line and the tests
//! all use it. A session holds the branches of one run and what the page has seen of the present one.

pub mod alerts;
mod behave;
mod check;
mod command;
mod desk;
pub mod docker;
mod faults;
mod figures;
mod houses;
mod inspect;
pub mod ladder;
mod overview;
pub mod pipeline;
mod rows;
pub mod run;
mod series;
mod steps;
mod trace;
pub mod traffic;
mod update;
pub mod wire;
mod zones;

pub use crate::assertion as expression;
pub use command::{APPLY_LINE, Action, Command, File, drain_line};
pub use faults::{Choice, everywhere, hits_both, menu, menu_for};
pub use figures::*;
pub use trace::trace;
pub use update::*;
pub use zones::{is_zone, zone_id};

use crate::kubernetes::objects::{Id, Object};
use crate::scenario::{Scenario, TextFile};
use crate::sim::{Span, Time, Timeline};
use run::{Input, Run};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A checkpoint is kept at least so often. Ours: seeks replay at most this much.
const CHECKPOINT_EVERY: Span = Span::secs(10);
/// Branches that are kept; the oldest but the present one goes first. Ours.
const BRANCHES_MAX: usize = 8;
/// Journal lines in one update. Ours: more than a person can follow.
const HAPPENINGS_MAX: usize = 200;
/// A line that only reads may take so long; a client of Docker asks the engine several times. Ours.
const READING_MAX: Span = Span::secs(10);
/// How far a long seek goes first. Ours.
const FIRST_SLICE: Span = Span::millis(500);
/// So much of an opened log is played in one go, the rest in slices. Ours: as long as most runs.
const OPENED_AT_ONCE: Span = Span::secs(3_600);
/// Entries a slice of a long seek should write, more or less; slices grow and shrink towards it. Ours: some tens of
/// milliseconds of work.
const SLICE_ENTRIES: u32 = 4_000;

#[derive(Clone)]
struct BranchState {
    name: String,
    /// The branch it left.
    from: Option<String>,
    forked_at: Time,
    line: Timeline<Run>,
    record: overview::Record,
    /// The curves up to the newest moment, while the cursor stands before it.
    seen: Option<series::Recorder>,
}

/// What of a house's traffic is known: how far its streams are told, and what runs.
type Mark = ((Time, usize), u64);

/// One session.
pub struct Session {
    scenario: Scenario,
    branches: Vec<BranchState>,
    present: usize,
    made: u32,
    /// Whether this command forked.
    just_forked: bool,
    /// Entry number up to which the page has seen the journal.
    told: u32,
    /// What the page has seen of the Docker host.
    docker_told: docker::Told,
    zones_told: BTreeMap<u32, Row>,
    /// Whether the page is told of no cluster, because there is none beside the Docker host.
    host_alone: bool,
    /// Where a long seek is going, and the size of its next slice.
    seeking: Option<(Time, Span)>,
    /// Inputs of an opened log that are still to come, while a very long one is played in slices.
    coming: VecDeque<(Time, Input)>,
    /// Where the cursor goes once they are played.
    opens_at: Option<Time>,
    full: bool,
    log_changed: bool,
    /// The state of the faults that the page knows.
    faults_told: Option<u64>,
    /// The state of the pipelines that the page knows.
    pipelines_told: Option<u64>,
    /// Until when nothing will be written, where that was looked up, and whether there is news then.
    quiet_until: Option<(Time, bool)>,
    /// Of which moment of which branch the page knows the traffic.
    traffic_told: Option<(Mark, Option<Mark>, usize)>,
}

impl Default for Session {
    fn default() -> Self {
        Session::open(&[], 1)
    }
}

impl Session {
    /// A session at the start of a scenario; its files are applied at once.
    pub fn open(files: &[TextFile], seed: u64) -> Self {
        let (scenario, _) = Scenario::read(files, seed);
        let mut session = Session::bare(scenario);
        session.apply_scenario_files();
        session
    }
    fn bare(scenario: Scenario) -> Self {
        let line = Timeline::new(Run::new(&scenario), CHECKPOINT_EVERY);
        let branch = BranchState {
            name: "A".into(),
            from: None,
            forked_at: Time::ZERO,
            line,
            record: overview::Record::default(),
            seen: None,
        };
        Session {
            scenario,
            branches: vec![branch],
            present: 0,
            made: 1,
            just_forked: false,
            told: 0,
            docker_told: docker::Told::default(),
            zones_told: BTreeMap::new(),
            host_alone: false,
            seeking: None,
            coming: VecDeque::new(),
            opens_at: None,
            full: true,
            log_changed: true,
            faults_told: None,
            pipelines_told: None,
            quiet_until: None,
            traffic_told: None,
        }
    }
    fn apply_scenario_files(&mut self) {
        if self.scenario.apply && !self.scenario.files.is_empty() {
            let files = self.scenario.files.iter().map(|f| (f.name.to_string(), f.text.to_string())).collect();
            self.line_mut().apply(Input::Apply(files));
        }
    }
    /// The run at the cursor.
    pub fn run(&self) -> &Run {
        self.branches[self.present].line.world()
    }
    fn line_mut(&mut self) -> &mut Timeline<Run> {
        &mut self.branches[self.present].line
    }
    fn line(&self) -> &Timeline<Run> {
        &self.branches[self.present].line
    }
    fn now(&self) -> Time {
        self.run().world.now()
    }

    /// Carries out a command and tells what came of it.
    pub fn command(&mut self, number: u32, command: Command) -> Update {
        let mut update = Update { answer_to: number, ..Update::default() };
        self.carry_out(command, &mut update);
        self.report(&mut update);
        update
    }
    /// Whether a long seek goes on: call [`Session::go_on`] until it does not.
    pub fn busy(&self) -> bool {
        self.seeking.is_some()
    }
    /// The next slice of a long seek.
    pub fn go_on(&mut self, number: u32) -> Update {
        let mut update = Update { answer_to: number, ..Update::default() };
        self.slice();
        self.report(&mut update);
        update
    }
    fn carry_out(&mut self, command: Command, update: &mut Update) {
        if command.moves() {
            self.finish_opening();
        }
        match command {
            Command::Open { files, seed, log, at } => self.reopen(&files, seed, &log, Time(at)),
            Command::Advance { by } => {
                let to = self.now() + Span(by);
                self.seek(to);
            }
            Command::Seek { to } => self.seek(Time(to)),
            Command::StepEvent { back } => self.step_event(back),
            Command::SkipQuiet => {
                if let Some(due) = self.quiet_until() {
                    self.seek(due);
                }
            }
            Command::Act(action) => self.act(action, update),
            Command::Shell { line, language } => {
                self.line_mut().world_mut().speak(&language);
                self.shell(line, update)
            }
            Command::Complete { line } => update.completions = Some(self.run().complete(&line)),
            Command::Check { files } => update.check = Some(check::check(&self.run().world, &text_files(&files))),
            Command::Inspect { id } if docker::is_docker(id) => update.inspect = docker::inspect(self.run(), id),
            Command::Inspect { id } => update.inspect = inspect::inspect(self.line(), Id(id)),
            Command::Why { id, entry } if docker::is_docker(id) => {
                update.why = Some(docker::why(self.run(), id, entry))
            }
            Command::Why { id, entry } => update.why = Some(inspect::why(&self.run().world.cluster, Id(id), entry)),
            Command::Branch { index } => self.switch(index as usize),
            Command::UndoFork { name } => self.undo_fork(&name),
            Command::Overview { columns } => {
                let branch = &self.branches[self.present];
                update.overview = Some(branch.record.overview(branch.line.inputs(), branch.line.newest(), columns));
            }
            Command::Series { id, columns } => {
                let branch = &self.branches[self.present];
                let recorder = branch.seen.as_ref().filter(|_| branch.line.in_the_past());
                let recorder = recorder.unwrap_or(&branch.line.world().recorder);
                let whole = series::Recorder::whole(&branch.line.world().world);
                update.series = Some(recorder.series(id, whole, branch.line.newest(), columns));
            }
            Command::Convert { files, language } => update.converted = docker::convert(&text_files(&files), &language),
            Command::Duel => update.duel = Some(self.run().duel()),
            Command::Trace => update.trace = Some(trace(&self.run().world)),
            Command::Refresh => self.full = true,
            Command::CrashForTest => panic!("stopped on purpose"),
        }
    }
    fn reopen(&mut self, files: &[File], seed: u64, log: &[u8], at: Time) {
        let (scenario, _) = Scenario::read(&text_files(files), seed);
        *self = Session::bare(scenario);
        let last = Time::ZERO + Span::LONGEST;
        self.coming = wire::read_log(log).into_iter().map(|(t, input)| (t.min(last), input)).collect();
        if self.coming.is_empty() {
            self.apply_scenario_files();
        }
        let at = at.min(last);
        let newest = self.coming.back().map_or(Time::ZERO, |(t, _)| *t).max(at);
        self.opens_at = Some(at);
        self.seeking = Some((newest, OPENED_AT_ONCE));
        self.slice();
        self.seeking = self.seeking.map(|(to, _)| (to, FIRST_SLICE));
    }
    /// Plays what is left of an opened log, before something else happens.
    fn finish_opening(&mut self) {
        if self.opens_at.is_some()
            && let Some((newest, _)) = self.seeking
        {
            self.seeking = Some((newest, newest.since(self.now())));
            self.slice();
        }
    }
    /// Plays to `to` with what an opened log holds up to there.
    fn play_log(&mut self, to: Time) {
        while self.coming.front().is_some_and(|(t, _)| *t <= to) {
            let Some((t, input)) = self.coming.pop_front() else { break };
            self.play(t);
            self.line_mut().apply(input);
        }
        self.play(to);
    }
    /// Goes to `to`, in slices when it is far.
    fn seek(&mut self, to: Time) {
        if to < self.now() {
            self.quiet_until = None;
        }
        if to <= self.line().newest() {
            // The past is at most a checkpoint away.
            self.full |= to < self.now();
            self.keep_curves();
            self.line_mut().seek(to);
            self.seeking = None;
            return;
        }
        let slice = self.seeking.map_or(FIRST_SLICE, |(_, slice)| slice);
        self.seeking = Some((to, slice));
        self.slice();
    }
    /// The cursor leaves the newest moment: the curves up to there are kept.
    fn keep_curves(&mut self) {
        if !self.line().in_the_past() {
            let curves = self.run().recorder.clone();
            self.branches[self.present].seen = Some(curves);
        }
    }
    /// One slice of a seek into what has not been played yet.
    fn slice(&mut self) {
        let Some((to, slice)) = self.seeking else { return };
        let before = self.run().entries() as u32;
        let stop = (self.now() + slice).min(to);
        self.play_log(stop);
        let wrote = (self.run().entries() as u32).saturating_sub(before);
        let next = if wrote > SLICE_ENTRIES { Span(slice.0 / 2) } else { slice * 2 };
        self.seeking = (stop < to).then_some((to, Span(next.0.max(1_000))));
        if self.seeking.is_none()
            && let Some(at) = self.opens_at.take()
        {
            self.line_mut().seek(at);
            self.log_changed = true;
        }
    }
    /// Plays to `t`, looking at the cluster for the overview on the way.
    fn play(&mut self, t: Time) {
        loop {
            let branch = &mut self.branches[self.present];
            let stop = branch.record.due().max(branch.line.world().world.now()).min(t);
            branch.line.seek(stop);
            if !branch.line.in_the_past() {
                branch.record.look(branch.line.world());
            }
            if stop >= t {
                return;
            }
            // A due sample at the present moment was just taken; the next is later.
        }
    }
    fn act(&mut self, action: Action, update: &mut Update) {
        let cluster = &self.run().world.cluster;
        let named = |id: u32| cluster.api.store.get(Id(id)).map(|o| (reference(cluster, o), o.meta.name.to_string()));
        let input = match action {
            Action::Apply { files } => {
                let texts = text_files(&files);
                update.check = Some(check::check(&self.run().world, &texts));
                let (scenario, _) = Scenario::read(&texts, self.scenario.seed);
                let files = scenario.files.iter().map(|f| (f.name.to_string(), f.text.to_string())).collect();
                Some(Input::Apply(files))
            }
            Action::Delete { id } => named(id).map(|(r, _)| Input::Line(format!("kubectl delete {r} --wait=false"))),
            Action::Scale { id, replicas } => {
                named(id).map(|(r, _)| Input::Line(format!("kubectl scale {r} --replicas={replicas}")))
            }
            Action::SetImage { id, container, image } => {
                named(id).map(|(r, _)| Input::Line(format!("kubectl set image {r} {container}={image}")))
            }
            Action::KillContainer { id, container } => Some(Input::Kill(id, container)),
            Action::FailNode { id } => Some(Input::FailNode(id)),
            Action::RecoverNode { id } => Some(Input::RecoverNode(id)),
            Action::Cordon { id, on } => {
                named(id).map(|(_, n)| Input::Line(format!("kubectl {} {n}", if on { "cordon" } else { "uncordon" })))
            }
            Action::Drain { id } => named(id).map(|(_, n)| Input::Line(command::drain_line(&n))),
            Action::Rollout { id, verb } => named(id).map(|(r, _)| Input::Line(format!("kubectl rollout {verb} {r}"))),
            Action::Fault(ask) => match faults::read(&self.run().world, &ask) {
                Ok(fault) => Some(Input::Fault(fault)),
                Err(words) => {
                    update.refused = Some(words);
                    return;
                }
            },
            Action::EndFault { number } => Some(Input::EndFault(number)),
            Action::Line { line } => Some(Input::Line(line)),
            Action::SetLoad { name, to, shape } => {
                traffic::load(&self.run().world, &name, to, &shape).map(Input::SetLoad)
            }
            Action::SetLoadOn { load } => Some(Input::SetLoad(load)),
            Action::EndLoad { name } => Some(Input::EndLoad(name)),
            Action::SetBehaviour { id, container, values } => {
                if let Err(words) = behave::rule("", &container, &values) {
                    update.refused = Some(words);
                    return;
                }
                Some(Input::SetBehaviour(id, container, values))
            }
        };
        match input {
            Some(input) => self.take(input),
            None => update.missed = true,
        }
    }
    /// A terminal line. Reading lines leave no trace in the run; writing ones are inputs and may fork.
    fn shell(&mut self, line: String, update: &mut Update) {
        if line.trim() == "^C" {
            if self.run().waiting() {
                self.take(Input::Interrupt);
            }
        } else if crate::console::only_reads(&line) {
            update.shell.extend(self.run().read(line, READING_MAX).map(shell_row));
        } else {
            self.take(Input::Line(line));
        }
    }
    /// Takes an input at the cursor; in the past the old future is kept as a branch of its own.
    fn take(&mut self, input: Input) {
        self.seeking = None;
        self.quiet_until = None;
        if self.line().in_the_past() {
            self.fork();
        }
        self.line_mut().apply(input);
        let branch = &mut self.branches[self.present];
        branch.record.look(branch.line.world());
        self.log_changed = true;
    }
    fn fork(&mut self) {
        let now = self.now();
        let mut branch = self.branches[self.present].clone();
        branch.from = Some(std::mem::replace(&mut branch.name, branch_name(self.made)));
        branch.forked_at = now;
        branch.seen = None;
        branch.record.cut(now);
        self.made += 1;
        if self.branches.len() >= BRANCHES_MAX {
            self.remove(usize::from(self.present == 0));
        }
        self.just_forked = true;
        self.branches.push(branch);
        self.present = self.branches.len() - 1;
    }
    /// Takes one branch away, which is not the present one; what left it hangs where it hung.
    fn remove(&mut self, index: usize) {
        let gone = self.branches.remove(index);
        self.present -= usize::from(self.present > index);
        for branch in self.branches.iter_mut().filter(|b| b.from.as_ref() == Some(&gone.name)) {
            branch.from = gone.from.clone();
        }
    }
    /// Takes a fork back, and nothing else: whoever stands on it goes to the branch it left.
    fn undo_fork(&mut self, name: &str) {
        let at = |name: &str| self.branches.iter().position(|b| b.name == name);
        let Some(fork) = at(name) else { return };
        let Some(from) = self.branches[fork].from.as_deref().and_then(at) else { return };
        if self.present == fork {
            self.switch(from);
        }
        self.remove(fork);
    }
    fn switch(&mut self, index: usize) {
        if index < self.branches.len() {
            self.present = index;
            self.quiet_until = None;
            self.full = true;
            self.log_changed = true;
            self.seeking = None;
        }
    }

    /// Fills in where the run stands and what changed on the stage.
    fn report(&mut self, update: &mut Update) {
        let forked = std::mem::take(&mut self.just_forked);
        update.clock = Clock {
            now: self.now().0,
            newest: self.line().newest().0,
            next_due: self.quiet_until().map(|t| t.0),
            seeking: self.seeking.map(|(to, _)| to.0),
            branches: self.branches.iter().map(branch_row).collect(),
            branch: self.present as u32,
            forked,
        };
        if update.shell.is_empty() {
            update.shell = join_answers(self.line_mut().world_mut().take_answers());
        }
        let seen = self.line_mut().world_mut().world.cluster.take_seen();
        let alone = docker::stands_alone(&self.run().world);
        let turned = std::mem::replace(&mut self.host_alone, alone) != alone;
        update.full = std::mem::take(&mut self.full) || turned;
        self.tell_traffic(update);
        let world = &self.branches[self.present].line.world().world;
        let cluster = &world.cluster;
        let jobs = self.branches[self.present].line.world().jobs();
        let version = jobs.iter().map(pipeline::Job::version).sum();
        if update.full || self.pipelines_told != Some(version) {
            self.pipelines_told = Some(version);
            update.pipelines = Some(jobs.iter().map(|j| j.row().clone()).collect());
        }
        if update.full || self.faults_told != Some(world.faults.version()) {
            self.faults_told = Some(world.faults.version());
            update.faults = Some(faults::rows(&world.faults));
        }
        if update.full {
            let all = cluster.api.store.all().filter(|_| !alone);
            update.rows = all.filter_map(|o| rows::row(cluster, o)).collect();
            self.told = cluster.api.journal.len() as u32;
        } else {
            let mut ids = BTreeSet::new();
            for change in seen.iter().filter(|_| !alone) {
                ids.insert(change.id);
                for object in [&change.before, &change.after].into_iter().flatten() {
                    rows::touched(cluster, object, &mut ids);
                }
            }
            for id in ids {
                match cluster.api.store.get(id) {
                    Some(object) => update.rows.extend(rows::row(cluster, object)),
                    None => update.gone.push(id.0),
                }
            }
            self.tell_happenings(update);
        }
        zones::tell(&self.branches[self.present].line.world().world.cluster, &mut self.zones_told, update);
        self.tell_docker(update);
        // A log that is still being played is the page's own.
        if self.opens_at.is_none() && std::mem::take(&mut self.log_changed) {
            update.log = Some(wire::log(self.line().inputs()));
        }
    }
    /// Traffic is told once a second, and when everything is told.
    fn tell_traffic(&mut self, update: &mut Update) {
        let world = &self.branches[self.present].line.world().world;
        let cluster = &world.cluster;
        let host = world.host.as_ref().map(|host| (host.streams().mark(), host.engine.floor.version()));
        let mark = ((cluster.services.streams().mark(), cluster.api.floor.version()), host, self.present);
        if !update.full && self.traffic_told == Some(mark) {
            return;
        }
        self.traffic_told = Some(mark);
        update.traffic = Some(traffic::traffic(world));
    }
    fn tell_happenings(&mut self, update: &mut Update) {
        let cluster = &self.branches[self.present].line.world().world.cluster;
        let journal = &cluster.api.journal;
        let from = self.told.max((journal.len() as u32).saturating_sub(HAPPENINGS_MAX as u32));
        update.happenings = journal.since(from).map(|(id, e)| inspect::happening(cluster, id, e)).collect();
        self.told = journal.len() as u32;
    }
}

fn text_files(files: &[File]) -> Vec<TextFile> {
    files.iter().map(|f| TextFile { name: f.name.as_str().into(), text: f.text.as_str().into() }).collect()
}

/// `deployment.apps/web -n shop`
fn reference(cluster: &crate::kubernetes::Cluster, object: &Object) -> String {
    let api = &cluster.api;
    let kind = api.kinds.name(object.kind).to_lowercase();
    let group = crate::kubernetes::objects::group_of(api.kinds.api_version(object.kind));
    let kind = if group.is_empty() { kind } else { format!("{kind}.{group}") };
    match &*object.meta.namespace {
        "" | "default" => format!("{kind}/{}", object.meta.name),
        namespace => format!("{kind}/{} -n {namespace}", object.meta.name),
    }
}

fn branch_row(branch: &BranchState) -> Branch {
    Branch { name: branch.name.clone(), forked_at: branch.forked_at.0, newest: branch.line.newest().0 }
}

/// A, B, … Z, A1, B1 …
fn branch_name(n: u32) -> String {
    let letter = char::from(b'A' + (n % 26) as u8);
    if n < 26 { letter.to_string() } else { format!("{letter}{}", n / 26) }
}

fn shell_row(answer: run::Answer) -> Shell {
    Shell { line: answer.line.to_string(), stdout: answer.stdout, stderr: answer.stderr, code: answer.code }
}

/// What one line has answered in several parts is one answer, as long as it has not ended.
fn join_answers(answers: Vec<run::Answer>) -> Vec<Shell> {
    let mut all: Vec<Shell> = Vec::new();
    for answer in answers.into_iter().map(shell_row) {
        match all.iter_mut().find(|a| a.code.is_none() && a.line == answer.line) {
            Some(open) => open.go_on(answer),
            None => all.push(answer),
        }
    }
    all
}
