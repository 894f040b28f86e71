//! Playing the steps of a recorded scenario.

use super::Lab;
use super::pace::{self, EXIT, Pace, REQUEST};
use super::project::Watcher;
use super::raw::Request;
use super::setup::{self, clock, moment};
use crate::console::Console;
use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::By;
use crate::kubernetes::controllers::horizontal_pod_autoscaler::measured::Load;
use crate::kubernetes::kubelet::Outage;
use crate::kubernetes::objects::parts::{LabelSelector, Quantity};
use crate::kubernetes::objects::{Kind, Object};
use crate::map;
use crate::sim::{Span, Time};
use crate::text::{Map, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Source: recorded: scenarios without an end go on until nothing was written for so long.
const QUIET: f64 = 4.0;
/// How often a waiting command is looked at when nothing happens. Ours.
const POLL: Span = Span::millis(100);
/// Longest wait for a command, unless the step says less. Ours: no recorded one is longer.
const PATIENCE: Span = Span::secs(600);

/// What a run leaves behind, in the recorded format.
#[derive(Debug, Default)]
pub struct Recording {
    pub trace: Vec<Value>,
    pub kubectl: Vec<Value>,
    pub actions: Vec<Value>,
}

/// What is known of the recording beside its scenario.
#[derive(Debug, Default)]
pub struct Taken {
    /// The date at which it began.
    pub started: Option<String>,
    /// When steps really began and ended, in seconds. A step that is not here is taken when it was planned.
    pub steps: BTreeMap<i64, (f64, f64)>,
    /// Which chance to play with.
    pub seed: u64,
}

/// Plays a scenario from its start to its end.
pub fn play(scenario: &Value, lab: Lab, taken: &Taken) -> Recording {
    let mut player = Player::new(scenario, lab, taken);
    let steps = scenario.list_at(&["steps"]);
    for (number, step) in steps.iter().enumerate() {
        let planned = number_at(step, "t").unwrap_or(0.0);
        let real = taken.steps.get(&(number as i64)).filter(|_| step.get("wait-quiet").is_none());
        player.took = real.map(|(from, to)| moment(*to).since(moment(*from)));
        player.advance(moment(real.map_or(planned, |(from, _)| from.max(planned))));
        player.step(number as i64, step);
    }
    match number_at(scenario, "end") {
        Some(end) => player.advance(moment(end).max(player.cluster.now())),
        None => player.wait_quiet(QUIET, 120.0),
    }
    player.finish()
}

/// A whole or broken number.
fn number_at(tree: &Value, key: &str) -> Option<f64> {
    match tree.get(key)? {
        Value::Int(n) => Some(*n as f64),
        Value::Float(f) => Some(*f),
        _ => None,
    }
}

/// A command under way.
struct Job {
    console: Console,
    step: i64,
    line: String,
    began: Time,
    until: Time,
    stdout: String,
    stderr: String,
    code: Option<i32>,
}

struct Player {
    cluster: Cluster,
    lab: Lab,
    namespace: Rc<str>,
    files: BTreeMap<String, String>,
    watcher: Watcher,
    behind: Vec<Job>,
    out: Recording,
    /// How long this step took where it was recorded.
    took: Option<Span>,
}

impl Player {
    fn new(scenario: &Value, lab: Lab, taken: &Taken) -> Self {
        let mut cluster = setup::cluster(scenario, lab, taken);
        cluster.keep_changes = true;
        cluster.request_gap = REQUEST;
        let namespaces = setup::namespaces(scenario);
        let files = scenario.get("files").and_then(Value::as_map).into_iter().flat_map(Map::iter);
        let files = files.map(|(k, v)| (k.to_string(), v.as_str().unwrap_or_default().to_string())).collect();
        let watch_nodes = lab == Lab::Fake || scenario.bool_at(&["watchNode"]) == Some(true);
        let watcher = Watcher { lab, namespaces: namespaces.clone(), watch_nodes };
        let mut out = Recording::default();
        watcher.initial(&cluster.api, &mut out.trace);
        let namespace = namespaces.first().cloned().unwrap_or_default();
        Player { cluster, lab, namespace, files, watcher, behind: Vec::new(), out, took: None }
    }
    fn finish(mut self) -> Recording {
        self.collect();
        self.out
    }
    fn collect(&mut self) {
        for change in self.cluster.take_seen() {
            self.watcher.line(&self.cluster.api, &change, &mut self.out.trace);
        }
    }
    /// Plays until `t`, with the commands in the background.
    fn advance(&mut self, t: Time) {
        while self.cluster.now() < t {
            let next = if self.behind.is_empty() { t } else { self.next_look(t) };
            self.cluster.run_until(next);
            let mut behind = std::mem::take(&mut self.behind);
            behind.retain_mut(|job| !self.look(job));
            self.behind = behind;
        }
        self.collect();
    }
    fn next_look(&self, limit: Time) -> Time {
        let now = self.cluster.now();
        let due = self.cluster.next_due().map(|t| t.max(Time(now.0 + 1)));
        limit.min(now + POLL).min(due.unwrap_or(Time::NEVER))
    }
    /// Looks at a command under way; tells whether it has ended, and then writes its line.
    fn look(&mut self, job: &mut Job) -> bool {
        if job.code.is_none()
            && let Some(output) = job.console.poll(&mut self.cluster)
        {
            job.stdout += &output.stdout;
            job.stderr += &output.stderr;
            job.code = output.code;
        }
        if job.code.is_none() && self.cluster.now() >= job.until {
            // Source: recorded: a command that takes too long is ended as `timeout` ends it.
            job.code = Some(124);
        }
        let Some(code) = job.code else { return false };
        self.out.kubectl.push(Value::Map(map! {
            "step" => job.step, "t" => clock(job.began), "t_end" => clock(self.cluster.now() + EXIT),
            "cmd" => job.line.as_str(), "rc" => code, "stdout" => job.stdout.as_str(), "stderr" => job.stderr.as_str(),
        }));
        true
    }
    fn step(&mut self, number: i64, step: &Value) {
        let began = self.cluster.now();
        let mut action =
            map! { "step" => number, "t" => clock(began), "planned" => step.get("t").cloned().unwrap_or_default() };
        if let Some(run) = step.get("run") {
            let lines: Vec<String> = match run {
                Value::List(lines) => lines.iter().filter_map(Value::as_str).map(str::to_string).collect(),
                one => one.as_str().map(str::to_string).into_iter().collect(),
            };
            let background = step.bool_at(&["bg"]) == Some(true);
            let patience = number_at(step, "timeout").map_or(PATIENCE, |s| Span(libm::round(s * 1e6) as u64));
            let mut code = 0;
            for (line, pace) in lines.iter().zip(self.paces(&lines, background)) {
                code = self.run(number, line, pace, background, patience);
            }
            action.set("run", run.clone());
            action.set("rc", code);
        } else if let Some(words) = step.str_at(&["host"]) {
            super::host::act(&mut self.cluster, &self.namespace, words);
            action.set("host", words);
            action.set("rc", 0);
        } else if let Some(group) = step.str_at(&["node-fail"]) {
            self.fail(group);
            action.set("node-fail", group);
        } else if let Some(group) = step.str_at(&["node-recover"]) {
            self.recover(group);
            action.set("node-recover", group);
        } else if let Some(node) = step.get("node-add") {
            let node = setup::node(node, None, self.lab);
            self.cluster.api.add_node(&node, By::actor("kubelet", setup::begins()));
            self.cluster.settle();
        } else if let Some(load) = step.get("metrics") {
            self.measure(load);
            action.set("metrics", load.clone());
        } else if let Some(line) = step.str_at(&["api"]) {
            action.set("status", self.request(line, step));
            action.set("api", self.filled(line));
        } else if let Some(quiet) = number_at(step, "wait-quiet") {
            self.wait_quiet(quiet, number_at(step, "max").unwrap_or(60.0));
        }
        action.set("t_end", clock(self.cluster.now()));
        self.out.actions.push(Value::Map(action));
    }
    /// Sends a request past kubectl; gives the status of its answer.
    fn request(&mut self, line: &str, step: &Value) -> i64 {
        let line = self.filled(line);
        let body = step.get("body").cloned().unwrap_or_default();
        let content = step.str_at(&["ctype"]).unwrap_or("application/json");
        let by = By::actor("you", setup::begins());
        let status = Request::read(&line).map_or(404, |r| r.send(&mut self.cluster, &body, content, by));
        let end = self.cluster.now() + EXIT;
        self.advance(end);
        status
    }
    /// How fast the lines of a step go.
    fn paces(&self, lines: &[String], background: bool) -> Vec<Pace> {
        let counted: Vec<(&str, u64)> = lines.iter().map(|line| (line.as_str(), self.objects(line))).collect();
        pace::of_step(&counted, self.took.filter(|_| !background))
    }
    fn run(&mut self, number: i64, line: &str, pace: Pace, background: bool, patience: Span) -> i32 {
        let line = self.filled(line);
        let began = self.cluster.now();
        self.advance(began + pace.before);
        self.cluster.request_gap = pace.between;
        let mut typed = line.clone();
        while let Some(rest) = self.edited(&typed) {
            typed = rest;
        }
        let until = self.cluster.now() + patience;
        let mut console = Console::default();
        console.namespace = self.namespace.clone();
        let files = &self.files;
        let find = |name: &str| files.get(name.trim_start_matches("./")).cloned();
        let output = crate::console::run(&mut console, &mut self.cluster, &find, &typed);
        self.cluster.settle();
        let (stdout, stderr, code) = (output.stdout, output.stderr, output.code);
        let mut job = Job { console, step: number, line, began, until, stdout, stderr, code };
        if background {
            if !self.look(&mut job) {
                self.behind.push(job);
            }
            return 0;
        }
        while !self.look(&mut job) {
            let next = self.next_look(Time::NEVER);
            self.advance(next);
        }
        let end = self.cluster.now() + EXIT;
        self.advance(end);
        job.code.unwrap_or_default()
    }
    /// How many objects the files of a line hold.
    fn objects(&self, line: &str) -> u64 {
        let named = line.split([' ', ',']).filter_map(|word| self.files.get(word.trim_start_matches("./")));
        named.map(|text| text.lines().filter(|l| l.starts_with("kind:")).count() as u64).sum()
    }
    /// `sed -i '/text/d' FILE; rest`: edits the file and gives the rest.
    fn edited(&mut self, line: &str) -> Option<String> {
        let rest = line.strip_prefix("sed -i '/")?;
        let (text, rest) = rest.split_once("/d' ")?;
        let (file, rest) = rest.split_once(';').unwrap_or((rest, ""));
        let old = self.files.get_mut(file.trim())?;
        *old = old.lines().filter(|l| !l.contains(text)).map(|l| format!("{l}\n")).collect();
        Some(rest.trim().to_string())
    }
    fn fail(&mut self, group: &str) {
        match self.lab {
            Lab::Fake => self.cluster.kwok(|kwok, cx| kwok.fail(group, cx)),
            Lab::Real => self.cluster.kubelet(|kubelet, cx| kubelet.fail_node(group, Outage::Silent, cx)),
        }
    }
    fn recover(&mut self, group: &str) {
        match self.lab {
            Lab::Fake => self.cluster.kwok(|kwok, cx| kwok.recover(group, cx)),
            Lab::Real => self.cluster.kubelet(|kubelet, cx| kubelet.recover_node(group, cx)),
        }
    }
    /// Says what pods use from now on.
    fn measure(&mut self, load: &Value) {
        let selector = load.str_at(&["selector"]).unwrap_or_default();
        let labels = selector.split(',').filter_map(|pair| pair.split_once('='));
        let amount = |name: &str| Some((name.into(), Quantity::read(load.get(name)?).ok()?.milli_value()));
        let load = Load {
            namespace: load.str_at(&["namespace"]).map_or_else(|| self.namespace.clone(), Rc::from),
            selector: LabelSelector {
                labels: labels.map(|(k, v)| (k.into(), v.into())).collect(),
                expressions: Vec::new(),
            },
            usage: ["cpu", "memory"].into_iter().filter_map(amount).collect(),
            shared: load.str_at(&["mode"]) == Some("total"),
            missing: load.int_at(&["missing"]).unwrap_or(0).max(0) as usize,
        };
        self.cluster.controllers(|state, _| state.memory.autoscalers.measured.set(load));
    }
    /// Waits until nothing was written for so long.
    fn wait_quiet(&mut self, quiet: f64, most: f64) {
        let span = |s: f64| Span(libm::round(s * 1e6) as u64);
        let limit = self.cluster.now() + span(most);
        let (mut version, mut since) = (self.cluster.api.store.version(), self.cluster.now());
        while self.cluster.now() < limit && self.cluster.now().since(since) < span(quiet) {
            let next = self.cluster.now() + POLL;
            self.advance(next);
            if self.cluster.api.store.version() != version {
                (version, since) = (self.cluster.api.store.version(), self.cluster.now());
            }
        }
    }
    /// Fills in `{ns}`, `{pod:app=web:0}` and `{rs:app=web:0}`.
    fn filled(&self, line: &str) -> String {
        let mut out = line.replace("{ns}", &self.namespace);
        for (mark, kind) in [("{pod:", Kind::Pod), ("{rs:", Kind::ReplicaSet)] {
            while let Some(from) = out.find(mark) {
                let Some(end) = out[from..].find('}').map(|e| from + e) else { break };
                let inner = out[from + mark.len()..end].to_string();
                let name = self.nth(kind, &inner).unwrap_or_default();
                out.replace_range(from..=end, &name);
            }
        }
        out
    }
    fn nth(&self, kind: Kind, inner: &str) -> Option<String> {
        let (label, index) = inner.rsplit_once(':')?;
        let (key, value) = label.split_once('=')?;
        let store = &self.cluster.api.store;
        let fits = |o: &&Rc<Object>| o.meta.labels.get(key).is_some_and(|v| &**v == value) && !o.meta.deleting();
        let mut found: Vec<&Rc<Object>> = store.list_in(kind, &self.namespace).filter(fits).collect();
        if kind == Kind::ReplicaSet {
            const REVISION: &str = "deployment.kubernetes.io/revision";
            found.sort_by_key(|o| o.meta.annotations.get(REVISION).and_then(|r| r.parse::<i64>().ok()).unwrap_or(0));
        }
        found.get(index.parse::<usize>().ok()?).map(|o| o.meta.name.to_string())
    }
}
