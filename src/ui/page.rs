//! The page's one state and the only place that changes it. Components read it and are woken by topic, so that sixty clock
//! ticks a second do not rebuild what only shows rows.

use super::link::Engine;
use super::panels::shortcuts::Wish;
use super::saved::{self, Saved};
use super::settings::{SPEEDS, Settings, Theme};
use super::texts::{Language, Texts};
use super::view::{Changes, View};
use crate::session::{Action, Command, File, Happening, RowBody, Update};
use gloo_timers::callback::Timeout;
use std::cell::{Cell, Ref, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use yew::Callback;

/// What a component wants to be woken for.
pub mod topic {
    /// The cursor moved.
    pub const CLOCK: u8 = 1;
    /// Rows came, changed or went.
    pub const ROWS: u8 = 2;
    /// An answer arrived: check, inspection, causes, terminal, overview.
    pub const ANSWERS: u8 = 4;
    /// The person chose something: selection, tab, panel, language.
    pub const CHOICE: u8 = 8;
    /// Files or their texts changed.
    pub const FILES: u8 = 16;
}

/// Pause between the last key and the check. Ours: long enough not to check each key, short enough to feel at once.
const CHECK_AFTER_MS: u32 = 250;
/// How often inspector, causes and overview are asked again while the run goes on. Ours: reading speed.
const ASK_AGAIN_MS: f64 = 400.0;
/// How often the state is written to the device.
const SAVE_EVERY_MS: f64 = 2_000.0;
/// A gap without entries that is worth jumping over. Ours.
const QUIET_US: u64 = 5_000_000;
/// The longest frame that is played at once; after a sleep the run does not race.
const FRAME_MAX_MS: f64 = 100.0;
/// Columns of the overview.
const OVERVIEW_COLUMNS: u32 = 240;
/// Largest file that is read, and all together.
pub const FILE_MAX: usize = 2 << 20;
/// All files together.
pub const FILES_MAX: usize = 20 << 20;

/// Tabs of the inspector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// State and numbers.
    #[default]
    Overview,
    /// The chain of causes.
    Why,
    /// The scheduling table.
    Placement,
    /// Events.
    Events,
    /// The whole object.
    Yaml,
}

/// Tabs of the text column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextTab {
    /// The gallery.
    #[default]
    Examples,
    /// The editor.
    Files,
}

/// Something that covers the page until it is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// All keys.
    Keys,
    /// Find an object or a command.
    Find,
    /// Open: paste, choose files.
    Open,
}

/// A short message that goes by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Toast {
    /// Its number.
    pub id: u32,
    /// The words.
    pub text: String,
    /// A way back: the button's words and what it does.
    pub undo: Option<Undo>,
    /// Whether it must be read at once.
    pub alert: bool,
}

/// What a toast's button takes back.
#[derive(Clone, Debug, PartialEq)]
pub enum Undo {
    /// The fork.
    Fork,
    /// The closed file.
    File(File, usize),
    /// The scenario that was replaced.
    Scenario(Box<Saved>),
}

/// What the person has chosen.
pub struct Ui {
    /// Kept on the device.
    pub settings: Settings,
    /// The files as the run was opened with.
    pub opened: Vec<File>,
    /// The example that is open.
    pub example: Option<String>,
    /// The files as edited now.
    pub files: Vec<File>,
    /// The file in front.
    pub front: usize,
    /// Where the editor should put the caret next: file, line, column.
    pub goto: Option<(String, u32, u32)>,
    /// The selected row.
    pub selected: Option<u32>,
    /// The inspector's tab.
    pub tab: Tab,
    /// The text column's tab.
    pub text_tab: TextTab,
    /// Which sheet shows on narrow screens.
    pub sheet: &'static str,
    /// Whether the run goes on by itself.
    pub playing: bool,
    /// Index into `SPEEDS`.
    pub speed: usize,
    /// Whether the outline is visible as text.
    pub outline: bool,
    /// Whether the legend is open.
    pub legend: bool,
    /// Whether the terminal is open.
    pub dock: bool,
    /// What covers the page.
    pub dialog: Option<Dialog>,
    /// Messages.
    pub toasts: Vec<Toast>,
    /// Bookmarks: moment and name.
    pub bookmarks: Vec<(u64, String)>,
    /// A seek under way: from, to.
    pub seeking: Option<(u64, u64)>,
    /// Whether the try line was done.
    pub tried: bool,
    /// Whether the person acted on this run.
    pub acted: bool,
    /// The engine stopped at this moment and was restored; with the words.
    pub crashed: Option<(u64, String)>,
    /// The newest sentence for the live region.
    pub spoken: String,
    /// Whether an answer to a seek or a check is overdue.
    pub busy: bool,
}

