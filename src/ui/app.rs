//! The app's root component: the regions in their order, what lies over them, and the keys.

use super::docker;
use super::dom;
use super::hooks::use_page;
use super::keys::{self, Ask, Pressed};
use super::page::{Dialog, FILE_MAX, Page, Tab, TextTab, topic};
use super::panels::{dialogs, header::Header, inspector::Inspector, shortcuts, stage::Stage, terminal::Terminal};
use super::panels::{messages::Messages, text::TextColumn, time_bar::TimeBar};
use super::settings::SingleKeys;
use super::texts::Texts;
use super::widgets::Icon;
use crate::session::File;
use wasm_bindgen::prelude::*;
use yew::prelude::*;

/// The page.
#[component]
pub fn App() -> Html {
    let page = use_memo((), |()| Page::start());
    html! {
        <ContextProvider<Page> context={(*page).clone()}>
            <Whole />
        </ContextProvider<Page>>
    }
}

#[component]
fn Whole() -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let keys = page.clone();
    use_effect_with((), move |()| listen(keys));
    let (sheet, dialog) = {
        let ui = page.ui();
        (ui.sheet, ui.dialog.clone())
    };
    let drop = page.clone();
    let ondrop = Callback::from(move |e: DragEvent| {
        e.prevent_default();
        dom::set_root("data-dropping", "false");
        if let Some(files) = e.data_transfer().and_then(|d| d.files()) {
            read_files(drop.clone(), files);
        }
    });
    let ondragover = Callback::from(|e: DragEvent| {
        e.prevent_default();
        dom::set_root("data-dropping", "true");
    });
    let ondragleave = Callback::from(|_: DragEvent| dom::set_root("data-dropping", "false"));
    html! {
        <ContextProvider<Texts> context={t}>
            <div class="page" {ondrop} {ondragover} {ondragleave}>
                <nav class="skips" aria-label={t.skips_label()}>
                    <a href="#stage">{ t.skip_stage() }</a>
                    <a href="#time">{ t.skip_time() }</a>
                    <a href="#files">{ t.skip_files() }</a>
                </nav>
                <div class="regions" data-sheet={sheet} inert={dialog.is_some()}>
                    <Header />
                    <TextColumn />
                    <Stage />
                    <Sheets />
                    <Inspector />
                    <Terminal />
                    <TimeBar />
                </div>
                <Messages />
                { dialogs::shown(dialog) }
                <div class="drop-frame" aria-hidden="true"><span>{ t.drop_here() }</span></div>
            </div>
        </ContextProvider<Texts>>
    }
}

/// The tabs of narrow screens.
#[component]
fn Sheets() -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let chosen = page.ui().sheet;
    let items = [
        ("outline", "list", t.outline_title()),
        ("answers", "why", t.inspector_title()),
        ("files", "file", t.files_title()),
        ("terminal", "terminal", t.terminal_title()),
        ("time", "clock", t.time_title()),
    ];
    html! {
        <nav class="sheets" aria-label={t.sheets_label()}>
            { for items.into_iter().map(|(key, icon, label)| {
                let page = page.clone();
                let onclick = Callback::from(move |_| page.choose(|ui| {
                    ui.sheet = if ui.sheet == key && key == "time" { "answers" } else { key };
                    ui.outline = key == "outline";
                    ui.dock |= key == "terminal";
                }));
                html! {
                    <button type="button" data-sheet={key} aria-pressed={(chosen == key).to_string()} {onclick}>
                        <Icon name={icon} /><span>{ label }</span>
                    </button>
                }
            }) }
        </nav>
    }
}

/// Reads dropped or chosen files as text, then brings them in.
pub fn read_files(page: Page, list: web_sys::FileList) {
    let files: Vec<web_sys::File> = (0..list.length()).filter_map(|i| list.get(i)).collect();
    wasm_bindgen_futures::spawn_local(async move {
        let (mut all, mut large) = (Vec::new(), Vec::new());
        for file in files {
            if file.size() > FILE_MAX as f64 {
                large.push((file.name(), file.size() as u64));
            } else if let Ok(text) = wasm_bindgen_futures::JsFuture::from(file.text()).await {
                all.push(File { name: file.name(), text: text.as_string().unwrap_or_default() });
            }
        }
        page.bring(all, large);
    });
}

type Listener<E> = Closure<dyn FnMut(E)>;

