//! What a service becomes: a Deployment, a DaemonSet for `mode: global`, a Job for what is meant to end.

use super::notes::Notes;
use super::service::Service;
use super::{Project, list, map, object, pod, scalar, volumes};
use crate::text::Value;

/// The label by which a service's pods are known.
pub(super) const LABEL: &str = "app.kubernetes.io/name";
/// Tries of a Job without a limit in Compose. Ours: the field has none, this is its largest value.
const NO_LIMIT: i64 = i32::MAX as i64;

/// What a service becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Deployment,
    DaemonSet,
    /// It ends: restarted on failure so many times.
    Job {
        tries: i64,
    },
}

/// A service ends by nature when others wait for its end, or when its restart policy lets it end and nobody talks to it.
pub(super) fn form(project: &Project, service: &Service) -> Form {
    if service.deploy(&["mode"]).and_then(Value::as_str) == Some("global") {
        return Form::DaemonSet;
    }
    let (word, most) = restarts(service);
    let attempts = service.deploy(&["restart_policy", "max_attempts"]).and_then(Value::as_int);
    let tries = match word.as_str() {
        "on-failure" => attempts.or(most.parse().ok()).filter(|n| *n > 0).unwrap_or(NO_LIMIT),
        _ => 0,
    };
    let mut waiting = project.dependants(service.key);
    if waiting.any(|(_, condition)| condition == "service_completed_successfully") {
        return Form::Job { tries };
    }
    let talked_to = !service.listens().is_empty() || project.dependants(service.key).next().is_some();
    if matches!(word.as_str(), "no" | "none" | "on-failure") && !talked_to {
        Form::Job { tries }
    } else {
        Form::Deployment
    }
}

/// When Compose starts the service again, with a limit where one is written: `deploy.restart_policy` wins over `restart`.
/// Source: compose v5.6 pkg/compose/create.go, getRestartPolicy.
fn restarts(service: &Service) -> (String, String) {
    let policy = service.text("restart");
    let (word, most) = policy.split_once(':').unwrap_or((&policy, ""));
    let deployed = service.deploy(&["restart_policy", "condition"]).map(scalar).unwrap_or_default();
    (if deployed.is_empty() { word.to_string() } else { deployed }, most.to_string())
}

/// The workload of a service.
pub(super) fn document(project: &Project, service: &Service, notes: &mut Notes) -> Value {
    let form = form(project, service);
    let mut template = pod::template(project, service, notes);
    let labels = map([(LABEL, Value::str(&*service.name))]);
    let selector = map([("matchLabels", labels)]);
    let replicas = Value::Int(service.replicas());
    remark(service, form, notes);
    let (api, kind, spec) = match form {
        Form::Deployment => {
            let strategy = strategy(project, service, notes);
            let delay = delay(service);
            let spec = map([
                ("replicas", replicas),
                ("selector", selector),
                ("strategy", strategy),
                ("minReadySeconds", delay),
                ("template", template),
            ]);
            ("apps/v1", "Deployment", spec)
        }
        Form::DaemonSet => ("apps/v1", "DaemonSet", map([("selector", selector), ("template", template)])),
        Form::Job { tries } => {
            let policy = if tries == 0 { "Never" } else { "OnFailure" };
            template.set_at(&["spec", "restartPolicy"], Value::str(policy));
            let many = service.replicas() != 1;
            let completions = if many { replicas } else { Value::Null };
            let spec = map([
                ("completions", completions.clone()),
                ("parallelism", completions),
                ("backoffLimit", Value::Int(tries)),
                ("template", template),
            ]);
            ("batch/v1", "Job", spec)
        }
    };
    let mut document = object(api, kind, &service.name, map([("spec", spec)]));
    let notes_of = service.deploy(&["labels"]).and_then(Value::as_map);
    for (key, value) in notes_of.into_iter().flat_map(|map| map.sorted()) {
        match super::pod::is_annotation_key(key) {
            true => document.set_at(&["metadata", "annotations", key], Value::str(scalar(value))),
            false => notes.none(service.path("deploy.labels"), "none.label", &[("key", key)]),
        }
    }
    document
}

