//! What a trace says, with everything masked that differs from run to run.
//!
//! Masked: ids, addresses, dates, lengths of time, process numbers, ephemeral ports, sizes, the number of a replica in progress
//! lines (which one comes first is chance), blanks between columns, the endpoint and address in a port clash.

use crate::text::{Value, json};
use std::collections::BTreeMap;

/// A command.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Command {
    pub(super) text: String,
    pub(super) code: i64,
    /// Stream and masked line, in order.
    pub(super) lines: Vec<(i64, String)>,
}

/// An event of a container, with what it must agree in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
    pub(super) t: f64,
    pub(super) what: String,
}

/// A command that starts containers: from when to when, and the services it names, if any.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Starting {
    from: f64,
    to: f64,
    names: Vec<String>,
}

/// A trace.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) commands: BTreeMap<i64, Command>,
    /// Events by container: its name, and which of that name it is.
    pub(super) containers: BTreeMap<(String, usize), Vec<Told>>,
    /// From when to when commands ran that start containers.
    pub(super) starting: Vec<Starting>,
}

/// Reads a trace.
pub(super) fn read(text: &str) -> Facts {
    let mut facts = Facts::default();
    let mut names: BTreeMap<String, (String, usize)> = BTreeMap::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for row in text.lines().filter_map(|line| json::parse(line).ok()) {
        match row.str_at(&["k"]) {
            Some("cmd") => {
                let lines = row.list_at(&["lines"]).iter().filter_map(line).collect();
                let command = Command {
                    text: row.str_at(&["cmd"]).unwrap_or_default().to_string(),
                    code: row.int_at(&["rc"]).unwrap_or(0),
                    lines,
                };
                let words: Vec<&str> = command.text.split_whitespace().collect();
                let verb = words.iter().position(|w| matches!(*w, "up" | "start" | "restart" | "scale"));
                if let Some(verb) = verb {
                    let named = words[verb + 1..].iter().filter(|w| !w.starts_with('-') && w.parse::<f64>().is_err());
                    let names = named.map(|w| w.split('=').next().unwrap_or(w).to_string()).collect();
                    facts.starting.push(Starting { from: number(&row, "t"), to: number(&row, "end"), names });
                }
                facts.commands.insert(row.int_at(&["n"]).unwrap_or(-1), command);
            }
            Some("event") => event(&row, &mut facts, &mut names, &mut seen),
            _ => {}
        }
    }
    facts
}

fn line(item: &Value) -> Option<(i64, String)> {
    let [_, fd, text] = item.as_list()? else { return None };
    Some((fd.as_int()?, mask(text.as_str()?)))
}

fn number(row: &Value, key: &str) -> f64 {
    match row.get(key) {
        Some(Value::Float(f)) => *f,
        Some(Value::Int(i)) => *i as f64,
        _ => 0.0,
    }
}

fn event(
    row: &Value,
    facts: &mut Facts,
    names: &mut BTreeMap<String, (String, usize)>,
    seen: &mut BTreeMap<String, usize>,
) {
    let text = |path: &[&str]| row.str_at(path).unwrap_or_default().to_string();
    let (kind, action) = (text(&["type"]), text(&["action"]));
    let id = if kind == "container" { text(&["id"]) } else { text(&["attrs", "container"]) };
    if kind == "container" && action == "create" {
        // A container that replaces another has its final name behind that one's id.
        let name = text(&["name"]);
        let plain = name.split_once('_').filter(|(id, _)| id.len() == 12).map_or(name.as_str(), |(_, rest)| rest);
        let count = seen.entry(plain.to_string()).or_insert(0);
        *count += 1;
        names.insert(id.clone(), (plain.to_string(), *count));
    }
    let Some(key) = names.get(&id).cloned() else { return };
    let what = match (kind.as_str(), action.as_str()) {
        ("container", "die") => format!("die {}", text(&["attrs", "exitCode"])),
        ("container", "kill") => format!("kill {}", text(&["attrs", "signal"])),
        ("container", "exec_die") => format!("exec_die {}", text(&["attrs", "exitCode"])),
        ("container", action) => action.to_string(),
        ("network", action) => format!("network {action}"),
        (kind, action) => format!("{kind} {action}"),
    };
    facts.containers.entry(key).or_default().push(Told { t: number(row, "t"), what });
}

