//! What an object counts against the quotas of its namespace, by the names that quotas use.
//! Source: kubernetes v1.37 pkg/quota/v1/evaluator/core/{pods,services,persistent_volume_claims}.go,
//! apiserver/pkg/quota/v1/generic/evaluator.go.

use super::parts::quantity::Format;
use super::parts::{Quantity, ResourceList};
use super::pod::effective::{Sums, qos};
use super::pod::{Pod, Qos};
use super::rules::view::View;
use super::{Meta, Object};
use crate::sim::Time;
use crate::text::Value;
use std::rc::Rc;

/// Resources whose amounts every container must name once a quota limits them. Source: pods.go, validationSet.
const NAMED: [&str; 6] = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];
/// Kinds that quotas also know without `count/`. Source: pkg/quota/v1/evaluator/core/registry.go, legacyObjectCountAliases.
const PLAIN: [&str; 4] = ["configmaps", "resourcequotas", "replicationcontrollers", "secrets"];

fn one() -> Quantity {
    Quantity::new(1, Format::DecimalSI)
}

/// What an object of a resource (`pods`, `deployments.apps`) counts.
pub fn usage(object: &Object, tree: &Value, resource: &str, now: Time) -> ResourceList {
    let mut out = ResourceList::default();
    if resource == "events" || resource == "events.events.k8s.io" {
        return out;
    }
    out.set(&format!("count/{resource}"), one());
    match resource {
        "pods" => {
            if object.pod().is_some_and(|pod| counts(&object.meta, pod, now)) {
                out.set("pods", one());
                pod_usage(tree.of("spec"), &mut out);
            }
        }
        "services" => service_usage(tree.of("spec"), &mut out),
        "persistentvolumeclaims" => claim_usage(tree.of("spec"), &mut out),
        _ if PLAIN.contains(&resource) => out.set(resource, one()),
        _ => {}
    }
    out
}

/// Whether a pod counts beyond its mere being there: not when it has ended, or is stuck long after its deletion.
/// Source: pods.go, QuotaV1Pod.
pub fn counts(meta: &Meta, pod: &Pod, now: Time) -> bool {
    let stuck = meta.deletion.is_some_and(|d| now > d.at + d.grace);
    !pod.status.phase.ended() && !stuck
}

/// Source: pods.go, podComputeUsageHelper.
fn pod_usage(spec: &Value, out: &mut ResourceList) {
    let sums = Sums::of(spec);
    name_amounts(&sums.requests, &sums.limits, out);
}

fn name_amounts(requests: &ResourceList, limits: &ResourceList, out: &mut ResourceList) {
    for (name, amount) in requests.iter() {
        let huge = name.starts_with("hugepages-");
        if matches!(&**name, "cpu" | "memory" | "ephemeral-storage") || huge {
            out.set(name, amount.clone());
            out.set(&format!("requests.{name}"), amount.clone());
        } else if name.contains('/') {
            out.set(&format!("requests.{name}"), amount.clone());
        }
    }
    for (name, amount) in limits.iter().filter(|(n, _)| matches!(&***n, "cpu" | "memory" | "ephemeral-storage")) {
        out.set(&format!("limits.{name}"), amount.clone());
    }
}

/// Source: services.go, Usage.
fn service_usage(spec: &Value, out: &mut ResourceList) {
    let ports = spec.items("ports");
    let count = |n: usize| Quantity::new(n as i64, Format::DecimalSI);
    let (mut balancers, mut nodes) = (0, 0);
    match spec.text("type") {
        "NodePort" => nodes = ports.len(),
        "LoadBalancer" => {
            balancers = 1;
            let given = spec.of("allocateLoadBalancerNodePorts") == &Value::Bool(false);
            nodes = if given { ports.iter().filter(|p| p.num("nodePort") != 0).count() } else { ports.len() };
        }
        _ => {}
    }
    out.set("services", one());
    out.set("services.loadbalancers", count(balancers));
    out.set("services.nodeports", count(nodes));
}

/// Source: persistent_volume_claims.go, Usage.
fn claim_usage(spec: &Value, out: &mut ResourceList) {
    let class = spec.text("storageClassName");
    out.set("persistentvolumeclaims", one());
    let asked = ResourceList::read(spec.of("resources").of("requests"));
    if let Some(storage) = asked.get("storage") {
        out.set("requests.storage", storage.clone());
        if !class.is_empty() {
            out.set(&format!("{class}.storageclass.storage.k8s.io/requests.storage"), storage.clone());
        }
    }
    if !class.is_empty() {
        out.set(&format!("{class}.storageclass.storage.k8s.io/persistentvolumeclaims"), one());
    }
}

