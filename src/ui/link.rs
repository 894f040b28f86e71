//! The page's end of the link to the worker that owns the engine.
//!
//! The worker is a *classic* one, made from a blob that imports this page's own glue: the only way found that also works
//! in sandboxed frames and from any sub-path (`docs/decisions/0001-worker.md`). It gets the module that is compiled
//! already, so nothing is fetched or compiled twice.

use gloo_timers::callback::Interval;
use js_sys::{Array, JsString, Uint8Array};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, BlobPropertyBag, ErrorEvent, MessageEvent, Url, Worker};
use yew::Callback;

#[wasm_bindgen]
extern "C" {
    type ImportMeta;
    #[wasm_bindgen(method, getter)]
    fn url(this: &ImportMeta) -> JsString;
    #[wasm_bindgen(thread_local_v2, js_namespace = import, js_name = meta)]
    static IMPORT_META: ImportMeta;
}

/// How often the page asks the worker for a sign of life. Ours: seldom enough to cost nothing.
const BEAT_MS: u32 = 2_000;
/// Beats without any message before the worker counts as dead. Ours: the engine answers between slices of its work, far
/// more often than this; beats are counted, not seconds, because a sleeping page's clock goes on.
const BEATS_LOST_MAX: u32 = 10;
/// Beats without any message before the page says that no answer comes. Ours: some seconds, more than any slice of work.
const BEATS_SILENT: u32 = 2;
/// [`BEATS_LOST_MAX`] while the worker has not started yet. Ours: a slow phone compiles for some seconds.
const BEATS_STARTING_MAX: u32 = 30;
/// Deaths in a row, without an answer in between, before the page gives up. Ours: a state that kills its worker at once
/// would kill every next one.
const DEATHS_MAX: u32 = 3;

/// The engine, seen from the page: commands go in, updates come out through the callback given to [`Engine::spawn`].
#[derive(Clone)]
pub struct Engine(Rc<Link>);

