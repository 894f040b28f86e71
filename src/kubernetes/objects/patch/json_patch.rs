//! JSON patches (RFC 6902): a list of operations on places. The words of refusals are those of the server's library.
//! Source: github.com/evanphx/json-patch v4.12, patch.go.

use crate::text::Value;

/// Changes a tree by a list of operations; all or nothing.
pub fn apply(object: &Value, patch: &Value) -> Result<Value, String> {
    let mut out = object.clone();
    for operation in patch.as_list().unwrap_or_default() {
        let text = |key: &str| operation.str_at(&[key]).unwrap_or_default();
        let path = text("path");
        let value = || operation.get("value").cloned().unwrap_or_default();
        match text("op") {
            "add" => add(&mut out, path, value())?,
            "remove" => drop(remove(&mut out, path)?),
            "replace" => replace(&mut out, path, value())?,
            "move" => {
                let moved = remove(&mut out, text("from"))?;
                add(&mut out, path, moved)?;
            }
            "copy" => {
                let from = text("from");
                let copied = find(&out, from).cloned().ok_or_else(|| missing("copy", from))?;
                add(&mut out, path, copied)?;
            }
            "test" => {
                if find(&out, path).unwrap_or(&Value::Null) != &value() {
                    return Err(format!("testing value {path} failed"));
                }
            }
            other => return Err(format!("Unexpected kind: {other}")),
        }
    }
    Ok(out)
}

fn missing(operation: &str, path: &str) -> String {
    format!("{operation} operation does not apply: doc is missing path: \"{path}\": missing value")
}

fn missing_key(operation: &str, path: &str) -> String {
    format!("{operation} operation does not apply: doc is missing key: {path}: missing value")
}

/// The steps of a JSON pointer.
fn steps(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

fn find<'a>(tree: &'a Value, path: &str) -> Option<&'a Value> {
    steps(path).iter().try_fold(tree, |here, step| match here {
        Value::List(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    })
}

/// The parent of a place and the last step to it.
fn parent<'a>(tree: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let mut steps = steps(path);
    let last = steps.pop()?;
    let mut here = tree;
    for step in &steps {
        here = match here {
            Value::List(items) => items.get_mut(step.parse::<usize>().ok()?)?,
            Value::Map(members) => members.get_mut(step)?,
            _ => return None,
        };
    }
    Some((here, last))
}

fn add(tree: &mut Value, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        *tree = value;
        return Ok(());
    }
    let (place, last) = parent(tree, path).ok_or_else(|| missing("add", path))?;
    match place {
        Value::Map(members) => members.set(last, value),
        Value::List(items) if last == "-" => items.push(value),
        Value::List(items) => match last.parse::<usize>() {
            Ok(at) if at <= items.len() => items.insert(at, value),
            _ => return Err(format!("add operation does not apply: doc is missing path: \"{path}\": missing value")),
        },
        _ => return Err(missing("add", path)),
    }
    Ok(())
}

fn remove(tree: &mut Value, path: &str) -> Result<Value, String> {
    let (place, last) = parent(tree, path).ok_or_else(|| missing("remove", path))?;
    let found = match place {
        Value::Map(members) => members.remove(&last),
        Value::List(items) => last.parse::<usize>().ok().filter(|at| *at < items.len()).map(|at| items.remove(at)),
        _ => None,
    };
    found.ok_or_else(|| format!("remove operation does not apply: doc is missing path: \"{path}\": missing value"))
}

fn replace(tree: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let (place, last) = parent(tree, path).ok_or_else(|| missing("replace", path))?;
    let slot = match place {
        Value::Map(members) => members.get_mut(&last),
        Value::List(items) => last.parse::<usize>().ok().and_then(|at| items.get_mut(at)),
        _ => None,
    };
    *slot.ok_or_else(|| missing_key("replace", path))? = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::json;

    fn patched(object: &str, patch: &str) -> Result<String, String> {
        let read = |text: &str| json::parse(text).unwrap_or_default();
        apply(&read(object), &read(patch)).map(|v| json::write(&v, json::Style::COMPACT))
    }

    #[test]
    fn operations() {
        let patch = r#"[{"op":"add","path":"/a/-","value":3},{"op":"remove","path":"/a/0"},
            {"op":"replace","path":"/b","value":2},{"op":"copy","from":"/b","path":"/c~1d"},{"op":"test","path":"/b","value":2}]"#;
        assert_eq!(patched(r#"{"a":[1,2],"b":1}"#, patch).as_deref(), Ok(r#"{"a":[2,3],"b":2,"c/d":2}"#));
    }

    #[test]
    fn refusals() {
        let words = patched(r#"{"a":1}"#, r#"[{"op":"replace","path":"/x","value":1}]"#);
        assert_eq!(words, Err("replace operation does not apply: doc is missing key: /x: missing value".into()));
        let words = patched(r#"{"a":1}"#, r#"[{"op":"test","path":"/a","value":2}]"#);
        assert_eq!(words, Err("testing value /a failed".into()));
    }
}
