//! Containers of all three lists.
//! Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, validateContainers, validateInitContainers,
//! validateEphemeralContainers, validateContainerCommon.

use super::super::super::field_error::{Errors, Path};
use super::super::formats;
use super::super::view::View;
use super::{env, handlers, resources, security, volumes};
use crate::text::Value;

/// What containers are judged against.
pub struct Around<'a> {
    /// The volumes without fault.
    pub volumes: &'a [&'a Value],
    /// The names of the pod's resource claims.
    pub claims: &'a [&'a str],
    /// `terminationGracePeriodSeconds`.
    pub grace: Option<i64>,
    /// The pod's spec.
    pub spec: &'a Value,
}

/// `containers`.
pub fn regular(around: &Around, path: &Path) -> Errors {
    let containers = around.spec.items("containers");
    if containers.is_empty() {
        return vec![path.required("")];
    }
    let mut out = Errors::new();
    let mut names: Vec<&str> = Vec::new();
    for (i, container) in containers.iter().enumerate() {
        let at = path.index(i);
        out.extend(common(container, around, &at));
        let name = container.text("name");
        if names.contains(&name) {
            out.push(at.child("name").duplicate(name));
        }
        names.push(name);
        if container.has("lifecycle") {
            out.extend(handlers::lifecycle(container.of("lifecycle"), around.grace, &at.child("lifecycle")));
        }
        out.extend(handlers::probes(container, around.grace, &at));
        out.extend(restart(container, &at));
    }
    out.extend(host_ports(containers, path));
    out
}

/// A container's own restart policy and rules.
/// Source: validateContainerRestartPolicy (ContainerRestartRules).
fn restart(container: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let policy = container.text("restartPolicy");
    let rules = container.items("restartPolicyRules");
    if container.has("restartPolicy") && !matches!(policy, "Always" | "OnFailure" | "Never") {
        out.push(path.child("restartPolicy").not_supported(policy, &["Always", "Never", "OnFailure"]));
    }
    if !rules.is_empty() && policy.is_empty() {
        out.push(path.child("restartPolicy").required("must specify restartPolicy when restart rules are used"));
    }
    let rules_path = path.child("restartPolicyRules");
    if rules.len() > 20 {
        out.push(rules_path.too_long(20));
    }
    for (i, rule) in rules.iter().enumerate() {
        let at = rules_path.index(i);
        if !matches!(rule.text("action"), "Restart" | "RestartAllContainers") {
            out.push(at.child("action").not_supported(rule.text("action"), &["Restart", "RestartAllContainers"]));
        }
        let codes = rule.of("exitCodes");
        if codes.is_null() {
            out.push(at.child("exitCodes").required("must be specified"));
            continue;
        }
        if !matches!(codes.text("operator"), "In" | "NotIn") {
            out.push(at.child("exitCodes").child("operator").not_supported(codes.text("operator"), &["In", "NotIn"]));
        }
        if codes.items("values").len() > 255 {
            out.push(at.child("exitCodes").child("values").too_long(255));
        }
    }
    out
}

/// `initContainers`.
pub fn init(around: &Around, path: &Path) -> Errors {
    const ONLY_SIDECARS: &str = "may not be set for init containers without restartPolicy=Always";
    let mut out = Errors::new();
    let mut names: Vec<&str> = around.spec.items("containers").iter().map(|c| c.text("name")).collect();
    for (i, container) in around.spec.items("initContainers").iter().enumerate() {
        let at = path.index(i);
        out.extend(common(container, around, &at));
        out.extend(restart(container, &at));
        let name = container.text("name");
        if names.contains(&name) {
            out.push(at.child("name").duplicate(name));
        } else if !name.is_empty() {
            names.push(name);
        }
        out.extend(host_ports(std::slice::from_ref(container), path));
        if container.text("restartPolicy") == "Always" {
            if container.has("lifecycle") {
                out.extend(handlers::lifecycle(container.of("lifecycle"), around.grace, &at.child("lifecycle")));
            }
            out.extend(handlers::probes(container, around.grace, &at));
        } else {
            for member in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                if container.has(member) {
                    out.push(at.child(member).forbidden(ONLY_SIDECARS));
                }
            }
        }
    }
    out
}

/// `ephemeralContainers`.
pub fn ephemeral(around: &Around, path: &Path) -> Errors {
    const NOT_HERE: &str = "cannot be set for an Ephemeral Container";
    let mut out = Errors::new();
    let others = ["containers", "initContainers"].iter().flat_map(|l| around.spec.items(l));
    let mut names: Vec<&str> = others.map(|c| c.text("name")).collect();
    let known = names.len();
    for (i, container) in around.spec.items("ephemeralContainers").iter().enumerate() {
        let at = path.index(i);
        out.extend(common(container, around, &at));
        let name = container.text("name");
        if names.contains(&name) {
            out.push(at.child("name").duplicate(name));
        }
        names.push(name);
        let target = container.text("targetContainerName");
        if !target.is_empty() && !names[..known].contains(&target) {
            out.push(at.child("targetContainerName").not_found(target));
        }
        const MEMBERS: [&str; 8] = [
            "ports",
            "resources",
            "resizePolicy",
            "restartPolicyRules",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
            "lifecycle",
        ];
        for member in MEMBERS {
            if !container.of(member).is_void() {
                out.push(at.child(member).forbidden(NOT_HERE));
            }
        }
    }
    out
}

