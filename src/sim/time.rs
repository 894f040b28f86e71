//! Virtual time in whole microseconds: [`Time`] is a moment since the start of the run, [`Span`] a length. Lengths come from
//! what people write, so that nothing here overflows: what is too long is as long as can be.

use std::ops::{Add, AddAssign, Mul, Sub};

/// A moment, in microseconds since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Time(pub u64);

/// A length of time, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Span(pub u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Time = Time(0);
    /// Later than anything that happens.
    pub const NEVER: Time = Time(u64::MAX);
    /// A moment a number of whole seconds after the start.
    pub const fn secs(s: u64) -> Time {
        Time(s.saturating_mul(1_000_000))
    }
    /// A moment a number of milliseconds after the start.
    pub const fn millis(ms: u64) -> Time {
        Time(ms.saturating_mul(1_000))
    }
    /// Milliseconds since the start, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000
    }
    /// Whole seconds since the start, rounded down: the precision of Kubernetes' timestamps.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000
    }
    /// This moment cut to whole seconds, as the API server stores it.
    pub const fn whole_seconds(self) -> Time {
        Time::secs(self.as_secs())
    }
    /// The time since `earlier`; zero when that is later.
    pub const fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// Longest length that is taken from what people write, some thirty years. Ours: no run lasts as long.
    pub const LONGEST: Span = Span(1_000_000_000_000_000);
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Whole seconds.
    pub const fn secs(s: u64) -> Span {
        Span(s.saturating_mul(1_000_000))
    }
    /// Milliseconds.
    pub const fn millis(ms: u64) -> Span {
        Span(ms.saturating_mul(1_000))
    }
    /// Microseconds.
    pub const fn micros(us: u64) -> Span {
        Span(us)
    }
    /// Milliseconds, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000
    }
    /// Whole seconds, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000
    }
    /// Reads `1h2m3.5s`, `500ms`, `5us`, as people write it in our own files; a bare number counts seconds.
    pub fn read(text: &str) -> Option<Span> {
        let mut rest = text.trim();
        if rest.is_empty() {
            return None;
        }
        let mut total = 0.0f64;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let number: f64 = rest[..digits].parse().ok()?;
            rest = &rest[digits..];
            let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
            total += number
                * match &rest[..letters] {
                    "us" | "\u{b5}s" => 1.0,
                    "ms" => 1e3,
                    "s" | "" => 1e6,
                    "m" => 60e6,
                    "h" => 3600e6,
                    _ => return None,
                };
            rest = &rest[letters..];
        }
        (total < Span::LONGEST.0 as f64).then_some(Span::micros(libm::round(total) as u64))
    }
    /// The shorter of two.
    pub fn min(self, other: Span) -> Span {
        Span(self.0.min(other.0))
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}
impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}
impl Sub for Time {
    type Output = Span;
    fn sub(self, earlier: Time) -> Span {
        self.since(earlier)
    }
}
impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}
impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}
impl Mul<u64> for Span {
    type Output = Span;
    fn mul(self, by: u64) -> Span {
        Span(self.0.saturating_mul(by))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_as_long_as_can_be() {
        for seconds in [18_446_744_073_710, u64::MAX] {
            assert_eq!((Span::secs(seconds), Time::secs(seconds)), (Span(u64::MAX), Time::NEVER));
        }
        assert_eq!((Span::millis(u64::MAX), Time::millis(u64::MAX)), (Span(u64::MAX), Time::NEVER));
        assert_eq!(Time::secs(1) + Span::secs(u64::MAX) + Span::secs(1), Time::NEVER);
        assert_eq!((Span::secs(3), Time::millis(7)), (Span(3_000_000), Time(7_000)));
    }
}
