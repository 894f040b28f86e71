//! Checks the text catalogues and turns them into Rust. A catalogue is `static/locales/<language>/<name>.txt`, one
//! `key = text` a line, `#` for remarks, `{name}` for what is filled in, `one form | other form` where a count decides,
//! `\n` for a line break. A key that one language lacks, or whose placeholders or number of forms differ, fails the build.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, process};

/// The languages, the reference first.
pub const LANGUAGES: [&str; 2] = ["en", "de"];
/// The catalogues: `ui` becomes functions, the others are looked up by key at run time.
pub const CATALOGUES: [&str; 5] = ["ui", "why", "problems", "faults", "duel"];

/// One text in one language: where it stands and its forms.
#[derive(Clone, Debug)]
pub struct Text {
    /// `file:line`.
    pub at: String,
    /// One form, or two: for one and for any other count.
    pub forms: Vec<String>,
}

/// Key to text.
pub type Catalogue = BTreeMap<String, Text>;

fn main() {
    println!("cargo::rerun-if-changed=static/locales");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=EDITOR_VERSION={}", editor_version());
    let mut problems = Vec::new();
    let mut out = String::new();
    for name in CATALOGUES {
        let read = LANGUAGES.map(|language| {
            let file = format!("static/locales/{language}/{name}.txt");
            let text = fs::read_to_string(&file).unwrap_or_default();
            parse(&file, &text, &mut problems)
        });
        compare(name, &read, &mut problems);
        if problems.is_empty() {
            out += &if name == "ui" { functions(&read) } else { table(name, &read) };
        }
    }
    if !problems.is_empty() {
        problems.iter().for_each(|problem| println!("cargo::error={problem}"));
        process::exit(1);
    }
    let target = env::var("OUT_DIR").unwrap_or_default();
    if let Err(error) = fs::write(Path::new(&target).join("texts.rs"), out) {
        println!("cargo::error=texts.rs: {error}");
    }
}

/// A number that changes with the editor's sources, so that a browser never mixes an old one with a new page.
fn editor_version() -> String {
    let mut number = 0xcbf2_9ce4_8422_2325_u64;
    for file in ["static/editor/editor.js", "tools/package-lock.json"] {
        println!("cargo::rerun-if-changed={file}");
        for byte in fs::read(file).unwrap_or_default() {
            number = (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{number:016x}")
}

/// Reads one catalogue; faults go to `problems` as `file:line: message`.
pub fn parse(file: &str, text: &str, problems: &mut Vec<String>) -> Catalogue {
    let mut all = Catalogue::new();
    for (index, line) in text.lines().enumerate() {
        let at = format!("{file}:{}", index + 1);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((key, text)) = line.split_once(" = ") else {
            problems.push(format!("{at}: not `key = text`"));
            continue;
        };
        let key = key.trim();
        if !key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.') {
            problems.push(format!("{at}: `{key}`: a key has small letters, digits, `_` and `.`"));
        }
        let forms: Vec<String> = text.split(" | ").map(|form| form.trim().replace("\\n", "\n")).collect();
        if forms.len() > 2 || forms.iter().any(String::is_empty) {
            problems.push(format!("{at}: `{key}`: one form, or two with ` | ` between them"));
        }
        if forms.len() == 2 && counter(&forms).is_none() {
            problems.push(format!("{at}: `{key}`: two forms, but no placeholder to count by"));
        }
        if all.insert(key.to_string(), Text { at: at.clone(), forms }).is_some() {
            problems.push(format!("{at}: `{key}` is there twice"));
        }
    }
    all
}

/// Whether all languages say the same things with the same placeholders and forms.
pub fn compare(name: &str, languages: &[Catalogue; 2], problems: &mut Vec<String>) {
    let [reference, other] = languages;
    for (key, text) in reference {
        let Some(twin) = other.get(key) else {
            problems.push(format!("{}: `{key}` is missing in {}/{name}.txt", text.at, LANGUAGES[1]));
            continue;
        };
        if text.forms.len() != twin.forms.len() {
            problems.push(format!("{}: `{key}`: the number of forms differs from {}", twin.at, text.at));
        }
        if sorted(&text.forms) != sorted(&twin.forms) {
            problems.push(format!("{}: `{key}`: the placeholders differ from {}", twin.at, text.at));
        }
        if text.forms.len() == 2 && counter(&text.forms) != counter(&twin.forms) {
            problems.push(format!("{}: `{key}`: counts by another placeholder than {}", twin.at, text.at));
        }
    }
    for (key, text) in other.iter().filter(|(key, _)| !reference.contains_key(*key)) {
        problems.push(format!("{}: `{key}` is missing in {}/{name}.txt", text.at, LANGUAGES[0]));
    }
}

/// All placeholders of all forms, in order of appearance in the last form (the fullest one).
fn placeholders(forms: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for form in forms.iter().rev() {
        let mut rest = form.as_str();
        while let Some((_, tail)) = rest.split_once('{') {
            let Some((name, tail)) = tail.split_once('}') else { break };
            if !found.iter().any(|known| known == name) {
                found.push(name.to_string());
            }
            rest = tail;
        }
    }
    found
}

fn sorted(forms: &[String]) -> BTreeSet<String> {
    placeholders(forms).into_iter().collect()
}

/// The placeholder that decides between two forms: `n`, else the first one of the second form.
fn counter(forms: &[String]) -> Option<String> {
    let all = placeholders(forms);
    all.iter().find(|name| *name == "n").or(all.first()).cloned()
}

/// One function for each UI text; keys `a.b` become `a_b`.
fn functions(languages: &[Catalogue; 2]) -> String {
    let [reference, other] = languages;
    let mut out = String::from("impl Texts {\n");
    for (key, text) in reference {
        let twin = &other[key];
        let name = key.replace('.', "_");
        let names = placeholders(&text.forms);
        let _ = writeln!(out, "    /// {}", text.forms.join(" | ").replace('\n', " "));
        if names.is_empty() {
            let pair = format!("{:?}, {:?}", text.forms[0], twin.forms[0]);
            let _ = writeln!(out, "    pub fn {name}(self) -> &'static str {{\n        self.pick({pair})\n    }}");
            continue;
        }
        let count = if text.forms.len() == 2 { counter(&text.forms) } else { None };
        let params: String = names.iter().map(|name| format!(", {name}: impl Display")).collect();
        let values: String = names.iter().map(|name| format!("({name:?}, &{name}), ")).collect();
        let _ = writeln!(
            out,
            "    pub fn {name}(self{params}) -> String {{\n        fill(self.pick(&{:?}, &{:?}), {:?}, &[{values}])\n    }}",
            text.forms,
            twin.forms,
            count.unwrap_or_default(),
        );
    }
    out + "}\n"
}

/// One sorted table for texts whose key is known only at run time: key, counting placeholder, forms by language.
fn table(name: &str, languages: &[Catalogue; 2]) -> String {
    let [reference, other] = languages;
    let mut out = format!("static {}: &[Entry] = &[\n", name.to_uppercase());
    for (key, text) in reference {
        let count = if text.forms.len() == 2 { counter(&text.forms).unwrap_or_default() } else { String::new() };
        let _ = writeln!(out, "    ({key:?}, {count:?}, [&{:?}, &{:?}]),", text.forms, other[key].forms);
    }
    out + "];\n"
}
