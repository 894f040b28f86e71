//! Short forms to long ones, and what is assumed where nothing is said.
//! Source: compose-go v2.16.1 transform/, loader/aliases.go, loader/omitEmpty.go.

use super::merge::merge;
use super::notes::{Refused, refusal, refuse, warning};
use super::path::{ITEM, Path};
use super::ports;
use super::tree::{Data, Members, Place, Tree, members};
use super::volumes;
use crate::text::{Problem, go};

/// What a node becomes.
type Make = fn(Tree, &Path, &mut Forms) -> Refused<Tree>;

/// What the change needs to know.
pub struct Forms<'a> {
    /// Whether text that cannot be read is left as it is: variables have not been filled in.
    pub lenient: bool,
    /// Where warnings go.
    pub warnings: &'a mut Vec<Problem>,
}

/// Below services, jobs and what runs before a service. Source: transform/canonical.go, init.
const CONTAINER: &[(&str, Make)] = &[
    ("env_file", env_file),
    ("label_file", string_to_list),
    ("gpus", gpus),
    ("networks", names_to_map),
    ("models", names_to_map),
    ("volumes.*", volume),
    ("dns", string_to_list),
    ("devices.*", device),
    ("secrets.*", file_mount),
    ("configs.*", file_mount),
    ("ulimits.*", ulimit),
];
const WORKLOAD: &[(&str, Make)] = &[
    ("build.secrets.*", file_mount),
    ("build.provenance", to_text),
    ("build.sbom", to_text),
    ("build.additional_contexts", key_values),
    ("depends_on", depends_on),
    ("extends", extends),
    ("ports", port_list),
    ("build", build),
    ("build.ssh", ssh),
    ("build.ulimits.*", ulimit),
];
const TOP: &[(&str, Make)] = &[
    ("jobs.*.triggers.schedule.*", schedule),
    ("services.*.develop.watch.*.ignore", string_to_list),
    ("services.*.develop.watch.*.include", string_to_list),
    ("volumes.*", maybe_external),
    ("networks.*", maybe_external),
    ("secrets.*", maybe_external),
    ("configs.*", maybe_external),
];

fn find(path: &Path) -> Option<Make> {
    let steps: Vec<&str> = path.steps().iter().map(|step| &**step).collect();
    let look = |tables: &[&[(&str, Make)]], steps: &[&str]| {
        let inside = Path::of(steps);
        tables.iter().copied().flatten().find(|(pattern, _)| inside.fits(pattern)).map(|(_, make)| *make)
    };
    let below = match steps.as_slice() {
        ["services", _, "pre_start", _, rest @ ..] if !rest.is_empty() => look(&[CONTAINER], rest),
        ["services" | "jobs", _, rest @ ..] if !rest.is_empty() => look(&[CONTAINER, WORKLOAD], rest),
        _ => None,
    };
    below.or_else(|| look(&[TOP], &steps))
}

/// Turns all short forms below a node into long ones.
pub fn canonical(tree: Tree, path: &Path, forms: &mut Forms) -> Refused<Tree> {
    match find(path) {
        Some(make) => make(tree, path, forms),
        None => below(tree, path, forms),
    }
}

fn below(tree: Tree, path: &Path, forms: &mut Forms) -> Refused<Tree> {
    let place = tree.place;
    let data = match tree.data {
        Data::Map(members) => {
            let mut out = Members::new();
            for (key, value) in members {
                let value = canonical(value, &path.next(&key), forms)?;
                out.insert(key, value);
            }
            Data::Map(out)
        }
        Data::List(items) => {
            let inside = path.next(ITEM);
            Data::List(items.into_iter().map(|item| canonical(item, &inside, forms)).collect::<Refused<_>>()?)
        }
        other => other,
    };
    Ok(Tree { place, data })
}

fn wrong_type<T>(tree: &Tree, path: &Path, what: &str) -> Refused<T> {
    refuse("type", &tree.place, format!("{path}: invalid type {} for {what}", tree.go_type()))
}

fn map_at(place: &Place, members: Members) -> Tree {
    Tree::from(members).at_place(place)
}

fn string_to_list(tree: Tree, _: &Path, _: &mut Forms) -> Refused<Tree> {
    Ok(match &tree.data {
        Data::Str(_) => Tree { place: tree.place.clone(), data: Data::List(vec![tree]) },
        _ => tree,
    })
}

fn env_file(tree: Tree, path: &Path, _: &mut Forms) -> Refused<Tree> {
    let place = tree.place.clone();
    let entry = |mut tree: Tree| match &mut tree.data {
        Data::Str(_) => {
            let place = tree.place.clone();
            map_at(&place, members([("path", tree), ("required", true.into())]))
        }
        Data::Map(members) => {
            members.entry("required".into()).or_insert(true.into());
            tree
        }
        _ => Tree::default(),
    };
    match tree.data {
        Data::Str(_) => Ok(Tree { place, data: Data::List(vec![entry(tree)]) }),
        Data::List(items) => Ok(Tree { place, data: Data::List(items.into_iter().map(entry).collect()) }),
        _ => wrong_type(&tree, path, "env_file"),
    }
}

