//! JSONPath as kubectl understands it: paths, `[*]`, slices, filters, unions, `range`, text.
//! Source: kubernetes v1.37 client-go util/jsonpath/parser.go, jsonpath.go.

mod read;

use crate::console::template::Go;
use crate::kubernetes::objects::parts::Quantity;
use crate::text::go::quoted;
use crate::text::{Value, json, number};
use read::{Node, Part};
use std::borrow::Cow;
use std::cmp::Ordering;

/// What one part of a template leads to.
type Found<'a> = Vec<Cow<'a, Value>>;

/// A whole template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
    /// Whether what is missing is an error.
    strict: bool,
}

/// A path with or without braces and leading dot: `metadata.name`, `.metadata.name`, `{.metadata.name}`.
/// Source: kubectl pkg/cmd/get/customcolumn.go, RelaxedJSONPathExpression.
pub fn relaxed(text: &str) -> Result<Template, String> {
    Template::parse(&in_braces(text)?)
}

/// The same as text.
pub fn in_braces(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let bare = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let bare = if bare.len() > 1 { bare.strip_prefix('.').unwrap_or(bare) } else { bare };
    match bare.is_empty() || bare.contains(['{', '}']) {
        true => Err("unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or \
                     '{.name1.name2}'"
            .into()),
        false => Ok(format!("{{.{bare}}}")),
    }
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Template, String> {
        Ok(Template { parts: read::parts(text)?, strict: false })
    }
    /// The same where what is missing is an error, or not.
    pub fn strict(self, strict: bool) -> Template {
        Template { strict, ..self }
    }
    /// What its parts lead to, one after the other.
    pub fn find<'a>(&'a self, tree: &'a Value) -> Result<Vec<Found<'a>>, String> {
        Walk { parts: &self.parts, strict: self.strict, ..Walk::default() }.from(Some(tree), 0)
    }
    /// The first thing that it leads to.
    pub fn first(&self, tree: &Value) -> Result<Option<Value>, String> {
        let found = self.find(tree)?;
        Ok(found.first().and_then(|first| first.first()).map(|value| value.clone().into_owned()))
    }
    /// What it prints of a tree. Source: jsonpath.go, Execute, PrintResults.
    pub fn print(&self, tree: &Value, as_json: bool) -> Result<String, String> {
        let mut out = String::new();
        for found in self.find(tree)? {
            match as_json {
                true => {
                    let list = Value::List(found.into_iter().map(Cow::into_owned).collect());
                    out += &(json::write(&list, json::Style::KUBECTL) + "\n");
                }
                false => out += &found.iter().map(|value| text(value)).collect::<Vec<_>>().join(" "),
            }
        }
        Ok(out)
    }
}

/// A walk through a template, with the loops that it is in.
#[derive(Default)]
struct Walk<'a> {
    parts: &'a [Part],
    strict: bool,
    begins: usize,
    inside: usize,
    ends: usize,
    last_end: Option<usize>,
}

