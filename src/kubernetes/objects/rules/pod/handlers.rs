//! Probes and lifecycle hooks.
//! Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, validateProbe, validateHandler, validateLifecycle.

use super::super::super::field_error::{Errors, Path};
use super::super::meta::non_negative;
use super::super::view::View;
use super::super::{formats, service};
use crate::text::Value;

/// The three probes of a container.
pub fn probes(container: &Value, grace: Option<i64>, path: &Path) -> Errors {
    let mut out = Errors::new();
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let probe = container.of(name);
        if !probe.is_null() {
            out.extend(self::probe(probe, name == "readinessProbe", grace, &path.child(name)));
        }
    }
    out
}

fn probe(probe: &Value, readiness: bool, grace: Option<i64>, path: &Path) -> Errors {
    let mut out = handler(probe, grace, path);
    for member in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
        out.extend(non_negative(probe, member, path));
    }
    let own = probe.int("terminationGracePeriodSeconds");
    let own_path = path.child("terminationGracePeriodSeconds");
    if let Some(seconds) = own.filter(|s| *s <= 0) {
        out.push(own_path.invalid(seconds, "must be greater than 0"));
    }
    if readiness {
        if let Some(seconds) = own {
            out.push(own_path.invalid(seconds, "must not be set for readinessProbes"));
        }
    } else if probe.num("successThreshold") != 1 {
        out.push(path.child("successThreshold").invalid(probe.num("successThreshold"), "must be 1"));
    }
    out
}

/// Hooks after the start and before the stop.
pub fn lifecycle(lifecycle: &Value, grace: Option<i64>, path: &Path) -> Errors {
    let mut out = Errors::new();
    for hook in ["postStart", "preStop"] {
        if lifecycle.has(hook) {
            out.extend(handler(lifecycle.of(hook), grace, &path.child(hook)));
        }
    }
    out
}

fn handler(handler: &Value, grace: Option<i64>, path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut found = 0;
    for name in ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] {
        if !handler.has(name) {
            continue;
        }
        let at = path.child(name);
        if found > 0 {
            out.push(at.forbidden("may not specify more than 1 handler type"));
            continue;
        }
        found += 1;
        out.extend(action(name, handler.of(name), grace, &at));
    }
    if found == 0 {
        out.push(path.required("must specify a handler type"));
    }
    out
}

fn action(name: &str, action: &Value, grace: Option<i64>, path: &Path) -> Errors {
    match name {
        "exec" if action.items("command").is_empty() => vec![path.child("command").required("")],
        "exec" => Errors::new(),
        "httpGet" => http_get(action, path),
        "sleep" => {
            let seconds = action.num("seconds");
            match grace {
                Some(grace) if seconds < 0 || seconds > grace => {
                    let words = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
                    vec![path.invalid(seconds, words)]
                }
                _ => Errors::new(),
            }
        }
        _ => service::port_or_name(action.of("port"), &path.child("port")),
    }
}

fn http_get(action: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    if action.text("path").is_empty() {
        out.push(path.child("path").required(""));
    }
    out.extend(service::port_or_name(action.of("port"), &path.child("port")));
    let scheme = action.text("scheme");
    if !matches!(scheme, "HTTP" | "HTTPS") {
        out.push(path.child("scheme").not_supported(scheme, &["HTTP", "HTTPS"]));
    }
    for header in action.items("httpHeaders") {
        let name = header.text("name");
        out.extend(formats::at(&path.child("httpHeaders"), name, formats::http_header(name)));
    }
    out
}
