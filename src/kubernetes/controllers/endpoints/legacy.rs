//! Endpoints: the older form, one object a Service.
//! Source: kubernetes v1.37 pkg/controller/endpoint/endpoints_controller.go; pkg/api/v1/endpoints/util.go, RepackSubsets.

use super::{TRIGGER, endpoint, followed, made_here, marked, pod_reference, ports, reachable, selected, unasked};
use crate::kubernetes::apiserver::DeleteOptions;
use crate::kubernetes::controllers::{Ctl, Done};
use crate::kubernetes::objects::endpoint_slice::Endpoint;
use crate::kubernetes::objects::{Body, Id, Kind, Meta, Object};
use crate::sim::Time;
use crate::text::{Map, Value};
use std::rc::Rc;

/// Source: endpoints_controller.go, LabelManagedBy.
const MANAGED_BY: (&str, &str) = ("endpoints.kubernetes.io/managed-by", "endpoint-controller");

/// Addresses with the same ports: ready ones and others.
#[derive(Default)]
struct Subset {
    ports: Vec<Value>,
    ready: Vec<Endpoint>,
    unready: Vec<Endpoint>,
}

pub(super) fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let kind = ctl.api.kinds.enter("v1", "Endpoints", true);
    let Some(service) = ctl.api.store.get(id).cloned() else {
        let Some(card) = ctl.api.store.card(id).cloned() else { return Done::Settled };
        if let Some(there) = ctl.api.store.find(kind, &card.namespace, &card.name)
            && ctl.api.store.find(Kind::Service, &card.namespace, &card.name).is_none()
        {
            let by = ctl.by(unasked(&card.name));
            ctl.api.delete(there, by, DeleteOptions::default());
        }
        return Done::Settled;
    };
    let Some(row) = service.service().filter(|s| made_here(s)) else { return Done::Settled };
    let mut subsets: Vec<Subset> = Vec::new();
    let mut members = selected(ctl, id);
    members.retain(|pod| reachable(pod));
    for pod in members.iter().filter(|p| !p.meta.deleting() || row.publish_not_ready) {
        let (Some(endpoint), Some(pod)) = (endpoint(ctl, &service, pod), pod.pod()) else { continue };
        let ports = ports(row, pod, false);
        if ports.is_empty() && !row.ports.is_empty() {
            continue;
        }
        let at = subsets.iter().position(|s| s.ports == ports).unwrap_or_else(|| {
            subsets.push(Subset { ports, ..Subset::default() });
            subsets.len() - 1
        });
        let subset = &mut subsets[at];
        if endpoint.ready { subset.ready.push(endpoint) } else { subset.unready.push(endpoint) }
    }
    let (ready, all) =
        subsets.iter().fold((0, 0), |(r, a), s| (r + s.ready.len(), a + s.ready.len() + s.unready.len()));
    let namespace = service.meta.namespace.clone();
    let written: Vec<Value> = subsets.into_iter().map(|s| write(ctl, s, &namespace)).collect();
    let body = if written.is_empty() {
        Map::new()
    } else {
        crate::map! { "subsets" => written }
    };
    let by = ctl.by(followed(&service.meta.name, ready, all)).reading(&service, "spec.selector");
    store(ctl, kind, &service, Rc::new(Value::Map(body)), by, newest(&members));
    Done::Settled
}

/// When a pod behind the Service last became ready or not.
fn newest(pods: &[Rc<Object>]) -> Option<Time> {
    pods.iter().filter_map(|p| p.pod()?.condition("Ready")).map(|c| c.changed).max()
}

fn store(
    ctl: &mut Ctl,
    kind: Kind,
    service: &Object,
    body: Rc<Value>,
    by: crate::kubernetes::apiserver::By,
    at: Option<Time>,
) {
    let labels = marked(service, &[MANAGED_BY]);
    let trigger = at.unwrap_or(service.meta.created);
    let trigger = ctl.api.calendar.seconds(trigger);
    match ctl.api.store.find(kind, &service.meta.namespace, &service.meta.name) {
        Some(there) => {
            let same = ctl.api.store.get(there).is_some_and(|o| o.plain() == Some(&body) && o.meta.labels == labels);
            if !same {
                ctl.api.update(there, by, |o| {
                    o.meta.labels = labels;
                    o.meta.annotations.set(TRIGGER, trigger);
                    o.body = Body::Plain(body);
                });
            }
        }
        None => {
            let mut meta = Meta::named(service.meta.namespace.clone(), service.meta.name.clone());
            meta.labels = labels;
            meta.annotations.set(TRIGGER, trigger);
            drop(ctl.api.create(Object { kind, meta, body: Body::Plain(body) }, by));
        }
    }
}

fn write(ctl: &Ctl, subset: Subset, namespace: &str) -> Value {
    let address = |e: &Endpoint| {
        let mut out = Map::new();
        if !e.hostname.is_empty() {
            out.set("hostname", &e.hostname);
        }
        out.set("ip", &e.address);
        if let Some(node) = &e.node {
            out.set("nodeName", node.clone());
        }
        if let Some(target) = pod_reference(ctl, e, namespace) {
            out.set("targetRef", target);
        }
        Value::Map(out)
    };
    let mut out = Map::new();
    for (key, mut list) in [("addresses", subset.ready), ("notReadyAddresses", subset.unready)] {
        list.sort_by(|a, b| a.address.cmp(&b.address));
        if !list.is_empty() {
            out.set(key, list.iter().map(address).collect::<Vec<_>>());
        }
    }
    if !subset.ports.is_empty() {
        out.set("ports", subset.ports);
    }
    Value::Map(out)
}
