//! The model completed: networks that nobody declared, names, dependencies that other keys imply.
//! Source: compose-go v2.16.1 loader/normalize.go, loader/environment.go.

use super::dotenv::Env;
use super::folder::clean;
use super::merge::merge;
use super::notes::Refused;
use super::path::Path;
use super::shape;
use super::tree::{Data, Members, Place, Tree, members};

/// Completes a model. `name` is the project's.
pub fn normalize(file: &mut Members, env: &Env, name: &str) -> Refused<()> {
    networks(file);
    for kind in ["services", "jobs"] {
        for service in file.get_mut(kind).and_then(Tree::as_map_mut).into_iter().flat_map(|all| all.values_mut()) {
            let place = service.place.clone();
            if let Some(service) = service.as_map_mut() {
                container(service, env, &place);
                hooks(service)?;
            }
        }
    }
    names(file, name);
    Ok(())
}

fn networks(file: &mut Members) {
    let mut uses_default = false;
    for kind in ["services", "jobs"] {
        for service in file.get_mut(kind).and_then(Tree::as_map_mut).into_iter().flat_map(|all| all.values_mut()) {
            let place = service.place.clone();
            let Some(service) = service.as_map_mut() else { continue };
            if service.contains_key("provider") || service.contains_key("network_mode") {
                continue;
            }
            let declared = service.get("networks").and_then(Tree::as_map).filter(|networks| !networks.is_empty());
            match declared {
                Some(networks) => uses_default |= networks.contains_key("default"),
                None => {
                    let only = members([("default", Tree::default())]);
                    service.insert("networks".into(), Tree::from(only).at_place(&place));
                    uses_default = true;
                }
            }
        }
    }
    if uses_default {
        let networks = file.entry("networks".into()).or_default();
        if networks.is_null() {
            networks.data = Data::Map(Members::new());
        }
        if let Some(networks) = networks.as_map_mut() {
            networks.entry("default".into()).or_default();
        }
    }
}

fn container(service: &mut Members, env: &Env, place: &Place) {
    if service.get("pull_policy").and_then(Tree::as_str) == Some("if_not_present") {
        service.insert("pull_policy".into(), Tree::from("missing").at_place(place));
    }
    if let Some(build) = service.get_mut("build").and_then(Tree::as_map_mut) {
        let unset = |build: &Members, key: &str| build.get(key).is_none_or(Tree::is_null);
        if unset(build, "context") {
            build.insert("context".into(), Tree::from(".").at_place(place));
        }
        if unset(build, "dockerfile") && unset(build, "dockerfile_inline") {
            build.insert("dockerfile".into(), Tree::from("Dockerfile").at_place(place));
        }
        if let Some(args) = build.get_mut("args") {
            from_env(args, env, false);
        }
    }
    if let Some(environment) = service.get_mut("environment") {
        from_env(environment, env, true);
    }
    implied_dependencies(service, place);
    if let Some(Tree { data: Data::List(volumes), .. }) = service.get_mut("volumes") {
        for target in volumes.iter_mut().filter_map(|v| v.as_map_mut()?.get_mut("target")) {
            if let Data::Str(text) = &mut target.data {
                *text = clean(text).into();
            }
        }
    }
}

/// Names without value get that of the environment; without one they stay or go. Source: loader/normalize.go, resolve.
fn from_env(tree: &mut Tree, env: &Env, keep: bool) {
    match &mut tree.data {
        Data::Map(members) => {
            for (key, value) in members.iter_mut().filter(|(_, value)| value.is_null()) {
                if let Some(found) = env.get(&**key) {
                    value.data = Data::Str(found.as_str().into());
                }
            }
            members.retain(|_, value| keep || !value.is_null());
        }
        Data::List(items) => {
            items.retain_mut(|item| {
                let Data::Str(text) = &mut item.data else { return false };
                if text.contains('=') {
                    return true;
                }
                match env.get(&**text) {
                    Some(found) => *text = format!("{text}={found}").into(),
                    None => return keep,
                }
                true
            });
        }
        _ => {}
    }
}

