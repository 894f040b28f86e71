//! `kubectl patch`, and what the server does with a patch.
//! Source: kubernetes v1.37 kubectl pkg/cmd/patch/patch.go; apiserver pkg/endpoints/handlers/patch.go.

use super::args::DryRun;
use super::output::{aggregate, tell};
use super::resource::{Resource, Selection};
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::apiserver::{ApiError, WriteOptions};
use crate::kubernetes::objects::decode::kind_of;
use crate::kubernetes::objects::patch::{self, PatchKind};
use crate::kubernetes::objects::{Decoded, Object, Schema, Struct, decode, group_of};
use crate::text::go::quoted;
use crate::text::{Map, Value, json, yaml};

pub(super) const VERBS: &[Verb] = &[Verb {
    name: "patch",
    switches: "local recursive R record",
    options: "filename f kustomize k output o dry-run type patch p patch-file subresource field-manager",
    run: patch,
}];

fn patch(cx: &mut Cx, args: &Args) -> Result {
    let (kind, body) = wanted(cx, args)?;
    if args.get("subresource").is_some_and(|name| !matches!(name, "" | "resize")) {
        return Err(Failure::error(cx.say("flag.refused", &[("flag", "subresource")])));
    }
    let dry_run = args.dry_run()?;
    let (found, mut failures) = Selection::with_files(cx, args, &args.words)?.objects(cx.cluster, &cx.namespace);
    if found.is_empty() && failures.is_empty() {
        return Err(Failure::error("no objects passed to patch"));
    }
    for (resource, object) in found {
        let before = cx.cluster.api.tree(&object);
        let done = match dry_run {
            DryRun::Client => on_paper(&resource, kind, &before, &body),
            _ => send(cx, args, &resource, &object, kind, &body),
        };
        let told = done.and_then(|(tree, changed)| {
            let word = if changed { "patched" } else { "patched (no change)" };
            tell(cx, args, &tree, word)
        });
        failures.extend(told.err());
    }
    aggregate(failures)?;
    Ok(Flow::Done(0))
}

/// The patch of the line. Source: patch.go, Validate, RunPatch.
fn wanted(cx: &Cx, args: &Args) -> Result<(PatchKind, Value)> {
    let given = |flag: &str| args.get(flag).filter(|text| !text.is_empty());
    let text = match (given("patch"), given("patch-file")) {
        (Some(_), Some(_)) => return Err(Failure::error("cannot specify --patch and --patch-file together")),
        (Some(text), None) => text.to_string(),
        (None, Some(file)) => (cx.files)(file).ok_or_else(|| {
            Failure::error(format!("unable to read patch file: open {file}: no such file or directory"))
        })?,
        (None, None) => {
            return Err(Failure::error("must specify --patch or --patch-file containing the contents of the patch"));
        }
    };
    let kind = match args.get("type").unwrap_or_default().to_lowercase().as_str() {
        "" | "strategic" => PatchKind::Strategic,
        "merge" => PatchKind::Merge,
        "json" => PatchKind::Json,
        _ => {
            let given = quoted(args.get("type").unwrap_or_default());
            return Err(Failure::error(format!("--type must be one of [json merge strategic], not {given}")));
        }
    };
    let (node, problems) = yaml::read_one(&text);
    match (node, problems.first()) {
        (Some(node), None) => Ok((kind, node.to_value())),
        (_, problem) => {
            let words = problem.map(|p| p.message.clone()).unwrap_or_default();
            let text = quoted(args.get("patch").unwrap_or_default());
            Err(Failure::error(format!("unable to parse {text}: {words}")))
        }
    }
}

fn shape(resource: &Resource) -> Option<&'static Struct> {
    Schema::get().kind(&resource.api_version, &resource.kind).map(|k| k.shape())
}

/// `apps/v1, Kind=Deployment`
fn kind_words(resource: &Resource) -> String {
    let slash = if group_of(&resource.api_version).is_empty() { "/" } else { "" };
    format!("{slash}{}, Kind={}", resource.api_version, resource.kind)
}

