//! What lies over the page: keys, find, open. Each is a real `dialog`, gives the focus back and closes with Escape.

use super::super::docker;
use super::super::dom;
use super::super::examples;
use super::super::hooks::use_page;
use super::super::keys::{Ask, Group, KEYS};
use super::super::page::{Dialog, FILE_MAX, Page, Tab, topic};
use super::super::settings::PRESENTER_SIZES;
use super::super::settings::{Announce, SingleKeys, Theme};
use super::super::texts::Language;
use super::super::widgets::Icon;
use super::faults::{FaultForm, FaultFormProps};
use super::shortcuts;
use crate::session::File;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// At most so many finds are listed. Ours: a screen of them.
const FINDS_MAX: usize = 30;

/// The dialog that is open.
pub fn shown(dialog: Option<Dialog>) -> Html {
    match dialog {
        Some(Dialog::Keys) => html! { <Keys /> },
        Some(Dialog::Find) => html! { <Find /> },
        Some(Dialog::Open) => html! { <Open /> },
        Some(Dialog::Fault(id)) => html! { <Break {id} /> },
        None => Html::default(),
    }
}

#[derive(Properties, PartialEq)]
struct SheetProps {
    title: AttrValue,
    children: Children,
}

/// A dialog with title and close button.
#[component]
fn Sheet(props: &SheetProps) -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let node = use_node_ref();
    {
        let node = node.clone();
        let page = page.clone();
        use_effect_with((), move |()| {
            page.keep_opener();
            if let Some(dialog) = node.cast::<HtmlDialogElement>() {
                let _ = dialog.show_modal();
            }
            move || page.back_to_opener()
        });
    }
    let (close, cancel) = (page.clone(), page.clone());
    html! {
        <dialog ref={node} class="sheet" aria-label={props.title.clone()} oncancel={move |e: Event| {
            e.prevent_default();
            cancel.choose(|ui| ui.dialog = None);
        }}>
            <header class="bar"><h2>{ props.title.clone() }</h2><span class="spring" />
                <button type="button" class="quiet" aria-label={t.close()} onclick={move |_| close.choose(|ui| ui.dialog = None)}><Icon name="close" /></button>
            </header>
            { props.children.clone() }
        </dialog>
    }
}

/// Orders a fault.
#[component]
fn Break(props: &FaultFormProps) -> Html {
    let page = use_page(topic::CHOICE);
    let name = page.kubectl_name(props.id);
    let title = page.texts().fault_title();
    let title = name.map_or(title.to_string(), |name| format!("{title}: {name}"));
    html! { <Sheet {title}><FaultForm id={props.id} /></Sheet> }
}

#[component]
fn Keys() -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let language = page.language();
    let groups = [
        (Group::Anywhere, t.keys_anywhere()),
        (Group::GoTo, t.keys_go_to()),
        (Group::Time, t.keys_time()),
        (Group::Stage, t.keys_stage()),
    ];
    html! {
        <Sheet title={t.keys_title()}>
            <div class="keys" tabindex="0" role="group" aria-label={t.keys_title()}>
                { for groups.into_iter().map(|(group, title)| html! {
                    <section><h3>{ title }</h3><dl>
                        { for KEYS.iter().filter(|k| k.group == group).map(|k| html! {
                            <div><dt>{ for k.shown.split(" · ").map(|s| html! { <kbd>{ cap(s, language) }</kbd> }) }</dt><dd>{ ask_words(k.ask, t) }</dd></div>
                        }) }
                    </dl></section>
                }) }
                <section><h3>{ t.keys_editor() }</h3><dl>
                    <div><dt><kbd>{ "Alt ↑ ↓" }</kbd></dt><dd>{ t.key_diagnostics() }</dd></div>
                    <div><dt><kbd>{ cap("Ctrl .", language) }</kbd></dt><dd>{ t.key_hint() }</dd></div>
                    <div><dt><kbd>{ cap("Ctrl M", language) }</kbd></dt><dd>{ t.key_tab_mode() }</dd></div>
                    <div><dt><kbd>{ "Esc" }</kbd><kbd>{ "Tab" }</kbd></dt><dd>{ t.key_leave_terminal() }</dd></div>
                    <div><dt><kbd>{ "← → ↑ ↓" }</kbd></dt><dd>{ t.key_tree() }</dd></div>
                    <div><dt><kbd>{ cap("Shift ← → ↑ ↓", language) }</kbd></dt><dd>{ t.key_pan() }</dd></div>
                    <div><dt><kbd>{ "Enter" }</kbd></dt><dd>{ t.key_inspect() }</dd></div>
                    <div><dt><kbd>{ "." }</kbd></dt><dd>{ t.key_presenter_pause() }</dd></div>
                </dl></section>
                <SettingsPart />
            </div>
        </Sheet>
    }
}

