//! `kubectl create KIND NAME`, `run`, `expose`, `autoscale`: objects from flags.
//! Source: kubernetes v1.37 kubectl pkg/cmd/create, pkg/cmd/run, pkg/cmd/expose, pkg/cmd/autoscale.

use super::apply::create_one;
use super::manifest;
use super::resource::{Selection, together};
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::map;
use crate::text::go::quoted;
use crate::text::{Map, Value};

const COMMON: &str = "dry-run output o image port replicas r from-literal from-file from-env-file type tcp clusterip \
                      node-port external-name schedule min-available max-unavailable selector l hard value \
                      description preemption-policy from restart verb resource target-port name protocol labels env e \
                      min max cpu cpu-percent memory field-manager validate overrides external-ip load-balancer-ip \
                      session-affinity limits requests image-pull-policy clusterrole role user group serviceaccount \
                      class rule default-backend annotation annotations filename f server scopes duration audience \
                      bound-object-kind pod-running-timeout timeout grace-period cascade";

macro_rules! verbs {
    ($($name:literal $run:ident),* $(,)?) => {&[$(
        Verb {
            name: $name,
            switches: "save-config append-hash recursive R global-default rm stdin i tty t attach \
                       command quiet q expose all privileged leave-stdin-open wait",
            options: COMMON,
            run: $run,
        }
    ),*]};
}
pub(super) const VERBS: &[Verb] = verbs!(
    "create deployment" deployment,
    "create deploy" deployment,
    "create namespace" namespace,
    "create ns" namespace,
    "create configmap" config_map,
    "create cm" config_map,
    "create secret generic" secret,
    "create serviceaccount" service_account,
    "create sa" service_account,
    "create service clusterip" cluster_ip,
    "create service nodeport" node_port,
    "create service loadbalancer" load_balancer,
    "create service externalname" external_name,
    "create svc clusterip" cluster_ip,
    "create svc nodeport" node_port,
    "create job" job,
    "create cronjob" cron_job,
    "create cj" cron_job,
    "create poddisruptionbudget" budget,
    "create pdb" budget,
    "create quota" quota,
    "create resourcequota" quota,
    "create priorityclass" priority_class,
    "create pc" priority_class,
    "run" run,
    "expose" expose,
    "autoscale" autoscale,
);

fn name_of(args: &Args) -> Result<String> {
    match args.words.as_slice() {
        [name] => Ok(name.clone()),
        [] => Err(Failure::error(format!(
            "exactly one NAME is required, got 0\nSee 'kubectl {} -h' for help and examples",
            args.verb()
        ))),
        many => Err(Failure::error(format!(
            "exactly one NAME is required, got {}\nSee 'kubectl {} -h' for help and examples",
            many.len(),
            args.verb()
        ))),
    }
}

/// Creates an object and says so; `what` is what the refusal calls it.
fn make(cx: &mut Cx, args: &Args, mut tree: Value, what: &str) -> Result {
    let namespaced = !matches!(tree.str_at(&["kind"]), Some("Namespace" | "PriorityClass"));
    if namespaced {
        tree.set_at(&["metadata", "namespace"], cx.namespace.as_str());
    }
    let dry_run = args.dry_run()?;
    match create_one(cx, &tree, None, dry_run) {
        Ok(made) => {
            match args.get("output") {
                Some(_) => super::get::print_trees(cx, args, &[if dry_run.on() { tree } else { made }])?,
                None => cx.print(&format!("{} created{}\n", manifest::label(&tree), dry_run.suffix())),
            }
            Ok(Flow::Done(0))
        }
        Err(error) if what.is_empty() => Err(Failure::server(&error)),
        Err(error) => Err(Failure::error(format!("failed to create {what}{}", error.message))),
    }
}

fn object(api_version: &str, kind: &str, name: &str) -> Value {
    Value::Map(map! { "apiVersion" => api_version, "kind" => kind, "metadata" => map! { "name" => name } })
}

