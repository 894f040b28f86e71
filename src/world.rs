//! One value that is a whole simulated world: cloneable, steppable, and the same bytes wherever it runs.

pub mod faults;

use crate::compose::Host;
use crate::kubernetes::Cluster;
use crate::sim::Time;
use faults::Faults;

/// A world: the two houses side by side, in step, and what is broken in them. Neither knows of the other.
#[derive(Clone, Debug)]
pub struct World {
    /// The Kubernetes house; without a machine where nobody asked for one.
    pub cluster: Cluster,
    /// The Compose house: one Docker host.
    pub host: Option<Host>,
    /// What is broken, and what will be.
    pub faults: Faults,
}

impl World {
    /// A world of this cluster in which nothing is broken.
    pub fn new(cluster: Cluster) -> Self {
        World { cluster, host: None, faults: Faults::default() }
    }
    /// A Docker host stands there from now on, if there is none yet.
    pub fn host_mut(&mut self, seed: u64) -> &mut Host {
        let now = self.now();
        self.host.get_or_insert_with(|| {
            let mut host = Host::new(seed);
            host.run_until(now);
            host
        })
    }
    /// The moment it stands at.
    pub fn now(&self) -> Time {
        self.cluster.now()
    }
    /// When something is due next.
    pub fn next_due(&self) -> Option<Time> {
        let host = self.host.as_ref().and_then(Host::next_due);
        [self.cluster.next_due(), host, self.faults.next_due()].into_iter().flatten().min()
    }
    /// Plays everything due up to and including `t`.
    pub fn run_until(&mut self, t: Time) {
        while let Some(due) = self.faults.next_due().filter(|due| *due <= t) {
            self.houses_until(due);
            self.faults_due();
        }
        self.houses_until(t);
    }
    fn houses_until(&mut self, t: Time) {
        self.cluster.run_until(t);
        if let Some(host) = &mut self.host {
            host.run_until(t);
        }
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
        hash.text(&format!("{:?}", self.host));
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
