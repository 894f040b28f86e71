//! From what metrics ask for to what is done: limits, rates, and waiting until a wish has lasted.
//! Source: kubernetes v1.37 pkg/controller/podautoscaler/horizontal.go.

use super::metrics::to_i32;
use crate::sim::{Span, Time};
use crate::text::Value;

/// How long a lower wish must last. Source: kubernetes v1.37 pkg/controller/podautoscaler/config/v1alpha1/defaults.go,
/// HorizontalPodAutoscalerDownscaleStabilizationWindow.
const DOWN_WINDOW: Span = Span::secs(300);

/// What is remembered of one autoscaler.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// What was wished, and when.
    wishes: Vec<(i32, Time)>,
    /// By how much it was scaled up, and when.
    ups: Vec<(i32, Time)>,
    /// By how much it was scaled down, and when.
    downs: Vec<(i32, Time)>,
}

/// The bounds of a step and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Least replicas.
    pub min: i32,
    /// Most replicas.
    pub max: i32,
    /// Replicas now.
    pub current: i32,
    /// Replicas wished.
    pub wish: i32,
    /// The present moment.
    pub now: Time,
}

/// A decision with a reason and its words.
pub type Decision = (i32, &'static str, &'static str);

const WITHIN: (&str, &str) = ("DesiredWithinRange", "the desired count is within the acceptable range");
const UP_LIMIT: (&str, &str) =
    ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
const DOWN_LIMIT: (&str, &str) =
    ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate");
const TOO_MANY: (&str, &str) = ("TooManyReplicas", "the desired replica count is more than the maximum replica count");
const TOO_FEW: (&str, &str) = ("TooFewReplicas", "the desired replica count is less than the minimum replica count");
const UP_STABILIZED: (&str, &str) = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
);
const DOWN_STABILIZED: (&str, &str) = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
);

fn decided(replicas: i32, (reason, message): (&'static str, &'static str)) -> Decision {
    (replicas, reason, message)
}

