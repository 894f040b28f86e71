//! Numbers and times as the reader's language writes them.

use super::texts::Language;
use crate::text::catalogue;

/// `2,500` or `2.500`.
pub fn whole(n: u64, language: Language) -> String {
    let mark = match language {
        Language::En => ',',
        Language::De => '.',
    };
    catalogue::grouped(&n.to_string(), mark)
}

/// A number of tenths: `1.3` or `1,3`, without a zero behind the point.
pub fn tenths(n: u64, language: Language) -> String {
    if n.is_multiple_of(10) {
        return whole(n / 10, language);
    }
    format!("{}{}{}", whole(n / 10, language), point(language), n % 10)
}

fn point(language: Language) -> char {
    match language {
        Language::En => '.',
        Language::De => ',',
    }
}

/// Thousandths of a core as cores.
pub fn cores(milli: u64, language: Language) -> String {
    if milli > 0 && milli < 100 {
        return format!("{milli}m");
    }
    if milli < 10_000 && !milli.is_multiple_of(100) {
        let hundredths = (milli + 5) / 10;
        let fraction = format!("{:02}", hundredths % 100);
        return format!("{}{}{}", hundredths / 100, point(language), fraction.trim_end_matches('0'));
    }
    tenths((milli + 50) / 100, language)
}

/// A rate or another measured number: `0.4`, `12.5`, `2,500`.
pub fn rate(value: f32, language: Language) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    if value >= 100.0 {
        return whole(value.round() as u64, language);
    }
    tenths((value.max(0.0) * 10.0).round() as u64, language)
}

/// A share as per cent; what is not nothing never reads as 0 %, what is not all never as 100 %.
pub fn percent(share: f64, language: Language) -> String {
    let tenth = (share.clamp(0.0, 9.99) * 1_000.0).round() as u64;
    match tenth {
        0 if share > 0.0 => format!("<{}\u{a0}%", tenths(1, language)),
        1000 if share < 1.0 => format!(">{}\u{a0}%", tenths(999, language)),
        100..=899 | 1100.. => format!("{}\u{a0}%", whole((tenth + 5) / 10, language)),
        _ => format!("{}\u{a0}%", tenths(tenth, language)),
    }
}

/// A promised share with all its digits: `99.95 %`.
pub fn percent_fine(share: f64, language: Language) -> String {
    let text = format!("{:.3}", share * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{}\u{a0}%", text.replace('.', &point(language).to_string()))
}

/// What was kept of something, in hundredths: `99.99 %`. What is not whole is not called so.
pub fn percent_kept(share: f64, language: Language) -> String {
    let text = format!("{:.2}\u{a0}%", (share * 1e4 + 1e-9).floor() / 100.0);
    number(&text, language)
}

/// A number as it came, with a unit or without: `99.87 %` or `99,87 %`. Other words stay as they are.
pub fn number(text: &str, language: Language) -> String {
    catalogue::number(text, language.tag())
}

/// Bytes as MiB or GiB.
pub fn bytes(n: u64, language: Language) -> String {
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
    match n {
        GIB.. => format!("{} GiB", tenths((n * 10 + GIB / 2) / GIB, language)),
        _ => format!("{} MiB", whole((n + MIB / 2) / MIB, language)),
    }
}

/// The clock of the time bar: `02:14.310`; hours stand in front where there are any.
pub fn clock(us: u64) -> String {
    let (h, m, s, ms) = (us / 3_600_000_000, us / 60_000_000 % 60, us / 1_000_000 % 60, us / 1_000 % 1_000);
    match h {
        0 => format!("{m:02}:{s:02}.{ms:03}"),
        _ => format!("{h}:{m:02}:{s:02}.{ms:03}"),
    }
}

/// The same without thousandths.
pub fn short_clock(us: u64) -> String {
    let clock = clock(us);
    clock.split('.').next().unwrap_or_default().to_string()
}

/// Reads `2:14`, `134`, `1:02:03.5` or `90s`; microseconds.
pub fn parse_clock(text: &str) -> Option<u64> {
    let text = text.trim().trim_end_matches('s').replace(',', ".");
    let mut us = 0u64;
    let mut parts = text.split(':').peekable();
    while let Some(part) = parts.next() {
        us = us.checked_mul(60)?;
        let add = match (parts.peek().is_none(), part.split_once('.')) {
            (true, Some((whole, fraction))) if fraction.len() <= 6 => {
                let scale = 10u64.pow(6 - fraction.len() as u32);
                let fraction = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()? * scale };
                whole.parse::<u64>().ok()?.checked_mul(1_000_000)? + fraction
            }
            _ => part.parse::<u64>().ok()?.checked_mul(1_000_000)?,
        };
        us = us.checked_add(add)?;
    }
    Some(us)
}

