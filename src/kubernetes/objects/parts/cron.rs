//! Schedules of CronJobs: reading them, the next time, and what was missed. Times are whole seconds since 1970.
//! Source: github.com/robfig/cron v3.0.1, parser.go, spec.go, constantdelay.go; kubernetes v1.37
//! pkg/controller/cronjob/utils.go, mostRecentScheduleTime, nextScheduleTimeDuration.

use super::time_zone::{Local, TimeZone};
use crate::text::go;

/// When something is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Schedule {
    /// At local times that fit.
    Fields(Fields),
    /// Every so many seconds since the last time.
    Every(i64),
}

/// Sets of numbers, as bits; the highest bit tells that a star stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fields {
    minute: u64,
    hour: u64,
    day: u64,
    month: u64,
    weekday: u64,
    zone: TimeZone,
}

/// Tells that a star stood in a field. Source: robfig/cron, spec.go, starBit.
const STAR: u64 = 1 << 63;

/// Lowest and highest number of a field, and its names.
struct Bounds {
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const MINUTES: Bounds = Bounds { min: 0, max: 59, names: &[] };
const HOURS: Bounds = Bounds { min: 0, max: 23, names: &[] };
const DAYS: Bounds = Bounds { min: 1, max: 31, names: &[] };
const MONTHS: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAYS: Bounds = Bounds { min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

impl Schedule {
    /// Reads a schedule, with `TZ=ZONE ` before it where a zone is meant.
    pub fn parse(spec: &str) -> Result<Schedule, String> {
        if spec.is_empty() {
            return Err("empty spec string".into());
        }
        let (mut zone, mut rest) = (TimeZone::default(), spec);
        if let Some(named) = spec.strip_prefix("TZ=").or(spec.strip_prefix("CRON_TZ=")) {
            let (name, schedule) = named.split_once(' ').unwrap_or((named, ""));
            zone = TimeZone::named(name).map_err(|words| format!("provided bad location {name}: {words}"))?;
            rest = schedule.trim();
        }
        if rest.starts_with('@') {
            return descriptor(rest, zone);
        }
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
        };
        Ok(Schedule::Fields(Fields {
            minute: field(minute, &MINUTES)?,
            hour: field(hour, &HOURS)?,
            day: field(day, &DAYS)?,
            month: field(month, &MONTHS)?,
            weekday: field(weekday, &WEEKDAYS)?,
            zone,
        }))
    }

    /// The schedule of a CronJob with its `timeZone`. Source: kubernetes v1.37 pkg/controller/cronjob/utils.go, formatSchedule.
    pub fn of_cron_job(schedule: &str, time_zone: Option<&str>) -> Result<Schedule, String> {
        match time_zone {
            Some(zone) if !schedule.contains("TZ") => Schedule::parse(&format!("TZ={zone} {schedule}")),
            _ => Schedule::parse(schedule),
        }
    }

    /// The first time after `after`; none within five years means never.
    pub fn next(&self, after: i64) -> Option<i64> {
        match self {
            Schedule::Every(seconds) => after.checked_add(*seconds),
            Schedule::Fields(fields) => fields.next(after),
        }
    }
}

impl Fields {
    fn next(&self, after: i64) -> Option<i64> {
        let mut t = after + 1;
        let limit = self.zone.local(t).year + 5;
        // Whether smaller parts have been set to their start.
        let mut reset = false;
        loop {
            if self.zone.local(t).year > limit {
                return None;
            }
            let steps = [Self::fit_month, Self::fit_day, Self::fit_hour, Self::fit_minute, Self::fit_second];
            // A step that runs over into the next larger unit begins again.
            if steps.iter().all(|step| step(self, &mut t, &mut reset)) {
                return Some(t);
            }
        }
    }

    fn fit_month(&self, t: &mut i64, reset: &mut bool) -> bool {
        while self.month & 1 << self.zone.local(*t).month == 0 {
            let here = self.zone.local(*t);
            if !*reset {
                *reset = true;
                *t = self.zone.moment(Local { day: 1, hour: 0, minute: 0, second: 0, ..here });
            }
            let here = self.zone.local(*t);
            *t = self.zone.moment(Local { month: here.month + 1, ..here });
            if self.zone.local(*t).month == 1 {
                return false;
            }
        }
        true
    }

    fn fit_day(&self, t: &mut i64, reset: &mut bool) -> bool {
        while !self.day_fits(*t) {
            if !*reset {
                *reset = true;
                *t = self.zone.moment(Local { hour: 0, minute: 0, second: 0, ..self.zone.local(*t) });
            }
            let here = self.zone.local(*t);
            *t = self.zone.moment(Local { day: here.day + 1, ..here });
            // Where midnight does not exist.
            let hour = self.zone.local(*t).hour;
            *t += if hour > 12 { 24 - hour } else { -hour } * 3600;
            if self.zone.local(*t).day == 1 {
                return false;
            }
        }
        true
    }

