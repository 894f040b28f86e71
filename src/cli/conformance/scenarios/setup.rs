//! The cluster that a recorded scenario begins with.

use super::Lab;
use super::play::Taken;
use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::{By, NodeSpec, WriteOptions};
use crate::kubernetes::objects::Calendar;
use crate::map;
use crate::reasons;
use crate::sim::{Span, Time};
use crate::text::{Map, Value};
use std::rc::Rc;

reasons! { "recorded":
    /// The recorded scenario begins with this.
    begins(),
}

/// Virtual time at which a scenario's clock shows 0. Ours: long enough for nodes and namespaces to settle; the half second
/// lets whole-second dates lie half a second early on average, as in the recordings.
pub const START: Time = Time(30_500_000);

/// Builds the cluster and plays it until the scenario's clock shows 0.
pub fn cluster(scenario: &Value, lab: Lab, taken: &Taken) -> Cluster {
    let mut calendar = Calendar::default();
    let began = taken.started.as_deref().and_then(|date| Calendar { epoch: 0, ..calendar }.read(date));
    if let Some(t) = began {
        calendar.epoch = t.as_secs() as i64 - START.as_secs() as i64;
    }
    let name = scenario.str_at(&["name"]).unwrap_or("scenario");
    // Each scenario has its own chance, and other ones for the asking.
    let first = 7u64.wrapping_add(taken.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let seed = name.bytes().fold(first, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b)));
    let mut cluster = Cluster::new(calendar, seed);
    cluster.api.bootstrap();
    // The recordings had no storage driver.
    cluster.scheduler.no_volumes_come();
    set_controller_flags(&mut cluster, scenario.str_at(&["controllerFlags"]).unwrap_or_default());
    if lab == Lab::Real {
        super::host::prepare(&mut cluster, scenario);
    }
    // The recordings' nodes were made just before the clock began, unless the scenario let them settle.
    let settle = scenario.int_at(&["settle"]).unwrap_or(1).max(0) as u64;
    cluster.run_until(Time(START.0 - settle * 1_000_000 - 500_000));
    for node in nodes(scenario, lab) {
        if lab == Lab::Fake && scenario.get("settle").is_none() {
            // The scenario before had nodes of these names, and the next began before they were missed.
            cluster.controllers.memory.nodes.familiar.insert(node.name.as_str().into());
        }
        cluster.api.add_node(&node, By::actor("kubelet", begins()));
    }
    for namespace in namespaces(scenario) {
        let tree = map! { "apiVersion" => "v1", "kind" => "Namespace", "metadata" => map! { "name" => namespace } };
        // A name that is taken or wrong shows in every later line.
        drop(cluster.api.create_tree(Value::Map(tree), By::actor("you", begins()), &WriteOptions::default()));
    }
    if lab == Lab::Real {
        super::host::load(&mut cluster);
    }
    cluster.run_until(START);
    cluster
}

/// The flags of the controller manager that recordings use.
fn set_controller_flags(cluster: &mut Cluster, flags: &str) {
    let grace = flags.split_whitespace().find_map(|f| f.strip_prefix("--node-monitor-grace-period="));
    if let Some(span) = grace.and_then(crate::scenario::parse_span) {
        cluster.controllers.memory.nodes.grace = span;
    }
}

/// The scenario's own namespace and those it lists.
pub fn namespaces(scenario: &Value) -> Vec<Rc<str>> {
    let own = scenario.str_at(&["name"]).into_iter();
    let more = scenario.list_at(&["namespaces"]).iter().filter_map(Value::as_str);
    own.chain(more).map(Rc::from).collect()
}

