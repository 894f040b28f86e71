//! InterPodAffinity: pods that want to be near other pods, or far from them.
//! Source: kubernetes v1.37 pkg/scheduler/framework/plugins/interpodaffinity/{filtering,scoring}.go

use crate::kubernetes::objects::Labels;
use crate::kubernetes::objects::pod::PodTerm;
use crate::kubernetes::scheduler::framework::{Cycle, Plugin, PreFilter, SCORE_MAX, Verdict};
use crate::kubernetes::scheduler::snapshot::Snapshot;
use crate::kubernetes::scheduler::view::{Group, NodeView, PodView};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The plugin.
pub const PLUGIN: Plugin = Plugin {
    name: "InterPodAffinity",
    weight: 2,
    pre_filter: Some(pre_filter),
    filter: Some(filter),
    pre_score: Some(pre_score),
    score: Some(score),
    normalize: Some(normalize),
    moved: Some(moved),
};

const NOT_NEAR: &str = "node(s) didn't match pod affinity rules";
const NOT_FAR: &str = "node(s) didn't match pod anti-affinity rules";
const NOT_WANTED: &str = "node(s) didn't satisfy existing pods anti-affinity rules";
/// What the required affinity of a pod that is there already is worth to a newcomer.
/// Source: kubernetes v1.37 pkg/scheduler/apis/config/v1/defaults.go, DefaultHardPodAffinityWeight.
const HARD_WEIGHT: i64 = 1;

/// Pods by (label, value) of their node.
type Counts = BTreeMap<(Rc<str>, Rc<str>), i64>;
/// Scores by label and value of the node.
pub type Scores = BTreeMap<Rc<str>, BTreeMap<Rc<str>, i64>>;

/// What is counted once for all nodes.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Pods whose required anti-affinity the newcomer breaks.
    existing: Counts,
    /// Pods that meet all of the newcomer's affinity terms.
    near: Counts,
    /// Pods that meet one of its anti-affinity terms.
    far: Counts,
}

fn required(pod: &PodView) -> (&[PodTerm], &[PodTerm]) {
    pod.spec.affinity.as_ref().map_or((&[], &[]), |a| (&a.pod_required, &a.anti_required))
}

/// A pod or group of pods that a term may mean.
#[derive(Clone, Copy)]
struct Target<'a> {
    namespace: &'a Rc<str>,
    labels: &'a Labels,
    cluster: &'a Snapshot,
}

/// Whether a term of a pod in namespace `owner` means the target. `incoming` terms know namespaces by name: only those that
/// exist can meet a namespace selector.
/// Source: kubernetes v1.37 kube-scheduler/framework, AffinityTerm.Matches; mergeAffinityTermNamespacesIfNotEmpty.
fn means(term: &PodTerm, owner: &Rc<str>, target: Target, incoming: bool) -> bool {
    let own = term.namespaces.is_empty() && term.namespace_selector.is_none() && owner == target.namespace;
    let by_label = || {
        let Some(selector) = &term.namespace_selector else { return false };
        match target.cluster.namespace(target.namespace) {
            Some(labels) => selector.matches(labels),
            None => selector.is_empty() || (!incoming && selector.matches(&Labels::default())),
        }
    };
    let namespace = own || term.namespaces.contains(target.namespace) || by_label();
    namespace && term.selector.as_ref().is_some_and(|s| s.matches(target.labels))
}

fn means_all(terms: &[PodTerm], owner: &Rc<str>, target: Target) -> bool {
    !terms.is_empty() && terms.iter().all(|t| means(t, owner, target, true))
}

fn bump(counts: &mut Counts, key: &Rc<str>, node: &NodeView, by: i64) {
    let Some(value) = node.labels.get(key) else { return };
    let pair = (key.clone(), value.clone());
    let n = counts.entry(pair.clone()).or_default();
    *n += by;
    if *n == 0 {
        counts.remove(&pair);
    }
}

/// For a group of pods: the newcomer's terms it meets, and its own terms that the newcomer breaks.
struct Effect<'a> {
    near: bool,
    far: Vec<&'a PodTerm>,
    existing: Vec<&'a PodTerm>,
}

