//! `kubectl logs` and `kubectl exec`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/{logs,exec}, pkg/polymorphichelpers/logsforobject.go.

use super::resource::{Selection, together};
use super::{Args, Cx, Failure, Flow, Result, Verb, Waiting};
use crate::kubernetes::objects::{Id, Object};
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

/// The pod a line means, as `POD` or `TYPE/NAME`.
fn pod_of(cx: &Cx, args: &Args) -> Result<Vec<std::rc::Rc<Object>>> {
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
    for (_, object) in found {
        match object.pod() {
            Some(_) => pods.push(object),
            None => {
                let under = |o: &Object| pods_below(cx, o);
                pods.extend(under(&object).into_iter().take(1));
            }
        }
    }
    Ok(pods)
}

/// The pods that an object keeps, through ReplicaSets too.
fn pods_below(cx: &Cx, object: &Object) -> Vec<std::rc::Rc<Object>> {
    let owned: Vec<_> = cx.cluster.api.store.owned_by(object.meta.id).cloned().collect();
    owned.iter().flat_map(|o| if o.pod().is_some() { vec![o.clone()] } else { pods_below(cx, o) }).collect()
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
    if args.rest.is_empty() && args.words.len() < 2 {
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
        let command: Vec<String> = args.words.iter().skip(1).chain(&args.rest).cloned().collect();
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
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
