//! What the autoscaler looks at: pods, and what was measured of them.

use crate::kubernetes::objects::parts::Quantity;
use crate::kubernetes::objects::pod::PodSpec;
use crate::kubernetes::objects::pod::effective::Sums;
use crate::kubernetes::objects::{Calendar, Object};
use crate::sim::{Span, Time};
use crate::text::{Map, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Thousandths of something by resource.
pub type Amounts = BTreeMap<Rc<str>, i64>;

/// Window of a measurement that tells none.
/// Source: kubernetes v1.37 pkg/controller/podautoscaler/metrics/client.go, metricServerDefaultMetricWindow.
const WINDOW: Span = Span::secs(60);

/// A pod, as far as it counts.
#[derive(Clone, Debug, Default)]
pub struct Pod {
    /// Its name.
    pub name: Rc<str>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Its phase.
    pub phase: Rc<str>,
    /// The status of its condition Ready, and since when.
    pub ready: Option<(Rc<str>, Time)>,
    /// When it started.
    pub started: Option<Time>,
    /// What it asks for.
    pub asks: Rc<Asks>,
}

/// What a pod's wish asks for; pods of one template share it.
#[derive(Clone, Debug, Default)]
pub struct Asks {
    /// By container that goes on running.
    pub containers: Vec<(Rc<str>, Amounts)>,
    /// The pod as a whole.
    pub whole: Option<Amounts>,
}

impl Asks {
    /// Reads `spec`.
    pub fn read(spec: &Value) -> Self {
        let sidecars = spec.list_at(&["initContainers"]).iter();
        let sidecars = sidecars.filter(|c| c.str_at(&["restartPolicy"]) == Some("Always"));
        let of_one = |c: &Value| {
            let name = Rc::from(c.str_at(&["name"]).unwrap_or_default());
            (name, amounts(c.at(&["resources", "requests"])))
        };
        Asks {
            containers: spec.list_at(&["containers"]).iter().chain(sidecars).map(of_one).collect(),
            whole: whole_requests(spec),
        }
    }
}

/// What a pod asks for as a whole, when it names a request at pod level: the containers fill up what it does not name.
/// Source: kubernetes v1.37 pkg/controller/podautoscaler/replica_calculator.go, calculatePodLevelRequests.
fn whole_requests(spec: &Value) -> Option<Amounts> {
    let named = spec.at(&["resources", "requests"]).and_then(Value::as_map)?;
    if named.is_empty() {
        return None;
    }
    Some(amounts(Some(&Sums::of(spec).requests.write())))
}

impl Pod {
    /// Reads a pod as the API shows it.
    pub fn read(tree: &Value, calendar: &Calendar) -> Self {
        let text = |path: &[&str]| Rc::from(tree.str_at(path).unwrap_or_default());
        let time = |t: &str| calendar.read(t);
        let ready = tree.list_at(&["status", "conditions"]).iter().find(|c| c.str_at(&["type"]) == Some("Ready"));
        Pod {
            name: text(&["metadata", "name"]),
            deleting: tree.str_at(&["metadata", "deletionTimestamp"]).is_some(),
            phase: text(&["status", "phase"]),
            ready: ready.map(|c| {
                let since = c.str_at(&["lastTransitionTime"]).and_then(time).unwrap_or_default();
                (Rc::from(c.str_at(&["status"]).unwrap_or_default()), since)
            }),
            started: tree.str_at(&["status", "startTime"]).and_then(time),
            asks: Rc::new(Asks::read(tree.get("spec").unwrap_or(&Value::Null))),
        }
    }
    /// Pods of the store, in its order. What the API would show of them is not composed for it: a thousand pods are looked
    /// at every fifteen seconds.
    pub fn of(objects: &[&Rc<Object>]) -> Vec<Self> {
        let mut last: Option<(&Rc<PodSpec>, Rc<Asks>)> = None;
        let mut pods = Vec::with_capacity(objects.len());
        for object in objects {
            let Some(row) = object.pod() else { continue };
            let asks = match last.take().filter(|(spec, _)| Rc::ptr_eq(spec, &row.spec)) {
                Some((_, asks)) => asks,
                None => Rc::new(Asks::read(&row.spec.tree)),
            };
            last = Some((&row.spec, asks.clone()));
            let ready = row.condition("Ready").map(|c| (Rc::from(c.status.word()), c.changed.whole_seconds()));
            pods.push(Pod {
                name: object.meta.name.clone(),
                deleting: object.meta.deleting(),
                phase: row.status.phase.word().into(),
                ready,
                started: row.status.start_time.map(Time::whole_seconds),
                asks,
            });
        }
        pods
    }
    /// Whether it runs and is ready.
    pub fn serves(&self) -> bool {
        &*self.phase == "Running" && self.ready.as_ref().is_some_and(|(status, _)| &**status == "True")
    }
}

/// A map of quantities in thousandths.
pub fn amounts(tree: Option<&Value>) -> Amounts {
    let members = tree.and_then(Value::as_map).into_iter().flat_map(Map::iter);
    members.filter_map(|(name, v)| Some((name.clone(), Quantity::read(v).ok()?.milli_value()))).collect()
}

/// One measurement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Thousandths.
    pub value: i64,
    /// When.
    pub at: Time,
    /// Over which time before.
    pub window: Span,
}

