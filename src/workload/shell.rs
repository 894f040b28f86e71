//! Enough of a shell to understand what `sh -c "…"` in a manifest does: how long it runs, how it ends, what it prints, how it
//! takes SIGTERM. Commands it does not know succeed at once.

mod files;
mod wires;
mod words;

pub use wires::{Answer, Question};

use super::operands::{assignment, holds, seconds};
use super::tokens::{Token, between, close, close_paren, command_end, is_word, tokens, word_at};
use crate::sim::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Longest run that is followed; what runs longer runs for ever. Ours: thirty days are longer than any scenario.
const FOREVER: Span = Span::secs(30 * 86_400);
/// Most commands that are followed in one run. Ours: bounds the work for a loop.
const STEPS_MAX: u32 = 20_000;
/// Most lines of output that are kept. Ours: bounds memory.
const LINES_MAX: usize = 2_000;
/// Most bytes that words, output and scripts in scripts come to in one run; behind them it runs for ever. Ours: bounds memory,
/// where each round of a loop doubles a variable.
const TEXT_MAX: usize = 4 << 20;
/// Commands may stand within each other so often; deeper they run for ever. Ours: each needs room on the stack.
const DEPTH_MAX: u32 = 100;

/// Stands before the name of a file that is written to its end.
const APPEND: &str = ">";

/// What a script does when it is left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// When it ends; `None`: never.
    pub ends: Option<Span>,
    /// Exit code.
    pub code: i32,
    /// What it does on SIGTERM: how long that takes and the exit code. `None`: nothing, it runs as process 1 and ignores it.
    pub term: Option<(Span, i32)>,
    /// Lines it prints, with the time since its start.
    pub lines: Vec<(Span, String)>,
    /// Lines it writes to the log of process 1, likewise.
    pub to_log: Vec<(Span, String)>,
    /// Lines it prints on SIGTERM, with the time since then.
    pub last_lines: Vec<(Span, String)>,
    /// Files it makes, from when to when they are there.
    pub files: Vec<(Span, Option<Span>, String)>,
    /// What it asks the network.
    pub asked: BTreeSet<Question>,
    /// The demonstration program that takes its place at some time.
    pub handed: Option<Handed>,
}

/// A program that a script hands over to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handed {
    /// When.
    pub at: Span,
    /// Its words.
    pub words: Vec<String>,
    /// Its environment.
    pub env: Vec<(String, String)>,
}

impl Outcome {
    /// What ends up in the log when the script is process 1 itself.
    pub fn logged(&self) -> Vec<(Span, String)> {
        let mut all: Vec<(Span, String)> = self.lines.iter().chain(&self.to_log).cloned().collect();
        all.sort_by_key(|(at, _)| *at);
        all
    }
}

/// Files that outlive a run: those of the pod's volumes.
pub type Files = BTreeMap<String, String>;

/// What is around a script.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around<'a> {
    /// The moment of its start, in microseconds since 1970.
    pub started: i64,
    /// Files that become different while it runs: when, name, contents.
    pub changes: &'a [(Span, String, String)],
    /// Whether nothing can be written outside of these folders; `None` when everything can.
    pub writable: Option<&'a [String]>,
    /// Answers of the network, in the order in which they were found; `None` where nobody knows it, and what asks succeeds.
    pub wires: Option<&'a [Answer]>,
}

/// Follows a script from its start.
pub fn follow(script: &str, env: &[(String, String)], files: &mut Files) -> Outcome {
    follow_in(script, env, files, Around::default())
}

/// The same in the place where it runs.
pub fn follow_in(script: &str, env: &[(String, String)], files: &mut Files, around: Around) -> Outcome {
    let mut run = Run { vars: env.iter().cloned().collect(), files: std::mem::take(files), around, ..Run::default() };
    let flow = run.script(script);
    let code = match flow {
        Flow::Exit(code) => Some(code),
        Flow::Next => Some(run.last),
        Flow::Forever => None,
    };
    let mut last_lines = Vec::new();
    let term = run.trap.clone().map(|body| {
        let mut handler = Run { vars: run.vars.clone(), files: run.files.clone(), around, ..Run::default() };
        let flow = handler.script(&body);
        last_lines = std::mem::take(&mut handler.lines);
        match flow {
            Flow::Exit(code) => (handler.now, code),
            // The script goes on behind its `wait`: it ends as it would have ended.
            _ => (handler.now, code.unwrap_or(0)),
        }
    });
    *files = run.files;
    let (lines, to_log, files, handed, asked) = (run.lines, run.to_log, run.made, run.handed, run.asked);
    let (ends, code) = (code.map(|_| run.now), code.unwrap_or(0));
    Outcome { ends, code, term, lines, to_log, last_lines, files, asked, handed }
}

