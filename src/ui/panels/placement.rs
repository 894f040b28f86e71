//! Placement: each attempt of the scheduler as a table; above twenty nodes refusals are grouped by reason.

use super::super::format;
use super::super::hooks::use_page;
use super::super::page::topic;
use super::super::texts::{Language, Texts};
use crate::session::{Attempt, Verdict};
use std::collections::BTreeMap;
use yew::prelude::*;

/// More refusing nodes than this are grouped. Ours: about a screen.
const GROUP_ABOVE: usize = 20;

/// Properties of [`Placement`].
#[derive(Properties, PartialEq)]
pub struct PlacementProps {
    /// Row id.
    pub id: u32,
}

/// The table with its attempts.
#[component]
pub fn Placement(props: &PlacementProps) -> Html {
    let page = use_page(topic::ANSWERS | topic::CHOICE);
    let (t, language) = (page.texts(), page.language());
    let picked = use_state(|| None::<usize>);
    let raw = use_state(|| false);
    let attempts = page.view().inspect.clone().filter(|i| i.id == props.id).map(|i| i.attempts).unwrap_or_default();
    if attempts.is_empty() {
        return html! { <p class="empty">{ t.placement_none() }</p> };
    }
    let last = attempts.len() - 1;
    let at = picked.unwrap_or(last).min(last);
    let attempt = &attempts[at];
    let (back, on) = (picked.clone(), picked.clone());
    let flip = raw.clone();
    let shown = *raw;
    html! {
        <div class="placement">
            <div class="bar">
                <button type="button" class="quiet" aria-label={t.attempt_back()} disabled={at == 0}
                    onclick={move |_| back.set(Some(at.saturating_sub(1)))}>{ "‹" }</button>
                <span class="numbers">{ t.attempt_of(at + 1, attempts.len()) }</span>
                <button type="button" class="quiet" aria-label={t.attempt_on()} disabled={at == last}
                    onclick={move |_| on.set(Some(at + 1))}>{ "›" }</button>
                <span class="spring" />
                <span class="numbers">{ format::clock(attempt.at) }</span>
            </div>
            if !attempt.message.is_empty() { <blockquote lang="en">{ &attempt.message }</blockquote> }
            if attempt.not_looked_at > 0 {
                <p>{ t.placement_sampled(
                    format::whole(attempt.not_looked_at as u64, language),
                    format::whole(attempt.not_looked_at as u64 + attempt.nodes.len() as u64, language)) }</p>
            }
            if attempt.tied > 1 { <p>{ t.placement_tied(format::whole(attempt.tied as u64, language)) }</p> }
            <div class="scroll" role="group" tabindex="0" aria-label={t.tab_placement()}>
                { table(attempt, t, language, shown) }
            </div>
            { refusals(attempt, t, language) }
            if !attempt.plugins.is_empty() {
                <label class="switch"><input type="checkbox" checked={shown} onchange={move |_| flip.set(!shown)} />{ t.placement_raw() }</label>
            }
        </div>
    }
}

fn fits(v: &Verdict) -> bool {
    v.plugin.is_empty()
}

fn table(attempt: &Attempt, t: Texts, language: Language, raw: bool) -> Html {
    let mut good: Vec<&Verdict> = attempt.nodes.iter().filter(|v| fits(v)).collect();
    good.sort_by_key(|v| (attempt.chosen.as_deref() != Some(&v.node), -v.total));
    let refused = attempt.nodes.iter().filter(|v| !fits(v)).collect::<Vec<_>>();
    let single = if refused.len() <= GROUP_ABOVE { refused } else { Vec::new() };
    let whole = |n: i64| {
        let digits = format::whole(n.unsigned_abs(), language);
        if n < 0 { format!("−{digits}") } else { digits }
    };
    html! {
        <table class="numbers">
            <thead><tr>
                <th scope="col">{ t.column_node() }</th><th scope="col">{ t.column_verdict() }</th>
                <th scope="col" class="sum">{ t.column_total() }</th>
                { for attempt.plugins.iter().map(|(name, weight)| html! { <th scope="col" lang="en">{ format!("{name} ×{weight}") }</th> }) }
            </tr></thead>
            <tbody>
                { for good.iter().map(|v| {
                    let chosen = attempt.chosen.as_deref() == Some(&v.node);
                    html! {
                        <tr data-chosen={chosen.to_string()}>
                            <th scope="row">if chosen { <span aria-hidden="true">{ "▶ " }</span> }{ &v.node }</th>
                            <td>{ if chosen { t.verdict_chosen() } else { t.verdict_fits() } }</td>
                            <td class="sum">{ whole(v.total) }</td>
                            { for v.scores.iter().map(|(first, normal, weighted)| html! {
                                <td>if raw { <small>{ format!("{} → ", whole(*first)) }</small> }{ format!("{}→{}", whole(*normal), whole(*weighted)) }</td>
                            }) }
                        </tr>
                    }
                }) }
                { for single.iter().map(|v| html! {
                    <tr><th scope="row">{ &v.node }</th>
                        <td colspan={(2 + attempt.plugins.len()).to_string()}>{ t.verdict_refused() }{ " · " }
                            <span lang="en">{ format!("{}: {}", v.plugin, v.reasons.join(", ")) }</span>
                            if v.preemption_may_help { <small>{ t.verdict_preemption() }</small> }</td></tr>
                }) }
            </tbody>
        </table>
    }
}

fn refusals(attempt: &Attempt, t: Texts, language: Language) -> Html {
    let mut groups: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    let refused: Vec<&Verdict> = attempt.nodes.iter().filter(|v| !fits(v)).collect();
    if refused.len() <= GROUP_ABOVE {
        return Html::default();
    }
    for v in refused {
        groups.entry((v.plugin.clone(), v.reasons.join(", "))).or_default().push(&v.node);
    }
    html! {
        <>
            { for groups.into_iter().map(|((plugin, reason), nodes)| html! {
                <details><summary>{ t.refused_nodes(format::whole(nodes.len() as u64, language)) }{ " · " }
                    <span lang="en">{ format!("{plugin}: {reason}") }</span></summary>
                    <p class="names">{ nodes.join(", ") }</p></details>
            }) }
        </>
    }
}
