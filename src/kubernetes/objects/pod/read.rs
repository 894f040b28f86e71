//! From the defaulted tree of a pod's wish to its row. Missing members read as their defaults, so that rows made in tests
//! from short trees behave as the API server's would.

use super::{
    Affinity, Container, ContainerPort, NodeRequirement, NodeTerm, PodSpec, PodTerm, Probe, PullPolicy, Requirements,
    RestartPolicy, SpreadConstraint, Toleration, Volume, effective,
};
use crate::kubernetes::objects::parts::{LabelSelector, ResourceList, Resources};
use crate::sim::Span;
use crate::text::{Value, Word};
use std::rc::Rc;

/// Source: kubernetes v1.37 pkg/apis/core/types.go, DefaultSchedulerName.
const DEFAULT_SCHEDULER: &str = "default-scheduler";
/// Seconds. Source: kubernetes v1.37 pkg/apis/core/types.go, DefaultTerminationGracePeriodSeconds.
const GRACE_DEFAULT: i64 = 30;

impl PodSpec {
    /// Reads a defaulted `spec`.
    pub fn read(tree: &Value) -> Self {
        let containers = |key: &str| tree.list_at(&[key]).iter().map(Container::read).collect::<Vec<_>>();
        let pairs = tree.get("nodeSelector").and_then(Value::as_map);
        let mut node_selector: Vec<(Rc<str>, Rc<str>)> =
            pairs.into_iter().flat_map(|m| m.iter()).map(|(k, v)| (k.clone(), text(v))).collect();
        node_selector.sort();
        let sums = effective::Sums::of(tree);
        let active = tree.int_at(&["activeDeadlineSeconds"]);
        PodSpec {
            init_containers: containers("initContainers"),
            containers: containers("containers"),
            node_selector,
            affinity: tree.get("affinity").and_then(Affinity::read).map(Box::new),
            tolerations: tree.list_at(&["tolerations"]).iter().map(Toleration::read).collect(),
            spread: tree.list_at(&["topologySpreadConstraints"]).iter().map(SpreadConstraint::read).collect(),
            gates: tree.list_at(&["schedulingGates"]).iter().map(|g| name(g, "name")).collect(),
            scheduler_name: match tree.str_at(&["schedulerName"]) {
                None | Some("" | DEFAULT_SCHEDULER) => Word::Fixed(DEFAULT_SCHEDULER),
                Some(other) => other.to_string().into(),
            },
            priority: tree.int_at(&["priority"]).unwrap_or(0) as i32,
            priority_class: word(tree, "priorityClassName"),
            never_preempts: tree.str_at(&["preemptionPolicy"]) == Some("Never"),
            overhead: tree.get("overhead").map(Resources::read).unwrap_or_default(),
            resources: tree.get("resources").map(Requirements::read).map(Box::new),
            requests: sums.requests.to_resources(),
            scoring_requests: sums.scoring.to_resources(),
            scoring_containers: sums.scoring_containers.to_resources(),
            limits: sums.limits.to_resources(),
            qos: effective::qos(tree),
            restart_policy: restart_policy(tree).unwrap_or_default(),
            grace: seconds(tree, "terminationGracePeriodSeconds", GRACE_DEFAULT),
            active_deadline: active.map(|s| Span::secs(s.max(0) as u64)),
            host_network: tree.bool_at(&["hostNetwork"]).unwrap_or(false),
            service_account: word(tree, "serviceAccountName"),
            volumes: tree.list_at(&["volumes"]).iter().map(Volume::read).collect(),
            hostname: word(tree, "hostname"),
            subdomain: word(tree, "subdomain"),
            readiness_gates: tree.list_at(&["readinessGates"]).iter().map(|g| name(g, "conditionType")).collect(),
            hash: content_hash(tree),
            tree: tree.clone(),
        }
    }
}

