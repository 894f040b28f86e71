//! The terminal: kubectl lines against the simulated cluster, with history and completion.

use super::super::dom;
use super::super::hooks::use_page;
use super::super::page::{Page, topic};
use super::super::widgets::{Grip, Icon};
use crate::session::{Command, Shell};
use std::cell::RefCell;
use std::rc::Rc;
use yew::prelude::*;

/// Words of kubectl's output that have a colour on the stage.
const SIGNS: &[(&str, &str)] = &[
    ("Running", "ok"),
    ("Ready", "ok"),
    ("True", "ok"),
    ("Completed", "done"),
    ("Pending", "wait"),
    ("ContainerCreating", "wait"),
    ("Terminating", "stop"),
    ("CrashLoopBackOff", "bad"),
    ("Error", "bad"),
    ("Failed", "bad"),
    ("Evicted", "bad"),
    ("ErrImagePull", "bad"),
    ("ImagePullBackOff", "bad"),
    ("OOMKilled", "bad"),
    ("NotReady", "bad"),
    ("Unknown", "unk"),
];

/// The dock.
#[component]
pub fn Terminal() -> Html {
    let page = use_page(topic::CHOICE | topic::ANSWERS);
    let t = page.texts();
    let line = use_state(String::new);
    let history = use_mut_ref(Vec::<String>::new);
    let at = use_mut_ref(|| 0usize);
    let leaving = use_mut_ref(|| false);
    let asked = use_mut_ref(String::new);
    let out = use_node_ref();
    let (open, height) = {
        let ui = page.ui();
        (ui.dock, ui.settings.dock_height)
    };
    let (shell, completions) = {
        let view = page.view();
        (view.shell.iter().cloned().collect::<Vec<_>>(), view.completions.clone())
    };
    complete(&line, &asked, &completions);
    {
        let out = out.clone();
        use_effect_with((shell.len(), open), move |_| {
            if let Some(out) = out.cast::<web_sys::Element>() {
                out.set_scroll_top(out.scroll_height());
            }
        });
    }
    let prompt = Prompt { page: page.clone(), line: line.clone(), history, at, leaving, asked: asked.clone() };
    let onkeydown = Callback::from(move |e: KeyboardEvent| prompt.key(&e));
    let oninput = {
        let (line, asked) = (line.clone(), asked.clone());
        Callback::from(move |e: InputEvent| {
            asked.borrow_mut().clear();
            line.set(dom::value(&e));
        })
    };
    let resize = {
        let page = page.clone();
        Callback::from(move |size| page.set(|s| s.dock_height = size))
    };
    let offered = if *asked.borrow() == *line && completions.len() > 1 { completions } else { Vec::new() };
    let (toggle, clear) = (page.clone(), page.clone());
    html! {
        <section class="dock page-part" data-part="dock" data-region="terminal" data-open={open.to_string()} aria-label={t.terminal_title()}>
            if open { <Grip of="dock" label={t.grip_dock()} size={height} bounds={(120, 200, 600)} flipped={true} set={resize} /> }
            <div class="bar">
                <button type="button" class="quiet title" id={(!open).then_some("terminal")} aria-expanded={open.to_string()}
                    onclick={move |_| toggle.choose(|ui| ui.dock = !ui.dock)}>
                    <Icon name="terminal" /><span>{ t.terminal_title() }</span><Icon name={if open { "down" } else { "up" }} /></button>
                <span class="spring" />
                if open {
                    <small>{ t.terminal_leave() }</small>
                    <button type="button" class="quiet" onclick={move |_| clear.clear_shell()}>{ t.terminal_clear() }</button>
                }
            </div>
            if open {
                { output(&page, out, &shell) }
                if !offered.is_empty() {
                    <p class="offered" aria-live="polite">{ offered.iter().map(|c| html! { <code>{ c }</code> }).collect::<Html>() }</p>
                }
                <label class="line"><span class="prompt" aria-hidden="true">{ "$" }</span>
                    <span class="spoken">{ t.terminal_line() }</span>
                    <input id="terminal-line" value={(*line).clone()} {oninput} {onkeydown} autocomplete="off" autocapitalize="off"
                        spellcheck="false" placeholder="kubectl get pods" enterkeyhint="send" /></label>
            }
        </section>
    }
}

