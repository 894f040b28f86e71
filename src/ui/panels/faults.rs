//! Faults: how one is ordered with a length, a rhythm or by chance, and what is broken now.

use super::super::dom;
use super::super::format;
use super::super::hooks::use_page;
use super::super::links;
use super::super::page::{Page, Tab, topic};
use super::super::texts::{Language, Texts};
use super::super::widgets::Icon;
use crate::session::{Action, Choice, FaultAsk, FaultRow, RowBody, hits_both};
use yew::prelude::*;

/// Lengths and rhythms offered, in seconds; 0 is until it is ended, or once. Ours: a minute of a lesson to a whole one.
const SECONDS: [u64; 8] = [0, 5, 10, 30, 60, 120, 300, 600];

/// Properties of [`FaultForm`].
#[derive(Properties, PartialEq)]
pub struct FaultFormProps {
    /// Row id; 0 for the whole cluster.
    pub id: u32,
}

/// What a person has filled in.
#[derive(Clone, PartialEq)]
struct Wished {
    which: usize,
    amount: String,
    pick: u32,
    lasts: u64,
    every: u64,
    random: bool,
    times: u32,
    during: u64,
    also: Vec<String>,
    both: bool,
}

impl Wished {
    /// The order for the engine; `app` is what both houses have.
    fn ask(&self, choice: &Choice, app: Option<&str>) -> FaultAsk {
        let second = 1_000_000;
        let random = self.random && self.every > 0;
        FaultAsk {
            amount: if measured(choice).is_some() { self.amount.trim().to_string() } else { String::new() },
            pick: self.pick,
            lasts: if choice.lasts { self.lasts * second } else { 0 },
            every: self.every * second,
            random,
            times: if random { 0 } else { self.times },
            during: if random { self.during * second } else { 0 },
            also: if random { self.also.clone() } else { Vec::new() },
            app: app.filter(|_| self.both).unwrap_or_default().to_string(),
            ..choice.ask.clone()
        }
    }
}

/// What an amount of this kind looks like; `None` for kinds without one.
fn measured(choice: &Choice) -> Option<&'static str> {
    match choice.ask.kind.as_str() {
        "leak" => Some("1Mi"),
        "slow" => Some("10"),
        _ => None,
    }
}

/// Kinds that can be drawn besides one at the same place.
fn beside<'a>(choices: &'a [Choice], choice: &'a Choice) -> impl Iterator<Item = &'a Choice> {
    let same =
        |c: &&Choice| (c.ask.id, &c.ask.part) == (choice.ask.id, &choice.ask.part) && c.ask.kind != choice.ask.kind;
    choices.iter().filter(same)
}

/// Whether there are several objects at a place, of which some can be drawn.
fn several(page: &Page, choice: &Choice) -> bool {
    let view = page.view();
    let body = view.row(choice.ask.id).map(|r| &r.body);
    matches!(body, Some(RowBody::Workload(_) | RowBody::Service(_) | RowBody::ComposeService(_) | RowBody::Zone(_)))
        && choice.ask.kind != "zone-outage"
}

/// Orders a fault: which, how much, how long, how often.
#[component]
pub fn FaultForm(props: &FaultFormProps) -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let choices = use_memo((props.id, page.view().row(props.id).is_some()), |_| page.all_fault_choices(props.id));
    // A form is for what lasts; the first of those is offered.
    let which = choices.iter().position(|c| c.lasts).unwrap_or(0);
    let wished = use_state(|| Wished {
        which,
        amount: String::new(),
        pick: 0,
        lasts: 30,
        every: 0,
        random: false,
        times: 0,
        during: 0,
        also: Vec::new(),
        both: false,
    });
    let shared = use_memo(props.id, |_| page.app_in_both(props.id));
    let Some(choice) = choices.get(wished.which).or(choices.first()).cloned() else { return Html::default() };
    let shared = shared.as_deref().filter(|_| hits_both(&choice.ask.kind));
    let order = {
        let (page, ask) = (page.clone(), wished.ask(&choice, shared));
        move || {
            page.choose(|ui| (ui.dialog, ui.tried) = (None, true));
            page.act(Action::Fault(ask.clone()));
        }
    };
    // No form element: a frame in a sandbox would not let it be submitted.
    let onkeydown = {
        let order = order.clone();
        Callback::from(move |e: KeyboardEvent| {
            let field = e.target_dyn_into::<web_sys::HtmlInputElement>().is_some_and(|i| i.type_() != "checkbox");
            if field && e.key() == "Enter" {
                e.prevent_default();
                order();
            }
        })
    };
    let pick = set(&wished, |w, text| (w.which, w.also) = (text.parse().unwrap_or(0), Vec::new()));
    html! {
        <div class="fault-form" {onkeydown}>
            <label>{ t.fault_which() }<select class="field" autofocus={true} onchange={pick}>
                { for choices.iter().enumerate().map(|(i, c)| html! {
                    <option value={i.to_string()} selected={i == wished.which}>{ label(c, t) }</option> }) }
            </select></label>
            <p class="hint">{ t.fault(&format!("{}.about", choice.key())) }</p>
            if choice.line.is_empty() {
                <p class="hint">{ t.action_no_line() }</p>
            } else {
                <p><code>{ &choice.line }</code></p>
            }
            { much(&page, &choice, &wished) }
            { often(&page, &choices, &choice, &wished) }
            if let Some(app) = shared {
                <label class="switch"><input type="checkbox" name="both" checked={wished.both}
                    onchange={set(&wished, |w, _| w.both = !w.both)} />{ t.fault_both(app) }</label>
            }
            <button type="button" class="button primary" onclick={move |_| order()}>
                <Icon name="actions" />{ t.fault_go() }</button>
        </div>
    }
}

