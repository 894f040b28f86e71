//! DaemonSet controller: one pod on every node that fits. Wakes on: DaemonSet; Pod, by owner; Node.
//! Writes: Pod, ControllerRevision, DaemonSet status.
//! Source: kubernetes v1.37 pkg/controller/daemon/{daemon_controller,update}.go.

mod fit;

use super::owned::{claim, controller_ref, create_pod, delete_pod, generated_name, managed};
use super::revisions;
use super::{Controller, Ctl, Done, On, Wakes};
use crate::journal::Why;
use crate::kubernetes::apiserver::Change;
use crate::kubernetes::objects::parts::template_hash::pod_template_hash;
use crate::kubernetes::objects::parts::{IntOrPercent, LabelSelector};
use crate::kubernetes::objects::pod::{Pod, PodSpec};
use crate::kubernetes::objects::template::Template;
use crate::kubernetes::objects::{Body, Id, Kind, Meta, Object, Tri};
use crate::map;
use crate::reasons;
use crate::sim::Span;
use crate::text::{Value, Word};
use std::collections::BTreeMap;
use std::rc::Rc;

reasons! { "daemon_set":
    /// The node fits and has no pod of the set.
    uncovered(node),
    /// The node no longer fits, or has a pod too many.
    unwanted(node),
    /// The pod has an older template.
    outdated(node),
    /// The pod has ended; another takes its place.
    ended(phase),
    /// The numbers of its pods changed.
    counted(desired, current, ready),
}

/// The controller.
pub const CONTROLLER: Controller = Controller {
    name: "daemonset-controller",
    wakes: &[On::Named("DaemonSet"), On::PodsOf("DaemonSet"), On::Rule(Kind::Node, on_node)],
    reconcile,
    every: None,
};

/// Source: kubernetes v1.37 api/apps/v1/types.go, DeprecatedTemplateGeneration.
const GENERATION: &str = "deprecated.daemonset.template.generation";
const HASH_LABEL: &str = "controller-revision-hash";

/// A node fits, or no longer may keep its pod. One that only takes no new pods, or goes, wakes nobody.
/// Source: daemon_controller.go, addNode, syncNodeUpdate; recorded: the numbers stay when a node is deleted or gets a taint that
/// keeps new pods away, and follow at once when that taint goes.
fn on_node(change: &Change, wakes: &mut Wakes) {
    let Some(kind) = wakes.api.kinds.find("apps/v1", "DaemonSet") else { return };
    let seen = |o: &Option<Rc<Object>>| {
        let o = o.as_ref()?;
        Some((o.meta.labels.clone(), o.node().map(|n| n.taints.clone())))
    };
    if change.after.is_none() || seen(&change.before) == seen(&change.after) {
        return;
    }
    for set in wakes.api.store.list(kind) {
        let wish = set.plain().and_then(|t| t.at(&["spec", "template"]));
        let (Some(wish), Some(node)) = (wish, &change.after) else {
            wakes.ids.push(set.meta.id);
            continue;
        };
        let template = wakes.memory.templates.of(set.meta.id, wish);
        let (run, stay) = fit::belongs(&template.spec, node);
        let of_set = |p: &&Rc<Object>| p.meta.controller().and_then(|c| c.id) == Some(set.meta.id);
        let covered = wakes.api.store.pods_on(&node.meta.name).any(|p| of_set(&p));
        if run || (covered && !stay) {
            wakes.ids.push(set.meta.id);
        }
    }
}

type ByNode = BTreeMap<Rc<str>, Vec<Rc<Object>>>;

