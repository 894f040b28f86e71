//! Family `controller_history`: the order of revisions, and which are equal.

use super::{Case, Verdict, equal};
use crate::kubernetes::objects::parts::revision;
use crate::map;
use crate::text::Value;

/// Checks one case.
pub fn check(case: &Case) -> Verdict {
    let given = case.input.list_at(&["revisions"]);
    let mut sorted = given.to_vec();
    sorted.sort_by(revision::order);
    let names = |list: &mut dyn Iterator<Item = &Value>| {
        list.map(|it| Value::str(it.str_at(&["metadata", "name"]).unwrap_or_default())).collect::<Vec<_>>()
    };
    let same = |it: &&Value| given.first().is_some_and(|first| revision::same_data(it, first));
    let got = map! {
        "equalToFirst" => names(&mut given.iter().filter(same)),
        "nextRevision" => revision::next_number(&sorted),
        "sorted" => names(&mut sorted.iter()),
    };
    equal(Value::Map(got), case)
}
