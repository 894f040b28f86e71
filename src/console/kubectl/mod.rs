//! kubectl.

pub mod table;
