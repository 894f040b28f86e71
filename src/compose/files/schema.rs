//! Whether a file has the shape of a compose file, in the words of the real tool: of all that is wrong it tells the thing
//! that lies deepest.
//! Source: compose-go v2.16.1 schema/schema.go; santhosh-tekuri/jsonschema v6.0.3 validator.go, kind/kind.go.

use super::tree::{Data, Place, Tree};
use crate::text::go::quoted;
use crate::text::{Map, Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Made by `schema/make.py`.
const TEXT: &str = include_str!("schema/compose.json");

/// The shape of compose files. Reading it takes a moment, so it is read once a load.
pub struct Schema {
    definitions: Value,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Path and words.
    pub words: String,
    /// Where.
    pub place: Place,
    depth: usize,
}

/// What has been looked at in one map, for the shapes that allow nothing else.
type Seen = Vec<Rc<str>>;

impl Default for Schema {
    fn default() -> Self {
        Schema { definitions: json::parse(TEXT).unwrap_or_default() }
    }
}

/// A node on the way down.
struct At<'a> {
    tree: &'a Tree,
    steps: Vec<String>,
}

impl At<'_> {
    fn wrong(&self, words: impl Into<String>) -> Option<Wrong> {
        self.deeper(0, words)
    }

    fn deeper(&self, more: usize, words: impl Into<String>) -> Option<Wrong> {
        let words = format!("{} {}", self.steps.join("."), words.into());
        Some(Wrong { words, place: self.tree.place.clone(), depth: self.steps.len() + more })
    }
}

/// Keeps the deeper of two; of equals the first.
fn keep(best: &mut Option<Wrong>, found: Option<Wrong>) {
    let depth = |wrong: &Option<Wrong>| wrong.as_ref().map(|wrong| wrong.depth);
    if depth(&found) > depth(best) {
        *best = found;
    }
}

impl Schema {
    /// The worst that is wrong with a file.
    pub fn check(&self, file: &Tree) -> Option<Wrong> {
        if let Some(place) = not_finite(file) {
            let words = format!("json: unsupported value: {}", place.1);
            return Some(Wrong { words, place: place.0, depth: 0 });
        }
        self.named("", &At { tree: file, steps: Vec::new() }, &mut Seen::new())
    }

    /// The definition of that name.
    pub fn definition(&self, name: &str) -> Option<&Value> {
        self.definitions.get(name)
    }

    fn named(&self, name: &str, at: &At, seen: &mut Seen) -> Option<Wrong> {
        self.validate(self.definition(name)?, at, seen)
    }

    fn validate(&self, schema: &Value, at: &At, seen: &mut Seen) -> Option<Wrong> {
        if let Some(wrong) = wrong_type(schema, at).or_else(|| wrong_enum(schema, at)) {
            return Some(wrong);
        }
        let mut worst = None;
        if let Some(name) = schema.str_at(&["$ref"]) {
            self.aside(self.definition(name).unwrap_or(&Value::Null), at, seen, &mut worst);
        }
        match &at.tree.data {
            Data::Map(_) => self.object(schema, at, seen, &mut worst),
            Data::List(items) => self.array(schema, items, at, &mut worst),
            Data::Str(text) => {
                if let Some(pattern) = schema.str_at(&["pattern"]).filter(|pattern| !matches(pattern, text)) {
                    keep(&mut worst, at.wrong(format!("{} does not match pattern {}", quote(text), quote(pattern))));
                }
            }
            Data::Int(number) => {
                let least = schema.int_at(&["minimum"]).filter(|least| number < least);
                let most = schema.int_at(&["maximum"]).filter(|most| number > most);
                keep(&mut worst, least.and_then(|n| at.wrong(format!("must be greater than or equal to {n}"))));
                keep(&mut worst, most.and_then(|n| at.wrong(format!("must be less than or equal to {n}"))));
            }
            _ => {}
        }
        self.combined(schema, at, seen, &mut worst);
        if schema.bool_at(&["unevaluatedProperties"]) == Some(false) {
            for (key, value) in at.tree.as_map().into_iter().flatten().filter(|(key, _)| !seen.contains(key)) {
                keep(&mut worst, inside(at, value, key).wrong("false schema"));
            }
        }
        worst
    }

    /// A schema for the same value; what it looked at counts only when it fits.
    fn aside(&self, schema: &Value, at: &At, seen: &mut Seen, worst: &mut Option<Wrong>) -> bool {
        let mut own = Seen::new();
        let found = self.validate(schema, at, &mut own);
        let fits = found.is_none();
        if fits {
            seen.extend(own);
        }
        keep(worst, found);
        fits
    }

