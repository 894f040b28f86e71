//! Services and what stands before and behind them. Source: describe.go, describeService, describeEndpointSliceV1,
//! describeEndpoints, describeIngressV1, describeNetworkPolicy.

use super::page::Page;
use super::{Subject, any_text, or_none};
use crate::kubernetes::objects::Kind;
use crate::kubernetes::objects::columns::{label_text, selector_text};
use crate::text::Value;

/// How many endpoints a line names. Source: describe.go, formatEndpointSlices.
const SHOWN_MAX: usize = 3;

fn list_text(list: &[Value]) -> String {
    list.iter().map(any_text).collect::<Vec<_>>().join(",")
}

pub(super) fn service(s: &Subject, page: &mut Page) {
    s.head(page);
    s.marks(page);
    page.line(0, format!("Selector:\t{}", label_text(s.tree.at(&["spec", "selector"]))));
    page.line(0, format!("Type:\t{}", s.text(&["spec", "type"])));
    if !s.text(&["spec", "ipFamilyPolicy"]).is_empty() {
        page.line(0, format!("IP Family Policy:\t{}", s.text(&["spec", "ipFamilyPolicy"])));
    }
    let list = |key: &str| list_text(s.tree.list_at(&["spec", key]));
    page.line(0, format!("IP Families:\t{}", or_none(list("ipFamilies"))));
    page.line(0, format!("IP:\t{}", s.text(&["spec", "clusterIP"])));
    page.line(0, format!("IPs:\t{}", or_none(list("clusterIPs"))));
    let balancer = s.tree.list_at(&["status", "loadBalancer", "ingress"]).iter().map(|i| {
        let text = |key: &str| i.str_at(&[key]).unwrap_or_default();
        match (text("ip"), text("ipMode")) {
            ("", _) => text("hostname").to_string(),
            (ip, "") => ip.to_string(),
            (ip, mode) => format!("{ip} ({mode})"),
        }
    });
    let balancer = balancer.collect::<Vec<_>>().join(", ");
    for (title, text) in [
        ("External IPs", list("externalIPs")),
        ("Desired LoadBalancer IP", s.any(&["spec", "loadBalancerIP"])),
        ("External Name", s.any(&["spec", "externalName"])),
        ("LoadBalancer Ingress", balancer),
    ] {
        if !text.is_empty() {
            page.line(0, format!("{title}:\t{text}"));
        }
    }
    let slices = slices_of(s, s.text(&["metadata", "name"]));
    for port in s.tree.list_at(&["spec", "ports"]) {
        ports(page, port, &slices);
    }
    page.line(0, format!("Session Affinity:\t{}", s.text(&["spec", "sessionAffinity"])));
    for (title, key) in [
        ("External Traffic Policy", "externalTrafficPolicy"),
        ("Internal Traffic Policy", "internalTrafficPolicy"),
        ("HealthCheck NodePort", "healthCheckNodePort"),
    ] {
        let text = s.any(&["spec", key]);
        if !text.is_empty() && text != "0" {
            page.line(0, format!("{title}:\t{text}"));
        }
    }
    if !list("loadBalancerSourceRanges").is_empty() {
        page.line(0, format!("LoadBalancer Source Ranges:\t{}", list("loadBalancerSourceRanges")));
    }
    let spread = s.text(&["spec", "trafficDistribution"]);
    if !spread.is_empty() {
        page.line(0, format!("Traffic Distribution:\t{spread}"));
    }
    s.events(page);
}

fn ports(page: &mut Page, port: &Value, slices: &[Value]) {
    let text = |key: &str| port.get(key).map(any_text).unwrap_or_default();
    let name = text("name");
    let shown = if name.is_empty() { "<unset>".to_string() } else { name.clone() };
    let protocol = text("protocol");
    page.line(0, format!("Port:\t{shown}\t{}/{protocol}", text("port")));
    page.line(0, format!("TargetPort:\t{}/{protocol}", text("targetPort")));
    if !text("appProtocol").is_empty() {
        page.line(0, format!("AppProtocol:\t{}", text("appProtocol")));
    }
    if !matches!(text("nodePort").as_str(), "" | "0") {
        page.line(0, format!("NodePort:\t{shown}\t{}/{protocol}", text("nodePort")));
    }
    page.line(0, format!("Endpoints:\t{}", addresses(slices, &name)));
}

