//! `kubectl label`, `annotate`, `patch`, `taint`, `cordon`, `uncordon`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/{label,annotate,patch,taint,drain}.

use super::resource::{Resource, Selection, together};
use super::rollout::patch_object;
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::apiserver::WriteOptions;
use crate::kubernetes::objects::Object;
use crate::kubernetes::objects::node::Taint;
use crate::kubernetes::objects::patch::PatchKind;
use crate::text::go::quoted;
use crate::text::yaml;
use std::rc::Rc;

const COMMON: &str = "filename f kustomize k selector l field-selector output o dry-run resource-version type patch p \
                      patch-file subresource field-manager";

macro_rules! verbs {
    ($($name:literal $run:ident),*) => {&[$(
        Verb {
            name: $name, switches: "all all-namespaces A overwrite local list recursive R", options: COMMON, run: $run
        }
    ),*]};
}
pub(super) const VERBS: &[Verb] = verbs!(
    "label" label, "annotate" annotate, "patch" patch, "taint" taint, "cordon" cordon, "uncordon" uncordon
);

type Found = Vec<(Resource, Rc<Object>)>;

fn objects(cx: &Cx, args: &Args, words: &[String]) -> Result<Found> {
    let (found, missing) = Selection::with_files(cx, args, words)?.objects(cx.cluster, &cx.namespace);
    match together(missing) {
        Some(failure) => Err(failure),
        None => Ok(found),
    }
}

/// A change of a pair: set, or take out.
type Pair = (String, Option<String>);

/// Parts the words into those that name objects and `KEY=VALUE`, `KEY-`.
fn pairs(args: &Args) -> (Vec<String>, Vec<Pair>) {
    let mut words = Vec::new();
    let mut pairs = Vec::new();
    for word in &args.words {
        match word.split_once('=') {
            Some((key, value)) => pairs.push((key.to_string(), Some(value.to_string()))),
            None if word.ends_with('-') && !words.is_empty() => {
                pairs.push((word.trim_end_matches('-').to_string(), None));
            }
            None => words.push(word.clone()),
        }
    }
    (words, pairs)
}

fn label(cx: &mut Cx, args: &Args) -> Result {
    mark(cx, args, "labels")
}

fn annotate(cx: &mut Cx, args: &Args) -> Result {
    mark(cx, args, "annotations")
}

