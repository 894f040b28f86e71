//! The tree that compose files are read into, merged and turned about in. Every node knows its place, so that a problem
//! and a class can name a line even after several files were merged.

use crate::text::{Map, Pos, Value, go, number};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Where a node was written: for a member the place of its key, for an item its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file; empty for what the reader itself added.
    pub file: Rc<str>,
    /// Line and column.
    pub pos: Pos,
}

/// One node. Two trees are equal when their data are, wherever they stand.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Where it stands.
    pub place: Place,
    /// What it holds.
    pub data: Data,
}

/// What a node holds. Members are kept by name: the real tool's maps have no order of their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Data {
    /// `null`
    #[default]
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number beyond `i64`.
    Big(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    Str(Rc<str>),
    /// A list.
    List(Vec<Tree>),
    /// A map.
    Map(Members),
}

/// The members of a map.
pub type Members = BTreeMap<Rc<str>, Tree>;

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}

impl From<Data> for Tree {
    fn from(data: Data) -> Self {
        Tree { place: Place::default(), data }
    }
}
impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Data::Str(text.into()).into()
    }
}
impl From<String> for Tree {
    fn from(text: String) -> Self {
        Data::Str(text.into()).into()
    }
}
impl From<Rc<str>> for Tree {
    fn from(text: Rc<str>) -> Self {
        Data::Str(text).into()
    }
}
impl From<bool> for Tree {
    fn from(yes: bool) -> Self {
        Data::Bool(yes).into()
    }
}
impl From<i64> for Tree {
    fn from(number: i64) -> Self {
        Data::Int(number).into()
    }
}
impl From<Vec<Tree>> for Tree {
    fn from(items: Vec<Tree>) -> Self {
        Data::List(items).into()
    }
}
impl From<Members> for Tree {
    fn from(members: Members) -> Self {
        Data::Map(members).into()
    }
}

/// A map of constants: `members([("source", "a".into())])`.
pub fn members<const N: usize>(pairs: [(&str, Tree); N]) -> Members {
    pairs.into_iter().map(|(key, value)| (key.into(), value)).collect()
}

impl Tree {
    /// The same data at another place, deep down where nothing is known yet.
    pub fn at_place(mut self, place: &Place) -> Self {
        self.settle(place);
        self
    }

    fn settle(&mut self, place: &Place) {
        if self.place.file.is_empty() {
            self.place = place.clone();
        }
        match &mut self.data {
            Data::List(items) => items.iter_mut().for_each(|item| item.settle(place)),
            Data::Map(members) => members.values_mut().for_each(|member| member.settle(place)),
            _ => {}
        }
    }

    /// The member `key` of a map; `None` for anything else.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.as_map()?.get(key)
    }

    /// Walks members by name: `tree.at(&["deploy", "replicas"])`.
    pub fn at(&self, path: &[&str]) -> Option<&Tree> {
        path.iter().try_fold(self, |tree, key| tree.get(key))
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
        match self.at(path)?.data {
            Data::Bool(yes) => Some(yes),
            _ => None,
        }
    }

    /// The items at `path`; empty when there is no list.
    pub fn list_at(&self, path: &[&str]) -> &[Tree] {
        self.at(path).and_then(Tree::as_list).unwrap_or_default()
    }

    /// The members at `path`, by name; none when there is no map.
    pub fn members_at(&self, path: &[&str]) -> impl Iterator<Item = (&Rc<str>, &Tree)> {
        self.at(path).and_then(Tree::as_map).into_iter().flatten()
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if this is one.
    pub fn as_int(&self) -> Option<i64> {
        match self.data {
            Data::Int(number) => Some(number),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Tree]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// The members, if this is a map.
    pub fn as_map(&self) -> Option<&Members> {
        match &self.data {
            Data::Map(members) => Some(members),
            _ => None,
        }
    }

    /// The members, to change, if this is a map.
    pub fn as_map_mut(&mut self) -> Option<&mut Members> {
        match &mut self.data {
            Data::Map(members) => Some(members),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        self.data == Data::Null
    }

    /// What the real tool's language calls the type.
    pub fn go_type(&self) -> &'static str {
        match self.data {
            Data::Null => "<nil>",
            Data::Bool(_) => "bool",
            Data::Int(_) => "int",
            Data::Big(_) => "uint64",
            Data::Float(_) => "float64",
            Data::Str(_) => "string",
            Data::List(_) => "[]interface {}",
            Data::Map(_) => "map[string]interface {}",
        }
    }

    /// The value as that language prints it with `%v`.
    pub fn go_text(&self) -> String {
        match &self.data {
            Data::Null => "<nil>".into(),
            Data::Bool(yes) => yes.to_string(),
            Data::Int(number) => number.to_string(),
            Data::Big(number) => number.to_string(),
            Data::Float(number) => number::go_g(*number),
            Data::Str(text) => text.to_string(),
            Data::List(items) => format!("[{}]", items.iter().map(Tree::go_text).collect::<Vec<_>>().join(" ")),
            Data::Map(members) => {
                let pairs: Vec<String> =
                    members.iter().map(|(key, value)| format!("{key}:{}", value.go_text())).collect();
                format!("map[{}]", pairs.join(" "))
            }
        }
    }

    /// The value as that language prints it with `%s` or `%d`: what does not fit the verb says so. Source: Go fmt, badVerb.
    pub fn go_verb(&self, verb: char) -> String {
        match &self.data {
            Data::Str(_) if verb == 's' => self.go_text(),
            Data::Int(_) | Data::Big(_) if verb == 'd' => self.go_text(),
            Data::Null => format!("%!{verb}(<nil>)"),
            Data::List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.go_verb(verb)).collect();
                format!("[{}]", items.join(" "))
            }
            Data::Map(members) => {
                let pair = |(key, value): (&Rc<str>, &Tree)| format!("{key}:{}", value.go_verb(verb));
                format!("map[{}]", members.iter().map(pair).collect::<Vec<_>>().join(" "))
            }
            _ => format!("%!{verb}({}={})", self.go_type(), self.go_text()),
        }
    }

    /// The value as that language prints it with `%#v`.
    pub fn go_syntax(&self) -> String {
        match &self.data {
            Data::Null => "interface {}(nil)".into(),
            Data::Str(text) => go::quoted(text),
            Data::List(items) => {
                let items: Vec<String> = items.iter().map(Tree::go_syntax).collect();
                format!("[]interface {{}}{{{}}}", items.join(", "))
            }
            Data::Map(members) => {
                let pair = |(key, value): (&Rc<str>, &Tree)| format!("{}:{}", go::quoted(key), value.go_syntax());
                let pairs: Vec<String> = members.iter().map(pair).collect();
                format!("map[string]interface {{}}{{{}}}", pairs.join(", "))
            }
            _ => self.go_text(),
        }
    }

    /// The tree without places.
    pub fn to_value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(yes) => Value::Bool(*yes),
            Data::Int(number) => Value::Int(*number),
            Data::Big(number) => Value::Float(*number as f64),
            Data::Float(number) => Value::Float(*number),
            Data::Str(text) => Value::Str(text.clone()),
            Data::List(items) => Value::List(items.iter().map(Tree::to_value).collect()),
            Data::Map(members) => {
                Value::Map(members.iter().map(|(key, value)| (key.clone(), value.to_value())).collect::<Map>())
            }
        }
    }
}
