//! Requests on the stage: services at the left edge, a line to each pod that answers, and samples of what is on its way: a
//! circle is answered, a diamond fails. Width and numbers say the same without motion.

use super::super::format;
use super::super::live;
use super::Scene;
use super::layout::{Level, Rect};
use super::paint::{Frame, elide, elide_middle, width};
use crate::session::{FlowRow, RowBody, ServiceRow};
use std::collections::BTreeMap;
use web_sys::CanvasRenderingContext2d as Canvas;

/// Samples at once. Ours: more are a swarm.
const SAMPLES_MAX: u32 = 80;
/// How long a sample is on its way. Ours: the eye can follow it.
const WAY_MS: f64 = 1_400.0;
/// More lines than this from one service end at nodes instead of pods. Ours.
const LINES_MAX: usize = 48;

/// A line from a service to something on the picture.
pub(super) struct Line {
    end: Rect,
    rate: f32,
    failed: f32,
    number: u32,
}

/// A service whose lines are seen: whether it is selected, its pill, its lines.
pub(super) type Seen = (bool, Rect, Vec<Line>);

/// The curve of a line: from a service at the left edge to the right, or from one above the picture down.
#[derive(Clone, Copy)]
struct Curve {
    from: (f64, f64),
    to: (f64, f64),
    /// Where it goes at both ends, as a step of length one.
    way: (f64, f64),
    bend: f64,
}

impl Curve {
    fn new(pill: &Rect, end: &Rect, down: bool) -> Self {
        if down {
            let from = (pill.x + pill.w / 2.0, pill.y + pill.h);
            // Beside the name of a zone, which stands at the left above its nodes.
            let to = (end.x + end.w * if end.w > 48.0 { 0.75 } else { 0.5 }, end.y - 1.0);
            return Curve { from, to, way: (0.0, 1.0), bend: ((to.1 - from.1) / 2.0).clamp(8.0, 80.0) };
        }
        let from = (pill.x + pill.w, pill.y + pill.h / 2.0);
        let to = (end.x - 1.0, end.y + end.h / 2.0);
        Curve { from, to, way: (1.0, 0.0), bend: ((to.0 - from.0) / 2.0).clamp(14.0, 160.0) }
    }
    /// The two points that pull it.
    fn pulls(&self) -> [(f64, f64); 2] {
        let (dx, dy) = (self.way.0 * self.bend, self.way.1 * self.bend);
        [(self.from.0 + dx, self.from.1 + dy), (self.to.0 - dx, self.to.1 - dy)]
    }
    fn draw(&self, c: &Canvas) {
        let [a, b] = self.pulls();
        let (x, y) = (self.to.0 - 5.0 * self.way.0, self.to.1 - 5.0 * self.way.1);
        c.begin_path();
        c.move_to(self.from.0, self.from.1);
        c.bezier_curve_to(a.0, a.1, b.0, b.1, x, y);
        c.stroke();
    }
    fn head(&self, c: &Canvas, size: f64) {
        let ((x, y), (dx, dy)) = (self.to, self.way);
        let (bx, by) = (x - dx * size * 1.6, y - dy * size * 1.6);
        c.begin_path();
        c.move_to(x, y);
        c.line_to(bx - dy * size, by - dx * size);
        c.line_to(bx + dy * size, by + dx * size);
        c.close_path();
        c.fill();
    }
    /// A point on the way, 0 at the service.
    fn at(&self, t: f64) -> (f64, f64) {
        let u = 1.0 - t;
        let mix =
            |a: f64, b: f64, c: f64, d: f64| u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d;
        let [a, b] = self.pulls();
        (mix(self.from.0, a.0, b.0, self.to.0), mix(self.from.1, a.1, b.1, self.to.1))
    }
}

impl Scene {
    /// The services whose lines are seen, with their pills and lines: the selected one, and all with traffic when asked for.
    pub(super) fn seen_flows(&self, f: &Frame) -> Vec<Seen> {
        let seen = self.pills.iter().filter_map(|(id, pill)| {
            let selected = f.selected == Some(*id);
            let flow = f.view.live.flow(*id);
            let flows = f.traffic && flow.is_some_and(|flow| flow.rate > 0.0);
            if !selected && !flows {
                return None;
            }
            let Some(RowBody::Service(service)) = f.view.row(*id).map(|r| &r.body) else { return None };
            Some((selected, *pill, self.lines_of(f, service, flow)))
        });
        seen.collect()
    }

    /// Lines with their heads.
    pub(super) fn flow_lines(&self, c: &Canvas, f: &Frame, seen: &[Seen]) {
        for (selected, pill, lines) in seen {
            c.set_global_alpha(if *selected { 1.0 } else { 0.7 });
            self.draw_lines(c, f, pill, lines);
            c.set_global_alpha(1.0);
        }
    }

    /// Lets the samples of requests go on; how many may be drawn.
    pub(super) fn advance(&mut self, f: &Frame) -> u32 {
        let since = (f.at - self.last_at).clamp(0.0, 100.0);
        self.last_at = f.at;
        if f.still || !f.flowing {
            return 0;
        }
        if f.playing {
            self.phase += since / WAY_MS;
        }
        SAMPLES_MAX
    }

