//! Bytes between page and worker, and the input log a page keeps. Postcard: small, and the same everywhere.

use super::run::Input;
use super::{Command, Update};
use crate::sim::Time;

/// Whether a log holds anything that a person did. The files that were opened are its first entry.
pub fn holds_acts(log: &[u8]) -> bool {
    read_log(log).iter().any(|(t, input)| *t > Time::ZERO || !matches!(input, Input::Apply(_)))
}

/// A command as bytes.
pub fn command(command: &Command) -> Vec<u8> {
    postcard::to_allocvec(command).unwrap_or_default()
}
/// Bytes as a command.
pub fn read_command(bytes: &[u8]) -> Option<Command> {
    postcard::from_bytes(bytes).ok()
}
/// An update as bytes.
pub fn update(update: &Update) -> Vec<u8> {
    postcard::to_allocvec(update).unwrap_or_default()
}
/// Bytes as an update.
pub fn read_update(bytes: &[u8]) -> Option<Update> {
    postcard::from_bytes(bytes).ok()
}
/// An input log as bytes.
pub(super) fn log(inputs: &[(Time, Input)]) -> Vec<u8> {
    postcard::to_allocvec(inputs).unwrap_or_default()
}
/// Bytes as an input log; a damaged one is empty.
pub(super) fn read_log(bytes: &[u8]) -> Vec<(Time, Input)> {
    postcard::from_bytes(bytes).unwrap_or_default()
}
