//! One template: what each node is worth to its pods.

use super::Placement;
use super::dimension::{Dimension, MISSING};
use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::objects::pod::PodSpec;
use crate::kubernetes::scheduler::framework::{SCORE_MAX, scaled};
use crate::kubernetes::scheduler::plugins::pod_topology_spread::{default_constraints, own_constraints, soft};
use crate::kubernetes::scheduler::plugins::{
    balanced_allocation, image_locality, node_affinity, node_ports, node_resources_fit, node_unschedulable,
    taint_toleration, volume_binding,
};
use crate::kubernetes::scheduler::snapshot::Snapshot;
use crate::kubernetes::scheduler::ties::turn;
use crate::kubernetes::scheduler::view::{Fnv, NodeView, PodView};
use std::hash::Hasher;
use std::ops::Range;
use std::rc::Rc;

/// Nodes in a block. Ours: a choice looks at all blocks of the sample, a change at one block.
const BLOCK: usize = 32;
/// Classes after which the template starts anew, so that dead ones do not pile up. Ours.
const CLASSES_MAX: usize = 1024;
/// A node that does not fit.
const NO_CLASS: u16 = u16::MAX;

/// What is kept of one template.
#[derive(Debug)]
pub struct Template {
    pod: Rc<PodView>,
    shape: u64,
    cursor: u64,
    dimensions: Vec<Dimension>,
    /// Whether nodes that lack a label of a soft constraint get no points for spreading.
    all_keys: bool,
    images: Vec<Rc<str>>,
    cells: Vec<Cell>,
    /// By node and dimension: (domain, pods that count).
    counts: Vec<(i32, i32)>,
    classes: Vec<Class>,
    scratch: Vec<i32>,
    too_wide: bool,
}

/// What a node is worth.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Revision of the node for which the fixed part holds; 0 for never.
    revision: u32,
    /// Whether taints, cordon, affinity and labels allow it.
    allowed: bool,
    /// Whether it lacks a label of a soft constraint.
    ignored: bool,
    /// Dimensions in which it counts, one bit each.
    counted: u32,
    taints: i32,
    preferred: i32,
    images: u32,
    class: u16,
    /// The part of the score that needs no comparison.
    base: i32,
}

/// Nodes that are compared alike.
#[derive(Debug)]
struct Class {
    hash: u64,
    /// Soft taints, preference, images, whether ignored, then for each dimension the domain (or for hosts the count).
    key: Vec<i32>,
    blocks: Vec<Stat>,
    nodes: u32,
}

/// Nodes of one class in one block.
#[derive(Clone, Copy, Debug, Default)]
struct Stat {
    nodes: u16,
    /// How many of them have the best base.
    ties: u16,
    best: i32,
}

/// Places of fixed members in a class's key: the count of intolerable soft taints. Ours.
const TAINTS: usize = 0;
/// The weight of preferred terms that match. Ours.
const PREFERRED: usize = 1;
/// The score of images. Ours.
const IMAGES: usize = 2;
/// Whether spreading ignores the node. Ours.
const IGNORED: usize = 3;
/// Where the dimensions begin. Ours.
const DIMENSIONS: usize = 4;

