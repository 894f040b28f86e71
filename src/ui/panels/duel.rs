//! The report of a duel: what differed between the two houses, in words and numbers, and which rules were behind it.

use super::super::format;
use super::super::hooks::use_page;
use super::super::page::{Page, topic};
use super::super::texts::{Language, Texts};
use crate::session::{DuelReport, DuelSaid, DuelStep, Figures};
use yew::prelude::*;

/// Lines typed that are listed. Ours: the newest ones of a long run.
const TYPED_MAX: usize = 12;

/// The report, where both houses stand there.
#[component]
pub fn Duel() -> Html {
    let page = use_page(topic::ANSWERS | topic::CHOICE);
    let (t, language) = (page.texts(), page.language());
    let report = {
        let view = page.view();
        view.duel.clone().filter(|_| view.two_houses())
    };
    let Some(report) = report.filter(|r| r.houses.len() == 2) else { return Html::default() };
    html! {
        <section class="duel" aria-labelledby="duel">
            <h3 id="duel" tabindex="-1">{ t.duel_title() }</h3>
            <p class="hint">{ t.duel("title.duel", &[("length".into(), format::span(report.to - report.from, language))]) }</p>
            <ul class="plain">
                { for report.loads.iter().map(|(to, shape)| html! {
                    <li>{ t.duel("title.load", &[("to".into(), to.clone()), ("shape".into(), t.duel(&format!("shape.{shape}"), &[]))]) }</li>
                }) }
                { for report.faults.iter().map(|fault| {
                    let kind = t.fault(&fault.kind.replace('-', "_"));
                    let args = [("at".into(), format::short_clock(fault.at)), ("kind".into(), kind), ("on".into(), fault.on.clone())];
                    html! { <li>{ moment(&page, fault.at, t.duel("title.fault", &args)) }</li> }
                }) }
            </ul>
            { table(&report, t, language) }
            { findings(&page, &report, t) }
            { by_hand(&page, &report, t) }
            { notes(&page, t) }
        </section>
    }
}

/// Words that lead to a moment of the run.
fn moment(page: &Page, at: u64, words: String) -> Html {
    let page = page.clone();
    html! { <button type="button" class="link" onclick={move |_| page.seek(at)}>{ words }</button> }
}

fn table(report: &DuelReport, t: Texts, language: Language) -> Html {
    let whole = |n: f64| format::whole(n.max(0.0).round() as u64, language);
    let count = |n: u32| format::whole(n.into(), language);
    let none = || -> String { t.duel_unmeasured().into() };
    let rows: [(&str, &dyn Fn(&Figures) -> String); 12] = [
        ("availability", &|f| f.availability.map_or_else(none, |share| format::percent_kept(share, language))),
        ("requests", &|f| whole(f.requests)),
        ("failed", &|f| whole(f.failed)),
        ("latency", &|f| f.p95.map_or_else(none, |ms| format!("{} ms", whole(ms)))),
        ("bad_seconds", &|f| count(f.bad_seconds)),
        ("detected", &|f| span(f.disturbed, f.detected, t, language)),
        ("recovered", &|f| span(f.disturbed, f.recovered, t, language)),
        ("restarts", &|f| count(f.restarts)),
        ("made", &|f| count(f.made)),
        ("machines", &|f| format!("{} / {}", count(f.machines_left), count(f.machines))),
        ("commands", &|f| format::whole(f.commands.len() as u64, language)),
        ("refused", &|f| count(f.refused)),
    ];
    // Where nobody asked, only that is said; where nothing broke, nothing had to be noticed.
    let asked = report.houses.iter().any(|f| f.requests > 0.0);
    let refused = report.houses.iter().any(|f| f.refused > 0);
    let tells = |key: &str| match key {
        "refused" => refused,
        "requests" | "failed" | "latency" => asked,
        "detected" | "recovered" => report.start.is_some(),
        _ => true,
    };
    html! {
        <table class="figures">
            <thead><tr><th scope="col">{ t.duel_measure() }</th>
                { for report.houses.iter().map(|f| {
                    html! { <th scope="col" data-house={f.house.clone()}>{ t.duel(&format!("house.{}", f.house), &[]) }</th> }
                }) }</tr></thead>
            <tbody>
                { for rows.iter().filter(|(key, _)| tells(key)).map(|(key, value)| {
                    let values: Vec<String> = report.houses.iter().map(value).collect();
                    let same = values.windows(2).all(|w| w[0] == w[1]);
                    html! {
                        <tr data-same={same.to_string()}><th scope="row">{ t.duel(&format!("row.{key}"), &[]) }</th>
                            { for values.into_iter().map(|v| html! { <td class="numbers">{ v }</td> }) }</tr>
                    }
                }) }
            </tbody>
        </table>
    }
}

