//! The one file of latencies: every length of time that the real thing takes and no rule decides. Defaults are measured on
//! a real kubelet v1.37 with containerd 2.4 on a small two-core machine, quiet values.

use crate::sim::{Chance, Span};

/// A length of time with its spread: half of the draws lie below `typical`, none below `low` or above `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Latency {
    /// Shortest.
    pub low: Span,
    /// Median.
    pub typical: Span,
    /// Longest.
    pub high: Span,
}

impl Latency {
    /// From three numbers of milliseconds.
    pub const fn millis(low: u64, typical: u64, high: u64) -> Self {
        Latency { low: Span::millis(low), typical: Span::millis(typical), high: Span::millis(high) }
    }
    /// Always the same.
    pub const fn fixed(span: Span) -> Self {
        Latency { low: span, typical: span, high: span }
    }
    /// One draw: even on either side of the median.
    pub fn draw(&self, chance: &mut Chance) -> Span {
        match chance.below(2) {
            0 => chance.between(self.low, self.typical),
            _ => chance.between(self.typical, self.high),
        }
    }
}

macro_rules! latencies {
    ($($(#[$doc:meta])* $name:ident = $low:literal $typical:literal $high:literal;)*) => {
        /// All named latencies.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct Latencies {$( $(#[$doc])* pub $name: Latency, )*}

        impl Default for Latencies {
            fn default() -> Self {
                Latencies {$( $name: Latency::millis($low, $typical, $high), )*}
            }
        }
    };
}

latencies! {
    /// A write until a watcher acts on it. Ours: measured 5 to 20 ms from bound to the kubelet's first status.
    watch = 6 10 16;
    /// A write until a controller that watches acts on it. Ours: recorded runs of a control plane show 3 to 12 ms.
    react = 3 5 9;
    /// The network namespace and sandbox of a pod. Ours: measured, 0.47 s quiet.
    sandbox = 380 450 560;
    /// Making a container. Ours: measured 5 to 30 ms.
    create = 8 20 35;
    /// Starting a container. Ours: measured 60 to 120 ms.
    start = 55 80 120;
    /// A started container until the kubelet's status says so. Ours: measured 5 to 12 ms.
    report = 5 8 12;
    /// A container's end until a relist can see it. Ours: measured; a relist itself comes each second.
    relist = 20 60 200;
    /// The last container's end until the status of a pod under deletion says so. Ours: measured 0.1 to 0.3 s.
    stopped = 90 160 280;
    /// That status until the pod object is gone. Ours: measured 0.4 to 1.0 s.
    gone = 400 700 950;
    /// What a program that handles SIGTERM takes to end. Ours: measured 5 to 20 ms.
    term = 5 10 20;
    /// Answer of a registry, before the first byte of an image. Ours: measured on a local registry.
    pull_answer = 90 160 260;
    /// A pull that fails. Ours: measured on a local registry.
    pull_refused = 60 110 250;
    /// A change of endpoints until the proxies of all nodes follow. Ours: the watch, and writing the rules of a small cluster.
    proxy = 12 30 80;
    /// Down time of a kubelet's report after its start. Ours: measured 0.7 s.
    kubelet_start = 600 700 800;
}

/// An autoscaler's pass, from its waking until it writes: it asks for the target's scale and for measurements first, and the
/// next waking is 15 s after its end. Ours: the recorded median of what is more than 15 s between two passes.
pub const AUTOSCALER_PASS: Span = Span::millis(30);
/// Its first pass. Ours: the recorded median from an autoscaler's making until its first status; a tenth takes 20 ms, a tenth 1 s.
pub const AUTOSCALER_FIRST: Span = Span::millis(240);
/// From the mark that a node is silent to the mark of its first pod, and from one pod to the next. Ours: the recorded median of
/// twelve, 5 to 110 ms.
pub const NODE_MARKS: Span = Span::millis(55);

/// Bytes a second that an image pull moves. Ours: a common cloud node, 50 MB/s with unpacking.
pub const PULL_BYTES_PER_SECOND: u64 = 50_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn draws_stay_within(seed: u64, low in 0u64..100, a in 0u64..100, b in 0u64..100) {
            let latency = Latency::millis(low, low + a, low + a + b);
            let drawn = latency.draw(&mut Chance::new(seed, 1));
            prop_assert!(latency.low <= drawn && drawn <= latency.high);
        }
    }
}
