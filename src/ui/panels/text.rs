//! The text column: the gallery, and the person's files with their editor, problems, field classes and difference.

use super::super::dom;
use super::super::examples;
use super::super::format;
use super::super::hooks::use_page;
use super::super::page::{Dialog, Page, TextTab, topic};
use super::super::widgets::{Grip, Icon, TabItem, Tabs};
use super::editor::Editor;
use crate::session::ProblemRow;
use yew::prelude::*;

/// The column.
#[component]
pub fn TextColumn() -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let (tab, width) = {
        let ui = page.ui();
        (ui.text_tab, ui.settings.text_width)
    };
    let items = vec![
        TabItem { key: "examples".into(), label: t.examples_title().into(), count: None },
        TabItem { key: "files".into(), label: t.files_title().into(), count: None },
    ];
    let chosen = if tab == TextTab::Files { "files" } else { "examples" };
    let choose = {
        let page = page.clone();
        Callback::from(move |key: AttrValue| {
            let tab = if key == "files" { TextTab::Files } else { TextTab::Examples };
            page.choose(|ui| ui.text_tab = tab);
        })
    };
    let resize = {
        let page = page.clone();
        Callback::from(move |size| page.set(|s| s.text_width = size))
    };
    html! {
        <section class="text page-part" data-part="text" data-region="files" aria-label={t.text_label()}>
            <div class="bar"><Tabs id="text" label={t.text_label()} {items} {chosen} {choose} /></div>
            <div class="panel" role="tabpanel" id="text-panel" aria-labelledby={format!("text-{chosen}")}>
                if tab == TextTab::Files { <Files /> } else { <Gallery /> }
            </div>
            <Grip of="text" label={t.grip_text()} size={width} bounds={(260, 376, 720)} flipped={false} set={resize} />
        </section>
    }
}

/// Scenarios that run at once.
#[component]
fn Gallery() -> Html {
    let page = use_page(topic::CHOICE);
    let (t, language) = (page.texts(), page.language());
    let open = page.ui().example.clone();
    html! {
        <div class="gallery">
            <p class="lead" id="files" tabindex="-1">{ t.welcome() }</p>
            <ol>
                { for examples::ALL.iter().enumerate().map(|(i, example)| {
                    let page = page.clone();
                    let current = open.as_deref() == Some(example.name);
                    html! {
                        <li key={example.name}>
                            <button type="button" class="example" aria-current={current.then_some("true")}
                                onclick={move |_| page.open_example(example.name)}>
                                <span class="number numbers" aria-hidden="true">{ i + 1 }</span>
                                <span><b>{ example.title(language) }</b>
                                    <small>{ example.about(language) }</small></span>
                            </button>
                        </li>
                    }
                }) }
            </ol>
            <OwnFiles />
        </div>
    }
}

/// The way to own files.
#[component]
fn OwnFiles() -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let onchange = {
        let page = page.clone();
        Callback::from(move |e: Event| {
            if let Some(list) = e.target_dyn_into::<web_sys::HtmlInputElement>().and_then(|i| i.files()) {
                super::super::app::read_files(page.clone(), list);
            }
        })
    };
    let pasting = page.clone();
    html! {
        <div class="own">
            <label class="button">
                <Icon name="open" /><span>{ t.open_files() }</span>
                <input type="file" class="spoken" multiple={true} accept=".yaml,.yml,.json,.txt" {onchange} />
            </label>
            <button type="button" class="link" onclick={move |_| pasting.choose(|ui| ui.dialog = Some(Dialog::Open))}>{ t.open_text() }</button>
            <p>{ t.open_hint() }</p>
        </div>
    }
}

#[component]
fn Files() -> Html {
    let page = use_page(topic::FILES | topic::CHOICE);
    let t = page.texts();
    let empty = page.ui().files.is_empty();
    html! {
        <div class="files">
            <FileTabs />
            if empty {
                <div class="empty"><p id="files" tabindex="-1">{ t.files_empty() }</p><OwnFiles /></div>
            } else {
                <Editor />
            }
            <Check />
        </div>
    }
}

