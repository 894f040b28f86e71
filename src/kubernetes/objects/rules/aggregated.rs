//! Kinds that bring other servers into requests: APIService, webhook configurations. Kept and shown; nobody is called here.
//! Source: kubernetes v1.37 pkg/apis/admissionregistration/v1/defaults.go; kube-aggregator
//! pkg/apis/apiregistration/v1/defaults.go.

use super::view::Fill;
use super::{NONE, Rules, meta};
use crate::text::{Map, Value};

/// Where webhooks and servers of extensions listen. Source: the same defaults.go files.
const HTTPS: i64 = 443;

/// The rules of API services.
pub const API_SERVICE: Rules = Rules {
    kind: "apiregistration.k8s.io/v1 APIService",
    defaults: |service| service.inside("spec", |spec| spec.inside("service", |s| s.fill("port", HTTPS))),
    strategy: super::no_status,
    name: meta::NameRule::PathSegment,
    ..NONE
};

/// The rules of webhooks that judge.
pub const VALIDATING: Rules = Rules {
    kind: "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration",
    defaults: |configuration| configuration.each("webhooks", webhook),
    strategy: super::first_generation,
    ..NONE
};

/// The rules of webhooks that change.
pub const MUTATING: Rules = Rules {
    kind: "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration",
    defaults: |configuration| {
        configuration.each("webhooks", |hook| {
            webhook(hook);
            hook.fill("reinvocationPolicy", "Never");
        });
    },
    strategy: super::first_generation,
    ..NONE
};

fn webhook(hook: &mut Value) {
    hook.inside("clientConfig", |client| client.inside("service", |s| s.fill("port", HTTPS)));
    hook.each("rules", |rule| rule.fill("scope", "*"));
    hook.fill("failurePolicy", "Fail");
    hook.fill("matchPolicy", "Equivalent");
    hook.fill("namespaceSelector", Map::new());
    hook.fill("objectSelector", Map::new());
    hook.fill("timeoutSeconds", 10i64);
}

/// The rules of policies that judge by expressions.
pub const POLICY: Rules = Rules {
    kind: "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy",
    defaults: |policy| {
        let spec = policy.make("spec");
        spec.fill("failurePolicy", "Fail");
        spec.inside("matchConstraints", constraints);
    },
    strategy: super::fresh,
    ..NONE
};

/// The rules of what binds a policy.
pub const POLICY_BINDING: Rules = Rules {
    kind: "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding",
    defaults: |binding| binding.inside("spec", |spec| spec.inside("matchResources", constraints)),
    strategy: super::first_generation,
    ..NONE
};

fn constraints(constraints: &mut Value) {
    constraints.fill("matchPolicy", "Equivalent");
    constraints.fill("namespaceSelector", Map::new());
    constraints.fill("objectSelector", Map::new());
    for list in ["resourceRules", "excludeResourceRules"] {
        constraints.each(list, |rule| rule.fill("scope", "*"));
    }
}
