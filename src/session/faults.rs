//! Faults as the page sees them: what can be done to a row, what is broken, the lane on the time bar.

use super::figures::{FaultAsk, FaultRow};
use super::update::{Row, RowBody};
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::{Id, Kind};
use crate::sim::{Span, Time};
use crate::world::World;
use crate::world::faults::{Episode, Fault, Faults, Needs, Plan, Repeat, What};

/// Faults that are over and still told. Ours: a page shows a handful, and chaos makes thousands.
const OVER_MAX: usize = 200;
/// Marks on the lane. Ours: more than a bar has pixels.
const MARKS_MAX: usize = 4_000;

/// One line of a menu of faults. Its words are in `faults.txt`: [`Choice::key`], and the same with `.about` behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Ready to be sent as [`Action::Fault`](super::Action::Fault); `lasts`, `every` and `random` as wished.
    pub ask: FaultAsk,
    /// Whether it lasts, so that a length can be chosen; the others happen in a moment.
    pub lasts: bool,
    /// What one would type for the same in a real cluster; empty where nothing does that.
    pub line: String,
}

impl Choice {
    /// Key of its label in the catalogue `faults`.
    pub fn key(&self) -> String {
        self.ask.kind.replace('-', "_")
    }
}

/// What can break at a row. Empty for things that cannot. Containers of a pod are told apart by `part`: one line each.
pub fn menu(row: &Row) -> Vec<Choice> {
    match &row.body {
        RowBody::Pod(pod) => {
            let names = pod.parts.iter().filter(|p| !p.init).map(|p| p.name.as_str());
            let all = names.map(|name| (name, format!("kubectl exec {}{} -c {name} -- kill 1", row.name, flag(row))));
            all.flat_map(|(name, line)| choices(Needs::Pods, row.id, name, &line)).collect()
        }
        RowBody::Node(node) => {
            let mut all = choices(Needs::Nodes, row.id, "", "");
            if !node.zone.is_empty() {
                all.extend(menu_for(Needs::Zone, &node.zone));
            }
            all
        }
        RowBody::Workload(workload) => {
            let mut all = choices(Needs::Pods, row.id, "", "");
            all.extend(workload.images.iter().flat_map(|(_, image)| menu_for(Needs::Image, image)));
            all
        }
        RowBody::Service(_) => choices(Needs::Pods, row.id, "", ""),
        RowBody::Container(_) | RowBody::ComposeService(_) => choices(Needs::Pods, row.id, "", ""),
        RowBody::Host(_) => {
            let all = choices(Needs::Nodes, row.id, "", "").into_iter();
            all.filter(|c| What::named(&c.ask.kind).is_some_and(What::hits_hosts)).collect()
        }
        _ => Vec::new(),
    }
}

/// What can break elsewhere: at a zone, an image, a controller (`all` for all of them), a link (`FROM->TO`), or in the cluster
/// as a whole (no name).
pub fn menu_for(needs: Needs, name: &str) -> Vec<Choice> {
    choices(needs, 0, name, "")
}

fn choices(needs: Needs, id: u32, part: &str, crash: &str) -> Vec<Choice> {
    let kinds = What::ALL.iter().copied().filter(|w| w.needs() == needs);
    let choice = |what: What| Choice {
        ask: FaultAsk { kind: what.key().into(), id, part: part.into(), ..FaultAsk::default() },
        lasts: what.lasts(),
        line: match what {
            What::Crash => crash.to_string(),
            What::DnsBroken => "kubectl -n kube-system scale deployment coredns --replicas=0".into(),
            _ => String::new(),
        },
    };
    kinds.map(choice).collect()
}

fn flag(row: &Row) -> String {
    if matches!(row.namespace.as_str(), "" | "default") { String::new() } else { format!(" -n {}", row.namespace) }
}

