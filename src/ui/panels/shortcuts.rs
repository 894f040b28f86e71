//! Carries out what a key asks for.

use super::super::app::{open, show_files, show_tab};
use super::super::dom;
use super::super::keys::Ask;
use super::super::page::{Dialog, Page, Tab, TextTab};
use super::super::scene::layout::Level;
use crate::session::docker::HOST;
use crate::session::{Action, RowBody};

/// Regions in the order of the page, by the id that takes focus.
const REGIONS: [&str; 6] = ["head", "files", "stage", "answers", "terminal", "time"];

/// Does it; whether there was anything to do.
pub fn run(page: &Page, ask: Ask, shift: bool) -> bool {
    match ask {
        Ask::NextRegion => region(1),
        Ask::LastRegion => region(-1),
        Ask::Find => open(page, Dialog::Find),
        Ask::Keys => open(page, Dialog::Keys),
        Ask::Open => open(page, Dialog::Open),
        Ask::Close => return close(page),
        Ask::Apply => page.apply(),
        Ask::SaveFile => save(page),
        Ask::Files => show_files(page),
        Ask::Stage => dom::focus("stage"),
        Ask::Inspector => {
            page.choose(|ui| ui.sheet = "answers");
            dom::focus_soon("answers");
        }
        Ask::Terminal => {
            page.choose(|ui| {
                ui.dock = true;
                ui.sheet = "terminal";
            });
            dom::focus_soon("terminal-line");
        }
        Ask::TimeBar => dom::focus("slider"),
        Ask::Events => show_tab(page, Tab::Events),
        Ask::Why => show_tab(page, Tab::Why),
        Ask::Outline => page.choose(|ui| ui.outline = !ui.outline),
        Ask::Presenter => {
            let on = page.ui().presenting;
            page.present(!on);
        }
        Ask::Actions => {
            page.choose(|ui| ui.sheet = "answers");
            gloo_timers::callback::Timeout::new(0, || _ = click("actions-button")).forget();
        }
        Ask::Duel => return duel(page),
        Ask::Difference => difference(page),
        Ask::Traffic => page.choose(|ui| ui.traffic = !ui.traffic),
        Ask::Kill => return kill(page),
        Ask::NextTrouble => trouble(page, false),
        Ask::LastTrouble => trouble(page, true),
        _ => return time(page, ask, shift) || view(page, ask),
    }
    true
}

/// The report of two houses; a project that stands alone is set beside Kubernetes. Nothing without a Docker host.
fn duel(page: &Page) -> bool {
    let (host, both) = {
        let view = page.view();
        (view.row(HOST).is_some(), view.two_houses())
    };
    match (host, both) {
        (true, true) => page.show_report(),
        (true, false) => page.set_beside(),
        (false, _) => return false,
    }
    true
}

/// What applying the files would change.
fn difference(page: &Page) {
    page.choose(|ui| {
        ui.text_tab = TextTab::Files;
        ui.sheet = "files";
    });
    dom::open_soon("difference");
}

fn time(page: &Page, ask: Ask, shift: bool) -> bool {
    let many = if shift { 10 } else { 1 };
    match ask {
        Ask::Play => {
            let playing = page.ui().playing;
            page.play(!playing);
        }
        Ask::LastEvent => page.step_event(true),
        Ask::NextEvent => page.step_event(false),
        Ask::Back => page.step_seconds(-many),
        Ask::On => page.step_seconds(many),
        Ask::Bookmark => page.bookmark(),
        Ask::LastBookmark => return page.go_stop(true),
        Ask::NextBookmark => return page.go_stop(false),
        Ask::Slower => page.change_speed(false),
        Ask::Faster => page.change_speed(true),
        Ask::Newest => page.seek_newest(),
        _ => return false,
    }
    true
}

fn view(page: &Page, ask: Ask) -> bool {
    let wish = match ask {
        Ask::ZoomIn => Wish::Zoom(1.25),
        Ask::ZoomOut => Wish::Zoom(0.8),
        Ask::Fit => Wish::Fit,
        Ask::Centre => Wish::Centre,
        Ask::Level(1) => Wish::Level(Level::Fleet),
        Ask::Level(2) => Wish::Level(Level::Nodes),
        Ask::Level(3) => Wish::Level(Level::Pods),
        Ask::Level(_) => Wish::Level(Level::OnePod),
        _ => return false,
    };
    page.wish(wish);
    true
}

