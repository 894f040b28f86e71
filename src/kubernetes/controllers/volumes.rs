//! Volumes and claims: which volume a claim gets, and what holds both back. Wakes on: PersistentVolume,
//! PersistentVolumeClaim; Pod, by claim. Writes: both, their status.
//! Source: kubernetes v1.37 pkg/controller/volume/persistentvolume/pv_controller.go, syncUnboundClaim, bind, syncVolume;
//! pkg/controller/volume/{pvcprotection,pvprotection}. Differs: FID-110.

use super::{Controller, Ctl, Done, Every, On, Wakes};
use crate::kubernetes::apiserver::Change;
use crate::kubernetes::objects::parts::{LabelSelector, Quantity};
use crate::kubernetes::objects::{Body, Id, Kind, Object};
use crate::map;
use crate::reasons;
use crate::sim::Span;
use crate::text::Value;
use crate::text::go::quoted;
use std::rc::Rc;

reasons! { "volumes":
    /// A volume fits a claim.
    bound(volume, claim),
    /// The volume's phase changed.
    phase(word),
    /// No pod uses the claim any more, so it may go.
    unprotected(claim),
    /// No claim is bound to the volume any more, so it may go.
    released(volume),
    /// Whether pods use the claim.
    used(claim),
}

/// Finds volumes for claims.
pub const BINDER: Controller = Controller {
    name: "persistentvolume-controller",
    wakes: &[On::Any(on_storage)],
    reconcile: bind,
    every: Some(Every { period: RESYNC, act: look_at_all }),
};

/// Lets deleted claims go once no pod uses them.
pub const PROTECTION: Controller = Controller {
    name: "pvc-protection-controller",
    wakes: &[On::Named(CLAIM), On::Rule(Kind::Pod, on_pod)],
    reconcile: protect,
    every: None,
};

/// Lets deleted volumes go once no claim is bound to them.
pub const VOLUME_PROTECTION: Controller =
    Controller { name: "pv-protection-controller", wakes: &[On::Named(VOLUME)], reconcile: let_volume_go, every: None };

const CLAIM: &str = "PersistentVolumeClaim";
const VOLUME: &str = "PersistentVolume";
/// How long a new claim is not bound yet: a volume and a claim are written twice each. A pod that comes right behind its claim is
/// looked at before. Ours: the least of what was recorded, 52 to 212 ms on a busy machine.
const BINDING: Span = Span::millis(50);
/// How often claims without a volume are tried again. Source: pkg/controller/volume/persistentvolume/config/v1alpha1/defaults.go,
/// PVClaimBinderSyncPeriod.
const RESYNC: Span = Span::secs(15);
/// Source: pkg/volume/util/finalizer.go, PVCProtectionFinalizer.
const PROTECTED: &str = "kubernetes.io/pvc-protection";
/// Source: pkg/volume/util/finalizer.go, PVProtectionFinalizer.
const VOLUME_PROTECTED: &str = "kubernetes.io/pv-protection";
/// Source: component-helpers/storage/volume/pv_helpers.go, AnnBindCompleted, AnnBoundByController.
const COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// See [`COMPLETED`].
const BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

fn is(api: &crate::kubernetes::apiserver::Api, kind: Kind, name: &str) -> bool {
    matches!(kind, Kind::Other(_)) && api.kinds.name(kind) == name
}

fn on_storage(change: &Change, wakes: &mut Wakes) {
    if is(wakes.api, change.kind, CLAIM) {
        match change.before {
            Some(_) => wakes.ids.push(change.id),
            None => wakes.later.push((change.id, BINDING)),
        }
        // The volume of a claim that is gone is free of it.
        if change.after.is_none()
            && let Some(volume) = change.object().and_then(|o| volume_of(wakes.api, o))
        {
            wakes.ids.push(volume.meta.id);
        }
    } else if is(wakes.api, change.kind, VOLUME) {
        wakes.ids.push(change.id);
        // Only the claim that a volume names is looked at; others wait for their turn.
        let named = change.object().and_then(|volume| claim_of(wakes.api, volume));
        let waits = |o: &Rc<Object>| text(o, &["status", "phase"]) != "Bound" || change.after.is_none();
        wakes.ids.extend(named.filter(waits).map(|o| o.meta.id));
    }
}

