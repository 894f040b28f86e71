//! The whole run at a glance: how much happened when, lanes, curves. Sampled while the run is played forward.

use super::figures::PipelineRow;
use super::run::{Input, Run};
use super::update::Overview;
use crate::compose::engine::Verdict;
use crate::journal::Journal;
use crate::kubernetes::objects::Kind;
use crate::sim::{Span, Time};
use crate::world::faults::Faults;
use std::collections::{BTreeMap, BTreeSet};

/// Samples are at least so far apart. Ours: four a second are more than a time bar can show.
const APART: Span = Span::millis(250);
/// When there are more samples, every second one goes. Ours: several for each pixel of a wide screen.
const SAMPLES_MAX: usize = 8_192;

/// One look at the cluster.
#[derive(Clone, Debug, Default)]
struct Sample {
    at: Time,
    wanted: i64,
    ready: i64,
    unplaced: bool,
    rolling: BTreeSet<std::rc::Rc<str>>,
    containers: i64,
    running: i64,
}

/// What was seen of one branch.
#[derive(Clone, Debug)]
pub struct Record {
    samples: Vec<Sample>,
    apart: Span,
    journal: Journal,
    docker: Journal,
    faults: Faults,
    pipelines: Vec<PipelineRow>,
}

impl Default for Record {
    fn default() -> Self {
        Record {
            samples: Vec::new(),
            apart: APART,
            journal: Journal::default(),
            docker: Journal::default(),
            faults: Faults::default(),
            pipelines: Vec::new(),
        }
    }
}

impl Record {
    /// When the next sample is due.
    pub fn due(&self) -> Time {
        self.samples.last().map_or(Time::ZERO, |s| s.at + self.apart)
    }
    /// Looks at the cluster, if a sample is due and it stands at its newest moment.
    pub fn look(&mut self, run: &Run) {
        let world = &run.world;
        let cluster = &world.cluster;
        let docker = world.host.as_ref().map(|h| &h.engine.journal);
        if cluster.api.journal.len() >= self.journal.len() && docker.map_or(0, Journal::len) >= self.docker.len() {
            self.journal = cluster.api.journal.clone();
            self.docker = docker.cloned().unwrap_or_default();
            if self.faults.version() != world.faults.version() {
                self.faults = world.faults.clone();
            }
            self.pipelines = run.jobs().iter().map(|j| j.row().clone()).collect();
        }
        let now = cluster.now();
        if now < self.due() {
            return;
        }
        let mut sample = Sample { at: now, ..Sample::default() };
        for object in cluster.api.store.list(Kind::Deployment) {
            let Some(it) = object.deployment() else { continue };
            sample.wanted += i64::from(it.replicas);
            sample.ready += i64::from(it.status.ready);
            if it.status.updated < it.replicas || it.status.replicas > it.status.updated {
                sample.rolling.insert(object.meta.name.clone());
            }
        }
        for c in world.host.iter().flat_map(|h| h.engine.containers.values()) {
            sample.containers += 1;
            let ill = c.health.as_ref().is_some_and(|h| h.verdict != Verdict::Healthy);
            sample.running += i64::from(c.alive() && !ill);
        }
        sample.unplaced = cluster.scheduler.waiting() > 0;
        self.samples.push(sample);
        if self.samples.len() > SAMPLES_MAX {
            let mut nth = 0;
            self.samples.retain(|_| {
                nth += 1;
                nth % 2 == 1
            });
            self.apart = self.apart * 2;
        }
    }
    /// Forgets what lies after `t`: a fork leaves the old future.
    pub fn cut(&mut self, t: Time) {
        self.samples.retain(|s| s.at <= t);
        self.journal = Journal::default();
        self.docker = Journal::default();
        self.faults = Faults::default();
    }
    /// The overview in so many columns.
    pub fn overview(&self, inputs: &[(Time, Input)], newest: Time, columns: u32) -> Overview {
        let columns = columns.clamp(1, 4_096) as usize;
        let column =
            |t: Time| ((u128::from(t.0) * columns as u128 / u128::from(newest.0.max(1))) as usize).min(columns - 1);
        let mut density = vec![0u32; columns];
        let mut marks = Vec::new();
        for (_, entry) in self.journal.since(0) {
            density[column(entry.t)] += 1;
            if let ("autoscaler.scaled", [from, to, ..]) = (entry.why.reason.key, &entry.why.args[..]) {
                marks.push(("scaling".into(), entry.t.0, entry.t.0, format!("{from} → {to}")));
            }
            if entry.why.reason.key == "kubelet.ended" {
                marks.push(("restarts".into(), entry.t.0, entry.t.0, String::new()));
            }
        }
        for (_, entry) in self.docker.since(0) {
            density[column(entry.t)] += 1;
            if let ("docker.ended", [name, ..]) = (entry.why.reason.key, &entry.why.args[..]) {
                marks.push(("restarts".into(), entry.t.0, entry.t.0, name.to_string()));
            }
        }
        marks.extend(super::faults::lane(&self.faults, newest));
        marks.extend(super::pipeline::lane(&self.pipelines, newest));
        for (t, input) in inputs {
            if let Some(label) = label_of(input) {
                marks.push(("you".into(), t.0, t.0, label));
            }
        }
        self.spans(&mut marks);
        let mut curves = ["wanted", "ready", "containers", "running"].map(|n| (n.to_string(), vec![f32::NAN; columns]));
        for sample in &self.samples {
            let at = column(sample.at);
            curves[0].1[at] = sample.wanted as f32;
            curves[1].1[at] = sample.ready as f32;
            curves[2].1[at] = sample.containers as f32;
            curves[3].1[at] = sample.running as f32;
        }
        curves.iter_mut().for_each(|(_, values)| fill(values));
        Overview { density, marks, curves: curves.into() }
    }
    fn spans(&self, marks: &mut Vec<(String, u64, u64, String)>) {
        let mut open: BTreeMap<(&str, String), u64> = BTreeMap::new();
        for sample in &self.samples {
            let mut now: BTreeSet<(&str, String)> =
                sample.rolling.iter().map(|n| ("rollouts", n.to_string())).collect();
            if sample.unplaced {
                now.insert(("unplaced", String::new()));
            }
            let over: Vec<_> = open.keys().filter(|k| !now.contains(k)).cloned().collect();
            for key in over {
                if let Some(from) = open.remove(&key) {
                    marks.push((key.0.into(), from, sample.at.0, key.1));
                }
            }
            for key in now {
                open.entry(key).or_insert(sample.at.0);
            }
        }
        let end = self.samples.last().map_or(0, |s| s.at.0);
        marks.extend(open.into_iter().map(|((lane, label), from)| (lane.to_string(), from, end, label)));
    }
}

/// What a person did, in words; faults have a lane of their own.
fn label_of(input: &Input) -> Option<String> {
    match input {
        Input::Apply(files) => Some(files.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>().join(", ")),
        Input::Line(line) => Some(line.clone()),
        Input::Interrupt => Some("^C".into()),
        Input::Kill(..) | Input::FailNode(_) | Input::RecoverNode(_) | Input::Fault(_) | Input::EndFault(_) => None,
        Input::SetLoad(load) => Some(format!("{} {}", load.target, load.shape.word())),
        Input::EndLoad(name) => Some(name.clone()),
        Input::SetBehaviour(_, _, values) => {
            Some(values.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
        }
    }
}

/// Columns without a sample show the one before.
fn fill(values: &mut [f32]) {
    let mut last = 0.0;
    for value in values {
        if value.is_nan() {
            *value = last;
        }
        last = *value;
    }
}
