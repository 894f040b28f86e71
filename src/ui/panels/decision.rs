//! An autoscaler's newest decision as a ladder: one rung a rule, the one that bound is marked and said in words; beside it the
//! curves it decided on, and the pods that were counted apart.

use super::super::charts;
use super::super::format;
use super::super::page::{Page, Tab};
use super::super::texts::{Language, Texts};
use crate::session::{AutoscalerRow, Curve, Inspect, Ladder};
use yew::prelude::*;

/// The tab.
pub fn tab(page: &Page, scaler: &AutoscalerRow, inspect: Option<&Inspect>) -> Html {
    let (t, language) = (page.texts(), page.language());
    let Some(ladder) = inspect.and_then(|i| i.ladder.clone()) else {
        return html! { <p class="empty">{ t.decision_none() }</p> };
    };
    let to = page.clone();
    let at = ladder.at;
    html! {
        <div class="decision">
            <p class="bar"><button type="button" class="link numbers" onclick={move |_| to.seek(at)}>
                { format::short_clock(at) }</button>
                <span>{ t.decision_of(scaler.current, scaler.desired) }</span></p>
            { rungs(&ladder, t) }
            { aside(page, &ladder, t) }
            { curves(page, &ladder, t, language) }
        </div>
    }
}

fn rungs(ladder: &Ladder, t: Texts) -> Html {
    html! {
        <ol class="ladder">
            { for ladder.rungs.iter().map(|rung| html! {
                <li data-binds={rung.binds.to_string()}>
                    <span class="rung-mark" aria-hidden="true">{ if rung.binds { "▶" } else { "" } }</span>
                    <span>{ t.why(&rung.key, &rung.args) }
                        if rung.binds { <strong>{ t.decision_binds() }</strong> }</span>
                </li>
            }) }
        </ol>
    }
}

/// Pods that were not counted as the others, and how.
fn aside(page: &Page, ladder: &Ladder, t: Texts) -> Html {
    if ladder.aside.is_empty() {
        return html! { <p class="hint">{ t.decision_all_counted() }</p> };
    }
    html! {
        <>
            <h3>{ t.decision_aside() }</h3>
            <ul>
                { for ladder.aside.iter().map(|(id, name, key)| {
                    let (page, id) = (page.clone(), *id);
                    html! { <li key={id}><button type="button" class="row"
                        onclick={move |_| page.show(id, Tab::Overview)}>
                        <span>{ name }</span><span class="spring" /><small>{ t.why(key, &[]) }</small></button></li> }
                }) }
            </ul>
        </>
    }
}

/// Names of the four curves, in their order.
fn names(t: Texts) -> [&'static str; 4] {
    [t.curve_metric(), t.curve_raw(), t.curve_allowed(), t.curve_actual()]
}

fn curves(page: &Page, ladder: &Ladder, t: Texts, language: Language) -> Html {
    if ladder.curves.is_empty() {
        return Html::default();
    }
    let newest = page.view().clock.newest;
    let last = |curve: &Curve| curve.values.iter().rev().find(|v| v.is_finite()).copied().unwrap_or(f32::NAN);
    let value = |i: usize, curve: &Curve| match i {
        0 if last(curve).is_finite() => format::percent(f64::from(last(curve)), language),
        _ => format::rate(last(curve), language),
    };
    let most = |range: std::ops::Range<usize>| {
        let values = ladder.curves.get(range).into_iter().flatten().flat_map(|c| &c.values);
        values.filter(|v| v.is_finite()).fold(1.0_f32, |m, v| m.max(*v)) * 1.1
    };
    let (metric_top, top) = (most(0..1), most(1..4.min(ladder.curves.len().max(1))));
    let words: Vec<String> =
        ladder.curves.iter().zip(names(t)).enumerate().map(|(i, (c, n))| format!("{n} {}", value(i, c))).collect();
    let target = 88.0 * (1.0 - f64::from(1.0 / metric_top));
    html! {
        <figure class="chart-view" data-chart="decision">
            <figcaption><b>{ t.decision_curves() }</b><span class="numbers">
                { format::short_clock(newest) }</span></figcaption>
            <ul class="curves numbers">
                { for ladder.curves.iter().zip(names(t)).enumerate().map(|(i, (curve, name))| html! {
                    <li><svg viewBox="0 0 20 10" width="20" height="10" aria-hidden="true">
                        <path class="curve" data-curve={format!("hpa.{i}")} d="M0 5h20" /></svg>
                        <span>{ name }</span>{ " " }<b>{ value(i, curve) }</b></li>
                }) }
            </ul>
            <div class="plot">
                <svg viewBox="0 0 1000 88" width="100%" height="88" preserveAspectRatio="none"
                    role="img" aria-label={words.join(", ")}>
                    <path class="grid" d="M0 0.5H1000M0 87.5H1000" />
                    <path class="target" d={format!("M0 {target:.1}H1000")} />
                    { for ladder.curves.iter().enumerate().map(|(i, curve)| {
                        let most = if i == 0 { metric_top } else { top };
                        let d = charts::path(&curve.values, most, (1000.0, 86.0), i > 0);
                        html! { <path class="curve" data-curve={format!("hpa.{i}")} {d} transform="translate(0 1)" /> }
                    }) }
                </svg>
            </div>
        </figure>
    }
}
