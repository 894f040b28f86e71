//! The built site in a real browser. Ignored in a plain `cargo test`, because they want `dist/` and a driver: `./dev test`
//! builds both and runs them, `./dev browser NAME` runs some.

#![allow(dead_code, reason = "the kit is wider than what one page needs")]

mod audience;
mod control;
mod docker;
mod driver;
mod duel;
mod editor;
mod load;
mod manners;
mod page;
mod server;
mod start;
mod story;
mod trace;