impl Template {
    /// Whether pods of this wish can go the short way: no affinity to other pods, no nodes by name, not too many images or
    /// constraints.
    pub fn suits(spec: &PodSpec) -> bool {
        let by_name = |terms: &Vec<_>| {
            let mut terms = terms.iter();
            terms.any(|t: &crate::kubernetes::objects::pod::NodeTerm| !t.fields.is_empty())
        };
        let plain = spec.affinity.as_ref().is_none_or(|a| {
            let pods = [a.pod_required.len(), a.pod_preferred.len(), a.anti_required.len(), a.anti_preferred.len()];
            pods.iter().sum::<usize>() == 0 && !a.node_required.as_ref().is_some_and(by_name)
        });
        plain
            && volume_binding::claims(spec).next().is_none()
            && spec.containers.len() + spec.init_containers.len() <= 32
            && spec.spread.len() <= 16
    }
    /// Nothing looked at yet.
    pub fn new(pod: &Rc<PodView>, selector: &LabelSelector, cluster: &Snapshot) -> Self {
        let all_keys = !pod.spec.spread.is_empty();
        let wished = if all_keys { own_constraints(pod, false) } else { default_constraints(selector) };
        let hard = own_constraints(pod, true).into_iter().map(|c| Dimension::new(c, true));
        let dimensions: Vec<Dimension> = hard.chain(wished.into_iter().map(|c| Dimension::new(c, false))).collect();
        let n = cluster.nodes().len();
        let cell = Cell {
            revision: 0,
            allowed: false,
            ignored: false,
            counted: 0,
            taints: 0,
            preferred: 0,
            images: 0,
            class: NO_CLASS,
            base: 0,
        };
        let mut template = Template {
            pod: pod.clone(),
            shape: cluster.shape(),
            cursor: cluster.change_count(),
            counts: vec![(MISSING, 0); n * dimensions.len()],
            dimensions,
            all_keys,
            images: image_locality::images(&pod.spec).collect(),
            cells: vec![cell; n],
            classes: Vec::new(),
            scratch: Vec::new(),
            too_wide: !hosts_differ(cluster),
        };
        template.learn(cluster);
        (0..n).for_each(|at| template.look(cluster, at));
        template
    }
    /// Whether what is kept can be brought up to date.
    pub fn is_current(&self, cluster: &Snapshot) -> bool {
        self.shape == cluster.shape()
            && self.classes.len() < CLASSES_MAX
            && cluster.changed_since(self.cursor).is_some_and(|changes| changes.len() <= self.cells.len() * 4)
    }
    /// Looks again at the nodes that changed.
    pub fn refresh(&mut self, cluster: &Snapshot) {
        self.learn(cluster);
        let changed = cluster.changed_since(self.cursor).unwrap_or_default();
        changed.iter().for_each(|at| self.look(cluster, *at as usize));
        self.cursor = cluster.change_count();
    }
    fn learn(&mut self, cluster: &Snapshot) {
        for dimension in &mut self.dimensions {
            dimension.learn(&self.pod, cluster);
        }
    }

    fn look(&mut self, cluster: &Snapshot, at: usize) {
        let node = &*cluster.nodes()[at];
        if self.cells[at].revision != node.revision {
            self.look_at_fixed(node, at);
        }
        let width = self.dimensions.len();
        let mut cell = self.cells[at];
        for (d, dimension) in self.dimensions.iter_mut().enumerate() {
            let count = &mut self.counts[at * width + d];
            let new = dimension.count(node);
            if new != count.1 {
                if cell.counted & (1 << d) != 0 {
                    dimension.recount(count.0, count.1, new);
                }
                count.1 = new;
            }
        }
        let spec = &self.pod.spec;
        let fits = cell.allowed && node_resources_fit::fits(spec, node) && node_ports::free(&self.pod, node);
        let old = (cell.class, cell.base);
        cell.class = NO_CLASS;
        if fits {
            cell.base = node_resources_fit::least_allocated(spec, node) as i32;
            if balanced_allocation::applies(spec) {
                cell.base += balanced_allocation::balance(spec, node) as i32;
            }
            cell.class = self.class_of(&cell, at);
        }
        self.cells[at] = cell;
        if old != (cell.class, cell.base) {
            self.leave(at, old);
            self.join(at, (cell.class, cell.base));
        }
    }
    /// What depends on the node itself only.
    fn look_at_fixed(&mut self, node: &NodeView, at: usize) {
        let width = self.dimensions.len();
        let pod = &self.pod;
        let cell = &mut self.cells[at];
        let keys = |dimensions: &[Dimension], hard: bool| {
            let mut of = dimensions.iter().filter(|d| d.hard == hard);
            of.all(|d| node.labels.get(&d.constraint.key).is_some())
        };
        let (hard_keys, soft_keys) = (keys(&self.dimensions, true), keys(&self.dimensions, false));
        for (d, dimension) in self.dimensions.iter_mut().enumerate() {
            let count = &mut self.counts[at * width + d];
            if cell.counted & (1 << d) != 0 {
                dimension.enter(count.0, count.1, -1);
            }
            *count = (dimension.domain(node), dimension.count(node));
            let all = if dimension.hard { hard_keys } else { soft_keys || !self.all_keys };
            let counts = all && count.0 != MISSING && dimension.constraint.counts_node(pod, node);
            cell.counted = cell.counted & !(1 << d) | u32::from(counts) << d;
            if counts {
                dimension.enter(count.0, count.1, 1);
            }
            self.too_wide |= dimension.is_too_wide();
        }
        cell.revision = node.revision;
        cell.ignored = self.all_keys && !soft_keys;
        cell.allowed = hard_keys
            && node_unschedulable::allows(pod, node)
            && taint_toleration::tolerates_hard(pod, node)
            && node_affinity::matches_required(&pod.spec, node);
        cell.taints = taint_toleration::soft_taints(pod, node) as i32;
        cell.preferred = node_affinity::preferred(&pod.spec, node) as i32;
        let here = |image: &Rc<str>| node.images.iter().any(|(name, _)| name == image);
        let bits = self.images.iter().enumerate().filter(|(_, image)| here(image));
        cell.images = bits.fold(0, |mask, (bit, _)| mask | 1 << bit);
    }

