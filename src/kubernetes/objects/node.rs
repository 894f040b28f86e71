//! Node: a machine that runs pods.

use super::{Calendar, Condition, parts::Resources, tree};
use crate::map;
use crate::sim::Time;
use crate::text::{Map, Value, Word};
use std::rc::Rc;

/// A Node's body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// `spec.unschedulable`: cordoned.
    pub unschedulable: bool,
    /// Taints.
    pub taints: Vec<Taint>,
    /// Capacity as the API shows it (texts of quantities).
    pub capacity: Rc<Value>,
    /// Allocatable as the API shows it.
    pub allocatable_text: Rc<Value>,
    /// Allocatable in the scheduler's units.
    pub allocatable: Rc<Resources>,
    /// Conditions.
    pub conditions: Vec<Condition>,
    /// Images on the node: (names, size in bytes).
    pub images: Rc<Vec<(Vec<Rc<str>>, i64)>>,
    /// The rest of `spec` (podCIDR, providerID …).
    pub spec_rest: Rc<Value>,
    /// The rest of `status` (addresses, nodeInfo …).
    pub status_rest: Rc<Value>,
}

/// A taint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Taint {
    /// Key.
    pub key: Rc<str>,
    /// Value.
    pub value: Rc<str>,
    /// `NoSchedule`, `PreferNoSchedule`, `NoExecute`.
    pub effect: Word,
    /// When it was added (NoExecute taints of the node lifecycle controller).
    pub added: Option<Time>,
}

impl Node {
    /// Reads a defaulted object.
    pub fn read(tree: &Value, calendar: &Calendar) -> Self {
        let (spec, status) = (tree.get("spec").unwrap_or(&Value::Null), tree.get("status").unwrap_or(&Value::Null));
        let taint = |t: &Value| Taint {
            key: t.str_at(&["key"]).unwrap_or_default().into(),
            value: t.str_at(&["value"]).unwrap_or_default().into(),
            effect: t.str_at(&["effect"]).unwrap_or_default().to_string().into(),
            added: t.str_at(&["timeAdded"]).and_then(|t| calendar.read(t)),
        };
        let image = |i: &Value| {
            let names = i.list_at(&["names"]).iter().filter_map(Value::as_str).map(Rc::from).collect();
            (names, i.int_at(&["sizeBytes"]).unwrap_or(0))
        };
        let allocatable = status.get("allocatable").or(status.get("capacity")).cloned().unwrap_or_default();
        Node {
            unschedulable: spec.bool_at(&["unschedulable"]).unwrap_or(false),
            taints: spec.list_at(&["taints"]).iter().map(taint).collect(),
            capacity: Rc::new(status.get("capacity").cloned().unwrap_or_default()),
            allocatable: Rc::new(Resources::read(&allocatable)),
            allocatable_text: Rc::new(allocatable),
            conditions: tree::read_conditions(status, calendar),
            images: Rc::new(status.list_at(&["images"]).iter().map(image).collect()),
            spec_rest: Rc::new(tree::without(spec, &["unschedulable", "taints"])),
            status_rest: Rc::new(tree::without(status, &["capacity", "allocatable", "conditions", "images"])),
        }
    }
    /// `spec` and `status` as the API shows them.
    pub fn write(&self, out: &mut Map, calendar: &Calendar) {
        let mut spec = (*self.spec_rest).clone();
        let members = spec.make_map();
        if !self.taints.is_empty() {
            members.set("taints", self.taints.iter().map(|t| t.write(calendar)).collect::<Vec<_>>());
        }
        if self.unschedulable {
            members.set("unschedulable", true);
        }
        out.set("spec", spec);
        let mut status = (*self.status_rest).clone();
        let members = status.make_map();
        members.set("capacity", (*self.capacity).clone());
        members.set("allocatable", (*self.allocatable_text).clone());
        tree::set_conditions(members, &self.conditions, calendar, tree::ConditionTimes::ChangedAndHeartbeat);
        if !self.images.is_empty() {
            let image = |(names, size): &(Vec<Rc<str>>, i64)| {
                let names: Vec<Value> = names.iter().map(|n| Value::Str(n.clone())).collect();
                Value::Map(map! { "names" => names, "sizeBytes" => *size })
            };
            members.set("images", self.images.iter().map(image).collect::<Vec<_>>());
        }
        tree::drop_nulls(members);
        out.set("status", status);
    }
    /// The Ready condition.
    pub fn ready(&self) -> super::Tri {
        self.conditions.iter().find(|c| c.kind == "Ready").map_or(super::Tri::Unknown, |c| c.status)
    }
}

impl Taint {
    fn write(&self, calendar: &Calendar) -> Value {
        let mut out = Map::new();
        out.set("key", self.key.clone());
        if !self.value.is_empty() {
            out.set("value", self.value.clone());
        }
        out.set("effect", &self.effect);
        if let Some(t) = self.added {
            out.set("timeAdded", calendar.seconds(t));
        }
        Value::Map(out)
    }
    /// `key=value:Effect`, `key:Effect` without a value.
    pub fn text(&self) -> String {
        if self.value.is_empty() {
            return format!("{}:{}", self.key, self.effect);
        }
        format!("{}={}:{}", self.key, self.value, self.effect)
    }
}

/// Whether a node's kubelet is a fake one: its annotations say so. Source: kwok v0.8, the default node selector
/// `kwok.x-k8s.io/node=fake`; recorded comparisons mark their nodes by `oracle.kwok/group`.
pub fn fake_kubelet(node: &super::Object) -> bool {
    let annotations = &node.meta.annotations;
    annotations.get("kwok.x-k8s.io/node").is_some_and(|v| &**v == "fake")
        || annotations.get("oracle.kwok/group").is_some()
}
