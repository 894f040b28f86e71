//! How smoothly the page draws in a real browser: the time between frames, and the page's own script time per frame (its
//! frame callback and the messages folded since the last one). Wants the built site (`./dev build`) and a driver:
//! `./dev frames [SCENE]` runs it; figures go to `docs/performance.md`.

#![allow(dead_code, reason = "the kit of the browser tests is wider than what one bench needs")]

#[path = "../tests/browser/driver.rs"]
mod driver;
#[path = "../tests/browser/page.rs"]
mod page;
#[path = "../tests/browser/server.rs"]
mod server;

use driver::{Screen, until};
use page::App;
use serde_json::json;
use std::time::Duration;

/// One thing to look at while it moves.
#[derive(Clone)]
struct Scene {
    name: &'static str,
    /// The scenario file that is pasted.
    scenario: String,
    /// What the line above the stage says once the scene is set.
    ready: &'static str,
    /// A terminal line that sets it in motion.
    line: &'static str,
    /// Speed, as its list shows it.
    speed: &'static str,
    /// How long frames are counted.
    seconds: u64,
}

fn deployment(replicas: u32) -> String {
    format!(
        "    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: web}}\n    spec:\n      replicas: {replicas}\n      \
         selector: {{matchLabels: {{app: web}}}}\n      template:\n        metadata: {{labels: {{app: web}}}}\n        spec:\n          \
         containers:\n          - {{name: nginx, image: 'nginx:1.27', resources: {{requests: {{cpu: 50m, memory: 32Mi}}}}}}\n"
    )
}

fn scenes() -> Vec<Scene> {
    let nodes = "cluster:\n  nodes:\n  - {count: 40, zones: [a, b, c], cpu: 16, memory: 64Gi, pods: 110}\n";
    let service = "  shop.yaml: |\n    apiVersion: v1\n    kind: Service\n    metadata: {name: web}\n    spec:\n      selector: {app: web}\n      \
                   ports: [{port: 80}]\n";
    let rolling = Scene {
        name: "rolling",
        scenario: format!("{nodes}files:\n  web.yaml: |\n{}", deployment(2_000)),
        ready: "2,000 ready",
        line: "kubectl set image deployment/web nginx=nginx:1.28",
        speed: "1×",
        seconds: 20,
    };
    let traffic = Scene {
        name: "traffic",
        scenario: format!("{nodes}files:\n  web.yaml: |\n{}{service}", deployment(1_000)),
        ready: "1,000 ready",
        line: "load service/web ramp from=500 to=20000 over=30s",
        speed: "1×",
        seconds: 20,
    };
    let fast = Scene {
        name: "fast",
        speed: "1000×",
        line: "load service/web sine low=500 high=5000 period=5m",
        ..traffic.clone()
    };
    vec![rolling, traffic, fast]
}

/// Counts frames: the gap to the one before, and the script time since then. The page's frame callbacks and the handlers of
/// its worker's messages are timed from outside, before its own script runs.
const COUNT: &str = r"
window.frames_seen = [];
let spent = 0;
const timed = f => function (...a) { const t = performance.now(); try { return f.apply(this, a) } finally { spent += performance.now() - t } };
const raf = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = f => raf(timed(f));
const handler = Object.getOwnPropertyDescriptor(Worker.prototype, 'onmessage');
Object.defineProperty(Worker.prototype, 'onmessage', { ...handler, set(f) { handler.set.call(this, f && timed(f)) } });
let last = performance.now();
const look = now => { window.frames_seen.push([now - last, spent]); last = now; spent = 0; raf(look) };
raf(look);
";

fn play(scene: &Scene) {
    let app = App::open_with(Screen::DESKTOP, COUNT);
    app.click("button", "Open");
    let field = app.find("textbox", "Or paste Kubernetes YAML here");
    let set = "const [e, text] = arguments; e.value = text; e.dispatchEvent(new Event('input', { bubbles: true }))";
    app.browser.js(set, &[field, json!(scene.scenario)]);
    app.click("button", "Run it");
    speed(&app, "100×");
    until(scene.ready, || app.text_of("#count").contains(scene.ready).then_some(()));
    speed(&app, scene.speed);
    app.click("button", "Terminal");
    app.click("textbox", "Command line");
    app.browser.write(&format!("{}\n", scene.line));
    app.browser.js("window.frames_seen.length = 0", &[]);
    let from = clock(&app);
    std::thread::sleep(Duration::from_secs(scene.seconds));
    let played = clock(&app) - from;
    let seen = app.browser.js("return window.frames_seen", &[]);
    let column = |i: usize| {
        let mut all: Vec<f64> = seen.as_array().into_iter().flatten().filter_map(|f| f[i].as_f64()).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    app.browser.screenshot(&format!("frames-{}", scene.name));
    println!("{}: {}; {} frames in {} s", scene.name, app.text_of("#count"), column(0).len(), scene.seconds);
    println!("  played: {played:.0} s, {:.0} times real time", played / scene.seconds as f64);
    for (what, all) in [("between frames", column(0)), ("script per frame", column(1))] {
        let at = |share: f64| all.get(((all.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(0.0);
        println!("  {what}: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", at(0.5), at(0.99), at(1.0));
    }
}

/// The moment the page stands at, in seconds, as its clock shows it.
fn clock(app: &App) -> f64 {
    let text = app.browser.js("return document.querySelector('.clock input').value", &[]);
    text.as_str().unwrap_or_default().split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap_or(0.0))
}

fn speed(app: &App, words: &str) {
    let choose = "const [select, words] = arguments;
        select.value = [...select.options].find(o => o.textContent.trim() === words).value;
        select.dispatchEvent(new Event('change', { bubbles: true }))";
    let select = app.find("combobox", "Speed");
    app.browser.js(choose, &[select, json!(words)]);
}

fn main() {
    let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/dist/index.html");
    if std::env::var("CHROMEDRIVER").is_err() || !std::path::Path::new(dist).exists() {
        println!("frames: left out, it wants the built site and a browser: ./dev frames");
        return;
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    for scene in scenes().iter().filter(|s| wanted.is_empty() || wanted.iter().any(|w| w == s.name)) {
        play(scene);
    }
}
