//! The app as a person meets it: things are found by role and name, as a screen reader finds them.

use crate::driver::{Browser, Screen, until};
use crate::server::serve;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Finds what is seen and has this role and a name with these words in it; exact names win over longer ones.
const FIND: &str = r#"
const [role, name] = arguments;
const implicit = {
  button: "button,summary,input[type=button],input[type=submit]", link: "a[href]", heading: "h1,h2,h3,h4", slider: "input[type=range]",
  textbox: "input:not([type]),input[type=text],input[type=search],textarea,[contenteditable=true]", checkbox: "input[type=checkbox]",
  combobox: "select", option: "option", dialog: "dialog[open]", main: "main", navigation: "nav", status: "output", spinbutton: "input[type=number]",
};
const named = e => {
  const by = e.getAttribute("aria-labelledby");
  const text = by ? by.split(/\s+/).map(id => document.getElementById(id)?.textContent ?? "").join(" ")
    : e.getAttribute("aria-label") ?? e.labels?.[0]?.textContent ?? (e.textContent.trim() || e.title || e.placeholder || "");
  return text.replace(/\s+/g, " ").trim();
};
const seen = e => e.checkVisibility({ checkVisibilityCSS: true });
const found = [...document.querySelectorAll(`[role=${role}]${implicit[role] ? "," + implicit[role] : ""}`)]
  .filter(e => (e.getAttribute("role") ?? role) === role && seen(e) && named(e).includes(name));
return found.find(e => named(e) === name) ?? found[0] ?? null;
"#;

/// The app in a browser.
pub struct App {
    /// The browser it runs in.
    pub browser: Browser,
    /// What it is shown on.
    pub screen: Screen,
}

impl App {
    /// Opens the built site from a sub-path and waits until it has drawn itself.
    pub fn open(screen: Screen) -> Self {
        Self::open_with(screen, "")
    }

    /// The same with a script that runs before the page's own.
    pub fn open_with(screen: Screen, script: &str) -> Self {
        let app = Self { browser: Browser::start(screen), screen };
        if !script.is_empty() {
            app.browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
        }
        app.browser.open(&serve(dist(), "/some/where/", false));
        app.find("heading", "Orchestrion");
        app
    }

    /// Waits for the thing of this role and name.
    pub fn find(&self, role: &str, name: &str) -> Value {
        until(&format!("{role} \"{name}\""), || self.look(role, name))
    }

    /// The thing of this role and name, if it is there now.
    pub fn look(&self, role: &str, name: &str) -> Option<Value> {
        self.browser.try_js(FIND, &[json!(role), json!(name)]).ok().filter(|found| !found.is_null())
    }

    /// Clicks it, as soon as it can be clicked.
    pub fn click(&self, role: &str, name: &str) {
        until(&format!("a click on {role} \"{name}\""), || {
            self.look(role, name).and_then(|element| self.browser.click_element(&element).ok())
        });
    }

    /// Waits until the page's text holds these words.
    pub fn says(&self, words: &str) {
        until(&format!("the words \"{words}\""), || self.text().contains(words).then_some(()));
    }

    /// All text that is seen.
    pub fn text(&self) -> String {
        let text = self.browser.try_js("return document.body.innerText", &[]).unwrap_or_default();
        text.as_str().unwrap_or_default().to_string()
    }

    /// The text of the first element that a CSS selector finds.
    pub fn text_of(&self, css: &str) -> String {
        let text = self.browser.js("return document.querySelector(arguments[0])?.textContent ?? ''", &[json!(css)]);
        text.as_str().unwrap_or_default().to_string()
    }

    /// The violations that axe-core finds in the page as it is, one a line.
    pub fn violations(&self) -> Vec<String> {
        let file = std::env::var("AXE_JS").expect("AXE_JS names axe.min.js; `./dev test` sets it");
        let axe = std::fs::read_to_string(&file).expect("axe.min.js");
        self.browser.js(&axe, &[]);
        let run = "return axe.run().then(r => r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.html).join(' ')}`))";
        let found = self.browser.js(run, &[]);
        found.as_array().cloned().unwrap_or_default().iter().map(|v| v.as_str().unwrap_or_default().into()).collect()
    }

    /// Fails when the page is not accessible, or has said anything in the console that it should not.
    pub fn is_sound(&self) {
        assert_eq!(self.violations(), Vec::<String>::new(), "axe-core");
        assert_eq!(self.browser.console_errors(), Vec::<String>::new(), "console");
    }
}

/// A failed test says where the focus was, what the console said and what was to be read, and leaves a picture.
impl Drop for App {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let focused = "return document.activeElement.cloneNode(false).outerHTML";
            eprintln!("focus: {}", self.browser.try_js(focused, &[]).unwrap_or_else(|error| error));
            eprintln!("console: {:#?}", self.browser.console_errors());
            eprintln!("text: {}", self.text().replace('\n', " | "));
            let name = std::thread::current().name().unwrap_or("test").replace("::", "-");
            self.browser.screenshot(&format!("failed-{name}"));
        }
    }
}

/// The built site.
pub fn dist() -> PathBuf {
    let dist = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("dist");
    assert!(dist.join("index.html").exists(), "no dist/: run `./dev build` first");
    dist
}
