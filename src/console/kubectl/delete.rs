//! `kubectl delete`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/delete/delete.go.

use super::args::DryRun;
use super::manifest;
use super::resource::{Resource, Selection, resource, together};
use super::{Args, Cx, Failure, Flow, Result, Verb, Waiting};
use crate::kubernetes::apiserver::{DeleteOptions, Propagation};
use crate::kubernetes::objects::{Id, Object};
use crate::sim::{Span, Time};
use std::rc::Rc;

pub(super) const VERBS: &[Verb] = &[Verb {
    name: "delete",
    switches: "all all-namespaces A force now ignore-not-found wait recursive R interactive i",
    options: "filename f kustomize k selector l field-selector grace-period cascade timeout output o dry-run raw",
    run: delete,
}];

fn delete(cx: &mut Cx, args: &Args) -> Result {
    let propagation = match args.get("cascade") {
        None | Some("background" | "true") => Propagation::Background,
        Some("foreground") => Propagation::Foreground,
        Some("orphan" | "false") => Propagation::Orphan,
        Some(other) => {
            return Err(Failure::error(format!(
                "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
            )));
        }
    };
    let mut grace = args.get("grace-period").and_then(|g| g.parse::<i64>().ok()).unwrap_or(-1);
    let (force, now) = (args.on("force"), args.on("now"));
    if now {
        if grace >= 0 {
            return Err(Failure::error("--now and --grace-period cannot be specified together"));
        }
        grace = 1;
    }
    // Without --force a grace period of nothing becomes one second, and the command waits.
    grace = match grace {
        0 if !force => 1,
        ..0 if force => 0,
        as_asked => as_asked,
    };
    let grace_zero = force && grace == 0;
    let (found, mut missing) = targets(cx, args)?;
    check(args, force && grace > 0)?;
    if grace_zero {
        cx.complain("Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n");
    }
    let options = DeleteOptions { grace: (grace >= 0).then(|| Span::secs(grace as u64)), propagation };
    let dry_run = args.dry_run()?;
    let mut waits = Vec::new();
    for (resource, object) in &found {
        if let Some(refused) = refusal(cx, object, dry_run) {
            missing.push(refused);
            continue;
        }
        if !dry_run.on() {
            let by = cx.by();
            cx.cluster.api.delete(object.meta.id, by, options);
            cx.cluster.settle();
            waits.push(object.meta.id);
        }
        let word = if grace_zero { "force deleted" } else { "deleted" };
        cx.print(&line(args, resource, object, &format!("{word}{{}}{}", dry_run.suffix())));
    }
    let named = args.words.len() > 1 || args.words.iter().any(|word| word.contains('/'));
    let nothing = found.is_empty() && missing.is_empty() && !named;
    if nothing && args.get("filename").or(args.get("output")).is_none() {
        cx.print("No resources found\n");
    }
    let code = match together(missing) {
        Some(failure) => {
            cx.complain(&format!("{}\n", failure.words));
            failure.code
        }
        None => 0,
    };
    let until = args.span("timeout").filter(|span| *span > Span::ZERO).map_or(Time::NEVER, |span| cx.now() + span);
    let wait = args.on_unless("wait") && !force && !dry_run.on();
    let waiting = Gone { ids: waits, until, code };
    if !wait || waiting.all_gone(cx) {
        return Ok(Flow::Done(code));
    }
    Ok(Flow::Wait(Box::new(waiting)))
}

/// Source: delete.go, Validate.
fn check(args: &Args, forced_with_grace: bool) -> Result<()> {
    if let Some(form) = args.get("output").filter(|form| !matches!(*form, "" | "name")) {
        return Err(Failure::error(format!("unexpected -o output mode: {form}. We only support '-o name'")));
    }
    for selector in ["selector", "field-selector"] {
        if args.on("all") && args.get(selector).is_some_and(|s| !s.is_empty()) {
            return Err(Failure::error(format!("cannot set --all and --{selector} at the same time")));
        }
    }
    match forced_with_grace {
        true => Err(Failure::error("--force and --grace-period greater than 0 cannot be specified together")),
        false => Ok(()),
    }
}

