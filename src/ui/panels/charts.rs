//! Monitoring: the charts of an object or of everything, what was promised and what is left of it, alerts; the one chart of the
//! time bar.

use super::super::charts::{self, Chart, Line, Measure};
use super::super::dom;
use super::super::format;
use super::super::hooks::use_page;
use super::super::page::{Page, Tab, topic};
use super::super::texts::Texts;
use super::super::widgets::Icon;
use super::super::widgets::chart::{AttrKey, ChartView, legend, plot, said, save_picture};
use crate::session::docker::HOST;
use crate::session::{Action, AlertRow, Command, Objective, Series};
use yew::prelude::*;

/// Height of a chart in the inspector and of the one in the time bar. Ours.
const HEIGHTS: (u32, u32) = (88, 56);

/// Curves and the charts they make: of a row, of everything, or of both houses where two stand there.
fn curves(page: &Page, id: Option<u32>) -> Option<(Series, Vec<(Chart, Vec<Line>)>)> {
    let (t, view) = (page.texts(), page.view());
    let series = view.live.series.get(&id)?;
    let host = view.live.series.get(&Some(HOST)).filter(|_| id.is_none() && view.two_houses());
    Some(match host {
        Some(host) => {
            let joined = Series { alerts: series.alerts.clone(), ..charts::joined(series, host) };
            (joined, charts::compared(series, host, t))
        }
        None => (series.clone(), charts::shown(series, t)),
    })
}

/// Properties of [`Charts`].
#[derive(Properties, PartialEq)]
pub struct ChartsProps {
    /// The row; nothing for everything.
    pub id: Option<u32>,
    /// Its name.
    pub name: AttrValue,
}

/// Charts of a row, or of everything. Drawn again only when curves arrive.
#[component]
pub fn Charts(props: &ChartsProps) -> Html {
    let page = use_page(topic::SERIES | topic::CHOICE);
    tab(&page, props.id, &props.name)
}

fn tab(page: &Page, id: Option<u32>, name: &str) -> Html {
    let t = page.texts();
    let Some((series, all)) = curves(page, id) else { return html! { <p class="empty">{ t.chart_none() }</p> } };
    if all.is_empty() {
        return html! { <p class="empty">{ t.chart_none() }</p> };
    }
    // Drawn again only when the cursor reaches another column.
    let columns = series.curves.first().map_or(1, |c| c.values.len());
    let now = page.view().clock.now;
    let now = charts::moment(&series, charts::column(&series, now, columns), columns);
    let seek = {
        let page = page.clone();
        Callback::from(move |at| page.seek(at))
    };
    let span = (series.from, series.to);
    html! {
        <div class="charts">
            { series.objective.as_ref().map(|o| objective(page, o)) }
            { alerts(page, &series.alerts, t) }
            { for all.iter().map(|(chart, lines)| html! {
                <ChartView key={chart.key()} chart={AttrKey(*chart)} lines={lines.clone()} {span} {now}
                    height={HEIGHTS.0} texts={t} seek={seek.clone()} />
            }) }
            { save_buttons(page, &series, all.clone(), name) }
        </div>
    }
}

fn save_buttons(page: &Page, series: &Series, all: Vec<(Chart, Vec<Line>)>, name: &str) -> Html {
    let (t, language) = (page.texts(), page.language());
    let file = name.replace([' ', '/'], "-");
    let csv = {
        let (file, series) = (format!("{file}.csv"), series.clone());
        Callback::from(move |_: MouseEvent| dom::save_file(&file, &charts::csv(&series)))
    };
    let png = {
        let (file, span, title) = (file.clone(), (series.from, series.to), name.to_string());
        Callback::from(move |_: MouseEvent| save_picture(&file, &title, &all, span, t, language))
    };
    let trace = page.clone();
    html! {
        <div class="bar">
            <button type="button" class="button" onclick={csv}><Icon name="save" />{ t.chart_csv() }</button>
            <button type="button" class="button" onclick={png}><Icon name="save" />{ t.chart_png() }</button>
            <button type="button" class="button" onclick={move |_| trace.ask(&Command::Trace)}><Icon name="save" />{ t.chart_trace() }</button>
        </div>
    }
}

