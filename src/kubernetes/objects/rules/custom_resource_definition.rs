//! CustomResourceDefinition: a kind that somebody brings along.
//! Source: kubernetes v1.37 apiextensions-apiserver pkg/apis/apiextensions/v1/defaults.go;
//! pkg/registry/customresourcedefinition/strategy.go; pkg/apis/apiextensions/validation/validation.go.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, formats};
use crate::map;
use crate::text::Value;

/// The rules of definitions.
pub const RULES: Rules = Rules {
    kind: "apiextensions.k8s.io/v1 CustomResourceDefinition",
    simulated: &["spec.group", "spec.names.*", "spec.scope", "spec.versions[].name"],
    defaults,
    strategy,
    create: check,
    update: |new, _| check(new),
    ..NONE
};

fn defaults(definition: &mut Value) {
    let spec = definition.make("spec");
    let kind = spec.of("names").text("kind").to_owned();
    let names = spec.make("names");
    names.fill_zero("singular", kind.to_lowercase());
    if !kind.is_empty() {
        names.fill_zero("listKind", format!("{kind}List"));
    }
    spec.fill("conversion", map! { "strategy" => "None" });
    let webhook = spec.make("conversion");
    webhook.inside("webhook", |w| w.inside("clientConfig", |c| c.inside("service", |s| s.fill("port", 443i64))));
}

fn strategy(definition: &mut Value) {
    super::first_generation(definition);
    let versions = definition.of("spec").items("versions");
    let stored: Vec<Value> = versions.iter().filter(|v| v.yes("storage")).map(|v| v.of("name").clone()).collect();
    let names = map! { "plural" => "", "kind" => "" };
    definition.make_map().set("status", map! { "acceptedNames" => names, "storedVersions" => stored });
}

fn check(definition: &Value) -> Errors {
    let (spec, path) = (definition.of("spec"), Path::new("spec"));
    let mut out = Errors::new();
    let (group, plural) = (spec.text("group"), spec.of("names").text("plural"));
    let (name, at) = (definition.of("metadata").text("name"), Path::new("metadata").child("name"));
    if !name.is_empty() && name != format!("{plural}.{group}") {
        out.push(at.invalid(name, "must be spec.names.plural+\".\"+spec.group"));
    }
    if group.is_empty() {
        out.push(path.child("group").required(""));
    } else {
        out.extend(formats::at(&path.child("group"), group, formats::dns_subdomain(group)));
        if !group.contains('.') {
            out.push(path.child("group").invalid(group, "should be a domain with at least one dot"));
        }
    }
    match spec.text("scope") {
        "" => out.push(path.child("scope").required("")),
        "Cluster" | "Namespaced" => {}
        other => out.push(path.child("scope").not_supported(other, &["Cluster", "Namespaced"])),
    }
    let versions = spec.items("versions");
    let stored = versions.iter().filter(|v| v.yes("storage")).count();
    if stored != 1 {
        let words = "must have exactly one version marked as storage version";
        out.push(path.child("versions").invalid(spec.of("versions"), words));
    }
    for (i, version) in versions.iter().enumerate() {
        let (name, at) = (version.text("name"), path.child("versions").index(i));
        out.extend(formats::at(&at.child("name"), name, formats::dns_1035_label(name)));
        if !version.of("schema").has("openAPIV3Schema") {
            out.push(at.child("schema").child("openAPIV3Schema").required("schemas are required"));
        }
    }
    let names = path.child("names");
    for member in ["plural", "singular", "kind", "listKind"] {
        let value = spec.of("names").text(member);
        if value.is_empty() {
            out.push(names.child(member).required(""));
        } else {
            let low = value.to_lowercase();
            out.extend(formats::at(&names.child(member), value, formats::dns_1035_label(&low)));
        }
    }
    out
}
