//! Garbage collector: objects go after their owners, or stay without them.
//! Wakes on: everything that owns or is owned. Writes: deletes dependents; owner references and finalizers.
//! Source: kubernetes v1.37 pkg/controller/garbagecollector/{garbagecollector,graph_builder,operations}.go.

use super::{Controller, Ctl, Done, On, Wakes};
use crate::kubernetes::apiserver::{Change, ChangeKind, DeleteOptions, FOREGROUND, ORPHAN, Propagation};
use crate::kubernetes::objects::{Id, Object, OwnerRef};
use crate::reasons;
use std::rc::Rc;

reasons! { "garbage":
    /// Its owner is gone.
    owner_gone(owner),
    /// Its owner waits for it to go.
    owner_waits(owner),
    /// Its owner went and left it behind.
    left_behind(owner),
    /// Everything that it waited for is done.
    may_go(),
}

/// The controller.
pub const CONTROLLER: Controller =
    Controller { name: "generic-garbage-collector", wakes: &[On::Any(on_change)], reconcile, every: None };

fn finalizer(object: &Object, name: &str) -> bool {
    object.meta.finalizers.iter().any(|f| f == name)
}

/// Whether an object waits for its dependents.
fn waits(object: &Object) -> bool {
    object.meta.deleting() && (finalizer(object, FOREGROUND) || finalizer(object, ORPHAN))
}

fn on_change(change: &Change, wakes: &mut Wakes) {
    let Some(object) = change.object() else { return };
    let store = &wakes.api.store;
    match change.what {
        ChangeKind::Deleted => wakes.ids.extend(store.owned_by(change.id).map(|o| o.meta.id)),
        _ if waits(object) => wakes.ids.push(change.id),
        _ => {}
    }
    // An owner that waits looks again when one of its own changes.
    let owners = object.meta.owners.iter().filter_map(|o| o.id);
    wakes.ids.extend(owners.clone().filter(|id| store.get(*id).is_some_and(|o| waits(o))));
    // Owners that never were, or are gone already.
    let new = change.before.as_ref().is_none_or(|b| b.meta.owners != object.meta.owners);
    if change.what != ChangeKind::Deleted
        && new
        && object.meta.owners.iter().any(|o| owner(wakes.api, object, o).is_none())
    {
        wakes.ids.push(change.id);
    }
}

/// The owner behind a reference: in the same namespace, or without one.
fn owner<'a>(
    api: &'a crate::kubernetes::apiserver::Api,
    object: &Object,
    reference: &OwnerRef,
) -> Option<&'a Rc<Object>> {
    let owner = api.store.get(reference.id?)?;
    let reachable = owner.meta.namespace.is_empty() || owner.meta.namespace == object.meta.namespace;
    reachable.then_some(owner)
}

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(object) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    if object.meta.deleting() && finalizer(&object, ORPHAN) {
        leave_behind(ctl, &object);
    } else if object.meta.deleting() && finalizer(&object, FOREGROUND) {
        foreground(ctl, &object);
    } else if !object.meta.deleting() {
        follow(ctl, &object);
    }
    Done::Settled
}

/// Takes itself out of the owners of everything it owns, then goes. Source: processOrphan, orphanDependents.
fn leave_behind(ctl: &mut Ctl, object: &Object) {
    let id = object.meta.id;
    let owned: Vec<Id> = ctl.api.store.owned_by(id).map(|o| o.meta.id).collect();
    for dependent in owned {
        let by = ctl.by(left_behind(&object.meta.name));
        ctl.api.update(dependent, by, |o| o.meta.owners.retain(|r| r.id != Some(id)));
    }
    drop_finalizer(ctl, id, ORPHAN);
}

/// Waits for the dependents that block it; when there are none any more, it goes. Source: processDeletingDependentsItem.
fn foreground(ctl: &mut Ctl, object: &Object) {
    let id = object.meta.id;
    let blocks = |o: &Object| o.meta.owners.iter().any(|r| r.id == Some(id) && r.block_owner_deletion);
    let owned: Vec<Rc<Object>> = ctl.api.store.owned_by(id).cloned().collect();
    if !owned.iter().any(|o| blocks(o)) {
        return drop_finalizer(ctl, id, FOREGROUND);
    }
    for dependent in owned.iter().filter(|o| !o.meta.deleting()) {
        follow(ctl, dependent);
    }
}

fn drop_finalizer(ctl: &mut Ctl, id: Id, name: &str) {
    let by = ctl.by(may_go());
    ctl.api.update(id, by, |o| o.meta.finalizers.retain(|f| f != name));
}

/// Deletes an object whose owners are gone or wait for it, unless another owner stays. Source: attemptToDeleteItem.
fn follow(ctl: &mut Ctl, object: &Object) {
    let (mut solid, mut dangling, mut waiting) = (0, Vec::new(), None);
    for reference in &object.meta.owners {
        match owner(ctl.api, object, reference) {
            None => dangling.push(reference.clone()),
            Some(o) if o.meta.deleting() && finalizer(o, FOREGROUND) => waiting = Some(reference.clone()),
            Some(_) => solid += 1,
        }
    }
    let Some(named) = waiting.clone().or_else(|| dangling.first().cloned()) else { return };
    if solid > 0 {
        let lost: Vec<OwnerRef> = dangling.into_iter().chain(waiting).collect();
        let by = ctl.by(left_behind(&named.name));
        ctl.api.update(object.meta.id, by, |o| o.meta.owners.retain(|r| !lost.contains(r)));
        return;
    }
    let has_dependents = ctl.api.store.owned_by(object.meta.id).next().is_some();
    let propagation = match () {
        () if waiting.is_some() && has_dependents => Propagation::Foreground,
        () if finalizer(object, ORPHAN) => Propagation::Orphan,
        () if finalizer(object, FOREGROUND) => Propagation::Foreground,
        () => Propagation::Background,
    };
    let why = if waiting.is_some() { owner_waits(&named.name) } else { owner_gone(&named.name) };
    let by = ctl.by(why);
    ctl.api.delete(object.meta.id, by, DeleteOptions { propagation, ..DeleteOptions::default() });
}
