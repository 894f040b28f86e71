//! `kubectl events`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/events/events.go, event_printer.go.

use super::resource::Selection;
use super::table::align;
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::objects::columns::human;
use crate::kubernetes::objects::{Kind, Object};
use crate::text::Value;
use std::rc::Rc;

pub(super) const VERBS: &[Verb] = &[Verb {
    name: "events",
    switches: "all-namespaces A watch w no-headers",
    options: "for types output o chunk-size",
    run: events,
}];

fn events(cx: &mut Cx, args: &Args) -> Result {
    let types = args.list("types");
    for kind in &types {
        if kind != "Normal" && kind != "Warning" {
            return Err(Failure::error("valid --types are Normal or Warning"));
        }
    }
    let about = match args.get("for") {
        Some(word) => {
            let (found, missing) = Selection::read(cx, args, &[word.to_string()])?.objects(cx.cluster, &cx.namespace);
            if let Some(failure) = super::resource::together(missing) {
                return Err(failure);
            }
            Some(found.into_iter().map(|(_, o)| o.meta.id).collect::<Vec<_>>())
        }
        None => None,
    };
    let store = &cx.cluster.api.store;
    let everywhere = args.on("all-namespaces");
    let all: Vec<Rc<Object>> = match everywhere {
        true => store.list(Kind::Event).cloned().collect(),
        false => store.list_in(Kind::Event, &cx.namespace).cloned().collect(),
    };
    let fits = |o: &&Rc<Object>| {
        o.event().is_some_and(|e| {
            about.as_ref().is_none_or(|ids| ids.contains(&e.about))
                && (types.is_empty() || types.iter().any(|t| e.kind == t.as_str()))
        })
    };
    let mut found: Vec<Rc<Object>> = all.iter().filter(fits).cloned().collect();
    found.sort_by_key(|o| (o.event().map(|e| e.last), o.meta.id));
    if matches!(args.get("output"), Some("yaml" | "json" | "name")) {
        let trees: Vec<Value> = found.iter().map(|o| cx.cluster.api.tree(o)).collect();
        super::get::print_trees(cx, args, &trees)?;
        return Ok(Flow::Done(0));
    }
    if found.is_empty() {
        match everywhere {
            true => cx.complain("No events found.\n"),
            false => cx.complain(&format!("No events found in {} namespace.\n", cx.namespace)),
        }
        return Ok(Flow::Done(0));
    }
    let mut rows = Vec::new();
    if !args.on("no-headers") {
        let head = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"].map(String::from);
        rows.push(everywhere.then(|| "NAMESPACE".to_string()).into_iter().chain(head).collect());
    }
    for object in &found {
        let Some(e) = object.event() else { continue };
        let since = |t| human(cx.now().since(t).as_secs() as i64);
        let seen = match e.count {
            n if n > 1 => format!("{} (x{n} over {})", since(e.last), since(e.first)),
            _ => since(e.first),
        };
        let row = [
            seen,
            e.kind.to_string(),
            e.reason.to_string(),
            format!("{}/{}", e.about_kind, e.about_name),
            e.message.trim().to_string(),
        ];
        rows.push(everywhere.then(|| object.meta.namespace.to_string()).into_iter().chain(row).collect());
    }
    cx.print(&align(&rows, &mut Vec::new()));
    Ok(Flow::Done(0))
}
