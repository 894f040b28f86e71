//! One file over another: what each key does with what was said before.
//! Source: compose-go v2.16.1 override/merge.go, override/uncity.go.

use super::notes::{Refused, refuse};
use super::path::Path;
use super::tree::{Data, Members, Place, Tree, members};
use super::volumes;
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// The later value stands for itself.
    Replace,
    /// Both as lists, what stands twice once.
    Sequence,
    /// Both as lists of `KEY=VALUE`, one a key.
    KeyValue,
    Build,
    DependsOn,
    /// Names become members without value.
    Names,
    Logging,
    Ulimit,
    Ipam,
}

const RESOURCES: &[(&str, Rule)] = &[
    ("networks.*.ipam.config", Rule::Ipam),
    ("networks.*.labels", Rule::KeyValue),
    ("volumes.*.labels", Rule::KeyValue),
    ("secrets.*.labels", Rule::KeyValue),
    ("configs.*.labels", Rule::KeyValue),
    ("services.*.deploy.labels", Rule::KeyValue),
];

/// Below a service or a job.
const CONTAINERS: &[(&str, Rule)] = &[
    ("annotations", Rule::KeyValue),
    ("build", Rule::Build),
    ("build.args", Rule::KeyValue),
    ("build.additional_contexts", Rule::KeyValue),
    ("build.extra_hosts", Rule::Sequence),
    ("build.labels", Rule::KeyValue),
    ("command", Rule::Replace),
    ("depends_on", Rule::DependsOn),
    ("dns", Rule::Sequence),
    ("dns_opt", Rule::Sequence),
    ("dns_search", Rule::Sequence),
    ("entrypoint", Rule::Replace),
    ("env_file", Rule::Sequence),
    ("label_file", Rule::Sequence),
    ("environment", Rule::KeyValue),
    ("extra_hosts", Rule::Sequence),
    ("healthcheck.test", Rule::Replace),
    ("labels", Rule::KeyValue),
    ("volumes.*.volume.labels", Rule::KeyValue),
    ("logging", Rule::Logging),
    ("models", Rule::Names),
    ("networks", Rule::Names),
    ("sysctls", Rule::KeyValue),
    ("tmpfs", Rule::Sequence),
    ("ulimits.*", Rule::Ulimit),
];

fn rule_of(path: &Path) -> Option<Rule> {
    let steps: Vec<&str> = path.steps().iter().map(|step| &**step).collect();
    let (table, inside) = match steps.as_slice() {
        ["services", _, "deploy", ..] => (RESOURCES, path.clone()),
        ["services" | "jobs", _, rest @ ..] if !rest.is_empty() => (CONTAINERS, Path::of(rest)),
        _ => (RESOURCES, path.clone()),
    };
    table.iter().find(|(pattern, _)| inside.fits(pattern)).map(|(_, rule)| *rule)
}

/// Puts `over` over `base`.
pub fn merge(base: Tree, over: Tree, path: &Path) -> Refused<Tree> {
    if let Some(rule) = rule_of(path) {
        return by_rule(rule, base, over, path);
    }
    if over.is_null() {
        return Ok(base);
    }
    let place = over.place.clone();
    match (base.data, over.data) {
        (Data::Map(base), Data::Map(over)) => Ok(Tree { place, data: Data::Map(merge_members(base, over, path)?) }),
        (Data::List(base), Data::List(over)) => Ok(Tree { place, data: Data::List(append(base, over)) }),
        (Data::Map(_) | Data::List(_), _) => refuse("merge", &place, format!("cannot override {path}")),
        (_, data) => Ok(Tree { place, data }),
    }
}

/// Puts the members of one map over those of another.
pub fn merge_members(mut base: Members, over: Members, path: &Path) -> Refused<Members> {
    for (key, value) in over {
        let merged = match base.remove(&key) {
            None => value,
            Some(old) => merge(old, value, &path.next(&key))?,
        };
        base.insert(key, merged);
    }
    Ok(base)
}

