//! Plays the actions of a scenario at their recorded times and keeps what happens.

use super::{lab, rows};
use crate::compose::engine::Power;
use crate::compose::project::Line;
use crate::sim::{Span, Time};
use crate::text::Value;
use std::collections::BTreeMap;

/// How often states are looked at. Source: the recordings' own description.
const SAMPLE: Span = Span::millis(200);
/// Ours: a command that takes longer than this is given up.
const PATIENCE: Span = Span::secs(180);

struct Play {
    lab: lab::Lab,
    rows: Vec<(Time, Value)>,
    sampler: rows::Sampler,
    next_sample: Time,
    told: usize,
    foreign: std::collections::BTreeSet<u32>,
    commands: i64,
    background: BTreeMap<String, Running>,
    over: Vec<Running>,
}

/// A command under way.
struct Running {
    id: u32,
    n: i64,
    text: String,
    name: Option<String>,
    begun: Time,
    lines: Vec<Line>,
    end: Option<(Time, i32)>,
}

/// Plays; the rows of the trace, by time.
pub(super) fn play(name: &str, actions: &str, files: &[(String, String)]) -> Vec<Value> {
    let mut play = Play {
        lab: lab::lab(name, files, actions),
        rows: Vec::new(),
        sampler: rows::Sampler::default(),
        next_sample: Time::ZERO,
        told: 0,
        foreign: std::collections::BTreeSet::new(),
        commands: 0,
        background: BTreeMap::new(),
        over: Vec::new(),
    };
    let mut last = Time::ZERO;
    for line in actions.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')) {
        let Some((at, action)) = line.trim_start().split_once(char::is_whitespace) else { continue };
        let at = crate::compose::project::go_span(&format!("{at}s")).map_or(last, |span| Time(span.0));
        last = at;
        play.run_until(at.max(play.lab.host.now()));
        play.action(action.trim_start());
    }
    play.finish()
}

