//! What flows on the Docker host, in the rows of the cluster's traffic: services of Compose stand where Services do, containers
//! where pods do.

use super::{container_id, home, service_id};
use crate::compose::Host;
use crate::compose::engine::{Cid, Container, Engine};
use crate::compose::traffic::{Goal, Meant, meaning};
use crate::session::figures::{EndFlow, FlowRow, LoadRow, Traffic};
use crate::session::traffic::row;
use crate::workload::Load;
use crate::workload::streams::{Client, Flow};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The row that figures of this name are of; nothing when there is none any more.
pub(in crate::session) fn goal_id(engine: &Engine, goal: &str) -> Option<u32> {
    let of = |(cid, c): (&Cid, &Rc<Container>)| {
        (*c.spec.group() == *goal).then(|| match home(c) {
            ("", _) => container_id(*cid),
            (project, service) => service_id(project, service),
        })
    };
    engine.containers.iter().find_map(of)
}

/// Adds what flows on the host.
pub(in crate::session) fn tell(host: &Host, traffic: &mut Traffic) {
    let (engine, streams) = (&host.engine, host.streams());
    let id = |goal: &str| goal_id(engine, goal);
    traffic.loads.extend(streams.loads().map(|(name, load, since)| {
        let goal = streams.route(&Client::Load(name.clone())).and_then(|r| r.goal.clone());
        LoadRow {
            name: name.to_string(),
            target: goal.as_deref().and_then(id),
            to: goal.map_or_else(|| load.target.clone(), |goal| goal.to_string()),
            shape: row(&load.shape),
            rate: load.shape.rate(engine.now.since(since)) as f32,
            inside: matches!(meaning(&load.target), Some(Meant::Named { .. })),
        }
    }));
    let mut callers: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (client, route) in streams.routes() {
        if let (Client::Call(group, _), Some(to)) = (client, &route.goal) {
            callers.entry(to).or_default().extend(id(group));
        }
    }
    let flow = |(goal, flow): (&Goal, &Flow)| {
        let from = callers.get(&**goal).cloned().unwrap_or_default();
        id(goal).map(|service| FlowRow { from, ..flow_row(service, flow, container_id) })
    };
    traffic.flows.extend(streams.flows().iter().filter_map(flow));
    let used = engine
        .floor
        .all()
        .map(|((cid, _), unit)| (container_id(cid), (unit.cores(engine.now) * 1e3) as u64, unit.memory() as u64));
    traffic.used.extend(used);
}

/// A flow as the page has it; `end` gives the row of what answers.
pub(in crate::session) fn flow_row(service: u32, flow: &Flow, end: impl Fn(u32) -> u32) -> FlowRow {
    FlowRow {
        service,
        from: Vec::new(),
        rate: flow.rate as f32,
        served: flow.answered as f32,
        failed: flow.failed as f32,
        latency: flow.latency.map(|s| (s * 1e3) as f32),
        ends: flow
            .ends
            .iter()
            .map(|e| EndFlow {
                pod: end(e.key.0),
                rate: e.rate as f32,
                failed: e.failed as f32,
                busy: e.busy as f32,
                waiting: e.waiting as f32,
            })
            .collect(),
    }
}

/// Whom a new load on a row of the host asks: a service by its published port, as clients outside do.
pub(in crate::session) fn target(engine: &Engine, id: u32) -> Option<String> {
    let of = |(cid, c): (&Cid, &Rc<Container>)| {
        let (project, service) = home(c);
        if !project.is_empty() && service_id(project, service) == id {
            return Some(format!("compose/{service}"));
        }
        (container_id(*cid) == id).then(|| format!("http://{}", c.name))
    };
    engine.containers.iter().find_map(of)
}

/// The load of this name as it is now.
pub(in crate::session) fn known(host: &Host, name: &str) -> Option<Load> {
    host.streams().loads().find(|(known, ..)| ***known == *name).map(|(_, load, _)| load.clone())
}
