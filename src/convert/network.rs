//! How services find each other: a Service for each name, a way in for published ports, policies for separate networks.

use super::notes::Notes;
use super::service::{Service, protocol};
use super::workload::LABEL;
use super::{Project, list, map, names, object, texts};
use crate::text::Value;

/// Before the names of a project's networks in labels. Ours.
const NETWORK: &str = "network/";

/// The Services of a service: one under its name, one for each other name it has, one that leads in from outside.
pub(super) fn services(project: &Project, service: &Service, notes: &mut Notes) -> Vec<Value> {
    let mut all = Vec::new();
    let published = published(service, notes);
    let ports: Vec<Value> = service
        .listens()
        .into_iter()
        .map(|(number, protocol, app)| port(number, number.into(), protocol, &app))
        .collect();
    // One Service is enough where the port outside is the port inside, for all ports.
    let same =
        !published.is_empty() && ports.len() == published.len() && published.iter().all(|p| p.outside == p.inside);
    let kind = if same { "LoadBalancer" } else { "" };
    if !ports.is_empty() {
        all.push(document(&service.name, service, kind, ports.clone()));
    } else if spoken_to(project, service) {
        notes.assumed(format!("services.{}", service.key), "assumed.headless", &[]);
        all.push(headless(&service.name, service));
    }
    if !published.is_empty() {
        notes.assumed(service.path("ports"), "assumed.load_balancer", &[]);
        if !same {
            let ports = published.iter().map(|p| port(p.outside, p.inside.into(), p.protocol, &p.app)).collect();
            all.push(document(&names::label(&format!("{}-published", service.name)), service, "LoadBalancer", ports));
        }
    }
    for name in other_names(project, service, notes) {
        all.push(if ports.is_empty() { headless(&name, service) } else { document(&name, service, "", ports.clone()) });
    }
    all
}

/// A port of the host that leads to one of the container.
struct Published {
    outside: u16,
    inside: u16,
    protocol: &'static str,
    app: String,
}

fn published(service: &Service, notes: &mut Notes) -> Vec<Published> {
    let mut all: Vec<Published> = Vec::new();
    for port in service.list("ports") {
        let Some(inside) = port.int_at(&["target"]).and_then(|n| u16::try_from(n).ok()) else { continue };
        let address = port.str_at(&["host_ip"]).unwrap_or_default();
        let text = port.get("published").map(super::scalar).unwrap_or_default();
        if address.starts_with("127.") || address == "::1" || address == "localhost" {
            notes.decide(service.path("ports"), "decide.local_port", &[("port", &text)]);
            continue;
        }
        if text.contains('-') || text.is_empty() || text == "0" {
            notes.none(service.path("ports"), "none.any_port", &[("port", &inside.to_string())]);
            continue;
        }
        let Ok(outside) = text.parse::<u16>() else { continue };
        let protocol = protocol(port.str_at(&["protocol"]).unwrap_or("tcp"));
        let app = port.str_at(&["app_protocol"]).unwrap_or_default().to_string();
        if !all.iter().any(|p| (p.outside, p.protocol) == (outside, protocol)) {
            all.push(Published { outside, inside, protocol, app });
        }
    }
    all
}

fn port(number: u16, target: i64, protocol: &'static str, app: &str) -> Value {
    map([
        ("name", Value::str(format!("{}-{number}", protocol.to_ascii_lowercase()))),
        ("port", Value::Int(number.into())),
        ("targetPort", if target == i64::from(number) { Value::Null } else { Value::Int(target) }),
        ("protocol", if protocol == "TCP" { Value::Null } else { Value::str(protocol) }),
        ("appProtocol", if app.is_empty() { Value::Null } else { Value::str(app) }),
    ])
}

fn document(name: &str, service: &Service, kind: &str, ports: Vec<Value>) -> Value {
    let spec = map([
        ("type", if kind.is_empty() { Value::Null } else { Value::str(kind) }),
        ("selector", map([(LABEL, Value::str(&*service.name))])),
        ("ports", Value::List(ports)),
    ]);
    object("v1", "Service", name, map([("spec", spec)]))
}

/// A name without a port of its own: it leads to the pods themselves, whatever they listen on.
fn headless(name: &str, service: &Service) -> Value {
    let spec = map([("clusterIP", Value::str("None")), ("selector", map([(LABEL, Value::str(&*service.name))]))]);
    object("v1", "Service", name, map([("spec", spec)]))
}

/// Whether somebody may look for the service by name: one that depends on it or links it, or that names it in its environment
/// or command.
fn spoken_to(project: &Project, service: &Service) -> bool {
    let names_it = |other: &Service| {
        let values = other.members("environment").into_iter().map(|(_, v)| super::scalar(v));
        let words = other.texts("command").into_iter().chain(other.texts("entrypoint"));
        let links = other.texts("links").into_iter();
        values.chain(words).chain(links).any(|text| mentions(&text, service.key))
    };
    project.dependants(service.key).next().is_some()
        || project.services.iter().any(|other| other.key != service.key && names_it(other))
}