/// `--dry-run=client`: kubectl merges, nobody checks. Source: patch.go, getPatchedJSON.
fn on_paper(resource: &Resource, kind: PatchKind, before: &Value, body: &Value) -> Result<(Value, bool)> {
    let shape = shape(resource);
    if kind == PatchKind::Strategic && shape.is_none() {
        let kind = kind_words(resource);
        return Err(Failure::error(format!(
            "strategic merge patch is not supported for {kind} locally, try --type merge"
        )));
    }
    let tree = patch::apply(kind, before, body, shape).map_err(|words| match words.split_once("missing key: ") {
        Some((_, key)) if kind == PatchKind::Json => {
            Failure::error(format!("Object to be patched is missing field ({key})"))
        }
        _ => Failure::error(words),
    })?;
    let changed = tree != *before;
    Ok((tree, changed))
}

/// Sends the patch; with `--record` the line is noted by a patch of its own.
fn send(
    cx: &mut Cx,
    args: &Args,
    resource: &Resource,
    object: &Object,
    kind: PatchKind,
    body: &Value,
) -> Result<(Value, bool)> {
    let before = cx.cluster.api.tree(object);
    let target = patched(cx, resource, kind, &before, body)?;
    let options = WriteOptions { dry_run: args.dry_run()?.on(), source: None };
    let by = cx.by();
    let written = match args.get("subresource") {
        Some("resize") => cx.cluster.api.resize_pod(object.meta.id, &target, by, &options),
        _ => cx.cluster.api.update_by(object.meta.id, target, args.writer("kubectl-patch"), by, &options),
    };
    let written = written.map_err(|e| Failure::server(&e))?;
    for warning in &written.warnings {
        cx.complain(&format!("Warning: {warning}\n"));
    }
    let mut tree = cx.cluster.api.tree(&written.object);
    let changed = tree != before;
    let mut noted = tree.clone();
    args.record(&mut noted);
    if noted != tree {
        let by = cx.by();
        if let Ok(written) = cx.cluster.api.update_tree(object.meta.id, noted, by, &options) {
            tree = cx.cluster.api.tree(&written.object);
        }
    }
    cx.cluster.settle();
    Ok((tree, changed))
}

/// The object as the patch makes it, read again as its type; members that the type does not have are warned of and dropped.
fn patched(cx: &mut Cx, resource: &Resource, kind: PatchKind, before: &Value, body: &Value) -> Result<Value> {
    let shape = shape(resource);
    let tree = match kind {
        PatchKind::Strategic => strategic(resource, before, body, shape)?,
        PatchKind::Merge => {
            if !matches!(body, Value::Map(_)) {
                let (of, go) = (kind_of(body), "map[string]interface {}");
                return Err(bad_request(format!(
                    "error decoding patch: json: cannot unmarshal {of} into Go value of type {go}"
                )));
            }
            patch::apply(kind, before, body, shape).map_err(bad_request)?
        }
        PatchKind::Json => {
            if body.as_list().is_none() {
                let (of, go) = (kind_of(body), "[]handlers.jsonPatchOp");
                return Err(bad_request(format!(
                    "error decoding patch: json: cannot unmarshal {of} into Go value of type {go}"
                )));
            }
            // Source: applyJSPatch, NewGenericServerResponse: whatever the library says, the server keeps it to itself.
            patch::apply(kind, before, body, shape).map_err(|_| {
                Failure::plain("The request is invalid: the server rejected our request due to an error in our request")
            })?
        }
    };
    same_object(before, &tree)?;
    if shape.is_none() {
        return Ok(tree);
    }
    let read = as_typed(&tree);
    if let Some(words) = read.broken {
        let whole = json::write(&shown(&tree, body, kind), json::Style { escape_html: true, ..json::Style::IN_ORDER });
        return Err(invalid(&whole, &words));
    }
    for unknown in &read.unknown {
        cx.complain(&format!("Warning: {unknown}\n"));
    }
    Ok(read.object)
}

