//! What decides and what breaks, as a trainer shows it: the ladder of an autoscaler, a pipeline's steps, alerts, what containers
//! do, and zones, machines and connections that fail.

use crate::driver::{Screen, until};
use crate::page::App;
use serde_json::{Value, json};

/// A front that asks a data base once for each request, and clients in front of it.
const CHAIN: &str = "name: A chain
workloads:
- {name: web, cpu: 1ms, calls: 1 service/data timeout 1s}
- {name: data, cpu: 1ms}
load:
- {to: service/web, name: clients, at: 15s, constant: 20}
files:
  app.yaml: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: 2
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec: {containers: [{name: app, image: 'shop/web:1'}]}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: data}
    spec:
      replicas: 1
      selector: {matchLabels: {app: data}}
      template:
        metadata: {labels: {app: data}}
        spec: {containers: [{name: db, image: 'redis:7'}]}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: web}
    spec: {selector: {app: web}, ports: [{port: 80}]}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: data}
    spec: {selector: {app: data}, ports: [{port: 6379}]}
";

impl App {
    /// The files of an example.
    fn example(&self, name: &str) {
        self.click("tab", "Examples");
        self.click("button", name);
    }

    /// Waits until the element of a selector has these words.
    fn part_says(&self, css: &str, words: &str) {
        until(&format!("{css} says \"{words}\", not \"{}\"", self.text_of(css)), || {
            self.text_of(css).contains(words).then_some(())
        });
    }

    /// Opens the menu of what is selected by its key and walks to an item, which Enter chooses.
    fn by_key(&self, action: &str) {
        self.browser.press(&["a"]);
        self.find("menu", "Actions");
        until(&format!("the item {action}"), || {
            let here = self.browser.js("return document.activeElement.textContent", &[]);
            if here.as_str().is_some_and(|text| text.starts_with(action)) {
                return Some(());
            }
            self.browser.press(&["ArrowDown"]);
            None
        });
        self.browser.press(&["Enter"]);
    }

    /// Puts the focus on the line of the outline that has the tab stop.
    fn focus_tree(&self) {
        let focus = "document.querySelector('[role=treeitem][tabindex=\"0\"]').focus()";
        self.browser.js(focus, &[]);
    }

