//! Deployment: a template that is rolled out through ReplicaSets.

use super::template::Template;
use super::{Calendar, Condition, parts::LabelSelector, tree};
use crate::sim::Span;
use crate::text::{Map, Value};
use std::rc::Rc;

/// A Deployment's body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deployment {
    /// `spec.replicas`
    pub replicas: i32,
    /// `spec.paused`
    pub paused: bool,
    /// `spec.minReadySeconds`
    pub min_ready: Span,
    /// `spec.progressDeadlineSeconds`
    pub progress_deadline: Option<Span>,
    /// `spec.revisionHistoryLimit`
    pub history_limit: i32,
    /// Whether `spec.strategy.type` is `Recreate`.
    pub recreate: bool,
    /// `maxSurge` as written: a whole number or a percentage.
    pub max_surge: Value,
    /// `maxUnavailable` as written.
    pub max_unavailable: Value,
    /// `spec.selector`
    pub selector: Rc<LabelSelector>,
    /// `spec.template`
    pub template: Rc<Template>,
    /// The wish as a tree, defaulted, without `replicas`, `paused` and `template`.
    pub rest: Rc<Value>,
    /// The report.
    pub status: DeploymentStatus,
}

/// `status`.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct DeploymentStatus {
    pub replicas: i32,
    pub updated: i32,
    pub ready: i32,
    pub available: i32,
    pub unavailable: i32,
    /// `None` before the controller has written a status.
    pub terminating: Option<i32>,
    pub observed_generation: i64,
    pub collision_count: Option<i32>,
    pub conditions: Vec<Condition>,
}

impl Deployment {
    /// Reads a defaulted object.
    pub fn read(tree: &Value, calendar: &Calendar) -> Self {
        let spec = tree.get("spec").unwrap_or(&Value::Null);
        let status = tree.get("status").unwrap_or(&Value::Null);
        let count = |key: &str| status.int_at(&[key]).unwrap_or(0) as i32;
        let rolling = |key: &str| spec.at(&["strategy", "rollingUpdate", key]).cloned().unwrap_or_default();
        Deployment {
            replicas: spec.int_at(&["replicas"]).unwrap_or(1) as i32,
            paused: spec.bool_at(&["paused"]).unwrap_or(false),
            min_ready: Span::secs(spec.int_at(&["minReadySeconds"]).unwrap_or(0).max(0) as u64),
            progress_deadline: spec.int_at(&["progressDeadlineSeconds"]).map(|s| Span::secs(s.max(0) as u64)),
            history_limit: spec.int_at(&["revisionHistoryLimit"]).unwrap_or(10) as i32,
            recreate: spec.str_at(&["strategy", "type"]) == Some("Recreate"),
            max_surge: rolling("maxSurge"),
            max_unavailable: rolling("maxUnavailable"),
            selector: Rc::new(LabelSelector::read(spec.get("selector").unwrap_or(&Value::Null))),
            template: Rc::new(Template::read(spec.get("template").unwrap_or(&Value::Null))),
            rest: Rc::new(tree::without(spec, &["replicas", "paused", "template"])),
            status: DeploymentStatus {
                replicas: count("replicas"),
                updated: count("updatedReplicas"),
                ready: count("readyReplicas"),
                available: count("availableReplicas"),
                unavailable: count("unavailableReplicas"),
                terminating: status.int_at(&["terminatingReplicas"]).map(|n| n as i32),
                observed_generation: status.int_at(&["observedGeneration"]).unwrap_or(0),
                collision_count: status.int_at(&["collisionCount"]).map(|n| n as i32),
                conditions: tree::read_conditions(status, calendar),
            },
        }
    }
    /// `spec` and `status` as the API shows them.
    pub fn write(&self, out: &mut Map, calendar: &Calendar) {
        let mut spec = (*self.rest).clone();
        let members = spec.make_map();
        members.set("replicas", self.replicas);
        if self.paused {
            members.set("paused", true);
        }
        members.set("template", self.template.tree.clone());
        out.set("spec", spec);
        let s = &self.status;
        let mut status = Map::new();
        tree::set_generation(&mut status, s.observed_generation);
        tree::set_counts(
            &mut status,
            &[
                ("replicas", s.replicas),
                ("updatedReplicas", s.updated),
                ("readyReplicas", s.ready),
                ("availableReplicas", s.available),
                ("unavailableReplicas", s.unavailable),
            ],
        );
        if let Some(n) = s.terminating {
            status.set("terminatingReplicas", n);
        }
        if let Some(n) = s.collision_count {
            status.set("collisionCount", n);
        }
        tree::set_conditions(&mut status, &s.conditions, calendar, tree::ConditionTimes::ChangedAndUpdated);
        out.set("status", status);
    }
}
