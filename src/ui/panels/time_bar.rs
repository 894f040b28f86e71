//! Time as a place: controls, clock, slider, minimap, ruler, lanes, one chart, branches.

use super::super::dom;
use super::super::format;
use super::super::hooks::use_page;
use super::super::page::{Page, topic};
use super::super::settings::SPEEDS;
use super::super::texts::{Language, Texts};
use super::super::widgets::Icon;
use super::charts::BarChart;
use super::faults;
use super::pipelines::PipelineLanes;
use crate::session::{Clock, Command, Overview};
use yew::prelude::*;

/// Width of the drawings in their own units; they stretch to the bar. Ours.
const WIDTH: f64 = 1000.0;
/// Marks closer than this are one mark with a count. Ours: they would touch.
const NEAR: f64 = 14.0;
/// Shortest run that fills the bar. Ours: so that the first seconds do not race over it.
const LEAST_US: u64 = 60_000_000;

/// The bar.
#[component]
pub fn TimeBar() -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    html! {
        <section class="time" id="time" tabindex="-1" data-region="time" aria-label={t.time_title()}>
            <Controls />
            <Slider />
            <Lanes />
        </section>
    }
}

/// The end of the bar: past the newest moment of any branch, in steps, so that the scale stands still most of the time.
pub fn end(clock: &Clock) -> u64 {
    let newest = clock.branches.iter().map(|b| b.newest).max().unwrap_or(0).max(clock.newest).max(clock.now);
    let mut end = LEAST_US;
    while end < newest {
        end = end.saturating_mul(3) / 2;
    }
    end
}

#[component]
fn Controls() -> Html {
    let page = use_page(topic::CHOICE | topic::CLOCK);
    let t = page.texts();
    let (playing, speed, skip, seeking, silent) = {
        let ui = page.ui();
        (ui.playing, ui.speed, ui.settings.skip_quiet, ui.seeking, ui.silent)
    };
    let clock = page.view().clock.clone();
    let state = if silent {
        t.state_silent()
    } else if clock.now < clock.newest {
        t.state_replay()
    } else if playing {
        t.state_running()
    } else {
        t.state_paused()
    };
    let button = |name: &'static str, words: &'static str, act: fn(&Page)| {
        let page = page.clone();
        html! {
            <button type="button" class="quiet" aria-label={words} title={words} onclick={move |_| act(&page)}><Icon {name} /></button>
        }
    };
    let set_speed = {
        let page = page.clone();
        Callback::from(move |e: Event| {
            let value = dom::value(&e).parse().unwrap_or(super::super::settings::SPEED_ONE);
            page.choose(|ui| ui.speed = value);
        })
    };
    let (play, skipping) = (page.clone(), page.clone());
    let words = if playing { t.pause() } else { t.play() };
    html! {
        <div class="bar controls">
            { button("start", t.to_start(), |p| p.seek(0)) }
            { button("back", t.event_back(), |p| p.step_event(true)) }
            <button type="button" class="play" id="play" aria-label={words} title={words} onclick={move |_| play.play(!playing)}>
                <Icon name={if playing { "pause" } else { "play" }} /></button>
            { button("on", t.event_on(), |p| p.step_event(false)) }
            { button("newest", t.to_newest(), Page::seek_newest) }
            <ClockField />
            <span class="state" data-replay={(clock.now < clock.newest).to_string()}
                data-silent={silent.to_string()}>{ state }</span>
            if let Some((from, to)) = seeking { { progress(&page, from, to) } }
            <span class="seconds">
                { button("minus", t.second_back(), |p| p.step_seconds(-1)) }
                { button("plus", t.second_on(), |p| p.step_seconds(1)) }
            </span>
            <label class="speed"><span>{ t.speed() }</span>
                <select class="field numbers" onchange={set_speed}>
                    { for SPEEDS.iter().enumerate().map(|(i, s)| html! {
                        <option value={i.to_string()} selected={i == speed}>
                            { speed_words(*s, page.language()) }</option>
                    }) }
                </select></label>
            <label class="switch"><input type="checkbox" checked={skip}
                onchange={move |_| skipping.set(|s| s.skip_quiet = !skip)} />{ t.skip_quiet() }</label>
            <span class="spring" />
            { branches(&page, &clock, t) }
            <Bookmarks />
        </div>
    }
}

