//! One run as a timeline plays it: the world, what a person types into it, and what the scenario does by itself. A pure
//! function of the scenario and the inputs.

use crate::console::{self, Console};
use crate::journal::{Verb, Why};
use crate::kubernetes::apiserver::By;
use crate::kubernetes::kubelet::Outage;
use crate::kubernetes::objects::{Id, Kind};
use crate::reasons;
use crate::scenario::{Scenario, Scripted, TextFile};
use crate::sim::{Rewindable, Time};
use crate::world::World;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

reasons! { "person":
    /// A person did this.
    did(what),
    /// The scenario says that this happens now.
    scripted(what),
}

/// Exit code of a process that SIGKILL ended. Source: POSIX shells, 128 and the signal's number, 9.
const KILLED: i32 = 137;

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

/// The run at one moment.
#[derive(Clone, Debug)]
pub struct Run {
    /// The world.
    pub world: World,
    console: Console,
    script: Rc<[Scripted]>,
    scripted: usize,
    files: Rc<[TextFile]>,
    waiting: Option<Rc<str>>,
    answers: Vec<Answer>,
}

impl Run {
    /// A run at its start: the machines are there, nothing is applied.
    pub fn new(scenario: &Scenario) -> Self {
        let mut world = scenario.world();
        world.cluster.keep_changes = true;
        Run {
            world,
            console: Console::default(),
            script: scenario.inputs.clone().into(),
            scripted: 0,
            files: scenario.files.clone().into(),
            waiting: None,
            answers: Vec::new(),
        }
    }
    /// Takes the answers of console lines since the last call.
    pub fn take_answers(&mut self) -> Vec<Answer> {
        std::mem::take(&mut self.answers)
    }
    /// Whether a watching or waiting command goes on.
    pub fn waiting(&self) -> bool {
        self.waiting.is_some()
    }
    /// Ends a watching or waiting command, as Ctrl+C does.
    pub fn interrupt(&mut self) {
        if let Some(line) = self.waiting.take() {
            self.console.interrupt();
            // 128 + SIGINT, as a shell reports it.
            self.answers.push(Answer { line, code: Some(130), ..Answer::default() });
        }
    }
    /// When something is due next: in the world or in the script.
    pub fn next_due(&self) -> Option<Time> {
        let script = self.script.get(self.scripted).map(|s| Time::ZERO + s.at);
        [script, self.world.cluster.next_due()].into_iter().flatten().min()
    }
    /// Completions of a console line.
    pub fn complete(&self, line: &str) -> Vec<String> {
        self.console.complete(&self.world.cluster, line)
    }
    fn play_script(&mut self, until: Time) {
        while let Some(scripted) = self.script.get(self.scripted).filter(|s| Time::ZERO + s.at <= until).cloned() {
            self.step_to(Time::ZERO + scripted.at);
            self.scripted += 1;
            self.scripted_line(&scripted.line);
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
            self.act(&input, scripted(line.to_string()));
        }
    }
    /// `pod/web` or `web`: the first pod (by name) whose name begins so.
    fn pod_like(&self, name: &str) -> Option<Id> {
        let name = name.trim_start_matches("pod/");
        let pods = self.world.cluster.api.store.list(Kind::Pod);
        pods.filter(|p| p.meta.name.starts_with(name) && !p.meta.deleting()).map(|p| p.meta.id).next()
    }
    /// Plays the world event by event, so that a waiting command sees every moment.
    fn step_to(&mut self, t: Time) {
        while self.waiting.is_some() {
            let now = self.world.now();
            let asked = self.console.due().filter(|due| *due > now);
            let due = self.world.cluster.next_due().into_iter().chain(asked).min();
            match due {
                Some(due) if due <= t => self.world.run_until(due),
                _ => break,
            }
            self.poll();
        }
        self.world.run_until(t);
        self.poll();
    }
    fn poll(&mut self) {
        let Some(line) = self.waiting.clone() else { return };
        let Some(output) = self.console.poll(&mut self.world.cluster) else { return };
        self.world.cluster.settle();
        self.take_output(line, output);
    }
    fn take_output(&mut self, line: Rc<str>, output: console::Output) {
        self.waiting = output.code.is_none().then(|| line.clone());
        self.answers.push(Answer { line, stdout: output.stdout, stderr: output.stderr, code: output.code });
    }
    fn act(&mut self, input: &Input, why: Why) {
        let cluster = &mut self.world.cluster;
        match input {
            Input::Apply(files) => {
                let files: Vec<TextFile> =
                    files.iter().map(|(n, t)| TextFile { name: n.as_str().into(), text: t.as_str().into() }).collect();
                self.files = files.into();
                let output = self.console.apply_files(&mut self.world.cluster, &self.files);
                self.take_output("kubectl apply -f .".into(), output);
            }
            Input::Line(line) => {
                let files = self.files.clone();
                let find = |name: &str| files.iter().find(|f| &*f.name == name).map(|f| f.text.to_string());
                let output = console::run(&mut self.console, cluster, &find, line);
                self.take_output(line.as_str().into(), output);
            }
            Input::Interrupt => self.interrupt(),
            Input::Kill(id, container) => {
                let id = Id(*id);
                let first = || {
                    let pod = cluster.api.store.get(id).and_then(|o| o.pod());
                    pod.and_then(|p| p.spec.containers.first()).map(|c| c.name.to_string())
                };
                let container = if container.is_empty() { first().unwrap_or_default() } else { container.clone() };
                cluster.api.note(id, Verb::Note, By::actor("you", why));
                cluster.kubelet(|kubelets, cx| kubelets.kill_container(id, &container, KILLED, cx));
            }
            Input::FailNode(id) => {
                let Some(node) = self.node_name(Id(*id), why) else { return };
                self.world.cluster.kubelet(|kubelets, cx| kubelets.fail_node(&node, Outage::PowerOff, cx));
            }
            Input::RecoverNode(id) => {
                let Some(node) = self.node_name(Id(*id), why) else { return };
                self.world.cluster.kubelet(|kubelets, cx| kubelets.recover_node(&node, cx));
            }
        }
        self.world.cluster.settle();
    }
}

impl Run {
    /// The name of a node that something happens to, noted with its reason.
    fn node_name(&mut self, id: Id, why: Why) -> Option<Rc<str>> {
        let api = &mut self.world.cluster.api;
        let name = api.store.get(id)?.meta.name.clone();
        api.note(id, Verb::Note, By::actor("you", why));
        Some(name)
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
        self.play_script(t);
        self.step_to(t);
    }
    fn apply(&mut self, input: &Input) {
        let why = match input {
            Input::Apply(_) => did("apply"),
            Input::Line(line) => did(line.clone()),
            Input::Kill(id, _) => did(format!("kill {}", self.world.cluster.api.label(Id(*id)))),
            Input::Interrupt => did("^C"),
            Input::FailNode(id) => did(format!("fail {}", self.world.cluster.api.label(Id(*id)))),
            Input::RecoverNode(id) => did(format!("recover {}", self.world.cluster.api.label(Id(*id)))),
        };
        self.act(input, why);
    }
}
