//! `conformance compose-compare RECORDED OURS`: how much two sets of traces agree.
//!
//! - **Commands**, paired by their number: the exit code is equal, and the masked lines are. Lines of standard output of a view
//!   are compared in order; lines with a container's name before `|` in order for each container; progress lines as sets for each
//!   thing they are about, and one thing that comes wholly before another in the first trace must not come wholly behind it in
//!   the second (what is only said to be running may stand anywhere). Lines that wait for a dependency may be told once or more
//!   often. Which of two clashing services is named is chance. What a name was answered with is compared as a set: the order
//!   is chance. So are lists of variables and warnings.
//! - **Events** of each container, paired by name and order of creation: the longest common sequence, as a share of the longer.
//! - **Times**: each wait of a restart policy and each health verdict after its start, paired in order, within 0.7 s.
//!   With a second recording (`AGAIN`) only those times are asked that the real thing showed twice: the others are chance.

use super::facts::{Command, Facts, in_order, read, times};
use super::{Outcome, Request, find};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Ours: the tolerance that the loaded machine of the recordings asks for, in seconds.
const TOLERANCE: f64 = 0.7;

#[derive(Clone, Copy, Debug, Default)]
struct Share {
    good: usize,
    all: usize,
}

impl Share {
    fn add(&mut self, good: usize, all: usize) {
        self.good += good;
        self.all += all;
    }
    fn percent(self) -> f64 {
        if self.all == 0 { 100.0 } else { self.good as f64 * 100.0 / self.all as f64 }
    }
}

/// The family `compose-compare`.
pub fn compare(request: &Request) -> Outcome {
    let [recorded, ours, again @ ..] = &request.files[..] else {
        return Outcome::usage("conformance compose-compare RECORDED OURS [AGAIN] [--only PREFIX] [--why]");
    };
    let mut folders: Vec<PathBuf> = Vec::new();
    find(Path::new(recorded), "trace.jsonl", &mut folders);
    let (mut commands, mut events, mut moments) = (Share::default(), Share::default(), Share::default());
    let (mut out, mut missing) = (String::new(), 0);
    for folder in folders {
        let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if request.only.as_deref().is_some_and(|prefix| !name.starts_with(prefix)) {
            continue;
        }
        let text = |path: &Path| std::fs::read_to_string(path.join("trace.jsonl")).ok();
        let (Some(a), Some(b)) = (text(&folder), text(&Path::new(ours).join(&name))) else {
            missing += 1;
            continue;
        };
        let (a, b) = (read(&a), read(&b));
        let again = again.first().map(|dir| text(&Path::new(dir).join(&name)).map(|c| read(&c)).unwrap_or_default());
        let mut why = String::new();
        let three = [
            compare_commands(&a, &b, &mut why),
            compare_events(&a, &b, &mut why),
            compare_times(&a, &b, again.as_ref(), &mut why),
        ];
        for (sum, one) in [&mut commands, &mut events, &mut moments].into_iter().zip(three) {
            sum.add(one.good, one.all);
        }
        let [c, e, t] = three;
        let _ = writeln!(
            out,
            "{name}: commands {}/{}, events {}/{}, times {}/{}",
            c.good, c.all, e.good, e.all, t.good, t.all
        );
        if request.why {
            out.push_str(&why);
        }
    }
    for (what, share) in [("commands", commands), ("events", events), ("times", moments)] {
        let _ = writeln!(out, "{what}: {}/{} {:.1} %", share.good, share.all, share.percent());
    }
    if missing > 0 {
        let _ = writeln!(out, "{missing} scenarios are missing");
    }
    Outcome { out, ..Outcome::default() }
}

fn compare_commands(a: &Facts, b: &Facts, why: &mut String) -> Share {
    let mut share = Share::default();
    for (n, left) in &a.commands {
        let verdict = b.commands.get(n).map_or_else(|| Err("not run".to_string()), |right| same(left, right));
        share.add(usize::from(verdict.is_ok()), 1);
        if let Err(words) = verdict {
            let _ = writeln!(why, "  {n} {}: {words}", left.text);
        }
    }
    share
}

