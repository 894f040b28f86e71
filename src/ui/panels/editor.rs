//! The editor: a text area at once, CodeMirror in its place as soon as it has loaded. Where it fails, the text area stays.

use super::super::dom;
use super::super::hooks::use_page;
use super::super::page::{FILE_MAX, Page, topic};
use super::super::texts::Texts;
use crate::session::MarkRow;
use js_sys::{Array, Function, Object, Promise, Reflect};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlElement;
use yew::prelude::*;

/// The editor's module, beside the page; the version keeps an old one out of a new page.
const MODULE: &str = concat!("./vendor/editor.js?", env!("EDITOR_VERSION"));

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = import, catch)]
    fn import_module(url: &str) -> Result<Promise, JsValue>;
}

/// A longer text waits for the real editor, unless that has failed: laying a text area of a megabyte out takes seconds. Ours.
const PLAIN_MAX: usize = 100_000;

type Mounted = Rc<RefCell<Option<JsValue>>>;

fn call(editor: &JsValue, name: &str, args: &[JsValue]) {
    if let Ok(f) = Reflect::get(editor, &name.into()).and_then(|f| f.dyn_into::<Function>()) {
        let list: Array = args.iter().collect();
        let _ = f.apply(editor, &list);
    }
}

fn set(object: &Object, key: &str, value: impl Into<JsValue>) {
    let _ = Reflect::set(object, &key.into(), &value.into());
}

/// Whatever shows the file in front.
#[component]
pub fn Editor() -> Html {
    let page = use_page(topic::FILES | topic::ANSWERS | topic::CHOICE);
    let t = page.texts();
    let host = use_node_ref();
    let mounted: Mounted = use_mut_ref(|| None::<JsValue>);
    let ready = use_state(|| false);
    let failed = use_state(|| false);
    let (name, text) = {
        let ui = page.ui();
        ui.files.get(ui.front).map(|f| (f.name.clone(), f.text.clone())).unwrap_or_default()
    };
    {
        let (page, host, mounted, ready) = (page.clone(), host.clone(), mounted.clone(), ready.clone());
        let failed = failed.clone();
        use_effect_with((), move |()| {
            let slot = mounted.clone();
            wasm_bindgen_futures::spawn_local(async move {
                let Some(parent) = host.cast::<HtmlElement>() else { return };
                match mount(&page, &parent).await {
                    Ok(editor) => {
                        *slot.borrow_mut() = Some(editor);
                        ready.set(true);
                    }
                    Err(_) => failed.set(true),
                }
            });
            move || {
                if let Some(editor) = mounted.borrow_mut().take() {
                    call(&editor, "destroy", &[]);
                }
            }
        });
    }
    {
        let mounted = mounted.clone();
        use_effect_with((name.clone(), text.clone(), t.editor_label(&name), *ready), move |(name, text, label, _)| {
            if let Some(editor) = mounted.borrow().as_ref() {
                call(editor, "setDoc", &[text.into(), name.into()]);
                call(editor, "setLabel", &[label.into()]);
            }
        });
    }
    {
        let (page, mounted) = (page.clone(), mounted.clone());
        let check = page.view().check.clone();
        use_effect_with((check, name.clone(), *ready), move |_| {
            if let Some(editor) = mounted.borrow().as_ref() {
                show_check(&page, editor);
            }
        });
    }
    {
        let (page, mounted, host) = (page.clone(), mounted.clone(), host.clone());
        let failed = *failed;
        use_effect(move || go_where_asked(&page, &mounted, &host, failed));
    }
    let oninput = {
        let page = page.clone();
        Callback::from(move |e: InputEvent| page.edit(dom::value(&e)))
    };
    html! {
        <div class="editor" id="files" tabindex="-1" ref={host} role="tabpanel" aria-label={t.editor_label(&name)}>
            if !*ready && (*failed || text.len() <= PLAIN_MAX) {
                <textarea class="area" spellcheck="false" autocapitalize="off" wrap="off" value={text} {oninput}
                    aria-label={t.editor_label(&name)} />
            }
            <p class="leave">{ t.editor_leave() }</p>
        </div>
    }
}

/// Puts the caret where a problem or an origin points, once. What is asked before the editor has come waits for it: the plain
/// field would take the place, and the editor would come up at its first line.
fn go_where_asked(page: &Page, mounted: &Mounted, host: &NodeRef, failed: bool) {
    if page.ui().goto.is_none() {
        return;
    }
    let editor = mounted.borrow().clone();
    let area = || host.cast::<HtmlElement>().and_then(|h| h.query_selector("textarea").ok().flatten());
    if let Some(editor) = editor {
        if let Some((_, line, col)) = page.take_goto() {
            call(&editor, "goto", &[line.into(), col.into()]);
        }
    } else if let Some(area) = area().filter(|_| failed) {
        go_in_area(page, area);
    }
}

