//! Where things stand in the Docker host's building: a row for each service in the order of their start, its containers in
//! it, published ports at the left edge, networks at the right one, volumes below. Needs no browser; tested natively.

use super::super::docker::{self, House};
use super::super::view::View;
use super::layout::Rect;
use crate::session::RowBody;
use std::collections::BTreeMap;

/// Height of a row, and how far it grows where there is room. Ours: a few services do not fill a stage.
const ROW: f64 = 72.0;
/// See [`ROW`]. Ours.
const GROWTH: f64 = 1.5;
/// A project's line, as a share of a row. Ours.
const PROJECT_SHARE: f64 = 0.34;
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
/// Widest container, and highest. Ours.
const CONTAINER_MAX: (f64, f64) = (200.0, 48.0);
/// Lowest line of containers with words: one line of text and the way of their requests. Ours.
const WORDS_LINE: f64 = 32.0;
/// Lines of containers that a row grows for, and by how much for each. Ours: more are squares.
const LINES_MAX: (usize, f64) = (4, 0.62);
/// Below each line of containers, for the way of their requests. Ours.
pub const RAIL: f64 = 12.0;
/// Between names and containers, where ways rise. Ours.
const BUS: f64 = 12.0;
/// Largest mark of a container with words, and of one without. Ours.
const MARK: (f64, f64) = (34.0, 40.0);

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
    /// How the containers of each line stand; of no use for projects.
    pub stands: Vec<Stand>,
    /// Ports: (line, place).
    pub ports: Vec<(usize, Rect)>,
    /// Networks: (row id, place, height of each line it reaches).
    pub brackets: Vec<(u32, Rect, Vec<f64>)>,
    /// Volumes: (row id, place).
    pub drums: Vec<(u32, Rect)>,
}

/// How containers stand in a line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stand {
    /// Where.
    pub area: Rect,
    /// Columns.
    pub columns: usize,
    /// Width of each, and height of a line of them.
    pub pitch: (f64, f64),
    /// Whether each has words.
    pub words: bool,
}

/// A container's mark: its middle and its radius; and whether words stand beside it.
pub fn mark_of(r: &Rect) -> ((f64, f64), f64, bool) {
    let words = r.w >= WORDS_FROM - 6.0 && r.h >= 18.0;
    let size = r.h.min(r.w).min(if words { MARK.0 } else { MARK.1 });
    let middle = if words { (r.x + size / 2.0 + 2.0, r.y + r.h / 2.0) } else { r.centre() };
    (middle, size / 2.0, words)
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
    /// How high each line is, compared with a row of one line of containers.
    fn weights(&self, width: f64) -> Vec<f64> {
        let columns = ((self.columns(width).2 / WORDS_FROM) as usize).max(1);
        let of = |line: &Line| match line {
            Line::Project(_) => PROJECT_SHARE,
            Line::Service(_, containers) => {
                let lines = containers.len().div_ceil(columns).clamp(1, LINES_MAX.0);
                1.0 + (lines - 1) as f64 * LINES_MAX.1
            }
        };
        self.lines.iter().map(of).collect()
    }

    /// Width of ports, names, containers, networks.
    fn columns(&self, width: f64) -> (f64, f64, f64, f64) {
        let ports = if self.ports.is_empty() { 14.0 } else { (width * 0.2).clamp(30.0, 92.0) };
        let name = (width * 0.28).clamp(36.0, 170.0);
        let nets = (self.networks.len().min(BRACKETS_MAX) as f64 * BRACKET).min(width * 0.25) + 8.0;
        (ports, name, (width - ports - name - BUS - nets).max(1.0), nets)
    }

    /// How high the building should be at this width, and how high it may be.
    pub fn height(&self, width: f64) -> (f64, f64) {
        let frame = TITLE + if self.volumes.is_empty() { 12.0 } else { DRUMS + 8.0 };
        let rows = self.weights(width).iter().sum::<f64>().max(1.0) * ROW;
        (frame + rows, frame + rows * GROWTH)
    }

    /// Where everything is when the building stands at `all` on the screen.
    pub fn places(&self, all: &Rect) -> Places {
        let title = Rect { h: TITLE.min(all.h * 0.2), ..*all };
        let drums = if self.volumes.is_empty() { 6.0 } else { DRUMS.min(all.h * 0.16) };
        let room = (all.h - title.h - drums).max(1.0);
        let weights = self.weights(all.w);
        let unit = room / weights.iter().sum::<f64>().max(1.0);
        let (ports, name, wide, nets) = self.columns(all.w);
        let shown = self.networks.len().min(BRACKETS_MAX);
        let names = (all.x + ports, all.x + ports + name);
        let mut out = Places { all: *all, title, names, ..Places::default() };
        let mut y = all.y + title.h;
        for ((at, line), weight) in self.lines.iter().enumerate().zip(weights) {
            let row = Rect { x: all.x, y, w: all.w, h: unit * weight };
            y += row.h;
            out.lines.push(row);
            let Line::Service(_, containers) = line else {
                out.stands.push(Stand::default());
                continue;
            };
            let stand = stand(Rect { x: names.1 + BUS, y: row.y, w: wide, h: row.h }, containers.len());
            out.containers.extend(containers.iter().enumerate().map(|(nth, id)| (*id, stand.seat(nth))));
            out.stands.push(stand);
            if self.ports.contains_key(&at) {
                let h = (row.h * 0.62).min(24.0);
                let place = Rect { x: all.x - 8.0, y: row.y + (row.h - h) / 2.0, w: (ports - 18.0).max(24.0), h };
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

/// Containers stand in columns with words beside their marks where those fit, else as marks in a grid.
fn stand(area: Rect, count: usize) -> Stand {
    let n = count.max(1);
    let most = ((area.w / WORDS_FROM) as usize).min(n);
    if most > 0 {
        let lines = n.div_ceil(most);
        let (columns, high) = (n.div_ceil(lines), area.h / lines as f64);
        if high >= WORDS_LINE {
            let pitch = ((area.w / columns as f64).min(CONTAINER_MAX.0), high);
            return Stand { area, columns, pitch, words: true };
        }
    }
    let room = Rect { h: (area.h - RAIL / 2.0).max(1.0), ..area };
    let mut side = room.h * 0.84;
    let fits = |side: f64| (room.w / side).floor() * (room.h / side).floor() >= n as f64;
    while side > 3.0 && !fits(side) {
        side *= 0.94;
    }
    let columns = ((room.w / side) as usize).max(1);
    let top = room.y + (room.h - side * n.div_ceil(columns) as f64) / 2.0;
    Stand { area: Rect { y: top, ..room }, columns, pitch: (side, side), words: false }
}

impl Stand {
    /// Where the container with this number stands, from 0.
    fn seat(&self, nth: usize) -> Rect {
        let (column, line) = ((nth % self.columns.max(1)) as f64, (nth / self.columns.max(1)) as f64);
        let (x, y) = (self.area.x + column * self.pitch.0, self.area.y + line * self.pitch.1);
        if !self.words {
            return Rect { x, y, w: self.pitch.0 * 0.86, h: self.pitch.1 * 0.86 };
        }
        let h = (self.pitch.1 - RAIL).min(CONTAINER_MAX.1);
        Rect { x, y: y + (self.pitch.1 - RAIL - h) / 2.0 + 2.0, w: self.pitch.0 - 6.0, h }
    }
    /// Height of the way below a line of containers.
    pub fn rail(&self, line: usize) -> f64 {
        self.area.y + (line + 1) as f64 * self.pitch.1 - RAIL / 2.0 + 1.0
    }
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
