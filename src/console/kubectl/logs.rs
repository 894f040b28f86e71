//! `kubectl logs` and `kubectl exec`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/{logs,exec}, pkg/polymorphichelpers/logsforobject.go.

use super::resource::{Resource, Selection, together};
use super::{Args, Cx, Failure, Flow, Result, Verb, Waiting};
use crate::kubernetes::objects::parts::selector::Selector;
use crate::kubernetes::objects::{Id, Kind, Object};
use crate::sim::{Span, Time};
use crate::text::Value;
use std::rc::Rc;

pub(super) const VERBS: &[Verb] = &[
    Verb {
        name: "logs",
        switches: "follow f previous p timestamps all-containers all-pods prefix ignore-errors insecure-skip-tls-verify-backend",
        options: "container c selector l tail since since-time limit-bytes max-log-requests pod-running-timeout",
        run: logs,
    },
    Verb {
        name: "exec",
        switches: "stdin i tty t quiet q",
        options: "container c filename f pod-running-timeout",
        run: exec,
    },
];

/// The pods a line means, as `POD`, `TYPE/NAME` or `-l`; of several behind one object the verb's favourite.
fn pod_of(cx: &mut Cx, args: &Args) -> Result<Vec<Rc<Object>>> {
    let mut words = args.words.iter().take(1).cloned().collect::<Vec<_>>();
    match words.first() {
        Some(word) if !word.contains('/') => words.insert(0, "pods".into()),
        None if args.get("selector").is_some() => words.push("pods".into()),
        _ => {}
    }
    let (found, missing) = Selection::read(cx, args, &words)?.objects(cx.cluster, &cx.namespace);
    if let Some(failure) = together(missing) {
        return Err(failure);
    }
    let mut pods = Vec::new();
    for (resource, object) in found {
        match object.pod() {
            Some(_) => pods.push(object),
            None => pods.push(favourite(cx, args, &resource, &object)?),
        }
    }
    Ok(pods)
}

/// The selector of an object that stands for pods.
/// Source: kubernetes v1.37 kubectl pkg/polymorphichelpers/helpers.go, SelectorsForObject.
fn selector_of(resource: &Resource, tree: &Value) -> std::result::Result<Selector, String> {
    let text = |v: &Value, key: &str| v.str_at(&[key]).unwrap_or_default().to_string();
    let version = resource.api_version.rsplit('/').next().unwrap_or_default();
    let pairs = |path: &[&str]| -> Vec<String> {
        let members = tree.at(path).and_then(Value::as_map).into_iter().flat_map(|m| m.iter());
        members.map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect()
    };
    let terms = match resource.kind.as_str() {
        "Service" | "ReplicationController" => pairs(&["spec", "selector"]),
        "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Deployment" | "Job" => {
            let mut terms = pairs(&["spec", "selector", "matchLabels"]);
            for e in tree.list_at(&["spec", "selector", "matchExpressions"]) {
                let values = e.list_at(&["values"]).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",");
                let key = text(e, "key");
                terms.push(match text(e, "operator").as_str() {
                    "In" => format!("{key} in ({values})"),
                    "NotIn" => format!("{key} notin ({values})"),
                    "Exists" => key,
                    _ => format!("!{key}"),
                });
            }
            terms
        }
        kind => return Err(format!("selector for *{version}.{kind} not implemented")),
    };
    if terms.is_empty() && resource.kind == "Service" {
        let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
        return Err(format!("invalid service '{name}': Service is defined without a selector"));
    }
    Selector::parse(&terms.join(","))
}

