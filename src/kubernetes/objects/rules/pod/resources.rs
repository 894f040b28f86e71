//! Amounts that containers ask for.
//! Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, validateResourceRequirements; pkg/apis/core/helper/helpers.go.

use super::super::super::field_error::{Errors, Path};
use super::super::amount::Amount;
use super::super::formats;
use super::super::view::View;
use crate::text::Value;

const QUOTA: [&str; 21] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
    "storage",
    "resourceclaims",
];
const WHOLE: [&str; 9] = [
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// Whether it is a size of huge pages.
pub fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether it is a resource that somebody outside Kubernetes brought.
pub fn is_extended(name: &str) -> bool {
    !is_native(name) && !name.starts_with("requests.") && formats::label_key(&format!("requests.{name}")).is_empty()
}

/// Whether more of it may be promised than there is.
pub fn may_overcommit(name: &str) -> bool {
    is_native(name) && !is_huge_page(name)
}

fn is_standard(name: &str) -> bool {
    QUOTA.contains(&name) || is_huge_page(name) || name.starts_with("requests.hugepages-")
}

/// Whether a quota may limit it.
pub fn is_quota(name: &str) -> bool {
    (QUOTA.contains(&name) && name != "storage") || is_huge_page(name) || name.starts_with("requests.hugepages-")
}

/// The name of a resource.
pub fn name(name: &str, path: &Path) -> Errors {
    let out = formats::at(path, name, formats::label_key(name));
    if out.is_empty() && !name.contains('/') && !is_standard(name) {
        return vec![path.invalid(name, "must be a standard resource type or fully qualified")];
    }
    out
}

/// The name of a resource that containers can ask for.
pub fn container_name(resource: &str, path: &Path) -> Errors {
    let mut out = name(resource, path);
    if !resource.contains('/') {
        if !matches!(resource, "cpu" | "memory" | "ephemeral-storage") && !is_huge_page(resource) {
            out.push(path.invalid(resource, "must be a standard resource for containers"));
        }
    } else if !is_native(resource) && !is_extended(resource) {
        out.push(path.invalid(resource, "doesn't follow extended resource name standard"));
    }
    out
}

fn pod_name(resource: &str, path: &Path) -> Errors {
    let mut out = name(resource, path);
    if out.is_empty() && !matches!(resource, "cpu" | "memory") && !is_huge_page(resource) {
        out.push(path.not_supported(resource, &["cpu", "hugepages-", "memory"]));
    }
    out
}

/// An amount: not negative, and whole for things that are counted.
pub fn amount(name: &str, value: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let quantity = Amount::of(value);
    if quantity.sign() < 0 {
        out.push(path.invalid(value, "must be greater than or equal to 0"));
    }
    if (WHOLE.contains(&name) || is_extended(name)) && !quantity.is_whole() {
        out.push(path.invalid(value, "must be an integer"));
    }
    out
}

/// Requests and limits of a container.
pub fn container(resources: &Value, claims: &[&str], path: &Path) -> Errors {
    requirements(resources, container_name, claims, path)
}

/// Requests and limits of a whole pod.
/// Source: validatePodResources, validatePodResourceConsistency.
pub fn pod(spec: &Value, path: &Path) -> Errors {
    let resources = spec.of("resources");
    if resources.is_null() {
        return Errors::new();
    }
    let mut out = Errors::new();
    if resources.has("claims") {
        out.push(path.child("claims").forbidden("claims may not be set for Resources at pod-level"));
    }
    out.extend(requirements(resources, pod_name, &[], path));
    for (i, container) in spec.items("containers").iter().enumerate() {
        for (name, limit) in container.of("resources").pairs("limits") {
            let whole = resources.of("limits").of(name);
            if !whole.is_null() && Amount::of(limit) > Amount::of(whole) {
                let at = path.child("containers").index(i).key(name).child("limits");
                let words = format!("must be less than or equal to pod limits of {}", whole.as_str().unwrap_or("0"));
                out.push(at.invalid(limit, words));
            }
        }
    }
    out
}

fn requirements(resources: &Value, judge: fn(&str, &Path) -> Errors, claims: &[&str], path: &Path) -> Errors {
    let (limit_path, request_path) = (path.child("limits"), path.child("requests"));
    let mut out = Errors::new();
    let (mut basic, mut huge) = (false, false);
    for (list, base) in [("limits", &limit_path), ("requests", &request_path)] {
        for (name, value) in resources.pairs(list) {
            let at = base.key(name);
            out.extend(judge(name, &at));
            out.extend(amount(name, value, &at));
            if list == "requests" {
                out.extend(request_within(name, value, resources.of("limits").of(name), &request_path, &limit_path));
            }
            if is_huge_page(name) {
                huge = true;
                out.extend(whole_pages(name, value, &at));
            }
            basic |= matches!(name, "cpu" | "memory");
        }
    }
    if huge && !basic {
        out.push(path.forbidden("HugePages require cpu or memory"));
    }
    out.extend(claim_names(resources.items("claims"), claims, &path.child("claims")));
    out
}

fn request_within(name: &str, request: &Value, limit: &Value, request_path: &Path, limit_path: &Path) -> Errors {
    if limit.is_null() {
        let missing = !may_overcommit(name);
        return missing
            .then(|| limit_path.required("Limit must be set for non overcommitable resources"))
            .into_iter()
            .collect();
    }
    let (asked, most) = (Amount::of(request), Amount::of(limit));
    let shown = limit.as_str().unwrap_or("0");
    if asked != most && !may_overcommit(name) {
        vec![request_path.invalid(request, format!("must be equal to {name} limit of {shown}"))]
    } else if asked > most {
        vec![request_path.invalid(request, format!("must be less than or equal to {name} limit of {shown}"))]
    } else {
        Errors::new()
    }
}

fn whole_pages(name: &str, value: &Value, path: &Path) -> Errors {
    let size = Amount::parse(name.trim_start_matches("hugepages-")).map_or(0, |a| a.value());
    let amount = Amount::of(value);
    if size > 0 && amount.is_whole() && amount.value() % size == 0 {
        return Errors::new();
    }
    let shown = value.as_str().unwrap_or("0");
    vec![path.invalid(value, format!("{shown} is not positive integer multiple of {name}"))]
}

fn claim_names(used: &[Value], known: &[&str], path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut seen: Vec<String> = Vec::new();
    for (i, claim) in used.iter().enumerate() {
        let (name, request, at) = (claim.text("name"), claim.text("request"), path.index(i));
        if name.is_empty() {
            out.push(at.required(""));
            continue;
        }
        if seen.iter().any(|s| s == name) {
            out.push(at.duplicate(name));
        } else {
            let mut key = name.to_owned();
            if !request.is_empty() {
                out.extend(formats::at(&at.child("request"), request, formats::dns_label(request)));
                key = format!("{name}/{request}");
            }
            let part = |s: &&String| s.split_once('/').is_some_and(|(head, _)| head == name);
            if seen.contains(&key) {
                out.push(at.duplicate(key.as_str()));
            } else if request.is_empty() {
                out.extend(seen.iter().filter(part).map(|_| at.duplicate(name)));
            }
            seen.push(key);
        }
        if !known.contains(&name) {
            let mut error = at.not_found(name);
            error.detail = "must be one of the names in pod.spec.resourceClaims".into();
            error.detail +=
                &if known.is_empty() { " which is empty".into() } else { format!(": {}", known.join(", ")) };
            out.push(error);
        }
    }
    out
}
