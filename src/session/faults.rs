//! Faults as the page sees them: what can be done to a row, what is broken, the lane on the time bar.

use super::figures::{FaultAsk, FaultRow};
use super::rows::ZONE;
use super::update::{Row, RowBody};
use super::zones::{self, is_zone, zone_id};
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::{Id, Kind};
use crate::sim::{Span, Time};
use crate::world::World;
use crate::world::faults::{Episode, Fault, Faults, Needs, Plan, Repeat, What, amount};
use std::collections::BTreeSet;

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
    let id = row.id;
    match &row.body {
        RowBody::Pod(pod) => {
            let own = || pod.parts.iter().filter(|p| !p.init);
            let all =
                own().map(|p| (&p.name, format!("kubectl exec {}{} -c {} -- kill 1", row.name, flag(row), p.name)));
            let strikes = all.flat_map(|(name, line)| choices(Needs::Pods, id, name, &line)).collect();
            with_images(strikes, own().map(|p| p.image.as_str()))
        }
        RowBody::Node(node) if node.zone.is_empty() => choices(Needs::Nodes, id, "", ""),
        RowBody::Node(node) => {
            let zone = menu_for(Needs::Zone, &node.zone);
            choices(Needs::Nodes, id, "", "").into_iter().chain(zone).collect()
        }
        RowBody::Zone(_) => {
            let all = choices(Needs::Nodes, id, &row.name, "").into_iter();
            choices(Needs::Zone, id, &row.name, "").into_iter().chain(all).collect()
        }
        RowBody::Workload(workload) => {
            with_images(choices(Needs::Pods, id, "", ""), workload.images.iter().map(|(_, image)| image.as_str()))
        }
        RowBody::Service(_) => choices(Needs::Pods, id, "", ""),
        RowBody::Container(c) => with_images(choices(Needs::Pods, id, "", ""), [c.image.as_str()].into_iter()),
        RowBody::ComposeService(s) => with_images(choices(Needs::Pods, id, "", ""), [s.image.as_str()].into_iter()),
        RowBody::Host(_) => {
            let all = choices(Needs::Nodes, id, "", "").into_iter();
            let own = all.filter(|c| What::named(&c.ask.kind).is_some_and(What::hits_hosts));
            own.chain(everywhere()).collect()
        }
        _ => Vec::new(),
    }
}

/// What strikes both houses, and a Docker host that stands alone.
pub fn everywhere() -> Vec<Choice> {
    menu_for(Needs::Cluster, "")
        .into_iter()
        .filter(|c| matches!(c.ask.kind.as_str(), "dns-broken" | "registry-down"))
        .collect()
}