/// `registry/team/web:1@sha` to `web`.
fn base_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split([':', '@']).next().unwrap_or(last).to_string()
}

fn deployment(cx: &mut Cx, args: &Args) -> Result {
    let name = name_of(args)?;
    let images = args.list("image");
    if images.is_empty() {
        return Err(Failure::error("required flag(s) \"image\" not set"));
    }
    let labels = map! { "app" => name.as_str() };
    let port = args.get("port").and_then(|p| p.parse::<i64>().ok());
    let container = |(i, image): (usize, &String)| {
        let mut it = map! { "image" => image.as_str(), "name" => base_name(image), "resources" => Map::new() };
        if let (0, Some(port)) = (i, port) {
            it.set("ports", vec![Value::Map(map! { "containerPort" => port })]);
        }
        if !args.rest.is_empty() {
            it.set("command", args.rest.iter().map(|w| Value::from(w.as_str())).collect::<Vec<_>>());
        }
        Value::Map(it)
    };
    let containers: Vec<Value> = images.iter().enumerate().map(container).collect();
    let replicas = args.get("replicas").or(args.get("r")).and_then(|r| r.parse::<i64>().ok()).unwrap_or(1);
    let mut tree = object("apps/v1", "Deployment", &name);
    tree.set_at(&["metadata", "labels"], labels.clone());
    tree.set_at(
        &["spec"],
        map! {
            "replicas" => replicas,
            "selector" => map! { "matchLabels" => labels.clone() },
            "strategy" => Map::new(),
            "template" => map! {
                "metadata" => map! { "labels" => labels },
                "spec" => map! { "containers" => containers },
            },
        },
    );
    make(cx, args, tree, "deployment: ")
}

fn namespace(cx: &mut Cx, args: &Args) -> Result {
    let tree = object("v1", "Namespace", &name_of(args)?);
    make(cx, args, tree, "")
}

fn service_account(cx: &mut Cx, args: &Args) -> Result {
    let tree = object("v1", "ServiceAccount", &name_of(args)?);
    make(cx, args, tree, "serviceaccount: ")
}

/// The pairs of `--from-literal` and `--from-file`.
fn pairs(cx: &Cx, args: &Args) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for literal in args.each("from-literal") {
        let Some((key, value)) = literal.split_once('=') else {
            return Err(Failure::error(format!("invalid literal source {literal}, expected key=value")));
        };
        let quote = |q: char| value.strip_prefix(q).and_then(|v| v.strip_suffix(q));
        found.push((key.to_string(), quote('\'').or(quote('"')).unwrap_or(value).to_string()));
    }
    for source in args.each("from-file") {
        let (key, file) = source.split_once('=').unwrap_or((source.rsplit('/').next().unwrap_or(source), source));
        let text = (cx.files)(file);
        let text = text.ok_or_else(|| Failure::error(format!("error reading {file}: no such file or directory")))?;
        found.push((key.to_string(), text));
    }
    for file in args.each("from-env-file") {
        let text = (cx.files)(file);
        let text = text.ok_or_else(|| Failure::error(format!("error reading {file}: no such file or directory")))?;
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        found.extend(lines.filter_map(|l| l.split_once('=')).map(|(k, v)| (k.to_string(), v.to_string())));
    }
    Ok(found)
}

fn config_map(cx: &mut Cx, args: &Args) -> Result {
    let mut tree = object("v1", "ConfigMap", &name_of(args)?);
    for (key, value) in pairs(cx, args)? {
        tree.set_at(&["data", &key], value);
    }
    make(cx, args, tree, "configmap: ")
}

fn secret(cx: &mut Cx, args: &Args) -> Result {
    let mut tree = object("v1", "Secret", &name_of(args)?);
    tree.set_at(&["type"], args.get("type").unwrap_or("Opaque"));
    for (key, value) in pairs(cx, args)? {
        tree.set_at(&["data", &key], base64(value.as_bytes()));
    }
    make(cx, args, tree, "secret ")
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |n, b| (n << 8) | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let sign = SIGNS[(bits >> (18 - 6 * i)) as usize & 63];
            out.push(if i <= chunk.len() { sign as char } else { '=' });
        }
    }
    out
}