/// The pod behind an object that kubectl takes. `logs` tells of how many, `exec` does not.
/// Source: kubernetes v1.37 kubectl pkg/polymorphichelpers/{logsforobject,attachablepodforobject}.go.
fn favourite(cx: &mut Cx, args: &Args, resource: &Resource, object: &Object) -> Result<Rc<Object>> {
    let logs = args.verb() == "logs";
    let tree = cx.cluster.api.tree(object);
    let selector = selector_of(resource, &tree).map_err(|why| {
        let version = resource.api_version.rsplit('/').next().unwrap_or_default();
        let what = if logs { "get the logs from" } else { "attach to" };
        Failure::error(format!("cannot {what} *{version}.{}: {why}", resource.kind))
    })?;
    let api = &cx.cluster.api;
    let fits = |pod: &&Rc<Object>| selector.matches(|key| pod.meta.labels.get(key).map(|v| &**v));
    let mut pods: Vec<Rc<Object>> =
        api.store.list_in(Kind::Pod, &object.meta.namespace).filter(fits).cloned().collect();
    pods.sort_by_cached_key(|pod| rank(&api.tree(pod), logs));
    // Source: helpers.go, GetPodList: kubectl waits for a pod to come; here nobody waits, and the end is told at once.
    let Some(first) = pods.first().cloned() else {
        return Err(Failure::error("timed out waiting for the condition"));
    };
    if logs && pods.len() > 1 {
        cx.complain(&format!("Found {} pods, using pod/{}\n", pods.len(), first.meta.name));
    }
    Ok(first)
}

/// What comes first is liked best: assigned, running, ready, ready for long; then `logs` likes many restarts, `exec` few.
type Rank = (bool, i64, bool, bool, String, i64, i64, String);

/// Source: kubernetes v1.37 kubectl pkg/util/podutils/podutils.go, ByLogging, ActivePods (`exec` takes from its end).
fn rank(tree: &Value, logs: bool) -> Rank {
    let text = |path: &[&str]| tree.str_at(path).unwrap_or_default().to_string();
    let phase = match (text(&["status", "phase"]).as_str(), logs) {
        ("Unknown", _) => 1,
        ("Running", _) => 0,
        ("Pending", _) | (_, false) => 2,
        (_, true) => 0,
    };
    let ready = tree
        .list_at(&["status", "conditions"])
        .iter()
        .find(|c| c.str_at(&["type"]) == Some("Ready") && c.str_at(&["status"]) == Some("True"));
    let since = ready.and_then(|c| c.str_at(&["lastTransitionTime"])).unwrap_or_default().to_string();
    let deleting = !logs && tree.at(&["metadata", "deletionTimestamp"]).is_some();
    let always = |name: &str| {
        let inits = tree.list_at(&["spec", "initContainers"]);
        inits.iter().any(|c| c.str_at(&["name"]) == Some(name) && c.str_at(&["restartPolicy"]) == Some("Always"))
    };
    let most = |list: &str, sidecars: bool| {
        let of = |c: &&Value| !sidecars || c.str_at(&["name"]).is_some_and(always);
        let counts = tree.list_at(&["status", list]).iter().filter(of).filter_map(|c| c.int_at(&["restartCount"]));
        counts.max().unwrap_or(0) * if logs { -1 } else { 1 }
    };
    let restarts = (most("containerStatuses", false), most("initContainerStatuses", true));
    let unassigned = text(&["spec", "nodeName"]).is_empty();
    let created = text(&["metadata", "creationTimestamp"]);
    (unassigned, phase, ready.is_none(), deleting, since, restarts.0, restarts.1, created)
}

/// The container a line means: the one named, the annotated default, the first.
fn container_of(cx: &mut Cx, args: &Args, pod: &Object, tree: &Value) -> Result<String> {
    let name = |c: &Value| c.str_at(&["name"]).unwrap_or_default().to_string();
    let main: Vec<String> = tree.list_at(&["spec", "containers"]).iter().map(name).collect();
    let init: Vec<String> = tree.list_at(&["spec", "initContainers"]).iter().map(name).collect();
    if let Some(wanted) = args.get("container") {
        if main.iter().chain(&init).any(|n| n == wanted) {
            return Ok(wanted.to_string());
        }
        return Err(Failure::plain(format!(
            "error: container {wanted} is not valid for pod {} out of: {}",
            pod.meta.name,
            listed(&main, &init)
        )));
    }
    let default = pod.meta.annotations.get("kubectl.kubernetes.io/default-container").map(|d| d.to_string());
    if let Some(default) = default.filter(|d| main.contains(d)) {
        return Ok(default);
    }
    let first = main.first().cloned().unwrap_or_default();
    if main.len() + init.len() > 1 {
        cx.complain(&format!("Defaulted container \"{first}\" out of: {}\n", listed(&main, &init)));
    }
    Ok(first)
}

