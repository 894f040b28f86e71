//! Curves over the run: which belong on one chart, how they are scaled and said, and the same as a table for files. Needs no
//! browser; tested natively.

use super::format;
use super::texts::{Language, Texts};
use crate::session::{Curve, Series};

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
    /// Containers on a Docker host.
    Containers,
    /// A measure of both houses.
    Both(Measure),
}

/// What two houses are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Requests that were answered.
    Answered,
    /// How long 95 of 100 answers take at most.
    Latency,
    /// Pods and containers that are ready.
    Ready,
    /// CPU in use.
    Cpu,
    /// Memory in use.
    Memory,
    /// Restarts so far.
    Restarts,
}

/// All measures, in the order of the list.
const MEASURES: [Measure; 6] =
    [Measure::Answered, Measure::Latency, Measure::Ready, Measure::Cpu, Measure::Memory, Measure::Restarts];

/// The houses' names at their curves. They are the same in every language.
const KUBERNETES: &str = "Kubernetes";
/// See [`KUBERNETES`].
const COMPOSE: &str = "Compose";

/// How long the last value stands for what was not looked at yet. What ended earlier has ended. Ours: looks are a second apart,
/// and rarer in long runs, which have a share for that.
const HELD_US: u64 = 1_500_000;
/// See [`HELD_US`]. Ours.
const HELD_SHARE: u64 = 360;

/// All charts, in the order of the inspector.
pub const ALL: [Chart; 8] = [
    Chart::Load,
    Chart::Latency,
    Chart::Replicas,
    Chart::Containers,
    Chart::Cpu,
    Chart::Memory,
    Chart::Restarts,
    Chart::Pending,
];

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
            Chart::Containers => "containers",
            Chart::Both(Measure::Answered) => "both-answered",
            Chart::Both(Measure::Latency) => "both-latency",
            Chart::Both(Measure::Ready) => "both-ready",
            Chart::Both(Measure::Cpu) => "both-cpu",
            Chart::Both(Measure::Memory) => "both-memory",
            Chart::Both(Measure::Restarts) => "both-restarts",
        }
    }

    /// The chart with this key.
    pub fn of(key: &str) -> Option<Self> {
        ALL.into_iter().chain(MEASURES.map(Chart::Both)).find(|c| c.key() == key)
    }

    /// Whether its values are bytes.
    fn in_bytes(self) -> bool {
        matches!(self, Chart::Memory | Chart::Both(Measure::Memory))
    }

    /// Whether it counts things, so that its curves are steps.
    pub fn counts(self) -> bool {
        let ready = Chart::Both(Measure::Ready);
        matches!(self, Chart::Replicas | Chart::Restarts | Chart::Pending | Chart::Containers)
            || self == ready
            || self == Chart::Both(Measure::Restarts)
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
            Chart::Containers => t.chart_containers(),
            Chart::Both(Measure::Answered) => t.chart_both_answered(),
            Chart::Both(Measure::Latency) => t.chart_both_latency(),
            Chart::Both(Measure::Ready) => t.chart_both_ready(),
            Chart::Both(Measure::Cpu) => t.chart_both_cpu(),
            Chart::Both(Measure::Memory) => t.chart_both_memory(),
            Chart::Both(Measure::Restarts) => t.chart_restarts(),
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
            Chart::Containers => vec![
                ("containers.all", t.curve_current()),
                ("containers.running", t.curve_running()),
                ("containers.well", t.curve_well()),
            ],
            Chart::Both(Measure::Answered) => {
                vec![("load", t.curve_load()), ("kubernetes", KUBERNETES), ("compose", COMPOSE)]
            }
            Chart::Both(_) => vec![("kubernetes", KUBERNETES), ("compose", COMPOSE)],
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
        let silent = !matches!(self, Chart::Replicas | Chart::Containers)
            && lines.iter().all(|l| l.values.iter().all(|v| !v.is_finite() || *v == 0.0));
        if silent { Vec::new() } else { lines }
    }

    /// A value with its unit.
    pub fn say(self, value: f32, language: Language) -> String {
        if !value.is_finite() {
            return "–".into();
        }
        match self {
            Chart::Load | Chart::Both(Measure::Answered) => format!("{}/s", format::rate(value, language)),
            Chart::Latency | Chart::Both(Measure::Latency) => format!("{} ms", format::rate(value, language)),
            Chart::Cpu | Chart::Both(Measure::Cpu) => format::cores(value.max(0.0).round() as u64, language),
            Chart::Memory | Chart::Both(Measure::Memory) => format::bytes(value.max(0.0) as u64, language),
            _ => format::rate(value, language),
        }
    }
}

