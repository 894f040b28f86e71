//! How one run of a container goes: from its image, command and environment, changed by a scenario's rules.

use super::behaviour::Behaviour;
use super::program;
use super::registry::canonical;
use super::rule::Rule;
use super::shell::{self, Answer, Around, Files, Outcome, Question};
use crate::sim::Span;
use std::rc::Rc;

/// What is known of a container when it starts.
#[derive(Clone, Debug, Default)]
pub struct Ask<'a> {
    /// Its image as written.
    pub image: &'a str,
    /// Its name.
    pub container: &'a str,
    /// Name of what it belongs to.
    pub unit: &'a str,
    /// Name of the group of alike ones that this belongs to.
    pub group: &'a str,
    /// `command`.
    pub command: &'a [Rc<str>],
    /// `args`.
    pub args: &'a [Rc<str>],
    /// Environment.
    pub env: &'a [(Rc<str>, Rc<str>)],
    /// How often it ran before in this pod.
    pub run: u32,
    /// Limit of its memory in bytes; 0 for none.
    pub memory_limit: i64,
    /// `terminationMessagePath`; empty for the default.
    pub message_path: &'a str,
    /// The moment of the start, in microseconds since 1970.
    pub started: i64,
    /// Files that are mounted into it: path, contents.
    pub files: &'a [(String, String)],
    /// Those that have changed since its start: when, path, contents.
    pub changes: &'a [(Span, String, String)],
    /// Whether nothing can be written outside of these folders; `None` when everything can.
    pub writable: Option<&'a [String]>,
    /// Ports on which others of its group listen already.
    pub taken: &'a [u16],
    /// What the network answers its script; `None` where nobody knows that.
    pub wires: Option<&'a [Answer]>,
}

/// How a run ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct End {
    /// So long after the start.
    pub after: Span,
    /// Exit code.
    pub code: i32,
    /// Whether the kernel ended it for its memory.
    pub oom: bool,
}

/// What it does on SIGTERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// Ends after a while with a code.
    Ends {
        /// How long that takes.
        after: Span,
        /// Exit code.
        code: i32,
    },
    /// Nothing: only SIGKILL ends it.
    Ignores,
}

/// How a request to it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Health {
    /// It answers well.
    Good,
    /// It answers that it is not well (503, NOT_SERVING).
    Bad,
    /// Nobody listens.
    Refused,
    /// It answers well, but only after so long.
    Slow(Span),
}

/// One run of a container.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// When it listens; `None`: never.
    pub listens_after: Option<Span>,
    /// Ports it listens on; empty: any.
    pub ports: Vec<u16>,
    /// Times between which it says that it is not well; an open end is `None`.
    pub unwell: Vec<(Span, Option<Span>)>,
    /// How slowly it answers.
    pub slow: Span,
    /// How it ends by itself.
    pub end: Option<End>,
    /// What it does on SIGTERM.
    pub term: Term,
    /// Last words, as written to the termination log.
    pub message: Option<Rc<str>>,
    /// Lines it prints, with the time since its start.
    pub lines: Rc<Vec<(Span, String)>>,
    /// Lines it prints on SIGTERM, with the time since then.
    pub last_lines: Rc<Vec<(Span, String)>>,
    /// Whether it prints the requests that reach it.
    pub prints_requests: bool,
    /// Whether its image holds nothing but a shell and the program: no wget, no curl.
    pub bare: bool,
    /// Files it makes, from when to when.
    pub files: Vec<(Span, Option<Span>, String)>,
    /// What its script asks the network.
    pub asks: Rc<Vec<Question>>,
}

impl Default for Profile {
    /// A server that is well at once, for ever, and ends with 0 on SIGTERM.
    fn default() -> Self {
        Profile {
            listens_after: Some(Span::ZERO),
            ports: Vec::new(),
            unwell: Vec::new(),
            slow: Span::ZERO,
            end: None,
            term: Term::Ends { after: Span::ZERO, code: 0 },
            message: None,
            lines: Rc::default(),
            last_lines: Rc::default(),
            prints_requests: false,
            bare: false,
            files: Vec::new(),
            asks: Rc::default(),
        }
    }
}