impl Container {
    fn read(tree: &Value) -> Self {
        let probe = |key: &str| tree.get(key).filter(|p| p.as_map().is_some()).map(Probe::read).map(Box::new);
        let image = tree.str_at(&["image"]).unwrap_or_default();
        let env = tree.list_at(&["env"]).iter().filter(|e| e.get("valueFrom").is_none());
        Container {
            name: name(tree, "name"),
            image: image.into(),
            pull_policy: match tree.str_at(&["imagePullPolicy"]) {
                Some("Always") => PullPolicy::Always,
                Some("Never") => PullPolicy::Never,
                Some(_) => PullPolicy::IfNotPresent,
                None => default_pull_policy(image),
            },
            resources: tree.get("resources").map(Requirements::read).unwrap_or_default(),
            ports: tree.list_at(&["ports"]).iter().map(ContainerPort::read).collect(),
            restart_policy: restart_policy(tree),
            startup_probe: probe("startupProbe"),
            liveness_probe: probe("livenessProbe"),
            readiness_probe: probe("readinessProbe"),
            post_start: tree.at(&["lifecycle", "postStart"]).cloned(),
            pre_stop: tree.at(&["lifecycle", "preStop"]).cloned(),
            command: texts(tree, "command"),
            args: texts(tree, "args"),
            env: env.map(|e| (name(e, "name"), name(e, "value"))).collect(),
        }
    }
    /// Whether an init container keeps running beside the main ones.
    pub fn is_sidecar(&self) -> bool {
        self.restart_policy == Some(RestartPolicy::Always)
    }
}

/// `Always` when the tag is `latest` or missing. Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go, SetDefaults_Container.
fn default_pull_policy(image: &str) -> PullPolicy {
    let last = image.rsplit('/').next().unwrap_or_default();
    let tagged = last.split_once(':').is_some_and(|(_, tag)| tag != "latest");
    if tagged || last.contains('@') { PullPolicy::IfNotPresent } else { PullPolicy::Always }
}

impl Requirements {
    fn read(tree: &Value) -> Self {
        let list = |key: &str| tree.get(key).map(ResourceList::read).unwrap_or_default().to_resources();
        Requirements { requests: list("requests"), limits: list("limits") }
    }
}

impl ContainerPort {
    fn read(tree: &Value) -> Self {
        let port = |key: &str| tree.int_at(&[key]).and_then(|p| u16::try_from(p).ok()).unwrap_or(0);
        ContainerPort {
            name: name(tree, "name"),
            port: port("containerPort"),
            host_port: port("hostPort"),
            host_ip: name(tree, "hostIP"),
            protocol: match tree.str_at(&["protocol"]) {
                None | Some("" | "TCP") => "TCP".into(),
                Some("UDP") => "UDP".into(),
                Some(other) => other.to_string().into(),
            },
        }
    }
}

impl Probe {
    /// Source of the defaults: kubernetes v1.37 pkg/apis/core/v1/defaults.go, SetDefaults_Probe.
    fn read(tree: &Value) -> Self {
        const KINDS: [&str; 4] = ["httpGet", "tcpSocket", "exec", "grpc"];
        let kind = KINDS.into_iter().find(|k| tree.get(k).is_some_and(|h| !h.is_null())).unwrap_or_default();
        let count = |key: &str, default: i64| tree.int_at(&[key]).filter(|n| *n != 0).unwrap_or(default).max(0) as u32;
        let grace = tree.int_at(&["terminationGracePeriodSeconds"]);
        Probe {
            kind: kind.into(),
            handler: tree.get(kind).cloned().unwrap_or_default(),
            initial_delay: seconds(tree, "initialDelaySeconds", 0),
            period: Span::secs(u64::from(count("periodSeconds", 10))),
            timeout: Span::secs(u64::from(count("timeoutSeconds", 1))),
            success: count("successThreshold", 1),
            failure: count("failureThreshold", 3),
            grace: grace.map(|s| Span::secs(s.max(0) as u64)),
        }
    }
}