/// The fault that is asked for; `Err` says what is wrong.
pub(super) fn read(world: &World, ask: &FaultAsk) -> Result<Fault, String> {
    let cluster = &world.cluster;
    let what = What::named(&ask.kind).ok_or_else(|| format!("\"{}\" is no fault", ask.kind))?;
    let card = cluster.api.store.card(Id(ask.id)).filter(|_| ask.id > 0);
    let on_host = super::docker::place(world, ask.id);
    let (on, container) = match (what.needs(), card) {
        _ if on_host.is_some() => (on_host.unwrap_or_default(), String::new()),
        (Needs::Pods, Some(card)) => {
            let kind = cluster.api.kinds.name(card.kind).to_lowercase();
            (format!("{kind}/{}/{}", card.namespace, card.name), ask.part.clone())
        }
        (Needs::Nodes, Some(card)) => (format!("node/{}", card.name), String::new()),
        (Needs::Zone, Some(card)) if card.kind == Kind::Node => {
            (format!("zone/{}", zone_of(cluster, ask.id)), String::new())
        }
        (Needs::Zone, _) => (format!("zone/{}", ask.part), String::new()),
        (Needs::Image, _) => (format!("image/{}", ask.part), String::new()),
        (Needs::Controller, _) => (format!("controller/{}", ask.part), String::new()),
        (Needs::Link, _) => (format!("link/{}", ask.part), String::new()),
        _ => (String::new(), String::new()),
    };
    let (lasts, every) = (Span(ask.lasts), Span(ask.every));
    let repeat = match (every > Span::ZERO, ask.random) {
        (false, _) => Repeat::Once,
        (true, false) => Repeat::Every { gap: every, times: 0 },
        (true, true) => Repeat::Chaos { mean: every, also: Vec::new(), during: None },
    };
    let lasts = (lasts > Span::ZERO).then_some(lasts);
    let fault = Fault { what, on, container, lasts, repeat, ..Fault::default() };
    fault.check()?;
    Ok(fault)
}

fn zone_of(cluster: &Cluster, node: u32) -> String {
    let node = cluster.api.store.get(Id(node));
    node.and_then(|n| n.meta.labels.get("topology.kubernetes.io/zone")).map(|z| z.to_string()).unwrap_or_default()
}

/// Everything in force, all plans, and the newest that are over; oldest first.
pub(super) fn rows(faults: &Faults) -> Vec<FaultRow> {
    let past = faults.past();
    let over = past[past.len().saturating_sub(OVER_MAX)..].iter().map(row);
    let mut all: Vec<FaultRow> = over.chain(faults.active().map(row)).chain(faults.plans().map(plan_row)).collect();
    all.sort_by_key(|r| r.number);
    all
}

fn row(episode: &Episode) -> FaultRow {
    let whole = !matches!(episode.what.needs(), Needs::Pods | Needs::Nodes | Needs::Zone);
    let on_host = episode.containers.iter().map(|cid| super::docker::container_id(*cid));
    let machine = episode.host.then_some(super::docker::HOST);
    let objects = episode.objects.iter().filter(|_| !whole).map(|id| id.0);
    let objects: Vec<u32> = objects.chain(on_host).chain(machine).collect();
    FaultRow {
        number: episode.number,
        kind: episode.what.key().into(),
        object: objects.first().copied().unwrap_or(0),
        objects,
        name: episode.on.to_string(),
        since: episode.from.0,
        until: episode.until.map(|t| t.0),
        ended: episode.ended.map(|t| t.0),
        plan: episode.plan,
        ..FaultRow::default()
    }
}

fn plan_row(plan: &Plan) -> FaultRow {
    FaultRow {
        number: plan.number,
        kind: plan.fault.what.key().into(),
        name: plan.fault.on.clone(),
        since: plan.from.0,
        until: plan.until.map(|t| t.0),
        next: plan.next.filter(|_| plan.ended.is_none()).map(|t| t.0),
        ended: plan.ended.map(|t| t.0),
        repeats: true,
        ..FaultRow::default()
    }
}

/// Marks on the lane `faults`: (lane, from, to, kind and place).
pub(super) fn lane(faults: &Faults, newest: Time) -> impl Iterator<Item = (String, u64, u64, String)> {
    let past = faults.past();
    let shown = past[past.len().saturating_sub(MARKS_MAX)..].iter().chain(faults.active());
    shown.map(move |e| {
        let to = e.ended.unwrap_or(newest.max(e.from));
        ("faults".to_string(), e.from.0, to.0, format!("{} {}", e.what.key(), e.on).trim_end().to_string())
    })
}