impl<'a> Walk<'a> {
    /// Source: jsonpath.go, FindResults.
    fn from(&mut self, tree: Option<&'a Value>, start: usize) -> Result<Vec<Found<'a>>, String> {
        let (mut all, mut at) = (Vec::new(), start);
        while let Some(part) = self.parts.get(at) {
            let here = vec![tree.map_or(Cow::Owned(Value::Null), Cow::Borrowed)];
            let found = match part {
                Part::Text(words) => vec![Cow::Owned(Value::str(words.as_str()))],
                Part::Action(nodes) => self.list(here, nodes)?,
            };
            if self.ends > 0 && self.ends <= self.inside {
                self.ends -= 1;
                self.last_end = Some(at);
                break;
            }
            if self.begins == 0 {
                all.push(found);
                at += 1;
                continue;
            }
            self.begins -= 1;
            self.inside += 1;
            if found.is_empty() {
                self.from(None, at + 1)?;
            }
            for value in found {
                // What a loop goes over lies in the tree.
                let value = if let Cow::Borrowed(value) = value { Some(value) } else { None };
                all.extend(self.from(value, at + 1)?);
            }
            self.inside -= 1;
            at = self.last_end.filter(|end| *end > at).unwrap_or(at) + 1;
        }
        Ok(all)
    }
    fn list(&mut self, mut here: Found<'a>, nodes: &'a [Node]) -> Result<Found<'a>, String> {
        for node in nodes {
            here = self.step(here, node)?;
        }
        Ok(here)
    }
    fn step(&mut self, here: Found<'a>, node: &'a Node) -> Result<Found<'a>, String> {
        let known = here.iter().filter(|value| !value.is_null());
        match node {
            Node::Plain(value) => Ok(here.iter().map(|_| Cow::Borrowed(value)).collect()),
            Node::Text(words) => Ok(vec![Cow::Owned(Value::str(words.as_str()))]),
            Node::Field(name) => {
                let found: Found = known.filter_map(|value| member(value, name)).collect();
                match found.is_empty() && self.strict && !here.is_empty() {
                    true => Err(format!("{name} is not found")),
                    false => Ok(found),
                }
            }
            Node::Array(bounds, derived) => {
                let mut found = Vec::new();
                for value in known {
                    found.extend(part(value, *bounds, *derived)?);
                }
                Ok(found)
            }
            Node::Filter(left, operator, right) => self.filter(&here, left, operator, right),
            Node::All => Ok(known.flat_map(children).collect()),
            Node::Below => {
                let mut found = Vec::new();
                known.for_each(|value| below(value.clone(), &mut found));
                Ok(found)
            }
            Node::Union(lists) => {
                let mut found = Vec::new();
                for nodes in lists {
                    found.extend(self.list(here.clone(), nodes)?);
                }
                Ok(found)
            }
            Node::Word(word) => match word.as_str() {
                "range" => {
                    self.begins += 1;
                    Ok(here)
                }
                "end" if self.inside > 0 => {
                    self.ends += 1;
                    Ok(Vec::new())
                }
                "end" => Err("not in range, nothing to end".into()),
                _ => Err(format!("unrecognized identifier {word}")),
            },
        }
    }
    /// Source: jsonpath.go, evalFilter.
    fn filter(
        &mut self,
        here: &Found<'a>,
        left: &'a [Node],
        operator: &str,
        right: &'a [Node],
    ) -> Result<Found<'a>, String> {
        let mut found = Vec::new();
        for value in here {
            if !matches!(**value, Value::List(_)) {
                let shown = Go::of(value).inside();
                return Err(format!("{shown} is not array or slice and cannot be filtered"));
            }
            for item in children(value) {
                let lefts = self.list(vec![item.clone()], left);
                if operator == "exists" {
                    if lefts.is_ok_and(|lefts| !lefts.is_empty()) {
                        found.push(item);
                    }
                    continue;
                }
                let (lefts, rights) = (lefts?, self.list(vec![item.clone()], right)?);
                let passes = match (&lefts[..], &rights[..]) {
                    ([], _) | (_, []) => false,
                    ([left], [right]) => compares(left, operator, right)?,
                    _ => return Err("can only compare one element at a time".into()),
                };
                if passes {
                    found.push(item);
                }
            }
        }
        Ok(found)
    }
}

fn member<'a>(value: &Cow<'a, Value>, name: &str) -> Option<Cow<'a, Value>> {
    match value {
        Cow::Borrowed(value) => value.get(name).map(Cow::Borrowed),
        Cow::Owned(value) => value.get(name).cloned().map(Cow::Owned),
    }
}

/// What lies in a value; of a text its bytes.
fn children<'a>(value: &Cow<'a, Value>) -> Vec<Cow<'a, Value>> {
    match value {
        Cow::Borrowed(Value::List(items)) => items.iter().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::Map(members)) => members.sorted().into_iter().map(|(_, v)| Cow::Borrowed(v)).collect(),
        other => match &**other {
            Value::Str(text) => text.bytes().map(|b| Cow::Owned(Value::Int(i64::from(b)))).collect(),
            _ => Vec::new(),
        },
    }
}