/// The charts that say something of these curves.
pub fn shown(series: &Series, t: Texts) -> Vec<(Chart, Vec<Line>)> {
    ALL.into_iter().map(|c| (c, c.lines(series, t))).filter(|(_, lines)| !lines.is_empty()).collect()
}

/// The charts in which two houses are compared: one measure each, of both.
pub fn compared(cluster: &Series, host: &Series, t: Texts) -> Vec<(Chart, Vec<Line>)> {
    let find = |series: &Series, name: &str| series.curves.iter().find(|c| c.name == name).map(|c| c.values.clone());
    let chart = |measure: Measure| {
        let (inside, outside) = match measure {
            Measure::Answered => ("served", "served"),
            Measure::Latency => ("p95", "p95"),
            Measure::Ready => ("replicas.ready", "containers.well"),
            Measure::Cpu => ("cpu.used", "cpu.used"),
            Measure::Memory => ("memory.used", "memory.used"),
            Measure::Restarts => ("restarts", "restarts"),
        };
        let named = |name: &str, values: Option<Vec<f32>>| values.map(|values| Curve { name: name.into(), values });
        let curves = [
            named("load", find(cluster, "load")),
            named("kubernetes", find(cluster, inside)),
            named("compose", find(host, outside)),
        ];
        let both = Series { from: cluster.from, to: cluster.to, ..Series::default() };
        let both = Series { curves: curves.into_iter().flatten().collect(), ..both };
        let chart = Chart::Both(measure);
        (chart, chart.lines(&both, t))
    };
    MEASURES.into_iter().map(chart).filter(|(_, lines)| !lines.is_empty()).collect()
}

/// The curves of both houses as one table, each with its house's name in front.
pub fn joined(cluster: &Series, host: &Series) -> Series {
    let of = |house: &'static str, series: &Series| {
        let named = move |c: &Curve| Curve { name: format!("{house}.{}", c.name), values: c.values.clone() };
        series.curves.iter().map(named).collect::<Vec<_>>()
    };
    let curves = of("kubernetes", cluster).into_iter().chain(of("compose", host)).collect();
    Series { from: cluster.from, to: cluster.to, curves, ..Series::default() }
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
    if chart.in_bytes() {
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
    fn two_houses_are_compared_by_one_measure_each() {
        let curve = |name: &str, values: &[f32]| Curve { name: name.into(), values: values.to_vec() };
        let host = Series {
            to: 40_000_000,
            curves: vec![curve("load", &[0.0, 40.0, 43.0, f32::NAN]), curve("served", &[0.0, 10.0, 12.0, f32::NAN])],
            ..Series::default()
        };
        let mut cluster = series();
        cluster.curves.push(curve("served", &[0.0, 40.0, 43.0, f32::NAN]));
        let all = compared(&cluster, &host, Texts::default());
        assert_eq!(all.len(), 1, "what nobody measured is no chart");
        let names: Vec<&str> = all[0].1.iter().map(|l| l.name).collect();
        assert_eq!((all[0].0.key(), names), ("both-answered", vec!["load", "kubernetes", "compose"]));
        assert_eq!(all[0].1[2].values[2], 12.0);
        assert!(
            csv(&joined(&cluster, &host))
                .starts_with("seconds,kubernetes.load,kubernetes.failed,kubernetes.served,compose.load")
        );
        for chart in ALL.into_iter().chain(MEASURES.map(Chart::Both)) {
            assert_eq!(Chart::of(chart.key()), Some(chart));
        }
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
