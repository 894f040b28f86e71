//! The metrics pipeline: machines look at their containers now and then, a collector asks the machines now and then and keeps
//! the last two answers. What it says is therefore late, a mean over the time between, and missing for what has just begun.
//! Source: metrics-server v0.8 pkg/storage/pod.go, podStorage.Store; pkg/storage/types.go, resourceUsage.

use super::floor::Unit;
use crate::sim::{Span, Time};

/// How often the collector asks. Source: metrics-server v0.8 cmd/metrics-server/app/options/options.go, MetricResolution.
const RESOLUTION: Span = Span::secs(15);
/// How often a machine looks at a container.
/// Source: kubernetes v1.37 pkg/kubelet/cadvisor/cadvisor_linux.go, defaultHousekeepingInterval.
pub const HOUSEKEEPING: Span = Span::secs(10);
/// What a machine takes besides its containers, in cores and bytes. Ours: the agent of the orchestrator, the container runtime
/// and the system of a small cloud node.
pub const SYSTEM_USE: (f64, f64) = (0.06, 350.0 * 1_048_576.0);
/// A container that is younger than the collector's resolution counts from its start, but not before this age.
/// Source: metrics-server v0.8 pkg/storage/pod.go, freshContainerMinMetricsResolution.
const FRESH: Span = Span::secs(10);

/// The collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    /// When it began.
    pub since: Time,
    /// Where in its rhythm it asks.
    pub phase: Span,
}

/// What it says of one container.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metered {
    /// Mean of the cores in use.
    pub cores: f64,
    /// Bytes in use.
    pub memory: f64,
    /// When that was seen.
    pub at: Time,
    /// Over which time before.
    pub window: Span,
}

impl Meter {
    /// When it asked last, before `now`.
    pub fn asked(&self, now: Time) -> Option<Time> {
        let first = self.since + self.phase;
        (now >= first).then(|| first + RESOLUTION * (now.since(first).0 / RESOLUTION.0))
    }
    /// What it says of a container.
    pub fn read(&self, unit: &Unit, now: Time) -> Option<Metered> {
        let last = seen(unit, self.asked(now)?)?;
        let age = last.since(unit.since);
        let before = if age < RESOLUTION && age >= FRESH {
            unit.since
        } else {
            let asked = self.asked(now)?.0.checked_sub(RESOLUTION.0).map(Time)?;
            if asked < self.since {
                return None;
            }
            seen(unit, asked)?
        };
        let window = last.since(before);
        if window == Span::ZERO {
            return None;
        }
        let cpu = unit.cpu_until(last) - unit.cpu_until(before);
        Some(Metered {
            cores: (cpu / (window.0 as f64 / 1e6)).max(0.0),
            memory: unit.memory_at(last),
            at: last,
            window,
        })
    }
}

/// The newest look of a machine at a container until a moment; the first one is at its start.
fn seen(unit: &Unit, until: Time) -> Option<Time> {
    let looks = until.since(unit.since).0 / HOUSEKEEPING.0;
    (until > unit.since).then(|| unit.since + HOUSEKEEPING * looks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Behaviour, Profile, Strain, Twist};
    use std::rc::Rc;

    fn unit(since: u64) -> Unit {
        Unit {
            group: "web".into(),
            name: "app".into(),
            host: "node-a".into(),
            since: Time::secs(since),
            profile: Rc::new(Profile::default()),
            behaviour: Rc::new(Behaviour { base_cpu: 100, ..Behaviour::default() }),
            cpu_limit: 0,
            cpu_asked: 0,
            memory_limit: 0,
            stops: None,
            ended: None,
            twist: Twist::default(),
            strain: None,
        }
    }

    #[test]
    fn a_new_container_is_missing_for_up_to_half_a_minute() {
        let meter = Meter { since: Time::ZERO, phase: Span::secs(7) };
        let first = |since| (since..since + 60).find(|s| meter.read(&unit(since), Time::secs(*s)).is_some());
        // Asked at 22 and 37: who is ten seconds old counts from its start, who is younger needs two answers.
        assert_eq!((first(13), first(11)), (Some(37), Some(22)));
        let read = meter.read(&unit(0), Time::secs(60)).expect("a reading");
        assert_eq!((read.at, read.window), (Time::secs(50), Span::secs(20)));
        assert!((read.cores - 0.1).abs() < 1e-9);
    }

    #[test]
    fn what_is_said_is_the_mean_of_a_while_ago() {
        let meter = Meter { since: Time::ZERO, phase: Span::secs(0) };
        let mut it = unit(0);
        let mut strain = Strain::default();
        // Two cores from the 100th second on.
        for s in 0..200u64 {
            let used = if s >= 100 { 2.0 } else { 0.0 };
            strain.spend(Time::ZERO, Time::secs(s), Time::secs(s + 1), used, 1e6);
        }
        it.strain = Some(Rc::new(strain));
        let cores = |s| meter.read(&it, Time::secs(s)).map_or(0.0, |r| r.cores);
        assert!((cores(180) - 2.1).abs() < 1e-6 && (cores(199) - 2.1).abs() < 1e-6, "{} {}", cores(180), cores(199));
    }
}
