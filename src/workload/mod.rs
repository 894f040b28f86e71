//! What a simulated container does, whoever runs it: when it listens, how healthy it is, how it ends, how it takes SIGTERM;
//! what it does under load: cost of a request, queues, memory; which images there are and how long they take to pull; how
//! many requests come; and the one file of latencies. Knows no orchestrator.

mod behaviour;
pub mod floor;
pub mod latencies;
mod load;
mod load_text;
pub mod meter;
mod operands;
mod process;
mod profile;
mod program;
pub mod programs;
mod registry;
mod rule;
mod shell;
pub mod station;
pub mod streams;
mod tokens;

pub use behaviour::{Behaviour, Call};
pub use floor::{Floor, IN_FLIGHT, Key, News, REQUESTS, Strain, Twist, Unit};
pub use latencies::{Latencies, Latency};
pub use load::{Load, PATIENCE, RETRIES_MAX, Shape};
pub use load_text::SHAPES;
pub use meter::{HOUSEKEEPING, Meter, Metered, SYSTEM_USE};
pub use process::{Need, Process, Stream};
pub use profile::{Ask, End, Health, Profile, Term, Workloads, written_to_log};
pub use program::request_line;
pub use registry::{Asker, Manner, PullFault, Registry, canonical};
pub use rule::Rule;
pub use shell::{Answer, Files, Outcome, Question, follow};
