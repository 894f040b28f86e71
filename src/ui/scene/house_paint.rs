//! Draws the Docker host's building.

use super::super::docker::{self, Sight};
use super::super::format;
use super::Scene;
use super::flows::diamond;
use super::house::{Building, Line, Places, RAIL, mark_of};
use super::house_flows::numbers;
use super::layout::Rect;
use super::paint::{Frame, elide, width};
use super::palette::Palette;
use super::pods;
use super::rails::Way;
use crate::session::docker::HOST;
use crate::session::{ContainerRow, HostRow, Row, RowBody};
use std::f64::consts::{PI, TAU};
use web_sys::CanvasRenderingContext2d as Canvas;

/// Smallest line that has words. Ours: twelve pixels high text must fit.
const LINE_WORDS_FROM: f64 = 17.0;
/// Smallest line with a second row of words. Ours.
const LINE_TWO_FROM: f64 = 36.0;
/// Smallest line with a third one, for requests. Ours.
const LINE_THREE_FROM: f64 = 62.0;
/// Smallest container with a glyph. Ours.
const GLYPH_FROM: f64 = 13.0;

impl Scene {
    /// The building with everything in it.
    pub(super) fn draw_house(&self, c: &Canvas, f: &Frame, ways: &[Way]) {
        let Some(building) = &self.house else { return };
        let Some(RowBody::Host(host)) = f.view.row(HOST).map(|r| &r.body) else { return };
        let at = self.on_screen(&building.rect);
        let places = building.places(&at);
        frame(c, f, &at, host);
        title(c, f, &places, host);
        for (line, r) in building.lines.iter().zip(&places.lines) {
            match line {
                Line::Project(id) => project(c, f, *id, r, &places),
                Line::Service(id, _) => service(c, f, *id, r, &places),
            }
        }
        waits(c, f, building, &places);
        self.draw_ways(c, f, ways, false);
        brackets(c, f, &places);
        for (id, r) in &places.containers {
            let Some(row) = f.view.row(*id) else { continue };
            if let RowBody::Container(it) = &row.body {
                container(c, f, row, it, &self.moving(*id, *r, f));
            }
        }
        ports(c, f, building, &places);
        drums(c, f, &places);
    }
}

fn round(c: &Canvas, r: &Rect, radius: f64) {
    c.begin_path();
    let _ = c.round_rect_with_f64(r.x, r.y, r.w, r.h, radius);
}

fn bold(c: &Canvas, f: &Frame) {
    c.set_font("600 13px system-ui, sans-serif");
    c.set_text_baseline("alphabetic");
    c.set_fill_style_str(&f.p.ink);
}

fn plain(c: &Canvas, f: &Frame) {
    c.set_font("12px system-ui, sans-serif");
    c.set_text_baseline("alphabetic");
    c.set_fill_style_str(&f.p.ink2);
}

/// Walls and roof; dashed where the engine does not run.
fn frame(c: &Canvas, f: &Frame, r: &Rect, host: &HostRow) {
    round(c, r, 8.0);
    c.set_fill_style_str(&f.p.surface);
    c.fill();
    c.set_line_width(1.0);
    c.set_stroke_style_str(&f.p.edge);
    if host.power == "on" {
        c.stroke();
    } else {
        c.set_line_width(2.0);
        c.set_stroke_style_str(&f.p.unk);
        pods::dashed(c, 6.0);
    }
    c.save();
    round(c, r, 8.0);
    c.clip();
    c.set_fill_style_str(&f.p.comp);
    c.fill_rect(r.x, r.y, r.w, 4.0);
    c.restore();
}

fn title(c: &Canvas, f: &Frame, places: &Places, host: &HostRow) {
    let r = &places.title;
    if r.h < LINE_WORDS_FROM {
        return;
    }
    let left = r.x + 14.0;
    bold(c, f);
    let name = elide(c, f.host_label, r.w * 0.5);
    let wide = width(c, &name);
    let _ = c.fill_text(&name, left, r.y + 24.0);
    plain(c, f);
    let words = match host.power.as_str() {
        "on" => format!("{} CPU · {}/{}", host.cpus, host.running, host.containers),
        power => power.to_string(),
    };
    let words = elide(c, &words, r.w - wide - 44.0);
    let _ = c.fill_text(&words, r.x + r.w - 14.0 - width(c, &words), r.y + 24.0);
}