fn speed_words(speed: f64, language: Language) -> String {
    let words = format!("{speed}×");
    if language == Language::De { words.replace('.', ",") } else { words }
}

fn progress(page: &Page, from: u64, to: u64) -> Html {
    let now = page.view().clock.now;
    let share = now.abs_diff(from) as f64 / to.abs_diff(from).max(1) as f64;
    let words = page.texts().seeking();
    html! { <span class="seeking">{ words }<progress max="1" value={share.to_string()} aria-label={words} /></span> }
}

/// The clock, and a place to type another moment.
#[component]
fn ClockField() -> Html {
    let page = use_page(topic::CLOCK | topic::CHOICE);
    let t = page.texts();
    let typed = use_state(|| None::<String>);
    let clock = page.view().clock.clone();
    let value = (*typed).clone().unwrap_or_else(|| format::clock(clock.now));
    let oninput = {
        let typed = typed.clone();
        Callback::from(move |e: InputEvent| typed.set(Some(dom::value(&e))))
    };
    let onkeydown = {
        let (page, typed) = (page.clone(), typed.clone());
        Callback::from(move |e: KeyboardEvent| match e.key().as_str() {
            "Enter" => {
                if let Some(to) = typed.as_deref().and_then(format::parse_clock) {
                    page.seek(to);
                }
                typed.set(None);
            }
            "Escape" => typed.set(None),
            _ => {}
        })
    };
    let onblur = {
        let typed = typed.clone();
        Callback::from(move |_: FocusEvent| typed.set(None))
    };
    html! {
        <span class="clock numbers">
            <input class="field numbers" inputmode="decimal" aria-label={t.clock_label()} {value} {oninput} {onkeydown} {onblur} />
            <span>{ "/ " }{ format::short_clock(clock.newest) }</span>
        </span>
    }
}

fn branches(page: &Page, clock: &Clock, t: Texts) -> Html {
    if clock.branches.len() < 2 {
        return Html::default();
    }
    let choose = {
        let page = page.clone();
        Callback::from(move |e: Event| page.ask(&Command::Branch { index: dom::value(&e).parse().unwrap_or(0) }))
    };
    html! {
        <label class="branch"><Icon name="branch" /><span>{ t.branch() }</span>
            <select class="field" onchange={choose}>
                { for clock.branches.iter().enumerate().map(|(i, b)| html! {
                    <option value={i.to_string()} selected={i == clock.branch as usize}>
                        { t.branch_named(&b.name, format::short_clock(b.forked_at)) }</option>
                }) }
            </select></label>
    }
}

#[component]
fn Bookmarks() -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let add = page.clone();
    html! {
        <button type="button" class="quiet as-mark" aria-label={t.bookmark_add()} title={t.bookmark_add()} onclick={move |_| add.bookmark()}>
            <Icon name="bookmark" /><span>{ t.bookmark_add() }</span></button>
    }
}

