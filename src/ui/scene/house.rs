//! Where things stand in the Docker host's building: a row for each service in the order of their start, its containers in
//! it, published ports at the left edge, networks at the right one, volumes below. Needs no browser; tested natively.

use super::super::docker::{self, House};
use super::super::view::View;
use super::layout::Rect;
use crate::session::RowBody;
use std::collections::BTreeMap;

/// Highest row. Ours: a few services do not fill a stage.
const ROW_MAX: f64 = 68.0;
/// A project's line, as a share of a row. Ours.
const PROJECT_SHARE: f64 = 0.5;
/// Height of the title. Ours: two lines of text.
const TITLE: f64 = 40.0;
/// Height of the volumes. Ours.
const DRUMS: f64 = 44.0;
/// Width of a volume. Ours: a usual name fits.
const DRUM: f64 = 128.0;
/// Width of a network's bracket. Ours: a line of text stands along it.
const BRACKET: f64 = 22.0;
/// More networks are counted only. Ours.
const BRACKETS_MAX: usize = 5;
/// A container as wide as this has words. Ours.
pub const WORDS_FROM: f64 = 104.0;
/// Widest container. Ours.
const CONTAINER_MAX: f64 = 176.0;

/// What a line of the building is.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A project's name; nothing for containers without one.
    Project(Option<u32>),
    /// A service; nothing for containers without one.
    Service(Option<u32>, Vec<u32>),
}

/// A network, and the lines it reaches.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Row id.
    pub id: u32,
    /// Lines with a container in it.
    pub lines: Vec<usize>,
}

/// The building.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Building {
    /// Its place in the fitted picture.
    pub rect: Rect,
    /// Its lines from top to bottom.
    pub lines: Vec<Line>,
    /// Networks by name.
    pub networks: Vec<Network>,
    /// Volumes by name.
    pub volumes: Vec<u32>,
    /// Published ports of each line that has some: (text, whether in force).
    pub ports: BTreeMap<usize, Vec<(String, bool)>>,
}

/// Everything's place on the screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// The whole.
    pub all: Rect,
    /// The title.
    pub title: Rect,
    /// The lines.
    pub lines: Vec<Rect>,
    /// Where names stand in a line: left and right.
    pub names: (f64, f64),
    /// Containers: (row id, place).
    pub containers: Vec<(u32, Rect)>,
    /// Ports: (line, place).
    pub ports: Vec<(usize, Rect)>,
    /// Networks: (row id, place, height of each line it reaches).
    pub brackets: Vec<(u32, Rect, Vec<f64>)>,
    /// Volumes: (row id, place).
    pub drums: Vec<(u32, Rect)>,
}

/// What stands in the building.
pub fn building(view: &View) -> Option<Building> {
    let House { projects, networks, volumes } = docker::house(view)?;
    let mut out = Building { volumes, ..Building::default() };
    for project in projects {
        out.lines.push(Line::Project(project.id));
        for service in project.services {
            let ports = ports(view, &service.containers);
            if !ports.is_empty() {
                out.ports.insert(out.lines.len(), ports);
            }
            out.lines.push(Line::Service(service.id, service.containers));
        }
    }
    for id in networks {
        let Some(RowBody::Network(network)) = view.row(id).map(|r| &r.body) else { continue };
        let reached = out.lines.iter().enumerate().filter(|(_, line)| match line {
            Line::Service(_, containers) => containers.iter().any(|c| network.containers.contains(c)),
            Line::Project(_) => false,
        });
        let lines: Vec<usize> = reached.map(|(at, _)| at).collect();
        out.networks.push(Network { id, lines });
    }
    Some(out)
}

/// The ports that a service publishes; those in force stand first.
fn ports(view: &View, containers: &[u32]) -> Vec<(String, bool)> {
    let mut all: Vec<(String, bool)> = Vec::new();
    let rows = || {
        containers.iter().filter_map(|id| match view.row(*id).map(|r| &r.body) {
            Some(RowBody::Container(c)) => Some(&**c),
            _ => None,
        })
    };
    let short = |text: &String| text.trim_end_matches("/tcp").to_string();
    for (text, on) in rows().flat_map(|c| c.ports.iter().map(|p| (short(p), true))) {
        if !all.iter().any(|(known, _)| *known == text) {
            all.push((text, on));
        }
    }
    for text in rows().filter(|c| c.ports.is_empty()).flat_map(|c| c.wanted_ports.iter().map(short)) {
        if !all.iter().any(|(known, _)| *known == text) {
            all.push((text, false));
        }
    }
    all
}

