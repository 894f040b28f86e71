//! `kubectl wait`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/wait.

use super::jsonpath::{self, Template};
use super::resource::{Named, Resource, Selection, together};
use super::{Args, Cx, Failure, Flow, Result, Verb, Waiting};
use crate::kubernetes::objects::{Id, Object};
use crate::sim::{Span, Time};
use crate::text::Value;
use crate::text::go::quoted;
use std::rc::Rc;

/// Source: kubectl pkg/cmd/wait/wait.go, NewWaitFlags.
const TIMEOUT: Span = Span::secs(30);

pub(super) const VERBS: &[Verb] = &[Verb {
    name: "wait",
    switches: "all all-namespaces A recursive R local",
    options: "for timeout selector l field-selector filename f output o",
    run: wait,
}];

/// What is waited for.
#[derive(Clone, Debug)]
enum For {
    Delete,
    Create,
    Condition(String, String),
    Path(Template, Option<String>),
}

fn wait(cx: &mut Cx, args: &Args) -> Result {
    let Some(wish) = args.get("for") else { return Err(Failure::error("unrecognized condition: []")) };
    let wish = read(wish)?;
    let timeout = match args.get("timeout") {
        Some(text) if text.starts_with('-') => Span::secs(7 * 24 * 3600),
        _ => args.span("timeout").unwrap_or(TIMEOUT),
    };
    let selection = Selection::with_files(cx, args, &args.words)?;
    let (found, missing) = selection.objects(cx.cluster, &cx.namespace);
    if matches!(wish, For::Create) {
        let mut waiting = Created { selection, until: cx.now() + timeout };
        return Ok(waiting.poll(cx).map_or_else(|| Flow::Wait(Box::new(waiting)), Flow::Done));
    }
    if let Some(failure) = together(missing) {
        if matches!(wish, For::Delete) {
            return Ok(Flow::Done(0));
        }
        return Err(failure);
    }
    if found.is_empty() {
        if matches!(wish, For::Delete) {
            return Ok(Flow::Done(0));
        }
        return Err(Failure::error("no matching resources found"));
    }
    let left: Vec<(Resource, Rc<str>, Id)> =
        found.iter().map(|(r, o)| (r.clone(), o.meta.name.clone(), o.meta.id)).collect();
    let mut waiting = Met { left, wish, until: cx.now() + timeout };
    Ok(waiting.poll(cx).map_or_else(|| Flow::Wait(Box::new(waiting)), Flow::Done))
}

fn read(text: &str) -> Result<For> {
    if text.eq_ignore_ascii_case("delete") {
        return Ok(For::Delete);
    }
    if text.eq_ignore_ascii_case("create") {
        return Ok(For::Create);
    }
    if let Some(condition) = text.strip_prefix("condition=") {
        let (name, value) = condition.split_once('=').unwrap_or((condition, "true"));
        return Ok(For::Condition(name.to_lowercase(), value.to_lowercase()));
    }
    if let Some(rest) = text.strip_prefix("jsonpath=") {
        let close = rest.rfind('}').map_or(rest.len(), |at| at + 1);
        let (path, value) = rest.split_at(close);
        let path = jsonpath::relaxed(path.trim_matches(['\'', '"'])).map_err(Failure::error)?;
        let value = value.strip_prefix('=').map(|v| v.trim_matches(['\'', '"']).to_string());
        return Ok(For::Path(path, value));
    }
    Err(Failure::error(format!("unrecognized condition: {}", quoted(text))))
}

fn met(wish: &For, tree: &Value) -> bool {
    match wish {
        For::Condition(name, value) => {
            let conditions = tree.list_at(&["status", "conditions"]).iter();
            let text = |c: &Value, key: &str| c.str_at(&[key]).unwrap_or_default().to_lowercase();
            let observed = tree.int_at(&["status", "observedGeneration"]);
            let fresh = observed.is_none_or(|o| o >= tree.int_at(&["metadata", "generation"]).unwrap_or(0));
            let mut hits = conditions.filter(|c| text(c, "type") == *name);
            hits.any(|c| text(c, "status") == *value) && fresh
        }
        For::Path(path, value) => {
            let found = path.first(tree).ok().flatten();
            match value {
                Some(value) => found.is_some_and(|v| jsonpath::text(&v) == *value),
                None => found.is_some(),
            }
        }
        For::Delete | For::Create => false,
    }
}

#[derive(Clone, Debug)]
struct Met {
    left: Vec<(Resource, Rc<str>, Id)>,
    wish: For,
    until: Time,
}

impl Waiting for Met {
    fn poll(&mut self, cx: &mut Cx) -> Option<i32> {
        let mut left = Vec::new();
        for (resource, name, id) in std::mem::take(&mut self.left) {
            let object: Option<Rc<Object>> = cx.cluster.api.store.get(id).cloned();
            match (object, matches!(self.wish, For::Delete)) {
                (None, true) => cx.print(&format!("{}/{name} condition met\n", resource.singular())),
                (None, false) => {
                    cx.complain(&format!(
                        "Error from server (NotFound): {} \"{name}\" not found\n",
                        resource.with_group()
                    ));
                    return Some(1);
                }
                (Some(object), _) => match met(&self.wish, &cx.cluster.api.tree(&object)) {
                    true => cx.print(&format!("{}/{name} condition met\n", resource.singular())),
                    false => left.push((resource, name, id)),
                },
            }
        }
        self.left = left;
        if self.left.is_empty() {
            return Some(0);
        }
        if cx.now() < self.until {
            return None;
        }
        // Source: kubectl pkg/cmd/util/helpers.go, checkErr: several errors lose their prefix.
        let prefix = if self.left.len() > 1 { "" } else { "error: " };
        for (resource, name, _) in &self.left {
            cx.complain(&format!("{prefix}timed out waiting for the condition on {}/{name}\n", resource.plural));
        }
        Some(1)
    }
    fn due(&self) -> Option<Time> {
        Some(self.until)
    }
    fn boxed(&self) -> Box<dyn Waiting> {
        Box::new(self.clone())
    }
}

/// Waits until objects exist.
#[derive(Clone, Debug)]
struct Created {
    selection: Selection,
    until: Time,
}

impl Waiting for Created {
    fn poll(&mut self, cx: &mut Cx) -> Option<i32> {
        for resource in &mut self.selection.resources {
            resource.stored =
                resource.stored.or_else(|| cx.cluster.api.kinds.find(&resource.api_version, &resource.kind));
        }
        for Named { resource, .. } in &mut self.selection.names {
            resource.stored =
                resource.stored.or_else(|| cx.cluster.api.kinds.find(&resource.api_version, &resource.kind));
        }
        let namespace = cx.namespace.clone();
        let (found, missing) = self.selection.objects(cx.cluster, &namespace);
        if !found.is_empty() && missing.is_empty() {
            for (resource, object) in found {
                cx.print(&format!("{}/{} condition met\n", resource.singular(), object.meta.name));
            }
            return Some(0);
        }
        if cx.now() < self.until {
            return None;
        }
        cx.complain("error: timed out waiting for the condition\n");
        Some(1)
    }
    fn due(&self) -> Option<Time> {
        Some(self.until)
    }
    fn boxed(&self) -> Box<dyn Waiting> {
        Box::new(self.clone())
    }
}
