//! Draws one frame of the stage.

use super::super::format;
use super::super::texts::Language;
use super::super::view::{View, stuck};
use super::layout::{self, Level, NodePlace, Rect, head_height};
use super::marks::{badges, badges_width, bar_of, bolt, free_hatch, notched_edge, silent_word, slash, taint_chip};
use super::palette::{Palette, rgb};
use super::pods::{self, PodShape};
use super::{Scene, pixels};
use crate::session::{Look, NodeRow, PodRow, Row, RowBody};
use wasm_bindgen::Clamped;
use web_sys::{CanvasRenderingContext2d as Canvas, ImageData};

/// Height of a probe's row at level 4. Ours.
pub(super) const PROBE_ROW: f64 = 14.0;

/// What a frame is drawn from.
pub struct Frame<'f> {
    /// What is known.
    pub view: &'f View,
    /// The colours.
    pub p: &'f Palette,
    /// For numbers.
    pub language: Language,
    /// The selected row.
    pub selected: Option<u32>,
    /// Whether nothing may move.
    pub still: bool,
    /// The browser's clock, for motion only.
    pub at: f64,
    /// `waiting to be placed`.
    pub waiting_label: &'f str,
    /// What a cell of the fleet is.
    pub fleet_label: &'f str,
    /// `services`.
    pub services_label: &'f str,
    /// `Docker host`.
    pub host_label: &'f str,
    /// `Without a project`.
    pub no_project_label: &'f str,
    /// `load`.
    pub load_label: &'f str,
    /// Whether lines are drawn for every service.
    pub traffic: bool,
    /// Whether the run is slow enough for samples of requests.
    pub flowing: bool,
    /// Whether it goes on; samples stand still where it does not.
    pub playing: bool,
    /// Whether an audience looks: every pod gets an outline that ambient light cannot take.
    pub presenting: bool,
    /// Device pixels a pixel of the picture.
    pub ratio: f64,
}

impl Scene {
    /// Draws everything; the answer is whether something still moves.
    pub fn paint(&mut self, c: &Canvas, f: &Frame) -> bool {
        let (w, h) = self.size;
        let _ = c.set_transform(f.ratio, 0.0, 0.0, f.ratio, 0.0, 0.0);
        c.set_fill_style_str(&f.p.stage);
        c.fill_rect(0.0, 0.0, w, h);
        let window = self.window();
        let level = self.level();
        let seen = self.seen_flows(f);
        let may = self.advance(f);
        let mut room = may;
        let empty = self.plan.nodes.is_empty();
        if level == Level::Fleet && !empty {
            self.fleet(c, f, &window);
        } else if !empty {
            let places: Vec<NodePlace> =
                self.plan.nodes.iter().filter(|n| self.on_screen(&n.rect).meets(&window)).cloned().collect();
            self.clip(c, &window);
            self.zones(c, f, &window);
            for place in &places {
                self.node_frame(c, f, place, level);
            }
            c.restore();
            // Lines and requests lie on the cards and under what they hold: names and pods stay readable.
            self.flow_lines(c, f, &seen);
            room = self.line_samples(c, f, &seen, room);
            self.clip(c, &window);
            for place in &places {
                self.node_inside(c, f, place, level);
            }
            self.draw_ghosts(c, f);
            c.restore();
        }
        if level == Level::Fleet {
            self.flow_lines(c, f, &seen);
            room = self.line_samples(c, f, &seen, room);
        }
        let ways = self.seen_ways(f);
        self.draw_ways(c, f, &ways, true);
        self.clip(c, &window);
        self.draw_house(c, f, &ways);
        self.cluster_name(c, f);
        c.restore();
        room -= self.way_samples(c, f, &ways, room);
        self.calls(c, f);
        self.services(c, f);
        self.waiting(c, f);
        self.rings(c, f);
        self.settle(f.at) || f.playing && room < may
    }

