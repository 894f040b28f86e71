//! Stopping, killing, restarting and freezing a container.
//! Source: moby v29 daemon/stop.go, containerStop; kill.go, killWithSignal; restart.go; pause.go.

use super::*;
use crate::workload::Term;

/// Time a container gets to stop. Source: moby v29 daemon/container/container_unix.go, defaultStopTimeout.
const GRACE: Span = Span::secs(10);
/// With no time at all, the second signal follows the first so soon. Ours: recorded.
const AT_ONCE: Span = Span::millis(30);

/// Names of the signals of Linux, from 1 on. Source: moby/sys signal/signal_linux.go, SignalMap.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
];
/// Second names. Source: see above.
const ALSO: [(&str, i32); 3] = [("IOT", 6), ("CLD", 17), ("POLL", 29)];
/// Signals for programs' own use, first and last. Source: see above, sigrtmin, sigrtmax.
const OWN_USE: (i32, i32) = (34, 64);

/// The number that a signal's name or number stands for. Source: moby/sys signal/signal.go, ParseSignal.
pub fn signal_of(word: &str) -> Result<i32, String> {
    let invalid = || format!("invalid signal: {word}");
    if let Ok(number) = word.parse::<i32>() {
        return if number == 0 { Err(invalid()) } else { Ok(number) };
    }
    let upper = word.to_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let (least, most) = OWN_USE;
    let further =
        |sign: &str| name.get(5..).and_then(|rest| rest.strip_prefix(sign)).and_then(|n| n.parse::<i32>().ok());
    let own_use = || match name.get(..5) {
        Some("RTMIN") if name.len() == 5 => Some(least),
        Some("RTMAX") if name.len() == 5 => Some(most),
        Some("RTMIN") => further("+").filter(|n| (1..=15).contains(n)).map(|n| least + n),
        Some("RTMAX") => further("-").filter(|n| (1..=14).contains(n)).map(|n| most - n),
        _ => None,
    };
    let usual = SIGNALS.iter().position(|known| *known == name).map(|at| at as i32 + 1);
    let second = || ALSO.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
    usual.or_else(second).or_else(own_use).ok_or_else(invalid)
}

/// The number of a container's stop signal. Source: moby v29 daemon/container/container.go, StopSignal.
pub(super) fn stop_signal(word: &str) -> i32 {
    signal_of(if word.is_empty() { "TERM" } else { word }).unwrap_or(TERM)
}

/// SIGTERM. Source: POSIX.
const TERM: i32 = 15;

/// How the demonstration program speaks of a signal: the names of the Go library.
fn signal_words(number: i32) -> &'static str {
    match number {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        10 => "user defined signal 1",
        12 => "user defined signal 2",
        _ => "terminated",
    }
}

