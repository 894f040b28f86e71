//! What stands between clients and containers: the proxies that know where a Service's requests may go, and the metrics
//! pipeline. The requests themselves are streams ([`crate::workload::streams`]), as in the other house.
//!
//! `target` whom a stream asks, and where that leads · `policy` who may ask whom · `sticky` clients that stay where they are ·
//! `publish` numbers for autoscalers.
//!
//! Loads are set with [`State::set_load`], reached through `Cluster::services`. Faults act through the floor
//! ([`crate::workload::floor`]).

mod policy;
mod publish;
mod sticky;
mod target;

pub use target::{Meant, meaning};

use super::apiserver::{Api, Change, Cx};
use super::objects::{Id, Kind};
use crate::sim::{Span, Time};
use crate::workload::streams::{Client, House, Route, Streams};
use crate::workload::{Floor, Latencies, Latency, Load};
use policy::Policies;
use std::rc::Rc;

/// How long a stretch is looked at as one. Ours: as fine as the charts.
const STEP: Span = Span::secs(1);
/// Proxies rewrite their rules at most so often.
/// Source: kubernetes v1.37 pkg/proxy/apis/config/v1alpha1/defaults.go, MinSyncPeriod.
const SYNC_APART: Span = Span::secs(1);

/// What the room remembers.
#[derive(Clone, Debug)]
pub struct State {
    streams: Streams<Id>,
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
            streams: Streams::default(),
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
    if !state.streams.flowing() {
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
            state.streams.advance(cx.api);
            (state.syncing, state.synced) = (false, Some(cx.now()));
            state.streams.follow(cx.api);
        }
        Timer::Tick => {
            state.second_over(cx.api);
            state.ticking = false;
            // What was published goes on to be what autoscalers read: it is not left at what it was while something flowed.
            let stale = cx.api.floor.published.values().any(|n| *n > 0.0);
            if state.streams.flowing() || cx.api.floor.is_lively() || stale {
                state.wake(cx);
            }
        }
    }
}

impl State {
    /// Sets a load from now on; one of the same name is replaced.
    pub fn set_load(&mut self, load: Load, cx: &mut Cx<Timer>) {
        self.wake(cx);
        self.streams.set_load(load, cx.api);
    }
    /// Ends a load; what is on its way is still answered. Tells whether there was one.
    pub fn end_load(&mut self, name: &str, cx: &mut Cx<Timer>) -> bool {
        self.streams.end_load(name, cx.api)
    }
    /// Looks at what runs every second from now on, for as long as something flows or grows.
    pub fn wake(&mut self, cx: &mut Cx<Timer>) {
        if self.ticking {
            return;
        }
        if !self.streams.flowing() {
            self.streams.begin(cx.now());
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
    fn second_over(&mut self, api: &mut Api) {
        self.streams.advance(api);
        self.streams.second_over(&api.floor);
        let stretch = self.streams.at().as_secs() / publish::EVERY;
        let any = self.streams.totals().came > 0.0;
        if stretch != self.published && any {
            self.published = stretch;
            api.floor.published = Rc::new(publish::numbers(&self.streams, &api.floor));
        }
        self.streams.tidy();
        // What has ended is accounted for until now.
        api.floor.sweep();
    }
    /// What flows: loads, streams, figures.
    pub fn streams(&self) -> &Streams<Id> {
        &self.streams
    }
}

impl House for Api {
    type Goal = Id;
    fn now(&self) -> Time {
        self.now
    }
    fn floor(&self) -> &Floor {
        &self.floor
    }
    fn floor_mut(&mut self) -> &mut Floor {
        &mut self.floor
    }
    fn cores(&self, host: &str) -> f64 {
        let node = self.store.by_name(Kind::Node, "", host).and_then(|o| o.node());
        node.map_or(1.0, |n| n.allocatable.cpu as f64 / 1e3)
    }
    fn lead<'a>(&self, streams: impl Iterator<Item = (&'a Client, &'a mut Route<Id>)>) {
        let policies = Policies::read(self);
        for (client, route) in streams {
            target::follow(self, &policies, client, route);
        }
    }
}