fn cluster_ip(cx: &mut Cx, args: &Args) -> Result {
    service(cx, args, "ClusterIP")
}
fn node_port(cx: &mut Cx, args: &Args) -> Result {
    service(cx, args, "NodePort")
}
fn load_balancer(cx: &mut Cx, args: &Args) -> Result {
    service(cx, args, "LoadBalancer")
}
fn external_name(cx: &mut Cx, args: &Args) -> Result {
    service(cx, args, "ExternalName")
}

fn service(cx: &mut Cx, args: &Args, kind: &str) -> Result {
    let name = name_of(args)?;
    let mut ports = Vec::new();
    for pair in args.list("tcp") {
        let (port, target) = pair.split_once(':').unwrap_or((&pair, &pair));
        let Ok(number) = port.parse::<i64>() else {
            return Err(Failure::error(format!("unable to parse tcp ports {}", quoted(&pair))));
        };
        let target = target.parse::<i64>().map_or_else(|_| Value::from(target), Value::from);
        let mut it = map! {
            "name" => pair.replace(':', "-"), "port" => number, "protocol" => "TCP", "targetPort" => target
        };
        if let Some(node) = args.get("node-port").and_then(|p| p.parse::<i64>().ok()) {
            it.set("nodePort", node);
        }
        ports.push(Value::Map(it));
    }
    if ports.is_empty() && kind != "ExternalName" && args.get("clusterip") != Some("None") {
        return Err(Failure::error("at least one tcp port specifier must be provided"));
    }
    let labels = map! { "app" => name.as_str() };
    let mut tree = object("v1", "Service", &name);
    tree.set_at(&["metadata", "labels"], labels.clone());
    tree.set_at(&["spec"], map! { "ports" => ports, "selector" => labels, "type" => kind });
    if let Some(ip) = args.get("clusterip") {
        tree.set_at(&["spec", "clusterIP"], ip);
    }
    if let Some(external) = args.get("external-name") {
        tree.set_at(&["spec", "externalName"], external);
    }
    make(cx, args, tree, &format!("{kind} service: "))
}

fn job(cx: &mut Cx, args: &Args) -> Result {
    let name = name_of(args)?;
    let mut tree = object("batch/v1", "Job", &name);
    if let Some(from) = args.get("from") {
        let words = [from.to_string()];
        let (found, missing) = Selection::read(cx, args, &words)?.objects(cx.cluster, &cx.namespace);
        if let Some(failure) = together(missing) {
            return Err(failure);
        }
        let Some((_, cron)) = found.first() else { return Err(Failure::error("from must be an existing cronjob")) };
        let source = cx.cluster.api.tree(cron);
        tree.set_at(&["metadata", "annotations", "cronjob.kubernetes.io/instantiate"], "manual");
        tree.set_at(&["spec"], source.at(&["spec", "jobTemplate", "spec"]).cloned().unwrap_or_default());
        let owner = map! {
            "apiVersion" => "batch/v1", "kind" => "CronJob", "name" => cron.meta.name.clone(), "controller" => true,
            "uid" => cx.cluster.api.calendar.uid(cron.meta.id),
        };
        tree.set_at(&["metadata", "ownerReferences"], vec![Value::Map(owner)]);
        return make(cx, args, tree, "job: ");
    }
    let Some(image) = args.get("image") else {
        return Err(Failure::error("either --image or --from must be specified"));
    };
    tree.set_at(&["spec", "template", "spec"], job_spec(args, &name, image));
    make(cx, args, tree, "job: ")
}

