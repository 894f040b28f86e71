//! Containers and templates.

use super::page::Page;
use super::{Subject, any_text, date, or_none, volume};
use crate::kubernetes::objects::columns::selector_text;
use crate::text::Value;
use crate::text::go::quoted;

/// What a container is described with: its subject, and the pod for values that come from its fields.
pub(super) fn containers(s: &Subject, page: &mut Page, title: &str, specs: &[Value], statuses: &[Value], space: &str) {
    if specs.is_empty() {
        page.line(0, format!("{space}{title}: <none>"));
        return;
    }
    page.line(0, format!("{space}{title}:"));
    for spec in specs {
        let name = spec.str_at(&["name"]).unwrap_or_default();
        let status = statuses.iter().find(|st| st.str_at(&["name"]) == Some(name));
        basics(page, spec, status, space);
        for (title, key) in [("Command:", "command"), ("Args:", "args")] {
            let words = spec.list_at(&[key]);
            if !words.is_empty() {
                page.line(2, title);
                words.iter().flat_map(|w| w.as_str()).flat_map(|w| w.split('\n')).for_each(|w| page.line(3, w));
            }
        }
        if let Some(status) = status {
            state(s, page, "State", status.get("state"));
            if status.at(&["lastState", "terminated"]).is_some() {
                state(s, page, "Last State", status.get("lastState"));
            }
            page.line(2, format!("Ready:\t{}", bool_word(status.bool_at(&["ready"]).unwrap_or(false))));
            page.line(2, format!("Restart Count:\t{}", status.int_at(&["restartCount"]).unwrap_or(0)));
        }
        resources(page, spec.get("resources"), 2);
        for (title, key) in
            [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
        {
            if let Some(p) = spec.get(key) {
                page.line(2, format!("{title}:\t{}", probe(p)));
            }
        }
        environment(s, page, spec, status.is_some());
        mounts(page, spec);
    }
}

pub(super) fn bool_word(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn basics(page: &mut Page, spec: &Value, status: Option<&Value>, space: &str) {
    let text = |v: &Value, key: &str| v.str_at(&[key]).unwrap_or_default().to_string();
    let indent = if space.is_empty() { "" } else { " " };
    page.line(1, format!("{indent}{}:", text(spec, "name")));
    if let Some(status) = status {
        page.line(2, format!("Container ID:\t{}", text(status, "containerID")));
    }
    page.line(2, format!("Image:\t{}", text(spec, "image")));
    if let Some(status) = status {
        page.line(2, format!("Image ID:\t{}", text(status, "imageID")));
    }
    for (one, many, key) in [("Port", "Ports", "containerPort"), ("Host Port", "Host Ports", "hostPort")] {
        let port = |p: &Value| {
            let number = p.int_at(&[key]).unwrap_or(0);
            let name = text(p, "name");
            let name = if name.is_empty() { name } else { format!(" ({name})") };
            format!("{number}/{}{name}", text(p, "protocol"))
        };
        let list = spec.list_at(&["ports"]).iter().map(port).collect::<Vec<_>>().join(", ");
        let title = if list.contains(',') { many } else { one };
        page.line(2, format!("{title}:\t{}", or_none(list)));
    }
    if let Some(profile) = spec.str_at(&["securityContext", "seccompProfile", "type"]) {
        page.line(2, format!("SeccompProfile:\t{profile}"));
    }
}

/// Requests and limits, by name. Source: describe.go, describeResources.
pub(super) fn resources(page: &mut Page, resources: Option<&Value>, level: usize) {
    for (title, key) in [("Limits:", "limits"), ("Requests:", "requests")] {
        let amounts =
            resources.and_then(|r| r.get(key)).and_then(Value::as_map).map(|m| m.sorted()).unwrap_or_default();
        if !amounts.is_empty() {
            page.line(level, title);
        }
        for (name, amount) in amounts {
            page.line(level + 1, format!("{name}:\t{}", any_text(amount)));
        }
    }
}

fn state(s: &Subject, page: &mut Page, title: &str, state: Option<&Value>) {
    let part = |key: &str| state.and_then(|st| st.get(key));
    let text = |v: &Value, key: &str| v.str_at(&[key]).unwrap_or_default().to_string();
    if let Some(running) = part("running") {
        page.line(2, format!("{title}:\tRunning"));
        page.line(3, format!("Started:\t{}", date(s.cluster, &text(running, "startedAt"))));
    } else if let Some(ended) = part("terminated") {
        page.line(2, format!("{title}:\tTerminated"));
        for (label, key) in [("Reason", "reason"), ("Message", "message")] {
            if !text(ended, key).is_empty() {
                page.line(3, format!("{label}:\t{}", text(ended, key)));
            }
        }
        page.line(3, format!("Exit Code:\t{}", ended.int_at(&["exitCode"]).unwrap_or(0)));
        if let Some(signal) = ended.int_at(&["signal"]).filter(|n| *n > 0) {
            page.line(3, format!("Signal:\t{signal}"));
        }
        page.line(3, format!("Started:\t{}", date(s.cluster, &text(ended, "startedAt"))));
        page.line(3, format!("Finished:\t{}", date(s.cluster, &text(ended, "finishedAt"))));
    } else {
        page.line(2, format!("{title}:\tWaiting"));
        let reason = part("waiting").map(|w| text(w, "reason")).unwrap_or_default();
        if !reason.is_empty() {
            page.line(3, format!("Reason:\t{reason}"));
        }
    }
}

/// Source: describe.go, DescribeProbe.
fn probe(probe: &Value) -> String {
    let number = |key: &str| probe.int_at(&[key]).unwrap_or(0);
    let attributes = format!(
        "delay={}s timeout={}s period={}s successThreshold={} failureThreshold={}",
        number("initialDelaySeconds"),
        number("timeoutSeconds"),
        number("periodSeconds"),
        number("successThreshold"),
        number("failureThreshold")
    );
    let text = |path: &[&str]| probe.at(path).map(any_text).unwrap_or_default();
    if probe.get("exec").is_some() {
        let words: Vec<String> = probe.list_at(&["exec", "command"]).iter().map(any_text).collect();
        return format!("exec [{}] {attributes}", words.join(" "));
    }
    if probe.get("httpGet").is_some() {
        let path = text(&["httpGet", "path"]);
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        let scheme = text(&["httpGet", "scheme"]).to_lowercase();
        let (host, port) = (text(&["httpGet", "host"]), text(&["httpGet", "port"]));
        return format!("http-get {scheme}://{host}:{port}{slash}{path} {attributes}");
    }
    if probe.get("tcpSocket").is_some() {
        return format!("tcp-socket {}:{} {attributes}", text(&["tcpSocket", "host"]), text(&["tcpSocket", "port"]));
    }
    if probe.get("grpc").is_some() {
        return format!("grpc <pod>:{} {} {attributes}", text(&["grpc", "port"]), text(&["grpc", "service"]));
    }
    format!("unknown {attributes}")
}

fn environment(s: &Subject, page: &mut Page, spec: &Value, of_pod: bool) {
    let from = spec.list_at(&["envFrom"]);
    if !from.is_empty() {
        page.line(2, "Environment Variables from:");
    }
    for source in from {
        let (kind, reference) = match source.get("configMapRef") {
            Some(reference) => ("ConfigMap", Some(reference)),
            None => ("Secret", source.get("secretRef")),
        };
        let name = reference.and_then(|r| r.str_at(&["name"])).unwrap_or_default();
        let optional = reference.and_then(|r| r.bool_at(&["optional"])).unwrap_or(false);
        let prefix = match source.str_at(&["prefix"]).unwrap_or_default() {
            "" => String::new(),
            prefix => format!(" with prefix '{prefix}'"),
        };
        page.line(3, format!("{name}\t{kind}{prefix}\tOptional: {optional}"));
    }
    let list = spec.list_at(&["env"]);
    page.line(2, if list.is_empty() { "Environment:\t<none>" } else { "Environment:" });
    for variable in list {
        let text = |path: &[&str]| variable.at(path).map(any_text).unwrap_or_default();
        let name = text(&["name"]);
        let Some(origin) = variable.get("valueFrom") else {
            for (i, line) in text(&["value"]).split('\n').enumerate() {
                page.line(3, if i == 0 { format!("{name}:\t{line}") } else { format!("\t{line}") });
            }
            continue;
        };
        let part = |path: &[&str]| origin.at(path).map(any_text).unwrap_or_default();
        if origin.get("fieldRef").is_some() {
            let field = part(&["fieldRef", "fieldPath"]);
            let value = if of_pod { field_value(s, &field) } else { String::new() };
            page.line(3, format!("{name}:\t{value} ({}:{field})", part(&["fieldRef", "apiVersion"])));
        } else if origin.get("resourceFieldRef").is_some() {
            let resource = part(&["resourceFieldRef", "resource"]);
            let (kind, amount) = resource.split_once('.').unwrap_or(("", ""));
            let value = spec.at(&["resources", kind, amount]).map(any_text).unwrap_or_else(|| "0".into());
            let unlimited = value == "0" && matches!(resource.as_str(), "limits.cpu" | "limits.memory");
            let value = if unlimited { "node allocatable".to_string() } else { value };
            page.line(3, format!("{name}:\t{value} ({resource})"));
        } else {
            for (key, words) in [("secretKeyRef", "in secret"), ("configMapKeyRef", "of config map")] {
                if let Some(reference) = origin.get(key) {
                    let optional = reference.bool_at(&["optional"]).unwrap_or(false);
                    let (k, n) = (part(&[key, "key"]), part(&[key, "name"]));
                    page.line(3, format!("{name}:\t<set to the key '{k}' {words} '{n}'>\tOptional: {optional}"));
                }
            }
        }
    }
}

/// The value of a pod's field as the downward API gives it.
fn field_value(s: &Subject, field: &str) -> String {
    for kind in ["labels", "annotations"] {
        if let Some(key) = field.strip_prefix(&format!("metadata.{kind}['")).and_then(|k| k.strip_suffix("']")) {
            return s.any(&["metadata", kind, key]);
        }
    }
    let path: Vec<&str> = field.split('.').collect();
    s.any(&path)
}

fn mounts(page: &mut Page, spec: &Value) {
    let mut list: Vec<&Value> = spec.list_at(&["volumeMounts"]).iter().collect();
    page.line(2, if list.is_empty() { "Mounts:\t<none>" } else { "Mounts:" });
    let text = |m: &Value, key: &str| m.str_at(&[key]).unwrap_or_default().to_string();
    list.sort_by_key(|m| text(m, "mountPath"));
    for mount in list {
        let mut flags = if mount.bool_at(&["readOnly"]) == Some(true) { "ro" } else { "rw" }.to_string();
        if !text(mount, "subPath").is_empty() {
            flags += &format!(",path={}", quoted(&text(mount, "subPath")));
        }
        page.line(3, format!("{} from {} ({flags})", text(mount, "mountPath"), text(mount, "name")));
    }
}

/// A pod template. Source: describe.go, DescribePodTemplate.
pub(super) fn template(s: &Subject, page: &mut Page, template: Option<&Value>) {
    page.line(0, "Pod Template:");
    let Some(template) = template else {
        page.more(1, "<unset>");
        return;
    };
    page.labels("  ", "Labels", template.at(&["metadata", "labels"]));
    if template.at(&["metadata", "annotations"]).and_then(Value::as_map).is_some_and(|m| !m.is_empty()) {
        page.annotations("  Annotations", template.at(&["metadata", "annotations"]));
    }
    let spec = template.get("spec").unwrap_or(&Value::Null);
    let text = |key: &str| spec.str_at(&[key]).unwrap_or_default();
    if !text("serviceAccountName").is_empty() {
        page.line(1, format!("Service Account:\t{}", text("serviceAccountName")));
    }
    if !spec.list_at(&["initContainers"]).is_empty() {
        containers(s, page, "Init Containers", spec.list_at(&["initContainers"]), &[], "  ");
    }
    containers(s, page, "Containers", spec.list_at(&["containers"]), &[], "  ");
    volume::volumes(page, spec.list_at(&["volumes"]), "  ");
    spread(page, spec, "  ");
    if !text("priorityClassName").is_empty() {
        page.line(1, format!("Priority Class Name:\t{}", text("priorityClassName")));
    }
    page.labels("", "  Node-Selectors", spec.get("nodeSelector"));
    tolerations(page, "  Tolerations", spec.list_at(&["tolerations"]));
}

/// Source: describe.go, printTolerationsMultilineWithIndent.
pub(super) fn tolerations(page: &mut Page, title: &str, list: &[Value]) {
    page.more(0, format!("{title}:\t"));
    if list.is_empty() {
        page.line(0, "<none>");
        return;
    }
    let text = |t: &Value, key: &str| t.str_at(&[key]).unwrap_or_default().to_string();
    let mut list: Vec<&Value> = list.iter().collect();
    list.sort_by_key(|t| text(t, "key"));
    for (i, toleration) in list.into_iter().enumerate() {
        let (key, value, effect) = (text(toleration, "key"), text(toleration, "value"), text(toleration, "effect"));
        let mut line = key.clone();
        if !value.is_empty() {
            line += &format!("={value}");
        }
        if !effect.is_empty() {
            line += &format!(":{effect}");
        }
        if text(toleration, "operator") == "Exists" && value.is_empty() {
            line += if key.is_empty() && effect.is_empty() { "op=Exists" } else { " op=Exists" };
        }
        if let Some(seconds) = toleration.int_at(&["tolerationSeconds"]) {
            line += &format!(" for {seconds}s");
        }
        page.line(0, format!("{}{line}", if i > 0 { "\t" } else { "" }));
    }
}

/// Source: describe.go, describeTopologySpreadConstraints.
pub(super) fn spread(page: &mut Page, spec: &Value, space: &str) {
    let mut list: Vec<&Value> = spec.list_at(&["topologySpreadConstraints"]).iter().collect();
    let text = |t: &Value, key: &str| t.get(key).map(any_text).unwrap_or_default();
    list.sort_by_key(|t| text(t, "topologyKey"));
    for (i, constraint) in list.into_iter().enumerate() {
        let head = if i == 0 { format!("{space}Topology Spread Constraints:\t") } else { format!("{space}\t") };
        let selector = match constraint.get("labelSelector") {
            Some(selector) => format!(" for selector {}", selector_text(Some(selector))),
            None => String::new(),
        };
        let (key, when, skew) =
            (text(constraint, "topologyKey"), text(constraint, "whenUnsatisfiable"), text(constraint, "maxSkew"));
        page.line(0, format!("{head}{key}:{when} when max skew {skew} is exceeded{selector}"));
    }
}