/// How long something took; a word where it never came, or was never needed.
fn span(disturbed: bool, took: Option<u64>, t: Texts, language: Language) -> String {
    match (disturbed, took) {
        (false, _) => t.duel("value.undisturbed", &[]),
        (true, Some(us)) => format::span(us, language),
        (true, None) => t.duel("value.never", &[]),
    }
}

fn findings(page: &Page, report: &DuelReport, t: Texts) -> Html {
    if report.findings.is_empty() {
        return html! { <p>{ t.duel("find.nothing", &[]) }</p> };
    }
    let because = |house: &str, step: &Option<DuelStep>| match step {
        Some(step) => {
            let words = format!("{}: {}", t.duel(&format!("house.{house}"), &[]), t.why(&step.reason, &step.args));
            html! { <li>{ moment(page, step.at, format::short_clock(step.at)) }{ " " }{ words }</li> }
        }
        None => Html::default(),
    };
    html! {
        <>
            <h4>{ t.duel("title.findings", &[]) }</h4>
            <ol class="findings">
                { for report.findings.iter().map(|finding| html! {
                    <li><b>{ said(&finding.said, t) }</b>
                        <ul>{ because("compose", &finding.compose) }{ because("kubernetes", &finding.kubernetes) }</ul></li>
                }) }
            </ol>
        </>
    }
}

fn said(said: &DuelSaid, t: Texts) -> String {
    t.duel(&said.key, &said.args)
}

/// What is left to do, and what was typed.
fn by_hand(page: &Page, report: &DuelReport, t: Texts) -> Html {
    html! {
        <>
            <h4>{ t.duel_by_hand() }</h4>
            { for report.houses.iter().map(|f| {
                let typed = &f.commands[f.commands.len().saturating_sub(TYPED_MAX)..];
                html! {
                    <div class="by-hand">
                        <h5>{ t.duel(&format!("house.{}", f.house), &[]) }</h5>
                        <ul class="plain">
                            { for f.by_hand.iter().map(|s| html! { <li>{ said(s, t) }</li> }) }
                            if f.by_hand.is_empty() { <li>{ t.duel("line.nothing_left", &[]) }</li> }
                            { for typed.iter().map(|c| html! {
                                <li>{ moment(page, c.at, format::short_clock(c.at)) }{ " " }<code>{ &c.line }</code></li>
                            }) }
                        </ul>
                    </div>
                }
            }) }
        </>
    }
}

/// What the conversion had to say.
fn notes(page: &Page, t: Texts) -> Html {
    let notes = page.view().notes.clone();
    if notes.is_empty() {
        return Html::default();
    }
    let title = |sort: &str| match sort {
        "none" => t.duel_note_none(),
        "decide" => t.duel_note_decide(),
        _ => t.duel_note_assumed(),
    };
    html! {
        <details class="notes">
            <summary>{ t.duel_notes(notes.len()) }</summary>
            <ul>{ for notes.iter().map(|n| html! {
                <li data-sort={n.sort.clone()}><b>{ title(&n.sort) }</b>{ " " }<code>{ &n.path }</code>{ " " }{ &n.words }</li>
            }) }</ul>
        </details>
    }
}

/// The buttons in the stage's toolbar: one click sets a project beside Kubernetes, or shows what differed.
#[component]
pub fn DuelButton() -> Html {
    let page = use_page(topic::ROWS | topic::CHOICE);
    let t = page.texts();
    let (both, host) = {
        let view = page.view();
        (view.two_houses(), view.row(crate::session::docker::HOST).is_some())
    };
    if !host {
        return Html::default();
    }
    let act = page.clone();
    let onclick = move |_: MouseEvent| if both { act.show_report() } else { act.set_beside() };
    let words = if both { t.duel_show() } else { t.duel_beside() };
    html! { <button type="button" class="quiet as-duel" {onclick}><span>{ words }</span></button> }
}