fn gpus(tree: Tree, path: &Path, forms: &mut Forms) -> Refused<Tree> {
    match &tree.data {
        Data::List(_) => below(tree, path, forms),
        Data::Str(_) => {
            let all = map_at(&tree.place, members([("count", "all".into())]));
            Ok(Tree { place: tree.place, data: Data::List(vec![all]) })
        }
        _ => wrong_type(&tree, path, "gpus"),
    }
}

fn names_to_map(tree: Tree, _: &Path, _: &mut Forms) -> Refused<Tree> {
    let place = tree.place;
    let data = match tree.data {
        Data::List(items) => {
            let named = |item: Tree| (item.go_text().into(), Tree { place: item.place, data: Data::Null });
            Data::Map(items.into_iter().map(named).collect())
        }
        other => other,
    };
    Ok(Tree { place, data })
}

fn volume(tree: Tree, path: &Path, forms: &mut Forms) -> Refused<Tree> {
    match &tree.data {
        Data::Map(_) => Ok(tree),
        Data::Str(spec) => match volumes::parse(spec) {
            Ok(volume) => Ok(map_at(&tree.place, volume.long())),
            Err(_) if forms.lenient => Ok(tree),
            Err(words) => refuse("volume", &tree.place, words),
        },
        _ => wrong_type(&tree, path, "service volume mount"),
    }
}

fn device(tree: Tree, path: &Path, forms: &mut Forms) -> Refused<Tree> {
    let Data::Str(spec) = &tree.data else {
        return if tree.as_map().is_some() { Ok(tree) } else { wrong_type(&tree, path, "service volume mount") };
    };
    let parts: Vec<&str> = spec.split(':').collect();
    let (source, target, permissions) = match parts.as_slice() {
        [source] => (*source, *source, "rwm"),
        [source, target] => (*source, *target, "rwm"),
        [source, target, permissions] => (*source, *target, *permissions),
        _ if forms.lenient => ("", "", "rwm"),
        _ => {
            let words = format!("confusing device mapping, please use long syntax: {spec}");
            return refuse("device", &tree.place, words);
        }
    };
    let target = if target.is_empty() { source } else { target };
    let long = [("source", source.into()), ("target", target.into()), ("permissions", permissions.into())];
    Ok(map_at(&tree.place, members(long)))
}

fn file_mount(tree: Tree, path: &Path, _: &mut Forms) -> Refused<Tree> {
    match &tree.data {
        Data::Map(_) => Ok(tree),
        Data::Str(_) => Ok(map_at(&tree.place.clone(), members([("source", tree)]))),
        _ => refuse("type", &tree.place, format!("{path}: unsupported type {}", tree.go_type())),
    }
}

fn ulimit(tree: Tree, path: &Path, forms: &mut Forms) -> Refused<Tree> {
    match &tree.data {
        Data::Map(_) | Data::Int(_) => Ok(tree),
        Data::Str(_) if forms.lenient => Ok(tree),
        _ => wrong_type(&tree, path, "ulimits"),
    }
}

fn to_text(tree: Tree, _: &Path, _: &mut Forms) -> Refused<Tree> {
    let text = tree.go_text();
    Ok(Tree { place: tree.place, data: Data::Str(text.into()) })
}

fn key_values(tree: Tree, path: &Path, forms: &mut Forms) -> Refused<Tree> {
    let Data::List(items) = &tree.data else {
        if tree.as_map().is_some() {
            return Ok(tree);
        }
        return refuse("type", &tree.place, format!("{path}: invalid type {}", tree.go_type()));
    };
    let mut out = Members::new();
    for item in items {
        let text = item.go_text();
        match text.split_once('=') {
            Some((key, value)) => {
                out.insert(key.into(), Tree { place: item.place.clone(), data: Data::Str(value.into()) });
            }
            None if forms.lenient => return Ok(tree),
            None => {
                let words = format!("{path}: invalid value {text}, expected key=value");
                return refuse("key_value", &item.place, words);
            }
        }
    }
    Ok(Tree { place: tree.place, data: Data::Map(out) })
}

