//! Configs and secrets: the objects that hold them, and where a service sees them.

use super::notes::Notes;
use super::service::Service;
use super::{Project, map, names, object, scalar};
use crate::text::Value;

/// The two kinds, with where a service finds them when it does not say so.
/// Source: Compose specification, configs (a file in the root folder) and secrets (below /run/secrets).
const KINDS: [(&str, &str); 2] = [("configs", "/"), ("secrets", "/run/secrets/")];

/// The object's name of a config or secret: an external one exists under its own.
fn name_of(project: &Project, kind: &str, key: &str) -> String {
    let external = project.part(kind, key).filter(|n| n.bool_at(&["external"]) == Some(true));
    names::label(external.and_then(|n| n.str_at(&["name"])).unwrap_or(key))
}

/// A ConfigMap or Secret for each config and secret of the project.
pub(super) fn documents(project: &Project, notes: &mut Notes) -> Vec<Value> {
    let mut all = Vec::new();
    for (kind, _) in KINDS {
        for (key, node) in project.tree.get(kind).and_then(Value::as_map).into_iter().flat_map(|map| map.sorted()) {
            let path = format!("{kind}.{key}");
            let name = name_of(project, kind, key);
            if node.bool_at(&["external"]) == Some(true) {
                notes.decide(path, "decide.external_file", &[("name", &name)]);
                continue;
            }
            let source = node.str_at(&["file"]).unwrap_or_default();
            let text = match (node.get("content"), node.str_at(&["environment"])) {
                (Some(content), _) => scalar(content),
                (None, Some(variable)) => {
                    notes.decide(path, "decide.from_environment", &[("variable", variable)]);
                    String::new()
                }
                _ => (project.file)(source).unwrap_or_else(|| {
                    notes.decide(path, "decide.file", &[("file", source)]);
                    String::new()
                }),
            };
            let data = map([(&*names::data_key(key), Value::str(text))]);
            all.push(match kind {
                "secrets" => object("v1", "Secret", &name, map([("stringData", data)])),
                _ => object("v1", "ConfigMap", &name, map([("data", data)])),
            });
        }
    }
    all
}

/// The volumes a service's pod has for its configs and secrets, and where its container sees them.
pub(super) fn of(project: &Project, service: &Service) -> (Vec<Value>, Vec<Value>) {
    let (mut stores, mut mounts) = (Vec::new(), Vec::new());
    for (kind, folder) in KINDS {
        for given in service.list(kind) {
            let key = given.str_at(&["source"]).unwrap_or_default();
            let target = match given.str_at(&["target"]) {
                Some(target) if target.starts_with('/') => target.to_string(),
                Some(target) => format!("{folder}{target}"),
                None => format!("{folder}{key}"),
            };
            let object = name_of(project, kind, key);
            let volume = names::label(&format!("{}-{key}", kind.trim_end_matches('s')));
            if !stores.iter().any(|s: &Value| s.str_at(&["name"]) == Some(&volume)) {
                stores.push(store(kind, &volume, &object, given));
            }
            mounts.push(map([
                ("name", Value::str(volume)),
                ("mountPath", Value::str(target)),
                ("subPath", Value::str(names::data_key(key))),
                ("readOnly", Value::Bool(true)),
            ]));
        }
    }
    (stores, mounts)
}

fn store(kind: &str, volume: &str, object: &str, given: &Value) -> Value {
    let mode = given.get("mode").map(scalar).and_then(|m| i64::from_str_radix(m.trim_start_matches("0o"), 8).ok());
    // Bits beyond the permissions have no place in defaultMode.
    let mode = mode.map_or(Value::Null, |mode| Value::Int(mode & 0o777));
    let source = match kind {
        "secrets" => ("secret", map([("secretName", Value::str(object)), ("defaultMode", mode)])),
        _ => ("configMap", map([("name", Value::str(object)), ("defaultMode", mode)])),
    };
    map([("name", Value::str(volume)), source])
}