fn project(c: &Canvas, f: &Frame, id: Option<u32>, r: &Rect, places: &Places) {
    if r.h < 12.0 {
        return;
    }
    let name = id.and_then(|id| f.view.row(id)).map_or(f.no_project_label, |row| row.name.as_str());
    c.set_font("600 12px system-ui, sans-serif");
    c.set_text_baseline("middle");
    c.set_fill_style_str(&f.p.ink2);
    let y = r.y + r.h / 2.0;
    let name = elide(c, name, r.w - 40.0);
    let _ = c.fill_text(&name, places.names.0, y);
    let from = places.names.0 + width(c, &name) + 8.0;
    c.set_stroke_style_str(&f.p.line);
    c.set_line_width(1.0);
    c.begin_path();
    c.move_to(from, y);
    c.line_to((r.x + r.w - 14.0).max(from), y);
    c.stroke();
}

/// Its turn at the start, its name, its image, its requests.
fn service(c: &Canvas, f: &Frame, id: Option<u32>, r: &Rect, places: &Places) {
    let Some(row) = id.and_then(|id| f.view.row(id)) else { return };
    let RowBody::ComposeService(it) = &row.body else { return };
    let (left, right) = places.names;
    if f.selected == id {
        round(c, &r.inset(2.0), 6.0);
        c.set_fill_style_str(&f.p.tint_sel);
        c.fill();
    }
    if r.h < LINE_WORDS_FROM {
        return;
    }
    let flow = f.view.live.flow(row.id).filter(|flow| flow.rate > 0.0);
    let lines = match (r.h >= LINE_TWO_FROM, r.h >= LINE_THREE_FROM && flow.is_some()) {
        (false, _) => 1,
        (true, false) => 2,
        (true, true) => 3,
    };
    let middle = r.y + (r.h - RAIL) / 2.0 + 1.0;
    let y = middle + 5.0 - f64::from(lines - 1) * 8.0;
    let badge = right - left >= 110.0;
    let text = if badge { left + 24.0 } else { left };
    if badge {
        turn(c, f, it.order + 1, (left + 9.0, middle));
    }
    bold(c, f);
    let name = elide(c, &row.name, right - text);
    let _ = c.fill_text(&name, text, y);
    if lines == 3 || lines == 2 && flow.is_none() {
        plain(c, f);
        let image = elide(c, &it.image, right - text);
        let _ = c.fill_text(&image, text, y + 16.0);
    }
    if let Some(flow) = flow.filter(|_| lines > 1) {
        numbers(c, f, flow, (left, text - left, right), y + f64::from(lines - 1) * 16.0);
    }
}

/// A service's turn at the start, in a ring.
fn turn(c: &Canvas, f: &Frame, turn: u32, (x, y): (f64, f64)) {
    c.begin_path();
    let _ = c.arc(x, y, 9.0, 0.0, TAU);
    c.set_stroke_style_str(&f.p.edge);
    c.set_line_width(1.0);
    c.stroke();
    c.set_font("600 12px system-ui, sans-serif");
    c.set_text_baseline("middle");
    c.set_text_align("center");
    c.set_fill_style_str(&f.p.ink2);
    let _ = c.fill_text(&turn.to_string(), x, y + 0.5);
    c.set_text_align("left");
}