fn job_spec(args: &Args, name: &str, image: &str) -> Map {
    let mut container = map! { "image" => image, "name" => name, "resources" => Map::new() };
    if !args.rest.is_empty() {
        container.set("command", args.rest.iter().map(|w| Value::from(w.as_str())).collect::<Vec<_>>());
    }
    let restart = args.get("restart").unwrap_or("Never");
    map! { "containers" => vec![Value::Map(container)], "restartPolicy" => restart }
}

fn cron_job(cx: &mut Cx, args: &Args) -> Result {
    let name = name_of(args)?;
    let (Some(image), Some(schedule)) = (args.get("image"), args.get("schedule")) else {
        return Err(Failure::error("required flag(s) \"image\", \"schedule\" not set"));
    };
    let mut spec = job_spec(args, &name, image);
    spec.set("restartPolicy", args.get("restart").unwrap_or("OnFailure"));
    let mut tree = object("batch/v1", "CronJob", &name);
    tree.set_at(&["spec", "schedule"], schedule);
    tree.set_at(&["spec", "jobTemplate", "metadata", "name"], name.as_str());
    tree.set_at(&["spec", "jobTemplate", "spec", "template", "spec"], spec);
    make(cx, args, tree, "cronjob: ")
}

/// `a=b,c=d` as a map.
fn map_of(text: &str) -> Map {
    text.split(',').filter_map(|p| p.split_once('=')).map(|(k, v)| (k.into(), Value::from(v))).collect()
}

fn number_or_text(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
}

fn budget(cx: &mut Cx, args: &Args) -> Result {
    let mut tree = object("policy/v1", "PodDisruptionBudget", &name_of(args)?);
    let Some(selector) = args.get("selector") else { return Err(Failure::error("a selector must be specified")) };
    tree.set_at(&["spec", "selector", "matchLabels"], map_of(selector));
    for (flag, key) in [("min-available", "minAvailable"), ("max-unavailable", "maxUnavailable")] {
        if let Some(value) = args.get(flag) {
            tree.set_at(&["spec", key], number_or_text(value));
        }
    }
    make(cx, args, tree, "poddisruptionbudgets: ")
}

fn quota(cx: &mut Cx, args: &Args) -> Result {
    let mut tree = object("v1", "ResourceQuota", &name_of(args)?);
    tree.set_at(&["spec", "hard"], map_of(args.get("hard").unwrap_or_default()));
    make(cx, args, tree, "quota: ")
}

fn priority_class(cx: &mut Cx, args: &Args) -> Result {
    let mut tree = object("scheduling.k8s.io/v1", "PriorityClass", &name_of(args)?);
    tree.set_at(&["value"], args.get("value").and_then(|v| v.parse::<i64>().ok()).unwrap_or(0));
    if args.on("global-default") {
        tree.set_at(&["globalDefault"], true);
    }
    for (flag, key) in [("description", "description"), ("preemption-policy", "preemptionPolicy")] {
        if let Some(value) = args.get(flag) {
            tree.set_at(&[key], value);
        }
    }
    make(cx, args, tree, "priorityclass: ")
}

fn run(cx: &mut Cx, args: &Args) -> Result {
    let Some(name) = args.words.first().cloned() else { return Err(Failure::error("NAME is required for run")) };
    let Some(image) = args.get("image") else { return Err(Failure::error("required flag(s) \"image\" not set")) };
    let mut container = map! { "image" => image, "name" => name.as_str(), "resources" => Map::new() };
    let words: Vec<&String> = args.words[1..].iter().chain(&args.rest).collect();
    if !words.is_empty() {
        let key = if args.on("command") { "command" } else { "args" };
        container.set(key, words.into_iter().map(|w| Value::from(w.as_str())).collect::<Vec<_>>());
    }
    if let Some(port) = args.get("port").and_then(|p| p.parse::<i64>().ok()) {
        container.set("ports", vec![Value::Map(map! { "containerPort" => port })]);
    }
    let variable = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        Value::Map(map! { "name" => key, "value" => value })
    };
    let env: Vec<Value> = args.each("env").into_iter().map(variable).collect();
    if !env.is_empty() {
        container.set("env", env);
    }
    let mut tree = object("v1", "Pod", &name);
    let labels = args.get("labels").or(args.get("selector")).map(map_of);
    tree.set_at(&["metadata", "labels"], labels.unwrap_or_else(|| map! { "run" => name.as_str() }));
    let restart = args.get("restart").unwrap_or("Always");
    tree.set_at(
        &["spec"],
        map! { "containers" => vec![Value::Map(container)], "dnsPolicy" => "ClusterFirst", "restartPolicy" => restart },
    );
    make(cx, args, tree, "")
}

