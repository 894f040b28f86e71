//! What the kubelets of a cluster are told: the members of their configuration that act here.
//! Source: kubernetes v1.37 kubelet/config/v1beta1/types.go, KubeletConfiguration; pkg/kubelet/apis/config/v1beta1/defaults.go.

use super::restart::BACKOFF_MAX;
use crate::sim::Span;

/// The configuration of all kubelets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether each node gets a range of pod addresses (`--allocate-node-cidrs`).
    pub pod_ranges: bool,
    /// Whether the machines still have version 1 of control groups, of which a kubelet warns at each start.
    pub cgroup_v1: bool,
    /// `crashLoopBackOff.maxContainerRestartPeriod`.
    pub restart_pause_max: Span,
    /// `serializeImagePulls`.
    pub one_pull_at_a_time: bool,
    /// `shutdownGracePeriod`: how long a machine waits for its pods when it is shut down.
    pub shutdown_grace: Span,
    /// `shutdownGracePeriodCriticalPods`: the part of it that is kept for critical pods.
    pub shutdown_grace_critical: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            pod_ranges: true,
            cgroup_v1: false,
            restart_pause_max: BACKOFF_MAX,
            one_pull_at_a_time: true,
            shutdown_grace: Span::ZERO,
            shutdown_grace_critical: Span::ZERO,
        }
    }
}