/// Whether an event belongs to a health probe: their number depends on how long the run is.
fn probe(what: &str) -> bool {
    let command = what.strip_prefix("exec_create: ").or(what.strip_prefix("exec_start: "));
    command.is_some_and(|c| c.contains("/app check") || c.contains("pg_isready"))
}

/// The events of a container that are compared, in order: without probes, `stop` before `die`, volumes and networks sorted
/// among themselves (their order is chance).
pub(super) fn in_order(events: &[Told]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut probes = 0;
    for event in events {
        if probe(&event.what) {
            probes += usize::from(event.what.starts_with("exec_start"));
        } else if event.what.starts_with("exec_die") && probes > 0 {
            probes -= 1;
        } else {
            out.push(event.what.clone());
        }
    }
    for at in 1..out.len() {
        let (before, after) = (out[at - 1].clone(), out[at].clone());
        let swapped = before.starts_with("die") && after == "stop"
            || before.starts_with("volume") && after.starts_with("network");
        if swapped {
            out.swap(at - 1, at);
        }
    }
    out
}

/// Waits of a restart policy between an end and the next start, and the moments of health verdicts after the start. A start
/// that a command asked for is no restart: `asked` are the times of commands that start.
pub(super) fn times(name: &str, events: &[Told], asked_for: &[Starting]) -> Vec<(String, f64)> {
    let (mut died, mut started, mut asked, mut out) = (None, None, false, Vec::new());
    // Waits are numbered from the last start by hand on: one more or less before it does not shift those behind it.
    let (mut round, mut nth) = (0, 0);
    for event in events {
        match event.what.split(' ').next().unwrap_or_default() {
            "die" => died = Some(event.t).filter(|_| !asked),
            "kill" | "stop" => asked = true,
            "start" => {
                let meant =
                    |s: &Starting| s.names.is_empty() || s.names.iter().any(|n| name.contains(&format!("-{n}-")));
                let in_it = |s: &Starting, died: f64| died < s.from && s.from <= event.t && event.t <= s.to;
                let by_hand = |died: f64| asked_for.iter().any(|s| meant(s) && in_it(s, died));
                match died.take() {
                    Some(died) if !by_hand(died) => {
                        nth += 1;
                        out.push((format!("restart {round}.{nth}"), event.t - died));
                    }
                    _ => (round, nth) = (round + 1, 0),
                }
                (started, asked) = (Some(event.t), false);
            }
            "health_status:" => {
                if let Some(started) = started {
                    out.push((event.what.clone(), event.t - started));
                }
            }
            _ => {}
        }
    }
    out
}

/// Masks what differs from run to run.
pub(super) fn mask(line: &str) -> String {
    let line = line.trim_start_matches('\r').replace("\u{1b}[K", "");
    if line.starts_with('{') && line.contains("\"Labels\"") {
        return "json of ".to_string() + line.split("\"Name\":").nth(1).and_then(|r| r.split(',').next()).unwrap_or("");
    }
    // Which of two services that clash is named first is chance: FID-151.
    let line = match line.split_once(": container name ") {
        Some((head, rest)) if head.starts_with("services.") && rest.contains("already in use by service") => {
            format!("services.NAME: container name {rest}")
        }
        _ => line,
    };
    let line = match line.split_once("endpoint ") {
        Some((before, after)) if line.contains("driver failed programming") => {
            let name = after.split(' ').next().unwrap_or_default();
            let why = if after.contains("all ports") { "all ports are allocated" } else { "port is already allocated" };
            format!("{before}endpoint {name}: {why}")
        }
        _ => line,
    };
    let words: Vec<String> = line.split_whitespace().map(mask_word).collect();
    let progress = line.starts_with(' ');
    let text = lengths(&words).join(" ");
    if progress { format!("- {}", unnumbered(&text)) } else { text }
}

