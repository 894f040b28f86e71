//! Ephemeral volumes: the claims that pods ask for inline. Wakes on: Pod, when it is new; PersistentVolumeClaim, when it is gone.
//! Writes: PersistentVolumeClaim. Source: kubernetes v1.37 pkg/controller/volume/ephemeral/controller.go, handleVolume;
//! component-helpers/storage/ephemeral/ephemeral.go.

use super::owned::controller_ref;
use super::{Controller, Ctl, Done, On, Wakes};
use crate::kubernetes::apiserver::{Change, ChangeKind, WriteOptions};
use crate::kubernetes::objects::{Id, Kind, Object};
use crate::map;
use crate::reasons;
use crate::text::Value;
use std::rc::Rc;

reasons! { "ephemeral":
    /// A pod asks for a claim of its own.
    claimed(pod),
}

/// The controller.
pub const CONTROLLER: Controller = Controller {
    name: "ephemeral_volume",
    wakes: &[On::Rule(Kind::Pod, on_pod), On::Any(on_claim)],
    reconcile,
    every: None,
};

const CLAIM: &str = "PersistentVolumeClaim";

fn asks(pod: &Object) -> bool {
    pod.pod().is_some_and(|p| p.spec.volumes.iter().any(|v| v.kind == *"ephemeral"))
}

/// Source: controller.go, enqueuePod: only new pods, their volumes do not change.
fn on_pod(change: &Change, wakes: &mut Wakes) {
    if change.what == ChangeKind::Added && change.after.as_ref().is_some_and(|p| asks(p)) {
        wakes.ids.push(change.id);
    }
}

/// Source: controller.go, onPVCDelete.
fn on_claim(change: &Change, wakes: &mut Wakes) {
    if change.what != ChangeKind::Deleted
        || !matches!(change.kind, Kind::Other(_))
        || wakes.api.kinds.name(change.kind) != CLAIM
    {
        return;
    }
    let Some(claim) = change.object() else { return };
    let named = |p: &&Rc<Object>| {
        asks(p) && claim.meta.name.strip_prefix(&*p.meta.name).is_some_and(|rest| rest.starts_with('-'))
    };
    let pods = wakes.api.store.list_in(Kind::Pod, &claim.meta.namespace).filter(named);
    wakes.ids = pods.map(|p| p.meta.id).collect();
}

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(pod) = ctl.api.store.get(id).cloned().filter(|p| !p.meta.deleting()) else { return Done::Settled };
    let tree = ctl.api.tree(&pod);
    for volume in tree.list_at(&["spec", "volumes"]) {
        let Some(template) = volume.at(&["ephemeral", "volumeClaimTemplate"]) else { continue };
        let volume = volume.str_at(&["name"]).unwrap_or_default();
        if let Err(words) = make(ctl, &pod, volume, template) {
            ctl.warn(id, "FailedBinding", format!("ephemeral volume {volume}: {words}"));
            return Done::Retry;
        }
    }
    Done::Settled
}

/// Makes the claim of a volume unless it is there; one of that name that belongs to something else is in the way.
fn make(ctl: &mut Ctl, pod: &Object, volume: &str, template: &Value) -> Result<(), String> {
    let (namespace, owner) = (&pod.meta.namespace, &pod.meta.name);
    let name = format!("{owner}-{volume}");
    let kind = ctl.api.kinds.enter("v1", CLAIM, true);
    if let Some(there) = ctl.api.store.by_name(kind, namespace, &name) {
        let ours = there.meta.controller().is_some_and(|c| c.id == Some(pod.meta.id));
        let words = format!("PVC {namespace}/{name} was not created for pod {namespace}/{owner} (pod is not owner)");
        return if ours { Ok(()) } else { Err(words) };
    }
    let mut metadata = map! { "name" => name.as_str(), "namespace" => namespace.clone() };
    for key in ["annotations", "labels"] {
        if let Some(pairs) = template.at(&["metadata", key]) {
            metadata.set(key, pairs.clone());
        }
    }
    let reference = controller_ref(ctl, pod);
    let owner = map! {
        "apiVersion" => "v1", "kind" => "Pod", "name" => reference.name.clone(),
        "uid" => ctl.api.calendar.uid(pod.meta.id), "controller" => true, "blockOwnerDeletion" => true,
    };
    metadata.set("ownerReferences", vec![Value::Map(owner)]);
    let spec = template.get("spec").cloned().unwrap_or_default();
    let tree = map! { "apiVersion" => "v1", "kind" => CLAIM, "metadata" => metadata, "spec" => spec };
    let by = ctl.by(claimed(&pod.meta.name)).reading(pod, "spec.volumes");
    let made = ctl.api.create_tree(Value::Map(tree), by, &WriteOptions::default());
    made.map(drop).map_err(|error| format!("create PVC {name}: {}", error.message))
}
