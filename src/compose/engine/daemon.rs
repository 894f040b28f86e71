//! The engine itself: an orderly restart, a reboot of the host, a crash. Which containers come back is decided by their
//! restart policies alone; nobody looks at `depends_on`.
//! Source: moby v29 daemon/daemon.go, Shutdown, restore.

use super::*;

/// Whether the engine runs, or how it is going down or coming up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Power {
    /// It runs.
    On,
    /// It stops in order and will be started again.
    Restarting,
    /// The host goes down in order and comes up again.
    Rebooting,
    /// It was cut off and will be started again.
    Crashed,
    /// It was cut off and stays so until somebody repairs it.
    Lost,
    /// It is coming up.
    Starting,
}

/// From the last container's end until containers are started again. Ours: recorded.
const RESTART_TAKES: Span = Span::millis(3_100);
/// The same for a whole host. Ours: recorded.
const REBOOT_TAKES: Span = Span::millis(6_800);
/// The same after a crash. Ours: recorded.
const CRASH_TAKES: Span = Span::millis(3_400);
/// From then until the engine answers. Ours: recorded.
const READY_TAKES: Span = Span::millis(850);
/// Exit code of a container whose end nobody saw. Source: see above, restore.
const UNSEEN_EXIT: i32 = 255;

impl Engine {
    /// Takes the engine down, and brings it up again.
    pub fn power_cycle(&mut self, how: Power) {
        if self.power != Power::On {
            return;
        }
        self.power = how;
        self.note(0, engine_down());
        let alive: Vec<Cid> = self.containers.iter().filter(|(_, c)| c.alive()).map(|(cid, _)| *cid).collect();
        for cid in &alive {
            let Some(c) = self.containers.get(cid).cloned() else { continue };
            if matches!(how, Power::Crashed | Power::Lost) {
                self.cut_off(*cid);
                continue;
            }
            let signal = if c.spec.stop_signal.is_empty() { "TERM" } else { &c.spec.stop_signal };
            self.signal(*cid, super::stop::stop_signal(signal));
            let grace = c.spec.stop_grace.unwrap_or(Span::secs(10));
            self.after(grace, Timer::GraceOver(*cid, c.epoch));
        }
        if matches!(how, Power::Crashed | Power::Lost) {
            // What was about to start does not.
            self.containers.values_mut().for_each(|c| Rc::make_mut(c).epoch += 1);
            self.floor.dark.insert(self.machine.clone());
        }
        self.maybe_off();
    }
    /// A host that was lost is given back: it comes up as after a crash.
    pub fn repair(&mut self) {
        if self.power == Power::Lost {
            self.power = Power::Starting;
            self.after(CRASH_TAKES, Timer::PowerOn(Power::Lost));
        }
    }
    /// What happens on a lost host: nothing, but whoever waits for an answer hears that there is nobody.
    pub(super) fn reached(&mut self, timer: Timer) -> Option<Timer> {
        if self.power != Power::Lost {
            return Some(timer);
        }
        match timer {
            Timer::Answer(ticket, _)
            | Timer::Make(ticket, _)
            | Timer::Launch(_, _, Some(ticket), _)
            | Timer::Run(_, _, Some(ticket), _)
            | Timer::Destroy(ticket, ..)
            | Timer::ExecEnds(ticket, ..)
            | Timer::NetworkMade(ticket, _) => self.answer(ticket, Err(Refusal::unreachable())),
            Timer::Worked(_) => return Some(timer),
            _ => {}
        }
        None
    }
    /// Why a call about a container comes to nothing.
    pub(super) fn no_container(&self, cid: Cid) -> Refusal {
        if self.power == Power::Lost {
            return Refusal::unreachable();
        }
        Refusal::new(Fault::NotFound, format!("No such container: {cid}"))
    }
    fn cut_off(&mut self, cid: Cid) {
        let now = self.now;
        self.lie_down(cid);
        let (cut, rest) = std::mem::take(&mut self.ends).into_iter().partition(|(id, _)| *id == cid);
        self.ends = rest;
        let cut: Vec<(Cid, AfterEnd)> = cut;
        for (_, AfterEnd::Stop(t) | AfterEnd::Restart(t) | AfterEnd::Remove(t, _) | AfterEnd::Tell(t)) in cut {
            self.answer(t, Err(Refusal::unreachable()));
        }
        if let Some(c) = self.edit(cid) {
            c.epoch += 1;
            c.status = Status::Exited;
            c.exit = UNSEEN_EXIT;
            c.finished = Some(now);
            c.bindings.clear();
            c.endpoints.iter_mut().for_each(|e| e.ip = None);
            if let Some(run) = c.runs.last_mut() {
                run.ended = Some(now);
            }
        }
    }
    /// When every container has ended, the engine is down and will come up.
    pub(super) fn maybe_off(&mut self) {
        let takes = match self.power {
            Power::Restarting => RESTART_TAKES,
            Power::Rebooting => REBOOT_TAKES,
            Power::Crashed => CRASH_TAKES,
            Power::On | Power::Starting | Power::Lost => return,
        };
        if self.containers.values().any(|c| c.alive()) {
            return;
        }
        let from = self.power;
        if from == Power::Rebooting {
            self.floor.dark.insert(self.machine.clone());
        }
        self.power = Power::Starting;
        self.after(takes, Timer::PowerOn(from));
    }
    pub(super) fn power_on(&mut self, _from: Power) {
        self.floor.dark.clear();
        self.note(0, engine_up());
        let back = |c: &Container| {
            let ran = c.started.is_some();
            ran && (c.status == Status::Restarting || restart::again(c.spec.restart, c.exit, c.restarts, c.by_hand))
        };
        let wanted: Vec<Cid> = self.containers.iter().filter(|(_, c)| back(c)).map(|(cid, _)| *cid).collect();
        for cid in wanted {
            if let Some(c) = self.edit(cid) {
                c.restarts = 0;
                c.backoff = Span::ZERO;
                c.by_hand = false;
                c.status = Status::Exited;
            }
            self.set_off(cid, None, false);
        }
        self.after(READY_TAKES, Timer::Ready);
    }
}
