//! How long typed lines take before their requests arrive: as long as they really took where that was recorded.

use crate::sim::Span;

/// From a command's start until its request arrives. Source: recorded medians; `apply` first asks for the API's description.
const COMMAND: Span = Span::millis(130);
/// See [`COMMAND`].
const APPLY: Span = Span::millis(250);
/// From one request of a command to its next. Source: recorded: the median between two objects of one `apply`.
pub const REQUEST: Span = Span::millis(18);
/// From the answer until the process has ended. Source: recorded: the median, whether a command was quick or slow.
pub const EXIT: Span = Span::millis(10);
/// Commands that wait for something to happen: how long they take is behaviour.
const WAITING: [&str; 6] = [" rollout status", " wait ", " drain ", " delete ", " -w", "sleep "];

/// The way of one line to the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From its start until its first request.
    pub before: Span,
    /// From one request to the next.
    pub between: Span,
}

impl Pace {
    /// A line whose files hold so many objects, as it usually is.
    pub fn usual(line: &str) -> Self {
        Pace { before: if line.contains(" apply ") { APPLY } else { COMMAND }, between: REQUEST }
    }
    /// What a line with so many objects takes.
    fn length(self, objects: u64) -> Span {
        Span(self.before.0 + self.between.0 * objects.saturating_sub(1))
    }
    /// The same so many times slower or faster.
    fn scaled(self, real: Span, usual: Span) -> Self {
        let scaled = |span: Span| Span((u128::from(span.0) * u128::from(real.0) / u128::from(usual.0.max(1))) as u64);
        Pace { before: scaled(self.before), between: scaled(self.between) }
    }
}

/// The paces of a step's lines (each with the number of objects in its files). `took` is how long all of them took together:
/// a slow machine made each slower by the same measure.
pub fn of_step(lines: &[(&str, u64)], took: Option<Span>) -> Vec<Pace> {
    let usual: Vec<Pace> = lines.iter().map(|(line, _)| Pace::usual(line)).collect();
    let waits = |line: &str| WAITING.iter().any(|word| line.contains(word));
    let Some(took) = took.filter(|_| !lines.iter().any(|(line, _)| waits(line))) else { return usual };
    let exits = EXIT.0 * lines.len() as u64;
    let all: u64 = usual.iter().zip(lines).map(|(pace, (_, objects))| pace.length(*objects).0).sum();
    usual.iter().map(|pace| pace.scaled(Span(took.0.saturating_sub(exits)), Span(all))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_takes_what_it_took() {
        let slow = of_step(&[("kubectl apply -f a.yaml", 1)], Some(Span::millis(510)));
        assert_eq!(slow[0].before, Span::millis(500));
        let quick = of_step(&[("kubectl scale deploy/a --replicas=2", 0)], Some(Span::millis(62)));
        assert_eq!(quick[0].before, Span::millis(52));
        let several = of_step(&[("kubectl apply -f a.yaml", 3)], Some(Span::millis(2 * (250 + 2 * 18) + 10)));
        assert_eq!(several, [Pace { before: Span::millis(500), between: Span::millis(36) }]);
    }

    #[test]
    fn lines_share_what_their_step_took() {
        let lines = [("kubectl set image deploy/a app=b", 0), ("kubectl get pods", 0)];
        let paces = of_step(&lines, Some(Span::millis(220)));
        assert!(paces.iter().all(|pace| pace.before == Span::millis(100)));
    }

    #[test]
    fn what_a_waiting_line_takes_is_behaviour() {
        let lines = [("kubectl apply -f a.yaml", 1), ("kubectl rollout status deploy/a", 0)];
        assert_eq!(of_step(&lines, Some(Span::secs(9))), [Pace::usual(lines[0].0), Pace::usual(lines[1].0)]);
    }
}