fn bad_request(message: String) -> Failure {
    Failure::server(&ApiError { reason: "BadRequest", message })
}

/// Source: apimachinery pkg/api/errors, NewInvalid of no kind and no name.
fn invalid(value: &str, words: &str) -> Failure {
    Failure::plain(format!("The request is invalid: patch: Invalid value: {}: {words}", quoted(value)))
}

/// A strategic patch, and whether what comes of it fits the type. Source: applyPatchToObject, interpretStrategicMergePatchError.
fn strategic(resource: &Resource, before: &Value, body: &Value, shape: Option<&Struct>) -> Result<Value> {
    let Some(shape) = shape else {
        return Err(Failure::error(format!(
            "application/strategic-merge-patch+json is not supported by {}: the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            kind_words(resource)
        )));
    };
    if !matches!(body, Value::Map(_)) {
        let of = kind_of(body);
        return Err(bad_request(format!(
            "json: cannot unmarshal {of} into Go value of type map[string]interface {{}}"
        )));
    }
    let tree = patch::strategic(before, body, Some(shape));
    let tree = tree.map_err(|message| Failure::server(&ApiError { reason: "", message }))?;
    match patch::misfit(&tree, shape) {
        Some(words) => Err(invalid(&patch::go_value(body), &words)),
        None => Ok(tree),
    }
}

/// A patch may not make another object of it.
/// Source: apiserver pkg/endpoints/handlers/rest.go, checkName; pkg/registry/rest/meta.go.
fn same_object(before: &Value, after: &Value) -> Result<()> {
    let at = |tree: &Value, key: &str| tree.str_at(&["metadata", key]).unwrap_or_default().to_string();
    if at(before, "namespace") != at(after, "namespace") {
        return Err(bad_request(
            "the namespace of the provided object does not match the namespace sent on the request".into(),
        ));
    }
    let (old, new) = (at(before, "name"), at(after, "name"));
    if old != new {
        return Err(bad_request(format!("the name of the object ({new}) does not match the name on the URL ({old})")));
    }
    Ok(())
}

fn as_typed(tree: &Value) -> Decoded {
    let text = json::write(tree, json::Style::IN_ORDER);
    let (node, problems) = json::read(&text).unwrap_or_else(|_| unreachable!("what was just written can be read"));
    decode(&node, &problems)
}

/// The patched object as the server's library writes it: members of what the patch went through are sorted, all else stands
/// as it did.
fn shown(tree: &Value, body: &Value, kind: PatchKind) -> Value {
    match kind {
        PatchKind::Json => {
            let mut tree = tree.clone();
            for operation in body.as_list().unwrap_or_default() {
                for place in ["path", "from"] {
                    let path = operation.str_at(&[place]).unwrap_or_default();
                    let steps: Vec<&str> = path.split('/').skip(1).collect();
                    sort_along(&mut tree, &steps);
                }
            }
            tree
        }
        _ => sorted_like(tree, body),
    }
}

fn sorted_like(tree: &Value, body: &Value) -> Value {
    let (Value::Map(members), Value::Map(touched)) = (tree, body) else { return tree.clone() };
    let nothing = Value::Null;
    let one = |key: &str, value: &Value| sorted_like(value, touched.get(key).unwrap_or(&nothing));
    Value::Map(members.sorted().into_iter().map(|(k, v)| (k.clone(), one(k, v))).collect())
}

