//! Health checks. An unhealthy container keeps running: nothing follows from the verdict but the event.
//! Source: moby v29 daemon/health.go: monitor, handleProbeResult, the defaults.

use super::*;
use crate::text::go;

/// Source: see above, defaultProbeInterval.
const INTERVAL: Span = Span::secs(30);
/// Source: see above, defaultProbeTimeout.
const TIMEOUT: Span = Span::secs(30);
/// Source: see above, defaultStartInterval.
const START_INTERVAL: Span = Span::secs(5);
/// Source: see above, defaultProbeRetries.
const RETRIES: u32 = 3;

fn or(span: Span, default: Span) -> Span {
    if span == Span::ZERO { default } else { span }
}

/// The words of a probe's command, or nothing when there is no check.
pub fn probe_words(check: &Healthcheck) -> Option<Vec<Rc<str>>> {
    match check.test.split_first() {
        Some((kind, rest)) if &**kind == "CMD" && !rest.is_empty() => Some(rest.to_vec()),
        Some((kind, rest)) if &**kind == "CMD-SHELL" && !rest.is_empty() => {
            Some(vec!["/bin/sh".into(), "-c".into(), rest[0].clone()])
        }
        _ => None,
    }
}

impl Engine {
    /// A container that has just been started: its verdict begins anew.
    pub(super) fn begin_health(&mut self, cid: Cid) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        if c.spec.healthcheck.as_ref().and_then(probe_words).is_none() {
            return;
        }
        if let Some(c) = self.edit(cid) {
            let last = c.health.take().and_then(|h| h.last);
            c.health = Some(Health { verdict: Verdict::Starting, failing: 0, last });
        }
        self.next_probe(cid, 0);
    }
    /// After a freeze, probes go on.
    pub(super) fn begin_health_again(&mut self, cid: Cid) {
        if self.containers.get(&cid).is_some_and(|c| c.health.is_some()) {
            self.next_probe(cid, 1);
        }
    }
    /// An ended container keeps its last probe; a verdict of a container that has ended is unhealthy.
    /// Source: moby v29 daemon/container/state.go and health.go: Status of a stopped container.
    pub(super) fn end_health(&mut self, cid: Cid) {
        if let Some(h) = self.edit(cid).filter(|c| !c.alive()).and_then(|c| c.health.as_mut()) {
            h.verdict = Verdict::Unhealthy;
        }
    }
    fn next_probe(&mut self, cid: Cid, n: u32) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        let (Some(check), Some(health), Some(started)) = (&c.spec.healthcheck, &c.health, c.started) else { return };
        let age = self.now.since(started);
        let early = age < check.start_period && health.verdict == Verdict::Starting;
        let mut wait = if early { or(check.start_interval, START_INTERVAL) } else { or(check.interval, INTERVAL) };
        if early && age + wait > check.start_period {
            // The last wait of the start period ends with it. Source: recorded.
            wait = check.start_period - age;
        }
        self.after(wait, Timer::ProbeBegins(cid, c.epoch, n));
    }
    pub(super) fn probe_begins(&mut self, cid: Cid, epoch: u32, n: u32) {
        let Some(c) = self.current(cid, epoch).filter(|c| c.status == Status::Running && c.run().is_some()) else {
            return;
        };
        let Some(check) = c.spec.healthcheck.clone() else { return };
        let Some(words) = probe_words(&check) else { return };
        let line = words.join(" ");
        let id: Rc<str> = self.new_id();
        self.tell(cid, format!("exec_create: {line}"), &[("execID", id.clone())]);
        self.tell(cid, format!("exec_start: {line}"), &[("execID", id.clone())]);
        let ran = self.what_happens(cid, &words, &[]);
        let limit = or(check.timeout, TIMEOUT);
        let overhead = self.draw(|p| p.exec);
        let (takes, exit, output) = if ran.takes > limit {
            let words = format!("Health check exceeded timeout ({})", go::duration_of_micros(limit.0));
            (limit, -1, words)
        } else {
            let text: String = ran.said.iter().map(|said| format!("{}\n", said.text)).collect();
            (ran.takes + overhead, ran.code, text)
        };
        let start = self.now;
        self.after(takes, Timer::ProbeEnds(cid, epoch, n, start, exit, format!("{id} {output}").into()));
    }
    pub(super) fn probe_ends(&mut self, cid: Cid, epoch: u32, n: u32, start: Time, exit: i32, output: Rc<str>) {
        let Some(c) = self.current(cid, epoch).filter(|c| c.status == Status::Running) else { return };
        let (id, output) = output.split_once(' ').unwrap_or(("", &output));
        let code = if exit == -1 { "137".to_string() } else { exit.to_string() };
        self.tell(cid, "exec_die", &[("execID", id.into()), ("exitCode", code.as_str().into())]);
        let (Some(check), Some(begun)) = (&c.spec.healthcheck, c.started) else { return };
        let retries = if check.retries == 0 { RETRIES } else { check.retries };
        let period_over = start.since(begun) >= check.start_period;
        let now = self.now;
        let Some(health) = self.edit(cid).and_then(|c| c.health.as_mut()) else { return };
        let before = health.verdict;
        health.last = Some(Probe { start, end: now, exit, output: output.into() });
        if exit == 0 {
            health.failing = 0;
            health.verdict = Verdict::Healthy;
        } else if before != Verdict::Starting || period_over {
            health.failing += 1;
            if health.failing >= retries {
                health.verdict = Verdict::Unhealthy;
            }
        }
        let (after, failing) = (health.verdict, health.failing);
        if after != before {
            self.tell(cid, format!("health_status: {}", after.word()), &[]);
            let name = c.name.clone();
            self.note(cid, if after == Verdict::Healthy { healthy(name) } else { unhealthy(name, failing) });
        }
        self.next_probe(cid, n + 1);
    }
}
