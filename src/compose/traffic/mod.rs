//! Requests on a Docker host: clients outside ask published ports, clients inside ask names, containers ask one another. The
//! requests themselves are streams ([`crate::workload::streams`]), as in the other house; a host decides only where they lead.
//!
//! `target` whom a stream asks, and where that leads.

mod target;
#[cfg(test)]
mod tests;

pub use target::{Meant, meaning};

use super::engine::{Engine, Power};
use crate::sim::{Span, Time};
use crate::workload::streams::{Client, House, Route, Streams};
use crate::workload::{Floor, Load};
use std::rc::Rc;

/// How long a stretch is looked at as one. Ours: as fine as the charts, and as in the other house.
const STEP: Span = Span::secs(1);

/// The name of what figures are kept of: `PROJECT/SERVICE`, or a container's own name.
pub type Goal = Rc<str>;

/// What flows on a host.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    streams: Streams<Goal>,
    /// The end of the present second, while anything flows or grows.
    tick: Option<Time>,
    /// What the host was like when the streams were last led: events told, changes of the floor.
    seen: (usize, u64),
}

impl Traffic {
    /// When something is due next.
    pub fn next_due(&self) -> Option<Time> {
        self.tick
    }
    /// Sets a load from now on; one of the same name is replaced.
    pub fn set_load(&mut self, load: Load, engine: &mut Engine) {
        self.wake(engine);
        self.streams.set_load(load, engine);
    }
    /// Ends a load; what is on its way is still answered. Tells whether there was one.
    pub fn end_load(&mut self, name: &str, engine: &mut Engine) -> bool {
        self.streams.end_load(name, engine)
    }
    /// Looks at what runs every second from now on, for as long as something flows or grows.
    fn wake(&mut self, engine: &Engine) {
        if self.tick.is_some() {
            return;
        }
        if !self.streams.flowing() {
            self.streams.begin(engine.now);
        }
        self.tick = Some(engine.now.whole_seconds() + STEP);
    }
    /// The host has moved on: seconds that are over are summed up, and streams follow what has changed. Names and ports change
    /// at once, so that a container is asked from the moment it runs until the moment it is gone.
    pub fn settle(&mut self, engine: &mut Engine) {
        if engine.floor.is_lively() {
            self.wake(engine);
        }
        if self.tick.is_none() {
            return engine.floor.sweep();
        }
        let now = (engine.events.len(), engine.floor.version());
        let over = self.tick.is_some_and(|tick| tick <= engine.now);
        if now != self.seen || over {
            self.streams.advance(engine);
            engine.hear();
        }
        if now != self.seen {
            self.seen = now;
            self.streams.follow(engine);
        }
        if over {
            self.second_over(engine);
        }
    }
    fn second_over(&mut self, engine: &mut Engine) {
        self.streams.second_over(&engine.floor);
        self.streams.tidy();
        engine.floor.sweep();
        self.tick = None;
        if self.streams.flowing() || engine.floor.is_lively() {
            self.wake(engine);
        }
    }
    /// What flows: loads, streams, figures.
    pub fn streams(&self) -> &Streams<Goal> {
        &self.streams
    }
}

impl House for Engine {
    type Goal = Goal;
    fn now(&self) -> Time {
        self.now
    }
    fn floor(&self) -> &Floor {
        &self.floor
    }
    fn floor_mut(&mut self) -> &mut Floor {
        &mut self.floor
    }
    fn cores(&self, _host: &str) -> f64 {
        f64::from(self.cpus)
    }
    fn lead<'a>(&self, streams: impl Iterator<Item = (&'a Client, &'a mut Route<Goal>)>) {
        for (client, route) in streams {
            target::follow(self, client, route);
        }
    }
}

/// Whether the machine itself is gone: requests to it are swallowed, where those to a machine without a listener are refused.
fn dark(engine: &Engine) -> bool {
    engine.power == Power::Lost || engine.floor.dark.contains(&engine.machine)
}
