//! What the versioned API fills in for pods and pod templates.
//! Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go; pkg/apis/core/v1/conversion.go.

use super::super::amount::Amount;
use super::super::view::{Fill, View};
use crate::text::{Map, Value};

/// A pod: what its template gets, and what only pods get.
pub fn pod(pod: &mut Value) {
    spec(pod.make("spec"));
    pod.inside("spec", |spec| {
        for list in ["containers", "initContainers"] {
            spec.each(list, |container| container.inside("resources", requests_from_limits));
        }
        spec.fill("enableServiceLinks", true);
        if spec.yes("hostNetwork") {
            for list in ["containers", "initContainers"] {
                spec.each(list, |container| {
                    container.each("ports", |port| {
                        let own = port.num("containerPort");
                        port.fill_zero("hostPort", own);
                    });
                });
            }
        }
    });
}

/// Requests that are not given are as high as the limits.
fn requests_from_limits(resources: &mut Value) {
    let Some(limits) = resources.of("limits").as_map().cloned() else { return };
    let requests = resources.make("requests");
    for (name, amount) in limits {
        requests.fill(&name, amount);
    }
}

/// A template: metadata and spec.
pub fn template(template: &mut Value) {
    spec(template.make("spec"));
}

/// A pod's spec, in pods and templates.
pub fn spec(spec: &mut Value) {
    spec.each("volumes", volume);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        spec.each(list, container);
    }
    round_resources(spec);
    spec.inside("overhead", round);
    spec.fill_zero("dnsPolicy", "ClusterFirst");
    spec.fill_zero("restartPolicy", "Always");
    spec.fill("securityContext", Map::new());
    spec.fill("terminationGracePeriodSeconds", 30i64);
    spec.fill_zero("schedulerName", "default-scheduler");
    let name = if spec.text("serviceAccountName").is_empty() { "serviceAccount" } else { "serviceAccountName" };
    let account = spec.text(name).to_owned();
    if !account.is_empty() {
        spec.make_map().set("serviceAccountName", account.as_str());
        spec.make_map().set("serviceAccount", account);
    }
}

fn container(container: &mut Value) {
    container.each("ports", |port| port.fill_zero("protocol", "TCP"));
    container.each("env", |env| {
        env.inside("valueFrom", |from| {
            from.inside("fieldRef", |field| field.fill_zero("apiVersion", "v1"));
            from.inside("fileKeyRef", |file| file.fill("optional", false));
        });
    });
    round_resources(container);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        container.inside(probe, self::probe);
    }
    container.inside("lifecycle", |lifecycle| {
        for hook in ["postStart", "preStop"] {
            lifecycle.inside(hook, |hook| hook.inside("httpGet", http_get));
        }
    });
    let policy = pull_policy(container.text("image"));
    container.fill_zero("imagePullPolicy", policy);
    container.fill_zero("terminationMessagePath", "/dev/termination-log");
    container.fill_zero("terminationMessagePolicy", "File");
}

/// Images that may change under their name are pulled each time; what is no image name is not.
/// Source: kubernetes v1.37 pkg/util/parsers/parsers.go, ParseImageName; github.com/distribution/reference.
fn pull_policy(image: &str) -> &'static str {
    match tag(image) {
        Some("latest") => "Always",
        _ => "IfNotPresent",
    }
}

