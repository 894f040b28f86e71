//! The browser app: the same file runs as the page and as its worker.
fn main() {
    #[cfg(target_arch = "wasm32")]
    orchestrion::ui::start();
    #[cfg(not(target_arch = "wasm32"))]
    println!("This program is the page: build it with `./dev build`. The command line is `orchestrion`.");
}
