//! Which rules acted, as the journals of the houses tell it.

use super::House;
use super::judge::Start;
use super::report::Step;
use crate::journal::{Arg, Entry, Journal};
use crate::kubernetes::objects::Id;
use crate::sim::Time;
use crate::world::World;
use std::collections::BTreeSet;

/// Rules that are told in a report, the rest being bookkeeping.
const TOLD: &[&str] = &[
    "autoscaler.scaled",
    "deployment.cannot_create",
    "deployment.grow",
    "deployment.new_template",
    "deployment.shrink",
    "deployment.stuck",
    "docker.ended",
    "docker.engine_down",
    "docker.engine_up",
    "docker.grace_over",
    "docker.healthy",
    "docker.made",
    "docker.not_started",
    "docker.out_of_memory",
    "docker.removed",
    "docker.restarts",
    "docker.started",
    "docker.stays_down",
    "docker.unhealthy",
    "endpoints.followed",
    "garbage.owner_gone",
    "kubelet.backing_off",
    "kubelet.cannot_start",
    "kubelet.ended",
    "kubelet.evicted",
    "kubelet.probed",
    "kubelet.rejected",
    "kubelet.started",
    "kubelet.stopping",
    "node.pod_unready",
    "node.silent",
    "node.tainted",
    "pod_gc.node_gone",
    "replicaset.too_few",
    "replicaset.too_many",
    "scheduler.bound",
    "scheduler.no_fit",
    "stateful_set.missing",
    "taint_eviction.evicted",
];

/// Rules by which a house shows that it noticed something.
const NOTICED: &[&str] = &[
    "docker.ended",
    "docker.engine_up",
    "docker.not_started",
    "docker.out_of_memory",
    "docker.unhealthy",
    "kubelet.backing_off",
    "kubelet.cannot_start",
    "kubelet.ended",
    "kubelet.evicted",
    "kubelet.probed",
    "node.silent",
];

/// Most steps of a report. Ours: what a person reads at a glance.
const STEPS_MAX: usize = 16;

fn journal(world: &World, house: House) -> Option<&Journal> {
    match house {
        House::Compose => world.host.as_ref().map(|host| &host.engine.journal),
        House::Kubernetes => Some(&world.cluster.api.journal),
    }
}

/// The entries of a house from a moment on.
fn since(world: &World, house: House, from: Time) -> impl Iterator<Item = &Entry> {
    let journal = journal(world, house);
    // What happens at the moment itself counts.
    let first = move |journal: &Journal| if from.0 == 0 { 0 } else { journal.first_after(Time(from.0 - 1)) };
    journal.into_iter().flat_map(move |journal| journal.since(first(journal)).map(|(_, entry)| entry))
}

fn object(world: &World, house: House, number: u32) -> String {
    match house {
        House::Kubernetes => world.cluster.api.label(Id(number)),
        House::Compose => {
            let container = world.host.as_ref().and_then(|host| host.engine.container(number));
            container.map_or_else(|| "host".to_string(), |c| format!("container/{}", c.name))
        }
    }
}

/// The rules that acted since the start; what was told of a rule before is only counted.
pub(super) fn steps(world: &World, house: House, start: Start) -> Vec<Step> {
    let Some(from) = start.0 else { return Vec::new() };
    let mut steps: Vec<Step> = Vec::new();
    for entry in since(world, house, from).filter(|e| TOLD.contains(&e.why.reason.key) && !is_good_news(e)) {
        let known = steps.iter().position(|step| step.reason == entry.why.reason.key);
        match known {
            Some(at) => steps[at].times += 1,
            None if steps.len() < STEPS_MAX => steps.push(step(world, house, entry)),
            None => {}
        }
    }
    steps
}

fn step(world: &World, house: House, entry: &Entry) -> Step {
    let args = entry.why.reason.args.iter().zip(entry.why.args.iter());
    Step {
        at: entry.t.0,
        actor: entry.actor.into(),
        object: object(world, house, entry.object),
        reason: entry.why.reason.key.into(),
        args: args.map(|(name, arg)| (name.to_string(), arg.to_string())).collect(),
        times: 1,
    }
}

/// How long after the start the house noticed something.
pub(super) fn detected(world: &World, house: House, start: Start) -> Option<u64> {
    let from = start.0?;
    let found = since(world, house, from).find(|e| NOTICED.contains(&e.why.reason.key) && !is_good_news(e));
    found.map(|entry| entry.t.since(from).0)
}

/// A probe that succeeds again.
fn is_good_news(entry: &Entry) -> bool {
    let ready = |arg: &Arg| matches!(arg, Arg::Word(word) if **word == *"True");
    entry.why.reason.key == "kubelet.probed" && entry.why.args.iter().any(ready)
}

/// When a house first changed the number of replicas by itself.
pub(super) fn scaled(world: &World) -> Option<Time> {
    since(world, House::Kubernetes, Time::ZERO).find(|e| e.why.reason.key == "autoscaler.scaled").map(|e| e.t)
}

/// Containers started again in place, and pods or containers made, since the start. Where nothing was disturbed restarts of
/// the whole run count; what was made then is the application itself.
pub(super) fn starts(world: &World, house: House, start: Start) -> (u32, u32) {
    let from = start.0.unwrap_or_default();
    let (mut restarts, mut made) = (0, 0);
    let mut began: BTreeSet<(u32, String)> = BTreeSet::new();
    for entry in since(world, house, Time::ZERO) {
        let counts = u32::from(entry.t >= from);
        match entry.why.reason.key {
            "kubelet.started" | "docker.started" => {
                let names = entry.why.args.iter().map(|arg| format!("{arg} "));
                if !began.insert((entry.object, names.collect())) {
                    restarts += counts;
                }
            }
            "replicaset.too_few" | "stateful_set.missing" | "daemon_set.uncovered" | "docker.made" => made += counts,
            _ => {}
        }
    }
    (restarts, if start.0.is_some() { made } else { 0 })
}
