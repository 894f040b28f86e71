//! What survives a reload: on this device only, and only where storage is allowed.

use super::settings::Settings;
use crate::session::File;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Names and versions of the entries; a changed shape gets a new number, and old entries are ignored. Settings outlive runs and
/// have an entry of their own; so has the place, which changes all the time, while files are large and seldom change.
const SETTINGS: &str = "orchestrion.settings.1";
const RUN: &str = "orchestrion.run.1";
const PLACE: &str = "orchestrion.place.1";
/// The entry of earlier versions, which held everything. It would take the room of the others.
const OUTDATED: &str = "orchestrion.2";

/// The run and its files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedRun {
    /// The example that was open.
    pub example: Option<String>,
    /// The files the run was opened with.
    pub opened: Vec<File>,
    /// The files as edited.
    pub files: Vec<File>,
    /// The input log.
    pub log: Vec<u8>,
}

/// Where one stood in it, and what was open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedPlace {
    /// The file in front.
    pub front: u32,
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

/// The state of the page, without its settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saved {
    /// The run.
    pub run: SavedRun,
    /// The place.
    pub place: SavedPlace,
}

/// Frames of one page share what is kept and would mix up their runs: they keep nothing.
fn storage() -> Option<web_sys::Storage> {
    if super::dom::embedded() {
        return None;
    }
    web_sys::window()?.local_storage().ok()?
}

fn read<T: DeserializeOwned>(key: &str) -> Option<T> {
    let text = storage()?.get_item(key).ok()??;
    let bytes: Vec<u8> = web_sys::window()?.atob(&text).ok()?.chars().map(|c| c as u8).collect();
    postcard::from_bytes(&bytes).ok()
}

/// Whether it was taken; where nothing may be kept, it counts as taken.
fn write(key: &str, value: &impl Serialize) -> bool {
    let Some(storage) = storage() else { return true };
    let Ok(bytes) = postcard::to_allocvec(value) else { return false };
    let latin: String = bytes.iter().map(|b| *b as char).collect();
    let text = web_sys::window().and_then(|w| w.btoa(&latin).ok());
    text.is_some_and(|text| storage.set_item(key, &text).is_ok())
}

fn forget(key: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(key);
    }
}

/// The settings that were stored last.
pub fn settings() -> Option<Settings> {
    read(SETTINGS)
}

/// The state that was stored last, if it can be read.
pub fn load() -> Option<Saved> {
    forget(OUTDATED);
    Some(Saved { run: read(RUN)?, place: read(PLACE)? })
}

/// Stores the settings.
pub fn store_settings(settings: &Settings) {
    write(SETTINGS, settings);
}

/// Stores the run; whether it was taken. A full or forbidden storage is no fault, but what it holds then is of another run.
pub fn store_run(run: &SavedRun) -> bool {
    let taken = write(RUN, run);
    if !taken {
        forget(RUN);
        forget(PLACE);
    }
    taken
}

/// Stores the place.
pub fn store_place(place: &SavedPlace) {
    write(PLACE, place);
}
