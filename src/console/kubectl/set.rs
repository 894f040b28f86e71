//! `kubectl set image|resources|selector|serviceaccount`, and what `set env` shares with them.
//! Source: kubernetes v1.37 kubectl pkg/cmd/set.

use super::args::{self, DryRun};
use super::output::Teller;
use super::resource::{Resource, Selection, together};
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::apiserver::WriteOptions;
use crate::kubernetes::objects::parts::selector::{Operator, Selector};
use crate::kubernetes::objects::{Object, scalar};
use crate::text::go::quoted;
use crate::text::{Map, Value};
use std::rc::Rc;

const OPTIONS: &str =
    "filename f kustomize k selector l output o dry-run field-manager containers c limits requests resource-version";
const SWITCHES: &str = "all local recursive R record";

macro_rules! set {
    ($($name:literal $run:ident),*) => {&[$(
        Verb { name: concat!("set ", $name), switches: SWITCHES, options: OPTIONS, run: $run }
    ),*]};
}
pub(super) const VERBS: &[Verb] = set!(
    "image" image, "resources" resources, "selector" selector, "serviceaccount" service_account, "sa" service_account
);

/// Where the pod's wish stands in a kind's tree. Source: polymorphichelpers/updatepodspec.go.
pub(super) fn pod_spec(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "Pod" => Some(&["spec"]),
        "CronJob" => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        "Deployment" | "DaemonSet" | "ReplicaSet" | "StatefulSet" | "ReplicationController" | "Job" => {
            Some(&["spec", "template", "spec"])
        }
        _ => None,
    }
}

pub(super) type Found = Vec<(Resource, Rc<Object>)>;

pub(super) fn select(cx: &Cx, args: &Args, words: &[String]) -> Result<Found> {
    let (found, missing) = Selection::with_files(cx, args, words)?.objects(cx.cluster, &cx.namespace);
    match together(missing) {
        Some(failure) => Err(failure),
        None => Ok(found),
    }
}

