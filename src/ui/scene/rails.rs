//! The ways of requests through the Docker host's building: from clients to published ports, from there below a service's name
//! to its containers, from one service to the next that it calls. Needs no browser; tested natively.

use super::super::view::View;
use super::house::{Building, Line, Places, RAIL, mark_of};
use super::layout::Rect;
use crate::session::FlowRow;

/// How far an arc from one service to the next reaches to the left. Ours: ports stand there.
const ARC: f64 = 16.0;
/// Length of a way's head. Ours.
pub const HEAD: f64 = 7.0;

/// A way that requests take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Way {
    /// Its corners.
    pub points: Vec<(f64, f64)>,
    /// Requests a second.
    pub rate: f32,
    /// Those of them that fail.
    pub failed: f32,
    /// What it leads to.
    pub number: u32,
    /// Whether it lies before the building.
    pub outer: bool,
}

impl Way {
    /// A point on it, 0 at its start and 1 at its end.
    pub fn at(&self, share: f64) -> (f64, f64) {
        let length = |pair: &[(f64, f64)]| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1);
        let mut left = self.points.windows(2).map(length).sum::<f64>() * share.clamp(0.0, 1.0);
        for pair in self.points.windows(2) {
            let long = length(pair);
            if left <= long {
                let t = left / long.max(1e-9);
                return (pair[0].0 + (pair[1].0 - pair[0].0) * t, pair[0].1 + (pair[1].1 - pair[0].1) * t);
            }
            left -= long;
        }
        self.points.last().copied().unwrap_or_default()
    }
}

/// Where requests of a load from outside begin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Source {
    /// Its card.
    pub card: Rect,
    /// Height of the free way over what stands between the card and the building; nothing where nothing does.
    pub over: Option<f64>,
}

/// All ways in the building. `source` tells where a load stands on the screen.
pub fn ways(view: &View, building: &Building, places: &Places, source: impl Fn(&str) -> Option<Source>) -> Vec<Way> {
    let mut all = Vec::new();
    for (at, line) in building.lines.iter().enumerate() {
        let Line::Service(Some(id), containers) = line else { continue };
        let Some(flow) = view.live.flow(*id).filter(|flow| flow.rate > 0.0) else { continue };
        let pill = places.ports.iter().find(|p| p.0 == at).map(|p| p.1);
        for load in view.live.loads_on(*id).filter(|load| load.rate > 0.0) {
            let failed = load.rate * flow.failed / flow.rate;
            let outside = pill.filter(|_| !load.inside);
            let points = match outside {
                Some(pill) => outer(places, &pill, source(&load.name)),
                None => vec![(places.all.x + 1.0, lane(places, at)), (places.names.0 - 3.0, lane(places, at))],
            };
            all.push(Way { points, rate: load.rate, failed, number: *id, outer: outside.is_some() });
        }
        for caller in &flow.from {
            let of = |l: &Line| matches!(l, Line::Service(Some(id), _) if id == caller);
            let Some(from) = building.lines.iter().position(of).filter(|from| *from != at) else { continue };
            let points = arc(places, from, at);
            all.push(Way { points, rate: flow.rate, failed: flow.failed, number: *id, outer: false });
        }
        let asked = view.live.loads_on(*id).any(|load| load.rate > 0.0 && !load.inside);
        inner(places, at, pill.as_ref().filter(|_| asked), containers, flow, &mut all);
    }
    all
}

/// Height of the way below the names of a line.
fn lane(places: &Places, at: usize) -> f64 {
    let row = places.lines[at];
    row.y + row.h - RAIL / 2.0 + 1.0
}

/// From a load's card to a published port.
fn outer(places: &Places, pill: &Rect, source: Option<Source>) -> Vec<(f64, f64)> {
    let to = (pill.x - 2.0, pill.y + pill.h / 2.0);
    let Some(Source { card, over }) = source else {
        return vec![((places.all.x - 26.0).max(0.0), to.1), to];
    };
    let from = (card.x + card.w + 1.0, card.y + card.h / 2.0);
    let bend = places.all.x - 18.0;
    match over {
        Some(y) => {
            let out = from.0 + 8.0;
            vec![from, (out, from.1), (out, y), (bend, y), (bend, to.1), to]
        }
        None => {
            let bend = bend.max(from.0 + 4.0);
            vec![from, (bend, from.1), (bend, to.1), to]
        }
    }
}

/// From one line to another, along their left side.
fn arc(places: &Places, from: usize, to: usize) -> Vec<(f64, f64)> {
    let (x, bend) = (places.names.0 - 3.0, places.names.0 - ARC);
    vec![(x, lane(places, from)), (bend, lane(places, from)), (bend, lane(places, to)), (x, lane(places, to))]
}

