//! What is said while files are read: warnings on the way, and the one thing that made an end of it.

use super::tree::Place;
use crate::text::Problem;

/// Why files are refused.
pub type Refused<T> = Result<T, Box<Problem>>;

/// A refusal with its place, in the real tool's words.
pub fn refusal(code: &'static str, place: &Place, words: impl Into<String>) -> Box<Problem> {
    Box::new(Problem { file: place.file.clone(), ..Problem::error(code, place.pos, words) })
}

/// A refusal with its place.
pub fn refuse<T>(code: &'static str, place: &Place, words: impl Into<String>) -> Refused<T> {
    Err(refusal(code, place, words))
}

/// A warning with its place.
pub fn warning(code: &'static str, place: &Place, words: impl Into<String>) -> Problem {
    Problem { file: place.file.clone(), ..Problem::warning(code, place.pos, words) }
}
