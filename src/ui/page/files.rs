//! The files of the person: edit, add, rename, check, apply.

use super::ui::{TextTab, Undo};
use super::{FILE_MAX, FILES_MAX, Page, topic};
use crate::session::{APPLY_LINE, Action, Command, File, Shell, Update};
use gloo_timers::callback::Timeout;

/// Pause between the last key and the check. Ours: long enough not to check each key, short enough to feel at once.
const CHECK_AFTER_MS: u32 = 250;
/// How often open files are compared again with a cluster that goes on changing. Ours: before anybody has read and pressed.
const CHECK_EVERY_MS: f64 = 2_000.0;
/// Files up to this size are compared again by themselves, in bytes. Ours: larger ones would be felt.
const CHECKED_AGAIN_MAX: usize = 256 << 10;

impl Page {
    /// Says that something is too large to be read: a file by its name, or the one in front.
    pub fn too_large(&self, name: Option<String>, size: u64) {
        let name = name.or_else(|| {
            let ui = self.ui();
            ui.files.get(ui.front).map(|f| f.name.clone())
        });
        let size = super::super::format::bytes(size, self.language());
        self.toast(self.texts().file_too_large(name.unwrap_or_default(), size), None, true);
    }

    /// Changes the text of the file in front.
    pub fn edit(&self, text: String) {
        if text.len() > FILE_MAX {
            self.too_large(None, text.len() as u64);
            return self.bump(topic::FILES);
        }
        {
            let mut ui = self.0.ui.borrow_mut();
            let front = ui.front;
            match ui.files.get_mut(front) {
                Some(file) if file.text != text => file.text = text,
                _ => return,
            }
        }
        self.check_soon();
        self.bump(topic::FILES);
    }

    /// Says which of many files are not read: too large, of this size, or no text.
    fn left_out(&self, files: &[(String, Option<u64>)]) {
        let t = self.texts();
        let words = match files {
            [] => return,
            [(name, Some(size))] => return self.too_large(Some(name.clone()), *size),
            [(name, None)] => t.file_not_text(name),
            [(name, _), ..] => t.files_left_out(name, files.len() - 1),
        };
        self.toast(words, None, true);
    }

    /// Adds files, or opens them in a fresh cluster when nothing of the person's would be mixed with them. `large`: files that
    /// were not read because of their size. What is too large or no text is said and left out.
    pub fn bring(&self, files: Vec<File>, large: Vec<(String, u64)>) {
        let mut left: Vec<(String, Option<u64>)> = large.into_iter().map(|(name, size)| (name, Some(size))).collect();
        let mut taken = Vec::new();
        for file in files {
            if file.text.len() > FILE_MAX {
                left.push((file.name, Some(file.text.len() as u64)));
            } else if file.text.contains('\0') {
                left.push((file.name, None));
            } else {
                taken.push(file);
            }
        }
        self.left_out(&left);
        let all: usize = self.ui().files.iter().chain(&taken).map(|f| f.text.len()).sum();
        if all > FILES_MAX {
            let size = super::super::format::bytes(all as u64, self.language());
            return self.toast(self.texts().files_too_large(size), None, true);
        }
        if taken.is_empty() {
            return;
        }
        if !self.is_touched() {
            return self.open_own(taken);
        }
        let count = taken.len();
        {
            let mut ui = self.0.ui.borrow_mut();
            for mut file in taken {
                file.name = free_name(&ui.files, &file.name);
                ui.files.push(file);
            }
            ui.front = ui.files.len() - 1;
            ui.text_tab = TextTab::Files;
            ui.sheet = "files";
        }
        self.toast(self.texts().file_brought(count), None, false);
        self.files_changed();
    }

    /// Adds an empty file.
    pub fn add_file(&self) {
        {
            let mut ui = self.0.ui.borrow_mut();
            let name = free_name(&ui.files, "new.yaml");
            ui.files.push(File { name, text: String::new() });
            ui.front = ui.files.len() - 1;
        }
        self.files_changed();
    }

