//! Endpoints that a person wrote for a Service without a selector, shown as EndpointSlices.
//! Source: kubernetes v1.37 pkg/controller/endpointslicemirroring/{endpointslicemirroring_controller,reconciler,utils}.go.

use super::{SERVICE_NAME, TRIGGER, followed, unasked};
use crate::kubernetes::apiserver::{Change, DeleteOptions};
use crate::kubernetes::controllers::owned::{controller_ref, generated_name, managed};
use crate::kubernetes::controllers::{Ctl, Done, Wakes};
use crate::kubernetes::objects::endpoint_slice::{Endpoint, EndpointSlice};
use crate::kubernetes::objects::{Body, Id, Kind, Labels, Meta, Object};
use crate::map;
use crate::text::Value;
use std::rc::Rc;

/// Addresses of one subset that are shown. Source: --mirroring-max-endpoints-per-subset.
const MOST: usize = 1_000;
/// Source: endpointslicemirroring_controller.go, ControllerName.
const MANAGED_BY: (&str, &str) = ("endpointslice.kubernetes.io/managed-by", "endpointslicemirroring-controller.k8s.io");
/// Source: kubernetes v1.37 api/discovery/v1/well_known_labels.go, LabelSkipMirror.
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";
/// Source: client-go tools/leaderelection/resourcelock/interface.go, LeaderElectionRecordAnnotationKey.
const LEADER: &str = "control-plane.alpha.kubernetes.io/leader";
/// Source: kubernetes v1.37 api/core/v1/annotation_key_constants.go, LastAppliedConfigAnnotation.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Endpoints with the same ports and kind of address.
type Group = (&'static str, Vec<Value>, Vec<Endpoint>);

/// A Service without a selector, Endpoints that a person wrote or a mirrored slice changed.
/// Ours: what the other controllers keep wakes nobody, and would be left alone.
pub(super) fn on_change(change: &Change, wakes: &mut Wakes) {
    let Some(object) = change.object() else { return };
    let kinds = &wakes.api.kinds;
    match change.kind {
        Kind::Service => {
            let open = |o: &Option<Rc<Object>>| {
                o.as_ref().and_then(|o| o.service()).is_some_and(|service| service.selector.is_none())
            };
            if open(&change.before) || open(&change.after) {
                let kind = kinds.find("v1", "Endpoints");
                let there = |kind| wakes.api.store.find(kind, &object.meta.namespace, &object.meta.name);
                wakes.ids.extend(kind.and_then(there));
            }
        }
        Kind::EndpointSlice if ours(object) => wakes.ids.extend(object.meta.controller().and_then(|c| c.id)),
        Kind::Other(_) if kinds.name(change.kind) == "Endpoints" && object.meta.labels.get(KEPT).is_none() => {
            wakes.ids.push(change.id);
        }
        _ => {}
    }
}

/// Source: endpoint/endpoints_controller.go, LabelManagedBy.
const KEPT: &str = "endpoints.kubernetes.io/managed-by";

fn ours(slice: &Object) -> bool {
    slice.meta.labels.get(MANAGED_BY.0).is_some_and(|v| **v == *MANAGED_BY.1)
}

pub(super) fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(source) = ctl.api.store.get(id).filter(|o| ctl.api.kinds.name(o.kind) == "Endpoints").cloned() else {
        return Done::Settled;
    };
    let slices: Vec<Rc<Object>> =
        managed(ctl, id, Kind::EndpointSlice).filter(|slice| ours(slice) && !slice.meta.deleting()).cloned().collect();
    let service = ctl.api.store.by_name(Kind::Service, &source.meta.namespace, &source.meta.name);
    let selects = service.and_then(|o| o.service()).is_none_or(|s| s.selector.is_some());
    let skipped = source.meta.labels.get(SKIP).is_some_and(|v| **v == *"true");
    let mirrored = !(selects || skipped || source.meta.deleting() || source.meta.annotations.get(LEADER).is_some());
    let groups = if mirrored { groups(&source) } else { Vec::new() };
    let mut left = slices;
    for (kind, ports, endpoints) in groups {
        let fits = |s: &Rc<Object>| s.endpoint_slice().is_some_and(|r| *r.ports == ports && *r.address_type == *kind);
        match left.iter().position(fits).map(|at| left.remove(at)) {
            Some(slice) => update(ctl, &source, &slice, endpoints),
            None => create(ctl, &source, EndpointSlice { address_type: kind.into(), endpoints, ports: Rc::new(ports) }),
        }
    }
    for slice in left {
        let by = ctl.by(unasked(&source.meta.name));
        ctl.api.delete(slice.meta.id, by, DeleteOptions::default());
    }
    Done::Settled
}

