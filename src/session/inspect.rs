//! Everything the inspector shows of one object, and the chain of its causes.

use super::update::{Happening, Inspect, WhyStep};
use crate::console;
use crate::journal::{Entry, EntryId};
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::{Body, Condition, Id, Kind, Object};
use crate::text::yaml;

/// What the inspector shows.
pub fn inspect(cluster: &Cluster, id: Id) -> Option<Inspect> {
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
        attempts: Vec::new(),
        origin,
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

/// One journal entry as the page reads it.
pub fn happening(cluster: &Cluster, id: EntryId, entry: &Entry) -> Happening {
    let names = entry.why.reason.args.iter().map(|n| n.to_string());
    Happening {
        at: entry.t.0,
        entry: id.0,
        actor: entry.actor.to_string(),
        object: entry.object,
        name: cluster.api.label(Id(entry.object)),
        reason: entry.why.reason.key.to_string(),
        args: names.zip(entry.why.args.iter().map(|a| a.to_string())).collect(),
        warning: entry.why.reason.warning,
    }
}
