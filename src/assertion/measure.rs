//! What an object says at a moment: a field, a figure, a number of objects.

use super::read::number;
use super::{Compare, Figure, Name, Subject, Term, View, docker};
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::schema::Schema;
use crate::kubernetes::objects::{Id, Kind, Object};
use crate::text::{Step, Value};
use crate::workload::streams::Totals;
use std::cmp::Ordering;

/// Sums that only grow; what happened in a time is the difference of two.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// Requests that came.
    pub came: f64,
    /// Requests that were answered.
    pub answered: f64,
    /// Requests that failed.
    pub failed: f64,
    /// Restarts of containers.
    pub restarts: f64,
}

impl Sums {
    /// What came since `before`.
    pub(super) fn since(self, before: Sums) -> Sums {
        let positive = |n: f64| n.max(0.0);
        Sums {
            came: positive(self.came - before.came),
            answered: positive(self.answered - before.answered),
            failed: positive(self.failed - before.failed),
            restarts: positive(self.restarts - before.restarts),
        }
    }
}

impl Sums {
    /// Sums of requests. Flows are no whole numbers: less than a thousandth of a request is none.
    pub(super) fn of(totals: &Totals) -> Sums {
        let whole = |n: f64| libm::round(n * 1e3) / 1e3;
        let (came, answered, failed) = (whole(totals.came), whole(totals.answered), whole(totals.failed));
        Sums { came, answered, failed, restarts: 0.0 }
    }
    /// Answered of all that are done. Nobody was disappointed where nobody asked.
    pub(super) fn availability(self) -> f64 {
        let done = self.answered + self.failed;
        if done > 0.0 { self.answered / done } else { 1.0 }
    }
}

impl Term {
    /// Whether it holds now; `base`: the sums when its time began.
    pub(super) fn holds(&self, at: View, base: Option<Sums>) -> bool {
        match self {
            Term::Exists { object, there } => object.exists(at) == *there,
            Term::Value { what, compare, wanted, .. } => {
                what.now(at, base).compare(wanted).is_some_and(|order| compare.holds(order))
            }
        }
    }
    /// Whether it would hold if the value were this number.
    pub(super) fn holds_for(&self, value: f64) -> bool {
        match self {
            Term::Exists { .. } => false,
            Term::Value { compare, wanted, .. } => {
                Found::Number(value).compare(wanted).is_some_and(|order| compare.holds(order))
            }
        }
    }
    /// What was found, in words.
    pub(super) fn found(&self, at: View, base: Option<Sums>) -> String {
        match self {
            Term::Exists { object, .. } => {
                let there = if object.exists(at) { "exists" } else { "does not exist" };
                format!("{}/{} {there}", object.kind, object.name)
            }
            Term::Value { what, .. } => format!("{} is {}", what.words(), what.now(at, base).words()),
        }
    }
}

/// What stands there.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
    /// Nothing.
    Nothing,
    /// A list or a map.
    Other,
}

impl Found {
    fn of(value: Option<&Value>) -> Found {
        match value {
            None => Found::Nothing,
            Some(Value::Int(i)) => Found::Number(*i as f64),
            Some(Value::Float(f)) => Found::Number(*f),
            Some(Value::Str(s)) => Found::Text(s.to_string()),
            Some(Value::Bool(b)) => Found::Text(b.to_string()),
            Some(_) => Found::Other,
        }
    }
    /// Numbers compare as numbers (a missing one is 0, as the API leaves zeros out), everything else as text.
    fn compare(&self, wanted: &str) -> Option<Ordering> {
        match (self, number(wanted)) {
            (Found::Number(n), Some(wanted)) => n.partial_cmp(&wanted),
            (Found::Nothing, Some(wanted)) => 0.0.partial_cmp(&wanted),
            (Found::Text(text), Some(wanted)) if number(text).is_some() => number(text)?.partial_cmp(&wanted),
            (Found::Text(text), _) => Some(text.as_str().cmp(wanted)),
            (Found::Nothing, None) => Some(if wanted == "false" { "false" } else { "" }.cmp(wanted)),
            (Found::Number(_), None) | (Found::Other, _) => None,
        }
    }
    /// The number, a missing one being 0.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Found::Number(n) => Some(*n),
            Found::Nothing => Some(0.0),
            Found::Text(text) => number(text),
            Found::Other => None,
        }
    }
    fn words(&self) -> String {
        match self {
            Found::Number(n) if (n - (*n as i64) as f64).abs() < 1e-9 => (*n as i64).to_string(),
            Found::Number(n) => format!("{n:.4}").trim_end_matches('0').trim_end_matches('.').to_string(),
            Found::Text(text) => format!("\"{text}\""),
            Found::Nothing => "not set".into(),
            Found::Other => "no number and no text".into(),
        }
    }
}