/// Why the server does not delete an object, where it is asked.
fn refusal(cx: &Cx, object: &Object, dry_run: DryRun) -> Option<Failure> {
    let asked = dry_run != DryRun::Client;
    cx.cluster.api.may_delete(object).err().filter(|_| asked).map(|refused| Failure::server(&refused))
}

/// `pod "web" deleted from default namespace`, `pod/web` with `-o name`.
fn line(args: &Args, resource: &Resource, object: &Object, words: &str) -> String {
    let (kind, name) = (resource.singular(), &object.meta.name);
    if args.get("output") == Some("name") {
        return format!("{kind}/{name}\n");
    }
    let from = match resource.namespaced {
        true => format!(" from {} namespace", object.meta.namespace),
        false => String::new(),
    };
    format!("{kind} \"{name}\" {}\n", words.replace("{}", &from))
}

type Targets = (Vec<(Resource, Rc<Object>)>, Vec<Failure>);

/// What is to go, and what cannot; with `--ignore-not-found` it is no fault not to be there.
fn targets(cx: &mut Cx, args: &Args) -> Result<Targets> {
    let (found, mut missing) = asked(cx, args)?;
    let not_found = |f: &Failure| f.words.starts_with("Error from server (NotFound)");
    missing.retain(|f| !(args.on("ignore-not-found") && not_found(f)));
    Ok((found, missing))
}

fn asked(cx: &mut Cx, args: &Args) -> Result<Targets> {
    if args.get("filename").is_none() {
        if args.words.is_empty() {
            return Err(Failure::error("resource(s) were provided, but no name was specified").or_usage());
        }
        let selection = Selection::read(cx, args, &args.words)?;
        let bounded = args.on("all") || args.get("selector").is_some() || args.get("field-selector").is_some();
        if selection.names.is_empty() && !bounded {
            return Err(Failure::error("resource(s) were provided, but no name was specified"));
        }
        return Ok(selection.objects(cx.cluster, &cx.namespace));
    }
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    let manifests = manifest::read(cx, args)?;
    let (ready, unread) = manifest::prepare_all(cx, args, &manifests);
    for (manifest, tree) in ready {
        let text = |path: &[&str]| tree.str_at(path).unwrap_or_default();
        let resource = resource(cx.cluster, &manifest::resource_name(&tree))?;
        let (namespace, name) = (text(&["metadata", "namespace"]), text(&["metadata", "name"]));
        match resource.find(cx.cluster, namespace, name) {
            Some(object) => found.push((resource, object)),
            None => {
                let words = format!("{} \"{name}\" not found", resource.with_group());
                missing.push(Failure::plain(format!(
                    "Error from server (NotFound): error when deleting \"{}\": {words}",
                    manifest.file
                )));
            }
        }
    }
    missing.extend(unread);
    Ok((found, missing))
}

impl Failure {
    fn or_usage(self) -> Self {
        Failure::error(
            "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
        )
    }
}

/// Waits until objects are gone.
#[derive(Clone, Debug)]
struct Gone {
    ids: Vec<Id>,
    until: Time,
    code: i32,
}

impl Gone {
    fn all_gone(&self, cx: &Cx) -> bool {
        self.ids.iter().all(|id| cx.cluster.api.store.get(*id).is_none())
    }
}

impl Waiting for Gone {
    fn poll(&mut self, cx: &mut Cx) -> Option<i32> {
        if self.all_gone(cx) {
            return Some(self.code);
        }
        if cx.now() < self.until {
            return None;
        }
        for id in &self.ids {
            if let Some(object) = cx.cluster.api.store.get(*id).cloned() {
                let kind = super::resource::resource_of(cx.cluster, &object);
                cx.complain(&format!(
                    "error: timed out waiting for the condition on {}/{}\n",
                    kind.plural, object.meta.name
                ));
            }
        }
        Some(1)
    }
    fn due(&self) -> Option<Time> {
        (self.until != Time::NEVER).then_some(self.until)
    }
    fn boxed(&self) -> Box<dyn Waiting> {
        Box::new(self.clone())
    }
}
