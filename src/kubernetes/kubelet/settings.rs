//! What the kubelets of a cluster are told: the members of their configuration that act here.
//! Source: kubernetes v1.37 kubelet/config/v1beta1/types.go, KubeletConfiguration; pkg/kubelet/apis/config/v1beta1/defaults.go.

use super::restart::BACKOFF_MAX;
use crate::kubernetes::objects::parts::quantity::Quantity;
use crate::map;
use crate::sim::Span;
use crate::text::{Map, Value};

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
    /// `evictionHard`, `memory.available`.
    pub memory_least: Least,
    /// `evictionHard`, `nodefs.available`.
    pub disk_least: Least,
    /// `evictionPressureTransitionPeriod`: how long a condition holds on after it was last met.
    pub pressure_holds: Span,
}

/// How much must be available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    /// So many bytes.
    Bytes(i64),
    /// So many hundredths of what there is.
    Percent(i64),
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
            // Source: kubernetes v1.37 pkg/kubelet/apis/config/v1beta1/defaults_linux.go, DefaultEvictionHard.
            memory_least: Least::Bytes(100 << 20),
            disk_least: Least::Percent(10),
            // Source: defaults.go, EvictionPressureTransitionPeriod.
            pressure_holds: Span::secs(300),
        }
    }
}

impl Settings {
    /// Takes over the members of a `KubeletConfiguration` that act here; tells the names of those that do not.
    pub fn take(&mut self, tree: &Value) -> Vec<String> {
        let span = |path: &[&str]| tree.str_at(path).and_then(Span::read);
        let mut kept = Vec::new();
        for (key, value) in tree.as_map().into_iter().flat_map(Map::iter) {
            match &**key {
                "crashLoopBackOff" => {
                    let max = span(&["crashLoopBackOff", "maxContainerRestartPeriod"]);
                    self.restart_pause_max = max.unwrap_or(self.restart_pause_max);
                }
                "serializeImagePulls" => {
                    self.one_pull_at_a_time = *value != Value::Bool(false);
                }
                "shutdownGracePeriod" => self.shutdown_grace = span(&[key]).unwrap_or_default(),
                "shutdownGracePeriodCriticalPods" => self.shutdown_grace_critical = span(&[key]).unwrap_or_default(),
                "evictionPressureTransitionPeriod" => {
                    self.pressure_holds = span(&[key]).unwrap_or(self.pressure_holds);
                }
                "evictionHard" => {
                    let least = |name: &str| value.str_at(&[name]).and_then(Least::read);
                    self.memory_least = least("memory.available").unwrap_or(self.memory_least);
                    self.disk_least = least("nodefs.available").unwrap_or(self.disk_least);
                }
                "apiVersion" | "kind" => {}
                other => kept.push(other.to_string()),
            }
        }
        kept
    }
    /// As `configz` shows it, with the defaults that hold here.
    pub fn tree(&self, address: &str) -> Value {
        let time = |span: Span| crate::text::go::duration_of_micros(span.0);
        let hard = map! {
            "imagefs.available" => "15%", "imagefs.inodesFree" => "5%", "memory.available" => self.memory_least.text(),
            "nodefs.available" => self.disk_least.text(), "nodefs.inodesFree" => "5%",
        };
        let config = map! {
            "kind" => "KubeletConfiguration", "apiVersion" => "kubelet.config.k8s.io/v1beta1", "enableServer" => true,
            "staticPodPath" => "/etc/kubernetes/manifests", "podLogsDir" => "/var/log/pods", "syncFrequency" => "1m0s",
            "fileCheckFrequency" => "20s", "httpCheckFrequency" => "20s", "address" => address, "port" => 10_250,
            "registryPullQPS" => 5, "registryBurst" => 10, "eventRecordQPS" => 50, "eventBurst" => 100,
            "healthzPort" => 10_248, "healthzBindAddress" => "127.0.0.1", "clusterDomain" => "cluster.local",
            "clusterDNS" => vec![Value::from("10.96.0.10")], "nodeStatusUpdateFrequency" => "10s",
            "nodeStatusReportFrequency" => "5m0s", "nodeLeaseDurationSeconds" => 40, "cgroupDriver" => "systemd",
            "maxPods" => 110, "nodeStatusMaxImages" => 50, "kubeAPIQPS" => 50, "kubeAPIBurst" => 100,
            "serializeImagePulls" => self.one_pull_at_a_time, "evictionHard" => hard,
            "evictionPressureTransitionPeriod" => time(self.pressure_holds),
            "shutdownGracePeriod" => time(self.shutdown_grace),
            "shutdownGracePeriodCriticalPods" => time(self.shutdown_grace_critical),
            "crashLoopBackOff" => map! { "maxContainerRestartPeriod" => time(self.restart_pause_max) },
            "registerNode" => true,
        };
        Value::Map(map! { "kubeletconfig" => config })
    }
}

impl Least {
    /// `100Mi`, `10%`.
    pub fn read(text: &str) -> Option<Least> {
        match text.strip_suffix('%') {
            Some(share) => share.parse::<i64>().ok().filter(|s| (0..=100).contains(s)).map(Least::Percent),
            None => Quantity::read(&Value::from(text)).ok().map(|q| Least::Bytes(q.value())),
        }
    }
    /// In bytes, of so many.
    pub fn of(self, all: i64) -> i64 {
        match self {
            Least::Bytes(bytes) => bytes,
            Least::Percent(share) => all / 100 * share,
        }
    }
    fn text(self) -> String {
        match self {
            Least::Bytes(bytes) => super::pressure::bytes(bytes),
            Least::Percent(share) => format!("{share}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::yaml;

    #[test]
    fn a_configuration_is_taken_over_and_what_does_not_act_is_named() {
        let text = "shutdownGracePeriod: 30s\nshutdownGracePeriodCriticalPods: 10s\nmaxPods: 5\n\
                    evictionHard: {memory.available: 1Gi, nodefs.available: '3%'}\n";
        let (documents, _) = yaml::read("kubelet.yaml", text);
        let mut settings = Settings::default();
        assert_eq!(settings.take(&documents[0].node.to_value()), ["maxPods"]);
        assert_eq!((settings.shutdown_grace, settings.shutdown_grace_critical), (Span::secs(30), Span::secs(10)));
        assert_eq!((settings.memory_least.of(0), settings.disk_least.of(1000)), (1 << 30, 30));
        let tree = settings.tree("192.0.2.1");
        assert_eq!(tree.str_at(&["kubeletconfig", "evictionHard", "memory.available"]), Some("1Gi"));
        assert_eq!(tree.str_at(&["kubeletconfig", "shutdownGracePeriod"]), Some("30s"));
    }
}