impl Volume {
    fn read(tree: &Value) -> Self {
        let members = tree.as_map().into_iter().flat_map(|m| m.iter());
        let source = members.filter(|(k, v)| &***k != "name" && !v.is_null()).map(|(k, v)| (k.clone(), v)).next();
        let Some((kind, inner)) = source else {
            return Volume { name: name(tree, "name"), kind: "emptyDir".into(), ..Volume::default() };
        };
        let refers = ["name", "secretName", "claimName"].into_iter().find_map(|key| inner.str_at(&[key]));
        Volume {
            name: name(tree, "name"),
            kind: kind.into(),
            refers_to: refers.unwrap_or_default().to_string().into(),
            optional: inner.bool_at(&["optional"]).unwrap_or(false),
        }
    }
}

impl Toleration {
    /// Reads one toleration.
    pub fn read(tree: &Value) -> Self {
        Toleration {
            key: name(tree, "key"),
            operator: match tree.str_at(&["operator"]) {
                None | Some("" | "Equal") => "Equal".into(),
                Some("Exists") => "Exists".into(),
                Some(other) => other.to_string().into(),
            },
            value: name(tree, "value"),
            effect: word(tree, "effect"),
            seconds: tree.int_at(&["tolerationSeconds"]),
        }
    }
}

impl Affinity {
    fn read(tree: &Value) -> Option<Self> {
        tree.as_map()?;
        const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
        const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
        let weight = |p: &Value| p.int_at(&["weight"]).unwrap_or(0);
        let pod_required = |kind: &str| tree.list_at(&[kind, REQUIRED]).iter().map(PodTerm::read).collect();
        let pod_preferred = |kind: &str| {
            let each = |p: &Value| Some((weight(p), PodTerm::read(p.get("podAffinityTerm")?)));
            tree.list_at(&[kind, PREFERRED]).iter().filter_map(each).collect()
        };
        let required = tree.at(&["nodeAffinity", REQUIRED]).filter(|r| r.as_map().is_some());
        let each = |p: &Value| Some((weight(p), NodeTerm::read(p.get("preference")?)));
        Some(Affinity {
            node_required: required.map(|r| r.list_at(&["nodeSelectorTerms"]).iter().map(NodeTerm::read).collect()),
            node_preferred: tree.list_at(&["nodeAffinity", PREFERRED]).iter().filter_map(each).collect(),
            pod_required: pod_required("podAffinity"),
            pod_preferred: pod_preferred("podAffinity"),
            anti_required: pod_required("podAntiAffinity"),
            anti_preferred: pod_preferred("podAntiAffinity"),
        })
    }
}

impl NodeTerm {
    /// Reads one `nodeSelectorTerm`.
    pub fn read(tree: &Value) -> Self {
        let list = |key: &str| tree.list_at(&[key]).iter().map(NodeRequirement::read).collect();
        NodeTerm { expressions: list("matchExpressions"), fields: list("matchFields") }
    }
}

impl NodeRequirement {
    fn read(tree: &Value) -> Self {
        NodeRequirement { key: name(tree, "key"), operator: word(tree, "operator"), values: texts(tree, "values") }
    }
}

impl PodTerm {
    fn read(tree: &Value) -> Self {
        let selector = |key: &str| tree.get(key).filter(|s| s.as_map().is_some()).map(LabelSelector::read);
        PodTerm {
            selector: selector("labelSelector"),
            namespaces: texts(tree, "namespaces"),
            namespace_selector: selector("namespaceSelector"),
            topology_key: name(tree, "topologyKey"),
            match_label_keys: texts(tree, "matchLabelKeys"),
            mismatch_label_keys: texts(tree, "mismatchLabelKeys"),
        }
    }
}

