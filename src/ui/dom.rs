//! Small helpers around the browser's interfaces.

use wasm_bindgen::prelude::*;
use web_sys::{Blob, BlobPropertyBag, Element, HtmlElement, Url};

fn root() -> Option<HtmlElement> {
    web_sys::window()?.document()?.document_element()?.dyn_into().ok()
}

/// Sets an attribute of the root element.
pub fn set_root(name: &str, value: &str) {
    if let Some(root) = root() {
        let _ = root.set_attribute(name, value);
    }
}

/// Sets a length token, in pixels.
pub fn set_length(name: &str, px: u32) {
    set_token(name, &format!("{px}px"));
}

/// Sets a token.
pub fn set_token(name: &str, value: &str) {
    if let Some(root) = root() {
        let _ = root.style().set_property(name, value);
    }
}

/// Whether a media query holds.
pub fn media(query: &str) -> bool {
    web_sys::window().and_then(|w| w.match_media(query).ok().flatten()).is_some_and(|m| m.matches())
}

/// How large the root's text is, 1 at 16 pixels.
pub fn text_scale() -> f64 {
    let style = root().and_then(|root| web_sys::window()?.get_computed_style(&root).ok().flatten());
    let size = style.and_then(|s| s.get_property_value("font-size").ok());
    let px = size.and_then(|s| s.trim_end_matches("px").parse::<f64>().ok());
    px.map_or(1.0, |px| (px / 16.0).clamp(0.5, 4.0))
}

/// Whether things should not move.
pub fn reduced_motion() -> bool {
    media("(prefers-reduced-motion: reduce)")
}

/// Whether the page stands in a frame of another page. That page owns scrolling, and what is kept on the device.
pub fn embedded() -> bool {
    let parent = web_sys::window().and_then(|w| w.parent().ok().flatten());
    parent.is_some_and(|parent| web_sys::window().is_some_and(|w| JsValue::from(w) != JsValue::from(parent)))
}

/// Whether the wheel is this page's: always, but in a frame only after a click or key inside, until the pointer leaves.
pub fn owns_wheel() -> bool {
    !embedded() || root().is_some_and(|root| root.get_attribute("data-active").as_deref() == Some("true"))
}

/// The element with this id.
pub fn by_id(id: &str) -> Option<Element> {
    web_sys::window()?.document()?.get_element_by_id(id)
}

/// Gives focus to the element with this id, or to the text inside it.
pub fn focus(id: &str) {
    let inside = |e: Element| e.query_selector(".cm-content, textarea").ok().flatten().unwrap_or(e);
    if let Some(element) = by_id(id).map(inside).and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Gives focus after the page was drawn again.
pub fn focus_soon(id: &'static str) {
    gloo_timers::callback::Timeout::new(0, move || focus(id)).forget();
}

/// Gives focus after the page was drawn again, and opens what can be opened inside.
pub fn open_soon(id: &'static str) {
    gloo_timers::callback::Timeout::new(0, move || {
        if let Some(element) = by_id(id) {
            let inside = element.query_selector("details").ok().flatten();
            let _ = inside.map(|details| details.set_attribute("open", ""));
            let _ = element.dyn_into::<HtmlElement>().map(|e| e.focus());
        }
    })
    .forget();
}

/// Gives focus to the element with this id, if what has it now is not seen any more when the page was drawn again.
pub fn focus_if_lost(id: &'static str) {
    if focus_is_lost() {
        return;
    }
    gloo_timers::callback::Timeout::new(50, move || {
        if active().is_none_or(|e| e.tag_name() == "BODY" || e.client_width() == 0) {
            focus(id);
        }
    })
    .forget();
}

/// The focused element.
pub fn active() -> Option<Element> {
    web_sys::window()?.document()?.active_element()
}

/// Whether nothing has the focus, as when what had it is gone.
pub fn focus_is_lost() -> bool {
    active().is_none_or(|e| e.tag_name() == "BODY")
}

/// Whether keys go into a text just now.
pub fn in_text(element: &Element) -> bool {
    let tag = element.tag_name();
    let editable = element.closest("[contenteditable=true]").ok().flatten().is_some();
    let kind = element.get_attribute("type").unwrap_or_default();
    editable || tag == "TEXTAREA" || tag == "SELECT" || tag == "INPUT" && kind != "checkbox" && kind != "radio"
}

/// Whether no text is marked, so that Ctrl+C means to interrupt.
pub fn nothing_selected() -> bool {
    let field = active().and_then(|a| a.dyn_into::<web_sys::HtmlInputElement>().ok());
    field.is_none_or(|f| f.selection_start().ok() == f.selection_end().ok())
}

/// Hands a text to the person as a file.
pub fn save_file(name: &str, text: &str) {
    let bag = BlobPropertyBag::new();
    bag.set_type("text/plain");
    let parts = js_sys::Array::of1(&text.into());
    let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &bag) else { return };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else { return };
    save_url(name, &url);
    let _ = Url::revoke_object_url(&url);
}

/// Hands what an address holds to the person as a file.
pub fn save_url(name: &str, url: &str) {
    let link = web_sys::window().and_then(|w| w.document()).and_then(|d| d.create_element("a").ok());
    if let Some(link) = link.and_then(|l| l.dyn_into::<web_sys::HtmlAnchorElement>().ok()) {
        link.set_href(url);
        link.set_download(name);
        link.click();
    }
}

/// The value of a text field, list or area that an event came from.
pub fn value(event: &web_sys::Event) -> String {
    let Some(target) = event.target() else { return String::new() };
    if let Some(field) = target.dyn_ref::<web_sys::HtmlInputElement>() {
        return field.value();
    }
    if let Some(field) = target.dyn_ref::<web_sys::HtmlSelectElement>() {
        return field.value();
    }
    target.dyn_ref::<web_sys::HtmlTextAreaElement>().map(|f| f.value()).unwrap_or_default()
}