/// Whether a text holds a name as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// Names a service has beside its own: aliases, the container's, those that others link it by.
fn other_names(project: &Project, service: &Service, notes: &mut Notes) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in wanted_names(project, service) {
        let fitting = names::label(&name);
        if fitting != name {
            notes.none(format!("services.{}", service.key), "none.alias", &[("name", &name)]);
        } else if !all.contains(&name) && !project.services.iter().any(|s| s.name == name) {
            let first = project.services.iter().find(|other| wanted_names(project, other).contains(&name));
            match first.filter(|first| first.key != service.key) {
                Some(first) => {
                    let blanks = [("name", name.as_str()), ("service", first.key)];
                    notes.none(format!("services.{}", service.key), "none.shared_alias", &blanks);
                }
                None => all.push(name),
            }
        }
    }
    all
}

fn wanted_names(project: &Project, service: &Service) -> Vec<String> {
    let aliases = service.members("networks").into_iter().flat_map(|(_, node)| texts(node.get("aliases")));
    let links = project.services.iter().flat_map(|other| other.texts("links"));
    let linked = links.filter_map(|text| {
        let (name, alias) = text.split_once(':')?;
        (name == service.key).then(|| alias.to_string())
    });
    aliases.chain(linked).chain([service.text("container_name")]).filter(|name| !name.is_empty()).collect()
}

/// Whether the project keeps its services apart: some share no network.
fn separated(project: &Project) -> bool {
    let networks = |s: &Service| s.members("networks").into_iter().map(|(n, _)| n.to_string()).collect::<Vec<_>>();
    let all: Vec<Vec<String>> = project.services.iter().map(networks).filter(|n| !n.is_empty()).collect();
    all.iter().any(|a| all.iter().any(|b| !a.iter().any(|name| b.contains(name))))
}

/// The labels that say in which networks a pod is; none where all can talk to all anyway.
pub(super) fn isolated(project: &Project, service: &Service) -> Vec<String> {
    if !separated(project) {
        return Vec::new();
    }
    service.members("networks").into_iter().map(|(name, _)| format!("{NETWORK}{}", names::label(name))).collect()
}

/// One policy a network: its members hear each other. Published ports are open to everybody.
pub(super) fn policies(project: &Project, notes: &mut Notes) -> Vec<Value> {
    let mut all = Vec::new();
    remark(project, notes);
    if !separated(project) {
        return all;
    }
    let used: std::collections::BTreeSet<&str> =
        project.services.iter().flat_map(|s| s.members("networks")).map(|(name, _)| name).collect();
    for name in used {
        let label = format!("{NETWORK}{}", names::label(name));
        let members = map([("matchLabels", map([(&*label, Value::str("true"))]))]);
        let from = map([("from", Value::List(vec![map([("podSelector", members.clone())])]))]);
        all.push(policy(&names::label(name), members, from));
    }
    for service in &project.services {
        let ports: Vec<Value> = published(service, &mut Notes::default())
            .iter()
            .map(|p| map([("protocol", Value::str(p.protocol)), ("port", Value::Int(p.inside.into()))]))
            .collect();
        if !ports.is_empty() && !isolated(project, service).is_empty() {
            let pods = map([("matchLabels", map([(LABEL, Value::str(&*service.name))]))]);
            let name = names::label(&format!("{}-published", service.name));
            all.push(policy(&name, pods, map([("ports", Value::List(ports))])));
        }
    }
    all
}

fn policy(name: &str, pods: Value, rule: Value) -> Value {
    let spec = map([("podSelector", pods), ("policyTypes", list(["Ingress"])), ("ingress", Value::List(vec![rule]))]);
    object("networking.k8s.io/v1", "NetworkPolicy", name, map([("spec", spec)]))
}

fn remark(project: &Project, notes: &mut Notes) {
    let networks = project.tree.get("networks").and_then(Value::as_map);
    for (key, node) in networks.into_iter().flat_map(|map| map.sorted()) {
        let path = format!("networks.{key}");
        if node.bool_at(&["internal"]) == Some(true) {
            notes.decide(path.clone(), "decide.internal", &[]);
        }
        if node.bool_at(&["external"]) == Some(true) {
            notes.decide(path.clone(), "decide.external_network", &[]);
        }
        if node.at(&["ipam", "config"]).is_some_and(|c| !super::is_empty(c)) {
            notes.none(path, "none.ipam", &[]);
        }
    }
    for service in &project.services {
        for (network, node) in service.members("networks") {
            let fixed = ["ipv4_address", "ipv6_address", "mac_address", "link_local_ips"];
            if fixed.iter().any(|key| node.get(key).is_some_and(|v| !v.is_null())) {
                notes.none(service.path(&format!("networks.{network}")), "none.address", &[]);
            }
        }
    }
}
