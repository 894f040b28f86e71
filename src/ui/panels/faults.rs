//! Faults: how one is ordered with a length, a rhythm or by chance, and what is broken now.

use super::super::dom;
use super::super::format;
use super::super::hooks::use_page;
use super::super::page::{Page, Tab, topic};
use super::super::texts::{Language, Texts};
use super::super::widgets::Icon;
use crate::session::{Action, Choice, FaultRow};
use yew::prelude::*;

/// Lengths and rhythms offered, in seconds; 0 is until it is ended, or once. Ours: a minute of a lesson to a whole one.
const SECONDS: [u64; 8] = [0, 5, 10, 30, 60, 120, 300, 600];

/// Properties of [`FaultForm`].
#[derive(Properties, PartialEq)]
pub struct FaultFormProps {
    /// Row id; 0 for the whole cluster.
    pub id: u32,
}

/// Orders a fault: which, how long, how often.
#[component]
pub fn FaultForm(props: &FaultFormProps) -> Html {
    let page = use_page(topic::CHOICE);
    let (t, language) = (page.texts(), page.language());
    let choices = use_memo((props.id, page.view().row(props.id).is_some()), |_| page.fault_choices(props.id));
    // A form is for what lasts; the first of those is offered.
    let lasting = choices.iter().position(|c| c.lasts).unwrap_or(0);
    let which = use_state(|| lasting);
    let lasts = use_state(|| 30u64);
    let every = use_state(|| 0u64);
    let random = use_state(|| false);
    let Some(choice) = choices.get(*which).or(choices.first()).cloned() else { return Html::default() };
    let number = |state: &UseStateHandle<u64>| {
        let state = state.clone();
        Callback::from(move |e: Event| state.set(dom::value(&e).parse().unwrap_or(0)))
    };
    let pick = {
        let which = which.clone();
        Callback::from(move |e: Event| which.set(dom::value(&e).parse().unwrap_or(0)))
    };
    let chance = {
        let random = random.clone();
        Callback::from(move |_: Event| random.set(!*random))
    };
    let order = {
        let (page, choice) = (page.clone(), choice.clone());
        let (lasts, every, random) = (*lasts, *every, *random);
        move || {
            let second = 1_000_000;
            let mut ask = choice.ask.clone();
            ask.lasts = if choice.lasts { lasts * second } else { 0 };
            (ask.every, ask.random) = (every * second, random && every > 0);
            page.choose(|ui| (ui.dialog, ui.tried) = (None, true));
            page.act(Action::Fault(ask));
        }
    };
    // No form element: a frame in a sandbox would not let it be submitted.
    let onkeydown = {
        let order = order.clone();
        Callback::from(move |e: KeyboardEvent| {
            let field = e.target_dyn_into::<web_sys::HtmlInputElement>().is_some();
            if field && e.key() == "Enter" {
                e.prevent_default();
                order();
            }
        })
    };
    html! {
        <div class="fault-form" {onkeydown}>
            <label>{ t.fault_which() }<select class="field" autofocus={true} onchange={pick}>
                { for choices.iter().enumerate().map(|(i, c)| html! {
                    <option value={i.to_string()} selected={i == *which}>{ label(c, t) }</option> }) }
            </select></label>
            <p class="hint">{ t.fault(&format!("{}.about", choice.key())) }</p>
            if choice.line.is_empty() {
                <p class="hint">{ t.action_no_line() }</p>
            } else {
                <p><code>{ &choice.line }</code></p>
            }
            if choice.lasts {
                <label>{ t.fault_lasts() }{ lengths(*lasts, t.fault_until_ended(), number(&lasts), language) }</label>
            }
            <label>{ t.fault_again() }{ lengths(*every, t.fault_once(), number(&every), language) }</label>
            <label class="switch"><input type="checkbox" checked={*random} disabled={*every == 0}
                onchange={chance} />{ t.fault_random() }</label>
            <button type="button" class="button primary" onclick={move |_| order()}>
                <Icon name="actions" />{ t.fault_go() }</button>
        </div>
    }
}

fn label(choice: &Choice, t: Texts) -> String {
    let words = t.fault(&choice.key());
    if choice.ask.part.is_empty() { words } else { format!("{words}: {}", choice.ask.part) }
}

fn lengths(chosen: u64, none: &str, onchange: Callback<Event>, language: Language) -> Html {
    html! {
        <select class="field" {onchange}>
            { for SECONDS.iter().map(|s| html! {
                <option value={s.to_string()} selected={*s == chosen}>
                    { if *s == 0 { none.to_string() } else { format::span(s * 1_000_000, language) } }</option> }) }
        </select>
    }
}

/// What is broken now at a row, or anywhere (0).
pub fn broken(page: &Page, id: u32) -> Html {
    let t = page.texts();
    let view = page.view();
    let rows: Vec<FaultRow> = view
        .live
        .faults
        .iter()
        .filter(|f| f.ended.is_none() && (id == 0 || f.object == id || f.objects.contains(&id)))
        .take(30)
        .cloned()
        .collect();
    drop(view);
    if rows.is_empty() {
        return Html::default();
    }
    html! {
        <section class="broken">
            <h3>{ t.faults_title() }</h3>
            <ul>
                { for rows.into_iter().map(|fault| {
                    let (page, show) = (page.clone(), page.clone());
                    let (number, object) = (fault.number, fault.objects.first().copied().unwrap_or(fault.object));
                    let name = t.fault(&fault.kind.replace('-', "_"));
                    html! {
                        <li key={number}>
                            <Icon name="actions" />
                            <span><b>{ name.clone() }</b>
                                if object != 0 && object != id {
                                    <button type="button" class="link"
                                        onclick={move |_| show.show(object, Tab::Overview)}>{ &fault.name }</button>
                                } else { <span>{ &fault.name }</span> }
                                <small class="numbers">{ when(&fault, t) }</small></span>
                            <button type="button" class="button" aria-label={t.fault_end(&name)}
                                onclick={move |_| page.act(Action::EndFault { number })}>
                                    { t.fault_end_short() }</button>
                        </li>
                    }
                }) }
            </ul>
        </section>
    }
}

fn when(fault: &FaultRow, t: Texts) -> String {
    let clock = format::short_clock;
    match (fault.repeats, fault.next, fault.until) {
        (true, Some(next), _) => t.fault_next(clock(next)),
        (true, None, _) => t.fault_comes_again().into(),
        (false, _, Some(until)) => t.fault_from_until(clock(fault.since), clock(until)),
        (false, _, None) => t.fault_since(clock(fault.since)),
    }
}
