//! The demonstration program: what an image that is plainly called `app` holds, steered by its environment. Ours: `PORT START_DELAY UNHEALTHY UNHEALTHY_AFTER RECOVER_AFTER
//! HEALTHY_AFTER HEALTH_SLOW EXIT_AFTER EXIT_CODE IGNORE_TERM TERM_DELAY TERM_CODE ALLOC_MB ALLOC_AFTER GRPC_PORT LOG_EVERY`.

use super::profile::{Ask, End, Profile, Term};
use crate::sim::Span;
use std::rc::Rc;

/// The image that holds it. Ours: a short name that nobody publishes; a lab may name more.
pub const IMAGE: &str = "docker.io/library/app";
/// Most lines that are numbered in one run. Ours: bounds memory.
const LINES_MAX: u64 = 2_000;

/// How a run of it goes.
pub fn profile(ask: &Ask) -> Profile {
    let text = |key: &str| ask.env.iter().find(|(k, _)| &**k == key).map(|(_, v)| &**v);
    let span = |key: &str| text(key).and_then(decimal);
    let code = |key: &str| text(key).and_then(|v| v.parse::<i32>().ok());
    let flag = |key: &str| text(key).is_some_and(|v| !v.is_empty() && v != "0");
    let mut unwell = Vec::new();
    if flag("UNHEALTHY") {
        unwell.push((Span::ZERO, span("HEALTHY_AFTER").or(span("RECOVER_AFTER"))));
    } else if let Some(until) = span("HEALTHY_AFTER") {
        unwell.push((Span::ZERO, Some(until)));
    }
    if let Some(from) = span("UNHEALTHY_AFTER") {
        unwell.push((from, span("RECOVER_AFTER").filter(|to| *to > from)));
    }
    let exits = span("EXIT_AFTER").map(|after| End { after, code: code("EXIT_CODE").unwrap_or(0), oom: false });
    let megabytes = text("ALLOC_MB").and_then(|v| v.parse::<i64>().ok()).unwrap_or(0);
    let too_much = ask.memory_limit > 0 && megabytes.saturating_mul(1 << 20) > ask.memory_limit;
    let oom = too_much.then(|| End { after: span("ALLOC_AFTER").unwrap_or(Span::ZERO), code: 137, oom: true });
    let ports = ["PORT", "GRPC_PORT"].iter().filter_map(|p| text(p)).filter_map(|p| p.parse().ok());
    let mut ports: Vec<u16> = ports.collect();
    if text("PORT").is_none() {
        ports.push(80);
    }
    let listens = span("START_DELAY").unwrap_or(Span::ZERO);
    let term = match flag("IGNORE_TERM") {
        true => Term::Ignores,
        false => Term::Ends { after: span("TERM_DELAY").unwrap_or(Span::ZERO), code: code("TERM_CODE").unwrap_or(0) },
    };
    let end = [exits, oom].into_iter().flatten().min_by_key(|e| e.after);
    let clash = ports.iter().find(|p| ask.taken.contains(p));
    let end = match clash {
        Some(_) => Some(End { after: listens, code: 1, oom: false }),
        None => end,
    };
    let mut said = vec![(Span::ZERO, "start serve pid 1 args [\"/app\" \"serve\"]".to_string())];
    said.extend(span("LOG_EVERY").into_iter().flat_map(counted));
    let tenths = listens.0 / 100_000;
    let port = ports.first().unwrap_or(&80);
    said.push(match clash {
        Some(port) => (listens, format!("listen: listen tcp :{port}: bind: address already in use")),
        None => (listens, format!("listening on {port} after {}.{}s", tenths / 10, tenths % 10)),
    });
    for (from, to) in &unwell {
        if *from > Span::ZERO {
            said.push((*from, "now unhealthy".into()));
        }
        said.extend(to.map(|to| (to, "healthy again".to_string())));
    }
    said.extend(end.filter(|e| !e.oom && clash.is_none()).map(|e| (e.after, format!("exiting with {}", e.code))));
    said.sort_by_key(|(at, _)| *at);
    Profile {
        listens_after: Some(listens),
        ports,
        unwell,
        bare: true,
        slow: span("HEALTH_SLOW").unwrap_or(Span::ZERO),
        end,
        term,
        lines: Rc::new(said),
        last_lines: Rc::new(last_lines(term)),
        prints_requests: true,
        ..Profile::default()
    }
}

/// What it prints on SIGTERM.
fn last_lines(term: Term) -> Vec<(Span, String)> {
    let mut said = vec![(Span::ZERO, "signal terminated".to_string())];
    if let Term::Ends { after, .. } = term {
        said.push((after, "bye".into()));
    }
    said
}

/// A numbered line every so often; each fifth is followed by one on standard error.
fn counted(every: Span) -> Vec<(Span, String)> {
    let mut said = Vec::new();
    for n in 1..=LINES_MAX {
        let at = every * (n - 1);
        said.push((at, format!("line {n}")));
        if n % 5 == 0 {
            said.push((at, format!("stderr line {n}")));
        }
    }
    said
}

/// The line about a request, if the program prints those.
pub fn request_line(path: &str, address: &str) -> String {
    match path {
        "/healthz" => format!("probe /healthz ua=kube-probe/1.37 host={address}"),
        "/hook" => "hook ".into(),
        path => format!("probe {path}"),
    }
}

/// Seconds with a fraction, `2.5`.
fn decimal(text: &str) -> Option<Span> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let micros: u64 = format!("{part:0<6}").get(..6)?.parse().ok()?;
    Some(Span(whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)?))
}
