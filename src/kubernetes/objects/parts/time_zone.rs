//! Time zones by name: the difference to UTC at a moment, and the moment of a local date. Each zone follows its present
//! rule at all times (FID-013). `time_zones.txt` holds a line a rule, in the form of POSIX, and the zones that follow it.
//! Source: IANA time zone database, as Go 1.26 embeds it; Go time, zoneinfo.go, tzset, and time.go, Date.

use crate::sim::calendar::{civil, days};

const TABLE: &str = include_str!("time_zones.txt");

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A zone's rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TimeZone {
    /// Seconds east of UTC in winter.
    standard: i64,
    /// Summer time, where there is one: seconds east, when it begins, when it ends.
    summer: Option<(i64, Change, Change)>,
}

/// When the clocks change in a year, in local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Change {
    day: YearDay,
    /// Seconds since midnight; may lie outside the day.
    time: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum YearDay {
    /// Day of the year from 1, without counting 29 February.
    Julian(i64),
    /// Day of the year from 0.
    Ordinal(i64),
    /// Month, week (5 is the last), day of the week.
    Weekday(i64, i64, i64),
}

/// A local date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Year.
    pub year: i64,
    /// Month, from 1; other numbers carry into the year.
    pub month: i64,
    /// Day, from 1; other numbers carry into the month.
    pub day: i64,
    /// Hour.
    pub hour: i64,
    /// Minute.
    pub minute: i64,
    /// Second.
    pub second: i64,
}

impl TimeZone {
    /// The zone of a name, or the real words.
    pub fn named(name: &str) -> Result<TimeZone, String> {
        if matches!(name, "" | "UTC" | "Local") {
            return Ok(TimeZone::default());
        }
        if name.contains("..") || name.starts_with(['/', '\\']) {
            return Err("time: invalid location name".into());
        }
        let rule = TABLE.lines().find_map(|line| {
            let (rule, zones) = line.split_once(' ')?;
            zones.split(' ').any(|zone| zone == name).then_some(rule)
        });
        rule.and_then(parse_rule).ok_or_else(|| format!("unknown time zone {name}"))
    }

    /// Seconds east of UTC at a moment (seconds since 1970), and from when to when that holds within the year.
    fn look_up(&self, unix: i64) -> (i64, i64, i64) {
        let (year, ..) = civil(unix.div_euclid(DAY));
        let january = days(year, 1, 1) * DAY;
        let Some((summer, begin, end)) = self.summer else { return (self.standard, i64::MIN, i64::MAX) };
        let (mut begin, mut end) = (begin.in_year(year) - self.standard, end.in_year(year) - summer);
        let (mut outside, mut inside) = (self.standard, summer);
        if end < begin {
            (begin, end) = (end, begin);
            (outside, inside) = (inside, outside);
        }
        match unix - january {
            since if since < begin => (outside, january, january + begin),
            since if since >= end => (outside, january + end, january + 365 * DAY),
            _ => (inside, january + begin, january + end),
        }
    }

    /// Seconds east of UTC at a moment.
    pub fn offset(&self, unix: i64) -> i64 {
        self.look_up(unix).0
    }

    /// The local date and time of a moment.
    pub fn local(&self, unix: i64) -> Local {
        let here = unix + self.offset(unix);
        let (year, month, day) = civil(here.div_euclid(DAY));
        let rest = here.rem_euclid(DAY);
        Local { year, month, day, hour: rest / HOUR, minute: rest % HOUR / 60, second: rest % 60 }
    }

    /// The moment of a local date. Where the clocks jump over it, one of the two sides counts, as in Go.
    pub fn moment(&self, local: Local) -> i64 {
        let months = local.year * 12 + local.month - 1;
        let day = days(months.div_euclid(12), months.rem_euclid(12) + 1, 1) + local.day - 1;
        let unix = day * DAY + local.hour * HOUR + local.minute * 60 + local.second;
        let (offset, start, end) = self.look_up(unix);
        if offset == 0 {
            return unix;
        }
        let utc = unix - offset;
        if (start..end).contains(&utc) { utc } else { unix - self.offset(utc) }
    }

