//! As whom a pod and its containers run.
//! Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateSecurityContext, validatePodSpecSecurityContext.

use super::super::super::field_error::{Errors, Path};
use super::super::view::View;
use super::super::{formats, internal};
use super::volumes::descending;
use crate::text::Value;

/// Largest user or group. Source: apimachinery pkg/util/validation/validation.go, maxUserID.
const ID_MAX: i64 = i32::MAX as i64;

/// A container's security context.
pub fn container(context: &Value, host_users: bool, path: &Path) -> Errors {
    if context.is_null() {
        return Errors::new();
    }
    let mut out = ids(context, &["runAsUser", "runAsGroup"], path);
    if context.has("procMount") {
        let mount = context.text("procMount");
        if !matches!(mount, "Default" | "Unmasked") {
            out.push(path.child("procMount").not_supported(mount, &["Default", "Unmasked"]));
        }
        if host_users && mount == "Unmasked" {
            out.push(path.child("procMount").invalid(mount, "`hostUsers` must be false to use `Unmasked`"));
        }
    }
    out.extend(seccomp(context.of("seccompProfile"), &path.child("seccompProfile")));
    if context.of("allowPrivilegeEscalation") == &Value::Bool(false) {
        if context.yes("privileged") {
            let words = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            out.push(path.invalid(shown(context), words));
        }
        for capability in context.of("capabilities").items("add") {
            if capability.as_str() == Some("CAP_SYS_ADMIN") {
                let words = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
                out.push(path.invalid(shown(context), words));
            }
        }
    }
    out.extend(windows(context.of("windowsOptions"), &path.child("windowsOptions")));
    out.extend(app_armor(context.of("appArmorProfile"), &path.child("appArmorProfile")));
    out
}

/// The context as the server prints its own struct.
fn shown(context: &Value) -> Value {
    internal::shown(context, "core.v1.SecurityContext")
}

/// A pod's security context.
pub fn pod(spec: &Value, path: &Path) -> Errors {
    let context = spec.of("securityContext");
    if context.is_null() {
        return Errors::new();
    }
    let mut out = ids(context, &["fsGroup", "runAsUser", "runAsGroup"], path);
    for (i, group) in context.items("supplementalGroups").iter().enumerate() {
        let group = group.as_int().unwrap_or(0);
        let at = path.child("supplementalGroups").index(i);
        out.extend(formats::in_range(group, 0, ID_MAX).into_iter().map(|w| at.invalid(group, w)));
    }
    if spec.yes("shareProcessNamespace") && spec.yes("hostPID") {
        let words = "ShareProcessNamespace and HostPID cannot both be enabled";
        out.push(path.child("shareProcessNamespace").invalid(true, words));
    }
    out.extend(sysctls(context.items("sysctls"), spec, &path.child("sysctls")));
    let policy = context.text("fsGroupChangePolicy");
    if context.has("fsGroupChangePolicy") && !matches!(policy, "Always" | "OnRootMismatch") {
        out.push(path.child("fsGroupChangePolicy").not_supported(policy, &["Always", "OnRootMismatch"]));
    }
    out.extend(seccomp(context.of("seccompProfile"), &path.child("seccompProfile")));
    out.extend(windows(context.of("windowsOptions"), &path.child("windowsOptions")));
    out.extend(app_armor(context.of("appArmorProfile"), &path.child("appArmorProfile")));
    for (member, allowed) in
        [("supplementalGroupsPolicy", ["Merge", "Strict"]), ("seLinuxChangePolicy", ["MountOption", "Recursive"])]
    {
        let value = context.text(member);
        if context.has(member) && !allowed.contains(&value) {
            out.push(path.child(member).not_supported(value, &allowed));
        }
    }
    out
}

fn ids(context: &Value, members: &[&str], path: &Path) -> Errors {
    let mut out = Errors::new();
    for member in members {
        if let Some(id) = context.int(member) {
            out.extend(formats::in_range(id, 0, ID_MAX).into_iter().map(|w| path.child(member).invalid(id, w)));
        }
    }
    out
}

