//! Endpoints and EndpointSlice: which pods stand behind a service.
//! Source: kubernetes v1.37 pkg/apis/{core,discovery}/v1/defaults.go.

use super::super::field_error::{Errors, Path};
use super::formats::{self, Ip};
use super::view::{Fill, View};
use super::{NONE, Rules, meta};
use crate::text::Value;

/// The rules of endpoints.
pub const ENDPOINTS: Rules = Rules {
    kind: "v1 Endpoints",
    defaults: |endpoints| endpoints.each("subsets", |set| set.each("ports", |port| port.fill_zero("protocol", "TCP"))),
    create: |endpoints| subsets(endpoints, &Value::Null),
    update: subsets,
    warnings: |_| vec!["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned()],
    ..NONE
};

/// The rules of endpoint slices.
pub const SLICE: Rules = Rules {
    kind: "discovery.k8s.io/v1 EndpointSlice",
    simulated: &["*"],
    defaults: |slice| {
        slice.each("ports", |port| {
            port.fill("name", "");
            port.fill("protocol", "TCP");
        });
    },
    strategy: super::first_generation,
    create: slice,
    update: |new, old| {
        let mut out = slice(new);
        if new.text("addressType") != old.text("addressType") {
            out.push(Path::new("addressType").invalid(Value::Null, "field is immutable"));
        }
        out
    },
    ..NONE
};

/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, validateEndpointSubsets.
fn subsets(new: &Value, old: &Value) -> Errors {
    const LISTS: [&str; 2] = ["addresses", "notReadyAddresses"];
    let all = |set: &'static str| old.items("subsets").iter().flat_map(move |s| s.items(set));
    let before: Vec<&Value> = LISTS.iter().flat_map(|l| all(l)).filter(|a| a.has("nodeName")).collect();
    let mut out = Errors::new();
    for (i, set) in new.items("subsets").iter().enumerate() {
        let at = Path::new("subsets").index(i);
        if LISTS.iter().all(|list| set.items(list).is_empty()) {
            out.push(at.required("must specify `addresses` or `notReadyAddresses`"));
        }
        for list in LISTS {
            for (j, address) in set.items(list).iter().enumerate() {
                out.extend(self::address(address, &before, &at.child(list).index(j)));
            }
        }
        let ports = set.items("ports");
        for (j, port) in ports.iter().enumerate() {
            out.extend(self::port(port, ports.len() > 1, &at.child("ports").index(j)));
        }
    }
    out
}

fn address(address: &Value, before: &[&Value], path: &Path) -> Errors {
    let (ip, host, node) = (address.text("ip"), address.text("hostname"), address.text("nodeName"));
    let mut out = formats::valid_ip(&path.child("ip"), ip);
    if !host.is_empty() {
        out.extend(formats::at(&path.child("hostname"), host, formats::dns_label(host)));
    }
    if address.has("nodeName") {
        out.extend(formats::at(&path.child("nodeName"), node, formats::dns_subdomain(node)));
        if before.iter().any(|b| b.text("ip") == ip && b.text("nodeName") != node) {
            out.push(path.child("nodeName").forbidden(format!("Cannot change NodeName for {ip} to {node}")));
        }
    }
    if out.is_empty() { formats::not_special(&path.child("ip"), ip) } else { out }
}

fn port(port: &Value, named: bool, path: &Path) -> Errors {
    let (name, number) = (port.text("name"), port.num("port"));
    let mut out = Errors::new();
    if !name.is_empty() {
        out.extend(formats::at(&path.child("name"), name, formats::dns_label(name)));
    } else if named {
        out.push(path.child("name").required(""));
    }
    out.extend(formats::port(number).into_iter().map(|w| path.child("port").invalid(number, w)));
    out.extend(protocol(port, path));
    out
}

fn protocol(port: &Value, path: &Path) -> Errors {
    let at = path.child("protocol");
    match port.text("protocol") {
        "" => vec![at.required("")],
        "TCP" | "UDP" | "SCTP" => Errors::new(),
        other => vec![at.not_supported(other, &["SCTP", "TCP", "UDP"])],
    }
}

/// What the generated checks find comes last and without explanation.
/// Source: kubernetes v1.37 pkg/apis/discovery/validation/validation.go, ValidateEndpointSlice.
fn slice(slice: &Value) -> Errors {
    const ENDPOINTS_MAX: usize = 1000;
    const ADDRESSES_MAX: usize = 100;
    let mut out = Errors::new();
    let mut last = Errors::new();
    let (kind, at) = (slice.text("addressType"), Path::new("addressType"));
    match kind {
        "" => last.push(at.required("")),
        "IPv4" | "IPv6" | "FQDN" => {}
        _ => last.push(at.not_supported(kind, &["FQDN", "IPv4", "IPv6"])),
    }
    let (endpoints, at) = (slice.items("endpoints"), Path::new("endpoints"));
    if endpoints.len() > ENDPOINTS_MAX {
        out.push(at.too_many(endpoints.len(), ENDPOINTS_MAX));
    } else {
        for (i, endpoint) in endpoints.iter().enumerate() {
            let (at, count) = (at.index(i), endpoint.items("addresses").len());
            if count == 0 {
                last.push(at.child("addresses").required(""));
            } else if count > ADDRESSES_MAX {
                last.push(at.child("addresses").too_many(count, ADDRESSES_MAX));
            }
            out.extend(self::endpoint(endpoint, kind, &at));
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for (i, port) in slice.items("ports").iter().enumerate() {
        let (at, name) = (Path::new("ports").index(i), port.text("name"));
        if !name.is_empty() {
            out.extend(formats::at(&at.child("name"), name, formats::dns_label(name)));
        }
        if names.contains(&name) {
            out.push(at.child("name").duplicate(name));
        }
        names.push(name);
        out.extend(protocol(port, &at));
        if port.has("appProtocol") {
            let text = port.text("appProtocol");
            out.extend(formats::at(&at.child("appProtocol"), text, formats::label_key(text)));
        }
    }
    out.extend(last);
    out
}

fn endpoint(endpoint: &Value, kind: &str, path: &Path) -> Errors {
    const LABELS_MAX: usize = 16;
    const HINTS_MAX: usize = 8;
    let mut out = Errors::new();
    for (i, text) in endpoint.items("addresses").iter().filter_map(Value::as_str).enumerate() {
        out.extend(located(text, kind, &path.child("addresses").index(i)));
    }
    let (node, host) = (endpoint.text("nodeName"), endpoint.text("hostname"));
    if endpoint.has("nodeName") {
        out.extend(formats::at(&path.child("nodeName"), node, formats::dns_subdomain(node)));
    }
    let (topology, at) = (endpoint.of("deprecatedTopology"), path.child("deprecatedTopology"));
    let count = endpoint.pairs("deprecatedTopology").len();
    if count > LABELS_MAX {
        out.push(at.too_many(count, LABELS_MAX));
    }
    out.extend(meta::labels(topology, &at));
    if endpoint.has("hostname") {
        out.extend(formats::at(&path.child("hostname"), host, formats::dns_label(host)));
    }
    for (list, judge) in [("forZones", formats::label_value as fn(&str) -> _), ("forNodes", formats::dns_subdomain)] {
        let (hints, at) = (endpoint.of("hints").items(list), path.child("hints").child(list));
        if hints.len() > HINTS_MAX {
            out.push(at.too_many(hints.len(), HINTS_MAX));
            continue;
        }
        for (i, hint) in hints.iter().enumerate() {
            let (name, at) = (hint.text("name"), at.index(i).child("name"));
            if hints[..i].iter().any(|h| h.text("name") == name) {
                out.push(at.duplicate(name));
            }
            out.extend(formats::at(&at, name, judge(name)));
        }
    }
    out
}

/// An address of the kind that the slice says it holds.
fn located(text: &str, kind: &str, path: &Path) -> Errors {
    let mut out = Errors::new();
    match kind {
        "IPv4" | "IPv6" => {
            let fits = match formats::ip(text) {
                Some(Ip::V4(_)) => kind == "IPv4",
                Some(Ip::V6(_)) => kind == "IPv6",
                None => false,
            };
            if !fits {
                out.push(path.invalid(text, format!("must be a valid {kind} address")));
            }
            out.extend(formats::not_special(path, text));
        }
        "FQDN" => {
            let plain = text.strip_suffix('.').unwrap_or(text);
            if text.is_empty() {
                out.push(path.required(""));
            } else if !formats::dns_subdomain(plain).is_empty() {
                out.extend(formats::at(path, plain, formats::dns_subdomain(plain)));
            } else if !plain.contains('.') {
                out.push(path.invalid(plain, "should be a domain with at least two segments separated by dots"));
            }
        }
        _ => {}
    }
    out
}
