//! What the server warns of in pods and templates.
//! Source: kubernetes v1.37 pkg/api/pod/warnings.go, warningsForPodSpecAndMeta; pkg/api/node/util.go.

use super::super::super::field_error::{Path, quoted};
use super::super::amount::Amount;
use super::super::view::View;
use crate::text::Value;

/// Warnings about a spec with its metadata.
pub fn of(spec: &Value, metadata: &Value, is_pod: bool, path: &Path) -> Vec<String> {
    let mut out = Vec::new();
    labels(spec.of("nodeSelector"), &path.child("nodeSelector"), &mut out);
    affinity(spec.of("affinity"), &path.child("affinity"), &mut out);
    spread(spec.items("topologySpreadConstraints"), &path.child("topologySpreadConstraints"), &mut out);
    annotations(metadata.of("annotations"), path, is_pod, &mut out);
    host_aliases(spec, path, &mut out);
    volumes(spec.items("volumes"), &path.child("volumes"), &mut out);
    if spec.num("terminationGracePeriodSeconds") < 0 {
        let at = path.child("terminationGracePeriodSeconds");
        out.push(format!("{at}: must be >= 0; negative values are invalid and will be treated as 1"));
    }
    secrets(spec.items("imagePullSecrets"), &path.child("imagePullSecrets"), &mut out);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (i, container) in spec.items(list).iter().enumerate() {
            self::container(container, &path.child(list).index(i), &mut out);
        }
    }
    duplicate_ports(spec, path, &mut out);
    out
}

/// Labels of nodes that have other names by now.
fn node_label(key: &str) -> Option<&'static str> {
    Some(match key {
        "beta.kubernetes.io/arch" => "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
        "beta.kubernetes.io/os" => "deprecated since v1.14; use \"kubernetes.io/os\" instead",
        "failure-domain.beta.kubernetes.io/region" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"
        }
        "failure-domain.beta.kubernetes.io/zone" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"
        }
        "beta.kubernetes.io/instance-type" => {
            "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"
        }
        "node-role.kubernetes.io/master" => "use \"node-role.kubernetes.io/control-plane\" instead",
        _ => return None,
    })
}

fn labels(labels: &Value, path: &Path, out: &mut Vec<String>) {
    for (key, _) in labels.as_map().map_or_else(Vec::new, |m| m.sorted()) {
        if let Some(words) = node_label(key) {
            out.push(format!("{}: {words}", path.key(key)));
        }
    }
}

/// Warnings about a selector of nodes.
pub fn node_terms(terms: &[Value], path: &Path, out: &mut Vec<String>) {
    for (i, term) in terms.iter().enumerate() {
        node_term(term, &path.index(i), out);
    }
}

fn node_term(term: &Value, path: &Path, out: &mut Vec<String>) {
    for (i, need) in term.items("matchExpressions").iter().enumerate() {
        if let Some(words) = node_label(need.text("key")) {
            out.push(format!(
                "{}: {} is {words}",
                path.child("matchExpressions").index(i).child("key"),
                need.text("key")
            ));
        }
    }
}

fn affinity(affinity: &Value, path: &Path, out: &mut Vec<String>) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    let (node, at) = (affinity.of("nodeAffinity"), path.child("nodeAffinity"));
    let terms = node.of(REQUIRED).items("nodeSelectorTerms");
    node_terms(terms, &at.child(REQUIRED).child("nodeSelectorTerms"), out);
    for (i, term) in node.items(PREFERRED).iter().enumerate() {
        node_term(term.of("preference"), &at.child(PREFERRED).index(i).child("preference"), out);
    }
    for name in ["podAffinity", "podAntiAffinity"] {
        let (pods, at) = (affinity.of(name), path.child(name));
        for (i, term) in pods.items(REQUIRED).iter().enumerate() {
            pod_term(term, &at.child(REQUIRED).index(i), out);
        }
        for (i, term) in pods.items(PREFERRED).iter().enumerate() {
            pod_term(term.of("podAffinityTerm"), &at.child(PREFERRED).index(i).child("podAffinityTerm"), out);
        }
    }
}

fn pod_term(term: &Value, path: &Path, out: &mut Vec<String>) {
    if !term.has("labelSelector") {
        out.push(format!("{}: a null labelSelector results in matching no pod", path.child("labelSelector")));
    }
}

fn spread(constraints: &[Value], path: &Path, out: &mut Vec<String>) {
    for (i, constraint) in constraints.iter().enumerate() {
        let key = constraint.text("topologyKey");
        if let Some(words) = node_label(key) {
            out.push(format!("{}: {key} is {words}", path.index(i).child("topologyKey")));
        }
        if !constraint.has("labelSelector") {
            let at = path.index(i).child("labelSelector");
            out.push(format!("{at}: a null labelSelector results in matching no pod"));
        }
    }
}