#[derive(Debug, Default)]
struct Run<'a> {
    around: Around<'a>,
    changed: usize,
    now: Span,
    last: i32,
    steps: u32,
    /// How many commands are around the present one.
    depth: u32,
    /// Bytes of text so far.
    text: usize,
    vars: BTreeMap<String, String>,
    files: Files,
    trap: Option<String>,
    background: Span,
    lines: Vec<(Span, String)>,
    to_log: Vec<(Span, String)>,
    made: Vec<(Span, Option<Span>, String)>,
    asked: BTreeSet<Question>,
    handed: Option<Handed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Next,
    Exit(i32),
    Forever,
}

impl Run<'_> {
    fn script(&mut self, script: &str) -> Flow {
        self.text += script.len();
        let tokens = tokens(script);
        self.list(&tokens)
    }
    /// Whether it has become too much to follow.
    fn too_much(&self) -> bool {
        self.steps > STEPS_MAX || self.now >= FOREVER || self.text > TEXT_MAX
    }
    /// A list of commands joined by `;`, `&`, `&&`, `||`.
    fn list(&mut self, tokens: &[Token]) -> Flow {
        let (mut at, mut run) = (0, true);
        while at < tokens.len() {
            let end = at + command_end(&tokens[at..]);
            let joint = match tokens.get(end) {
                Some(Token::Op(op)) => *op,
                _ => ";",
            };
            if run && end > at {
                let flow = if joint == "&" { self.behind(&tokens[at..end]) } else { self.command(&tokens[at..end]) };
                if flow != Flow::Next {
                    return flow;
                }
            }
            run = match joint {
                "&&" => self.last == 0,
                "||" => self.last != 0,
                _ => true,
            };
            at = end + 1;
        }
        Flow::Next
    }
    /// A command in the background: only when it ends matters.
    fn behind(&mut self, tokens: &[Token]) -> Flow {
        let start = self.now;
        let ends = match self.command(tokens) {
            Flow::Forever => FOREVER,
            _ => self.now,
        };
        self.background = Span(self.background.0.max(ends.0));
        (self.now, self.last) = (start, 0);
        Flow::Next
    }
    fn command(&mut self, tokens: &[Token]) -> Flow {
        self.steps += 1;
        if self.too_much() || self.depth >= DEPTH_MAX {
            return Flow::Forever;
        }
        self.depth += 1;
        let flow = self.one_command(tokens);
        self.depth -= 1;
        if self.too_much() { Flow::Forever } else { flow }
    }
    fn one_command(&mut self, tokens: &[Token]) -> Flow {
        if let Some((body, file)) = self.redirected(tokens) {
            let from = self.lines.len();
            let flow = self.command(body);
            self.redirect(from, &file);
            return flow;
        }
        match tokens.first() {
            Some(Token::Word(w)) if w == "while" || w == "until" => return self.while_loop(tokens, w == "while"),
            Some(Token::Word(w)) if w == "for" => return self.for_loop(tokens),
            Some(Token::Word(w)) if w == "if" => return self.branch(&tokens[1..]),
            Some(Token::Word(w)) if w == "case" => return self.case(&tokens[1..]),
            Some(Token::Op("(")) => {
                return self.list(tokens.get(1..tokens.len().saturating_sub(1)).unwrap_or_default());
            }
            _ => {}
        }
        if let Some(pipe) = tokens.iter().position(|t| *t == Token::Op("|")) {
            return self.pipeline(tokens, pipe);
        }
        let (words, out_file) = self.simple(tokens);
        self.run_words(&words, out_file.as_deref())
    }
    /// Commands joined by pipes, the first of which stands at `pipe`. A loop behind one has its own.
    fn pipeline(&mut self, tokens: &[Token], pipe: usize) -> Flow {
        let (mut rest, mut end) = (tokens, Some(pipe));
        while let Some(pipe) = end {
            if self.command(&rest[..pipe]) == Flow::Forever {
                return Flow::Forever;
            }
            rest = &rest[pipe + 1..];
            let compound = rest.first().is_some_and(is_compound);
            end = rest.iter().position(|t| *t == Token::Op("|")).filter(|_| !compound);
        }
        self.command(rest)
    }
    /// A loop, branch or group whose output goes to a file: what stands before the redirection, and the file.
    fn redirected<'t>(&mut self, tokens: &'t [Token]) -> Option<(&'t [Token], String)> {
        let compound = tokens.first().is_some_and(|t| is_compound(t) && !is_word(t, "case"));
        let (Token::Word(file), Token::Op(op @ (">" | ">>"))) =
            (tokens.last()?, tokens.get(tokens.len().checked_sub(2)?)?)
        else {
            return None;
        };
        let mark = if *op == ">>" { APPEND } else { "" };
        compound.then(|| (&tokens[..tokens.len() - 2], format!("{mark}{}", self.expand(file))))
    }
    /// Words of a simple command, expanded, and the file its output goes to.
    fn simple(&mut self, tokens: &[Token]) -> (Vec<String>, Option<String>) {
        let (mut words, mut file, mut skip) = (Vec::new(), None, "");
        for token in tokens {
            match token {
                Token::Op(op @ (">" | ">>" | "2>" | "<")) => skip = op,
                Token::Op(_) => {}
                Token::Word(w) if skip.is_empty() => {
                    let word = self.expand(w);
                    // What expands to nothing is no word, unless it stands in quotes.
                    if !word.is_empty() || w.contains(['"', '\'']) {
                        words.push(word);
                    }
                }
                Token::Word(w) => {
                    if skip.starts_with('>') {
                        let mark = if skip == ">>" { APPEND } else { "" };
                        file = Some(format!("{mark}{}", self.expand(w)));
                    }
                    skip = "";
                }
            }
        }
        (words, file)
    }
    fn run_words(&mut self, mut words: &[String], file: Option<&str>) -> Flow {
        // What only stands before a command.
        while let [first, behind @ ..] = words {
            let skipped = match (first.rsplit('/').next(), behind) {
                _ if assignment(first).is_some() => {
                    self.vars.extend(assignment(first).map(|(key, value)| (key.to_string(), value.to_string())));
                    self.last = if behind.is_empty() { 0 } else { self.last };
                    1
                }
                (Some("exec" | "time" | "nohup"), _) => 1,
                (Some("timeout"), [limit, _, ..]) if !limit.starts_with('-') => 2,
                _ => break,
            };
            words = &words[skipped..];
        }
        let Some(name) = words.first() else { return Flow::Next };
        let rest: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        if name == "/app" {
            let env = self.vars.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            self.handed = Some(Handed { at: self.now, words: words.to_vec(), env });
            return Flow::Forever;
        }
        let name = name.rsplit('/').next().unwrap_or(name);
        if let Some(flow) = self.wire_command(name, &rest, file) {
            return flow;
        }
        match (name, rest.as_slice()) {
            ("sh" | "bash" | "ash", ["-c", script, ..]) => return self.script(script),
            ("exit" | "return", code) => {
                let code = code.first().and_then(|c| c.parse().ok()).unwrap_or(self.last);
                return Flow::Exit(code & 0xff);
            }
            ("sleep", [length, ..]) => return self.sleep(length),
            ("wait", _) => {
                self.now = Span(self.now.0.max(self.background.0));
                return if self.now >= FOREVER { Flow::Forever } else { self.done(0) };
            }
            ("trap", [body, signals @ ..]) => {
                if signals.iter().any(|s| matches!(*s, "TERM" | "SIGTERM" | "15")) {
                    self.trap = Some((*body).to_string());
                }
                return self.done(0);
            }
            ("tail", args) if args.contains(&"-f") || args.contains(&"-F") => return Flow::Forever,
            ("false", _) => return self.done(1),
            ("echo", args) => self.print(&args.join(" "), file),
            ("printf", args) => self.print(args.first().unwrap_or(&"").trim_end_matches("\\n"), file),
            ("date", ["+%s"]) => {
                let seconds = (self.around.started + self.now.0 as i64).div_euclid(1_000_000);
                self.print(&seconds.to_string(), file);
            }
            (name, args) if self.is_about_files(name, args) => return self.file_command(name, args, file),
            ("test", args) => return self.done(i32::from(!holds(args))),
            ("[", args) => return self.done(i32::from(!holds(args.strip_suffix(&["]"]).unwrap_or(args)))),
            _ => {}
        }
        self.done(0)
    }
    fn done(&mut self, code: i32) -> Flow {
        self.last = code;
        Flow::Next
    }
    fn sleep(&mut self, length: &str) -> Flow {
        let Some(span) = seconds(length) else {
            return if length.starts_with("inf") { Flow::Forever } else { self.done(1) };
        };
        self.now = self.now + span;
        self.catch_up();
        if self.now >= FOREVER { Flow::Forever } else { self.done(0) }
    }
    fn print(&mut self, text: &str, file: Option<&str>) {
        self.text += text.len();
        match file {
            Some("/dev/null" | ">/dev/null") => {}
            Some("/dev/stdout" | "/dev/stderr") | None => {
                if self.lines.len() < LINES_MAX {
                    self.lines.push((self.now, text.to_string()));
                }
            }
            Some("/proc/1/fd/1" | "/proc/1/fd/2") => {
                if self.to_log.len() < LINES_MAX {
                    self.to_log.push((self.now, text.to_string()));
                }
            }
            Some(name) => match name.strip_prefix(APPEND) {
                Some(name) => {
                    let mut whole = self.files.get_mut(name).map(std::mem::take).unwrap_or_default();
                    whole.extend([text, "\n"]);
                    self.put(name, whole);
                }
                None => self.put(name, format!("{text}\n")),
            },
        }
    }
    /// What a loop or a group printed since `from` goes to a file instead.
    fn redirect(&mut self, from: usize, file: &str) {
        let text: Vec<String> = self.lines.drain(from.min(self.lines.len())..).map(|(_, line)| line).collect();
        if !text.is_empty() {
            self.print(&text.join("\n"), Some(file));
        }
    }
    fn while_loop(&mut self, tokens: &[Token], want: bool) -> Flow {
        let Some((condition, body)) = between(tokens, "do", "done") else { return self.done(2) };
        loop {
            let flow = self.list(&condition[1..]);
            if flow != Flow::Next {
                return flow;
            }
            if (self.last == 0) != want {
                return self.done(0);
            }
            let flow = self.list(body);
            if flow != Flow::Next || self.too_much() {
                return if flow == Flow::Next { Flow::Forever } else { flow };
            }
            self.steps += 1;
        }
    }
    fn for_loop(&mut self, tokens: &[Token]) -> Flow {
        let Some((head, body)) = between(tokens, "do", "done") else { return self.done(2) };
        let words: Vec<String> =
            head.iter().filter_map(|t| if let Token::Word(w) = t { Some(w.clone()) } else { None }).collect();
        let Some(name) = words.get(1).cloned() else { return self.done(2) };
        for word in words.iter().skip(3) {
            for item in self.expand(word).split_whitespace().map(str::to_string).collect::<Vec<_>>() {
                self.vars.insert(name.clone(), item);
                let flow = self.list(body);
                if flow != Flow::Next {
                    return flow;
                }
            }
        }
        self.done(0)
    }
    /// What stands behind `case` up to `esac`.
    fn case(&mut self, tokens: &[Token]) -> Flow {
        let Some(Token::Word(subject)) = tokens.first() else { return self.done(2) };
        let subject = self.expand(&subject.clone());
        let body = tokens.get(2..tokens.len().saturating_sub(1)).unwrap_or_default();
        for arm in body.split(|t| *t == Token::Op(";;")) {
            let Some(paren) = arm.iter().position(|t| *t == Token::Op(")")) else { continue };
            let fits = |t: &Token| matches!(t, Token::Word(w) if w == "*" || *w == subject);
            if arm[..paren].iter().any(fits) {
                return self.list(&arm[paren + 1..]);
            }
        }
        self.done(0)
    }
    /// What stands behind `if` up to `fi`.
    fn branch(&mut self, tokens: &[Token]) -> Flow {
        let fi = tokens.iter().rposition(|t| is_word(t, "fi")).unwrap_or(tokens.len());
        let mut rest = &tokens[..fi];
        loop {
            let then = word_at(rest, "then").unwrap_or(rest.len());
            let body = rest.get(then + 1..).unwrap_or_default();
            let other = body.iter().position(|t| is_word(t, "elif") || is_word(t, "else"));
            let flow = self.list(&rest[..then]);
            if flow != Flow::Next {
                return flow;
            }
            match (self.last == 0, other) {
                (true, _) => return self.list(&body[..other.unwrap_or(body.len())]),
                (false, Some(at)) if is_word(&body[at], "elif") => rest = &body[at + 1..],
                (false, Some(at)) => return self.list(&body[at + 1..]),
                (false, None) => return self.done(0),
            }
        }
    }
}