impl Play {
    /// Moves on, looking at states on the way.
    fn run_until(&mut self, t: Time) {
        while self.next_sample <= t {
            let at = self.next_sample;
            let at = at.max(self.lab.host.now());
            self.lab.desk().run_until(at);
            self.look();
            self.next_sample = at + SAMPLE;
        }
        self.lab.desk().run_until(t);
        self.gather();
    }
    fn look(&mut self) {
        self.gather();
        let now = self.lab.host.now();
        for row in self.sampler.sample(&self.lab.host.engine) {
            self.rows.push((now, row));
        }
    }
    fn gather(&mut self) {
        let events = &self.lab.host.engine.events;
        for event in &events[self.told.min(events.len())..] {
            // Only what belongs to a project was recorded.
            let foreign = |cid: &u32| {
                let c = self.lab.host.engine.container(*cid);
                c.is_some_and(|c| c.spec.label(crate::compose::project::observed::PROJECT).is_empty())
            };
            if event.cid.is_some_and(|cid| foreign(&cid)) {
                self.foreign.extend(event.cid);
            }
            let of_container = event.kind == crate::compose::engine::Kind::Container;
            if !(of_container && event.cid.is_some_and(|cid| self.foreign.contains(&cid))) {
                self.rows.push((event.t, rows::event(event)));
            }
        }
        self.told = events.len();
        let now = self.lab.host.now();
        for running in self.background.values_mut().filter(|r| r.end.is_none()) {
            let (lines, code) = self.lab.table.take(running.id);
            running.lines.extend(lines);
            running.end = code.map(|code| (now, code));
        }
    }
    fn action(&mut self, action: &str) {
        let (verb, rest) = action.split_once(char::is_whitespace).unwrap_or((action, ""));
        let rest = rest.trim_start();
        match verb {
            "compose" | "tty" if verb == "compose" || rest.starts_with("compose") => {
                let rest = rest.strip_prefix("compose ").unwrap_or(rest);
                self.foreground(&format!("docker compose {rest}"));
            }
            "sh" => self.foreground(rest),
            "sleep" => self.note_sleep(rest),
            "bg" => {
                let (name, line) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                let line = line.trim_start();
                let line = match line.strip_prefix("compose ") {
                    Some(rest) => format!("docker compose {rest}"),
                    None => line.strip_prefix("sh ").unwrap_or(line).to_string(),
                };
                let running = self.begin(&line, Some(name.to_string()));
                self.background.insert(name.to_string(), running);
            }
            "wait" => {
                let mut words = rest.split_whitespace();
                let name = words.next().unwrap_or_default().to_string();
                let seconds = words.next().and_then(|s| s.parse().ok()).unwrap_or(20);
                self.wait(&name, Span::secs(seconds));
            }
            "signal" | "int" | "interrupt" => {
                let name = rest.split_whitespace().next().unwrap_or_default();
                if let Some(running) = self.background.get(name) {
                    let id = running.id;
                    self.lab.desk().interrupt(id);
                    self.gather();
                }
            }
            "engine" => self.engine(rest),
            _ => {}
        }
    }
    /// Sleeps are in the times of the actions already.
    fn note_sleep(&mut self, _: &str) {}
    fn begin(&mut self, line: &str, name: Option<String>) -> Running {
        let n = self.commands;
        self.commands += 1;
        let begun = self.lab.host.now();
        let id = self.lab.desk().type_line(line);
        Running { id, n, text: line.to_string(), name, begun, lines: Vec::new(), end: None }
    }
    fn foreground(&mut self, line: &str) {
        let mut running = self.begin(line, None);
        let end = running.begun + PATIENCE;
        loop {
            let (lines, code) = self.lab.table.take(running.id);
            running.lines.extend(lines);
            let now = self.lab.host.now();
            if let Some(code) = code {
                running.end = Some((now, code));
                break;
            }
            if now >= end {
                self.lab.desk().kill(running.id);
                running.end = Some((now, -9));
                break;
            }
            let due = self.lab.desk().next_due().unwrap_or(end).min(self.next_sample).max(now);
            self.run_until(due);
        }
        self.over.push(running);
    }
    fn wait(&mut self, name: &str, span: Span) {
        let end = self.lab.host.now() + span;
        while self.background.get(name).is_some_and(|r| r.end.is_none()) && self.lab.host.now() < end {
            let now = self.lab.host.now();
            let due = self.lab.desk().next_due().unwrap_or(end).min(self.next_sample).min(end).max(now);
            self.run_until(due);
        }
        if let Some(running) = self.background.get_mut(name).filter(|r| r.end.is_none()) {
            let id = running.id;
            running.end = Some((self.lab.host.now(), -9));
            self.lab.desk().kill(id);
        }
    }
    fn engine(&mut self, what: &str) {
        let how = match what.split_whitespace().next().unwrap_or_default() {
            "reboot" => Power::Rebooting,
            "crash" => Power::Crashed,
            _ => Power::Restarting,
        };
        self.rows.push((self.lab.host.now(), rows::engine(what, "begin", self.lab.host.now())));
        self.lab.host.engine.power_cycle(how);
        let end = self.lab.host.now() + PATIENCE;
        while self.lab.host.engine.power != Power::On && self.lab.host.now() < end {
            let now = self.lab.host.now();
            let due = self.lab.desk().next_due().unwrap_or(end).min(self.next_sample).max(now);
            self.run_until(due);
        }
        self.rows.push((self.lab.host.now(), rows::engine(what, "end", self.lab.host.now())));
    }
    fn finish(mut self) -> Vec<Value> {
        let end = self.lab.host.now() + Span::secs(1);
        self.run_until(end);
        let names: Vec<String> = self.background.keys().cloned().collect();
        for name in names {
            let Some(mut running) = self.background.remove(&name) else { continue };
            running.end.get_or_insert((end, -9));
            self.over.push(running);
        }
        for running in &self.over {
            let (at, code) = running.end.unwrap_or((running.begun, -9));
            let row = rows::command(
                running.n,
                &running.text,
                running.name.as_deref(),
                running.begun,
                at,
                code,
                &running.lines,
            );
            self.rows.push((running.begun, row));
        }
        self.rows.sort_by_key(|(t, _)| *t);
        self.rows.into_iter().map(|(_, row)| row).collect()
    }
}