/// What the device keeps: keys, size before an audience, spoken news.
#[component]
fn SettingsPart() -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let (keys, announce, size, skip) = {
        let ui = page.ui();
        (ui.settings.keys, ui.settings.announce, ui.settings.presenter, ui.settings.skip_quiet)
    };
    let skipping = page.clone();
    let single = {
        let page = page.clone();
        Callback::from(move |e: Event| {
            let to = match dom::value(&e).as_str() {
                "alt" => SingleKeys::WithAlt,
                "off" => SingleKeys::Off,
                _ => SingleKeys::On,
            };
            page.set(|s| s.keys = to);
        })
    };
    let speak = {
        let page = page.clone();
        Callback::from(move |e: Event| {
            let to = match dom::value(&e).as_str() {
                "off" => Announce::Off,
                "all" => Announce::All,
                _ => Announce::Important,
            };
            page.set(|s| s.announce = to);
        })
    };
    let enlarge = {
        let page = page.clone();
        Callback::from(move |e: Event| page.set(|s| s.presenter = dom::value(&e).parse().unwrap_or(PRESENTER_SIZES[0])))
    };
    html! {
        <section class="settings"><h3>{ t.settings_title() }</h3>
            <ThemePart />
            <label>{ t.settings_keys() }<select class="field" onchange={single}>
                <option value="on" selected={keys == SingleKeys::On}>{ t.keys_on() }</option>
                <option value="alt" selected={keys == SingleKeys::WithAlt}>{ t.keys_alt() }</option>
                <option value="off" selected={keys == SingleKeys::Off}>{ t.keys_off() }</option>
            </select></label>
            <label>{ t.settings_presenter() }<select class="field" onchange={enlarge}>
                { for PRESENTER_SIZES.into_iter().map(|n| html! {
                    <option value={n.to_string()} selected={n == size}>{ format!("{n} px") }</option> }) }
            </select></label>
            <label>{ t.settings_announce() }<select class="field" onchange={speak}>
                <option value="important" selected={announce == Announce::Important}>{ t.announce_important() }</option>
                <option value="all" selected={announce == Announce::All}>{ t.announce_all() }</option>
                <option value="off" selected={announce == Announce::Off}>{ t.announce_off() }</option>
            </select></label>
            <label>{ t.skip_quiet() }<input type="checkbox" checked={skip}
                onchange={move |_| skipping.set(|s| s.skip_quiet = !skip)} /></label>
        </section>
    }
}

/// The choice of colours, also where the header has no room for its button.
#[component]
fn ThemePart() -> Html {
    let page = use_page(topic::CHOICE);
    let (t, theme) = (page.texts(), page.ui().settings.theme);
    let all = [
        (Theme::Auto, t.settings_theme_auto()),
        (Theme::Light, t.settings_theme_light()),
        (Theme::Dark, t.settings_theme_dark()),
    ];
    let choose = Callback::from(move |e: Event| {
        let at = dom::value(&e).parse().unwrap_or(0_usize).min(all.len() - 1);
        page.set(|s| s.theme = all[at].0);
    });
    html! {
        <label>{ t.settings_theme() }<select class="field" onchange={choose}>
            { for all.into_iter().enumerate().map(|(at, (of, words))| html! {
                <option value={at.to_string()} selected={of == theme}>{ words }</option> }) }
        </select></label>
    }
}

/// What stands on the key where the language is at home.
pub fn cap(key: &str, language: Language) -> String {
    if language == Language::En {
        return key.to_string();
    }
    let german = [("Ctrl", "Strg"), ("Shift", "Umschalt"), ("Space", "Leertaste"), ("PageUp", "Bild auf")];
    let all = german.iter().chain(&[("PageDown", "Bild ab"), ("Del", "Entf")]);
    all.fold(key.to_string(), |cap, (en, de)| cap.replace(en, de))
}