    fn object(&self, schema: &Value, at: &At, seen: &mut Seen, worst: &mut Option<Wrong>) {
        let Some(members) = at.tree.as_map() else { return };
        let required = schema.list_at(&["required"]).iter().filter_map(Value::as_str);
        let missing: Vec<String> = required.filter(|key| !members.contains_key(*key)).map(quote).collect();
        if !missing.is_empty() {
            let word = if missing.len() == 1 { "property" } else { "properties" };
            keep(worst, at.wrong(format!("missing {word} {}", missing.join(", "))));
        }
        let properties = schema.get("properties");
        let none = Map::new();
        let patterns = schema.get("patternProperties").and_then(Value::as_map).unwrap_or(&none);
        let closed = schema.bool_at(&["additionalProperties"]) == Some(false);
        let mut strangers = Vec::new();
        for (key, value) in members {
            let known = properties.and_then(|properties| properties.get(key));
            let fitting = patterns.iter().filter(|(pattern, _)| matches(pattern, key)).map(|(_, schema)| schema);
            let schemas: Vec<&Value> = known.into_iter().chain(fitting).collect();
            for schema in &schemas {
                keep(worst, self.validate(schema, &inside(at, value, key), &mut Seen::new()));
            }
            if schemas.is_empty() && closed {
                strangers.push(key);
            }
            if !schemas.is_empty() || closed {
                seen.push(key.clone());
            }
        }
        if let Some(first) = strangers.first() {
            let names: Vec<String> = strangers.iter().map(|key| quote(key)).collect();
            let mut wrong = at.deeper(1, format!("additional properties {} not allowed", names.join(", ")));
            if let (Some(wrong), Some(stranger)) = (&mut wrong, members.get(*first)) {
                wrong.place = stranger.place.clone();
            }
            keep(worst, wrong);
        }
    }

    fn array(&self, schema: &Value, items: &[Tree], at: &At, worst: &mut Option<Wrong>) {
        if schema.bool_at(&["uniqueItems"]) == Some(true)
            && let Some((first, second)) = twice(items)
        {
            keep(worst, at.wrong(format!("items at {first} and {second} are equal")));
        }
        if let Some(schema) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                keep(worst, self.validate(schema, &inside(at, item, &index.to_string()), &mut Seen::new()));
            }
        }
    }

    fn combined(&self, schema: &Value, at: &At, seen: &mut Seen, worst: &mut Option<Wrong>) {
        for part in schema.list_at(&["allOf"]) {
            self.aside(part, at, seen, worst);
        }
        let any = schema.list_at(&["anyOf"]);
        let mut of_any = None;
        if !any.is_empty() && !any.iter().any(|part| self.aside(part, at, seen, &mut of_any)) {
            keep(worst, of_any);
        }
        let one = schema.list_at(&["oneOf"]);
        let mut of_one = None;
        let fitting: Vec<usize> = one
            .iter()
            .enumerate()
            .filter(|(_, part)| self.aside(part, at, seen, &mut of_one))
            .map(|(index, _)| index)
            .collect();
        match fitting.as_slice() {
            [] => keep(worst, of_one),
            [first, second, ..] => {
                keep(worst, at.wrong(format!("'oneOf' failed, subschemas {first}, {second} matched")));
            }
            _ => {}
        }
    }
}

/// The first item that equals an earlier one, and that one before it.
fn twice(items: &[Tree]) -> Option<(usize, usize)> {
    // What is equal is printed alike.
    let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    items.iter().enumerate().find_map(|(second, item)| {
        let before = alike.entry(item.go_text()).or_default();
        let first = before.iter().copied().find(|first| items[*first] == *item);
        before.push(second);
        Some((first?, second))
    })
}

fn inside<'a>(at: &At, tree: &'a Tree, step: &str) -> At<'a> {
    let mut steps = at.steps.clone();
    steps.push(step.to_owned());
    At { tree, steps }
}

fn not_finite(tree: &Tree) -> Option<(Place, &'static str)> {
    match &tree.data {
        Data::Float(f) if f.is_nan() => Some((tree.place.clone(), "NaN")),
        Data::Float(f) if f.is_infinite() => Some((tree.place.clone(), if *f > 0.0 { "+Inf" } else { "-Inf" })),
        Data::List(items) => items.iter().find_map(not_finite),
        Data::Map(members) => members.values().find_map(not_finite),
        _ => None,
    }
}

/// Names of types in the order of the library's bits.
const TYPES: [&str; 7] = ["null", "boolean", "number", "integer", "string", "array", "object"];