pub(super) fn need_resources(args: &Args, words: &[String]) -> Result<()> {
    if words.is_empty() && args.get("filename").is_none() {
        return Err(Failure::error(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    if args.on("all") && args.get("selector").is_some_and(|s| !s.is_empty()) {
        return Err(Failure::error("cannot set --all and --selector at the same time"));
    }
    Ok(())
}

/// Errors of one run, as `fmt.Errorf` made them: alone one gets its prefix if it has none, several stand as they are.
/// Source: kubernetes v1.37 kubectl pkg/cmd/util/helpers.go, checkErr, MultipleErrors.
pub(super) fn all_of(errors: Vec<String>) -> Result {
    match errors.as_slice() {
        [] => Ok(Flow::Done(0)),
        [one] if one.starts_with("Error from server") => Err(Failure::plain(one)),
        [one] => Err(Failure::error(one.strip_prefix("error: ").unwrap_or(one))),
        many => Err(Failure::plain(many.join("\n"))),
    }
}

/// How a verb speaks: of what it did, and of what the server would not have.
pub(super) struct Words {
    pub done: &'static str,
    pub refused: &'static str,
}

/// What a change does to a tree: whether it applies at all; complaints go to the list.
pub(super) type Change<'a> = &'a mut dyn FnMut(&mut Cx, &mut Value, &'static [&'static str], &mut Vec<String>) -> bool;

/// Changes the pod's wish of each object and says so; where nothing changes nothing is said.
/// Source: set/helper.go, CalculatePatches; `Run` of each verb.
pub(super) fn change_all(cx: &mut Cx, args: &Args, found: Found, words: &Words, change: Change) -> Result {
    let mut teller = Teller::new(cx, args)?;
    let dry_run = args.dry_run()?;
    let mut errors = Vec::new();
    for (resource, object) in found {
        let before = cx.cluster.api.tree(&object);
        let mut tree = before.clone();
        let Some(path) = pod_spec(&resource.kind) else {
            let version = resource.api_version.rsplit('/').next().unwrap_or_default();
            let (plural, name, kind) = (&resource.plural, &object.meta.name, &resource.kind);
            errors.push(format!(
                "error: {plural}/{name} the object is not a pod or does not have a pod template: *{version}.{kind}"
            ));
            continue;
        };
        if change(cx, &mut tree, path, &mut errors) {
            args.record(&mut tree);
        }
        if tree == before {
            continue;
        }
        if dry_run == DryRun::Client {
            teller.tell(cx, &tree, words.done)?;
            continue;
        }
        let by = cx.by();
        let options = WriteOptions { dry_run: dry_run.on(), source: None };
        let typed = super::manifest::typed(&tree);
        let writer = args.writer("kubectl-set");
        let written = typed.and_then(|tree| cx.cluster.api.update_by(object.meta.id, tree, writer, by, &options));
        cx.cluster.settle();
        match written {
            Ok(written) => {
                let tree = cx.cluster.api.tree(&written.object);
                teller.tell(cx, &tree, words.done)?;
            }
            Err(error) => errors.push(format!("{}{}", words.refused, error.message)),
        }
    }
    all_of(errors)
}

/// Every container of the lists of a pod's wish.
pub(super) fn for_containers(tree: &mut Value, path: &[&str], lists: &[&str], mut each: impl FnMut(&str, &mut Value)) {
    for list in lists {
        let spec = path.iter().try_fold(&mut *tree, |here, key| here.as_map_mut()?.get_mut(key));
        let Some(Value::List(containers)) = spec.and_then(|spec| spec.as_map_mut()?.get_mut(list)) else { continue };
        for container in containers {
            let name = container.str_at(&["name"]).unwrap_or_default().to_string();
            each(&name, container);
        }
    }
}

/// Whether a name fits `-c`, in which `*` stands for anything. Source: set/helper.go, selectString, ported with its ways.
pub(super) fn fits(name: &str, pattern: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    if !pattern.contains('*') {
        return name == pattern;
    }
    let parts: Vec<&str> = pattern.split('*').collect();
    let mut at = 0;
    for (i, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let Some(next) = name[at..].find(part).filter(|next| *next >= at) else { return false };
        if (i == 0 && at != 0) || (i == parts.len() - 1 && name.len() != part.len() + next) {
            return false;
        }
        at = next;
    }
    true
}

const EVERY_LIST: [&str; 2] = ["initContainers", "containers"];

fn image(cx: &mut Cx, args: &Args) -> Result {
    let (words, pairs) = args::resources_and_pairs(&args.words, "image")?;
    let (images, _) = args::parse_pairs(&pairs, "image", false)?;
    let found = match words.is_empty() && args.get("filename").is_none() {
        true => Vec::new(),
        false => select(cx, args, &words)?,
    };
    let mut wrong = Vec::new();
    wrong.extend(need_resources(args, &words).err().map(|f| f.words.trim_start_matches("error: ").to_string()));
    if images.is_empty() {
        wrong.push("at least one image update is required".into());
    } else if images.len() > 1 && images.contains_key("*") {
        let words =
            "all containers are already specified by *, but saw more than one container_name=container_image pairs";
        wrong.push(words.into());
    }
    if !wrong.is_empty() {
        return all_of(wrong);
    }
    let words = Words { done: "image updated", refused: "failed to patch image update to pod template: " };
    change_all(cx, args, found, &words, &mut |_, tree, path, errors| {
        for (name, image) in &images {
            let mut hit = false;
            for_containers(tree, path, &EVERY_LIST, |container, it| {
                if container == name || name == "*" {
                    it.make_map().set("image", image.as_str());
                    hit = true;
                }
            });
            if !hit {
                errors.push(format!("error: unable to find container named {}", quoted(name)));
            }
        }
        true
    })
}

/// `cpu=100m,memory=1Gi`. Source: set_resources.go, parseResourceList.
fn amounts(text: &str) -> Result<Map> {
    let mut amounts = Map::new();
    for statement in text.split(',').filter(|_| !text.is_empty()) {
        let [name, amount] = statement.split('=').collect::<Vec<_>>()[..] else {
            return Err(Failure::error(format!("invalid argument syntax {statement}, expected <resource>=<value>")));
        };
        amounts.set(name, scalar::quantity(&Value::from(amount)).map_err(Failure::error)?);
    }
    Ok(amounts)
}

fn resources(cx: &mut Cx, args: &Args) -> Result {
    let found = select(cx, args, &args.words)?;
    if args.on("all") && args.get("selector").is_some_and(|s| !s.is_empty()) {
        return Err(Failure::error("cannot set --all and --selector at the same time"));
    }
    let (limits, requests) = (args.get("limits").unwrap_or_default(), args.get("requests").unwrap_or_default());
    if limits.is_empty() && requests.is_empty() {
        return Err(Failure::error(
            "you must specify an update to requests or limits (in the form of --requests/--limits)",
        ));
    }
    let (limits, requests) = (amounts(limits)?, amounts(requests)?);
    let only = args.get("containers").unwrap_or("*").to_string();
    let words =
        Words { done: "resource requirements updated", refused: "failed to patch resources update to pod template " };
    change_all(cx, args, found, &words, &mut |_, tree, path, errors| {
        let mut hit = false;
        for_containers(tree, path, &EVERY_LIST, |name, container| {
            if !fits(name, &only) {
                return;
            }
            hit = true;
            for (key, list) in [("limits", &limits), ("requests", &requests)] {
                for (resource, amount) in list.iter() {
                    container.set_at(&["resources", key, resource], amount.clone());
                }
            }
        });
        if !hit {
            errors.push(format!("error: unable to find container named {only}"));
        }
        hit
    })
}

fn service_account(cx: &mut Cx, args: &Args) -> Result {
    let Some((account, words)) = args.words.split_last() else {
        return Err(Failure::error("serviceaccount is required"));
    };
    let found = select(cx, args, words)?;
    let words = Words { done: "serviceaccount updated", refused: "failed to patch ServiceAccountName " };
    change_all(cx, args, found, &words, &mut |_, tree, path, _| {
        for key in ["serviceAccountName", "serviceAccount"] {
            tree.set_at(&[path, &[key]].concat(), account.as_str());
        }
        true
    })
}

/// The last word as the labels of a Service's selector. Source: set_selector.go, getResourcesAndSelector,
/// updateSelectorForObject.
fn labels(text: &str) -> Result<Map> {
    let selector = Selector::parse(text)
        .map_err(|why| Failure::error(format!("couldn't parse the selector string {}: {why}", quoted(text))))?;
    let mut labels = Map::new();
    let mut others = Vec::new();
    for requirement in &selector.requirements {
        let values: Vec<&str> = requirement.values.iter().map(|v| &**v).collect();
        let operator = match requirement.operator {
            Operator::Equals | Operator::DoubleEquals => {
                labels.set(&*requirement.key, values.first().copied().unwrap_or_default());
                continue;
            }
            Operator::In => "In",
            Operator::NotIn => "NotIn",
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
            _ => return Err(Failure::error(format!("{} is not a valid label selector operator", quoted(text)))),
        };
        others.push(format!("{{{} {operator} [{}]}}", requirement.key, values.join(" ")));
    }
    match others.is_empty() {
        true => Ok(labels),
        false => {
            let others = others.join(" ");
            Err(Failure::error(format!("match expression [{others}] not supported on this object")))
        }
    }
}

fn selector(cx: &mut Cx, args: &Args) -> Result {
    let Some((text, words)) = args.words.split_last() else {
        return Err(Failure::error("one selector is required"));
    };
    let labels = labels(text)?;
    let mut teller = Teller::new(cx, args)?;
    let dry_run = args.dry_run()?;
    let (found, mut failures) = Selection::with_files(cx, args, words)?.objects(cx.cluster, &cx.namespace);
    for (resource, object) in found {
        if resource.kind != "Service" {
            failures.push(Failure::error("setting a selector is only supported for Services"));
            continue;
        }
        let mut tree = cx.cluster.api.tree(&object);
        tree.set_at(&["spec", "selector"], labels.clone());
        args.record(&mut tree);
        if dry_run != DryRun::Client {
            let by = cx.by();
            let options = WriteOptions { dry_run: dry_run.on(), source: None };
            let writer = args.writer("kubectl-set");
            let written = cx.cluster.api.update_by(object.meta.id, tree, writer, by, &options);
            cx.cluster.settle();
            match written {
                Ok(written) => tree = cx.cluster.api.tree(&written.object),
                Err(error) => {
                    failures.push(Failure::server(&error));
                    continue;
                }
            }
        }
        teller.tell(cx, &tree, "selector updated")?;
    }
    super::output::aggregate(failures)?;
    Ok(Flow::Done(0))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Desk, WEB};

    #[test]
    fn names_with_stars_fit_as_in_the_source() {
        let cases = [("app", "*", true), ("app", "app", true), ("app", "ap*", true), ("app", "*pp", true)];
        for (name, pattern, fit) in cases.into_iter().chain([("app", "b*", false), ("app", "*x", false)]) {
            assert_eq!(super::fits(name, pattern), fit, "{name} {pattern}");
        }
    }

    #[test]
    fn what_cannot_be_set_is_told_and_the_rest_is_set() {
        let mut desk = Desk::new(&[("web.yaml", WEB)]);
        desk.say("kubectl apply -f web.yaml");
        desk.say("kubectl create service clusterip s --tcp=80");
        let says = [
            (
                "kubectl set image deploy/web nope=x app=nginx:2",
                "deployment.apps/web image updated\nerror: unable to find container named \"nope\"\n",
            ),
            ("kubectl set image deploy/web app=nginx:2", ""),
            ("kubectl set image deploy/web app=nginx:3 -o name", "deployment.apps/web\n"),
            ("kubectl set resources deploy web -c nope --limits=cpu=1", "error: unable to find container named nope\n"),
            (
                "kubectl set resources deploy web --limits=cpu",
                "error: invalid argument syntax cpu, expected <resource>=<value>\n",
            ),
            ("kubectl set selector deploy web a=b", "error: setting a selector is only supported for Services\n"),
            ("kubectl set selector svc s a=b", "service/s selector updated\n"),
            (
                "kubectl set sa svc/s default",
                "error: services/s the object is not a pod or does not have a pod template: *v1.Service\n",
            ),
            ("kubectl set image deploy/web app=nginx:4 --dry-run=client -o jsonpath={.metadata.name}", "web"),
        ];
        for (line, words) in says {
            assert_eq!(desk.say(line), words, "{line}");
        }
    }

    #[test]
    fn a_recorded_line_stands_in_the_history() {
        let mut desk = Desk::new(&[("web.yaml", WEB)]);
        desk.say("kubectl apply -f web.yaml");
        desk.go_to(2);
        let words = "deployment.apps/web image updated\nFlag --record has been deprecated, --record will be removed in the future\n";
        assert_eq!(desk.say("kubectl set image deploy/web app=nginx:2 -n default --record"), words);
        desk.go_to(5);
        let history = desk.say("kubectl rollout history deploy web");
        let cause = "kubectl set image deploy/web app=nginx:2 --namespace=default --record=true";
        assert!(history.contains(&format!("2         {cause}\n")), "{history}");
    }
}
