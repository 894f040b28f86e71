//! Loads: a card with slider and number for each at the stage's left edge, above the service it asks; its shape over time in
//! the service's inspector.

use super::super::dom;
use super::super::format;
use super::super::hooks::use_page;
use super::super::page::{FILE_MAX, Page, Tab, topic};
use super::super::texts::{Language, Texts};
use super::super::widgets::Icon;
use crate::session::docker::is_docker;
use crate::session::{Action, FlowRow, LoadRow, Row, Shape, traffic};
use crate::workload;
use gloo_timers::callback::Timeout;
use yew::prelude::*;

/// Rates of the slider. Ours: even steps to the ear, round numbers to the eye.
const RATES: [f32; 37] = [
    0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 120.0,
    150.0, 200.0, 250.0, 300.0, 400.0, 500.0, 600.0, 800.0, 1_000.0, 1_500.0, 2_000.0, 3_000.0, 4_000.0, 5_000.0,
    6_000.0, 8_000.0, 10_000.0,
];
/// Pause between two wishes while the slider is dragged. Ours: each is an input of the run.
const DRAG_MS: u32 = 120;
/// Points of a recorded load that are taken. Ours: a day in steps of ten seconds, and the run's log stays small.
const POINTS_MAX: usize = 10_000;
/// The shapes a person may choose.
pub const SHAPES: [&str; 6] = ["constant", "step", "ramp", "sine", "spike", "daily"];

/// The cards at the stage's left edge.
#[component]
pub fn Loads() -> Html {
    let page = use_page(topic::ROWS | topic::CHOICE);
    let t = page.texts();
    let groups: Vec<(u32, Vec<LoadRow>)> = {
        let view = page.view();
        view.gutter().into_iter().map(|(id, loads)| (id, loads.into_iter().cloned().collect())).collect()
    };
    if groups.iter().all(|g| g.1.is_empty()) {
        return Html::default();
    }
    html! {
        <div class="loads" role="group" aria-label={t.loads_title()}>
            { for groups.into_iter().map(|(id, loads)| html! {
                <div class="load-group" key={id}>
                    { for loads.into_iter().map(|load| html! { <LoadCard {load} service={id} key={id} /> }) }
                    if !is_docker(id) { <div class="load-pill" /> }
                </div>
            }) }
        </div>
    }
}

/// Properties of [`LoadCard`].
#[derive(Properties, PartialEq)]
pub struct LoadCardProps {
    /// The load.
    pub load: LoadRow,
    /// The Service it asks.
    pub service: u32,
}

/// One load: slider and number.
#[component]
pub fn LoadCard(props: &LoadCardProps) -> Html {
    let page = use_page(topic::CHOICE);
    let (t, language) = (page.texts(), page.language());
    let (load, service) = (&props.load, props.service);
    let name = props.load.to.rsplit('/').next().unwrap_or_default().to_string();
    // What was wished and is not answered yet: the thumb must not jump back.
    let wished = use_state(|| None::<f32>);
    let timer = use_mut_ref(|| None::<Timeout>);
    {
        let (wished, rate) = (wished.clone(), load.rate);
        use_effect_with(rate.to_bits(), move |_| {
            if wished.is_some_and(|w| (w - rate).abs() < 0.01) {
                wished.set(None);
            }
        });
    }
    let rate = wished.unwrap_or(load.rate);
    let send = {
        let (page, wished, timer, load) = (page.clone(), wished.clone(), timer.clone(), load.clone());
        move |rate: f32| {
            wished.set(Some(rate));
            let (page, load) = (page.clone(), load.clone());
            let go = move || {
                set(&page, &load.name, service, Shape { kind: "constant".into(), base: rate, ..Shape::default() })
            };
            *timer.borrow_mut() = Some(Timeout::new(DRAG_MS, go));
        }
    };
    let slide = {
        let send = send.clone();
        Callback::from(move |e: InputEvent| {
            let at: usize = dom::value(&e).parse().unwrap_or(0);
            send(RATES[at.min(RATES.len() - 1)]);
        })
    };
    let typed = Callback::from(move |e: Event| {
        if let Some(rate) =
            dom::value(&e).trim().replace(',', ".").parse::<f32>().ok().filter(|r| (0.0..=1e6).contains(r))
        {
            send(rate);
        }
    });
    let at = RATES.iter().rposition(|r| *r <= rate).unwrap_or(0);
    let open = page.clone();
    let words = t.load_rate(format::rate(rate, language));
    html! {
        <div class="load" data-shape={load.shape.kind.clone()}>
            <span class="load-head"><b title={load.name.clone()}>{ &load.name }</b>
                <button type="button" class="quiet"
                    aria-label={t.load_shape_of(&name, shape_words(t, &load.shape.kind))}
                    onclick={move |_| open.show(service, Tab::Load)}>
                    <ShapeMark kind={load.shape.kind.clone()} /><span>
                        { shape_words(t, &load.shape.kind) }</span></button></span>
            <input type="range" min="0" max={(RATES.len() - 1).to_string()} step="1" value={at.to_string()}
                aria-label={t.load_on(&name)} aria-valuetext={words} oninput={slide} />
            <label class="numbers"><input class="field numbers" type="number" min="0" max="1000000" step="any"
                value={shown(rate)} aria-label={t.load_number(&name)} onchange={typed} /><span>
                    { t.per_second() }</span></label>
        </div>
    }
}

