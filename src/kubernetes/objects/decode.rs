//! A document becomes an object of its kind: unknown fields, wrong types and unreadable values are refused in the server's
//! words, with the place; every field is classed. Keys are taken in the order of their names, for the real server reads
//! YAML through JSON with sorted keys.
//! Source: kubernetes v1.37 apimachinery pkg/runtime/serializer/json/json.go, Serializer.Decode; sigs.k8s.io/json (a strict,
//! case-sensitive encoding/json); apiserver pkg/endpoints/handlers/rest.go, transformDecodeError.

use super::rules;
use super::scalar;
use super::schema::{Field, KindInfo, Schema, Struct, Type};
use crate::text::go::quoted;
use crate::text::{Map, Node, NodeKind, Pos, Problem, Value, number};
use std::rc::Rc;

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It acts in the simulation.
    Simulated,
    /// It is kept and shown, and has no effect here.
    Accepted,
    /// The real server refuses it.
    Rejected,
}

/// One field of a document with its class.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldClass {
    /// Its path, as the server prints it.
    pub path: String,
    /// Where it stands.
    pub at: Pos,
    /// What becomes of it.
    pub class: Class,
}

/// What a document turned out to be.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The object, with only the members that are not empty, in order of declaration. As written if the kind is unknown.
    pub object: Value,
    /// The kind, if it is a built-in one.
    pub kind: Option<&'static KindInfo>,
    /// What is wrong, each with its place.
    pub problems: Vec<Problem>,
    /// Every field, in the order of the document.
    pub classes: Vec<FieldClass>,
    /// The message with which the server refuses the document (400), if it does.
    pub refusal: Option<String>,
    /// What cannot be read at all, in the decoder's own words.
    pub broken: Option<String>,
    /// Members that the kind does not have.
    pub unknown: Vec<String>,
}

/// Reads a document strictly.
pub fn decode(doc: &Node, duplicates: &[Problem]) -> Decoded {
    let text = |key: &str| doc.get(key).and_then(Node::as_str).unwrap_or_default();
    let (api_version, kind_name) = (text("apiVersion"), text("kind"));
    let Some(kind) = Schema::get().kind(api_version, kind_name) else {
        return unknown(doc, api_version, kind_name);
    };
    let mut reader = Reader { simulated: rules::simulated(kind), ..Reader::default() };
    let object = reader.structure(doc, kind.shape()).unwrap_or_default();
    let refusal = reader
        .refusal(duplicates)
        .map(|words| format!("{kind_name} in version {:?} cannot be handled as a {kind_name}: {words}", kind.version));
    let mut classes = reader.classes;
    classes.sort_by_key(|c| c.at);
    let problems = duplicates.iter().cloned().chain(reader.problems).collect();
    let (broken, unknown) = (reader.abort.or(reader.first), reader.unknown);
    Decoded { object, kind: Some(kind), problems, classes, refusal, broken, unknown }
}

/// A kind that is not built in is kept as it is.
fn unknown(doc: &Node, api_version: &str, kind: &str) -> Decoded {
    let missing: Vec<&str> =
        [("apiVersion", api_version), ("kind", kind)].iter().filter(|(_, v)| v.is_empty()).map(|(k, _)| *k).collect();
    let problem = match missing.as_slice() {
        [] => {
            let words = format!("no matches for kind {} in version {}", quoted(kind), quoted(api_version));
            Problem::warning("unknown_kind", doc.place(&crate::text::steps("kind")), words)
                .hint("hint.unknown_kind", vec![kind.into()])
        }
        [one] => Problem::error("not_set", doc.extent.start, format!("{one} not set")),
        _ => Problem::error("not_set", doc.extent.start, "[apiVersion not set, kind not set]"),
    };
    let (problems, classes, unknown) = (vec![problem], Vec::new(), Vec::new());
    Decoded { object: doc.to_value(), kind: None, problems, classes, refusal: None, broken: None, unknown }
}

#[derive(Default)]
struct Reader {
    simulated: &'static [&'static str],
    path: String,
    /// Names of the fields on the way, as decoding errors print them.
    stack: Vec<&'static str>,
    owner: &'static str,
    problems: Vec<Problem>,
    classes: Vec<FieldClass>,
    unknown: Vec<String>,
    first: Option<String>,
    abort: Option<String>,
}

impl Reader {
    fn refusal(&self, duplicates: &[Problem]) -> Option<String> {
        if let Some(words) = self.abort.as_ref().or(self.first.as_ref()) {
            return Some(words.clone());
        }
        const HEAD: &str = "yaml: unmarshal errors:";
        let lines: String = duplicates.iter().filter_map(|p| p.message.strip_prefix(HEAD)).collect();
        let mut strict = Vec::new();
        if !lines.is_empty() {
            strict.push(format!("{HEAD}{lines}"));
        }
        strict.extend(self.unknown.iter().cloned());
        (!strict.is_empty()).then(|| format!("strict decoding error: {}", strict.join(", ")))
    }

