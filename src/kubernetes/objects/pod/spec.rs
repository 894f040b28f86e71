//! The typed row of a pod's wish: what scheduler, kubelet and controllers read. The tree it was read from is kept beside it,
//! so nothing a person wrote is lost. Pods of one template share one.

use crate::kubernetes::objects::parts::{LabelSelector, Resources};
use crate::sim::Span;
use crate::text::{Value, Word};
use std::rc::Rc;

/// `spec` of a pod, defaulted and admitted, without `nodeName`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodSpec {
    /// The whole tree, defaulted, without `nodeName`.
    pub tree: Value,
    /// Init containers, sidecars among them.
    pub init_containers: Vec<Container>,
    /// Main containers.
    pub containers: Vec<Container>,
    /// `nodeSelector`.
    pub node_selector: Vec<(Rc<str>, Rc<str>)>,
    /// `affinity`, when there is one.
    pub affinity: Option<Box<Affinity>>,
    /// Tolerations.
    pub tolerations: Vec<Toleration>,
    /// `topologySpreadConstraints`.
    pub spread: Vec<SpreadConstraint>,
    /// Names of `schedulingGates`.
    pub gates: Vec<Rc<str>>,
    /// `schedulerName`.
    pub scheduler_name: Word,
    /// `priority` as admitted.
    pub priority: i32,
    /// `priorityClassName`.
    pub priority_class: Word,
    /// `preemptionPolicy: Never`.
    pub never_preempts: bool,
    /// `overhead`.
    pub overhead: Resources,
    /// Pod-level `resources`, when there are some.
    pub resources: Option<Box<Requirements>>,
    /// What the scheduler counts: the effective request of the whole pod.
    /// Source: kubernetes v1.37 component-helpers/resource/helpers.go, PodRequests.
    pub requests: Resources,
    /// The same with 100m and 200Mi for containers without a request, for scoring only.
    pub scoring_requests: Resources,
    /// The same without pod-level resources: what the emptiness score counts for a pod that is still to be placed.
    /// Source: kubernetes v1.37 pkg/scheduler/framework/plugins/noderesources/fit.go, where they are not switched on.
    pub scoring_containers: Resources,
    /// Effective limits of the whole pod.
    pub limits: Resources,
    /// QoS class.
    pub qos: Qos,
    /// `restartPolicy`.
    pub restart_policy: RestartPolicy,
    /// `terminationGracePeriodSeconds`.
    pub grace: Span,
    /// `activeDeadlineSeconds`.
    pub active_deadline: Option<Span>,
    /// `hostNetwork`.
    pub host_network: bool,
    /// `serviceAccountName`.
    pub service_account: Word,
    /// `volumes`: what the scheduler and the kubelet need of them.
    pub volumes: Vec<Volume>,
    /// `hostname` and `subdomain`.
    pub hostname: Word,
    /// See `hostname`.
    pub subdomain: Word,
    /// `readinessGates`.
    pub readiness_gates: Vec<Rc<str>>,
    /// Hash of the tree: alike pods have equal ones.
    pub hash: u64,
}

/// A container of the template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Name.
    pub name: Rc<str>,
    /// Image as written.
    pub image: Rc<str>,
    /// `imagePullPolicy`.
    pub pull_policy: PullPolicy,
    /// Requests and limits.
    pub resources: Requirements,
    /// Ports.
    pub ports: Vec<ContainerPort>,
    /// `restartPolicy` of an init container or of a container with rules.
    pub restart_policy: Option<RestartPolicy>,
    /// `startupProbe`.
    pub startup_probe: Option<Box<Probe>>,
    /// `livenessProbe`.
    pub liveness_probe: Option<Box<Probe>>,
    /// `readinessProbe`.
    pub readiness_probe: Option<Box<Probe>>,
    /// `lifecycle.postStart`, `lifecycle.preStop` as written.
    pub post_start: Option<Value>,
    /// See `post_start`.
    pub pre_stop: Option<Value>,
    /// `command` and `args` as written.
    pub command: Vec<Rc<str>>,
    /// See `command`.
    pub args: Vec<Rc<str>>,
    /// Plain `env` values: (name, value).
    pub env: Vec<(Rc<str>, Rc<str>)>,
}

/// Requests and limits of a container or pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// `requests`
    pub requests: Resources,
    /// `limits`
    pub limits: Resources,
}

/// A port of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ContainerPort {
    /// Name, may be empty.
    pub name: Rc<str>,
    /// `containerPort`
    pub port: u16,
    /// `hostPort`, 0 for none.
    pub host_port: u16,
    /// `hostIP`
    pub host_ip: Rc<str>,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Word,
}

