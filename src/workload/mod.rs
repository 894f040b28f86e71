//! What a simulated container does, whoever runs it: when it listens, how healthy it is, how it ends, how it takes SIGTERM;
//! which images there are and how long they take to pull; and the one file of latencies. Knows no orchestrator.

pub mod latencies;
mod profile;
mod registry;
mod shell;

pub use latencies::{Latencies, Latency};
pub use profile::{Ask, End, Health, Profile, Rule, Term, Workloads};
pub use registry::{PullFault, Registry, canonical};