/// From the selected service to what it waits for.
fn waits(c: &Canvas, f: &Frame, building: &Building, places: &Places) {
    let Some(selected) = f.selected.and_then(|id| f.view.row(id)) else { return };
    let id = if matches!(selected.body, RowBody::Container(_)) { selected.owner } else { Some(selected.id) };
    let Some(RowBody::ComposeService(it)) = id.and_then(|id| f.view.row(id)).map(|r| &r.body) else { return };
    let line_of = |wanted: &dyn Fn(u32) -> bool| {
        let at = building.lines.iter().position(|l| matches!(l, Line::Service(Some(id), _) if wanted(*id)));
        at.and_then(|at| places.lines.get(at)).map(|r| r.y + r.h / 2.0)
    };
    let Some(from) = line_of(&|other| Some(other) == id) else { return };
    let x = places.names.0 - 4.0;
    for dependency in &it.depends_on {
        let named = |id: u32| {
            let same = |r: &Row| matches!(&r.body, RowBody::ComposeService(s) if s.project == it.project);
            f.view.row(id).is_some_and(|r| r.name == dependency.service && same(r))
        };
        let Some(to) = line_of(&named) else { continue };
        let bend = x - 12.0;
        c.set_stroke_style_str(&f.p.comp);
        c.set_line_width(2.0);
        c.begin_path();
        c.move_to(x, from);
        c.bezier_curve_to(bend, from, bend, to, x, to);
        c.stroke();
        c.set_fill_style_str(&f.p.comp);
        c.begin_path();
        c.move_to(x + 5.0, to);
        c.line_to(x - 3.0, to - 4.0);
        c.line_to(x - 3.0, to + 4.0);
        c.close_path();
        c.fill();
    }
}

/// A network: a bracket over the lines it reaches, its name along it.
fn brackets(c: &Canvas, f: &Frame, places: &Places) {
    for (id, r, reached) in &places.brackets {
        let Some(row) = f.view.row(*id) else { continue };
        let selected = f.selected == Some(*id);
        c.set_stroke_style_str(if selected { &f.p.accent } else { &f.p.edge });
        c.set_line_width(if selected { 2.5 } else { 1.5 });
        let x = r.x + 5.0;
        c.begin_path();
        c.move_to(x, r.y);
        c.line_to(x, r.y + r.h);
        for y in reached {
            c.move_to(r.x - 1.0, *y);
            c.line_to(x, *y);
        }
        c.stroke();
        if r.w >= 18.0 && r.h >= 34.0 {
            c.save();
            let _ = c.translate(x + 11.0, r.y + r.h / 2.0);
            let _ = c.rotate(PI / 2.0);
            c.set_font("12px system-ui, sans-serif");
            c.set_text_baseline("middle");
            c.set_text_align("center");
            c.set_fill_style_str(&f.p.ink2);
            let name = elide(c, &row.name, r.h);
            let _ = c.fill_text(&name, 0.0, 0.0);
            c.restore();
        }
    }
}

fn container(c: &Canvas, f: &Frame, row: &Row, it: &ContainerRow, r: &Rect) {
    let sight = docker::sight(it);
    let (middle, radius, words) = mark_of(r);
    let size = radius * 2.0;
    mark(c, f.p, middle, radius, sight);
    if it.restarts > 0 && !words && size >= GLYPH_FROM {
        c.set_font("600 11.5px system-ui, sans-serif");
        c.set_text_baseline("alphabetic");
        c.set_fill_style_str(&f.p.ink);
        let _ = c.fill_text(&format!("↻{}", it.restarts), middle.0 + size * 0.3, r.y + 9.0);
    }
    if !words {
        return;
    }
    let (left, room) = (r.x + size + 10.0, r.w - size - 12.0);
    let own = row.name.strip_prefix(&format!("{}-", it.project)).unwrap_or(&row.name);
    let two = r.h >= 32.0;
    let y = r.y + r.h / 2.0 + if two { -3.0 } else { 4.0 };
    bold(c, f);
    let name = elide(c, own, room);
    let _ = c.fill_text(&name, left, y);
    if two {
        plain(c, f);
        if sight.ill() {
            c.set_fill_style_str(&f.p.bad);
        }
        let forms = state_words(f, it, sight);
        let form = forms.iter().find(|words| width(c, words) <= room).or(forms.last());
        let state = elide(c, form.map_or("", |words| words), room);
        let _ = c.fill_text(&state, left, y + 16.0);
        requests(c, f, row, (left + width(c, &state), left + room), y + 16.0);
    }
}