type Painter = Rc<dyn Fn(f64) -> bool>;
type Wisher = Rc<dyn Fn(Wish)>;

struct Inner {
    engine: RefCell<Option<Engine>>,
    view: RefCell<View>,
    ui: RefCell<Ui>,
    listeners: RefCell<Vec<(u32, u8, Callback<()>)>>,
    next: Cell<u32>,
    painter: RefCell<Option<Painter>>,
    on_changes: RefCell<Option<Rc<dyn Fn(&Changes)>>>,
    wisher: RefCell<Option<Wisher>>,
    frame: RefCell<Option<Closure<dyn FnMut(f64)>>>,
    framed: Cell<bool>,
    last_frame: Cell<f64>,
    advancing: Cell<bool>,
    asked_again: Cell<f64>,
    saved_at: Cell<f64>,
    restoring: Cell<Option<u64>>,
    check_timer: RefCell<Option<Timeout>>,
    news: RefCell<VecDeque<Happening>>,
    spoken_at: Cell<f64>,
}

/// A handle to the page's state; copies are the same page.
#[derive(Clone)]
pub struct Page(Rc<Inner>);

impl PartialEq for Page {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// Milliseconds of the browser's clock; for motion and pauses only, never for the run.
pub fn now_ms() -> f64 {
    web_sys::window().and_then(|w| w.performance()).map_or(0.0, |p| p.now())
}

impl Page {
    /// Starts the engine and opens what was saved, or the first example.
    pub fn start() -> Self {
        let saved = saved::load();
        let settings = saved.as_ref().map(|s| s.settings.clone()).unwrap_or_else(Settings::of_browser);
        let page = Self(Rc::new(Inner {
            engine: RefCell::new(None),
            view: RefCell::default(),
            ui: RefCell::new(Ui::new(settings)),
            listeners: RefCell::default(),
            next: Cell::new(0),
            painter: RefCell::new(None),
            on_changes: RefCell::new(None),
            wisher: RefCell::new(None),
            frame: RefCell::new(None),
            framed: Cell::new(false),
            last_frame: Cell::new(0.0),
            advancing: Cell::new(false),
            asked_again: Cell::new(0.0),
            saved_at: Cell::new(0.0),
            restoring: Cell::new(None),
            check_timer: RefCell::new(None),
            news: RefCell::default(),
            spoken_at: Cell::new(0.0),
        }));
        let (on_update, on_crash) = (page.clone(), page.clone());
        let engine = Engine::spawn(
            Callback::from(move |bytes: Vec<u8>| on_update.received(&bytes)),
            Callback::from(move |why: String| on_crash.crashed(why)),
        );
        *page.0.engine.borrow_mut() = Some(engine);
        page.make_frame();
        page.apply_settings();
        match saved {
            Some(saved) if !saved.opened.is_empty() || saved.example.is_some() => page.restore(saved),
            _ => page.open_example(super::examples::FIRST),
        }
        page
    }

    // ---- reading

    /// What is known.
    pub fn view(&self) -> Ref<'_, View> {
        self.0.view.borrow()
    }

