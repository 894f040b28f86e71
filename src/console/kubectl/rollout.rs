//! `kubectl rollout status|history|undo|pause|resume|restart`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/rollout, pkg/polymorphichelpers/{rollout_status,rollback,history,objectrestarter}.go.

use super::args::{self, DryRun};
use super::describe;
use super::output::{Teller, aggregate, tell};
use super::resource::{Resource, Selection, together};
use super::set::all_of;
use super::{Args, Cx, Failure, Flow, Result, Verb, Waiting};
use crate::kubernetes::apiserver::{ApiError, WriteOptions, Writer};
use crate::kubernetes::objects::{Id, Object, group_of};
use crate::sim::{Span, Time};
use crate::text::go::quoted;
use crate::text::{Map, Value};
use std::rc::Rc;

macro_rules! rollout {
    ($($name:literal $run:ident $switches:literal $options:literal),*) => {&[$(
        Verb {
            name: concat!("rollout ", $name), switches: concat!("recursive R", $switches),
            options: concat!("filename f kustomize k selector l ", $options), run: $run
        }
    ),*]};
}
pub(super) const VERBS: &[Verb] = rollout!(
    "status" status " watch w" "revision timeout", "history" history "" "output o revision",
    "undo" undo "" "output o dry-run to-revision", "pause" pause "" "output o field-manager",
    "resume" resume "" "output o field-manager", "restart" restart "" "output o field-manager"
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

type Found = Vec<(Resource, Rc<Object>)>;

/// The objects a line means, and why some are not there.
fn select(cx: &Cx, args: &Args) -> Result<(Found, Vec<Failure>)> {
    if args.words.is_empty() && args.get("filename").is_none() {
        return Err(Failure::error("required resource not specified"));
    }
    Ok(Selection::with_files(cx, args, &args.words)?.objects(cx.cluster, &cx.namespace))
}

/// `ReplicaSet.apps`
fn kind_words(resource: &Resource) -> String {
    let group = group_of(&resource.api_version);
    if group.is_empty() { resource.kind.clone() } else { format!("{}.{group}", resource.kind) }
}

/// Whether a kind has revisions; else why not, as `what` says it. Source: kubectl pkg/apps/kind_visitor.go, Accept;
/// polymorphichelpers/history.go, HistoryViewerFor; rollback.go, RollbackerFor.
fn has_revisions(resource: &Resource, what: &str, looked_for: &str) -> Result<()> {
    let kind = quoted(&kind_words(resource));
    match resource.kind.as_str() {
        "Deployment" | "StatefulSet" | "DaemonSet" => Ok(()),
        "Job" | "Pod" | "ReplicaSet" | "ReplicationController" | "CronJob" => {
            Err(Failure::error(format!("no {what} has been implemented for {kind}")))
        }
        own => Err(Failure::error(format!(
            "error retrieving {looked_for} for {kind}, no visitor method exists for {{{} {own}}}",
            group_of(&resource.api_version)
        ))),
    }
}

/// What `rollout status` says of an object: words and whether it is done, or an error.
type Said = std::result::Result<(String, bool), String>;

fn status(cx: &mut Cx, args: &Args) -> Result {
    let (found, missing) = select(cx, args)?;
    if let Some(failure) = together(missing) {
        return Err(failure);
    }
    if found.is_empty() {
        cx.complain(&format!("No resources found in {} namespace.\n", cx.namespace));
        return Ok(Flow::Done(0));
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
        _ => Err(format!("no status viewer has been implemented for {}", kind_words(resource))),
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

/// A revision: its number, its template, its annotations, and the object it is of as it was.
struct Revision {
    number: i64,
    template: Value,
    annotations: Map,
    whole: Value,
}

/// The revisions of a workload, oldest first.
fn revisions(cx: &Cx, resource: &Resource, object: &Object) -> Vec<Revision> {
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
                let template = tree.at(&["spec", "template"]).cloned().unwrap_or_default();
                found.push(Revision { number, template, annotations: annotations(&tree), whole: tree });
            }
            ("StatefulSet" | "DaemonSet", "ControllerRevision") => {
                let number = tree.int_at(&["revision"]).unwrap_or(0);
                let mut template = tree.at(&["data", "spec", "template"]).cloned().unwrap_or_default();
                template.remove_at(&["$patch"]);
                let mut whole = api.tree(object);
                whole.set_at(&["spec", "template"], template.clone());
                found.push(Revision { number, template, annotations: annotations(&tree), whole });
            }
            _ => {}
        }
    }
    found.sort_by_key(|r| r.number);
    found
}

