//! What is left for a person to do at the end, because no rule of the house does it.

use super::House;
use super::report::{Figures, Said};
use crate::compose::engine::{Container, Power, Restart, Status, Verdict};
use crate::compose::project::observed;
use crate::kubernetes::objects::pod::{ContainerState, Phase};
use crate::kubernetes::objects::{Kind, Object, Tri};
use crate::world::World;

/// Things of one kind that are named. Ours: the first ones tell enough.
const NAMED_MAX: usize = 5;

/// Everything left to do in a house.
pub(super) fn left(world: &World, house: House, figures: &Figures) -> Vec<Said> {
    let mut left = match house {
        House::Compose => on_the_host(world),
        House::Kubernetes => in_the_cluster(world),
    };
    // Nothing is broken, and yet it does not answer everything: it is too small.
    let last = figures.curve.last().map_or((0.0, 0.0), |(_, answered, failed)| (*answered, *failed));
    if left.is_empty() && f64::from(last.1) > 0.01 * f64::from(last.0 + last.1) && last.1 > 0.0 {
        left.push(Said::new("hand.too_small", &[("failed", format!("{:.0}", last.1))]));
    }
    left
}

fn some(key: &str, mut names: Vec<String>) -> Option<Said> {
    names.sort();
    names.dedup();
    let count = names.len();
    names.truncate(NAMED_MAX);
    let more = if count > NAMED_MAX { ", …" } else { "" };
    (count > 0).then(|| Said::new(key, &[("n", count.to_string()), ("names", names.join(", ") + more)]))
}

fn on_the_host(world: &World) -> Vec<Said> {
    let Some(host) = &world.host else { return Vec::new() };
    let ours =
        |c: &&Container| !c.spec.label(observed::SERVICE).is_empty() && c.spec.label(observed::ONE_OFF) != "True";
    let of = |fits: &dyn Fn(&Container) -> bool| {
        let all = host.engine.containers.values().map(|c| &**c).filter(ours);
        all.filter(|c| fits(c)).map(|c| c.name.to_string()).collect::<Vec<_>>()
    };
    if !matches!(host.engine.power, Power::On | Power::Starting) {
        return some("hand.host", of(&|c| c.started.is_some())).into_iter().collect();
    }
    let sick = |c: &Container| c.alive() && c.health.as_ref().is_some_and(|h| h.verdict == Verdict::Unhealthy);
    // A job that is done is no failure.
    let down = |c: &Container| match c.status {
        Status::Created => true,
        Status::Exited => c.exit != 0 || c.spec.restart != Restart::No,
        _ => false,
    };
    let loops = |c: &Container| c.status == Status::Restarting;
    [("hand.unhealthy", of(&sick)), ("hand.down", of(&down)), ("hand.loops", of(&loops))]
        .into_iter()
        .filter_map(|(key, names)| some(key, names))
        .collect()
}

fn in_the_cluster(world: &World) -> Vec<Said> {
    let store = &world.cluster.api.store;
    let name = |o: &Object| o.meta.name.to_string();
    let pods = || store.list(Kind::Pod).filter(|o| &*o.meta.namespace != "kube-system" && !o.meta.deleting());
    let waits = |o: &Object, words: &[&str]| {
        let all = o.pod().map(|p| p.status.containers.iter());
        all.is_some_and(|mut all| {
            all.any(|c| matches!(&c.state, ContainerState::Waiting { reason, .. } if words.contains(&&**reason)))
        })
    };
    let of = |fits: &dyn Fn(&Object) -> bool| pods().filter(|o| fits(o)).map(|o| name(o)).collect::<Vec<_>>();
    let homeless = |o: &Object| o.pod().is_some_and(|p| p.node.is_none() && p.status.phase == Phase::Pending);
    let dead = store.list(Kind::Node).filter(|n| n.node().is_some_and(|n| n.ready() != Tri::True)).map(|n| name(n));
    let closed = store.list(Kind::Node).filter(|n| n.node().is_some_and(|n| n.unschedulable)).map(|n| name(n));
    [
        ("hand.no_place", of(&homeless)),
        ("hand.image", of(&|o| waits(o, &["ImagePullBackOff", "ErrImagePull"]))),
        ("hand.loops", of(&|o| waits(o, &["CrashLoopBackOff"]))),
        ("hand.machine", dead.collect()),
        ("hand.cordoned", closed.collect()),
    ]
    .into_iter()
    .filter_map(|(key, names)| some(key, names))
    .collect()
}
