//! The stage: where things stand ([`layout`]), how they are drawn ([`paint`], [`pods`], [`pixels`]), and the same rows as a
//! tree of words ([`tree`], [`words`]).

pub mod docker_words;
#[cfg(target_arch = "wasm32")]
mod flows;
pub mod house;
#[cfg(target_arch = "wasm32")]
mod house_flows;
#[cfg(target_arch = "wasm32")]
pub mod house_paint;
pub mod layout;
#[cfg(target_arch = "wasm32")]
pub mod marks;
#[cfg(target_arch = "wasm32")]
pub mod paint;
#[cfg(target_arch = "wasm32")]
pub mod palette;
pub mod pixels;
#[cfg(target_arch = "wasm32")]
pub mod pods;
#[cfg(target_arch = "wasm32")]
mod probes;
pub mod rails;
pub mod room;
pub mod touch;
pub mod tree;
pub mod words;

use super::view::{Changes, View};
use crate::session::docker::is_docker;
use crate::session::{Look, RowBody, zone_id};
use house::Building;
use layout::{Camera, Level, Plan, Rect};
use room::{Room, STRIP};
use std::collections::BTreeMap;

/// Width of the services at the left edge. Ours.
const GUTTER: f64 = 132.0;
/// The same where loads stand above their services: a slider must fit. Ours.
const GUTTER_LOADS: f64 = 188.0;
/// Height of a load's card with its gap, as `.load` has it in CSS. Ours.
pub const LOAD: f64 = 100.0;
/// Height of a service's pill, and to the next. As `.load-pill` has it in CSS. Ours.
const PILL: (f64, f64) = (42.0, 56.0);
/// Narrowest and widest pill above the picture, and the gap between two. Ours: a name of six letters and a count fit.
const PILL_ABOVE: (f64, f64, f64) = (108.0, 190.0, 8.0);
/// Room for the number of services that have none above the picture. Ours.
const MORE: f64 = 30.0;
/// On a lower stage the column at the left edge begins at the top, without a title. As CSS has it. Ours: a load and its service
/// must fit.
const LOW: f64 = 300.0;
/// Below this width the services stand above the picture. Ours.
const GUTTER_FROM: f64 = 560.0;
/// So long a pod waits before a strip comes for it where there is no room to spare. Milliseconds. Ours: a pod that is placed at
/// once must not move all nodes.
const PATIENCE_MS: f64 = 600.0;
/// Widest building where it stands alone. Ours: lines that are too long are not read.
const ALONE_MAX: f64 = 900.0;
/// From this width on both houses stand side by side, else one above the other. With the column of loads it is 800, as CSS has
/// it for cards. Ours.
const BESIDE_FROM: f64 = 600.0;
/// Between them: ports stand there. Ours.
const BETWEEN: f64 = 38.0;
/// Height of a house's name above it. Ours.
const HOUSE_TITLE: f64 = 26.0;
/// Over both houses, for the way of requests to the farther one. Ours.
const OVER: f64 = 14.0;
/// A zone's edge stands so far out of its nodes. Ours.
const ZONE_EDGE: f64 = 4.0;
/// Around the picture. Ours.
const PAD: f64 = 12.0;
/// How long a pod takes to come, to change its place, to go. Milliseconds. Ours: seen, but not waited for.
pub const COME_MS: f64 = 180.0;
/// See [`COME_MS`]. Ours.
pub const PLACE_MS: f64 = 320.0;
/// See [`COME_MS`]. Ours.
pub const LEAVE_MS: f64 = 240.0;
/// More motions than this at once are cuts. Ours.
const MOVES_MAX: usize = 200;

/// A pod on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Motion {
    /// Where it was on the screen; `None` when it is new.
    pub from: Option<Rect>,
    /// When it began.
    pub start: f64,
}

/// A pod that is gone and fades.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ghost {
    /// Where it was, in the picture.
    pub rect: Rect,
    /// How it looked.
    pub look: Look,
    /// When it began.
    pub start: f64,
}

