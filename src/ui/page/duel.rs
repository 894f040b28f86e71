//! Both houses side by side: a Compose project is converted and opened beside itself.

use super::Page;
use super::ui::TextTab;
use crate::session::{Command, Converted};

impl Page {
    /// Asks for the manifests of the Compose project; what comes is opened beside it.
    pub fn set_beside(&self) {
        let files = self.ui().files.clone();
        self.ask(&Command::Convert { files, language: self.language().tag().into() });
    }

    /// Opens a project and its conversion in one world.
    pub(super) fn open_beside(&self, converted: Converted) {
        if !converted.refused.is_empty() {
            return self.toast(converted.refused, None, true);
        }
        let front = converted.files.iter().position(|f| f.name == "kubernetes.yaml").unwrap_or(0);
        self.open_own(converted.files);
        self.0.view.borrow_mut().notes = converted.notes;
        self.choose(|ui| {
            ui.front = front;
            ui.text_tab = TextTab::Files;
            ui.sheet = "answers";
        });
    }

    /// Shows the report: nothing is selected then.
    pub fn show_report(&self) {
        self.select(None);
        self.ask(&Command::Duel);
        self.choose(|ui| ui.sheet = "answers");
        super::super::dom::focus_soon("duel");
    }
}
