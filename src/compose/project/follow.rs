//! An attached `up` and `logs --follow`: the output of containers as it comes, and who ended how.
//! Source: compose v5.6 pkg/compose/monitor.go, printer.go; cmd/formatter/logs.go.

use super::dag::{ERR, Line, OUT};
use super::observed::{self, Seen};
use super::service::Project;
use crate::compose::engine::{Cid, Engine, Kind, Status};
use crate::sim::{Span, Time};
use crate::workload::Stream;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Ours: how often the output is looked at.
const LOOKS: Span = Span::millis(50);

/// What the end of a container does to an attached `up`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnExit {
    /// Nothing.
    #[default]
    Ignore,
    /// Everything stops.
    Stop,
    /// Everything stops if it failed.
    Fail,
}

/// Names before lines: each is as wide as the widest name so far.
#[derive(Clone, Debug, Default)]
pub struct Names {
    known: Vec<Rc<str>>,
    /// Whether names are shown.
    pub shown: bool,
}

impl Names {
    /// No names yet; whether they are shown.
    pub fn shown(shown: bool) -> Names {
        Names { known: Vec::new(), shown }
    }
    /// A line behind its name.
    pub fn line(&mut self, name: &Rc<str>, text: &str) -> Rc<str> {
        if !self.known.contains(name) {
            self.known.push(name.clone());
        }
        if !self.shown {
            return text.into();
        }
        let width = self.known.iter().map(|n| n.len()).max().unwrap_or(0) + 1;
        format!("{name:<width$} | {text}").into()
    }
}

/// Name of a container without its project.
pub fn short_name(seen: &Seen, project: &str) -> Rc<str> {
    let usual = format!("{project}-{}-{}", seen.service, seen.number);
    match *seen.container.name == *usual {
        true => format!("{}-{}", seen.service, seen.number).into(),
        false => seen.container.name.clone(),
    }
}

/// A command that follows containers.
#[derive(Clone, Debug)]
pub(super) struct Follow {
    project: Rc<str>,
    services: Vec<Rc<str>>,
    /// How many lines of each container were shown.
    shown: BTreeMap<Cid, usize>,
    /// Containers the command lives for.
    alive: Vec<Cid>,
    restarting: Vec<Cid>,
    attached: Vec<Cid>,
    seen_events: usize,
    pub(super) names: Names,
    /// Whether it is `logs`.
    logs: bool,
    /// Only so many of the lines that stand there when it attaches, also to a container that was started again.
    pub(super) tail: Option<usize>,
    pub(super) on_exit: OnExit,
    pub(super) exit_from: Rc<str>,
    pub(super) code: i32,
    /// A container has ended that ends everything.
    pub(super) cascade: bool,
    done_once: (bool, bool),
    next: Time,
}