/// Everything the stage remembers between frames.
#[derive(Default)]
pub struct Scene {
    /// The window's size.
    pub size: (f64, f64),
    /// Places.
    pub plan: Plan,
    /// The Docker host's building.
    pub house: Option<Building>,
    /// What is shown of the picture.
    pub camera: Camera,
    /// Whether the camera shows everything, and should go on doing so.
    pub fitted: bool,
    /// Pods on their way.
    pub moves: BTreeMap<u32, Motion>,
    /// Pods that fade.
    pub ghosts: Vec<Ghost>,
    /// Waiting pods on the screen.
    pub strip: Vec<(u32, Rect)>,
    /// Services on the screen.
    pub pills: Vec<(u32, Rect)>,
    /// Loads on the screen, by name.
    pub sources: Vec<(String, Rect)>,
    /// Width of their column; nothing without any.
    pub gutter: f64,
    /// Services that have no room above the picture.
    pub more: usize,
    /// What is kept free above and below the picture.
    pub room: Room,
    /// Since when a pod waits.
    waiting_from: Option<f64>,
    /// How far samples of requests are on their way, in ways.
    pub phase: f64,
    /// When the last frame was drawn.
    pub last_at: f64,
    stale: bool,
    /// Whether something on the Docker host has changed.
    house_stale: bool,
    /// Where the cluster stands in the fitted picture, and where the host does.
    halves: (Rect, Rect),
}

impl Scene {
    /// An empty stage that will show everything.
    pub fn new() -> Self {
        let room = Room { strip: STRIP, ..Room::default() };
        Self { fitted: true, stale: true, house_stale: true, room, ..Self::default() }
    }

    /// Takes note of what an update did. `still` makes everything a cut.
    pub fn changed(&mut self, changes: &Changes, at: f64, still: bool) {
        let busy = changes.came.len() + changes.moved.len() + changes.went.len() > MOVES_MAX;
        self.house_stale |= changes.docker || changes.full;
        self.stale |= changes.nodes || changes.full || changes.services;
        if still || busy || changes.full {
            self.moves.clear();
            self.ghosts.clear();
            return;
        }
        for id in &changes.came {
            self.moves.insert(*id, Motion { from: None, start: at });
        }
        for id in &changes.moved {
            let from = self.strip.iter().find(|s| s.0 == *id).map(|s| s.1);
            self.moves.insert(*id, Motion { from, start: at });
        }
        for gone in &changes.went {
            let node = gone.node.and_then(|n| self.plan.index.get(&n)).map(|i| self.plan.nodes[*i].rect);
            if let Some(node) = node {
                let seat = self.plan.seat(&node, gone.seat);
                self.ghosts.push(Ghost { rect: seat.inset(seat.w * 0.12), look: gone.look, start: at });
            }
        }
    }

    /// Places everything again when something that decides places has changed. `at`: the moment of the frame; `still`: time
    /// does not go on, and nothing is waited for. Whether another frame is needed.
    pub fn arrange(&mut self, view: &View, size: (f64, f64), at: f64, still: bool) -> bool {
        self.waiting_from = (!view.waiting.is_empty()).then(|| self.waiting_from.unwrap_or(at));
        let waits = self.waiting_from.is_some_and(|from| still || at - from >= PATIENCE_MS);
        self.place(view, size, room::room(view, size, waits));
        self.waiting_from.is_some() && !waits
    }

