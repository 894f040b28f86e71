//! What can be done to the selected row, each with the line one would type.

use super::super::docker::{self, Act, What};
use super::super::dom;
use super::super::format;
use super::super::hooks::use_page;
use super::super::links;
use super::super::page::{Dialog, Page, topic};
use super::super::texts::Texts;
use super::super::widgets::Icon;
use super::faults;
use crate::session::{Action, AutoscalerRow, Choice, FaultRow, NodeRow, Row, RowBody, WorkloadRow, drain_line};
use yew::prelude::*;

/// Properties of [`Actions`].
#[derive(Properties, PartialEq)]
pub struct ActionsProps {
    /// Row id; 0 for the whole cluster.
    pub id: u32,
}

/// What an item does.
#[derive(Clone, PartialEq)]
enum Ask {
    Act(Action),
    Open(Dialog),
}

struct Item {
    words: String,
    /// What one would type, or what it does.
    line: String,
    /// Whether it is one to be typed.
    typed: bool,
    ask: Ask,
}

fn item(words: &str, line: String, action: Action) -> Item {
    Item { words: words.to_string(), line, typed: true, ask: Ask::Act(action) }
}

/// An item for which no line exists.
fn told(words: &str, about: &str, action: Action) -> Item {
    Item { typed: false, ..item(words, about.to_string(), action) }
}

fn items(page: &Page, id: u32) -> Vec<Item> {
    let t = page.texts();
    let view = page.view();
    let Some(row) = view.row(id) else { return Vec::new() };
    let name = &row.name;
    let in_space = if row.namespace.is_empty() || row.namespace == "default" {
        String::new()
    } else {
        format!(" -n {}", row.namespace)
    };
    match &row.body {
        RowBody::Pod(pod) => {
            let first = pod.parts.iter().find(|p| !p.init).map(|p| p.name.clone()).unwrap_or_default();
            vec![
                item(t.action_delete_pod(), format!("kubectl delete pod {name}{in_space}"), Action::Delete { id }),
                item(
                    t.action_kill(),
                    format!("kubectl exec {name}{in_space} -c {first} -- kill -9 1"),
                    Action::KillContainer { id, container: first },
                ),
            ]
        }
        RowBody::Node(node) => on_node(t, id, name, node),
        RowBody::Workload(w) => on_workload(t, id, &format!("{}/{name}{in_space}", w.kind.to_lowercase()), w),
        RowBody::Service(_) => {
            vec![item(t.action_delete(), format!("kubectl delete service {name}{in_space}"), Action::Delete { id })]
        }
        RowBody::Autoscaler(a) => on_autoscaler(t, id, &format!("hpa {name}{in_space}"), a),
        RowBody::Other(o) => {
            let line = format!("kubectl delete {} {name}{in_space}", o.kind.to_lowercase());
            vec![item(t.action_delete(), line, Action::Delete { id })]
        }
        _ => docker::acts(row).into_iter().map(|act| docker_item(t, act)).collect(),
    }
}

fn docker_item(t: Texts, act: Act) -> Item {
    let words = match act.what {
        What::Stop => t.docker_act_stop(),
        What::Start => t.docker_act_start(),
        What::Restart => t.docker_act_restart(),
        What::Kill => t.docker_act_kill(),
        What::Pause => t.docker_act_pause(),
        What::Unpause => t.docker_act_unpause(),
        What::Remove => t.docker_act_rm(),
        What::RemoveForced => t.docker_act_rm_force(),
        What::More => t.docker_act_more(),
        What::Less => t.docker_act_less(),
        What::Recreate => t.docker_act_recreate(),
        What::Up => t.docker_act_up(),
        What::Down => t.docker_act_down(),
        What::DownVolumes => t.docker_act_down_volumes(),
        What::Engine => t.docker_act_engine(),
        What::Reboot => t.docker_act_reboot(),
    };
    item(words, act.line.clone(), Action::Line { line: act.line })
}

