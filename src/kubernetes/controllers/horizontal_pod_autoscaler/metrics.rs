//! How many replicas a measurement asks for.
//! Source: kubernetes v1.37 pkg/controller/podautoscaler/replica_calculator.go and metrics/utilization.go.

use super::decision::Aside;
use super::pods::{Pod, Readings, Sample, Samples};
use crate::sim::{Span, Time};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How long after its start a pod's CPU counts only while it is ready.
/// Source: kubernetes v1.37 pkg/controller/podautoscaler/config/v1alpha1/defaults.go, HorizontalPodAutoscalerCPUInitializationPeriod.
const INITIALISING: Span = Span::secs(300);
/// How long after its start a pod that was never ready is told by its condition.
/// Source: same file, HorizontalPodAutoscalerInitialReadinessDelay.
const FIRST_READINESS: Span = Span::secs(30);

/// How far from the target nothing is done.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Below it.
    pub down: f64,
    /// Above it.
    pub up: f64,
}

impl Default for Tolerance {
    /// Source: kubernetes v1.37 pkg/controller/podautoscaler/config/v1alpha1/defaults.go, HorizontalPodAutoscalerTolerance.
    fn default() -> Self {
        Tolerance { down: 0.1, up: 0.1 }
    }
}

impl Tolerance {
    /// Source: replica_calculator.go, Tolerances.isWithin.
    fn covers(self, ratio: f64) -> bool {
        (1.0 - self.down) <= ratio && ratio <= (1.0 + self.up)
    }
}

/// What every calculation looks at.
pub struct Around<'a> {
    /// The pods that the target's selector selects.
    pub pods: &'a [Pod],
    /// What was measured.
    pub readings: &'a Readings,
    /// When nothing is done.
    pub tolerance: Tolerance,
    /// The present moment.
    pub now: Time,
}

/// Go's conversion of a number to 32 bits: what does not fit becomes the least one.
pub fn to_i32(number: f64) -> i32 {
    let fits = number > -2_147_483_649.0 && number < 2_147_483_648.0;
    if fits { number as i32 } else { i32::MIN }
}

fn to_i64(number: f64) -> i64 {
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number);
    if fits { number as i64 } else { i64::MIN }
}

/// Replicas and how much is used: per cent of what is asked for, and thousandths per pod.
pub struct Count {
    /// Replicas.
    pub replicas: i32,
    /// Per cent, for utilisation.
    pub percent: i32,
    /// Thousandths.
    pub used: i64,
}

const NO_PODS: &str = "no pods returned by selector while calculating replica count";
const NOTHING_MEASURED: &str = "did not receive metrics for targeted pods (pods might be unready)";

/// Pods by how they count.
struct Groups {
    ready: usize,
    unready: Vec<Rc<str>>,
    missing: Vec<Rc<str>>,
}

/// Sorts pods and drops the measurements of those that do not count. Source: groupPods, removeMetricsForPods.
fn group(around: &Around, samples: &mut Samples, cpu: bool) -> Groups {
    let mut out = Groups { ready: 0, unready: Vec::new(), missing: Vec::new() };
    for pod in around.pods {
        if pod.deleting || &*pod.phase == "Failed" {
            samples.remove(&pod.name);
        } else if &*pod.phase == "Pending" {
            out.unready.push(pod.name.clone());
        } else if let Some(sample) = samples.get(&pod.name) {
            if cpu && unready(pod, sample, around.now) {
                out.unready.push(pod.name.clone());
            } else {
                out.ready += 1;
            }
        } else {
            out.missing.push(pod.name.clone());
        }
    }
    for name in &out.unready {
        samples.remove(name);
    }
    out
}

/// Pods that do not count as the others: for a resource, or for a number that pods publish.
pub fn aside(around: &Around, resource: Option<&str>, published: Option<&str>) -> Vec<(Rc<str>, Aside)> {
    let samples = match (resource, published) {
        (Some(resource), _) => around.readings.resource(resource, None),
        (None, Some(name)) => around.readings.of_pods(name),
        _ => return Vec::new(),
    };
    let mut samples = samples.unwrap_or_default();
    let groups = group(around, &mut samples, resource == Some("cpu"));
    let leaving = around.pods.iter().filter(|p| p.deleting || &*p.phase == "Failed").map(|p| p.name.clone());
    let unready = groups.unready.into_iter().map(|name| (name, Aside::Unready));
    let missing = groups.missing.into_iter().map(|name| (name, Aside::Missing));
    missing.chain(unready).chain(leaving.map(|name| (name, Aside::Leaving))).collect()
}

