//! What containers print: what their program says by itself, and what it says about requests, signals and hooks.

use super::State;
use super::lifecycle::Desk;
use super::probes::Prober;
use super::worker::{Ended, Run, Slot};
use crate::kubernetes::objects::Id;
use crate::sim::{Span, Time};
use crate::text::Word;
use crate::workload::{Profile, request_line};
use std::rc::Rc;

/// Most lines about requests and signals that are kept of one run. Ours: bounds memory.
const LINES_MAX: usize = 1_000;
/// Longest termination message of one container in bytes.
/// Source: kubernetes v1.37 pkg/kubelet/container/runtime.go, MaxContainerTerminationMessageLength.
const MESSAGE_MAX: usize = 4096;
/// The same of all containers of a pod together. Source: same file, MaxPodTerminationMessageLogLength.
const MESSAGES_MAX: usize = 12 * 1024;
/// Longest message taken from the log, in bytes and lines. Source: same file, MaxContainerTerminationMessageLogLength, ...LogLines.
const LOG_MESSAGE_MAX: (usize, usize) = (2048, 80);

/// A line with its time.
pub type Line = (Time, Rc<str>);

/// A run that is over, as `kubectl logs --previous` shows it.
#[derive(Clone, Debug)]
pub struct Past {
    profile: Option<Rc<Profile>>,
    said: Rc<Vec<Line>>,
    ended: Rc<Ended>,
}

impl State {
    /// What a run of a container has printed until now; `None` when nothing is known of what its program prints. `previous`:
    /// the run before the present one.
    pub fn log(&self, id: Id, container: &str, previous: bool, now: Time) -> Option<Vec<Line>> {
        let worker = self.pods.get(&id)?;
        let at = worker.names.iter().position(|n| **n == *container)?;
        worker.slots.get(at)?.log(previous, now)
    }
}

impl Slot {
    /// See [`State::log`].
    fn log(&self, previous: bool, now: Time) -> Option<Vec<Line>> {
        if previous {
            let past = self.past.as_ref()?;
            return lines(past.profile.as_ref()?, past.said.to_vec(), past.ended.started, past.ended.finished);
        }
        let (since, until) = match &self.run {
            Run::Never => return None,
            Run::Running(since) => (*since, now),
            Run::Ended(ended) => (ended.started, ended.finished),
        };
        let profile = self.profile.as_ref()?;
        let slept = self.probers.iter().filter(|_| profile.prints_requests).flat_map(|p| p.slept(until));
        let said = self.said.iter().cloned().chain(slept).collect();
        lines(profile, said, since, until)
    }
    /// A new run begins: what the one before has printed is kept.
    pub fn turn_page(&mut self) {
        let (profile, said) = (self.profile.take(), std::mem::take(&mut self.said));
        self.past = self.ended().cloned().map(|ended| Rc::new(Past { profile, said, ended }));
    }
    fn say(&mut self, at: Time, line: &str) {
        let said = Rc::make_mut(&mut self.said);
        if said.len() < LINES_MAX {
            said.push((at, line.into()));
        }
    }
    /// Takes down what a probe that skipped its ticks has asked until then.
    pub fn wake(&mut self, which: usize, until: Time) {
        let prints = self.profile.as_ref().is_some_and(|p| p.prints_requests);
        let Some(prober) = self.probers.get_mut(which) else { return };
        let slept: Vec<Line> = if prints { prober.slept(until).collect() } else { Vec::new() };
        prober.quiet = None;
        for (at, line) in slept {
            self.say(at, &line);
        }
    }
}

impl Prober {
    /// What the ticks that were skipped would have asked before `until`.
    fn slept(&self, until: Time) -> impl Iterator<Item = Line> + use<> {
        let quiet = self.quiet.clone();
        let ticks =
            quiet.as_ref().map_or(0, |q| (until.since(q.from).0.saturating_sub(1) / q.period.0.max(1)) as usize);
        let first = ticks.saturating_sub(LINES_MAX);
        quiet
            .into_iter()
            .flat_map(move |q| (first..ticks).map(move |n| (q.from + q.period * (n as u64 + 1), q.line.clone())))
    }
}