fn by_rule(rule: Rule, base: Tree, over: Tree, path: &Path) -> Refused<Tree> {
    let place = over.place.clone();
    let data = match rule {
        Rule::Replace => return Ok(over),
        Rule::Sequence => Data::List(append(as_list(base), as_list(over))),
        Rule::KeyValue => {
            let mut all = as_list(base);
            all.extend(as_list(over));
            Data::List(unique(all, path, &|entry, at| key_of(entry, at))?)
        }
        Rule::Build => {
            let build = |tree: Tree| match tree.data {
                Data::Map(members) => members,
                Data::Str(context) => members([("context", Tree { place: tree.place, data: Data::Str(context) })]),
                _ => Members::new(),
            };
            Data::Map(merge_members(build(base), build(over), path)?)
        }
        Rule::DependsOn => {
            let defaults = members([("condition", "service_started".into()), ("required", true.into())]);
            let defaults = Tree::from(defaults);
            Data::Map(merge_members(as_map(base, &defaults, path)?, as_map(over, &defaults, path)?, path)?)
        }
        Rule::Names => {
            let none = Tree::default();
            Data::Map(merge_members(as_map(base, &none, path)?, as_map(over, &none, path)?, path)?)
        }
        Rule::Logging => return logging(base, over, path),
        Rule::Ulimit => match (base.data, over.data) {
            (Data::Map(base), Data::Map(over)) => Data::Map(merge_members(base, over, path)?),
            (_, over) => over,
        },
        Rule::Ipam => return ipam(base, over, path),
    };
    Ok(Tree { place, data })
}

/// Items of the second list that the first one has are left out.
fn append(mut base: Vec<Tree>, over: Vec<Tree>) -> Vec<Tree> {
    for item in over {
        if !base.contains(&item) {
            base.push(item);
        }
    }
    base
}

/// A map becomes its `KEY=VALUE`, by name.
fn as_list(tree: Tree) -> Vec<Tree> {
    let place = tree.place;
    match tree.data {
        Data::List(items) => items,
        Data::Str(_) => vec![Tree { place, data: tree.data }],
        Data::Map(members) => {
            let mut out: Vec<Tree> = Vec::new();
            for (key, value) in members {
                let place = value.place.clone();
                let texts: Vec<String> = match &value.data {
                    Data::Null => vec![key.to_string()],
                    Data::List(items) => items.iter().map(|item| format!("{key}={}", item.go_text())).collect(),
                    _ => vec![format!("{key}={}", value.go_text())],
                };
                out.extend(texts.into_iter().map(|text| Tree { place: place.clone(), data: Data::Str(text.into()) }));
            }
            out.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            out
        }
        _ => Vec::new(),
    }
}

fn as_map(tree: Tree, default: &Tree, path: &Path) -> Refused<Members> {
    let place = tree.place.clone();
    let named = |name: Rc<str>, place: &Place| (name, default.clone().at_place(place));
    match tree.data {
        Data::Null => Ok(Members::new()),
        Data::Map(members) => Ok(members),
        Data::Str(name) => Ok(Members::from([named(name, &place)])),
        Data::List(items) => {
            let mut out = Members::new();
            for item in items {
                let Data::Str(name) = item.data else {
                    let words = format!("{path}: cannot use {} as a mapping key", item.go_type());
                    return refuse("merge", &item.place, words);
                };
                let (name, value) = named(name, &item.place);
                out.insert(name, value);
            }
            Ok(out)
        }
        _ => refuse("merge", &place, format!("{path}: cannot convert {} into a mapping", tree.go_type())),
    }
}

/// Options of two logging drivers are not mixed.
fn logging(base: Tree, over: Tree, path: &Path) -> Refused<Tree> {
    for tree in [&base, &over] {
        if tree.as_map().is_none() {
            let words = format!("{path}: cannot merge logging: expected a mapping, got {}", tree.go_type());
            return refuse("merge", &tree.place, words);
        }
    }
    let place = over.place.clone();
    let (Data::Map(base), Data::Map(over)) = (base.data, over.data) else { return Ok(Tree::default()) };
    let (old, new) = (base.get("driver"), over.get("driver"));
    let apart = old.is_some() && new.is_some() && old != new;
    let data = if apart { over } else { merge_members(base, over, path)? };
    Ok(Tree { place, data: Data::Map(data) })
}

