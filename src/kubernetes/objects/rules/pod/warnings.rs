//! What the server warns of in pods and templates.
//! Source: kubernetes v1.37 pkg/api/pod/warnings.go, warningsForPodSpecAndMeta; pkg/api/node/util.go.

use super::super::super::field_error::Path;
use super::super::amount::Amount;
use super::super::formats;
use super::super::view::View;
use crate::text::Value;
use crate::text::go::quoted;

/// Warnings about a spec with its metadata.
pub fn of(spec: &Value, metadata: &Value, is_pod: bool, path: &Path) -> Vec<String> {
    let mut out = Vec::new();
    let notes = metadata.of("annotations");
    let notes_at = if is_pod {
        Path::new("metadata")
    } else {
        Path::new(path.to_string().trim_end_matches(".spec")).child("metadata")
    };
    let notes_at = notes_at.child("annotations");
    if is_pod {
        let words = formats::dns_label(metadata.text("name"));
        if !words.is_empty() {
            out.push(format!(
                "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is \
                 recommended: [{}]",
                words.join(" ")
            ));
        }
        app_armor(spec, notes, &notes_at, &mut out);
    }
    labels(spec.of("nodeSelector"), &path.child("nodeSelector"), &mut out);
    node_affinity(spec.of("affinity").of("nodeAffinity"), &path.child("affinity").child("nodeAffinity"), &mut out);
    spread(spec.items("topologySpreadConstraints"), &path.child("topologySpreadConstraints"), &mut out);
    annotations(notes, &notes_at, &mut out);
    volumes(spec.items("volumes"), &path.child("volumes"), &mut out);
    token_paths(spec.items("volumes"), &path.child("volumes"), &mut out);
    host_aliases(spec, path, &mut out);
    secrets(spec.items("imagePullSecrets"), &path.child("imagePullSecrets"), &mut out);
    for name in ["memory", "ephemeral-storage"] {
        fraction(spec.of("overhead"), name, &path.child("overhead"), &mut out);
    }
    if !spec.of("securityContext").has("seccompProfile") {
        seccomp(notes, "seccomp.security.alpha.kubernetes.io/pod", &notes_at, &mut out);
    }
    for list in LISTS {
        for (i, container) in spec.items(list).iter().enumerate() {
            if !container.of("securityContext").has("seccompProfile") {
                let key = format!("container.seccomp.security.alpha.kubernetes.io/{}", container.text("name"));
                seccomp(notes, &key, &notes_at, &mut out);
            }
            if !is_pod && !spec.of("securityContext").has("appArmorProfile") {
                profile(container, notes, &notes_at, &mut out);
            }
            self::container(container, &path.child(list).index(i), &mut out);
        }
    }
    ports(spec, path, &mut out);
    if spec.num("terminationGracePeriodSeconds") < 0 {
        let at = path.child("terminationGracePeriodSeconds");
        out.push(format!("{at}: must be >= 0; negative values are invalid and will be treated as 1"));
    }
    pod_affinity(spec.of("affinity"), &path.child("affinity"), &mut out);
    out
}

/// The lists of containers, in the order in which they start.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Source: kubernetes v1.37 pkg/registry/core/pod/strategy.go, applyAppArmorVersionSkew.
fn app_armor(spec: &Value, notes: &Value, at: &Path, out: &mut Vec<String>) {
    for container in LISTS.iter().flat_map(|list| spec.items(list)) {
        profile(container, notes, at, out);
    }
}

fn profile(container: &Value, notes: &Value, at: &Path, out: &mut Vec<String>) {
    let key = format!("container.apparmor.security.beta.kubernetes.io/{}", container.text("name"));
    if notes.has(&key) && !container.of("securityContext").has("appArmorProfile") {
        out.push(format!("{}: deprecated since v1.30; use the \"appArmorProfile\" field instead", at.key(&key)));
    }
}

fn seccomp(notes: &Value, key: &str, at: &Path, out: &mut Vec<String>) {
    if notes.has(key) {
        out.push(format!("{}: non-functional in v1.27+; use the \"seccompProfile\" field instead", at.key(key)));
    }
}

/// Labels of nodes that have other names by now.
pub fn old_label(key: &str) -> Option<&'static str> {
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
        "app.kubernetes.io/created-by" => "deprecated since v1.9",
        "scheduler.alpha.kubernetes.io/preferAvoidPods" => "deprecated since v1.22; use Taints and Tolerations instead",
        "node-role.kubernetes.io/master" => "use \"node-role.kubernetes.io/control-plane\" instead",
        _ => return None,
    })
}

fn labels(labels: &Value, path: &Path, out: &mut Vec<String>) {
    for (key, _) in labels.as_map().map_or_else(Vec::new, |m| m.sorted()) {
        if let Some(words) = old_label(key) {
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
        if let Some(words) = old_label(need.text("key")) {
            out.push(format!(
                "{}: {} is {words}",
                path.child("matchExpressions").index(i).child("key"),
                need.text("key")
            ));
        }
    }
}

/// Terms that must hold and terms that had better hold.
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

fn node_affinity(node: &Value, at: &Path, out: &mut Vec<String>) {
    let terms = node.of(REQUIRED).items("nodeSelectorTerms");
    node_terms(terms, &at.child(REQUIRED).child("nodeSelectorTerms"), out);
    for (i, term) in node.items(PREFERRED).iter().enumerate() {
        node_term(term.of("preference"), &at.child(PREFERRED).index(i).child("preference"), out);
    }
}

fn pod_affinity(affinity: &Value, path: &Path, out: &mut Vec<String>) {
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
        if let Some(words) = old_label(key) {
            out.push(format!("{}: {key} is {words}", path.index(i).child("topologyKey")));
        }
        if !constraint.has("labelSelector") {
            let at = path.index(i).child("labelSelector");
            out.push(format!("{at}: a null labelSelector results in matching no pod"));
        }
    }
}

