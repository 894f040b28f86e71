//! The duel: one application in both houses, under one load and one timeline of faults, and what differed. A run keeps a
//! [`Record`] of what was seen on the way; [`Report::of`] reads it together with the journals of both houses.
//!
//! `record` what is seen once a second, and what people typed · `judge` the figures of a house · `trail` which rules acted ·
//! `hand` what is left to do by hand · `report` the whole · `words` the same in words.

mod hand;
mod judge;
mod record;
mod report;
mod trail;
mod words;

#[cfg(test)]
mod tests;

pub use record::Record;
pub use report::{Cause, Command, Figures, Finding, Replicas, Report, Said, Step};
pub use words::text;

/// The two houses, in the order of every report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum House {
    /// Compose on one Docker host.
    Compose,
    /// Kubernetes.
    Kubernetes,
}

impl House {
    /// Both.
    pub const BOTH: [House; 2] = [House::Compose, House::Kubernetes];
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            House::Compose => "compose",
            House::Kubernetes => "kubernetes",
        }
    }
}
