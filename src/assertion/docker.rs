//! What a Docker host says at a moment: as a whole (`compose`), of a service (`compose/web`), of a container
//! (`container/app-web-1`).

use super::measure::{Found, Sums};
use super::{Figure, Name};
use crate::compose::Host;
use crate::compose::engine::{Container, Status, Verdict};
use crate::compose::project::observed;
use crate::text::Step;
use crate::workload::streams::Flow;

/// What a container says besides its figures.
const FIELDS: &[&str] = &["status", "health", "exit", "image"];
/// What containers can be told apart by.
const LABELS: &[&str] = &["service", "project", "status", "health", "name"];

/// Whether things of this kind are on a Docker host.
pub(super) fn is_there(kind: &str) -> bool {
    matches!(kind, "compose" | "container" | "containers")
}

/// Whether such things have this field.
pub(super) fn check_field(kind: &str, field: &str) -> Result<(), String> {
    if !is_there(kind) || kind != "compose" && FIELDS.contains(&field) {
        return Ok(());
    }
    Err(format!("{kind} has no {field}: a figure, or of a container {} is expected", FIELDS.join(", ")))
}

/// Whether such things are told apart by these.
pub(super) fn check_labels(kind: &str, labels: &[(String, String)]) -> Result<(), String> {
    match labels.iter().find(|(key, _)| is_there(kind) && !LABELS.contains(&key.as_str())) {
        Some((key, _)) => Err(format!("{kind} has no {key}: {} are expected", LABELS.join(", "))),
        None => Ok(()),
    }
}

/// Whether it exists.
pub(super) fn exists(host: Option<&Host>, name: &Name) -> bool {
    of(host, name).next().is_some()
}

/// The containers that a name means; all of the host for the empty name.
fn of<'a>(host: Option<&'a Host>, name: &'a Name) -> impl Iterator<Item = &'a Container> {
    let ours = move |c: &&Container| match name.kind.as_str() {
        "compose" => {
            let service = c.spec.label(observed::SERVICE);
            let project = name.namespace == "default" || *c.spec.label(observed::PROJECT) == *name.namespace;
            let one = name.name.is_empty() || service == name.name;
            !service.is_empty() && c.spec.label(observed::ONE_OFF) != "True" && project && one
        }
        _ => *c.name == *name.name,
    };
    host.into_iter().flat_map(|host| host.engine.containers.values().map(|c| &**c)).filter(ours)
}

fn health(c: &Container) -> &'static str {
    c.health.as_ref().map_or("none", |h| h.verdict.word())
}

/// How many containers there are.
pub(super) fn count(host: Option<&Host>, labels: &[(String, String)]) -> Found {
    let says = |c: &Container, key: &str, wanted: &str| match key {
        "service" => c.spec.label(observed::SERVICE) == wanted,
        "project" => c.spec.label(observed::PROJECT) == wanted,
        "status" => c.status.word() == wanted,
        "health" => health(c) == wanted,
        _ => *c.name == *wanted,
    };
    let all = host.into_iter().flat_map(|host| host.engine.containers.values());
    Found::Number(all.filter(|c| labels.iter().all(|(k, v)| says(c, k, v))).count() as f64)
}

/// A field of a container.
pub(super) fn field(host: Option<&Host>, name: &Name, path: &[Step]) -> Found {
    let Some(c) = of(host, name).next() else { return Found::Nothing };
    match path {
        [Step::Key(key)] => match &**key {
            "status" => Found::Text(c.status.word().into()),
            "health" => Found::Text(health(c).into()),
            "exit" => Found::Number(f64::from(c.exit)),
            "image" => Found::Text(c.spec.image.to_string()),
            _ => Found::Nothing,
        },
        _ => Found::Nothing,
    }
}

/// What flows to a service; nothing for the whole host.
fn flow<'a>(host: Option<&'a Host>, name: &Name) -> Option<&'a Flow> {
    let goal = of(host, name).next().filter(|_| !name.name.is_empty())?.spec.group();
    host?.streams().flows().get(&goal)
}

/// The sums behind it now.
pub(super) fn sums(host: Option<&Host>, name: &Name) -> Sums {
    let restarts = of(host, name).map(|c| f64::from(c.restarts)).sum();
    let totals = match name.name.as_str() {
        "" => host.map(|host| Sums::of(host.streams().totals())),
        _ => flow(host, name).map(|flow| Sums::of(&flow.totals)),
    };
    Sums { restarts, ..totals.unwrap_or_default() }
}

/// A figure of the host, a service or a container.
pub(super) fn figure(host: Option<&Host>, name: &Name, figure: Figure, base: Sums) -> Found {
    let count = |fits: &dyn Fn(&Container) -> bool| of(host, name).filter(|c| fits(c)).count() as f64;
    let sums = sums(host, name).since(base);
    let well = |c: &Container| c.health.as_ref().is_none_or(|h| h.verdict == Verdict::Healthy);
    Found::Number(match figure {
        Figure::Desired | Figure::Replicas | Figure::Updated => count(&|_| true),
        Figure::Available => count(&|c| c.status == Status::Running),
        Figure::Ready => count(&|c| c.status == Status::Running && well(c)),
        Figure::Restarts => sums.restarts,
        Figure::Requests => sums.came,
        Figure::Answered => sums.answered,
        Figure::Failed => sums.failed,
        Figure::Availability => sums.availability(),
        Figure::Rate => match name.name.as_str() {
            "" => host.map_or(0.0, |host| host.streams().flows().values().map(|f| f.rate).sum()),
            _ => flow(host, name).map_or(0.0, |flow| flow.rate),
        },
        Figure::Latency(which) => flow(host, name).map_or(0.0, |flow| flow.latency[which] * 1e3),
    })
}
