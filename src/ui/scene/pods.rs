//! How a pod looks. Each of the ten states has its own shape, fill and glyph, so that it is told apart without colour and
//! without motion; the legend is drawn by this very code.

use super::layout::Rect;
use super::palette::Palette;
use crate::session::Look;
use std::f64::consts::{PI, TAU};
use web_sys::CanvasRenderingContext2d as Canvas;

/// What is drawn of one pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodShape {
    /// Its state.
    pub look: Look,
    /// It cannot go on by itself while it is being made (an image that cannot be pulled).
    pub stuck: bool,
    /// Share of the pull, the grace period or the back-off that is over.
    pub progress: Option<f64>,
    /// Seconds left, shown where nothing may move.
    pub left: Option<u64>,
    /// Restarts.
    pub restarts: u32,
    /// Probes that fail just now.
    pub failing: u32,
    /// Revision number of a new pod during a rollout.
    pub new: Option<u32>,
    /// End of the name, shown when it fits.
    pub suffix: String,
}

/// Smallest pod with a glyph. Ours.
const GLYPH_FROM: f64 = 13.0;
/// Smallest pod with words, and with all of its suffix; between them its last letters tell pods apart. Ours: twelve pixels high
/// text must fit.
const WORDS_FROM: (f64, f64) = (30.0, 42.0);
/// Letters of a short name. Ours: as many as fit.
const SHORT: usize = 3;

/// Draws one pod into a square.
pub fn pod(c: &Canvas, p: &Palette, r: &Rect, shape: &PodShape, still: bool) {
    let size = r.w.min(r.h);
    let r = shrink(r, shape, still);
    let colour = colour(p, shape);
    let line = (size / 11.0).clamp(1.0, 3.0);
    c.set_line_width(line);
    c.set_stroke_style_str(colour);
    c.set_fill_style_str(colour);
    outline(c, &if hollow(shape) || shape.look == Look::NotReady { r.inset(line / 2.0) } else { r }, shape);
    match shape.look {
        Look::Pending => dashed(c, (size / 10.0).max(1.0)),
        Look::Unknown => dashed(c, (size / 5.0).max(2.0)),
        Look::Creating => {
            c.stroke();
            fill_from_below(c, &r, line, shape, still);
        }
        Look::NotReady => {
            c.stroke();
            half(c, &r, line);
        }
        _ => c.fill(),
    }
    if size >= GLYPH_FROM {
        glyph(c, p, &r, shape, still);
        notches(c, p, &r, shape.restarts);
        failing(c, p, &r, shape.failing);
        words(c, p, &r, shape, size);
    }
}

/// An outline in ink around a pod of any state. Two pixels of the picture are three of a screen that shows it larger.
pub fn rim(c: &Canvas, p: &Palette, r: &Rect, new: bool) {
    c.set_line_width(2.0);
    c.set_stroke_style_str(&p.ink);
    outline(c, &r.inset(-1.0), &PodShape { new: new.then_some(1), ..PodShape::default() });
    c.stroke();
}

/// The colour of a state.
pub fn colour<'p>(p: &'p Palette, shape: &PodShape) -> &'p str {
    match shape.look {
        Look::Creating if shape.stuck => &p.bad,
        Look::Pending | Look::Creating => &p.wait,
        Look::NotReady | Look::Ready => &p.ok,
        Look::Terminating => &p.stop,
        Look::CrashLoop | Look::Failed | Look::Evicted => &p.bad,
        Look::Succeeded => &p.done,
        Look::Unknown => &p.unk,
    }
}

fn hollow(shape: &PodShape) -> bool {
    matches!(shape.look, Look::Pending | Look::Creating | Look::Unknown)
}

fn shrink(r: &Rect, shape: &PodShape, still: bool) -> Rect {
    match shape.look {
        Look::Terminating => {
            let over = if still { 0.66 } else { shape.progress.unwrap_or(0.0).clamp(0.0, 1.0) };
            r.inset(r.w * 0.15 * over)
        }
        _ => *r,
    }
}

