//! What flows and what is used just now: traffic, faults in force, curves. Folded from updates beside the rows. Needs no
//! browser; tested natively.

use crate::session::docker::HOST;
use crate::session::{AlertRow, FaultRow, FlowRow, LoadRow, PipelineRow, Series, Traffic, Update};
use std::collections::{BTreeMap, BTreeSet};

/// Thinnest and thickest flow line, in pixels. Ours: seen, and not taken for a wall.
const LINE: (f64, f64) = (1.0, 6.0);
/// The rate at which a line is thickest. Ours: the log scale of a classroom's loads.
const RATE_MAX: f64 = 1_000.0;
/// Samples of one line at once, at most. Ours: dots must not touch.
const DOTS_MAX: f64 = 4.0;

/// Everything of the moment that is not a row.
#[derive(Debug, Default)]
pub struct Live {
    /// Loads and flows.
    pub traffic: Traffic,
    /// Use by pod: CPU, memory.
    pub pods: BTreeMap<u32, (u64, u64)>,
    /// Use by node: the sum of its pods.
    pub nodes: BTreeMap<u32, (u64, u64)>,
    /// Faults in force, those that come again, and the newest that are over.
    pub faults: Vec<FaultRow>,
    /// Rows that a fault befalls just now.
    pub broken: BTreeSet<u32>,
    /// Pipelines.
    pub pipelines: Vec<PipelineRow>,
    /// Curves: of everything (`None`) and of what was last asked for.
    pub series: BTreeMap<Option<u32>, Series>,
}

impl Live {
    /// Alerts that fire now, oldest first.
    pub fn firing(&self) -> Vec<AlertRow> {
        let all = self.series.get(&None).into_iter().flat_map(|series| &series.alerts);
        all.filter(|alert| alert.until.is_none()).cloned().collect()
    }

    /// Takes the moment's part of an update; whether loads, flows or faults changed.
    pub fn fold(&mut self, update: &mut Update, node_of: impl Fn(u32) -> Option<u32>) -> bool {
        let told = update.traffic.is_some() || update.faults.is_some() || update.pipelines.is_some();
        if let Some(pipelines) = update.pipelines.take() {
            self.pipelines = pipelines;
        }
        if let Some(traffic) = update.traffic.take() {
            self.pods.clear();
            self.nodes.clear();
            for (pod, cpu, memory) in &traffic.used {
                self.pods.insert(*pod, (*cpu, *memory));
                if let Some(node) = node_of(*pod) {
                    let sum = self.nodes.entry(node).or_default();
                    *sum = (sum.0 + cpu, sum.1 + memory);
                }
            }
            self.traffic = traffic;
        }
        if let Some(faults) = update.faults.take() {
            let active = faults.iter().filter(|f| f.ended.is_none() && !f.repeats);
            self.broken =
                active.flat_map(|f| f.objects.iter().copied().chain([f.object])).filter(|id| *id > 0).collect();
            self.faults = faults;
        }
        if let Some(series) = update.series.take() {
            // Of everything, and of the host beside it, curves are always at hand.
            let stays = |id: Option<u32>| id.is_none_or(|id| id == HOST);
            if !stays(series.id) {
                self.series.retain(|id, _| stays(*id));
            }
            self.series.insert(series.id, series);
        }
        told
    }

    /// The traffic of a Service.
    pub fn flow(&self, service: u32) -> Option<&FlowRow> {
        self.traffic.flows.iter().find(|f| f.service == service)
    }

    /// The loads that ask a Service.
    pub fn loads_on(&self, service: u32) -> impl Iterator<Item = &LoadRow> {
        self.traffic.loads.iter().filter(move |l| l.target == Some(service))
    }

    /// Whether there is anything to draw lines for.
    pub fn flows(&self) -> bool {
        self.traffic.flows.iter().any(|f| f.rate > 0.0)
    }
}

/// How thick a line is: by the logarithm of its rate.
pub fn line_width(rate: f32) -> f64 {
    let share = (1.0 + f64::from(rate.max(0.0))).log10() / (1.0 + RATE_MAX).log10();
    LINE.0 + (LINE.1 - LINE.0) * share.clamp(0.0, 1.0)
}

/// How many samples a line shows: none without traffic, few for a trickle.
pub fn dots(rate: f32) -> u32 {
    if rate <= 0.0 {
        return 0;
    }
    let share = (1.0 + f64::from(rate)).log10() / (1.0 + RATE_MAX).log10();
    (1.0 + (DOTS_MAX - 1.0) * share.clamp(0.0, 1.0)).round() as u32
}

/// Where sample `nth` of `count` is on its way at `phase` (in ways), and whether it is one that fails. As many fail as the share
/// says, spread evenly, and a sample keeps its fate for the whole way.
pub fn dot(line: u32, nth: u32, count: u32, phase: f64, failed: f64) -> (f64, bool) {
    let at = phase + f64::from(nth) / f64::from(count.max(1)) + f64::from(line % 17) / 17.0;
    let (way, turn) = (at.fract(), at.floor());
    // The golden ratio spreads fates evenly whatever the share is.
    let fate = ((turn * f64::from(count.max(1)) + f64::from(nth)) * 0.618_033_988_75 + f64::from(line) * 0.37).fract();
    (way, fate < failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_grow_by_the_logarithm_and_end_at_six() {
        assert_eq!((line_width(0.0), line_width(1e9)), (1.0, 6.0));
        assert!(line_width(10.0) < line_width(100.0) && line_width(100.0) - line_width(10.0) < 2.0);
        assert_eq!((dots(0.0), dots(0.1), dots(5_000.0)), (0, 1, 4));
    }

    #[test]
    fn as_many_samples_fail_as_the_share_says() {
        let fates = (0..1000).map(|i| dot(3, 0, 1, f64::from(i), 0.2).1).filter(|f| *f).count();
        assert!((190..=210).contains(&fates), "{fates}");
        assert!((0..100).all(|i| !dot(3, 0, 1, f64::from(i), 0.0).1));
    }

    #[test]
    fn a_sample_keeps_its_fate_on_its_way() {
        for i in 0..50 {
            let base = f64::from(i) - 3.0 / 17.0;
            let fates: Vec<bool> = [0.01, 0.3, 0.99].iter().map(|way| dot(3, 0, 1, base + way, 0.5).1).collect();
            assert!(fates.iter().all(|f| *f == fates[0]), "{i}: {fates:?}");
        }
    }

    #[test]
    fn nodes_use_what_their_pods_use() {
        let mut live = Live::default();
        let traffic = Traffic { used: vec![(1, 100, 5), (2, 250, 7), (3, 1, 1)], ..Traffic::default() };
        let mut update = Update { traffic: Some(traffic), ..Update::default() };
        live.fold(&mut update, |pod| (pod < 3).then_some(9));
        assert_eq!((live.nodes.get(&9), live.nodes.len()), (Some(&(350, 12)), 1));
    }
}
