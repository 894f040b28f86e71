//! `orchestrion shell`: console lines from standard input against the simulated world, answered as they come.
//! Compose files get a Docker host before which they lie. Beside the console's own lines: `wait 30s` lets time
//! pass, `until EXPR` lets it pass until the expression holds.

use super::Outcome;
use super::run::{open, start, take_seed};
use crate::scenario::{Scenario, parse_span};
use crate::session::expression::Expression;
use crate::session::run::{Input, Run};
use crate::sim::{Rewindable, Span, Time};
use std::io::{BufRead, Write};

/// How it is called.
pub const USAGE: &str = "shell FILE... [--seed N]";

/// Ours: how long `until` and a waiting command may take in virtual time.
const PATIENCE: Span = Span::secs(3_600);

/// Carries it out; the exit code is that of the last line that failed.
pub fn run(args: &[String]) -> Outcome {
    let mut args = args.to_vec();
    let mut outcome = Outcome::default();
    let opened = take_seed(&mut args).and_then(|seed| match args.is_empty() {
        true => Ok(Scenario { seed: seed.unwrap_or(1), ..Scenario::default() }),
        false => open(&args, seed, &mut outcome),
    });
    let mut run = match opened {
        Ok(scenario) => start(&by_hand(scenario), &mut outcome),
        Err(outcome) => return outcome,
    };
    say(&mut outcome);
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let line = line.trim();
        if matches!(line, "exit" | "quit") {
            break;
        }
        if !line.is_empty() && !line.starts_with('#') {
            one_line(&mut run, line, &mut outcome);
            say(&mut outcome);
        }
    }
    outcome
}

/// A Compose project is brought up by a line, as in any shell: its files only lie there.
fn by_hand(mut scenario: Scenario) -> Scenario {
    if scenario.has_compose() {
        let manifests = scenario.manifests();
        let (kept, laid) = scenario.files.into_iter().partition(|file| manifests.contains(file));
        scenario.files = kept;
        scenario.around.extend::<Vec<_>>(laid);
    }
    scenario
}

/// Prints what has gathered.
fn say(outcome: &mut Outcome) {
    let (out, err) = (std::mem::take(&mut outcome.out), std::mem::take(&mut outcome.err));
    // A reader that has gone away is no reason to complain.
    let _ = std::io::stdout().write_all(out.as_bytes()).and_then(|()| std::io::stdout().flush());
    let _ = std::io::stderr().write_all(err.as_bytes());
}

fn one_line(run: &mut Run, line: &str, outcome: &mut Outcome) {
    match line.split_once(' ') {
        Some(("wait", time)) => match parse_span(time) {
            Some(span) => run.run_until(run.now() + span),
            None => fail(outcome, &format!("wait: {time}: no time")),
        },
        Some(("until", text)) => match Expression::read(text) {
            Ok(expression) => until(run, &expression, outcome),
            Err(words) => fail(outcome, &words),
        },
        _ => run.apply(&Input::Line(line.to_string())),
    }
    finish(run, outcome);
}

/// Plays until no line is under way, saying what there is to say.
fn finish(run: &mut Run, outcome: &mut Outcome) {
    let end = run.now() + PATIENCE;
    gather(run, outcome);
    while run.waiting() {
        let Some(due) = run.next_due().filter(|due| *due <= end) else {
            run.apply(&Input::Interrupt);
            break;
        };
        run.run_until(due);
        gather(run, outcome);
        say(outcome);
    }
    gather(run, outcome);
}

fn gather(run: &mut Run, outcome: &mut Outcome) {
    for answer in run.take_answers() {
        outcome.out.push_str(&answer.stdout);
        outcome.err.push_str(&answer.stderr);
        if let Some(code) = answer.code.filter(|code| *code != 0) {
            outcome.code = code.clamp(1, 255) as u8;
        }
    }
    run.world.cluster.take_seen();
}

fn until(run: &mut Run, expression: &Expression, outcome: &mut Outcome) {
    let end: Time = run.now() + PATIENCE;
    while !expression.holds(&run.world) {
        match run.next_due().filter(|due| *due <= end) {
            Some(due) => run.run_until(due),
            None => return fail(outcome, &format!("until: {}: did not come true", expression.text)),
        }
    }
}

fn fail(outcome: &mut Outcome, words: &str) {
    outcome.err.push_str(&format!("error: {words}\n"));
    outcome.code = 1;
}
