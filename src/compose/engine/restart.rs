//! Restart policies and the engine's back-off.
//! Source: moby v29 daemon/internal/restartmanager/restartmanager.go: backoffMultiplier, defaultTimeout, maxRestartTimeout,
//! ShouldRestart.

use super::Restart;
use crate::sim::Span;

/// First wait. Source: see above, defaultTimeout.
const FIRST: Span = Span::millis(100);
/// Longest wait. Source: see above, maxRestartTimeout.
const LONGEST: Span = Span::secs(60);
/// A run of this length makes the next wait the first again. Source: see above, `executionDuration.Seconds() >= 10`.
const LONG_RUN: Span = Span::secs(10);

/// The wait after a run, from the wait before it.
pub fn next_wait(before: Span, ran: Span) -> Span {
    match before {
        _ if ran >= LONG_RUN => FIRST,
        Span::ZERO => FIRST,
        wait => (wait * 2).min(LONGEST),
    }
}

/// Whether a policy starts a container again.
pub fn again(policy: Restart, code: i32, restarts: u32, by_hand: bool) -> bool {
    match policy {
        Restart::No => false,
        Restart::Always => true,
        Restart::UnlessStopped => !by_hand,
        Restart::OnFailure(most) => code != 0 && (most == 0 || restarts < most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_a_long_run_resets_them() {
        let mut wait = Span::ZERO;
        let mut seen = Vec::new();
        for _ in 0..12 {
            wait = next_wait(wait, Span::secs(1));
            seen.push(wait.as_millis());
        }
        assert_eq!(seen, [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000]);
        assert_eq!(next_wait(wait, Span::secs(10)), FIRST);
    }

    #[test]
    fn policies() {
        assert!(again(Restart::Always, 0, 99, true));
        assert!(!again(Restart::UnlessStopped, 1, 0, true));
        assert!(!again(Restart::OnFailure(0), 0, 0, false));
        assert!(again(Restart::OnFailure(3), 1, 2, false) && !again(Restart::OnFailure(3), 1, 3, false));
        assert!(!again(Restart::No, 1, 0, false));
    }
}