/// Adds what keeps images from being pulled; each is named once.
fn with_images<'a>(mut all: Vec<Choice>, images: impl Iterator<Item = &'a str>) -> Vec<Choice> {
    let images: BTreeSet<&str> = images.filter(|image| !image.is_empty()).collect();
    let any = !images.is_empty();
    all.extend(images.into_iter().flat_map(|image| menu_for(Needs::Image, image)));
    all.extend(everywhere().into_iter().filter(|c| any && c.ask.kind == "registry-down"));
    all
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

/// Whether a kind of fault can befall an application in both houses at once.
pub fn hits_both(kind: &str) -> bool {
    What::named(kind).is_some_and(|what| what.needs() == Needs::Pods || what.hits_hosts())
}

fn flag(row: &Row) -> String {
    if matches!(row.namespace.as_str(), "" | "default") { String::new() } else { format!(" -n {}", row.namespace) }
}

/// The fault that is asked for; `Err` says what is wrong.
pub(super) fn read(world: &World, ask: &FaultAsk) -> Result<Fault, String> {
    let named = |kind: &String| What::named(kind).ok_or_else(|| format!("\"{kind}\" is no fault"));
    let what = named(&ask.kind)?;
    let (mut on, mut container) = place(world, what, ask);
    let mut pick = ask.pick;
    if !ask.app.is_empty() {
        // One of each house, where the row is a single one.
        pick = if on.starts_with("container/") || on.starts_with("pod/") { 1 } else { pick };
        (on, container) = (format!("app/{}", ask.app), String::new());
    }
    let (lasts, every, during) = (Span(ask.lasts), Span(ask.every), Span(ask.during));
    let repeat = match (every > Span::ZERO, ask.random) {
        (false, _) => Repeat::Once,
        (true, false) => Repeat::Every { gap: every, times: ask.times },
        (true, true) => {
            let also = ask.also.iter().map(named).collect::<Result<_, _>>()?;
            Repeat::Chaos { mean: every, also, during: (during > Span::ZERO).then_some(during) }
        }
    };
    let amount = match ask.amount.trim() {
        "" => 0,
        text => amount(text).ok_or_else(|| format!("amount: 10Mi or a number is expected instead of \"{text}\""))?,
    };
    let lasts = (lasts > Span::ZERO).then_some(lasts);
    let fault = Fault { what, on, container, pick, amount, lasts, repeat };
    fault.check()?;
    Ok(fault)
}

/// Where it shall be, in words, and in which container.
fn place(world: &World, what: What, ask: &FaultAsk) -> (String, String) {
    let cluster = &world.cluster;
    let card = cluster.api.store.card(Id(ask.id)).filter(|_| ask.id > 0);
    let on_host = || super::docker::place(world, ask.id);
    let on = match (what.needs(), card) {
        (Needs::Pods, Some(card)) => {
            let kind = cluster.api.kinds.name(card.kind).to_lowercase();
            return (format!("{kind}/{}/{}", card.namespace, card.name), ask.part.clone());
        }
        (Needs::Nodes, Some(card)) => format!("node/{}", card.name),
        (Needs::Nodes | Needs::Zone, None) if is_zone(ask.id) => {
            format!("zone/{}", zones::name_of(cluster, ask.id).unwrap_or_default())
        }
        (Needs::Pods | Needs::Nodes, None) => on_host().unwrap_or_default(),
        (Needs::Zone, Some(card)) if card.kind == Kind::Node => format!("zone/{}", zone_of(cluster, ask.id)),
        (Needs::Zone, _) => format!("zone/{}", ask.part),
        (Needs::Image, _) => format!("image/{}", ask.part),
        (Needs::Controller, _) => format!("controller/{}", ask.part),
        (Needs::Link, _) => format!("link/{}", ask.part),
        (Needs::Cluster, _) => String::new(),
    };
    (on, String::new())
}

fn zone_of(cluster: &Cluster, node: u32) -> String {
    let node = cluster.api.store.get(Id(node));
    node.and_then(|n| n.meta.labels.get(ZONE)).map(|z| z.to_string()).unwrap_or_default()
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
    let zone = episode.on.strip_prefix("zone/").map(zone_id);
    let objects: Vec<u32> = objects.chain(on_host).chain(machine).chain(zone).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, TextFile};
    use crate::session::run::Run;

    #[test]
    fn a_form_can_order_all_that_a_scenario_can() {
        let run = Run::new(&Scenario::read(&[TextFile { name: "x.yaml".into(), text: String::new().into() }], 1).0);
        let world = &run.world;
        let node = world.cluster.api.store.list(Kind::Node).next().expect("a node").meta.id.0;
        let read = |ask: &FaultAsk| read(world, ask);
        let zone = FaultAsk { kind: "node-crash".into(), id: zone_id("zone-a"), pick: 1, ..FaultAsk::default() };
        let fault = read(&zone).expect("one of a zone's nodes");
        assert_eq!((fault.on.as_str(), fault.pick), ("zone/zone-a", 1));
        let again = FaultAsk { every: 30_000_000, times: 4, ..zone.clone() };
        assert_eq!(read(&again).map(|f| f.repeat), Ok(Repeat::Every { gap: Span::secs(30), times: 4 }));
        let also = vec!["node-reboot".to_string()];
        let chaos = FaultAsk { random: true, also, during: 600_000_000, ..again };
        let repeat = read(&chaos).map(|f| f.repeat);
        let (mean, during) = (Span::secs(30), Some(Span::secs(600)));
        assert_eq!(repeat, Ok(Repeat::Chaos { mean, also: vec![What::NodeReboot], during }));
        let odd = FaultAsk { also: vec!["sneeze".into()], ..chaos };
        assert_eq!(read(&odd).map(|_| ()), Err("\"sneeze\" is no fault".to_string()));
        let leak =
            |amount: &str| FaultAsk { kind: "leak".into(), id: node, amount: amount.into(), ..FaultAsk::default() };
        let words = read(&leak("much")).map(|_| ()).expect_err("no amount");
        assert!(words.starts_with("amount: 10Mi or a number"), "{words}");
    }
}
