//! A stretch of time: requests come, are spread over endpoints, are served, fail, ask others. Stretches end where anything
//! on the way changes (a container begins to listen, gets SIGTERM, ends), so that what happens in milliseconds counts as such.

use super::serve::{Beside, Stretch, serve, shares};
use super::{Client, House, Route, Streams, Why, seconds};
use crate::sim::Time;
use crate::workload::behaviour::Call;
use crate::workload::floor::{Floor, Key, Unit};
use std::collections::BTreeMap;

impl<G: Clone + Ord> Streams<G> {
    /// Accounts for everything until now.
    pub fn advance(&mut self, house: &mut impl House<Goal = G>) {
        let to = house.now();
        if to <= self.at {
            return;
        }
        if !self.flowing() && !house.floor().is_lively() {
            self.at = to;
            return;
        }
        for edge in self.edges(house.floor(), to) {
            let from = self.at;
            self.at = edge;
            self.stretch(house, from, edge);
        }
    }
    /// The moments until `to` at which something on the way changes by itself, and `to`.
    fn edges(&self, floor: &Floor, to: Time) -> Vec<Time> {
        let keys = self.routes.values().flat_map(|r| r.ways.iter().map(|w| w.key).chain(r.lanes.keys().copied()));
        let units = keys.chain(floor.lively()).flat_map(|key| floor.runs(key));
        let mut edges: Vec<Time> = units.flat_map(|u| u.edges(self.at)).filter(|t| *t < to).collect();
        edges.push(to);
        edges.sort_unstable();
        edges.dedup();
        edges
    }
    fn stretch(&mut self, house: &mut impl House<Goal = G>, from: Time, to: Time) {
        let span = seconds(to.since(from));
        let mut work: BTreeMap<Key, Stretch> = house.floor().lively().map(|key| (key, Stretch::default())).collect();
        for (client, route) in &mut self.routes {
            let fresh = match client {
                Client::Load(name) => self.loads.get(name).map_or(0.0, |(load, since)| load.between(*since, from, to)),
                Client::Call(..) => std::mem::take(&mut route.asked),
            };
            spread(client, route, fresh, house.floor(), from, &mut work);
        }
        for key in &self.busy {
            work.entry(*key).or_default();
        }
        let cores = shares(house, &work, from, span);
        let mut asked: BTreeMap<Client, (Call, f64)> = BTreeMap::new();
        for (key, stretch) in &mut work {
            let Some(unit) = house.floor_mut().standing_mut(*key, from) else {
                stretch.gone = true;
                continue;
            };
            let beside = beside(&self.routes, unit);
            let cores = cores.get(key).copied().unwrap_or(f64::from(u32::MAX));
            let news = serve(unit, stretch, from, to, cores, beside);
            for (at, call) in unit.behaviour.calls.iter().enumerate() {
                let client = Client::Call(unit.group.clone(), at as u16);
                asked.entry(client).or_insert_with(|| (call.clone(), 0.0)).1 += stretch.done * call.each;
            }
            news.into_iter().flatten().for_each(|which| house.floor_mut().say(which(*key)));
        }
        for route in self.routes.values_mut() {
            settle(route, &work);
            route.give_up(span);
        }
        self.ask(house, asked);
        for (key, _) in work.iter().filter(|(_, s)| s.gone) {
            if house.floor().get(*key).is_some_and(|u| u.ended.is_some()) {
                house.floor_mut().forget(*key);
            }
        }
        self.busy =
            work.into_iter().filter(|(_, s)| s.coming + s.before > 0.0 && !s.gone).map(|(key, _)| key).collect();
    }
    /// What containers ask others for is sent in the next stretch.
    fn ask(&mut self, house: &impl House<Goal = G>, asked: BTreeMap<Client, (Call, f64)>) {
        for (client, (call, count)) in asked.into_iter().filter(|(_, (_, count))| *count > 0.0) {
            let fresh = || Route::new(&call.target, call.patience, call.retries);
            let new = !self.routes.contains_key(&client);
            let route = self.routes.entry(client.clone()).or_insert_with(fresh);
            if new || *route.target != *call.target {
                route.target = call.target.clone();
                house.lead(std::iter::once((&client, &mut *route)));
            }
            route.asked += count;
        }
    }
}