#[component]
fn FileTabs() -> Html {
    let page = use_page(topic::FILES | topic::ANSWERS);
    let t = page.texts();
    let renaming = use_state(|| false);
    let (names, front) = {
        let ui = page.ui();
        (ui.files.iter().map(|f| f.name.clone()).collect::<Vec<_>>(), ui.front)
    };
    let bad = |name: &str| page.view().check.problems.iter().filter(|p| p.file == name && p.error).count();
    let items: Vec<TabItem> = names
        .iter()
        .enumerate()
        .map(|(i, n)| TabItem { key: i.to_string().into(), label: n.clone().into(), count: Some(bad(n)) })
        .collect();
    let choose = {
        let page = page.clone();
        Callback::from(move |key: AttrValue| page.show_file(key.parse().unwrap_or(0)))
    };
    let rename = {
        let (page, renaming) = (page.clone(), renaming.clone());
        Callback::from(move |e: Event| {
            page.rename_file(front, &dom::value(&e));
            renaming.set(false);
            dom::focus_soon("rename");
        })
    };
    let (add, remove, open_rename) = (page.clone(), page.clone(), renaming.clone());
    let name = names.get(front).cloned().unwrap_or_default();
    let leave = {
        let (name, renaming) = (name.clone(), renaming.clone());
        Callback::from(move |e: KeyboardEvent| {
            let Some(field) = e.target_dyn_into::<web_sys::HtmlInputElement>() else { return };
            // Enter leaves a name as it is, too; where it was changed, the change has done so.
            if e.key() == "Escape" || e.key() == "Enter" && field.value() == name {
                // What goes away with a change in it would still tell of the change.
                field.set_value(&name);
                e.prevent_default();
                renaming.set(false);
                dom::focus_soon("rename");
            }
        })
    };
    html! {
        <div class="bar file-bar">
            if *renaming {
                <input class="field" id="new-name" aria-label={t.file_rename()} value={name} onchange={rename}
                    onkeydown={leave} onblur={move |_| renaming.set(false)} />
            } else {
                <Tabs id="file" panel="files" label={t.files_title()} {items} chosen={front.to_string()} {choose} />
            }
            <span class="spring" />
            if !names.is_empty() {
                <button type="button" class="quiet" id="rename" aria-label={t.file_rename()} title={t.file_rename()}
                    onclick={move |_| {
                        open_rename.set(true);
                        dom::focus_soon("new-name");
                    }}><Icon name="rename" /></button>
                <button type="button" class="quiet" aria-label={t.file_remove()} title={t.file_remove()}
                    onclick={move |_| remove.remove_file(front)}><Icon name="close" /></button>
            }
            <button type="button" class="quiet" aria-label={t.file_add()} title={t.file_add()}
                onclick={move |_| add.add_file()}><Icon name="plus" /></button>
        </div>
    }
}

/// Problems, field classes, and what applying changes.
#[component]
fn Check() -> Html {
    let page = use_page(topic::ANSWERS | topic::FILES | topic::CHOICE);
    let t = page.texts();
    let check = page.view().check.clone();
    let name = {
        let ui = page.ui();
        ui.files.get(ui.front).map(|f| f.name.clone()).unwrap_or_default()
    };
    let shown = use_state(|| None::<char>);
    let of = |class: char| check.marks.iter().filter(|m| m.file == name && m.class == class).count();
    let classes = [
        ('s', t.class_simulated(of('s'))),
        ('a', t.class_accepted(of('a'))),
        ('r', t.class_rejected(of('r'))),
        ('d', t.class_differs(of('d'))),
    ];
    html! {
        <div class="check">
            if !check.problems.is_empty() {
                <ul class="problems" id="problems" tabindex="-1" aria-label={t.problems_title()}>
                    { for check.problems.iter().map(|p| problem(&page, p)) }
                </ul>
            }
            <div class="classes" role="group" aria-label={t.classes_title()}>
                { for classes.into_iter().filter(|(c, _)| *c != 'd' || of('d') > 0).map(|(class, words)| {
                    let on = *shown == Some(class);
                    let set = shown.clone();
                    html! {
                        <button type="button" class="quiet" aria-pressed={on.to_string()} disabled={of(class) == 0}
                            onclick={move |_| set.set(if on { None } else { Some(class) })}>
                            <span class={format!("mark mark-{class}")} aria-hidden="true">{ sign(class) }</span>{ words }
                        </button>
                    }
                }) }
            </div>
            if let Some(class) = *shown {
                <ul class="fields">
                    { for check.marks.iter().filter(|m| m.file == name && m.class == class).map(|m| {
                        let (page, file, line) = (page.clone(), m.file.clone(), m.line);
                        html! {
                            <li><button type="button" class="link" onclick={move |_| page.go_to(&file, line, 1)}>
                                <code>{ format!("{}: {}", m.line, m.path) }</code></button>
                                if !m.note.is_empty() { <span>{ format!(" {}", m.note) }</span> }</li>
                        }
                    }) }
                </ul>
            }
            <Apply />
        </div>
    }
}

