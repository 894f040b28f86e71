//! The Kubernetes house.
//!
//! `objects` (what things are) · `apiserver` (the books) · `scheduler` `controllers` `kubelet` `kwok` `services` (what acts:
//! four siblings, blind to each other, meeting in the store) · `cluster` (the one value that holds them all).

pub mod objects;
