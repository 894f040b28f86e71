//! `docker compose …` and `docker …`: a desk with files, an environment and a Docker host, and the lines typed at it.
//! Output is that of docker compose v5.6 and docker CLI v28.

mod args;
mod docker;
mod filters;
mod inspect;
mod lists;
mod load;
mod logs;
mod look;
mod run;
pub(super) mod shapes;
mod sheet;
mod shell;
mod single;
mod stats;
mod table;
#[cfg(test)]
mod tests;
mod up;
mod verbs;
mod views;
mod words;

use super::filters::piped;
use super::words::not_simulated;
use crate::compose::engine::Power;
use crate::compose::project::{ERR, Host, JobId, Line, OUT, Project, Step};
use crate::journal::EntryId;
use crate::sim::{Span, Time};
use shell::{Command, Glue, Part, Word};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

pub use inspect::described;
pub use words::{command, ports, shown_ports, status};

/// What a person has before a Docker host: a folder, an environment, and the lines under way.
#[derive(Clone, Debug)]
pub struct Table {
    /// Full path of the folder.
    pub folder: Rc<str>,
    /// Files by path inside of the folder.
    pub files: BTreeMap<String, Rc<str>>,
    /// Environment.
    pub env: BTreeMap<String, String>,
    /// Whether standard output is a terminal.
    pub tty: bool,
    /// Who types there.
    pub by: &'static str,
    /// Language of our own words, such as `de`; empty means English.
    pub language: Rc<str>,
    /// Lines under way, by number.
    lines: BTreeMap<u32, Typed>,
    next: u32,
    /// How many Docker commands of lines that change something were refused or failed.
    pub refused: u32,
}

/// A table at its host: what lines act on.
#[derive(Debug)]
pub struct Desk<'a> {
    /// The host, with every command under way.
    pub host: &'a mut Host,
    table: &'a mut Table,
}

/// A line under way or over.
#[derive(Clone, Debug, Default)]
struct Typed {
    entry: Option<EntryId>,
    rest: VecDeque<Command>,
    /// How many commands have begun.
    begun: usize,
    now: Option<Doing>,
    filters: Vec<Vec<String>>,
    into: Option<String>,
    kept: Vec<Line>,
    code: i32,
    said: Vec<Line>,
    over: bool,
    /// Whether it changes something.
    changes: bool,
    /// Whether the command under way is one of Docker's.
    docker: bool,
}

/// So many commands of a line are followed. Ours: loops within loops would never end.
const COMMANDS_MAX: usize = 5_000;
/// So far `seq` counts. Ours: bounds memory.
const SEQ_MAX: i64 = 100_000;

/// What a command is at.
#[derive(Clone, Debug)]
enum Doing {
    /// Its work, and what is looked at behind it.
    Job(JobId, Option<look::Look>),
    /// `sleep`.
    Sleep(Time),
}

/// What a command turns out to be.
enum Next {
    /// Said and done.
    Done(Vec<(u8, String)>, i32),
    /// Work on the host; then, if asked for, a look.
    Work(Rc<Project>, Vec<Step>, Option<look::Look>),
    /// Time passes.
    Sleep(Span),
}

impl Next {
    /// Lines on standard output, and all is well.
    pub(super) fn out(lines: Vec<String>) -> Next {
        Next::Done(lines.into_iter().map(|l| (OUT, l)).collect(), 0)
    }
    /// A real thing that does nothing here.
    pub(super) fn not_simulated(desk: &Desk, what: &str) -> Next {
        Next::error(1, not_simulated(&desk.table.language, what))
    }
    /// An error.
    pub(super) fn error(code: i32, words: impl Into<String>) -> Next {
        Next::Done(vec![(ERR, words.into())], code)
    }
}

/// Whether a line is meant for the Docker host.
pub fn is_for_docker(line: &str) -> bool {
    let mut words = line.split_whitespace().skip_while(|word| assignment(word).is_some() || *word == "sudo");
    let docker = |word: &str| matches!(word.trim_start_matches("$("), "docker" | "docker-compose");
    match words.next() {
        // The cluster's console knows no loops.
        Some("for") => words.any(docker),
        first => first.is_some_and(|word| docker(word) || matches!(word, "systemctl" | "reboot")),
    }
}