impl<'a> Effect<'a> {
    fn of(pod: &'a PodView, other: Target, anti: &'a [PodTerm]) -> Self {
        let (near, far) = required(pod);
        let me = Target { namespace: &pod.namespace, labels: &pod.labels, cluster: other.cluster };
        Effect {
            near: means_all(near, &pod.namespace, other),
            far: far.iter().filter(|t| means(t, &pod.namespace, other, true)).collect(),
            existing: anti.iter().filter(|t| means(t, other.namespace, me, false)).collect(),
        }
    }
    fn is_none(&self) -> bool {
        !self.near && self.far.is_empty() && self.existing.is_empty()
    }
    fn apply(&self, pod: &PodView, node: &NodeView, by: i64, state: &mut State) {
        if self.near {
            required(pod).0.iter().for_each(|t| bump(&mut state.near, &t.topology_key, node, by));
        }
        self.far.iter().for_each(|t| bump(&mut state.far, &t.topology_key, node, by));
        self.existing.iter().for_each(|t| bump(&mut state.existing, &t.topology_key, node, by));
    }
}

/// Counts the pods that matter, by domain.
fn pre_filter(pod: &PodView, cycle: &mut Cycle) -> PreFilter {
    let cluster = cycle.cluster;
    let (near, far) = required(pod);
    let own = !near.is_empty() || !far.is_empty();
    let mut effects: Vec<Option<Effect>> = Vec::new();
    effects.resize_with(cluster.groups().len(), || None);
    let mut any = false;
    let mut enter = |id: u32| {
        let group = cluster.group(id);
        let target = Target { namespace: &group.namespace, labels: &group.labels, cluster };
        let effect = Effect::of(pod, target, group.anti_required());
        if !effect.is_none() {
            any = true;
            effects[id as usize] = Some(effect);
        }
    };
    match own {
        true => (0..cluster.groups().len() as u32).for_each(&mut enter),
        false => cluster.affine_groups().for_each(|(id, _)| enter(id)),
    }
    let mut state = State::default();
    if any {
        for node in cluster.nodes() {
            for (group, n) in &node.groups {
                if let Some(Some(effect)) = effects.get(*group as usize) {
                    effect.apply(pod, node, i64::from(*n), &mut state);
                }
            }
        }
    }
    let skip = state.existing.is_empty() && !own;
    cycle.affinity = state;
    if skip { PreFilter::Skip } else { PreFilter::All }
}

fn filter(pod: &PodView, node: &NodeView, cycle: &Cycle) -> Verdict {
    let state = &cycle.affinity;
    let (near, far) = required(pod);
    let count = |counts: &Counts, key: &Rc<str>| {
        let value = node.labels.get(key)?;
        Some(counts.get(&(key.clone(), value.clone())).copied().unwrap_or(0))
    };
    let mut all_there = true;
    for term in near {
        match count(&state.near, &term.topology_key) {
            Some(n) => all_there &= n > 0,
            None => return Verdict::unresolvable(NOT_NEAR),
        }
    }
    if !all_there {
        let me = Target { namespace: &pod.namespace, labels: &pod.labels, cluster: cycle.cluster };
        // The first of a group that wants to be together may go anywhere.
        if !(state.near.is_empty() && means_all(near, &pod.namespace, me)) {
            return Verdict::unresolvable(NOT_NEAR);
        }
    }
    if far.iter().any(|t| count(&state.far, &t.topology_key).is_some_and(|n| n > 0)) {
        return Verdict::unschedulable(NOT_FAR);
    }
    let here = |((key, value), n): (&(Rc<str>, Rc<str>), &i64)| *n > 0 && node.labels.get(key) == Some(value);
    if !state.existing.is_empty() && state.existing.iter().any(here) {
        return Verdict::unschedulable(NOT_WANTED);
    }
    Verdict::Fits
}

fn moved(pod: &PodView, other: &PodView, node: &NodeView, by: i64, cycle: &mut Cycle) {
    let anti = required(other).1;
    let target = Target { namespace: &other.namespace, labels: &other.labels, cluster: cycle.cluster };
    Effect::of(pod, target, anti).apply(pod, node, by, &mut cycle.affinity);
}

