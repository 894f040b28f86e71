//! How long the real components wait before they try again: the kubelet's, the work queues', the job controller's and the
//! scheduler's rules. Each actor keeps its own state of these types.

use crate::sim::{Span, Time};
use std::collections::BTreeMap;

/// Delay of one key, and when it was last raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Entry {
    delay: Span,
    raised: Time,
}

/// Doubling delays by key, forgotten after twice the longest delay without trouble. What the kubelet uses for crash loops
/// and image pulls. Source: kubernetes v1.37 client-go/util/flowcontrol/backoff.go, Backoff.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Backoff<K: Ord> {
    first: Span,
    max: Span,
    entries: BTreeMap<K, Entry>,
}

impl<K: Ord> Backoff<K> {
    /// Delays from `first`, doubling up to `max`.
    pub fn new(first: Span, max: Span) -> Self {
        Backoff { first, max, entries: BTreeMap::new() }
    }
    fn forgotten(&self, entry: &Entry, event: Time) -> bool {
        event.since(entry.raised) > self.max * 2
    }
    /// Raises the delay of a key because of trouble at `event`, noticed `now`.
    pub fn next(&mut self, key: K, event: Time, now: Time) {
        let known = self.entries.get(&key).filter(|entry| !self.forgotten(entry, event));
        let delay = known.map_or(self.first, |entry| (entry.delay * 2).min(self.max));
        self.entries.insert(key, Entry { delay, raised: now });
    }
    /// The delay of a key.
    pub fn get(&self, key: &K) -> Span {
        self.entries.get(key).map_or(Span::ZERO, |entry| entry.delay)
    }
    /// When the delay of a key was last raised.
    pub fn raised(&self, key: &K) -> Option<Time> {
        self.entries.get(key).map(|entry| entry.raised)
    }
    /// Whether it is `now` too early to try again what failed at `event`.
    pub fn waits_since(&self, key: &K, event: Time, now: Time) -> bool {
        let known = self.entries.get(key).filter(|entry| !self.forgotten(entry, event));
        known.is_some_and(|entry| now.since(event) < entry.delay)
    }
    /// Whether `event` falls within the delay that began when it was last raised.
    pub fn waits_since_raised(&self, key: &K, event: Time) -> bool {
        let known = self.entries.get(key).filter(|entry| !self.forgotten(entry, event));
        known.is_some_and(|entry| event.since(entry.raised) < entry.delay)
    }
    /// Forgets a key.
    pub fn reset(&mut self, key: &K) {
        self.entries.remove(key);
    }
    /// Forgets everything that has been without trouble for long enough.
    pub fn collect_garbage(&mut self, now: Time) {
        let limit = self.max * 2;
        self.entries.retain(|_, entry| now.since(entry.raised) <= limit);
    }
}

/// Delays of a controller's work queue: per item doubling from the number of its failures.
/// Source: kubernetes v1.37 client-go/util/workqueue/default_rate_limiters.go, TypedItemExponentialFailureRateLimiter.
pub fn item_delay(first: Span, max: Span, failures: u32) -> Span {
    let doubled = 1u64.checked_shl(failures).and_then(|factor| first.0.checked_mul(factor));
    doubled.map_or(max, |micros| Span(micros).min(max))
}

/// First delay of a failing item in a controller's queue. Source: same file, DefaultTypedControllerRateLimiter.
pub const ITEM_FIRST: Span = Span::millis(5);
/// Longest delay of a failing item in a controller's queue. Source: same place.
pub const ITEM_MAX: Span = Span::secs(1000);
/// Items that all of a queue may take up a second. Source: same place.
pub const BUCKET_PER_SECOND: u64 = 10;
/// Items that may be taken up at once before that counts. Source: same place.
pub const BUCKET_BURST: u64 = 100;

/// A bucket of tokens, counted in millionths so that nothing is rounded.
/// Source: golang.org/x/time/rate, Limiter, as the queues use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    per_second: u64,
    burst: u64,
    /// Millionths of a token; below 0 when some have been promised.
    tokens: i64,
    at: Time,
}

impl Bucket {
    const TOKEN: i64 = 1_000_000;
    /// A full bucket.
    pub fn new(per_second: u64, burst: u64) -> Self {
        Bucket { per_second, burst, tokens: Self::most(burst), at: Time::ZERO }
    }
    fn most(burst: u64) -> i64 {
        i64::try_from(burst).unwrap_or(i64::MAX).saturating_mul(Self::TOKEN)
    }
    /// Takes one token, and says how long to wait for it.
    pub fn take(&mut self, now: Time) -> Span {
        let gained = now.since(self.at).0.saturating_mul(self.per_second);
        let gained = i64::try_from(gained).unwrap_or(i64::MAX);
        self.tokens = self.tokens.saturating_add(gained).min(Self::most(self.burst)) - Self::TOKEN;
        self.at = self.at.max(now);
        Span(u64::try_from(-self.tokens).unwrap_or(0).div_ceil(self.per_second.max(1)))
    }
}

