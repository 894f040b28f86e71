//! Namespace: a room for names.
//! Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go, SetDefaults_Namespace; pkg/registry/core/namespace/strategy.go.

use super::view::{Fill, View};
use super::{NONE, Rules, meta};
use crate::text::Value;

/// The rules of namespaces.
pub const RULES: Rules = Rules {
    kind: "v1 Namespace",
    simulated: &["spec.finalizers"],
    defaults,
    strategy,
    name: meta::NameRule::Label,
    ..NONE
};

fn defaults(namespace: &mut Value) {
    let metadata = namespace.make("metadata");
    let name = metadata.text("name").to_owned();
    if !name.is_empty() {
        metadata.make("labels").make_map().set("kubernetes.io/metadata.name", name);
    }
}

fn strategy(namespace: &mut Value) {
    namespace.make_map().set("status", crate::map! { "phase" => "Active" });
    let spec = namespace.make("spec");
    let mut finalizers = spec.items("finalizers").to_vec();
    if !finalizers.iter().any(|f| f.as_str() == Some("kubernetes")) {
        finalizers.push(Value::str("kubernetes"));
    }
    spec.make_map().set("finalizers", finalizers);
}
