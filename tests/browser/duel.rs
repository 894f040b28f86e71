//! The ready duels as a person follows them: opened from the list of examples, played to their end at full speed, and read in
//! the report. Its figures are those that the command line prints, its words those of the reader's language.

use crate::driver::{Screen, until};
use crate::page::App;
use orchestrion::duel::text;
use orchestrion::session::{Command, DuelReport, File, Session};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long a report may take to show the figures of the moment. Ours: a page asks anew every second.
const REPORT: Duration = Duration::from_secs(20);

/// What a page in a language calls the things that the way leads along.
struct Words {
    tag: &'static str,
    examples: &'static str,
    files: &'static str,
    clock: &'static str,
    report: &'static str,
}

const ENGLISH: Words = Words {
    tag: "en",
    examples: "Examples",
    files: "Files",
    clock: "Moment; type another one",
    report: "What differed",
};
const GERMAN: Words = Words {
    tag: "de",
    examples: "Beispiele",
    files: "Dateien",
    clock: "Moment; einen anderen eintippen",
    report: "Was sich unterschied",
};

/// A duel.
struct Duel {
    folder: String,
    title: String,
    minutes: u64,
    /// What the command line prints of it.
    printed: String,
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// `key = words` of a catalogue, with all forms of the words.
fn catalogue(tag: &str, name: &str) -> Vec<(String, String)> {
    let text = read(&format!("static/locales/{tag}/{name}.txt"));
    let lines = text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once(" = "));
    lines.map(|(key, words)| (key.trim().to_string(), words.trim().to_string())).collect()
}

/// The folders of all duels, and when they end.
fn folders() -> Vec<(String, u64)> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/examples");
    let names = std::fs::read_dir(examples).expect("examples").flatten();
    let mut all: Vec<String> = names.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    all.retain(|name| name.starts_with("duel-"));
    all.sort();
    let minutes = |folder: String| {
        let script = read(&format!("static/examples/{folder}/duel.scenario.yaml"));
        let until = script.lines().find_map(|l| l.strip_prefix("until: ")?.strip_suffix('m')?.parse().ok());
        (folder, until.expect("an end"))
    };
    all.into_iter().map(minutes).collect()
}

/// The report of a duel at its end, played here.
fn played(folder: &str, minutes: u64) -> DuelReport {
    let file = |name: &str| File { name: name.into(), text: read(&format!("static/examples/{folder}/{name}")) };
    let folder_path = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/examples").join(folder);
    let mut names = vec!["compose.yaml", ".env", "kubernetes.yaml", "duel.scenario.yaml"];
    names.retain(|name| folder_path.join(name).exists());
    let files = names.into_iter().map(file).collect();
    let mut session = Session::default();
    session.command(1, Command::Open { files, seed: 1, log: Vec::new(), at: 0 });
    session.command(2, Command::Seek { to: minutes * 60_000_000 });
    while session.busy() {
        session.go_on(2);
    }
    session.command(3, Command::Duel).duel.expect("a report")
}

/// All duels with what the command line says of them in a language. They are played once for all tests.
fn duels(tag: &str) -> Vec<Duel> {
    static PLAYED: OnceLock<Vec<(String, u64, DuelReport)>> = OnceLock::new();
    let all = PLAYED.get_or_init(|| {
        let play = |(folder, minutes): (String, u64)| {
            let report = played(&folder, minutes);
            (folder, minutes, report)
        };
        folders().into_iter().map(play).collect()
    });
    let duel = |(folder, minutes, report): &(String, u64, DuelReport)| Duel {
        title: read(&format!("static/examples/{folder}/{tag}.txt")).lines().next().expect("a title").into(),
        printed: text(report, tag),
        minutes: *minutes,
        folder: folder.clone(),
    };
    all.iter().map(duel).collect()
}

/// The two figures of a row of the printed table.
fn printed(duel: &Duel, label: &str) -> Vec<String> {
    let cells = |line: &str| -> Option<Vec<String>> {
        let rest = line.strip_prefix(label).filter(|rest| rest.starts_with("  "))?;
        Some(rest.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(String::from).collect())
    };
    duel.printed.lines().find_map(cells).unwrap_or_else(|| panic!("{}: no row {label}", duel.folder))
}

impl App {
    /// Opens an example from the list, wherever that is on this screen.
    fn pick(&self, title: &str, words: &Words) {
        if self.look("tab", words.examples).is_none() {
            self.click("button", words.files);
        }
        self.click("tab", words.examples);
        self.click("button", title);
    }

    /// Lets the run play at full speed until it has passed a moment, then goes there.
    fn play_to(&self, minutes: u64, words: &Words) {
        self.browser.js("document.activeElement.blur()", &[]);
        let fastest =
            "const s = document.querySelector('.speed select'); return s.selectedIndex === s.options.length - 1";
        while self.browser.js(fastest, &[]) != json!(true) {
            self.browser.press(&[">"]);
        }
        let passed = "return Number(document.querySelector('#slider').value) >= arguments[0] * 60000";
        until("the end", || (self.browser.js(passed, &[json!(minutes)]) == json!(true)).then_some(()));
        self.browser.press(&["k"]);
        let clock = self.find("textbox", words.clock);
        let type_in = "const [e, value] = arguments; e.focus(); e.value = value;
            e.dispatchEvent(new Event('input', { bubbles: true }))";
        self.browser.js(type_in, &[clock, json!(format!("{minutes}:00"))]);
        self.browser.press(&["Enter"]);
        let there = "return Number(document.querySelector('#slider').value) === arguments[0] * 60000";
        until("the moment", || (self.browser.js(there, &[json!(minutes)]) == json!(true)).then_some(()));
    }

