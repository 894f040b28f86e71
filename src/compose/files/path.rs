//! Paths into a compose file: `services.web.ports.[]`, and the patterns that rules are declared for.
//! Source: compose-go v2.16.1 tree/path.go.

use std::fmt;
use std::rc::Rc;

/// A path; dots within a name do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(Vec<Rc<str>>);

/// The step of a list's items.
pub const ITEM: &str = "[]";

impl Path {
    /// The step behind this path.
    pub fn next(&self, step: &str) -> Path {
        let mut steps = self.0.clone();
        steps.push(step.into());
        Path(steps)
    }

    /// Its steps.
    pub fn steps(&self) -> &[Rc<str>] {
        &self.0
    }

    /// A path of these steps.
    pub fn of(steps: &[&str]) -> Path {
        Path(steps.iter().map(|step| (*step).into()).collect())
    }

    /// Whether a pattern fits: `*` for any step.
    pub fn fits(&self, pattern: &str) -> bool {
        let mut steps = self.0.iter();
        pattern.split('.').all(|part| steps.next().is_some_and(|step| part == "*" || part == &**step))
            && steps.next().is_none()
    }

    /// Whether the path is that of another one, in which `*` fits any step.
    pub fn is(&self, pattern: &Path) -> bool {
        self.0.len() == pattern.0.len()
            && self.0.iter().zip(&pattern.0).all(|(step, part)| &**part == "*" || part == step)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(|step| &**step).collect::<Vec<_>>().join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_paths() {
        let path = Path::of(&["services", "my.web", "ports", ITEM]);
        assert!(path.fits("services.*.ports.*") && path.fits("services.*.ports.[]"));
        assert!(!path.fits("services.*.ports") && !path.fits("services.*.ports.*.target"));
        assert_eq!(path.to_string(), "services.my.web.ports.[]");
    }
}
