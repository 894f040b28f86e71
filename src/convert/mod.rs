//! Compose to Kubernetes: the manifests that do what a Compose project does, and a list of what has no counterpart, what was
//! assumed and what a person has to decide. Reads the canonical project (the shape of `docker compose config --format json`,
//! with single `$`); knows neither orchestrator's engine. The command line and the page call [`convert`].

mod container;
mod files;
mod names;
mod network;
mod notes;
mod pod;
mod service;
#[cfg(test)]
mod tests;
mod volumes;
mod workload;

pub use notes::{Note, Sort, say};

use crate::text::{Value, yaml};
use notes::Notes;
use service::Service;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Converted {
    /// The manifests, in the order in which they should be applied.
    pub documents: Vec<Value>,
    /// What a person should know.
    pub notes: Vec<Note>,
}

impl Converted {
    /// All manifests as one YAML text.
    pub fn text(&self) -> String {
        self.documents.iter().map(yaml::write).collect::<Vec<_>>().join("---\n")
    }
}

/// What every part of the conversion sees.
struct Project<'a> {
    /// The whole tree.
    tree: &'a Value,
    services: Vec<Service<'a>>,
    /// The text of a file of the project's folder, where it is known.
    file: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Project<'a> {
    fn read(tree: &'a Value, file: &'a dyn Fn(&str) -> Option<String>, notes: &mut Notes) -> Self {
        let all = tree.get("services").and_then(Value::as_map).into_iter().flat_map(|map| map.sorted());
        let services = all
            .filter(|(name, node)| {
                let outside = node.get("provider").is_some_and(|p| !p.is_null());
                if outside {
                    notes.none(format!("services.{name}.provider"), "none.provider", &[]);
                }
                !outside
            })
            .collect::<Vec<_>>();
        let mut taken: Vec<String> = Vec::new();
        let services = services.into_iter().map(|(key, node)| {
            let name = names::free(&names::label(key), &taken);
            taken.push(name.clone());
            Service::read(key, name, node, notes)
        });
        let services = services.collect();
        Project { tree, services, file }
    }
    fn service(&self, name: &str) -> Option<&Service<'a>> {
        self.services.iter().find(|s| s.key == name)
    }
    /// Services that name this one in `depends_on`, with the condition.
    fn dependants(&self, name: &str) -> impl Iterator<Item = (&Service<'a>, &str)> {
        self.services.iter().filter_map(move |s| Some((s, s.depends_on().find(|(other, _)| *other == name)?.1)))
    }
    /// A part of the top level: `volumes`, `networks`, `secrets`, `configs`.
    fn part(&self, kind: &str, key: &str) -> Option<&'a Value> {
        self.tree.get(kind)?.get(key)
    }
}

/// Converts a canonical project. `file` gives the text of a file of the project's folder, where it is known.
pub fn convert(project: &Value, file: &dyn Fn(&str) -> Option<String>) -> Converted {
    let mut notes = Notes::default();
    let project = Project::read(project, file, &mut notes);
    let mut documents = files::documents(&project, &mut notes);
    documents.extend(volumes::file_maps(&project, &mut notes));
    documents.extend(volumes::claims(&project, &mut notes));
    documents.extend(network::policies(&project, &mut notes));
    for service in &project.services {
        documents.extend(network::services(&project, service, &mut notes));
    }
    for service in &project.services {
        documents.push(workload::document(&project, service, &mut notes));
    }
    Converted { documents, notes: notes.sorted() }
}

/// A map of these members, without those that are null or empty.
fn map<const N: usize>(members: [(&str, Value); N]) -> Value {
    let mut map = crate::text::Map::new();
    for (key, value) in members {
        if !is_empty(&value) {
            map.set(key, value);
        }
    }
    Value::Map(map)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// An object of the API with the labels that hold the project together.
fn object(api: &str, kind: &str, name: &str, body: Value) -> Value {
    let mut object = map([
        ("apiVersion", Value::str(api)),
        ("kind", Value::str(kind)),
        ("metadata", map([("name", Value::str(name))])),
    ]);
    for (key, value) in body.as_map().into_iter().flat_map(|map| map.iter()) {
        object.make_map().set(key.clone(), value.clone());
    }
    object
}

/// Text of any scalar.
fn scalar(value: &Value) -> String {
    match value {
        Value::Str(s) => s.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => f.to_string(),
        Value::Bool(b) => b.to_string(),
        _ => String::new(),
    }
}

/// Texts of a list of scalars.
fn texts(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_list).unwrap_or_default().iter().map(scalar).collect()
}

/// A list of texts as a value.
fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Value {
    Value::List(texts.into_iter().map(|text| Value::str(text.as_ref())).collect())
}
