//! Verbs of `docker` about one container: `port`, `top`, `wait`, `rename`, `update`, `logs`.
//! Source: docker/cli v28 cli/command/container; moby v29 daemon.

use super::look::Look;
use super::table::{WIDE, table};
use super::words::ports;
use super::{Desk, Next, logs, views};
use crate::compose::engine::{Cid, Printed, Restart};
use crate::compose::project::{ERR, OUT, Step, stamp_nano};
use crate::text::go::quoted;
use crate::workload::Stream;
use std::rc::Rc;

fn missing(name: &str) -> String {
    format!("Error response from daemon: No such container: {name}")
}

/// The container of the first word, or the refusal.
fn first(look: &Look, desk: &Desk) -> Result<(Cid, String), Next> {
    let name = look.args.words.first().cloned().unwrap_or_default();
    match desk.host.engine.find(&name) {
        Some(cid) => Ok((cid, name)),
        None => Err(Next::error(1, missing(&name))),
    }
}

/// `docker port`: one port, `tcp` unless it says otherwise, or all. Source: port.go, runPort.
pub(super) fn port(look: &Look, desk: &mut Desk) -> Next {
    let (cid, name) = match first(look, desk) {
        Ok(found) => found,
        Err(next) => return next,
    };
    let bound = desk.host.engine.container(cid).map(ports).unwrap_or_default();
    let ip = |ip: &str| if ip.contains(':') { format!("[{ip}]") } else { ip.to_string() };
    // Sorted as people do, numbers by their size.
    let mut lines: Vec<(u16, String, bool, String)> = bound
        .into_iter()
        .filter(|p| p.public != 0)
        .map(|p| (p.target, p.protocol.to_string(), p.ip.contains(':'), format!("{}:{}", ip(&p.ip), p.public)))
        .collect();
    lines.sort();
    let Some(wanted) = look.args.words.get(1) else {
        return Next::out(
            lines.into_iter().map(|(port, protocol, _, at)| format!("{port}/{protocol} -> {at}")).collect(),
        );
    };
    let (number, protocol) = wanted.split_once('/').unwrap_or((wanted, ""));
    let protocol = if protocol.is_empty() { "tcp" } else { protocol };
    let Ok(number) = number.parse::<u16>() else {
        let why = if number.parse::<u64>().is_ok() { "value out of range" } else { "invalid syntax" };
        let number_quoted = quoted(number);
        let words = format!("Error: invalid port ({number}): strconv.ParseUint: parsing {number_quoted}: {why}");
        return Next::error(1, words);
    };
    let found = lines.into_iter().filter(|(port, of, ..)| *port == number && *of == protocol);
    let found: Vec<String> = found.map(|(.., at)| at).collect();
    match found.is_empty() {
        true => Next::error(1, format!("Error: No public port '{wanted}' published for {name}")),
        false => Next::out(found),
    }
}

/// `docker top`. Source: moby v29 daemon/top_unix.go, ContainerTop.
pub(super) fn top(look: &Look, desk: &mut Desk) -> Next {
    let (cid, _) = match first(look, desk) {
        Ok(found) => found,
        Err(next) => return next,
    };
    if look.args.words.len() > 1 {
        return Next::not_simulated(desk, "docker top CONTAINER OPTIONS");
    }
    let Some(c) = desk.host.engine.container(cid).filter(|c| c.alive()) else {
        let restarting = desk.host.engine.container(cid).filter(|c| c.status.word() == "restarting");
        let id = desk.host.engine.container(cid).map(|c| c.id.clone()).unwrap_or_default();
        let words = match restarting {
            Some(_) => format!("Container {id} is restarting, wait until the container is running"),
            None => format!("container {id} is not running"),
        };
        return Next::error(1, format!("Error response from daemon: {words}"));
    };
    let row = views::process(c, &desk.host.engine, cid, desk.host.now());
    let titles = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"].map(String::from).to_vec();
    desk.host.engine.told_top(cid);
    Next::out(table(&[titles, row], WIDE))
}

/// `docker wait`: one after the other, the exit code of each when it has ended; what is missing is told at the end.
/// Source: wait.go, runWait.
pub(super) fn wait(look: &Look, desk: &mut Desk) -> Next {
    let (mut steps, mut faults) = (Vec::new(), Vec::new());
    for name in &look.args.words {
        match desk.host.engine.find(name) {
            Some(cid) => steps.push(Step::WaitEnd(vec![cid], true)),
            None => faults.push(Step::Say(ERR, missing(name).into())),
        }
    }
    if !faults.is_empty() {
        faults.push(Step::Exit(1));
    }
    steps.extend(faults);
    Next::Work(Rc::default(), steps, None)
}