/// Sends a stream on its ways.
fn spread<G>(
    client: &Client,
    route: &mut Route<G>,
    fresh: f64,
    floor: &Floor,
    now: Time,
    work: &mut BTreeMap<Key, Stretch>,
) {
    let rounds = route.arrive(fresh);
    let all: f64 = rounds.iter().sum();
    for (key, lane) in &mut route.lanes {
        lane.coming = 0.0;
        if lane.inside > 0.0 {
            work.entry(*key).or_default().before += lane.inside;
        }
    }
    if all <= 0.0 {
        return;
    }
    route.second.sent += all;
    let from = match client {
        Client::Load(_) => "",
        Client::Call(group, _) => group,
    };
    let nameless = floor.names_broken && matches!(client, Client::Call(..));
    if route.ways.is_empty() || nameless {
        route.second.failed[Why::Refused as usize] += all;
        return route.fail(&rounds, 1.0);
    }
    let whole: u32 = route.ways.iter().map(|way| way.weight).sum();
    let (mut lost, mut refused) = (0.0, 0.0);
    for way in route.ways.clone().iter().filter(|way| way.weight > 0) {
        let share = f64::from(way.weight) / f64::from(whole);
        let lane = route.lanes.entry(way.key).or_default();
        lane.sent += all * share;
        let unit = floor.standing(way.key, now);
        let joined = unit.is_none_or(|u| floor.joins(from, &u.group));
        if !way.allowed || !joined || !floor.reaches("", &way.host) || unit.is_some_and(|u| u.twist.stuck()) {
            lost += share;
            lane.failed += all * share;
        } else if unit.is_some_and(|u| u.listens(now, Some(way.port))) {
            lane.coming = all * share;
            work.entry(way.key).or_default().coming += lane.coming;
        } else {
            refused += share;
            lane.failed += all * share;
        }
    }
    route.lose(&rounds, lost);
    route.second.failed[Why::Refused as usize] += all * refused;
    route.fail(&rounds, refused);
    route.enter(&rounds, (1.0 - lost - refused).max(0.0));
}

/// What the calls of a container's requests cost.
fn beside<G>(routes: &BTreeMap<Client, Route<G>>, unit: &Unit) -> Beside {
    let mut out = Beside::default();
    let mut well = 1.0;
    for (at, call) in unit.behaviour.calls.iter().enumerate() {
        if let Some(route) = routes.get(&Client::Call(unit.group.clone(), at as u16)) {
            out.takes += call.each * route.takes;
            well *= libm::pow(1.0 - route.failing.clamp(0.0, 1.0), call.each);
        }
    }
    out.fails = 1.0 - well;
    out
}

/// Brings home what the endpoints of a stream did with it.
fn settle<G>(route: &mut Route<G>, work: &BTreeMap<Key, Stretch>) {
    let patience = seconds(route.patience);
    let (mut answered, mut failed) = (0.0, 0.0);
    for (key, lane) in &mut route.lanes {
        let mass = lane.inside + lane.coming;
        if mass <= 0.0 {
            continue;
        }
        let stretch = work.get(key).copied().unwrap_or(Stretch { gone: true, ..Stretch::default() });
        if stretch.gone {
            route.second.failed[Why::Aborted as usize] += mass;
            lane.failed += mass;
            failed += mass;
            (lane.inside, lane.coming) = (0.0, 0.0);
            continue;
        }
        let done = stretch.done * mass / (stretch.before + stretch.coming).max(1e-300);
        let full = if stretch.coming > 0.0 { stretch.full * lane.coming / stretch.coming } else { 0.0 };
        let late = done * stretch.takes.beyond(patience);
        let wrong = (done - late) * stretch.errors;
        let well = (done - late - wrong).max(0.0);
        lane.inside = (mass - done - full).max(0.0);
        lane.coming = 0.0;
        lane.answered += well;
        lane.failed += full + late + wrong;
        answered += well;
        failed += full + late + wrong;
        route.second.took += well * stretch.takes.whole().min(patience);
        for (why, count) in [(Why::Full, full), (Why::Late, late), (Why::Error, wrong)] {
            route.second.failed[why as usize] += count;
        }
    }
    route.second.answered += answered;
    route.leave(answered, failed);
}