impl Engine {
    /// `docker stop`; the time overrides the container's own.
    pub fn stop(&mut self, cid: Cid, grace: Option<Span>) -> Ticket {
        let ticket = self.ticket();
        self.stop_then(cid, grace, AfterEnd::Stop(ticket));
        ticket
    }
    /// `docker restart`.
    pub fn restart(&mut self, cid: Cid, grace: Option<Span>) -> Ticket {
        let ticket = self.ticket();
        self.stop_then(cid, grace, AfterEnd::Restart(ticket));
        ticket
    }
    fn stop_then(&mut self, cid: Cid, grace: Option<Span>, then: AfterEnd) {
        use AfterEnd::{Remove, Restart, Stop, Tell};
        let (Stop(ticket) | Restart(ticket) | Remove(ticket, _) | Tell(ticket)) = then;
        let Some(c) = self.containers.get(&cid).cloned().filter(|_| self.power != Power::Lost) else {
            return self.answer_soon(ticket, Err(self.no_container(cid)));
        };
        if let (true, Some(c)) = (matches!(then, AfterEnd::Stop(_)) && c.status != Status::Created, self.edit(cid)) {
            c.by_hand = c.by_hand || matches!(c.status, Status::Running | Status::Paused | Status::Restarting);
        }
        match c.status {
            Status::Running | Status::Paused => {
                self.ends.push((cid, then));
                self.signal(cid, stop_signal(&c.spec.stop_signal));
                let grace = grace.or(c.spec.stop_grace).unwrap_or(GRACE);
                self.after(grace.max_of(AT_ONCE), Timer::GraceOver(cid, c.epoch));
            }
            Status::Restarting => {
                self.lay_down(cid);
                self.tell(cid, "stop", &[]);
                match then {
                    AfterEnd::Restart(ticket) => self.start_again(cid, ticket),
                    _ => self.answer_soon(ticket, Ok(Reply::Done)),
                }
            }
            _ => match then {
                AfterEnd::Restart(ticket) => self.start_again(cid, ticket),
                _ => self.answer_soon(ticket, Ok(Reply::Done)),
            },
        }
    }
    /// Ends the wait of a restart policy.
    pub(super) fn lay_down(&mut self, cid: Cid) {
        if let Some(c) = self.edit(cid) {
            c.status = Status::Exited;
            c.epoch += 1;
        }
    }
    /// A signal to the first process: the event, and what the process does.
    pub(super) fn signal(&mut self, cid: Cid, number: i32) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        self.tell(cid, "kill", &[("signal", number.to_string().as_str().into())]);
        self.note(cid, asked_to_stop(c.name.clone(), number));
        let Some(run) = c.run() else { return };
        if number == 9 {
            return self.after(Span::millis(2), Timer::End(cid, c.epoch, 137, false));
        }
        let hangs = self.unit(cid).is_some_and(|unit| unit.twist.hangs);
        if !matches!(number, 1 | 2 | 3 | 15) || c.status == Status::Paused || hangs {
            return;
        }
        let talks = run.process.talks;
        if number == 1 {
            // Nobody asked for it: the demonstration program ends by it, servers read their files again.
            if talks {
                self.after(Span::millis(2), Timer::End(cid, c.epoch, 129, false));
            }
            return;
        }
        let moment = self.draw(|p| p.term);
        if talks {
            self.say(cid, self.now + moment, &format!("signal {}", signal_words(number)));
        }
        if let Term::Ends { after, code } = run.process.profile.term {
            let at = moment + after.max(self.drains(cid));
            self.will_stop(cid, moment);
            if talks {
                self.say(cid, self.now + at, "bye");
            }
            self.after(at, Timer::End(cid, c.epoch, code, false));
        }
    }
    fn say(&mut self, cid: Cid, at: Time, words: &str) {
        if let Some(run) = self.edit(cid).and_then(|c| c.runs.last_mut()) {
            run.said.push((at, words.into()));
        }
    }
    pub(super) fn grace_over(&mut self, cid: Cid, epoch: u32) {
        let Some(c) = self.current(cid, epoch).filter(|c| c.alive()) else { return };
        let grace = c.spec.stop_grace.unwrap_or(GRACE).as_secs();
        self.note(cid, grace_over(c.name.clone(), grace));
        let was = c.run().is_some();
        self.tell(cid, "kill", &[("signal", "9".into())]);
        if was {
            self.after(Span::millis(2), Timer::End(cid, epoch, 137, false));
        }
    }
    /// `docker kill`. A signal that stops a container also ends its restart policy until the next start by hand.
    pub fn kill(&mut self, cid: Cid, signal: &str) -> Ticket {
        let ticket = self.ticket();
        let number = match signal_of(signal) {
            Ok(number) if (1..=31).contains(&number) || (OWN_USE.0..=OWN_USE.1).contains(&number) => number,
            Ok(number) => {
                let words = format!("the linux daemon does not support signal {number}");
                self.answer_soon(ticket, Err(Refusal::new(Fault::Other, words)));
                return ticket;
            }
            Err(words) => {
                self.answer_soon(ticket, Err(Refusal::new(Fault::Other, words)));
                return ticket;
            }
        };
        let Some(c) = self.containers.get(&cid).cloned().filter(|_| self.power != Power::Lost) else {
            self.answer_soon(ticket, Err(self.no_container(cid)));
            return ticket;
        };
        let own = stop_signal(&c.spec.stop_signal);
        let stops = number == 9 || number == own;
        match c.status {
            Status::Running | Status::Paused => {
                if let (true, Some(c)) = (stops, self.edit(cid)) {
                    c.by_hand = true;
                }
                self.signal(cid, number);
                match number {
                    9 => self.ends.push((cid, AfterEnd::Tell(ticket))),
                    _ => self.answer_soon(ticket, Ok(Reply::Done)),
                }
            }
            Status::Restarting => {
                if let Some(c) = self.edit(cid) {
                    c.by_hand = true;
                }
                self.lay_down(cid);
                self.answer_soon(ticket, Ok(Reply::Done));
            }
            _ => {
                let words = format!("cannot kill container: {}: container {} is not running", c.id, c.id);
                self.answer_soon(ticket, Err(Refusal::new(Fault::Conflict, words)));
            }
        }
        ticket
    }
    /// `docker pause` and `docker unpause`.
    pub fn freeze(&mut self, cid: Cid, frozen: bool) -> Ticket {
        let ticket = self.ticket();
        let answer = match self.containers.get(&cid).cloned().filter(|_| self.power != Power::Lost) {
            None => Err(self.no_container(cid)),
            Some(c) => {
                let refused = match (c.status, frozen) {
                    (Status::Running, true) | (Status::Paused, false) => None,
                    (Status::Paused, true) => Some(format!("container {} is already paused", c.id)),
                    (Status::Restarting, true) => {
                        Some(format!("Container {} is restarting, wait until the container is running", c.id))
                    }
                    (_, true) => Some(format!("container {} is not running", c.id)),
                    (_, false) => Some(format!("Container {} is not paused", c.id)),
                };
                match refused {
                    Some(words) => Err(Refusal::new(Fault::Conflict, words)),
                    None => {
                        if let Some(c) = self.edit(cid) {
                            c.status = if frozen { Status::Paused } else { Status::Running };
                        }
                        self.floor.twist(key(cid), |t| t.frozen = frozen);
                        self.tell(cid, if frozen { "pause" } else { "unpause" }, &[]);
                        if frozen {
                            self.end_health(cid)
                        } else {
                            self.begin_health_again(cid)
                        }
                        Ok(Reply::Done)
                    }
                }
            }
        };
        self.answer_soon(ticket, answer);
        ticket
    }
}