/// Whether two runs of a command agree; otherwise in what they do not.
fn same(a: &Command, b: &Command) -> Result<(), String> {
    if a.code != b.code {
        return Err(format!("exit code {} and {}", a.code, b.code));
    }
    let (left, right) = (groups(a), groups(b));
    for key in left.keys().chain(right.keys()) {
        let (one, other) = (left.get(key), right.get(key));
        if one != other {
            let none = Vec::new();
            let (one, other) = (one.unwrap_or(&none), other.unwrap_or(&none));
            let only = |x: &[String], y: &[String]| x.iter().find(|l| !y.contains(l)).cloned().unwrap_or_default();
            let (first, second) = (only(one, other), only(other, one));
            return Err(match first.is_empty() && second.is_empty() {
                true => format!("other order or number of lines about {key:?}: {} and {}", one.len(), other.len()),
                false => format!("{first:?} against {second:?}"),
            });
        }
    }
    let order = spans(a);
    for (x, (_, last)) in &order {
        for (y, (first, _)) in order.iter().filter(|(y, _)| *y != x) {
            let behind = spans(b);
            let wrong = last < first && behind.get(x).zip(behind.get(y)).is_some_and(|(x, y)| y.1 < x.0);
            if wrong {
                return Err(format!("{y:?} comes before {x:?}"));
            }
        }
    }
    Ok(())
}

/// What a line is about: a thing of a progress line, a container whose output it is, or the stream.
fn about(fd: i64, line: &str) -> (String, bool) {
    if let Some(progress) = line.strip_prefix("- ") {
        let mut words = progress.split(' ');
        let thing = [words.next().unwrap_or_default(), words.next().unwrap_or_default()].join(" ");
        return (thing, true);
    }
    match line.split_once(" | ") {
        Some((name, _)) if !name.contains(' ') => (format!("output of {name}"), false),
        _ => match line.split_once(" exited with code") {
            Some((name, _)) => (format!("end of {name}"), false),
            None => (format!("stream {fd}"), false),
        },
    }
}

fn groups(command: &Command) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, (Vec<String>, bool)> = BTreeMap::new();
    for (fd, line) in &command.lines {
        let (key, set) = about(*fd, line);
        let group = all.entry(key).or_default();
        group.1 |= set;
        let waits = line.ends_with(" Waiting") || line.ends_with(" Healthy");
        if !(waits && group.0.contains(line)) {
            group.0.push(line.clone());
        }
    }
    let sorted = |(key, (mut lines, set)): (String, (Vec<String>, bool))| {
        let shuffled =
            command.text.contains("resolve") || command.text.contains("/app get") || command.text.contains("wget");
        let variables = lines.iter().all(|l| l.contains('='));
        if set || shuffled || variables || lines.iter().any(|l| l.contains("level=warning")) {
            lines.sort();
        }
        if shuffled {
            // Who answers, and whether somebody who comes and goes was there, is chance.
            lines.dedup();
        }
        (key, lines)
    };
    all.into_iter().map(sorted).collect()
}

/// First and last line of each thing that progress lines are about.
fn spans(command: &Command) -> BTreeMap<String, (usize, usize)> {
    let mut all: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (at, (fd, line)) in command.lines.iter().enumerate() {
        if line.ends_with(" Running") {
            continue;
        }
        if let (key, true) = about(*fd, line) {
            all.entry(key).and_modify(|s| s.1 = at).or_insert((at, at));
        }
    }
    all
}

fn compare_events(a: &Facts, b: &Facts, why: &mut String) -> Share {
    let mut share = Share::default();
    for (key, left) in &a.containers {
        let left = in_order(left);
        let right = b.containers.get(key).map(|e| in_order(e)).unwrap_or_default();
        let common = longest_common(&left, &right);
        share.add(common, left.len().max(right.len()));
        if common < left.len().max(right.len()) {
            let _ = writeln!(why, "  {} #{}: {}\n    against {}", key.0, key.1, left.join(", "), right.join(", "));
        }
    }
    for (key, right) in b.containers.iter().filter(|(key, _)| !a.containers.contains_key(*key)) {
        share.add(0, in_order(right).len());
        let _ = writeln!(why, "  {} #{}: only in the second", key.0, key.1);
    }
    share
}

