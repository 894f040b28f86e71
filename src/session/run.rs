//! One run as a timeline plays it: the world, what a person types into it, and what the scenario does by itself. A pure
//! function of the scenario and the inputs.

use super::behave;
use super::command::APPLY_LINE;
use super::desk::Seat;
use super::pipeline::{self, Job};
use super::series::Recorder;
use super::traffic;
use crate::assertion::View;
use crate::compose::files::{FILE_NAMES, is_compose};
use crate::console::{self, Console};
use crate::duel;
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::{Id, Kind};
use crate::scenario::{self, Scenario, Scripted, TextFile};
use crate::sim::{Rewindable, Span, Time};
use crate::workload::Load;
use crate::world::World;
use crate::world::faults::{self, Fault, Order, What};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The actor of what a person does.
const YOU: &str = "you";
/// The actor of what the scenario says.
const SCENARIO: &str = "scenario";

/// Exit code of what was stopped. Source: POSIX sh, 2.8.2: a shell reports more than 128; all common ones 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// The line that brings a project up when its files are applied.
pub const UP: &str = "docker compose up -d";

/// The line for these files: where none has a name that Compose looks for, all are named.
fn up(files: &[TextFile]) -> String {
    let compose: Vec<&TextFile> = files.iter().filter(|f| is_compose(&f.name, &f.text)).collect();
    if compose.iter().any(|f| FILE_NAMES.contains(&&*f.name)) {
        return UP.into();
    }
    let named: String = compose.iter().map(|f| format!(" -f {}", f.name)).collect();
    UP.replacen("compose", &format!("compose{named}"), 1)
}

/// What a person (or the scenario) does. Objects go by number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// Apply files: (name, text).
    Apply(Vec<(String, String)>),
    /// A console line.
    Line(String),
    /// Kill a container's process from outside.
    Kill(u32, String),
    /// A machine stops.
    FailNode(u32),
    /// It comes back.
    RecoverNode(u32),
    /// Ends a waiting command, as Ctrl+C does.
    Interrupt,
    /// Something breaks.
    Fault(Fault),
    /// A fault, or a plan of faults, is ended by its number.
    EndFault(u32),
    /// Sets a load from now on.
    SetLoad(Load),
    /// Ends a load.
    EndLoad(String),
    /// Changes what requests cost the containers of a workload or a pod: its number, the container (all when empty), values.
    SetBehaviour(u32, String, Vec<(String, String)>),
}

/// What a console line answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The line.
    pub line: Rc<str>,
    /// What it printed.
    pub stdout: String,
    /// What it complained.
    pub stderr: String,
    /// Exit code; `None` while it goes on.
    pub code: Option<i32>,
}

impl Answer {
    /// Two answers of one line, one behind the other.
    pub fn join(mut self, next: Answer) -> Answer {
        self.stdout += &next.stdout;
        self.stderr += &next.stderr;
        self.code = next.code;
        self
    }
}

/// The run at one moment.
#[derive(Clone, Debug)]
pub struct Run {
    /// The world.
    pub world: World,
    console: Console,
    seat: Seat,
    seed: u64,
    script: Rc<[Scripted]>,
    scripted: usize,
    loads: Rc<[(Span, Load)]>,
    loaded: usize,
    files: Rc<[TextFile]>,
    waiting: Option<Rc<str>>,
    answers: Vec<Answer>,
    /// What charts show.
    pub recorder: Recorder,
    /// What was seen of both houses.
    record: duel::Record,
    jobs: Vec<Job>,
}

