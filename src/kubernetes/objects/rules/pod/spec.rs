//! A pod's spec, in pods and in templates, when it is new and when it changes.
//! Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidatePodSpec, ValidatePodTemplateSpec,
//! validatePodMetadataAndSpec, ValidatePodCreate, ValidatePodUpdate.

use super::super::super::field_error::{Errors, Path};
use super::super::formats;
use super::super::meta;
use super::super::view::View;
use super::container::{self, Around};
use super::{env, placement, resources, security, volumes};
use crate::text::Value;

const MIRROR: &str = "kubernetes.io/config.mirror";
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// A new pod, beside its metadata.
pub fn create(pod: &Value) -> Errors {
    let path = Path::new("spec");
    let mut out = whole(pod);
    let spec = pod.of("spec");
    if !spec.items("ephemeralContainers").is_empty() {
        out.push(path.child("ephemeralContainers").forbidden("cannot be set on create"));
    }
    if !spec.text("nodeName").is_empty() && !spec.items("schedulingGates").is_empty() {
        out.push(path.child("nodeName").forbidden("cannot be set until all schedulingGates have been cleared"));
    }
    out
}

/// What holds for a pod at any time.
fn whole(pod: &Value) -> Errors {
    let path = Path::new("spec");
    let (metadata, body) = (pod.of("metadata"), pod.of("spec"));
    let mut out = annotations(metadata.of("annotations"), body, &Path::new("metadata").child("annotations"));
    out.extend(spec(body, metadata.text("name"), true, &path));
    for list in ["containers", "initContainers"] {
        for (i, container) in body.items(list).iter().enumerate() {
            let image = container.text("image");
            if image.trim() != image {
                let at = path.child(list).index(i).child("image");
                out.push(at.invalid(image, "must not have leading or trailing whitespace"));
            }
        }
    }
    out
}

/// Annotations that mean something to pods.
fn annotations(annotations: &Value, spec: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    if annotations.has(MIRROR) && spec.text("nodeName").is_empty() {
        let words = "must set spec.nodeName if mirror pod annotation is set";
        out.push(path.key(MIRROR).invalid(annotations.text(MIRROR), words));
    }
    if annotations.has(DELETION_COST) {
        let cost = annotations.text(DELETION_COST);
        let plain = cost.parse::<i32>().is_ok()
            && !cost.starts_with('+')
            && (cost == "0" || !cost.trim_start_matches('-').starts_with('0'));
        if !plain {
            out.push(path.key(DELETION_COST).invalid(cost, "must be a 32bit integer"));
        }
    }
    out
}

/// A template: labels, annotations and spec.
pub fn template(template: &Value, path: &Path) -> Errors {
    let metadata = template.of("metadata");
    let mut out = meta::labels(metadata.of("labels"), &path.child("labels"));
    out.extend(meta::annotations(metadata.of("annotations"), &path.child("annotations")));
    out.extend(annotations(metadata.of("annotations"), template.of("spec"), &path.child("annotations")));
    out.extend(spec(template.of("spec"), "", false, &path.child("spec")));
    if !template.of("spec").items("ephemeralContainers").is_empty() {
        let words = "ephemeral containers not allowed in pod template";
        out.push(path.child("spec").child("ephemeralContainers").forbidden(words));
    }
    out
}