struct Pass<'a, 'b> {
    ctl: &'a mut Ctl<'b>,
    set: Rc<Object>,
    tree: Rc<Value>,
    template: Rc<Template>,
    hash: Rc<str>,
    min_ready: Span,
}

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(set) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    let Some(tree) = set.plain().cloned().filter(|_| !set.meta.deleting()) else { return Done::Settled };
    let selector = LabelSelector::read(tree.at(&["spec", "selector"]).unwrap_or(&Value::Null));
    revisions::adopt(ctl, &set, &selector);
    claim(ctl, &set, Kind::Pod, &selector, false);
    let wish = tree.at(&["spec", "template"]).cloned().unwrap_or_default();
    let template = ctl.memory.templates.of(id, &wish);
    let collisions = tree.int_at(&["status", "collisionCount"]).map(|n| n as i32);
    let hash = pod_template_hash(&wish, collisions);
    let all = revisions::list(ctl, id);
    let now = revisions::current(ctl, &set, &all, &wish, (HASH_LABEL, &hash), &template.labels);
    let hash: Rc<str> = now.object.meta.labels.get(HASH_LABEL).cloned().unwrap_or_else(|| hash.into());
    let min_ready = Span::secs(tree.int_at(&["spec", "minReadySeconds"]).unwrap_or(0).max(0) as u64);
    let limit = tree.int_at(&["spec", "revisionHistoryLimit"]).unwrap_or(10);
    let mut pass = Pass { ctl, set, tree, template, hash, min_ready };
    if !pass.manage() && pass.tree.str_at(&["spec", "updateStrategy", "type"]) != Some("OnDelete") {
        pass.roll();
    }
    let again = pass.write_status();
    let used: Vec<String> = managed(ctl, id, Kind::Pod)
        .filter_map(|p| p.meta.labels.get(HASH_LABEL))
        .map(|h| format!("{}-{h}", ctl.api.store.card(id).map_or("", |c| &c.name)))
        .collect();
    let mut used: Vec<&str> = used.iter().map(String::as_str).collect();
    used.push(&now.name);
    revisions::forget(ctl, &all, &used, limit);
    again.map_or(Done::Settled, Done::Again)
}

