//! Short text that is mostly constant: a reason, a type, a name. Constants cost no allocation, the rest is shared.

use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

/// Text by reference: either a constant of the program or shared.
#[derive(Clone)]
pub enum Word {
    /// A constant.
    Fixed(&'static str),
    /// Text made at run time.
    Shared(Rc<str>),
}

impl Word {
    /// The empty word.
    pub const EMPTY: Word = Word::Fixed("");
    /// As shared text.
    pub fn to_rc(&self) -> Rc<str> {
        match self {
            Word::Fixed(s) => (*s).into(),
            Word::Shared(s) => s.clone(),
        }
    }
}

impl Default for Word {
    fn default() -> Self {
        Word::EMPTY
    }
}
impl Deref for Word {
    type Target = str;
    fn deref(&self) -> &str {
        match self {
            Word::Fixed(s) => s,
            Word::Shared(s) => s,
        }
    }
}
impl From<&'static str> for Word {
    fn from(s: &'static str) -> Self {
        Word::Fixed(s)
    }
}
impl From<String> for Word {
    fn from(s: String) -> Self {
        Word::Shared(s.into())
    }
}
impl From<Rc<str>> for Word {
    fn from(s: Rc<str>) -> Self {
        Word::Shared(s)
    }
}
impl From<&Rc<str>> for Word {
    fn from(s: &Rc<str>) -> Self {
        Word::Shared(s.clone())
    }
}
impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        &**self == other
    }
}
impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        &**self == *other
    }
}
impl Eq for Word {}
impl PartialOrd for Word {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Word {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (**self).cmp(&**other)
    }
}
impl std::hash::Hash for Word {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}
impl std::borrow::Borrow<str> for Word {
    fn borrow(&self) -> &str {
        self
    }
}
impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}
impl From<Word> for super::Value {
    fn from(w: Word) -> Self {
        super::Value::Str(w.to_rc())
    }
}
impl From<&Word> for super::Value {
    fn from(w: &Word) -> Self {
        super::Value::Str(w.to_rc())
    }
}
