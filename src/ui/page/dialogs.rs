//! Where the focus was before a dialog, and that it comes back there.

use super::super::dom;
use super::Page;
use gloo_timers::callback::Timeout;
use wasm_bindgen::JsCast;

impl Page {
    /// Keeps what has the focus, before a dialog takes it. A dialog that follows another one goes back to where that came from.
    pub fn keep_opener(&self) {
        if let Some(active) = dom::active().filter(|_| !dom::focus_is_lost()) {
            *self.0.opener.borrow_mut() = active.dyn_into().ok();
        }
    }

    /// Gives the focus back, unless what was chosen in the dialog has led it elsewhere: that gets two turns for it.
    pub fn back_to_opener(&self) {
        let page = self.clone();
        let back = move || {
            let opener = page.0.opener.borrow().clone();
            if let Some(opener) = opener.filter(|_| dom::focus_is_lost()) {
                let _ = opener.focus();
            }
        };
        let wait = move || _ = Timeout::new(0, back).forget();
        Timeout::new(0, wait).forget();
    }
}
