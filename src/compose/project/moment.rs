//! Moments as `--since` and `--until` take them: so long ago, a date, or seconds since 1970.
//! Source: moby v29 client/internal/timestamp/timestamp.go, GetTimestamp.

use super::read::go_span;
use crate::sim::Time;
use crate::sim::calendar::days;
use crate::text::go::quoted;

/// The moment that is meant; what lies before the run is its beginning.
pub fn moment(text: &str, now: Time) -> Result<Time, String> {
    if let Some(span) = go_span(text) {
        return Ok(Time(now.0.saturating_sub(span.0)));
    }
    if text.contains('-') {
        let whole = quoted(text);
        let wrong = || format!("parsing time {whole} as \"2006-01-02\": cannot parse {whole} as \"2006\"");
        return dated(text).map(since_start).ok_or_else(wrong);
    }
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let read = seconds.parse::<i64>().ok().zip(micros(fraction));
    let wrong = || format!("failed to parse value as time or duration: {}", quoted(text));
    read.map(|(seconds, micros)| since_start(seconds * 1_000_000 + micros)).ok_or_else(wrong)
}

/// Microseconds since 1970 as a moment of the run. Ours: every run begins on the first of January 2026 at midnight.
fn since_start(micros: i64) -> Time {
    Time(u64::try_from(micros - days(2026, 1, 1) * 86_400_000_000).unwrap_or(0))
}

/// Digits behind a point, as microseconds.
fn micros(fraction: &str) -> Option<i64> {
    let known: String = fraction.chars().chain("000000".chars()).take(6).collect();
    known.chars().all(|c| c.is_ascii_digit()).then(|| known.parse().ok())?
}

/// `2026-01-01T00:00:03.5Z`: time and zone may be left out, the time from its end on.
fn dated(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (time, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, ""),
    };
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let sixty = |text: &str| -> Option<i64> {
        let parts = text.split(':').filter(|part| !part.is_empty()).map(|part| part.parse::<i64>().ok());
        let parts = parts.collect::<Option<Vec<i64>>>()?;
        (parts.len() <= 3).then(|| (0..3).fold(0, |sum, at| sum * 60 + parts.get(at).copied().unwrap_or(0)))
    };
    let behind = match zone.strip_prefix(['+', '-']) {
        Some(hours) if zone.starts_with('-') => -sixty(hours)?,
        Some(hours) => sixty(hours)?,
        None if matches!(zone, "" | "Z") => 0,
        None => return None,
    };
    let seconds = days(year, month, day) * 86_400 + sixty(time)? - behind;
    Some(seconds * 1_000_000 + micros(fraction)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_spans_dates_or_seconds() {
        let now = Time::secs(100);
        let at = |text| moment(text, now).map(|t| t.0);
        assert_eq!(at("1m30s"), Ok(10_000_000));
        assert_eq!(at("2026-01-01T00:00:03.5Z"), Ok(3_500_000));
        assert_eq!(at("2026-01-01T01:00:03+01:00"), Ok(3_000_000));
        assert_eq!(at("2026-01-01T00:01"), Ok(60_000_000));
        assert_eq!(at("2025-12-31"), Ok(0));
        assert_eq!(at("1767225602.25"), Ok(2_250_000));
        assert_eq!(at("soon"), Err("failed to parse value as time or duration: \"soon\"".into()));
        assert!(at("2026-13-01").is_err());
    }
}
