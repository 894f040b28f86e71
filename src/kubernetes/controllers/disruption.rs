//! Disruption controller: how many pods a PodDisruptionBudget may spare now. Wakes on: PodDisruptionBudget; Pod, by selector.
//! Writes: PodDisruptionBudget status. Source: kubernetes v1.37 pkg/controller/disruption/disruption.go.

use super::{Controller, Ctl, Done, On, Wakes};
use crate::kubernetes::apiserver::{Change, Told};
use crate::kubernetes::objects::parts::{IntOrPercent, LabelSelector};
use crate::kubernetes::objects::{Body, Id, Kind, Object};
use crate::map;
use crate::reasons;
use crate::sim::Span;
use crate::text::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

reasons! { "disruption":
    /// The numbers of its pods changed.
    counted(healthy, desired, allowed),
}

/// The controller.
pub const CONTROLLER: Controller = Controller {
    name: "disruption-controller",
    wakes: &[On::Named(KIND), On::Rule(Kind::Pod, on_pod)],
    reconcile,
    every: None,
};

const KIND: &str = "PodDisruptionBudget";
/// Name under which it tells. Source: disruption.go, NewDisruptionController.
const COMPONENT: &str = "controllermanager";
/// An eviction whose pod is still there after this time failed. Source: disruption.go, DeletionTimeout.
const DELETION_TIMEOUT: Span = Span::secs(120);

/// Pods that several budgets select, by the budget that was chosen for them.
#[derive(Clone, Debug, Default)]
pub struct Chosen(BTreeMap<Id, BTreeSet<Id>>);

fn selector(budget: &Object) -> Option<LabelSelector> {
    budget.plain()?.at(&["spec", "selector"]).map(LabelSelector::read)
}

fn on_pod(change: &Change, wakes: &mut Wakes) {
    let Some(kind) = wakes.api.kinds.find("policy/v1", KIND) else { return };
    let Some(pod) = change.object() else { return };
    let seen = |o: &Option<Rc<Object>>| {
        o.as_ref().map(|o| (o.pod().is_some_and(|p| p.ready()), o.meta.deleting(), o.meta.labels.clone()))
    };
    if seen(&change.before) == seen(&change.after) {
        return;
    }
    let fits = |o: &&Rc<Object>| selector(o).is_some_and(|s| s.matches(&pod.meta.labels));
    // Source: disruption.go, getPdbForPod: only the first of several budgets hears of a pod.
    let mut found = wakes.api.store.list_in(kind, &pod.meta.namespace).filter(fits).map(|o| o.meta.id);
    let Some(first) = found.next() else { return };
    if found.next().is_some() {
        wakes.memory.budgets.0.entry(first).or_default().insert(change.id);
    }
    wakes.ids.push(first);
}

/// Source: disruption.go, getPdbForPod.
fn warn_of_several(id: Id, budget: &Object, ctl: &mut Ctl) {
    for pod in ctl.memory.budgets.0.remove(&id).unwrap_or_default() {
        let Some(name) = ctl.api.store.get(pod).map(|p| p.meta.name.clone()) else { continue };
        let words = format!(
            "Pod {:?}/{:?} matches multiple PodDisruptionBudgets.  Chose {:?} arbitrarily.",
            budget.meta.namespace, name, budget.meta.name
        );
        ctl.api.tell(Told::warning(COMPONENT, pod, "MultiplePodDisruptionBudgets", words));
    }
}

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(budget) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    let (Some(tree), Some(selector)) = (budget.plain().cloned(), selector(&budget)) else { return Done::Settled };
    warn_of_several(id, &budget, ctl);
    let all = ctl.api.store.list_in(Kind::Pod, &budget.meta.namespace);
    let pods: Vec<Rc<Object>> = all.filter(|p| selector.matches(&p.meta.labels)).cloned().collect();
    if pods.is_empty() {
        ctl.api.tell(Told::normal(COMPONENT, id, "NoPods", "No matching pods found"));
    }
    let (expected, desired, unmanaged) = expected(ctl, &tree, &pods);
    if unmanaged {
        ctl.api.tell(Told::warning(COMPONENT, id, "UnmanagedPods", unmanaged_words(&selector)));
    }
    let (disrupted, again) = disrupted(ctl, &tree, &pods);
    let counts = |p: &&Rc<Object>| {
        let row = p.pod();
        !p.meta.deleting() && row.is_some_and(|r| r.ready()) && !disrupted.has(&p.meta.name)
    };
    let healthy = pods.iter().filter(counts).count() as i64;
    let allowed = if expected <= 0 { 0 } else { (healthy - desired).max(0) };
    write(ctl, &budget, &tree, [allowed, healthy, desired, expected], disrupted);
    again.map_or(Done::Settled, Done::Again)
}

