//! The books: every object by number and by name, and who owns whom. Reading never copies; writing is copy on write, so a
//! clone of the store (a checkpoint) costs pointers.

use crate::kubernetes::objects::{Id, Kind, Object};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What stays known of an object after it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameCard {
    /// Kind.
    pub kind: Kind,
    /// Namespace; empty for cluster-wide kinds.
    pub namespace: Rc<str>,
    /// Name.
    pub name: Rc<str>,
}

/// Objects in order of (namespace, name), by kind.
type Names = BTreeMap<(Rc<str>, Rc<str>), Id>;

/// All objects.
#[derive(Clone, Debug, Default)]
pub struct Store {
    slots: Vec<Option<Rc<Object>>>,
    cards: Vec<Rc<NameCard>>,
    names: BTreeMap<Kind, Names>,
    owned: BTreeMap<Id, BTreeSet<Id>>,
    on_node: BTreeMap<Rc<str>, BTreeSet<Id>>,
    version: u64,
}

impl Store {
    /// The object with this number, while it exists.
    pub fn get(&self, id: Id) -> Option<&Rc<Object>> {
        self.slots.get(id.0 as usize)?.as_ref()
    }
    /// Kind and name of an object, even after it is gone.
    pub fn card(&self, id: Id) -> Option<&Rc<NameCard>> {
        self.cards.get(id.0 as usize)
    }
    /// The number of the object of this name.
    pub fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<Id> {
        self.names.get(&kind)?.get(&(Rc::from(namespace), Rc::from(name))).copied()
    }
    /// The object of this name.
    pub fn by_name(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Rc<Object>> {
        self.get(self.find(kind, namespace, name)?)
    }
    /// All objects of a kind, by namespace and name.
    pub fn list(&self, kind: Kind) -> impl Iterator<Item = &Rc<Object>> {
        self.names.get(&kind).into_iter().flat_map(|n| n.values()).filter_map(|id| self.get(*id))
    }
    /// All objects of a kind in a namespace, by name.
    pub fn list_in<'a>(&'a self, kind: Kind, namespace: &'a str) -> impl Iterator<Item = &'a Rc<Object>> {
        let from = (Rc::<str>::from(namespace), Rc::<str>::from(""));
        let range = self.names.get(&kind).into_iter().flat_map(move |n| n.range(from.clone()..));
        range.take_while(move |((ns, _), _)| &**ns == namespace).filter_map(|(_, id)| self.get(*id))
    }
    /// How many objects of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.names.get(&kind).map_or(0, BTreeMap::len)
    }
    /// The kinds of which there are objects.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.names.iter().filter(|(_, n)| !n.is_empty()).map(|(k, _)| *k)
    }
    /// Everything that names `owner` as an owner, by number.
    pub fn owned_by(&self, owner: Id) -> impl Iterator<Item = &Rc<Object>> {
        self.owned.get(&owner).into_iter().flatten().filter_map(|id| self.get(*id))
    }
    /// The pods bound to a node, by number.
    pub fn pods_on(&self, node: &str) -> impl Iterator<Item = &Rc<Object>> {
        self.on_node.get(node).into_iter().flatten().filter_map(|id| self.get(*id))
    }
    /// Every object, by number.
    pub fn all(&self) -> impl Iterator<Item = &Rc<Object>> {
        self.slots.iter().flatten()
    }
    /// Version of the newest write.
    pub fn version(&self) -> u64 {
        self.version
    }
    /// How many numbers were given out: every [`Id`] is below.
    pub fn numbers(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Puts a new object into the books and gives it its number and version.
    pub(super) fn insert(&mut self, mut object: Object) -> Rc<Object> {
        let id = Id(self.slots.len() as u32);
        self.version += 1;
        object.meta.id = id;
        object.meta.version = self.version;
        let meta = &object.meta;
        let card = NameCard { kind: object.kind, namespace: meta.namespace.clone(), name: meta.name.clone() };
        self.names.entry(object.kind).or_default().insert((meta.namespace.clone(), meta.name.clone()), id);
        let object = Rc::new(object);
        self.index(&object, true);
        self.cards.push(Rc::new(card));
        self.slots.push(Some(object.clone()));
        object
    }
    /// Replaces an object by a changed one and gives it a version.
    pub(super) fn replace(&mut self, mut object: Object) -> Option<Rc<Object>> {
        let id = object.meta.id;
        let old = self.get(id)?.clone();
        self.version += 1;
        object.meta.version = self.version;
        let new = Rc::new(object);
        let moved = old.meta.owners != new.meta.owners || old.pod().map(|p| &p.node) != new.pod().map(|p| &p.node);
        if moved {
            self.index(&old, false);
            self.index(&new, true);
        }
        self.slots[id.0 as usize] = Some(new.clone());
        Some(new)
    }
    /// Notes the file an object came from, without a version.
    pub(super) fn set_source(&mut self, id: Id, source: Rc<crate::kubernetes::objects::Source>) {
        if let Some(Some(object)) = self.slots.get_mut(id.0 as usize) {
            Rc::make_mut(object).meta.source = Some(source);
        }
    }
    /// Notes who owns which fields; part of the write before it, so without a version of its own.
    pub(super) fn set_managed(&mut self, id: Id, managed: Rc<Vec<crate::kubernetes::objects::ManagedFields>>) {
        if let Some(Some(object)) = self.slots.get_mut(id.0 as usize) {
            Rc::make_mut(object).meta.managed = Some(managed);
        }
    }
    /// Takes an object out of the books.
    pub(super) fn remove(&mut self, id: Id) -> Option<Rc<Object>> {
        let old = self.slots.get_mut(id.0 as usize)?.take()?;
        self.version += 1;
        if let Some(names) = self.names.get_mut(&old.kind) {
            names.remove(&(old.meta.namespace.clone(), old.meta.name.clone()));
        }
        self.index(&old, false);
        Some(old)
    }
    fn index(&mut self, object: &Object, add: bool) {
        let id = object.meta.id;
        for owner in object.meta.owners.iter().filter_map(|o| o.id) {
            enter(&mut self.owned, owner, id, add);
        }
        if let Some(node) = object.pod().and_then(|p| p.node.as_ref()) {
            enter(&mut self.on_node, node.clone(), id, add);
        }
    }
}

fn enter<K: Ord>(index: &mut BTreeMap<K, BTreeSet<Id>>, key: K, id: Id, add: bool) {
    if add {
        index.entry(key).or_default().insert(id);
        return;
    }
    if let Some(set) = index.get_mut(&key) {
        set.remove(&id);
        if set.is_empty() {
            index.remove(&key);
        }
    }
}
