//! ReplicaSet: how many pods of one template should exist.

use super::template::Template;
use super::{Calendar, Condition, parts::LabelSelector, tree};
use crate::map;
use crate::sim::Span;
use crate::text::{Map, Value};
use std::rc::Rc;

/// A ReplicaSet's body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplicaSet {
    /// `spec.replicas`
    pub replicas: i32,
    /// `spec.minReadySeconds`
    pub min_ready: Span,
    /// `spec.selector`
    pub selector: Rc<LabelSelector>,
    /// `spec.template`
    pub template: Rc<Template>,
    /// The wish as a tree, defaulted, without `replicas` and `template`.
    pub rest: Rc<Value>,
    /// The report.
    pub status: ReplicaSetStatus,
}

/// `status`.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct ReplicaSetStatus {
    pub replicas: i32,
    pub fully_labeled: i32,
    pub ready: i32,
    pub available: i32,
    /// `None` before the controller has written a status.
    pub terminating: Option<i32>,
    pub observed_generation: i64,
    pub conditions: Vec<Condition>,
}

impl ReplicaSet {
    /// Reads a defaulted object.
    pub fn read(tree: &Value, calendar: &Calendar) -> Self {
        let spec = tree.get("spec").unwrap_or(&Value::Null);
        let status = tree.get("status").unwrap_or(&Value::Null);
        let count = |key: &str| status.int_at(&[key]).unwrap_or(0) as i32;
        ReplicaSet {
            replicas: spec.int_at(&["replicas"]).unwrap_or(1) as i32,
            min_ready: Span::secs(spec.int_at(&["minReadySeconds"]).unwrap_or(0).max(0) as u64),
            selector: Rc::new(LabelSelector::read(spec.get("selector").unwrap_or(&Value::Null))),
            template: Rc::new(Template::read(spec.get("template").unwrap_or(&Value::Null))),
            rest: Rc::new(tree::without(spec, &["replicas", "template"])),
            status: ReplicaSetStatus {
                replicas: count("replicas"),
                fully_labeled: count("fullyLabeledReplicas"),
                ready: count("readyReplicas"),
                available: count("availableReplicas"),
                terminating: status.int_at(&["terminatingReplicas"]).map(|n| n as i32),
                observed_generation: status.int_at(&["observedGeneration"]).unwrap_or(0),
                conditions: tree::read_conditions(status, calendar),
            },
        }
    }
    /// `spec` and `status` as the API shows them.
    pub fn write(&self, out: &mut Map, calendar: &Calendar) {
        let mut spec = (*self.rest).clone();
        spec.make_map().set("replicas", self.replicas);
        spec.make_map().set("template", self.template.tree.clone());
        out.set("spec", spec);
        let s = &self.status;
        let mut status = map! { "replicas" => s.replicas };
        tree::set_counts(
            &mut status,
            &[
                ("fullyLabeledReplicas", s.fully_labeled),
                ("readyReplicas", s.ready),
                ("availableReplicas", s.available),
            ],
        );
        if let Some(n) = s.terminating {
            status.set("terminatingReplicas", n);
        }
        tree::set_generation(&mut status, s.observed_generation);
        tree::set_conditions(&mut status, &s.conditions, calendar, tree::ConditionTimes::Changed);
        out.set("status", status);
    }
}
