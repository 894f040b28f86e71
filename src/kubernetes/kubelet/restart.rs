//! Whether a container is started again, and after which pause.

use super::resize::RESIZED;
use super::worker::{Slot, Worker};
use crate::kubernetes::objects::pod::{Container, PodSpec, RestartPolicy};
use crate::sim::{Span, Time};
use crate::text::Value;

/// Longest pause between two restarts of a crashing container. Source: kubernetes v1.37 pkg/kubelet/kubelet.go, MaxCrashLoopBackOff.
pub const BACKOFF_MAX: Span = Span::secs(300);
/// First pause; doubles at each crash. Source: same file, initialNodeCrashLoopBackOff.
pub const BACKOFF_FIRST: Span = Span::secs(10);

/// Stands where the name of a failed probe stands: the container's image was changed.
pub const CHANGED: &str = "definition changed";

/// The pause before the next try, and when it was raised last.
/// Source: kubernetes v1.37 client-go/util/flowcontrol/backoff.go, Backoff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Pause.
    pub pause: Span,
    /// When it was raised.
    pub raised: Time,
}

impl Backoff {
    /// Whether `event` is so long after the last raise that the series begins anew.
    /// Source: same file, hasExpired: more than twice the longest pause.
    fn expired(&self, event: Time) -> bool {
        event.since(self.raised) > BACKOFF_MAX * 2
    }
    /// What is left of the pause that began with `event`; `None` when the next try may be made.
    /// Source: same file, IsInBackOffSince.
    pub fn left_since(entry: Option<Backoff>, event: Time, now: Time) -> Option<Span> {
        let entry = entry.filter(|e| !e.expired(event))?;
        let passed = now.since(event);
        (passed < entry.pause).then(|| entry.pause - passed)
    }
    /// The raised entry after a try that followed `event`; no pause is longer than `max`. Source: same file, Next.
    pub fn next(entry: Option<Backoff>, event: Time, now: Time, max: Span) -> Backoff {
        let pause = match entry.filter(|e| !e.expired(event)) {
            Some(e) => (e.pause * 2).min(max),
            None => BACKOFF_FIRST.min(max),
        };
        Backoff { pause, raised: now }
    }
}

/// The policy of one container: its own, or the pod's; that of plain init containers is never more than OnFailure.
pub fn policy(spec: &PodSpec, container: &Container, init: bool) -> RestartPolicy {
    match (container.restart_policy, spec.restart_policy) {
        (Some(own), _) => own,
        (None, RestartPolicy::Always) if init => RestartPolicy::OnFailure,
        (None, pods) => pods,
    }
}

/// Whether an init container goes on beside the main ones.
pub fn is_sidecar(container: &Container) -> bool {
    container.restart_policy == Some(RestartPolicy::Always)
}

/// Whether a container that has ended with `code` is started again.
/// Source: kubernetes v1.37 pkg/kubelet/container/helpers.go, ShouldContainerBeRestarted.
pub fn restarts(policy: RestartPolicy, code: i32) -> bool {
    match policy {
        RestartPolicy::Always => true,
        RestartPolicy::OnFailure => code != 0,
        RestartPolicy::Never => false,
    }
}

