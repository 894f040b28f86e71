//! What every object carries: names, labels, owners, versions, and where a person wrote it.

use crate::journal::Origin;
use crate::sim::{Span, Time};
use crate::text::{Node, Word, steps};
use std::rc::Rc;

/// Number of an object in the books of one run. Never reused, so it stays true in old journal entries; it is also the
/// object's identity that owner references hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u32);

/// Labels or annotations, sorted by key. Pods of one template share them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Labels(Rc<Vec<(Rc<str>, Rc<str>)>>);

impl Labels {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Rc<str>> {
        self.0.binary_search_by(|(k, _)| (**k).cmp(key)).ok().map(|at| &self.0[at].1)
    }
    /// Sets a key.
    pub fn set(&mut self, key: impl AsRef<str> + Into<Rc<str>>, value: impl Into<Rc<str>>) {
        let list = Rc::make_mut(&mut self.0);
        match list.binary_search_by(|(k, _)| (**k).cmp(key.as_ref())) {
            Ok(at) => list[at].1 = value.into(),
            Err(at) => list.insert(at, (key.into(), value.into())),
        }
    }
    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> bool {
        match self.0.binary_search_by(|(k, _)| (**k).cmp(key)) {
            Ok(at) => {
                Rc::make_mut(&mut self.0).remove(at);
                true
            }
            Err(_) => false,
        }
    }
    /// All pairs, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&Rc<str>, &Rc<str>)> {
        self.0.iter().map(|(k, v)| (k, v))
    }
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Whether both are the very same shared list (cheap test before comparing).
    pub fn same(&self, other: &Labels) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<K: Into<Rc<str>>, V: Into<Rc<str>>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut list: Vec<(Rc<str>, Rc<str>)> = pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        list.sort_by(|a, b| a.0.cmp(&b.0));
        list.dedup_by(|a, b| a.0 == b.0);
        Labels(Rc::new(list))
    }
}

/// Who an object belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnerRef {
    /// `apps/v1`
    pub api_version: Word,
    /// `ReplicaSet`
    pub kind: Word,
    /// Its name.
    pub name: Rc<str>,
    /// Its identity; `None` when a person wrote a uid that no object has.
    pub id: Option<Id>,
    /// The uid as a person wrote it, when it names no object here.
    pub foreign_uid: Option<Rc<str>>,
    /// Whether it is the managing controller.
    pub controller: bool,
    /// Whether foreground deletion of the owner waits for this object.
    pub block_owner_deletion: bool,
}

/// A deletion under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deletion {
    /// `deletionTimestamp`: when the grace period ends.
    pub at: Time,
    /// `deletionGracePeriodSeconds`.
    pub grace: Span,
}

/// The text an object was made from.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// File name.
    pub file: Rc<str>,
    /// The document, with places.
    pub document: Node,
}

/// One entry of `managedFields`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ManagedFields {
    /// Field manager.
    pub manager: Rc<str>,
    /// `Apply` or `Update`.
    pub operation: Word,
    /// When it last wrote.
    pub time: Time,
    /// `status` or empty.
    pub subresource: Word,
    /// Version its fields are in.
    pub api_version: Rc<str>,
    /// The fields it owns.
    pub fields: Rc<super::field_set::FieldSet>,
}

/// `metadata`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    /// Number in the books; also stands for the uid.
    pub id: Id,
    /// Name.
    pub name: Rc<str>,
    /// Namespace; empty for cluster-wide kinds.
    pub namespace: Rc<str>,
    /// `generateName`, when the name was made from it.
    pub generate_name: Option<Rc<str>>,
    /// Labels.
    pub labels: Labels,
    /// Annotations.
    pub annotations: Labels,
    /// Owners.
    pub owners: Vec<OwnerRef>,
    /// Finalizers.
    pub finalizers: Vec<Word>,
    /// Version of the store at the last write.
    pub version: u64,
    /// Counts changes of the wish.
    pub generation: i64,
    /// When it was made.
    pub created: Time,
    /// Set while it is being deleted.
    pub deletion: Option<Deletion>,
    /// Who owns which fields (server-side apply).
    pub managed: Option<Rc<Vec<ManagedFields>>>,
    /// The file it came from, when a person wrote it.
    pub source: Option<Rc<Source>>,
}

impl Meta {
    /// A fresh one, before the store gives it a number.
    pub fn named(namespace: impl Into<Rc<str>>, name: impl Into<Rc<str>>) -> Self {
        Meta { namespace: namespace.into(), name: name.into(), ..Meta::default() }
    }
    /// The managing controller.
    pub fn controller(&self) -> Option<&OwnerRef> {
        self.owners.iter().find(|o| o.controller)
    }
    /// Whether it is being deleted.
    pub fn deleting(&self) -> bool {
        self.deletion.is_some()
    }
    /// The line of a field (`spec.replicas`) in the file it came from.
    pub fn origin(&self, field: &str) -> Option<Rc<Origin>> {
        let source = self.source.as_ref()?;
        Some(Rc::new(Origin { file: source.file.clone(), pos: source.document.place(&steps(field)) }))
    }
}