/// Measurements by pod.
pub type Samples = BTreeMap<Rc<str>, Sample>;

/// CPU and memory of one pod's containers.
#[derive(Clone, Debug, Default)]
pub struct PodReading {
    /// The pod's name.
    pub pod: Rc<str>,
    /// By container.
    pub containers: Vec<(Rc<str>, Amounts)>,
    /// When.
    pub at: Time,
    /// Over which time before.
    pub window: Span,
}

/// A number somebody publishes about an object.
#[derive(Clone, Debug, Default)]
pub struct CustomReading {
    /// Kind of the object.
    pub kind: Rc<str>,
    /// Its name.
    pub name: Rc<str>,
    /// What is measured.
    pub metric: Rc<str>,
    /// The number.
    pub sample: Sample,
}

/// All that the metrics servers answer.
#[derive(Clone, Debug, Default)]
pub struct Readings {
    /// `metrics.k8s.io`.
    pub pods: Vec<PodReading>,
    /// `custom.metrics.k8s.io`.
    pub custom: Vec<CustomReading>,
    /// `external.metrics.k8s.io`: name and thousandths.
    pub external: Vec<(Rc<str>, i64)>,
    /// What they answer instead.
    pub error: Option<Rc<str>>,
}

impl Readings {
    /// Usage by pod, of one container or of all.
    /// Source: kubernetes v1.37 pkg/controller/podautoscaler/metrics/client.go, GetResourceMetric.
    pub fn resource(&self, resource: &str, container: Option<&str>) -> Result<Samples, String> {
        self.reachable("resource")?;
        if self.pods.is_empty() {
            return Err("no metrics returned from resource metrics API".into());
        }
        let of = |reading: &PodReading| {
            let mut parts =
                reading.containers.iter().filter(|(name, _)| container.is_none_or(|c| c == &**name)).peekable();
            parts.peek()?;
            let value = parts.map(|(_, used)| used.get(resource).copied()).sum::<Option<i64>>()?;
            Some((reading.pod.clone(), Sample { value, at: reading.at, window: reading.window }))
        };
        Ok(self.pods.iter().filter_map(of).collect())
    }
    /// A published number by pod. Source: same file, GetRawMetric.
    pub fn of_pods(&self, metric: &str) -> Result<Samples, String> {
        self.reachable("custom")?;
        let fits = |r: &&CustomReading| &*r.kind == "Pod" && &*r.metric == metric;
        let found: Samples = self.custom.iter().filter(fits).map(|r| (r.name.clone(), r.sample)).collect();
        if found.is_empty() { Err("no metrics returned from custom metrics API".into()) } else { Ok(found) }
    }
    /// A published number of one object. Source: same file, GetObjectMetric.
    pub fn of_object(&self, metric: &str, kind: &str, name: &str) -> Result<i64, String> {
        self.reachable("custom")?;
        let fits = |r: &&CustomReading| &*r.kind == kind && &*r.name == name && &*r.metric == metric;
        self.custom.iter().find(fits).map(|r| r.sample.value).ok_or_else(|| {
            format!("unable to fetch metrics from custom metrics API: the server could not find the metric {metric} for {name}")
        })
    }
    /// The sum of a number from outside. Source: same file, GetExternalMetric.
    pub fn outside(&self, metric: &str) -> Result<i64, String> {
        self.reachable("external")?;
        let mut found = self.external.iter().filter(|(name, _)| &**name == metric).map(|(_, value)| *value).peekable();
        if found.peek().is_none() {
            return Err("no metrics returned from external metrics API".into());
        }
        Ok(found.fold(0i64, |sum, value| if value > 0 { sum.saturating_add(value) } else { sum.wrapping_add(value) }))
    }
    fn reachable(&self, api: &str) -> Result<(), String> {
        match &self.error {
            Some(error) => Err(format!("unable to fetch metrics from {api} metrics API: {error}")),
            None => Ok(()),
        }
    }
    /// Reads what the servers answer as lists of PodMetrics, MetricValue and ExternalMetricValue.
    pub fn read(pods: &[Value], custom: &[Value], external: &[Value], calendar: &Calendar) -> Self {
        let text = |v: &Value, path: &[&str]| Rc::<str>::from(v.str_at(path).unwrap_or_default());
        let time = |v: &Value| v.str_at(&["timestamp"]).and_then(|t| calendar.read(t)).unwrap_or_default();
        let milli = |v: &Value| v.get("value").and_then(|v| Quantity::read(v).ok()).map_or(0, |q| q.milli_value());
        let pod = |v: &Value| PodReading {
            pod: text(v, &["metadata", "name"]),
            containers: v
                .list_at(&["containers"])
                .iter()
                .map(|c| (text(c, &["name"]), amounts(c.get("usage"))))
                .collect(),
            at: time(v),
            window: v.str_at(&["window"]).and_then(seconds).unwrap_or_default(),
        };
        let number = |v: &Value| CustomReading {
            kind: text(v, &["describedObject", "kind"]),
            name: text(v, &["describedObject", "name"]),
            metric: text(v, &["metric", "name"]),
            sample: Sample {
                value: milli(v),
                at: time(v),
                window: v.int_at(&["windowSeconds"]).map_or(WINDOW, |s| Span::secs(s.max(0) as u64)),
            },
        };
        Readings {
            pods: pods.iter().map(pod).collect(),
            custom: custom.iter().map(number).collect(),
            external: external.iter().map(|v| (text(v, &["metricName"]), milli(v))).collect(),
            error: None,
        }
    }
}

