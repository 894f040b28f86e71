//! Finding, marking and making the ReplicaSet of the present template.
//! Source: kubernetes v1.37 pkg/controller/deployment/sync.go, getNewReplicaSet; util/deployment_util.go.

use super::fenceposts::max_surge;
use super::sets::{
    self, DESIRED, HASH_LABEL, MAX, REVISION, REVISION_HISTORY, Set, find_new, new_replicas, row, same_template, sum,
};
use super::{Pass, Stop, annotate, cannot_create, new_template, step};
use crate::kubernetes::apiserver::ApiError;
use crate::kubernetes::controllers::owned::controller_ref;
use crate::kubernetes::objects::parts::template_hash::pod_template_hash;
use crate::kubernetes::objects::replica_set::ReplicaSet;
use crate::kubernetes::objects::template::Template;
use crate::kubernetes::objects::{Body, Condition, Kind, Labels, Meta, Object};
use crate::sim::Span;
use crate::text::{Map, Value};
use std::rc::Rc;

/// Annotations that stay on the Deployment. Source: deployment_util.go, annotationsToSkip.
const KEPT_BACK: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED,
    MAX,
    "deprecated.deployment.rollback.to",
];
/// Longest list of earlier revisions. Source: sync.go, maxRevHistoryLengthInChars.
const REVISIONS_MAX: usize = 2000;

impl Pass<'_, '_> {
    /// The new set, if there is one or may be made, and the others. Keeps revisions up to date.
    /// Source: sync.go, getAllReplicaSetsAndSyncRevision.
    pub(super) fn all_sets(&mut self, may_create: bool) -> Result<(Option<Set>, Vec<Set>), Stop> {
        let found = find_new(&self.d, &self.sets);
        let is_new = |s: &&Set| found.as_ref().is_none_or(|f| f.meta.id != s.meta.id);
        let old: Vec<Set> = self.sets.iter().filter(is_new).cloned().collect();
        let new = match found {
            Some(set) => Some(self.keep_new(set, &old)?),
            None if may_create => Some(self.make_new(&old)?),
            None => None,
        };
        Ok((new, old))
    }
    /// The set of the template exists: its annotations and the revision follow.
    fn keep_new(&mut self, set: Set, old: &[Set]) -> Result<Set, Stop> {
        let revision = next_revision(old);
        let mut annotations = set.meta.annotations.clone();
        let changed = self.mark(&mut annotations, revision, true);
        let min_ready = self.d.min_ready;
        if changed || row(&set).min_ready != min_ready {
            let why = annotate(revision);
            return self.update_set(&set, why, "metadata.annotations", |o| {
                o.meta.annotations = annotations;
                if let Some(r) = o.replica_set_mut()
                    && r.min_ready != min_ready
                {
                    r.min_ready = min_ready;
                    set_min_ready(Rc::make_mut(&mut r.rest), min_ready);
                }
            });
        }
        let text = set.meta.annotations.get(REVISION).cloned().unwrap_or_else(|| "".into());
        let mut changed = self.set_revision(&text);
        if self.has_deadline() && self.condition("Progressing").is_none() {
            let message = format!("Found new replica set \"{}\"", set.meta.name);
            self.set_condition("Progressing", true, "FoundNewReplicaSet", message);
            changed = true;
        }
        if changed {
            self.write_status(step("FoundNewReplicaSet"))?;
        }
        Ok(set)
    }
    /// No set has the template: one is made.
    fn make_new(&mut self, old: &[Set]) -> Result<Set, Stop> {
        let hash = pod_template_hash(&self.d.template.tree, self.d.status.collision_count);
        let revision = next_revision(old);
        let mut object = self.new_set(&hash);
        let replicas = new_replicas(&self.d, sum(old, |r| r.replicas), 0);
        if let Some(r) = object.replica_set_mut() {
            r.replicas = replicas;
        }
        let mut annotations = Labels::default();
        self.mark(&mut annotations, revision, false);
        object.meta.annotations = annotations;
        let name = object.meta.name.clone();
        let by = self.ctl.by(new_template(&name, replicas)).reading(&self.object, "spec.template");
        let (set, made) = match self.ctl.api.create(object, by) {
            Ok(set) => (set, true),
            Err(error) => (self.not_made(&name, error)?, false),
        };
        if made && replicas > 0 {
            let message = format!("Scaled up replica set {name} from 0 to {replicas}");
            self.ctl.normal(self.object.meta.id, "ScalingReplicaSet", message);
        }
        let mut changed = self.set_revision(&revision.to_string().into());
        if made && self.has_deadline() {
            let message = format!("Created new replica set \"{name}\"");
            self.set_condition("Progressing", true, "NewReplicaSetCreated", message);
            changed = true;
        }
        if changed {
            self.write_status(step("NewReplicaSetCreated"))?;
        }
        Ok(set)
    }
    /// The set could not be made: perhaps it is there already, perhaps another template has its hash, perhaps it is refused.
    fn not_made(&mut self, name: &Rc<str>, error: ApiError) -> Result<Set, Stop> {
        if error.reason == "AlreadyExists" {
            let there = self.ctl.api.store.by_name(Kind::ReplicaSet, &self.object.meta.namespace, name).cloned();
            let Some(there) = there else { return Err(Stop) };
            let ours = there.meta.controller().and_then(|c| c.id) == Some(self.id());
            if ours && same_template(&row(&there).template, &self.d.template) {
                return Ok(there);
            }
            self.d.status.collision_count = Some(self.d.status.collision_count.unwrap_or(0) + 1);
            self.write_status(step("HashCollision"))?;
            return Err(Stop);
        }
        if self.ctl.api.is_terminating(&self.object.meta.namespace) {
            return Err(Stop);
        }
        let message = format!("Failed to create new replica set \"{name}\": {}", error.message);
        if self.has_deadline() {
            self.set_condition("Progressing", false, "ReplicaSetCreateError", message.clone());
            self.write_status(cannot_create(message.clone()))?;
        }
        self.ctl.warn(self.object.meta.id, "ReplicaSetCreateError", message);
        Err(Stop)
    }
    fn new_set(&self, hash: &str) -> Object {
        let d = &self.d;
        let mut selector = (*d.selector).clone();
        selector.labels.push((HASH_LABEL.into(), hash.into()));
        selector.labels.sort();
        let mut meta = Meta::named(self.object.meta.namespace.clone(), format!("{}-{hash}", self.object.meta.name));
        let template = with_hash(&d.template, hash);
        meta.labels = template.labels.clone();
        meta.owners = vec![controller_ref(self.ctl, &self.object)];
        meta.generation = 1;
        let mut rest = Value::Map(Map::new());
        rest.set_at(&["selector"], d.rest.get("selector").cloned().unwrap_or_default());
        rest.set_at(&["selector", "matchLabels", HASH_LABEL], hash);
        set_min_ready(&mut rest, d.min_ready);
        let set = ReplicaSet {
            replicas: 0,
            min_ready: d.min_ready,
            selector: Rc::new(selector),
            template: Rc::new(template),
            rest: Rc::new(rest),
            ..ReplicaSet::default()
        };
        Object { kind: Kind::ReplicaSet, meta, body: Body::ReplicaSet(set) }
    }
    /// Copies the Deployment's annotations and the revision to a set's. Tells whether that changed something.
    /// Source: deployment_util.go, SetNewReplicaSetAnnotations.
    fn mark(&self, to: &mut Labels, revision: i64, exists: bool) -> bool {
        let mut changed = false;
        for (key, value) in self.annotations.iter().filter(|(k, _)| !KEPT_BACK.contains(&&***k)) {
            if to.get(key) != Some(value) {
                to.set(key.clone(), value.clone());
                changed = true;
            }
        }
        let before = to.get(REVISION).cloned();
        let number: i64 = match before.as_deref().map(str::parse) {
            Some(Err(_)) if before.as_deref() != Some("") => return false,
            Some(Ok(n)) => n,
            _ => 0,
        };
        if number < revision {
            to.set(REVISION, revision.to_string());
            changed = true;
            if let Some(before) = &before {
                remember_revision(to, before);
            }
        }
        if !exists {
            changed |= self.set_sizes(to);
        }
        changed
    }
    /// Writes down for which number of replicas a set is scaled. Source: deployment_util.go, SetReplicasAnnotations.
    pub(super) fn set_sizes(&self, to: &mut Labels) -> bool {
        let mut changed = false;
        for (key, n) in [(DESIRED, self.d.replicas), (MAX, self.d.replicas + max_surge(&self.d))] {
            let text: Rc<str> = n.to_string().into();
            if to.get(key) != Some(&text) {
                to.set(key, text);
                changed = true;
            }
        }
        changed
    }
    fn set_revision(&mut self, revision: &Rc<str>) -> bool {
        let changed = self.annotations.get(REVISION) != Some(revision);
        if changed {
            self.annotations.set(REVISION, revision.clone());
        }
        changed
    }
    /// Sets a condition on this pass's copy. Alike ones stay as they are, changed ones move to the end.
    /// Source: deployment_util.go, SetDeploymentCondition.
    pub(super) fn set_condition(&mut self, kind: &'static str, status: bool, reason: &'static str, message: String) {
        let condition = Condition::new(kind, status, reason, message, self.now().whole_seconds());
        super::status::set_condition(&mut self.d.status.conditions, condition);
    }
    pub(super) fn condition(&self, kind: &str) -> Option<&Condition> {
        self.d.status.conditions.iter().find(|c| c.kind == *kind)
    }
}