/// Whether a Docker line (with its first word) changes nothing and ends by itself.
pub fn only_reads(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let follows = words.iter().any(|w| matches!(*w, "-f" | "--follow"));
    match words.as_slice() {
        ["docker", "compose", rest @ ..] | ["docker-compose", rest @ ..] => {
            verbs::verb(rest).is_some_and(|verb| match verb {
                "ps" | "images" | "ls" | "top" | "port" | "volumes" | "config" | "convert" | "version" => true,
                "logs" => !follows,
                "stats" => words.contains(&"--no-stream"),
                _ => false,
            })
        }
        ["docker", "container", verb, rest @ ..] if *verb != "container" => only_reads(&short(verb, rest)),
        ["docker", "ps" | "inspect" | "port" | "top", ..] => true,
        ["docker", "network" | "volume", "ls" | "inspect", ..] => true,
        ["docker", "logs", ..] => !follows,
        ["docker", "stats", rest @ ..] => rest.contains(&"--no-stream"),
        _ => false,
    }
}

/// `docker container VERB` without its middle word.
fn short(verb: &str, rest: &[&str]) -> Vec<String> {
    let verb = if verb == "ls" { "ps" } else { verb };
    ["docker", verb].iter().chain(rest).map(|w| w.to_string()).collect()
}

impl Table {
    /// A table with nothing on it.
    pub fn new(folder: &str) -> Self {
        Table {
            folder: folder.into(),
            files: BTreeMap::new(),
            env: BTreeMap::new(),
            tty: false,
            by: "you",
            language: "".into(),
            lines: BTreeMap::new(),
            next: 1,
            refused: 0,
        }
    }
    /// Puts it before a host.
    pub fn at<'a>(&'a mut self, host: &'a mut Host) -> Desk<'a> {
        Desk { host, table: self }
    }
    /// Whether a line is under way.
    pub fn busy(&self, id: u32) -> bool {
        self.lines.get(&id).is_some_and(|l| !l.over)
    }
    /// When a line that only lets time pass goes on.
    pub fn next_due(&self) -> Option<Time> {
        let sleeps = self.lines.values().filter_map(|l| match &l.now {
            Some(Doing::Sleep(t)) => Some(*t),
            _ => None,
        });
        sleeps.min()
    }
    /// What a line has said since the last call, and its exit code once it is over.
    pub fn take(&mut self, id: u32) -> (Vec<Line>, Option<i32>) {
        let Some(typed) = self.lines.get_mut(&id) else { return (Vec::new(), Some(0)) };
        let said = std::mem::take(&mut typed.said);
        let code = typed.over.then_some(typed.code);
        if code.is_some() {
            self.lines.remove(&id);
        }
        (said, code)
    }
    fn full(&self, name: &str) -> String {
        if name.starts_with('/') { name.to_string() } else { format!("{}/{name}", self.folder) }
    }
    /// The files by full path.
    fn folder(&self) -> crate::compose::files::Folder {
        let mut folder = crate::compose::files::Folder::new();
        for (name, text) in &self.files {
            folder.put(&self.full(name), text.clone());
        }
        folder
    }
}