fn depends_on(tree: Tree, path: &Path, _: &mut Forms) -> Refused<Tree> {
    let place = tree.place.clone();
    let defaults = || [("condition", Tree::from("service_started")), ("required", Tree::from(true))];
    let data = match tree.data {
        Data::Map(mut all) => {
            let shown = Tree::from(all.clone()).go_text();
            for (name, value) in all.iter_mut() {
                let place = value.place.clone();
                let Data::Map(members) = &mut value.data else {
                    let words = format!("{path}.{name}: unsupported value {shown}");
                    return refuse("depends_on", &place, words);
                };
                for (key, default) in defaults() {
                    members.entry(key.into()).or_insert_with(|| default.at_place(&place));
                }
            }
            Data::Map(all)
        }
        Data::List(items) => {
            let entry = |item: Tree| (item.go_text().into(), map_at(&item.place, members(defaults())));
            Data::Map(items.into_iter().map(entry).collect())
        }
        _ => return wrong_type(&tree, path, "depend_on"),
    };
    Ok(Tree { place, data })
}

fn extends(tree: Tree, path: &Path, forms: &mut Forms) -> Refused<Tree> {
    match &tree.data {
        Data::Map(_) => below(tree, path, forms),
        Data::Str(_) => Ok(map_at(&tree.place.clone(), members([("service", tree)]))),
        _ => wrong_type(&tree, path, "extends"),
    }
}

fn build(tree: Tree, path: &Path, forms: &mut Forms) -> Refused<Tree> {
    match &tree.data {
        Data::Map(_) => below(tree, path, forms),
        Data::Str(_) => Ok(map_at(&tree.place.clone(), members([("context", tree)]))),
        _ => wrong_type(&tree, path, "build"),
    }
}

fn port_list(tree: Tree, path: &Path, forms: &mut Forms) -> Refused<Tree> {
    let Data::List(items) = &tree.data else { return wrong_type(&tree, path, "port") };
    let mut out = Vec::new();
    for item in items {
        match &item.data {
            Data::Map(_) => out.push(item.clone()),
            Data::Int(_) | Data::Str(_) => match ports::parse(&item.go_text()) {
                Ok(all) => out.extend(all.into_iter().map(|entry| map_at(&item.place, entry))),
                Err(_) if forms.lenient && item.as_str().is_some() => return Ok(tree),
                Err(words) => return refuse("port", &item.place, words),
            },
            _ => return wrong_type(item, path, "port"),
        }
    }
    Ok(Tree { place: tree.place, data: Data::List(out) })
}

fn ssh(tree: Tree, path: &Path, forms: &mut Forms) -> Refused<Tree> {
    let Data::List(items) = &tree.data else {
        return if tree.as_map().is_some() { Ok(tree) } else { wrong_type(&tree, path, "ssh") };
    };
    let mut out = Members::new();
    for item in items {
        let Some(text) = item.as_str() else {
            return refuse("ssh", &item.place, format!("invalid ssh key type {}", item.go_type()));
        };
        let data = match text.split_once('=') {
            Some((_, path)) => Data::Str(path.into()),
            None if text == "default" => Data::Null,
            None if forms.lenient => return Ok(tree),
            None => return refuse("ssh", &item.place, format!("invalid ssh key {}", go::quoted(text))),
        };
        let id = text.split('=').next().unwrap_or_default();
        out.insert(id.into(), Tree { place: item.place.clone(), data });
    }
    Ok(Tree { place: tree.place, data: Data::Map(out) })
}

fn schedule(tree: Tree, path: &Path, _: &mut Forms) -> Refused<Tree> {
    match &tree.data {
        Data::Map(_) => Ok(tree),
        Data::Str(_) => Ok(map_at(&tree.place.clone(), members([("cron", tree)]))),
        _ => wrong_type(&tree, path, "schedule entry"),
    }
}

fn maybe_external(tree: Tree, path: &Path, forms: &mut Forms) -> Refused<Tree> {
    if tree.is_null() {
        return Ok(tree);
    }
    if tree.as_map().is_none() {
        return refuse("type", &tree.place, format!("{path}: must be a mapping"));
    }
    let mut tree = below(tree, path, forms)?;
    let Some(external) = tree.get("external").filter(|external| external.as_map().is_some()).cloned() else {
        return Ok(tree);
    };
    let outer = tree.get("name").cloned();
    let place = external.place.clone();
    let Some(members) = tree.as_map_mut() else { return Ok(tree) };
    members.insert("external".into(), Tree::from(true).at_place(&place));
    if let Some(name) = external.get("name") {
        let words = format!("{path}: external.name is deprecated. Please set name and external: true");
        forms.warnings.push(warning("external_name", &place, words));
        match outer {
            Some(outer) if outer != *name => {
                let words = format!("{path}: name and external.name conflict; only use name");
                return Err(refusal("external_name", &place, words));
            }
            Some(_) => {}
            None => {
                members.insert("name".into(), name.clone());
            }
        }
    }
    Ok(tree)
}