    /// What was chosen.
    pub fn ui(&self) -> Ref<'_, Ui> {
        self.0.ui.borrow()
    }

    /// The words.
    pub fn texts(&self) -> Texts {
        Texts(self.ui().settings.language)
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.ui().settings.language
    }

    // ---- waking

    /// Registers for topics; the number is for [`Page::deafen`].
    pub fn listen(&self, topics: u8, wake: Callback<()>) -> u32 {
        let id = self.number();
        self.0.listeners.borrow_mut().push((id, topics, wake));
        id
    }

    /// Ends a registration.
    pub fn deafen(&self, id: u32) {
        self.0.listeners.borrow_mut().retain(|l| l.0 != id);
    }

    fn number(&self) -> u32 {
        let id = self.0.next.get();
        self.0.next.set(id + 1);
        id
    }

    fn bump(&self, topics: u8) {
        let woken: Vec<Callback<()>> =
            self.0.listeners.borrow().iter().filter(|l| l.1 & topics != 0).map(|l| l.2.clone()).collect();
        woken.iter().for_each(|w| w.emit(()));
    }

    /// Changes a choice and wakes who shows it.
    pub fn choose(&self, change: impl FnOnce(&mut Ui)) {
        change(&mut self.0.ui.borrow_mut());
        self.bump(topic::CHOICE);
        self.wake();
    }

    // ---- talking to the engine

    /// Sends a command.
    pub fn ask(&self, command: &Command) {
        let Ok(bytes) = postcard::to_allocvec(command) else { return };
        if let Some(engine) = self.0.engine.borrow().as_ref() {
            engine.send(bytes);
        }
    }

    /// Acts on the cluster at the cursor.
    pub fn act(&self, action: Action) {
        self.0.ui.borrow_mut().acted = true;
        self.ask(&Command::Act(action));
        self.wake();
    }

    fn received(&self, bytes: &[u8]) {
        let Ok(update) = postcard::from_bytes::<Update>(bytes) else {
            web_sys::console::error_1(&"an update could not be read".into());
            return;
        };
        self.take(update);
    }

    fn take(&self, update: Update) {
        self.0.advancing.set(false);
        let answers = update.check.is_some()
            || update.inspect.is_some()
            || update.why.is_some()
            || update.shell.is_some()
            || update.completions.is_some()
            || update.overview.is_some();
        if let Some(trace) = &update.trace {
            super::dom::save_file("trace.jsonl", trace);
        }
        let (refused, forked) = (update.refused.clone(), update.clock.forked);
        self.0.news.borrow_mut().extend(update.happenings.iter().cloned());
        let was = self.view().clock.now;
        let changes = self.0.view.borrow_mut().fold(update);
        if let Some(on_changes) = self.0.on_changes.borrow().as_ref() {
            on_changes(&changes);
        }
        self.after_move(was);
        if let Some(words) = refused {
            self.toast(words, None, true);
        }
        if forked {
            self.tell_fork();
        }
        let rows = if changes.rows { topic::ROWS } else { 0 };
        let answers = if answers { topic::ANSWERS } else { 0 };
        self.speak_soon();
        self.bump(topic::CLOCK | rows | answers);
        self.wake();
    }

    /// Ends a seek that has arrived and the banner of a restored run.
    fn after_move(&self, was: u64) {
        let now = self.view().clock.now;
        let selected = {
            let mut ui = self.0.ui.borrow_mut();
            if ui.seeking.is_some_and(|(_, to)| now == to || now != was && now > to) {
                ui.seeking = None;
            }
            ui.selected
        };
        let lost = selected.is_some_and(|id| !self.view().rows.contains_key(&id));
        if lost {
            self.select(None);
        }
    }

    fn tell_fork(&self) {
        let t = self.texts();
        let words = {
            let view = self.view();
            let clock = &view.clock;
            let branch = clock.branches.get(clock.branch as usize).map(|b| (b.name.clone(), b.forked_at));
            let (name, at) = branch.unwrap_or_default();
            t.branch_forked(name, super::format::short_clock(at))
        };
        self.toast(words, Some(Undo::Fork), false);
    }

    fn crashed(&self, why: String) {
        let at = self.view().clock.now;
        self.0.advancing.set(false);
        let again = self.ui().crashed.as_ref().is_some_and(|(before, _)| at.abs_diff(*before) < 1_000_000);
        {
            let mut ui = self.0.ui.borrow_mut();
            ui.crashed = Some((at, why));
            if again {
                ui.playing = false;
            }
        }
        let (files, seed) = (self.ui().opened.clone(), self.ui().settings.seed);
        let log = self.view().log.clone();
        let at = if again { at.saturating_sub(1_000_000) } else { at };
        self.ask(&Command::Open { files, seed, log, at });
        self.bump(topic::CHOICE);
        self.wake();
    }

    // ---- scenarios

    /// Opens one of the shipped examples.
    pub fn open_example(&self, name: &str) {
        let Some(example) = super::examples::find(name) else { return };
        let files = example.files();
        let still = super::dom::reduced_motion();
        {
            let mut ui = self.0.ui.borrow_mut();
            ui.example = Some(name.to_string());
            ui.speed = SPEEDS.iter().position(|s| *s == example.speed).unwrap_or(super::settings::SPEED_ONE);
            ui.playing = true;
            ui.text_tab = TextTab::Examples;
        }
        self.open_files(files, Vec::new(), if still { example.still_at } else { 0 });
        if still {
            self.choose(|ui| ui.playing = false);
        }
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

    fn open_files(&self, files: Vec<File>, log: Vec<u8>, at: u64) {
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
            ui.seeking = None;
            ui.crashed = None;
        }
        *self.0.view.borrow_mut() = View::default();
        self.0.news.borrow_mut().clear();
        let changes = Changes { full: true, rows: true, nodes: true, ..Changes::default() };
        if let Some(on_changes) = self.0.on_changes.borrow().as_ref() {
            on_changes(&changes);
        }
        let seed = self.ui().settings.seed;
        self.ask(&Command::Open { files, seed, log, at });
        self.check_now();
        self.bump(topic::CHOICE | topic::FILES | topic::ROWS | topic::CLOCK | topic::ANSWERS);
        self.wake();
    }

    fn restore(&self, saved: Saved) {
        {
            let mut ui = self.0.ui.borrow_mut();
            ui.example = saved.example.clone();
            ui.speed = (saved.speed as usize).min(SPEEDS.len() - 1);
            ui.playing = saved.playing && !super::dom::reduced_motion();
            ui.dock = saved.dock;
            ui.outline = saved.outline;
            ui.text_tab = if saved.files_tab { TextTab::Files } else { TextTab::Examples };
        }
        self.open_files(saved.opened, saved.log, saved.at);
        {
            let mut ui = self.0.ui.borrow_mut();
            ui.files = saved.files;
            ui.front = (saved.front as usize).min(ui.files.len().saturating_sub(1));
            ui.bookmarks = saved.bookmarks;
            ui.acted = true;
        }
        self.check_now();
        self.bump(topic::FILES | topic::CHOICE);
    }

    fn to_save(&self) -> Saved {
        let (ui, view) = (self.ui(), self.view());
        Saved {
            settings: ui.settings.clone(),
            example: ui.example.clone(),
            opened: ui.opened.clone(),
            files: ui.files.clone(),
            front: ui.front as u32,
            log: view.log.clone(),
            at: view.clock.now,
            speed: ui.speed as u32,
            playing: ui.playing,
            dock: ui.dock,
            outline: ui.outline,
            files_tab: ui.text_tab == TextTab::Files,
            bookmarks: ui.bookmarks.clone(),
        }
    }

    /// Writes the state to the device, where that is allowed.
    pub fn save(&self) {
        saved::store(&self.to_save());
        self.0.saved_at.set(now_ms());
    }

    /// What a toast's button does.
    pub fn undo(&self, toast: u32) {
        let undo = self.ui().toasts.iter().find(|t| t.id == toast).and_then(|t| t.undo.clone());
        self.close_toast(toast);
        match undo {
            Some(Undo::Fork) => self.ask(&Command::UndoFork),
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

    // ---- files

    /// Changes the text of the file in front.
    pub fn edit(&self, text: String) {
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

    /// Adds files, or opens them in a fresh cluster when nothing of the person's would be mixed with them.
    pub fn bring(&self, files: Vec<File>) {
        let t = self.texts();
        let language = self.language();
        let mut taken = Vec::new();
        let mut all: usize = self.ui().files.iter().map(|f| f.text.len()).sum();
        for file in files {
            all += file.text.len();
            if file.text.len() > FILE_MAX || all > FILES_MAX {
                let size = super::format::bytes(file.text.len() as u64, language);
                self.toast(t.file_too_large(file.name, size), None, true);
                return;
            }
            taken.push(file);
        }
        if taken.is_empty() {
            return;
        }
        let untouched = {
            let ui = self.ui();
            !ui.acted && ui.files == ui.opened && ui.example.is_some()
        };
        if untouched {
            return self.open_own(taken);
        }
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

    fn files_changed(&self) {
        self.check_now();
        self.bump(topic::FILES | topic::CHOICE);
        self.wake();
    }

    fn check_soon(&self) {
        let page = self.clone();
        *self.0.check_timer.borrow_mut() = Some(Timeout::new(CHECK_AFTER_MS, move || page.check_now()));
    }

    fn check_now(&self) {
        let files = self.ui().files.clone();
        self.ask(&Command::Check { files });
    }

    /// Applies all files.
    pub fn apply(&self) {
        let files = self.ui().files.clone();
        self.act(Action::Apply { files: files.clone() });
        self.ask(&Command::Check { files });
    }

    /// Runs a terminal line.
    pub fn shell(&self, line: String) {
        self.0.ui.borrow_mut().acted = true;
        self.ask(&Command::Shell { line });
        self.wake();
    }

    // ---- selection

    /// Selects a row and asks for everything about it.
    pub fn select(&self, id: Option<u32>) {
        if self.ui().selected == id {
            return;
        }
        self.0.ui.borrow_mut().selected = id;
        {
            let mut view = self.0.view.borrow_mut();
            view.inspect = None;
            view.why = None;
        }
        self.ask_about_selection();
        self.bump(topic::CHOICE | topic::ANSWERS);
        self.wake();
    }

    /// Selects a row and opens a tab of the inspector.
    pub fn show(&self, id: u32, tab: Tab) {
        self.select(Some(id));
        self.choose(|ui| {
            ui.tab = tab;
            ui.sheet = "answers";
        });
    }

    fn ask_about_selection(&self) {
        let Some(id) = self.ui().selected else { return };
        self.ask(&Command::Inspect { id });
        self.ask(&Command::Why { id, entry: None });
        self.0.asked_again.set(now_ms());
    }

    // ---- time

    /// Stands at another moment.
    pub fn seek(&self, to: u64) {
        let from = self.view().clock.now;
        self.0.ui.borrow_mut().seeking = Some((from, to));
        self.ask(&Command::Seek { to });
        self.bump(topic::CHOICE);
        self.wake();
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
        self.wake();
    }

    /// One event on or back.
    pub fn step_event(&self, back: bool) {
        self.choose(|ui| ui.playing = false);
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
        let name = self.texts().bookmark_at(super::format::short_clock(now));
        self.choose(|ui| {
            ui.bookmarks.retain(|b| b.0 != now);
            ui.bookmarks.push((now, name.clone()));
            ui.bookmarks.sort();
        });
        self.toast(name, None, false);
    }

    /// To the next or previous bookmark.
    pub fn go_bookmark(&self, back: bool) {
        let now = self.view().clock.now;
        let to = {
            let ui = self.ui();
            if back {
                ui.bookmarks.iter().rev().map(|b| b.0).find(|t| *t < now)
            } else {
                ui.bookmarks.iter().map(|b| b.0).find(|t| *t > now)
            }
        };
        if let Some(to) = to {
            self.choose(|ui| ui.playing = false);
            self.seek(to);
        }
    }

    // ---- messages

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
    fn speak_soon(&self) {
        let pause = if SPEEDS[self.ui().speed] > 10.0 && self.ui().playing { 5_000.0 } else { 2_000.0 };
        let now = now_ms();
        if now - self.0.spoken_at.get() < pause || self.0.news.borrow().is_empty() {
            return;
        }
        let news: Vec<Happening> = self.0.news.borrow_mut().drain(..).collect();
        let words = super::scene::words::news(&self.view(), self.texts(), self.language(), &news);
        let Some(words) = words else { return };
        self.0.spoken_at.set(now);
        self.0.ui.borrow_mut().spoken = words;
        self.bump(topic::CHOICE);
    }

    // ---- settings

    /// Changes what is kept on the device.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.0.ui.borrow_mut().settings);
        self.apply_settings();
        self.save();
        self.bump(u8::MAX);
        self.wake();
    }

    fn apply_settings(&self) {
        let ui = self.ui();
        super::dom::set_root("lang", ui.settings.language.tag());
        super::dom::set_root(
            "data-theme",
            match ui.settings.theme {
                Theme::Auto => "auto",
                Theme::Light => "light",
                Theme::Dark => "dark",
            },
        );
        super::dom::set_length("--text-w", ui.settings.text_width);
        super::dom::set_length("--answers-w", ui.settings.answers_width);
        super::dom::set_length("--dock-h", ui.settings.dock_height);
    }

    // ---- frames

    /// The stage registers what draws a frame; it says whether it wants another one.
    pub fn set_painter(
        &self,
        painter: Option<Painter>,
        on_changes: Option<Rc<dyn Fn(&Changes)>>,
        wisher: Option<Wisher>,
    ) {
        *self.0.painter.borrow_mut() = painter;
        *self.0.wisher.borrow_mut() = wisher;
        *self.0.on_changes.borrow_mut() = on_changes;
        self.wake();
    }

    /// Tells the stage's camera.
    pub fn wish(&self, wish: Wish) {
        let wisher = self.0.wisher.borrow().clone();
        if let Some(wisher) = wisher {
            wisher(wish);
        }
        self.wake();
    }

    /// Asks for a frame; nothing is drawn while nothing changes.
    pub fn wake(&self) {
        if self.0.framed.replace(true) {
            return;
        }
        if let (Some(window), Some(frame)) = (web_sys::window(), self.0.frame.borrow().as_ref()) {
            let _ = window.request_animation_frame(frame.as_ref().unchecked_ref());
        }
    }

    fn make_frame(&self) {
        let page = self.clone();
        *self.0.frame.borrow_mut() = Some(Closure::new(move |at: f64| {
            page.0.framed.set(false);
            page.frame(at);
        }));
    }

    fn frame(&self, at: f64) {
        let playing = self.ui().playing;
        let since = (at - self.0.last_frame.get()).clamp(0.0, FRAME_MAX_MS);
        if playing && !self.0.advancing.get() && self.ui().seeking.is_none() && self.view().started {
            self.0.last_frame.set(at);
            self.advance(since);
        }
        if playing && at - self.0.asked_again.get() > ASK_AGAIN_MS {
            self.0.asked_again.set(at);
            self.ask_about_selection();
            self.ask(&Command::Overview { columns: OVERVIEW_COLUMNS });
        }
        if at - self.0.saved_at.get() > SAVE_EVERY_MS && self.view().started {
            self.save();
        }
        let painter = self.0.painter.borrow().clone();
        let more = painter.is_some_and(|paint| paint(at));
        if more || playing {
            self.wake();
        }
    }

    fn advance(&self, ms: f64) {
        let by = (ms * 1_000.0 * SPEEDS[self.ui().speed]) as u64;
        let quiet = {
            let view = self.view();
            let ahead = view.clock.next_due.map(|due| due.saturating_sub(view.clock.now));
            self.ui().settings.skip_quiet && ahead.is_some_and(|a| a > QUIET_US.max(by))
        };
        if quiet {
            self.ask(&Command::SkipQuiet);
        } else if by > 0 {
            self.ask(&Command::Advance { by });
        } else {
            return;
        }
        self.0.advancing.set(true);
    }

    /// Asks for the overview now, after a seek or when the bar was resized.
    pub fn ask_overview(&self) {
        self.ask(&Command::Overview { columns: OVERVIEW_COLUMNS });
    }

    /// Name of a row's kind as kubectl writes it.
    pub fn kubectl_name(&self, id: u32) -> Option<String> {
        let view = self.view();
        let row = view.row(id)?;
        Some(match &row.body {
            RowBody::Node(_) => format!("node {}", row.name),
            RowBody::Pod(_) => format!("pod {}", row.name),
            RowBody::Workload(w) => format!("{} {}", w.kind.to_lowercase(), row.name),
            RowBody::Service(_) => format!("service {}", row.name),
            RowBody::Other(o) => format!("{} {}", o.kind.to_lowercase(), row.name),
        })
    }
}

impl Ui {
    fn new(settings: Settings) -> Self {
        Self {
            settings,
            opened: Vec::new(),
            example: None,
            files: Vec::new(),
            front: 0,
            goto: None,
            selected: None,
            tab: Tab::default(),
            text_tab: TextTab::default(),
            sheet: "answers",
            playing: false,
            speed: super::settings::SPEED_ONE,
            outline: false,
            legend: false,
            dock: true,
            dialog: None,
            toasts: Vec::new(),
            bookmarks: Vec::new(),
            seeking: None,
            tried: false,
            acted: false,
            crashed: None,
            spoken: String::new(),
            busy: false,
        }
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