fn on_pod(change: &Change, wakes: &mut Wakes) {
    let Some(pod) = change.object() else { return };
    let live = |o: &Option<Rc<Object>>| o.as_ref().and_then(|o| o.pod()).map(|p| p.status.phase.ended());
    if live(&change.before) == live(&change.after) {
        return;
    }
    let Some(kind) = wakes.api.kinds.find("v1", CLAIM) else { return };
    for name in claims_of(pod) {
        wakes.ids.extend(wakes.api.store.find(kind, &pod.meta.namespace, &name));
    }
}

fn claims_of(pod: &Object) -> Vec<Rc<str>> {
    let volumes = pod.pod().map(|p| p.spec.volumes.as_slice()).unwrap_or_default();
    volumes.iter().filter(|v| v.kind == *"persistentVolumeClaim").map(|v| v.refers_to.to_rc()).collect()
}

fn text<'a>(object: &'a Object, path: &[&str]) -> &'a str {
    object.plain().and_then(|t| t.str_at(path)).unwrap_or_default()
}

/// The claim that a volume is promised to.
fn claim_of(api: &crate::kubernetes::apiserver::Api, volume: &Object) -> Option<Rc<Object>> {
    let (namespace, name) =
        (text(volume, &["spec", "claimRef", "namespace"]), text(volume, &["spec", "claimRef", "name"]));
    api.store.by_name(api.kinds.find("v1", CLAIM)?, namespace, name).cloned()
}

fn volume_of(api: &crate::kubernetes::apiserver::Api, claim: &Object) -> Option<Rc<Object>> {
    let kind = api.kinds.find("v1", VOLUME)?;
    api.store.by_name(kind, "", text(claim, &["spec", "volumeName"])).cloned()
}

fn look_at_all(ctl: &mut Ctl) {
    let Some(kind) = ctl.api.kinds.find("v1", CLAIM) else { return };
    let pending = |o: &&Rc<Object>| text(o, &["status", "phase"]) != "Bound";
    let all: Vec<Id> = ctl.api.store.list(kind).filter(pending).map(|o| o.meta.id).collect();
    for id in all {
        bind(id, ctl);
    }
}

fn bind(id: Id, ctl: &mut Ctl) -> Done {
    let Some(object) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    if is(ctl.api, object.kind, VOLUME) {
        look_at_volume(&object, ctl);
    } else if !object.meta.deleting() {
        look_at_claim(&object, ctl);
    }
    Done::Settled
}

/// Source: syncVolume.
fn look_at_volume(volume: &Object, ctl: &mut Ctl) {
    let name = text(volume, &["spec", "claimRef", "name"]);
    let claim = claim_of(ctl.api, volume);
    let uid = text(volume, &["spec", "claimRef", "uid"]);
    let same = claim.is_some_and(|c| uid.is_empty() || ctl.api.calendar.uid(c.meta.id) == uid);
    let word = match (name.is_empty(), uid.is_empty(), same) {
        (true, ..) | (_, true, _) => "Available",
        (_, _, true) => "Bound",
        _ => "Released",
    };
    set_phase(volume.meta.id, word, ctl);
}

fn set_phase(volume: Id, word: &'static str, ctl: &mut Ctl) {
    let now = ctl.api.calendar.seconds(ctl.now());
    let by = ctl.by(phase(word));
    ctl.api.update_status(volume, by, |o| {
        if let Body::Plain(tree) = &mut o.body
            && tree.str_at(&["status", "phase"]) != Some(word)
        {
            let tree = Rc::make_mut(tree);
            tree.set_at(&["status", "phase"], word);
            tree.set_at(&["status", "lastPhaseTransitionTime"], now);
        }
    });
}