/// Whether a loop, a branch or a group begins here.
fn is_compound(token: &Token) -> bool {
    match token {
        Token::Word(w) => matches!(w.as_str(), "while" | "until" | "for" | "if" | "case"),
        Token::Op(op) => *op == "(",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(script: &str) -> (Option<u64>, i32) {
        let outcome = follow(script, &[], &mut Files::new());
        (outcome.ends.map(|e| e.as_secs()), outcome.code)
    }

    #[test]
    fn common_scripts() {
        for (script, want) in [
            ("sleep 5; exit 3", (Some(5), 3)),
            ("exit 1", (Some(0), 1)),
            ("sleep 1m && false || exit 7", (Some(60), 7)),
            ("true && sleep 2", (Some(2), 0)),
            ("false && sleep 2; echo $?", (Some(0), 0)),
            ("false && sleep 2 || exit 4", (Some(0), 4)),
            ("while true; do sleep 1; done", (None, 0)),
            ("while :; do echo $(date) x; sleep 10; done", (None, 0)),
            ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); sleep 2; done; exit $i", (Some(6), 3)),
            ("for i in 1 2 3; do sleep 1; done", (Some(3), 0)),
            ("echo a | for i in 1 2; do echo b | sleep 1; done", (Some(2), 0)),
            ("if false; then exit 1; elif true; then if true; then sleep 2; fi; else exit 4; fi", (Some(2), 0)),
            ("if [ \"$X\" = a ]; then exit 1; else sleep 4; fi", (Some(4), 0)),
            ("sleep 70 & wait", (Some(70), 0)),
            ("tail -f /dev/null", (None, 0)),
            ("sleep infinity", (None, 0)),
            ("touch /x || exit 4; sleep 99", (Some(99), 0)),
            ("echo a; exit 1 # the end", (Some(0), 1)),
            ("sleep 3; [ \"$JOB_COMPLETION_INDEX\" != 1 ]", (Some(3), 0)),
        ] {
            assert_eq!(ends(script), want, "{script}");
        }
    }

    #[test]
    fn what_grows_without_end_runs_for_ever() {
        let nested = |open: &str, within: &str, shut: &str| open.repeat(50_000) + within + &shut.repeat(50_000);
        for script in [
            "X=a; while :; do X=\"$X$X\"; done".to_string(),
            "X=a; while :; do X=\"$X$X\"; echo $X >> /f; sleep 1; done".to_string(),
            "while :; do echo aaaaaaaaaaaaaaaa >> /f; cat /f >> /g; cat /g >> /f; done".to_string(),
            nested("(", "true", ")"),
            nested("if true; then ", "true", "; fi"),
            nested("echo $(", "echo a", ")"),
        ] {
            let mut files = Files::new();
            let outcome = follow(&script, &[("X".into(), "sh -c \"$X\"".into())], &mut files);
            let size: usize = files.values().map(String::len).sum();
            assert!(size <= 4 * TEXT_MAX && outcome.lines.len() <= LINES_MAX, "{}", &script[..20]);
            assert!(outcome.ends.is_none() || script.starts_with("echo"), "{}", &script[..20]);
        }
        let itself = follow("sh -c \"$X\"", &[("X".into(), "sh -c \"$X\"".into())], &mut Files::new());
        assert_eq!(itself.ends, None);
        for long in ["exec ".repeat(50_000), "a=1 ".repeat(50_000), "true | ".repeat(5_000)] {
            assert_eq!(ends(&(long + "exit 3")), (Some(0), 3));
        }
    }

    #[test]
    fn files_outlive_a_run() {
        let script = "n=$(cat /s/n 2>/dev/null || echo 0); n=$((n+1)); echo $n > /s/n; [ $n -ge 3 ]";
        let mut files = Files::new();
        let codes: Vec<i32> = (0..4).map(|_| follow(script, &[], &mut files).code).collect();
        assert_eq!(codes, [1, 1, 0, 0]);
    }

    #[test]
    fn traps_decide_how_sigterm_ends_it() {
        let outcome = follow("trap \"sleep 6; exit 1\" TERM; sleep 60 & wait", &[], &mut Files::new());
        assert_eq!((outcome.term, outcome.ends), (Some((Span::secs(6), 1)), Some(Span::secs(60))));
        assert_eq!(follow("sleep 60", &[], &mut Files::new()).term, None);
    }

    #[test]
    fn loops_write_to_files_and_hooks_to_the_log() {
        let mut files = Files::new();
        follow("for i in 1 2; do echo $i; done > /a; echo 3 >> /a; (echo 4) >> /a", &[], &mut files);
        assert_eq!(files["/a"], "1\n2\n3\n4\n");
        let hook = follow("echo a > /proc/1/fd/1; sleep 3; echo b", &[], &mut files);
        assert_eq!(hook.to_log, [(Span::ZERO, "a".to_string())]);
        assert_eq!(hook.lines, [(Span::secs(3), "b".to_string())]);
    }

    #[test]
    fn output_has_times() {
        let outcome = follow("echo a; sleep 2; echo 'b  c'", &[], &mut Files::new());
        assert_eq!(outcome.lines, [(Span::ZERO, "a".to_string()), (Span::secs(2), "b  c".to_string())]);
    }
}
