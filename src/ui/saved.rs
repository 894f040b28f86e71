//! What survives a reload: on this device only, and only where storage is allowed.

use super::settings::Settings;
use crate::session::File;
use serde::{Deserialize, Serialize};

/// Name and version of the entry; a changed shape gets a new number, and old entries are ignored.
const KEY: &str = "orchestrion.2";

/// The state of the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// The settings.
    pub settings: Settings,
    /// The example that was open.
    pub example: Option<String>,
    /// The files the run was opened with.
    pub opened: Vec<File>,
    /// The files as edited.
    pub files: Vec<File>,
    /// The file in front.
    pub front: u32,
    /// The input log.
    pub log: Vec<u8>,
    /// The cursor.
    pub at: u64,
    /// Index of the speed.
    pub speed: u32,
    /// Whether it played.
    pub playing: bool,
    /// Whether the terminal was open.
    pub dock: bool,
    /// Whether the outline was open.
    pub outline: bool,
    /// Whether the editor was in front of the gallery.
    pub files_tab: bool,
    /// Bookmarks.
    pub bookmarks: Vec<(u64, String)>,
}

/// Frames of one page share what is kept and would mix up their runs: they keep nothing.
fn storage() -> Option<web_sys::Storage> {
    if super::dom::embedded() {
        return None;
    }
    web_sys::window()?.local_storage().ok()?
}

/// What was stored last, if it can be read.
pub fn load() -> Option<Saved> {
    let text = storage()?.get_item(KEY).ok()??;
    let bytes: Vec<u8> = web_sys::window()?.atob(&text).ok()?.chars().map(|c| c as u8).collect();
    postcard::from_bytes(&bytes).ok()
}

/// Stores the state; a full or forbidden storage is no fault.
pub fn store(saved: &Saved) {
    let Ok(bytes) = postcard::to_allocvec(saved) else { return };
    let latin: String = bytes.iter().map(|b| *b as char).collect();
    let text = web_sys::window().and_then(|w| w.btoa(&latin).ok());
    if let (Some(storage), Some(text)) = (storage(), text) {
        let _ = storage.set_item(KEY, &text);
    }
}