impl Past {
    /// Source: recordInitialRecommendation.
    pub fn begin(&mut self, current: i32, now: Time) {
        if self.wishes.is_empty() {
            self.wishes.push((current, now));
        }
    }
    /// Puts a wish down in place of an outdated one.
    fn wish(&mut self, wish: i32, now: Time, outdated: Option<usize>) {
        match outdated.and_then(|at| self.wishes.get_mut(at)) {
            Some(slot) => *slot = (wish, now),
            None => self.wishes.push((wish, now)),
        }
    }
    /// The highest wish of the last minutes. Source: stabilizeRecommendation.
    fn highest(&mut self, wish: i32, now: Time) -> i32 {
        let old = |at: Time| at + DOWN_WINDOW < now;
        let highest = self.wishes.iter().filter(|(_, at)| !old(*at)).map(|(w, _)| *w).fold(wish, i32::max);
        let outdated = self.wishes.iter().rposition(|(_, at)| old(*at));
        self.wish(wish, now, outdated);
        highest
    }
    /// The nearest number between the lowest and the highest recent wish. Source: stabilizeRecommendationWithBehaviors.
    fn nearest(&mut self, step: &Step, up: Span, down: Span) -> Decision {
        let recent = |window: Span| self.wishes.iter().filter(move |(_, at)| *at + window > step.now).map(|(w, _)| *w);
        let lowest = recent(up).fold(step.wish, i32::min);
        let highest = recent(down).fold(step.wish, i32::max);
        let outdated = self.wishes.iter().rposition(|(_, at)| *at + up < step.now && *at + down < step.now);
        self.wish(step.wish, step.now, outdated);
        let words = if step.wish >= step.current { UP_STABILIZED } else { DOWN_STABILIZED };
        decided(step.current.max(lowest).min(highest), words)
    }
    /// Remembers that it was scaled. Source: storeScaleEvent.
    pub fn scaled(&mut self, behavior: Option<&Value>, from: i32, to: i32, now: Time) {
        let Some(behavior) = behavior else { return };
        let (way, list) = if to > from { ("scaleUp", &mut self.ups) } else { ("scaleDown", &mut self.downs) };
        let periods = behavior.list_at(&[way, "policies"]).iter().map(period);
        let longest = periods.fold(Span::ZERO, Ord::max);
        let new = (from.abs_diff(to) as i32, now);
        match list.iter().rposition(|(_, at)| *at + longest < now) {
            Some(at) => list[at] = new,
            None => list.push(new),
        }
    }
    /// The replicas at the start of a policy's period. Source: getReplicasChangePerPeriod.
    fn at_start(&self, current: i32, policy: &Value, now: Time) -> i32 {
        let changed = |list: &[(i32, Time)]| -> i32 {
            list.iter().filter(|(_, at)| *at + period(policy) > now).map(|(n, _)| *n).sum()
        };
        current - changed(&self.ups) + changed(&self.downs)
    }
    /// Source: calculateScaleUpLimitWithScalingRules.
    fn most(&self, step: &Step, rules: &Value) -> i32 {
        let select = rules.str_at(&["selectPolicy"]).unwrap_or("Max");
        if select == "Disabled" {
            return step.current;
        }
        let proposals = rules.list_at(&["policies"]).iter().map(|policy| {
            let (start, value) = (self.at_start(step.current, policy, step.now), number(policy, "value"));
            if policy.str_at(&["type"]) == Some("Pods") {
                start.saturating_add(value)
            } else {
                to_i32(libm::ceil(f64::from(start) * (1.0 + f64::from(value) / 100.0)))
            }
        });
        if select == "Min" { proposals.fold(i32::MAX, i32::min) } else { proposals.fold(i32::MIN, i32::max) }
    }
    /// Source: calculateScaleDownLimitWithBehaviors.
    fn least(&self, step: &Step, rules: &Value) -> i32 {
        let select = rules.str_at(&["selectPolicy"]).unwrap_or("Max");
        if select == "Disabled" {
            return step.current;
        }
        let proposals = rules.list_at(&["policies"]).iter().map(|policy| {
            let (start, value) = (self.at_start(step.current, policy, step.now), number(policy, "value"));
            if policy.str_at(&["type"]) == Some("Pods") {
                start.saturating_sub(value)
            } else {
                to_i32(f64::from(start) * (1.0 - f64::from(value) / 100.0))
            }
        });
        if select == "Min" { proposals.fold(i32::MIN, i32::max) } else { proposals.fold(i32::MAX, i32::min) }
    }
    /// Source: convertDesiredReplicasWithBehaviorRate.
    fn rated(&self, step: &Step, behavior: &Value) -> Decision {
        let nothing = Value::Null;
        if step.wish > step.current {
            let limit = self.most(step, behavior.get("scaleUp").unwrap_or(&nothing)).max(step.current);
            let (most, words) = if step.max > limit { (limit, UP_LIMIT) } else { (step.max, TOO_MANY) };
            if step.wish > most {
                return decided(most, words);
            }
        } else if step.wish < step.current {
            let limit = self.least(step, behavior.get("scaleDown").unwrap_or(&nothing)).min(step.current);
            let (least, words) = if step.min < limit { (limit, DOWN_LIMIT) } else { (step.min, TOO_FEW) };
            if step.wish < least {
                return decided(least, words);
            }
        }
        decided(step.wish, WITHIN)
    }
    /// (how it was stabilised, what is done). Source: normalizeDesiredReplicas, normalizeDesiredReplicasWithBehaviors.
    pub fn normalise(&mut self, step: Step, behavior: Option<&Value>) -> (Decision, Decision) {
        let Some(behavior) = behavior else {
            let stable = self.highest(step.wish, step.now);
            return (decided(stable, DOWN_STABILIZED), bounded(&Step { wish: stable, ..step }));
        };
        let window =
            |way: &str| behavior.int_at(&[way, "stabilizationWindowSeconds"]).map(|s| Span::secs(s.max(0) as u64));
        let (up, down) = (window("scaleUp").unwrap_or_default(), window("scaleDown").unwrap_or(DOWN_WINDOW));
        let stable = self.nearest(&step, up, down);
        (stable, self.rated(&Step { wish: stable.0, ..step }, behavior))
    }
}

/// Without rules of its own: twice as many or four at a time. Source: convertDesiredReplicasWithRules, calculateScaleUpLimit.
fn bounded(step: &Step) -> Decision {
    let limit = step.current.saturating_mul(2).max(4);
    let (most, words) = if step.max > limit { (limit, UP_LIMIT) } else { (step.max, TOO_MANY) };
    if step.wish < step.min {
        decided(step.min, TOO_FEW)
    } else if step.wish > most {
        decided(most, words)
    } else {
        decided(step.wish, WITHIN)
    }
}

fn number(tree: &Value, key: &str) -> i32 {
    tree.int_at(&[key]).unwrap_or(0) as i32
}

fn period(policy: &Value) -> Span {
    Span::secs(policy.int_at(&["periodSeconds"]).unwrap_or(0).max(0) as u64)
}
