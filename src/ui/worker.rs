//! The worker's end of the link. It owns the engine and is the only one that waits for it.
//!
//! A message is a request number (four bytes, little end first) and the engine's bytes. A request without bytes is the
//! page asking whether the worker is alive; it is answered alike. Long seeks are cut into slices ([`Session::go_on`]) so that
//! such questions and new commands get in between.

use crate::session::{Session, wire};
use js_sys::{Array, Uint8Array};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

/// Runs the worker: announces itself with `null`, then serves messages for good.
pub fn start() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    report_panics(scope.clone());
    let seat = Rc::new(Seat { session: RefCell::default(), scope: scope.clone(), last: Cell::default() });
    let again = later(seat.clone());
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let bytes = Uint8Array::new(&event.data()).to_vec();
        let Some((number, command)) = bytes.split_first_chunk::<4>() else { return };
        if command.is_empty() {
            return seat.post(*number, &[]);
        }
        let Some(command) = wire::read_command(command) else { return };
        seat.last.set(*number);
        let update = seat.session.borrow_mut().command(u32::from_le_bytes(*number), command);
        seat.post(*number, &wire::update(&update));
        again();
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    let _ = scope.post_message(&JsValue::NULL);
}

struct Seat {
    session: RefCell<Session>,
    scope: DedicatedWorkerGlobalScope,
    /// The newest request's number: slices answer in its name.
    last: Cell<[u8; 4]>,
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
    let asked = Rc::new(Cell::new(false));
    let (port, flag) = (channel.port2(), asked.clone());
    let ask: Rc<dyn Fn()> = Rc::new(move || {
        if !flag.replace(true) {
            let _ = port.post_message(&JsValue::NULL);
        }
    });
    let again = ask.clone();
    let on_slice = Closure::<dyn FnMut()>::new(move || {
        asked.set(false);
        if !seat.session.borrow().busy() {
            return;
        }
        let number = seat.last.get();
        let update = seat.session.borrow_mut().go_on(u32::from_le_bytes(number));
        seat.post(number, &wire::update(&update));
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
