//! Amounts of resources in the units the scheduler counts in.

use super::Quantity;
use crate::text::{Value, number::json_text};
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
    pub fn read(tree: &Value) -> Self {
        ResourceList::read(tree).to_resources()
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

/// A resource list that still knows which resources were named at all and how their amounts were written: what sums of
/// containers are made with before they are rounded to the scheduler's units.
#[derive(Clone, Debug, Default)]
pub struct ResourceList(Vec<(Rc<str>, Quantity)>);

impl ResourceList {
    /// Reads a resource list; what is no quantity counts as 0.
    pub fn read(tree: &Value) -> Self {
        let members = tree.as_map().into_iter().flat_map(|m| m.iter());
        let mut list: Vec<_> = members.map(|(name, amount)| (name.clone(), quantity(amount))).collect();
        list.sort_by(|a, b| a.0.cmp(&b.0));
        ResourceList(list)
    }
    /// The amount of a resource, if it is named.
    pub fn get(&self, name: &str) -> Option<&Quantity> {
        self.0.binary_search_by(|(n, _)| (**n).cmp(name)).ok().map(|at| &self.0[at].1)
    }
    /// Names a resource.
    pub fn set(&mut self, name: &str, amount: Quantity) {
        match self.0.binary_search_by(|(n, _)| (**n).cmp(name)) {
            Ok(at) => self.0[at].1 = amount,
            Err(at) => self.0.insert(at, (name.into(), amount)),
        }
    }
    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Rc<str>, &Quantity)> {
        self.0.iter().map(|(n, a)| (n, a))
    }
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Adds each amount of another list.
    pub fn add(&mut self, other: &ResourceList) {
        for (name, amount) in other.iter() {
            let mut sum = self.get(name).cloned();
            match &mut sum {
                Some(sum) => sum.add(amount),
                None => sum = Some(amount.clone()),
            }
            self.set(name, sum.unwrap_or_default());
        }
    }
    /// Raises each amount to at least the other list's.
    pub fn raise_to(&mut self, other: &ResourceList) {
        for (name, amount) in other.iter() {
            if self.get(name).is_none_or(|mine| amount.compare(mine).is_gt()) {
                self.set(name, amount.clone());
            }
        }
    }
    /// As the API shows it.
    pub fn write(&self) -> Value {
        Value::Map(self.iter().map(|(name, amount)| (name.clone(), Value::str(amount.to_string()))).collect())
    }
    /// Rounded up to the units the scheduler counts in.
    /// Source: kubernetes v1.37 pkg/scheduler/framework/types.go, Resource.Add.
    pub fn to_resources(&self) -> Resources {
        let mut out = Resources::default();
        for (name, amount) in self.iter() {
            match &**name {
                "cpu" => out.cpu = amount.milli_value(),
                "memory" => out.memory = amount.value(),
                "ephemeral-storage" => out.ephemeral = amount.value(),
                "pods" => out.pods = amount.value(),
                _ => out.extended.push((name.clone(), amount.value())),
            }
        }
        out
    }
}

fn quantity(amount: &Value) -> Quantity {
    let text: Rc<str> = match amount {
        Value::Int(i) => i.to_string().into(),
        Value::Float(f) => json_text(*f).into(),
        Value::Str(s) => s.clone(),
        _ => return Quantity::default(),
    };
    Quantity::parse(&text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map;

    #[test]
    fn quantities_round_up_to_the_units_of_the_scheduler() {
        let read = |name: &str, text: &str| Resources::read(&Value::Map(map! { name => text }));
        assert_eq!(read("cpu", "100.1m").cpu, 101);
        assert_eq!(read("cpu", "2").cpu, 2000);
        assert_eq!(read("memory", "1.5Gi").memory, 1_610_612_736);
        assert_eq!(read("memory", "100m").memory, 1);
        assert_eq!(read("memory", "12e6").memory, 12_000_000);
        assert_eq!(read("memory", "8Ei").memory, i64::MAX);
        assert_eq!(read("nvidia.com/gpu", "3").extended("nvidia.com/gpu"), 3);
        assert_eq!(Resources::read(&Value::Map(map! { "cpu" => 0.5f64, "pods" => 110i64 })).cpu, 500);
    }
}