/// What was printed since the last clearing.
fn output(page: &Page, out: NodeRef, shell: &[Shell]) -> Html {
    let t = page.texts();
    html! {
        <div class="output" ref={out} tabindex="0" role="log" aria-label={t.terminal_output()} lang="en">
            if shell.is_empty() { <p class="hint" lang={page.language().tag()}>{ t.terminal_hint() }</p> }
            { for shell.iter().map(entry) }
        </div>
    }
}

fn entry(s: &Shell) -> Html {
    html! {
        <div class="entry">
            <p><span class="prompt" aria-hidden="true">{ "$ " }</span>{ &s.line }</p>
            if !s.stdout.is_empty() { <pre>{ coloured(&s.stdout) }</pre> }
            if !s.stderr.is_empty() { <pre class="error">{ &s.stderr }</pre> }
        </div>
    }
}

/// The line that is being typed.
struct Prompt {
    page: Page,
    line: UseStateHandle<String>,
    history: Rc<RefCell<Vec<String>>>,
    at: Rc<RefCell<usize>>,
    leaving: Rc<RefCell<bool>>,
    asked: Rc<RefCell<String>>,
}

impl Prompt {
    fn key(&self, e: &KeyboardEvent) {
        let left = self.leaving.replace(e.key() == "Escape");
        match e.key().as_str() {
            "Enter" => self.enter(),
            "ArrowUp" | "ArrowDown" => {
                let history = self.history.borrow();
                let mut at = self.at.borrow_mut();
                *at = if e.key() == "ArrowUp" { at.saturating_sub(1) } else { (*at + 1).min(history.len()) };
                self.line.set(history.get(*at).cloned().unwrap_or_default());
                e.prevent_default();
            }
            "Tab" if !e.shift_key() && !left && !self.line.is_empty() => {
                e.prevent_default();
                *self.asked.borrow_mut() = (*self.line).clone();
                self.page.ask(&Command::Complete { line: (*self.line).clone() });
            }
            "c" if e.ctrl_key() && dom::nothing_selected() => {
                e.prevent_default();
                self.page.shell("^C".into());
            }
            "l" if e.ctrl_key() => {
                e.prevent_default();
                self.page.clear_shell();
            }
            _ => {}
        }
    }

    fn enter(&self) {
        let text = self.line.trim().to_string();
        self.line.set(String::new());
        match text.as_str() {
            "" => return,
            "clear" => return self.page.clear_shell(),
            _ => {}
        }
        let mut history = self.history.borrow_mut();
        if history.last() != Some(&text) {
            history.push(text.clone());
        }
        *self.at.borrow_mut() = history.len();
        self.page.shell(text);
    }
}

/// Puts the common part of an answer into the line.
fn complete(line: &UseStateHandle<String>, asked: &Rc<RefCell<String>>, completions: &[String]) {
    if asked.borrow().is_empty() || *asked.borrow() != **line || completions.is_empty() {
        return;
    }
    let common = completions.iter().skip(1).fold(completions[0].clone(), |mut common, next| {
        while !next.starts_with(&common) {
            common.pop();
        }
        common
    });
    let stem = line.rfind(char::is_whitespace).map_or("", |i| &line[..=i]);
    let word = &line[stem.len()..];
    if common.len() > word.len() && common.starts_with(word) {
        let end = if completions.len() == 1 { " " } else { "" };
        let new = format!("{stem}{common}{end}");
        *asked.borrow_mut() = if completions.len() == 1 { String::new() } else { new.clone() };
        line.set(new);
    }
}

/// Status words in the colours of the stage.
fn coloured(text: &str) -> Html {
    let mut out = Vec::new();
    for piece in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
        match SIGNS.iter().find(|s| s.0 == word) {
            Some((_, class)) => {
                out.push(html! { <b class={*class}>{ word }</b> });
                out.push(html! { <>{ &piece[word.len()..] }</> });
            }
            None => out.push(html! { <>{ piece }</> }),
        }
    }
    out.into_iter().collect()
}
