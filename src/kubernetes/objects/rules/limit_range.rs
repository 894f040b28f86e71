//! LimitRange: how much one object may ask for, and what it asks for if it says nothing.
//! Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go, SetDefaults_LimitRangeItem.

use super::super::field_error::{Errors, Path};
use super::amount::Amount;
use super::view::{Fill, View};
use super::{NONE, Rules, formats, pod};
use crate::text::Value;

/// The rules of limit ranges.
pub const RULES: Rules = Rules {
    kind: "v1 LimitRange",
    simulated: &["spec.*"],
    defaults,
    create: check,
    update: |new, _| check(new),
    ..NONE
};

const LISTS: [&str; 5] = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];

fn defaults(range: &mut Value) {
    range.make("spec").each("limits", |item| {
        for list in LISTS {
            item.inside(list, pod::round);
        }
        if item.text("type") != "Container" {
            return;
        }
        for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
            let Some(known) = item.of(from).as_map().cloned() else { continue };
            let list = item.make(to);
            for (name, amount) in known {
                list.fill(&name, amount);
            }
        }
    });
}

/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateLimitRange.
fn check(range: &Value) -> Errors {
    let path = Path::new("spec").child("limits");
    let mut out = Errors::new();
    let mut seen: Vec<&str> = Vec::new();
    for (i, item) in range.of("spec").items("limits").iter().enumerate() {
        let at = path.index(i);
        let kind = item.text("type");
        let wrong = formats::at(&at.child("type"), kind, formats::label_key(kind));
        if wrong.is_empty() && !kind.contains('/') && !matches!(kind, "Pod" | "Container" | "PersistentVolumeClaim") {
            out.push(at.child("type").invalid(kind, "must be a standard limit type or fully qualified"));
        }
        out.extend(wrong);
        if seen.contains(&kind) {
            out.push(at.child("type").duplicate(kind));
        }
        seen.push(kind);
        out.extend(self::item(item, kind, &at));
    }
    out
}

fn item(item: &Value, kind: &str, path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut keys: Vec<&str> = Vec::new();
    for list in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
        let at = path.child(list);
        if list == "maxLimitRequestRatio"
            && kind == "PersistentVolumeClaim"
            && !item.of("min").has("storage")
            && !item.of("max").has("storage")
        {
            let words = "either minimum or maximum storage value is required, but neither was provided";
            out.push(path.child("limits").required(words));
        }
        if kind == "Pod" && list.starts_with("default") {
            if !item.of(list).is_void() {
                out.push(at.forbidden("may not be specified when `type` is 'Pod'"));
            }
            continue;
        }
        for (name, _) in item.pairs(list) {
            let judge =
                if matches!(kind, "Pod" | "Container") { pod::resources::container_name } else { pod::resources::name };
            out.extend(judge(name, &at.key(name)));
            keys.push(name);
        }
    }
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        out.extend(bounds(item, kind, key, path));
    }
    out
}

fn bounds(item: &Value, kind: &str, key: &str, path: &Path) -> Errors {
    let mut out = Errors::new();
    let find = |list: &str| {
        let hidden = kind == "Pod" && list.starts_with("default");
        let value = item.of(list).of(key);
        (!hidden && !value.is_null()).then_some(value)
    };
    let (min, max, own, request) = (find("min"), find("max"), find("default"), find("defaultRequest"));
    let text = |v: &Value| v.as_str().unwrap_or("0").to_owned();
    let mut order =
        |low: Option<&Value>, high: Option<&Value>, list: &str, shown: usize, low_name: &str, high_name: &str| {
            if let (Some(low), Some(high)) = (low, high)
                && Amount::of(low) > Amount::of(high)
            {
                let words = format!("{low_name} value {} is greater than {high_name} value {}", text(low), text(high));
                out.push(path.child(list).key(key).invalid([low, high][shown], words));
            }
        };
    order(min, max, "min", 0, "min", "max");
    order(min, request, "defaultRequest", 1, "min", "default request");
    order(request, max, "defaultRequest", 0, "default request", "max");
    order(request, own, "defaultRequest", 0, "default request", "default limit");
    order(min, own, "default", 0, "min", "default");
    order(own, max, "default", 1, "default", "max");
    if let Some(ratio) = find("maxLimitRequestRatio") {
        let at = path.child("maxLimitRequestRatio").key(key);
        if Amount::parse("1").is_ok_and(|one| Amount::of(ratio) < one) {
            out.push(at.invalid(ratio, format!("ratio {} is less than 1", text(ratio))));
        }
        if let (Some(min), Some(max)) = (min, max) {
            let number = |v: &Value| Amount::of(v).milli() as f64;
            let most = number(max) / number(min);
            if number(ratio) / 1000.0 > most {
                out.push(at.invalid(ratio, format!("ratio {} is greater than max/min = {most:.6}", text(ratio))));
            }
        }
    }
    if let (Some(own), Some(request)) = (own, request)
        && !pod::resources::may_overcommit(key)
        && Amount::of(own) != Amount::of(request)
    {
        let words =
            format!("default value {} must equal to defaultRequest value {} in {key}", text(own), text(request));
        out.push(path.child("defaultRequest").key(key).invalid(request, words));
    }
    out
}
