//! The scheduling framework: what a plugin is, and one pod's way through the plugins.
//! Source: kubernetes v1.37 pkg/scheduler/schedule_one.go, schedulingAlgorithm; pkg/scheduler/framework/runtime/framework.go.

use super::plugins::{PLUGINS, inter_pod_affinity, pod_topology_spread};
use super::snapshot::Snapshot;
use super::ties::turn;
use super::view::{NodeView, PodView};
use crate::kubernetes::objects::parts::LabelSelector;
use crate::text::Word;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::rc::Rc;

/// The best a node can score before weighting. Source: kubernetes v1.37 kube-scheduler/framework/interface.go, MaxNodeScore.
pub const SCORE_MAX: i64 = 100;

/// What a plugin thinks of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Verdict {
    /// The pod may go there.
    #[default]
    Fits,
    /// It may not, but might if other pods left.
    Unschedulable(Vec<Word>),
    /// It may not, whoever leaves.
    Unresolvable(Vec<Word>),
}

impl Verdict {
    /// A node that would fit if other pods left.
    pub fn unschedulable(reason: impl Into<Word>) -> Self {
        Verdict::Unschedulable(vec![reason.into()])
    }
    /// A node that cannot fit.
    pub fn unresolvable(reason: impl Into<Word>) -> Self {
        Verdict::Unresolvable(vec![reason.into()])
    }
    /// Whether the pod may go there.
    pub fn fits(&self) -> bool {
        *self == Verdict::Fits
    }
    /// The reasons against it.
    pub fn reasons(&self) -> &[Word] {
        match self {
            Verdict::Fits => &[],
            Verdict::Unschedulable(r) | Verdict::Unresolvable(r) => r,
        }
    }
    /// The real code's name of it.
    pub const fn code(&self) -> &'static str {
        match self {
            Verdict::Fits => "Success",
            Verdict::Unschedulable(_) => "Unschedulable",
            Verdict::Unresolvable(_) => "UnschedulableAndUnresolvable",
        }
    }
}

/// What a plugin finds before any node is looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum PreFilter {
    /// It has nothing to say about this pod: its filter is not asked.
    Skip,
    /// Every node is to be asked about.
    All,
    /// Only these nodes are.
    Only(BTreeSet<Rc<str>>),
    /// The pod can go nowhere.
    Reject(Verdict),
}

/// One rule of the default profile. What it finds out about the whole cluster it keeps in the [`Cycle`].
pub struct Plugin {
    /// Its name.
    pub name: &'static str,
    /// How much its score counts.
    pub weight: i64,
    /// Before any node is looked at.
    pub pre_filter: Option<fn(&PodView, &mut Cycle) -> PreFilter>,
    /// For each node.
    pub filter: Option<fn(&PodView, &NodeView, &Cycle) -> Verdict>,
    /// Before scoring the nodes at these places; false to be left out.
    pub pre_score: Option<fn(&PodView, &[usize], &mut Cycle) -> bool>,
    /// For each node that fits.
    pub score: Option<fn(&PodView, &NodeView, &Cycle) -> i64>,
    /// Brings the scores of all nodes into 0 to [`SCORE_MAX`].
    pub normalize: Option<fn(&mut [i64], &[usize], &Cycle)>,
    /// What changes in the cycle when another pod comes to a node (1) or leaves it (-1): for preemption's trials.
    pub moved: Option<fn(&PodView, &PodView, &NodeView, i64, &mut Cycle)>,
}

impl Plugin {
    /// A plugin that does nothing.
    pub const NONE: Plugin = Plugin {
        name: "",
        weight: 1,
        pre_filter: None,
        filter: None,
        pre_score: None,
        score: None,
        normalize: None,
        moved: None,
    };
}

/// What is found out during one pod's way.
#[derive(Clone)]
pub struct Cycle<'a> {
    /// The cluster.
    pub cluster: &'a Snapshot,
    /// What selects the pod with its like, for the default spreading; empty for nothing.
    pub default_selector: &'a LabelSelector,
    /// Plugins whose filter is not asked, by place in [`PLUGINS`].
    pub skipped: u32,
    /// Required spreading.
    pub spread: pod_topology_spread::hard::State,
    /// Wished spreading.
    pub soft_spread: pod_topology_spread::soft::State,
    /// Required pod affinity.
    pub affinity: inter_pod_affinity::State,
    /// Wished pod affinity: (label, value) to score.
    pub affinity_scores: inter_pod_affinity::Scores,
}

