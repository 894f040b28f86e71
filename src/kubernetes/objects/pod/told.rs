//! What a kubelet tells of a pod's resources, mounts and users: all of it follows from the wish and is composed only when
//! somebody looks.
//! Source: kubernetes v1.37 pkg/kubelet/kubelet_pods.go, convertToAPIContainerStatuses, generateAPIPodStatus.

use super::effective::Sums;
use super::{Pod, PodSpec};
use crate::kubernetes::objects::parts::ResourceList;
use crate::map;
use crate::text::{Map, Value};

/// The memory limit of a control group without one, which a kubelet tells after a resize. Source: recorded.
const UNLIMITED: &str = "9007199254740988Ki";

impl Pod {
    /// Adds them to a status that a kubelet with a container runtime has written.
    pub(super) fn tell_resources(&self, status: &mut Map) {
        let containers = self.status.containers.iter().chain(&self.status.init_containers);
        if !containers.clone().any(|c| c.container_id.starts_with("containerd://")) {
            return;
        }
        let sizes = self.status.sizes.as_deref();
        let granted: &PodSpec = sizes.map_or(&self.spec, |s| &s.granted);
        let actual: &PodSpec = sizes.map_or(&self.spec, |s| &s.actual);
        for (key, list) in [("containerStatuses", "containers"), ("initContainerStatuses", "initContainers")] {
            let trees = [&self.spec, granted, actual].map(|spec| spec.tree.list_at(&[list]));
            let Some(Value::List(rows)) = status.get_mut(key) else { continue };
            for (at, row) in rows.iter_mut().enumerate() {
                if row.str_at(&["containerID"]).is_none() {
                    continue;
                }
                let [own, granted, actual] = trees.map(|t| t.get(at).unwrap_or(&Value::Null));
                tell_container(row.make_map(), own, granted, actual, &self.spec.tree);
            }
        }
        let sums = Sums::of(&granted.tree);
        if sums.requests.iter().next().is_some() {
            status.set("allocatedResources", amounts(&sums.requests));
        }
        let sums = Sums::of(&actual.tree);
        let mut all = Map::new();
        for (key, list) in [("limits", &sums.limits), ("requests", &sums.requests)] {
            if list.iter().next().is_some() {
                all.set(key, amounts(list));
            }
        }
        if sizes.is_some() && sums.limits.get("memory").is_none() {
            let mut limits = all.get("limits").and_then(Value::as_map).cloned().unwrap_or_default();
            limits.set("memory", UNLIMITED);
            all.set("limits", limits);
        }
        status.set("resources", all);
    }
}

fn amounts(list: &ResourceList) -> Map {
    list.iter().map(|(name, amount)| (name.clone(), Value::from(amount.to_string()))).collect()
}

/// `own`: the container as wished; `granted`, `actual`: the same with the resources it was granted and has.
fn tell_container(row: &mut Map, own: &Value, granted: &Value, actual: &Value, spec: &Value) {
    if let Some(requests) = granted.at(&["resources", "requests"]) {
        row.set("allocatedResources", requests.clone());
    }
    let mut resources = Map::new();
    for key in ["limits", "requests"] {
        if let Some(amounts) = actual.at(&["resources", key]) {
            resources.set(key, amounts.clone());
        }
    }
    row.set("resources", resources);
    row.set("user", Value::Map(map! { "linux" => user(own, spec) }));
    let mounts = own.list_at(&["volumeMounts"]);
    if !mounts.is_empty() {
        row.set("volumeMounts", mounts.iter().map(mount).collect::<Vec<_>>());
    }
}

/// Source: kubernetes v1.37 pkg/kubelet/kubelet_pods.go, convertToAPIContainerStatuses: a mount's path and how it may be written.
fn mount(wish: &Value) -> Value {
    let mut out = Map::new();
    for key in ["mountPath", "name"] {
        if let Some(value) = wish.get(key) {
            out.set(key, value.clone());
        }
    }
    if wish.bool_at(&["readOnly"]) == Some(true) {
        out.set("readOnly", true);
        out.set("recursiveReadOnly", wish.str_at(&["recursiveReadOnly"]).unwrap_or("Disabled"));
    }
    Value::Map(out)
}

/// The identity a container's program runs as. FID-101.
fn user(own: &Value, spec: &Value) -> Map {
    let of = |key: &str| own.int_at(&["securityContext", key]).or(spec.int_at(&["securityContext", key])).unwrap_or(0);
    let (uid, gid) = (of("runAsUser"), of("runAsGroup"));
    let mut groups = vec![gid];
    let more = spec.list_at(&["securityContext", "supplementalGroups"]).iter().filter_map(Value::as_int);
    for group in more.chain(spec.int_at(&["securityContext", "fsGroup"])) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups.sort_unstable();
    map! { "gid" => gid, "supplementalGroups" => groups.into_iter().map(Value::Int).collect::<Vec<_>>(), "uid" => uid }
}
