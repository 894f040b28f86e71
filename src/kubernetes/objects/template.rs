//! A pod template, shared by everything made from it.

use super::Labels;
use super::pod::PodSpec;
use crate::text::Value;
use std::rc::Rc;

/// `spec.template` of a workload, defaulted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// The whole tree, defaulted.
    pub tree: Value,
    /// Labels of its pods.
    pub labels: Labels,
    /// Annotations of its pods.
    pub annotations: Labels,
    /// Finalizers of its pods, seldom any.
    pub finalizers: Vec<Rc<str>>,
    /// The wish of its pods.
    pub spec: Rc<PodSpec>,
}

impl Template {
    /// Reads a defaulted template.
    pub fn read(tree: &Value) -> Self {
        let pairs = |key: &str| {
            let members = tree.at(&["metadata", key]).and_then(Value::as_map);
            members
                .into_iter()
                .flat_map(|m| m.iter())
                .map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default()))
                .collect()
        };
        Template {
            tree: tree.clone(),
            labels: pairs("labels"),
            annotations: pairs("annotations"),
            finalizers: tree
                .list_at(&["metadata", "finalizers"])
                .iter()
                .filter_map(Value::as_str)
                .map(Rc::from)
                .collect(),
            spec: Rc::new(PodSpec::read(tree.get("spec").unwrap_or(&Value::Null))),
        }
    }
}
