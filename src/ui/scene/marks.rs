//! The marks of a node: bars, taint, cordon, badges.

use super::layout::Rect;
use super::paint::{elide, width};
use super::palette::Palette;
use super::pods;
use crate::session::NodeRow;
use web_sys::CanvasRenderingContext2d as Canvas;

/// Allocatable is the track, requested an outline, used is solid; more than all of it is hatched. Never two hues.
pub fn bar_of(
    c: &Canvas,
    p: &Palette,
    r: &Rect,
    name: &str,
    (used, asked, all): (u64, u64, u64),
    text: Option<String>,
) {
    let mut r = *r;
    if let Some(text) = &text {
        c.set_font("11.5px system-ui, sans-serif");
        c.set_text_baseline("middle");
        c.set_fill_style_str(&p.ink2);
        let y = r.y + r.h / 2.0 + 0.5;
        let _ = c.fill_text(name, r.x, y);
        let wide = 46.0_f64.max(width(c, text));
        c.set_text_align("right");
        let _ = c.fill_text(text, r.x + r.w, y);
        c.set_text_align("left");
        r.x += 30.0;
        r.w -= 30.0 + wide + 6.0;
    }
    let share = |n: u64| n as f64 / all.max(1) as f64;
    if p.forced {
        // One ink only: a filled track would read as a full one.
        c.set_stroke_style_str(&p.line);
        c.set_line_width(1.0);
        c.stroke_rect(r.x + 0.5, r.y + 0.5, r.w - 1.0, r.h - 1.0);
    } else {
        c.set_fill_style_str(&p.line);
        c.fill_rect(r.x, r.y, r.w, r.h);
    }
    c.set_fill_style_str(&p.ink2);
    let inner = if r.h >= 6.0 { r.inset(1.5) } else { r };
    c.fill_rect(inner.x, inner.y, inner.w * share(used).min(1.0), inner.h);
    c.set_stroke_style_str(&p.ink);
    c.set_line_width(1.0);
    let wide = (r.w * share(asked).min(1.0)).max(0.0);
    if wide >= 1.0 {
        c.stroke_rect(r.x + 0.5, r.y + 0.5, (wide - 1.0).max(0.5), r.h - 1.0);
    }
    if share(asked) > 1.0 || share(used) > 1.0 {
        hatch(c, &r, &p.bad, 4.0);
    }
}

/// Slanted lines in a rectangle.
pub fn hatch(c: &Canvas, r: &Rect, colour: &str, step: f64) {
    c.save();
    c.begin_path();
    c.rect(r.x, r.y, r.w, r.h);
    c.clip();
    c.set_stroke_style_str(colour);
    c.set_line_width(1.0);
    c.begin_path();
    let mut x = r.x - r.h;
    while x < r.x + r.w {
        c.move_to(x, r.y + r.h);
        c.line_to(x + r.h, r.y);
        x += step;
    }
    c.stroke();
    c.restore();
}

/// A free place that no pod may take: slanted lines, dotted around when the whole node is empty.
pub fn free_hatch(c: &Canvas, p: &Palette, r: &Rect, empty: bool) {
    if r.w < 8.0 {
        c.set_stroke_style_str(&p.edge);
        c.set_line_width(1.0);
        c.begin_path();
        c.move_to(r.x, r.y + r.h);
        c.line_to(r.x + r.w, r.y);
        return c.stroke();
    }
    hatch(c, r, &p.edge, 6.0);
    if empty {
        c.begin_path();
        c.rect(r.x, r.y, r.w, r.h);
        c.set_stroke_style_str(&p.edge);
        c.set_line_width(1.0);
        pods::dashed(c, 2.0);
    }
}

/// A tainted node's left edge.
pub fn notched_edge(c: &Canvas, p: &Palette, r: &Rect) {
    c.set_fill_style_str(&p.ink2);
    let mut y = r.y + 8.0;
    while y < r.y + r.h - 8.0 {
        c.fill_rect(r.x, y, 6.0, 5.0);
        y += 9.0;
    }
    c.fill_rect(r.x, r.y + 6.0, 2.5, r.h - 12.0);
}