/// A change of what is wished, by the text of a field.
fn set(wished: &UseStateHandle<Wished>, change: impl Fn(&mut Wished, &str) + 'static) -> Callback<Event> {
    let wished = wished.clone();
    Callback::from(move |e: Event| {
        let mut new = (*wished).clone();
        change(&mut new, &dom::value(&e));
        wished.set(new);
    })
}

/// How much, of how many, how long.
fn much(page: &Page, choice: &Choice, wished: &UseStateHandle<Wished>) -> Html {
    let (t, language) = (page.texts(), page.language());
    let lasts = set(wished, |w, text| w.lasts = text.parse().unwrap_or(0));
    html! {
        <>
            if let Some(usual) = measured(choice) {
                <label>{ if choice.ask.kind == "leak" { t.fault_amount_leak() } else { t.fault_amount_slow() } }
                    <input class="field" name="amount" placeholder={usual} value={wished.amount.clone()}
                        onchange={set(wished, |w, text| w.amount = text.to_string())} /></label>
            }
            if several(page, choice) {
                <label>{ t.fault_pick() }
                    <input class="field" name="pick" type="number" min="0" max="100000" value={wished.pick.to_string()}
                        onchange={set(wished, |w, text| w.pick = text.parse().unwrap_or(0))} /></label>
            }
            if choice.lasts {
                <label>{ t.fault_lasts() }{ lengths(wished.lasts, t.fault_until_ended(), lasts, language) }</label>
            }
        </>
    }
}

/// In which rhythm, or by chance; how often or for how long; and what else.
fn often(page: &Page, choices: &[Choice], choice: &Choice, wished: &UseStateHandle<Wished>) -> Html {
    let (t, language) = (page.texts(), page.language());
    let every = set(wished, |w, text| w.every = text.parse().unwrap_or(0));
    let during = set(wished, |w, text| w.during = text.parse().unwrap_or(0));
    let again = wished.every > 0;
    let others: Vec<&Choice> = beside(choices, choice).collect();
    html! {
        <>
            <label>{ t.fault_again() }{ lengths(wished.every, t.fault_once(), every, language) }</label>
            <label class="switch"><input type="checkbox" name="random" checked={wished.random} disabled={!again}
                onchange={set(wished, |w, _| w.random = !w.random)} />{ t.fault_random() }</label>
            if again && !wished.random {
                <label>{ t.fault_times() }
                    <input class="field" name="times" type="number" min="0" max="100000" value={wished.times.to_string()}
                        onchange={set(wished, |w, text| w.times = text.parse().unwrap_or(0))} /></label>
            }
            if again && wished.random {
                <label>{ t.fault_during() }{ lengths(wished.during, t.fault_until_ended(), during, language) }</label>
                if !others.is_empty() {
                    <fieldset><legend>{ t.fault_also() }</legend>
                        { for others.into_iter().map(|other| {
                            let kind = other.ask.kind.clone();
                            let checked = wished.also.contains(&kind);
                            let flip = set(wished, move |w, _| match w.also.iter().position(|k| *k == kind) {
                                Some(at) => drop(w.also.remove(at)),
                                None => w.also.push(kind.clone()),
                            });
                            html! { <label class="switch" key={other.ask.kind.clone()}>
                                <input type="checkbox" {checked} onchange={flip} />{ t.fault(&other.key()) }</label> }
                        }) }
                    </fieldset>
                }
            }
        </>
    }
}

fn label(choice: &Choice, t: Texts) -> String {
    let words = t.fault(&choice.key());
    if choice.ask.part.is_empty() { words } else { format!("{words}: {}", part(&choice.ask.part, t)) }
}

/// What a fault is about, in words: a link by its two ends, all controllers, or the name itself.
pub(super) fn part(name: &str, t: Texts) -> String {
    match name.split_once("->") {
        Some(("outside", to)) => t.fault_link(t.fault_outside(), to),
        Some((from, to)) => t.fault_link(from, to),
        None if name == "all" => t.fault_all().into(),
        None => name.into(),
    }
}

/// The place of a fault that is in force: links and controllers by their words, all else as it is written.
pub(super) fn place(name: &str, t: Texts) -> String {
    match name.split_once('/') {
        Some(("link" | "controller", rest)) => part(rest, t),
        _ => name.into(),
    }
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
    let rows: Vec<FaultRow> = if id == 0 {
        view.live.faults.iter().filter(|f| f.ended.is_none()).take(30).cloned().collect()
    } else {
        links::faults_at(&view, id).take(30).cloned().collect()
    };
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
                                } else { <span>{ place(&fault.name, t) }</span> }
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