/// The EndpointSlices of a Service.
fn slices_of(s: &Subject, service: &str) -> Vec<Value> {
    let api = &s.cluster.api;
    let namespace = s.text(&["metadata", "namespace"]);
    let mine = api.store.list_in(Kind::EndpointSlice, namespace);
    let mine = mine.filter(|o| o.meta.labels.get("kubernetes.io/service-name").is_some_and(|n| &**n == service));
    mine.map(|o| api.tree(o)).collect()
}

/// Ready addresses with the port of this name. Source: describe.go, formatEndpointSlices.
fn addresses(slices: &[Value], port_name: &str) -> String {
    if slices.is_empty() {
        return "<none>".into();
    }
    let mut all = Vec::new();
    for slice in slices {
        let ready = |e: &&Value| e.bool_at(&["conditions", "ready"]) != Some(false);
        let ips: Vec<String> = slice
            .list_at(&["endpoints"])
            .iter()
            .filter(ready)
            .filter_map(|e| e.list_at(&["addresses"]).first().map(any_text))
            .collect();
        let ports = slice.list_at(&["ports"]);
        if ports.is_empty() {
            all.extend(ips.iter().cloned());
        }
        for port in ports.iter().filter(|p| p.str_at(&["name"]).unwrap_or_default() == port_name) {
            let number = port.int_at(&["port"]).unwrap_or(0);
            all.extend(
                ips.iter()
                    .map(|ip| if ip.contains(':') { format!("[{ip}]:{number}") } else { format!("{ip}:{number}") }),
            );
        }
    }
    let shown = all.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(",");
    match all.len() {
        n if n > SHOWN_MAX => format!("{shown} + {} more...", n - SHOWN_MAX),
        _ => shown,
    }
}

pub(super) fn endpoints(s: &Subject, page: &mut Page) {
    s.head(page);
    s.marks(page);
    page.line(0, "Subsets:");
    for subset in s.tree.list_at(&["subsets"]) {
        for (title, key) in [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")] {
            let ips = subset.list_at(&[key]).iter().map(|a| a.str_at(&["ip"]).unwrap_or_default());
            page.line(1, format!("{title}:\t{}", or_none(ips.collect::<Vec<_>>().join(","))));
        }
        if !subset.list_at(&["ports"]).is_empty() {
            page.line(1, "Ports:");
            port_table(page, 2, subset.list_at(&["ports"]));
        }
        page.line(0, "");
    }
    s.events(page);
}

fn port_table(page: &mut Page, level: usize, ports: &[Value]) {
    page.line(level, "Name\tPort\tProtocol");
    page.line(level, "----\t----\t--------");
    for port in ports {
        let text = |key: &str| port.get(key).map(any_text).filter(|t| !t.is_empty());
        let unset = |key: &str| text(key).unwrap_or_else(|| "<unset>".into());
        page.line(level, format!("{}\t{}\t{}", unset("name"), unset("port"), text("protocol").unwrap_or_default()));
    }
}

