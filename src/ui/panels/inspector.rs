//! The answers: everything about the selected row.

use super::super::docker::{sight, stands_there};
use super::super::format;
use super::super::hooks::use_page;
use super::super::page::{Page, Tab, topic};
use super::super::scene::words;
use super::super::texts::{Language, Texts};
use super::super::view::stuck;
use super::super::widgets::{Grip, Icon, TabItem, Tabs};
use super::actions::Actions;
use super::charts::Charts;
use super::duel::Duel;
use super::outline::LookMark;
use super::placement::Placement;
use super::sight::SightMark;
use super::why::Why;
use super::{behaviour, decision, docker, faults, loads, pipelines};
use crate::session::{Inspect, NodeRow, PodRow, Row, RowBody, ServiceRow, WorkloadRow};
use yew::prelude::*;

const TABS: [(&str, Tab); 9] = [
    ("overview", Tab::Overview),
    ("why", Tab::Why),
    ("load", Tab::Load),
    ("decision", Tab::Decision),
    ("charts", Tab::Charts),
    ("placement", Tab::Placement),
    ("events", Tab::Events),
    ("logs", Tab::Logs),
    ("yaml", Tab::Yaml),
];

/// The region.
#[component]
pub fn Inspector() -> Html {
    let page = use_page(topic::CHOICE | topic::ROWS | topic::ANSWERS);
    let t = page.texts();
    let (selected, tab, width) = {
        let ui = page.ui();
        (ui.selected, ui.tab, ui.settings.answers_width)
    };
    let row = selected.and_then(|id| page.view().rows.get(&id).cloned());
    let resize = {
        let page = page.clone();
        Callback::from(move |size| page.set(|s| s.answers_width = size))
    };
    html! {
        <aside class="answers page-part" data-part="answers" data-region="answers" aria-label={t.inspector_title()}>
            <Grip of="answers" label={t.grip_answers()} size={width} bounds={(260, 344, 720)}
                flipped={true} set={resize} />
            if let Some(row) = row {
                { head(&page, &row) }
                { tabs(&page, &row, tab) }
            } else {
                <Nothing />
            }
        </aside>
    }
}

/// What to look at when nothing is selected: troubles first, then workloads.
#[component]
fn Nothing() -> Html {
    let page = use_page(topic::CHOICE | topic::ROWS | topic::SERIES);
    let (t, language) = (page.texts(), page.language());
    let view = page.view();
    let firing = view.live.firing();
    let line = |id: u32| view.row(id).map(|row| (id, words::row(&view, row, t, language), look(row)));
    let troubles: Vec<_> = view.troubles.iter().take(8).filter_map(|id| line(*id)).collect();
    let workloads: Vec<_> = view.workloads().into_iter().take(20).filter_map(|(row, _)| line(row.id)).collect();
    let cluster = !view.kinds.nodes.is_empty();
    let host: Vec<_> = docker::overview(&view).into_iter().take(20).filter_map(line).collect();
    drop(view);
    let list = |items: Vec<(u32, String, Html)>, tab: Tab| {
        items
            .into_iter()
            .map(|(id, words, look)| {
                let page = page.clone();
                html! {
                    <li key={id}><button type="button" class="row" onclick={move |_| page.show(id, tab)}>
                        { look }
                        <span>{ words }</span></button></li>
                }
            })
            .collect::<Html>()
    };
    html! {
        <div class="nothing">
            <h2 id="answers" tabindex="-1">{ t.inspector_title() }</h2>
            <p>{ t.inspector_nothing() }</p>
            <Duel />
            if cluster { <Actions id={0} /> }
            { faults::broken(&page, 0) }
            { pipelines::list(&page) }
            if !troubles.is_empty() || !firing.is_empty() {
                <h3>{ t.inspector_troubles() }</h3>
                <ul>
                    { for firing.into_iter().map(|alert| {
                        let (page, words) = (page.clone(), t.why(&alert.key, &alert.args));
                        html! {
                            <li key={format!("{}-{}", alert.key, alert.object)}><button type="button" class="row"
                                onclick={move |_| super::charts::open_alert(&page, &alert)}>
                                <Icon name="problem" /><span>{ words }</span></button></li>
                        }
                    }) }
                    { list(troubles, Tab::Why) }
                </ul>
            }
            if !workloads.is_empty() {
                <h3>{ t.inspector_workloads() }</h3>
                <ul>{ list(workloads, Tab::Overview) }</ul>
            }
            if !host.is_empty() {
                <h3>{ t.docker_host() }</h3>
                <ul>{ list(host, Tab::Overview) }</ul>
            }
            <Everything />
        </div>
    }
}

