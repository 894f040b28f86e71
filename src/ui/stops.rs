//! The moments that keys and a remote walk through. Needs no browser; tested natively.

/// Who goes back within so long after a stop, in microseconds at normal speed, means the one before it, as with the tracks of
/// a music player. Longer than the step that may still be under way when a run is stopped. Ours.
pub const PASSED_US: f64 = 1_000_000.0;

/// The stop to go back to from `now`, if there is one; `stops` in order, all in microseconds of the run.
pub fn before(stops: &[u64], now: u64, passed: u64) -> Option<u64> {
    let reached = &stops[..stops.partition_point(|t| *t <= now)];
    let (last, earlier) = reached.split_last()?;
    let left = now - last;
    if left > passed {
        return Some(*last);
    }
    earlier.last().copied().or((left > 0).then_some(*last))
}

/// The stop to go on to from `now`, if there is one.
pub fn after(stops: &[u64], now: u64) -> Option<u64> {
    stops.iter().find(|t| **t > now).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOPS: [u64; 3] = [100, 200, 500];

    #[test]
    fn back_leads_to_the_stop_that_is_past_and_from_there_to_the_one_before() {
        let back = |now| before(&STOPS, now, 20);
        assert_eq!([back(50), back(100), back(110), back(121)], [None, None, Some(100), Some(100)]);
        assert_eq!([back(200), back(220), back(221), back(900)], [Some(100), Some(100), Some(200), Some(500)]);
    }

    #[test]
    fn on_leads_to_the_next() {
        let on = |now| after(&STOPS, now);
        assert_eq!([on(0), on(100), on(499), on(500)], [Some(100), Some(200), Some(500), None]);
    }
}