/// Source: reconciler.go, reconcile; utils.go, epPortsToEpsPorts.
fn groups(source: &Object) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for subset in source.plain().map(|tree| tree.list_at(&["subsets"])).unwrap_or_default() {
        let port = |port: &Value| {
            let mut out = map! {
                "name" => port.str_at(&["name"]).unwrap_or_default(), "port" => port.int_at(&["port"]).unwrap_or(0),
                "protocol" => port.str_at(&["protocol"]).unwrap_or("TCP")
            };
            if let Some(protocol) = port.str_at(&["appProtocol"]) {
                out.set("appProtocol", protocol);
            }
            Value::Map(out)
        };
        let ports: Vec<Value> = subset.list_at(&["ports"]).iter().map(port).collect();
        let listed = |key: &'static str, ready| subset.list_at(&[key]).iter().map(move |address| (address, ready));
        for (address, ready) in listed("addresses", true).chain(listed("notReadyAddresses", false)).take(MOST) {
            let endpoint = endpoint(address, ready);
            let kind = if endpoint.address.contains(':') { "IPv6" } else { "IPv4" };
            match groups.iter_mut().find(|(k, p, _)| *k == kind && *p == ports) {
                Some((.., list)) => list.push(endpoint),
                None => groups.push((kind, ports.clone(), vec![endpoint])),
            }
        }
    }
    groups
}

/// Source: utils.go, addressToEndpoint.
fn endpoint(address: &Value, ready: bool) -> Endpoint {
    let text = |key: &str| address.str_at(&[key]).unwrap_or_default();
    let mut written = map! {
        "addresses" => vec![Value::from(text("ip"))], "conditions" => map! { "ready" => ready }
    };
    for key in ["hostname", "nodeName", "targetRef"] {
        if let Some(value) = address.get(key) {
            written.set(key, value.clone());
        }
    }
    Endpoint {
        address: text("ip").to_string().into(),
        ready,
        serving: ready,
        node: address.str_at(&["nodeName"]).map(Rc::from),
        hostname: text("hostname").to_string().into(),
        written: Some(Rc::new(Value::Map(written))),
        ..Endpoint::default()
    }
}

/// Labels and annotations of a slice. Source: utils.go, newEndpointSlice.
fn marks(source: &Object) -> (Labels, Labels) {
    let (mut labels, mut annotations) = (source.meta.labels.clone(), source.meta.annotations.clone());
    labels.set(SERVICE_NAME, source.meta.name.clone());
    labels.set(MANAGED_BY.0, MANAGED_BY.1);
    for key in [TRIGGER, LAST_APPLIED] {
        annotations.remove(key);
    }
    (labels, annotations)
}

fn why(source: &Object, endpoints: &[Endpoint]) -> crate::journal::Why {
    followed(&source.meta.name, endpoints.iter().filter(|e| e.ready).count(), endpoints.len())
}

fn create(ctl: &mut Ctl, source: &Object, body: EndpointSlice) {
    let prefix = format!("{}-", source.meta.name);
    let namespace = source.meta.namespace.clone();
    let mut meta = Meta::named(namespace.clone(), generated_name(ctl, Kind::EndpointSlice, &namespace, &prefix));
    meta.generate_name = Some(prefix.into());
    (meta.labels, meta.annotations) = marks(source);
    meta.owners = vec![controller_ref(ctl, source)];
    meta.generation = 1;
    let by = ctl.by(why(source, &body.endpoints)).reading(source, "subsets");
    // The name is free; in a namespace that goes, the slice is not needed.
    drop(ctl.api.create(Object { kind: Kind::EndpointSlice, meta, body: Body::EndpointSlice(body) }, by));
}

fn update(ctl: &mut Ctl, source: &Object, slice: &Object, endpoints: Vec<Endpoint>) {
    let (labels, annotations) = marks(source);
    let same = slice.endpoint_slice().is_some_and(|row| row.endpoints == endpoints);
    if same && slice.meta.labels == labels && slice.meta.annotations == annotations {
        return;
    }
    let by = ctl.by(why(source, &endpoints)).reading(source, "subsets");
    ctl.api.update(slice.meta.id, by, |o| {
        (o.meta.labels, o.meta.annotations) = (labels, annotations);
        if let Some(row) = o.endpoint_slice_mut() {
            row.endpoints = endpoints;
        }
    });
}
