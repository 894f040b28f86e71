//! Where things stand: zones hold nodes, nodes hold seats. Everything is placed once, in pixels of the fitted picture; zoom and
//! pan only move the camera, so the picture can be remembered. Needs no browser; tested natively.

use super::super::view::View;
use crate::session::RowBody;
use std::collections::BTreeMap;

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

impl Rect {
    /// Whether a point lies in it.
    pub fn holds(&self, x: f64, y: f64) -> bool {
        x >= self.x && x < self.x + self.w && y >= self.y && y < self.y + self.h
    }

    /// Whether two share anything.
    pub fn meets(&self, other: &Rect) -> bool {
        self.x < other.x + other.w
            && other.x < self.x + self.w
            && self.y < other.y + other.h
            && other.y < self.y + self.h
    }

    /// Its middle.
    pub fn centre(&self) -> (f64, f64) {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// Smaller (or larger) by so much on each side.
    pub fn inset(&self, by: f64) -> Rect {
        Rect { x: self.x + by, y: self.y + by, w: self.w - 2.0 * by, h: self.h - 2.0 * by }
    }

    /// Between two rectangles, 0 at `self`.
    pub fn toward(&self, to: &Rect, t: f64) -> Rect {
        let mix = |a: f64, b: f64| a + (b - a) * t;
        Rect { x: mix(self.x, to.x), y: mix(self.y, to.y), w: mix(self.w, to.w), h: mix(self.h, to.h) }
    }
}

/// How much a node tells at its width on screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A heat cell.
    #[default]
    Fleet,
    /// A tile with small squares.
    Nodes,
    /// A card with pods.
    Pods,
    /// Pods as cards.
    OnePod,
}

/// Narrowest node of level 2, of level 3. Ours: names and glyphs must stay readable.
pub const NODES_FROM: f64 = 28.0;
/// See [`NODES_FROM`]. Ours.
pub const PODS_FROM: f64 = 112.0;
/// Narrowest seat of level 4. Ours: a container's line must fit.
pub const ONE_POD_FROM: f64 = 160.0;
/// Widest node of the fitted picture. Ours: a lone node does not fill the stage.
const NODE_MAX: f64 = 300.0;
/// Height of a zone's title. Ours.
pub const ZONE_TITLE: f64 = 22.0;
/// Between zones. Ours.
const ZONE_GAP: f64 = 14.0;
/// A node's share of its place; the rest is the gap. Ours.
pub const FILL: f64 = 0.94;
/// Columns and lines of seats in a node. Ours: a new pod seldom changes the grid, and a larger grid only adds columns at the
/// right and lines below, so that who sits keeps the place beside the same neighbours.
const SEAT_GRIDS: [(usize, usize); 10] =
    [(2, 2), (3, 2), (4, 3), (5, 4), (6, 5), (8, 7), (11, 10), (14, 12), (17, 15), (24, 22)];

/// All grids, each in the corner of the next.
fn seat_grids() -> impl Iterator<Item = (usize, usize)> {
    let last = SEAT_GRIDS[SEAT_GRIDS.len() - 1];
    SEAT_GRIDS.into_iter().chain(std::iter::successors(Some(last), |(c, l)| Some((c * 2, l * 2))).skip(1))
}

/// The smallest grid with so many seats.
fn seat_grid(most: usize) -> (usize, usize) {
    seat_grids().find(|(columns, lines)| columns * lines >= most).unwrap_or_default()
}

/// Column and line of a seat: those of a smaller grid first, then the columns that the next one adds, then its lines.
fn seat_place(seat: usize) -> (usize, usize) {
    let (columns, lines) = seat_grid(seat + 1);
    let (inner, depth) = seat_grids().take_while(|grid| *grid != (columns, lines)).last().unwrap_or_default();
    let nth = seat - inner * depth;
    let beside = (columns - inner) * depth;
    if nth < beside {
        return (inner + nth / depth, nth % depth);
    }
    ((nth - beside) % columns, depth + (nth - beside) / columns)
}

/// A node's place.
#[derive(Clone, Debug, PartialEq)]
pub struct NodePlace {
    /// Its row id.
    pub id: u32,
    /// Its place in the fitted picture, without the gap.
    pub rect: Rect,
}

/// A zone's place.
#[derive(Clone, Debug, PartialEq)]
pub struct ZonePlace {
    /// Its name; empty when nodes have no zone.
    pub name: String,
    /// Its place, with the title on top.
    pub rect: Rect,
    /// Its nodes.
    pub nodes: Vec<u32>,
}

