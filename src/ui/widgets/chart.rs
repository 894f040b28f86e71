//! A chart: curves told apart by dash and thickness before colour, the values at the cursor in words, a table that says the
//! same, a picture and a file to take away.

use super::super::charts::{self, Chart, Line};
use super::super::dom;
use super::super::format;
use super::super::scene::palette::Palette;
use super::super::texts::{Language, Texts};
use crate::session::Series;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement};
use yew::prelude::*;

/// Width of the drawing in its own units; it stretches. Ours.
const WIDTH: f64 = 1000.0;
/// Rows of the table. Ours: what one reads, not all there is; the file has all.
const ROWS: usize = 12;

/// Properties of [`ChartView`].
#[derive(Properties, PartialEq)]
pub struct ChartProps {
    /// Which chart.
    pub chart: AttrKey,
    /// The curves.
    pub lines: Vec<Line>,
    /// What the columns cover.
    pub span: (u64, u64),
    /// The run's cursor.
    pub now: u64,
    /// Height in pixels.
    pub height: u32,
    /// The words.
    pub texts: Texts,
    /// Goes to a moment.
    pub seek: Callback<u64>,
}

/// A chart as a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttrKey(pub Chart);

/// One chart with legend and table.
#[component]
pub fn ChartView(props: &ChartProps) -> Html {
    let over = use_state(|| None::<f64>);
    let table = use_state(|| false);
    let (chart, t, language) = (props.chart.0, props.texts, props.texts.0);
    let series = Series { from: props.span.0, to: props.span.1, ..Series::default() };
    let columns = props.lines.first().map_or(0, |l| l.values.len());
    let at = over.map_or(props.now, |share| moment_at(props.span, share));
    let column = charts::column(&series, at, columns);
    let share = |e: &MouseEvent| {
        let target = e.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
        let width = target.map_or(1.0, |t| t.client_width() as f64).max(1.0);
        (e.offset_x() as f64 / width).clamp(0.0, 1.0)
    };
    let onpointermove = {
        let over = over.clone();
        Callback::from(move |e: PointerEvent| over.set(Some(share(&e))))
    };
    let onpointerleave = {
        let over = over.clone();
        Callback::from(move |_: PointerEvent| over.set(None))
    };
    let onclick = {
        let (seek, span) = (props.seek.clone(), props.span);
        Callback::from(move |e: MouseEvent| seek.emit(moment_at(span, share(&e))))
    };
    let ontoggle = {
        let table = table.clone();
        Callback::from(move |e: Event| {
            let open =
                e.target().and_then(|t| t.dyn_into::<HtmlElement>().ok()).is_some_and(|d| d.has_attribute("open"));
            table.set(open);
        })
    };
    let said = said(chart, &props.lines, column, at, t, language);
    html! {
        <figure class="chart-view" data-chart={chart.key()}>
            <figcaption><b>{ chart.title(t) }</b><span class="numbers">{ format::short_clock(at) }</span></figcaption>
            { legend(chart, &props.lines, column, language) }
            <div class="plot" {onpointermove} {onpointerleave} {onclick}>
                { plot(chart, &props.lines, props.height, Some(column), &said) }
                <small class="numbers top">{ chart.say(charts::top(&props.lines, chart), language) }</small>
            </div>
            <details {ontoggle}><summary>{ t.chart_table() }</summary>
                if *table { { table_of(chart, &props.lines, &series, columns, t, language) } }
            </details>
        </figure>
    }
}

fn moment_at((from, to): (u64, u64), share: f64) -> u64 {
    from + (to.saturating_sub(from) as f64 * share) as u64
}

/// `Requests at 2:14: arrived 40/s, answered 39/s, failed 1/s`.
pub fn said(chart: Chart, lines: &[Line], column: usize, at: u64, t: Texts, language: Language) -> String {
    let values: Vec<String> = lines
        .iter()
        .map(|l| format!("{} {}", l.label, chart.say(charts::value(&l.values, column), language)))
        .collect();
    t.chart_said(chart.title(t), format::short_clock(at), values.join(", "))
}