    fn place(&mut self, view: &View, size: (f64, f64), room: Room) {
        let most = view.seats.values().map(|s| s.pods.len()).max().unwrap_or(0);
        self.place_house(view);
        if !self.stale && self.size == size && self.room == room && most <= self.plan.seats {
            return;
        }
        let had_room = std::mem::replace(&mut self.room, room);
        let zones = layout::zones(view);
        let nodes: usize = zones.iter().map(|z| z.1.len()).sum();
        let resized = self.size != size;
        let had_gutter = self.gutter;
        self.size = size;
        self.stale = false;
        self.pills = Vec::new();
        self.sources = Vec::new();
        (self.gutter, self.more) = (0.0, 0);
        if size.0 >= GUTTER_FROM {
            self.place_pills(view);
        } else if room.pills > 0.0 {
            self.place_pills_above(view);
        }
        let before = self.halves;
        self.halve(nodes);
        let same_halves = before == self.halves;
        let same_nodes =
            nodes == self.plan.nodes.len() && zones.iter().flat_map(|z| &z.1).eq(self.plan.nodes.iter().map(|n| &n.id));
        let seated = most <= self.plan.seats && self.plan.seats > 0;
        let same_room = had_gutter == self.gutter && had_room == room && same_halves;
        if same_nodes && seated && !resized && same_room {
            return;
        }
        let own = self.halves.0;
        self.plan = layout::plan(&zones, (own.w, own.h), most.max(self.plan.seats.min(12)).max(4));
        self.plan.shift(own.x, own.y);
        if self.fitted || self.camera.zoom == 0.0 {
            self.fit();
        }
    }

    /// Looks at the Docker host again, where something there has changed.
    fn place_house(&mut self, view: &View) {
        if !std::mem::take(&mut self.house_stale) {
            return;
        }
        let there = self.house.is_some();
        let lines = self.house.as_ref().map(|h| h.lines.len());
        let rect = self.halves.1;
        self.house = house::building(view).map(|b| Building { rect, ..b });
        self.stale |= there != self.house.is_some() || lines != self.house.as_ref().map(|h| h.lines.len());
    }

    /// Parts the window between the two houses; one that is not there gets nothing.
    fn halve(&mut self, nodes: usize) {
        let window = self.window();
        let all = Rect { x: 0.0, y: 0.0, w: window.w, h: window.h };
        let Some(building) = &mut self.house else {
            self.halves = (all, Rect::default());
            return;
        };
        // Ports stand a little out of the left wall.
        let (cluster, host) = if nodes == 0 {
            let w = all.w.min(ALONE_MAX);
            (Rect::default(), Rect { x: (all.w - w) / 2.0 + 6.0, w: w - 12.0, ..all })
        } else if all.w >= BESIDE_FROM {
            let (w, h) = ((all.w - BETWEEN) / 2.0, all.h - OVER);
            let left = Rect { y: OVER + HOUSE_TITLE, w, h: h - HOUSE_TITLE, ..all };
            (left, Rect { x: w + BETWEEN, y: OVER, w, h })
        } else {
            let h = all.h * 0.5;
            let below = Rect { x: 6.0, y: h + 8.0, w: all.w - 8.0, h: all.h - h - 8.0 };
            (Rect { y: HOUSE_TITLE, h: h - HOUSE_TITLE, ..all }, below)
        };
        let (least, most) = building.height(host.w);
        let tall = if nodes == 0 { least } else { most };
        let free = (host.h - tall).max(0.0);
        let down = if nodes == 0 { free * 0.2 } else { 0.0 };
        let host = Rect { y: host.y + down, h: host.h - free, ..host };
        building.rect = host;
        self.halves = (cluster, host);
    }

    /// Where the load of this name stands, and how its requests come to the Docker host.
    pub fn source(&self, name: &str) -> Option<rails::Source> {
        let card = self.sources.iter().find(|s| s.0 == name)?.1;
        let (cluster, host) = self.halves;
        let over = (cluster.w > 0.0 && host.x > cluster.x + cluster.w / 2.0)
            .then(|| self.on_screen(&Rect { y: OVER / 2.0, ..Rect::default() }).y);
        Some(rails::Source { card, over })
    }

