//! What the person has chosen: everything of the page that is not told by the engine.

use super::super::charts::Chart;
use super::super::saved::Saved;
use super::super::settings::{self, Settings, Theme};
use crate::session::File;

/// Tabs of the inspector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// State and numbers.
    #[default]
    Overview,
    /// The chain of causes.
    Why,
    /// How many requests come and where they end.
    Load,
    /// An autoscaler's decision, rule by rule.
    Decision,
    /// Curves over the run.
    Charts,
    /// The scheduling table.
    Placement,
    /// Events.
    Events,
    /// What a container printed.
    Logs,
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
    /// A fault for a row (0: for the whole cluster) with a length, a rhythm or by chance.
    Fault(u32),
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
    /// The fork of this name.
    Fork(String),
    /// The closed file.
    File(File, usize),
    /// The scenario that was replaced.
    Scenario(Box<Saved>),
}

/// The end of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// Where the run stood.
    pub at: u64,
    /// Its last words.
    pub why: String,
    /// Whether another one has taken its place.
    pub restored: bool,
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
    /// The menu on the stage: row id and place.
    pub menu: Option<(u32, f64, f64)>,
    /// The time bar's chart; requests, where there are any, or replicas when nothing was chosen.
    pub chart: Option<Chart>,
    /// Whether all flows of requests are drawn.
    pub traffic: bool,
    /// Whether the legend is open.
    pub legend: bool,
    /// Whether an audience looks: large type, little around the stage.
    pub presenting: bool,
    /// Whether the engine has not answered for some seconds.
    pub silent: bool,
    /// The text size of the browser, 1 as it comes.
    pub text_scale: f64,
    /// While it is printed: the colours to go back to.
    pub printing: Option<Theme>,
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
    /// The engine stopped.
    pub crashed: Option<Crash>,
    /// The newest sentence for the live region.
    pub spoken: String,
    /// Whether an answer to a seek or a check is overdue.
    pub busy: bool,
}

impl Ui {
    /// The start.
    pub(super) fn new(settings: Settings) -> Self {
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
            speed: settings::SPEED_ONE,
            outline: false,
            menu: None,
            chart: None,
            traffic: true,
            legend: false,
            presenting: false,
            silent: false,
            text_scale: 1.0,
            printing: None,
            dock: false,
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
