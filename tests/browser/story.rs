//! A person's whole visit: files come alive, are scaled, rolled out, hurt, healed, rewound, forked and explained.

use crate::driver::{Screen, until};
use crate::page::App;
use crate::start::KEEP_WORKERS;
use serde_json::json;

/// Three pods without a plan: nothing happens but what the tests do.
pub const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: nginx
        image: nginx:1.27
";

impl App {
    /// Whether one sheet shows at a time, chosen at the bottom.
    fn narrow(&self) -> bool {
        self.screen.width < 600
    }

    /// Brings a part into view where not all are.
    pub fn sheet(&self, name: &str) {
        if self.narrow() {
            self.click("button", name);
        }
    }

    /// Selects a row of the outline and shows what is known of it.
    pub fn select(&self, row: &str) {
        let shown = "return document.querySelector('.scene').dataset.outline === 'true'";
        if self.narrow() || self.browser.js(shown, &[]) != json!(true) {
            self.click("button", "Outline");
        }
        self.click("treeitem", row);
        self.sheet("Inspector");
    }

    /// Opens these files by pasting them.
    pub fn paste(&self, text: &str) {
        self.sheet("Files");
        self.click("button", if self.narrow() { "Paste text" } else { "Open" });
        let field = self.find("textbox", "Or paste Kubernetes YAML here");
        // set as a paste sets it: at once, with the event that a paste makes
        let set = "const [e, text] = arguments; e.value = text; e.dispatchEvent(new Event('input', { bubbles: true }))";
        self.browser.js(set, &[field, json!(text)]);
        self.click("button", "Run it");
    }

    /// Waits until the line above the stage says this.
    pub fn counts(&self, words: &str) {
        until(&format!("the count \"{words}\", not \"{}\"", self.text_of("#count")), || {
            self.text_of("#count").contains(words).then_some(())
        });
    }

    /// Types a line into the terminal and waits for these words in its output.
    pub fn kubectl(&self, line: &str, answer: &str) {
        self.sheet("Terminal");
        if self.look("textbox", "Command line").is_none() {
            self.click("button", "Terminal");
        }
        self.click("textbox", "Command line");
        self.browser.write(&format!("{line}\n"));
        until(&format!("`{line}` answers {answer}"), || self.text_of(".output").contains(answer).then_some(()));
    }

    /// Goes to a moment by typing it into the clock.
    pub fn type_time(&self, time: &str) {
        self.click("textbox", "Moment; type");
        self.browser.press(&["Control+a"]);
        self.browser.write(&format!("{time}\n"));
    }

    /// Chooses how fast the run goes, by what the list says.
    pub fn speed(&self, words: &str) {
        let choose = "const [select, words] = arguments;
            select.value = [...select.options].find(o => o.textContent.trim() === words).value;
            select.dispatchEvent(new Event('change', { bubbles: true }))";
        let select = self.find("combobox", "Speed");
        self.browser.js(choose, &[select, json!(words)]);
    }

    /// An action of the menu of whatever is selected.
    pub fn act(&self, action: &str) {
        self.click("button", "Actions");
        self.click("menuitem", action);
    }