trait Longer {
    fn max_of(self, other: Self) -> Self;
}
impl Longer for Span {
    fn max_of(self, other: Span) -> Span {
        if self.0 > other.0 { self } else { other }
    }
}

impl Engine {
    /// Whether a container is stopped only to be started again: `docker restart`.
    pub fn restarting_by_hand(&self, cid: Cid) -> bool {
        self.containers.get(&cid).is_some_and(|c| c.status == Status::Exited && c.coming_back)
    }
    /// A client asked for a container's processes.
    pub fn told_top(&mut self, cid: Cid) {
        self.tell(cid, "top", &[]);
    }
    /// A client attaches to a container's output.
    pub fn attach(&mut self, cid: Cid) {
        self.tell(cid, "attach", &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names_and_numbers() {
        for (word, number) in [
            ("TERM", 15),
            ("sigterm", 15),
            ("9", 9),
            ("SIGUSR1", 10),
            ("winch", 28),
            ("SYS", 31),
            ("CLD", 17),
            ("RTMIN", 34),
            ("SIGRTMIN+3", 37),
            ("RTMAX-1", 63),
            ("RTMAX", 64),
        ] {
            assert_eq!(signal_of(word), Ok(number), "{word}");
        }
        for word in ["foo", "0", "SIGSIGTERM", "RTMIN+16", "RTMAX-15", "RTMIN3", ""] {
            assert_eq!(signal_of(word), Err(format!("invalid signal: {word}")));
        }
        assert_eq!([stop_signal(""), stop_signal("QUIT")], [15, 3]);
    }
}
