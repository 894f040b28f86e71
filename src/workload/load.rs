//! How many requests are asked for over time: the shapes of a load. A shape knows its exact total over any stretch, so that
//! nothing is lost between two looks.

use crate::sim::{Span, Time};
use serde::{Deserialize, Serialize};

/// Clients that ask a target for something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Its name: a later load of the same name takes its place.
    pub name: String,
    /// Whom they ask: `service/NAME[:PORT]`, `service/NAMESPACE/NAME[:PORT]`, `ingress/HOST[/PATH]`, `port/NUMBER`; on a Docker
    /// host `localhost:PORT`, `host:PORT`, `http://NAME[:PORT]`, `service/[PROJECT/]NAME[:PORT]`, `port/NUMBER`.
    pub target: String,
    /// How many.
    pub shape: Shape,
    /// How long a client waits for an answer.
    pub patience: Span,
    /// How often a client asks again after a failure.
    pub retries: u32,
}

/// Ours: what common clients wait for an answer by default is between five and thirty seconds.
pub const PATIENCE: Span = Span::secs(10);
/// Ours: more rounds than any sensible client makes.
pub const RETRIES_MAX: u32 = 8;

/// Requests a second over time, counted from the moment the load was set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    /// Always the same.
    Constant {
        /// Requests a second.
        rate: f64,
    },
    /// One rate, and another from a moment on.
    Step {
        /// Until then.
        from: f64,
        /// After it.
        to: f64,
        /// When.
        at: Span,
    },
    /// Rises or falls evenly and stays there.
    Ramp {
        /// At the start.
        from: f64,
        /// At the end.
        to: f64,
        /// How long that takes.
        over: Span,
    },
    /// Up and down, beginning in the middle.
    Sine {
        /// Least.
        low: f64,
        /// Most.
        high: f64,
        /// From one top to the next.
        period: Span,
    },
    /// A base rate with a spike.
    Spike {
        /// Outside the spike.
        base: f64,
        /// Within it.
        peak: f64,
        /// When it begins.
        at: Span,
        /// How long it lasts.
        lasts: Span,
    },
    /// The course of a day: quiet nights, a morning rise, a midday dip, an evening peak; over and over.
    Daily {
        /// In the quietest hour.
        low: f64,
        /// In the busiest hour.
        high: f64,
        /// How long a day is; shorter ones show it sooner.
        day: Span,
    },
    /// Recorded points, with straight lines between them; the last one stays.
    Replay {
        /// (moment, requests a second), by moment.
        points: Vec<(Span, f64)>,
    },
}

/// Share of the way from low to high, at each hour. Ours: the usual course of a web shop's day.
const HOURS: [f64; 25] = [
    0.18, 0.10, 0.05, 0.02, 0.0, 0.03, 0.12, 0.28, 0.45, 0.58, 0.66, 0.70, 0.64, 0.62, 0.66, 0.70, 0.74, 0.80, 0.88,
    0.96, 1.0, 0.90, 0.62, 0.36, 0.18,
];

