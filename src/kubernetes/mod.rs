//! The Kubernetes house.
//!
//! `objects` (what things are) · `apiserver` (the books) · `scheduler` `controllers` `kubelet` `kwok` `services` (what acts: siblings,
//! blind to each other, meeting in the store) · `cluster` (the one value that holds them all).

pub mod apiserver;
pub mod cluster;
pub mod controllers;
pub mod kubelet;
pub mod kwok;
pub mod objects;
pub mod scheduler;
pub mod services;

pub use cluster::Cluster;
pub use kubelet::Outage;

use crate::journal::Reason;

/// Every reason of the house, by room. A new list of an actor is one line here or in its room's list.
pub const REASONS: &[&[&[Reason]]] =
    &[&[apiserver::bootstrap::REASONS, apiserver::events::REASONS, apiserver::quota::REASONS], controllers::REASONS];
