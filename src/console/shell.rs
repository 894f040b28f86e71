//! A line as a shell reads it: quotes, `;`, `&&`, `||`, pipes into small filters. Commands that wait are polled as the world
//! moves, so that a line can last for minutes of virtual time.

use super::FindFile;
use super::filters::piped;
use super::kubectl::{self, Cx, Flow, Waiting};
use super::words::{not_simulated, say};
use crate::journal::EntryId;
use crate::kubernetes::Cluster;
use crate::scenario::TextFile;
use crate::sim::{Span, Time};
use std::collections::VecDeque;
use std::rc::Rc;

/// What a line answered. `code` is `None` while it waits or watches: ask [`Console::poll`] as time goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Standard output since the last answer.
    pub stdout: String,
    /// Standard error since the last answer.
    pub stderr: String,
    /// Exit code, once the line has ended.
    pub code: Option<i32>,
}

/// One person's console: the namespace lines act in, and the line under way.
#[derive(Clone, Debug, Default)]
pub struct Console {
    /// Namespace of the current context; empty means `default`.
    pub namespace: Rc<str>,
    /// Language of our own words, such as `de`; empty means English.
    pub language: Rc<str>,
    /// Files that lines have changed (`sed -i`), instead of the person's own.
    edited: Vec<TextFile>,
    job: Option<Job>,
    /// Who types instead of a person, and because of what.
    actor: Option<(&'static str, Option<EntryId>)>,
    /// How many kubectl commands of lines that change something were refused or failed.
    pub refused: u32,
}

/// What is left of a line.
#[derive(Clone, Debug)]
struct Job {
    rest: VecDeque<Step>,
    waiting: Option<Box<dyn Waiting>>,
    filters: Vec<Vec<String>>,
    /// What filters that look at everything have not seen yet, of a command that waits.
    held: String,
    code: i32,
    /// The files that the rest of the line names.
    files: Rc<[TextFile]>,
    /// Whether the line changes something.
    changes: bool,
    /// Whether the command under way is kubectl.
    kubectl: bool,
}

/// One pipeline and what stands before it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    glue: Glue,
    pipeline: Vec<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Glue {
    Always,
    IfWell,
    IfNot,
}

impl Console {
    /// Runs a line; a line still under way is stopped first.
    pub fn run(&mut self, cluster: &mut Cluster, files: FindFile, line: &str) -> Output {
        let steps = match split(line) {
            Ok(steps) => steps,
            Err(words) => return Output { stderr: format!("sh: {words}\n"), code: Some(2), ..Output::default() },
        };
        let later = steps.iter().skip(1).flat_map(|s| s.pipeline.iter().flatten());
        let kept = later
            .flat_map(|w| w.split([',', '=']))
            .filter_map(|name| Some(TextFile { name: name.into(), text: files(name)?.into() }));
        let files_later = kept.collect();
        self.job = Some(Job {
            rest: steps.into(),
            waiting: None,
            filters: Vec::new(),
            held: String::new(),
            code: 0,
            files: files_later,
            changes: !only_reads(line),
            kubectl: false,
        });
        self.go_on(cluster, files)
    }
    /// `kubectl apply` of every document in these files. Unlike the real tool it keeps and shows kinds that nobody knows.
    pub fn apply_files(&mut self, cluster: &mut Cluster, files: &[TextFile]) -> Output {
        let find = |name: &str| files.iter().find(|f| &*f.name == name).map(|f| f.text.to_string());
        let mut cx = Cx::new(cluster, &find, self.namespace());
        cx.keeps_unknown_kinds = true;
        let mut words = vec!["apply".to_string()];
        words.extend(files.iter().map(|f| format!("--filename={}", f.name)));
        let flow = kubectl::run(&mut cx, &words);
        let (stdout, stderr) = cx.finish();
        Output { stdout, stderr, code: matches!(flow, Flow::Done(0)).then_some(0).or(Some(1)) }
    }
    fn namespace(&self) -> &str {
        if self.namespace.is_empty() { "default" } else { &self.namespace }
    }
    /// Lines are typed by somebody else from now on, because of an entry of the journal.
    pub fn caused_by(&mut self, actor: &'static str, cause: Option<EntryId>) {
        self.actor = Some((actor, cause));
    }
    /// Whether a line is under way.
    pub fn busy(&self) -> bool {
        self.job.is_some()
    }
    /// When the line under way wants to be looked at even if nothing changes.
    pub fn due(&self) -> Option<Time> {
        self.job.as_ref()?.waiting.as_ref()?.due()
    }
    /// Looks whether the line under way has something to say. `None` when there is no such line or nothing is new.
    pub fn poll(&mut self, cluster: &mut Cluster) -> Option<Output> {
        let files = self.job.as_ref()?.files.clone();
        let find = |name: &str| files.iter().find(|f| &*f.name == name).map(|f| f.text.to_string());
        let output = self.go_on(cluster, &find);
        (output != Output::default()).then_some(output)
    }
    /// Stops the line under way, as Ctrl-C does.
    pub fn interrupt(&mut self) {
        self.job = None;
    }
    /// Words that may follow, for the last word of the line.
    pub fn complete(&self, cluster: &Cluster, line: &str) -> Vec<String> {
        kubectl::complete(cluster, self.namespace(), line)
    }
    fn go_on(&mut self, cluster: &mut Cluster, files: FindFile) -> Output {
        let mut output = Output::default();
        let Some(mut job) = self.job.take() else { return output };
        loop {
            if job.waiting.is_none() {
                let Some(step) = job.rest.pop_front() else {
                    output.code = Some(job.code);
                    return output;
                };
                let skipped = match step.glue {
                    Glue::Always => false,
                    Glue::IfWell => job.code != 0,
                    Glue::IfNot => job.code == 0,
                };
                if skipped {
                    continue;
                }
                self.begin(&mut job, step, cluster, files, &mut output);
            } else {
                let mut cx = Cx::new(cluster, files, self.namespace());
                cx.actor = self.actor;
                let ended = job.waiting.as_mut().and_then(|w| w.poll(&mut cx));
                let (out, err) = cx.finish();
                output.stderr += &err;
                self.refused += job.refused(ended);
                job.pass(&out, ended, &mut output, &self.language);
            }
            if job.waiting.is_some() {
                self.job = Some(job);
                return output;
            }
        }
    }
    fn begin(&mut self, job: &mut Job, step: Step, cluster: &mut Cluster, files: FindFile, output: &mut Output) {
        let mut pipeline = step.pipeline.into_iter();
        let mut words = pipeline.next().unwrap_or_default();
        job.filters = pipeline.collect();
        while words.first().is_some_and(|w| is_assignment(w)) {
            words.remove(0);
        }
        let edited = self.edited.clone();
        let find = |name: &str| edited.iter().find(|f| &*f.name == name).map(|f| f.text.to_string()).or(files(name));
        let mut cx = Cx::new(cluster, &find, self.namespace());
        cx.actor = self.actor;
        cx.language = self.language.clone();
        let flow = command(&mut cx, &words);
        job.kubectl = is_kubectl(&words);
        self.edited.append(&mut cx.edited);
        if let Some(namespace) = cx.new_namespace.take() {
            self.namespace = namespace.into();
        }
        let (out, err) = cx.finish();
        output.stderr += &err;
        match flow {
            Flow::Done(code) => {
                self.refused += job.refused(Some(code));
                let filters = std::mem::take(&mut job.filters);
                job.code = self.pipe(cluster, files, (out, code), &filters, output);
            }
            Flow::Wait(waiting) => {
                job.waiting = Some(waiting);
                if job.filters.iter().any(|filter| is_kubectl(filter)) {
                    output.stderr += &self.missing("pipe.kubectl");
                    (job.waiting, job.code) = (None, 2);
                    return;
                }
                job.pass(&out, None, output, &self.language);
            }
        }
    }
    /// What is not simulated, by its key.
    fn missing(&self, key: &str) -> String {
        format!("sh: {}\n", not_simulated(&self.language, &say(&self.language, key, &[])))
    }
    /// Sends what a command printed through a pipe, in which kubectl may read it as `-`. Gives the exit code.
    fn pipe(
        &mut self,
        cluster: &mut Cluster,
        files: FindFile,
        (mut text, mut code): (String, i32),
        filters: &[Vec<String>],
        output: &mut Output,
    ) -> i32 {
        for filter in filters {
            if !is_kubectl(filter) {
                let came = piped(&text, std::slice::from_ref(filter), &self.language);
                output.stderr += &came.err;
                (text, code) = (came.text, came.code);
                continue;
            }
            let find = |name: &str| if name == "-" { Some(text.clone()) } else { files(name) };
            let mut cx = Cx::new(cluster, &find, self.namespace());
            (cx.actor, cx.language) = (self.actor, self.language.clone());
            let flow = command(&mut cx, filter);
            let (out, err) = cx.finish();
            output.stderr += &err;
            text = out;
            code = match flow {
                Flow::Done(code) => {
                    self.refused += u32::from(code != 0);
                    code
                }
                Flow::Wait(_) => {
                    output.stderr += &self.missing("pipe.waits");
                    2
                }
            };
        }
        output.stdout += &text;
        code
    }
}

fn is_kubectl(words: &[String]) -> bool {
    words.first().is_some_and(|w| w == "kubectl" || w == "k")
}

impl Job {
    /// How many commands were refused with this end of one.
    fn refused(&self, ended: Option<i32>) -> u32 {
        u32::from(self.changes && self.kubectl && ended.is_some_and(|code| code != 0))
    }
    /// Sends what a waiting command printed through the filters: line by line where each looks at one line, else at its end.
    fn pass(&mut self, out: &str, ended: Option<i32>, output: &mut Output, language: &str) {
        let by_line = |filter: &Vec<String>| match filter.first().map(String::as_str) {
            Some("grep" | "egrep" | "fgrep") => {
                !filter.iter().any(|w| w.starts_with('-') && w.contains(['c', 'A', 'B', 'C']))
            }
            Some("cut" | "cat") | None => true,
            Some("awk") => !filter.iter().any(|w| w.contains("NR")),
            _ => false,
        };
        self.held += out;
        if ended.is_some() || (!self.held.is_empty() && self.filters.iter().all(by_line)) {
            let came = piped(&std::mem::take(&mut self.held), &self.filters, language);
            output.stdout += &came.text;
            output.stderr += &came.err;
            self.code = came.code;
        }
        if let Some(code) = ended {
            self.waiting = None;
            if self.filters.is_empty() {
                self.code = code;
            }
        }
    }
}

/// Whether a line only reads: every command in it does.
pub(super) fn only_reads(line: &str) -> bool {
    let steps = split(line).unwrap_or_default();
    let reads = |words: &Vec<String>| match words.first().map(String::as_str) {
        Some("kubectl" | "k") => kubectl::only_reads(&words[1..]),
        Some("docker" | "docker-compose") => super::compose::only_reads(words),
        Some("echo" | "cat" | "true" | "false" | ":") | None => true,
        _ => false,
    };
    steps.iter().all(|s| s.pipeline.first().is_none_or(reads) && !s.pipeline.iter().skip(1).any(|f| is_kubectl(f)))
}

/// Runs one command.
fn command(cx: &mut Cx, words: &[String]) -> Flow {
    let Some(name) = words.first() else { return Flow::Done(0) };
    match name.as_str() {
        "kubectl" | "k" => kubectl::run(cx, &words[1..]),
        "sed" => edit(cx, &words[1..]),
        "true" | ":" => Flow::Done(0),
        "false" => Flow::Done(1),
        "echo" => {
            cx.print(&format!("{}\n", words[1..].join(" ")));
            Flow::Done(0)
        }
        "cat" => {
            let mut code = 0;
            for file in &words[1..] {
                match (cx.files)(file) {
                    Some(text) => cx.print(&text),
                    None => {
                        cx.complain(&format!("cat: {file}: No such file or directory\n"));
                        code = 1;
                    }
                }
            }
            Flow::Done(code)
        }
        "sleep" | "wait" => {
            let span = words.get(1).map(|w| if w.ends_with(char::is_alphabetic) { w.clone() } else { format!("{w}s") });
            match span.and_then(|w| crate::scenario::parse_span(&w)) {
                Some(span) => Flow::Wait(Box::new(Sleep { until: cx.now() + span })),
                None => {
                    cx.complain(&format!("{name}: a time such as 30s is expected\n"));
                    Flow::Done(1)
                }
            }
        }
        "timeout" => {
            // Limits within each other: the shortest counts.
            let (mut rest, mut limit) = (words, u64::MAX);
            while rest.first().is_some_and(|w| w == "timeout") {
                let seconds = rest.get(1).and_then(|w| w.trim_end_matches('s').parse::<u64>().ok()).unwrap_or(0);
                (rest, limit) = (rest.get(2..).unwrap_or_default(), limit.min(seconds));
            }
            match command(cx, rest) {
                Flow::Wait(inner) => Flow::Wait(Box::new(Limited { inner, until: cx.now() + Span::secs(limit) })),
                done => done,
            }
        }
        other => {
            cx.complain(&format!("sh: {other}: command not found\n"));
            Flow::Done(127)
        }
    }
}

/// `sed -i '/text/d' FILE`: takes out the lines that contain the text. Other scripts are refused.
fn edit(cx: &mut Cx, words: &[String]) -> Flow {
    let [flag, script, file] = words else {
        cx.complain("sed: only sed -i '/text/d' FILE is possible here\n");
        return Flow::Done(1);
    };
    let wanted = script.strip_prefix('/').and_then(|s| s.strip_suffix("/d")).filter(|_| flag == "-i");
    match (wanted, (cx.files)(file)) {
        (Some(wanted), Some(text)) => {
            let kept: String = text.lines().filter(|l| !l.contains(wanted)).map(|l| format!("{l}\n")).collect();
            cx.edited.insert(0, TextFile { name: file.as_str().into(), text: kept.into() });
            Flow::Done(0)
        }
        (None, _) => {
            cx.complain("sed: only sed -i '/text/d' FILE is possible here\n");
            Flow::Done(1)
        }
        (_, None) => {
            cx.complain(&format!("sed: can't read {file}: No such file or directory\n"));
            Flow::Done(2)
        }
    }
}

#[derive(Clone, Debug)]
struct Sleep {
    until: Time,
}
impl Waiting for Sleep {
    fn poll(&mut self, cx: &mut Cx) -> Option<i32> {
        (cx.now() >= self.until).then_some(0)
    }
    fn due(&self) -> Option<Time> {
        Some(self.until)
    }
    fn boxed(&self) -> Box<dyn Waiting> {
        Box::new(self.clone())
    }
}

/// A command that is killed after a while. Exit code 124 is what `timeout` gives.
#[derive(Clone, Debug)]
struct Limited {
    inner: Box<dyn Waiting>,
    until: Time,
}
impl Waiting for Limited {
    fn poll(&mut self, cx: &mut Cx) -> Option<i32> {
        self.inner.poll(cx).or((cx.now() >= self.until).then_some(124))
    }
    fn due(&self) -> Option<Time> {
        Some(self.inner.due().map_or(self.until, |d| d.min(self.until)))
    }
    fn boxed(&self) -> Box<dyn Waiting> {
        Box::new(self.clone())
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit())
    })
}