/// Loads and charts of everything.
#[component]
fn Everything() -> Html {
    let page = use_page(topic::SERIES | topic::CHOICE);
    let t = page.texts();
    let series = page.view().live.series.contains_key(&None);
    if !series || !page.view().live.flows() && page.view().live.series[&None].curves.is_empty() {
        return Html::default();
    }
    html! { <><h3>{ t.tab_charts() }</h3><Charts id={None::<u32>} name={t.everything()} /></> }
}

/// A pod's mark; nothing for other rows.
fn look(row: &Row) -> Html {
    match &row.body {
        RowBody::Pod(p) => html! { <LookMark look={p.look} stuck={stuck(p)} /> },
        RowBody::Container(c) => html! { <SightMark sight={sight(c)} /> },
        _ => Html::default(),
    }
}

fn head(page: &Page, row: &Row) -> Html {
    let (t, language) = (page.texts(), page.language());
    let name = page.kubectl_name(row.id).unwrap_or_default();
    let sentence = words::row(&page.view(), row, t, language);
    let close = page.clone();
    html! {
        <header class="subject">
            <div class="bar">
                { look(row) }
                <h2 id="answers" tabindex="-1">{ name }</h2>
                <span class="spring" />
                <button type="button" class="quiet" aria-label={t.close()} title={t.close()}
                    onclick={move |_| close.select(None)}><Icon name="close" /></button>
            </div>
            <p>{ sentence }</p>
            <Actions id={row.id} />
        </header>
    }
}

fn tabs(page: &Page, row: &Row, tab: Tab) -> Html {
    let t = page.texts();
    let inspect = page.view().inspect.clone().filter(|i| i.id == row.id);
    let events = inspect.as_ref().map_or(0, |i| i.events.len());
    let label = |tab: Tab| match tab {
        Tab::Overview => t.tab_overview(),
        Tab::Why => t.tab_why(),
        Tab::Load => t.tab_load(),
        Tab::Decision => t.tab_decision(),
        Tab::Charts => t.tab_charts(),
        Tab::Placement => t.tab_placement(),
        Tab::Events => t.tab_events(),
        Tab::Logs => t.docker_tab_logs(),
        Tab::Yaml => docker::text_tab(row, t),
    };
    let shown: Vec<_> = TABS.into_iter().filter(|(_, tab)| has(row, *tab)).collect();
    let tab = if shown.iter().any(|s| s.1 == tab) { tab } else { Tab::Overview };
    let items = shown
        .iter()
        .map(|(key, tab)| TabItem {
            key: (*key).into(),
            label: label(*tab).into(),
            count: (*tab == Tab::Events).then_some(events),
        })
        .collect::<Vec<_>>();
    let chosen = TABS.iter().find(|s| s.1 == tab).map_or("overview", |s| s.0);
    let choose = {
        let page = page.clone();
        Callback::from(move |key: AttrValue| {
            let tab = TABS.iter().find(|s| key == s.0).map_or(Tab::Overview, |s| s.1);
            page.open_tab(tab);
        })
    };
    html! {
        <>
            <Tabs id="answer" label={t.inspector_tabs()} {items} {chosen} {choose} />
            <div class="panel" role="tabpanel" id="answer-panel"
                aria-labelledby={format!("answer-{chosen}")} tabindex="0">
                { match tab {
                    Tab::Overview => overview(page, row, inspect.as_ref()),
                    Tab::Why => html! { <Why id={row.id} /> },
                    Tab::Load => loads::tab(page, row),
                    Tab::Decision => match &row.body {
                        RowBody::Autoscaler(a) => decision::tab(page, a, inspect.as_ref()),
                        _ => Html::default(),
                    },
                    Tab::Charts => html! { <Charts id={Some(row.id)} name={row.name.clone()} /> },
                    Tab::Placement => html! { <Placement id={row.id} /> },
                    Tab::Events => events_table(page, inspect.as_ref()),
                    Tab::Logs => docker::logs(page, inspect.as_ref()),
                    Tab::Yaml => html! { <pre class="yaml" lang="en">
                        { inspect.map(|i| i.yaml).unwrap_or_default() }</pre> },
                } }
            </div>
        </>
    }
}