fn implied_dependencies(service: &mut Members, place: &Place) {
    let mut wanted: Vec<(String, bool)> = Vec::new();
    let texts = |service: &Members, key: &str| -> Vec<String> {
        let items = service.get(key).and_then(Tree::as_list).unwrap_or_default();
        items.iter().filter_map(Tree::as_str).map(str::to_owned).collect()
    };
    for link in texts(service, "links") {
        let parts: Vec<&str> = link.split(':').collect();
        wanted.push((if parts.len() == 2 { parts[0] } else { &link }.to_owned(), true));
    }
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        if let Some(shared) = service.get(key).and_then(Tree::as_str).and_then(|text| text.strip_prefix("service:")) {
            wanted.push((shared.to_owned(), true));
        }
    }
    for from in texts(service, "volumes_from").iter().filter(|from| !from.starts_with("container:")) {
        wanted.push((from.split(':').next().unwrap_or_default().to_owned(), false));
    }
    if wanted.is_empty() {
        return;
    }
    let all = service.entry("depends_on".into()).or_insert_with(|| Tree::from(Members::new()).at_place(place));
    for (name, restart) in wanted {
        let condition = ("condition", "service_started".into());
        let entry = members([condition, ("restart", restart.into()), ("required", true.into())]);
        if let Some(all) = all.as_map_mut() {
            all.entry(name.as_str().into()).or_insert_with(|| Tree::from(entry).at_place(place));
        }
    }
}

/// What runs before a service is described like it, but for what it says itself. Source: resolvePreStartHooks.
fn hooks(service: &mut Members) -> Refused<()> {
    if service.get("pre_start").and_then(Tree::as_list).is_none_or(<[Tree]>::is_empty) {
        return Ok(());
    }
    let base: Members = service
        .iter()
        .filter(|(key, _)| &***key != "volumes" && shape::is_container_key(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let Some(Tree { data: Data::List(hooks), .. }) = service.get_mut("pre_start") {
        for hook in hooks.iter_mut().filter(|hook| hook.as_map().is_some()) {
            let own = std::mem::take(hook);
            *hook = merge(Tree::from(base.clone()), own, &Path::of(&["services", "hook"]))?;
        }
    }
    Ok(())
}

fn names(file: &mut Members, project: &str) {
    for kind in ["networks", "volumes", "configs", "secrets"] {
        for (key, resource) in file.get_mut(kind).and_then(Tree::as_map_mut).into_iter().flatten() {
            if resource.is_null() {
                resource.data = Data::Map(Members::new());
            }
            let place = resource.place.clone();
            let Some(resource) = resource.as_map_mut() else { continue };
            if resource.get("name").is_none_or(Tree::is_null) {
                let text = resource.get("external").map(Tree::go_text).unwrap_or_default();
                let external = matches!(text.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True");
                let name = if external { key.to_string() } else { format!("{project}_{key}") };
                resource.insert("name".into(), Tree::from(name).at_place(&place));
            }
        }
    }
}

/// The key that holds what a secret's variable says; it is never shown. Source: types.SecretConfigXValue.
pub const SECRET_VALUE: &str = "x-#value";

/// Names without value in lists, and what secrets and configs take from the environment.
/// Source: loader/environment.go, ResolveEnvironment.
pub fn resolve_environment(file: &mut Members, env: &Env) {
    for kind in ["services", "jobs"] {
        for service in file.get_mut(kind).and_then(Tree::as_map_mut).into_iter().flat_map(|all| all.values_mut()) {
            let Some(Tree { data: Data::List(items), .. }) =
                service.as_map_mut().and_then(|service| service.get_mut("environment"))
            else {
                continue;
            };
            items.retain(|item| item.as_str().is_some());
            for item in items {
                if let Data::Str(text) = &mut item.data
                    && let Some(found) = env.get(&**text)
                {
                    *text = format!("{text}={found}").into();
                }
            }
        }
    }
    for (kind, key) in [("secrets", SECRET_VALUE), ("configs", "content")] {
        for resource in file.get_mut(kind).and_then(Tree::as_map_mut).into_iter().flat_map(|all| all.values_mut()) {
            let found = resource.str_at(&["environment"]).and_then(|name| env.get(name)).cloned();
            if let (Some(members), Some(found)) = (resource.as_map_mut(), found) {
                members.insert(key.into(), found.into());
            }
        }
    }
}