/// Empty addresses of name servers are left out. Source: loader/omitEmpty.go.
pub fn omit_empty(file: &mut Members) {
    for kind in ["services", "jobs"] {
        for service in file.get_mut(kind).and_then(Tree::as_map_mut).into_iter().flat_map(|all| all.values_mut()) {
            if let Some(Tree { data: Data::List(items), .. }) = service.as_map_mut().and_then(|all| all.get_mut("dns"))
            {
                items.retain(|item| !item.is_null() && item.as_str() != Some(""));
            }
        }
    }
}

/// Extensions that have become attributes. Source: loader/aliases.go, promoteAliases.
pub fn promote(file: &mut Members) -> Refused<()> {
    for (name, service) in file.get_mut("services").and_then(Tree::as_map_mut).into_iter().flatten() {
        let Some(service) = service.as_map_mut() else { continue };
        let path = Path::of(&["services", name]);
        promote_one(service, "x-develop", "develop", &path)?;
        let watch = service.get_mut("develop").and_then(Tree::as_map_mut).and_then(|develop| develop.get_mut("watch"));
        if let Some(Tree { data: Data::List(items), .. }) = watch {
            let path = path.next("develop").next("watch").next(ITEM);
            for item in items.iter_mut().filter_map(Tree::as_map_mut) {
                promote_one(item, "x-initialSync", "initial_sync", &path)?;
            }
        }
    }
    Ok(())
}

fn promote_one(members: &mut Members, from: &str, to: &str, path: &Path) -> Refused<()> {
    let Some(extension) = members.remove(from) else { return Ok(()) };
    let value = match members.remove(to) {
        Some(own) if !own.is_null() => merge(extension, own, &path.next(to))?,
        _ => extension,
    };
    members.insert(to.into(), value);
    Ok(())
}

/// Sets what is assumed. Source: transform/defaults.go.
pub fn set_defaults(file: &mut Members) -> Refused<()> {
    for kind in ["services", "jobs"] {
        for (name, service) in file.get_mut(kind).and_then(Tree::as_map_mut).into_iter().flatten() {
            let path = Path::of(&[kind, name]);
            let place = service.place.clone();
            let Some(service) = service.as_map_mut() else { continue };
            container_defaults(service, &path, &place)?;
            if kind == "services" {
                let devices =
                    ["resources", "reservations", "devices"].iter().fold(service.get_mut("deploy"), |at, key| {
                        at.and_then(Tree::as_map_mut).and_then(|members| members.get_mut(*key))
                    });
                for item in items_of(devices) {
                    device_count(item, &path)?;
                }
            }
        }
    }
    Ok(())
}

fn items_of(tree: Option<&mut Tree>) -> impl Iterator<Item = &mut Tree> {
    let items = match tree {
        Some(Tree { data: Data::List(items), .. }) => Some(items),
        _ => None,
    };
    items.into_iter().flatten()
}

fn container_defaults(service: &mut Members, path: &Path, place: &Place) -> Refused<()> {
    let set = |members: &mut Members, key: &str, value: Tree| {
        members.entry(key.into()).or_insert_with(|| value.at_place(place));
    };
    if let Some(build) = service.get_mut("build").and_then(Tree::as_map_mut) {
        set(build, "context", ".".into());
    }
    for secret in items_of(service.get_mut("secrets")) {
        let wrong = format!("{}: unsupported type {}", path.next("secrets").next(ITEM), secret.go_type());
        let Some(members) = secret.as_map_mut() else { return refuse("type", place, wrong) };
        let source = members.get("source").map_or("%!s(<nil>)".into(), Tree::go_text);
        set(members, "target", format!("/run/secrets/{source}").into());
    }
    for port in items_of(service.get_mut("ports")).filter_map(Tree::as_map_mut) {
        set(port, "protocol", "tcp".into());
        set(port, "mode", "ingress".into());
    }
    for item in items_of(service.get_mut("gpus")) {
        device_count(item, path)?;
    }
    for volume in items_of(service.get_mut("volumes")) {
        let Some(bind) = volume.as_map_mut().and_then(|members| members.get_mut("bind")) else { continue };
        let wrong = format!(
            "{}: invalid type {} for service volume bind",
            path.next("volumes").next(ITEM).next("bind"),
            bind.go_type()
        );
        let Some(members) = bind.as_map_mut() else { return refuse("type", place, wrong) };
        set(members, "create_host_path", true.into());
    }
    Ok(())
}

fn device_count(item: &mut Tree, path: &Path) -> Refused<()> {
    let (place, kind) = (item.place.clone(), item.go_type());
    let Some(members) = item.as_map_mut() else {
        return refuse("type", &place, format!("{path}: invalid type {kind} for device request"));
    };
    if !members.contains_key("count") && !members.contains_key("device_ids") {
        members.insert("count".into(), Tree::from("all").at_place(&place));
    }
    Ok(())
}