impl Run {
    /// A run at its start: the machines are there, nothing is applied.
    pub fn new(scenario: &Scenario) -> Self {
        let mut world = scenario.world();
        world.cluster.keep_changes = true;
        Run {
            world,
            console: Console::default(),
            seat: Seat::new(&scenario.folder, &scenario.around),
            seed: scenario.seed,
            script: scenario.inputs.clone().into(),
            scripted: 0,
            loads: scenario.loads.clone().into(),
            loaded: 0,
            files: scenario.files.clone().into(),
            waiting: None,
            answers: Vec::new(),
            recorder: Recorder::promising(scenario.objective),
            record: duel::Record::default(),
            jobs: scenario.pipelines.iter().map(|p| Job::new(&Rc::new(p.clone()))).collect(),
        }
    }
    /// Takes the answers of console lines since the last call.
    pub fn take_answers(&mut self) -> Vec<Answer> {
        std::mem::take(&mut self.answers)
    }
    /// The language of our own words in answers from now on. Changes words only, never what happens.
    pub fn speak(&mut self, language: &str) {
        self.console.language = language.into();
        self.seat.speak(language);
    }
    /// What differed between the two houses so far.
    pub fn duel(&self) -> duel::Report {
        duel::Report::of(&self.world, &self.record, [self.seat.refused(), self.console.refused])
    }
    /// Full path of the folder one sits in before the Docker host.
    pub fn folder(&self) -> &str {
        self.seat.folder()
    }
    /// The files there, by path inside of it.
    pub fn seat_files(&self) -> &BTreeMap<String, Rc<str>> {
        self.seat.files()
    }
    /// Its pipelines.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }
    /// Whether a watching or waiting command goes on.
    pub fn waiting(&self) -> bool {
        self.waiting.is_some() || self.seat.busy()
    }
    /// The answer of a line that only reads, in a copy of the run: a line under way goes on undisturbed.
    pub fn read(&self, line: String, most: Span) -> Option<Answer> {
        let mut copy = self.clone();
        copy.waiting = None;
        copy.console.interrupt();
        copy.apply(&Input::Line(line));
        copy.finish_line(most);
        copy.answers.pop()
    }
    /// Plays until no line is under way, at most so long; its answers become one.
    pub fn finish_line(&mut self, most: Span) {
        let end = self.world.now() + most;
        while self.waiting()
            && let Some(due) = self.next_due().filter(|due| *due <= end)
        {
            self.run_until(due);
        }
        let answers = std::mem::take(&mut self.answers);
        self.answers.extend(answers.into_iter().reduce(Answer::join));
    }
    /// Ends a watching or waiting command, as Ctrl+C does.
    pub fn interrupt(&mut self) {
        if let Some(host) = self.world.host.as_mut().filter(|_| self.seat.busy()) {
            self.seat.interrupt(host);
            self.answers.extend(self.seat.answers());
        } else if let Some(line) = self.waiting.take() {
            self.console.interrupt();
            self.answers.push(Answer { line, code: Some(INTERRUPTED), ..Answer::default() });
        }
    }
    /// When something is due next: in the world or in the script.
    pub fn next_due(&self) -> Option<Time> {
        // A line that is past its moment waits for a change, not for a time.
        let line = self.console.due().filter(|due| *due > self.world.now());
        let asked = [self.scripted_at(), line, self.seat.due(), pipeline::due(&self.jobs), self.world.next_due()];
        asked.into_iter().flatten().min()
    }
    /// Completions of a console line.
    pub fn complete(&self, line: &str) -> Vec<String> {
        self.console.complete(&self.world.cluster, line)
    }
    /// When the scenario acts next.
    fn scripted_at(&self) -> Option<Time> {
        let line = self.script.get(self.scripted).map(|s| Time::ZERO + s.at);
        let load = self.loads.get(self.loaded).map(|(at, _)| Time::ZERO + *at);
        [line, load].into_iter().flatten().min()
    }
    fn play_script(&mut self, until: Time) {
        while let Some(at) = self.scripted_at().filter(|at| *at <= until) {
            self.step_to(at);
            let load = self.loads.get(self.loaded).filter(|(when, _)| Time::ZERO + *when <= at).cloned();
            if let Some((_, load)) = load {
                self.loaded += 1;
                self.act(&Input::SetLoad(load), SCENARIO);
                continue;
            }
            let Some(scripted) = self.script.get(self.scripted).cloned() else { return };
            self.scripted += 1;
            match &scripted.order {
                Some(order) => self.order(order, SCENARIO),
                None => self.scripted_line(&scripted.line),
            }
        }
    }
    /// A fault in words, as scripts write it: `fail node-a`, `recover node-a`, `kill POD [CONTAINER]`.
    pub fn fault(&mut self, line: &str) {
        self.scripted_line(line);
    }
    /// A line of the script: a fault in words, or a console line.
    fn scripted_line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let store = &self.world.cluster.api.store;
        let input = match words.as_slice() {
            ["fail", node] => store.find(Kind::Node, "", node).map(|id| Input::FailNode(id.0)),
            ["recover", node] => store.find(Kind::Node, "", node).map(|id| Input::RecoverNode(id.0)),
            ["kill", pod] | ["kill", pod, _] => {
                self.pod_like(pod).map(|id| Input::Kill(id.0, words.get(2).copied().unwrap_or_default().into()))
            }
            ["delete", pod] => self.pod_like(pod).and_then(|id| store.get(id)).map(|pod| {
                Input::Line(format!("kubectl delete pod {} -n {} --wait=false", pod.meta.name, pod.meta.namespace))
            }),
            _ => Some(Input::Line(line.into())),
        };
        if let Some(input) = input {
            self.act(&input, SCENARIO);
        }
    }
    /// `pod/web` or `web`: the first pod (by name) whose name begins so.
    fn pod_like(&self, name: &str) -> Option<Id> {
        let name = name.trim_start_matches("pod/");
        let pods = self.world.cluster.api.store.list(Kind::Pod);
        pods.filter(|p| p.meta.name.starts_with(name) && !p.meta.deleting()).map(|p| p.meta.id).next()
    }
    /// Plays the world; event by event where a waiting command or a pipeline must see every moment.
    fn step_to(&mut self, t: Time) {
        loop {
            self.poll();
            let now = self.world.now();
            let every = self.waiting() || self.jobs.iter().any(Job::watches);
            let asked = [self.console.due(), self.seat.due(), pipeline::due(&self.jobs)]
                .into_iter()
                .flatten()
                .filter(|due| *due > now);
            match asked.chain(self.world.next_due().filter(|_| every)).min() {
                Some(due) if due <= t => self.world.run_until(due),
                _ => break,
            }
        }
        self.world.run_until(t);
        self.poll();
    }
    fn poll(&mut self) {
        if let Some(host) = &mut self.world.host {
            self.seat.poll(host);
            self.answers.extend(self.seat.answers());
        }
        let files = self.files.clone();
        let find = |name: &str| files.iter().find(|f| &*f.name == name).map(|f| f.text.to_string());
        for job in &mut self.jobs {
            job.poll(&mut self.world.cluster, &find);
        }
        let Some(line) = self.waiting.clone() else { return };
        let Some(output) = self.console.poll(&mut self.world.cluster) else { return };
        self.world.cluster.settle();
        if output.code.is_some() {
            self.waiting = None;
        }
        self.tell(line, output);
    }
    fn tell(&mut self, line: Rc<str>, output: console::Output) {
        self.answers.push(Answer { line, stdout: output.stdout, stderr: output.stderr, code: output.code });
    }
    /// The answer of a line that is done at once.
    fn tell_done(&mut self, line: &str, done: Result<(), String>) {
        let (code, stderr) = done.map_or_else(|words| (1, format!("error: {words}\n")), |()| (0, String::new()));
        self.tell(line.into(), console::Output { stderr, code: Some(code), ..Default::default() });
    }
    /// A line for the cluster; it takes the place of one under way, unless it cannot be read.
    fn kubectl(&mut self, line: &str) {
        self.typed(duel::House::Kubernetes, line);
        let files = self.files.clone();
        let find = |name: &str| files.iter().find(|f| &*f.name == name).map(|f| f.text.to_string());
        let output = console::run(&mut self.console, &mut self.world.cluster, &find, line);
        if (output.code.is_none() || !self.console.busy())
            && let Some(stopped) = self.waiting.take()
        {
            self.answers.push(Answer { line: stopped, code: Some(INTERRUPTED), ..Answer::default() });
        }
        if output.code.is_none() {
            self.waiting = Some(line.into());
        }
        self.tell(line.into(), output);
    }
    fn act(&mut self, input: &Input, actor: &'static str) {
        match input {
            Input::Apply(files) => {
                let file = |(n, t): &(String, String)| TextFile { name: n.as_str().into(), text: t.as_str().into() };
                self.files = files.iter().map(file).collect();
                self.apply_files(actor);
            }
            Input::Line(line) => {
                if let Some(name) = line.trim().strip_prefix("pipeline ") {
                    self.start_pipeline(line, name.trim());
                } else if let Some(text) = line.trim().strip_prefix("objective ") {
                    let done = crate::scenario::objective(text).map(|share| self.recorder.promise = share);
                    self.tell_done(line, done);
                } else if let Some(read) = faults::read_line(line) {
                    let done = read.and_then(|order| self.try_order(&order, actor));
                    self.tell_done(line, done);
                } else if let Some(done) = manifest_line(&mut self.world.cluster, &self.files, line) {
                    self.tell_done(line, done);
                } else if let Some(read) = traffic::read_line(line) {
                    let done = read.map(|input| self.act(&input, actor));
                    self.tell_done(line, done);
                } else if let Some(read) = behave::read_line(&self.world, line) {
                    let done = read.map(|inputs| inputs.iter().for_each(|input| self.act(input, actor)));
                    self.tell_done(line, done);
                } else if console::compose::is_for_docker(line) {
                    self.typed(duel::House::Compose, line);
                    self.docker(line, actor);
                } else {
                    self.kubectl(line);
                }
            }
            Input::Interrupt => self.interrupt(),
            Input::Kill(id, container) => self.break_object(What::Kill, *id, container, actor),
            Input::FailNode(id) => self.break_object(What::NodeCrash, *id, "", actor),
            Input::RecoverNode(id) => self.world.recover_node(Id(*id)),
            Input::Fault(fault) => self.order(&Order::Break(fault.clone()), actor),
            Input::EndFault(number) => self.world.end_fault(*number),
            Input::SetLoad(load) => traffic::set_load(&mut self.world, load, actor),
            Input::EndLoad(name) => traffic::end_load(&mut self.world, name, actor),
            Input::SetBehaviour(id, container, values) => {
                behave::set(&mut self.world, *id, container, values, actor);
            }
        }
        self.world.cluster.settle();
    }
    /// A line that changes something counts as work by hand.
    fn typed(&mut self, house: duel::House, line: &str) {
        if !console::only_reads(line) {
            self.record.typed(self.world.now(), house, line.trim());
        }
    }
    /// Every house gets its own files.
    fn apply_files(&mut self, actor: &'static str) {
        let manifests = scenario::manifests(&self.files);
        if scenario::has_compose(&self.files) {
            self.seat.lay_out(&self.files);
            self.docker(&up(&self.files), actor);
        }
        if manifests.is_empty() && self.world.host.is_some() {
            return;
        }
        if self.world.cluster.api.store.list(Kind::Node).next().is_none() && self.world.host.is_some() {
            scenario::add_nodes(&mut self.world.cluster, &scenario::default_nodes());
        }
        let output = self.console.apply_files(&mut self.world.cluster, &manifests);
        self.tell(APPLY_LINE.into(), output);
    }
    /// A line for the Docker host, which is there from then on.
    fn docker(&mut self, line: &str, actor: &'static str) {
        let host = self.world.host_mut(self.seed);
        self.seat.type_line(host, line, actor);
        self.answers.extend(self.seat.answers());
    }
    /// Lets something break or be well again; what cannot be is said.
    fn order(&mut self, order: &Order, actor: &'static str) {
        if let Err(words) = self.try_order(order, actor) {
            let stderr = format!("error: {words}\n");
            self.answers.push(Answer { line: "fault".into(), stderr, code: Some(1), ..Answer::default() });
        }
    }
    fn try_order(&mut self, order: &Order, actor: &'static str) -> Result<(), String> {
        match order {
            Order::Break(fault) => self.world.order(fault, actor).map(drop),
            Order::Heal(what, on) => {
                self.world.heal(*what, on);
                Ok(())
            }
        }
    }
    fn start_pipeline(&mut self, line: &str, name: &str) {
        let now = self.world.now();
        let done = match self.jobs.iter_mut().find(|j| j.name() == name).map(|job| job.start(now)) {
            Some(true) => Ok(()),
            Some(false) => Err(format!("the pipeline {name} is at work")),
            None => Err(format!("there is no pipeline {name}")),
        };
        self.tell_done(line, done);
        self.poll();
    }
    fn break_object(&mut self, what: What, id: u32, container: &str, actor: &'static str) {
        let Some(card) = self.world.cluster.api.store.card(Id(id)).cloned() else { return };
        let on = match card.kind {
            Kind::Node => format!("node/{}", card.name),
            _ => format!("pod/{}/{}", card.namespace, card.name),
        };
        let fault = Fault { what, on, container: container.into(), ..Fault::default() };
        self.order(&Order::Break(fault), actor);
    }
}