/// A number as a number field takes it.
fn shown(rate: f32) -> String {
    let tenth = (rate * 10.0).round() / 10.0;
    tenth.to_string()
}

fn set(page: &Page, name: &str, to: u32, shape: Shape) {
    page.choose(|ui| ui.tried = true);
    page.act(Action::SetLoad { name: name.to_string(), to, shape });
}

/// A shape's name.
pub fn shape_words(t: Texts, kind: &str) -> &'static str {
    match kind {
        "step" => t.shape_step(),
        "ramp" => t.shape_ramp(),
        "sine" => t.shape_sine(),
        "spike" => t.shape_spike(),
        "daily" => t.shape_daily(),
        "replay" => t.shape_replay(),
        _ => t.shape_constant(),
    }
}

#[derive(Properties, PartialEq)]
struct ShapeMarkProps {
    kind: AttrValue,
}

/// A shape as a small line.
#[component]
fn ShapeMark(props: &ShapeMarkProps) -> Html {
    let d = match props.kind.as_str() {
        "step" => "M1 9h6V3h8",
        "ramp" => "M1 9h3L12 3h3",
        "sine" => "M1 6c2-5 5-5 7 0s5 5 7 0",
        "spike" => "M1 9h6V2h2v7h6",
        "daily" => "M1 9c3 0 3-7 7-7s4 7 7 7",
        "replay" => "M1 9l3-4 2 2 3-5 2 4 2-2 2 5",
        _ => "M1 6h14",
    };
    html! { <svg class="shape-mark" viewBox="0 0 16 12" width="16" height="12" aria-hidden="true"
    focusable="false"><path {d} /></svg> }
}

/// The Load tab of a Service: how much comes, how it goes over time, and where it ends.
pub fn tab(page: &Page, row: &Row) -> Html {
    let (t, language) = (page.texts(), page.language());
    let (loads, flow): (Vec<LoadRow>, Option<FlowRow>) = {
        let view = page.view();
        (view.live.loads_on(row.id).cloned().collect(), view.live.flow(row.id).cloned())
    };
    let add = {
        let (page, id, name) = (page.clone(), row.id, free_name(page, &row.name));
        Callback::from(move |_: MouseEvent| {
            set(&page, &name, id, Shape { kind: "constant".into(), base: 10.0, ..Shape::default() });
        })
    };
    html! {
        <div class="load-tab">
            { for loads.into_iter().map(|load| html! {
                <section key={load.name.clone()}>
                    <LoadCard load={load.clone()} service={row.id} />
                    <ShapeForm load={load.clone()} service={row.id} />
                    <button type="button" class="link" onclick={let page = page.clone(); move |_| page.act(Action::EndLoad { name: load.name.clone() })}>
                        { t.load_end() }</button>
                </section>
            }) }
            <button type="button" class="button" onclick={add}><Icon name="plus" />{ t.load_add() }</button>
            { flow.map(|flow| ends(page, &flow, t, language)) }
        </div>
    }
}

fn free_name(page: &Page, base: &str) -> String {
    let view = page.view();
    let taken = |name: &str| view.live.traffic.loads.iter().any(|l| l.name == name);
    let mut name = base.to_string();
    let mut n = 2;
    while taken(&name) {
        name = format!("{base}-{n}");
        n += 1;
    }
    name
}