/// The tag of an image; `latest` if it has neither tag nor digest, none if it is no image name.
fn tag(image: &str) -> Option<&str> {
    let (named, digest) = image.split_once('@').map_or((image, None), |(n, d)| (n, Some(d)));
    if digest.is_some_and(|d| !is_digest(d)) {
        return None;
    }
    let slash = named.rfind('/').map_or(0, |at| at + 1);
    let (path, tag) = match named[slash..].split_once(':') {
        Some((last, tag)) => (&named[..slash + last.len()], Some(tag)),
        None => (named, None),
    };
    let word = |t: &str| t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    if tag.is_some_and(|t| t.is_empty() || t.len() > 128 || !word(t) || t.starts_with(['.', '-'])) {
        return None;
    }
    let parts: Vec<&str> = path.split('/').collect();
    let first = parts[0];
    let named_host =
        first.contains(['.', ':']) || first == "localhost" || first.bytes().any(|b| b.is_ascii_uppercase());
    let host = parts.len() > 1 && named_host;
    let names = if host { &parts[1..] } else { &parts[..] };
    if (host && !is_host(first)) || !names.iter().all(|n| is_component(n)) {
        return None;
    }
    match (tag, digest) {
        (None, None) => Some("latest"),
        (tag, _) => tag,
    }
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    !algorithm.is_empty() && hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').map_or((host, None), |(n, p)| (n, Some(p)));
    let label = |l: &str| {
        !l.is_empty()
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.split('.').all(label) && port.is_none_or(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
}

/// Small letters and digits, parted by one dot, up to two underscores, or dashes.
fn is_component(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut between = String::new();
    for b in name.bytes() {
        if plain(b) {
            let parted = matches!(between.as_str(), "" | "." | "_" | "__") || between.bytes().all(|b| b == b'-');
            if !parted {
                return false;
            }
            between.clear();
        } else if matches!(b, b'.' | b'_' | b'-') {
            between.push(char::from(b));
        } else {
            return false;
        }
    }
    name.bytes().next().is_some_and(plain) && between.is_empty()
}

fn probe(probe: &mut Value) {
    probe.inside("httpGet", http_get);
    probe.inside("grpc", |grpc| grpc.fill("service", ""));
    for (name, value) in
        [("timeoutSeconds", 1i64), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
    {
        probe.fill_zero(name, value);
    }
}

fn http_get(get: &mut Value) {
    get.fill_zero("path", "/");
    get.fill_zero("scheme", "HTTP");
}

/// Amounts finer than a thousandth are rounded up to one.
fn round_resources(holder: &mut Value) {
    holder.inside("resources", |resources| {
        resources.inside("limits", round);
        resources.inside("requests", round);
    });
}

/// Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go, SetDefaults_ResourceList.
pub fn round(list: &mut Value) {
    let Value::Map(map) = list else { return };
    for (_, value) in map.iter_mut() {
        if let Some(amount) = value.as_str().and_then(|t| Amount::parse(t).ok()) {
            *value = Value::str(amount.rounded_to_milli().canonical());
        }
    }
}

fn volume(volume: &mut Value) {
    let Some(map) = volume.as_map() else { return };
    if !map.iter().any(|(k, v)| &**k != "name" && !v.is_null()) {
        volume.make_map().set("emptyDir", Map::new());
    }
    volume.inside("hostPath", |source| source.fill("type", ""));
    for name in ["secret", "configMap", "downwardAPI", "projected"] {
        volume.inside(name, |source| source.fill("defaultMode", 0o644i64));
    }
    volume.inside("downwardAPI", downward);
    volume.inside("projected", |projected| {
        projected.each("sources", |source| {
            source.inside("serviceAccountToken", |token| token.fill("expirationSeconds", 3600i64));
            source.inside("downwardAPI", downward);
        });
    });
    volume.inside("ephemeral", |ephemeral| ephemeral.inside("volumeClaimTemplate", |t| claim_spec(t.make("spec"))));
    volume.inside("image", |image| {
        let policy = pull_policy(image.text("reference"));
        image.fill_zero("pullPolicy", policy);
    });
    source(volume);
}

/// Volume sources of pods and of persistent volumes alike.
pub fn source(volume: &mut Value) {
    volume.inside("iscsi", |s| s.fill_zero("iscsiInterface", "default"));
    volume.inside("rbd", |s| {
        s.fill_zero("pool", "rbd");
        s.fill_zero("user", "admin");
        s.fill_zero("keyring", "/etc/ceph/keyring");
    });
    volume.inside("azureDisk", |s| {
        s.fill("cachingMode", "ReadWrite");
        s.fill("kind", "Shared");
        s.fill("fsType", "ext4");
        s.fill("readOnly", false);
    });
    volume.inside("scaleIO", |s| {
        s.fill_zero("storageMode", "ThinProvisioned");
        s.fill_zero("fsType", "xfs");
    });
}

fn downward(source: &mut Value) {
    source.each("items", |item| item.inside("fieldRef", |field| field.fill_zero("apiVersion", "v1")));
}

/// The spec of a claim.
pub fn claim_spec(spec: &mut Value) {
    spec.fill("volumeMode", "Filesystem");
    round_resources(spec);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_without_a_fixed_tag_are_pulled_each_time() {
        for image in ["nginx", "nginx:latest", "host:5000/nginx", "a/b:latest"] {
            assert_eq!(pull_policy(image), "Always", "{image}");
        }
        let digest = "nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        for image in ["nginx:1.27", "host:5000/nginx:1", digest, "<your>:latest", "REGION/Team/app:latest", "", "A"] {
            assert_eq!(pull_policy(image), "IfNotPresent", "{image}");
        }
    }
}