impl Shape {
    /// Requests from one moment to another, both counted from the start of the load.
    pub fn total(&self, from: Span, to: Span) -> f64 {
        (self.until(to) - self.until(from)).max(0.0)
    }
    /// Requests a second at a moment.
    pub fn rate(&self, at: Span) -> f64 {
        let t = secs(at);
        let rate = match self {
            Shape::Constant { rate } => *rate,
            Shape::Step { from, to, at: when } => {
                if at < *when {
                    *from
                } else {
                    *to
                }
            }
            Shape::Ramp { from, to, over } => from + (to - from) * (t / secs(*over).max(1e-9)).min(1.0),
            Shape::Sine { low, high, period } => {
                let turn = libm::sin(t / secs(*period).max(1e-6) * 2.0 * std::f64::consts::PI);
                low + (high - low) * (1.0 + turn) / 2.0
            }
            Shape::Spike { base, peak, at: when, lasts } => {
                if at >= *when && at < *when + *lasts {
                    *peak
                } else {
                    *base
                }
            }
            Shape::Daily { low, high, day } => {
                let hour = t / secs(*day).max(1e-6) * 24.0;
                let hour = hour - libm::floor(hour / 24.0) * 24.0;
                let (whole, part) = (hour as usize, hour - libm::floor(hour));
                low + (high - low) * (HOURS[whole.min(23)] * (1.0 - part) + HOURS[whole.min(23) + 1] * part)
            }
            Shape::Replay { points } => line_at(points, t),
        };
        rate.max(0.0)
    }
    /// Requests from the start until a moment.
    fn until(&self, at: Span) -> f64 {
        let t = secs(at);
        match self {
            Shape::Constant { rate } => rate.max(0.0) * t,
            Shape::Step { from, to, at: when } => {
                let when = secs(*when);
                from.max(0.0) * t.min(when) + to.max(0.0) * (t - when).max(0.0)
            }
            Shape::Ramp { from, to, over } => line_until(&[(Span::ZERO, from.max(0.0)), (*over, to.max(0.0))], t),
            Shape::Sine { low, high, period } => {
                let turn = 2.0 * std::f64::consts::PI / secs(*period).max(1e-6);
                (low + high) / 2.0 * t + (high - low) / 2.0 * (1.0 - libm::cos(turn * t)) / turn
            }
            Shape::Spike { base, peak, at: when, lasts } => {
                let (when, lasts) = (secs(*when), secs(*lasts));
                base.max(0.0) * t + (peak - base) * (t - when).clamp(0.0, lasts)
            }
            Shape::Daily { low, high, day } => {
                let day = secs(*day).max(1e-6);
                let (days, rest) = (libm::floor(t / day), t - libm::floor(t / day) * day);
                let points: Vec<(Span, f64)> = HOURS
                    .iter()
                    .enumerate()
                    .map(|(h, share)| (Span((day / 24.0 * h as f64 * 1e6) as u64), low + (high - low) * share))
                    .collect();
                line_until(&points, day) * days + line_until(&points, rest)
            }
            Shape::Replay { points } => line_until(points, t),
        }
    }
    /// The word of a shape, as a scenario spells it.
    pub fn word(&self) -> &'static str {
        match self {
            Shape::Constant { .. } => "constant",
            Shape::Step { .. } => "step",
            Shape::Ramp { .. } => "ramp",
            Shape::Sine { .. } => "sine",
            Shape::Spike { .. } => "spike",
            Shape::Daily { .. } => "daily",
            Shape::Replay { .. } => "replay",
        }
    }
    /// Reads the text of a table of moments and rates: `seconds,rate` on each line, what follows is left alone; a head line is
    /// skipped. Where semicolons or tabs part the columns, commas may part the decimals, as spreadsheets of some countries
    /// write them. The number of the first line that cannot be read is the error.
    pub fn from_csv(text: &str) -> Result<Shape, usize> {
        let mut points: Vec<(Span, f64)> = Vec::new();
        let text = text.trim_start_matches('\u{feff}');
        for (at, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            let part = [';', '\t'].into_iter().find(|c| line.contains(*c)).unwrap_or(',');
            let number = |cell: Option<&str>| {
                let cell = cell?.trim().trim_matches('"');
                let cell = if part == ',' { cell.to_string() } else { cell.replace(',', ".") };
                cell.parse::<f64>().ok().filter(|n| (0.0..1e9).contains(n))
            };
            let mut cells = line.split(part);
            match (number(cells.next()), number(cells.next())) {
                (Some(t), Some(rate)) => points.push((Span((t * 1e6) as u64), rate)),
                _ if at == 0 => {}
                _ => return Err(at + 1),
            }
        }
        points.sort_by_key(|(t, _)| *t);
        if points.is_empty() { Err(1) } else { Ok(Shape::Replay { points }) }
    }
}

impl Load {
    /// Whether a word may be whom clients ask: it names a kind and a name, or a host and a port.
    pub fn is_target(word: &str) -> bool {
        word.contains('/') || word.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
    }
    /// A load of a name of its own: its target.
    pub fn new(target: &str, shape: Shape) -> Self {
        Load { name: target.into(), target: target.into(), shape, patience: PATIENCE, retries: 0 }
    }
    /// Requests between two moments when it began at `since`.
    pub fn between(&self, since: Time, from: Time, to: Time) -> f64 {
        self.shape.total(from.since(since), to.since(since))
    }
}

