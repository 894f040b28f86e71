//! Family `eviction_toleration`: whether a pod may stay on a node with NoExecute taints.

use super::{Case, Verdict, equal};
use crate::kubernetes::controllers::taint_eviction::{Decision, decide, driving, used};
use crate::kubernetes::objects::Calendar;
use crate::kubernetes::objects::node::Node;
use crate::kubernetes::objects::pod::PodSpec;
use crate::map;
use crate::text::Value;

/// Checks one case.
pub fn check(case: &Case) -> Verdict {
    let member = |key: &str| case.input.get(key).cloned().unwrap_or_default();
    let node = Value::Map(map! { "spec" => map! { "taints" => member("taints") } });
    let taints = Node::read(&node, &Calendar::default()).taints;
    let tolerations = PodSpec::read(&Value::Map(map! { "tolerations" => member("tolerations") })).tolerations;
    let mut out = map! {};
    match decide(&taints, &tolerations) {
        Decision::Stay => out.set("decision", "stay"),
        Decision::Now => out.set("decision", "evictNow"),
        Decision::After(span) => {
            out.set("decision", "evictAfter");
            out.set("seconds", span.as_secs() as i64);
        }
    }
    let driving = driving(&taints);
    if !driving.is_empty() {
        let used = used(&driving, &tolerations);
        out.set("allTolerated", used.is_some());
        let written = |t: &crate::kubernetes::objects::pod::Toleration| {
            let at = tolerations.iter().position(|other| std::ptr::eq(other, t)).unwrap_or_default();
            case.input.list_at(&["tolerations"]).get(at).cloned().unwrap_or_default()
        };
        out.set("used", used.unwrap_or_default().into_iter().map(written).collect::<Vec<_>>());
    }
    equal(out, case)
}
