//! One value that is a whole simulated world: cloneable, steppable, and the same bytes wherever it runs.

use crate::kubernetes::Cluster;
use crate::sim::Time;

/// A world: a Kubernetes cluster. (The Compose house becomes its sibling here.)
#[derive(Clone, Debug)]
pub struct World {
    /// The cluster.
    pub cluster: Cluster,
}

impl World {
    /// The moment it stands at.
    pub fn now(&self) -> Time {
        self.cluster.now()
    }
    /// Plays everything due up to and including `t`.
    pub fn run_until(&mut self, t: Time) {
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
