//! Changing the size of ReplicaSets, and throwing old ones away.
//! Source: kubernetes v1.37 pkg/controller/deployment/sync.go, scale, scaleReplicaSet, cleanupDeployment.

use super::fenceposts::{max_surge, max_unavailable};
use super::sets::{
    MAX, Set, active, active_or_latest, by_age, by_revision, by_size_newer, by_size_older, count_in, proportion, row,
    saturated, sum, wanted,
};
use super::{Pass, Stop, grow, history, resize, shrink};
use crate::journal::Why;
use crate::kubernetes::apiserver::DeleteOptions;
use crate::kubernetes::objects::Object;

impl Pass<'_, '_> {
    /// Somebody changed the number of replicas: the sets follow, several active ones in proportion.
    pub(super) fn scale(&mut self, new: Option<&Set>, old: &[Set]) -> Result<(), Stop> {
        if let Some(one) = active_or_latest(new, old) {
            if wanted(&one) != self.d.replicas {
                self.resize_set(&one, self.d.replicas)?;
            }
            return Ok(());
        }
        if saturated(&self.d, new) {
            for set in active(old) {
                self.resize_set(&set, 0)?;
            }
            return Ok(());
        }
        if self.d.recreate {
            return Ok(());
        }
        let mut all = active(old);
        all.sort_by(|a, b| by_age(b, a));
        all.extend(new.filter(|s| wanted(s) > 0).cloned());
        let allowed = if self.d.replicas > 0 { self.d.replicas + max_surge(&self.d) } else { 0 };
        let to_add = allowed - sum(&all, |r| r.replicas);
        match to_add.signum() {
            1 => all.sort_by(by_size_newer),
            -1 => all.sort_by(by_size_older),
            _ => {}
        }
        let mut added = 0;
        let mut sizes: Vec<i32> = Vec::new();
        for set in &all {
            let share = proportion(&self.d, wanted(set), count_in(set, MAX), to_add, added);
            added += share;
            sizes.push(wanted(set) + share);
        }
        if let Some(first) = sizes.first_mut().filter(|_| to_add != 0) {
            *first = (*first + to_add - added).max(0);
        }
        for (set, size) in all.iter().zip(sizes) {
            self.scale_set(set, size, resize(wanted(set), size), "spec.replicas")?;
        }
        Ok(())
    }
    fn resize_set(&mut self, set: &Set, size: i32) -> Result<(), Stop> {
        self.scale_set(set, size, resize(wanted(set), size), "spec.replicas").map(drop)
    }
    /// One step of a rollout: scales a set if it has another size. Source: scaleReplicaSetAndRecordEvent.
    pub(super) fn step_set(&mut self, set: &Set, size: i32) -> Result<Option<Set>, Stop> {
        let from = wanted(set);
        if from == size {
            return Ok(None);
        }
        let why = match from < size {
            true => grow(from, size, max_surge(&self.d)),
            false => shrink(from, size, max_unavailable(&self.d)),
        };
        self.scale_set(set, size, why, "spec.strategy").map(Some)
    }
    /// Source: scaleReplicaSet.
    fn scale_set(&mut self, set: &Set, size: i32, why: Why, field: &str) -> Result<Set, Stop> {
        let mut annotations = set.meta.annotations.clone();
        let marked = self.set_sizes(&mut annotations);
        let from = wanted(set);
        if from == size && !marked {
            return Ok(set.clone());
        }
        let scaled = self.update_set(set, why, field, |o| {
            o.meta.annotations = annotations;
            if let Some(r) = o.replica_set_mut() {
                r.replicas = size;
            }
        })?;
        if from != size {
            let direction = if from < size { "up" } else { "down" };
            let message = format!("Scaled {direction} replica set {} from {from} to {size}", set.meta.name);
            self.ctl.normal(self.object.meta.id, "ScalingReplicaSet", message);
        }
        Ok(scaled)
    }
    /// Writes a set, unless somebody wrote it since it was read.
    pub(super) fn update_set(
        &mut self,
        set: &Set,
        why: Why,
        field: &str,
        change: impl FnOnce(&mut Object),
    ) -> Result<Set, Stop> {
        let id = set.meta.id;
        let Some(now) = self.ctl.api.store.get(id) else { return Err(Stop) };
        if self.ctl.conflicts && now.meta.version != set.meta.version {
            return Err(Stop);
        }
        let by = self.ctl.by(why).reading(&self.object, field);
        if self.ctl.api.update(id, by, change).is_none() {
            self.ctl.idle.push((self.ctl.api.store.version(), id));
        }
        self.ctl.api.store.get(id).cloned().ok_or(Stop)
    }
    /// Deletes the oldest of the sets without replicas that are more than the history keeps.
    pub(super) fn clean_history(&mut self, old: &[Set]) {
        let limit = self.d.history_limit;
        let mut sets: Vec<Set> = old.iter().filter(|s| !s.meta.deleting()).cloned().collect();
        let surplus = sets.len() as i64 - i64::from(limit);
        if limit == i32::MAX || surplus <= 0 {
            return;
        }
        sets.sort_by(by_revision);
        for set in sets.iter().take(surplus as usize) {
            let r = row(set);
            if r.status.replicas != 0 || r.replicas != 0 || set.meta.generation > r.status.observed_generation {
                continue;
            }
            let by = self.ctl.by(history(limit)).reading(&self.object, "spec.revisionHistoryLimit");
            self.ctl.api.delete(set.meta.id, by, DeleteOptions::default());
        }
    }
}
