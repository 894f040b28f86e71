//! JSONPath as kubectl understands it: paths, `[*]`, slices, filters, unions, `range`, text.
//! Source: kubernetes v1.37 client-go util/jsonpath/parser.go, jsonpath.go.

use crate::text::go::quoted;
use crate::text::{Value, json};
use std::cmp::Ordering;

/// One step.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Member(String),
    All,
    Index(i64),
    Slice(Option<i64>, Option<i64>, i64),
    Below(String),
    Filter(Vec<Step>, String, String),
    Members(Vec<String>),
}

/// A path into a tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path(Vec<Step>);

/// A whole template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Path(Path),
    Range(Path, Vec<Part>),
}

/// A path with or without braces and leading dot: `metadata.name`, `.metadata.name`, `{.metadata.name}`.
/// Source: kubectl pkg/cmd/get/customcolumn.go, RelaxedJSONPathExpression.
pub fn relaxed(text: &str) -> Result<Path, String> {
    let inner = text.trim().trim_start_matches('{').trim_end_matches('}');
    let inner = inner.strip_prefix('$').unwrap_or(inner);
    Path::parse(if inner.starts_with(['.', '[']) { inner.to_string() } else { format!(".{inner}") }.as_str())
}

impl Path {
    /// Reads `.a.b[0]['c'][?(@.d=="e")]`.
    fn parse(text: &str) -> Result<Path, String> {
        let mut steps = Vec::new();
        let mut rest = text.strip_prefix(['$', '@']).unwrap_or(text);
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("..") {
                let (name, tail) = name(after);
                steps.push(Step::Below(name));
                rest = tail;
            } else if let Some(after) = rest.strip_prefix('.') {
                let (name, tail) = name(after);
                match name.as_str() {
                    "" if tail.is_empty() => {}
                    "" => {}
                    "*" => steps.push(Step::All),
                    _ => steps.push(Step::Member(name)),
                }
                rest = tail;
            } else if rest.starts_with('[') {
                let end = closing(rest).ok_or("unterminated array")?;
                steps.push(bracket(&rest[1..end])?);
                rest = &rest[end + 1..];
            } else {
                return Err(format!("unrecognized character in action: {:?}", rest.chars().next().unwrap_or(' ')));
            }
        }
        Ok(Path(steps))
    }
    /// What the path leads to; nothing where an index is out of bounds.
    pub fn find<'a>(&self, tree: &'a Value) -> Vec<&'a Value> {
        self.try_find(tree).unwrap_or_default()
    }
    /// The same, or why it cannot be followed.
    pub fn try_find<'a>(&self, tree: &'a Value) -> Result<Vec<&'a Value>, String> {
        let mut here = vec![tree];
        for step in &self.0 {
            let mut next = Vec::new();
            for value in here {
                next.extend(follow(value, step)?);
            }
            here = next;
        }
        Ok(here)
    }
}

fn name(text: &str) -> (String, &str) {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.extend(chars.next().map(|(_, c)| c)),
            '.' | '[' => return (out, &text[at..]),
            c => out.push(c),
        }
    }
    (out, "")
}

/// Place of the bracket that closes the first one, outside quotes.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn bracket(text: &str) -> Result<Step, String> {
    if text == "*" {
        return Ok(Step::All);
    }
    if let Some(filter) = text.strip_prefix("?(").and_then(|t| t.strip_suffix(')')) {
        for operator in ["==", "!=", ">=", "<=", ">", "<"] {
            if let Some((left, right)) = filter.split_once(operator) {
                let right = right.trim().trim_matches(['"', '\'']).to_string();
                return Ok(Step::Filter(Path::parse(left.trim())?.0, operator.into(), right));
            }
        }
        return Ok(Step::Filter(Path::parse(filter.trim())?.0, String::new(), String::new()));
    }
    if text.starts_with(['\'', '"']) {
        return Ok(Step::Members(text.split(',').map(|t| t.trim().trim_matches(['"', '\'']).to_string()).collect()));
    }
    if let Some((from, to)) = text.split_once(':') {
        let (to, step) = to.split_once(':').unwrap_or((to, "1"));
        return Ok(Step::Slice(from.parse().ok(), to.parse().ok(), step.parse().unwrap_or(1)));
    }
    text.parse().map(Step::Index).map_err(|_| format!("invalid array index {text}"))
}

