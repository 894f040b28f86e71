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
    fn whole_numbers_come_back_whole() {
        assert_eq!(from_float(8.0), Value::Int(8));
        assert_eq!(from_float(-0.0), Value::Int(0));
        assert_eq!(from_float(1e19), Value::Float(1e19));
    }
}
