//! Variables in text: `$NAME`, `${NAME:-default}` and their kin.
//! Source: compose-go v2.16.1 template/template.go.

use crate::text::go::quoted;

/// Why a text cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A text that is no template.
    Invalid(String),
    /// A variable that must be set is not.
    Missing {
        /// The variable.
        name: String,
        /// What the file says about it; may be empty.
        reason: String,
    },
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Invalid(text) => write!(f, "Invalid template: {}", quoted(text)),
            Refusal::Missing { name, reason } if reason.is_empty() => {
                write!(f, "required variable {name} is missing a value")
            }
            Refusal::Missing { name, reason } => write!(f, "required variable {name} is missing a value: {reason}"),
        }
    }
}

/// Gives the values of variables and takes note of those that are not set.
pub trait Variables {
    /// The value, if it is set.
    fn value(&self, name: &str) -> Option<String>;
    /// A variable without a value became a blank string.
    fn unset(&mut self, name: &str);
}

/// Deepest nesting of defaults that is read. Ours: the real code has no end, a browser's stack has.
const DEPTH_MAX: usize = 50;

/// Fills the variables of a text in. All places are looked at; the first refusal counts.
pub fn substitute(text: &str, variables: &mut impl Variables) -> Result<String, Refusal> {
    nested(text, variables, 0)
}

fn nested(text: &str, variables: &mut impl Variables, depth: usize) -> Result<String, Refusal> {
    if depth > DEPTH_MAX {
        return Err(Refusal::Invalid(text.to_owned()));
    }
    let (mut out, mut refusal) = (String::new(), None);
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, here) = rest.split_at(at);
        out.push_str(before);
        let Some((length, found)) = recognise(here) else {
            out.push('$');
            rest = &here[1..];
            continue;
        };
        match replace(&here[..length], found, variables, depth) {
            Ok(value) => out.push_str(&value),
            Err(why) => {
                let why = match why {
                    Refusal::Invalid(inner) if inner.is_empty() => Refusal::Invalid(text.to_owned()),
                    other => other,
                };
                refusal.get_or_insert(why);
            }
        }
        rest = &here[length..];
    }
    out.push_str(rest);
    refusal.map_or(Ok(out), Err)
}

/// What stands behind a dollar.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Dollar,
    Named,
    Braced,
    Broken,
}

/// Length and kind of what the pattern of the real code finds at a dollar. Within braces it takes all up to the last
/// closing brace of the line.
pub(super) fn recognise(here: &str) -> Option<(usize, Found)> {
    let behind = &here[1..];
    if behind.starts_with('$') {
        return Some((2, Found::Dollar));
    }
    let name = name_length(behind);
    if name > 0 {
        return Some((1 + name, Found::Named));
    }
    let inside = behind.strip_prefix('{')?;
    let name = name_length(inside);
    let after = &inside[name..];
    if name > 0 {
        if operator(after).is_some() {
            let line = after.split('\n').next().unwrap_or_default();
            if let Some(close) = line.rfind('}') {
                return Some((2 + name + close + 1, Found::Braced));
            }
        }
        if after.starts_with('}') {
            return Some((2 + name + 1, Found::Braced));
        }
    }
    Some((2, Found::Broken))
}

fn name_length(text: &str) -> usize {
    // The pattern is case-insensitive, so that the Kelvin sign and the long s count as letters, too.
    let is_letter = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '\u{17f}' | '\u{212a}');
    let end = text.char_indices().find(|(i, c)| !(is_letter(*c) || (*i > 0 && c.is_ascii_digit())));
    end.map_or(text.len(), |(i, _)| i)
}

/// `:-`, `-`, `:+`, `+`, `:?` or `?` at the beginning.
fn operator(text: &str) -> Option<&str> {
    let bare = text.strip_prefix(':').unwrap_or(text);
    bare.starts_with(['-', '+', '?']).then(|| &text[..text.len() - bare.len() + 1])
}

