//! Texts as Go writes and reads them. Both real tools are Go programs: their words quote names and print lengths of time
//! the way its library does.

/// Text in double quotes, with escapes for what shows nothing. Signs without a meaning in Unicode are left as they are.
/// Source: Go strconv, Quote, appendEscapedRune.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if c < ' ' || c == '\u{7f}' => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if shows(c) => out.push(c),
            c if c < '\u{10000}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    out.push('"');
    out
}

/// What Go takes for printable: all but controls, format signs, blanks other than the common one, private and no signs.
/// Source: Go strconv, IsPrint; Unicode categories Cc, Cf, Co, Zl, Zp, Zs.
fn shows(c: char) -> bool {
    let hidden = matches!(c, '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}')
        || matches!(c, '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{1680}' | '\u{180e}')
        || matches!(c, '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}')
        || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}')
        || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}')
        || matches!(c, '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
        || c >= '\u{f0000}';
    !hidden
}

/// Units of time with their nanoseconds. Source: Go time, unitMap.
pub const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A length of time such as `1h30m` or `-1.5s`, in nanoseconds. Source: Go time, ParseDuration.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    parse_duration_with(text, &[])
}

/// The same with further units.
pub fn parse_duration_with(text: &str, further: &[(&str, u64)]) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", time_quoted(text));
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let (places, after) = match after.strip_prefix('.') {
            Some(after) => after.split_at(after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len())),
            None => ("", after),
        };
        if digits.is_empty() && places.is_empty() {
            return Err(invalid());
        }
        let (name, after) = after.split_at(after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len()));
        if name.is_empty() {
            return Err(format!("time: missing unit in duration {}", time_quoted(text)));
        }
        let Some((_, unit)) = UNITS.iter().chain(further).find(|(known, _)| *known == name) else {
            return Err(format!("time: unknown unit {} in duration {}", time_quoted(name), time_quoted(text)));
        };
        total = part(digits, places, *unit).and_then(|part| total.checked_add(part)).ok_or_else(invalid)?;
        rest = after;
    }
    match negative {
        true if total <= 1 << 63 => Ok((total as i64).wrapping_neg()),
        false if total < 1 << 63 => Ok(total as i64),
        _ => Err(invalid()),
    }
}

/// `digits.places` of a unit; nothing where that is too long. Source: Go time, leadingInt, leadingFraction: a whole number
/// that does not fit is refused, further places of a fraction are passed over, and the fraction is reckoned with floats.
fn part(digits: &str, places: &str, unit: u64) -> Option<u64> {
    const MOST: u64 = 1 << 63;
    let whole: u64 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let (mut fraction, mut scale) = (0u64, 1f64);
    for digit in places.bytes().map(|b| u64::from(b - b'0')) {
        match fraction.checked_mul(10).map(|tens| tens + digit).filter(|longer| *longer < MOST) {
            Some(longer) => (fraction, scale) = (longer, scale * 10.0),
            None => break,
        }
    }
    let whole = whole.checked_mul(unit).filter(|n| *n <= MOST)?;
    whole.checked_add((fraction as f64 * (unit as f64 / scale)) as u64).filter(|n| *n <= MOST)
}

/// Quotes as the time library has its own: bytes beyond ASCII one by one. Source: Go time, quote.
pub fn time_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            0x20..0x80 => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

/// Nanoseconds as Go prints a length of time: `0s`, `431ms`, `1m30.5s`, `48h0m0s`. Source: Go time, Duration.String.
pub fn duration(nanos: i64) -> String {
    let size = nanos.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    let below = |unit: u64, name: &str| format!("{sign}{}{name}", decimal(size, unit));
    match size {
        0 => "0s".into(),
        1..1_000 => format!("{sign}{size}ns"),
        1_000..1_000_000 => below(1_000, "\u{b5}s"),
        1_000_000..1_000_000_000 => below(1_000_000, "ms"),
        _ => {
            let (minutes, rest) = (size / 60_000_000_000, size % 60_000_000_000);
            let seconds = decimal(rest, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, m) => format!("{sign}{m}m{seconds}s"),
                (h, m) => format!("{sign}{h}h{m}m{seconds}s"),
            }
        }
    }
}

