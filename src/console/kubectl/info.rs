//! Verbs that tell about the cluster, the context and the tool: api-resources, api-versions, version, cluster-info, config, auth,
//! top, logs, exec.
//! Source: kubernetes v1.37 kubectl pkg/cmd/{apiresources,version,clusterinfo,config,auth,top,logs,exec}.

use super::resource::{Selection, together};
use super::table::align;
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::objects::{Object, Schema};
use crate::text::Value;

const VERSION: &str = "v1.37.2";

pub(super) const VERBS: &[Verb] = &[
    Verb {
        name: "api-resources",
        switches: "no-headers cached show-kind",
        options: "output o api-group namespaced verbs sort-by categories",
        run: api_resources,
    },
    Verb { name: "api-versions", switches: "", options: "", run: api_versions },
    Verb { name: "version", switches: "client short", options: "output o", run: version },
    Verb { name: "cluster-info", switches: "", options: "output-directory", run: cluster_info },
    Verb { name: "config current-context", switches: "", options: "", run: current_context },
    Verb { name: "config set-context", switches: "current", options: "cluster user", run: set_context },
    Verb { name: "config view", switches: "minify raw flatten", options: "output o", run: config_view },
    Verb { name: "config get-contexts", switches: "no-headers", options: "output o", run: contexts },
    Verb {
        name: "auth can-i",
        switches: "all-namespaces A quiet q list no-headers",
        options: "subresource",
        run: can_i,
    },
    Verb { name: "auth whoami", switches: "", options: "output o", run: who_am_i },
    Verb {
        name: "top",
        switches: "all-namespaces A containers no-headers sum use-protocol-buffers show-capacity show-swap",
        options: "selector l field-selector sort-by",
        run: top,
    },
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

fn api_resources(cx: &mut Cx, args: &Args) -> Result {
    let mut all: Vec<_> = Schema::get().resources().iter().filter(|r| !r.plural.contains('/')).collect();
    let fits = |r: &&crate::kubernetes::objects::Resource| {
        args.get("api-group").is_none_or(|g| g == r.group)
            && args.get("namespaced").is_none_or(|n| (n == "true") == r.namespaced)
            && args.list("verbs").iter().all(|v| r.verbs.contains(&v.as_str()))
            && args.list("categories").iter().all(|c| r.categories.contains(&c.as_str()))
    };
    all.retain(fits);
    let mut seen: Vec<(&str, &str)> = Vec::new();
    all.retain(|r| {
        let new = !seen.contains(&(r.group, r.plural));
        seen.push((r.group, r.plural));
        new
    });
    all.sort_by_key(|r| (r.group, r.plural));
    if args.get("output") == Some("name") {
        let lines: String = all
            .iter()
            .map(|r| if r.group.is_empty() { format!("{}\n", r.plural) } else { format!("{}.{}\n", r.plural, r.group) })
            .collect();
        cx.print(&lines);
        return Ok(Flow::Done(0));
    }
    let wide = args.get("output") == Some("wide");
    let mut rows = Vec::new();
    if !args.on("no-headers") {
        let mut head = vec!["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"];
        if wide {
            head.extend(["VERBS", "CATEGORIES"]);
        }
        rows.push(head.into_iter().map(String::from).collect());
    }
    for r in all {
        let version = if r.group.is_empty() { r.version.to_string() } else { format!("{}/{}", r.group, r.version) };
        let mut row =
            vec![r.plural.to_string(), r.short.join(","), version, r.namespaced.to_string(), r.kind.to_string()];
        if wide {
            row.push(r.verbs.join(","));
            row.push(r.categories.join(","));
        }
        rows.push(row);
    }
    cx.print(&align(&rows, &mut Vec::new()));
    Ok(Flow::Done(0))
}

fn api_versions(cx: &mut Cx, _: &Args) -> Result {
    let kinds = Schema::get().resources().iter();
    let mut all: Vec<String> = kinds
        .map(|r| if r.group.is_empty() { r.version.to_string() } else { format!("{}/{}", r.group, r.version) })
        .collect();
    all.sort();
    all.dedup();
    cx.print(&all.iter().map(|v| format!("{v}\n")).collect::<String>());
    Ok(Flow::Done(0))
}

fn version(cx: &mut Cx, args: &Args) -> Result {
    cx.print(&format!("Client Version: {VERSION}\nKustomize Version: v5.8.1\n"));
    if !args.on("client") {
        cx.print(&format!("Server Version: {VERSION}\n"));
    }
    Ok(Flow::Done(0))
}

fn cluster_info(cx: &mut Cx, _: &Args) -> Result {
    cx.print("Kubernetes control plane is running at https://127.0.0.1:6443\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
    Ok(Flow::Done(0))
}

fn current_context(cx: &mut Cx, _: &Args) -> Result {
    cx.print("orchestrion\n");
    Ok(Flow::Done(0))
}

fn set_context(cx: &mut Cx, args: &Args) -> Result {
    let Some(namespace) = args.get("namespace") else {
        return Err(Failure::error("you must specify a non-empty context name or --current"));
    };
    cx.new_namespace = Some(namespace.to_string());
    cx.print("Context \"orchestrion\" modified.\n");
    Ok(Flow::Done(0))
}

fn config_view(cx: &mut Cx, _: &Args) -> Result {
    let namespace = cx.namespace.clone();
    cx.print(&format!("apiVersion: v1\nclusters:\n- cluster:\n    server: https://127.0.0.1:6443\n  name: orchestrion\ncontexts:\n- context:\n    cluster: orchestrion\n    namespace: {namespace}\n    user: you\n  name: orchestrion\ncurrent-context: orchestrion\nkind: Config\nusers:\n- name: you\n  user: {{}}\n"));
    Ok(Flow::Done(0))
}

fn contexts(cx: &mut Cx, _: &Args) -> Result {
    let rows = [
        ["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"].map(String::from).to_vec(),
        vec!["*".into(), "orchestrion".into(), "orchestrion".into(), "you".into(), cx.namespace.clone()],
    ];
    cx.print(&align(&rows, &mut Vec::new()));
    Ok(Flow::Done(0))
}

/// Everybody may do everything here.
fn can_i(cx: &mut Cx, args: &Args) -> Result {
    if !args.on("quiet") {
        cx.print("yes\n");
    }
    Ok(Flow::Done(0))
}

fn who_am_i(cx: &mut Cx, _: &Args) -> Result {
    cx.print(&align(
        &[vec!["ATTRIBUTE".into(), "VALUE".into()], vec!["Username".into(), "you".into()]],
        &mut Vec::new(),
    ));
    Ok(Flow::Done(0))
}

fn top(_: &mut Cx, _: &Args) -> Result {
    Err(Failure::error("Metrics API not available"))
}

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
        return Err(Failure::plain(format!("error: container {wanted} is not valid for pod {}", pod.meta.name)));
    }
    let default = pod.meta.annotations.get("kubectl.kubernetes.io/default-container").map(|d| d.to_string());
    if let Some(default) = default.filter(|d| main.contains(d)) {
        return Ok(default);
    }
    let first = main.first().cloned().unwrap_or_default();
    if main.len() + init.len() > 1 {
        let inits = init.iter().map(|n| format!("{n} (init)"));
        let all: Vec<String> = main.iter().cloned().chain(inits).collect();
        cx.complain(&format!("Defaulted container \"{first}\" out of: {}\n", all.join(", ")));
    }
    Ok(first)
}

