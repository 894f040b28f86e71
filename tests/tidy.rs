//! House rules as tests: each prints `file:line: message` for everything that breaks it. `docs/architecture.md` tells why
//! the rules are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms in rows: a room uses rooms of earlier rows only, rooms of one row are blind to each other.
const ROOMS: &[&[&str]] = &[
    &["sim", "text"],
    &["journal", "workload"],
    &["kubernetes", "compose"],
    &["world", "assertion"],
    &["scenario"],
    &["lesson", "duel", "convert", "console"],
    &["session"],
    &["ui", "cli"],
    &["bin"],
];

/// The same inside the Kubernetes house.
const KUBERNETES: &[&[&str]] =
    &[&["objects"], &["apiserver"], &["scheduler", "controllers", "kubelet", "kwok", "services"]];

/// The same inside the Compose house: the engine knows no project, and plans read rows, not files.
const COMPOSE: &[&[&str]] = &[&["engine", "files"], &["traffic"], &["project"]];

/// Words that the engine must not say: they would make a run depend on more than its inputs.
const BANNED: &[(&str, &str)] = &[
    ("std::time", "the engine's time is virtual: sim::Time"),
    ("std::thread", "the engine has one thread"),
    ("HashMap", "its order changes from run to run: BTreeMap"),
    ("HashSet", "its order changes from run to run: BTreeSet"),
    ("web_sys", "the browser belongs to ui and bin"),
    ("yew::", "the page belongs to ui and bin"),
    (".powf(", "platform floats differ: the libm crate"),
    (".powi(", "platform floats differ: multiply, or the libm crate"),
    (".exp(", "platform floats differ: the libm crate"),
    (".ln(", "platform floats differ: the libm crate"),
    (".sin(", "platform floats differ: the libm crate"),
    (".cos(", "platform floats differ: the libm crate"),
];

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
/// As the formatter has it; comments and quoted messages of the real tools may be longer.
const LINE_CHARS_MAX: usize = 120;

/// A source file of ours; `code` ends where its tests begin.
struct Source {
    path: String,
    text: String,
    code: String,
}

impl Source {
    /// The room a file belongs to: its folder or its own name below `src`.
    fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("a readable file");
        let path = path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let is_test = path.ends_with("tests.rs") || path.contains("/tests_") || path.contains("/tests/");
        let code = if is_test { "" } else { text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default() };
        let code = code.to_string();
        Source { path, text, code }
    };
    found.iter().map(read).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn row(rows: &[&[&str]], name: &str) -> Option<usize> {
    rows.iter().position(|row| row.contains(&name))
}

/// The names that follow `prefix::` in a line, also those in braces.
fn named_after<'a>(line: &'a str, prefix: &str) -> Vec<&'a str> {
    let word = |text: &'a str| {
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        &text[..end]
    };
    let mut names = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let rest = &line[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => names.extend(list.split(',').map(|item| word(item.trim()))),
            None => names.push(word(rest)),
        }
    }
    names
}

fn import_faults(file: &Source, rows: &[&[&str]], prefix: &str, here: &str) -> Vec<String> {
    let Some(mine) = row(rows, here) else { return Vec::new() };
    let mut faults = Vec::new();
    for (number, line) in file.lines().filter(|(_, line)| !line.trim_start().starts_with("//")) {
        for name in named_after(line, prefix) {
            if row(rows, name).is_some_and(|theirs| theirs >= mine && name != here) {
                faults.push(format!("{}:{number}: {here} may not use {name}", file.path));
            }
        }
    }
    faults
}

#[test]
fn rooms_use_earlier_rows_only() {
    let all = sources("src");
    let mut faults: Vec<String> =
        all.iter().flat_map(|file| import_faults(file, ROOMS, "crate::", file.room())).collect();
    for file in all.iter().filter(|file| file.path.starts_with("src/kubernetes/")) {
        let here = file.path.split('/').nth(2).unwrap_or_default().trim_end_matches(".rs");
        faults.extend(import_faults(file, KUBERNETES, "crate::kubernetes::", here));
    }
    for file in all.iter().filter(|file| file.path.starts_with("src/compose/")) {
        let here = file.path.split('/').nth(2).unwrap_or_default().trim_end_matches(".rs");
        faults.extend(import_faults(file, COMPOSE, "crate::compose::", here));
    }
    let known: BTreeSet<&str> = ROOMS.iter().flat_map(|row| row.iter().copied()).chain(["lib"]).collect();
    let strangers = all.iter().filter(|file| !known.contains(file.room()));
    faults.extend(strangers.map(|file| format!("{}: no room of the house has this name", file.path)));
    none(&faults);
}

#[test]
fn the_engine_depends_on_its_inputs_only() {
    let mut faults = Vec::new();
    for file in sources("src").iter().filter(|file| !["ui", "bin"].contains(&file.room())) {
        for (number, line) in file.lines().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for (word, instead) in BANNED.iter().filter(|(word, _)| line.contains(word)) {
                faults.push(format!("{}:{number}: `{word}`: {instead}", file.path));
            }
        }
    }
    none(&faults);
}

