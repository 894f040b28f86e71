//! NetworkPolicy: who may talk to whom.
//! Source: kubernetes v1.37 pkg/apis/networking/v1/defaults.go.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, formats, meta};
use crate::text::Value;

/// The rules of network policies.
pub const RULES: Rules = Rules {
    kind: "networking.k8s.io/v1 NetworkPolicy",
    defaults,
    strategy: super::first_generation,
    create: check,
    update: |new, _| check(new),
    ..NONE
};

fn defaults(policy: &mut Value) {
    let spec = policy.make("spec");
    for list in ["ingress", "egress"] {
        spec.each(list, |rule| rule.each("ports", |port| port.fill("protocol", "TCP")));
    }
    if spec.items("policyTypes").is_empty() {
        let mut types = vec![Value::str("Ingress")];
        if !spec.items("egress").is_empty() {
            types.push(Value::str("Egress"));
        }
        spec.make_map().set("policyTypes", types);
    }
}

/// Source: kubernetes v1.37 pkg/apis/networking/validation/validation.go, ValidateNetworkPolicySpec.
fn check(policy: &Value) -> Errors {
    let (spec, path) = (policy.of("spec"), Path::new("spec"));
    let mut out = meta::selector(spec.of("podSelector"), meta::SelectorRule::default(), &path.child("podSelector"));
    for (list, peers) in [("ingress", "from"), ("egress", "to")] {
        for (i, rule) in spec.items(list).iter().enumerate() {
            let at = path.child(list).index(i);
            for (j, port) in rule.items("ports").iter().enumerate() {
                out.extend(self::port(port, &at.child("ports").index(j)));
            }
            for (j, peer) in rule.items(peers).iter().enumerate() {
                out.extend(self::peer(peer, &at.child(peers).index(j)));
            }
        }
    }
    let last = no_cidr(spec, &path);
    let (types, at) = (spec.items("policyTypes"), path.child("policyTypes"));
    if types.len() > 2 {
        out.push(at.invalid(spec.of("policyTypes"), "may not specify more than two policyTypes"));
        out.extend(last);
        return out;
    }
    for (i, kind) in types.iter().filter_map(Value::as_str).enumerate() {
        if !matches!(kind, "Ingress" | "Egress") {
            out.push(at.index(i).not_supported(kind, &["Ingress", "Egress"]));
        }
    }
    out.extend(last);
    out
}

/// The generated checks come last.
fn no_cidr(spec: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    for (list, peers) in [("ingress", "from"), ("egress", "to")] {
        for (i, rule) in spec.items(list).iter().enumerate() {
            for (j, peer) in rule.items(peers).iter().enumerate() {
                if peer.has("ipBlock") && peer.of("ipBlock").text("cidr").is_empty() {
                    out.push(
                        path.child(list).index(i).child(peers).index(j).child("ipBlock").child("cidr").required(""),
                    );
                }
            }
        }
    }
    out
}

fn port(port: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let protocol = port.text("protocol");
    if port.has("protocol") && !matches!(protocol, "TCP" | "UDP" | "SCTP") {
        out.push(path.child("protocol").not_supported(protocol, &["TCP", "UDP", "SCTP"]));
    }
    let (at, end_at, end) = (path.child("port"), path.child("endPort"), port.int("endPort"));
    match port.of("port") {
        Value::Int(n) => {
            out.extend(formats::port(*n).into_iter().map(|w| at.invalid(*n, w)));
            if let Some(end) = end {
                if end < *n {
                    out.push(end_at.invalid(end, "must be greater than or equal to `port`"));
                }
                out.extend(formats::port(end).into_iter().map(|w| end_at.invalid(end, w)));
            }
        }
        Value::Str(name) => {
            out.extend(end.map(|e| end_at.invalid(e, "may not be specified when `port` is non-numeric")));
            out.extend(formats::at(&at, name, formats::port_name(name)));
        }
        _ => out.extend(end.map(|e| end_at.invalid(e, "may not be specified when `port` is not specified"))),
    }
    out
}

fn peer(peer: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut kinds = 0;
    for member in ["podSelector", "namespaceSelector"] {
        if peer.has(member) {
            kinds += 1;
            out.extend(meta::selector(peer.of(member), meta::SelectorRule::default(), &path.child(member)));
        }
    }
    if peer.has("ipBlock") {
        kinds += 1;
        out.extend(block(peer.of("ipBlock"), &path.child("ipBlock")));
    }
    if kinds == 0 {
        out.push(path.required("must specify a peer"));
    } else if kinds > 1 && peer.has("ipBlock") {
        out.push(path.forbidden("may not specify both ipBlock and another peer"));
    }
    out
}

fn block(block: &Value, path: &Path) -> Errors {
    let text = block.text("cidr");
    if text.is_empty() {
        return Errors::new();
    }
    let mut out = formats::valid_cidr(&path.child("cidr"), text);
    let Some(net) = formats::cidr(text) else { return out };
    for (i, inner) in block.items("except").iter().filter_map(Value::as_str).enumerate() {
        let at = path.child("except").index(i);
        out.extend(formats::valid_cidr(&at, inner));
        if formats::cidr(inner).is_some_and(|inner| !formats::strictly_within(net, inner)) {
            out.push(at.invalid(inner, "must be a strict subset of `cidr`"));
        }
    }
    out
}
