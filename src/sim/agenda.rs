//! What is due and when. Entries of the same moment come out in the order they went in, so a run has one order only.

use super::Time;
use std::collections::BinaryHeap;

#[derive(Clone, Debug)]
struct Due<E> {
    at: Time,
    seq: u64,
    what: E,
}

impl<E> PartialEq for Due<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.seq) == (other.at, other.seq)
    }
}
impl<E> Eq for Due<E> {}
impl<E> PartialOrd for Due<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Due<E> {
    /// Reversed: the heap hands out its greatest, and we want the earliest.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.seq).cmp(&(self.at, self.seq))
    }
}

/// A queue ordered by (time, order of entry).
#[derive(Clone, Debug)]
pub struct Agenda<E> {
    due: BinaryHeap<Due<E>>,
    seq: u64,
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Agenda { due: BinaryHeap::new(), seq: 0 }
    }
}

impl<E> Agenda<E> {
    /// Puts `what` down for `at`.
    pub fn add(&mut self, at: Time, what: E) {
        self.seq += 1;
        self.due.push(Due { at, seq: self.seq, what });
    }
    /// When the next entry is due.
    pub fn next_at(&self) -> Option<Time> {
        self.due.peek().map(|d| d.at)
    }
    /// Takes the next entry that is due at or before `until`.
    pub fn pop_until(&mut self, until: Time) -> Option<(Time, E)> {
        if self.next_at()? > until {
            return None;
        }
        self.due.pop().map(|d| (d.at, d.what))
    }
    /// How many entries wait.
    pub fn len(&self) -> usize {
        self.due.len()
    }
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_first_and_first_in_first_out_within_a_moment() {
        let mut agenda = Agenda::default();
        for (at, what) in [(5, 'c'), (1, 'a'), (5, 'd'), (1, 'b'), (9, 'e')] {
            agenda.add(Time(at), what);
        }
        let order: Vec<_> = std::iter::from_fn(|| agenda.pop_until(Time(8))).map(|(_, c)| c).collect();
        assert_eq!(order, ['a', 'b', 'c', 'd']);
        assert_eq!(agenda.len(), 1);
    }
}
