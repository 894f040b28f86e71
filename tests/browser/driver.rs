//! One real browser, driven over the WebDriver protocol with nothing but sockets. Every wait has an end and says what it
//! waited for.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a page may take for anything before a test fails: generous, for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(40);
/// How often a wait looks again.
const PAUSE: Duration = Duration::from_millis(40);

/// What kind of person sits before the screen.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Width in CSS pixels.
    pub width: u32,
    /// Height in CSS pixels.
    pub height: u32,
    /// A touch screen with a phone's viewport.
    pub phone: bool,
    /// Prefers dark colours.
    pub dark: bool,
    /// Prefers reduced motion.
    pub calm: bool,
}

impl Screen {
    /// A laptop.
    pub const DESKTOP: Self = Self { width: 1440, height: 900, phone: false, dark: false, calm: false };
    /// A phone held upright.
    pub const PHONE: Self = Self { width: 390, height: 844, phone: true, dark: false, calm: false };
}

/// A browser session; dropping it ends the browser and its driver.
pub struct Browser {
    driver: Child,
    port: u16,
    id: String,
}

impl Browser {
    /// Starts a browser with this screen.
    pub fn start(screen: Screen) -> Self {
        let exe = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".into());
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let driver = Command::new(&exe)
            .arg(format!("--port={}", free.port()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{exe}: {error}; `./dev test` installs it"));
        let mut browser = Self { driver, port: free.port(), id: String::new() };
        until("the driver's first answer", || TcpStream::connect(("127.0.0.1", free.port())).ok());
        let size = format!("--window-size={},{}", screen.width, screen.height);
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--lang=en-US",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--force-color-profile=srgb", size ] } } } });
        let session = browser.http("POST", "/session", &capabilities).expect("a session");
        browser.id = session["sessionId"].as_str().expect("a session's id").into();
        browser.emulate(screen);
        browser
    }

    /// Changes the screen of a running session.
    pub fn emulate(&self, screen: Screen) {
        let Screen { width, height, phone, dark, calm } = screen;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics);
        self.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": phone }));
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" } },
            { "name": "prefers-reduced-motion", "value": if calm { "reduce" } else { "no-preference" } } ] });
        self.devtools("Emulation.setEmulatedMedia", features);
    }

    /// A command of the browser's own developer protocol.
    pub fn devtools(&self, command: &str, params: Value) -> Value {
        let body = json!({ "cmd": command, "params": params });
        self.call("/goog/cdp/execute", &body).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Goes to an address.
    pub fn open(&self, url: &str) {
        self.call("/url", &json!({ "url": url })).expect("the page opens");
    }

    /// Runs a function body in the page; `return` gives the value (a promise is awaited), `arguments` are the arguments.
    pub fn js(&self, body: &str, arguments: &[Value]) -> Value {
        self.try_js(body, arguments).unwrap_or_else(|error| panic!("{error}\nin: {body}"))
    }

    /// The same where failing is an answer.
    pub fn try_js(&self, body: &str, arguments: &[Value]) -> Result<Value, Value> {
        self.call("/execute/sync", &json!({ "script": body, "args": arguments }))
    }

    /// A real click on an element that [`Self::js`] handed out.
    pub fn click_element(&self, element: &Value) -> Result<Value, Value> {
        let id = element.as_object().and_then(|object| object.values().next()?.as_str()).unwrap_or_default();
        self.call(&format!("/element/{id}/click"), &json!({}))
    }

    /// Chooses a file in a file field that [`Self::js`] handed out.
    pub fn upload(&self, element: &Value, file: &std::path::Path) {
        let id = element.as_object().and_then(|object| object.values().next()?.as_str()).unwrap_or_default();
        self.call(&format!("/element/{id}/value"), &json!({ "text": file.to_string_lossy() })).expect("the file");
    }

    /// Presses keys as a person does, one after another, to whatever has the focus: `Tab`, `Shift+Tab`, `Control+k`, `a`.
    pub fn press(&self, keys: &[&str]) {
        for chord in keys {
            let parts: Vec<String> = match *chord {
                "+" => vec!["+".into()],
                chord => chord.split('+').map(key).collect(),
            };
            let down = parts.iter().map(|key| json!({ "type": "keyDown", "value": key }));
            let up = parts.iter().rev().map(|key| json!({ "type": "keyUp", "value": key }));
            let actions: Vec<Value> = down.chain(up).collect();
            let body = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
            self.call("/actions", &body).expect("keys");
        }
    }

    /// Types text, a key at a time.
    pub fn write(&self, text: &str) {
        let tap = |c: char| {
            let value = if c == '\n' { "\u{e007}".to_string() } else { c.to_string() };
            [json!({ "type": "keyDown", "value": value }), json!({ "type": "keyUp", "value": value })]
        };
        let actions: Vec<Value> = text.chars().flat_map(tap).collect();
        let body = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        self.call("/actions", &body).expect("keys");
    }

    /// Into a frame by its index, or back out to the page.
    pub fn frame(&self, index: Option<u16>) {
        self.call("/frame", &json!({ "id": index })).expect("the frame");
    }

    /// Loads the page again.
    pub fn reload(&self) {
        self.call("/refresh", &json!({})).expect("the page loads again");
    }

    /// Saves what is seen as `target/screens/NAME.png`.
    pub fn screenshot(&self, name: &str) {
        let picture = self.http("GET", &format!("/session/{}/screenshot", self.id), &Value::Null).expect("a picture");
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screens");
        std::fs::create_dir_all(&folder).expect("target/screens");
        let bytes = from_base64(picture.as_str().unwrap_or_default());
        std::fs::write(folder.join(format!("{name}.png")), bytes).expect("the picture is written");
    }

    /// The errors of the page's console since the last call.
    pub fn console_errors(&self) -> Vec<String> {
        let log = self.call("/se/log", &json!({ "type": "browser" })).unwrap_or_default();
        let lines = log.as_array().cloned().unwrap_or_default();
        let severe = lines.iter().filter(|line| line["level"] == "SEVERE");
        severe.map(|line| line["message"].as_str().unwrap_or_default().to_string()).collect()
    }

    fn call(&self, path: &str, body: &Value) -> Result<Value, Value> {
        self.http("POST", &format!("/session/{}{path}", self.id), body)
    }

    fn http(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let (port, size) = (self.port, body.len());
        let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| json!(error.to_string()))?;
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a time limit");
        let head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n");
        write!(stream, "{head}Content-Length: {size}\r\nConnection: close\r\n\r\n{body}").expect("the request is sent");
        let mut reader = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        while reader.read_line(&mut line).map_err(|error| json!(error.to_string()))? > 2 {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse::<usize>().unwrap_or_default();
            }
            line.clear();
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer).map_err(|error| json!(error.to_string()))?;
        let mut answer: Value = serde_json::from_slice(&answer).map_err(|error| json!(error.to_string()))?;
        let value = answer["value"].take();
        if value.get("error").is_some() { Err(value) } else { Ok(value) }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.id.is_empty() {
            let _ = self.http("DELETE", &format!("/session/{}", self.id), &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Asks again and again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(PAUSE);
    }
}

