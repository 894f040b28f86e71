//! `kubectl taint`, `cordon`, `uncordon`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/{taint,drain}.

use super::output::{aggregate, tell};
use super::resource::{Resource, Selection, resource, together};
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::objects::Object;
use crate::kubernetes::objects::node::Taint;
use crate::text::go::quoted;
use crate::text::{Map, Value};
use std::rc::Rc;

pub(super) const VERBS: &[Verb] = &[
    Verb {
        name: "taint",
        switches: "all overwrite",
        options: "selector l output o dry-run validate field-manager",
        run: taint,
    },
    Verb { name: "cordon", switches: "", options: "selector l dry-run", run: cordon },
    Verb { name: "uncordon", switches: "", options: "selector l dry-run", run: uncordon },
];

type Found = Vec<(Resource, Rc<Object>)>;

fn objects(cx: &Cx, args: &Args, words: &[String]) -> Result<Found> {
    let (found, missing) = Selection::with_files(cx, args, words)?.objects(cx.cluster, &cx.namespace);
    match together(missing) {
        Some(failure) => Err(failure),
        None => Ok(found),
    }
}

fn usage(words: String) -> Failure {
    Failure::error(format!("{words}\nSee 'kubectl taint -h' for help and examples"))
}

/// A taint to add, or a key (and perhaps an effect) to take out.
enum Change {
    Add(Taint),
    Remove(String, String),
}

/// Source: kubernetes v1.37 kubectl pkg/cmd/taint/utils.go, parseTaints.
fn read_taint(word: &str) -> std::result::Result<Change, String> {
    let effect_of = |effect: &str| match effect {
        "NoSchedule" | "PreferNoSchedule" | "NoExecute" => Ok(effect.to_string()),
        other => Err(format!("invalid taint effect: {other}, unsupported taint effect")),
    };
    if let Some(word) = word.strip_suffix('-') {
        let (key, effect) = word.split_once(':').unwrap_or((word, ""));
        let effect = if effect.is_empty() { String::new() } else { effect_of(effect)? };
        return Ok(Change::Remove(key.split('=').next().unwrap_or(key).to_string(), effect));
    }
    let (pair, effect) = word.split_once(':').ok_or_else(|| format!("invalid taint spec: {word}"))?;
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    let effect = effect_of(effect)?;
    Ok(Change::Add(Taint { key: key.into(), value: value.into(), effect: effect.into(), added: None }))
}

/// What a line asks for: taints to add, keys and effects to take out.
#[derive(Default)]
struct Changes {
    add: Vec<Taint>,
    remove: Vec<(String, String)>,
}

/// Source: taint.go, Complete; utils.go, parseTaints.
fn changes(specs: &[String]) -> Result<Changes> {
    let mut changes = Changes::default();
    for spec in specs {
        match read_taint(spec).map_err(usage)? {
            Change::Add(taint) => {
                if changes.add.iter().any(|t| t.key == taint.key && t.effect == taint.effect) {
                    let (key, value, effect) = (&taint.key, &taint.value, &taint.effect);
                    return Err(usage(format!(
                        "duplicated taints with the same key and effect: {{{key} {value} {effect} <nil>}}"
                    )));
                }
                changes.add.push(taint);
            }
            Change::Remove(key, effect) => changes.remove.push((key, effect)),
        }
    }
    Ok(changes)
}

/// Parts the words into the resource type with its names and the taints. Source: taint.go, Complete.
fn words_and_specs(args: &Args) -> Result<(Vec<String>, Vec<String>)> {
    let (mut words, mut specs) = (Vec::new(), Vec::new());
    for word in &args.words {
        match (word.contains(['=', ':']) || word.ends_with('-'), specs.is_empty()) {
            (true, _) => specs.push(word.clone()),
            (false, true) => words.push(word.clone()),
            (false, false) => {
                return Err(Failure::error(format!("all resources must be specified before taint changes: {word}")));
            }
        }
    }
    if words.is_empty() {
        return Err(Failure::error("one or more resources must be specified as <resource> <name>"));
    }
    if specs.is_empty() {
        return Err(Failure::error("at least one taint update is required"));
    }
    Ok((words, specs))
}

/// Source: taint.go, Validate.
fn check(cx: &Cx, args: &Args, words: &[String], changes: &Changes) -> Result<()> {
    let kind = words[0].to_lowercase();
    if resource(cx.cluster, &kind)?.kind != "Node" {
        return Err(Failure::error(format!("invalid resource type {kind}, only node types are supported")));
    }
    let removed = |t: &Taint| {
        let same = |(key, effect): &&(String, String)| *t.key == **key && (effect.is_empty() || *t.effect == **effect);
        changes.remove.iter().filter(same).map(|(key, effect)| format!("{key}={effect}")).collect::<Vec<_>>()
    };
    let both: Vec<String> = changes.add.iter().flat_map(removed).collect();
    if !both.is_empty() {
        let both = both.join(", ");
        return Err(Failure::error(format!(
            "can not both modify and remove the following taint(s) in the same command: {both}"
        )));
    }
    let by_selector = args.get("selector").is_some_and(|s| !s.is_empty());
    match (args.on("all"), by_selector) {
        (true, true) => Err(Failure::error("setting 'all' parameter with a non empty selector is prohibited")),
        (false, false) if words.len() < 2 => {
            Err(Failure::error("at least one resource name must be specified since 'all' parameter is not set"))
        }
        _ => Ok(()),
    }
}