    fn structure(&mut self, node: &Node, of: &'static Struct) -> Option<Value> {
        let members = match &node.kind {
            NodeKind::Map(members) => members,
            NodeKind::Scalar { value: Value::Null, .. } => return None,
            _ => {
                self.mismatch(node, &of.go_name());
                return None;
            }
        };
        let owner = std::mem::replace(&mut self.owner, of.short_name());
        let mut sorted: Vec<_> = members.iter().collect();
        sorted.sort_by(|a, b| a.key.cmp(&b.key));
        let mut found: Vec<(usize, Value)> = Vec::new();
        for member in sorted {
            let length = self.path.len();
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&member.key);
            match of.fields.iter().position(|f| f.name == &*member.key) {
                Some(at) => found.extend(self.field(&member.node, &of.fields[at]).map(|v| (at, v))),
                None => self.unknown_field(member.at.start),
            }
            self.path.truncate(length);
        }
        self.owner = owner;
        found.sort_by_key(|(at, _)| *at);
        Some(Value::Map(found.into_iter().map(|(at, v)| (Rc::from(of.fields[at].name), v)).collect()))
    }

    fn unknown_field(&mut self, at: Pos) {
        let words = format!("unknown field {}", quoted(&self.path));
        self.problems.push(Problem::error("unknown_field", at, format!("strict decoding error: {words}")));
        self.classes.push(FieldClass { path: self.path.clone(), at, class: Class::Rejected });
        self.unknown.push(words);
    }

    fn field(&mut self, node: &Node, field: &'static Field) -> Option<Value> {
        let depth = self.stack.len();
        self.stack.extend(field.embedded.into_iter().flat_map(|e| e.split('.')).filter(|e| !e.is_empty()));
        self.stack.push(field.name);
        let problems = self.problems.len();
        let value = self.value(node, &field.of, &field.go_type(), field);
        self.stack.truncate(depth);
        let nested = matches!(&field.of, Type::Ref(n) if !Schema::get().type_of(*n).fields.is_empty())
            || matches!(&node.kind, NodeKind::List(items) if items.iter().any(|i| matches!(i.kind, NodeKind::Map(_))));
        if !nested || self.problems.len() > problems {
            self.class(node.extent.start, self.problems.len() > problems && !nested);
        }
        // An empty list or map is there, though the server prints neither.
        let given = matches!((&field.of, &value), (Type::List(_) | Type::Map(_), Some(_)));
        let keep = field.pointer || given || !is_zero(&value);
        value.filter(|_| keep)
    }

    fn class(&mut self, at: Pos, rejected: bool) {
        let class = if rejected {
            Class::Rejected
        } else if rules::matches_any(self.simulated, &self.path) {
            Class::Simulated
        } else {
            Class::Accepted
        };
        self.classes.push(FieldClass { path: self.path.clone(), at, class });
    }

    fn value(&mut self, node: &Node, of: &Type, go: &str, field: &'static Field) -> Option<Value> {
        if matches!(node.kind, NodeKind::Scalar { value: Value::Null, .. }) {
            return None;
        }
        match (of, &node.kind) {
            (Type::Ref(n), _) => {
                let of = Schema::get().type_of(*n);
                if of.fields.is_empty() { self.special(node, of) } else { self.structure(node, of) }
            }
            (Type::List(item), NodeKind::List(nodes)) => {
                let go = go.strip_prefix("[]").map_or_else(|| item.go_type(), |g| g.trim_start_matches('*').to_owned());
                let items =
                    nodes.iter().enumerate().map(|(i, n)| self.at(&format!("[{i}]"), |r| r.item(n, item, &go, field)));
                Some(Value::List(items.collect()))
            }
            (Type::Map(item), NodeKind::Map(members)) => {
                let go = go
                    .split_once(']')
                    .filter(|(head, _)| head.starts_with("map["))
                    .map_or_else(|| item.go_type(), |(_, g)| g.to_owned());
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_by(|a, b| a.key.cmp(&b.key));
                let map = sorted
                    .iter()
                    .map(|m| (m.key.clone(), self.at(&format!(".{}", m.key), |r| r.item(&m.node, item, &go, field))));
                Some(Value::Map(map.collect::<Map>()))
            }
            (Type::Bytes, NodeKind::List(items)) => {
                for node in items {
                    self.mismatch(node, "uint8");
                }
                None
            }
            (Type::Any, _) => Some(node.to_value()),
            (_, NodeKind::Scalar { value, plain, .. }) => self.scalar(node, value, plain, of, go),
            _ => {
                self.mismatch(node, go);
                None
            }
        }
    }

    /// An item of a list or map; null and what cannot be read become the zero value.
    fn item(&mut self, node: &Node, of: &Type, go: &str, field: &'static Field) -> Value {
        self.value(node, of, go, field).unwrap_or_else(|| zero(of))
    }

    fn at<T>(&mut self, step: &str, f: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path.push_str(step);
        let out = f(self);
        self.path.truncate(length);
        out
    }

    fn scalar(&mut self, node: &Node, value: &Value, plain: &str, of: &Type, go: &str) -> Option<Value> {
        match (of, value) {
            (Type::Str, Value::Str(_)) | (Type::Bool, Value::Bool(_)) => Some(value.clone()),
            (Type::Int32, Value::Int(i)) if i32::try_from(*i).is_ok() => Some(value.clone()),
            (Type::Int64, Value::Int(_)) => Some(value.clone()),
            (Type::Double, Value::Float(_) | Value::Int(_)) => Some(value.clone()),
            (Type::Int32, Value::Int(i)) => self.refuse(node, &format!("number {i}"), go),
            (Type::Int32 | Type::Int64, Value::Float(f)) => {
                self.refuse(node, &format!("number {}", number::json_text(*f)), go)
            }
            (Type::Bytes, Value::Str(text)) => match scalar::base64_decode(text) {
                Ok(bytes) => Some(Value::str(scalar::base64_encode(&bytes))),
                Err(at) => {
                    self.save(node, format!("illegal base64 data at input byte {at}"));
                    None
                }
            },
            _ => {
                let _ = plain;
                self.mismatch(node, go);
                None
            }
        }
    }

    /// Types with a reader of their own. An error of theirs ends the reading at once.
    fn special(&mut self, node: &Node, of: &Struct) -> Option<Value> {
        let value = match &node.kind {
            NodeKind::Scalar { value, .. } => value,
            _ if matches!(of.short_name(), "Quantity" | "IntOrString" | "Time" | "MicroTime") => &Value::Null,
            _ => return Some(node.to_value()),
        };
        match of.short_name() {
            "Quantity" => match scalar::quantity(value) {
                Ok(text) => Some(Value::str(text)),
                Err(words) => self.end(node, words),
            },
            "IntOrString" => match value {
                Value::Str(_) => Some(value.clone()),
                Value::Int(i) if i32::try_from(*i).is_ok() => Some(value.clone()),
                Value::Int(i) => self.end_mismatch(node, &format!("number {i}"), "int32"),
                Value::Float(f) => self.end_mismatch(node, &format!("number {}", number::json_text(*f)), "int32"),
                _ => self.end_mismatch(node, json_kind(node), "int32"),
            },
            "Time" | "MicroTime" => match value {
                Value::Str(text) => match scalar::time(text, of.short_name() == "MicroTime") {
                    Ok(text) => Some(Value::str(text)),
                    Err(words) => self.end(node, words),
                },
                _ => self.end_mismatch(node, json_kind(node), "string"),
            },
            _ => Some(node.to_value()),
        }
    }

    fn end<T>(&mut self, node: &Node, words: String) -> Option<T> {
        self.problems.push(Problem::error("bad_value", node.extent.start, words.clone()));
        if self.abort.is_none() {
            self.abort = Some(words);
        }
        None
    }

    fn end_mismatch<T>(&mut self, node: &Node, what: &str, go: &str) -> Option<T> {
        let words = self.mismatch_words(what, go);
        self.end(node, words)
    }

    fn mismatch(&mut self, node: &Node, go: &str) {
        let _: Option<Value> = self.refuse(node, json_kind(node), go);
    }

    fn refuse<T>(&mut self, node: &Node, what: &str, go: &str) -> Option<T> {
        let words = self.mismatch_words(what, go);
        self.save(node, words);
        None
    }

    fn mismatch_words(&self, what: &str, go: &str) -> String {
        if self.stack.is_empty() {
            return format!("json: cannot unmarshal {what} into Go value of type {go}");
        }
        let place = format!("{}.{}", self.owner, self.stack.join("."));
        format!("json: cannot unmarshal {what} into Go struct field {place} of type {go}")
    }

    fn save(&mut self, node: &Node, words: String) {
        self.problems.push(Problem::error("wrong_type", node.extent.start, words.clone()));
        if self.first.is_none() && self.abort.is_none() {
            self.first = Some(words);
        }
    }
}

