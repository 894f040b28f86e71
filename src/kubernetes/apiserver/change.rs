//! Writes as watchers see them.

use crate::journal::{EntryId, Origin, Why};
use crate::kubernetes::objects::{Id, Kind, Object};
use crate::sim::Time;
use std::rc::Rc;

/// Who writes, why, and what led to it.
#[derive(Clone, Debug)]
pub struct By {
    /// The component's own name, `you` for a person.
    pub actor: &'static str,
    /// The reason.
    pub why: Why,
    /// What led to it; the newest entry about the object when there is none.
    pub cause: Option<EntryId>,
    /// The line of a person's file that the rule read.
    pub origin: Option<Rc<Origin>>,
}

/// `ADDED`, `MODIFIED`, `DELETED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

/// One write.
#[derive(Clone, Debug)]
pub struct Change {
    /// When.
    pub t: Time,
    /// Store version of the write.
    pub version: u64,
    /// What kind of write.
    pub what: ChangeKind,
    /// The object's number.
    pub id: Id,
    /// The object's kind.
    pub kind: Kind,
    /// Before the write; `None` when it was added.
    pub before: Option<Rc<Object>>,
    /// After the write; `None` when it is gone.
    pub after: Option<Rc<Object>>,
    /// The journal entry of the write.
    pub entry: EntryId,
}

impl Change {
    /// The object as it is, or as it was last.
    pub fn object(&self) -> Option<&Rc<Object>> {
        self.after.as_ref().or(self.before.as_ref())
    }
}
