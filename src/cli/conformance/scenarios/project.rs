//! Writes as the recordings show them: a short form of each object, and of a change only the members that changed.

use super::Lab;
use super::setup::{START, clock};
use crate::kubernetes::apiserver::{Api, Change, ChangeKind};
use crate::kubernetes::objects::{Kind, Object};
use crate::map;
use crate::text::{Map, Value};
use std::rc::Rc;

/// Annotations that the recordings leave out.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What the recorder beside the control plane did not watch.
const NOT_WATCHED: [&str; 3] = ["Endpoints", "Ingress", "NetworkPolicy"];
/// What the recorder beside real kubelets did not watch either.
const NOT_WATCHED_BY_KUBELETS: [&str; 5] =
    ["ControllerRevision", "CronJob", "HorizontalPodAutoscaler", "PersistentVolumeClaim", "PodDisruptionBudget"];

/// What is watched.
pub struct Watcher {
    pub lab: Lab,
    pub namespaces: Vec<Rc<str>>,
    pub watch_nodes: bool,
}

impl Watcher {
    /// What was there before the clock showed 0.
    pub fn initial(&self, api: &Api, out: &mut Vec<Value>) {
        let shown = api.store.all().filter(|o| matches!(o.kind, Kind::Node | Kind::Namespace) && self.watches(api, o));
        for object in shown {
            out.push(entry(api, 0.0, object.meta.version, "INITIAL", object, self.project(api, object), &[], self));
        }
    }
    /// The line of one write, if it is watched.
    pub fn line(&self, api: &Api, change: &Change, out: &mut Vec<Value>) {
        let Some(object) = change.object().filter(|o| self.watches(api, o)) else { return };
        let t = clock(change.t);
        let (word, projection, gone) = match (&change.what, &change.before, &change.after) {
            (ChangeKind::Added, _, Some(after)) => ("ADDED", self.project(api, after), Vec::new()),
            (ChangeKind::Modified, Some(before), Some(after)) => {
                let (old, new) = (self.project(api, before), self.project(api, after));
                let gone: Vec<Rc<str>> = old.iter().filter(|(k, _)| !new.has(k)).map(|(k, _)| k.clone()).collect();
                let changed = new.into_iter().filter(|(k, v)| old.get(k) != Some(v)).collect();
                ("MODIFIED", changed, gone)
            }
            _ => ("DELETED", Map::new(), Vec::new()),
        };
        out.push(entry(api, t, change.version, word, object, projection, &gone, self));
    }
    fn watches(&self, api: &Api, object: &Object) -> bool {
        let (meta, name) = (&object.meta, api.kinds.name(object.kind));
        match object.kind {
            Kind::Lease | Kind::ServiceAccount => false,
            Kind::Other(_) if NOT_WATCHED.contains(&name) => false,
            Kind::Other(_) if self.lab == Lab::Real && NOT_WATCHED_BY_KUBELETS.contains(&name) => false,
            Kind::Node => self.watch_nodes,
            Kind::Namespace => self.lab == Lab::Fake && self.namespaces.contains(&meta.name),
            Kind::PriorityClass => !meta.name.starts_with("system-"),
            Kind::ConfigMap if &*meta.name == "kube-root-ca.crt" => false,
            Kind::Event => {
                let of_node = object.event().is_some_and(|e| e.about_kind == "Node");
                self.namespaces.contains(&meta.namespace) || (of_node && self.watch_nodes)
            }
            _ => self.namespaces.contains(&meta.namespace),
        }
    }
    fn project(&self, api: &Api, object: &Object) -> Map {
        let tree = api.tree(object);
        let mut out = Map::new();
        let null = Value::Null;
        let (meta, spec, status) = (
            tree.get("metadata").unwrap_or(&null),
            tree.get("spec").unwrap_or(&null),
            tree.get("status").unwrap_or(&null),
        );
        if object.kind == Kind::Event {
            return event(api, object, &tree);
        }
        for key in ["labels", "annotations"] {
            let members = meta.get(key).and_then(Value::as_map).into_iter().flat_map(Map::iter);
            let kept: Map = members
                .filter(|(k, _)| &***k != LAST_APPLIED && !k.starts_with("beta."))
                .map(|(k, v)| (k.clone(), times(api, v)))
                .collect();
            set_some(&mut out, key, Value::Map(kept));
        }
        let owners = meta.list_at(&["ownerReferences"]).iter().map(|o| {
            Value::from(format!(
                "{}/{}",
                o.str_at(&["kind"]).unwrap_or_default(),
                o.str_at(&["name"]).unwrap_or_default()
            ))
        });
        set_some(&mut out, "owners", Value::List(owners.collect()));
        for key in ["generation", "deletionTimestamp", "deletionGracePeriodSeconds", "finalizers"] {
            if let Some(value) =
                meta.get(key).filter(|_| key != "generation" || object.kind != Kind::Pod || self.lab == Lab::Real)
            {
                out.set(key, times(api, value));
            }
        }
        match object.kind {
            Kind::Pod => self.pod(api, spec, status, &mut out),
            Kind::Node => node(api, spec, status, &mut out),
            _ => other(api, object.kind, &tree, &mut out),
        }
        out.set("created", times(api, meta.get("creationTimestamp").unwrap_or(&null)));
        out
    }
    fn pod(&self, api: &Api, spec: &Value, status: &Value, out: &mut Map) {
        let copy = |out: &mut Map, from: &Value, keys: &[&'static str]| {
            for key in keys {
                if let Some(value) = from.get(key) {
                    out.set(*key, times(api, value));
                }
            }
        };
        copy(out, spec, &["nodeName"]);
        if let Some(priority) = spec.get("priority").filter(|p| p.as_int() != Some(0)) {
            out.set("priority", priority.clone());
        }
        copy(out, spec, &["priorityClassName"]);
        copy(out, status, &["phase", "reason", "message", "qosClass", "nominatedNodeName", "startTime"]);
        set_some(out, "conditions", conditions(api, status, false));
        for (key, list) in [("containers", "containerStatuses"), ("initContainers", "initContainerStatuses")] {
            let statuses = status.list_at(&[list]).iter();
            let all = statuses.map(|c| (Rc::from(c.str_at(&["name"]).unwrap_or_default()), self.container(api, c)));
            set_some(out, key, Value::Map(all.collect::<Map>()));
        }
        out.set("images", images(spec));
        if self.lab == Lab::Real {
            copy(out, status, &["podIP", "hostIP", "observedGeneration"]);
        }
    }
    fn container(&self, api: &Api, status: &Value) -> Value {
        let mut out = state(api, status.get("state").unwrap_or(&Value::Null), self.lab);
        for (key, from) in [("ready", "ready"), ("restarts", "restartCount")] {
            out.set(key, status.get(from).cloned().unwrap_or_default());
        }
        if self.lab == Lab::Real {
            for key in ["started", "image"] {
                if let Some(value) = status.get(key) {
                    out.set(key, value.clone());
                }
            }
            if status.str_at(&["imageID"]).is_some_and(|id| !id.is_empty()) {
                out.set("imageID", true);
            }
            let last = state(api, status.get("lastState").unwrap_or(&Value::Null), self.lab);
            if last.has("state") {
                out.set("lastState", last);
            }
        }
        Value::Map(out)
    }
}