fn secs(span: Span) -> f64 {
    span.0 as f64 / 1e6
}

fn line_at(points: &[(Span, f64)], t: f64) -> f64 {
    let after = points.partition_point(|(at, _)| secs(*at) <= t);
    match (points.get(after.wrapping_sub(1)), points.get(after)) {
        (None, Some(first)) => first.1,
        (Some(last), None) => last.1,
        (Some((a, x)), Some((b, y))) => x + (y - x) * (t - secs(*a)) / (secs(*b) - secs(*a)).max(1e-9),
        (None, None) => 0.0,
    }
}

/// The area below straight lines between points, from zero to `t`.
fn line_until(points: &[(Span, f64)], t: f64) -> f64 {
    let Some(((first, start), (last, end))) = points.first().zip(points.last()) else { return 0.0 };
    let mut sum = start * t.min(secs(*first)) + end * (t - secs(*last)).max(0.0);
    for pair in points.windows(2) {
        let (a, b) = (secs(pair[0].0), secs(pair[1].0));
        if t <= a {
            break;
        }
        let stop = t.min(b);
        sum += (pair[0].1 + line_at(pair, stop)) / 2.0 * (stop - a);
        if stop < b {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shapes() -> Vec<Shape> {
        let s = Span::secs;
        vec![
            Shape::Constant { rate: 7.0 },
            Shape::Step { from: 1.0, to: 9.0, at: s(33) },
            Shape::Ramp { from: 2.0, to: 40.0, over: s(60) },
            Shape::Sine { low: 3.0, high: 9.0, period: s(50) },
            Shape::Spike { base: 2.0, peak: 50.0, at: s(20), lasts: s(7) },
            Shape::Daily { low: 1.0, high: 20.0, day: s(90) },
            Shape::Replay { points: vec![(s(5), 1.0), (s(15), 30.0), (s(40), 4.0)] },
        ]
    }

    proptest! {
        #[test]
        fn a_total_is_the_sum_of_its_parts_and_follows_the_rate(from in 0u64..200_000, len in 1u64..90_000) {
            for shape in shapes() {
                let (a, b) = (Span::millis(from), Span::millis(from + len));
                let steps = 2_000u64;
                let at = |i: u64| Span(a.0 + (b.0 - a.0) * i / steps);
                let parts: f64 = (0..steps).map(|i| shape.total(at(i), at(i + 1))).sum();
                let total = shape.total(a, b);
                prop_assert!((parts - total).abs() < 1e-6 * (1.0 + total), "{shape:?}: {parts} {total}");
                let wide = (b.0 - a.0) as f64 / 1e6 / steps as f64;
                let rates: f64 = (0..steps).map(|i| shape.rate(Span((at(i).0 + at(i + 1).0) / 2)) * wide).sum();
                prop_assert!((rates - total).abs() < 0.03 * (1.0 + total), "{shape:?}: {rates} {total}");
            }
        }
    }

    #[test]
    fn spreadsheets_of_all_countries_are_read() {
        let shape = Shape::from_csv("\u{feff}Sekunden;Anfragen\r\n0;0,5\r\n\"60\";1,5;Montag\r\n").expect("read");
        assert_eq!(shape.rate(Span::secs(30)), 1.0);
        assert_eq!(Shape::from_csv("0\t7\n").expect("read").rate(Span::ZERO), 7.0);
    }

    #[test]
    fn a_table_is_read_and_a_bad_line_named() {
        let shape = Shape::from_csv("seconds,rate\n0,10\n60,20\n").expect("read");
        assert_eq!(shape.rate(Span::secs(30)), 15.0);
        assert_eq!(Shape::from_csv("0,1\n5;2\nten,3\n"), Err(3));
        assert_eq!(Shape::from_csv("0,1\n5,NaN\n"), Err(2));
        assert_eq!(Shape::from_csv(""), Err(1));
    }
}