fn go_in_area(page: &Page, area: web_sys::Element) {
    let Ok(area) = area.dyn_into::<web_sys::HtmlTextAreaElement>() else { return };
    if let Some((_, line, col)) = page.take_goto() {
        let text = area.value();
        let before: usize =
            text.lines().take(line.saturating_sub(1) as usize).map(|l| l.encode_utf16().count() + 1).sum();
        let at = (before + col.saturating_sub(1) as usize) as u32;
        let _ = area.focus();
        let _ = area.set_selection_range(at, at);
    }
}

/// Loads the module and mounts it.
async fn mount(page: &Page, parent: &HtmlElement) -> Result<JsValue, JsValue> {
    let base =
        web_sys::window().and_then(|w| w.document()).and_then(|d| d.base_uri().ok().flatten()).unwrap_or_default();
    let url = web_sys::Url::new_with_base(MODULE, &base)?.href();
    let module = JsFuture::from(import_module(&url)?).await?;
    let mount: Function = Reflect::get(&module, &"mount".into())?.dyn_into()?;
    let t = page.texts();
    let options = Object::new();
    let (name, text) = {
        let ui = page.ui();
        ui.files.get(ui.front).map(|f| (f.name.clone(), f.text.clone())).unwrap_or_default()
    };
    set(&options, "doc", text);
    set(&options, "label", t.editor_label(name));
    let on = page.clone();
    set(&options, "onChange", Closure::<dyn FnMut(String)>::new(move |text| on.edit(text)).into_js_value());
    let on = page.clone();
    set(&options, "onApply", Closure::<dyn FnMut()>::new(move || on.apply()).into_js_value());
    let on = page.clone();
    set(&options, "onHint", Closure::<dyn FnMut(u32)>::new(move |line| hint(&on, line)).into_js_value());
    let on = page.clone();
    set(&options, "most", FILE_MAX as f64);
    let too_long = Closure::<dyn FnMut(f64)>::new(move |size: f64| on.too_large(None, size as u64));
    set(&options, "onTooLong", too_long.into_js_value());
    mount.call2(&JsValue::NULL, parent, &options)
}

/// Diagnostics and marks of the file in front.
fn show_check(page: &Page, editor: &JsValue) {
    let t = page.texts();
    let view = page.view();
    let name = {
        let ui = page.ui();
        ui.files.get(ui.front).map(|f| f.name.clone()).unwrap_or_default()
    };
    let problems: Array = view
        .check
        .problems
        .iter()
        .filter(|p| p.file == name)
        .map(|p| {
            let o = Object::new();
            set(&o, "line", p.line);
            set(&o, "col", p.col);
            set(&o, "error", p.error);
            set(&o, "message", p.message.as_str());
            if !p.hint.is_empty() {
                set(&o, "hint", t.problem(&p.hint, &p.args));
            }
            JsValue::from(o)
        })
        .collect();
    let marks: Array = view
        .check
        .marks
        .iter()
        .filter(|m| m.file == name)
        .map(|m| {
            let o = Object::new();
            set(&o, "line", m.line);
            set(&o, "class", m.class.to_string());
            set(&o, "title", mark_words(m, t));
            JsValue::from(o)
        })
        .collect();
    call(editor, "setDiagnostics", &[problems.into()]);
    call(editor, "setMarks", &[marks.into()]);
}

/// `spec.replicas: simulated`.
fn mark_words(m: &MarkRow, t: Texts) -> String {
    let words = match m.class {
        's' => t.mark_simulated().to_string(),
        'a' => t.mark_accepted().to_string(),
        'r' => t.mark_rejected().to_string(),
        _ => t.mark_differs(&m.note),
    };
    format!("{}: {words}", m.path)
}

/// Says what becomes of the fields of a line.
fn hint(page: &Page, line: u32) {
    let t = page.texts();
    let name = {
        let ui = page.ui();
        ui.files.get(ui.front).map(|f| f.name.clone()).unwrap_or_default()
    };
    let words: Vec<String> = {
        let view = page.view();
        let here = view.check.marks.iter().filter(|m| m.file == name && m.line == line);
        here.map(|m| mark_words(m, t)).collect()
    };
    let words = if words.is_empty() { t.mark_none(line) } else { words.join("; ") };
    page.toast(words, None, false);
}