fn history(cx: &mut Cx, args: &Args) -> Result {
    let wanted = args.get("revision").and_then(|r| r.parse::<i64>().ok()).unwrap_or(0);
    if wanted < 0 {
        return Err(Failure::error(format!("revision must be a positive integer: {wanted}")));
    }
    let mut teller = Teller::new(cx, args)?;
    let (found, mut failures) = select(cx, args)?;
    for (resource, object) in found {
        failures.extend(history_of(cx, args, &mut teller, &resource, &object, wanted).err());
    }
    aggregate(failures)?;
    Ok(Flow::Done(0))
}

/// The revisions of one object as a table, the template of one revision, or with `-o` the objects themselves.
fn history_of(
    cx: &mut Cx,
    args: &Args,
    teller: &mut Teller,
    resource: &Resource,
    object: &Object,
    wanted: i64,
) -> Result<()> {
    has_revisions(resource, "history viewer", "history")?;
    let all = revisions(cx, resource, object);
    let shown: Vec<&Revision> = all.iter().filter(|r| wanted == 0 || r.number == wanted).collect();
    let in_form = args.get("output").is_some_and(|form| !form.is_empty());
    if wanted > 0 && shown.is_empty() && (in_form || !all.is_empty()) {
        return Err(Failure::error("unable to find the specified revision"));
    }
    if in_form {
        return shown.into_iter().try_for_each(|revision| teller.tell(cx, &revision.whole, ""));
    }
    let tree = cx.cluster.api.tree(object);
    let text = match (wanted, shown.as_slice()) {
        (_, []) => "No rollout history found.".to_string(),
        (1.., [revision, ..]) => {
            let mut template = revision.template.clone();
            let cause = revision.annotations.get(args::CHANGE_CAUSE).filter(|_| resource.kind == "Deployment");
            if let Some(cause) = cause.filter(|cause| cause.as_str() != Some("")) {
                template.set_at(&["metadata", "annotations", args::CHANGE_CAUSE], cause.clone());
            }
            describe::template_text(cx.cluster, object, &template)
        }
        _ => {
            let mut text = String::from("REVISION\tCHANGE-CAUSE\n");
            for revision in &shown {
                // Source: kubectl pkg/polymorphichelpers/history.go, DeploymentHistoryViewer.ViewHistory: a template may say it, too.
                let own = revision.annotations.get(args::CHANGE_CAUSE).and_then(Value::as_str);
                let of_template = || revision.template.str_at(&["metadata", "annotations", args::CHANGE_CAUSE]);
                let cause = own.filter(|c| !c.is_empty());
                let cause = cause.or_else(|| of_template().filter(|_| resource.kind == "Deployment"));
                text += &format!("{}\t{}\n", revision.number, cause.filter(|c| !c.is_empty()).unwrap_or("<none>"));
            }
            describe::elastic(&text, 0, 2)
        }
    };
    let head = if wanted > 0 { format!("with revision #{wanted}") } else { String::new() };
    teller.tell(cx, &tree, &format!("{head}\n{text}"))
}

fn undo(cx: &mut Cx, args: &Args) -> Result {
    let to = args.get("to-revision").and_then(|r| r.parse::<i64>().ok()).unwrap_or(0);
    let dry_run = args.dry_run()?;
    let (found, mut failures) = select(cx, args)?;
    for (resource, object) in found {
        let name = &object.meta.name;
        if object.meta.annotations.get(super::apply::LAST_APPLIED).is_some() {
            cx.complain(&format!("Warning: resource {}/{name} was previously managed with 'kubectl apply'. Rolling back will not update the {} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n", resource.plural, super::apply::LAST_APPLIED));
        }
        // Source: rollout_undo.go, RunUndo: with `-o` it is the object as it was before that is printed.
        let before = cx.cluster.api.tree(&object);
        let told = undo_one(cx, &resource, &object, to, dry_run).and_then(|words| tell(cx, args, &before, &words));
        failures.extend(told.err());
        cx.cluster.settle();
    }
    aggregate(failures)?;
    Ok(Flow::Done(0))
}

