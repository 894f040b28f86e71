//! Volumes, claims, classes. Source: describe.go, describePersistentVolume, describePersistentVolumeClaim, describeStorageClass.

use super::page::Page;
use super::{Subject, any_text, or_none, volume};
use crate::kubernetes::objects::Kind;
use crate::kubernetes::objects::columns::{access_modes, human, label_text};
use crate::text::Value;

fn state(s: &Subject, page: &mut Page) {
    let deleting = s.text(&["metadata", "deletionTimestamp"]);
    match s.cluster.api.calendar.read(deleting) {
        Some(at) => {
            let passed = s.cluster.now().since(at).as_secs() as i64;
            page.line(0, format!("Status:\tTerminating (lasts {})", human(passed)));
        }
        None => page.line(0, format!("Status:\t{}", s.text(&["status", "phase"]))),
    }
}

fn finalizers(s: &Subject) -> String {
    s.tree.list_at(&["metadata", "finalizers"]).iter().map(any_text).collect::<Vec<_>>().join(" ")
}

pub(super) fn claim(s: &Subject, page: &mut Page) {
    s.head(page);
    page.line(0, format!("StorageClass:\t{}", s.text(&["spec", "storageClassName"])));
    state(s, page);
    let volume = s.text(&["spec", "volumeName"]);
    page.line(0, format!("Volume:\t{volume}"));
    s.marks(page);
    page.line(0, format!("Finalizers:\t[{}]", finalizers(s)));
    let bound = !volume.is_empty();
    let capacity = if bound { s.any(&["status", "capacity", "storage"]) } else { String::new() };
    let modes = if bound { access_modes(s.tree.list_at(&["status", "accessModes"])) } else { String::new() };
    page.line(0, format!("Capacity:\t{capacity}"));
    page.line(0, format!("Access Modes:\t{modes}"));
    if let Some(spec) = s.tree.get("spec") {
        wish(page, 0, spec);
    }
    let name = s.text(&["metadata", "name"]);
    let api = &s.cluster.api;
    let pods = api.store.list_in(Kind::Pod, s.text(&["metadata", "namespace"])).filter(|p| {
        let tree = api.tree(p);
        let volumes = tree.list_at(&["spec", "volumes"]);
        volumes.iter().any(|v| v.str_at(&["persistentVolumeClaim", "claimName"]) == Some(name))
    });
    let users: Vec<String> = pods.map(|p| p.meta.name.to_string()).collect();
    page.line(0, format!("Used By:\t{}", or_none(users.join("\n\t"))));
    conditions(s, page);
    s.events(page);
}

/// A claim's conditions; moments that nobody wrote down are Go's year one.
fn conditions(s: &Subject, page: &mut Page) {
    let all = s.tree.list_at(&["status", "conditions"]);
    if all.is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
    page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for condition in all {
        let text = |key: &str| condition.str_at(&[key]).unwrap_or_default();
        let at = |key: &str| match s.cluster.api.calendar.read(text(key)) {
            Some(at) => s.cluster.api.calendar.rfc1123(at),
            None => "Mon, 01 Jan 0001 00:00:00 +0000".into(),
        };
        let (probed, changed) = (at("lastProbeTime"), at("lastTransitionTime"));
        let (kind, status) = (text("type"), text("status"));
        page.line(1, format!("{kind} \t{status} \t{probed} \t{changed} \t{} \t{}", text("reason"), text("message")));
    }
}

/// What a claim says of the storage itself. Source: describe.go, printPersistentVolumeClaim.
pub(super) fn wish(page: &mut Page, level: usize, spec: &Value) {
    if let Some(mode) = spec.str_at(&["volumeMode"]) {
        page.line(level, format!("VolumeMode:\t{mode}"));
    }
    if let Some(source) = spec.get("dataSource") {
        page.line(level, "DataSource:");
        for (title, key) in [("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name")] {
            if let Some(text) = source.str_at(&[key]) {
                page.line(level + 1, format!("{title}:\t{text}"));
            }
        }
    }
}

/// Source: describe.go, printVolumeNodeAffinity, printNodeSelectorTermsMultilineWithIndent.
fn node_affinity(page: &mut Page, required: Option<&Value>) {
    let Some(required) = required else { return page.line(0, "Node Affinity:\t<none>") };
    page.line(0, "Node Affinity:\t");
    let terms = required.list_at(&["nodeSelectorTerms"]);
    page.line(1, if terms.is_empty() { "Required Terms:\t<none>" } else { "Required Terms:\t" });
    for (i, term) in terms.iter().enumerate() {
        term_lines(page, 2, i, term.list_at(&["matchExpressions"]));
    }
}

