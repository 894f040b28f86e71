//! The Compose house: what `docker compose` reads ([`files`]), one Docker host ([`engine`]), and what `docker compose` does with
//! it ([`project`]). The host is one cloneable value; a command under way lives in it, so that a clone is a checkpoint and a
//! replay repeats every line. Blind to Kubernetes; `docs/architecture.md` tells why.
//!
//! Inside: `engine` (containers, networks, volumes, their events; knows no project) · `files` (texts to a canonical tree) ·
//! `traffic` (where requests lead) · `project` (services, plans, commands; reads the tree, not the files).

pub mod engine;
pub mod files;
pub mod project;
pub mod traffic;

pub use engine::Engine;
pub use project::Host;