/// From a service's port, or its left side, to its containers.
fn inner(places: &Places, at: usize, pill: Option<&Rect>, containers: &[u32], flow: &FlowRow, all: &mut Vec<Way>) {
    let stand = places.stands[at];
    let low = lane(places, at);
    let mut start = match pill {
        // Out of the pill's lower edge: its right one touches the name.
        Some(pill) => vec![(pill.x + pill.w - pill.h / 2.0, pill.y + pill.h), (pill.x + pill.w - pill.h / 2.0, low)],
        None => vec![(places.names.0 - 3.0, low)],
    };
    let bus = stand.area.x - 6.0;
    if !stand.words {
        let lines = containers.len().div_ceil(stand.columns.max(1)) as f64;
        let middle = stand.area.y + stand.pitch.1 * lines / 2.0;
        start.extend([(bus, low), (bus, middle), (stand.area.x - 1.0, middle)]);
        let (rate, failed) = (flow.rate, flow.failed);
        return all.push(Way { points: start, rate, failed, number: flow.service, outer: false });
    }
    for (nth, id) in containers.iter().enumerate() {
        let Some(end) = flow.ends.iter().find(|end| end.pod == *id && end.rate > 0.0) else { continue };
        let Some((_, r)) = places.containers.iter().find(|c| c.0 == *id) else { continue };
        let ((x, y), radius, _) = mark_of(r);
        let rail = stand.rail(nth / stand.columns.max(1));
        let mut points = start.clone();
        if (rail - low).abs() > 1.0 {
            points.extend([(bus, low), (bus, rail)]);
        }
        points.extend([(x, rail), (x, y + radius + 1.0)]);
        all.push(Way { points, rate: end.rate, failed: end.failed, number: *id, outer: false });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{EndFlow, LoadRow, Traffic, Update};
    use std::collections::BTreeMap;

    /// Two services, one with a port, under a load that one of the two containers behind fails.
    fn shop(inside: bool) -> (View, Building) {
        let ends = |ids: &[u32]| ids.iter().map(|id| EndFlow { pod: *id, rate: 30.0, ..EndFlow::default() }).collect();
        let flow = |service, from: &[u32], ids: &[u32]| FlowRow {
            service,
            from: from.to_vec(),
            rate: 60.0,
            failed: 15.0,
            ends: ends(ids),
            ..FlowRow::default()
        };
        let load = LoadRow { name: "l".into(), target: Some(20), rate: 60.0, inside, ..LoadRow::default() };
        let traffic = Traffic {
            loads: vec![load],
            flows: vec![flow(10, &[20], &[11, 12]), flow(20, &[], &[21])],
            ..Traffic::default()
        };
        let mut view = View::default();
        view.fold(Update { traffic: Some(traffic), ..Update::default() });
        let lines =
            vec![Line::Project(Some(1)), Line::Service(Some(10), vec![11, 12, 13]), Line::Service(Some(20), vec![21])];
        let ports = BTreeMap::from([(2, vec![("8080→80".to_string(), true)])]);
        (view, Building { lines, ports, ..Building::default() })
    }

    #[test]
    fn requests_come_by_the_port_and_end_at_the_containers_that_get_them() {
        let (view, building) = shop(false);
        let places = building.places(&Rect { x: 200.0, y: 40.0, w: 500.0, h: 400.0 });
        let card = Rect { x: 12.0, y: 60.0, w: 150.0, h: 90.0 };
        let all = ways(&view, &building, &places, |_| Some(Source { card, over: None }));
        let to: Vec<u32> = all.iter().map(|w| w.number).collect();
        assert_eq!(to, [10, 11, 12, 20, 21], "a call, its two ends, the load, its end; nothing to an idle one");
        let load = &all[3];
        assert_eq!((load.rate, load.failed), (60.0, 15.0));
        assert!(load.at(0.0).0 > card.x + card.w && load.at(1.0).0 < places.ports[0].1.x);
        for way in &all {
            for step in 1..=20 {
                let (a, b) = (way.at(f64::from(step - 1) / 20.0), way.at(f64::from(step) / 20.0));
                assert!((b.0 - a.0).hypot(b.1 - a.1) < 60.0, "no leaps");
            }
            assert_eq!(way.at(1.0), *way.points.last().expect("an end"));
        }
    }

    #[test]
    fn clients_on_the_host_need_no_port() {
        let (view, building) = shop(true);
        let places = building.places(&Rect { x: 200.0, y: 40.0, w: 500.0, h: 400.0 });
        let all = ways(&view, &building, &places, |_| None);
        assert!(all[3].points.iter().all(|p| p.0 >= places.all.x && p.0 < places.names.0));
    }

    #[test]
    fn ways_lie_below_what_they_pass() {
        let (view, building) = shop(false);
        for (w, h) in [(430.0, 380.0), (620.0, 240.0), (900.0, 500.0)] {
            let places = building.places(&Rect { x: 30.0, y: 40.0, w, h });
            for way in ways(&view, &building, &places, |_| None).iter().filter(|w| w.number < 20) {
                // The last stretch rises into the container's mark.
                for pair in way.points.windows(2).rev().skip(1) {
                    let (x, y) = ((pair[0].0 + pair[1].0) / 2.0, (pair[0].1 + pair[1].1) / 2.0);
                    let hit = places.containers.iter().find(|c| c.1.holds(x, y));
                    assert_eq!(hit, None, "{w}×{h}: {way:?}");
                }
            }
        }
    }
}
