//! Files as commands read them: `-f a.yaml -f b.yaml`, lists taken apart, objects put into the current namespace.

use super::failure::{one_of_many, server_words, with_source};
use super::{Args, Cx, Failure, Result};
use crate::kubernetes::apiserver::ApiError;
use crate::kubernetes::objects::parts::selector::Selector;
use crate::kubernetes::objects::{Schema, Source, decode, group_of, plural};
use crate::text::go::quoted;
use crate::text::{Node, NodeKind, Value, json, yaml};
use std::rc::Rc;

/// One object of a file.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The file it stands in, as given on the command line.
    pub file: String,
    /// The document.
    pub node: Node,
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

/// All objects of the files of `-f`.
pub fn read(cx: &Cx, args: &Args) -> Result<Vec<Manifest>> {
    let files = args.list("filename");
    if files.is_empty() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    let mut found = Vec::new();
    for file in files {
        let name = if file == "-" { "STDIN".to_string() } else { file.clone() };
        let Some(text) = (cx.files)(&file) else {
            return Err(Failure::error(format!("the path \"{file}\" does not exist")));
        };
        let before = found.len();
        let (documents, problems) = yaml::read(&file, &text);
        // A key that stands twice is no error here: kubectl sends JSON, in which the last one has won.
        documents.into_iter().try_for_each(|document| flatten(&name, document.node, 0, &mut found))?;
        if let Some(broken) = problems.iter().find(|p| p.code == "yaml") {
            return Err(Failure::error(format!("error parsing {name}: {}", broken.message)));
        }
        if found.len() == before && args.verb() != "get" {
            return Err(Failure::error(format!("no objects passed to {}", args.verb())));
        }
    }
    Ok(found)
}

/// Those that `-l` lets through. Source: kubernetes v1.37 cli-runtime pkg/resource/builder.go, visitByPaths.
pub fn selected(args: &Args, mut all: Vec<Manifest>) -> Result<Vec<Manifest>> {
    if let Some(text) = args.get("selector") {
        let selector = Selector::parse(text)
            .map_err(|e| Failure::error(format!("the provided selector {} is not valid: {e}", quoted(text))))?;
        all.retain(|manifest| {
            let labels = manifest.node.get("metadata").and_then(|m| m.get("labels"));
            selector.matches(|key| labels.and_then(|l| l.get(key)).and_then(Node::as_str))
        });
    }
    Ok(all)
}

/// `kind: List` stands for its items.
fn flatten(file: &str, node: Node, depth: usize, found: &mut Vec<Manifest>) -> Result<()> {
    let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default();
    match node.get("items").map(|n| n.kind.clone()) {
        Some(NodeKind::List(items)) if depth == 0 && kind.ends_with("List") => {
            items.into_iter().try_for_each(|item| flatten(file, item, depth + 1, found))
        }
        _ if kind == "List" => {
            Err(Failure::error("*unstructured.Unstructured is not a list: no Items field in this object"))
        }
        _ => {
            found.push(Manifest { file: file.into(), node });
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

/// The manifests that kubectl can read, with their trees, and why it cannot read the others.
pub fn prepare_all<'a>(cx: &Cx, args: &Args, manifests: &'a [Manifest]) -> (Vec<(&'a Manifest, Value)>, Vec<Failure>) {
    let (mut ready, mut unread) = (Vec::new(), Vec::new());
    for manifest in manifests {
        match prepare(cx, args, manifest) {
            Ok(tree) => ready.push((manifest, tree)),
            Err(failure) => unread.push(failure),
        }
    }
    (ready, unread)
}

/// Refusals of several objects as kubectl prints them: one alone in its usual form, several each as an error of its file.
pub fn refusals(mut unread: Vec<Failure>, errors: &[(ApiError, &'static str, String)]) -> Option<Failure> {
    match (unread.len(), errors) {
        (0, []) => None,
        (1, []) => unread.pop(),
        (0, [(error, verb, file)]) => Some(Failure::plain(server_words(&with_source(error, verb, file)))),
        _ => {
            let bare = unread.iter().map(|f| f.words.strip_prefix("error: ").unwrap_or(&f.words).to_string());
            let lines: Vec<String> =
                bare.chain(errors.iter().map(|(e, verb, file)| one_of_many(e, verb, file))).collect();
            Some(Failure::plain(lines.join("\n")))
        }
    }
}