pub(super) fn endpoint_slice(s: &Subject, page: &mut Page) {
    s.head(page);
    s.marks(page);
    page.line(0, format!("AddressType:\t{}", s.text(&["addressType"])));
    let ports = s.tree.list_at(&["ports"]);
    page.line(0, if ports.is_empty() { "Ports: <unset>" } else { "Ports:" });
    if !ports.is_empty() {
        port_table(page, 1, ports);
    }
    let endpoints = s.tree.list_at(&["endpoints"]);
    page.line(0, if endpoints.is_empty() { "Endpoints: <none>" } else { "Endpoints:" });
    for endpoint in endpoints {
        let unset = |path: &[&str]| endpoint.at(path).map(any_text).unwrap_or_else(|| "<unset>".into());
        let ips = endpoint.list_at(&["addresses"]).iter().map(any_text).collect::<Vec<_>>().join(", ");
        page.line(1, format!("- Addresses:\t{}", or_none(ips)));
        page.line(2, "Conditions:");
        page.line(3, format!("Ready:\t{}", unset(&["conditions", "ready"])));
        page.line(2, format!("Hostname:\t{}", unset(&["hostname"])));
        if let Some(target) = endpoint.get("targetRef") {
            let text = |key: &str| target.str_at(&[key]).unwrap_or_default();
            page.line(2, format!("TargetRef:\t{}/{}", text("kind"), text("name")));
        }
        page.line(2, format!("NodeName:\t{}", unset(&["nodeName"])));
        page.line(2, format!("Zone:\t{}", unset(&["zone"])));
    }
    s.events(page);
}

pub(super) fn ingress(s: &Subject, page: &mut Page) {
    page.line(0, format!("Name:\t{}", s.text(&["metadata", "name"])));
    page.labels("", "Labels", s.tree.at(&["metadata", "labels"]));
    page.line(0, format!("Namespace:\t{}", s.text(&["metadata", "namespace"])));
    let address = |i: &Value| i.str_at(&["ip"]).or(i.str_at(&["hostname"])).unwrap_or_default().to_string();
    let mut balancer: Vec<String> =
        s.tree.list_at(&["status", "loadBalancer", "ingress"]).iter().map(address).collect();
    balancer.sort();
    balancer.dedup();
    page.line(0, format!("Address:\t{}", balancer.join(",")));
    page.line(0, format!("Ingress Class:\t{}", or_none(s.any(&["spec", "ingressClassName"]))));
    let default = s.tree.at(&["spec", "defaultBackend"]).map(|b| backend(s, b));
    let default = default.unwrap_or_else(|| "<default>".into());
    page.line(0, format!("Default backend:\t{default}"));
    let tls = s.tree.list_at(&["spec", "tls"]);
    if !tls.is_empty() {
        page.line(0, "TLS:");
    }
    for t in tls {
        let hosts = list_text(t.list_at(&["hosts"]));
        match t.str_at(&["secretName"]).unwrap_or_default() {
            "" => page.line(1, format!("SNI routes {hosts}")),
            secret => page.line(1, format!("{secret} terminates {hosts}")),
        }
    }
    page.line(0, "Rules:");
    page.line(1, "Host\tPath\tBackends");
    page.line(1, "----\t----\t--------");
    let rules: Vec<&Value> = s.tree.list_at(&["spec", "rules"]).iter().filter(|r| r.get("http").is_some()).collect();
    for rule in &rules {
        let host = rule.str_at(&["host"]).filter(|h| !h.is_empty()).unwrap_or("*");
        page.line(1, format!("{host}\t"));
        for path in rule.list_at(&["http", "paths"]) {
            let words = backend(s, path.get("backend").unwrap_or(&Value::Null));
            page.line(2, format!("\t{} \t{words}", path.str_at(&["path"]).unwrap_or_default()));
        }
    }
    if rules.is_empty() {
        page.line(1, format!("*\t*\t{default}"));
    }
    page.annotations("Annotations", s.tree.at(&["metadata", "annotations"]));
    s.events(page);
}

