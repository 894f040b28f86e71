//! `objective:` of a scenario: the share of requests that is promised to be answered. Error budgets and alerts follow from it.

/// What is promised when nobody says. Ours: three nines, as most services are measured by.
pub const PROMISE: f64 = 0.999;

/// Reads what is promised: `99.5%`, `0.995`.
pub fn objective(text: &str) -> Result<f64, String> {
    let read = match text.trim().strip_suffix('%') {
        Some(percent) => percent.trim().replace(',', ".").parse::<f64>().ok().map(|n| libm::round(n * 1e7) / 1e9),
        None => text.trim().parse().ok(),
    };
    let words = || format!("objective: a share below 100% such as 99.9% is expected instead of \"{}\"", text.trim());
    read.filter(|share| *share > 0.0 && *share < 1.0).ok_or_else(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, TextFile};
    use crate::text::Problem;

    fn read(text: &str) -> (Scenario, Vec<Problem>) {
        Scenario::read(&[TextFile { name: "x.scenario.yaml".into(), text: text.into() }], 1)
    }

    #[test]
    fn what_is_promised_is_a_share_below_all() {
        assert_eq!(read("objective: 99.5%\nload: []\n").0.objective, 0.995);
        assert_eq!((objective("0.9"), objective("99,95 %")), (Ok(0.9), Ok(0.9995)));
        for bad in ["100%", "0", "-1%", "much", "NaN", "99"] {
            assert!(objective(bad).is_err(), "{bad}");
        }
        let (s, problems) = read("load: []\nobjective: 100%\n");
        assert_eq!((s.objective, problems.len(), problems[0].at.line), (PROMISE, 1, 2));
    }
}