fn listed(main: &[String], init: &[String]) -> String {
    let inits = init.iter().map(|n| format!("{n} (init)"));
    main.iter().cloned().chain(inits).collect::<Vec<_>>().join(", ")
}

fn container_status(tree: &Value, container: &str) -> Value {
    let lists = ["containerStatuses", "initContainerStatuses"];
    let all = lists.iter().flat_map(|l| tree.list_at(&["status", l]));
    all.into_iter().find(|c| c.str_at(&["name"]) == Some(container)).cloned().unwrap_or_default()
}

/// How lines are printed.
#[derive(Clone, Debug)]
struct Style {
    prefix: String,
    timestamps: bool,
}

/// Which lines of a container's log are asked for.
#[derive(Clone, Copy, Debug)]
struct Part {
    previous: bool,
    since: Option<Span>,
    tail: Option<usize>,
    bytes: Option<usize>,
}

fn logs(cx: &mut Cx, args: &Args) -> Result {
    if args.words.is_empty() && args.get("selector").is_none() {
        return Err(Failure::error(
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\nSee 'kubectl logs -h' for help and examples",
        ));
    }
    let number = |name: &str| args.get(name).and_then(|n| n.parse::<usize>().ok());
    let by_selector = args.get("selector").is_some();
    let part = Part {
        previous: args.on("previous"),
        since: args.span("since"),
        // Source: kubectl pkg/cmd/logs/logs.go, selectorTail: ten lines of each pod.
        tail: number("tail").or((by_selector && args.get("tail").is_none()).then_some(10)),
        bytes: number("limit-bytes"),
    };
    let pods = pod_of(cx, args).map_err(|failure| failure_of(cx, args, failure))?;
    if pods.is_empty() {
        cx.complain(&format!("No resources found in {} namespace.\n", cx.namespace));
    }
    let mut follow = Vec::new();
    for pod in pods {
        let tree = cx.cluster.api.tree(&pod);
        let containers = match args.on("all-containers") {
            true => ["initContainers", "containers"].iter().flat_map(|l| names(&tree, l)).collect(),
            false => vec![container_of(cx, args, &pod, &tree)?],
        };
        for container in containers {
            let prefix = match args.on("prefix") {
                true => format!("[pod/{}/{container}] ", pod.meta.name),
                false => String::new(),
            };
            let style = Style { prefix, timestamps: args.on("timestamps") };
            let from = one_log(cx, &pod, &tree, &container, part, &style)?;
            follow.push(Following { pod: pod.meta.id, container: container.as_str().into(), printed: from, style });
        }
    }
    if args.on("follow") && !part.previous {
        let mut waiting = Follow { logs: follow, next: cx.now() };
        return Ok(waiting.poll(cx).map_or_else(|| Flow::Wait(Box::new(waiting)), Flow::Done));
    }
    Ok(Flow::Done(0))
}

fn names(tree: &Value, list: &str) -> Vec<String> {
    tree.list_at(&["spec", list]).iter().filter_map(|c| c.str_at(&["name"])).map(str::to_string).collect()
}

/// Source: recorded: the words about a pod that is not there differ from those of other verbs.
fn failure_of(cx: &Cx, args: &Args, failure: Failure) -> Failure {
    match args.words.first().filter(|w| !w.contains('/') && failure.words.contains("(NotFound)")) {
        Some(name) => Failure::plain(format!(
            "error: error from server (NotFound): pods \"{name}\" not found in namespace \"{}\"",
            cx.namespace
        )),
        None => failure,
    }
}

