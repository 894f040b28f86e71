//! Data as Go sees it: what its fields are, how it prints and how it becomes JSON.
//! Source: Go 1.26 fmt, print.go; encoding/json; reflect.

use crate::text::{Map, Value, go, json, number};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A value of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Go {
    /// Nothing: the value of an unknown key.
    Missing,
    /// An interface that holds nothing.
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Rc<str>),
    /// A number of JSON that was read as its text.
    Number(Rc<str>),
    /// A length of time in nanoseconds.
    Duration(i64),
    /// A moment, as JSON writes it.
    Time(Rc<str>),
    /// A slice; `None` is nil. The type of what it holds.
    List(Option<Rc<Vec<Go>>>, &'static str),
    /// A map by text; `None` is nil. What an unknown key stands for, and the type of what it holds.
    Map(Option<Rc<BTreeMap<Rc<str>, Go>>>, Rc<Go>, &'static str),
    /// A struct.
    Struct(Rc<Struct>),
    /// A pointer to what is named, or to nothing.
    Pointer(&'static str, Option<Rc<Go>>),
    /// What a list shows of one row: methods, by name. `Label` is one that takes the label's name.
    Row(&'static str, Rc<BTreeMap<Rc<str>, Go>>),
}

/// A struct with the values of its fields.
#[derive(Debug, PartialEq)]
pub struct Struct {
    pub name: &'static str,
    pub fields: Vec<Field>,
}

/// A field of a struct.
#[derive(Debug, PartialEq)]
pub struct Field {
    /// Name in Go.
    pub name: &'static str,
    /// Name in JSON.
    pub json: &'static str,
    /// Left out of JSON where it is empty.
    pub omit: bool,
    /// Whether its own fields count as the struct's.
    pub embedded: bool,
    pub value: Go,
}

impl Struct {
    /// A field by its name, also of embedded structs.
    pub fn field(&self, name: &str) -> Option<Go> {
        let own = self.fields.iter().find(|f| f.name == name).map(|f| f.value.clone());
        let inner = |f: &Field| match f.value.target() {
            Go::Struct(inner) if f.embedded => inner.field(name),
            _ => None,
        };
        own.or_else(|| self.fields.iter().find_map(inner))
    }
}

impl Go {
    /// A text.
    pub fn str(text: impl Into<Rc<str>>) -> Go {
        Go::Str(text.into())
    }
    /// What was read from JSON without a type. Source: encoding/json, UseNumber.
    pub fn raw(value: &Value) -> Go {
        match value {
            Value::Null => Go::Nil,
            Value::Bool(b) => Go::Bool(*b),
            Value::Int(i) => Go::Number(i.to_string().into()),
            Value::Float(f) => Go::Number(number::json_text(*f).into()),
            Value::Str(text) => Go::Str(text.clone()),
            Value::List(items) => Go::List(Some(Rc::new(items.iter().map(Go::raw).collect())), "interface {}"),
            Value::Map(map) => {
                let entries = map.iter().map(|(k, v)| (k.clone(), Go::raw(v))).collect();
                Go::Map(Some(Rc::new(entries)), Rc::new(Go::Nil), "interface {}")
            }
        }
    }
    /// The same with numbers that are numbers. Source: kubernetes v1.37 apimachinery pkg/util/json, Unmarshal.
    pub fn of(value: &Value) -> Go {
        match value {
            Value::Int(i) => Go::Int(*i),
            Value::Float(f) => Go::Float(*f),
            Value::List(items) => Go::List(Some(Rc::new(items.iter().map(Go::of).collect())), "interface {}"),
            Value::Map(map) => {
                let entries = map.iter().map(|(k, v)| (k.clone(), Go::of(v))).collect();
                Go::Map(Some(Rc::new(entries)), Rc::new(Go::Nil), "interface {}")
            }
            other => Go::raw(other),
        }
    }
    /// Titles of a table, by the names of their fields.
    pub fn titles(value: &Value) -> Go {
        let entries = value.as_map().into_iter().flat_map(Map::iter).map(|(k, v)| (k.clone(), Go::raw(v)));
        Go::Map(Some(Rc::new(entries.collect())), Rc::new(Go::str("")), "string")
    }
    /// What a pointer points to; anything else is itself.
    pub fn target(&self) -> &Go {
        match self {
            Go::Pointer(_, Some(inner)) => inner.target(),
            other => other,
        }
    }
    /// The name of its type.
    pub fn type_name(&self) -> String {
        match self {
            Go::Missing | Go::Nil => "interface {}".into(),
            Go::Bool(_) => "bool".into(),
            Go::Int(_) => "int".into(),
            Go::Float(_) => "float64".into(),
            Go::Duration(_) => "time.Duration".into(),
            Go::Str(_) => "string".into(),
            Go::Number(_) => "json.Number".into(),
            Go::Time(_) => "time.Time".into(),
            Go::List(_, of) => format!("[]{of}"),
            Go::Map(_, _, of) => format!("map[string]{of}"),
            Go::Struct(inner) => inner.name.into(),
            Go::Pointer(name, _) | Go::Row(name, _) => format!("*{name}"),
        }
    }
    /// Whether a condition holds. Source: text/template exec.go, IsTrue.
    pub fn holds(&self) -> bool {
        match self {
            Go::Missing | Go::Nil => false,
            Go::Bool(b) => *b,
            Go::Int(i) | Go::Duration(i) => *i != 0,
            Go::Float(f) => *f != 0.0,
            Go::Str(text) | Go::Number(text) => !text.is_empty(),
            Go::List(items, _) => items.as_ref().is_some_and(|items| !items.is_empty()),
            Go::Map(map, ..) => map.as_ref().is_some_and(|map| !map.is_empty()),
            Go::Pointer(_, target) => target.is_some(),
            Go::Time(_) | Go::Struct(_) | Go::Row(..) => true,
        }
    }
    /// As `%v` prints it where it stands alone. Source: text/template exec.go, printValue.
    pub fn printed(&self) -> String {
        match self {
            Go::Missing | Go::Nil => "<no value>".into(),
            other => other.target().inside(),
        }
    }
    /// As `%v` prints it within another value. The address of a pointer is one for all: a run can be repeated.
    pub fn inside(&self) -> String {
        let joined = |parts: Vec<String>| parts.join(" ");
        match self {
            Go::Missing | Go::Nil | Go::Pointer(_, None) => "<nil>".into(),
            Go::Bool(b) => b.to_string(),
            Go::Int(i) => i.to_string(),
            Go::Float(f) => number::json_text(*f),
            Go::Duration(nanos) => go::duration(*nanos),
            Go::Str(text) | Go::Number(text) => text.to_string(),
            Go::Time(text) => format!("{} +0000 UTC", text.replacen('T', " ", 1).trim_end_matches('Z')),
            Go::List(items, _) => {
                format!("[{}]", joined(items.iter().flat_map(|i| i.iter()).map(Go::inside).collect()))
            }
            Go::Map(map, ..) => {
                let pair = |(k, v): (&Rc<str>, &Go)| format!("{k}:{}", v.inside());
                format!("map[{}]", joined(map.iter().flat_map(|m| m.iter()).map(pair).collect()))
            }
            Go::Struct(inner) if inner.name == "api.PortPublisher" => publisher(inner),
            Go::Struct(inner) => format!("{{{}}}", joined(inner.fields.iter().map(|f| f.value.inside()).collect())),
            Go::Pointer(_, Some(_)) | Go::Row(..) => "0xc000000000".into(),
        }
    }
    /// As JSON. Source: docker/cli v28 templates/templates.go, json.
    pub fn json(&self) -> String {
        json::write(&self.tree(), json::Style { escape_html: false, ..json::Style::IN_ORDER })
    }
    /// The tree that JSON writes: fields in their order, maps by name.
    pub fn tree(&self) -> Value {
        match self {
            Go::Missing | Go::Nil | Go::Pointer(_, None) | Go::List(None, _) | Go::Map(None, ..) => Value::Null,
            Go::Bool(b) => Value::Bool(*b),
            Go::Int(i) | Go::Duration(i) => Value::Int(*i),
            Go::Float(f) => Value::Float(*f),
            Go::Str(text) | Go::Time(text) => Value::Str(text.clone()),
            Go::Number(text) => text.parse().map_or_else(|_| Value::Float(text.parse().unwrap_or(0.0)), Value::Int),
            Go::List(Some(items), _) => Value::List(items.iter().map(Go::tree).collect()),
            Go::Map(Some(map), ..) | Go::Row(_, map) => {
                Value::Map(map.iter().map(|(k, v)| (k.clone(), v.tree())).collect())
            }
            Go::Struct(inner) => {
                let mut map = Map::new();
                inner.put(&mut map);
                Value::Map(map)
            }
            Go::Pointer(_, Some(inner)) => inner.tree(),
        }
    }
}

/// Source: compose v5.6 pkg/api/api.go, PortPublisher, String; Go net, JoinHostPort.
fn publisher(port: &Struct) -> String {
    let part = |name: &str| port.field(name).map(|value| value.printed()).unwrap_or_default();
    let url = part("URL");
    let host = if url.contains(':') { format!("[{url}]") } else { url };
    format!("{}/{} -> {host}:{}", part("TargetPort"), part("Protocol"), part("PublishedPort"))
}

impl Struct {
    fn put(&self, map: &mut Map) {
        for field in &self.fields {
            match (field.embedded, field.value.target()) {
                (true, Go::Struct(inner)) => inner.put(map),
                _ if field.omit && !field.value.holds() => {}
                _ => map.set(field.json, field.value.tree()),
            }
        }
    }
}
