//! The rows of a trace, as they were recorded.

use crate::compose::engine::{Cid, Container, Engine, Event};
use crate::compose::project::{Line, observed};
use crate::map;
use crate::sim::Time;
use crate::text::{Map, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Seconds with three digits.
pub(super) fn seconds(t: Time) -> Value {
    Value::Float(t.as_millis() as f64 / 1000.0)
}

fn maybe(t: Option<Time>) -> Value {
    t.map_or(Value::Null, seconds)
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// An event of the engine.
pub(super) fn event(e: &Event) -> Value {
    let mut row = map! {
        "t" => seconds(e.t), "k" => "event", "type" => e.kind.word(), "action" => e.action.clone(), "id" => short(&e.id),
    };
    if !e.name.is_empty() {
        row.set("name", e.name.clone());
    }
    let value = |key: &str, v: &Rc<str>| match key {
        "container" | "execID" => Value::from(short(v)),
        _ => Value::Str(v.clone()),
    };
    let attrs: Map = e.attrs.iter().map(|(k, v)| (Rc::from(*k), value(k, v))).collect();
    row.set("attrs", attrs);
    Value::from(row)
}

/// The engine goes down or is back.
pub(super) fn engine(what: &str, phase: &str, now: Time) -> Value {
    Value::from(map! { "t" => seconds(now), "k" => "engine", "what" => what, "phase" => phase })
}

/// A command.
pub(super) fn command(
    n: i64,
    text: &str,
    name: Option<&str>,
    begun: Time,
    end: Time,
    code: i32,
    lines: &[Line],
) -> Value {
    let mut row = map! {
        "t" => seconds(begun), "k" => "cmd", "n" => n, "cmd" => text, "rc" => code, "end" => seconds(end),
        "lines" => lines.iter().flat_map(split).collect::<Vec<Value>>(),
    };
    if let Some(name) = name {
        row.set("bg", name);
    }
    Value::from(row)
}

fn split(line: &Line) -> Vec<Value> {
    let one = |text: &str| Value::List(vec![seconds(line.t), Value::Int(i64::from(line.fd)), Value::from(text)]);
    line.text.split('\n').map(one).collect()
}

/// Looks at every container and tells what changed.
#[derive(Default)]
pub(super) struct Sampler {
    known: BTreeMap<Cid, (String, String, Rc<str>, Rc<str>)>,
}

impl Sampler {
    pub(super) fn sample(&mut self, engine: &Engine) -> Vec<Value> {
        let mut rows = Vec::new();
        let gone: Vec<Cid> = self.known.keys().filter(|cid| engine.container(**cid).is_none()).copied().collect();
        for cid in gone {
            if let Some((_, _, id, name)) = self.known.remove(&cid) {
                rows.push(Value::from(
                    map! { "t" => seconds(engine.now), "k" => "gone", "id" => short(&id), "name" => name },
                ));
            }
        }
        for (cid, c) in &engine.containers {
            let (slow, state) = (slow(c), state(c));
            let keys = (format!("{slow:?}"), format!("{state:?}"), c.id.clone(), c.name.clone());
            let before = self.known.insert(*cid, keys.clone());
            if before.as_ref().is_none_or(|b| b.0 != keys.0) {
                rows.push(with_time(engine.now, "container", slow));
            }
            if before.as_ref().is_none_or(|b| b.1 != keys.1) {
                rows.push(with_time(engine.now, "state", state));
            }
        }
        rows
    }
}

fn with_time(now: Time, kind: &str, row: Map) -> Value {
    let mut all = map! { "t" => seconds(now), "k" => kind };
    row.into_iter().for_each(|(k, v)| all.set(k, v));
    Value::from(all)
}

fn state(c: &Container) -> Map {
    let mut row = map! {
        "id" => c.short(), "name" => c.name.clone(), "status" => c.status.word(), "exit" => c.exit, "restarts" => c.restarts,
    };
    if c.oom {
        row.set("oom", true);
    }
    if !c.error.is_empty() {
        row.set("error", c.error.clone());
    }
    row.set("started", maybe(c.started));
    row.set("finished", maybe(c.finished));
    if let Some(h) = &c.health {
        row.set("health", h.verdict.word());
        row.set("failing", h.failing);
        if let Some(p) = &h.last {
            row.set(
                "probe",
                map! { "start" => seconds(p.start), "end" => seconds(p.end), "exit" => p.exit, "output" => p.output.clone() },
            );
        }
    }
    row
}

fn slow(c: &Container) -> Map {
    let label = |key: &str| Value::from(c.spec.label(key));
    let replace = c.spec.label(observed::REPLACES);
    let list = |items: &[Rc<str>]| Value::List(items.iter().map(|i| Value::Str(i.clone())).collect());
    let network = |e: &crate::compose::engine::Endpoint| {
        let mut dns = e.aliases.clone();
        dns.push(c.short());
        let dns = if c.started.is_some() { list(&dns) } else { Value::List(Vec::new()) };
        let row = map! { "ip" => e.ip.clone().unwrap_or_default(), "aliases" => list(&e.aliases), "dns" => dns };
        (e.network.clone(), Value::from(row))
    };
    let ports = c.bindings.iter().map(|b| Value::from(format!("{}:{}->{}/{}", b.ip, b.port, b.target, b.protocol)));
    let mount = |m: &crate::compose::engine::Mount| {
        Value::from(map! {
            "Type" => m.kind.clone(), "Name" => m.source.clone(), "Destination" => m.target.clone(), "RW" => !m.read_only,
        })
    };
    let mut limits = Map::new();
    let l = c.spec.limits;
    for (key, value) in [
        ("Memory", l.memory),
        ("MemoryReservation", l.reservation),
        ("NanoCpus", l.nano_cpus),
        ("CpuShares", l.cpu_shares),
        ("PidsLimit", l.pids),
    ] {
        if value != 0 {
            limits.set(key, value);
        }
    }
    let mut stop = Map::new();
    if !c.spec.stop_signal.is_empty() {
        stop.set("StopSignal", c.spec.stop_signal.clone());
    }
    if let Some(grace) = c.spec.stop_grace {
        stop.set("StopTimeout", grace.as_secs() as i64);
    }
    map! {
        "id" => c.short(), "name" => c.name.clone(), "image" => c.spec.image.clone(), "service" => label(observed::SERVICE),
        "number" => label(observed::NUMBER), "hash" => short(c.spec.label(observed::HASH)), "oneoff" => label(observed::ONE_OFF),
        "depends_on" => label(observed::DEPENDS),
        "replace" => if replace.is_empty() { Value::Null } else { Value::from(replace) },
        "restart" => map! { "Name" => c.spec.restart.name(), "MaximumRetryCount" => c.spec.restart.most() },
        "networks" => Value::Map(c.endpoints.iter().map(network).collect()),
        "ports" => ports.collect::<Vec<Value>>(), "hostname" => c.hostname(), "cmd" => list(&c.spec.command),
        "mounts" => c.mounts.iter().map(mount).collect::<Vec<Value>>(), "limits" => limits, "stop" => stop,
    }
}