fn annotations(notes: &Value, at: &Path, out: &mut Vec<String>) {
    const DEAD: [(&str, &str); 3] = [
        ("scheduler.alpha.kubernetes.io/critical-pod", "v1.16+; use the \"priorityClassName\" field instead"),
        ("security.alpha.kubernetes.io/sysctls", "v1.11+; use the \"sysctls\" field instead"),
        ("security.alpha.kubernetes.io/unsafe-sysctls", "v1.11+; use the \"sysctls\" field instead"),
    ];
    for (key, words) in DEAD.iter().filter(|(key, _)| notes.has(key)) {
        out.push(format!("{}: non-functional in {words}", at.key(key)));
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
        for (name, words) in GONE {
            if name == "cephfs" && volume.of("ephemeral").has("volumeClaimTemplate") {
                let spec = volume.of("ephemeral").of("volumeClaimTemplate").of("spec").of("resources");
                let at = at.child("ephemeral").child("volumeClaimTemplate").child("spec").child("resources");
                for list in ["requests", "limits"] {
                    fraction(spec.of(list), "storage", &at.child(list), out);
                }
            }
            if volume.has(name) {
                out.push(format!("{}: {words}", at.child(if name == "storageos" { "storageOS" } else { name })));
            }
        }
    }
}

/// Files that would lie where a token lies.
fn token_paths(volumes: &[Value], path: &Path, out: &mut Vec<String>) {
    let sources = volumes.iter().flat_map(|v| v.of("projected").items("sources"));
    let taken: Vec<&str> =
        sources.filter(|s| s.has("serviceAccountToken")).map(|s| s.of("serviceAccountToken").text("path")).collect();
    let mut told = |at: Path, file: &str| {
        if taken.contains(&file) {
            out.push(format!("{at}: has duplicated path with ServiceAccountToken {}", quoted(file)));
        }
    };
    for (i, volume) in volumes.iter().enumerate() {
        let at = path.index(i).child("projected").child("sources");
        for source in volume.of("projected").items("sources") {
            for (member, name) in [("configMap", "configMap"), ("secret", "secrets"), ("downwardAPI", "downwardAPI")] {
                for (j, item) in source.of(member).items("items").iter().enumerate() {
                    told(at.child(name).index(j), item.text("path"));
                }
            }
            if source.has("clusterTrustBundle") {
                told(at.child("ClusterTrustBundle"), source.of("clusterTrustBundle").text("path"));
            }
        }
    }
}

fn secrets(secrets: &[Value], path: &Path, out: &mut Vec<String>) {
    for (i, secret) in secrets.iter().enumerate() {
        let name = secret.text("name");
        if secrets[..i].iter().any(|s| s.text("name") == name) {
            out.push(format!("{}: duplicate name {}", path.index(i).child("name"), quoted(name)));
        }
    }
    for (i, secret) in secrets.iter().enumerate() {
        if secret.text("name").is_empty() {
            out.push(format!("{}: invalid empty name {}", path.index(i).child("name"), quoted("")));
        }
    }
}

fn container(container: &Value, path: &Path, out: &mut Vec<String>) {
    let resources = container.of("resources");
    for name in ["memory", "ephemeral-storage"] {
        for list in ["limits", "requests"] {
            fraction(resources.of(list), name, &path.child("resources").child(list), out);
        }
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, var) in container.items("env").iter().enumerate() {
        let (name, value) = (var.text("name"), var.text("value"));
        let own = format!("$({name})");
        if seen.contains(&name) && (var.has("valueFrom") || value == own || !value.contains(&own)) {
            let words = format!("hides previous definition of {}, which may be dropped when using apply", quoted(name));
            out.push(format!("{}: {words}", path.child("env").index(i)));
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
fn ports(spec: &Value, path: &Path, out: &mut Vec<String>) {
    let mut seen: Vec<(&Value, Path)> = Vec::new();
    for list in LISTS {
        for (i, container) in spec.items(list).iter().enumerate() {
            for (j, port) in container.items("ports").iter().enumerate() {
                let at = path.child(list).index(i).child("ports").index(j);
                if !port.text("hostIP").is_empty() && port.num("hostPort") == 0 {
                    out.push(format!("{at}: hostIP set without hostPort: {}", as_struct(port)));
                }
                let same = |o: &&(&Value, Path)| {
                    o.0.num("containerPort") == port.num("containerPort")
                        && o.0.text("protocol") == port.text("protocol")
                };
                for (other, there) in seen.iter().filter(same) {
                    let words = clash(port, other);
                    out.extend(words.map(|words| format!("{at}: {words} port definition with {there}")));
                }
                seen.push((port, at));
            }
        }
    }
}

fn clash(port: &Value, other: &Value) -> Option<&'static str> {
    let (ip, other_ip) = (port.text("hostIP"), other.text("hostIP"));
    let (host, other_host) = (port.num("hostPort"), other.num("hostPort"));
    if ip == other_ip && host == other_host {
        Some("duplicate")
    } else if host == 0 || other_host == 0 {
        Some("overlapping")
    } else if host == other_host && ip.is_empty() != other_ip.is_empty() {
        Some("dangerously ambiguous")
    } else {
        None
    }
}

/// A port as Go prints a struct.
fn as_struct(port: &Value) -> String {
    format!(
        "{{Name:{} HostPort:{} ContainerPort:{} Protocol:{} HostIP:{}}}",
        port.text("name"),
        port.num("hostPort"),
        port.num("containerPort"),
        port.text("protocol"),
        port.text("hostIP")
    )
}
