//! The Compose house: what `docker compose` reads, and what one Docker host does with it.
//! Blind to Kubernetes; `docs/architecture.md` tells why.

pub mod files;