fn remark(service: &Service, form: Form, notes: &mut Notes) {
    let (word, _) = restarts(service);
    match form {
        Form::Job { .. } => notes.assumed(service.path("restart"), "assumed.job", &[]),
        Form::DaemonSet => {}
        Form::Deployment if matches!(word.as_str(), "" | "no" | "none") => {
            notes.assumed(format!("services.{}", service.key), "assumed.restart", &[]);
        }
        Form::Deployment if word == "on-failure" => {
            notes.none(service.path("restart"), "none.on_failure", &[]);
        }
        Form::Deployment => {}
    }
    for (member, sentence) in [
        (["update_config", "failure_action"], "none.failure_action"),
        (["update_config", "max_failure_ratio"], "none.failure_action"),
        (["restart_policy", "window"], "none.restart_window"),
        (["restart_policy", "delay"], "none.restart_delay"),
    ] {
        if service.deploy(&member).is_some() {
            notes.none(service.path(&format!("deploy.{}", member.join("."))), sentence, &[]);
        }
    }
    if service.deploy(&["rollback_config"]).is_some() {
        notes.none(service.path("deploy.rollback_config"), "none.rollback", &[]);
    }
    if service.deploy(&["endpoint_mode"]).and_then(Value::as_str) == Some("dnsrr") {
        notes.decide(service.path("deploy.endpoint_mode"), "decide.dnsrr", &[]);
    }
}

/// Stop first or start first, and how many at once. A volume that only one node can hold must be free before the next pod.
fn strategy(project: &Project, service: &Service, notes: &mut Notes) -> Value {
    if volumes::holds_claim(project, service) {
        notes.assumed(service.path("volumes"), "assumed.recreate", &[]);
        if service.replicas() > 1 {
            notes.decide(service.path("volumes"), "decide.shared_claim", &[("count", &service.replicas().to_string())]);
        }
        return map([("type", Value::str("Recreate"))]);
    }
    if service.deploy(&["update_config"]).is_none() {
        return Value::Null;
    }
    // Compose specification, deploy: parallelism 0 means all at once, 1 is the default; stop-first is the default order.
    let at_once = match service.deploy(&["update_config", "parallelism"]).and_then(Value::as_int) {
        Some(0) => Value::str("100%"),
        Some(n) => Value::Int(n),
        None => Value::Int(1),
    };
    let start_first = service.deploy(&["update_config", "order"]).and_then(Value::as_str) == Some("start-first");
    let (surge, gone) = if start_first { (at_once, Value::Int(0)) } else { (Value::Int(0), at_once) };
    let steps = map([("maxSurge", surge), ("maxUnavailable", gone)]);
    map([("type", Value::str("RollingUpdate")), ("rollingUpdate", steps)])
}

fn delay(service: &Service) -> Value {
    let text = service.deploy(&["update_config", "delay"]).map(scalar).unwrap_or_default();
    super::container::seconds(&text).filter(|n| *n > 0).map_or(Value::Null, Value::Int)
}

/// `node.labels.disk == ssd`: the nodes a service may run on, as a selector or as affinity.
pub(super) fn placement(service: &Service, notes: &mut Notes) -> (Value, Value) {
    let mut selector = Value::Null;
    let mut refused = Vec::new();
    for text in super::texts(service.deploy(&["placement", "constraints"])) {
        let (key, wanted, value) = match (text.split_once("=="), text.split_once("!=")) {
            (Some((key, value)), _) => (key.trim().to_string(), true, value.trim().to_string()),
            (_, Some((key, value))) => (key.trim().to_string(), false, value.trim().to_string()),
            _ => continue,
        };
        let label = match key.as_str() {
            "node.hostname" => "kubernetes.io/hostname".to_string(),
            "node.platform.os" => "kubernetes.io/os".to_string(),
            "node.platform.arch" => "kubernetes.io/arch".to_string(),
            key if key.starts_with("node.labels.") => key.trim_start_matches("node.labels.").to_string(),
            _ => {
                let path = service.path("deploy.placement.constraints");
                notes.none(path, "none.constraint", &[("constraint", &text)]);
                continue;
            }
        };
        let path = service.path("deploy.placement.constraints");
        notes.decide(path, "decide.node_label", &[("constraint", &text)]);
        if wanted {
            selector.make_map().set(label.as_str(), Value::str(value));
        } else {
            refused.push(map([
                ("key", Value::str(label)),
                ("operator", Value::str("NotIn")),
                ("values", list([value])),
            ]));
        }
    }
    let terms = if refused.is_empty() {
        Value::Null
    } else {
        let term = map([("matchExpressions", Value::List(refused))]);
        let required = map([("nodeSelectorTerms", Value::List(vec![term]))]);
        map([("nodeAffinity", map([("requiredDuringSchedulingIgnoredDuringExecution", required)]))])
    };
    (selector, terms)
}
