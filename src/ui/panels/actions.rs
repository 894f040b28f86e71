//! What can be done to the selected row, each with the line one would type.

use super::super::dom;
use super::super::hooks::use_page;
use super::super::page::{Page, topic};
use super::super::texts::Texts;
use super::super::widgets::Icon;
use crate::session::{Action, NodeRow, RowBody, WorkloadRow};
use yew::prelude::*;

/// Properties of [`Actions`].
#[derive(Properties, PartialEq)]
pub struct ActionsProps {
    /// Row id.
    pub id: u32,
}

struct Item {
    words: &'static str,
    line: String,
    action: Action,
}

fn item(words: &'static str, line: String, action: Action) -> Item {
    Item { words, line, action }
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
        RowBody::Autoscaler(_) => {
            vec![item(t.action_delete(), format!("kubectl delete hpa {name}{in_space}"), Action::Delete { id })]
        }
        RowBody::Other(o) => {
            let line = format!("kubectl delete {} {name}{in_space}", o.kind.to_lowercase());
            vec![item(t.action_delete(), line, Action::Delete { id })]
        }
    }
}

fn on_node(t: Texts, id: u32, name: &str, node: &NodeRow) -> Vec<Item> {
    let mut all = Vec::new();
    if node.failed {
        all.push(item(t.action_recover(), t.action_no_line().to_string(), Action::RecoverNode { id }));
    } else {
        all.push(item(t.action_fail(), t.action_no_line().to_string(), Action::FailNode { id }));
    }
    if node.cordoned {
        all.push(item(t.action_uncordon(), format!("kubectl uncordon {name}"), Action::Cordon { id, on: false }));
    } else {
        all.push(item(t.action_cordon(), format!("kubectl cordon {name}"), Action::Cordon { id, on: true }));
    }
    let drain = format!("kubectl drain {name} --ignore-daemonsets --delete-emptydir-data");
    all.push(item(t.action_drain(), drain, Action::Drain { id }));
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

/// The menu button and its menu.
#[component]
pub fn Actions(props: &ActionsProps) -> Html {
    let page = use_page(topic::ROWS | topic::CHOICE);
    let t = page.texts();
    let open = use_state(|| false);
    {
        let open = open.clone();
        use_effect_with(props.id, move |_| open.set(false));
    }
    let all = items(&page, props.id);
    let count = all.len();
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| {
            if !*open {
                dom::focus_soon("action-0");
            }
            open.set(!*open);
        })
    };
    let onkeydown = {
        let open = open.clone();
        Callback::from(move |e: KeyboardEvent| menu_key(&e, &open, count))
    };
    let scale = scale_field(&page, props.id);
    html! {
        <div class="actions">
            <button type="button" class="button" id="actions-button" aria-haspopup="menu" aria-expanded={open.to_string()} onclick={toggle}>
                <Icon name="actions" />{ t.actions_title() }<Icon name="down" /></button>
            { scale }
            if *open {
                <div class="menu" role="menu" aria-label={t.actions_title()} {onkeydown}>
                    { for all.into_iter().enumerate().map(|(i, item)| {
                        let (page, open) = (page.clone(), open.clone());
                        let action = item.action;
                        html! {
                            <button type="button" role="menuitem" tabindex="-1" id={format!("action-{i}")} onclick={move |_| {
                                page.choose(|ui| ui.tried = true);
                                page.act(action.clone());
                                open.set(false);
                                dom::focus("actions-button");
                            }}><span>{ item.words }</span><code>{ item.line }</code></button>
                        }
                    }) }
                </div>
            }
        </div>
    }
}

/// A number for the replicas of a workload.
fn scale_field(page: &Page, id: u32) -> Html {
    let t = page.texts();
    let desired = match page.view().row(id).map(|r| &r.body) {
        Some(RowBody::Workload(w)) if ["Deployment", "ReplicaSet", "StatefulSet"].contains(&w.kind.as_str()) => {
            w.desired
        }
        _ => return Html::default(),
    };
    let page = page.clone();
    let onchange = Callback::from(move |e: Event| {
        if let Ok(replicas) = dom::value(&e).trim().parse() {
            page.act(Action::Scale { id, replicas });
        }
    });
    html! {
        <label class="scale">{ t.fact_replicas() }
            <input class="field numbers" type="number" min="0" max="100000" value={desired.to_string()} {onchange} /></label>
    }
}

/// Arrows walk the menu, Escape and Tab leave it.
fn menu_key(e: &KeyboardEvent, open: &UseStateHandle<bool>, count: usize) {
    let at: usize = dom::active().and_then(|a| a.id().strip_prefix("action-")?.parse().ok()).unwrap_or(0);
    let to = match e.key().as_str() {
        "ArrowDown" => (at + 1) % count.max(1),
        "ArrowUp" => (at + count - 1) % count.max(1),
        "Home" => 0,
        "End" => count - 1,
        "Escape" | "Tab" => {
            open.set(false);
            dom::focus("actions-button");
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
    dom::focus(&format!("action-{to}"));
}
