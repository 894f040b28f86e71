//! What the server fills in for resources of a whole pod, once every container is known.
//! Source: kubernetes v1.37 pkg/api/pod/util.go, DefaultPodLevelResources.

use crate::kubernetes::objects::parts::ResourceList;
use crate::kubernetes::objects::pod::effective::{at_pod_level, of_containers};
use crate::text::Value;

/// Fills in requests and limits of a pod that names at least one of either.
pub fn fill(spec: &mut Value) {
    let list = |what: &str| spec.at(&["resources", what]).map(ResourceList::read).unwrap_or_default();
    let (mut requests, mut limits) = (list("requests"), list("limits"));
    if requests.is_empty() && limits.is_empty() {
        return;
    }
    let asked = of_containers(spec, "requests", false);
    let allowed = of_containers(spec, "limits", false);
    let huge = |name: &str| name.starts_with("hugepages-");
    for (name, amount) in allowed.iter().filter(|(name, _)| huge(name)) {
        if requests.get(name).is_none() && limits.get(name).is_none() {
            limits.set(name, amount.clone());
        }
    }
    let from_containers = asked.iter().filter(|(name, _)| at_pod_level(name) && !huge(name));
    let from_limits = limits.iter().filter(|(name, _)| at_pod_level(name));
    for (name, amount) in from_containers.chain(from_limits) {
        if requests.get(name).is_none() {
            requests.set(name, amount.clone());
        }
    }
    let open = requests.iter().filter(|(name, _)| at_pod_level(name) && limits.get(name).is_none());
    let raised: Vec<_> = open
        .filter(|(name, _)| all_limit(spec, name))
        .filter_map(|(name, request)| Some((name.clone(), allowed.get(name)?.max(request).clone())))
        .collect();
    raised.into_iter().for_each(|(name, amount)| limits.set(&name, amount));
    for (what, list) in [("requests", requests), ("limits", limits)] {
        if !list.is_empty() {
            spec.set_at(&["resources", what], list.write());
        }
    }
}

/// Whether every container limits a resource.
fn all_limit(spec: &Value, name: &str) -> bool {
    let all = spec.list_at(&["containers"]).iter().chain(spec.list_at(&["initContainers"]));
    all.into_iter().all(|container| container.at(&["resources", "limits", name]).is_some())
}