fn undo_one(cx: &mut Cx, resource: &Resource, object: &Object, to: i64, dry_run: DryRun) -> Result<String> {
    has_revisions(resource, "rollbacker", "rollbacker")?;
    let not_there = || Failure::error(format!("unable to find specified revision {to} in history"));
    if to < 0 {
        return Err(not_there());
    }
    let all = revisions(cx, resource, object);
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
    if dry_run == DryRun::Client {
        // Source: rollback.go, Rollback, printPodTemplate.
        let head = if is_deployment { "" } else { "will roll back to " };
        return Ok(format!("{head}{}", describe::template_text(cx.cluster, object, &target.template)));
    }
    let mut tree = cx.cluster.api.tree(object);
    if is_deployment && tree.bool_at(&["spec", "paused"]) == Some(true) {
        return Err(Failure::error(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ));
    }
    let template = bare_template(Some(&target.template));
    if bare_template(tree.at(&["spec", "template"])) == template {
        return Ok(format!("skipped rollback (current template already matches revision {to})"));
    }
    tree.set_at(&["spec", "template"], template);
    if is_deployment {
        let mut annotations =
            tree.at(&["metadata", "annotations"]).and_then(Value::as_map).cloned().unwrap_or_default();
        annotations.retain(|key, _| KEPT.contains(&key));
        for (key, value) in target.annotations.iter().filter(|(k, _)| !KEPT.contains(&&***k)) {
            annotations.set(key.clone(), value.clone());
        }
        tree.set_at(&["metadata", "annotations"], annotations);
    }
    // Source: polymorphichelpers/rollback.go patches in the name of the program.
    write(cx, object, tree, Writer::plain("kubectl"), dry_run.on())
        .map_err(|e| Failure::error(format!("failed restoring revision {to}: {}", e.message)))?;
    Ok("rolled back".into())
}

/// Writes an object; what it is now.
fn write(
    cx: &mut Cx,
    object: &Object,
    tree: Value,
    writer: Writer,
    dry_run: bool,
) -> std::result::Result<Value, ApiError> {
    let by = cx.by();
    let options = WriteOptions { dry_run, source: None };
    let written = cx.cluster.api.update_by(object.meta.id, tree, writer, by, &options)?;
    let tree = cx.cluster.api.tree(&written.object);
    cx.cluster.settle();
    Ok(tree)
}

fn pause(cx: &mut Cx, args: &Args) -> Result {
    change_each(cx, args, "paused", &|resource, tree| set_paused(resource, tree, true))
}

fn resume(cx: &mut Cx, args: &Args) -> Result {
    change_each(cx, args, "resumed", &|resource, tree| set_paused(resource, tree, false))
}

/// Source: polymorphichelpers/objectpauser.go, objectresumer.go.
fn set_paused(resource: &Resource, tree: &mut Value, paused: bool) -> std::result::Result<(), &'static str> {
    if resource.kind != "Deployment" {
        return Err(if paused { "pausing is not supported" } else { "resuming is not supported" });
    }
    if tree.bool_at(&["spec", "paused"]).unwrap_or(false) == paused {
        return Err(if paused { "is already paused" } else { "is not paused" });
    }
    tree.set_at(&["spec", "paused"], paused);
    Ok(())
}

/// Source: polymorphichelpers/objectrestarter.go.
fn restart(cx: &mut Cx, args: &Args) -> Result {
    let now = cx.cluster.api.calendar.seconds(cx.now());
    change_each(cx, args, "restarted", &|resource, tree| {
        if !matches!(resource.kind.as_str(), "Deployment" | "DaemonSet" | "StatefulSet") {
            return Err("restarting is not supported");
        }
        if tree.bool_at(&["spec", "paused"]) == Some(true) {
            return Err("can't restart paused deployment (run rollout resume first)");
        }
        let path = ["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"];
        tree.set_at(&path, now.as_str());
        Ok(())
    })
}

