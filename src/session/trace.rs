//! The trace: the journal as JSON lines, one entry a line. Described in `docs/formats/trace.md`.

use crate::compose::Host;
use crate::journal::{Arg, Entry, EntryId};
use crate::kubernetes::objects::Id;
use crate::map;
use crate::text::{Map, Value, json};
use crate::world::World;

/// The whole trace: both houses in order of time.
pub fn trace(world: &World) -> String {
    let cluster = &world.cluster;
    let mut cluster_lines = cluster.api.journal.since(0).peekable();
    let mut host_lines =
        world.host.iter().flat_map(|host| host.engine.journal.since(0).map(move |e| (host, e))).peekable();
    let mut out = String::new();
    loop {
        let host_first = match (cluster_lines.peek(), host_lines.peek()) {
            (None, None) => return out,
            (Some((_, a)), Some((_, (_, b)))) => b.t < a.t,
            (a, _) => a.is_none(),
        };
        let value = if host_first {
            host_lines.next().map(|(host, (id, e))| line(super::docker::HOST, &label(host, id, e), id, e))
        } else {
            cluster_lines.next().map(|(id, e)| line(0, &cluster.api.label(Id(e.object)), id, e))
        };
        out.extend(value.map(|value| json::write(&value, json::Style::COMPACT)));
        out.push('\n');
    }
}

fn label(host: &Host, id: EntryId, entry: &Entry) -> String {
    super::docker::happening(host, id, entry).name
}

/// `house` is added to the numbers of entries, so that those of both houses differ.
fn line(house: u32, object: &str, id: EntryId, entry: &Entry) -> Value {
    let mut out = map! { "t" => seconds(entry.t.0), "id" => i64::from(house | id.0) };
    if let Some(cause) = entry.cause {
        out.set("cause", i64::from(house | cause.0));
    }
    out.set("actor", entry.actor);
    out.set("verb", entry.verb.word());
    out.set("object", object);
    out.set("reason", entry.why.reason.key);
    let args = entry.why.reason.args.iter().zip(entry.why.args.iter());
    let data = args.map(|(name, arg)| ((*name).into(), value(arg))).collect::<Map>();
    if !data.is_empty() {
        out.set("data", data);
    }
    if let Some(o) = &entry.origin {
        out.set("origin", format!("{}:{}:{}", o.file, o.pos.line, o.pos.col));
    }
    Value::Map(out)
}

/// Seconds with as many digits as are needed; whole microseconds are exact in a float of this size.
fn seconds(micros: u64) -> Value {
    if micros.is_multiple_of(1_000_000) {
        Value::Int((micros / 1_000_000) as i64)
    } else {
        Value::Float(micros as f64 / 1e6)
    }
}

fn value(arg: &Arg) -> Value {
    match arg {
        Arg::Number(n) => Value::Int(*n),
        Arg::Word(w) => Value::from(w),
    }
}
