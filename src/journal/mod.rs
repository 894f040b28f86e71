//! What happened and why. Every write of an actor or a person leaves one [`Entry`] that names its cause, so that any state
//! can be walked back to a line of a file, a person or a fault. A reason is a key and its arguments, never prose: the page
//! speaks it in any language from `static/locales/<lang>/why.txt`.

mod reasons;

use crate::sim::Time;
use crate::text::{Pos, Word};
use std::rc::Rc;

/// Number of an entry; entries are never removed within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u32);

/// A declared reason: `room.name` and the names of its arguments. Made by [`reasons!`](crate::reasons).
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// Key of the sentence in the catalogues.
    pub key: &'static str,
    /// Names of the arguments, in order.
    pub args: &'static [&'static str],
    /// Whether a person should be warned.
    pub warning: bool,
}

/// One argument of a reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Arg {
    /// A count, a number of seconds, milli-CPU …: the reason's name says what.
    Number(i64),
    /// A name or quoted text.
    Word(Word),
}

/// A reason with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Why {
    /// Which reason.
    pub reason: &'static Reason,
    /// Its arguments, as many as the reason names.
    pub args: Rc<[Arg]>,
}

/// What was done to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// It came to be.
    Create,
    /// Its wish changed (spec or metadata).
    Update,
    /// Its report changed (status).
    Status,
    /// It was asked to go.
    Delete,
    /// It is gone.
    Remove,
    /// Something was decided about it and nothing written (a failed scheduling attempt, a refused command).
    Note,
}

impl Verb {
    /// The word in a trace.
    pub const fn word(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Status => "status",
            Verb::Delete => "delete",
            Verb::Remove => "remove",
            Verb::Note => "note",
        }
    }
}

/// A place in a person's file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// File name.
    pub file: Rc<str>,
    /// Where in it.
    pub pos: Pos,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// When.
    pub t: Time,
    /// What led to it; `None` for a person's act and for what was there from the start.
    pub cause: Option<EntryId>,
    /// Who acted, by the component's own name.
    pub actor: &'static str,
    /// What was done.
    pub verb: Verb,
    /// Number of the object in the world's books; names outlive the object there.
    pub object: u32,
    /// Why.
    pub why: Why,
    /// The line it goes back to, where the rule read a person's field.
    pub origin: Option<Rc<Origin>>,
}

/// How many entries share one block. Ours: a clone of the journal costs one pointer a block.
const BLOCK: usize = 1024;

/// All entries of a run, in order. Cheap to clone: full blocks are shared.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    full: Vec<Rc<Vec<Entry>>>,
    open: Vec<Entry>,
}

impl Journal {
    /// Adds an entry and names it.
    pub fn push(&mut self, entry: Entry) -> EntryId {
        let id = EntryId(self.len() as u32);
        self.open.push(entry);
        if self.open.len() == BLOCK {
            self.full.push(Rc::new(std::mem::take(&mut self.open)));
        }
        id
    }
    /// The entry with this number.
    pub fn get(&self, id: EntryId) -> Option<&Entry> {
        let at = id.0 as usize;
        match self.full.get(at / BLOCK) {
            Some(block) => block.get(at % BLOCK),
            None => self.open.get(at - self.full.len() * BLOCK),
        }
    }
    /// How many there are.
    pub fn len(&self) -> usize {
        self.full.len() * BLOCK + self.open.len()
    }
    /// Whether nothing has happened yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The entries from number `first` on.
    pub fn since(&self, first: u32) -> impl Iterator<Item = (EntryId, &Entry)> {
        (first..self.len() as u32).filter_map(|i| self.get(EntryId(i)).map(|e| (EntryId(i), e)))
    }
    /// The entry and what led to it, newest first.
    pub fn chain(&self, from: EntryId) -> Vec<EntryId> {
        let mut out = Vec::new();
        let mut next = Some(from);
        while let Some(id) = next {
            let Some(entry) = self.get(id) else { break };
            out.push(id);
            // A cause is always older; anything else would be a fault of an actor, and must not hang the reader.
            next = entry.cause.filter(|c| c.0 < id.0);
        }
        out
    }
    /// The newest entry about an object before number `before`.
    pub fn newest_about(&self, object: u32, before: u32) -> Option<EntryId> {
        let mut newest_first = (0..before.min(self.len() as u32)).rev().map(EntryId);
        newest_first.find(|id| self.get(*id).is_some_and(|e| e.object == object))
    }
    /// Number of the first entry after `t`.
    pub fn first_after(&self, t: Time) -> u32 {
        let (mut low, mut high) = (0, self.len() as u32);
        while low < high {
            let mid = low + (high - low) / 2;
            match self.get(EntryId(mid)) {
                Some(e) if e.t <= t => low = mid + 1,
                _ => high = mid,
            }
        }
        low
    }
}

macro_rules! arg_from {
    ($($from:ty => $make:expr),* $(,)?) => {$(
        impl From<$from> for Arg {
            fn from(it: $from) -> Self { ($make)(it) }
        }
    )*};
}
arg_from! {
    i64 => Arg::Number,
    i32 => |n| Arg::Number(i64::from(n)),
    u32 => |n| Arg::Number(i64::from(n)),
    u64 => |n| Arg::Number(n as i64),
    usize => |n| Arg::Number(n as i64),
    Word => Arg::Word,
    &'static str => |w| Arg::Word(Word::Fixed(w)),
    String => |w: String| Arg::Word(w.into()),
    Rc<str> => |w| Arg::Word(Word::Shared(w)),
    &Rc<str> => |w: &Rc<str>| Arg::Word(w.into()),
    &Word => |w: &Word| Arg::Word(w.clone()),
}

impl std::fmt::Display for Arg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Arg::Number(n) => n.fmt(f),
            Arg::Word(w) => w.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::reasons! { "test":
        /// One more.
        more(n),
        /// Bad.
        warning bad(),
    }

    fn entry(t: u64, cause: Option<u32>, object: u32) -> Entry {
        let why = if object == 0 { bad() } else { more(object) };
        Entry { t: Time(t), cause: cause.map(EntryId), actor: "test", verb: Verb::Note, object, why, origin: None }
    }

    #[test]
    fn chains_end_at_the_first_cause_and_blocks_do_not_matter() {
        let mut journal = Journal::default();
        for i in 0..3000u32 {
            journal.push(entry(u64::from(i / 2), i.checked_sub(1500), i % 7));
        }
        assert_eq!(journal.chain(EntryId(2999)), [EntryId(2999), EntryId(1499)]);
        assert_eq!(journal.first_after(Time(700)), 1402);
        assert_eq!(journal.newest_about(3, 3000).and_then(|id| journal.get(id)).map(|e| e.object), Some(3));
        assert_eq!((REASONS[0].key, REASONS[1].warning), ("test.more", true));
    }
}
