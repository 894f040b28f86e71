//! A map that forgets what was not asked for longest, as the event recorder's caches do.

use std::collections::BTreeMap;

/// How much each cache of a recorder holds. Source: kubernetes v1.37 client-go/tools/record/events_cache.go, maxLruCacheEntries.
pub const ENTRIES_MAX: usize = 4096;

/// A bounded map.
#[derive(Clone, Debug)]
pub struct Lru<K, V> {
    entries: BTreeMap<K, (u64, V)>,
    used: BTreeMap<u64, K>,
    tick: u64,
}

impl<K, V> Default for Lru<K, V> {
    fn default() -> Self {
        Lru { entries: BTreeMap::new(), used: BTreeMap::new(), tick: 0 }
    }
}

impl<K: Ord + Clone, V> Lru<K, V> {
    /// The value of a key, made when it is missing; it counts as just used.
    pub fn entry(&mut self, key: &K, make: impl FnOnce() -> V) -> &mut V {
        self.tick += 1;
        if let Some((used, _)) = self.entries.get(key) {
            self.used.remove(used);
        } else if self.entries.len() >= ENTRIES_MAX
            && let Some((_, oldest)) = self.used.pop_first()
        {
            self.entries.remove(&oldest);
        }
        self.used.insert(self.tick, key.clone());
        let entry = self.entries.entry(key.clone()).or_insert_with(|| (0, make()));
        entry.0 = self.tick;
        &mut entry.1
    }
    /// The value of a key, without using it.
    pub fn peek(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, v)| v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_used_is_forgotten() {
        let mut lru = Lru::default();
        for i in 0..ENTRIES_MAX {
            lru.entry(&i, || i);
        }
        lru.entry(&0, || 7);
        lru.entry(&ENTRIES_MAX, || 9);
        assert_eq!((lru.peek(&0), lru.peek(&1), lru.peek(&ENTRIES_MAX)), (Some(&0), None, Some(&9)));
    }
}
