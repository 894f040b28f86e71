//! Rows of the kinds that keep pods.

use super::{Columns, View, col, containers, label_text, selector_text, wide};
use crate::text::Value;

const TEMPLATE: &[&str] = &["spec", "template", "spec", "containers"];

pub(super) const TABLES: &[Columns] = &[
    Columns {
        group: "apps",
        kind: "Deployment",
        columns: &[
            col("Name"),
            col("Ready"),
            col("Up-to-date"),
            col("Available"),
            col("Age"),
            wide("Containers"),
            wide("Images"),
            wide("Selector"),
        ],
        cells: deployment,
    },
    Columns {
        group: "apps",
        kind: "ReplicaSet",
        columns: &[
            col("Name"),
            col("Desired"),
            col("Current"),
            col("Ready"),
            col("Age"),
            wide("Containers"),
            wide("Images"),
            wide("Selector"),
        ],
        cells: |v| replicas(v, selector_text(v.tree.at(&["spec", "selector"]))),
    },
    Columns {
        group: "",
        kind: "ReplicationController",
        columns: &[
            col("Name"),
            col("Desired"),
            col("Current"),
            col("Ready"),
            col("Age"),
            wide("Containers"),
            wide("Images"),
            wide("Selector"),
        ],
        cells: |v| replicas(v, label_text(v.tree.at(&["spec", "selector"]))),
    },
    Columns {
        group: "apps",
        kind: "StatefulSet",
        columns: &[col("Name"), col("Ready"), col("Age"), wide("Containers"), wide("Images")],
        cells: stateful_set,
    },
    Columns {
        group: "apps",
        kind: "DaemonSet",
        columns: &[
            col("Name"),
            col("Desired"),
            col("Current"),
            col("Ready"),
            col("Up-to-date"),
            col("Available"),
            col("Node Selector"),
            col("Age"),
            wide("Containers"),
            wide("Images"),
            wide("Selector"),
        ],
        cells: daemon_set,
    },
    Columns {
        group: "apps",
        kind: "ControllerRevision",
        columns: &[col("Name"), col("Controller"), col("Revision"), col("Age")],
        cells: controller_revision,
    },
    Columns {
        group: "",
        kind: "PodTemplate",
        columns: &[col("Name"), col("Containers"), col("Images"), col("Pod Labels")],
        cells: pod_template,
    },
];

fn deployment(v: &View) -> Vec<Value> {
    let [names, images] = containers(v, TEMPLATE);
    vec![
        v.name(),
        format!("{}/{}", v.int(&["status", "readyReplicas"]), v.int(&["spec", "replicas"])).into(),
        v.int(&["status", "updatedReplicas"]).into(),
        v.int(&["status", "availableReplicas"]).into(),
        v.age(),
        names,
        images,
        deployment_selector(v).into(),
    ]
}

/// Unlike the others a Deployment prints an empty selector as nothing. Source: printers.go, printDeployment.
fn deployment_selector(v: &View) -> String {
    match selector_text(v.tree.at(&["spec", "selector"])) {
        none if none == "<none>" => String::new(),
        text => text,
    }
}

fn replicas(v: &View, selector: String) -> Vec<Value> {
    let [names, images] = containers(v, TEMPLATE);
    vec![
        v.name(),
        v.int(&["spec", "replicas"]).into(),
        v.int(&["status", "replicas"]).into(),
        v.int(&["status", "readyReplicas"]).into(),
        v.age(),
        names,
        images,
        selector.into(),
    ]
}

fn stateful_set(v: &View) -> Vec<Value> {
    let [names, images] = containers(v, TEMPLATE);
    let ready = format!("{}/{}", v.int(&["status", "readyReplicas"]), v.int(&["spec", "replicas"]));
    vec![v.name(), ready.into(), v.age(), names, images]
}

fn daemon_set(v: &View) -> Vec<Value> {
    let [names, images] = containers(v, TEMPLATE);
    let count = |key: &str| Value::from(v.int(&["status", key]));
    vec![
        v.name(),
        count("desiredNumberScheduled"),
        count("currentNumberScheduled"),
        count("numberReady"),
        count("updatedNumberScheduled"),
        count("numberAvailable"),
        label_text(v.tree.at(&["spec", "template", "spec", "nodeSelector"])).into(),
        v.age(),
        names,
        images,
        selector_text(v.tree.at(&["spec", "selector"])).into(),
    ]
}

fn controller_revision(v: &View) -> Vec<Value> {
    let owners = v.tree.list_at(&["metadata", "ownerReferences"]);
    let controller = owners.iter().find(|o| o.bool_at(&["controller"]) == Some(true)).map(|o| {
        let group = super::group_of(o.str_at(&["apiVersion"]).unwrap_or_default());
        let kind = o.str_at(&["kind"]).unwrap_or_default().to_lowercase();
        let name = o.str_at(&["name"]).unwrap_or_default();
        if group.is_empty() { format!("{kind}/{name}") } else { format!("{kind}.{group}/{name}") }
    });
    vec![v.name(), controller.unwrap_or_else(|| "<none>".to_string()).into(), v.int(&["revision"]).into(), v.age()]
}

fn pod_template(v: &View) -> Vec<Value> {
    let [names, images] = containers(v, &["template", "spec", "containers"]);
    vec![v.name(), names, images, label_text(v.tree.at(&["template", "metadata", "labels"])).into()]
}