    /// The name of the cluster, where the other house stands beside it.
    fn cluster_name(&self, c: &Canvas, f: &Frame) {
        let Some(r) = self.cluster_title() else { return };
        c.set_fill_style_str(&f.p.accent);
        c.fill_rect(r.x, r.y, r.w, 4.0);
        c.set_font("600 13px system-ui, sans-serif");
        c.set_text_baseline("alphabetic");
        c.set_fill_style_str(&f.p.ink);
        let _ = c.fill_text("Kubernetes", r.x + 4.0, r.y + 20.0);
    }

    /// Nothing of the picture is drawn over the services, until `restore`.
    fn clip(&self, c: &Canvas, window: &Rect) {
        c.save();
        c.begin_path();
        let left = window.x - 8.0;
        c.rect(left, 0.0, self.size.0 - left, self.size.1);
        c.clip();
    }

    fn zones(&self, c: &Canvas, f: &Frame, window: &Rect) {
        c.set_text_baseline("alphabetic");
        for zone in &self.plan.zones {
            let r = self.on_screen(&zone.rect);
            if !r.meets(window) || zone.name.is_empty() {
                continue;
            }
            if self.camera.zoom <= 4.0 && self.level() >= Level::Nodes {
                let r = r.inset(-super::ZONE_EDGE);
                c.begin_path();
                let _ = c.round_rect_with_f64(r.x, r.y, r.w, r.h, 10.0);
                c.set_stroke_style_str(&f.p.line);
                c.set_line_width(1.0);
                c.stroke();
            }
            c.set_fill_style_str(&f.p.ink2);
            c.set_font("600 12px system-ui, sans-serif");
            let y = (r.y + 15.0 * self.camera.zoom.min(1.0)).max(window.y + 13.0);
            let _ = c.fill_text_with_max_width(&zone.name, r.x.max(window.x) + 4.0, y, r.w.max(40.0));
        }
    }

