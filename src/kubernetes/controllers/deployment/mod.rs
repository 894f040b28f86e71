//! Deployment controller: rolls a template out through ReplicaSets. Wakes on: Deployment; ReplicaSet, by owner or as an
//! orphan; the last old Pod's end (Recreate). Writes: ReplicaSet, Deployment status and revision.
//! Source: kubernetes v1.37 pkg/controller/deployment/.

pub mod fenceposts;
mod new_set;
mod progress;
mod rollout;
mod scale;
pub mod sets;
mod status;

use super::owned::{claim, managed};
use super::{Controller, Ctl, Done, On, Wakes};
use crate::kubernetes::apiserver::{Change, ChangeKind};
use crate::kubernetes::objects::deployment::Deployment;
use crate::kubernetes::objects::{Id, Kind, Labels, Object};
use crate::reasons;
use crate::sim::{Span, Time};
use sets::{Set, active};
use std::rc::Rc;

reasons! { "deployment":
    /// No ReplicaSet has the template: one is made.
    new_template(name, replicas),
    /// The new ReplicaSet may have more.
    grow(from, to, surge),
    /// A ReplicaSet has too many.
    shrink(from, to, unavailable),
    /// Somebody changed the number of replicas.
    resize(from, to),
    /// More old ReplicaSets than the history keeps.
    history(limit),
    /// The rollout's annotations belong on its ReplicaSet.
    annotate(revision),
    /// A step of the rollout was written down.
    step(reason),
    /// The numbers of its ReplicaSets changed.
    counted(replicas, updated, available),
    /// The rollout made no progress in time.
    warning stuck(seconds),
    /// A ReplicaSet could not be made.
    warning cannot_create(message),
}

/// The controller.
pub const CONTROLLER: Controller = Controller {
    name: "deployment-controller",
    wakes: &[
        On::Itself(Kind::Deployment),
        On::OwnerOf(Kind::ReplicaSet),
        On::Rule(Kind::ReplicaSet, on_orphan_set),
        On::Rule(Kind::Pod, on_pod_gone),
    ],
    reconcile,
    every: None,
};

/// A set without a controller wakes the Deployments that may adopt it.
fn on_orphan_set(change: &Change, wakes: &mut Wakes) {
    let Some(set) = change.after.as_ref().filter(|s| s.meta.controller().is_none()) else { return };
    let finds = |d: &&Rc<Object>| d.deployment().is_some_and(|d| d.selector.matches(&set.meta.labels));
    let deployments = wakes.api.store.list_in(Kind::Deployment, &set.meta.namespace).filter(finds);
    wakes.ids = deployments.map(|d| d.meta.id).collect();
}

/// A Deployment that recreates waits for the last old pod. Source: deployment_controller.go, deletePod.
fn on_pod_gone(change: &Change, wakes: &mut Wakes) {
    if change.what != ChangeKind::Deleted {
        return;
    }
    let store = &wakes.api.store;
    let owner = |o: &Rc<Object>| o.meta.controller().and_then(|c| c.id);
    let deployment = change.before.as_ref().and_then(owner).and_then(|s| store.get(s)).and_then(owner);
    let recreates = |id: &Id| store.get(*id).and_then(|o| o.deployment()).is_some_and(|d| d.recreate);
    wakes.ids = deployment.filter(recreates).into_iter().collect();
}

/// Why a pass ended early: it starts again from a fresh reading, later each time.
pub struct Stop;

/// One pass over one Deployment. It works on the reading it began with, as the real controller does.
pub struct Pass<'a, 'b> {
    ctl: &'a mut Ctl<'b>,
    /// As it was read.
    object: Rc<Object>,
    /// Annotations as this pass has them so far.
    annotations: Labels,
    /// The row as this pass has it so far.
    d: Deployment,
    /// All its sets, as they were read.
    sets: Vec<Set>,
    /// To be looked at again after this time.
    again: Option<Span>,
}

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(object) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    let Some(d) = object.deployment() else { return Done::Settled };
    if d.selector.is_empty() {
        ctl.warn(id, "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
        return Done::Settled;
    }
    claim(ctl, &object, Kind::ReplicaSet, &d.selector, false);
    let sets = managed(ctl, id, Kind::ReplicaSet).cloned().collect();
    let annotations = object.meta.annotations.clone();
    let mut pass = Pass { ctl, d: d.clone(), annotations, object, sets, again: None };
    let result = pass.run();
    match (result, pass.again) {
        (Err(Stop), _) => Done::Retry,
        (Ok(()), Some(span)) => Done::Again(span),
        (Ok(()), None) => Done::Settled,
    }
}

/// Looks at one Deployment once, for those who list what one pass writes.
pub fn pass_once(ctl: &mut Ctl, id: Id) {
    reconcile(id, ctl);
}

impl Pass<'_, '_> {
    /// Source: deployment_controller.go, syncDeployment.
    fn run(&mut self) -> Result<(), Stop> {
        if self.object.meta.deleting() {
            let (new, old) = self.all_sets(false)?;
            return self.write_counts(&old, new.as_ref());
        }
        self.note_pause()?;
        if self.d.paused || self.is_scaling()? {
            return self.sync();
        }
        if self.d.recreate { self.roll_recreate() } else { self.roll() }
    }
    /// Scales, or keeps the report true while paused. Source: sync.go, sync.
    fn sync(&mut self) -> Result<(), Stop> {
        let (new, old) = self.all_sets(false)?;
        self.scale(new.as_ref(), &old)?;
        if self.d.paused {
            self.clean_history(&old);
        }
        self.write_counts(&old, new.as_ref())
    }
    /// Whether a set was last scaled for another number of replicas. Source: sync.go, isScalingEvent.
    fn is_scaling(&mut self) -> Result<bool, Stop> {
        let (new, old) = self.all_sets(false)?;
        let all: Vec<Set> = old.into_iter().chain(new).collect();
        let wanted = self.d.replicas;
        Ok(active(&all).iter().filter_map(|s| sets::count_in(s, sets::DESIRED)).any(|n| n != wanted))
    }
    fn now(&self) -> Time {
        self.ctl.now()
    }
    fn id(&self) -> Id {
        self.object.meta.id
    }
}