impl PartialEq for Engine {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// The end of a worker.
#[derive(Clone, Debug)]
pub struct Death {
    /// Its last words.
    pub why: String,
    /// Whether a new, empty one stands in its place.
    pub replaced: bool,
}

struct Link {
    line: RefCell<Line>,
    on_update: Callback<Vec<u8>>,
    on_crash: Callback<Death>,
    on_silence: Callback<bool>,
    beat: RefCell<Option<Interval>>,
}

#[derive(Default)]
struct Line {
    worker: Option<Worker>,
    handlers: Vec<Handler>,
    ready: bool,
    queue: Vec<Uint8Array>,
    next: u32,
    beats_lost: u32,
    deaths: u32,
}

enum Handler {
    Message(#[expect(dead_code, reason = "kept alive for the worker")] Closure<dyn FnMut(MessageEvent)>),
    Error(#[expect(dead_code, reason = "kept alive for the worker")] Closure<dyn FnMut(ErrorEvent)>),
}

impl Engine {
    /// Starts the worker. `on_update` gets every answer; `on_crash` is told of a dead worker *after* a new, empty one
    /// stands ready, if one does: whoever owns the input log sends it again; `on_silence` when the worker has not answered for
    /// some seconds, and when it does again.
    pub fn spawn(on_update: Callback<Vec<u8>>, on_crash: Callback<Death>, on_silence: Callback<bool>) -> Self {
        let (line, beat) = (RefCell::default(), RefCell::default());
        let link = Rc::new(Link { line, on_update, on_crash, on_silence, beat });
        if let Err(why) = link.clone().start() {
            link.clone().tell(why, false);
        }
        let beating = Rc::downgrade(&link);
        *link.beat.borrow_mut() = Some(Interval::new(BEAT_MS, move || {
            if let Some(link) = beating.upgrade() {
                link.beat();
            }
        }));
        Self(link)
    }

    /// Starts a worker where none stands; whether there is one then.
    pub fn revive(&self) -> bool {
        if self.0.line.borrow().worker.is_some() {
            return true;
        }
        self.0.line.borrow_mut().deaths = 0;
        self.0.clone().start().is_ok()
    }

    /// Sends a command and hands out its number, which the answer will name. Commands sent before the worker is up wait
    /// in order; where none stands they are lost. The bytes must not be empty.
    pub fn send(&self, bytes: Vec<u8>) -> u32 {
        debug_assert!(!bytes.is_empty(), "no bytes are the question whether the worker is alive");
        self.0.line.borrow_mut().send(&bytes)
    }
}

impl Line {
    fn send(&mut self, bytes: &[u8]) -> u32 {
        let number = self.next;
        let message = Uint8Array::new_with_length(4 + bytes.len() as u32);
        message.subarray(0, 4).copy_from(&number.to_le_bytes());
        message.subarray(4, 4 + bytes.len() as u32).copy_from(bytes);
        self.next = number.wrapping_add(1);
        match &self.worker {
            Some(worker) if self.ready => post(worker, &message),
            Some(_) => self.queue.push(message),
            // Nobody will ever read it; a worker to come is given the whole run first.
            None => {}
        }
        number
    }
}

impl Link {
    fn start(self: Rc<Self>) -> Result<(), String> {
        let (deaths, next) = {
            let line = self.line.borrow();
            (line.deaths, line.next)
        };
        *self.line.borrow_mut() = Line { deaths, next, ..Line::default() };
        let (worker, url) = boot().map_err(|why| words(&why))?;
        self.listen(worker, url);
        Ok(())
    }

    /// Tells of a death in the next turn: whoever listens may be at work now.
    fn tell(self: Rc<Self>, why: String, replaced: bool) {
        let tell = move || self.on_crash.emit(Death { why, replaced });
        gloo_timers::callback::Timeout::new(0, tell).forget();
    }

    fn listen(self: Rc<Self>, worker: Worker, url: String) {
        let link = Rc::downgrade(&self);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let Some(link) = link.upgrade() else { return };
            let data = event.data();
            let lost = std::mem::take(&mut link.line.borrow_mut().beats_lost);
            if lost >= BEATS_SILENT {
                link.on_silence.emit(false);
            }
            if data.is_null() {
                let _ = Url::revoke_object_url(&url);
                link.ready();
            } else if let Some(panic) = data.as_string() {
                link.died(panic);
            } else {
                link.answer(&Uint8Array::new(&data));
            }
        });
        let link = Rc::downgrade(&self);
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
            if let Some(link) = link.upgrade() {
                link.died(event.message());
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let mut line = self.line.borrow_mut();
        line.handlers = vec![Handler::Message(on_message), Handler::Error(on_error)];
        line.worker = Some(worker);
    }

    fn ready(&self) {
        let mut line = self.line.borrow_mut();
        line.ready = true;
        let waiting = std::mem::take(&mut line.queue);
        if let Some(worker) = &line.worker {
            waiting.iter().for_each(|message| post(worker, message));
        }
    }

    fn answer(&self, message: &Uint8Array) {
        if message.length() > 4 {
            self.line.borrow_mut().deaths = 0;
            self.on_update.emit(message.subarray(4, message.length()).to_vec());
        }
    }

    fn beat(self: Rc<Self>) {
        let (dead, silent) = {
            let mut line = self.line.borrow_mut();
            if line.worker.is_none() {
                return;
            }
            let silent = line.ready && line.beats_lost + 1 == BEATS_SILENT;
            line.beats_lost += 1;
            let dead = line.beats_lost > if line.ready { BEATS_LOST_MAX } else { BEATS_STARTING_MAX };
            if line.ready && !dead {
                line.send(&[]);
            }
            (dead, silent)
        };
        if silent {
            self.on_silence.emit(true);
        }
        if dead {
            self.died("the worker does not answer".into());
        }
    }

    /// Puts a new worker in the dead one's place, then tells the app. The old handlers live until the next turn: one of
    /// them may be what is running now.
    fn died(self: Rc<Self>, why: String) {
        let (old, deaths) = {
            let mut line = self.line.borrow_mut();
            let Some(old) = line.worker.take() else { return };
            line.deaths += 1;
            ((old, std::mem::take(&mut line.handlers)), line.deaths)
        };
        old.0.set_onmessage(None);
        old.0.set_onerror(None);
        old.0.terminate();
        let replaced = deaths < DEATHS_MAX && self.clone().start().is_ok();
        gloo_timers::callback::Timeout::new(0, move || drop(old)).forget();
        self.tell(why, replaced);
    }
}

/// A worker on its way up, and its blob's URL, to be given back when it has announced itself.
fn boot() -> Result<(Worker, String), JsValue> {
    let glue = IMPORT_META.with(ImportMeta::url);
    let script = format!(
        "onmessage = e => {{ onmessage = null; import({}).then(m => m.default({{ module_or_path: e.data }})) }}",
        js_sys::JSON::stringify(&glue)?
    );
    let bag = BlobPropertyBag::new();
    bag.set_type("text/javascript");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&script.into()), &bag)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let worker = Worker::new(&url)?;
    worker.post_message(&wasm_bindgen::module())?;
    Ok((worker, url))
}

fn post(worker: &Worker, message: &Uint8Array) {
    let _ = worker.post_message_with_transfer(message, &Array::of1(&message.buffer()));
}

fn words(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| "no worker".to_string(), |e| e.message().into())
}