    /// Level 1: pixels, because nothing else redraws five thousand cells in time.
    fn fleet(&self, c: &Canvas, f: &Frame, window: &Rect) {
        let (pw, ph) = ((window.w * f.ratio) as usize, (window.h * f.ratio) as usize);
        if pw == 0 || ph == 0 {
            return;
        }
        let mut picture = pixels::Picture::new(pw, ph, rgb(&f.p.stage));
        let heat: Vec<[u8; 3]> = f.p.heat.iter().map(|h| rgb(h)).collect();
        let (edge, bad, wait, unk) = (rgb(&f.p.edge), rgb(&f.p.bad), rgb(&f.p.wait), rgb(&f.p.unk));
        for place in &self.plan.nodes {
            let r = self.on_screen(&place.rect);
            if !r.meets(window) {
                continue;
            }
            let Some(RowBody::Node(node)) = f.view.row(place.id).map(|r| &r.body) else { continue };
            let whole = |v: f64| (v * f.ratio).floor();
            let side = |v: f64| (whole(v / layout::FILL) - 1.0).max(1.0);
            let cell = pixels::Cell::new(whole(r.x - window.x), whole(r.y - window.y), side(r.w), side(r.h));
            let share = node.cpu_requested as f64 / node.cpu.max(1) as f64;
            let step = ((share * 5.0).ceil() as usize).min(5);
            picture.fill(&cell, heat[step]);
            let looks = f.view.seats.get(&place.id).map(|s| s.looks).unwrap_or_default();
            let total = looks.iter().sum::<u32>().max(1) as f64;
            let ill = looks[Look::CrashLoop as usize] + looks[Look::Failed as usize] + looks[Look::Evicted as usize];
            let young = looks[Look::Creating as usize] + looks[Look::NotReady as usize];
            picture.fill_top(&cell, young as f64 / total, wait);
            picture.fill_bottom(&cell, ill as f64 / total, bad);
            picture.frame(&cell, edge);
            if node.ready != "True" {
                picture.hatch(&cell, unk, rgb(&f.p.ink));
            } else if node.cordoned {
                picture.hatch_thin(&cell, edge);
            }
        }
        if let Ok(data) = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&picture.bytes), pw as u32, ph as u32) {
            let _ = c.put_image_data(&data, window.x * f.ratio, window.y * f.ratio);
        }
        self.zones(c, f, window);
        heat_scale(c, f, self.size.1 - 8.0);
    }

    fn node_frame(&self, c: &Canvas, f: &Frame, place: &NodePlace, level: Level) {
        let Some(RowBody::Node(node)) = f.view.row(place.id).map(|r| &r.body) else { return };
        let r = &self.on_screen(&place.rect);
        let radius = if level == Level::Nodes { 4.0 } else { 8.0 };
        c.begin_path();
        let _ = c.round_rect_with_f64(r.x, r.y, r.w, r.h, radius);
        c.set_fill_style_str(&f.p.surface);
        c.fill();
        c.set_line_width(1.0);
        c.set_stroke_style_str(&f.p.edge);
        if node.ready == "True" {
            c.stroke();
        } else {
            c.set_line_width(2.0);
            c.set_stroke_style_str(&f.p.unk);
            pods::dashed(c, 6.0);
        }
        if !node.taints.is_empty() {
            notched_edge(c, f.p, r);
        }
    }

    fn node_inside(&mut self, c: &Canvas, f: &Frame, place: &NodePlace, level: Level) {
        let Some(row) = f.view.rows.get(&place.id).cloned() else { return };
        let RowBody::Node(node) = &row.body else { return };
        let node = &f.view.with_use(place.id, node);
        let r = &self.on_screen(&place.rect);
        self.node_head(c, f, &row, node, r, level);
        self.seats(c, f, place.id, node, r, level);
    }

    fn node_head(&self, c: &Canvas, f: &Frame, row: &Row, node: &NodeRow, r: &Rect, level: Level) {
        let left = r.x + if node.taints.is_empty() { 8.0 } else { 14.0 };
        let width = r.x + r.w - left - 8.0;
        let head = head_height(r);
        if level >= Level::Pods {
            c.set_font("600 13px system-ui, sans-serif");
            c.set_text_baseline("alphabetic");
            c.set_fill_style_str(&f.p.ink);
            let named = elide(c, &row.name, width - badges_width(node, r));
            let _ = c.fill_text(&named, left, r.y + 18.0);
            let broken = node.failed || f.view.live.broken.contains(&row.id);
            badges(c, f.p, &NodeRow { failed: broken, ..node.clone() }, r);
            let bar = Rect { x: left, y: r.y + head - 24.0, w: width, h: 6.0 };
            let bar2 = Rect { y: r.y + head - 8.0, ..bar };
            let label = width >= 120.0;
            let cpu =
                format!("{}/{}", format::cores(node.cpu_requested, f.language), format::cores(node.cpu, f.language));
            bar_of(c, f.p, &bar, "CPU", (node.cpu_used, node.cpu_requested, node.cpu), label.then_some(cpu));
            let memory = (node.memory_used, node.memory_requested, node.memory);
            let short = |n: u64| format::tenths((n * 10) >> 30, f.language);
            let text = format!("{}/{}", short(memory.1), short(memory.2));
            bar_of(c, f.p, &bar2, "GiB", memory, label.then_some(text));
            taint_chip(c, f.p, node, r);
        } else {
            if r.w >= 76.0 {
                c.set_font("600 12px system-ui, sans-serif");
                c.set_text_baseline("alphabetic");
                c.set_fill_style_str(&f.p.ink);
                let named = elide(c, &row.name, width);
                let _ = c.fill_text(&named, left.min(r.x + 6.0), r.y + 14.0);
            }
            let x = r.x + 3.0;
            let bar = Rect { x, y: r.y + head - 8.0, w: r.w - 6.0, h: 3.0 };
            bar_of(c, f.p, &bar, "", (node.cpu_used, node.cpu_requested, node.cpu), None);
            let bar = Rect { y: r.y + head - 4.0, ..bar };
            bar_of(c, f.p, &bar, "", (node.memory_used, node.memory_requested, node.memory), None);
        }
        if node.ready != "True" {
            slash(c, f.p, r, level >= Level::Pods && silent_word(r));
        }
    }

    fn seats(&mut self, c: &Canvas, f: &Frame, id: u32, node: &NodeRow, r: &Rect, level: Level) {
        let seats = f.view.seats.get(&id).map(|s| s.pods.clone()).unwrap_or_default();
        let pitch = self.plan.seat(r, 0).w;
        if pitch < 3.5 {
            return stacked_bar(c, f, id, r);
        }
        if node.cordoned {
            for seat in 0..self.plan.seats {
                if seats.get(seat).copied().flatten().is_none() {
                    free_hatch(c, f.p, &self.plan.seat(r, seat).inset(pitch * 0.12), seats.iter().all(Option::is_none));
                }
            }
        }
        let mut ink = None;
        for (seat, pod) in seats.iter().enumerate() {
            let Some(id) = pod else { continue };
            let Some((row, pod)) = f.view.pod(*id) else { continue };
            let gap = (pitch * 0.12).clamp(0.5, 8.0);
            let at = self.plan.seat(r, seat).inset(gap);
            let at = self.moving(*id, at, f);
            match level {
                Level::OnePod => self.pod_card(c, f, row, pod, &at),
                Level::Nodes => small(c, f.p, &at, pod, &mut ink),
                _ => pods::pod(c, f.p, &at, &shape(f, row, pod, at.w), f.still),
            }
            if f.presenting && level == Level::Pods {
                pods::rim(c, f.p, &at, f.view.is_new(row.id) == Some(true));
            }
            if at.w >= 12.0 && f.view.live.broken.contains(id) {
                bolt(c, f.p, (at.x + 2.0, at.y + 3.0), 0.8);
            }
        }
    }

    /// Level 4: containers in start order, with state and restarts.
    fn pod_card(&self, c: &Canvas, f: &Frame, row: &Row, pod: &PodRow, r: &Rect) {
        c.begin_path();
        let _ = c.round_rect_with_f64(r.x, r.y, r.w, r.h, 8.0);
        c.set_fill_style_str(&f.p.surface);
        c.fill();
        c.set_stroke_style_str(&f.p.edge);
        c.set_line_width(1.0);
        c.stroke();
        let icon = Rect { x: r.x + 10.0, y: r.y + 10.0, w: 22.0, h: 22.0 };
        let mut mark = shape(f, row, pod, 22.0);
        mark.suffix = String::new();
        pods::pod(c, f.p, &icon, &mark, f.still);
        c.set_text_baseline("alphabetic");
        c.set_fill_style_str(&f.p.ink);
        c.set_font("600 13px system-ui, sans-serif");
        let name = elide(c, &row.name, r.w - 50.0);
        let _ = c.fill_text(&name, r.x + 40.0, r.y + 20.0);
        c.set_font("12px system-ui, sans-serif");
        c.set_fill_style_str(&f.p.ink2);
        let status = elide(c, &pod.status, r.w - 50.0);
        let _ = c.fill_text(&status, r.x + 40.0, r.y + 35.0);
        let words = elide(c, &self.use_words(f, row.id, pod), r.w - 20.0);
        let _ = c.fill_text(&words, r.x + 10.0, r.y + 52.0);
        let mut y = r.y + 60.0;
        for part in &pod.parts {
            let h = 32.0 + PROBE_ROW * part.probes.len() as f64;
            if y + h + 2.0 > r.y + r.h {
                break;
            }
            let place = Rect { x: r.x + 10.0, y, w: r.w - 20.0, h };
            container(c, f, part, &place);
            super::probes::rows(c, f, part, &place);
            y += h + 4.0;
        }
    }

    /// `0.25 CPU requested, 0.12 used · web`: numbers and the services it answers for.
    fn use_words(&self, f: &Frame, id: u32, pod: &PodRow) -> String {
        let cores = |n: u64| format::cores(n, f.language);
        let mut words = match f.view.live.pods.get(&id) {
            Some((cpu, _)) => format!("CPU {} / {}", cores(*cpu), cores(pod.cpu)),
            None => format!("CPU – / {}", cores(pod.cpu)),
        };
        for (row, service) in f.view.services() {
            if service.endpoints.contains(&(id, true)) {
                words += &format!(" · {}", row.name);
            }
        }
        words
    }

    fn draw_ghosts(&self, c: &Canvas, f: &Frame) {
        for ghost in &self.ghosts {
            let t = ((f.at - ghost.start) / super::LEAVE_MS).clamp(0.0, 1.0);
            let r = self.on_screen(&ghost.rect);
            let scaled = r.inset(r.w * 0.25 * t);
            c.set_global_alpha(1.0 - t);
            pods::pod(c, f.p, &scaled, &PodShape { look: ghost.look, ..PodShape::default() }, true);
            c.set_global_alpha(1.0);
        }
    }

    /// Where a pod is drawn while it comes or changes its place.
    pub(super) fn moving(&self, id: u32, at: Rect, f: &Frame) -> Rect {
        let Some(motion) = self.moves.get(&id) else { return at };
        let length = if motion.from.is_some() { super::PLACE_MS } else { super::COME_MS };
        let t = ease(((f.at - motion.start) / length).clamp(0.0, 1.0));
        match motion.from {
            Some(from) => from.toward(&at, t),
            None => at.inset(at.w * 0.2 * (1.0 - t)),
        }
    }

    /// The strip of pods without a node, oldest left.
    fn waiting(&mut self, c: &Canvas, f: &Frame) {
        self.strip.clear();
        if !self.fitted {
            c.set_fill_style_str(&f.p.stage);
            c.fill_rect(0.0, 0.0, self.size.0, self.room.strip - 8.0);
        }
        if f.view.waiting.is_empty() || self.room.strip < super::STRIP {
            return;
        }
        c.set_font("600 12px system-ui, sans-serif");
        c.set_text_baseline("middle");
        c.set_fill_style_str(&f.p.ink2);
        let y = super::STRIP / 2.0;
        let _ = c.fill_text(f.waiting_label, 12.0, y);
        let mut x = 12.0 + width(c, f.waiting_label) + 12.0;
        let size = 24.0;
        for (i, id) in f.view.waiting.iter().enumerate() {
            let Some((row, pod)) = f.view.pod(*id) else { continue };
            let left = f.view.waiting.len() - i;
            if x + size + 44.0 > self.size.0 && left > 1 {
                c.set_fill_style_str(&f.p.ink2);
                c.set_font("600 12px system-ui, sans-serif");
                c.set_text_baseline("middle");
                let _ = c.fill_text(&format!("+{}", format::whole(left as u64, f.language)), x, y);
                break;
            }
            let r = Rect { x, y: y - size / 2.0, w: size, h: size };
            pods::pod(c, f.p, &r, &shape(f, row, pod, size), f.still);
            self.strip.push((*id, r));
            x += size + 6.0;
        }
    }

    /// The selection's ring, and a dot on pods of the same owner.
    fn rings(&self, c: &Canvas, f: &Frame) {
        let Some(id) = f.selected else { return };
        let owner = f.view.top_owner(id);
        if owner != id || matches!(f.view.row(id).map(|r| &r.body), Some(RowBody::Workload(_))) {
            c.set_fill_style_str(&f.p.ink);
            for pod in f.view.rows.values().filter(|r| matches!(r.body, RowBody::Pod(_)) && r.id != id).take(600) {
                if f.view.top_owner(pod.id) == owner
                    && let Some(r) = self.pod_rect(f.view, pod.id).filter(|r| r.w >= 12.0 && r.meets(&self.window()))
                {
                    c.begin_path();
                    let _ = c.arc(r.x, r.y, 3.0, 0.0, std::f64::consts::TAU);
                    c.fill();
                }
            }
        }
        let Some(r) = self.rect_of(f.view, id) else { return };
        let r = r.inset(-3.0);
        for (colour, line, out) in [(&f.p.surface, 2.0, 2.0), (&f.p.ink, 2.0, 0.0)] {
            let r = r.inset(-out);
            c.begin_path();
            let _ = c.round_rect_with_f64(r.x, r.y, r.w, r.h, 6.0);
            c.set_line_width(line);
            c.set_stroke_style_str(colour);
            c.stroke();
        }
    }
}

