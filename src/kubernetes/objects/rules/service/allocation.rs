//! What the server hands out to Services: addresses, families and node ports.
//! Source: kubernetes v1.37 pkg/registry/core/service/storage/alloc.go.

use super::super::super::field_error::{Errors, Path};
use super::super::Surroundings;
use super::super::view::{Fill, View};
use crate::text::Value;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

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
    if needs_health_check(spec) && spec.num("healthCheckNodePort") == 0 {
        let port = around.node_port(&ports_of(spec));
        spec.make_map()
            .set("healthCheckNodePort", port.ok_or("failed to allocate a HealthCheck NodePort 0: range is full")?);
    }
    Ok(())
}

/// What the server has given away already.
pub struct Held<'a> {
    /// Whether another Service has this node port.
    pub port: &'a dyn Fn(i64) -> bool,
    /// Whether another Service has this address.
    pub address: &'a dyn Fn(&str) -> bool,
    /// Whether nothing is written: then nobody looks for the range of ports, nor for who has an address.
    pub dry_run: bool,
    /// The Service as it was.
    pub before: Option<&'a Value>,
}

/// Addresses that the server hands out. Source: recorded: `--service-cluster-ip-range`.
pub const ADDRESSES: &str = "10.96.0.0/16";
/// Node ports that it hands out. Source: kubernetes v1.37 pkg/kubeapiserver/options/options.go, DefaultServiceNodePortRange.
const PORTS: RangeInclusive<i64> = 30_000..=32_767;

/// The first address or node port that is asked for and cannot be given; `Err` in the words of an internal error.
/// Source: same file, allocIPs, initNodePorts, updateNodePorts, allocHealthCheckNodePort.
pub fn taken(service: &Value, held: &Held) -> Result<Errors, String> {
    let (spec, path) = (service.of("spec"), Path::new("spec"));
    let kind = spec.text("type");
    if kind == "ExternalName" {
        return Ok(Errors::new());
    }
    let old = held.before.map(|b| b.of("spec"));
    if old.is_none_or(|o| o.text("type") == "ExternalName")
        && let Some(words) = address_refused(spec, held)
    {
        let all = match spec.items("clusterIPs") {
            [] => vec![spec.of("clusterIP").clone()],
            some => some.to_vec(),
        };
        return Ok(vec![path.child("clusterIPs").invalid(Value::List(all), words)]);
    }
    if !matches!(kind, "NodePort" | "LoadBalancer") {
        return Ok(Errors::new());
    }
    let own = old.map(ports_of).unwrap_or_default();
    let mut mine = Vec::new();
    for (i, number) in asked(spec, old.is_some()) {
        if own.contains(&number) || old.is_some() && mine.contains(&number) {
            continue;
        }
        if let Some(words) = port_refused(number, &mine, held) {
            return Ok(vec![path.child("ports").index(i).child("nodePort").invalid(number, words)]);
        }
        mine.push(number);
    }
    let checked = spec.num("healthCheckNodePort");
    if needs_health_check(spec) && checked != 0 && !own.contains(&checked) {
        let refused = port_refused(checked, &mine, held);
        return refused.map_or(Ok(Errors::new()), |words| {
            Err(format!("failed to allocate requested HealthCheck NodePort {checked}: {words}"))
        });
    }
    Ok(Errors::new())
}

/// Source: kubernetes v1.37 pkg/api/service/util.go, NeedsHealthCheck.
fn needs_health_check(spec: &Value) -> bool {
    spec.text("type") == "LoadBalancer" && spec.text("externalTrafficPolicy") == "Local"
}

/// Why an address that is asked for cannot be given. A dry run reaches one range directly and looks for no owner.
/// Source: kubernetes v1.37 pkg/registry/core/service/ipallocator/{cidrallocator,ipallocator,interfaces}.go; pkg/api/servicecidr,
/// PrefixContainsIP.
fn address_refused(spec: &Value, held: &Held) -> Option<String> {
    let ip = match spec.text("clusterIP") {
        "" => spec.items("clusterIPs").first().and_then(Value::as_str).unwrap_or_default(),
        ip => ip,
    };
    let octets = ip.parse::<Ipv4Addr>().ok()?.octets();
    let within = octets[..2] == [10, 96] && !matches!(octets[2..], [0, 0] | [255, 255]);
    let words = match (within, held.dry_run) {
        (false, false) => "the provided network does not match the current range".into(),
        (false, true) => {
            format!("the provided IP ({ip}) is not in the valid range. The range of valid IPs is {ADDRESSES}")
        }
        (true, false) if (held.address)(ip) => "provided IP is already allocated".into(),
        _ => return None,
    };
    Some(format!("failed to allocate IP {ip}: {words}"))
}

/// The node ports that are asked for, each with the place at which the server asks for it: ports of one number share the
/// first, wherever it stands. Source: same file, findRequestedNodePort.
fn asked(spec: &Value, changed: bool) -> Vec<(usize, i64)> {
    let ports: Vec<(i64, i64)> = spec.items("ports").iter().map(|p| (p.num("port"), p.num("nodePort"))).collect();
    if changed {
        return ports.iter().map(|(_, node)| *node).enumerate().filter(|(_, node)| *node != 0).collect();
    }
    let mut out: Vec<(usize, i64)> = Vec::new();
    for (i, (number, node)) in ports.iter().enumerate() {
        let shared = ports.iter().find(|(n, node)| n == number && *node != 0).map(|(_, node)| *node);
        let first = ports[..i].iter().all(|(n, _)| n != number);
        match shared {
            Some(shared) if first => out.push((i, shared)),
            Some(shared) if *node != 0 && *node != shared => out.push((i, *node)),
            _ => {}
        }
    }
    out
}

/// Source: kubernetes v1.37 pkg/registry/core/service/portallocator/{allocator,operation}.go.
fn port_refused(number: i64, mine: &[i64], held: &Held) -> Option<String> {
    if !held.dry_run && !PORTS.contains(&number) {
        let (first, last) = (PORTS.start(), PORTS.end());
        return Some(format!("provided port is not in the valid range. The range of valid ports is {first}-{last}"));
    }
    let other = mine.contains(&number) || (held.port)(number);
    other.then(|| "provided port is already allocated".into())
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

/// Ports of the same number and different protocol share a node port, also one that is asked for further down.
fn node_ports(spec: &mut Value, around: &mut dyn Surroundings) -> Result<(), String> {
    let asked = |port: &Value| (port.num("port"), port.of("nodePort").clone());
    let mut given: Vec<(i64, Value)> =
        spec.items("ports").iter().filter(|port| port.num("nodePort") != 0).map(asked).collect();
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
