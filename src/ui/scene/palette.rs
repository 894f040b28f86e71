//! The colours of the canvas: the same custom properties as everywhere else, read once when the theme changes. In forced
//! colours the browser answers with its own, and states are told by shape alone.

use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

/// All colours, as CSS writes them.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is the token of static/css/tokens.css with its name")]
pub struct Palette {
    pub surface: String,
    pub stage: String,
    pub ink: String,
    pub ink2: String,
    pub edge: String,
    pub line: String,
    pub accent: String,
    pub comp: String,
    pub ok: String,
    pub wait: String,
    pub bad: String,
    pub done: String,
    pub stop: String,
    pub unk: String,
    pub tint_sel: String,
    pub heat: [String; 6],
    /// Whether the system forces its colours.
    pub forced: bool,
}

impl Palette {
    /// Reads the tokens.
    pub fn read() -> Self {
        let Some(probe) = probe() else { return Self::default() };
        let forced = super::super::dom::media("(forced-colors: active)");
        let get = |token: &str, system: &str| {
            let value = if forced { system.to_string() } else { format!("var(--{token})") };
            let _ = probe.style().set_property("color", &value);
            let window = web_sys::window();
            let style = window.and_then(|w| w.get_computed_style(&probe).ok().flatten());
            style.and_then(|s| s.get_property_value("color").ok()).unwrap_or_default()
        };
        let text = |token: &str| get(token, "CanvasText");
        let field = |token: &str| get(token, "Canvas");
        let palette = Self {
            surface: field("surface"),
            stage: field("stage"),
            ink: text("ink"),
            ink2: text("ink2"),
            edge: text("edge"),
            line: get("line", "GrayText"),
            accent: get("accent", "Highlight"),
            comp: text("comp"),
            ok: text("ok"),
            wait: text("wait"),
            bad: text("bad"),
            done: text("done"),
            stop: text("stop"),
            unk: get("unk", "GrayText"),
            tint_sel: field("tint-sel"),
            heat: std::array::from_fn(|i| get(&format!("heat-{i}"), if i < 3 { "Canvas" } else { "CanvasText" })),
            forced,
        };
        probe.remove();
        palette
    }
}

fn probe() -> Option<HtmlElement> {
    let document = web_sys::window()?.document()?;
    let probe: HtmlElement = document.create_element("i").ok()?.dyn_into().ok()?;
    probe.set_hidden(true);
    let _ = probe.style().set_property("forced-color-adjust", "none");
    document.body()?.append_child(&probe).ok()?;
    Some(probe)
}

/// `rgb(1, 2, 3)` as numbers, for pixels.
pub fn rgb(css: &str) -> [u8; 3] {
    let numbers: Vec<u8> = css
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .filter(|s| !s.is_empty())
        .filter_map(|s| s.parse::<f64>().ok())
        .map(|n| n as u8)
        .collect();
    match numbers[..] {
        [r, g, b, ..] => [r, g, b],
        _ => [128, 128, 128],
    }
}