fn ease(t: f64) -> f64 {
    1.0 - (1.0 - t).powi(3)
}

/// What is drawn of a pod's row.
pub fn shape(f: &Frame, row: &Row, pod: &PodRow, size: f64) -> PodShape {
    let now = f.view.clock.now;
    let progress = pod.span.map(|(from, to)| now.saturating_sub(from) as f64 / to.saturating_sub(from).max(1) as f64);
    let left = pod.span.map(|(_, to)| to.saturating_sub(now).div_ceil(1_000_000));
    let waits = matches!(pod.look, Look::CrashLoop | Look::Terminating) && (f.still || size >= 44.0);
    let new = if size >= 8.0 && f.view.is_new(row.id) == Some(true) { Some(pod.revision) } else { None };
    PodShape {
        look: pod.look,
        stuck: stuck(pod),
        progress,
        left: left.filter(|_| waits),
        restarts: pod.restarts,
        failing: pod.parts.iter().flat_map(|p| &p.probes).filter(|p| p.well == Some(false)).count() as u32,
        new,
        suffix: if size >= 28.0 { row.name.rsplit('-').next().unwrap_or_default().to_string() } else { String::new() },
    }
}

/// A pod of level 2: colour and fill, no glyph. `ink` is the colour that is set: handing a colour over costs more than the
/// square, and neighbours are mostly alike.
fn small<'p>(c: &Canvas, p: &'p Palette, r: &Rect, pod: &PodRow, ink: &mut Option<&'p str>) {
    let shape = PodShape { look: pod.look, stuck: stuck(pod), ..PodShape::default() };
    let colour = pods::colour(p, &shape);
    if *ink != Some(colour) {
        c.set_fill_style_str(colour);
        c.set_stroke_style_str(colour);
        *ink = Some(colour);
    }
    match pod.look {
        Look::Pending | Look::Creating | Look::Unknown => {
            c.set_line_width(1.0);
            c.stroke_rect(r.x + 0.5, r.y + 0.5, r.w - 1.0, r.h - 1.0);
        }
        Look::NotReady => c.fill_rect(r.x, r.y + r.h / 2.0, r.w, r.h / 2.0),
        Look::CrashLoop | Look::Failed | Look::Evicted => {
            c.fill_rect(r.x, r.y, r.w, r.h);
            c.set_stroke_style_str(&p.surface);
            *ink = None;
            c.set_line_width(1.0);
            c.begin_path();
            c.move_to(r.x, r.y + r.h);
            c.line_to(r.x + r.w, r.y);
            c.stroke();
        }
        Look::Terminating => c.fill_rect(r.x + r.w * 0.2, r.y + r.h * 0.2, r.w * 0.6, r.h * 0.6),
        _ => c.fill_rect(r.x, r.y, r.w, r.h),
    }
}

