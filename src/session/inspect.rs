//! Everything the inspector shows of one object, and the chain of its causes.

use super::run::Run;
use super::update::{Attempt, Happening, Inspect, Verdict, WhyStep};
use crate::console;
use crate::journal::{Entry, EntryId, Why};
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::{Body, Condition, Id, Kind, Object};
use crate::kubernetes::scheduler::attempts::Kept;
use crate::kubernetes::scheduler::framework::Attempt as Found;
use crate::kubernetes::scheduler::plugins::PLUGINS;
use crate::kubernetes::scheduler::snapshot::Snapshot;
use crate::sim::{Span, Time, Timeline};
use crate::text::yaml;

/// What the inspector shows.
pub fn inspect(line: &Timeline<Run>, id: Id) -> Option<Inspect> {
    let cluster = &line.world().world.cluster;
    let api = &cluster.api;
    let object = api.store.get(id)?;
    let origin = object.meta.source.as_ref().map(|s| {
        let at = s.document.extent.start;
        (s.file.to_string(), at.line, at.col)
    });
    Some(Inspect {
        id: id.0,
        name: api.label(id),
        conditions: conditions(object).iter().map(condition).collect(),
        events: events(cluster, id),
        yaml: yaml::write(&api.tree(object)),
        describe: console::kubectl::describe_object(cluster, id),
        attempts: attempts(line, id),
        origin,
        ladder: super::ladder::ladder(line.world(), id),
        behaviour: super::behave::parameters(cluster, object),
        logs: Vec::new(),
    })
}

fn conditions(object: &Object) -> &[Condition] {
    match &object.body {
        Body::Pod(it) => &it.status.conditions,
        Body::Node(it) => &it.conditions,
        Body::Deployment(it) => &it.status.conditions,
        Body::ReplicaSet(it) => &it.status.conditions,
        _ => &[],
    }
}

fn condition(c: &Condition) -> (String, String, String, String, u64) {
    (c.kind.to_string(), c.status.word().to_string(), c.reason.to_string(), c.message.to_string(), c.changed.0)
}

fn events(cluster: &Cluster, about: Id) -> Vec<(u64, String, String, String, u32)> {
    let all = cluster.api.store.list(Kind::Event).filter_map(|o| o.event()).filter(|e| e.about == about);
    let mut list: Vec<_> = all
        .map(|e| (e.last.0, e.kind.to_string(), e.reason.to_string(), e.message.to_string(), e.count.max(1)))
        .collect();
    list.sort();
    list
}

/// The kept attempts, oldest first; of the newest one the whole table, made again in the world a moment before it.
fn attempts(line: &Timeline<Run>, id: Id) -> Vec<Attempt> {
    let kept = line.world().world.cluster.scheduler.attempts(id);
    let mut out: Vec<Attempt> = kept.iter().map(summary).collect();
    if let Some(newest) = out.last_mut() {
        let before = line.at(Time(newest.at.saturating_sub(Span::micros(1).0)));
        let cluster = &before.world.cluster;
        if let Some((found, snapshot)) = cluster.scheduler.explain(&cluster.api, id) {
            fill_table(newest, &found, &snapshot);
        }
    }
    out
}

fn summary(kept: &Kept) -> Attempt {
    Attempt {
        at: kept.t.0,
        message: kept.message.to_string(),
        chosen: kept.chosen.as_ref().map(|(node, _)| node.to_string()),
        not_looked_at: kept.nodes.saturating_sub(kept.evaluated),
        tied: kept.tied,
        ..Attempt::default()
    }
}

fn fill_table(into: &mut Attempt, found: &Found, snapshot: &Snapshot) {
    let name = |at: usize| snapshot.nodes().get(at).map(|n| n.name.to_string()).unwrap_or_default();
    let weight = |plugin: &str| PLUGINS.iter().find(|p| p.name == plugin).map_or(0, |p| p.weight);
    into.plugins = found.scores.iter().map(|s| (s.plugin.to_string(), weight(s.plugin))).collect();
    let fits = found.feasible.iter().enumerate().map(|(place, at)| Verdict {
        node: name(*at),
        scores: found.scores.iter().filter_map(|s| s.scores.get(place)).map(|[a, b, c]| (*a, *b, *c)).collect(),
        total: found.totals.get(place).copied().unwrap_or(0),
        ..Verdict::default()
    });
    let refused = found.refused.iter().map(|r| Verdict {
        node: name(r.node),
        plugin: r.plugin.to_string(),
        reasons: r.verdict.reasons().iter().map(|w| w.to_string()).collect(),
        preemption_may_help: r.verdict.code() == "Unschedulable",
        ..Verdict::default()
    });
    into.nodes = fits.chain(refused).collect();
}

/// The entry and what led to it, newest first, as steps that can be spoken.
pub fn why(cluster: &Cluster, id: Id, entry: Option<u32>) -> Vec<WhyStep> {
    let api = &cluster.api;
    let Some(from) = entry.map(EntryId).or_else(|| api.newest_about(id)) else { return Vec::new() };
    let chain = api.journal.chain(from);
    let steps = chain.into_iter().filter_map(|id| api.journal.get(id).map(|e| (id, e)));
    steps.map(|(id, e)| WhyStep { what: happening(cluster, id, e), origin: origin(e) }).collect()
}

fn origin(entry: &Entry) -> Option<(String, u32, u32)> {
    entry.origin.as_ref().map(|o| (o.file.to_string(), o.pos.line, o.pos.col))
}

/// The arguments of a reason, by name.
pub fn arguments(why: &Why) -> Vec<(String, String)> {
    let names = why.reason.args.iter().map(|n| n.to_string());
    names.zip(why.args.iter().map(|a| a.to_string())).collect()
}

/// One journal entry as the page reads it.
pub fn happening(cluster: &Cluster, id: EntryId, entry: &Entry) -> Happening {
    Happening {
        at: entry.t.0,
        entry: id.0,
        actor: entry.actor.to_string(),
        object: entry.object,
        name: cluster.api.label(Id(entry.object)),
        reason: entry.why.reason.key.to_string(),
        args: arguments(&entry.why),
        warning: entry.why.reason.warning,
    }
}
