//! What a plain YAML 1.1 scalar means, as Kubernetes' reader decides it. Base 60 numbers are text there, dates stay text.
//! Source: sigs.k8s.io/yaml v1.6 with go.yaml.in/yaml v2, resolve.go, resolve.

use crate::text::Value;
use crate::text::number;

/// A scalar that cannot be had: `Err` holds the real tool's words, without the `yaml: ` in front.
pub type Resolved = Result<Value, String>;

/// Reads a scalar that carries no tag and no quotes.
pub fn plain(text: &str) -> Value {
    named(text).or_else(|| numeric(text)).unwrap_or_else(|| Value::str(text))
}

/// Reads a scalar that carries a tag, in its short form (`!!int`). Tags of other makers leave the text as it is.
pub fn tagged(tag: &str, text: &str) -> Resolved {
    let wrong = |found: &str| Err(format!("cannot decode {found} `{text}` as a {tag}"));
    match tag {
        "!!str" => Ok(Value::str(text)),
        "!!binary" => match base64(text) {
            Some(decoded) => Ok(Value::str(decoded)),
            None => Err("!!binary value contains invalid base64 data".into()),
        },
        "!!timestamp" if is_date(text) => Ok(Value::str(text)),
        "!!bool" | "!!int" | "!!float" | "!!null" | "!!timestamp" => match (plain(text), tag) {
            (value @ Value::Bool(_), "!!bool") => Ok(value),
            (Value::Null, "!!null") => Ok(Value::Null),
            (value @ (Value::Int(_) | Value::Float(_)), "!!float") => Ok(value),
            (value @ Value::Int(_), "!!int") if !written_as_float(text) => Ok(value),
            (Value::Int(_) | Value::Float(_), _) if written_as_float(text) => wrong("!!float"),
            (Value::Int(_) | Value::Float(_), _) => wrong("!!int"),
            (Value::Bool(_), _) => wrong("!!bool"),
            (Value::Null, _) => wrong("!!null"),
            _ => wrong("!!str"),
        },
        _ => Ok(Value::str(text)),
    }
}

/// The words that mean a truth value, nothing, or a number that is none.
fn named(text: &str) -> Option<Value> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

fn numeric(text: &str) -> Option<Value> {
    match text.as_bytes().first()? {
        b'.' => go_float(text).map(number::from_float),
        b'+' | b'-' | b'0'..=b'9' if !looks_like_date(text) => {
            let plain = text.replace('_', "");
            if let Some(value) = integer(&plain) {
                return Some(value);
            }
            number::is_float(&plain).then(|| go_float(&plain)).flatten().map(number::from_float)
        }
        _ => None,
    }
}

/// Whole numbers as Go's base prefixes have them: `0x`, `0o`, `0b`, and a bare leading `0` for octal. Numbers beyond 64
/// bits become floating-point ones, which is what they are after the detour over JSON.
fn integer(plain: &str) -> Option<Value> {
    let (negative, digits) = match plain.as_bytes().first()? {
        b'-' => (true, &plain[1..]),
        b'+' => (false, &plain[1..]),
        _ => (false, plain),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, body) = number::go_base(&lower);
    if body.is_empty() || !body.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    let mut exact = Some(0i128);
    let mut near = 0f64;
    for digit in body.chars().filter_map(|c| c.to_digit(base)) {
        exact = exact.and_then(|n| n.checked_mul(i128::from(base))?.checked_add(i128::from(digit)));
        near = near * f64::from(base) + f64::from(digit);
    }
    let signed = exact.map(|n| if negative { -n } else { n });
    Some(match signed.and_then(|n| i64::try_from(n).ok()) {
        Some(n) => Value::Int(n),
        None if base == 10 => Value::Float(digits.parse::<f64>().map_or(near, |f| if negative { -f } else { f })),
        None => Value::Float(if negative { -near } else { near }),
    })
}

fn written_as_float(text: &str) -> bool {
    integer(&text.replace('_', "")).is_none()
}

/// Go refuses what overflows; Rust would say infinite.
fn go_float(text: &str) -> Option<f64> {
    number::is_float(text).then(|| text.parse::<f64>().ok()).flatten().filter(|f| f.is_finite())
}

/// Whether text begins like a date. No number has a hyphen there, so such scalars are text in any case.
fn looks_like_date(text: &str) -> bool {
    let year = text.bytes().take_while(u8::is_ascii_digit).count();
    year == 4 && text.as_bytes().get(4) == Some(&b'-')
}

/// Whether text is a date, or a date with a time, in a form that the reader knows.
/// Source: go.yaml.in/yaml v2, resolve.go, allowedTimestampFormats, with Go's time.Parse.
pub fn is_date(text: &str) -> bool {
    looks_like_date(text) && date_parts(text).is_some_and(|rest| rest.is_empty() || is_time(rest))
}