impl<'a> Cycle<'a> {
    /// A fresh one.
    pub fn new(cluster: &'a Snapshot, default_selector: &'a LabelSelector) -> Self {
        Cycle {
            cluster,
            default_selector,
            skipped: 0,
            spread: Default::default(),
            soft_spread: Default::default(),
            affinity: Default::default(),
            affinity_scores: Default::default(),
        }
    }
    /// Runs the filters on one node; the first that says no is named.
    pub fn filter(&self, pod: &PodView, node: &NodeView) -> Result<(), (&'static str, Verdict)> {
        for (at, plugin) in PLUGINS.iter().enumerate() {
            let Some(filter) = plugin.filter.filter(|_| self.skipped & (1 << at) == 0) else { continue };
            let verdict = filter(pod, node, self);
            if !verdict.fits() {
                return Err((plugin.name, verdict));
            }
        }
        Ok(())
    }
    /// The same, counting pods for which preemption has made room here: first with those of at least this priority, then
    /// without, since they may never come.
    /// Source: kubernetes v1.37 pkg/scheduler/framework/runtime/framework.go, RunFilterPluginsWithNominatedPods.
    pub fn filter_with_nominated(&self, pod: &PodView, node: &NodeView) -> Result<(), (&'static str, Verdict)> {
        let counts = |p: &&Rc<PodView>| p.spec.priority >= pod.spec.priority && p.id != pod.id;
        if !node.nominated.iter().any(|p| counts(&p)) {
            return self.filter(pod, node);
        }
        let (mut cycle, mut fuller) = (self.clone(), node.clone());
        for other in node.nominated.iter().filter(counts) {
            fuller.add(other.clone(), GROUP_OF_NOMINATED);
            cycle.moved(pod, other, &fuller, 1);
        }
        cycle.filter(pod, &fuller)?;
        self.filter(pod, node)
    }
    /// Tells the plugins that another pod has come to a node or left it.
    pub fn moved(&mut self, pod: &PodView, other: &PodView, node: &NodeView, by: i64) {
        for (at, plugin) in PLUGINS.iter().enumerate() {
            if let Some(moved) = plugin.moved.filter(|_| self.skipped & (1 << at) == 0) {
                moved(pod, other, node, by, self);
            }
        }
    }
    /// Runs the pre-filters: which plugins restricted the nodes, and to which.
    pub fn pre_filter(&mut self, pod: &PodView) -> Result<Restriction, (&'static str, Verdict)> {
        let mut restriction = Restriction::default();
        for (at, plugin) in PLUGINS.iter().enumerate() {
            let Some(pre_filter) = plugin.pre_filter else { continue };
            match pre_filter(pod, self) {
                PreFilter::Skip => self.skipped |= 1 << at,
                PreFilter::All => {}
                PreFilter::Reject(verdict) => return Err((plugin.name, verdict)),
                PreFilter::Only(names) => {
                    restriction.plugins.insert(plugin.name);
                    let both = match restriction.nodes.take() {
                        Some(old) => old.intersection(&names).cloned().collect(),
                        None => names,
                    };
                    if both.is_empty() {
                        let plugins = restriction.listed();
                        let reason = match restriction.plugins.len() {
                            1 => format!("node(s) didn't satisfy plugin {plugins}"),
                            _ => format!("node(s) didn't satisfy plugin(s) {plugins} simultaneously"),
                        };
                        return Err((plugin.name, Verdict::unresolvable(reason)));
                    }
                    restriction.nodes = Some(both);
                }
            }
        }
        Ok(restriction)
    }
}

/// Nominated pods are counted by themselves, never by group. Ours.
const GROUP_OF_NOMINATED: u32 = u32::MAX;

/// Which nodes the pre-filters leave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restriction {
    /// Plugins that restricted.
    pub plugins: BTreeSet<&'static str>,
    /// The nodes left; `None` for all.
    pub nodes: Option<BTreeSet<Rc<str>>>,
}

