//! Ingress and IngressClass: the way in from outside.
//! Source: kubernetes v1.37 pkg/apis/networking/v1/defaults.go; pkg/registry/networking/ingress/strategy.go;
//! plugin/pkg/admission/network/defaultingressclass/admission.go.

use super::view::{Fill, View};
use super::{NONE, Rules, Surroundings};
use crate::text::Value;

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

/// The rules of ingresses.
pub const RULES: Rules = Rules { kind: "networking.k8s.io/v1 Ingress", strategy: super::fresh, ..NONE };

/// The rules of ingress classes.
pub const CLASS: Rules = Rules {
    kind: "networking.k8s.io/v1 IngressClass",
    defaults: |class| {
        class.inside("spec", |spec| spec.inside("parameters", |p| p.fill("scope", "Cluster")));
    },
    strategy: super::first_generation,
    ..NONE
};

/// An ingress without a class gets the default one, if there is one.
pub fn admit(ingress: &mut Value, around: &mut dyn Surroundings) {
    if ingress.of("spec").has("ingressClassName") || ingress.of("metadata").of("annotations").has(CLASS_ANNOTATION) {
        return;
    }
    if let Some(class) = around.default_ingress_class() {
        let name = class.of("metadata").text("name").to_owned();
        ingress.make("spec").make_map().set("ingressClassName", name);
    }
}