impl Profile {
    /// How a request to a port goes, so long after the start; `any_path` stands for a path that is well as soon as it listens.
    pub fn answer(&self, at: Span, port: Option<u16>, always_well: bool) -> Health {
        let port_open = port.is_none_or(|p| self.ports.is_empty() || self.ports.contains(&p));
        if !port_open || self.listens_after.is_none_or(|from| at < from) {
            return Health::Refused;
        }
        if !always_well && self.unwell.iter().any(|(from, to)| *from <= at && to.is_none_or(|to| at < to)) {
            return Health::Bad;
        }
        if self.slow > Span::ZERO { Health::Slow(self.slow) } else { Health::Good }
    }
    /// How a command goes that is run in the container so long after its start: exit code and how long it takes. `wget` and
    /// `curl` ask the container itself.
    pub fn exec(&self, at: Span, words: &[&str]) -> (i32, Span) {
        let line = words.join(" ");
        let url =
            line.split_whitespace().find_map(|w| w.trim_matches(['"', '\'']).split_once("://").map(|(_, rest)| rest));
        if let (Some(url), true) = (url, line.contains("wget") || line.contains("curl")) {
            if self.bare {
                // Source: POSIX: a command that is not found.
                return (127, Span::ZERO);
            }
            let (host, path) = url.split_once('/').unwrap_or((url, ""));
            let port = host.rsplit_once(':').and_then(|(_, p)| p.parse().ok()).unwrap_or(80);
            return match self.answer(at, Some(port), path == "live") {
                Health::Good => (0, Span::ZERO),
                Health::Slow(takes) => (0, takes),
                Health::Bad | Health::Refused => (1, Span::ZERO),
            };
        }
        let local = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "::1");
        let outcome = self.run_asking(at, words, &mut |question| match question {
            Question::Port(host, port) if local(host) => self.answer(at, Some(*port), true) != Health::Refused,
            Question::Page(host, port, path) if local(host) => {
                matches!(self.answer(at, Some(*port), path == "/live"), Health::Good | Health::Slow(_))
            }
            _ => true,
        });
        (outcome.code, outcome.ends.unwrap_or(Span(u64::MAX)))
    }
    /// Follows a command that is run in the container; what it asks the network is answered.
    fn run_asking(&self, at: Span, words: &[&str], answer: &mut dyn FnMut(&Question) -> bool) -> Outcome {
        let there = |(from, to, _): &&(Span, Option<Span>, String)| *from <= at && to.is_none_or(|t| at < t);
        let files: Files = self.files.iter().filter(there).map(|(.., name)| (name.clone(), String::new())).collect();
        let (script, mut known) = (script_of(words), Vec::<Answer>::new());
        // Ours: a command asks no more than so many different things.
        const ROUNDS_MAX: usize = 16;
        for _ in 0..ROUNDS_MAX {
            let around = Around { wires: Some(&known), ..Around::default() };
            let outcome = shell::follow_in(&script, &[], &mut files.clone(), around);
            let new: Vec<Question> =
                outcome.asked.iter().filter(|q| !known.iter().any(|(_, have, _)| have == *q)).cloned().collect();
            if new.is_empty() {
                return outcome;
            }
            known.extend(new.into_iter().map(|q| (Span::ZERO, q.clone(), answer(&q))));
        }
        Outcome { code: 1, ..Outcome::default() }
    }
    /// How a command goes that a person runs in the container, and what it prints.
    pub fn exec_asking(&self, at: Span, words: &[&str], answer: &mut dyn FnMut(&Question) -> bool) -> (i32, String) {
        if self.bare && words.iter().any(|w| w.split_whitespace().any(|w| matches!(w, "wget" | "curl"))) {
            return (127, String::new());
        }
        let outcome = self.run_asking(at, words, answer);
        (outcome.code, outcome.lines.iter().map(|(_, line)| format!("{line}\n")).collect())
    }
    /// When the answer may next change, later than `at`.
    pub fn next_change(&self, at: Span) -> Option<Span> {
        let edges = self.unwell.iter().flat_map(|(from, to)| [Some(*from), *to]);
        let files = self.files.iter().flat_map(|(from, to, _)| [Some(*from), *to]);
        edges.chain(files).chain([self.listens_after]).flatten().filter(|t| *t > at).min()
    }
}

/// What a command run in a container writes to the log of the container's own program (`> /proc/1/fd/1`), with the time
/// since its start.
pub fn written_to_log(words: &[&str]) -> Vec<(Span, String)> {
    shell::follow(&script_of(words), &[], &mut Files::new()).to_log
}

