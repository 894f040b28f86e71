//! Short messages and spoken news.

use super::super::settings::{Announce, SPEEDS};
use super::ui::{Toast, Undo};
use super::{Page, now_ms, topic};
use crate::session::Happening;
use gloo_timers::callback::Timeout;

impl Page {
    /// Shows a short message.
    pub fn toast(&self, text: String, undo: Option<Undo>, alert: bool) {
        let id = self.number();
        let stay = if undo.is_some() || alert { 12_000 } else { 5_000 };
        {
            let mut ui = self.0.ui.borrow_mut();
            ui.toasts.retain(|t| t.text != text);
            ui.toasts.push(Toast { id, text, undo, alert });
            while ui.toasts.len() > 3 {
                ui.toasts.remove(0);
            }
        }
        let page = self.clone();
        Timeout::new(stay, move || page.close_toast(id)).forget();
        self.bump(topic::CHOICE);
    }

    /// Takes a message away.
    pub fn close_toast(&self, id: u32) {
        self.choose(|ui| ui.toasts.retain(|t| t.id != id));
    }

    /// One sentence for all news of the last while: at most one in two seconds, in five when the run is fast.
    pub(super) fn speak_soon(&self) {
        let pause = if SPEEDS[self.ui().speed] > 10.0 && self.ui().playing { 5_000.0 } else { 2_000.0 };
        let now = now_ms();
        if now - self.0.spoken_at.get() < pause || self.0.news.borrow().is_empty() {
            return;
        }
        let news: Vec<Happening> = self.0.news.borrow_mut().drain(..).collect();
        let announce = self.ui().settings.announce;
        let all = announce == Announce::All;
        let words = super::super::scene::words::news(&self.view(), self.texts(), self.language(), &news, all);
        // What was said last is not said again.
        let Some(words) = words.filter(|words| announce != Announce::Off && *words != self.ui().spoken) else { return };
        self.0.spoken_at.set(now);
        self.0.ui.borrow_mut().spoken = words;
        self.bump(topic::CHOICE);
    }
}
