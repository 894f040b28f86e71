//! EndpointSlices: at most a hundred endpoints each, changed as little as possible.
//! Source: kubernetes v1.37 staging/src/k8s.io/endpointslice/reconciler.go.

use super::port_order::in_order;
use super::{
    SERVICE_NAME, TRIGGER, endpoint, followed, made_here, marked, ports, reachable, selected, trigger, unasked,
};
use crate::kubernetes::apiserver::DeleteOptions;
use crate::kubernetes::controllers::owned::{controller_ref, generated_name, managed};
use crate::kubernetes::controllers::{Ctl, Done};
use crate::kubernetes::objects::endpoint_slice::{Endpoint, EndpointSlice};
use crate::kubernetes::objects::{Body, Id, Kind, Labels, Meta, Object};
use crate::sim::Time;
use crate::text::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Endpoints in one slice. Source: --max-endpoints-per-slice.
const MOST: usize = 100;
/// Source: kubernetes v1.37 api/discovery/v1/well_known_labels.go, LabelManagedBy.
const MANAGED_BY: (&str, &str) = ("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io");

/// Endpoints with the same ports.
type Group = (Vec<Value>, BTreeMap<Id, Endpoint>);

pub(super) fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(service) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    let Some(row) = service.service() else { return Done::Settled };
    let ours = |s: &&Rc<Object>| s.meta.labels.get(MANAGED_BY.0).is_some_and(|v| **v == *MANAGED_BY.1);
    let slices: Vec<Rc<Object>> =
        managed(ctl, id, Kind::EndpointSlice).filter(ours).filter(|s| !s.meta.deleting()).cloned().collect();
    if !made_here(row) || service.meta.deleting() {
        for slice in slices.iter().filter(|_| row.kind == "ExternalName") {
            remove(ctl, slice, &service);
        }
        return Done::Settled;
    }
    let mut members = selected(ctl, id);
    let changed = trigger(ctl, &service, &members);
    members.retain(|pod| reachable(pod));
    let mut groups: Vec<Group> = Vec::new();
    for pod in &members {
        let id = pod.meta.id;
        let (Some(endpoint), Some(pod)) = (endpoint(ctl, &service, pod), pod.pod()) else { continue };
        let ports = in_order(ports(row, pod, true));
        if ports.is_empty() && !row.ports.is_empty() {
            continue;
        }
        match groups.iter_mut().find(|(p, _)| *p == ports) {
            Some((_, list)) => drop(list.insert(id, endpoint)),
            None => groups.push((ports, BTreeMap::from([(id, endpoint)]))),
        }
    }
    if groups.is_empty() {
        groups.push((Vec::new(), BTreeMap::new()));
    }
    Plan { service: &service, changed }.carry_out(ctl, slices, groups);
    Done::Settled
}

struct Plan<'a> {
    service: &'a Object,
    changed: Option<Time>,
}