    /// Takes a file out of the list; the cluster keeps what was applied.
    pub fn remove_file(&self, index: usize) {
        let removed = {
            let mut ui = self.0.ui.borrow_mut();
            if index >= ui.files.len() {
                return;
            }
            let file = ui.files.remove(index);
            if ui.front >= index {
                ui.front = ui.front.saturating_sub(1);
            }
            file
        };
        let words = self.texts().file_removed(&removed.name);
        self.toast(words, Some(Undo::File(removed, index)), false);
        self.files_changed();
    }

    /// Gives a file another name.
    pub fn rename_file(&self, index: usize, name: &str) {
        let name = name.trim();
        if name.is_empty() || self.ui().files.iter().enumerate().any(|(i, f)| i != index && f.name == name) {
            return;
        }
        if let Some(file) = self.0.ui.borrow_mut().files.get_mut(index) {
            file.name = name.to_string();
        }
        self.files_changed();
    }

    /// Puts a file in front.
    pub fn show_file(&self, index: usize) {
        self.0.ui.borrow_mut().front = index;
        self.bump(topic::FILES);
    }

    /// Opens a file at a place, for an origin of the chain of causes or a problem.
    pub fn go_to(&self, file: &str, line: u32, col: u32) {
        {
            let mut ui = self.0.ui.borrow_mut();
            if let Some(front) = ui.files.iter().position(|f| f.name == file) {
                ui.front = front;
                ui.goto = Some((file.to_string(), line, col));
            }
            ui.text_tab = TextTab::Files;
            ui.sheet = "files";
        }
        self.bump(topic::FILES | topic::CHOICE);
    }

    /// The place the editor should go to, once.
    pub fn take_goto(&self) -> Option<(String, u32, u32)> {
        self.0.ui.borrow_mut().goto.take()
    }

    pub(super) fn files_changed(&self) {
        self.check_now();
        self.bump(topic::FILES | topic::CHOICE);
        self.wake();
    }

    pub(super) fn check_soon(&self) {
        let page = self.clone();
        *self.0.check_timer.borrow_mut() = Some(Timeout::new(CHECK_AFTER_MS, move || page.check_now()));
    }

    pub(super) fn check_now(&self) {
        let files = self.ui().files.clone();
        self.ask(&Command::Check { files });
    }

    /// The same from time to time while the run goes on, where the difference is in sight.
    pub(super) fn check_again(&self, at: f64) {
        if at - self.0.checked_at.get() <= CHECK_EVERY_MS {
            return;
        }
        self.0.checked_at.set(at);
        let in_sight = {
            let ui = self.ui();
            let size: usize = ui.files.iter().map(|f| f.text.len()).sum();
            ui.text_tab == TextTab::Files && size <= CHECKED_AGAIN_MAX
        };
        if in_sight {
            self.check_now();
        }
    }

    /// Says what of the files was not applied, where the terminal that tells it is closed.
    pub(super) fn tell_not_applied(&self, update: &Update) {
        let failed = |s: &&Shell| s.line == APPLY_LINE && s.code.is_some_and(|code| code != 0);
        let Some(words) = update.shell.iter().find(failed).filter(|_| !self.ui().dock).map(|s| &s.stderr) else {
            return;
        };
        let first = words.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
        self.toast(self.texts().apply_partly(first), None, true);
    }

    /// Applies all files.
    pub fn apply(&self) {
        let files = self.ui().files.clone();
        self.act(Action::Apply { files: files.clone() });
        self.ask(&Command::Check { files });
    }

    /// Empties the terminal.
    pub fn clear_shell(&self) {
        self.0.view.borrow_mut().shell.clear();
        self.bump(topic::ANSWERS);
    }

    /// Runs a terminal line.
    pub fn shell(&self, line: String) {
        self.0.ui.borrow_mut().acted = true;
        self.send_seek();
        let language = self.language().tag().into();
        self.ask(&Command::Shell { line, language });
        self.wake();
    }
}

/// `web.yaml`, or `web-2.yaml` where that name is taken.
fn free_name(files: &[File], name: &str) -> String {
    let taken = |n: &str| files.iter().any(|f| f.name == n);
    if !taken(name) {
        return name.to_string();
    }
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, "yaml"));
    (2..).map(|i| format!("{stem}-{i}.{end}")).find(|n| !taken(n)).unwrap_or_default()
}