/// Everything's place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Zones in order of name.
    pub zones: Vec<ZonePlace>,
    /// Nodes in order of zone and name.
    pub nodes: Vec<NodePlace>,
    /// From row id to index in `nodes`.
    pub index: BTreeMap<u32, usize>,
    /// Width of one node's place.
    pub pitch: f64,
    /// Seats in each node.
    pub seats: usize,
    /// Columns of seats.
    pub columns: usize,
    /// The whole picture.
    pub size: (f64, f64),
}

/// Nodes by zone, both in order of name; `node-2` stands before `node-10`.
pub fn zones(view: &View) -> Vec<(String, Vec<u32>)> {
    let mut all: BTreeMap<String, Vec<(String, u32)>> = BTreeMap::new();
    for row in view.kinds.nodes.iter().filter_map(|id| view.rows.get(id)) {
        if let RowBody::Node(node) = &row.body {
            all.entry(node.zone.clone()).or_default().push((natural(&row.name), row.id));
        }
    }
    all.into_iter()
        .map(|(zone, mut nodes)| {
            nodes.sort();
            (zone, nodes.into_iter().map(|n| n.1).collect())
        })
        .collect()
}

/// A name whose numbers sort by value.
fn natural(name: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in name.chars().chain(std::iter::once('\0')) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            out += &format!("{digits:0>9}");
            digits.clear();
        }
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

/// Places all zones and nodes in a window of this size.
pub fn plan(zones: &[(String, Vec<u32>)], size: (f64, f64), most_pods: usize) -> Plan {
    let nodes: usize = zones.iter().map(|z| z.1.len()).sum();
    let (columns, seat_lines) = seat_grid(most_pods);
    let seats = columns * seat_lines;
    if nodes == 0 || size.0 < 1.0 || size.1 < 1.0 {
        return Plan { seats, columns, size, ..Plan::default() };
    }
    let mut pitch = NODE_MAX.min(size.0);
    let (grid, pitch) = loop {
        let beside = beside(zones, size, pitch);
        let stacked = stacked(zones, size, pitch);
        match beside.or(stacked) {
            Some(grid) => break (grid, pitch),
            None if pitch < 2.0 => break (stacked_always(zones, size, pitch), pitch),
            None => pitch *= 0.97,
        }
    };
    let aspect = stretch(&grid, size, pitch);
    place(zones, grid, (pitch, aspect), size, (columns, seats))
}

/// How zones are arranged: columns of nodes in each zone, and whether zones stand side by side.
struct Grid {
    columns: Vec<usize>,
    beside: bool,
}

fn lines(count: usize, columns: usize) -> usize {
    count.div_ceil(columns.max(1)).max(1)
}

fn beside(zones: &[(String, Vec<u32>)], size: (f64, f64), pitch: f64) -> Option<Grid> {
    let gaps = ZONE_GAP * (zones.len() as f64 - 1.0);
    let room = ((size.0 - gaps) / pitch) as usize;
    if room < zones.len() {
        return None;
    }
    let nodes: usize = zones.iter().map(|z| z.1.len()).sum();
    let mut columns: Vec<usize> = zones.iter().map(|z| (z.1.len() * room / nodes).clamp(1, z.1.len().max(1))).collect();
    while columns.iter().sum::<usize>() > room {
        let widest = columns.iter_mut().max()?;
        *widest -= 1;
    }
    let most = zones.iter().zip(&columns).map(|(z, c)| lines(z.1.len(), *c)).max()?;
    (ZONE_TITLE + most as f64 * pitch <= size.1).then_some(Grid { columns, beside: true })
}

fn stacked(zones: &[(String, Vec<u32>)], size: (f64, f64), pitch: f64) -> Option<Grid> {
    let grid = stacked_always(zones, size, pitch);
    let height: f64 = zones
        .iter()
        .zip(&grid.columns)
        .map(|(z, c)| ZONE_TITLE + lines(z.1.len(), *c) as f64 * pitch + ZONE_GAP)
        .sum::<f64>()
        - ZONE_GAP;
    (height <= size.1).then_some(grid)
}

fn stacked_always(zones: &[(String, Vec<u32>)], size: (f64, f64), pitch: f64) -> Grid {
    let columns = ((size.0 / pitch) as usize).max(1);
    Grid { columns: zones.iter().map(|z| columns.min(z.1.len()).max(1)).collect(), beside: false }
}

/// Cards grow downward where there is room, but never into towers.
fn stretch(grid: &Grid, size: (f64, f64), pitch: f64) -> f64 {
    if pitch < PODS_FROM || !grid.beside {
        return 1.0;
    }
    let free = size.1 - ZONE_TITLE;
    (free / pitch).clamp(1.0, 1.3)
}