    fn fit_hour(&self, t: &mut i64, reset: &mut bool) -> bool {
        while self.hour & 1 << self.zone.local(*t).hour == 0 {
            if !*reset {
                *reset = true;
                *t = self.zone.moment(Local { minute: 0, second: 0, ..self.zone.local(*t) });
            }
            *t += 3600;
            if self.zone.local(*t).hour == 0 {
                return false;
            }
        }
        true
    }

    fn fit_minute(&self, t: &mut i64, reset: &mut bool) -> bool {
        while self.minute & 1 << self.zone.local(*t).minute == 0 {
            if !*reset {
                *reset = true;
                *t -= t.rem_euclid(60);
            }
            *t += 60;
            if self.zone.local(*t).minute == 0 {
                return false;
            }
        }
        true
    }

    fn fit_second(&self, t: &mut i64, reset: &mut bool) -> bool {
        while self.zone.local(*t).second != 0 {
            *reset = true;
            *t += 1;
            if self.zone.local(*t).second == 0 {
                return false;
            }
        }
        true
    }

    /// Day of the month and of the week must both fit if one of them is a star, else one is enough.
    fn day_fits(&self, t: i64) -> bool {
        let here = self.zone.local(t);
        // 1 January 1970 was a Thursday.
        let weekday = ((t + self.zone.offset(t)).div_euclid(86_400) + 4).rem_euclid(7);
        let day = self.day & 1 << here.day != 0;
        let weekday = self.weekday & 1 << weekday != 0;
        if (self.day | self.weekday) & STAR != 0 { day && weekday } else { day || weekday }
    }
}

fn descriptor(text: &str, zone: TimeZone) -> Result<Schedule, String> {
    let all = |bounds: &Bounds| bits(bounds.min, bounds.max, 1) | STAR;
    let (first, zero) = (1u64 << 1, 1u64);
    let daily =
        Fields { minute: zero, hour: zero, day: all(&DAYS), month: all(&MONTHS), weekday: all(&WEEKDAYS), zone };
    let fields = match text {
        "@yearly" | "@annually" => Fields { day: first, month: first, ..daily },
        "@monthly" => Fields { day: first, ..daily },
        "@weekly" => Fields { weekday: zero, ..daily },
        "@daily" | "@midnight" => daily,
        "@hourly" => Fields { hour: all(&HOURS), ..daily },
        _ => {
            let Some(duration) = text.strip_prefix("@every ") else {
                return Err(format!("unrecognized descriptor: {text}"));
            };
            let nanos =
                go::parse_duration(duration).map_err(|words| format!("failed to parse duration {text}: {words}"))?;
            return Ok(Schedule::Every((nanos / NANOS).max(1)));
        }
    };
    Ok(Schedule::Fields(fields))
}

/// Nanoseconds of a second. Source: Go time, Second.
const NANOS: i64 = 1_000_000_000;

fn field(text: &str, bounds: &Bounds) -> Result<u64, String> {
    text.split(',').filter(|part| !part.is_empty()).try_fold(0, |all, part| Ok(all | range(part, bounds)?))
}

fn range(text: &str, bounds: &Bounds) -> Result<u64, String> {
    let mut slashes = text.split('/');
    let span = slashes.next().unwrap_or_default();
    let step = slashes.next();
    let mut hyphens = span.split('-');
    let (low, high) = (hyphens.next().unwrap_or_default(), hyphens.next());
    let star = matches!(low, "*" | "?");
    let (start, mut end) = if star {
        (bounds.min, bounds.max)
    } else {
        let start = number_or_name(low, bounds)?;
        if hyphens.next().is_some() {
            return Err(format!("too many hyphens: {text}"));
        }
        (start, high.map_or(Ok(start), |high| number_or_name(high, bounds))?)
    };
    if slashes.next().is_some() {
        return Err(format!("too many slashes: {text}"));
    }
    let (mut every, mut extra) = (1, if star { STAR } else { 0 });
    if let Some(step) = step {
        every = number(step)?;
        if high.is_none() {
            end = bounds.max;
        }
        if every > 1 {
            extra = 0;
        }
    }
    if start < bounds.min {
        return Err(format!("beginning of range ({start}) below minimum ({}): {text}", bounds.min));
    }
    if end > bounds.max {
        return Err(format!("end of range ({end}) above maximum ({}): {text}", bounds.max));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    if every == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    Ok(bits(start, end, every) | extra)
}

fn bits(min: u32, max: u32, step: u32) -> u64 {
    (min..=max).step_by(step as usize).fold(0, |all, n| all | 1 << n)
}

fn number_or_name(text: &str, bounds: &Bounds) -> Result<u32, String> {
    let name = text.to_lowercase();
    match bounds.names.iter().position(|known| *known == name) {
        Some(at) => Ok(at as u32 + bounds.min),
        None => number(text),
    }
}

fn number(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let failed =
        |words: &str| format!("failed to parse int from {text}: strconv.Atoi: parsing {}: {words}", go::quoted(text));
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(failed("invalid syntax"));
    }
    let Ok(number) = text.parse::<i64>() else { return Err(failed("value out of range")) };
    if number < 0 {
        return Err(format!("negative number ({number}) not allowed: {text}"));
    }
    // Beyond every field's maximum all numbers are refused alike.
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

/// How many times were missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Missed {
    None,
    Few,
    Many,
}

/// What a CronJob is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// From when times count.
    pub earliest: i64,
    /// The latest time that has passed, if one has.
    pub time: Option<i64>,
    /// How many were missed.
    pub missed: Missed,
    /// The real words for a schedule that never comes.
    pub error: Option<&'static str>,
}