fn one(cx: &Cx, args: &Args) -> Result<(super::resource::Resource, Value)> {
    let (found, missing) = Selection::read(cx, args, &args.words)?.objects(cx.cluster, &cx.namespace);
    if let Some(failure) = together(missing) {
        return Err(failure);
    }
    match found.into_iter().next() {
        Some((resource, object)) => Ok((resource, cx.cluster.api.tree(&object))),
        None => Err(Failure::error("no objects passed")),
    }
}

fn expose(cx: &mut Cx, args: &Args) -> Result {
    let (resource, source) = one(cx, args)?;
    let selector = match (args.get("selector"), resource.kind.as_str()) {
        (Some(text), _) => Some(map_of(text)),
        (None, "Pod") => source.at(&["metadata", "labels"]).and_then(Value::as_map).cloned(),
        (None, "Service" | "ReplicationController") => {
            source.at(&["spec", "selector"]).and_then(Value::as_map).cloned()
        }
        (None, _) => source.at(&["spec", "selector", "matchLabels"]).and_then(Value::as_map).cloned(),
    };
    let Some(selector) = selector.filter(|s| !s.is_empty()) else {
        return Err(Failure::error(format!(
            "couldn't retrieve selectors via --selector flag or introspection: the {} has no labels and cannot be exposed",
            resource.singular()
        )));
    };
    let containers: &[&str] =
        if resource.kind == "Pod" { &["spec", "containers"] } else { &["spec", "template", "spec", "containers"] };
    let of_container =
        |c: &Value| c.list_at(&["ports"]).iter().filter_map(|p| p.int_at(&["containerPort"])).collect::<Vec<_>>();
    let own: Vec<i64> = source.list_at(containers).iter().flat_map(of_container).collect();
    let ports: Vec<i64> = match args.get("port") {
        Some(list) => list.split(',').filter_map(|p| p.parse().ok()).collect(),
        None => own,
    };
    if ports.is_empty() {
        return Err(Failure::error("couldn't find port via --port flag or introspection"));
    }
    let several = ports.len() > 1;
    let port = |(i, port): (usize, &i64)| {
        let target = args.get("target-port").map_or_else(|| Value::from(*port), number_or_text);
        let mut it =
            map! { "port" => *port, "protocol" => args.get("protocol").unwrap_or("TCP"), "targetPort" => target };
        if several {
            it.set("name", format!("port-{}", i + 1));
        }
        Value::Map(it)
    };
    let ports: Vec<Value> = ports.iter().enumerate().map(port).collect();
    let name = source.str_at(&["metadata", "name"]).unwrap_or_default();
    let mut tree = object("v1", "Service", args.get("name").unwrap_or(name));
    if let Some(labels) = source.at(&["metadata", "labels"]) {
        tree.set_at(&["metadata", "labels"], labels.clone());
    }
    tree.set_at(&["spec"], map! { "ports" => ports, "selector" => selector });
    if let Some(kind) = args.get("type") {
        tree.set_at(&["spec", "type"], kind);
    }
    if let Some(ip) = args.get("clusterip") {
        tree.set_at(&["spec", "clusterIP"], ip);
    }
    say_exposed(cx, args, tree, "exposed")
}