impl Building {
    fn weight(&self) -> f64 {
        self.lines.iter().map(|l| if matches!(l, Line::Project(_)) { PROJECT_SHARE } else { 1.0 }).sum()
    }

    /// How high the building should be where there is room.
    pub fn height(&self) -> f64 {
        TITLE + self.weight().max(1.0) * ROW_MAX + if self.volumes.is_empty() { 12.0 } else { DRUMS + 8.0 }
    }

    /// Where everything is when the building stands at `all` on the screen.
    pub fn places(&self, all: &Rect) -> Places {
        let title = Rect { h: TITLE.min(all.h * 0.2), ..*all };
        let drums = if self.volumes.is_empty() { 6.0 } else { DRUMS.min(all.h * 0.16) };
        let room = (all.h - title.h - drums).max(1.0);
        let unit = room / self.weight().max(1.0);
        let ports = if self.ports.is_empty() { 10.0 } else { (all.w * 0.2).clamp(30.0, 86.0) };
        let shown = self.networks.len().min(BRACKETS_MAX);
        let nets = (shown as f64 * BRACKET).min(all.w * 0.25) + 8.0;
        let name = (all.w * 0.26).clamp(36.0, 170.0);
        let names = (all.x + ports, all.x + ports + name);
        let mut out = Places { all: *all, title, names, ..Places::default() };
        let mut y = all.y + title.h;
        for (at, line) in self.lines.iter().enumerate() {
            let h = if matches!(line, Line::Project(_)) { unit * PROJECT_SHARE } else { unit };
            let row = Rect { x: all.x, y, w: all.w, h };
            y += h;
            out.lines.push(row);
            let Line::Service(_, containers) = line else { continue };
            let area = Rect { x: names.1 + 6.0, y: row.y, w: (all.x + all.w - nets - names.1 - 6.0).max(1.0), h };
            out.containers.extend(seats(&area, containers));
            if self.ports.contains_key(&at) {
                let h = (row.h * 0.62).min(24.0);
                let place = Rect { x: all.x - 8.0, y: row.y + (row.h - h) / 2.0, w: ports - 2.0, h };
                out.ports.push((at, place));
            }
        }
        for (nth, network) in self.networks.iter().take(shown).enumerate() {
            let (first, last) = (network.lines.first(), network.lines.last());
            let middle = |at: Option<&usize>| at.and_then(|at| out.lines.get(*at)).map(|r| r.y + r.h / 2.0);
            let (top, low) = (middle(first).unwrap_or(all.y + title.h), middle(last).unwrap_or(y));
            let half = unit * 0.36;
            let wide = (nets - 8.0) / shown as f64;
            let x = all.x + all.w - nets + 4.0 + nth as f64 * wide;
            let place = Rect { x, y: top - half, w: wide, h: (low - top).max(0.0) + 2.0 * half };
            let reached = network.lines.iter().filter_map(|at| out.lines.get(*at)).map(|r| r.y + r.h / 2.0).collect();
            out.brackets.push((network.id, place, reached));
        }
        let pitch = DRUM.min((all.w - 24.0) / self.volumes.len().max(1) as f64).max(24.0);
        let fit = (((all.w - 24.0) / pitch) as usize).max(1);
        for (nth, id) in self.volumes.iter().take(fit).enumerate() {
            let x = all.x + 12.0 + nth as f64 * pitch;
            out.drums.push((*id, Rect { x, y: all.y + all.h - drums + 4.0, w: pitch - 8.0, h: drums - 12.0 }));
        }
        out
    }
}

/// Seats of containers in a line: side by side as wide as fits, else squares in a grid.
fn seats(area: &Rect, containers: &[u32]) -> Vec<(u32, Rect)> {
    let n = containers.len().max(1);
    let pitch = (area.w / n as f64).min(CONTAINER_MAX);
    if pitch >= WORDS_FROM || pitch >= area.h {
        let h = (area.h * 0.8).min(48.0);
        let y = area.y + (area.h - h) / 2.0;
        let at = |i: usize| Rect { x: area.x + i as f64 * pitch, y, w: pitch - 6.0, h };
        return containers.iter().enumerate().map(|(i, id)| (*id, at(i))).collect();
    }
    let mut side = area.h * 0.84;
    let fits = |side: f64| (area.w / side).floor() * (area.h / side).floor() >= n as f64;
    while side > 3.0 && !fits(side) {
        side *= 0.94;
    }
    let columns = ((area.w / side) as usize).max(1);
    let top = area.y + (area.h - side * n.div_ceil(columns) as f64) / 2.0;
    let at = |i: usize| Rect {
        x: area.x + (i % columns) as f64 * side,
        y: top + (i / columns) as f64 * side,
        w: side * 0.86,
        h: side * 0.86,
    };
    containers.iter().enumerate().map(|(i, id)| (*id, at(i))).collect()
}

