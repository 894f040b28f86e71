//! Pinned cards. A rollout in numbers: one track from nothing to the ceiling, the floor marked, old and new told apart without
//! colour. An autoscaler: its bounds, what there is and what it wants, its metric by its target, and the rule that bound it.

use super::super::format;
use super::super::hooks::use_page;
use super::super::page::topic;
use super::super::page::{Page, Tab};
use super::super::scene::words;
use super::super::texts::{Language, Texts};
use crate::session::{AutoscalerRow, WorkloadRow};
use yew::prelude::*;

/// Cards that are shown at once. Ours: more would hide the stage.
const CARDS_MAX: usize = 2;
/// Width of the track in its own units. Ours.
const TRACK: f64 = 280.0;
/// Narrower pods are drawn as one run of their kind. Ours: with the gap, less is no longer seen as a segment.
const SEGMENT_MIN: f64 = 4.0;

/// Cards of all rollouts under way and of all autoscalers.
#[component]
pub fn Cards() -> Html {
    let page = use_page(topic::ROWS | topic::CHOICE);
    let (t, language) = (page.texts(), page.language());
    let whole = |n: u32| format::whole(n.into(), language);
    let view = page.view();
    let selected = page.ui().selected.map(|id| view.top_owner(id));
    let rolling: Vec<_> = view
        .workloads()
        .into_iter()
        .filter(|(row, w)| w.revision > 1 && (w.rolling || selected == Some(row.id) && w.kind == "Deployment"))
        .take(CARDS_MAX)
        .map(|(row, w)| {
            (row.id, row.name.clone(), w.clone(), words::row(&view, row, t, language), view.parts(row.id, w.revision))
        })
        .collect();
    let scalers: Vec<_> = view
        .autoscalers()
        .into_iter()
        .take(CARDS_MAX)
        .map(|(row, a)| (row.id, row.name.clone(), a.clone(), words::row(&view, row, t, language)))
        .collect();
    drop(view);
    html! {
        <div class="cards">
            { for scalers.into_iter().map(|(id, name, a, sentence)| {
                scaler(&page, id, &name, &a, sentence, (t, language))
            }) }
            { for rolling.into_iter().map(|(id, name, w, sentence, parts)| {
                let page = page.clone();
                let most = w.ceiling.max(w.desired).max(parts.iter().sum()).max(1);
                html! {
                    <button type="button" class="card" key={id} title={sentence}
                        onclick={move |_| page.show(id, super::super::page::Tab::Overview)}>
                        <span class="card-title"><b>{ name }</b><span>
                            { t.rollout_of(whole(w.updated), whole(w.desired)) }</span></span>
                        { track(&w, &parts, most) }
                        <span class="card-foot numbers">
                            <span>{ t.rollout_floor(whole(w.floor)) }</span>
                            if w.available < w.floor { <strong>{ t.rollout_below() }</strong> }
                            if w.paused { <strong>{ t.rollout_paused() }</strong> }
                            <span>{ t.rollout_ceiling(whole(w.ceiling)) }</span>
                        </span>
                    </button>
                }
            }) }
        </div>
    }
}

/// An autoscaler: bounds, what there is (solid) and what it wants (hollow), its metric, the rule that bound.
fn scaler(
    page: &Page,
    id: u32,
    name: &str,
    a: &AutoscalerRow,
    sentence: String,
    (t, language): (Texts, Language),
) -> Html {
    let page = page.clone();
    let (metric, value, target) = &a.metric;
    html! {
        <button type="button" class="card scaler" key={id} title={sentence}
            onclick={move |_| page.show(id, Tab::Decision)}>
            <span class="card-title"><b>{ name }</b><span>{ t.scaler_replicas(a.current, a.desired) }</span></span>
            { bounds(a) }
            <span class="card-foot numbers"><span>{ format!("min {}", a.min) }</span><span>
                { format!("max {}", a.max) }</span></span>
            <strong class="binding">{ words::binding(a, t) }</strong>
            { gauge(a) }
            <span class="card-foot numbers"><span>{ metric }</span><span>
                if value.is_empty() { { t.scaler_unknown() } } else { { t.scaler_metric(value, target) } }
                if a.ratio.is_finite() { { format!(" · {}", format::percent(f64::from(a.ratio), language)) } }
            </span></span>
        </button>
    }
}