impl Desk<'_> {
    /// Shows the host the files, for what containers mount.
    fn lay_out(&mut self) {
        let table = &*self.table;
        self.host.engine.files =
            table.files.iter().map(|(name, text)| (table.full(name).into(), text.clone())).collect();
        self.host.engine.home = table.folder.clone();
    }
    /// Types a line; its number.
    pub fn type_line(&mut self, line: &str) -> u32 {
        let id = self.table.next;
        self.table.next += 1;
        let entry = Some(self.host.engine.line_typed(self.table.by, line));
        let mut typed = Typed { entry, changes: !super::only_reads(line), ..Typed::default() };
        match shell::split(line) {
            Ok(commands) => typed.rest = commands.into(),
            Err(words) => {
                let text = format!("sh: {words}");
                typed.said.push(Line { t: self.host.now(), fd: ERR, text: text.into() });
                (typed.code, typed.over) = (2, true);
            }
        }
        self.table.lines.insert(id, typed);
        self.go_on();
        id
    }
    /// Plays everything up to and including `t`.
    pub fn run_until(&mut self, t: Time) {
        self.go_on();
        while let Some(due) = self.next_due().filter(|due| *due <= t) {
            self.host.run_until(due.max(self.host.now()));
            self.go_on();
        }
        self.host.run_until(t);
        self.go_on();
    }
    /// When something is due next.
    pub fn next_due(&self) -> Option<Time> {
        self.table.next_due().into_iter().chain(self.host.next_due()).min()
    }
    /// Ctrl-C on a line.
    pub fn interrupt(&mut self, id: u32) {
        match self.table.lines.get_mut(&id).and_then(|l| l.now.clone()) {
            Some(Doing::Job(job, _)) => {
                self.table.lines.get_mut(&id).into_iter().for_each(|l| l.rest.clear());
                self.host.interrupt(job);
            }
            _ => {
                if let Some(typed) = self.table.lines.get_mut(&id) {
                    (typed.now, typed.over, typed.code) = (None, true, 130);
                }
            }
        }
        self.go_on();
    }
    /// Cuts a line off.
    pub fn kill(&mut self, id: u32) {
        if let Some(typed) = self.table.lines.get_mut(&id) {
            if let Some(Doing::Job(job, _)) = typed.now.take() {
                self.host.abandon(job);
            }
            (typed.over, typed.code) = (true, -9);
        }
    }
    /// Lets every line do what it can at this moment.
    pub fn go_on(&mut self) {
        let ids: Vec<u32> = self.table.lines.keys().copied().collect();
        for id in ids {
            let Some(mut typed) = self.table.lines.remove(&id) else { continue };
            self.host.engine.because(typed.entry);
            while !typed.over && self.one(&mut typed) {
                self.host.engine.because(typed.entry);
            }
            self.host.engine.because(None);
            self.table.lines.insert(id, typed);
        }
    }
    /// One move of a line; tells whether there was one.
    fn one(&mut self, typed: &mut Typed) -> bool {
        match typed.now.clone() {
            Some(Doing::Sleep(until)) if until > self.host.now() => false,
            Some(Doing::Sleep(_)) => {
                self.end(typed, 0);
                true
            }
            Some(Doing::Job(job, look)) => {
                let (lines, code) = self.host.take_lines(job);
                self.keep(typed, lines);
                match (code, look) {
                    (None, _) => false,
                    (Some(0), Some(look)) => {
                        typed.now = None;
                        let next = look.look(self);
                        self.take_next(typed, next);
                        true
                    }
                    (Some(code), _) => {
                        self.end(typed, code);
                        true
                    }
                }
            }
            None => self.begin(typed),
        }
    }
    fn keep(&mut self, typed: &mut Typed, lines: Vec<Line>) {
        match typed.filters.is_empty() && typed.into.is_none() {
            true => typed.said.extend(lines),
            false => typed.kept.extend(lines),
        }
    }
    fn begin(&mut self, typed: &mut Typed) -> bool {
        let Some(command) = typed.rest.pop_front() else {
            typed.over = true;
            return true;
        };
        let skipped = match command.glue {
            Glue::Always => false,
            Glue::IfWell => typed.code != 0,
            Glue::IfNot => typed.code == 0,
        };
        if skipped {
            return true;
        }
        typed.begun += 1;
        let looped = match typed.begun > COMMANDS_MAX {
            true => Err(too_many()),
            false => self.unroll(&command, &mut typed.rest),
        };
        match looped {
            Ok(false) => {}
            Ok(true) => return true,
            Err(words) => {
                typed.said.push(Line { t: self.host.now(), fd: crate::compose::project::ERR, text: words.into() });
                (typed.code, typed.over) = (2, true);
                return true;
            }
        }
        let mut pipeline = command.pipeline.iter().map(|words| self.expand(words));
        let mut words = pipeline.next().unwrap_or_default();
        typed.filters = pipeline.collect();
        typed.into = command.into.as_ref().map(|word| self.expand(std::slice::from_ref(word)).join(" "));
        let env = self.take_assignments(&mut words);
        self.lay_out();
        typed.docker = words.first().is_some_and(|word| is_for_docker(word));
        let next = self.command(&words, &env);
        self.take_next(typed, next);
        true
    }
    /// Puts the rounds of a loop before the rest of a line; tells whether it was one.
    fn unroll(&self, command: &Command, rest: &mut VecDeque<Command>) -> Result<bool, String> {
        let Some(each) = &command.each else { return Ok(false) };
        let items = self.expand(&each.list);
        if items.len().saturating_mul(each.len()).saturating_add(rest.len()) > COMMANDS_MAX {
            return Err(too_many());
        }
        let rounds = items.iter().flat_map(|item| each.round(item)).collect::<Vec<_>>();
        rounds.into_iter().rev().for_each(|command| rest.push_front(command));
        Ok(true)
    }
    fn take_next(&mut self, typed: &mut Typed, next: Next) {
        match next {
            Next::Done(lines, code) => {
                let t = self.host.now();
                let lines = lines.into_iter().map(|(fd, text)| Line { t, fd, text: text.into() }).collect();
                self.keep(typed, lines);
                self.end(typed, code);
            }
            Next::Work(project, steps, look) => {
                typed.now = Some(Doing::Job(self.host.launch(project, steps), look));
            }
            Next::Sleep(span) => typed.now = Some(Doing::Sleep(self.host.now() + span)),
        }
    }
    /// The end of a command: what filters leave of its output, and where that goes.
    fn end(&mut self, typed: &mut Typed, code: i32) {
        typed.now = None;
        typed.code = code;
        self.table.refused += u32::from(typed.changes && typed.docker && code != 0);
        let kept = std::mem::take(&mut typed.kept);
        let (out, err): (Vec<Line>, Vec<Line>) = kept.into_iter().partition(|l| l.fd == OUT);
        typed.said.extend(err);
        let text: String = out.iter().map(|l| format!("{}\n", l.text)).collect();
        let filters = std::mem::take(&mut typed.filters);
        let came = piped(&text, &filters, &self.table.language);
        let text = came.text;
        if !filters.is_empty() {
            typed.code = came.code;
            let t = self.host.now();
            typed.said.extend(came.err.lines().map(|l| Line { t, fd: ERR, text: l.into() }));
        }
        match typed.into.take() {
            Some(name) => {
                self.table.files.insert(name, text.as_str().into());
            }
            None => {
                let t = self.host.now();
                typed.said.extend(text.lines().map(|l| Line { t, fd: OUT, text: l.into() }));
            }
        }
    }
    /// Takes the assignments before a command; the environment it has with them.
    fn take_assignments(&self, words: &mut Vec<String>) -> BTreeMap<String, String> {
        let mut env = self.table.env.clone();
        while let Some((name, value)) = words.first().and_then(|w| assignment(w)) {
            env.insert(name, value);
            words.remove(0);
        }
        env
    }
    /// Words with what variables and commands in them say.
    fn expand(&self, words: &[Word]) -> Vec<String> {
        let mut out = Vec::new();
        for word in words {
            let mut text = String::new();
            let mut split = false;
            for part in &word.parts {
                match part {
                    Part::Text(t) => text.push_str(t),
                    Part::Variable(name) => {
                        split = !word.quoted;
                        text.push_str(self.table.env.get(name).map_or("", String::as_str));
                    }
                    Part::Command(command) => {
                        split = !word.quoted;
                        text.push_str(&self.at_once(command));
                    }
                }
            }
            match split {
                true => out.extend(text.split_whitespace().map(str::to_string)),
                false => out.push(text),
            }
        }
        out
    }
    /// What a command that only reads prints, at this moment.
    fn at_once(&self, line: &str) -> String {
        let (mut host, mut table) = (self.host.clone(), self.table.clone());
        let mut desk = table.at(&mut host);
        let Ok(commands) = shell::split(line) else { return String::new() };
        let (mut out, mut rest, mut begun) = (String::new(), VecDeque::from(commands), 0);
        while let Some(command) = rest.pop_front().filter(|_| begun < COMMANDS_MAX) {
            begun += 1;
            match desk.unroll(&command, &mut rest) {
                Ok(true) => continue,
                Ok(false) => {}
                Err(_) => break,
            }
            let mut pipeline = command.pipeline.iter().map(|words| desk.expand(words));
            let mut words = pipeline.next().unwrap_or_default();
            let filters: Vec<Vec<String>> = pipeline.collect();
            let env = desk.take_assignments(&mut words);
            let mut next = desk.command(&words, &env);
            while let Next::Work(_, _, Some(look)) = next {
                next = look.look(&mut desk);
            }
            if let Next::Done(lines, _) = next {
                let text: String =
                    lines.iter().filter(|(fd, _)| *fd == OUT).map(|(_, text)| format!("{text}\n")).collect();
                out += &piped(&text, &filters, &desk.table.language).text;
            }
        }
        out
    }
    fn command(&mut self, words: &[String], env: &BTreeMap<String, String>) -> Next {
        let words = &words[words.iter().take_while(|word| *word == "sudo").count()..];
        let list: Vec<&str> = words.iter().map(String::as_str).collect();
        match list.as_slice() {
            [] | ["true" | ":"] => Next::Done(Vec::new(), 0),
            ["false"] => Next::Done(Vec::new(), 1),
            ["docker", "compose", ..] => verbs::run(self, &words[2..], env),
            ["docker-compose", ..] => verbs::run(self, &words[1..], env),
            ["docker", ..] => docker::run(self, &words[1..]),
            ["systemctl", "restart", "docker" | "docker.service"] => self.power(Power::Restarting),
            ["reboot"] => self.power(Power::Rebooting),
            ["echo", rest @ ..] => Next::out(vec![rest.join(" ")]),
            ["cat", names @ ..] => self.cat(names),
            ["seq", last] => seq("1", last),
            ["seq", first, last] => seq(first, last),
            ["sleep" | "wait", time, ..] => {
                let time = if time.ends_with(char::is_alphabetic) { time.to_string() } else { format!("{time}s") };
                match crate::compose::project::go_span(&time) {
                    Some(span) => Next::Sleep(span),
                    None => Next::error(1, format!("sleep: invalid time interval '{time}'")),
                }
            }
            [.., "get", url] if words.len() > 2 => self.get(url),
            [name, ..] => Next::error(127, format!("sh: {name}: not found")),
        }
    }
    fn power(&mut self, how: Power) -> Next {
        self.host.engine.power_cycle(how);
        Next::Done(Vec::new(), 0)
    }
    fn cat(&self, names: &[&str]) -> Next {
        let mut lines = Vec::new();
        for name in names {
            match self.table.files.get(*name) {
                Some(text) => lines.extend(text.lines().map(|l| (OUT, l.to_string()))),
                None => return Next::error(1, format!("cat: {name}: No such file or directory")),
            }
        }
        Next::Done(lines, 0)
    }
    /// A request from the machine itself to a published port.
    fn get(&mut self, url: &str) -> Next {
        let port = url.rsplit(':').next().and_then(|p| p.split('/').next()).and_then(|p| p.parse().ok()).unwrap_or(80);
        match self.host.engine.get_published(port) {
            Some(page) => Next::out(vec![format!("200 {page}")]),
            None => {
                let at = format!("127.0.0.1:{port}");
                let words = format!("error: Get \"{url}\": dial tcp {at}: connect: connection refused");
                Next::Done(vec![(OUT, words)], 1)
            }
        }
    }
}

fn too_many() -> String {
    format!("sh: more than {COMMANDS_MAX} commands of a line are not followed here")
}

/// The numbers from one to another.
fn seq(first: &str, last: &str) -> Next {
    let (Ok(from), Ok(to)) = (first.parse::<i64>(), last.parse::<i64>()) else {
        return Next::error(
            1,
            format!("seq: invalid number '{}'", if first.parse::<i64>().is_ok() { last } else { first }),
        );
    };
    let numbers = (from..=to).take(SEQ_MAX as usize).map(|n| (OUT, n.to_string()));
    let mut lines: Vec<(u8, String)> = numbers.collect();
    let cut = to.saturating_sub(from) >= SEQ_MAX;
    if cut {
        lines.push((crate::compose::project::ERR, format!("seq: only {SEQ_MAX} numbers are counted here")));
    }
    Next::Done(lines, i32::from(cut))
}

fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let upper = |c: char| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit();
    (!name.is_empty() && name.chars().all(upper)).then(|| (name.to_string(), value.to_string()))
}
