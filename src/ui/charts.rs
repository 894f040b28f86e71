//! Curves over the run: which belong on one chart, how they are scaled and said, and the same as a table for files. Needs no
//! browser; tested natively.

use super::format;
use super::texts::{Language, Texts};
use crate::session::Series;

/// A chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// Requests: arrived, answered, failed.
    Load,
    /// How long answers take.
    Latency,
    /// CPU.
    Cpu,
    /// Memory.
    Memory,
    /// Replicas.
    Replicas,
    /// Restarts so far.
    Restarts,
    /// Pods that wait for a place.
    Pending,
}

/// How long the last value stands for what was not looked at yet. What ended earlier has ended. Ours: looks are a second apart,
/// and rarer in long runs, which have a share for that.
const HELD_US: u64 = 1_500_000;
/// See [`HELD_US`]. Ours.
const HELD_SHARE: u64 = 360;

/// All charts, in the order of the inspector.
pub const ALL: [Chart; 7] =
    [Chart::Load, Chart::Latency, Chart::Replicas, Chart::Cpu, Chart::Memory, Chart::Restarts, Chart::Pending];

/// One curve of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name in the session, which is also how it is drawn.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// One value a column; `NaN` where nothing was measured.
    pub values: Vec<f32>,
}

impl Chart {
    /// Its key in lists.
    pub fn key(self) -> &'static str {
        match self {
            Chart::Load => "load",
            Chart::Latency => "latency",
            Chart::Cpu => "cpu",
            Chart::Memory => "memory",
            Chart::Replicas => "replicas",
            Chart::Restarts => "restarts",
            Chart::Pending => "pending",
        }
    }

    /// The chart with this key.
    pub fn of(key: &str) -> Option<Self> {
        ALL.into_iter().find(|c| c.key() == key)
    }

    /// Its title, with its unit.
    pub fn title(self, t: Texts) -> &'static str {
        match self {
            Chart::Load => t.chart_load(),
            Chart::Latency => t.chart_latency(),
            Chart::Cpu => t.chart_cpu(),
            Chart::Memory => t.chart_memory(),
            Chart::Replicas => t.chart_replicas(),
            Chart::Restarts => t.chart_restarts(),
            Chart::Pending => t.chart_pending(),
        }
    }

    /// The curves it shows: name in the session, name for people.
    fn names(self, t: Texts) -> Vec<(&'static str, &'static str)> {
        match self {
            Chart::Load => vec![("load", t.curve_load()), ("served", t.curve_served()), ("failed", t.curve_failed())],
            Chart::Latency => vec![("p50", "p50"), ("p95", "p95"), ("p99", "p99")],
            Chart::Cpu => vec![
                ("cpu.limit", t.curve_limit()),
                ("cpu.requested", t.curve_requested()),
                ("cpu.used", t.curve_used()),
            ],
            Chart::Memory => vec![
                ("memory.limit", t.curve_limit()),
                ("memory.requested", t.curve_requested()),
                ("memory.used", t.curve_used()),
            ],
            Chart::Replicas => vec![
                ("replicas.wanted", t.curve_wanted()),
                ("replicas.current", t.curve_current()),
                ("replicas.ready", t.curve_ready()),
            ],
            Chart::Restarts => vec![("restarts", t.curve_restarts())],
            Chart::Pending => vec![("pending", t.curve_pending())],
        }
    }

    /// Its curves, without those that say nothing.
    pub fn lines(self, series: &Series, t: Texts) -> Vec<Line> {
        let names = self.names(t).into_iter();
        let found = names.filter_map(|(name, label)| {
            let curve = series.curves.iter().find(|c| c.name == name)?;
            let says = curve.values.iter().any(|v| v.is_finite() && (*v != 0.0 || !name.ends_with("limit")));
            says.then(|| Line { name, label, values: held(series, curve.values.clone()) })
        });
        let lines: Vec<Line> = found.collect();
        let silent =
            self != Chart::Replicas && lines.iter().all(|l| l.values.iter().all(|v| !v.is_finite() || *v == 0.0));
        if silent { Vec::new() } else { lines }
    }

    /// A value with its unit.
    pub fn say(self, value: f32, language: Language) -> String {
        if !value.is_finite() {
            return "–".into();
        }
        match self {
            Chart::Load => format!("{}/s", format::rate(value, language)),
            Chart::Latency => format!("{} ms", format::rate(value, language)),
            Chart::Cpu => format::cores(value.max(0.0).round() as u64, language),
            Chart::Memory => format::bytes(value.max(0.0) as u64, language),
            _ => format::rate(value, language),
        }
    }
}

/// The values with the last one drawn on to the end where that is near.
fn held(series: &Series, mut values: Vec<f32>) -> Vec<f32> {
    let Some(last) = values.iter().rposition(|v| v.is_finite()) else { return values };
    let ended = moment(series, last + 1, values.len());
    if series.to.saturating_sub(ended) <= HELD_US.max(series.to.saturating_sub(series.from) / HELD_SHARE) {
        let value = values[last];
        values[last..].fill(value);
    }
    values
}

/// The top of the scale: the smallest of 1, 2, 5 times a power of ten (of two, for memory) that holds all values.
pub fn top(lines: &[Line], chart: Chart) -> f32 {
    let most = lines.iter().flat_map(|l| &l.values).filter(|v| v.is_finite()).fold(0.0_f32, |m, v| m.max(*v));
    if most <= 0.0 {
        return 1.0;
    }
    if chart == Chart::Memory {
        let mut top = 1_048_576.0_f32;
        while top < most {
            top *= 2.0;
        }
        return top;
    }
    let mut ten = 0.01_f32;
    while ten.is_finite() {
        if let Some(step) = [1.0, 2.0, 5.0].into_iter().find(|s| s * ten >= most) {
            return step * ten;
        }
        ten *= 10.0;
    }
    most
}

