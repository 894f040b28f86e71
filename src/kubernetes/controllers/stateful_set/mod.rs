//! StatefulSet controller: pods with names that stay, made and replaced one after another.
//! Wakes on: StatefulSet; Pod, by owner. Writes: Pod, PersistentVolumeClaim, ControllerRevision, StatefulSet status.
//! Source: kubernetes v1.37 pkg/controller/statefulset/{stateful_set_control,stateful_set_utils,stateful_pod_control}.go.

mod pods;

use super::owned::{claim, delete_pod, managed};
use super::revisions::{self, Revision};
use super::{Controller, Ctl, Done, On};
use crate::kubernetes::objects::parts::template_hash::{revision_data, revision_hash};
use crate::kubernetes::objects::parts::{IntOrPercent, LabelSelector};
use crate::kubernetes::objects::pod::Phase;
use crate::kubernetes::objects::{Body, Id, Kind, Object, Tri};
use crate::reasons;
use crate::sim::{Span, Time};
use crate::text::{Map, Value};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

reasons! { "stateful_set":
    /// The pod of this number is missing.
    missing(ordinal, want),
    /// The set has fewer replicas now.
    beyond(ordinal, want),
    /// The pod has an older template.
    outdated(revision),
    /// The pod has ended; one of the same name takes its place.
    ended(phase),
    /// The numbers of its pods changed.
    counted(replicas, ready, updated),
    /// Each pod of the set has its own claim.
    claimed(pod),
    /// Whether a claim goes with the set or with the pod.
    kept_by(claim),
}

/// The controller.
pub const CONTROLLER: Controller = Controller {
    name: "statefulset-controller",
    wakes: &[On::Named("StatefulSet"), On::PodsOf("StatefulSet")],
    reconcile,
    every: None,
};

/// Label of a set's pods and revisions. Source: kubernetes v1.37 api/apps/v1/types.go, ControllerRevisionHashLabelKey.
pub(super) const REVISION_LABEL: &str = "controller-revision-hash";
/// Source: controller_history.go, ControllerRevisionHashLabel.
const HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// The wish, as one pass reads it.
struct Wish {
    replicas: i64,
    start: i64,
    parallel: bool,
    on_delete: bool,
    /// So many pods, from the first number on, keep the old template; `None` without `rollingUpdate`.
    partition: Option<i64>,
    most_unavailable: i64,
    min_ready: Span,
    history: i64,
}