/// What was promised, what was kept, and what is left of the error budget.
fn objective(page: &Page, o: &Objective) -> Html {
    let (t, language) = (page.texts(), page.language());
    let all = o.served + o.failed;
    if all <= 0.0 {
        return Html::default();
    }
    let kept = o.served / all;
    let budget = (1.0 - o.target) * all;
    let left = if budget > 0.0 { 1.0 - o.failed / budget } else { 0.0 };
    let share = format::percent(kept, language);
    let words = if left >= 0.0 {
        t.objective_left(format::percent(left, language))
    } else {
        t.objective_spent(format::rate((o.failed / budget.max(0.001)) as f32, language))
    };
    let promised = format::percent_fine(o.target, language);
    let onchange = {
        let page = page.clone();
        Callback::from(move |e: Event| {
            let line = format!("objective {}", dom::value(&e).trim());
            page.act(Action::Line { line });
        })
    };
    html! {
        <section class="objective" data-spent={(left < 0.0).to_string()}>
            <p><b class="numbers">{ share }</b>{ " " }{ t.objective_kept() }</p>
            <p class="numbers">{ t.objective_of(
                format::whole(o.served.round() as u64, language),
                format::whole(all.round() as u64, language),
                format::percent_fine(o.target, language)) }</p>
            <label class="promise">{ t.objective_set() }<input class="field numbers" value={promised} {onchange} /></label>
            <svg viewBox="0 0 100 8" width="100%" height="8" preserveAspectRatio="none" aria-hidden="true">
                <rect class="rail" width="100" height="8" /><rect class="left"
                    width={(left.clamp(0.0, 1.0) * 100.0).to_string()} height="8" /></svg>
            <p>{ words }</p>
        </section>
    }
}

/// Shows what an alert is about.
pub(super) fn open_alert(page: &Page, alert: &AlertRow) {
    if alert.object != 0 {
        return page.show(alert.object, Tab::Charts);
    }
    page.choose(|ui| (ui.selected, ui.sheet) = (None, "answers"));
    super::super::dom::focus_soon("answers");
}

fn alerts(page: &Page, alerts: &[AlertRow], t: Texts) -> Html {
    if alerts.is_empty() {
        return Html::default();
    }
    html! {
        <section class="alerts">
            <h3>{ t.alerts_title() }</h3>
            <ul>
                { for alerts.iter().rev().take(20).map(|alert| {
                    let (page, at, object) = (page.clone(), alert.at, alert.object);
                    let when = match alert.until {
                        Some(until) => format!("{} – {}", format::short_clock(at), format::short_clock(until)),
                        None => t.alert_since(format::short_clock(at)),
                    };
                    html! {
                        <li data-open={alert.until.is_none().to_string()}>
                            <button type="button" class="row" onclick={move |_| {
                                page.seek(at);
                                if object != 0 { page.show(object, Tab::Charts); }
                            }}><Icon name={if alert.until.is_none() { "problem" } else { "clock" }} />
                            <span>{ t.why(&alert.key, &alert.args) }</span><span class="spring" />
                                <small class="numbers">{ when }</small></button>
                        </li>
                    }
                }) }
            </ul>
        </section>
    }
}

/// The chart of the time bar: chosen, or requests as soon as there are any.
#[component]
pub fn BarChart() -> Html {
    let page = use_page(topic::SERIES | topic::CHOICE);
    let (t, language) = (page.texts(), page.language());
    let Some((series, all)) = curves(&page, None) else { return Html::default() };
    let wish = page.ui().chart.unwrap_or(Chart::Load);
    let usual = [Chart::Both(Measure::Answered), Chart::Replicas, Chart::Containers];
    let fallback = usual.iter().find_map(|c| all.iter().find(|(chart, _)| chart == c)).or(all.first());
    let Some((chart, lines)) = all.iter().find(|c| c.0 == wish).or(fallback) else { return Html::default() };
    let now = page.view().clock.now;
    let columns = lines.first().map_or(1, |l| l.values.len());
    let column = charts::column(&series, now, columns);
    let words = said(*chart, lines, column, now, t, language);
    let choose = {
        let page = page.clone();
        Callback::from(move |e: Event| page.choose(|ui| ui.chart = Chart::of(&dom::value(&e))))
    };
    let end = super::time_bar::end(&page.view().clock);
    let share = format!("{:.3}%", 100.0 * series.to as f64 / end.max(1) as f64);
    html! {
        <div class="lane chart">
            <div class="lane-name">
                <select class="field" aria-label={t.chart_choose()} onchange={choose}>
                    { for all.iter().map(|(c, _)| html! {
                        <option value={c.key()} selected={c == chart}>{ c.title(t) }</option> }) }
                </select>
                { legend(*chart, lines, column, language) }
            </div>
            <svg width="100%" height={HEIGHTS.1.to_string()}><svg width={share} height={HEIGHTS.1.to_string()}>
                { plot(*chart, lines, HEIGHTS.1, None, &words) }</svg><BarCursor /></svg>
        </div>
    }
}

/// The cursor of the bar's chart: where the thumb is, also while the curves are on their way.
#[component]
fn BarCursor() -> Html {
    let page = use_page(topic::CLOCK | topic::CHOICE);
    let clock = page.view().clock.clone();
    let at = page.ui().seeking.map_or(clock.now, |s| s.1);
    let x = format!("{:.3}%", 100.0 * at as f64 / super::time_bar::end(&clock).max(1) as f64);
    html! { <line class="cursor" x1={x.clone()} x2={x} y1="0" y2={HEIGHTS.1.to_string()} /> }
}
