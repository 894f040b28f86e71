//! Create, update and delete, as typed rows. Trees (apply, patch) come through `apply.rs` and end here.

use super::{Api, By, Change, ChangeKind};
use crate::journal::{EntryId, Verb};
use crate::kubernetes::objects::{Body, Deletion, Id, Kind, Object};
use crate::sim::Span;
use crate::text::Word;
use std::rc::Rc;

/// A refusal in the server's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// `AlreadyExists`, `NotFound`, `Invalid`, `Forbidden`, `Conflict`, `BadRequest`.
    pub reason: &'static str,
    /// The server's message.
    pub message: String,
}

/// What becomes of the objects that an object owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// They go afterwards.
    #[default]
    Background,
    /// It waits for those that block it.
    Foreground,
    /// They stay, without an owner.
    Orphan,
}

/// How to delete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Grace period instead of the object's own.
    pub grace: Option<Span>,
    /// What becomes of the owned.
    pub propagation: Propagation,
}

/// Finalizer of an object in foreground deletion. Source: kubernetes v1.37 apimachinery/pkg/apis/meta/v1/types.go, FinalizerDeleteDependents.
pub const FOREGROUND: &str = "foregroundDeletion";
/// Finalizer of an object whose owned shall stay. Source: same file, FinalizerOrphanDependents.
pub const ORPHAN: &str = "orphan";

impl Api {
    /// Creates an object that is already admitted and valid. `Err` when the name is taken.
    pub fn create(&mut self, mut object: Object, by: By) -> Result<Rc<Object>, ApiError> {
        let meta = &mut object.meta;
        if self.store.find(object.kind, &meta.namespace, &meta.name).is_some() {
            return Err(self.already_exists(object.kind, &meta.name.clone()));
        }
        if self.is_terminating(&object.meta.namespace) {
            return Err(self.terminating(object.kind, &object.meta.name, &object.meta.namespace));
        }
        let charges = self.charges(&object, None)?;
        self.charge(charges, &object.meta.name.clone(), &by);
        let meta = &mut object.meta;
        // The server writes whole seconds.
        meta.created = self.now.whole_seconds();
        let object = self.store.insert(object);
        let entry = self.note(object.meta.id, Verb::Create, by);
        self.push_change(ChangeKind::Added, None, Some(object.clone()), entry);
        Ok(object)
    }
    /// Changes the wish or the metadata. The generation counts up when the wish changed. Nothing is written when nothing
    /// changed. Tells the entry of the write.
    pub fn update(&mut self, id: Id, by: By, change: impl FnOnce(&mut Object)) -> Option<EntryId> {
        self.write(id, by, Verb::Update, change)
    }
    /// Changes the report. Nothing is written when nothing changed.
    pub fn update_status(&mut self, id: Id, by: By, change: impl FnOnce(&mut Object)) -> Option<EntryId> {
        self.write(id, by, Verb::Status, change)
    }
    fn write(&mut self, id: Id, by: By, verb: Verb, change: impl FnOnce(&mut Object)) -> Option<EntryId> {
        let before = self.store.get(id)?.clone();
        let mut object = (*before).clone();
        change(&mut object);
        if object == *before {
            return None;
        }
        if verb == Verb::Update && wish_differs(&before, &object) {
            object.meta.generation += 1;
        }
        let after = self.store.replace(object)?;
        let entry = self.note(id, verb, by.clone());
        self.push_change(ChangeKind::Modified, Some(before), Some(after.clone()), entry);
        if after.meta.deleting() && after.meta.finalizers.is_empty() && self.may_go(&after) {
            self.remove(id, by);
        }
        Some(entry)
    }
    /// Asks an object to go: at once, or marked when it has finalizers or a grace period.
    /// Source: kubernetes v1.37 apiserver/pkg/registry/generic/registry/store.go, Delete; pkg/registry/core/pod/strategy.go, CheckGracefulDelete.
    pub fn delete(&mut self, id: Id, by: By, options: DeleteOptions) -> bool {
        let Some(object) = self.store.get(id).cloned().filter(|o| self.may_delete(o).is_ok()) else { return false };
        let grace = options.grace.unwrap_or_else(|| default_grace(&object));
        let grace = if graceful(&object) { grace } else { Span::ZERO };
        let waits =
            grace > Span::ZERO || !object.meta.finalizers.is_empty() || options.propagation != Propagation::Background;
        let waits = waits || object.namespace().is_some();
        if !waits {
            return self.remove(id, by).is_some();
        }
        let now = self.now;
        let deletion = Deletion { at: (now + grace).whole_seconds(), grace };
        let shorter = object.meta.deletion.is_none_or(|d| deletion.at < d.at || grace < d.grace);
        let finalizer = match options.propagation {
            Propagation::Background => None,
            Propagation::Foreground => Some(FOREGROUND),
            Propagation::Orphan => Some(ORPHAN),
        };
        self.write(id, by.clone(), Verb::Delete, |o| {
            if shorter {
                if o.meta.deletion.is_none() {
                    o.meta.generation += i64::from(o.meta.generation > 0);
                }
                o.meta.deletion = Some(deletion);
            }
            if let Some(f) = finalizer.filter(|f| !o.meta.finalizers.iter().any(|have| have == f)) {
                o.meta.finalizers.push(Word::Fixed(f));
            }
            if let Body::Namespace(ns) = &mut o.body {
                ns.terminating = true;
            }
        });
        let gone = self.store.get(id).is_none();
        if !gone && grace == Span::ZERO {
            let Some(object) = self.store.get(id).cloned() else { return true };
            if object.meta.finalizers.is_empty() && self.may_go(&object) {
                self.remove(id, by);
            }
        }
        true
    }
    /// Takes an object out of the books at once, whatever it waits for: the last step of a deletion.
    pub fn remove(&mut self, id: Id, by: By) -> Option<EntryId> {
        let before = self.store.remove(id)?;
        let entry = self.note(id, Verb::Remove, by);
        self.push_change(ChangeKind::Deleted, Some(before), None, entry);
        Some(entry)
    }
    /// Whether a deleted object without finalizers may leave now: pods wait for their kubelet, also when they ended
    /// meanwhile; namespaces for their contents. Source: store.go, ShouldDeleteDuringUpdate.
    fn may_go(&self, object: &Object) -> bool {
        let waits_for_kubelet = object.pod().is_some() && object.meta.deletion.is_some_and(|d| d.grace > Span::ZERO);
        let waits_for_contents = object.namespace().is_some_and(|ns| !ns.finalizers.is_empty());
        !waits_for_kubelet && !waits_for_contents
    }
    fn push_change(&mut self, what: ChangeKind, before: Option<Rc<Object>>, after: Option<Rc<Object>>, entry: EntryId) {
        let Some(object) = after.as_ref().or(before.as_ref()) else { return };
        let (id, kind) = (object.meta.id, object.kind);
        if super::admission::Admitted::depends_on(kind, self.kinds.name(kind)) {
            self.admitted.forget();
        }
        self.changes.push(Change { t: self.now, version: self.store.version(), what, id, kind, before, after, entry });
    }
    /// Notes the file an object came from; not a write, since the API does not know files.
    pub(super) fn set_source(&mut self, id: Id, source: Rc<crate::kubernetes::objects::Source>) {
        self.store.set_source(id, source);
    }
    /// Whether a namespace is being deleted.
    pub fn is_terminating(&self, namespace: &str) -> bool {
        !namespace.is_empty()
            && self.store.by_name(Kind::Namespace, "", namespace).is_some_and(|there| there.meta.deleting())
    }
    /// Source: kubernetes v1.37 apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go.
    pub(super) fn terminating(&self, kind: Kind, name: &str, namespace: &str) -> ApiError {
        let resource = self.resource(kind);
        let because = format!("unable to create new content in namespace {namespace} because it is being terminated");
        ApiError { reason: "Forbidden", message: format!("{resource} \"{name}\" is forbidden: {because}") }
    }
    /// `deployments.apps "web" already exists`
    pub fn already_exists(&self, kind: Kind, name: &str) -> ApiError {
        ApiError { reason: "AlreadyExists", message: format!("{} \"{name}\" already exists", self.resource(kind)) }
    }
    /// `deployments.apps "web" not found`
    pub fn not_found(&self, kind: Kind, name: &str) -> ApiError {
        ApiError { reason: "NotFound", message: format!("{} \"{name}\" not found", self.resource(kind)) }
    }
    /// `deployments.apps`, `pods`: the plural with its group.
    pub fn resource(&self, kind: Kind) -> String {
        let group = crate::kubernetes::objects::group_of(self.kinds.api_version(kind));
        let plural = crate::kubernetes::objects::plural(self.kinds.name(kind));
        if group.is_empty() { plural } else { format!("{plural}.{group}") }
    }
}

