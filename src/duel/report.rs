//! What a duel came to: small, flat and in no language, so that a page, a file and a test read the same.

use super::judge::Start;
use super::{House, Record, hand, judge, trail};
use crate::map;
use crate::text::{Map, Value};
use crate::workload::Load;
use crate::world::World;
use crate::world::faults::Episode;
use serde::{Deserialize, Serialize};

/// The whole report. Moments are microseconds since the start of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Since when both houses were looked at.
    pub from: u64,
    /// Until when.
    pub to: u64,
    /// From when detection is counted: the first fault; where nothing broke, the first line typed, the first act
    /// of an autoscaler, or the first failure.
    pub start: Option<u64>,
    /// What broke, oldest first.
    pub faults: Vec<Cause>,
    /// Who asked: (target, shape).
    pub loads: Vec<(String, String)>,
    /// Compose, then Kubernetes.
    pub houses: Vec<Figures>,
    /// What differed, gravest first.
    pub findings: Vec<Finding>,
}

/// One thing that broke.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// When.
    pub at: u64,
    /// Its kind, such as `node-crash`.
    pub kind: String,
    /// Where.
    pub on: String,
}

/// What came of it in one house.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// `compose` or `kubernetes`.
    pub house: String,
    /// Requests that came.
    pub requests: f64,
    /// Those that were answered.
    pub answered: f64,
    /// Those that failed.
    pub failed: f64,
    /// Answered of all that were answered or failed, from 0 to 1; `None` where nobody asked.
    pub availability: Option<f64>,
    /// 95 of a hundred answers took at most so many milliseconds; `None` where nothing was answered.
    pub p95: Option<f64>,
    /// How long after the start the house noticed; `None`: never.
    pub detected: Option<u64>,
    /// Whether anything was not answered, or not ready, from that moment on.
    pub disturbed: bool,
    /// How long after the first fault the last second had ended in which not everything was answered; where nothing broke, after
    /// the first line typed, or the first request if not all was well before that line. `None`: never, or never disturbed.
    pub recovered: Option<u64>,
    /// Seconds in which not everything was answered.
    pub bad_seconds: u32,
    /// Replicas over time: changes only.
    pub replicas: Vec<Replicas>,
    /// Answered and failed a second over time: (end of the column, answered, failed).
    pub curve: Vec<(u64, f32, f32)>,
    /// Containers that were started again in place.
    pub restarts: u32,
    /// Pods or containers that took the place of others, or joined them, after the start.
    pub made: u32,
    /// Machines.
    pub machines: u32,
    /// Machines that work at the end.
    pub machines_left: u32,
    /// Lines that people and scripts typed to change something.
    pub commands: Vec<Command>,
    /// Commands in such lines that the house refused, or told that they had failed.
    pub refused: u32,
    /// What is left for a person to do.
    pub by_hand: Vec<Said>,
    /// Which rules acted since the start, in the order of their first act.
    pub steps: Vec<Step>,
}

/// The replicas of a service from a moment on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Replicas {
    /// Since when.
    pub at: u64,
    /// Service of Compose, or workload.
    pub service: String,
    /// Those that are ready (Kubernetes), or run and are not unhealthy (Compose).
    pub ready: u32,
    /// All of them.
    pub all: u32,
}

/// A line that was typed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// When.
    pub at: u64,
    /// The line.
    pub line: String,
}

/// A sentence: key of the catalogue `duel`, and what fills its blanks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// Key.
    pub key: String,
    /// Blanks by name.
    pub args: Vec<(String, String)>,
}

impl Said {
    /// A sentence.
    pub(super) fn new(key: &str, args: &[(&str, String)]) -> Self {
        Said { key: key.into(), args: args.iter().map(|(name, value)| (name.to_string(), value.clone())).collect() }
    }
}

/// A rule that acted: a reason of the journal, with the words of the catalogue `why`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When it acted first.
    pub at: u64,
    /// Who acted.
    pub actor: String,
    /// On what.
    pub object: String,
    /// Key of the reason.
    pub reason: String,
    /// Its arguments then.
    pub args: Vec<(String, String)>,
    /// How often it acted.
    pub times: u32,
}

/// One difference, and the rules behind it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What differed.
    pub said: Said,
    /// The rule that decided it in the Compose house.
    pub compose: Option<Step>,
    /// The rule that decided it in the Kubernetes house.
    pub kubernetes: Option<Step>,
}

