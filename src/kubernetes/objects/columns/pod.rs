//! The row of a pod: the word that sums its containers up.

use super::{Column, Columns, View, col, wide};
use crate::text::Value;

pub(super) const TABLES: &[Columns] = &[Columns { group: "", kind: "Pod", columns: COLUMNS, cells }];

const COLUMNS: &[Column] = &[
    col("Name"),
    col("Ready"),
    col("Status"),
    col("Restarts"),
    col("Age"),
    wide("IP"),
    wide("Node"),
    wide("Nominated Node"),
    wide("Readiness Gates"),
];

/// What is gathered over the containers.
#[derive(Default)]
struct Sum {
    reason: String,
    ready: i64,
    restarts: i64,
    /// Date of the last termination, empty for none.
    last: String,
}

impl Sum {
    fn count(&mut self, status: &Value) {
        self.restarts += status.int_at(&["restartCount"]).unwrap_or(0);
        let finished = status.str_at(&["lastState", "terminated", "finishedAt"]).unwrap_or_default();
        if finished > self.last.as_str() {
            self.last = finished.to_string();
        }
    }
}

/// The `STATUS` word of a pod as `kubectl get pods` shows it.
/// Source: kubernetes v1.37 pkg/printers/internalversion/printers.go, printPod.
pub fn status_word(tree: &Value) -> String {
    sum_up(tree).reason
}

fn sum_up(tree: &Value) -> Sum {
    let status = tree.get("status").unwrap_or(&Value::Null);
    let phase = status.str_at(&["phase"]).unwrap_or_default();
    let why = status.str_at(&["reason"]).unwrap_or_default();
    let mut sum = Sum { reason: if why.is_empty() { phase } else { why }.to_string(), ..Sum::default() };
    let conditions = status.list_at(&["conditions"]);
    let is = |c: &Value, kind: &str| c.str_at(&["type"]) == Some(kind);
    if conditions.iter().any(|c| is(c, "PodScheduled") && c.str_at(&["reason"]) == Some("SchedulingGated")) {
        sum.reason = "SchedulingGated".to_string();
    }
    let truly = |kind: &str| conditions.iter().any(|c| is(c, kind) && c.str_at(&["status"]) == Some("True"));
    let mut sidecars = Sum::default();
    let initializing = init_containers(tree, &mut sum, &mut sidecars);
    if !initializing || truly("Initialized") {
        sum.restarts = sidecars.restarts;
        sum.last = sidecars.last;
        let (running, failure) = main_containers(status, &mut sum);
        if sum.reason == "Completed" {
            sum.reason = match failure {
                _ if running && truly("Ready") => "Running".to_string(),
                Some(failure) => failure,
                None => if running { "NotReady" } else { "Completed" }.to_string(),
            };
        }
    }
    if tree.at(&["metadata", "deletionTimestamp"]).is_some() {
        if why == "NodeLost" {
            sum.reason = "Unknown".to_string();
        } else if phase != "Succeeded" && phase != "Failed" {
            sum.reason = "Terminating".to_string();
        }
    }
    sum
}

/// Goes through the init containers up to the first that is not done. Tells whether there is such a one.
fn init_containers(tree: &Value, sum: &mut Sum, sidecars: &mut Sum) -> bool {
    let specs = tree.list_at(&["spec", "initContainers"]);
    let is_sidecar = |name: &str| {
        let spec = specs.iter().rfind(|c| c.str_at(&["name"]) == Some(name));
        spec.is_some_and(|c| c.str_at(&["restartPolicy"]) == Some("Always"))
    };
    for (i, status) in tree.list_at(&["status", "initContainerStatuses"]).iter().enumerate() {
        sum.count(status);
        let sidecar = is_sidecar(status.str_at(&["name"]).unwrap_or_default());
        if sidecar {
            sidecars.count(status);
        }
        let terminated = status.at(&["state", "terminated"]);
        if terminated.is_some_and(|t| t.int_at(&["exitCode"]).unwrap_or(0) == 0) {
            continue;
        }
        if sidecar && status.bool_at(&["started"]) == Some(true) {
            sum.ready += i64::from(status.bool_at(&["ready"]) == Some(true));
            continue;
        }
        let waiting = status.str_at(&["state", "waiting", "reason"]).unwrap_or_default();
        sum.reason = match terminated {
            Some(t) => format!("Init:{}", ended(t)),
            None if !waiting.is_empty() && waiting != "PodInitializing" => format!("Init:{waiting}"),
            None => format!("Init:{i}/{}", specs.len()),
        };
        return true;
    }
    false
}

/// Goes through the main containers, last to first. Tells whether one runs and is ready, and how the first that failed ended.
fn main_containers(status: &Value, sum: &mut Sum) -> (bool, Option<String>) {
    let (mut running, mut failure) = (false, None);
    for container in status.list_at(&["containerStatuses"]).iter().rev() {
        sum.count(container);
        let waiting = container.str_at(&["state", "waiting", "reason"]).unwrap_or_default();
        if !waiting.is_empty() {
            sum.reason = waiting.to_string();
        } else if let Some(t) = container.at(&["state", "terminated"]) {
            sum.reason = ended(t);
            if t.int_at(&["exitCode"]).unwrap_or(0) != 0 {
                failure = Some(sum.reason.clone());
            }
        } else if container.bool_at(&["ready"]) == Some(true) && container.at(&["state", "running"]).is_some() {
            running = true;
            sum.ready += 1;
        }
    }
    (running, failure)
}

/// How a container ended, in a word.
fn ended(terminated: &Value) -> String {
    let number = |key: &str| terminated.int_at(&[key]).unwrap_or(0);
    match (terminated.str_at(&["reason"]).unwrap_or_default(), number("signal")) {
        ("", 0) => format!("ExitCode:{}", number("exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_string(),
    }
}

fn cells(view: &View) -> Vec<Value> {
    let tree = view.tree;
    let sum = sum_up(tree);
    let sidecars = tree.list_at(&["spec", "initContainers"]).iter();
    let sidecars = sidecars.filter(|c| c.str_at(&["restartPolicy"]) == Some("Always")).count();
    let total = tree.list_at(&["spec", "containers"]).len() + sidecars;
    let restarts = match sum.restarts {
        n if n != 0 && !sum.last.is_empty() => format!("{n} ({} ago)", view.since(&sum.last)),
        n => n.to_string(),
    };
    let or_none = |path: &[&str]| match view.text(path) {
        "" => Value::from("<none>"),
        text => text.into(),
    };
    let ip = tree.list_at(&["status", "podIPs"]).first().and_then(|ip| ip.str_at(&["ip"])).filter(|ip| !ip.is_empty());
    vec![
        view.name(),
        format!("{}/{total}", sum.ready).into(),
        sum.reason.into(),
        restarts.into(),
        view.age(),
        ip.unwrap_or("<none>").into(),
        or_none(&["spec", "nodeName"]),
        or_none(&["status", "nominatedNodeName"]),
        gates(view),
    ]
}

/// How many readiness gates hold: `1/2`.
fn gates(view: &View) -> Value {
    let gates = view.tree.list_at(&["spec", "readinessGates"]);
    if gates.is_empty() {
        return "<none>".into();
    }
    let held = gates.iter().filter(|g| view.has_condition(g.str_at(&["conditionType"]).unwrap_or_default())).count();
    format!("{held}/{}", gates.len()).into()
}