/// A probe that skips its ticks, because nothing can change.
#[derive(Clone, Debug)]
pub struct Quiet {
    /// The tick after which it does.
    pub from: Time,
    /// How often it ticks.
    pub period: Span,
    /// What the program prints about each.
    pub line: Rc<str>,
}

/// Everything a run printed, in order of time; `None` for a server whose words are not known.
fn lines(profile: &Profile, mut said: Vec<Line>, since: Time, until: Time) -> Option<Vec<Line>> {
    let known = profile.prints_requests || profile.listens_after.is_none() || !profile.lines.is_empty();
    let own = profile.lines.iter().map(|(t, line)| (since + *t, Rc::from(line.as_str())));
    let mut all: Vec<Line> = own.collect();
    all.append(&mut said);
    all.sort_by_key(|(t, _)| *t);
    all.retain(|(t, _)| *t <= until);
    known.then_some(all)
}

impl Desk<'_, '_> {
    /// A request reaches the program of a container.
    pub(super) fn heard(&mut self, at: u16, path: &str, address: &str) {
        let now = self.now();
        let slot = &mut self.worker.slots[at as usize];
        if slot.profile.as_ref().is_some_and(|p| p.prints_requests) {
            slot.say(now, &request_line(path, address));
        }
    }
    /// A container gets SIGTERM at `when`.
    pub(super) fn signalled(&mut self, at: u16, when: Time) {
        let slot = &mut self.worker.slots[at as usize];
        let lines = slot.profile.as_ref().map(|p| p.last_lines.clone()).unwrap_or_default();
        for (after, line) in lines.iter() {
            slot.say(when + *after, line);
        }
    }
    /// A command run in a container writes to its log.
    pub(super) fn hook_prints(&mut self, at: u16, words: &[&str]) {
        let now = self.now();
        for (after, line) in crate::workload::written_to_log(words) {
            self.worker.slots[at as usize].say(now + after, &line);
        }
    }
    /// The termination message of a run that ends now with `code`.
    /// Source: kubernetes v1.37 pkg/kubelet/kuberuntime/kuberuntime_container.go, getTerminationMessage; status/status_manager.go,
    /// normalizeStatus.
    pub(super) fn last_words(&self, at: u16, code: i32) -> Word {
        let slot = &self.worker.slots[at as usize];
        let file = slot.profile.as_ref().and_then(|p| p.message.clone()).unwrap_or_default();
        let policy = self.worker.tree(&self.spec, at).and_then(|t| t.str_at(&["terminationMessagePolicy"]));
        let words = if file.is_empty() && code != 0 && policy == Some("FallbackToLogsOnError") {
            let log = slot.log(false, self.now()).unwrap_or_default();
            let from = log.len().saturating_sub(LOG_MESSAGE_MAX.1);
            let text: String = log[from..].iter().map(|(_, line)| format!("{line}\n")).collect();
            tail(&text, LOG_MESSAGE_MAX.0).to_string()
        } else {
            tail(&file, MESSAGE_MAX).to_string()
        };
        let share = MESSAGES_MAX / self.worker.slots.len().max(1);
        let end = (0..=share.min(words.len())).rev().find(|n| words.is_char_boundary(*n)).unwrap_or(0);
        Word::from(words[..end].to_string())
    }
}

/// The last `max` bytes of a text, or a little less so that no character is cut.
fn tail(text: &str, max: usize) -> &str {
    let from = text.len().saturating_sub(max);
    let from = (from..=text.len()).find(|n| text.is_char_boundary(*n)).unwrap_or(text.len());
    &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_cuts_no_character() {
        assert_eq!(tail("aäb", 2), "b");
        assert_eq!(tail("aäb", 3), "äb");
        assert_eq!(tail("ab", 9), "ab");
    }

    #[test]
    fn ticks_that_were_skipped_are_told() {
        let quiet = Quiet { from: Time(1_000_000), period: Span::secs(2), line: "probe".into() };
        let mut prober = Prober::default();
        prober.quiet = Some(quiet);
        let times: Vec<u64> = prober.slept(Time(7_000_000)).map(|(t, _)| t.0 / 1_000_000).collect();
        assert_eq!(times, [3, 5]);
        assert_eq!(prober.slept(Time(7_000_001)).count(), 3);
    }
}
