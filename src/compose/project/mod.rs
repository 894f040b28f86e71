//! What `docker compose` does with the engine: from a project's rows to a plan of steps, carried out in the order of the
//! dependencies, with the lines it prints.
//!
//! Source of the rules: compose v5.6 (docker/compose), named beside them.

mod acts;
mod create;
mod dag;
mod follow;
mod further;
mod host;
mod job;
mod listen;
mod moment;
pub mod observed;
mod read;
mod reconcile;
mod service;
mod sharing;
mod start;
#[cfg(test)]
mod tests;
mod wait;

pub use acts::DownOptions;
pub use dag::{ERR, Line, OUT, Tally};
pub use follow::{Names, OnExit, short_name};
pub use host::{Host, JobId};
pub use job::{CLIENT, Do, GOODBYE, Once, Step};
pub use listen::Listen;
pub use moment::moment;
pub use read::{go_span, mounted, publish, publish_of};
pub use reconcile::{CreateOptions, Recreate, in_order};
pub use service::{Content, Dependency, Given, Hook, InNetwork, Mounted, Project, Resource, Service};
pub use wait::{stamp, stamp_nano};
