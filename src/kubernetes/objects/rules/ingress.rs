//! Ingress and IngressClass: the way in from outside.
//! Source: kubernetes v1.37 pkg/apis/networking/v1/defaults.go; pkg/registry/networking/ingress/strategy.go;
//! plugin/pkg/admission/network/defaultingressclass/admission.go.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, Surroundings, formats};
use crate::text::Value;

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

/// The rules of ingresses.
pub const RULES: Rules = Rules {
    kind: "networking.k8s.io/v1 Ingress",
    strategy: super::fresh,
    create: |ingress| check(ingress, true),
    update: |new, _| check(new, false),
    warnings,
    ..NONE
};

/// The rules of ingress classes.
pub const CLASS: Rules = Rules {
    kind: "networking.k8s.io/v1 IngressClass",
    defaults: |class| {
        class.inside("spec", |spec| spec.inside("parameters", |p| p.fill("scope", "Cluster")));
    },
    strategy: super::first_generation,
    create: class,
    update: |new, old| {
        let at = Path::new("spec").child("controller");
        let (now, was) = (new.of("spec").text("controller"), old.of("spec").text("controller"));
        let mut out = Errors::new();
        if now != was {
            out.push(at.invalid(now, "field is immutable"));
        }
        out.extend(class(new));
        out
    },
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

fn warnings(ingress: &Value) -> Vec<String> {
    if !ingress.of("metadata").of("annotations").has(CLASS_ANNOTATION) || ingress.of("spec").has("ingressClassName") {
        return Vec::new();
    }
    vec![format!("annotation \"{CLASS_ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead")]
}

/// Source: kubernetes v1.37 pkg/apis/networking/validation/validation.go, ValidateIngressSpec.
fn check(ingress: &Value, new: bool) -> Errors {
    let (spec, path) = (ingress.of("spec"), Path::new("spec"));
    let mut out = Errors::new();
    if spec.items("rules").is_empty() && !spec.has("defaultBackend") {
        out.push(path.invalid(spec.of("rules"), "either `defaultBackend` or `rules` must be specified"));
    }
    if spec.has("defaultBackend") {
        out.extend(backend(spec.of("defaultBackend"), &path.child("defaultBackend")));
    }
    for (i, rule) in spec.items("rules").iter().enumerate() {
        out.extend(self::rule(rule, &path.child("rules").index(i)));
    }
    for (i, tls) in spec.items("tls").iter().enumerate() {
        let at = path.child("tls").index(i);
        for (j, host) in tls.items("hosts").iter().filter_map(Value::as_str).enumerate() {
            out.extend(self::host(host, &at.child("hosts").index(j)));
        }
        let secret = tls.text("secretName");
        if !secret.is_empty() {
            out.extend(formats::at(&at.child("secretName"), secret, formats::dns_subdomain(secret)));
        }
    }
    let class = spec.text("ingressClassName");
    if spec.has("ingressClassName") {
        out.extend(formats::at(&path.child("ingressClassName"), class, formats::dns_subdomain(class)));
    }
    let annotations = ingress.of("metadata").of("annotations");
    let told = annotations.text(CLASS_ANNOTATION);
    if new && annotations.has(CLASS_ANNOTATION) && spec.has("ingressClassName") && told != class {
        let at = Path::new("annotations").child(CLASS_ANNOTATION);
        out.push(at.invalid(told, "must match `ingressClassName` when both are specified"));
    }
    out
}

fn host(host: &str, path: &Path) -> Errors {
    let words = if host.contains('*') { formats::wildcard_subdomain(host) } else { formats::dns_subdomain(host) };
    formats::at(path, host, words)
}

fn rule(rule: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let name = rule.text("host");
    if !name.is_empty() {
        if formats::ip(name).is_some() {
            out.push(path.child("host").invalid(name, "must be a DNS name, not an IP address"));
        }
        out.extend(host(name, &path.child("host")));
    }
    if rule.has("http") {
        let at = path.child("http").child("paths");
        let paths = rule.of("http").items("paths");
        if paths.is_empty() {
            out.push(at.required(""));
        }
        for (i, way) in paths.iter().enumerate() {
            out.extend(http_path(way, &at.index(i)));
        }
    }
    out
}

fn http_path(way: &Value, path: &Path) -> Errors {
    const TYPES: [&str; 3] = ["Exact", "ImplementationSpecific", "Prefix"];
    let (kind, text, at) = (way.text("pathType"), way.text("path"), path.child("path"));
    if !way.has("pathType") {
        return vec![path.child("pathType").required("pathType must be specified")];
    }
    let mut out = Errors::new();
    match kind {
        "Exact" | "Prefix" => {
            if !text.starts_with('/') {
                out.push(at.invalid(text, "must be an absolute path"));
            }
            for part in ["//", "/./", "/../", "%2f", "%2F"] {
                if text.contains(part) {
                    out.push(at.invalid(text, format!("must not contain '{part}'")));
                }
            }
            for end in ["/..", "/."] {
                if text.ends_with(end) {
                    out.push(at.invalid(text, format!("cannot end with '{end}'")));
                }
            }
        }
        "ImplementationSpecific" => {
            if !text.is_empty() && !text.starts_with('/') {
                out.push(at.invalid(text, "must be an absolute path"));
            }
        }
        _ => out.push(path.child("pathType").not_supported(kind, &TYPES)),
    }
    out.extend(backend(way.of("backend"), &path.child("backend")));
    out
}

fn backend(backend: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    match (backend.has("resource"), backend.has("service")) {
        (true, true) => out.push(path.invalid("", "cannot set both resource and service backends")),
        (true, false) => {
            let (resource, at) = (backend.of("resource"), path.child("resource"));
            for member in ["kind", "name"] {
                match resource.text(member) {
                    "" => out.push(at.child(member).required("")),
                    text => out.extend(formats::at(&at.child(member), text, formats::path_segment(text))),
                }
            }
        }
        (false, true) => {
            let (service, at) = (backend.of("service"), path.child("service"));
            match service.text("name") {
                "" => out.push(at.child("name").required("")),
                name => out.extend(formats::at(&at.child("name"), name, formats::dns_label(name))),
            }
            let (name, number) = (service.of("port").text("name"), service.of("port").num("number"));
            let port = at.child("port");
            match (name.is_empty(), number == 0) {
                (false, false) => out.push(path.invalid("", "cannot set both port name & port number")),
                (false, true) => out.extend(formats::at(&port.child("name"), name, formats::port_name(name))),
                (true, false) => {
                    out.extend(formats::port(number).into_iter().map(|w| port.child("number").invalid(number, w)));
                }
                (true, true) => out.push(path.required("port name or number is required")),
            }
        }
        (false, false) => out.push(path.invalid("", "resource or service backend is required")),
    }
    out
}

fn class(class: &Value) -> Errors {
    const MAX: usize = 250;
    let (spec, at) = (class.of("spec"), Path::new("spec").child("controller"));
    let controller = spec.text("controller");
    let mut out = Errors::new();
    if controller.len() > MAX {
        out.push(at.too_long(MAX));
    }
    match controller.split_once('/') {
        _ if controller.is_empty() => out.push(at.required("")),
        Some((host, path)) if !host.is_empty() && !path.is_empty() => {
            out.extend(formats::at(&at, host, formats::dns_subdomain(host)));
        }
        _ => out.push(at.invalid(controller, "must be a domain-prefixed path (such as \"acme.io/foo\")")),
    }
    if spec.has("parameters") {
        out.extend(parameters(spec.of("parameters"), &Path::new("spec").child("parameters")));
    }
    out
}

/// Source: validateIngressClassParametersReference.
fn parameters(named: &Value, path: &Path) -> Errors {
    let (group, scope, namespace) = (named.text("apiGroup"), named.text("scope"), named.text("namespace"));
    let mut out = Errors::new();
    if named.has("apiGroup") {
        out.extend(formats::at(&path.child("apiGroup"), group, formats::dns_subdomain(group)));
    }
    for member in ["kind", "name"] {
        let text = named.text(member);
        out.extend(formats::at(&path.child(member), text, formats::path_segment(text)));
    }
    let at = path.child("namespace");
    match scope {
        "Namespace" if !named.has("namespace") => out.push(at.required("`parameters.scope` is set to 'Namespace'")),
        "Namespace" => out.extend(formats::at(&at, namespace, formats::dns_label(namespace))),
        "Cluster" if named.has("namespace") => out.push(at.forbidden("`parameters.scope` is set to 'Cluster'")),
        "Cluster" => {}
        _ => out.push(path.child("scope").not_supported(scope, &["Cluster", "Namespace"])),
    }
    // The generated checks come last.
    for member in ["kind", "name"].into_iter().filter(|m| named.text(m).is_empty()) {
        out.push(path.child(member).required(""));
    }
    out
}
