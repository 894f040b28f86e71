//! The same faults on a Docker host: what they do to its machine, its processes and its wires.

use super::act::{GAVE_UP, KILLED, why};
use super::{Episode, What};
use crate::compose::engine::{Engine, Ill, Power};
use crate::world::World;
use std::rc::Rc;

impl World {
    /// Writes down what broke on the host.
    pub(super) fn note_on_host(&mut self, episode: &Episode, actor: &'static str) {
        let Some(host) = &mut self.host else { return };
        for cid in episode.containers.iter() {
            let name = host.engine.container(*cid).map(|c| c.name.clone()).unwrap_or_default();
            host.engine.blame(*cid, actor, why(episode, &name, &name));
        }
        if episode.host || is_everywhere(episode.what) {
            let machine = host.engine.machine.clone();
            host.engine.blame(0, actor, why(episode, &machine, &machine));
        }
    }
    /// What an episode does to the host.
    pub(super) fn strike_host(&mut self, episode: &Episode) {
        let (now, lasting) = (self.now(), episode.until.is_some());
        let Some(host) = &mut self.host else { return };
        let engine = &mut host.engine;
        for cid in episode.containers.iter() {
            match episode.what {
                What::Kill => engine.end_process(*cid, KILLED),
                What::Crash => engine.end_process(*cid, GAVE_UP),
                _ => engine.afflict(*cid, ill(episode), lasting),
            }
        }
        match episode.what {
            What::NodeCrash | What::NodeReboot if episode.host => engine.power_cycle(Power::Lost),
            What::NodePartition if episode.host => engine.cut_off_network(true),
            what if is_everywhere(what) => everywhere(engine, episode, true),
            _ => {}
        }
        host.run_until(now);
    }
    /// An episode is over on the host.
    pub(super) fn mend_host(&mut self, episode: &Episode) {
        let (now, still) = (self.now(), self.still(episode));
        let down = [What::NodeCrash, What::NodeReboot];
        let dark = self.faults.active().any(|e| e.host && down.contains(&e.what));
        let cut = self.faults.active().any(|e| e.host && e.what == What::NodePartition);
        let Some(host) = &mut self.host else { return };
        let engine = &mut host.engine;
        for cid in episode.containers.iter().filter(|_| episode.what.lasts()) {
            engine.relieve(*cid, ill(episode));
            engine.blame(*cid, "fault", super::ended(episode.what.key()));
        }
        match episode.what {
            What::NodeCrash | What::NodeReboot if episode.host && !dark => {
                engine.blame(0, "fault", super::ended(episode.what.key()));
                engine.repair();
            }
            What::NodePartition if episode.host && !cut => {
                engine.blame(0, "fault", super::ended(episode.what.key()));
                engine.cut_off_network(false);
            }
            what if is_everywhere(what) && !still => everywhere(engine, episode, false),
            _ => {}
        }
        host.run_until(now);
    }
}

/// Faults that have no machine of their own: they strike both houses.
fn is_everywhere(what: What) -> bool {
    matches!(what, What::DnsBroken | What::LinkBroken | What::ImageMissing | What::RegistryDown)
}

fn everywhere(engine: &mut Engine, episode: &Episode, broken: bool) {
    match episode.what {
        What::DnsBroken => engine.break_names(broken),
        What::LinkBroken => {
            if let Some((from, to)) = episode.on.strip_prefix("link/").and_then(|link| link.split_once("->")) {
                engine.sever(from.trim(), to.trim(), broken);
            }
        }
        What::RegistryDown => engine.images.down = broken,
        _ => {
            let image: Rc<str> = episode.on.strip_prefix("image/").unwrap_or_default().into();
            engine.images.lose(&image, broken);
        }
    }
}

/// Docker knows one check for what Kubernetes has two probes for.
fn ill(episode: &Episode) -> Ill {
    match episode.what {
        What::Hang => Ill::Hangs,
        What::Slow => Ill::Slow(episode.amount),
        What::Leak => Ill::Leaks(episode.amount),
        _ => Ill::Unwell,
    }
}