fn ask_words(ask: Ask, t: super::super::texts::Texts) -> &'static str {
    match ask {
        Ask::NextRegion => t.key_next_region(),
        Ask::LastRegion => t.key_last_region(),
        Ask::Find => t.key_find(),
        Ask::Keys => t.key_keys(),
        Ask::Close => t.key_close(),
        Ask::Apply => t.key_apply(),
        Ask::Open => t.key_open(),
        Ask::SaveFile => t.key_save(),
        Ask::Files => t.files_title(),
        Ask::Stage => t.stage_label(),
        Ask::Inspector => t.inspector_title(),
        Ask::Terminal => t.terminal_title(),
        Ask::TimeBar => t.time_title(),
        Ask::Events => t.tab_events(),
        Ask::Outline => t.outline_title(),
        Ask::Presenter => t.presenter_title(),
        Ask::Duel => t.key_duel(),
        Ask::Difference => t.key_difference(),
        Ask::Play => t.key_play(),
        Ask::LastEvent => t.event_back(),
        Ask::NextEvent => t.event_on(),
        Ask::Back => t.key_second_back(),
        Ask::On => t.key_second_on(),
        Ask::Bookmark => t.bookmark_add(),
        Ask::LastBookmark => t.key_last_bookmark(),
        Ask::NextBookmark => t.key_next_bookmark(),
        Ask::Slower => t.key_slower(),
        Ask::Faster => t.key_faster(),
        Ask::Newest => t.to_newest(),
        Ask::ZoomIn => t.zoom_in(),
        Ask::ZoomOut => t.zoom_out(),
        Ask::Fit => t.zoom_fit(),
        Ask::Level(1) => t.level_fleet(),
        Ask::Level(2) => t.level_nodes(),
        Ask::Level(3) => t.level_pods(),
        Ask::Level(_) => t.level_pod(),
        Ask::Centre => t.key_centre(),
        Ask::Why => t.key_why(),
        Ask::Actions => t.actions_title(),
        Ask::Traffic => t.key_traffic(),
        Ask::NextTrouble => t.key_next_trouble(),
        Ask::LastTrouble => t.key_last_trouble(),
        Ask::Kill => t.key_kill(),
    }
}