    fn class_of(&mut self, cell: &Cell, at: usize) -> u16 {
        let width = self.dimensions.len();
        self.scratch.clear();
        self.scratch.extend([cell.taints, cell.preferred, cell.images as i32, i32::from(cell.ignored)]);
        for (d, dimension) in self.dimensions.iter().enumerate() {
            let (domain, n) = self.counts[at * width + d];
            // A host that does not count is empty to the hard constraint.
            let host = if dimension.hard && cell.counted & (1 << d) == 0 { 0 } else { n };
            self.scratch.push(if dimension.host && domain != MISSING { host } else { domain });
        }
        let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
        self.scratch.iter().for_each(|n| hasher.write(&n.to_le_bytes()));
        let hash = hasher.finish();
        if let Some(at) = self.classes.iter().position(|c| c.hash == hash && c.key == self.scratch) {
            return at as u16;
        }
        let blocks = vec![Stat::default(); self.cells.len().div_ceil(BLOCK)];
        self.classes.push(Class { hash, key: self.scratch.clone(), blocks, nodes: 0 });
        (self.classes.len() - 1) as u16
    }
    fn leave(&mut self, at: usize, (class, base): (u16, i32)) {
        let Some(it) = self.classes.get_mut(class as usize) else { return };
        let block = at / BLOCK;
        it.nodes -= 1;
        let stat = &mut it.blocks[block];
        stat.nodes -= 1;
        if base < stat.best {
            return;
        }
        if stat.ties > 1 {
            stat.ties -= 1;
            return;
        }
        let mut new = Stat { nodes: stat.nodes, ..Stat::default() };
        let end = self.cells.len().min((block + 1) * BLOCK);
        let mut others = (block * BLOCK..end).filter(|other| *other != at);
        if new.nodes > 0 {
            others.by_ref().map(|o| &self.cells[o]).filter(|c| c.class == class).for_each(|c| new.see(c.base));
        }
        *stat = new;
    }
    fn join(&mut self, at: usize, (class, base): (u16, i32)) {
        let Some(it) = self.classes.get_mut(class as usize) else { return };
        it.nodes += 1;
        let stat = &mut it.blocks[at / BLOCK];
        stat.see(base);
        stat.nodes += 1;
    }
}

impl Stat {
    fn see(&mut self, base: i32) {
        if self.ties == 0 || base > self.best {
            (self.best, self.ties) = (base, 1);
        } else if base == self.best {
            self.ties += 1;
        }
    }
}

/// Whether every node has a hostname of its own (or none).
fn hosts_differ(cluster: &Snapshot) -> bool {
    let host = crate::kubernetes::scheduler::plugins::pod_topology_spread::HOSTNAME;
    let mut names: Vec<&Rc<str>> = cluster.nodes().iter().filter_map(|n| n.labels.get(host)).collect();
    names.sort_unstable();
    names.windows(2).all(|two| two[0] != two[1])
}

/// The part of the list that was looked at, in order, and what there is in it.
struct Walk {
    /// One piece, or two when it goes round the end.
    pieces: [Range<usize>; 2],
    feasible: usize,
    evaluated: usize,
    /// By class: how many, and the best base.
    found: Vec<(u32, i32)>,
}