/// The curves' names with their values at the cursor, each beside a piece of its line.
pub fn legend(chart: Chart, lines: &[Line], column: usize, language: Language) -> Html {
    html! {
        <ul class="curves numbers">
            { for lines.iter().map(|line| html! {
                <li><svg viewBox="0 0 20 10" width="20" height="10" aria-hidden="true">
                    <path class="curve" data-curve={line.name} d="M0 5h20" /></svg>
                    <span>{ line.label }</span>{ " " }
                    <b>{ chart.say(charts::value(&line.values, column), language) }</b></li>
            }) }
        </ul>
    }
}

/// The drawing alone, with the cursor at a column or without one.
pub fn plot(chart: Chart, lines: &[Line], height: u32, column: Option<usize>, said: &str) -> Html {
    let top = charts::top(lines, chart);
    let steps = chart.counts();
    let h = f64::from(height);
    let columns = lines.first().map_or(1, |l| l.values.len()).max(1);
    let x = column.map(|column| WIDTH * column as f64 / columns as f64);
    html! {
        <svg viewBox={format!("0 0 {WIDTH} {height}")} width="100%"
            height={height.to_string()} preserveAspectRatio="none" role="img"
            aria-label={said.to_string()}>
            <path class="grid" d={format!("M0 0.5H{WIDTH}M0 {:.1}H{WIDTH}M0 {:.1}H{WIDTH}", h / 2.0, h - 0.5)} />
            { for lines.iter().map(|line| {
                let d = charts::path(&line.values, top, (WIDTH, h - 2.0), steps);
                html! { <path class="curve" data-curve={line.name} {d} transform="translate(0 1)" /> }
            }) }
            if let Some(x) = x { <path class="cursor" d={format!("M{x:.1} 0V{height}")} /> }
        </svg>
    }
}

fn table_of(chart: Chart, lines: &[Line], series: &Series, columns: usize, t: Texts, language: Language) -> Html {
    let step = columns.div_ceil(ROWS).max(1);
    html! {
        <div class="scroll" tabindex="0" role="group" aria-label={t.chart_table()}>
        <table class="numbers">
            <thead><tr><th scope="col">{ t.column_time() }</th>
                { for lines.iter().map(|l| html! { <th scope="col">{ l.label }</th> }) }</tr></thead>
            <tbody>
                { for (0..columns).step_by(step).map(|i| html! {
                    <tr><th scope="row">{ format::short_clock(charts::moment(series, i, columns)) }</th>
                        { for lines.iter().map(|l| html! { <td>{ chart.say(l.values[i], language) }</td> }) }</tr>
                }) }
            </tbody>
        </table></div>
    }
}

/// Saves charts as one picture, in the colours of the page.
pub fn save_picture(
    name: &str,
    title: &str,
    charts: &[(Chart, Vec<Line>)],
    span: (u64, u64),
    t: Texts,
    language: Language,
) {
    let document = web_sys::window().and_then(|w| w.document());
    let canvas =
        document.and_then(|d| d.create_element("canvas").ok()).and_then(|c| c.dyn_into::<HtmlCanvasElement>().ok());
    let Some(canvas) = canvas else { return };
    let (wide, each, head) = (1200.0, 220.0, 56.0);
    canvas.set_width(wide as u32 * 2);
    canvas.set_height((head + each * charts.len() as f64) as u32 * 2);
    let context = canvas.get_context("2d").ok().flatten().and_then(|c| c.dyn_into::<CanvasRenderingContext2d>().ok());
    let Some(c) = context else { return };
    let p = Palette::read();
    let _ = c.scale(2.0, 2.0);
    c.set_fill_style_str(&p.surface);
    c.fill_rect(0.0, 0.0, wide, head + each * charts.len() as f64);
    c.set_fill_style_str(&p.ink);
    c.set_font("600 20px system-ui, sans-serif");
    let _ = c.fill_text(title, 24.0, 34.0);
    for (i, (chart, lines)) in charts.iter().enumerate() {
        draw(&c, &p, *chart, lines, (24.0, head + each * i as f64, wide - 48.0, each), span, t, language);
    }
    if let Ok(url) = canvas.to_data_url() {
        dom::save_url(&format!("{name}.png"), &url);
    }
}

