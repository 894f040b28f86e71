//! Service: a stable address before the pods that a selector finds.

use super::{Calendar, tree};
use crate::text::{Map, Value, Word};
use std::rc::Rc;

/// A Service's body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`.
    pub kind: Word,
    /// `spec.clusterIP`; `None` when headless, empty for ExternalName.
    pub cluster_ip: Word,
    /// `spec.selector`; `None` when there is none and endpoints are made by hand.
    pub selector: Option<Vec<(Rc<str>, Rc<str>)>>,
    /// Ports.
    pub ports: Vec<ServicePort>,
    /// `publishNotReadyAddresses`
    pub publish_not_ready: bool,
    /// The whole tree without metadata, `status` included.
    pub rest: Rc<Value>,
}

/// A port of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ServicePort {
    /// Name, may be empty.
    pub name: Rc<str>,
    /// `TCP`, `UDP`, `SCTP`
    pub protocol: Word,
    /// `port`
    pub port: u16,
    /// `targetPort`: a number as text or a port name.
    pub target: Rc<str>,
    /// `nodePort`, 0 for none.
    pub node_port: u16,
    /// `appProtocol`, may be empty.
    pub app_protocol: Rc<str>,
}

impl Service {
    /// Reads a defaulted object.
    pub fn read(tree: &Value, _: &Calendar) -> Self {
        let spec = tree.get("spec").unwrap_or(&Value::Null);
        let text = |v: &Value, key: &str| -> Rc<str> { v.str_at(&[key]).unwrap_or_default().into() };
        let number = |v: &Value, key: &str| v.int_at(&[key]).unwrap_or(0) as u16;
        let port = |p: &Value| ServicePort {
            name: text(p, "name"),
            protocol: text(p, "protocol").into(),
            port: number(p, "port"),
            target: match p.get("targetPort") {
                Some(Value::Int(n)) => n.to_string().into(),
                Some(Value::Str(s)) => s.clone(),
                _ => number(p, "port").to_string().into(),
            },
            node_port: number(p, "nodePort"),
            app_protocol: text(p, "appProtocol"),
        };
        let selector = spec.get("selector").and_then(Value::as_map).filter(|m| !m.is_empty());
        Service {
            kind: text(spec, "type").into(),
            cluster_ip: text(spec, "clusterIP").into(),
            selector: selector
                .map(|m| m.iter().map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().into())).collect()),
            ports: spec.list_at(&["ports"]).iter().map(port).collect(),
            publish_not_ready: spec.bool_at(&["publishNotReadyAddresses"]).unwrap_or(false),
            rest: Rc::new(tree::body_only(tree)),
        }
    }
    /// All ports that it holds on the nodes. Source: kubernetes v1.37 pkg/registry/core/service/storage/alloc.go,
    /// collectServiceNodePorts; allocHealthCheckNodePort.
    pub fn node_ports(&self) -> Vec<i64> {
        let checked = self.rest.int_at(&["spec", "healthCheckNodePort"]);
        self.ports.iter().map(|p| i64::from(p.node_port)).chain(checked).filter(|port| *port != 0).collect()
    }
    /// Its members as the API shows them.
    pub fn write(&self, out: &mut Map, _: &Calendar) {
        tree::set_all(out, &self.rest);
    }
}
