//! A container's probes at level 4: a row each with what they found last, and when they ask next.

use super::layout::Rect;
use super::paint::Frame;
use super::pods;
use crate::session::PartRow;
use web_sys::CanvasRenderingContext2d as Canvas;

/// Results that are shown of each probe. Ours: more do not fit.
const SHOWN: u32 = 10;

/// The rows, below a container's words.
pub fn rows(c: &Canvas, f: &Frame, part: &PartRow, r: &Rect) {
    for (i, probe) in part.probes.iter().enumerate() {
        let y = r.y + 32.0 + super::paint::PROBE_ROW * i as f64;
        c.set_text_baseline("alphabetic");
        c.set_font("600 11px system-ui, sans-serif");
        c.set_fill_style_str(&f.p.ink2);
        let _ = c.fill_text(&probe.kind.to_string(), r.x + 8.0, y + 8.0);
        let row = probe.row.0.min(SHOWN);
        for n in 0..SHOWN {
            let x = r.x + 22.0 + f64::from(n) * 8.0;
            match probe.well {
                Some(well) if n >= SHOWN - row => pods::tick(c, f.p, (x, y + 2.0), 6.0, well),
                _ => {
                    c.set_fill_style_str(&f.p.line);
                    c.fill_rect(x, y + 4.0, 6.0, 1.5);
                }
            }
        }
        let left = probe.next.map(|next| next.saturating_sub(f.view.clock.now).div_ceil(1_000_000));
        let words = match (probe.well, left) {
            (Some(false), _) => format!("{}/{}", probe.row.0.min(probe.row.1), probe.row.1),
            (_, Some(left)) => format!("{left} s"),
            _ => String::new(),
        };
        c.set_font("11px system-ui, sans-serif");
        c.set_fill_style_str(if probe.well == Some(false) { &f.p.bad } else { &f.p.ink2 });
        if r.w > 150.0 {
            let _ = c.fill_text(&words, r.x + 22.0 + f64::from(SHOWN) * 8.0 + 6.0, y + 8.0);
        }
    }
}
