//! What the page does when something comes in between: an act during a seek, a dialog above the keys, an engine that does not
//! start, a page between phone and desk.

use crate::driver::{Screen, until};
use crate::page::App;
use crate::start::KEEP_WORKERS;
use crate::story::WEB;
use serde_json::json;

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn an_act_ends_a_long_seek_and_the_run_goes_on() {
    let app = App::open(Screen::DESKTOP);
    app.paste(WEB);
    app.counts("3 pods: 3 ready");
    app.type_time("9000:00:00");
    app.kubectl("kubectl scale deployment/web --replicas=4", "scaled");
    app.counts("4 pods: 4 ready");
    until("no seek any more", || (!app.text().contains("Seeking")).then_some(()));
    app.is_sound();
}

/// A page that cannot start workers, until [`ALLOW_WORKERS`].
const NO_WORKERS: &str =
    "window.Real = Worker; window.Worker = class { constructor() { throw new Error('no workers here') } }";
const ALLOW_WORKERS: &str = "window.Worker = window.Real";

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn an_engine_that_does_not_start_is_said_and_tried_again() {
    let app = App::open_with(Screen::DESKTOP, NO_WORKERS);
    app.says("no new one could start");
    assert!(!app.text().contains("Restored"));
    app.find("button", "Play");
    app.browser.js(ALLOW_WORKERS, &[]);
    app.click("button", "Try again");
    app.says("Restored to 00:00");
    app.click("button", "Play");
    app.counts("3 ready");
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn keys_reach_the_editor_and_keep_out_of_dialogs() {
    let app = App::open(Screen::DESKTOP);
    let within = |css: &str| {
        let inside = "return document.activeElement.closest(arguments[0]) !== null";
        app.browser.js(inside, &[json!(css)]) == json!(true)
    };
    app.counts("3 ready");
    app.click("tab", "Files");
    until("the editor", || {
        app.browser.js("return document.querySelector('.cm-content')", &[]).is_object().then_some(())
    });
    app.browser.js("document.getElementById('head').focus()", &[]);
    app.browser.press(&["F6"]);
    assert!(within(".cm-editor"), "F6 goes from the head to the text");
    app.browser.press(&["F6"]);
    assert!(within("#stage"), "and on to the stage");

    app.browser.press(&["Control+k"]);
    app.find("dialog", "Find");
    // Not a real press: what the page leaves alone takes the browser to its own toolbar, and the next keys with it.
    let f6 = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'F6', bubbles: true }))";
    app.browser.js(f6, &[]);
    assert!(within("dialog"), "F6 keeps out of a dialog");
    app.browser.write("terminal\n");
    until("a command of the list moves the focus", || within("#terminal-line").then_some(()));

    app.click("button", "Rename this file");
    until("the field has the focus", || within("#new-name").then_some(()));
    app.browser.write("x");
    app.browser.press(&["Escape"]);
    until("the button has it back", || within("#rename").then_some(()));
    assert!(app.look("tab", "web.yaml").is_some(), "Escape renames nothing");
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_small_tablet_has_a_tab_for_lanes_and_marks() {
    let app = App::open(Screen { width: 720, height: 1000, ..Screen::DESKTOP });
    app.counts("3 ready");
    app.click("button", "Time");
    app.find("combobox", "Jump to a mark");
    let seen = "return document.querySelector('.lanes').checkVisibility()";
    assert_eq!(app.browser.js(seen, &[]), json!(true));
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn a_phone_has_a_rollouts_line_below_the_picture() {
    let app = App::open(Screen::PHONE);
    app.paste(WEB);
    app.counts("3 pods: 3 ready");
    let below = "const card = document.querySelector('.cards').getBoundingClientRect(),
        picture = document.querySelector('.picture').getBoundingClientRect();
        return [card.height > 0, card.left >= 0 && card.right <= innerWidth, card.bottom <= picture.bottom + 1]";
    app.kubectl("kubectl set image deployment/web nginx=nginx:does-not-exist", "image updated");
    until("the rollout's line", || {
        let shown = app.browser.js(below, &[]);
        (shown == json!([true, true, true])).then_some(())
    });
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn large_letters_get_the_layout_of_a_smaller_page() {
    let app = App::open(Screen::DESKTOP);
    app.counts("3 ready");
    app.browser.js("document.documentElement.style.fontSize = '32px'", &[]);
    until("the tabs of a small page", || app.look("button", "Time").map(|_| ()));
    let wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth + 1";
    assert_eq!(app.browser.js(wide, &[]), json!(false), "nothing sticks out at the side");
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn an_engine_that_does_not_answer_is_said() {
    let app = App::open_with(Screen::DESKTOP, KEEP_WORKERS);
    app.counts("3 ready");
    app.browser.js("window.workers[0].terminate()", &[]);
    app.says("The engine does not answer");
    app.says("Restored to");
    app.is_sound();
}
