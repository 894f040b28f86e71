//! Zones as rows: what nodes have in common, and what can fail as one. They are no objects; their ids have the second highest
//! bit set and never the highest.

use super::docker::{HOST, is_docker};
use super::rows::ZONE;
use super::update::{Row, RowBody, Update, ZoneRow};
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::Kind;
use std::collections::BTreeMap;

/// The mark of a zone. Ours: objects are counted from 1 and never come so far.
const MARK: u32 = HOST >> 1;

/// Row id of a zone: 30 bits of FNV-1a.
pub fn zone_id(name: &str) -> u32 {
    let step = |h: u32, b: u8| (h ^ u32::from(b)).wrapping_mul(0x0100_0193);
    let hash = name.bytes().fold(0x811c_9dc5, step);
    MARK | (hash ^ hash >> 30) & (MARK - 1)
}

/// Whether an id is that of a zone.
pub fn is_zone(id: u32) -> bool {
    !is_docker(id) && id & MARK != 0
}

/// The name of a zone that some node is in.
pub(super) fn name_of(cluster: &Cluster, id: u32) -> Option<String> {
    let nodes = cluster.api.store.list(Kind::Node);
    nodes.filter_map(|node| node.meta.labels.get(ZONE)).find(|zone| zone_id(zone) == id).map(|zone| zone.to_string())
}

fn rows(cluster: &Cluster) -> BTreeMap<u32, Row> {
    let mut all: BTreeMap<u32, Row> = BTreeMap::new();
    for object in cluster.api.store.list(Kind::Node) {
        let (Some(zone), Some(node)) = (object.meta.labels.get(ZONE).filter(|z| !z.is_empty()), object.node()) else {
            continue;
        };
        let row = all.entry(zone_id(zone)).or_insert_with(|| Row {
            id: zone_id(zone),
            name: zone.to_string(),
            namespace: String::new(),
            owner: None,
            created: object.meta.created.0,
            body: RowBody::Zone(ZoneRow::default()),
        });
        row.created = row.created.min(object.meta.created.0);
        if let RowBody::Zone(it) = &mut row.body {
            it.nodes += 1;
            it.ready += u32::from(node.ready().word() == "True");
        }
    }
    all
}

/// Adds the zones that look different from what was told, where nodes were told.
pub(super) fn tell(cluster: &Cluster, told: &mut BTreeMap<u32, Row>, update: &mut Update) {
    if update.full {
        told.clear();
    }
    if !update.rows.iter().any(|row| matches!(row.body, RowBody::Node(_))) && update.gone.is_empty() {
        return;
    }
    let now = rows(cluster);
    update.gone.extend(told.keys().filter(|id| !now.contains_key(id)));
    update.rows.extend(now.iter().filter(|(id, row)| told.get(id) != Some(row)).map(|(_, row)| row.clone()));
    *told = now;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Action, Command, FaultAsk, File, Session, menu};

    fn zones(update: &Update) -> Vec<(String, u32, u32)> {
        let zone = |row: &Row| match &row.body {
            RowBody::Zone(it) => Some((row.name.clone(), it.nodes, it.ready)),
            _ => None,
        };
        update.rows.iter().filter_map(zone).collect()
    }

    /// The zone that was told last.
    fn play(session: &mut Session, seconds: u64) -> Option<(String, u32, u32)> {
        (0..seconds).flat_map(|_| zones(&session.command(2, Command::Advance { by: 1_000_000 }))).last()
    }

    #[test]
    fn a_zone_is_told_as_its_nodes_are_and_fails_as_one() {
        let text = "cluster:\n  nodes: [{count: 4, zones: [a, b]}]\ninputs: []\n";
        let files = vec![File { name: "x.scenario.yaml".into(), text: text.into() }];
        let mut session = Session::default();
        let first = session.command(1, Command::Open { files, seed: 1, log: Vec::new(), at: 0 });
        let by_name = |(name, nodes, _): (String, u32, u32)| (name, nodes);
        assert_eq!(zones(&first).into_iter().map(by_name).collect::<Vec<_>>(), [("a".into(), 2), ("b".into(), 2)]);
        play(&mut session, 30);
        let row = first.rows.iter().find(|r| r.id == zone_id("b")).expect("its row");
        for kind in ["zone-outage", "node-partition"] {
            let choice = menu(row).into_iter().find(|c| c.ask.kind == kind).expect("it can fail so");
            let ask = FaultAsk { lasts: 80_000_000, ..choice.ask };
            let update = session.command(3, Command::Act(Action::Fault(ask)));
            let fault = update.faults.unwrap_or_default().pop().expect("a fault that is told");
            assert_eq!((fault.name.as_str(), fault.objects.len()), ("zone/b", 3), "two nodes and their zone");
            assert!(fault.objects.contains(&zone_id("b")));
            assert_eq!(play(&mut session, 78), Some(("b".into(), 2, 0)), "{kind}");
            assert_eq!(play(&mut session, 60), Some(("b".into(), 2, 2)), "{kind}");
        }
        let quiet = session.command(6, Command::Advance { by: 1_000 });
        assert!(zones(&quiet).is_empty());
        let nodes = session.command(7, Command::Act(Action::Line { line: "kubectl delete node --all".into() }));
        assert!(nodes.gone.contains(&zone_id("a")) && nodes.gone.contains(&zone_id("b")));
    }
}