fn place(
    zones: &[(String, Vec<u32>)],
    grid: Grid,
    (pitch, aspect): (f64, f64),
    size: (f64, f64),
    (seat_columns, seats): (usize, usize),
) -> Plan {
    let (step_x, mut step_y) = (pitch, pitch * aspect);
    let most = zones.iter().zip(&grid.columns).map(|(z, c)| lines(z.1.len(), *c)).max().unwrap_or(1);
    if grid.beside && ZONE_TITLE + most as f64 * step_y > size.1 {
        step_y = pitch;
    }
    let gap = pitch * (1.0 - FILL) / 2.0;
    let mut plan = Plan { pitch, seats, columns: seat_columns, size, ..Plan::default() };
    let wide: f64 = grid.columns.iter().map(|c| *c as f64 * step_x).sum::<f64>() + ZONE_GAP * (zones.len() - 1) as f64;
    let mut x = if grid.beside { ((size.0 - wide) / 2.0).max(0.0) } else { 0.0 };
    let tall = ZONE_TITLE + most as f64 * step_y;
    let mut y = if grid.beside && pitch >= NODES_FROM { ((size.1 - tall) * 0.35).max(0.0) } else { 0.0 };
    for ((name, nodes), columns) in zones.iter().zip(&grid.columns) {
        let (w, h) = (*columns as f64 * step_x, ZONE_TITLE + lines(nodes.len(), *columns) as f64 * step_y);
        for (i, id) in nodes.iter().enumerate() {
            let (column, line) = ((i % columns) as f64, (i / columns) as f64);
            let rect = Rect {
                x: x + column * step_x + gap,
                y: y + ZONE_TITLE + line * step_y + gap,
                w: step_x - 2.0 * gap,
                h: step_y - 2.0 * gap,
            };
            plan.index.insert(*id, plan.nodes.len());
            plan.nodes.push(NodePlace { id: *id, rect });
        }
        plan.zones.push(ZonePlace { name: name.clone(), rect: Rect { x, y, w, h }, nodes: nodes.clone() });
        if grid.beside {
            x += w + ZONE_GAP;
        } else {
            y += h + ZONE_GAP;
        }
    }
    plan
}

/// What the window shows of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Zoom; 1 shows the fitted picture.
    pub zoom: f64,
    /// Left edge of the window, in picture pixels times zoom.
    pub x: f64,
    /// Top edge.
    pub y: f64,
}

impl Default for Camera {
    fn default() -> Self {
        Self { zoom: 1.0, x: 0.0, y: 0.0 }
    }
}

impl Camera {
    /// From the picture to the window.
    pub fn to_screen(&self, r: &Rect) -> Rect {
        Rect { x: r.x * self.zoom - self.x, y: r.y * self.zoom - self.y, w: r.w * self.zoom, h: r.h * self.zoom }
    }

    /// Another zoom; the picture point under `(x, y)` of the window stays there.
    pub fn zoomed(&self, zoom: f64, x: f64, y: f64) -> Camera {
        let zoom = zoom.clamp(0.2, 400.0);
        let k = zoom / self.zoom;
        Camera { zoom, x: (self.x + x) * k - x, y: (self.y + y) * k - y }
    }
}

impl Plan {
    /// Moves everything.
    pub fn shift(&mut self, dx: f64, dy: f64) {
        let zones = self.zones.iter_mut().map(|z| &mut z.rect);
        for r in zones.chain(self.nodes.iter_mut().map(|n| &mut n.rect)) {
            r.x += dx;
            r.y += dy;
        }
    }

    /// The level at this zoom.
    pub fn level(&self, zoom: f64) -> Level {
        let width = self.pitch * FILL * zoom;
        if self.seat_pitch(zoom) >= ONE_POD_FROM {
            Level::OnePod
        } else if width >= PODS_FROM {
            Level::Pods
        } else if width >= NODES_FROM {
            Level::Nodes
        } else {
            Level::Fleet
        }
    }

    /// The zoom at which a level begins (a little above its edge).
    pub fn zoom_of(&self, level: Level) -> f64 {
        match level {
            Level::Fleet => (NODES_FROM - 8.0) / (self.pitch * FILL),
            Level::Nodes => (PODS_FROM - 16.0) / (self.pitch * FILL),
            Level::Pods => (PODS_FROM * 1.8) / (self.pitch * FILL),
            Level::OnePod => ONE_POD_FROM * 1.1 / self.seat_pitch(1.0),
        }
    }

