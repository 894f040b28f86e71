//! Which pods go first when there are too many.
//! Source: kubernetes v1.37 pkg/controller/controller_utils.go, ActivePodsWithRanks.Less;
//! pkg/controller/replicaset/replica_set.go, getPodsRankedByRelatedPodsOnSameNode.

use crate::kubernetes::objects::pod::{Phase, Pod, RestartPolicy};
use crate::kubernetes::objects::{Id, Meta, Tri};
use crate::sim::Time;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Annotation with the cost of deleting a pod. Source: kubernetes v1.37 staging/src/k8s.io/api/core/v1/annotation_key_constants.go, PodDeletionCost.
pub const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// What the order of deletion depends on.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The pod.
    pub id: Id,
    /// Its node.
    pub node: Option<Rc<str>>,
    /// Its phase.
    pub phase: Phase,
    /// Since when it is ready; `None` when it is not. The inner one is `None` when nobody wrote the moment down.
    pub ready: Option<Time>,
    /// Deletion cost.
    pub cost: i32,
    /// How many active related pods share its node.
    pub rank: usize,
    /// The most restarts of its main containers and of its sidecars.
    pub restarts: (u32, u32),
    /// When it was made.
    pub created: Time,
}

impl Candidate {
    /// Reads a pod. The rank comes later.
    pub fn read(meta: &Meta, pod: &Pod) -> Self {
        let ready = pod.condition("Ready").filter(|c| c.status == Tri::True).map(|c| c.changed);
        Candidate {
            id: meta.id,
            node: pod.node.clone(),
            phase: pod.status.phase,
            ready,
            cost: meta.annotations.get(DELETION_COST).map_or(0, |text| deletion_cost(text)),
            rank: 0,
            restarts: restarts(pod),
            created: meta.created,
        }
    }
}

/// The cost an annotation names; 0 when it cannot be read.
/// Source: kubernetes v1.37 pkg/apis/core/v1/helper/helpers.go, GetDeletionCostFromPodAnnotations.
fn deletion_cost(text: &str) -> i32 {
    let first_is_valid = text == "0" || text.starts_with('-') || text.starts_with(|c| ('1'..='9').contains(&c));
    if first_is_valid { text.parse().unwrap_or(0) } else { 0 }
}

fn restarts(pod: &Pod) -> (u32, u32) {
    let most = |list: &mut dyn Iterator<Item = u32>| list.max().unwrap_or(0);
    let sidecar = |name: &str| {
        pod.spec.init_containers.iter().any(|c| &*c.name == name && c.restart_policy == Some(RestartPolicy::Always))
    };
    let main = most(&mut pod.status.containers.iter().map(|c| c.restarts));
    let side = most(&mut pod.status.init_containers.iter().filter(|c| sidecar(&c.name)).map(|c| c.restarts));
    (main, side)
}

/// Gives each candidate the number of active related pods on its node.
pub fn set_ranks<'a>(candidates: &mut [Candidate], related: impl Iterator<Item = &'a Pod>) {
    let mut on_node: BTreeMap<Option<Rc<str>>, usize> = BTreeMap::new();
    for pod in related {
        *on_node.entry(pod.node.clone()).or_default() += 1;
    }
    for candidate in candidates {
        candidate.rank = on_node.get(&candidate.node).copied().unwrap_or(0);
    }
}

/// Whether `a` goes before `b`. `uid` is asked only for ties on the logarithmic scale of ages.
pub fn goes_before(a: &Candidate, b: &Candidate, now: Time, uid: &dyn Fn(Id) -> String) -> bool {
    if a.node.is_none() != b.node.is_none() {
        return a.node.is_none();
    }
    // Pods that have ended are no candidates, so there are three phases.
    let phase = |p: Phase| match p {
        Phase::Pending => 0,
        Phase::Unknown => 1,
        _ => 2,
    };
    let key = |c: &Candidate| (phase(c.phase), c.ready.is_some(), c.cost, Reverse(c.rank));
    if key(a) != key(b) {
        return key(a) < key(b);
    }
    if let (Some(ready_a), Some(ready_b)) = (a.ready, b.ready)
        && ready_a != ready_b
    {
        return younger(ready_a, ready_b, now).unwrap_or_else(|| uid(a.id) < uid(b.id));
    }
    if a.restarts != b.restarts {
        return a.restarts > b.restarts;
    }
    if a.created != b.created {
        return younger(a.created, b.created, now).unwrap_or_else(|| uid(a.id) < uid(b.id));
    }
    false
}

