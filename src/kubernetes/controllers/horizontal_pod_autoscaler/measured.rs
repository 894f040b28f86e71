//! The metrics server: what pods are said to use.

use super::pods::{Amounts, PodReading, Readings};
use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::objects::{Object, pod::Phase};
use crate::sim::{Span, Time};
use std::rc::Rc;

/// Over which time a measurement goes. Source: recorded: the metrics server of the recordings says 15 s.
const WINDOW: Span = Span::secs(15);

/// What the pods of a selector use.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// Namespace.
    pub namespace: Rc<str>,
    /// Which pods.
    pub selector: LabelSelector,
    /// Thousandths by resource.
    pub usage: Amounts,
    /// Whether all pods share it, instead of each using so much.
    pub shared: bool,
    /// How many pods, first by name, are not measured.
    pub missing: usize,
}

/// All loads somebody set.
#[derive(Clone, Debug, Default)]
pub struct Measured(Vec<Load>);

impl Measured {
    /// Sets what pods use; the same selector's elder load is forgotten.
    pub fn set(&mut self, load: Load) {
        self.0.retain(|l| l.namespace != load.namespace || l.selector != load.selector);
        self.0.push(load);
    }
    /// Whether nobody set anything: then the metrics pipeline tells.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// What the metrics server answers for these pods of a namespace.
    pub fn readings(&self, namespace: &str, all: &[Rc<Object>], asked: &LabelSelector, now: Time) -> Readings {
        let mut out = Readings::default();
        for load in self.0.iter().filter(|l| &*l.namespace == namespace) {
            let runs = |p: &&Rc<Object>| p.pod().is_some_and(|row| row.status.phase == Phase::Running);
            let mut pods: Vec<&Rc<Object>> =
                all.iter().filter(|p| load.selector.matches(&p.meta.labels)).filter(runs).collect();
            pods.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
            let share = if load.shared { pods.len().max(1) as i64 } else { 1 };
            let measured = pods.iter().skip(load.missing).filter(|p| asked.matches(&p.meta.labels));
            out.pods.extend(measured.filter_map(|pod| reading(pod, load, share, now)));
        }
        out
    }
}

fn reading(pod: &Object, load: &Load, share: i64, now: Time) -> Option<PodReading> {
    let containers = &pod.pod()?.spec.containers;
    let parts = share * containers.len().max(1) as i64;
    let usage: Amounts = load.usage.iter().map(|(name, milli)| (name.clone(), milli / parts)).collect();
    let containers = containers.iter().map(|c| (c.name.clone(), usage.clone())).collect();
    Some(PodReading { pod: pod.meta.name.clone(), containers, at: now.whole_seconds(), window: WINDOW })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_load_of_a_selector_counts() {
        let mut measured = Measured::default();
        let load = |cpu: i64| Load { usage: Amounts::from([("cpu".into(), cpu)]), ..Load::default() };
        measured.set(load(1));
        measured.set(load(2));
        assert_eq!(measured.0.len(), 1);
        assert_eq!(measured.0[0].usage.get("cpu"), Some(&2));
    }

    #[test]
    fn nothing_is_measured_where_nobody_set_a_load() {
        let readings = Measured::default().readings("default", &[], &LabelSelector::default(), Time::ZERO);
        assert_eq!(readings.resource("cpu", None), Err("no metrics returned from resource metrics API".into()));
    }
}
