//! `kubectl rollout status|history|undo|pause|resume|restart`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/rollout, pkg/polymorphichelpers/{rollout_status,rollback,history,objectrestarter}.go.

use super::describe;
use super::resource::{Resource, Selection, together};
use super::{Args, Cx, Failure, Flow, Result, Verb, Waiting};
use crate::kubernetes::apiserver::WriteOptions;
use crate::kubernetes::objects::{Id, Object};
use crate::sim::{Span, Time};
use crate::text::{Map, Value};
use std::rc::Rc;

const COMMON: &str = "filename f kustomize k selector l output o dry-run revision to-revision timeout field-manager";

macro_rules! rollout {
    ($($name:literal $run:ident),*) => {&[$(
        Verb { name: concat!("rollout ", $name), switches: "watch w recursive R", options: COMMON, run: $run }
    ),*]};
}
pub(super) const VERBS: &[Verb] = rollout!(
    "status" status, "history" history, "undo" undo, "pause" pause, "resume" resume, "restart" restart
);

const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";
/// Annotations that stay with the Deployment when it is rolled back. Source: rollback.go, annotationsToSkip.
const KEPT: [&str; 6] = [
    super::apply::LAST_APPLIED,
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

/// A template without the label that ReplicaSets add.
pub(super) fn bare_template(template: Option<&Value>) -> Value {
    let mut template = template.cloned().unwrap_or_default();
    template.remove_at(&["metadata", "labels", HASH]);
    template
}

fn select(cx: &Cx, args: &Args) -> Result<Vec<(Resource, Rc<Object>)>> {
    if args.words.is_empty() && args.get("filename").is_none() {
        return Err(Failure::error("required resource not specified"));
    }
    let (found, missing) = Selection::with_files(cx, args, &args.words)?.objects(cx.cluster, &cx.namespace);
    match together(missing) {
        Some(failure) => Err(failure),
        None => Ok(found),
    }
}

/// What `rollout status` says of an object: words and whether it is done, or an error.
type Said = std::result::Result<(String, bool), String>;

fn status(cx: &mut Cx, args: &Args) -> Result {
    let found = select(cx, args)?;
    if found.is_empty() {
        return Err(Failure::error("no resources found"));
    }
    let timeout = args.span("timeout").unwrap_or(Span::ZERO);
    let until = if timeout == Span::ZERO { Time::NEVER } else { cx.now() + timeout };
    let revision = args.get("revision").and_then(|r| r.parse().ok()).unwrap_or(0);
    let watches = args.on_unless("watch");
    let ids = found.into_iter().map(|(r, o)| (r, o.meta.id)).collect();
    let mut waiting = Status { ids, until, revision, watches, seen: 0 };
    match waiting.poll(cx) {
        Some(code) => Ok(Flow::Done(code)),
        None => Ok(Flow::Wait(Box::new(waiting))),
    }
}

#[derive(Clone, Debug)]
struct Status {
    ids: Vec<(Resource, Id)>,
    until: Time,
    revision: i64,
    watches: bool,
    seen: u64,
}

impl Waiting for Status {
    fn poll(&mut self, cx: &mut Cx) -> Option<i32> {
        while let Some((resource, id)) = self.ids.first().cloned() {
            let Some(object) = cx.cluster.api.store.get(id).cloned() else {
                cx.complain("error: object has been deleted\n");
                return Some(1);
            };
            if object.meta.version != self.seen {
                self.seen = object.meta.version;
                match said(&resource, &cx.cluster.api.tree(&object), self.revision) {
                    Err(words) => {
                        cx.complain(&format!("error: {words}\n"));
                        return Some(1);
                    }
                    Ok((words, done)) => {
                        cx.print(&words);
                        if done || !self.watches {
                            self.ids.remove(0);
                            self.seen = 0;
                            continue;
                        }
                    }
                }
            }
            if cx.now() >= self.until {
                cx.complain("error: timed out waiting for the condition\n");
                return Some(1);
            }
            return None;
        }
        Some(0)
    }
    fn due(&self) -> Option<Time> {
        (self.until != Time::NEVER).then_some(self.until)
    }
    fn boxed(&self) -> Box<dyn Waiting> {
        Box::new(self.clone())
    }
}

fn said(resource: &Resource, tree: &Value, revision: i64) -> Said {
    match resource.kind.as_str() {
        "Deployment" => deployment_said(tree, revision),
        "DaemonSet" => daemon_set_said(tree),
        "StatefulSet" => stateful_set_said(tree),
        _ => Err(format!("no status viewer has been implemented for {}", resource.kind)),
    }
}

fn deployment_said(tree: &Value, revision: i64) -> Said {
    let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
    let count = |key: &str| tree.int_at(&["status", key]).unwrap_or(0);
    if revision > 0 {
        let own = tree.str_at(&["metadata", "annotations", REVISION]).and_then(|r| r.parse::<i64>().ok());
        if let Some(own) = own.filter(|own| *own != revision) {
            return Err(format!("desired revision ({revision}) is different from the running revision ({own})"));
        }
    }
    if tree.int_at(&["metadata", "generation"]).unwrap_or(0) > count("observedGeneration") {
        return Ok(("Waiting for deployment spec update to be observed...\n".into(), false));
    }
    let conditions = tree.list_at(&["status", "conditions"]);
    let progress = conditions.iter().find(|c| c.str_at(&["type"]) == Some("Progressing"));
    if progress.and_then(|c| c.str_at(&["reason"])) == Some("ProgressDeadlineExceeded") {
        return Err(format!("deployment {name:?} exceeded its progress deadline"));
    }
    let head = format!("Waiting for deployment {name:?} rollout to finish: ");
    let wanted = tree.int_at(&["spec", "replicas"]).unwrap_or(1);
    let (updated, total, available) = (count("updatedReplicas"), count("replicas"), count("availableReplicas"));
    let words = match () {
        _ if updated < wanted => format!("{head}{updated} out of {wanted} new replicas have been updated...\n"),
        _ if total > updated => format!("{head}{} old replicas are pending termination...\n", total - updated),
        _ if available < updated => format!("{head}{available} of {updated} updated replicas are available...\n"),
        _ => return Ok((format!("deployment {name:?} successfully rolled out\n"), true)),
    };
    Ok((words, false))
}

fn daemon_set_said(tree: &Value) -> Said {
    let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
    let count = |key: &str| tree.int_at(&["status", key]).unwrap_or(0);
    if tree.str_at(&["spec", "updateStrategy", "type"]) != Some("RollingUpdate") {
        return Err("rollout status is only available for RollingUpdate strategy type".into());
    }
    if tree.int_at(&["metadata", "generation"]).unwrap_or(0) > count("observedGeneration") {
        return Ok(("Waiting for daemon set spec update to be observed...\n".into(), false));
    }
    let head = format!("Waiting for daemon set {name:?} rollout to finish: ");
    let (wanted, updated, available) =
        (count("desiredNumberScheduled"), count("updatedNumberScheduled"), count("numberAvailable"));
    let words = match () {
        _ if updated < wanted => format!("{head}{updated} out of {wanted} new pods have been updated...\n"),
        _ if available < wanted => format!("{head}{available} of {wanted} updated pods are available...\n"),
        _ => return Ok((format!("daemon set {name:?} successfully rolled out\n"), true)),
    };
    Ok((words, false))
}

fn stateful_set_said(tree: &Value) -> Said {
    let count = |key: &str| tree.int_at(&["status", key]).unwrap_or(0);
    let text = |key: &str| tree.str_at(&["status", key]).unwrap_or_default();
    if tree.str_at(&["spec", "updateStrategy", "type"]) != Some("RollingUpdate") {
        return Err("rollout status is only available for RollingUpdate strategy type".into());
    }
    let observed = count("observedGeneration");
    if observed == 0 || tree.int_at(&["metadata", "generation"]).unwrap_or(0) > observed {
        return Ok(("Waiting for statefulset spec update to be observed...\n".into(), false));
    }
    let wanted = tree.int_at(&["spec", "replicas"]).unwrap_or(1);
    if count("readyReplicas") < wanted {
        return Ok((format!("Waiting for {} pods to be ready...\n", wanted - count("readyReplicas")), false));
    }
    let updated = count("updatedReplicas");
    if let Some(partition) = tree.int_at(&["spec", "updateStrategy", "rollingUpdate", "partition"]) {
        if updated < wanted - partition {
            let of = wanted - partition;
            let words = format!(
                "Waiting for partitioned roll out to finish: {updated} out of {of} new pods have been updated...\n"
            );
            return Ok((words, false));
        }
        return Ok((format!("partitioned roll out complete: {updated} new pods have been updated...\n"), true));
    }
    let (new, old) = (text("updateRevision"), text("currentRevision"));
    if new != old {
        let words = format!("waiting for statefulset rolling update to complete {updated} pods at revision {new}...\n");
        return Ok((words, false));
    }
    let current = count("currentReplicas");
    Ok((format!("statefulset rolling update complete {current} pods at revision {old}...\n"), true))
}

/// A revision: its number, its template, its annotations.
struct Revision {
    number: i64,
    template: Value,
    annotations: Map,
}

/// The revisions of a workload, oldest first.
fn revisions(cx: &Cx, resource: &Resource, object: &Object) -> Result<Vec<Revision>> {
    let api = &cx.cluster.api;
    let annotations =
        |tree: &Value| tree.at(&["metadata", "annotations"]).and_then(Value::as_map).cloned().unwrap_or_default();
    let mut found: Vec<Revision> = Vec::new();
    for owned in api.store.owned_by(object.meta.id) {
        let tree = api.tree(owned);
        let kind = tree.str_at(&["kind"]).unwrap_or_default();
        match (resource.kind.as_str(), kind) {
            ("Deployment", "ReplicaSet") => {
                let number = owned.meta.annotations.get(REVISION).and_then(|r| r.parse().ok());
                let Some(number) = number else { continue };
                let template = bare_template(tree.at(&["spec", "template"]));
                found.push(Revision { number, template, annotations: annotations(&tree) });
            }
            ("StatefulSet" | "DaemonSet", "ControllerRevision") => {
                let number = tree.int_at(&["revision"]).unwrap_or(0);
                let mut template = tree.at(&["data", "spec", "template"]).cloned().unwrap_or_default();
                template.remove_at(&["$patch"]);
                found.push(Revision { number, template, annotations: annotations(&tree) });
            }
            _ => {}
        }
    }
    if !matches!(resource.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet") {
        return Err(Failure::error(format!("no history viewer has been implemented for {:?}", resource.singular())));
    }
    found.sort_by_key(|r| r.number);
    Ok(found)
}

fn history(cx: &mut Cx, args: &Args) -> Result {
    let wanted = args.get("revision").and_then(|r| r.parse::<i64>().ok()).unwrap_or(0);
    for (resource, object) in select(cx, args)? {
        let all = revisions(cx, &resource, &object)?;
        let name = format!("{}/{}", resource.singular(), object.meta.name);
        if wanted > 0 {
            let Some(found) = all.iter().find(|r| r.number == wanted) else {
                return Err(Failure::error("unable to find the specified revision"));
            };
            let text = describe::template_text(cx.cluster, &object, &found.template);
            cx.print(&format!("{name} with revision #{wanted}\n{text}\n"));
            continue;
        }
        if all.is_empty() {
            cx.print(&format!("{name} \nNo rollout history found.\n"));
            continue;
        }
        let mut text = String::from("REVISION\tCHANGE-CAUSE\n");
        for revision in &all {
            let cause = revision.annotations.get("kubernetes.io/change-cause").and_then(Value::as_str);
            text += &format!("{}\t{}\n", revision.number, cause.filter(|c| !c.is_empty()).unwrap_or("<none>"));
        }
        cx.print(&format!("{name} \n{}\n", describe::elastic(&text, 0, 2)));
    }
    Ok(Flow::Done(0))
}

fn undo(cx: &mut Cx, args: &Args) -> Result {
    let to = args.get("to-revision").and_then(|r| r.parse::<i64>().ok()).unwrap_or(0);
    let dry_run = args.dry_run()?;
    for (resource, object) in select(cx, args)? {
        let name = &object.meta.name;
        if object.meta.annotations.get(super::apply::LAST_APPLIED).is_some() {
            cx.complain(&format!("Warning: resource {}/{name} was previously managed with 'kubectl apply'. Rolling back will not update the {} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n", resource.plural, super::apply::LAST_APPLIED));
        }
        let words = undo_one(cx, &resource, &object, to, dry_run.on())?;
        cx.print(&format!("{}/{name} {words}{}\n", resource.singular(), dry_run.suffix()));
        cx.cluster.settle();
    }
    Ok(Flow::Done(0))
}

fn undo_one(cx: &mut Cx, resource: &Resource, object: &Object, to: i64, dry_run: bool) -> Result<String> {
    let not_there = || Failure::error(format!("unable to find specified revision {to} in history"));
    if to < 0 {
        return Err(not_there());
    }
    let all = revisions(cx, resource, object)?;
    let is_deployment = resource.kind == "Deployment";
    if to == 0 && all.len() <= 1 {
        return Err(match is_deployment {
            true => Failure::error(format!("no rollout history found for deployment {:?}", &*object.meta.name)),
            false => Failure::error("no last revision to roll back to"),
        });
    }
    let found = match to {
        0 => all.get(all.len().wrapping_sub(2)),
        _ => all.iter().find(|r| r.number == to),
    };
    let Some(target) = found else { return Err(not_there()) };
    let mut tree = cx.cluster.api.tree(object);
    if is_deployment && tree.bool_at(&["spec", "paused"]) == Some(true) {
        return Err(Failure::error(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ));
    }
    if bare_template(tree.at(&["spec", "template"])) == target.template {
        return Ok(format!("skipped rollback (current template already matches revision {to})"));
    }
    tree.set_at(&["spec", "template"], target.template.clone());
    if is_deployment {
        let mut annotations =
            tree.at(&["metadata", "annotations"]).and_then(Value::as_map).cloned().unwrap_or_default();
        annotations.retain(|key, _| KEPT.contains(&key));
        for (key, value) in target.annotations.iter().filter(|(k, _)| !KEPT.contains(&&***k)) {
            annotations.set(key.clone(), value.clone());
        }
        tree.set_at(&["metadata", "annotations"], annotations);
    }
    write(cx, object, tree, dry_run)
        .map_err(|f| Failure::error(format!("failed restoring revision {to}: {}", f.words)))?;
    Ok("rolled back".into())
}

fn write(cx: &mut Cx, object: &Object, tree: Value, dry_run: bool) -> Result<()> {
    let by = cx.by();
    let options = WriteOptions { dry_run, source: None };
    cx.cluster.api.update_tree(object.meta.id, tree, by, &options).map_err(|e| Failure::server(&e))?;
    cx.cluster.settle();
    Ok(())
}

fn pause(cx: &mut Cx, args: &Args) -> Result {
    set_paused(cx, args, true)
}

fn resume(cx: &mut Cx, args: &Args) -> Result {
    set_paused(cx, args, false)
}

fn set_paused(cx: &mut Cx, args: &Args, paused: bool) -> Result {
    let word = if paused { "pause" } else { "resume" };
    let mut failures = Vec::new();
    for (resource, object) in select(cx, args)? {
        let name = object.meta.name.clone();
        if resource.kind != "Deployment" {
            let kind = &resource.singular();
            failures.push(Failure::error(format!("{}s {name:?} {word} is not supported", kind)));
            continue;
        }
        let mut tree = cx.cluster.api.tree(&object);
        if tree.bool_at(&["spec", "paused"]).unwrap_or(false) == paused {
            let words = if paused { "is already paused" } else { "is not paused" };
            failures.push(Failure::error(format!("{} {:?} {words}", resource.with_group(), &*name)));
            continue;
        }
        tree.set_at(&["spec", "paused"], paused);
        write(cx, &object, tree, args.dry_run()?.on())?;
        cx.print(&format!("{}/{name} {word}d\n", resource.singular()));
    }
    match together(failures) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

fn restart(cx: &mut Cx, args: &Args) -> Result {
    let mut failures = Vec::new();
    let now = cx.cluster.api.calendar.seconds(cx.now());
    for (resource, object) in select(cx, args)? {
        let name = object.meta.name.clone();
        let mut tree = cx.cluster.api.tree(&object);
        if tree.at(&["spec", "template"]).is_none() || resource.kind == "ReplicaSet" || resource.kind == "Job" {
            failures.push(Failure::error(format!(
                "{} {:?} restarting is not supported",
                resource.with_group(),
                &*name
            )));
            continue;
        }
        if tree.bool_at(&["spec", "paused"]) == Some(true) {
            failures.push(Failure::error(format!(
                "{} {:?} can't restart paused deployment (run rollout resume first)",
                resource.with_group(),
                &*name
            )));
            continue;
        }
        let path = ["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"];
        tree.set_at(&path, now.as_str());
        write(cx, &object, tree, args.dry_run()?.on())?;
        cx.print(&format!("{}/{name} restarted\n", resource.singular()));
    }
    match together(failures) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}
