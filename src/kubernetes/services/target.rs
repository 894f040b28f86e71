//! Whom a stream asks, and where that leads: names to Services, Services to endpoints, endpoints to containers.
//! Source: kubernetes v1.37 pkg/proxy/topology.go, CategorizeEndpoints: ready endpoints, else those that still serve while
//! they terminate.

use super::policy::Policies;
use crate::kubernetes::apiserver::Api;
use crate::kubernetes::objects::pod::Pod;
use crate::kubernetes::objects::service::ServicePort;
use crate::kubernetes::objects::{Id, Kind, Object};
use crate::text::Value;
use crate::workload::streams::{Client, Route, Way};
use std::rc::Rc;

/// The Service that a target means, and which of its ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// The Service.
    pub service: Id,
    /// Index of its port.
    pub port: usize,
}

/// What a target means: `service/NAME[:PORT]` (or `app/NAME[:PORT]`, which both houses understand), `service/NAMESPACE/NAME[:PORT]`, `ingress/HOST[/PATH]`, `port/NUMBER`.
pub fn meaning(api: &Api, target: &str, namespace: &str) -> Option<Meant> {
    let (kind, rest) = target.split_once('/')?;
    match kind {
        "service" | "svc" | "app" => {
            let (rest, port) = rest.rsplit_once(':').map_or((rest, ""), |(rest, port)| (rest, port));
            let (namespace, name) = rest.split_once('/').unwrap_or((namespace, rest));
            named(api, namespace, name, port)
        }
        "ingress" => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            ingress(api, host, &format!("/{path}"))
        }
        "port" => published(api, rest.parse().ok()?),
        _ => None,
    }
}

fn named(api: &Api, namespace: &str, name: &str, port: &str) -> Option<Meant> {
    let object = api.store.by_name(Kind::Service, namespace, name)?;
    let ports = &object.service()?.ports;
    let fits = |p: &ServicePort| port.is_empty() || *p.name == *port || port.parse() == Ok(p.port);
    Some(Meant { service: object.meta.id, port: ports.iter().position(fits)? })
}

/// A port that nodes publish.
fn published(api: &Api, number: u16) -> Option<Meant> {
    let of = |object: &Rc<Object>| {
        let port = object.service()?.ports.iter().position(|p| p.node_port == number && number > 0)?;
        Some(Meant { service: object.meta.id, port })
    };
    api.store.list(Kind::Service).find_map(of)
}

/// The rule of an Ingress that fits best: exact hosts before any host, long paths before short ones.
/// Source: kubernetes v1.37 staging/src/k8s.io/api/networking/v1/types.go, IngressRule, HTTPIngressPath.
fn ingress(api: &Api, host: &str, path: &str) -> Option<Meant> {
    let kind = api.kinds.find("networking.k8s.io/v1", "Ingress")?;
    let mut best: Option<((bool, usize), Meant)> = None;
    let mut take = |rank: (bool, usize), backend: Option<&Value>, namespace: &str| {
        let Some(service) = backend.and_then(|b| b.get("service")) else { return };
        let number = service.int_at(&["port", "number"]).map(|n| n.to_string());
        let port = number.or_else(|| service.str_at(&["port", "name"]).map(str::to_string)).unwrap_or_default();
        let found = named(api, namespace, service.str_at(&["name"]).unwrap_or_default(), &port);
        if let Some(found) = found.filter(|_| best.as_ref().is_none_or(|(have, _)| rank > *have)) {
            best = Some((rank, found));
        }
    };
    for object in api.store.list(kind) {
        let tree = api.tree(object);
        for rule in tree.list_at(&["spec", "rules"]) {
            let theirs = rule.str_at(&["host"]).unwrap_or_default();
            let wild = theirs.strip_prefix('*').is_some_and(|end| host.ends_with(end));
            if !theirs.is_empty() && theirs != host && !wild {
                continue;
            }
            for one in rule.list_at(&["http", "paths"]) {
                let prefix = one.str_at(&["path"]).unwrap_or("/");
                let exact = one.str_at(&["pathType"]) == Some("Exact");
                let below = path.strip_prefix(prefix.trim_end_matches('/'));
                let fits =
                    if exact { path == prefix } else { below.is_some_and(|b| b.is_empty() || b.starts_with('/')) };
                if fits {
                    take((theirs == host, prefix.len() + 1), one.get("backend"), &object.meta.namespace);
                }
            }
        }
        take((false, 0), tree.at(&["spec", "defaultBackend"]), &object.meta.namespace);
    }
    best.map(|(_, found)| found)
}