impl Restriction {
    /// `[NodeAffinity NodeName]`
    fn listed(&self) -> String {
        format!("[{}]", self.plugins.iter().copied().collect::<Vec<_>>().join(" "))
    }
    /// What is said about the other nodes.
    pub fn reason(&self) -> Word {
        format!("node(s) didn't satisfy plugin(s) {}", self.listed()).into()
    }
}

/// Why a node was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Place of the node in the list.
    pub node: usize,
    /// The first plugin that said no.
    pub plugin: &'static str,
    /// What it said.
    pub verdict: Verdict,
}

/// One plugin's scores.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginScores {
    /// The plugin.
    pub plugin: &'static str,
    /// By place among the feasible nodes: raw, normalised, weighted.
    pub scores: Vec<[i64; 3]>,
}

/// How one pod's way went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attempt {
    /// The plugin that refused the pod as a whole, and its words.
    pub rejected: Option<(&'static str, Verdict)>,
    /// Which nodes the pre-filters left.
    pub restriction: Restriction,
    /// Nodes refused, in the order looked at.
    pub refused: Vec<Refusal>,
    /// Nodes that fit, in the order looked at.
    pub feasible: Vec<usize>,
    /// How many nodes were looked at.
    pub evaluated: usize,
    /// Whether the pod fits the node where room was made for it, so that no other was looked at.
    pub as_nominated: bool,
    /// How many nodes there are.
    pub nodes: usize,
    /// Scores, when more than one node fits (or when asked for).
    pub scores: Vec<PluginScores>,
    /// Sum of weighted scores by place among the feasible nodes.
    pub totals: Vec<i64>,
}

impl Attempt {
    /// Places (among the feasible) with the best total.
    pub fn best(&self) -> Vec<usize> {
        let Some(best) = self.totals.iter().max() else { return (0..self.feasible.len()).take(1).collect() };
        (0..self.totals.len()).filter(|at| self.totals[*at] == *best).collect()
    }
    /// The place (among the feasible) that is taken.
    pub fn taken(&self) -> Option<usize> {
        self.best().into_iter().min_by_key(|at| turn(*at))
    }
    /// Plugins that stood in the way, by name.
    pub fn unschedulable_plugins(&self) -> BTreeSet<&'static str> {
        let mut all: BTreeSet<&'static str> = self.refused.iter().map(|r| r.plugin).collect();
        all.extend(self.rejected.iter().map(|(plugin, _)| *plugin));
        all.extend(self.restriction.plugins.iter());
        all
    }
    /// The words of the PodScheduled condition, without what preemption adds.
    /// Source: kubernetes v1.37 pkg/scheduler/framework/types.go, FitError.Error.
    pub fn message(&self) -> String {
        if self.nodes == 0 {
            return NO_NODES.into();
        }
        if let Some((_, verdict)) = &self.rejected {
            let words: Vec<&str> = verdict.reasons().iter().map(|r| &**r).collect();
            return format!("0/{} nodes are available: {}.", self.nodes, words.join(", "));
        }
        let mut reasons: BTreeMap<Word, usize> = BTreeMap::new();
        for reason in self.refused.iter().flat_map(|r| r.verdict.reasons()) {
            *reasons.entry(reason.clone()).or_default() += 1;
        }
        let absent = self.nodes - self.refused.len();
        if absent > 0 && self.restriction.nodes.is_some() {
            reasons.insert(self.restriction.reason(), absent);
        }
        fit_error(self.nodes, &reasons)
    }
}

/// Source: kubernetes v1.37 pkg/scheduler/schedule_one.go, ErrNoNodesAvailable.
pub const NO_NODES: &str = "no nodes available to schedule pods";

/// `0/5 nodes are available: 3 Insufficient cpu, 5 Insufficient memory.`
pub fn fit_error(nodes: usize, reasons: &BTreeMap<Word, usize>) -> String {
    let mut out = format!("0/{nodes} nodes are available:");
    let mut lines: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    lines.sort();
    if !lines.is_empty() {
        let _ = write!(out, " {}.", lines.join(", "));
    }
    out
}

