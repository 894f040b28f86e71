//! Orchestrion: a container-orchestration playground. This library is the engine and its doors; the browser app and the
//! command line are thin shells around it.
//!
//! The rooms, in rows; a room uses rooms of earlier rows only and is blind to its own row (`tests/tidy.rs` holds that):
//!
//! | row | rooms |
//! |---|---|
//! | 1 | [`sim`] time, agenda, chance, timeline · [`text`] files to documents with places |
//! | 2 | `journal` what happened and why · `workload` what a container does |
//! | 3 | `kubernetes` · `compose` the two orchestrators |
//! | 4 | `world` one cloneable value, and what is broken in it · `assertion` what must hold over a run |
//! | 5 | `scenario` files + cluster + seed + inputs to a world |
//! | 6 | `lesson` · [`duel`] one application in both houses · [`convert`] Compose files to manifests · `console` what a person types |
//! | 7 | `session` commands in, updates out |
//! | 8 | `ui` the page (wasm only) · `cli` the command line |
//! | 9 | `bin` the shells |
//!
//! Invariants: the engine is a pure function of (files, cluster, seed, input log). No wall clock, no threads, no hash order,
//! no platform float functions anywhere outside `ui` and `bin`.

pub mod assertion;
pub mod cli;
pub mod compose;
pub mod console;
pub mod convert;
pub mod duel;
pub mod journal;
pub mod kubernetes;
pub mod scenario;
pub mod session;
pub mod sim;
pub mod text;
pub mod ui;
pub mod workload;
pub mod world;