/// Source: jsonpath.go, evalRecursive.
fn below<'a>(value: Cow<'a, Value>, found: &mut Found<'a>) {
    let inner = children(&value);
    if !inner.is_empty() {
        found.push(value);
        inner.into_iter().for_each(|value| below(value, found));
    }
}

/// Part of a list. Source: jsonpath.go, evalArray.
fn part<'a>(value: &Cow<'a, Value>, bounds: [Option<i64>; 3], derived: bool) -> Result<Found<'a>, String> {
    let kind = match &**value {
        Value::List(_) => "",
        Value::Str(_) => "string",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Bool(_) => "bool",
        _ => "map[string]interface {}",
    };
    if !kind.is_empty() {
        return Err(format!("{kind} is not array or slice"));
    }
    let list = children(value);
    let length = list.len() as i64;
    let from = bounds[0].unwrap_or(0);
    let from = if from < 0 { from.saturating_add(length) } else { from };
    let to = bounds[1].unwrap_or(length);
    let to = if to < 0 || (to == 0 && derived) { to.saturating_add(length) } else { to };
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
    match bounds[2].unwrap_or(1) {
        ..=0 => Err("step must be > 0".into()),
        step => Ok(list[from as usize..to as usize].iter().step_by(step as usize).cloned().collect()),
    }
}

/// Source: kubernetes v1.37 client-go third_party/forked/golang/template/funcs.go.
fn compares(left: &Value, operator: &str, right: &Value) -> Result<bool, String> {
    let order = match (left, right) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Greater),
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) if matches!(operator, "==" | "!=") => a.cmp(b),
        (Value::Null | Value::List(_) | Value::Map(_), _)
        | (_, Value::Null | Value::List(_) | Value::Map(_))
        | (Value::Bool(_), Value::Bool(_)) => return Err("invalid type for comparison".into()),
        _ => return Err("incompatible types for comparison".into()),
    };
    Ok(match operator {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        ">" => order.is_gt(),
        "<" => order.is_lt(),
        ">=" => order.is_ge(),
        "<=" => order.is_le(),
        _ => return Err(format!("unrecognized filter operator {operator}")),
    })
}

/// A value as templates print it. Source: jsonpath.go, PrintResults, evalToText.
pub fn text(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        Value::Null => "null".into(),
        Value::Float(f) => number::json_text(*f),
        other => json::write(other, json::Style::COMPACT),
    }
}

/// Whether a value goes before another with `--sort-by`: quantities by their amount, what is missing first.
/// Source: kubectl pkg/cmd/get/sorter.go, isLess, Less.
fn is_less(a: &Option<Value>, b: &Option<Value>) -> bool {
    match (a, b) {
        (None, _) => true,
        (_, None) => false,
        (Some(Value::Null), Some(b)) => !b.is_null(),
        (Some(Value::Int(a)), Some(Value::Int(b))) => a < b,
        (Some(Value::Float(a)), Some(Value::Float(b))) => a < b,
        (Some(a @ Value::Str(x)), Some(b @ Value::Str(y))) => match (Quantity::read(a), Quantity::read(b)) {
            (Ok(a), Ok(b)) => a < b,
            _ => x < y,
        },
        _ => false,
    }
}

/// The longest list that Go's sort goes through by insertion. Source: Go sort, pdqsort, maxInsertion.
const INSERTION_MAX: usize = 12;

