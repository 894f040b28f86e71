//! A stretch of time: requests come, are spread over endpoints, are served, fail, ask others. Stretches end where anything
//! on the way changes (a container begins to listen, gets SIGTERM, ends), so that what happens in milliseconds counts as such.
//!
//! Whoever asks is looked at before whom it asks, so that a call is made in the stretch of its request; what comes of the calls
//! is brought home the other way round.

use super::calls::{self, Order};
use super::lanes::{enter, settle, spread};
use super::serve::{Beside, Stretch, begin, finish, share_out};
use super::{Client, House, Streams, seconds};
use crate::sim::Time;
use crate::workload::floor::{Floor, Key};
use std::collections::BTreeMap;
use std::rc::Rc;

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
        self.prepare(house, from);
        let order = Order::of(&self.routes, house.floor(), from);
        let mut work = self.work(house, &order, from, to);
        let ranks: Vec<Vec<Key>> = order.by_rank(house.floor(), &work, from);
        let mut besides: BTreeMap<Rc<str>, Beside> = BTreeMap::new();
        for (rank, keys) in ranks.iter().enumerate() {
            self.look_ahead(house.floor(), keys, &work, (from, to), &mut besides);
            let mut asked = calls::Asked::new();
            for key in keys {
                let Some(stretch) = work.get_mut(key) else { continue };
                let Some(unit) = house.floor().standing(*key, from) else {
                    stretch.gone = true;
                    continue;
                };
                let beside = besides.get(&unit.group).copied().unwrap_or_default();
                begin(unit, stretch, from, seconds(to.since(from)), beside);
                calls::ask(unit, stretch.passed.done, &mut asked);
            }
            self.send(house, &order, rank, asked, (from, to), &mut work);
        }
        for (rank, keys) in ranks.iter().enumerate().rev() {
            self.bring_home(seconds(to.since(from)), &work, |client| order.forward(client) == Some(rank));
            self.look_back(house.floor(), keys, from, &mut besides);
            let mut back = calls::Asked::new();
            for key in keys {
                let Some(stretch) = work.get_mut(key) else { continue };
                let Some(unit) = house.floor_mut().standing_mut(*key, from).filter(|_| !stretch.gone) else { continue };
                let beside = besides.get(&unit.group).copied().unwrap_or_default();
                let (news, count) = finish(unit, stretch, from, to, beside);
                calls::ask(unit, count, &mut back);
                news.into_iter().flatten().for_each(|which| house.floor_mut().say(which(*key)));
            }
            self.take_back(house.floor_mut(), &order, back, from);
        }
        self.bring_home(seconds(to.since(from)), &work, |client| order.forward(client).is_none());
        for (key, _) in work.iter().filter(|(_, s)| s.gone) {
            if house.floor().get(*key).is_some_and(|u| u.ended.is_some()) {
                house.floor_mut().forget(*key);
            }
        }
        self.busy =
            work.into_iter().filter(|(_, s)| s.coming + s.before > 0.0 && !s.gone).map(|(key, _)| key).collect();
    }
    /// Who has something to do in a stretch, what is inside, what comes from outside, and the cores for it.
    fn work(&mut self, house: &impl House<Goal = G>, order: &Order, from: Time, to: Time) -> BTreeMap<Key, Stretch> {
        let floor = house.floor();
        let span = seconds(to.since(from));
        let mut work: BTreeMap<Key, Stretch> = floor.lively().map(|key| (key, Stretch::default())).collect();
        for key in &self.busy {
            work.entry(*key).or_default();
        }
        for (client, route) in &mut self.routes {
            enter(route, &mut work);
            if order.forward(client).is_some() {
                for way in route.ways.iter() {
                    let offered =
                        floor.standing(way.key, from).and_then(|u| u.strain.as_ref()).map_or(0.0, |s| s.offered);
                    work.entry(way.key).or_default().likely = offered * span;
                }
            }
        }
        for (client, route) in self.routes.iter_mut().filter(|(client, _)| order.forward(client).is_none()) {
            let fresh = match client {
                Client::Load(name) => self.loads.get(name).map_or(0.0, |(load, since)| load.between(*since, from, to)),
                Client::Call(..) => calls::due(route, span),
            };
            spread(client, route, fresh, floor, (from, span), &mut work);
        }
        share_out(house, &mut work, from, span);
        work
    }
    /// What endpoints did is brought home to some of the clients.
    fn bring_home(&mut self, span: f64, work: &BTreeMap<Key, Stretch>, who: impl Fn(&Client) -> bool) {
        for (_, route) in self.routes.iter_mut().filter(|(client, _)| who(client)) {
            settle(route, work);
            route.give_up(span);
            route.close(span);
        }
    }
}
