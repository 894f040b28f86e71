//! Files as commands read them: `-f a.yaml -f b.yaml`, lists taken apart, objects put into the current namespace.

use super::failure::{one_of_many, server_words, with_source};
use super::{Args, Cx, Failure, Result};
use crate::kubernetes::apiserver::ApiError;
use crate::kubernetes::objects::parts::selector::Selector;
use crate::kubernetes::objects::{Schema, Source, decode, group_of, plural};
use crate::text::go::quoted;
use crate::text::{Extent, Node, NodeKind, Value, json, yaml};
use std::rc::Rc;

/// One object of a file, or the place at which a file cannot be read on.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The file it stands in, as given on the command line.
    pub file: String,
    /// The document; empty where the file is broken.
    pub node: Node,
    /// Which `-f` it came by, from 0.
    nth: usize,
    /// Why nothing can be read here.
    broken: Option<Failure>,
}

impl Manifest {
    /// As a person wrote it, with the namespace it goes to.
    pub fn tree(&self) -> Value {
        self.node.to_value()
    }
    /// Where it came from.
    pub fn source(&self) -> Rc<Source> {
        Rc::new(Source { file: self.file.as_str().into(), document: self.node.clone() })
    }
}

/// All objects of the files of `-f`. Where a file breaks off, a broken one stands for the rest; the other files are read.
/// Source: kubernetes v1.37 cli-runtime pkg/resource/visitor.go, StreamVisitor; builder.go, ContinueOnError.
pub fn read(cx: &Cx, args: &Args) -> Result<Vec<Manifest>> {
    let files = args.list("filename");
    if files.is_empty() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    let mut found = Vec::new();
    for (nth, file) in files.into_iter().enumerate() {
        let name = if file == "-" { "STDIN".to_string() } else { file.clone() };
        let Some(text) = (cx.files)(&file) else {
            return Err(Failure::error(format!("the path \"{file}\" does not exist")));
        };
        read_file(&name, nth, &text, &mut found);
    }
    if found.is_empty() && !matches!(args.verb(), "get" | "replace") {
        return Err(Failure::error(format!("no objects passed to {}", args.verb())));
    }
    Ok(found)
}

fn read_file(name: &str, nth: usize, text: &str, found: &mut Vec<Manifest>) {
    let (documents, problems) = yaml::read(name, text);
    // A key that stands twice is no error here: kubectl sends JSON, in which the last one has won.
    let end = problems.iter().find(|p| matches!(p.code, "yaml" | "json"));
    let broken = |failure: Failure| Manifest {
        file: name.into(),
        node: Node { extent: Extent::default(), kind: NodeKind::Map(Vec::new()) },
        nth,
        broken: Some(failure),
    };
    for document in documents.into_iter().filter(|d| end.is_none_or(|p| d.first_line <= p.at.line)) {
        if let Err(failure) = flatten(name, nth, document.node, 0, found) {
            return found.push(broken(failure));
        }
    }
    if let Some(problem) = end {
        found.push(broken(Failure::error(format!("error parsing {name}: {}", problem.message))));
    }
}

/// Those that `-l` lets through. Source: kubernetes v1.37 cli-runtime pkg/resource/builder.go, visitByPaths.
pub fn selected(args: &Args, mut all: Vec<Manifest>) -> Result<Vec<Manifest>> {
    if let Some(text) = args.get("selector") {
        let selector = Selector::parse(text)
            .map_err(|e| Failure::error(format!("the provided selector {} is not valid: {e}", quoted(text))))?;
        all.retain(|manifest| {
            if manifest.broken.is_some() {
                return true;
            }
            let labels = manifest.node.get("metadata").and_then(|m| m.get("labels"));
            selector.matches(|key| labels.and_then(|l| l.get(key)).and_then(Node::as_str))
        });
    }
    Ok(all)
}