impl Wish {
    fn read(tree: &Value) -> Self {
        let int = |path: &[&str]| tree.int_at(path);
        let replicas = int(&["spec", "replicas"]).unwrap_or(1);
        let unavailable = tree.at(&["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"]);
        let unavailable = unavailable.and_then(IntOrPercent::read).map_or(1, |v| v.of_or_zero(replicas, false));
        Wish {
            replicas,
            start: int(&["spec", "ordinals", "start"]).unwrap_or(0),
            parallel: tree.str_at(&["spec", "podManagementPolicy"]) == Some("Parallel"),
            on_delete: tree.str_at(&["spec", "updateStrategy", "type"]) == Some("OnDelete"),
            partition: tree
                .at(&["spec", "updateStrategy", "rollingUpdate"])
                .map(|r| r.int_at(&["partition"]).unwrap_or(0)),
            most_unavailable: unavailable.max(1),
            min_ready: Span::secs(int(&["spec", "minReadySeconds"]).unwrap_or(0).max(0) as u64),
            history: int(&["spec", "revisionHistoryLimit"]).unwrap_or(10),
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    replicas: i64,
    ready: i64,
    available: i64,
    current: i64,
    updated: i64,
}

/// Most pods that one pass makes, with `podManagementPolicy: Parallel`. Ours: bounds a pass; as many as a ReplicaSet's.
const BURST: u32 = 500;

/// The numbers that should have a pod, and the pods that are there.
struct Wanted {
    range: Range<i64>,
    there: BTreeMap<i64, Rc<Object>>,
}

/// One pass.
struct Pass<'a, 'b> {
    ctl: &'a mut Ctl<'b>,
    set: Rc<Object>,
    tree: Rc<Value>,
    wish: Wish,
    current: Revision,
    update: Revision,
    counts: Counts,
}

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(set) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    let Some(tree) = set.plain().cloned() else { return Done::Settled };
    let selector = LabelSelector::read(tree.at(&["spec", "selector"]).unwrap_or(&Value::Null));
    revisions::adopt(ctl, &set, &selector);
    claim(ctl, &set, Kind::Pod, &selector, false);
    let wish = Wish::read(&tree);
    let all = revisions::list(ctl, id);
    let template = tree.at(&["spec", "template"]).cloned().unwrap_or_default();
    let collisions = tree.int_at(&["status", "collisionCount"]).unwrap_or(0) as i32;
    let hash = revision_hash(&revision_data(&template), Some(collisions));
    let labels = ctl.memory.templates.of(id, &template).labels.clone();
    let update = revisions::current(ctl, &set, &all, &template, (HASH_LABEL, &hash), &labels);
    let named = tree.str_at(&["status", "currentRevision"]).unwrap_or_default();
    let current = all.iter().find(|r| *r.name == *named).cloned().unwrap_or_else(|| update.clone());
    let limit = wish.history;
    let mut pass = Pass { ctl, set, tree, wish, current, update, counts: Counts::default() };
    let again = pass.run();
    let used: Vec<Rc<str>> =
        managed(pass.ctl, id, Kind::Pod).filter_map(|p| p.meta.labels.get(REVISION_LABEL).cloned()).collect();
    let mut used: Vec<&str> = used.iter().map(|u| &**u).collect();
    let (now, then) = (pass.update.name.clone(), pass.current.name.clone());
    used.extend([&*now, &*then]);
    revisions::forget(pass.ctl, &all, &used, limit);
    again.map_or(Done::Settled, Done::Again)
}

/// The number at the end of a pod's name. Source: stateful_set_utils.go, getOrdinal.
fn ordinal(pod: &Object) -> i64 {
    pod.meta.name.rsplit_once('-').and_then(|(_, n)| n.parse().ok()).unwrap_or(-1)
}

fn revision_of(pod: &Object) -> &str {
    pod.meta.labels.get(REVISION_LABEL).map_or("", |r| r)
}

fn runs_ready(pod: &Object) -> bool {
    pod.pod().is_some_and(|p| p.status.phase == Phase::Running && p.ready())
}

/// When a ready pod becomes available.
fn available_at(pod: &Object, min_ready: Span) -> Option<Time> {
    let ready = pod.pod()?.condition("Ready").filter(|c| c.status == Tri::True)?;
    runs_ready(pod).then_some(if min_ready == Span::ZERO {
        Time::ZERO
    } else {
        ready.changed.whole_seconds() + min_ready
    })
}

impl Pass<'_, '_> {
    /// Source: stateful_set_control.go, updateStatefulSet.
    fn run(&mut self) -> Option<Span> {
        let pods: Vec<Rc<Object>> = managed(self.ctl, self.set.meta.id, Kind::Pod).cloned().collect();
        let range = self.wish.start..self.wish.start.saturating_add(self.wish.replicas);
        let mut wanted = Wanted { range: range.clone(), there: BTreeMap::new() };
        let mut beyond: Vec<Rc<Object>> = Vec::new();
        for pod in &pods {
            match ordinal(pod) {
                n if range.contains(&n) => drop(wanted.there.insert(n, pod.clone())),
                n if n >= 0 => beyond.push(pod.clone()),
                _ => {}
            }
        }
        beyond.sort_by_key(|p| -ordinal(p));
        self.count(&pods);
        let mut again = self.next_available(&pods);
        if !self.set.meta.deleting() && self.make(&wanted) && self.shrink(&wanted, &beyond) && !self.wish.on_delete {
            self.replace(&wanted);
        }
        self.write_status();
        if self.wish.min_ready == Span::ZERO {
            again = None;
        }
        again
    }
    fn count(&mut self, pods: &[Rc<Object>]) {
        let now = self.ctl.now();
        for pod in pods {
            let c = &mut self.counts;
            c.replicas += 1;
            c.ready += i64::from(runs_ready(pod));
            c.available += i64::from(available_at(pod, self.wish.min_ready).is_some_and(|t| t <= now));
            if !pod.meta.deleting() {
                c.current += i64::from(revision_of(pod) == &*self.current.name);
                c.updated += i64::from(revision_of(pod) == &*self.update.name);
            }
        }
    }
    fn next_available(&self, pods: &[Rc<Object>]) -> Option<Span> {
        let now = self.ctl.now();
        let times = pods.iter().filter_map(|p| available_at(p, self.wish.min_ready)).filter(|t| *t > now);
        times.map(|t| t.since(now)).min_by_key(|s| s.0)
    }
    fn is_available(&self, pod: &Object) -> bool {
        available_at(pod, self.wish.min_ready).is_some_and(|t| t <= self.ctl.now())
    }
    /// Makes what is missing, in order; tells whether to go on. Source: processReplica.
    fn make(&mut self, wanted: &Wanted) -> bool {
        let mut made = 0;
        for n in wanted.range.clone() {
            let Some(pod) = wanted.there.get(&n) else {
                self.create(n);
                made += 1;
                if !self.wish.parallel || made >= BURST {
                    return false;
                }
                continue;
            };
            self.own_claims(&pod.meta.name.clone(), None);
            let phase = pod.pod().map(|p| p.status.phase).unwrap_or_default();
            if phase.ended() {
                if !pod.meta.deleting() {
                    self.delete(pod, ended(phase.word()));
                }
                return false;
            }
            let waits = pod.meta.deleting() || !self.is_available(pod);
            if waits && !self.wish.parallel {
                return false;
            }
        }
        true
    }
    /// Takes pods beyond the wanted number away, the last first; tells whether to go on. Source: processCondemned.
    fn shrink(&mut self, wanted: &Wanted, beyond: &[Rc<Object>]) -> bool {
        let healthy = |p: &Rc<Object>| runs_ready(p) && !p.meta.deleting();
        let first_unhealthy = wanted.there.values().chain(beyond.iter().rev()).find(|p| !healthy(p));
        let first_unhealthy = first_unhealthy.map(|p| p.meta.id);
        for pod in beyond {
            self.own_claims(&pod.meta.name.clone(), Some(pod));
        }
        for pod in beyond {
            if pod.meta.deleting() {
                if self.wish.parallel { continue } else { return false }
            }
            let waits = !self.is_available(pod) && first_unhealthy != Some(pod.meta.id);
            if waits && !self.wish.parallel {
                return false;
            }
            let why = beyond_why(pod, self.wish.replicas);
            self.delete(pod, why);
            if !self.wish.parallel {
                return false;
            }
        }
        true
    }
    /// Deletes pods with an old template, the last first, no more than may be missing.
    /// Source: updateStatefulSetAfterInvariantEstablished.
    fn replace(&mut self, wanted: &Wanted) {
        let well = |p: &&Rc<Object>| !p.meta.deleting() && self.is_available(p);
        let missing = self.wish.replicas - wanted.there.values().filter(well).count() as i64;
        let mut room = self.wish.most_unavailable - missing;
        // The partition counts from the first number.
        let least = self.wish.start + self.wish.partition.unwrap_or(0);
        let newest: Rc<str> = self.update.name.clone();
        for (n, pod) in wanted.there.iter().rev() {
            if room <= 0 || *n < least {
                return;
            }
            if revision_of(pod) != &*newest && !pod.meta.deleting() {
                self.delete(pod, outdated(&newest));
                self.counts.current -= 1;
                room -= 1;
            }
        }
    }
    fn delete(&mut self, pod: &Object, why: crate::journal::Why) {
        let set = self.set.clone();
        delete_pod(self.ctl, pod.meta.id, why, &set, "spec");
        let message = format!("Delete Pod {} in StatefulSet {} successful", pod.meta.name, set.meta.name);
        self.ctl.normal(set.meta.id, "SuccessfulDelete", message);
    }
    /// Source: completeRollingUpdate, updateStatefulSetStatus.
    fn write_status(&mut self) {
        let c = self.counts;
        let done = [c.updated, c.ready, c.replicas] == [self.wish.replicas; 3];
        let (mut current, mut current_count) = (self.current.name.clone(), c.current);
        if !self.wish.on_delete && done {
            (current, current_count) = (self.update.name.clone(), c.updated);
        }
        let mut status = Map::new();
        status.set("availableReplicas", c.available);
        status.set("collisionCount", self.tree.int_at(&["status", "collisionCount"]).unwrap_or(0));
        for (key, n) in [("currentReplicas", current_count), ("readyReplicas", c.ready), ("updatedReplicas", c.updated)]
        {
            if n != 0 {
                status.set(key, n);
            }
        }
        status.set("currentRevision", current);
        status.set("observedGeneration", self.set.meta.generation);
        status.set("replicas", c.replicas);
        status.set("updateRevision", self.update.name.clone());
        let by = self.ctl.by(counted(c.replicas, c.ready, c.updated));
        self.ctl.api.update_status(self.set.meta.id, by, |o| {
            if let Body::Plain(tree) = &mut o.body {
                Rc::make_mut(tree).set_at(&["status"], status);
            }
        });
    }
}

fn beyond_why(pod: &Object, replicas: i64) -> crate::journal::Why {
    beyond(ordinal(pod), replicas)
}
