//! What flows, as the page reads it: loads, Services, endpoints, and what pods use.

use super::docker;
use super::figures::{FlowRow, LoadRow, Shape as Row, Traffic};
use super::run::Input;
use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::By;
use crate::kubernetes::objects::{Id, Kind};
use crate::kubernetes::services;
use crate::reasons;
use crate::sim::Span;
use crate::workload::streams::{Client, Flow};
use crate::workload::{Load, Shape};
use crate::world::World;
use std::collections::BTreeMap;

reasons! { "load":
    /// Clients begin to ask, or ask in another way.
    set(target, shape),
    /// Clients stop asking.
    ended(name),
    /// Containers do something else from now on.
    behaves(values),
}

/// With more containers than this only those under load tell what they use. Ours: an update stays below a hundred kilobytes.
const USED_MAX: usize = 5_000;

/// Points of a recorded load in an update. Ours: more than a drawing of it has columns.
const POINTS_SHOWN: usize = 240;

/// A shape as the page has it.
pub fn row(shape: &Shape) -> Row {
    let new = |kind: &str, base: f64, peak: f64, start: Span, length: Span| Row {
        kind: kind.into(),
        base: base as f32,
        peak: peak as f32,
        start: start.0,
        length: length.0,
        points: Vec::new(),
    };
    match shape {
        Shape::Constant { rate } => new("constant", *rate, *rate, Span::ZERO, Span::ZERO),
        Shape::Step { from, to, at } => new("step", *from, *to, *at, Span::ZERO),
        Shape::Ramp { from, to, over } => new("ramp", *from, *to, Span::ZERO, *over),
        Shape::Sine { low, high, period } => new("sine", *low, *high, Span::ZERO, *period),
        Shape::Spike { base, peak, at, lasts } => new("spike", *base, *peak, *at, *lasts),
        Shape::Daily { low, high, day } => new("daily", *low, *high, Span::ZERO, *day),
        Shape::Replay { points } => {
            let most = points.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
            let length = points.last().map_or(Span::ZERO, |(t, _)| *t);
            // The page draws them; all of them stay in the run's log.
            let step = points.len().div_ceil(POINTS_SHOWN).max(1);
            let points = points.iter().step_by(step).map(|(t, rate)| (t.0, *rate as f32)).collect();
            Row { points, ..new("replay", 0.0, most, Span::ZERO, length) }
        }
    }
}

/// What the page asks for as a shape; unknown kinds are constant.
pub fn shape(row: &Row) -> Shape {
    let clean = |rate: f32| if rate.is_finite() { f64::from(rate).clamp(0.0, 1e7) } else { 0.0 };
    let (base, peak, start, length) = (clean(row.base), clean(row.peak), Span(row.start), Span(row.length.max(1)));
    match row.kind.as_str() {
        "step" => Shape::Step { from: base, to: peak, at: start },
        "ramp" if row.start == 0 => Shape::Ramp { from: base, to: peak, over: length },
        "ramp" => Shape::Replay { points: vec![(Span::ZERO, base), (start, base), (start + length, peak)] },
        "sine" => Shape::Sine { low: base, high: peak, period: length },
        "spike" => Shape::Spike { base, peak, at: start, lasts: length },
        "daily" => Shape::Daily { low: base, high: peak, day: length },
        "replay" if !row.points.is_empty() => {
            let mut points: Vec<(Span, f64)> = row.points.iter().map(|(t, rate)| (Span(*t), clean(*rate))).collect();
            points.sort_by_key(|(t, _)| *t);
            Shape::Replay { points }
        }
        _ => Shape::Constant { rate: base },
    }
}

/// A load of a name on a row. One that is there goes on asking whom it asks.
pub fn load(world: &World, name: &str, to: u32, asked: &Row) -> Option<Load> {
    let streams = world.cluster.services.streams();
    let inside = || streams.loads().find(|(known, ..)| ***known == *name).map(|(_, load, _)| load.clone());
    let outside = || world.host.as_ref().and_then(|host| docker::known_load(host, name));
    if let Some(known) = inside().or_else(outside) {
        return Some(Load { shape: shape(asked), ..known });
    }
    let target = match &world.host {
        Some(host) if docker::is_docker(to) => docker::load_target(&host.engine, to)?,
        _ => {
            let card = world.cluster.api.store.card(Id(to)).filter(|c| c.kind == Kind::Service)?;
            format!("service/{}/{}", card.namespace, card.name)
        }
    };
    Some(Load { name: name.into(), ..Load::new(&target, shape(asked)) })
}

/// Sets a load from now on, in the house that it is for; `app/NAME` is in both.
pub fn set_load(world: &mut World, load: &Load, actor: &'static str) {
    let (inside, outside) = houses(world, &load.target);
    if let Some(host) = world.host.as_mut().filter(|_| outside) {
        host.set_load(load.clone());
    }
    if inside {
        set_on_cluster(&mut world.cluster, load, actor);
    }
}

/// Whether a target is in the cluster, and whether on the Docker host.
fn houses(world: &World, target: &str) -> (bool, bool) {
    let cluster = &world.cluster;
    if world.host.is_none() {
        return (true, false);
    }
    let machines = cluster.api.store.list(Kind::Node).next().is_some();
    match target.split_once('/').map_or("", |(kind, _)| kind) {
        "app" => (machines, true),
        "service" | "svc" | "ingress" => (machines, !machines),
        "port" => {
            let known = services::meaning(&cluster.api, target, "default").is_some();
            (known, !known)
        }
        _ => (false, true),
    }
}

