//! Runs the case pages under `tests/cases`: pages that a trainer could read, with files, console lines and their output, and the
//! reasons behind; what an `assert` block says must hold over the whole page. `CASE=part` runs the pages whose path contains it; `REFRESH=1` writes what the engine says now into them
//! (never into a page whose source says `recorded`).

use orchestrion::console;
use orchestrion::duel;
use orchestrion::journal::Entry;
use orchestrion::kubernetes::Cluster;
use orchestrion::kubernetes::objects::schema::Schema;
use orchestrion::scenario::{Scenario, TextFile, parse_span};
use orchestrion::session::expression::{Expression, Watch};
use orchestrion::session::run::{Input, Run};
use orchestrion::sim::{Rewindable, Span, Time};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// How long a waiting command may take.
const PATIENCE: Span = Span::secs(3_600);

#[test]
fn every_case_page_reads_as_the_engine_says() {
    let filter = std::env::var("CASE").unwrap_or_default();
    let refresh = std::env::var("REFRESH").is_ok_and(|v| v == "1");
    let mut pages = Vec::new();
    find_pages(Path::new("tests/cases"), &mut pages);
    pages.retain(|p| p.to_string_lossy().contains(&filter));
    assert!(!pages.is_empty(), "no case page contains \"{filter}\" in its path");
    let (mut differing, mut broken) = (Vec::new(), Vec::new());
    for path in &pages {
        let text = std::fs::read_to_string(path).expect("a case page can be read");
        let now = play(&text);
        broken.extend(now.lines().filter(|l| l.starts_with("FAIL ")).map(|l| format!("{}: {l}", path.display())));
        if now == text {
            continue;
        }
        if refresh && !text.contains("\nsource: recorded") {
            std::fs::write(path, &now).expect("a case page can be written");
            println!("refreshed {}", path.display());
            continue;
        }
        differing.push(format!("{}\n{}", path.display(), difference(&text, &now)));
    }
    println!("{} pages", pages.len());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(differing.is_empty(), "{}\n./dev refresh NAME writes what the engine says now", differing.join("\n"));
}

fn find_pages(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            find_pages(&path, into);
        } else if path.extension().is_some_and(|e| e == "md") {
            into.push(path);
        }
    }
}

/// The page with every output as the engine gives it.
fn play(page: &str) -> String {
    let scenario = read_scenario(page);
    let mut stage = Stage { run: Run::new(&scenario), watches: watches(page), files: scenario.files.clone() };
    let mut out = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        let _ = writeln!(out, "{line}");
        let Some(fence) = line.strip_prefix("```").filter(|f| !f.is_empty()) else { continue };
        let mut body = Vec::new();
        for inner in lines.by_ref() {
            if inner == "```" {
                break;
            }
            body.push(inner);
        }
        match fence.split_once(' ').unwrap_or((fence, "")) {
            ("console", _) => {
                let shown = body.iter().filter_map(|l| l.strip_prefix("$ "));
                shown.for_each(|command| stage.converse(command, &mut out));
            }
            ("why", object) => out.push_str(&why(&stage.run.world.cluster, object)),
            ("duel", language) => out.push_str(&duel::text(&stage.run.duel(), language)),
            ("assert", _) => body.iter().for_each(|l| out.push_str(&stage.verdict(l))),
            _ => body.iter().for_each(|l| out.push_str(&format!("{l}\n"))),
        }
        out.push_str("```\n");
    }
    out
}

/// Files are the fences with a name: a `*.scenario.yaml` among them says which cluster there is.
fn read_scenario(page: &str) -> Scenario {
    let mut files = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix("```yaml ") else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
        files.push(TextFile { name: name.trim().into(), text: (body.join("\n") + "\n").into() });
    }
    let (scenario, problems) = Scenario::read(&files, 1);
    assert!(problems.is_empty(), "{problems:?}");
    scenario
}

/// The assertions of a page, from all its blocks.
fn watches(page: &str) -> Vec<Watch> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line == "```assert" {
            let body = lines.by_ref().take_while(|l| *l != "```");
            found.extend(body.map(|l| Watch::new(Expression::read(assertion_of(l)).expect(l))));
        }
    }
    found
}

/// A line without its verdict.
fn assertion_of(line: &str) -> &str {
    let line = line.strip_prefix("ok ").or(line.strip_prefix("FAIL ")).unwrap_or(line);
    line.split(" # ").next().unwrap_or(line).trim()
}

struct Stage {
    run: Run,
    watches: Vec<Watch>,
    files: Vec<TextFile>,
}