/// What a group of pods is worth: label of the node, points.
fn worth(pod: &PodView, id: u32, cluster: &Snapshot) -> Vec<(Rc<str>, i64)> {
    let group = cluster.group(id);
    let other = Target { namespace: &group.namespace, labels: &group.labels, cluster };
    let me = Target { namespace: &pod.namespace, labels: &pod.labels, cluster };
    let mut out = Vec::new();
    let mut add = |term: &PodTerm, points: i64| out.push((term.topology_key.clone(), points));
    if let Some(mine) = &pod.spec.affinity {
        let meant = |t: &PodTerm| means(t, &pod.namespace, other, true);
        mine.pod_preferred.iter().filter(|(_, t)| meant(t)).for_each(|(w, t)| add(t, *w));
        mine.anti_preferred.iter().filter(|(_, t)| meant(t)).for_each(|(w, t)| add(t, -w));
    }
    if let Some(its) = group.affine.as_ref().and_then(|s| s.affinity.as_ref()) {
        let meant = |t: &PodTerm| means(t, &group.namespace, me, false);
        its.pod_required.iter().filter(|t| meant(t)).for_each(|t| add(t, HARD_WEIGHT));
        its.pod_preferred.iter().filter(|(_, t)| meant(t)).for_each(|(w, t)| add(t, *w));
        its.anti_preferred.iter().filter(|(_, t)| meant(t)).for_each(|(w, t)| add(t, -w));
    }
    out
}

/// The groups that give points to this pod, and how many.
pub fn worths(pod: &PodView, cluster: &Snapshot) -> Vec<(u32, Vec<(Rc<str>, i64)>)> {
    let own = pod.spec.affinity.as_ref().is_some_and(|a| !a.pod_preferred.is_empty() || !a.anti_preferred.is_empty());
    let ids: Vec<u32> = match own {
        true => (0..cluster.groups().len() as u32).collect(),
        false => cluster.affine_groups().map(|(id, _)| id).collect(),
    };
    let each = |id: u32| (id, worth(pod, id, cluster));
    ids.into_iter().map(each).filter(|(_, w)| !w.is_empty()).collect()
}

/// Whether any pod's affinity, its own or another's, has a say in where this pod goes.
pub fn concerns(pod: &PodView, cluster: &Snapshot) -> bool {
    let me = Target { namespace: &pod.namespace, labels: &pod.labels, cluster };
    let breaks = |group: &Group| group.anti_required().iter().any(|t| means(t, &group.namespace, me, false));
    let (near, far) = required(pod);
    !near.is_empty()
        || !far.is_empty()
        || !worths(pod, cluster).is_empty()
        || cluster.affine_groups().any(|(_, group)| breaks(group))
}

fn pre_score(pod: &PodView, _: &[usize], cycle: &mut Cycle) -> bool {
    let cluster = cycle.cluster;
    let mut by_group: Vec<&[(Rc<str>, i64)]> = vec![&[]; cluster.groups().len()];
    let worths = worths(pod, cluster);
    for (id, worth) in &worths {
        by_group[*id as usize] = worth;
    }
    let mut scores = Scores::new();
    if !worths.is_empty() {
        for node in cluster.nodes() {
            for (group, n) in &node.groups {
                for (key, points) in by_group.get(*group as usize).copied().unwrap_or_default() {
                    let Some(value) = node.labels.get(key) else { continue };
                    *scores.entry(key.clone()).or_default().entry(value.clone()).or_default() += points * i64::from(*n);
                }
            }
        }
    }
    let any = !scores.is_empty();
    cycle.affinity_scores = scores;
    any
}

fn score(_: &PodView, node: &NodeView, cycle: &Cycle) -> i64 {
    let of = |(key, values): (&Rc<str>, &BTreeMap<Rc<str>, i64>)| values.get(node.labels.get(key)?).copied();
    cycle.affinity_scores.iter().filter_map(of).sum()
}

fn normalize(scores: &mut [i64], _: &[usize], _: &Cycle) {
    let least = scores.iter().copied().min().unwrap_or(0);
    let spread = scores.iter().copied().max().unwrap_or(0) - least;
    for score in scores {
        *score = match spread {
            0 => 0,
            _ => (SCORE_MAX as f64 * ((*score - least) as f64 / spread as f64)) as i64,
        };
    }
}
