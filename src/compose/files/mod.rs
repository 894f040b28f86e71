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
mod jobs;
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
mod variables;
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

use crate::text::Value;

/// A port in its short form, as `run --publish` takes it, in long ones.
pub fn port(spec: &str) -> Result<Vec<Value>, String> {
    Ok(ports::parse(spec)?.into_iter().map(|members| Tree::from(members).to_value()).collect())
}

/// A volume in its short form, as `run --volume` takes it, in the long one.
pub fn volume(spec: &str) -> Result<Value, String> {
    Ok(Tree::from(volumes::parse(spec)?.long()).to_value())
}