/// What JSON calls a node.
fn json_kind(node: &Node) -> &'static str {
    match &node.kind {
        NodeKind::Map(_) => "object",
        NodeKind::List(_) => "array",
        NodeKind::Scalar { value, .. } => kind_of(value),
    }
}

/// What JSON calls a value.
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Map(_) => "object",
        Value::List(_) => "array",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        _ => "string",
    }
}

/// The zero value of a type as an item of a list or map.
pub(super) fn zero(of: &Type) -> Value {
    match of {
        Type::Str | Type::Bytes => Value::str(""),
        Type::Int32 | Type::Int64 | Type::Double => Value::Int(0),
        Type::Bool => Value::Bool(false),
        Type::Ref(n) => match Schema::get().type_of(*n).short_name() {
            "Quantity" => Value::str("0"),
            "IntOrString" => Value::Int(0),
            "Time" | "MicroTime" => Value::Null,
            _ => Value::Map(Map::new()),
        },
        Type::List(_) | Type::Map(_) | Type::Any => Value::Null,
    }
}

/// Whether a value that is not behind a pointer counts as absent.
fn is_zero(value: &Option<Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Int(0) | Value::Bool(false)) => true,
        Some(Value::Str(s)) => s.is_empty(),
        Some(Value::List(l)) => l.is_empty(),
        Some(Value::Map(m)) => m.is_empty(),
        Some(Value::Float(f)) => *f == 0.0,
        Some(_) => false,
    }
}
