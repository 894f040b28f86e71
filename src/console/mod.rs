//! What a person types: one folder a tool, one file a verb.

pub mod cli;
pub mod kubectl;
