//! The ready duels as a person follows them: opened from the list of examples, played to their end at full speed, and read in
//! the report. Its figures are those of `docs/duel.md`, its words those of the reader's language.

use crate::driver::{Screen, until};
use crate::page::App;
use serde_json::{Value, json};
use std::path::Path;

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

/// A duel, as its page in `docs/duel.md` and its files have it.
struct Duel {
    folder: String,
    title: String,
    minutes: u64,
    /// Availability, seconds not all answered, 95th percentile, restarts, lines typed: Compose, Kubernetes.
    figures: [[String; 2]; 5],
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

/// The duels of the table of numbers, in the words and numbers of a language.
fn duels(tag: &str) -> Vec<Duel> {
    let docs = read("docs/duel.md");
    let rows = docs.lines().filter(|l| l.starts_with("| [") && l.contains("tests/cases/duel/"));
    let duel = |row: &str| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let page = cells[1].split("duel/").nth(1).and_then(|p| p.split(".md").next()).expect("a page");
        let folder = format!("duel-{}", page.replace('_', "-"));
        let pair = |cell: usize, unit: &str| {
            let mut two = cells[cell].trim_end_matches(unit).split(" · ").map(|n| number(n, tag) + unit);
            [(); 2].map(|()| two.next().expect("two houses").replace(&format!("{unit}{unit}"), unit))
        };
        let script = read(&format!("static/examples/{folder}/duel.scenario.yaml"));
        let until = script.lines().find_map(|l| l.strip_prefix("until: ")?.strip_suffix('m')?.parse().ok());
        let words = read(&format!("static/examples/{folder}/{tag}.txt"));
        Duel {
            title: words.lines().next().expect("a title").into(),
            minutes: until.expect("an end"),
            figures: [pair(2, " %"), pair(3, ""), pair(5, " ms"), pair(6, ""), pair(7, "")],
            folder,
        }
    };
    rows.map(duel).collect()
}

/// A number of the English table as a language writes it.
fn number(text: &str, tag: &str) -> String {
    if tag == "de" { text.replace('.', ",") } else { text.into() }
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
    let wanted = ["availability", "bad_seconds", "latency", "restarts", "commands"];
    let shown = until(&format!("the figures of {folder}"), || {
        let rows = app.figures(words);
        let row = |key: &str| rows.iter().find(|r| r.first() == Some(word(&format!("row.{key}"))));
        let right = |(key, two): (&&str, &[String; 2])| row(key).is_some_and(|r| r[1..] == two[..]);
        let all = wanted.iter().zip(&duel.figures).all(right);
        if !all && std::env::var("SHOW").is_ok() {
            println!("{folder}: wanted {:?}, seen {rows:?}", duel.figures);
        }
        all.then_some(rows)
    });
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
    assert_eq!(all.len(), 10);
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
