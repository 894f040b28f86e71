//! What stands between clients and containers: the proxies that know where a Service's requests may go, the traffic that
//! flows through them, and the metrics pipeline. Not one request is followed: streams are, exact in the mean, so that a
//! second of a run costs as much as there are endpoints and nothing where nothing flows.
//!
//! `target` whom a stream asks, and where that leads · `policy` who may ask whom · `route` one stream · `traffic` a stretch of
//! time · `figures` what people read of it.
//!
//! Loads are set with [`State::set_load`], reached through `Cluster::services`. Faults act through the floor
//! ([`crate::workload::floor`]).

mod figures;
mod policy;
mod route;
mod target;
mod traffic;

pub use figures::{End, Flow, Totals, quantiles};
pub use route::{Client, Why};
pub use target::{Meant, meaning};

use super::apiserver::{Api, Change, Cx};
use super::objects::{Id, Kind};
use crate::sim::{Span, Time};
use crate::workload::{Key, Latencies, Latency, Load};
use policy::Policies;
use route::Route;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How long a stretch is looked at as one. Ours: as fine as the charts.
const STEP: Span = Span::secs(1);
/// Proxies rewrite their rules at most so often.
/// Source: kubernetes v1.37 pkg/proxy/apis/config/v1alpha1/defaults.go, MinSyncPeriod.
const SYNC_APART: Span = Span::secs(1);

/// What the room remembers.
#[derive(Clone, Debug)]
pub struct State {
    loads: BTreeMap<Rc<str>, (Rc<Load>, Time)>,
    routes: BTreeMap<Client, Route>,
    flows: BTreeMap<Id, Flow>,
    /// What clients outside saw of all loads together.
    totals: Totals,
    /// Containers that something flowed through in the last stretch.
    busy: BTreeSet<Key>,
    /// Until when everything is accounted for.
    at: Time,
    /// When the present second began.
    tick_from: Time,
    ticking: bool,
    /// Number of the stretch whose numbers are published.
    published: u64,
    synced: Option<Time>,
    syncing: bool,
    /// From a change of endpoints until the proxies have it.
    proxy: Latency,
}

impl Default for State {
    fn default() -> Self {
        State {
            loads: BTreeMap::new(),
            routes: BTreeMap::new(),
            flows: BTreeMap::new(),
            totals: Totals::default(),
            busy: BTreeSet::new(),
            at: Time::ZERO,
            tick_from: Time::ZERO,
            ticking: false,
            published: 0,
            synced: None,
            syncing: false,
            proxy: Latencies::default().proxy,
        }
    }
}

/// What it wakes up for.
#[derive(Clone, Debug)]
pub enum Timer {
    /// A second of traffic is over.
    Tick,
    /// The proxies follow what changed.
    Sync,
}

/// Sees a write.
pub fn observe(state: &mut State, change: &Change, cx: &mut Cx<Timer>) {
    if cx.api.floor.is_lively() {
        state.wake(cx);
    }
    if state.routes.is_empty() {
        if !state.ticking {
            cx.api.floor.sweep();
        }
        return;
    }
    match change.kind {
        Kind::EndpointSlice | Kind::Service => state.sync_soon(cx),
        Kind::Other(_) if matches!(cx.api.kinds.name(change.kind), "NetworkPolicy" | "Ingress") => state.sync_soon(cx),
        _ => {}
    }
}

/// A timer is due.
pub fn fire(state: &mut State, timer: Timer, cx: &mut Cx<Timer>) {
    match timer {
        Timer::Sync => {
            state.advance(cx.api);
            (state.syncing, state.synced) = (false, Some(cx.now()));
            state.follow(cx.api);
        }
        Timer::Tick => {
            state.advance(cx.api);
            state.second_over(cx.api);
            state.ticking = false;
            if !state.routes.is_empty() || cx.api.floor.is_lively() {
                state.wake(cx);
            }
        }
    }
}

impl State {
    /// Sets a load from now on; one of the same name is replaced.
    pub fn set_load(&mut self, load: Load, cx: &mut Cx<Timer>) {
        self.wake(cx);
        self.advance(cx.api);
        let name: Rc<str> = load.name.as_str().into();
        let client = Client::Load(name.clone());
        let fresh = Route::new(&load.target, "default", load.patience, load.retries);
        match self.routes.get_mut(&client).filter(|r| *r.target == *load.target) {
            Some(route) => (route.patience, route.retries) = (fresh.patience, fresh.retries),
            None => drop(self.routes.insert(client, fresh)),
        }
        self.loads.insert(name, (Rc::new(load), cx.now()));
        self.follow(cx.api);
    }
    /// Ends a load; what is on its way is still answered. Tells whether there was one.
    pub fn end_load(&mut self, name: &str, cx: &mut Cx<Timer>) -> bool {
        self.advance(cx.api);
        self.loads.remove(name).is_some()
    }
    /// Looks at what runs every second from now on, for as long as something flows or grows.
    pub fn wake(&mut self, cx: &mut Cx<Timer>) {
        if self.ticking {
            return;
        }
        let idle = self.routes.is_empty();
        if idle {
            (self.at, self.tick_from) = (cx.now(), cx.now());
        }
        self.ticking = true;
        let next = cx.now().whole_seconds() + STEP;
        cx.timers.push((next, Timer::Tick));
    }
    fn sync_soon(&mut self, cx: &mut Cx<Timer>) {
        if self.syncing {
            return;
        }
        self.syncing = true;
        let late = self.proxy.draw(cx.chance("kube-proxy"));
        let first = self.synced.map_or(Time::ZERO, |t| t + SYNC_APART);
        cx.timers.push(((cx.now() + late).max(first), Timer::Sync));
    }
    /// The proxies know what the books say.
    fn follow(&mut self, api: &Api) {
        let policies = Policies::read(api);
        for (client, route) in &mut self.routes {
            target::follow(api, &policies, client, route);
        }
    }
    /// The loads: name, what, since when.
    pub fn loads(&self) -> impl Iterator<Item = (&Rc<str>, &Load, Time)> {
        self.loads.iter().map(|(name, (load, since))| (name, &**load, *since))
    }
    /// The stream of a client.
    pub fn route(&self, client: &Client) -> Option<&Route> {
        self.routes.get(client)
    }
    /// All streams.
    pub fn routes(&self) -> impl Iterator<Item = (&Client, &Route)> {
        self.routes.iter()
    }
    /// What flows through each Service.
    pub fn flows(&self) -> &BTreeMap<Id, Flow> {
        &self.flows
    }
    /// What clients outside saw of all loads together.
    pub fn totals(&self) -> &Totals {
        &self.totals
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
