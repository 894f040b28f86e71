//! Streams of requests, whoever runs the containers that answer them. Not one request is followed: streams are, exact in the
//! mean, so that a second of a run costs as much as there are endpoints and nothing where nothing flows.
//!
//! `route` one stream · `lanes` its ways to endpoints and back · `stretch` a stretch of time · `serve` what a container does in it ·
//! `calls` containers that ask others · `second` a second is over · `figures` what people read of it. What only an orchestrator knows it says through [`House`].

mod calls;
#[cfg(test)]
mod chains;
mod figures;
mod lanes;
mod route;
mod second;
mod serve;
mod stretch;
#[cfg(test)]
mod tests;

pub use figures::{End, Flow, Totals, quantiles};
pub use route::{Client, Lane, Route, Spent, Way, Why};

use super::floor::{Floor, Key};
use super::load::Load;
use crate::sim::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What a house decides about streams.
pub trait House {
    /// What figures are kept of: what a stream leads to, as the house numbers or names it.
    type Goal: Clone + Ord;
    /// The present moment.
    fn now(&self) -> Time;
    /// What really runs.
    fn floor(&self) -> &Floor;
    /// The same, to let it work.
    fn floor_mut(&mut self) -> &mut Floor;
    /// The cores of a machine.
    fn cores(&self, host: &str) -> f64;
    /// Brings streams to where they lead now: sets [`Route::goal`] and [`Route::ways`]. No way at all means that nobody listens
    /// there, or that there is no such name; a way that is not `allowed` swallows what is sent.
    fn lead<'a>(&self, streams: impl Iterator<Item = (&'a Client, &'a mut Route<Self::Goal>)>)
    where
        Self::Goal: 'a;
}

/// All streams of a house, and what has come of them.
#[derive(Clone, Debug)]
pub struct Streams<G> {
    loads: BTreeMap<Rc<str>, (Rc<Load>, Time)>,
    routes: BTreeMap<Client, Route<G>>,
    flows: BTreeMap<G, Flow>,
    /// What clients outside saw of all loads together.
    totals: Totals,
    /// Containers that something flowed through in the last stretch.
    busy: BTreeSet<Key>,
    /// Until when everything is accounted for.
    at: Time,
    /// When the present second began.
    tick_from: Time,
}

impl<G> Default for Streams<G> {
    fn default() -> Self {
        Streams {
            loads: BTreeMap::new(),
            routes: BTreeMap::new(),
            flows: BTreeMap::new(),
            totals: Totals::default(),
            busy: BTreeSet::new(),
            at: Time::ZERO,
            tick_from: Time::ZERO,
        }
    }
}

impl<G: Clone + Ord> Streams<G> {
    /// Accounts begin now, after a time in which nothing flowed.
    pub fn begin(&mut self, now: Time) {
        (self.at, self.tick_from) = (now, now);
    }
    /// Sets a load from now on; one of the same name is replaced.
    pub fn set_load(&mut self, load: Load, house: &mut impl House<Goal = G>) {
        self.advance(house);
        let name: Rc<str> = load.name.as_str().into();
        let client = Client::Load(name.clone());
        let fresh = Route::new(&load.target, load.patience, load.retries);
        let route = self.routes.entry(client).or_insert_with(|| fresh.clone());
        (route.target, route.patience, route.retries) = (fresh.target, fresh.patience, fresh.retries);
        self.loads.insert(name, (Rc::new(load), house.now()));
        self.follow(house);
    }
    /// Ends a load; what is on its way is still answered. Tells whether there was one.
    pub fn end_load(&mut self, name: &str, house: &mut impl House<Goal = G>) -> bool {
        self.advance(house);
        self.loads.remove(name).is_some()
    }
    /// Every stream goes where it leads now.
    pub fn follow(&mut self, house: &impl House<Goal = G>) {
        house.lead(self.routes.iter_mut());
    }
    /// The loads: name, what, since when.
    pub fn loads(&self) -> impl Iterator<Item = (&Rc<str>, &Load, Time)> {
        self.loads.iter().map(|(name, (load, since))| (name, &**load, *since))
    }
    /// The stream of a client.
    pub fn route(&self, client: &Client) -> Option<&Route<G>> {
        self.routes.get(client)
    }
    /// All streams.
    pub fn routes(&self) -> impl Iterator<Item = (&Client, &Route<G>)> {
        self.routes.iter()
    }
    /// What flows to each goal.
    pub fn flows(&self) -> &BTreeMap<G, Flow> {
        &self.flows
    }
    /// What clients outside saw of all loads together.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }
    /// Until when everything is accounted for.
    pub fn at(&self) -> Time {
        self.at
    }
    /// Changes whenever there is something new to tell: the end of the last second, and how many loads there are.
    pub fn mark(&self) -> (Time, usize) {
        (self.tick_from, self.loads.len())
    }
    /// Whether anything flows.
    pub fn flowing(&self) -> bool {
        !self.routes.is_empty()
    }
}

fn seconds(span: Span) -> f64 {
    span.0 as f64 / 1e6
}
