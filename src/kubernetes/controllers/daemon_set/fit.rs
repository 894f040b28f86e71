//! Which nodes a daemon's pod belongs on.
//! Source: kubernetes v1.37 pkg/controller/daemon/daemon_controller.go, NodeShouldRunDaemonPod, predicates;
//! pkg/controller/daemon/util/daemonset_util.go, AddOrUpdateDaemonPodTolerations.

use crate::kubernetes::objects::node::Taint;
use crate::kubernetes::objects::pod::{NodeRequirement, NodeTerm, PodSpec, Toleration};
use crate::kubernetes::objects::{Labels, Object};
use crate::map;
use crate::text::{Map, Value};

/// Taints that daemons bear, with their effects.
const BORNE: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];
/// And one more for those in the host's network.
const BORNE_BY_HOST: (&str, &str) = ("node.kubernetes.io/network-unavailable", "NoSchedule");

fn borne(spec: &PodSpec) -> impl Iterator<Item = (&'static str, &'static str)> {
    BORNE.into_iter().chain(spec.host_network.then_some(BORNE_BY_HOST))
}

/// (whether a new pod belongs on the node, whether one that is there may stay).
pub(super) fn belongs(spec: &PodSpec, node: &Object) -> (bool, bool) {
    let Some(row) = node.node() else { return (false, false) };
    let chosen = spec.node_selector.iter().all(|(k, v)| node.meta.labels.get(k) == Some(v));
    let terms = spec.affinity.as_ref().and_then(|a| a.node_required.as_ref());
    let liked = terms.is_none_or(|terms| terms.iter().any(|t| fits(t, node)));
    if !chosen || !liked {
        return (false, false);
    }
    let mut tolerations = spec.tolerations.clone();
    tolerations.extend(borne(spec).map(|(key, effect)| Toleration {
        key: key.into(),
        operator: "Exists".into(),
        effect: effect.into(),
        ..Toleration::default()
    }));
    let bears = |t: &&Taint| tolerations.iter().any(|tol| tol.covers(t));
    let all = |effect: &str| row.taints.iter().filter(|t| t.effect == *effect).all(|t| bears(&t));
    (all("NoSchedule") && all("NoExecute"), all("NoExecute"))
}

fn fits(term: &NodeTerm, node: &Object) -> bool {
    if term.expressions.is_empty() && term.fields.is_empty() {
        return false;
    }
    let named: Labels = [("metadata.name", &*node.meta.name)].into_iter().collect();
    term.expressions.iter().all(|r| holds(r, &node.meta.labels)) && term.fields.iter().all(|r| holds(r, &named))
}

fn holds(r: &NodeRequirement, labels: &Labels) -> bool {
    let numbers = |v: &str| Some((v.parse::<i64>().ok()?, r.values.first()?.parse::<i64>().ok()?));
    match (&*r.operator, labels.get(&r.key)) {
        ("In", Some(v)) => r.values.contains(v),
        ("NotIn", Some(v)) => !r.values.contains(v),
        ("NotIn" | "DoesNotExist", None) | ("Exists", Some(_)) => true,
        ("Gt", Some(v)) => numbers(v).is_some_and(|(has, than)| has > than),
        ("Lt", Some(v)) => numbers(v).is_some_and(|(has, than)| has < than),
        _ => false,
    }
}

/// The wish of a pod for one node: bound to it by affinity, and bearing what daemons bear.
pub(super) fn bound_to(spec: &Value, host_network: bool, node: &str) -> Value {
    let mut out = spec.clone();
    let path = ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
    let field = map! { "key" => "metadata.name", "operator" => "In", "values" => vec![Value::from(node)] };
    let term = Value::Map(map! { "matchFields" => vec![Value::Map(field)] });
    out.set_at(&path, map! { "nodeSelectorTerms" => vec![term] });
    let mut tolerations = spec.list_at(&["tolerations"]).to_vec();
    let extra = host_network.then_some(BORNE_BY_HOST);
    for (key, effect) in BORNE.into_iter().chain(extra) {
        let new: Map = map! { "effect" => effect, "key" => key, "operator" => "Exists" };
        tolerations.push(Value::Map(new));
    }
    out.set_at(&["tolerations"], tolerations);
    out
}
