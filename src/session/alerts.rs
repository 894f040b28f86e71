//! Alerts: what somebody on call would be woken for. Looked for while the run is played, so they are part of it.

use super::figures::AlertRow;
use crate::journal::Why;
use crate::kubernetes::objects::Id;
use crate::reasons;
use crate::sim::{Span, Time};
use crate::workload::streams::Flow;
use std::collections::BTreeMap;

reasons! { "alert":
    /// Too many requests fail: the error budget of a month would be gone in two days.
    warning burning(percent, seconds),
    /// Answers take too long.
    warning slow(milliseconds, limit),
    /// Pods find no node.
    warning unplaced(pods, seconds),
    /// Containers keep being started again.
    warning restarting(times, minutes),
}

/// How fast the budget may burn: the share of failures by the share that was promised. Source: Google, The Site Reliability
/// Workbook, chapter 5, recommended parameters: 14.4 over an hour; ours: over a minute, as runs are short.
const BURN: f64 = 14.4;
/// Over how long. Ours: see [`BURN`].
const WINDOW: Span = Span::secs(60);
/// Slower than this, at the 99th percentile, is too slow, in milliseconds. Ours: people notice a second.
const SLOW: f64 = 1_000.0;
/// For how long. Ours: longer than a new pod needs.
const SLOW_FOR: Span = Span::secs(30);
/// Ours: longer than a node needs to be found for a pod that fits.
const UNPLACED_FOR: Span = Span::secs(60);
/// Restarts. Ours: a pod that crashes once is nobody's alert.
const RESTARTS: f32 = 3.0;
/// Within. Ours: see [`RESTARTS`].
const RESTARTS_IN: Span = Span::secs(600);
/// Alerts that are kept. Ours: more than anybody reads.
const MOST: usize = 200;

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Burning(u32),
    Slow(u32),
    Unplaced,
    Restarting,
}

impl What {
    fn object(self) -> u32 {
        match self {
            What::Burning(id) | What::Slow(id) => id,
            What::Unplaced | What::Restarting => 0,
        }
    }
}

/// All alerts until now, and what is watched for the next.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    past: Vec<(What, Time, Option<Time>, Why)>,
    /// Since when something has been wrong without an alert yet.
    since: BTreeMap<What, Time>,
    /// Sums of each Service over the window: (moment, came, failed).
    sums: BTreeMap<u32, Vec<(Time, f64, f64)>>,
    restarts: Vec<(Time, f32)>,
}

impl Alerts {
    /// Looks for what is wrong. `counts`: restarts, and pods without a node; `promise`: the share of requests to be answered.
    pub(super) fn look(&mut self, now: Time, flows: &BTreeMap<Id, Flow>, counts: &[f32], promise: f64) {
        for (id, flow) in flows {
            let list = self.sums.entry(id.0).or_default();
            list.push((now, flow.totals.came, flow.totals.failed));
            list.retain(|(t, ..)| *t + WINDOW >= now);
            let (first, came, failed) = list[0];
            let (came, failed) = (flow.totals.came - came, flow.totals.failed - failed);
            let share = if came > 1.0 { failed / came } else { 0.0 };
            let promised = 1.0 - promise;
            let percent = || format!("{:.1}", share * 100.0);
            let why = || burning(percent(), now.since(first).as_secs());
            self.judge(now, What::Burning(id.0), share > BURN * promised, Span::ZERO, why);
            let p99 = flow.latency[2] * 1e3;
            let why = || slow(p99 as i64, SLOW as i64);
            self.judge(now, What::Slow(id.0), flow.answered > 0.0 && p99 > SLOW, SLOW_FOR, why);
        }
        let pending = counts.get(1).copied().filter(|n| n.is_finite()).unwrap_or(0.0);
        let waited = self.since.get(&What::Unplaced).map_or(UNPLACED_FOR, |t| now.since(*t));
        let why = || unplaced(pending as i64, waited.as_secs());
        self.judge(now, What::Unplaced, pending > 0.0, UNPLACED_FOR, why);
        let restarts = counts.first().copied().filter(|n| n.is_finite()).unwrap_or(0.0);
        self.restarts.push((now, restarts));
        self.restarts.retain(|(t, _)| *t + RESTARTS_IN >= now);
        let new = restarts - self.restarts.iter().map(|(_, n)| *n).fold(restarts, f32::min);
        let why = || restarting(new as i64, RESTARTS_IN.as_secs() / 60);
        self.judge(now, What::Restarting, new >= RESTARTS, Span::ZERO, why);
    }
    fn judge(&mut self, now: Time, what: What, wrong: bool, patience: Span, why: impl FnOnce() -> Why) {
        let open = self.past.iter_mut().rev().find(|(w, _, until, _)| *w == what && until.is_none());
        match (open, wrong) {
            (Some(alert), false) => {
                alert.2 = Some(now);
                self.since.remove(&what);
            }
            (None, true) => {
                let since = *self.since.entry(what).or_insert(now);
                if now.since(since) >= patience && self.past.len() < MOST {
                    self.past.push((what, now, None, why()));
                }
            }
            (None, false) => drop(self.since.remove(&what)),
            (Some(_), true) => {}
        }
    }
    /// The alerts about an object, or all.
    pub fn rows(&self, id: Option<u32>) -> Vec<AlertRow> {
        let mine = self.past.iter().filter(|(what, ..)| id.is_none_or(|id| what.object() == id));
        let row = |(what, at, until, why): &(What, Time, Option<Time>, Why)| AlertRow {
            at: at.0,
            until: until.map(|t| t.0),
            object: what.object(),
            key: why.reason.key.into(),
            args: super::inspect::arguments(why),
        };
        mine.map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burning_budget_is_told_once_and_ends() {
        let (mut alerts, mut modest) = (Alerts::default(), Alerts::default());
        let mut flow = Flow::default();
        for s in 1..300u64 {
            flow.totals.came += 100.0;
            flow.totals.failed += if (100..110).contains(&s) { 50.0 } else { 0.0 };
            for (alerts, promise) in [(&mut alerts, 0.999), (&mut modest, 0.95)] {
                alerts.look(Time::secs(s), &BTreeMap::from([(Id(4), flow.clone())]), &[0.0, f32::NAN], promise);
            }
        }
        assert_eq!(modest.rows(None).len(), 0, "72 of 100 would have to fail");
        let rows = alerts.rows(Some(4));
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!((rows[0].key.as_str(), rows[0].object), ("alert.burning", 4));
        assert!(rows[0].at >= 100_000_000 && rows[0].until.is_some());
    }

    #[test]
    fn pods_wait_a_minute_before_somebody_is_woken() {
        let mut alerts = Alerts::default();
        for s in 1..100u64 {
            alerts.look(Time::secs(s), &BTreeMap::new(), &[0.0, 2.0], 0.999);
        }
        assert_eq!(alerts.rows(None).iter().map(|r| r.at).collect::<Vec<_>>(), [61_000_000]);
        assert!(alerts.rows(Some(9)).is_empty());
    }
}