/// A node's first taint as words; the rest as a number.
pub fn taint_chip(c: &Canvas, p: &Palette, node: &NodeRow, r: &Rect) {
    let Some(first) = node.taints.first().filter(|_| r.h > 120.0) else { return };
    let text = if node.taints.len() > 1 { format!("{first} +{}", node.taints.len() - 1) } else { first.clone() };
    c.set_font("12px ui-monospace, Menlo, monospace");
    c.set_text_baseline("alphabetic");
    // The words after the domain tell most.
    let whole = width(c, &text) <= r.w - 22.0;
    let text = if whole { text } else { text.rsplit('/').next().unwrap_or_default().to_string() };
    let text = elide(c, &text, r.w - 22.0);
    c.set_fill_style_str(&p.ink2);
    let _ = c.fill_text(&text, r.x + 14.0, r.y + r.h - 6.0);
}

/// Room that a node's badges take at the right of its name.
pub fn badges_width(node: &NodeRow, r: &Rect) -> f64 {
    let silent = silent_width(node, r);
    22.0 * (u32::from(node.failed) + u32::from(node.cordoned)) as f64 + silent
}

/// Whether a node is wide enough for the word beside its slash.
pub fn silent_word(r: &Rect) -> bool {
    r.w >= 220.0
}

fn silent_width(node: &NodeRow, r: &Rect) -> f64 {
    match (node.ready == "True", silent_word(r)) {
        (true, _) => 0.0,
        (false, true) => 90.0,
        (false, false) => 20.0,
    }
}

/// A node that does not report: a slash through its corner, and the word where there is room.
pub fn slash(c: &Canvas, p: &Palette, r: &Rect, words: bool) {
    let right = r.x + r.w - if words { 76.0 } else { 9.0 };
    c.set_stroke_style_str(&p.ink2);
    c.set_line_width(2.0);
    c.begin_path();
    c.move_to(right - 8.0, r.y + 21.0);
    c.line_to(right + 2.0, r.y + 6.0);
    c.stroke();
    if words {
        c.set_font("600 12px system-ui, sans-serif");
        c.set_text_baseline("alphabetic");
        c.set_fill_style_str(&p.ink2);
        let _ = c.fill_text_with_max_width("NotReady", right + 8.0, r.y + 18.0, 62.0);
    }
}

/// A lightning for a failed machine, a barred circle for a cordoned one.
pub fn badges(c: &Canvas, p: &Palette, node: &NodeRow, r: &Rect) {
    let mut x = r.x + r.w - 14.0 - silent_width(node, r);
    let y = r.y + 13.0;
    if node.failed {
        bolt(c, p, (x, y), 1.0);
        x -= 22.0;
    }
    if node.cordoned {
        c.set_stroke_style_str(&p.ink2);
        c.set_line_width(2.0);
        c.begin_path();
        let _ = c.arc(x, y, 6.0, 0.0, std::f64::consts::TAU);
        c.move_to(x - 3.5, y);
        c.line_to(x + 3.5, y);
        c.stroke();
    }
}

/// A lightning: somebody let this fail. Its rim keeps it apart from what it lies on.
pub fn bolt(c: &Canvas, p: &Palette, (x, y): (f64, f64), size: f64) {
    c.begin_path();
    for (i, (dx, dy)) in
        [(1.0, -8.0), (-6.0, 2.0), (-1.0, 2.0), (-3.0, 8.0), (5.0, -2.0), (0.0, -2.0)].iter().enumerate()
    {
        let (px, py) = (x + dx * size, y + dy * size);
        if i == 0 { c.move_to(px, py) } else { c.line_to(px, py) }
    }
    c.close_path();
    c.set_line_width(3.0);
    c.set_stroke_style_str(&p.surface);
    c.stroke();
    c.set_fill_style_str(&p.bad);
    c.fill();
}
