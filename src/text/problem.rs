//! Problems as values: reading never fails, it reports. The words are those of the real tool; the hint is ours and is a
//! key of the catalogue `static/locales/<lang>/problems.txt`.

use super::Pos;
use std::rc::Rc;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The real tool would warn and go on.
    Warning,
    /// The real tool would refuse.
    Error,
}

/// One problem with its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Problem {
    /// Warning or error.
    pub severity: Severity,
    /// A stable short name, such as `unknown_field`.
    pub code: &'static str,
    /// The file it is in; filled in by whoever knows.
    pub file: Rc<str>,
    /// Where.
    pub at: Pos,
    /// The real tool's words, never translated.
    pub message: String,
    /// Key of our own hint, with its arguments.
    pub hint: Option<(&'static str, Vec<String>)>,
}

impl Problem {
    /// An error at a place.
    pub fn error(code: &'static str, at: Pos, message: impl Into<String>) -> Self {
        Problem { severity: Severity::Error, code, file: "".into(), at, message: message.into(), hint: None }
    }
    /// A warning at a place.
    pub fn warning(code: &'static str, at: Pos, message: impl Into<String>) -> Self {
        Problem { severity: Severity::Warning, ..Problem::error(code, at, message) }
    }
    /// Adds our hint.
    pub fn hint(mut self, key: &'static str, args: Vec<String>) -> Self {
        self.hint = Some((key, args));
        self
    }
}

/// `file:line:col: severity: message`, the shape `orchestrion check` prints.
impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{}:{}:{}: {severity}: {}", self.file, self.at.line, self.at.col, self.message)
    }
}