/// Whether a row has this tab.
fn has(row: &Row, tab: Tab) -> bool {
    match tab {
        tab if matches!(row.body, RowBody::Zone(_)) => tab == Tab::Overview,
        Tab::Placement => matches!(row.body, RowBody::Pod(_)),
        Tab::Load => matches!(row.body, RowBody::Service(_) | RowBody::ComposeService(_)),
        Tab::Decision => matches!(row.body, RowBody::Autoscaler(_)),
        Tab::Logs => matches!(row.body, RowBody::Container(_) | RowBody::ComposeService(_)),
        Tab::Yaml => !matches!(row.body, RowBody::Host(_)),
        Tab::Why => !matches!(row.body, RowBody::Network(_) | RowBody::Volume(_)),
        Tab::Charts if stands_there(row) => {
            matches!(row.body, RowBody::Host(_) | RowBody::ComposeService(_) | RowBody::Container(_))
        }
        Tab::Charts => !matches!(row.body, RowBody::Other(_) | RowBody::Autoscaler(_)),
        _ => true,
    }
}

fn facts(items: Vec<(&str, Html)>) -> Html {
    html! {
        <dl class="facts">
            { for items.into_iter().map(|(name, value)| html! { <div><dt>{ name }</dt><dd>{ value }</dd></div> }) }
        </dl>
    }
}

pub(super) fn text(value: impl Into<String>) -> Html {
    let value: String = value.into();
    html! { <>{ value }</> }
}

pub(super) fn link(page: &Page, id: Option<u32>) -> Html {
    let Some(row) = id.and_then(|id| page.view().rows.get(&id).cloned()) else { return text("–") };
    let (page, id) = (page.clone(), row.id);
    html! { <button type="button" class="link" onclick={move |_| page.show(id, Tab::Overview)}>{ &row.name }</button> }
}

fn overview(page: &Page, row: &Row, inspect: Option<&Inspect>) -> Html {
    let (t, language) = (page.texts(), page.language());
    let age = format::span(page.view().clock.now.saturating_sub(row.created), language);
    let mut items = match &row.body {
        RowBody::Pod(p) => pod_facts(page, row.id, p, t, language),
        RowBody::Node(n) => node_facts(page, row.id, &page.view().with_use(row.id, n), t, language),
        RowBody::Workload(w) => workload_facts(w, t),
        RowBody::Service(s) => service_facts(s, t),
        RowBody::Autoscaler(a) => {
            vec![(t.fact_replicas(), text(format!("{} → {} ({} … {})", a.current, a.desired, a.min, a.max)))]
        }
        RowBody::Zone(z) => vec![(t.fact_ready(), text(format!("{} / {}", z.ready, z.nodes)))],
        RowBody::Other(o) => vec![(t.fact_kind(), text(&o.kind))],
        _ => docker::facts(page, row, inspect),
    };
    if row.owner.is_some() && !stands_there(row) {
        items.push((t.fact_owner(), link(page, row.owner)));
    }
    if !row.namespace.is_empty() {
        items.push((t.fact_namespace(), text(&row.namespace)));
    }
    items.push((t.fact_age(), text(age)));
    if let Some((file, line, col)) = inspect.and_then(|i| i.origin.clone()) {
        items.push((t.fact_origin(), origin(page, &file, line, col)));
    }
    html! {
        <>
            { faults::broken(page, row.id) }
            { facts(items) }
            { containers(row, t) }
            { behaviour::fields(page, row.id, inspect) }
            { children(page, row) }
            { conditions(page, inspect) }
        </>
    }
}

/// A button to a line of a file.
pub fn origin(page: &Page, file: &str, line: u32, col: u32) -> Html {
    let (page, name) = (page.clone(), file.to_string());
    html! {
        <button type="button" class="link" onclick={move |_| page.go_to(&name, line, col)}><code>
            { format!("{file}:{line}") }</code></button>
    }
}

