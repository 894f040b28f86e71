//! The editor's module, loaded as the app loads it.

use crate::driver::{Screen, until};
use crate::page::App;
use serde_json::json;

/// Puts an editor with one diagnostic and two marks into the page, keyboard in it.
const MOUNT: &str = r#"
return import(new URL("vendor/editor.js", document.baseURI)).then(({ mount }) => {
  document.body.innerHTML = "<main><h1>Orchestrion</h1><div id=files style='height:300px'></div></main>";
  window.changes = [];
  window.editor = mount(document.getElementById("files"), {
    doc: "kind: Pod\nspec:\n  replcas: 3\n", label: "web.yaml", onChange: text => window.changes.push(text),
    diagnostics: [{ line: 3, col: 3, error: true, message: "unknown field \"spec.replcas\"" }],
    marks: [{ line: 1, class: "s", title: "simulated" }, { line: 3, class: "r", title: "rejected" }],
  });
  window.editor.focus();
});
"#;

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn writes_marks_and_lets_the_keyboard_out() {
    let app = App::open(Screen::DESKTOP);
    let page = &app.browser;
    page.js(MOUNT, &[]);
    assert_eq!(page.js("return editor.problems()", &[]), json!(1));
    let signs = "return [...document.querySelectorAll('.mark')].map(e => e.textContent).join('')";
    until("both marks", || (page.js(signs, &[]) == json!("●✕")).then_some(()));
    page.press(&["Control+Home"]);
    page.write("# mine\n");
    let text = page.js("return changes.at(-1)", &[]);
    assert!(text.as_str().unwrap_or_default().starts_with("# mine\nkind: Pod"), "{text}");
    assert_eq!(page.js("editor.setDoc('a: 1'); return changes.at(-1)", &[]), text, "the app's own text is no change");

    page.press(&["Control+m", "Tab"]);
    assert_eq!(page.js("return editor.text()", &[]), json!("  a: 1"), "Ctrl+M lets Tab indent");
    page.press(&["Control+m", "Tab"]);
    let inside = "return document.activeElement.closest('.cm-editor') !== null";
    assert_eq!(page.js(inside, &[]), json!(false), "Tab leaves the editor");
    app.is_sound();
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn undo_keeps_to_the_file_in_front() {
    let app = App::open(Screen::DESKTOP);
    let page = &app.browser;
    page.js(MOUNT, &[]);
    let text = || page.js("return editor.text()", &[]);
    page.js("editor.setDoc('kind: Service', 'other.yaml'); editor.setLabel('other.yaml')", &[]);
    let label = "return document.querySelector('.cm-content').getAttribute('aria-label')";
    assert_eq!(page.js(label, &[]), json!("other.yaml"));
    page.press(&["Control+Home"]);
    page.write("# mine ");
    page.press(&["Control+z", "Control+z", "Control+z"]);
    assert_eq!(text(), json!("kind: Service"), "undo takes back what was typed here, and nothing else");
    page.write("# b ");
    page.js("editor.setDoc(editor.text(), 'third.yaml')", &[]);
    let before = text();
    page.press(&["Control+z"]);
    assert_eq!(text(), before, "a file of the same text has a history of its own as well");
    app.is_sound();
}
