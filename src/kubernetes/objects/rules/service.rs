//! Service: one name and address for many pods.
//! Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go, SetDefaults_Service; pkg/registry/core/service/storage/alloc.go.

use super::view::{Fill, View};
use super::{NONE, Rules, Surroundings, meta};
use crate::map;
use crate::text::Value;

/// The rules of services.
pub const RULES: Rules = Rules {
    kind: "v1 Service",
    simulated: &["spec.*"],
    defaults,
    strategy: super::no_status,
    name: meta::NameRule::Label,
    ..NONE
};

fn defaults(service: &mut Value) {
    let spec = service.make("spec");
    spec.fill_zero("sessionAffinity", "None");
    match spec.text("sessionAffinity") {
        "None" => {
            spec.remove_at(&["sessionAffinityConfig"]);
        }
        "ClientIP" if spec.at(&["sessionAffinityConfig", "clientIP", "timeoutSeconds"]).is_none() => {
            let config = map! { "clientIP" => map! { "timeoutSeconds" => 10_800i64 } };
            spec.make_map().set("sessionAffinityConfig", config);
        }
        _ => {}
    }
    spec.fill_zero("type", "ClusterIP");
    spec.each("ports", |port| {
        port.fill_zero("protocol", "TCP");
        let own = port.num("port");
        port.fill_zero("targetPort", own);
    });
    let kind = spec.text("type").to_owned();
    let outside = matches!(kind.as_str(), "NodePort" | "LoadBalancer")
        || (kind == "ClusterIP" && !spec.items("externalIPs").is_empty());
    if outside {
        spec.fill_zero("externalTrafficPolicy", "Cluster");
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        spec.fill("internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        spec.fill("allocateLoadBalancerNodePorts", true);
    }
}

/// Addresses, families and node ports that the server hands out.
pub fn allocate(service: &mut Value, around: &mut dyn Surroundings) {
    let spec = service.make("spec");
    let kind = spec.text("type").to_owned();
    if kind == "ExternalName" {
        return;
    }
    families(spec);
    if spec.text("clusterIP").is_empty() && spec.items("clusterIPs").is_empty() {
        let ip = around.cluster_ip();
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
        node_ports(spec, around);
    }
    if kind == "LoadBalancer" && spec.text("externalTrafficPolicy") == "Local" {
        let port = around.node_port();
        spec.fill_zero("healthCheckNodePort", port);
    }
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
fn node_ports(spec: &mut Value, around: &mut dyn Surroundings) {
    let mut given: Vec<(i64, Value)> = Vec::new();
    spec.each("ports", |port| {
        let number = port.num("port");
        if port.num("nodePort") == 0 {
            let shared = given.iter().find(|(n, _)| *n == number).map(|(_, v)| v.clone());
            port.make_map().set("nodePort", shared.unwrap_or_else(|| around.node_port()));
        }
        given.push((number, port.of("nodePort").clone()));
    });
}
