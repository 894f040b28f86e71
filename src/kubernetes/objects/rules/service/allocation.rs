//! What the server hands out to Services: addresses, families and node ports.
//! Source: kubernetes v1.37 pkg/registry/core/service/storage/alloc.go.

use super::super::super::field_error::{Errors, Path};
use super::super::Surroundings;
use super::super::view::{Fill, View};
use crate::text::Value;

/// Addresses, families and node ports that the server hands out, or why it cannot.
/// Source: kubernetes v1.37 pkg/registry/core/service/storage/alloc.go, allocateCreate; ipallocator and portallocator, ErrFull.
pub fn allocate(service: &mut Value, around: &mut dyn Surroundings) -> Result<(), String> {
    let spec = service.make("spec");
    let kind = spec.text("type").to_owned();
    if kind == "ExternalName" {
        return Ok(());
    }
    families(spec);
    if spec.text("clusterIP").is_empty() && spec.items("clusterIPs").is_empty() {
        let ip = around.cluster_ip().ok_or("failed to allocate a serviceIP: range is full")?;
        spec.make_map().set("clusterIP", ip.clone());
        spec.make_map().set("clusterIPs", vec![ip]);
    } else if spec.items("clusterIPs").is_empty() {
        let ip = spec.of("clusterIP").clone();
        spec.make_map().set("clusterIPs", vec![ip]);
    } else if spec.text("clusterIP").is_empty() {
        let ip = spec.items("clusterIPs")[0].clone();
        spec.make_map().set("clusterIP", ip);
    }
    let wants = kind == "NodePort" || (kind == "LoadBalancer" && spec.yes("allocateLoadBalancerNodePorts"));
    if wants {
        node_ports(spec, around)?;
    }
    if kind == "LoadBalancer" && spec.text("externalTrafficPolicy") == "Local" && spec.num("healthCheckNodePort") == 0 {
        let port = around.node_port(&ports_of(spec));
        spec.make_map()
            .set("healthCheckNodePort", port.ok_or("failed to allocate a HealthCheck NodePort 0: range is full")?);
    }
    Ok(())
}

/// The first node port that another Service has. Source: same file, initNodePorts, updateNodePorts; portallocator, ErrAllocated.
pub fn taken(service: &Value, of_another: &dyn Fn(i64) -> bool) -> Errors {
    let path = Path::new("spec").child("ports");
    let ports = service.of("spec").items("ports").iter().map(|port| port.num("nodePort")).enumerate();
    let mut clashes = ports.filter(|(_, number)| *number != 0 && of_another(*number));
    let first = clashes.next();
    first
        .map(|(i, n)| path.index(i).child("nodePort").invalid(n, "provided port is already allocated"))
        .into_iter()
        .collect()
}

/// Node ports that a Service has already.
fn ports_of(spec: &Value) -> Vec<i64> {
    let ports = spec.items("ports").iter().map(|port| port.num("nodePort"));
    ports.chain([spec.num("healthCheckNodePort")]).filter(|port| *port != 0).collect()
}

fn families(spec: &mut Value) {
    let headless =
        spec.text("clusterIP") == "None" || spec.items("clusterIPs").first().and_then(Value::as_str) == Some("None");
    let anything = headless && spec.of("selector").is_void();
    if !spec.has("ipFamilyPolicy") {
        let policy = if anything && spec.items("ipFamilies").is_empty() { "RequireDualStack" } else { "SingleStack" };
        spec.make_map().set("ipFamilyPolicy", policy);
    }
    if spec.items("ipFamilies").is_empty() {
        let mut families = vec![Value::str("IPv4")];
        if anything && spec.text("ipFamilyPolicy") != "SingleStack" {
            families.push(Value::str("IPv6"));
        }
        spec.make_map().set("ipFamilies", families);
    }
}

/// Ports of the same number and different protocol share a node port.
fn node_ports(spec: &mut Value, around: &mut dyn Surroundings) -> Result<(), String> {
    let mut given: Vec<(i64, Value)> = Vec::new();
    let (mut mine, mut full) = (ports_of(spec), false);
    spec.each("ports", |port| {
        let number = port.num("port");
        if port.num("nodePort") == 0 && !full {
            let shared = given.iter().find(|(n, _)| *n == number).map(|(_, v)| v.clone());
            match shared.or_else(|| around.node_port(&mine)) {
                Some(drawn) => {
                    mine.extend(drawn.as_int());
                    port.make_map().set("nodePort", drawn);
                }
                None => full = true,
            }
        }
        given.push((number, port.of("nodePort").clone()));
    });
    if full { Err("failed to allocate a nodePort: range is full".into()) } else { Ok(()) }
}