fn bounds(a: &AutoscalerRow) -> Html {
    let most = a.max.max(a.current).max(a.desired).max(1);
    let least = a.min.min(a.current).min(a.desired);
    let x = |n: u32| 8.0 + (TRACK - 16.0) * f64::from(n - least) / f64::from((most - least).max(1));
    let (here, there) = (x(a.current), x(a.desired));
    let side = if there > here { 1.0 } else { -1.0 };
    html! {
        <svg class="track" viewBox={format!("0 0 {TRACK} 24")} width="100%" height="24" aria-hidden="true">
            <path class="span" d={format!("M{} 12H{}", x(a.min.max(least)), x(a.max))} />
            { for [a.min.max(least), a.max].map(|n| html! { <path class="tick" d={format!("M{} 4V20", x(n))} /> }) }
            if a.current != a.desired {
                <path class="way" d={format!("M{here} 12H{:.1}", there - side * 8.0)} />
                <path class="tip" d={format!("M{:.1} 12l{:.1} -5v10z", there - side * 6.0, -side * 7.0)} />
            }
            <circle class="wanted" cx={there.to_string()} cy="12" r="6" />
            <circle class="there" cx={here.to_string()} cy="12" r="4.5" />
        </svg>
    }
}

/// The metric by its target: a tick at the target, the tolerance around it as a band.
fn gauge(a: &AutoscalerRow) -> Html {
    let top = 2.0_f32.max(if a.ratio.is_finite() { a.ratio } else { 0.0 }) * 1.05;
    let x = |v: f32| f64::from(v / top) * TRACK;
    let band = (x(1.0 - a.tolerance.0), x(1.0 + a.tolerance.1));
    let value = if a.ratio.is_finite() { x(a.ratio) } else { 0.0 };
    html! {
        <svg class="track gauge" viewBox={format!("0 0 {TRACK} 14")} width="100%"
            height="14" preserveAspectRatio="none" aria-hidden="true"
            data-over={(a.ratio > 1.0 + a.tolerance.1).to_string()}>
            <rect class="rail" x="0" y="3" width={TRACK.to_string()} height="8" />
            <rect class="value" x="0" y="4" width={format!("{value:.1}")} height="6" />
            <rect class="band" x={format!("{:.1}", band.0)} y="1"
                width={format!("{:.1}", (band.1 - band.0).max(2.0))} height="12" />
            <path class="tick" d={format!("M{:.1} 0V14", x(1.0))} />
        </svg>
    }
}

/// The pods of a rollout on one track: old ready, old not ready, new ready, new not ready.
fn track(w: &WorkloadRow, parts: &[u32; 4], most: u32) -> Html {
    let x = |n: u32| TRACK * n as f64 / most as f64;
    let mut at = 0;
    let kinds = ["old-ready", "old-unready", "new-ready", "new-unready"];
    let one_by_one = x(1) >= SEGMENT_MIN;
    let segments = |count: u32| if one_by_one { (count, 1) } else { (count.min(1), count) };
    let bars: Vec<Html> = kinds
        .iter()
        .zip(parts)
        .map(|(kind, count)| (*kind, segments(*count)))
        .flat_map(|(kind, (many, pods))| (0..many).map(move |_| (kind, pods)))
        .map(|(kind, pods)| {
            let gap = if one_by_one { 2.0 } else { 0.0 };
            let (left, width) = (x(at), (x(at + pods) - x(at) - gap).max(1.0));
            at += pods;
            let cut = if kind.starts_with("new") { (width * 0.4).min(7.0) } else { 0.0 };
            let d = format!("M{left} 6h{}l{cut} {cut}v{}h-{width}z", width - cut, 18.0 - cut);
            html! { <path class={kind} {d} /> }
        })
        .collect();
    let tick = |n: u32| {
        let x = x(n).clamp(1.0, TRACK - 1.0);
        html! { <path class="tick" d={format!("M{x} 0v30")} /> }
    };
    let low = w.available < w.floor;
    html! {
        <svg class="track" viewBox={format!("0 0 {TRACK} 30")} width="100%" height="30" preserveAspectRatio="none"
            aria-hidden="true" data-low={low.to_string()}>
            <rect class="rail" x="0" y="6" width={TRACK.to_string()} height="18" />
            { for bars }
            { tick(w.floor) }
            { tick(w.ceiling) }
        </svg>
    }
}