/// `manifest write NODE FILE`, `manifest remove NODE FILE`: a file of the scenario goes into a node's folder of static pods, or
/// is taken out of it.
fn manifest_line(cluster: &mut Cluster, files: &[TextFile], line: &str) -> Option<Result<(), String>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["manifest", "write", node, file] => {
            let Some(found) = files.iter().find(|f| *f.name == **file) else {
                return Some(Err(format!("there is no file {file}")));
            };
            Some(cluster.kubelet(|kubelets, cx| kubelets.put_manifest(node, file, &found.text, cx)))
        }
        ["manifest", "remove", node, file] => {
            let found = cluster.kubelet(|kubelets, cx| kubelets.remove_manifest(node, file, cx));
            Some(if found { Ok(()) } else { Err(format!("{file} is not in the folder of {node}")) })
        }
        ["manifest", ..] => Some(Err("manifest write|remove NODE FILE is expected".into())),
        _ => None,
    }
}

impl<'a> From<&'a World> for View<'a> {
    fn from(world: &'a World) -> Self {
        View { cluster: &world.cluster, host: world.host.as_ref() }
    }
}

impl Rewindable for Run {
    type Input = Input;
    fn now(&self) -> Time {
        self.world.now()
    }
    fn weight(&self) -> u64 {
        u64::from(self.world.cluster.api.store.numbers())
    }
    fn run_until(&mut self, t: Time) {
        loop {
            let (charts, houses) = (self.recorder.due(), self.record.due(&self.world));
            let due = houses.map_or(charts, |at| at.min(charts));
            if due > t {
                break;
            }
            self.play_script(due);
            self.step_to(due);
            if charts == due {
                self.recorder.look(&self.world);
            }
            if self.record.due(&self.world) == Some(due) {
                self.record.look(&self.world);
            }
        }
        self.play_script(t);
        self.step_to(t);
    }
    fn apply(&mut self, input: &Input) {
        self.act(input, YOU);
    }
}