    /// Samples on the lines of services; how many more may be drawn.
    pub(super) fn line_samples(&self, c: &Canvas, f: &Frame, seen: &[Seen], mut room: u32) -> u32 {
        for (_, pill, lines) in seen {
            room -= self.draw_samples(c, f, pill, lines, room);
        }
        room
    }

    /// Where a service's lines end: at its pods, or at their nodes when pods are too small or too many.
    fn lines_of(&self, f: &Frame, service: &ServiceRow, flow: Option<&FlowRow>) -> Vec<Line> {
        let mut ends: BTreeMap<u32, (f32, f32)> =
            service.endpoints.iter().filter(|e| e.1).map(|e| (e.0, (0.0, 0.0))).collect();
        for end in flow.iter().flat_map(|f| &f.ends) {
            ends.insert(end.pod, (end.rate, end.failed));
        }
        if flow.is_some_and(|f| f.rate > 0.0) {
            ends.retain(|_, (rate, _)| *rate > 0.0);
        }
        let whole = self.level() <= Level::Nodes || ends.len() > LINES_MAX;
        if whole {
            let mut nodes: BTreeMap<u32, (f32, f32)> = BTreeMap::new();
            for (pod, (rate, failed)) in ends {
                if let Some(node) = f.view.pod(pod).and_then(|p| p.1.node) {
                    let sum = nodes.entry(node).or_default();
                    *sum = (sum.0 + rate, sum.1 + failed);
                }
            }
            ends = nodes;
        }
        let window = self.window();
        let rect = |id: u32| {
            if !whole {
                return self.pod_rect(f.view, id);
            }
            Some(self.on_screen(&self.plan.nodes[*self.plan.index.get(&id)?].rect))
        };
        let seen = ends.into_iter().filter_map(|(id, (rate, failed))| {
            let end = rect(id).filter(|r| r.meets(&window))?;
            Some(Line { end, rate, failed, number: id })
        });
        seen.take(LINES_MAX * 4).collect()
    }

    fn draw_lines(&self, c: &Canvas, f: &Frame, pill: &Rect, lines: &[Line]) {
        c.set_stroke_style_str(&f.p.accent);
        c.set_fill_style_str(&f.p.accent);
        for line in lines {
            let full = if line.rate > 0.0 { live::line_width(line.rate) } else { 1.5 };
            // Many lines are a bundle: thin ones still tell it.
            let wide = if lines.len() > 12 { (full * 0.4).max(1.0) } else { full };
            let curve = Curve::new(pill, &line.end, self.pills_above());
            c.set_line_width(wide);
            curve.draw(c);
            curve.head(c, (wide * 0.9).max(3.5));
        }
    }

    fn draw_samples(&self, c: &Canvas, f: &Frame, pill: &Rect, lines: &[Line], room: u32) -> u32 {
        let mut used = 0;
        for line in lines {
            let count = live::dots(line.rate).min(room - used);
            let curve = Curve::new(pill, &line.end, self.pills_above());
            let failed = f64::from(line.failed) / f64::from(line.rate.max(0.001));
            for nth in 0..count {
                let (way, fails) = live::dot(line.number, nth, count, self.phase, failed);
                sample(c, f, curve.at(way), fails);
            }
            used += count;
        }
        used
    }

    /// A service whose pods call another one: an arc along the edge.
    pub(super) fn calls(&self, c: &Canvas, f: &Frame) {
        for flow in &f.view.live.traffic.flows {
            let Some((_, to)) = self.pills.iter().find(|p| p.0 == flow.service) else { continue };
            for from in &flow.from {
                let Some((_, from)) = self.pills.iter().find(|p| p.0 == *from) else { continue };
                let (y, ty) = (from.y + from.h / 2.0, to.y + to.h / 2.0);
                c.set_stroke_style_str(&f.p.accent);
                c.set_fill_style_str(&f.p.accent);
                c.set_line_width(live::line_width(flow.rate).min(3.0));
                c.begin_path();
                if self.pills_above() {
                    let (x, tx) = (from.x + from.w / 2.0, to.x + to.w / 2.0);
                    let over = from.y - 14.0;
                    c.move_to(x, from.y);
                    c.bezier_curve_to(x, over, tx, over, tx, to.y - 3.0);
                    c.stroke();
                    tip(c, (tx, to.y), (0.0, 1.0));
                } else {
                    c.move_to(from.x, y);
                    c.bezier_curve_to(0.0, y, 0.0, ty, to.x - 3.0, ty);
                    c.stroke();
                    tip(c, (to.x, ty), (1.0, 0.0));
                }
            }
        }
    }

    /// How many services have no place above the picture; they are in the outline.
    fn more_services(&self, c: &Canvas, f: &Frame) {
        let Some((_, last)) = self.pills.last().filter(|_| self.more > 0) else { return };
        c.set_font("600 12px system-ui, sans-serif");
        c.set_text_baseline("middle");
        c.set_fill_style_str(&f.p.ink2);
        let _ = c.fill_text(&format!("+{}", self.more), last.x + last.w + 6.0, last.y + last.h / 2.0);
    }

