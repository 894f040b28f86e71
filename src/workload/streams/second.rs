//! A second is over: the rates and latencies of it, and what has ended is forgotten.

use super::route::NOTHING;
use super::{Client, End, Route, Streams, quantiles, seconds};
use crate::workload::floor::{Floor, Key};
use crate::workload::station::Takes;
use std::collections::BTreeMap;

impl<G: Clone + Ord> Streams<G> {
    /// A second is over: rates and latencies of it.
    pub fn second_over(&mut self, floor: &Floor) {
        let length = seconds(self.at.since(self.tick_from)).max(1e-6);
        self.tick_from = self.at;
        for flow in self.flows.values_mut() {
            (flow.rate, flow.answered, flow.failed, flow.mean) = (0.0, 0.0, 0.0, 0.0);
            flow.ends.clear();
        }
        let mut ends: BTreeMap<(G, Key), End> = BTreeMap::new();
        for (client, route) in &mut self.routes {
            let spent = std::mem::take(&mut route.second);
            sum_up(route, length);
            if matches!(client, Client::Load(_)) {
                self.totals.came += route.rates[0] * length;
                self.totals.answered += route.rates[1] * length;
                self.totals.failed += route.rates[2] * length;
            }
            let Some(goal) = route.goal.clone() else { continue };
            let flow = self.flows.entry(goal.clone()).or_default();
            flow.add(&spent);
            flow.rate += spent.sent / length;
            flow.answered += spent.answered / length;
            flow.failed += spent.failed.iter().sum::<f64>() / length;
            flow.mean += spent.took / length;
            for (key, lane) in &mut route.lanes {
                let end = ends.entry((goal.clone(), *key)).or_default();
                end.rate += lane.sent / length;
                end.failed += lane.failed / length;
                end.waiting += lane.inside;
                (lane.sent, lane.answered, lane.failed) = (0.0, 0.0, 0.0);
            }
        }
        for ((goal, key), mut end) in ends {
            let Some(flow) = self.flows.get_mut(&goal) else { continue };
            end.key = key;
            if let Some(strain) = floor.get(key).and_then(|u| u.strain.as_ref()) {
                (end.busy, end.takes) = (strain.busy, strain.takes);
            }
            flow.ends.push(end);
        }
        for flow in self.flows.values_mut() {
            let parts: Vec<(f64, Takes)> = flow.ends.iter().map(|e| ((e.rate - e.failed).max(0.0), e.takes)).collect();
            flow.latency = quantiles(&parts);
            flow.mean = if flow.answered > 0.0 { flow.mean / flow.answered } else { 0.0 };
        }
    }
    /// Forgets streams that have ended and lanes that lead nowhere.
    pub fn tidy(&mut self) {
        for route in self.routes.values_mut() {
            let ways = route.ways.clone();
            let mut rest = 0.0;
            route.lanes.retain(|key, lane| {
                let keep = lane.inside > NOTHING || ways.iter().any(|w| w.key == *key);
                rest += if keep { 0.0 } else { lane.inside };
                keep
            });
            route.leave(rest, 0.0);
        }
        let loads = &self.loads;
        self.routes.retain(|client, route| match client {
            Client::Load(name) => loads.contains_key(name) || route.waiting() > NOTHING,
            Client::Call(..) => route.waiting() + route.asked + route.rates[0] > NOTHING,
        });
    }
}

/// The figures of a stream's last second.
fn sum_up<G>(route: &mut Route<G>, length: f64) {
    let now = [route.came, route.answered, route.failed];
    for (slot, (now, before)) in route.rates.iter_mut().zip(now.iter().zip(route.marks)) {
        *slot = (now - before) / length;
    }
    route.marks = now;
}
