//! The site starts wherever it is put, and its engine answers.

use crate::driver::{Browser, Screen, until};
use crate::page::{App, dist};
use crate::server::serve;
use serde_json::json;

/// Keeps every worker that the page starts in reach, before the page's own script runs.
pub const KEEP_WORKERS: &str = "const Real = Worker; window.workers = []; window.Worker = class extends Real {
    constructor(...a) { super(...a); window.workers.push(this) } }";

fn answered(browser: &Browser) {
    until("the engine's answer", || {
        let text = browser.try_js("return document.body.innerText", &[]).ok()?;
        text.as_str()?.contains("3 ready").then_some(())
    });
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn starts_under_any_path_without_a_fault() {
    let app = App::open(Screen::DESKTOP);
    answered(&app.browser);
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn starts_in_a_sandboxed_frame_of_another_site() {
    let site = serve(dist(), "/", true);
    let host = std::env::temp_dir().join(format!("orchestrion-host-{}", std::process::id()));
    std::fs::create_dir_all(&host).expect("a folder");
    let frame = format!("<iframe sandbox=\"allow-scripts\" src=\"{site}\" width=900 height=500></iframe>");
    std::fs::write(host.join("index.html"), frame).expect("a page");
    let browser = Browser::start(Screen::DESKTOP);
    browser.open(&serve(host, "/", false));
    browser.frame(Some(0));
    answered(&browser);
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn the_wheel_over_a_frame_is_the_outer_pages() {
    let site = serve(dist(), "/", true);
    let host = std::env::temp_dir().join(format!("orchestrion-scroll-{}", std::process::id()));
    std::fs::create_dir_all(&host).expect("a folder");
    let frame = format!("<iframe src=\"{site}\" width=700 height=420></iframe><p style=\"height: 4000px\">below</p>");
    std::fs::write(host.join("index.html"), frame).expect("a page");
    let browser = Browser::start(Screen::DESKTOP);
    browser.open(&serve(host, "/", false));
    browser.frame(Some(0));
    answered(&browser);
    browser.frame(None);
    // Over the picture, and over what scrolls below it.
    for y in [120, 330] {
        let before = browser.js("return scrollY", &[]).as_f64();
        let place = json!({ "type": "mouseWheel", "x": 300, "y": y, "deltaX": 0, "deltaY": 120 });
        browser.devtools("Input.dispatchMouseEvent", place);
        until("the outer page has scrolled", || (browser.js("return scrollY", &[]).as_f64() > before).then_some(()));
        browser.js("scrollTo(0, 0)", &[]);
    }
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_silent_worker_is_replaced() {
    let browser = Browser::start(Screen::DESKTOP);
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": KEEP_WORKERS }));
    browser.open(&serve(dist(), "/", false));
    answered(&browser);
    browser.js("window.workers[0].terminate()", &[]);
    until("a second worker", || browser.js("return window.workers.length", &[]).as_u64().filter(|n| *n == 2));
}