impl Subject {
    /// What stands there now.
    pub(super) fn now(&self, at: View, base: Option<Sums>) -> Found {
        let cluster = at.cluster;
        match self {
            Subject::Field(name, path) if docker::is_there(&name.kind) => docker::field(at.host, name, path),
            Subject::Figure(Some(name), figure) if docker::is_there(&name.kind) => {
                docker::figure(at.host, name, *figure, base.unwrap_or_default())
            }
            Subject::Count { kind, labels } if docker::is_there(kind) => docker::count(at.host, labels),
            Subject::Field(name, path) => {
                let tree = name.find(cluster).map(|o| cluster.api.tree(o));
                Found::of(tree.as_ref().and_then(|tree| walk(tree, path)))
            }
            Subject::Count { kind, labels } => {
                let has =
                    |o: &Object| labels.iter().all(|(k, v)| o.meta.labels.get(k).is_some_and(|have| **have == **v));
                let kind = kind_named(cluster, kind);
                Found::Number(kind.map_or(0, |k| cluster.api.store.list(k).filter(|o| has(o)).count()) as f64)
            }
            Subject::Figure(name, figure) => {
                let object = match name {
                    Some(name) => match name.find(cluster) {
                        Some(object) => Some(object),
                        None => return Found::Nothing,
                    },
                    None => None,
                };
                figure.of(cluster, object, base.unwrap_or_default())
            }
        }
    }
    /// The sums behind it now.
    pub(super) fn sums(&self, at: View) -> Sums {
        let cluster = at.cluster;
        match self {
            Subject::Figure(Some(name), _) if docker::is_there(&name.kind) => docker::sums(at.host, name),
            Subject::Figure(None, _) => sums(cluster, None),
            Subject::Figure(Some(name), _) => name.find(cluster).map(|o| sums(cluster, Some(o))).unwrap_or_default(),
            _ => Sums::default(),
        }
    }
    fn words(&self) -> String {
        let object = |n: &Name| match n.name.as_str() {
            "" => n.kind.clone(),
            name => format!("{}/{name}", n.kind),
        };
        match self {
            Subject::Field(name, path) => {
                let steps = path.iter().map(|s| match s {
                    Step::Key(key) => key.to_string(),
                    Step::Index(i) => i.to_string(),
                });
                format!("{} {}", object(name), steps.collect::<Vec<_>>().join("."))
            }
            Subject::Count { kind, .. } => format!("the number of {kind}"),
            Subject::Figure(name, figure) => {
                format!("{} {}", name.as_ref().map_or("cluster".into(), object), figure.word())
            }
        }
    }
}

impl Figure {
    fn of(self, cluster: &Cluster, object: Option<&Object>, base: Sums) -> Found {
        let number = |path: &[&str]| {
            let tree = object.map(|o| cluster.api.tree(o));
            Found::Number(tree.and_then(|t| t.int_at(path)).unwrap_or(0) as f64)
        };
        let sums = sums(cluster, object).since(base);
        match self {
            Figure::Desired => number(&["spec", "replicas"]),
            Figure::Replicas => number(&["status", "replicas"]),
            Figure::Ready => match object {
                Some(o) if o.kind == Kind::Service || o.pod().is_some() => {
                    Found::Number(ready_behind(cluster, o) as f64)
                }
                _ => number(&["status", "readyReplicas"]),
            },
            Figure::Available => number(&["status", "availableReplicas"]),
            Figure::Updated => number(&["status", "updatedReplicas"]),
            Figure::Restarts => Found::Number(sums.restarts),
            Figure::Requests => Found::Number(sums.came),
            Figure::Answered => Found::Number(sums.answered),
            Figure::Failed => Found::Number(sums.failed),
            Figure::Availability => Found::Number(sums.availability()),
            Figure::Rate => Found::Number(traffic(cluster, object).1),
            Figure::Latency(which) => Found::Number(traffic(cluster, object).2[which] * 1e3),
        }
    }
}

fn ready_behind(cluster: &Cluster, object: &Object) -> usize {
    let pods = cluster.pods_behind(object.meta.id).into_iter();
    pods.filter_map(|id| cluster.api.store.get(id)).filter(|o| o.pod().is_some_and(|p| p.ready())).count()
}

