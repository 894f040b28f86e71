//! EndpointSlice: where a Service's traffic may go.

use super::{Calendar, Id, tree};
use crate::text::{Map, Value, Word};
use std::rc::Rc;

/// An EndpointSlice's body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointSlice {
    /// `IPv4`, `IPv6`, `FQDN`
    pub address_type: Word,
    /// Endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Ports as the API shows them.
    pub ports: Rc<Vec<Value>>,
}

/// One endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Endpoint {
    /// Address.
    pub address: Word,
    /// `conditions.ready`
    pub ready: bool,
    /// `conditions.serving`
    pub serving: bool,
    /// `conditions.terminating`
    pub terminating: bool,
    /// `nodeName`
    pub node: Option<Rc<str>>,
    /// `zone`
    pub zone: Option<Rc<str>>,
    /// The pod behind it, by name and number.
    pub target: Option<(Rc<str>, Id)>,
    /// `hostname`
    pub hostname: Word,
    /// The endpoint as a person wrote it, for slices made by hand.
    pub written: Option<Rc<Value>>,
}

impl EndpointSlice {
    /// Reads an object.
    pub fn read(tree: &Value, _: &Calendar) -> Self {
        let endpoints = tree.list_at(&["endpoints"]).iter().map(|e| Endpoint {
            address: e.list_at(&["addresses"]).first().and_then(Value::as_str).unwrap_or_default().to_string().into(),
            ready: e.bool_at(&["conditions", "ready"]).unwrap_or(true),
            serving: e.bool_at(&["conditions", "serving"]).unwrap_or(true),
            terminating: e.bool_at(&["conditions", "terminating"]).unwrap_or(false),
            node: e.str_at(&["nodeName"]).map(Rc::from),
            zone: e.str_at(&["zone"]).map(Rc::from),
            target: None,
            hostname: e.str_at(&["hostname"]).unwrap_or_default().to_string().into(),
            written: Some(Rc::new(e.clone())),
        });
        EndpointSlice {
            address_type: tree.str_at(&["addressType"]).unwrap_or_default().to_string().into(),
            endpoints: endpoints.collect(),
            ports: Rc::new(tree.list_at(&["ports"]).to_vec()),
        }
    }
    /// Its members as the API shows them.
    pub fn write(&self, out: &mut Map, calendar: &Calendar, namespace: &str) {
        out.set("addressType", &self.address_type);
        if self.endpoints.is_empty() {
            out.set("endpoints", Value::Null);
        } else {
            out.set("endpoints", self.endpoints.iter().map(|e| e.write(calendar, namespace)).collect::<Vec<_>>());
        }
        out.set("ports", if self.ports.is_empty() { Value::Null } else { Value::List((*self.ports).clone()) });
    }
}

impl Endpoint {
    fn write(&self, calendar: &Calendar, namespace: &str) -> Value {
        if let Some(written) = &self.written {
            return (**written).clone();
        }
        let mut out = Map::new();
        out.set("addresses", vec![Value::from(&self.address)]);
        let mut conditions = Map::new();
        for (key, on) in [("ready", self.ready), ("serving", self.serving), ("terminating", self.terminating)] {
            conditions.set(key, on);
        }
        out.set("conditions", conditions);
        if !self.hostname.is_empty() {
            out.set("hostname", &self.hostname);
        }
        if let Some(node) = &self.node {
            out.set("nodeName", node.clone());
        }
        if let Some((name, id)) = &self.target {
            let mut target = Map::new();
            target.set("kind", "Pod");
            target.set("name", name.clone());
            target.set("namespace", namespace);
            target.set("uid", calendar.uid(*id));
            out.set("targetRef", target);
        }
        if let Some(zone) = &self.zone {
            out.set("zone", zone.clone());
        }
        tree::drop_nulls(&mut out);
        Value::Map(out)
    }
}