#[expect(clippy::too_many_arguments, reason = "one drawing, called once")]
fn draw(
    c: &CanvasRenderingContext2d,
    p: &Palette,
    chart: Chart,
    lines: &[Line],
    (x, y, w, h): (f64, f64, f64, f64),
    span: (u64, u64),
    t: Texts,
    language: Language,
) {
    let top = charts::top(lines, chart);
    c.set_font("600 14px system-ui, sans-serif");
    c.set_fill_style_str(&p.ink);
    let _ = c.fill_text(chart.title(t), x, y + 16.0);
    let (left, upper, high) = (x + 70.0, y + 28.0, h - 70.0);
    let wide = w - 70.0;
    c.set_font("12px system-ui, sans-serif");
    c.set_fill_style_str(&p.ink2);
    let _ = c.fill_text(&chart.say(top, language), x, upper + 10.0);
    let _ = c.fill_text(&chart.say(0.0, language), x, upper + high);
    let _ = c.fill_text(&format::short_clock(span.0), left, upper + high + 18.0);
    let _ = c.fill_text(&format::short_clock(span.1), left + wide - 36.0, upper + high + 18.0);
    c.set_stroke_style_str(&p.line);
    c.stroke_rect(left, upper, wide, high);
    let mut key = x + 200.0;
    for line in lines {
        let (colour, dash, thick) = stroke(p, line.name);
        c.set_stroke_style_str(colour);
        c.set_line_width(thick);
        let gaps = js_sys::Array::new();
        dash.iter().for_each(|d| _ = gaps.push(&(*d).into()));
        let _ = c.set_line_dash(&gaps);
        c.begin_path();
        let mut on = false;
        for (i, v) in line.values.iter().enumerate() {
            if !v.is_finite() {
                on = false;
                continue;
            }
            let px = left + wide * i as f64 / line.values.len().max(1) as f64;
            let py = upper + high * (1.0 - f64::from((v / top).clamp(0.0, 1.0)));
            if on {
                c.line_to(px, py)
            } else {
                c.move_to(px, py)
            }
            on = true;
        }
        c.move_to(key, y + 12.0);
        c.line_to(key + 28.0, y + 12.0);
        c.stroke();
        let _ = c.set_line_dash(&js_sys::Array::new());
        c.set_fill_style_str(&p.ink2);
        let _ = c.fill_text(line.label, key + 34.0, y + 16.0);
        key += 150.0;
    }
}

/// How a curve is drawn in a picture; the page has the same in its style sheet (`[data-curve]`).
fn stroke<'p>(p: &'p Palette, name: &str) -> (&'p str, &'static [f64], f64) {
    match name {
        "kubernetes" => (&p.accent, &[], 2.5),
        "compose" => (&p.comp, &[6.0, 4.0], 2.5),
        "load" | "replicas.wanted" | "containers.all" | "p50" => (&p.ink2, &[6.0, 4.0], 2.0),
        "failed" | "p99" | "restarts" => (&p.bad, &[], 2.5),
        "cpu.limit" | "memory.limit" => (&p.ink, &[2.0, 3.0], 1.5),
        "cpu.requested" | "memory.requested" => (&p.done, &[8.0, 3.0], 2.0),
        "replicas.current" | "containers.running" => (&p.done, &[2.0, 3.0], 2.0),
        "p95" => (&p.wait, &[8.0, 3.0], 2.0),
        "pending" => (&p.wait, &[], 2.0),
        _ => (&p.ok, &[], 2.5),
    }
}
