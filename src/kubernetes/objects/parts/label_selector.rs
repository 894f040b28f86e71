//! A label selector as objects hold it.

use crate::kubernetes::objects::Labels;
use crate::text::{Value, Word};
use std::rc::Rc;

/// `matchLabels` and `matchExpressions`, all of which must hold. An empty one matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LabelSelector {
    /// Exact pairs, by key.
    pub labels: Vec<(Rc<str>, Rc<str>)>,
    /// Expressions.
    pub expressions: Vec<LabelRequirement>,
}

/// One `matchExpressions` item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LabelRequirement {
    /// Key.
    pub key: Rc<str>,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
    pub operator: Word,
    /// Values.
    pub values: Vec<Rc<str>>,
}

impl LabelSelector {
    /// Reads a `labelSelector` member.
    pub fn read(tree: &Value) -> Self {
        let mut labels: Vec<(Rc<str>, Rc<str>)> = Vec::new();
        for (key, value) in tree.get("matchLabels").and_then(Value::as_map).into_iter().flat_map(|m| m.iter()) {
            labels.push((key.clone(), value.as_str().unwrap_or_default().into()));
        }
        labels.sort();
        let expressions = tree.list_at(&["matchExpressions"]).iter().map(|e| LabelRequirement {
            key: e.str_at(&["key"]).unwrap_or_default().into(),
            operator: e.str_at(&["operator"]).unwrap_or_default().to_string().into(),
            values: e.list_at(&["values"]).iter().filter_map(Value::as_str).map(Rc::from).collect(),
        });
        LabelSelector { labels, expressions: expressions.collect() }
    }
    /// Whether it selects these labels.
    /// Source: kubernetes v1.37 apimachinery/pkg/labels/selector.go, Requirement.Matches.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.labels.iter().all(|(k, v)| labels.get(k) == Some(v))
            && self.expressions.iter().all(|e| match (&*e.operator, labels.get(&e.key)) {
                ("In", Some(v)) => e.values.contains(v),
                ("NotIn", Some(v)) => !e.values.contains(v),
                ("NotIn", None) | ("DoesNotExist", None) | ("Exists", Some(_)) => true,
                _ => false,
            })
    }
    /// How Go prints a pointer to it. Source: kubernetes v1.37 apimachinery/pkg/apis/meta/v1/generated.pb.go, String.
    pub fn dump(&self) -> String {
        let labels: String = self.labels.iter().map(|(k, v)| format!("{k}: {v},")).collect();
        let one = |e: &LabelRequirement| {
            format!(
                "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},",
                e.key,
                e.operator,
                e.values.join(" ")
            )
        };
        let expressions: String = self.expressions.iter().map(one).collect();
        format!(
            "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},\
             MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
        )
    }
    /// Whether it has no requirement at all.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.expressions.is_empty()
    }
}
