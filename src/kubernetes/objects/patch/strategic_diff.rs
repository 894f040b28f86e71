//! The strategic merge patch that leads from one tree to another.
//! Source: kubernetes v1.37 apimachinery/pkg/util/strategicpatch/patch.go, diffMaps, handleMapDiff, handleSliceDiff, diffLists.

use super::strategic_merge::{DELETE_ITEMS, DIRECTIVE, ORDER, RETAIN_KEYS};
use super::{field_of, merges, replaces, retains_keys, struct_of};
use crate::kubernetes::objects::{Field, Struct};
use crate::map;
use crate::text::{Map, Value};

/// Which part of a difference is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Everything.
    All,
    /// What is added and changed.
    Changes,
    /// What is taken out.
    Deletions,
}

/// The patch from one tree of this shape to another.
pub fn strategic_diff(from: &Value, to: &Value, shape: Option<&Struct>, wanted: Wanted) -> Result<Value, String> {
    let (Value::Map(from), Value::Map(to)) = (from, to) else { return Ok(Value::Map(Map::new())) };
    Ok(Value::Map(diff_maps(from, to, shape, wanted, false)?))
}

fn diff_maps(from: &Map, to: &Map, shape: Option<&Struct>, wanted: Wanted, retain: bool) -> Result<Map, String> {
    let mut patch = Map::new();
    let (changes, deletions) = (wanted != Wanted::Deletions, wanted != Wanted::Changes);
    for (key, new) in to.iter() {
        let field = field_of(shape, key);
        match (from.get(key), new) {
            (Some(Value::Map(a)), Value::Map(b)) if !replaces(field) => {
                let inner = struct_of_field(field);
                let inner = diff_maps(a, b, inner, wanted, retains_keys(field))?;
                if !inner.is_empty() {
                    patch.set(key.clone(), inner);
                }
            }
            (Some(Value::List(a)), Value::List(b)) if merges(field) => {
                diff_lists(&mut patch, key, a, b, field, wanted)?
            }
            (Some(old), new) if old == new => {}
            _ if changes => patch.set(key.clone(), new.clone()),
            _ => {}
        }
    }
    if deletions {
        for (key, _) in from.iter().filter(|(key, _)| !to.has(key)) {
            patch.set(key.clone(), Value::Null);
        }
    }
    if retain && changes && !patch.is_empty() {
        let keys = to.sorted().into_iter().map(|(k, _)| Value::Str(k.clone())).collect::<Vec<_>>();
        patch.set(RETAIN_KEYS, keys);
    }
    Ok(patch)
}

fn struct_of_field(field: Option<&Field>) -> Option<&'static Struct> {
    field.and_then(|f| struct_of(&f.of))
}

