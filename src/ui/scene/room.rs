//! How the height of the stage is shared out: the strip of waiting pods and, on a narrow stage, the services above the picture;
//! cards and, on a narrow stage, loads below it. Needs no browser; tested natively.

use super::super::view::View;
use super::{BESIDE_FROM, GUTTER_FROM, GUTTER_LOADS, PAD};
use crate::session::docker::is_docker;

/// Height of the strip of waiting pods. Ours.
pub const STRIP: f64 = 44.0;
/// Height of the services above the picture, with their gap. Ours.
pub const PILL_ROW: f64 = 58.0;
/// Height of a load on a narrow stage, where its card is a row. As CSS has it. Ours.
const LOAD_ROW: f64 = 54.0;
/// Room at the lower edge for cards, as `.cards` has it in CSS: they come and go without covering or moving a node. Ours.
const CARDS: f64 = 168.0;
/// Cards stand in the picture's corner on stages from this height on, and below so many nodes: fleets need all of it. Ours.
const CARDS_FROM: (f64, usize) = (420.0, 60);
/// Room for a card where it is one line below the picture, and the height from which there is one. As CSS has it. Ours.
const CARD_ROW: (f64, f64) = (41.0, 200.0);
/// What is left of the height for the picture before a strip is kept free that may never be needed. Ours: a row of nodes.
const PICTURE_LEAST: f64 = 100.0;
/// The same for services above two houses. Ours: each needs a row.
const HOUSES_LEAST: f64 = 250.0;

/// What is kept free above and below the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Room {
    /// For waiting pods.
    pub strip: f64,
    /// For services, below the strip.
    pub pills: f64,
    /// For cards and loads.
    pub below: f64,
}

/// Shares out the height. `waits`: whether a pod has waited long enough to be shown where there is no room to spare.
pub fn room(view: &View, size: (f64, f64), waits: bool) -> Room {
    let below = below(view, size);
    let (narrow, two) = (size.0 < GUTTER_FROM, view.two_houses());
    let free = size.1 - PAD - below;
    let least = if two { HOUSES_LEAST } else { PICTURE_LEAST };
    let services = narrow && view.gutter().iter().any(|(id, _)| !is_docker(*id));
    let pills = if services && free - PILL_ROW >= least { PILL_ROW } else { 0.0 };
    let tight = free - pills - STRIP < least || narrow && two;
    let strip = if tight && !waits { PAD / 2.0 } else { STRIP };
    Room { strip, pills, below }
}

/// Height that is kept for cards of workloads and autoscalers from the start, so that no node moves when one comes; on a narrow
/// stage the loads lie there too.
fn below(view: &View, (width, height): (f64, f64)) -> f64 {
    let narrow = width < GUTTER_FROM;
    let count: usize = view.gutter().iter().map(|(_, loads)| loads.len()).sum();
    let loads = if narrow { (LOAD_ROW * count as f64).min(height / 2.0) } else { 0.0 };
    let may_come = !view.kinds.workloads.is_empty() || !view.kinds.autoscalers.is_empty();
    // Both houses need the height: there the cards stand below the services.
    let beside = view.two_houses() && width >= GUTTER_LOADS + BESIDE_FROM + PAD;
    if !may_come || beside {
        return loads;
    }
    if narrow || height < CARDS_FROM.0 {
        let row = height >= CARD_ROW.1 && !view.two_houses();
        return loads + if row { CARD_ROW.0 } else { 0.0 };
    }
    if view.kinds.nodes.len() < CARDS_FROM.1 { CARDS } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{LoadRow, Row, RowBody, ServiceRow, Traffic, Update, WorkloadRow};

    /// A cluster with a workload, a service and a load on it.
    fn shop() -> View {
        let row = |id: u32, name: &str, body| Row {
            id,
            name: name.into(),
            namespace: String::new(),
            owner: None,
            created: 0,
            body,
        };
        let load = LoadRow { name: "l".into(), target: Some(2), ..LoadRow::default() };
        let mut view = View::default();
        view.fold(Update {
            rows: vec![
                row(1, "web", RowBody::Workload(WorkloadRow::default())),
                row(2, "web", RowBody::Service(ServiceRow::default())),
            ],
            traffic: Some(Traffic { loads: vec![load], ..Traffic::default() }),
            ..Update::default()
        });
        view
    }

    #[test]
    fn a_phone_has_services_above_and_loads_and_cards_below() {
        let room = room(&shop(), (390.0, 330.0), false);
        assert_eq!((room.pills, room.below), (PILL_ROW, LOAD_ROW + CARD_ROW.0));
        assert_eq!(room.strip, STRIP);
    }

    #[test]
    fn what_is_left_is_the_picture() {
        for waits in [false, true] {
            for h in 150..900 {
                let h = f64::from(h);
                let Room { strip, pills, below } = room(&shop(), (390.0, h), waits);
                assert!(h - strip - pills - below >= 20.0, "{h}");
            }
        }
    }

    #[test]
    fn a_strip_comes_with_the_first_that_waits_where_there_is_no_room_to_spare() {
        let strip = |waits| room(&shop(), (390.0, 230.0), waits).strip;
        assert!(strip(false) < STRIP);
        assert_eq!(strip(true), STRIP);
    }

    #[test]
    fn a_wide_stage_keeps_its_services_at_the_edge() {
        assert_eq!(room(&shop(), (900.0, 600.0), false), Room { strip: STRIP, pills: 0.0, below: CARDS });
        assert_eq!(room(&shop(), (900.0, 300.0), false).below, CARD_ROW.0);
    }
}
