//! Family `names`: the names that controllers make up.

use super::{Case, Verdict, equal};
use crate::kubernetes::objects::parts::template_hash as hash;
use crate::map;
use crate::text::Value;

/// Checks one case.
pub fn check(case: &Case) -> Verdict {
    let input = case.input;
    match case.name.split('/').nth(1) {
        Some("pod-template-hash") => equal(template(input), case),
        Some("safe-encode") => {
            let encoded = hash::safe_encode(input.str_at(&["s"]).unwrap_or_default());
            equal(Value::Map(map! { "encoded" => encoded }), case)
        }
        Some("controller-revision-name") => {
            let text = |name| input.str_at(&[name]).unwrap_or_default();
            equal(Value::Map(map! { "name" => hash::revision_name(text("prefix"), text("hash")) }), case)
        }
        _ => Err("no such theme".into()),
    }
}

fn collisions(input: &Value) -> Option<i32> {
    input.int_at(&["collisionCount"]).and_then(|n| i32::try_from(n).ok())
}

fn template(input: &Value) -> Value {
    let template = input.get("defaultedTemplate").cloned().unwrap_or_default();
    map! {
        "hash" => hash::pod_template_hash(&template, collisions(input)),
        "hashInput" => hash::hash_input(&template),
    }
    .into()
}
