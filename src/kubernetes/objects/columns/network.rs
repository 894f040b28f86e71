//! Rows of Services and what stands before and behind them.

use super::{Columns, View, col, first_of, label_text, plain, selector_text, wide};
use crate::text::Value;

/// How many ports, addresses and hosts a cell names. Source: printers.go, formatEndpoints, formatHosts.
const SHOWN_MAX: usize = 3;
/// Longest list of load balancer addresses in a narrow table. Source: printers.go, loadBalancerWidth.
const BALANCER_WIDTH: usize = 16;

pub(super) const TABLES: &[Columns] = &[
    Columns {
        group: "",
        kind: "Service",
        columns: &[
            col("Name"),
            col("Type"),
            col("Cluster-IP"),
            col("External-IP"),
            col("Port(s)"),
            col("Age"),
            wide("Selector"),
        ],
        cells: service,
    },
    Columns { group: "", kind: "Endpoints", columns: &[col("Name"), col("Endpoints"), col("Age")], cells: endpoints },
    Columns {
        group: "discovery.k8s.io",
        kind: "EndpointSlice",
        columns: &[col("Name"), col("AddressType"), col("Ports"), col("Endpoints"), col("Age")],
        cells: endpoint_slice,
    },
    Columns {
        group: "networking.k8s.io",
        kind: "Ingress",
        columns: &[col("Name"), col("Class"), col("Hosts"), col("Address"), col("Ports"), col("Age")],
        cells: ingress,
    },
    Columns {
        group: "networking.k8s.io",
        kind: "IngressClass",
        columns: &[col("Name"), col("Controller"), col("Parameters"), col("Age")],
        cells: ingress_class,
    },
    Columns {
        group: "networking.k8s.io",
        kind: "NetworkPolicy",
        columns: &[col("Name"), col("Pod-Selector"), col("Age")],
        cells: |v| vec![v.name(), selector_text(v.tree.at(&["spec", "podSelector"])).into(), v.age()],
    },
];

fn service(v: &View) -> Vec<Value> {
    let ip = v.tree.list_at(&["spec", "clusterIPs"]).first().and_then(Value::as_str);
    let port = |p: &Value| {
        let number = |key: &str| p.int_at(&[key]).unwrap_or(0);
        let protocol = p.str_at(&["protocol"]).unwrap_or_default();
        match number("nodePort") {
            0 => format!("{}/{protocol}", number("port")),
            node => format!("{}:{node}/{protocol}", number("port")),
        }
    };
    let ports = v.tree.list_at(&["spec", "ports"]).iter().map(port).collect::<Vec<_>>().join(",");
    vec![
        v.name(),
        v.text(&["spec", "type"]).into(),
        ip.unwrap_or("<none>").into(),
        external_ip(v).into(),
        if ports.is_empty() { "<none>".into() } else { ports.into() },
        v.age(),
        label_text(v.tree.at(&["spec", "selector"])).into(),
    ]
}

fn external_ip(v: &View) -> String {
    let own: Vec<&str> = v.tree.list_at(&["spec", "externalIPs"]).iter().filter_map(Value::as_str).collect();
    match v.text(&["spec", "type"]) {
        "ClusterIP" | "NodePort" if own.is_empty() => "<none>".to_string(),
        "ClusterIP" | "NodePort" => own.join(","),
        "LoadBalancer" => {
            let balancer = balancer_text(v);
            let all: Vec<&str> = Some(balancer.as_str()).filter(|b| !b.is_empty()).into_iter().chain(own).collect();
            if all.is_empty() { "<pending>".to_string() } else { all.join(",") }
        }
        "ExternalName" => v.text(&["spec", "externalName"]).to_string(),
        _ => "<unknown>".to_string(),
    }
}