/// Creates an object and says so in the verb's own word.
fn say_exposed(cx: &mut Cx, args: &Args, mut tree: Value, word: &str) -> Result {
    tree.set_at(&["metadata", "namespace"], cx.namespace.as_str());
    let dry_run = args.dry_run()?;
    create_one(cx, &tree, None, dry_run).map_err(|e| Failure::server(&e))?;
    match args.get("output") {
        Some(_) => super::get::print_trees(cx, args, &[tree])?,
        None => cx.print(&format!("{} {word}{}\n", manifest::label(&tree), dry_run.suffix())),
    }
    Ok(Flow::Done(0))
}

fn autoscale(cx: &mut Cx, args: &Args) -> Result {
    let (resource, source) = one(cx, args)?;
    let number = |flag: &str| args.get(flag).and_then(|n| n.parse::<i64>().ok());
    let Some(most) = number("max").filter(|n| *n >= 1) else {
        return Err(Failure::error("--max=MAXPODS is required and must be at least 1, max: -1"));
    };
    let name = source.str_at(&["metadata", "name"]).unwrap_or_default();
    let mut tree = object("autoscaling/v2", "HorizontalPodAutoscaler", args.get("name").unwrap_or(name));
    let target =
        map! { "apiVersion" => resource.api_version.as_str(), "kind" => resource.kind.as_str(), "name" => name };
    tree.set_at(&["spec"], map! { "maxReplicas" => most, "scaleTargetRef" => target });
    if let Some(least) = number("min").filter(|n| *n > 0) {
        tree.set_at(&["spec", "minReplicas"], least);
    }
    let mut metrics = Vec::new();
    let percent = |text: &str| text.trim_end_matches('%').parse::<i64>().ok();
    for (resource, flag) in [("cpu", args.get("cpu").or(args.get("cpu-percent"))), ("memory", args.get("memory"))] {
        let Some(wanted) = flag else { continue };
        let target = match (wanted.ends_with('%') || args.get("cpu-percent").is_some(), percent(wanted)) {
            (true, Some(n)) => map! { "averageUtilization" => n, "type" => "Utilization" },
            _ => map! { "averageValue" => wanted, "type" => "AverageValue" },
        };
        metrics.push(Value::Map(map! {
            "type" => "Resource", "resource" => map! { "name" => resource, "target" => target }
        }));
    }
    if !metrics.is_empty() {
        tree.set_at(&["spec", "metrics"], metrics);
    }
    say_exposed(cx, args, tree, "autoscaled")
}

#[cfg(test)]
mod tests {
    use super::super::tests::Desk;

    #[test]
    fn objects_from_flags() {
        let mut desk = Desk::new(&[]);
        assert_eq!(
            desk.say("kubectl create deployment web --image=team/nginx:1 --replicas=2"),
            "deployment.apps/web created\n"
        );
        let path = "{.spec.template.spec.containers[0].name} {.spec.replicas}";
        assert_eq!(desk.say(&format!("kubectl get deploy web -o jsonpath='{path}'")), "nginx 2");
        assert_eq!(desk.say("kubectl create secret generic s --from-literal=p=q"), "secret/s created\n");
        assert_eq!(desk.say("kubectl get secret s -o jsonpath={.data.p}"), "cQ==");
        assert_eq!(desk.say("kubectl expose deploy web --port=80"), "service/web exposed\n");
        assert_eq!(desk.say("kubectl run p --image=nginx"), "pod/p created\n");
        assert_eq!(desk.say("kubectl create ns team"), "namespace/team created\n");
        assert_eq!(
            desk.say("kubectl create ns team"),
            "Error from server (AlreadyExists): namespaces \"team\" already exists\n"
        );
    }

    #[test]
    fn base64_of_every_length() {
        assert_eq!([&b""[..], b"a", b"ab", b"abc"].map(super::base64), ["", "YQ==", "YWI=", "YWJj"]);
    }
}
