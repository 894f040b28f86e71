//! What becomes of each key that a person wrote: it acts in the simulation, it is kept without effect, or it is refused.
//! Keys that plain Compose itself takes and ignores carry its words.

use super::path::Path;
use super::read::Written;
use super::swarm;
use super::tree::{Data, Tree};
use crate::text::{Pos, Problem, Severity};

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It acts.
    Simulated,
    /// It is kept and shown, and nothing acts on it here.
    Accepted,
    /// Plain Compose takes it and ignores it.
    Ignored,
    /// Compose refuses it.
    Rejected,
}

/// One key or item of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its path: `services.web.ports[0]`.
    pub path: String,
    /// Where it stands.
    pub at: Pos,
    /// What becomes of it.
    pub class: Class,
    /// The real tool's words, where it says why.
    pub why: Option<&'static str>,
}

/// Keys below a service that act, with all that lies below them.
const SERVICE: &[&str] = &[
    "command",
    "configs",
    "container_name",
    "cpus",
    "depends_on",
    "deploy.replicas",
    "deploy.resources.limits",
    "deploy.restart_policy",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "healthcheck",
    "hostname",
    "image",
    "labels",
    "links",
    "mem_limit",
    "network_mode",
    "networks",
    "ports",
    "profiles",
    "restart",
    "scale",
    "secrets",
    "stop_grace_period",
    "stop_signal",
    "volumes",
    "volumes_from",
];

/// Keys elsewhere that act.
const TOP: &[&str] = &[
    "name",
    "include",
    "services",
    "networks.*.name",
    "networks.*.external",
    "volumes.*.name",
    "volumes.*.external",
    "secrets.*.file",
    "secrets.*.environment",
    "secrets.*.external",
    "secrets.*.name",
    "configs.*.file",
    "configs.*.content",
    "configs.*.environment",
    "configs.*.external",
    "configs.*.name",
];

/// Every key of a file, in the order of the file. `problems` are what was said about it.
pub fn classes(file: &str, text: &str, problems: &[Problem]) -> Vec<Key> {
    let written = Written::new(file, text);
    let refused: Vec<Pos> = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error && &*problem.file == file)
        .map(|problem| problem.at)
        .collect();
    let mut keys = Vec::new();
    for document in (0..written.count()).filter_map(|index| written.document(index).ok()) {
        walk(&document.tree, &Path::default(), String::new(), &mut keys);
    }
    keys.iter_mut()
        .filter(|key| refused.contains(&key.at))
        .for_each(|key| (key.class, key.why) = (Class::Rejected, None));
    keys.sort_by_key(|key| key.at);
    keys
}

fn walk(tree: &Tree, path: &Path, shown: String, keys: &mut Vec<Key>) {
    if !path.steps().is_empty() {
        let (class, why) = class_of(path);
        keys.push(Key { path: shown.clone(), at: tree.place.pos, class, why });
    }
    match &tree.data {
        Data::Map(members) => {
            for (key, value) in members {
                let shown = if shown.is_empty() { key.to_string() } else { format!("{shown}.{key}") };
                walk(value, &path.next(key), shown, keys);
            }
        }
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &path.next(super::path::ITEM), format!("{shown}[{index}]"), keys);
            }
        }
        _ => {}
    }
}

/// What becomes of a key at that path.
pub fn class_of(path: &Path) -> (Class, Option<&'static str>) {
    let steps: Vec<&str> = path.steps().iter().map(|step| &**step).collect();
    let ignored = (1..=steps.len()).find_map(|length| swarm::why_ignored(&Path::of(&steps[..length])));
    if let Some(why) = ignored {
        return (Class::Ignored, Some(why));
    }
    let begins = |steps: &[&str], pattern: &str| {
        let parts: Vec<&str> = pattern.split('.').collect();
        let same = |(step, part): (&&str, &&str)| *part == "*" || step == part;
        // What leads to a key that acts, acts, too.
        steps.iter().zip(&parts).all(same)
    };
    let acts = match steps.as_slice() {
        [top, ..] if top.starts_with("x-") || *top == "version" => false,
        ["services"] | ["services", _] => true,
        ["services", _, rest @ ..] => SERVICE.iter().any(|pattern| begins(rest, pattern)),
        steps => TOP.iter().any(|pattern| begins(steps, pattern)),
    };
    (if acts { Class::Simulated } else { Class::Accepted }, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_is_given_acts() {
        let text = "services:\n  web:\n    image: nginx\n    secrets: [key]\n    configs: [app]\n";
        let acts = |key: &Key| key.class == Class::Simulated;
        assert!(classes("compose.yaml", text, &[]).iter().all(acts));
    }

    #[test]
    fn keys_have_classes_and_places() {
        let text =
            "services:\n  web:\n    image: nginx\n    tty: true\n    deploy:\n      mode: global\n      replicas: 2\n";
        let keys = classes("compose.yaml", text, &[]);
        let said: Vec<String> =
            keys.iter().map(|key| format!("{}:{} {} {:?}", key.at.line, key.at.col, key.path, key.class)).collect();
        assert_eq!(
            said,
            [
                "1:1 services Simulated",
                "2:3 services.web Simulated",
                "3:5 services.web.image Simulated",
                "4:5 services.web.tty Accepted",
                "5:5 services.web.deploy Simulated",
                "6:7 services.web.deploy.mode Ignored",
                "7:7 services.web.deploy.replicas Simulated",
            ]
        );
        assert_eq!(keys[5].why, Some("deploy.mode is only honored in Swarm mode"));
    }
}