/// Pools of addresses are told apart by their subnet.
fn ipam(base: Tree, over: Tree, path: &Path) -> Refused<Tree> {
    for tree in [&base, &over] {
        if tree.as_list().is_none() {
            return refuse("merge", &tree.place, format!("{path}: unexpected type {}", tree.go_type()));
        }
    }
    let place = over.place.clone();
    let (Data::List(base), Data::List(over)) = (base.data, over.data) else { return Ok(Tree::default()) };
    let mut out: Vec<Members> = Vec::new();
    for original in base {
        let right = as_map(original, &Tree::default(), path)?;
        for item in &over {
            let left = as_map(item.clone(), &Tree::default(), path)?;
            let known =
                |out: &[Members], subnet: Option<&Tree>| out.iter().position(|pool| pool.get("subnet") == subnet);
            if left.get("subnet") != right.get("subnet") && known(&out, left.get("subnet")).is_none() {
                out.push(left);
                continue;
            }
            let merged = merge_members(right.clone(), left, path)?;
            match known(&out, merged.get("subnet")) {
                Some(at) => out[at] = merged,
                None => out.push(merged),
            }
        }
    }
    Ok(Tree { place, data: Data::List(out.into_iter().map(Tree::from).collect()) })
}

/// Keeps one entry a key: the last one, where the first one stood.
fn unique(entries: Vec<Tree>, path: &Path, key: &dyn Fn(&Tree, &Path) -> Refused<String>) -> Refused<Vec<Tree>> {
    let mut out: Vec<Tree> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let key = key(&entry, &path.next(&format!("[{index}]")))?;
        match places.get(&key) {
            Some(at) => out[*at] = entry,
            None => {
                places.insert(key, out.len());
                out.push(entry);
            }
        }
    }
    Ok(out)
}

fn key_of(entry: &Tree, at: &Path) -> Refused<String> {
    match entry.as_str() {
        Some(text) => Ok(text.split('=').next().unwrap_or_default().to_owned()),
        None => refuse("merge", &entry.place, format!("{at}: unexpected type {}", entry.go_type())),
    }
}

/// Lists of which entries with one key stand once. Source: override/uncity.go, init.
const UNIQUE: &[(&str, fn(&Tree, &Path) -> Refused<String>)] = &[
    ("networks.*.labels", key_of),
    ("networks.*.ipam.options", key_of),
    ("services.*.annotations", key_of),
    ("services.*.build.args", key_of),
    ("services.*.build.additional_contexts", key_of),
    ("services.*.build.platform", key_of),
    ("services.*.build.tags", key_of),
    ("services.*.build.labels", key_of),
    ("services.*.cap_add", key_of),
    ("services.*.cap_drop", key_of),
    ("services.*.devices", device_key),
    ("services.*.configs", config_key),
    ("services.*.deploy.labels", key_of),
    ("services.*.dns", key_of),
    ("services.*.dns_opt", key_of),
    ("services.*.dns_search", key_of),
    ("services.*.environment", key_of),
    ("services.*.env_file", env_file_key),
    ("services.*.expose", expose_key),
    ("services.*.labels", key_of),
    ("services.*.links", key_of),
    ("services.*.networks.*.aliases", key_of),
    ("services.*.networks.*.link_local_ips", key_of),
    ("services.*.ports", port_key),
    ("services.*.profiles", key_of),
    ("services.*.secrets", secret_key),
    ("services.*.sysctls", key_of),
    ("services.*.tmpfs", key_of),
    ("services.*.volumes", volume_key),
];

/// Keeps one entry a key in all lists that have keys.
pub fn enforce_unique(tree: Tree, path: &Path) -> Refused<Tree> {
    let place = tree.place;
    let data = match tree.data {
        Data::Map(members) => {
            let mut out = Members::new();
            for (key, value) in members {
                let value = enforce_unique(value, &path.next(&key))?;
                out.insert(key, value);
            }
            Data::Map(out)
        }
        Data::List(items) => match UNIQUE.iter().find(|(pattern, _)| path.fits(pattern)) {
            Some((_, key)) => Data::List(unique(items, path, key)?),
            None => Data::List(items),
        },
        other => other,
    };
    Ok(Tree { place, data })
}