fn wrong_type(schema: &Value, at: &At) -> Option<Wrong> {
    let wanted: Vec<&str> = match schema.get("type")? {
        Value::Str(one) => vec![one],
        Value::List(some) => some.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let (found, whole) = match &at.tree.data {
        Data::Null => ("null", false),
        Data::Bool(_) => ("boolean", false),
        Data::Int(_) | Data::Big(_) => ("number", true),
        Data::Float(f) => ("number", *f == libm::trunc(*f)),
        Data::Str(_) => ("string", false),
        Data::List(_) => ("array", false),
        Data::Map(_) => ("object", false),
    };
    if wanted.contains(&found) || (whole && wanted.contains(&"integer")) {
        return None;
    }
    let mut names: Vec<&str> = TYPES.into_iter().filter(|name| wanted.contains(name)).collect();
    names.iter_mut().filter(|name| **name == "object").for_each(|name| *name = "mapping");
    if names.len() > 1 {
        names.sort_unstable();
    }
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => at.wrong(format!("must be a {} or {last}", first.join(", "))),
        _ => at.wrong(format!("must be a {}", names.join(""))),
    }
}

fn wrong_enum(schema: &Value, at: &At) -> Option<Wrong> {
    let allowed = schema.get("enum")?.as_list()?;
    let found = at.tree.as_str();
    if found.is_some_and(|text| allowed.iter().any(|value| value.as_str() == Some(text))) {
        return None;
    }
    let names: Vec<String> = allowed.iter().filter_map(Value::as_str).map(quote).collect();
    if names.len() == 1 {
        return at.wrong(format!("value must be {}", names[0]));
    }
    at.wrong(format!("value must be one of {}", names.join(", ")))
}

/// Text in single quotes. Source: kind/kind.go, quote.
fn quote(text: &str) -> String {
    let text = quoted(text).replace("\\\"", "\"").replace('\'', "\\'");
    format!("'{}'", &text[1..text.len() - 1])
}

/// The few patterns that the schema uses.
fn matches(pattern: &str, text: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match pattern {
        "^x-" => text.starts_with("x-"),
        "^[a-zA-Z0-9._-]+$" => !text.is_empty() && text.chars().all(name),
        "^[a-z]+$" => !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase()),
        "^.+$" => !text.is_empty() && !text.contains('\n'),
        ".+" => text.chars().any(|c| c != '\n'),
        "[a-zA-Z0-9][a-zA-Z0-9_.-]+" => {
            let letters: Vec<char> = text.chars().collect();
            letters.windows(2).any(|pair| pair[0].is_ascii_alphanumeric() && name(pair[1]))
        }
        _ => is_pull_policy(text),
    }
}

fn is_pull_policy(text: &str) -> bool {
    let words = ["always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"];
    let Some(delay) = text.strip_prefix("every_") else { return words.contains(&text) };
    let mut rest = delay;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if digits == 0 || !rest[digits..].starts_with(['w', 'd', 'h', 'm', 's']) {
            return false;
        }
        rest = &rest[digits + 1..];
    }
    !delay.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::files::read::Written;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let tree = Written::new("f", text).document(0).expect("readable").tree;
        assert_eq!(Schema::default().check(&tree).map(|wrong| wrong.words).as_deref().unwrap_or_default(), want);
    }

    #[test]
    fn the_deepest_fault_is_told() {
        check("services: {w: {image: x, x-y: 1}}", "");
        check("services: {w: {image: x, foo: 1}}", "services.w.foo false schema");
        check("services: {w: {restart: false}}", "services.w.restart must be a string");
        check("services: {w: {stop_grace_period: 5}}", "services.w.stop_grace_period must be a string");
        check(
            "services: {w: {environment: {A: [1]}}}",
            "services.w.environment.A must be a boolean, null, number or string",
        );
        check("services: {w: {cap_add: [a, b, c, b, a]}}", "services.w.cap_add items at 1 and 3 are equal");
        check("services: {w: {cap_add: [a, b, c]}}", "");
        check("services: {w: {depends_on: b}}", "services.w.depends_on must be a array");
        check("foo: 1", " additional properties 'foo' not allowed");
        check("services: {my web: {}}", "services additional properties 'my web' not allowed");
        check(
            "services: {w: {volumes: [{type: no, target: /a}]}}",
            "services.w.volumes.0.type value must be one of 'bind', 'volume', 'tmpfs', 'cluster', 'npipe', 'image'",
        );
        check("services: {w: {expose: [80, 80]}}", "services.w.expose items at 0 and 1 are equal");
        check("services: {w: {cpu_percent: 101}}", "services.w.cpu_percent must be a string");
    }
}