fn replace(text: &str, found: Found, variables: &mut impl Variables, depth: usize) -> Result<String, Refusal> {
    // The real code looks for the first operator before it looks for the closing brace.
    let operator = first_operator(text);
    let close = closing_brace(text);
    let (text, rest) = close.map_or((text, ""), |at| (&text[..=at], &text[at + 1..]));
    let found = if close.is_some() { recognise(text).map_or(Found::Broken, |(_, found)| found) } else { found };
    let name = match found {
        Found::Dollar => return Ok("$".into()),
        Found::Named => &text[1..],
        Found::Braced => &text[2..text.len() - 1],
        Found::Broken => return Err(Refusal::Invalid(String::new())),
    };
    if found == Found::Braced
        && let Some(operator) = operator
        && let Some(value) = apply(name, operator, variables, depth)?
    {
        return Ok(value + &nested(rest, variables, depth + 1)?);
    }
    let value = variables.value(name);
    if value.is_none() {
        variables.unset(name);
    }
    Ok(value.unwrap_or_default())
}

/// The operator that stands first; of two at one place the longer one.
fn first_operator(text: &str) -> Option<&'static str> {
    const ALL: [&str; 6] = [":?", "?", ":-", "-", ":+", "+"];
    ALL.into_iter()
        .filter_map(|operator| Some((text.find(operator)?, operator)))
        .min_by_key(|(at, _)| *at)
        .map(|(_, o)| o)
}

/// Source: same file, getFirstBraceClosingIndex: the character behind an opening brace is passed over.
pub(super) fn closing_brace(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut open, mut at) = (0i32, 0);
    while at < bytes.len() {
        if bytes[at] == b'}' {
            open -= 1;
            if open == 0 {
                return Some(at);
            }
        }
        if bytes[at] == b'{' {
            open += 1;
            at += 1;
        }
        at += 1;
    }
    None
}

fn apply(text: &str, operator: &str, variables: &mut impl Variables, depth: usize) -> Result<Option<String>, Refusal> {
    let Some((name, argument)) = text.split_once(operator) else { return Ok(None) };
    let value = variables.value(name);
    let filled = match &value {
        Some(value) => !operator.starts_with(':') || !value.is_empty(),
        None => false,
    };
    let uses_argument = operator.ends_with('+') == filled;
    if !uses_argument {
        return Ok(Some(value.unwrap_or_default()));
    }
    let argument = nested(argument, variables, depth + 1)?;
    if operator.ends_with('?') {
        return Err(Refusal::Missing { name: name.to_owned(), reason: argument });
    }
    Ok(Some(argument))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    struct Some3(BTreeMap<&'static str, &'static str>, Vec<String>);
    impl Variables for Some3 {
        fn value(&self, name: &str) -> Option<String> {
            self.0.get(name).map(|value| value.to_string())
        }
        fn unset(&mut self, name: &str) {
            self.1.push(name.to_owned());
        }
    }
    fn filled(text: &str) -> Result<String, String> {
        let mut variables = Some3(BTreeMap::from([("A", "1"), ("B", "2"), ("E", ""), ("x_y", "ok")]), Vec::new());
        substitute(text, &mut variables).map_err(|why| why.to_string())
    }

    #[test]
    fn all_forms() {
        for (text, want) in [
            ("$A$B", "12"),
            ("${A}b", "1b"),
            ("$$A", "$A"),
            ("$1 $( a$", "$1 $( a$"),
            ("${x_y}", "ok"),
            ("${N:-d}${E:-e}${E-f}${A:-g}", "de1"),
            ("${A:+s}${E:+s}${E+t}${N+u}", "st"),
            ("${N:-a${B:-c}d}", "a2d"),
            ("${N:-${M-x}}y}", "xy}"),
            ("${A:?no}${A?no}", "11"),
            ("${N}", ""),
            ("${N:-}", ""),
        ] {
            assert_eq!(filled(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn refusals() {
        assert_eq!(filled("a${1X}"), Err("Invalid template: \"a${1X}\"".into()));
        assert_eq!(filled("${A!b}"), Err("Invalid template: \"${A!b}\"".into()));
        assert_eq!(filled("${N:?must $B}"), Err("required variable N is missing a value: must 2".into()));
        assert_eq!(filled("${E:?}"), Err("required variable E is missing a value".into()));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[ -~{}$:?+A-C\u{e4}]{0,40}") {
            let _ = filled(&text);
        }
    }
}
