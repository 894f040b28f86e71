//! A recorded cluster as the scheduler sees it: shared by the families that place pods.

use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::objects::{Calendar, Kind, Labels, Object, Schema, prepare_for_create, read_body, read_meta};
use crate::kubernetes::scheduler::snapshot::{Snapshot, default_selector};
use crate::kubernetes::scheduler::view::PodView;
use crate::text::Value;
use std::rc::Rc;

/// The cluster of a case, and the pod to place.
pub struct Recorded {
    /// The cluster.
    pub cluster: Snapshot,
    /// The pod to place.
    pub pod: PodView,
    /// What selects it with its like.
    pub selector: LabelSelector,
    /// Conditions that the API server gave it when it was created.
    pub conditions: Value,
}

/// Recorded dates are of 2026; the run begins before them all.
const CALENDAR: Calendar = Calendar { epoch: 1_700_000_000, seed: 1 };

fn object(kind: Kind, tree: &Value) -> Object {
    Object { kind, meta: read_meta(tree, &CALENDAR, |_| None), body: read_body(kind, tree, &CALENDAR) }
}

/// A pod as the API server would store it; its given status and deletion stay.
fn pod(tree: &Value, number: u32) -> Option<(PodView, Option<Rc<str>>, Value)> {
    let kind = Schema::get().kind("v1", "Pod")?;
    let mut stored = tree.clone();
    prepare_for_create(&mut stored, kind);
    let conditions = stored.at(&["status", "conditions"]).cloned().unwrap_or_default();
    for path in [&["metadata"][..], &["status"]] {
        if let Some(given) = tree.at(path) {
            stored.set_at(path, given.clone());
        }
    }
    let object = object(Kind::Pod, &stored);
    let mut view = PodView::of(&object)?;
    view.id = crate::kubernetes::objects::Id(number);
    Some((view, object.pod()?.node.clone(), conditions))
}

impl Recorded {
    /// Reads `input` of a case.
    pub fn read(input: &Value) -> Option<Self> {
        let mut cluster = Snapshot::default();
        for tree in input.list_at(&["nodes"]) {
            let object = object(Kind::Node, tree);
            cluster.set_node(&object.meta.name, &object.meta.labels, object.node()?);
        }
        for tree in input.list_at(&["namespaces"]) {
            let object = object(Kind::Namespace, tree);
            cluster.set_namespace(&object.meta.name, Some(&object.meta.labels));
        }
        for (at, tree) in input.list_at(&["pods"]).iter().enumerate() {
            let (view, node, _) = pod(tree, at as u32 + 1)?;
            cluster.add_pod(&node?, Rc::new(view));
        }
        cluster.arrange();
        let given = input.get("pod")?;
        let (mut pod, node, conditions) = pod(given, 0)?;
        pod.wanted_node = node;
        let selector = selector(input, given, &pod.labels);
        Some(Recorded { cluster, pod, selector, conditions })
    }
}

fn selector(input: &Value, given: &Value, labels: &Labels) -> LabelSelector {
    let namespace = |tree: &Value| tree.str_at(&["metadata", "namespace"]).unwrap_or("default").to_owned();
    let here = namespace(given);
    let services = input.list_at(&["services"]).iter().filter(|s| namespace(s) == here);
    let services: Vec<_> = services.filter_map(|s| object(Kind::Service, s).service()?.selector.clone()).collect();
    let owners = given.list_at(&["metadata", "ownerReferences"]);
    let owner = owners.iter().find(|o| o.bool_at(&["controller"]) == Some(true));
    let owner = owner.and_then(|o| {
        let list = match (o.str_at(&["kind"])?, o.str_at(&["apiVersion"])?) {
            ("ReplicaSet", "apps/v1") => "replicaSets",
            ("StatefulSet", "apps/v1") => "statefulSets",
            _ => return None,
        };
        let name = o.str_at(&["name"])?;
        let found = |s: &&Value| s.str_at(&["metadata", "name"]) == Some(name) && namespace(s) == here;
        Some(LabelSelector::read(input.list_at(&[list]).iter().find(found)?.at(&["spec", "selector"])?))
    });
    default_selector(labels, services.iter().map(Vec::as_slice), owner.as_ref())
}
