//! One condition of a status, as all kinds have them.

use crate::sim::Time;
use crate::text::Word;

/// True, False or Unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Tri {
    True,
    False,
    #[default]
    Unknown,
}

impl Tri {
    /// As the API writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Tri::True => "True",
            Tri::False => "False",
            Tri::Unknown => "Unknown",
        }
    }
    /// Reads the API's word; anything else is Unknown.
    pub fn read(word: &str) -> Tri {
        match word {
            "True" => Tri::True,
            "False" => Tri::False,
            _ => Tri::Unknown,
        }
    }
}

impl From<bool> for Tri {
    fn from(b: bool) -> Self {
        if b { Tri::True } else { Tri::False }
    }
}

/// A condition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Condition {
    /// `Ready`, `Available` …
    pub kind: Word,
    /// Whether it holds.
    pub status: Tri,
    /// One word why.
    pub reason: Word,
    /// Words why.
    pub message: Word,
    /// `lastTransitionTime`
    pub changed: Time,
    /// `lastUpdateTime` or `lastHeartbeatTime`, for kinds that have one.
    pub updated: Time,
    /// `observedGeneration` of the condition; 0 when there is none.
    pub generation: i64,
}

impl Condition {
    /// A condition that holds since `now`, with `status`.
    pub fn new(
        kind: impl Into<Word>,
        status: impl Into<Tri>,
        reason: impl Into<Word>,
        message: impl Into<Word>,
        now: Time,
    ) -> Self {
        let (kind, status, reason, message) = (kind.into(), status.into(), reason.into(), message.into());
        Condition { kind, status, reason, message, changed: now, updated: now, generation: 0 }
    }
    /// Whether it is True.
    pub fn is_true(&self) -> bool {
        self.status == Tri::True
    }
}

/// Sets a condition in its place or at the end; the transition time moves only when the status does. Tells whether anything
/// but the update time changed.
pub fn set_condition(list: &mut Vec<Condition>, mut new: Condition) -> bool {
    let Some(old) = list.iter_mut().find(|c| c.kind == new.kind) else {
        list.push(new);
        return true;
    };
    if old.status == new.status {
        new.changed = old.changed;
    }
    let differs = (old.status, &old.reason, &old.message) != (new.status, &new.reason, &new.message);
    *old = new;
    differs
}
