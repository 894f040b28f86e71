//! Changing a tree by a strategic merge patch.
//! Source: kubernetes v1.37 apimachinery/pkg/util/strategicpatch/patch.go, mergeMap, mergeSlice, normalizeElementOrder.

use super::{field_of, merges, struct_of};
use crate::kubernetes::objects::{Field, Struct};
use crate::text::{Map, Value};

pub(super) const DIRECTIVE: &str = "$patch";
pub(super) const RETAIN_KEYS: &str = "$retainKeys";
pub(super) const DELETE_ITEMS: &str = "$deleteFromPrimitiveList/";
pub(super) const ORDER: &str = "$setElementOrder/";

/// Applies a patch to a tree of this shape.
pub fn strategic(object: &Value, patch: &Value, shape: Option<&Struct>) -> Result<Value, String> {
    let (Value::Map(object), Value::Map(patch)) = (object, patch) else { return Ok(patch.clone()) };
    Ok(Value::Map(merge_map(object, patch, shape)?))
}

fn merge_map(object: &Map, patch: &Map, shape: Option<&Struct>) -> Result<Map, String> {
    match patch.get(DIRECTIVE).and_then(Value::as_str) {
        Some("replace") => return Ok(patch.iter().filter(|(k, _)| &***k != DIRECTIVE).map(pair).collect()),
        Some("delete") => return Ok(Map::new()),
        None => {}
        Some(other) => return Err(bad_directive(other, patch)),
    }
    let mut out = object.clone();
    if let Some(Value::List(keys)) = patch.get(RETAIN_KEYS) {
        out.retain(|key, _| keys.iter().any(|k| k.as_str() == Some(key)));
    }
    for (key, value) in patch.iter() {
        if key.starts_with('$') && (key.starts_with(ORDER) || key.starts_with(DELETE_ITEMS)) {
            continue;
        }
        if &**key == DIRECTIVE || &**key == RETAIN_KEYS {
            continue;
        }
        merge_member(&mut out, key, value, patch, shape)?;
    }
    for (key, value) in patch.iter() {
        if let Some(name) = key.strip_prefix(DELETE_ITEMS) {
            let gone = value.as_list().unwrap_or_default();
            if let Some(Value::List(items)) = out.get_mut(name) {
                items.retain(|item| !gone.contains(item));
            }
        }
    }
    for (key, value) in patch.iter() {
        if let Some(name) = key.strip_prefix(ORDER) {
            let merge_key = field_of(shape, name).and_then(|f| f.merge_key);
            let live = object.get(name).and_then(Value::as_list).unwrap_or_default().to_vec();
            if let Some(Value::List(items)) = out.get_mut(name) {
                *items = in_order(std::mem::take(items), value.as_list().unwrap_or_default(), &live, merge_key);
            }
        }
    }
    Ok(out)
}

fn pair((key, value): (&std::rc::Rc<str>, &Value)) -> (std::rc::Rc<str>, Value) {
    (key.clone(), value.clone())
}

fn merge_member(out: &mut Map, key: &str, value: &Value, patch: &Map, shape: Option<&Struct>) -> Result<(), String> {
    let field = field_of(shape, key);
    let merged = match (out.get(key), value) {
        (_, Value::Null) => {
            out.remove(key);
            return Ok(());
        }
        (Some(Value::Map(old)), Value::Map(new)) => {
            Value::Map(merge_map(old, new, field.and_then(|f| struct_of(&f.of)))?)
        }
        (Some(Value::List(old)), Value::List(new)) if merges(field) => {
            let ordered = patch.has(&format!("{ORDER}{key}"));
            Value::List(merge_list(old, new, field, ordered)?)
        }
        (_, new) => match without_directives(new) {
            Some(new) => new,
            None => {
                out.remove(key);
                return Ok(());
            }
        },
    };
    out.set(key, merged);
    Ok(())
}

/// What a patch brings where there is nothing to merge with: nothing of what holds directives.
/// Source: patch.go, removeDirectives, discardNullValuesFromPatch.
fn without_directives(value: &Value) -> Option<Value> {
    match value {
        Value::Map(members) if members.has(DIRECTIVE) => None,
        Value::Map(members) => {
            let kept = members.iter().filter(|(_, v)| !v.is_null());
            Some(Value::Map(kept.filter_map(|(k, v)| Some((k.clone(), without_directives(v)?))).collect()))
        }
        Value::List(items) => Some(Value::List(items.iter().filter_map(without_directives).collect())),
        other => Some(other.clone()),
    }
}

