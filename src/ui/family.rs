//! Pods by who owns them, counted as they come and go, so that nobody walks all pods to tell those of one workload. Needs no
//! browser; tested natively.

use super::view::View;
use crate::session::{Look, Row, RowBody};
use std::collections::{BTreeMap, BTreeSet};

/// The pods of one direct owner.
#[derive(Debug, Default)]
struct Family {
    pods: BTreeSet<u32>,
    /// Pods that are not on their way out, by revision: ready ones and others.
    parts: BTreeMap<u32, [u32; 2]>,
}

/// The pods of every direct owner.
#[derive(Debug, Default)]
pub struct Families(BTreeMap<u32, Family>);

impl Families {
    /// A row came.
    pub fn add(&mut self, row: &Row) {
        let (RowBody::Pod(pod), Some(owner)) = (&row.body, row.owner) else { return };
        let family = self.0.entry(owner).or_default();
        family.pods.insert(row.id);
        if pod.look != Look::Terminating {
            family.parts.entry(pod.revision).or_default()[usize::from(pod.look != Look::Ready)] += 1;
        }
    }

    /// A row, as it was told last, is no more.
    pub fn take(&mut self, row: &Row) {
        let (RowBody::Pod(pod), Some(owner)) = (&row.body, row.owner) else { return };
        let Some(family) = self.0.get_mut(&owner) else { return };
        family.pods.remove(&row.id);
        if pod.look != Look::Terminating
            && let Some(part) = family.parts.get_mut(&pod.revision)
        {
            let count = &mut part[usize::from(pod.look != Look::Ready)];
            *count = count.saturating_sub(1);
            if *part == [0, 0] {
                family.parts.remove(&pod.revision);
            }
        }
        if family.pods.is_empty() {
            self.0.remove(&owner);
        }
    }
}

impl View {
    /// The families of a workload: its own and those of the workloads under it.
    fn families_of(&self, owner: u32) -> impl Iterator<Item = &Family> {
        let under = self.kinds.workloads.iter().copied().filter(move |id| *id != owner && self.top_owner(*id) == owner);
        [owner].into_iter().chain(under).filter_map(|id| self.families.0.get(&id))
    }

    /// Pods of a workload that nobody owns and that are not on their way out: old ready, old not ready, new ready, new not
    /// ready.
    pub fn parts(&self, owner: u32, revision: u32) -> [u32; 4] {
        let mut parts = [0; 4];
        for (of, [ready, other]) in self.families_of(owner).flat_map(|family| &family.parts) {
            let at = usize::from(*of == revision) * 2;
            parts[at] += ready;
            parts[at + 1] += other;
        }
        parts
    }

    /// All pods of a workload that nobody owns.
    pub fn pods_of(&self, owner: u32) -> BTreeSet<u32> {
        self.families_of(owner).flat_map(|family| family.pods.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{PodRow, Update, WorkloadRow};

    fn row(id: u32, owner: Option<u32>, body: RowBody) -> Row {
        Row { id, name: format!("r{id}"), namespace: "default".into(), owner, created: 0, body }
    }

    fn pod(id: u32, owner: u32, revision: u32, look: Look) -> Row {
        row(id, Some(owner), RowBody::Pod(PodRow { look, revision, ..PodRow::default() }))
    }

    fn workload(id: u32, owner: Option<u32>) -> Row {
        row(id, owner, RowBody::Workload(WorkloadRow::default()))
    }

    fn told(view: &mut View, rows: Vec<Row>) {
        view.fold(Update { rows, ..Update::default() });
    }

    #[test]
    fn pods_count_for_the_topmost_owner_by_revision_and_readiness() {
        let mut view = View::default();
        // Pods may be told before who owns them.
        told(
            &mut view,
            vec![pod(10, 2, 1, Look::Ready), pod(11, 2, 1, Look::CrashLoop), pod(12, 3, 2, Look::Creating)],
        );
        told(&mut view, vec![workload(1, None), workload(2, Some(1)), workload(3, Some(1)), workload(9, None)]);
        told(&mut view, vec![pod(13, 3, 2, Look::Ready), pod(14, 9, 2, Look::Ready)]);
        assert_eq!(view.parts(1, 2), [1, 1, 1, 1]);
        assert_eq!(view.pods_of(1).into_iter().collect::<Vec<_>>(), [10, 11, 12, 13]);
        told(&mut view, vec![pod(12, 3, 2, Look::Ready), pod(10, 2, 1, Look::Terminating)]);
        assert_eq!(view.parts(1, 2), [0, 1, 2, 0], "who ends counts no more");
        assert_eq!(view.pods_of(1).len(), 4, "and is still there");
        view.fold(Update { gone: vec![10, 11], ..Update::default() });
        assert_eq!((view.parts(1, 2), view.pods_of(1).len()), ([0, 0, 2, 0], 2));
        assert_eq!(view.parts(9, 2), [0, 0, 1, 0]);
    }
}
