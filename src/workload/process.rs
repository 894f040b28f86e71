//! The demonstration program of the Compose recordings, and what any container process prints: `/app NAME ARG…` steered by its
//! arguments and environment, servers by the name of the image, scripts through the small shell.

use super::profile::{Ask, End, Profile, Term, Workloads};
use super::shell::{self, Files};
use crate::sim::Span;
use std::rc::Rc;

/// Stream a line goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A service that must answer when the process starts, `host:port`; else it ends at once with 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Need {
    /// Host name.
    pub host: Rc<str>,
    /// Port.
    pub port: u16,
}

/// One run of a container's first process: how it goes and what it prints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Process {
    /// How it goes.
    pub profile: Profile,
    /// Lines with the time since its start.
    pub lines: Vec<(Span, Stream, String)>,
    /// Prints `line N` so often, from its start on.
    pub log_every: Option<Span>,
    /// What must answer at the start.
    pub need: Option<Need>,
    /// Whether it tells of signals and says good-bye.
    pub talks: bool,
    /// The moment a child process was ended by the kernel for its memory, while the first process lives on.
    pub child_oom: Option<Span>,
}

/// Ours: every fifth line of the demonstration program is followed by one on standard error; read off recordings.
const ERR_EVERY: u64 = 5;
/// Lines that a log keeps of a program that prints all the time, the newest ones. Ours: bounds memory.
const PRINTED_MAX: u64 = 100_000;
/// Steps in which memory is taken; a program that wants more is ended for it. Ours: 64 GiB are more than any machine here has.
const ALLOC_STEPS_MAX: u64 = 4_096;
/// Ours: the demonstration program takes so much memory in one go, in MiB; read off recordings.
const ALLOC_STEP: u64 = 16;
/// Ours: and so long for it; read off recordings.
const ALLOC_TAKES: Span = Span::millis(120);
/// Ours: a program needs a moment to see that nobody answers; read off recordings.
const NEED_TAKES: Span = Span::millis(60);

impl Process {
    /// Everything printed up to `until` after the start, in order of time.
    pub fn printed(&self, until: Span) -> Vec<(Span, Stream, String)> {
        let mut lines: Vec<_> = self.lines.iter().filter(|(at, ..)| *at <= until).cloned().collect();
        if let Some(every) = self.log_every.filter(|every| every.0 > 0) {
            let last = until.0 / every.0 + 1;
            for n in last.saturating_sub(PRINTED_MAX).saturating_add(1)..=last {
                let at = every * (n - 1);
                lines.push((at, Stream::Out, format!("line {n}")));
                if n % ERR_EVERY == 0 {
                    lines.push((at, Stream::Err, format!("stderr line {n}")));
                }
            }
        }
        lines.sort_by_key(|(at, ..)| *at);
        lines
    }
    /// The process that never got what it needs.
    pub fn without_need(&self) -> Process {
        let Some(need) = &self.need else { return self.clone() };
        let mut process = self.clone();
        process.profile.end = Some(End { after: NEED_TAKES, code: 1, oom: false });
        process.profile.listens_after = None;
        process.lines.truncate(1);
        process.lines.push((NEED_TAKES, Stream::Out, format!("cannot reach {}:{}", need.host, need.port)));
        process
    }
}

impl Workloads {
    /// How a run of a container goes, and what it prints. `files` are those that outlive the run; scripts change them.
    pub fn process(&self, ask: &Ask, files: &mut Files) -> Process {
        let mut process = self.unruled(ask, files);
        self.amend(ask, &mut process.profile);
        process
    }
    fn unruled(&self, ask: &Ask, files: &mut Files) -> Process {
        let words: Vec<&str> = ask.command.iter().chain(ask.args).map(|w| &**w).collect();
        match words.as_slice() {
            ["/app", rest @ ..] => program(rest, ask),
            [shell, flags, script, ..] if shell.ends_with("sh") && flags.starts_with('-') && flags.ends_with('c') => {
                scripted(script, ask, files)
            }
            [entry, rest @ ..] if entry.ends_with("docker-entrypoint.sh") => self.wrapped(rest, ask, files),
            _ => {
                let profile = self.profile(ask);
                let lines = profile.lines.iter().map(|(at, l)| (*at, Stream::Out, l.clone())).collect();
                Process { profile, lines, ..Process::default() }
            }
        }
    }
    /// What the usual entry points of servers run: the server itself, or the command that stands in its place.
    fn wrapped(&self, rest: &[&str], ask: &Ask, files: &mut Files) -> Process {
        const SERVERS: &[&str] = &["nginx", "postgres", "redis-server", "mysqld", "mongod", "httpd-foreground"];
        let server = rest.first().is_none_or(|name| SERVERS.contains(name) || name.starts_with('-'));
        let command: Vec<Rc<str>> = if server { Vec::new() } else { rest.iter().map(|w| Rc::from(*w)).collect() };
        self.unruled(&Ask { command: &command, args: &[], ..ask.clone() }, files)
    }
}