/// Takes a line apart.
fn split(line: &str) -> Result<Vec<Step>, String> {
    let mut reader = Reader { steps: Vec::new(), pipeline: Vec::new(), words: Vec::new(), glue: Glue::Always };
    let mut chars = line.chars().peekable();
    let mut word: Option<String> = None;
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let text = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => text.push(c),
                        None => return Err("unterminated quoted string".into()),
                    }
                }
            }
            '"' => {
                let text = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\' | '$' | '`')) => text.push(c),
                            Some('\n') => {}
                            Some(c) => text.extend(['\\', c]),
                            None => return Err("unterminated quoted string".into()),
                        },
                        Some(c) => text.push(c),
                        None => return Err("unterminated quoted string".into()),
                    }
                }
            }
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some(c) => word.get_or_insert_default().push(c),
            },
            '#' if word.is_none() => break,
            '\n' if word.is_none() && reader.open() => {}
            ';' | '\n' => reader.end(&mut word, Glue::Always, &c.to_string())?,
            '&' if chars.next_if_eq(&'&').is_some() => reader.end(&mut word, Glue::IfWell, "&&")?,
            '|' if chars.next_if_eq(&'|').is_some() => reader.end(&mut word, Glue::IfNot, "||")?,
            '|' => reader.pipe(&mut word)?,
            '2' if word.is_none() && chars.peek() == Some(&'>') => {
                while chars.next_if(|c| !c.is_whitespace()).is_some() {}
            }
            c if c.is_whitespace() => reader.words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    reader.end(&mut word, Glue::Always, "")?;
    Ok(reader.steps)
}

struct Reader {
    steps: Vec<Step>,
    pipeline: Vec<Vec<String>>,
    words: Vec<String>,
    glue: Glue,
}

impl Reader {
    /// Whether a pipe waits for what comes behind it.
    fn open(&self) -> bool {
        self.words.is_empty() && !self.pipeline.is_empty()
    }
    /// A command ends; tells whether there was one.
    fn part(&mut self, word: &mut Option<String>) -> bool {
        self.words.extend(word.take());
        let there = !self.words.is_empty();
        if there {
            self.pipeline.push(std::mem::take(&mut self.words));
        }
        there
    }
    fn pipe(&mut self, word: &mut Option<String>) -> Result<(), String> {
        if self.part(word) { Ok(()) } else { Err(unexpected("|")) }
    }
    fn end(&mut self, word: &mut Option<String>, next: Glue, sign: &str) -> Result<(), String> {
        if !self.part(word) && !self.pipeline.is_empty() {
            return Err(unexpected(sign));
        }
        if !self.pipeline.is_empty() {
            self.steps.push(Step { glue: self.glue, pipeline: std::mem::take(&mut self.pipeline) });
        }
        self.glue = next;
        Ok(())
    }
}

/// What bash says to a sign that cannot stand where it stands.
fn unexpected(sign: &str) -> String {
    match sign {
        "" => "syntax error: unexpected end of file".to_string(),
        sign => format!("syntax error near unexpected token `{sign}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let steps =
            split(r#"A=1 kubectl patch x -p '{"a b":1}' | grep -v "x y" && echo ok || true # end"#).unwrap_or_default();
        let words: Vec<Vec<Vec<String>>> = steps.iter().map(|s| s.pipeline.clone()).collect();
        assert_eq!(words[0][0], ["A=1", "kubectl", "patch", "x", "-p", r#"{"a b":1}"#]);
        assert_eq!(words[0][1], ["grep", "-v", "x y"]);
        assert_eq!(steps.iter().map(|s| s.glue).collect::<Vec<_>>(), [Glue::Always, Glue::IfWell, Glue::IfNot]);
        assert!(split("echo 'x").is_err());
        assert_eq!(split("kubectl get pods |\n  wc -l").map(|s| s[0].pipeline.len()), Ok(2));
        assert_eq!(split("kubectl get pods |"), Err("syntax error: unexpected end of file".to_string()));
        assert_eq!(split("a | | b"), Err("syntax error near unexpected token `|'".to_string()));
        assert_eq!(split("a |; b"), Err("syntax error near unexpected token `;'".to_string()));
    }
}
