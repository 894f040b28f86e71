//! Environment variables of containers.
//! Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateEnv, ValidateEnvFrom; pkg/apis/core/pods/helpers.go.

use super::super::super::field_error::{Errors, Path};
use super::super::amount::Amount;
use super::super::view::View;
use super::super::{formats, meta};
use crate::text::Value;

const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

/// `env`.
pub fn vars(vars: &[Value], path: &Path) -> Errors {
    let mut out = Errors::new();
    for (i, var) in vars.iter().enumerate() {
        let at = path.index(i);
        match var.text("name") {
            "" => out.push(at.child("name").required("")),
            name => out.extend(formats::at(&at.child("name"), name, formats::env_name(name))),
        }
        out.extend(value_from(var, &at.child("valueFrom")));
    }
    out
}

fn value_from(var: &Value, path: &Path) -> Errors {
    let from = var.of("valueFrom");
    if from.is_null() {
        return Errors::new();
    }
    let mut out = Errors::new();
    let mut sources = 0;
    for (member, judge) in [
        ("fieldRef", (|v, p| field_ref(v, &FIELDS, p)) as fn(&Value, &Path) -> Errors),
        ("resourceFieldRef", |v, p| resource_ref(v, false, p)),
        ("configMapKeyRef", key_ref),
        ("secretKeyRef", key_ref),
        ("fileKeyRef", file_ref),
    ] {
        if from.has(member) {
            sources += 1;
            out.extend(judge(from.of(member), &path.child(member)));
        }
    }
    if sources == 0 {
        let words =
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        out.push(path.invalid("", words));
    } else if !var.text("value").is_empty() {
        out.push(path.invalid("", "may not be specified when `value` is not empty"));
    } else if sources > 1 {
        out.push(path.invalid("", "may not have more than one field specified at a time"));
    }
    out
}

/// A field of the pod itself.
pub fn field_ref(field: &Value, known: &[&str], path: &Path) -> Errors {
    let (version, text) = (field.text("apiVersion"), field.text("fieldPath"));
    if version.is_empty() {
        return vec![path.child("apiVersion").required("")];
    }
    if text.is_empty() {
        return vec![path.child("fieldPath").required("")];
    }
    let field_path = path.child("fieldPath");
    let unsupported = |words: String| vec![field_path.invalid(text, format!("error converting fieldPath: {words}"))];
    if version != "v1" {
        return unsupported(format!("unsupported pod version: {version}"));
    }
    if let Some((head, key)) = text.strip_suffix("']").and_then(|t| t.split_once("['")) {
        return match head {
            "metadata.annotations" => formats::at(path, &key.to_lowercase(), formats::label_key(&key.to_lowercase())),
            "metadata.labels" => formats::at(path, key, formats::label_key(key)),
            _ => unsupported(format!("field label does not support subscript: {text}")),
        };
    }
    const LABELS: [&str; 13] = [
        "metadata.annotations",
        "metadata.labels",
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.serviceAccountName",
        "spec.schedulerName",
        "status.phase",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
    ];
    if !LABELS.contains(&text) && text != "status.podIPs" && text != "spec.host" {
        return unsupported(format!("field label not supported: {text}"));
    }
    let inner = if text == "spec.host" { "spec.nodeName" } else { text };
    if !known.contains(&inner) {
        return vec![field_path.not_supported(inner, known)];
    }
    Errors::new()
}

/// A container's request or limit.
pub fn resource_ref(field: &Value, volume: bool, path: &Path) -> Errors {
    let mut out = Errors::new();
    let name = field.text("resource");
    let huge = name.starts_with("requests.hugepages-") || name.starts_with("limits.hugepages-");
    if volume && field.text("containerName").is_empty() {
        out.push(path.child("containerName").required(""));
    } else if name.is_empty() {
        out.push(path.child("resource").required(""));
    } else if !RESOURCES.contains(&name) && !huge {
        out.push(path.child("resource").not_supported(name, &RESOURCES));
    }
    let divisor = Amount::of(field.of("divisor"));
    if divisor.sign() == 0 {
        return out;
    }
    const BYTES: [&str; 13] = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
    const LIST: &str =
        "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the";
    let text = divisor.canonical();
    let bytes = BYTES.contains(&text.as_str());
    let words = match name {
        "limits.cpu" | "requests.cpu" if !matches!(text.as_str(), "1m" | "1") => {
            "only divisor's values 1m and 1 are supported with the cpu resource".to_owned()
        }
        "limits.memory" | "requests.memory" if !bytes => format!("{LIST} memory resource"),
        "limits.ephemeral-storage" | "requests.ephemeral-storage" if !bytes => {
            format!("{LIST} local ephemeral storage resource")
        }
        _ if huge && !bytes => format!("{LIST} hugepages resource"),
        _ => return out,
    };
    out.push(path.child("divisor").invalid(name, words));
    out
}

fn key_ref(selector: &Value, path: &Path) -> Errors {
    let (name, key) = (selector.text("name"), selector.text("key"));
    let mut out = formats::at(&path.child("name"), name, formats::dns_subdomain(name));
    if key.is_empty() {
        out.push(path.child("key").required(""));
    } else {
        out.extend(formats::at(&path.child("key"), key, formats::config_key(key)));
    }
    out
}

fn file_ref(selector: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    for member in ["key", "volumeName", "path"] {
        let (text, at) = (selector.text(member), path.child(member));
        match member {
            _ if text.is_empty() => out.push(at.required("")),
            "key" => out.extend(formats::at(&at, text, formats::env_name(text))),
            "volumeName" => out.extend(formats::at(&at, text, formats::dns_label(text))),
            _ => out.extend(super::volumes::no_backsteps(text, &at)),
        }
    }
    out
}

/// The volumes that files with variables stand in: there, and empty at the start.
/// Source: validateFileKeyRefVolumes.
pub fn files(spec: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (i, container) in spec.items(list).iter().enumerate() {
            for (j, var) in container.items("env").iter().enumerate() {
                let file = var.of("valueFrom").of("fileKeyRef");
                if file.is_null() {
                    continue;
                }
                let at = path.child(list).index(i).child("env").index(j).child("valueFrom").child("fileKeyRef");
                let (name, at) = (file.text("volumeName"), at.child("volumeName"));
                match spec.items("volumes").iter().rfind(|v| v.text("name") == name) {
                    None => out.push(at.not_found(name)),
                    Some(v) if !v.has("emptyDir") => {
                        out.push(at.invalid(name, "referenced volume must be of type emptyDir"));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    out
}

/// `envFrom`.
pub fn from(sources: &[Value], path: &Path) -> Errors {
    let mut out = Errors::new();
    for (i, source) in sources.iter().enumerate() {
        let at = path.index(i);
        let prefix = source.text("prefix");
        if !prefix.is_empty() {
            out.extend(formats::at(&at.child("prefix"), prefix, formats::env_name(prefix)));
        }
        let mut found = 0;
        for member in ["configMapRef", "secretRef"] {
            if !source.has(member) {
                continue;
            }
            found += 1;
            let name_path = at.child(member).child("name");
            match source.of(member).text("name") {
                "" => out.push(name_path.required("")),
                name => out.extend(formats::at(&name_path, name, formats::dns_subdomain(&meta::masked(name)))),
            }
        }
        if found == 0 {
            out.push(path.invalid("", "must specify one of: `configMapRef` or `secretRef`"));
        } else if found > 1 {
            out.push(path.invalid("", "may not have more than one field specified at a time"));
        }
    }
    out
}
