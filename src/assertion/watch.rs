//! The verdict on an assertion over a run: whoever plays it looks at every moment at which something happens.

use super::measure::Sums;
use super::{Expression, Extreme, Term, View, When};
use crate::sim::Time;

/// An assertion that is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// The assertion.
    pub expression: Expression,
    /// Sums at the beginning of its time, one a term.
    base: Option<Vec<Sums>>,
    /// The least or most value seen, one a term.
    extremes: Vec<Option<f64>>,
    held: Option<bool>,
    /// When it was decided, and what was found then.
    decided: Option<(Time, String)>,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new(expression: Expression) -> Self {
        let extremes = vec![None; expression.terms.len()];
        Watch { expression, base: None, extremes, held: None, decided: None }
    }
    /// A watch whose sums begin now.
    pub fn since_now<'a>(expression: Expression, at: impl Into<View<'a>>) -> Self {
        let mut watch = Watch::new(expression);
        watch.base = Some(watch.sums(at.into()));
        watch
    }
    fn sums(&self, at: View) -> Vec<Sums> {
        let of = |t: &Term| match t {
            Term::Value { what, .. } => what.sums(at),
            Term::Exists { .. } => Sums::default(),
        };
        self.expression.terms.iter().map(of).collect()
    }
    /// Looks at the houses as they are now.
    pub fn look<'a>(&mut self, at: impl Into<View<'a>>) {
        let at = at.into();
        let now = at.cluster.now();
        if self.expression.to.is_some_and(|to| now > to) {
            return;
        }
        if self.expression.from.is_some_and(|from| now <= from) {
            self.base = Some(self.sums(at));
            if self.expression.from.is_some_and(|from| now < from) {
                return;
            }
        }
        let holds = self.holds(at);
        let strict = self.expression.from.is_some();
        let before = self.held;
        self.held = match (self.expression.when, before, holds) {
            (When::Finally, _, holds) => Some(holds),
            (When::Ever, before, holds) => Some(before == Some(true) || holds),
            (When::Never, before, holds) => Some(before != Some(false) && !holds),
            // "Always" begins when the condition first holds: nothing is available before it was started.
            (When::Always, None, false) if !strict => None,
            (When::Always, before, holds) => Some(before != Some(false) && holds),
        };
        if self.held != before || self.expression.when == When::Finally {
            self.decided = Some((now, self.found(at)));
        }
    }
    fn base_of(&self, term: usize) -> Option<Sums> {
        self.base.as_ref().and_then(|b| b.get(term).copied())
    }
    fn holds(&mut self, view: View) -> bool {
        let mut all = true;
        for at in 0..self.expression.terms.len() {
            let base = self.base_of(at);
            let term = &self.expression.terms[at];
            let Term::Value { what, extreme: Some(extreme), .. } = term else {
                all &= term.holds(view, base);
                continue;
            };
            let Some(number) = what.now(view, base).number() else { continue };
            let best = match (self.extremes[at], extreme) {
                (None, _) => number,
                (Some(best), Extreme::Min) => best.min(number),
                (Some(best), Extreme::Max) => best.max(number),
            };
            self.extremes[at] = Some(best);
            all &= term.holds_for(best);
        }
        all
    }
    fn found(&self, view: View) -> String {
        let one = |(at, term): (usize, &Term)| match self.extremes[at] {
            Some(best) => format!("{} (over time {best})", term.found(view, self.base_of(at))),
            None => term.found(view, self.base_of(at)),
        };
        self.expression.terms.iter().enumerate().map(one).collect::<Vec<_>>().join(", ")
    }
    /// Whether it holds as far as was seen. What never could be looked at does not hold.
    pub fn holds_so_far(&self) -> bool {
        self.held == Some(true)
    }
    /// Whether it can no longer come out well.
    pub fn lost(&self) -> bool {
        self.held == Some(false) && matches!(self.expression.when, When::Always | When::Never)
    }
    /// What was found when that was decided, with the time: `deployment/web ready is 1 at 35.2 s`.
    pub fn explanation(&self) -> String {
        match &self.decided {
            Some((t, found)) => format!("{found} at {}.{:03} s", t.as_secs(), t.as_millis() % 1000),
            None => "it was never looked at, or never began to hold".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::Cluster;
    use crate::kubernetes::apiserver::{By, NodeSpec};
    use crate::kubernetes::objects::Calendar;

    crate::reasons! { "test":
        /// Because.
        because(),
    }

    /// Nodes come at these seconds; the verdict at 10 s.
    fn verdict(text: &str, come: &[u64]) -> bool {
        assert_eq!(REASONS.len(), 1);
        let mut cluster = Cluster::new(Calendar::default(), 1);
        let mut watch = Watch::new(Expression::read(text).expect(text));
        for t in 0..=10 {
            cluster.run_until(Time::secs(t));
            for _ in come.iter().filter(|c| **c == t) {
                let node = NodeSpec { name: format!("n{t}"), ..NodeSpec::default() };
                cluster.api.add_node(&node, By::actor("test", because()));
                cluster.settle();
            }
            watch.look(&cluster);
        }
        watch.holds_so_far()
    }

    #[test]
    fn times_and_history_decide() {
        for (text, want) in [
            ("nodes count == 2", true),
            ("ever nodes count == 1", true),
            ("never nodes count == 1", false),
            ("never from 6s nodes count == 1", true),
            ("always nodes count >= 1", true),
            ("always from 0s nodes count >= 1", false),
            ("always from 2s to 4s nodes count == 1", true),
            ("to 4s nodes count == 1", true),
            ("max nodes count <= 1", false),
            ("max to 4s nodes count <= 1", false),
            ("to 4s max nodes count <= 1", true),
            ("min nodes count >= 1", false),
            ("from 3s min nodes count >= 1 and max nodes count <= 2", true),
            ("not node/n2 and nodes count > 0", false),
        ] {
            if Expression::read(text).is_ok() {
                assert_eq!(verdict(text, &[2, 5]), want, "{text}");
            }
        }
        assert!(Expression::read("max to 4s nodes count <= 1").is_err());
    }
}