/// `kind: List` stands for its items.
fn flatten(file: &str, nth: usize, node: Node, depth: usize, found: &mut Vec<Manifest>) -> Result<()> {
    let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default();
    match node.get("items").map(|n| n.kind.clone()) {
        Some(NodeKind::List(items)) if depth == 0 && kind.ends_with("List") => {
            items.into_iter().try_for_each(|item| flatten(file, nth, item, depth + 1, found))
        }
        _ if kind == "List" => {
            Err(Failure::error("*unstructured.Unstructured is not a list: no Items field in this object"))
        }
        _ => {
            found.push(Manifest { file: file.into(), node, nth, broken: None });
            Ok(())
        }
    }
}

/// A tree as the server reads it: typed, without what is empty. A kind that is not built in stays as it is.
pub fn typed(tree: &Value) -> std::result::Result<Value, ApiError> {
    let text = json::write(tree, json::Style::IN_ORDER);
    let Ok((node, problems)) = json::read(&text) else { return Ok(tree.clone()) };
    let decoded = decode(&node, &problems);
    match decoded.refusal {
        Some(message) => Err(ApiError { reason: "BadRequest", message }),
        None => Ok(decoded.object),
    }
}

/// What kubectl checks before it asks the server: names, a known kind. Puts the object into its namespace.
pub fn prepare(cx: &Cx, args: &Args, manifest: &Manifest) -> Result<Value> {
    if let Some(failure) = &manifest.broken {
        return Err(failure.clone());
    }
    let mut tree = manifest.tree();
    let text = |key: &str| tree.str_at(&[key]).unwrap_or_default().to_string();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let file = &manifest.file;
    let invalid = |words: &str| {
        Failure::error(format!(
            "error validating \"{file}\": error validating data: {words}; if you choose to ignore these errors, turn validation off with --validate=false"
        ))
    };
    if !matches!(tree, Value::Map(_)) {
        return Err(invalid("invalid object to validate"));
    }
    for key in ["apiVersion", "kind"] {
        if tree.get(key).is_some_and(|v| v.as_str().is_none() && !v.is_null()) {
            return Err(invalid(&format!("{key} isn't string type")));
        }
    }
    let missing: Vec<&str> =
        [("apiVersion", &api_version), ("kind", &kind)].iter().filter(|(_, v)| v.is_empty()).map(|(k, _)| *k).collect();
    if !missing.is_empty() {
        let list = missing.join(", ");
        let list = if missing.len() > 1 {
            format!("[{list} not set]").replace(", ", " not set, ")
        } else {
            format!("{list} not set")
        };
        return Err(invalid(&list));
    }
    if let Some(words) = undecodable(&tree) {
        return Err(Failure::error(format!("unable to decode \"{file}\": {words}")));
    }
    let name = tree.str_at(&["metadata", "name"]).unwrap_or_default().to_string();
    let own = tree.str_at(&["metadata", "namespace"]).unwrap_or_default().to_string();
    let known = Schema::get().kind(&api_version, &kind);
    if known.is_none() && !defined(cx, &api_version, &kind) {
        return Err(Failure::error(format!(
            "resource mapping not found for name: \"{name}\" namespace: \"{own}\" from \"{file}\": no matches for kind \"{kind}\" in version \"{api_version}\"\nensure CRDs are installed first"
        )));
    }
    let namespaced = match known {
        Some(info) => info.namespaced(),
        None => cx.cluster.api.kinds.find(&api_version, &kind).is_none_or(|k| cx.cluster.api.kinds.namespaced(k)),
    };
    if namespaced {
        if let Some(wanted) = args.get("namespace").filter(|wanted| !own.is_empty() && own != **wanted) {
            return Err(Failure::error(format!(
                "the namespace from the provided object \"{own}\" does not match the namespace \"{wanted}\". You must pass '--namespace={own}' to perform this operation."
            )));
        }
        if own.is_empty() {
            tree.set_at(&["metadata", "namespace"], cx.namespace.as_str());
        }
    }
    Ok(tree)
}