/// The thumb leads, the stage follows.
#[component]
fn Slider() -> Html {
    let page = use_page(topic::CLOCK | topic::CHOICE);
    let (t, language) = (page.texts(), page.language());
    let clock = page.view().clock.clone();
    let end = end(&clock);
    let shown = page.ui().seeking.map_or(clock.now, |s| s.1);
    let tick = format::tick(end, WIDTH, 64.0);
    let seek = {
        let page = page.clone();
        Callback::from(move |e: InputEvent| {
            let to = dom::value(&e).parse::<f64>().unwrap_or(0.0) as u64;
            page.seek(to * 1_000);
        })
    };
    let onkeydown = {
        let page = page.clone();
        Callback::from(move |e: KeyboardEvent| {
            let many = if e.shift_key() { 10 } else { 1 };
            let now = page.ui().seeking.map_or(page.view().clock.now, |s| s.1);
            let to = match e.key().as_str() {
                "ArrowRight" | "ArrowUp" => now.saturating_add(tick / 10 * many).min(end),
                "ArrowLeft" | "ArrowDown" => now.saturating_sub(tick / 10 * many),
                "Home" => 0,
                "End" => page.view().clock.newest,
                _ => return,
            };
            e.prevent_default();
            e.stop_propagation();
            page.seek(to);
        })
    };
    let said = value_words(&page, shown, t, language);
    html! {
        <div class="slide">
            <Minimap />
            <input type="range" id="slider" min="0" max={(end / 1_000).to_string()} step="1" value={(shown / 1_000).to_string()}
                aria-label={t.slider_label()} aria-valuetext={said} oninput={seek} {onkeydown} />
        </div>
    }
}

/// `2 min 14 s, rollout of web, 4 of 5 ready`.
fn value_words(page: &Page, at: u64, t: Texts, language: Language) -> String {
    let time = if at < 120_000_000 {
        format!("{} s", format::tenths(at / 100_000, language))
    } else {
        format::span(at, language)
    };
    let view = page.view();
    let rolling = view.workloads().into_iter().find(|(_, w)| w.rolling);
    match rolling {
        Some((row, w)) => format!("{time}, {}", t.slider_rollout(&row.name, w.ready, w.desired)),
        None => format!("{time}, {}", super::super::scene::words::count(&view, t, language)),
    }
}

/// Minimap, ruler, lanes, chart.
#[component]
fn Lanes() -> Html {
    let page = use_page(topic::ANSWERS | topic::CHOICE);
    let t = page.texts();
    let (overview, clock) = {
        let view = page.view();
        (view.overview.clone(), view.clock.clone())
    };
    let end = end(&clock);
    let scale = Scale { end, columns: clock.newest.max(1) };
    let lanes = [
        ("you", t.lane_you()),
        ("faults", t.lane_faults()),
        ("rollouts", t.lane_rollouts()),
        ("scaling", t.lane_scaling()),
        ("restarts", t.lane_restarts()),
        ("unplaced", t.lane_unplaced()),
    ];
    html! {
        <>
            { branch_rows(&page, &clock, &scale, t) }
            <div class="lanes">
                { jump(&page, &overview, &lanes, &scale) }
                { ruler(&scale) }
                { bookmarks(&page, &scale) }
                { for lanes.into_iter().filter(|(lane, _)| pinned(lane) || overview.marks.iter().any(|m| m.0 == *lane))
                    .map(|(lane, name)| lane_row(&page, &overview, lane, name, &scale)) }
                <PipelineLanes />
                <BarChart />
            </div>
        </>
    }
}

/// How much happens when, over the whole run; the slider lies on it.
#[component]
fn Minimap() -> Html {
    let page = use_page(topic::ANSWERS);
    let (overview, clock) = {
        let view = page.view();
        (view.overview.clone(), view.clock.clone())
    };
    let scale = Scale { end: end(&clock), columns: clock.newest.max(1) };
    html! { <div class="minimap" aria-hidden="true">{ density(&overview, &scale) }</div> }
}

struct Scale {
    end: u64,
    /// What the overview's columns cover.
    columns: u64,
}

impl Scale {
    fn x(&self, at: u64) -> f64 {
        WIDTH * at as f64 / self.end.max(1) as f64
    }
}

fn density(overview: &Overview, scale: &Scale) -> Html {
    let most = overview.density.iter().copied().max().unwrap_or(0).max(1) as f64;
    let step = scale.x(scale.columns) / overview.density.len().max(1) as f64;
    let d: String = overview
        .density
        .iter()
        .enumerate()
        .filter(|(_, n)| **n > 0)
        .map(|(i, n)| {
            let h = 2.0 + 13.0 * (*n as f64 / most).sqrt();
            format!("M{:.1} 16v-{h:.1}h{:.1}v{h:.1}z", i as f64 * step, (step - 0.6).max(0.6))
        })
        .collect();
    html! { <svg viewBox="0 0 1000 16" width="100%" height="16" preserveAspectRatio="none"><path class="density" {d} /></svg> }
}