fn diff_lists(
    patch: &mut Map,
    key: &str,
    from: &[Value],
    to: &[Value],
    field: Option<&Field>,
    wanted: Wanted,
) -> Result<(), String> {
    let (changes, deletions) = (wanted != Wanted::Deletions, wanted != Wanted::Changes);
    let Some(merge_key) = field.and_then(|f| f.merge_key) else {
        let added: Vec<Value> = to.iter().filter(|item| changes && !from.contains(item)).cloned().collect();
        let gone: Vec<Value> = from.iter().filter(|item| deletions && !to.contains(item)).cloned().collect();
        let moved = changes && from != to && added.is_empty() && gone.is_empty();
        if !added.is_empty() || !gone.is_empty() || moved {
            patch.set(format!("{ORDER}{key}"), to.to_vec());
        }
        if !added.is_empty() {
            patch.set(key, added);
        }
        if !gone.is_empty() {
            patch.set(format!("{DELETE_ITEMS}{key}"), gone);
        }
        return Ok(());
    };
    let key_of = |item: &Value| item.get(merge_key).cloned();
    let mut items: Vec<Value> = Vec::new();
    for new in to {
        let id = key_of(new).ok_or_else(|| format!("map does not contain declared merge key: {merge_key}"))?;
        match from.iter().find(|old| key_of(old).as_ref() == Some(&id)) {
            None if changes => items.push(new.clone()),
            None => {}
            Some(old) => {
                let (Value::Map(a), Value::Map(b)) = (old, new) else { continue };
                let mut inner = diff_maps(a, b, struct_of_field(field), wanted, retains_keys(field))?;
                if !inner.is_empty() {
                    inner.set(merge_key, id);
                    items.push(Value::Map(inner));
                }
            }
        }
    }
    if deletions {
        for old in from.iter().filter(|old| !to.iter().any(|new| key_of(new) == key_of(old))) {
            items.push(Value::Map(map! { DIRECTIVE => "delete", merge_key => key_of(old).unwrap_or_default() }));
        }
    }
    let same_order = from.len() == to.len() && from.iter().zip(to).all(|(a, b)| key_of(a) == key_of(b));
    if !items.is_empty() || (changes && !same_order) {
        let order = to.iter().map(|item| Value::Map(map! { merge_key => key_of(item).unwrap_or_default() }));
        patch.set(format!("{ORDER}{key}"), order.collect::<Vec<_>>());
    }
    if !items.is_empty() {
        patch.set(key, items);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{strategic, three_way};
    use super::*;
    use crate::kubernetes::objects::Schema;
    use crate::text::json;

    fn shape() -> Option<&'static Struct> {
        Schema::get().kind("apps/v1", "Deployment").map(|k| k.shape())
    }
    fn read(text: &str) -> Value {
        json::parse(text).unwrap_or_default()
    }
    fn spec(containers: &str) -> Value {
        read(&format!(r#"{{"spec":{{"template":{{"spec":{{"containers":{containers}}}}}}}}}"#))
    }

    #[test]
    fn containers_merge_by_name() {
        let live = spec(r#"[{"name":"a","image":"1","terminationMessagePath":"/dev/x"},{"name":"b","image":"1"}]"#);
        let old = spec(r#"[{"name":"a","image":"1"},{"name":"b","image":"1"}]"#);
        let new = spec(r#"[{"name":"a","image":"2"}]"#);
        let got = three_way(&old, &new, &live, shape()).unwrap_or_default();
        assert_eq!(got, Some(spec(r#"[{"name":"a","image":"2","terminationMessagePath":"/dev/x"}]"#)));
        assert_eq!(
            three_way(&old, &old, &spec(r#"[{"name":"a","image":"1","x":1},{"name":"b","image":"1"}]"#), shape()),
            Ok(None)
        );
    }

    #[test]
    fn a_strategy_keeps_only_the_keys_it_names() {
        let live = read(r#"{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}}"#);
        let new = read(r#"{"spec":{"strategy":{"type":"Recreate"}}}"#);
        let patch = strategic_diff(&live, &new, shape(), Wanted::Changes).unwrap_or_default();
        assert_eq!(strategic(&live, &patch, shape()), Ok(new));
    }

    proptest::proptest! {
        /// A patch leads to where it was computed for.
        #[test]
        fn a_patch_arrives(
            from in proptest::collection::vec(0u8..6, 0..5),
            to in proptest::collection::vec(0u8..6, 0..5),
        ) {
            let list = |ids: &[u8]| {
                let mut seen = Vec::new();
                let items = ids.iter().filter(|id| { let new = !seen.contains(*id); seen.push(**id); new });
                let items: Vec<String> = items.map(|id| format!(r#"{{"name":"c{id}","image":"i{}"}}"#, ids.len())).collect();
                spec(&format!("[{}]", items.join(",")))
            };
            let (from, to) = (list(&from), list(&to));
            let patch = strategic_diff(&from, &to, shape(), Wanted::All).unwrap_or_default();
            proptest::prop_assert_eq!(strategic(&from, &patch, shape()), Ok(to));
        }
    }
}
