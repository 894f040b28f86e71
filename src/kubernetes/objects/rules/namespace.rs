//! Namespace: a room for names.
//! Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go, SetDefaults_Namespace; pkg/registry/core/namespace/strategy.go.

use super::super::field_error::{Errors, Path};
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
    create: finalizers,
    update: |new, _| {
        let mut out = meta::validate_at(new.of("metadata"), false, meta::NameRule::Label, &Path::new("metadata"));
        out.extend(finalizers(new));
        out
    },
    ..NONE
};

/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateNamespace.
fn finalizers(namespace: &Value) -> Errors {
    let at = Path::new("spec").child("finalizers");
    let names = namespace.of("spec").items("finalizers").iter().filter_map(Value::as_str);
    names.flat_map(|name| meta::finalizer(name, &at)).collect()
}

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