/// Prints the log of one container; tells how many lines of it there were.
/// Source: kubernetes v1.37 pkg/kubelet/kubelet_pods.go, validateContainerLogStatus.
fn one_log(cx: &mut Cx, pod: &Object, tree: &Value, container: &str, part: Part, style: &Style) -> Result<usize> {
    let name = &pod.meta.name;
    let status = container_status(tree, container);
    let refused = |words: String| Err(Failure::plain(format!("Error from server (BadRequest): {words}")));
    if pod.pod().is_some_and(|p| p.node.is_none()) {
        // Source: pkg/registry/core/pod/strategy.go, LogLocation: nobody is asked.
        return Ok(0);
    }
    if let Some(address) = unreachable(cx, pod, tree) {
        let namespace = &pod.meta.namespace;
        return Err(Failure::plain(format!(
            "Error from server: Get \"https://{address}/containerLogs/{namespace}/{name}/{container}\": dial tcp {address}: connect: connection refused"
        )));
    }
    let before = status.at(&["lastState", "terminated"]).is_some();
    if part.previous && !before {
        return refused(format!("previous terminated container \"{container}\" in pod \"{name}\" not found"));
    }
    if let Some(reason) = status.str_at(&["state", "waiting", "reason"]).filter(|_| !before) {
        let words = match reason {
            "ErrImagePull" => "image can't be pulled",
            "ImagePullBackOff" => "trying and failing to pull image",
            _ => reason,
        };
        return refused(format!("container \"{container}\" in pod \"{name}\" is waiting to start: {words}"));
    }
    let now = cx.now();
    let Some(lines) = cx.cluster.kubelet.log(pod.meta.id, container, part.previous, now) else {
        for line in narrative(cx, &status) {
            cx.print(&format!("{line}\n"));
        }
        return Ok(0);
    };
    let mut text = String::new();
    let fresh: Vec<_> = lines.iter().filter(|(t, _)| part.since.is_none_or(|s| now.since(*t) <= s)).collect();
    let from = part.tail.map_or(0, |n| fresh.len().saturating_sub(n));
    for (t, line) in &fresh[from..] {
        text += &written(cx, *t, line, style);
    }
    let bytes = part.bytes.map_or(text.len(), |n| n.min(text.len()));
    let end = (0..=bytes).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0);
    cx.print(&text[..end]);
    Ok(lines.len())
}

/// The address of a pod's kubelet, when nobody answers there.
fn unreachable(cx: &Cx, pod: &Object, tree: &Value) -> Option<String> {
    let node = pod.pod()?.node.as_ref()?;
    let host = tree.str_at(&["status", "hostIP"]).filter(|_| cx.cluster.kubelet.node_up(node) == Some(false))?;
    Some(format!("{host}:10250"))
}

fn written(cx: &Cx, t: Time, line: &str, style: &Style) -> String {
    match style.timestamps {
        true => format!("{}{} {line}\n", style.prefix, cx.cluster.api.calendar.nanos(t)),
        false => format!("{}{line}\n", style.prefix),
    }
}

/// A log that is followed.
#[derive(Clone, Debug)]
struct Following {
    pod: Id,
    container: Rc<str>,
    printed: usize,
    style: Style,
}

#[derive(Clone, Debug)]
struct Follow {
    logs: Vec<Following>,
    next: Time,
}

/// How often a followed log is read. Ours: often enough for a reader.
const FOLLOW: Span = Span::millis(500);

impl Waiting for Follow {
    fn poll(&mut self, cx: &mut Cx) -> Option<i32> {
        let now = cx.now();
        let mut open = false;
        self.next = now + FOLLOW;
        for one in &mut self.logs {
            let Some(object) = cx.cluster.api.store.get(one.pod).cloned() else { continue };
            let lines = cx.cluster.kubelet.log(one.pod, &one.container, false, now).unwrap_or_default();
            for (t, line) in lines.iter().skip(one.printed) {
                let text = written(cx, *t, line, &one.style);
                cx.print(&text);
            }
            one.printed = one.printed.max(lines.len());
            let tree = cx.cluster.api.tree(&object);
            open |= container_status(&tree, &one.container).at(&["state", "running"]).is_some();
        }
        (!open).then_some(0)
    }
    fn due(&self) -> Option<Time> {
        Some(self.next)
    }
    fn boxed(&self) -> Box<dyn Waiting> {
        Box::new(self.clone())
    }
}