fn spec(spec: &Value, pod_name: &str, is_pod: bool, path: &Path) -> Errors {
    let at = |name: &str| path.child(name);
    let (volumes, mut out) = volumes::all(spec.items("volumes"), pod_name, &at("volumes"));
    let claims: Vec<&str> =
        spec.items("resourceClaims").iter().map(|c| c.text("name")).filter(|n| !n.is_empty()).collect();
    out.extend(resource_claims(spec.items("resourceClaims"), &at("resourceClaims")));
    let around = Around { volumes: &volumes, claims: &claims, grace: spec.int("terminationGracePeriodSeconds"), spec };
    out.extend(container::regular(&around, &at("containers")));
    out.extend(container::init(&around, &at("initContainers")));
    out.extend(container::ephemeral(&around, &at("ephemeralContainers")));
    out.extend(resources::pod(spec, &at("resources")));
    out.extend(host_network(spec, is_pod, path));
    out.extend(one_of(spec, "restartPolicy", &["Always", "OnFailure", "Never"], path));
    out.extend(one_of(spec, "dnsPolicy", &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"], path));
    out.extend(meta::labels(spec.of("nodeSelector"), &at("nodeSelector")));
    out.extend(security::pod(spec, &at("securityContext")));
    out.extend(placement::affinity(spec.of("affinity"), &at("affinity")));
    out.extend(dns(spec, &at("dnsConfig")));
    for (i, gate) in spec.items("readinessGates").iter().enumerate() {
        let kind = gate.text("conditionType");
        let at = at("readinessGates").index(i).child("conditionType");
        out.extend(formats::at(&at, kind, formats::label_key(kind)));
    }
    out.extend(gates(spec.items("schedulingGates"), &at("schedulingGates")));
    out.extend(placement::spread(spec.items("topologySpreadConstraints"), &at("topologySpreadConstraints")));
    out.extend(host_users(spec, path));
    out.extend(own_hostname(spec, path));
    out.extend(names(spec, path));
    out.extend(rest(spec, path));
    out
}

/// Names of things the pod refers to, and its own.
fn names(spec: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let named = |member: &str, judge: fn(&str) -> formats::Words| match spec.text(member) {
        "" => Errors::new(),
        name => formats::at(&path.child(member), name, judge(name)),
    };
    out.extend(named("serviceAccountName", formats::dns_subdomain));
    out.extend(named("nodeName", formats::dns_subdomain));
    if let Some(seconds) = spec.int("activeDeadlineSeconds") {
        let at = path.child("activeDeadlineSeconds");
        out.extend(formats::in_range(seconds, 1, i64::from(i32::MAX)).into_iter().map(|w| at.invalid(seconds, w)));
    }
    out.extend(named("hostname", formats::dns_label));
    out.extend(named("subdomain", formats::dns_label));
    out.extend(placement::tolerations(spec.items("tolerations"), &path.child("tolerations")));
    for (i, alias) in spec.items("hostAliases").iter().enumerate() {
        let at = path.child("hostAliases").index(i);
        out.extend(formats::valid_ip(&at.child("ip"), alias.text("ip")));
        for (j, host) in alias.items("hostnames").iter().filter_map(Value::as_str).enumerate() {
            out.extend(formats::at(&at.child("hostnames").index(j), host, formats::dns_subdomain(host)));
        }
    }
    out.extend(named("priorityClassName", formats::dns_subdomain));
    out.extend(named("runtimeClassName", formats::dns_subdomain));
    out
}

fn rest(spec: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    if spec.has("preemptionPolicy") {
        out.extend(one_of(spec, "preemptionPolicy", &["PreemptLowerPriority", "Never"], path));
    }
    if !spec.of("overhead").is_void() {
        let own = Value::Map(crate::map! { "limits" => spec.of("overhead").clone() });
        out.extend(resources::container(&own, &[], &path.child("overhead")));
    }
    if spec.has("os") {
        let (name, at) = (spec.of("os").text("name"), path.child("os"));
        if name.is_empty() {
            out.push(at.child("name").required(""));
        } else if !matches!(name, "linux" | "windows") {
            out.push(at.not_supported(name, &["linux", "windows"]));
        }
    }
    out.extend(env::files(spec, path));
    out
}

/// A member that must be one of a few words; absence is `Required value`.
pub fn one_of(holder: &Value, member: &str, allowed: &[&str], path: &Path) -> Errors {
    match holder.text(member) {
        "" => vec![path.child(member).required("")],
        value if allowed.contains(&value) => Errors::new(),
        value => vec![path.child(member).not_supported(value, allowed)],
    }
}

fn resource_claims(claims: &[Value], path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut seen: Vec<&str> = Vec::new();
    for (i, claim) in claims.iter().enumerate() {
        let (name, at) = (claim.text("name"), path.index(i));
        if name.is_empty() {
            out.push(at.child("name").required(""));
        } else if seen.contains(&name) {
            out.push(at.child("name").duplicate(name));
        } else {
            out.extend(formats::at(&at.child("name"), name, formats::dns_label(name)));
            seen.push(name);
        }
        let shown = || {
            Value::Map(crate::map! {
                "Name" => name,
                "ResourceClaimName" => claim.of("resourceClaimName").clone(),
                "ResourceClaimTemplateName" => claim.of("resourceClaimTemplateName").clone(),
            })
        };
        match (claim.has("resourceClaimName"), claim.has("resourceClaimTemplateName")) {
            (true, true) => {
                let words = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
                out.push(at.invalid(shown(), words));
            }
            (false, false) => {
                let words = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
                out.push(at.invalid(shown(), words));
            }
            _ => {}
        }
        for member in ["resourceClaimName", "resourceClaimTemplateName"] {
            if claim.has(member) {
                let name = claim.text(member);
                out.extend(formats::at(&at.child(member), name, formats::dns_subdomain(name)));
            }
        }
    }
    out
}

fn host_network(spec: &Value, is_pod: bool, path: &Path) -> Errors {
    let mut out = Errors::new();
    if !spec.yes("hostNetwork") {
        return out;
    }
    for (i, container) in spec.items("containers").iter().enumerate() {
        for (j, port) in container.items("ports").iter().enumerate() {
            let (host, own) = (port.num("hostPort"), port.num("containerPort"));
            if (is_pod || host != 0) && host != own {
                let at = path.child("containers").index(i).child("ports").index(j).child("hostPort");
                out.push(at.invalid(host, "must match `containerPort` when `hostNetwork` is true"));
            }
        }
    }
    out
}

fn host_users(spec: &Value, path: &Path) -> Errors {
    const WORDS: &str = "when `hostUsers` is false";
    if spec.of("hostUsers") != &Value::Bool(false) {
        return Errors::new();
    }
    let used = [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")];
    used.iter().filter(|(m, _)| spec.yes(m)).map(|(_, shown)| path.child(shown).forbidden(WORDS)).collect()
}

/// Source: validatePodHostName.
fn own_hostname(spec: &Value, path: &Path) -> Errors {
    /// Longest name of a machine. Source: same function.
    const MAX: usize = 64;
    let mut out = Errors::new();
    if !spec.has("hostnameOverride") {
        return out;
    }
    let (name, at) = (spec.text("hostnameOverride"), path.child("hostnameOverride"));
    if spec.yes("setHostnameAsFQDN") {
        out.push(at.forbidden("may not be specified when setHostnameAsFQDN is true"));
    }
    if spec.yes("hostNetwork") {
        out.push(at.forbidden("may not be specified when hostNetwork is true"));
    }
    if name.len() > MAX {
        out.push(at.too_long(MAX));
    }
    out.extend(formats::at(&at, name, formats::dns_subdomain(name)));
    out
}

fn dns(spec: &Value, path: &Path) -> Errors {
    let config = spec.of("dnsConfig");
    let none = spec.text("dnsPolicy") == "None";
    if none && config.is_null() {
        return vec![path.required("must provide `dnsConfig` when `dnsPolicy` is None")];
    }
    if none && config.items("nameservers").is_empty() {
        let words = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        return vec![path.child("nameservers").required(words)];
    }
    let mut out = Errors::new();
    let servers = config.items("nameservers");
    if servers.len() > 3 {
        let words = "must not have more than 3 nameservers";
        out.push(path.child("nameservers").invalid(config.of("nameservers"), words));
    }
    for (i, server) in servers.iter().filter_map(Value::as_str).enumerate() {
        out.extend(formats::valid_ip(&path.child("nameservers").index(i), server));
    }
    let searches: Vec<&str> = config.items("searches").iter().filter_map(Value::as_str).collect();
    if searches.len() > 32 {
        let words = "must not have more than 32 search paths";
        out.push(path.child("searches").invalid(config.of("searches"), words));
    }
    if searches.join(" ").len() > 2048 {
        let words = "must not have more than 2048 characters (including spaces) in the search list";
        out.push(path.child("searches").invalid(config.of("searches"), words));
    }
    for (i, search) in searches.iter().enumerate().filter(|(_, s)| **s != ".") {
        let search = search.strip_suffix('.').unwrap_or(search);
        out.extend(formats::at(&path.child("searches").index(i), search, formats::dns_search(search)));
    }
    for (i, option) in config.items("options").iter().enumerate() {
        if option.text("name").is_empty() {
            out.push(path.child("options").index(i).required("must not be empty"));
        }
    }
    out
}

fn gates(gates: &[Value], path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut seen: Vec<&str> = Vec::new();
    for (i, gate) in gates.iter().enumerate() {
        let name = gate.text("name");
        out.extend(formats::at(&path.index(i), name, formats::label_key(name)));
        if seen.contains(&name) {
            out.push(path.index(i).duplicate(name));
        }
        seen.push(name);
    }
    out
}

/// A changed pod, beside its metadata.
pub fn update(new: &Value, old: &Value) -> Errors {
    let path = Path::new("spec");
    let mut out = whole(new);
    let (spec, before) = (new.of("spec"), old.of("spec"));
    for list in ["containers", "initContainers"] {
        if spec.items(list).len() != before.items(list).len() {
            out.push(path.child(list).forbidden("pod updates may not add or remove containers"));
            return out;
        }
    }
    let deadline = path.child("activeDeadlineSeconds");
    match (spec.int("activeDeadlineSeconds"), before.int("activeDeadlineSeconds")) {
        (Some(now), Some(was)) if was < now => {
            out.push(deadline.invalid(now, "must be less than or equal to previous value"));
            return out;
        }
        (None, Some(_)) => {
            out.push(deadline.invalid(&Value::Null, "must not update from a positive integer to nil value"));
        }
        _ => {}
    }
    out.extend(added_tolerations(spec, before, &path.child("tolerations")));
    let known: Vec<&str> = before.items("schedulingGates").iter().map(|g| g.text("name")).collect();
    for (i, gate) in spec.items("schedulingGates").iter().enumerate() {
        let name = gate.text("name");
        if !known.contains(&name) {
            let words = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            out.push(path.child("schedulingGates").index(i).child("name").forbidden(words));
        }
    }
    out.extend(super::immutable::check(spec, before, &path));
    out
}

fn added_tolerations(spec: &Value, before: &Value, path: &Path) -> Errors {
    let plain = |t: &Value| {
        let mut t = t.clone();
        t.remove_at(&["tolerationSeconds"]);
        t
    };
    let kept = |old: &Value| spec.items("tolerations").iter().any(|new| plain(new) == plain(old));
    if !before.items("tolerations").iter().all(kept) {
        return vec![path.forbidden("existing toleration can not be modified except its tolerationSeconds")];
    }
    placement::tolerations(spec.items("tolerations"), path)
}