fn pod_facts(page: &Page, id: u32, p: &PodRow, t: Texts, language: Language) -> Vec<(&'static str, Html)> {
    let mut items = vec![
        (t.fact_status(), text(&p.status)),
        (t.fact_ready(), text(format!("{}/{}", p.ready, p.containers))),
        (t.fact_restarts(), text(p.restarts.to_string())),
        (t.fact_node(), link(page, p.node)),
        (
            t.fact_requests(),
            text(format!("{} CPU · {}", format::cores(p.cpu, language), format::bytes(p.memory, language))),
        ),
    ];
    if let Some((cpu, memory)) = page.view().live.pods.get(&id).copied() {
        let used = format!("{} CPU · {}", format::cores(cpu, language), format::bytes(memory, language));
        items.push((t.fact_used(), text(used)));
    }
    if p.revision > 0 {
        items.push((t.fact_revision(), text(p.revision.to_string())));
    }
    if p.priority != 0 {
        items.push((t.fact_priority(), text(p.priority.to_string())));
    }
    items
}

fn node_facts(page: &Page, id: u32, n: &NodeRow, t: Texts, language: Language) -> Vec<(&'static str, Html)> {
    let pods = page.view().seats.get(&id).map_or(0, |s| s.count());
    let cores = |n| format::cores(n, language);
    let bytes = |n| format::bytes(n, language);
    let mut items = vec![
        (t.fact_ready(), text(&n.ready)),
        (t.fact_pods(), text(format!("{pods} / {}", n.pods_max))),
        ("CPU", text(t.fact_amounts(cores(n.cpu_requested), cores(n.cpu_used), cores(n.cpu)))),
        (t.fact_memory(), text(t.fact_amounts(bytes(n.memory_requested), bytes(n.memory_used), bytes(n.memory)))),
    ];
    if !n.zone.is_empty() {
        items.push((t.fact_zone(), text(&n.zone)));
    }
    if !n.taints.is_empty() {
        items.push((
            t.fact_taints(),
            html! { <>{ for n.taints.iter().map(|taint| html! { <code class="line">{ taint }</code> }) }</> },
        ));
    }
    items
}

fn workload_facts(w: &WorkloadRow, t: Texts) -> Vec<(&'static str, Html)> {
    let mut items = vec![
        (t.fact_kind(), text(&w.kind)),
        (t.fact_replicas(), text(t.fact_replicas_of(w.ready, w.current, w.desired))),
    ];
    if w.kind == "Deployment" {
        items.push((t.fact_updated(), text(format!("{} / {}", w.updated, w.desired))));
        items.push((t.fact_bounds(), text(format!("{} … {}", w.floor, w.ceiling))));
        items.push((t.fact_revision(), text(w.revision.to_string())));
    }
    for (name, image) in &w.images {
        items.push((t.fact_image(), html! { <code>{ format!("{name}: {image}") }</code> }));
    }
    items
}

fn service_facts(s: &ServiceRow, t: Texts) -> Vec<(&'static str, Html)> {
    let ready = s.endpoints.iter().filter(|e| e.1).count();
    vec![
        (t.fact_type(), text(&s.kind)),
        (t.fact_address(), html! { <code>{ &s.address }</code> }),
        (t.fact_ports(), html! { <code>{ &s.ports }</code> }),
        (t.fact_endpoints(), text(format!("{ready} / {}", s.endpoints.len()))),
    ]
}

fn containers(row: &Row, t: Texts) -> Html {
    let RowBody::Pod(pod) = &row.body else { return Html::default() };
    html! {
        <>
            <h3>{ t.containers_title() }</h3>
            <ul class="containers">
                { for pod.parts.iter().map(|part| html! {
                    <li>
                        <b>{ &part.name }</b>
                        if part.init { <span class="badge">{ "init" }</span> }
                        <span>{ part.state.replace(':', " ") }</span>
                        if part.restarts > 0 { <span>{ t.restarts(part.restarts) }</span> }
                        { for part.probes.iter().map(|probe| html! { <small>{ words::probe(probe, t) }</small> }) }
                        <code>{ &part.image }</code>
                    </li>
                }) }
            </ul>
        </>
    }
}

