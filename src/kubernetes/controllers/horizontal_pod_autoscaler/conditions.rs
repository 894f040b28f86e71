//! The autoscaler's conditions. Source: kubernetes v1.37 pkg/controller/podautoscaler/horizontal.go, setConditionInList.

use crate::map;
use crate::text::Value;

/// Sets a condition; its time changes only with its status.
pub fn set(list: &mut Vec<Value>, kind: &str, status: bool, reason: &str, message: &str, now: &str) {
    let word = if status { "True" } else { "False" };
    let at = list.iter().position(|c| c.str_at(&["type"]) == Some(kind));
    let old = at.and_then(|at| list.get(at)).filter(|c| c.str_at(&["status"]) == Some(word));
    let since = old.and_then(|c| c.str_at(&["lastTransitionTime"])).unwrap_or(now).to_string();
    let new = Value::Map(map! {
        "type" => kind, "status" => word, "lastTransitionTime" => since, "reason" => reason, "message" => message,
    });
    match at.and_then(|at| list.get_mut(at)) {
        Some(slot) => *slot = new,
        None => list.push(new),
    }
}

/// Whether a condition is True.
pub fn holds(list: &[Value], kind: &str) -> bool {
    list.iter().any(|c| c.str_at(&["type"]) == Some(kind) && c.str_at(&["status"]) == Some("True"))
}