    /// Where the cluster's name stands when both houses are there.
    pub fn cluster_title(&self) -> Option<Rect> {
        let both = self.house.is_some() && !self.plan.nodes.is_empty();
        let own = self.halves.0;
        both.then(|| self.on_screen(&Rect { y: own.y - HOUSE_TITLE, h: HOUSE_TITLE, ..own }))
    }

    /// Services at the left edge, each below its loads; those on the Docker host stand there, not here.
    fn place_pills(&mut self, view: &View) {
        let all = view.gutter();
        if all.is_empty() {
            return;
        }
        self.gutter = if all.iter().any(|s| !s.1.is_empty()) { GUTTER_LOADS } else { GUTTER };
        let mut y = if self.size.1 < LOW { 8.0 } else { STRIP + 22.0 };
        for (id, loads) in all {
            for load in loads {
                let card = Rect { x: 12.0, y, w: self.gutter - 30.0, h: LOAD - 8.0 };
                self.sources.push((load.name.clone(), card));
                y += LOAD;
            }
            if is_docker(id) {
                continue;
            }
            if y + PILL.0 > self.size.1 {
                break;
            }
            self.pills.push((id, Rect { x: 12.0, y, w: self.gutter - 30.0, h: PILL.0 }));
            y += PILL.1;
        }
    }

    /// Services side by side above the picture, as many as fit.
    fn place_pills_above(&mut self, view: &View) {
        let all: Vec<u32> = view.gutter().into_iter().map(|s| s.0).filter(|id| !is_docker(*id)).collect();
        let (least, most, gap) = PILL_ABOVE;
        let wide = self.size.0 - 2.0 * PAD;
        let fit = |wide: f64| ((wide + gap) / (least + gap)).max(1.0) as usize;
        let (count, wide) = if all.len() <= fit(wide) { (all.len(), wide) } else { (fit(wide - MORE), wide - MORE) };
        let w = ((wide + gap) / count.max(1) as f64 - gap).min(most);
        let place = |nth: usize| Rect { x: PAD + nth as f64 * (w + gap), y: self.room.strip + 4.0, w, h: PILL.0 };
        self.pills = all.iter().take(count).enumerate().map(|(nth, id)| (*id, place(nth))).collect();
        self.more = all.len() - count;
    }

    /// Whether services stand above the picture instead of at its left edge.
    pub fn pills_above(&self) -> bool {
        self.room.pills > 0.0
    }

    /// The part of the stage that shows the picture.
    pub fn window(&self) -> Rect {
        let left = if self.gutter > 0.0 { self.gutter } else { PAD };
        let top = self.room.strip + self.room.pills;
        let (w, h) = (self.size.0 - left - PAD, self.size.1 - top - PAD - self.room.below);
        Rect { x: left, y: top, w: w.max(1.0), h: h.max(1.0) }
    }

    /// Shows everything.
    pub fn fit(&mut self) {
        self.camera = Camera::default();
        self.fitted = true;
    }

    /// Zooms around a point of the screen; without one around the middle.
    pub fn zoom(&mut self, factor: f64, around: Option<(f64, f64)>) {
        let window = self.window();
        let (x, y) = around.map_or((window.w / 2.0, window.h / 2.0), |(x, y)| (x - window.x, y - window.y));
        self.camera = self.camera.zoomed(self.camera.zoom * factor, x, y);
        self.fitted = false;
    }

    /// Goes to a level, around the middle or the selection.
    pub fn go_level(&mut self, level: Level, around: Option<Rect>) {
        let zoom = self.plan.zoom_of(level);
        if let Some(r) = around {
            self.centre(&r);
        }
        self.zoom(zoom / self.camera.zoom, None);
    }

    /// Moves the picture.
    pub fn pan(&mut self, dx: f64, dy: f64) {
        self.camera.x -= dx;
        self.camera.y -= dy;
        self.fitted = false;
    }

    /// Brings a rectangle of the screen to the middle.
    pub fn centre(&mut self, r: &Rect) {
        let window = self.window();
        let ((x, y), (wx, wy)) = (r.centre(), window.centre());
        self.pan(wx - x, wy - y);
    }

