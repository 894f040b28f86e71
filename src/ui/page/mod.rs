//! The page's one state and the only place that changes it. Components read it and are woken by topic, so that sixty clock
//! ticks a second do not rebuild what only shows rows.

mod crash;
mod dialogs;
mod duel;
mod files;
mod messages;
mod presenting;
mod rows;
mod scenarios;
mod time;
mod ui;

pub use ui::{Crash, Dialog, Tab, TextTab, Toast, Ui, Undo};

use super::link::{Death, Engine};
use super::panels::shortcuts::Wish;
use super::panels::time_bar;
use super::saved::{self, SavedPlace};
use super::scene::layout::Level;
use super::settings::{SPEEDS, Settings, Theme};
use super::texts::{Language, Texts};
use super::view::{Changes, View};
use crate::session::docker::HOST;
use crate::session::{Action, Command, File, Happening, Update, wire};
use gloo_timers::callback::Timeout;
use std::cell::{Cell, Ref, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;
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
    /// Curves arrived.
    pub const SERIES: u8 = 32;
}

/// How often inspector, causes and overview are asked again while the run goes on. Ours: reading speed.
const ASK_AGAIN_MS: f64 = 400.0;
/// How often the inspector's curves are asked again. Ours: they are looked at once a second.
const SERIES_EVERY_MS: f64 = 1_000.0;
/// The same for the one chart of the time bar. Ours: it must not be seen to lag behind the thumb above it.
const BAR_EVERY_MS: f64 = 120.0;
/// How often the state is written to the device. Ours: seldom enough not to be felt.
const SAVE_EVERY_MS: f64 = 2_000.0;
/// A gap without entries that is worth jumping over. Ours.
const QUIET_US: u64 = 5_000_000;
/// The longest frame that is played at once. Ours: after a sleep the run does not race.
const FRAME_MAX_MS: f64 = 100.0;
/// Columns of the overview. Ours: about one for six pixels of a wide bar.
const OVERVIEW_COLUMNS: u32 = 240;
/// Largest file that is read. Ours: far above any manifest.
pub const FILE_MAX: usize = 2 << 20;
/// All files together. Ours.
pub const FILES_MAX: usize = 20 << 20;

type Painter = Rc<dyn Fn(f64) -> bool>;
type Wisher = Rc<dyn Fn(Wish)>;
type Watcher = Rc<dyn Fn(&Changes)>;
type FrameStep = Closure<dyn FnMut(f64)>;