    fn seat_pitch(&self, zoom: f64) -> f64 {
        self.nodes.first().map_or(0.0, |n| {
            let rect = Rect { x: 0.0, y: 0.0, w: n.rect.w * zoom, h: n.rect.h * zoom };
            self.seat(&rect, 0).w
        })
    }

    /// A seat's square in a node that stands at `node` on the screen.
    pub fn seat(&self, node: &Rect, seat: usize) -> Rect {
        let area = seat_area(node);
        let lines = lines(self.seats, self.columns) as f64;
        let pitch = (area.w / self.columns as f64).min(area.h / lines);
        let (column, line) = seat_place(seat);
        Rect { x: area.x + column as f64 * pitch, y: area.y + line as f64 * pitch, w: pitch, h: pitch }
    }
}

/// Height of a card's head: name and bars.
pub fn head_height(node: &Rect) -> f64 {
    if node.w >= PODS_FROM { (node.w * 0.26).clamp(54.0, 70.0) } else { (node.w * 0.3).clamp(8.0, 30.0) }
}

fn seat_area(node: &Rect) -> Rect {
    let head = head_height(node);
    let pad = (node.w * 0.03).clamp(1.0, 10.0);
    Rect {
        x: node.x + pad,
        y: node.y + head + pad / 2.0,
        w: node.w - 2.0 * pad,
        h: (node.h - head - 1.5 * pad).max(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fleet(zones: usize, nodes: usize) -> Vec<(String, Vec<u32>)> {
        (0..zones).map(|z| (format!("z{z}"), (0..nodes).map(|n| (z * nodes + n) as u32).collect())).collect()
    }

    #[test]
    fn three_nodes_stand_side_by_side_as_cards() {
        let plan = plan(&fleet(3, 1), (598.0, 560.0), 5);
        assert_eq!(plan.level(1.0), Level::Pods);
        assert!(plan.nodes[0].rect.x < plan.nodes[1].rect.x && plan.nodes[0].rect.y == plan.nodes[1].rect.y);
    }

    #[test]
    fn five_thousand_nodes_are_cells() {
        let plan = plan(&fleet(3, 1667), (718.0, 640.0), 30);
        assert_eq!(plan.level(1.0), Level::Fleet);
        assert!(plan.pitch > 7.0, "pitch {}", plan.pitch);
    }

    #[test]
    fn numbers_in_names_sort_by_value() {
        assert!(natural("node-2") < natural("node-10"));
    }

    #[test]
    fn zoom_keeps_the_point_under_the_pointer() {
        let before = Camera { zoom: 2.0, x: 30.0, y: 40.0 };
        let after = before.zoomed(5.0, 100.0, 50.0);
        let world = |c: &Camera| ((c.x + 100.0) / c.zoom, (c.y + 50.0) / c.zoom);
        let ((ax, ay), (bx, by)) = (world(&before), world(&after));
        assert!((ax - bx).abs() < 1e-9 && (ay - by).abs() < 1e-9);
    }

    #[test]
    fn a_larger_grid_leaves_everybody_in_place() {
        let mut taken = std::collections::BTreeSet::new();
        for seat in 0..3_000 {
            let (column, line) = seat_place(seat);
            let (columns, lines) = seat_grid(seat + 1);
            assert!(column < columns && line < lines, "seat {seat} is outside its grid");
            assert!(taken.insert((column, line)), "seat {seat} is somebody's");
        }
    }

    proptest! {
        #[test]
        fn nothing_overlaps_and_all_fits(
            zones in 1usize..7, nodes in 1usize..90, w in 300.0..1600.0, h in 200.0..1000.0
        ) {
            let plan = plan(&fleet(zones, nodes), (w, h), 8);
            for (i, a) in plan.nodes.iter().enumerate() {
                prop_assert!(a.rect.x >= 0.0 && a.rect.x + a.rect.w <= w + 0.5);
                prop_assert!(a.rect.y >= 0.0 && a.rect.y + a.rect.h <= h + 0.5);
                for b in &plan.nodes[i + 1..] {
                    prop_assert!(!a.rect.meets(&b.rect));
                }
            }
        }

        #[test]
        fn seats_lie_in_their_node(pods in 1usize..120, w in 120.0..400.0) {
            let plan = plan(&fleet(1, 4), (1000.0, 800.0), pods);
            let node = Rect { x: 10.0, y: 10.0, w, h: w };
            for seat in 0..pods {
                let r = plan.seat(&node, seat);
                prop_assert!(r.x >= node.x && r.x + r.w <= node.x + node.w + 0.01);
                prop_assert!(r.y >= node.y && r.y + r.h <= node.y + node.h + 0.01);
            }
        }
    }
}
