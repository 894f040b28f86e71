//! A project as YAML and JSON, in the order of its types.
//! Source: compose-go v2.16.1 types/project.go, MarshalYAML and MarshalJSON, and the marshallers in types/.

use super::decode::EXTENSIONS;
use super::project::Project;
use super::scalar;
use super::shape::{FILE_OBJECT, Kind, PROJECT, Shape, Shown};
use super::tree::{Data, Members, Tree};
use super::variables::{self, Variables};
use crate::text::{Map, Value, json, yaml};

/// How types are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Yaml,
    Json,
}

/// A project as YAML.
pub fn yaml(project: &Project) -> String {
    yaml_text(&Value::Map(object(&PROJECT, &whole(project), Way::Yaml)))
}

/// A project as JSON.
pub fn json(project: &Project) -> String {
    let mut out = object(&PROJECT, &whole(project), Way::Json);
    out.remove("models");
    for (key, value) in &project.extensions {
        out.set(key.clone(), value.to_value());
    }
    let sorted: Map = out.sorted().into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    json::write(&Value::Map(sorted), json::Style { indent: 2, sorted: false, escape_html: true })
}

/// A bare model as YAML.
pub fn model_yaml(model: &Members) -> String {
    yaml_text(&sorted(&Tree::from(model.clone())))
}

/// A bare model as JSON.
pub fn model_json(model: &Members) -> String {
    let style = json::Style { indent: 2, sorted: true, escape_html: true };
    json::write(&Tree::from(model.clone()).to_value(), style)
}

/// One object as JSON on one line, in the order of its type: what is hashed.
pub fn compact(shape: &Shape, tree: &Members) -> Map {
    object(shape, tree, Way::Json)
}

/// Variables as YAML: four blanks for a level, as another writer of the real client sets it.
pub fn variables_yaml(variables: &Variables) -> String {
    let entries = variables.iter().map(|(name, v)| (name.as_str().into(), variables::entry(name, v, true)));
    let text = yaml_text(&Value::Map(entries.collect()));
    let wider = |line: &str| format!("{}{line}\n", " ".repeat(line.len() - line.trim_start().len()));
    text.lines().map(wider).collect()
}

/// Variables as JSON. Source: compose v5.6 cmd/formatter/json.go, ToStandardJSON; a blank line behind.
pub fn variables_json(variables: &Variables) -> String {
    let entries = variables.iter().map(|(name, v)| (name.as_str().into(), variables::entry(name, v, false)));
    let style = json::Style { indent: 4, sorted: false, escape_html: false };
    format!("{}\n\n", json::write(&Value::Map(entries.collect()), style).trim_end())
}

fn yaml_text(value: &Value) -> String {
    yaml::write_compose(value, scalar::reads_as_other)
}

fn whole(project: &Project) -> Members {
    let mut out = Members::from([("name".into(), project.name.as_str().into())]);
    let parts = [
        ("services", &project.services),
        ("jobs", &project.jobs),
        ("networks", &project.networks),
        ("volumes", &project.volumes),
        ("secrets", &project.secrets),
        ("configs", &project.configs),
        ("models", &project.models),
    ];
    for (key, members) in parts {
        if !members.is_empty() || key == "services" {
            out.insert(key.into(), members.clone().into());
        }
    }
    if !project.extensions.is_empty() {
        out.insert(EXTENSIONS.into(), project.extensions.clone().into());
    }
    out
}

fn object(shape: &Shape, members: &Members, way: Way) -> Map {
    let mut out = Map::new();
    for field in shape.fields().filter(|field| way == Way::Yaml || !field.json.is_empty()) {
        let key = if way == Way::Json { field.json } else { field.key };
        // What a config takes from a variable is not shown.
        let hidden = std::ptr::eq(shape, &FILE_OBJECT) && field.key == "content" && members.contains_key("environment");
        match members.get(field.key).filter(|_| !hidden) {
            Some(value) => out.set(key, shown(&field.kind, value, way)),
            None if way == Way::Json => match field.shown {
                Shown::Command => out.set(key, Value::Null),
                Shown::Object => {
                    if let Kind::Struct(inside) = field.kind {
                        out.set(key, Value::Map(object(inside, &Members::new(), way)));
                    }
                }
                Shown::Always => out.set(key, ""),
                _ => {}
            },
            None if field.shown == Shown::Always => out.set(key, ""),
            None => {}
        }
    }
    if way == Way::Yaml
        && let Some(Data::Map(extensions)) = members.get(EXTENSIONS).map(|tree| &tree.data)
    {
        for (key, value) in natural(extensions) {
            out.set(key.to_owned(), sorted(value));
        }
    }
    out
}

fn shown(kind: &Kind, tree: &Tree, way: Way) -> Value {
    match (kind, &tree.data) {
        (Kind::Struct(shape), Data::Map(members)) => Value::Map(object(shape, members, way)),
        (Kind::List(inside), Data::List(items)) => {
            Value::List(items.iter().map(|item| shown(inside, item, way)).collect())
        }
        (Kind::Map(inside, _), Data::Map(members)) => Value::Map(
            ordered(members, way).into_iter().map(|(key, value)| (key.into(), shown(inside, value, way))).collect(),
        ),
        (Kind::Ulimit, Data::Map(members)) => {
            let limits =
                ["soft", "hard"].into_iter().filter_map(|key| Some((key.into(), members.get(key)?.to_value())));
            let kept = limits.filter(|(_, value)| way == Way::Yaml || *value != Value::Int(0));
            Value::Map(kept.collect())
        }
        (_, Data::Map(members)) => {
            Value::Map(ordered(members, way).into_iter().map(|(key, value)| (key.into(), value.to_value())).collect())
        }
        _ => tree.to_value(),
    }
}

fn ordered(members: &Members, way: Way) -> Vec<(&str, &Tree)> {
    match way {
        Way::Yaml => natural(members),
        Way::Json => members.iter().map(|(key, value)| (&**key, value)).collect(),
    }
}

fn natural(members: &Members) -> Vec<(&str, &Tree)> {
    let mut all: Vec<(&str, &Tree)> = members.iter().map(|(key, value)| (&**key, value)).collect();
    all.sort_by(|a, b| yaml::natural(a.0, b.0, true));
    all
}

/// A tree with its members in the order of YAML.
fn sorted(tree: &Tree) -> Value {
    match &tree.data {
        Data::Map(members) => {
            Value::Map(natural(members).into_iter().map(|(key, value)| (key.into(), sorted(value))).collect())
        }
        Data::List(items) => Value::List(items.iter().map(sorted).collect()),
        _ => tree.to_value(),
    }
}