/// The path of a curve in a box of this size: steps for counts, straight lines for measurements, gaps where nothing was
/// measured.
pub fn path(values: &[f32], top: f32, (width, height): (f64, f64), steps: bool) -> String {
    let step = width / values.len().max(1) as f64;
    let mut out = String::new();
    let mut on = false;
    for (i, v) in values.iter().enumerate() {
        if !v.is_finite() {
            on = false;
            continue;
        }
        let (x, y) = (i as f64 * step, height * (1.0 - f64::from((v / top).clamp(0.0, 1.0))));
        out += &match (on, steps) {
            (false, _) => format!("M{x:.1} {y:.1}"),
            (true, true) => format!("H{x:.1}V{y:.1}"),
            (true, false) => format!("L{x:.1} {y:.1}"),
        };
        if i + 1 == values.len() {
            out += &format!("H{width:.1}");
        }
        on = true;
    }
    out
}

/// The column of a moment.
pub fn column(series: &Series, at: u64, columns: usize) -> usize {
    let length = series.to.saturating_sub(series.from).max(1);
    let at = at.saturating_sub(series.from).min(length);
    ((u128::from(at) * columns as u128 / u128::from(length)) as usize).min(columns.saturating_sub(1))
}

/// The value at a column; the last one near before it where that column was not measured, and the newest of all behind the end
/// of what was measured so far.
pub fn value(values: &[f32], column: usize) -> f32 {
    let until = column.min(values.len().saturating_sub(1));
    let ended = values.get(until..).unwrap_or_default().iter().all(|v| !v.is_finite());
    let from = if ended { 0 } else { column.saturating_sub(values.len() / 20) };
    let near = values.get(from..=until).unwrap_or_default();
    near.iter().rev().find(|v| v.is_finite()).copied().unwrap_or(f32::NAN)
}

/// The moment of a column, in microseconds.
pub fn moment(series: &Series, column: usize, columns: usize) -> u64 {
    let length = u128::from(series.to.saturating_sub(series.from));
    series.from + (length * column as u128 / columns.max(1) as u128) as u64
}

/// All curves as comma-separated values, with seconds in front; nothing stands where nothing was measured.
pub fn csv(series: &Series) -> String {
    let columns = series.curves.iter().map(|c| c.values.len()).max().unwrap_or(0);
    let mut out = String::from("seconds");
    for curve in &series.curves {
        out += ",";
        out += &curve.name;
    }
    out.push('\n');
    for i in 0..columns {
        out += &format!("{:.3}", moment(series, i, columns) as f64 / 1e6);
        for curve in &series.curves {
            out.push(',');
            if let Some(v) = curve.values.get(i).filter(|v| v.is_finite()) {
                out += &v.to_string();
            }
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Curve;

    fn series() -> Series {
        let curve = |name: &str, values: &[f32]| Curve { name: name.into(), values: values.to_vec() };
        Series {
            to: 40_000_000,
            curves: vec![curve("load", &[0.0, 40.0, 43.0, f32::NAN]), curve("failed", &[0.0; 4])],
            ..Series::default()
        }
    }

    #[test]
    fn the_scale_ends_at_a_round_number() {
        let lines = Chart::Load.lines(&series(), Texts::default());
        assert!((top(&lines, Chart::Load) - 50.0).abs() < 0.01);
        let bytes = [Line { name: "memory.used", label: "", values: vec![300e6] }];
        assert_eq!(top(&bytes, Chart::Memory), (512_u32 << 20) as f32);
        assert_eq!(top(&[], Chart::Load), 1.0);
    }

    #[test]
    fn between_two_looks_the_last_value_stands() {
        let series = Series { to: 3_400_000, ..Series::default() };
        assert_eq!(held(&series, vec![f32::NAN, 2.0, 3.0, f32::NAN])[3], 3.0);
        let long = Series { to: 40_000_000, ..Series::default() };
        assert!(held(&long, vec![1.0, 2.0, f32::NAN, f32::NAN])[3].is_nan(), "what is gone stays gone");
    }

    #[test]
    fn gaps_stay_gaps() {
        assert_eq!(path(&[1.0, f32::NAN, 1.0], 1.0, (30.0, 10.0), true), "M0.0 0.0M20.0 0.0H30.0");
        assert_eq!(path(&[0.0, 1.0], 1.0, (20.0, 10.0), false), "M0.0 10.0L10.0 0.0H20.0");
    }

    #[test]
    fn files_hold_every_curve_and_no_made_up_number() {
        let text = csv(&series());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines[0], lines[2], lines[4]), ("seconds,load,failed", "10.000,40,0", "30.000,,0"));
    }

    #[test]
    fn a_column_without_a_value_says_the_one_before() {
        let mut values = vec![f32::NAN; 40];
        (values[20], values[30]) = (7.0, 9.0);
        assert_eq!((value(&values, 22), value(&values, 20)), (7.0, 7.0));
        assert_eq!(value(&values, 39), 9.0, "the newest, behind all that was measured");
        assert!(value(&values, 23).is_nan() && value(&values, 19).is_nan() && value(&[], 3).is_nan());
    }

    #[test]
    fn a_column_is_found_by_its_moment() {
        let series = series();
        for i in 0..4 {
            assert_eq!(column(&series, moment(&series, i, 4), 4), i);
        }
        assert_eq!(column(&series, u64::MAX, 4), 3);
    }
}