impl Report {
    /// The report of a world and what was seen of it. `refused`: in each house, commands that were refused or failed.
    pub fn of(world: &World, record: &Record, refused: [u32; 2]) -> Report {
        let start = Start::of(world, record);
        let houses = House::BOTH.iter().filter(|house| **house == House::Kubernetes || world.host.is_some());
        let houses: Vec<Figures> = houses.map(|house| one(world, record, *house, start, refused)).collect();
        let findings = judge::findings(&houses);
        Report {
            from: record.from.map_or(0, |t| t.0),
            to: world.now().0,
            start: start.0.map(|t| t.0),
            faults: causes(world),
            loads: loads(world),
            houses,
            findings,
        }
    }
    /// A house's figures.
    pub fn house(&self, house: House) -> Option<&Figures> {
        self.houses.iter().find(|figures| figures.house == house.name())
    }
    /// The report as a tree, for a file.
    pub fn to_value(&self) -> Value {
        let faults = self
            .faults
            .iter()
            .map(|f| Value::Map(map! { "at" => seconds(f.at), "kind" => f.kind.as_str(), "on" => f.on.as_str() }));
        let loads = self.loads.iter().map(|(to, shape)| map! { "to" => to.as_str(), "shape" => shape.as_str() });
        let mut all = map! {
            "from" => seconds(self.from),
            "to" => seconds(self.to),
            "start" => maybe(self.start),
            "faults" => Value::List(faults.collect()),
            "loads" => Value::List(loads.map(Value::Map).collect()),
        };
        for figures in &self.houses {
            all.set(figures.house.as_str(), figures.to_value());
        }
        let findings = self.findings.iter().map(|finding| {
            let mut one = said(&finding.said);
            let because = [("compose", &finding.compose), ("kubernetes", &finding.kubernetes)];
            for (house, step) in because.into_iter().filter_map(|(house, step)| Some((house, step.as_ref()?))) {
                one.set(house, step.to_value());
            }
            Value::Map(one)
        });
        all.set("findings", Value::List(findings.collect()));
        Value::Map(all)
    }
}

fn one(world: &World, record: &Record, house: House, start: Start, refused: [u32; 2]) -> Figures {
    let steps = trail::steps(world, house, start);
    let mut figures = judge::figures(world, record, house, start);
    figures.detected = trail::detected(world, house, start);
    (figures.restarts, figures.made) = trail::starts(world, house, start);
    figures.by_hand = hand::left(world, house, &figures);
    Figures { steps, refused: refused[house as usize], ..figures }
}

/// Everything that broke, also what comes again and again.
fn causes(world: &World) -> Vec<Cause> {
    let cause = |e: &Episode| Cause { at: e.from.0, kind: e.what.key().into(), on: e.on.to_string() };
    let mut all: Vec<Cause> = world.faults.past().iter().chain(world.faults.active()).map(cause).collect();
    all.sort_by_key(|cause| cause.at);
    all
}

/// Who asks, in any house.
fn loads(world: &World) -> Vec<(String, String)> {
    let words = |load: &Load| (load.target.clone(), load.shape.word().to_string());
    let mut all: Vec<(String, String)> =
        world.cluster.services.streams().loads().map(|(_, load, _)| words(load)).collect();
    all.extend(world.host.iter().flat_map(|host| host.streams().loads().map(|(_, load, _)| words(load))));
    all.sort();
    all.dedup();
    all
}

fn seconds(micros: u64) -> Value {
    if micros.is_multiple_of(1_000_000) {
        Value::Int((micros / 1_000_000) as i64)
    } else {
        Value::Float(micros as f64 / 1e6)
    }
}

fn maybe(micros: Option<u64>) -> Value {
    micros.map_or(Value::Null, seconds)
}

/// A figure with as many digits as mean something.
fn rounded(figure: f64, digits: f64) -> Value {
    let value = libm::round(figure * digits) / digits;
    if value == libm::trunc(value) { Value::Int(value as i64) } else { Value::Float(value) }
}

fn said(said: &Said) -> Map {
    let args: Map = said.args.iter().map(|(name, value)| (name.as_str().into(), Value::str(value.as_str()))).collect();
    map! { "key" => said.key.as_str(), "args" => args }
}

impl Step {
    fn to_value(&self) -> Value {
        let args: Map = self.args.iter().map(|(n, v)| (n.as_str().into(), Value::str(v.as_str()))).collect();
        Value::Map(map! {
            "at" => seconds(self.at),
            "actor" => self.actor.as_str(),
            "object" => self.object.as_str(),
            "reason" => self.reason.as_str(),
            "args" => args,
            "times" => i64::from(self.times),
        })
    }
}

impl Figures {
    fn to_value(&self) -> Value {
        let replicas = self.replicas.iter().map(|r| {
            Value::Map(map! {
                "at" => seconds(r.at),
                "service" => r.service.as_str(),
                "ready" => i64::from(r.ready),
                "all" => i64::from(r.all),
            })
        });
        let commands =
            self.commands.iter().map(|c| Value::Map(map! { "at" => seconds(c.at), "line" => c.line.as_str() }));
        Value::Map(map! {
            "requests" => rounded(self.requests, 1.0),
            "answered" => rounded(self.answered, 1.0),
            "failed" => rounded(self.failed, 1.0),
            "availability" => self.availability.map_or(Value::Null, |share| rounded(share, 1e6)),
            "latency.p95" => self.p95.map_or(Value::Null, |ms| rounded(ms, 10.0)),
            "detected" => maybe(self.detected),
            "disturbed" => self.disturbed,
            "recovered" => maybe(self.recovered),
            "badSeconds" => i64::from(self.bad_seconds),
            "replicas" => Value::List(replicas.collect()),
            "restarts" => i64::from(self.restarts),
            "made" => i64::from(self.made),
            "machines" => i64::from(self.machines),
            "machinesLeft" => i64::from(self.machines_left),
            "commands" => Value::List(commands.collect()),
            "refused" => i64::from(self.refused),
            "byHand" => Value::List(self.by_hand.iter().map(|s| Value::Map(said(s))).collect()),
            "steps" => Value::List(self.steps.iter().map(Step::to_value).collect()),
        })
    }
}
