//! `conformance scenarios DIR… --emit OUT` and `conformance kubelet DIR… --emit OUT`: plays recorded scenarios and writes
//! what happened in the recorded format, so that both can be compared fact by fact.
//!
//! Each step is taken when the recording took it (`actions.jsonl`: what was really done when), and its lines take as long as they
//! took there, unless they wait for something: what then still differs is behaviour, not how busy the recorded machine was. With `--planned`, or where
//! no times were recorded, steps come as planned. `--seed N` plays with another chance: a recorded fact that no chance brings forth
//! is a rule that is wrong here; one that some bring forth is luck.
//!
//! A folder is a scenario when it holds `scenario.yaml`; any other folder is searched for such folders.

mod host;
mod pace;
mod play;
mod project;
mod raw;
pub mod setup;

use super::{Outcome, Report, Request};
use crate::text::{Value, json, yaml};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Which cluster the scenarios were recorded on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lab {
    /// Control plane with fake kubelets.
    Fake,
    /// Real kubelets with real containers.
    Real,
}

/// The family `scenarios`.
pub fn scenarios(request: &Request) -> Outcome {
    run(request, Lab::Fake)
}

/// The family `kubelet`.
pub fn kubelet(request: &Request) -> Outcome {
    run(request, Lab::Real)
}

fn run(request: &Request, lab: Lab) -> Outcome {
    let Some(out) = &request.emit else {
        return Outcome::usage("conformance scenarios DIR... --emit OUT: the folder for our traces is missing");
    };
    let mut folders = Vec::new();
    request.files.iter().for_each(|dir| find(Path::new(dir), &mut folders));
    let mut report = Report::default();
    for folder in folders {
        let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if request.only.as_deref().is_some_and(|prefix| !name.starts_with(prefix)) {
            continue;
        }
        match emit(&folder, &Path::new(out).join(&name), lab, request) {
            Ok(()) => report.passed += 1,
            Err(words) => report.failed.push((name, words)),
        }
    }
    report.print(true)
}

fn find(dir: &Path, out: &mut Vec<PathBuf>) {
    if dir.join("scenario.yaml").is_file() {
        return out.push(dir.to_path_buf());
    }
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut inside: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect();
    inside.sort();
    out.extend(inside.into_iter().filter(|p| p.join("scenario.yaml").is_file()));
}

/// Plays one scenario and writes its three files.
fn emit(folder: &Path, out: &Path, lab: Lab, request: &Request) -> Result<(), String> {
    let at = |error: std::io::Error| format!("{}: {error}", folder.display());
    let text = std::fs::read_to_string(folder.join("scenario.yaml")).map_err(at)?;
    let (documents, problems) = yaml::read("scenario.yaml", &text);
    let scenario = match (documents.first(), problems.first()) {
        (Some(document), None) => document.node.to_value(),
        (_, Some(problem)) => return Err(problem.message.clone()),
        _ => return Err("the scenario is empty".into()),
    };
    let steps = if request.pace { steps(folder) } else { BTreeMap::new() };
    let taken = play::Taken { started: started(folder), steps, seed: request.seed };
    let run = play::play(&scenario, lab, &taken);
    std::fs::create_dir_all(out).map_err(at)?;
    for (file, lines) in [("trace.jsonl", &run.trace), ("kubectl.jsonl", &run.kubectl), ("actions.jsonl", &run.actions)]
    {
        let style = json::Style { escape_html: false, ..json::Style::COMPACT };
        let text: String = lines.iter().map(|line| json::write(line, style) + "\n").collect();
        std::fs::write(out.join(file), text).map_err(at)?;
    }
    Ok(())
}

/// The date at which the recording began, as the list beside the folder says: cron jobs depend on it.
fn started(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.parent()?.join("index.jsonl")).ok()?;
    let name = folder.file_name()?.to_string_lossy().into_owned();
    let mut lines = text.lines().filter_map(|line| json::parse(line).ok());
    lines.find(|line| line.str_at(&["name"]) == Some(&*name))?.str_at(&["started"]).map(str::to_string)
}

/// When each step of a recording began and ended, in seconds.
fn steps(folder: &Path) -> BTreeMap<i64, (f64, f64)> {
    let text = std::fs::read_to_string(folder.join("actions.jsonl")).unwrap_or_default();
    let time = |line: &Value, key: &str| match line.get(key)? {
        Value::Int(n) => Some(*n as f64),
        Value::Float(f) => Some(*f),
        _ => None,
    };
    let one = |line: &str| {
        let line = json::parse(line).ok()?;
        Some((line.int_at(&["step"])?, (time(&line, "t")?, time(&line, "t_end")?)))
    };
    text.lines().filter_map(one).collect()
}
