//! Rows of volumes, claims and classes.

use super::{Columns, View, col, plain, wide};
use crate::text::Value;

const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

pub(super) const TABLES: &[Columns] = &[
    Columns {
        group: "",
        kind: "PersistentVolume",
        columns: &[
            col("Name"),
            col("Capacity"),
            col("Access Modes"),
            col("Reclaim Policy"),
            col("Status"),
            col("Claim"),
            col("StorageClass"),
            col("VolumeAttributesClass"),
            col("Reason"),
            col("Age"),
            wide("VolumeMode"),
        ],
        cells: volume,
    },
    Columns {
        group: "",
        kind: "PersistentVolumeClaim",
        columns: &[
            col("Name"),
            col("Status"),
            col("Volume"),
            col("Capacity"),
            col("Access Modes"),
            col("StorageClass"),
            col("VolumeAttributesClass"),
            col("Age"),
            wide("VolumeMode"),
        ],
        cells: claim,
    },
    Columns {
        group: "storage.k8s.io",
        kind: "StorageClass",
        columns: &[
            col("Name"),
            col("Provisioner"),
            col("ReclaimPolicy"),
            col("VolumeBindingMode"),
            col("AllowVolumeExpansion"),
            col("Age"),
        ],
        cells: class,
    },
    Columns {
        group: "storage.k8s.io",
        kind: "VolumeAttributesClass",
        columns: &[col("Name"), col("DriverName"), col("Age")],
        cells: |v| vec![v.name(), v.text(&["driverName"]).into(), v.age()],
    },
    Columns {
        group: "storage.k8s.io",
        kind: "VolumeAttachment",
        columns: &[col("Name"), col("Attacher"), col("PV"), col("Node"), col("Attached"), col("Age")],
        cells: attachment,
    },
    Columns {
        group: "storage.k8s.io",
        kind: "CSINode",
        columns: &[col("Name"), col("Drivers"), col("Age")],
        cells: |v| vec![v.name(), (v.tree.list_at(&["spec", "drivers"]).len() as i64).into(), v.age()],
    },
    Columns {
        group: "storage.k8s.io",
        kind: "CSIDriver",
        columns: &[
            col("Name"),
            col("AttachRequired"),
            col("PodInfoOnMount"),
            col("StorageCapacity"),
            col("TokenRequests"),
            col("RequiresRepublish"),
            col("Modes"),
            col("Age"),
        ],
        cells: driver,
    },
];

/// Access modes in their short form, in a fixed order. Source: kubernetes v1.37 pkg/apis/core/helper/helpers.go, GetAccessModesAsString.
pub fn access_modes(list: &[Value]) -> String {
    const SHORT: [(&str, &str); 4] =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let has = |mode: &str| list.iter().any(|m| m.as_str() == Some(mode));
    SHORT.iter().filter(|(mode, _)| has(mode)).map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

fn class_name<'a>(v: &View<'a>) -> &'a str {
    v.tree
        .str_at(&["metadata", "annotations", CLASS_ANNOTATION])
        .unwrap_or_else(|| v.text(&["spec", "storageClassName"]))
}

fn or_unset(v: &View, path: &[&str]) -> Value {
    v.tree.str_at(path).unwrap_or("<unset>").into()
}

fn phase(v: &View) -> Value {
    if v.deleting() { "Terminating".into() } else { v.text(&["status", "phase"]).into() }
}

fn quantity(v: &View, path: &[&str]) -> Value {
    v.tree.at(path).map(plain).unwrap_or_else(|| "0".to_string()).into()
}

fn volume(v: &View) -> Vec<Value> {
    let claim = v.tree.at(&["spec", "claimRef"]).map(|c| {
        let text = |key: &str| c.str_at(&[key]).unwrap_or_default();
        format!("{}/{}", text("namespace"), text("name"))
    });
    vec![
        v.name(),
        quantity(v, &["spec", "capacity", "storage"]),
        access_modes(v.tree.list_at(&["spec", "accessModes"])).into(),
        v.text(&["spec", "persistentVolumeReclaimPolicy"]).into(),
        phase(v),
        claim.unwrap_or_default().into(),
        class_name(v).into(),
        or_unset(v, &["spec", "volumeAttributesClassName"]),
        v.text(&["status", "reason"]).into(),
        v.age(),
        or_unset(v, &["spec", "volumeMode"]),
    ]
}

fn claim(v: &View) -> Vec<Value> {
    let volume = v.text(&["spec", "volumeName"]);
    let bound = !volume.is_empty();
    let modes = access_modes(v.tree.list_at(&["status", "accessModes"]));
    vec![
        v.name(),
        phase(v),
        volume.into(),
        if bound { quantity(v, &["status", "capacity", "storage"]) } else { "".into() },
        if bound { modes.into() } else { "".into() },
        class_name(v).into(),
        or_unset(v, &["spec", "volumeAttributesClassName"]),
        v.age(),
        or_unset(v, &["spec", "volumeMode"]),
    ]
}

/// The default class is not marked: so recorded of v1.37.
fn class(v: &View) -> Vec<Value> {
    vec![
        v.name(),
        v.text(&["provisioner"]).into(),
        v.tree.str_at(&["reclaimPolicy"]).unwrap_or("Delete").into(),
        v.tree.str_at(&["volumeBindingMode"]).unwrap_or("Immediate").into(),
        v.tree.bool_at(&["allowVolumeExpansion"]).unwrap_or(false).into(),
        v.age(),
    ]
}

fn attachment(v: &View) -> Vec<Value> {
    vec![
        v.name(),
        v.text(&["spec", "attacher"]).into(),
        v.text(&["spec", "source", "persistentVolumeName"]).into(),
        v.text(&["spec", "nodeName"]).into(),
        v.tree.bool_at(&["status", "attached"]).unwrap_or(false).into(),
        v.age(),
    ]
}

fn driver(v: &View) -> Vec<Value> {
    let flag = |key: &str, unset: bool| Value::from(v.tree.bool_at(&["spec", key]).unwrap_or(unset));
    let modes = v.tree.list_at(&["spec", "volumeLifecycleModes"]).iter().map(plain).collect::<Vec<_>>();
    let tokens = v.tree.list_at(&["spec", "tokenRequests"]);
    let tokens: Vec<String> = tokens.iter().map(|t| t.str_at(&["audience"]).unwrap_or_default().to_string()).collect();
    vec![
        v.name(),
        flag("attachRequired", true),
        flag("podInfoOnMount", false),
        flag("storageCapacity", false),
        if tokens.is_empty() { "<unset>".into() } else { tokens.join(",").into() },
        flag("requiresRepublish", false),
        if modes.is_empty() { "<none>".into() } else { modes.join(",").into() },
        v.age(),
    ]
}
