//! Which of equally good nodes a pod gets.
//!
//! The real scheduler makes a binary heap of the nodes that fit, in the order in which their filters ended, and takes its top.
//! The number that should break ties at random is drawn only where an extender scores, so the first place in the heap wins.
//! Source: kubernetes v1.37 pkg/scheduler/schedule_one.go, prioritizeNodes, newSortedNodeScores; container/heap, Init.

/// Where a place of the list comes when the heap is asked for one of the best: a place comes before all that hang below it,
/// and what hangs below its left child before what hangs below its right one. Less is sooner.
pub fn turn(place: usize) -> u64 {
    // The bits behind the first one are the way down from the top: 0 is left, 1 is right.
    let way = place as u32 + 1;
    let depth = u32::BITS - way.leading_zeros();
    u64::from(way << way.leading_zeros()) << 8 | u64::from(depth)
}

#[cfg(test)]
mod tests {
    use super::turn;
    use proptest::prelude::*;

    /// What container/heap does.
    fn top(totals: &[i64]) -> usize {
        let mut heap: Vec<(i64, usize)> = totals.iter().copied().zip(0..).collect();
        for start in (0..heap.len() / 2).rev() {
            let mut at = start;
            loop {
                let (left, right) = (2 * at + 1, 2 * at + 2);
                if left >= heap.len() {
                    break;
                }
                let child = if right < heap.len() && heap[right].0 > heap[left].0 { right } else { left };
                if heap[child].0 <= heap[at].0 {
                    break;
                }
                heap.swap(at, child);
                at = child;
            }
        }
        heap[0].1
    }

    #[test]
    fn alike_nodes_come_from_the_left() {
        let mut places: Vec<usize> = (0..7).collect();
        places.sort_by_key(|p| turn(*p));
        assert_eq!(places, [0, 1, 3, 4, 2, 5, 6]);
    }

    proptest! {
        #[test]
        fn the_soonest_of_the_best_is_the_top_of_the_heap(totals in prop::collection::vec(0i64..4, 1..200)) {
            let best = totals.iter().max();
            let soonest = (0..totals.len()).filter(|at| totals.get(*at) == best).min_by_key(|at| turn(*at));
            prop_assert_eq!(soonest, Some(top(&totals)));
        }
    }
}
