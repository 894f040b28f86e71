//! Numbers that are published for autoscalers: requests a second and in progress, of pods, Services, and all clients together.
//! Once there was a load every program has such numbers, also when nobody asks it any more: counters go on standing there.

use crate::kubernetes::objects::Id;
use crate::workload::streams::{Client, Streams};
use crate::workload::{Floor, IN_FLIGHT, REQUESTS};
use std::collections::BTreeMap;

/// Numbers for autoscalers are published every so many seconds. Ours: the scrape interval of common collectors.
pub const EVERY: u64 = 15;

/// The numbers of this moment: (number of the thing, metric); nothing has the number 0, which stands for the queue of all clients.
pub fn numbers(streams: &Streams<Id>, floor: &Floor) -> BTreeMap<(u32, &'static str), f64> {
    let things = floor.all().map(|((of, _), _)| of).chain([0]);
    let mut numbers: BTreeMap<(u32, &'static str), f64> =
        things.flat_map(|of| [((of, REQUESTS), 0.0), ((of, IN_FLIGHT), 0.0)]).collect();
    for (id, flow) in streams.flows() {
        let inside: f64 = flow.ends.iter().map(|e| e.waiting).sum();
        *numbers.entry((id.0, REQUESTS)).or_default() += flow.rate;
        *numbers.entry((id.0, IN_FLIGHT)).or_default() += inside;
        for end in &flow.ends {
            *numbers.entry((end.key.0, REQUESTS)).or_default() += end.rate;
            *numbers.entry((end.key.0, IN_FLIGHT)).or_default() += end.waiting;
        }
    }
    for (_, route) in streams.routes().filter(|(client, _)| matches!(client, Client::Load(_))) {
        *numbers.entry((0, REQUESTS)).or_default() += route.rates[0];
        *numbers.entry((0, IN_FLIGHT)).or_default() += route.waiting();
    }
    numbers
}
