//! Rows of nodes, namespaces, events and what pods are given.

use super::{Columns, View, col, wide};
use crate::text::Value;

const ROLE_PREFIX: &str = "node-role.kubernetes.io/";
const ROLE_LABEL: &str = "kubernetes.io/role";

pub(super) const TABLES: &[Columns] = &[
    Columns {
        group: "",
        kind: "Node",
        columns: &[
            col("Name"),
            col("Status"),
            col("Roles"),
            col("Age"),
            col("Version"),
            wide("Internal-IP"),
            wide("External-IP"),
            wide("OS-Image"),
            wide("Kernel-Version"),
            wide("Container-Runtime"),
        ],
        cells: node,
    },
    Columns {
        group: "",
        kind: "Namespace",
        columns: &[col("Name"), col("Status"), col("Age")],
        cells: |v| vec![v.name(), v.text(&["status", "phase"]).into(), v.age()],
    },
    Columns {
        group: "",
        kind: "Event",
        columns: &[
            col("Last Seen"),
            col("Type"),
            col("Reason"),
            col("Object"),
            wide("Subobject"),
            wide("Source"),
            col("Message"),
            wide("First Seen"),
            wide("Count"),
            wide("Name"),
        ],
        cells: event,
    },
    Columns {
        group: "",
        kind: "ConfigMap",
        columns: &[col("Name"), col("Data"), col("Age")],
        cells: |v| vec![v.name(), (members(v, "data") + members(v, "binaryData")).into(), v.age()],
    },
    Columns {
        group: "",
        kind: "Secret",
        columns: &[col("Name"), col("Type"), col("Data"), col("Age")],
        cells: |v| vec![v.name(), v.text(&["type"]).into(), members(v, "data").into(), v.age()],
    },
    // Source: printers.go, printServiceAccount; 1.37 shows no count of secrets any more.
    Columns {
        group: "",
        kind: "ServiceAccount",
        columns: &[col("Name"), col("Age")],
        cells: |v| vec![v.name(), v.age()],
    },
    Columns {
        group: "coordination.k8s.io",
        kind: "Lease",
        columns: &[col("Name"), col("Holder"), col("Age")],
        cells: |v| vec![v.name(), v.text(&["spec", "holderIdentity"]).into(), v.age()],
    },
    Columns {
        group: "scheduling.k8s.io",
        kind: "PriorityClass",
        columns: &[col("Name"), col("Value"), col("Global-Default"), col("Age"), col("PreemptionPolicy")],
        cells: |v| {
            let global = v.tree.bool_at(&["globalDefault"]).unwrap_or(false);
            let policy = v.text(&["preemptionPolicy"]);
            vec![v.name(), v.int(&["value"]).into(), global.into(), v.age(), policy.into()]
        },
    },
    Columns {
        group: "node.k8s.io",
        kind: "RuntimeClass",
        columns: &[col("Name"), col("Handler"), col("Age")],
        cells: |v| vec![v.name(), v.text(&["handler"]).into(), v.age()],
    },
];

fn members(v: &View, key: &str) -> i64 {
    v.tree.get(key).and_then(Value::as_map).map_or(0, |m| m.len() as i64)
}

/// The roles of a node by its labels, sorted. Source: printers.go, findNodeRoles.
pub fn node_roles(tree: &Value) -> Vec<String> {
    let labels = tree.at(&["metadata", "labels"]).and_then(Value::as_map);
    let mut roles: Vec<String> = Vec::new();
    for (key, value) in labels.into_iter().flat_map(|m| m.iter()) {
        let value = value.as_str().unwrap_or_default();
        match key.strip_prefix(ROLE_PREFIX) {
            Some(role) if !role.is_empty() => roles.push(role.to_string()),
            _ if &**key == ROLE_LABEL && !value.is_empty() => roles.push(value.to_string()),
            _ => {}
        }
    }
    roles.sort();
    roles.dedup();
    roles
}

fn node(v: &View) -> Vec<Value> {
    let ready = v.tree.list_at(&["status", "conditions"]).iter().rfind(|c| c.str_at(&["type"]) == Some("Ready"));
    let mut status = match ready.map(|c| c.str_at(&["status"])) {
        Some(Some("True")) => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_string();
    if v.tree.bool_at(&["spec", "unschedulable"]) == Some(true) {
        status.push_str(",SchedulingDisabled");
    }
    let roles = node_roles(v.tree).join(",");
    let info = |key: &str, unknown: &'static str| match v.text(&["status", "nodeInfo", key]) {
        "" => Value::from(unknown),
        text => text.into(),
    };
    let address = |kind: &str| -> Value {
        let addresses = v.tree.list_at(&["status", "addresses"]).iter();
        let found = addresses.filter(|a| a.str_at(&["type"]) == Some(kind)).find_map(|a| a.str_at(&["address"]));
        found.unwrap_or("<none>").into()
    };
    let of = match v.text(&["status", "nodeInfo", "architecture"]) {
        "" => String::new(),
        architecture => format!(" ({architecture})"),
    };
    vec![
        v.name(),
        status.into(),
        if roles.is_empty() { "<none>".into() } else { roles.into() },
        v.age(),
        info("kubeletVersion", ""),
        address("InternalIP"),
        address("ExternalIP"),
        info("osImage", "<unknown>"),
        format!("{}{of}", info("kernelVersion", "<unknown>").as_str().unwrap_or_default()).into(),
        info("containerRuntimeVersion", "<unknown>"),
    ]
}

fn event(v: &View) -> Vec<Value> {
    let about = |key: &str| v.text(&["involvedObject", key]);
    let kind = about("kind").to_lowercase();
    let object = if about("name").is_empty() { kind } else { format!("{kind}/{}", about("name")) };
    let first = match v.text(&["firstTimestamp"]) {
        "" => v.since(v.text(&["eventTime"])),
        date => v.since(date),
    };
    let mut last = match v.text(&["lastTimestamp"]) {
        "" => first.clone(),
        date => v.since(date),
    };
    let mut count = v.int(&["count"]);
    if v.tree.get("series").is_some() {
        last = v.since(v.text(&["series", "lastObservedTime"]));
        count = v.int(&["series", "count"]);
    } else if count == 0 {
        count = 1;
    }
    vec![
        last.into(),
        v.text(&["type"]).into(),
        v.text(&["reason"]).into(),
        object.into(),
        about("fieldPath").into(),
        event_source(v.tree).into(),
        v.text(&["message"]).trim().into(),
        first.into(),
        count.into(),
        v.name(),
    ]
}

/// `kubelet, node-1`. Source: printers.go, formatEventSource.
pub(crate) fn event_source(tree: &Value) -> String {
    let pick = |own: &[&str], reporting: &str| -> String {
        let own = tree.str_at(own).filter(|t| !t.is_empty());
        own.or(tree.str_at(&[reporting])).unwrap_or_default().to_string()
    };
    let component = pick(&["source", "component"], "reportingComponent");
    let host = pick(&["source", "host"], "reportingInstance");
    if host.is_empty() { component } else { format!("{component}, {host}") }
}
