//! An object as the server prints it: members in order of declaration, empty ones left out where the Go type says so, the
//! others written even when empty.
//! Source: kubernetes v1.37 k8s.io/api types (omitempty, pointers); Go encoding/json, structEncoder.encode. Lists and maps
//! without members are left out, for objects pass through protobuf, which does not know them.

use super::decode::zero;
use super::schema::{Field, KindInfo, Schema, Struct, Type};
use crate::text::{Map, Value};
use std::rc::Rc;

/// The whole object of a kind.
pub fn complete(object: &Value, kind: &KindInfo) -> Value {
    structure(object, kind.shape(), false)
}

/// The whole object as it is judged: lists and maps that were given without members are still there.
pub fn judged(object: &Value, kind: &KindInfo) -> Value {
    structure(object, kind.shape(), true)
}

fn structure(value: &Value, of: &Struct, bare: bool) -> Value {
    let mut out = Map::new();
    for field in &of.fields {
        if let Some(member) = member(value.get(field.name), field, bare) {
            out.set(Rc::from(field.name), member);
        }
    }
    Value::Map(out)
}

fn member(value: Option<&Value>, field: &Field, bare: bool) -> Option<Value> {
    let value = value.filter(|v| !v.is_null());
    let inner = match &field.of {
        Type::Ref(n) => Some(Schema::get().type_of(*n)).filter(|t| !t.fields.is_empty()),
        _ => None,
    };
    if let Some(of) = inner {
        return match value {
            Some(v) => {
                Some(structure(v, of, bare)).filter(|v| !(field.omitzero && v.as_map().is_some_and(Map::is_empty)))
            }
            None if field.pointer => (!field.omitempty).then_some(Value::Null),
            None => (!field.omitzero).then(|| structure(&Value::Null, of, bare)),
        };
    }
    let value = value.map(|v| inside(v, &field.of, bare));
    if field.pointer {
        return value.or_else(|| (!field.omitempty).then_some(Value::Null));
    }
    match value {
        Some(v) if !empty(&v) => Some(v),
        Some(v @ (Value::List(_) | Value::Map(_))) if bare => Some(v),
        _ if field.omitzero => None,
        _ if field.omitempty && !is_struct(&field.of) => None,
        Some(v) if is_struct(&field.of) || matches!(field.of, Type::Str | Type::Int32 | Type::Int64 | Type::Bool) => {
            Some(v)
        }
        _ => Some(zero(&field.of)),
    }
}

/// Go leaves structs in place even when they are empty; `Quantity`, `IntOrString` and times are structs.
fn is_struct(of: &Type) -> bool {
    let Type::Ref(n) = of else { return false };
    matches!(Schema::get().type_of(*n).short_name(), "Quantity" | "IntOrString" | "Time" | "MicroTime")
}

fn inside(value: &Value, of: &Type, bare: bool) -> Value {
    match (of, value) {
        (Type::Ref(n), _) => {
            let of = Schema::get().type_of(*n);
            if of.fields.is_empty() { value.clone() } else { structure(value, of, bare) }
        }
        (Type::List(item), Value::List(items)) => Value::List(items.iter().map(|v| inside(v, item, bare)).collect()),
        (Type::Map(item), Value::Map(map)) => {
            Value::Map(map.sorted().into_iter().map(|(k, v)| (k.clone(), inside(v, item, bare))).collect())
        }
        _ => value.clone(),
    }
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) => true,
        Value::Str(s) => s.is_empty(),
        Value::List(l) => l.is_empty(),
        Value::Map(m) => m.is_empty(),
        _ => false,
    }
}