/// Pods that do not fit as squares: one bar, stacked by state.
fn stacked_bar(c: &Canvas, f: &Frame, id: u32, r: &Rect) {
    let Some(seats) = f.view.seats.get(&id) else { return };
    let total = seats.count().max(1) as f64;
    let bar =
        Rect { x: r.x + 3.0, y: r.y + head_height(r) + 1.0, w: r.w - 6.0, h: (r.h - head_height(r) - 4.0).max(2.0) };
    let mut x = bar.x;
    for look in super::super::view::LOOKS {
        let w = bar.w * seats.looks[look as usize] as f64 / total;
        if w > 0.0 {
            c.set_fill_style_str(pods::colour(f.p, &PodShape { look, ..PodShape::default() }));
            c.fill_rect(x, bar.y, w, bar.h);
            x += w;
        }
    }
}

fn container(c: &Canvas, f: &Frame, part: &crate::session::PartRow, r: &Rect) {
    let (state, colour) = match part.state.split(':').next() {
        Some("running") if part.ready => ("running", &f.p.ok),
        Some("running") => ("running", &f.p.wait),
        Some("terminated") if part.state.ends_with(":0") => ("terminated", &f.p.done),
        Some("terminated") => ("terminated", &f.p.bad),
        _ => ("waiting", &f.p.wait),
    };
    c.begin_path();
    let _ = c.round_rect_with_f64(r.x, r.y, r.w, r.h, 4.0);
    c.set_stroke_style_str(&f.p.line);
    c.set_line_width(1.0);
    c.stroke();
    let mark = Rect { x: r.x + 6.0, y: r.y + 8.0, w: 12.0, h: 16.0 };
    c.set_fill_style_str(colour);
    c.set_stroke_style_str(colour);
    if state == "waiting" || !part.ready && state == "running" {
        c.set_line_width(2.0);
        c.stroke_rect(mark.x + 1.0, mark.y + 1.0, mark.w - 2.0, mark.h - 2.0);
    } else {
        c.fill_rect(mark.x, mark.y, mark.w, mark.h);
    }
    c.set_text_baseline("alphabetic");
    c.set_font("600 12px system-ui, sans-serif");
    c.set_fill_style_str(&f.p.ink);
    let name = if part.init { format!("init: {}", part.name) } else { part.name.clone() };
    let name = elide(c, &name, r.w - 34.0);
    let _ = c.fill_text(&name, r.x + 26.0, r.y + 14.0);
    c.set_font("12px system-ui, sans-serif");
    c.set_fill_style_str(&f.p.ink2);
    let again = if part.restarts > 0 { format!(" · ↻ {}", part.restarts) } else { String::new() };
    let words = elide(c, &format!("{}{again}", part.state.replace(':', " ")), r.w - 34.0);
    let _ = c.fill_text(&words, r.x + 26.0, r.y + 27.0);
}

