//! `kubectl set image|env|resources|selector|serviceaccount`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/set.

use super::resource::{Resource, Selection, together};
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::apiserver::WriteOptions;
use crate::kubernetes::objects::Object;
use crate::map;
use crate::text::go::quoted;
use crate::text::{Map, Value};
use std::rc::Rc;

const COMMON: &str = "filename f kustomize k selector l output o dry-run containers c env e from keys prefix limits requests \
                      field-manager resource-version";

macro_rules! set {
    ($($name:literal $run:ident),*) => {&[$(
        Verb { name: concat!("set ", $name), switches: "all local recursive R overwrite list resolve", options: COMMON, run: $run }
    ),*]};
}
pub(super) const VERBS: &[Verb] = set!(
    "image" image, "env" env, "resources" resources, "selector" selector, "serviceaccount" service_account, "sa" service_account
);

/// Where the pod's wish stands in a kind's tree.
fn pod_spec(kind: &str) -> &'static [&'static str] {
    match kind {
        "Pod" => &["spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => &["spec", "template", "spec"],
    }
}

type Found = Vec<(Resource, Rc<Object>)>;

/// Parts words into objects and changes `KEY=VALUE`, `KEY-`.
fn select(cx: &Cx, args: &Args) -> Result<(Found, Vec<String>)> {
    let is_change = |w: &String| w.contains('=') || w.ends_with('-');
    let (changes, words): (Vec<String>, Vec<String>) = args.words.iter().cloned().partition(is_change);
    if words.is_empty() && args.get("filename").is_none() {
        return Err(Failure::error(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    let (found, missing) = Selection::with_files(cx, args, &words)?.objects(cx.cluster, &cx.namespace);
    match together(missing) {
        Some(failure) => Err(failure),
        None => Ok((found, changes)),
    }
}

/// Changes each object and says so.
fn change_all(
    cx: &mut Cx,
    args: &Args,
    found: Found,
    word: &str,
    change: &dyn Fn(&str, &mut Value) -> std::result::Result<(), String>,
) -> Result {
    let dry_run = args.dry_run()?;
    let mut failures = Vec::new();
    for (resource, object) in found {
        let before = cx.cluster.api.tree(&object);
        let mut tree = before.clone();
        if let Err(words) = change(&resource.kind, &mut tree) {
            failures.push(Failure::error(words));
            continue;
        }
        if tree == before {
            continue;
        }
        let by = cx.by();
        let options = WriteOptions { dry_run: dry_run.on(), source: None };
        let label = format!("{}/{}", resource.singular(), object.meta.name);
        let typed = super::manifest::typed(&tree);
        match typed.and_then(|tree| cx.cluster.api.update_tree(object.meta.id, tree, by, &options)) {
            Ok(_) => cx.print(&format!("{label} {word} updated{}\n", dry_run.suffix())),
            Err(error) => failures
                .push(Failure::error(format!("failed to patch {word} update to pod template: {}", error.message))),
        }
        cx.cluster.settle();
    }
    match together(failures) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

/// The lists of containers in a pod's wish.
fn for_containers(tree: &mut Value, kind: &str, init: bool, mut each: impl FnMut(&str, &mut Value)) {
    for key in if init { &["initContainers", "containers"][..] } else { &["containers"][..] } {
        let path = [pod_spec(kind), &[*key]].concat();
        let Some(Value::List(list)) = at_mut(tree, &path) else { continue };
        for container in list {
            let name = container.str_at(&["name"]).unwrap_or_default().to_string();
            each(&name, container);
        }
    }
}

fn at_mut<'a>(tree: &'a mut Value, path: &[&str]) -> Option<&'a mut Value> {
    path.iter().try_fold(tree, |here, key| here.as_map_mut()?.get_mut(key))
}

fn image(cx: &mut Cx, args: &Args) -> Result {
    let (found, changes) = select(cx, args)?;
    let pairs: Vec<(String, String)> =
        changes.iter().filter_map(|c| c.split_once('=')).map(|(k, v)| (k.to_string(), v.to_string())).collect();
    if pairs.is_empty() {
        return Err(Failure::error("at least one image update is required"));
    }
    change_all(cx, args, found, "image", &|kind, tree| {
        for (name, image) in &pairs {
            let mut hit = false;
            for_containers(tree, kind, true, |container, it| {
                if container == name || name == "*" {
                    it.make_map().set("image", image.as_str());
                    hit = true;
                }
            });
            if !hit {
                return Err(format!("unable to find container named {}", quoted(name)));
            }
        }
        Ok(())
    })
}

fn env(cx: &mut Cx, args: &Args) -> Result {
    let (found, mut changes) = select(cx, args)?;
    changes.extend(args.each("env").into_iter().map(String::from));
    let only = args.get("containers").unwrap_or("*").to_string();
    if args.on("list") || changes.is_empty() {
        return list_env(cx, found, &only);
    }
    change_all(cx, args, found, "env", &|kind, tree| {
        for_containers(tree, kind, true, |name, container| {
            if only != "*" && only != name {
                return;
            }
            for change in &changes {
                set_variable(container, change);
            }
        });
        Ok(())
    })
}

fn set_variable(container: &mut Value, change: &str) {
    let (name, value) = match change.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (change.trim_end_matches('-'), None),
    };
    let mut list = container.list_at(&["env"]).to_vec();
    let at = list.iter().position(|v| v.str_at(&["name"]) == Some(name));
    match (value, at) {
        (Some(value), at) => {
            let new = Value::Map(map! { "name" => name, "value" => value });
            match at {
                Some(at) => list[at] = new,
                None => list.push(new),
            }
        }
        (None, Some(at)) => drop(list.remove(at)),
        (None, None) => {}
    }
    match list.is_empty() {
        true => drop(container.make_map().remove("env")),
        false => container.make_map().set("env", list),
    }
}

fn list_env(cx: &mut Cx, found: Found, only: &str) -> Result {
    for (resource, object) in found {
        let mut tree = cx.cluster.api.tree(&object);
        let mut text = String::new();
        for_containers(&mut tree, &resource.kind, false, |name, container| {
            if only != "*" && only != name {
                return;
            }
            text += &format!("# {} {}, container {name}\n", resource.plural, object.meta.name);
            for variable in container.list_at(&["env"]) {
                let part = |key: &str| variable.str_at(&[key]).unwrap_or_default();
                text += &format!("{}={}\n", part("name"), part("value"));
            }
        });
        cx.print(&text);
    }
    Ok(Flow::Done(0))
}

fn resources(cx: &mut Cx, args: &Args) -> Result {
    let words = args.words.clone();
    let (found, missing) = Selection::with_files(cx, args, &words)?.objects(cx.cluster, &cx.namespace);
    if let Some(failure) = together(missing) {
        return Err(failure);
    }
    let amounts = |name: &str| -> Map {
        args.list(name).iter().filter_map(|p| p.split_once('=')).map(|(k, v)| (k.into(), Value::from(v))).collect()
    };
    let (limits, requests) = (amounts("limits"), amounts("requests"));
    if limits.is_empty() && requests.is_empty() {
        return Err(Failure::error(
            "you must specify an update to requests or limits (in the form of --requests/--limits)",
        ));
    }
    let only = args.get("containers").unwrap_or("*").to_string();
    change_all(cx, args, found, "resource requirements", &|kind, tree| {
        for_containers(tree, kind, false, |name, container| {
            if only != "*" && only != name {
                return;
            }
            for (key, list) in [("limits", &limits), ("requests", &requests)] {
                for (resource, amount) in list.iter() {
                    container.set_at(&["resources", key, resource], amount.clone());
                }
            }
        });
        Ok(())
    })
}

fn selector(cx: &mut Cx, args: &Args) -> Result {
    let (found, changes) = select(cx, args)?;
    let pairs: Map = changes
        .iter()
        .flat_map(|c| c.split(','))
        .filter_map(|c| c.split_once('='))
        .map(|(k, v)| (k.into(), Value::from(v)))
        .collect();
    change_all(cx, args, found, "selector", &|kind, tree| {
        if kind != "Service" {
            return Err(format!("setting a selector is only supported for Services, not {kind}"));
        }
        tree.set_at(&["spec", "selector"], pairs.clone());
        Ok(())
    })
}

fn service_account(cx: &mut Cx, args: &Args) -> Result {
    let Some((account, words)) = args.words.split_last() else {
        return Err(Failure::error("serviceaccount is required"));
    };
    let (found, missing) = Selection::with_files(cx, args, words)?.objects(cx.cluster, &cx.namespace);
    if let Some(failure) = together(missing) {
        return Err(failure);
    }
    change_all(cx, args, found, "serviceaccount", &|kind, tree| {
        for key in ["serviceAccountName", "serviceAccount"] {
            tree.set_at(&[pod_spec(kind), &[key]].concat(), account.as_str());
        }
        Ok(())
    })
}