    /// `2026-03-01T12:00:00+01:00`, or with `Z` where the zone does not differ from UTC.
    pub fn rfc3339(&self, unix: i64) -> String {
        let Local { year, month, day, hour, minute, second } = self.local(unix);
        let offset = self.offset(unix);
        let zone = if offset == 0 {
            "Z".to_owned()
        } else {
            let minutes = offset.abs() / 60;
            format!("{}{:02}:{:02}", if offset < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
        };
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
    }
}

impl Change {
    /// Seconds from the start of a year, in local time.
    fn in_year(self, year: i64) -> i64 {
        let leap = days(year + 1, 1, 1) - days(year, 1, 1) == 366;
        let day = match self.day {
            YearDay::Julian(day) => day - 1 + i64::from(leap && day >= 60),
            YearDay::Ordinal(day) => day,
            YearDay::Weekday(month, week, weekday) => {
                let first = days(year, month, 1);
                // 1 January 1970 was a Thursday.
                let to_first = (weekday - (first + 4)).rem_euclid(7);
                let length = days(year, month + 1, 1) - first;
                let mut at = to_first + (week - 1) * 7;
                while at >= length {
                    at -= 7;
                }
                first + at - days(year, 1, 1)
            }
        };
        day * DAY + self.time
    }
}

/// `CET-1CEST,M3.5.0,M10.5.0/3`
fn parse_rule(text: &str) -> Option<TimeZone> {
    let rest = skip_name(text)?;
    let (west, rest) = take_time(rest)?;
    let standard = -west;
    if rest.is_empty() {
        return Some(TimeZone { standard, summer: None });
    }
    let rest = skip_name(rest)?;
    let (offset, rest) = match take_time(rest) {
        Some((west, rest)) => (-west, rest),
        None => (standard + HOUR, rest),
    };
    let (begin, end) = rest.strip_prefix(',')?.split_once(',')?;
    Some(TimeZone { standard, summer: Some((offset, parse_change(begin)?, parse_change(end)?)) })
}

fn skip_name(text: &str) -> Option<&str> {
    match text.strip_prefix('<') {
        Some(quoted) => Some(quoted.split_once('>')?.1),
        None => Some(text.trim_start_matches(|c: char| c.is_ascii_alphabetic())),
    }
}

/// `[+-]hh[:mm[:ss]]` in seconds.
fn take_time(text: &str) -> Option<(i64, &str)> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mut seconds, mut unit) = (0, HOUR);
    loop {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        seconds += rest[..digits].parse::<i64>().ok()? * unit;
        rest = &rest[digits..];
        unit /= 60;
        match rest.strip_prefix(':') {
            Some(more) if unit > 0 => rest = more,
            _ => return Some((sign * seconds, rest)),
        }
    }
}

fn parse_change(text: &str) -> Option<Change> {
    let (day, time) = text.split_once('/').map_or((text, None), |(day, time)| (day, Some(time)));
    let day = if let Some(rest) = day.strip_prefix('M') {
        let mut parts = rest.split('.').map(|part| part.parse().ok());
        YearDay::Weekday(parts.next()??, parts.next()??, parts.next()??)
    } else if let Some(rest) = day.strip_prefix('J') {
        YearDay::Julian(rest.parse().ok()?)
    } else {
        YearDay::Ordinal(day.parse().ok()?)
    };
    let time = match time {
        Some(time) => take_time(time)?.0,
        None => 2 * HOUR,
    };
    Some(Change { day, time })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_table_is_understood() {
        for line in TABLE.lines() {
            let (rule, _) = line.split_once(' ').expect("a rule and zones");
            assert!(parse_rule(rule).is_some(), "{rule}");
        }
    }

    #[test]
    fn local_dates_and_back() {
        let berlin = TimeZone::named("Europe/Berlin").expect("a zone");
        let at = |unix| berlin.rfc3339(unix);
        assert_eq!(at(1_774_745_999), "2026-03-29T01:59:59+01:00");
        assert_eq!(at(1_774_746_000), "2026-03-29T03:00:00+02:00");
        assert_eq!(berlin.moment(berlin.local(1_774_746_000)), 1_774_746_000);
        assert_eq!(TimeZone::named("Nope/Zone"), Err("unknown time zone Nope/Zone".into()));
        let howe = TimeZone::named("Australia/Lord_Howe").expect("a zone");
        assert_eq!(howe.offset(1_767_258_000), 11 * HOUR);
        assert_eq!(howe.offset(1_782_900_000), 10 * HOUR + HOUR / 2);
    }
}