fn annotations(annotations: &Value, path: &Path, is_pod: bool, out: &mut Vec<String>) {
    let base = if is_pod {
        Path::new("metadata")
    } else {
        Path::new(path.to_string().trim_end_matches(".spec")).child("metadata")
    };
    let base = base.child("annotations");
    for (key, _) in annotations.as_map().map_or_else(Vec::new, |m| m.sorted()) {
        let at = base.key(key);
        let seccomp = &**key == "seccomp.security.alpha.kubernetes.io/pod"
            || key.starts_with("container.seccomp.security.alpha.kubernetes.io/");
        if seccomp {
            out.push(format!("{at}: non-functional in v1.27+; use the \"seccompProfile\" field instead"));
        } else if key.starts_with("container.apparmor.security.beta.kubernetes.io/") {
            out.push(format!("{at}: deprecated since v1.30; use the \"appArmorProfile\" field instead"));
        } else if &**key == "scheduler.alpha.kubernetes.io/critical-pod" {
            out.push(format!("{at}: non-functional in v1.16+; use the \"priorityClassName\" field instead"));
        }
    }
}

fn host_aliases(spec: &Value, path: &Path, out: &mut Vec<String>) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, alias) in spec.items("hostAliases").iter().enumerate() {
        let ip = alias.text("ip");
        if seen.contains(&ip) {
            let at = path.child("hostAliases").index(i).child("ip");
            out.push(format!("{at}: duplicate ip {}", quoted(ip)));
        }
        seen.push(ip);
    }
}

/// Kinds of volumes that are gone or going.
pub const GONE: [(&str, &str); 9] = [
    ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "deprecated in v1.11"),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

fn volumes(volumes: &[Value], path: &Path, out: &mut Vec<String>) {
    for (i, volume) in volumes.iter().enumerate() {
        let at = path.index(i);
        for (name, words) in GONE.iter().filter(|(name, _)| volume.has(name)) {
            out.push(format!("{}: {words}", at.child(if *name == "storageos" { "storageOS" } else { name })));
        }
        if volume.of("ephemeral").of("volumeClaimTemplate").of("spec").has("resources") {
            let template = volume.of("ephemeral").of("volumeClaimTemplate").of("spec");
            let at = at.child("ephemeral").child("volumeClaimTemplate").child("spec").child("resources");
            for list in ["limits", "requests"] {
                fraction(template.of("resources").of(list), "storage", &at.child(list), out);
            }
        }
    }
}

fn secrets(secrets: &[Value], path: &Path, out: &mut Vec<String>) {
    for (i, secret) in secrets.iter().enumerate() {
        let name = secret.text("name");
        if name.is_empty() {
            out.push(format!("{}: invalid empty name {}", path.index(i).child("name"), quoted("")));
        }
    }
}

fn container(container: &Value, path: &Path, out: &mut Vec<String>) {
    let resources = container.of("resources");
    for list in ["limits", "requests"] {
        for name in ["memory", "ephemeral-storage"] {
            fraction(resources.of(list), name, &path.child("resources").child(list), out);
        }
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, var) in container.items("env").iter().enumerate() {
        let (name, value) = (var.text("name"), var.text("value"));
        if seen.contains(&name) {
            let refers = value.contains(&format!("$({name})"));
            if !refers || container.items("env")[..i].contains(var) {
                let words = format!("hides previous definition of {}, which may be unexpected", quoted(name));
                out.push(format!("{}: {words}", path.child("env").index(i)));
            }
        }
        seen.push(name);
    }
}

/// Bytes are whole.
fn fraction(list: &Value, name: &str, path: &Path, out: &mut Vec<String>) {
    let value = list.of(name);
    if !value.is_null() && !Amount::of(value).is_whole() {
        let shown = quoted(value.as_str().unwrap_or_default());
        out.push(format!("{}: fractional byte value {shown} is invalid, must be an integer", path.key(name)));
    }
}

/// Ports of the same number and protocol in one pod.
fn duplicate_ports(spec: &Value, path: &Path, out: &mut Vec<String>) {
    let mut seen: Vec<(i64, String, i64, String, String)> = Vec::new();
    for list in ["initContainers", "containers"] {
        for (i, container) in spec.items(list).iter().enumerate() {
            for (j, port) in container.items("ports").iter().enumerate() {
                let at = path.child(list).index(i).child("ports").index(j);
                let protocol = port.text("protocol").to_owned();
                let key = (port.num("containerPort"), protocol, port.num("hostPort"), port.text("hostIP").to_owned());
                let twin =
                    seen.iter().find(|s| (s.0, &s.1) == (key.0, &key.1) && (s.2 == key.2 || key.2 == 0 || s.2 == 0));
                if let Some(twin) = twin {
                    out.push(format!("{at}: duplicate port definition with {}", twin.4));
                } else {
                    seen.push((key.0, key.1, key.2, key.3, at.to_string()));
                }
            }
        }
    }
}
