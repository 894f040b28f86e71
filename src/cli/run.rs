//! `orchestrion run`: plays files to the end, prints a summary, keeps the trace, and holds the run against assertions.

use super::junit::{self, Case};
use super::{Outcome, take_option};
use crate::kubernetes::objects::Kind;
use crate::scenario::{Scenario, TextFile, parse_span};
use crate::session::expression::{Expression, Watch};
use crate::session::run::{Input, Run, UP};
use crate::sim::{Rewindable, Span, Time};
use std::collections::BTreeMap;
use std::fmt::Write;

/// How it is called.
pub const USAGE: &str = "run FILE... [--for 10m] [--seed N] [--trace FILE] [--assert 'EXPR']... [--junit FILE]";

/// Ours: how long a run is when nobody says.
pub(super) const DEFAULT_LENGTH: Span = Span::secs(120);

/// Carries it out.
pub fn run(args: &[String]) -> Outcome {
    match try_run(args.to_vec()) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn try_run(mut args: Vec<String>) -> Result<Outcome, Outcome> {
    let length = take_length(&mut args)?;
    let seed = take_seed(&mut args)?;
    let trace = take_option(&mut args, "--trace");
    let report = take_option(&mut args, "--junit");
    let mut asked = take_asserts(&mut args)?;
    let mut outcome = Outcome::default();
    let scenario = open(&args, seed, &mut outcome)?;
    let end = Time::ZERO + length.or(scenario.until).unwrap_or(DEFAULT_LENGTH);
    let mut run = start(&scenario, &mut outcome);
    play(&mut run, end, &mut asked);
    take_lines(&mut run, &mut outcome);
    summary(&run, &mut outcome);
    host_summary(&run, &mut outcome);
    let cases = judge(&asked, &mut outcome);
    if let Some(path) = report {
        let seconds = run.now().0 as f64 / 1e6;
        let xml = junit::report(&args.join(" "), &cases, seconds, &outcome.out);
        write_file(&path, xml)?;
    }
    if let Some(path) = trace {
        let text = crate::session::trace(&run.world);
        write_file(&path, text)?;
    }
    Ok(outcome)
}

fn write_file(path: &str, text: String) -> Result<(), Outcome> {
    std::fs::write(path, text).map_err(|e| Outcome::usage(format!("{path}: {e}")))
}

/// Takes `--for 10m` out of the arguments.
pub(super) fn take_length(args: &mut Vec<String>) -> Result<Option<Span>, Outcome> {
    let read = |t: String| parse_span(&t).ok_or_else(|| Outcome::usage(format!("--for: {t}: no time")));
    take_option(args, "--for").map(read).transpose()
}

/// Takes every `--assert EXPR` out of the arguments.
pub(super) fn take_asserts(args: &mut Vec<String>) -> Result<Vec<Watch>, Outcome> {
    let mut asked = Vec::new();
    while let Some(text) = take_option(args, "--assert") {
        let expression = Expression::read(&text).map_err(|e| Outcome::usage(format!("--assert: {e}")))?;
        asked.push(Watch::new(expression));
    }
    Ok(asked)
}

/// Takes `--seed N` out of the arguments.
pub fn take_seed(args: &mut Vec<String>) -> Result<Option<u64>, Outcome> {
    let Some(text) = take_option(args, "--seed") else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Outcome::usage(format!("--seed: {text}: no whole number")))
}

/// Reads the named files from disk.
pub fn read_files(paths: &[String]) -> Result<Vec<TextFile>, Outcome> {
    if paths.is_empty() {
        return Err(Outcome::usage("no file is named"));
    }
    if let Some(flag) = paths.iter().find(|path| path.starts_with("--")) {
        return Err(Outcome::usage(format!("{flag}: no such flag, or its value is missing")));
    }
    let read = |path: &String| match std::fs::read(path) {
        Ok(bytes) => {
            let name = std::path::Path::new(path).file_name().map(|n| n.to_string_lossy().into_owned());
            Ok(TextFile {
                name: name.unwrap_or_else(|| path.clone()).into(),
                text: String::from_utf8_lossy(&bytes).into(),
            })
        }
        Err(error) => Err(Outcome::usage(format!("{path}: {error}"))),
    };
    paths.iter().map(read).collect()
}

/// The scenario of the named files, with everything a Compose project among them may look at.
pub fn open(paths: &[String], seed: Option<u64>, outcome: &mut Outcome) -> Result<Scenario, Outcome> {
    let mut files = read_files(paths)?;
    let around = super::compose::around(paths, &mut files)?;
    let (mut scenario, problems) = Scenario::read(&files, seed.unwrap_or(1));
    scenario.seed = seed.unwrap_or(scenario.seed);
    if let Some(around) = around {
        (scenario.folder, scenario.around) = (around.folder, around.files);
    }
    problems.iter().for_each(|p| outcome.err.push_str(&format!("{p}\n")));
    Ok(scenario)
}