    /// The names of all pods in the outline.
    pub fn pods(&self) -> Vec<String> {
        if self.narrow() {
            self.click("button", "Outline");
        }
        let names = "return [...document.querySelectorAll('[role=treeitem]')].map(e => e.textContent.match(/web-[a-z0-9]+-[a-z0-9]+/)?.[0]).filter(n => n)";
        let found = self.browser.js(names, &[]);
        let mut names: Vec<String> =
            found.as_array().into_iter().flatten().filter_map(|n| Some(n.as_str()?.to_string())).collect();
        names.sort();
        names.dedup();
        names
    }
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_deployment_lives_through_everything() {
    lives_through_everything(Screen::DESKTOP);
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_deployment_lives_through_everything_on_a_phone() {
    lives_through_everything(Screen::PHONE);
}

fn lives_through_everything(screen: Screen) {
    let app = App::open(screen);
    app.paste(WEB);
    app.counts("3 pods: 3 ready");
    if !app.narrow() {
        app.click("button", "Outline");
    }

    app.select("Deployment web");
    app.act("One replica more");
    app.counts("4 pods: 4 ready");

    app.kubectl("kubectl set image deployment/web nginx=nginx:1.28", "image updated");
    app.speed("10×");
    app.kubectl("kubectl rollout status deployment/web", "successfully rolled out");
    app.counts("4 pods: 4 ready");

    let before = app.pods();
    app.select(&before[0]);
    app.act("Delete this pod");
    until("another pod in its place", || {
        let now = app.pods();
        (now.len() == 4 && !now.contains(&before[0])).then_some(())
    });

    app.select("node-a:");
    app.act("Stop the machine");
    app.speed("100×");
    app.sheet("Outline");
    app.find("treeitem", "node-a: NotReady");
    until("no pod of the silent node counts any more", || {
        let count = app.text_of("#count");
        count.contains("4 ready").then_some(())
    });
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn the_past_can_be_seen_and_changed() {
    sees_and_changes_the_past(Screen::DESKTOP);
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn the_past_can_be_seen_and_changed_on_a_phone() {
    sees_and_changes_the_past(Screen::PHONE);
}

fn sees_and_changes_the_past(screen: Screen) {
    let app = App::open(screen);
    app.paste(WEB);
    app.counts("3 pods: 3 ready");
    app.click("button", "Pause");
    if app.narrow() {
        app.type_time("0:00");
    } else {
        app.click("button", "To the start");
        app.says("Replay");
    }
    app.says("Viewing 00:00");
    app.counts("0 ready");
    app.click("button", "Next event");
    if app.narrow() {
        app.type_time("0:01");
    } else {
        app.click("button", "One second on");
    }
    app.select("Deployment web");
    app.act("One replica more");
    app.says("New branch B");
    app.click("button", "Play");
    app.counts("4 pods: 4 ready");
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn every_change_tells_why_down_to_the_line() {
    tells_why(Screen::DESKTOP);
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn every_change_tells_why_on_a_phone() {
    tells_why(Screen::PHONE);
}

fn tells_why(screen: Screen) {
    let app = App::open(screen);
    app.paste(WEB);
    app.counts("3 pods: 3 ready");
    if !app.narrow() {
        app.click("button", "Outline");
    }
    app.select(&app.pods()[0]);
    app.click("tab", "Why");
    app.says("pasted.yaml:9");
    app.is_sound();
    app.click("tab", "Placement");
    app.says("NodeResourcesFit");
    app.is_sound();
    app.click("tab", "Events");
    app.says("Scheduled");
    app.is_sound();
    app.click("tab", "YAML");
    app.says("ownerReferences");
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn speaks_german_in_the_dark() {
    speaks_german(Screen { dark: true, calm: true, ..Screen::DESKTOP });
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn speaks_german_on_a_phone() {
    speaks_german(Screen { dark: true, calm: true, ..Screen::PHONE });
}

fn speaks_german(screen: Screen) {
    let app = App::open(screen);
    app.counts("3 ready");
    app.click("button", "Deutsch");
    app.counts("bereit");
    app.find("button", "Gliederung");
    app.sheet("Terminal");
    if app.look("textbox", "Befehlszeile").is_none() {
        app.click("button", "Terminal");
    }
    app.click("textbox", "Befehlszeile");
    app.browser.write("kubectl explain pods\n");
    app.says("Was man dazu schreiben kann");
    assert_eq!(app.browser.js("return document.documentElement.lang", &[]), json!("de"));
    app.is_sound();
    app.browser.reload();
    app.counts("3 bereit");
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_dead_engine_comes_back_to_the_same_moment() {
    let app = App::open_with(Screen::DESKTOP, KEEP_WORKERS);
    app.paste(WEB);
    app.counts("3 pods: 3 ready");
    app.kubectl("kubectl scale deployment/web --replicas=5", "scaled");
    app.counts("5 pods: 5 ready");
    let names = app.pods();
    app.browser.js("workers.at(-1).terminate()", &[]);
    until("a second worker", || app.browser.js("return workers.length", &[]).as_u64().filter(|n| *n == 2));
    app.says("Restored to");
    app.counts("5 pods: 5 ready");
    assert_eq!(app.pods(), names);
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn examples_and_files_are_applied() {
    let app = App::open(Screen::DESKTOP);
    app.click("tab", "Examples");
    app.click("button", "A rolling update");
    app.speed("30×");
    app.kubectl("kubectl rollout history deployment/web", "REVISION");
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn the_keyboard_alone_is_enough() {
    keyboard_is_enough(Screen::DESKTOP);
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn the_keyboard_alone_is_enough_on_a_phone() {
    keyboard_is_enough(Screen::PHONE);
}

fn keyboard_is_enough(screen: Screen) {
    let app = App::open(screen);
    let keys = |keys: &[&str]| app.browser.press(keys);
    app.counts("3 ready");
    keys(&["Control+o"]);
    app.find("textbox", "Or paste Kubernetes YAML here");
    keys(&["Escape"]);
    app.says("Kill a pod");

    keys(&["t"]);
    let at_line = "return document.activeElement.id === 'terminal-line'";
    until("the terminal's line", || (app.browser.js(at_line, &[]) == json!(true)).then_some(()));
    app.browser.write("kubectl create deployment api --image=redis --replicas=2\n");
    app.counts("5 pods: 5 ready");
    keys(&["Escape", "Tab"]);
    assert_eq!(app.browser.js(at_line, &[]), json!(false), "Esc then Tab leaves the terminal");

    keys(&["o"]);
    let focus = "document.querySelector('[role=treeitem][tabindex=\"0\"]').focus()";
    app.find("treeitem", "Zone zone-a");
    // On a busy machine the page can still move the focus to what it has just shown; a person would go back to the row.
    until("a selected row", || {
        app.browser.js(focus, &[]);
        keys(&["Home", "ArrowDown", "ArrowDown", "Enter"]);
        std::thread::sleep(std::time::Duration::from_millis(300));
        app.look("tab", "Why")
    });
    let name = app.text_of(".answers h2");
    keys(&["w"]);
    app.says("Why is");
    keys(&["Delete"]);
    until("the pod to go", || (!app.text_of("#tree").contains(&name)).then_some(()));
    app.counts("5 pods: 5 ready");

    keys(&["k"]);
    app.find("button", "Play");
    keys(&["j", ","]);
    app.says("Viewing");
    keys(&["r"]);
    keys(&["h"]);
    app.find("heading", "Keys and settings");
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_phone_shows_and_does_the_same() {
    let app = App::open(Screen::PHONE);
    app.counts("3 ready");
    let wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth + 1";
    assert_eq!(app.browser.js(wide, &[]), json!(false), "nothing sticks out at the side");
    app.is_sound();
    app.click("button", "Outline");
    app.click("treeitem", "Deployment web");
    app.click("button", "Inspector");
    app.act("One replica more");
    app.counts("4 pods: 4 ready");
    app.click("button", "Outline");
    // One of them is killed after five seconds, and the one chosen here must stay.
    until("the kill is over", || {
        let moment = app.look("textbox", "Moment; type")?;
        let shown = app.browser.js("return arguments[0].value", &[moment]);
        (shown.as_str()? >= "00:09").then_some(())
    });
    app.counts("4 pods: 4 ready");
    app.click("treeitem", &app.pods()[0]);
    app.click("button", "Inspector");
    app.click("tab", "Why");
    app.says("web.yaml:");
    app.is_sound();
    app.click("button", "Time");
    app.browser.screenshot("phone");
    app.is_sound();
}
