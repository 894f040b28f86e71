//! The Docker host as a person meets it: a Compose file comes up, containers are stopped and looked into, and one click sets
//! the same project beside Kubernetes.

use crate::driver::{Screen, until};
use crate::page::App;
use serde_json::json;

/// A project with an order, a health check, a published port, a volume, and a program that does not last.
const SHOP: &str = "services:
  db:
    image: redis:7
    volumes: [data:/data]
    healthcheck:
      test: redis-cli ping
      interval: 1s
  web:
    image: nginx:1.27
    ports: ['8080:80']
    depends_on:
      db:
        condition: service_healthy
  worker:
    image: busybox
    command: sh -c 'sleep 2; exit 1'
    restart: always
volumes:
  data:
";

impl App {
    /// Selects something at the Docker host; its lists are open.
    pub(crate) fn select_at_host(&self, row: &str) {
        let shown = "return document.querySelector('.scene').dataset.outline === 'true'";
        if self.screen.width < 600 || self.browser.js(shown, &[]) != json!(true) {
            self.click("button", "Outline");
        }
        self.click("treeitem", row);
        self.sheet("Inspector");
    }
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_compose_file_comes_up_on_a_host_of_its_own() {
    comes_up(Screen::DESKTOP);
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_compose_file_comes_up_on_a_phone() {
    comes_up(Screen::PHONE);
}

fn comes_up(screen: Screen) {
    let app = App::open(screen);
    app.paste(SHOP);
    app.counts("3 containers");
    app.select_at_host("app-web-1 runs");
    app.says("8080→80/tcp");
    app.is_sound();
    app.click("tab", "Why");
    app.says("compose.yaml:8");
    app.says("docker compose up -d");
    app.is_sound();
    app.act("Stop it");
    app.select_at_host("app-web-1 was stopped");
    app.act("Start it");
    app.select_at_host("app-web-1 runs");

    app.select_at_host("app-worker-1");
    until("a restart is counted", || app.text_of(".subject").contains("Restarted").then_some(()));
    app.click("tab", "docker inspect");
    app.says("\"RestartCount\"");
    app.select_at_host("Service web:");
    app.act("One container more");
    app.counts("4 containers");
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn requests_to_the_host_are_set_seen_and_measured() {
    let app = App::open(Screen::DESKTOP);
    app.paste(SHOP);
    app.counts("3 containers");
    app.select_at_host("Service web:");
    app.click("tab", "Load");
    app.click("button", "Send requests here");
    app.find("slider", "web");
    app.find("treeitem", "10 requests/s to 1 of 1 container");
    app.find("treeitem", "Clients send 10 requests/s");
    app.click("treeitem", "app-web-1 runs");
    app.find("heading", "container app-web-1");
    app.click("tab", "Charts");
    until("a curve of its requests", || app.text_of("[data-chart=load]").contains("10/s").then_some(()));
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn the_host_is_walked_by_keyboard() {
    let app = App::open(Screen::DESKTOP);
    app.paste(SHOP);
    app.counts("3 containers");
    // The tree follows the count within a blink.
    app.find("treeitem", "app-db-1 runs");
    app.select_at_host("Docker host");
    app.browser.press(&["ArrowDown", "ArrowDown", "ArrowDown", "Enter"]);
    app.find("heading", "container app-db-1");
    app.browser.press(&["ArrowLeft"]);
    until("the row above is selected", || {
        let name = "return document.activeElement.textContent";
        app.browser.js(name, &[]).as_str().is_some_and(|t| t.contains("Service db")).then_some(())
    });
    app.browser.press(&["a"]);
    app.find("menuitem", "One container more");
    app.is_sound();
    app.browser.press(&["Escape", "d"]);
    app.find("heading", "What differed");
    app.browser.press(&["Control+d"]);
    until("what applying would change", || {
        let inside = "return document.activeElement.closest('#difference') !== null";
        (app.browser.js(inside, &[]) == json!(true)).then_some(())
    });
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn one_click_sets_a_project_beside_kubernetes() {
    let app = App::open(Screen::DESKTOP);
    app.paste(SHOP);
    app.counts("3 containers");
    app.click("button", "Set beside Kubernetes");
    app.find("heading", "What differed");
    until("pods and containers", || {
        let count = app.text_of("#count");
        (count.contains("pods") && count.contains("containers")).then_some(())
    });
    app.says("availability");
    app.is_sound();
    app.click("button", "Deutsch");
    app.find("heading", "Was sich unterschied");
    app.says("Verfügbarkeit");
    app.is_sound();
}
