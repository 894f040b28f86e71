//! NodeAffinity: node selector and required node affinity by label; preferred terms give score.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go; component-helpers/scheduling/corev1/nodeaffinity.

use crate::kubernetes::objects::Labels;
use crate::kubernetes::objects::pod::{NodeRequirement, NodeTerm, PodSpec};
use crate::kubernetes::scheduler::framework::{Cycle, Plugin, PreFilter, Verdict, scale_to_best};
use crate::kubernetes::scheduler::view::{NodeView, PodView};
use std::collections::BTreeSet;
use std::rc::Rc;

/// The plugin.
pub const PLUGIN: Plugin = Plugin {
    name: "NodeAffinity",
    weight: 2,
    pre_filter: Some(pre_filter),
    filter: Some(filter),
    pre_score: Some(pre_score),
    score: Some(score),
    normalize: Some(normalize),
    ..Plugin::NONE
};

const NO_MATCH: &str = "node(s) didn't match Pod's node affinity/selector";
const CONFLICT: &str = "pod affinity terms conflict";
/// The only field that terms can name. Source: kubernetes v1.37 apimachinery/pkg/apis/meta/v1, ObjectNameField.
const NAME_FIELD: &str = "metadata.name";

fn pre_filter(pod: &PodView, _: &mut Cycle) -> PreFilter {
    let required = pod.spec.affinity.as_ref().and_then(|a| a.node_required.as_ref());
    let Some(terms) = required else {
        return if pod.spec.node_selector.is_empty() { PreFilter::Skip } else { PreFilter::All };
    };
    let mut names: BTreeSet<Rc<str>> = BTreeSet::new();
    for term in terms {
        let lists = term.fields.iter().filter(|f| &*f.key == NAME_FIELD && f.operator == "In");
        let sets = lists.map(|f| f.values.iter().cloned().collect::<BTreeSet<_>>());
        match sets.reduce(|a, b| a.intersection(&b).cloned().collect()) {
            Some(set) => names.extend(set),
            None => return PreFilter::All,
        }
    }
    match (terms.is_empty(), names.is_empty()) {
        (true, _) => PreFilter::All,
        (false, true) => PreFilter::Reject(Verdict::unresolvable(CONFLICT)),
        (false, false) => PreFilter::Only(names),
    }
}

/// Whether the node has what selector and required affinity ask for.
pub fn matches_required(spec: &PodSpec, node: &NodeView) -> bool {
    let selected = spec.node_selector.iter().all(|(k, v)| node.labels.get(k) == Some(v));
    let required = spec.affinity.as_ref().and_then(|a| a.node_required.as_ref());
    selected && required.is_none_or(|terms| terms.iter().any(|t| matches_term(t, node)))
}

/// Whether a node meets all of one term; an empty term meets nothing.
pub fn matches_term(term: &NodeTerm, node: &NodeView) -> bool {
    let empty = term.expressions.is_empty() && term.fields.is_empty();
    !empty
        && term.expressions.iter().all(|r| matches_label(r, &node.labels))
        && term.fields.iter().all(|r| &*r.key == NAME_FIELD && matches_name(r, &node.name))
}

fn matches_name(requirement: &NodeRequirement, name: &Rc<str>) -> bool {
    match &*requirement.operator {
        "In" => requirement.values.contains(name),
        "NotIn" => !requirement.values.contains(name),
        _ => false,
    }
}

fn matches_label(requirement: &NodeRequirement, labels: &Labels) -> bool {
    let have = labels.get(&requirement.key);
    let compare = |greater: bool| {
        let number = |text: &str| text.parse::<i64>().ok();
        let (Some(have), [limit]) = (have, requirement.values.as_slice()) else { return false };
        let (Some(have), Some(limit)) = (number(have), number(limit)) else { return false };
        if greater { have > limit } else { have < limit }
    };
    match (&*requirement.operator, have) {
        ("In", Some(v)) => requirement.values.contains(v),
        ("NotIn", Some(v)) => !requirement.values.contains(v),
        ("NotIn" | "DoesNotExist", None) | ("Exists", Some(_)) => true,
        ("Gt", Some(_)) => compare(true),
        ("Lt", Some(_)) => compare(false),
        _ => false,
    }
}

fn filter(pod: &PodView, node: &NodeView, _: &Cycle) -> Verdict {
    if matches_required(&pod.spec, node) { Verdict::Fits } else { Verdict::unresolvable(NO_MATCH) }
}

fn pre_score(pod: &PodView, _: &[usize], _: &mut Cycle) -> bool {
    pod.spec.affinity.as_ref().is_some_and(|a| !a.node_preferred.is_empty())
}

/// The weights of the preferred terms that the node meets.
pub fn preferred(spec: &PodSpec, node: &NodeView) -> i64 {
    let terms = spec.affinity.iter().flat_map(|a| a.node_preferred.iter());
    terms.filter(|(_, term)| matches_term(term, node)).map(|(weight, _)| weight).sum()
}

fn score(pod: &PodView, node: &NodeView, _: &Cycle) -> i64 {
    preferred(&pod.spec, node)
}

fn normalize(scores: &mut [i64], _: &[usize], _: &Cycle) {
    scale_to_best(scores, false);
}
