//! The twin tree: what the stage shows, as rows that a keyboard and a screen reader can walk. Hidden from sight it still takes
//! the focus for the stage, whose ring then moves along; `O` shows it as text.

use super::super::dom;
use super::super::format;
use super::super::hooks::use_page;
use super::super::page::{Page, Tab, topic};
use super::super::scene::tree::{self, Folds, Key, Line};
use super::sight::SightMark;
use crate::session::Look;
use yew::prelude::*;

/// Rows that are in the page at once. Ours: more would slow every update down.
const WINDOW: usize = 100;

/// The tree.
#[component]
pub fn Outline() -> Html {
    let page = use_page(topic::ROWS | topic::CHOICE);
    let t = page.texts();
    let folds = use_state(Folds::default);
    let focus = use_state(|| None::<Key>);
    let lines = tree::lines(&page.view(), t, page.language(), &folds);
    let selected = page.ui().selected;
    let here = current(&lines, focus.as_ref(), selected);
    let at = here.as_ref().and_then(|k| lines.iter().position(|l| l.key == *k)).unwrap_or(0);
    let first = at.saturating_sub(WINDOW / 2).min(lines.len().saturating_sub(WINDOW));
    let last = (first + WINDOW).min(lines.len());
    let go = {
        let (page, focus) = (page.clone(), focus.clone());
        move |key: Key, take: bool| {
            if let Some(id) = key.row() {
                page.select(Some(id));
            }
            let id = key.id();
            focus.set(Some(key));
            if take {
                gloo_timers::callback::Timeout::new(0, move || dom::focus(&id)).forget();
            }
        }
    };
    let onkeydown = {
        let (page, go, folds) = (page.clone(), go.clone(), folds.clone());
        let (lines, here) = (lines.clone(), here.clone());
        Callback::from(move |e: KeyboardEvent| {
            if let Some(here) = &here {
                walk(&e, &page, &lines, here, &folds, &go);
            }
        })
    };
    let (before, after) = (first, lines.len() - last);
    let whole = |n: usize| format::whole(n as u64, page.language());
    html! {
        <div class="outline" role="tree" aria-label={t.tree_label()} id="tree" {onkeydown}>
            if before > 0 { <p class="more" role="none">{ t.tree_before(whole(before)) }</p> }
            { for lines[first..last].iter().map(|line| {
                row(line, here.as_ref() == Some(&line.key), selected, go.clone(), folds.clone())
            }) }
            if after > 0 { <p class="more" role="none">{ t.tree_after(whole(after)) }</p> }
        </div>
    }
}

/// The line that has the tab stop: the focused one if it still exists, else the selection, else the first.
fn current(lines: &[Line], focus: Option<&Key>, selected: Option<u32>) -> Option<Key> {
    let there = |key: &Key| lines.iter().any(|l| l.key == *key);
    let zone = |l: &&Line| matches!(l.key, Key::Zone(_)) && l.key.row() == selected;
    let zone = selected.and_then(|_| lines.iter().find(zone)).map(|l| l.key.clone());
    let chosen = selected.map(Key::Row).filter(|k| there(k)).or(zone);
    let focused = focus.filter(|k| there(k)).cloned();
    let same = focused.as_ref().is_some_and(|k| selected.is_none() || k.row() == selected || k.row().is_none());
    if same { focused } else { chosen.or(focused) }.or_else(|| lines.first().map(|l| l.key.clone()))
}

fn row(
    line: &Line,
    tab: bool,
    selected: Option<u32>,
    go: impl Fn(Key, bool) + 'static,
    folds: UseStateHandle<Folds>,
) -> Html {
    let key = line.key.clone();
    let open = line.open;
    let onclick = {
        let key = key.clone();
        Callback::from(move |_: MouseEvent| {
            if open.is_some() && key.row().is_none() {
                let mut changed = (*folds).clone();
                changed.flip(&key);
                folds.set(changed);
            }
            go(key.clone(), true);
        })
    };
    let chosen = key.row().is_some() && key.row() == selected;
    html! {
        <div role="treeitem" class="line" key={key.id()} id={key.id()} tabindex={if tab { "0" } else { "-1" }}
            aria-level={line.level.to_string()} aria-setsize={line.set.to_string()} aria-posinset={line.pos.to_string()}
            aria-expanded={line.open.map(|o| o.to_string())} aria-selected={chosen.to_string()} {onclick}
            data-level={line.level.to_string()}>
            <span class="twist" aria-hidden="true">{ match line.open { Some(true) => "▾", Some(false) => "▸", None => "" } }</span>
            if let Some(look) = line.look { <LookMark {look} /> }
            if let Some(sight) = line.sight { <SightMark {sight} /> }
            <span>{ line.label.clone() }</span>
        </div>
    }
}