/// A rounded square; a new pod of a rollout has its top right corner cut.
fn outline(c: &Canvas, r: &Rect, shape: &PodShape) {
    let radius = (r.w / 5.0).min(4.0);
    c.begin_path();
    if shape.new.is_none() {
        let _ = c.round_rect_with_f64(r.x, r.y, r.w, r.h, radius);
        return;
    }
    let cut = r.w * 0.36;
    c.move_to(r.x + radius, r.y);
    c.line_to(r.x + r.w - cut, r.y);
    c.line_to(r.x + r.w, r.y + cut);
    c.line_to(r.x + r.w, r.y + r.h - radius);
    let _ = c.arc_to(r.x + r.w, r.y + r.h, r.x + r.w - radius, r.y + r.h, radius);
    c.line_to(r.x + radius, r.y + r.h);
    let _ = c.arc_to(r.x, r.y + r.h, r.x, r.y + r.h - radius, radius);
    c.line_to(r.x, r.y + radius);
    let _ = c.arc_to(r.x, r.y, r.x + radius, r.y, radius);
    c.close_path();
}

/// Strokes the path in dashes of this length.
pub fn dashed(c: &Canvas, dash: f64) {
    let _ = c.set_line_dash(&js_sys::Array::of2(&dash.into(), &dash.into()));
    c.stroke();
    let _ = c.set_line_dash(&js_sys::Array::new());
}

fn fill_from_below(c: &Canvas, r: &Rect, line: f64, shape: &PodShape, still: bool) {
    if shape.stuck {
        return;
    }
    let mut share = shape.progress.unwrap_or(0.3).clamp(0.0, 1.0);
    if still {
        share = (share * 4.0).floor() / 4.0;
    }
    let inner = r.inset(line * 1.5);
    let height = inner.h * share;
    c.fill_rect(inner.x, inner.y + inner.h - height, inner.w, height);
}

fn half(c: &Canvas, r: &Rect, line: f64) {
    let i = r.inset(line);
    c.begin_path();
    c.move_to(i.x, i.y);
    c.line_to(i.x, i.y + i.h);
    c.line_to(i.x + i.w, i.y + i.h);
    c.close_path();
    c.fill();
}

fn glyph(c: &Canvas, p: &Palette, r: &Rect, shape: &PodShape, still: bool) {
    let (x, middle) = r.centre();
    let named = r.w >= WORDS_FROM.0 && !shape.suffix.is_empty();
    let y = if named { r.y + r.h * 0.4 } else { middle };
    let s = (r.w * if named { 0.2 } else { 0.24 }).min(16.0);
    c.set_line_width((r.w / 10.0).clamp(1.5, 4.0));
    c.set_line_cap("round");
    c.set_stroke_style_str(&p.surface);
    c.set_fill_style_str(&p.surface);
    match shape.look {
        Look::Terminating => stroke(c, &[(x - s, y), (x + s, y)]),
        Look::Succeeded => stroke(c, &[(x - s, y), (x - s * 0.2, y + s * 0.7), (x + s, y - s * 0.7)]),
        Look::Failed => {
            stroke(c, &[(x - s * 0.8, y - s * 0.8), (x + s * 0.8, y + s * 0.8)]);
            stroke(c, &[(x + s * 0.8, y - s * 0.8), (x - s * 0.8, y + s * 0.8)]);
        }
        Look::Evicted => {
            c.begin_path();
            c.move_to(x, y - s);
            c.line_to(x + s, y + s * 0.2);
            c.line_to(x - s, y + s * 0.2);
            c.close_path();
            c.fill();
            stroke(c, &[(x - s, y + s * 0.85), (x + s, y + s * 0.85)]);
        }
        Look::CrashLoop => back_off(c, x, y, s * 1.15, shape, still),
        Look::Unknown => sign(c, "?", x, y, s * 4.0, &p.ink2),
        Look::Creating if shape.stuck => sign(c, "!", x, y, s * 4.0, &p.bad),
        _ => {}
    }
    c.set_line_cap("butt");
}

fn stroke(c: &Canvas, points: &[(f64, f64)]) {
    c.begin_path();
    for (i, (x, y)) in points.iter().enumerate() {
        if i == 0 { c.move_to(*x, *y) } else { c.line_to(*x, *y) }
    }
    c.stroke();
}