type Change<'a> = &'a dyn Fn(&Resource, &mut Value) -> std::result::Result<(), &'static str>;

/// Changes each object and says so. Source: rollout_pause.go, RunPause; rollout_restart.go, RunRestart.
fn change_each(cx: &mut Cx, args: &Args, word: &str, change: Change) -> Result {
    let (found, missing) = select(cx, args)?;
    let mut errors: Vec<String> = missing.into_iter().map(|f| f.words).collect();
    if found.is_empty() && errors.is_empty() {
        cx.complain(&format!("No resources found in {} namespace.\n", cx.namespace));
        return Ok(Flow::Done(0));
    }
    for (resource, object) in found {
        let name = object.meta.name.clone();
        let before = cx.cluster.api.tree(&object);
        let mut tree = before.clone();
        if let Err(why) = change(&resource, &mut tree) {
            errors.push(format!("error: {} {:?} {why}", resource.with_group(), &*name));
            continue;
        }
        if tree == before {
            errors.push(format!("failed to create patch for {name}: if restart has already been triggered within the past second, please wait before attempting to trigger another"));
            continue;
        }
        match write(cx, &object, tree, args.writer("kubectl-rollout"), false) {
            Ok(tree) => tell(cx, args, &tree, word)?,
            Err(error) => errors.push(format!("failed to patch: {}", error.message)),
        }
    }
    all_of(errors)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Desk, WEB};

    #[test]
    fn kinds_that_cannot_are_told_so() {
        let set = "apiVersion: apps/v1
kind: StatefulSet
metadata: {name: od}
spec:
  serviceName: od
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec: {containers: [{name: c, image: nginx}]}
";
        let mut desk = Desk::new(&[("set.yaml", set)]);
        desk.say("kubectl apply -f set.yaml");
        desk.say("kubectl create service clusterip s --tcp=80");
        desk.say("kubectl run p --image=nginx");
        let says = [
            ("pause sts/od", "error: statefulsets.apps \"od\" pausing is not supported\n"),
            ("resume sts/od", "error: statefulsets.apps \"od\" resuming is not supported\n"),
            ("restart pod/p", "error: pods \"p\" restarting is not supported\n"),
            (
                "undo svc/s",
                "error: error retrieving rollbacker for \"Service\", no visitor method exists for { Service}\n",
            ),
            ("history pod/p", "error: no history viewer has been implemented for \"Pod\"\n"),
            ("status pod/p", "error: no status viewer has been implemented for Pod\n"),
            ("history sts/od --revision=-1", "error: revision must be a positive integer: -1\n"),
            ("foo", "error: unknown command \"foo\"\nSee 'kubectl rollout -h' for help and examples\n"),
        ];
        for (line, words) in says {
            assert_eq!(desk.say(&format!("kubectl rollout {line}")), words, "{line}");
        }
    }

    #[test]
    fn a_revision_is_shown_as_it_was() {
        let mut desk = Desk::new(&[("web.yaml", WEB)]);
        desk.say("kubectl create deploy x --image=nginx:1");
        desk.go_to(3);
        desk.say("kubectl set image deploy/x nginx=nginx:2");
        desk.go_to(6);
        let path = "{.spec.template.spec.containers[0].image}";
        assert_eq!(desk.say(&format!("kubectl rollout history deploy x --revision=1 -o jsonpath='{path}'")), "nginx:1");
        let text = desk.say("kubectl rollout history deploy x --revision=2");
        assert!(text.contains("pod-template-hash=") && text.contains("nginx:2"), "{text}");
        let text = desk.say("kubectl rollout undo deploy x --dry-run=client");
        assert!(text.starts_with("deployment.apps/x Pod Template:\n") && text.ends_with("\n (dry run)\n"), "{text}");
        assert_eq!(desk.say("kubectl rollout restart deploy x -o name"), "deployment.apps/x\n");
        let words = "error: failed to create patch for x: if restart has already been triggered within the past second, please wait before attempting to trigger another\n";
        assert_eq!(desk.say("kubectl rollout restart deploy x"), words);
        assert_eq!(
            desk.say("kubectl rollout undo deploy x --dry-run=server"),
            "deployment.apps/x rolled back (server dry run)\n"
        );
    }
}
