//! `kubectl get --raw PATH`: what the server answers on a path, as it comes.
//! Source: kubernetes v1.37 kubectl pkg/rawhttp/raw.go; apiserver/pkg/endpoints/handlers/get.go.

use super::{Args, Cx, Failure, Flow, Result};
use crate::kubernetes::kubelet::Answered;
use crate::kubernetes::objects::{Kind, Object, Schema};
use crate::map;
use crate::text::{Map, Value, json};
use std::rc::Rc;

/// Answers a path.
pub fn get(cx: &mut Cx, args: &Args, path: &str) -> Result {
    if !args.words.is_empty() {
        return Err(Failure::error("arguments may not be passed when --raw is specified"));
    }
    let path = path.split('?').next().unwrap_or_default();
    let steps: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    let text = match steps.as_slice() {
        ["healthz" | "livez" | "readyz", ..] => "ok".to_string(),
        ["version"] => json::write(&version(), json::Style { indent: 2, sorted: false, escape_html: true }),
        ["api", "v1", "nodes", node, "proxy", rest @ ..] => proxied(cx, node, &rest.join("/"))?,
        ["api", version, rest @ ..] => stored(cx, "", version, rest)?,
        ["apis", group, version, rest @ ..] => stored(cx, group, version, rest)?,
        _ => return Err(unknown()),
    };
    cx.print(&text);
    Ok(Flow::Done(0))
}

fn unknown() -> Failure {
    Failure::plain("Error from server (NotFound): the server could not find the requested resource")
}

fn version() -> Value {
    Value::Map(map! {
        "major" => "1", "minor" => "37", "gitVersion" => "v1.37.2", "compiler" => "gc", "platform" => "linux/amd64",
    })
}

/// What the kubelet of a node answers. Source: kubernetes v1.37 pkg/registry/core/node/rest/rest.go, ProxyREST.
fn proxied(cx: &Cx, node: &str, path: &str) -> Result<String> {
    let api = &cx.cluster.api;
    if api.store.find(Kind::Node, "", node).is_none() {
        return Err(Failure::plain(format!("Error from server (NotFound): nodes \"{node}\" not found")));
    }
    match cx.cluster.kubelet.answers(node, path, api) {
        Answered::Text(text) => Ok(text),
        Answered::Unknown => Err(unknown()),
        Answered::Silent => Err(Failure::plain(format!(
            "Error from server (ServiceUnavailable): error trying to reach service: dial tcp {node}:10250: connect: connection refused"
        ))),
    }
}

/// An object or a list, on one line.
fn stored(cx: &mut Cx, group: &str, version: &str, steps: &[&str]) -> Result<String> {
    let (namespace, rest) = match steps {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
        steps => ("", steps),
    };
    let [plural, rest @ ..] = rest else { return Err(unknown()) };
    let all = Schema::get().resources().iter();
    let Some(found) = all.clone().find(|r| r.group == group && r.version == version && r.plural == *plural) else {
        return Err(unknown());
    };
    let api_version = if group.is_empty() { version.to_string() } else { format!("{group}/{version}") };
    let tree = Value::Map(map! { "apiVersion" => api_version.as_str(), "kind" => found.kind });
    let kind = cx.cluster.api.kind_of(&tree);
    let api = &cx.cluster.api;
    let style = json::Style { escape_html: true, ..json::Style::IN_ORDER };
    let line = |tree: &Value| json::write(tree, style) + "\n";
    match rest {
        [] => {
            let objects: Vec<Rc<Object>> = match namespace {
                "" => api.store.list(kind).cloned().collect(),
                namespace => api.store.list_in(kind, namespace).cloned().collect(),
            };
            let bare = |object: &Rc<Object>| {
                let mut tree = api.tree(object);
                drop((tree.remove_at(&["apiVersion"]), tree.remove_at(&["kind"])));
                tree
            };
            let items: Vec<Value> = objects.iter().map(bare).collect();
            let meta: Map = map! { "resourceVersion" => api.store.version().to_string() };
            let kind = format!("{}List", found.kind);
            let list = map! { "kind" => kind, "apiVersion" => api_version, "metadata" => meta, "items" => items };
            Ok(line(&Value::Map(list)))
        }
        [name] => match api.store.by_name(kind, namespace, name) {
            Some(object) => Ok(line(&api.tree(object))),
            None => {
                let words = api.not_found(kind, name).message;
                Err(Failure::plain(format!("Error from server (NotFound): {words}")))
            }
        },
        _ => Err(unknown()),
    }
}
