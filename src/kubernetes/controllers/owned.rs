//! What controllers do with the objects they own: adopt, release, make pods of a template, delete them.

use super::Ctl;
use crate::journal::Why;
use crate::kubernetes::apiserver::{ApiError, Change, DeleteOptions};
use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::objects::pod::Pod;
use crate::kubernetes::objects::rules::limits;
use crate::kubernetes::objects::template::Template;
use crate::kubernetes::objects::{Body, Id, Kind, Meta, Object, OwnerRef};
use crate::reasons;
use crate::text::Word;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

reasons! { "owned":
    /// It had no owner and the controller's selector finds it.
    adopted(owner),
    /// The owner's selector no longer finds it.
    released(owner),
}

/// Objects without a managing controller, by kind and namespace: those that a controller may adopt.
#[derive(Clone, Debug, Default)]
pub struct Orphans(BTreeMap<(Kind, Rc<str>), BTreeSet<Id>>);

impl Orphans {
    fn of(&self, kind: Kind, namespace: &Rc<str>) -> Vec<Id> {
        self.0.get(&(kind, namespace.clone())).into_iter().flatten().copied().collect()
    }
}

/// Keeps the list of orphans up to date.
pub fn observe(orphans: &mut Orphans, change: &Change) {
    if !matches!(change.kind, Kind::Pod | Kind::ReplicaSet) {
        return;
    }
    let alone = |o: &Option<Rc<Object>>| o.as_ref().is_some_and(|o| o.meta.controller().is_none());
    let (was, is) = (alone(&change.before), alone(&change.after));
    if was == is {
        return;
    }
    let Some(object) = change.object() else { return };
    let set = orphans.0.entry((change.kind, object.meta.namespace.clone())).or_default();
    if is {
        set.insert(change.id);
    } else {
        set.remove(&change.id);
    }
}

/// The reference to an owner that manages what it owns.
/// Source: kubernetes v1.37 apimachinery/pkg/apis/meta/v1/controller_ref.go, NewControllerRef.
pub fn controller_ref(ctl: &Ctl, owner: &Object) -> OwnerRef {
    OwnerRef {
        api_version: ctl.api.kinds.api_version(owner.kind).to_string().into(),
        kind: ctl.api.kinds.name(owner.kind).to_string().into(),
        name: owner.meta.name.clone(),
        id: Some(owner.meta.id),
        foreign_uid: None,
        controller: true,
        block_owner_deletion: true,
    }
}

/// Adopts the orphans that the selector finds and releases what it no longer finds (unless `trust` says that nothing changed
/// its labels). Tells whether anything was written.
/// Source: kubernetes v1.37 pkg/controller/controller_ref_manager.go, ClaimObject.
pub fn claim(ctl: &mut Ctl, owner: &Object, kind: Kind, selector: &LabelSelector, trust: bool) -> bool {
    let mut wrote = false;
    if !owner.meta.deleting() {
        let found = |ctl: &Ctl, id: &Id| {
            let object = ctl.api.store.get(*id);
            object.is_some_and(|o| {
                !o.meta.deleting() && o.meta.controller().is_none() && selector.matches(&o.meta.labels)
            })
        };
        let orphans = ctl.memory.orphans.of(kind, &owner.meta.namespace);
        for id in orphans.into_iter().filter(|id| found(ctl, id)).collect::<Vec<_>>() {
            let reference = controller_ref(ctl, owner);
            let by = ctl.by(adopted(&owner.meta.name)).reading(owner, "spec.selector");
            wrote |= ctl.api.update(id, by, |o| o.meta.owners.push(reference)).is_some();
        }
    }
    if !trust {
        wrote |= release(ctl, owner, kind, selector);
    }
    wrote
}

fn release(ctl: &mut Ctl, owner: &Object, kind: Kind, selector: &LabelSelector) -> bool {
    let mine = |o: &Object| o.kind == kind && o.meta.controller().and_then(|c| c.id) == Some(owner.meta.id);
    let lost: Vec<Id> = ctl
        .api
        .store
        .owned_by(owner.meta.id)
        .filter(|o| mine(o))
        .map(|o| (o.meta.id, selector.matches(&o.meta.labels)))
        .filter(|(_, found)| !found)
        .map(|(id, _)| id)
        .collect();
    let mut wrote = false;
    for id in lost {
        let by = ctl.by(released(&owner.meta.name)).reading(owner, "spec.selector");
        let owner_id = owner.meta.id;
        wrote |= ctl.api.update(id, by, |o| o.meta.owners.retain(|r| r.id != Some(owner_id))).is_some();
    }
    wrote
}

/// Everything of a kind that `owner` manages.
pub fn managed<'a>(ctl: &'a Ctl, owner: Id, kind: Kind) -> impl Iterator<Item = &'a Rc<Object>> {
    ctl.api
        .store
        .owned_by(owner)
        .filter(move |o| o.kind == kind && o.meta.controller().and_then(|c| c.id) == Some(owner))
}

/// The longest part of a generated name that stays; a random part of five letters follows.
/// Source: kubernetes v1.37 apiserver/pkg/storage/names/generate.go, MaxGeneratedNameLength.
const BASE_MAX: usize = 58;

/// A name no object of this kind has yet: `base` and five random letters.
pub fn generated_name(ctl: &mut Ctl, kind: Kind, namespace: &str, base: &str) -> String {
    let base = base.get(..BASE_MAX.min(base.len())).unwrap_or(base);
    loop {
        let name = format!("{base}{}", ctl.api.chance("names").suffix(5));
        if ctl.api.store.find(kind, namespace, &name).is_none() {
            return name;
        }
    }
}

/// A pod of a template, not yet admitted, with a generated name.
/// Source: kubernetes v1.37 pkg/controller/controller_utils.go, GetPodFromTemplate.
pub fn pod_from_template(ctl: &mut Ctl, template: &Template, owner: &Object) -> Object {
    let prefix = format!("{}-", owner.meta.name);
    let name = generated_name(ctl, Kind::Pod, &owner.meta.namespace, &prefix);
    let mut meta = Meta::named(owner.meta.namespace.clone(), name);
    meta.generate_name = Some(prefix.into());
    meta.labels = template.labels.clone();
    meta.annotations = template.annotations.clone();
    meta.finalizers = template.finalizers.iter().map(Word::from).collect();
    meta.owners = vec![controller_ref(ctl, owner)];
    meta.generation = 1;
    Object { kind: Kind::Pod, meta, body: Body::Pod(Pod { spec: template.spec.clone(), ..Pod::default() }) }
}

/// Admits and creates a pod made from a template.
pub fn create_pod(
    ctl: &mut Ctl,
    mut pod: Object,
    template: &Template,
    why: Why,
    owner: &Object,
    field: &str,
) -> Result<Rc<Object>, ApiError> {
    let namespace = pod.meta.namespace.clone();
    if let Body::Pod(row) = &mut pod.body {
        let admitted = ctl.api.admit_pod(&namespace, &pod.meta.name, template)?;
        row.spec = admitted.spec;
        if let Some(words) = admitted.limited {
            pod.meta.annotations.set(limits::ANNOTATION, words);
        }
    }
    let by = ctl.by(why).reading(owner, field);
    ctl.api.create(pod, by)
}

/// Deletes a pod as a controller does: with the pod's own grace.
pub fn delete_pod(ctl: &mut Ctl, pod: Id, why: Why, owner: &Object, field: &str) {
    let by = ctl.by(why).reading(owner, field);
    ctl.api.delete(pod, by, DeleteOptions::default());
}
