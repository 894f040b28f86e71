//! The page before an audience: large type, little around the stage, and stops that a remote walks through; and on paper.

use super::super::settings::{PRESENTER_SIZES, SPEEDS, TEXT_SIZE, Theme};
use super::super::stops;
use super::{Page, now_ms};

impl Page {
    /// How much larger than on a desk the stage is drawn: by the presenter's size, or as much as the person has enlarged the
    /// text of all pages.
    pub fn magnified(&self) -> f64 {
        let ui = self.ui();
        if ui.presenting { f64::from(ui.settings.presenter) / f64::from(TEXT_SIZE) } else { ui.text_scale }
    }

    /// Looks how large the person has set the text of all pages.
    pub fn measure_text(&self) {
        let scale = super::super::dom::text_scale();
        if self.ui().presenting || (self.ui().text_scale - scale).abs() < 0.01 {
            return;
        }
        self.0.ui.borrow_mut().text_scale = scale;
        self.apply_settings();
        self.wake();
    }

    /// Shows the page to an audience, or no longer.
    pub fn present(&self, on: bool) {
        self.choose(|ui| {
            ui.presenting = on;
            ui.legend = false;
            ui.outline = false;
            ui.menu = None;
            ui.sheet = "answers";
        });
        self.apply_settings();
    }

    /// Gets the page ready for paper, or back: light colours, legend and outline open. The canvas is drawn at once, because the
    /// browser takes its picture right after.
    pub fn print(&self, on: bool) {
        {
            let mut ui = self.0.ui.borrow_mut();
            if on == ui.printing.is_some() {
                return;
            }
            match ui.printing.take() {
                Some(theme) => ui.settings.theme = theme,
                None => ui.printing = Some(std::mem::replace(&mut ui.settings.theme, Theme::Light)),
            }
        }
        self.apply_settings();
        self.choose(|_| ());
        let painter = self.0.painter.borrow().clone();
        if let Some(paint) = painter {
            paint(now_ms());
        }
    }

    /// The next size of text; the first after the last.
    pub fn enlarge(&self) {
        let at = PRESENTER_SIZES.iter().position(|n| *n == self.ui().settings.presenter).unwrap_or(0);
        self.set(|s| s.presenter = PRESENTER_SIZES[(at + 1) % PRESENTER_SIZES.len()]);
    }

    /// Moments to walk through, in order: the bookmarks; before an audience, where nobody has made any, what the person did,
    /// what broke and what rolled out.
    pub fn stops(&self) -> Vec<u64> {
        let (ui, view) = (self.ui(), self.view());
        let mut stops: Vec<u64> = ui.bookmarks.iter().map(|b| b.0).collect();
        if stops.is_empty() && ui.presenting {
            let lanes = ["you", "faults", "rollouts"];
            let marks = view.overview.marks.iter().filter(|m| lanes.contains(&m.0.as_str()));
            stops = marks.map(|m| m.1).collect();
        }
        stops.sort_unstable();
        stops.dedup();
        stops
    }

    /// To the next or previous stop; whether there is one.
    pub fn go_stop(&self, back: bool) -> bool {
        let now = self.ui().seeking.map_or(self.view().clock.now, |s| s.1);
        let stops = self.stops();
        let passed = (stops::PASSED_US * SPEEDS[self.ui().speed]) as u64;
        let to = if back { stops::before(&stops, now, passed) } else { stops::after(&stops, now) };
        let Some(to) = to else { return false };
        self.choose(|ui| ui.playing = false);
        self.seek(to);
        true
    }
}