/// What a container gets behind its state: a rate, and a diamond where some of it fails.
fn requests(c: &Canvas, f: &Frame, row: &Row, (from, to): (f64, f64), y: f64) {
    let flow = row.owner.and_then(|owner| f.view.live.flow(owner));
    let Some(end) = flow.and_then(|flow| flow.ends.iter().find(|end| end.pod == row.id && end.rate > 0.0)) else {
        return;
    };
    c.set_fill_style_str(&f.p.ink2);
    let rate = format!(" · {}/s", format::rate(end.rate, f.language));
    let long = width(c, &rate);
    if from + long > to {
        return;
    }
    let _ = c.fill_text(&rate, from, y);
    if end.failed > 0.0 && from + long + 14.0 <= to {
        c.set_fill_style_str(&f.p.bad);
        diamond(c, (from + long + 8.0, y - 4.0), 4.0);
    }
}

/// Docker's own words, with what counts; shorter and shorter, for as much room as there is.
fn state_words(f: &Frame, it: &ContainerRow, sight: Sight) -> Vec<String> {
    let (state, short) = match sight {
        Sight::Starting | Sight::Healthy | Sight::Unhealthy => (it.health.clone(), String::new()),
        Sight::Failed | Sight::Stopped => (format!("exited ({})", it.exit), format!("({})", it.exit)),
        Sight::Restarting => {
            let left = it.span.map_or(0, |(_, to)| to.saturating_sub(f.view.clock.now).div_ceil(1_000_000));
            (format!("restarting {left} s"), format!("{left} s"))
        }
        _ => (it.state.clone(), String::new()),
    };
    let mut forms: Vec<String> = [state, short].into_iter().filter(|words| !words.is_empty()).collect();
    if it.restarts > 0 {
        let counted: Vec<String> = forms.iter().map(|words| format!("{words} · ↻ {}", it.restarts)).collect();
        forms = counted.into_iter().zip(forms).flat_map(|(long, plain)| [long, plain]).collect();
    }
    forms
}

/// The colour of a state.
fn colour(p: &Palette, sight: Sight) -> &str {
    match sight {
        Sight::Created => &p.wait,
        Sight::Running | Sight::Starting | Sight::Healthy => &p.ok,
        Sight::Paused | Sight::Stopped | Sight::Removing => &p.stop,
        Sight::NotStarted | Sight::Unhealthy | Sight::Restarting | Sight::Failed => &p.bad,
    }
}

/// A container: round where a pod is square. Each state has its own fill and glyph.
pub fn mark(c: &Canvas, p: &Palette, (x, y): (f64, f64), radius: f64, sight: Sight) {
    let line = (radius / 5.0).clamp(1.0, 3.0);
    let hollow = matches!(sight, Sight::Created | Sight::NotStarted | Sight::Starting | Sight::Paused | Sight::Stopped);
    let disc = |r: f64| {
        c.begin_path();
        let _ = c.arc(x, y, r.max(0.5), 0.0, TAU);
    };
    let colour = colour(p, sight);
    c.set_fill_style_str(colour);
    c.set_stroke_style_str(colour);
    c.set_line_width(line);
    let radius = if sight == Sight::Removing { radius * 0.8 } else { radius };
    disc(if hollow { radius - line / 2.0 } else { radius });
    match sight {
        Sight::Created => pods::dashed(c, (radius / 3.0).max(1.5)),
        _ if hollow => c.stroke(),
        _ => c.fill(),
    }
    if radius * 2.0 < GLYPH_FROM {
        return;
    }
    let s = radius / 8.0;
    if !hollow {
        c.set_stroke_style_str(&p.surface);
        c.set_fill_style_str(&p.surface);
    }
    c.set_line_width((radius / 5.5).clamp(1.5, 3.0));
    c.set_line_cap("round");
    let path = |points: &[(f64, f64)]| {
        c.begin_path();
        for (i, (dx, dy)) in points.iter().enumerate() {
            let to = (x + dx * s, y + dy * s);
            if i == 0 { c.move_to(to.0, to.1) } else { c.line_to(to.0, to.1) }
        }
        c.stroke();
    };
    match sight {
        Sight::Healthy => path(&[(-3.4, 0.2), (-1.0, 2.8), (3.6, -2.8)]),
        Sight::Unhealthy | Sight::NotStarted => {
            path(&[(0.0, -4.2), (0.0, 0.8)]);
            path(&[(0.0, 4.0), (0.0, 4.1)]);
        }
        Sight::Failed => {
            path(&[(-2.8, -2.8), (2.8, 2.8)]);
            path(&[(2.8, -2.8), (-2.8, 2.8)]);
        }
        Sight::Restarting => {
            c.begin_path();
            let _ = c.arc(x, y, 3.8 * s, -0.3, 1.5 * PI);
            c.stroke();
            path(&[(0.0, -6.0), (2.4, -3.8), (0.0, -1.8)]);
        }
        Sight::Paused => {
            path(&[(-1.8, -3.0), (-1.8, 3.0)]);
            path(&[(1.8, -3.0), (1.8, 3.0)]);
        }
        Sight::Stopped => c.fill_rect(x - 2.6 * s, y - 2.6 * s, 5.2 * s, 5.2 * s),
        Sight::Starting => {
            c.begin_path();
            let _ = c.arc(x, y, (radius - line).max(0.5), -PI / 2.0, PI / 2.0);
            c.fill();
        }
        Sight::Removing => path(&[(-3.0, 0.0), (3.0, 0.0)]),
        Sight::Created | Sight::Running => {}
    }
    c.set_line_cap("butt");
}

