//! EndpointSlice and Endpoints controllers: which pods stand behind a Service. Wakes on: Service; Pod, by selector.
//! Writes: EndpointSlice; Endpoints. Source: kubernetes v1.37 pkg/controller/endpointslice, endpointslice/reconciler.go,
//! pkg/controller/endpoint.

mod legacy;
mod mirror;
mod port_order;
mod slices;

use super::{Controller, Ctl, On, Wakes};
use crate::kubernetes::apiserver::{Change, ChangeKind};
use crate::kubernetes::objects::endpoint_slice::Endpoint;
use crate::kubernetes::objects::pod::{Pod, RestartPolicy};
use crate::kubernetes::objects::service::{Service, ServicePort};
use crate::kubernetes::objects::{Id, Kind, Labels, Object};
use crate::map;
use crate::reasons;
use crate::sim::Time;
use crate::text::{Map, Value, Word};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

reasons! { "endpoints":
    /// The pods behind a Service changed.
    followed(service, ready, all),
    /// The Service no longer asks for it.
    unasked(service),
}

/// Keeps the EndpointSlices.
pub const SLICES: Controller = Controller {
    name: "endpointslice-controller",
    wakes: &[On::Rule(Kind::Service, on_service), On::Rule(Kind::Pod, on_pod), On::OwnerOf(Kind::EndpointSlice)],
    reconcile: slices::reconcile,
    every: None,
};

/// Keeps the Endpoints, the older form of the same.
pub const LEGACY: Controller = Controller {
    name: "endpoint-controller",
    wakes: &[On::Itself(Kind::Service), On::Rule(Kind::Pod, wake_services)],
    reconcile: legacy::reconcile,
    every: None,
};

/// Shows Endpoints that a person wrote as slices.
pub const MIRROR: Controller = Controller {
    name: "endpointslicemirroring-controller",
    wakes: &[On::Any(mirror::on_change)],
    reconcile: mirror::reconcile,
    every: None,
};

/// Source: kubernetes v1.37 api/discovery/v1/well_known_labels.go, LabelServiceName.
const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// When something behind a Service last changed, for people who measure delays.
/// Source: kubernetes v1.37 api/core/v1/annotation_key_constants.go, EndpointsLastChangeTriggerTime.
const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";
/// Marks what stands behind a headless Service. Source: same, IsHeadlessService.
const HEADLESS: &str = "service.kubernetes.io/headless";

/// The pods that each Service selects, kept write by write.
#[derive(Clone, Debug, Default)]
pub struct Members(BTreeMap<Id, Selected>);

#[derive(Clone, Debug, Default)]
struct Selected {
    pods: BTreeSet<Id>,
    /// The newest moments of change that were told: of the Service, of each pod.
    told_service: Option<Time>,
    told: BTreeMap<Id, Time>,
}

fn selects(service: &Service, labels: &Labels) -> bool {
    service.selector.as_ref().is_some_and(|s| s.iter().all(|(k, v)| labels.get(k) == Some(v)))
}

fn on_service(change: &Change, wakes: &mut Wakes) {
    wakes.ids.push(change.id);
    if change.what == ChangeKind::Deleted {
        wakes.memory.members.0.remove(&change.id);
        return;
    }
    let selector = |o: &Option<Rc<Object>>| o.as_ref().and_then(|o| o.service()).and_then(|s| s.selector.clone());
    if change.before.is_some() && selector(&change.before) == selector(&change.after) {
        return;
    }
    let Some(object) = &change.after else { return };
    let Some(service) = object.service() else { return };
    let pods = wakes.api.store.list_in(Kind::Pod, &object.meta.namespace);
    let pods = pods.filter(|p| selects(service, &p.meta.labels)).map(|p| p.meta.id).collect();
    wakes.memory.members.0.entry(change.id).or_default().pods = pods;
}

/// A pod changed: the lists of the Services that select it follow.
fn on_pod(change: &Change, wakes: &mut Wakes) {
    wake_services(change, wakes);
    for id in &wakes.ids {
        let Some(service) = wakes.api.store.get(*id).and_then(|o| o.service()) else { continue };
        let is = change.after.as_ref().is_some_and(|p| selects(service, &p.meta.labels));
        let selected = wakes.memory.members.0.entry(*id).or_default();
        if is {
            selected.pods.insert(change.id);
        } else {
            selected.pods.remove(&change.id);
            selected.told.remove(&change.id);
        }
    }
}

/// What of a pod its Services depend on.
fn seen(pod: &Object) -> Option<(bool, bool, bool, Option<&Word>)> {
    let row = pod.pod()?;
    Some((row.ready(), pod.meta.deleting(), row.status.phase.ended(), row.status.ip.as_ref()))
}

fn wake_services(change: &Change, wakes: &mut Wakes) {
    let Some(pod) = change.object() else { return };
    if let (Some(before), Some(after)) = (&change.before, &change.after)
        && seen(before) == seen(after)
        && before.meta.labels == after.meta.labels
    {
        return;
    }
    let labels = |o: &Option<Rc<Object>>, s: &Service| o.as_ref().is_some_and(|o| selects(s, &o.meta.labels));
    let services = wakes.api.store.list_in(Kind::Service, &pod.meta.namespace);
    let touched = |o: &&Rc<Object>| o.service().is_some_and(|s| labels(&change.before, s) || labels(&change.after, s));
    wakes.ids = services.filter(touched).map(|o| o.meta.id).collect();
}

