//! What people read of traffic: rates of the last second, latencies, sums since the start.

use super::route::Spent;
use crate::workload::floor::Key;
use crate::workload::station::{HALF, P95, P99, Takes};

/// Sums since the start of the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Requests that came.
    pub came: f64,
    /// Requests that were answered.
    pub answered: f64,
    /// Requests that failed.
    pub failed: f64,
}

/// What flows to one goal.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// Attempts since the start of the run.
    pub totals: Totals,
    /// Failed attempts since the start, by reason.
    pub why: [f64; 6],
    /// Attempts a second, in the last second.
    pub rate: f64,
    /// Answered ones.
    pub answered: f64,
    /// Failed ones.
    pub failed: f64,
    /// Latency of the answered ones in seconds: half, 95 and 99 per cent of them take at most so long.
    pub latency: [f64; 3],
    /// Mean latency.
    pub mean: f64,
    /// By endpoint.
    pub ends: Vec<End>,
}

/// What flows to one endpoint.
#[derive(Clone, Debug, Default)]
pub struct End {
    /// The container.
    pub key: Key,
    /// Attempts a second.
    pub rate: f64,
    /// Those that fail.
    pub failed: f64,
    /// Share of its servers that is busy.
    pub busy: f64,
    /// Requests inside.
    pub waiting: f64,
    /// How long requests take there.
    pub takes: Takes,
}

impl Flow {
    /// Adds what a stream spent.
    pub fn add(&mut self, spent: &Spent) {
        let failed: f64 = spent.failed.iter().sum();
        self.totals.came += spent.sent;
        self.totals.answered += spent.answered;
        self.totals.failed += failed;
        spent.failed.iter().zip(&mut self.why).for_each(|(n, sum)| *sum += n);
    }
}

/// Latencies of a mixture: weights and how long each part takes.
pub fn quantiles(parts: &[(f64, Takes)]) -> [f64; 3] {
    let whole: f64 = parts.iter().map(|(w, _)| w).sum();
    if whole <= 0.0 {
        return [0.0; 3];
    }
    let means = || parts.iter().filter(|(w, _)| *w > 0.0).map(|(_, t)| t.whole());
    let (least, most) = (means().fold(f64::INFINITY, f64::min), means().fold(0.0, f64::max));
    if most <= least * 1.05 {
        let at = |z| parts.iter().map(|(w, t)| w * t.at(z)).sum::<f64>() / whole;
        return [at(HALF), at(P95), at(P99)];
    }
    // Each part as a few atoms: (normal deviate of the middle of a slice, width of the slice).
    const SLICES: [(f64, f64); 12] = [
        (-1.534, 0.125),
        (-0.887, 0.125),
        (-0.489, 0.125),
        (-0.157, 0.125),
        (0.157, 0.125),
        (0.489, 0.125),
        (0.887, 0.125),
        (1.311, 0.065),
        (1.695, 0.03),
        (2.054, 0.02),
        (2.457, 0.007),
        (2.968, 0.003),
    ];
    let mut atoms: Vec<(f64, f64)> = parts
        .iter()
        .filter(|(w, _)| *w > 0.0)
        .flat_map(|(w, t)| SLICES.map(|(z, share)| (t.at(z), w * share / whole)))
        .collect();
    atoms.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut out = [0.0; 3];
    for (slot, share) in out.iter_mut().zip([0.5, 0.95, 0.99]) {
        let mut sum = 0.0;
        let found = atoms.iter().find(|(_, w)| {
            sum += w;
            sum >= share - 1e-9
        });
        *slot = found.or(atoms.last()).map_or(0.0, |(t, _)| *t);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_tenth_shows_in_the_tail_only() {
        let quick = Takes { least: 0.0, mean: 0.01, variance: 0.0001, share: 1.0 };
        let slow = Takes { least: 0.0, mean: 1.0, variance: 1.0, share: 1.0 };
        let [half, p95, p99] = quantiles(&[(9.0, quick), (1.0, slow)]);
        assert!(half < 0.02 && p95 > 0.3 && p99 > 1.0, "{half} {p95} {p99}");
        let alike = quantiles(&[(1.0, quick), (3.0, quick)]);
        assert!((alike[2] / 0.04605 - 1.0).abs() < 0.03, "{alike:?}");
    }
}
