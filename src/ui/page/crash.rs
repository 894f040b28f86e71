//! The end of an engine: another one plays the run again, or the page says that none stands.

use super::super::link::{Death, Engine};
use super::ui::Crash;
use super::{Page, topic};

/// How far before its end a run is opened again when it has died twice at the same moment. Ours.
const STEP_BACK_US: u64 = 1_000_000;

impl Page {
    /// The engine's worker died. A new one gets the run again; where none stands, the page says so and stops.
    pub(super) fn crashed(&self, death: Death) {
        let at = self.view().clock.now;
        self.0.advancing.set(None);
        self.silent(false);
        let again = self.ui().crashed.as_ref().is_some_and(|before| at.abs_diff(before.at) < STEP_BACK_US);
        {
            let mut ui = self.0.ui.borrow_mut();
            ui.crashed = Some(Crash { at, why: death.why, restored: death.replaced });
            if again || !death.replaced {
                ui.playing = false;
                ui.seeking = None;
            }
        }
        if death.replaced {
            self.play_again(if again { at.saturating_sub(STEP_BACK_US) } else { at });
        }
        self.bump(topic::CHOICE);
        self.wake();
    }

    /// The engine has not answered for some seconds, or does again.
    pub(super) fn silent(&self, silent: bool) {
        self.0.ui.borrow_mut().silent = silent;
        self.bump(topic::CHOICE);
    }

    /// Gives a new worker the files and the input log.
    fn play_again(&self, at: u64) {
        let files = self.ui().opened.clone();
        let log = self.view().log.clone();
        self.ask_open(files, log, at);
    }

    /// Tries once more to start an engine, a second before the moment at which the last one stopped.
    pub fn try_again(&self) {
        let Some(crash) = self.ui().crashed.clone() else { return };
        if self.revive() {
            self.play_again(crash.at.saturating_sub(STEP_BACK_US));
            self.choose(|ui| ui.crashed = Some(Crash { restored: true, ..crash }));
        } else {
            let words = self.texts().crash_dead(super::super::format::short_clock(crash.at));
            self.toast(words, None, true);
        }
    }

    /// Starts a worker where none stands; whether there is one then.
    pub(super) fn revive(&self) -> bool {
        self.0.engine.borrow().as_ref().is_some_and(Engine::revive)
    }
}