/// A command as a script.
fn script_of(words: &[&str]) -> String {
    match words {
        [shell, flag, script, ..] if shell.ends_with("sh") && flag.starts_with('-') => (*script).to_string(),
        words => words.iter().map(|w| format!("'{w}'")).collect::<Vec<_>>().join(" "),
    }
}

/// Everything known about containers and images.
#[derive(Clone, Debug, Default)]
pub struct Workloads {
    /// Rules in order; all that fit apply, later ones win.
    pub rules: Vec<Rule>,
    /// Images.
    pub registry: super::Registry,
}

/// (image, ports) of well-known servers. Ours: as their images document.
const SERVERS: &[(&str, u16)] = &[
    ("nginx", 80),
    ("httpd", 80),
    ("redis", 6379),
    ("postgres", 5432),
    ("mysql", 3306),
    ("mongo", 27017),
    ("rabbitmq", 5672),
];
/// Images that are nothing but a shell: without a command they end at once.
const SHELLS: &[&str] = &["busybox", "alpine", "ubuntu", "debian", "bash"];
impl Workloads {
    /// How a run goes.
    pub fn profile(&self, ask: &Ask) -> Profile {
        let mut profile = by_default(ask, &self.registry);
        self.amend(ask, &mut profile);
        profile
    }
    /// What requests cost it.
    pub fn behaviour(&self, ask: &Ask) -> Behaviour {
        let mut it = Behaviour::of_image(ask.image);
        if ask.memory_limit > 0 {
            // What nobody set is not what kills it.
            it.memory = it.memory.min(ask.memory_limit as u64 / 10 * 6);
        }
        for (name, value) in self.fitting(ask).flat_map(|rule| &rule.set) {
            // A parameter that cannot be read was reported where it was written.
            drop(it.set(name, value));
        }
        it
    }
    /// Changes a run as the rules that fit say.
    pub(super) fn amend(&self, ask: &Ask, profile: &mut Profile) {
        self.fitting(ask).for_each(|rule| rule.apply(profile));
    }
    fn fitting<'a>(&'a self, ask: &'a Ask) -> impl Iterator<Item = &'a Rule> {
        let name = canonical(ask.image);
        self.rules.iter().filter(move |rule| rule.fits(ask, &name))
    }
}

fn by_default(ask: &Ask, registry: &super::Registry) -> Profile {
    let name = canonical(ask.image);
    let last = name.rsplit('/').next().unwrap_or(&name);
    let base = last.split([':', '@']).next().unwrap_or(last);
    if !ask.command.is_empty() || SHELLS.contains(&base) {
        return by_command(ask);
    }
    if registry.holds_program(&name) {
        return program::profile(ask);
    }
    let port = SERVERS.iter().find(|(server, _)| *server == base).map(|(_, port)| *port);
    let slow_start = matches!(base, "postgres" | "mysql" | "mongo" | "rabbitmq");
    Profile {
        ports: port.into_iter().collect(),
        // Ours: a data base is up in about two seconds, anything else at once.
        listens_after: Some(if slow_start { Span::secs(2) } else { Span::ZERO }),
        ..Profile::default()
    }
}

