//! The scheduler: which pod goes to which node, and why. The rules are `plugins`, the way through them is `framework`, the
//! cluster they look at is `snapshot`.

pub mod framework;
pub mod plugins;
pub mod preemption;
pub mod snapshot;
pub mod view;

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
