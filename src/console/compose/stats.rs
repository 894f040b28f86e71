//! `docker stats` and `docker compose stats`: what containers use at this moment, as the floor has it; it is said once, and
//! bytes on networks and disks are not counted (FID-165).
//! Source: docker/cli v28 cli/command/container/stats.go, formatter_stats.go; compose v5.6 cmd/compose/stats.go.

use super::look::Look;
use super::sheet::Sheet;
use super::{Desk, Next};
use crate::compose::engine::{Cid, Engine};
use crate::map;
use crate::text::Value;

const STATS: Sheet = Sheet {
    row: "container.statsContext",
    usual: &["ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"],
    titles: &[
        ("Container", "CONTAINER"),
        ("ID", "CONTAINER ID"),
        ("Name", "NAME"),
        ("CPUPerc", "CPU %"),
        ("MemUsage", "MEM USAGE / LIMIT"),
        ("MemPerc", "MEM %"),
        ("NetIO", "NET I/O"),
        ("BlockIO", "BLOCK I/O"),
        ("PIDs", "PIDS"),
    ],
};

/// `docker stats`: all that run, or those that are named.
pub(super) fn docker(look: &Look, desk: &mut Desk) -> Next {
    let engine = &desk.host.engine;
    let mut list: Vec<(Cid, String)> = Vec::new();
    if look.args.words.is_empty() {
        let all = engine.containers.iter().rev().filter(|(_, c)| look.args.on("all") || c.alive());
        list.extend(all.map(|(cid, c)| (*cid, c.short().to_string())));
    }
    let mut faults = Vec::new();
    for name in &look.args.words {
        match engine.find(name) {
            Some(cid) => list.push((cid, name.clone())),
            None => faults.push(format!("Error response from daemon: No such container: {name}")),
        }
    }
    if !faults.is_empty() {
        return Next::Done(faults.into_iter().map(|words| (crate::compose::project::ERR, words)).collect(), 1);
    }
    shown(look, engine, &list)
}

/// `compose stats`: those of the project, or of one service.
pub(super) fn compose(look: &Look, desk: &Desk) -> Next {
    let wanted = look.args.words.first();
    let mut seen = look.seen(desk);
    seen.retain(|s| look.args.on("all") || s.container.alive());
    seen.retain(|s| wanted.is_none_or(|service| **service == *s.service));
    seen.sort_by_key(|s| std::cmp::Reverse(s.cid));
    let list: Vec<(Cid, String)> = seen.iter().map(|s| (s.cid, s.container.short().to_string())).collect();
    shown(look, &desk.host.engine, &list)
}

fn shown(look: &Look, engine: &Engine, list: &[(Cid, String)]) -> Next {
    let whole = look.args.on("no-trunc");
    let rows: Vec<Value> = list.iter().filter_map(|(cid, asked)| row(engine, *cid, asked, whole)).collect();
    STATS.shown(look.args.value("format"), &rows)
}

/// Source: docker/cli v28 cli/command/container/stats_helpers.go, calculateCPUPercentUnix; one that does not run uses nothing.
fn row(engine: &Engine, cid: Cid, asked: &str, whole: bool) -> Option<Value> {
    let c = engine.container(cid)?;
    let own = if c.spec.limits.memory > 0 { c.spec.limits.memory as f64 } else { engine.memory as f64 };
    let (limit, processes) = if c.alive() { (own, 1) } else { (0.0, 0) };
    let unit = engine.unit(cid).filter(|_| c.alive());
    let (cores, memory) = unit.map_or((0.0, 0.0), |unit| (unit.cores(engine.now), unit.memory()));
    let percent = if limit > 0.0 { memory / limit * 100.0 } else { 0.0 };
    Some(Value::from(map! {
        "BlockIO" => "0B / 0B",
        "CPUPerc" => format!("{:.2}%", cores * 100.0),
        "Container" => asked,
        "ID" => if whole { c.id.to_string() } else { c.short().to_string() },
        "MemPerc" => format!("{percent:.2}%"),
        "MemUsage" => format!("{} / {}", bytes_size(memory), bytes_size(limit)),
        "Name" => c.name.clone(),
        "NetIO" => "0B / 0B",
        "PIDs" => processes.to_string(),
    }))
}

/// Bytes with four digits that count. Source: docker/go-units size.go, BytesSize.
fn bytes_size(bytes: f64) -> String {
    let (mut size, mut unit) = (bytes, 0);
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        (size, unit) = (size / 1024.0, unit + 1);
    }
    let digits = match size {
        s if s < 9.999_5 => 3,
        s if s < 99.995 => 2,
        s if s < 999.95 => 1,
        _ => 0,
    };
    let text = format!("{size:.digits$}");
    let text = if digits > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_four_digits() {
        let mib = |n: f64| bytes_size(n * 1_048_576.0);
        assert_eq!(
            [mib(8.0), mib(7.328), mib(64.25), mib(512.0), mib(1023.0), mib(8192.0), bytes_size(0.0)],
            ["8MiB", "7.328MiB", "64.25MiB", "512MiB", "1023MiB", "8GiB", "0B"]
        );
    }
}
