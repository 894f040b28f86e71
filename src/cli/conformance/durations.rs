//! Family `durations`: lengths of time as tables show them.

use super::{Case, Verdict, equal};
use crate::kubernetes::objects::parts::duration;
use crate::map;
use crate::text::Value;

/// Checks one case.
pub fn check(case: &Case) -> Verdict {
    // Parts of a second are cut towards zero first.
    let seconds = match case.input.get("seconds") {
        Some(Value::Int(whole)) => *whole,
        Some(Value::Float(part)) => libm::trunc(*part) as i64,
        _ => return Err("no seconds".into()),
    };
    let got = map! { "human" => duration::human(seconds), "short" => duration::short_human(seconds) };
    equal(Value::Map(got), case)
}