impl Template {
    /// Chooses a node among the first `enough` that fit, from place `start` on.
    pub fn choose(&mut self, cluster: &Snapshot, start: usize, enough: usize) -> Option<Placement> {
        if self.too_wide {
            return None;
        }
        let open = self.open_classes();
        let walk = self.walk(start, enough, &open);
        if walk.feasible == 0 {
            return None;
        }
        let late = self.late_scores(cluster, &walk);
        let totals = walk.found.iter().zip(&late).filter(|((n, _), _)| *n > 0).map(|((_, best), late)| late + best);
        let total = totals.max()?;
        let mut wanted: Vec<(u16, i32)> = Vec::new();
        for (class, ((n, best), late)) in walk.found.iter().zip(&late).enumerate() {
            if *n > 0 && late + best == total {
                wanted.push((class as u16, *best));
            }
        }
        let (node, tied) = self.soonest(&walk, &open, &wanted)?;
        let total = (walk.feasible > 1).then_some(i64::from(total));
        Some(Placement { node, feasible: walk.feasible, evaluated: walk.evaluated, tied, total })
    }
    /// Which classes have nodes and no hard constraint against them.
    fn open_classes(&self) -> Vec<u16> {
        let least: Vec<i64> = self.dimensions.iter().map(|d| if d.hard { d.least() } else { 0 }).collect();
        let open = |class: &Class| {
            self.dimensions.iter().enumerate().filter(|(_, d)| d.hard).all(|(d, dimension)| {
                let key = class.key[DIMENSIONS + d];
                let here = if dimension.host { i64::from(key) } else { dimension.sum(key) };
                let own = i64::from(dimension.constraint.selects(&self.pod.labels));
                here + own - least[d] <= dimension.constraint.max_skew
            })
        };
        let classes = self.classes.iter().enumerate().filter(|(_, c)| c.nodes > 0 && open(c));
        classes.map(|(at, _)| at as u16).collect()
    }
    /// Walks from place `start` round the list until there are enough.
    fn walk(&self, start: usize, enough: usize, open: &[u16]) -> Walk {
        let n = self.cells.len();
        let start = start % n;
        let found = vec![(0, i32::MIN); self.classes.len()];
        let mut walk = Walk { pieces: [start..n, 0..start], feasible: 0, evaluated: 0, found };
        for piece in 0..2 {
            let range = walk.pieces[piece].clone();
            let end = self.walk_piece(range.clone(), enough, open, &mut walk);
            walk.evaluated += end - range.start;
            walk.pieces[piece] = range.start..end;
        }
        walk
    }
    fn walk_piece(&self, range: Range<usize>, enough: usize, open: &[u16], walk: &mut Walk) -> usize {
        let mut at = range.start;
        while at < range.end {
            if walk.feasible >= enough {
                return at;
            }
            if at.is_multiple_of(BLOCK) && at + BLOCK <= range.end {
                let block = at / BLOCK;
                let stats = || open.iter().map(|class| (*class, self.classes[*class as usize].blocks[block]));
                let nodes: usize = stats().map(|(_, stat)| stat.nodes as usize).sum();
                if walk.feasible + nodes < enough {
                    for (class, stat) in stats().filter(|(_, s)| s.nodes > 0) {
                        let (n, best) = &mut walk.found[class as usize];
                        *n += u32::from(stat.nodes);
                        *best = (*best).max(stat.best);
                    }
                    walk.feasible += nodes;
                    at += BLOCK;
                    continue;
                }
            }
            if self.is_open(at, open) {
                let cell = &self.cells[at];
                let (n, best) = &mut walk.found[cell.class as usize];
                *n += 1;
                *best = (*best).max(cell.base);
                walk.feasible += 1;
            }
            at += 1;
        }
        at
    }
    /// By class, the part of the score that compares with the other nodes found.
    fn late_scores(&self, cluster: &Snapshot, walk: &Walk) -> Vec<i32> {
        let here = || self.classes.iter().zip(&walk.found).filter(|(_, (n, _))| *n > 0);
        let most = |at: usize| i64::from(here().map(|(c, _)| c.key[at]).max().unwrap_or(0));
        let (taints, preferred) = (most(TAINTS), most(PREFERRED));
        let prefers = self.pod.spec.affinity.as_ref().is_some_and(|a| !a.node_preferred.is_empty());
        let raw = self.spread_scores(walk);
        let scored = || here().zip(&raw).filter(|((c, _), _)| c.key[IGNORED] == 0).map(|(_, raw)| *raw);
        let (least, top) = (scored().min().unwrap_or(i64::MAX), scored().max().unwrap_or(0).max(0));
        let spreads = self.dimensions.iter().any(|d| !d.hard);
        let worth: Vec<i64> = self.images.iter().map(|image| image_locality::worth(image, cluster)).collect();
        let mut out = vec![0; self.classes.len()];
        let live = self.classes.iter().enumerate().filter(|(at, _)| walk.found[*at].0 > 0);
        for ((at, class), raw) in live.zip(&raw) {
            let mut score = 3 * scaled(i64::from(class.key[TAINTS]), taints, true);
            if prefers {
                score += 2 * scaled(i64::from(class.key[PREFERRED]), preferred, false);
            }
            if spreads && class.key[IGNORED] == 0 {
                score += 2 * soft::normalized(*raw, least, top);
            }
            let images = class.key[IMAGES] as u32;
            if images != 0 {
                let sum = (0..worth.len()).filter(|bit| images & (1 << bit) != 0).map(|bit| worth[bit]).sum();
                score += image_locality::of_sum(sum, self.images.len());
            }
            out[at] = score as i32;
        }
        out
    }
    /// Raw spreading scores of the classes found, in order.
    fn spread_scores(&self, walk: &Walk) -> Vec<i64> {
        let here = || self.classes.iter().zip(&walk.found).filter(|(_, (n, _))| *n > 0);
        let scored = || here().filter(|(c, _)| c.key[IGNORED] == 0);
        let soft: Vec<(usize, &Dimension)> = self.dimensions.iter().enumerate().filter(|(_, d)| !d.hard).collect();
        let weight = |(d, dimension): &(usize, &Dimension)| {
            if dimension.host {
                return soft::weight(scored().map(|(_, (n, _))| *n as usize).sum());
            }
            let mut domains: Vec<i32> = scored().map(|(c, _)| c.key[DIMENSIONS + d]).collect();
            domains.sort_unstable();
            domains.dedup();
            soft::weight(domains.len())
        };
        let weights: Vec<f64> = soft.iter().map(weight).collect();
        let score = |class: &Class| {
            let mut sum = 0.0;
            for ((d, dimension), weight) in soft.iter().zip(&weights) {
                let key = class.key[DIMENSIONS + d];
                if key == MISSING {
                    continue;
                }
                let n = if dimension.host { i64::from(key) } else { dimension.sum(key) };
                sum += soft::part(n, dimension.constraint.max_skew, *weight);
            }
            if class.key[IGNORED] == 0 { libm::round(sum) as i64 } else { 0 }
        };
        here().map(|(class, _)| score(class)).collect()
    }
    /// The one of these classes with this base that is taken, and how many there are.
    fn soonest(&self, walk: &Walk, open: &[u16], wanted: &[(u16, i32)]) -> Option<(usize, usize)> {
        // By class: whether it counts as a place, and which base is wanted of it.
        let mut marks = vec![(false, i32::MIN); self.classes.len()];
        open.iter().for_each(|class| marks[*class as usize].0 = true);
        wanted.iter().for_each(|(class, base)| marks[*class as usize].1 = *base);
        let (mut soonest, mut tied, mut place) = (None, 0, 0);
        for piece in &walk.pieces {
            let mut at = piece.start;
            while at < piece.end {
                let whole = at.is_multiple_of(BLOCK) && at + BLOCK <= piece.end;
                if whole && self.ties_of_block(at / BLOCK, wanted) == 0 {
                    place += self.open_in_block(at / BLOCK, open);
                    at += BLOCK;
                    continue;
                }
                let cell = &self.cells[at];
                if let Some((true, base)) = marks.get(cell.class as usize) {
                    if cell.base == *base {
                        tied += 1;
                        soonest = soonest.into_iter().chain([(turn(place), at)]).min();
                    }
                    place += 1;
                }
                at += 1;
            }
        }
        soonest.map(|(_, at)| (at, tied))
    }
    fn is_open(&self, at: usize, open: &[u16]) -> bool {
        self.cells[at].class != NO_CLASS && open.contains(&self.cells[at].class)
    }
    fn open_in_block(&self, block: usize, open: &[u16]) -> usize {
        open.iter().map(|class| self.classes[*class as usize].blocks[block].nodes as usize).sum()
    }
    fn ties_of_block(&self, block: usize, wanted: &[(u16, i32)]) -> usize {
        let of = |(class, base): &(u16, i32)| {
            let stat = self.classes[*class as usize].blocks[block];
            if stat.nodes > 0 && stat.best == *base { stat.ties as usize } else { 0 }
        };
        wanted.iter().map(of).sum()
    }
}

const _: () = assert!(SCORE_MAX == 100, "scores of a class are kept in 32 bits");