impl SpreadConstraint {
    fn read(tree: &Value) -> Self {
        SpreadConstraint {
            max_skew: tree.int_at(&["maxSkew"]).unwrap_or(1) as i32,
            topology_key: name(tree, "topologyKey"),
            hard: tree.str_at(&["whenUnsatisfiable"]) != Some("ScheduleAnyway"),
            selector: tree.get("labelSelector").filter(|s| s.as_map().is_some()).map(LabelSelector::read),
            min_domains: tree.int_at(&["minDomains"]).map(|n| n as i32),
            honor_affinity: tree.str_at(&["nodeAffinityPolicy"]) != Some("Ignore"),
            honor_taints: tree.str_at(&["nodeTaintsPolicy"]) == Some("Honor"),
            match_label_keys: texts(tree, "matchLabelKeys"),
        }
    }
}

fn restart_policy(tree: &Value) -> Option<RestartPolicy> {
    match tree.str_at(&["restartPolicy"])? {
        "Always" => Some(RestartPolicy::Always),
        "OnFailure" => Some(RestartPolicy::OnFailure),
        "Never" => Some(RestartPolicy::Never),
        _ => None,
    }
}

fn seconds(tree: &Value, key: &str, default: i64) -> Span {
    Span::secs(tree.int_at(&[key]).unwrap_or(default).max(0) as u64)
}

fn name(tree: &Value, key: &str) -> Rc<str> {
    tree.get(key).map(text).unwrap_or_default()
}

fn text(value: &Value) -> Rc<str> {
    match value {
        Value::Str(s) => s.clone(),
        _ => Rc::default(),
    }
}

fn word(tree: &Value, key: &str) -> Word {
    match tree.get(key) {
        Some(Value::Str(s)) if !s.is_empty() => Word::from(s),
        _ => Word::EMPTY,
    }
}

fn texts(tree: &Value, key: &str) -> Vec<Rc<str>> {
    tree.list_at(&[key]).iter().map(text).collect()
}

/// A hash of the content (FNV-1a over the members by name): the same on every platform and in every run. Ours.
pub(super) fn content_hash(tree: &Value) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    feed(&mut hash, tree);
    hash
}

fn feed(hash: &mut u64, value: &Value) {
    let mut bytes = |kind: u8, bytes: &[u8]| {
        let length = (bytes.len() as u64).to_le_bytes();
        for b in [kind].iter().chain(&length).chain(bytes) {
            *hash = (*hash ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3);
        }
    };
    match value {
        Value::Null => bytes(0, &[]),
        Value::Bool(b) => bytes(1, &[u8::from(*b)]),
        Value::Int(i) => bytes(2, &i.to_le_bytes()),
        Value::Float(f) => bytes(3, &f.to_bits().to_le_bytes()),
        Value::Str(s) => bytes(4, s.as_bytes()),
        Value::List(items) => {
            bytes(5, &(items.len() as u64).to_le_bytes());
            items.iter().for_each(|item| feed(hash, item));
        }
        Value::Map(members) => {
            bytes(6, &(members.len() as u64).to_le_bytes());
            for (key, value) in members.sorted() {
                feed(hash, &Value::Str(key.clone()));
                feed(hash, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map;

    #[test]
    fn missing_members_read_as_their_defaults() {
        let containers = vec![Value::Map(map! { "name" => "a", "image" => "host:5000/nginx" })];
        let spec = PodSpec::read(&Value::Map(map! { "containers" => containers }));
        assert_eq!(spec.scheduler_name, "default-scheduler");
        assert_eq!(spec.grace, Span::secs(30));
        assert_eq!(spec.containers[0].pull_policy, PullPolicy::Always);
        assert_eq!((spec.scoring_requests.cpu, spec.requests.cpu), (100, 0));
    }

    #[test]
    fn the_hash_does_not_depend_on_the_order_of_members() {
        let one = Value::Map(map! { "a" => 1i64, "b" => "x" });
        let other = Value::Map(map! { "b" => "x", "a" => 1i64 });
        let third = Value::Map(map! { "b" => "y", "a" => 1i64 });
        assert_eq!(content_hash(&one), content_hash(&other));
        assert_ne!(content_hash(&one), content_hash(&third));
    }
}
