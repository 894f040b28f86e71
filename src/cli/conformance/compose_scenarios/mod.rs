//! `conformance compose-scenarios DIR… --emit OUT`: plays recorded scenarios of Docker Compose and writes what happened in the
//! recorded format. A folder is a scenario when it holds `actions`; any other folder is searched for such folders.

mod facts;
mod judge;
mod lab;
mod play;
mod rows;

pub use judge::compare;

use super::{Outcome, Report, Request};
use crate::text::json;
use std::path::{Path, PathBuf};

/// The family `compose-scenarios`.
pub fn run(request: &Request) -> Outcome {
    let Some(out) = &request.emit else {
        return Outcome::usage("conformance compose-scenarios DIR... --emit OUT: the folder for our traces is missing");
    };
    let mut folders = Vec::new();
    request.files.iter().for_each(|dir| find(Path::new(dir), "actions", &mut folders));
    let mut report = Report::default();
    for folder in folders {
        let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if request.only.as_deref().is_some_and(|prefix| !name.starts_with(prefix)) {
            continue;
        }
        match emit(&folder, &name, &Path::new(out).join(&name)) {
            Ok(()) => report.passed += 1,
            Err(words) => report.failed.push((name, words)),
        }
    }
    report.print(true)
}

/// Folders that hold a file of this name.
fn find(dir: &Path, file: &str, out: &mut Vec<PathBuf>) {
    if dir.join(file).is_file() {
        return out.push(dir.to_path_buf());
    }
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut inside: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.join(file).is_file()).collect();
    inside.sort();
    out.append(&mut inside);
}

fn emit(folder: &Path, name: &str, out: &Path) -> Result<(), String> {
    let at = |error: std::io::Error| format!("{}: {error}", folder.display());
    let actions = std::fs::read_to_string(folder.join("actions")).map_err(at)?;
    let mut files = Vec::new();
    texts(folder, "", &mut files).map_err(at)?;
    let rows = play::play(name, &actions, &files);
    std::fs::create_dir_all(out).map_err(at)?;
    let style = json::Style { escape_html: false, ..json::Style::IN_ORDER };
    let text: String = rows.iter().map(|row| json::write(row, style) + "\n").collect();
    std::fs::write(out.join("trace.jsonl"), text).map_err(at)
}

/// Every file of a scenario by its path inside, without what was recorded.
fn texts(dir: &Path, inside: &str, out: &mut Vec<(String, String)>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)?.flatten() {
        let name = format!("{inside}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            texts(&entry.path(), &format!("{name}/"), out)?;
        } else if !matches!(name.as_str(), "actions" | "trace.jsonl" | "transcript.txt") {
            out.push((name, String::from_utf8_lossy(&std::fs::read(entry.path())?).into_owned()));
        }
    }
    Ok(())
}
