//! Volumes, claims, classes. Source: describe.go, describePersistentVolume, describePersistentVolumeClaim, describeStorageClass.

use super::page::Page;
use super::{Subject, any_text, or_none, volume};
use crate::kubernetes::objects::Kind;
use crate::kubernetes::objects::columns::{access_modes, human, label_text};

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
    if !s.text(&["spec", "volumeMode"]).is_empty() {
        page.line(0, format!("VolumeMode:\t{}", s.text(&["spec", "volumeMode"])));
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
    s.events(page);
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
    page.line(0, "Node Affinity:\t<none>");
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
    s.events(page);
}
