//! What is refused once files are merged, before they are looked at as a whole.
//! Source: compose-go v2.16.1 validation/validation.go, external.go, volume.go.

use super::notes::{Refused, refuse};
use super::path::{ITEM, Path};
use super::ports::is_ip;
use super::tree::{Data, Members, Tree};

type Rule = fn(&Tree, &Path) -> Refused<()>;

const RULES: &[(&str, Rule)] = &[
    ("volumes.*", external),
    ("configs.*", config),
    ("secrets.*", secret),
    ("services.*.ports.*", address),
    ("services.*.develop.watch.*.path", blank),
    ("services.*.deploy.resources.reservations.devices.*", devices),
    ("services.*.gpus.*", devices),
];

/// Checks a whole model.
pub fn check(file: &Members) -> Refused<()> {
    file.iter().try_for_each(|(key, value)| walk(value, &Path::of(&[key])))
}

fn walk(tree: &Tree, path: &Path) -> Refused<()> {
    if let Some((_, rule)) = RULES.iter().find(|(pattern, _)| path.fits(pattern)) {
        return rule(tree, path);
    }
    match &tree.data {
        Data::Map(members) => members.iter().try_for_each(|(key, value)| walk(value, &path.next(key))),
        Data::List(items) => {
            let inside = path.next(ITEM);
            items.iter().try_for_each(|item| walk(item, &inside))
        }
        _ => Ok(()),
    }
}

fn external(tree: &Tree, path: &Path) -> Refused<()> {
    if tree.bool_at(&["external"]) != Some(true) {
        return Ok(());
    }
    let other = |key: &str| !matches!(key, "name" | "external" | "#extensions") && !key.starts_with("x-");
    match tree.as_map().into_iter().flatten().find(|(key, _)| other(key)) {
        Some((key, value)) => {
            let words = format!("{path}: conflicting parameters \"external\" and \"{key}\" specified");
            refuse("external", &value.place, words)
        }
        None => Ok(()),
    }
}

fn config(tree: &Tree, path: &Path) -> Refused<()> {
    one_source(tree, path, &["file", "environment", "content"])
}

fn secret(tree: &Tree, path: &Path) -> Refused<()> {
    one_source(tree, path, &["file", "environment"])
}

fn one_source(tree: &Tree, path: &Path, keys: &[&str]) -> Refused<()> {
    let names = keys.join("|");
    match keys.iter().filter(|key| tree.get(key).is_some()).count() {
        0 if tree.get("driver").is_none() && tree.get("external").is_none() => {
            refuse("source", &tree.place, format!("{path}: one of {names} must be set"))
        }
        0 | 1 => Ok(()),
        _ => refuse("source", &tree.place, format!("{path}: {names} attributes are mutually exclusive")),
    }
}

fn address(tree: &Tree, path: &Path) -> Refused<()> {
    match tree.get("host_ip") {
        Some(ip) if !ip.as_str().is_some_and(is_ip) => {
            refuse("address", &ip.place, format!("{path}: invalid ip address: {}", ip.go_text()))
        }
        _ => Ok(()),
    }
}

fn blank(tree: &Tree, path: &Path) -> Refused<()> {
    if tree.as_str() == Some("") {
        return refuse("blank", &tree.place, format!("{path}: value can't be blank"));
    }
    Ok(())
}

fn devices(tree: &Tree, path: &Path) -> Refused<()> {
    if tree.get("count").is_some() && tree.get("device_ids").is_some() {
        let words = format!("{path}: \"count\" and \"device_ids\" attributes are exclusive");
        return refuse("devices", &tree.place, words);
    }
    Ok(())
}
