//! What somebody or something does to a host from outside: ends a process, makes a program ill, cuts the network. The engine
//! is not told; it finds out as it would in life.

use super::*;
use crate::workload::Twist;

/// Something wrong with a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ill {
    /// It lives and answers nothing, not even SIGTERM.
    Hangs,
    /// Its health check gets a bad answer; clients are answered.
    Unwell,
    /// Requests take so many times as long.
    Slow(u64),
    /// It takes so many bytes a second more and more.
    Leaks(u64),
}

impl Ill {
    fn on(self, twist: &mut Twist, so: bool) {
        match self {
            Ill::Hangs => twist.hangs = so,
            Ill::Unwell => twist.not_ready = so,
            Ill::Slow(by) => twist.slow = if so { by.max(1) as f64 } else { 1.0 },
            Ill::Leaks(rate) => twist.leak = if so { rate } else { 0 },
        }
    }
}

impl Engine {
    /// A container's first process ends, and nobody asked the engine for it: the restart policy decides what follows.
    pub fn end_process(&mut self, cid: Cid, code: i32) {
        if let Some(epoch) = self.containers.get(&cid).filter(|c| c.alive()).map(|c| c.epoch) {
            self.process_ends(cid, epoch, code, false);
        }
    }
    /// A program is ill from now on; `lasting`: also after it was started again.
    pub fn afflict(&mut self, cid: Cid, ill: Ill, lasting: bool) {
        if lasting {
            self.ills.entry(cid).or_default().push(ill);
        }
        self.twist(cid, |twist| ill.on(twist, true));
    }
    /// A program is well again, as far as this goes.
    pub fn relieve(&mut self, cid: Cid, ill: Ill) {
        if let Some(ills) = self.ills.get_mut(&cid) {
            ills.retain(|one| *one != ill);
        }
        self.twist(cid, |twist| ill.on(twist, false));
    }
    /// What a new run of a container begins with.
    pub(super) fn ills_of(&self, cid: Cid) -> Twist {
        let mut twist = Twist::default();
        self.ills.get(&cid).into_iter().flatten().for_each(|ill| ill.on(&mut twist, true));
        twist
    }
    /// The network between the host and everybody else is cut, or mended. Containers go on.
    pub fn cut_off_network(&mut self, cut: bool) {
        let machine = self.machine.clone();
        self.floor.cut_link("", &machine, cut);
    }
    /// Names are not resolved, or are again.
    pub fn break_names(&mut self, broken: bool) {
        self.floor.names_broken = broken;
        self.floor.changed();
    }
    /// Packets from one service to another are lost, or not any more.
    pub fn sever(&mut self, from: &str, to: &str, broken: bool) {
        let ends = (from.into(), to.into());
        match broken {
            true => self.floor.severed.insert(ends),
            false => self.floor.severed.remove(&ends),
        };
        self.floor.changed();
    }
    /// Writes down what was done to a container, or to the host (0): what follows about it has that as its cause.
    pub fn blame(&mut self, cid: Cid, actor: &'static str, why: Why) -> EntryId {
        let entry = Entry { t: self.now, cause: None, actor, verb: Verb::Note, object: cid, why, origin: None };
        let id = self.journal.push(entry);
        self.reasons.insert(cid, id);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ill_is_put_on_and_taken_off() {
        let mut twist = Twist::default();
        for ill in [Ill::Hangs, Ill::Unwell, Ill::Slow(7), Ill::Leaks(1024)] {
            ill.on(&mut twist, true);
            assert_ne!(twist, Twist::default(), "{ill:?}");
            ill.on(&mut twist, false);
            assert_eq!(twist, Twist::default(), "{ill:?}");
        }
    }
}