fn volume_key(entry: &Tree, at: &Path) -> Refused<String> {
    match &entry.data {
        Data::Map(_) => match entry.str_at(&["target"]) {
            Some(target) => Ok(target.to_owned()),
            None => refuse("merge", &entry.place, format!("service volume {at} is missing a mount target")),
        },
        Data::Str(text) => match volumes::parse(text) {
            Ok(volume) => Ok(volume.target),
            Err(words) => refuse("volume", &entry.place, words),
        },
        _ => Ok(String::new()),
    }
}

fn device_key(entry: &Tree, at: &Path) -> Refused<String> {
    match &entry.data {
        Data::Map(_) => match entry.str_at(&["target"]) {
            Some(target) => Ok(target.to_owned()),
            None => refuse("merge", &entry.place, format!("service device {at} is missing a mount target")),
        },
        Data::Str(text) => {
            let parts: Vec<&str> = text.split(':').collect();
            Ok(parts.get(1).unwrap_or(&parts[0]).to_string())
        }
        _ => Ok(String::new()),
    }
}

fn expose_key(entry: &Tree, at: &Path) -> Refused<String> {
    match &entry.data {
        Data::Str(_) | Data::Int(_) => Ok(entry.go_text()),
        _ => refuse("merge", &entry.place, format!("{at}: unsupported expose value {}", entry.go_verb('s'))),
    }
}

fn config_key(entry: &Tree, at: &Path) -> Refused<String> {
    mount_key(entry, at, "")
}

fn secret_key(entry: &Tree, at: &Path) -> Refused<String> {
    mount_key(entry, at, "/run/secrets")
}

fn mount_key(entry: &Tree, at: &Path, folder: &str) -> Refused<String> {
    match &entry.data {
        Data::Str(name) => Ok(format!("{folder}/{name}")),
        Data::Map(members) => Ok(match members.get("target") {
            Some(target) => target.go_text(),
            None => format!("{folder}/{}", members.get("source").map(Tree::go_text).unwrap_or_default()),
        }),
        _ => refuse("merge", &entry.place, format!("{at}: unsupported expose value {}", entry.go_verb('s'))),
    }
}

fn port_key(entry: &Tree, at: &Path) -> Refused<String> {
    match &entry.data {
        Data::Int(_) | Data::Str(_) => Ok(entry.go_text()),
        Data::Map(members) => {
            let Some(target) = members.get("target") else {
                return refuse("merge", &entry.place, format!("service ports {at} is missing a target port"));
            };
            let text = |key: &str, default: &str| members.get(key).map_or(default.to_owned(), |v| v.go_verb('s'));
            let (host, protocol) = (text("host_ip", "0.0.0.0"), text("protocol", "tcp"));
            // A published port without quotes is a number there, and another port than the same one as text.
            Ok(format!("{host}:{}:{}/{protocol}", text("published", "%!s(<nil>)"), target.go_verb('d')))
        }
        _ => Ok(String::new()),
    }
}

fn env_file_key(entry: &Tree, at: &Path) -> Refused<String> {
    match &entry.data {
        Data::Str(path) => Ok(path.to_string()),
        Data::Map(members) => match members.get("path") {
            Some(path) => Ok(path.go_text()),
            None => refuse("merge", &entry.place, format!("environment path attribute {at} is missing")),
        },
        _ => Ok(String::new()),
    }
}

/// Takes out what a later file clears. Source: loader/reset.go, applyNullOverrides.
pub fn clear(members: &mut Members, cleared: &[Path], path: &Path) {
    if cleared.is_empty() {
        return;
    }
    members.retain(|key, _| {
        let next = path.next(key);
        !cleared.iter().any(|pattern| next.is(pattern))
    });
    for (key, value) in members.iter_mut() {
        clear_below(value, cleared, &path.next(key));
    }
}

fn clear_below(tree: &mut Tree, cleared: &[Path], path: &Path) {
    match &mut tree.data {
        Data::Map(members) => clear(members, cleared, path),
        Data::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                clear_below(item, cleared, &path.next(&format!("[{index}]")));
            }
        }
        _ => {}
    }
}