    /// The cells of the report's table, a row each, without what parts thousands.
    fn figures(&self, words: &Words) -> Vec<Vec<String>> {
        let thousands = if words.tag == "de" { "." } else { "," };
        let cells = "return [...document.querySelectorAll('.figures tr')].map(r =>
            [...r.cells].map((c, i) => i === 0 ? c.textContent : c.textContent.replaceAll(arguments[0], '')))";
        let rows = self.browser.js(cells, &[json!(thousands)]);
        let plain = |cell: &Value| cell.as_str().unwrap_or_default().trim().replace('\u{a0}', " ");
        let texts = |row: &Value| row.as_array().into_iter().flatten().map(plain).collect();
        rows.as_array().into_iter().flatten().map(texts).collect()
    }

    /// Everything that a page says to anybody, seen or spoken.
    fn all_words(&self) -> String {
        let all = "return [document.body.innerText, ...[...document.querySelectorAll('[aria-label],[title],[aria-valuetext]')]
            .flatMap(e => ['aria-label', 'title', 'aria-valuetext'].map(n => e.getAttribute(n) ?? ''))].join('\\n')";
        self.browser.js(all, &[]).as_str().unwrap_or_default().to_string()
    }
}

/// Whether a sentence of a catalogue, with something in its gaps, stands in a text.
fn says(text: &str, sentence: &str) -> bool {
    let pieces: Vec<&str> = sentence.split('{').map(|p| p.split_once('}').map_or(p, |(_, rest)| rest)).collect();
    let mut rest = text;
    pieces.iter().all(|piece| match rest.find(piece) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

/// The report at the end of a duel: both houses, the figures, the words.
fn reads_well(app: &App, duel: &Duel, words: &Words) {
    let folder = &duel.folder;
    let catalogue = catalogue(words.tag, "duel");
    let word = |key: &str| &catalogue.iter().find(|(k, _)| k == key).unwrap_or_else(|| panic!("{key}")).1;
    let keys = ["availability", "requests", "failed", "latency", "bad_seconds", "restarts", "made", "commands"];
    let wanted: Vec<(&String, Vec<String>)> =
        keys.iter().map(|key| word(&format!("row.{key}"))).map(|label| (label, printed(duel, label))).collect();
    let mut shown = Vec::new();
    let right = |rows: &[Vec<String>]| {
        wanted.iter().all(|(label, two)| rows.iter().any(|row| row.first() == Some(*label) && row[1..] == two[..]))
    };
    let end = Instant::now() + REPORT;
    while !right(&shown) {
        assert!(Instant::now() < end, "{folder}: wanted {wanted:?}, seen {shown:?}");
        shown = app.figures(words);
    }
    assert_eq!(shown[0][1..], ["Compose", "Kubernetes"], "{folder}");
    for row in &shown[1..] {
        assert!(catalogue.iter().any(|(k, w)| k.starts_with("row.") && *w == row[0]), "{folder}: {row:?}");
    }
    let findings = app.browser.js("return [...document.querySelectorAll('.findings b')].map(b => b.textContent)", &[]);
    let findings: Vec<&str> = findings.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert!(!findings.is_empty(), "{folder}");
    for finding in &findings {
        let known = catalogue.iter().any(|(k, w)| k.starts_with("find.") && says(finding, w));
        assert!(known, "{folder}: \"{finding}\" is in no catalogue of {}", words.tag);
    }
}

/// No key stands where words should.
fn is_translated(app: &App, folder: &str) {
    let said = app.all_words();
    let tokens: std::collections::BTreeSet<&str> =
        said.split(|c: char| !(c.is_ascii_lowercase() || c == '.' || c == '_')).collect();
    for name in ["ui", "duel", "faults", "why", "problems"] {
        for (key, _) in catalogue("en", name).iter().filter(|(key, _)| key.contains('.')) {
            assert!(!tokens.contains(key.as_str()), "{folder}: the key {key} stands in the page");
        }
    }
}

fn follows_each(words: &Words) {
    let app = App::open(Screen::DESKTOP);
    if words.tag == "de" {
        app.click("button", "Deutsch");
    }
    let all = duels(words.tag);
    assert_eq!(all.len(), 11);
    for duel in &all {
        app.pick(&duel.title, words);
        until(&format!("both houses of {}", duel.folder), || {
            let count = app.text_of("#count");
            (count.contains("Pods") || count.contains("pods")).then_some(()).filter(|()| count.contains('·'))
        });
        app.play_to(duel.minutes, words);
        app.click("button", words.report);
        app.find("heading", words.report);
        reads_well(&app, duel, words);
        is_translated(&app, &duel.folder);
        assert_eq!(app.browser.console_errors(), Vec::<String>::new(), "{}", duel.folder);
    }
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn every_duel_is_followed_to_its_report() {
    follows_each(&ENGLISH);
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn every_duel_is_followed_in_german() {
    follows_each(&GERMAN);
}

/// Whoever breaks a service by hand breaks it in both houses, if they wish so, and the report tells of one fault.
#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_fault_befalls_both_houses_at_the_same_moment() {
    let app = App::open(Screen::DESKTOP);
    app.pick(&read("static/examples/duel-drift/en.txt").lines().next().map(String::from).expect("a title"), &ENGLISH);
    until("both houses", || app.text_of("#count").contains('·').then_some(()));
    app.select_at_host("shop-app-1");
    app.act("Timed, repeated or by chance …");
    app.fill("combobox", "How long", "10");
    app.click("checkbox", "In both houses at the same moment: app");
    app.is_sound();
    app.click("button", "Let it happen");
    app.click("button", ENGLISH.report);
    app.says("app/app");
    app.is_sound();
}