/// A probe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// `httpGet`, `tcpSocket`, `exec` or `grpc`.
    pub kind: Word,
    /// The handler as written.
    pub handler: Value,
    /// `initialDelaySeconds`
    pub initial_delay: Span,
    /// `periodSeconds`
    pub period: Span,
    /// `timeoutSeconds`
    pub timeout: Span,
    /// `successThreshold`
    pub success: u32,
    /// `failureThreshold`
    pub failure: u32,
    /// `terminationGracePeriodSeconds`
    pub grace: Option<Span>,
}

/// A volume of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Name.
    pub name: Rc<str>,
    /// The member that says what it is: `configMap`, `emptyDir`, `persistentVolumeClaim` …
    pub kind: Word,
    /// Name of the thing it refers to, if any.
    pub refers_to: Word,
    /// Whether a missing thing is no error.
    pub optional: bool,
}

/// `imagePullPolicy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum PullPolicy {
    Always,
    #[default]
    IfNotPresent,
    Never,
}

/// `restartPolicy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum RestartPolicy {
    #[default]
    Always,
    OnFailure,
    Never,
}

/// Quality of service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Qos {
    Guaranteed,
    Burstable,
    #[default]
    BestEffort,
}

impl Qos {
    /// As in `status.qosClass`.
    pub const fn word(self) -> &'static str {
        match self {
            Qos::Guaranteed => "Guaranteed",
            Qos::Burstable => "Burstable",
            Qos::BestEffort => "BestEffort",
        }
    }
}

/// A toleration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Toleration {
    /// Key; empty with `Exists` tolerates everything.
    pub key: Rc<str>,
    /// `Exists`, `Equal`, `Lt` or `Gt`.
    pub operator: Word,
    /// Value.
    pub value: Rc<str>,
    /// Effect; empty means any.
    pub effect: Word,
    /// `tolerationSeconds`
    pub seconds: Option<i64>,
}

/// `affinity`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affinity {
    /// Required node terms (any of them); `None` when there is no requirement.
    pub node_required: Option<Vec<NodeTerm>>,
    /// Preferred node terms with their weights.
    pub node_preferred: Vec<(i64, NodeTerm)>,
    /// Required pod affinity.
    pub pod_required: Vec<PodTerm>,
    /// Preferred pod affinity.
    pub pod_preferred: Vec<(i64, PodTerm)>,
    /// Required pod anti-affinity.
    pub anti_required: Vec<PodTerm>,
    /// Preferred pod anti-affinity.
    pub anti_preferred: Vec<(i64, PodTerm)>,
}

/// One `nodeSelectorTerm`: all its parts must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NodeTerm {
    /// `matchExpressions`
    pub expressions: Vec<NodeRequirement>,
    /// `matchFields`
    pub fields: Vec<NodeRequirement>,
}

/// One requirement on a node's labels or fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NodeRequirement {
    /// Key.
    pub key: Rc<str>,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt`, `Lt`.
    pub operator: Word,
    /// Values.
    pub values: Vec<Rc<str>>,
}

/// One pod affinity term.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodTerm {
    /// Which pods; `None` matches nothing.
    pub selector: Option<LabelSelector>,
    /// In which namespaces, by name; empty with no namespace selector means the pod's own.
    pub namespaces: Vec<Rc<str>>,
    /// In which namespaces, by label.
    pub namespace_selector: Option<LabelSelector>,
    /// `topologyKey`
    pub topology_key: Rc<str>,
    /// `matchLabelKeys`, already merged into the selector on create.
    pub match_label_keys: Vec<Rc<str>>,
    /// `mismatchLabelKeys`
    pub mismatch_label_keys: Vec<Rc<str>>,
}

/// One `topologySpreadConstraint`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpreadConstraint {
    /// `maxSkew`
    pub max_skew: i32,
    /// `topologyKey`
    pub topology_key: Rc<str>,
    /// Whether `DoNotSchedule`, else `ScheduleAnyway`.
    pub hard: bool,
    /// `labelSelector`
    pub selector: Option<LabelSelector>,
    /// `minDomains`
    pub min_domains: Option<i32>,
    /// `nodeAffinityPolicy: Honor` (the default).
    pub honor_affinity: bool,
    /// `nodeTaintsPolicy: Honor` (default Ignore).
    pub honor_taints: bool,
    /// `matchLabelKeys`
    pub match_label_keys: Vec<Rc<str>>,
}