impl Worker {
    /// The containers that should be started now, in order.
    /// Source: kubernetes v1.37 pkg/kubelet/kuberuntime/kuberuntime_manager.go, computePodActions; kuberuntime_container.go,
    /// computeInitContainerActions.
    pub fn to_start(&self, spec: &PodSpec) -> Vec<u16> {
        let mut plan = Vec::new();
        let initialized = self.initialized(spec);
        for at in 0..self.inits {
            let (Some(container), slot) = (self.container(spec, at), &self.slots[at as usize]) else { continue };
            if is_sidecar(container) {
                if !slot.running() || slot.doomed.is_some() {
                    plan.push(at);
                }
                // The next one waits until this one has started.
                let there = initialized || slot.running() && slot.started;
                if !there {
                    return plan;
                }
                continue;
            }
            if initialized || slot.ended().is_some_and(|e| e.code == 0) {
                continue;
            }
            let again = slot.ended().is_none_or(|e| self.starts_again(spec, at, e.code));
            if !slot.running() && again {
                plan.push(at);
            }
            return plan;
        }
        for at in self.inits..self.slots.len() as u16 {
            let (Some(container), slot) = (self.container(spec, at), &self.slots[at as usize]) else { continue };
            let policy = policy(spec, container, false);
            let wanted = match slot.ended() {
                Some(ended) => self.starts_again(spec, at, ended.code),
                // A kill by a probe counts as a failure.
                None => {
                    let changed = matches!(slot.doomed, Some(CHANGED | RESIZED));
                    !slot.running() || changed || (slot.doomed.is_some() && policy != RestartPolicy::Never)
                }
            };
            if wanted {
                plan.push(at);
            }
        }
        plan
    }
    /// Whether a container that has ended with `code` is started again: by the first of its rules that fits, or its policy.
    /// Source: kubernetes v1.37 pkg/kubelet/container/helpers.go, ShouldContainerBeRestarted.
    pub fn starts_again(&self, spec: &PodSpec, at: u16, code: i32) -> bool {
        let Some(container) = self.container(spec, at) else { return false };
        let rules = self.tree(spec, at).map(|t| t.list_at(&["restartPolicyRules"])).unwrap_or_default();
        let fits = |rule: &&Value| {
            let listed = rule.list_at(&["exitCodes", "values"]).iter().any(|v| v.as_int() == Some(i64::from(code)));
            match rule.str_at(&["exitCodes", "operator"]) {
                Some("In") => listed,
                Some("NotIn") => !listed,
                _ => false,
            }
        };
        rules.iter().any(|r| fits(&r)) || restarts(policy(spec, container, self.is_init(at)), code)
    }
    /// Whether all init containers have done their part: a main container was started, or they have ended or started.
    pub fn initialized(&self, spec: &PodSpec) -> bool {
        let begun = self.slots[self.inits as usize..].iter().any(|s| s.runs > s.runs_before);
        begun || (0..self.inits).all(|at| self.init_done(spec, at))
    }
    /// Whether one init container has done its part.
    pub fn init_done(&self, spec: &PodSpec, at: u16) -> bool {
        let slot: &Slot = &self.slots[at as usize];
        match self.container(spec, at).is_some_and(is_sidecar) {
            true => slot.running() && slot.started,
            false => slot.ended().is_some_and(|e| e.code == 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pauses_double_to_five_minutes_and_are_forgotten() {
        let (mut entry, mut now, mut pauses) = (None, Time::ZERO, Vec::new());
        for _ in 0..8 {
            now += Span::secs(1);
            let entry_now = Backoff::next(entry, now, now, BACKOFF_MAX);
            pauses.push(entry_now.pause.as_secs());
            now += entry_now.pause;
            entry = Some(entry_now);
        }
        assert_eq!(pauses, [10, 20, 40, 80, 160, 300, 300, 300]);
        let late = now + Span::secs(700);
        assert_eq!(Backoff::left_since(entry, late, late), None);
        assert_eq!(Backoff::next(entry, late, late, BACKOFF_MAX).pause, BACKOFF_FIRST);
    }

    proptest! {
        #[test]
        fn a_pause_is_never_longer_than_five_minutes(gaps in proptest::collection::vec(0u64..900, 1..30)) {
            let (mut entry, mut now) = (None, Time::ZERO);
            for gap in gaps {
                now += Span::secs(gap);
                let raised = Backoff::next(entry, now, now, BACKOFF_MAX);
                prop_assert!(raised.pause >= BACKOFF_FIRST && raised.pause <= BACKOFF_MAX);
                prop_assert!(Backoff::left_since(Some(raised), now, now) == Some(raised.pause));
                entry = Some(raised);
            }
        }
    }
}
