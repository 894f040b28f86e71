//! ControllerRevisions: the templates that StatefulSets and DaemonSets had.
//! Source: kubernetes v1.37 pkg/controller/history/controller_history.go.

use super::Ctl;
use super::owned::{controller_ref, managed};
use crate::kubernetes::apiserver::DeleteOptions;
use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::objects::parts::template_hash::{revision_data, revision_name};
use crate::kubernetes::objects::template::Template;
use crate::kubernetes::objects::{Body, Id, Kind, Labels, Meta, Object};
use crate::map;
use crate::reasons;
use crate::text::{Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;

reasons! { "revisions":
    /// The template is new, or is used again.
    noted(revision),
    /// More old templates than the history keeps.
    forgotten(limit),
    /// A revision without an owner fits this one.
    adopted(owner),
}

/// A revision as it was read.
#[derive(Clone, Debug)]
pub struct Revision {
    pub object: Rc<Object>,
    pub name: Rc<str>,
    pub number: i64,
    data: String,
}

fn kind(ctl: &mut Ctl) -> Kind {
    ctl.api.kinds.enter("apps/v1", "ControllerRevision", true)
}

fn text(data: &Value) -> String {
    json::write(data, json::Style::COMPACT)
}

/// All revisions of an owner, by number, then age, then name. Source: byRevision.
pub fn list(ctl: &mut Ctl, owner: Id) -> Vec<Revision> {
    let kind = kind(ctl);
    let read = |o: &Rc<Object>| {
        let tree = o.plain()?;
        Some(Revision {
            object: o.clone(),
            name: o.meta.name.clone(),
            number: tree.int_at(&["revision"]).unwrap_or(0),
            data: tree.get("data").map(text).unwrap_or_default(),
        })
    };
    let mut all: Vec<Revision> = managed(ctl, owner, kind).filter_map(read).collect();
    all.sort_by_key(|r| (r.number, r.object.meta.created, r.name.clone()));
    all
}

/// Takes over the revisions of a set that was deleted and left them. Source: stateful_set.go, adoptOrphanRevisions.
pub fn adopt(ctl: &mut Ctl, owner: &Object, selector: &LabelSelector) {
    if owner.meta.deleting() {
        return;
    }
    let kind = kind(ctl);
    let alone =
        |o: &&Rc<Object>| o.meta.controller().is_none() && !o.meta.deleting() && selector.matches(&o.meta.labels);
    let orphans: Vec<Id> =
        ctl.api.store.list_in(kind, &owner.meta.namespace).filter(alone).map(|o| o.meta.id).collect();
    for id in orphans {
        let reference = controller_ref(ctl, owner);
        let by = ctl.by(adopted(&owner.meta.name)).reading(owner, "spec.selector");
        ctl.api.update(id, by, |o| o.meta.owners.push(reference));
    }
}

/// The revision of a template: an equal one, numbered anew if it is not the newest, or a new one.
/// Source: pkg/controller/statefulset/stateful_set_control.go, getStatefulSetRevisions.
pub fn current(
    ctl: &mut Ctl,
    owner: &Object,
    all: &[Revision],
    template: &Value,
    hash: (&str, &str),
    labels: &Labels,
) -> Revision {
    let (label, hash) = hash;
    let data = json::parse(&revision_data(template)).unwrap_or_default();
    let wanted = text(&data);
    let next = all.last().map_or(1, |r| r.number + 1);
    if let Some(found) = all.iter().rev().find(|r| r.data == wanted) {
        let mut found = found.clone();
        if found.number + 1 != next {
            let by = ctl.by(noted(next)).reading(owner, "spec.template");
            ctl.api.update(found.object.meta.id, by, |o| {
                if let Body::Plain(tree) = &mut o.body {
                    Rc::make_mut(tree).set_at(&["revision"], next);
                }
            });
            found.number = next;
        }
        return found;
    }
    let name: Rc<str> = revision_name(&owner.meta.name, hash).into();
    let mut meta = Meta::named(owner.meta.namespace.clone(), name.clone());
    meta.labels = labels.clone();
    meta.labels.set(label, hash);
    meta.annotations = owner.meta.annotations.clone();
    meta.owners = vec![controller_ref(ctl, owner)];
    let body = Body::Plain(Rc::new(Value::Map(map! { "data" => data, "revision" => next })));
    let object = Object { kind: kind(ctl), meta, body };
    let by = ctl.by(noted(next)).reading(owner, "spec.template");
    let made = ctl.api.create(object.clone(), by).unwrap_or_else(|_| Rc::new(object));
    Revision { object: made, name, number: next, data: wanted }
}

/// The template that a revision keeps, as a tree.
pub fn template(revision: &Revision) -> Value {
    let mut tree =
        revision.object.plain().and_then(|t| t.at(&["data", "spec", "template"])).cloned().unwrap_or_default();
    tree.remove_at(&["$patch"]);
    tree
}

/// Forgets the oldest revisions that nothing uses and that are more than the limit.
pub fn forget(ctl: &mut Ctl, all: &[Revision], used: &[&str], limit: i64) {
    let unused: Vec<&Revision> = all.iter().filter(|r| !used.contains(&&*r.name)).collect();
    let surplus = unused.len().saturating_sub(limit.max(0) as usize);
    for revision in unused.into_iter().take(surplus) {
        let by = ctl.by(forgotten(limit));
        ctl.api.delete(revision.object.meta.id, by, DeleteOptions::default());
    }
}

/// Templates read from trees, so that pods of one revision share their wish.
#[derive(Clone, Debug, Default)]
pub struct Templates(BTreeMap<Id, (Value, Rc<Template>)>);

impl Templates {
    /// The template of a tree; `key` is the object that it stands in.
    pub fn of(&mut self, key: Id, tree: &Value) -> Rc<Template> {
        if let Some((known, template)) = self.0.get(&key)
            && known == tree
        {
            return template.clone();
        }
        let template = Rc::new(Template::read(tree));
        self.0.insert(key, (tree.clone(), template.clone()));
        template
    }
}