fn follow<'a>(tree: &'a Value, step: &Step) -> Result<Vec<&'a Value>, String> {
    let items = || match tree {
        Value::List(items) => items.iter().collect::<Vec<_>>(),
        Value::Map(members) => members.sorted().into_iter().map(|(_, v)| v).collect(),
        _ => Vec::new(),
    };
    Ok(match step {
        Step::Member(name) => tree.get(name).into_iter().collect(),
        Step::Members(names) => names.iter().filter_map(|n| tree.get(n)).collect(),
        Step::All => items(),
        Step::Index(at) => {
            let list = list_of(tree)?;
            let at = if *at < 0 { at.saturating_add(list.len() as i64) } else { *at };
            part(list, at, at.saturating_add(1), 1)?
        }
        Step::Slice(from, to, step) => {
            let list = list_of(tree)?;
            let bound = |n: i64| if n < 0 { n.saturating_add(list.len() as i64) } else { n };
            part(list, bound(from.unwrap_or(0)), bound(to.unwrap_or(list.len() as i64)), *step)?
        }
        Step::Below(name) => {
            let mut found = Vec::new();
            below(tree, name, &mut found);
            found
        }
        Step::Filter(path, operator, right) => {
            items().into_iter().filter(|v| holds(v, path, operator, right)).collect()
        }
    })
}

/// The list that an index is taken of.
fn list_of(tree: &Value) -> Result<&[Value], String> {
    let kind = match tree {
        Value::List(items) => return Ok(items),
        Value::Null => return Ok(&[]),
        Value::Str(_) => "string",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Bool(_) => "bool",
        Value::Map(_) => "map[string]interface {}",
    };
    Err(format!("{kind} is not array or slice"))
}

/// Part of a list. Source: client-go util/jsonpath/jsonpath.go, evalArray.
fn part(list: &[Value], from: i64, to: i64, step: i64) -> Result<Vec<&Value>, String> {
    let length = list.len() as i64;
    if from == to {
        return Ok(Vec::new());
    }
    let outside = |index: i64| Err(format!("array index out of bounds: index {index}, length {length}"));
    if from >= length || from < 0 {
        return outside(from);
    }
    if to > length || to < 0 {
        return outside(to.saturating_sub(1));
    }
    if from > to {
        return Err(format!("starting index {from} is greater than ending index {to}"));
    }
    if step <= 0 {
        return Err("step must be > 0".into());
    }
    Ok(list[from as usize..to as usize].iter().step_by(step as usize).collect())
}

fn below<'a>(tree: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    if name.is_empty() {
        found.push(tree);
    } else {
        found.extend(tree.get(name));
    }
    match tree {
        Value::List(items) => items.iter().for_each(|v| below(v, name, found)),
        Value::Map(members) => members.sorted().into_iter().for_each(|(_, v)| below(v, name, found)),
        _ => {}
    }
}

fn holds(tree: &Value, path: &[Step], operator: &str, right: &str) -> bool {
    let found = Path(path.to_vec()).find(tree);
    let Some(left) = found.first() else { return false };
    if operator.is_empty() {
        return true;
    }
    let order = match (left.as_int(), right.parse::<i64>()) {
        (Some(a), Ok(b)) => a.cmp(&b),
        _ => text(left).as_str().cmp(right),
    };
    match operator {
        "==" => order == Ordering::Equal,
        "!=" => order != Ordering::Equal,
        ">" => order == Ordering::Greater,
        "<" => order == Ordering::Less,
        ">=" => order != Ordering::Less,
        _ => order != Ordering::Greater,
    }
}

/// A value as templates print it.
pub fn text(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        Value::Null => String::new(),
        other => json::write(other, json::Style::COMPACT),
    }
}