impl Follow {
    /// Attaches to the containers of services.
    pub(super) fn attach(
        engine: &mut Engine,
        project: &Project,
        services: &[Rc<str>],
        lines: &mut Vec<Line>,
    ) -> Follow {
        let mut seen = observed::of_project(engine, &project.name);
        seen.retain(|s| !s.one_off && services.contains(&s.service));
        seen.sort_by(|a, b| a.container.name.cmp(&b.container.name));
        let names: Vec<Rc<str>> = seen.iter().map(|s| short_name(s, &project.name)).collect();
        if !seen.is_empty() {
            let text = format!("Attaching to {}", names.join(", "));
            lines.push(Line { t: engine.now, fd: OUT, text: text.into() });
        }
        let mut follow = Follow::new(engine, &project.name, services, false);
        for one in &seen {
            engine.attach(one.cid);
            follow.shown.insert(one.cid, engine.output(one.cid).len());
            follow.attached.push(one.cid);
            follow.alive.push(one.cid);
        }
        follow.seen_events = engine.events.len();
        follow
    }
    fn new(engine: &Engine, project: &Rc<str>, services: &[Rc<str>], logs: bool) -> Follow {
        Follow {
            project: project.clone(),
            services: services.to_vec(),
            shown: BTreeMap::new(),
            alive: Vec::new(),
            restarting: Vec::new(),
            attached: Vec::new(),
            seen_events: engine.events.len(),
            names: Names { shown: true, ..Names::default() },
            logs,
            tail: None,
            on_exit: OnExit::Ignore,
            exit_from: "".into(),
            code: 0,
            cascade: false,
            done_once: (false, false),
            next: engine.now,
        }
    }
    /// `logs --follow`, behind what was printed so far.
    pub(super) fn logs(
        engine: &Engine,
        project: &Rc<str>,
        services: &[Rc<str>],
        names: Names,
        tail: Option<usize>,
    ) -> Follow {
        let mut follow = Follow::new(engine, project, services, true);
        (follow.names, follow.tail) = (names, tail);
        for seen in observed::of_project(engine, project) {
            if !seen.one_off && (services.is_empty() || services.contains(&seen.service)) {
                follow.shown.insert(seen.cid, engine.output(seen.cid).len());
                follow.alive.push(seen.cid);
            }
        }
        follow
    }
    pub(super) fn is_logs(&self) -> bool {
        self.logs
    }
    pub(super) fn due(&self) -> Time {
        self.next
    }
    /// Whether nothing is left to follow.
    pub(super) fn over(&self) -> bool {
        self.alive.is_empty()
    }
    /// Shows what is new.
    pub(super) fn poll(&mut self, engine: &Engine, lines: &mut Vec<Line>) {
        self.next = engine.now + LOOKS;
        let events: Vec<_> = engine.events[self.seen_events.min(engine.events.len())..].to_vec();
        self.seen_events = engine.events.len();
        let seen = observed::of_project(engine, &self.project);
        let starts = events.iter().filter(|e| e.kind == Kind::Container && &*e.action == "start");
        starts.filter_map(|e| e.cid).for_each(|cid| self.attach_again(engine, &seen, cid));
        self.print(engine, &seen, lines);
        for event in events.iter().filter(|e| e.kind == Kind::Container) {
            let Some(cid) = event.cid else { continue };
            if &*event.action == "destroy" {
                self.forget(cid);
            }
            let Some(one) = seen.iter().find(|s| s.cid == cid && self.follows(s)) else { continue };
            match &*event.action {
                "create" if !self.alive.contains(&cid) => {
                    self.alive.push(cid);
                    let replaced = one.container.spec.label(observed::REPLACES);
                    if !replaced.is_empty() {
                        lines.push(status(engine, replaced, "has been recreated"));
                    }
                }
                "start" if !self.alive.contains(&cid) => self.alive.push(cid),
                "die" => self.died(engine, one, event, lines),
                "stop" => self.stopped(engine, one, lines),
                _ => {}
            }
        }
        self.print(engine, &seen, lines);
    }
    /// A container that runs again: what it prints in this run, and of what it has printed already as much as was asked for.
    /// One that the command was attached to from the start is not followed when somebody starts it by hand.
    /// Source: compose v5.6 pkg/compose/logs.go, followStartedContainersLogs; up.go, shouldFollowStartEvent.
    fn attach_again(&mut self, engine: &Engine, seen: &[Seen], cid: Cid) {
        let Some(one) = seen.iter().find(|s| s.cid == cid && self.follows(s)) else { return };
        if !self.shown.contains_key(&cid) && self.attached.contains(&cid) && !self.restarting.contains(&cid) {
            return;
        }
        let output = engine.output(cid);
        let begun = one.container.runs.last().map_or(engine.now, |run| run.begun);
        let before = output.partition_point(|line| line.t < begun);
        let shown = self.shown.entry(cid).or_insert(before);
        if let Some(tail) = self.tail {
            *shown = (*shown).max(output.len().saturating_sub(tail));
        }
    }
    fn follows(&self, one: &Seen) -> bool {
        !one.one_off && (self.services.is_empty() || self.services.contains(&one.service))
    }
    /// Whether a container that has just ended will come back. Source: compose v5.6 pkg/compose/monitor.go, isRestarting.
    fn comes_back(engine: &Engine, one: &Seen) -> bool {
        matches!(one.container.status, Status::Restarting | Status::Running) || engine.restarting_by_hand(one.cid)
    }
    /// Source: see above, onContainerStop. A container that was once started again is told of twice: here and at its end.
    fn stopped(&mut self, engine: &Engine, one: &Seen, lines: &mut Vec<Line>) {
        let known = self.restarting.contains(&one.cid);
        if Self::comes_back(engine, one) {
            if !known {
                self.restarting.push(one.cid);
            }
        } else if known {
            let name = short_name(one, &self.project);
            let code = one.container.exit;
            lines.push(status(engine, &name, &format!("exited with code {code}")));
            self.exited(one, code);
            self.forget(one.cid);
        }
    }
    fn forget(&mut self, cid: Cid) {
        self.restarting.retain(|known| *known != cid);
        self.alive.retain(|known| *known != cid);
    }
    fn died(&mut self, engine: &Engine, one: &Seen, event: &crate::compose::engine::Event, lines: &mut Vec<Line>) {
        let name = short_name(one, &self.project);
        let text = event.attrs.iter().find(|(k, _)| *k == "exitCode").map_or("0".into(), |(_, v)| v.clone());
        let code: i32 = text.parse().unwrap_or(0);
        let back = Self::comes_back(engine, one);
        let more = if back { " (restarting)" } else { "" };
        lines.push(status(engine, &name, &format!("exited with code {code}{more}")));
        self.exited(one, code);
        match back {
            true if self.restarting.contains(&one.cid) => {}
            true => self.restarting.push(one.cid),
            false => {
                self.shown.remove(&one.cid);
                self.forget(one.cid);
            }
        }
    }
    /// What an end does to an attached `up`, also that of a container that will come back.
    /// Source: compose v5.6 pkg/compose/up.go, stopOnFirstExit, captureExitCodeFrom.
    fn exited(&mut self, one: &Seen, code: i32) {
        let ends = match self.on_exit {
            OnExit::Ignore => false,
            OnExit::Stop => true,
            OnExit::Fail => code != 0,
        };
        if ends && !self.done_once.0 {
            self.done_once.0 = true;
            self.code = code;
            self.cascade = true;
        }
        if *self.exit_from == *one.service && !self.exit_from.is_empty() && !self.done_once.1 {
            self.done_once.1 = true;
            self.code = code;
        }
    }
    fn print(&mut self, engine: &Engine, seen: &[Seen], lines: &mut Vec<Line>) {
        let mut new = Vec::new();
        for (cid, shown) in &mut self.shown {
            let Some(one) = seen.iter().find(|s| s.cid == *cid) else { continue };
            let output = engine.output(*cid);
            let name = short_name(one, &self.project);
            new.extend(output.iter().skip(*shown).map(|p| (p.t, name.clone(), p.stream, p.text.clone())));
            *shown = output.len();
        }
        new.sort_by_key(|(t, ..)| *t);
        for (t, name, stream, text) in new {
            let fd = if stream == Stream::Err && !self.logs { ERR } else { OUT };
            lines.push(Line { t, fd, text: self.names.line(&name, &text) });
        }
    }
}

/// A line that overwrites what stands there. Source: compose v5.6 cmd/formatter/logs.go, Status: goterm.RESET_LINE.
fn status(engine: &Engine, name: &str, text: &str) -> Line {
    Line { t: engine.now, fd: OUT, text: format!("\r\u{1b}[K{name} {text}").into() }
}