fn sort_along(tree: &mut Value, steps: &[&str]) {
    let Some((first, rest)) = steps.split_first() else { return };
    if let Value::Map(members) = tree {
        *members = members.sorted().into_iter().map(|(k, v)| (k.clone(), v.clone())).collect::<Map>();
    }
    let key = first.replace("~1", "/").replace("~0", "~");
    let next = match tree {
        Value::Map(members) => members.get_mut(&key),
        Value::List(items) => key.parse::<usize>().ok().and_then(|at| items.get_mut(at)),
        _ => None,
    };
    if let Some(next) = next {
        sort_along(next, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Desk, WEB};

    fn desk() -> Desk {
        let mut desk = Desk::new(&[("web.yaml", WEB)]);
        desk.say("kubectl apply -f web.yaml");
        desk
    }

    #[test]
    fn what_the_server_cannot_do_it_refuses_in_its_words() {
        let says = [
            (
                r#"--type=json -p '[{"op":"remove","path":"/nope"}]'"#,
                "The request is invalid: the server rejected our request due to an error in our request\n",
            ),
            (
                r#"-p '{"spec":{"replicas":"x"}}'"#,
                "The request is invalid: patch: Invalid value: \"map[spec:map[replicas:x]]\": unrecognized type: int32\n",
            ),
            (
                r#"-p '{"spec":{"template":{"spec":{"containers":[{"image":"x"}]}}}}'"#,
                "Error from server: map: map[image:x] does not contain declared merge key: name\n",
            ),
            (r#"-p '{"$patch":"merge"}'"#, "Error from server: unknown patch type: merge in map: map[$patch:merge]\n"),
            (
                r#"--type=json -p '{"a":1}'"#,
                "Error from server (BadRequest): error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp\n",
            ),
            (
                r#"-p '{"metadata":{"name":"other"}}'"#,
                "Error from server (BadRequest): the name of the object (other) does not match the name on the URL (web)\n",
            ),
        ];
        let mut desk = desk();
        for (flags, words) in says {
            assert_eq!(desk.say(&format!("kubectl patch deploy web {flags}")), words);
        }
        let words = desk.say(r#"kubectl patch cm conf --type=merge -p '{"data":{"a":1}}'"#);
        let head = "The request is invalid: patch: Invalid value: \"{\\\"apiVersion\\\":\\\"v1\\\",\\\"data\\\":{\\\"a\\\":1},\\\"kind\\\":";
        assert!(words.starts_with(head), "{words}");
        assert!(
            words.ends_with("json: cannot unmarshal number into Go struct field ConfigMap.data of type string\n"),
            "{words}"
        );
    }

    #[test]
    fn no_other_part_is_patched_in_silence() {
        let words = desk().say(r#"kubectl patch deploy web --subresource=status -p '{"spec":{"replicas":7}}'"#);
        assert!(words.starts_with("error: ") && words.contains("--subresource"), "{words}");
    }

    #[test]
    fn unknown_members_are_warned_of_and_dropped() {
        let words = "deployment.apps/web patched (no change)\nWarning: unknown field \"spec.foo\"\n";
        assert_eq!(desk().say(r#"kubectl patch deploy web -p '{"spec":{"foo":1}}'"#), words);
    }

    #[test]
    fn the_object_is_printed_when_it_is_asked_for() {
        let mut desk = desk();
        let line = r#"kubectl patch deploy web -p '{"spec":{"replicas":3}}'"#;
        assert_eq!(desk.say(&format!("{line} --dry-run=client -o jsonpath={{.spec.replicas}}")), "3");
        assert_eq!(desk.say(&format!("{line} --dry-run=server")), "deployment.apps/web patched (server dry run)\n");
        assert_eq!(desk.say(&format!("{line} -o name")), "deployment.apps/web\n");
        assert_eq!(desk.say(line), "deployment.apps/web patched (no change)\n");
        let words = "error: unable to match a printer suitable for the output format \"wide\", allowed formats are: ";
        assert!(desk.say(&format!("{line} -o wide")).starts_with(words));
    }

    #[test]
    fn a_list_that_is_new_needs_no_merge_key() {
        let mut desk = desk();
        let line = r#"kubectl patch deploy web -p '{"spec":{"template":{"spec":{"volumes":[{"emptyDir":{}}]}}}}'"#;
        let words = desk.say(line);
        assert!(words.contains("spec.template.spec.volumes[0].name: Required value"), "{words}");
    }
}