/// The protocol's code of a key.
fn key(name: &str) -> String {
    let code = match name {
        "Backspace" => '\u{e003}',
        "Tab" => '\u{e004}',
        "Enter" => '\u{e007}',
        "Shift" => '\u{e008}',
        "Control" => '\u{e009}',
        "Alt" => '\u{e00a}',
        "Escape" => '\u{e00c}',
        "Space" => ' ',
        "PageUp" => '\u{e00e}',
        "PageDown" => '\u{e00f}',
        "End" => '\u{e010}',
        "Home" => '\u{e011}',
        "ArrowLeft" => '\u{e012}',
        "ArrowUp" => '\u{e013}',
        "ArrowRight" => '\u{e014}',
        "ArrowDown" => '\u{e015}',
        "Delete" => '\u{e017}',
        "F6" => '\u{e036}',
        "F10" => '\u{e03a}',
        other => return other.to_string(),
    };
    code.to_string()
}

fn from_base64(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u8> = text.bytes().filter_map(digit).collect();
    let mut out = Vec::with_capacity(digits.len() * 3 / 4);
    for four in digits.chunks(4) {
        let number = four.iter().fold(0_u32, |sum, d| sum << 6 | u32::from(*d)) << (6 * (4 - four.len()));
        out.extend_from_slice(&number.to_be_bytes()[1..four.len()]);
    }
    out
}