impl Stage {
    fn look(&mut self) {
        self.watches.iter_mut().for_each(|w| w.look(&self.run.world));
    }
    /// Plays to a moment; event by event where assertions want to see each.
    fn play_to(&mut self, to: Time) {
        while !self.watches.is_empty()
            && let Some(due) = self.run.next_due().filter(|due| *due < to)
        {
            self.run.run_until(due);
            self.look();
        }
        self.run.run_until(to);
        self.look();
    }
    fn converse(&mut self, command: &str, out: &mut String) {
        let _ = writeln!(out, "$ {command}");
        match command.split_once(' ') {
            Some(("wait", time)) => {
                let span = parse_span(time).expect("wait: a time");
                self.play_to(self.run.now() + span);
            }
            Some(("until", text)) => {
                let expression = Expression::read(text).expect("until: an expression");
                let end = self.run.now() + PATIENCE;
                while !expression.holds(&self.run.world) {
                    let due = self.run.next_due().filter(|due| *due <= end);
                    self.play_to(due.unwrap_or_else(|| panic!("until {text}: did not come true")));
                }
            }
            Some(("fail" | "recover" | "kill", _)) => self.run.fault(command),
            _ => self.run.apply(&line(&self.files, command)),
        }
        self.look();
        loop {
            for answer in self.run.take_answers() {
                out.push_str(&answer.stdout);
                out.push_str(&answer.stderr);
            }
            if !out.ends_with('\n') {
                out.push('\n');
            }
            let Some(due) = self.run.next_due().filter(|_| self.run.waiting()) else { break };
            self.play_to(due);
        }
        self.run.world.cluster.take_seen();
    }
    fn verdict(&self, line: &str) -> String {
        let text = assertion_of(line);
        let watch = self.watches.iter().find(|w| w.expression.text == text).expect("a watched assertion");
        match watch.holds_so_far() {
            true => format!("ok {text}\n"),
            false => format!("FAIL {text} # {}\n", watch.explanation()),
        }
    }
}

/// `kubectl apply -f .` takes all files; any other line is a line.
fn line(files: &[TextFile], command: &str) -> Input {
    if command == "kubectl apply -f ." {
        return Input::Apply(files.iter().map(|f| (f.name.to_string(), f.text.to_string())).collect());
    }
    Input::Line(command.into())
}

/// The chain of an object, newest first: `reason name=value … <- …`.
fn why(cluster: &Cluster, object: &str) -> String {
    let Some((kind, name)) = object.split_once('/') else { return "not an object\n".into() };
    let api = &cluster.api;
    let resource = Schema::get().resource_by_name(kind).expect("a kind");
    let version =
        if resource.group.is_empty() { "v1".into() } else { format!("{}/{}", resource.group, resource.version) };
    let kind = api.kinds.find(&version, resource.kind).expect("a kind with objects");
    let found = api.store.list(kind).find(|o| o.meta.name.starts_with(name.trim_end_matches('*')));
    let Some(newest) = found.and_then(|o| api.newest_about(o.meta.id)) else { return "no such object\n".into() };
    let words = |e: &Entry| {
        let args = e.why.reason.args.iter().zip(e.why.args.iter()).map(|(n, a)| format!(" {n}={a}"));
        let origin =
            e.origin.as_ref().map(|o| format!(" ({}:{}:{})", o.file, o.pos.line, o.pos.col)).unwrap_or_default();
        format!("{}{}{origin}", e.why.reason.key, args.collect::<String>())
    };
    let chain: Vec<String> =
        api.journal.chain(newest).into_iter().filter_map(|id| api.journal.get(id)).map(words).collect();
    chain.join("\n<- ") + "\n"
}

fn difference(old: &str, new: &str) -> String {
    let mut out = String::new();
    let (a, b): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let first = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    for i in first..(first + 12).min(a.len().max(b.len())) {
        let (x, y) = (a.get(i).copied().unwrap_or(""), b.get(i).copied().unwrap_or(""));
        if x == y {
            let _ = writeln!(out, "   {x}");
        } else {
            let _ = writeln!(out, " - {x}\n + {y}");
        }
    }
    out
}

/// Sources that hold no rule of their own.
const HELPERS: &[&str] = &[
    "args",
    "failure",
    "frame",
    "jsonpath",
    "kyaml",
    "manifest",
    "mod",
    "output",
    "owned",
    "recorded",
    "resource",
    "revisions",
    "table",
    "tests",
    "without_effect",
];

#[test]
fn every_controller_plugin_and_verb_has_a_page() {
    let mut missing = Vec::new();
    for (sources, pages) in [
        ("src/kubernetes/controllers", "tests/cases/kubernetes/controllers"),
        ("src/kubernetes/scheduler/plugins", "tests/cases/kubernetes/scheduler"),
        ("src/console/kubectl", "tests/cases/console/kubectl"),
    ] {
        let names = |folder: &str| {
            let entries = std::fs::read_dir(folder).expect(folder).flatten();
            let stem = |e: std::fs::DirEntry| e.path().file_stem().map(|s| s.to_string_lossy().into_owned());
            entries.filter_map(stem).collect::<Vec<_>>()
        };
        let pages_there = names(pages);
        let rules = names(sources).into_iter().filter(|n| !HELPERS.contains(&n.as_str()) && !n.starts_with("tests_"));
        missing
            .extend(rules.filter(|n| !pages_there.iter().any(|p| p.starts_with(n))).map(|n| format!("{pages}/{n}.md")));
    }
    missing.sort();
    assert!(missing.is_empty(), "no case page: {}", missing.join(", "));
}

/// The console must know that reading lines leave no trace in a run.
#[test]
fn reading_lines_only_read() {
    assert!(console::only_reads("kubectl get pods"));
    assert!(!console::only_reads("kubectl delete pod web"));
    assert!(console::only_reads("kubectl delete pod web --dry-run=server"));
    assert!(!console::only_reads("kubectl delete pod web --dry-run=none"));
}