/// How many fitting nodes are enough.
/// Source: kubernetes v1.37 pkg/scheduler/schedule_one.go, numFeasibleNodesToFind.
pub fn nodes_to_find(nodes: usize) -> usize {
    const ALL_BELOW: usize = 100;
    const PERCENT_MIN: usize = 5;
    if nodes < ALL_BELOW {
        return nodes;
    }
    let percent = 50usize.saturating_sub(nodes / 125).max(PERCENT_MIN);
    (nodes * percent / 100).max(ALL_BELOW)
}

/// Finds the nodes that fit, walking the list from place `start` round until there are enough; scores them.
/// With `score_one` the scores are found even when one node alone fits, which the real scheduler does not do.
pub fn attempt(pod: &PodView, cycle: &mut Cycle, start: usize, score_one: bool) -> Attempt {
    let nodes = cycle.cluster.nodes();
    let mut out = Attempt { nodes: nodes.len(), ..Attempt::default() };
    match cycle.pre_filter(pod) {
        Ok(restriction) => out.restriction = restriction,
        Err(rejected) => {
            out.rejected = Some(rejected);
            return out;
        }
    }
    // Source: kubernetes v1.37 pkg/scheduler/schedule_one.go, evaluateNominatedNode.
    let nominated = pod.nominated.as_ref().and_then(|name| cycle.cluster.position(name));
    if let Some(at) = nominated.filter(|at| cycle.filter_with_nominated(pod, &nodes[*at]).is_ok()) {
        (out.feasible, out.evaluated, out.as_nominated) = (vec![at], 1, true);
        return out;
    }
    let places: Vec<usize> = match &out.restriction.nodes {
        Some(names) => names.iter().filter_map(|n| cycle.cluster.position(n)).collect(),
        None => (0..nodes.len()).map(|i| (start + i) % nodes.len()).collect(),
    };
    let enough = nodes_to_find(places.len());
    for at in places {
        if out.feasible.len() >= enough {
            break;
        }
        out.evaluated += 1;
        match cycle.filter_with_nominated(pod, &nodes[at]) {
            Ok(()) => out.feasible.push(at),
            Err((plugin, verdict)) => out.refused.push(Refusal { node: at, plugin, verdict }),
        }
    }
    if out.feasible.len() > 1 || score_one && !out.feasible.is_empty() {
        score(pod, cycle, &mut out);
    }
    out
}

fn score(pod: &PodView, cycle: &mut Cycle, out: &mut Attempt) {
    let nodes = cycle.cluster.nodes();
    out.totals = vec![0; out.feasible.len()];
    for plugin in PLUGINS {
        let Some(score) = plugin.score else { continue };
        if plugin.pre_score.is_some_and(|pre| !pre(pod, &out.feasible, cycle)) {
            continue;
        }
        let raw: Vec<i64> = out.feasible.iter().map(|at| score(pod, &nodes[*at], cycle)).collect();
        let mut normal = raw.clone();
        if let Some(normalize) = plugin.normalize {
            normalize(&mut normal, &out.feasible, cycle);
        }
        for (total, score) in out.totals.iter_mut().zip(&normal) {
            *total += score * plugin.weight;
        }
        let scores = raw.iter().zip(&normal).map(|(r, n)| [*r, *n, n * plugin.weight]).collect();
        out.scores.push(PluginScores { plugin: plugin.name, scores });
    }
}

/// Scales scores so that the best gets [`SCORE_MAX`]; `reverse` when less is better.
/// Source: kubernetes v1.37 pkg/scheduler/framework/plugins/helper/normalize_score.go, DefaultNormalizeScore.
pub fn scale_to_best(scores: &mut [i64], reverse: bool) {
    let best = scores.iter().copied().max().unwrap_or(0);
    for score in scores {
        *score = scaled(*score, best, reverse);
    }
}

/// One score of [`scale_to_best`].
pub fn scaled(score: i64, best: i64, reverse: bool) -> i64 {
    if best == 0 {
        return if reverse { SCORE_MAX } else { score };
    }
    let scaled = SCORE_MAX * score / best;
    if reverse { SCORE_MAX - scaled } else { scaled }
}
