//! One truth: the same scenario gives the same bytes in the browser and here.

use crate::driver::Screen;
use crate::page::App;
use crate::start::KEEP_WORKERS;
use orchestrion::session::{Command, File, Session, Update, wire};
use serde_json::{Value, json};
use std::path::Path;

/// How far each scenario is played: past every fault, eviction and back-off of the examples. Microseconds.
const TO: u64 = 420_000_000;

/// Posts a command to the page's worker and gives the answer's bytes.
const ASK: &str = r#"
const [number, command] = arguments;
const worker = window.workers.at(-1);
return new Promise(done => {
  const listen = ({ data }) => {
    if (!(data instanceof Uint8Array) || data.length < 5) return;
    if (new DataView(data.buffer).getUint32(0, true) !== number) return;
    worker.removeEventListener("message", listen);
    done(Array.from(data.subarray(4)));
  };
  worker.addEventListener("message", listen);
  const message = new Uint8Array(4 + command.length);
  new DataView(message.buffer).setUint32(0, number, true);
  message.set(command, 4);
  worker.postMessage(message);
});
"#;

/// The files of an example.
fn files(name: &str) -> Vec<File> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/examples").join(name);
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("the example").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let yaml = paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    yaml.map(|path| File {
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        text: std::fs::read_to_string(path).expect("a readable file"),
    })
    .collect()
}

/// Plays the files through any door to a session and gives the trace.
fn trace(files: Vec<File>, ask: &mut dyn FnMut(Command) -> Update) -> String {
    ask(Command::Open { files, seed: 7, log: Vec::new(), at: 0 });
    while ask(Command::Seek { to: TO }).clock.now < TO {}
    ask(Command::Trace).trace.unwrap_or_default()
}

#[test]
#[ignore = "wants dist/ and a browser: ./dev test"]
fn browser_and_native_write_the_same_trace() {
    let app = App::open_with(Screen::DESKTOP, KEEP_WORKERS);
    app.counts("ready");
    app.click("button", "Pause");
    let mut number = 1_u32 << 20;
    for name in ["kill-a-pod", "rolling-update", "broken-image", "nothing-fits", "silent-node", "crash-loop"] {
        let mut session = Session::default();
        let native = trace(files(name), &mut |command| session.command(1, command));
        let there = trace(files(name), &mut |command| {
            number += 1;
            let answer = app.browser.js(ASK, &[json!(number), json!(wire::command(&command))]);
            let bytes: Vec<u8> =
                answer.as_array().into_iter().flatten().filter_map(Value::as_u64).map(|byte| byte as u8).collect();
            wire::read_update(&bytes).expect("an update")
        });
        assert!(native.lines().count() > 50, "{name}: a trace of {} lines", native.lines().count());
        let differs = native.lines().zip(there.lines()).position(|(here, there)| here != there);
        assert_eq!(differs, None, "{name}: the first line that differs");
        assert_eq!(native, there, "{name}");
    }
}