fn container_status(tree: &Value, container: &str) -> Value {
    let lists = ["containerStatuses", "initContainerStatuses"];
    let all = lists.iter().flat_map(|l| tree.list_at(&["status", l]));
    all.into_iter().find(|c| c.str_at(&["name"]) == Some(container)).cloned().unwrap_or_default()
}

fn logs(cx: &mut Cx, args: &Args) -> Result {
    if args.words.is_empty() && args.get("selector").is_none() {
        return Err(Failure::error(
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\nSee 'kubectl logs -h' for help and examples",
        ));
    }
    for pod in pod_of(cx, args)? {
        let tree = cx.cluster.api.tree(&pod);
        let container = container_of(cx, args, &pod, &tree)?;
        let name = &pod.meta.name;
        let status = container_status(&tree, &container);
        if args.on("previous") && status.at(&["lastState", "terminated"]).is_none() {
            return Err(Failure::plain(format!(
                "Error from server (BadRequest): previous terminated container \"{container}\" in pod \"{name}\" not found"
            )));
        }
        if let Some(reason) = status.str_at(&["state", "waiting", "reason"]) {
            let words = match reason {
                "ImagePullBackOff" | "ErrImagePull" => "trying and failing to pull image".to_string(),
                _ => reason.to_string(),
            };
            let begun = status.at(&["lastState", "terminated"]).is_some();
            if !begun {
                return Err(Failure::plain(format!(
                    "Error from server (BadRequest): container \"{container}\" in pod \"{name}\" is waiting to start: {words}"
                )));
            }
        }
        for line in narrative(cx, &status) {
            cx.print(&format!("{line}\n"));
        }
    }
    Ok(Flow::Done(0))
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
        if status.at(&["state", "running"]).is_none() {
            return Err(Failure::error(format!("unable to upgrade connection: container not found (\"{container}\")")));
        }
        return Err(Failure::error(cx.say("exec.refused", &[])));
    }
    Ok(Flow::Done(0))
}
