//! `kubectl apply` and `kubectl create -f`, `replace`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/apply/apply.go, patcher.go; pkg/cmd/create/create.go.

use super::args::DryRun;
use super::manifest::{self, Manifest};
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::apiserver::{ApiError, WriteOptions};
use crate::kubernetes::objects::{Schema, patch};
use crate::text::{Value, json};

pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(super) const VERBS: &[Verb] = &[
    Verb {
        name: "apply",
        switches: "server-side force-conflicts force recursive R wait prune overwrite all openapi-patch show-managed-fields",
        options: "filename f kustomize k selector l dry-run output o validate grace-period timeout field-manager prune-allowlist",
        run: apply,
    },
    Verb {
        name: "create",
        switches: "recursive R save-config edit windows-line-endings",
        options: "filename f kustomize k selector l dry-run output o validate raw field-manager",
        run: create,
    },
    Verb {
        name: "replace",
        switches: "recursive R save-config force wait",
        options: "filename f kustomize k dry-run output o validate raw subresource grace-period timeout cascade field-manager",
        run: replace,
    },
];

/// The text kept in the annotation: the object as written, with the annotations but this one.
/// Source: kubernetes v1.37 kubectl pkg/util/apply.go, GetModifiedConfiguration.
pub(super) fn last_applied(tree: &Value) -> String {
    let mut tree = tree.clone();
    let annotations = tree.make_map().entry("metadata").make_map().entry("annotations").make_map();
    annotations.remove(LAST_APPLIED);
    json::write(&tree, json::Style::COMPACT) + "\n"
}

fn with_last_applied(tree: &Value) -> Value {
    let mut tree = tree.clone();
    let text = last_applied(&tree);
    tree.set_at(&["metadata", "annotations", LAST_APPLIED], text);
    tree
}

