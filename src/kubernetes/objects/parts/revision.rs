//! ControllerRevisions of StatefulSets and DaemonSets as trees: their order, which of them are equal, the next number.
//! Source: kubernetes v1.37 pkg/controller/history/controller_history.go, byRevision, EqualRevision;
//! pkg/controller/statefulset/stateful_set_utils.go, nextRevision.

use crate::text::{Value, json};
use std::cmp::Ordering;

/// By number, then age (the older first), then name.
pub fn order(a: &Value, b: &Value) -> Ordering {
    let number = |it: &Value| it.int_at(&["revision"]).unwrap_or_default();
    let text = |it: &Value, name: &str| it.str_at(&["metadata", name]).unwrap_or_default().to_owned();
    // Dates of the API are whole seconds in UTC, so their text is in order.
    let by_age = || text(a, "creationTimestamp").cmp(&text(b, "creationTimestamp"));
    number(a).cmp(&number(b)).then_with(by_age).then_with(|| text(a, "name").cmp(&text(b, "name")))
}

/// Whether two revisions keep the same data.
pub fn same_data(a: &Value, b: &Value) -> bool {
    let data = |it: &Value| it.get("data").map(|data| json::write(data, json::Style::COMPACT));
    data(a) == data(b)
}

/// The number of the next revision; `sorted` must be in [`order`].
pub fn next_number(sorted: &[Value]) -> i64 {
    sorted.last().map_or(1, |last| last.int_at(&["revision"]).unwrap_or_default() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map;

    #[test]
    fn numbers_before_age_before_names() {
        let make = |name: &str, number: i64, at: &str| {
            Value::Map(map! { "metadata" => map! { "name" => name, "creationTimestamp" => at }, "revision" => number })
        };
        let mut all = [
            make("c", 2, "2026-01-01T00:00:00Z"),
            make("b", 1, "2026-01-02T00:00:00Z"),
            make("a", 1, "2026-01-01T00:00:00Z"),
        ];
        all.sort_by(order);
        let names: Vec<_> = all.iter().filter_map(|it| it.str_at(&["metadata", "name"])).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!((next_number(&all), next_number(&[])), (3, 1));
    }
}
