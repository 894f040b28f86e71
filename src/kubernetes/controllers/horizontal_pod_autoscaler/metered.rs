//! What the metrics pipeline says of pods, and what is published about them and their Services.
//!
//! Besides `cpu` and `memory` these are known: requests a second (any metric whose name speaks of requests, packets or
//! hits), and requests in progress (in flight, queue, concurrent). Differs: FID-122.

use super::pods::{Amounts, CustomReading, PodReading, Readings, Sample};
use crate::kubernetes::apiserver::Api;
use crate::kubernetes::objects::{Id, Kind, Object};
use crate::sim::{Span, Time};
use crate::text::Value;
use crate::workload::{IN_FLIGHT, REQUESTS};
use std::rc::Rc;

/// What a metric of a name means.
fn meaning(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase().replace('-', "_");
    let speaks = |words: &[&str]| words.iter().any(|w| name.contains(w));
    if speaks(&["in_flight", "inflight", "queue", "concurren", "backlog", "pending", "waiting"]) {
        Some(IN_FLIGHT)
    } else if speaks(&["request", "packet", "hit", "rps", "qps", "query", "queries", "messages"]) {
        Some(REQUESTS)
    } else {
        None
    }
}

/// What the servers of metrics answer an autoscaler about these pods.
pub fn readings(api: &Api, hpa: &Value, namespace: &str, pods: &[&Rc<Object>], now: Time) -> Readings {
    let mut out = Readings::default();
    if api.floor.meter.is_none() {
        return out;
    }
    out.pods = pods.iter().filter_map(|pod| of_pod(api, pod, now)).collect();
    for metric in hpa.list_at(&["spec", "metrics"]) {
        let of = |member: &str| metric.at(&[member, "metric", "name"]).and_then(Value::as_str);
        if let Some(name) = of("pods") {
            let one = |pod: &&Rc<Object>| custom(api, "Pod", pod.meta.id, &pod.meta.name, name, now);
            out.custom.extend(pods.iter().filter_map(one));
        }
        if let Some(name) = of("object") {
            let text = |key: &str| metric.str_at(&["object", "describedObject", key]).unwrap_or_default();
            let found = behind(api, namespace, text("kind"), text("name"));
            let sum: Option<f64> = found.iter().filter_map(|id| published(api, *id, name)).reduce(|a, b| a + b);
            out.custom.extend(sum.map(|value| reading(text("kind"), text("name"), name, value, now)));
        }
        if let Some(name) = of("external") {
            let value = published(api, Id(0), name).map(|v| (Rc::from(name), (v * 1e3) as i64));
            out.external.extend(value);
        }
    }
    out
}

/// What the metrics server says of a pod: nothing until it knows all of its containers.
pub fn of_pod(api: &Api, pod: &Object, now: Time) -> Option<PodReading> {
    let meter = api.floor.meter.as_ref()?;
    let mut out = PodReading { pod: pod.meta.name.clone(), ..PodReading::default() };
    for (_, unit) in api.floor.of(pod.meta.id.0).filter(|(_, u)| u.ended.is_none()) {
        if api.floor.dark.contains(&unit.host) {
            return None;
        }
        let read = meter.read(unit, now)?;
        let milli = |n: f64| libm::round(n) as i64;
        let usage = Amounts::from([
            ("cpu".into(), milli(read.cores * 1e3)),
            ("memory".into(), milli(read.memory / 1024.0) * 1024 * 1000),
        ]);
        out.containers.push((unit.name.clone(), usage));
        if out.at == Time::ZERO || read.at < out.at {
            (out.at, out.window) = (read.at, read.window);
        }
    }
    (!out.containers.is_empty()).then_some(out)
}

fn published(api: &Api, id: Id, metric: &str) -> Option<f64> {
    api.floor.published.get(&(id.0, meaning(metric)?)).copied()
}

fn reading(kind: &str, name: &str, metric: &str, value: f64, now: Time) -> CustomReading {
    let sample = Sample { value: libm::round(value * 1e3) as i64, at: now.whole_seconds(), window: Span::secs(60) };
    CustomReading { kind: kind.into(), name: name.into(), metric: metric.into(), sample }
}

fn custom(api: &Api, kind: &str, id: Id, name: &str, metric: &str, now: Time) -> Option<CustomReading> {
    Some(reading(kind, name, metric, published(api, id, metric)?, now))
}

/// The Services behind an object that a metric describes.
fn behind(api: &Api, namespace: &str, kind: &str, name: &str) -> Vec<Id> {
    if kind == "Service" {
        return api.store.find(Kind::Service, namespace, name).into_iter().collect();
    }
    let ingress = api.kinds.find("networking.k8s.io/v1", kind).and_then(|k| api.store.by_name(k, namespace, name));
    let Some(ingress) = ingress else { return Vec::new() };
    let tree = api.tree(ingress);
    let paths = tree.list_at(&["spec", "rules"]).iter().flat_map(|r| r.list_at(&["http", "paths"]));
    let names = paths.filter_map(|p| p.str_at(&["backend", "service", "name"]));
    let mut ids: Vec<Id> = names.filter_map(|n| api.store.find(Kind::Service, namespace, n)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_metrics_are_understood() {
        for (name, means) in [
            ("http_requests_per_second", Some(REQUESTS)),
            ("packets-per-second", Some(REQUESTS)),
            ("requests_in_flight", Some(IN_FLIGHT)),
            ("queue_messages_ready", Some(IN_FLIGHT)),
            ("temperature", None),
        ] {
            assert_eq!(meaning(name), means, "{name}");
        }
    }
}
