//! Short messages, the live regions and the banner of a restored engine.

use super::super::dom;
use super::super::format;
use super::super::hooks::use_page;
use super::super::page::topic;
use super::super::settings::Announce;
use super::super::widgets::Icon;
use yew::prelude::*;

/// Everything that is said without being asked.
#[component]
pub fn Messages() -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let (toasts, spoken, crashed) = {
        let ui = page.ui();
        let spoken = if ui.settings.announce == Announce::Off { String::new() } else { ui.spoken.clone() };
        (ui.toasts.clone(), spoken, ui.crashed.clone())
    };
    let alert = crashed.as_ref().map(|crash| {
        let at = format::short_clock(crash.at);
        if crash.restored { t.crash_restored(at) } else { t.crash_dead(at) }
    });
    html! {
        <>
            <p class="spoken" aria-live="polite" id="live">{ spoken }</p>
            <div class="spoken" role="alert">{ alert.clone().unwrap_or_default() }</div>
            if let (Some(crash), Some(words)) = (crashed, alert) {
                <section class="banner" aria-label={t.problems_title()}>
                    <Icon name="problem" />
                    <p>{ words }</p>
                    <details><summary>{ t.crash_details() }</summary><pre tabindex="0">{ crash.why }</pre></details>
                    if !crash.restored {
                        <button type="button" class="button" onclick={{
                            let page = page.clone();
                            move |_| page.try_again()
                        }}>{ t.crash_again() }</button>
                    } else {
                    <button type="button" class="quiet" aria-label={t.close()} onclick={{
                        let page = page.clone();
                        move |_| page.choose(|ui| ui.crashed = None)
                    }}><Icon name="close" /></button>
                    }
                </section>
            }
            <div class="toasts" role="status" aria-live="polite">
                { for toasts.into_iter().map(|toast| {
                    let (undo, close, id) = (page.clone(), page.clone(), toast.id);
                    let back = toast.undo.is_some();
                    html! {
                        <div class="toast" key={id} data-alert={toast.alert.to_string()}>
                            <p>{ toast.text }</p>
                            if back {
                                <button type="button" class="button" onclick={move |_| {
                                    undo.undo(id);
                                    dom::focus("stage");
                                }}><Icon name="undo" />{ t.undo() }</button>
                            }
                            <button type="button" class="quiet" aria-label={t.close()}
                                onclick={move |_| close.close_toast(id)}><Icon name="close" /></button>
                        </div>
                    }
                }) }
            </div>
        </>
    }
}
