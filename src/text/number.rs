//! Numbers on their way through JSON, as Go writes and reads them there.

use super::Value;

/// A number as it arrives after Go has written it as JSON and read it again: a whole one below 10^21 is written without
/// point or exponent and so comes back as a whole number when it fits 64 bits.
/// Source: Go encoding/json, floatEncoder; kubernetes apimachinery pkg/util/json, ConvertInterfaceNumbers.
pub fn from_float(f: f64) -> Value {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if f == libm::trunc(f) && (-LIMIT..LIMIT).contains(&f) { Value::Int(f as i64) } else { Value::Float(f) }
}

/// A number as Go's JSON writer prints it: shortest digits that read back the same, with an exponent below 10^-6 and from
/// 10^21 on. Numbers that JSON does not know come out as `null`.
/// Source: Go encoding/json, floatEncoder.
pub fn json_text(f: f64) -> String {
    if !f.is_finite() {
        return "null".into();
    }
    let size = f.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{f:e}");
        // Go writes the sign of a positive exponent, Rust does not.
        return match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
            _ => text,
        };
    }
    format!("{f}")
}

/// A number as Go prints it with `%g` and as many digits as needed: an exponent below 10^-4 and from 10^6 on.
/// Source: Go strconv, FormatFloat with 'g' and -1.
pub fn go_g(f: f64) -> String {
    if f.is_infinite() {
        return if f > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let scientific = format!("{f:e}");
    match scientific.split_once('e').and_then(|(digits, power)| Some((digits, power.parse::<i32>().ok()?))) {
        Some((digits, power)) if f != 0.0 && !(-4..6).contains(&power) => {
            format!("{digits}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
        }
        _ => format!("{f}"),
    }
}

/// The base that a whole number's text in small letters tells, and its digits: `0x`, `0o`, `0b`, and a bare leading `0` for
/// octal. Source: Go strconv, ParseUint with base 0.
pub fn go_base(lower: &str) -> (u32, &str) {
    match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, what YAML readers of Go take for a number with a point.
/// Source: go.yaml.in/yaml resolve.go, yamlStyleFloat.
pub fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (number, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let exponent = exponent.is_none_or(|power| digits(power.strip_prefix(['+', '-']).unwrap_or(power)));
    let number = match number.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(number),
    };
    exponent && number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_go_prints_them() {
        for (f, want) in [
            (0.5, "0.5"),
            (-0.0, "-0"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e-7, "1.5e-7"),
            (0.000001, "0.000001"),
        ] {
            assert_eq!(json_text(f), want);
        }
    }

    #[test]
    fn forms_of_numbers() {
        for (text, want) in
            [("1", true), ("-1.", true), ("+.5e-3", true), (".", false), ("1e", false), ("1.2.3", false)]
        {
            assert_eq!(is_float(text), want, "{text}");
        }
        for (text, want) in
            [("0x1f", (16, "1f")), ("0o17", (8, "17")), ("0b1", (2, "1")), ("017", (8, "17")), ("0", (10, "0"))]
        {
            assert_eq!(go_base(text), want);
        }
    }

    #[test]
    fn whole_numbers_come_back_whole() {
        assert_eq!(from_float(8.0), Value::Int(8));
        assert_eq!(from_float(-0.0), Value::Int(0));
        assert_eq!(from_float(1e19), Value::Float(1e19));
    }
}
