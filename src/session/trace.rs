//! The trace: the journal as JSON lines, one entry a line. Described in `docs/formats/trace.md`.

use crate::journal::{Arg, Entry, EntryId};
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::Id;
use crate::map;
use crate::text::{Map, Value, json};

/// The whole trace.
pub fn trace(cluster: &Cluster) -> String {
    let mut out = String::new();
    for (id, entry) in cluster.api.journal.since(0) {
        out.push_str(&json::write(&line(cluster, id, entry), json::Style::COMPACT));
        out.push('\n');
    }
    out
}

fn line(cluster: &Cluster, id: EntryId, entry: &Entry) -> Value {
    let mut out = map! { "t" => seconds(entry.t.0), "id" => i64::from(id.0) };
    if let Some(cause) = entry.cause {
        out.set("cause", i64::from(cause.0));
    }
    out.set("actor", entry.actor);
    out.set("verb", entry.verb.word());
    out.set("object", cluster.api.label(Id(entry.object)));
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