#[allow(clippy::too_many_arguments)]
fn entry(
    api: &Api,
    t: f64,
    version: u64,
    word: &str,
    object: &Object,
    o: Map,
    gone: &[Rc<str>],
    watcher: &Watcher,
) -> Value {
    let name = api.kinds.name(object.kind);
    let mut out =
        map! { "t" => t, "rv" => version as i64, "type" => word, "kind" => name, "name" => object.meta.name.clone() };
    let namespace = &object.meta.namespace;
    if !namespace.is_empty() && watcher.namespaces.first() != Some(namespace) {
        out.set("ns", namespace.clone());
    }
    out.set("o", o);
    if !gone.is_empty() {
        out.set("gone", gone.iter().map(|k| Value::Str(k.clone())).collect::<Vec<_>>());
    }
    Value::Map(out)
}

fn set_some(out: &mut Map, key: &str, value: Value) {
    let empty = match &value {
        Value::Map(m) => m.is_empty(),
        Value::List(l) => l.is_empty(),
        _ => false,
    };
    if !empty {
        out.set(key, value);
    }
}

/// A tree in which dates are seconds of the scenario's clock.
fn times(api: &Api, value: &Value) -> Value {
    match value {
        Value::Str(s) if looks_like_a_date(s) => match api.calendar.read(s) {
            Some(t) => Value::Float(clock(t)),
            None => value.clone(),
        },
        Value::List(items) => Value::List(items.iter().map(|v| times(api, v)).collect()),
        Value::Map(members) => Value::Map(members.iter().map(|(k, v)| (k.clone(), times(api, v))).collect::<Map>()),
        _ => value.clone(),
    }
}

fn looks_like_a_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 20 && bytes[4] == b'-' && bytes[7] == b'-' && bytes[10] == b'T' && text.ends_with('Z')
}

/// Conditions by type. `all` also shows those of a node that are False.
fn conditions(api: &Api, status: &Value, pressure_only_if_not_false: bool) -> Value {
    let mut out = Map::new();
    for condition in status.list_at(&["conditions"]) {
        let kind = condition.str_at(&["type"]).unwrap_or_default();
        if pressure_only_if_not_false && kind != "Ready" && condition.str_at(&["status"]) == Some("False") {
            continue;
        }
        let mut one = Map::new();
        for (key, from) in [
            ("status", "status"),
            ("reason", "reason"),
            ("message", "message"),
            ("since", "lastTransitionTime"),
            ("updated", "lastUpdateTime"),
            ("gen", "observedGeneration"),
        ] {
            if let Some(value) = condition.get(from) {
                one.set(key, times(api, value));
            }
        }
        out.set(kind, one);
    }
    Value::Map(out)
}

