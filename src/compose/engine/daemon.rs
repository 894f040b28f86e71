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
            if how == Power::Crashed {
                self.cut_off(*cid);
                continue;
            }
            let signal = if c.spec.stop_signal.is_empty() { "TERM" } else { &c.spec.stop_signal };
            self.signal(*cid, super::stop::signal_number(signal));
            let grace = c.spec.stop_grace.unwrap_or(Span::secs(10));
            self.after(grace, Timer::GraceOver(*cid, c.epoch));
        }
        self.maybe_off();
    }
    fn cut_off(&mut self, cid: Cid) {
        let now = self.now;
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
            Power::On | Power::Starting => return,
        };
        if self.containers.values().any(|c| c.alive()) {
            return;
        }
        let from = self.power;
        self.power = Power::Starting;
        self.after(takes, Timer::PowerOn(from));
    }
    pub(super) fn power_on(&mut self, _from: Power) {
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