fn unready(pod: &Pod, sample: &Sample, now: Time) -> bool {
    let (Some((status, since)), Some(started)) = (&pod.ready, pod.started) else { return true };
    let not = &**status == "False";
    if started + INITIALISING > now {
        not || sample.at < *since + sample.window
    } else {
        not && started + FIRST_READINESS > *since
    }
}

/// What each pod asks for. Source: calculateRequests.
fn requests(pods: &[Pod], resource: &str, container: Option<&str>) -> Result<BTreeMap<Rc<str>, i64>, String> {
    let mut out = BTreeMap::new();
    for pod in pods {
        let missing = |name: &str| format!("missing request for {resource} in container {name} of Pod {}", pod.name);
        let asked = match (&pod.asks.whole, container) {
            (Some(whole), None) => *whole
                .get(resource)
                .ok_or_else(|| format!("missing pod-level request for {resource} in Pod {}", pod.name))?,
            (_, Some(container)) => {
                let found = pod.asks.containers.iter().find(|(name, _)| &**name == container);
                let (name, asks) =
                    found.ok_or_else(|| format!("container {container} not found in Pod {}", pod.name))?;
                *asks.get(resource).ok_or_else(|| missing(name))?
            }
            (None, None) => {
                let mut sum = 0i64;
                for (name, asks) in &pod.asks.containers {
                    sum = sum.wrapping_add(*asks.get(resource).ok_or_else(|| missing(name))?);
                }
                sum
            }
        };
        out.insert(pod.name.clone(), asked);
    }
    Ok(out)
}

/// (ratio to the target, per cent, thousandths per pod). Source: metrics/utilization.go, GetResourceUtilizationRatio.
fn utilisation(samples: &Samples, asked: &BTreeMap<Rc<str>, i64>, target: i32) -> Result<(f64, i32, i64), String> {
    let known = || samples.iter().filter_map(|(pod, s)| Some((s.value, *asked.get(pod)?)));
    let (used, wanted) = known().fold((0i64, 0i64), |(a, b), (c, d)| (a.wrapping_add(c), b.wrapping_add(d)));
    if wanted == 0 {
        return Err("no metrics returned matched known pods".into());
    }
    let percent = (used.wrapping_mul(100) / wanted) as i32;
    Ok((f64::from(percent) / f64::from(target), percent, used / known().count().max(1) as i64))
}

/// (ratio to the target, thousandths per pod). Source: metrics/utilization.go, GetMetricUsageRatio.
fn usage(samples: &Samples, target: i64) -> (f64, i64) {
    let total = samples.values().fold(0i64, |sum, s| sum.wrapping_add(s.value));
    let each = total / samples.len().max(1) as i64;
    (each as f64 / target as f64, each)
}

/// Share of what pods ask for. Source: GetResourceReplicas.
pub fn by_share(
    around: &Around,
    current: i32,
    target: i32,
    resource: &str,
    container: Option<&str>,
) -> Result<Count, String> {
    let samples = around.readings.resource(resource, container);
    let mut samples = samples.map_err(|e| format!("unable to get metrics for resource {resource}: {e}"))?;
    if around.pods.is_empty() {
        return Err(NO_PODS.into());
    }
    let groups = group(around, &mut samples, resource == "cpu");
    if samples.is_empty() {
        return Err(NOTHING_MEASURED.into());
    }
    let asked = requests(around.pods, resource, container)?;
    let (ratio, percent, used) = utilisation(&samples, &asked, target)?;
    let fallback = i64::from(target.max(100));
    let whole = |pod: &str| asked.get(pod).copied().unwrap_or(0).wrapping_mul(fallback) / 100;
    let again = |samples: &Samples| utilisation(samples, &asked, target).map(|(ratio, ..)| ratio);
    let replicas = settle(around, current, samples, &groups, ratio, &whole, &again)?;
    Ok(Count { replicas, percent, used })
}

/// Thousandths of a resource per pod. Source: GetRawResourceReplicas.
pub fn by_amount(
    around: &Around,
    current: i32,
    target: i64,
    resource: &str,
    container: Option<&str>,
) -> Result<Count, String> {
    let samples = around.readings.resource(resource, container);
    let samples = samples.map_err(|e| format!("unable to get metrics for resource {resource}: {e}"))?;
    plain(around, samples, current, target, resource == "cpu")
}

/// A published number per pod. Source: GetMetricReplicas.
pub fn by_pods(around: &Around, current: i32, target: i64, metric: &str) -> Result<Count, String> {
    let samples = around.readings.of_pods(metric).map_err(|e| format!("unable to get metric {metric}: {e}"))?;
    plain(around, samples, current, target, false)
}