    /// The level now.
    pub fn level(&self) -> Level {
        self.plan.level(self.camera.zoom)
    }

    /// From the picture to the screen.
    pub fn on_screen(&self, r: &Rect) -> Rect {
        let window = self.window();
        let r = self.camera.to_screen(r);
        Rect { x: r.x + window.x, y: r.y + window.y, ..r }
    }

    /// A pod's square on the screen.
    pub fn pod_rect(&self, view: &View, id: u32) -> Option<Rect> {
        let (_, pod) = view.pod(id)?;
        let Some(node) = pod.node else {
            return self.strip.iter().find(|s| s.0 == id).map(|s| s.1);
        };
        let place = &self.plan.nodes[*self.plan.index.get(&node)?];
        let seat = view.seats.get(&node)?.pods.iter().position(|p| *p == Some(id))?;
        let node = self.on_screen(&place.rect);
        let r = self.plan.seat(&node, seat);
        if self.level() == Level::Fleet || r.w < 3.5 {
            return Some(node);
        }
        Some(r.inset((r.w * 0.12).clamp(0.5, 8.0)))
    }

    /// Where a row is on the screen.
    pub fn rect_of(&self, view: &View, id: u32) -> Option<Rect> {
        match &view.row(id)?.body {
            RowBody::Pod(_) => self.pod_rect(view, id),
            RowBody::Node(_) => Some(self.on_screen(&self.plan.nodes[*self.plan.index.get(&id)?].rect)),
            RowBody::Service(_) => self.pills.iter().find(|p| p.0 == id).map(|p| p.1),
            RowBody::Zone(_) => {
                let zone = self.plan.zones.iter().find(|z| zone_id(&z.name) == id)?;
                Some(self.on_screen(&zone.rect).inset(-ZONE_EDGE))
            }
            _ => {
                let building = self.house.as_ref()?;
                building.places(&self.on_screen(&building.rect)).of(building, id)
            }
        }
    }

    /// What lies under a point: the nearest seat counts, so that small things can be hit.
    pub fn at(&self, view: &View, x: f64, y: f64) -> Option<u32> {
        let near = |r: &Rect| r.inset(-3.0).holds(x, y);
        if let Some(hit) = self.strip.iter().chain(&self.pills).find(|s| near(&s.1)) {
            return Some(hit.0);
        }
        if !self.window().holds(x, y) {
            return None;
        }
        let in_house = self
            .house
            .as_ref()
            .and_then(|building| building.places(&self.on_screen(&building.rect)).at(building, x, y));
        if in_house.is_some() {
            return in_house;
        }
        let Some(place) = self.plan.nodes.iter().find(|n| self.on_screen(&n.rect).inset(-1.0).holds(x, y)) else {
            let zone = self.plan.zones.iter().find(|z| self.on_screen(&z.rect).inset(-ZONE_EDGE).holds(x, y));
            return zone.map(|z| zone_id(&z.name)).filter(|id| view.row(*id).is_some());
        };
        let node = self.on_screen(&place.rect);
        if self.level() >= Level::Nodes {
            let seats = view.seats.get(&place.id)?;
            for (seat, pod) in seats.pods.iter().enumerate() {
                if let Some(pod) = pod.filter(|_| self.plan.seat(&node, seat).holds(x, y)) {
                    return Some(pod);
                }
            }
        }
        Some(place.id)
    }

    /// Forgets motions that are over; whether any is left.
    pub fn settle(&mut self, at: f64) -> bool {
        self.moves.retain(|_, m| at - m.start < PLACE_MS);
        self.ghosts.retain(|g| at - g.start < LEAVE_MS);
        !self.moves.is_empty() || !self.ghosts.is_empty()
    }

    /// Everything must be placed again, for a new theme or a new canvas.
    pub fn spoil(&mut self) {
        self.stale = true;
    }
}
