//! Moving in time.

use super::super::settings::SPEEDS;
use super::{Page, now_ms, topic};
use crate::session::Command;

impl Page {
    /// Stands at another moment.
    pub fn seek(&self, to: u64) {
        let from = self.view().clock.now;
        self.0.ui.borrow_mut().seeking = Some((from, to));
        self.0.wanted.set(Some(to));
        self.bump(topic::CHOICE);
        self.wake();
    }

    /// Sends the newest wish, at most once a frame: a thumb that is dragged wishes far more often.
    pub(super) fn send_seek(&self) {
        if let Some(to) = self.0.wanted.take() {
            self.0.sought.set(self.ask_numbered(&Command::Seek { to }));
        }
    }

    /// To the newest moment.
    pub fn seek_newest(&self) {
        let newest = self.view().clock.newest;
        self.seek(newest);
    }

    /// Goes on or stops.
    pub fn play(&self, on: bool) {
        self.choose(|ui| ui.playing = on);
        self.0.last_frame.set(now_ms());
        if !on {
            // What is shown beside a standing run is of its moment.
            self.ask_soon();
        }
        self.wake();
    }

    /// One event on or back.
    pub fn step_event(&self, back: bool) {
        self.choose(|ui| ui.playing = false);
        self.send_seek();
        self.ask(&Command::StepEvent { back });
    }

    /// Some seconds on or back.
    pub fn step_seconds(&self, seconds: i64) {
        self.choose(|ui| ui.playing = false);
        let (base, clock) = {
            let ui = self.ui();
            (ui.seeking.map(|s| s.1), self.view().clock.now)
        };
        self.seek(base.unwrap_or(clock).saturating_add_signed(seconds * 1_000_000));
    }

    /// Faster or slower by one step of the list.
    pub fn change_speed(&self, faster: bool) {
        self.choose(|ui| {
            ui.speed = if faster { (ui.speed + 1).min(SPEEDS.len() - 1) } else { ui.speed.saturating_sub(1) };
        });
    }

    /// Keeps this moment.
    pub fn bookmark(&self) {
        let now = self.view().clock.now;
        let name = self.texts().bookmark_at(super::super::format::short_clock(now));
        self.choose(|ui| {
            ui.bookmarks.retain(|b| b.0 != now);
            ui.bookmarks.push((now, name.clone()));
            ui.bookmarks.sort();
        });
        self.toast(name, None, false);
    }
}
