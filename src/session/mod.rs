//! The one door to the engine: [`Command`] in, [`Update`] out. The page (through its worker), the command line and the tests
//! all use it.

mod command;
mod update;

pub use command::{Action, Command, File};
pub use update::*;
