//! Containers that ask others: in which order they are looked at, what they may expect, and what their calls cost them.

use super::lanes::{PAUSE, spread};
use super::serve::{Beside, Stretch};
use super::{Client, House, Route, Streams, seconds};
use crate::sim::Time;
use crate::workload::behaviour::{Behaviour, Call};
use crate::workload::floor::{Floor, Key, Unit};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Calls that containers make: who, whom, how many.
pub type Asked = BTreeMap<Client, (Call, f64)>;

/// Who is looked at before whom: a rank for each group that asks or is asked, 0 for those that nobody inside asks.
#[derive(Debug, Default)]
pub struct Order {
    ranks: BTreeMap<Rc<str>, usize>,
    /// Calls to whoever comes later, with the rank of who asks. The others close a ring: they are made in the next stretch.
    forward: BTreeMap<Client, usize>,
    last: usize,
}

impl Order {
    /// The order of a stretch.
    pub fn of<G>(routes: &BTreeMap<Client, Route<G>>, floor: &Floor, now: Time) -> Self {
        let mut order = Order::default();
        let mut edges: Vec<(Rc<str>, Rc<str>)> = Vec::new();
        for (client, route) in routes {
            let Client::Call(group, _) = client else { continue };
            let asked = route.ways.iter().filter_map(|way| floor.standing(way.key, now));
            edges.extend(asked.map(|unit| (group.clone(), unit.group.clone())));
        }
        edges.sort_unstable();
        edges.dedup();
        // A longest path has no more steps than there are edges, except in a ring.
        for _ in 0..edges.len() {
            let mut moved = false;
            for (from, to) in edges.iter().filter(|(from, to)| from != to) {
                let next = (order.rank(from) + 1).min(edges.len());
                if order.rank(to) < next {
                    order.ranks.insert(to.clone(), next);
                    (moved, order.last) = (true, order.last.max(next));
                }
            }
            if !moved {
                break;
            }
        }
        for (client, route) in routes {
            let Client::Call(group, _) = client else { continue };
            let rank = order.rank(group);
            let later = |key| floor.standing(key, now).is_none_or(|unit| order.rank(&unit.group) > rank);
            if route.ways.iter().all(|way| later(way.key)) && route.lanes.keys().all(|key| later(*key)) {
                order.forward.insert(client.clone(), rank);
            }
        }
        order
    }
    fn rank(&self, group: &str) -> usize {
        self.ranks.get(group).copied().unwrap_or(0)
    }
    /// The rank of who asks, if whom it asks is looked at later.
    pub fn forward(&self, client: &Client) -> Option<usize> {
        self.forward.get(client).copied()
    }
    /// Who has something to do, by rank.
    pub fn by_rank(&self, floor: &Floor, work: &BTreeMap<Key, Stretch>, now: Time) -> Vec<Vec<Key>> {
        let mut out = vec![Vec::new(); self.last + 1];
        for key in work.keys() {
            out[floor.standing(*key, now).map_or(0, |unit| self.rank(&unit.group))].push(*key);
        }
        out
    }
}

/// Notes the calls of requests that have begun.
pub fn ask(unit: &Unit, begun: f64, asked: &mut Asked) {
    for (at, call) in unit.behaviour.calls.iter().enumerate().filter(|_| begun > 0.0) {
        let client = Client::Call(unit.group.clone(), at as u16);
        asked.entry(client).or_insert_with(|| (call.clone(), 0.0)).1 += begun * call.each;
    }
}

/// Calls in a ring that are made in this stretch: as fast as they were asked for, however short it is.
pub fn due<G>(route: &mut Route<G>, span: f64) -> f64 {
    let due = route.asked * (span / PAUSE).min(1.0);
    route.asked -= due;
    due
}

