//! `kubectl apply` and `kubectl create -f`, `replace`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/apply/apply.go, patcher.go; pkg/cmd/create/create.go.

use super::args::DryRun;
use super::form::{Form, typed_list};
use super::manifest::{self, Manifest, Unread};
use super::output::Teller;
use super::resource::{Selection, together};
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::apiserver::{ApiError, WriteOptions, Writer};
use crate::kubernetes::objects::{Id, Schema, Struct, patch};
use crate::text::{Value, json, yaml};

pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(super) const VERBS: &[Verb] = &[
    Verb {
        name: "apply",
        switches: "server-side force-conflicts force recursive R wait prune overwrite all openapi-patch show-managed-fields record",
        options: "filename f kustomize k selector l dry-run output o validate grace-period timeout field-manager prune-allowlist",
        run: apply,
    },
    Verb {
        name: "apply view-last-applied",
        switches: "all recursive R",
        options: "filename f kustomize k selector l output o",
        run: view_last_applied,
    },
    Verb {
        name: "create",
        switches: "recursive R save-config edit windows-line-endings record",
        options: "filename f kustomize k selector l dry-run output o validate raw field-manager",
        run: create,
    },
    Verb {
        name: "replace",
        switches: "recursive R save-config force wait record",
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
    let manifests = manifest::selected(args, manifest::read(cx, args)?)?;
    let dry_run = args.dry_run()?;
    let (mut ready, unread) = manifest::prepare_all(cx, args, &manifests);
    let mut errors = Vec::new();
    let mut printed = Vec::new();
    for (manifest, tree) in &mut ready {
        args.record(tree);
        match apply_one(cx, args, manifest, tree, dry_run) {
            Ok((tree, words)) => printed.push((tree, words)),
            Err(One::Refused(error, verb)) => errors.push((error, verb, manifest.file.clone())),
            Err(One::Failed(failure)) => {
                print_all(cx, args, &printed)?;
                return Err(failure);
            }
        }
        cx.cluster.next_request();
    }
    print_all(cx, args, &printed)?;
    manifest::refusals(unread, Unread::First, &errors).map_or(Ok(Flow::Done(0)), Err)
}

/// How one object was not applied.
pub(super) enum One {
    Refused(ApiError, &'static str),
    Failed(Failure),
}

impl From<Failure> for One {
    fn from(failure: Failure) -> Self {
        One::Failed(failure)
    }
}

fn print_all(cx: &mut Cx, args: &Args, printed: &[(Value, String)]) -> Result<()> {
    let trees: Vec<Value> = printed.iter().map(|(tree, _)| tree.clone()).collect();
    match (Form::read(cx, args, false)?, &trees[..]) {
        (Form::Own, _) => printed.iter().for_each(|(_, words)| cx.print(&format!("{words}\n"))),
        (_, []) => {}
        (form, [one]) => form.print(cx, one, 0)?,
        (form, _) => form.print(cx, &typed_list("List", &trees), 0)?,
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
    let name = tree.str_at(&["metadata", "name"]).unwrap_or_default().to_string();
    if name.is_empty() {
        let words = match tree.str_at(&["metadata", "generateName"]) {
            Some(prefix) => format!("from {prefix}: cannot use generate name with apply"),
            None => nameless(tree, &manifest.file),
        };
        return Err(Failure::error(words).into());
    }
    let options = WriteOptions { dry_run: dry_run.on(), source: Some(manifest.source()) };
    let label = manifest::label(tree);
    let suffix = dry_run.suffix();
    if args.on("server-side") {
        let written = server_side(cx, args, tree, &options)?;
        return Ok((written, format!("{label} serverside-applied{suffix}")));
    }
    let modified = with_last_applied(tree);
    let kind = cx.cluster.api.kind_of(tree);
    let namespace = match cx.cluster.api.kinds.namespaced(kind) {
        true => tree.str_at(&["metadata", "namespace"]).unwrap_or_default().to_string(),
        false => String::new(),
    };
    let Some(current) = cx.cluster.api.store.by_name(kind, &namespace, &name).cloned() else {
        let words = format!("{label} created{suffix}");
        if dry_run == DryRun::Client {
            return Ok((modified, words));
        }
        let refused = |e| One::Refused(e, "creating");
        let object = manifest::typed(&modified).map_err(refused)?;
        let by = cx.by();
        let written = cx.cluster.api.create_tree(object, by, &options).map_err(refused)?;
        warn(cx, &written.warnings);
        note_manager(cx, written.object.meta.id, None, dry_run);
        return Ok((cx.cluster.api.tree(&written.object), words));
    };
    let live = cx.cluster.api.tree(&current);
    let stored = live.str_at(&["metadata", "annotations", LAST_APPLIED]);
    if stored.is_none() {
        let resource = manifest::resource_name(tree).split('.').next().unwrap_or_default().to_string();
        cx.complain(&format!("Warning: resource {resource}/{name} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n"));
    }
    let original = stored.and_then(|text| json::parse(text).ok()).unwrap_or_default();
    let shape = shape_of(tree);
    let changed = patch::three_way(&original, &modified, &live, shape).map_err(Failure::error)?;
    let Some(target) = changed else { return Ok((live, format!("{label} unchanged{suffix}"))) };
    if dry_run == DryRun::Client {
        return Ok((target, format!("{label} configured{suffix}")));
    }
    let refused = |e: ApiError| One::Refused(while_patching(e, &live, &target, tree, &manifest.file), "");
    let typed = manifest::typed(&modified).and_then(|_| manifest::typed(&target)).map_err(refused)?;
    let by = cx.by();
    let written = cx.cluster.api.update_tree(current.meta.id, typed, by, &options).map_err(refused)?;
    warn(cx, &written.warnings);
    note_manager(cx, current.meta.id, Some(&live), dry_run);
    Ok((cx.cluster.api.tree(&written.object), format!("{label} configured{suffix}")))
}

/// What an apply would make of an object, by the server's word. Source: kubernetes v1.37 kubectl pkg/cmd/diff/diff.go, Merged.
pub(super) fn merged(cx: &mut Cx, args: &Args, manifest: &Manifest, tree: &Value) -> std::result::Result<Value, One> {
    let options = WriteOptions { dry_run: true, source: Some(manifest.source()) };
    if args.on("server-side") {
        return server_side(cx, args, tree, &options);
    }
    let kind = cx.cluster.api.kind_of(tree);
    let text = |path: &[&str]| tree.str_at(path).unwrap_or_default();
    let (namespace, name) = (text(&["metadata", "namespace"]), text(&["metadata", "name"]));
    let refused = |e| One::Refused(e, "");
    let Some(current) = cx.cluster.api.store.by_name(kind, namespace, name).cloned() else {
        return create_one(cx, tree, Some(manifest), DryRun::Server).map_err(refused);
    };
    let live = cx.cluster.api.tree(&current);
    let stored = live.str_at(&["metadata", "annotations", LAST_APPLIED]);
    let original = stored.and_then(|text| json::parse(text).ok()).unwrap_or_default();
    let modified = json::parse(&last_applied(tree)).unwrap_or_default();
    let changed = patch::three_way(&original, &modified, &live, shape_of(tree)).map_err(Failure::error)?;
    let Some(target) = changed else { return Ok(live) };
    let typed = manifest::typed(&target).map_err(refused)?;
    let by = cx.by();
    let written = cx.cluster.api.update_tree(current.meta.id, typed, by, &options).map_err(refused)?;
    let mut tree = cx.cluster.api.tree(&written.object);
    // What is not kept has the version and the number of what is there.
    for key in ["resourceVersion", "uid"] {
        if let Some(known) = live.str_at(&["metadata", key]) {
            tree.set_at(&["metadata", key], known);
        }
    }
    Ok(tree)
}

/// `kubectl apply view-last-applied`. Source: kubernetes v1.37 kubectl pkg/cmd/apply/apply_view_last_applied.go.
fn view_last_applied(cx: &mut Cx, args: &Args) -> Result {
    let form = args.get("output").unwrap_or("yaml");
    if !matches!(form, "yaml" | "json") {
        let words = format!("Unexpected -o output mode: {form}, the flag 'output' must be one of yaml|json");
        return Err(Failure::error(format!("{words}\nSee 'kubectl apply view-last-applied -h' for help and examples")));
    }
    let (found, missing) = Selection::with_files(cx, args, &args.words)?.objects(cx.cluster, &cx.namespace);
    if let Some(failure) = together(missing) {
        return Err(failure);
    }
    for (_, object) in found {
        let tree = cx.cluster.api.tree(&object);
        let stored = tree.str_at(&["metadata", "annotations", LAST_APPLIED]).map(json::parse);
        let Some(Ok(stored)) = stored else { continue };
        cx.print(&match form {
            "json" => json::write(&stored, json::Style { indent: 2, ..json::Style::KUBECTL }) + "\n",
            _ => yaml::write(&stored),
        });
    }
    Ok(Flow::Done(0))
}

/// An object without a name cannot be looked for. Source: apply.go, applyOneObject; cli-runtime pkg/resource, Info.String.
fn nameless(tree: &Value, file: &str) -> String {
    let text = |path: &[&str]| tree.str_at(path).unwrap_or_default();
    let (version, kind) = (text(&["apiVersion"]), text(&["kind"]));
    let slash = if version.contains('/') { "" } else { "/" };
    let plural = crate::kubernetes::objects::plural(kind);
    format!(
        "error when retrieving current configuration of:\nResource: \"{slash}{version}, Resource={plural}\", \
         GroupVersionKind: \"{slash}{version}, Kind={kind}\"\nName: \"\", Namespace: \"{}\"\nfrom server for: \
         \"{file}\": resource name may not be empty",
        text(&["metadata", "namespace"])
    )
}

fn shape_of(tree: &Value) -> Option<&'static Struct> {
    let text = |key: &str| tree.str_at(&[key]).unwrap_or_default();
    Schema::get().kind(text("apiVersion"), text("kind")).map(|k| k.shape())
}

/// Notes who owns the fields now. Source: apply.go, FieldManagerClientSideApply.
fn note_manager(cx: &mut Cx, id: Id, before: Option<&Value>, dry_run: DryRun) {
    if !dry_run.on() {
        cx.cluster.api.note_update(id, Writer::plain("kubectl-client-side-apply"), before);
    }
}

/// `kubectl apply --server-side`: the server merges, by who owns which field.
fn server_side(cx: &mut Cx, args: &Args, tree: &Value, options: &WriteOptions) -> std::result::Result<Value, One> {
    let by = cx.by();
    let manager = args.get("field-manager").unwrap_or("kubectl");
    let force = args.on("force-conflicts");
    let typed = manifest::typed(tree).map_err(|e| One::Failed(Failure::server(&e)))?;
    match cx.cluster.api.apply_tree(typed, manager, force, by, options) {
        Ok(written) => {
            warn(cx, &written.warnings);
            Ok(cx.cluster.api.tree(&written.object))
        }
        Err(e) if e.reason == "Conflict" => Err(One::Failed(Failure::error(format!("{}\n{CONFLICT_HELP}", e.message)))),
        Err(e) => Err(One::Failed(Failure::server(&e))),
    }
}

/// What kubectl adds to a conflict. Source: apply.go, applyOneObject.
const CONFLICT_HELP: &str = "Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

/// A refusal of a patch names the patch and the object. Source: apply.go, applyOneObject; cli-runtime pkg/resource, Info.String.
fn while_patching(error: ApiError, live: &Value, target: &Value, tree: &Value, file: &str) -> ApiError {
    if error.reason == "Invalid" {
        return error;
    }
    let patch = patch::strategic_diff(live, target, shape_of(tree), patch::Wanted::All).unwrap_or_default();
    let patch = json::write(&patch, json::Style::COMPACT);
    let text = |path: &[&str]| tree.str_at(path).unwrap_or_default();
    let (version, kind) = (text(&["apiVersion"]), text(&["kind"]));
    let slash = if version.contains('/') { "" } else { "/" };
    let plural = crate::kubernetes::objects::plural(kind);
    let (name, namespace) = (text(&["metadata", "name"]), text(&["metadata", "namespace"]));
    let message = format!(
        "error when applying patch:\n{patch}\nto:\nResource: \"{slash}{version}, Resource={plural}\", GroupVersionKind: \"{slash}{version}, Kind={kind}\"\nName: \"{name}\", Namespace: \"{namespace}\"\nfor: \"{file}\": error when patching \"{file}\": {}",
        error.message
    );
    ApiError { reason: error.reason, message }
}

fn create(cx: &mut Cx, args: &Args) -> Result {
    if !args.words.is_empty() {
        let words = args.words.join(" ");
        return Err(Failure::error(format!(
            "Unexpected args: [{words}]\nSee 'kubectl create -h' for help and examples"
        )));
    }
    let manifests = manifest::selected(args, manifest::read(cx, args)?)?;
    let dry_run = args.dry_run()?;
    let mut errors = Vec::new();
    let mut teller = Teller::new(cx, args)?;
    let (ready, unread) = manifest::prepare_all(cx, args, &manifests);
    for (manifest, tree) in ready {
        let mut tree = if args.on("save-config") { with_last_applied(&tree) } else { tree };
        args.record(&mut tree);
        match create_one(cx, &tree, Some(manifest), dry_run) {
            Ok(tree) => teller.tell(cx, &tree, "created")?,
            Err(error) => errors.push((error, "creating", manifest.file.clone())),
        }
        cx.cluster.next_request();
    }
    manifest::refusals(unread, Unread::Last, &errors).map_or(Ok(Flow::Done(0)), Err)
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
    let mut tree = cx.cluster.api.tree(&written.object);
    if dry_run.on() {
        // What is not kept has no version. Source: apiserver pkg/registry/generic/registry/dryrun.go, Create.
        tree.remove_at(&["metadata", "resourceVersion"]);
    }
    Ok(tree)
}

/// Whether an update of an object that is not there makes it.
/// Source: kubernetes v1.37 pkg/registry, AllowCreateOnUpdate of each strategy.
fn is_made_by_update(tree: &Value) -> bool {
    const KINDS: [&str; 10] = [
        "ClusterRole",
        "ClusterRoleBinding",
        "Endpoints",
        "Event",
        "Lease",
        "LimitRange",
        "Role",
        "RoleBinding",
        "RuntimeClass",
        "Service",
    ];
    KINDS.contains(&tree.str_at(&["kind"]).unwrap_or_default()) && shape_of(tree).is_some()
}

fn replace(cx: &mut Cx, args: &Args) -> Result {
    let manifests = manifest::read(cx, args)?;
    let dry_run = args.dry_run()?;
    let mut errors = Vec::new();
    let mut teller = Teller::new(cx, args)?;
    let (ready, mut unread) = manifest::prepare_all(cx, args, &manifests);
    for (manifest, tree) in ready {
        let mut tree = if args.on("save-config") { with_last_applied(&tree) } else { tree };
        args.record(&mut tree);
        if dry_run == DryRun::Client {
            teller.tell(cx, &tree, "replaced")?;
            continue;
        }
        let kind = cx.cluster.api.kind_of(&tree);
        let text = |path: &[&str]| tree.str_at(path).unwrap_or_default();
        let (namespace, name) = (text(&["metadata", "namespace"]), text(&["metadata", "name"]));
        if name.is_empty() {
            let words = format!("error when replacing \"{}\": resource name may not be empty", manifest.file);
            unread.push(Failure::error(words));
            continue;
        }
        let options = WriteOptions { dry_run: dry_run.on(), source: Some(manifest.source()) };
        let (found, by) = (cx.cluster.api.store.find(kind, namespace, name), cx.by());
        let api = &mut cx.cluster.api;
        let done = manifest::typed(&tree).and_then(|typed| match found {
            Some(id) => api.update_tree(id, typed, by, &options),
            None if is_made_by_update(&tree) => api.create_tree(typed, by, &options),
            None => Err(api.not_found(kind, name)),
        });
        match done {
            Ok(written) => {
                warn(cx, &written.warnings);
                let tree = cx.cluster.api.tree(&written.object);
                teller.tell(cx, &tree, "replaced")?;
            }
            Err(error) => errors.push((error, "replacing", manifest.file.clone())),
        }
        cx.cluster.next_request();
    }
    manifest::refusals(unread, Unread::Last, &errors).map_or(Ok(Flow::Done(0)), Err)
}