impl Pass<'_, '_> {
    /// The set's pods by the node that they are on or bound to, the oldest first.
    fn by_node(&self) -> ByNode {
        let mut out = ByNode::new();
        for pod in managed(self.ctl, self.set.meta.id, Kind::Pod) {
            let Some(row) = pod.pod() else { continue };
            if row.status.phase.ended() && pod.meta.deleting() {
                continue;
            }
            if let Some(node) = row.node.clone().or_else(|| target(&row.spec)) {
                out.entry(node).or_default().push(pod.clone());
            }
        }
        out
    }
    fn nodes(&self) -> Vec<Rc<Object>> {
        self.ctl.api.store.list(Kind::Node).cloned().collect()
    }
    /// Creates and deletes so that each node that fits has one pod; tells whether anything was done.
    /// Source: manage, podsShouldBeOnNode.
    fn manage(&mut self) -> bool {
        let (by_node, nodes) = (self.by_node(), self.nodes());
        let mut needing: Vec<Rc<str>> = Vec::new();
        let mut surplus: Vec<(Rc<Object>, Why)> = Vec::new();
        for node in &nodes {
            let (run, stay) = fit::belongs(&self.template.spec, node);
            let name = &node.meta.name;
            match by_node.get(name) {
                None if run => needing.push(name.clone()),
                None => {}
                Some(pods) if !stay => surplus.extend(pods.iter().map(|p| (p.clone(), unwanted(name)))),
                Some(pods) => surplus.extend(self.excess(pods, name)),
            }
        }
        for (node, pods) in &by_node {
            // Bound to a node that is gone before it got there.
            if !nodes.iter().any(|n| n.meta.name == *node) {
                let unplaced = pods.iter().filter(|p| p.pod().is_some_and(|r| r.node.is_none()));
                surplus.extend(unplaced.map(|p| (p.clone(), unwanted(node))));
            }
        }
        surplus.retain(|(p, _)| !p.meta.deleting());
        let acted = !needing.is_empty() || !surplus.is_empty();
        for node in needing {
            self.create(&node);
        }
        for (pod, why) in surplus {
            self.delete(&pod, why);
        }
        acted
    }
    /// Pods of one node that have ended or are too many.
    fn excess(&self, pods: &[Rc<Object>], node: &Rc<str>) -> Vec<(Rc<Object>, Why)> {
        let phase = |p: &Rc<Object>| p.pod().map(|r| r.status.phase).unwrap_or_default();
        let mut out: Vec<(Rc<Object>, Why)> = Vec::new();
        let (dead, live): (Vec<_>, Vec<_>) = pods.iter().filter(|p| !p.meta.deleting()).partition(|p| phase(p).ended());
        out.extend(dead.into_iter().map(|p| (p.clone(), ended(phase(p).word()))));
        let (new, old): (Vec<_>, Vec<_>) = live.into_iter().partition(|p| self.is_new(p));
        let (surge, _) = self.room();
        if surge == 0 {
            let mut all: Vec<_> = old.into_iter().chain(new).collect();
            all.sort_by_key(|p| (p.meta.created, p.meta.id));
            out.extend(all.into_iter().skip(1).map(|p| (p.clone(), unwanted(node))));
            return out;
        }
        let replaced = new.first().is_some_and(|p| self.is_available(p));
        let kept_old = if replaced { 0 } else { 1 };
        out.extend(new.into_iter().skip(1).map(|p| (p.clone(), unwanted(node))));
        out.extend(old.into_iter().skip(kept_old).map(|p| (p.clone(), outdated(node))));
        out
    }
    fn is_new(&self, pod: &Object) -> bool {
        pod.meta.labels.get(HASH_LABEL) == Some(&self.hash)
    }
    fn is_available(&self, pod: &Object) -> bool {
        let ready = pod.pod().and_then(|r| r.condition("Ready")).filter(|c| c.status == Tri::True);
        ready.is_some_and(|c| {
            self.min_ready == Span::ZERO || c.changed.whole_seconds() + self.min_ready <= self.ctl.now()
        })
    }
    /// (surge, unavailable) of the rollout. Source: update.go, updatedDesiredNodeCounts.
    fn room(&self) -> (i64, i64) {
        let desired = self.nodes().iter().filter(|n| fit::belongs(&self.template.spec, n).0).count() as i64;
        let read = |key: &str| {
            let value = self.tree.at(&["spec", "updateStrategy", "rollingUpdate", key]).and_then(IntOrPercent::read);
            value.map(|v| v.of_or_zero(desired, true))
        };
        let (surge, unavailable) = (read("maxSurge").unwrap_or(0), read("maxUnavailable").unwrap_or(1));
        if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
    }
    /// Source: update.go, rollingUpdate.
    fn roll(&mut self) {
        let by_node = self.by_node();
        let (surge, unavailable) = self.room();
        let (mut taken, mut first, mut then) = (0, Vec::new(), Vec::new());
        for (node, pods) in &by_node {
            let live: Vec<&Rc<Object>> = pods.iter().filter(|p| !p.meta.deleting()).collect();
            let new = live.iter().find(|p| self.is_new(p));
            let old = live.iter().find(|p| !self.is_new(p));
            match (new, old) {
                (Some(_), Some(_)) | (None, None) if surge == 0 => taken += 1,
                (Some(new), old) => {
                    let there = self.is_available(new);
                    taken += i64::from(!there && (surge == 0 || old.is_some()));
                    if let Some(old) = old.filter(|_| there && surge > 0) {
                        first.push((node.clone(), (*old).clone(), true));
                    }
                }
                (None, Some(old)) if self.is_available(old) => then.push((node.clone(), (*old).clone(), surge == 0)),
                (None, Some(old)) => {
                    taken += i64::from(surge == 0);
                    first.push((node.clone(), (*old).clone(), surge == 0));
                }
                (None, None) => {}
            }
        }
        let room = (surge.max(if surge == 0 { unavailable } else { 0 }) - taken).max(0) as usize;
        first.extend(then.into_iter().take(room));
        for (node, pod, goes) in first {
            if goes {
                self.delete(&pod, outdated(&node));
            } else {
                self.create(&node);
            }
        }
    }
    /// Source: pkg/controller/daemon/util/daemonset_util.go, CreatePodTemplate; syncNodes.
    fn create(&mut self, node: &Rc<str>) {
        let set = self.set.clone();
        let spec = fit::bound_to(&self.template.spec.tree, self.template.spec.host_network, node);
        let template = Template { spec: Rc::new(PodSpec::read(&spec)), ..(*self.template).clone() };
        let prefix = format!("{}-", set.meta.name);
        let name = generated_name(self.ctl, Kind::Pod, &set.meta.namespace, &prefix);
        let mut meta = Meta::named(set.meta.namespace.clone(), name);
        meta.generate_name = Some(prefix.into());
        meta.labels = template.labels.clone();
        meta.labels.set(HASH_LABEL, self.hash.clone());
        let generation = set.meta.annotations.get(GENERATION).cloned().unwrap_or_else(|| "1".into());
        meta.labels.set("pod-template-generation", generation);
        meta.annotations = template.annotations.clone();
        meta.finalizers = template.finalizers.iter().map(Word::from).collect();
        meta.owners = vec![controller_ref(self.ctl, &set)];
        meta.generation = 1;
        let pod =
            Object { kind: Kind::Pod, meta, body: Body::Pod(Pod { spec: template.spec.clone(), ..Pod::default() }) };
        match create_pod(self.ctl, pod, &template, uncovered(node), &set, "spec.template") {
            Ok(pod) => self.ctl.normal(set.meta.id, "SuccessfulCreate", format!("Created pod: {}", pod.meta.name)),
            Err(error) => {
                self.ctl.warn(set.meta.id, "FailedCreate", format!("Error creating: {}", error.message));
                self.ctl.later.push((set.meta.id, Span::secs(1)));
            }
        }
    }
    fn delete(&mut self, pod: &Object, why: Why) {
        let set = self.set.clone();
        delete_pod(self.ctl, pod.meta.id, why, &set, "spec");
        self.ctl.normal(set.meta.id, "SuccessfulDelete", format!("Deleted pod: {}", pod.meta.name));
    }
    /// Source: updateDaemonSetStatus.
    fn write_status(&mut self) -> Option<Span> {
        let by_node = self.by_node();
        let (mut desired, mut current, mut misplaced, mut ready, mut available, mut updated) =
            (0i64, 0i64, 0i64, 0i64, 0i64, 0i64);
        let mut waits = false;
        for node in self.nodes() {
            let run = fit::belongs(&self.template.spec, &node).0;
            let pods = by_node.get(&node.meta.name).filter(|p| !p.is_empty());
            desired += i64::from(run);
            let Some(pods) = pods else { continue };
            if !run {
                misplaced += 1;
                continue;
            }
            current += 1;
            let oldest = pods.iter().min_by_key(|p| (p.meta.created, p.meta.id));
            let Some(pod) = oldest else { continue };
            let is_ready = pod.pod().is_some_and(|r| r.ready());
            ready += i64::from(is_ready);
            available += i64::from(self.is_available(pod));
            waits |= is_ready && !self.is_available(pod);
            updated += i64::from(self.is_new(pod));
        }
        let mut status = map! {
            "currentNumberScheduled" => current, "desiredNumberScheduled" => desired,
        };
        if let Some(collisions) = self.tree.at(&["status", "collisionCount"]) {
            status.set("collisionCount", collisions.clone());
        }
        for (key, n) in [
            ("numberAvailable", available),
            ("numberUnavailable", desired - available),
            ("updatedNumberScheduled", updated),
        ] {
            if n != 0 {
                status.set(key, n);
            }
        }
        status.set("numberMisscheduled", misplaced);
        status.set("numberReady", ready);
        status.set("observedGeneration", self.set.meta.generation);
        let by = self.ctl.by(counted(desired, current, ready));
        self.ctl.api.update_status(self.set.meta.id, by, |o| {
            if let Body::Plain(tree) = &mut o.body {
                Rc::make_mut(tree).set_at(&["status"], status);
            }
        });
        waits.then_some(self.min_ready)
    }
}

/// The node that a pod is bound to by affinity. Source: daemonset_util.go, GetTargetNodeName.
fn target(spec: &PodSpec) -> Option<Rc<str>> {
    let terms = spec.affinity.as_ref()?.node_required.as_ref()?;
    let named = terms.iter().flat_map(|t| &t.fields).find(|r| &*r.key == "metadata.name" && r.operator == "In")?;
    named.values.first().cloned()
}
