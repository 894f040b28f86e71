//! The pod template of a service.

use super::notes::Notes;
use super::service::Service;
use super::workload::{LABEL, placement};
use super::{Project, container, files, list, map, network, scalar, volumes};
use crate::text::Value;

/// Kernel parameters that every kubelet allows. Source: kubernetes v1.37 pkg/kubelet/sysctl/safe_sysctls.go, safeSysctls.
const SAFE_SYSCTLS: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

/// The template, with `restartPolicy` left at its default.
pub(super) fn template(project: &Project, service: &Service, notes: &mut Notes) -> Value {
    let mut labels = map([(LABEL, Value::str(&*service.name))]);
    for network in network::isolated(project, service) {
        labels.make_map().set(network.as_str(), Value::str("true"));
    }
    let (node_selector, affinity) = placement(service, notes);
    let (stores, mounts) = volumes::of(project, service, notes);
    let (given, given_mounts) = files::of(project, service);
    let join = |a: Vec<Value>, b: Vec<Value>| Value::List(a.into_iter().chain(b).collect());
    let main = container::container(service, join(mounts, given_mounts), notes);
    let spec = map([
        ("hostname", Value::str(hostname(service))),
        ("hostNetwork", flag(service.text("network_mode") == "host")),
        ("hostPID", flag(service.text("pid") == "host")),
        ("hostIPC", flag(service.text("ipc") == "host")),
        ("dnsPolicy", if service.get("dns").is_some() { Value::str("None") } else { Value::Null }),
        ("dnsConfig", dns(service)),
        ("hostAliases", host_aliases(service, notes)),
        ("nodeSelector", with_platform(service, node_selector)),
        ("affinity", affinity),
        ("topologySpreadConstraints", spread(service)),
        ("securityContext", security(service)),
        ("runtimeClassName", Value::str(service.text("runtime"))),
        ("terminationGracePeriodSeconds", grace(service)),
        ("initContainers", Value::List(container::waits(project, service, notes))),
        ("containers", Value::List(vec![main])),
        ("volumes", join(stores, given)),
    ]);
    modes(service, notes);
    let spec = without_blank(spec);
    map([("metadata", map([("labels", labels), ("annotations", annotations(service, notes))])), ("spec", spec)])
}

/// Empty texts stand for what was not written.
pub(super) fn without_blank(mut spec: Value) -> Value {
    spec.make_map().retain(|_, value| value.as_str() != Some(""));
    spec
}

fn flag(on: bool) -> Value {
    if on { Value::Bool(true) } else { Value::Null }
}

fn hostname(service: &Service) -> String {
    let name = service.text("hostname");
    if name.is_empty() { name } else { super::names::label(name.split('.').next().unwrap_or(&name)) }
}

/// Compose labels may hold what Kubernetes labels may not; annotations hold anything.
fn annotations(service: &Service, notes: &mut Notes) -> Value {
    let mut out = Value::Null;
    for part in ["labels", "annotations"] {
        for (key, value) in service.members(part) {
            match is_annotation_key(key) {
                true => out.make_map().set(key, Value::str(scalar(value))),
                false => notes.none(service.path(part), "none.label", &[("key", key)]),
            }
        }
    }
    out
}

/// Source: kubernetes apimachinery validation, ValidateAnnotations, IsQualifiedName.
pub(super) fn is_annotation_key(key: &str) -> bool {
    let (prefix, name) = key.split_once('/').unwrap_or(("", key));
    let edge = |c: char| c.is_ascii_alphanumeric();
    let fits = |part: &str, inner: &str, most: usize| {
        part.len() <= most
            && part.starts_with(edge)
            && part.ends_with(edge)
            && part.chars().all(|c| edge(c) || inner.contains(c))
    };
    fits(name, "-_.", 63) && (!key.contains('/') || fits(&prefix.to_ascii_lowercase(), "-.", 253))
}

fn dns(service: &Service) -> Value {
    let options = service.texts("dns_opt").into_iter().map(|text| {
        let (name, value) = text.split_once(':').map_or((text.as_str(), None), |(n, v)| (n, Some(v)));
        map([("name", Value::str(name)), ("value", value.map_or(Value::Null, Value::str))])
    });
    let options = Value::List(options.collect());
    map([
        ("nameservers", list(service.texts("dns"))),
        ("searches", list(service.texts("dns_search").into_iter().filter(|s| !["", "."].contains(&s.as_str())))),
        ("options", options),
    ])
}