struct Inner {
    engine: RefCell<Option<Engine>>,
    view: RefCell<View>,
    ui: RefCell<Ui>,
    listeners: RefCell<Vec<(u32, u8, Callback<()>)>>,
    next: Cell<u32>,
    painter: RefCell<Option<Painter>>,
    on_changes: RefCell<Option<Watcher>>,
    wisher: RefCell<Option<Wisher>>,
    frame: RefCell<Option<FrameStep>>,
    framed: Cell<bool>,
    last_frame: Cell<f64>,
    /// The step of the run that was asked for and is not answered yet.
    advancing: Cell<Option<u32>>,
    /// The newest request to stand at another moment.
    sought: Cell<Option<u32>>,
    asked_again: Cell<f64>,
    series_at: Cell<f64>,
    bar_at: Cell<f64>,
    checked_at: Cell<f64>,
    saved_at: Cell<f64>,
    /// How often anything has stirred.
    stirs: Cell<u32>,
    /// Whether files or the input log have changed since they were stored.
    run_changed: Cell<bool>,
    /// Whether the device has taken them.
    run_kept: Cell<bool>,
    /// The place that was stored last.
    place_kept: RefCell<Option<SavedPlace>>,
    /// The moment a seek should go to, not sent yet.
    wanted: Cell<Option<u64>>,
    ask_timer: RefCell<Option<Timeout>>,
    /// What had the focus before a dialog came.
    opener: RefCell<Option<HtmlElement>>,
    rows_at: Cell<f64>,
    rows_due: Cell<bool>,
    level: Cell<Level>,
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

/// Whether an update is the answer to a request, or to a later one.
fn answers_to(update: &Update, number: u32) -> bool {
    update.answer_to.wrapping_sub(number) <= u32::MAX / 2
}

impl Page {
    /// Starts the engine and opens what was saved, or the first example.
    pub fn start() -> Self {
        let saved = saved::load();
        let settings = saved::settings().unwrap_or_else(Settings::of_browser);
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
            advancing: Cell::new(None),
            sought: Cell::new(None),
            asked_again: Cell::new(0.0),
            series_at: Cell::new(0.0),
            bar_at: Cell::new(0.0),
            checked_at: Cell::new(0.0),
            saved_at: Cell::new(0.0),
            stirs: Cell::new(0),
            run_changed: Cell::new(true),
            run_kept: Cell::new(false),
            place_kept: RefCell::default(),
            wanted: Cell::new(None),
            ask_timer: RefCell::new(None),
            opener: RefCell::new(None),
            rows_at: Cell::new(0.0),
            rows_due: Cell::new(false),
            level: Cell::default(),
            check_timer: RefCell::new(None),
            news: RefCell::default(),
            spoken_at: Cell::new(0.0),
        }));
        let (on_update, on_crash, on_silence) = (page.clone(), page.clone(), page.clone());
        let engine = Engine::spawn(
            Callback::from(move |bytes: Vec<u8>| on_update.received(&bytes)),
            Callback::from(move |death: Death| on_crash.crashed(death)),
            Callback::from(move |silent: bool| on_silence.silent(silent)),
        );
        *page.0.engine.borrow_mut() = Some(engine);
        page.make_frame();
        page.apply_settings();
        match saved {
            Some(saved) if !saved.run.opened.is_empty() || saved.run.example.is_some() => page.restore(saved),
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

    /// How often anything has stirred, so that nobody misses it between drawing and listening.
    pub fn stirs(&self) -> u32 {
        self.0.stirs.get()
    }

    fn bump(&self, topics: u8) {
        if topics & topic::FILES != 0 {
            self.0.run_changed.set(true);
        }
        self.0.stirs.set(self.0.stirs.get().wrapping_add(1));
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
        self.ask_numbered(command);
    }

    /// Sends a command and hands out the number that its answer will name.
    fn ask_numbered(&self, command: &Command) -> Option<u32> {
        self.0.engine.borrow().as_ref().map(|engine| engine.send(wire::command(command)))
    }

    /// Opens files at a moment; until the answer comes the page is on its way there.
    fn ask_open(&self, files: Vec<File>, log: Vec<u8>, at: u64) {
        let seed = self.ui().settings.seed;
        self.0.wanted.set(None);
        self.0.ui.borrow_mut().seeking = (at > 0).then_some((0, at));
        self.0.sought.set(self.ask_numbered(&Command::Open { files, seed, log, at }));
    }

    /// Acts on the cluster at the cursor.
    pub fn act(&self, action: Action) {
        self.0.ui.borrow_mut().acted = true;
        self.send_seek();
        self.ask(&Command::Act(action));
        self.wake();
    }

    fn received(&self, bytes: &[u8]) {
        match wire::read_update(bytes) {
            Some(update) => self.take(update),
            None => web_sys::console::error_1(&"an update could not be read".into()),
        }
    }

    fn take(&self, mut update: Update) {
        let answered = |asked: &Cell<Option<u32>>| asked.get().is_none_or(|number| answers_to(&update, number));
        if answered(&self.0.advancing) {
            self.0.advancing.set(None);
        }
        let arrived = answered(&self.0.sought) && update.clock.seeking.is_none() && self.0.wanted.get().is_none();
        let answers = update.check.is_some()
            || update.inspect.is_some()
            || update.why.is_some()
            || !update.shell.is_empty()
            || update.completions.is_some()
            || update.overview.is_some()
            || update.duel.is_some();
        let curves = update.series.is_some();
        let converted = update.converted.take();
        if let Some(trace) = &update.trace {
            super::dom::save_file("trace.jsonl", trace);
        }
        if update.log.is_some() {
            self.0.run_changed.set(true);
            self.check_soon();
        }
        self.tell_not_applied(&update);
        let gone = update.missed.then(|| self.texts().action_gone().to_string());
        let (refused, forked) = (update.refused.clone().or(gone), update.clock.forked);
        self.0.news.borrow_mut().extend(update.happenings.iter().cloned());
        let (was, end) = (self.view().clock.now, time_bar::end(&self.view().clock));
        let changes = self.0.view.borrow_mut().fold(update);
        if let Some(on_changes) = self.0.on_changes.borrow().as_ref() {
            on_changes(&changes);
        }
        if changes.full || changes.nodes || changes.docker {
            let both = self.view().two_houses();
            super::dom::set_root("data-duel", if both { "true" } else { "false" });
        }
        self.after_move(arrived);
        if !self.ui().playing && (changes.rows || self.view().clock.now != was) {
            self.ask_soon();
        }
        if let Some(words) = refused {
            self.toast(words, None, true);
        }
        if forked {
            self.tell_fork();
        }
        if let Some(converted) = converted {
            self.open_beside(converted);
        }
        let rows = self.rows_topic(changes.rows || changes.live);
        // Ruler and lanes must not stand on the old scale while the slider is on the new one.
        let answers = answers || time_bar::end(&self.view().clock) != end;
        let answers = if answers { topic::ANSWERS } else { 0 } | if curves { topic::SERIES } else { 0 };
        self.speak_soon();
        self.bump(topic::CLOCK | rows | answers);
        self.wake();
    }

    /// What is shown of the selection and the run belongs to the moment: it is asked again when a standing run has moved.
    pub(super) fn ask_soon(&self) {
        let page = self.clone();
        let ask = move || {
            page.ask_about_selection();
            page.ask_overview();
        };
        *self.0.ask_timer.borrow_mut() = Some(Timeout::new(60, ask));
    }

    /// The level the stage shows.
    pub fn level(&self) -> Level {
        self.0.level.get()
    }

    /// The stage tells its level; the toolbar shows it after the frame.
    pub fn note_level(&self, level: Level) {
        if self.0.level.replace(level) != level {
            let page = self.clone();
            Timeout::new(0, move || page.bump(topic::CHOICE)).forget();
        }
    }

    /// Ends a seek that has arrived, or that something else has put an end to, and forgets a selection that is gone.
    fn after_move(&self, arrived: bool) {
        let (selected, ended) = {
            let mut ui = self.0.ui.borrow_mut();
            let ended = arrived && ui.seeking.take().is_some();
            (ui.selected, ended)
        };
        if ended {
            self.0.last_frame.set(now_ms());
            self.check_soon();
        }
        let lost = selected.is_some_and(|id| !self.view().rows.contains_key(&id));
        if lost {
            self.select(None);
        }
    }

    fn tell_fork(&self) {
        let t = self.texts();
        let (words, name) = {
            let view = self.view();
            let clock = &view.clock;
            let branch = clock.branches.get(clock.branch as usize).map(|b| (b.name.clone(), b.forked_at));
            let (name, at) = branch.unwrap_or_default();
            (t.branch_forked(&name, super::format::short_clock(at)), name)
        };
        self.toast(words, Some(Undo::Fork(name)), false);
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
        self.ask_series();
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
        self.ask_series();
    }

    /// Opens a tab of the inspector; curves are asked for when they are seen.
    pub fn open_tab(&self, tab: Tab) {
        self.choose(|ui| ui.tab = tab);
        self.ask_series();
    }

    fn ask_about_selection(&self) {
        let Some(id) = self.ui().selected else { return };
        self.ask(&Command::Inspect { id });
        self.ask(&Command::Why { id, entry: None });
        self.0.asked_again.set(now_ms());
    }

    // ---- settings

    /// Changes what is kept on the device.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.0.ui.borrow_mut().settings);
        self.apply_settings();
        self.save_settings();
        self.bump(!topic::FILES);
        self.wake();
    }

    fn apply_settings(&self) {
        let ui = self.ui();
        super::dom::set_root("data-presenting", if ui.presenting { "true" } else { "false" });
        super::dom::set_length("--presenter", ui.settings.presenter);
        super::dom::set_token("--magnified", &format!("{:.4}", self.magnified()));
        super::dom::set_root("lang", ui.settings.language.tag());
        super::dom::set_root("data-embedded", if super::dom::embedded() { "true" } else { "false" });
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
    pub fn set_painter(&self, painter: Option<Painter>, on_changes: Option<Watcher>, wisher: Option<Wisher>) {
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
        self.send_seek();
        let since = (at - self.0.last_frame.get()).clamp(0.0, FRAME_MAX_MS);
        if playing && self.0.advancing.get().is_none() && self.ui().seeking.is_none() && self.view().started {
            self.0.last_frame.set(at);
            self.advance(since);
        }
        if playing && at - self.0.asked_again.get() > ASK_AGAIN_MS {
            self.0.asked_again.set(at);
            self.ask_about_selection();
            self.ask_overview();
        }
        if playing {
            self.check_again(at);
        }
        if playing && at - self.0.bar_at.get() > BAR_EVERY_MS {
            self.ask_bar();
        }
        if at - self.0.saved_at.get() > SAVE_EVERY_MS && self.view().started {
            self.save();
        }
        let rows = self.rows_topic(false);
        if rows != 0 {
            self.bump(rows);
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
        if quiet || by > 0 {
            let command = if quiet { Command::SkipQuiet } else { Command::Advance { by } };
            self.0.advancing.set(self.ask_numbered(&command));
        }
    }

    /// Asks for the overview now, after a seek or when the bar was resized.
    pub fn ask_overview(&self) {
        self.ask(&Command::Overview { columns: OVERVIEW_COLUMNS });
        let now = now_ms();
        if self.ui().playing && now - self.0.series_at.get() < SERIES_EVERY_MS {
            return;
        }
        self.0.series_at.set(now);
        self.ask_bar();
        if self.view().two_houses() {
            self.ask(&Command::Duel);
        }
        self.ask_series();
    }

    /// Asks for the curves of everything.
    fn ask_bar(&self) {
        self.0.bar_at.set(now_ms());
        self.ask(&Command::Series { id: None, columns: OVERVIEW_COLUMNS });
        if self.view().two_houses() {
            self.ask(&Command::Series { id: Some(HOST), columns: OVERVIEW_COLUMNS });
        }
    }

    /// Asks for the curves of the selection where they are seen.
    fn ask_series(&self) {
        let (selected, tab) = {
            let ui = self.ui();
            (ui.selected, ui.tab)
        };
        if let Some(id) = selected.filter(|_| tab == Tab::Charts) {
            self.ask(&Command::Series { id: Some(id), columns: OVERVIEW_COLUMNS });
        }
    }
}