/// Namespace of the names that a client says without one.
fn namespace(client: &Client) -> &str {
    match client {
        Client::Load(_) => "default",
        Client::Call(group, _) => group.split_once('/').map_or("default", |(namespace, _)| namespace),
    }
}

/// Brings a stream to what the books say now.
pub fn follow(api: &Api, policies: &Policies, client: &Client, route: &mut Route<Id>) {
    let meant = match client {
        Client::Call(..) if api.floor.names_broken => None,
        _ => meaning(api, &route.target, namespace(client)),
    };
    route.goal = meant.as_ref().map(|m| m.service);
    let mut ways = meant.map(|m| ways(api, &m)).unwrap_or_default();
    // Alike containers are allowed alike: one of them speaks for all.
    let from = match client {
        Client::Load(_) => None,
        Client::Call(group, _) => api.floor.all().find(|(_, u)| u.group == *group).map(|((pod, _), _)| Id(pod)),
    };
    let from = from.and_then(|id| api.store.get(id)).map(|o| &**o);
    for way in &mut ways {
        let to = api.store.get(Id(way.key.0));
        way.allowed = to.is_some_and(|to| policies.allow(api, from, to, way.port));
    }
    super::sticky::stick(api, client, route, &mut ways);
    if *route.ways != ways {
        route.ways = Rc::new(ways);
    }
}

/// Where the proxies send requests to a Service's port.
fn ways(api: &Api, meant: &Meant) -> Vec<Way> {
    let Some(object) = api.store.get(meant.service) else { return Vec::new() };
    let Some(port) = object.service().and_then(|s| s.ports.get(meant.port)) else { return Vec::new() };
    let slices = api.store.owned_by(meant.service).filter_map(|o| o.endpoint_slice());
    let (mut ready, mut last) = (Vec::new(), Vec::new());
    for slice in slices {
        let number = slice.ports.iter().find(|p| p.str_at(&["name"]).unwrap_or_default() == &*port.name);
        let Some(number) = number.and_then(|p| p.int_at(&["port"])).and_then(|n| u16::try_from(n).ok()) else {
            continue;
        };
        for endpoint in &slice.endpoints {
            let list = if endpoint.ready { &mut ready } else { &mut last };
            if endpoint.ready || (endpoint.serving && endpoint.terminating) {
                list.extend(endpoint.target.as_ref().and_then(|(_, id)| way(api, *id, number)));
            }
        }
    }
    let mut ways = if ready.is_empty() { last } else { ready };
    ways.sort_by_key(|w| w.key);
    ways
}

fn way(api: &Api, id: Id, port: u16) -> Option<Way> {
    let pod = api.store.get(id)?.pod()?;
    Some(Way { key: (id.0, slot(pod, port)), host: pod.node.clone()?, port, allowed: true, weight: 1 })
}

/// The container behind a port: the one that names it, else the first.
fn slot(pod: &Pod, port: u16) -> u16 {
    let inits = pod.spec.init_containers.len();
    let names = |c: &crate::kubernetes::objects::pod::Container| c.ports.iter().any(|p| p.port == port);
    let main = pod.spec.containers.iter().position(names).map(|at| inits + at);
    let sidecar = pod.spec.init_containers.iter().position(names);
    main.or(sidecar).unwrap_or(inits) as u16
}