fn set_on_cluster(cluster: &mut Cluster, load: &Load, actor: &'static str) {
    if let Some(meant) = services::meaning(&cluster.api, &load.target, "default") {
        let why = set(load.target.clone(), load.shape.word());
        cluster.api.act(meant.service, By::actor(actor, why));
    }
    cluster.services(|services, cx| services.set_load(load.clone(), cx));
}

/// Ends a load.
pub fn end_load(world: &mut World, name: &str, actor: &'static str) {
    if let Some(host) = &mut world.host {
        host.end_load(name);
    }
    let cluster = &mut world.cluster;
    let service = cluster.services.streams().route(&Client::Load(name.into())).and_then(|r| r.goal);
    if let Some(service) = service {
        cluster.api.act(service, By::actor(actor, ended(name.to_string())));
    }
    cluster.services(|services, cx| services.end_load(name, cx));
}

/// A line about loads: `load TARGET SHAPE …`, `end load NAME`.
pub fn read_line(line: &str) -> Option<Result<Input, String>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["load", rest @ ..] => Some(Load::read(rest).map(Input::SetLoad)),
        ["end", "load", name] => Some(Ok(Input::EndLoad((*name).into()))),
        _ => None,
    }
}

/// Everything that flows now, in both houses.
pub fn traffic(world: &World) -> Traffic {
    let mut all = in_cluster(&world.cluster);
    if let Some(host) = &world.host {
        docker::tell_traffic(host, &mut all);
    }
    all
}

fn in_cluster(cluster: &Cluster) -> Traffic {
    let services = &cluster.services;
    let now = cluster.now();
    let name_of =
        |id: Id| cluster.api.store.card(id).map(|c| format!("{}/{}", c.namespace, c.name)).unwrap_or_default();
    let loads = services.streams().loads().map(|(name, load, since)| {
        let service = services.streams().route(&Client::Load(name.clone())).and_then(|r| r.goal);
        LoadRow {
            name: name.to_string(),
            target: service.map(|id| id.0),
            to: service.map_or_else(|| load.target.clone(), name_of),
            shape: row(&load.shape),
            rate: load.shape.rate(now.since(since)) as f32,
            inside: false,
        }
    });
    Traffic { loads: loads.collect(), flows: flows(cluster), used: used(cluster) }
}

fn flows(cluster: &Cluster) -> Vec<FlowRow> {
    let services = &cluster.services;
    let mut callers: BTreeMap<Id, Vec<u32>> = BTreeMap::new();
    for (client, route) in services.streams().routes() {
        let (Client::Call(group, _), Some(to)) = (client, route.goal) else { continue };
        // The Services whose endpoints belong to the group that calls.
        let calls = |id: &Id| {
            services.streams().flows()[id]
                .ends
                .iter()
                .any(|e| cluster.api.floor.get(e.key).is_some_and(|u| u.group == *group))
        };
        callers.entry(to).or_default().extend(services.streams().flows().keys().filter(|id| calls(id)).map(|id| id.0));
    }
    let one = |(id, flow): (&Id, &Flow)| {
        let from = callers.get(id).cloned().unwrap_or_default();
        FlowRow { from, ..docker::flow_row(id.0, flow, |pod| pod) }
    };
    services.streams().flows().iter().filter(|(id, _)| cluster.api.store.get(**id).is_some()).map(one).collect()
}

fn used(cluster: &Cluster) -> Vec<(u32, u64, u64)> {
    let now = cluster.now();
    let many = cluster.api.store.count(Kind::Pod) > USED_MAX;
    let mut out: Vec<(u32, u64, u64)> = Vec::new();
    for ((pod, _), unit) in cluster.api.floor.all().filter(|(_, u)| !many || u.strain.is_some()) {
        let (cpu, memory) = ((unit.cores(now) * 1e3) as u64, unit.memory() as u64);
        match out.last_mut().filter(|(id, ..)| *id == pod) {
            Some(row) => (row.1, row.2) = (row.1 + cpu, row.2 + memory),
            None => out.push((pod, cpu, memory)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_come_back_as_they_went() {
        let s = Span::secs;
        for it in [
            Shape::Constant { rate: 7.0 },
            Shape::Step { from: 1.0, to: 9.0, at: s(33) },
            Shape::Ramp { from: 2.0, to: 40.0, over: s(60) },
            Shape::Sine { low: 3.0, high: 9.0, period: s(50) },
            Shape::Spike { base: 2.0, peak: 50.0, at: s(20), lasts: s(7) },
            Shape::Daily { low: 1.0, high: 20.0, day: s(90) },
            Shape::Replay { points: vec![(s(5), 1.0), (s(15), 30.0)] },
        ] {
            assert_eq!(shape(&row(&it)), it);
        }
        let long = Shape::Replay { points: (0..100_000).map(|i| (s(i), 1.0)).collect() };
        assert!((200..=POINTS_SHOWN).contains(&row(&long).points.len()));
        assert_eq!(row(&long).length, s(99_999).0);
        let odd = Row { kind: "constant".into(), base: f32::NAN, ..Row::default() };
        assert_eq!(shape(&odd), Shape::Constant { rate: 0.0 });
    }
}