fn taint(cx: &mut Cx, args: &Args) -> Result {
    let (words, specs) = words_and_specs(args)?;
    let changes = changes(&specs)?;
    check(cx, args, &words, &changes)?;
    let by_name = !args.on("all") && args.get("selector").is_none_or(str::is_empty);
    let names = words[1..].iter().filter(|_| by_name).cloned();
    let nodes: Vec<String> = std::iter::once("nodes".to_string()).chain(names).collect();
    let (found, mut failures) = Selection::read(cx, args, &nodes)?.objects(cx.cluster, &cx.namespace);
    for (_, object) in found {
        let told = taint_one(cx, args, &object, &changes).and_then(|(tree, word)| tell(cx, args, &tree, word));
        failures.extend(told.err());
    }
    aggregate(failures)?;
    Ok(Flow::Done(0))
}

/// Taints a node, in the store or on paper; what to show of it and the word for it.
fn taint_one(cx: &mut Cx, args: &Args, object: &Object, changes: &Changes) -> Result<(Value, &'static str)> {
    let name = &object.meta.name;
    let old = object.node().map(|n| n.taints.clone()).unwrap_or_default();
    let there = |t: &&Taint| old.iter().any(|o| o.key == t.key && o.effect == t.effect);
    let twice: Vec<&str> = changes.add.iter().filter(there).map(|t| &*t.key).collect();
    let overwrite = args.on("overwrite");
    if !twice.is_empty() && !overwrite {
        let keys = twice.join(",");
        return Err(Failure::error(format!(
            "node {name} already has {keys} taint(s) with same effect(s) and --overwrite is false"
        )));
    }
    let (taints, word) = taints_after(&old, &changes.add, &changes.remove, overwrite).map_err(Failure::error)?;
    if args.dry_run()?.on() {
        let mut tree = cx.cluster.api.tree(object);
        let taints: Vec<Value> = taints.iter().map(|t| taint_value(&tree, t)).collect();
        match taints.is_empty() {
            true => drop(tree.remove_at(&["spec", "taints"])),
            false => tree.set_at(&["spec", "taints"], taints),
        }
        return Ok((tree, word));
    }
    let by = cx.by();
    cx.cluster.api.update(object.meta.id, by, |o| {
        if let Some(node) = o.node_mut() {
            node.taints = taints;
        }
    });
    let now = cx.cluster.api.store.get(object.meta.id).cloned();
    let tree = now.map(|now| cx.cluster.api.tree(&now)).unwrap_or_default();
    cx.cluster.settle();
    Ok((tree, word))
}

/// A taint as the node would show it: the one it has, or a new one.
fn taint_value(node: &Value, taint: &Taint) -> Value {
    let text = |value: &Value, key: &str| value.str_at(&[key]).unwrap_or_default().to_string();
    let members: [(&str, &str); 3] = [("key", &taint.key), ("value", &taint.value), ("effect", &taint.effect)];
    let same = |v: &&Value| members.iter().all(|(key, wanted)| text(v, key) == **wanted);
    let new = || members.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| ((*k).into(), Value::from(*v)));
    let old = node.list_at(&["spec", "taints"]).iter().find(same);
    old.cloned().unwrap_or_else(|| Value::Map(new().collect::<Map>()))
}

/// New taints first, then the old ones that stay. Source: kubectl pkg/cmd/taint/utils.go, reorganizeTaints.
fn taints_after(
    old: &[Taint],
    add: &[Taint],
    remove: &[(String, String)],
    overwrite: bool,
) -> std::result::Result<(Vec<Taint>, &'static str), String> {
    let mut taints = add.to_vec();
    taints.extend(old.iter().filter(|o| !add.iter().any(|t| t.key == o.key && t.effect == o.effect)).cloned());
    let added = taints.len() != old.len();
    let mut removed = false;
    for (key, effect) in remove {
        let before = taints.len();
        taints.retain(|t| !(&*t.key == key && (effect.is_empty() || &*t.effect == effect)));
        if taints.len() == before {
            let what = if effect.is_empty() { key.clone() } else { format!("{key}:{effect}") };
            return Err(format!("taint {} not found", quoted(&what)));
        }
        removed = true;
    }
    let word = match (added, removed) {
        (true, true) => "modified",
        _ if overwrite => "modified",
        (true, _) => "tainted",
        _ => "untainted",
    };
    Ok((taints, word))
}

fn cordon(cx: &mut Cx, args: &Args) -> Result {
    cordon_all(cx, args, true).map(|_| Flow::Done(0))
}

fn uncordon(cx: &mut Cx, args: &Args) -> Result {
    cordon_all(cx, args, false).map(|_| Flow::Done(0))
}

/// Cordons or frees the nodes of a line and says so.
pub(super) fn cordon_all(cx: &mut Cx, args: &Args, on: bool) -> Result<Found> {
    let mut words = vec!["nodes".to_string()];
    words.extend(args.words.iter().map(|w| w.trim_start_matches("node/").trim_start_matches("nodes/").to_string()));
    if args.words.is_empty() && args.get("selector").is_none() {
        let verb = if on { "cordon" } else { "uncordon" };
        return Err(Failure::error(format!(
            "USAGE: {verb} NODE [flags]\nSee 'kubectl {verb} -h' for help and examples"
        )));
    }
    let found = objects(cx, args, &words)?;
    let dry_run = args.dry_run()?;
    let word = if on { "cordoned" } else { "uncordoned" };
    for (resource, object) in &found {
        let same = object.node().is_some_and(|n| n.unschedulable == on);
        if !same && !dry_run.on() {
            let by = cx.by();
            cx.cluster.api.update(object.meta.id, by, |o| {
                if let Some(node) = o.node_mut() {
                    node.unschedulable = on;
                }
            });
            cx.cluster.settle();
        }
        let already = if same { "already " } else { "" };
        cx.print(&format!("{}/{} {already}{word}{}\n", resource.singular(), object.meta.name, dry_run.suffix()));
    }
    Ok(found)
}