/// Names, labels and annotations that are not text: kubectl cannot even look at such an object.
/// Source: kubernetes v1.37 apimachinery pkg/runtime/serializer/json; Go encoding/json, UnmarshalTypeError.
fn undecodable(tree: &Value) -> Option<String> {
    let kind = |v: &Value| match v {
        Value::Int(_) | Value::Float(_) => Some("number"),
        Value::Bool(_) => Some("bool"),
        Value::List(_) => Some("array"),
        Value::Map(_) => Some("object"),
        Value::Null | Value::Str(_) => None,
    };
    let words = |kind: &str, field: &str| {
        format!("json: cannot unmarshal {kind} into Go struct field ObjectMeta.metadata.{field} of type string")
    };
    let meta = tree.get("metadata")?;
    if !matches!(meta, Value::Map(_) | Value::Null) {
        let what = decode::kind_of(meta);
        return Some(format!(
            "json: cannot unmarshal {what} into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta"
        ));
    }
    for field in ["annotations", "labels"] {
        let values = meta.get(field).and_then(Value::as_map).into_iter().flat_map(|m| m.iter());
        if let Some(found) = values.into_iter().find_map(|(_, v)| kind(v)) {
            return Some(words(found, field));
        }
    }
    ["name", "namespace", "generateName"].iter().find_map(|field| Some(words(kind(meta.get(field)?)?, field)))
}

/// Whether a kind that is not built in is defined by a CustomResourceDefinition, or kept all the same.
fn defined(cx: &Cx, api_version: &str, kind: &str) -> bool {
    let group = group_of(api_version);
    let custom = group.contains('.') && !Schema::get().kinds().iter().any(|k| k.group == group);
    custom && (cx.keeps_unknown_kinds || super::resource::is_defined(cx.cluster, group, kind))
}

/// `deployment.apps/web`
pub fn label(tree: &Value) -> String {
    format!("{}/{}", super::table::kind_prefix(tree), tree.str_at(&["metadata", "name"]).unwrap_or_default())
}

/// `deployments.apps`
pub fn resource_name(tree: &Value) -> String {
    let plural = plural(tree.str_at(&["kind"]).unwrap_or_default());
    let group = group_of(tree.str_at(&["apiVersion"]).unwrap_or_default());
    if group.is_empty() { plural } else { format!("{plural}.{group}") }
}

/// The manifests that kubectl can read, with their trees, and why it cannot read the others. What does not even look like an
/// object ends its file.
/// Source: kubernetes v1.37 cli-runtime pkg/resource/visitor.go, StreamVisitor, ValidateSchema.
pub fn prepare_all<'a>(cx: &Cx, args: &Args, manifests: &'a [Manifest]) -> (Vec<(&'a Manifest, Value)>, Vec<Failure>) {
    let (mut ready, mut unread, mut ended) = (Vec::new(), Vec::new(), None);
    for manifest in manifests.iter() {
        if ended == Some(manifest.nth) {
            continue;
        }
        match prepare(cx, args, manifest) {
            Ok(tree) => ready.push((manifest, tree)),
            Err(failure) => {
                ended = failure.words.starts_with("error: error validating").then_some(manifest.nth);
                unread.push(failure);
            }
        }
    }
    (ready, unread)
}

/// Whether a command tells what it could not read before or after what the server refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It reads all files first, as `apply` does.
    First,
    /// It asks while it reads, as `create` and `replace` do.
    Last,
}