/// `web:80 (10.0.0.1:8080)`. Source: describe.go, describeBackendV1.
fn backend(s: &Subject, backend: &Value) -> String {
    let Some(target) = backend.get("service") else {
        let text = |key: &str| backend.str_at(&["resource", key]).unwrap_or_default();
        let group = or_none(text("apiGroup").to_string());
        return format!("APIGroup: {group}, Kind: {}, Name: {}", text("kind"), text("name"));
    };
    let name = target.str_at(&["name"]).unwrap_or_default();
    let port = target.at(&["port", "number"]).or(target.at(&["port", "name"])).map(any_text).unwrap_or_default();
    let api = &s.cluster.api;
    let namespace = s.text(&["metadata", "namespace"]);
    let Some(service) = api.store.by_name(Kind::Service, namespace, name) else {
        return format!("{name}:{port} (<error: services \"{name}\" not found>)");
    };
    let service = api.tree(service);
    let found = service
        .list_at(&["spec", "ports"])
        .iter()
        .find(|p| p.get("port").map(any_text).as_ref() == Some(&port) || p.str_at(&["name"]) == Some(port.as_str()));
    let port_name = found.and_then(|p| p.str_at(&["name"])).unwrap_or_default();
    format!("{name}:{port} ({})", addresses(&slices_of(s, name), port_name))
}

pub(super) fn network_policy(s: &Subject, page: &mut Page) {
    s.head(page);
    let created = s.text(&["metadata", "creationTimestamp"]);
    page.line(0, format!("Created on:\t{} +0000 UTC", created.replace('T', " ").trim_end_matches('Z')));
    s.marks(page);
    page.line(0, "Spec:");
    let selector = selector_text(s.tree.at(&["spec", "podSelector"]));
    let selector = match selector.as_str() {
        "<none>" => "<none> (Allowing the specific traffic to all pods in this namespace)",
        text => text,
    };
    page.line(1, format!("PodSelector:     {selector}"));
    let types: Vec<String> = s.tree.list_at(&["spec", "policyTypes"]).iter().map(any_text).collect();
    let has = |kind: &str| types.iter().any(|t| t == kind);
    for (kind, way, key, peers, from) in
        [("Ingress", "ingress", "ingress", "from", "From"), ("Egress", "egress", "egress", "to", "To")]
    {
        if !has(kind) {
            page.line(1, format!("Not affecting {way} traffic"));
            continue;
        }
        page.line(1, format!("Allowing {way} traffic:"));
        let rules = s.tree.list_at(&["spec", key]);
        if rules.is_empty() {
            page.line(2, format!("<none> (Selected pods are isolated for {way} connectivity)"));
        }
        for (i, rule) in rules.iter().enumerate() {
            policy_rule(page, rule, peers, from);
            if i + 1 < rules.len() {
                page.line(2, "----------");
            }
        }
    }
    page.line(1, format!("Policy Types: {}", or_none(types.join(", "))));
}

fn policy_rule(page: &mut Page, rule: &Value, peers: &str, title: &str) {
    let ports = rule.list_at(&["ports"]);
    if ports.is_empty() {
        page.line(2, "To Port: <any> (traffic allowed to all ports)");
    }
    for port in ports {
        let number = port.get("port").map_or("<nil>".into(), any_text);
        let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
        match port.get("endPort") {
            Some(end) => page.line(2, format!("To Port Range: {number}-{}/{protocol}", any_text(end))),
            None => page.line(2, format!("To Port: {number}/{protocol}")),
        }
    }
    let list = rule.list_at(&[peers]);
    if list.is_empty() {
        let what = if title == "From" { "source" } else { "destination" };
        page.line(2, format!("{title}: <any> (traffic not restricted by {what})"));
    }
    for peer in list {
        page.line(2, format!("{title}:"));
        for (label, key) in [("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")] {
            if let Some(selector) = peer.get(key) {
                page.line(3, format!("{label}: {}", selector_text(Some(selector))));
            }
        }
        if let Some(block) = peer.get("ipBlock") {
            page.line(3, "IPBlock:");
            page.line(4, format!("CIDR: {}", block.str_at(&["cidr"]).unwrap_or_default()));
            let except: Vec<String> = block.list_at(&["except"]).iter().map(any_text).collect();
            page.line(4, format!("Except: {}", except.join(", ")));
        }
    }
}