/// Source: syncUnboundClaim, syncBoundClaim.
fn look_at_claim(claim: &Object, ctl: &mut Ctl) {
    if claim.meta.annotations.get(COMPLETED).is_some() {
        if volume_of(ctl.api, claim).is_none() && text(claim, &["status", "phase"]) != "Lost" {
            set_claim_status(claim.meta.id, "Lost", None, ctl);
            let words = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
            ctl.warn(claim.meta.id, "ClaimLost", words);
        }
        return;
    }
    let named = text(claim, &["spec", "volumeName"]);
    if !named.is_empty() {
        let volume = volume_of(ctl.api, claim);
        match volume.filter(|v| is_free_for(v, claim)) {
            Some(volume) => join(&volume, claim, ctl),
            None => set_claim_status(claim.meta.id, "Pending", None, ctl),
        }
        return;
    }
    if let Some(volume) = best_match(claim, ctl) {
        return join(&volume, claim, ctl);
    }
    let class = text(claim, &["spec", "storageClassName"]).to_string();
    let known = ctl.api.kinds.find("storage.k8s.io/v1", "StorageClass");
    let known = known.and_then(|kind| ctl.api.store.by_name(kind, "", &class)).cloned();
    match known {
        None if class.is_empty() => {
            let words = "no persistent volumes available for this claim and no storage class is set";
            ctl.normal(claim.meta.id, "FailedBinding", words);
        }
        None => {
            let words = format!("storageclass.storage.k8s.io {} not found", quoted(&class));
            ctl.warn(claim.meta.id, "ProvisioningFailed", words);
        }
        Some(class) if text(&class, &["volumeBindingMode"]) == "WaitForFirstConsumer" => {
            let words = "waiting for first consumer to be created before binding";
            ctl.normal(claim.meta.id, "WaitForFirstConsumer", words);
        }
        Some(class) => {
            let provisioner = text(&class, &["provisioner"]);
            let words = format!(
                "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by \
                 the system administrator. If volume creation is delayed, please verify that the provisioner is \
                 running and correctly registered."
            );
            ctl.normal(claim.meta.id, "ExternalProvisioning", words);
        }
    }
}

/// Whether nobody else has, or is promised, a volume.
fn is_free_for(volume: &Object, claim: &Object) -> bool {
    let reference = |key: &str| text(volume, &["spec", "claimRef", key]);
    let promised = reference("name") == &*claim.meta.name && reference("namespace") == &*claim.meta.namespace;
    (reference("name").is_empty() || promised && reference("uid").is_empty()) && !volume.meta.deleting()
}

/// The smallest volume that is enough. Source: component-helpers/storage/volume/pv_helpers.go, FindMatchingVolume.
fn best_match(claim: &Object, ctl: &Ctl) -> Option<Rc<Object>> {
    let kind = ctl.api.kinds.find("v1", VOLUME)?;
    let wish = claim.plain()?;
    let asked = wish.at(&["spec", "resources", "requests", "storage"]).and_then(|v| Quantity::read(v).ok());
    let asked = asked.unwrap_or_default();
    let size = |v: &Rc<Object>| v.plain().and_then(|t| Quantity::read(t.at(&["spec", "capacity", "storage"])?).ok());
    let selector = wish.at(&["spec", "selector"]).filter(|s| !s.is_null()).map(LabelSelector::read);
    let fits = |v: &&Rc<Object>| {
        let Some(tree) = v.plain() else { return false };
        let modes = tree.list_at(&["spec", "accessModes"]);
        let mode = |t: &Value| t.str_at(&["spec", "volumeMode"]).unwrap_or("Filesystem").to_string();
        let class = |t: &Value| t.str_at(&["spec", "storageClassName"]).unwrap_or_default().to_string();
        is_free_for(v, claim)
            && wish.list_at(&["spec", "accessModes"]).iter().all(|m| modes.contains(m))
            && class(tree) == class(wish)
            && mode(tree) == mode(wish)
            && selector.as_ref().is_none_or(|s| s.matches(&v.meta.labels))
            && size(v).is_some_and(|s| !s.compare(&asked).is_lt())
    };
    let promised = |v: &Rc<Object>| text(v, &["spec", "claimRef", "name"]).is_empty();
    let all = ctl.api.store.list(kind).filter(fits);
    all.min_by_key(|v| (promised(v), size(v), v.meta.name.clone())).cloned()
}

