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
    /// Whether it is `logs`: it never ends by itself.
    logs: bool,
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
            on_exit: OnExit::Ignore,
            exit_from: "".into(),
            code: 0,
            cascade: false,
            done_once: (false, false),
            next: engine.now,
        }
    }
    /// `logs --follow`, behind what was printed so far.
    pub(super) fn logs(engine: &Engine, project: &Rc<str>, services: &[Rc<str>], names: Names) -> Follow {
        let mut follow = Follow::new(engine, project, services, true);
        follow.names = names;
        for seen in observed::of_project(engine, project) {
            if !seen.one_off && (services.is_empty() || services.contains(&seen.service)) {
                follow.shown.insert(seen.cid, engine.output(seen.cid).len());
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
        !self.logs && self.alive.is_empty()
    }
    /// Shows what is new.
    pub(super) fn poll(&mut self, engine: &Engine, lines: &mut Vec<Line>) {
        self.next = engine.now + LOOKS;
        let events: Vec<_> = engine.events[self.seen_events.min(engine.events.len())..].to_vec();
        self.seen_events = engine.events.len();
        let seen = observed::of_project(engine, &self.project);
        self.print(engine, &seen, lines);
        for event in events.iter().filter(|e| e.kind == Kind::Container) {
            let Some(cid) = event.cid else { continue };
            let found = seen.iter().find(|s| s.cid == cid && !s.one_off);
            let Some(one) = found.filter(|s| self.services.is_empty() || self.services.contains(&s.service)) else {
                continue;
            };
            match &*event.action {
                "create" if !self.alive.contains(&cid) => {
                    self.alive.push(cid);
                    let replaced = one.container.spec.label(observed::REPLACES);
                    if !replaced.is_empty() {
                        lines.push(status(engine, replaced, "has been recreated"));
                    }
                }
                "start" => {
                    self.shown.entry(cid).or_insert(0);
                    if !self.alive.contains(&cid) {
                        self.alive.push(cid);
                    }
                }
                "die" => self.died(engine, one, event, lines),
                _ => {}
            }
        }
        self.print(engine, &seen, lines);
    }
    fn died(&mut self, engine: &Engine, one: &Seen, event: &crate::compose::engine::Event, lines: &mut Vec<Line>) {
        let name = short_name(one, &self.project);
        let text = event.attrs.iter().find(|(k, _)| *k == "exitCode").map_or("0".into(), |(_, v)| v.clone());
        let code: i32 = text.parse().unwrap_or(0);
        if matches!(one.container.status, Status::Restarting | Status::Running) || engine.restarting_by_hand(one.cid) {
            self.restarting.push(one.cid);
            lines.push(status(engine, &name, &format!("exited with code {code} (restarting)")));
            return;
        }
        lines.push(status(engine, &name, &format!("exited with code {code}")));
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
        self.alive.retain(|cid| *cid != one.cid);
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