/// A script, up to the program it hands over to.
fn scripted(script: &str, ask: &Ask, files: &mut Files) -> Process {
    let env: Vec<(String, String)> = ask.env.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let outcome = shell::follow(script, &env, files);
    let mut lines: Vec<_> = outcome.lines.iter().map(|(at, line)| (*at, Stream::Out, line.clone())).collect();
    if let Some(handed) = &outcome.handed {
        let env: Vec<(Rc<str>, Rc<str>)> =
            handed.env.iter().map(|(k, v)| (k.as_str().into(), v.as_str().into())).collect();
        let words: Vec<&str> = handed.words.iter().skip(1).map(String::as_str).collect();
        let child = !script.contains("exec ");
        let mut process = program(&words, &Ask { env: &env, ..ask.clone() });
        if child {
            // The shell stays process 1 and lives on when the kernel ends its child.
            if let Some((_, _, first)) = process.lines.first_mut() {
                *first = first.replace("pid 1 ", "pid 7 ");
            }
            if let Some(end) = process.profile.end.take().filter(|end| end.oom) {
                process.child_oom = Some(end.after);
                process.lines.push((end.after, Stream::Err, "Killed".to_string()));
                process.lines.push((end.after, Stream::Out, "child exit 137".to_string()));
            }
            process.profile.term = Term::Ignores;
            process.talks = false;
        }
        lines.append(&mut process.lines);
        return Process { lines, ..process };
    }
    let profile = Profile {
        listens_after: None,
        end: outcome.ends.map(|after| End { after, code: outcome.code, oom: false }),
        term: outcome.term.map_or(Term::Ignores, |(after, code)| Term::Ends { after, code }),
        files: outcome.files,
        ..Profile::default()
    };
    Process { profile, lines, ..Process::default() }
}

fn ends(after: Span, code: i32) -> Process {
    // It does not handle SIGTERM: the runtime ends it with 128 + 15.
    let term = Term::Ends { after: Span::ZERO, code: 143 };
    let profile =
        Profile { listens_after: None, end: Some(End { after, code, oom: false }), term, ..Profile::default() };
    Process { profile, lines: vec![(after, Stream::Out, format!("exiting with {code}"))], ..Process::default() }
}

fn program(words: &[&str], ask: &Ask) -> Process {
    match words {
        ["exit", code, ..] => ends(Span::ZERO, code.parse().unwrap_or(0)),
        ["sleepexit", time, code, ..] => ends(decimal(time).unwrap_or_default(), code.parse().unwrap_or(0)),
        ["env", ..] => {
            let mut process = ends(Span::ZERO, 0);
            let line = |(k, v): &(Rc<str>, Rc<str>)| (Span::ZERO, Stream::Out, format!("{k}={v}"));
            process.lines = ask.env.iter().map(line).collect();
            process
        }
        _ => server(words, ask),
    }
}

/// Port a name of the program listens on.
fn port(name: &str) -> u16 {
    match name {
        "redis-server" | "redis" => 6379,
        "postgres" => 5432,
        "mysqld" | "mysql" => 3306,
        _ => 80,
    }
}

fn server(words: &[&str], ask: &Ask) -> Process {
    let text = |key: &str| ask.env.iter().rev().find(|(k, _)| &**k == key).map(|(_, v)| &**v);
    let span = |key: &str| text(key).and_then(decimal);
    let code = |key: &str| text(key).and_then(|v| v.parse::<i32>().ok());
    let flag = |key: &str| text(key).is_some_and(|v| !v.is_empty() && v != "0");
    let name = words.first().copied().unwrap_or("serve");
    let listens = span("START_DELAY").unwrap_or_default();
    let own_port = text("PORT").and_then(|p| p.parse().ok()).unwrap_or_else(|| port(name));
    let mut unwell = Vec::new();
    if flag("UNHEALTHY") {
        unwell.push((Span::ZERO, span("RECOVER_AFTER").or(span("HEALTHY_AFTER"))));
    } else if let Some(until) = span("HEALTHY_AFTER") {
        unwell.push((Span::ZERO, Some(until)));
    }
    if let Some(from) = span("UNHEALTHY_AFTER") {
        unwell.push((from, span("RECOVER_AFTER").filter(|to| *to > from)));
    }
    let shown: Vec<String> = std::iter::once("/app").chain(words.iter().copied()).map(|w| format!("{w:?}")).collect();
    let mut lines = vec![(Span::ZERO, Stream::Out, format!("start {name} pid 1 args [{}]", shown.join(" ")))];
    let tenths = listens.as_millis() / 100;
    lines.push((listens, Stream::Out, format!("listening on {own_port} after {}.{}s", tenths / 10, tenths % 10)));
    let mut end = span("EXIT_AFTER").map(|after| End { after, code: code("EXIT_CODE").unwrap_or(0), oom: false });
    if let Some(end) = &end {
        lines.push((end.after, Stream::Out, format!("exiting with {}", end.code)));
    }
    if let Some(oom) = allocate(ask, text("ALLOC_MB"), span("ALLOC_AFTER").unwrap_or_default(), &mut lines) {
        end = [end, Some(oom)].into_iter().flatten().min_by_key(|e| e.after);
    }
    let term = match flag("IGNORE_TERM") {
        true => Term::Ignores,
        false => Term::Ends { after: span("TERM_DELAY").unwrap_or_default(), code: code("TERM_CODE").unwrap_or(0) },
    };
    let need = text("NEED")
        .and_then(|n| n.split_once(':'))
        .and_then(|(host, port)| Some(Need { host: host.into(), port: port.parse().ok()? }));
    let slow = span("HEALTH_SLOW").unwrap_or_default();
    let profile =
        Profile { listens_after: Some(listens), ports: vec![own_port], unwell, slow, end, term, ..Profile::default() };
    Process { profile, lines, log_every: span("LOG_EVERY"), need, talks: true, child_oom: None }
}

