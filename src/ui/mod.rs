//! The page. One wasm file runs twice: in the window it draws, in the worker it owns the engine. The two share no memory;
//! bytes go to and fro ([`link`] is the page's end, [`worker`] the other). What needs no browser compiles natively too and
//! is tested there.

pub mod charts;
pub mod docker;
pub mod examples;
pub mod family;
pub mod format;
pub mod keys;
pub mod links;
pub mod live;
pub mod scene;
pub mod settings;
pub mod stops;
pub mod texts;
pub mod view;

#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
pub mod dom;
#[cfg(target_arch = "wasm32")]
pub mod hooks;
#[cfg(target_arch = "wasm32")]
pub mod link;
#[cfg(target_arch = "wasm32")]
pub mod page;
#[cfg(target_arch = "wasm32")]
pub mod panels;
#[cfg(target_arch = "wasm32")]
pub mod saved;
#[cfg(target_arch = "wasm32")]
pub mod widgets;
#[cfg(target_arch = "wasm32")]
pub mod worker;

/// Starts whichever half this is: there is a window only on the page.
#[cfg(target_arch = "wasm32")]
pub fn start() {
    if web_sys::window().is_some() {
        console_error_panic_hook::set_once();
        yew::Renderer::<app::App>::new().render();
    } else {
        worker::start();
    }
}
