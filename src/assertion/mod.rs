//! Assertions over a run: what `--assert`, `until`, pipelines and (later) tasks ask. Described in `docs/formats/assertions.md`.
//!
//! ```text
//! deployment/web status.readyReplicas == 3                     at the end (or now)
//! always deployment/web status.availableReplicas >= 2
//! ever pods app=web count > 5
//! never from 30s to 2m deployment/web ready < 2
//! max pods app=web count <= 6 and min deployment/web ready >= 2
//! service/web failed == 0
//! always from 1m service/web latency.p95 < 300ms
//! cluster availability >= 99.9%
//! not pod/web-1                                                 no such object
//! compose availability >= 99%                                   the Docker host as a whole
//! compose/web ready == 2 and container/app-web-1 health == healthy
//! containers service=web,status=running count == 2
//! ```
//!
//! `read` the language · `measure` what an object says now · `docker` what a Docker host says · `watch` the verdict over a run.

mod docker;
mod measure;
mod read;
mod watch;

pub use watch::Watch;

use crate::compose::Host;
use crate::kubernetes::Cluster;
use crate::sim::Time;
use crate::text::Step;

/// What is looked at: the houses as they are now.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The Kubernetes house.
    pub cluster: &'a Cluster,
    /// The Compose house, if there is one.
    pub host: Option<&'a Host>,
}

impl<'a> From<&'a Cluster> for View<'a> {
    fn from(cluster: &'a Cluster) -> Self {
        View { cluster, host: None }
    }
}

/// When a condition must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At the end of the run (or of its time).
    Finally,
    /// At every moment: from a time if one is given, else from when it first holds.
    Always,
    /// At one moment at least.
    Ever,
    /// At no moment.
    Never,
}

/// A whole assertion.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// When it must hold.
    pub when: When,
    /// Not looked at before; sums begin here.
    pub from: Option<Time>,
    /// Not looked at afterwards.
    pub to: Option<Time>,
    /// As written.
    pub text: String,
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Exists { object: Name, there: bool },
    Value { what: Subject, extreme: Option<Extreme>, compare: Compare, wanted: String },
}

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
enum Subject {
    /// A field as the API shows it.
    Field(Name, Vec<Step>),
    /// A figure of an object, or of the cluster.
    Figure(Option<Name>, Figure),
    /// How many objects there are.
    Count { kind: String, labels: Vec<(String, String)> },
}

/// The least or the most that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extreme {
    Min,
    Max,
}

/// Figures that are no fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    Desired,
    Replicas,
    Ready,
    Available,
    Updated,
    Restarts,
    Requests,
    Answered,
    Failed,
    Availability,
    Rate,
    Latency(usize),
}

#[derive(Clone, Debug, PartialEq)]
struct Name {
    kind: String,
    namespace: String,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Expression {
    /// Whether it holds at this moment, times and history aside.
    pub fn holds<'a>(&self, at: impl Into<View<'a>>) -> bool {
        let at = at.into();
        self.terms.iter().all(|term| term.holds(at, None))
    }
    /// Whether one look at the end is not enough.
    pub fn over_time(&self) -> bool {
        let extreme = |t: &Term| matches!(t, Term::Value { extreme: Some(_), .. });
        self.when != When::Finally || self.from.is_some() || self.to.is_some() || self.terms.iter().any(extreme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_said() {
        assert!(Expression::read("deployment/web status.replicas == 3").is_ok());
        assert_eq!(Expression::read("always pods app=web count >= 2").map(|e| e.when), Ok(When::Always));
        let timed = Expression::read("never from 30s to 2m deployment/web ready < 2").expect("read");
        assert_eq!((timed.when, timed.from, timed.to), (When::Never, Some(Time::secs(30)), Some(Time::secs(120))));
        for (text, part) in [
            ("web", "no object"),
            ("pod/a x ~ 3", "no comparison"),
            ("pods count > few", "number"),
            ("always from soon pod/a", "no time"),
            ("from 2m to 1m pod/a", "before"),
            ("cluster colour == 3", "not understood"),
            ("service/web availability > lots", "number"),
            ("compose colour == 3", "not understood"),
            ("compose/web colour == 3", "colour"),
            ("containers colour=red count == 3", "colour"),
            ("", "no object"),
        ] {
            let refused = Expression::read(text).expect_err(text);
            assert!(refused.contains(part) || refused.contains("not understood"), "{text}: {refused}");
        }
    }
}