fn apply(cx: &mut Cx, args: &Args) -> Result {
    let manifests = manifest::read(cx, args)?;
    let dry_run = args.dry_run()?;
    let (ready, unread) = manifest::prepare_all(cx, args, &manifests);
    let mut errors = Vec::new();
    let mut printed = Vec::new();
    for (manifest, tree) in &ready {
        match apply_one(cx, args, manifest, tree, dry_run) {
            Ok((tree, words)) => printed.push((tree, words)),
            Err(One::Refused(error, verb)) => errors.push((error, verb, manifest.file.clone())),
            Err(One::Failed(failure)) => {
                print_all(cx, args, &printed)?;
                return Err(failure);
            }
        }
        cx.cluster.settle();
    }
    print_all(cx, args, &printed)?;
    match manifest::refusals(unread, &errors) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

/// How one object was not applied.
enum One {
    Refused(ApiError, &'static str),
    Failed(Failure),
}

impl From<Failure> for One {
    fn from(failure: Failure) -> Self {
        One::Failed(failure)
    }
}

fn print_all(cx: &mut Cx, args: &Args, printed: &[(Value, String)]) -> Result<()> {
    match args.get("output") {
        None => printed.iter().for_each(|(_, words)| cx.print(&format!("{words}\n"))),
        Some(_) => super::get::print_trees(cx, args, &printed.iter().map(|(t, _)| t.clone()).collect::<Vec<_>>())?,
    }
    Ok(())
}

fn warn(cx: &mut Cx, warnings: &[String]) {
    for warning in warnings {
        cx.complain(&format!("Warning: {warning}\n"));
    }
}

fn apply_one(
    cx: &mut Cx,
    args: &Args,
    manifest: &Manifest,
    tree: &Value,
    dry_run: DryRun,
) -> std::result::Result<(Value, String), One> {
    let server_side = args.on("server-side");
    let name = tree.str_at(&["metadata", "name"]).unwrap_or_default().to_string();
    if name.is_empty() {
        let words = match tree.str_at(&["metadata", "generateName"]) {
            Some(prefix) => format!("from {prefix}: cannot use generate name with apply"),
            None => "resource name may not be empty".to_string(),
        };
        return Err(Failure::error(words).into());
    }
    let options = WriteOptions { dry_run: dry_run.on(), source: Some(manifest.source()) };
    let label = manifest::label(tree);
    let suffix = dry_run.suffix();
    let modified = if server_side { tree.clone() } else { with_last_applied(tree) };
    let kind = cx.cluster.api.kind_of(tree);
    let namespace = match cx.cluster.api.kinds.namespaced(kind) {
        true => tree.str_at(&["metadata", "namespace"]).unwrap_or_default().to_string(),
        false => String::new(),
    };
    let by = cx.by();
    let Some(current) = cx.cluster.api.store.by_name(kind, &namespace, &name).cloned() else {
        let refused = |e| One::Refused(e, "creating");
        let object = manifest::typed(&modified).map_err(refused)?;
        let written = cx.cluster.api.create_tree(object, by, &options).map_err(refused)?;
        warn(cx, &written.warnings);
        let word = if server_side { "serverside-applied" } else { "created" };
        return Ok((cx.cluster.api.tree(&written.object), format!("{label} {word}{suffix}")));
    };
    let refused = |e| One::Refused(e, "applying patch to");
    let live = cx.cluster.api.tree(&current);
    let stored = live.str_at(&["metadata", "annotations", LAST_APPLIED]);
    if stored.is_none() && !server_side {
        let resource = manifest::resource_name(tree).split('.').next().unwrap_or_default().to_string();
        cx.complain(&format!("Warning: resource {resource}/{name} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n"));
    }
    let original = stored.and_then(|text| json::parse(text).ok()).unwrap_or_default();
    let shape = Schema::get()
        .kind(tree.str_at(&["apiVersion"]).unwrap_or_default(), tree.str_at(&["kind"]).unwrap_or_default())
        .map(|k| k.shape());
    let changed = patch::three_way(&original, &modified, &live, shape).map_err(Failure::error)?;
    manifest::typed(&modified).map_err(refused)?;
    let word = |changed: bool| match (server_side, changed) {
        (true, _) => "serverside-applied",
        (_, true) => "configured",
        _ => "unchanged",
    };
    let Some(target) = changed else { return Ok((live, format!("{label} {}{suffix}", word(false)))) };
    let target = manifest::typed(&target).map_err(refused)?;
    let written = cx.cluster.api.update_tree(current.meta.id, target, by, &options).map_err(refused)?;
    warn(cx, &written.warnings);
    let same = written.object.meta.version == current.meta.version && !dry_run.on();
    Ok((cx.cluster.api.tree(&written.object), format!("{label} {}{suffix}", word(!same))))
}

fn create(cx: &mut Cx, args: &Args) -> Result {
    if !args.words.is_empty() {
        return Err(Failure::error(format!("unknown command {:?} for \"kubectl create\"", args.words.join(" "))));
    }
    let manifests = manifest::read(cx, args)?;
    let dry_run = args.dry_run()?;
    let mut errors = Vec::new();
    let mut printed = Vec::new();
    let (ready, unread) = manifest::prepare_all(cx, args, &manifests);
    for (manifest, tree) in ready {
        let tree = if args.on("save-config") { with_last_applied(&tree) } else { tree };
        match create_one(cx, &tree, Some(manifest), dry_run) {
            Ok(tree) => printed.push((tree.clone(), format!("{} created{}", manifest::label(&tree), dry_run.suffix()))),
            Err(error) => errors.push((error, "creating", manifest.file.clone())),
        }
        cx.cluster.settle();
    }
    print_all(cx, args, &printed)?;
    match manifest::refusals(unread, &errors) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

/// Creates one object; what it is now.
pub(super) fn create_one(
    cx: &mut Cx,
    tree: &Value,
    manifest: Option<&Manifest>,
    dry_run: DryRun,
) -> std::result::Result<Value, ApiError> {
    if dry_run == DryRun::Client {
        return Ok(tree.clone());
    }
    let options = WriteOptions { dry_run: dry_run.on(), source: manifest.map(Manifest::source) };
    let by = cx.by();
    let written = cx.cluster.api.create_tree(manifest::typed(tree)?, by, &options)?;
    warn(cx, &written.warnings);
    Ok(cx.cluster.api.tree(&written.object))
}

fn replace(cx: &mut Cx, args: &Args) -> Result {
    let manifests = manifest::read(cx, args)?;
    let dry_run = args.dry_run()?;
    let mut errors = Vec::new();
    let mut printed = Vec::new();
    let (ready, unread) = manifest::prepare_all(cx, args, &manifests);
    for (manifest, tree) in ready {
        let kind = cx.cluster.api.kind_of(&tree);
        let text = |path: &[&str]| tree.str_at(path).unwrap_or_default();
        let (namespace, name) = (text(&["metadata", "namespace"]), text(&["metadata", "name"]));
        let done = match cx.cluster.api.store.find(kind, namespace, name) {
            None => Err(cx.cluster.api.not_found(kind, name)),
            Some(id) => {
                let options = WriteOptions { dry_run: dry_run.on(), source: Some(manifest.source()) };
                let by = cx.by();
                manifest::typed(&tree).and_then(|tree| cx.cluster.api.update_tree(id, tree, by, &options))
            }
        };
        match done {
            Ok(written) => {
                warn(cx, &written.warnings);
                let label = manifest::label(&tree);
                printed.push((cx.cluster.api.tree(&written.object), format!("{label} replaced{}", dry_run.suffix())));
            }
            Err(error) => errors.push((error, "replacing", manifest.file.clone())),
        }
        cx.cluster.settle();
    }
    print_all(cx, args, &printed)?;
    match manifest::refusals(unread, &errors) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}
