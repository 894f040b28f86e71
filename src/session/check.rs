//! Reading files without touching the cluster: problems at their lines, a mark for each line that holds a field, and what
//! applying would change.

use super::update::{ChangeRow, Check, MarkRow, ProblemRow};
use crate::compose::files::is_compose;
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::decode::{Class, Decoded, decode};
use crate::kubernetes::objects::{Object, rules};
use crate::scenario::{Scenario, TextFile};
use crate::text::{Map, Problem, Severity, Value, steps, yaml};
use crate::world::World;
use std::collections::BTreeMap;

/// How many changed fields of one object are named. Ours: the list is a glance, not a diff.
const FIELDS_MAX: usize = 6;

/// Reads all files and compares them with the running cluster.
pub fn check(world: &World, files: &[TextFile]) -> Check {
    let cluster = &world.cluster;
    let (scenario, mut problems) = Scenario::read(files, 1);
    let mut marks = BTreeMap::new();
    let mut changes = Vec::new();
    let manifests = scenario.manifests();
    let manifests = manifests.iter().filter(|f| !is_compose(&f.name, &f.text));
    let (documents, found) = yaml::read_all(manifests.map(|f| (&*f.name, &*f.text)));
    problems.extend(found);
    for document in documents {
        let decoded = decode(&document.node, &[]);
        let mut own = decoded.problems.clone();
        own.extend(invalid(&decoded, &document));
        own.iter_mut().for_each(|p| p.file = document.file.clone());
        let refused = own.iter().any(|p| p.severity == Severity::Error);
        problems.extend(own);
        mark(&mut marks, &document.file, &decoded);
        if !refused {
            changes.push(change(cluster, &decoded));
        }
    }
    let mut marks: Vec<MarkRow> = marks.into_values().collect();
    if scenario.has_compose() {
        let found = super::docker::check(world.host.as_ref(), &scenario);
        problems.extend(found.problems);
        marks.extend(found.marks);
        changes.extend(found.changes);
    }
    problems.sort_by(|a, b| (&a.file, a.at).cmp(&(&b.file, b.at)));
    Check { problems: problems.iter().map(problem_row).collect(), marks, changes }
}

/// What validation says, each word at the line of its field.
fn invalid(decoded: &Decoded, document: &yaml::Document) -> Vec<Problem> {
    let Some(kind) = decoded.kind else { return Vec::new() };
    let mut tree = decoded.object.clone();
    if kind.namespaced() && tree.at(&["metadata", "namespace"]).is_none() {
        tree.set_at(&["metadata", "namespace"], "default");
    }
    rules::prepare_for_create(&mut tree, kind);
    let errors = rules::validate_create(&tree, kind);
    let place = |path: &str| document.node.place(&steps(path));
    errors.iter().map(|e| Problem::error("invalid", place(&e.path), e.to_string())).collect()
}

fn problem_row(problem: &Problem) -> ProblemRow {
    let (hint, args) = problem.hint.clone().unwrap_or_default();
    ProblemRow {
        file: problem.file.to_string(),
        line: problem.at.line,
        col: problem.at.col,
        error: problem.severity == Severity::Error,
        message: problem.message.clone(),
        hint: hint.to_string(),
        args,
    }
}

/// One mark a line: its worst class.
fn mark(marks: &mut BTreeMap<(String, u32), MarkRow>, file: &str, decoded: &Decoded) {
    for field in &decoded.classes {
        let class = match field.class {
            Class::Simulated => 's',
            Class::Accepted => 'a',
            Class::Rejected => 'r',
        };
        let row =
            MarkRow { file: file.into(), line: field.at.line, class, path: field.path.clone(), note: String::new() };
        let key = (file.to_string(), field.at.line);
        match marks.get_mut(&key) {
            Some(old) if rank(old.class) < rank(class) => *old = row,
            Some(_) => {}
            None => drop(marks.insert(key, row)),
        }
    }
}

fn rank(class: char) -> u8 {
    match class {
        's' => 0,
        'a' => 1,
        'd' => 2,
        _ => 3,
    }
}

/// What applying this document would do.
fn change(cluster: &Cluster, decoded: &Decoded) -> ChangeRow {
    let tree = &decoded.object;
    let text = |path: &[&str]| tree.str_at(path).unwrap_or_default();
    let (version, kind_name, name) = (text(&["apiVersion"]), text(&["kind"]), text(&["metadata", "name"]));
    let group = crate::kubernetes::objects::group_of(version);
    let kind_word = kind_name.to_lowercase();
    let object = if group.is_empty() { format!("{kind_word}/{name}") } else { format!("{kind_word}.{group}/{name}") };
    let new = ChangeRow { sign: '+', object, ..ChangeRow::default() };
    let api = &cluster.api;
    let Some(kind) = api.kinds.find(version, kind_name) else { return new };
    let namespace = match api.kinds.namespaced(kind) {
        true => tree.str_at(&["metadata", "namespace"]).unwrap_or("default"),
        false => "",
    };
    let Some(there) = api.store.by_name(kind, namespace, name) else { return new };
    let fields = differences(cluster, there, tree);
    let rollout = there.deployment().is_some() && fields.iter().any(|f| f.starts_with("spec.template."));
    let sign = if fields.is_empty() { '=' } else { '~' };
    ChangeRow { sign, fields, rollout, ..new }
}

/// Fields that the document sets and that are otherwise in the running object: `spec.replicas: 3 → 4`.
fn differences(cluster: &Cluster, there: &Object, wanted: &Value) -> Vec<String> {
    let running = cluster.api.tree(there);
    let mut out = Vec::new();
    let mut defaulted = wanted.clone();
    if let Some(kind) = crate::kubernetes::apiserver::info_of(wanted) {
        rules::default_object(&mut defaulted, kind);
    }
    compare(&running, wanted, &defaulted, "", &mut out);
    out
}

/// Walks what the person wrote (`wanted`), taking values from its defaulted form.
fn compare(running: &Value, wanted: &Value, defaulted: &Value, path: &str, out: &mut Vec<String>) {
    if out.len() >= FIELDS_MAX {
        return;
    }
    match (wanted, defaulted) {
        (Value::Map(members), _) => {
            for (key, value) in Map::iter(members) {
                let below = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
                let missing = Value::Null;
                let (a, d) = (running.get(key).unwrap_or(&missing), defaulted.get(key).unwrap_or(value));
                if !matches!(below.as_str(), "status" | "metadata.creationTimestamp") {
                    compare(a, value, d, &below, out);
                }
            }
        }
        (Value::List(items), Value::List(full)) => {
            let there = running.as_list().unwrap_or_default();
            if there.len() != items.len() {
                out.push(format!("{path}: {} → {}", there.len(), items.len()));
                return;
            }
            for (i, (value, d)) in items.iter().zip(full).enumerate() {
                compare(&there[i], value, d, &format!("{path}[{i}]"), out);
            }
        }
        _ if running == defaulted || (running.is_null() && defaulted.is_null()) => {}
        _ => out.push(format!("{path}: {} → {}", short(running), short(defaulted))),
    }
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => "–".to_string(),
        Value::Str(s) => s.to_string(),
        other => crate::text::json::write(other, crate::text::json::Style::COMPACT),
    };
    match text.char_indices().nth(40) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}