/// A simulated program prints nothing of its own: what is known of it is told as remarks.
fn narrative(cx: &Cx, status: &Value) -> Vec<String> {
    let text = |path: &[&str]| status.str_at(path).unwrap_or_default().to_string();
    let code = |path: &[&str]| status.int_at(path).unwrap_or(0).to_string();
    let mut lines = vec![cx.say("logs.silent", &[])];
    let last = text(&["lastState", "terminated", "finishedAt"]);
    if !last.is_empty() {
        let code = code(&["lastState", "terminated", "exitCode"]);
        lines.push(cx.say("logs.before", &[("time", &last), ("code", &code)]));
    }
    let started = text(&["state", "running", "startedAt"]);
    if !started.is_empty() {
        lines.push(cx.say("logs.started", &[("time", &started)]));
    }
    let ended = text(&["state", "terminated", "finishedAt"]);
    if !ended.is_empty() {
        let code = code(&["state", "terminated", "exitCode"]);
        lines.push(cx.say("logs.ended", &[("time", &ended), ("code", &code)]));
    }
    lines.into_iter().map(|line| format!("# {line}")).collect()
}

fn exec(cx: &mut Cx, args: &Args) -> Result {
    if args.words.is_empty() {
        return Err(Failure::error(
            "pod, type/name or --filename must be specified\nSee 'kubectl exec -h' for help and examples",
        ));
    }
    if args.words.len() > 1 {
        return Err(Failure::error(
            "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples",
        ));
    }
    if args.rest.is_empty() {
        return Err(Failure::error("you must specify at least one command for the container"));
    }
    if let Some(pod) = pod_of(cx, args)?.into_iter().next() {
        let tree = cx.cluster.api.tree(&pod);
        let container = container_of(cx, args, &pod, &tree)?;
        let status = container_status(&tree, &container);
        let phase = tree.str_at(&["status", "phase"]).unwrap_or_default();
        if phase == "Succeeded" || phase == "Failed" {
            return Err(Failure::error(format!(
                "cannot exec into a container in a completed pod; current phase is {phase}"
            )));
        }
        if let Some(address) = unreachable(cx, &pod, &tree) {
            return Err(Failure::error(format!(
                "unable to upgrade connection: error dialing backend: dial tcp {address}: connect: connection refused"
            )));
        }
        if status.at(&["state", "running"]).is_none() {
            return Err(Failure::error(format!("unable to upgrade connection: container not found (\"{container}\")")));
        }
        let words: Vec<&str> = args.rest.iter().map(String::as_str).collect();
        let id = pod.meta.id;
        let done = cx.cluster.kubelet(|kubelet, kx| kubelet.exec(id, &container, &words, kx));
        let Some((code, text)) = done else { return Err(Failure::error(cx.say("exec.refused", &[]))) };
        cx.print(&text);
        if code != 0 {
            cx.complain(&format!("command terminated with exit code {code}\n"));
        }
        return Ok(Flow::Done(code));
    }
    Ok(Flow::Done(0))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Desk, WEB};

    #[test]
    fn of_several_pods_the_best_is_taken_and_named() {
        let mut desk = Desk::new(&[("web.yaml", WEB)]);
        desk.say("kubectl apply -f web.yaml");
        desk.go_to(10);
        let told = desk.run("kubectl logs deploy/web").stderr;
        assert!(told.starts_with("Found 2 pods, using pod/web-"), "{told}");
        let none = "No resources found in default namespace.\n";
        assert_eq!(desk.say("kubectl logs -l a=nobody"), none);
        let words = "error: cannot get the logs from *v1.ConfigMap: selector for *v1.ConfigMap not implemented\n";
        assert_eq!(desk.say("kubectl logs cm/conf"), words);
        let words = "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples\n";
        assert_eq!(desk.say("kubectl exec two ls"), words);
    }
}
