//! JSON merge patches (RFC 7386): `null` takes out, maps merge, everything else replaces.

use super::Wanted;
use crate::text::{Map, Value};

/// Changes a tree by a merge patch.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Map(patch) = patch else {
        *target = patch.clone();
        return;
    };
    let members = target.make_map();
    for (key, value) in patch.iter() {
        if value.is_null() {
            members.remove(key);
        } else {
            merge(members.entry(key), value);
        }
    }
}

/// The merge patch that leads from one tree to another, or only what it takes out or only what it adds and changes.
pub fn merge_diff(from: &Value, to: &Value, wanted: Wanted) -> Value {
    let (Value::Map(from), Value::Map(to)) = (from, to) else { return Value::Map(Map::new()) };
    let mut patch = Map::new();
    for (key, value) in to.iter() {
        match from.get(key) {
            Some(old @ Value::Map(_)) if matches!(value, Value::Map(_)) => {
                let inner = merge_diff(old, value, wanted);
                if inner.as_map().is_some_and(|m| !m.is_empty()) {
                    patch.set(key.clone(), inner);
                }
            }
            Some(old) if old == value => {}
            _ if wanted != Wanted::Deletions => patch.set(key.clone(), value.clone()),
            _ => {}
        }
    }
    if wanted != Wanted::Changes {
        for (key, _) in from.iter().filter(|(key, _)| !to.has(key)) {
            patch.set(key.clone(), Value::Null);
        }
    }
    Value::Map(patch)
}