impl Plan<'_> {
    /// Keeps endpoints where they are, takes out those that went, fills up, and makes or drops slices.
    fn carry_out(&self, ctl: &mut Ctl, mut slices: Vec<Rc<Object>>, groups: Vec<Group>) {
        for (ports, mut wanted) in groups {
            let placeholder = wanted.is_empty();
            let fits = |s: &Rc<Object>| s.endpoint_slice().is_some_and(|r| *r.ports == ports || r.endpoints.is_empty());
            let (mine, rest): (Vec<_>, Vec<_>) = slices.into_iter().partition(|s| fits(s) || placeholder);
            slices = rest;
            let mut kept: Vec<(Rc<Object>, Vec<Endpoint>)> = Vec::new();
            for slice in mine {
                let old = slice.endpoint_slice().map(|r| r.endpoints.clone()).unwrap_or_default();
                let mut list = Vec::new();
                for was in old {
                    let id = was.target.as_ref().map(|(_, id)| *id);
                    list.extend(id.and_then(|id| wanted.remove(&id)));
                }
                kept.push((slice, list));
            }
            for (_, list) in &mut kept {
                while list.len() < MOST
                    && let Some((_, next)) = wanted.pop_first()
                {
                    list.push(next);
                }
            }
            self.write_kept(ctl, kept, &ports, placeholder);
            while !wanted.is_empty() {
                let next = (0..MOST).map_while(|_| wanted.pop_first()).map(|(_, e)| e).collect();
                self.create(ctl, next, &ports);
            }
        }
        for slice in slices {
            remove(ctl, &slice, self.service);
        }
    }
    fn write_kept(&self, ctl: &mut Ctl, kept: Vec<(Rc<Object>, Vec<Endpoint>)>, ports: &[Value], placeholder: bool) {
        let mut placed = kept.iter().any(|(_, list)| !list.is_empty());
        if kept.is_empty() && placeholder {
            return self.create(ctl, Vec::new(), ports);
        }
        for (slice, list) in kept {
            if list.is_empty() && placed {
                remove(ctl, &slice, self.service);
                continue;
            }
            placed = true;
            self.update(ctl, &slice, list, ports);
        }
    }
    fn labels(&self) -> Labels {
        marked(self.service, &[MANAGED_BY, (SERVICE_NAME, &self.service.meta.name)])
    }
    fn annotations(&self, ctl: &Ctl, to: &mut Labels) {
        match self.changed {
            Some(at) => to.set(TRIGGER, ctl.api.calendar.seconds(at)),
            None => drop(to.remove(TRIGGER)),
        }
    }
    fn create(&self, ctl: &mut Ctl, endpoints: Vec<Endpoint>, ports: &[Value]) {
        let prefix = format!("{}-", self.service.meta.name);
        let namespace = self.service.meta.namespace.clone();
        let mut meta = Meta::named(namespace.clone(), generated_name(ctl, Kind::EndpointSlice, &namespace, &prefix));
        meta.generate_name = Some(prefix.into());
        meta.labels = self.labels();
        self.annotations(ctl, &mut meta.annotations);
        meta.owners = vec![controller_ref(ctl, self.service)];
        meta.generation = 1;
        let by = ctl.by(self.why(&endpoints)).reading(self.service, "spec.selector");
        let body = EndpointSlice { address_type: "IPv4".into(), endpoints, ports: Rc::new(ports.to_vec()) };
        let object = Object { kind: Kind::EndpointSlice, meta, body: Body::EndpointSlice(body) };
        // The name is free; in a namespace that goes, the slice is not needed.
        drop(ctl.api.create(object, by));
    }
    fn update(&self, ctl: &mut Ctl, slice: &Object, endpoints: Vec<Endpoint>, ports: &[Value]) {
        let Some(row) = slice.endpoint_slice() else { return };
        let labels = self.labels();
        if row.endpoints == endpoints && *row.ports == ports && slice.meta.labels == labels {
            return;
        }
        let mut annotations = slice.meta.annotations.clone();
        self.annotations(ctl, &mut annotations);
        let by = ctl.by(self.why(&endpoints)).reading(self.service, "spec.selector");
        ctl.api.update(slice.meta.id, by, |o| {
            (o.meta.labels, o.meta.annotations) = (labels, annotations);
            if let Some(row) = o.endpoint_slice_mut() {
                (row.endpoints, row.ports) = (endpoints, Rc::new(ports.to_vec()));
            }
        });
    }
    fn why(&self, endpoints: &[Endpoint]) -> crate::journal::Why {
        followed(&self.service.meta.name, endpoints.iter().filter(|e| e.ready).count(), endpoints.len())
    }
}

fn remove(ctl: &mut Ctl, slice: &Object, service: &Object) {
    let by = ctl.by(unasked(&service.meta.name));
    ctl.api.delete(slice.meta.id, by, DeleteOptions::default());
}