/// Refusals of several objects as kubectl prints them: one alone in its usual form, several each as an error of its file.
/// Source: kubernetes v1.37 kubectl pkg/cmd/apply/apply.go, Run; kubectl pkg/cmd/util/helpers.go, MultipleErrors.
pub fn refusals(unread: Vec<Failure>, order: Unread, errors: &[(ApiError, &'static str, String)]) -> Option<Failure> {
    match (unread.as_slice(), errors) {
        ([], []) => return None,
        ([one], []) => return Some(one.clone()),
        ([], [(error, verb, file)]) => return Some(Failure::plain(server_words(&with_source(error, verb, file)))),
        _ => {}
    }
    let bare: Vec<String> =
        unread.iter().map(|f| f.words.strip_prefix("error: ").unwrap_or(&f.words).to_string()).collect();
    // Several that could not be read are one error among others.
    let bare = if bare.len() > 1 && !errors.is_empty() { vec![format!("[{}]", bare.join(", "))] } else { bare };
    let refused = errors.iter().map(|(e, verb, file)| one_of_many(e, verb, file)).collect();
    let lines = if order == Unread::First { [bare, refused] } else { [refused, bare] };
    Some(Failure::plain(lines.concat().join("\n")))
}

#[cfg(test)]
mod tests {
    use super::super::tests::Desk;

    const ONE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n";
    const BROKEN: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: two}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: three\n   : [\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: four}\n";
    const HEADLESS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: five}\n---\nkind: ConfigMap\nmetadata: {name: six}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: seven}\n";
    const PARSING: &str =
        "error parsing b.yaml: error converting YAML to JSON: yaml: line 4: did not find expected key\n";
    const UNSET: &str = "error validating \"h.yaml\": error validating data: apiVersion not set; if you choose to ignore these errors, turn validation off with --validate=false";

    fn desk() -> Desk {
        Desk::new(&[("a.yaml", ONE), ("b.yaml", BROKEN), ("h.yaml", HEADLESS), ("e.yaml", "# nothing\n")])
    }

    #[test]
    fn a_broken_file_does_not_keep_the_others_out() {
        let words = format!("configmap/two created\nconfigmap/one created\nerror: {PARSING}");
        assert_eq!(desk().say("kubectl apply -f b.yaml -f a.yaml"), words);
        let words = format!("configmap/five created\nconfigmap/one created\nerror: {UNSET}\n");
        assert_eq!(desk().say("kubectl apply -f h.yaml -f a.yaml"), words, "the rest of the file is not read");
        let mut desk = desk();
        let words = format!("configmap/two created\nconfigmap/five created\n{PARSING}{UNSET}\n");
        assert_eq!(desk.say("kubectl create -f b.yaml -f h.yaml"), words);
        let words = format!("configmap \"two\" deleted from default namespace\nerror: {PARSING}");
        assert_eq!(desk.say("kubectl delete -f b.yaml"), words);
    }

    #[test]
    fn an_empty_file_is_nothing_beside_others() {
        assert_eq!(desk().say("kubectl apply -f e.yaml -f a.yaml"), "configmap/one created\n");
        assert_eq!(desk().say("kubectl apply -f e.yaml"), "error: no objects passed to apply\n");
    }

    #[test]
    fn several_that_cannot_be_read_are_one_error_among_others() {
        let mut desk = desk();
        desk.say("kubectl create -f a.yaml");
        let exists =
            "Error from server (AlreadyExists): error when creating \"a.yaml\": configmaps \"one\" already exists\n";
        let words = desk.say("kubectl create -f b.yaml -f h.yaml -f a.yaml");
        assert!(words.ends_with(&format!("{exists}[{}, {UNSET}]\n", PARSING.trim_end())), "{words}");
    }

    #[test]
    fn what_loses_its_last_finalizer_was_patched() {
        let held = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [x.io/hold]}\n";
        let mut desk = Desk::new(&[("a.yaml", held)]);
        desk.say("kubectl apply -f a.yaml");
        desk.say("kubectl delete cm held --wait=false");
        let line = r#"kubectl patch cm held --type=merge -p '{"metadata":{"finalizers":null}}'"#;
        assert_eq!(desk.say(line), "configmap/held patched\n");
        assert!(desk.say("kubectl get cm held").contains("NotFound"));
    }
}