/// More missed times than this are many. Source: utils.go, mostRecentScheduleTime.
const MANY: i64 = 100;

/// Which time of a schedule is due `now`. `since` is the last time, or the creation; nothing before `deadline` seconds ago
/// counts. Source: utils.go, mostRecentScheduleTime.
pub fn due(schedule: &Schedule, since: i64, deadline: Option<i64>, now: i64) -> Due {
    let earliest = deadline.map_or(since, |deadline| since.max(now.saturating_sub(deadline)));
    let nothing = Due { earliest, time: None, missed: Missed::None, error: None };
    let (first, second) = match schedule.next(earliest) {
        Some(first) if now < first => return nothing,
        Some(first) => (first, schedule.next(first)),
        None => (0, None),
    };
    if second.is_some_and(|second| now < second) {
        return Due { time: Some(first), ..nothing };
    }
    let gap = second.map_or(0, |second| second - first);
    if gap < 1 {
        return Due { error: Some("time difference between two schedules is less than 1 second"), ..nothing };
    }
    let count = (now - first) / gap + 1;
    // Schedules need not be even: begin one gap early and walk.
    let mut time = None;
    let mut t = schedule.next(first + (count - 2) * gap);
    while let Some(at) = t.filter(|at| *at <= now) {
        time = Some(at);
        t = schedule.next(at);
    }
    Due { time, missed: if count > MANY { Missed::Many } else { Missed::Few }, ..nothing }
}

/// Seconds from `now` to the moment at which to look again, without the padding; `None` for a schedule that never comes.
/// Source: utils.go, nextScheduleTimeDuration.
pub fn look_again(schedule: &Schedule, since: i64, now: i64) -> Option<i64> {
    let due = due(schedule, since, None, now);
    let from = match (due.error, due.time, due.missed) {
        (None, Some(time), _) => time,
        (None, None, Missed::None) => due.earliest,
        _ => now,
    };
    schedule.next(from).map(|next| next - now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_of_errors() {
        let error = |spec: &str| Schedule::parse(spec).err().unwrap_or_default();
        for good in ["* * * * *", "*/5 1-3,7 ? JAN mon-FRI", "@daily", "@every 1h30m", "5/10 * * * *"] {
            assert_eq!(error(good), "", "{good}");
        }
        assert_eq!(error("60 * * * *"), "end of range (60) above maximum (59): 60");
        assert_eq!(error("* * * 0 *"), "beginning of range (0) below minimum (1): 0");
        assert_eq!(error("5-1 * * * *"), "beginning of range (5) beyond end of range (1): 5-1");
        assert_eq!(error("*/0 * * * *"), "step of range should be a positive number: */0");
        assert_eq!(error("@every x"), "failed to parse duration @every x: time: invalid duration \"x\"");
        assert_eq!(error("1- * * * *"), "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax");
        assert_eq!(error("* * *"), "expected exactly 5 fields, found 3: [* * *]");
        assert_eq!(error("@every 1"), "failed to parse duration @every 1: time: missing unit in duration \"1\"");
    }

    #[test]
    fn an_hour_that_comes_twice() {
        let schedule = Schedule::of_cron_job("30 2 * * *", Some("Europe/Berlin")).expect("a schedule");
        let first = schedule.next(1_792_843_200).expect("a time");
        assert_eq!(schedule.next(first).map(|second| second - first), Some(3600));
    }

    proptest! {
        #[test]
        fn next_is_later_and_fits(
            minute in 0i64..60, hour in 0i64..24, day in 1i64..32, after in 1_700_000_000i64..2_000_000_000,
        ) {
            let schedule = Schedule::parse(&format!("{minute} {hour} {day} * *")).expect("a schedule");
            let next = schedule.next(after).expect("a time");
            let local = TimeZone::default().local(next);
            prop_assert!(next > after);
            prop_assert_eq!((local.minute, local.hour, local.day, local.second), (minute, hour, day, 0));
        }
        #[test]
        fn any_text_reads_or_is_refused(spec in "[-*/?,0-9a-z@ ]{0,20}") {
            if let Ok(schedule) = Schedule::parse(&spec) {
                let _ = due(&schedule, 1_767_258_000, Some(60), 1_767_300_000);
            }
        }
    }
}