/// A length of time, short: `12 s`, `3 min`, `2 h 5 min`.
pub fn span(us: u64, language: Language) -> String {
    let s = us / 1_000_000;
    match s {
        0..=119 => format!("{s} s"),
        120..=7199 if s.is_multiple_of(60) || s >= 600 => format!("{} min", s / 60),
        120..=7199 => format!("{} min {} s", s / 60, s % 60),
        _ => format!("{} h {} min", whole(s / 3600, language), s / 60 % 60),
    }
}

/// Tick distances of a ruler in 1-2-5 steps, minutes and hours where they are rounder. Microseconds.
pub const TICKS: [u64; 20] = [
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000,
    600_000_000,
    1_200_000_000,
    1_800_000_000,
    3_600_000_000,
    7_200_000_000,
    18_000_000_000,
    36_000_000_000,
    86_400_000_000,
];

/// The smallest step of [`TICKS`] that keeps marks `least` pixels apart.
pub fn tick(length: u64, width: f64, least: f64) -> u64 {
    let enough = |step: &&u64| **step as f64 * width >= least * length.max(1) as f64;
    TICKS.iter().find(enough).copied().unwrap_or(TICKS[TICKS.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{De, En};

    #[test]
    fn what_is_not_whole_is_not_called_so() {
        let kept = |share| percent_kept(share, De).replace('\u{a0}', " ");
        assert_eq!([kept(1.0), kept(0.99999), kept(0.9528)], ["100,00 %", "99,99 %", "95,28 %"]);
    }

    #[test]
    fn numbers_follow_the_language() {
        assert_eq!([whole(2500, En), whole(2500, De), whole(150_000, De)], ["2,500", "2.500", "150.000"]);
        assert_eq!([cores(1300, En), cores(1300, De), cores(4000, De), cores(50, En)], ["1.3", "1,3", "4", "50m"]);
        assert_eq!([cores(250, De), cores(1960, En), cores(12_345, En)], ["0,25", "1.96", "12.3"]);
        assert_eq!([bytes(8 << 30, En), bytes(1610612736, De), bytes(128 << 20, En)], ["8 GiB", "1,5 GiB", "128 MiB"]);
    }

    #[test]
    fn shares_never_lie_at_their_ends() {
        let say = |share: f64| percent(share, En);
        assert_eq!(
            [say(0.0), say(0.000_01), say(0.021), say(0.5)],
            ["0\u{a0}%", "<0.1\u{a0}%", "2.1\u{a0}%", "50\u{a0}%"]
        );
        assert_eq!([say(0.999_99), say(1.0), percent(0.9988, De)], [">99.9\u{a0}%", "100\u{a0}%", "99,9\u{a0}%"]);
        assert_eq!([rate(0.44, De), rate(2_500.4, De), rate(f32::NAN, En)], ["0,4", "2.500", "–"]);
    }

    #[test]
    fn the_clock_reads_what_it_writes() {
        for us in [0, 1_000, 134_310_000, 3_723_500_000] {
            assert_eq!(parse_clock(&clock(us)), Some(us));
        }
        assert_eq!(
            [parse_clock("2:14"), parse_clock("90s"), parse_clock("x"), parse_clock("1:2,5")],
            [Some(134_000_000), Some(90_000_000), None, Some(62_500_000)]
        );
    }

    #[test]
    fn ruler_marks_keep_their_distance() {
        assert_eq!(tick(330_000_000, 1400.0, 64.0), 20_000_000);
        assert_eq!(tick(0, 1400.0, 64.0), 100_000);
    }
}
