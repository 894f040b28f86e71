//! Compose files: what each key means, how files are put together, and what `docker compose config` prints of them.
//!
//! The door is [`load`]: a [`Folder`] of files and a [`Request`] to a [`Project`], or the real tool's own refusal.

mod canonical;
pub mod classes;
pub mod config;
mod consistency;
mod decode;
mod detect;
pub mod dotenv;
pub mod folder;
pub mod hash;
mod interpolate;
mod merge;
mod model;
mod normalize;
mod notes;
mod path;
mod places;
mod ports;
mod project;
mod read;
mod rules;
mod scalar;
mod schema;
pub mod shape;
mod swarm;
mod template;
mod tree;
pub mod units;
mod volumes;
mod write;

pub use classes::{Class, Key, classes};
pub use detect::is_compose;
pub use dotenv::Env;
pub use folder::Folder;
pub use notes::Refused;
pub use path::Path;
pub use project::{FILE_NAMES, OVERRIDE_NAMES, Project, Request, load, load_model, normal_name};
pub use tree::{Data, Members, Place, Tree};