/// Merges the items of a list by their key, or as a set when they are plain.
fn merge_list(old: &[Value], new: &[Value], field: Option<&Field>, ordered: bool) -> Result<Vec<Value>, String> {
    let Some(merge_key) = field.and_then(|f| f.merge_key) else {
        let mut out = old.to_vec();
        out.extend(new.iter().filter(|item| !old.contains(item)).cloned());
        return Ok(if ordered { out } else { in_order(out, new, old, None) });
    };
    let shape = field.and_then(|f| struct_of(&f.of));
    let directive = |item: &Value| item.str_at(&[DIRECTIVE]).map(str::to_string);
    if new.iter().any(|item| directive(item).as_deref() == Some("replace")) {
        return Ok(new.iter().filter(|item| directive(item).is_none()).cloned().collect());
    }
    let mut out = old.to_vec();
    let mut kept: Vec<Value> = Vec::new();
    for item in new {
        let key = item.get(merge_key).ok_or_else(|| no_key(item, merge_key))?;
        let same = |it: &Value| it.get(merge_key) == Some(key);
        match (directive(item).as_deref(), item) {
            (None, _) => {}
            (Some("delete"), _) => {
                out.retain(|it| !same(it));
                continue;
            }
            (Some("merge"), _) => return Err("merging lists cannot yet be specified in the patch".into()),
            (Some(other), Value::Map(item)) => return Err(bad_directive(other, item)),
            (Some(_), _) => {}
        }
        kept.push(item.clone());
        match out.iter_mut().find(|it| same(it)) {
            Some(there) => *there = strategic(there, item, shape)?,
            None => out.push(strategic(&Value::Map(Map::new()), item, shape)?),
        }
    }
    Ok(if ordered { out } else { in_order(out, &kept, old, Some(merge_key)) })
}

/// Source: apimachinery/pkg/util/mergepatch/errors.go, ErrNoMergeKey.
fn no_key(item: &Value, key: &str) -> String {
    format!("map: {} does not contain declared merge key: {key}", go_value(item))
}

/// Source: apimachinery/pkg/util/mergepatch/errors.go, ErrBadPatchType.
fn bad_directive(directive: &str, patch: &Map) -> String {
    format!("unknown patch type: {directive} in map: {}", go_value(&Value::Map(patch.clone())))
}

/// A value as Go prints it with `%v`: `map[a:1 b:[x y]]`.
pub fn go_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".into(),
        Value::Str(text) => text.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(go_value).collect::<Vec<_>>().join(" ")),
        Value::Map(members) => {
            let members = members.sorted().into_iter().map(|(k, v)| format!("{k}:{}", go_value(v)));
            format!("map[{}]", members.collect::<Vec<_>>().join(" "))
        }
        other => crate::text::json::write(other, crate::text::json::Style::COMPACT),
    }
}

/// The items that `wanted` names in its order, the others where the live list had them.
fn in_order(items: Vec<Value>, wanted: &[Value], live: &[Value], merge_key: Option<&str>) -> Vec<Value> {
    let place = |list: &[Value], item: &Value| match merge_key {
        Some(key) => list.iter().position(|it| it.get(key).is_some() && it.get(key) == item.get(key)),
        None => list.iter().position(|it| it == item),
    };
    let (mut named, mut others): (Vec<Value>, Vec<Value>) =
        items.into_iter().partition(|item| place(wanted, item).is_some());
    named.sort_by_key(|item| place(wanted, item));
    others.sort_by_key(|item| place(live, item).unwrap_or(usize::MAX));
    let mut out = Vec::with_capacity(named.len() + others.len());
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    while let (Some(other), Some(name)) = (others.peek(), named.peek()) {
        let before = matches!((place(live, other), place(live, name)), (Some(a), Some(b)) if a < b);
        out.extend(if before { others.next() } else { named.next() });
    }
    out.extend(others);
    out.extend(named);
    out
}