impl<G: Clone + Ord> Streams<G> {
    /// Makes streams for the calls of whoever is asked.
    pub fn prepare(&mut self, house: &impl House<Goal = G>, now: Time) {
        let mut known: BTreeSet<Rc<str>> = BTreeSet::new();
        let mut next: Vec<Key> = self.routes.values().flat_map(|route| route.ways.iter().map(|way| way.key)).collect();
        while let Some(key) = next.pop() {
            let Some(unit) = house.floor().standing(key, now) else { continue };
            if unit.behaviour.calls.is_empty() || !known.insert(unit.group.clone()) {
                continue;
            }
            for (at, call) in unit.behaviour.calls.iter().enumerate() {
                let client = Client::Call(unit.group.clone(), at as u16);
                next.extend(self.call(house, client, call).ways.iter().map(|way| way.key));
            }
        }
    }
    /// The stream of a call, as its container wants it now.
    fn call(&mut self, house: &impl House<Goal = G>, client: Client, call: &Call) -> &mut Route<G> {
        let fresh = || Route::new(&call.target, call.patience, call.retries);
        let new = !self.routes.contains_key(&client);
        let route = self.routes.entry(client.clone()).or_insert_with(fresh);
        (route.patience, route.retries) = (call.patience, call.retries);
        if new || *route.target != *call.target {
            route.target = call.target.clone();
            house.lead(std::iter::once((&client, &mut *route)));
        }
        route
    }
    /// Sends the calls of one rank to whom they ask.
    pub fn send(
        &mut self,
        house: &impl House<Goal = G>,
        order: &Order,
        rank: usize,
        asked: Asked,
        (from, to): (Time, Time),
        work: &mut BTreeMap<Key, Stretch>,
    ) {
        for (client, (call, count)) in asked.into_iter().filter(|(_, (_, count))| *count > 0.0) {
            self.call(house, client, &call).asked += count;
        }
        for (client, route) in self.routes.iter_mut().filter(|(client, _)| order.forward(client) == Some(rank)) {
            let fresh = std::mem::take(&mut route.asked);
            spread(client, route, fresh, house.floor(), (from, seconds(to.since(from))), work);
        }
    }
    /// What containers of one rank may expect of whom they ask.
    pub fn look_ahead(
        &self,
        floor: &Floor,
        keys: &[Key],
        work: &BTreeMap<Key, Stretch>,
        (from, to): (Time, Time),
        besides: &mut BTreeMap<Rc<str>, Beside>,
    ) {
        let mut callers: BTreeMap<Rc<str>, (f64, Rc<Behaviour>)> = BTreeMap::new();
        for unit in keys.iter().filter_map(|key| floor.standing(*key, from)).filter(|u| !u.behaviour.calls.is_empty()) {
            callers.entry(unit.group.clone()).or_insert_with(|| (0.0, unit.behaviour.clone())).0 += 1.0;
        }
        for (group, (count, behaviour)) in callers {
            let mut beside = Beside::default();
            for (at, call) in behaviour.calls.iter().enumerate() {
                beside.each += call.each;
                let Some(route) = self.routes.get(&Client::Call(group.clone(), at as u16)) else { continue };
                let station =
                    |key: Key, stretch: &Stretch| Some(floor.standing(key, from)?.station(from, stretch.cores, 0.0));
                let ends = route.ways.iter().filter_map(|way| station(way.key, work.get(&way.key)?));
                let (mut servers, mut slots) = (0.0, 0.0);
                for end in ends {
                    servers += f64::from(end.servers);
                    slots += f64::from(end.servers) * (end.service + end.delay);
                    beside.can += end.capacity() * seconds(to.since(from)) / count;
                }
                // Nobody waits behind more than all other workers of the callers.
                let workers = f64::from(behaviour.concurrency.max(1)) * count;
                let longest =
                    if servers > 0.0 { slots / servers * (1.0 + (workers - 1.0) / servers) } else { f64::INFINITY };
                beside.takes += call.each * route.stays().min(longest);
            }
            besides.insert(group, beside);
        }
    }
    /// What calls have cost the containers of one rank.
    pub fn look_back(&mut self, floor: &Floor, keys: &[Key], from: Time, besides: &mut BTreeMap<Rc<str>, Beside>) {
        let mut known: BTreeMap<Rc<str>, Beside> = BTreeMap::new();
        for unit in keys.iter().filter_map(|key| floor.standing(*key, from)) {
            if unit.behaviour.calls.is_empty() || known.contains_key(&unit.group) {
                continue;
            }
            let (mut beside, mut well, mut left, mut ended) = (Beside::default(), 1.0, 0.0, 0.0);
            for (at, call) in unit.behaviour.calls.iter().enumerate() {
                beside.each += call.each;
                let Some(route) = self.routes.get_mut(&Client::Call(unit.group.clone(), at as u16)) else { continue };
                beside.takes += call.each * route.takes;
                well *= libm::pow(1.0 - route.failing.clamp(0.0, 1.0), call.each);
                left += route.waiting() + route.asked;
                ended += std::mem::take(&mut route.ended);
            }
            beside.fails = 1.0 - well;
            beside.rest = if left > 0.0 { left / (left + ended) } else { 0.0 };
            known.insert(unit.group.clone(), beside);
        }
        besides.extend(known);
    }
    /// Calls that cannot have been made, because no worker was free for them, are not under way.
    pub fn take_back(&mut self, floor: &mut Floor, order: &Order, back: Asked, from: Time) {
        for (client, (_, count)) in back {
            let Some(route) = self.routes.get_mut(&client) else { continue };
            if order.forward(&client).is_none() {
                // In a ring they have not been sent yet.
                route.asked = (route.asked - count).max(0.0);
                continue;
            }
            for (key, taken) in route.take_back(count) {
                if let Some(strain) = floor.standing_mut(key, from).and_then(|u| u.strain.as_mut()) {
                    let strain = Rc::make_mut(strain);
                    strain.inside = (strain.inside - taken).max(0.0);
                }
            }
        }
    }
}