impl Places {
    /// What lies under a point, small things first.
    pub fn at(&self, building: &Building, x: f64, y: f64) -> Option<u32> {
        let near = |r: &Rect| r.inset(-2.0).holds(x, y);
        let small = self.containers.iter().chain(&self.drums).find(|c| near(&c.1)).map(|c| c.0);
        let net = || self.brackets.iter().find(|b| near(&b.1)).map(|b| b.0);
        let service = |at: usize| match building.lines.get(at) {
            Some(Line::Service(id, _) | Line::Project(id)) => *id,
            None => None,
        };
        let port = || self.ports.iter().find(|p| near(&p.1)).and_then(|p| service(p.0));
        let line = || self.lines.iter().position(|r| r.holds(x, y)).and_then(service);
        let host = || self.all.holds(x, y).then_some(crate::session::docker::HOST);
        small.or_else(net).or_else(port).or_else(line).or_else(host)
    }

    /// Where a row stands.
    pub fn of(&self, building: &Building, id: u32) -> Option<Rect> {
        let own = |list: &[(u32, Rect)]| list.iter().find(|c| c.0 == id).map(|c| c.1);
        let net = || self.brackets.iter().find(|b| b.0 == id).map(|b| b.1);
        let line = || {
            let is = |l: &Line| matches!(l, Line::Service(Some(s), _) | Line::Project(Some(s)) if *s == id);
            building.lines.iter().position(is).and_then(|at| self.lines.get(at)).map(|r| r.inset(2.0))
        };
        let host = || (id == crate::session::docker::HOST).then_some(self.all);
        own(&self.containers).or_else(|| own(&self.drums)).or_else(net).or_else(line).or_else(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn made(services: &[usize], networks: usize, volumes: usize) -> Building {
        let mut lines = vec![Line::Project(Some(1))];
        for (at, n) in services.iter().enumerate() {
            let first = 1_000 * (at as u32 + 1);
            lines.push(Line::Service(Some(first), (1..=*n as u32).map(|i| first + i).collect()));
        }
        let ports = BTreeMap::from([(1, vec![("8080→80".to_string(), true)])]);
        let networks =
            (0..networks).map(|n| Network { id: 100 + n as u32, lines: (1..lines.len()).collect() }).collect();
        Building { lines, networks, volumes: (200..200 + volumes as u32).collect(), ports, rect: Rect::default() }
    }

    #[test]
    fn what_stands_there_is_found_at_its_place() {
        let building = made(&[1, 3], 2, 2);
        let places = building.places(&Rect { x: 100.0, y: 40.0, w: 640.0, h: 400.0 });
        for id in [1_001, 2_002, 101, 201, 1_000, 1] {
            let r = places.of(&building, id).expect("a place");
            let (x, y) = if id == 1_000 { (places.names.0 + 4.0, r.centre().1) } else { r.centre() };
            assert_eq!(places.at(&building, x, y), Some(id));
        }
        assert_eq!(places.at(&building, 50.0, 60.0), None);
        let title = places.title.centre();
        assert_eq!(places.at(&building, title.0, title.1), Some(crate::session::docker::HOST));
    }

    proptest! {
        #[test]
        fn nothing_overlaps_and_all_fits(
            services in proptest::collection::vec(0usize..40, 1..20),
            networks in 0usize..9, volumes in 0usize..30, w in 260.0..1400.0, h in 180.0..900.0
        ) {
            let building = made(&services, networks, volumes);
            let all = Rect { x: 10.0, y: 20.0, w, h };
            let places = building.places(&all);
            let inside = |r: &Rect| r.x >= all.x - 0.5 && r.x + r.w <= all.x + all.w + 0.5
                && r.y >= all.y - 0.5 && r.y + r.h <= all.y + all.h + 0.5;
            prop_assert_eq!(places.containers.len(), services.iter().sum::<usize>());
            for (i, a) in places.containers.iter().enumerate() {
                prop_assert!(inside(&a.1), "{:?}", a);
                for b in &places.containers[i + 1..] {
                    prop_assert!(!a.1.inset(0.1).meets(&b.1.inset(0.1)), "{:?} {:?}", a, b);
                }
            }
            for drum in &places.drums {
                prop_assert!(inside(&drum.1), "{:?}", drum);
            }
        }
    }
}