/// `docker rename`. Source: rename.go, runRename; moby v29 daemon/rename.go, ContainerRename.
pub(super) fn rename(look: &Look, desk: &mut Desk) -> Next {
    let [from, to] = &look.args.words[..] else { return Next::Done(Vec::new(), 1) };
    let (from, to) = (from.trim(), to.trim());
    if from.is_empty() || to.is_empty() {
        return Next::error(1, "Error: Neither old nor new names may be empty");
    }
    let engine = &mut desk.host.engine;
    let refused = match engine.find(from) {
        None => Err(missing(from)),
        Some(cid) => match engine.name_refused(cid, to) {
            Some(words) => Err(format!("Error response from daemon: {words}")),
            None => Ok(cid),
        },
    };
    match refused {
        Ok(cid) => {
            let ticket = engine.rename(cid, to);
            Next::Work(Rc::default(), vec![Step::Await(ticket)], None)
        }
        Err(words) => {
            let last = format!("Error: failed to rename container named {from}");
            Next::Done(vec![(ERR, words), (ERR, last)], 1)
        }
    }
}

/// What the daemon says of a restart policy begins so.
const DAEMON: &str = "Error response from daemon: invalid restart policy:";

/// A restart policy as it is typed. Source: docker/cli v28 opts/parse.go, ParseRestartPolicy;
/// moby v29 api/types/container/hostconfig.go, ValidateRestartPolicy.
pub(super) fn policy(text: &str) -> Result<Restart, String> {
    let (name, most) = text.split_once(':').unwrap_or((text, ""));
    if text.starts_with(':') {
        return Err("invalid restart policy format: no policy provided before colon".into());
    }
    let most: i64 = match most {
        "" => 0,
        text => text.parse().map_err(|_| "invalid restart policy format: maximum retry count must be an integer")?,
    };
    if most != 0 && matches!(name, "always" | "unless-stopped" | "no") {
        let tail = if most < 0 { " and cannot be negative" } else { "" };
        return Err(format!("{DAEMON} maximum retry count can only be used with 'on-failure'{tail}"));
    }
    match name {
        "always" => Ok(Restart::Always),
        "unless-stopped" => Ok(Restart::UnlessStopped),
        "no" | "" => Ok(Restart::No),
        "on-failure" => u32::try_from(most)
            .map(Restart::OnFailure)
            .map_err(|_| format!("{DAEMON} maximum retry count cannot be negative")),
        other => Err(format!(
            "{DAEMON} unknown policy '{other}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"
        )),
    }
}

/// `docker update --restart`. Source: update.go, runUpdate; moby v29 daemon/update.go.
pub(super) fn update(look: &Look, desk: &mut Desk) -> Next {
    let Some(text) = look.args.value("restart") else {
        return Next::error(1, "you must provide one or more flags when using this command");
    };
    let policy = match policy(text) {
        Ok(policy) => policy,
        // The daemon is asked for each container.
        Err(words) if words.starts_with(DAEMON) => {
            return Next::Done(look.args.words.iter().map(|_| (ERR, words.clone())).collect(), 1);
        }
        Err(words) => return Next::error(1, words),
    };
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    for name in &look.args.words {
        let done = match desk.host.engine.find(name) {
            Some(cid) if text.is_empty() => Ok(cid),
            Some(cid) => desk.host.engine.set_policy(cid, policy).map(|()| cid),
            None => Err(format!("No such container: {name}")),
        };
        match done {
            Ok(_) => lines.push((OUT, name.clone())),
            Err(words) => faults.push((ERR, format!("Error response from daemon: {words}"))),
        }
    }
    let code = i32::from(!faults.is_empty());
    lines.extend(faults);
    Next::Done(lines, code)
}

/// `docker logs`: what it has printed, and with `--follow` what it prints until it ends. Source: logs.go, runLogs.
pub(super) fn logs(look: &Look, desk: &mut Desk) -> Next {
    let (cid, _) = match first(look, desk) {
        Ok(found) => found,
        Err(next) => return next,
    };
    let all = desk.host.engine.output(cid);
    let shown = all.len();
    let fd = |stream| if stream == Stream::Err { ERR } else { OUT };
    let timestamps = look.args.on("timestamps");
    let line = |l: &Printed| match timestamps {
        true => format!("{} {}", stamp_nano(l.t), l.text),
        false => l.text.to_string(),
    };
    let window = match logs::window(look, desk.host.now()) {
        Ok(window) => window,
        Err(words) => return Next::error(1, words),
    };
    let kept = logs::chosen_lines(look, all, window);
    let lines: Vec<(u8, String)> = kept.iter().map(|l| (fd(l.stream), line(l))).collect();
    if !look.args.on("follow") {
        return Next::Done(lines, 0);
    }
    let mut steps: Vec<Step> = lines.into_iter().map(|(fd, text)| Step::Say(fd, text.into())).collect();
    steps.push(Step::Watch { cid, shown, timestamps });
    Next::Work(Rc::default(), steps, None)
}