fn mark(cx: &mut Cx, args: &Args, what: &str) -> Result {
    let (words, pairs) = pairs(args);
    let singular = what.trim_end_matches('s');
    if words.is_empty() && args.get("filename").is_none() {
        return Err(Failure::error(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    if pairs.is_empty() && !args.on("list") {
        return Err(Failure::error(format!("at least one {singular} update is required")));
    }
    let dry_run = args.dry_run()?;
    let mut failures = Vec::new();
    for (resource, object) in objects(cx, args, &words)? {
        let mut tree = cx.cluster.api.tree(&object);
        let old = |key: &str| tree.str_at(&["metadata", what, key]).map(String::from);
        let taken: Vec<(&String, String)> = pairs
            .iter()
            .filter(|(_, value)| value.is_some() && !args.on("overwrite"))
            .filter_map(|(key, value)| old(key).filter(|o| Some(o) != value.as_ref()).map(|o| (key, o)))
            .collect();
        if !taken.is_empty() {
            let list: Vec<String> = taken.iter().map(|(k, v)| format!("'{k}' already has a value ({v})")).collect();
            failures.push(Failure::error(match what {
                "labels" => format!("{}, and --overwrite is false", list.join("; ")),
                _ => {
                    format!("--overwrite is false but found the following declared annotation(s): {}", list.join("; "))
                }
            }));
            continue;
        }
        let before = tree.clone();
        for (key, value) in &pairs {
            match value {
                Some(value) => tree.set_at(&["metadata", what, key], value.as_str()),
                None => {
                    if tree.remove_at(&["metadata", what, key]).is_none() && what == "labels" {
                        cx.print(&format!("label {} not found.\n", quoted(key)));
                    }
                }
            }
        }
        let word = match (what, tree != before) {
            ("annotations", _) => "annotated",
            (_, false) => "not labeled",
            (_, true) if pairs.iter().all(|(_, v)| v.is_none()) => "unlabeled",
            _ => "labeled",
        };
        let by = cx.by();
        let options = WriteOptions { dry_run: dry_run.on(), source: None };
        match cx.cluster.api.update_tree(object.meta.id, tree, by, &options) {
            Ok(_) => {
                let line = format!("{}/{} {word}{}\n", resource.singular(), object.meta.name, dry_run.suffix());
                cx.print(&line);
            }
            Err(error) => failures.push(Failure::server(&error)),
        }
        cx.cluster.settle();
    }
    match together(failures) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

fn patch(cx: &mut Cx, args: &Args) -> Result {
    let kind = match args.get("type").unwrap_or("strategic") {
        "strategic" => PatchKind::Strategic,
        "merge" => PatchKind::Merge,
        "json" => PatchKind::Json,
        other => {
            return Err(Failure::error(format!("--type must be one of [json merge strategic], not {}", quoted(other))));
        }
    };
    let text = match (args.get("patch"), args.get("patch-file")) {
        (Some(text), _) => text.to_string(),
        (None, Some(file)) => (cx.files)(file).ok_or_else(|| {
            Failure::error(format!("unable to read patch file: open {file}: no such file or directory"))
        })?,
        (None, None) => {
            return Err(Failure::error("must specify --patch or --patch-file containing the contents of the patch"));
        }
    };
    let (node, problems) = yaml::read_one(&text);
    let body = match (node, problems.first()) {
        (Some(node), None) => node.to_value(),
        (_, problem) => {
            let words = problem.map(|p| p.message.clone()).unwrap_or_default();
            return Err(Failure::error(format!("unable to parse {}: {words}", quoted(&text))));
        }
    };
    let found = objects(cx, args, &args.words)?;
    if found.is_empty() {
        return Err(Failure::error("no objects passed to patch"));
    }
    let dry_run = args.dry_run()?;
    for (resource, object) in found {
        let changed = patch_object(cx, &resource, &object, kind, &body, dry_run.on(), args.get("subresource"))?;
        let word = if changed || dry_run.on() { "patched" } else { "patched (no change)" };
        cx.print(&format!("{}/{} {word}{}\n", resource.singular(), object.meta.name, dry_run.suffix()));
    }
    Ok(Flow::Done(0))
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

fn taint(cx: &mut Cx, args: &Args) -> Result {
    let is_spec = |w: &String| w.contains([':', '=']) || w.ends_with('-');
    let (specs, words): (Vec<String>, Vec<String>) = args.words.iter().cloned().partition(is_spec);
    let (mut add, mut remove) = (Vec::<Taint>::new(), Vec::new());
    for spec in &specs {
        match read_taint(spec).map_err(usage)? {
            Change::Add(taint) => {
                if add.iter().any(|t| t.key == taint.key && t.effect == taint.effect) {
                    let (key, value, effect) = (&taint.key, &taint.value, &taint.effect);
                    return Err(usage(format!(
                        "duplicated taints with the same key and effect: {{{key} {value} {effect} <nil>}}"
                    )));
                }
                add.push(taint);
            }
            Change::Remove(key, effect) => remove.push((key, effect)),
        }
    }
    if specs.is_empty() {
        return Err(usage("at least one taint update is required".into()));
    }
    let dry_run = args.dry_run()?;
    for (resource, object) in objects(cx, args, &words)? {
        let name = object.meta.name.clone();
        let old = object.node().map(|n| n.taints.clone()).unwrap_or_default();
        let there = |t: &Taint| old.iter().any(|o| o.key == t.key && o.effect == t.effect);
        let twice: Vec<&str> = add.iter().filter(|t| there(t)).map(|t| &*t.key).collect();
        if !twice.is_empty() && !args.on("overwrite") {
            let keys = twice.join(",");
            return Err(Failure::error(format!(
                "node {name} already has {keys} taint(s) with same effect(s) and --overwrite is false"
            )));
        }
        let (taints, word) = taints_after(&old, &add, &remove, args.on("overwrite")).map_err(Failure::error)?;
        if !dry_run.on() {
            let by = cx.by();
            cx.cluster.api.update(object.meta.id, by, |o| {
                if let Some(node) = o.node_mut() {
                    node.taints = taints;
                }
            });
            cx.cluster.settle();
        }
        cx.print(&format!("{}/{name} {word}{}\n", resource.singular(), dry_run.suffix()));
    }
    Ok(Flow::Done(0))
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
