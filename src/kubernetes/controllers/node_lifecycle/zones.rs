//! How fast pods leave silent nodes: one node after another, slower when much of a zone is silent, not at all when all zones are.
//! Source: kubernetes v1.37 node_lifecycle_controller.go, handleDisruption, ComputeZoneState, setLimiterInZone, markNodeForTainting.

use super::taints::{NOT_READY, UNREACHABLE, has, swap};
use crate::kubernetes::controllers::Ctl;
use crate::kubernetes::objects::{Id, Object, Tri};
use crate::sim::{Span, Time};
use std::collections::BTreeMap;
use std::rc::Rc;

/// One node in so long is given up. Source: --node-eviction-rate, 0.1 a second.
const EVICTION_EVERY: Span = Span::secs(10);
/// The same in a large zone of which much is silent. Source: --secondary-node-eviction-rate, 0.01 a second.
const EVICTION_EVERY_SLOW: Span = Span::secs(100);
/// Zones of at most this many nodes stop evictions when much of them is silent. Source: --large-cluster-size-threshold.
const LARGE: usize = 50;
/// Much of a zone: this share, in hundredths. Source: --unhealthy-zone-threshold, 0.55.
const MUCH: usize = 55;
/// How often the queue of nodes to be given up is looked at. Source: pkg/controller/nodelifecycle/scheduler, NodeEvictionPeriod.
const QUEUE_PERIOD: Span = Span::millis(100);
/// How long a node put down waits for that look. Ours: half the period, the mean.
const QUEUE_WAIT: Span = Span(QUEUE_PERIOD.0 / 2);

/// What is remembered of the zones.
#[derive(Clone, Debug, Default)]
pub(super) struct Zones(BTreeMap<Rc<str>, Zone>);

#[derive(Clone, Debug)]
struct Zone {
    state: State,
    /// Pause between two nodes; `None`: none is given up.
    every: Option<Span>,
    /// When the next may be.
    next: Time,
    /// Nodes to be given up, in order, and when the queue is looked at after they came.
    queue: Vec<(Id, Time)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Initial,
    Normal,
    Partial,
    Full,
}

impl Default for Zone {
    fn default() -> Self {
        Zone { state: State::Initial, every: Some(EVICTION_EVERY), next: Time::ZERO, queue: Vec::new() }
    }
}

impl Zones {
    pub(super) fn forget(&mut self, node: Id) {
        self.0.values_mut().for_each(|z| z.queue.retain(|(id, _)| *id != node));
    }
}

/// Region and zone of a node. Source: component-helpers/node/topology/helpers.go, GetZoneKey.
pub(super) fn zone_of(node: &Object) -> Rc<str> {
    let label = |key: &str| node.meta.labels.get(key).cloned().unwrap_or_default();
    let (region, zone) = (label("topology.kubernetes.io/region"), label("topology.kubernetes.io/zone"));
    if region.is_empty() && zone.is_empty() {
        return "".into();
    }
    format!("{region}:\0:{zone}").into()
}

/// Puts a node down to be given up, or takes it back. Source: processTaintBaseEviction.
pub(super) fn judge(ctl: &mut Ctl, node: &Object, ready: Tri) {
    let (wanted, other) = match ready {
        Tri::True => return reachable(ctl, node),
        Tri::False => (NOT_READY, UNREACHABLE),
        Tri::Unknown => (UNREACHABLE, NOT_READY),
    };
    if has(node, other, "NoExecute") {
        return swap(ctl, node, "NoExecute", &[wanted], &[other]);
    }
    let (id, looked) = (node.meta.id, ctl.now() + QUEUE_WAIT);
    let zone = ctl.memory.nodes.zones.0.entry(zone_of(node)).or_default();
    if has(node, wanted, "NoExecute") || zone.queue.iter().any(|(queued, _)| *queued == id) {
        return;
    }
    // Nodes are looked at side by side: of those found in one look any may come first.
    let together = zone.queue.iter().rev().take_while(|(_, at)| *at == looked).count();
    let before = if together > 0 { ctl.api.chance("node-controller").below(together as u64 + 1) as usize } else { 0 };
    zone.queue.insert(zone.queue.len() - before, (id, looked));
    ctl.later.push((id, QUEUE_WAIT));
}