/// A container that runs a command: a script is followed, other commands are judged by their name.
fn by_command(ask: &Ask) -> Profile {
    let words: Vec<&str> = ask.command.iter().chain(ask.args).map(|w| &**w).collect();
    let name = words.first().map_or("sh", |w| w.rsplit('/').next().unwrap_or(w));
    const FOLLOWED: &[&str] =
        &["sh", "bash", "ash", "sleep", "true", "false", "echo", "tail", "cat", "printf", "exit", "date"];
    if !FOLLOWED.contains(&name) {
        // A program of the image: a server like any other.
        return Profile::default();
    }
    let script = match words.as_slice() {
        [_, flags, script, ..] if FOLLOWED[..3].contains(&name) && flags.starts_with('-') && flags.ends_with('c') => {
            script.to_string()
        }
        [] | [_] if FOLLOWED[..3].contains(&name) => "exit 0".to_string(),
        words => words.iter().map(|w| format!("'{w}'")).collect::<Vec<_>>().join(" "),
    };
    let env: Vec<(String, String)> = ask.env.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let mut files: Files = ask.files.iter().cloned().collect();
    let around = Around { started: ask.started, changes: ask.changes, writable: ask.writable, wires: ask.wires };
    let message_path = if ask.message_path.is_empty() { TERMINATION_LOG } else { ask.message_path };
    // Earlier runs left their files: they are followed again. Ours: at most so many, since a counter is all that scripts keep.
    const RUNS_MAX: u32 = 64;
    for _ in 0..ask.run.min(RUNS_MAX) {
        shell::follow(&script, &env, &mut files);
        files.remove(message_path);
    }
    let outcome = shell::follow_in(&script, &env, &mut files, around);
    Profile {
        listens_after: None,
        end: outcome.ends.map(|after| End { after, code: outcome.code, oom: false }),
        term: outcome.term.map_or(Term::Ignores, |(after, code)| Term::Ends { after, code }),
        message: files.get(message_path).map(|m| m.as_str().into()),
        lines: Rc::new(outcome.logged()),
        last_lines: Rc::new(outcome.last_lines),
        files: outcome.files,
        asks: Rc::new(outcome.asked.into_iter().collect()),
        ..Profile::default()
    }
}

/// Where last words are written. Source: kubernetes v1.37 pkg/apis/core/types.go, TerminationMessagePathDefault.
const TERMINATION_LOG: &str = "/dev/termination-log";

#[cfg(test)]
mod tests {
    use super::*;

    fn ask<'a>(image: &'a str, command: &'a [Rc<str>], env: &'a [(Rc<str>, Rc<str>)]) -> Ask<'a> {
        Ask { image, command, env, ..Ask::default() }
    }

    #[test]
    fn servers_run_and_shells_end() {
        let all = Workloads::default();
        let nginx = all.profile(&ask("nginx", &[], &[]));
        assert_eq!((nginx.end, nginx.answer(Span::ZERO, Some(80), false)), (None, Health::Good));
        assert_eq!(nginx.answer(Span::ZERO, Some(81), false), Health::Refused);
        let idle = all.profile(&ask("busybox", &[], &[]));
        assert_eq!(idle.end.map(|e| e.code), Some(0));
        let command: Vec<Rc<str>> = ["sh", "-c", "sleep 5; exit 1"].map(Rc::from).to_vec();
        let crash = all.profile(&ask("busybox:1.36", &command, &[]));
        assert_eq!((crash.end, crash.term), (Some(End { after: Span::secs(5), code: 1, oom: false }), Term::Ignores));
        let sleep: Vec<Rc<str>> = ["sleep", "3600"].map(Rc::from).to_vec();
        assert_eq!(all.profile(&ask("busybox", &sleep, &[])).end.map(|e| e.after), Some(Span::secs(3600)));
    }

    #[test]
    fn commands_in_a_container_see_its_files() {
        let command: Vec<Rc<str>> =
            ["sh", "-c", "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600"].map(Rc::from).to_vec();
        let profile = Workloads::default().profile(&ask("busybox", &command, &[]));
        let cat = |s| profile.exec(Span::secs(s), &["cat", "/tmp/healthy"]).0;
        assert_eq!((cat(1), cat(29), cat(31)), (0, 0, 1));
        assert_eq!(profile.next_change(Span::secs(1)), Some(Span::secs(30)));
    }

    #[test]
    fn the_program_obeys_its_environment_and_rules_win() {
        let env: Vec<(Rc<str>, Rc<str>)> = [("UNHEALTHY_AFTER", "5"), ("RECOVER_AFTER", "9"), ("START_DELAY", "2")]
            .map(|(k, v)| (k.into(), v.into()))
            .to_vec();
        let mut all = Workloads::default();
        let app = all.profile(&ask("app:1", &[], &env));
        let at = |s| app.answer(Span::secs(s), Some(80), false);
        assert_eq!([at(1), at(2), at(5), at(9)], [Health::Refused, Health::Good, Health::Bad, Health::Good]);
        assert_eq!(app.next_change(Span::secs(5)), Some(Span::secs(9)));
        all.rules.push(Rule { image: "app*".into(), term: Some(Term::Ignores), ..Rule::default() });
        assert_eq!(all.profile(&ask("app:1", &[], &env)).term, Term::Ignores);
    }
}
