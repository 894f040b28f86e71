//! Curves of the Docker host: of all of it, of services, of containers.

use super::{
    CONTAINERS, CPU, LOAD, Look, MEMORY, OF_CONTAINER, OF_HOST, P50, RESTARTS, Recorder, Seen, TRACKS_MAX, add, rates,
};
use crate::compose::Host;
use crate::compose::engine::{Cid, Container, Engine, Verdict};
use crate::session::docker::{HOST, container_id, goal_id, home, service_id};
use crate::workload::station::{HALF, P95, P99};
use crate::workload::streams::quantiles;

impl Recorder {
    /// Looks at the host, its services and its containers.
    pub(super) fn see_host(&mut self, host: &Host, seen: &mut Seen) {
        let engine = &host.engine;
        let each = self.pods < TRACKS_MAX;
        seen.of(HOST, OF_HOST);
        for (cid, c) in &engine.containers {
            let row = of_container(engine, *cid, c);
            for id in service(c).into_iter().chain([HOST]) {
                let look = seen.of(id, OF_HOST);
                for at in [CPU, MEMORY].into_iter().chain(RESTARTS..=RESTARTS).chain(CONTAINERS..CONTAINERS + 3) {
                    add(&mut look[at], row[at]);
                }
                if id != HOST {
                    add(&mut look[CPU + 2], row[CPU + 2]);
                    add(&mut look[MEMORY + 2], row[MEMORY + 2]);
                }
            }
            if each {
                self.pods += usize::from(!self.tracks.contains_key(&container_id(*cid)));
                *seen.of(container_id(*cid), OF_CONTAINER) = row;
            }
        }
        let look = seen.of(HOST, OF_HOST);
        look[CPU + 2] = engine.cpus as f32 * 1e3;
        look[MEMORY + 2] = engine.memory as f32;
        self.see_requests(host, seen);
    }

    fn see_requests(&mut self, host: &Host, seen: &mut Seen) {
        let streams = host.streams();
        if !streams.flowing() && !self.sums.contains_key(&HOST) {
            return;
        }
        let seconds = self.every.0 as f32 / 1e6;
        let t = streams.totals();
        rates(self.sums.entry(HOST).or_default(), [t.came, t.answered, t.failed], seen.of(HOST, OF_HOST), seconds);
        let mut parts = Vec::new();
        for (goal, flow) in streams.flows() {
            if let Some(id) = goal_id(&host.engine, goal) {
                let (t, look) = (&flow.totals, seen.of(id, OF_HOST));
                rates(self.sums.entry(id).or_default(), [t.came, t.answered, t.failed], look, seconds);
                if flow.answered > 0.0 {
                    latencies(look, flow.latency);
                }
            }
            for end in &flow.ends {
                let answered = (end.rate - end.failed).max(0.0);
                parts.push((answered, end.takes));
                let id = container_id(end.key.0);
                let Some((_, look)) = seen.all.get_mut(&id) else { continue };
                for (at, rate) in [end.rate, answered, end.failed].into_iter().enumerate() {
                    add(&mut look[LOAD + at], rate as f32);
                }
                latencies(look, [HALF, P95, P99].map(|z| end.takes.at(z)));
            }
        }
        if parts.iter().any(|(weight, _)| *weight > 0.0) {
            latencies(seen.of(HOST, OF_HOST), quantiles(&parts));
        }
    }
}

fn latencies(look: &mut Look, seconds: [f64; 3]) {
    (0..3).for_each(|at| look[P50 + at] = seconds[at] as f32 * 1e3);
}

/// The row of the service that a container belongs to.
fn service(c: &Container) -> Option<u32> {
    let (project, service) = home(c);
    (!project.is_empty()).then(|| service_id(project, service))
}

fn of_container(engine: &Engine, cid: Cid, c: &Container) -> Look {
    let mut look = super::NOTHING;
    let ill = c.health.as_ref().is_some_and(|h| h.verdict != Verdict::Healthy);
    let counts = [true, c.alive(), c.alive() && !ill];
    counts.iter().enumerate().for_each(|(at, is)| look[CONTAINERS + at] = f32::from(u8::from(*is)));
    look[RESTARTS] = c.restarts as f32;
    if let Some(unit) = engine.unit(cid) {
        look[CPU] = (unit.cores(engine.now) * 1e3) as f32;
        look[MEMORY] = unit.memory() as f32;
        let limits = &c.spec.limits;
        if limits.nano_cpus > 0 {
            look[CPU + 2] = (limits.nano_cpus / 1_000_000) as f32;
        }
        if limits.memory > 0 {
            look[MEMORY + 2] = limits.memory as f32;
        }
    }
    look
}
