//! The kubelet room.

use super::apiserver::{Change, Cx};

/// What the room remembers.
#[derive(Clone, Debug, Default)]
pub struct State {}

/// What it wakes up for.
#[derive(Clone, Debug)]
pub enum Timer {}

/// Sees a write.
pub fn observe(_state: &mut State, _change: &Change, _cx: &mut Cx<Timer>) {}

/// A timer is due.
pub fn fire(_state: &mut State, timer: Timer, _cx: &mut Cx<Timer>) {
    match timer {}
}