/// `30s`, `1m30s`, `1m0s`.
fn seconds(text: &str) -> Option<Span> {
    let (minutes, rest) = text.split_once('m').unwrap_or(("0", text));
    let rest = rest.trim_end_matches('s');
    let rest = if rest.is_empty() { 0 } else { rest.parse::<u64>().ok()? };
    Some(Span::secs(minutes.parse::<u64>().ok()? * 60 + rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::Console;
    use crate::kubernetes::objects::Kind;
    use crate::scenario::Scenario;

    const TWO: &str = "apiVersion: v1
kind: Pod
metadata: {name: whole}
spec:
  resources: {requests: {cpu: 300m}}
  initContainers:
  - {name: side, image: 'i:1', restartPolicy: Always, resources: {requests: {cpu: 0.1, memory: 64Mi}}}
  - {name: first, image: 'i:1', resources: {requests: {cpu: 1}}}
  containers: [{name: app, image: 'i:1', resources: {requests: {cpu: 100m}}}, {name: free, image: 'i:1'}]
---
apiVersion: v1
kind: Pod
metadata: {name: waits}
spec: {nodeSelector: {no: where}, containers: [{name: app, image: 'i:1'}]}
";

    #[test]
    fn a_row_is_read_as_the_api_would_show_it() {
        let mut cluster = Scenario::default().world().cluster;
        let find = |name: &str| (name == "a.yaml").then(|| TWO.to_string());
        assert_eq!(Console::default().run(&mut cluster, &find, "kubectl apply -f a.yaml").code, Some(0));
        cluster.run_until(Time::secs(20));
        Console::default().run(&mut cluster, &find, "kubectl delete pod whole --wait=false");
        let objects: Vec<&Rc<Object>> = cluster.api.store.list(Kind::Pod).collect();
        let shown = objects.iter().map(|o| Pod::read(&cluster.api.tree(o), &cluster.api.calendar));
        let shown: Vec<Pod> = shown.collect();
        assert_eq!(format!("{:?}", Pod::of(&objects)), format!("{shown:?}"));
        assert!(shown.iter().any(|p| p.deleting && p.asks.whole.is_some() && p.asks.containers.len() == 3));
    }
}
