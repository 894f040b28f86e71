//! The worker's end of the link. It owns the engine and is the only one that waits for it.
//!
//! A message is a request number (four bytes, little end first) and the engine's bytes. A request without bytes is the
//! page asking whether the worker is alive; it is answered alike. Long work is cut into slices ([`Door::go_on`]) so that
//! such questions and new commands get in between.

use crate::session::{Session, wire};
use js_sys::{Array, Uint8Array};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

/// What stands behind the link: bytes in, bytes out.
pub trait Door {
    /// Carries out the command of this number; each item of the answer becomes one message to the page.
    fn command(&mut self, number: u32, bytes: &[u8]) -> Vec<Vec<u8>>;

    /// Continues work that a command began, for a few tens of milliseconds. `None` when nothing is left to do.
    fn go_on(&mut self) -> Option<Vec<Vec<u8>>> {
        None
    }
}

/// The engine of this build.
pub fn engine() -> Box<dyn Door> {
    Box::new(Engine::default())
}

/// The session behind the link.
#[derive(Default)]
struct Engine {
    session: Session,
    /// Number of the newest command: slices of its work answer in its name.
    newest: u32,
}

impl Door for Engine {
    fn command(&mut self, number: u32, bytes: &[u8]) -> Vec<Vec<u8>> {
        let Some(command) = wire::read_command(bytes) else { return Vec::new() };
        self.newest = number;
        vec![wire::update(&self.session.command(number, command))]
    }
    fn go_on(&mut self) -> Option<Vec<Vec<u8>>> {
        if !self.session.busy() {
            return None;
        }
        Some(vec![wire::update(&self.session.go_on(self.newest))])
    }
}

/// Runs the worker: announces itself with `null`, then serves messages for good.
pub fn start(make: fn() -> Box<dyn Door>) {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    report_panics(scope.clone());
    let seat = Rc::new(Seat { door: RefCell::new(make()), scope: scope.clone(), last: RefCell::default() });
    let again = later(seat.clone());
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let bytes = Uint8Array::new(&event.data()).to_vec();
        let Some((number, command)) = bytes.split_first_chunk::<4>() else { return };
        if command.is_empty() {
            return seat.post(*number, &[]);
        }
        *seat.last.borrow_mut() = *number;
        let answers = seat.door.borrow_mut().command(u32::from_le_bytes(*number), command);
        answers.iter().for_each(|answer| seat.post(*number, answer));
        again();
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    let _ = scope.post_message(&JsValue::NULL);
}

struct Seat {
    door: RefCell<Box<dyn Door>>,
    scope: DedicatedWorkerGlobalScope,
    /// The newest request's number: slices answer in its name.
    last: RefCell<[u8; 4]>,
}

impl Seat {
    fn post(&self, number: [u8; 4], answer: &[u8]) {
        let message = Uint8Array::new_with_length(4 + answer.len() as u32);
        message.subarray(0, 4).copy_from(&number);
        message.subarray(4, 4 + answer.len() as u32).copy_from(answer);
        let _ = self.scope.post_message_with_transfer(&message, &Array::of1(&message.buffer()));
    }
}

/// A function that asks for the next slice, once however often it is called. A message channel is used because timers
/// are held back after a few rounds and waiting messages would never get in between promises.
fn later(seat: Rc<Seat>) -> Rc<dyn Fn()> {
    let Ok(channel) = MessageChannel::new() else { return Rc::new(|| ()) };
    let asked = Rc::new(RefCell::new(false));
    let (port, flag) = (channel.port2(), asked.clone());
    let ask: Rc<dyn Fn()> = Rc::new(move || {
        if !flag.replace(true) {
            let _ = port.post_message(&JsValue::NULL);
        }
    });
    let again = ask.clone();
    let on_slice = Closure::<dyn FnMut()>::new(move || {
        asked.replace(false);
        let slice = seat.door.borrow_mut().go_on();
        let Some(answers) = slice else { return };
        let number = *seat.last.borrow();
        answers.iter().for_each(|answer| seat.post(number, answer));
        again();
    });
    channel.port1().set_onmessage(Some(on_slice.as_ref().unchecked_ref()));
    on_slice.forget();
    ask
}

/// A panic ends the worker; its words go to the page as a string, which restarts the worker.
fn report_panics(scope: DedicatedWorkerGlobalScope) {
    struct Mine(DedicatedWorkerGlobalScope);
    let scope = Mine(scope);
    std::panic::set_hook(Box::new(move |panic| {
        let Mine(scope) = &scope;
        let _ = scope.post_message(&JsValue::from_str(&panic.to_string()));
    }));
}