/// Pods of a workload, a service or a node; nodes of a zone.
fn children(page: &Page, row: &Row) -> Html {
    let view = page.view();
    let ids: Vec<u32> = match &row.body {
        RowBody::Service(s) => s.endpoints.iter().map(|e| e.0).collect(),
        RowBody::Node(_) => {
            view.seats.get(&row.id).map(|s| s.pods.iter().flatten().copied().collect()).unwrap_or_default()
        }
        RowBody::Zone(_) => {
            let inside =
                |id: &&u32| matches!(view.row(**id).map(|r| &r.body), Some(RowBody::Node(n)) if n.zone == row.name);
            view.kinds.nodes.iter().filter(inside).copied().collect()
        }
        _ if stands_there(row) => docker::children(&view, row),
        RowBody::Workload(_) => {
            let mut ids: Vec<u32> = view
                .kinds
                .workloads
                .iter()
                .copied()
                .filter(|id| view.row(*id).is_some_and(|r| r.owner == Some(row.id)))
                .collect();
            ids.extend(view.pods_of(row.id));
            ids
        }
        _ => return Html::default(),
    };
    let items: Vec<_> = ids.iter().take(100).filter_map(|id| view.rows.get(id).cloned()).collect();
    drop(view);
    if items.is_empty() {
        return Html::default();
    }
    let t = page.texts();
    html! {
        <>
            <h3>{ t.children_title(format::whole(ids.len() as u64, page.language())) }</h3>
            <ul>
                { for items.iter().map(|child| {
                    let (page, id) = (page.clone(), child.id);
                    let status = match &child.body {
                        RowBody::Pod(p) => p.status.clone(),
                        RowBody::Workload(w) => format!("{}/{}", w.ready, w.desired),
                        RowBody::ComposeService(s) => format!("{}/{}", s.running, s.containers),
                        RowBody::Container(c) => c.state.clone(),
                        RowBody::Node(n) => n.ready.clone(),
                        _ => String::new(),
                    };
                    html! {
                        <li key={id}><button type="button" class="row" onclick={move |_| page.show(id, Tab::Overview)}>
                            { look(child) }
                            <span>{ &child.name }</span><span class="spring" /><small>{ status }</small></button></li>
                    }
                }) }
            </ul>
        </>
    }
}

fn conditions(page: &Page, inspect: Option<&Inspect>) -> Html {
    let t = page.texts();
    let Some(inspect) = inspect.filter(|i| !i.conditions.is_empty()) else { return Html::default() };
    html! {
        <>
            <h3>{ t.conditions_title() }</h3>
            <div class="scroll" tabindex="0" role="group" aria-label={t.conditions_title()}>
            <table>
                <thead><tr><th scope="col">{ t.column_type() }</th><th scope="col">{ t.column_status() }</th>
                    <th scope="col">{ t.column_reason() }</th></tr></thead>
                <tbody lang="en">
                    { for inspect.conditions.iter().map(|(kind, status, reason, message, _)| html! {
                        <tr><th scope="row">{ kind }</th><td>{ status }</td><td>{ reason }
                            if !message.is_empty() { <small>{ message }</small> }</td></tr>
                    }) }
                </tbody>
            </table></div>
        </>
    }
}

fn events_table(page: &Page, inspect: Option<&Inspect>) -> Html {
    let t = page.texts();
    let events = inspect.map(|i| i.events.clone()).unwrap_or_default();
    if events.is_empty() {
        return html! { <p class="empty">{ t.events_none() }</p> };
    }
    html! {
        <div class="scroll">
        <table>
            <thead><tr><th scope="col">{ t.column_time() }</th><th scope="col">{ t.column_reason() }</th>
                <th scope="col">{ t.column_message() }</th></tr></thead>
            <tbody>
                { for events.iter().rev().map(|(at, kind, reason, message, count)| {
                    let (page, to) = (page.clone(), *at);
                    html! {
                        <tr data-warning={(kind == "Warning").to_string()}>
                            <td><button type="button" class="link numbers" onclick={move |_| page.seek(to)}>
                                { format::short_clock(*at) }</button></td>
                            <td lang="en">if kind == "Warning" { <span aria-hidden="true">
                                { "! " }</span> }{ reason }</td>
                            <td lang="en">{ message }if *count > 1 { <small>{ format!(" ×{count}") }</small> }</td>
                        </tr>
                    }
                }) }
            </tbody>
        </table></div>
    }
}