/// The order of things by their values. Ours: longer lists keep the order of what is equal.
pub fn order(values: &[Option<Value>]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    let less = |a: usize, b: usize| is_less(&values[a], &values[b]);
    if places.len() > INSERTION_MAX {
        places.sort_by(|a, b| match (&values[*a], &values[*b], less(*a, *b), less(*b, *a)) {
            (None, None, ..) | (_, _, false, false) => Ordering::Equal,
            (.., true, _) => Ordering::Less,
            _ => Ordering::Greater,
        });
        return places;
    }
    for end in 1..places.len() {
        let mut at = end;
        while at > 0 && less(places[at], places[at - 1]) {
            places.swap(at, at - 1);
            at -= 1;
        }
    }
    places
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

#[cfg(test)]
mod tests {
    use super::*;

    fn print(template: &str, tree: &str) -> String {
        let tree = json::parse(tree).unwrap_or_default();
        Template::parse(template).and_then(|t| t.print(&tree, false)).unwrap_or_else(|words| format!("!{words}"))
    }

    #[test]
    fn templates() {
        let tree = r#"{"items":[{"n":"a","c":[{"t":"R","s":1}]},{"n":"b","c":[{"t":"Q","s":2}]}],
            "m":{"x.y":"z","no":null,"f":1.5,"b":true}}"#;
        for (template, text) in [
            ("{.items[*].n}", "a b"),
            (r#"{range .items[*]}{.n}{"\t"}{.c[0].s}{"\n"}{end}"#, "a\t1\nb\t2\n"),
            (r#"{range .items[*]}{range .c[*]}{.t}{end},{end}."#, "R,Q,."),
            (r#"{range .nope[*]}{.n}{end}x"#, "x"),
            ("{range .items[*]}{.n}", "ab"),
            (r#"{.items[?(@.n=="b")].c[0].t}"#, "Q"),
            (r#"{.items[?(@.c[0].s>=2)].n}{.items[?(@.c[0].s!=2)].n}"#, "ba"),
            (r#"{.items[?(@.z)].n}-{.items[?(@.c)].n}"#, "-a b"),
            (r#"{.items[?(@.n==1)].n}"#, "!incompatible types for comparison"),
            (r#"{.m[?(@.n==1)]}"#, "!map[b:true f:1.5 no:<nil> x.y:z] is not array or slice and cannot be filtered"),
            (r"{.m.x\.y} {.items[-1:].n} {.m['x\.y']}", "z b z"),
            ("{.items[0,1].n} {.items[-1].n}", "a b b"),
            ("{..s}", "1 2"),
            ("{.m.no}|{.m.f}|{.m.b}|{.m}", r#"null|1.5|true|{"b":true,"f":1.5,"no":null,"x.y":"z"}"#),
            ("{.nope}x{.}", "x"),
            ("{@.m.f}{$.m.f}{3}{'q'}", "1.51.53q"),
            ("{.a", "!unclosed action"),
            ("{%}", "!unrecognized character in action: U+0025 '%'"),
            ("{foo}", "!unrecognized identifier foo"),
            ("{end}", "!not in range, nothing to end"),
            ("{.items[a]}", "!invalid array index a"),
            ("{.items[0:2:2].n}", "a"),
            ("x{.items[2].n}y", "!array index out of bounds: index 2, length 2"),
            ("{.items[-3].n}", "!array index out of bounds: index -1, length 2"),
            ("{.m[0]}", "!map[string]interface {} is not array or slice"),
            ("{.nope[0].n}x", "x"),
        ] {
            assert_eq!(print(template, tree), text, "{template}");
        }
    }

    #[test]
    fn what_is_missing_may_be_an_error() {
        let template = Template::parse("{.a.b}").unwrap_or_default().strict(true);
        assert_eq!(template.print(&Value::Null, false), Err("a is not found".to_string()));
        let tree = json::parse(r#"{"a":{}}"#).unwrap_or_default();
        assert_eq!(template.print(&tree, false), Err("b is not found".to_string()));
    }

    #[test]
    fn values_sort_by_amount_and_what_is_missing_goes_first() {
        let values: Vec<Option<Value>> = ["1Gi", "200Mi", "b", "a"].map(|v| Some(Value::from(v))).to_vec();
        assert_eq!(order(&values[..2]), [1, 0]);
        assert_eq!(order(&values[2..]), [1, 0]);
        assert_eq!(order(&[Some(Value::Int(2)), None, Some(Value::Int(1)), None]), [3, 1, 2, 0]);
    }

    #[test]
    fn a_path_may_lack_its_braces() {
        for text in [".a.b", "a.b", "{a.b}", "{.a.b}"] {
            assert_eq!(in_braces(text).as_deref(), Ok("{.a.b}"));
        }
        assert!(in_braces("{a}{b}").is_err());
    }
}
