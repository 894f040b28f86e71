//! The variables that a model asks for, as `config --variables` lists them.
//! Source: compose-go v2.16.1 template/variables.go.

use super::template::{Found, closing_brace, recognise};
use super::tree::{Data, Members};
use crate::map;
use crate::text::Value;
use std::collections::BTreeMap;

/// Deepest nesting of defaults that is looked into. Ours: the real code has no end, a browser's stack has.
const DEPTH_MAX: usize = 50;

/// A variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variable {
    /// What stands in its place when it is not set.
    pub default: String,
    /// What stands in its place when it is.
    pub presence: String,
    /// Whether it must be set.
    pub required: bool,
}

/// Variables by name.
pub type Variables = BTreeMap<String, Variable>;

/// The variables of a model that has not been filled in.
pub fn of_model(model: &Members) -> Variables {
    let mut all = Variables::new();
    model.values().for_each(|tree| of_data(&tree.data, &mut all));
    all
}

fn of_data(data: &Data, all: &mut Variables) {
    match data {
        Data::Str(text) => of_text(text, all, 0),
        Data::List(items) => items.iter().for_each(|item| of_data(&item.data, all)),
        Data::Map(members) => members.values().for_each(|tree| of_data(&tree.data, all)),
        _ => {}
    }
}

fn of_text(text: &str, all: &mut Variables, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let here = &rest[at..];
        let Some((length, found)) = recognise(here) else {
            rest = &here[1..];
            continue;
        };
        let whole = &here[..length];
        rest = &here[length..];
        let asked = match (found, closing_brace(whole)) {
            (Found::Dollar, _) => continue,
            (Found::Named, _) => &whole[1..],
            (_, Some(close)) => {
                of_text(&whole[close + 1..], all, depth + 1);
                &whole[2..close]
            }
            (Found::Braced, None) => &whole[2..whole.len() - 1],
            (Found::Broken, None) => "",
        };
        one(asked, all, depth);
    }
}

/// What stands within braces: a name, and what holds without it.
fn one(asked: &str, all: &mut Variables, depth: usize) {
    let end = asked.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(asked.len());
    let (name, rest) = if end > 0 { asked.split_at(end) } else { (asked, "") };
    let operator = rest.strip_prefix(':').unwrap_or(rest);
    let mut found = Variable { required: operator.starts_with('?'), ..Variable::default() };
    if let Some(default) = operator.strip_prefix('-') {
        found.default = default.to_owned();
    } else if let Some(presence) = operator.strip_prefix('+') {
        found.presence = presence.to_owned();
    }
    let (default, presence) = (found.default.clone(), found.presence.clone());
    let known = all.entry(name.to_owned()).or_default();
    known.required |= found.required;
    if known.default.is_empty() {
        known.default = found.default;
    }
    if known.presence.is_empty() {
        known.presence = found.presence;
    }
    of_text(&default, all, depth + 1);
    of_text(&presence, all, depth + 1);
}

/// The members of an entry under the names it has in JSON, or in YAML.
pub fn entry(name: &str, variable: &Variable, yaml: bool) -> Value {
    let (default, presence) = (variable.default.as_str(), variable.presence.as_str());
    match yaml {
        true => Value::from(map! {
            "name" => name, "defaultvalue" => default, "presencevalue" => presence, "required" => variable.required,
        }),
        false => Value::from(map! {
            "Name" => name, "DefaultValue" => default, "PresenceValue" => presence, "Required" => variable.required,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Vec<(String, String, String, bool)> {
        let mut all = Variables::new();
        of_text(text, &mut all, 0);
        all.into_iter().map(|(name, v)| (name, v.default, v.presence, v.required)).collect()
    }

    fn row(name: &str, default: &str, presence: &str, required: bool) -> (String, String, String, bool) {
        (name.into(), default.into(), presence.into(), required)
    }

    #[test]
    fn every_form_is_found_once_and_in_defaults_too() {
        assert_eq!(asked("$A ${A:-x} $$B"), [row("A", "x", "", false)]);
        assert_eq!(asked("${C?why}-${C}"), [row("C", "", "", true)]);
        assert_eq!(
            asked("${D:+alt}/${E-${F:?}}"),
            [row("D", "", "alt", false), row("E", "${F:?}", "", false), row("F", "", "", true),]
        );
        assert_eq!(asked("no variable, 5 $"), []);
    }
}