    /// Clicks the stage at a point counted from its upper left corner.
    fn click_stage(&self, x: f64, y: f64) {
        let corner = "const r = document.querySelector('.picture').getBoundingClientRect(); return [r.left, r.top]";
        let corner = self.browser.js(corner, &[]);
        let at = |i: usize, by: f64| corner[i].as_f64().unwrap_or(0.0) + by;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": at(0, x), "y": at(1, y), "button": "left", "clickCount": 1 });
            self.browser.devtools("Input.dispatchMouseEvent", event);
        }
    }
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_decision_names_the_rule_that_binds() {
    let app = App::open(Screen::DESKTOP);
    app.example("Load rises, the autoscaler follows, a limit binds");
    app.speed("10×");
    app.part_says(".cards", "6 allowed: maxReplicas");
    app.select("shop: replicas 6");
    app.click("tab", "Decision");
    app.part_says(".ladder li[data-binds=true]", "maxReplicas allows 6 instead of");
    app.part_says(".ladder li[data-binds=true]", "This rule decided.");
    app.click("button", "Pause");
    app.is_sound();
    app.browser.screenshot("ladder-desktop");
    app.act("Allow one replica more");
    app.click("button", "Play");
    app.part_says(".ladder li[data-binds=true]", "maxReplicas allows 7 instead of");
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_pipeline_shows_its_steps_and_rolls_back() {
    let app = App::open(Screen::DESKTOP);
    app.example("A pipeline verifies its release and rolls it back");
    app.part_says(".pipeline", "Pipeline release");
    app.speed("10×");
    app.part_says(".lane[data-lane=pipeline] .lane-name", "runs");
    app.part_says(".lane[data-lane=pipeline] .lane-name", "rolled back");
    let states = "return [...document.querySelectorAll('.lane[data-lane=pipeline] .stage-mark')]
        .map(g => g.querySelector('text').textContent + ' ' + g.dataset.state)";
    let states = app.browser.js(states, &[]);
    let states: Vec<&str> = states.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let wanted = ["✓ build passed", "✓ test passed", "✓ deploy passed", "✕ verify failed", "✓ rollback passed"];
    assert_eq!(states, wanted);
    app.part_says(".pipeline li[data-state=failed]", "availability");
    app.is_sound();
    app.browser.screenshot("pipeline-desktop");
    app.kubectl("kubectl get deployment shop -o wide", "shop:1");
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn an_alert_fires_and_is_over_when_a_connection_is() {
    let app = App::open(Screen::DESKTOP);
    app.paste(CHAIN);
    app.counts("3 pods: 3 ready");
    app.speed("10×");
    app.select("Services");
    app.click("treeitem", "Service data:");
    app.says("20 requests/s to 1 of 1 pod");
    app.act("Break the connection: web → data");
    app.part_says(".answers .subject", "100\u{a0}% fail");
    app.browser.press(&["Escape"]);
    app.part_says(".broken", "web → data");
    app.click("treeitem", "Service web:");
    app.part_says(".answers .subject", "100\u{a0}% fail");
    app.click("tab", "Charts");
    app.part_says(".alerts li[data-open=true]", "the error budget burns too fast");
    app.is_sound();
    app.browser.screenshot("alert-desktop");
    app.browser.press(&["Escape"]);
    app.click("button", "End: Break the connection");
    app.click("treeitem", "Service web:");
    until("the end of the alert", || {
        let open = app.browser.js("return document.querySelectorAll('.alerts li[data-open=true]').length", &[]);
        let all = app.browser.js("return document.querySelectorAll('.alerts li').length", &[]);
        (open == json!(0) && all != json!(0)).then_some(())
    });
    app.part_says(".objective", "promised: 99.9");
    app.fill("textbox", "Promise this share", "95%");
    app.part_says(".objective", "promised: 95");
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn what_a_container_does_is_changed_in_the_inspector() {
    let app = App::open(Screen::DESKTOP);
    app.paste(CHAIN);
    app.counts("3 pods: 3 ready");
    app.select("Services");
    app.click("treeitem", "Service web:");
    app.click("tab", "Load");
    app.says("20 are answered, 0\u{a0}% fail; half within 1.");
    app.click("treeitem", "Deployment data:");
    app.click("tab", "Overview");
    app.click("button", "What the containers do");
    app.fill("textbox", "cpu", "30ms");
    app.fill("textbox", "start", "8s");
    app.is_sound();
    app.browser.screenshot("behaviour-desktop");
    app.click("treeitem", "Service web:");
    app.click("tab", "Load");
    until("slower answers", || {
        let text = app.text();
        let half = text.split("half within ").nth(1)?.split(' ').next()?.parse::<f64>().ok()?;
        (half > 20.0).then_some(())
    });
    app.kubectl("kubectl scale deployment data --replicas=2", "scaled");
    app.counts("4 pods: 4 ready");
    app.click("treeitem", "Deployment data:");
    app.click("tab", "Overview");
    let shown = "return [...document.querySelectorAll('.behaviour label')].find(l => l.textContent === arguments[0])
        .querySelector('input').value";
    for (name, value) in [("cpu", "30ms"), ("term", "0s")] {
        until(&format!("{name} {value}"), || (app.browser.js(shown, &[json!(name)]) == json!(value)).then_some(()));
    }
    app.click("button", "What the containers do");
    app.fill("textbox", "exit", "soon");
    app.says("exit: no, or a time such as 30s");
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn zones_and_machines_fail_by_keyboard_and_by_mouse() {
    let app = App::open(Screen::DESKTOP);
    app.paste(CHAIN);
    app.counts("3 pods: 3 ready");
    app.browser.press(&["o"]);
    app.find("treeitem", "Zone zone-a");
    app.focus_tree();
    app.browser.press(&["Home", "Enter"]);
    app.find("heading", "zone zone-a");
    app.is_sound();
    app.focus_tree();
    app.by_key("Switch off the zone");
    app.part_says(".broken", "Switch off the zone");
    app.speed("10×");
    app.find("treeitem", "Zone zone-a: 1 node, 1 not ready");
    assert!(app.marks("faults") > 0, "a mark on the lane");
    app.is_sound();
    app.browser.screenshot("zone-desktop");
    app.focus_tree();
    app.by_key("End: Switch off the zone");
    until("the zone to come back", || {
        (!app.text_of("#tree").contains("1 not ready") && !app.text().contains("Broken now")).then_some(())
    });
    app.click("treeitem", "node-b");
    app.by_key("Cut the network");
    app.part_says(".broken", "Cut the network");
    app.find("treeitem", "Zone zone-b: 1 node, 1 not ready");
    // The name of a zone stands above its nodes.
    app.click("button", "Outline");
    let width = app.browser.js("return document.querySelector('.picture').clientWidth", &[]);
    let x = width.as_f64().unwrap_or(0.0) * 0.85;
    let chosen = (0..25).map(|step| 50.0 + 4.0 * f64::from(step)).find(|y| {
        app.click_stage(x, *y);
        std::thread::sleep(std::time::Duration::from_millis(150));
        app.text_of(".answers h2") == "zone zone-c"
    });
    assert!(chosen.is_some(), "the title of a zone chooses it");
    app.act("Timed, repeated or by chance …");
    app.fill("combobox", "How often", "30");
    app.find("spinbutton", "How often in all");
    app.click("checkbox", "By chance around that time");
    app.find("combobox", "For how long it comes");
    app.click("checkbox", "Reboot");
    app.is_sound();
    app.browser.screenshot("chaos-form");
    app.click("button", "Let it happen");
    app.browser.press(&["Escape"]);
    app.part_says(".broken", "comes again at");
}
