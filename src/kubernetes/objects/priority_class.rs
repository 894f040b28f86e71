//! PriorityClass: a name for a priority.

use super::{Calendar, tree};
use crate::text::{Map, Value};
use std::rc::Rc;

/// A PriorityClass' body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriorityClass {
    /// `value`
    pub value: i32,
    /// `globalDefault`
    pub global_default: bool,
    /// `preemptionPolicy: Never`
    pub never_preempts: bool,
    /// The whole tree without metadata.
    pub rest: Rc<Value>,
}

impl PriorityClass {
    /// Reads a defaulted object.
    pub fn read(tree: &Value, _: &Calendar) -> Self {
        PriorityClass {
            value: tree.int_at(&["value"]).unwrap_or(0) as i32,
            global_default: tree.bool_at(&["globalDefault"]).unwrap_or(false),
            never_preempts: tree.str_at(&["preemptionPolicy"]) == Some("Never"),
            rest: Rc::new(tree::body_only(tree)),
        }
    }
    /// Its members as the API shows them.
    pub fn write(&self, out: &mut Map, _: &Calendar) {
        tree::set_all(out, &self.rest);
    }
}
