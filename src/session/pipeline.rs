//! A pipeline at work: its lines are typed into a console of its own, its time passes, its checks are held against what
//! happens; when a stage fails, what was run is rolled back. Part of the run, so it is rewound with it.

use super::figures::{PipelineRow, StageRow};
use crate::assertion::Watch;
use crate::console::{self, Console, FindFile};
use crate::journal::{EntryId, Verb, Why};
use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::By;
use crate::kubernetes::objects::Kind;
use crate::reasons;
use crate::scenario::{Pipeline, Stage};
use crate::sim::Time;
use std::collections::VecDeque;
use std::rc::Rc;

reasons! { "pipeline":
    /// Somebody or the scenario started it.
    began(pipeline),
    /// A stage begins.
    stage(pipeline, stage),
    /// A stage went well.
    passed(pipeline, stage),
    /// A stage failed.
    warning failed(pipeline, stage, because),
    /// What was run is taken back.
    warning rolls_back(pipeline),
    /// It is over.
    over(pipeline, outcome),
}

/// The actor's name.
const PIPELINE: &str = "pipeline";
/// Longest that is kept of what a line said. Ours: a line or two of a terminal.
const SAID_MAX: usize = 200;

/// Where a pipeline stands.
#[derive(Clone, Debug)]
pub struct Job {
    spec: Rc<Pipeline>,
    /// When it starts by itself.
    starts: Option<Time>,
    /// What it is at: a number of a stage; one more than there are stands for the rollback.
    at: Option<usize>,
    lines: VecDeque<Rc<str>>,
    console: Console,
    /// The line under way.
    line: Rc<str>,
    /// Until when its time passes.
    until: Option<Time>,
    watches: Vec<Watch>,
    /// Whether a line was run that may have to be taken back.
    touched: bool,
    /// What it looks like.
    row: PipelineRow,
    /// Its newest journal entry.
    entry: Option<EntryId>,
    failed: bool,
    /// Counts changes.
    version: u64,
}

/// How something ended.
type Ended = Result<(), String>;

