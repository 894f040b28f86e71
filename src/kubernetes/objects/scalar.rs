//! Values that Kubernetes writes as text or numbers and reads with code of its own: bytes, times, quantities.

use super::rules::amount::Amount;
use crate::sim::calendar;
use crate::text::go::time_quoted as said;
use crate::text::{Value, number};

/// A quantity as the server prints it; the error is the real parser's.
/// Source: kubernetes v1.37 apimachinery pkg/api/resource/quantity.go, Quantity.UnmarshalJSON.
pub fn quantity(value: &Value) -> Result<String, String> {
    let text = match value {
        Value::Str(s) => s.trim().to_owned(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => number::json_text(*f),
        _ => "{}".to_owned(),
    };
    Amount::parse(&text).map(|a| a.canonical())
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Standard base64 with padding; line breaks are skipped. The error is the place of the first bad byte.
/// Source: Go encoding/base64, Encoding.decodeQuantum.
pub fn base64_decode(text: &str) -> Result<Vec<u8>, usize> {
    let bytes: Vec<(usize, u8)> = text.bytes().enumerate().filter(|(_, b)| !matches!(b, b'\r' | b'\n')).collect();
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let mut at = 0;
    while at < bytes.len() {
        let mut group = [0u8; 4];
        let mut have = 0;
        while have < 4 {
            let Some(&(place, byte)) = bytes.get(at) else {
                // Go reports the start of an unfinished group.
                return Err(text.len() - have);
            };
            at += 1;
            if let Some(value) = ALPHABET.iter().position(|a| *a == byte) {
                group[have] = value as u8;
                have += 1;
                continue;
            }
            if byte != b'=' || have < 2 {
                return Err(place);
            }
            if have == 2 {
                match bytes.get(at) {
                    Some((_, b'=')) => at += 1,
                    Some((place, _)) => return Err(*place),
                    None => return Err(text.len()),
                }
            }
            if let Some((place, _)) = bytes.get(at) {
                return Err(*place);
            }
            break;
        }
        let word = group.iter().fold(0u32, |w, v| w << 6 | u32::from(*v));
        let whole = [(word >> 16) as u8, (word >> 8) as u8, word as u8];
        out.extend(&whole[..have.saturating_sub(1)]);
    }
    Ok(out)
}

/// Standard base64 with padding.
pub fn base64_encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |w, b| w << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(char::from(ALPHABET[(word >> (18 - 6 * i) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// A time of RFC 3339, as the server prints it: in UTC, whole seconds (or microseconds). The error is Go's.
/// Source: kubernetes v1.37 apimachinery pkg/apis/meta/v1/{time,micro_time}.go; Go time.Parse.
pub fn time(text: &str, micro: bool) -> Result<String, String> {
    const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
    let layout = if micro { "2006-01-02T15:04:05.000000Z07:00" } else { LAYOUT };
    let fail = |rest: &str, part: &str| {
        format!("parsing time {} as {layout:?}: cannot parse {} as {part:?}", said(text), said(rest))
    };
    let mut rest = text;
    let mut numbers = [0i64; 6];
    for (i, (width, part, before)) in
        [(4, "2006", ""), (2, "01", "-"), (2, "02", "-"), (2, "15", "T"), (2, "04", ":"), (2, "05", ":")]
            .iter()
            .enumerate()
    {
        let Some(after) = rest.strip_prefix(before) else { return Err(fail(rest, before)) };
        let digits = after.bytes().take(*width).take_while(u8::is_ascii_digit).count();
        if digits < *width {
            return Err(fail(after, part));
        }
        numbers[i] = after[..*width].parse().unwrap_or(0);
        rest = &after[*width..];
    }
    let mut micros = 0i64;
    if let Some(after) = rest.strip_prefix(['.', ',']) {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        for d in after.bytes().take(digits.min(6)).chain(std::iter::repeat_n(b'0', 6usize.saturating_sub(digits))) {
            micros = micros * 10 + i64::from(d - b'0');
        }
        rest = &after[digits..];
    }
    let offset = zone(rest).ok_or_else(|| fail(rest, "Z07:00"))?;
    let range = |what: &str| format!("parsing time {}: {what} out of range", said(text));
    let [year, month, day, hour, minute, second] = numbers;
    if !(1..=12).contains(&month) {
        return Err(range("month"));
    }
    if day < 1 || day > days_in(year, month) {
        return Err(range("day"));
    }
    for (value, max, what) in [(hour, 23, "hour"), (minute, 59, "minute"), (second, 59, "second")] {
        if value > max {
            return Err(range(what));
        }
    }
    let total = calendar::days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Ok(print_time(total, micro.then_some(micros)))
}

fn zone(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    Some(sign * (hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60))
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn print_time(seconds: i64, micros: Option<i64>) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = calendar::civil(days);
    let fraction = micros.map_or_else(String::new, |m| format!(".{m:06}"));
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_goes_both_ways() {
        for text in ["", "a", "ab", "abc", "abcd"] {
            let coded = base64_encode(text.as_bytes());
            assert_eq!(base64_decode(&coded).as_deref(), Ok(text.as_bytes()), "{coded}");
        }
        assert_eq!(base64_encode(b"b"), "Yg==");
        assert_eq!(base64_decode("not base64"), Err(3));
        assert_eq!(base64_decode("<b"), Err(0));
    }

    #[test]
    fn times_are_told_in_utc() {
        assert_eq!(time("2026-11-24T22:27:26Z", false).as_deref(), Ok("2026-11-24T22:27:26Z"));
        assert_eq!(time("2024-02-29T23:30:00.5-01:00", false).as_deref(), Ok("2024-03-01T00:30:00Z"));
        assert_eq!(time("2024-02-29T23:30:00Z", true).as_deref(), Ok("2024-02-29T23:30:00.000000Z"));
        let bad = "parsing time \"soon\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"soon\" as \"2006\"";
        assert_eq!(time("soon", false), Err(bad.to_owned()));
    }
}