fn state(api: &Api, state: &Value, lab: Lab) -> Map {
    let mut out = Map::new();
    for (kind, inner) in state.as_map().into_iter().flat_map(Map::iter) {
        let reason = inner.str_at(&["reason"]).unwrap_or_default();
        let word = match &**kind {
            "waiting" => format!("waiting:{reason}"),
            "terminated" => format!("terminated:{reason}:{}", inner.int_at(&["exitCode"]).unwrap_or(0)),
            other => other.to_string(),
        };
        out.set("state", word);
        if lab == Lab::Real {
            for key in ["startedAt", "finishedAt", "message", "signal"] {
                if let Some(value) = inner.get(key) {
                    out.set(key, times(api, value));
                }
            }
        }
    }
    out
}

fn images(spec: &Value) -> Value {
    let all = spec.list_at(&["containers"]).iter();
    let pair =
        |c: &Value| (Rc::from(c.str_at(&["name"]).unwrap_or_default()), c.get("image").cloned().unwrap_or_default());
    Value::Map(all.map(pair).collect::<Map>())
}

fn node(api: &Api, spec: &Value, status: &Value, out: &mut Map) {
    for key in ["unschedulable", "taints"] {
        if let Some(value) = spec.get(key) {
            out.set(key, times(api, value));
        }
    }
    set_some(out, "conditions", conditions(api, status, true));
    if let Some(value) = status.get("allocatable") {
        out.set("allocatable", value.clone());
    }
}

fn event(api: &Api, object: &Object, tree: &Value) -> Map {
    let mut out = Map::new();
    let Some(event) = object.event() else { return out };
    out.set("object", format!("{}/{}", event.about_kind, event.about_name));
    for key in ["type", "reason", "message"] {
        if let Some(value) = tree.get(key) {
            out.set(key, value.clone());
        }
    }
    out.set("source", &event.component);
    if !event.action.is_empty() {
        out.set("action", &event.action);
        out.set("eventTime", times(api, tree.get("eventTime").unwrap_or(&Value::Null)));
        if let Some(series) = tree.get("series") {
            out.set("series", times(api, series));
        }
        return out;
    }
    if event.count > 1 {
        out.set("count", event.count);
        out.set("firstTimestamp", times(api, tree.get("firstTimestamp").unwrap_or(&Value::Null)));
    }
    out.set("lastTimestamp", times(api, tree.get("lastTimestamp").unwrap_or(&Value::Null)));
    if !event.field.is_empty() {
        out.set("field", &event.field);
    }
    out
}

fn other(api: &Api, kind: Kind, tree: &Value, out: &mut Map) {
    let scaled = matches!(kind, Kind::ReplicaSet | Kind::Deployment)
        || matches!(api.kinds.name(kind), "StatefulSet" | "DaemonSet" | "Job" | "CronJob" | "ReplicationController");
    match kind {
        Kind::EndpointSlice => return slice(tree, out),
        Kind::ConfigMap | Kind::Secret => return,
        _ => {}
    }
    if let Some(spec) = tree.get("spec") {
        let mut spec = times(api, spec);
        let members = spec.make_map();
        if scaled {
            members.remove("selector");
            for key in ["template", "jobTemplate"] {
                if let Some(template) = members.get_mut(key) {
                    *template = cut(template);
                }
            }
        }
        out.set("spec", spec);
    }
    if let Some(status) = tree.get("status") {
        let mut shown = times(api, status);
        let listed = conditions(api, status, false);
        let members = shown.make_map();
        if members.has("conditions") {
            members.set("conditions", listed);
        }
        let unserved = shown.get("loadBalancer").and_then(Value::as_map).is_some_and(Map::is_empty);
        if api.kinds.name(kind) == "Ingress" && unserved {
            shown.make_map().remove("loadBalancer");
        }
        set_some(out, "status", shown);
    }
    for key in ["value", "preemptionPolicy", "globalDefault", "revision"] {
        if let Some(value) = tree.get(key) {
            out.set(key, value.clone());
        }
    }
}

/// A pod template cut to what a reader looks for.
fn cut(template: &Value) -> Value {
    let template = template.at(&["spec", "template"]).unwrap_or(template);
    let mut out = Map::new();
    out.set("images", template.get("spec").map(images).unwrap_or_default());
    for key in ["annotations", "labels"] {
        if let Some(value) = template.at(&["metadata", key]) {
            out.set(key, value.clone());
        }
    }
    Value::Map(out)
}

fn slice(tree: &Value, out: &mut Map) {
    if let Some(kind) = tree.get("addressType") {
        out.set("addressType", kind.clone());
    }
    let one = |e: &Value| {
        let mut point = Map::new();
        for (key, from) in
            [("target", e.at(&["targetRef", "name"])), ("conditions", e.get("conditions")), ("node", e.get("nodeName"))]
        {
            if let Some(value) = from {
                point.set(key, value.clone());
            }
        }
        Value::Map(point)
    };
    out.set("endpoints", tree.list_at(&["endpoints"]).iter().map(one).collect::<Vec<_>>());
    out.set("ports", tree.get("ports").cloned().unwrap_or_default());
}

const _: () = assert!(START.0 > 0);
