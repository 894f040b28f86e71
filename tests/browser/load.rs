//! Load, faults and charts: a trainer drags a slider, breaks things from menus and by keyboard, and reads what came of it.

use crate::driver::{Screen, until};
use crate::page::App;
use crate::story::WEB;
use serde_json::{Value, json};

/// The same pods, with a probe and limits, behind a Service.
fn shop() -> String {
    format!(
        "{WEB}        readinessProbe: {{httpGet: {{path: /, port: 80}}, periodSeconds: 5}}
        resources:
          requests: {{cpu: 100m, memory: 64Mi}}
          limits: {{cpu: 200m, memory: 128Mi}}
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {{app: web}}
  ports:
  - port: 80
"
    )
}

/// Remembers the names of files that are handed out instead of saving them.
const CATCH_FILES: &str =
    "window.saved = []; HTMLAnchorElement.prototype.click = function () { saved.push(this.download) }";

impl App {
    /// The Service's inspector, at its Load tab.
    fn load_tab(&self) {
        self.click("button", "Outline");
        self.click("treeitem", "Services");
        self.click("treeitem", "Service web:");
        self.click("tab", "Load");
    }

    /// A shop under a load of ten requests a second.
    fn shop(screen: Screen) -> Self {
        let app = App::open(screen);
        app.paste(&shop());
        app.counts("3 pods: 3 ready");
        app
    }

    /// Puts a value into a field as a person does who leaves it then.
    pub fn fill(&self, role: &str, name: &str, value: &str) {
        let set = "const [e, value] = arguments; e.value = value;
            e.dispatchEvent(new Event('input', { bubbles: true })); e.dispatchEvent(new Event('change', { bubbles: true }))";
        let field = self.find(role, name);
        self.browser.js(set, &[field, json!(value)]);
    }

    /// Clicks the middle of the stage with the right button.
    fn right_click(&self) {
        let place = "const r = document.querySelector('.picture').getBoundingClientRect();
            return [r.left + r.width / 2, r.top + r.height - 40]";
        let place = self.browser.js(place, &[]);
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "right", "clickCount": 1 });
            self.browser.devtools("Input.dispatchMouseEvent", event);
        }
    }

    /// How many marks a lane of the time bar has.
    pub fn marks(&self, lane: &str) -> u64 {
        let count = "return document.querySelectorAll(`[data-lane=${arguments[0]}] .mark`).length";
        self.browser.js(count, &[json!(lane)]).as_u64().unwrap_or(0)
    }
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_load_is_dragged_typed_and_shaped() {
    let app = App::shop(Screen::DESKTOP);
    app.load_tab();
    app.click("button", "Send requests here");
    app.says("10 requests/s to 3 of 3 pods");
    let slider = app.find("slider", "Load on Service web");
    app.browser.js("arguments[0].focus()", &[slider]);
    app.browser.press(&["ArrowRight", "ArrowRight"]);
    app.says("15 requests/s to 3 of 3 pods");
    app.fill("spinbutton", "Load on Service web as a number", "42");
    app.says("42 requests/s to 3 of 3 pods");
    app.says("Where requests end");
    app.is_sound();
    app.fill("combobox", "Shape", "ramp");
    app.find("spinbutton", "Lasts, s");
    app.says("ramp");
    app.click("button", "Traffic");
    app.is_sound();
    app.browser.screenshot("load-desktop");
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_recorded_load_is_played() {
    let app = App::shop(Screen::DESKTOP);
    app.load_tab();
    app.click("button", "Send requests here");
    app.says("10 requests/s to 3 of 3 pods");
    let folder = std::env::temp_dir().join(format!("orchestrion-loads-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let choose = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("a file");
        let field = app.browser.js("return document.querySelector('.recording input')", &[]);
        app.browser.upload(&field, &folder.join(name));
    };
    choose("broken.csv", "0,5\nten,7\n");
    app.says("broken.csv, line 2: seconds and requests per second are expected");
    app.says("10 requests/s to 3 of 3 pods");
    choose("monday.csv", "Sekunden;Anfragen\n0;23,5\n600;23,5\n");
    app.says("10 min recorded, up to 23.5 requests/s");
    app.says("requests/s to 3 of 3 pods");
    until("the recorded rate", || app.text_of("#tree").contains("23.5 requests/s to 3 of 3").then_some(()));
    app.is_sound();
    app.browser.screenshot("recorded-load");
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn faults_come_from_menus_keys_and_a_form() {
    let app = App::shop(Screen::DESKTOP);
    app.click("button", "Outline");
    app.click("treeitem", &app.pods()[0]);
    app.browser.press(&["a"]);
    let focused = |words: &str| {
        until(&format!("the focus on {words}"), || {
            let text = app.browser.js("return document.activeElement.textContent", &[]);
            text.as_str().is_some_and(|t| t.contains(words)).then_some(())
        });
    };
    focused("Delete this pod");
    app.browser.press(&["End"]);
    focused("Timed, repeated or by chance");
    app.is_sound();
    app.browser.press(&["Escape"]);
    focused("Actions");
    app.act("Fail the readiness probe");
    app.counts("2 ready");
    app.says("Broken now");
    app.is_sound();
    app.browser.screenshot("fault-desktop");
    assert!(app.marks("faults") > 0, "a mark on the lane");
    app.click("button", "End: Fail the readiness probe");
    app.counts("3 pods: 3 ready");

    app.act("Timed, repeated or by chance …");
    app.fill("combobox", "How long", "10");
    app.is_sound();
    app.click("button", "Let it happen");
    app.says("Broken now");
    until("the end of a timed fault", || (!app.text().contains("Broken now")).then_some(()));

    app.right_click();
    app.find("menuitem", "Stop the scheduler");
    app.is_sound();
    app.browser.press(&["Escape"]);
    until("a closed menu", || app.look("menuitem", "Stop the scheduler").is_none().then_some(()));
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn charts_are_drawn_said_and_taken_away() {
    let app = App::shop(Screen::DESKTOP);
    app.browser.js(CATCH_FILES, &[]);
    app.load_tab();
    app.click("button", "Send requests here");
    app.says("10 requests/s to 3 of 3 pods");
    app.speed("10×");
    app.click("tab", "Charts");
    app.find("img", "Requests at");
    app.find("combobox", "Chart");
    until("the error budget", || app.text().contains("of all requests were answered").then_some(()));
    let open = "document.querySelector('.charts details summary').click()";
    app.browser.js(open, &[]);
    until("a table", || {
        let rows = app.browser.js("return document.querySelectorAll('.charts table tbody tr').length", &[]);
        rows.as_u64().filter(|n| *n > 3)
    });
    app.is_sound();
    app.click("button", "Save as CSV");
    app.click("button", "Save as PNG");
    assert_eq!(app.browser.js("return saved", &[]), json!(["web.csv", "web.png"]));
    app.browser.screenshot("charts-desktop");
    app.fill("combobox", "Chart", "replicas");
    until("the chosen chart", || app.text_of(".lane.chart .curves").contains("wanted").then_some(()));
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_phone_has_the_load_too() {
    let app = App::shop(Screen::PHONE);
    app.click("button", "Outline");
    app.click("treeitem", "Services");
    app.click("treeitem", "Service web:");
    app.click("button", "Inspector");
    app.click("tab", "Load");
    app.click("button", "Send requests here");
    app.says("10 requests/s to 3 of 3 pods");
    let wide = app.browser.js("return document.documentElement.scrollWidth", &[]);
    assert_eq!(wide, Value::from(390), "no sideways scrolling");
    app.is_sound();
    app.browser.screenshot("load-phone");
}
