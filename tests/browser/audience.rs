//! Before an audience, under fingers, and under hostile hands.

use crate::driver::{Screen, until};
use crate::page::App;
use crate::story::WEB;
use serde_json::{Value, json};

/// What a beamer in a class room shows.
const BEAMER: Screen = Screen { width: 1280, height: 720, ..Screen::DESKTOP };

/// The smallest size of any text that is seen, in pixels; the canvas has its own test of sizes in `scene`.
const SMALLEST: &str = "const seen = [...document.querySelectorAll('body *')].filter(e => e.checkVisibility()
    && !e.closest('.twin, .spoken, .skips') && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
    return Math.min(...seen.map(e => parseFloat(getComputedStyle(e).fontSize)))";

impl App {
    fn is_presented(&self) -> bool {
        self.browser.js("return document.documentElement.dataset.presenting", &[]) == json!("true")
    }

    fn clock(&self) -> String {
        let value = self.browser.js("return document.querySelector('.clock input').value", &[]);
        value.as_str().unwrap_or_default().to_string()
    }

    /// Fingers on the screen, where they are now; none lifts all.
    fn touch(&self, kind: &str, points: &[(f64, f64)]) {
        let points: Vec<Value> =
            points.iter().enumerate().map(|(id, (x, y))| json!({ "x": x, "y": y, "id": id })).collect();
        self.browser.devtools("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": points }));
    }
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn an_audience_reads_along_and_a_remote_walks() {
    let app = App::open(BEAMER);
    app.paste(WEB);
    app.counts("3 pods: 3 ready");
    app.browser.press(&["m"]);
    app.kubectl("kubectl scale deployment/web --replicas=4", "scaled");
    app.counts("4 pods: 4 ready");
    app.browser.press(&["Escape", "Tab", "s", "k", "m", "q"]);
    until("presenter mode", || app.is_presented().then_some(()));
    let smallest = app.browser.js(SMALLEST, &[]).as_f64().unwrap_or(0.0);
    assert!(smallest >= 17.9, "text of {smallest} px");
    app.says("2 of 2");
    app.is_sound();
    app.browser.screenshot("presenter");

    app.browser.press(&["PageUp"]);
    app.says("1 of 2");
    app.counts("3 pods: 3 ready");
    app.browser.press(&["PageDown"]);
    app.counts("4 pods: 4 ready");
    app.find("button", "Play");
    app.browser.press(&["."]);
    app.find("button", "Pause");
    app.browser.press(&["."]);
    app.find("button", "Play");

    app.click("button", "Text of 21 px");
    app.find("button", "Text of 26 px");
    app.browser.press(&["Escape"]);
    until("the desk again", || (!app.is_presented()).then_some(()));
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn two_fingers_pull_the_picture_apart() {
    let app = App::open(Screen::PHONE);
    app.counts("3 ready");
    let level = || app.text_of(".levels [aria-pressed=true]");
    until("a picture that is not near", || ["2", "3"].contains(&level().as_str()).then_some(()));
    app.touch("touchStart", &[(180.0, 200.0), (200.0, 200.0)]);
    for step in 1..=20 {
        let apart = f64::from(step) * 8.0;
        app.touch("touchMove", &[(180.0 - apart, 200.0), (200.0 + apart, 200.0)]);
    }
    app.touch("touchEnd", &[]);
    until("one pod with its containers", || (level() == "4").then_some(()));
    assert_eq!(app.browser.js("return window.visualViewport.scale", &[]).as_f64(), Some(1.0), "the page itself");
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn what_is_too_large_or_no_text_changes_nothing() {
    let app = App::open(Screen::DESKTOP);
    app.counts("3 ready");
    let clock = app.clock();
    app.click("button", "Open");
    let field = app.find("textbox", "Or paste Kubernetes YAML here");
    let fill = "arguments[0].value = 'x'.repeat(20 << 20);
        arguments[0].dispatchEvent(new Event('input', { bubbles: true }))";
    app.browser.js(fill, &[field]);
    app.says("up to 2 MiB are read");
    app.browser.js(
        "const data = new DataTransfer(); data.items.add(new File(['a\\0b'], 'photo.yaml'));
        document.querySelector('.page').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }))",
        &[],
    );
    app.says("photo.yaml is not a text file");
    app.says("Kill a pod");
    assert_ne!(app.clock(), clock, "the run goes on");

    app.paste("apiVersion: apps/v1\nkind: Deploy");
    app.says("no matches for kind");
    app.click("tab", "Files");
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn hasty_hands_break_nothing() {
    let app = App::open(Screen::DESKTOP);
    app.counts("3 ready");
    app.browser.js(
        "const examples = [...document.querySelectorAll('.example')];
        for (let i = 0; i < 60; i++) examples[(i * 7) % examples.length].click();
        for (const key of 'kk,,..jjllmmnnppvvooqqxxww1234+-0cc') for (let i = 0; i < 3; i++)
            window.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
        examples[0].click()",
        &[],
    );
    app.counts("3 ready");
    for (width, height) in [(320, 480), (2560, 1440), (700, 420), (1440, 900)] {
        app.browser.emulate(Screen { width, height, ..Screen::DESKTOP });
        app.find("heading", "Orchestrion");
    }
    app.browser.reload();
    app.counts("3 ready");
    app.is_sound();
}
