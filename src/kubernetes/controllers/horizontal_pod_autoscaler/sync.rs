//! The acting part: reads the store, lets the core decide, writes. Wakes on: HorizontalPodAutoscaler, and every 15 s.
//! Writes: `spec.replicas` of the target, the autoscaler's status.

use super::behavior::Past;
use super::decision::Decision;
use super::measured::Measured;
use super::metered;
use super::pods::Pod;
use super::{Inputs, NoScale, Outcome, Scale, pass};
use crate::kubernetes::apiserver::Told;
use crate::kubernetes::controllers::{Controller, Ctl, Done, On};
use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::objects::parts::selector::Selector;
use crate::kubernetes::objects::{Body, Id, Kind, Object, group_of};
use crate::map;
use crate::reasons;
use crate::sim::{Span, Time};
use crate::text::Value;
use crate::text::go::quoted;
use crate::workload::latencies::{AUTOSCALER_FIRST, AUTOSCALER_PASS};
use std::collections::BTreeMap;
use std::rc::Rc;

reasons! { "autoscaler":
    /// The target gets another number of replicas.
    scaled(from, to, why),
    /// It wrote down what it saw.
    looked(replicas),
}

/// The controller.
pub const CONTROLLER: Controller =
    Controller { name: "horizontal-pod-autoscaler", wakes: &[On::Named(KIND)], reconcile, every: None };

const KIND: &str = "HorizontalPodAutoscaler";
/// From one look to the next. Source: kubernetes v1.37 pkg/controller/podautoscaler/config/v1alpha1/defaults.go,
/// HorizontalPodAutoscalerSyncPeriod.
const PERIOD: Span = Span::secs(15);
/// Kinds with a scale. Source: kubernetes v1.37 pkg/registry/apps, ScaleREST.
const SCALABLE: [&str; 4] = ["Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"];

/// Decisions of one autoscaler that are kept. Ours: a quarter of an hour of them.
const DECISIONS_MAX: usize = 60;

/// What is remembered of all autoscalers.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    known: BTreeMap<Id, Known>,
    /// What pods are said to use.
    pub measured: Measured,
}

#[derive(Clone, Debug, Default)]
struct Known {
    past: Past,
    due: Time,
    selector: Option<Rc<LabelSelector>>,
    decisions: Rc<Vec<Rc<Decision>>>,
}

impl Memory {
    /// The newest decisions of an autoscaler, oldest first.
    pub fn decisions(&self, id: Id) -> &[Rc<Decision>] {
        self.known.get(&id).map_or(&[], |known| &known.decisions)
    }
}

/// A target that was found.
struct Found {
    id: Id,
    scale: Scale,
    selector: Rc<LabelSelector>,
}

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(hpa) = ctl.api.store.get(id).cloned() else {
        ctl.memory.autoscalers.known.remove(&id);
        return Done::Settled;
    };
    let now = ctl.now();
    let first = Known { due: now + AUTOSCALER_FIRST, ..Known::default() };
    let known = ctl.memory.autoscalers.known.entry(id).or_insert(first);
    if known.due > now {
        return Done::Again(known.due.since(now));
    }
    known.due = now + PERIOD + AUTOSCALER_PASS;
    sync(&hpa, ctl);
    Done::Again(PERIOD + AUTOSCALER_PASS)
}

fn sync(hpa: &Rc<Object>, ctl: &mut Ctl) {
    let (id, now) = (hpa.meta.id, ctl.now());
    let namespace = hpa.meta.namespace.clone();
    let tree = newer(ctl.api.tree(hpa));
    let found = target(ctl, &tree, &namespace);
    let all: Vec<Rc<Object>> = ctl.api.store.list_in(Kind::Pod, &namespace).cloned().collect();
    let selector = found.as_ref().map(|f| f.selector.clone()).unwrap_or_default();
    let mine: Vec<&Rc<Object>> =
        all.iter().filter(|p| !selector.is_empty() && selector.matches(&p.meta.labels)).collect();
    let pods = Pod::of(&mine);
    let measured = &ctl.memory.autoscalers.measured;
    let readings = match measured.is_empty() {
        true => metered::readings(ctl.api, &tree, &namespace, &mine, now),
        false => measured.readings(&namespace, &all, &selector, now),
    };
    let mut known = ctl.memory.autoscalers.known.remove(&id).unwrap_or_default();
    known.selector = found.is_ok().then(|| selector.clone());
    let mut past = std::mem::take(&mut known.past);
    ctl.memory.autoscalers.known.insert(id, known);
    let ambiguous = ambiguous(ctl, &namespace, &selector, &mine);
    let target = found.as_ref().ok().map(|f| (f.id, f.scale.wanted));
    let calendar = ctl.api.calendar;
    let scale = found.map(|f| f.scale);
    let inputs = Inputs { hpa: &tree, scale, pods: &pods, readings: &readings, ambiguous, now, calendar: &calendar };
    let outcome = pass(&inputs, &mut past);
    let known = ctl.memory.autoscalers.known.entry(id).or_default();
    known.past = past;
    let kept = Rc::make_mut(&mut known.decisions);
    if kept.len() >= DECISIONS_MAX {
        kept.remove(0);
    }
    kept.push(Rc::new(outcome.decision.clone()));
    act(hpa, target, outcome, ctl);
}