/// Four writes, as the real controller makes them. Source: bind.
fn join(volume: &Object, claim: &Object, ctl: &mut Ctl) {
    let why = || bound(&volume.meta.name, &claim.meta.name);
    let reference = map! {
        "apiVersion" => "v1", "kind" => CLAIM, "name" => claim.meta.name.clone(),
        "namespace" => claim.meta.namespace.clone(), "resourceVersion" => claim.meta.version.to_string(),
        "uid" => ctl.api.calendar.uid(claim.meta.id),
    };
    let by = ctl.by(why()).reading(claim, "spec");
    ctl.api.update(volume.meta.id, by, |o| {
        o.meta.annotations.set(BY_CONTROLLER, "yes");
        if let Body::Plain(tree) = &mut o.body {
            Rc::make_mut(tree).set_at(&["spec", "claimRef"], reference);
        }
    });
    set_phase(volume.meta.id, "Bound", ctl);
    let (by, name) = (ctl.by(why()).reading(claim, "spec"), volume.meta.name.clone());
    ctl.api.update(claim.meta.id, by, |o| {
        o.meta.annotations.set(COMPLETED, "yes");
        o.meta.annotations.set(BY_CONTROLLER, "yes");
        if let Body::Plain(tree) = &mut o.body {
            Rc::make_mut(tree).set_at(&["spec", "volumeName"], name);
        }
    });
    set_claim_status(claim.meta.id, "Bound", volume.plain().map(|t| &**t), ctl);
}

fn set_claim_status(claim: Id, word: &'static str, volume: Option<&Value>, ctl: &mut Ctl) {
    let spec = |key: &str| volume.and_then(|v| v.at(&["spec", key])).cloned();
    let (modes, capacity) = (spec("accessModes"), spec("capacity"));
    let by = ctl.by(phase(word));
    ctl.api.update_status(claim, by, |o| {
        if let Body::Plain(tree) = &mut o.body {
            let tree = Rc::make_mut(tree);
            tree.set_at(&["status", "phase"], word);
            if let (Some(modes), Some(capacity)) = (modes, capacity) {
                tree.set_at(&["status", "accessModes"], modes);
                tree.set_at(&["status", "capacity"], capacity);
            }
        }
    });
}

/// Source: pv_protection_controller.go, processPV.
fn let_volume_go(id: Id, ctl: &mut Ctl) -> Done {
    let Some(volume) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    if volume.meta.deleting() && text(&volume, &["status", "phase"]) != "Bound" {
        let by = ctl.by(released(&volume.meta.name));
        ctl.api.update(id, by, |o| o.meta.finalizers.retain(|f| f != VOLUME_PROTECTED));
    }
    Done::Settled
}

/// Source: pvc_protection_controller.go, processPVC.
fn protect(id: Id, ctl: &mut Ctl) -> Done {
    let Some(claim) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    let name = claim.meta.name.clone();
    let uses = |o: &Rc<Object>| {
        let ended = o.pod().is_none_or(|p| p.status.phase.ended());
        !ended && claims_of(o).contains(&name)
    };
    let in_use = ctl.api.store.list_in(Kind::Pod, &claim.meta.namespace).any(uses);
    if claim.meta.deleting() {
        if !in_use {
            let by = ctl.by(unprotected(&name));
            ctl.api.update(id, by, |o| o.meta.finalizers.retain(|f| f != PROTECTED));
        }
        return Done::Settled;
    }
    if text(&claim, &["status", "phase"]) == "Bound" {
        note_use(&claim, in_use, ctl);
    }
    Done::Settled
}

/// Source: pvc_protection_controller.go, updateUnusedCondition.
fn note_use(claim: &Object, in_use: bool, ctl: &mut Ctl) {
    let (word, reason, message) = match in_use {
        true => ("False", "PodUsingPVC", "A pod is currently referencing this PVC"),
        false => ("True", "NoPodsUsingPVC", "No pods are currently referencing this PVC"),
    };
    let now = ctl.api.calendar.seconds(ctl.now());
    let by = ctl.by(used(&claim.meta.name));
    ctl.api.update_status(claim.meta.id, by, |o| {
        let Body::Plain(tree) = &mut o.body else { return };
        let mut all = tree.list_at(&["status", "conditions"]).to_vec();
        let at = all.iter().position(|c| c.str_at(&["type"]) == Some("Unused"));
        if at.is_some_and(|at| all[at].str_at(&["status"]) == Some(word)) {
            return;
        }
        let new = Value::Map(map! {
            "lastProbeTime" => Value::Null, "lastTransitionTime" => now, "message" => message,
            "reason" => reason, "status" => word, "type" => "Unused",
        });
        match at {
            Some(at) => all[at] = new,
            None => all.push(new),
        }
        Rc::make_mut(tree).set_at(&["status", "conditions"], all);
    });
}