/// Arrows by the rules of trees.
fn walk(
    e: &KeyboardEvent,
    page: &Page,
    lines: &[Line],
    here: &Key,
    folds: &UseStateHandle<Folds>,
    go: &impl Fn(Key, bool),
) {
    let flip = || {
        let mut changed = (**folds).clone();
        changed.flip(here);
        folds.set(changed);
    };
    let open = lines.iter().find(|l| l.key == *here).and_then(|l| l.open);
    let key = e.key();
    if e.shift_key() && key.starts_with("Arrow") {
        let (dx, dy) = match key.as_str() {
            "ArrowLeft" => (60.0, 0.0),
            "ArrowRight" => (-60.0, 0.0),
            "ArrowUp" => (0.0, 60.0),
            _ => (0.0, -60.0),
        };
        e.prevent_default();
        return page.wish(super::shortcuts::Wish::Pan(dx, dy));
    }
    let to = match key.as_str() {
        "ArrowDown" => tree::step(lines, here, 1),
        "ArrowUp" => tree::step(lines, here, -1),
        "Home" => lines.first().map(|l| l.key.clone()),
        "End" => lines.last().map(|l| l.key.clone()),
        "ArrowRight" if open == Some(false) => {
            flip();
            Some(here.clone())
        }
        "ArrowRight" if open == Some(true) => tree::step(lines, here, 1),
        "ArrowLeft" if open == Some(true) => {
            flip();
            Some(here.clone())
        }
        "ArrowLeft" => tree::parent(lines, here),
        "Enter" => {
            match here.row() {
                Some(id) => page.show(id, Tab::Overview),
                None => flip(),
            }
            Some(here.clone())
        }
        _ => return,
    };
    e.prevent_default();
    e.stop_propagation();
    if let Some(to) = to {
        go(to, true);
    }
}

/// Properties of [`LookMark`].
#[derive(Properties, PartialEq)]
pub struct LookMarkProps {
    /// The state.
    pub look: Look,
    /// Whether it cannot go on by itself.
    #[prop_or_default]
    pub stuck: bool,
}

/// A pod's state as a small drawing in lists: the shapes of the stage.
#[component]
pub fn LookMark(props: &LookMarkProps) -> Html {
    let (class, inside) = match props.look {
        Look::Pending => {
            ("wait", html! { <rect x="3" y="3" width="10" height="10" rx="2" fill="none" stroke-dasharray="2 2" /> })
        }
        Look::Creating if props.stuck => (
            "bad",
            html! { <><rect x="3" y="3" width="10" height="10" rx="2" fill="none" /><path fill="none" d="M8 5.5v3M8 10.7v.1" /></> },
        ),
        Look::Creating => (
            "wait",
            html! { <><rect x="3" y="3" width="10" height="10" rx="2" fill="none" /><rect x="4.5" y="8" width="7" height="3.5" stroke="none" /></> },
        ),
        Look::NotReady => (
            "ok",
            html! { <><rect x="3" y="3" width="10" height="10" rx="2" fill="none" /><path d="M3.5 4v8.5H12z" stroke="none" /></> },
        ),
        Look::Ready => ("ok", html! { <rect x="3" y="3" width="10" height="10" rx="2" /> }),
        Look::Terminating => {
            ("stop", html! { <><rect x="4" y="4" width="8" height="8" rx="2" /><path class="cut" d="M5.5 8h5" /></> })
        }
        Look::CrashLoop => (
            "bad",
            html! { <><rect x="3" y="3" width="10" height="10" rx="2" /><path class="cut" fill="none" d="M10.5 6.5a3 3 0 1 0 .3 2.5" /></> },
        ),
        Look::Succeeded => (
            "done",
            html! { <><rect x="3" y="3" width="10" height="10" rx="2" /><path class="cut" fill="none" d="M5.5 8l2 2 3-4" /></> },
        ),
        Look::Failed => (
            "bad",
            html! { <><rect x="3" y="3" width="10" height="10" rx="2" /><path class="cut" d="M5.5 5.5l5 5M10.5 5.5l-5 5" /></> },
        ),
        Look::Unknown => (
            "unk",
            html! { <><rect x="3" y="3" width="10" height="10" rx="2" fill="none" stroke-dasharray="3 2" /><path fill="none" d="M6.5 6.8a1.5 1.5 0 1 1 2 1.5v.7M8.2 11v.1" /></> },
        ),
        Look::Evicted => (
            "bad",
            html! { <><rect x="3" y="3" width="10" height="10" rx="2" /><path class="cut" d="M5.5 8.5h5L8 5.5zM5.5 10.7h5" /></> },
        ),
    };
    html! {
        <svg class={classes!("look", class)} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">{ inside }</svg>
    }
}