fn on_node(t: Texts, id: u32, name: &str, node: &NodeRow) -> Vec<Item> {
    let mut all = Vec::new();
    if node.failed {
        all.push(told(t.action_recover(), t.action_no_line(), Action::RecoverNode { id }));
    } else {
        all.push(told(t.action_fail(), t.action_no_line(), Action::FailNode { id }));
    }
    if node.cordoned {
        all.push(item(t.action_uncordon(), format!("kubectl uncordon {name}"), Action::Cordon { id, on: false }));
    } else {
        all.push(item(t.action_cordon(), format!("kubectl cordon {name}"), Action::Cordon { id, on: true }));
    }
    all.push(item(t.action_drain(), drain_line(name), Action::Drain { id }));
    all
}

/// Its bounds one up or down, and whether it may take pods away.
fn on_autoscaler(t: Texts, id: u32, target: &str, a: &AutoscalerRow) -> Vec<Item> {
    let patch = |words: &str, spec: &str| {
        let line = format!("kubectl patch {target} -p '{{\"spec\":{{{spec}}}}}'");
        item(words, line.clone(), Action::Line { line })
    };
    let bound = |words: &str, name: &str, n: u32| patch(words, &format!("\"{name}\":{n}"));
    let mut all = vec![bound(t.action_max_more(), "maxReplicas", a.max + 1)];
    if a.max > a.min.max(1) {
        all.push(bound(t.action_max_less(), "maxReplicas", a.max - 1));
        all.push(bound(t.action_min_more(), "minReplicas", a.min + 1));
    }
    if a.min > 1 {
        all.push(bound(t.action_min_less(), "minReplicas", a.min - 1));
    }
    let down = |policy: &str| format!("\"behavior\":{{\"scaleDown\":{{\"selectPolicy\":\"{policy}\"}}}}");
    all.push(patch(t.action_hold_down(), &down("Disabled")));
    all.push(patch(t.action_let_down(), &down("Max")));
    all.push(item(t.action_delete(), format!("kubectl delete {target}"), Action::Delete { id }));
    all
}

fn on_workload(t: Texts, id: u32, target: &str, w: &WorkloadRow) -> Vec<Item> {
    let scale = |n: u32| (format!("kubectl scale {target} --replicas={n}"), Action::Scale { id, replicas: n });
    let (more, less) = (scale(w.desired + 1), scale(w.desired.saturating_sub(1)));
    let mut all = Vec::new();
    if ["Deployment", "ReplicaSet", "StatefulSet"].contains(&w.kind.as_str()) {
        all.push(item(t.action_more(), more.0, more.1));
        all.push(item(t.action_less(), less.0, less.1));
    }
    if w.kind == "Deployment" {
        let verb = |verb: &str| Action::Rollout { id, verb: verb.into() };
        let line = |verb: &str| format!("kubectl rollout {verb} {target}");
        all.push(item(t.action_undo(), line("undo"), verb("undo")));
        all.push(item(t.action_restart(), line("restart"), verb("restart")));
        if w.paused {
            all.push(item(t.action_resume(), line("resume"), verb("resume")));
        } else {
            all.push(item(t.action_pause(), line("pause"), verb("pause")));
        }
        if let Some((container, image)) = w.images.first() {
            let broken = format!("{}:broken", image.split(':').next().unwrap_or(image));
            let line = format!("kubectl set image {target} {container}={broken}");
            let action = Action::SetImage { id, container: container.clone(), image: broken };
            all.push(item(t.action_break(), line, action));
        }
    }
    all.push(item(t.action_delete(), format!("kubectl delete {target}"), Action::Delete { id }));
    all
}

/// The menu button and its menu; id 0 is the whole cluster.
#[component]
pub fn Actions(props: &ActionsProps) -> Html {
    let page = use_page(topic::ROWS | topic::CHOICE);
    let t = page.texts();
    let open = use_state(|| false);
    {
        let open = open.clone();
        use_effect_with(props.id, move |_| open.set(false));
    }
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| {
            if !*open {
                dom::focus_soon("action-0");
            }
            open.set(!*open);
        })
    };
    let close = {
        let open = open.clone();
        Callback::from(move |()| {
            open.set(false);
            dom::focus("actions-button");
        })
    };
    let scale = scale_field(&page, props.id);
    html! {
        <div class="actions">
            <button type="button" class="button" id="actions-button" aria-haspopup="menu"
                aria-expanded={open.to_string()} onclick={toggle}>
                <Icon name="actions" />{ t.actions_title() }<Icon name="down" /></button>
            { scale }
            if *open { <Menu id={props.id} start="action" {close} /> }
        </div>
    }
}