/// Published ports stand at the left wall; one that is not in force is dashed.
fn ports(c: &Canvas, f: &Frame, building: &Building, places: &Places) {
    for (at, r) in &places.ports {
        let Some(all) = building.ports.get(at) else { continue };
        let Some((first, on)) = all.first() else { continue };
        round(c, r, r.h / 2.0);
        c.set_fill_style_str(&f.p.surface);
        c.fill();
        c.set_stroke_style_str(&f.p.comp);
        c.set_line_width(1.5);
        if *on {
            c.stroke()
        } else {
            pods::dashed(c, 3.0)
        }
        if r.h < 13.0 || r.w < 34.0 {
            continue;
        }
        c.set_font("12px system-ui, sans-serif");
        c.set_text_baseline("middle");
        c.set_fill_style_str(&f.p.ink);
        let more = if all.len() > 1 { format!(" +{}", all.len() - 1) } else { String::new() };
        let full = format!("{first}{more}");
        // Where not all of it fits, the host's port counts.
        let short = first.split('→').next().unwrap_or(first);
        let text = elide(c, if width(c, &full) <= r.w - 10.0 { &full } else { short }, r.w - 8.0);
        let _ = c.fill_text(&text, r.x + (r.w - width(c, &text)) / 2.0, r.y + r.h / 2.0 + 0.5);
    }
}

/// Volumes: drums with their names, filled where a container uses them.
fn drums(c: &Canvas, f: &Frame, places: &Places) {
    for (id, r) in &places.drums {
        let Some(row) = f.view.row(*id) else { continue };
        let RowBody::Volume(volume) = &row.body else { continue };
        let (w, h) = (20.0_f64.min(r.w), 20.0_f64.min(r.h));
        let (x, y) = (r.x, r.y + (r.h - h) / 2.0);
        c.set_stroke_style_str(if volume.containers.is_empty() { &f.p.edge } else { &f.p.ink2 });
        c.set_line_width(1.5);
        let lid = h * 0.18;
        c.begin_path();
        let _ = c.ellipse(x + w / 2.0, y + lid, w / 2.0, lid, 0.0, 0.0, TAU);
        c.move_to(x + w, y + lid);
        c.line_to(x + w, y + h - lid);
        let _ = c.ellipse(x + w / 2.0, y + h - lid, w / 2.0, lid, 0.0, 0.0, PI);
        c.line_to(x, y + lid);
        c.stroke();
        if r.w >= 60.0 && r.h >= 14.0 {
            plain(c, f);
            c.set_text_baseline("middle");
            let name = super::docker_words::short(&row.name);
            let name = elide(c, name, r.w - w - 8.0);
            let _ = c.fill_text(&name, x + w + 6.0, r.y + r.h / 2.0 + 0.5);
        }
    }
}
