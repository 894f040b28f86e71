//! Namespace controller: empties a namespace that is being deleted, pods first, then lets it go.
//! Source: kubernetes v1.37 pkg/controller/namespace/deletion/namespaced_resources_deleter.go.

use super::{Controller, Ctl, Done, On};
use crate::kubernetes::apiserver::DeleteOptions;
use crate::kubernetes::objects::{Id, Kind, Object, plural};
use crate::map;
use crate::reasons;
use crate::sim::Span;
use crate::text::{Map, Value};
use std::rc::Rc;

reasons! { "namespace":
    /// Its namespace is being deleted.
    emptied(namespace),
    /// What is still in the namespace.
    noted(left),
    /// Nothing is in it any more.
    empty(),
}

/// The controller.
pub const CONTROLLER: Controller =
    Controller { name: "namespace-controller", wakes: &[On::Itself(Kind::Namespace)], reconcile, every: None };

/// How long a deletion may take to reach every API server. Source: pkg/controller/namespace/namespace_controller.go,
/// namespaceDeletionGracePeriod.
const SETTLE: Span = Span::secs(5);
/// Guess for objects with finalizers. Source: namespaced_resources_deleter.go, finalizerEstimateSeconds.
const FINALIZERS_TAKE: Span = Span::secs(15);

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(object) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    let (Some(deletion), Some(row)) = (object.meta.deletion, object.namespace()) else { return Done::Settled };
    let age = ctl.now().since(deletion.at);
    if age < SETTLE {
        return Done::Again(SETTLE - age);
    }
    if row.finalizers.is_empty() {
        return Done::Settled;
    }
    let name = object.meta.name.clone();
    let content = |ctl: &Ctl| -> Vec<Rc<Object>> {
        let kinds: Vec<Kind> = ctl.api.store.kinds().filter(|k| ctl.api.kinds.namespaced(*k)).collect();
        kinds.into_iter().flat_map(|k| ctl.api.store.list_in(k, &name).cloned().collect::<Vec<_>>()).collect()
    };
    let there = content(ctl);
    let pods = there.iter().any(|o| o.kind == Kind::Pod);
    for object in there.iter().filter(|o| !o.meta.deleting() && (o.kind == Kind::Pod) == pods) {
        let by = ctl.by(emptied(&name));
        ctl.api.delete(object.meta.id, by, DeleteOptions::default());
    }
    let left: Vec<Rc<Object>> = match pods {
        true => content(ctl).into_iter().filter(|o| o.kind == Kind::Pod).collect(),
        false => content(ctl),
    };
    note(ctl, id, &left);
    if pods || !left.is_empty() {
        // Source: Estimate/2 + 1 s; the longest grace of the pods, or a guess where finalizers hold things.
        let wait = left.iter().map(|o| o.pod().map_or(FINALIZERS_TAKE, |p| p.spec.grace)).max_by_key(|s| s.0);
        return Done::Again(Span(wait.unwrap_or_default().0 / 2) + Span::secs(1));
    }
    let by = ctl.by(empty());
    ctl.api.update(id, by, |o| {
        if let Some(row) = o.namespace_mut() {
            row.finalizers.retain(|f| f != "kubernetes");
        }
    });
    if ctl
        .api
        .store
        .get(id)
        .is_some_and(|o| o.namespace().is_some_and(|n| n.finalizers.is_empty()) && o.meta.finalizers.is_empty())
    {
        let by = ctl.by(empty());
        ctl.api.remove(id, by);
    }
    Done::Settled
}

/// Writes down what is left. Source: pkg/controller/namespace/deletion/status_condition_utils.go.
fn note(ctl: &mut Ctl, id: Id, left: &[Rc<Object>]) {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for object in left {
        let name = plural(ctl.api.kinds.name(object.kind));
        match kinds.iter_mut().find(|(k, _)| *k == name) {
            Some((_, n)) => *n += 1,
            None => kinds.push((name, 1)),
        }
    }
    kinds.sort();
    let instances =
        kinds.iter().map(|(k, n)| format!("{k}. has {n} resource instances")).collect::<Vec<_>>().join(", ");
    let remaining = match left.is_empty() {
        true => ("False", "ContentRemoved", "All content successfully removed".to_string()),
        false => ("True", "SomeResourcesRemain", format!("Some resources are remaining: {instances}")),
    };
    let held: Vec<&str> = left.iter().flat_map(|o| o.meta.finalizers.iter().map(|f| &**f)).collect();
    let finalizers = match held.is_empty() {
        true => ("False", "ContentHasNoFinalizers", "All content-preserving finalizers finished".to_string()),
        false => (
            "True",
            "SomeFinalizersRemain",
            format!("Some content in the namespace has finalizers remaining: {}", counted(&held)),
        ),
    };
    let now = ctl.api.calendar.seconds(ctl.now());
    let fine = |reason: &'static str, words: &str| ("False", reason, words.to_string());
    let conditions = [
        ("NamespaceDeletionDiscoveryFailure", fine("ResourcesDiscovered", "All resources successfully discovered")),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            fine("ParsedGroupVersions", "All legacy kube types successfully parsed"),
        ),
        (
            "NamespaceDeletionContentFailure",
            fine("ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
        ),
        ("NamespaceContentRemaining", remaining),
        ("NamespaceFinalizersRemaining", finalizers),
    ];
    let by = ctl.by(noted(left.len()));
    ctl.api.update_status(id, by, |o| {
        let Some(row) = o.namespace_mut() else { return };
        let list = Rc::make_mut(&mut row.conditions);
        for (kind, (status, reason, message)) in conditions {
            let old = list.iter().position(|c| c.str_at(&["type"]) == Some(kind));
            let same = old.is_some_and(|at| list[at].str_at(&["status"]) == Some(status));
            let since = old
                .filter(|_| same)
                .and_then(|at| list[at].str_at(&["lastTransitionTime"]))
                .unwrap_or(&now)
                .to_string();
            let new = Value::Map(condition(kind, status, reason, message, since));
            match old {
                Some(at) => list[at] = new,
                None => list.push(new),
            }
        }
    });
}

fn condition(kind: &str, status: &str, reason: &str, message: String, since: String) -> Map {
    map! { "lastTransitionTime" => since, "message" => message, "reason" => reason, "status" => status, "type" => kind }
}

fn counted(finalizers: &[&str]) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for f in finalizers {
        match kinds.iter_mut().find(|(k, _)| k == f) {
            Some((_, n)) => *n += 1,
            None => kinds.push((f, 1)),
        }
    }
    kinds.sort_unstable();
    kinds.iter().map(|(k, n)| format!("{k} in {n} resource instances")).collect::<Vec<_>>().join(", ")
}