/// One term: its expressions, one a line. Source: describe.go, printTopologySelectorTermsMultilineWithIndent.
fn term_lines(page: &mut Page, level: usize, number: usize, expressions: &[Value]) {
    let words = |e: &Value| {
        let text = |key: &str| e.str_at(&[key]).unwrap_or_default();
        let values: Vec<String> = e.list_at(&["values"]).iter().map(any_text).collect();
        let values = if values.is_empty() { String::new() } else { format!(" [{}]", values.join(", ")) };
        // The terms of a class have no operator: they mean `in`.
        let operator = e.str_at(&["operator"]).unwrap_or("In").to_lowercase();
        format!("{} {operator}{values}", text("key"))
    };
    if expressions.is_empty() {
        page.line(level, format!("Term {number}:\t<none>"));
    }
    for (i, expression) in expressions.iter().enumerate() {
        let title = if i == 0 { format!("Term {number}:") } else { String::new() };
        page.line(level, format!("{title}\t{}", words(expression)));
    }
}

pub(super) fn volume(s: &Subject, page: &mut Page) {
    page.line(0, format!("Name:\t{}", s.text(&["metadata", "name"])));
    s.marks(page);
    page.line(0, format!("Finalizers:\t[{}]", finalizers(s)));
    page.line(0, format!("StorageClass:\t{}", s.text(&["spec", "storageClassName"])));
    state(s, page);
    let claim = |key: &str| s.text(&["spec", "claimRef", key]);
    match claim("name") {
        "" => page.line(0, "Claim:\t"),
        name => page.line(0, format!("Claim:\t{}/{name}", claim("namespace"))),
    }
    page.line(0, format!("Reclaim Policy:\t{}", s.text(&["spec", "persistentVolumeReclaimPolicy"])));
    page.line(0, format!("Access Modes:\t{}", access_modes(s.tree.list_at(&["spec", "accessModes"]))));
    if !s.text(&["spec", "volumeMode"]).is_empty() {
        page.line(0, format!("VolumeMode:\t{}", s.text(&["spec", "volumeMode"])));
    }
    page.line(0, format!("Capacity:\t{}", s.any(&["spec", "capacity", "storage"])));
    node_affinity(page, s.tree.at(&["spec", "nodeAffinity", "required"]));
    page.line(0, format!("Message:\t{}", s.text(&["status", "message"])));
    page.line(0, "Source:");
    if let Some(spec) = s.tree.get("spec") {
        volume::source(page, spec);
    }
    s.events(page);
}

pub(super) fn class(s: &Subject, page: &mut Page) {
    page.line(0, format!("Name:\t{}", s.text(&["metadata", "name"])));
    let default = s.text(&["metadata", "annotations", "storageclass.kubernetes.io/is-default-class"]) == "true";
    page.line(0, format!("IsDefaultClass:\t{}", if default { "Yes" } else { "No" }));
    page.line(0, format!("Annotations:\t{}", label_text(s.tree.at(&["metadata", "annotations"]))));
    page.line(0, format!("Provisioner:\t{}", s.text(&["provisioner"])));
    page.line(0, format!("Parameters:\t{}", label_text(s.tree.get("parameters"))));
    let expands = match s.tree.bool_at(&["allowVolumeExpansion"]) {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    page.line(0, format!("AllowVolumeExpansion:\t{expands}"));
    let options = s.tree.list_at(&["mountOptions"]);
    page.line(0, if options.is_empty() { "MountOptions:\t<none>" } else { "MountOptions:" });
    options.iter().for_each(|o| page.line(1, any_text(o)));
    for (title, key) in [("ReclaimPolicy", "reclaimPolicy"), ("VolumeBindingMode", "volumeBindingMode")] {
        if !s.text(&[key]).is_empty() {
            page.line(0, format!("{title}:\t{}", s.text(&[key])));
        }
    }
    let topologies = s.tree.list_at(&["allowedTopologies"]);
    if !topologies.is_empty() {
        page.line(0, "AllowedTopologies:\t");
    }
    for (i, term) in topologies.iter().enumerate() {
        term_lines(page, 1, i, term.list_at(&["matchLabelExpressions"]));
    }
    s.events(page);
}
