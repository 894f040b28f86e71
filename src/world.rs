//! One value that is a whole simulated world: cloneable, steppable, and the same bytes wherever it runs.

pub mod faults;

use crate::kubernetes::Cluster;
use crate::sim::Time;
use faults::Faults;

/// A world: a Kubernetes cluster, and what is broken in it. (The Compose house becomes its sibling here.)
#[derive(Clone, Debug)]
pub struct World {
    /// The cluster.
    pub cluster: Cluster,
    /// What is broken, and what will be.
    pub faults: Faults,
}

impl World {
    /// A world of this cluster in which nothing is broken.
    pub fn new(cluster: Cluster) -> Self {
        World { cluster, faults: Faults::default() }
    }
    /// The moment it stands at.
    pub fn now(&self) -> Time {
        self.cluster.now()
    }
    /// When something is due next.
    pub fn next_due(&self) -> Option<Time> {
        [self.cluster.next_due(), self.faults.next_due()].into_iter().flatten().min()
    }
    /// Plays everything due up to and including `t`.
    pub fn run_until(&mut self, t: Time) {
        while let Some(due) = self.faults.next_due().filter(|due| *due <= t) {
            self.cluster.run_until(due);
            self.faults_due();
        }
        self.cluster.run_until(t);
    }
    /// A number that two worlds share only when their books and journals read the same. For tests of replay; walks everything.
    pub fn digest(&self) -> u64 {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        let api = &self.cluster.api;
        hash.text(&format!("{:?} {}", api.now, api.store.version()));
        for object in api.store.all() {
            hash.text(&format!("{:?}", api.tree(object)));
        }
        for (id, entry) in api.journal.since(0) {
            hash.text(&format!("{id:?} {:?} {:?} {} {:?}", entry.t, entry.cause, entry.actor, entry.why));
        }
        hash.text(&format!("{:?}", self.faults));
        for (key, unit) in api.floor.all() {
            hash.text(&format!("{key:?} {:?} {:?} {:?}", unit.since, unit.stops, unit.strain));
        }
        hash.text(&format!("{:?}", self.cluster.services));
        hash.0
    }
}

/// FNV-1a, 64 bits.
struct Fnv(u64);

impl Fnv {
    fn text(&mut self, text: &str) {
        self.0 = text.bytes().fold(self.0, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    }
}