fn nodes(scenario: &Value, lab: Lab) -> Vec<NodeSpec> {
    if lab == Lab::Real {
        let machine = |name: &str| {
            let (cpu, memory, disk) = (2i64, "24684084Ki", "270553174016");
            // Source: recorded: what the eviction thresholds leave.
            let left = map! { "memory" => "24581684Ki", "ephemeral-storage" => "262436578977" };
            // Source: recorded; what would tell one machine from another was taken out there.
            let info = map! {
                "kernelVersion" => "6.18.44", "osImage" => "Debian GNU/Linux 12 (bookworm)", "machineID" => "<id>",
                "systemUUID" => "<id>", "bootID" => "<id>",
            };
            let pages = map! { "hugepages-1Gi" => "0", "hugepages-2Mi" => "0" };
            Value::Map(map! {
                "name" => name, "cpu" => cpu, "memory" => memory, "ephemeral" => disk, "extended" => pages,
                "allocatable" => left, "info" => info,
            })
        };
        let (big, mut other) = (machine("node-1"), machine("node-2"));
        let taint = map! { "key" => "example.com/lab", "value" => "true", "effect" => "NoSchedule" };
        other.set_at(&["taints"], vec![Value::Map(taint)]);
        return vec![node(&big, None, lab), node(&other, None, lab)];
    }
    if let Some(listed) = scenario.get("nodes") {
        if let Some(count) = listed.int_at(&["count"]) {
            let each = listed.get("each").cloned().unwrap_or_default();
            return (1..=count).map(|i| node(&each, Some(format!("node-{i}")), lab)).collect();
        }
        return listed.as_list().unwrap_or_default().iter().map(|n| node(n, None, lab)).collect();
    }
    let big = Value::Map(map! { "cpu" => 64i64, "memory" => "256Gi", "pods" => 1000i64 });
    (1..=4).map(|i| node(&big, Some(format!("shared-{i}")), lab)).collect()
}

/// One node as a scenario writes it.
pub fn node(tree: &Value, name: Option<String>, lab: Lab) -> NodeSpec {
    let text = |v: &Value| match v {
        Value::Int(n) => n.to_string(),
        Value::Float(f) => f.to_string(),
        v => v.as_str().unwrap_or_default().to_string(),
    };
    let pairs = |key: &str| -> Vec<(String, String)> {
        tree.get(key)
            .and_then(Value::as_map)
            .into_iter()
            .flat_map(Map::iter)
            .map(|(k, v)| (k.to_string(), text(v)))
            .collect()
    };
    let mut capacity = Vec::new();
    // Source: the recordings' defaults.
    for (key, resource, default) in [
        ("cpu", "cpu", "4"),
        ("ephemeral", "ephemeral-storage", "100Gi"),
        ("memory", "memory", "16Gi"),
        ("pods", "pods", "110"),
    ] {
        let amount = tree.get(key).map_or_else(|| default.to_string(), text);
        capacity.push((resource.to_string(), amount));
    }
    capacity.extend(pairs("extended"));
    let taint = |t: &Value| {
        let member = |key: &str| t.str_at(&[key]).unwrap_or_default().to_string();
        (member("key"), member("value"), member("effect"))
    };
    let mut annotations = Vec::new();
    if lab == Lab::Fake {
        annotations.push(("oracle.kwok/group".to_string(), tree.str_at(&["group"]).unwrap_or("a").to_string()));
    }
    NodeSpec {
        name: name.or_else(|| tree.str_at(&["name"]).map(str::to_string)).unwrap_or_default(),
        labels: pairs("labels"),
        annotations,
        taints: tree.list_at(&["taints"]).iter().map(taint).collect(),
        capacity,
        allocatable: pairs("allocatable"),
        manifests: Vec::new(),
        info: pairs("info"),
        unschedulable: tree.bool_at(&["unschedulable"]).unwrap_or(false),
        kubelet_version: "v1.37.2".into(),
    }
}

/// A moment as the scenario's clock shows it, in seconds.
pub fn clock(t: Time) -> f64 {
    let micros = t.0 as i64 - START.0 as i64;
    libm::round(micros as f64 / 1000.0) / 1000.0
}

/// A moment that the scenario's clock shows, from its seconds.
pub fn moment(seconds: f64) -> Time {
    START + Span(libm::round(seconds.max(0.0) * 1e6) as u64)
}