fn sysctls(sysctls: &[Value], spec: &Value, path: &Path) -> Errors {
    const FORM: &str = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
    let mut out = Errors::new();
    let mut names: Vec<&str> = Vec::new();
    for (i, sysctl) in sysctls.iter().enumerate() {
        let (name, at) = (sysctl.text("name"), path.index(i).child("name"));
        if name.is_empty() {
            out.push(at.required(""));
        } else if !is_sysctl(name) {
            out.push(at.invalid(name, format!("must have at most 253 characters and match regex {FORM}")));
        } else if names.contains(&name) {
            out.push(at.duplicate(name));
        }
        let plain = name.replace('/', ".");
        let ipc = plain.starts_with("kernel.shm")
            || plain.starts_with("kernel.msg")
            || plain.starts_with("fs.mqueue.")
            || plain == "kernel.sem";
        if spec.yes("hostNetwork") && plain.starts_with("net.") {
            out.push(at.invalid(name, "may not be specified when 'hostNetwork' is true"));
        } else if spec.yes("hostIPC") && ipc {
            out.push(at.invalid(name, "may not be specified when 'hostIPC' is true"));
        }
        names.push(name);
    }
    out
}

fn is_sysctl(name: &str) -> bool {
    let part = |p: &str| {
        let bytes = p.as_bytes();
        let end = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        bytes.first().is_some_and(end)
            && bytes.last().is_some_and(end)
            && bytes.iter().all(|b| end(b) || matches!(b, b'-' | b'_'))
    };
    name.len() <= 253 && name.split(['.', '/']).all(part)
}

fn seccomp(profile: &Value, path: &Path) -> Errors {
    const TYPES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];
    if profile.is_null() {
        return Errors::new();
    }
    let mut out = Errors::new();
    match profile.text("type") {
        "" => out.push(path.child("type").required("type is required when seccompProfile is set")),
        kind if TYPES.contains(&kind) => {}
        kind => out.push(path.child("type").not_supported(kind, &TYPES)),
    }
    let at = path.child("localhostProfile");
    match (profile.text("type") == "Localhost", profile.has("localhostProfile")) {
        (true, false) => out.push(at.required("must be set when seccomp type is Localhost")),
        (true, true) => out.extend(descending(profile.text("localhostProfile"), &at)),
        (false, true) => {
            let own = crate::map! { "Type" => profile.of("type").clone(), "LocalhostProfile" => profile.of("localhostProfile").clone() };
            out.push(at.invalid(Value::Map(own), "can only be set when seccomp type is Localhost"));
        }
        _ => {}
    }
    out
}

fn app_armor(profile: &Value, path: &Path) -> Errors {
    const TYPES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];
    if profile.is_null() {
        return Errors::new();
    }
    let at = path.child("localhostProfile");
    let own = profile.text("localhostProfile");
    match profile.text("type") {
        "Localhost" if !profile.has("localhostProfile") => {
            vec![at.required("must be set when AppArmor type is Localhost")]
        }
        "Localhost" if own.trim() != own => vec![at.invalid(own, "must not be padded with whitespace")],
        "Localhost" if own.is_empty() => vec![at.required("must be set when AppArmor type is Localhost")],
        "Localhost" => Errors::new(),
        "RuntimeDefault" | "Unconfined" if profile.has("localhostProfile") => {
            vec![at.invalid(own, "can only be set when AppArmor type is Localhost")]
        }
        "RuntimeDefault" | "Unconfined" => Errors::new(),
        "" => vec![path.child("type").required("type is required when appArmorProfile is set")],
        kind => vec![path.child("type").not_supported(kind, &TYPES)],
    }
}

fn windows(options: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    if options.has("gmsaCredentialSpecName") {
        let name = options.text("gmsaCredentialSpecName");
        out.extend(formats::at(&path.child("gmsaCredentialSpecName"), name, formats::dns_subdomain(name)));
    }
    if options.has("runAsUserName") && options.text("runAsUserName").is_empty() {
        out.push(path.child("runAsUserName").invalid("", "runAsUserName cannot be an empty string"));
    }
    out
}
