//! A JSON-shaped tree without places: what objects are stored, patched and printed as. Maps keep the order of insertion;
//! printers sort where the real tool sorts. Any room may use it.

use std::rc::Rc;

/// One JSON value. Whole numbers and other numbers are kept apart, as Kubernetes' own reader keeps them.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number written without fraction or exponent that fits 64 bits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Str(Rc<str>),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Map(Map),
}

/// The members of an object, in order of insertion. Look-up is linear: Kubernetes objects are small.
#[derive(Clone, Debug, Default)]
pub struct Map(Vec<(Rc<str>, Value)>);

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl std::hash::Hash for Value {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Value::Null => {}
            Value::Bool(b) => b.hash(state),
            Value::Int(i) => i.hash(state),
            Value::Float(f) => f.to_bits().hash(state),
            Value::Str(s) => s.hash(state),
            Value::List(l) => l.hash(state),
            Value::Map(m) => m.sorted().iter().for_each(|pair| pair.hash(state)),
        }
    }
}

/// Two maps are equal when they hold the same members, in whatever order.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|(k, v)| other.get(k) == Some(v))
    }
}

impl Value {
    /// Text as a value.
    pub fn str(text: impl Into<Rc<str>>) -> Self {
        Value::Str(text.into())
    }
    /// The member `key` of a map; `None` for anything else.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }
    /// Walks members by name: `value.at(&["spec", "replicas"])`.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }
    /// The text at `path`, if there is text.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }
    /// The whole number at `path`, if there is one.
    pub fn int_at(&self, path: &[&str]) -> Option<i64> {
        self.at(path)?.as_int()
    }
    /// The truth value at `path`, if there is one.
    pub fn bool_at(&self, path: &[&str]) -> Option<bool> {
        match self.at(path)? {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }
    /// The items at `path`; empty when there is no list.
    pub fn list_at(&self, path: &[&str]) -> &[Value] {
        self.at(path).and_then(Value::as_list).unwrap_or_default()
    }
    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }
    /// The whole number, if this is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(i) => Some(*i),
            _ => None,
        }
    }
    /// The members, if this is a map.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }
    /// The members, to change, if this is a map.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }
    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(l) => Some(l),
            _ => None,
        }
    }
    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
    /// Turns this into a map if it is not one yet and hands it out, to change.
    pub fn make_map(&mut self) -> &mut Map {
        if !matches!(self, Value::Map(_)) {
            *self = Value::Map(Map::default());
        }
        match self {
            Value::Map(m) => m,
            _ => unreachable!("just made a map"),
        }
    }
    /// Sets a nested member, making the maps on the way.
    pub fn set_at(&mut self, path: &[&str], value: impl Into<Value>) {
        let Some((last, parents)) = path.split_last() else { return };
        let mut here = self;
        for key in parents {
            here = here.make_map().entry(key);
        }
        here.make_map().set(*last, value);
    }
    /// Takes a nested member out; nothing happens where the way does not exist.
    pub fn remove_at(&mut self, path: &[&str]) -> Option<Value> {
        let (last, parents) = path.split_last()?;
        let mut here = self;
        for key in parents {
            here = here.as_map_mut()?.get_mut(key)?;
        }
        here.as_map_mut()?.remove(last)
    }
}

impl Map {
    /// No members.
    pub fn new() -> Self {
        Self::default()
    }
    /// The member named `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(k, _)| &**k == key).map(|(_, v)| v)
    }
    /// The member named `key`, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(k, _)| &**k == key).map(|(_, v)| v)
    }
    /// The member named `key`, made as `null` when it is missing.
    pub fn entry(&mut self, key: &str) -> &mut Value {
        let at = match self.0.iter().position(|(k, _)| &**k == key) {
            Some(at) => at,
            None => {
                self.0.push((key.into(), Value::Null));
                self.0.len() - 1
            }
        };
        &mut self.0[at].1
    }
    /// Sets a member in its place, or adds it at the end.
    pub fn set(&mut self, key: impl AsRef<str> + Into<Rc<str>>, value: impl Into<Value>) {
        match self.get_mut(key.as_ref()) {
            Some(old) => *old = value.into(),
            None => self.0.push((key.into(), value.into())),
        }
    }
    /// Takes a member out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.0.iter().position(|(k, _)| &**k == key)?;
        Some(self.0.remove(at).1)
    }
    /// Whether there is a member named `key`.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }
    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// The members in order of insertion.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Rc<str>, &Value)> {
        self.0.iter().map(|(k, v)| (k, v))
    }
    /// The members in order of insertion, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Rc<str>, &mut Value)> {
        self.0.iter_mut().map(|(k, v)| (&*k, v))
    }
    /// The members by name, as kubectl and Go's JSON print them.
    pub fn sorted(&self) -> Vec<(&Rc<str>, &Value)> {
        let mut all: Vec<_> = self.iter().collect();
        all.sort_by(|a, b| a.0.cmp(b.0));
        all
    }
    /// Keeps the members for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &Value) -> bool) {
        self.0.retain(|(k, v)| keep(k, v));
    }
}

impl FromIterator<(Rc<str>, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Rc<str>, Value)>>(members: I) -> Self {
        Map(members.into_iter().collect())
    }
}

impl IntoIterator for Map {
    type Item = (Rc<str>, Value);
    type IntoIter = std::vec::IntoIter<(Rc<str>, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

macro_rules! value_from {
    ($($from:ty => $make:expr),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(it: $from) -> Self { ($make)(it) }
        }
    )*};
}
value_from! {
    bool => Value::Bool,
    i64 => Value::Int,
    i32 => |i| Value::Int(i64::from(i)),
    u32 => |i| Value::Int(i64::from(i)),
    f64 => Value::Float,
    &str => |s: &str| Value::Str(s.into()),
    String => |s: String| Value::Str(s.into()),
    Rc<str> => Value::Str,
    Map => Value::Map,
    Vec<Value> => Value::List,
}

/// Builds a map: `map! { "name" => "web", "replicas" => 3i64 }`.
#[macro_export]
macro_rules! map {
    ($($key:expr => $value:expr),* $(,)?) => {{
        #[allow(unused_mut)]
        let mut m = $crate::text::Map::new();
        $( m.set($key, $value); )*
        m
    }};
}