fn sign(c: &Canvas, text: &str, x: f64, y: f64, size: f64, colour: &str) {
    c.set_fill_style_str(colour);
    c.set_font(&format!("700 {}px system-ui, sans-serif", (size * 0.6).clamp(9.0, 34.0)));
    c.set_text_align("center");
    c.set_text_baseline("middle");
    let _ = c.fill_text(text, x, y + size * 0.03);
    c.set_text_align("left");
}

/// The round arrow; what is left of it is what is left of the pause. Where nothing may move it is whole, and the seconds
/// stand in words.
fn back_off(c: &Canvas, x: f64, y: f64, s: f64, shape: &PodShape, still: bool) {
    let left = if still { 1.0 } else { 1.0 - shape.progress.unwrap_or(0.0).clamp(0.0, 1.0) };
    let (from, to) = (-PI / 2.0, -PI / 2.0 + TAU * 0.82 * left.max(0.08));
    c.begin_path();
    let _ = c.arc(x, y, s, from, to);
    c.stroke();
    let (ex, ey) = (x + s * to.cos(), y + s * to.sin());
    let head = s * 0.55;
    let turn = |a: f64| (ex + head * (to + PI / 2.0 + a).cos(), ey + head * (to + PI / 2.0 + a).sin());
    let (tip, a, b) = (turn(0.0), turn(2.3), turn(-2.3));
    c.begin_path();
    c.move_to(tip.0, tip.1);
    c.line_to(a.0, a.1);
    c.line_to(b.0, b.1);
    c.close_path();
    c.fill();
}

/// Restarts are notches at the right edge: one to three, then four and more.
fn notches(c: &Canvas, p: &Palette, r: &Rect, restarts: u32) {
    if restarts == 0 {
        return;
    }
    let count = restarts.min(4) as usize;
    let (w, h) = ((r.w * 0.14).max(2.5), (r.h * 0.09).clamp(1.5, 5.0));
    c.set_fill_style_str(&p.surface);
    for i in 0..count {
        let y = r.y + r.h * 0.2 + i as f64 * h * 2.1;
        c.fill_rect(r.x + r.w - w, y, w + 0.5, h);
    }
}

/// One open tick at the bottom edge for each probe that fails.
fn failing(c: &Canvas, p: &Palette, r: &Rect, count: u32) {
    let w = (r.w * 0.22).clamp(5.0, 9.0);
    for i in 0..count.min(3) {
        tick(c, p, (r.x + 2.0 + f64::from(i) * (w + 2.0), r.y + r.h - 2.0), w, false);
    }
}

/// A probe's result: filled where it passed, open where it failed.
pub fn tick(c: &Canvas, p: &Palette, (x, y): (f64, f64), w: f64, well: bool) {
    if well {
        c.set_fill_style_str(&p.ok);
        return c.fill_rect(x, y, w, 5.0);
    }
    c.set_fill_style_str(&p.surface);
    c.fill_rect(x, y, w, 5.0);
    c.set_stroke_style_str(&p.bad);
    c.set_line_width(1.5);
    c.stroke_rect(x + 0.75, y + 0.75, w - 1.5, 3.5);
}

fn words(c: &Canvas, p: &Palette, r: &Rect, shape: &PodShape, size: f64) {
    let solid = !hollow(shape) && shape.look != Look::NotReady;
    let ink = if solid { &p.surface } else { &p.ink };
    if size >= WORDS_FROM.0 && !shape.suffix.is_empty() {
        let cut = if size < WORDS_FROM.1 { shape.suffix.chars().count().saturating_sub(SHORT) } else { 0 };
        let name: String = shape.suffix.chars().skip(cut).collect();
        c.set_fill_style_str(ink);
        c.set_font("600 12px system-ui, sans-serif");
        c.set_text_align("center");
        c.set_text_baseline("alphabetic");
        let _ = c.fill_text_with_max_width(&name, r.x + r.w / 2.0, r.y + r.h - 5.0, r.w - 4.0);
        c.set_text_align("left");
    }
    // Its corner already says that a pod is new.
    let number = match (shape.left, shape.new) {
        (Some(left), _) => format!("{left} s"),
        (None, Some(revision)) => revision.to_string(),
        _ => return,
    };
    if size >= 24.0 {
        c.set_fill_style_str(ink);
        c.set_font("600 12px system-ui, sans-serif");
        c.set_text_baseline("top");
        let _ = c.fill_text(&number, r.x + 4.0, r.y + 3.0);
    }
}
