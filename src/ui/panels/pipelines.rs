//! Pipelines: a lane each on the time bar, its stages as segments that tell their outcome by sign and shape, and a list of the same.

use super::super::format;
use super::super::hooks::use_page;
use super::super::page::{Page, topic};
use super::super::texts::Texts;
use super::super::widgets::Icon;
use crate::session::{Action, PipelineRow, StageRow};
use yew::prelude::*;

/// The lanes of all pipelines; `end` is the end of the bar.
#[component]
pub fn PipelineLanes() -> Html {
    let page = use_page(topic::ROWS | topic::CHOICE | topic::SERIES);
    let t = page.texts();
    let (rows, clock) = {
        let view = page.view();
        (view.live.pipelines.clone(), view.clock.clone())
    };
    let end = super::time_bar::end(&clock).max(1) as f64;
    html! {
        <>{ for rows.iter().map(|row| html! {
            <div class="lane" data-lane="pipeline" key={row.name.clone()}>
                <span class="lane-name">{ &row.name }<small>{ outcome(row, t) }</small></span>
                <svg width="100%" height="24" role="img" aria-label={said(row, t)}>
                    { for row.stages.iter().filter_map(|stage| segment(&page, stage, end, clock.newest)) }
                </svg>
            </div>
        }) }</>
    }
}

fn segment(page: &Page, stage: &StageRow, end: f64, newest: u64) -> Option<Html> {
    let from = stage.from?;
    let to = stage.to.unwrap_or(newest.max(from));
    let (x, w) = (from as f64 / end * 100.0, (to.saturating_sub(from) as f64 / end * 100.0).max(0.4));
    let page = page.clone();
    let title = format!("{} {} {}", format::short_clock(from), stage.name, stage.said);
    Some(html! {
        <g class="stage-mark" data-state={stage.state.clone()} onclick={move |_| page.seek(from)}>
            <title>{ title }</title>
            <rect x={format!("{x:.3}%")} y="3" width={format!("{w:.3}%")} height="18" rx="3" />
            <svg x={format!("{x:.3}%")} y="3" width={format!("{w:.3}%")} height="18">
                <text x="5" y="13">{ sign(&stage.state) }{ " " }{ &stage.name }</text>
            </svg>
        </g>
    })
}

fn sign(state: &str) -> &'static str {
    match state {
        "passed" => "✓",
        "failed" => "✕",
        "running" => "▶",
        "skipped" => "–",
        _ => "○",
    }
}

fn state_words(state: &str, t: Texts) -> &'static str {
    match state {
        "passed" => t.stage_passed(),
        "failed" => t.stage_failed(),
        "running" => t.stage_running(),
        "skipped" => t.stage_skipped(),
        _ => t.stage_waiting(),
    }
}

fn outcome(row: &PipelineRow, t: Texts) -> &'static str {
    match (row.outcome.as_str(), row.from) {
        ("passed", _) => t.pipeline_passed(),
        ("rolled_back", _) => t.pipeline_rolled_back(),
        ("failed", _) => t.pipeline_failed(),
        (_, Some(_)) => t.stage_running(),
        _ => t.pipeline_waiting(),
    }
}

/// `release, rolled back: build passed, deploy passed, verify failed`.
fn said(row: &PipelineRow, t: Texts) -> String {
    let stages: Vec<String> = row.stages.iter().map(|s| format!("{} {}", s.name, state_words(&s.state, t))).collect();
    format!("{}, {}: {}", row.name, outcome(row, t), stages.join(", "))
}

/// All pipelines as a list, each with its stages and a button that starts it.
pub fn list(page: &Page) -> Html {
    let t = page.texts();
    let rows = page.view().live.pipelines.clone();
    html! {
        <>{ for rows.into_iter().map(|row| {
            let (page, name) = (page.clone(), row.name.clone());
            let line = format!("pipeline {name}");
            html! {
                <section class="pipeline" key={row.name.clone()}>
                    <div class="bar"><h3>{ t.pipeline_named(&row.name) }</h3><span>{ outcome(&row, t) }</span><span class="spring" />
                        if row.from.is_none() {
                            <button type="button" class="button" onclick={move |_| page.act(Action::Line { line: line.clone() })}>
                                <Icon name="play" />{ t.pipeline_start() }</button>
                        }</div>
                    <ol>
                        { for row.stages.iter().map(|stage| html! {
                            <li data-state={stage.state.clone()}><span aria-hidden="true">{ sign(&stage.state) }</span>
                                <b>{ &stage.name }</b><span>{ state_words(&stage.state, t) }</span>
                                if !stage.said.is_empty() { <small>{ &stage.said }</small> }</li>
                        }) }
                    </ol>
                </section>
            }
        }) }</>
    }
}