    pub(super) fn services(&self, c: &Canvas, f: &Frame) {
        if self.pills_above() && !self.fitted {
            c.set_fill_style_str(&f.p.stage);
            c.fill_rect(0.0, self.room.strip - 8.0, self.size.0, super::PILL.0 + 12.0);
        }
        for (id, r) in &self.pills {
            let Some(row) = f.view.row(*id) else { continue };
            let RowBody::Service(service) = &row.body else { continue };
            let selected = f.selected == Some(*id);
            c.begin_path();
            let _ = c.round_rect_with_f64(r.x, r.y, r.w, r.h, 12.0);
            c.set_fill_style_str(if selected { &f.p.tint_sel } else { &f.p.surface });
            c.fill();
            c.set_line_width(if selected { 2.0 } else { 1.0 });
            c.set_stroke_style_str(if selected { &f.p.accent } else { &f.p.edge });
            c.stroke();
            let ready = service.endpoints.iter().filter(|e| e.1).count();
            let count = format!("{ready}/{}", service.endpoints.len());
            let (left, right, top, low) = (r.x + 12.0, r.x + r.w - 12.0, r.y + 16.0, r.y + 33.0);
            c.set_text_baseline("alphabetic");
            c.set_font("12px system-ui, sans-serif");
            c.set_fill_style_str(&f.p.ink2);
            let wide = width(c, &count);
            let _ = c.fill_text(&count, right - wide, top);
            c.set_font("600 12.5px system-ui, sans-serif");
            c.set_fill_style_str(&f.p.ink);
            let name = elide_middle(c, &row.name, r.w - wide - 32.0);
            let _ = c.fill_text(&name, left, top);
            match f.view.live.flow(*id).filter(|flow| flow.rate > 0.0) {
                Some(flow) => numbers(c, f, flow, (left, right), low),
                None => {
                    c.set_font("12px system-ui, sans-serif");
                    c.set_fill_style_str(&f.p.ink2);
                    let _ = c.fill_text(&elide(c, &service.ports, r.w - 24.0), left, low);
                }
            }
        }
        if self.pills_above() {
            return self.more_services(c, f);
        }
        let (loads, pill) = (self.sources.first(), self.pills.first());
        if self.size.1 >= super::LOW
            && let Some(first) =
                loads.map(|l| &l.1).into_iter().chain(pill.map(|p| &p.1)).min_by(|a, b| a.y.total_cmp(&b.y))
        {
            c.set_font("600 12px system-ui, sans-serif");
            c.set_text_baseline("alphabetic");
            c.set_fill_style_str(&f.p.ink2);
            let label = if loads.is_some() { f.load_label } else { f.services_label };
            let _ = c.fill_text(label, first.x + 2.0, first.y - 7.0);
        }
    }
}

/// The head of an arc that comes by this way.
fn tip(c: &Canvas, (x, y): (f64, f64), (dx, dy): (f64, f64)) {
    c.begin_path();
    c.move_to(x, y);
    c.line_to(x - 6.0 * dx - 4.0 * dy, y - 6.0 * dy - 4.0 * dx);
    c.line_to(x - 6.0 * dx + 4.0 * dy, y - 6.0 * dy + 4.0 * dx);
    c.close_path();
    c.fill();
}

/// `40/s` and what fails, as a diamond and a number.
fn numbers(c: &Canvas, f: &Frame, flow: &FlowRow, (left, right): (f64, f64), y: f64) {
    c.set_font("12px system-ui, sans-serif");
    c.set_fill_style_str(&f.p.ink2);
    let rate = format!("{}/s", format::rate(flow.rate, f.language));
    let _ = c.fill_text(&rate, left, y);
    if flow.failed > 0.0 {
        let share = format::percent(f64::from(flow.failed / flow.rate), f.language);
        c.set_font("600 12px system-ui, sans-serif");
        c.set_fill_style_str(&f.p.bad);
        let wide = width(c, &share);
        let _ = c.fill_text(&share, right - wide, y);
        diamond(c, (right - wide - 8.0, y - 4.0), 4.0);
        return;
    }
    let latency = format!("{} ms", format::rate(flow.latency[0], f.language));
    let wide = width(c, &latency);
    let _ = c.fill_text(&latency, right - wide, y);
}

pub(super) fn sample(c: &Canvas, f: &Frame, (x, y): (f64, f64), fails: bool) {
    c.set_line_width(1.5);
    c.set_stroke_style_str(&f.p.surface);
    if fails {
        c.set_fill_style_str(&f.p.bad);
        diamond(c, (x, y), 5.0);
        return c.stroke();
    }
    c.set_fill_style_str(&f.p.ink);
    c.begin_path();
    let _ = c.arc(x, y, 3.0, 0.0, std::f64::consts::TAU);
    c.fill();
    c.stroke();
}

/// A failed request.
pub(super) fn diamond(c: &Canvas, (x, y): (f64, f64), r: f64) {
    c.begin_path();
    c.move_to(x, y - r);
    c.line_to(x + r, y);
    c.line_to(x, y + r);
    c.line_to(x - r, y);
    c.close_path();
    c.fill();
}