/// (pods that should be there, pods that must be healthy, whether some have no controller).
/// Source: disruption.go, getExpectedPodCount.
fn expected(ctl: &Ctl, tree: &Value, pods: &[Rc<Object>]) -> (i64, i64, bool) {
    let read = |key: &str| tree.at(&["spec", key]).and_then(IntOrPercent::read);
    if let Some(most) = read("maxUnavailable") {
        let (expected, unmanaged) = scale(ctl, pods);
        return (expected, (expected - most.of_or_zero(expected, true)).max(0), unmanaged);
    }
    match read("minAvailable") {
        Some(IntOrPercent::Count(n)) => (pods.len() as i64, n, false),
        Some(share) => {
            let (expected, unmanaged) = scale(ctl, pods);
            (expected, share.of_or_zero(expected, true), unmanaged)
        }
        None => (0, 0, false),
    }
}

/// The wanted replicas of all controllers behind the pods, each once. Source: disruption.go, getExpectedScale.
fn scale(ctl: &Ctl, pods: &[Rc<Object>]) -> (i64, bool) {
    let mut owners: BTreeSet<Id> = BTreeSet::new();
    let mut unmanaged = false;
    for pod in pods {
        match top_owner(ctl, pod) {
            Some(id) => drop(owners.insert(id)),
            None => unmanaged = true,
        }
    }
    let wanted = |id: &Id| {
        let owner = ctl.api.store.get(*id)?;
        let typed = owner.deployment().map(|d| d.replicas).or_else(|| owner.replica_set().map(|r| r.replicas));
        typed.map(i64::from).or_else(|| owner.plain()?.int_at(&["spec", "replicas"]))
    };
    (owners.iter().filter_map(wanted).sum(), unmanaged)
}

/// A pod's controller, or that one's when it is a ReplicaSet of a Deployment.
fn top_owner(ctl: &Ctl, pod: &Object) -> Option<Id> {
    let id = pod.meta.controller()?.id?;
    let above = ctl.api.store.get(id).filter(|o| o.replica_set().is_some()).and_then(|o| o.meta.controller()?.id);
    Some(above.unwrap_or(id))
}

/// Evicted pods that are still there, and when to look again. Source: disruption.go, buildDisruptedPodMap.
fn disrupted(ctl: &Ctl, tree: &Value, pods: &[Rc<Object>]) -> (Map, Option<Span>) {
    let (mut out, mut again) = (Map::new(), None::<Span>);
    for (name, since) in tree.at(&["status", "disruptedPods"]).and_then(Value::as_map).into_iter().flat_map(Map::iter) {
        let there = pods.iter().any(|p| p.meta.name == *name && !p.meta.deleting());
        let at = since.as_str().and_then(|t| ctl.api.calendar.read(t)).unwrap_or_default() + DELETION_TIMEOUT;
        if there && at > ctl.now() {
            out.set(name.clone(), since.clone());
            let wait = at.since(ctl.now());
            again = Some(again.map_or(wait, |a| a.min(wait)));
        }
    }
    (out, again)
}

/// Source: disruption.go, updatePdbStatus; pkg/apis/policy/helper.go, UpdateDisruptionAllowedCondition.
fn write(
    ctl: &mut Ctl,
    budget: &Object,
    tree: &Value,
    [allowed, healthy, desired, expected]: [i64; 4],
    disrupted: Map,
) {
    let generation = budget.meta.generation;
    let (status, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let old = tree.list_at(&["status", "conditions"]).first();
    let same = old.filter(|c| c.str_at(&["status"]) == Some(status)).and_then(|c| c.str_at(&["lastTransitionTime"]));
    let since = same.map_or_else(|| ctl.api.calendar.seconds(ctl.now()), str::to_string);
    let condition = map! {
        "lastTransitionTime" => since, "message" => "", "observedGeneration" => generation, "reason" => reason,
        "status" => status, "type" => "DisruptionAllowed",
    };
    let mut new = map! {
        "conditions" => vec![Value::Map(condition)], "currentHealthy" => healthy, "desiredHealthy" => desired,
        "disruptionsAllowed" => allowed, "expectedPods" => expected, "observedGeneration" => generation,
    };
    if !disrupted.is_empty() {
        new.set("disruptedPods", disrupted);
    }
    let by = ctl.by(counted(healthy, desired, allowed)).reading(budget, "spec");
    ctl.api.update_status(budget.meta.id, by, |o| {
        if let Body::Plain(tree) = &mut o.body {
            Rc::make_mut(tree).set_at(&["status"], new);
        }
    });
}

fn unmanaged_words(selector: &LabelSelector) -> String {
    format!(
        "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the status \
         of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these \
         pods please set \".spec.minAvailable\" field of the PDB to an integer value.",
        selector.dump()
    )
}