/// The menu at the place of a right click.
#[component]
pub fn ContextMenu() -> Html {
    let page = use_page(topic::CHOICE);
    let node = use_node_ref();
    let menu = page.ui().menu;
    {
        let node = node.clone();
        use_effect_with(menu, move |menu| {
            if let (Some((_, x, y)), Some(place)) = (menu, node.cast::<web_sys::HtmlElement>()) {
                put_at(&place, *x, *y);
                dom::focus("context-0");
            }
        });
    }
    let Some((id, ..)) = menu else { return Html::default() };
    let close = {
        let page = page.clone();
        Callback::from(move |()| {
            page.choose(|ui| ui.menu = None);
            dom::focus("stage");
        })
    };
    let away = close.clone();
    html! {
        <>
            <div class="behind" onpointerdown={move |_| away.emit(())} />
            <div class="context" ref={node}><Menu {id} start="context" {close} /></div>
        </>
    }
}

/// Puts the menu at a point of the stage, or as near as it fits.
fn put_at(place: &web_sys::HtmlElement, x: f64, y: f64) {
    let Some(around) = place.offset_parent() else { return };
    let (w, h) = (around.client_width() as f64, around.client_height() as f64);
    let (own_w, own_h) = (place.offset_width() as f64, place.offset_height() as f64);
    let fit = |at: f64, own: f64, all: f64| at.min(all - own - 8.0).max(8.0);
    let _ = place.style().set_property("left", &format!("{}px", fit(x, own_w, w)));
    let _ = place.style().set_property("top", &format!("{}px", fit(y, own_h, h)));
}

#[derive(Properties, PartialEq)]
struct MenuProps {
    id: u32,
    /// Start of the items' ids.
    start: &'static str,
    close: Callback<()>,
}