/// `extra_hosts`: names by address.
fn host_aliases(service: &Service, notes: &mut Notes) -> Value {
    let mut aliases: Vec<(String, Vec<String>)> = Vec::new();
    let listed = service.texts("extra_hosts").into_iter().filter_map(|text| {
        let (name, address) = text.split_once('=').or_else(|| text.split_once(':'))?;
        Some((name.to_string(), address.to_string()))
    });
    for (name, address) in listed {
        if address == "host-gateway" {
            notes.none(service.path("extra_hosts"), "none.host_gateway", &[("name", &name)]);
            continue;
        }
        match aliases.iter_mut().find(|(a, _)| *a == address) {
            Some((_, names)) => names.push(name),
            None => aliases.push((address, vec![name])),
        }
    }
    let all = aliases.into_iter().map(|(ip, names)| map([("ip", Value::str(ip)), ("hostnames", list(names))]));
    Value::List(all.collect())
}

/// `platform: linux/amd64`
fn with_platform(service: &Service, mut selector: Value) -> Value {
    let platform = service.text("platform");
    let mut parts = platform.split('/');
    for (label, part) in [("kubernetes.io/os", parts.next()), ("kubernetes.io/arch", parts.next())] {
        if let Some(part) = part.filter(|p| !p.is_empty()) {
            selector.make_map().set(label, Value::str(part));
        }
    }
    selector
}

/// `deploy.placement.preferences: [{spread: node.labels.zone}]`, and at most so many replicas a node.
fn spread(service: &Service) -> Value {
    let selector = map([("matchLabels", map([(LABEL, Value::str(&*service.name))]))]);
    let preferences = service.deploy(&["placement", "preferences"]).and_then(Value::as_list).unwrap_or_default();
    let all = preferences.iter().filter_map(|p| {
        let key = p.str_at(&["spread"])?.trim_start_matches("node.labels.").to_string();
        Some(map([
            ("maxSkew", Value::Int(1)),
            ("topologyKey", Value::str(key)),
            ("whenUnsatisfiable", Value::str("ScheduleAnyway")),
            ("labelSelector", selector.clone()),
        ]))
    });
    Value::List(all.collect())
}

fn security(service: &Service) -> Value {
    let groups = service.texts("group_add").iter().filter_map(|g| g.parse().ok()).map(Value::Int).collect();
    let sysctls = service
        .members("sysctls")
        .into_iter()
        .map(|(name, value)| map([("name", Value::str(name)), ("value", Value::str(scalar(value)))]));
    map([("supplementalGroups", Value::List(groups)), ("sysctls", Value::List(sysctls.collect()))])
}

fn grace(service: &Service) -> Value {
    container::seconds(&service.text("stop_grace_period")).map_or(Value::Null, Value::Int)
}

/// What is said of the pod as a whole and cannot be kept.
fn modes(service: &Service, notes: &mut Notes) {
    let mode = service.text("network_mode");
    match mode.as_str() {
        "" | "host" | "bridge" | "default" => {}
        "none" => notes.none(service.path("network_mode"), "none.network_none", &[]),
        _ if mode.starts_with("service:") || mode.starts_with("container:") => {
            notes.decide(service.path("network_mode"), "decide.sidecar", &[]);
        }
        _ => notes.none(service.path("network_mode"), "none.network_mode", &[("mode", &mode)]),
    }
    for member in ["pid", "ipc"] {
        let mode = service.text(member);
        if !["", "host", "private", "shareable"].contains(&mode.as_str()) {
            notes.none(service.path(member), "none.namespace", &[("mode", &mode)]);
        }
    }
    if !service.text("domainname").is_empty() {
        notes.none(service.path("domainname"), "none.domainname", &[]);
    }
    let platform = service.text("platform");
    if !platform.is_empty() {
        notes.decide(service.path("platform"), "decide.platform", &[("platform", &platform)]);
    }
    let runtime = service.text("runtime");
    if !runtime.is_empty() {
        notes.decide(service.path("runtime"), "decide.runtime", &[("name", &runtime)]);
    }
    for (name, _) in service.members("sysctls").into_iter().filter(|(name, _)| !SAFE_SYSCTLS.contains(name)) {
        notes.decide(service.path("sysctls"), "decide.sysctl", &[("name", name)]);
    }
    for group in service.texts("group_add").iter().filter(|g| g.parse::<i64>().is_err()) {
        notes.none(service.path("group_add"), "none.group_name", &[("name", group)]);
    }
    if service.deploy(&["placement", "max_replicas_per_node"]).is_some() {
        notes.decide(service.path("deploy.placement.max_replicas_per_node"), "decide.per_node", &[]);
    }
}