/// Addresses of a load balancer, each once, in order, clipped in narrow tables.
/// Source: printers.go, loadBalancerStatusStringer, ingressLoadBalancerStatusStringer.
fn balancer_text(v: &View) -> String {
    let mut all: Vec<&str> = Vec::new();
    for ingress in v.tree.list_at(&["status", "loadBalancer", "ingress"]) {
        let ip = ingress.str_at(&["ip"]).filter(|ip| !ip.is_empty());
        all.extend(ip.or(ingress.str_at(&["hostname"]).filter(|h| !h.is_empty())));
    }
    all.sort_unstable();
    all.dedup();
    let text = all.join(",");
    match text.get(..BALANCER_WIDTH - 3) {
        Some(start) if !v.wide && text.len() > BALANCER_WIDTH => format!("{start}..."),
        _ => text,
    }
}

fn endpoints(v: &View) -> Vec<Value> {
    let mut list = Vec::new();
    let subsets = v.tree.list_at(&["subsets"]);
    for subset in subsets {
        let ports = subset.list_at(&["ports"]);
        let addresses = || subset.list_at(&["addresses"]).iter().map(|a| a.str_at(&["ip"]).unwrap_or_default());
        if ports.is_empty() {
            list.extend(addresses().map(str::to_string));
        }
        for port in ports {
            list.extend(addresses().map(|ip| join_host_port(ip, port.int_at(&["port"]).unwrap_or(0))));
        }
    }
    let text = if subsets.is_empty() { "<none>".to_string() } else { first_of(&list, SHOWN_MAX, "") };
    vec![v.name(), text.into(), v.age()]
}

/// `10.0.0.1:80`, `[fd00::1]:80`.
pub(crate) fn join_host_port(ip: &str, port: i64) -> String {
    if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}

fn endpoint_slice(v: &View) -> Vec<Value> {
    let port = |p: &Value| match (p.int_at(&["port"]), p.str_at(&["name"])) {
        (Some(port), _) => port.to_string(),
        (None, Some(name)) => name.to_string(),
        (None, None) => "*".to_string(),
    };
    let ports: Vec<String> = v.tree.list_at(&["ports"]).iter().map(port).collect();
    let endpoints = v.tree.list_at(&["endpoints"]).iter();
    let addresses: Vec<String> = endpoints.flat_map(|e| e.list_at(&["addresses"])).map(plain).collect();
    vec![
        v.name(),
        v.text(&["addressType"]).into(),
        first_of(&ports, SHOWN_MAX, "<unset>").into(),
        first_of(&addresses, SHOWN_MAX, "<unset>").into(),
        v.age(),
    ]
}

fn ingress(v: &View) -> Vec<Value> {
    let rules = v.tree.list_at(&["spec", "rules"]);
    let hosts: Vec<&str> = rules.iter().filter_map(|r| r.str_at(&["host"])).filter(|h| !h.is_empty()).collect();
    // The count of "more" is of rules, not of hosts, and only comes when hosts fill the cell before the last rule.
    let full_at = rules.iter().scan(0, |n, r| {
        let before = *n;
        *n += usize::from(r.str_at(&["host"]).is_some_and(|h| !h.is_empty()));
        Some(before)
    });
    let more = full_at.into_iter().any(|before| before >= SHOWN_MAX);
    let text = hosts.iter().take(SHOWN_MAX).copied().collect::<Vec<_>>().join(",");
    let hosts = match (hosts.is_empty(), more) {
        (true, _) => "*".to_string(),
        (_, true) => format!("{text} + {} more...", rules.len() - SHOWN_MAX),
        _ => text,
    };
    let tls = !v.tree.list_at(&["spec", "tls"]).is_empty();
    vec![
        v.name(),
        v.tree.str_at(&["spec", "ingressClassName"]).unwrap_or("<none>").into(),
        hosts.into(),
        balancer_text(v).into(),
        if tls { "80, 443" } else { "80" }.into(),
        v.age(),
    ]
}

fn ingress_class(v: &View) -> Vec<Value> {
    let parameters = v.tree.at(&["spec", "parameters"]).map(|p| {
        let text = |key: &str| p.str_at(&[key]).unwrap_or_default();
        match text("apiGroup") {
            "" => format!("{}/{}", text("kind"), text("name")),
            group => format!("{}.{group}/{}", text("kind"), text("name")),
        }
    });
    vec![
        v.name(),
        v.text(&["spec", "controller"]).into(),
        parameters.unwrap_or_else(|| "<none>".to_string()).into(),
        v.age(),
    ]
}
