//! What the words of a script's commands mean: assignments, lengths of time, conditions.

use crate::sim::Span;

/// `NAME=value`.
pub fn assignment(word: &str) -> Option<(&str, &str)> {
    let (key, value) = word.split_once('=')?;
    let name = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !key.is_empty();
    (name && !key.starts_with(|c: char| c.is_ascii_digit())).then_some((key, value))
}

/// `5`, `0.5`, `2m`, `1h`, `1d`.
pub fn seconds(text: &str) -> Option<Span> {
    let (number, unit) = match text.chars().last()? {
        's' => (&text[..text.len() - 1], 1),
        'm' => (&text[..text.len() - 1], 60),
        'h' => (&text[..text.len() - 1], 3_600),
        'd' => (&text[..text.len() - 1], 86_400),
        _ => (text, 1),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let micros: u64 = format!("{part:0<6}").get(..6)?.parse().ok()?;
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    Some(Span((whole.checked_mul(1_000_000)? + micros).checked_mul(unit)?))
}

/// Whether a `test` expression holds.
pub fn holds(args: &[&str]) -> bool {
    let number = |s: &str| s.trim().parse::<i64>().unwrap_or(0);
    match args {
        ["!", rest @ ..] => !holds(rest),
        ["-z", text] => text.is_empty(),
        ["-n", text] => !text.is_empty(),
        [a, "=" | "==", b] => a == b,
        [a, "!=", b] => a != b,
        [a, "-eq", b] => number(a) == number(b),
        [a, "-ne", b] => number(a) != number(b),
        [a, "-lt", b] => number(a) < number(b),
        [a, "-le", b] => number(a) <= number(b),
        [a, "-gt", b] => number(a) > number(b),
        [a, "-ge", b] => number(a) >= number(b),
        [text] => !text.is_empty(),
        _ => false,
    }
}
