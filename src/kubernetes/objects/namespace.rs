//! Namespace: a room for names.

use super::Calendar;
use crate::map;
use crate::text::{Map, Value, Word};
use std::rc::Rc;

/// A Namespace's body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Namespace {
    /// Whether `status.phase` is `Terminating`.
    pub terminating: bool,
    /// `spec.finalizers`; `kubernetes` until everything in it is gone.
    pub finalizers: Vec<Word>,
    /// `status.conditions` as written by the namespace controller.
    pub conditions: Rc<Vec<Value>>,
}

impl Namespace {
    /// Reads a defaulted object.
    pub fn read(tree: &Value, _: &Calendar) -> Self {
        Namespace {
            terminating: tree.str_at(&["status", "phase"]) == Some("Terminating"),
            finalizers: finalizers(tree),
            conditions: Rc::new(tree.list_at(&["status", "conditions"]).to_vec()),
        }
    }
    /// `spec` and `status` as the API shows them.
    pub fn write(&self, out: &mut Map, _: &Calendar) {
        let mut spec = Map::new();
        if !self.finalizers.is_empty() {
            spec.set("finalizers", self.finalizers.iter().map(Value::from).collect::<Vec<_>>());
        }
        out.set("spec", spec);
        let mut status = map! { "phase" => if self.terminating { "Terminating" } else { "Active" } };
        if !self.conditions.is_empty() {
            status.set("conditions", (*self.conditions).clone());
        }
        out.set("status", status);
    }
}

fn finalizers(tree: &Value) -> Vec<Word> {
    tree.list_at(&["spec", "finalizers"]).iter().filter_map(|f| f.as_str().map(|s| s.to_string().into())).collect()
}
