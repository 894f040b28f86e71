//! The two ways to bring a new template in: bit by bit, or all at once after the old ones are gone.
//! Source: kubernetes v1.37 pkg/controller/deployment/{rolling,recreate}.go.

use super::fenceposts::max_unavailable;
use super::sets::{Set, active, available, by_age, new_replicas, sum, wanted};
use super::{Pass, Stop};
use crate::kubernetes::controllers::owned::managed;
use crate::kubernetes::objects::Kind;
use crate::kubernetes::objects::pod::Phase;

impl Pass<'_, '_> {
    /// Source: rolling.go, rolloutRolling.
    pub(super) fn roll(&mut self) -> Result<(), Stop> {
        let (new, old) = self.all_sets(true)?;
        let Some(new) = new else { return Err(Stop) };
        if self.grow_new(&new, &old)? || self.shrink_old(&new, &old)? {
            return self.write_rollout(&old, Some(&new));
        }
        if self.complete(&self.d.status) {
            self.clean_history(&old);
        }
        self.write_rollout(&old, Some(&new))
    }
    /// Scales the new set up as far as surge allows, or down if it has too many. Source: reconcileNewReplicaSet.
    fn grow_new(&mut self, new: &Set, old: &[Set]) -> Result<bool, Stop> {
        let size = match wanted(new) > self.d.replicas {
            true => self.d.replicas,
            false => new_replicas(&self.d, sum(old, |r| r.replicas) + wanted(new), wanted(new)),
        };
        Ok(self.step_set(new, size)?.is_some())
    }
    /// Scales old sets down as far as availability allows. Source: reconcileOldReplicaSets.
    fn shrink_old(&mut self, new: &Set, old: &[Set]) -> Result<bool, Stop> {
        let mut old = active(old);
        let old_pods = sum(&old, |r| r.replicas);
        if old_pods == 0 {
            return Ok(false);
        }
        let min_available = self.d.replicas - max_unavailable(&self.d);
        let new_unavailable = wanted(new) - available(new);
        let most = old_pods + wanted(new) - min_available - new_unavailable;
        if most <= 0 {
            return Ok(false);
        }
        old.sort_by(by_age);
        let Some(unhealthy) = self.drop_unhealthy(&mut old, most)? else { return Ok(false) };
        let healthy = self.drop_healthy(&old, new, min_available)?;
        Ok(unhealthy + healthy > 0)
    }
    /// Pods that are not available go first: that takes nothing away. `None` where the real controller fails and waits for
    /// newer counts. Source: cleanupUnhealthyReplicas; rolling.go, reconcileOldReplicaSets.
    fn drop_unhealthy(&mut self, old: &mut [Set], most: i32) -> Result<Option<i32>, Stop> {
        let mut dropped = 0;
        for set in old.iter_mut() {
            if dropped >= most {
                break;
            }
            let unavailable = wanted(set) - available(set);
            if wanted(set) == 0 || unavailable == 0 {
                continue;
            }
            let count = unavailable.min(most - dropped);
            // More available than wanted: the counts are old. Going on with them would break the floor.
            if count < 0 {
                return Ok(None);
            }
            if let Some(scaled) = self.step_set(set, wanted(set) - count)? {
                *set = scaled;
            }
            dropped += count;
        }
        Ok(Some(dropped))
    }
    /// Source: scaleDownOldReplicaSetsForRollingUpdate.
    fn drop_healthy(&mut self, old: &[Set], new: &Set, min_available: i32) -> Result<i32, Stop> {
        let surplus = sum(old, |r| r.status.available) + available(new) - min_available;
        let mut dropped = 0;
        for set in old {
            if dropped >= surplus {
                break;
            }
            let count = wanted(set).min(surplus - dropped);
            self.step_set(set, wanted(set) - count)?;
            dropped += count;
        }
        Ok(dropped)
    }
    /// Source: recreate.go, rolloutRecreate.
    pub(super) fn roll_recreate(&mut self) -> Result<(), Stop> {
        let (mut new, mut old) = self.all_sets(false)?;
        let mut dropped = false;
        for set in active(&old) {
            dropped |= self.step_set(&set, 0)?.is_some();
        }
        if dropped || self.old_pods_run(new.as_ref(), &old) {
            return self.write_rollout(&old, new.as_ref());
        }
        if new.is_none() {
            (new, old) = self.all_sets(true)?;
        }
        let Some(new) = new else { return Err(Stop) };
        self.step_set(&new, self.d.replicas)?;
        if self.complete(&self.d.status) {
            self.clean_history(&old);
        }
        self.write_rollout(&old, Some(&new))
    }
    /// Whether pods of old sets are still there and have not ended. Source: recreate.go, oldPodsRunning.
    fn old_pods_run(&self, new: Option<&Set>, old: &[Set]) -> bool {
        if sum(old, |r| r.status.replicas) > 0 {
            return true;
        }
        let others = self.sets.iter().filter(|s| new.is_none_or(|n| n.meta.id != s.meta.id));
        let mut pods = others.flat_map(|s| managed(self.ctl, s.meta.id, Kind::Pod)).filter_map(|p| p.pod());
        pods.any(|p| !matches!(p.status.phase, Phase::Failed | Phase::Succeeded))
    }
}