fn restarts(cluster: &Cluster, pod: Id) -> f64 {
    let pod = cluster.api.store.get(pod).and_then(|o| o.pod());
    pod.map_or(0, |p| p.status.containers.iter().map(|c| c.restarts).sum::<u32>()) as f64
}

fn sums(cluster: &Cluster, object: Option<&Object>) -> Sums {
    let restarts = match object {
        Some(object) => cluster.pods_behind(object.meta.id).into_iter().map(|id| restarts(cluster, id)).sum(),
        None => cluster.api.store.list(Kind::Pod).map(|p| restarts(cluster, p.meta.id)).sum(),
    };
    let totals = traffic(cluster, object).0;
    Sums { restarts, ..totals }
}

/// Requests so far, their rate, and latencies in seconds.
fn traffic(cluster: &Cluster, object: Option<&Object>) -> (Sums, f64, [f64; 3]) {
    let services = &cluster.services;
    let (totals, rate, latency) = match object {
        Some(object) => match services.streams().flows().get(&object.meta.id) {
            Some(flow) => (&flow.totals, flow.rate, flow.latency),
            None => return Default::default(),
        },
        None => (services.streams().totals(), services.streams().flows().values().map(|f| f.rate).sum(), [0.0; 3]),
    };
    (Sums::of(totals), rate, latency)
}

impl Compare {
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Compare::Equal => order.is_eq(),
            Compare::NotEqual => order.is_ne(),
            Compare::Less => order.is_lt(),
            Compare::LessEqual => order.is_le(),
            Compare::Greater => order.is_gt(),
            Compare::GreaterEqual => order.is_ge(),
        }
    }
}

fn walk<'a>(tree: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(tree, |here, step| match step {
        Step::Key(key) => match here {
            // `status.conditions[Available].status`: an item by its type or name.
            Value::List(items) => {
                items.iter().find(|i| i.str_at(&["type"]) == Some(key) || i.str_at(&["name"]) == Some(key))
            }
            other => other.get(key),
        },
        Step::Index(i) => here.as_list()?.get(*i),
    })
}

/// The kind that a resource's name means: `deploy`, `deployment`, `deployments.apps`.
fn kind_named(cluster: &Cluster, name: &str) -> Option<Kind> {
    let name = name.to_lowercase();
    let Some(resource) = Schema::get().resource_by_name(&name) else {
        // A kind of the cluster's own.
        let own = |kind: &Kind| {
            let known = cluster.api.kinds.name(*kind).to_lowercase();
            known == name || name.strip_suffix('s') == Some(&known)
        };
        return cluster.api.store.kinds().find(own);
    };
    let version = if resource.group.is_empty() {
        resource.version.to_string()
    } else {
        format!("{}/{}", resource.group, resource.version)
    };
    cluster.api.kinds.find(&version, resource.kind)
}

impl Name {
    fn exists(&self, at: View) -> bool {
        match docker::is_there(&self.kind) {
            true => docker::exists(at.host, self),
            false => self.find(at.cluster).is_some(),
        }
    }
    pub(super) fn find<'a>(&self, cluster: &'a Cluster) -> Option<&'a Object> {
        let kind = kind_named(cluster, &self.kind)?;
        let namespace = if cluster.api.kinds.namespaced(kind) { self.namespace.as_str() } else { "" };
        cluster.api.store.by_name(kind, namespace, &self.name).map(|rc| &**rc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::steps;

    #[test]
    fn missing_numbers_are_zero_and_items_go_by_type() {
        let (documents, _) =
            crate::text::yaml::read("t", "status: {conditions: [{type: Available, status: 'True'}], count: 4}\n");
        let tree = documents[0].node.to_value();
        let at = |path: &str| Found::of(walk(&tree, &steps(path)));
        assert_eq!(at("status.conditions[Available].status"), Found::Text("True".into()));
        assert_eq!(at("status.count").compare("4"), Some(Ordering::Equal));
        assert_eq!(at("status.none").compare("0"), Some(Ordering::Equal));
        assert_eq!(at("status.none").compare("false"), Some(Ordering::Equal));
    }

    #[test]
    fn units_are_read() {
        for (text, want) in [("99.5%", 0.995), ("300ms", 300.0), ("2s", 2_000.0), ("1Ki", 1_024.0), ("-3", -3.0)] {
            assert_eq!(number(text), Some(want), "{text}");
        }
        assert_eq!((number("True"), number("")), (None, None));
    }
}