/// A controller's queue: failures by item, and the bucket they all share.
/// Source: kubernetes v1.37 client-go/util/workqueue/default_rate_limiters.go, DefaultTypedControllerRateLimiter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueueLimiter<K: Ord> {
    failures: BTreeMap<K, u32>,
    bucket: Bucket,
}

impl<K: Ord> Default for QueueLimiter<K> {
    fn default() -> Self {
        QueueLimiter { failures: BTreeMap::new(), bucket: Bucket::new(BUCKET_PER_SECOND, BUCKET_BURST) }
    }
}

impl<K: Ord> QueueLimiter<K> {
    /// How long an item that failed once more must wait.
    pub fn when(&mut self, item: K, now: Time) -> Span {
        let failures = self.failures.entry(item).or_default();
        let own = item_delay(ITEM_FIRST, ITEM_MAX, *failures);
        *failures = failures.saturating_add(1);
        own.max(self.bucket.take(now))
    }
    /// Forgets the failures of an item.
    pub fn forget(&mut self, item: &K) {
        self.failures.remove(item);
    }
    /// How often an item has failed.
    pub fn failures(&self, item: &K) -> u32 {
        self.failures.get(item).copied().unwrap_or_default()
    }
}

/// First delay of a job whose pod failed. Source: kubernetes v1.37 pkg/controller/job/job_controller.go, DefaultJobPodFailureBackOff.
pub const JOB_FIRST: Span = Span::secs(10);
/// Longest delay of a job whose pods fail. Source: same file, MaxJobPodFailureBackOff.
pub const JOB_MAX: Span = Span::secs(600);

/// How long a job still waits for its next pod after `failures` in a row, the last at `last`.
/// Source: kubernetes v1.37 pkg/controller/job/backoff_utils.go, getRemainingTimeForFailuresCount.
pub fn job_remaining(first: Span, max: Span, failures: u32, last: Time, now: Time) -> Span {
    match failures.checked_sub(1) {
        None => Span::ZERO,
        Some(doublings) => item_delay(first, max, doublings) - now.since(last),
    }
}

/// First delay of a pod that could not be placed. Source: kubernetes v1.37 pkg/scheduler/backend/queue/scheduling_queue.go,
/// DefaultPodInitialBackoffDuration.
pub const POD_FIRST: Span = Span::secs(1);
/// Longest delay of a single pod that could not be placed. Source: same file, DefaultPodMaxBackoffDuration.
pub const POD_MAX: Span = Span::secs(10);

/// How long a pod (or a group of `size` pods) waits that could not be placed `attempts` times.
/// Source: kubernetes v1.37 pkg/scheduler/backend/queue/backoff_queue.go, calculateBackoffDuration.
pub fn pod_delay(attempts: u32, size: u32) -> Span {
    // The square root is an IEEE operation, the same everywhere; the real code cuts to nanoseconds.
    let max = Span((POD_MAX.0 as f64 * f64::from(size.max(1)).sqrt()) as u64);
    attempts.checked_sub(1).map_or(Span::ZERO, |doublings| item_delay(POD_FIRST, max, doublings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crash_loop_doubles_and_is_forgotten() {
        let mut backoff = Backoff::new(Span::secs(10), Span::secs(300));
        let mut seen = Vec::new();
        for at in [0, 10, 30, 70, 150, 310, 610, 1300] {
            backoff.next("a", Time::secs(at), Time::secs(at));
            seen.push(backoff.get(&"a").as_secs());
        }
        assert_eq!(seen, [10, 20, 40, 80, 160, 300, 300, 10]);
        assert!(backoff.waits_since(&"a", Time::secs(1300), Time::secs(1309)));
        assert!(!backoff.waits_since(&"a", Time::secs(1300), Time::secs(1310)));
        backoff.collect_garbage(Time::secs(1901));
        assert_eq!(backoff.get(&"a"), Span::ZERO);
    }

    #[test]
    fn a_bucket_refills() {
        let mut bucket = Bucket::new(10, 2);
        let mut take = |millis| bucket.take(Time::millis(millis)).as_millis();
        assert_eq!([take(0), take(0), take(0), take(0), take(1000)], [0, 0, 100, 200, 0]);
    }

    #[test]
    fn delays_never_pass_their_limit() {
        for failures in [0, 1, 20, 63, 64, 1000, u32::MAX] {
            assert!(item_delay(ITEM_FIRST, ITEM_MAX, failures) <= ITEM_MAX);
        }
        assert_eq!(pod_delay(3, 1), Span::secs(4));
    }
}