#[test]
fn files_functions_and_lines_stay_short() {
    let mut faults = Vec::new();
    for file in sources("src").iter().chain(&sources("tests")) {
        let lines: Vec<&str> = file.text.lines().collect();
        if lines.len() > FILE_LINES_MAX {
            faults.push(format!("{}: {} lines, at most {FILE_LINES_MAX}", file.path, lines.len()));
        }
        for (index, line) in lines.iter().enumerate() {
            let long = line.chars().count();
            let words = line.trim_start().starts_with("//")
                || line.contains('"')
                || line.contains("://")
                || line.contains(" in ");
            if long > LINE_CHARS_MAX && !words {
                faults.push(format!("{}:{}: {long} characters, at most {LINE_CHARS_MAX}", file.path, index + 1));
            }
            let length = function_length(&lines[index..]);
            if length > FUNCTION_LINES_MAX {
                let at = format!("{}:{}", file.path, index + 1);
                faults.push(format!("{at}: a function of {length} lines, at most {FUNCTION_LINES_MAX}"));
            }
        }
    }
    none(&faults);
}

/// How many lines the function takes that begins in the first line; 0 when none begins there. The formatter has put its
/// last brace under its first letter.
fn function_length(lines: &[&str]) -> usize {
    let first = lines[0];
    let indent = first.len() - first.trim_start().len();
    let head = first.trim_start();
    let starts = ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "const fn ", "pub const fn "];
    if !starts.iter().any(|start| head.starts_with(start)) || head.ends_with('}') || head.ends_with(';') {
        return 0;
    }
    let end = |line: &&str| line.trim_end() == format!("{}}}", " ".repeat(indent));
    lines.iter().position(end).map_or(0, |last| last + 1)
}

/// Types whose constants are numbers that somebody chose.
const NUMBERS: &[&str] = &["u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "f32", "f64", "Span", "Time"];

/// Names whose numbers nobody chose.
const UNITS: &[&str] = &["_", "MINUTE", "HOUR", "DAY", "YEAR"];

#[test]
fn every_chosen_number_tells_where_it_is_from() {
    let mut faults = Vec::new();
    for file in &sources("src") {
        let lines: Vec<&str> = file.code.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let declared = line.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
            let Some(declared) = declared.trim_start_matches("pub ").strip_prefix("const ") else { continue };
            let Some((name, kind)) = declared.split_once(": ") else { continue };
            let kind = kind.split([' ', '=']).next().unwrap_or_default();
            if UNITS.contains(&name) || !NUMBERS.contains(&kind.rsplit("::").next().unwrap_or(kind)) {
                continue;
            }
            let above = lines[..index].iter().rev().take_while(|line| !line.is_empty());
            if !above.chain([line]).any(|line| line.contains("Source:") || line.contains("Ours")) {
                faults.push(format!("{}:{}: {name} needs `Source:` or `Ours:` with its reason", file.path, index + 1));
            }
        }
    }
    none(&faults);
}

/// Keys and arguments of all `reasons!` outside tests, with the place.
fn reasons() -> Vec<(String, String, Vec<String>)> {
    let mut found = Vec::new();
    for file in sources("src").iter().filter(|file| file.path != "src/journal/reasons.rs") {
        let mut room = None;
        for (number, line) in file.lines() {
            let line = line.trim().trim_start_matches("warning ");
            if let Some((_, name)) = line.split_once("reasons! { \"") {
                room = name.split('"').next().map(str::to_string);
            } else if line == "}" {
                room = None;
            } else if let (Some(room), Some((name, args))) = (&room, line.split_once('('))
                && !line.starts_with("//")
            {
                let args = args.split(')').next().unwrap_or_default();
                let args = args.split(',').map(|arg| arg.trim().to_string()).filter(|arg| !arg.is_empty());
                found.push((format!("{}:{number}", file.path), format!("{room}.{name}"), args.collect()));
            }
        }
    }
    found
}

#[test]
fn every_reason_has_a_sentence() {
    let text = fs::read_to_string(root().join("static/locales/en/why.txt")).expect("why.txt");
    let sentences: Vec<(&str, &str)> =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = ")).collect();
    let mut faults = Vec::new();
    let reasons = reasons();
    assert!(!reasons.is_empty(), "no reason found: this test reads the sources wrongly");
    for (at, key, args) in &reasons {
        let Some((_, sentence)) = sentences.iter().find(|(known, _)| known == key) else {
            faults.push(format!("{at}: {key}({}) has no sentence in why.txt", args.join(", ")));
            continue;
        };
        let used = sentence.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        for name in used.filter(|name| !args.iter().any(|arg| arg == name)) {
            faults.push(format!("{at}: {key} has no argument `{name}`, which its sentence names"));
        }
    }
    // `value.NAME.VALUE` is said in place of a value of an argument of that name.
    let named = |name: &str| reasons.iter().any(|(.., args)| args.iter().any(|arg| arg == name));
    let given = |known: &str| match known.strip_prefix("value.").and_then(|rest| rest.split_once('.')) {
        Some((name, _)) => named(name),
        None => reasons.iter().any(|(_, key, _)| key == known),
    };
    let orphans = sentences.iter().filter(|(known, _)| !given(known));
    faults.extend(orphans.map(|(key, _)| format!("static/locales/en/why.txt: nothing gives the reason {key}")));
    none(&faults);
}

#[test]
fn every_named_difference_is_written_down() {
    let text = fs::read_to_string(root().join("docs/fidelity.md")).unwrap_or_default();
    let mut faults = Vec::new();
    for file in &sources("src") {
        for (number, line) in file.lines() {
            for (at, _) in line.match_indices("FID-") {
                let id: String = line[at..].chars().take(7).collect();
                if id[4..].chars().all(|c| c.is_ascii_digit()) && id.len() == 7 && !text.contains(&id) {
                    faults.push(format!("{}:{number}: {id} is not in docs/fidelity.md", file.path));
                }
            }
        }
    }
    none(&faults);
}
