//! `kubectl events`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/events/events.go, event_printer.go.

use super::form::{Form, typed_list};
use super::resource::{Resource, resource};
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

/// `TYPE/NAME` of `--for`; whether there is such an object is not asked. Source: events.go, decodeResourceTypeName.
fn subject(cx: &Cx, word: &str) -> Result<(Resource, String)> {
    match word.split('/').collect::<Vec<_>>()[..] {
        [kind, name] => Ok((resource(cx.cluster, kind)?, name.to_string())),
        [_] => Err(Failure::error("--for must be in resource/name form")),
        _ => Err(Failure::error("arguments in resource/name form may not have more than one slash")),
    }
}

/// Whether an event tells of an object of this kind and name, there or gone. Source: events.go, Run.
fn is_about(cx: &Cx, event: &Object, resource: &Resource, name: &str) -> bool {
    if name.is_empty() {
        return true;
    }
    let tree = cx.cluster.api.tree(event);
    let text = |key: &str| tree.str_at(&["involvedObject", key]).unwrap_or_default();
    text("kind") == resource.kind && text("apiVersion") == resource.api_version && text("name") == name
}

fn events(cx: &mut Cx, args: &Args) -> Result {
    let types = args.list("types");
    for kind in &types {
        if !kind.eq_ignore_ascii_case("Normal") && !kind.eq_ignore_ascii_case("Warning") {
            return Err(Failure::error("valid --types are Normal or Warning"));
        }
    }
    let about = args.get("for").filter(|word| !word.is_empty()).map(|word| subject(cx, word)).transpose()?;
    let store = &cx.cluster.api.store;
    let everywhere = args.on("all-namespaces");
    let all: Vec<Rc<Object>> = match everywhere {
        true => store.list(Kind::Event).cloned().collect(),
        false => store.list_in(Kind::Event, &cx.namespace).cloned().collect(),
    };
    let fits = |o: &&Rc<Object>| {
        o.event().is_some_and(|e| {
            about.as_ref().is_none_or(|(resource, name)| is_about(cx, o, resource, name))
                && (types.is_empty() || types.iter().any(|t| e.kind.eq_ignore_ascii_case(t)))
        })
    };
    let mut found: Vec<Rc<Object>> = all.iter().filter(fits).cloned().collect();
    found.sort_by_key(|o| (o.event().map(|e| e.last), o.meta.id));
    if found.is_empty() {
        match everywhere {
            true => cx.complain("No events found.\n"),
            false => cx.complain(&format!("No events found in {} namespace.\n", cx.namespace)),
        }
        return Ok(Flow::Done(0));
    }
    let form = Form::read(cx, args, false)?;
    if !matches!(form, Form::Own) {
        let trees: Vec<Value> = found.iter().map(|o| cx.cluster.api.tree(o)).collect();
        form.print(cx, &typed_list("EventList", &trees), 0)?;
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

#[cfg(test)]
mod tests {
    use super::super::tests::{Desk, WEB};

    #[test]
    fn events_of_what_is_gone_are_still_told() {
        let mut desk = Desk::new(&[("web.yaml", WEB)]);
        assert_eq!(desk.say("kubectl events --for pod/gone"), "No events found in default namespace.\n");
        assert_eq!(desk.say("kubectl events --for pod"), "error: --for must be in resource/name form\n");
        desk.say("kubectl apply -f web.yaml");
        desk.go_to(5);
        desk.say("kubectl delete deploy web");
        let told = desk.say("kubectl events --for deploy/web --types=normal");
        assert!(told.contains("Deployment/web") && told.contains("ScalingReplicaSet"), "{told}");
    }
}