/// What follows a valid `2006-1-2`.
fn date_parts(text: &str) -> Option<&str> {
    let year: u32 = text.get(..4)?.parse().ok()?;
    let (month, rest) = one_or_two(text.get(5..)?)?;
    let (day, rest) = one_or_two(rest.strip_prefix('-')?)?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(rest)
}

fn is_time(text: &str) -> bool {
    let (zoned, clock) = match text.strip_prefix(['T', 't']) {
        Some(clock) => (true, clock),
        None => (false, text.trim_start_matches(' ')),
    };
    if !zoned && clock.len() == text.len() {
        return false;
    }
    let zone = clock_parts(clock);
    match (zone, zoned) {
        (Some(zone), false) => zone.is_empty(),
        (Some("Z"), true) => true,
        (Some(zone), true) => is_offset(zone),
        (None, _) => false,
    }
}

/// What follows a valid `15:4:5.999999999`.
fn clock_parts(text: &str) -> Option<&str> {
    let (hour, rest) = one_or_two(text)?;
    let (minute, rest) = one_or_two(rest.strip_prefix(':')?)?;
    let (second, rest) = one_or_two(rest.strip_prefix(':')?)?;
    let rest = match rest.strip_prefix(['.', ',']) {
        Some(fraction) if fraction.starts_with(|c: char| c.is_ascii_digit()) => {
            fraction.trim_start_matches(|c: char| c.is_ascii_digit())
        }
        _ => rest,
    };
    (hour < 24 && minute < 60 && second < 60).then_some(rest)
}

/// `+01:00`
fn is_offset(text: &str) -> bool {
    let two =
        |s: &str| (s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse::<u32>().ok()).flatten();
    let parts = text.strip_prefix(['+', '-']).and_then(|t| t.split_once(':'));
    parts.is_some_and(|(h, m)| two(h).is_some_and(|h| h <= 24) && two(m).is_some_and(|m| m < 60))
}

fn one_or_two(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    Some((text.get(..digits)?.parse().ok()?, &text[digits..]))
}

/// Standard base64 with padding; line breaks are skipped. `None` where it is broken or no text.
fn base64(text: &str) -> Option<String> {
    let clean: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')).collect();
    let body = match clean.as_slice() {
        [rest @ .., b'=', b'='] | [rest @ .., b'='] => rest,
        all => all,
    };
    let (mut bits, mut held, mut out) = (0u32, 0u32, Vec::new());
    for &byte in body {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xFF) as u8);
        }
    }
    clean.len().is_multiple_of(4).then(|| String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: impl Into<Value>) {
        assert_eq!(plain(text), want.into(), "{text:?}");
    }

    #[test]
    fn numbers_of_all_bases() {
        for (text, want) in [
            ("0", 0),
            ("-0", 0),
            ("+12", 12),
            ("0644", 420),
            ("0o644", 420),
            ("0x1F", 31),
            ("-0x1f", -31),
            ("0b101", 5),
            ("-0b101", -5),
            ("1_000", 1000),
            ("0_7", 7),
            ("08", 8),
            ("1.0", 1),
            ("1e3", 1000),
            ("9223372036854775807", i64::MAX),
        ] {
            check(text, want);
        }
        check("9223372036854775808", 9223372036854775808f64);
        check("1.5", 1.5);
        check(".5", 0.5);
        check("-1.25e-2", -0.0125);
    }

    #[test]
    fn text_that_only_looks_like_a_number() {
        for text in ["1:30", "2026-11-24", "1.2.3", "0x", "0xg", "1e", "--1", "1-2", "+", "-", ".", "..", "10m", "1Gi"]
        {
            check(text, text);
        }
    }

    #[test]
    fn words() {
        for text in ["y", "Yes", "on", "TRUE"] {
            check(text, true);
        }
        for text in ["n", "No", "OFF", "false"] {
            check(text, false);
        }
        for text in ["", "~", "Null"] {
            check(text, Value::Null);
        }
        for text in ["yEs", "tRUE", "nil", "None", "oN"] {
            check(text, text);
        }
    }

    #[test]
    fn tags_decide() {
        assert_eq!(tagged("!!str", "5"), Ok(Value::str("5")));
        assert_eq!(tagged("!mine", "5"), Ok(Value::str("5")));
        assert_eq!(tagged("!!float", "5"), Ok(Value::Int(5)));
        assert_eq!(tagged("!!binary", "aGk="), Ok(Value::str("hi")));
        assert_eq!(tagged("!!int", "x"), Err("cannot decode !!str `x` as a !!int".into()));
        assert_eq!(tagged("!!int", "1.5"), Err("cannot decode !!float `1.5` as a !!int".into()));
    }
}
