//! The same choice as [`framework::attempt`](super::framework::attempt), without walking the nodes: for each template of
//! pods, what each node is worth is kept, and only nodes that changed are looked at again.
//!
//! Nodes of one *class* differ only in the part of their score that needs no comparison with other nodes (free share,
//! balance). All that needs one (soft taints, preferences, spreading, images) is worked out once a class when a node is
//! chosen. Blocks of nodes keep, by class, how many fit and which part of the score is the best, so a choice looks at blocks.
//!
//! A cache is never part of the cluster's state: a clone begins with an empty one, and every choice equals the long way's
//! (a test holds that).

mod dimension;
mod template;
#[cfg(test)]
mod tests;

use super::attempts::{Failure, Known};
use super::framework::nodes_to_find;
use super::plugins::inter_pod_affinity;
use super::snapshot::Snapshot;
use super::view::PodView;
use crate::kubernetes::objects::Id;
use crate::kubernetes::objects::parts::LabelSelector;
use std::rc::Rc;
use template::Template;

/// A chosen node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Its place in the list.
    pub node: usize,
    /// How many nodes fitted.
    pub feasible: usize,
    /// How many were looked at.
    pub evaluated: usize,
    /// How many were equally good.
    pub tied: usize,
    /// Their total score; none when one node alone fitted.
    pub total: Option<i64>,
}

/// How many templates are kept. Ours: a bound on memory.
const TEMPLATES_MAX: usize = 256;

/// What is kept of all templates.
#[derive(Debug, Default)]
pub struct Cache {
    templates: Vec<Kept>,
    /// Goes round when a template has to make place for another.
    next: usize,
}

#[derive(Debug)]
struct Kept {
    pod: Rc<PodView>,
    owner: Option<Id>,
    epoch: u64,
    selector: Rc<LabelSelector>,
    template: Option<Box<Template>>,
    /// Version of the pods with affinity for which `clear` was found.
    affine_version: Option<u64>,
    /// Whether no pod's affinity concerns this template.
    clear: bool,
    /// How the last pod failed, and in which state of the cluster.
    failure: Option<(Known, Failure)>,
}

impl Clone for Cache {
    /// Empty: a copy works out again what it needs.
    fn clone(&self) -> Self {
        Cache::default()
    }
}

impl Cache {
    /// The number of a pod's template. Pods are of one template when the rules cannot tell them apart: same wish, labels,
    /// namespace and owner, while no selector changed (`epoch`). `selector` makes what selects the pod with its like.
    pub fn template(
        &mut self,
        pod: &Rc<PodView>,
        owner: Option<Id>,
        epoch: u64,
        selector: impl FnOnce() -> LabelSelector,
    ) -> usize {
        let same = |kept: &Kept| {
            kept.owner == owner
                && (Rc::ptr_eq(&kept.pod.spec, &pod.spec) || kept.pod.spec.hash == pod.spec.hash)
                && kept.pod.namespace == pod.namespace
                && (kept.pod.labels.same(&pod.labels) || kept.pod.labels == pod.labels)
        };
        let found = self.templates.iter().position(same);
        if let Some(at) = found.filter(|at| self.templates[*at].epoch == epoch) {
            return at;
        }
        let selector = selector();
        if let Some(at) = found {
            let kept = &mut self.templates[at];
            kept.epoch = epoch;
            if *kept.selector != selector {
                kept.selector = Rc::new(selector);
                kept.template = None;
            }
            kept.failure = None;
            return at;
        }
        let (pod, selector) = (pod.clone(), Rc::new(selector));
        let kept =
            Kept { pod, owner, epoch, selector, template: None, affine_version: None, clear: false, failure: None };
        if self.templates.len() < TEMPLATES_MAX {
            self.templates.push(kept);
            return self.templates.len() - 1;
        }
        self.next = (self.next + 1) % TEMPLATES_MAX;
        self.templates[self.next] = kept;
        self.next
    }
    /// What selects pods of a template with their like.
    pub fn selector(&self, template: usize) -> &Rc<LabelSelector> {
        &self.templates[template].selector
    }
    /// How the last pod of a template failed, if the cluster is still in that state and the pod has no claim of its own.
    pub fn failure(&self, template: usize, known: Known, pod: &PodView) -> Option<Failure> {
        let (then, failure) = self.templates[template].failure.as_ref()?;
        (*then == known && pod.nominated.is_none()).then(|| failure.clone())
    }
    /// Keeps how a pod of a template failed.
    pub fn set_failure(&mut self, template: usize, known: Known, failure: Failure) {
        self.templates[template].failure = Some((known, failure));
    }
    /// Chooses a node as the long way would, from place `start` on. `None` when there is none, or when this template needs
    /// the long way.
    pub fn place(&mut self, template: usize, cluster: &Snapshot, start: usize) -> Option<Placement> {
        let kept = &mut self.templates[template];
        if !Template::suits(&kept.pod.spec) || cluster.nodes().is_empty() {
            return None;
        }
        if kept.affine_version != Some(cluster.affine_version()) {
            kept.affine_version = Some(cluster.affine_version());
            kept.clear = !inter_pod_affinity::concerns(&kept.pod, cluster);
        }
        if !kept.clear {
            return None;
        }
        if kept.template.as_ref().is_none_or(|t| !t.is_current(cluster)) {
            kept.template = Some(Box::new(Template::new(&kept.pod, &kept.selector, cluster)));
        }
        let template = kept.template.as_mut()?;
        template.refresh(cluster);
        template.choose(cluster, start, nodes_to_find(cluster.nodes().len()))
    }
}
