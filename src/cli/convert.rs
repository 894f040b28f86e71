//! `orchestrion convert COMPOSE…`: Kubernetes manifests on standard output; on standard error what has no counterpart, what
//! is to be decided and what was assumed, each with its place in the Compose file.

use super::{Outcome, folder, take_option};
use crate::compose::files::{Members, Place, Project, Request, Tree, load};
use crate::convert::{Converted, Note, Sort, convert, say};
use crate::map;
use crate::text::{Map, Value, json};
use std::fmt::Write;

/// How it is called.
pub const USAGE: &str = "convert COMPOSE... [--env NAME=VALUE]... [--profile NAME]... [--language de] [--format json]";

/// The command.
pub fn run(args: &[String]) -> Outcome {
    let mut args = args.to_vec();
    let format = take_option(&mut args, "--format");
    let language = take_option(&mut args, "--language").unwrap_or_default();
    let mut request = Request::default();
    while let Some(pair) = take_option(&mut args, "--env") {
        let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
        request.env.insert(name.into(), value.into());
    }
    while let Some(profile) = take_option(&mut args, "--profile") {
        request.profiles.push(profile);
    }
    if args.is_empty() || args.iter().any(|arg| arg.starts_with("--")) {
        return Outcome::usage(USAGE);
    }
    request.files = args;
    let (project, converted, mut err) = match converted(request) {
        Ok(found) => found,
        Err(outcome) => return outcome,
    };
    match format.as_deref() {
        None | Some("text") => {
            err += &remarks(&project, &converted, &language);
            Outcome { out: converted.text(), err, code: 0 }
        }
        Some("json") => {
            let value = as_value(&project, &converted, &language);
            let out = json::write(&value, json::Style { indent: 2, ..json::Style::IN_ORDER }) + "\n";
            Outcome { out, err, code: 0 }
        }
        Some(other) => Outcome::usage(format!("no format {other}: text or json")),
    }
}

/// Reads a project and converts it; warnings are the text.
pub fn converted(mut request: Request) -> Result<(Project, Converted, String), Outcome> {
    let (files, cwd) = folder::around(&request.files).map_err(Outcome::usage)?;
    request.cwd = cwd;
    let (project, warnings) = load(&files, &request);
    let mut err = String::new();
    for problem in &warnings {
        let _ = writeln!(err, "{}:{}:{}: warning: {}", problem.file, problem.at.line, problem.at.col, problem.message);
    }
    let project = project.map_err(|problem| {
        let err = format!("{err}{}\n", problem.message);
        Outcome { err, code: 1, ..Outcome::default() }
    })?;
    let converted = convert(&tree(&project), &|path| files.text(path).map(|text| text.to_string()));
    Ok((project, converted, err))
}

fn parts(project: &Project) -> [(&'static str, &Members); 5] {
    [
        ("services", &project.services),
        ("networks", &project.networks),
        ("volumes", &project.volumes),
        ("secrets", &project.secrets),
        ("configs", &project.configs),
    ]
}

/// The canonical tree of a project.
pub fn tree(project: &Project) -> Value {
    let mut all = Map::new();
    all.set("name", Value::str(project.name.as_str()));
    for (name, members) in parts(project) {
        let members: Map = members.iter().map(|(key, node)| (key.clone(), node.to_value())).collect();
        all.set(name, Value::Map(members));
    }
    Value::Map(all)
}

/// Where a path such as `services.web.ports` stands: the deepest part that was written.
fn place<'a>(project: &'a Project, path: &str) -> Option<&'a Place> {
    let mut steps = path.split('.');
    let part = steps.next()?;
    let members = parts(project).into_iter().find(|(name, _)| *name == part)?.1;
    // A key may hold dots itself.
    let rest = &path[part.len() + 1..];
    let (key, node) = members.iter().filter(|(k, _)| rest.starts_with(&***k)).max_by_key(|(k, _)| k.len())?;
    let mut best = &node.place;
    let mut node: &Tree = node;
    for step in rest[key.len()..].split('.').filter(|s| !s.is_empty()) {
        let Some(next) = node.get(step) else { break };
        node = next;
        if node.place.pos.line > 0 {
            best = &node.place;
        }
    }
    Some(best)
}

fn place_text(project: &Project, note: &Note) -> String {
    match place(project, &note.path) {
        Some(place) if place.pos.line > 0 => format!("{}:{}:{}: ", place.file, place.pos.line, place.pos.col),
        _ => String::new(),
    }
}

fn remarks(project: &Project, converted: &Converted, language: &str) -> String {
    let mut out = String::new();
    for sort in Sort::ALL {
        let of_sort: Vec<&Note> = converted.notes.iter().filter(|note| note.sort == sort).collect();
        if of_sort.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{} ({}):", say(language, sort.key(), &[]), of_sort.len());
        for note in of_sort {
            let _ = writeln!(out, "  {}{}: {}", place_text(project, note), note.path, note.text(language));
        }
    }
    out
}

fn as_value(project: &Project, converted: &Converted, language: &str) -> Value {
    let notes = converted.notes.iter().map(|note| {
        let place = place(project, &note.path).cloned().unwrap_or_default();
        Value::Map(map! {
            "sort" => say("en", note.sort.key(), &[]),
            "path" => note.path.as_str(),
            "key" => note.key,
            "text" => note.text(language),
            "file" => place.file,
            "line" => i64::from(place.pos.line),
            "column" => i64::from(place.pos.col),
        })
    });
    let notes: Vec<Value> = notes.collect();
    Value::Map(map! { "documents" => Value::List(converted.documents.clone()), "notes" => Value::List(notes) })
}
