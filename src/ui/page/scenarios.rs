//! Opening examples and own files, and what survives a reload.

use super::super::saved::{self, Saved, SavedPlace, SavedRun};
use super::super::settings::{SPEEDS, Settings};
use super::super::view::{Changes, View};
use super::ui::{Tab, TextTab, Undo};
use super::{Page, now_ms, topic};
use crate::session::{Command, File, wire};

impl Page {
    /// Opens one of the shipped examples.
    pub fn open_example(&self, name: &str) {
        let Some(example) = super::super::examples::find(name) else { return };
        let files = example.files();
        let before = self.is_touched().then(|| self.to_save());
        let still = super::super::dom::reduced_motion();
        {
            let mut ui = self.0.ui.borrow_mut();
            ui.example = Some(name.to_string());
            ui.speed = SPEEDS.iter().position(|s| *s == example.speed).unwrap_or(super::super::settings::SPEED_ONE);
            ui.playing = true;
            ui.text_tab = TextTab::Examples;
            // Both houses need the room, and the report is what one looks at.
            if example.is_duel() {
                ui.sheet = "answers";
            }
        }
        super::super::dom::focus_if_lost("answers");
        self.open_files(files, Vec::new(), if still { example.still_at } else { 0 });
        if let Some(before) = before {
            let words = self.texts().opened_example();
            self.toast(words.to_string(), Some(Undo::Scenario(Box::new(before))), false);
        }
        if still {
            self.choose(|ui| ui.playing = false);
        }
    }

    /// Whether there is anything of the person's that another scenario would take away.
    pub(super) fn is_touched(&self) -> bool {
        let ui = self.ui();
        ui.acted || ui.files != ui.opened || (ui.example.is_none() && !ui.files.is_empty())
    }

    /// Opens files in a fresh cluster; what ran before can be taken back.
    pub fn open_own(&self, files: Vec<File>) {
        let before = self.to_save();
        {
            let mut ui = self.0.ui.borrow_mut();
            ui.example = None;
            ui.playing = true;
            ui.text_tab = TextTab::Files;
        }
        self.open_files(files, Vec::new(), 0);
        let words = self.texts().opened_fresh();
        self.toast(words.to_string(), Some(Undo::Scenario(Box::new(before))), false);
    }

    pub(super) fn open_files(&self, files: Vec<File>, log: Vec<u8>, at: u64) {
        let dead = self.ui().crashed.as_ref().is_some_and(|c| !c.restored) && !self.revive();
        {
            let mut ui = self.0.ui.borrow_mut();
            ui.opened = files.clone();
            ui.files = files.clone();
            ui.front = files.iter().position(|f| !f.name.ends_with(".scenario.yaml")).unwrap_or(0);
            ui.selected = None;
            ui.tab = Tab::default();
            ui.tried = false;
            ui.acted = false;
            ui.bookmarks.clear();
            if !dead {
                ui.crashed = None;
            }
            ui.toasts.clear();
        }
        *self.0.view.borrow_mut() = View::default();
        self.0.news.borrow_mut().clear();
        let changes = Changes { full: true, rows: true, nodes: true, ..Changes::default() };
        if let Some(on_changes) = self.0.on_changes.borrow().as_ref() {
            on_changes(&changes);
        }
        self.ask_open(files, log, at);
        self.check_now();
        self.bump(topic::CHOICE | topic::FILES | topic::ROWS | topic::CLOCK | topic::ANSWERS);
        self.wake();
    }

    pub(super) fn restore(&self, saved: Saved) {
        let Saved { run, place } = saved;
        let acted = wire::holds_acts(&run.log);
        {
            let mut ui = self.0.ui.borrow_mut();
            ui.example = run.example;
            ui.speed = (place.speed as usize).min(SPEEDS.len() - 1);
            ui.playing = place.playing && !super::super::dom::reduced_motion();
            ui.dock = place.dock;
            ui.outline = place.outline;
            ui.text_tab = if place.files_tab { TextTab::Files } else { TextTab::Examples };
        }
        self.open_files(run.opened, run.log, place.at);
        {
            let mut ui = self.0.ui.borrow_mut();
            ui.files = run.files;
            ui.front = (place.front as usize).min(ui.files.len().saturating_sub(1));
            ui.bookmarks = place.bookmarks;
            ui.acted = acted;
        }
        self.check_now();
        self.bump(topic::FILES | topic::CHOICE);
    }

    fn to_save(&self) -> Saved {
        Saved { run: self.run_to_save(), place: self.place_to_save() }
    }

    fn run_to_save(&self) -> SavedRun {
        let (ui, log) = (self.ui(), self.view().log.clone());
        SavedRun { example: ui.example.clone(), opened: ui.opened.clone(), files: ui.files.clone(), log }
    }

    fn place_to_save(&self) -> SavedPlace {
        let ui = self.ui();
        SavedPlace {
            front: ui.front as u32,
            at: self.view().clock.now,
            speed: ui.speed as u32,
            playing: ui.playing,
            dock: ui.dock,
            outline: ui.outline,
            files_tab: ui.text_tab == TextTab::Files,
            bookmarks: ui.bookmarks.clone(),
        }
    }

    /// Writes what has changed of the state to the device, where that is allowed. A run that was refused is tried again when it
    /// has changed.
    pub fn save(&self) {
        self.0.saved_at.set(now_ms());
        if self.0.run_changed.replace(false) {
            self.0.run_kept.set(saved::store_run(&self.run_to_save()));
            *self.0.place_kept.borrow_mut() = None;
        }
        let place = self.place_to_save();
        if self.0.run_kept.get() && self.0.place_kept.borrow().as_ref() != Some(&place) {
            saved::store_place(&place);
            *self.0.place_kept.borrow_mut() = Some(place);
        }
    }

    /// Writes the settings to the device, where that is allowed.
    pub(super) fn save_settings(&self) {
        let ui = self.ui();
        let theme = ui.printing.unwrap_or(ui.settings.theme);
        saved::store_settings(&Settings { theme, ..ui.settings.clone() });
    }

    /// What a toast's button does.
    pub fn undo(&self, toast: u32) {
        let undo = self.ui().toasts.iter().find(|t| t.id == toast).and_then(|t| t.undo.clone());
        self.close_toast(toast);
        match undo {
            Some(Undo::Fork(name)) => self.ask(&Command::UndoFork { name }),
            Some(Undo::File(file, at)) => {
                {
                    let mut ui = self.0.ui.borrow_mut();
                    let at = at.min(ui.files.len());
                    ui.files.insert(at, file);
                    ui.front = at;
                }
                self.files_changed();
            }
            Some(Undo::Scenario(saved)) => self.restore(*saved),
            None => {}
        }
    }
}