#[derive(Properties, PartialEq)]
struct ShapeFormProps {
    load: LoadRow,
    service: u32,
}

/// Which fields a shape has: base, peak, start, length.
fn fields(kind: &str) -> [bool; 4] {
    match kind {
        "step" => [true, true, true, false],
        "spike" => [true, true, true, true],
        "ramp" | "sine" | "daily" => [true, true, false, true],
        "replay" => [false; 4],
        _ => [true, false, false, false],
    }
}

/// A shape in numbers. Each change is an input of the run.
#[component]
fn ShapeForm(props: &ShapeFormProps) -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let (load, service) = (props.load.clone(), props.service);
    let shape = load.shape.clone();
    let put = {
        let (page, name) = (page.clone(), load.name.clone());
        move |shape: Shape| set(&page, &name, service, shape)
    };
    let kind = {
        let (put, shape, rate) = (put.clone(), shape.clone(), load.rate);
        Callback::from(move |e: Event| put(turned(&shape, &dom::value(&e), rate)))
    };
    let number = |label: &'static str, value: String, change: fn(&mut Shape, f32)| {
        let (put, shape) = (put.clone(), shape.clone());
        let onchange = Callback::from(move |e: Event| {
            if let Some(n) =
                dom::value(&e).trim().replace(',', ".").parse::<f32>().ok().filter(|n| (0.0..=1e6).contains(n))
            {
                let mut shape = shape.clone();
                change(&mut shape, n);
                put(shape);
            }
        });
        html! { <label>{ label }<input class="field numbers" type="number" min="0"
        step="any" {value} {onchange} /></label> }
    };
    let [base, peak, start, length] = fields(&shape.kind);
    let seconds = |us: u64| shown(us as f32 / 1e6);
    let first = if peak { t.shape_base() } else { t.shape_rate() };
    html! {
        <div class="shape-form">
            <label>{ t.shape() }<select class="field" onchange={kind}>
                { for SHAPES.iter().copied().chain((shape.kind == "replay").then_some("replay")).map(|k| html! {
                    <option value={k} selected={k == shape.kind}>{ shape_words(t, k) }</option> }) }
            </select></label>
            if base { { number(first, shown(shape.base), |s, n| s.base = n) } }
            if peak { { number(t.shape_peak(), shown(shape.peak), |s, n| s.peak = n) } }
            if start { { number(t.shape_start(), seconds(shape.start), |s, n| s.start = (n * 1e6) as u64) } }
            if length { { number(t.shape_length(), seconds(shape.length), |s, n| s.length = (n * 1e6) as u64) } }
            if shape.kind == "replay" { { recorded(&page, &shape) } }
            <Recording put={Callback::from(put)} />
        </div>
    }
}

/// A recorded load as a line, with what it says.
fn recorded(page: &Page, shape: &Shape) -> Html {
    let (t, language) = (page.texts(), page.language());
    let (length, most) = (shape.length.max(1) as f64, shape.peak.max(1e-6));
    let d = shape.points.iter().enumerate().map(|(i, (at, rate))| {
        let (x, y) = (*at as f64 / length * 240.0, 40.0 - 38.0 * f64::from(rate / most));
        format!("{}{x:.1} {y:.1}", if i == 0 { "M" } else { "L" })
    });
    let words = t.shape_recorded(format::span(shape.length, language), format::rate(shape.peak, language));
    html! {
        <figure class="recorded">
            <svg viewBox="0 0 240 42" width="100%" height="42" preserveAspectRatio="none" aria-hidden="true">
                <path class="curve" d={d.collect::<String>()} /></svg>
            <figcaption class="numbers">{ words }</figcaption>
        </figure>
    }
}

#[derive(Properties, PartialEq)]
struct RecordingProps {
    put: Callback<Shape>,
}

