//! `compose logs`. Source: compose v5.6 cmd/compose/logs.go, pkg/compose/logs.go.

use super::look::Look;
use super::{Desk, Next};
use crate::compose::engine::Printed;
use crate::compose::project::observed::Seen;
use crate::compose::project::{Names, OUT, Step, moment, short_name, stamp_nano};
use crate::sim::Time;
use std::rc::Rc;

/// Prints what containers have printed, container by container; with `--follow` it goes on.
pub(super) fn logs(look: &Look, desk: &Desk) -> Next {
    let args = &look.args;
    let index = args.value("index").and_then(|i| i.parse::<i64>().ok()).unwrap_or(0);
    let chosen = |s: &Seen| match args.words.is_empty() {
        true => look.project.services.get(&s.service).is_some_and(|row| row.attach),
        false => args.words.iter().any(|w| **w == *s.service),
    };
    let mut seen = look.seen(desk);
    seen.retain(|s| !s.one_off && chosen(s) && (index == 0 || s.number == index));
    if index > 0 && seen.is_empty() {
        return Next::error(1, format!("service \"{}\" is not running container #{index}", args.words[0]));
    }
    let window = match window(look, desk.host.now()) {
        Ok(window) => window,
        Err(words) => return Next::error(1, words),
    };
    let mut names = Names::shown(!args.on("no-log-prefix"));
    let mut lines: Vec<(u8, String)> = Vec::new();
    for one in &seen {
        let name = short_name(one, &look.project.name);
        for line in chosen_lines(look, desk.host.engine.output(one.cid), window) {
            let text = match args.on("timestamps") {
                true => format!("{} {}", stamp_nano(line.t), line.text),
                false => line.text.to_string(),
            };
            lines.push((OUT, names.line(&name, &text).to_string()));
        }
    }
    if !args.on("follow") {
        return Next::Done(lines, 0);
    }
    // Services that wish not to be attached to are not followed, unless they are named.
    let attached = || look.project.services.values().filter(|row| row.attach).map(|row| row.name.clone()).collect();
    let services: Vec<Rc<str>> = match args.words.is_empty() {
        true => attached(),
        false => args.words.iter().map(|w| w.as_str().into()).collect(),
    };
    let mut steps: Vec<Step> = lines.into_iter().map(|(fd, text)| Step::Say(fd, text.into())).collect();
    steps.push(Step::FollowLogs(services, names, tail(look)));
    Next::Work(look.project.clone(), steps, None)
}

/// From when, until when.
pub(super) type Window = (Option<Time>, Option<Time>);

/// `--since` and `--until`. Source: moby v29 client/container_logs.go, ContainerLogs.
pub(super) fn window(look: &Look, now: Time) -> Result<Window, String> {
    let at = |name: &str| match look.args.value(name).filter(|text| !text.is_empty()) {
        Some(text) => moment(text, now).map(Some).map_err(|why| format!("invalid value for \"{name}\": {why}")),
        None => Ok(None),
    };
    Ok((at("since")?, at("until")?))
}

/// What `--since`, `--until` and `--tail` leave.
pub(super) fn chosen_lines(look: &Look, lines: Vec<Printed>, (since, until): Window) -> Vec<Printed> {
    let kept = lines.into_iter().filter(|l| since.is_none_or(|t| l.t >= t) && until.is_none_or(|t| l.t <= t));
    let mut kept: Vec<Printed> = kept.collect();
    if let Some(n) = tail(look) {
        kept = kept.split_off(kept.len().saturating_sub(n));
    }
    kept
}

/// `--tail`; anything but a number stands for all.
fn tail(look: &Look) -> Option<usize> {
    look.args.value("tail")?.parse().ok()
}
