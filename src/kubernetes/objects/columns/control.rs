//! Rows of what the control plane is asked and tells of itself: signing requests, its own components, how requests queue,
//! addresses it gave away. Source: kubernetes v1.37 pkg/printers/internalversion/printers.go.

use super::{Columns, View, col, human, plain};
use crate::text::Value;

pub(super) const TABLES: &[Columns] = &[
    Columns {
        group: "certificates.k8s.io",
        kind: "CertificateSigningRequest",
        columns: &[
            col("Name"),
            col("Age"),
            col("SignerName"),
            col("Requestor"),
            col("RequestedDuration"),
            col("Condition"),
        ],
        cells: signing_request,
    },
    Columns {
        group: "",
        kind: "ComponentStatus",
        columns: &[col("Name"), col("Status"), col("Message"), col("Error")],
        cells: component,
    },
    Columns {
        group: "flowcontrol.apiserver.k8s.io",
        kind: "FlowSchema",
        columns: &[
            col("Name"),
            col("PriorityLevel"),
            col("MatchingPrecedence"),
            col("DistinguisherMethod"),
            col("Age"),
            col("MissingPL"),
        ],
        cells: flow_schema,
    },
    Columns {
        group: "flowcontrol.apiserver.k8s.io",
        kind: "PriorityLevelConfiguration",
        columns: &[
            col("Name"),
            col("Type"),
            col("NominalConcurrencyShares"),
            col("Queues"),
            col("HandSize"),
            col("QueueLengthLimit"),
            col("Age"),
        ],
        cells: priority_level,
    },
    Columns {
        group: "admissionregistration.k8s.io",
        kind: "ValidatingAdmissionPolicy",
        columns: &[col("Name"), col("Validations"), col("ParamKind"), col("Age")],
        cells: |v| {
            let kind = v.tree.at(&["spec", "paramKind"]).map_or("<unset>".to_string(), |k| {
                let text = |key: &str| k.str_at(&[key]).unwrap_or_default();
                format!("{}/{}", text("apiVersion"), text("kind"))
            });
            vec![v.name(), (v.tree.list_at(&["spec", "validations"]).len() as i64).into(), kind.into(), v.age()]
        },
    },
    Columns {
        group: "networking.k8s.io",
        kind: "ServiceCIDR",
        columns: &[col("Name"), col("CIDRs"), col("Age")],
        cells: |v| {
            let ranges: Vec<String> = v.tree.list_at(&["spec", "cidrs"]).iter().map(plain).collect();
            vec![v.name(), ranges.join(",").into(), v.age()]
        },
    },
    Columns {
        group: "networking.k8s.io",
        kind: "IPAddress",
        columns: &[col("Name"), col("ParentRef")],
        cells: |v| vec![v.name(), parent(v).into()],
    },
    Columns {
        group: "storage.k8s.io",
        kind: "CSIStorageCapacity",
        columns: &[col("Name"), col("StorageClassName"), col("Capacity")],
        cells: |v| {
            let capacity = v.tree.get("capacity").map_or("<unset>".to_string(), plain);
            vec![v.name(), v.text(&["storageClassName"]).into(), capacity.into()]
        },
    },
];

/// Source: printCertificateSigningRequest, extractCSRStatus.
fn signing_request(v: &View) -> Vec<Value> {
    let conditions = v.tree.list_at(&["status", "conditions"]);
    let any = |kind: &str| conditions.iter().any(|c| c.str_at(&["type"]) == Some(kind));
    let mut state = match (any("Denied"), any("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    }
    .to_string();
    if any("Failed") {
        state.push_str(",Failed");
    }
    if !v.text(&["status", "certificate"]).is_empty() {
        state.push_str(",Issued");
    }
    let signer = Some(v.text(&["spec", "signerName"])).filter(|s| !s.is_empty()).unwrap_or("<none>");
    let wanted = v.tree.int_at(&["spec", "expirationSeconds"]).map_or("<none>".into(), human);
    vec![v.name(), v.age(), signer.into(), v.text(&["spec", "username"]).into(), wanted.into(), state.into()]
}

/// Source: printComponentStatus.
fn component(v: &View) -> Vec<Value> {
    let health = v.tree.list_at(&["conditions"]).iter().find(|c| c.str_at(&["type"]) == Some("Healthy"));
    let word = match health.map(|c| c.str_at(&["status"])) {
        Some(Some("True")) => "Healthy",
        Some(_) => "Unhealthy",
        None => "Unknown",
    };
    let text = |key: &str| health.and_then(|c| c.str_at(&[key])).unwrap_or_default();
    vec![v.name(), word.into(), text("message").into(), text("error").into()]
}

/// Source: printFlowSchema.
fn flow_schema(v: &View) -> Vec<Value> {
    let dangling = v.tree.list_at(&["status", "conditions"]).iter().find(|c| c.str_at(&["type"]) == Some("Dangling"));
    vec![
        v.name(),
        v.text(&["spec", "priorityLevelConfiguration", "name"]).into(),
        v.int(&["spec", "matchingPrecedence"]).into(),
        v.tree.str_at(&["spec", "distinguisherMethod", "type"]).unwrap_or("<none>").into(),
        v.age(),
        dangling.map_or("?", |c| c.str_at(&["status"]).unwrap_or_default()).into(),
    ]
}

/// Source: printPriorityLevelConfiguration.
fn priority_level(v: &View) -> Vec<Value> {
    let limited = v.tree.at(&["spec", "limited"]);
    let queuing = limited.and_then(|l| l.at(&["limitResponse", "queuing"]));
    let number = |from: Option<&Value>, key: &str| match from {
        Some(tree) => Value::from(tree.int_at(&[key]).unwrap_or(0)),
        None => "<none>".into(),
    };
    vec![
        v.name(),
        v.text(&["spec", "type"]).into(),
        number(limited, "nominalConcurrencyShares"),
        number(queuing, "queues"),
        number(queuing, "handSize"),
        number(queuing, "queueLengthLimit"),
        v.age(),
    ]
}

/// `services/default/web`. Source: printIPAddress.
fn parent(v: &View) -> String {
    let Some(parent) = v.tree.at(&["spec", "parentRef"]) else { return "<none>".into() };
    let text = |key: &str| parent.str_at(&[key]).unwrap_or_default();
    let mut out = text("resource").to_lowercase();
    for (before, key) in [(".", "group"), ("/", "namespace")] {
        if !text(key).is_empty() {
            out.push_str(before);
            out.push_str(text(key));
        }
    }
    format!("{out}/{}", text("name"))
}