/// The same of microseconds.
pub fn duration_of_micros(micros: u64) -> String {
    duration(i64::try_from(micros).unwrap_or(i64::MAX).saturating_mul(1_000))
}

/// Microseconds of a length of time that is not negative, rounded down; nothing where the text tells none.
pub fn micros(text: &str) -> Option<u64> {
    u64::try_from(parse_duration(text).ok()?).ok().map(|nanos| nanos / 1_000)
}

/// A number over a power of ten, without zeros behind.
fn decimal(number: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    let text = format!("{}.{:0digits$}", number / unit, number % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes() {
        for (text, want) in [
            ("a \"b\" \\", r#""a \"b\" \\""#),
            ("\0\u{7}\u{8}\u{b}\u{c}\n\r\t\u{1b}\u{7f}", r#""\x00\a\b\v\f\n\r\t\x1b\x7f""#),
            ("it's \u{e4}\u{20ac}\u{1f600}", "\"it's \u{e4}\u{20ac}\u{1f600}\""),
            ("\u{85}\u{a0}\u{200b}\u{feff}\u{e000}\u{fffd}", "\"\\u0085\\u00a0\\u200b\\ufeff\\ue000\u{fffd}\""),
            ("\u{e0001}\u{10ffff}", r#""\U000e0001\U0010ffff""#),
        ] {
            assert_eq!(quoted(text), want);
        }
    }

    #[test]
    fn lengths_of_time_read() {
        for (text, want) in [
            ("0", 0),
            ("-0", 0),
            ("1h30m", 5_400_000_000_000),
            ("1.5s", 1_500_000_000),
            ("-.5m", -30_000_000_000),
            ("+5s", 5_000_000_000),
            ("1.s", 1_000_000_000),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("9007199254.740993ms", 9_007_199_254_740_993),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
            ("1\u{b5}s2\u{3bc}s3us", 6_000),
        ] {
            assert_eq!(parse_duration(text), Ok(want), "{text}");
        }
    }

    #[test]
    fn lengths_of_time_that_are_refused() {
        for (text, want) in [
            ("", "time: invalid duration \"\""),
            ("-", "time: invalid duration \"-\""),
            ("ten", "time: invalid duration \"ten\""),
            (".s", "time: invalid duration \".s\""),
            ("3", "time: missing unit in duration \"3\""),
            ("1.2.3s", "time: missing unit in duration \"1.2.3s\""),
            ("1x", "time: unknown unit \"x\" in duration \"1x\""),
            ("2d", "time: unknown unit \"d\" in duration \"2d\""),
            ("1\u{e4}\"\n", r#"time: unknown unit "\xc3\xa4\"\x0a" in duration "1\xc3\xa4\"\x0a""#),
            ("9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""),
            ("3000000h", "time: invalid duration \"3000000h\""),
        ] {
            assert_eq!(parse_duration(text), Err(want.into()), "{text}");
        }
        assert_eq!(parse_duration_with("2d", &[("d", 24 * 3_600_000_000_000)]), Ok(48 * 3_600_000_000_000));
    }

    #[test]
    fn lengths_of_time_print() {
        for (nanos, want) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1\u{b5}s"),
            (2_200_000, "2.2ms"),
            (431_000_000, "431ms"),
            (3_300_000_000, "3.3s"),
            (-90_000_000_000, "-1m30s"),
            (303_000_000_001, "5m3.000000001s"),
            (3_600_000_000_000, "1h0m0s"),
            (172_800_000_000_000, "48h0m0s"),
            (i64::MAX, "2562047h47m16.854775807s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(duration(nanos), want);
        }
        assert_eq!(duration_of_micros(133_500_000), "2m13.5s");
        assert_eq!(micros("2m13.5s"), Some(133_500_000));
        assert_eq!((micros("-1s"), micros("5")), (None, None));
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(nanos in any::<i64>()) {
            // Places of a second are reckoned with floats, which hold nine digits.
            prop_assert_eq!(parse_duration(&duration(nanos)), Ok(nanos));
        }
        #[test]
        fn any_text_reads_or_is_refused(text in "[-+.0-9nuµmshd \"é]{0,30}") {
            let _ = parse_duration(&text);
        }
    }
}