/// Whether deletion of this object waits for its grace period.
/// A pod without a node or that has ended goes at once.
/// Source: kubernetes v1.37 pkg/registry/core/pod/strategy.go, CheckGracefulDelete.
fn graceful(object: &Object) -> bool {
    object.pod().is_some_and(|p| p.node.is_some() && !p.status.phase.ended())
}

fn default_grace(object: &Object) -> Span {
    object.pod().map_or(Span::ZERO, |p| p.spec.grace)
}

/// Whether the wish of an object differs: that is what counts the generation up.
fn wish_differs(before: &Object, after: &Object) -> bool {
    match (&before.body, &after.body) {
        (Body::Pod(a), Body::Pod(b)) => a.spec != b.spec,
        (Body::Deployment(a), Body::Deployment(b)) => {
            let b = crate::kubernetes::objects::deployment::Deployment { status: a.status.clone(), ..b.clone() };
            *a != b
        }
        (Body::ReplicaSet(a), Body::ReplicaSet(b)) => {
            let b = crate::kubernetes::objects::replica_set::ReplicaSet { status: a.status.clone(), ..b.clone() };
            *a != b
        }
        (Body::Plain(a), Body::Plain(b)) => before.meta.generation > 0 && a.get("spec") != b.get("spec"),
        (Body::EndpointSlice(a), Body::EndpointSlice(b)) => a != b,
        _ => false,
    }
}
