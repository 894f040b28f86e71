//! NetworkPolicy: who may talk to whom.
//! Source: kubernetes v1.37 pkg/apis/networking/v1/defaults.go.

use super::view::{Fill, View};
use super::{NONE, Rules};
use crate::text::Value;

/// The rules of network policies.
pub const RULES: Rules =
    Rules { kind: "networking.k8s.io/v1 NetworkPolicy", defaults, strategy: super::first_generation, ..NONE };

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
