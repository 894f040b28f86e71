//! What a whole pod asks for: containers, sidecars, init containers, pod-level resources and overhead in one sum, and the
//! quality-of-service class that follows.
//! Source: kubernetes v1.37 component-helpers/resource/helpers.go, PodRequests, PodLimits; pkg/apis/core/v1/helper/qos/qos.go, ComputePodQOS.

use super::Qos;
use crate::kubernetes::objects::parts::quantity::Format;
use crate::kubernetes::objects::parts::{Quantity, ResourceList};
use crate::text::Value;

/// CPU that scoring assumes for a container without a request, in thousandths of a core.
/// Source: kubernetes v1.37 pkg/scheduler/util/pod_resources.go, DefaultMilliCPURequest.
const SCORING_CPU: i64 = 100;
/// Memory likewise, in bytes. Source: same file, DefaultMemoryRequest.
const SCORING_MEMORY: i64 = 200 << 20;

/// The sums of one pod.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// Effective requests.
    pub requests: ResourceList,
    /// The same with assumed amounts for containers that ask for none.
    pub scoring: ResourceList,
    /// The same without pod-level resources: what scoring counts for a pod that is still to be placed.
    pub scoring_containers: ResourceList,
    /// Effective limits.
    pub limits: ResourceList,
}

impl Sums {
    /// The sums of a defaulted `spec`.
    pub fn of(spec: &Value) -> Self {
        let overhead = spec.get("overhead").map(ResourceList::read).unwrap_or_default();
        let pod_requests = spec.at(&["resources", "requests"]).map(ResourceList::read).unwrap_or_default();
        let pod_limits = spec.at(&["resources", "limits"]).map(ResourceList::read).unwrap_or_default();
        let with_overhead = |assumed: bool, pod_level: bool| {
            let mut list = of_containers(spec, "requests", assumed);
            if pod_level {
                apply_pod_level(&mut list, &pod_requests);
            }
            list.add(&overhead);
            list
        };
        let mut limits = of_containers(spec, "limits", false);
        apply_pod_level(&mut limits, &pod_limits);
        for (name, amount) in overhead.iter() {
            if let Some(mut limit) = limits.get(name).filter(|l| !l.is_zero()).cloned() {
                limit.add(amount);
                limits.set(name, limit);
            }
        }
        Sums {
            requests: with_overhead(false, true),
            scoring: with_overhead(true, true),
            scoring_containers: with_overhead(true, false),
            limits,
        }
    }
}

/// Whether a resource can be named at pod level.
/// Source: kubernetes v1.37 component-helpers/resource/helpers.go, IsSupportedPodLevelResource.
pub fn at_pod_level(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || name.starts_with("hugepages-")
}

fn apply_pod_level(list: &mut ResourceList, pod: &ResourceList) {
    for (name, amount) in pod.iter().filter(|(name, _)| at_pod_level(name)) {
        list.set(name, amount.clone());
    }
}

/// The most that main containers, or any init container with the sidecars before it, need at one moment.
/// Source: same file, aggregateContainerResourcesByFn.
pub fn of_containers(spec: &Value, what: &str, assumed: bool) -> ResourceList {
    let of_one = |container: &Value| {
        let mut list = container.at(&["resources", what]).map(ResourceList::read).unwrap_or_default();
        if assumed {
            let cpu = Quantity::milli(SCORING_CPU, Format::DecimalSI);
            let memory = Quantity::new(SCORING_MEMORY, Format::BinarySI);
            for (name, amount) in [("cpu", cpu), ("memory", memory)] {
                if list.get(name).is_none() {
                    list.set(name, amount);
                }
            }
        }
        list
    };
    let mut sum = ResourceList::default();
    for container in spec.list_at(&["containers"]) {
        sum.add(&of_one(container));
    }
    let (mut sidecars, mut peak) = (ResourceList::default(), ResourceList::default());
    for container in spec.list_at(&["initContainers"]) {
        let mut list = of_one(container);
        if container.str_at(&["restartPolicy"]) == Some("Always") {
            sum.add(&list);
            sidecars.add(&list);
            peak.raise_to(&sidecars);
        } else {
            list.add(&sidecars);
            peak.raise_to(&list);
        }
    }
    sum.raise_to(&peak);
    sum
}

/// The quality-of-service class of a defaulted `spec`.
pub fn qos(spec: &Value) -> Qos {
    let mut requests = Computed::default();
    let mut limits = Computed::default();
    let mut guaranteed = true;
    let pod_level = spec.get("resources").filter(|r| {
        let named =
            |key: &str| r.get(key).and_then(Value::as_map).is_some_and(|m| m.iter().any(|(n, _)| at_pod_level(n)));
        named("requests") || named("limits")
    });
    let containers = spec.list_at(&["containers"]).iter().chain(spec.list_at(&["initContainers"]));
    let units: Vec<Option<&Value>> = match pod_level {
        Some(resources) => vec![Some(resources)],
        None => containers.map(|c| c.get("resources")).collect(),
    };
    for unit in units {
        let list = |key: &str| unit.and_then(|u| u.get(key)).map(ResourceList::read).unwrap_or_default();
        requests.add(&list("requests"));
        guaranteed &= limits.add(&list("limits"));
    }
    if requests.is_empty() && limits.is_empty() {
        return Qos::BestEffort;
    }
    if guaranteed && requests.equals(&limits) { Qos::Guaranteed } else { Qos::Burstable }
}

/// The two resources that decide the class, summed where they are above zero.
#[derive(Default)]
struct Computed {
    cpu: Option<Quantity>,
    memory: Option<Quantity>,
}

impl Computed {
    /// Adds a list; tells whether it names both.
    fn add(&mut self, list: &ResourceList) -> bool {
        let mut both = true;
        for (name, sum) in [("cpu", &mut self.cpu), ("memory", &mut self.memory)] {
            match (list.get(name).filter(|a| a.sign() > 0), &mut *sum) {
                (Some(amount), Some(sum)) => sum.add(amount),
                (Some(amount), None) => *sum = Some(amount.clone()),
                (None, _) => both = false,
            }
        }
        both
    }
    fn is_empty(&self) -> bool {
        self.cpu.is_none() && self.memory.is_none()
    }
    fn equals(&self, other: &Computed) -> bool {
        let same = |a: &Option<Quantity>, b: &Option<Quantity>| match (a, b) {
            (Some(a), Some(b)) => a.compare(b).is_eq(),
            (None, None) => true,
            _ => false,
        };
        same(&self.cpu, &other.cpu) && same(&self.memory, &other.memory)
    }
}