/// A field for a file with a recorded load.
#[component]
fn Recording(props: &RecordingProps) -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let put = props.put.clone();
    let onchange = Callback::from(move |e: Event| {
        let Some(input) = e.target_dyn_into::<web_sys::HtmlInputElement>() else { return };
        let Some(file) = input.files().and_then(|list| list.get(0)) else { return };
        // So that the same file, mended, can be chosen again.
        input.set_value("");
        let (page, put) = (page.clone(), put.clone());
        wasm_bindgen_futures::spawn_local(async move {
            match read_recording(&page, &file).await {
                Ok(shape) => put.emit(shape),
                Err(words) => page.toast(words, None, true),
            }
        });
    });
    html! {
        <div class="recording">
            <label class="button"><Icon name="open" /><span>{ t.shape_file() }</span>
                <input type="file" class="spoken" accept=".csv,.tsv,.txt,text/csv" {onchange} /></label>
            <small>{ t.shape_file_hint() }</small>
        </div>
    }
}

/// A recorded load, or why it cannot be read.
async fn read_recording(page: &Page, file: &web_sys::File) -> Result<Shape, String> {
    let (t, language, name) = (page.texts(), page.language(), file.name());
    if file.size() > FILE_MAX as f64 {
        return Err(t.file_too_large(name, format::bytes(file.size() as u64, language)));
    }
    let text = wasm_bindgen_futures::JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
    let shape = workload::Shape::from_csv(&text.unwrap_or_default()).map_err(|line| t.shape_file_bad(&name, line))?;
    match &shape {
        workload::Shape::Replay { points } if points.len() > POINTS_MAX => {
            let whole = |n: usize| format::whole(n as u64, language);
            Err(t.shape_file_long(&name, whole(points.len()), whole(POINTS_MAX)))
        }
        workload::Shape::Replay { points } => {
            let points = points.iter().map(|(at, rate)| (at.0, *rate as f32)).collect();
            Ok(Shape { points, ..traffic::row(&shape) })
        }
        _ => Err(t.shape_file_bad(&name, 1)),
    }
}

/// The same load in another shape: it goes on from its present rate, upward to four times as much.
fn turned(shape: &Shape, kind: &str, rate: f32) -> Shape {
    let (minute, second) = (60_000_000, 1_000_000);
    let base = if rate > 0.0 { rate.round().max(1.0) } else { 10.0 };
    let peak = if shape.peak > base { shape.peak } else { base * 4.0 };
    let start = if matches!(kind, "step" | "spike") { 5 * second } else { 0 };
    let length = match kind {
        "spike" => minute / 2,
        "daily" => 10 * minute,
        _ => minute,
    };
    Shape { kind: kind.into(), base, peak, start, length, points: Vec::new() }
}

/// Where requests end: one row a pod.
fn ends(page: &Page, flow: &FlowRow, t: Texts, language: Language) -> Html {
    let name = |id: u32| page.view().row(id).map(|r| r.name.clone()).unwrap_or_default();
    html! {
        <>
            <h3>{ t.flow_ends() }</h3>
            <p class="hint">{ flow_words(flow, t, language) }</p>
            <div class="scroll" tabindex="0" role="group" aria-label={t.flow_ends()}>
            <table class="numbers">
                <thead><tr><th scope="col">{ if is_docker(flow.service) { "Container" } else { "Pod" } }</th><th scope="col">{ t.flow_rate() }</th><th scope="col">
                    { t.flow_failed() }</th>
                    <th scope="col">{ t.flow_busy() }</th><th scope="col">{ t.flow_waiting() }</th></tr></thead>
                <tbody>
                    { for flow.ends.iter().take(100).map(|end| {
                        let (page, id) = (page.clone(), end.pod);
                        html! {
                            <tr key={id}><th scope="row"><button type="button" class="link"
                                onclick={move |_| page.show(id, Tab::Overview)}>{ name(end.pod) }</button></th>
                                <td>{ format::rate(end.rate, language) }</td><td>
                                    { format::rate(end.failed, language) }</td>
                                <td>{ format::percent(f64::from(end.busy), language) }</td><td>
                                    { format::rate(end.waiting, language) }</td></tr>
                        }
                    }) }
                </tbody>
            </table></div>
        </>
    }
}

/// `40 requests/s arrive, 39 are answered, 2 % fail; half within 12 ms, 99 % within 80 ms.`
pub fn flow_words(flow: &FlowRow, t: Texts, language: Language) -> String {
    let rate = |n: f32| format::rate(n, language);
    let share = if flow.rate > 0.0 { f64::from(flow.failed / flow.rate) } else { 0.0 };
    t.flow_words(
        rate(flow.rate),
        rate(flow.served),
        format::percent(share, language),
        rate(flow.latency[0]),
        rate(flow.latency[2]),
    )
}
