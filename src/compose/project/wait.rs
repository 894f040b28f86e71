//! Waiting for a dependency: a look each half second, until its condition holds or never can.
//! Source: compose v5.6 pkg/compose/convergence.go, waitDependencies, isServiceHealthy, isServiceCompleted.

use super::dag::{ERR, Line, progress};
use crate::compose::engine::{Cid, Engine, Status, Verdict};
use crate::sim::calendar::{civil, days};
use crate::sim::{Span, Time};
use crate::text::go::quoted;
use std::rc::Rc;

/// Time between looks. Source: see above.
const LOOKS: Span = Span::millis(500);

/// Condition of `up --wait`: running, and healthy if there is a health check.
pub(super) const RUNNING_OR_HEALTHY: &str = "running_or_healthy";

/// What is waited for.
#[derive(Clone, Debug)]
pub(super) struct WaitFor {
    pub(super) dependency: Rc<str>,
    pub(super) condition: Rc<str>,
    pub(super) required: bool,
    pub(super) containers: Vec<Cid>,
    pub(super) deadline: Option<(Time, Rc<str>)>,
}

/// What a look found.
pub(super) enum Look {
    Again(Time),
    Done(Vec<Line>),
    Failed(Vec<Line>, String),
}

impl WaitFor {
    pub(super) fn first_look(&self, now: Time) -> Time {
        self.bounded(now + LOOKS)
    }
    fn bounded(&self, at: Time) -> Time {
        self.deadline.as_ref().map_or(at, |(end, _)| at.min(*end))
    }
    fn says(&self, engine: &Engine, text: &str, details: &str) -> Vec<Line> {
        let line = |cid: &Cid| {
            let id = format!("Container {}", engine.name_of(*cid));
            Line { t: engine.now, fd: ERR, text: progress(&id, text, details).into() }
        };
        let mut lines: Vec<Line> = self.containers.iter().map(line).collect();
        if !details.is_empty() {
            // Details end the line without a blank.
            lines.iter_mut().for_each(|l| l.text = l.text.trim_end().into());
        }
        lines
    }
    pub(super) fn look(&self, engine: &Engine) -> Look {
        if let Some((end, words)) = &self.deadline
            && engine.now >= *end
        {
            return Look::Failed(Vec::new(), words.to_string());
        }
        let again = || Look::Again(self.bounded(engine.now + LOOKS));
        match &*self.condition {
            "service_completed_successfully" => self.completed(engine),
            condition => {
                let fallback = condition == RUNNING_OR_HEALTHY;
                match self.healthy(engine, fallback) {
                    Ok(true) => Look::Done(self.says(engine, "Healthy", "")),
                    Ok(false) => again(),
                    Err(words) if !self.required => {
                        let why = match fallback {
                            true => {
                                format!("optional dependency \"{}\" is not running or is unhealthy", self.dependency)
                            }
                            false => format!("optional dependency \"{}\" failed to start", self.dependency),
                        };
                        let mut lines = self.says(engine, &format!("Skipped: {why}"), "");
                        lines.push(warning(engine, &format!("{why}: {words}")));
                        Look::Done(lines)
                    }
                    Err(words) if fallback => Look::Failed(Vec::new(), words),
                    Err(words) => {
                        let details = format!("dependency {} failed to start", self.dependency);
                        Look::Failed(
                            self.says(engine, "Error", &details),
                            format!("dependency failed to start: {words}"),
                        )
                    }
                }
            }
        }
    }
    fn healthy(&self, engine: &Engine, fallback: bool) -> Result<bool, String> {
        for cid in &self.containers {
            let Some(c) = engine.container(*cid) else { return Err(format!("No such container: {cid}")) };
            let name = &c.name;
            if c.status == Status::Exited {
                return Err(format!("container {name} exited ({})", c.exit));
            }
            let checked = c.spec.healthcheck.as_ref().is_some_and(|h| h.test.first().is_some_and(|t| &**t != "NONE"));
            if !checked && fallback {
                return Ok(c.status == Status::Running);
            }
            match c.health.as_ref().filter(|_| checked).map(|h| h.verdict) {
                None => return Err(format!("container {name} has no healthcheck configured")),
                Some(Verdict::Unhealthy) => return Err(format!("container {name} is unhealthy")),
                Some(Verdict::Starting) => return Ok(false),
                Some(Verdict::Healthy) => {}
            }
        }
        Ok(true)
    }
    fn completed(&self, engine: &Engine) -> Look {
        let ended =
            self.containers.iter().filter_map(|cid| engine.container(*cid)).find(|c| c.status == Status::Exited);
        let Some(c) = ended else { return Look::Again(self.bounded(engine.now + LOOKS)) };
        if c.exit == 0 {
            return Look::Done(self.says(engine, "Exited", ""));
        }
        let words = format!("\"{}\" didn't complete successfully: exit {}", self.dependency, c.exit);
        if !self.required {
            let why = format!("optional dependency {words}");
            let mut lines = self.says(engine, &format!("Skipped: {why}"), "");
            lines.push(warning(engine, &why));
            return Look::Done(lines);
        }
        let words = format!("service {words}");
        Look::Failed(self.says(engine, "Error", &words), words)
    }
}

/// A line of the client's log. The real one begins with the date.
pub(super) fn warning(engine: &Engine, words: &str) -> Line {
    let text = format!("time=\"{}\" level=warning msg={}", stamp(engine.now), quoted(words));
    Line { t: engine.now, fd: ERR, text: text.as_str().into() }
}

/// A moment with its nanoseconds, as logs print it.
pub fn stamp_nano(t: Time) -> String {
    format!("{}.{:06}000Z", stamp(t).trim_end_matches('Z'), t.0 % 1_000_000)
}

/// A moment as the client's log prints it. Ours: every run begins on the first of January 2026 at midnight.
pub fn stamp(now: Time) -> String {
    let s = now.as_secs() as i64;
    let (year, month, day) = civil(days(2026, 1, 1) + s / 86_400);
    format!("{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", s / 3_600 % 24, s / 60 % 60, s % 60)
}
