//! The head of the page: what is open, what is wrong, find, language, colours, help.

use super::super::app::open;
use super::super::examples;
use super::super::format;
use super::super::hooks::use_page;
use super::super::page::{Dialog, TextTab, topic};
use super::super::settings::Theme;
use super::super::texts::Language;
use super::super::widgets::Icon;
use yew::prelude::*;

/// The head.
#[component]
pub fn Header() -> Html {
    let page = use_page(topic::CHOICE | topic::FILES | topic::ANSWERS);
    let t = page.texts();
    let (title, name) = {
        let ui = page.ui();
        let title = ui.example.as_deref().and_then(examples::find).map(|e| e.title(ui.settings.language).to_string());
        (title, ui.files.first().map(|f| f.name.clone()))
    };
    let title = title.or(name).unwrap_or_else(|| t.header_nothing().to_string());
    let gallery = {
        let page = page.clone();
        Callback::from(move |_| {
            page.choose(|ui| {
                ui.text_tab = TextTab::Examples;
                ui.sheet = "files";
            });
            super::super::dom::focus_soon("files");
        })
    };
    if page.ui().presenting {
        return html! {
            <header class="head" data-region="head">
                <h1 class="brand"><Mark /><span class="wide">{ t.app_title() }</span></h1>
                <span id="head" class="scenario" tabindex="-1"><span>{ title }</span></span>
                <ProblemsChip />
                <span class="spring" />
                <PresenterTools />
            </header>
        };
    }
    html! {
        <header class="head" data-region="head">
            <h1 class="brand"><Mark /><span class="wide">{ t.app_title() }</span></h1>
            <button type="button" id="head" class="scenario" onclick={gallery} title={t.header_examples()}>
                <span>{ title }</span><Icon name="down" />
            </button>
            <ProblemsChip />
            <span class="spring" />
            <DeskTools />
        </header>
    }
}

/// Open, find, language, colours, presenter mode, help.
#[component]
fn DeskTools() -> Html {
    let page = use_page(topic::CHOICE);
    let (t, language) = (page.texts(), page.language());
    let (find, help, paste) = (page.clone(), page.clone(), page.clone());
    let (theming, present, theme) = (page.clone(), page.clone(), page.ui().settings.theme);
    let (next_theme, theme_words) = match theme {
        Theme::Auto => (Theme::Light, t.theme_auto()),
        Theme::Light => (Theme::Dark, t.theme_light()),
        Theme::Dark => (Theme::Auto, t.theme_dark()),
    };
    html! {
        <>
            <button type="button" class="quiet as-open" onclick={move |_| open(&paste, Dialog::Open)}>
                <Icon name="open" /><span class="wide">{ t.open_title() }</span>
            </button>
            <button type="button" class="quiet as-find" onclick={move |_| open(&find, Dialog::Find)}
                aria-keyshortcuts="Control+K">
                <Icon name="find" /><span class="wide">{ t.find_title() }</span><kbd class="wide">{ super::dialogs::cap("Ctrl K", language) }</kbd>
            </button>
            <div class="languages" role="group" aria-label={t.language_label()}>
                { for Language::ALL.into_iter().map(|l| {
                    let page = page.clone();
                    html! {
                        <button type="button" class="quiet" lang={l.tag()} aria-pressed={(l == language).to_string()}
                            aria-label={format!("{} {}", l.tag().to_uppercase(), l.name())} title={l.name()}
                            onclick={move |_| page.set(|s| s.language = l)}>{ l.tag().to_uppercase() }</button>
                    }
                }) }
            </div>
            <button type="button" class="quiet as-theme" aria-label={theme_words} title={theme_words}
                onclick={move |_| theming.set(|s| s.theme = next_theme)}><Icon name="theme" /></button>
            <button type="button" class="quiet as-present" aria-label={t.presenter_title()} title={t.presenter_title()}
                aria-keyshortcuts="q" onclick={move |_| present.present(true)}><Icon name="present" /></button>
            <button type="button" class="quiet" aria-label={t.keys_title()} title={t.keys_title()}
                onclick={move |_| open(&help, Dialog::Keys)}><Icon name="help" /></button>
        </>
    }
}

/// Where one is among the stops, the size of the text, and the way out.
#[component]
fn PresenterTools() -> Html {
    let page = use_page(topic::CHOICE | topic::CLOCK);
    let t = page.texts();
    let (stops, now) = (page.stops(), page.view().clock.now);
    let at = stops.iter().filter(|t| **t <= now).count();
    let (enlarge, leave, help) = (page.clone(), page.clone(), page.clone());
    html! {
        <>
            if !stops.is_empty() { <span class="stops numbers">{ t.presenter_stop(at, stops.len()) }</span> }
            <button type="button" class="quiet" aria-label={t.presenter_size(page.ui().settings.presenter)}
                title={t.presenter_size(page.ui().settings.presenter)}
                onclick={move |_| enlarge.enlarge()}><Icon name="size" /></button>
            <button type="button" class="quiet" aria-label={t.keys_title()} title={t.keys_title()}
                onclick={move |_| open(&help, Dialog::Keys)}><Icon name="help" /></button>
            <button type="button" class="quiet" aria-label={t.presenter_leave()} title={t.presenter_leave()}
                aria-keyshortcuts="q" onclick={move |_| leave.present(false)}><Icon name="close" /></button>
        </>
    }
}

/// The sign: a pinned cylinder, as orchestrions have it.
#[component]
fn Mark() -> Html {
    html! {
        <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
            <rect x="2" y="4" width="20" height="16" rx="4" fill="none" stroke="currentColor" stroke-width="2" />
            <g fill="currentColor">
                <rect x="6" y="8" width="3" height="3" rx="1" />
                <rect x="11" y="8" width="3" height="3" rx="1" opacity=".35" />
                <rect x="16" y="8" width="3" height="3" rx="1" />
                <rect x="6" y="13" width="3" height="3" rx="1" opacity=".35" />
                <rect x="11" y="13" width="3" height="3" rx="1" />
                <rect x="16" y="13" width="3" height="3" rx="1" opacity=".35" />
            </g>
        </svg>
    }
}

/// How many problems there are: in files first, then in the cluster, then alerts that fire.
#[component]
fn ProblemsChip() -> Html {
    let page = use_page(topic::ANSWERS | topic::ROWS | topic::CHOICE | topic::SERIES);
    let t = page.texts();
    let (files, cluster, firing) = {
        let view = page.view();
        (view.check.problems.len(), view.troubles.len(), view.live.firing())
    };
    let count = files + cluster + firing.len();
    let label = if count == 0 {
        t.problems_none().to_string()
    } else {
        t.problems_count(format::whole(count as u64, page.language()))
    };
    let onclick = {
        let page = page.clone();
        Callback::from(move |_| {
            if files > 0 {
                page.choose(|ui| {
                    ui.text_tab = TextTab::Files;
                    ui.sheet = "files";
                });
                super::super::dom::focus_soon("problems");
            } else if cluster > 0 {
                super::shortcuts::run(&page, super::super::keys::Ask::NextTrouble, false);
            } else if let Some(alert) = firing.first() {
                super::charts::open_alert(&page, alert);
            }
        })
    };
    html! {
        <button type="button" class="chip" data-bad={(count > 0).to_string()} disabled={count == 0} {onclick}>
            if count > 0 { <Icon name="problem" /> }
            <span>{ label }</span>
        </button>
    }
}