/// Keys, paste, theme changes and the last chance to save.
fn listen(page: Page) -> impl FnOnce() {
    let Some(window) = web_sys::window() else { return Box::new(|| ()) as Box<dyn FnOnce()> };
    let on = page.clone();
    let keydown: Listener<KeyboardEvent> = Closure::new(move |e: KeyboardEvent| key_down(&on, &e));
    let on = page.clone();
    let paste: Listener<web_sys::ClipboardEvent> = Closure::new(move |e: web_sys::ClipboardEvent| pasted(&on, &e));
    let on = page.clone();
    let hide: Listener<Event> = Closure::new(move |_| on.save());
    let on = page.clone();
    let paper: Listener<Event> = Closure::new(move |_| on.print(true));
    let on = page.clone();
    let screen: Listener<Event> = Closure::new(move |_| on.print(false));
    // In a frame the wheel is the outer page's until somebody is at work here, and again after Esc or when the pointer leaves.
    let enter: Listener<Event> = Closure::new(|e: Event| {
        let escape = e.dyn_ref::<KeyboardEvent>().is_some_and(|e| e.key() == "Escape");
        dom::set_root("data-active", if escape { "false" } else { "true" });
    });
    let leave: Listener<Event> = Closure::new(|e: Event| {
        if e.dyn_ref::<MouseEvent>().is_none_or(|e| e.related_target().is_none()) {
            dom::set_root("data-active", "false");
        }
    });
    let all = move || {
        let (keydown, paste, hide) = (keydown.as_ref(), paste.as_ref(), hide.as_ref());
        let (enter, leave) = (enter.as_ref(), leave.as_ref());
        [
            ("pointerdown", enter.clone()),
            ("keydown", enter.clone()),
            ("focusin", enter.clone()),
            ("mouseout", leave.clone()),
            ("blur", leave.clone()),
            ("keydown", keydown.clone()),
            ("paste", paste.clone()),
            ("pagehide", hide.clone()),
            ("beforeprint", paper.as_ref().clone()),
            ("afterprint", screen.as_ref().clone()),
        ]
    };
    let add = |name: &str, f: &JsValue| {
        let _ = window.add_event_listener_with_callback(name, f.unchecked_ref());
    };
    for (name, f) in all() {
        add(name, &f);
    }
    let target = window.clone();
    Box::new(move || {
        for (name, f) in all() {
            let _ = target.remove_event_listener_with_callback(name, f.unchecked_ref());
        }
    })
}

/// Text pasted outside of a field becomes a file.
fn pasted(page: &Page, e: &web_sys::ClipboardEvent) {
    if dom::active().is_some_and(|a| dom::in_text(&a)) {
        return;
    }
    let text = e.clipboard_data().and_then(|d| d.get_data("text/plain").ok()).unwrap_or_default();
    if text.contains(':') || text.trim_start().starts_with('{') {
        e.prevent_default();
        page.bring(vec![File { name: docker::pasted_name(&text).into(), text }], Vec::new());
    } else if !text.trim().is_empty() {
        page.toast(page.texts().paste_nothing().into(), None, false);
    }
}

fn key_down(page: &Page, e: &KeyboardEvent) {
    if e.default_prevented() || e.is_composing() {
        return;
    }
    let key = e.key();
    let pressed = Pressed { key: &key, ctrl: e.ctrl_key() || e.meta_key(), shift: e.shift_key(), alt: e.alt_key() };
    let Some((mut ask, single)) = keys::find(pressed) else { return };
    // The key that a remote's blank button sends.
    if page.ui().presenting && key == "." {
        ask = Ask::Play;
    }
    if page.ui().dialog.is_some() && ask != Ask::Close {
        return;
    }
    let target = dom::active();
    let in_text = target.as_ref().is_some_and(dom::in_text);
    if single {
        let allowed = match page.ui().settings.keys {
            SingleKeys::On => !e.alt_key(),
            SingleKeys::WithAlt => e.alt_key(),
            SingleKeys::Off => false,
        };
        let in_text = in_text && !matches!(target.as_ref().map(|t| t.id()).as_deref(), Some("slider"));
        if in_text || !allowed {
            return;
        }
        let pressable =
            target.as_ref().is_some_and(|t| matches!(t.tag_name().as_str(), "BUTTON" | "A" | "SUMMARY" | "INPUT"));
        if ask == Ask::Play && key == " " && pressable {
            return;
        }
    }
    // A text leaves by its own ways, and has a menu of its own.
    if in_text && matches!(ask, Ask::Close | Ask::Actions) {
        return;
    }
    if shortcuts::run(page, ask, e.shift_key()) {
        e.prevent_default();
    }
}

/// Opens the tab of the inspector and the text column that a key names.
pub fn show_tab(page: &Page, tab: Tab) {
    page.choose(|ui| {
        ui.tab = tab;
        ui.sheet = "answers";
    });
    dom::focus_soon("answers");
}

/// Opens the files.
pub fn show_files(page: &Page) {
    page.choose(|ui| {
        ui.text_tab = TextTab::Files;
        ui.sheet = "files";
    });
    dom::focus_soon("files");
}

/// Opens something over the page.
pub fn open(page: &Page, dialog: Dialog) {
    page.choose(|ui| ui.dialog = Some(dialog));
}