/// Source: calcPlainMetricReplicas.
fn plain(around: &Around, mut samples: Samples, current: i32, target: i64, cpu: bool) -> Result<Count, String> {
    if around.pods.is_empty() {
        return Err(NO_PODS.into());
    }
    let groups = group(around, &mut samples, cpu);
    if samples.is_empty() {
        return Err(NOTHING_MEASURED.into());
    }
    let (ratio, used) = usage(&samples, target);
    let again = |samples: &Samples| Ok(usage(samples, target).0);
    let replicas = settle(around, current, samples, &groups, ratio, &|_| target, &again)?;
    Ok(Count { replicas, percent: 0, used })
}

/// Pods without a measurement count as if they used all when it goes down (`fill`), nothing when it goes up.
/// Source: second half of GetResourceReplicas and of calcPlainMetricReplicas.
fn settle(
    around: &Around,
    current: i32,
    mut samples: Samples,
    groups: &Groups,
    ratio: f64,
    fill: &dyn Fn(&str) -> i64,
    again: &dyn Fn(&Samples) -> Result<f64, String>,
) -> Result<i32, String> {
    let with_unready = !groups.unready.is_empty() && ratio > 1.0;
    if !with_unready && groups.missing.is_empty() {
        let same = around.tolerance.covers(ratio);
        return Ok(if same { current } else { to_i32(libm::ceil(ratio * groups.ready as f64)) });
    }
    for pod in &groups.missing {
        if ratio < 1.0 {
            samples.insert(pod.clone(), Sample { value: fill(pod), ..Sample::default() });
        } else if ratio > 1.0 {
            samples.insert(pod.clone(), Sample::default());
        }
    }
    if with_unready {
        samples.extend(groups.unready.iter().map(|pod| (pod.clone(), Sample::default())));
    }
    let new = again(&samples)?;
    if around.tolerance.covers(new) || (ratio < 1.0 && new > 1.0) || (ratio > 1.0 && new < 1.0) {
        return Ok(current);
    }
    let replicas = to_i32(libm::ceil(new * samples.len() as f64));
    let turns = (new < 1.0 && replicas > current) || (new > 1.0 && replicas < current);
    Ok(if turns { current } else { replicas })
}

/// A number for the whole target. Source: GetObjectMetricReplicas, GetExternalMetricReplicas, getUsageRatioReplicaCount.
pub fn by_total(around: &Around, current: i32, target: i64, used: i64) -> Result<Count, String> {
    let ratio = used as f64 / target as f64;
    let count = |replicas| Ok(Count { replicas, percent: 0, used });
    if current == 0 {
        return count(to_i32(libm::ceil(ratio)));
    }
    if around.tolerance.covers(ratio) {
        return count(current);
    }
    if around.pods.is_empty() {
        return Err(format!("unable to calculate ready pods: {NO_PODS}"));
    }
    let ready = around.pods.iter().filter(|p| p.serves()).count();
    count(to_i32(libm::ceil(ratio * ready as f64)))
}

/// A number shared by the pods. Source: GetObjectPerPodMetricReplicas, GetExternalPerPodMetricReplicas.
pub fn by_portion(around: &Around, replicas: i32, target: i64, used: i64) -> Count {
    let ratio = used as f64 / (target as f64 * f64::from(replicas));
    let same = around.tolerance.covers(ratio);
    let wanted = if same { replicas } else { to_i32(libm::ceil(used as f64 / target as f64)) };
    Count { replicas: wanted, percent: 0, used: to_i64(libm::ceil(used as f64 / f64::from(replicas))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn around<'a>(pods: &'a [Pod], readings: &'a Readings) -> Around<'a> {
        Around { pods, readings, tolerance: Tolerance::default(), now: Time::secs(1000) }
    }

    fn pod(name: &str) -> Pod {
        Pod { name: name.into(), phase: "Running".into(), ready: Some(("True".into(), Time::ZERO)), ..Pod::default() }
    }

    #[test]
    fn numbers_that_do_not_fit_become_the_least() {
        assert_eq!(to_i32(f64::NAN), i32::MIN);
        assert_eq!(to_i32(3e9), i32::MIN);
        assert_eq!(to_i32(-2.9), -2);
    }

    #[test]
    fn a_total_is_shared_by_the_ready_pods() {
        let (pods, readings) = ([pod("a"), pod("b")], Readings::default());
        let count = |used| by_total(&around(&pods, &readings), 2, 1000, used).map(|c| c.replicas);
        assert_eq!(count(1050), Ok(2));
        assert_eq!(count(1200), Ok(3));
        assert_eq!(count(400), Ok(1));
    }

    proptest! {
        #[test]
        fn enough_replicas_for_a_portion(used in 0i64..1_000_000, there in 1i32..100) {
            let readings = Readings::default();
            let count = by_portion(&around(&[], &readings), there, 1000, used);
            prop_assert!(f64::from(count.replicas) * 1000.0 * 1.1 >= used as f64 - 1e-6);
        }
    }
}
