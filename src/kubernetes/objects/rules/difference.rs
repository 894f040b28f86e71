//! The difference of two texts, line by line, as the server shows it.
//! Source: github.com/pmezard/go-difflib (as of kubernetes v1.37) difflib/difflib.go, SequenceMatcher, WriteUnifiedDiff.

use std::collections::BTreeMap;

/// Lines of context around a change. Source: kubernetes v1.37 apimachinery pkg/util/diff/diff.go, Diff.
const CONTEXT: usize = 3;

/// From this many lines on, lines that are frequent are no anchors. Source: difflib.go, chainB.
const MANY: usize = 200;

/// Equal lines: where in the first text, where in the second, how many.
type Match = (usize, usize, usize);

/// A stretch of both texts: `from` lines become `to` lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    equal: bool,
    from: (usize, usize),
    to: (usize, usize),
}

/// The difference in unified form; empty when there is none.
pub fn unified(before: &str, after: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.split('\n').collect(), after.split('\n').collect());
    let mut out = String::new();
    for group in groups(&stretches(&a, &b)) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let head = |start: usize, end: usize| match end - start {
            1 => format!("{}", start + 1),
            0 => format!("{start},0"),
            n => format!("{},{n}", start + 1),
        };
        out.push_str(&format!("@@ -{} +{} @@\n", head(first.from.0, last.from.1), head(first.to.0, last.to.1)));
        let mut put = |sign: char, lines: &[&str]| {
            for line in lines {
                out.push(sign);
                out.push_str(line);
                out.push('\n');
            }
        };
        for part in &group {
            if part.equal {
                put(' ', &a[part.from.0..part.from.1]);
            } else {
                put('-', &a[part.from.0..part.from.1]);
                put('+', &b[part.to.0..part.to.1]);
            }
        }
    }
    out
}

/// Where each line that can be an anchor stands in the second text.
fn anchors<'a>(b: &[&'a str]) -> BTreeMap<&'a str, Vec<usize>> {
    let mut all: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, line) in b.iter().enumerate() {
        all.entry(line).or_default().push(i);
    }
    if b.len() >= MANY {
        let most = b.len() / 100 + 1;
        all.retain(|_, places| places.len() <= most);
    }
    all
}

fn longest(
    a: &[&str],
    b: &[&str],
    places: &BTreeMap<&str, Vec<usize>>,
    from: (usize, usize),
    to: (usize, usize),
) -> Match {
    let mut best: Match = (from.0, to.0, 0);
    let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
    for (i, line) in a.iter().enumerate().take(from.1).skip(from.0) {
        let mut next = BTreeMap::new();
        for &j in places.get(line).into_iter().flatten().filter(|j| (to.0..to.1).contains(*j)) {
            let before = if j == 0 { 0 } else { lengths.get(&(j - 1)).copied().unwrap_or(0) };
            let length = before + 1;
            next.insert(j, length);
            if length > best.2 {
                best = (i + 1 - length, j + 1 - length, length);
            }
        }
        lengths = next;
    }
    while best.0 > from.0 && best.1 > to.0 && a[best.0 - 1] == b[best.1 - 1] {
        best = (best.0 - 1, best.1 - 1, best.2 + 1);
    }
    while best.0 + best.2 < from.1 && best.1 + best.2 < to.1 && a[best.0 + best.2] == b[best.1 + best.2] {
        best.2 += 1;
    }
    best
}

fn matches(a: &[&str], b: &[&str]) -> Vec<Match> {
    let places = anchors(b);
    let mut open = vec![((0, a.len()), (0, b.len()))];
    let mut found = Vec::new();
    while let Some((from, to)) = open.pop() {
        let best = longest(a, b, &places, from, to);
        if best.2 == 0 {
            continue;
        }
        found.push(best);
        open.push(((from.0, best.0), (to.0, best.1)));
        open.push(((best.0 + best.2, from.1), (best.1 + best.2, to.1)));
    }
    found.sort_unstable();
    found
}

fn stretches(a: &[&str], b: &[&str]) -> Vec<Stretch> {
    let mut out: Vec<Stretch> = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (at, bt, n) in matches(a, b).into_iter().chain([(a.len(), b.len(), 0)]) {
        if i < at || j < bt {
            out.push(Stretch { equal: false, from: (i, at), to: (j, bt) });
        }
        (i, j) = (at + n, bt + n);
        match out.last_mut() {
            _ if n == 0 => {}
            Some(last) if last.equal => (last.from.1, last.to.1) = (i, j),
            _ => out.push(Stretch { equal: true, from: (at, i), to: (bt, j) }),
        }
    }
    out
}

/// Changes with their context, those near each other together.
fn groups(stretches: &[Stretch]) -> Vec<Vec<Stretch>> {
    if !stretches.iter().any(|s| !s.equal) {
        return Vec::new();
    }
    let head = |s: Stretch| Stretch {
        from: (s.from.0, s.from.1.min(s.from.0 + CONTEXT)),
        to: (s.to.0, s.to.1.min(s.to.0 + CONTEXT)),
        ..s
    };
    let tail = |s: Stretch| Stretch {
        from: (s.from.0.max(s.from.1.saturating_sub(CONTEXT)), s.from.1),
        to: (s.to.0.max(s.to.1.saturating_sub(CONTEXT)), s.to.1),
        ..s
    };
    let mut out = vec![Vec::new()];
    for (i, part) in stretches.iter().copied().enumerate() {
        let (first, last) = (i == 0, i + 1 == stretches.len());
        let group = out.last_mut().map(|g: &mut Vec<Stretch>| g);
        let Some(group) = group else { break };
        match (part.equal, first, last) {
            (true, true, _) => group.push(tail(part)),
            (true, _, true) => group.push(head(part)),
            (true, ..) if part.from.1 - part.from.0 > 2 * CONTEXT => {
                group.push(head(part));
                out.push(vec![tail(part)]);
            }
            _ => group.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_with_three_lines_around() {
        let before: Vec<String> = (1..=20).map(|n| n.to_string()).collect();
        let mut after = before.clone();
        after[4] = "five".into();
        after.remove(15);
        let want = "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n@@ -13,7 +13,6 @@\n 13\n 14\n 15\n-16\n 17\n 18\n 19\n";
        assert_eq!(unified(&before.join("\n"), &after.join("\n")), want);
        assert_eq!(unified("a", "a"), "");
    }

    proptest::proptest! {
        #[test]
        fn every_line_is_told(a in "[ab\n]{0,40}", b in "[ab\n]{0,40}") {
            let (a, b): (Vec<&str>, Vec<&str>) = (a.split('\n').collect(), b.split('\n').collect());
            let all = stretches(&a, &b);
            let from: usize = all.iter().map(|s| s.from.1 - s.from.0).sum();
            let to: usize = all.iter().map(|s| s.to.1 - s.to.0).sum();
            proptest::prop_assert_eq!((from, to), (a.len(), b.len()));
            for s in all.iter().filter(|s| s.equal) {
                proptest::prop_assert_eq!(&a[s.from.0..s.from.1], &b[s.to.0..s.to.1]);
            }
        }
    }
}