/// A group of the menu: its name and its items.
type Part = (&'static str, Vec<Item>);

fn parts(page: &Page, id: u32) -> Vec<Part> {
    let t = page.texts();
    let own = if id == 0 { Vec::new() } else { items(page, id) };
    let all =
        [(t.actions_now(), ending(page, id)), (t.actions_kubectl(), own), (t.actions_faults(), breaking(page, id))];
    all.into_iter().filter(|p| !p.1.is_empty()).collect()
}

/// Ends what is broken here.
fn ending(page: &Page, id: u32) -> Vec<Item> {
    let t = page.texts();
    let view = page.view();
    let end = |f: &FaultRow| {
        let words = t.fault_end(t.fault(&f.kind.replace('-', "_")));
        told(&words, &t.fault_since(format::short_clock(f.since)), Action::EndFault { number: f.number })
    };
    links::faults_at(&view, id).map(end).collect()
}

/// Lets something break, at once and until it is ended; the last item asks for more.
fn breaking(page: &Page, id: u32) -> Vec<Item> {
    let t = page.texts();
    let choices = page.fault_choices(id);
    let (several, offered) = {
        let view = page.view();
        let several = view.pod(id).is_some_and(|(_, pod)| pod.parts.iter().filter(|p| !p.init).count() > 1);
        // What the other group offers already is not offered twice.
        let offered = match view.row(id).map(|row| &row.body) {
            Some(RowBody::Node(_)) => "node-crash",
            Some(RowBody::Pod(_)) if !several => "kill",
            Some(RowBody::Container(_)) => "kill",
            _ => "",
        };
        (several, offered)
    };
    let other = |c: &&Choice| c.ask.kind != offered;
    let mut all: Vec<Item> = choices
        .iter()
        .filter(other)
        .map(|c| {
            let words = t.fault(&c.key());
            let named = !c.ask.part.is_empty() && (several || !matches!(c.ask.kind.as_str(), "crash" | "hang"));
            let named = named && (several || c.ask.id == 0);
            let words = if named { format!("{words}: {}", faults::part(&c.ask.part, t)) } else { words };
            let act = Action::Fault(c.ask.clone());
            match c.line.as_str() {
                "" => told(&words, &t.fault(&format!("{}.about", c.key())), act),
                line => item(&words, line.to_string(), act),
            }
        })
        .collect();
    if !all.is_empty() {
        let (words, line) = (t.fault_more().to_string(), t.fault_more_about().to_string());
        all.push(Item { words, line, typed: false, ask: Ask::Open(Dialog::Fault(id)) });
    }
    all
}

#[component]
fn Menu(props: &MenuProps) -> Html {
    let page = use_page(topic::ROWS | topic::CHOICE);
    let t = page.texts();
    let all = parts(&page, props.id);
    let count: usize = all.iter().map(|p| p.1.len()).sum();
    let onkeydown = {
        let (close, start) = (props.close.clone(), props.start);
        Callback::from(move |e: KeyboardEvent| menu_key(&e, start, &close, count))
    };
    let mut at = 0;
    let mut next = || {
        at += 1;
        at - 1
    };
    html! {
        <div class="menu" role="menu" aria-label={t.actions_title()} {onkeydown}>
            { for all.into_iter().map(|(title, items)| html! {
                <div role="group" aria-label={title}>
                    <p aria-hidden="true">{ title }</p>
                    { for items.into_iter().map(|item| {
                        let id = format!("{}-{}", props.start, next());
                        menu_item(&page, item, id, props.close.clone())
                    }) }
                </div>
            }) }
        </div>
    }
}

fn menu_item(page: &Page, item: Item, id: String, close: Callback<()>) -> Html {
    let page = page.clone();
    let ask = item.ask;
    let code = item.typed;
    html! {
        <button type="button" role="menuitem" tabindex="-1" {id} onclick={move |_| {
            close.emit(());
            match &ask {
                Ask::Act(action) => {
                    page.choose(|ui| ui.tried = true);
                    page.act(action.clone());
                }
                Ask::Open(dialog) => page.choose(|ui| ui.dialog = Some(dialog.clone())),
            }
        }}><span>{ item.words }</span>
            if code { <code>{ item.line }</code> } else { <small>{ item.line }</small> }</button>
    }
}

/// A number for the replicas of a workload.
fn scale_field(page: &Page, id: u32) -> Html {
    let t = page.texts();
    let service = page.view().rows.get(&id).cloned().filter(|r| matches!(r.body, RowBody::ComposeService(_)));
    let desired = match page.view().row(id).map(|r| &r.body) {
        Some(RowBody::ComposeService(s)) => s.containers,
        Some(RowBody::Workload(w)) if ["Deployment", "ReplicaSet", "StatefulSet"].contains(&w.kind.as_str()) => {
            w.desired
        }
        _ => return Html::default(),
    };
    let label = if service.is_some() { t.docker_scale() } else { t.fact_replicas() };
    let page = page.clone();
    let onchange = Callback::from(move |e: Event| {
        let Ok(replicas) = dom::value(&e).trim().parse() else { return };
        page.act(match service.as_deref() {
            Some(Row { name, body: RowBody::ComposeService(s), .. }) => {
                Action::Line { line: docker::scale(s, name, replicas) }
            }
            _ => Action::Scale { id, replicas },
        });
    });
    html! {
        <label class="scale">{ label }
            <input class="field numbers" type="number" min="0" max="100000"
                value={desired.to_string()} {onchange} /></label>
    }
}

/// Arrows walk the menu, Escape and Tab leave it.
fn menu_key(e: &KeyboardEvent, start: &str, close: &Callback<()>, count: usize) {
    let at: usize = dom::active().and_then(|a| a.id().rsplit('-').next()?.parse().ok()).unwrap_or(0);
    let to = match e.key().as_str() {
        "ArrowDown" => (at + 1) % count.max(1),
        "ArrowUp" => (at + count.max(1) - 1) % count.max(1),
        "Home" => 0,
        "End" => count.saturating_sub(1),
        "Escape" | "Tab" => {
            close.emit(());
            if e.key() == "Escape" {
                e.prevent_default();
                e.stop_propagation();
            }
            return;
        }
        _ => return,
    };
    e.prevent_default();
    e.stop_propagation();
    dom::focus(&format!("{start}-{to}"));
}