/// Whether the first moment is nearer on a logarithmic scale; `None` when they are alike there.
/// Source: kubernetes v1.37 pkg/controller/controller_utils.go, logarithmicRankDiff: log2 of the age in nanoseconds, rounded down.
fn younger(a: Time, b: Time, now: Time) -> Option<bool> {
    let scale = |t: Time| match now.since(t).0.saturating_mul(1000) {
        0 => -1,
        nanos => i64::from(nanos.ilog2()),
    };
    let difference = scale(a) - scale(b);
    (difference != 0).then_some(difference < 0)
}

/// Sorts by `goes_before`. The order of the real comparison is not transitive (ages are compared roughly, ties by uid), which
/// the standard sort may refuse; merging bears it.
pub fn sort(candidates: Vec<Candidate>, now: Time, uid: &dyn Fn(Id) -> String) -> Vec<Candidate> {
    if candidates.len() < 2 {
        return candidates;
    }
    let mut left = candidates;
    let right = left.split_off(left.len() / 2);
    let (left, right) = (sort(left, now, uid), sort(right, now, uid));
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    loop {
        let next = match (left.peek(), right.peek()) {
            (Some(l), Some(r)) if goes_before(r, l, now, uid) => right.next(),
            (Some(_), _) => left.next(),
            (None, _) => right.next(),
        };
        match next {
            Some(candidate) => out.push(candidate),
            None => return out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn candidate(id: u32) -> Candidate {
        Candidate {
            id: Id(id),
            node: Some("a".into()),
            phase: Phase::Running,
            ready: Some(Time::secs(10)),
            cost: 0,
            rank: 1,
            restarts: (0, 0),
            created: Time::secs(5),
        }
    }

    fn order(list: Vec<Candidate>) -> Vec<u32> {
        sort(list, Time::secs(1000), &|id| format!("{:04}", id.0)).iter().map(|c| c.id.0).collect()
    }

    #[test]
    fn each_rule_in_its_place() {
        let unassigned = Candidate { node: None, ..candidate(1) };
        let pending = Candidate { phase: Phase::Pending, ready: None, ..candidate(2) };
        let unready = Candidate { ready: None, ..candidate(3) };
        let cheap = Candidate { cost: -5, ..candidate(4) };
        let crowded = Candidate { rank: 2, ..candidate(5) };
        let young = Candidate { ready: Some(Time::secs(900)), ..candidate(6) };
        let restarted = Candidate { restarts: (3, 0), ..candidate(7) };
        let fresh = Candidate { created: Time::secs(999), ..candidate(8) };
        let all = vec![candidate(9), fresh, restarted, young, crowded, cheap, unready, pending, unassigned];
        assert_eq!(order(all), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn costs_are_read_as_strictly_as_the_real_one() {
        let costs = ["0", "-3", "12", "+3", "03", "x", "", "99999999999"].map(deletion_cost);
        assert_eq!(costs, [0, -3, 12, 0, 0, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn sorting_keeps_every_pod(ready in prop::collection::vec((0u64..1000, 0u64..1000, 0u32..3), 0..40)) {
            let list: Vec<Candidate> = ready.iter().enumerate().map(|(i, (r, c, n))| Candidate {
                ready: Some(Time::secs(*r)), created: Time::secs(*c), restarts: (*n, 0), ..candidate(i as u32)
            }).collect();
            let mut ids = order(list);
            ids.sort_unstable();
            prop_assert_eq!(ids, (0..ready.len() as u32).collect::<Vec<_>>());
        }
    }
}