/// All pods that a Service selects, by age.
fn selected(ctl: &Ctl, service: Id) -> Vec<Rc<Object>> {
    let ids = ctl.memory.members.0.get(&service).into_iter().flat_map(|s| &s.pods);
    ids.filter_map(|id| ctl.api.store.get(*id)).cloned().collect()
}

/// Whether a pod has an address and has not ended. Source: kubernetes v1.37 staging/src/k8s.io/endpointslice/util/
/// controller_utils.go, ShouldPodBeInEndpoints.
fn reachable(pod: &Object) -> bool {
    pod.pod().is_some_and(|row| row.status.ip.is_some() && !row.status.phase.ended())
}

/// Source: kubernetes v1.37 staging/src/k8s.io/endpointslice/utils.go, podToEndpoint.
fn endpoint(ctl: &Ctl, service: &Object, pod: &Object) -> Option<Endpoint> {
    let (row, wish) = (pod.pod()?, service.service()?);
    let node = row.node.as_ref().and_then(|n| ctl.api.store.by_name(Kind::Node, "", n));
    let (serving, terminating) = (row.ready(), pod.meta.deleting());
    let named = !row.spec.hostname.is_empty() && row.spec.subdomain == *service.meta.name;
    Some(Endpoint {
        address: row.status.ip.clone()?,
        ready: wish.publish_not_ready || (serving && !terminating),
        serving,
        terminating,
        node: row.node.clone(),
        zone: node.and_then(|n| n.meta.labels.get("topology.kubernetes.io/zone")).cloned(),
        target: Some((pod.meta.name.clone(), pod.meta.id)),
        hostname: if named { row.spec.hostname.clone() } else { Word::EMPTY },
        written: None,
    })
}

/// The number that a Service's port means on a pod. Source: pkg/api/v1/pod/util.go, FindPort.
fn port_on(pod: &Pod, port: &ServicePort) -> Option<u16> {
    if let Ok(number) = port.target.parse() {
        return Some(number);
    }
    let sidecars = pod.spec.init_containers.iter().filter(|c| c.restart_policy == Some(RestartPolicy::Always));
    let all = pod.spec.containers.iter().chain(sidecars).flat_map(|c| &c.ports);
    all.into_iter().find(|p| p.name == port.target && p.protocol == port.protocol).map(|p| p.port)
}

/// The ports of a Service on a pod, as slices show them; those that the pod does not have are left out.
fn ports(service: &Service, pod: &Pod, named: bool) -> Vec<Value> {
    let write = |port: &ServicePort| {
        let number = port_on(pod, port)?;
        let mut out = Map::new();
        if named || !port.name.is_empty() {
            out.set("name", port.name.clone());
        }
        out.set("port", i64::from(number));
        out.set("protocol", &port.protocol);
        if !port.app_protocol.is_empty() {
            out.set("appProtocol", port.app_protocol.clone());
        }
        Some(Value::Map(out))
    };
    service.ports.iter().filter_map(write).collect()
}

/// The moment of the oldest change that was not told yet. Every selected pod counts, whether it has an address or not:
/// what it told before it had one is told. Source: kubernetes v1.37 staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go.
fn trigger(ctl: &mut Ctl, service: &Object, pods: &[Rc<Object>]) -> Option<Time> {
    let selected = ctl.memory.members.0.entry(service.meta.id).or_default();
    let mut oldest = None::<Time>;
    let mut newer = |at: Time, told: Option<Time>| {
        if told.is_none_or(|t| at > t) {
            oldest = Some(oldest.map_or(at, |o| o.min(at)));
        }
    };
    for pod in pods {
        let Some(at) = pod.pod().and_then(|p| p.condition("Ready")).map(|c| c.changed) else { continue };
        newer(at, selected.told.get(&pod.meta.id).copied());
        selected.told.insert(pod.meta.id, at);
    }
    newer(service.meta.created, selected.told_service);
    selected.told_service = Some(service.meta.created);
    oldest
}

/// Labels of what stands behind a Service: the Service's own and marks.
fn marked(service: &Object, marks: &[(&str, &str)]) -> Labels {
    let mut labels = service.meta.labels.clone();
    labels.remove(HEADLESS);
    for (key, value) in marks {
        labels.set(*key, *value);
    }
    if service.service().is_some_and(|s| s.cluster_ip == "None") {
        labels.set(HEADLESS, "");
    }
    labels
}

/// Whether endpoints of a Service are made here.
fn made_here(service: &Service) -> bool {
    service.selector.is_some() && service.kind != "ExternalName"
}

fn pod_reference(ctl: &Ctl, endpoint: &Endpoint, namespace: &str) -> Option<Map> {
    let (name, id) = endpoint.target.as_ref()?;
    Some(map! { "kind" => "Pod", "name" => name.clone(), "namespace" => namespace, "uid" => ctl.api.calendar.uid(*id) })
}