fn common(container: &Value, around: &Around, path: &Path) -> Errors {
    let mut out = Errors::new();
    match container.text("name") {
        "" => out.push(path.child("name").required("")),
        name => out.extend(formats::at(&path.child("name"), name, formats::dns_label(name))),
    }
    if container.text("image").is_empty() {
        out.push(path.child("image").required(""));
    }
    let policy = container.text("terminationMessagePolicy");
    if !matches!(policy, "File" | "FallbackToLogsOnError") {
        out.push(path.child("terminationMessagePolicy").not_supported(policy, &["File", "FallbackToLogsOnError"]));
    }
    out.extend(ports(container.items("ports"), &path.child("ports")));
    out.extend(env::vars(container.items("env"), &path.child("env")));
    out.extend(env::from(container.items("envFrom"), &path.child("envFrom")));
    out.extend(mounts(container, around, &path.child("volumeMounts")));
    out.extend(devices(container, around, &path.child("volumeDevices")));
    out.extend(pull_policy(container.text("imagePullPolicy"), &path.child("imagePullPolicy")));
    out.extend(resources::container(container.of("resources"), around.claims, &path.child("resources")));
    let pod_policy = around.spec.text("restartPolicy");
    out.extend(resize(container.items("resizePolicy"), pod_policy, &path.child("resizePolicy")));
    let host_users = around.spec.of("hostUsers") != &Value::Bool(false);
    out.extend(security::container(container.of("securityContext"), host_users, &path.child("securityContext")));
    out
}

/// `imagePullPolicy`.
pub fn pull_policy(policy: &str, path: &Path) -> Errors {
    match policy {
        "Always" | "IfNotPresent" | "Never" => Errors::new(),
        "" => vec![path.required("")],
        _ => vec![path.not_supported(policy, &["Always", "IfNotPresent", "Never"])],
    }
}

fn ports(ports: &[Value], path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut names: Vec<&str> = Vec::new();
    for (i, port) in ports.iter().enumerate() {
        let at = path.index(i);
        let name = port.text("name");
        if !name.is_empty() {
            let words = formats::port_name(name);
            if !words.is_empty() {
                out.extend(formats::at(&at.child("name"), name, words));
            } else if names.contains(&name) {
                out.push(at.child("name").duplicate(name));
            } else {
                names.push(name);
            }
        }
        match port.num("containerPort") {
            0 => out.push(at.child("containerPort").required("")),
            n => out.extend(formats::port(n).into_iter().map(|w| at.child("containerPort").invalid(n, w))),
        }
        let host = port.num("hostPort");
        if host != 0 {
            out.extend(formats::port(host).into_iter().map(|w| at.child("hostPort").invalid(host, w)));
        }
        let protocol = port.text("protocol");
        if !matches!(protocol, "TCP" | "UDP" | "SCTP") {
            out.push(at.child("protocol").not_supported(protocol, &["SCTP", "TCP", "UDP"]));
        }
    }
    out
}

fn host_ports(containers: &[Value], path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut taken: Vec<String> = Vec::new();
    for (i, container) in containers.iter().enumerate() {
        for (j, port) in container.items("ports").iter().enumerate() {
            let number = port.num("hostPort");
            if number == 0 {
                continue;
            }
            let text = format!("{}/{}/{number}", port.text("protocol"), port.text("hostIP"));
            if taken.contains(&text) {
                out.push(path.index(i).child("ports").index(j).child("hostPort").duplicate(text.as_str()));
            } else {
                taken.push(text);
            }
        }
    }
    out
}

fn mounts(container: &Value, around: &Around, path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut places: Vec<&str> = Vec::new();
    let devices = container.items("volumeDevices");
    for (i, mount) in container.items("volumeMounts").iter().enumerate() {
        let at = path.index(i);
        let (name, place) = (mount.text("name"), mount.text("mountPath"));
        let volume = around.volumes.iter().find(|v| v.text("name") == name);
        if name.is_empty() {
            out.push(at.child("name").required(""));
        }
        if volume.is_none() {
            out.push(at.child("name").not_found(name));
        }
        if place.is_empty() {
            out.push(at.child("mountPath").required(""));
        }
        if places.contains(&place) {
            out.push(at.child("mountPath").invalid(place, "must be unique"));
        }
        places.push(place);
        if devices.iter().any(|d| d.text("name") == name) {
            out.push(at.child("name").invalid(name, "must not already exist in volumeDevices"));
        }
        if devices.iter().any(|d| d.text("devicePath") == place) {
            out.push(at.child("mountPath").invalid(place, "must not already exist as a path in volumeDevices"));
        }
        out.extend(sub_path(mount, path, &at));
        out.extend(propagation(mount, container, path));
    }
    out
}

