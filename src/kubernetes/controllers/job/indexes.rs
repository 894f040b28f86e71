//! Sets of completion indexes as the API writes them, and the success policy over them.
//! Source: kubernetes v1.37 pkg/controller/job/{indexed_job_utils,success_policy}.go.

use crate::text::Value;
use std::collections::BTreeSet;

/// Completion indexes.
pub type Indexes = BTreeSet<i64>;

/// `0-2,4`. Source: indexed_job_utils.go, orderedIntervals.String.
pub fn write(indexes: &Indexes) -> String {
    let mut out: Vec<(i64, i64)> = Vec::new();
    for i in indexes {
        match out.last_mut() {
            Some((_, last)) if *last + 1 == *i => *last = *i,
            _ => out.push((*i, *i)),
        }
    }
    let one = |(a, b): &(i64, i64)| match b - a {
        0 => a.to_string(),
        1 => format!("{a},{b}"),
        _ => format!("{a}-{b}"),
    };
    out.iter().map(one).collect::<Vec<_>>().join(",")
}

/// Most indexes that are held one by one. Ours: the server takes no job with more of them.
const HELD_MAX: usize = 200_000;

/// First and last of each part of `0-2,4`, within `completions`.
fn parts(text: &str, completions: i64) -> impl Iterator<Item = (i64, i64)> {
    let ends = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some((first.parse::<i64>().ok()?.max(0), last.parse::<i64>().ok()?))
    };
    let within = move |(first, last): (i64, i64)| (first, last.min(completions - 1));
    text.split(',').filter_map(ends).map(within).filter(|(first, last)| first <= last)
}

/// Reads `0-2,4`; what is no index below `completions` is left out. Source: indexed_job_utils.go, parseIndexesFromString.
pub fn read(text: &str, completions: i64) -> Indexes {
    parts(text, completions).flat_map(|(first, last)| first..=last).take(HELD_MAX).collect()
}

/// How many indexes a text names, and how many of them are in a set.
fn counted(text: &str, completions: i64, among: &Indexes) -> (i64, i64) {
    let mut all: Vec<(i64, i64)> = parts(text, completions).collect();
    all.sort_unstable();
    let (mut named, mut there, mut next) = (0, 0, 0);
    for (first, last) in all {
        let first = first.max(next);
        if first <= last {
            (named, there, next) =
                (named + last - first + 1, there + among.range(first..=last).count() as i64, last + 1);
        }
    }
    (named, there)
}

/// The words with which a success policy is met. Source: success_policy.go, matchSuccessPolicy.
pub fn meets_policy(policy: Option<&Value>, completions: i64, succeeded: &Indexes) -> Option<String> {
    let rules = policy?.list_at(&["rules"]);
    let met = rules.iter().position(|rule| {
        let enough = rule.int_at(&["succeededCount"]);
        match rule.str_at(&["succeededIndexes"]) {
            Some(text) => {
                let (wanted, have) = counted(text, completions, succeeded);
                wanted > 0 && (have == wanted || enough.is_some_and(|n| have >= n))
            }
            None => enough.is_some_and(|n| succeeded.len() as i64 >= n),
        }
    });
    let at = met.filter(|_| !succeeded.is_empty())?;
    Some(format!("Matched rules at index {at}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::yaml;
    use proptest::prelude::*;

    #[test]
    fn indexes_are_written_short() {
        assert_eq!(write(&[0, 1, 2, 4, 6, 7].into_iter().collect()), "0-2,4,6,7");
        assert_eq!(write(&Indexes::new()), "");
    }

    #[test]
    fn a_policy_counts_only_the_indexes_it_names() {
        let text = "{rules: [{succeededIndexes: '1-4', succeededCount: 3}, {succeededCount: 4}]}";
        let policy = yaml::read("t.yaml", text).0[0].node.to_value();
        let met = |indexes: &[i64]| meets_policy(Some(&policy), 6, &indexes.iter().copied().collect());
        assert_eq!(met(&[1, 3, 5]), None);
        assert_eq!(met(&[1, 3, 4]).as_deref(), Some("Matched rules at index 0"));
        assert_eq!(met(&[0, 1, 3, 5]).as_deref(), Some("Matched rules at index 1"));
    }

    #[test]
    fn large_ranges_are_counted_not_held() {
        let few: Indexes = [0, 5, 2_147_483_646].into_iter().collect();
        assert_eq!(counted("0-2147483646", 2_147_483_647, &few), (2_147_483_647, 3));
        assert_eq!(counted("4-6,5-9,0", 8, &few), (5, 2));
        assert_eq!(read("0-2147483646", 2_147_483_647).len(), HELD_MAX);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(indexes in prop::collection::btree_set(0i64..40, 0..20)) {
            prop_assert_eq!(read(&write(&indexes), 40), indexes);
        }
    }
}