/// The order of `--sort-by`: numbers as numbers, everything else as text, what is missing first.
pub fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        _ => text(a).cmp(&text(b)),
    }
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Template, String> {
        let mut stack: Vec<(Path, Vec<Part>)> = vec![(Path::default(), Vec::new())];
        let mut rest = text;
        while !rest.is_empty() {
            let Some(open) = rest.find('{') else {
                push(&mut stack, Part::Text(rest.into()));
                break;
            };
            if open > 0 {
                push(&mut stack, Part::Text(rest[..open].into()));
            }
            let close = action_end(&rest[open..]).ok_or("unclosed action")? + open;
            let action = rest[open + 1..close].trim();
            rest = &rest[close + 1..];
            if let Some(path) = action.strip_prefix("range ") {
                stack.push((Path::parse(path.trim())?, Vec::new()));
            } else if action == "end" {
                if stack.len() < 2 {
                    return Err("not in range, nothing to end".into());
                }
                if let Some((path, parts)) = stack.pop() {
                    push(&mut stack, Part::Range(path, parts));
                }
            } else if action.starts_with(['"', '\'']) {
                push(&mut stack, Part::Text(unquote(action)));
            } else {
                push(&mut stack, Part::Path(Path::parse(action)?));
            }
        }
        if stack.len() > 1 {
            return Err("unclosed range".into());
        }
        Ok(Template(stack.pop().map(|(_, parts)| parts).unwrap_or_default()))
    }
    /// What it prints of a tree, until it cannot be followed any further, and why it cannot.
    pub fn print(&self, tree: &Value) -> (String, Option<String>) {
        let mut out = String::new();
        let ended = print_parts(&self.0, tree, &mut out);
        (out, ended.err())
    }
}

fn push(stack: &mut [(Path, Vec<Part>)], part: Part) {
    if let Some((_, parts)) = stack.last_mut() {
        parts.push(part);
    }
}

fn print_parts(parts: &[Part], tree: &Value, out: &mut String) -> Result<(), String> {
    for part in parts {
        match part {
            Part::Text(words) => out.push_str(words),
            Part::Path(path) => {
                out.push_str(&path.try_find(tree)?.into_iter().map(text).collect::<Vec<_>>().join(" "));
            }
            Part::Range(path, inner) => {
                path.try_find(tree)?.into_iter().try_for_each(|v| print_parts(inner, v, out))?;
            }
        }
    }
    Ok(())
}

/// A tree as Go prints it with `%#v`, members sorted.
pub fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".into(),
        Value::Str(text) => quoted(text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Map(members) => {
            let members = members.sorted().into_iter();
            let members: Vec<String> = members.map(|(k, v)| format!("{}:{}", quoted(k), go_syntax(v))).collect();
            format!("map[string]interface {{}}{{{}}}", members.join(", "))
        }
        other => json::write(other, json::Style::COMPACT),
    }
}

fn action_end(text: &str) -> Option<usize> {
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '}') => return Some(at),
            _ => {}
        }
    }
    None
}

fn unquote(text: &str) -> String {
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    inner.replace("\\n", "\n").replace("\\t", "\t").replace("\\\"", "\"").replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(template: &str, tree: &str) -> String {
        let tree = json::parse(tree).unwrap_or_default();
        Template::parse(template)
            .map(|t| t.print(&tree))
            .map_or_else(|e| e, |(out, why)| out + &why.unwrap_or_default())
    }

    #[test]
    fn templates() {
        let tree = r#"{"items":[{"n":"a","c":[{"t":"R","s":1}]},{"n":"b","c":[{"t":"Q","s":2}]}],"m":{"x.y":"z"}}"#;
        assert_eq!(print("{.items[*].n}", tree), "a b");
        assert_eq!(print(r#"{range .items[*]}{.n}{"\t"}{.c[0].s}{"\n"}{end}"#, tree), "a\t1\nb\t2\n");
        assert_eq!(print(r#"{.items[?(@.n=="b")].c[0].t}"#, tree), "Q");
        assert_eq!(print(r"{.m.x\.y} {.items[-1:].n}", tree), "z b");
        assert_eq!(print("{..s}", tree), "1 2");
        assert_eq!(print("{.nope}x", tree), "x");
        assert_eq!(print("{.a", tree), "unclosed action");
        assert_eq!(print("{.items[0:2:2].n}", tree), "a");
        assert_eq!(print("x{.items[2].n}y", tree), "xarray index out of bounds: index 2, length 2");
        assert_eq!(print("{.items[-3].n}", tree), "array index out of bounds: index -1, length 2");
        assert_eq!(print("{.m[0]}", tree), "map[string]interface {} is not array or slice");
        assert_eq!(print("{.nope[0].n}x", tree), "x", "what is missing has no parts");
    }
}