fn ruler(scale: &Scale) -> Html {
    let step = format::tick(scale.end, WIDTH, 90.0);
    let marks: Vec<u64> = (0..=scale.end / step).map(|i| i * step).collect();
    html! {
        <svg class="ruler" width="100%" height="20" aria-hidden="true">
            { for marks.iter().map(|at| {
                let share = *at as f64 / scale.end as f64;
                let x = format!("{:.2}%", share * 100.0);
                let anchor = if share > 0.96 { "end" } else if share < 0.02 { "start" } else { "middle" };
                html! { <>
                    <line x1={x.clone()} x2={x.clone()} y1="0" y2="4" />
                    <text {x} y="16" text-anchor={anchor}>{ format::short_clock(*at) }</text>
                </> }
            }) }
        </svg>
    }
}

fn bookmarks(page: &Page, scale: &Scale) -> Html {
    let marks = page.ui().bookmarks.clone();
    if marks.is_empty() {
        return Html::default();
    }
    let t = page.texts();
    html! {
        <div class="lane" data-lane="bookmarks"><span class="lane-name">{ t.lane_bookmarks() }</span>
            <svg width="100%" height="20" role="group">
                { for marks.into_iter().map(|(at, name)| {
                    let page = page.clone();
                    let x = format!("{:.3}%", scale.x(at) / 10.0);
                    html! { <text class="flag" {x} y="15" role="button" tabindex="0" aria-label={name}
                        onclick={let page = page.clone(); move |_| page.seek(at)}
                        onkeydown={move |e: KeyboardEvent| if ["Enter", " "].contains(&e.key().as_str()) {
                            e.prevent_default();
                            page.seek(at);
                        }}>{ "⚑" }</text> }
                }) }
            </svg></div>
    }
}

/// What a lane shows at one place.
struct Mark {
    from: u64,
    to: u64,
    title: String,
    count: usize,
}

/// The marks of a lane; those that nearly touch are one with a count.
fn merged(overview: &Overview, lane: &str, scale: &Scale, t: Texts) -> Vec<Mark> {
    let mut all: Vec<Mark> = Vec::new();
    for (_, from, to, label) in overview.marks.iter().filter(|m| m.0 == lane) {
        match all.last_mut() {
            Some(last) if scale.x(*from) - scale.x(last.to) < NEAR => {
                last.to = last.to.max(*to);
                last.count += 1;
            }
            _ => all.push(Mark { from: *from, to: *to, title: label_words(lane, label, t), count: 1 }),
        }
    }
    for mark in all.iter_mut().filter(|mark| mark.count > 1) {
        mark.title += &format!(" +{}", mark.count - 1);
    }
    all
}

/// All marks as one list that goes there: what the lanes show to a mouse.
fn jump(page: &Page, overview: &Overview, lanes: &[(&'static str, &'static str)], scale: &Scale) -> Html {
    let t = page.texts();
    let mut marks: Vec<(u64, String)> = Vec::new();
    for (lane, name) in lanes {
        let of_lane = merged(overview, lane, scale, t).into_iter();
        marks.extend(of_lane.map(|mark| (mark.from, format!("{name}: {}", mark.title))));
    }
    marks.extend(page.ui().bookmarks.iter().cloned());
    for pipeline in &page.view().live.pipelines {
        let stages = pipeline.stages.iter().filter_map(|stage| Some((stage.from?, &stage.name)));
        marks.extend(stages.map(|(at, stage)| (at, format!("{}: {stage}", pipeline.name))));
    }
    if marks.is_empty() {
        return Html::default();
    }
    marks.sort();
    let go = {
        let page = page.clone();
        Callback::from(move |e: Event| {
            if let Ok(at) = dom::value(&e).parse() {
                page.seek(at);
            }
        })
    };
    html! {
        <label class="jump">{ t.lane_jump() }<select class="field numbers" onchange={go}>
            <option value="" selected={true}>{ "–" }</option>
            { for marks.into_iter().map(|(at, words)| html! {
                <option value={at.to_string()}>{ format!("{} {words}", format::short_clock(at)) }</option> }) }
        </select></label>
    }
}