fn longest_common(a: &[String], b: &[String]) -> usize {
    let mut row = vec![0usize; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (at, y) in b.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if x == y { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    row[b.len()]
}

fn compare_times(a: &Facts, b: &Facts, again: Option<&Facts>, why: &mut String) -> Share {
    let mut share = Share::default();
    for (key, left) in &a.containers {
        let left = times(&key.0, left, &a.starting);
        let right = times_of(b, key);
        let twice = again.map(|c| times_of(c, key));
        for (at, (what, seconds)) in left.iter().enumerate() {
            // The same verdict may be given more than once.
            let nth = left[..at].iter().filter(|(w, _)| w == what).count();
            let of = |list: &[(String, f64)]| list.iter().filter(|(w, _)| w == what).nth(nth).map(|(_, s)| *s);
            let near = |other: Option<f64>| other.is_some_and(|s| (s - seconds).abs() <= TOLERANCE);
            if twice.as_ref().is_some_and(|list| !near(of(list))) {
                continue;
            }
            let (other, good) = (of(&right), near(of(&right)));
            share.add(usize::from(good), 1);
            if !good {
                let _ = writeln!(why, "  {} #{}: {what} after {seconds:.2} s against {other:?}", key.0, key.1);
            }
        }
    }
    share
}

/// The waits and verdicts of one container, none if it is not there.
fn times_of(facts: &Facts, key: &(String, usize)) -> Vec<(String, f64)> {
    facts.containers.get(key).map(|events| times(&key.0, events, &facts.starting)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(code: i64, lines: &[&str]) -> Command {
        let lines = lines.iter().map(|l| (2, super::super::facts::mask(l))).collect();
        Command { text: "docker compose up -d".into(), code, lines }
    }

    #[test]
    fn parallel_work_may_change_places_and_dependent_work_may_not() {
        let parallel = [
            " Container a-1 Starting ",
            " Container b-1 Starting ",
            " Container a-1 Started ",
            " Container b-1 Started ",
        ];
        let other = [
            " Container b-1 Starting ",
            " Container a-1 Starting ",
            " Container b-1 Started ",
            " Container a-1 Started ",
        ];
        assert_eq!(same(&command(0, &parallel), &command(0, &other)), Ok(()));
        let one_by_one = [
            " Container a-1 Starting ",
            " Container a-1 Started ",
            " Container b-1 Starting ",
            " Container b-1 Started ",
        ];
        let turned = [
            " Container b-1 Starting ",
            " Container b-1 Started ",
            " Container a-1 Starting ",
            " Container a-1 Started ",
        ];
        assert!(same(&command(0, &one_by_one), &command(0, &turned)).is_err());
        assert!(same(&command(0, &parallel), &command(1, &parallel)).is_err());
        assert!(same(&command(0, &parallel), &command(0, &parallel[..3])).is_err());
    }

    #[test]
    fn a_time_that_the_real_thing_did_not_show_twice_is_not_asked() {
        let run = |restart: f64| {
            let row = |t: f64, action: &str| {
                let start = format!(r#"{{"k":"event","type":"container","id":"c","name":"web-1","t":{t},"#);
                format!(r#"{start}"action":"{action}","attrs":{{"exitCode":"1"}}}}"#)
            };
            read(&[row(0.0, "create"), row(0.1, "start"), row(1.0, "die"), row(1.0 + restart, "start")].join("\n"))
        };
        let share = |again: Option<f64>| {
            let (recorded, ours, again) = (run(0.2), run(2.0), again.map(run));
            let share = compare_times(&recorded, &ours, again.as_ref(), &mut String::new());
            (share.good, share.all)
        };
        assert_eq!(share(None), (0, 1));
        assert_eq!(share(Some(0.5)), (0, 1));
        assert_eq!(share(Some(1.5)), (0, 0));
    }

    #[test]
    fn common_sequences() {
        let list = |words: &[&str]| words.iter().map(|w| w.to_string()).collect::<Vec<_>>();
        assert_eq!(longest_common(&list(&["a", "b", "c", "d"]), &list(&["a", "c", "x", "d"])), 3);
    }
}