fn next_revision(old: &[Set]) -> i64 {
    old.iter().map(|s| sets::revision(&s.meta.annotations)).max().unwrap_or(0) + 1
}

fn remember_revision(to: &mut Labels, revision: &str) {
    let history = to.get(REVISION_HISTORY).cloned().unwrap_or_else(|| "".into());
    if history.is_empty() {
        to.set(REVISION_HISTORY, revision);
        return;
    }
    let mut list: Vec<&str> = history.split(',').collect();
    let mut length = history.len() + revision.len() + 1;
    while length > REVISIONS_MAX && !list.is_empty() {
        length -= list.remove(0).len() + 1;
    }
    if length <= REVISIONS_MAX {
        list.push(revision);
        to.set(REVISION_HISTORY, list.join(","));
    }
}

fn set_min_ready(rest: &mut Value, min_ready: Span) {
    match min_ready {
        Span::ZERO => rest.make_map().remove("minReadySeconds").map_or((), drop),
        _ => rest.make_map().set("minReadySeconds", min_ready.as_secs() as i64),
    }
}

/// The template with its hash as a label. Its pods still share the Deployment's wish.
fn with_hash(template: &Template, hash: &str) -> Template {
    let mut out = template.clone();
    out.labels.set(HASH_LABEL, hash);
    out.tree.set_at(&["metadata", "labels", HASH_LABEL], hash);
    out
}
