//! What the API server works out of a new pod's own fields before it stores it.

use crate::map;
use crate::text::Value;

/// Makes the selectors of pod affinity and spreading whole with the pod's own values of `matchLabelKeys` and
/// `mismatchLabelKeys`.
/// Source: kubernetes v1.37 pkg/registry/core/pod/strategy.go, mutatePodAffinity, mutateTopologySpreadConstraints.
pub fn merge_label_keys(pod: &mut Value) {
    let labels = pod.at(&["metadata", "labels"]).cloned().unwrap_or_default();
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    for kind in ["podAffinity", "podAntiAffinity"] {
        for (list, inner) in [(REQUIRED, None), (PREFERRED, Some("podAffinityTerm"))] {
            each(pod, &["spec", "affinity", kind, list], |item| {
                let term = match inner {
                    None => Some(item),
                    Some(inner) => item.as_map_mut().and_then(|m| m.get_mut(inner)),
                };
                if let Some(term) = term {
                    merge(term, &labels);
                }
            });
        }
    }
    each(pod, &["spec", "topologySpreadConstraints"], |constraint| merge(constraint, &labels));
}

fn each(value: &mut Value, path: &[&str], mut f: impl FnMut(&mut Value)) {
    let mut here = value;
    for key in path {
        let Some(next) = here.as_map_mut().and_then(|m| m.get_mut(key)) else { return };
        here = next;
    }
    if let Value::List(items) = here {
        items.iter_mut().for_each(&mut f);
    }
}

fn merge(term: &mut Value, labels: &Value) {
    if term.get("labelSelector").is_none_or(Value::is_null) {
        return;
    }
    let mut added = Vec::new();
    for (keys, operator) in [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")] {
        for key in term.list_at(&[keys]).iter().filter_map(Value::as_str) {
            let Some(value) = labels.get(key) else { continue };
            let values = vec![value.clone()];
            added.push(Value::Map(map! { "key" => key, "operator" => operator, "values" => values }));
        }
    }
    if added.is_empty() {
        return;
    }
    let mut all = term.list_at(&["labelSelector", "matchExpressions"]).to_vec();
    all.append(&mut added);
    term.set_at(&["labelSelector", "matchExpressions"], all);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::json;

    fn tree(text: &str) -> Value {
        json::parse(text).unwrap_or_default()
    }

    #[test]
    fn label_keys_become_expressions_where_there_is_a_selector() {
        let mut pod = tree(
            r#"{"metadata":{"labels":{"v":"1"}},"spec":{"topologySpreadConstraints":[
                {"matchLabelKeys":["v","none"],"labelSelector":{}},{"matchLabelKeys":["v"]}]}}"#,
        );
        merge_label_keys(&mut pod);
        let list = pod.list_at(&["spec", "topologySpreadConstraints"]);
        let want = tree(r#"{"matchExpressions":[{"key":"v","operator":"In","values":["1"]}]}"#);
        assert_eq!(list[0].get("labelSelector"), Some(&want));
        assert_eq!(list[1].get("labelSelector"), None);
    }
}
