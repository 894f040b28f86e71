//! `kubectl create KIND NAME`: objects from flags; and how objects from flags are sent and shown.
//! Source: kubernetes v1.37 kubectl pkg/cmd/create.

use super::apply::create_one;
use super::args::DryRun;
use super::output::Teller;
use super::resource::{Selection, together};
use super::{Args, Cx, Failure, Flow, Result, Verb, create_access, create_ingress, create_secret};
use crate::kubernetes::apiserver::ApiError;
use crate::kubernetes::objects::parts::validate_names::config_key;
use crate::kubernetes::objects::scalar;
use crate::map;
use crate::text::go::quoted;
use crate::text::{Map, Value};

const COMMON: &str = "dry-run output o image port replicas r from-literal from-file from-env-file type tcp clusterip \
                      node-port external-name schedule min-available max-unavailable selector hard value \
                      description preemption-policy from restart verb resource field-manager validate \
                      clusterrole role user group serviceaccount class rule default-backend annotation server scopes \
                      resource-name non-resource-url aggregation-rule cert key docker-username docker-password \
                      docker-email docker-server";

macro_rules! verbs {
    ($($name:literal $run:path),* $(,)?) => {&[$(
        Verb {
            name: $name,
            switches: "save-config append-hash global-default",
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
    "create secret generic" create_secret::generic,
    "create secret tls" create_secret::tls,
    "create secret docker-registry" create_secret::docker,
    "create ingress" create_ingress::ingress,
    "create ing" create_ingress::ingress,
    "create role" create_access::role,
    "create clusterrole" create_access::cluster_role,
    "create rolebinding" create_access::role_binding,
    "create clusterrolebinding" create_access::cluster_role_binding,
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
);

pub(super) fn name_of(args: &Args) -> Result<String> {
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
pub(super) fn make(cx: &mut Cx, args: &Args, tree: Value, what: &str) -> Result {
    let mut teller = Teller::new(cx, args)?;
    match made(cx, args, tree) {
        Ok(made) => {
            teller.tell(cx, &made, "created")?;
            Ok(Flow::Done(0))
        }
        Err(error) if what.is_empty() => Err(Failure::server(&error)),
        Err(error) => Err(Failure::error(format!("failed to create {what}{}", error.message))),
    }
}

/// Sends an object; what the server made of it. With `--dry-run=client` it stays what the flags said, with the members
/// that Go writes even when they are empty, and in a namespace only if the line names one.
/// Source: kubernetes v1.37 kubectl pkg/cmd/create, EnforceNamespace; client-go tools/clientcmd, DirectClientConfig.
pub(super) fn made(cx: &mut Cx, args: &Args, mut tree: Value) -> std::result::Result<Value, ApiError> {
    // A value that is no dry run has been refused by the printer before.
    let dry_run = args.dry_run().unwrap_or(DryRun::No);
    let namespaced =
        !matches!(tree.str_at(&["kind"]), Some("Namespace" | "PriorityClass" | "ClusterRole" | "ClusterRoleBinding"));
    let on_paper = dry_run == DryRun::Client;
    if namespaced && (!on_paper || args.get("namespace").is_some()) {
        tree.set_at(&["metadata", "namespace"], cx.namespace.as_str());
    }
    if on_paper {
        write_empty_members(&mut tree);
        return Ok(tree);
    }
    create_one(cx, &tree, None, dry_run)
}

/// Source: kubernetes v1.37 api, the types' JSON tags without `omitempty`.
fn write_empty_members(tree: &mut Value) {
    let nothing = Map::new;
    let status = match tree.str_at(&["kind"]).unwrap_or_default() {
        "Deployment" | "Pod" | "ResourceQuota" => nothing(),
        "Job" => {
            tree.set_at(&["spec", "template", "metadata"], nothing());
            nothing()
        }
        "CronJob" => {
            tree.set_at(&["spec", "jobTemplate", "spec", "template", "metadata"], nothing());
            nothing()
        }
        "Service" | "Ingress" => map! { "loadBalancer" => nothing() },
        "Namespace" => {
            tree.set_at(&["spec"], nothing());
            nothing()
        }
        "PodDisruptionBudget" => map! {
            "currentHealthy" => 0, "desiredHealthy" => 0, "disruptionsAllowed" => 0, "expectedPods" => 0
        },
        "HorizontalPodAutoscaler" => map! { "currentMetrics" => Value::Null, "desiredReplicas" => 0 },
        _ => return,
    };
    tree.set_at(&["status"], status);
}

pub(super) fn object(api_version: &str, kind: &str, name: &str) -> Value {
    Value::Map(map! { "apiVersion" => api_version, "kind" => kind, "metadata" => map! { "name" => name } })
}

/// `registry/team/web:1@sha` to `web`.
fn base_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split([':', '@']).next().unwrap_or(last).to_string()
}

/// Flags without which a verb does nothing. Source: spf13/cobra command.go, ValidateRequiredFlags.
pub(super) fn required(args: &Args, flags: &[&str]) -> Result<()> {
    let missing: Vec<String> = flags.iter().filter(|f| args.get(f).is_none()).map(|f| quoted(f)).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Failure::error(format!("required flag(s) {} not set", missing.join(", ")))),
    }
}

fn deployment(cx: &mut Cx, args: &Args) -> Result {
    required(args, &["image"])?;
    let name = name_of(args)?;
    let images = args.list("image");
    if images.len() > 1 && !args.rest.is_empty() {
        return Err(Failure::error("cannot specify multiple --image options and command"));
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

/// The pairs of `--from-file`, `--from-literal` and `--from-env-file`, in the order in which they are added.
fn pairs(cx: &Cx, args: &Args) -> Result<Vec<(String, String)>> {
    let has = |flag: &str| !args.each(flag).is_empty();
    if has("from-env-file") && (has("from-file") || has("from-literal")) {
        return Err(Failure::error("from-env-file cannot be combined with from-file or from-literal"));
    }
    let mut found = Vec::new();
    let read = |file: &str| {
        (cx.files)(file).ok_or_else(|| Failure::error(format!("error reading {file}: no such file or directory")))
    };
    for source in args.each("from-file") {
        let (key, file) = source.split_once('=').unwrap_or((source.rsplit('/').next().unwrap_or(source), source));
        found.push((key.to_string(), read(file)?));
    }
    for literal in args.each("from-literal") {
        let Some((key, value)) = literal.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(Failure::error(format!("invalid literal source {literal}, expected key=value")));
        };
        found.push((key.to_string(), value.to_string()));
    }
    for file in args.each("from-env-file") {
        let text = read(file)?;
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        found.extend(lines.filter_map(|l| l.split_once('=')).map(|(k, v)| (k.to_string(), v.to_string())));
    }
    Ok(found)
}

/// The same, each key sound and new.
/// Source: create_configmap.go, validateNewConfigMap; create_secret.go, addKeyFromLiteralToSecret.
pub(super) fn data(cx: &Cx, args: &Args, name: &str, kind: &str) -> Result<Map> {
    let mut data = Map::new();
    for (key, value) in pairs(cx, args)? {
        let problems = config_key(&key);
        let quoted_key = quoted(&key);
        let refused = match (problems.is_empty(), data.has(&key), kind) {
            (false, _, "ConfigMap") => {
                format!("{quoted_key} is not a valid key name for a ConfigMap: {}", problems.join(","))
            }
            (false, ..) => format!("{quoted_key} is not valid key name for a Secret {}", problems.join(";")),
            (_, true, "ConfigMap") => format!(
                "cannot add key {quoted_key}, another key by that name already exists in Data for ConfigMap {}",
                quoted(name)
            ),
            (_, true, _) => format!("cannot add key {key}, another key by that name already exists"),
            _ => {
                let value = if kind == "Secret" { scalar::base64_encode(value.as_bytes()) } else { value };
                data.set(key, value);
                continue;
            }
        };
        return Err(Failure::error(refused));
    }
    Ok(data)
}

fn config_map(cx: &mut Cx, args: &Args) -> Result {
    let name = name_of(args)?;
    let mut tree = object("v1", "ConfigMap", &name);
    let data = data(cx, args, &name, "ConfigMap")?;
    if !data.is_empty() {
        tree.set_at(&["data"], data);
    }
    make(cx, args, tree, "configmap: ")
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
    let given = |flag: &str| args.get(flag).filter(|text| !text.is_empty());
    let from = match (given("image"), given("from")) {
        (Some(image), None) => {
            tree.set_at(&["spec", "template", "spec"], job_spec(args, &name, image));
            return make(cx, args, tree, "job: ");
        }
        (None, Some(from)) => from.to_string(),
        _ => return Err(Failure::error("either --image or --from must be specified")),
    };
    if !args.rest.is_empty() {
        return Err(Failure::error("cannot specify --from and command"));
    }
    let (found, missing) = Selection::read(cx, args, &[from])?.objects(cx.cluster, &cx.namespace);
    if let Some(failure) = together(missing) {
        return Err(failure);
    }
    let [(resource, cron)] = found.as_slice() else {
        return Err(Failure::error("from must be an existing cronjob"));
    };
    if resource.kind != "CronJob" {
        let version = resource.api_version.rsplit('/').next().unwrap_or_default();
        return Err(Failure::error(format!("unknown object type *{version}.{}", resource.kind)));
    }
    let source = cx.cluster.api.tree(cron);
    let template = source.at(&["spec", "jobTemplate"]).cloned().unwrap_or_default();
    tree.set_at(&["metadata", "annotations", "cronjob.kubernetes.io/instantiate"], "manual");
    for (key, value) in
        template.at(&["metadata", "annotations"]).and_then(Value::as_map).into_iter().flat_map(|m| m.iter())
    {
        tree.set_at(&["metadata", "annotations", key], value.clone());
    }
    if let Some(labels) = template.at(&["metadata", "labels"]) {
        tree.set_at(&["metadata", "labels"], labels.clone());
    }
    tree.set_at(&["spec"], template.get("spec").cloned().unwrap_or_default());
    let owner = map! {
        "apiVersion" => "batch/v1", "kind" => "CronJob", "name" => cron.meta.name.clone(), "controller" => true,
        "uid" => cx.cluster.api.calendar.uid(cron.meta.id),
    };
    tree.set_at(&["metadata", "ownerReferences"], vec![Value::Map(owner)]);
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
    required(args, &["image", "schedule"])?;
    let name = name_of(args)?;
    let (image, schedule) = (args.get("image").unwrap_or_default(), args.get("schedule").unwrap_or_default());
    let mut spec = job_spec(args, &name, image);
    spec.set("restartPolicy", args.get("restart").unwrap_or("OnFailure"));
    let mut tree = object("batch/v1", "CronJob", &name);
    tree.set_at(&["spec", "schedule"], schedule);
    tree.set_at(&["spec", "jobTemplate", "metadata", "name"], name.as_str());
    tree.set_at(&["spec", "jobTemplate", "spec", "template", "spec"], spec);
    make(cx, args, tree, "cronjob: ")
}

/// `a=b,c=d` as a map.
pub(super) fn map_of(text: &str) -> Map {
    text.split(',').filter_map(|p| p.split_once('=')).map(|(k, v)| (k.into(), Value::from(v))).collect()
}

pub(super) fn number_or_text(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
}

/// Source: create_pdb.go, Validate.
fn budget(cx: &mut Cx, args: &Args) -> Result {
    let name = name_of(args)?;
    let given = |flag: &str| args.get(flag).filter(|text| !text.is_empty());
    let Some(selector) = given("selector") else { return Err(Failure::error("a selector must be specified")) };
    let number = |text: &str| {
        let digits = text.strip_suffix('%').unwrap_or(text);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let (flag, key, bound) = match (given("min-available"), given("max-unavailable")) {
        (None, None) => return Err(Failure::error("one of min-available or max-unavailable must be specified")),
        (Some(_), Some(_)) => {
            return Err(Failure::error("min-available and max-unavailable cannot be both specified"));
        }
        (Some(bound), None) => ("min-available", "minAvailable", bound),
        (None, Some(bound)) => ("max-unavailable", "maxUnavailable", bound),
    };
    if !number(bound) {
        return Err(Failure::error(format!("invalid format specified for {flag}")));
    }
    let mut tree = object("policy/v1", "PodDisruptionBudget", &name);
    tree.set_at(&["spec", "selector", "matchLabels"], map_of(selector));
    tree.set_at(&["spec", key], number_or_text(bound));
    make(cx, args, tree, "poddisruptionbudgets: ")
}

/// Source: create_quota.go, createQuota, populateResourceListV1, parseScopes.
fn quota(cx: &mut Cx, args: &Args) -> Result {
    let mut tree = object("v1", "ResourceQuota", &name_of(args)?);
    let given = |flag: &str| args.get(flag).filter(|text| !text.is_empty());
    for statement in given("hard").into_iter().flat_map(|hard| hard.split(',')) {
        let [name, amount] = statement.split('=').collect::<Vec<_>>()[..] else {
            return Err(Failure::error(format!("Invalid argument syntax {statement}, expected <resource>=<value>")));
        };
        let amount = scalar::quantity(&Value::from(amount)).map_err(Failure::error)?;
        tree.set_at(&["spec", "hard", name], amount);
    }
    if let Some(scopes) = given("scopes") {
        tree.set_at(&["spec", "scopes"], scopes.split(',').map(Value::from).collect::<Vec<_>>());
    }
    make(cx, args, tree, "quota: ")
}

fn priority_class(cx: &mut Cx, args: &Args) -> Result {
    let mut tree = object("scheduling.k8s.io/v1", "PriorityClass", &name_of(args)?);
    tree.set_at(&["value"], args.get("value").and_then(|v| v.parse::<i64>().ok()).unwrap_or(0));
    if args.on("global-default") {
        tree.set_at(&["globalDefault"], true);
    }
    if let Some(words) = args.get("description") {
        tree.set_at(&["description"], words);
    }
    tree.set_at(&["preemptionPolicy"], args.get("preemption-policy").unwrap_or("PreemptLowerPriority"));
    make(cx, args, tree, "priorityclass: ")
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
    fn the_client_looks_before_it_asks() {
        let mut desk = Desk::new(&[]);
        let says = [
            ("pdb x --selector=a=b", "error: one of min-available or max-unavailable must be specified\n"),
            (
                "pdb x --selector=a=b --min-available=1 --max-unavailable=1",
                "error: min-available and max-unavailable cannot be both specified\n",
            ),
            ("pdb x --selector=a=b --min-available=1x", "error: invalid format specified for min-available\n"),
            ("quota x --hard=pods", "error: Invalid argument syntax pods, expected <resource>=<value>\n"),
            ("quota x --hard=pods=1 --scopes=BestEffort -o jsonpath={.spec.scopes}", "[\"BestEffort\"]"),
            (
                "cm x --from-literal=a=1 --from-literal=a=2",
                "error: cannot add key \"a\", another key by that name already exists in Data for ConfigMap \"x\"\n",
            ),
            ("deployment x --image=a,b -- sh", "error: cannot specify multiple --image options and command\n"),
            ("job x --image=a --from=cj/y", "error: either --image or --from must be specified\n"),
        ];
        for (line, words) in says {
            assert_eq!(desk.say(&format!("kubectl create {line}")), words, "{line}");
        }
        let words = desk.say("kubectl create cm x '--from-literal=bad key=1'");
        assert!(words.starts_with("error: \"bad key\" is not a valid key name for a ConfigMap: "), "{words}");
    }

    #[test]
    fn a_dry_run_shows_what_the_flags_say() {
        let mut desk = Desk::new(&[]);
        let text = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: team\nspec: {}\nstatus: {}\n";
        assert_eq!(desk.say("kubectl create ns team --dry-run=client -o yaml"), text);
        let text = desk.say("kubectl create deploy web --image=nginx --dry-run=client -o yaml");
        assert!(text.ends_with("        resources: {}\nstatus: {}\n") && !text.contains("namespace"), "{text}");
        let text = desk.say("kubectl -n team create cm c --dry-run=client -o yaml");
        assert!(text.contains("  namespace: team\n"), "{text}");
    }

    #[test]
    fn a_job_by_hand_takes_what_its_template_says() {
        let cron = "apiVersion: batch/v1
kind: CronJob
metadata: {name: c}
spec:
  schedule: '0 0 * * *'
  jobTemplate:
    metadata: {labels: {a: b}, annotations: {note: m}}
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: c, image: nginx}]
";
        let mut desk = Desk::new(&[("cron.yaml", cron)]);
        desk.say("kubectl apply -f cron.yaml");
        assert_eq!(desk.say("kubectl create job j --from=cronjob/c"), "job.batch/j created\n");
        let path = "{.metadata.labels.a} {.metadata.annotations.note}";
        assert_eq!(desk.say(&format!("kubectl get job j -o jsonpath='{path}'")), "b m");
        let text = desk.say("kubectl get job j -o yaml");
        assert!(text.contains("    cronjob.kubernetes.io/instantiate: manual\n"), "{text}");
    }
}