/// So many changed objects are shown with their fields without being asked for. Ours: they fit beside the editor.
const UNFOLDED_MAX: usize = 3;

/// What applying changes, and the button.
#[component]
fn Apply() -> Html {
    let page = use_page(topic::ANSWERS | topic::FILES | topic::CHOICE);
    let t = page.texts();
    let check = page.view().check.clone();
    let changes: Vec<_> = check.changes.iter().filter(|c| c.sign != '=').collect();
    let many = format::whole(changes.len() as u64, page.language());
    let difference = if changes.is_empty() {
        t.difference_none().to_string()
    } else if changes.iter().any(|c| c.rollout) {
        t.difference_rollout(many)
    } else {
        t.difference(many)
    };
    let errors = check.problems.iter().filter(|p| p.error).count();
    let apply = page.clone();
    html! {
        <div class="apply">
            <button type="button" class="button primary" onclick={move |_| apply.apply()}
                aria-keyshortcuts="Control+Enter">{ t.apply() }<kbd>{ super::dialogs::cap("Ctrl ⏎", page.language()) }</kbd></button>
            // One element whatever it says, so that the focus stays when the cluster catches up.
            <div class="difference" id="difference" tabindex="-1">
                if errors > 0 { <p><strong>{ t.difference_errors(errors) }</strong></p> }
                if changes.is_empty() {
                    if errors == 0 { <p>{ difference }</p> }
                } else {
                    <details open={changes.len() <= UNFOLDED_MAX}><summary>{ difference }</summary>
                        <ul>{ for changes.iter().map(|c| html! {
                            <li><b class="sign" data-sign={c.sign.to_string()}>{ c.sign }</b><code>{ &c.object }</code>
                                { for c.fields.iter().map(|f| html! { <small><code>{ f }</code></small> }) }</li>
                        }) }</ul>
                    </details>
                }
            </div>
        </div>
    }
}

/// The sign of a field's class.
pub fn sign(class: char) -> &'static str {
    match class {
        's' => "●",
        'a' => "○",
        'r' => "✕",
        _ => "▲",
    }
}

fn problem(page: &Page, p: &ProblemRow) -> Html {
    let t = page.texts();
    let (go, file, line, col) = (page.clone(), p.file.clone(), p.line, p.col);
    let hint = if p.hint.is_empty() { String::new() } else { t.problem(&p.hint, &p.args) };
    html! {
        <li data-error={p.error.to_string()}>
            <button type="button" class="link place" onclick={move |_| go.go_to(&file, line, col)}>
                <span class="sign" aria-hidden="true">{ if p.error { "✕" } else { "!" } }</span>
                <span class="spoken">{ if p.error { t.problem_error() } else { t.problem_warning() } }</span>
                <code>{ format!("{}:{}:{}", p.file, p.line, p.col) }</code>
            </button>
            <p lang="en">{ &p.message }</p>
            if !hint.is_empty() { <p class="hint">{ hint }</p> }
        </li>
    }
}