/// Whether a quota's name for an amount may be counted by objects of this resource.
/// Source: MatchingResources of the evaluators.
pub fn concerns(resource: &str, name: &str) -> bool {
    if name.strip_prefix("count/") == Some(resource) {
        return true;
    }
    match resource {
        "pods" => {
            let own = ["pods", "cpu", "memory", "ephemeral-storage"].contains(&name);
            let asked = name.strip_prefix("requests.").filter(|n| *n != "storage");
            own || asked.is_some() || name.starts_with("limits.") || name.starts_with("hugepages-")
        }
        "services" => name == "services" || name.starts_with("services."),
        "persistentvolumeclaims" => {
            matches!(name, "persistentvolumeclaims" | "requests.storage")
                || name.contains(".storageclass.storage.k8s.io/")
        }
        _ => PLAIN.contains(&resource) && name == resource,
    }
}

/// What a pod's containers must name because a quota limits it, as the refusal says it. Source: pods.go, Constraints.
pub fn unnamed(hard: &[Rc<str>], pod: &Value) -> Option<String> {
    let spec = pod.of("spec");
    let whole = spec.of("resources");
    if !whole.of("requests").is_void() || !whole.of("limits").is_void() {
        return None;
    }
    let mut words = Vec::new();
    for name in hard.iter().filter(|n| NAMED.contains(&&***n)) {
        let lacks = |container: &&Value| {
            let list = |member: &str| ResourceList::read(container.of("resources").of(member));
            let mut named = ResourceList::default();
            name_amounts(&list("requests"), &list("limits"), &mut named);
            named.get(name).is_none()
        };
        let all = spec.items("containers").iter().chain(spec.items("initContainers"));
        let mut lacking: Vec<&str> = all.filter(lacks).map(|c| c.text("name")).collect();
        lacking.sort_unstable();
        if !lacking.is_empty() {
            words.push(format!("{name} for: {}", lacking.join(",")));
        }
    }
    (!words.is_empty()).then(|| format!("must specify {}", words.join("; ")))
}

/// Whether an object is within a quota's scopes. Source: apiserver/pkg/quota/v1/generic/evaluator.go, Matches;
/// pods.go, podMatchesScopeFunc.
pub fn in_scopes(quota: &Value, object: &Object, tree: &Value) -> bool {
    let spec = quota.of("spec");
    let plain = spec.items("scopes").iter().filter_map(Value::as_str).map(|s| (s, "Exists", &[] as &[Value]));
    let selected = spec.of("scopeSelector").items("matchExpressions").iter();
    let selected = selected.map(|e| (e.text("scopeName"), e.text("operator"), e.items("values")));
    plain.chain(selected).all(|(scope, operator, values)| {
        object.pod().is_some() && pod_in_scope(tree.of("spec"), scope, operator, values)
    })
}

fn pod_in_scope(spec: &Value, scope: &str, operator: &str, values: &[Value]) -> bool {
    let ends = spec.int("activeDeadlineSeconds").is_some_and(|s| s >= 0);
    match scope {
        "Terminating" => ends,
        "NotTerminating" => !ends,
        "BestEffort" => qos(spec) == Qos::BestEffort,
        "NotBestEffort" => qos(spec) != Qos::BestEffort,
        "PriorityClass" => {
            let class = spec.text("priorityClassName");
            let listed = values.iter().any(|v| v.as_str() == Some(class));
            match operator {
                "In" => !class.is_empty() && listed,
                "NotIn" => !listed,
                "DoesNotExist" => class.is_empty(),
                _ => !class.is_empty(),
            }
        }
        "CrossNamespacePodAffinity" => crosses_namespaces(spec),
        _ => false,
    }
}

/// Source: pods.go, usesCrossNamespacePodAffinity.
fn crosses_namespaces(spec: &Value) -> bool {
    let crosses = |term: &Value| !term.items("namespaces").is_empty() || term.has("namespaceSelector");
    ["podAffinity", "podAntiAffinity"].iter().any(|kind| {
        let affinity = spec.of("affinity").of(kind);
        affinity.items("requiredDuringSchedulingIgnoredDuringExecution").iter().any(crosses)
            || affinity
                .items("preferredDuringSchedulingIgnoredDuringExecution")
                .iter()
                .any(|t| crosses(t.of("podAffinityTerm")))
    })
}