/// The node is well: pods may stay. Source: markNodeAsReachable.
fn reachable(ctl: &mut Ctl, node: &Object) {
    let there: Vec<&str> = [UNREACHABLE, NOT_READY].into_iter().filter(|k| has(node, k, "NoExecute")).collect();
    swap(ctl, node, "NoExecute", &[], &there);
    ctl.memory.nodes.zones.forget(node.meta.id);
}

/// Taints the next nodes of a zone as fast as it may go. Source: doNoExecuteTaintingPass.
pub(super) fn evict_next(ctl: &mut Ctl, zone: &Rc<str>) {
    let now = ctl.now();
    while let Some(found) = ctl.memory.nodes.zones.0.get_mut(zone) {
        let (Some((id, looked)), Some(every)) = (found.queue.first().copied(), found.every) else { return };
        let due = found.next.max(looked);
        if now < due {
            ctl.later.push((id, due.since(now)));
            return;
        }
        found.next = now + every;
        found.queue.remove(0);
        let Some(node) = ctl.api.store.get(id).cloned() else { continue };
        let Some(row) = node.node() else { continue };
        match row.ready() {
            Tri::True => {}
            Tri::False => swap(ctl, &node, "NoExecute", &[NOT_READY], &present(&node, UNREACHABLE)),
            Tri::Unknown => swap(ctl, &node, "NoExecute", &[UNREACHABLE], &present(&node, NOT_READY)),
        }
    }
}

fn present(node: &Object, key: &'static str) -> Vec<&'static str> {
    if has(node, key, "NoExecute") { vec![key] } else { Vec::new() }
}

/// How a zone is. Source: ComputeZoneState.
fn state_of(ready: &[Tri]) -> State {
    let well = ready.iter().filter(|r| **r == Tri::True).count();
    let silent = ready.len() - well;
    match () {
        () if well == 0 && silent > 0 => State::Full,
        () if silent > 2 && silent * 100 >= MUCH * ready.len() => State::Partial,
        () => State::Normal,
    }
}

/// Sets the pace of every zone, from nodes as they were before the look. Source: handleDisruption.
pub(super) fn handle_disruption(ctl: &mut Ctl, conditions: &BTreeMap<Rc<str>, Vec<Tri>>, nodes: &[Rc<Object>]) {
    let new: BTreeMap<&Rc<str>, State> = conditions.iter().map(|(zone, ready)| (zone, state_of(ready))).collect();
    let all_are = new.values().all(|s| *s == State::Full);
    let zones = &mut ctl.memory.nodes.zones.0;
    for zone in conditions.keys() {
        zones.entry(zone.clone()).or_default();
    }
    zones.retain(|zone, _| conditions.contains_key(zone));
    let all_were = zones.values().all(|z| z.state == State::Full);
    if all_are && all_were {
        return;
    }
    if all_are {
        // Then the fault is more likely on this side: nobody leaves.
        for zone in zones.values_mut() {
            (zone.state, zone.every) = (State::Full, None);
        }
        // A taint that came during the look is not seen, and stays.
        nodes.iter().for_each(|node| reachable(ctl, node));
        return;
    }
    if all_were {
        let now = ctl.now();
        ctl.memory.nodes.health.values_mut().for_each(|h| h.probe = now);
    }
    for (zone, state) in new {
        let size = conditions.get(zone).map_or(0, Vec::len);
        let Some(known) = ctl.memory.nodes.zones.0.get_mut(zone) else { continue };
        if known.state == state && !all_were {
            continue;
        }
        known.state = state;
        known.every = match state {
            State::Partial if size > LARGE => Some(EVICTION_EVERY_SLOW),
            State::Partial => None,
            _ => Some(EVICTION_EVERY),
        };
        if let (Some((id, _)), Some(_)) = (known.queue.first().copied(), known.every) {
            ctl.later.push((id, QUEUE_PERIOD));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_judged_by_how_much_of_it_is_silent() {
        let zone = |well: usize, silent: usize| state_of(&[vec![Tri::True; well], vec![Tri::Unknown; silent]].concat());
        assert_eq!((zone(3, 0), zone(2, 2), zone(0, 1)), (State::Normal, State::Normal, State::Full));
        assert_eq!((zone(4, 3), zone(2, 3), zone(45, 55)), (State::Normal, State::Partial, State::Partial));
        assert_eq!(zone(46, 54), State::Normal);
    }
}