impl Job {
    /// Not started yet.
    pub fn new(spec: &Rc<Pipeline>) -> Self {
        let names = spec.stages.iter().map(|s| s.name.to_string());
        let names = names.chain(spec.rollback.as_ref().map(|_| "rollback".to_string()));
        let stages = names.map(|name| StageRow { name, state: "waiting".into(), ..StageRow::default() }).collect();
        Job {
            spec: spec.clone(),
            starts: spec.at.map(|at| Time::ZERO + at),
            at: None,
            lines: VecDeque::new(),
            console: Console::default(),
            line: "".into(),
            until: None,
            watches: Vec::new(),
            touched: false,
            row: PipelineRow { name: spec.name.to_string(), stages, ..PipelineRow::default() },
            entry: None,
            failed: false,
            version: 0,
        }
    }
    /// Its name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }
    /// What it looks like.
    pub fn row(&self) -> &PipelineRow {
        &self.row
    }
    /// Counts changes of the row.
    pub fn version(&self) -> u64 {
        self.version
    }
    /// Starts it at the next poll, unless it is at work.
    pub fn start(&mut self, now: Time) -> bool {
        let idle = self.at.is_none();
        if idle {
            let version = self.version;
            *self = Job { version, ..Job::new(&self.spec) };
            self.starts = Some(now);
        }
        idle
    }
    /// When it wants to be polled, whatever happens.
    pub fn due(&self) -> Option<Time> {
        [self.starts, self.until, self.console.due()].into_iter().flatten().min()
    }
    /// Whether it must see every moment.
    pub fn watches(&self) -> bool {
        self.console.busy() || !self.watches.is_empty()
    }
    /// Looks whether it can go on.
    pub fn poll(&mut self, cluster: &mut Cluster, files: FindFile) {
        let now = cluster.now();
        if self.starts.is_some_and(|at| at <= now) && self.at.is_none() {
            self.starts = None;
            self.row.from = Some(now.0);
            self.note(cluster, began(self.spec.name.clone()));
            self.begin(0, cluster);
        }
        while self.at.is_some() {
            let Some(ended) = self.go_on(cluster, files) else { return };
            self.stage_over(ended, cluster);
        }
    }
    fn stage(&self) -> Option<&Stage> {
        let at = self.at?;
        self.spec.stages.get(at).or(self.spec.rollback.as_ref().filter(|_| at == self.spec.stages.len()))
    }
    fn begin(&mut self, at: usize, cluster: &mut Cluster) {
        self.at = Some(at);
        let Some(stage) = self.stage().cloned() else { return self.over(cluster) };
        self.lines = stage.run.iter().cloned().collect();
        self.until = None;
        self.watches.clear();
        self.version += 1;
        let now = cluster.now().0;
        if let Some(row) = self.row.stages.get_mut(at) {
            (row.state, row.from) = ("running".into(), Some(now));
        }
        let why = match at == self.spec.stages.len() {
            true => rolls_back(self.spec.name.clone()),
            false => super::pipeline::stage(self.spec.name.clone(), stage.name.clone()),
        };
        self.note(cluster, why);
        self.console.caused_by(PIPELINE, self.entry);
    }
    /// Goes on with the stage; tells how it ended.
    fn go_on(&mut self, cluster: &mut Cluster, files: FindFile) -> Option<Ended> {
        loop {
            let output = if self.console.busy() {
                self.console.poll(cluster)?
            } else if let Some(line) = self.lines.pop_front() {
                self.touched |= !console::only_reads(&line);
                self.line = line.clone();
                console::run(&mut self.console, cluster, files, &line)
            } else {
                return self.pass_time(cluster);
            };
            cluster.settle();
            let words = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
            if let Some(last) = words.lines().rfind(|l| !l.trim().is_empty()) {
                self.say(last);
            }
            match output.code {
                None => return None,
                Some(0) => {}
                Some(code) => {
                    let said = words.lines().next().unwrap_or_default();
                    return Some(Err(format!("{}: exit code {code}: {said}", self.line)));
                }
            }
        }
    }
    /// Its lines are done: its time passes, its checks are held.
    fn pass_time(&mut self, cluster: &Cluster) -> Option<Ended> {
        let stage = self.stage()?.clone();
        let now = cluster.now();
        let until = match self.until {
            Some(until) => until,
            None => {
                self.watches = stage.check.iter().map(|e| Watch::since_now(e.clone(), cluster)).collect();
                let until = now + stage.takes + stage.watch;
                self.until = Some(until);
                until
            }
        };
        self.watches.iter_mut().for_each(|w| w.look(cluster));
        if let Some(lost) = self.watches.iter().find(|w| w.lost()) {
            return Some(Err(format!("{}: {}", lost.expression.text, lost.explanation())));
        }
        if now < until {
            return None;
        }
        if stage.fails {
            return Some(Err("it fails by itself".into()));
        }
        match self.watches.iter().find(|w| !w.holds_so_far()) {
            Some(watch) => Some(Err(format!("{}: {}", watch.expression.text, watch.explanation()))),
            None => Some(Ok(())),
        }
    }
    fn say(&mut self, words: &str) {
        let said: String = words.chars().take(SAID_MAX).collect();
        if let Some(row) = self.at.and_then(|at| self.row.stages.get_mut(at)) {
            row.said = said;
            self.version += 1;
        }
    }
    fn stage_over(&mut self, ended: Ended, cluster: &mut Cluster) {
        let Some(at) = self.at else { return };
        let name = self.stage().map(|s| s.name.clone()).unwrap_or_default();
        let pipeline = self.spec.name.clone();
        (self.until, self.lines) = (None, VecDeque::new());
        self.watches.clear();
        let now = cluster.now().0;
        if let Err(words) = &ended {
            self.say(words);
        }
        if let Some(row) = self.row.stages.get_mut(at) {
            row.to = Some(now);
            row.state = if ended.is_ok() { "passed".into() } else { "failed".into() };
        }
        let rolling_back = at >= self.spec.stages.len();
        match ended {
            Ok(()) => self.note(cluster, passed(pipeline, name)),
            Err(words) => {
                self.note(cluster, failed(pipeline, name, words));
                self.failed = true;
                if !rolling_back && self.touched && self.spec.rollback.is_some() {
                    return self.begin(self.spec.stages.len(), cluster);
                }
            }
        }
        match self.failed || rolling_back || at + 1 >= self.spec.stages.len() {
            true => self.over(cluster),
            false => self.begin(at + 1, cluster),
        }
    }
    fn over(&mut self, cluster: &mut Cluster) {
        let outcome = match (self.failed, self.row.stages.get(self.spec.stages.len())) {
            (false, _) => "passed",
            (true, Some(rollback)) if rollback.state == "passed" => "rolled_back",
            _ => "failed",
        };
        self.at = None;
        (self.row.to, self.row.outcome) = (Some(cluster.now().0), outcome.into());
        for row in self.row.stages.iter_mut().filter(|r| r.state == "waiting") {
            row.state = "skipped".into();
        }
        self.note(cluster, over(self.spec.name.clone(), outcome));
        self.version += 1;
    }
    /// Writes down what it does, at the namespace of the cluster's own things.
    fn note(&mut self, cluster: &mut Cluster, why: Why) {
        let Some(id) = cluster.api.store.find(Kind::Namespace, "", "kube-system") else { return };
        let by = By::actor(PIPELINE, why);
        self.entry = Some(match self.entry {
            None => cluster.api.act(id, by),
            before => cluster.api.note(id, Verb::Note, by.because(before)),
        });
    }
}

/// The earliest moment at which one of them wants to be polled.
pub fn due(jobs: &[Job]) -> Option<Time> {
    jobs.iter().filter_map(Job::due).min()
}

/// The lane `pipeline`: (lane, from, to, name, stage and how it went).
pub(super) fn lane(rows: &[PipelineRow], newest: Time) -> impl Iterator<Item = (String, u64, u64, String)> {
    rows.iter().flat_map(move |row| {
        let begun = row.stages.iter().filter_map(|s| Some((s, s.from?)));
        begun.map(move |(stage, from)| {
            let to = stage.to.unwrap_or(newest.0.max(from));
            ("pipeline".to_string(), from, to, format!("{} {} {}", row.name, stage.name, stage.state))
        })
    })
}
