//! `orchestrion conformance FAMILY FILE…`: replays recorded cases of the real code and says which differ.
//!
//! A new family is one file with a `check` and one line in [`FAMILIES`].

mod backoff;
mod cluster;
pub mod compose_config;
pub mod compose_scenarios;
mod controller_history;
mod cron;
mod deployment;
mod durations;
mod eviction_toleration;
mod hpa;
mod labels;
mod names;
pub mod objects;
mod preemption;
mod printers;
mod qos;
mod quantity;
pub mod scenarios;
mod scheduling;
mod updates;

use super::{Outcome, take_option, take_switch};
use crate::text::{Value, json};
use std::fmt::Write;

/// One recorded case.
pub struct Case<'a> {
    /// Its name.
    pub name: &'a str,
    /// What the real code was given.
    pub input: &'a Value,
    /// What it answered.
    pub output: &'a Value,
}

/// What came of a case: nothing to say, or in which way we differ.
pub type Verdict = Result<(), String>;

/// How a family's files are read.
enum How {
    /// One case a line.
    Lines(fn(&Case) -> Verdict),
    /// By itself: all arguments behind the family's name.
    Itself(fn(&Request) -> Outcome),
}

/// What a family that reads its files by itself is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Files or folders.
    pub files: Vec<String>,
    /// Only cases whose names begin so.
    pub only: Option<String>,
    /// Whether to say how a case differs.
    pub why: bool,
    /// Where to write our own traces.
    pub emit: Option<String>,
    /// Whether recorded steps are taken when they were really taken, and not when they were planned.
    pub pace: bool,
    /// Which chance to play with, where a family draws; 0 unless asked for.
    pub seed: u64,
}

/// Every family, by name.
const FAMILIES: &[(&str, How)] = &[
    ("backoff", How::Lines(backoff::check)),
    ("compose-compare", How::Itself(compose_scenarios::compare)),
    ("compose-config", How::Itself(compose_config::run)),
    ("compose-scenarios", How::Itself(compose_scenarios::run)),
    ("controller_history", How::Lines(controller_history::check)),
    ("cron", How::Lines(cron::check)),
    ("deployment", How::Lines(deployment::check)),
    ("defaults", How::Itself(objects::defaults)),
    ("durations", How::Lines(durations::check)),
    ("eviction_toleration", How::Lines(eviction_toleration::check)),
    ("hpa", How::Lines(hpa::check)),
    ("labels", How::Lines(labels::check)),
    ("preemption", How::Lines(preemption::check)),
    ("printers", How::Lines(printers::check)),
    ("names", How::Lines(names::check)),
    ("qos", How::Lines(qos::check)),
    ("quantity", How::Lines(quantity::check)),
    ("kubelet", How::Itself(scenarios::kubelet)),
    ("scenarios", How::Itself(scenarios::scenarios)),
    ("scheduling", How::Lines(scheduling::check)),
    ("validation", How::Itself(objects::validation)),
];

/// Counts of a run and the cases that differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many cases were equal.
    pub passed: usize,
    /// The names of the others, and how they differ.
    pub failed: Vec<(String, String)>,
}

/// Passes when what we got equals what was recorded.
pub fn equal(got: impl Into<Value>, case: &Case) -> Verdict {
    let got = got.into();
    if got == *case.output {
        return Ok(());
    }
    let show = |value: &Value| json::write(value, json::Style { escape_html: false, ..json::Style::COMPACT });
    Err(format!("got  {}\nwant {}", show(&got), show(case.output)))
}

/// Runs the cases of a text with one case a line; `None` when there is no such family of lines.
pub fn run_lines(family: &str, text: &str, only: Option<&str>) -> Option<Report> {
    let check = FAMILIES.iter().find_map(|(name, how)| match how {
        How::Lines(check) if *name == family => Some(check),
        _ => None,
    })?;
    let mut report = Report::default();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let case = json::parse(line).unwrap_or_default();
        let (Some(name), Some(input), Some(output)) = (case.str_at(&["name"]), case.get("input"), case.get("output"))
        else {
            report.failed.push((format!("line {}", number + 1), "not a case: name, input, output".into()));
            continue;
        };
        if only.is_some_and(|prefix| !name.starts_with(prefix)) {
            continue;
        }
        match check(&Case { name, input, output }) {
            Ok(()) => report.passed += 1,
            Err(why) => report.failed.push((name.to_owned(), why)),
        }
    }
    Some(report)
}

/// The command.
pub fn run(args: &[String]) -> Outcome {
    let mut args = args.to_vec();
    let request = Request {
        only: take_option(&mut args, "--only"),
        emit: take_option(&mut args, "--emit"),
        why: take_switch(&mut args, "--why"),
        pace: !take_switch(&mut args, "--planned"),
        seed: take_option(&mut args, "--seed").and_then(|n| n.parse().ok()).unwrap_or(0),
        files: args.split_off(args.len().min(1)),
    };
    let names = || FAMILIES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ");
    let Some((family, how)) = args.first().and_then(|family| FAMILIES.iter().find(|(name, _)| name == family)) else {
        return Outcome::usage(format!("conformance FAMILY FILE... with one of: {}", names()));
    };
    if let How::Itself(run) = how {
        return run(&request);
    }
    let mut all = Report::default();
    for file in &request.files {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => return Outcome::usage(format!("{file}: {error}")),
        };
        let report = run_lines(family, &text, request.only.as_deref()).unwrap_or_default();
        all.passed += report.passed;
        all.failed.extend(report.failed);
    }
    all.print(request.why)
}

impl Report {
    /// Failing names, then the counts; exit code 1 when any failed.
    pub fn print(&self, why: bool) -> Outcome {
        let mut out = String::new();
        for (name, reason) in &self.failed {
            let _ = writeln!(out, "{name}");
            if why {
                let _ = writeln!(out, "  {}", reason.replace('\n', "\n  "));
            }
        }
        let _ = writeln!(out, "{} passed, {} failed", self.passed, self.failed.len());
        Outcome { out, code: u8::from(!self.failed.is_empty()), ..Outcome::default() }
    }
}