/// A run at its start, its files applied; what the console said goes to the outcome.
pub fn start(scenario: &Scenario, outcome: &mut Outcome) -> Run {
    let mut run = Run::new(scenario);
    if scenario.apply && !scenario.files.is_empty() {
        let files = scenario.files.iter().map(|f| (f.name.to_string(), f.text.to_string())).collect();
        run.apply(&Input::Apply(files));
    }
    for answer in run.take_answers() {
        outcome.out.push_str(&answer.stdout);
        outcome.err.push_str(&answer.stderr);
        if answer.code.unwrap_or(0) != 0 {
            outcome.code = 1;
        }
    }
    run
}

/// Plays moment by moment where assertions are over time, so that they see every one.
pub(super) fn play(run: &mut Run, end: Time, asked: &mut [Watch]) {
    let look = |run: &Run, asked: &mut [Watch]| asked.iter_mut().for_each(|w| w.look(&run.world));
    let over_time = asked.iter().any(|w| w.expression.over_time());
    if over_time {
        look(run, asked);
    }
    while over_time && let Some(due) = run.next_due().filter(|due| *due <= end) {
        run.run_until(due);
        look(run, asked);
    }
    run.run_until(end);
    look(run, asked);
    run.world.cluster.take_seen();
}

/// What bringing a project up came to, and which lines of the scenario failed; a failure counts.
fn take_lines(run: &mut Run, outcome: &mut Outcome) {
    for answer in run.take_answers() {
        let failed = answer.code.unwrap_or(0) != 0;
        if &*answer.line == UP {
            outcome.err.push_str(&answer.stdout);
        } else if !failed {
            continue;
        } else {
            let _ = writeln!(outcome.err, "$ {}", answer.line);
        }
        outcome.err.push_str(&answer.stderr);
        if failed {
            outcome.code = 1;
        }
    }
}

/// What bringing a project up came to, once it is over.
pub(super) fn take_up(run: &mut Run, outcome: &mut Outcome) {
    for answer in run.take_answers().into_iter().filter(|a| &*a.line == UP) {
        outcome.err.push_str(&answer.stdout);
        outcome.err.push_str(&answer.stderr);
        if answer.code.unwrap_or(0) != 0 {
            outcome.code = 1;
        }
    }
}

/// Prints the verdicts; they are the cases of the report.
pub(super) fn judge(asked: &[Watch], outcome: &mut Outcome) -> Vec<Case> {
    let mut cases = Vec::new();
    for watch in asked {
        let holds = watch.holds_so_far();
        let text = &watch.expression.text;
        let _ = writeln!(outcome.out, "{} {text}", if holds { "ok  " } else { "FAIL" });
        let failure = (!holds).then(|| watch.explanation());
        if let Some(words) = &failure {
            let _ = writeln!(outcome.out, "     {words}");
            outcome.code = 1;
        }
        cases.push(Case { name: text.clone(), failure });
    }
    cases
}

/// What runs on the Docker host, as `docker compose ps -a` has it.
fn host_summary(run: &Run, outcome: &mut Outcome) {
    let Some(host) = &run.world.host else { return };
    let _ = writeln!(outcome.out, "docker host: {} engine events", host.engine.events.len());
    let mut copy = run.clone();
    copy.apply(&Input::Line("docker compose ps -a".into()));
    copy.finish_line(Span::secs(10));
    copy.take_answers().iter().for_each(|answer| outcome.out.push_str(&answer.stdout));
}

fn summary(run: &Run, outcome: &mut Outcome) {
    let cluster = &run.world.cluster;
    let (api, now) = (&cluster.api, cluster.now());
    let _ = writeln!(
        outcome.out,
        "at {}.{:03} s, {} journal entries",
        now.as_secs(),
        now.as_millis() % 1000,
        api.journal.len()
    );
    if run.world.host.is_some() && api.store.list(Kind::Node).next().is_none() {
        return;
    }
    let mut phases: BTreeMap<&str, usize> = BTreeMap::new();
    for pod in api.store.list(Kind::Pod).filter_map(|o| o.pod()) {
        let word = if pod.ready() { "Ready" } else { pod.status.phase.word() };
        *phases.entry(word).or_default() += 1;
    }
    let phases: Vec<String> = phases.iter().map(|(word, n)| format!("{n} {word}")).collect();
    let _ = writeln!(outcome.out, "pods: {}", if phases.is_empty() { "none".into() } else { phases.join(", ") });
    for row in run.jobs().iter().map(|job| job.row()).filter(|row| row.from.is_some()) {
        let came = if row.outcome.is_empty() { "running" } else { row.outcome.as_str() };
        let stages: Vec<String> = row.stages.iter().map(|s| format!("{} {}", s.name, s.state)).collect();
        let _ = writeln!(outcome.out, "pipeline {}: {came} ({})", row.name, stages.join(", "));
    }
    for object in api.store.list(Kind::Deployment) {
        let Some(it) = object.deployment() else { continue };
        let s = &it.status;
        let _ = writeln!(
            outcome.out,
            "deployment {}/{}: {}/{} ready, {} updated, {} available",
            object.meta.namespace, object.meta.name, s.ready, it.replicas, s.updated, s.available
        );
    }
}