/// What a cell is and what its colours mean, from nothing requested to all of it, with the line of its words at `y`.
fn heat_scale(c: &Canvas, f: &Frame, y: f64) {
    c.set_font("600 12px system-ui, sans-serif");
    c.set_text_baseline("alphabetic");
    let mut x = 12.0;
    let say = |x: f64, words: &str| {
        c.set_fill_style_str(&f.p.ink2);
        let _ = c.fill_text(words, x, y);
        x + width(c, words) + 6.0
    };
    x = say(x, &format!("{} 0\u{a0}%", f.fleet_label));
    for heat in &f.p.heat {
        c.set_fill_style_str(heat);
        c.fill_rect(x, y - 10.0, 12.0, 12.0);
        c.set_line_width(1.0);
        c.set_stroke_style_str(&f.p.edge);
        c.stroke_rect(x + 0.5, y - 9.5, 11.0, 11.0);
        x += 12.0;
    }
    say(x + 6.0, "100\u{a0}%");
}

/// How wide a text is.
pub fn width(c: &Canvas, text: &str) -> f64 {
    c.measure_text(text).map(|m| m.width()).unwrap_or(0.0)
}

/// Like [`elide`], for names of one family, which differ at their ends: the middle gives way.
pub fn elide_middle(c: &Canvas, text: &str, room: f64) -> String {
    let all: Vec<char> = text.chars().collect();
    (0..all.len())
        .map(|gone| {
            let (kept, head) = (all.len() - gone, (all.len() - gone).div_ceil(2));
            match gone {
                0 => text.to_string(),
                _ => all[..head].iter().chain(&['…']).chain(&all[all.len() - (kept - head)..]).collect(),
            }
        })
        .find(|short| width(c, short) <= room)
        .unwrap_or_default()
}

/// The text, or as much of it as fits and a mark that there is more.
pub fn elide(c: &Canvas, text: &str, room: f64) -> String {
    if width(c, text) <= room {
        return text.to_string();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while let Some(_last) = kept.pop() {
        let short: String = kept.iter().chain(['…'].iter()).collect();
        if width(c, &short) <= room {
            return short;
        }
    }
    String::new()
}