/// Takes memory step by step; tells when the limit ends it.
fn allocate(ask: &Ask, wanted: Option<&str>, from: Span, lines: &mut Vec<(Span, Stream, String)>) -> Option<End> {
    let wanted: u64 = wanted?.parse().ok()?;
    let limit = u64::try_from(ask.memory_limit).ok().filter(|l| *l > 0).map(|l| l >> 20);
    let (mut taken, mut at) = (0, from);
    while taken + ALLOC_STEP <= wanted {
        taken += ALLOC_STEP;
        at = at + ALLOC_TAKES;
        if limit.is_some_and(|limit| taken >= limit) || taken > ALLOC_STEP * ALLOC_STEPS_MAX {
            return Some(End { after: at, code: 137, oom: true });
        }
        lines.push((at, Stream::Out, format!("allocated {taken} MiB")));
    }
    if limit.is_some_and(|limit| wanted >= limit) {
        return Some(End { after: at, code: 137, oom: true });
    }
    lines.push((at, Stream::Out, "allocated all".to_string()));
    None
}

/// Seconds with a fraction, `2.5`.
fn decimal(text: &str) -> Option<Span> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let micros: u64 = format!("{part:0<6}").get(..6)?.parse().ok()?;
    Some(Span(whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[&str], env: &[(&str, &str)], memory_limit: i64) -> Process {
        let command: Vec<Rc<str>> = words.iter().map(|w| Rc::from(*w)).collect();
        let env: Vec<(Rc<str>, Rc<str>)> = env.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        Workloads::default().process(
            &Ask { image: "myapp:1", command: &command, env: &env, memory_limit, ..Ask::default() },
            &mut Files::new(),
        )
    }

    #[test]
    fn it_serves_exits_and_counts_lines() {
        let serve = run(&["/app", "serve"], &[("LOG_EVERY", "0.5")], 0);
        let lines: Vec<String> = serve.printed(Span::millis(2_100)).into_iter().map(|(_, _, l)| l).collect();
        assert_eq!(lines[0], "start serve pid 1 args [\"/app\" \"serve\"]");
        assert_eq!(lines.last().map(String::as_str), Some("stderr line 5"));
        let talks = run(&["/app", "serve"], &[("LOG_EVERY", "0.000001")], 0).printed(Span::secs(3_600));
        assert_eq!(talks.last().map(|(_, _, l)| l.as_str()), Some("line 3600000001"));
        assert!(talks.len() < 130_000);
        assert_eq!(run(&["/app", "sleepexit", "0.3", "2"], &[], 0).profile.end.map(|e| e.code), Some(2));
    }

    #[test]
    fn more_memory_than_the_limit_ends_it() {
        let oom = run(&["/app", "serve"], &[("ALLOC_MB", "200"), ("ALLOC_AFTER", "1")], 64 << 20);
        assert_eq!(oom.profile.end.map(|e| (e.code, e.oom)), Some((137, true)));
        assert_eq!(oom.lines.last().map(|(_, _, l)| l.as_str()), Some("allocated 48 MiB"));
        let endless = run(&["/app", "serve"], &[("ALLOC_MB", "18446744073709551615")], 0);
        assert!(endless.profile.end.is_some_and(|e| e.oom) && endless.lines.len() < 5_000);
        let exec = run(&["sh", "-c", "UNHEALTHY=1 exec /app serve"], &[], 0);
        assert!(exec.talks && exec.profile.unwell.len() == 1);
    }
}
