//! Whether a tree that a strategic patch has changed still fits its type: the first thing that does not, in the words of the
//! reader that turns maps into structs.
//! Source: kubernetes v1.37 apimachinery/pkg/runtime/converter.go, fromUnstructured.

use super::super::scalar;
use super::super::{Schema, Struct, Type};
use crate::text::Value;

/// The first member that does not fit; the members of a struct come in the order of the type, those of maps by their keys.
pub fn misfit(tree: &Value, shape: &Struct) -> Option<String> {
    structure(tree, shape)
}

fn structure(value: &Value, of: &Struct) -> Option<String> {
    let Value::Map(members) = value else { return Some(format!("cannot restore struct from: {}", kind_of(value))) };
    let found = |field: &crate::kubernetes::objects::Field| {
        let value = members.get(field.name).filter(|v| !v.is_null())?;
        one(value, &field.of, &field.go_type())
    };
    of.fields.iter().find_map(found)
}

/// `go` is the Go type as it prints itself.
fn one(value: &Value, of: &Type, go: &str) -> Option<String> {
    let go = go.trim_start_matches('*');
    let strange = |kind: &str| Some(format!("unrecognized type: {kind}"));
    match (of, value) {
        (_, Value::Null) | (Type::Any, _) => None,
        (Type::Str, Value::Str(_)) | (Type::Bool, Value::Bool(_)) => None,
        (Type::Int32 | Type::Int64 | Type::Double, Value::Int(_)) | (Type::Double, Value::Float(_)) => None,
        // Go turns a whole number into text as a character, so that it is told apart from what has no way at all.
        (Type::Str, Value::Int(_)) => Some(format!("cannot convert int64 to {go}")),
        (Type::Int32 | Type::Int64, Value::Float(f)) if f.trunc() == *f => None,
        (Type::Int32 | Type::Int64, Value::Float(_)) => Some(format!("cannot convert float64 to {go}")),
        (Type::Str, _) => strange("string"),
        (Type::Bool, _) => strange("bool"),
        (Type::Int32, _) => strange("int32"),
        (Type::Int64, _) => strange("int64"),
        (Type::Double, _) => strange("float64"),
        (Type::Bytes, Value::Str(text)) => scalar::base64_decode(text)
            .err()
            .map(|at| format!("error decoding from json: illegal base64 data at input byte {at}")),
        (Type::Bytes, Value::List(_)) => None,
        (Type::Ref(n), _) => {
            let of = Schema::get().type_of(*n);
            if of.fields.is_empty() { special(value, of) } else { structure(value, of) }
        }
        (Type::List(item), Value::List(items)) => {
            let go = go.strip_prefix("[]").map_or_else(|| item.go_type(), String::from);
            items.iter().find_map(|it| one(it, item, &go))
        }
        (Type::Map(item), Value::Map(members)) => {
            let named = go.strip_prefix("map[").and_then(|g| g.split_once(']')).map(|(_, g)| g.to_string());
            let go = named.unwrap_or_else(|| item.go_type());
            members.sorted().into_iter().find_map(|(_, it)| one(it, item, &go))
        }
        (Type::List(_) | Type::Bytes, _) => Some(format!("cannot restore slice from {}", kind_of(value))),
        (Type::Map(_), _) => Some(format!("cannot restore map from {}", kind_of(value))),
    }
}

/// Types with a reader of their own, which reads JSON. Source: UnmarshalJSON of Quantity, IntOrString, Time.
fn special(value: &Value, of: &Struct) -> Option<String> {
    let mismatch = |go: &str| {
        let kind = match value {
            Value::Bool(_) => "bool",
            Value::List(_) => "array",
            Value::Map(_) => "object",
            _ => "number",
        };
        Some(format!("json: cannot unmarshal {kind} into Go value of type {go}"))
    };
    match (of.short_name(), value) {
        ("Quantity", _) => scalar::quantity(value).err(),
        ("IntOrString", Value::Str(_) | Value::Int(_)) => None,
        ("IntOrString", Value::Float(f)) => {
            let number = crate::text::number::json_text(*f);
            Some(format!("json: cannot unmarshal number {number} into Go value of type int32"))
        }
        ("IntOrString", _) => mismatch("int32"),
        (name @ ("Time" | "MicroTime"), Value::Str(text)) => scalar::time(text, name == "MicroTime").err(),
        ("Time" | "MicroTime", _) => mismatch("string"),
        _ => None,
    }
}

/// What Go calls the kind of a value.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Str(_) => "string",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Bool(_) => "bool",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::json;

    fn says(tree: &str) -> Option<String> {
        let shape = Schema::get().kind("apps/v1", "Deployment")?.shape();
        misfit(&json::parse(tree).unwrap_or_default(), shape)
    }

    #[test]
    fn what_does_not_fit_is_told_in_gos_words() {
        let cases = [
            (r#"{"spec":{"replicas":"x"}}"#, "unrecognized type: int32"),
            (r#"{"spec":{"replicas":1.5}}"#, "cannot convert float64 to int32"),
            (r#"{"spec":"x"}"#, "cannot restore struct from: string"),
            (r#"{"spec":{"template":{"spec":{"containers":{}}}}}"#, "cannot restore slice from map"),
            (r#"{"metadata":{"labels":{"a":1}}}"#, "cannot convert int64 to string"),
            (r#"{"metadata":{"labels":{"a":true}}}"#, "unrecognized type: string"),
            (r#"{"metadata":{"labels":[]}}"#, "cannot restore map from slice"),
            (
                r#"{"spec":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"x"}}}]}}}}"#,
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            ),
        ];
        for (tree, words) in cases {
            assert_eq!(says(tree).as_deref(), Some(words), "{tree}");
        }
        assert_eq!(says(r#"{"spec":{"replicas":2.0,"paused":true,"foo":1}}"#), None);
    }
}