fn sub_path(mount: &Value, path: &Path, at: &Path) -> Errors {
    let mut out = Errors::new();
    let (plain, expression) = (mount.text("subPath"), mount.text("subPathExpr"));
    if !plain.is_empty() {
        out.extend(volumes::descending(plain, &path.child("subPath")));
    }
    if !expression.is_empty() {
        if !plain.is_empty() {
            let words = "subPathExpr and subPath are mutually exclusive";
            out.push(at.child("subPathExpr").invalid(expression, words));
        }
        out.extend(volumes::descending(expression, &path.child("subPathExpr")));
    }
    out
}

fn propagation(mount: &Value, container: &Value, path: &Path) -> Errors {
    const MODES: [&str; 3] = ["Bidirectional", "HostToContainer", "None"];
    let mut out = Errors::new();
    let mode = mount.text("mountPropagation");
    if mount.has("mountPropagation") {
        if !MODES.contains(&mode) {
            out.push(path.child("mountPropagation").not_supported(mode, &MODES));
        }
        if mode == "Bidirectional" && !container.of("securityContext").yes("privileged") {
            let words = "Bidirectional mount propagation is available only to privileged containers";
            out.push(path.child("mountPropagation").forbidden(words));
        }
    }
    let at = path.child("recursiveReadOnly");
    match mount.text("recursiveReadOnly") {
        "" | "Disabled" => {}
        "Enabled" | "IfPossible" => {
            if !mount.yes("readOnly") {
                out.push(at.forbidden("may only be specified when readOnly is true"));
            }
            if !matches!(mode, "" | "None") {
                out.push(at.forbidden("may only be specified when mountPropagation is None or not specified"));
            }
        }
        other => out.push(at.not_supported(other, &["Disabled", "Enabled", "IfPossible"])),
    }
    out
}

fn devices(container: &Value, around: &Around, path: &Path) -> Errors {
    let mut out = Errors::new();
    let (mut names, mut places): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (i, device) in container.items("volumeDevices").iter().enumerate() {
        let at = path.index(i);
        let (name, place) = (device.text("name"), device.text("devicePath"));
        let volume = around.volumes.iter().find(|v| v.text("name") == name);
        if name.is_empty() {
            out.push(at.child("name").required(""));
        }
        if !name.is_empty() && names.contains(&name) {
            out.push(at.child("name").invalid(name, "must be unique"));
        }
        match volume {
            Some(v) if !v.has("persistentVolumeClaim") && !v.has("ephemeral") => {
                let words = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                out.push(at.child("name").invalid(name, words));
            }
            None => out.push(at.child("name").not_found(name)),
            _ => {}
        }
        if place.is_empty() {
            out.push(at.child("devicePath").required(""));
        }
        if places.contains(&place) {
            out.push(at.child("devicePath").invalid(place, "must be unique"));
        }
        if place.split('/').any(|p| p == "..") {
            out.push(at.child("devicePath").invalid(place, "can not contain backsteps ('..')"));
        } else {
            places.push(place);
        }
        let mounts = container.items("volumeMounts");
        if mounts.iter().any(|m| m.text("name") == name) {
            out.push(at.child("name").invalid(name, "must not already exist in volumeMounts"));
        }
        if mounts.iter().any(|m| m.text("mountPath") == place) {
            out.push(at.child("devicePath").invalid(place, "must not already exist as a path in volumeMounts"));
        }
        names.push(name);
    }
    out
}

fn resize(policies: &[Value], pod_policy: &str, path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut seen: Vec<&str> = Vec::new();
    for (i, policy) in policies.iter().enumerate() {
        let (name, restart) = (policy.text("resourceName"), policy.text("restartPolicy"));
        if seen.contains(&name) {
            out.push(path.index(i).duplicate(name));
        }
        seen.push(name);
        match name {
            "cpu" | "memory" => {}
            "" => out.push(path.required("")),
            _ => out.push(path.not_supported(name, &["cpu", "memory"])),
        }
        match restart {
            "NotRequired" | "RestartContainer" => {}
            "" => out.push(path.required("")),
            _ => out.push(path.not_supported(restart, &["NotRequired", "RestartContainer"])),
        }
        if pod_policy == "Never" && restart != "NotRequired" {
            out.push(path.invalid(restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
        }
    }
    out
}