fn mask_word(word: &str) -> String {
    let inner = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let inner = inner.rsplit('=').next().unwrap_or(inner);
    let hex = |s: &str| s.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    if word.starts_with("time=\"") {
        return "TIME".into();
    }
    if matches!(inner.len(), 12 | 64) && hex(inner) && inner.chars().any(|c| c.is_ascii_digit()) {
        return word.replace(inner, "ID");
    }
    if let Some((name, rest)) = word.split_once("-run-")
        && rest.len() >= 12
    {
        return format!("{name}-run-ID");
    }
    if inner.len() > 20 && inner.contains('T') && inner.ends_with('Z') {
        return "TIME".into();
    }
    if inner.starts_with("172.") {
        return word.replace(inner, "IP");
    }
    let port = inner.split("->").next().unwrap_or_default().rsplit(':').next().unwrap_or_default();
    match port.parse::<u32>() {
        Ok(n) if n >= 32_768 && word.contains(':') => word.replace(port, "PORT"),
        _ => word.to_string(),
    }
}

/// `5 seconds`, `About a minute`, `Less than a second`, process numbers and clock times of `top`, sizes.
fn lengths(words: &[String]) -> Vec<String> {
    const UNITS: [&str; 12] =
        ["second", "seconds", "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month", "months"];
    let mut out: Vec<String> = Vec::new();
    let top = words.iter().any(|w| w == "root") && words.iter().any(|w| w == "00:00:00");
    for word in words {
        let number =
            |w: Option<&String>| w.is_some_and(|w| w.parse::<u64>().is_ok() || matches!(w.as_str(), "a" | "an"));
        if UNITS.contains(&word.trim_end_matches(')')) && (number(out.last()) || out.last().is_some_and(|w| w == "a")) {
            out.pop();
            while out.last().is_some_and(|w| matches!(w.as_str(), "About" | "Less" | "than")) {
                out.pop();
            }
            out.push("SPAN".into());
        } else if top && (word.parse::<u64>().is_ok_and(|n| n > 99) || word.matches(':').count() == 1) {
            out.push("N".into());
        } else {
            out.push(word.clone());
        }
    }
    out
}

/// The number of a replica left out of names of containers.
fn unnumbered(text: &str) -> String {
    let word = |w: &str| match w.rsplit_once('-') {
        Some((name, n)) if n.parse::<u32>().is_ok() => format!("{name}-#"),
        _ => match w.strip_prefix("service:").and_then(|r| r.rsplit_once(':')) {
            Some((name, _)) => format!("service:{name}:#"),
            None => w.to_string(),
        },
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chance_is_masked() {
        for (line, want) in [
            (" Container scale-web-3 Started ", "- Container scale-web-# Started"),
            ("a-1   myapp:1   2 seconds ago   Up About a minute   80/tcp", "a-1 myapp:1 SPAN ago Up SPAN 80/tcp"),
            ("a-1   Up Less than a second   0.0.0.0:32768->80/tcp", "a-1 Up SPAN 0.0.0.0:PORT->80/tcp"),
            ("f8fa03858800c34552ad457f390ee2adfcfc9b39e75e794abfadd9002156ee72", "ID"),
            ("time=\"2026-01-01T00:00:00Z\" level=warning msg=\"x\"", "TIME level=warning msg=\"x\""),
            (
                "services.api: container name \"x\" is already in use by service {}\"",
                "services.NAME: container name \"x\" is already in use by service {}\"",
            ),
            ("\r\u{1b}[Ka-1 exited with code 0", "a-1 exited with code 0"),
        ] {
            assert_eq!(mask(line), want);
        }
    }
}
