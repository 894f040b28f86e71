//! The Docker host as the page sees it: its rows, what it tells, and why. Ids of this house have their highest bit set, those
//! of objects never do, so that both stand in one list.

mod check;
mod convert;
mod inspect;
mod origin;
mod rows;
#[cfg(test)]
mod tests;
mod traffic;

pub use crate::compose::files::is_compose;
pub(super) use check::check;
pub(super) use convert::convert;
pub(super) use inspect::{happening, inspect, place, row_of, why};
pub(super) use rows::{home, service_id};
pub(super) use traffic::{flow_row, goal_id, known as known_load, target as load_target, tell as tell_traffic};

use super::update::{Row, Update};
use super::{HAPPENINGS_MAX, Session};
use crate::compose::Host;
use crate::compose::engine::{Cid, Container, Network, Power};
use crate::kubernetes::objects::Kind as ObjectKind;
use crate::reasons;
use crate::world::World;
use std::collections::BTreeMap;
use std::rc::Rc;

reasons! { "session":
    /// Steps of a chain that are left out, because the same goes round and round.
    and_so_on(steps),
}

/// The host's id, and the mark of everything on it. Ours: objects are counted from 1 and never come so far.
pub const HOST: u32 = 1 << 31;
/// The mark of what has a name only: projects, services, networks, volumes. Ours: containers are counted, too.
const NAMED: u32 = HOST | 1 << 30;

/// Whether an id is of this house.
pub fn is_docker(id: u32) -> bool {
    id & HOST != 0
}

/// Whether there is a Docker host and no machine of a cluster beside it: nothing is told of the cluster then.
pub(super) fn stands_alone(world: &World) -> bool {
    world.host.is_some() && world.cluster.api.store.list(ObjectKind::Node).next().is_none()
}

/// Row id of a container.
pub(super) fn container_id(cid: Cid) -> u32 {
    HOST | cid
}

/// The container of a row id; `None` for other things.
pub(super) fn container_of(id: u32) -> Option<Cid> {
    (id & NAMED == HOST && id != HOST).then_some(id & !HOST)
}

/// Row id of something that has a name only: 30 bits of FNV-1a. Two names of a hundred meet once in 200,000 hosts.
fn named(kind: &str, name: &str) -> u32 {
    let step = |h: u32, b: u8| (h ^ u32::from(b)).wrapping_mul(0x0100_0193);
    let hash = kind.bytes().chain([0]).chain(name.bytes()).fold(0x811c_9dc5, step);
    NAMED | (hash ^ hash >> 30) & !NAMED
}

/// What the page knows of the host. Containers and networks are held, so that every change of one makes a copy: the same
/// pointer means nothing has changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    containers: BTreeMap<Cid, Rc<Container>>,
    networks: BTreeMap<Rc<str>, Rc<Network>>,
    volumes: Vec<Rc<str>>,
    power: Option<Power>,
    rows: BTreeMap<u32, Row>,
    /// Entry number up to which the page has seen the engine's journal.
    entries: u32,
}

impl Told {
    fn knows(&self, host: &Host) -> bool {
        let engine = &host.engine;
        self.power == Some(engine.power)
            && self.containers.len() == engine.containers.len()
            && self.containers.iter().zip(&engine.containers).all(|(a, b)| a.0 == b.0 && Rc::ptr_eq(a.1, b.1))
            && self.networks.len() == engine.networks.len()
            && self.networks.iter().zip(&engine.networks).all(|(a, b)| Rc::ptr_eq(a.1, b.1))
            && self.volumes.iter().eq(engine.volumes.keys())
    }
}

impl Session {
    /// Fills in what changed on the Docker host.
    pub(super) fn tell_docker(&mut self, update: &mut Update) {
        if update.full {
            self.docker_told = Told::default();
        }
        let run = self.branches[self.present].line.world();
        let Some(host) = &run.world.host else { return };
        let engine = &host.engine;
        let told = &mut self.docker_told;
        if !told.knows(host) {
            let now: BTreeMap<u32, Row> = rows::rows(host, run.folder()).into_iter().map(|r| (r.id, r)).collect();
            update.gone.extend(told.rows.keys().filter(|id| !now.contains_key(id)));
            let changed = |(id, row): &(&u32, &Row)| told.rows.get(id) != Some(row);
            update.rows.extend(now.iter().filter(changed).map(|(_, row)| row.clone()));
            told.rows = now;
            told.containers = engine.containers.clone();
            told.networks = engine.networks.clone();
            told.volumes = engine.volumes.keys().cloned().collect();
            told.power = Some(engine.power);
        }
        let newest = engine.journal.len() as u32;
        if !update.full {
            let from = told.entries.max(newest.saturating_sub(HAPPENINGS_MAX as u32)).min(newest);
            update.happenings.extend(engine.journal.since(from).map(|(id, e)| happening(host, id, e)));
            update.happenings.sort_by_key(|h| h.at);
        }
        told.entries = newest;
    }
}
