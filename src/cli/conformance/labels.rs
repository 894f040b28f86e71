//! Family `labels`: selectors of labels and fields, and what names may look like.

use super::{Case, Verdict, equal};
use crate::kubernetes::objects::parts::selector::{FieldSelector, Selector};
use crate::kubernetes::objects::parts::{LabelSelector, validate_names};
use crate::map;
use crate::text::Value;

/// Checks one case.
pub fn check(case: &Case) -> Verdict {
    let got = match case.name.split('/').nth(1) {
        Some("parse") => parse(case.input),
        Some("label-selector") => label_selector(case.input),
        Some("validate") => validate(case.input.str_at(&["s"]).unwrap_or_default()),
        Some("field-selector") => field_selector(case.input),
        _ => return Err("no such theme".into()),
    };
    equal(got, case)
}

fn matches(sets: &[Value], selector: &Selector) -> Value {
    Value::List(sets.iter().map(|set| selector.matches(|key| set.str_at(&[key])).into()).collect())
}

fn parse(input: &Value) -> Value {
    let selector = match Selector::parse(input.str_at(&["selector"]).unwrap_or_default()) {
        Ok(selector) => selector,
        Err(words) => return map! { "error" => words }.into(),
    };
    let requirements = selector.requirements.iter().map(|r| {
        let mut values: Vec<Value> = r.values.iter().cloned().map(Value::Str).collect();
        values.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        Value::Map(map! { "key" => r.key.clone(), "operator" => r.operator.name(), "values" => values })
    });
    map! {
        "empty" => selector.is_empty(),
        "matches" => matches(input.list_at(&["labelSets"]), &selector),
        "requirements" => requirements.collect::<Vec<_>>(),
        "selectable" => !selector.nothing,
        "string" => selector.to_string(),
    }
    .into()
}

fn label_selector(input: &Value) -> Value {
    let given = input.get("labelSelector").filter(|s| !s.is_null()).map(LabelSelector::read);
    let formatted = Selector::format(given.as_ref());
    match Selector::of(given.as_ref()) {
        Err(words) => map! { "error" => words, "formatted" => formatted }.into(),
        Ok(selector) => map! {
            "formatted" => formatted,
            "matches" => matches(input.list_at(&["labelSets"]), &selector),
            "string" => selector.to_string(),
        }
        .into(),
    }
}

fn validate(text: &str) -> Value {
    let list = |check: fn(&str) -> Vec<String>| check(text).into_iter().map(Value::from).collect::<Vec<_>>();
    map! {
        "dns1035Label" => list(validate_names::dns1035_label),
        "dns1123Label" => list(validate_names::dns1123_label),
        "dns1123Subdomain" => list(validate_names::dns1123_subdomain),
        "labelValue" => list(validate_names::label_value),
        "qualifiedName" => list(validate_names::label_key),
    }
    .into()
}

fn field_selector(input: &Value) -> Value {
    let selector = match FieldSelector::parse(input.str_at(&["selector"]).unwrap_or_default()) {
        Ok(selector) => selector,
        Err(words) => return map! { "error" => words }.into(),
    };
    let matches = |set: &Value| selector.matches(|field| set.str_at(&[field]).unwrap_or_default().to_owned()).into();
    let sets = input.list_at(&["fieldSets"]);
    map! { "matches" => sets.iter().map(matches).collect::<Vec<Value>>(), "string" => selector.to_string() }.into()
}
