//! Requests in the Docker host's building, drawn: ways with their heads, samples of what is on its way, rates in words. As in
//! the other house: width says how many, a diamond what fails.

use super::super::format;
use super::super::live;
use super::Scene;
use super::flows::{diamond, sample};
use super::paint::{Frame, width};
use super::rails::{self, HEAD, Way};
use crate::session::{FlowRow, RowBody};
use web_sys::CanvasRenderingContext2d as Canvas;

/// Radius of a way's corners. Ours.
const CORNER: f64 = 6.0;
/// Widest line. Ours: ways run between words.
const LINE_MAX: f64 = 3.0;

impl Scene {
    /// The ways that are seen: all with traffic, or those of the selected service.
    pub(super) fn seen_ways(&self, f: &Frame) -> Vec<Way> {
        let Some(building) = &self.house else { return Vec::new() };
        let places = building.places(&self.on_screen(&building.rect));
        let mut all = rails::ways(f.view, building, &places, |name| self.source(name));
        let service = |id: u32| match f.view.row(id).map(|row| (&row.body, row.owner)) {
            Some((RowBody::ComposeService(_), _)) => Some(id),
            Some((RowBody::Container(_), owner)) => owner,
            _ => None,
        };
        let chosen = f.selected.and_then(service);
        all.retain(|way| f.traffic || chosen.is_some() && service(way.number) == chosen);
        all
    }

    /// Lines with their heads: those before the building, or those in it.
    pub(super) fn draw_ways(&self, c: &Canvas, f: &Frame, ways: &[Way], outer: bool) {
        c.set_stroke_style_str(&f.p.comp);
        c.set_fill_style_str(&f.p.comp);
        c.set_line_join("round");
        for way in ways.iter().filter(|way| way.outer == outer) {
            c.set_line_width(live::line_width(way.rate).min(LINE_MAX));
            trace(c, way);
            head(c, way);
        }
        c.set_line_join("miter");
    }

    /// Samples of requests; how many.
    pub(super) fn way_samples(&self, c: &Canvas, f: &Frame, ways: &[Way], room: u32) -> u32 {
        let mut used = 0;
        for (nth, way) in ways.iter().enumerate() {
            let count = live::dots(way.rate).min(room - used);
            let failed = f64::from(way.failed) / f64::from(way.rate.max(0.001));
            for i in 0..count {
                let (at, fails) = live::dot(way.number.wrapping_add(nth as u32), i, count, self.phase, failed);
                sample(c, f, way.at(at), fails);
            }
            used += count;
        }
        used
    }
}

fn trace(c: &Canvas, way: &Way) {
    let Some((first, rest)) = way.points.split_first() else { return };
    c.begin_path();
    c.move_to(first.0, first.1);
    for (i, corner) in rest.iter().enumerate() {
        match rest.get(i + 1) {
            Some(next) => _ = c.arc_to(corner.0, corner.1, next.0, next.1, CORNER),
            None => {
                // The head is the end.
                let (from, to) = (if i == 0 { *first } else { rest[i - 1] }, *corner);
                let long = (to.0 - from.0).hypot(to.1 - from.1).max(1e-9);
                let cut = (HEAD * 0.8).min(long) / long;
                c.line_to(to.0 - (to.0 - from.0) * cut, to.1 - (to.1 - from.1) * cut);
            }
        }
    }
    c.stroke();
}

fn head(c: &Canvas, way: &Way) {
    let [.., from, to] = way.points[..] else { return };
    let long = (to.0 - from.0).hypot(to.1 - from.1).max(1e-9);
    let (dx, dy) = ((to.0 - from.0) / long, (to.1 - from.1) / long);
    let (x, y) = (to.0 - dx * HEAD, to.1 - dy * HEAD);
    let half = HEAD * 0.55;
    c.begin_path();
    c.move_to(to.0, to.1);
    c.line_to(x - dy * half, y + dx * half);
    c.line_to(x + dy * half, y - dx * half);
    c.close_path();
    c.fill();
}

/// `60/s` and how long answers take, or what fails as a diamond and a number. Begins at the first of two places from which it
/// fits before `right`.
pub(super) fn numbers(c: &Canvas, f: &Frame, flow: &FlowRow, (left, indent, right): (f64, f64, f64), y: f64) {
    c.set_font("12px system-ui, sans-serif");
    c.set_text_baseline("alphabetic");
    c.set_fill_style_str(&f.p.ink);
    let rate = format!("{}/s", format::rate(flow.rate, f.language));
    let long = width(c, &rate) + 9.0;
    if flow.failed > 0.0 {
        let share = format::percent(f64::from(flow.failed / flow.rate), f.language);
        c.set_font("600 12px system-ui, sans-serif");
        let fits = left + indent + long + 12.0 + width(c, &share) <= right;
        let left = if fits { left + indent } else { left };
        c.set_fill_style_str(&f.p.bad);
        diamond(c, (left + long + 4.0, y - 4.0), 4.0);
        let _ = c.fill_text(&share, left + long + 11.0, y);
        c.set_font("12px system-ui, sans-serif");
        c.set_fill_style_str(&f.p.ink);
        let _ = c.fill_text(&rate, left, y);
        return;
    }
    let left = left + indent;
    let _ = c.fill_text(&rate, left, y);
    let next = left + long;
    c.set_fill_style_str(&f.p.ink2);
    let latency = format!("{} ms", format::rate(flow.latency[0], f.language));
    if next + width(c, &latency) <= right {
        let _ = c.fill_text(&latency, next, y);
    }
}