#[derive(Clone, PartialEq)]
enum Found {
    Row(u32),
    Ask(Ask),
    Example(&'static str),
}

fn finds(page: &Page, query: &str) -> Vec<(Found, String, String)> {
    let (t, language) = (page.texts(), page.language());
    let query = query.trim().to_lowercase();
    let hit = |text: &str| text.to_lowercase().contains(&query);
    let mut all: Vec<(Found, String, String)> = Vec::new();
    let asks = KEYS.iter().filter(|k| !matches!(k.ask, Ask::Close | Ask::Find));
    let asks = asks.map(|k| (Found::Ask(k.ask), ask_words(k.ask, t).to_string(), k.shown.to_string()));
    let shows = examples::ALL
        .iter()
        .map(|e| (Found::Example(e.name), e.title(language).to_string(), t.examples_title().to_string()));
    if !query.is_empty() {
        let view = page.view();
        let rows = view.rows.values().filter(|r| hit(&r.name)).take(FINDS_MAX);
        all.extend(rows.map(|r| {
            let kind = page.kubectl_name(r.id).unwrap_or_default();
            (Found::Row(r.id), r.name.clone(), kind.split(' ').next().unwrap_or_default().to_string())
        }));
    }
    all.extend(asks.chain(shows).filter(|f| query.is_empty() || hit(&f.1)));
    all.truncate(FINDS_MAX);
    all
}

fn carry_out(page: &Page, found: &Found) {
    match found {
        Found::Row(id) => {
            page.show(*id, Tab::Overview);
            dom::focus_soon("answers");
        }
        Found::Ask(ask) => _ = shortcuts::run(page, *ask, false),
        Found::Example(name) => page.open_example(name),
    }
}

/// One field over everything: objects, commands, examples.
#[component]
fn Find() -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let query = use_state(String::new);
    let at = use_state(|| 0usize);
    let all = finds(&page, &query);
    let here = (*at).min(all.len().saturating_sub(1));
    let go = {
        let page = page.clone();
        move |found: &Found| {
            page.choose(|ui| ui.dialog = None);
            let (page, found) = (page.clone(), found.clone());
            // When the dialog is gone, what lies behind can take the focus.
            gloo_timers::callback::Timeout::new(0, move || carry_out(&page, &found)).forget();
        }
    };
    let oninput = {
        let (query, at) = (query.clone(), at.clone());
        Callback::from(move |e: InputEvent| {
            query.set(dom::value(&e));
            at.set(0);
        })
    };
    let onkeydown = {
        let (all, at, go) = (all.clone(), at.clone(), go.clone());
        Callback::from(move |e: KeyboardEvent| {
            let count = all.len().max(1);
            match e.key().as_str() {
                "ArrowDown" => at.set((here + 1) % count),
                "ArrowUp" => at.set((here + count - 1) % count),
                "Enter" => {
                    if let Some(found) = all.get(here) {
                        go(&found.0);
                    }
                }
                _ => return,
            }
            e.prevent_default();
        })
    };
    html! {
        <Sheet title={t.find_title()}>
            <input class="field find" role="combobox" aria-label={t.find_label()} aria-expanded="true" aria-controls="finds"
                aria-activedescendant={format!("find-{here}")} autocomplete="off" autofocus={true} placeholder={t.find_label()}
                value={(*query).clone()} {oninput} {onkeydown} />
            <ul class="finds" role="listbox" id="finds" aria-label={t.find_title()}>
                { for all.iter().enumerate().map(|(i, (found, words, kind))| {
                    let (go, found) = (go.clone(), found.clone());
                    html! {
                        <li role="option" id={format!("find-{i}")} aria-selected={(i == here).to_string()} onclick={move |_| go(&found)}>
                            <span>{ words }</span><small>{ kind }</small></li>
                    }
                }) }
            </ul>
            if all.is_empty() { <p class="empty">{ t.find_none() }</p> }
        </Sheet>
    }
}

/// Files from the device, or pasted text.
#[component]
fn Open() -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let text = use_state(String::new);
    let oninput = {
        let (page, text) = (page.clone(), text.clone());
        Callback::from(move |e: InputEvent| {
            // Refused before it is copied: twenty megabytes would hold the page up for seconds.
            let area = e.target_dyn_into::<web_sys::HtmlTextAreaElement>();
            match area.filter(|area| area.text_length() as usize > FILE_MAX) {
                Some(area) => {
                    page.too_large(Some("pasted.yaml".into()), area.text_length().into());
                    area.set_value("");
                    text.set(String::new());
                    page.choose(|ui| ui.dialog = None);
                }
                None => text.set(dom::value(&e)),
            }
        })
    };
    let onchange = {
        let page = page.clone();
        Callback::from(move |e: Event| {
            if let Some(list) = e.target_dyn_into::<web_sys::HtmlInputElement>().and_then(|i| i.files()) {
                page.choose(|ui| ui.dialog = None);
                super::super::app::read_files(page.clone(), list);
            }
        })
    };
    let bring = {
        let (page, text) = (page.clone(), text.clone());
        Callback::from(move |_: MouseEvent| {
            page.choose(|ui| ui.dialog = None);
            page.bring(vec![File { name: docker::pasted_name(&text).into(), text: (*text).clone() }], Vec::new());
        })
    };
    html! {
        <Sheet title={t.open_title()}>
            <div class="open">
                <label class="button"><Icon name="open" /><span>{ t.open_files() }</span>
                    <input type="file" class="spoken" multiple={true} accept=".yaml,.yml,.json,.txt" {onchange} /></label>
                <label for="paste">{ t.open_paste() }</label>
                <textarea id="paste" class="field area" rows="12" spellcheck="false" wrap="off" value={(*text).clone()} {oninput}
                    placeholder={"apiVersion: apps/v1\nkind: Deployment\n…"} />
                <button type="button" class="button primary" disabled={text.trim().is_empty()} onclick={bring}>{ t.open_run() }</button>
                <p>{ t.open_private() }</p>
            </div>
        </Sheet>
    }
}
