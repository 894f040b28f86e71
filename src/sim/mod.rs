//! Virtual time, the agenda of what is due, seeded chance, and the timeline that rewinds any clonable world. Knows no
//! orchestrator and no text.

mod agenda;
pub mod calendar;
mod chance;
mod time;
mod timeline;

pub use agenda::Agenda;
pub use chance::{Chance, mix};
pub use time::{Span, Time};
pub use timeline::{Rewindable, Timeline};