/// One lane.
fn lane_row(page: &Page, overview: &Overview, lane: &'static str, name: &'static str, scale: &Scale) -> Html {
    let count = overview.marks.iter().filter(|m| m.0 == lane).count();
    let marks = merged(overview, lane, scale, page.texts());
    let t = page.texts();
    let said = t.lane_marks(name, format::whole(count as u64, page.language()));
    html! {
        <div class="lane" data-lane={lane}>
            <span class="lane-name">{ name }</span>
            <svg width="100%" height="20" role="img" aria-label={said}>
                { for marks.into_iter().map(|Mark { from, to, title, count }| {
                    let (x, x2) = (scale.x(from) / 10.0, scale.x(to) / 10.0);
                    let page = page.clone();
                    let wide = (x2 - x).max(0.0);
                    html! {
                        <g class="mark" onclick={move |_| page.seek(from)}>
                            <title>{ format!("{} {title}", format::short_clock(from)) }</title>
                            if lane == "rollouts" || lane == "unplaced" || wide > 0.6 {
                                <rect x={format!("{x:.3}%")} y="7" width={format!("{:.3}%", wide.max(0.4))} height="6" rx="2" />
                            } else {
                                <text x={format!("{x:.3}%")} y="14.5" text-anchor="middle">{ lane_sign(lane, &title) }</text>
                            }
                            if count > 1 { <text class="many" x={format!("{x2:.3}%")} dx="8" y="14.5">{ count }</text> }
                        </g>
                    }
                }) }
            </svg>
        </div>
    }
}

/// A mark's label; a fault begins with its kind, which has a name in every language.
fn label_words(lane: &str, label: &str, t: Texts) -> String {
    let (kind, rest) = label.split_once(' ').unwrap_or((label, ""));
    if lane == "faults" {
        return format!("{} {}", t.fault(&kind.replace('-', "_")), faults::place(rest, t));
    }
    label.to_string()
}

/// Lanes that are always there; the others come with their first mark.
fn pinned(lane: &str) -> bool {
    ["you", "faults", "rollouts"].contains(&lane)
}

fn lane_sign(lane: &str, label: &str) -> &'static str {
    let number = |text: &str| text.split_whitespace().next().and_then(|n| n.parse::<u32>().ok());
    let down = label.split_once('→').is_some_and(|(from, to)| number(from) > number(to.trim()));
    match lane {
        "scaling" if down => "▼",
        "scaling" => "▲",
        "you" => "◆",
        "faults" => "✕",
        "restarts" => "↻",
        _ => "▬",
    }
}

/// Branches hang under the minimap where they left their parent.
fn branch_rows(page: &Page, clock: &Clock, scale: &Scale, t: Texts) -> Html {
    if clock.branches.len() < 2 {
        return Html::default();
    }
    html! {
        <div class="branches" role="group" aria-label={t.branch()}>
            { for clock.branches.iter().enumerate().map(|(i, b)| {
                let page = page.clone();
                let (x, w) = (scale.x(b.forked_at) / 10.0, (scale.x(b.newest) - scale.x(b.forked_at)).max(6.0) / 10.0);
                let here = i == clock.branch as usize;
                let words = t.branch_named(&b.name, format::short_clock(b.forked_at));
                html! {
                    <button type="button" class="branch-row" aria-pressed={here.to_string()}
                        title={words.clone()} aria-label={words}
                        onclick={move |_| page.ask(&Command::Branch { index: i as u32 })}>
                        <span>{ &b.name }</span>
                        <svg width="100%" height="12" aria-hidden="true">
                            <rect x={format!("{x:.3}%")} y="4" width={format!("{w:.3}%")} height="5" rx="2" /></svg>
                    </button>
                }
            }) }
        </div>
    }
}