/// What the stage's camera should do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wish {
    /// Nearer or farther.
    Zoom(f64),
    /// Everything.
    Fit,
    /// The selection to the middle.
    Centre,
    /// A level.
    Level(Level),
    /// Sideways and up or down, in pixels.
    Pan(f64, f64),
}

fn region(by: i32) {
    let active = dom::active();
    let at = REGIONS.iter().position(|id| {
        let region = dom::by_id(id).map(|r| r.closest("[data-region]").ok().flatten().unwrap_or(r));
        region.is_some_and(|r| active.as_ref().is_some_and(|a| r.contains(Some(a))))
    });
    let count = REGIONS.len() as i32;
    let from = at.map_or(if by > 0 { -1 } else { 0 }, |a| a as i32);
    for i in 1..=count {
        let to = REGIONS[(from + by * i).rem_euclid(count) as usize];
        let to = if to == "terminal" && dom::by_id(to).is_none() { "terminal-line" } else { to };
        let to = if to == "time" { "slider" } else { to };
        dom::focus(to);
        // The focus may go to the text inside.
        let reached = dom::by_id(to).is_some_and(|region| region.contains(dom::active().as_deref()));
        if reached {
            return;
        }
    }
}

fn click(id: &str) -> bool {
    use wasm_bindgen::JsCast;
    if let Some(button) = dom::by_id(id).and_then(|b| b.dyn_into::<web_sys::HtmlElement>().ok()) {
        button.click();
    }
    true
}

fn close(page: &Page) -> bool {
    let (dialog, selected, presenting) = {
        let ui = page.ui();
        (ui.dialog.is_some(), ui.selected.is_some(), ui.presenting)
    };
    if dialog {
        page.choose(|ui| ui.dialog = None);
    } else if selected {
        page.select(None);
    } else if presenting {
        page.present(false);
    }
    dialog || selected || presenting
}

fn save(page: &Page) {
    let file = {
        let ui = page.ui();
        ui.files.get(ui.front).cloned()
    };
    if let Some(file) = file {
        dom::save_file(&file.name, &file.text);
    }
}

/// Deletes the selected pod, or kills the selected container; without a selection the first one that runs, so that the first try works at once.
fn kill(page: &Page) -> bool {
    let container = {
        let (ui, view) = (page.ui(), page.view());
        let row = ui.selected.and_then(|id| view.row(id));
        row.filter(|r| matches!(r.body, RowBody::Container(_))).map(|r| r.name.clone())
    };
    if let Some(name) = container {
        page.choose(|ui| ui.tried = true);
        page.act(Action::Line { line: format!("docker kill {name}") });
        return true;
    }
    let target = {
        let (ui, view) = (page.ui(), page.view());
        match ui.selected {
            Some(id) if view.pod(id).is_some() => Some(id),
            Some(_) => None,
            None => view.seats.values().flat_map(|s| s.pods.iter().flatten()).copied().next(),
        }
    };
    let Some(id) = target else { return false };
    page.choose(|ui| ui.tried = true);
    page.act(Action::Delete { id });
    true
}

fn trouble(page: &Page, back: bool) {
    let next = {
        let (ui, view) = (page.ui(), page.view());
        let all: Vec<u32> = view.troubles.iter().copied().collect();
        let at = ui.selected.and_then(|id| all.iter().position(|t| *t == id));
        let count = all.len();
        match at {
            _ if count == 0 => None,
            Some(at) if back => Some(all[(at + count - 1) % count]),
            Some(at) => Some(all[(at + 1) % count]),
            None if back => all.last().copied(),
            None => all.first().copied(),
        }
    };
    if let Some(id) = next {
        let tab = match page.view().row(id).map(|r| &r.body) {
            Some(RowBody::Pod(_) | RowBody::Container(_)) => Tab::Why,
            _ => Tab::Overview,
        };
        page.show(id, tab);
    }
}