fn act(hpa: &Object, target: Option<(Id, i32)>, outcome: Outcome, ctl: &mut Ctl) {
    let id = hpa.meta.id;
    if let (Some((target, from)), Some(to)) = (target, outcome.scaled) {
        let said = outcome.events.last().and_then(|e| e.message.split_once("reason: "));
        let why = said.map_or("", |(_, why)| why).to_string();
        let by = ctl.by(scaled(i64::from(from), i64::from(to), why)).reading(hpa, "spec");
        ctl.api.update(target, by, |o| set_replicas(o, to));
    }
    let replicas = outcome.status.int_at(&["currentReplicas"]).unwrap_or(0);
    let mut status = outcome.status;
    // Source: kubernetes v1.37 staging/src/k8s.io/api/autoscaling/v2/types.go: the list is written even when there is none.
    if status.get("currentMetrics").is_none() {
        status.set_at(&["currentMetrics"], Value::Null);
    }
    let by = ctl.by(looked(replicas)).reading(hpa, "spec");
    ctl.api.update_status(id, by, |o| {
        if let Body::Plain(tree) = &mut o.body {
            Rc::make_mut(tree).set_at(&["status"], status);
        }
    });
    for said in outcome.events {
        let told = if said.warning { Told::warning } else { Told::normal };
        ctl.api.tell(told(CONTROLLER.name, id, said.reason, said.message));
    }
}

fn set_replicas(object: &mut Object, to: i32) {
    match &mut object.body {
        Body::Deployment(row) => row.replicas = to,
        Body::ReplicaSet(row) => row.replicas = to,
        Body::Plain(tree) => Rc::make_mut(tree).set_at(&["spec", "replicas"], to),
        _ => {}
    }
}

/// An autoscaler of the elder version in the newer one's words. Source: kubernetes v1.37 pkg/apis/autoscaling/v1/conversion.go.
fn newer(mut tree: Value) -> Value {
    if let Some(percent) = tree.int_at(&["spec", "targetCPUUtilizationPercentage"]) {
        let target = map! { "type" => "Utilization", "averageUtilization" => percent };
        let cpu = map! { "type" => "Resource", "resource" => map! { "name" => "cpu", "target" => target } };
        tree.set_at(&["spec", "metrics"], vec![Value::Map(cpu)]);
    }
    tree
}

fn target(ctl: &Ctl, hpa: &Value, namespace: &str) -> Result<Found, NoScale> {
    let text = |key: &str| hpa.str_at(&["spec", "scaleTargetRef", key]).unwrap_or_default();
    let (version, kind, name) = (text("apiVersion"), text("kind"), text("name"));
    if version.matches('/').count() > 1 {
        let message = format!("unexpected GroupVersion string: {version}");
        return Err(NoScale { message, error: "invalid API version in scale target reference".into() });
    }
    let known = ctl.api.kinds.find(version, kind).filter(|_| SCALABLE.contains(&kind));
    let Some(known) = known else {
        let message = format!("no matches for kind {} in group {}", quoted(kind), quoted(group_of(version)));
        return Err(NoScale { message, error: "unable to determine resource for scale target reference".into() });
    };
    let Some(object) = ctl.api.store.by_name(known, namespace, name) else {
        let message = format!("{} {} not found", ctl.api.resource(known), quoted(name));
        let error = format!("failed to query scale subresource for {kind}/{namespace}/{name}");
        return Err(NoScale { message, error });
    };
    let tree = ctl.api.tree(object);
    let int = |path: &[&str]| tree.int_at(path).unwrap_or(0) as i32;
    let selector = tree.at(&["spec", "selector"]).map(LabelSelector::read).unwrap_or_default();
    let scale = Scale {
        wanted: int(&["spec", "replicas"]),
        there: int(&["status", "replicas"]),
        selects: !selector.is_empty(),
    };
    Ok(Found { id: object.meta.id, scale, selector: Rc::new(selector) })
}

/// What is wrong when more than one autoscaler wants the same pods.
/// Source: kubernetes v1.37 pkg/controller/podautoscaler/horizontal.go, validateAndParseSelector.
fn ambiguous(ctl: &mut Ctl, namespace: &str, selector: &LabelSelector, pods: &[&Rc<Object>]) -> Option<String> {
    let wants = |id: &Id, known: &Known| {
        let object = ctl.api.store.get(*id).filter(|o| &*o.meta.namespace == namespace)?;
        let theirs = known.selector.as_ref().filter(|s| !s.is_empty())?;
        pods.iter().any(|p| theirs.matches(&p.meta.labels)).then(|| format!("{namespace}/{}", object.meta.name))
    };
    let found = ctl.memory.autoscalers.known.iter().filter_map(|(id, known)| wants(id, known));
    let mut names: Vec<String> = found.collect();
    if names.len() < 2 {
        return None;
    }
    // The real controller keeps them in a map, and Go goes through maps in random order.
    let chance = ctl.api.chance(CONTROLLER.name);
    for last in (1..names.len()).rev() {
        names.swap(last, chance.below(last as u64 + 1) as usize);
    }
    let selector = Selector::format(Some(selector));
    Some(format!("pods by selector {selector} are controlled by more than one HPA (e.g. [{}])", names.join(" ")))
}
