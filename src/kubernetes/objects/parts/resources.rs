//! Amounts of resources in the units the scheduler counts in.

use crate::text::Value;
use std::rc::Rc;

/// CPU in thousandths of a core, memory and ephemeral storage in bytes, pods and extended resources as counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Resources {
    /// `cpu`, in thousandths.
    pub cpu: i64,
    /// `memory`, in bytes.
    pub memory: i64,
    /// `ephemeral-storage`, in bytes.
    pub ephemeral: i64,
    /// `pods`, for nodes.
    pub pods: i64,
    /// Everything else (`nvidia.com/gpu`, `hugepages-2Mi`), sorted by name.
    pub extended: Vec<(Rc<str>, i64)>,
}

impl Resources {
    /// Reads a resource list (`requests`, `allocatable`).
    pub fn read(_tree: &Value) -> Self {
        Resources::default()
    }
    /// The amount of an extended resource.
    pub fn extended(&self, name: &str) -> i64 {
        self.extended.binary_search_by(|(n, _)| (**n).cmp(name)).map_or(0, |at| self.extended[at].1)
    }
    /// Sets an extended resource.
    pub fn set_extended(&mut self, name: &str, amount: i64) {
        match self.extended.binary_search_by(|(n, _)| (**n).cmp(name)) {
            Ok(at) => self.extended[at].1 = amount,
            Err(at) => self.extended.insert(at, (name.into(), amount)),
        }
    }
    /// Adds other amounts.
    pub fn add(&mut self, other: &Resources) {
        self.merge(other, i64::saturating_add);
    }
    /// Takes other amounts away.
    pub fn sub(&mut self, other: &Resources) {
        self.merge(other, i64::saturating_sub);
    }
    /// Raises each amount to at least the other's.
    pub fn raise_to(&mut self, other: &Resources) {
        self.merge(other, i64::max);
    }
    fn merge(&mut self, other: &Resources, f: impl Fn(i64, i64) -> i64) {
        self.cpu = f(self.cpu, other.cpu);
        self.memory = f(self.memory, other.memory);
        self.ephemeral = f(self.ephemeral, other.ephemeral);
        self.pods = f(self.pods, other.pods);
        for (name, amount) in &other.extended {
            let now = self.extended(name);
            self.set_extended(name, f(now, *amount));
        }
    }
}
